"""The header of word2vec's binary and text formats: a line of two integers, ``V D``."""

from __future__ import annotations

import re

from w2v.errors import FormatError
from w2v.formats.base import Irregularities
from w2v.formats.table import LONGEST_ROW

_INTEGER = re.compile(rb"[+-]?[0-9]+")
_LONGEST_INTEGER = 100
"""Maximum number of digits to read: more than any file needs."""
_LARGEST_VECTOR = LONGEST_ROW // 4
"""Maximum numbers per word: as many float32 as a row of a binary file may have."""


def header_integers(line: bytes) -> list[int]:
    """The integers of a line of two or more; an empty list if the line is anything else."""
    fields = line.split()
    if len(fields) < 2 or not all(map(_INTEGER.fullmatch, fields)):
        return []
    return [int(field[:_LONGEST_INTEGER]) for field in fields]


def check_header(
    integers: list[int], irregularities: Irregularities, number: int | None
) -> tuple[int, int]:
    """Check the integers of a header.

    Args:
        integers: from `header_integers`; some programs write more than two.
        irregularities: records a header of more than two integers.
        number: the line for messages; None for a binary file.

    Returns:
        The number of words, and of numbers per word.

    Raises:
        FormatError: one of the two is below 1, or a word has too many numbers; or there are more
            than two integers, and the reader is strict.
    """
    if len(integers) > 2:
        irregularities.found(
            "header of more than two integers",
            number,
            f"a header of {len(integers)} integers, not of 2 (words, numbers per word)",
            "takes the first two",
        )
    words, vector_size = integers[:2]
    place = irregularities.place(number)
    if words < 1 or vector_size < 1:
        raise FormatError(
            f"{place}: the header says {words} words of {vector_size} numbers; both must be at "
            "least 1"
        )
    if vector_size > _LARGEST_VECTOR:
        raise FormatError(
            f"{place}: the header says {vector_size} numbers per word; the limit is "
            f"{_LARGEST_VECTOR}"
        )
    return words, vector_size
