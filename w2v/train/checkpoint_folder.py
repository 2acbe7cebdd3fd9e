"""The folder of a run's checkpoints: how often they are written, which are kept, which is read.

    checkpoints/checkpoint-000017.safetensors       the one before
    checkpoints/checkpoint-000018.safetensors       the newest

Two are kept, so that one is whole whatever becomes of the other.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2v.errors import ConfigError, FormatError
from w2v.train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from w2v.util.files import remove_leftovers
from w2v.util.lock import FolderLock

KEPT = 2

_NAME = re.compile(r"checkpoint-([0-9]{6,})\.safetensors")
_INTERVAL = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(s|m|h|%)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


class Interval(NamedTuple):
    """How often to write: a number of seconds, or a part of the run's words; the other is inf."""

    seconds: float
    part: float


def parse_interval(text: str) -> Interval:
    """``30s``, ``10m``, ``2h`` or ``5%``.

    Raises:
        ConfigError: something else, or a number that is no interval.
    """
    match = _INTERVAL.fullmatch(text.strip())
    if match is None:
        raise ConfigError(f"checkpoint_every: expected such as 10m, 90s, 2h or 5%, got {text!r}")
    number, unit = float(match[1]), match[2]
    if unit == "%":
        if not 0 < number <= 100:
            raise ConfigError(f"checkpoint_every: expected above 0% to 100%, got {text!r}")
        return Interval(math.inf, number / 100)
    if number == 0:
        raise ConfigError(f"checkpoint_every: expected more than nothing, got {text!r}")
    return Interval(number * _SECONDS[unit], math.inf)


def numbered(folder: Path) -> dict[int, Path]:
    """The checkpoints in a folder by number, the oldest first; none if there is no such folder."""
    if not folder.is_dir():
        return {}
    found = {int(m[1]): path for path in folder.iterdir() if (m := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))


class CheckpointFolder:
    """Holds the folder from `__enter__` to `__exit__`: see `w2v.util.lock.FolderLock`."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder)
        self._lock = FolderLock(folder)
        self._good: list[Path] = []

    def __enter__(self) -> CheckpointFolder:
        self._lock.__enter__()
        remove_leftovers(self.path)
        return self

    def __exit__(self, *details: object) -> None:
        self._lock.__exit__(*details)

    def newest(self, without: Collection[Path] = ()) -> tuple[Checkpoint | None, list[str]]:
        """The newest checkpoint that is whole, and what is wrong with those after it.

        Args:
            without: passed over.
        """
        problems: list[str] = []
        for path in reversed(numbered(self.path).values()):
            if path not in without:
                try:
                    checkpoint = read_checkpoint(path)
                except FormatError as error:
                    problems.append(str(error))
                else:
                    return checkpoint, problems
        return None, problems

    def keep(self, path: Path | None) -> None:
        """Count this checkpoint as good, for the run goes on from it, and no other."""
        self._good = [] if path is None else [path]

    def write(self, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> Path:
        """Write the next one; then all are removed but the last two that are known to be good.

        Raises:
            OutputError: it cannot be written; all those before are still there.
        """
        number = max(numbered(self.path), default=0) + 1
        path = self.path / f"checkpoint-{number:06}.safetensors"
        write_checkpoint(path, arrays, record)
        self._good = [*self._good, path][-KEPT:]
        for other in numbered(self.path).values():
            if other not in self._good:
                with suppress(OSError):  # one too many does no harm
                    other.unlink()
        return path
