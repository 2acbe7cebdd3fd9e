"""w2v's own format: one safetensors file with everything that is known about the vectors.

Tensors: ``center_vectors`` (V, D) float32; optionally ``context_vectors`` (V, D) float32,
``output_bias`` (V,) float32 and ``counts`` (V,) int64; ``words_utf8`` (B,) uint8, the concatenated
bytes of the words, and ``word_offsets`` (V + 1,) int64, where each word begins, and B. Words may
contain spaces. The vectors can be memory-mapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

import w2v
from w2v.errors import FormatError, shown
from w2v.formats.base import Format, ReadOptions
from w2v.formats.open_vectors import VectorFile
from w2v.formats.safetensors_file import Tensors, read_tensors, write_tensors
from w2v.formats.table import VectorTable, check_unique

METADATA_FORMAT = "w2v-embeddings"
FORMAT_VERSION = "1"

_TENSORS: dict[str, tuple[type[Any], int]] = {
    "center_vectors": (np.float32, 2),
    "context_vectors": (np.float32, 2),
    "output_bias": (np.float32, 1),
    "counts": (np.int64, 1),
    "words_utf8": (np.uint8, 1),
    "word_offsets": (np.int64, 1),
}
_OPTIONAL = {"context_vectors", "output_bias", "counts"}
_MOST_NAMES = 8


def read(source: VectorFile, options: ReadOptions) -> VectorTable:
    """Read a file that `write` wrote.

    With a limit, only the first rows are read. Mapped arrays are not checked for NaN, since that
    would read all of them; `Embeddings` checks the vectors that it uses.

    Raises:
        FormatError: the file has another format or version, or its tensors are inconsistent.
    """
    name, limit = source.name, options.limit
    tensors, metadata = read_tensors(
        source.file(), mmap=options.mmap or limit is not None, name=name
    )
    if metadata.get("format") != METADATA_FORMAT:
        raise FormatError(
            f"{name}: a safetensors file with {_names(tensors)}, but not written by w2v (its "
            f"metadata lack format={METADATA_FORMAT})"
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            f"{name}: format version {metadata.get('format_version')}, but this w2v reads version "
            f"{FORMAT_VERSION} (written by a newer w2v?)"
        )
    check_shapes(name, tensors)
    if limit is not None:
        tensors = _first_rows(name, tensors, limit)
        if not options.mmap:
            tensors = {key: np.array(tensor) for key, tensor in tensors.items()}
    words = unpack_words(name, tensors)
    check_unique(name, words)
    table = VectorTable(
        words,
        tensors["center_vectors"],
        tensors.get("counts"),
        tensors.get("context_vectors"),
        tensors.get("output_bias"),
        metadata,
    )
    table.check_finite(name, mapped=False)
    return table


def _names(tensors: Tensors) -> str:
    """Names of tensors for a message; clipped, since a foreign file may have thousands."""
    shown_names = [shown(name)[1:-1] for name in islice(tensors, _MOST_NAMES)]
    more = [f"{len(tensors) - _MOST_NAMES} more"] if len(tensors) > _MOST_NAMES else []
    return ", ".join(shown_names + more) or "no tensors"


def _first_rows(name: str, tensors: Tensors, count: int) -> Tensors:
    """The tensors of the first `count` words."""
    rows = {key: tensor[:count] for key, tensor in tensors.items() if key in _TENSORS}
    rows["word_offsets"] = tensors["word_offsets"][: count + 1]
    end = int(rows["word_offsets"][-1])
    if not 0 <= end <= len(tensors["words_utf8"]):
        raise _bad_offsets(name, len(tensors["words_utf8"]))
    rows["words_utf8"] = tensors["words_utf8"][:end]
    return rows


def check_shapes(name: str, tensors: Tensors) -> None:
    """Check that the tensors are as described in the module's docstring.

    Args:
        name: name of the file in messages.
        tensors: the tensors of the file.

    Raises:
        FormatError: a tensor is missing or has a wrong type or shape, or a count is negative.
    """
    for key, (dtype, dimensions) in _TENSORS.items():
        tensor = tensors.get(key)
        if tensor is None:
            if key not in _OPTIONAL:
                raise FormatError(f"{name}: no tensor {key}, only {_names(tensors)}")
            continue
        if tensor.dtype != dtype or tensor.ndim != dimensions:
            raise FormatError(
                f"{name}: tensor {key}: {tensor.dtype} of shape {tensor.shape}, not "
                f"{np.dtype(dtype)} of {dimensions} dimension{'s' * (dimensions > 1)}"
            )
    rows, vector_size = tensors["center_vectors"].shape
    if rows < 1 or vector_size < 1:
        raise FormatError(f"{name}: {rows} words of {vector_size} numbers; both must be at least 1")
    expected = {
        "context_vectors": (rows, vector_size),
        "output_bias": (rows,),
        "counts": (rows,),
        "word_offsets": (rows + 1,),
    }
    for key, shape in expected.items():
        if key in tensors and tensors[key].shape != shape:
            raise FormatError(f"{name}: tensor {key}: shape {tensors[key].shape}, not {shape}")
    if "counts" in tensors and tensors["counts"].min() < 0:
        raise FormatError(f"{name}: tensor counts: a negative count, {tensors['counts'].min()}")


def pack_words(words: Sequence[str]) -> Tensors:
    """Pack words into the tensors ``words_utf8`` and ``word_offsets``."""
    encoded = [word.encode() for word in words]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return {"words_utf8": np.frombuffer(b"".join(encoded), np.uint8), "word_offsets": offsets}


def unpack_words(name: str, tensors: Tensors) -> list[str]:
    """Unpack the words that `pack_words` packed.

    Args:
        name: name of the file in messages.
        tensors: its tensors, of which ``words_utf8`` and ``word_offsets`` are used.

    Raises:
        FormatError: the offsets do not divide the bytes into words, or a word is not UTF-8.
    """
    encoded = tensors["words_utf8"].tobytes()
    offsets = tensors["word_offsets"]
    if offsets[0] != 0 or offsets[-1] != len(encoded) or (offsets[1:] <= offsets[:-1]).any():
        raise _bad_offsets(name, len(encoded))
    bounds = offsets.tolist()
    words: list[str] = []
    try:
        for begin, end in pairwise(bounds):
            words.append(encoded[begin:end].decode())
    except UnicodeDecodeError as error:
        row = len(words)
        raise FormatError(
            f"{name}: row {row + 1}: byte 0x{error.object[error.start]:02x} at offset "
            f"{bounds[row] + error.start} of words_utf8 is not UTF-8"
        ) from error
    return words


def _bad_offsets(name: str, size: int) -> FormatError:
    return FormatError(
        f"{name}: tensor word_offsets: offsets must increase from 0 to {size}, the number of bytes "
        "of words_utf8"
    )


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this is probably a safetensors file."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32


def write(path: str, table: VectorTable) -> None:
    """Write a table that has been checked, completely or not at all."""
    tensors: Tensors = {"center_vectors": table.vectors, **pack_words(table.words)}
    if table.context_vectors is not None:
        tensors["context_vectors"] = table.context_vectors
    if table.output_bias is not None:
        tensors["output_bias"] = table.output_bias
    if table.counts is not None:
        tensors["counts"] = table.counts
    write_tensors(path, tensors, {**table.metadata, **own_metadata()})


def own_metadata() -> dict[str, str]:
    """The metadata that distinguish a file of w2v from other safetensors files."""
    return {
        "format": METADATA_FORMAT,
        "format_version": FORMAT_VERSION,
        "w2v_version": w2v.__version__,
    }


FORMAT = Format(
    name="safetensors",
    extensions=(".safetensors",),
    looks_like=looks_like,
    read=read,
    write=write,
    complete=True,
    mappable=True,
)
