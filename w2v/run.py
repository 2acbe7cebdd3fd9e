"""What every training run has in common, whatever its loss: schedule, record, and its observer.

`w2v.hogwild.HogwildRun` trains the sampled losses and `w2v.full.FullRun` the full softmax.
"""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import w2v
from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.embeddings import Embeddings
from w2v.errors import DivergenceError
from w2v.losses.base import Loss

MAX_MEAN_LOSS = 1e4
"""Nats a pair. A model that learns stays below 100; one that diverges passes this on its way to
infinity, often within a few steps."""

TICK_SECONDS = 0.1
"""How often progress is reported, and the longest wait after Ctrl-C."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        words: words trained so far, before subsampling; of `total_words` over all epochs.
        epoch: the epoch that is being trained, from 1.
        lr: learning rate of the newest block or step.
        loss: mean loss in nats a pair since the last report (nan before the first pair).
    """

    words: int
    total_words: int
    epoch: int
    lr: float
    loss: float


@dataclass(frozen=True)
class Plan:
    """What is about to be trained.

    Attributes:
        corpus: the encoded corpus.
        config: the options, with those that depend on the loss filled in.
        memory_bytes: parameters, the optimiser's state, working memory and the token ids.
        seconds: a forecast from a few blocks or steps that change nothing.
    """

    corpus: Corpus
    config: TrainConfig
    memory_bytes: int
    seconds: float


class Observer:
    """Told what goes on; override what is of interest. All calls come from the caller's thread."""

    def reading(self, done: int, total: int | None) -> None:
        """Bytes of text read so far, and in all if that is known."""

    def planned(self, plan: Plan) -> None:
        """The corpus is read and the model allocated; training starts."""

    def progress(self, progress: Progress) -> None:
        """Called several times a second, and once at the end."""

    def epoch_ended(self, run: Run) -> bool:
        """An epoch is over, nothing is being trained; True ends the run here."""
        return False

    def validated(self, epoch: int, nats: float, best: bool) -> None:
        """The held-out loss after an epoch (from 1), and whether it is the lowest so far."""

    def interrupted(self, embeddings: Embeddings) -> None:
        """Ctrl-C was pressed; these are the vectors so far. KeyboardInterrupt follows."""


class Run(ABC):
    """One training run over an encoded corpus.

    Attributes:
        corpus, config, loss: what is trained, with which options.
        total_words: words of all epochs, before subsampling.
        epoch_losses: mean loss in nats a pair, for each epoch that was begun.
        words_kept: words that subsampling kept, over all epochs.
        epochs_trained: epochs that are over.
        validation: the held-out losses so far, for the record; None without `validate`.
        seconds: time spent in training, without reading and without the observer's own work
            between epochs.
    """

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: Loss) -> None:
        self.corpus = corpus
        self.config = config
        self.loss = loss
        self.total_words = len(corpus.tokens) * config.epochs_
        self.epoch_losses: list[float] = []
        self.words_kept = 0
        self.epochs_trained = 0
        self.validation: dict[str, Any] | None = None
        self.seconds = 0.0

    def run(self, observer: Observer) -> None:
        """Train all epochs, or until the observer has seen enough."""
        with self.prepared() as forecast_seconds:
            plan = Plan(self.corpus, self.config, self.memory_bytes(), forecast_seconds)
            observer.planned(plan)
            for epoch in range(self.config.epochs_):
                started = time.perf_counter()
                try:
                    self.train_epoch(epoch, observer)
                finally:
                    self.seconds += time.perf_counter() - started
                self.epochs_trained += 1
                if observer.epoch_ended(self):
                    break

    @abstractmethod
    def prepared(self) -> AbstractContextManager[float]:
        """Around the epochs: get ready, and forecast how many seconds they will take."""

    @abstractmethod
    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """Train one epoch, adding to `epoch_losses` and `words_kept`."""

    @abstractmethod
    def memory_bytes(self) -> int:
        """See `Plan`."""

    @abstractmethod
    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Center vectors (V, D), context vectors (V, D) and output bias (V,) as they are now."""

    def learning_rate(self, words: int) -> float:
        """Linear decay from lr at word 0 to min_lr at the last word of the last epoch."""
        done = words / self.total_words
        start, end = self.config.lr_, self.config.min_lr
        return start + (end - start) * done

    def diverged(self, place: str, lr: float, loss: float) -> DivergenceError:
        """The error for a mean loss that is not finite or far too large."""
        words = self.corpus.vocabulary.words
        which = ""
        for matrix in self.vectors()[:2]:
            bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
            if len(bad):
                which = f" (the vector of {words[bad[0]]!r} is not finite)"
                break
        return DivergenceError(
            f"{place}: expected a loss below {MAX_MEAN_LOSS:.0f} nats a pair, got {loss:.3g} at "
            f"learning rate {lr:.3g}{which}; lower --lr"
        )

    def embeddings(self, read_seconds: float) -> Embeddings:
        """The vectors as they are now, with a record of the run."""
        centers, contexts, bias = self.vectors()
        record = {
            "w2v_version": w2v.__version__,
            "config": asdict(self.config),
            "epoch_losses": self.epoch_losses,
            "epochs_trained": self.epochs_trained,
            "words_trained": self.epochs_trained * len(self.corpus.tokens),
            "audit": asdict(self.corpus.audit),
            "words_after_subsampling": self.words_kept,
            "read_seconds": read_seconds,
            "train_seconds": self.seconds,
        }
        if self.validation is not None:
            record["validation"] = self.validation
        return Embeddings(
            self.corpus.vocabulary.words,
            centers,
            counts=self.corpus.vocabulary.counts,
            context_vectors=contexts,
            output_bias=bias,
            metadata={"training": json.dumps(record)},
        )
