"""The floors of docs/architecture.md, held against the imports."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TABLE_ROW = re.compile(r"^\| (\d+) \| (.*?) \|", re.MULTILINE)


def floors():
    found = {}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for floor, names in TABLE_ROW.findall(text):
        for name in re.findall(r"`([\w.]+)`", names):
            assert name not in found, f"{name} stands on two floors"
            found[name] = int(floor)
    return found


FLOORS = floors()
MODULES = sorted(
    str(path.relative_to(ROOT / "w2v").with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in (ROOT / "w2v").rglob("*.py")
)


def entry(module):
    """The name in the table that a module goes by: its own, or its package's."""
    return module if module in FLOORS else module.partition(".")[0]


def imported(module):
    """Modules of the project that a module imports, anywhere in it, also for type checkers."""
    path = ROOT / "w2v" / Path(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] != "w2v" or len(parts) == 1:
                continue
            # `from w2v.corpus import read_corpus` names something in a module, not a module.
            while parts[1:] and ".".join(parts[1:]) not in MODULES:
                parts.pop()
            if parts[1:]:
                yield ".".join(parts[1:])


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ("__init__", "kernels")])
def test_imports_go_down(module):
    assert entry(module) in FLOORS, f"{module} is missing from docs/architecture.md"
    for other in imported(module):
        if entry(other) != entry(module):
            assert FLOORS[entry(other)] < FLOORS[entry(module)], f"{module} imports {other}"


def test_the_table_names_what_exists():
    packages = {module.rpartition(".")[0] for module in MODULES}
    assert set(FLOORS) <= {*MODULES, *packages}
