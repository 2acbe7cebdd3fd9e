"""Merging: several shards have trained copies of one model; their changes become one change.

A shard changes some rows, each by a delta. The deltas of two shards become those of one, and so on
in pairs (`w2v.train.round_tasks`). A row that only one of the two has changed keeps its delta; for
a row of both, with deltas g and h from n and m steps, there are three rules:

    mean        (n g + m h) / (n + m)
        The mean of the models, weighted by update counts. It never moves further than one shard
        did, so that S shards learn S times more slowly.
    combine     g + h - (g . h / g . g) g
        The part of h that is parallel to g is dropped, so that a move which both shards made is
        made once: the gradient combiner of GraphAny2Vec (Gill, Dathathri, Maleki, Musuvathi,
        Mytkowicz and Saarikivi 2019, "Distributed Word2Vec using Graph Analytics Frameworks",
        arXiv 1909.03359).
    adaptive    g + h - s ((g . h / g . g) g + (g . h / h . h) h) / 2
        with s = 2 - 2 F((n + m) r) / (F(n r) + F(m r)),
        F(a) = 1 - exp(-a), and r the learning rate times `CURVATURE`. In a quadratic bowl, n steps
        go the fraction F(n r) of the way to the bottom. Where g and h lead to the same bottom, this
        is how far n + m steps would have gone: the sum for rows with few updates, the mean for rows
        with many. Where g and h are orthogonal, it is their sum. s = 1 gives the adaptive sum of
        Maleki et al. 2020 ("Scaling Distributed Training with Adaptive Summation", arXiv
        2006.02924), s = 0 the plain sum.

Shards, words and engines are not known here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from w2v.numerics.jit import jit

CURVATURE = 10.0
"""Curvature of the loss along a row, as `adaptive` assumes it: a step covers the fraction
lr x `CURVATURE` of the way to the bottom."""


class RowDeltas(NamedTuple):
    """Changes to some rows of a matrix (V, D), and to a number that each row has besides (V,).

    Attributes:
        rows: (n,) int64, ascending, each once.
        deltas: (n, D + 1) float32. The last column is the change of the number: an output bias, or
            ln Z.
        update_counts: (n,) int64, how many steps made the delta; at least 1.
    """

    rows: np.ndarray
    deltas: np.ndarray
    update_counts: np.ndarray


def no_deltas(columns: int) -> RowDeltas:
    """Deltas of no rows, with `columns` = D + 1."""
    empty = np.empty(0, dtype=np.int64)
    return RowDeltas(empty, np.empty((0, columns), dtype=np.float32), empty)


# --- rules: out[k] from g = first[i], of n steps, and h = second[j], of m steps ------------------


def _mean(
    out: Any, k: Any, first: Any, i: Any, n: Any, second: Any, j: Any, m: Any, rate: Any
) -> None:
    # One product: of two, LLVM may fuse either with the sum, and the results differ by a rounding.
    weight = m / (n + m)
    for c in range(out.shape[1]):
        apart = np.float64(second[j, c]) - np.float64(first[i, c])
        out[k, c] = np.float64(first[i, c]) + weight * apart


def _combine(
    out: Any, k: Any, first: Any, i: Any, n: Any, second: Any, j: Any, m: Any, rate: Any
) -> None:
    square = 0.0
    dot = 0.0
    for c in range(out.shape[1]):
        square += np.float64(first[i, c]) * np.float64(first[i, c])
        dot += np.float64(first[i, c]) * np.float64(second[j, c])
    part = dot / square if square > 0.0 else 0.0
    for c in range(out.shape[1]):
        out[k, c] = np.float64(second[j, c]) + (1.0 - part) * np.float64(first[i, c])


def _adaptive(
    out: Any, k: Any, first: Any, i: Any, n: Any, second: Any, j: Any, m: Any, rate: Any
) -> None:
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
        # Rounded to float32 before the addition, so that neither is fused: see `_mean`.
        from_g = np.float32(g_part * np.float64(first[i, c]))
        from_h = np.float32(h_part * np.float64(second[j, c]))
        out[k, c] = from_g + from_h


def _make_merge(rule: Any) -> Any:
    """See `merge`."""
    merge_row = jit(rule, inline=True)

    def merge(
        rows_1: Any, deltas_1: Any, counts_1: Any, rows_2: Any, deltas_2: Any, counts_2: Any,
        rate: Any, rows: Any, deltas: Any, counts: Any,
    ) -> Any:  # fmt: skip
        """Fill the last three, which have room for all rows of both; returns how many there are."""
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
                merge_row(deltas, k, deltas_1, i, n, deltas_2, j, m, rate)
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

    return jit(merge)


MERGES: Mapping[str, Any] = {
    "adaptive": _make_merge(_adaptive),
    "mean": _make_merge(_mean),
    "combine": _make_merge(_combine),
}
"""Compiled by rule; the names are those of `TrainConfig.merge`."""


def merge_rows(rule: str, lr: float, first: RowDeltas, second: RowDeltas) -> RowDeltas:
    """Merge the deltas of two shards; see the module.

    Args:
        rule: a name in `MERGES`.
        lr: learning rate of the steps that made them.
        first, second: deltas of the same matrix. The order matters to ``combine``.

    Returns:
        Deltas of all rows of both; update counts are added.
    """
    size = len(first.rows) + len(second.rows)
    merged = RowDeltas(
        np.empty(size, dtype=np.int64),
        np.empty((size, first.deltas.shape[1]), dtype=np.float32),
        np.empty(size, dtype=np.int64),
    )
    n = MERGES[rule](*first, *second, lr * CURVATURE, *merged)
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
    """Fill `deltas` (n, D + 1) with what `add_rows` must add to the old to give the new."""
    size = deltas.shape[1] - 1
    for k in range(rows.size):
        row = rows[k]
        for c in range(size):
            deltas[k, c] = matrix[row, c] - old_matrix[row, c]
        deltas[k, size] = numbers[row] - old_numbers[row]
