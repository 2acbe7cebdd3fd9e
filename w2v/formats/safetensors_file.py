"""Named arrays in a safetensors file: written without copying, read or memory-mapped.

Embeddings, corpus caches and checkpoints are stored in such files. The format consists of an 8-byte
length, a JSON header and the raw arrays; it contains no pickle and nothing executable.
Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from w2v.errors import FormatError, clipped, shown
from w2v.util.arguments import has_surrogate
from w2v.util.files import atomic_write

if TYPE_CHECKING:
    import hashlib

_HASH_BYTES = 2**26
"""Bytes hashed in one call, which Ctrl-C cannot interrupt."""

Tensors = dict[str, np.ndarray[Any, np.dtype[Any]]]

_DTYPES = {
    "BOOL": np.dtype(np.bool_),
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "U16": np.dtype("<u2"),
    "I16": np.dtype("<i2"),
    "F16": np.dtype("<f2"),
    "U32": np.dtype("<u4"),
    "I32": np.dtype("<i4"),
    "F32": np.dtype("<f4"),
    "U64": np.dtype("<u8"),
    "I64": np.dtype("<i8"),
    "F64": np.dtype("<f8"),
}
_NAMES = {dtype: name for name, dtype in _DTYPES.items()}

_DATA_ALIGNMENT = 64
"""The data begin at a multiple of this many bytes, a cache line: spaces pad the header."""

_LONGEST_REASON = 300
MAX_HEADER_BYTES = 2**24
"""Maximum size of names, shapes and metadata, which take many times as much memory in Python."""


def write_tensors(
    path: str | os.PathLike[str],
    tensors: Mapping[str, np.ndarray[Any, Any]],
    metadata: Mapping[str, str],
) -> None:
    """Write arrays and metadata to a safetensors file, completely or not at all.

    Only arrays that are not C-contiguous are copied. Arrays are sorted by decreasing item size, so
    that each is aligned to its type. Equal input gives equal bytes.

    Args:
        path: the file to create or replace.
        tensors: arrays by name.
        metadata: texts by name.

    Raises:
        FormatError: safetensors does not support the type of an array, or a name or a value of the
            metadata is not valid text.
        OutputError: the file cannot be written.
    """
    header: dict[str, object] = {}
    for text in (*tensors, *metadata, *metadata.values()):
        if not isinstance(text, str) or has_surrogate(text):
            raise FormatError(f"{path}: names and metadata must be text, not {shown(text)}")
    if metadata:
        header["__metadata__"] = dict(sorted(metadata.items()))
    arrays = sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0]))
    position = 0
    for name, array in arrays:
        dtype = _NAMES.get(array.dtype.newbyteorder("<"))
        if dtype is None:
            raise FormatError(f"{path}: tensor {name}: safetensors has no type {array.dtype}")
        end = position + array.nbytes
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [position, end]}
        position = end
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-(8 + len(encoded)) % _DATA_ALIGNMENT)
    with atomic_write(path) as stream:
        stream.write(len(encoded).to_bytes(8, "little"))
        stream.write(encoded)
        for _, array in arrays:
            little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
            stream.write(little.reshape(-1).view(np.uint8).data)


def read_tensors(
    path: str | os.PathLike[str], mmap: bool = False, *, name: str | None = None
) -> tuple[Tensors, dict[str, str]]:
    """Read a safetensors file.

    Args:
        path: a regular file.
        mmap: memory-map the arrays read-only instead of reading them: this takes no time, and
            processes share the memory. The file must not change while the arrays are in use.
        name: name of the file in messages; by default, its path.

    Returns:
        The arrays by name, in the order of the file, and the metadata.

    Raises:
        FormatError: the file cannot be read or is not safetensors, or its shapes, offsets or
            lengths are wrong.
    """
    place = os.fspath(path) if name is None else name
    try:
        header, data_start = _validated_header(path, place)
        metadata = header.pop("__metadata__", {})
        tensors: Tensors = {}
        with Path(path).open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            # One map for all tensors: the system limits the number of maps, and a foreign file may
            # have more tensors than that.
            mapped = np.memmap(stream, np.uint8, "r") if mmap and size > data_start else None
            for key, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
                tensor = f"{place}: tensor {shown(key)[1:-1]}"
                dtype, shape, begin, end = _checked_entry(tensor, entry)
                if data_start + end > size:
                    raise FormatError(f"{tensor}: fewer than its {end - begin} bytes (cut short?)")
                if mapped is not None and end > begin:
                    part = mapped[data_start + begin : data_start + end]
                    tensors[key] = part.view(dtype).reshape(shape)
                    continue
                array = np.empty(shape, dtype)
                stream.seek(data_start + begin)
                if stream.readinto(array.reshape(-1).view(np.uint8).data) != end - begin:
                    raise FormatError(f"{tensor}: fewer than its {end - begin} bytes (cut short?)")
                tensors[key] = array
    except OSError as error:
        raise FormatError(f"{place}: cannot be read: {error.strerror or error}") from error
    return tensors, metadata


def _checked_entry(place: str, entry: Mapping[str, Any]) -> tuple[Any, tuple[int, ...], int, int]:
    """Type, shape, begin and end of a tensor, from its entry in the header.

    Although safetensors has validated the header, it is checked again: the file was read a second
    time, and Python's integers do not overflow.
    """
    dtype = _DTYPES.get(entry["dtype"])
    if dtype is None:
        raise FormatError(f"{place}: type {entry['dtype']} is not one of {', '.join(_DTYPES)}")
    shape = tuple(entry["shape"])
    begin, end = entry["data_offsets"]
    if math.prod(shape) * dtype.itemsize != end - begin:
        raise FormatError(f"{place}: the shape does not match the data")
    return dtype, shape, begin, end


def _validated_header(path: str | os.PathLike[str], place: str) -> tuple[dict[str, Any], int]:
    """The header, as validated by the safetensors library, and where the data begin."""
    with Path(path).open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > MAX_HEADER_BYTES:
            raise FormatError(
                f"{place}: not a safetensors file: its header would have {length} bytes, more than "
                f"{MAX_HEADER_BYTES}"
            )
        # Check this first: safe_open maps the whole file, for which there may be no address space.
        if stream.read(1) != b"{":
            raise FormatError(f"{place}: not a safetensors file: no header")
        try:
            with safe_open(path, framework="numpy"):
                pass
        except SafetensorError as error:
            raise FormatError(
                f"{place}: a damaged safetensors file: {clipped(str(error), _LONGEST_REASON)}"
            ) from error
        stream.seek(8)
        return json.loads(stream.read(length)), 8 + length


def add_to_digest(digest: hashlib._Hash, array: np.ndarray) -> None:
    """Update a hash with the bytes of an array, piece by piece."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    for first in range(0, len(data), _HASH_BYTES):
        digest.update(data[first : first + _HASH_BYTES].data)
