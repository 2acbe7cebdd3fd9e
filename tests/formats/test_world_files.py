"""Files as the world has them: strict errors, what a lenient reader makes of them, limits, packing.

The kinds of files come from public bug reports; the files are made here.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v import formats
from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, InputError
from w2v.formats import VectorTable
from w2v.formats.open_vectors import HEAD_BYTES, open_vectors
from w2v.util.compression import zstd_module

ROW = " 0.5 -0.25"


def binary(words, header=None, end=b"\n") -> bytes:
    rows = [word + b" " + struct.pack("<2f", i, -i) + end for i, word in enumerate(words)]
    return (b"%d 2\n" % len(words) if header is None else header) + b"".join(rows)


CASES = {
    "words with spaces": (
        "v.txt",
        f"the{ROW}\n. .{ROW}\nat me@mail.example{ROW}\n".encode(),
        r"v\.txt:2: 3 numbers, but line 1 has 2 \(a word with spaces, '. .'\?\); --lenient "
        r"\(in Python: lenient=True\) takes the last 2 fields as the numbers",
        ["the", ". .", "at me@mail.example"],
        r"2 words with spaces \(line 2: ",
    ),
    "a word with spaces in the first line": (
        "v.txt",
        f". .{ROW}\nthe{ROW}\nof{ROW}\n".encode(),
        r"v\.txt:1: the vector of '.' holds '.', which is not a finite number",
        [". .", "the", "of"],
        r"1 words with spaces \(line 1: ",
    ),
    "repeated words": (
        "v.txt",
        f"the{ROW}\n<unk>{ROW}\n<unk> 9 9\nof 3 4\n".encode(),
        r"v\.txt:3: '<unk>' is already in line 2; --lenient .* keeps the first",
        ["the", "<unk>", "of"],
        r"1 repeated words dropped \(line 3: '<unk>' occurs again\)",
    ),
    "a word cut inside a character": (
        "v.txt",
        b"2 2\n\xd0\xbf\xd0 1 2\nb 1 2\n",
        r"v\.txt:2: byte 0xd0 in the word 'п\ufffd' is not UTF-8; --lenient .* U\+FFFD",
        ["п\ufffd", "b"],
        r"1 words that are not UTF-8 \(line 2: byte 0xd0",
    ),
    "two words cut to the same": (
        "v.txt",
        b"3 2\n\xd0\xbf\xd0 1 2\n\xd0\xbf\xd1 3 4\nb 1 2\n",
        r"v\.txt:2: byte 0xd0",
        ["п\ufffd", "b"],
        r"2 words that are not UTF-8 .*; 1 repeated words dropped \(line 3: ",
    ),
    "a header one too high": (
        "v.vec",
        f"3 2\na{ROW}\nb{ROW}\n".encode(),
        r"v\.vec: 2 rows, but the header says 3 \(cut short\?\); --lenient",
        ["a", "b"],
        r"1 header too high \(2 rows, but the header says 3",
    ),
    "a header one too low": (
        "v.vec",
        f"1 2\na{ROW}\nb{ROW}\nc{ROW}\n".encode(),
        r"v\.vec:3: more rows than the 1 in the header; --lenient .* reads all rows",
        ["a", "b", "c"],
        r"1 header too low \(line 3: ",
    ),
    "a header of three integers": (
        "v.txt",
        b"2 3 7200\na 1 2 3\nb 1 2 3 \n",
        r"v\.txt:1: a header of 3 integers, not of 2 \(words, numbers per word\); --lenient",
        ["a", "b"],
        r"1 header of more than two integers \(line 1: ",
    ),
    "blank lines between rows": (
        "v.txt",
        f"2 2\n\na{ROW}\n \n\nb{ROW}\n\n".encode(),
        r"v\.txt:2: a blank line; --lenient .* skips blank lines",
        ["a", "b"],
        r"2 runs of blank lines skipped \(line 2: ",
    ),
    "repeated words in .bin": (
        "v.bin",
        binary([b"a", b"b", b"a"]),
        r"v\.bin: row 3: 'a' is already in row 1; --lenient",
        ["a", "b"],
        r"1 repeated words dropped \(row 3: ",
    ),
    "a cut word in .bin": (
        "v.bin",
        binary([b"a", b"\xd0"]),
        r"v\.bin: row 2: byte 0xd0 in the word '\ufffd' is not UTF-8",
        ["a", "\ufffd"],
        r"1 words that are not UTF-8 \(row 2: ",
    ),
    "a header one too high in .bin": (
        "v.bin",
        binary([b"a", b"b"], b"3 2\n"),
        r"v\.bin: the header says 3 words of 2 numbers, which take at least 30 bytes, but 22 fol",
        ["a", "b"],
        r"1 header too high \(2 words, but the header says 3",
    ),
    "a header one too low in .bin": (
        "v.bin",
        binary([b"a", b"b", b"c"], b"1 2\n"),
        r"v\.bin: 23 bytes follow the 1 words that the header announces",
        ["a", "b", "c"],
        r"1 header too low \(23 bytes follow",
    ),
    "a header of three integers in .bin": (
        "v.bin",
        binary([b"a", b"b"], b"2 2 9\n"),
        r"v\.bin: a header of 3 integers, not of 2",
        ["a", "b"],
        r"1 header of more than two integers \(a header",
    ),
    "blank lines at the end of a .bin": (
        "v.bin",
        binary([b"a", b"b"]) + b"\n\n",
        r"v\.bin: blank lines follow the 2 words",
        ["a", "b"],
        r"1 runs of blank lines skipped \(blank lines follow",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_strict_and_lenient(write, what):
    name, content, error, words, summary = CASES[what]
    path = write(name, content)
    with pytest.raises(FormatError, match=error):
        load(path)
    with pytest.warns(UserWarning, match=summary) as caught:
        wv = load(path, lenient=True)
    assert len(caught) == 1
    assert str(caught[0].message).startswith(f"{path}: ")
    assert caught[0].filename == __file__
    assert wv.words == words
    if name == "v.txt" and "<unk>" in words:
        assert wv[["<unk>", "of"]].tolist() == [[0.5, -0.25], [3, 4]]


def test_numbers_of_words_with_spaces(write):
    path = write("v.txt", "one 0.5 1\ntwo 2 3 0.25 -1e-3\nfour 1 2\n")
    with pytest.warns(UserWarning, match="1 words with spaces"):
        wv = load(path, lenient=True)
    assert wv.words == ["one", "two 2 3", "four"]
    np.testing.assert_array_equal(wv["two 2 3"], np.array([0.25, -0.001], np.float32))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("v.txt", b"2 2\na 1 2\nb 1\n", ":3: 1 numbers, but the header says 2"),
        ("v.txt", b"a 1 2\n\tx 1 2\nb 1 2\n", ":2: 3 numbers, but most lines have 2"),
        ("v.txt", b"2 2\na 1 2\nb 1 nan\n", "'nan', which is not a finite number"),
        ("v.bin", binary([b"a", b"b"])[:-5], "row 2: 6 bytes, not a word, a space and 8 bytes"),
    ],
)
def test_damage_is_refused_in_lenient_files_too(write, name, content, message):
    with pytest.raises(FormatError, match=message):
        load(write(name, content), lenient=True)


@given(words=st.lists(st.text(st.sampled_from("ab.@ "), min_size=1), min_size=3, unique=True))
def test_a_lenient_reader_is_the_naive_one(tmp_path_factory, words):
    """Any GloVe file whose words hold single spaces, where most hold none."""
    words = [*(f"w{i}" for i in range(len(words) + 1)), *(" ".join(w.split()) for w in words)]
    words = list(dict.fromkeys(word for word in words if word))
    path = tmp_path_factory.mktemp("glove") / "v.txt"
    rows = [f"{word} {i}.5 -{i} 1e-3" for i, word in enumerate(words)]
    path.write_text("\n".join(rows))
    summaries: list[str] = []
    table = formats.read(path, lenient=True, report=summaries.append)
    assert table.words == [row.rsplit(" ", 3)[0] for row in rows]
    assert table.vectors[:, 0].tolist() == [i + 0.5 for i in range(len(words))]
    spaces = sum(" " in word for word in words)
    assert [s.split(": ")[1].split(" ")[0] for s in summaries] == ([str(spaces)] if spaces else [])


def test_words_of_other_blanks_can_be_written_again(write, tmp_path):
    words = ["plum", "\u00a0", "hussar\u00a0»", "\u3000", "...\u2009king", "a\x85b", "l\u2028m"]
    path = write("v.vec", "".join([f"{len(words)} 2\n", *(f"{word}{ROW} \n" for word in words)]))
    wv = load(path)
    assert wv.words == words
    for name in ("x.vec", "x.bin", "x.safetensors"):
        wv.save(tmp_path / name)
        assert load(tmp_path / name).words == words


LINES = st.sampled_from([
    b"3 2", b"2 2 9", b"0 2", b"", b" ", b"a 1 2", b"a 1 2 ", b"b\t1 2\r", b". . 1 2", b"\xd0 1 2",
    b"c 1", b"1 2 3", b"d 1 2 x", b" e 1", b"\xff\xfe", b"f 1 nan", b"g\xa0h 0.5 -0",
])  # fmt: skip


@pytest.mark.parametrize("name", ["v.txt", "v.bin", "v"])
@given(
    content=st.one_of(
        st.binary(max_size=40),
        st.lists(LINES, max_size=8).map(b"\n".join),
        st.lists(LINES, max_size=8).map(lambda lines: binary(lines, b"3 2\n")),
    ),
    limit=st.sampled_from([None, 1, 2]),
)
def test_any_bytes_leniently(tmp_path_factory, name, content, limit):
    """A table that could be written again, or one error; a strict reader takes no more."""
    path = tmp_path_factory.mktemp("any") / name
    path.write_bytes(content)
    found = {}
    for lenient in (False, True):
        summaries: list[str] = []
        try:
            found[lenient] = formats.read(
                path, lenient=lenient, limit=limit, report=summaries.append
            )
        except FormatError as error:
            assert "\n" not in str(error)  # noqa: PT017
            continue
        table = found[lenient]
        assert len(set(table.words)) == len(table.words) == len(table.vectors) > 0
        assert limit is None or len(table.words) <= limit
        assert all(table.words)
        assert np.isfinite(table.vectors).all()
        assert lenient or not summaries
        if lenient and False in found and not summaries:
            assert table.words == found[False].words
            np.testing.assert_array_equal(table.vectors, found[False].vectors)
    assert True in found or False not in found


# --- limit ---


@pytest.mark.parametrize("extension", [".bin", ".txt", ".safetensors"])
@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_limit(tmp_path, extension, limit):
    words = [f"wörd{i}" for i in range(10)]
    vectors = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    whole = VectorTable(
        words, vectors, np.arange(10)[::-1], vectors * 2, np.arange(10, dtype=np.float32)
    )
    path = tmp_path / f"v{extension}"
    formats.write(path, whole)
    count = min(limit, 10)
    for mmap in (False, True) if extension == ".safetensors" else (False,):
        wv = load(path, limit=limit, mmap=mmap)
        assert wv.words == words[:limit]
        np.testing.assert_array_equal(wv.vectors, vectors[:count])
        if extension == ".safetensors":
            np.testing.assert_array_equal(wv.counts, whole.counts[:count])
            np.testing.assert_array_equal(wv.context_vectors, vectors[:count] * 2)
            np.testing.assert_array_equal(wv.output_bias, np.arange(count))


@pytest.mark.parametrize("extension", [".bin", ".txt"])
def test_limit_reads_nothing_beyond(tmp_path, extension, monkeypatch):
    """What follows may be damaged, and is not looked at."""
    path = tmp_path / f"v{extension}"
    formats.write(path, VectorTable(["a", "b", "c"], np.ones((3, 2), np.float32)))
    path.write_bytes(path.read_bytes()[:-4])
    assert load(path, limit=2).words == ["a", "b"]
    with pytest.raises(FormatError):
        load(path)


def test_limit_of_an_endless_pipe(tmp_path):
    """Only as much is read as the limit asks for."""
    os.mkfifo(tmp_path / "pipe")
    written = []

    def write():
        try:
            with (tmp_path / "pipe").open("wb") as stream:
                for i in range(10**9):
                    stream.write(b"w%d 0.5 0.25\n" % i)
                    written.append(i)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=write)
    writer.start()
    assert load(tmp_path / "pipe", limit=3).words == ["w0", "w1", "w2"]
    writer.join()
    assert len(written) < 10**6


def test_a_limit_may_be_a_number_of_numpy(write):
    assert load(write("v.txt", "3 1\na 1\nb 2\nc 3\n"), limit=np.int64(2)).words == ["a", "b"]


@pytest.mark.parametrize("limit", [0, -1, "3", 2.0, True])
def test_an_invalid_limit_is_refused(tmp_path, limit):
    with pytest.raises(ConfigError, match=r"limit: expected a number of words, at least 1, got"):
        load(tmp_path / "v.bin", limit=limit)


@pytest.mark.parametrize("path", [None, 5, 1.5, ["v.bin"]])
def test_an_invalid_path_is_refused(path):
    wv = Embeddings(["a", "b"], np.eye(2))
    for use in (load, wv.save, wv.evaluate_word_analogies, wv.evaluate_word_pairs):
        with pytest.raises(InputError, match="is not a path"):
            use(path)


def test_limit_counts_kept_words(write):
    path = write("v.txt", "a 1 2\na 3 4\nb 5 6\nc 7 8\n")
    with pytest.warns(UserWarning, match="1 repeated words dropped"):
        wv = load(path, limit=2, lenient=True)
    assert wv.words == ["a", "b"]
    assert wv.vectors.tolist() == [[1, 2], [5, 6]]


# --- packed, and standard streams ---

PACK = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
if zstd_module() is not None:
    PACK[".zst"] = zstd_module().compress

TABLE = VectorTable(["a", "b"], np.array([[1, 2], [3, 4.5]], np.float32))


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("extension", [".bin", ".vec", ".safetensors"])
def test_packed(tmp_path, packing, extension):
    formats.write(tmp_path / f"v{extension}", TABLE)
    packed = PACK[packing]((tmp_path / f"v{extension}").read_bytes())
    for name in (f"p{extension}{packing}", f"p{extension}", "p"):
        (tmp_path / name).write_bytes(packed)
        table = formats.read(tmp_path / name)
        assert table.words == TABLE.words
        np.testing.assert_array_equal(table.vectors, TABLE.vectors)
        assert formats.read(tmp_path / name, limit=1).words == ["a"]
    (tmp_path / "cut").write_bytes(packed[:-9])
    with pytest.raises(FormatError, match=r"cut: .* (truncated|damaged)"):
        formats.read(tmp_path / "cut")


def test_the_name_of_a_packed_file_tells_its_format(tmp_path):
    """These are four letters as text, and a float32 as .bin."""
    packed = gzip.compress(b"1 1\nw aaaa\n", mtime=0)
    (tmp_path / "v.bin.gz").write_bytes(packed)
    assert formats.read(tmp_path / "v.bin.gz").vectors.tobytes() == b"aaaa"
    (tmp_path / "v.gz").write_bytes(packed)
    with pytest.raises(FormatError, match="the vector of 'w' holds 'aaaa'"):
        formats.read(tmp_path / "v.gz")


def test_a_source_gives_as_much_as_is_asked_for(tmp_path):
    content = np.random.default_rng(0).bytes(3 * HEAD_BYTES)
    (tmp_path / "v").write_bytes(content)
    with open_vectors(str(tmp_path / "v")) as source:
        assert source.head == content[:HEAD_BYTES]
        assert source.read(5) == content[:5]
        assert source.read(2 * HEAD_BYTES) == content[5 : 5 + 2 * HEAD_BYTES]
        assert source.read(4 * HEAD_BYTES) == content[5 + 2 * HEAD_BYTES :]
        assert source.read(1) == b""


def test_packed_nothing_cannot_be_read_or_mapped(tmp_path):
    (tmp_path / "v.vec.gz").write_bytes(gzip.compress(b"", mtime=0))
    with pytest.raises(FormatError, match="the gzip file contains nothing"):
        formats.read(tmp_path / "v.vec.gz")
    formats.write(tmp_path / "v.safetensors", TABLE)
    packed = gzip.compress((tmp_path / "v.safetensors").read_bytes(), mtime=0)
    (tmp_path / "v.safetensors.gz").write_bytes(packed)
    with pytest.raises(ConfigError, match="mmap=True needs"):
        formats.read(tmp_path / "v.safetensors.gz", mmap=True)


@pytest.mark.parametrize("extension", [".bin", ".vec", ".safetensors"])
@pytest.mark.parametrize("packing", [None, ".gz"])
def test_standard_input(tmp_path, monkeypatch, extension, packing):
    formats.write(tmp_path / f"v{extension}", TABLE)
    content = (tmp_path / f"v{extension}").read_bytes()
    (tmp_path / "in").write_bytes(content if packing is None else PACK[packing](content))
    with (tmp_path / "in").open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        table = formats.read("-")
    assert table.words == TABLE.words
    np.testing.assert_array_equal(table.vectors, TABLE.vectors)


def test_errors_of_standard_input(tmp_path, monkeypatch):
    (tmp_path / "in").write_bytes(b"2 2\na 1 2\nb 1\n")
    with (tmp_path / "in").open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        with pytest.raises(FormatError, match=r"^standard input:3: 1 numbers, but the header says"):
            formats.read("-")


def test_standard_output(tmp_path):
    code = "import w2v; w2v.load('-').save('-')"
    result = subprocess.run(
        [sys.executable, "-c", code], input=b"2 1\na 1\nb 2.5\n", capture_output=True, check=True
    )
    assert result.stdout == b"2 1\na 1.0\nb 2.5\n"
    assert result.stderr == b""
