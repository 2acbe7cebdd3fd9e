"""The noise distribution q(w) proportional to count(w) ** exponent, and a sampler for it.

Sampling is by the alias method (Walker 1977; Vose 1991, "A linear algorithm for generating random
numbers with a given distribution"): one random number, one look-up, 8 bytes a word. What becomes
of a negative that equals the positive (an accidental hit) is the loss's policy, not the sampler's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.errors import ConfigError
from w2v.numerics.jit import jit
from w2v.numerics.random import below, draw, low_half

_FULL = 2**32
"""A bucket's threshold is a fraction of this many equally likely values."""


class NoiseSampler:
    """Alias table of q(w) = count(w)^exponent / sum of the same.

    Attributes:
        table: (V, 2) uint32. Row b: the threshold below which bucket b gives b, and its alias.
        probs: (V,) float64, the q that the table really gives, after its rounding to 32 bits.
            NCE needs ln(k q) of exactly this.
    """

    def __init__(self, counts: np.ndarray, exponent: float) -> None:
        with np.errstate(over="ignore"):  # infinity is refused below
            weights = np.asarray(counts, dtype=np.float64) ** exponent
        if len(weights) == 0 or not np.all(np.isfinite(weights)) or weights.min() <= 0:
            raise ConfigError(
                f"noise exponent: expected one that gives finite positive weights, got {exponent}"
            )
        self.table = _alias_table(weights / weights.sum())
        self.probs = table_probs(self.table)


def _alias_table(probs: np.ndarray) -> np.ndarray:
    """Vose's algorithm, section "Initialization": (V, 2) uint32 of thresholds and aliases."""
    size = len(probs)
    thresholds = np.empty(size, dtype=np.int64)
    aliases = np.arange(size, dtype=np.int64)
    _pair_up(probs * size, thresholds, aliases)
    table = np.empty((size, 2), dtype=np.uint32)
    table[:, 0] = np.minimum(thresholds, _FULL - 1)
    table[:, 1] = aliases
    return table


@jit
def _pair_up(scaled: Any, thresholds: Any, aliases: Any) -> None:
    """Fill each bucket from one word below the mean and one above it."""
    size = scaled.size
    small = np.empty(size, np.int64)
    large = np.empty(size, np.int64)
    n_small = 0
    n_large = 0
    for word in range(size):
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
        thresholds[low] = np.int64(round(scaled[low] * 4294967296.0))
        aliases[low] = high
        scaled[high] -= 1.0 - scaled[low]
        if scaled[high] < 1.0:
            n_large -= 1
            small[n_small] = high
            n_small += 1
    # Only rounding leaves anything here: these buckets are full.
    for k in range(n_small):
        thresholds[small[k]] = 4294967296
    for k in range(n_large):
        thresholds[large[k]] = 4294967296


def table_probs(table: np.ndarray) -> np.ndarray:
    """The distribution that an alias table gives: (V,) float64, summing to 1."""
    thresholds = table[:, 0].astype(np.float64)
    aliases = table[:, 1].astype(np.int64)
    probs = thresholds + np.bincount(aliases, _FULL - thresholds, minlength=len(table))
    result: np.ndarray = probs / (_FULL * float(len(table)))
    return result


@jit
def sample(table: Any, key: Any, n: Any) -> Any:
    """The n-th word id drawn from stream `key`, int64."""
    bits = draw(key, n)
    bucket = np.int64(below(bits, np.uint64(table.shape[0])))
    # No branch: nothing could foresee which way it goes, and each wrong guess would cost more than
    # all the rest.
    is_alias = np.int64(low_half(bits) >= np.uint64(table[bucket, 0]))
    return bucket + is_alias * (np.int64(table[bucket, 1]) - bucket)
