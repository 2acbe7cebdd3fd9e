"""The learning-rate schedule, the same for all losses and trainers."""

from __future__ import annotations

import math
from dataclasses import dataclass

from w2v.losses.base import Loss, SampledLoss

FEW_PASSES = 5
"""Up to this many passes, the default rate is not lowered, however large the corpus."""

FEW_WORDS = 40_000_000
"""Nor is it up to this many words over all passes."""


def default_lr(loss: Loss, targets: str, epochs: int, n_words: int) -> float:
    """The default initial learning rate.

    For sampled losses, it is that of the loss times sqrt(min(1, few / epochs)), where few is the
    larger of `FEW_PASSES` and `FEW_WORDS` / n_words. At the same rate, more passes fit
    the corpus better, but lower scores of word similarity (docs/explanation/measurements.md).

    Args:
        loss, targets: what to train.
        epochs: passes over the corpus.
        n_words: words of the corpus.
    """
    lr = loss.targets[targets].lr
    if not isinstance(loss, SampledLoss):
        return lr
    few = max(FEW_PASSES, FEW_WORDS / n_words)
    return lr * math.sqrt(min(1.0, few / epochs))


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
