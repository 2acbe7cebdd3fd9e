import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus import encode_sentences, phrases, read_corpus, with_phrases
from w2v.corpus.phrases import pair_scores
from w2v.errors import CorpusError
from w2v.util.text import PHRASE_THRESHOLDS, prepare

WORDS = st.sampled_from(["a", "b", "c", "d", "a_b", "a_b_c", "_"])
SENTENCES = st.lists(st.lists(WORDS, max_size=8), max_size=20)


def decoded(corpus):
    words = corpus.vocabulary.words
    return [[words[i] for i in sentence] for sentence in corpus.sentences()]


def assert_is(corpus, sentences, min_count=1):
    vocabulary = naive.build_vocabulary(sentences, min_count)
    counts = corpus.vocabulary.counts.tolist()
    assert list(zip(corpus.vocabulary.words, counts, strict=True)) == vocabulary
    assert [s.tolist() for s in corpus.sentences()] == naive.encode(sentences, vocabulary)


@given(
    sentences=SENTENCES,
    passes=st.integers(1, 3),
    scoring_and_threshold=st.sampled_from(
        [("word2phrase", 0.5), ("word2phrase", 2), ("npmi", 0.1), ("npmi", 0.6), ("npmi", -1)]
    ),
    phrase_min_count=st.integers(1, 4),
    min_count=st.integers(1, 2),
    parts=st.integers(1, 3),
)
def test_phrases_are_those_of_the_naive_twin(
    sentences, passes, scoring_and_threshold, phrase_min_count, min_count, parts
):
    sentences = [*sentences, ["x", "y", "y"], ["x"]]
    scoring, threshold = scoring_and_threshold
    joined = naive.join_phrases(sentences, passes, scoring, threshold, phrase_min_count)
    before = phrases.TOKENS_A_PART
    phrases.TOKENS_A_PART = max(1, sum(map(len, sentences)) // parts)
    try:
        corpus = encode_sentences(
            sentences, min_count=min_count, phrases=passes, phrase_scoring=scoring,
            phrase_threshold=threshold, phrase_min_count=phrase_min_count,
        )  # fmt: skip
    except CorpusError:
        assert len(naive.build_vocabulary(joined, min_count)) < 2
        return
    finally:
        phrases.TOKENS_A_PART = before
    assert_is(corpus, joined, min_count)
    audit = corpus.audit
    assert audit.joins == sum(map(len, sentences)) - sum(map(len, joined))
    assert audit.words == sum(map(len, joined)) == (
        audit.kept + audit.dropped_rare + audit.dropped_max_vocab
    )  # fmt: skip
    assert audit.distinct == len({word for sentence in joined for word in sentence})


def test_the_table_of_pairs_grows():
    rng = np.random.default_rng(0)
    sentences = [[f"w{k}" for k in row] for row in rng.integers(0, 2000, (4000, 40))]
    sentences += [["new", "york"]] * 50
    corpus = encode_sentences(sentences, min_count=1, phrases=1)
    assert_is(corpus, naive.join_phrases(sentences, 1, "word2phrase", 100, 5))
    assert corpus.vocabulary.counts[corpus.vocabulary.word_to_id["new_york"]] == 50
    assert corpus.audit.phrases == 1


def test_long_phrases_take_several_passes():
    filler = [[f"w{k % 7}", f"v{k % 5}", f"u{k % 3}"] for k in range(400)]
    sentences = filler + [["the", "new", "york", "times"]] * 10
    for passes, expected in ((1, ["the_new", "york_times"]), (2, ["the_new_york_times"])):
        corpus = encode_sentences(
            sentences, min_count=1, phrases=passes, phrase_threshold=50, phrase_min_count=2
        )
        assert decoded(corpus)[-1] == expected


def test_min_count_is_for_joined_words():
    sentences = [["x", "y"]] * 9 + [["p", "q"]] * 3 + [["x"], ["y"]] * 4
    options = {"phrases": 1, "phrase_threshold": 0.5, "phrase_min_count": 1}
    corpus = encode_sentences(sentences, min_count=4, **options)
    assert corpus.vocabulary.words == ["x_y", "x", "y"]
    assert corpus.vocabulary.counts.tolist() == [9, 4, 4]
    assert (corpus.audit.phrases, corpus.audit.joins, corpus.audit.dropped_rare) == (2, 12, 3)


def test_files_and_corpora_too(write, tmp_path):
    text = "the new york times\n" * 20 + "a new car\nof york city\n" * 10
    options = {"phrases": 1, "phrase_threshold": 1.5, "phrase_min_count": 2}
    sentences = naive.join_phrases(naive.read_sentences(text, 10_000), 1, "word2phrase", 1.5, 2)
    path = write("t.txt", text)
    for cache in (None, tmp_path / "cache", tmp_path / "cache"):
        corpus = read_corpus(path, min_count=1, cache_dir=cache, **options)
        assert_is(corpus, sentences)
    plain = read_corpus(path, min_count=1, cache_dir=tmp_path / "cache")
    assert plain.audit.phrases == 0
    before = plain.tokens.copy()
    joined = with_phrases(plain, threshold=1.5, min_count=2)
    assert_is(joined, sentences)
    np.testing.assert_array_equal(plain.tokens, before)
    assert joined.audit == corpus.audit


@pytest.mark.parametrize("scoring", PHRASE_THRESHOLDS)
def test_scores_are_the_formulas(scoring):
    counts = np.array([[9, 10, 12], [7, 7, 7], [5, 5000, 5000], [50, 50, 60]])
    scores = pair_scores(scoring, *counts.T, 10_000, 5)
    expected = [naive.phrase_score(scoring, *row, 10_000, 5) for row in counts.tolist()]
    assert scores == pytest.approx(expected, rel=1e-12)


def test_a_text_is_joined_as_its_vocabulary_says():
    vocabulary = {"new_york", "new_york_times", "york_times", "the"}
    text = "the New York Times in new york"
    assert prepare(text, {"phrases": 2, "lowercase": True}, vocabulary) == [
        "the", "new_york_times", "in", "new_york",
    ]  # fmt: skip
    assert prepare(text, {"phrases": 1, "lowercase": True}, vocabulary) == [
        "the", "new_york", "times", "in", "new_york",
    ]  # fmt: skip
    assert prepare(text, {}, vocabulary) == text.split()


def test_the_limits_of_the_text_apply_to_phrases_too():
    text = [["new", "york", "x"]] * 30 + [["new", "car", "x"]] * 5 + [["car"], ["rare"]] * 4
    corpus = encode_sentences(text, min_count=5)
    joined = with_phrases(corpus, threshold=1.0)
    whole = encode_sentences(text, min_count=5, phrases=1, phrase_threshold=1.0)
    assert joined.vocabulary.words == whole.vocabulary.words
    assert joined.vocabulary.counts.min() >= 5
    audit = joined.audit
    assert audit.words == audit.kept + audit.dropped_rare + audit.dropped_max_vocab
    assert (audit.words, audit.dropped_rare) == (whole.audit.words, whole.audit.dropped_rare)
    few = with_phrases(encode_sentences(text, min_count=5, max_vocab=3), threshold=1.0)
    assert len(few.vocabulary) == few.options.max_vocab == 3
