"""The base class of trainers, which train one epoch.

`w2v.train.loop.Run` goes through the epochs, reports and writes checkpoints, and has a `Trainer`
for the training itself: that of `w2v.train.sampled`, `w2v.train.cuda`, `w2v.train.rounds` or
`w2v.train.softmax`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.errors import DivergenceError, shown
from w2v.formats.table import first_not_finite
from w2v.held_out import Scorer
from w2v.losses.base import Loss
from w2v.train.schedule import Schedule
from w2v.train.state import EpochStats, RunState
from w2v.train.worker_pool import WorkerPool

MAX_MEAN_LOSS = 1e4
"""Nats per pair. Models that learn stay below 100; one that diverges exceeds this on its way to
infinity, often within a few steps."""


class Vectors(NamedTuple):
    """The vectors of a model, (V, D) each, and its output bias, (V,), or None if it has none."""

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    output_bias: np.ndarray | None


class Preparation(NamedTuple):
    """Result of `Trainer.prepared`.

    Attributes:
        forecast_seconds: forecast of the time for all epochs, from a few steps that change nothing.
        training_seconds: the part of the preparation time that counts as training.
    """

    forecast_seconds: float
    training_seconds: float = 0.0


class Trainer(ABC):
    """Has a model, divides an epoch into blocks, and trains them.

    Attributes:
        corpus, config, loss: what to train on, with which options and loss.
        frozen_words: (V,) uint8, 1 for words whose center vectors are frozen; None if there are
            none.
        pool: the workers. They change the model and the state only within a turn, so that both can
            be copied while the pool is paused.
    """

    def __init__(
        self,
        corpus: Corpus | ShardedCorpus,
        config: TrainConfig,
        loss: Loss,
        frozen_words: np.ndarray | None = None,
    ) -> None:
        self.corpus = corpus
        self.config = config
        self.loss = loss
        self.frozen_words = frozen_words
        self.pool = WorkerPool()

    @property
    @abstractmethod
    def n_blocks(self) -> int:
        """Number of blocks in an epoch."""

    @abstractmethod
    def reset(self) -> None:
        """Reset the model and the optimiser to their initial values."""

    @abstractmethod
    def prepared(self) -> AbstractContextManager[Preparation]:
        """A context for the epochs: entering it compiles, allocates and forecasts the time."""

    @abstractmethod
    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """Train the blocks of the current epoch that `state` does not record as done.

        Args:
            state: what has been done; the workers advance it, step by step.
            schedule: the learning rate.
            watch: called from the caller's thread several times a second; may raise.

        Raises:
            DivergenceError: the loss is not finite, or beyond `MAX_MEAN_LOSS`.
        """

    @abstractmethod
    def vectors(self) -> Vectors:
        """The current vectors, which may change when training goes on: matrices are not copied."""

    @abstractmethod
    def scorer(self) -> Scorer:
        """The model in the form that `w2v.held_out` evaluates, with its offsets and normalisers.

        Like `vectors`, it may change when training goes on.
        """

    @abstractmethod
    def parameters(self) -> dict[str, np.ndarray]:
        """The model's arrays by name, not copied. Matrices are (V, D), vectors (V,)."""

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """The optimiser's arrays by name, not copied, and `frozen_words` if there are any."""
        return {} if self.frozen_words is None else {"frozen_words": self.frozen_words}

    @abstractmethod
    def memory_bytes(self) -> int:
        """Size of parameters, the optimiser's state, working memory and token ids."""

    def refuse_divergence(self, stats: EpochStats, place: str, lr: float) -> None:
        """Check that the mean loss of a step has not diverged.

        Args:
            stats: statistics of the step.
            place: where in the run the step was, for the message.
            lr: learning rate of the step.

        Raises:
            DivergenceError: the loss per pair is not finite, or beyond `MAX_MEAN_LOSS`. The message
                names the first word whose vector is not finite, or else the word whose center
                vector has the largest number.
        """
        pairs = max(stats.pairs, 1)
        if stats.loss <= MAX_MEAN_LOSS * pairs:  # False for NaN
            return
        words = self.corpus.vocabulary.words
        matrices = {k: array for k, array in self.parameters().items() if array.ndim == 2}
        for kind, matrix in matrices.items():
            row = first_not_finite(matrix)
            if row is not None:
                which = f"row {row + 1} of {kind}, {shown(words[row])}, is not finite"
                break
        else:
            largest = np.abs(matrices["center_vectors"]).max(axis=1)
            row = int(np.argmax(largest))
            which = f"row {row + 1}, {shown(words[row])}, has a number of size {largest[row]:.3g}"
        raise DivergenceError(
            f"{place}: the loss diverged to {stats.loss / pairs:.3g} nats per pair at learning "
            f"rate {lr:.3g} ({which}); lower --lr"
        )
