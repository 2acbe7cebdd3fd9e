"""Nothing that is read can run code: the source is searched for what could."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
SOURCES = sorted(path for folder in ("w2v", "scripts") for path in (ROOT / folder).rglob("*.py"))

MODULES = {
    "pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml",
    "code", "codeop", "imp", "pdb", "torch",
}  # fmt: skip
"""Modules that unpickle, unmarshal or run what they are given."""
CALLS = {"eval", "exec", "compile", "__import__", "execfile"}
METHODS = {
    "system", "popen", "getoutput", "getstatusoutput", "run_path", "run_module",
    "read_pickle", "to_pickle", "literal_eval", "spawnl", "execv", "execvp", "posix_spawn",
}  # fmt: skip
KEYWORDS = {"shell", "allow_pickle"}
ALLOWED = {"scripts/benchmarks/peers.py": {"import torch"}}
"""It computes there; what unpickles is its `load`."""
NUMPY_READERS = {"load", "fromfile", "loadtxt", "genfromtxt"}
"""NumPy's own: `load` unpickles if told so, and the others trust or guess."""


def dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([getattr(node, "id", "?"), *reversed(parts)])


def dangers(text: str):
    """(line, what) of everything in a module's source that could run what is read."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name.split(".")[0] in MODULES:
                yield node.lineno, f"import {name}"
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            last = name.rpartition(".")[2]
            if name in CALLS or (last in METHODS and name != "platform.system"):
                yield node.lineno, name
            if name.partition(".")[0] in ("np", "numpy") and last in NUMPY_READERS:
                yield node.lineno, name
            for keyword in node.keywords:
                if keyword.arg in KEYWORDS:
                    yield node.lineno, f"{name}({keyword.arg}=...)"


@pytest.mark.parametrize("path", SOURCES, ids=[str(path.relative_to(ROOT)) for path in SOURCES])
def test_nothing_runs_what_is_read(path):
    found = {what for _, what in dangers(path.read_text(encoding="utf-8"))}
    assert found <= ALLOWED.get(path.relative_to(ROOT).as_posix(), set())


def test_all_sources_were_searched():
    assert len(SOURCES) > 60


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from pickle import loads", "import numpy, pickle", "eval(text)",
        "exec(text)", "np.load(path)", "np.load(path, allow_pickle=False)", "os.system(text)",
        "subprocess.run(text, shell=True)", "subprocess.run(text, shell=flag)", "import yaml",
        "__import__(name)", "torch.load(path)\nimport torch",
        "pandas.read_pickle(path)", "os.popen(text)", "builtins.eval\neval(x)", "compile(a, b, c)",
    ],
)  # fmt: skip
def test_the_search_finds(line):
    assert list(dangers(line))


@pytest.mark.parametrize(
    "line", ["re.compile('a')", "platform.system()", "subprocess.run(['ls'])", "model.evaluate(x)"]
)
def test_the_search_lets_pass(line):
    assert not list(dangers(line))
