"""The content of a file of vectors, and checks that apply to all formats."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from w2v.errors import FormatError, shown

FloatMatrix = np.ndarray[Any, np.dtype[np.float32]]
FloatVector = np.ndarray[Any, np.dtype[np.float32]]
CountVector = np.ndarray[Any, np.dtype[np.int64]]

LONGEST_WORD = 2**19
"""Longest word in bytes, as in a corpus."""
LONGEST_ROW = 2**24
"""Longest row in bytes, in a binary or text file: a row must fit into memory."""

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True, eq=False)
class VectorTable:
    """V words, their vectors, and what else a file may record about them.

    `w2v.embeddings.Embeddings` adds checks, lookup and queries.

    Attributes:
        words: V distinct words.
        vectors: (V, D) float32, the center vectors.
        counts: (V,) int64, occurrences in the corpus; None if unknown.
        context_vectors: (V, D) float32; None if unknown.
        output_bias: (V,) float32, added to the logit of each context word; None if there is none.
        metadata: texts by name, about how the vectors were trained.
    """

    words: list[str]
    vectors: FloatMatrix
    counts: CountVector | None = None
    context_vectors: FloatMatrix | None = None
    output_bias: FloatVector | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    def parts(self, count: int | None = None) -> dict[str, Any]:
        """All attributes by name, optionally only for the first `count` words. Copies no array."""
        parts = {part.name: getattr(self, part.name) for part in dataclasses.fields(self)}
        by_row = {k: v[:count] for k, v in parts.items() if isinstance(v, list | np.ndarray)}
        return parts | by_row

    def check_finite(self, path: str | None = None, *, mapped: bool = True) -> None:
        """Check that all vectors, context vectors and biases are finite.

        Args:
            path: the file, for the message.
            mapped: check memory-mapped arrays, too; this reads all of them.

        Raises:
            FormatError: a number is not finite; the message names its word and row (from 1).
        """
        for name in ("vectors", "context_vectors", "output_bias"):
            array = getattr(self, name)
            if array is not None and (mapped or not isinstance(array, np.memmap)):
                place = name if path is None else path if name == "vectors" else f"{path}: {name}"
                check_finite(place, self.words, array if array.ndim == 2 else array[:, None])


def row_blocks(rows: int) -> Iterator[slice]:
    """Yield slices of limited size that together cover `rows` rows."""
    return (slice(i, min(i + _ROWS_AT_ONCE, rows)) for i in range(0, rows, _ROWS_AT_ONCE))


def first_duplicate(words: Sequence[str]) -> tuple[int, int] | None:
    """Both positions of the first word that is repeated, or None."""
    if len(set(words)) == len(words):
        return None
    seen: dict[str, int] = {}
    for position, word in enumerate(words):
        if word in seen:
            return seen[word], position
        seen[word] = position
    return None


def first_not_finite(vectors: FloatMatrix) -> int | None:
    """The first row that contains a NaN or an infinity, or None."""
    for block in row_blocks(len(vectors)):
        finite = np.isfinite(vectors[block])
        if not finite.all():
            return int(block.start + np.argmin(finite.all(axis=1)))
    return None


def bad_number(row: np.ndarray[Any, Any]) -> float:
    """The first number of `row` that is NaN or infinite."""
    return float(row[~np.isfinite(row)][0])


def check_finite(
    place: str, words: Sequence[str], vectors: FloatMatrix, rows: Sequence[int] | None = None
) -> None:
    """Check that all numbers are finite.

    Args:
        place: the file, with which the message begins.
        words: V words.
        vectors: (V, D) numbers, or those of some rows.
        rows: the rows, if `vectors` has only some.

    Raises:
        FormatError: a number is not finite; the message names its word and row (from 1).
    """
    found = first_not_finite(vectors)
    if found is not None:
        row = found if rows is None else rows[found]
        raise FormatError(
            f"{place}: row {row + 1}: the vector of {shown(words[row])} holds "
            f"{bad_number(vectors[found])}; numbers must be finite"
        )


def check_unique(place: str, words: Sequence[str]) -> None:
    """Check that no word is repeated.

    Args:
        place: the file, with which the message begins.
        words: V words.

    Raises:
        FormatError: a word is repeated; the message names it and its rows (from 1).
    """
    duplicate = first_duplicate(words)
    if duplicate is not None:
        first, second = duplicate
        raise FormatError(
            f"{place}: row {second + 1}: {shown(words[second])} is already in row {first + 1}"
        )
