"""Checkpoints: files with the whole state of a training run, and the folder that holds them.

A checkpoint is a safetensors file of vectors as described in `w2v.formats.native`, so `w2v.load`
and all commands can read it. It has further tensors (biases, the optimiser's state, the parameters
of the best epoch) and further metadata:

    checkpoint           JSON: `RunState` and `RunIdentity` (`w2v.train.state`), and the output file
    checkpoint_version   version of this layout
    checksums            JSON: SHA-256 of the name, type, shape and bytes of each tensor
    digest               SHA-256 of all other metadata

The folder keeps two checkpoints, so that one is intact whatever happens to the other:

    checkpoint-000017.safetensors
    checkpoint-000018.safetensors       the newest

`w2v.train.checkpoint_writer` decides when to write one, `w2v.train.resume` whether a run may be
resumed from it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats.native import check_shapes, own_metadata, pack_words, unpack_words
from w2v.formats.safetensors_file import Tensors, add_to_digest, read_tensors, write_tensors
from w2v.train.state import RunIdentity, RunState
from w2v.util.files import remove_leftovers
from w2v.util.folder_lock import FolderLock
from w2v.vocab import Vocabulary

CHECKPOINT_VERSION = "2"
KEPT = 2
"""Number of checkpoints that a folder keeps."""
BEST = "best."
"""Prefix of the names of tensors with the parameters after the best epoch."""
_MAX_INTEGER = 2**63 - 1
PREFIX = "checkpoint-"
_NAME = re.compile(PREFIX + r"([0-9]{6,})\.safetensors")


# --- one file -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read from a file.

    Attributes:
        path: the file.
        arrays: tensors by name, mapped read-only from the file.
        state: how far the run had come.
        identity: what the run trains.
    """

    path: Path
    arrays: Tensors
    state: RunState
    identity: RunIdentity

    def best(self) -> Tensors:
        """The parameters after the best epoch; empty if the run does not keep them."""
        return {
            name.removeprefix(BEST): array
            for name, array in self.arrays.items()
            if name.startswith(BEST)
        }

    def vocabulary(self) -> Vocabulary:
        """The words and their counts."""
        return Vocabulary(unpack_words(str(self.path), self.arrays), self.arrays["counts"])


def vocabulary_tensors(vocabulary: Vocabulary) -> Tensors:
    """The tensors of a vocabulary, which are the same in all checkpoints of a run."""
    return {"counts": vocabulary.counts, **pack_words(vocabulary.words)}


def write_checkpoint(
    path: Path, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]
) -> None:
    """Write a checkpoint; the file appears as a whole or not at all.

    Args:
        path: the file.
        arrays: the tensors.
        record: a dict with "state" and "identity", as given by their `to_json`, and "output", the
            file that the vectors will be written to.

    Raises:
        OutputError: it cannot be written.
    """
    metadata = {
        **own_metadata(),
        "checkpoint": json.dumps(record),
        "checkpoint_version": CHECKPOINT_VERSION,
        "checksums": json.dumps({name: _checksum(name, arrays[name]) for name in arrays}),
    }
    write_tensors(path, arrays, {**metadata, "digest": _digest(metadata)})


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint and verify all its bytes.

    Raises:
        FormatError: it cannot be read, is damaged or forged, or is not a checkpoint.
    """
    arrays, metadata = read_tensors(path, mmap=True)
    if metadata.pop("digest", None) != _digest(metadata):
        raise FormatError(f"{path}: not a checkpoint, or damaged: wrong digest of the metadata")
    version = metadata.get("checkpoint_version")
    if version != CHECKPOINT_VERSION:
        raise FormatError(
            f"{path}: a checkpoint of version {shown(version)}, but this w2v reads version "
            f"{CHECKPOINT_VERSION}"
        )
    checksums = _parsed(path, "checksums", metadata)
    if not isinstance(checksums, dict) or checksums.keys() != arrays.keys():
        raise FormatError(f"{path}: damaged: the tensors do not match the checksums")
    for name, array in arrays.items():
        if _checksum(name, array) != checksums[name]:
            raise FormatError(f"{path}: damaged: wrong checksum of tensor {name}")
    check_shapes(str(path), arrays)
    if "counts" not in arrays:
        raise FormatError(f"{path}: not a checkpoint: tensor counts is missing")
    record = _parsed(path, "checkpoint", metadata)
    if not isinstance(record, dict):
        raise FormatError(f"{path}: not a checkpoint: metadata checkpoint is not a JSON object")
    state = RunState.from_json(record.get("state"), str(path))
    identity = RunIdentity.from_json(record.get("identity"), str(path))
    return Checkpoint(path, arrays, state, identity)


def _parsed(path: Path, name: str, metadata: Mapping[str, str]) -> Any:
    """Parse a part of the metadata, which may be invalid JSON or too deeply nested if forged."""
    try:
        return json.loads(metadata[name], parse_int=_integer)
    except (KeyError, ValueError, RecursionError) as error:
        raise FormatError(f"{path}: metadata {name} is missing or is not JSON") from error


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) > _MAX_INTEGER:
        raise ValueError(f"an integer beyond {_MAX_INTEGER}")
    return number


def _checksum(name: str, array: np.ndarray) -> str:
    """SHA-256 of a tensor; its numbers are hashed in little-endian order, as they are stored."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{name} {little.dtype.str} {array.shape} ".encode())
    add_to_digest(digest, little)
    return digest.hexdigest()


def _digest(metadata: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode()).hexdigest()


# --- the folder -----------------------------------------------------------------------------------


def numbered(folder: Path) -> dict[int, Path]:
    """The checkpoints in a folder by number, oldest first; none if the folder does not exist."""
    if not folder.is_dir():
        return {}
    found = {int(m[1]): path for path in folder.iterdir() if (m := _NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))


def saved_output(folder: Path) -> str | None:
    """The output file of a folder's run, according to its newest checkpoint; None if unknown.

    Verifies only the metadata; damage is reported when the checkpoint is read.
    """
    for path in reversed(numbered(folder).values()):
        with suppress(FormatError):
            _, metadata = read_tensors(path, mmap=True)
            if metadata.pop("digest", None) == _digest(metadata):
                record = _parsed(path, "checkpoint", metadata)
                output = record.get("output") if isinstance(record, dict) else None
                return output if isinstance(output, str) else None
    return None


class CheckpointFolder:
    """The folder of a run's checkpoints; a context manager that locks the folder for one run."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.path = Path(folder)
        self._lock = FolderLock(folder)
        self._good: list[Path] = []  # the checkpoints to keep, oldest first

    def __enter__(self) -> CheckpointFolder:
        self._lock.__enter__()
        remove_leftovers(self.path, PREFIX)
        return self

    def __exit__(self, *details: object) -> None:
        self._lock.__exit__(*details)

    def newest(self, exclude: Collection[Path] = ()) -> tuple[Checkpoint | None, list[str]]:
        """Read the newest intact checkpoint.

        Args:
            exclude: files to ignore.

        Returns:
            The checkpoint, or None, and a message for each newer one that says what is wrong.
        """
        problems: list[str] = []
        for path in reversed(numbered(self.path).values()):
            if path not in exclude:
                try:
                    checkpoint = read_checkpoint(path)
                except FormatError as error:
                    problems.append(str(error))
                else:
                    return checkpoint, problems
        return None, problems

    def keep_only(self, path: Path | None) -> None:
        """Keep the checkpoint from which the run continues until there are two newer ones."""
        self._good = [] if path is None else [path]

    def write(self, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]) -> Path:
        """Write the next checkpoint, then remove all but the last two that are known to be good.

        Raises:
            OutputError: it cannot be written; all earlier ones are kept.
        """
        number = max(numbered(self.path), default=0) + 1
        path = self.path / f"{PREFIX}{number:06}.safetensors"
        write_checkpoint(path, arrays, record)
        self._good = [*self._good, path][-KEPT:]
        for other in numbered(self.path).values():
            if other not in self._good:
                with suppress(OSError):  # an extra file does no harm
                    other.unlink()
        return path
