"""A sigmoid in the network or inside the loss: the same gradient, if it is differentiated.

    python scripts/examples/hidden_sigmoid.py

One logistic unit, z = x w + b, learns OR. Each variant states a loss and claims a gradient dL/dz.
The gradient check tells whether the claim is the gradient of the stated loss; training shows what a
wrong claim does.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from w2v.activations import sigmoid, sigmoid_derivative_from_z
from w2v.dense.losses import DENSE_LOSSES
from w2v.gradcheck import GradientReport, check_gradient

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([[0.0], [1.0], [1.0], [1.0]])
LOGITS = np.array([[-3.0], [0.5], [2.0], [-1.0]])
EPOCHS = 200
LEARNING_RATE = 2.0
CROSS_ENTROPY = DENSE_LOSSES["sigmoid_cross_entropy"]


@dataclass(frozen=True)
class Variant:
    """A loss as a function of the logits (B, 1), and the gradient claimed for it."""

    name: str
    loss: Callable[[np.ndarray], np.ndarray]
    claimed: Callable[[np.ndarray], np.ndarray]


def in_the_network(z: np.ndarray) -> np.ndarray:
    """Sigmoid as output activation; cross-entropy from activations; chain rule through it."""
    return CROSS_ENTROPY.dactivations(sigmoid(z), TARGETS) * sigmoid_derivative_from_z(z)


def squared(z: np.ndarray) -> np.ndarray:
    """1/2 (sigmoid(z) - t)^2."""
    return 0.5 * np.sum((sigmoid(z) - TARGETS) ** 2, axis=1)


def twice(z: np.ndarray) -> np.ndarray:
    """A sigmoid output passed to a loss that applies the sigmoid again."""
    return CROSS_ENTROPY.from_logits(sigmoid(z), TARGETS)


def twice_slope(z: np.ndarray) -> np.ndarray:
    """The true gradient of `twice`: both sigmoids differentiated."""
    return CROSS_ENTROPY.dlogits(sigmoid(z), TARGETS) * sigmoid_derivative_from_z(z)


VARIANTS = (
    Variant(
        "cross-entropy, sigmoid in the network",
        lambda z: CROSS_ENTROPY.from_activations(sigmoid(z), TARGETS),
        in_the_network,
    ),
    Variant(
        "cross-entropy, sigmoid in the loss (from logits)",
        lambda z: CROSS_ENTROPY.from_logits(z, TARGETS),
        lambda z: CROSS_ENTROPY.dlogits(z, TARGETS),
    ),
    Variant(
        "cross-entropy, hidden sigmoid not differentiated",
        lambda z: CROSS_ENTROPY.from_logits(z, TARGETS),
        lambda z: CROSS_ENTROPY.dactivations(sigmoid(z), TARGETS),
    ),
    Variant(
        "squared error, sigmoid differentiated",
        squared,
        lambda z: (sigmoid(z) - TARGETS) * sigmoid_derivative_from_z(z),
    ),
    Variant(
        "squared error, hidden sigmoid not differentiated",
        squared,
        lambda z: sigmoid(z) - TARGETS,
    ),
    Variant("sigmoid twice, both differentiated", twice, twice_slope),
    Variant(
        "sigmoid twice, the inner one not differentiated",
        twice,
        lambda z: CROSS_ENTROPY.dlogits(sigmoid(z), TARGETS),
    ),
)


def check(variant: Variant) -> GradientReport:
    """Check the claimed gradient against the stated loss."""
    return check_gradient(
        lambda z: np.sum(variant.loss(z)), variant.claimed, LOGITS, name=variant.name
    )


def descend(variant: Variant) -> tuple[float, float]:
    """Train with the claim, from zero; return the mean stated loss and cross-entropy at the end."""
    weights, bias = np.zeros((2, 1)), 0.0
    for _ in range(EPOCHS):
        with np.errstate(over="ignore", invalid="ignore"):
            delta = variant.claimed(INPUTS @ weights + bias) / len(INPUTS)
        weights -= LEARNING_RATE * INPUTS.T @ delta
        bias -= LEARNING_RATE * float(delta.sum())
    z = INPUTS @ weights + bias
    return float(np.mean(variant.loss(z))), float(np.mean(CROSS_ENTROPY.from_logits(z, TARGETS)))


def main() -> None:
    """Print the claims, the checks, and the results of training."""
    print(f"{'':50} gradient      |claimed| /   after {EPOCHS} epochs")
    print(f"{'stated loss and claim':50} check         |y - t|       its loss   cross-entropy")
    plain = np.abs(sigmoid(LOGITS) - TARGETS)
    for variant in VARIANTS:
        report = check(variant)
        ratio = float(np.max(np.abs(variant.claimed(LOGITS)) / plain))
        own, cross_entropy = descend(variant)
        check_column = f"{report.verdict!s:10} {ratio:12.3f}"
        print(f"{variant.name:50} {check_column} {own:14.4f} {cross_entropy:13.4f}")
    difference = np.max(np.abs(VARIANTS[0].claimed(LOGITS) - VARIANTS[1].claimed(LOGITS)))
    print(f"\nIn the network or in the loss: the gradients differ by at most {difference:.1e}.")
    # ln(1 + 1/e) where t = 1, ln 2 where t = 0.
    floor = np.mean(np.where(TARGETS == 1.0, np.log1p(np.exp(-1.0)), np.log(2.0)))
    print(f"Sigmoid twice cannot fall below {floor:.4f} here:")
    print("a sigmoid of a number in 0 .. 1 stays in 0.50 .. 0.73, whatever the weights.")
    print("\n" + str(check(VARIANTS[4])))


if __name__ == "__main__":
    main()
