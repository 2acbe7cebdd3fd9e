"""The arithmetic of neighbours, on arrays: unit vectors, the best of many scores, batches.

Knows rows, not words: `w2v.embeddings.Embeddings` puts the words to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from w2v.formats.table import FloatMatrix, FloatVector

Ids = np.ndarray[Any, np.dtype[np.intp]]

COSMUL_EPSILON = 1e-6
"""Keeps 3CosMul from dividing by 0; gensim's value."""

_QUERIES_AT_ONCE = 512
_CANDIDATES_AT_ONCE = 4096
"""A tile of 512 x 4096 scores takes 8 MB, whatever the size of the vocabulary."""
_FIRST_CANDIDATES = 512


def unit_rows(rows: np.ndarray[Any, Any]) -> FloatMatrix:
    """(N, D) float32: rows divided by their lengths; zero rows stay zero.

    The lengths are computed in float64: the square of a float32 overflows or vanishes within
    float32's own range. A row with a NaN or an infinity becomes NaN.
    """
    wide = rows.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    with np.errstate(invalid="ignore"):
        wide /= np.where(lengths == 0, 1.0, lengths)[:, None]
    result: FloatMatrix = wide.astype(np.float32)
    return result


def best(scores: np.ndarray[Any, Any], count: int, excluded: Sequence[int] = ()) -> Ids:
    """The positions of the `count` largest scores, the largest first; ties go by position.

    Args:
        scores: (V,), without NaN; changed at the excluded positions.
        count: fewer come if there are no more.
        excluded: positions left out.
    """
    scores[list(excluded)] = -np.inf
    count = min(count, len(scores) - len(set(excluded)))
    if count <= 0:
        return np.empty(0, np.intp)
    # All that reach the last score asked for, so that ties go by position.
    threshold = np.partition(scores, len(scores) - count)[len(scores) - count]
    near = np.flatnonzero(scores >= threshold)
    ranked: Ids = near[np.argsort(-scores[near], kind="stable")][:count]
    return ranked


def nearest_rows(units: FloatMatrix, queries: Ids, count: int) -> tuple[Ids, FloatMatrix]:
    """The rows nearest to each of many rows, by cosine, themselves left out.

    Exact. Takes little more time than the matrix product: the scores are computed in tiles, and of
    a tile only those are looked at that exceed the `count`-th best so far. Memory does not grow
    with the vocabulary.

    Args:
        units: (V, D) unit vectors.
        queries: (Q,) rows of `units`.
        count: neighbours of each, at most V - 1.

    Returns:
        (Q, count) rows and (Q, count) float32 cosines, the nearest first; ties go by row.
    """
    ids = np.empty((len(queries), count), np.intp)
    cosines = np.empty((len(queries), count), np.float32)
    if count == 0:
        return ids, cosines
    for begin in range(0, len(queries), _QUERIES_AT_ONCE):
        block = slice(begin, begin + _QUERIES_AT_ONCE)
        ids[block], cosines[block] = _nearest_block(units, queries[block], count)
    return ids, cosines


def _nearest_block(units: FloatMatrix, queries: Ids, count: int) -> tuple[Ids, FloatMatrix]:
    """`nearest_rows` for one block of queries: tile after tile of candidates."""
    vectors = units[queries]
    ids = np.zeros((len(queries), count), np.intp)
    scores = np.full((len(queries), count), -np.inf, np.float32)
    # A small first tile gives thresholds, so that few scores of the large ones are looked at.
    begin, end = 0, max(_FIRST_CANDIDATES, 2 * count)
    memory = np.empty(len(queries) * max(end, _CANDIDATES_AT_ONCE), np.float32)
    while begin < len(units):
        candidates = units[begin:end]
        # Into the same memory each time: fresh pages would cost more than the product.
        tile = memory[: len(queries) * len(candidates)].reshape(len(queries), -1)
        np.matmul(vectors, candidates.T, out=tile)
        inside = np.flatnonzero((queries >= begin) & (queries < end))
        tile[inside, queries[inside] - begin] = -np.inf
        if begin == 0:
            last = max(0, tile.shape[1] - count)
            threshold = np.partition(tile, last, axis=1)[:, last, None]
            above = (tile >= threshold) & (tile > -np.inf)
        else:
            above = tile > scores[:, -1:]
        query, candidate = np.divmod(np.flatnonzero(above), tile.shape[1])
        if len(query):
            _insert(ids, scores, query, candidate + begin, tile[query, candidate])
        begin, end = end, end + _CANDIDATES_AT_ONCE
    return ids, scores


def _insert(ids: Ids, scores: FloatMatrix, query: Ids, candidates: Ids, found: FloatVector) -> None:
    """Merge candidates, sorted by query, into the best ids and scores of their queries."""
    which, places, counts = np.unique(query, return_index=True, return_counts=True)
    width = ids.shape[1]
    shape = (len(which), width + int(counts.max()))
    all_ids, all_scores = np.zeros(shape, np.intp), np.full(shape, -np.inf, np.float32)
    all_ids[:, :width], all_scores[:, :width] = ids[which], scores[which]
    row = np.repeat(np.arange(len(which)), counts)
    column = width + np.arange(len(query)) - np.repeat(places, counts)
    all_ids[row, column], all_scores[row, column] = candidates, found
    # Stable: ids ascend among equal scores, those of earlier tiles before those of later ones.
    order = np.argsort(-all_scores, axis=1, kind="stable")[:, :width]
    ids[which] = np.take_along_axis(all_ids, order, 1)
    scores[which] = np.take_along_axis(all_scores, order, 1)
