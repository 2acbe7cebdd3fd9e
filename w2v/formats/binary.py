r"""The word2vec binary format: ``V D\n``, then for each word ``word``, a space and D floats.

The floats are little-endian float32. word2vec.c writes a newline after each vector, gensim and the
GoogleNews file do not: a newline before a word is skipped, as word2vec.c and gensim do, so both
kinds load, mixed ones too. What is written has the newlines. Holds words and vectors only.
Source: word2vec.c, TrainModel, and distance.c (https://github.com/tmikolov/word2vec).
"""

from __future__ import annotations

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats.content import Content
from w2v.formats.sniff import HEADER
from w2v.formats.table import (
    LONGEST_ROW,
    LONGEST_WORD,
    FloatMatrix,
    VectorTable,
    check_finite,
    check_unique,
    row_blocks,
)
from w2v.util.files import atomic_write

_FLOAT = np.dtype("<f4")
_NEWLINE = ord("\n")
_BLOCK = 2**22
"""Bytes read at once, if no row is longer."""
_LONGEST_HEADER = 128
_SHORTEST_WORD = 2
"""Bytes: one character and the space."""


def read(path: str, content: Content) -> VectorTable:
    """Read a whole file.

    Args:
        path: what messages call it.
        content: its bytes.

    Raises:
        FormatError: cut short, too long, a wrong header, or a word or number that cannot be.
    """
    rows, vector_size, position = _header(path, content)
    words, vectors = _rows(path, content, rows, vector_size, position)
    check_unique(path, words)
    check_finite(path, words, vectors)
    return VectorTable(words, vectors)


def _header(path: str, content: Content) -> tuple[int, int, int]:
    """Rows, numbers a row, and where the first word begins."""
    head = content[:_LONGEST_HEADER]
    match = HEADER.match(head)
    if match is None or not match[0].endswith(b"\n"):
        first_line = head.split(b"\n")[0].decode(errors="replace")
        raise FormatError(
            f"{path}: expected a first line of two integers (words, numbers a word), "
            f"got {shown(first_line)}"
        )
    rows, vector_size = int(match[1]), int(match[2])
    if rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}: expected at least one word and one number a word in the first line, "
            f"got {rows} and {vector_size}"
        )
    # Before anything is allocated: the header may say anything.
    least = rows * (_SHORTEST_WORD + vector_size * _FLOAT.itemsize)
    left = len(content) - match.end()
    if left < least:
        raise FormatError(
            f"{path}: expected at least {least} bytes for {rows} words of {vector_size} numbers, "
            f"got {left}"
        )
    if vector_size * _FLOAT.itemsize > LONGEST_ROW:
        raise FormatError(
            f"{path}: expected at most {LONGEST_ROW // _FLOAT.itemsize} numbers a word in the "
            f"first line, got {vector_size}"
        )
    return rows, vector_size, match.end()


def _rows(
    path: str, content: Content, rows: int, vector_size: int, position: int
) -> tuple[list[str], FloatMatrix]:
    words: list[str] = []
    vectors = np.empty((rows, vector_size), _FLOAT)
    row_bytes = vector_size * _FLOAT.itemsize
    target = memoryview(vectors.reshape(-1).view(np.uint8).data)
    filled = 0
    while len(words) < rows:
        # Whole rows of a block; what is left of it is the beginning of the next.
        block = content[position : position + max(_BLOCK, LONGEST_WORD + row_bytes + 2)]
        size, at, done = len(block), 0, len(words)
        source = memoryview(block)
        try:
            for _ in range(rows - done):  # a million times: as little Python as will do
                begin = at + 1 if at < size and block[at] == _NEWLINE else at
                space = block.find(b" ", begin)
                end = space + 1 + row_bytes
                if not 0 < space - begin <= LONGEST_WORD or end > size:
                    break
                words.append(block[begin:space].decode())
                target[filled : filled + row_bytes] = source[space + 1 : end]
                filled += row_bytes
                at = end
        except UnicodeDecodeError as error:
            raise FormatError(
                f"{path}: row {len(words) + 1}: expected a word in UTF-8, got byte "
                f"0x{error.object[error.start]:02x} at offset {position + begin + error.start}"
            ) from error
        if len(words) == done:
            raise _bad_row(path, done + 1, rows, block, len(content) - position)
        position += at
    if content[position : position + 1] == b"\n":
        position += 1
    if position != len(content):
        raise FormatError(
            f"{path}: expected the end of the file after {rows} words, "
            f"got {len(content) - position} more bytes"
        )
    return words, vectors


def _bad_row(path: str, row: int, rows: int, block: bytes, left: int) -> FormatError:
    """The error for a row that `block` begins with, `left` bytes before the end of the file."""
    block = block.removeprefix(b"\n")
    if not block:
        return FormatError(f"{path}: expected {rows} words, got {row - 1} (cut short?)")
    if block.startswith(b" "):
        return FormatError(f"{path}: row {row}: expected a word, got an empty one")
    if b" " not in block[:LONGEST_WORD] and left > LONGEST_WORD:
        return FormatError(
            f"{path}: row {row}: expected a word and a space, got no space in {LONGEST_WORD} bytes"
        )
    return FormatError(
        f"{path}: row {row}: expected a word, a space and its numbers, "
        f"got the end of the file after {len(block)} bytes (cut short?)"
    )


def write(path: str, table: VectorTable) -> None:
    """Write words and vectors, already checked, so that the file appears whole or not at all."""
    row_bytes = table.vectors.shape[1] * _FLOAT.itemsize
    with atomic_write(path) as stream:
        stream.write(b"%d %d\n" % table.vectors.shape)
        for block in row_blocks(len(table.words)):
            data = np.ascontiguousarray(table.vectors[block], _FLOAT).data.cast("B")
            parts: list[bytes | memoryview] = []
            for row, word in enumerate(table.words[block]):
                parts += (word.encode(), b" ", data[row * row_bytes : (row + 1) * row_bytes], b"\n")
            stream.write(b"".join(parts))
