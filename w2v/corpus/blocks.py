"""Blocks: the unit of training, progress, the learning rate and random numbers.

A block is a run of whole sentences. Its random numbers come from streams keyed by (seed, purpose,
epoch, block), so they do not depend on which worker trains it, or how many times.
"""

from __future__ import annotations

import numpy as np

BLOCK_WORDS = 10_000
"""Approximate number of words in a block: few enough to balance workers and to notice divergence
early, and enough (a few milliseconds) that handing out blocks costs almost nothing."""


def block_edges(sentence_starts: np.ndarray, block_words: int = BLOCK_WORDS) -> np.ndarray:
    """Divide a corpus into blocks of about `block_words` words.

    Args:
        sentence_starts: (S + 1,) int64, see `Corpus`.
        block_words: approximate number of words in a block.

    Returns:
        (B + 1,) int64: block b consists of sentences edges[b]..edges[b + 1] - 1.
    """
    n_words = int(sentence_starts[-1])
    targets = np.arange(0, n_words + block_words, block_words)
    edges = np.unique(np.searchsorted(sentence_starts, np.minimum(targets, n_words)))
    result: np.ndarray = edges.astype(np.int64)
    return result
