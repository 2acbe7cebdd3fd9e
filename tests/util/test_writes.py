"""Everything that is written goes through `w2v.util.files.atomic_write`: the source is searched."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

WRITERS = {
    "write_text", "write_bytes", "touch", "rename", "replace", "renames", "symlink_to",
    "hardlink_to", "link", "symlink", "tofile", "save_file", "savez", "savez_compressed", "savetxt",
    "to_csv", "to_parquet", "copyfile", "copy2", "copytree", "move", "mkstemp",
    "NamedTemporaryFile", "SpooledTemporaryFile", "truncate", "ftruncate", "pwrite", "mkdtemp",
    "TemporaryFile", "memmap", "mkfifo",
}  # fmt: skip
"""Names of functions and methods that can make or change a file."""

ALLOWED = {
    # the one place
    ("w2v/util/files.py", "open"), ("w2v/util/files.py", "fdopen"),
    ("w2v/util/files.py", "replace"),
    # the lock's file, which holds nothing but a number
    ("w2v/util/folder_lock.py", "open"), ("w2v/util/folder_lock.py", "ftruncate"),
    ("w2v/util/folder_lock.py", "pwrite"),
    # files without a name, which are gone with the process
    ("w2v/corpus/disk_arrays.py", "TemporaryFile"), ("w2v/corpus/disk_arrays.py", "memmap"),
    ("w2v/corpus/disk_arrays.py", "truncate"),  # it grows where there is no posix_fallocate
    # what comes through a pipe, in TMPDIR while it is read: names of its own, removed after it
    ("w2v/formats/open_vectors.py", "NamedTemporaryFile"),
    # a folder of its own for vectors whose place cannot be written
    ("w2v/train/progress.py", "mkdtemp"),
    # standard output, when its reader has gone
    ("w2v/util/command_line.py", "open"),
}  # fmt: skip


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def is_text_method(node: ast.Call) -> bool:
    """str.replace has two arguments or more, os.replace two, Path.replace one; dataclasses too."""
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        if function.value.id == "os":
            return False
        if function.value.id == "dataclasses":
            return True
    return len(node.args) >= 2 or bool(node.keywords)


def writes(path: Path):
    """(name of the function, line) of each call in a file that may write."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        if name in ("open", "fdopen"):
            constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
            constants += [
                k.value.value
                for k in node.keywords
                if k.arg == "mode" and isinstance(k.value, ast.Constant)
            ]
            modes = [c for c in constants if isinstance(c, str) and set(c) <= set("rwaxbt+U")]
            of_system = isinstance(node.func, ast.Attribute) and (
                getattr(node.func.value, "id", "") == "os"
            )
            if of_system or any(set(mode) & set("wax+") for mode in modes):
                yield name, node.lineno
        elif name == "replace":
            if not is_text_method(node):
                yield name, node.lineno
        elif name == "memmap":
            modes = [a.value for a in [*node.args, *(k.value for k in node.keywords)]
                     if isinstance(a, ast.Constant)]  # fmt: skip
            if "w+" in modes or "r+" in modes or not modes:
                yield name, node.lineno
        elif name in WRITERS or (name == "save" and "np" in ast.dump(node.func)):
            yield name, node.lineno


ON_COPIES = {
    "scripts/stress/mutations.py", "scripts/stress/fuzz.py", "scripts/experiments/explorer.py",
    "scripts/benchmarks/files.py",
}  # fmt: skip
"""These work in temporary folders alone."""

SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("w2v", "scripts")
    for path in (ROOT / folder).rglob("*.py")
    if path.relative_to(ROOT).as_posix() not in ON_COPIES
)


@pytest.mark.parametrize("source", SOURCES)
def test_nothing_writes_without_atomic_write(source):
    found = {(source, name) for name, _ in writes(ROOT / source)}
    assert found <= ALLOWED, sorted(writes(ROOT / source))


def test_what_is_allowed_exists():
    found = {(source, name) for source in SOURCES for name, _ in writes(ROOT / source)}
    assert found == ALLOWED


@pytest.mark.parametrize(
    "line",
    [
        "open(path, 'w')", "open(path, mode='ab')", "Path(path).open('x')", "path.write_text(text)",
        "np.save(path, array)", "array.tofile(path)", "os.open(path, flags)", "path.replace(other)",
        "os.replace(a, b)", "shutil.move(a, b)", "np.memmap(path, dtype, 'r+')", "np.memmap(path)",
        "tempfile.NamedTemporaryFile()", "safetensors.numpy.save_file(tensors, path)",
        "open(path, 'r+')", "gzip.open(path, 'wt')",
    ],
)  # fmt: skip
def test_the_search_finds(line, tmp_path):
    (tmp_path / "x.py").write_text(line)
    assert list(writes(tmp_path / "x.py"))


@pytest.mark.parametrize(
    "line",
    ["open(path)", "open(path, 'rb')", "path.open()", "text.replace('a', 'b')", "wv.save(path)",
     "np.memmap(path, dtype, 'r', 0)", "dataclasses.replace(config)"],
)  # fmt: skip
def test_the_search_lets_pass(line, tmp_path):
    (tmp_path / "x.py").write_text(line)
    assert not list(writes(tmp_path / "x.py"))
