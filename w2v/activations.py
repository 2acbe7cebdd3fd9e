"""Activation functions and their derivatives, each defined once for NumPy arrays and for Numba.

Every element-wise function is a ufunc, compiled on first use: ``tanh(array)`` works in NumPy and
``tanh(x)`` in a compiled kernel. They take arrays and numbers (not lists) and compute in float64.
NaN gives NaN, and NumPy may warn of an invalid value. The name of a derivative says what it is a
function of:

- ``*_derivative_from_z`` takes the pre-activation z and always exists;
- ``*_derivative_from_a`` takes the activation a = f(z) and is cheaper (tanh: 1 - a^2). It exists
  only where a determines the slope: sin(z) = 0 at z = 0 with slope 1 and at z = pi with slope -1,
  so sin has none. Near saturation it is less accurate: once a has rounded to 1, 1 - a^2 is 0.

Softmax maps a whole row, so it has Jacobian-vector products instead of derivatives. `ACTIVATIONS`
is the registry.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from w2v.errors import InputError
from w2v.numerics.jit import jit, ufunc

Array: TypeAlias = NDArray[np.float64]
Function: TypeAlias = Callable[[Any], Any]
Product: TypeAlias = Callable[[Any, Any], Any]

LECUN_AMPLITUDE = 1.7159
"""With `LECUN_SLOPE`, f(1) = 1 and f(-1) = -1: LeCun et al. 1998, "Efficient BackProp",
section 4.4."""

LECUN_SLOPE = 2.0 / 3.0

LEAKY_SLOPE = 0.01
"""Slope below zero: Maas et al. 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic
Models", section 2."""


# --- identity ---------------------------------------------------------------------------------


@ufunc
def identity(z: Any) -> Any:
    """The identity: z as float64."""
    return z + 0.0


@ufunc
def identity_derivative_from_z(z: Any) -> Any:
    """1 for every z but NaN."""
    return 1.0 if z == z else z


identity_derivative_from_a = identity_derivative_from_z


# --- sigmoid and softplus ---------------------------------------------------------------------
# exp is only taken of -|z|, which cannot overflow.


@ufunc
def sigmoid(z: Any) -> Any:
    """1 / (1 + e^-z); below zero as e^z / (1 + e^z), which is accurate for small values."""
    e = math.exp(-abs(np.float64(z)))
    return 1.0 / (1.0 + e) if z >= 0.0 else e / (1.0 + e)


@ufunc
def sigmoid_derivative_from_z(z: Any) -> Any:
    """e^-|z| / (1 + e^-|z|)^2; a (1 - a) would round to 0 beyond z = 37."""
    e = math.exp(-abs(np.float64(z)))
    return e / ((1.0 + e) * (1.0 + e))


@ufunc
def sigmoid_derivative_from_a(a: Any) -> Any:
    """Sigmoid's derivative a (1 - a)."""
    return a * (1.0 - a)


@ufunc
def softplus(z: Any) -> Any:
    """ln(1 + e^z), as max(z, 0) + ln(1 + e^-|z|)."""
    rest = math.log1p(math.exp(-abs(np.float64(z))))
    return z + rest if z > 0.0 else rest


softplus_derivative_from_z = sigmoid


@ufunc
def softplus_derivative_from_a(a: Any) -> Any:
    """1 - e^-a."""
    return -math.expm1(-np.float64(a))


# --- tanh -------------------------------------------------------------------------------------


@ufunc
def tanh(z: Any) -> Any:
    """Hyperbolic tangent."""
    return math.tanh(np.float64(z))


@ufunc
def tanh_derivative_from_z(z: Any) -> Any:
    """1 / cosh(z)^2, as 4 e^-2|z| / (1 + e^-2|z|)^2; 1 - tanh^2 would round to 0 beyond z = 19."""
    e = math.exp(-abs(np.float64(z)))
    e = e * e  # not exp(-2 |z|): 2 |z| can overflow
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


@ufunc
def tanh_derivative_from_a(a: Any) -> Any:
    """1 - a^2, as (1 - a)(1 + a)."""
    return (1.0 - a) * (1.0 + a)


@ufunc
def scaled_tanh(z: Any) -> Any:
    """1.7159 tanh(2 z / 3): targets of +-1 are reached at z = +-1, not at infinity."""
    return LECUN_AMPLITUDE * math.tanh(LECUN_SLOPE * z)


@ufunc
def scaled_tanh_derivative_from_z(z: Any) -> Any:
    """1.7159 * 2/3 / cosh(2 z / 3)^2."""
    e = math.exp(-LECUN_SLOPE * abs(z))
    e = e * e
    return LECUN_AMPLITUDE * LECUN_SLOPE * 4.0 * e / ((1.0 + e) * (1.0 + e))


@ufunc
def scaled_tanh_derivative_from_a(a: Any) -> Any:
    """2/3 (1.7159 - a^2 / 1.7159).

    The often-quoted form 2/3 (1.7159 - a^2) is wrong: it is negative above a = 1.31, where the
    function still rises. `w2v.gradcheck` rejects it (tests/test_activations.py).
    """
    return LECUN_SLOPE * (LECUN_AMPLITUDE - a * (a / LECUN_AMPLITUDE))


# --- rectifiers -------------------------------------------------------------------------------
# At the kink, z = 0, any slope between those of the two sides is a subgradient. These functions
# return the left one: a unit at exactly 0 counts as off, and `from_z` and `from_a` agree.
# NaN fails both comparisons and is returned as it is.


@ufunc
def relu(z: Any) -> Any:
    """max(z, 0)."""
    return 0.0 if z <= 0.0 else z + 0.0


@ufunc
def relu_derivative_from_z(z: Any) -> Any:
    """1 above zero, 0 below and at zero."""
    if z > 0.0:
        return 1.0
    return 0.0 if z <= 0.0 else z + 0.0


relu_derivative_from_a = relu_derivative_from_z
"""A positive a means a positive z."""


@ufunc
def leaky_relu(z: Any) -> Any:
    """Leaky ReLU: z above zero, `LEAKY_SLOPE` z below."""
    return LEAKY_SLOPE * z if z <= 0.0 else z + 0.0


@ufunc
def leaky_relu_derivative_from_z(z: Any) -> Any:
    """1 above zero, `LEAKY_SLOPE` below and at zero."""
    if z > 0.0:
        return 1.0
    return LEAKY_SLOPE if z <= 0.0 else z + 0.0


leaky_relu_derivative_from_a = leaky_relu_derivative_from_z
"""a has the sign of z."""


# --- sin --------------------------------------------------------------------------------------


@ufunc
def sin(z: Any) -> Any:
    """Sine; undefined (NaN) at infinity."""
    return np.sin(z + 0.0)


@ufunc
def sin_derivative_from_z(z: Any) -> Any:
    """cos(z). There is no `from_a`: sqrt(1 - a^2) loses the sign."""
    return np.cos(z + 0.0)


# --- softmax ----------------------------------------------------------------------------------


@jit
def softmax_rows(logits: Any, out: Any) -> None:
    """Softmax of each row of `logits` (B, C) into `out` (B, C); callable from compiled code."""
    for i in range(logits.shape[0]):
        largest = logits[i, 0]
        for j in range(1, logits.shape[1]):
            largest = max(largest, logits[i, j])
        total = 0.0
        for j in range(logits.shape[1]):
            out[i, j] = math.exp(logits[i, j] - largest)
            total += out[i, j]
        for j in range(logits.shape[1]):
            out[i, j] /= total


@jit
def softmax_jvp_rows(activations: Any, vectors: Any, out: Any) -> None:
    """Softmax's Jacobian times each row of `vectors`, all (B, C); callable from compiled code.

    d a_i / d z_j = a_i (delta_ij - a_j), so J v = a * (v - a.v).
    """
    for i in range(activations.shape[0]):
        mean = 0.0
        for j in range(activations.shape[1]):
            mean += activations[i, j] * vectors[i, j]
        for j in range(activations.shape[1]):
            out[i, j] = activations[i, j] * (vectors[i, j] - mean)


def softmax(z: ArrayLike) -> Array:
    """e^z_i / sum_j e^z_j over the last axis; unchanged when a constant is added to a row.

    The row's largest logit is subtracted first, so nothing overflows. A logit of -inf gives a
    probability of 0; a row that holds +inf, or -inf alone, has no softmax and gives NaN.

    Args:
        z: logits, shape (..., C), C at least 1.

    Returns:
        Probabilities, float64, of the shape of `z`.

    Raises:
        InputError: `z` is a scalar or its last axis is empty.
    """
    logits = np.asarray(z, dtype=np.float64)
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise InputError(f"softmax: expected a last axis of 1 or more, got shape {logits.shape}")
    out = np.empty(logits.shape)
    width = logits.shape[-1]
    # A copy in C order, so that the reshape is a view and one compiled signature is enough.
    softmax_rows(np.array(logits, order="C").reshape(-1, width), out.reshape(-1, width))
    return out


def softmax_jvp_from_a(a: ArrayLike, vector: ArrayLike) -> Array:
    """Softmax's Jacobian at a = softmax(z), times v, over the last axis: a * (v - a.v).

    The Jacobian is symmetric: the same product carries a loss's gradient from a back to z.

    Args:
        a: softmax of the logits, shape (..., C).
        vector: v, of the same shape or one that broadcasts with it.

    Returns:
        The product, float64, of the broadcast shape.

    Raises:
        InputError: the broadcast is a scalar or its last axis is empty.
    """
    activations, vectors = np.broadcast_arrays(
        np.asarray(a, dtype=np.float64), np.asarray(vector, dtype=np.float64)
    )
    if activations.ndim == 0 or activations.shape[-1] == 0:
        raise InputError(
            f"softmax_jvp_from_a: expected a last axis of 1 or more, got shape {activations.shape}"
        )
    out = np.empty(activations.shape)
    width = activations.shape[-1]
    softmax_jvp_rows(
        np.array(activations, order="C").reshape(-1, width),
        np.array(vectors, order="C").reshape(-1, width),
        out.reshape(-1, width),
    )
    return out


def softmax_jvp_from_z(z: ArrayLike, vector: ArrayLike) -> Array:
    """Softmax's Jacobian at the logits z, times v, over the last axis.

    Args:
        z: logits, shape (..., C).
        vector: v; see `softmax_jvp_from_a`.

    Returns:
        The product, float64; see `softmax_jvp_from_a`.

    Raises:
        InputError: as in `softmax_jvp_from_a`.
    """
    return softmax_jvp_from_a(softmax(z), vector)


# --- registry ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Activation:
    """An activation function and its derivatives.

    Attributes:
        name: key in `ACTIVATIONS`.
        formula: f as text.
        value: f(z).
        range: infimum and supremum of f.
        derivative_from_z: df/dz as a function of z; None for softmax, which is not element-wise.
        derivative_from_a: df/dz as a function of a = f(z); None where a does not determine it.
        jvp_from_z: Jacobian at z times a vector, for softmax; None for element-wise functions.
        jvp_from_a: the same at a = f(z).
        kinks: every z at which the slopes from the left and from the right differ.
    """

    name: str
    formula: str
    value: Function
    range: tuple[float, float]
    derivative_from_z: Function | None = None
    derivative_from_a: Function | None = None
    jvp_from_z: Product | None = None
    jvp_from_a: Product | None = None
    kinks: tuple[float, ...] = ()

    @property
    def elementwise(self) -> bool:
        """Whether each output depends on its own input alone."""
        return self.derivative_from_z is not None

    def pull_back(self, z: Array, gradient: Array) -> Array:
        """dL/dz from dL/da, by the chain rule at the pre-activation z.

        The Jacobian of softmax is symmetric, so the product with its transpose is the same.

        Args:
            z: pre-activations, (..., C).
            gradient: dL/da, of the same shape.

        Returns:
            dL/dz, of the same shape.
        """
        if self.derivative_from_z is not None:
            return np.asarray(self.derivative_from_z(z) * gradient)
        assert self.jvp_from_z is not None  # one of the two, by construction of the registry
        return np.asarray(self.jvp_from_z(z, gradient))


_INF = math.inf

_ALL = (
    Activation(
        name="identity",
        formula="z",
        value=identity,
        range=(-_INF, _INF),
        derivative_from_z=identity_derivative_from_z,
        derivative_from_a=identity_derivative_from_a,
    ),
    Activation(
        name="sigmoid",
        formula="1 / (1 + e^-z)",
        value=sigmoid,
        range=(0.0, 1.0),
        derivative_from_z=sigmoid_derivative_from_z,
        derivative_from_a=sigmoid_derivative_from_a,
    ),
    Activation(
        name="tanh",
        formula="tanh z",
        value=tanh,
        range=(-1.0, 1.0),
        derivative_from_z=tanh_derivative_from_z,
        derivative_from_a=tanh_derivative_from_a,
    ),
    Activation(
        name="scaled_tanh",
        formula="1.7159 tanh(2 z / 3)",
        value=scaled_tanh,
        range=(-LECUN_AMPLITUDE, LECUN_AMPLITUDE),
        derivative_from_z=scaled_tanh_derivative_from_z,
        derivative_from_a=scaled_tanh_derivative_from_a,
    ),
    Activation(
        name="relu",
        formula="max(z, 0)",
        value=relu,
        range=(0.0, _INF),
        derivative_from_z=relu_derivative_from_z,
        derivative_from_a=relu_derivative_from_a,
        kinks=(0.0,),
    ),
    Activation(
        name="leaky_relu",
        formula="max(z, 0.01 z)",
        value=leaky_relu,
        range=(-_INF, _INF),
        derivative_from_z=leaky_relu_derivative_from_z,
        derivative_from_a=leaky_relu_derivative_from_a,
        kinks=(0.0,),
    ),
    Activation(
        name="softplus",
        formula="ln(1 + e^z)",
        value=softplus,
        range=(0.0, _INF),
        derivative_from_z=softplus_derivative_from_z,
        derivative_from_a=softplus_derivative_from_a,
    ),
    Activation(
        name="sin",
        formula="sin z",
        value=sin,
        range=(-1.0, 1.0),
        derivative_from_z=sin_derivative_from_z,
    ),
    Activation(
        name="softmax",
        formula="e^z_i / sum_j e^z_j",
        value=softmax,
        range=(0.0, 1.0),
        jvp_from_z=softmax_jvp_from_z,
        jvp_from_a=softmax_jvp_from_a,
    ),
)

ACTIVATIONS: dict[str, Activation] = {activation.name: activation for activation in _ALL}
"""Every activation by name; the tests and the gradient check iterate it."""
