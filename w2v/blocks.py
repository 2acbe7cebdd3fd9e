"""Blocks: the unit of progress, of the learning rate, of threads, and of random numbers.

A block is a run of whole sentences. Its random numbers come from the streams that are keyed by
(seed, purpose, epoch, block), so that it draws the same whoever trains it, and however often.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

BLOCK_WORDS = 10_000
"""Words in a block, about: small enough to share and to notice trouble soon, long enough (a few
milliseconds) that handing it out costs nothing."""

# Purposes of the random streams of training; `w2v.yardstick` has further ones.
STREAM_INIT, STREAM_PAIRS, STREAM_NOISE, STREAM_ORDER = 0, 1, 2, 3


class Position(NamedTuple):
    """How far a run has come, while nothing is being trained.

    Attributes:
        epoch: the epoch to train, from 0.
        block: blocks of it that are done: all those before this one, and none after.
        row: rows of that block that are done, where a block is several steps.
        ended: the run is over before its last epoch, for want of patience.
    """

    epoch: int = 0
    block: int = 0
    row: int = 0
    ended: bool = False


@dataclass
class Tally:
    """What has been trained of one epoch.

    Attributes:
        loss: nats, summed over all pairs; float64.
        pairs: how many.
        words: words of the corpus that are done, before subsampling.
        words_kept: how many of them subsampling kept.
    """

    loss: float = 0.0
    pairs: int = 0
    words: int = 0
    words_kept: int = 0

    def add(self, other: Tally) -> None:
        """Count in what has been trained besides."""
        self.loss += other.loss
        self.pairs += other.pairs
        self.words += other.words
        self.words_kept += other.words_kept


def block_edges(sentence_starts: np.ndarray, block_words: int = BLOCK_WORDS) -> np.ndarray:
    """Bounds of blocks, (B + 1,) int64 sentence numbers: whole sentences, about `block_words`."""
    n_words = int(sentence_starts[-1])
    targets = np.arange(0, n_words + block_words, block_words)
    edges = np.unique(np.searchsorted(sentence_starts, np.minimum(targets, n_words)))
    result: np.ndarray = edges.astype(np.int64)
    return result
