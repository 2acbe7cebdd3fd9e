"""The examples of the README, the documentation and the docstrings do what they show.

Python examples are doctests. A ``console`` block is run as in a shell, in a folder that holds
`data` and `scripts`; what it prints must match, where ``...`` stands for anything. Numbers that
`w2v` prints may differ, because speeds and the last digits of a loss depend on the machine; those
of the example scripts may not, except for rounding errors.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

ROOT = Path(__file__).parents[2]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
PROGRAMS = {"w2v": [sys.executable, "-m", "w2v"], "python": [sys.executable]}
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?")
ROUNDING_ERROR = re.compile(r"\d\.\de-(?:09|1\d)")
SLOWEST_SECONDS = 300


def simplified(line, numbers):
    """A line without what may differ: the numbers, and how many blanks."""
    return " ".join(numbers.sub("#", line).split())


def matches(shown, printed, numbers):
    """Whether a command printed what the page shows."""
    expected = [
        r"(?:.*\n)*?" if line.strip() == "..." else
        r".*?".join(map(re.escape, simplified(line, numbers).split("..."))) + r"\n"
        for line in shown.splitlines()
    ]  # fmt: skip
    text = "".join(simplified(line, numbers) + "\n" for line in printed.splitlines())
    return re.fullmatch("".join(expected), text) is not None


def run(command):
    words = shlex.split(command)
    result = subprocess.run(
        [*PROGRAMS.get(words[0], words[:1]), *words[1:]],
        capture_output=True, text=True, timeout=SLOWEST_SECONDS, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stderr + result.stdout


def evaluate_console(example):
    """Run each command of a block, and compare what it prints with what follows it."""
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", example.parsed, re.M):
        printed = run(command)
        numbers = NUMBER if command.startswith("w2v") else ROUNDING_ERROR
        if not matches(shown, printed, numbers):
            return f"{command}\nprinted\n{printed}\nand the page shows\n{shown}"
    return None


PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if "generated" not in path.parts and "mystnb" not in path.read_text(encoding="utf-8")
)
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "w2v").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)

pages = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=OPTIONS),
        CodeBlockParser(language="console", evaluator=evaluate_console),
        SkipParser(),
    ]
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder as in a clone."""
    for name in ("data", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES)
def test_page(page, folder):
    for example in pages.parse(ROOT / page).examples():
        example.evaluate()


@pytest.mark.parametrize("module", MODULES)
def test_docstrings(module, folder):
    name = module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    __import__(name)
    assert doctest.testmod(sys.modules[name], optionflags=OPTIONS).failed == 0


def test_the_comparison_sees_a_difference():
    assert matches("a 1\n...\nb 2.5\n", "a 2\nx\ny\nb  3\n", NUMBER)
    assert matches("a ...\n", "a 1 b c\n", NUMBER)
    assert matches("a 1.0e-12\n", "a 2.0e-11\n", ROUNDING_ERROR)
    assert not matches("a 1\nb 2\n", "a 1\n", NUMBER)
    assert not matches("a 1\n", "b 1\n", NUMBER)
    assert not matches("a 1\n", "a 2\n", ROUNDING_ERROR)
    assert not matches("", "error\n", NUMBER)
