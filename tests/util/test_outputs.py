"""Outputs that could not be written are refused before any work, by every command."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import w2v
from w2v.compare import __main__ as compare
from w2v.errors import OutputError
from w2v.explore import __main__ as explore
from w2v.export import __main__ as export
from w2v.train import __main__ as train
from w2v.util import command_line, files
from w2v.util.signals import handlers_kept

TRAIN = [
    "corpus.txt",
    "--min-count",
    "1",
    "--sample",
    "0",
    "--vector-size",
    "10",
    "--workers",
    "1",
    "--epochs",
    "1",
]
COMMANDS = {
    "train": (train, [*TRAIN, "-o"], "v.bin"),
    "train --cache": (train, [*TRAIN, "--cache"], "cache"),
    "train --checkpoint": (train, [*TRAIN, "--checkpoint"], "ck"),
    "compare": (compare, [*TRAIN, "--losses", "nce", "--seeds", "1", "--no-report", "-o"], "c"),
    "compare --cache": (compare, [*TRAIN, "--no-report", "--cache"], "cache"),
    "explore": (explore, ["v.txt", "-o"], "page.html"),
    "export projector": (export, ["v.txt", "--to", "projector", "-o"], "p"),
    "export huggingface": (export, ["v.txt", "--to", "huggingface", "-o"], "h"),
    "export parquet": (export, ["v.txt", "--to", "parquet", "-o"], "v.parquet"),
}
NEEDS = {"explore": "plotly", "export parquet": "pyarrow.parquet"}
WORK = ("w2v.train.sampled.SampledTrainer.train_epoch", "w2v.explore.page.explore",
        "w2v.export.parquet.write",
        "w2v.export.projector.write", "w2v.export.huggingface.write")  # fmt: skip
"""What takes its time, and must not have begun."""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("corpus.txt").write_text("a b c d e f\n" * 200)
    w2v.Embeddings(["a", "b"], [[1, 2], [3, 4]]).save("v.txt")

    def worked(*args, **kwargs):
        raise AssertionError("work was begun")

    for name in WORK:
        monkeypatch.setattr(name, worked)
    return tmp_path


def refused(name, output):
    """The message of a command that must refuse; no file may have changed."""
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"needs {NEEDS[name]}")
    command, arguments, _ = COMMANDS[name]
    before = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    folders = sorted(path for path in Path().rglob("*") if path.is_dir())
    with pytest.raises(OutputError) as error:
        command.main([*arguments, str(output)])
    assert {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()} == before
    assert sorted(path for path in Path().rglob("*") if path.is_dir()) == folders
    return str(error.value)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_parent_is_a_file(name, here):
    text = refused(name, Path("corpus.txt") / COMMANDS[name][2])
    assert text.startswith("corpus.txt/")
    assert "is a file" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_the_output_is_of_the_other_kind(name, here):
    """A folder where a file is to be, a file where a folder is to be."""
    suffix = Path(COMMANDS[name][2]).suffix
    output = Path(f"taken{suffix}")
    if suffix:
        output.mkdir()
        text, expected = refused(name, output), "a folder, not a file to write"
    else:
        output.write_text("mine")
        text, expected = refused(name, output), f"not a folder: {output} is a file"
    assert text == f"{output}: {expected}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_folder_in_which_files_cannot_be_created(name, here, monkeypatch):
    """As on a file system that is mounted read-only; permissions do not stop root."""
    real = files.os.open

    def fails(path, flags, mode=0o777, **kwargs):
        if flags & files.os.O_CREAT:
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, mode, **kwargs)

    monkeypatch.setattr(files.os, "open", fails)
    text = refused(name, COMMANDS[name][2])
    assert "Read-only file system" in text


SIZED = [name for name in COMMANDS if "--cache" not in name]
"""How large the encoded corpus is, the text alone says."""


@pytest.mark.parametrize("name", SIZED)
def test_the_disk_is_too_full(name, here, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda folder: SimpleNamespace(free=30))
    text = refused(name, COMMANDS[name][2])
    assert text.startswith(COMMANDS[name][2])
    assert "of disk space, but only 0.0 MB are free" in text


def test_a_command_says_it_in_one_line(here, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["w2v-train", *TRAIN, "-o", "corpus.txt/v.bin"])
    with pytest.raises(SystemExit) as end, handlers_kept():  # it is the last thing a process does
        command_line.run(train.main, train.PROG)
    assert end.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
