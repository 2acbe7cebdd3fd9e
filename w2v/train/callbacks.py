"""Callbacks: methods that a training run calls when something happens.

>>> from w2v import Callback, train_embeddings
>>> class Losses(Callback):
...     def on_epoch_end(self, run):
...         print(f"epoch {run.state.epochs_trained}: {run.epoch_losses[-1]:.1f} nats per pair")
>>> sentences = [["paris", "is", "in", "france"], ["rome", "is", "in", "italy"]] * 50
>>> wv = train_embeddings(
...     sentences, vector_size=8, min_count=1, epochs=1, sample=0, callbacks=[Losses()]
... )
epoch 1: 2.8 nats per pair
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.embeddings import Embeddings
from w2v.util.files import StrPath

if TYPE_CHECKING:
    from w2v.train.loop import Run


@dataclass(frozen=True)
class Plan:
    """What is about to be trained.

    Attributes:
        corpus: the encoded corpus.
        config: the options, with those that depend on the loss filled in.
        memory_bytes: size of parameters, the optimiser's state, working memory and token ids.
        seconds: forecast of the time for all epochs, from a few steps that change nothing.
        words_done: words trained before, if the run is resumed.
        history: how the run began, as recorded in the metadata of its vectors.
        on_disk: bytes that the run itself will write, by file or folder.
    """

    corpus: Corpus | ShardedCorpus
    config: TrainConfig
    memory_bytes: int
    seconds: float
    words_done: int = 0
    history: Mapping[str, Any] = field(default_factory=dict)
    on_disk: Mapping[StrPath, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        words: words trained so far, counted before subsampling.
        total_words: words of all epochs, counted in the same way.
        epoch: the epoch in progress, from 1.
        lr: the current learning rate.
        loss: mean loss in nats per pair since the last report; NaN if there was no pair.
    """

    words: int
    total_words: int
    epoch: int
    lr: float
    loss: float


class Callback:
    """Base class of callbacks: override the methods of interest.

    The callbacks of a run are called in the order of their list, from the thread that has started
    the run. They cannot change the run, but an exception ends it; KeyboardInterrupt acts as Ctrl-C.
    """

    def on_read(self, done: int, total: int | None) -> None:
        """Called while text is read: `done` bytes of `total`, which is None if it is unknown."""

    def on_prepare(self) -> None:
        """The corpus has been read; kernels are compiled next, and timed for a forecast."""

    def on_start(self, plan: Plan) -> None:
        """The model is allocated and the kernels are compiled; training starts."""

    def on_progress(self, progress: Progress) -> None:
        """Called several times a second, and once at the end of each epoch."""

    def on_epoch_end(self, run: Run) -> None:
        """An epoch has ended. Nothing is being trained, so `run` can be inspected.

        If there is held-out text, it has been evaluated before.
        """

    def on_validation(self, epoch: int, loss: float, best: bool) -> None:
        """The held-out loss was measured after an epoch.

        Args:
            epoch: the epoch, from 1.
            loss: its held-out loss, in nats per pair.
            best: whether it is the lowest so far.
        """

    def on_checkpoint(self, progress: float, path: str) -> None:
        """A checkpoint was written; `progress` is the fraction of the words trained, 0 to 1."""

    def on_resume(self, progress: float, path: str) -> None:
        """The run resumes from a checkpoint, with this fraction of the words trained."""

    def on_interrupt(self, embeddings: Embeddings) -> None:
        """Ctrl-C was pressed. `embeddings` are the vectors so far; KeyboardInterrupt follows."""

    def on_warning(self, text: str) -> None:
        """Something the user should know, which does not stop the run.

        If no callback of a run overrides this, the text is issued as a RuntimeWarning.
        """

    def on_end(self) -> None:
        """The run is over, whether it succeeded or not: close files and progress bars here."""


class CallbackList(Callback):
    """A callback that calls each callback of a list in turn."""

    def __init__(self, callbacks: Sequence[Callback]) -> None:
        self.callbacks = list(callbacks)

    def on_read(self, done: int, total: int | None) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_read(done, total)

    def on_prepare(self) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_prepare()

    def on_start(self, plan: Plan) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_start(plan)

    def on_progress(self, progress: Progress) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_progress(progress)

    def on_epoch_end(self, run: Run) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_epoch_end(run)

    def on_validation(self, epoch: int, loss: float, best: bool) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_validation(epoch, loss, best)

    def on_checkpoint(self, progress: float, path: str) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_checkpoint(progress, path)

    def on_resume(self, progress: float, path: str) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_resume(progress, path)

    def on_interrupt(self, embeddings: Embeddings) -> None:
        """See `Callback`."""
        for callback in self.callbacks:
            callback.on_interrupt(embeddings)

    def on_warning(self, text: str) -> None:
        """See `Callback`."""
        if all(type(callback).on_warning is Callback.on_warning for callback in self.callbacks):
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        for callback in self.callbacks:
            callback.on_warning(text)

    def on_end(self) -> None:
        """See `Callback`. If some of the callbacks raise an exception, raises the first one."""
        errors = []
        for callback in self.callbacks:
            try:
                callback.on_end()
            except BaseException as error:
                errors.append(error)
        if errors:
            raise errors[0]
