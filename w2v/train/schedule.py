"""The learning-rate schedule, the same for all losses and trainers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """Linear decay over all epochs: factor * (lr + (min_lr - lr) * words / total_words).

    Attributes:
        lr, min_lr: learning rate before the first word and after the last.
        total_words: words of all epochs, before subsampling.
        factor: 1, halved by each back-off; see `w2v.train.loop`.
    """

    lr: float
    min_lr: float
    total_words: int
    factor: float = 1.0

    def at(self, words: int) -> float:
        """The learning rate after `words` words, counted before subsampling over all epochs."""
        return self.factor * (self.lr + (self.min_lr - self.lr) * (words / self.total_words))
