import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus.subsampling import keep_probs, keep_thresholds, subsample
from w2v.errors import ConfigError
from w2v.numerics.random import stream_key


@given(
    counts=st.lists(st.integers(1, 10**6), min_size=1, max_size=50),
    t=st.sampled_from([0, 1e-5, 1e-4, 1e-3, 0.1, 1.0]),
)
def test_keep_probs_are_word2vecs(counts, t):
    expected = [naive.keep_prob(n, sum(counts), t) for n in counts]
    assert keep_probs(np.array(counts), t) == pytest.approx(expected, rel=1e-12)


def test_negative_sample_is_refused():
    with pytest.raises(ConfigError, match="sample"):
        keep_probs(np.array([1, 2]), -1e-4)


@given(p=st.floats(1e-9, 1))
def test_a_threshold_is_its_probability(p):
    threshold = int(keep_thresholds(np.array([p]))[0])
    assert abs((threshold + 1) / 2**32 - p) <= 2.0**-32


def _draw(n, probs, window, shrink=True, seed=1):
    tokens = np.arange(n, dtype=np.int32) % len(probs)
    kept, reach = np.zeros(n, np.int32), np.zeros(n, np.int32)
    thresholds = keep_thresholds(np.array(probs))
    m = subsample(
        tokens, 0, n, 0, thresholds, window, shrink, stream_key(seed), kept, reach
    )  # fmt: skip
    return kept[:m], reach[:m]


def test_subsampling_and_windows_follow_their_distributions_independently():
    n, window, probs = 200_000, 5, [0.1, 0.5, 0.9, 1.0]
    kept, reach = _draw(n, probs, window)
    cells = np.zeros((len(probs), window))
    np.add.at(cells, (kept, reach - 1), 1)
    expected = np.outer(probs, np.full(window, 1 / window)) * n / len(probs)
    variance = expected * (1 - np.outer(probs, np.full(window, 1 / window)))
    chi_squared = ((cells - expected) ** 2 / variance).sum()
    assert chi_squared < 45.31  # 99.9th percentile for 20 degrees of freedom
    assert (kept == 3).sum() == n / len(probs)  # probability 1 keeps all


def test_windows_can_be_fixed():
    _, reach = _draw(1000, [1.0], 7, shrink=False)
    assert (reach == 7).all()


def test_draws_depend_on_the_position_in_the_block_alone():
    tokens = np.zeros(100, dtype=np.int32)
    thresholds = keep_thresholds(np.array([0.5]))
    whole, reach = np.zeros(100, np.int32), np.zeros(100, np.int32)
    key = stream_key(3)
    n = subsample(tokens, 0, 100, 0, thresholds, 5, True, key, whole, reach)
    parts = []
    for start, end in ((0, 30), (30, 100)):
        part = np.zeros(100, np.int32)
        m = subsample(
            tokens, start, end, 0, thresholds, 5, True, key, np.zeros(100, np.int32), part
        )
        parts += part[:m].tolist()
    assert parts == reach[:n].tolist()
    assert 30 < n < 70
