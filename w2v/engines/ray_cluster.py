"""The engine of a Ray cluster; the only module that imports Ray (https://docs.ray.io, `w2v[ray]`).

Tasks are Ray tasks and references are Ray object references, so what one task passes to another
goes from node to node and never through the driver. If a worker process or a node dies, Ray runs
its tasks again, and those whose results were lost with it. Tasks are pure functions, so this does
not change a byte of the result.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

from w2v.engines.base import WAIT_SECONDS, Engine, Ref, no_check
from w2v.errors import ConfigError, W2VError, shown
from w2v.util.signals import handlers_kept

MAX_RETRIES = 10
"""How many times Ray runs a task again after its process or node has died."""

CONNECT_SECONDS = 10.0
"""How long to wait for a cluster to answer."""


class RayEngine(Engine):
    """Runs tasks on a Ray cluster, those of a group on one node as long as the node is alive.

    Args:
        workers: maximum number of threads per task, further limited by the CPUs of the smallest
            node.
        address: see `w2v.train.api.train_embeddings`.

    Raises:
        ConfigError: Ray is not installed, the address is malformed, or Ray is already connected to
            another one.
        W2VError: no cluster answers at the address, or none could be started.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        ray = self._ray = _imported()
        self._owns_connection = not ray.is_initialized()
        if self._owns_connection:
            place, target = "address", address
            if address in (None, "auto") and os.environ.get("RAY_ADDRESS"):  # as Ray does
                place, target = "RAY_ADDRESS", os.environ["RAY_ADDRESS"]
            options: dict[str, Any] = {}
            if target is None:
                options = {"num_cpus": workers, "include_dashboard": False}
            elif target != "auto":
                _check_address(place, target)
            options |= {"log_to_driver": False, "configure_logging": False}
            try:
                with handlers_kept():
                    ray.init(address=address, **options)
            except (ConnectionError, RuntimeError, ValueError, OSError) as error:
                place = "ray" if target is None else f"{place}: {target}"
                first_line = str(error).strip().partition("\n")[0]
                raise W2VError(f"{place}: cannot connect to a Ray cluster: {first_line}") from error
        elif address not in (None, "auto"):
            connected = ray.get_runtime_context().gcs_address
            if address != connected:
                raise ConfigError(
                    f"address: Ray is already connected to {connected}; leave out the address, or "
                    "call ray.shutdown() first"
                )
        nodes = [
            (node["NodeID"], int(node["Resources"]["CPU"]))
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
        ]
        if not nodes:
            self.close()
            raise W2VError("ray: no node of the cluster has a CPU")
        self._nodes = [name for name, _ in sorted(nodes)]
        self._threads = min(workers, *(cpus for _, cpus in nodes))
        self._remote: dict[Callable[..., Any], Any] = {}
        self._pending: list[Any] = []

    @property
    def n_nodes(self) -> int:
        """The number of nodes that run tasks."""
        return len(self._nodes)

    def put(self, value: Any) -> Ref:
        """See `Engine`."""
        return self._ray.put(value)

    def submit(
        self, function: Callable[..., Any], *arguments: Any, outputs: int = 1, group: int = 0,
        threads: int = 1,
    ) -> list[Ref]:  # fmt: skip
        """See `Engine`. The task runs on the group's node, or on another if that node is gone."""
        if function not in self._remote:
            self._remote[function] = self._ray.remote(max_retries=MAX_RETRIES)(function)
        affinity = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        task = self._remote[function].options(
            num_returns=outputs,
            num_cpus=threads,
            name=function.__name__,
            scheduling_strategy=affinity(self._nodes[group % self.n_nodes], soft=True),
        )
        refs = task.remote(*arguments)
        refs = [refs] if outputs == 1 else list(refs)
        self._pending.append(refs[0])
        return refs

    def get(self, refs: Sequence[Ref], check: Callable[[], None] = no_check) -> list[Any]:
        """See `Engine`."""
        ray = self._ray
        pending = list(refs)
        while pending:
            _, pending = ray.wait(pending, num_returns=len(pending), timeout=WAIT_SECONDS)
            check()
        try:
            values: list[Any] = ray.get(list(refs))
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, W2VError):
                raise type(error.cause)(*error.cause.args) from error
            raise W2VError(f"ray: a task failed: {error.cause!r}") from error
        except ray.exceptions.RayError as error:
            first_line = str(error).strip().partition("\n")[0]
            raise W2VError(f"ray: a task failed: {first_line}") from error
        self._pending = []
        return values

    def cancel(self) -> None:
        """See `Engine`."""
        for ref in self._pending:
            with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
                self._ray.cancel(ref)
        self._pending = []

    def groups(self, count: int) -> list[range]:
        """See `Engine`. One group of consecutive numbers per node, all of about the same size."""
        n = min(self.n_nodes, count)
        return [range(count * k // n, count * (k + 1) // n) for k in range(n)]

    def threads(self, group: range) -> int:
        """See `Engine`. At most the number of CPUs of the smallest node."""
        return min(self._threads, len(group))

    @property
    def all_threads(self) -> int:
        """See `Engine`."""
        return self._threads * self.n_nodes

    def close(self) -> None:
        """See `Engine`. Leaves a cluster that this engine joined; ends one that it started."""
        if self._owns_connection:
            self._ray.shutdown()


def _check_address(place: str, address: str) -> None:
    """Refuse an address at which nothing answers, which Ray would retry for minutes.

    Raises:
        ConfigError: the address is malformed.
        W2VError: nothing answers.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise ConfigError(f"{place}: expected auto or host:port, got {shown(address)}")
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        reason = error.strerror or error
        raise W2VError(f"{place}: {address}: cannot connect to a Ray cluster: {reason}") from error


def _imported() -> Any:
    """Import Ray, without its usage reports and its own printing of errors.

    Raises:
        ConfigError: Ray is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")
    try:
        import ray
        import ray.exceptions
        import ray.util.scheduling_strategies
    except ImportError as error:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise ConfigError(
            f"engine: Ray is not installed for Python {version}: pip install 'w2v[ray]'"
        ) from error
    return ray
