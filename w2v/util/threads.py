"""A thread pool that raises MemoryError instead of hanging if there is no memory for a thread.

CPython's `Thread.start` waits until the new thread has started. If the thread runs out of memory
before that, the wait never ends (python/cpython#140746). Therefore, the pool first checks that
there is enough address space; another thread may still take it within the next microseconds.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ROOM_BYTES = 10 * 2**20
"""Address space for a thread: 8 MB for the stack, the usual limit on Linux, and some for Python."""


class ThreadPool(ThreadPoolExecutor):
    """A `ThreadPoolExecutor` that raises MemoryError instead of hanging."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Schedule a call, as in the base class; this may start a thread.

        Raises:
            MemoryError: there is no memory for another thread.
        """
        try:
            mmap.mmap(-1, ROOM_BYTES).close()  # takes microseconds: no page is touched
        except OSError as error:
            raise MemoryError("a thread (use fewer --workers)") from error
        return super().submit(fn, *args, **kwargs)
