"""Where tasks run: the interface of an engine, and what a task may rely on.

A task is a function defined in a module, called with values and with references to what other tasks
return. It changes none of its arguments, so it can be run again, elsewhere, with the same result.
`w2v.engines.local` runs tasks in threads of this process, `w2v.engines.ray_cluster` on a cluster.
Engines do not know what is computed.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

WAIT_SECONDS = 0.1
"""How often a caller that waits for results runs its `check`."""

Ref = Any
"""A reference to a value that a task returns, now or later; its type depends on the engine."""


class TaskCancelled(Exception):
    """Nobody waits for the task's result any more."""


class _Current(threading.local):
    """The task that this thread is running."""

    cancelled: threading.Event | None = None


current = _Current()


def check_cancelled() -> None:
    """Call this now and then in a long task.

    Raises:
        TaskCancelled: nobody waits for the result. (A cluster ends cancelled tasks by itself.)
    """
    if current.cancelled is not None and current.cancelled.is_set():
        raise TaskCancelled


def no_check() -> None:
    """The `check` of a caller that waits until the end."""


class Engine(ABC):
    """Runs tasks. Use it from one thread at a time."""

    @abstractmethod
    def put(self, value: Any) -> Ref:
        """Return a reference to a value; the value must not change from now on."""

    @abstractmethod
    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """Schedule ``function(*arguments)``, with references replaced by their values.

        Args:
            function: a pure function, defined in a module.
            arguments: values and references; references only at the top level.
            outputs: how many values the function returns, as a tuple if there are several.
            group: tasks of one group (`groups`) share data and run in one place if possible.
            threads: how many threads the function will start.

        Returns:
            One reference for each output.
        """

    @abstractmethod
    def get(self, refs: Sequence[Ref], check: Callable[[], None] = no_check) -> list[Any]:
        """Wait for values. An exception raised by `check` ends the wait.

        Raises:
            Whatever a task has raised.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop all pending tasks and end those that are running: nobody needs their results."""

    @abstractmethod
    def groups(self, count: int) -> list[range]:
        """Split tasks 0 to `count` - 1 into groups; each group runs side by side in one place."""

    @abstractmethod
    def threads(self, group: range) -> int:
        """How many threads one task that serves the whole group should use."""

    @property
    @abstractmethod
    def all_threads(self) -> int:
        """How many threads can be busy at once, in all places together."""

    @abstractmethod
    def close(self) -> None:
        """End all tasks and release the engine's resources."""


def tree(engine: Engine, merge: Callable[..., Any], refs: Sequence[Ref], *arguments: Any) -> Ref:
    """Merge neighbours by ``merge(*arguments, first, second)``, then the results, down to one.

    The binary tree's shape depends only on the number of references.
    """
    level = list(refs)
    while len(level) > 1:
        pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
        level = [
            pair[0] if len(pair) == 1 else engine.submit(merge, *arguments, *pair)[0]
            for pair in pairs
        ]
    return level[0]
