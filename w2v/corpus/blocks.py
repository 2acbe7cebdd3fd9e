"""Blocks: the unit of training, of progress, of the learning rate and of random numbers.

A block is a run of whole sentences. Its random numbers come from the streams that are keyed by
(seed, purpose, epoch, block), so that it draws the same numbers whoever trains it, and however
often.
"""

from __future__ import annotations

import numpy as np

BLOCK_WORDS = 10_000
"""Words in a block, about: small enough to share and to notice trouble soon, long enough (a few
milliseconds) that handing it out costs nothing."""


def block_edges(sentence_starts: np.ndarray, block_words: int = BLOCK_WORDS) -> np.ndarray:
    """Bounds of blocks, (B + 1,) int64 sentence numbers: whole sentences, about `block_words`."""
    n_words = int(sentence_starts[-1])
    targets = np.arange(0, n_words + block_words, block_words)
    edges = np.unique(np.searchsorted(sentence_starts, np.minimum(targets, n_words)))
    result: np.ndarray = edges.astype(np.int64)
    return result
