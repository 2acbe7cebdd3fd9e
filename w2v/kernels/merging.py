"""Merging what several shards have made of the same model: rows, their changes, and how to add up.

Shards that start from one model change some of its rows, each by a delta. Two shards' deltas
become one, and so on in pairs (`w2v.train.round_tasks`). A row that only one of the two has changed
keeps that delta; a row of both gets one by a rule. With deltas g and h that took n and m steps:

    mean        (n g + m h) / (n + m)
        The count-weighted mean of the models. It never goes further than one shard did, and so
        learns S times more slowly from S shards.
    combine     g + h - (g . h / g . g) g
        Of h only what is orthogonal to g, so that a way both have gone is gone once: the gradient
        combiner of GraphAny2Vec (Gill, Dathathri, Maleki, Musuvathi, Mytkowicz and Saarikivi 2019,
        "Distributed Word2Vec using Graph Analytics Frameworks", arXiv 1909.03359).
    adaptive    g + h - s ((g . h / g . g) g + (g . h / h . h) h) / 2
        with s = 2 - 2 F((n + m) r) / (F(n r) + F(m r)),
        where F(a) = 1 - exp(-a) and r is the learning rate times `CURVATURE`. n steps down a
        quadratic bowl go the part F(n r) of the way to its bottom. Where g and h are such parts of
        ways to the same bottom, this is the part that n + m steps would have gone: the sum for rows
        that were touched rarely, the mean for those touched often. Where they are ways apart, both
        are gone in full. With s = 1 it is the adaptive sum of Maleki et al. 2020 ("Scaling
        Distributed Training with Adaptive Summation", arXiv 2006.02924), with s = 0 the sum.

Knows nothing of shards, words or engines.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from w2v.numerics.jit import jit, specialise

CURVATURE = 10.0
"""Of the loss along a row: a step goes lr x this of the way to the bottom, in `adaptive`."""


class RowDeltas(NamedTuple):
    """Changes of some rows of a matrix (V, D) and of the numbers beside them (V,).

    Attributes:
        rows: (n,) int64, ascending, each once.
        deltas: (n, D + 1) float32: of the row, and last of the number that belongs to it (a bias,
            or the logarithm of a normaliser).
        touches: (n,) int64, how many steps made the delta; at least 1.
    """

    rows: np.ndarray
    deltas: np.ndarray
    touches: np.ndarray


def no_deltas(columns: int) -> RowDeltas:
    """Of no rows, with `columns` = D + 1."""
    empty = np.empty(0, dtype=np.int64)
    return RowDeltas(empty, np.empty((0, columns), dtype=np.float32), empty)


# --- rules: fill out[k] from g = first[i] with n touches and h = second[j] with m -----------------


def _mean(
    out: Any, k: Any, first: Any, i: Any, n: Any, second: Any, j: Any, m: Any, rate: Any
) -> None:
    # One product, for of two either might be fused with the sum, which are two different roundings.
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
        # Rounded to float32 before they are added, so that neither is fused: see `_mean`.
        from_g = np.float32(g_part * np.float64(first[i, c]))
        from_h = np.float32(h_part * np.float64(second[j, c]))
        out[k, c] = from_g + from_h


_row: Any = None


def _merge_template(
    rows_1: Any, deltas_1: Any, touches_1: Any, rows_2: Any, deltas_2: Any, touches_2: Any,
    rate: Any, rows: Any, deltas: Any, touches: Any,
) -> Any:  # fmt: skip
    """Fill the last three, which have room for all rows of both; returns how many there are."""
    i: Any = 0
    j: Any = 0
    k = 0
    while i < rows_1.size or j < rows_2.size:
        has_1 = i < rows_1.size and (j == rows_2.size or rows_1[i] <= rows_2[j])
        has_2 = j < rows_2.size and (i == rows_1.size or rows_2[j] <= rows_1[i])
        rows[k] = rows_1[i] if has_1 else rows_2[j]
        touches[k] = (touches_1[i] if has_1 else 0) + (touches_2[j] if has_2 else 0)
        if has_1 and has_2:
            n, m = np.float64(touches_1[i]), np.float64(touches_2[j])
            _row(deltas, k, deltas_1, i, n, deltas_2, j, m, rate)
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


def _compiled(name: str, rule: Any) -> Any:
    return specialise(_merge_template, name, _row=jit(rule, inline=True))


MERGES: Mapping[str, Any] = {
    "adaptive": _compiled("adaptive", _adaptive),
    "mean": _compiled("mean", _mean),
    "combine": _compiled("combine", _combine),
}
"""Compiled by rule; the names are those of `TrainConfig.merge`."""


def merge_rows(rule: str, lr: float, first: RowDeltas, second: RowDeltas) -> RowDeltas:
    """Two shards' deltas as one: see the module's header.

    Args:
        rule: a name in `MERGES`.
        lr: learning rate of the steps that made them.
        first, second: of the same matrix; the order matters to ``combine``.

    Returns:
        All rows of both, with the touches of both.
    """
    size = len(first.rows) + len(second.rows)
    merged = RowDeltas(
        np.empty(size, dtype=np.int64),
        np.empty((size, first.deltas.shape[1]), dtype=np.float32),
        np.empty(size, dtype=np.int64),
    )
    n = MERGES[rule](*first, *second, lr * CURVATURE, *merged)
    return RowDeltas(*(array[:n] for array in merged))


# --- between deltas and matrices ------------------------------------------------------------------


@jit
def add_rows(matrix: Any, beside: Any, rows: Any, deltas: Any) -> None:
    """matrix[rows] += deltas[:, :-1] and beside[rows] += deltas[:, -1], in place.

    Args:
        matrix: (V, P) with P >= D; padding stays as it is.
        beside: (V,).
        rows, deltas: see `RowDeltas`.
    """
    size = deltas.shape[1] - 1
    for k in range(rows.size):
        row = rows[k]
        for c in range(size):
            matrix[row, c] += deltas[k, c]
        beside[row] += deltas[k, size]


@jit
def fill_differences(
    matrix: Any, beside: Any, old_matrix: Any, old_beside: Any, rows: Any, deltas: Any
) -> None:
    """Fill (n, D + 1) `deltas` so that `add_rows` of them leads from the old to the new."""
    size = deltas.shape[1] - 1
    for k in range(rows.size):
        row = rows[k]
        for c in range(size):
            deltas[k, c] = matrix[row, c] - old_matrix[row, c]
        deltas[k, size] = beside[row] - old_beside[row]
