"""Every format against its description, against gensim, and against damaged files."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from w2v import formats
from w2v.errors import ConfigError, FormatError, OutputError, W2VError
from w2v.formats import VectorTable, decimals
from w2v.formats.tensor_file import read_tensors, write_tensors

WORDS = ["</s>", "the", "naïve", "東京", "-1", "3"]
VECTORS = np.array(
    [
        [0.0, -0.0, 1.0],
        [1e-45, -3.4028235e38, 0.1],
        [0.33333334, 12345678.0, -1e-5],
        [9.999999, 10.0, 9.999999e-5],
        [1e-4, 16777216.0, 2.5],
        [-0.5, 7.0, 1.1754944e-38],
    ],
    np.float32,
)
TABLE = VectorTable(WORDS, VECTORS)
EXTENSIONS = [".bin", ".txt", ".vec", ".safetensors"]

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def tables(draw, whitespace: bool = False) -> VectorTable:
    letters = st.characters(exclude_categories=["Cs"])
    word = st.text(letters, min_size=1, max_size=8)
    if not whitespace:
        word = word.filter(lambda text: text.split() == [text])
    words = draw(st.lists(word, min_size=1, max_size=6, unique=True))
    shape = (len(words), draw(st.integers(1, 5)))
    return VectorTable(words, draw(arrays.arrays(np.float32, shape, elements=finite)))


def same(a: VectorTable, b: VectorTable) -> bool:
    """Equal to the last bit: -0.0 is not 0.0."""
    return list(a.words) == list(b.words) and a.vectors.tobytes() == b.vectors.tobytes()


def read_bytes(tmp_path: Path, content: bytes, name: str) -> VectorTable:
    path = tmp_path / name
    path.write_bytes(content)
    return formats.read(path)


@pytest.fixture
def refused(tmp_path):
    """Check that a file's content is refused with a message, and return that."""

    def check(content: bytes, name: str, match: str) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(FormatError, match=match) as caught:
            formats.read(path)
        message = str(caught.value)
        assert message.startswith(str(path))
        assert "\n" not in message
        return message

    return check


# --- round trips ---


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_round_trip(tmp_path, extension):
    path, again = tmp_path / f"a{extension}", tmp_path / f"b{extension}"
    formats.write(path, TABLE)
    table = formats.read(path)
    assert same(table, TABLE)
    assert table.vectors.dtype == np.float32
    formats.write(again, table)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("extension", EXTENSIONS)
@given(data=st.data())
def test_any_table_round_trips(tmp_path_factory, extension, data):
    folder = tmp_path_factory.mktemp("any")
    table = data.draw(tables(whitespace=extension == ".safetensors"))
    formats.write(folder / f"a{extension}", table)
    read = formats.read(folder / f"a{extension}")
    assert same(read, table)
    formats.write(folder / f"b{extension}", read)
    assert (folder / f"a{extension}").read_bytes() == (folder / f"b{extension}").read_bytes()


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_many_rows_cross_the_blocks(tmp_path, extension, monkeypatch):
    monkeypatch.setattr("w2v.formats.table._ROWS_AT_ONCE", 7)
    monkeypatch.setattr("w2v.formats.text._BLOCK", 100)
    monkeypatch.setattr("w2v.formats.text._NUMBERS_AT_ONCE", 50)
    vectors = np.random.default_rng(1).normal(size=(300, 13)).astype(np.float32)
    table = VectorTable([f"w{i}" for i in range(300)], vectors)
    formats.write(tmp_path / f"a{extension}", table)
    assert same(formats.read(tmp_path / f"a{extension}"), table)


def test_bytes_of_the_binary_format(tmp_path):
    formats.write(tmp_path / "a.bin", VectorTable(["a", "é"], np.array([[1, 2], [3, 4]], "f4")))
    one, two = struct.pack("<2f", 1, 2), struct.pack("<2f", 3, 4)
    assert (tmp_path / "a.bin").read_bytes() == b"2 2\na %b\n\xc3\xa9 %b\n" % (one, two)


def test_bytes_of_the_text_format(tmp_path):
    table = VectorTable(["a", "é"], np.array([[1, -0.1], [1e-5, 1e10]], np.float32))
    formats.write(tmp_path / "a.txt", table)
    assert (tmp_path / "a.txt").read_text("utf-8") == "2 2\na 1.0 -0.1\né 1e-05 1e+10\n"


def test_strided_and_mapped_vectors(tmp_path):
    vectors = np.asfortranarray(VECTORS)[::-1]
    for extension in EXTENSIONS:
        path = tmp_path / f"a{extension}"
        formats.write(path, VectorTable(WORDS, vectors))
        assert same(formats.read(path), VectorTable(WORDS, np.ascontiguousarray(vectors)))
    mapped = formats.read(tmp_path / "a.safetensors", mmap=True)
    assert isinstance(mapped.vectors, np.memmap)
    formats.write(tmp_path / "b.safetensors", mapped)
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def test_safetensors_holds_everything(tmp_path):
    table = VectorTable(
        ["new york", "\n", "x"],
        VECTORS[:3],
        counts=np.array([3, 2, 0]),
        context_vectors=VECTORS[3:],
        metadata={"training": '{"epochs": 5}'},
        output_bias=VECTORS[0, :3],
    )
    for mmap in (False, True):
        formats.write(tmp_path / "a.safetensors", table)
        read = formats.read(tmp_path / "a.safetensors", mmap=mmap)
        assert same(read, table)
        np.testing.assert_array_equal(read.counts, table.counts)
        np.testing.assert_array_equal(read.context_vectors, table.context_vectors)
        np.testing.assert_array_equal(read.output_bias, table.output_bias)
        assert read.metadata.items() >= table.metadata.items()
        assert read.metadata["format_version"] == "1"


# --- gensim ---


@pytest.mark.parametrize("extension", [".bin", ".txt"])
def test_gensim(tmp_path, extension):
    gensim = pytest.importorskip("gensim.models", reason="gensim is not installed")
    binary = extension == ".bin"
    formats.write(tmp_path / f"ours{extension}", TABLE)
    theirs = gensim.KeyedVectors.load_word2vec_format(
        str(tmp_path / f"ours{extension}"), binary=binary
    )
    assert theirs.index_to_key == WORDS
    assert theirs.vectors.tobytes() == VECTORS.tobytes()
    for word, count in zip(WORDS, range(100, 0, -1), strict=False):
        theirs.set_vecattr(word, "count", count)  # it writes in order of frequency
    path = tmp_path / f"theirs{extension}"
    theirs.save_word2vec_format(str(path), binary=binary)
    assert same(formats.read(path), TABLE)
    if not binary:
        assert path.read_bytes() == (tmp_path / "ours.txt").read_bytes()


# --- what other programs write ---


@pytest.mark.parametrize("separator", [b"", b"\n"])
def test_binary_with_and_without_newlines(tmp_path, separator):
    rows = [w.encode() + b" " + v.tobytes() for w, v in zip(WORDS, VECTORS, strict=True)]
    content = b"6 3\n" + separator.join(rows)
    assert same(read_bytes(tmp_path, content, "a.bin"), TABLE)
    mixed = b"6 3\n" + rows[0] + b"\n" + b"".join(rows[1:])
    assert same(read_bytes(tmp_path, mixed, "a.bin"), TABLE)


TEXT = VectorTable(["</s>", "a"], np.array([[0.25, -1], [3, 1e-7]], np.float32))


@pytest.mark.parametrize(
    "content",
    [
        b"2 2\n</s> 0.25 -1\na 3 1e-7\n",
        b"2 2\n</s> 0.25 -1\na 3 1e-7",
        b"2 2\r\n</s> 0.25 -1\r\na 3 1e-7\r\n",
        b"2 2 \n</s> 0.25 -1 \na 3 1e-7 \n",
        b"\xef\xbb\xbf2 2\n</s> 0.25 -1\na 3 1e-7\n\n \n",
        b"</s> 0.25 -1\na 3 1e-7\n",
        b"</s> 0.25 -1\na 3 1e-7",
        b"</s>\t+0.250\t-1.\r\na\t\t3.0e0 .0000001\r\n",
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.vec", "a", "a.glove"])
def test_text_dialects(tmp_path, content, name):
    assert same(read_bytes(tmp_path, content, name), TEXT)


def test_one_number_a_word(tmp_path):
    table = read_bytes(tmp_path, b"two 2\nthree 3\n", "a.txt")
    assert same(table, VectorTable(["two", "three"], np.array([[2], [3]], np.float32)))
    table = read_bytes(tmp_path, b"1 1\ntwo 2\n", "a.txt")
    assert same(table, VectorTable(["two"], np.array([[2]], np.float32)))
    with pytest.raises(FormatError):  # two integers are a header, as the module says
        read_bytes(tmp_path, b"2 2\n3 3\n", "a.txt")


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("name", ["vectors", "vectors.model", ".hidden"])
def test_without_an_extension_the_content_tells(tmp_path, extension, name):
    formats.write(tmp_path / f"a{extension}", TABLE)
    (tmp_path / f"a{extension}").rename(tmp_path / name)
    assert same(formats.read(tmp_path / name), TABLE)


def test_a_pipe_is_read(tmp_path):
    formats.write(tmp_path / "a.bin", TABLE)
    content, pipe = (tmp_path / "a.bin").read_bytes(), tmp_path / "pipe.bin"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(content))
    writer.start()
    assert same(formats.read(pipe), TABLE)
    writer.join()


# --- refused when written ---


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", ""], "row 2: expected a word, got an empty one"),
        (["a", "b", "a"], r"row 3: expected each word once, got 'a' again \(first in row 1\)"),
        (["a", "\ud800"], "row 2: expected a word that UTF-8 can hold, got"),
        (["a", "b", "c", "d"], "expected a vector a word, got 4 words and 3 vectors"),
        ([], "expected a vector a word, got 0 words"),
    ],
)
def test_words_that_no_format_holds(tmp_path, extension, words, message):
    vectors = np.zeros((min(len(words), 3), 2), np.float32)
    with pytest.raises(FormatError, match=message):
        formats.write(tmp_path / f"a{extension}", VectorTable(words, vectors))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", [".bin", ".txt", ".vec"])
@pytest.mark.parametrize("blank", [c for c in map(chr, range(0x3001)) if c.isspace()])
def test_whitespace_in_a_word(tmp_path, extension, blank):
    for word in (f"new{blank}york", f"{blank}york", f"new{blank}", blank):
        with pytest.raises(FormatError, match="row 2: expected a word without whitespace, got"):
            formats.write(
                tmp_path / f"a{extension}", VectorTable(["a", word], np.zeros((2, 1), np.float32))
            )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(tmp_path, extension, number):
    vectors = VECTORS.copy()
    vectors[3, 1] = number
    with pytest.raises(
        FormatError, match=f"row 4, word '東京': expected finite numbers, got {number}"
    ):
        formats.write(tmp_path / f"a{extension}", VectorTable(WORDS, vectors))
    assert list(tmp_path.iterdir()) == []


def test_other_refusals(tmp_path):
    for name in ("a", "a.npy", "a.bin.gz", "a.BIN"):
        with pytest.raises(ConfigError, match=r"ends in \.bin, \.txt, \.vec, \.safetensors, got"):
            formats.write(tmp_path / name, TABLE)
    with pytest.raises(OutputError):
        formats.write(tmp_path / "missing" / "a.bin", TABLE)
    with pytest.raises(FormatError, match="expected no negative count, got -1"):
        formats.write(tmp_path / "a.bin", VectorTable(["a"], VECTORS[:1], counts=np.array([-1])))
    formats.write(tmp_path / "a.bin", TABLE)
    with pytest.raises(ConfigError, match=r"expected a \.safetensors file for mmap=True"):
        formats.read(tmp_path / "a.bin", mmap=True)


def test_the_estimate_is_about_the_size(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(500, 50)).astype(np.float32)
    table = VectorTable([f"word{i}" for i in range(500)], vectors, context_vectors=vectors)
    for extension in EXTENSIONS:
        path = tmp_path / f"a{extension}"
        formats.write(path, table)
        estimate = formats.estimated_bytes(path, 500, 50, context_vectors=True)
        assert path.stat().st_size <= estimate <= 1.5 * path.stat().st_size


# --- refused when read: binary ---


def binary(rows=((b"a", 1.0), (b"b", 2.0)), header=b"2 1\n", end=b"\n") -> bytes:
    return header + b"".join(w + b" " + struct.pack("<f", x) + end for w, x in rows)


def test_binary_cut_at_every_byte(tmp_path, tried):
    formats.write(tmp_path / "whole.bin", TABLE)
    content = (tmp_path / "whole.bin").read_bytes()
    for length in range(len(content) - 1):
        with pytest.raises(FormatError, match=r"cut\.bin: (row \d: )?expected .*, got "):
            read_bytes(tmp_path, content[:length], "cut.bin")
    # Without its very last newline the file is as gensim writes it, and whole.
    assert same(read_bytes(tmp_path, content[:-1], "cut.bin"), TABLE)
    what = "a .bin cut at every byte but the last newline"
    tried("Vectors", what, "refused in one line", times=len(content) - 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (binary(header=b"1000000000000 300\n"), "expected at least 1202000000000000 bytes for"),
        (binary(header=b"2 1000000000000\n"), "expected at least 8000000000004 bytes for 2 words"),
        (binary(header=b"9" * 25 + b" 1\n"), "expected at least 5999999999999999999999999"),
        (binary(header=b"-2 1\n"), "expected at least one word .*, got -2 and 1"),
        (binary(header=b"2 -1\n"), "expected at least one word .*, got 2 and -1"),
        (binary(header=b"0 1\n"), "expected at least one word .*, got 0 and 1"),
        (binary(header=b"2 0\n"), "expected at least one word .*, got 2 and 0"),
        (binary(header=b"2.5 1\n"), "first line of two integers .*, got '2.5 1'"),
        (binary(header=b"two 1\n"), "first line of two integers .*, got 'two 1'"),
        (binary(header=b"2\n"), "first line of two integers .*, got '2'"),
        (binary(header=b"2 1 0\n"), "first line of two integers .*, got '2 1 0'"),
        (binary(header=b""), "first line of two integers"),
        (b"2 " + b"1" * 1000 + b"\n", "first line of two integers"),
        (binary(header=b"1 1\n"), "expected the end of the file after 1 words, got 7 more bytes"),
        (binary() + b"\n", "expected the end of the file after 2 words, got 1 more bytes"),
        (binary([(b"long word"[:4] * 9, 1.0)]), "expected 2 words, got 1"),
        (binary([(b"a", 1.0), (b"a", 2.0)]), "row 2: expected each word once, got 'a' again"),
        (binary([(b"", 1.0), (b"bcd", 2.0)]), "row 1: expected a word, got an empty one"),
        (binary([(b"abc", 1.0), (b"", 2.0)]), "row 2: expected a word, got an empty one"),
        (binary([(b"a", 1.0), (b"b\xff", 2.0)]), "row 2: .* UTF-8, got byte 0xff at offset 12"),
        (binary([(b"a", np.nan), (b"b", 2.0)]), "row 1, word 'a': .* finite numbers, got nan"),
        (binary([(b"a", 1.0), (b"b", -np.inf)]), "row 2, word 'b': .* finite numbers, got -inf"),
        (b"1 1\nabcdefghijkl", "row 1: expected a word, a space and its numbers, got the end"),
    ],
)
def test_bad_binary(refused, content, message):
    refused(content, "a.bin", message)


# --- refused when read: text ---


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1000000000000 300\na 1\n", ":1: expected at least 601999999999999 bytes"),
        (b"2 1000000000000\na 1\n", ":1: expected at least 4000000000003 bytes"),
        (b"9" * 25 + b" 2\na 1 2\n", ":1: expected at least 59999"),
        (b"9" * 9999 + b" 2\na 1 2\n", ":1: expected at least 59999"),
        (b"-1 2\na 1 2\n", ":1: expected at least one word .*, got -1 and 2"),
        (b"1 -2\na 1 2\n", ":1: expected at least one word .*, got 1 and -2"),
        (b"0 2\na 1 2\n", ":1: expected at least one word .*, got 0 and 2"),
        (b"1 0\na\n", ":1: expected at least one word .*, got 1 and 0"),
        (b"2.5 2\na 1 2\n", ":1: expected two integers .*, got '2.5 2'"),
        (b"two 2\na 1 2\n", ":1: expected two integers .*, got 'two 2'"),
        (b"2\na 1 2\n", ":1: expected a word and numbers, or two integers, got one field"),
        (b"\na 1 2\n", ":1: expected a word and numbers, got an empty line"),
        (b"2 2\n", ":1: expected at least 11 bytes for 2 rows of 2 numbers, got 0"),
        (b"2 2\nlong_word 1 2\n", r"a\.txt: expected 2 rows, got 1"),
        (b"1 2\na 1 2\nb 1 2\n", ":3: expected the end of the file after 1 rows, got another"),
        (b"2 2\na 1\nb 1 2 3 4\n", ":2: expected 2 numbers, got 1"),
        (b"2 2\na 1 2\nb 1 2 3\n", ":3: expected 2 numbers, got 3"),
        (b"2 2\na 1 2\nbcdefghi\n", ":3: expected 2 numbers, got 0"),
        (b"a 1 2\nb 1\nc 1 2 3\n", ":2: expected 2 numbers, got 1"),
        (b"a 1 2\n\nb 1 2\n", ":2: expected a word and 2 numbers, got nothing"),
        (b"2 2\na 1 2\n 10 20\n\n\n", ":3: expected a word, got an empty one"),
        (b"2 2\na 1 2\na 3 4\n", r":3: expected each word once, got 'a' again \(first in line 2\)"),
        (b"b 1 2\na 1 2\na 3 4\n", r":3: .* got 'a' again \(first in line 2\)"),
        (b"2 2\na 1 2\nb\xff 3 4\n", ":3: expected a word in UTF-8, got byte 0xff at offset 11"),
        (b"2 2\na 1 2\nb 1 nan\n", ":3: word 'b': expected a finite number, got 'nan'"),
        (b"2 2\na 1 -inf\nb 1 2\n", ":2: word 'a': expected a finite number, got '-inf'"),
        (b"2 2\na 1 1e39\nb 1 2\n", ":2: word 'a': .* float32 can hold, got inf"),
        (b"2 2\na 1 x\nb 1 2\n", ":2: word 'a': expected a finite number, got 'x'"),
        (b"2 2\na 1 0.1_0\nb 1 2\n", ":2: word 'a': expected a finite number, got '0.1_0'"),
        (b"2 2\na 1 0.1_00000000001\nb 1 2\n", ":2: word 'a': expected a finite number"),
        (b"2 2\n a 1 2\nb 1 2\n", ":2: expected a word, got an empty one"),
        (b"2 2\na 1 0.1-0\nb 1 2\n", ":2: word 'a': expected a finite number, got '0.1-0'"),
        (b"2 2\na 1 --0.1\nb 1 2\n", ":2: word 'a': expected a finite number, got '--0.1'"),
        (b"2 2\na 1 0.\xb1\nb 1 2\n", ":2: word 'a': expected a finite number, got"),
        (b"a 1 .\nb 1 2\n", ":1: word 'a': expected a finite number, got '.'"),
    ],
)
def test_bad_text(refused, content, message):
    refused(content, "a.txt", message)


def test_a_bad_line_far_down_has_its_number(refused, monkeypatch):
    monkeypatch.setattr("w2v.formats.text._BLOCK", 64)
    lines = [f"w{i} 0.5 0.25" for i in range(100)]
    lines[76] = "w76 0.5"
    content = "\n".join(["100 2", *lines]).encode()
    refused(content, "a.txt", r":78: expected 2 numbers, got 1")


# --- refused when read: the wrong kind of file ---


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, x=np.zeros(3))
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.bin", "a.txt", "a.vec", "a.safetensors", "a"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (struct.pack("<ii", 793712314, 12) + bytes(100), "a fastText model"),
        (gzip.compress(b"2 2\na 1 2\nb 3 4\n", mtime=0), "a gzip archive"),
        (npz(), r"a zip archive or an \.npz file"),
        (pickle.dumps({"a": [1.0]}), "a pickle"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "an HTML or XML page"),
        (b"\n<html lang=en>Not found 404 1</html>", "an HTML or XML page"),
        ("2 2\na 1 2\n".encode("utf-16"), "UTF-16 text"),
        (b"", "an empty file"),
    ],
)
def test_the_wrong_kind_of_file(refused, content, kind, name):
    refused(content, name, rf"expected .*, got {kind}")


def test_a_folder_and_nothing(tmp_path):
    with pytest.raises(FormatError, match="expected a file of word vectors, got a folder"):
        formats.read(tmp_path)
    with pytest.raises(FormatError, match="got No such file"):
        formats.read(tmp_path / "missing.bin")


@pytest.mark.parametrize("truth", [".bin", ".txt", ".safetensors"])
@pytest.mark.parametrize("name", [".bin", ".txt", ".safetensors"])
def test_a_wrong_extension(tmp_path, refused, truth, name):
    formats.write(tmp_path / f"x{truth}", TABLE)
    content = (tmp_path / f"x{truth}").read_bytes()
    if truth != name:
        refused(content, f"a{name}", f"; the file looks like {formats.EXTENSIONS[truth]}$")


def test_a_word_of_markup_is_not_a_web_page(tmp_path):
    assert read_bytes(tmp_path, b"<html> 0.1 0.2\nb 1 2\n", "a.txt").words == ["<html>", "b"]


# --- refused when read: safetensors ---


def native(**changes) -> tuple[dict, dict]:
    tensors = {
        "center_vectors": np.ones((2, 3), np.float32),
        "context_vectors": np.ones((2, 3), np.float32),
        "output_bias": np.ones(2, np.float32),
        "counts": np.array([2, 1]),
        "words_utf8": np.frombuffer(b"abc", np.uint8),
        "word_offsets": np.array([0, 1, 3]),
    }
    metadata = {"format": "w2v-embeddings", "format_version": "1"}
    for name, value in changes.items():
        place = metadata if name.startswith("format") else tensors
        if value is None:
            del place[name]
        else:
            place[name] = value
    return tensors, metadata


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": None}, "expected vectors written by w2v"),
        ({"format": "pt"}, "expected vectors written by w2v"),
        ({"format_version": "2"}, "expected format version 1, got 2"),
        ({"center_vectors": None}, "expected a tensor center_vectors"),
        ({"word_offsets": None}, "expected a tensor word_offsets"),
        ({"center_vectors": np.ones((2, 3))}, "expected float32 of 2 dimensions, got float64"),
        ({"center_vectors": np.ones(6, np.float32)}, r"2 dimensions, got float32 of shape \(6,\)"),
        ({"center_vectors": np.ones((0, 3), np.float32)}, "at least one word and one number"),
        ({"context_vectors": np.ones((2, 2), np.float32)}, r"expected shape \(2, 3\)"),
        ({"output_bias": np.ones(3, np.float32)}, r"tensor output_bias: expected shape \(2,\)"),
        ({"counts": np.array([1])}, r"tensor counts: expected shape \(2,\), got \(1,\)"),
        ({"counts": np.array([1, -1])}, "tensor counts: expected no negative count, got -1"),
        ({"word_offsets": np.array([0, 3])}, r"expected shape \(3,\)"),
        ({"word_offsets": np.array([1, 2, 3])}, "expected increasing offsets from 0 to 3"),
        ({"word_offsets": np.array([0, 1, 4])}, "expected increasing offsets from 0 to 3"),
        ({"word_offsets": np.array([0, 0, 3])}, "expected increasing offsets from 0 to 3"),
        ({"word_offsets": np.array([0, -1, 3])}, "expected increasing offsets from 0 to 3"),
        ({"words_utf8": np.frombuffer(b"a\xc3\xc3", np.uint8)}, "row 2: .* got byte 0xc3 at off"),
        (
            {"words_utf8": np.frombuffer(b"aa", np.uint8), "word_offsets": np.array([0, 1, 2])},
            "row 2: expected each word once, got 'a' again",
        ),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_bad_safetensors(tmp_path, changes, message, mmap):
    path = tmp_path / "a.safetensors"
    write_tensors(path, *native(**changes))
    with pytest.raises(FormatError, match=message):
        formats.read(path, mmap=mmap)


def test_safetensors_with_nan(tmp_path):
    path = tmp_path / "a.safetensors"
    vectors = np.array([[0, 0, 0], [0, np.nan, 0]], np.float32)
    write_tensors(path, *native(center_vectors=vectors))
    with pytest.raises(FormatError, match="row 2, word 'bc': expected finite numbers, got nan"):
        formats.read(path)
    write_tensors(path, *native(context_vectors=vectors))
    with pytest.raises(FormatError, match="context_vectors: row 2, word 'bc'"):
        formats.read(path)
    bias = np.array([0, np.inf], np.float32)
    write_tensors(path, *native(output_bias=bias))
    with pytest.raises(FormatError, match=r"output_bias: row 2, word 'bc': .* got inf"):
        formats.read(path)
    table = VectorTable(["a", "b"], np.ones((2, 3), np.float32), output_bias=bias)
    with pytest.raises(FormatError, match=r"output_bias: row 2, word 'b': .* got inf"):
        formats.write(path, table)


def test_optional_tensors(tmp_path):
    path = tmp_path / "a.safetensors"
    write_tensors(path, *native(counts=None, context_vectors=None, output_bias=None))
    table = formats.read(path)
    assert table.counts is None
    assert table.context_vectors is None
    assert table.output_bias is None
    assert read_tensors(path)[0].keys() == {"center_vectors", "words_utf8", "word_offsets"}


# --- any damage ---


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_any_damage_is_refused_or_harmless(tmp_path, extension):
    formats.write(tmp_path / f"a{extension}", TABLE)
    whole = (tmp_path / f"a{extension}").read_bytes()

    @settings(max_examples=300)
    @given(
        changes=st.lists(
            st.tuples(st.integers(0, 10_000), st.sampled_from("sid"), st.binary(max_size=3)),
            min_size=1,
            max_size=4,
        ),
        known=st.booleans(),
    )
    def damage(changes, known):
        content = bytearray(whole)
        for position, kind, new in changes:
            at = position % (len(content) + 1)
            end = at if kind == "i" else at + max(1, len(new))
            content[at:end] = b"" if kind == "d" else new
        path = tmp_path / (f"b{extension}" if known else "b")
        path.write_bytes(content)
        try:
            table = formats.read(path)
        except FormatError as error:
            assert "\n" not in str(error)  # noqa: PT017 (most damage is refused, not all)
            return
        assert len(table.words) == len(table.vectors) == len(set(table.words))
        assert np.isfinite(table.vectors).all()

    damage()


@pytest.mark.parametrize("name", ["a", "a.bin", "a.txt", "a.safetensors"])
@given(content=st.binary(max_size=60))
@example(b"1 1\n")
@example(b"{}" * 10)
def test_any_bytes(tmp_path_factory, name, content):
    try:
        read_bytes(tmp_path_factory.mktemp("any"), content, name)
    except FormatError as error:
        assert isinstance(error, W2VError)  # noqa: PT017


# --- decimals ---


def naive_shortest(number: np.float32) -> str:
    """The fewest digits, by trying."""
    for digits in range(1, 10):
        text = f"{float(number):.{digits - 1}e}"
        if np.float32(text) == number:
            return text
    raise AssertionError


@given(arrays.arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 4)), elements=finite))
def test_decimals_give_the_same_float32(numbers):
    for row, text in zip(numbers, decimals.format_rows(numbers), strict=True):
        assert text.startswith(b" ")
        back = np.array([float(field) for field in text.split()], np.float32)
        assert back.tobytes() == row.tobytes()


def test_decimals_are_the_shortest():
    random = np.random.default_rng(0)
    numbers = (10 ** random.uniform(-5, 2, 20_000)).astype(np.float32)
    numbers = np.concatenate([numbers, np.round(numbers, 3), np.arange(0, 10, 0.01, np.float32)])
    (text,) = decimals.format_rows(numbers[None])
    for number, field in zip(numbers, text.decode().split(), strict=True):
        assert field == str(number)
        if number:
            assert float(field) == float(naive_shortest(number))


@given(st.lists(st.one_of(
    st.from_regex(r"\A-?[0-9]\.[0-9]{1,16}\Z"),
    st.from_regex(r"\A[-+]?[0-9]{0,3}\.?[0-9]{0,12}(e-?[0-9])?\Z"),
), min_size=1))  # fmt: skip
def test_parse_rounds_as_python_does(fields):
    fields = [field for field in fields if field]
    block = " " * decimals.PADDING + " ".join(fields) + " "
    ends = np.cumsum([len(field) + 1 for field in fields], dtype=np.intp) + decimals.PADDING - 1
    begins = ends - [len(field) for field in fields]
    text = np.frombuffer(block.encode(), np.uint8)
    if fields:
        numbers, others = decimals.parse(text, begins, ends)
        for i in sorted(set(range(len(fields))) - set(others.tolist())):
            expected = np.float32(float(fields[i]))
            assert numbers[i].tobytes() == expected.tobytes()


def test_parse_takes_the_fast_path_for_what_is_written():
    numbers = np.random.default_rng(0).uniform(-9, 9, (1, 1000)).astype(np.float32)
    (written,) = decimals.format_rows(numbers)
    text = np.frombuffer(b" " * decimals.PADDING + written + b" ", np.uint8)
    blanks = np.flatnonzero(text == ord(" "))[decimals.PADDING :]
    _, others = decimals.parse(text, blanks[:-1] + 1, blanks[1:])
    assert len(others) < 5  # the few below 1e-4
