r"""The word2vec text format, fastText's ``.vec`` and GloVe's: a word and its numbers on each line.

word2vec and fastText begin with a line of two integers, rows and numbers a row; GloVe does not. A
first line of exactly two integers is always taken as that header. (A GloVe file with one number a
word whose first word and number are integers cannot be told from it, and is refused as too short
or too long.) Spaces and tabs separate; a line may end with spaces and with CR LF; words are UTF-8.

What is written has the header and ends lines as gensim does. Numbers are the shortest that give
the same float32. Holds words and vectors only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats import decimals
from w2v.formats.content import Content
from w2v.formats.sniff import HEADER, NUMBER
from w2v.formats.table import (
    LONGEST_ROW,
    LONGEST_WORD,
    FloatMatrix,
    VectorTable,
    bad_number,
    first_duplicate,
    first_not_finite,
)
from w2v.util.files import atomic_write

_BLOCK = 2**20
"""Bytes parsed at once: the parser's arrays then stay in the cache."""
_NUMBERS_AT_ONCE = 2**16
"""Numbers formatted at once, for the same reason."""
_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"
_IS_BLANK = np.zeros(256, np.bool_)
_IS_BLANK[list(_BLANK)] = True


def read(path: str, content: Content) -> VectorTable:
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
    _check_size(path, content, rows, vector_size, position, end, line)
    vectors = np.empty((rows, vector_size), np.float32)
    words: list[str] = []
    first_line = line
    for offset, block in _blocks(path, content, position, end):
        tokens = _Tokens(path, block, line, offset, vector_size)
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


def _end_of_text(content: Content, begin: int) -> int:
    """Where the last line ends, empty lines at the end not counted."""
    end = len(content)
    while end > begin:
        tail = content[max(begin, end - _BLOCK) : end]
        stripped = tail.rstrip(_BLANK)
        end -= len(tail) - len(stripped)
        if stripped:
            break
    return end


def _header(path: str, content: Content, begin: int, end: int) -> tuple[int, int, int, int]:
    """Rows, numbers a row, and where the first row begins: its byte and its line."""
    first, newline, following = content[begin : min(end, begin + _BLOCK)].partition(b"\n")
    if not newline:
        start = content[begin : min(end, begin + LONGEST_ROW)]
        first, newline, following = start.partition(b"\n")
        if not newline and begin + len(start) < end:
            raise FormatError(f"{path}:1: expected lines, got none in {LONGEST_ROW} bytes")
    fields = first.split()
    if not fields:
        raise FormatError(f"{path}:1: expected a word and numbers, got an empty line")
    if HEADER.fullmatch(first) is None:
        if len(fields) < 2:
            raise FormatError(
                f"{path}:1: expected a word and numbers, or two integers, got one field"
            )
        vector_size = len(fields) - 1
        if vector_size == 1 and len(following.partition(b"\n")[0].split()) > 2:
            raise FormatError(
                f"{path}:1: expected two integers (words, numbers a word), "
                f"got {shown(first.decode(errors='replace'))}"
            )
        return _lines(content, begin, end), vector_size, begin, 1
    rows, vector_size = int(fields[0][:_LONGEST_INTEGER]), int(fields[1][:_LONGEST_INTEGER])
    if rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}:1: expected at least one word and one number a word, "
            f"got {rows} and {vector_size}"
        )
    return rows, vector_size, begin + len(first) + len(newline), 2


def _check_size(
    path: str, content: Content, rows: int, vector_size: int, begin: int, end: int, line: int
) -> None:
    """Compare the numbers of rows and columns with the bytes left, before anything is allocated.

    Where there are as many lines as there should be, the error names the first that is short.
    """
    # A row is at least a character, then a space and a digit a number; all but the last end their
    # line.
    least = rows * (2 + 2 * vector_size) - 1
    left = max(0, end - begin)
    if left >= least:
        return
    lines = _lines(content, begin, end)
    if lines == rows:
        for offset, block in _blocks(path, content, begin, end):
            line += _Tokens(path, block, line, offset, vector_size).rows
    raise FormatError(
        f"{path}:1: expected at least {least} bytes for {rows} rows of {vector_size} numbers, "
        f"got {left} (cut short?)"
    )


def _lines(content: Content, begin: int, end: int) -> int:
    """Lines of a text that does not end with a newline."""
    newlines = sum(
        content[i : min(end, i + _BLOCK)].count(b"\n") for i in range(begin, end, _BLOCK)
    )
    return newlines + 1


_LONGEST_INTEGER = 100
"""Digits of a header's integer that are looked at: more than any file can mean."""


def _blocks(path: str, content: Content, position: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Runs of whole lines, each with its place in the file."""
    size = _BLOCK
    while position < end:
        block = content[position : min(position + size, end)]
        if position + len(block) < end:
            block = block[: block.rfind(b"\n") + 1]
        if block:
            yield position, block
            position += len(block)
            size = _BLOCK
        elif size < LONGEST_WORD + LONGEST_ROW:
            size *= 2
        else:
            raise FormatError(
                f"{path}: expected lines, got none in {size} bytes from offset {position}"
            )


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
