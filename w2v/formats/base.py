"""What a file format is to w2v, and what every reader is told.

A format is one module that ends with a `Format`, and one row of the registry in
`w2v.formats.FORMATS`. Its reader takes a `Source` and `ReadOptions`, its writer a path and a
`VectorTable` whose words and numbers have been checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from w2v.errors import FormatError, shown
from w2v.formats.open_vectors import Source
from w2v.formats.table import VectorTable

LENIENT_SWITCH = "--lenient (in Python: lenient=True)"
"""How errors name the switch that would accept the file."""


_CHARACTER_NAMES = {" ": "a space", "\n": "a newline", "\t": "a tab", "\r": "a carriage return"}


class Irregularities:
    """Departures from a format: errors in a strict reader, counted in a lenient one.

    Args:
        name: what messages call the file.
        unit: what the file's rows are called: "line" or "row".
        lenient: whether to count rather than to raise.
    """

    def __init__(self, name: str, unit: str, lenient: bool) -> None:
        self.lenient = lenient
        self.unit = unit
        self._name = name
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def place(self, number: int) -> str:
        """The file and the row, counted from 1, as errors begin with it."""
        return f"{self._name}:{number}" if self.unit == "line" else f"{self._name}: row {number}"

    def found(self, kind: str, number: int | None, problem: str, remedy: str) -> None:
        """Note one departure.

        Args:
            kind: what the summary calls it, such as ``"duplicates dropped"``.
            number: the row, counted from 1; None for the file as a whole.
            problem: what is wrong there.
            remedy: what a lenient reader does about it, such as ``"keeps the first one"``.

        Raises:
            FormatError: the reader is strict.
        """
        if not self.lenient:
            place = self._name if number is None else self.place(number)
            raise FormatError(f"{place}: {problem}; {LENIENT_SWITCH} {remedy}")
        self._counts[kind] += 1
        where = "" if number is None else f"{self.unit} {number}: "
        self._examples.setdefault(kind, where + problem)

    def summary(self) -> str | None:
        """One line about everything found, with the first case of each kind; None if nothing."""
        if not self._counts:
            return None
        parts = [f"{n:,} {kind} ({self._examples[kind]})" for kind, n in self._counts.items()]
        return f"{self._name}: {'; '.join(parts)}"


def decoded_word(word: bytes, number: int, irregularities: Irregularities) -> str:
    """A word's text; U+FFFD for what is not UTF-8, such as a word cut inside a character.

    Raises:
        FormatError: it is not UTF-8, and the reader is strict.
    """
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        irregularities.found(
            "words that are not UTF-8",
            number,
            f"byte 0x{word[error.start]:02x} in the word {shown(word.decode(errors='replace'))} "
            "is not UTF-8",
            "puts U+FFFD in its place",
        )
        return word.decode(errors="replace")


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes:
        irregularities: what becomes of departures from the format.
        limit: read only this many words, the first ones; None reads all.
        mmap: map the vectors rather than read them.
    """

    irregularities: Irregularities
    limit: int | None = None
    mmap: bool = False


@dataclass(frozen=True)
class Format:
    """One file format.

    Attributes:
        name: for messages.
        extensions: of file names, with the dot.
        looks_like: whether a file that begins with these bytes is likely one.
        read: reads a whole file; raises `FormatError`.
        write: writes a table that has been checked, so that the file appears whole or not at all.
        word_ends: the characters at which a word ends, and which no word may hold.
        bytes_per_number: about how many bytes a number takes.
        complete: whether there is room for counts, context vectors, biases and metadata.
        mappable: whether the vectors can be mapped.
        unit: what messages call a row: "line" or "row".
    """

    name: str
    extensions: tuple[str, ...]
    looks_like: Callable[[bytes], bool]
    read: Callable[[Source, ReadOptions], VectorTable]
    write: Callable[[str, VectorTable], None]
    word_ends: str = ""
    bytes_per_number: int = 4
    complete: bool = False
    mappable: bool = False
    unit: str = "row"

    def forbidden_in(self, word: str) -> str | None:
        """What `word` holds that would end it, such as "a space"; None if nothing."""
        for character in self.word_ends:
            if character in word:
                return _CHARACTER_NAMES[character]
        return None
