"""The noise distribution q(w) = count(w)^exponent / sum, and a sampler for it.

Sampling uses the alias method (Walker 1977; Vose 1991, "A linear algorithm for generating random
numbers with a given distribution"): one random number, one look-up, 8 bytes per word. Whether a
noise word that equals the context word (an accidental hit) counts is up to the loss.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.errors import ConfigError
from w2v.numerics.jit import jit
from w2v.numerics.random import below, draw, low_half

_FULL = 2**32
"""Number of equally likely 32-bit values that are compared with a threshold."""


class NoiseSampler:
    """Alias table of the noise distribution.

    Every word can be drawn: where q(w) V is below 2^-32, the table rounds it up to 2^-32, so that
    ln(K q(w)) is finite for every word.

    Args:
        counts: (V,) occurrences of each word.
        exponent: 0.75 in word2vec (Mikolov et al. 2013, section 2.2), 0 for uniform noise.

    Attributes:
        table: (V, 2) uint32. Row b holds a threshold and an alias: bucket b gives word b for random
            values below the threshold, and the alias otherwise.
        probs: (V,) float64, all positive: the q that is really drawn from, after rounding to 32
            bits. The corrections ln(K q) must use it.

    Raises:
        ConfigError: there are no counts, or count ** exponent overflows or underflows.
    """

    def __init__(self, counts: np.ndarray, exponent: float) -> None:
        with np.errstate(over="ignore", under="ignore"):  # infinity and 0 are refused below
            weights = np.asarray(counts, dtype=np.float64) ** exponent
        total = weights.sum()
        if len(weights) == 0 or not np.isfinite(total) or weights.min() <= 0:
            raise ConfigError(
                f"noise_exponent={exponent:g} is out of range: count ** exponent must be positive "
                f"and finite for every word, but counts are {_range(counts)}"
            )
        self.table = _alias_table(weights / total)
        self.probs = table_probs(self.table)


def _range(counts: np.ndarray) -> str:
    return f"{min(counts):,} to {max(counts):,}" if len(counts) else "empty"


def _alias_table(probs: np.ndarray) -> np.ndarray:
    """Vose's algorithm, section "Initialization": (V, 2) uint32 of thresholds and aliases."""
    size = len(probs)
    thresholds = np.empty(size, dtype=np.int64)
    aliases = np.arange(size, dtype=np.int64)
    _pair_up(probs * size, thresholds, aliases, *np.empty((2, size), dtype=np.int64))
    table = np.empty((size, 2), dtype=np.uint32)
    table[:, 0] = np.minimum(thresholds, _FULL - 1)
    table[:, 1] = aliases
    return table


@jit
def _pair_up(scaled: Any, thresholds: Any, aliases: Any, small: Any, large: Any) -> None:
    """Fill each bucket with one word below the mean and one above it.

    `small` and `large` are working memory, (V,) int64.
    """
    n_small = 0
    n_large = 0
    for word in range(scaled.size):
        if scaled[word] < 1.0:
            small[n_small] = word
            n_small += 1
        else:
            large[n_large] = word
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        low = small[n_small]
        high = large[n_large - 1]
        thresholds[low] = np.int64(max(1, round(scaled[low] * _FULL)))
        aliases[low] = high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            n_large -= 1
            small[n_small] = high
            n_small += 1
    # Words are left over only because of rounding: their buckets are full.
    for k in range(n_small):
        thresholds[small[k]] = _FULL
    for k in range(n_large):
        thresholds[large[k]] = _FULL


def table_probs(table: np.ndarray) -> np.ndarray:
    """The distribution that draws from an alias table follow: (V,) float64, sums to 1."""
    thresholds = table[:, 0].astype(np.float64)
    aliases = table[:, 1].astype(np.int64)
    probs = thresholds + np.bincount(aliases, _FULL - thresholds, minlength=len(table))
    result: np.ndarray = probs / (_FULL * float(len(table)))
    return result


@jit
def sample(table: Any, key: Any, n: Any) -> Any:
    """The n-th word id drawn from a stream, int64.

    Args:
        table: (V, 2) uint32, see `NoiseSampler`.
        key: of the random stream, uint64.
        n: number of the draw, uint64.
    """
    bits = draw(key, n)
    bucket = np.int64(below(bits, np.uint64(table.shape[0])))
    # No branch: the processor could not predict it, and a misprediction costs more than the rest.
    is_alias = np.int64(low_half(bits) >= np.uint64(table[bucket, 0]))
    return bucket + is_alias * (np.int64(table[bucket, 1]) - bucket)
