"""Activations against formulas, at both ends of the float range, and inside Numba."""

import math
import subprocess
import sys

import naive_dense as naive
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.activations import (
    ACTIVATIONS,
    LECUN_AMPLITUDE,
    LECUN_SLOPE,
    scaled_tanh,
    scaled_tanh_derivative_from_a,
    sigmoid,
    sigmoid_derivative_from_z,
    sin,
    sin_derivative_from_z,
    softmax,
    softmax_jvp_from_a,
    softmax_jvp_from_z,
    softmax_jvp_rows,
    softmax_rows,
    softplus,
    softplus_derivative_from_z,
    tanh,
    tanh_derivative_from_z,
)
from w2v.errors import InputError
from w2v.gradcheck import Verdict, check_derivative

ELEMENTWISE = [a for a in ACTIVATIONS.values() if a.elementwise]
MONOTONE = [a for a in ELEMENTWISE if a.name != "sin"]
BY_NAME = {"argvalues": ELEMENTWISE, "ids": lambda a: a.name}
GRID = np.concatenate([np.linspace(-18.0, 18.0, 145), [1e-9, -1e-9]])
SAFE = st.floats(-30.0, 30.0)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def test_every_elementwise_activation_has_a_naive_twin():
    assert {a.name for a in ELEMENTWISE} == set(naive.VALUE) == set(naive.DERIVATIVE)
    assert set(ACTIVATIONS) - set(naive.VALUE) == {"softmax"}


@pytest.mark.parametrize("activation", **BY_NAME)
def test_value_and_derivative_equal_the_formula(activation):
    expected = [naive.VALUE[activation.name](float(z)) for z in GRID]
    np.testing.assert_allclose(activation.value(GRID), expected, rtol=1e-8, atol=1e-15)
    slopes = [naive.DERIVATIVE[activation.name](float(z)) for z in GRID]
    np.testing.assert_allclose(activation.derivative_from_z(GRID), slopes, rtol=1e-12)


@pytest.mark.parametrize("activation", **BY_NAME)
def test_derivative_from_a_is_the_derivative_from_z(activation):
    if activation.derivative_from_a is None:
        assert activation.name == "sin"
        return
    z = np.concatenate([np.linspace(-5.0, 5.0, 41), activation.kinks])
    from_a = activation.derivative_from_a(activation.value(z))
    np.testing.assert_allclose(from_a, activation.derivative_from_z(z), rtol=1e-10)


@pytest.mark.parametrize("activation", **BY_NAME)
def test_gradient_check(activation):
    z = np.array([-20.0, -3.0, -0.7, 0.2, 1.1, 4.0, 20.0])
    assert check_derivative(activation.value, activation.derivative_from_z, z).passed


@pytest.mark.parametrize("activation", [a for a in ELEMENTWISE if a.kinks], ids=lambda a: a.name)
def test_kinks_are_declared_and_the_left_slope_is_taken(activation):
    kinks = np.array(activation.kinks)
    report = check_derivative(activation.value, activation.derivative_from_z, kinks)
    assert report.verdict is Verdict.KINK
    for entry in report.coordinates:
        assert entry.analytic == pytest.approx(entry.left, abs=1e-9)


@pytest.mark.parametrize("activation", **BY_NAME)
def test_the_derivative_takes_z_and_not_a(activation):
    """Passing a where z belongs is caught, unless the slope is the same on both."""
    z = np.array([-2.0, -0.4, 0.6, 1.5])
    report = check_derivative(
        activation.value, lambda z: activation.derivative_from_z(activation.value(z)), z
    )
    same = activation.name in ("identity", "relu", "leaky_relu")
    assert report.passed is same


def test_equal_functions_are_compiled_once():
    assert softplus_derivative_from_z is sigmoid
    for activation in ELEMENTWISE:
        same = activation.name in ("identity", "relu", "leaky_relu")
        assert (activation.derivative_from_a is activation.derivative_from_z) is same


def test_the_misquoted_derivative_of_the_scaled_tanh_is_rejected():
    z = np.array([-1.5, -0.5, 0.5, 1.0, 2.0])

    def misquoted(z):
        return LECUN_SLOPE * (LECUN_AMPLITUDE - scaled_tanh(z) ** 2)

    report = check_derivative(scaled_tanh, misquoted, z)
    assert report.count(Verdict.FAIL) == z.size
    assert misquoted(np.array([2.0]))[0] < 0 < scaled_tanh_derivative_from_a(scaled_tanh(2.0))
    right = check_derivative(
        scaled_tanh, lambda z: scaled_tanh_derivative_from_a(scaled_tanh(z)), z
    )
    assert right.passed


def test_scaled_tanh_maps_one_to_one():
    assert scaled_tanh(1.0) == pytest.approx(1.0, abs=1e-4)  # what its constants were chosen for


def test_sin_of_the_same_activation_has_two_slopes():
    z = np.array([0.0, math.pi])
    np.testing.assert_allclose(sin(z), 0.0, atol=1e-15)
    np.testing.assert_allclose(sin_derivative_from_z(z), [1.0, -1.0])


@pytest.mark.parametrize("activation", **BY_NAME)
@given(z=FINITE)
def test_finite_in_finite_out_and_in_range(activation, z):
    value = float(activation.value(z))
    low, high = activation.range
    assert low <= value <= high
    assert math.isfinite(activation.derivative_from_z(z))


@pytest.mark.parametrize("activation", MONOTONE, ids=lambda a: a.name)
@given(first=FINITE, second=FINITE)
def test_monotone(activation, first, second):
    low, high = sorted((first, second))
    assert activation.value(low) <= activation.value(high)
    assert activation.derivative_from_z(low) >= 0.0


@given(z=FINITE)
def test_symmetries(z):
    assert tanh(-z) == -tanh(z)
    assert scaled_tanh(-z) == -scaled_tanh(z)
    assert sigmoid(z) + sigmoid(-z) == pytest.approx(1.0, abs=1e-15)
    assert sigmoid_derivative_from_z(-z) == sigmoid_derivative_from_z(z)
    assert softplus_derivative_from_z(z) == sigmoid(z)


@given(z=SAFE)
def test_identities(z):
    assert softplus(z) - softplus(-z) == pytest.approx(z, abs=1e-13)
    assert tanh(z) == pytest.approx(2.0 * sigmoid(2.0 * z) - 1.0, abs=1e-15)
    assert sin(z) ** 2 + sin_derivative_from_z(z) ** 2 == pytest.approx(1.0, abs=1e-14)


LIMITS = {  # f(-inf), f'(-inf), f(inf), f'(inf)
    "identity": (-math.inf, 1.0, math.inf, 1.0),
    "sigmoid": (0.0, 0.0, 1.0, 0.0),
    "tanh": (-1.0, 0.0, 1.0, 0.0),
    "scaled_tanh": (-LECUN_AMPLITUDE, 0.0, LECUN_AMPLITUDE, 0.0),
    "relu": (0.0, 0.0, math.inf, 1.0),
    "leaky_relu": (-math.inf, naive.LEAK, math.inf, 1.0),
    "softplus": (0.0, 0.0, math.inf, 1.0),
}


@pytest.mark.parametrize("name", [a.name for a in MONOTONE])
def test_limits_at_infinity_and_beyond_exp(name):
    activation = ACTIVATIONS[name]
    below, slope_below, above, slope_above = LIMITS[name]
    assert activation.value(-math.inf) == below
    assert activation.value(math.inf) == above
    assert activation.derivative_from_z(-math.inf) == slope_below
    assert activation.derivative_from_z(math.inf) == slope_above
    for z, limit, slope in ((-1e4, below, slope_below), (1e4, above, slope_above)):
        if math.isfinite(limit):
            assert activation.value(z) == limit
        assert activation.derivative_from_z(z) == slope


def test_small_values_keep_their_digits():
    assert sigmoid(-700.0) == pytest.approx(math.exp(-700.0), rel=1e-12, abs=0)
    assert softplus(-700.0) == pytest.approx(math.exp(-700.0), rel=1e-12, abs=0)
    assert sigmoid_derivative_from_z(700.0) == pytest.approx(math.exp(-700.0), rel=1e-12, abs=0)
    assert tanh_derivative_from_z(50.0) == pytest.approx(4.0 * math.exp(-100.0), rel=1e-12, abs=0)


@pytest.mark.parametrize("activation", **BY_NAME)
def test_nan_stays_nan_and_results_are_float64(activation):
    derivatives = activation.derivative_from_z, activation.derivative_from_a
    with np.errstate(invalid="ignore"):
        for function in (activation.value, *filter(None, derivatives)):
            assert math.isnan(function(math.nan))
    for given_array in (np.array([1, 2]), np.array([1, 2], np.float32), np.array([1.0, 2.0])):
        assert activation.value(given_array).dtype == np.float64
        expected = [naive.VALUE[activation.name](1.0), naive.VALUE[activation.name](2.0)]
        np.testing.assert_allclose(activation.value(given_array), expected, rtol=1e-12)


FLOAT32_FIRST = """
import numpy as np
from w2v.activations import ACTIVATIONS
z = np.array([-3.3, -0.7, 0.1, 0.3, 2.1], dtype=np.float32)
for a in ACTIVATIONS.values():
    for f in filter(None, (a.value, a.derivative_from_z, a.derivative_from_a)):
        single, double = f(z), f(z.astype(np.float64))
        assert single.dtype == np.float64, f
        assert np.array_equal(single, double), f
"""


def test_float32_given_first_is_still_computed_in_float64():
    """In its own process, because a ufunc compiles for the first type that it is called with."""
    subprocess.run([sys.executable, "-c", FLOAT32_FIRST], check=True)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="there is no compiled code to call from")
@pytest.mark.parametrize("activation", **BY_NAME)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_definitions_run_inside_numba(activation, dtype):
    for function in (activation.value, activation.derivative_from_z, activation.derivative_from_a):
        if function is None:
            continue
        kernel = numba.njit(lambda z, function=function: function(z))
        for z in dtype([-3.3, 0.7]):
            inside = kernel(z)
            assert isinstance(inside, float)
            assert inside == function(np.float64(z))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="there is no compiled code to call from")
def test_softmax_runs_inside_numba():
    @numba.njit
    def kernel(logits, vectors, out, product):
        softmax_rows(logits, out)
        softmax_jvp_rows(out, vectors, product)

    logits, vectors = np.array([[1.0, 2.0]]), np.array([[3.0, -1.0]])
    out, product = np.empty((2, 1, 2))
    kernel(logits, vectors, out, product)
    np.testing.assert_allclose(out[0], naive.softmax([1.0, 2.0]))
    np.testing.assert_allclose(product[0], naive.softmax_jacobian([1.0, 2.0]) @ vectors[0])


# --- softmax ----------------------------------------------------------------------------------

ROWS = st.lists(st.floats(-20.0, 20.0), min_size=1, max_size=6)


@given(z=ROWS, shift=st.sampled_from([0.0, -1e4, 1e4, 3.0]))
def test_softmax_equals_the_formula_whatever_is_added(z, shift):
    # Adding 1e4 rounds the logits to about 2e-12.
    np.testing.assert_allclose(softmax(np.array(z) + shift), naive.softmax(z), rtol=1e-10)


@given(z=ROWS)
def test_softmax_jvp_is_the_jacobian_times_the_vector(z):
    vector = np.cos(np.arange(len(z)) * 2.0 + 1.0)
    expected = np.array(naive.softmax_jacobian(z)) @ vector
    np.testing.assert_allclose(softmax_jvp_from_z(z, vector), expected, atol=1e-14)
    np.testing.assert_allclose(softmax_jvp_from_a(softmax(z), vector), expected, atol=1e-14)


def test_softmax_at_the_ends():
    for place in range(3):  # of the largest
        expected = np.roll([1.0, 0.0, 0.0], place)
        np.testing.assert_array_equal(softmax(np.roll([1e4, -1e4, -math.inf], place)), expected)
    np.testing.assert_array_equal(softmax([1e308, 1e308]), [0.5, 0.5])
    with np.errstate(invalid="ignore"):
        assert np.isnan(softmax([-math.inf, -math.inf])).all()


def test_softmax_works_over_the_last_axis_of_any_layout():
    z = np.random.default_rng(0).normal(size=(4, 3, 2)).transpose(2, 0, 1)
    expected = np.apply_along_axis(lambda row: naive.softmax(list(row)), -1, z)
    np.testing.assert_allclose(softmax(z), expected)
    assert softmax(np.empty((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("bad", [1.0, np.empty((2, 0))])
def test_softmax_refuses_empty_rows(bad):
    with pytest.raises(InputError, match="softmax: expected a last axis"):
        softmax(bad)
    with pytest.raises(InputError, match="softmax_jvp_from_a: expected a last axis"):
        softmax_jvp_from_a(bad, bad)
