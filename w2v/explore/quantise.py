"""Quantise vectors to one or two bytes per number, and measure how many neighbours that loses.

Only directions are kept: cosines need nothing else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.embeddings.neighbors import nearest_rows
from w2v.formats.table import FloatMatrix, FloatVector, row_blocks

Codes = np.ndarray[Any, np.dtype[np.int8 | np.int16]]

NEIGHBOURS = 10
"""The k of recall@k and overlap@k."""

MIN_RECALL = 0.97
"""With a lower recall at one byte per number, two are used."""

SAMPLE = 500
"""Words whose neighbours are compared; the standard error of the recall is then below 0.005."""

_AT_ONCE = 64
"""Words per matrix product; their cosines with 100,000 words take 26 MB."""


class Quantised(NamedTuple):
    """Directions as integers.

    Attributes:
        codes: (V, D) int8, or int16 where int8 loses too much. Each row is approximately a
            multiple of its vector.
        recall: recall@10 against the exact vectors, 0 to 1; see `recall`.
    """

    codes: Codes
    recall: float


def quantise(units: FloatMatrix) -> Quantised:
    """Round directions to one byte per number, or two if the recall would be below `MIN_RECALL`.

    Args:
        units: (V, D) vectors of length 1 (or 0).
    """
    codes = to_codes(units, np.int8)
    kept = recall(units, directions(codes))
    if kept < MIN_RECALL:
        codes = to_codes(units, np.int16)
        kept = recall(units, directions(codes))
    return Quantised(codes, kept)


def to_codes(units: FloatMatrix, dtype: type[np.int8] | type[np.int16]) -> Codes:
    """Quantise each row symmetrically: code = round(x * 127 / max |x|), or 32,767 for int16.

    Zero rows stay zero.
    """
    top = np.iinfo(dtype).max
    codes: Codes = np.empty(units.shape, dtype)
    for block in row_blocks(len(units)):
        largest = np.abs(units[block]).max(axis=1, keepdims=True)
        codes[block] = np.rint(units[block] * (top / np.where(largest == 0, 1, largest)))
    return codes


def directions(codes: Codes) -> FloatMatrix:
    """The (V, D) float32 vectors of length 1 that codes represent; zero rows stay zero."""
    units = codes.astype(np.float32)
    lengths = np.linalg.norm(units, axis=1, keepdims=True)
    units /= np.where(lengths == 0, 1, lengths)
    return units


def lengths(vectors: FloatMatrix) -> FloatVector:
    """The lengths of vectors, float32, which codes do not keep.

    Computed in float64, because the square of a float32 may overflow or underflow in float32.
    """
    found: FloatVector = np.empty(len(vectors), np.float32)
    for block in row_blocks(len(vectors)):
        found[block] = np.linalg.norm(vectors[block].astype(np.float64), axis=1)
    return found


def recall(exact: FloatMatrix, approximate: FloatMatrix) -> float:
    """The fraction of the ten nearest neighbours that approximate vectors find, 0 to 1.

    The mean over up to `SAMPLE` words, evenly spaced over the rows; all rows are candidates. A
    neighbour counts as found if its exact cosine is among the ten highest, so that the order of
    equal cosines does not matter.

    Args:
        exact: (V, D) vectors of length 1.
        approximate: (V, D) vectors of length 1.
    """
    rows = len(exact)
    count = min(NEIGHBOURS, rows - 1)
    if count == 0:
        return 1.0
    asked = np.unique(np.linspace(0, rows - 1, min(SAMPLE, rows)).astype(np.intp))
    found = 0
    for begin in range(0, len(asked), _AT_ONCE):
        ids = asked[begin : begin + _AT_ONCE]
        cosines = exact[ids] @ exact.T
        near, _ = nearest_rows(approximate, ids, count)
        cosines[np.arange(len(ids)), ids] = -np.inf
        bar = np.partition(cosines, rows - count, axis=1)[:, rows - count]
        found += int((np.take_along_axis(cosines, near, axis=1) >= bar[:, None]).sum())
    return found / (count * len(asked))
