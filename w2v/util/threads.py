"""Threads that are not begun where they would have no memory to begin with.

CPython's `Thread.start` waits until the new thread says that it has begun; one that runs out of
memory before that says nothing, and the wait has no end (python/cpython#140746). So the room is
looked at first. Another thread may take it in the microseconds between; that is left to chance.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ROOM_BYTES = 10 * 2**20
"""Of address space: 8 MB for the stack, which is Linux's usual limit, and some for Python."""


class ThreadPool(ThreadPoolExecutor):
    """A `ThreadPoolExecutor` that raises in place of waiting for ever."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """As the base class; each call may begin a thread.

        Raises:
            MemoryError: there is no room for one.
        """
        try:
            mmap.mmap(-1, ROOM_BYTES).close()  # microseconds, for it is never touched
        except OSError as error:
            raise MemoryError("a thread (fewer --workers need less)") from error
        return super().submit(fn, *args, **kwargs)
