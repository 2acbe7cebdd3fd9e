"""Neighbours of many rows against the naive twin: every cosine, a stable sort."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.embeddings import Embeddings, neighbors
from w2v.embeddings.neighbors import nearest_rows, unit_rows
from w2v.errors import ConfigError, UnknownWordError


def naive(units, queries, count):
    """(Q, count) rows and cosines, one query at a time."""
    ids, cosines = [], []
    for query in queries:
        scores = units @ units[query]
        scores[query] = -np.inf
        order = np.argsort(-scores, kind="stable")[:count]
        ids.append(order)
        cosines.append(scores[order])
    return np.array(ids), np.array(cosines)


@pytest.mark.parametrize(("queries_at_once", "at_first", "at_once"), [(512, 512, 4096), (7, 5, 11)])
@pytest.mark.parametrize("count", [1, 3, 99])
def test_nearest_rows_is_the_naive_twin(monkeypatch, queries_at_once, at_first, at_once, count):
    monkeypatch.setattr(neighbors, "_QUERIES_AT_ONCE", queries_at_once)
    monkeypatch.setattr(neighbors, "_FIRST_CANDIDATES", at_first)
    monkeypatch.setattr(neighbors, "_CANDIDATES_AT_ONCE", at_once)
    units = unit_rows(np.random.default_rng(0).normal(size=(100, 6)))
    queries = np.array([*range(40), 99, 3, 3])
    ids, cosines = nearest_rows(units, queries, count)
    expected_ids, expected = naive(units, queries, count)
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_allclose(cosines, expected, atol=1e-6)


AXES = np.array([[1, 0], [-1, 0], [0, 1], [0, 0]], np.float32)
"""Unit vectors whose products are exact, so that equal cosines are equal to the last bit."""


@given(which=st.lists(st.integers(0, 3), min_size=23, max_size=23), count=st.integers(1, 22))
def test_ties_go_by_row(which, count):
    sizes = (("_QUERIES_AT_ONCE", 4), ("_FIRST_CANDIDATES", 3), ("_CANDIDATES_AT_ONCE", 5))
    units = AXES[which]
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, size in sizes:
            monkeypatch.setattr(neighbors, name, size)
        ids, cosines = nearest_rows(units, np.arange(23), count)
    expected_ids, expected = naive(units, range(23), count)
    np.testing.assert_array_equal(ids, expected_ids)
    np.testing.assert_array_equal(cosines, expected)


def test_most_similar_many():
    words = [f"w{i}" for i in range(50)]
    wv = Embeddings(words, np.random.default_rng(1).normal(size=(50, 5)))
    found = wv.most_similar_many(["w3", "w9", "w3"], topn=4)
    for word, many in zip(["w3", "w9", "w3"], found, strict=True):
        one = wv.most_similar(word, topn=4)
        assert [w for w, _ in many] == [w for w, _ in one]
        np.testing.assert_allclose([c for _, c in many], [c for _, c in one], atol=1e-6)
    assert [len(each) for each in wv.most_similar_many(wv, topn=99)] == [49] * 50
    assert wv.most_similar_many([]) == []
    assert wv.most_similar_many("w3", topn=4) == found[:1]
    assert Embeddings(["a"], [[1.0]]).most_similar_many(["a"]) == [[]]
    with pytest.raises(UnknownWordError, match="'x' is not in the vocabulary"):
        wv.most_similar_many(["w1", "x"])
    with pytest.raises(ConfigError, match="topn: expected a number of words"):
        wv.most_similar_many(["w1"], topn=0)
    for asked in (5, None):
        with pytest.raises((ConfigError, ValueError)):
            wv.most_similar_many(asked, topn="3")


def test_neighbours_of_all_words_need_little_memory():
    """The 68k words of a real export would take 36 GB if a whole row of candidates were kept."""
    units = np.random.default_rng(0).normal(size=(4000, 4)).astype(np.float32)
    tracemalloc.start()
    try:
        nearest_rows(units, np.arange(len(units)), 10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # V x V ids of 8 bytes would be 128 MB
