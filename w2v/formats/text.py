r"""The word2vec text format, fastText's ``.vec`` and GloVe's: a word and its numbers on each line.

word2vec and fastText begin with a line of two integers, rows and numbers a row; GloVe does not. A
first line of exactly two integers is always taken as that header. (A GloVe file with one number a
word whose first word and number are integers cannot be told from it, and is refused as too short
or too long.) Spaces and tabs separate; a line may end with spaces and with CR LF; words are UTF-8.

What is written has the header and ends lines as gensim does. Numbers are the shortest that give
the same float32. Holds words and vectors only.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator

import numpy as np

from w2v.errors import FormatError, shown
from w2v.files import atomic_write
from w2v.formats import decimals
from w2v.formats.sniff import HEADER, NUMBER
from w2v.formats.table import (
    FloatMatrix,
    VectorTable,
    bad_number,
    first_duplicate,
    first_not_finite,
)

_BLOCK = 2**20
"""Bytes parsed at once: the parser's arrays then stay in the cache."""
_NUMBERS_AT_ONCE = 2**16
"""Numbers formatted at once, for the same reason."""
_LONGEST_FIRST_LINE = 2**24
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_IS_BLANK = np.zeros(256, np.bool_)
_IS_BLANK[list(_BLANK)] = True


def read(path: str, content: bytes | mmap.mmap) -> VectorTable:
    """Read a whole file.

    Args:
        path: what messages call it.
        content: its bytes.

    Raises:
        FormatError: with the line, if there are more or fewer rows than the header says, or a
            line is not a new word and that many finite numbers.
    """
    begin = len(_BOM) if content[: len(_BOM)] == _BOM else 0
    end = _end_of_text(content, begin)
    rows, vector_size, position, line = _header(path, content, begin, end)
    vectors = np.empty((rows, vector_size), np.float32)
    words: list[str] = []
    first_line = line
    for block_begin, block_end in _blocks(content, position, end):
        tokens = _Tokens(path, content[block_begin:block_end], line, block_begin, vector_size)
        if len(words) + tokens.rows > rows:
            raise FormatError(
                f"{path}:{first_line + rows}: expected the end of the file after {rows} rows, "
                "got another row"
            )
        vectors[len(words) : len(words) + tokens.rows] = tokens.vectors()
        words += tokens.words()
        line += tokens.rows
    if len(words) < rows:
        raise FormatError(f"{path}: expected {rows} rows, got {len(words)} (cut short?)")
    _check(path, words, vectors, first_line)
    return VectorTable(words, vectors)


def _end_of_text(content: bytes | mmap.mmap, begin: int) -> int:
    """Where the last line ends, empty lines at the end not counted."""
    end = len(content)
    while end > begin:
        tail = content[max(begin, end - _BLOCK) : end]
        stripped = tail.rstrip(_BLANK)
        end -= len(tail) - len(stripped)
        if stripped:
            break
    return end


def _header(
    path: str, content: bytes | mmap.mmap, begin: int, end: int
) -> tuple[int, int, int, int]:
    """Rows, numbers a row, and where the first row begins: its byte and its line."""
    newline = content.find(b"\n", begin, min(end, begin + _LONGEST_FIRST_LINE))
    line_end = end if newline < 0 else newline
    if line_end - begin > _LONGEST_FIRST_LINE:
        raise FormatError(f"{path}:1: expected lines, got none in {_LONGEST_FIRST_LINE} bytes")
    first = content[begin:line_end]
    fields = first.split()
    if not fields:
        raise FormatError(f"{path}:1: expected a word and numbers, got an empty line")
    if HEADER.fullmatch(first) is None:
        if len(fields) < 2:
            raise FormatError(
                f"{path}:1: expected a word and numbers, or two integers, got one field"
            )
        vector_size = len(fields) - 1
        second = content[line_end : min(end, line_end + _BLOCK)].split(b"\n", 2)[1:2]
        if vector_size == 1 and second and len(second[0].split()) > 2:
            raise FormatError(
                f"{path}:1: expected two integers (words, numbers a word), "
                f"got {shown(first.decode(errors='replace'))}"
            )
        rows = sum(
            content[i : min(end, i + _BLOCK)].count(b"\n") for i in range(begin, end, _BLOCK)
        )
        return rows + 1, vector_size, begin, 1
    rows, vector_size = int(fields[0][:_LONGEST_INTEGER]), int(fields[1][:_LONGEST_INTEGER])
    if rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}:1: expected at least one word and one number a word, "
            f"got {rows} and {vector_size}"
        )
    # Before anything is allocated: the header may say anything. A row is at least a character,
    # then a space and a digit a number; all but the last end their line.
    least = rows * (2 + 2 * vector_size) - 1
    left = max(0, end - line_end - 1)
    if left < least:
        raise FormatError(
            f"{path}:1: expected at least {least} bytes for {rows} rows of {vector_size} numbers, "
            f"got {left} (cut short?)"
        )
    return rows, vector_size, line_end + 1, 2


_LONGEST_INTEGER = 100
"""Digits of a header's integer that are looked at: more than any file can mean."""


def _blocks(content: bytes | mmap.mmap, position: int, end: int) -> Iterator[tuple[int, int]]:
    """Begins and ends of runs of whole lines."""
    while position < end:
        stop = min(position + _BLOCK, end)
        if stop < end:
            newline = content.rfind(b"\n", position, stop)
            if newline < 0:
                newline = content.find(b"\n", stop, end)
            stop = end if newline < 0 else newline + 1
        yield position, stop
        position = stop


class _Tokens:
    """The fields of a block of whole lines: each line has a word and `vector_size` numbers."""

    def __init__(self, path: str, block: bytes, line: int, offset: int, vector_size: int) -> None:
        self.path, self.line, self.offset = path, line, offset - decimals.PADDING
        # Blanks around the block, so that every field has one on both sides.
        self.bytes = b" " * decimals.PADDING + block + (b"" if block.endswith(b"\n") else b"\n")
        self.text = np.frombuffer(self.bytes, np.uint8)
        blank = _IS_BLANK[self.text]
        edges = np.flatnonzero(blank[1:] != blank[:-1]) + 1
        begins, ends = edges[0::2], edges[1::2]
        newlines = np.flatnonzero(self.text == ord("\n"))
        line_begins = np.concatenate(([decimals.PADDING], newlines[:-1] + 1))
        fields = np.diff(np.searchsorted(begins, np.append(line_begins, newlines[-1])))
        self.rows = len(newlines)
        wrong = (fields != vector_size + 1) | blank[line_begins]
        if wrong.any():
            row = int(np.argmax(wrong))
            raise self._bad_line(row, int(fields[row]), bool(blank[line_begins[row]]), vector_size)
        self.begins = begins.reshape(self.rows, vector_size + 1)
        self.ends = ends.reshape(self.rows, vector_size + 1)

    def _bad_line(self, row: int, fields: int, blank: bool, vector_size: int) -> FormatError:
        place = f"{self.path}:{self.line + row}"
        if fields == 0:
            return FormatError(f"{place}: expected a word and {vector_size} numbers, got nothing")
        if blank:
            return FormatError(f"{place}: expected a word, got an empty one (a blank comes first)")
        return FormatError(f"{place}: expected {vector_size} numbers, got {fields - 1}")

    def words(self) -> list[str]:
        """The first field of each line."""
        words: list[str] = []
        bounds = zip(self.begins[:, 0].tolist(), self.ends[:, 0].tolist(), strict=True)
        try:
            for begin, end in bounds:
                words.append(self.bytes[begin:end].decode())
        except UnicodeDecodeError as error:
            at = self.offset + begin + error.start
            raise FormatError(
                f"{self.path}:{self.line + len(words)}: expected a word in UTF-8, "
                f"got byte 0x{error.object[error.start]:02x} at offset {at}"
            ) from error
        return words

    def vectors(self) -> FloatMatrix:
        """The other fields of each line, (R, D) float32."""
        begins, ends = self.begins[:, 1:].reshape(-1), self.ends[:, 1:].reshape(-1)
        numbers, others = decimals.parse(self.text, begins, ends)
        for other in others.tolist():
            numbers[other] = self._number(other, self.bytes[begins[other] : ends[other]])
        result: FloatMatrix = numbers.reshape(self.rows, -1)
        return result

    def _number(self, position: int, field: bytes) -> np.float32:
        # float alone would accept 1_000, nan and inf.
        if NUMBER.fullmatch(field):
            with np.errstate(over="ignore", under="ignore"):
                return np.float32(float(field))
        row = position // (self.begins.shape[1] - 1)
        word = self.bytes[self.begins[row, 0] : self.ends[row, 0]].decode(errors="replace")
        raise FormatError(
            f"{self.path}:{self.line + row}: word {shown(word)}: expected a finite number, "
            f"got {shown(field.decode(errors='replace'))}"
        )


def _check(path: str, words: list[str], vectors: FloatMatrix, first_line: int) -> None:
    duplicate = first_duplicate(words)
    if duplicate is not None:
        first, second = duplicate
        raise FormatError(
            f"{path}:{first_line + second}: expected each word once, "
            f"got {shown(words[second])} again (first in line {first_line + first})"
        )
    row = first_not_finite(vectors)
    if row is not None:
        raise FormatError(
            f"{path}:{first_line + row}: word {shown(words[row])}: expected numbers that float32 "
            f"can hold, got {bad_number(vectors[row])}"
        )


def write(path: str, table: VectorTable) -> None:
    """Write words and vectors, already checked, so that the file appears whole or not at all."""
    rows, vector_size = table.vectors.shape
    step = max(1, _NUMBERS_AT_ONCE // vector_size)
    with atomic_write(path) as stream:
        stream.write(b"%d %d\n" % (rows, vector_size))
        for begin in range(0, rows, step):
            numbers = decimals.format_rows(
                np.ascontiguousarray(table.vectors[begin : begin + step])
            )
            lines: list[bytes] = []
            for word, text in zip(table.words[begin : begin + step], numbers, strict=True):
                lines += (word.encode(), text, b"\n")
            stream.write(b"".join(lines))
