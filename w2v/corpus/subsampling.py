"""Subsampling of frequent words, and windows of random width.

A pair (center, context) consists of two positions of one sentence, at most b apart, where b is
drawn uniformly from 1..window (Mikolov et al. 2013, "Efficient Estimation of Word Representations
in Vector Space", section 3.2). As in word2vec.c, b is drawn once for each window, words are dropped
before windows are formed (so windows extend across dropped words), and no pair crosses the end of a
sentence. `w2v.corpus.windows` describes asymmetric windows, and other weights by distance.

Each position takes one 64-bit random number: its low half decides whether the word is kept, its
high half determines b.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.errors import ConfigError
from w2v.numerics.jit import jit
from w2v.numerics.random import below, draw, low_half

_ALWAYS = 2**32 - 1
"""The threshold of words that are always kept."""


def keep_probs(counts: np.ndarray, sample: float) -> np.ndarray:
    """Probability of keeping each occurrence of a word: sqrt(t/f) + t/f, at most 1.

    Args:
        counts: (V,) occurrences.
        sample: the threshold t, as a fraction of all tokens; 0 keeps everything.

    Returns:
        (V,) float64, with f = counts / sum(counts). The formula is that of word2vec.c; the paper
        (Mikolov et al. 2013, "Distributed Representations", section 2.3) has sqrt(t/f) alone.

    Raises:
        ConfigError: `sample` is negative.
    """
    if sample < 0:
        raise ConfigError(f"sample: expected 0 or more, got {sample}; 0 keeps all words")
    if sample == 0:
        return np.ones(len(counts))
    with np.errstate(divide="ignore"):  # words that do not occur have probability 1
        ratio = sample / (counts / counts.sum())
    probs: np.ndarray = np.minimum(np.sqrt(ratio) + ratio, 1.0)
    return probs


def keep_thresholds(probs: np.ndarray) -> np.ndarray:
    """Convert probabilities to thresholds for 32 random bits.

    Args:
        probs: (V,), see `keep_probs`.

    Returns:
        (V,) uint32: a word is kept if the bits are at most its threshold.
    """
    scaled = np.floor(np.asarray(probs) * 2.0**32) - 1
    thresholds: np.ndarray = np.clip(scaled, 0, _ALWAYS).astype(np.uint32)
    return thresholds


@jit
def subsample(
    tokens: Any, start: Any, end: Any, origin: Any, thresholds: Any, window: Any, shrink: Any,
    key: Any, kept: Any, radii: Any,
) -> Any:  # fmt: skip
    """Subsample the words of one sentence and draw the window of each word that is kept.

    Args:
        tokens: (N,) int32 ids; the sentence is tokens[start:end].
        start, end: bounds of the sentence.
        origin: where the block starts; random numbers are indexed by the position in the block.
        thresholds: (V,) uint32, see `keep_thresholds`.
        window: the largest b.
        shrink: whether b is drawn from 1..window; otherwise b is `window`.
        key: key of the block's random stream.
        kept: (at least end - start,) int32, filled with the kept ids; the rest is undefined.
        radii: same shape, int32, filled with b of each kept word.

    Returns:
        The number of words kept.
    """
    n: Any = 0
    for position in range(start, end):
        word = tokens[position]
        bits = draw(key, np.uint64(position - origin))
        # Written even if the word is dropped: an unpredictable branch would cost more.
        kept[n] = word
        radii[n] = np.int64(below(bits, np.uint64(window))) + 1 if shrink else window
        n += np.int64(low_half(bits) <= np.uint64(thresholds[word]))
    return n
