"""Reading and writing word vectors: word2vec binary and text, and safetensors.

    read(path)           a `VectorTable` from any of the formats
    write(path, table)   in the format that the path's extension names
    check_format(path)     refuses an extension that nothing can be written in

| extension | format | holds |
|---|---|---|
| `.bin` | word2vec binary | words, vectors |
| `.txt`, `.vec` | word2vec text; fastText's and GloVe's are read too | words, vectors |
| `.safetensors` | w2v's own | all, also words with spaces; loads memory-mapped |

Nothing here is a pickle: loading a file runs no code from it. Knows nothing of neighbours.
"""

from __future__ import annotations

import mmap as memory
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from w2v.errors import ConfigError, FormatError
from w2v.formats import binary, native, sniff, text
from w2v.formats.table import VectorTable, check_finite, check_words

__all__ = ["EXTENSIONS", "VectorTable", "check_format", "estimated_bytes", "read", "write"]

EXTENSIONS = {
    ".bin": sniff.BINARY,
    ".txt": sniff.TEXT,
    ".vec": sniff.TEXT,
    ".safetensors": sniff.SAFETENSORS,
}
"""What each extension stands for."""

_BYTES_A_NUMBER = {sniff.BINARY: 4, sniff.TEXT: 13, sniff.SAFETENSORS: 4}
_BYTES_A_WORD = 32
_BYTES_OF_HEADER = 1024


def check_format(path: str | os.PathLike[str]) -> str:
    """The format that `path` will be written in.

    Raises:
        ConfigError: its extension is not one of `EXTENSIONS`.
    """
    extension = Path(path).suffix
    if extension not in EXTENSIONS:
        raise ConfigError(
            f"{path}: expected a name that ends in {', '.join(EXTENSIONS)}, "
            f"got {extension or 'no extension'}"
        )
    return EXTENSIONS[extension]


def estimated_bytes(
    path: str | os.PathLike[str], rows: int, vector_size: int, *, context_vectors: bool = False
) -> int:
    """About how large a file `write` will make, for `files.check_output`.

    Args:
        path: its name, which decides the format.
        rows: number of words.
        vector_size: numbers a word.
        context_vectors: whether there are any; only safetensors holds them.
    """
    kind = check_format(path)
    matrices = 2 if context_vectors and kind == sniff.SAFETENSORS else 1
    row_bytes = matrices * vector_size * _BYTES_A_NUMBER[kind] + _BYTES_A_WORD
    return _BYTES_OF_HEADER + rows * row_bytes


def read(path: str | os.PathLike[str], *, mmap: bool = False) -> VectorTable:
    """Read a file of vectors.

    Args:
        path: the extension says the format; where it is none of `EXTENSIONS`, the content does.
            A pipe is read to its end first.
        mmap: map the vectors from the file in place of reading them: safetensors only.

    Raises:
        FormatError: the file cannot be read; the message says what it looks like.
        ConfigError: `mmap` with a format that cannot be mapped.
    """
    name = os.fspath(path)
    content = _content(name)
    head = content[: sniff.HEAD_BYTES]
    expected = EXTENSIONS.get(Path(path).suffix)
    foreign = sniff.foreign(head)
    if foreign is not None:
        raise FormatError(f"{name}: expected {expected or 'word vectors'}, got {foreign}")
    likely = sniff.vector_format(head)
    kind = likely if expected is None else expected
    if mmap and kind != sniff.SAFETENSORS:
        raise ConfigError(f"{name}: expected a .safetensors file for mmap=True, got {kind}")
    try:
        if kind == sniff.SAFETENSORS:
            return native.read(name, mmap=mmap)
        return binary.read(name, content) if kind == sniff.BINARY else text.read(name, content)
    except FormatError as error:
        if likely == kind:
            raise
        raise FormatError(f"{error}; the file looks like {likely}") from error


def _content(path: str) -> bytes | memory.mmap:
    """A file's bytes: mapped, so that nothing is read twice; a pipe's are read."""
    try:
        with Path(path).open("rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                content: bytes | memory.mmap = stream.read()
            elif status.st_size == 0:
                content = b""
            else:
                content = memory.mmap(stream.fileno(), 0, access=memory.ACCESS_READ)
    except OSError as error:
        what = "a folder" if isinstance(error, IsADirectoryError) else error.strerror or str(error)
        raise FormatError(f"{path}: expected a file of word vectors, got {what}") from error
    if len(content) == 0:
        raise FormatError(f"{path}: expected a file of word vectors, got an empty file")
    return content


def write(path: str | os.PathLike[str], table: VectorTable) -> None:
    """Write a file of vectors, in the format that the extension names, whole or not at all.

    Only safetensors holds counts, context vectors and metadata; the others leave them out.

    Raises:
        ConfigError: an extension that is none of `EXTENSIONS`.
        FormatError: before anything is written, words or numbers that could not be read back: an
            empty word, one that comes twice, whitespace in a word (allowed in safetensors), NaN.
        OutputError: the file cannot be written.
    """
    name = os.fspath(path)
    kind = check_format(name)
    _check(name, table, whitespace_allowed=kind == sniff.SAFETENSORS)
    if kind == sniff.SAFETENSORS:
        native.write(name, table)
    elif kind == sniff.BINARY:
        binary.write(name, table)
    else:
        text.write(name, table)


def _check(path: str, table: VectorTable, *, whitespace_allowed: bool) -> None:
    words: Sequence[str] = table.words
    rows, vector_size = table.vectors.shape
    if rows != len(words) or rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}: expected a vector a word, got {len(words)} words and {rows} vectors "
            f"of {vector_size} numbers"
        )
    check_words(path, words, whitespace_allowed=whitespace_allowed)
    check_finite(path, words, table.vectors)
    if table.counts is not None and table.counts.min() < 0:
        raise FormatError(f"{path}: expected no negative count, got {table.counts.min()}")
    if table.context_vectors is not None:
        check_finite(f"{path}: context_vectors", words, table.context_vectors)
    if table.output_bias is not None:
        check_finite(f"{path}: output_bias", words, table.output_bias[:, None])
