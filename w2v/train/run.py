"""What every training run has in common, whatever its loss: schedule, record, and its observer.

`w2v.train.hogwild.HogwildRun` trains the sampled losses and `w2v.train.softmax.FullRun` the full
softmax.
"""

from __future__ import annotations

import json
import math
import threading
import time
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

import w2v
from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.embeddings import Embeddings
from w2v.errors import DivergenceError, shown
from w2v.formats.table import first_not_finite, read_only
from w2v.losses.base import Loss
from w2v.train.state import Position, Tally
from w2v.train.worker_pool import Crew
from w2v.util.files import StrPath

MAX_MEAN_LOSS = 1e4
"""Nats a pair. A model that learns stays below 100; one that diverges passes this on its way to
infinity, often within a few steps."""


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
        words_done: words trained before, where a run is resumed.
        history: how it began, as the record of the run will say.
        on_disk: bytes that the run itself will write, by file or folder.
    """

    corpus: Corpus | ShardedCorpus
    config: TrainConfig
    memory_bytes: int
    seconds: float
    words_done: int = 0
    history: Mapping[str, Any] = field(default_factory=dict)
    on_disk: Mapping[StrPath, int] = field(default_factory=dict)


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

    def resumed(self, progress: float, path: str) -> None:
        """The run goes on from a checkpoint at this fraction of its words, 0 to 1."""

    def checkpointed(self, progress: float, path: str) -> None:
        """A checkpoint has been written, of the run at this fraction of its words."""

    def warning(self, text: str) -> None:
        """Something that a person should know, and that does not stop the run."""
        warnings.warn(text, RuntimeWarning, stacklevel=2)


class Run(ABC):
    """One training run over an encoded corpus.

    The model, `tallies` and `position` belong together: the threads of `crew` change all three
    within a turn, so that a copy that is made while the crew is paused is a whole state.

    Attributes:
        corpus, config, loss: what is trained, with which options.
        total_words: words of all epochs, before subsampling.
        crew: the threads that train.
        lock: for what they share: `position`, `tallies`, `lr`.
        position: what is done.
        tallies: of each epoch that was begun.
        lr: learning rate of the newest block or step.
        lr_factor: what the planned rate is multiplied by; below 1 after a back-off.
        back_offs: what was done about divergences, for the record.
        history: what else the record should say of how the run began.
        validation: the held-out losses so far, for the record; None without `validate`.
    """

    def __init__(self, corpus: Corpus | ShardedCorpus, config: TrainConfig, loss: Loss) -> None:
        self.corpus = corpus
        self.config = config
        self.loss = loss
        self.total_words = corpus.n_words * config.epochs_
        self.crew = Crew()
        self.lock = threading.Lock()
        self.position = Position()
        self.tallies: list[Tally] = []
        self.lr = config.lr_
        self.lr_factor = 1.0
        self.back_offs: list[dict[str, Any]] = []
        self.history: dict[str, Any] = {}
        self.validation: dict[str, Any] | None = None
        self._seconds = 0.0
        self._started: float | None = None
        self._reported = (0, 0.0, 0)

    def run(self, observer: Observer) -> None:
        """Train what is left of the epochs, or until the observer has seen enough."""
        with self.prepared() as forecast_seconds:
            plan = Plan(
                self.corpus, self.config, self.memory_bytes(), forecast_seconds, self.words_done,
                self.history,
            )  # fmt: skip
            observer.planned(plan)
            while not self.finished:
                epoch = self.position.epoch
                with self.timed():
                    self.train_epoch(epoch, observer)
                ended = observer.epoch_ended(self)
                self.position = Position(epoch + 1, ended=ended)

    @abstractmethod
    def prepared(self) -> AbstractContextManager[float]:
        """Around the epochs: get ready, and forecast how many seconds they will take."""

    @abstractmethod
    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """Train what `position` leaves of an epoch; its tally and `position` say what was done."""

    @property
    @abstractmethod
    def n_blocks(self) -> int:
        """Blocks in an epoch."""

    @abstractmethod
    def memory_bytes(self) -> int:
        """See `Plan`."""

    @abstractmethod
    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Center vectors (V, D), context vectors (V, D) and output bias (V,) as they are now."""

    @abstractmethod
    def parameters(self) -> dict[str, np.ndarray]:
        """The arrays that training changes, by name; not copies. Vectors are (V, D)."""

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """The optimiser's own arrays, by name; not copies."""
        return {}

    def tally(self, epoch: int) -> Tally:
        """The tally of an epoch that has begun, or begins."""
        if len(self.tallies) == epoch:
            self.tallies.append(Tally())
        return self.tallies[epoch]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return self.position.ended or self.position.epoch == self.config.epochs_

    @property
    def epochs_trained(self) -> int:
        """Epochs that are over."""
        return self.position.epoch + (self.position.block == self.n_blocks)

    @property
    def words_done(self) -> int:
        """Words trained so far, before subsampling."""
        epoch = self.position.epoch
        current = self.tallies[epoch].words if epoch < len(self.tallies) else 0
        return epoch * self.corpus.n_words + current

    @property
    def epoch_losses(self) -> list[float]:
        """Mean loss in nats a pair, for each epoch that has had a pair."""
        return [tally.loss / tally.pairs for tally in self.tallies if tally.pairs]

    @property
    def words_kept(self) -> int:
        """Words that subsampling kept, over all epochs."""
        return sum(tally.words_kept for tally in self.tallies)

    @property
    def seconds(self) -> float:
        """Time spent in training, without reading and the observer's own work between epochs."""
        running = 0.0 if self._started is None else time.perf_counter() - self._started
        return self._seconds + running

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Around what counts as training."""
        self._started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds, self._started = self.seconds, None

    def progress(self) -> Progress:
        """What has been done, and the mean loss since the last call."""
        epoch = self.position.epoch
        with self.lock:
            tally, lr = self.tally(epoch), self.lr
            loss, pairs, words = tally.loss, tally.pairs, tally.words
        of_epoch, before_loss, before_pairs = self._reported
        if of_epoch != epoch:
            before_loss, before_pairs = 0.0, 0
        mean = math.nan
        if pairs > before_pairs:
            mean = (loss - before_loss) / (pairs - before_pairs)
            self._reported = (epoch, loss, pairs)
        done = epoch * self.corpus.n_words + words
        return Progress(done, self.total_words, epoch + 1, lr, mean)

    def learning_rate(self, words: int) -> float:
        """Linear decay from lr at word 0 to min_lr at the last word of the last epoch."""
        done = words / self.total_words
        start, end = self.config.lr_, self.config.min_lr
        return self.lr_factor * (start + (end - start) * done)

    def record(self) -> dict[str, Any]:
        """All of the state that is not in arrays, as JSON can hold it."""
        return {
            "position": list(self.position),
            "n_blocks": self.n_blocks,
            "tallies": [list(asdict(tally).values()) for tally in self.tallies],
            "seconds": self.seconds,
            "lr_factor": self.lr_factor,
            "back_offs": self.back_offs,
            "history": self.history,
        }

    def restore(self, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> None:
        """Go on from a state: the arrays of `parameters` and `optimiser_state`, and a `record`."""
        for name, array in (self.parameters() | self.optimiser_state()).items():
            array[...] = arrays[name]
        self.tallies = [Tally(*values) for values in record["tallies"]]
        self.position = Position(*record["position"])
        self._seconds = record["seconds"]
        self.lr_factor = record["lr_factor"]
        self.back_offs = record["back_offs"]
        self.history = record["history"]
        if self.tallies:
            last = self.tallies[-1]
            self._reported = (len(self.tallies) - 1, last.loss, last.pairs)

    def diverged(self, place: str, lr: float, loss: float) -> DivergenceError:
        """The error for a mean loss that is not finite or far too large, and the word to blame."""
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
        return DivergenceError(
            f"{place}: expected a loss below {MAX_MEAN_LOSS:.0f} nats a pair, got {loss:.3g} at "
            f"learning rate {lr:.3g} ({which}); lower --lr"
        )

    def embeddings(self, read_seconds: float) -> Embeddings:
        """The vectors as they are now, with a record of the run."""
        centers, contexts, bias = self.vectors()
        record = {
            "w2v_version": w2v.__version__,
            "config": asdict(self.config),
            "epoch_losses": self.epoch_losses,
            "epochs_trained": self.epochs_trained,
            "words_trained": self.words_done,
            "audit": asdict(self.corpus.audit),
            "words_after_subsampling": self.words_kept,
            "read_seconds": read_seconds,
            "train_seconds": self.seconds,
            **self.history,
        }
        if self.back_offs:
            record["back_offs"] = self.back_offs
        if self.validation is not None:
            record["validation"] = self.validation
        return Embeddings(
            self.corpus.vocabulary.words,
            read_only(centers),
            counts=self.corpus.vocabulary.counts,
            context_vectors=None if contexts is None else read_only(contexts),
            output_bias=None if bias is None else read_only(bias),
            metadata={"training": json.dumps(record)},
        )
