"""The interface of a file format.

A format is one module, which defines a `Format`, and one entry of `w2v.formats.FORMATS`. Its reader
takes a `VectorFile` and `ReadOptions`; its writer takes a path and a `VectorTable` whose words and
numbers have been checked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from w2v.errors import FormatError, shown
from w2v.formats.open_vectors import VectorFile
from w2v.formats.table import VectorTable

LENIENT_SWITCH = "--lenient (in Python: lenient=True)"
"""How error messages name the option that accepts violations of a format."""


_CHARACTER_NAMES = {" ": "a space", "\n": "a newline", "\t": "a tab", "\r": "a carriage return"}


class Irregularities:
    """Violations of a format: raised by a strict reader, counted by a lenient one.

    Args:
        name: name of the file in messages.
        unit: what messages call a row of the file: "line" or "row".
        lenient: whether to count violations instead of raising an error.
    """

    def __init__(self, name: str, unit: str, lenient: bool) -> None:
        self.lenient = lenient
        self.unit = unit
        self._name = name
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def place(self, number: int | None) -> str:
        """The file and the row (from 1), as error messages begin: ``vectors.txt:17``.

        Without a number, only the file.
        """
        if number is None:
            return self._name
        return f"{self._name}:{number}" if self.unit == "line" else f"{self._name}: row {number}"

    def found(self, kind: str, number: int | None, problem: str, remedy: str) -> None:
        """Record a violation.

        Args:
            kind: its name in the summary, in the plural: ``"repeated words dropped"``.
            number: the row, from 1; None if it concerns the whole file.
            problem: what is wrong.
            remedy: what a lenient reader does: ``"keeps the first"``.

        Raises:
            FormatError: the reader is strict.
        """
        if not self.lenient:
            raise FormatError(f"{self.place(number)}: {problem}; {LENIENT_SWITCH} {remedy}")
        self._counts[kind] += 1
        where = "" if number is None else f"{self.unit} {number}: "
        self._examples.setdefault(kind, where + problem)

    def summary(self) -> str | None:
        """Summarise on one line, with the first case of each kind; None without violations."""
        if not self._counts:
            return None
        parts = [f"{n:,} {kind} ({self._examples[kind]})" for kind, n in self._counts.items()]
        return f"{self._name}: {'; '.join(parts)}"


def decoded_word(word: bytes, number: int, irregularities: Irregularities) -> str:
    """Decode a word. A lenient reader replaces bytes that are not UTF-8 by U+FFFD.

    Args:
        word: the bytes of the word; it may have been cut inside a character.
        number: its row, from 1.
        irregularities: records a word that is not UTF-8.

    Raises:
        FormatError: the word is not UTF-8, and the reader is strict.
    """
    try:
        return word.decode()
    except UnicodeDecodeError as error:
        irregularities.found(
            "words that are not UTF-8",
            number,
            f"byte 0x{word[error.start]:02x} in the word {shown(word.decode(errors='replace'))} "
            "is not UTF-8",
            "replaces it by U+FFFD",
        )
        return word.decode(errors="replace")


@dataclass(frozen=True)
class ReadOptions:
    """How a file is read.

    Attributes:
        irregularities: raises or counts violations of the format.
        limit: read only the first this many words; None reads all.
        mmap: memory-map the vectors instead of reading them.
    """

    irregularities: Irregularities
    limit: int | None = None
    mmap: bool = False


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes:
        name: name in messages.
        extensions: extensions of file names, with the dot.
        looks_like: whether a file that begins with the given bytes is probably in this format.
        read: reads a file; raises `FormatError` if it is invalid.
        write: writes a table that has been checked, completely or not at all.
        word_ends: characters that end a word, and that words therefore must not contain.
        bytes_per_number: approximate size of a number in the file.
        complete: whether counts, context vectors, biases and metadata are stored.
        mappable: whether the vectors can be memory-mapped.
        unit: what messages call a row: "line" or "row".
    """

    name: str
    extensions: tuple[str, ...]
    looks_like: Callable[[bytes], bool]
    read: Callable[[VectorFile, ReadOptions], VectorTable]
    write: Callable[[str, VectorTable], None]
    word_ends: str = ""
    bytes_per_number: int = 4
    complete: bool = False
    mappable: bool = False
    unit: str = "row"

    def forbidden_in(self, word: str) -> str | None:
        """What `word` contains that would end it, such as "a space"; None if it is fine."""
        for character in self.word_ends:
            if character in word:
                return _CHARACTER_NAMES[character]
        return None
