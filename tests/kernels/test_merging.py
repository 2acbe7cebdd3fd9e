"""Merging the deltas of shards: against a naive twin, and the properties it promises."""

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.kernels import merge_shards
from w2v.kernels.merge_shards import (
    CURVATURE,
    RowDeltas,
    add_rows,
    fill_differences,
    merge_rows,
)

COLUMNS = 4


def row_deltas(seed, n, size=12, most_updates=300):
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(size, n, replace=False)).astype(np.int64)
    deltas = rng.normal(size=(n, COLUMNS)).astype(np.float32)
    return RowDeltas(rows, deltas, rng.integers(1, most_updates, n))


def as_dict(part):
    return {
        int(row): (delta.astype(float).tolist(), int(updates))
        for row, delta, updates in zip(*part, strict=True)
    }


@given(n=st.integers(0, 12), m=st.integers(0, 12), seed=st.integers(0, 99))
def test_merged_rows_are_the_slow_twins(n, m, seed):
    first, second, lr = row_deltas(seed, n), row_deltas(seed + 100, m), 0.03
    merged = merge_rows(lr, first, second)
    expected = naive.merged_rows(lr * CURVATURE, as_dict(first), as_dict(second))
    assert merged.rows.tolist() == list(expected)
    assert merged.update_counts.tolist() == [updates for _, updates in expected.values()]
    deltas = np.array([delta for delta, _ in expected.values()]).reshape(-1, COLUMNS)
    np.testing.assert_allclose(merged.deltas, deltas, rtol=1e-5, atol=1e-5)
    assert merged.deltas.dtype == np.float32


def test_a_row_of_one_shard_keeps_its_delta():
    part = row_deltas(1, 7)
    none = row_deltas(2, 0)
    for merged in (merge_rows(0.1, part, none), merge_rows(0.1, none, part)):
        for got, expected in zip(merged, part, strict=True):
            np.testing.assert_array_equal(got, expected)


def pair(delta_1, updates_1, delta_2, updates_2):
    return [
        RowDeltas(np.array([3]), np.array([delta], np.float32), np.array([updates]))
        for delta, updates in ((delta_1, updates_1), (delta_2, updates_2))
    ]


def test_a_common_direction_gives_something_between_the_sum_and_the_mean():
    g, h = [1.0, 2.0, 0.0], [2.0, 4.0, 0.0]
    rare = merge_rows(1e-7, *pair(g, 1, h, 1))
    often = merge_rows(1.0, *pair(g, 10_000, h, 10_000))
    between = merge_rows(0.001, *pair(g, 100, h, 100))
    np.testing.assert_allclose(rare.deltas, [[3, 6, 0]], rtol=1e-5)
    np.testing.assert_allclose(often.deltas, [[1.5, 3, 0]], rtol=1e-5)
    assert 1.5 < between.deltas[0, 0] < 3


@pytest.mark.parametrize("updates", [1, 10_000])
def test_orthogonal_deltas_are_added(updates):
    merged = merge_rows(1.0, *pair([1.0, 0.0], updates, [0.0, 5.0], updates))
    np.testing.assert_allclose(merged.deltas, [[1, 5]], rtol=1e-5)


def test_often_updated_rows_get_the_adaptive_sum_of_maleki():
    """(1 - g.h / 2 g.g) g + (1 - g.h / 2 h.h) h, arXiv 2006.02924."""
    g, h = np.array([1.0, 2.0, -1.0]), np.array([0.5, 3.0, 2.0])
    merged = merge_rows(1.0, *pair(list(g), 10_000, list(h), 10_000))
    expected = (1 - g @ h / (2 * g @ g)) * g + (1 - g @ h / (2 * h @ h)) * h
    np.testing.assert_allclose(merged.deltas, [expected], rtol=1e-5)


def test_merged_steps_go_as_far_down_a_bowl_as_steps_in_one_place():
    """x <- x - lr * h * x, n steps here and m there, is n + m steps of one."""
    lr, n, m = 1e-5, 3_000, 50_000
    shrink = 1 - lr * CURVATURE
    deltas = pair([shrink**n - 1], n, [shrink**m - 1], m)
    merged = merge_rows(lr, *deltas)
    np.testing.assert_allclose(merged.deltas, [[shrink ** (n + m) - 1]], rtol=1e-4)


def test_a_learning_rate_of_zero_does_not_divide_by_zero():
    merged = merge_rows(0.0, *pair([1.0], 5, [2.0], 5))
    assert merged.deltas.tolist() == [[3.0]]


def test_what_is_not_finite_is_not_hidden():
    assert not np.isfinite(merge_rows(0.1, *pair([np.nan], 5, [2.0], 5)).deltas).any()


def test_differences_lead_from_the_old_to_the_new():
    rng = np.random.default_rng(0)
    old, new = rng.normal(size=(2, 9, COLUMNS + 2)).astype(np.float32)
    old[:, COLUMNS - 1 :] = new[:, COLUMNS - 1 :] = 0  # padding
    old_beside, new_beside = rng.normal(size=(2, 9)).astype(np.float32)
    rows = np.array([0, 4, 8])
    deltas = np.empty((3, COLUMNS), np.float32)
    fill_differences(new, new_beside, old, old_beside, rows, deltas)
    before = old.copy()
    add_rows(old, old_beside, rows, deltas)
    np.testing.assert_allclose(old[rows], new[rows], atol=1e-6)
    np.testing.assert_allclose(old_beside[rows], new_beside[rows], atol=1e-6)
    others = np.setdiff1d(np.arange(9), rows)
    np.testing.assert_array_equal(old[others], before[others])


def test_the_curvature_is_a_positive_number():
    assert merge_shards.CURVATURE > 0
