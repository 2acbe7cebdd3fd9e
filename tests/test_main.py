"""`python -m w2v`: lists the commands and runs them."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import w2v
from w2v.__main__ import COMMANDS, main, usage
from w2v.errors import ConfigError

PACKAGE = Path(w2v.__file__).parent


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"], ["help"]])
def test_lists_every_command_with_a_line(arguments, capsys):
    assert main(arguments) == 0
    assert capsys.readouterr().out == usage() + "\n"
    listed = dict(re.findall(r"^  (\w+) {2,}(\S.*)$", usage(), re.MULTILINE))
    assert listed == {name: summary for name, (_, summary) in COMMANDS.items()}
    assert max(map(len, usage().splitlines())) <= 80


def test_every_module_with_an_entry_is_a_command():
    modules = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        for path in PACKAGE.rglob("*.py")
        if re.search(r"^def entry\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert modules - {"w2v.__main__"} == {module for module, _ in COMMANDS.values()}
    for name, (module, _) in COMMANDS.items():
        assert module.removesuffix(".__main__") == f"w2v.{name}"
        assert callable(importlib.import_module(module).entry)


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"w2v {w2v.__version__}\n"


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("trian", "did you mean train?"),
        ("corpus.txt", "choose from train, query, "),
        ("-x", "choose from"),
    ],
)
def test_an_unknown_command_is_refused(typed, hint):
    with pytest.raises(ConfigError, match=re.escape(hint)) as raised:
        main([typed])
    assert typed in str(raised.value)


def test_runs_a_command_with_its_own_arguments_and_exit_code(commands, tmp_path):
    (tmp_path / "v.txt").write_text("2 2\na 1 0\nb 0 1\n")
    by_name = commands.run("w2v", "query", "v.txt", "a", "--topn", "1", cwd=tmp_path)
    by_module = commands.run("w2v.query", "v.txt", "a", "--topn", "1", cwd=tmp_path)
    assert (by_name.code, by_name.out, by_name.err) == (0, by_module.out, "")
    refused = commands.run("w2v", "query", "v.txt", "nothing", cwd=tmp_path)
    assert refused.code == 2
    assert refused.err.startswith("w2v.query: ")
    unknown = commands.run("w2v", "qwery", "v.txt", cwd=tmp_path)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "w2v: no command 'qwery' (did you mean query?)\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_how_the_command_was_called(name, commands, tmp_path):
    by_name = commands.run("w2v", name, "--help", cwd=tmp_path).out
    by_module = commands.run(f"w2v.{name}", "--help", cwd=tmp_path).out
    assert by_name.startswith(f"usage: w2v {name} ")
    assert by_module.startswith(f"usage: python -m w2v.{name} ")
    assert "python" not in by_name
    assert not re.search(r"\(default: None\)|\(default: False\)|\(default.*\(default", by_name)


def test_what_to_do_next_is_shown_as_the_command_was_called(commands, tmp_path):
    (tmp_path / "t.txt").write_text("a b\n" * 9)
    for called, starts in (("w2v train", "w2v "), ("w2v.train", "python -m w2v.")):
        run = commands.run(
            *called.split(), "t.txt", "--min-count", "1", "--sample", "0", "--epochs", "1",
            "--vector-size", "4", cwd=tmp_path,
        )  # fmt: skip
        assert f"next        {starts}query vectors.bin a\n" in run.out
        assert f"            {starts}evaluate vectors.bin\n" in run.out


def test_the_list_imports_nothing_heavy():
    code = (
        "import sys; sys.argv = ['w2v']\n"
        "from w2v.__main__ import main; main()\n"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'numba', 'tqdm')))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
