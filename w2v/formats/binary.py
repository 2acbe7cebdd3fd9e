r"""The word2vec binary format: ``V D\n``, then for each word ``word``, a space and D floats.

The floats are little-endian float32. word2vec.c writes a newline after each vector; gensim does
not, and neither does the GoogleNews file. A newline before a word is skipped, as in word2vec.c and
gensim, so both variants can be read. The writer adds the newlines. The format stores words and
vectors only. Source: word2vec.c, TrainModel, and distance.c (https://github.com/tmikolov/word2vec).
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats import sniff
from w2v.formats.base import Format, ReadOptions, decoded_word
from w2v.formats.header import check_header, header_integers
from w2v.formats.open_vectors import VectorFile
from w2v.formats.rows import RowCollector
from w2v.formats.table import LONGEST_WORD, FloatMatrix, VectorTable
from w2v.util.files import atomic_write

_FLOAT = np.dtype("<f4")
_NEWLINE = ord("\n")
_BLOCK = 2**20
"""Bytes read or written at a time, unless a row is longer: a block fits into the CPU cache."""
_LONGEST_HEADER = 128
_SHORTEST_WORD = 2
"""Bytes of the shortest word: one character and the space."""


def read(source: VectorFile, options: ReadOptions) -> VectorTable:
    """Read a file in the word2vec binary format.

    Raises:
        FormatError: the file is truncated or too long, or has an invalid header, word or number.
    """
    promised, vector_size, rest = _header(source, options)
    row_bytes = vector_size * _FLOAT.itemsize
    room = 0 if source.size is None else source.size // (_SHORTEST_WORD + row_bytes)
    rows = RowCollector(options, vector_size, min(promised, room))
    irregularities = options.irregularities
    done, expected = 0, promised
    # The incomplete row at the end of a block becomes the beginning of the next block.
    size = max(_BLOCK, LONGEST_WORD + row_bytes + 2)
    while rows.room != 0:
        block = rest + source.read(size - len(rest))
        is_last = len(block) < size
        if done == expected:
            if not _continues_after_header(block, is_last, done, options):
                break
            expected = sys.maxsize
        words, starts, at = _find_rows(block, expected - done, row_bytes)
        if not words:
            error = _row_error(irregularities.place(done + 1), block, row_bytes, is_last)
            if error is not None:
                raise error
            if done < promised:
                irregularities.found(
                    "header too high",
                    None,
                    f"{done} words, but the header says {promised} (cut short?)",
                    "reads the rows that there are",
                )
            break
        numbers = range(done + 1, done + 1 + len(words))
        rows.add(
            _decode_words(words, numbers, options), _vectors(block, starts, row_bytes), numbers
        )
        done += len(words)
        rest = block[at:]
    if not done:
        raise FormatError(f"{source.name}: no words after the header")
    return rows.table()


def _header(source: VectorFile, options: ReadOptions) -> tuple[int, int, bytes]:
    """Read the header: words, numbers per word, and the bytes after it that have been read."""
    line, newline, rest = source.read(_LONGEST_HEADER).partition(b"\n")
    integers = header_integers(line) if newline else []
    if not integers:
        raise FormatError(
            f"{source.name}: the first line must hold two integers (words, numbers per word), "
            f"not {shown(line.decode(errors='replace'))}"
        )
    rows, vector_size = check_header(integers, options.irregularities, None)
    # Refuse a truncated download immediately, not after minutes of reading.
    if source.size is not None and options.limit is None and not options.irregularities.lenient:
        least = rows * (_SHORTEST_WORD + vector_size * _FLOAT.itemsize)
        left = source.size - len(line) - 1
        if left < least:
            options.irregularities.found(
                "header too high",
                None,
                f"the header says {rows} words of {vector_size} numbers, which take at least "
                f"{least} bytes, but {left} follow (cut short?)",
                "reads the words that are there",
            )
    return rows, vector_size, rest


def _find_rows(block: bytes, count: int, row_bytes: int) -> tuple[list[bytes], list[int], int]:
    """Find up to `count` complete rows of a block.

    Returns the words, where the numbers of each begin, and where the last row ends.
    """
    words: list[bytes] = []
    starts: list[int] = []
    size, at = len(block), 0
    for _ in range(count):  # runs a million times: as little Python as possible
        begin = at + 1 if at < size and block[at] == _NEWLINE else at
        space = block.find(b" ", begin)
        end = space + 1 + row_bytes
        if not 0 < space - begin <= LONGEST_WORD or end > size:
            break
        words.append(block[begin:space])
        starts.append(space + 1)
        at = end
    return words, starts, at


def _vectors(block: bytes, starts: list[int], row_bytes: int) -> FloatMatrix:
    """The vectors that begin at these bytes of a block, (R, D) float32."""
    rows = _rows_at_each_byte(block, row_bytes)[starts]
    result: FloatMatrix = rows.view(_FLOAT).reshape(len(starts), -1)
    return result


def _decode_words(words: list[bytes], numbers: range, options: ReadOptions) -> list[str]:
    try:
        texts = b"\n".join(words).decode().split("\n")
        if len(texts) == len(words):
            return texts
    except UnicodeDecodeError:
        pass
    for number, word in zip(numbers, words, strict=True):
        if b"\n" in word:
            raise FormatError(
                f"{options.irregularities.place(number)}: a newline inside the word "
                f"{shown(word.decode(errors='replace'))}"
            )
    return [
        decoded_word(word, number, options.irregularities)
        for number, word in zip(numbers, words, strict=True)
    ]


def _continues_after_header(block: bytes, is_last: bool, done: int, options: ReadOptions) -> bool:
    """Whether `block`, which follows the last row that the header announces, has more rows.

    Raises:
        FormatError: it is not the end of the file, and the reader is strict.
    """
    if is_last and block in (b"", b"\n"):
        return False
    if is_last and not block.strip():
        kind, what = "runs of blank lines skipped", "blank lines"
    else:
        kind, what = "header too low", f"{len(block)}{'' if is_last else ' or more'} bytes"
    options.irregularities.found(
        kind,
        None,
        f"{what} follow the {done} words that the header announces",
        "reads on to the end",
    )
    return bool(block.strip())


def _row_error(place: str, block: bytes, row_bytes: int, is_last: bool) -> FormatError | None:
    """The error for the row at the beginning of `block`; None at the end of the file."""
    block = block.removeprefix(b"\n")
    if not block.strip(b"\n"):
        return None
    if block.startswith(b" "):
        return FormatError(f"{place}: the word is empty")
    word = block[: LONGEST_WORD + 1].partition(b" ")[0]
    if len(word) > LONGEST_WORD or (len(word) == len(block) and not is_last):
        return FormatError(f"{place}: no space within {LONGEST_WORD} bytes, so the word has no end")
    return FormatError(
        f"{place}: {len(block)} bytes, not a word, a space and {row_bytes} bytes of numbers "
        "(cut short?)"
    )


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this is probably binary: a header, then no text."""
    header = sniff.HEADER.match(head)
    return header is not None and not sniff.is_text(head[header.end() :].partition(b"\n")[0])


def write(path: str, table: VectorTable) -> None:
    """Write words and vectors that have been checked, completely or not at all."""
    row_bytes = table.vectors.shape[1] * _FLOAT.itemsize
    step = max(1, _BLOCK // row_bytes)
    with atomic_write(path) as stream:
        stream.write(b"%d %d\n" % table.vectors.shape)
        for begin in range(0, len(table.words), step):
            words = [b"%b " % word.encode() for word in table.words[begin : begin + step]]
            stream.write(_encode_rows(words, table.vectors[begin : begin + step]).data)


def _encode_rows(words: list[bytes], vectors: FloatMatrix) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The bytes of some rows: each a word, which ends in a space, its numbers and a newline."""
    rows = np.ascontiguousarray(vectors, _FLOAT)
    row_bytes = rows.shape[1] * _FLOAT.itemsize
    sizes = np.array([len(word) for word in words])
    ends = np.cumsum(sizes + row_bytes + 1)
    out = np.full(ends[-1], _NEWLINE, np.uint8)
    starts = ends - row_bytes - 1
    _rows_at_each_byte(out, row_bytes)[starts] = rows.view(f"V{row_bytes}")[:, 0]
    text = np.frombuffer(b"".join(words), np.uint8)
    # The k-th byte of the words is shifted by the numbers and newlines that precede it.
    out[np.arange(len(text)) + np.repeat(np.arange(len(words)) * (row_bytes + 1), sizes)] = text
    return out


def _rows_at_each_byte(buffer: Any, row_bytes: int) -> np.ndarray[Any, Any]:
    """An overlapping view of a buffer: element i is the `row_bytes` bytes from byte i on."""
    return np.ndarray((len(buffer) - row_bytes + 1,), f"V{row_bytes}", buffer, strides=(1,))


FORMAT = Format(
    name="word2vec binary",
    extensions=(".bin",),
    looks_like=looks_like,
    read=read,
    write=write,
    word_ends=" \n",
)
