"""Where tasks run: pure functions of arrays, handed out and awaited. Here, threads of this process.

A task is a function of a module, called with values and with references to what other tasks return;
it changes nothing that it is given, so that it may be run again, elsewhere, with the same result.
`w2v.engines.ray_cluster` runs the same tasks on a cluster. Knows nothing of what is computed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, NamedTuple

from w2v.util.threads import ThreadPool

WAIT_SECONDS = 0.1
"""How often somebody who waits for tasks looks whether to go on waiting."""

Ref = Any
"""Of a value that a task returns, or will return; what it is depends on the engine."""


class TaskCancelled(Exception):
    """Nobody waits for a task's result any more."""


class _Running(threading.local):
    """What a thread of a `LocalEngine` is doing."""

    cancelled: threading.Event | None = None


_running = _Running()


def go_on() -> None:
    """In a long task, now and then: whether to go on.

    Raises:
        TaskCancelled: nobody waits for it. On a cluster the engine ends the task by itself.
    """
    if _running.cancelled is not None and _running.cancelled.is_set():
        raise TaskCancelled


def no_check() -> None:
    """For who waits, whatever happens."""


class Engine(ABC):
    """Runs tasks. Use it from one thread at a time."""

    @abstractmethod
    def put(self, value: Any) -> Ref:
        """A reference to a value, which nobody may change from now on."""

    @abstractmethod
    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """Have ``function(*arguments)`` run; references among the arguments become their values.

        Args:
            function: of a module, pure.
            arguments: values and references; references only at the top level.
            outputs: how many values it returns, as a tuple where there are several.
            group: tasks of the same group have data in common (`groups`), and run in the same place
                if they can.
            threads: that the function will start.
        """

    @abstractmethod
    def get(self, refs: Sequence[Ref], check: Callable[[], None] = no_check) -> list[Any]:
        """The values, once they are there. Who raises from `check` waits no longer.

        Raises:
            Whatever a task has raised.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Nobody needs the results of the tasks any more: begin none, and end those that run."""

    @abstractmethod
    def groups(self, count: int) -> list[range]:
        """So many tasks, numbered from 0, in groups that run side by side in one place."""

    @abstractmethod
    def threads(self, group: range) -> int:
        """How many threads one task for the whole group should use."""

    @property
    @abstractmethod
    def all_threads(self) -> int:
        """How many threads can be busy at once, in all places."""

    @abstractmethod
    def close(self) -> None:
        """End everything."""


def tree(engine: Engine, merge: Callable[..., Any], refs: Sequence[Ref], *arguments: Any) -> Ref:
    """``merge(*arguments, first, second)`` of neighbours, then of the results, until one is left.

    A binary tree over references, whose shape depends on their number alone.
    """
    level = list(refs)
    while len(level) > 1:
        pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
        level = [
            pair[0] if len(pair) == 1 else engine.submit(merge, *arguments, *pair)[0]
            for pair in pairs
        ]
    return level[0]


class _Output(NamedTuple):
    """One of the values that a task returns."""

    future: Future[Any]
    number: int | None

    def value(self) -> Any:
        result = self.future.result()
        return result if self.number is None else result[self.number]


class LocalEngine(Engine):
    """Threads of this process; the compiled kernels let go of Python's lock.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool = ThreadPool(workers, thread_name_prefix="w2v-task")
        self._pending: list[Future[Any]] = []
        self._cancelled = threading.Event()

    def put(self, value: Any) -> Ref:
        """See `Engine`, as for all that follow."""
        future: Future[Any] = Future()
        future.set_result(value)
        return _Output(future, None)

    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """Threads take tasks in the order in which they came, so that none waits for a later one.

        A task that waits for an earlier one holds its thread; the earliest never waits.
        """
        cancelled = self._cancelled

        def call() -> Any:
            _running.cancelled = cancelled
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
        """Each task alone."""
        return [range(number, number + 1) for number in range(count)]

    def threads(self, group: range) -> int:
        """One: the engine has the threads."""
        return 1

    @property
    def all_threads(self) -> int:
        """See `Engine`."""
        return self._workers

    def close(self) -> None:
        """See `Engine`."""
        self.cancel()
        self._pool.shutdown(cancel_futures=True)
