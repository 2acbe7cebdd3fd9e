"""What every way to train has in common.

`w2v.train.loop.Run` goes through epochs, reports and writes checkpoints, and has a `Trainer` that
trains one epoch: `w2v.train.sampled`, `w2v.train.softmax` or `w2v.train.rounds`.
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
"""Nats a pair. Models that learn stay below 100; one that diverges passes this on its way to
infinity, often within a few steps."""


class Vectors(NamedTuple):
    """What becomes a file of vectors: (V, D), (V, D) and (V,), or None without an output bias."""

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    output_bias: np.ndarray | None


class Preparation(NamedTuple):
    """What `Trainer.prepared` has found out.

    Attributes:
        forecast_seconds: how long all epochs will take, from a few steps that change nothing.
        training_seconds: time of the preparation that counts as training.
    """

    forecast_seconds: float
    training_seconds: float = 0.0


class Trainer(ABC):
    """A way to train: it has a model, divides an epoch into blocks, and trains them.

    Attributes:
        corpus, config, loss: what is trained, with which options.
        frozen_words: (V,) uint8, 1 for words whose center vectors stay as they are; None if there
            are none.
        pool: the workers. They change model and state within a turn, so that both can be copied
            while the pool is paused.
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
        """Blocks in an epoch."""

    @abstractmethod
    def reset(self) -> None:
        """Give the model and the optimiser their start values again."""

    @abstractmethod
    def prepared(self) -> AbstractContextManager[Preparation]:
        """Around the epochs: compile, allocate, and forecast the time."""

    @abstractmethod
    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """Train the blocks that `state` leaves of its epoch; `state` says what was done.

        Args:
            state: advanced by the workers, step by step.
            schedule: the learning rate.
            watch: called from the caller's thread several times a second; may raise.

        Raises:
            DivergenceError: the loss is not finite, or beyond `MAX_MEAN_LOSS`.
        """

    @abstractmethod
    def vectors(self) -> Vectors:
        """The vectors as they are now."""

    @abstractmethod
    def scorer(self) -> Scorer:
        """The model as held-out text judges it, with the offsets and normalisers of its loss."""

    @abstractmethod
    def parameters(self) -> dict[str, np.ndarray]:
        """The model's arrays by name, not copied. Vectors are (V, D)."""

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """The optimiser's arrays by name, not copied, and which center vectors it leaves alone."""
        return {} if self.frozen_words is None else {"frozen_words": self.frozen_words}

    @abstractmethod
    def memory_bytes(self) -> int:
        """Bytes of parameters, the optimiser's state, working memory and token ids."""

    def refuse_divergence(self, stats: EpochStats, place: str, lr: float) -> None:
        """Check the mean loss of a step, in nats a pair.

        Args:
            stats: of the step.
            place: where in the run it was, for the message.
            lr: its learning rate.

        Raises:
            DivergenceError: it is not finite, or beyond `MAX_MEAN_LOSS`. The message names the
                first word whose vector is not finite, or the one with the largest number.
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
            which = f"row {row + 1}, {shown(words[row])}, holds {largest[row]:.3g}"
        raise DivergenceError(
            f"{place}: the loss diverged to {stats.loss / pairs:.3g} nats a pair at learning rate "
            f"{lr:.3g} ({which}); lower --lr"
        )
