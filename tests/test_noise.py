import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v import train_embeddings
from w2v.errors import ConfigError
from w2v.noise import NoiseSampler, sample
from w2v.numerics.jit import jit
from w2v.numerics.random import stream_key

COUNTS = st.lists(st.integers(1, 10**9), min_size=2, max_size=200)


@given(counts=COUNTS, exponent=st.sampled_from([0.0, 0.5, 0.75, 1.0, -0.5]))
def test_the_table_gives_count_to_the_exponent(counts, exponent):
    sampler = NoiseSampler(np.array(counts), exponent)
    expected = np.array(naive.noise_probs(counts, exponent))
    # Each bucket is rounded to 2 ** -32 of its width 1 / V; a word may touch V buckets.
    assert np.abs(sampler.probs - expected).max() <= 2.0**-32
    assert sampler.probs.sum() == pytest.approx(1, abs=1e-12)


@jit
def _sample_many(table, key, counts, n):
    for i in range(n):
        counts[sample(table, key, np.uint64(i))] += 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_draws_follow_the_distribution(seed):
    counts = np.array([100_000, 30_000, 5_000, 1_000, 900, 800, 50, 40, 3, 2])
    sampler = NoiseSampler(counts, 0.75)
    drawn = np.zeros(10, dtype=np.int64)
    n = 1_000_000
    _sample_many(sampler.table, stream_key(seed), drawn, n)
    expected = n * np.array(naive.noise_probs(counts.tolist(), 0.75))
    chi_squared = ((drawn - expected) ** 2 / expected).sum()
    assert chi_squared < 27.88  # 99.9th percentile for 9 degrees of freedom
    # The power of the test: the well-known slip count * 0.75 is far outside.
    wrong = n * counts / counts.sum()
    assert ((drawn - wrong) ** 2 / wrong).sum() > 1000


def test_exponent_that_overflows_is_refused():
    with pytest.raises(ConfigError, match="noise_exponent=100"):
        NoiseSampler(np.array([10**18, 1]), 100.0)


@pytest.mark.parametrize("exponent", [-3.0, 4.0, -6.0])
def test_every_word_can_be_drawn_however_steep_the_distribution(exponent):
    """ln(K q) must be finite: q V of the rarest words is far below a part in 2 ** 32."""
    counts = np.array([200_000, 30_000, 1_000, 20, 5])
    sampler = NoiseSampler(counts, exponent)
    assert sampler.probs.min() == 2.0**-32 / len(counts)
    assert np.isfinite(np.log(sampler.probs)).all()
    expected = np.array(naive.noise_probs(counts.tolist(), exponent))
    assert np.abs(sampler.probs - expected).max() <= 2.0**-32
    assert sampler.probs == pytest.approx(probs_of(sampler.table), rel=1e-12)


def probs_of(table):
    """The probability of each word, by going through the buckets."""
    probs = [0.0] * len(table)
    for bucket, (threshold, alias) in enumerate(table.tolist()):
        probs[bucket] += threshold / 2**32 / len(table)
        probs[alias] += (2**32 - threshold) / 2**32 / len(table)
    return probs


@pytest.mark.parametrize(
    ("counts", "exponent"), [([10**18, 1], -30.0), ([10**18, 1], 18.0), ([], 1.0)]
)
def test_an_exponent_out_of_range_is_one_line_with_the_counts(counts, exponent):
    with pytest.raises(ConfigError, match=f"noise_exponent={exponent:g}") as caught:
        NoiseSampler(np.array(counts), exponent)
    assert "\n" not in str(caught.value)
    assert ("1 to 1,000,000,000,000,000,000" in str(caught.value)) == bool(counts)


@pytest.mark.parametrize("loss", ["nce", "sampled-softmax"])
@pytest.mark.parametrize("exponent", [-4.0, 4.0])
def test_training_on_steep_noise_stays_finite(loss, exponent):
    """A word of which noise has next to none still has an ln(K q)."""
    sentences = [["often", "also", "often"] * 300, ["rare", "often"]]
    wv = train_embeddings(
        sentences, loss=loss, noise_exponent=exponent, vector_size=8, min_count=1, sample=0,
        epochs=1, workers=1,
    )  # fmt: skip
    assert np.isfinite(wv.vectors).all()
    assert np.isfinite(wv.output_bias).all()
