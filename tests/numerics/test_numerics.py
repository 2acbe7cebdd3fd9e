import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.jit import jit
from w2v.numerics.random import below, draw, fill_uniform, low_half, stream_key
from w2v.numerics.scalar_functions import exp, sigmoid_and_softplus

CHI_SQUARED_999 = {9: 27.88, 99: 148.23}
"""99.9th percentiles by degrees of freedom; the seeds are fixed, so a failure is a change."""


@jit
def _exp_all(x, out):
    for i in range(x.size):
        out[i] = exp(x[i])


def test_float32_exp_is_accurate_over_its_whole_range():
    x = np.linspace(-87, 88, 200_001).astype(np.float32)
    out = np.empty_like(x)
    _exp_all(x, out)
    assert np.abs(out / np.exp(x.astype(np.float64)) - 1).max() < 3e-7


def test_float32_exp_saturates_and_lets_nan_through():
    x = np.array([-np.inf, -1e30, 1e30, np.inf, np.nan], dtype=np.float32)
    out = np.empty_like(x)
    _exp_all(x, out)
    assert 0 <= out[0] == out[1] < 2e-38
    assert out[2] == out[3] > 1e38
    assert np.isnan(out[4])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(x=st.floats(-80, 80))
def test_sigmoid_and_softplus_match_their_definitions(dtype, x):
    x = dtype(x)
    sigmoid, softplus = sigmoid_and_softplus(x)
    tolerance = 1e-6 if dtype is np.float32 else 1e-14
    x = float(x)
    assert sigmoid == pytest.approx(1 / (1 + math.exp(-x)), rel=tolerance)
    expected = x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))
    assert softplus == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_and_softplus_at_the_ends(dtype):
    sigmoid, softplus = sigmoid_and_softplus(dtype(-1e30))
    assert 0 <= sigmoid < 2e-38
    assert 0 <= softplus < 2e-38
    assert sigmoid_and_softplus(dtype(1e30)) == (1.0, dtype(1e30))
    assert sigmoid_and_softplus(dtype(np.inf))[1] == np.inf
    assert np.isnan(sigmoid_and_softplus(dtype(np.nan))).all()


def test_draw_is_splitmix64():
    # First outputs of the reference implementation (Vigna) for the seed 0.
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(draw(np.uint64(0), np.uint64(n))) for n in (1, 2, 3)] == expected


def test_below_is_uniform_and_independent_of_the_low_half():
    key = stream_key(7)
    cells = np.zeros((10, 10))
    n_draws = 100_000
    for n in range(n_draws):
        bits = np.uint64(draw(key, np.uint64(n)))
        cells[int(below(bits, np.uint64(10))), int(low_half(bits)) * 10 >> 32] += 1
    expected = n_draws / 100
    assert ((cells - expected) ** 2 / expected).sum() < CHI_SQUARED_999[99]


def test_stream_keys_differ_in_every_part():
    parts = [(s, p, e, b) for s in range(4) for p in range(4) for e in range(4) for b in range(4)]
    assert len({int(stream_key(*part)) for part in parts}) == len(parts)
    assert stream_key(1, 2) != stream_key(2, 1)
    assert stream_key(0) != stream_key(0, 0)


def test_fill_uniform_spans_its_range_and_follows_the_seed():
    a, b, c = (np.empty((500, 7), dtype=np.float32) for _ in range(3))
    fill_uniform(1, 0, 0.5, a)
    fill_uniform(1, 0, 0.5, b)
    fill_uniform(2, 0, 0.5, c)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert -0.5 <= a.min() < -0.499
    assert 0.499 < a.max() < 0.5
    histogram = np.histogram(a, bins=10, range=(-0.5, 0.5))[0]
    assert ((histogram - 350) ** 2 / 350).sum() < CHI_SQUARED_999[9]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_are_aligned_and_padded(dtype):
    matrix = aligned_zeros(3, padded(100, dtype), dtype)
    for row in matrix:
        assert row.ctypes.data % 64 == 0
    assert padded(100, np.float32) == 112
    assert padded(112, np.float32) == 112
    assert not matrix.any()
