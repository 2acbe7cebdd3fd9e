"""The project's own format: everything about the vectors in one safetensors file.

Tensors: ``center_vectors`` (V, D) float32; where there are any, ``context_vectors`` likewise,
``output_bias`` (V,) float32 and ``counts`` (V,) int64; ``words_utf8``, the words' bytes one after
the other, and ``word_offsets`` (V + 1,) int64, where each begins. Words may hold spaces. Loads
memory-mapped on request.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Any

import numpy as np

import w2v
from w2v.errors import FormatError, shown
from w2v.formats.table import VectorTable, check_finite, check_unique
from w2v.formats.tensor_file import Tensors, read_tensors, write_tensors

FORMAT = "w2v-embeddings"
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


def read(path: str, file: str, *, mmap: bool) -> VectorTable:
    """Read a file that `write` wrote.

    Args:
        path: what messages call it.
        file: where it is.
        mmap: map the vectors in place of reading them. They are then not searched for NaN, which
            would read them all.

    Raises:
        FormatError: not such a file, of another version, or its parts contradict one another.
    """
    tensors, metadata = read_tensors(file, mmap=mmap, name=path)
    if metadata.get("format") != FORMAT:
        raise FormatError(
            f"{path}: expected vectors written by w2v (metadata format={FORMAT}), "
            f"got a safetensors file with {_names(tensors)}"
        )
    if metadata.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            f"{path}: expected format version {FORMAT_VERSION}, "
            f"got {metadata.get('format_version')} (written by a newer w2v?)"
        )
    check_shapes(path, tensors)
    words = unpack_words(path, tensors)
    check_unique(path, words)
    vectors, context_vectors = tensors["center_vectors"], tensors.get("context_vectors")
    bias = tensors.get("output_bias")
    if not mmap:
        check_finite(path, words, vectors)
        if context_vectors is not None:
            check_finite(f"{path}: context_vectors", words, context_vectors)
        if bias is not None:
            check_finite(f"{path}: output_bias", words, bias[:, None])
    return VectorTable(words, vectors, tensors.get("counts"), context_vectors, metadata, bias)


def _names(tensors: Tensors) -> str:
    """A stranger's file may have thousands, of any length."""
    shown_names = [shown(name)[1:-1] for name in islice(tensors, _MOST_NAMES)]
    more = [f"{len(tensors) - _MOST_NAMES} more"] if len(tensors) > _MOST_NAMES else []
    return ", ".join(shown_names + more) or "no tensors"


def check_shapes(path: str, tensors: Tensors) -> None:
    """Refuse tensors that are not those of a file of vectors, as the module's header says.

    Raises:
        FormatError: one is missing, of another type, or of a shape that does not fit the others.
    """
    for name, (dtype, dimensions) in _TENSORS.items():
        tensor = tensors.get(name)
        if tensor is None:
            if name not in _OPTIONAL:
                raise FormatError(f"{path}: expected a tensor {name}, got {_names(tensors)}")
            continue
        if tensor.dtype != dtype or tensor.ndim != dimensions:
            raise FormatError(
                f"{path}: tensor {name}: expected {np.dtype(dtype)} of {dimensions} dimensions, "
                f"got {tensor.dtype} of shape {tensor.shape}"
            )
    rows, vector_size = tensors["center_vectors"].shape
    if rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}: expected at least one word and one number, got {rows} and {vector_size}"
        )
    expected = {
        "context_vectors": (rows, vector_size),
        "output_bias": (rows,),
        "counts": (rows,),
        "word_offsets": (rows + 1,),
    }
    for name, shape in expected.items():
        if name in tensors and tensors[name].shape != shape:
            raise FormatError(
                f"{path}: tensor {name}: expected shape {shape}, got {tensors[name].shape}"
            )
    if "counts" in tensors and tensors["counts"].min() < 0:
        raise FormatError(
            f"{path}: tensor counts: expected no negative count, got {tensors['counts'].min()}"
        )


def pack_words(words: Sequence[str]) -> Tensors:
    """The tensors that hold words."""
    encoded = [word.encode() for word in words]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(word) for word in encoded], out=offsets[1:])
    return {"words_utf8": np.frombuffer(b"".join(encoded), np.uint8), "word_offsets": offsets}


def unpack_words(path: str, tensors: Tensors) -> list[str]:
    """The words that `pack_words` packed.

    Raises:
        FormatError: the offsets contradict the bytes, or the bytes are no UTF-8.
    """
    encoded = tensors["words_utf8"].tobytes()
    offsets = tensors["word_offsets"]
    if offsets[0] != 0 or offsets[-1] != len(encoded) or (offsets[1:] <= offsets[:-1]).any():
        raise FormatError(
            f"{path}: tensor word_offsets: expected increasing offsets from 0 to {len(encoded)}, "
            "got others"
        )
    bounds = offsets.tolist()
    words: list[str] = []
    try:
        for begin, end in pairwise(bounds):
            words.append(encoded[begin:end].decode())
    except UnicodeDecodeError as error:
        row = len(words)
        raise FormatError(
            f"{path}: row {row + 1}: expected a word in UTF-8, got byte "
            f"0x{error.object[error.start]:02x} at offset {bounds[row] + error.start} of words_utf8"
        ) from error
    return words


def write(path: str, table: VectorTable) -> None:
    """Write a table, already checked, so that the file appears whole or not at all."""
    tensors: Tensors = {"center_vectors": table.vectors, **pack_words(table.words)}
    if table.context_vectors is not None:
        tensors["context_vectors"] = table.context_vectors
    if table.output_bias is not None:
        tensors["output_bias"] = table.output_bias
    if table.counts is not None:
        tensors["counts"] = table.counts
    write_tensors(path, tensors, {**table.metadata, **own_metadata()})


def own_metadata() -> dict[str, str]:
    """What tells these files from other safetensors."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, "w2v_version": w2v.__version__}
