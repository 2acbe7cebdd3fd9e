"""Folders, encodings and binary files: what is read, what is skipped and said, what is refused."""

import gzip
import os

import numpy as np
import pytest

from w2v.corpus import read_corpus, read_shards
from w2v.corpus.sources import given_paths
from w2v.engines.local import LocalEngine
from w2v.errors import ConfigError, CorpusError

TEXT = "the cat sat\non the mat\n" * 20
FLOATS = b"3 50\n" + np.random.default_rng(0).normal(size=(400, 50)).astype("<f4").tobytes()
PDF = b"%PDF-1.7\n" + np.random.default_rng(1).bytes(20_000)


def read(path, **options):
    """A corpus of a path, and the warnings."""
    warnings = []
    corpus = read_corpus(path, min_count=1, on_warning=warnings.append, **options)
    return corpus, warnings


class TestFolders:
    def test_linked_folders_and_broken_links_are_reported(self, write, tmp_path):
        write("d/a.txt", TEXT)
        write("other/b.txt", TEXT)
        (tmp_path / "d" / "linked").symlink_to(tmp_path / "other")
        (tmp_path / "d" / "broken.txt").symlink_to(tmp_path / "none.txt")
        (tmp_path / "d" / "file.txt").symlink_to(tmp_path / "other" / "b.txt")
        corpus, warnings = read(tmp_path / "d")
        assert corpus.audit.files == 2
        assert sorted(warnings) == [
            f"{tmp_path}/d: skipped 1 broken link: {tmp_path}/d/broken.txt",
            f"{tmp_path}/d: skipped 1 linked folder: {tmp_path}/d/linked",
        ]

    def test_a_subfolder_that_cannot_be_opened_is_reported(self, write, tmp_path):
        write("d/a.txt", TEXT)
        locked = write("d/locked/b.txt", TEXT).parent
        locked.chmod(0)
        try:
            if os.access(locked, os.R_OK):
                pytest.skip("this user may read everything")
            _, warnings = read(tmp_path / "d")
        finally:
            locked.chmod(0o700)
        assert warnings == [
            f"{tmp_path}/d: skipped 1 folder that cannot be opened (Permission denied): {locked}"
        ]

    def test_what_is_no_file_is_said(self, write, tmp_path):
        write("d/a.txt", TEXT)
        os.mkfifo(tmp_path / "d" / "pipe")
        assert read(tmp_path / "d")[1] == [
            f"{tmp_path}/d: skipped 1 special file: {tmp_path}/d/pipe"
        ]

    @pytest.mark.parametrize("errors", ["strict", "replace", "ignore"])
    def test_binary_files_are_skipped_and_counted(self, write, tmp_path, errors):
        write("d/a.txt", TEXT)
        for name, content in [("v.bin", FLOATS), ("x.pdf", PDF), ("z.gz", gzip.compress(PDF))]:
            write(f"d/{name}", content)
        alone = read(tmp_path / "d" / "a.txt")[0]
        corpus, warnings = read(tmp_path / "d", encoding_errors=errors)
        assert corpus.vocabulary.words == alone.vocabulary.words
        assert (corpus.audit.files, corpus.audit.files_skipped) == (1, 3)
        (warning,) = warnings
        assert warning.startswith("skipped 3 binary files: ")
        for name in ("v.bin", "x.pdf", "z.gz"):
            assert name in warning

    def test_shards_skip_binary_files_too(self, write, tmp_path):
        write("d/a.txt", TEXT)
        write("d/v.bin", FLOATS)
        warnings = []
        engine = LocalEngine(1)
        corpus = read_shards(
            engine, [tmp_path / "d"], 2, min_count=1, on_progress=lambda *_: None,
            on_warning=warnings.append,
        )  # fmt: skip
        engine.close()
        assert corpus.audit.words == 120
        assert (corpus.audit.files, corpus.audit.files_skipped) == (1, 1)
        assert warnings == [f"skipped 1 binary file: {tmp_path}/d/v.bin"]

    def test_binary_files_beside_tables_are_skipped_too(self, write, tmp_path):
        write("d/a.csv", "text\n" + TEXT)
        write("d/v.bin", FLOATS)
        corpus, warnings = read(tmp_path / "d", text_column="text")
        assert (corpus.audit.files, corpus.audit.files_skipped) == (1, 1)
        assert warnings == [f"skipped 1 binary file: {tmp_path}/d/v.bin"]


@pytest.mark.parametrize("errors", ["strict", "replace", "ignore"])
@pytest.mark.parametrize(
    ("content", "message"),
    [(FLOATS, "binary data"), (PDF, "a PDF document"), (b"PK\x03\x04" + PDF, "a zip archive")],
)
def test_a_binary_file_that_was_named_is_refused(write, content, message, errors):
    path = write("t.txt", content)
    with pytest.raises(CorpusError, match=f"t.txt: not text but {message}"):
        read(path, encoding_errors=errors)


def test_some_control_characters_are_text(write):
    path = write("t.txt", "a \x1b[31mred\x1b[0m b\x01 \x7f\n" + TEXT)
    assert "b\x01" in read(path)[0].vocabulary.words


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "café thé café"),
        ("cp1252", "“café” thé “café”"),
        ("utf-16", "café 日本 café"),
        ("utf-16-le", "café 日本 café"),
        ("utf-32", "café 日本 café"),
        ("utf-8-sig", "café 日本 café"),
        ("UTF8", "café 日本 café"),
        ("shift_jis", "日本 語 日本"),
        ("koi8_r", "мир труд мир"),
    ],
)
def test_other_encodings(write, monkeypatch, encoding, text):
    content = (text + "\n").encode(encoding) if "16" in encoding or "32" in encoding else None
    path = write("t.txt", (text + "\n").encode(encoding) if content is None else content)
    plain = read(write("plain.txt", text + "\n"))[0]
    for chunk in (1, 3, 2**22):
        monkeypatch.setattr("w2v.corpus.sources.CHUNK_BYTES", chunk)
        corpus = read(path, encoding=encoding)[0]
        assert corpus.vocabulary.words == plain.vocabulary.words
        assert corpus.audit == plain.audit


def test_utf_16_without_a_byte_order_mark_names_the_option(write):
    path = write("t.txt", "a b c".encode("utf-16-le") * 99)
    with pytest.raises(CorpusError, match=r"not utf-16: .*; choose another --encoding, such as"):
        read_corpus(path, encoding="utf-16", min_count=1)


def test_a_file_in_another_encoding_names_the_option(write, tmp_path):
    write("d/a.txt", TEXT)
    path = write("d/b.txt", "café thé\n".encode("latin-1"))
    with pytest.raises(CorpusError, match=f"{path}: byte 3: 0xe9 is not UTF-8; .*--encoding latin"):
        read(tmp_path / "d")
    with pytest.raises(CorpusError, match="byte 4: 0x81 is not cp1252, the given --encoding"):
        read(write("c.txt", b"abc \x81"), encoding="cp1252")
    with pytest.raises(CorpusError, match="UTF-16 text; read it with --encoding utf-16"):
        read(write("u.txt", TEXT.encode("utf-16")), encoding_errors="ignore")


def test_shards_of_another_encoding(write):
    path = write("t.txt", ("café thé\n" * 9 + "thé\n").encode("latin-1"))
    engine = LocalEngine(1)
    given = {"min_count": 1, "on_progress": lambda *_: None}
    corpus = read_shards(engine, [path], 2, **given, encoding="latin-1")
    assert corpus.vocabulary.words == ["thé", "café"]
    for options, message in (
        ({"encoding": "utf-16"}, "encoding: utf-16 text cannot be cut into shards"),
        ({"phrases": 1}, "phrases: cannot be combined with deterministic"),
        ({"text_column": "t"}, "text_column: cannot be combined with deterministic"),
    ):
        with pytest.raises(ConfigError, match=message):
            read_shards(engine, [path], 2, **given, **options)
    engine.close()


def test_a_list_of_str_is_paths_unless_a_tokenizer_says_texts(write, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    write("a.txt", TEXT)
    texts = ["The cat sat.", "The dog * ?"]
    assert given_paths(texts) == texts
    assert given_paths(texts, "words") is None
    for paths in (["a.txt"], ["*.txt", "a.txt"], ["-"], ["s3://x/y"], [tmp_path]):
        assert given_paths(paths, "words") == paths
    for mixed in (["a.txt", "none.txt"], ["good film", "-"], ["so so", "https://t.co/x nice"]):
        path, other = mixed if mixed[0] == "a.txt" else mixed[::-1]
        with pytest.raises(CorpusError) as error:
            given_paths(mixed, "words")
        assert str(error.value).startswith(f"corpus: {path!r} names a file, but {other!r} does not")
    assert given_paths("none.txt", "words") == ["none.txt"]
    assert given_paths([["a"]]) is given_paths([]) is given_paths(iter(texts)) is None
