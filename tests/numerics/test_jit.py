"""What Numba compiles is cached by everything that it depends on, and by nothing else."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from w2v.kernels import sampled
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss
from w2v.numerics import jit as jit_module
from w2v.numerics.jit import cache_folder, fingerprint, imported_files, jit, source_digest

PACKAGE = Path(jit_module.__file__).parent.parent
MODULES = sorted(PACKAGE.rglob("*.py"))

compiled = pytest.mark.skipif(
    bool(jit_module.numba_config.DISABLE_JIT), reason="nothing is compiled"
)


def make_below(limit):
    def below_limit(x):
        return x < limit

    return jit(below_limit)


def test_jit_freezes_what_a_function_closes_over():
    three, five = make_below(3), make_below(5)
    assert (three(4), five(4)) == (False, True)


# --- sources --------------------------------------------------------------------------------------


def statements(path):
    """The modules that import statements anywhere in a file can bind a name from, by its syntax."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_is_overlooked(path):
    found = imported_files(path)
    for name in statements(path):
        place = PACKAGE.parent.joinpath(*name.split("."))
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if name.startswith("w2v") and file.is_file():
                assert file in found, f"{path}: {name}"


def tree(root):
    """A package of which `kernel` imports `helper`, `helper` imports `deep`, and none `page`."""
    (root / "sub").mkdir(parents=True)
    for name, text in {
        "kernel": "from w2v.helper import f\n",
        "helper": "def f():\n    from w2v.sub import deep\n",
        "sub/__init__": "",
        "sub/deep": "LIMIT = 3\n",
        "page": "import w2v.kernel\n",
    }.items():
        (root / f"{name}.py").write_text(text)
    return root


@pytest.mark.parametrize(
    ("edited", "changes"),
    [("kernel", True), ("helper", True), ("sub/deep", True), ("sub/__init__", True),
     ("page", False)],
)  # fmt: skip
def test_a_digest_follows_all_that_is_imported_and_nothing_else(
    tmp_path, monkeypatch, edited, changes
):
    monkeypatch.setattr(jit_module, "_PACKAGE", tree(tmp_path / "w2v"))
    kernel, file = tmp_path / "w2v" / "kernel.py", tmp_path / "w2v" / f"{edited}.py"
    before = source_digest.__wrapped__(kernel)
    assert source_digest.__wrapped__(kernel) == before
    file.write_text(file.read_text() + "# edited")
    assert (source_digest.__wrapped__(kernel) != before) is changes


def test_the_kernels_depend_on_no_page():
    files, waiting = set(), [Path(sampled.__file__)]
    while waiting:
        new = imported_files(waiting.pop()) - files
        files |= new
        waiting += new
    names = {str(file.relative_to(PACKAGE)) for file in files}
    assert {"kernels/tiles.py", "noise.py", "corpus/subsampling.py", "numerics/random.py"} <= names
    assert not any(name.startswith(("compare", "explore", "export", "train")) for name in names)


# --- frozen values --------------------------------------------------------------------------------


@compiled
def test_values_that_compile_differently_have_different_fingerprints():
    def one(x):
        return x + 1

    def two(x):
        return x + 2

    def shifted(by):
        return lambda x: x + by

    values = [
        True, 1, 1.0, np.float32(1), np.float64(1), np.int64(1), "1", None, (1, 2), (1, 2.0),
        one, two, jit(one), shifted(1), shifted(2), make_below(1), make_below(2),
        sampled.Frozen(4, 10, np.float32(0.5), 16, False, False, False, True, False),
        sampled.Frozen(4, 10, np.float32(0.5), 16, False, False, False, False, False),
        sampled.Frozen(4, 10, np.float32(0.5), 16, False, False, False, False, True),
    ]  # fmt: skip
    assert len({fingerprint(value) for value in values}) == len(values)
    assert fingerprint(shifted(2)) == fingerprint(shifted(2))


@compiled
@pytest.mark.parametrize("value", [np.zeros(3), [1], {1: 2}, object()])
def test_what_cannot_be_told_apart_cannot_be_frozen(value):
    with pytest.raises(TypeError, match="cannot freeze"):
        make_below(value)


@compiled
def test_each_kernel_has_its_own_files():
    """Two processes that write to one index of Numba's cache could mix up its entries."""
    names = []
    for loss in map(get_loss, LOSSES):
        if isinstance(loss, SampledLoss):
            for size, negatives, bias in (
                (5, 3, False),
                (5, 3, True),
                (5, 4, False),
                (17, 3, False),
            ):
                kernels = sampled.sampled_kernels(loss, size, negatives, learn_bias=bias)
                names.append(kernels.block.py_func.__qualname__)
    assert len(set(names)) == len(names)


# --- the cache on disk ----------------------------------------------------------------------------

MODULE = """
from w2v.numerics.jit import jit
from helper import scale

def make(limit):
    @jit
    def add(x):
        return scale(x) + limit
    return add
"""
HELPER = "from w2v.numerics.jit import jit\n@jit\ndef scale(x):\n    return 10 * x\n"
PROGRAM = """
import sys, module
for limit in map(int, sys.argv[1:]):
    add = module.make(limit)
    print(add(5), sum(add.stats.cache_hits.values()))
"""


def run(folder, code, *arguments, cache="cache"):
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": str(folder / cache),
             "PYTHONPATH": os.pathsep.join([str(folder), str(PACKAGE.parent)])},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return [line.split() for line in result.stdout.splitlines()]


@compiled
def test_another_process_finds_compiled_code_only_if_nothing_differs(tmp_path):
    (tmp_path / "module.py").write_text(MODULE)
    (tmp_path / "helper.py").write_text(HELPER)
    assert run(tmp_path, PROGRAM, "1", "2") == [["51", "0"], ["52", "0"]]
    assert run(tmp_path, PROGRAM, "2", "3", "1") == [["52", "1"], ["53", "0"], ["51", "1"]]


def test_an_unwritable_cache_folder_is_ignored(tmp_path):
    (tmp_path / "file").write_text("x")
    code = (
        "import numpy as np; from w2v.numerics.scalar_functions import sigmoid_and_softplus as f; "
        "print(f(np.float64(0))[0])"
    )
    assert run(tmp_path, code, cache="file") == [["0.5"]]


def test_a_function_without_a_source_file_is_compiled_without_a_cache():
    namespace = {"__name__": __name__}
    exec("def twice(x):\n    return 2 * x", namespace)
    assert cache_folder(namespace["twice"]) is None
    assert jit(namespace["twice"])(4) == 8
