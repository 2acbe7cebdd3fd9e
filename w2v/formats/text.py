r"""The word2vec text format, fastText's ``.vec`` and GloVe's: a word and its numbers on each line.

Files of word2vec and fastText begin with a header, a line of two integers: words, and numbers per
word. Those of GloVe have none. A first line of exactly two integers is always read as a header. (A
GloVe file with one number per word, whose first word and number are integers, looks the same.)
Fields are separated by spaces or tabs; a line may end with spaces and with CR LF; words are UTF-8.

The writer adds the header, and writes the shortest decimals that give the same float32. The format
stores words and vectors only. orjson, a small JSON library, converts the numbers: with commas for
spaces, the numbers of a row are a JSON array.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain, islice

import numpy as np
import orjson

from w2v.errors import FormatError, shown
from w2v.formats import sniff
from w2v.formats.base import Format, Irregularities, ReadOptions, decoded_word
from w2v.formats.header import check_header, header_integers
from w2v.formats.open_vectors import VectorFile
from w2v.formats.rows import RowCollector
from w2v.formats.table import LONGEST_ROW, LONGEST_WORD, FloatMatrix, VectorTable
from w2v.util.files import atomic_write

_BLOCK = 2**20
"""Bytes read at a time."""
_NUMBERS_AT_ONCE = 2**16
"""Numbers converted at a time: they fit into the CPU cache."""
_LINES_LOOKED_AT = 100
"""Lines from which a lenient reader infers the vector size of a GloVe file."""
_SMALLEST_ROW = 2
"""Bytes of a word of one character and the line end. Each number adds at least two bytes."""
_LONGEST_SHOWN = 200

_BLANK = b" \t\r"
_BLANKS = re.compile(rb"[ \t\r]+")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PLAIN = b"0123456789.-+eE "
"""The characters of ordinary numbers."""


def read(source: VectorFile, options: ReadOptions) -> VectorTable:
    """Read a file in a text format.

    Raises:
        FormatError: the number of rows differs from the header, or a line is not a new word and the
            right number of finite numbers; the message names the line.
    """
    return _TextReader(source, options).table()


class _TextReader:
    """Reads a file: first the header, then batches of lines."""

    def __init__(self, source: VectorFile, options: ReadOptions) -> None:
        self._name, self._options = source.name, options
        self._irregularities: Irregularities = options.irregularities
        self._lines = _lines(source)
        self._line_number = 0  # number of the last line read, from 1
        self._rows_read = 0
        self._promised: int | None = None
        """Number of rows in the header."""
        self._vector_size = 0
        self._read_header()
        room = 0
        if source.size is not None and self._promised is not None:
            room = min(self._promised, source.size // (_SMALLEST_ROW + 2 * self._vector_size))
        self._rows = RowCollector(options, self._vector_size, room)

    # --- the header ---

    def _read_header(self) -> None:
        lenient = self._irregularities.lenient
        begin = list(islice(self._lines, _LINES_LOOKED_AT if lenient else 2))
        begin[0] = begin[0].removeprefix(sniff.BOM)
        first, rows = begin[0], begin[1:]
        if not first.strip(_BLANK):
            raise FormatError(f"{self._name}:1: an empty line instead of a word and its numbers")
        integers = header_integers(first)
        if len(integers) == 2 or _is_longer_header(integers, rows):
            self._promised, self._vector_size = check_header(integers, self._irregularities, 1)
            self._line_number = 1
            self._lines = chain(rows, self._lines)
            return
        self._vector_size = self._size_without_header(first, rows)
        self._lines = chain(begin, self._lines)

    def _size_without_header(self, first: bytes, rows: list[bytes]) -> int:
        fields = _split(first)
        size = len(fields) - 1
        if self._irregularities.lenient:  # words may contain spaces, even that of the first line
            counts = Counter(_numbers_at_the_end(_split(line)) for line in [first, *rows])
            size = counts.most_common(1)[0][0]
        elif size == 1 and rows and len(_split(rows[0])) > 2:
            raise FormatError(
                f"{self._name}:1: {_shown(b' '.join(fields))} is neither a header of two integers "
                "(words, numbers per word) nor a word and its numbers"
            )
        if size < 1:
            raise FormatError(f"{self._name}:1: one field instead of a word and its numbers")
        return size

    # --- rows ---

    def table(self) -> VectorTable:
        """Read all rows."""
        batch = max(1, _NUMBERS_AT_ONCE // self._vector_size)
        blank_line: int | None = None
        words: list[bytes] = []
        numbers: list[float] = []
        line_numbers: list[int] = []
        for line in self._lines:
            self._line_number += 1
            stripped = line.rstrip(_BLANK)
            if not stripped:
                blank_line = blank_line or self._line_number
                continue
            if blank_line is not None:  # blank lines at the end of the file are no violation
                self._irregularities.found(
                    "runs of blank lines skipped", blank_line, "a blank line", "skips blank lines"
                )
                blank_line = None
            self._rows_read += 1
            if self._rows_read - 1 == self._promised:
                self._irregularities.found(
                    "header too low",
                    self._line_number,
                    f"more rows than the {self._promised} in the header",
                    "reads all rows",
                )
            row = _plain_row(stripped, self._vector_size) or self._other_row(stripped)
            words.append(row[0])
            numbers += row[1]
            line_numbers.append(self._line_number)
            if len(words) == batch or len(words) == self._rows.room:
                self._add(words, numbers, line_numbers)
                words, numbers, line_numbers = [], [], []
                if self._rows.room == 0:
                    return self._rows.table()
        if words:
            self._add(words, numbers, line_numbers)
        promised = self._promised
        if promised is not None and self._rows_read < promised:
            self._irregularities.found(
                "header too high",
                None,
                f"{self._rows_read} rows, but the header says {promised} (cut short?)",
                "reads the rows that are there",
            )
        if not self._rows_read:
            raise FormatError(f"{self._name}: no rows after the header")
        return self._rows.table()

    def _add(self, words: list[bytes], numbers: list[float], line_numbers: list[int]) -> None:
        with np.errstate(over="ignore", under="ignore"):  # an overflow is refused as an infinity
            vectors = np.array(numbers, np.float32).reshape(len(words), self._vector_size)
        self._rows.add(self._decode_words(words, line_numbers), vectors, line_numbers)

    def _decode_words(self, words: list[bytes], line_numbers: list[int]) -> list[str]:
        try:
            return b"\n".join(words).decode().split("\n")
        except UnicodeDecodeError:
            return [
                decoded_word(word, number, self._irregularities)
                for word, number in zip(words, line_numbers, strict=True)
            ]

    def _other_row(self, line: bytes) -> tuple[bytes, list[float]]:
        """Parse a line that `_plain_row` did not accept: its word and its numbers.

        Args:
            line: the line, without trailing blanks.

        Raises:
            FormatError: it is not a word and numbers; or has a word with spaces, and the reader is
                strict.
        """
        size = self._vector_size
        place = f"{self._name}:{self._line_number}"
        fields = _split(line)
        begins_blank = line[:1] in (b" ", b"\t", b"\r")
        said = "most lines have" if self._irregularities.lenient else "line 1 has"
        if self._promised is not None:
            said = "the header says"
        if begins_blank or len(fields) < size + 1:
            found = f"{len(fields) - (not begins_blank)} numbers"
            if begins_blank and len(fields) == size:
                raise FormatError(f"{place}: the word is missing before {found}")
            raise FormatError(f"{place}: {found}, but {said} {size}")
        if len(fields) > size + 1:
            text = b" ".join(fields[:-size])
            self._irregularities.found(
                "words with spaces",
                self._line_number,
                f"{len(fields) - 1} numbers, but {said} {size} (a word with spaces, "
                f"{_shown(text)}?)",
                f"takes the last {size} fields as the numbers",
            )
            return text, [self._number(text, field) for field in fields[-size:]]
        return fields[0], [self._number(fields[0], field) for field in fields[1:]]

    def _number(self, word: bytes, field: bytes) -> float:
        # float alone would accept 1_000, nan and inf.
        if _is_number(field):
            return float(field)
        raise FormatError(
            f"{self._name}:{self._line_number}: the vector of {_shown(word)} holds "
            f"{_shown(field)}, which is not a finite number"
        )


def _is_longer_header(integers: list[int], rows: list[bytes]) -> bool:
    """Whether the first line, these integers, is a header of more than two, as some programs write.

    If so, the second line has as many numbers as it says. Otherwise, the first line is a row.
    """
    if not integers or not rows:
        return False
    fields = len(_split(rows[0]))
    return fields != len(integers) and fields == integers[1] + 1


def _plain_row(line: bytes, vector_size: int) -> tuple[bytes, list[float]] | None:
    """Parse an ordinary line: its word and its numbers; None if it is unusual."""
    word, _, rest = line.partition(b" ")
    # Only characters of numbers: a comma would split a number into two JSON numbers.
    if not word or b"\t" in word or b"\r" in word or rest.translate(None, _PLAIN):
        return None
    array = b"[" + rest.replace(b" ", b",") + b"]"
    # No "-0", which orjson would read as an int, without the sign. Integers are rare.
    if rest.count(b".") != vector_size and (b"-0," in array or b"-0]" in array):
        return None
    try:
        numbers: list[float] = orjson.loads(array)
    except orjson.JSONDecodeError:
        return None
    return (word, numbers) if len(numbers) == vector_size else None


def _numbers_at_the_end(fields: list[bytes]) -> int:
    """Count the fields at the end of a line that are numbers, not counting the first field."""
    count = 0
    for field in reversed(fields[1:]):
        if not _is_number(field):
            break
        count += 1
    return count


def _is_number(field: bytes) -> bool:
    return _NUMBER.fullmatch(field) is not None


def _split(line: bytes) -> list[bytes]:
    return [field for field in _BLANKS.split(line) if field]


def _shown(field: bytes) -> str:
    return shown(field[:_LONGEST_SHOWN].decode(errors="replace"))


def _lines(source: VectorFile) -> Iterator[bytes]:
    """Yield the lines of a file, without line ends."""
    rest = b""
    number = 1
    while block := source.read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n")
        number += len(lines)
        if len(rest) > LONGEST_ROW + LONGEST_WORD:
            raise FormatError(f"{source.name}:{number}: no line end within {len(rest):,} bytes")
        yield from lines
    if rest:
        yield rest


def looks_like(head: bytes) -> bool:
    """Whether a file that begins like this is probably text: a row, perhaps after a header."""
    header = sniff.HEADER.match(head)
    if header is None:
        return sniff.is_row(head.removeprefix(sniff.BOM))
    return sniff.is_text(head[header.end() :].partition(b"\n")[0])


def write(path: str, table: VectorTable) -> None:
    """Write words and vectors that have been checked, completely or not at all."""
    rows, vector_size = table.vectors.shape
    step = max(1, _NUMBERS_AT_ONCE // vector_size)
    with atomic_write(path) as stream:
        stream.write(b"%d %d\n" % (rows, vector_size))
        for begin in range(0, rows, step):
            numbers = format_rows(table.vectors[begin : begin + step])
            lines: list[bytes] = []
            for word, text in zip(table.words[begin : begin + step], numbers, strict=True):
                lines += (word.encode(), b" ", text, b"\n")
            stream.write(b"".join(lines))


def format_rows(rows: FloatMatrix, separator: bytes = b" ") -> list[bytes]:
    """Format rows with the shortest decimals that give the same float32.

    Args:
        rows: (R, D) float32, finite.
        separator: what separates two numbers.

    Returns:
        R rows as ASCII text, without line ends.
    """
    array = orjson.dumps(np.ascontiguousarray(rows), option=orjson.OPT_SERIALIZE_NUMPY)
    return array[2:-2].replace(b",", separator).split(b"]" + separator + b"[")


FORMAT = Format(
    name="word2vec text",
    extensions=(".txt", ".vec"),
    looks_like=looks_like,
    read=read,
    write=write,
    word_ends=" \n\t\r",
    bytes_per_number=13,
    unit="line",
)
