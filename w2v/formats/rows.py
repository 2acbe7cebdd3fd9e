"""Collect the rows of a file, block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from w2v.errors import FormatError, shown
from w2v.formats.base import ReadOptions
from w2v.formats.table import FloatMatrix, VectorTable, bad_number

_GROWTH = 1.3


class RowCollector:
    """Collects words and vectors; refuses numbers that are not finite, and repeated words.

    Args:
        options: the limit, and how to treat repeated words.
        vector_size: numbers per row, D.
        expected: number of rows to allocate at first. The caller must limit it by the size of the
            file, because a header may claim any number.
    """

    def __init__(self, options: ReadOptions, vector_size: int, expected: int) -> None:
        self.words: list[str] = []
        self._options = options
        self._seen: set[str] = set()
        self._first_number = 1
        if options.limit is not None:
            expected = min(expected, options.limit)
        self._vectors = np.empty((expected, vector_size), np.float32)

    @property
    def room(self) -> int | None:
        """Number of rows that can still be added; None without a limit."""
        limit = self._options.limit
        return None if limit is None else limit - len(self.words)

    def add(self, words: list[str], vectors: FloatMatrix, numbers: Sequence[int]) -> None:
        """Add some rows; those beyond the limit are dropped.

        Args:
            words: R words.
            vectors: (R, D) float32.
            numbers: the line or row of each word, from 1.

        Raises:
            FormatError: a number is not finite, or a word is repeated and the reader is strict.
        """
        irregularities = self._options.irregularities
        if not self.words:
            self._first_number = numbers[0]
        finite = np.isfinite(vectors)
        if not finite.all():
            row = int(np.argmin(finite.all(axis=1)))
            raise FormatError(
                f"{irregularities.place(numbers[row])}: the vector of {shown(words[row])} holds "
                f"{bad_number(vectors[row])}; numbers must be finite float32"
            )
        block = set(words)
        if len(block) < len(words) or not self._seen.isdisjoint(block):
            kept = self._first_occurrences(words, numbers)
            words, vectors = [words[i] for i in kept], vectors[kept]
        self._seen |= block
        room = self.room
        if room is not None and len(words) > room:
            words, vectors = words[:room], vectors[:room]
        begin, end = len(self.words), len(self.words) + len(words)
        if end > len(self._vectors):
            rows = max(end, int(_GROWTH * len(self._vectors)))
            self._vectors.resize((rows, self._vectors.shape[1]), refcheck=False)
        self._vectors[begin:end] = vectors
        self.words += words

    def _first_occurrences(self, words: list[str], numbers: Sequence[int]) -> list[int]:
        """Positions of the words that have not occurred before."""
        seen, kept = self._seen.copy(), []
        irregularities = self._options.irregularities
        for position, word in enumerate(words):
            if word in seen:
                # Up to the first irregularity, rows have consecutive numbers.
                first = [*self.words, *words].index(word) + self._first_number
                problem = f"{shown(word)} is already in {irregularities.unit} {first}"
                if irregularities.lenient:
                    problem = f"{shown(word)} occurs again"
                irregularities.found(
                    "repeated words dropped", numbers[position], problem, "keeps the first"
                )
            else:
                seen.add(word)
                kept.append(position)
        return kept

    def table(self) -> VectorTable:
        """Return all rows as a table."""
        self._vectors.resize((len(self.words), self._vectors.shape[1]), refcheck=False)
        return VectorTable(self.words, self._vectors)
