"""Windows of unequal sides, and the weights of their pairs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import twins
from hypothesis import given
from hypothesis import strategies as st

from w2v.config import DISTANCE_WEIGHTS, TrainConfig
from w2v.corpus import encode_sentences
from w2v.corpus.cooccurrence import block_windows
from w2v.corpus.subsampling import keep_thresholds, subsample
from w2v.corpus.windows import Window, window_of
from w2v.numerics.random import stream_key

SIDES = st.tuples(st.integers(0, 4), st.integers(0, 4)).filter(any)
WINDOWS = st.builds(lambda sides, weights: Window(*sides, weights), SIDES,
                    st.sampled_from(DISTANCE_WEIGHTS))  # fmt: skip


@given(window=WINDOWS)
def test_weights_by_offset(window):
    options = {"window": tuple(window[:2]), "distance_weights": window.distance_weights}
    offsets = range(-window.radius, window.radius + 1)
    expected = [twins.pair_weight(0, offset, window.radius, options) for offset in offsets]
    assert window.offset_weights().tolist() == expected
    assert window.reversed().offset_weights().tolist() == expected[::-1]
    assert window.offset_weights(np.float32).dtype == np.float32


def test_the_window_of_a_configuration():
    assert window_of(TrainConfig()) == Window(5, 5, "draw")
    given = TrainConfig(window=(5, 0), distance_weights="harmonic")
    assert window_of(given) == Window(5, 0, "harmonic")
    assert [Window(*w).is_plain for w in ((5, 5), (5, 5, "flat"), (5, 5, "harmonic"), (5, 4))] == [
        True, True, False, False,
    ]  # fmt: skip


@given(
    lengths=st.lists(st.integers(1, 9), min_size=2, max_size=5),
    window=WINDOWS,
    seed=st.integers(0, 99),
)
def test_a_window_holds_the_words_within_its_reach(lengths, window, seed):
    names = iter(f"w{n}" for n in range(sum(lengths)))
    sentences = [[next(names) for _ in range(length)] for length in lengths]
    corpus = encode_sentences(sentences, min_count=1)
    thresholds = keep_thresholds(np.full(len(corpus.vocabulary), 0.8))
    key, starts = stream_key(seed), corpus.sentence_starts
    got = block_windows(corpus, 0, len(sentences), thresholds, window, key)
    options = {"window": tuple(window[:2]), "distance_weights": window.distance_weights}
    expected = []
    for s in range(len(sentences)):
        kept, reach = np.zeros(9, np.int32), np.zeros(9, np.int32)
        n = subsample(
            corpus.tokens, starts[s], starts[s + 1], 0, thresholds, window.radius, window.shrinks,
            key, kept, reach,
        )  # fmt: skip
        for t in range(n):
            weights = [twins.pair_weight(t, p, reach[t], options) for p in range(n)]
            pairs = [(int(kept[p]), w) for p, w in enumerate(weights) if w]
            expected += [(int(kept[t]), pairs)] if pairs else []
    starts = np.concatenate([[0], np.cumsum(got.sizes)]).tolist()
    weights = np.ones(len(got.contexts)) if got.weights is None else got.weights
    pairs = list(zip(got.contexts.tolist(), weights.tolist(), strict=True))
    assert got.centers.tolist() == [center for center, _ in expected]
    assert [pairs[a:b] for a, b in pairwise(starts)] == [of_center for _, of_center in expected]


@pytest.mark.parametrize("sides", [(5, 5), (4, 2), (0, 3)])
def test_drawn_pairs_weigh_less_the_further_they_are_apart(sides):
    """(R - d + 1) / R of the pairs at distance d, on either side alike."""
    words = [f"w{n:03}" for n in range(1000)]
    corpus = encode_sentences([words], min_count=1)
    place = np.array([words.index(word) for word in corpus.vocabulary.words])
    keep_all = keep_thresholds(np.ones(1000))
    draws = 100
    counts = np.zeros(11)
    for seed in range(draws):
        got = block_windows(corpus, 0, 1, keep_all, Window(*sides), stream_key(seed))
        offsets = place[got.contexts] - place[np.repeat(got.centers, got.sizes)]
        counts += np.bincount(offsets + 5, minlength=11)
    largest = max(sides)
    for offset in range(-5, 6):
        distance = abs(offset)
        share = (largest - distance + 1) / largest if distance <= largest else 0
        if offset == 0 or distance > sides[offset > 0]:
            share = 0
        n = draws * (1000 - distance)
        spread = np.sqrt(n * share * (1 - share))
        assert abs(counts[offset + 5] - n * share) <= 4 * spread
