"""Worker threads that can be paused between two steps, and the caller's thread that watches them.

A worker trains in *turns*: one turn is one block or step, after which the model and the state of
the run agree. Between turns, all workers can be stopped, or paused, so that model and state can be
copied together. Python runs signal handlers only in the main thread; as the caller's thread does
not train, Ctrl-C never interrupts an update half-way. The pool does not know what is trained.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager

from w2v.util.threads import ThreadPool

TICK_SECONDS = 0.1
"""Time between two checks on the workers by the caller's thread; also the delay of Ctrl-C."""


class TurnAbandoned(Exception):
    """A long turn was abandoned before it changed anything."""


class WorkerPool:
    """Worker threads that take turns; see the module's docstring."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = 0  # workers in a turn
        self._paused = False
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether no further turn will begin, because of an error, an interrupt, or the end."""
        return self._stopped

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """A context for one turn of a worker; yields False if the worker should return instead."""
        with self._changed:
            while self._paused and not self._stopped:
                self._changed.wait()
            proceed = not self._stopped
            self._busy += 1
        failed = True
        try:
            yield proceed
            failed = False
        finally:
            with self._changed:
                self._busy -= 1
                # Set before the pool can be paused: the state after a failed turn must not be
                # copied.
                self._stopped |= failed
                self._changed.notify_all()

    def check(self) -> None:
        """Abandon a long turn if the workers should stop; call this before it changes anything.

        Raises:
            TurnAbandoned: the workers should stop.
        """
        if self._stopped:
            raise TurnAbandoned

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A context in which all workers wait between two turns."""
        try:
            with self._changed:
                self._paused = True
                while self._busy:
                    self._changed.wait()
            yield
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()

    def run(self, work: Callable[[], None], workers: int, watch: Callable[[], None]) -> None:
        """Run `work` in several threads until all of them have returned.

        Args:
            work: takes turns until there is nothing left to do.
            workers: how many threads run it.
            watch: called by the caller's thread every `TICK_SECONDS`, and once at the end.

        Raises:
            The first exception of `work` or `watch`; all threads have ended by then.
        """
        self._stopped = False

        def guarded() -> None:
            try:
                work()
            except TurnAbandoned:
                pass
            except BaseException:
                self.stop()
                raise

        futures: list[Future[None]] = []
        with ThreadPool(workers, thread_name_prefix="w2v-train") as pool:
            try:
                futures += (pool.submit(guarded) for _ in range(workers))
                pending = set(futures)
                while pending:
                    _, pending = wait(pending, TICK_SECONDS, FIRST_EXCEPTION)
                    watch()
            finally:
                self.stop()
        for future in futures:
            future.result()

    def stop(self) -> None:
        """Keep further turns from beginning."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
