"""Vectors at one byte per number, and the neighbours they keep."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from explorer import made_up

from w2v.explore.quantise import MIN_RECALL, directions, quantise, recall, to_codes


def test_codes_by_hand():
    codes = to_codes(np.array([[0.6, -0.8], [0, 0], [1, 0.5]], np.float32), np.int8)
    assert codes.tolist() == [[95, -127], [0, 0], [127, 64]]
    np.testing.assert_allclose(np.linalg.norm(directions(codes), axis=1), [1, 0, 1], rtol=1e-6)


def test_recall_is_its_naive_twin():
    random = np.random.default_rng(1)
    exact = made_up().unit_vectors[20:100]
    rough = exact + 0.1 * random.normal(size=exact.shape).astype(np.float32)
    rough /= np.linalg.norm(rough, axis=1, keepdims=True)
    assert recall(exact, rough) == pytest.approx(naive.recall_at_10(exact, rough))
    assert 0.3 < recall(exact, rough) < 0.95
    assert recall(exact, exact) == 1


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_recall_of_few_words(rows):
    units = made_up().unit_vectors[:rows]
    assert recall(units, units) == 1


def test_equal_vectors_do_not_count_against_recall():
    units = np.tile(made_up().unit_vectors[:1], (60, 1))
    assert recall(units, directions(to_codes(units, np.int8))) == 1


def test_one_byte_is_used_if_it_is_enough_and_two_otherwise():
    random = np.random.default_rng(2)
    spread = random.normal(size=(3000, 100)).astype(np.float32)
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    found = quantise(spread)
    assert found.codes.dtype == np.int8
    assert found.recall >= MIN_RECALL
    # One huge number in each row leaves the others a few of 127 steps.
    spiky = spread.copy()
    spiky[:, 0] = 30
    spiky /= np.linalg.norm(spiky, axis=1, keepdims=True)
    assert recall(spiky, directions(to_codes(spiky, np.int8))) < MIN_RECALL
    found = quantise(spiky)
    assert found.codes.dtype == np.int16
    assert found.recall >= MIN_RECALL
