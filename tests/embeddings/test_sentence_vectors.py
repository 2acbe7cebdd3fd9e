"""Sentence vectors against the formulas of Arora, Liang and Ma 2017, one word at a time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.embeddings import Embeddings, sentence_vectors
from w2v.errors import ConfigError, InputError

WORDS = ["the", "king", "queen", "rules", "rests"]
VECTORS = np.random.default_rng(3).normal(size=(5, 4))
COUNTS = np.array([70, 10, 10, 6, 4])
WV = Embeddings(WORDS, VECTORS, counts=COUNTS)


def naive(text, a, vectors=WV.vectors, shares=COUNTS / 100):
    """Algorithm 1, lines 1 to 3."""
    total, known = np.zeros(4), 0
    for word in text.split():
        if word in WORDS:
            row = WORDS.index(word)
            total += (1 if a is None else a / (a + shares[row])) * vectors[row].astype(float)
            known += 1
    return total / known if known else total


TEXTS = ["the king rules", "the  queen rests the", "xyzzy", "", "king xyzzy"]


@pytest.mark.parametrize("a", [1e-3, 0.5, np.float32(0.5), None])
@pytest.mark.parametrize("at_once", [1, 4, 2**16])
def test_encode_is_the_naive_twin(monkeypatch, a, at_once):
    monkeypatch.setattr(sentence_vectors, "_WORDS_AT_ONCE", at_once)
    got = WV.encode(TEXTS, smoothing=a)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, [naive(text, a) for text in TEXTS], rtol=1e-5, atol=1e-7)


@given(st.lists(st.lists(st.sampled_from([*WORDS, "xyzzy"]), max_size=6), max_size=6))
def test_any_texts(texts):
    got = WV.encode([" ".join(text) for text in texts])
    assert got.shape == (len(texts), 4)
    np.testing.assert_array_equal(got, WV.encode(texts))  # lists of words are the same
    for text, vector in zip(texts, got, strict=True):
        np.testing.assert_allclose(vector, naive(" ".join(text), 1e-3), rtol=1e-4, atol=1e-7)


def test_one_text_is_one_vector():
    assert WV.encode("the king").shape == (4,)
    np.testing.assert_array_equal(WV.encode("the king"), WV.encode(["the king"])[0])
    np.testing.assert_array_equal(WV.encode(iter(TEXTS)), WV.encode(TEXTS))


def test_without_counts_zipf_stands_in():
    wv = Embeddings(WORDS, VECTORS)
    zipf = 1 / np.arange(1, 6)
    expected = naive("the king rules", 1e-3, shares=zipf / zipf.sum())
    np.testing.assert_allclose(wv.encode("the king rules"), expected, rtol=1e-5)


def test_counts_of_zero():
    wv = Embeddings(WORDS, VECTORS, counts=np.zeros(5))
    np.testing.assert_allclose(wv.encode("king"), VECTORS[1], rtol=1e-5)


def test_the_common_component():
    """Algorithm 1, lines 5 to 8: v - u u^T v for the first singular vector u."""
    vectors = WV.encode(TEXTS)
    u = np.linalg.svd(vectors.astype(float))[2][0]
    expected = vectors - np.outer(vectors @ u, u)
    np.testing.assert_allclose(WV.encode(TEXTS, remove_component=True), expected, atol=1e-6)
    component = WV.common_component(TEXTS)
    assert abs(component @ u) == pytest.approx(1, abs=1e-6)
    one = WV.encode(TEXTS[0], remove_component=component)
    np.testing.assert_allclose(one, expected[0], atol=1e-6)
    np.testing.assert_allclose(WV.encode(TEXTS[0], remove_component=3 * component), one, atol=1e-6)


def test_the_recorded_lower_case():
    metadata = {"training": json.dumps({"config": {"lowercase": True}})}
    wv = Embeddings(WORDS, VECTORS, counts=COUNTS, metadata=metadata)
    np.testing.assert_array_equal(wv.encode("The KING"), WV.encode("the king"))
    np.testing.assert_array_equal(WV.encode("The KING"), np.zeros(4))
    broken = Embeddings(WORDS, VECTORS, metadata={"training": '{"config": 3}'})
    assert broken.encode("the king").any()


def test_the_recorded_tokenizer_and_phrases():
    record = {"tokenize": "words", "lowercase": True, "phrases": 1}
    words = [*WORDS[:4], "new_york"]
    wv = Embeddings(words, VECTORS, metadata={"training": json.dumps({"config": record})})
    expected = wv.encode([["the", "king", "rules", "new_york"]])[0]
    np.testing.assert_array_equal(wv.encode("The King rules New York!"), expected)


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        (5, {}, InputError, "encode: expected texts, got 5"),
        (["a", 5], {}, InputError, "encode: text 2 is 5, neither a str nor a list of words"),
        ([["a", 5]], {}, InputError, "encode: text 1 is .* neither a str nor a list of words"),
        (["a", None], {}, InputError, "encode: text 2 is None"),
        (["a"], {"smoothing": 0}, ConfigError, "smoothing: 0 is not a positive number"),
        (["a"], {"smoothing": "x"}, ConfigError, "smoothing: 'x' is not a positive number"),
        (["king"], {"remove_component": True}, ConfigError, "needs at least two texts, got 1"),
        (["king"], {"remove_component": np.ones(3)}, InputError, "not a vector of 4 numbers"),
        (["king"], {"remove_component": np.full(4, np.nan)}, InputError, "NaN or infinity"),
    ],
)
def test_wrong_calls(texts, options, error, message):
    with pytest.raises(error, match=message):
        WV.encode(texts, **options)
