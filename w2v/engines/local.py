"""The engine of one machine: tasks run in threads of this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, NamedTuple

from w2v.engines.base import WAIT_SECONDS, Engine, Ref, current, no_check
from w2v.util.threads import ThreadPool


class _Output(NamedTuple):
    """One of the values that a task returns; `number` is None if there is only one."""

    future: Future[Any]
    number: int | None

    def value(self) -> Any:
        result = self.future.result()
        return result if self.number is None else result[self.number]


class LocalEngine(Engine):
    """Runs tasks in threads of this process; compiled kernels release the GIL.

    Args:
        workers: the number of threads.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = ThreadPool(workers, thread_name_prefix="w2v-task")
        self._pending: list[Future[Any]] = []
        self._cancelled = threading.Event()

    def put(self, value: Any) -> Ref:
        """See `Engine`."""
        future: Future[Any] = Future()
        future.set_result(value)
        return _Output(future, None)

    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """See `Engine`. Threads take tasks in order of submission.

        A task that waits for the result of an earlier one blocks its thread. That cannot deadlock:
        the earliest unfinished task never waits.
        """
        cancelled = self._cancelled

        def call() -> Any:
            current.cancelled = cancelled
            return function(*(a.value() if isinstance(a, _Output) else a for a in arguments))

        future = self._pool.submit(call)
        self._pending = [task for task in self._pending if not task.done()]
        self._pending.append(future)
        return [_Output(future, None if outputs == 1 else k) for k in range(outputs)]

    def get(self, refs: Sequence[Ref], check: Callable[[], None] = no_check) -> list[Any]:
        """See `Engine`."""
        pending = {ref.future for ref in refs}
        while pending:
            _, pending = wait(pending, WAIT_SECONDS)
            check()
        return [ref.value() for ref in refs]

    def cancel(self) -> None:
        """See `Engine`."""
        self._cancelled.set()
        self._cancelled = threading.Event()
        for task in self._pending:
            task.cancel()

    def groups(self, count: int) -> list[range]:
        """See `Engine`. Each number is a group of its own."""
        return [range(number, number + 1) for number in range(count)]

    def threads(self, group: range) -> int:
        """See `Engine`. Always 1: the engine's own threads run the tasks in parallel."""
        return 1

    @property
    def all_threads(self) -> int:
        """See `Engine`."""
        return self._workers

    def close(self) -> None:
        """See `Engine`."""
        self.cancel()
        self._pool.shutdown(cancel_futures=True)
