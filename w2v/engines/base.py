"""The interface of engines, which run tasks.

A task is a call of a function that is defined in a module, with values and references to the
results of other tasks as arguments. It changes none of them, so it can be run again, elsewhere,
with the same result. `w2v.engines.local` runs tasks in threads of this process,
`w2v.engines.ray_cluster` on a cluster. Engines do not know what is computed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

WAIT_SECONDS = 0.1
"""Time between two calls of `check` by a caller that waits for results."""

Ref = Any
"""A reference to a value, which a task may have yet to return; its type depends on the engine."""


class TaskCancelled(Exception):
    """The result of the task is not needed any more."""


class _Current(threading.local):
    """State of the task that this thread is running.

    Attributes:
        cancelled: set when the task is cancelled; None if the engine ends tasks in another way.
    """

    cancelled: threading.Event | None = None


current = _Current()


def check_cancelled() -> None:
    """End the current task if it has been cancelled; long tasks call this now and then.

    Raises:
        TaskCancelled: the result is not needed any more. (A cluster ends cancelled tasks itself.)
    """
    if current.cancelled is not None and current.cancelled.is_set():
        raise TaskCancelled


def no_check() -> None:
    """The default `check` of `Engine.get`, which lets the caller wait until the end."""


class Engine(ABC):
    """Runs tasks. Use it from one thread at a time."""

    @abstractmethod
    def put(self, value: Any) -> Ref:
        """Return a reference to a value, which must not change from now on."""

    @abstractmethod
    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """Schedule ``function(*arguments)``, with references replaced by their values.

        Args:
            function: a pure function, defined in a module.
            arguments: values and references; references inside other values are not replaced.
            outputs: number of values that the function returns, as a tuple if there are several.
            group: number of the group (`groups`); tasks of one group share data, and run in one
                place if possible.
            threads: number of threads that the function will start.

        Returns:
            A reference for each output.
        """

    @abstractmethod
    def get(self, refs: Sequence[Ref], check: Callable[[], None] = no_check) -> list[Any]:
        """Wait for values and return them.

        Args:
            refs: references to the values.
            check: called about every `WAIT_SECONDS`; an exception that it raises ends the wait.

        Raises:
            Whatever a task has raised.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop all pending tasks and end those that are running: their results are not needed."""

    @abstractmethod
    def groups(self, count: int) -> list[range]:
        """Divide the numbers 0 to `count` - 1, as of shards, into groups for one task each."""

    @abstractmethod
    def threads(self, group: range) -> int:
        """Number of threads to use in a task that does the work of a whole group."""

    @property
    @abstractmethod
    def all_threads(self) -> int:
        """Number of threads that can be busy at the same time, in all places together."""

    @abstractmethod
    def close(self) -> None:
        """End all tasks and release the engine's resources."""


def tree(engine: Engine, merge: Callable[..., Any], refs: Sequence[Ref], *arguments: Any) -> Ref:
    """Merge values in a binary tree, whose shape depends only on their number.

    Args:
        engine: runs the merges.
        merge: called as ``merge(*arguments, first, second)`` for two neighbours, until one value is
            left.
        refs: references to the values, at least one.
        arguments: further arguments.

    Returns:
        A reference to the last value.
    """
    level = list(refs)
    while len(level) > 1:
        pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
        level = [
            pair[0] if len(pair) == 1 else engine.submit(merge, *arguments, *pair)[0]
            for pair in pairs
        ]
    return level[0]
