"""A training run: epochs, progress, validation, checkpoints, and what happens after a divergence.

A `Run` has a `Trainer`, which knows how to train an epoch, and a `RunState`, which records what has
been done. `w2v.train.api.train_embeddings` makes one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

import w2v
from w2v.embeddings import Embeddings
from w2v.errors import DivergenceError, shown
from w2v.formats.table import first_not_finite
from w2v.held_out import Scorer
from w2v.numerics.jit import read_only
from w2v.train.callbacks import Callback, CallbackList, Plan, Progress
from w2v.train.checkpoint import Checkpoint
from w2v.train.checkpoint_writer import CheckpointWriter
from w2v.train.schedule import Schedule
from w2v.train.state import RunState
from w2v.train.trainer import Preparation, Trainer
from w2v.train.validation import Validation
from w2v.train.warm_start import start_from
from w2v.util.files import StrPath

BACK_OFF_FACTOR = 0.5
"""Factor on the learning rate after a divergence."""


class Run:
    """Trains one model.

    Args:
        trainer: how to train an epoch.
        callbacks: notified of progress and other events.
        init: vectors to start from, if any.
        validation: evaluates held-out text, if any.
        checkpoints: writes checkpoints, if they are wanted.
        read_seconds: how long it took to read the corpus, for the metadata.

    Attributes:
        state: how far the run has come.
    """

    def __init__(
        self,
        trainer: Trainer,
        callbacks: Sequence[Callback] = (),
        *,
        init: Embeddings | None = None,
        validation: Validation | None = None,
        checkpoints: CheckpointWriter | None = None,
        read_seconds: float = 0.0,
    ) -> None:
        self.trainer = trainer
        self.config = trainer.config
        self.callbacks = CallbackList(callbacks)
        self.validation = validation
        self.checkpoints = checkpoints
        self._init = init
        self._read_seconds = read_seconds
        self._tried: set[Path] = set()  # checkpoints that have led to a divergence
        self._is_restoring = False  # if True, model and state disagree and cannot be saved
        self._is_over = False  # if True, nothing changes the model any more
        self.state = self._begin()

    # --- training ---------------------------------------------------------------------------------

    def train(self, back_off: int = 0) -> None:
        """Train to the end.

        Args:
            back_off: after a divergence, continue from the last checkpoint at half the learning
                rate, at most this many times.

        Raises:
            DivergenceError: the loss has diverged once more than that.
            KeyboardInterrupt: Ctrl-C, after a checkpoint has been written; its attribute
                `embeddings` has the vectors so far.
        """
        try:
            if not self.state.finished:
                self.callbacks.on_prepare()
                with self.trainer.prepared() as preparation:
                    self._start(preparation)
                    while (error := self._train_epochs()) is not None:
                        self._back_off(error, back_off)
            if self.validation is not None:
                self.validation.finish(self.trainer, self.state)
            self._is_over = True
        except KeyboardInterrupt as interrupt:
            if not self._is_restoring:
                if self.checkpoints is not None:
                    self.checkpoints.write_interrupted(self)
                with self.trainer.pool.paused():  # after a second Ctrl-C, workers may be in a turn
                    self._is_over = True
                embeddings = self.embeddings()
                interrupt.embeddings = embeddings  # type: ignore[attr-defined]
                self.callbacks.on_interrupt(embeddings)
            raise

    def _start(self, preparation: Preparation) -> None:
        """Tell the callbacks what is about to be trained."""
        self.state.past_seconds += preparation.training_seconds
        memory = self.trainer.memory_bytes()
        on_disk: dict[StrPath, int] = {}
        if self.checkpoints is not None:
            copy, on_disk = self.checkpoints.prepare(self)
            memory += copy
        plan = Plan(
            self.trainer.corpus, self.config, memory, preparation.forecast_seconds,
            self.state.words_done, self.state.history, on_disk,
        )  # fmt: skip
        self.callbacks.on_start(plan)

    def _train_epochs(self) -> str | None:
        """Train the rest of the run; returns the message of a divergence, or None."""
        state = self.state
        try:
            while not state.finished:
                with state.timed():
                    self.trainer.train_epoch(state, self.schedule, self._watch)
                stop = False
                if self.validation is not None:
                    stop = self.validation.end_epoch(self.trainer, state, self.callbacks)
                self.callbacks.on_epoch_end(self)
                state.end_epoch(stop=stop)
            if self.checkpoints is not None:
                self.checkpoints.write_now(self)
            self.refuse_divergence()
        except DivergenceError as error:
            return str(error)
        return None

    def _watch(self) -> None:
        """Report progress, and write a checkpoint if one is due; called several times a second."""
        self.callbacks.on_progress(self.progress())
        if self.checkpoints is not None:
            self.checkpoints.write_if_due(self)

    def _back_off(self, error: str, limit: int) -> None:
        """Return to a checkpoint that has not led to a divergence yet, or to the beginning.

        Raises:
            DivergenceError: there have been `limit` back-offs already, or there are no checkpoints.
        """
        if self.checkpoints is not None:
            self.checkpoints.settle(self)  # so that the last checkpoint is known
        back_offs, factor = self.state.back_offs, self.state.lr_factor * BACK_OFF_FACTOR
        if self.checkpoints is None or len(back_offs) >= limit:
            raise DivergenceError(f"{error}{self._advice()}")
        start, _ = self.checkpoints.folder.newest(self._tried)
        self._is_restoring = True
        self.trainer.reset()  # also what checkpoints do not hold, such as padding that is now NaN
        if start is None:
            self.state = self._begin()
        else:
            self._tried.add(start.path)
            self.restore(start)
        state = self.state
        state.lr_factor = factor
        record = {"error": error, "back_to_words": state.words_done, "lr_factor": factor}
        state.back_offs = [*back_offs, record]
        self._is_restoring = False
        where = "the beginning" if start is None else f"{start.state.progress:.0%}"
        self.callbacks.on_warning(
            f"{error}; back to {where}, continuing at {factor:g} of the planned learning rate "
            f"(back-off {len(state.back_offs)})"
        )

    def _advice(self) -> str:
        """A hint for the message of a divergence: how to continue from the last checkpoint."""
        if self.checkpoints is None or self.checkpoints.last_progress is None:
            return ""
        return (
            f"; the checkpoint at {self.checkpoints.last_progress:.0%} is kept, and --resume "
            f"--back-off {len(self.state.back_offs) + 1} continues from it at half the rate"
        )

    def refuse_divergence(self) -> None:
        """Check that all parameters are finite: the loss of a step does not show what it changed.

        Raises:
            DivergenceError: a parameter is not finite; the message names the first such word.
        """
        for name, array in self.trainer.parameters().items():
            row = first_not_finite(array if array.ndim == 2 else array[:, None])
            if row is not None:
                word = shown(self.trainer.corpus.vocabulary.words[row])
                raise DivergenceError(
                    f"epoch {self.state.epochs_trained}: row {row + 1} of {name}, {word}, is not "
                    "finite; lower --lr"
                )

    # --- state ------------------------------------------------------------------------------------

    def _begin(self) -> RunState:
        """Make the state of a new run, and copy `init` into the model, which is freshly reset."""
        trainer = self.trainer
        state = RunState(self.config.epochs_, trainer.n_blocks, trainer.corpus.n_words)
        if self._init is not None:
            state.history["init"] = start_from(trainer, self._init)
        if self.validation is not None:
            self.validation.begin({})
        if self.checkpoints is not None:
            self.checkpoints.begin(None)
        self._reported: tuple[int, float, float] = (0, 0.0, 0)
        return state

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore model and state from a checkpoint, which must fit; see `w2v.train.resume`."""
        for name, array in (self.trainer.parameters() | self.trainer.optimiser_state()).items():
            array[...] = checkpoint.arrays[name]
        self.state = checkpoint.state
        if self.validation is not None:
            self.validation.begin(checkpoint.best())
        if self.checkpoints is not None:
            self.checkpoints.begin(checkpoint)
        self._reported = (0, 0.0, 0)
        if self.state.epochs:
            last = self.state.epochs[-1]
            self._reported = (len(self.state.epochs) - 1, last.loss, last.pairs)

    @property
    def schedule(self) -> Schedule:
        """The learning-rate schedule of the run, with the factor of its back-offs."""
        config, state = self.config, self.state
        return Schedule(config.lr_, config.min_lr, state.total_words, state.lr_factor)

    @property
    def epoch_losses(self) -> list[float]:
        """Mean loss in nats per pair, for each epoch that had a pair."""
        return [stats.loss / stats.pairs for stats in self.state.epochs if stats.pairs]

    def progress(self) -> Progress:
        """How far the run has come, and the mean loss since the last call."""
        state = self.state
        with state.lock:
            stats, words = state.current, state.words_done
            loss, pairs = stats.loss, stats.pairs
        epoch = state.position.epoch
        reported_epoch, reported_loss, reported_pairs = self._reported
        if reported_epoch != epoch:
            reported_loss, reported_pairs = 0.0, 0
        mean = math.nan
        if pairs > reported_pairs:
            mean = (loss - reported_loss) / (pairs - reported_pairs)
            self._reported = (epoch, loss, pairs)
        return Progress(words, state.total_words, epoch + 1, self.schedule.at(words), mean)

    def scorer(self) -> Scorer:
        """The model in the form that `w2v.held_out.measure` evaluates."""
        return self.trainer.scorer()

    def embeddings(self) -> Embeddings:
        """The current vectors, with a record of the run as JSON in `metadata["training"]`.

        During the run, they are a copy; after it, they may share the memory of the model, which no
        longer changes.
        """

        def kept(array: np.ndarray) -> np.ndarray:
            """What `Embeddings` keeps if the run is over, and copies otherwise."""
            return read_only(np.ascontiguousarray(array)) if self._is_over else array

        vectors, state, corpus = self.trainer.vectors(), self.state, self.trainer.corpus
        bias = vectors.output_bias
        record = {
            "w2v_version": w2v.__version__,
            "config": asdict(self.config),
            "epoch_losses": self.epoch_losses,
            "epochs_trained": state.epochs_trained,
            "words_trained": state.words_done,
            "audit": asdict(corpus.audit),
            "words_after_subsampling": sum(stats.words_kept for stats in state.epochs),
            "read_seconds": self._read_seconds,
            "train_seconds": state.seconds,
            **state.history,
        }
        if state.back_offs:
            record["back_offs"] = state.back_offs
        if self.validation is not None and state.held_out_losses:
            record["validation"] = self.validation.record(state)
        return Embeddings(
            corpus.vocabulary.words,
            kept(vectors.center_vectors),
            counts=corpus.vocabulary.counts,
            context_vectors=kept(vectors.context_vectors),
            output_bias=None if bias is None else kept(bias),
            metadata={"training": json.dumps(record)},
        )
