"""What every format holds: words and their vectors; and what no format may hold.

Reads and writes nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.errors import FormatError

FloatMatrix = np.ndarray[Any, np.dtype[np.float32]]
FloatVector = np.ndarray[Any, np.dtype[np.float32]]
CountVector = np.ndarray[Any, np.dtype[np.int64]]

_ROWS_AT_ONCE = 16_384
_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class VectorTable:
    """The content of a file of vectors.

    Attributes:
        words: V words, each once.
        vectors: (V, D) float32, the centre vectors.
        counts: (V,) int64 occurrences in the corpus, or None where the format has no room.
        context_vectors: (V, D) float32, or None.
        metadata: texts about how the vectors were made.
        output_bias: (V,) float32, added to the score of each context word, or None.
    """

    words: Sequence[str]
    vectors: FloatMatrix
    counts: CountVector | None = None
    context_vectors: FloatMatrix | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    output_bias: FloatVector | None = None


def shown(word: str) -> str:
    """A word as an error message shows it: quoted, without control characters, not too long."""
    return repr(word if len(word) <= _LONGEST_SHOWN else word[:_LONGEST_SHOWN] + "...")


def row_blocks(rows: int) -> Iterator[slice]:
    """Slices that cover `rows` rows, a bounded number at a time."""
    return (slice(i, min(i + _ROWS_AT_ONCE, rows)) for i in range(0, rows, _ROWS_AT_ONCE))


def first_duplicate(words: Sequence[str]) -> tuple[int, int] | None:
    """Positions (first, second) of the first word that comes a second time, or None."""
    if len(set(words)) == len(words):
        return None
    seen: dict[str, int] = {}
    for position, word in enumerate(words):
        if word in seen:
            return seen[word], position
        seen[word] = position
    return None


def first_not_finite(vectors: FloatMatrix) -> int | None:
    """The first row that holds a NaN or an infinity, or None."""
    for block in row_blocks(len(vectors)):
        finite = np.isfinite(vectors[block]).all(axis=1)
        if not finite.all():
            return int(block.start + np.argmin(finite))
    return None


def bad_number(row: np.ndarray[Any, Any]) -> float:
    """The first number of `row` that is NaN or infinite."""
    return float(row[~np.isfinite(row)][0])


def check_finite(place: str, words: Sequence[str], vectors: FloatMatrix) -> None:
    """Refuse NaN and infinities, naming the word and its row, counted from 1.

    Raises:
        FormatError: a number is not finite.
    """
    row = first_not_finite(vectors)
    if row is not None:
        raise FormatError(
            f"{place}: row {row + 1}, word {shown(words[row])}: expected finite numbers, "
            f"got {bad_number(vectors[row])}"
        )


def check_unique(place: str, words: Sequence[str]) -> None:
    """Refuse a word that comes twice, naming it and its rows, counted from 1.

    Raises:
        FormatError: a word comes twice.
    """
    duplicate = first_duplicate(words)
    if duplicate is not None:
        first, second = duplicate
        raise FormatError(
            f"{place}: row {second + 1}: expected each word once, "
            f"got {shown(words[second])} again (first in row {first + 1})"
        )


def check_words(place: str, words: Sequence[str], *, whitespace_allowed: bool) -> None:
    """Refuse words that could not be read back as they are.

    Args:
        place: what the message begins with, such as the path.
        words: the words to store.
        whitespace_allowed: False for .bin and .txt, whose words end at the first space. Anything
            that `str.split` splits at counts, because other readers split so.

    Raises:
        FormatError: a word is empty, comes twice, holds whitespace, or is not Unicode text.
    """
    for row, word in enumerate(words, start=1):
        if not word:
            raise FormatError(f"{place}: row {row}: expected a word, got an empty one")
        # isascii and isalpha look once at flags and letters; most words need nothing more.
        if word.isascii() and word.isalpha():
            continue
        if not whitespace_allowed and word.split() != [word]:
            raise FormatError(
                f"{place}: row {row}: expected a word without whitespace, got {shown(word)} "
                "(.safetensors can hold it)"
            )
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise FormatError(
                f"{place}: row {row}: expected a word that UTF-8 can hold, got {shown(word)}"
            ) from error
    check_unique(place, words)
