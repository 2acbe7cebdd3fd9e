"""Writes checkpoints while training continues.

Workers are paused only while the state is copied in memory, between two turns
(`w2v.train.worker_pool`), so that a checkpoint contains all or nothing of each block. Copying while
they train would avoid this pause of a few milliseconds, but a block could then be copied
half-trained, and trained again later. Another thread writes the copy to disk. The copy takes as
much memory as the parameters and the optimiser's state.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from w2v.config import Interval
from w2v.errors import DivergenceError, OutputError, shown
from w2v.formats.table import first_not_finite
from w2v.train.checkpoint import (
    BEST,
    KEPT,
    Checkpoint,
    CheckpointFolder,
    numbered,
    vocabulary_tensors,
)
from w2v.train.state import Position, RunIdentity
from w2v.util.files import StrPath, check_space
from w2v.util.threads import ThreadPool

if TYPE_CHECKING:
    from w2v.train.loop import Run

Arrays = dict[str, np.ndarray]


class _Snapshot(NamedTuple):
    """A copy of the run's state: a record to write as JSON, and what the writer needs of it."""

    record: dict[str, Any]
    position: Position
    progress: float


class CheckpointWriter:
    """Writes the checkpoints of one run.

    Args:
        folder: where to write them.
        interval: how often to write one.
        identity: the identity of the run, recorded in each checkpoint.
        output: the file that the vectors will be written to, recorded as well; None if unknown.

    Attributes:
        last_progress: fraction of the words trained in the newest checkpoint; None if there is
            none.
        pauses: seconds for which each checkpoint has paused the workers.
    """

    def __init__(
        self,
        folder: CheckpointFolder,
        interval: Interval,
        identity: RunIdentity,
        output: StrPath | None = None,
    ) -> None:
        self.folder = folder
        self.last_progress: float | None = None
        self.pauses: list[float] = []
        self._interval = interval
        self._identity = identity
        self._output = output
        self._pool = ThreadPool(1, thread_name_prefix="w2v-checkpoint")
        self._copies: Arrays = {}
        self._vocabulary: Arrays = {}
        self._writing: Future[Path] | None = None
        self._snapshot: _Snapshot | None = None  # the one being written
        self._written_at: Position | None = None
        self._due_time = self._due_progress = math.inf

    def begin(self, start: Checkpoint | None) -> None:
        """Note that the run starts from a checkpoint, or from the beginning if `start` is None."""
        self.folder.keep_only(None if start is None else start.path)
        self._written_at = None
        if start is not None:
            self._written_at, self.last_progress = start.state.position, start.state.progress
        self._set_due(0.0 if start is None else start.state.progress)

    def prepare(self, run: Run) -> tuple[int, dict[StrPath, int]]:
        """Check, before training, that the disk has room for the checkpoints.

        Returns:
            Bytes of memory for the copy, and bytes that will be written to the folder.

        Raises:
            OutputError: there is too little room.
        """
        self._vocabulary = vocabulary_tensors(run.trainer.corpus.vocabulary)
        size = sum(array.nbytes for array in (_changing(run) | _best(run)).values())
        old = sum(path.stat().st_size for path in numbered(self.folder.path).values())
        to_come: dict[StrPath, int] = {self.folder.path: max(0, (KEPT + 1) * size - old)}
        check_space(to_come)
        self._set_due(run.state.progress)
        return size, to_come

    def write_if_due(self, run: Run) -> None:
        """Start to write a checkpoint if one is due and the previous one has been written."""
        if self._writing is not None and self._writing.done():
            self._end_writing(run)
        progress = run.state.progress
        is_due = time.monotonic() >= self._due_time or progress >= self._due_progress
        is_due = is_due and progress < 1  # the final checkpoint is written after validation
        if is_due and self._writing is None and not run.trainer.pool.stopped:
            self._begin_writing(run)

    def write_now(self, run: Run) -> None:
        """Write a checkpoint of the current state if there is none; a full disk is a warning.

        Raises:
            DivergenceError: a parameter is not finite.
        """
        self._vocabulary = vocabulary_tensors(run.trainer.corpus.vocabulary)
        with run.trainer.pool.paused():  # after a second Ctrl-C, workers may still be in a turn
            self._end_writing(run)
            if run.state.words_done and run.state.position != self._written_at:
                arrays, snapshot = _changing(run) | _best(run), self._take_snapshot(run)
                self._report(run, snapshot, lambda: self._write(run, arrays, snapshot))

    def write_interrupted(self, run: Run) -> None:
        """Call `write_now` after Ctrl-C; a diverged model, not worth saving, is a warning."""
        try:
            self.write_now(run)
        except DivergenceError as error:
            run.callbacks.on_warning(f"{error}; the previous checkpoint is kept")

    def settle(self, run: Run) -> None:
        """Wait for a checkpoint being written; the divergence that it may find is known already."""
        with suppress(DivergenceError):
            self._end_writing(run)

    def close(self) -> None:
        """Wait until everything is written, and end the writing thread."""
        self._pool.shutdown()

    def _begin_writing(self, run: Run) -> None:
        started = time.perf_counter()
        pool = run.trainer.pool
        with pool.paused():
            if pool.stopped:  # a worker has failed in the meantime
                return
            snapshot = self._take_snapshot(run)
            for name, array in _changing(run).items():
                if name not in self._copies:  # kept for reuse, because new memory is slow
                    self._copies[name] = np.empty(array.shape, array.dtype)
                np.copyto(self._copies[name], array)
        self.pauses.append(time.perf_counter() - started)
        arrays = self._copies | _best(run)
        self._snapshot = snapshot
        self._writing = self._pool.submit(self._write, run, arrays, snapshot)
        self._set_due(snapshot.progress)

    def _end_writing(self, run: Run) -> None:
        if self._writing is not None:
            assert self._snapshot is not None
            writing, self._writing = self._writing, None
            self._report(run, self._snapshot, writing.result)

    def _report(self, run: Run, snapshot: _Snapshot, written: Callable[[], Path]) -> None:
        """Tell the callbacks whether a checkpoint could be written."""
        try:
            path = written()
        except OutputError as error:
            run.callbacks.on_warning(
                f"{error}; no checkpoint was written, and the earlier ones are kept"
            )
        else:
            self._written_at, self.last_progress = snapshot.position, snapshot.progress
            run.callbacks.on_checkpoint(snapshot.progress, str(path))

    def _take_snapshot(self, run: Run) -> _Snapshot:
        record = {
            "state": run.state.to_json(),
            "identity": self._identity.to_json(),
            "output": self._output,
        }
        return _Snapshot(record, run.state.position, run.state.progress)

    def _write(self, run: Run, arrays: Arrays, snapshot: _Snapshot) -> Path:
        """Write a checkpoint of arrays that do not change in the meantime.

        Raises:
            DivergenceError: a parameter is not finite, so resuming would be useless.
            OutputError: the file cannot be written.
        """
        for name, array in arrays.items():
            row = first_not_finite(array if array.ndim == 2 else array[:, None])
            if row is not None:
                word = shown(run.trainer.corpus.vocabulary.words[row])
                raise DivergenceError(
                    f"checkpoint: row {row + 1} of {name}, {word}, is not finite; lower --lr"
                )
        return self.folder.write(self._vocabulary | arrays, snapshot.record)

    def _set_due(self, progress: float) -> None:
        self._due_time = time.monotonic() + self._interval.seconds
        part = self._interval.part
        self._due_progress = math.inf
        if math.isfinite(part):
            self._due_progress = (math.floor(progress / part + 1e-9) + 1) * part


def _changing(run: Run) -> Arrays:
    """The arrays that training changes; not copied."""
    return run.trainer.parameters() | run.trainer.optimiser_state()


def _best(run: Run) -> Arrays:
    """The parameters after the best epoch, which do not change; empty if the run keeps none."""
    best = {} if run.validation is None else run.validation.best
    return {BEST + name: array for name, array in best.items()}
