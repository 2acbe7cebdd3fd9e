"""Merging: combine the changes that several shards have made to copies of one model.

Each shard changes some rows, each by a delta. Deltas are merged pairwise, until those of all shards
are one (`w2v.train.round_tasks`). A row changed by only one of a pair keeps its delta; a row
changed by both, with deltas g and h from n and m steps, gets

    g + h - s ((g . h / g . g) g + (g . h / h . h) h) / 2
        with s = 2 - 2 F((n + m) r) / (F(n r) + F(m r)),
        F(a) = 1 - exp(-a), and r the learning rate times `CURVATURE`.

In a quadratic bowl, n steps go the fraction F(n r) of the way to the minimum. Where g and h lead to
the same minimum, the merged delta is as long as that of n + m steps: the sum for rows with few
updates, the mean for rows with many. Where g and h are orthogonal, it is their sum. s = 1 gives the
adaptive sum of Maleki et al. 2020 ("Scaling Distributed Training with Adaptive Summation", arXiv
2006.02924), s = 0 the plain sum. Two other rules, the mean of the models weighted by update counts
and the gradient combiner of GraphAny2Vec (arXiv 1909.03359), gave worse vectors in every setting
measured: docs/explanation/rounds.md.

This module sees only arrays: no shards, words or engines.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from w2v.numerics.jit import jit

CURVATURE = 10.0
"""Assumed curvature of the loss along a row: a step covers the fraction lr x `CURVATURE` of the way
to the minimum."""


class RowDeltas(NamedTuple):
    """Changes to some rows of a (V, D) matrix, and to the number (V,) that belongs to each row.

    Attributes:
        rows: (n,) int64, ascending, without repetition.
        deltas: (n, D + 1) float32. The last column is the change of the row's number: an output
            bias, or ln Z.
        update_counts: (n,) int64, the number of steps behind each delta, at least 1.
    """

    rows: np.ndarray
    deltas: np.ndarray
    update_counts: np.ndarray


# --- merging --------------------------------------------------------------------------------------


def _merged_row(
    out: Any, k: Any, first: Any, i: Any, n: Any, second: Any, j: Any, m: Any, rate: Any
) -> None:
    """Fill out[k] from g = first[i], of n steps, and h = second[j], of m steps."""
    g_square = 0.0
    h_square = 0.0
    dot = 0.0
    for c in range(out.shape[1]):
        g_square += np.float64(first[i, c]) * np.float64(first[i, c])
        h_square += np.float64(second[j, c]) * np.float64(second[j, c])
        dot += np.float64(first[i, c]) * np.float64(second[j, c])
    both = math.expm1(-n * rate) + math.expm1(-m * rate)
    half = 1.0 - math.expm1(-(n + m) * rate) / both if both < 0.0 else 0.0
    g_part = 1.0 - (half * dot / g_square if g_square > 0.0 else 0.0)
    h_part = 1.0 - (half * dot / h_square if h_square > 0.0 else 0.0)
    for c in range(out.shape[1]):
        # Rounded to float32 before the addition: LLVM may fuse either product with the sum, and
        # the results would differ by a rounding.
        from_g = np.float32(g_part * np.float64(first[i, c]))
        from_h = np.float32(h_part * np.float64(second[j, c]))
        out[k, c] = from_g + from_h


_merge_row: Any = jit(_merged_row, inline=True)


@jit
def _merge(
    rows_1: Any, deltas_1: Any, counts_1: Any, rows_2: Any, deltas_2: Any, counts_2: Any,
    rate: Any, rows: Any, deltas: Any, counts: Any,
) -> Any:  # fmt: skip
    """Fill the last three, which have room for all rows of both; returns the number of rows."""
    i: Any = 0
    j: Any = 0
    k = 0
    while i < rows_1.size or j < rows_2.size:
        has_1 = i < rows_1.size and (j == rows_2.size or rows_1[i] <= rows_2[j])
        has_2 = j < rows_2.size and (i == rows_1.size or rows_2[j] <= rows_1[i])
        rows[k] = rows_1[i] if has_1 else rows_2[j]
        counts[k] = (counts_1[i] if has_1 else 0) + (counts_2[j] if has_2 else 0)
        if has_1 and has_2:
            n, m = np.float64(counts_1[i]), np.float64(counts_2[j])
            _merge_row(deltas, k, deltas_1, i, n, deltas_2, j, m, rate)
        elif has_1:
            for c in range(deltas.shape[1]):
                deltas[k, c] = deltas_1[i, c]
        else:
            for c in range(deltas.shape[1]):
                deltas[k, c] = deltas_2[j, c]
        i += np.int64(has_1)
        j += np.int64(has_2)
        k += 1
    return k


def merge_rows(lr: float, first: RowDeltas, second: RowDeltas) -> RowDeltas:
    """Merge the deltas of two shards; see the module's docstring.

    Args:
        lr: learning rate of the steps that made them.
        first, second: deltas of the same matrix.

    Returns:
        Deltas of the rows of either, with the sums of their update counts.
    """
    size = len(first.rows) + len(second.rows)
    merged = RowDeltas(
        np.empty(size, dtype=np.int64),
        np.empty((size, first.deltas.shape[1]), dtype=np.float32),
        np.empty(size, dtype=np.int64),
    )
    n = _merge(*first, *second, lr * CURVATURE, *merged)
    return RowDeltas(*(array[:n] for array in merged))


# --- from deltas to matrices and back -------------------------------------------------------------


@jit
def add_rows(matrix: Any, numbers: Any, rows: Any, deltas: Any) -> None:
    """matrix[rows] += deltas[:, :-1] and numbers[rows] += deltas[:, -1], in place.

    Args:
        matrix: (V, P) with P >= D; padding is left as it is.
        numbers: (V,).
        rows, deltas: see `RowDeltas`.
    """
    size = deltas.shape[1] - 1
    for k in range(rows.size):
        row = rows[k]
        for c in range(size):
            matrix[row, c] += deltas[k, c]
        numbers[row] += deltas[k, size]


@jit
def fill_differences(
    matrix: Any, numbers: Any, old_matrix: Any, old_numbers: Any, rows: Any, deltas: Any
) -> None:
    """Fill `deltas` (n, D + 1) with what `add_rows` must add to the old arrays to get the new."""
    size = deltas.shape[1] - 1
    for k in range(rows.size):
        row = rows[k]
        for c in range(size):
            deltas[k, c] = matrix[row, c] - old_matrix[row, c]
        deltas[k, size] = numbers[row] - old_numbers[row]
