"""Losses of the small dense network, each in two forms: from logits, and from activations.

From logits z (stable, fused): output activation and loss are one formula in z. Nothing overflows,
log(0) is never taken, and the gradient is dL/dz = a - t. This holds only for the output activation
that matches the loss, its `link` (the canonical link of McCullagh and Nelder 1989, "Generalized
Linear Models", section 2.2.4).

From activations a: the textbook formula in a, with dL/da. Any activation may produce a; the chain
rule in `Activation.pull_back` then gives dL/dz. Outside `domain`, loss and
gradient are NaN; at its ends, the loss may be infinite.

Shapes: z, a and targets (..., C) float64; losses (...,), summed over the C outputs and not averaged
over examples; gradients (..., C). The unit is nats, except for the squared error. The losses of
word2vec are in `w2v.losses`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from w2v.activations import ACTIVATIONS, Activation, Array, sigmoid, softmax, softplus, tanh

Form: TypeAlias = Callable[[Array, Array], Array]


@dataclass(frozen=True)
class DenseLoss:
    """A loss and its gradient, in both forms.

    Attributes:
        name: key in `DENSE_LOSSES`.
        formula: the loss as a function of a.
        link: activation built into the logit form.
        targets: closed interval of allowed targets.
        domain: open interval of activations for which the loss is finite for every target.
        from_logits: (z, t) -> loss of each example.
        dlogits: (z, t) -> dL/dz of the logit form.
        from_activations: (a, t) -> loss of each example; NaN outside `domain`; see above.
        dactivations: (a, t) -> dL/da; NaN likewise.
        sums_to_one: whether each row of targets must be a distribution.
    """

    name: str
    formula: str
    link: Activation
    targets: tuple[float, float]
    domain: tuple[float, float]
    from_logits: Form
    dlogits: Form
    from_activations: Form
    dactivations: Form
    sums_to_one: bool = False


def _times_log(factor: Array, argument: Array) -> Array:
    """The product factor * ln(argument); 0 where the factor is 0 and the argument is not negative.

    Otherwise ln 0 = -inf and ln(negative) = NaN propagate. Clipping would give a finite loss with a
    wrong gradient.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((factor == 0.0) & (argument >= 0.0), 0.0, factor * np.log(argument))


def _over(numerator: Array, denominator: Array) -> Array:
    """The quotient, the derivative of `_times_log`; 0 and NaN as there."""
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.where(numerator == 0.0, 0.0, numerator / denominator)
    return np.where(denominator >= 0.0, quotient, np.nan)


# --- squared error ----------------------------------------------------------------------------


def _squared_error(a: Array, targets: Array) -> Array:
    return np.asarray(0.5 * np.sum((a - targets) ** 2, axis=-1))


def _squared_error_slope(a: Array, targets: Array) -> Array:
    return a - targets


# --- sigmoid cross-entropy --------------------------------------------------------------------


def _sigmoid_from_logits(z: Array, targets: Array) -> Array:
    # -t ln s(z) - (1 - t) ln(1 - s(z)) = t softplus(-z) + (1 - t) softplus(z). Neither term is
    # negative; the shorter softplus(z) - t z would lose digits to cancellation.
    return np.asarray(np.sum(targets * softplus(-z) + (1.0 - targets) * softplus(z), axis=-1))


def _sigmoid_dlogits(z: Array, targets: Array) -> Array:
    return np.asarray(sigmoid(z) - targets)


def _sigmoid_from_activations(a: Array, targets: Array) -> Array:
    return np.asarray(-np.sum(_times_log(targets, a) + _times_log(1.0 - targets, 1.0 - a), axis=-1))


def _sigmoid_dactivations(a: Array, targets: Array) -> Array:
    return _over(1.0 - targets, 1.0 - a) - _over(targets, a)


# --- tanh cross-entropy: the same loss for outputs and targets in -1 .. 1 ----------------------
# With p = (1 + a) / 2 and q = (1 + t) / 2, and p = sigmoid(2 z) when a = tanh(z).


def _tanh_from_logits(z: Array, targets: Array) -> Array:
    return _sigmoid_from_logits(2.0 * z, (1.0 + targets) / 2.0)


def _tanh_dlogits(z: Array, targets: Array) -> Array:
    return np.asarray(tanh(z) - targets)


def _tanh_from_activations(a: Array, targets: Array) -> Array:
    return _sigmoid_from_activations((1.0 + a) / 2.0, (1.0 + targets) / 2.0)


def _tanh_dactivations(a: Array, targets: Array) -> Array:
    return _sigmoid_dactivations((1.0 + a) / 2.0, (1.0 + targets) / 2.0) / 2.0


# --- softmax cross-entropy --------------------------------------------------------------------


def _softmax_from_logits(z: Array, targets: Array) -> Array:
    # sum_i t_i (ln sum_j e^z_j - z_i), with the largest logit subtracted first.
    shifted = z - np.max(z, axis=-1, keepdims=True)
    log_sum = np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return np.asarray(np.sum(targets * (log_sum - shifted), axis=-1))


def _softmax_dlogits(z: Array, targets: Array) -> Array:
    # p - t for targets that sum to 1; in general, p times the sum of the targets.
    return np.asarray(softmax(z) * np.sum(targets, axis=-1, keepdims=True) - targets)


def _softmax_from_activations(a: Array, targets: Array) -> Array:
    return np.asarray(-np.sum(_times_log(targets, a), axis=-1))


def _softmax_dactivations(a: Array, targets: Array) -> Array:
    return -_over(targets, a)


# --- registry ---------------------------------------------------------------------------------

_ALL = (
    DenseLoss(
        name="squared_error",
        formula="1/2 sum (a - t)^2",
        link=ACTIVATIONS["identity"],
        targets=(-math.inf, math.inf),
        domain=(-math.inf, math.inf),
        from_logits=_squared_error,
        dlogits=_squared_error_slope,
        from_activations=_squared_error,
        dactivations=_squared_error_slope,
    ),
    DenseLoss(
        name="sigmoid_cross_entropy",
        formula="-sum (t ln a + (1 - t) ln(1 - a))",
        link=ACTIVATIONS["sigmoid"],
        targets=(0.0, 1.0),
        domain=(0.0, 1.0),
        from_logits=_sigmoid_from_logits,
        dlogits=_sigmoid_dlogits,
        from_activations=_sigmoid_from_activations,
        dactivations=_sigmoid_dactivations,
    ),
    DenseLoss(
        name="tanh_cross_entropy",
        formula="-sum ((1+t)/2 ln((1+a)/2) + (1-t)/2 ln((1-a)/2))",
        link=ACTIVATIONS["tanh"],
        targets=(-1.0, 1.0),
        domain=(-1.0, 1.0),
        from_logits=_tanh_from_logits,
        dlogits=_tanh_dlogits,
        from_activations=_tanh_from_activations,
        dactivations=_tanh_dactivations,
    ),
    DenseLoss(
        name="softmax_cross_entropy",
        formula="-sum t ln a",
        link=ACTIVATIONS["softmax"],
        targets=(0.0, 1.0),
        domain=(0.0, math.inf),
        from_logits=_softmax_from_logits,
        dlogits=_softmax_dlogits,
        from_activations=_softmax_from_activations,
        dactivations=_softmax_dactivations,
        sums_to_one=True,
    ),
)

DENSE_LOSSES: dict[str, DenseLoss] = {loss.name: loss for loss in _ALL}
"""Every loss of the dense network by name; the tests and the gradient check iterate it."""
