import bz2
import dataclasses
import gzip
import io
import lzma
import os
import re
import subprocess
import sys
import threading
from functools import partial

import naive
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from w2v.corpus import (
    MAX_SENTENCE_WORDS,
    TextOptions,
    cache,
    encode_sentences,
    read_corpus,
    sources,
    with_phrases,
)
from w2v.corpus.tokenizer import MAX_TOKEN_BYTES, WHITESPACE, WordTable
from w2v.errors import ConfigError, CorpusError
from w2v.train.api import train_embeddings
from w2v.util import compression

# Words, all of Python's whitespace, and characters that are easily taken for whitespace.
PIECES = st.sampled_from(
    ["a", "b", "the", "cat", "é", "日本", "𝕏", "\u200b", "\u2007x", "\ufeff", "\u00ad", "Â", "à"]
    + list(WHITESPACE)
    + ["\n", "\r\n", " "] * 3
)
TEXTS = st.lists(PIECES, max_size=80).map("".join)


def decoded(corpus):
    words = corpus.vocabulary.words
    return [[words[i] for i in sentence] for sentence in corpus.sentences()]


def assert_same_as_naive(corpus, text, min_count=1, max_vocab=None):
    sentences = naive.read_sentences(text, MAX_SENTENCE_WORDS)
    vocabulary = naive.build_vocabulary(sentences, min_count, max_vocab)
    found = list(zip(corpus.vocabulary.words, corpus.vocabulary.counts.tolist(), strict=True))
    assert found == vocabulary
    ids = [sentence.tolist() for sentence in corpus.sentences()]
    assert ids == naive.encode(sentences, vocabulary)


@given(text=TEXTS, min_count=st.integers(1, 3), max_vocab=st.sampled_from([None, 2, 3]))
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reads_the_same_as_a_naive_loader(write, text, min_count, max_vocab):
    path = write("text.txt", text)
    try:
        corpus = read_corpus(path, min_count=min_count, max_vocab=max_vocab)
    except CorpusError:
        sentences = naive.read_sentences(text, MAX_SENTENCE_WORDS)
        assert len(naive.build_vocabulary(sentences, min_count, max_vocab)) < 2
    else:
        assert_same_as_naive(corpus, text, min_count, max_vocab)


@pytest.mark.parametrize("reader", [read_corpus, encode_sentences])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenize": "word"}, "tokenize: expected one of whitespace, words, got 'word'"),
        ({"max_vocab": -1}, "max_vocab: expected 2 to 2147483647, got -1"),
        ({"min_count": 0}, "min_count: expected 1 to "),
        ({"min_count": "5"}, "min_count: expected an integer, got '5'"),
        ({"phrases": 1, "phrase_scoring": "pmi"}, "phrase_scoring: expected one of "),
        ({"phrase_threshold": 3.0}, "phrase_threshold: only used with phrases, which is 0"),
        ({"encoding": "nope"}, "encoding: Python has no text encoding 'nope'"),
        ({"encoding": "idna"}, "encoding: Python has no text encoding 'idna'"),
        ({"encoding_errors": "x"}, "encoding_errors: expected one of strict, replace, ignore"),
        ({"lowercase": 1}, "lowercase: expected true or false, got 1"),
    ],
)
def test_a_bad_option_is_refused_by_every_reader(write, reader, options, message):
    corpus = write("t.txt", "a b\n" * 9) if reader is read_corpus else [["a", "b"]] * 9
    with pytest.raises(ConfigError) as error:
        reader(corpus, **options)
    assert str(error.value).startswith(message)


def test_numbers_of_numpy_are_numbers(write, tmp_path):
    path = write("t.txt", "a b\n" * 9)
    corpus = read_corpus(path, min_count=np.int64(1), cache_dir=tmp_path / "cache")
    assert corpus.options == TextOptions(min_count=1)
    for workers in (0, -1, 1.5, True, "2"):
        with pytest.raises(ConfigError, match="workers: expected an integer, at least 1"):
            read_corpus(path, workers=workers)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": np.array([0, 2], np.int32)}, "tokens must be from 0 to 1"),
        ({"tokens": np.array([0, -1], np.int32)}, "tokens must be from 0 to 1"),
        ({"tokens": np.array([0, 1])}, "tokens must be a one-dimensional array of int32"),
        ({"tokens": [0, 1]}, "tokens must be a one-dimensional array of int32"),
        ({"tokens": np.empty(0, np.int32)}, "tokens is empty"),
        ({"sentence_starts": np.array([0, 3])}, "sentence_starts must increase from 0 to 2"),
        ({"sentence_starts": np.array([1, 2])}, "sentence_starts must increase from 0 to 2"),
        ({"sentence_starts": np.array([0, 2, 2])}, "sentence_starts must increase from 0 to 2"),
        ({"sentence_starts": np.array([0, -5, 2])}, "sentence_starts must increase from 0 to 2"),
        ({"sentence_starts": np.array([[0, 2]])}, "sentence_starts must be a one-dimensional"),
    ],
)
def test_arrays_that_compiled_code_cannot_use_are_refused(change, message):
    corpus = encode_sentences([["a", "b"]], min_count=1)
    assert corpus.fault() is None
    broken = dataclasses.replace(corpus, **change)
    assert broken.fault().startswith(message)
    for use in (partial(train_embeddings, vector_size=4, epochs=1), with_phrases):
        with pytest.raises(CorpusError, match=f"corpus: {message}"):
            use(broken)


def test_a_sentence_longer_than_the_kernels_take_is_refused():
    corpus = encode_sentences([["a", "b"] * 5000] * 2, min_count=1)
    longer = dataclasses.replace(corpus, sentence_starts=np.array([0, 20_000]))
    assert (corpus.fault(), longer.fault()) == (None, "a sentence is longer than 10000 words")


def test_a_long_line_whose_words_no_whitespace_separates(write, monkeypatch):
    monkeypatch.setattr(sources, "CHUNK_BYTES", 2**18)
    text = "中文，汉字，" * 50_000  # 900 kB
    for end in ("", "\n"):
        corpus = read_corpus(write("t.txt", text + end), min_count=1, tokenize="words")
        assert (corpus.vocabulary.words, corpus.n_words) == (["中文", "汉字"], 100_000)


@given(text=TEXTS, chunk=st.integers(1, 40), workers=st.integers(1, 3))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_chunks_and_threads_change_nothing(write, monkeypatch, text, chunk, workers):
    text = "one two one two\n" + text
    path = write("text.txt", text)
    with monkeypatch.context() as patch:
        patch.setattr(sources, "CHUNK_BYTES", chunk)
        corpus = read_corpus(path, min_count=1, workers=workers)
    assert_same_as_naive(corpus, text)


def test_the_hash_table_grows_and_stays_exact():
    words = [f"w{i}" for i in range(200_000)]
    table = WordTable()
    ids = table.tokenize(" ".join(words + words[:10]).encode()).ids
    assert ids.tolist() == [*range(200_000), *range(10)]
    assert table.counts[:11].tolist() == [2] * 10 + [1]
    again = table.tokenize(b"w199999 new w0").ids
    assert again.tolist() == [199_999, 200_000, 0]
    assert table.words(np.array([200_000, 5])) == ["new", "w5"]


def test_words_with_equal_keys_are_told_apart():
    other = WordTable()
    other.tokenize(b"a-long-word a-long-wart a-long-words")
    new = other.since(0)._replace(keys=np.full(3, 256, np.uint64))
    table = WordTable()
    assert table.add(new).tolist() == [0, 1, 2]
    assert table.add(new._replace(first=1)).tolist() == [1, 2]


def test_ties_follow_first_appearance(write):
    corpus = read_corpus(write("t.txt", "b a c a b c d d d"), min_count=1)
    assert corpus.vocabulary.words == ["d", "b", "a", "c"]


def test_the_audit_accounts_for_every_word(write):
    text = "a a a b b c\n\n a x y b d\n"
    corpus = read_corpus(write("t.txt", text), min_count=2, max_vocab=2)
    audit = corpus.audit
    assert (audit.files, audit.lines, audit.sentences) == (1, 3, 2)
    assert (audit.words, audit.distinct, audit.max_count) == (11, 6, 4)
    assert (audit.kept, audit.dropped_rare, audit.dropped_max_vocab) == (7, 4, 0)
    audit = read_corpus(write("u.txt", "a a a b b b c c"), min_count=2, max_vocab=2).audit
    assert (audit.kept, audit.dropped_rare, audit.dropped_max_vocab) == (6, 0, 2)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_long_line_is_split_never_cut(write, extra):
    n = 3 * MAX_SENTENCE_WORDS + extra
    corpus = read_corpus(write("t.txt", "a b " * (n // 2) + "a" * (n % 2) + "\nb a\n"), min_count=1)
    lengths = np.diff(corpus.sentence_starts).tolist()
    assert lengths == [MAX_SENTENCE_WORDS] * 3 + [1] * extra + [2]
    assert corpus.audit.lines_split == 1
    assert corpus.audit.lines == 2


def test_a_line_over_many_chunks_is_one_line(write, monkeypatch):
    monkeypatch.setattr(sources, "CHUNK_BYTES", 100)
    corpus = read_corpus(write("t.txt", "ab cd " * 500 + "\nef ab"), min_count=1)
    assert np.diff(corpus.sentence_starts).tolist() == [1000, 2]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a b\r\nc d\r\n", [["a", "b"], ["c", "d"]]),
        ("\ufeffa b\n", [["a", "b"]]),
        ("a\u2028b\u2029c\u0085d e\n", [["a", "b", "c", "d", "e"]]),
        ("a b\rc d", [["a", "b", "c", "d"]]),
        ("a\ufeffb c", [["a\ufeffb", "c"]]),
        ("a\u00a0b", [["a", "b"]]),
    ],
)
def test_line_ends_and_odd_whitespace(write, content, expected):
    assert decoded(read_corpus(write("t.txt", content), min_count=1)) == expected


def test_a_byte_order_mark_is_dropped_in_each_file(write, tmp_path):
    write("1.txt", "\ufeffa b")
    write("2.txt", "\ufeffa b")
    assert read_corpus(tmp_path, min_count=1).vocabulary.words == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no words (the text is empty or only whitespace)"),
        (b" \n\t\r\n \xe3\x80\x80\n", "no words (the text is empty or only whitespace)"),
        (
            b"a b c d",
            "no word occurs at least min_count=5 times; the most frequent of 4 words occurs 1",
        ),
        (b"a " * 10 + b"b c", "only one word is left, 'a', of 3 distinct ones with min_count=5"),
        (b"good text\nbad \xff byte", "byte 14: 0xff is not UTF-8; set the encoding"),
        (b"cut \xe6\x97", "byte 4: 0xe6 is not UTF-8"),
        (b"t\x00e\x00x\x00t\x00", "byte 1: a NUL character; is this UTF-16"),
        (b"\xff\xfea\x00", "UTF-16 text; read it with --encoding utf-16"),
    ],
)
def test_unusable_text_is_refused(write, content, message):
    path = write("t.txt", content)
    with pytest.raises(CorpusError) as error:
        read_corpus(path)
    assert message in str(error.value)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_the_offset_of_a_bad_byte_counts_from_the_start_of_the_file(write, monkeypatch):
    monkeypatch.setattr(sources, "CHUNK_BYTES", 64)
    content = b"\xef\xbb\xbf" + "é word\n".encode() * 100 + b"\xff"
    with pytest.raises(CorpusError, match=f"byte {len(content) - 1}:"):
        read_corpus(write("t.txt", content))


@pytest.mark.parametrize(
    ("errors", "words"),
    [("replace", ["a\ufffdb", "c\ufffdd", "\ufffd"]), ("ignore", ["ab", "cd"])],
)
def test_lenient_decoding(write, errors, words):
    path = write("t.txt", b"a\xffb c\x00d \xe6\x97")
    assert read_corpus(path, min_count=1, encoding_errors=errors).vocabulary.words == words


def test_lowercase_follows_unicode(write):
    text = "ÀB Σίσυφος THE The ΟΔΟΣ İ x\n"
    words = read_corpus(write("t.txt", text), min_count=1, lowercase=True).vocabulary.words
    assert sorted(words) == sorted(set(text.lower().split()))


def test_a_token_too_long_to_be_a_word_is_refused(write, monkeypatch):
    long = b"x" * MAX_TOKEN_BYTES
    assert read_corpus(write("ok.txt", b"a b " + long[1:]), min_count=1)
    for content, offset in ((b"a b " + long, 4), (b"a\nb " + long + b" c\n", 4)):
        with pytest.raises(CorpusError, match=f"byte {offset}: {MAX_TOKEN_BYTES} bytes or more"):
            read_corpus(write("t.txt", content), min_count=1)
        with monkeypatch.context() as patch:
            patch.setattr(sources, "CHUNK_BYTES", 1000)
            with pytest.raises(CorpusError, match=f"byte {offset}: "):
                read_corpus(write("t.txt", content), min_count=1)


def test_a_space_in_two_chunks_still_divides_words(write, monkeypatch):
    """Three bytes of it, each in another place; without it the two words are one too long."""
    half = "x" * (MAX_TOKEN_BYTES * 3 // 4)
    path = write("t.txt", f"{half}\u3000{half}y")
    for inside in range(4):
        monkeypatch.setattr(sources, "CHUNK_BYTES", len(half) + inside)
        corpus = read_corpus(path, min_count=1)
        assert corpus.vocabulary.words == [half, half + "y"]


COMPRESSORS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
if compression.zstd_module() is not None:
    _zstd = compression.zstd_module()
    # A checksum is an option of the format; without one, a flipped letter is still valid data.
    _options = {_zstd.CompressionParameter.checksum_flag: 1}
    COMPRESSORS[".zst"] = lambda data: _zstd.compress(data, options=_options)
TEXT = b"".join(b"word%d and word%d\n" % (i, i * 7 % 1000) for i in range(5000))


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zst"])
def test_compressed_files(write, suffix):
    if suffix not in COMPRESSORS:
        pytest.skip("zstd is an extra on this Python")
    compress = COMPRESSORS[suffix]
    plain = read_corpus(write("plain.txt", TEXT), min_count=1)
    # Two members in one file are read as one text, and the name does not matter.
    for name in (f"t.txt{suffix}", "no-suffix"):
        packed = compress(TEXT[:40_000]) + compress(TEXT[40_000:])
        corpus = read_corpus(write(name, packed), min_count=1)
        assert np.array_equal(corpus.tokens, plain.tokens)
    packed = compress(TEXT)
    for cut in (5, len(packed) // 2, len(packed) - 1):
        with pytest.raises(CorpusError, match=r"truncated|but the content is") as error:
            read_corpus(write(f"cut{suffix}", packed[:cut]), min_count=1)
        assert str(error.value).count("\n") == 0
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 0xFF
    with pytest.raises(CorpusError):
        read_corpus(write(f"damaged{suffix}", bytes(damaged)), min_count=1)
    with pytest.raises(CorpusError, match="but the content is something else"):
        read_corpus(write(f"text{suffix}", TEXT), min_count=1)
    with pytest.raises(CorpusError, match="but the content is something else"):
        read_corpus(write(f"empty{suffix}", b""), min_count=1)


def test_zst_without_its_module_says_what_to_install(write, monkeypatch):
    monkeypatch.setattr(compression, "zstd_module", lambda: None)
    with pytest.raises(CorpusError, match=r"w2v\[zstd\]"):
        read_corpus(write("t.zst", b"\x28\xb5\x2f\xfd1234567890"))


def test_folders_patterns_and_several_paths(write, tmp_path, monkeypatch):
    write("d/b.txt", "b b")
    write("d/a.txt", "a a")
    write("d/sub/c.txt", "c c")
    write("d/.hidden", "h h")
    write("e [1].txt", "e e")
    monkeypatch.chdir(tmp_path)
    for given_paths, expected in [
        ("d", "abc"),
        ("d/*.txt", "ab"),
        ("d/**/*.txt", "abc"),
        (["d/sub", "d/a.txt"], "ca"),
        ("e [1].txt", "e"),
    ]:
        if expected == "e":
            with pytest.raises(CorpusError, match="only one word"):
                read_corpus(given_paths, min_count=1)
        else:
            assert read_corpus(given_paths, min_count=1).vocabulary.words == list(expected)


@pytest.mark.parametrize("name", ["missing.txt", "no*match", "a text and not a path"])
def test_missing_paths(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CorpusError, match=f"^{re.escape(name)}: no "):
        read_corpus(name)


def test_an_empty_folder(tmp_path):
    with pytest.raises(CorpusError, match="no text files in this folder"):
        read_corpus(tmp_path)


def test_an_unreadable_file(write, tmp_path):
    path = write("t.txt", "a b")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CorpusError, match="cannot be read"):
        read_corpus(path)


def test_standard_input(monkeypatch):
    stdin = io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"a b\nb c\n")))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert read_corpus("-", min_count=1).vocabulary.words == ["b", "a", "c"]
    assert not stdin.buffer.closed
    with pytest.raises(CorpusError, match="once"):
        read_corpus(["-", "-"])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a b\nb a\n",))
    writer.start()
    corpus = read_corpus(path, min_count=1)
    writer.join()
    assert decoded(corpus) == [["a", "b"], ["b", "a"]]


class TestCache:
    def test_a_second_read_comes_from_the_cache(self, write, tmp_path, monkeypatch):
        path = write("t.txt", "one two two\nthree one two é")
        first = read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        with monkeypatch.context() as patch:
            patch.setattr(WordTable, "tokenize", None)
            second = read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        assert second.vocabulary.words == first.vocabulary.words
        assert np.array_equal(second.vocabulary.counts, first.vocabulary.counts)
        assert decoded(second) == decoded(first)
        assert second.audit == first.audit

    @pytest.mark.parametrize("options", [{"min_count": 2}, {"max_vocab": 2}, {"lowercase": True}])
    def test_other_options_give_another_cache_entry(self, write, tmp_path, options):
        path = write("t.txt", "one two Two\nthree one two")
        read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        fresh = read_corpus(path, **{"min_count": 1, **options})
        cached = read_corpus(path, **{"min_count": 1, **options}, cache_dir=tmp_path / "cache")
        assert decoded(cached) == decoded(fresh)

    def test_an_edit_of_the_same_length_and_time_is_noticed(self, write, tmp_path):
        path = write("t.txt", "one two two")
        times = path.stat()
        read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        write("t.txt", "one ten ten")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        corpus = read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        assert corpus.vocabulary.words == ["ten", "one"]

    def test_a_damaged_cache_is_made_again(self, write, tmp_path):
        path = write("t.txt", "one two two")
        read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        (file,) = (tmp_path / "cache").iterdir()
        file.write_bytes(file.read_bytes()[:-3])
        corpus = read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
        assert decoded(corpus) == [["one", "two", "two"]]
        read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")

    def test_a_forged_entry_with_a_sentence_too_long_for_the_kernels_is_read_anew(
        self, write, tmp_path, monkeypatch
    ):
        path = write("t.txt", "a b c\n" * 9)
        expected = decoded(read_corpus(path, min_count=1, cache_dir=tmp_path / "cache"))
        monkeypatch.setattr("w2v.corpus.corpus.MAX_SENTENCE_WORDS", 2)
        saved = []
        monkeypatch.setattr(cache, "save", lambda *_, **entry: saved.append(entry))
        assert decoded(read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")) == expected
        assert len(saved) == 1

    def test_a_stream_cannot_be_cached(self, tmp_path):
        with pytest.raises(CorpusError, match="cache"):
            read_corpus("-", cache_dir=tmp_path)


@pytest.mark.slow
def test_a_line_of_a_gigabyte_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "line.txt"
    piece = b"one two three four five six seven eight nine ten " * 20_000
    with path.open("wb") as stream:
        for _ in range(1 + 2**30 // len(piece)):
            stream.write(piece)
    code = (
        "import resource, sys; from w2v.corpus import read_corpus; c = read_corpus(sys.argv[1]);"
        "print(c.audit.words, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    words, peak_kb = map(int, result.stdout.split())
    assert words == path.stat().st_size // len(piece) * 200_000
    tokens_kb = words * 4 / 1024  # mapped from a file, and counted by the system all the same
    assert peak_kb < tokens_kb + 500_000
