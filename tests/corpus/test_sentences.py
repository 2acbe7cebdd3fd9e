"""Sentences from Python: lists of words, texts and rows, and what is refused of them."""

import csv
import io
import math

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus import MAX_SENTENCE_WORDS, encode_sentences, sentences
from w2v.errors import CorpusError

TWO = ["a b a", "b c"]
"""Two texts with three words."""


def decoded(corpus):
    words = corpus.vocabulary.words
    return [[words[i] for i in sentence] for sentence in corpus.sentences()]


WORDS = st.sampled_from(["a", "b", "Σas", "new\u00a0york", "x\ty", "\r", "日本語", "long" * 9])


@given(given_sentences=st.lists(st.lists(WORDS, max_size=5), max_size=20), batch=st.integers(1, 30))
def test_lists_are_counted_like_the_naive_twin(given_sentences, batch):
    given_sentences = [["a", "b"], *given_sentences, ["b", "c"]]
    vocabulary = naive.build_vocabulary(given_sentences, 1)
    before = sentences.BATCH_CHARACTERS
    sentences.BATCH_CHARACTERS = batch
    try:
        corpus = encode_sentences(iter(given_sentences), min_count=1)
    finally:
        sentences.BATCH_CHARACTERS = before
    counts = corpus.vocabulary.counts.tolist()
    assert list(zip(corpus.vocabulary.words, counts, strict=True)) == vocabulary
    assert [s.tolist() for s in corpus.sentences()] == naive.encode(given_sentences, vocabulary)
    assert corpus.audit.lines == len(given_sentences)


@pytest.mark.parametrize(
    "make",
    [
        lambda words: tuple(words),
        lambda words: iter(words),
        lambda words: (word for word in words),
        lambda words: np.array(words),
        lambda words: np.array(words, dtype=object),
    ],
)
def test_any_sequence_or_generator_of_words_is_a_sentence(make):
    corpus = encode_sentences([make(["b", "a"]), make(["b", "c", "b"])], min_count=1)
    assert decoded(corpus) == [["b", "a"], ["b", "c", "b"]]


def test_words_are_taken_as_they_are():
    corpus = encode_sentences([["New\u00a0York", "x."], ["New\u00a0York", "'"]], min_count=1)
    assert corpus.vocabulary.words == ["New\u00a0York", "x.", "'"]


def test_a_word_that_becomes_too_long_in_lower_case_is_refused():
    for sentence in (["İ" * 200_000, "b"], "İ" * 200_000):  # three bytes each in lower case
        tokenize = "whitespace" if isinstance(sentence, list) else "words"
        with pytest.raises(CorpusError, match=r"sentence 1: .*524288 bytes or more"):
            encode_sentences([sentence], min_count=1, lowercase=True, tokenize=tokenize)


def test_a_single_text_is_refused():
    with pytest.raises(CorpusError, match="corpus: a single str"):
        encode_sentences("abc def", min_count=1)


def test_words_in_lower_case():
    corpus = encode_sentences([["THE", "ΟΔΟΣ"], ["the", "İ"]], min_count=1, lowercase=True)
    assert corpus.vocabulary.words == ["the", "οδος", "i̇"]


class TestTexts:
    def test_an_open_file_gives_the_same_as_its_path(self, write):
        path = write("t.txt", "The cat\n\nthe Dog \n")
        with path.open() as lines:
            corpus = encode_sentences(lines, min_count=1, lowercase=True)
        assert decoded(corpus) == [["the", "cat"], ["the", "dog"]]
        assert corpus.audit.lines == 3

    def test_a_pandas_series(self):
        pandas = pytest.importorskip("pandas")
        corpus = encode_sentences(pandas.Series(TWO), min_count=1)
        assert decoded(corpus) == [["a", "b", "a"], ["b", "c"]]
        missing = pandas.Series(["a b", None, "c"])
        with pytest.raises(CorpusError, match=r"sentence 2: (None|nan)\b.*dropna"):
            encode_sentences(missing, min_count=1)
        with pytest.raises(CorpusError, match="sentence 2"):
            encode_sentences(pandas.array(["a b", None], dtype="string"), min_count=1)

    def test_lines_in_a_text_are_sentences(self):
        corpus = encode_sentences(iter(["a b\nc a", "b"]), min_count=1)
        assert decoded(corpus) == [["a", "b"], ["c", "a"], ["b"]]

    def test_punctuation_is_dropped_where_asked(self):
        texts = ["Don't: the cat, the dog!", "(the) end."]
        corpus = encode_sentences(texts, min_count=1, tokenize="words")
        assert decoded(corpus) == [["Don't", "the", "cat", "the", "dog"], ["the", "end"]]


class TestRows:
    def test_dicts(self):
        rows = csv.DictReader(io.StringIO("n,text\n1,a b a\n2,b c\n"))
        corpus = encode_sentences(rows, min_count=1, text_column="text")
        assert decoded(corpus) == [["a", "b", "a"], ["b", "c"]]

    def test_a_missing_value_is_an_empty_text(self):
        rows = [{"t": "a b"}, {"t": None}, {"t": "b"}]
        assert encode_sentences(rows, min_count=1, text_column="t").audit.lines == 3

    def test_a_data_frame(self):
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame({"n": [1, 2], "text": TWO})
        assert decoded(encode_sentences(frame, min_count=1, text_column="text"))[1] == ["b", "c"]
        with pytest.raises(CorpusError, match="a table; name the column"):
            encode_sentences(frame)
        with pytest.raises(CorpusError, match="no column 'txt'; it has n, text"):
            encode_sentences(frame, text_column="txt")

    @pytest.mark.parametrize(
        ("rows", "message"),
        [
            ([{"text": "a"}, {"txt": "b"}], "row 2: no field 'text'; it has txt"),
            (
                [{"text": "a"}, "b"],
                "row 2: text_column='text' needs rows that are dicts, not",
            ),
            ([{"text": 3}], "row 1: text is 3, not a text"),
            ([{"text": ["a", "b"]}], r"row 1: text is a list \(\['a', 'b'\]\), not a text"),
        ],
    )
    def test_other_rows_are_refused(self, rows, message):
        with pytest.raises(CorpusError, match=message):
            encode_sentences(rows, text_column="text")


@pytest.mark.parametrize(
    ("given_sentences", "message"),
    [
        ([["a", "b"], ["c", ""]], "sentence 2: word 1 is empty"),
        ([["a", "b"], ["b c", ""]], "sentence 2: word 0 contains a space: 'b c'"),
        ([["a b", ""], ["c"]], "sentence 1: word 0 contains a space: 'a b'"),
        ([["a"], ["b", "c\nd"]], r"sentence 2: word 1 contains a newline: 'c\\nd'"),
        ([["a", "x\ud800"]], r"sentence 1: word 1 contains half of a surrogate pair"),
        ([["a", "x\0"]], r"sentence 1: word 1 contains a NUL character"),
        ([["a", "x" * 2**19]], "sentence 1: word 1 has 524288 bytes or more"),
        ([["a"], ["b", 3]], "sentence 2: word 1 is 3, not a str"),
        ([["a"], ["b", None]], "sentence 2: word 1 is None, not a str"),
        ([["a"], ["b", ["c"]]], r"sentence 2: word 1 is a list \(\['c'\]\), not a str"),
        ([["a"], [b"b"]], r"sentence 2: word 0 is a bytes \(b'b'\), not a str"),
        ([["a"], 5], "sentence 2: 5, not a list of words"),
        ([["a"], None], "sentence 2: None, not a list of words; leave out missing values"),
        ([["a"], math.nan], "sentence 2: nan, not a list of words; leave out missing values"),
        ([["a"], b"b c"], r"sentence 2: a bytes .*, not a list of words; decode it"),
        ([["a"], {"b", "c"}], "sentence 2: a set .*, not a list of words; a set has no order"),
        ([{"text": "a b"}], "sentence 1: a dict .*; name the field with the text: text_column="),
        (
            [["a"], "a text"],
            "sentence 2: a str .*before it are lists of words; split texts",
        ),
        (["a text", ["a"]], "sentence 2: a list .*before it are texts"),
        (["a", "b\0"], r"sentence 2: the text contains a NUL character: 'b\\x00'"),
        (["a", "b\udc80"], "sentence 2: the text contains half of a surrogate pair"),
        (["a", "b " + "x" * 2**19], "sentence 2: 524288 bytes or more without whitespace"),
        ({"train": [["a"]]}, "corpus: a dict is not a list of sentences; give one of its values"),
        ({"a b", "c d"}, "corpus: a set is not a list of sentences; it has no order; sort it"),
        (5, "corpus: 5 is neither a path nor an iterable of sentences"),
        (None, "corpus: None is neither a path nor an iterable of sentences"),
        ([], r"corpus: no words \(the text is empty"),
    ],
)
def test_each_other_sentence_is_refused_with_its_number(given_sentences, message):
    with pytest.raises(CorpusError, match=f"^{message}") as error:
        encode_sentences(given_sentences, min_count=1)
    assert "\n" not in str(error.value)


def test_the_number_counts_over_batches(monkeypatch):
    monkeypatch.setattr(sentences, "BATCH_CHARACTERS", 10)
    with pytest.raises(CorpusError, match=r"^sentence 100: word 1 is empty"):
        encode_sentences([["aa", "bb"]] * 99 + [["aa", ""]] + [["bb"]] * 50)


def test_words_need_no_tokenizer():
    with pytest.raises(CorpusError, match="sentence 1: tokenize='words' needs texts, not a list"):
        encode_sentences([["a", "b"]], tokenize="words")


def test_a_long_sentence_is_split():
    corpus = encode_sentences([["a", "b"] * MAX_SENTENCE_WORDS], min_count=1)
    assert np.diff(corpus.sentence_starts).tolist() == [MAX_SENTENCE_WORDS] * 2
    assert (corpus.audit.lines, corpus.audit.lines_split) == (1, 1)
