"""What a run has reached: its position, and the statistics of each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


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
