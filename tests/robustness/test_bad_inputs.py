"""Bad input on the command line: one clear line, an exit code, every file as it was, little memory.

What a reader does with the bytes of its format is tested beside it (`test_corpus.py`,
`test_formats.py`, ...); here whole commands meet whole files.
"""

from __future__ import annotations

import contextlib
import gzip
import lzma
import os
import re
import shlex
import threading
from pathlib import Path

import pytest
from bad_inputs import PACK, PARTS, PRECIOUS, QUERY, TEXT, VECTORS, tensors

import w2v
from w2v.corpus import read_corpus, sources
from w2v.errors import CorpusError
from w2v.losses import LOSSES

MOST_MB = 200
"""Peak memory of a command, but for the corpus; Python and its libraries take 90 of it."""

CASES = [
    pytest.param(part, case, id=f"{part}: {case.what}")
    for part, cases in PARTS.items()
    for case in cases
]


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Mode and content of all files below a folder."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mode, path.read_bytes() if path.is_file() else b""
        )
        for path in folder.rglob("*")
    }  # fmt: skip


@pytest.mark.parametrize(("part", "case"), CASES)
def test_refused_in_one_line(write, tmp_path, commands, part, case):
    for name, content in {"vectors.bin": PRECIOUS, **case.files}.items():
        write(name, content() if callable(content) else content)
    before = everything(tmp_path)
    module, *arguments = shlex.split(case.command)
    result = commands.run(module, *arguments, cwd=tmp_path, stdin=case.stdin)
    assert result.code == case.code, result.err
    assert result.out == ""
    assert case.expected in result.err
    assert result.err.startswith((f"{module}: ", f"python -m {module}: "))
    assert result.err.count("\n") == 1
    assert result.err.endswith("\n")
    assert result.err[:-1].isprintable()
    assert len(result.err) < 1000
    assert everything(tmp_path) == before
    assert result.peak_mb < MOST_MB


def test_the_cases_are_all_there():
    assert len(CASES) > 180
    assert len({param.id for param in CASES}) == len(CASES)


@pytest.mark.parametrize("loss", [("negative-sampling",), ("softmax", "--targets", "split")])
def test_a_diverging_run_says_where_and_at_which_rate(write, tmp_path, commands, loss):
    write("t.txt", TEXT * 20)
    quick = ("--min-count", 1, "--sample", 0, "--vector-size", 8, "--sample", 0, "--quiet")
    arguments = ("t.txt", *quick, "--lr", "1e38", "--loss", *loss)
    result = commands.run("w2v.train", *arguments, cwd=tmp_path)
    assert result.code == 1
    place = "word" if loss[0] == "softmax" else "block"
    assert re.match(rf"w2v\.train: epoch 1, {place} [\d,]+ of ", result.err)
    assert re.search(r"at learning rate [\d.]+e\+3[78]", result.err)


def test_a_diverging_run_names_a_word(write, tmp_path, commands):
    write("t.txt", TEXT * 20)
    quick = ("--min-count", 1, "--sample", 0, "--vector-size", 8, "--sample", 0, "--quiet")
    result = commands.run("w2v.train", "t.txt", *quick, "--lr", "1e6", cwd=tmp_path)
    assert re.search(r"\(.*'(the|cat|dog|sat|on|mat|log)'.* is not finite\)", result.err)


# --- read all the same --------------------------------------------------------------------------

ODD = [
    ("a byte order mark", b"\xef\xbb\xbfa b\n"),
    ("lines that end with CR LF", b"a b\r\n"),
    ("CR alone, as whitespace", b"a\rb\n"),
    ("U+0085, as whitespace", "a\u0085b\n".encode()),
    ("U+2028, as whitespace", "a\u2028b\n".encode()),
    ("an ideographic space", "a\u3000b\n".encode()),
    ("no newline at the end", b"a b"),
    ("NUL and bad bytes with --encoding-errors ignore", b"a\0 \xffb\n"),
    ("zeros after a .gz", gzip.compress(b"a b\n", mtime=0) + bytes(512)),
    ("two .xz in one file", lzma.compress(b"a ") + lzma.compress(b"b\n")),
]


@pytest.mark.parametrize(("what", "content"), ODD, ids=[what for what, _ in ODD])
def test_odd_text_is_read_whole(write, tmp_path, commands, what, content):
    write("t", content)
    ignoring = ("--encoding-errors", "ignore") if "ignore" in what else ()
    arguments = (
        "t",
        "--min-count",
        1,
        "--sample",
        0,
        "--epochs",
        1,
        "--vector-size",
        8,
        "-o",
        "v.txt",
        *ignoring,
    )
    result = commands.run("w2v.train", *arguments, cwd=tmp_path)
    assert result.code == 0, result.err
    assert "corpus: 2 words in 1 lines; 2 different" in result.err
    assert sorted(w2v.load(tmp_path / "v.txt").index_to_key) == ["a", "b"]


def _feed(path: Path, content: bytes) -> threading.Thread:
    def write():
        # Whoever refuses what comes closes the pipe.
        with contextlib.suppress(BrokenPipeError):
            path.write_bytes(content)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    return thread


def test_a_pipe_is_read_once(tmp_path, commands):
    os.mkfifo(tmp_path / "pipe")
    for command, content, code, expected in (
        ("w2v.train pipe --quiet --min-count 1 --sample 0 --epochs 1 --vector-size 8", TEXT, 0, ""),
        (
            "w2v.train pipe --quiet --min-count 1 --sample 0 --epochs 1 --vector-size 8",
            gzip.compress(TEXT, mtime=0),
            0,
            "",
        ),
        (
            "w2v.train pipe",
            gzip.compress(TEXT, mtime=0)[:-3],
            2,
            "pipe: the gzip data are",
        ),
        (f"{QUERY} pipe a", VECTORS, 0, ""),
        (f"{QUERY} pipe a", VECTORS[:-4], 2, "pipe:3: 0 numbers, but "),
        (
            f"{QUERY} pipe a",
            b"something else\n" * 10_000,
            2,
            "pipe:1: the vector of 'something' holds 'else', which is not a",
        ),
        ("w2v.evaluate vectors.txt --analogies pipe", b"a b a b\n", 0, ""),
    ):
        (tmp_path / "vectors.txt").write_bytes(VECTORS)
        feeder = _feed(tmp_path / "pipe", content)
        module, *arguments = shlex.split(command)
        result = commands.run(module, *arguments, cwd=tmp_path)
        feeder.join(10)
        assert not feeder.is_alive()
        assert result.code == code, result.err
        assert expected in result.err
        assert result.err.count("\n") == (code != 0)


@pytest.mark.parametrize("how", ["appended to", "cut short", "replaced", "removed"])
def test_a_file_that_changes_while_it_is_read(write, monkeypatch, how):
    monkeypatch.setattr(sources, "CHUNK_BYTES", 1000)
    path = write("t.txt", TEXT)
    changes = [None]

    def change(*_):
        if not changes:
            return
        changes.pop()
        if how == "appended to":
            with path.open("ab") as stream:
                stream.write(b"one more line\n")
        elif how == "cut short":
            os.truncate(path, 1500)
        else:
            path.rename(path.with_name("old"))
            if how == "replaced":
                path.write_bytes(TEXT)

    expected = "cannot be read" if how == "removed" else "changed while it was read"
    with pytest.raises(CorpusError, match=expected):
        read_corpus(path, on_progress=change)


# --- memory -------------------------------------------------------------------------------------

BOMB_MB = 64


@pytest.mark.parametrize("suffix", PACK)
def test_an_archive_is_unpacked_in_bounded_memory(write, tmp_path, commands, suffix):
    """Words of 60 kB, so that there are few of them: what grows with them is not what is tested."""
    line = b"a" * 60_000 + b" " + b"b" * 60_000 + b"\n"
    packed = PACK[suffix](line * (BOMB_MB * 2**20 // len(line)))
    assert len(packed) < BOMB_MB * 2**20 / 100
    write(f"t.txt{suffix}", packed)
    arguments = (
        f"t.txt{suffix}",
        "--sample",
        0,
        "--epochs",
        1,
        "--vector-size",
        8,
        "-o",
        "v.bin",
        "--quiet",
    )
    result = commands.run("w2v.train", *arguments, cwd=tmp_path)
    assert result.code == 0, result.err
    assert result.peak_mb < MOST_MB


def test_no_newline_in_64_mb(write, tmp_path, commands):
    write("t.txt", b"a b " * 2**24)
    arguments = ("t.txt", "--epochs", 1, "--vector-size", 8, "-o", "v.bin", "--sample", 1e-9)
    result = commands.run("w2v.train", *arguments, cwd=tmp_path)
    assert result.code == 0, result.err
    assert "33,554,432 words in 1 lines" in result.err
    assert "1 long lines split, nothing cut" in result.err
    ids_mb = 33_554_432 * 4 >> 20  # mapped from a file, and counted by the system all the same
    assert result.peak_mb < MOST_MB + ids_mb


SPARSE_BYTES = 50 * 2**30


@pytest.mark.parametrize(
    ("name", "begin", "code", "expected"),
    [
        ("v.bin", b"", 2, "v.bin: the first line must hold two integers"),
        ("v.txt", b"", 2, "v.txt:1: no line end within 17"),
        ("v", b"", 2, "v:1: no line end within 17"),
        ("v.bin", b"100000000 100\nabc ", 1, "out of memory: v.bin: Unable to allocate 37.3 GiB"),
        ("v.txt", b"100000000 100\nabc ", 2, "v.txt:2: no line end within 17"),
        (
            "v.bin",
            b"1 10000000000\nabc ",
            2,
            "v.bin: the header says 10000000000 numbers per word; the limit",
        ),
        ("v.safetensors", b"", 2, "v.safetensors: not a safetensors file"),
        (
            "v.safetensors",
            tensors(a={"dtype": "U8", "shape": [SPARSE_BYTES], "data_offsets": [0, SPARSE_BYTES]}),
            1,
            "out of memory: ",
        ),
    ],
)
def test_a_file_of_50_gb(tmp_path, commands, name, begin, code, expected):
    """Sparse: it takes no room on the disk, and a header may tell the truth about it."""
    with (tmp_path / name).open("wb") as stream:
        stream.write(begin)
        stream.truncate(SPARSE_BYTES + (len(begin) - 8 if name.endswith("tensors") else 0))
    result = commands.run(QUERY, name, "a", cwd=tmp_path, more_mb=1000)
    assert result.code == code, result.err
    assert expected in result.err
    assert result.err.count("\n") == 1
    assert result.peak_mb < MOST_MB


def out_of_memory(result):
    """One line says so."""
    assert result.code == 1, result.err
    assert result.err.startswith("w2v.train: out of memory: ")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_out_of_memory_in_training(write, tmp_path, commands, loss):
    words = [b"w%d" % i for i in range(20_000)]
    write("t.txt", b"\n".join(b" ".join(words[i : i + 10]) for i in range(0, len(words), 10)))
    before = everything(tmp_path)
    arguments = ("t.txt", "--min-count", 1, "--vector-size", 4096, "--loss", loss, "--quiet")
    result = commands.run("w2v.train", *arguments, cwd=tmp_path, more_mb=300)
    out_of_memory(result)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("more_mb", [1, 2, 4, 8, 16, 24, 32, 48, 64])
def test_too_little_memory_for_anything(write, tmp_path, commands, more_mb):
    """Wherever it runs out: threads, text, the vocabulary, vectors."""
    write("t.txt", b" ".join(b"w%d" % (i % 50_000) for i in range(500_000)))
    before = everything(tmp_path)
    quick = ("--min-count", 1, "--sample", 0, "--vector-size", 8, "--epochs", 1, "--quiet")
    result = commands.run(
        "w2v.train", "t.txt", *quick, "--workers", 8, cwd=tmp_path, more_mb=more_mb
    )
    if result.code == 0:  # here Python and the system were content with as much
        assert len(w2v.load(tmp_path / "vectors.bin")) == 50_000
        return
    out_of_memory(result)
    assert everything(tmp_path) == before


# --- streams ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        f"{QUERY} v.txt a", f"{QUERY} v.txt a --json", "w2v.evaluate v.txt --analogies q.txt",
        "w2v.evaluate v.txt --analogies q.txt --json",
        "w2v.train t.txt --min-count 1 --sample 0 --epochs 1 --vector-size 8",
        "w2v.explore v.txt -o e.html", "w2v.export v.txt --to projector -o p",
    ],
)  # fmt: skip
def test_standard_output_that_is_full(write, tmp_path, commands, command):
    for name, content in {"v.txt": VECTORS, "q.txt": b"a b a b\n", "t.txt": TEXT}.items():
        write(name, content)
    module, *arguments = shlex.split(command)
    result = commands.run(module, *arguments, cwd=tmp_path, stdout=Path("/dev/full"))
    assert result.code == 1, result.err
    assert result.err.splitlines()[-1] == f"{module}: No space left on device"
    assert "Traceback" not in result.err


def test_standard_input_that_is_closed(write, tmp_path, commands):
    write("v.txt", VECTORS)
    for command, code in ((f"{QUERY} v.txt", 0), ("w2v.train -", 2)):
        module, *arguments = shlex.split(command)
        result = commands.run(module, *arguments, cwd=tmp_path, stdin=None)
        assert result.code == code, result.err
        assert result.err.count("\n") == (code != 0)
