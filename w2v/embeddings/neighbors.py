"""Nearest neighbours in arrays: unit vectors, the best of many scores, batches of queries.

These functions know rows, not words; `w2v.embeddings.Embeddings` converts between them.
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

    The lengths are computed in float64, because the square of a float32 may overflow or underflow
    in float32. A row with a NaN or an infinity becomes NaN.
    """
    wide = rows.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    with np.errstate(invalid="ignore"):
        wide /= np.where(lengths == 0, 1.0, lengths)[:, None]
    result: FloatMatrix = wide.astype(np.float32)
    return result


def best(scores: np.ndarray[Any, Any], count: int, excluded: Sequence[int] = ()) -> Ids:
    """The positions of the `count` largest scores, the largest first; ties are sorted by position.

    Args:
        scores: (V,), without NaN; set to -inf at the excluded positions.
        count: how many to return; fewer if there are not as many.
        excluded: positions to leave out.
    """
    scores[list(excluded)] = -np.inf
    count = min(count, len(scores) - len(set(excluded)))
    if count <= 0:
        return np.empty(0, np.intp)
    # All positions that tie with the last one returned, so that ties are sorted by position.
    threshold = np.partition(scores, len(scores) - count)[len(scores) - count]
    near = np.flatnonzero(scores >= threshold)
    ranked: Ids = near[np.argsort(-scores[near], kind="stable")][:count]
    return ranked


def nearest_rows(units: FloatMatrix, queries: Ids, count: int) -> tuple[Ids, FloatMatrix]:
    """The nearest rows to each of many rows by cosine, leaving out the row itself.

    The search is exact, and takes little more time than the matrix product: scores are computed in
    tiles, and only those above the `count`-th best so far are processed further. Memory does not
    grow with the vocabulary.

    Args:
        units: (V, D) float32 unit vectors.
        queries: (Q,) rows of `units`.
        count: number of neighbours of each row, at most V - 1.

    Returns:
        (Q, count) rows and (Q, count) float32 cosines, the nearest first; ties are sorted by row.
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
    """`nearest_rows` for one block of queries, one tile of candidates after another."""
    vectors = units[queries]
    ids = np.zeros((len(queries), count), np.intp)
    scores = np.full((len(queries), count), -np.inf, np.float32)
    # A small first tile sets thresholds, so that few scores of the large tiles exceed them.
    begin, end = 0, max(_FIRST_CANDIDATES, 2 * count)
    memory = np.empty(len(queries) * max(end, _CANDIDATES_AT_ONCE), np.float32)
    while begin < len(units):
        candidates = units[begin:end]
        # Reuse the memory: fresh pages would cost more than the product.
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
    # A stable sort: among equal scores, ids ascend, because those of earlier tiles come first.
    order = np.argsort(-all_scores, axis=1, kind="stable")[:, :width]
    ids[which] = np.take_along_axis(all_ids, order, 1)
    scores[which] = np.take_along_axis(all_scores, order, 1)
