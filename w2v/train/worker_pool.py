"""Threads that train in turns, and the caller's thread, which watches over them.

A turn is a block or a step, after which the model and the record of what has been trained agree.
Between turns the threads can be held up, so that both can be copied as they belong together, and
stopped. Python runs signal handlers in the main thread alone: as the caller's thread trains
nothing, no Ctrl-C falls into the middle of an update. Knows nothing of what is trained.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager

from w2v.util.threads import ThreadPool

TICK_SECONDS = 0.1
"""How often the caller's thread looks, and the longest wait after Ctrl-C for it to notice."""


class TurnAbandoned(Exception):
    """A long turn was given up half-way, before it changed anything."""


class Crew:
    """See the module's header."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working = 0  # threads that are in a turn
        self._held_up = False
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether no further turn will begin: an error, Ctrl-C, or all is done."""
        return self._stopped

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Around each turn of a thread; False if the thread should end in place of taking it."""
        with self._changed:
            while self._held_up and not self._stopped:
                self._changed.wait()
            going = not self._stopped
            self._working += 1
        failed = True
        try:
            yield going
            failed = False
        finally:
            with self._changed:
                self._working -= 1
                self._stopped |= failed  # at once: who has paused the crew must not take it as well
                self._changed.notify_all()

    def check(self) -> None:
        """In a long turn, where it has changed nothing yet: give it up if all are to stop."""
        if self._stopped:
            raise TurnAbandoned

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Around what needs all threads to be between two turns; they go on afterwards."""
        try:
            with self._changed:
                self._held_up = True
                while self._working:
                    self._changed.wait()
            yield
        finally:
            with self._changed:
                self._held_up = False
                self._changed.notify_all()

    def run(self, work: Callable[[], None], threads: int, watch: Callable[[], None]) -> None:
        """Run `work` in so many threads until all of them have returned.

        Args:
            work: takes turns until there are none left.
            threads: how many run it.
            watch: called by the caller's thread every `TICK_SECONDS`, and once after the end.

        Raises:
            Whatever `work` raised first, or `watch`; all threads have ended by then.
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
        with ThreadPool(threads, thread_name_prefix="w2v-train") as pool:
            try:
                futures += (pool.submit(guarded) for _ in range(threads))
                pending = set(futures)
                while pending:
                    _, pending = wait(pending, TICK_SECONDS, FIRST_EXCEPTION)
                    watch()
            finally:
                self.stop()
        for future in futures:
            future.result()

    def stop(self) -> None:
        """Let no further turn begin."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
