"""Packages form layers: a module imports from the layers below, or from its own package."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
LAYERS = (
    {"errors", "vocab"},
    {"util", "numerics"},
    {"formats", "activations", "losses", "noise", "engines"},
    {"corpus", "config", "embeddings", "dense"},
    {"kernels"},
    {"evaluate", "query", "explore", "held_out"},
    {"train"},
    {"compare", "export", "gradcheck"},
)
LAYER_OF = {name: number for number, names in enumerate(LAYERS) for name in names}
MODULES = sorted((ROOT / "w2v").rglob("*.py"))


def home(name):
    """The package or module directly in w2v that a dotted name such as w2v.corpus.loader is in."""
    return name.split(".")[1]


def imported(path):
    """Dotted names in w2v that a module imports, anywhere in it, also for type checkers."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.startswith("w2v."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down(path):
    here = path.relative_to(ROOT / "w2v").parts[0].removesuffix(".py")
    if here.startswith("__"):
        return  # the public face and the list of commands see everything
    for name in imported(path):
        there = home(name)
        if (here, there) == ("embeddings", "evaluate"):
            continue  # gensim's evaluate_word_pairs and evaluate_word_analogies, loaded when called
        if there != here and not there.startswith("__"):
            assert LAYER_OF[there] < LAYER_OF[here], f"{path} imports {name}"


def test_every_package_has_a_layer():
    found = {path.relative_to(ROOT / "w2v").parts[0].removesuffix(".py") for path in MODULES}
    assert {name for name in found if not name.startswith("__")} == set(LAYER_OF)
