"""Writes the state of a run to its folder now and then, while the run goes on.

Training stops only while the state is copied in memory: between two turns of all threads
(`w2v.train.worker_pool`), so that every block is in the copy whole or not at all, and
`Run.position` says which. Copying while others train, with a list of the blocks that are done,
would save that wait of some milliseconds; but a block could then be in the copy by half and be
trained again. Another thread writes the copy to the disk. This takes as much memory again as the
state.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2v.errors import DivergenceError, OutputError, shown
from w2v.formats.table import first_not_finite
from w2v.train.checkpoint import BEST, Checkpoint, vocabulary_tensors
from w2v.train.checkpoint_folder import KEPT, CheckpointFolder, Interval, numbered
from w2v.train.relay import Relay
from w2v.train.run import Observer, Plan, Progress, Run
from w2v.train.state import Position
from w2v.train.validation import Validator
from w2v.util.files import StrPath, check_space
from w2v.util.threads import ThreadPool

Arrays = dict[str, np.ndarray]


class _Written(NamedTuple):
    """A checkpoint that is on the disk."""

    path: Path
    position: Position
    progress: float


class Checkpointer(Relay):
    """Watches one run after another, which all have the same parameters.

    Args:
        observer: told about everything, and about checkpoints.
        folder: where they go.
        interval: how often.
        validator: whose state belongs to the run's, if there is one.
        identity: what a resumed run is compared with, for the record.
    """

    def __init__(
        self,
        observer: Observer,
        folder: CheckpointFolder,
        interval: Interval,
        validator: Validator | None,
        identity: Mapping[str, Any],
    ) -> None:
        super().__init__(observer)
        self.folder = folder
        self.pauses: list[float] = []
        self.last_progress: float | None = None
        self._interval = interval
        self._validator = validator
        self._identity = identity
        self._pool = ThreadPool(1, thread_name_prefix="w2v-checkpoint")
        self._copies: Arrays = {}
        self._vocabulary: Arrays = {}
        self._writing: Future[_Written] | None = None
        self._written_at: Position | None = None
        self._due_time = self._due_part = math.inf

    def follow(self, run: Run, start: Checkpoint | None) -> None:
        """Watch this run from now on, which goes on from `start`, or begins."""
        self.run = run
        self._vocabulary = vocabulary_tensors(run.corpus.vocabulary)
        best: Arrays = {}
        nats: list[float] = []
        self._written_at = None
        self.folder.keep(None if start is None else start.path)
        if start is not None:
            run.restore(start.arrays, start.record)
            nats = start.record["held_out_nats"]
            best = start.best()
            self._written_at = run.position
            self.last_progress = self._done()
        if self._validator is not None:
            self._validator.restore(run, best, nats)

    # --- what happens to the run ------------------------------------------------------------------

    def planned(self, plan: Plan) -> None:
        """Refuse a disk that is too full; the copy of the state counts as memory."""
        size = sum(array.nbytes for array in (self._changing() | self._best()).values())
        old = sum(path.stat().st_size for path in numbered(self.folder.path).values())
        to_come: dict[StrPath, int] = {self.folder.path: max(0, (KEPT + 1) * size - old)}
        check_space(to_come)
        self._set_due()
        memory = plan.memory_bytes + size
        super().planned(dataclasses.replace(plan, memory_bytes=memory, on_disk=to_come))

    def progress(self, progress: Progress) -> None:
        """Begin to write a checkpoint, if it is time."""
        super().progress(progress)
        if self._writing is not None and self._writing.done():
            self._end_writing()
        is_due = time.monotonic() >= self._due_time or self._done() >= self._due_part
        is_due = is_due and self._done() < 1  # what is over is saved once it is judged
        if is_due and self._writing is None and not self.run.crew.stopped:
            self._begin_writing()

    # --- writing ----------------------------------------------------------------------------------

    def save(self) -> None:
        """Write the run as it is now, unless that has been done; a full disk is a warning.

        Raises:
            DivergenceError: see `_write`.
        """
        run = self.run
        with run.crew.paused():  # after a second Ctrl-C threads may still be in a turn
            self._end_writing()
            if run.words_done and run.position != self._written_at:
                arrays = self._changing() | self._best()
                self._tell(lambda: self._write(arrays, self._record()))

    def save_interrupted(self) -> None:
        """Write one last checkpoint if there is anything in it to go on from."""
        try:
            self.save()
        except DivergenceError as error:
            self.warning(f"{error}; the checkpoint before it is kept")

    def settle(self) -> None:
        """Wait for what is being written: what is not finite is not written, and not said again."""
        with suppress(DivergenceError):
            self._end_writing()

    def let_go(self) -> None:
        """Wait for what is being written, and hold no run any more."""
        self.settle()
        del self.run

    def close(self) -> None:
        """Wait until everything is written."""
        self._pool.shutdown()

    def _begin_writing(self) -> None:
        started = time.perf_counter()
        with self.run.crew.paused():
            if self.run.crew.stopped:  # a thread has failed meanwhile
                return
            changing, record = self._changing(), self._record()
            for name, array in changing.items():
                if name not in self._copies:  # kept from one time to the next: new memory is slow
                    self._copies[name] = np.empty(array.shape, array.dtype)
                np.copyto(self._copies[name], array)
        self.pauses.append(time.perf_counter() - started)
        self._writing = self._pool.submit(self._write, self._copies | self._best(), record)
        self._set_due()

    def _end_writing(self) -> None:
        if self._writing is not None:
            writing, self._writing = self._writing, None
            self._tell(writing.result)

    def _tell(self, written: Callable[[], _Written]) -> None:
        """Say how the writing of a checkpoint went."""
        try:
            path, position, progress = written()
        except OutputError as error:
            self.warning(f"{error}; no checkpoint was written, those before it are kept")
        else:
            self._written_at, self.last_progress = position, progress
            self.observer.checkpointed(progress, str(path))

    def _changing(self) -> Arrays:
        """What training changes; not copied."""
        return self.run.parameters() | self.run.optimiser_state()

    def _best(self) -> Arrays:
        """The best epoch's parameters, which nobody changes once they are there."""
        best = {} if self._validator is None else self._validator.state()[0]
        return {BEST + name: array for name, array in best.items()}

    def _record(self) -> dict[str, Any]:
        nats = [] if self._validator is None else self._validator.state()[1]
        own = {"held_out_nats": nats, "progress": self._done()}
        return {**self.run.record(), **self._identity, **own}

    def _write(self, arrays: Arrays, record: dict[str, Any]) -> _Written:
        """Write a state that nobody changes meanwhile.

        Raises:
            DivergenceError: it is not finite; going on from it would be of no use.
            OutputError: it cannot be written.
        """
        for name, array in arrays.items():
            row = first_not_finite(array if array.ndim == 2 else array[:, None])
            if row is not None:
                word = shown(self.run.corpus.vocabulary.words[row])
                raise DivergenceError(
                    f"checkpoint: expected finite numbers, got others in row {row + 1} of {name}, "
                    f"{word}; lower --lr"
                )
        path = self.folder.write(self._vocabulary | arrays, record)
        return _Written(path, Position(*record["position"]), record["progress"])

    def _done(self) -> float:
        return self.run.words_done / self.run.total_words

    def _set_due(self) -> None:
        self._due_time = time.monotonic() + self._interval.seconds
        part = self._interval.part
        self._due_part = math.inf
        if math.isfinite(part):
            self._due_part = (math.floor(self._done() / part + 1e-9) + 1) * part
