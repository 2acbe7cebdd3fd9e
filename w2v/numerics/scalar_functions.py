"""Scalar functions for kernels: exp, ln(1 + e), sigmoid and softplus.

They run in compiled code or, with ``NUMBA_DISABLE_JIT=1``, as plain Python. They allocate nothing
and never raise.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numba.extending import overload

from w2v.numerics.jit import jit

_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, so that n * _LN2_HIGH is exact (Cephes, expf).
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
# exp(r) = 1 + r + r^2 * p(r) for |r| <= ln(2) / 2; minimax coefficients of Cephes, expf.
_P0 = np.float32(1.9875691500e-4)
_P1 = np.float32(1.3981999507e-3)
_P2 = np.float32(8.3334519073e-3)
_P3 = np.float32(4.1665795894e-2)
_P4 = np.float32(1.6666665459e-1)
_P5 = np.float32(5.0000001201e-1)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_MIN_ARGUMENT = np.float32(-87.0)  # exp(-87) is the last normal float32
_MAX_ARGUMENT = np.float32(88.0)
_MAX_FLOAT64_ARGUMENT = 709.0  # math.exp raises above 709.78
_EXPONENT_BIAS = np.int32(127)
_MANTISSA_BITS = np.int32(23)


def exp(x: Any) -> Any:
    """e^x; for float32 a polynomial that LLVM vectorises, with a relative error below 2e-7.

    A loop over `math.exp` would compute one element at a time: Numba no longer ships with a vector
    library (Intel's SVML). The float32 version saturates at exp(-87) and exp(88). NaN stays NaN.
    """
    return _like(x, math.exp(min(x, _MAX_FLOAT64_ARGUMENT)))


def _like(x: Any, value: float) -> Any:
    """`value` in the precision of x, for when the JIT is off."""
    return np.asarray(x).dtype.type(value)


def _exp32(x: Any) -> Any:
    x = _MIN_ARGUMENT if x < _MIN_ARGUMENT else x
    x = _MAX_ARGUMENT if x > _MAX_ARGUMENT else x
    n = np.floor(x * _LOG2_E + _HALF)
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = _P0 * r + _P1
    p = p * r + _P2
    p = p * r + _P3
    p = p * r + _P4
    p = p * r + _P5
    p = p * r * r + r + _ONE
    two_to_n = np.int32((np.int32(n) + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float32)
    return p * two_to_n


@overload(exp, strict=False)
def _overload_exp(x: Any) -> Any:
    if x == numba.float32:
        return lambda x: _exp32_jit(x)
    return lambda x: math.exp(x)


_exp32_jit = jit(_exp32)


# ln(1 + e) = 2 artanh(s), s = e / (2 + e) <= 1/3 for e in [0, 1]: the series
# 2 s (1 + s^2/3 + s^4/5 + ...) is below float32's rounding after the term s^14 / 15.
_LOG1P_SERIES = (1.0, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15)
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7 = (np.float32(c) for c in _LOG1P_SERIES)
_TWO = np.float32(2.0)


def log1p_unit(e: Any) -> Any:
    """ln(1 + e) for e in [0, 1]; for float32 a series that LLVM vectorises."""
    return _like(e, math.log1p(e))


def _log1p_unit32(e: Any) -> Any:
    s = e / (_TWO + e)
    s2 = s * s
    p = _S7 * s2 + _S6
    p = p * s2 + _S5
    p = p * s2 + _S4
    p = p * s2 + _S3
    p = p * s2 + _S2
    p = p * s2 + _S1
    p = p * s2 + _S0
    return _TWO * s * p


_log1p_unit32_jit = jit(_log1p_unit32)


@overload(log1p_unit, strict=False)
def _overload_log1p_unit(e: Any) -> Any:
    if e == numba.float32:
        return lambda e: _log1p_unit32_jit(e)
    return lambda e: math.log1p(e)


@jit
def sigmoid_and_softplus(x: Any) -> Any:
    """(sigmoid(x), ln(1 + e^x)) from one exponential; never overflows for finite x.

    With e = e^(-abs(x)), softplus(x) = max(x, 0) + ln(1 + e), and sigmoid(x) is 1 / (1 + e) for
    x >= 0 and e / (1 + e) for x < 0, so that small values of either are accurate.
    """
    e = exp(-abs(x))
    inverse = _ONE / (_ONE + e)
    sigmoid = inverse if x >= _ZERO else e * inverse
    softplus = (x if x > _ZERO else _ZERO) + log1p_unit(e)
    return sigmoid, softplus
