"""A checkpoint: the whole state of a training run in one file, with a checksum for every part.

It is a safetensors file of vectors as `w2v.formats.native` describes it, so that `w2v.load` and all
commands read it, with more tensors (biases, optimiser, the best epoch) and more metadata:

    checkpoint           JSON: `Run.record` and all that a resumed run is compared with
    checkpoint_version   of this layout
    checksums            JSON: SHA-256 of each tensor's name, type, shape and bytes
    digest               SHA-256 of all the other metadata

Knows one file; `w2v.train.checkpoint_folder` knows the folder, `w2v.train.checkpoint_writer` the
run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats.native import check_shapes, own_metadata, pack_words, unpack_words
from w2v.formats.tensor_file import Tensors, add_to_digest, read_tensors, write_tensors
from w2v.util.json_shape import misfit
from w2v.vocab import Vocabulary

CHECKPOINT_VERSION = "1"
BEST = "best."
"""Begins the names of the parameters after the best epoch."""
_MAX_INTEGER = 2**63 - 1

_VERSIONS = {"w2v": str, "python": str, "numpy": str, "numba": str, "machine": str}
_INIT = {"words": int, "new_words": int, "counts": bool, "context_vectors": bool}
_RECORD = {
    "position": [(int, bool)], "n_blocks": int, "tallies": [[float]], "seconds": float,
    "lr_factor": float, "back_offs": list, "held_out_nats": [float], "progress": float,
    "history": {"init": (None, _INIT), "resumed_at_words": (None, [int])},
    "config": dict, "versions": _VERSIONS,
    "corpus": {"words": int, "sentences": int, "vocabulary": int, "fingerprint": str},
}  # fmt: skip
"""The shape of a record (`w2v.util.json_shape`); `w2v.train.resume` looks at the numbers."""


@dataclass(frozen=True)
class Checkpoint:
    """A state as it was read from a file.

    Attributes:
        path: the file.
        arrays: by name, mapped read-only from the file.
        record: what is not in arrays.
    """

    path: Path
    arrays: Tensors
    record: dict[str, Any]

    def best(self) -> Tensors:
        """The parameters after the best epoch; none where they are not kept."""
        return {
            name.removeprefix(BEST): array
            for name, array in self.arrays.items()
            if name.startswith(BEST)
        }

    def vocabulary(self) -> Vocabulary:
        """The words and their counts."""
        return Vocabulary(unpack_words(str(self.path), self.arrays), self.arrays["counts"])


def vocabulary_tensors(vocabulary: Vocabulary) -> Tensors:
    """What a checkpoint holds of a vocabulary: the same in all those of a run."""
    return {"counts": vocabulary.counts, **pack_words(vocabulary.words)}


def write_checkpoint(
    path: Path, arrays: Mapping[str, np.ndarray], record: Mapping[str, Any]
) -> None:
    """Write a state; the file appears whole or not at all.

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
    """Read a state, and check every bit of it.

    Raises:
        FormatError: it cannot be read, is no checkpoint, or not what was written.
    """
    arrays, metadata = read_tensors(path, mmap=True)
    if metadata.pop("digest", None) != _digest(metadata):
        raise FormatError(f"{path}: expected a checkpoint, got a damaged one: metadata")
    version = metadata.get("checkpoint_version")
    if version != CHECKPOINT_VERSION:
        raise FormatError(
            f"{path}: expected a checkpoint of version {CHECKPOINT_VERSION}, got {shown(version)}"
        )
    checksums = _parsed(path, "checksums", metadata)
    if not isinstance(checksums, dict) or checksums.keys() != arrays.keys():
        raise FormatError(f"{path}: expected a checkpoint, got a damaged one: names of tensors")
    for name, array in arrays.items():
        if _checksum(name, array) != checksums[name]:
            raise FormatError(f"{path}: expected a checkpoint, got a damaged one: tensor {name}")
    check_shapes(str(path), arrays)
    record = _parsed(path, "checkpoint", metadata)
    wrong = misfit(record, _RECORD)
    if wrong is not None or "counts" not in arrays:
        what = wrong or "tensor counts"
        raise FormatError(f"{path}: {what}: expected the state of a run, got something else")
    return Checkpoint(path, arrays, record)


def _parsed(path: Path, name: str, metadata: Mapping[str, str]) -> Any:
    """A part of the metadata: whoever can compute a digest can write what is no JSON, or deep."""
    try:
        return json.loads(metadata[name], parse_int=_integer)
    except (KeyError, ValueError, RecursionError) as error:
        raise FormatError(f"{path}: metadata {name}: expected JSON, got something else") from error


def _integer(text: str) -> int:
    number = int(text)
    if abs(number) > _MAX_INTEGER:
        raise ValueError(f"expected at most {_MAX_INTEGER}, got more")
    return number


def _checksum(name: str, array: np.ndarray) -> str:
    """SHA-256 of a tensor; its numbers are hashed as they are stored, little-endian."""
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{name} {little.dtype.str} {array.shape} ".encode())
    add_to_digest(digest, little)
    return digest.hexdigest()


def _digest(metadata: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode()).hexdigest()
