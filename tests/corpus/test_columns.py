"""Text in a column of CSV, TSV, JSON lines and Parquet files; hints where none is named."""

import bz2
import csv
import gzip
import io
import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus import read_corpus, sources
from w2v.errors import CorpusError

TEXTS = ["the cat, sat", 'the "dog"\nran off', "", "naïve cat\r\nthe end"]
EXPECTED = 'the cat, sat\nthe "dog"\nran off\n\nnaïve cat\nthe end\n'


def as_csv(texts, delimiter=",", name="text"):
    stream = io.StringIO(newline="")
    rows = [["n", name], *([n, text] for n, text in enumerate(texts))]
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def as_json_lines(texts, name="text"):
    return b"".join(json.dumps({"n": 1, name: text}).encode() + b"\n" for text in texts)


def as_parquet(texts, name="text"):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(pyarrow.table({"n": [*range(len(texts))], name: texts}), sink)
    return sink.getvalue()


def assert_same(corpus, plain):
    assert corpus.vocabulary.words == plain.vocabulary.words
    np.testing.assert_array_equal(corpus.tokens, plain.tokens)
    np.testing.assert_array_equal(corpus.sentence_starts, plain.sentence_starts)
    assert corpus.audit == plain.audit


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("t.csv", as_csv),
        ("T.CSV", as_csv),
        ("t.csv", lambda texts: b"\xef\xbb\xbf" + as_csv(texts)),
        ("t.csv", lambda texts: as_csv(texts, ";")),
        ("t.tsv", lambda texts: as_csv(texts, "\t")),
        ("t.csv.gz", lambda texts: gzip.compress(as_csv(texts), mtime=0)),
        ("t.jsonl", as_json_lines),
        ("t.json", as_json_lines),
        ("t", as_json_lines),
        ("t.jsonl.bz2", lambda texts: bz2.compress(as_json_lines(texts))),
        ("t.parquet", as_parquet),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [1, 2**22])
def test_the_text_of_a_column_is_read_like_a_file(write, monkeypatch, name, make, chunk_bytes):
    plain = read_corpus(write("plain.txt", EXPECTED), min_count=1)
    path = write(name, make(TEXTS))
    monkeypatch.setattr("w2v.corpus.text_columns.CHUNK_BYTES", chunk_bytes)
    for workers in (1, 2):
        assert_same(read_corpus(path, min_count=1, text_column="text", workers=workers), plain)


@given(texts=st.lists(st.text("ab \"',;\n\t\\é", max_size=12), max_size=8))
@pytest.mark.parametrize(("suffix", "make"), [(".csv", as_csv), (".jsonl", as_json_lines)])
def test_any_text_comes_back(suffix, make, texts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("columns")
    texts = ["a b a", *texts, "b a"]
    (folder / "plain.txt").write_text("\n".join([*texts, ""]), newline="")
    (folder / f"t{suffix}").write_bytes(make(texts))
    plain = read_corpus(folder / "plain.txt", min_count=1)
    assert_same(read_corpus(folder / f"t{suffix}", min_count=1, text_column="text"), plain)


def test_a_folder_of_tables(write, tmp_path):
    write("d/a.csv", as_csv(["a b"]))
    write("d/b.jsonl", as_json_lines(["b c", None]))
    corpus = read_corpus(tmp_path / "d", min_count=1, text_column="text")
    assert corpus.vocabulary.words == ["b", "a", "c"]
    assert (corpus.audit.files, corpus.audit.lines) == (2, 3)


def test_standard_input(monkeypatch):
    for content in (as_csv(["a b", "b"]), as_json_lines(["a b", "b"])):
        stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(content)))
        monkeypatch.setattr(sys, "stdin", stdin)
        assert read_corpus("-", min_count=1, text_column="text").vocabulary.words == ["b", "a"]


def test_another_encoding(write):
    path = write("t.csv", "n,text\n1,café thé café\n".encode("latin-1"))
    words = read_corpus(path, min_count=1, text_column="text", encoding="latin-1").vocabulary.words
    assert words == ["café", "thé"]
    with pytest.raises(CorpusError, match=r"t.csv: 0xe9 is not UTF-8; set the encoding"):
        read_corpus(path, min_count=1, text_column="text")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "n,txt\n1,a\n", "t.csv: no column 'text'; the first line has n, txt"),
        ("t.txt", "just a line\n", "t.txt: no column 'text'; the first line has just a line"),
        ("t.csv", "", "t.csv: no column 'text'; the first line has none"),
        ("t.csv", "n,text\n1,a\n2\n", "t.csv:3: 1 fields, but the header has 2"),
        ("t.csv", 'n,text\n1,"a" b\n', "t.csv:2: not CSV"),
        ("t.csv", 'n,text\n1,"a b\n', "t.csv:2: not CSV"),
        ("t.csv", "n,text\n1,a\0b\n", "t.csv:2: the text contains a NUL character"),
        ("t.jsonl", '{"text": "a"}\n{"txt": "b"}\n', "t.jsonl:2: no field 'text'; it has txt"),
        ("t.jsonl", '{"text": "a"}\n{"text": 3}\n', "t.jsonl:2: text is 3, not a text"),
        ("t.jsonl", '{"text": "a"}\n{"text": \n', "t.jsonl:2: not JSON"),
        ("t.jsonl", '{"text": "a"}\n["b"]\n', "t.jsonl:2: not a JSON object"),
        (
            "t.jsonl",
            '{"text": "a\\ud800"}\n',
            "t.jsonl:1: the text contains half of a surrogate pair",
        ),
        ("t.json", '[{"text": "a"}]\n', "t.json: a JSON array, not JSON lines"),
        ("t.parquet", b"PAR1 and nothing more", "t.parquet: damaged or not Parquet"),
        ("t.parquet", lambda: as_parquet([1, 2]), "t.parquet: row 1: text is 1, not a text"),
        ("t.parquet", lambda: as_parquet(["a"], "b"), "t.parquet: no column 'text'; it has n, b"),
        (
            "t.parquet.gz",
            lambda: gzip.compress(b"PAR1"),
            "Parquet cannot be read from a compressed",
        ),
        ("t.csv", "n,text\n1,\n", r"t.csv: no words \(the text is empty"),
    ],
)
def test_files_without_the_column_are_refused(write, name, content, message):
    path = write(name, content() if callable(content) else content)
    with pytest.raises(CorpusError, match=message) as error:
        read_corpus(path, min_count=1, text_column="text")
    assert "\n" not in str(error.value)


def test_a_nul_can_be_replaced(write):
    path = write("t.csv", "n,text\n1,a\0b c\n")
    options = {"min_count": 1, "text_column": "text"}
    assert read_corpus(path, **options, encoding_errors="replace").vocabulary.words == [
        "a\ufffdb",
        "c",
    ]
    assert read_corpus(path, **options, encoding_errors="ignore").vocabulary.words == ["ab", "c"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", as_csv(TEXTS), "a table with the columns n, text; choose the one with the text"),
        (
            "t.tsv.gz",
            gzip.compress(as_csv(TEXTS, "\t"), mtime=0),
            "a table with the columns n, text",
        ),
        ("t.jsonl", as_json_lines(TEXTS), "JSON lines with the fields n, text; choose the one"),
        ("t.txt", as_json_lines(TEXTS), "JSON lines with the fields n, text; choose the one"),
        ("t.json", b'[{"text": "a b"}]', "a JSON array; choose the one with the text"),
        ("t.txt", b"PAR1" + bytes(99), "a Parquet file; choose the one with the text"),
    ],
)
def test_a_table_without_a_column_gets_a_hint(write, name, content, message):
    path = write(name, content)
    with pytest.raises(CorpusError, match=f"{message}.*--text-column"):
        read_corpus(path, min_count=1)


def test_text_that_begins_with_a_brace_is_not_a_table(write):
    path = write("t.txt", '{ a b } [ a\n{"a" b\n')
    assert len(read_corpus(path, min_count=1).vocabulary) == 6
    assert sources.table_suffix(sources.Source("t", path)) == ".txt"


def test_a_table_without_the_byte_order_mark_of_its_encoding(write):
    path = write("t.csv", "text\na b\n".encode("utf-16-le") * 9)
    with pytest.raises(CorpusError, match=r"t.csv: not utf-16: .*; choose another --encoding"):
        read_corpus(path, encoding="utf-16", text_column="text", min_count=1)
