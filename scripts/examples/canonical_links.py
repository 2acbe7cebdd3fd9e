"""Which pairs of loss and output activation may use delta = y - t, and which need the derivative.

    python scripts/examples/canonical_links.py

Every loss of the dense network is paired with every common output activation, at points where the
loss is defined. Both the shortcut and the full chain rule are compared with finite differences.
Then come cross-entropy with ReLU outputs, and the log(0) trap.
"""

import numpy as np

from w2v.activations import ACTIVATIONS, Activation
from w2v.dense.losses import DENSE_LOSSES, DenseLoss
from w2v.gradcheck import GradientReport, Verdict, check_gradient

OUTPUTS = ("identity", "sigmoid", "tanh", "relu", "leaky_relu", "softplus", "softmax")
GRID = np.linspace(-2.95, 2.95, 60)  # 0, the kink of ReLU, is not on it
MARGIN = 0.05
CLASSES = 3


def sample(loss: DenseLoss, activation: Activation) -> tuple[np.ndarray, np.ndarray]:
    """Logits (5, 3) where the activation is in the loss's domain, and targets for them."""
    generator = np.random.default_rng(0)
    shape = (5, CLASSES)
    z = generator.choice(GRID, shape)
    if activation.elementwise:
        a = activation.value(GRID)
        inside = (a > loss.domain[0] + MARGIN) & (a < loss.domain[1] - MARGIN)
        z = generator.choice(GRID[inside], shape)
    targets = generator.uniform(max(loss.targets[0], -1.0), min(loss.targets[1], 1.0), shape)
    if loss.sums_to_one:
        targets /= targets.sum(axis=1, keepdims=True)
    return z, targets


def check_pair(
    loss: DenseLoss, activation: Activation, z: np.ndarray, targets: np.ndarray, short_cut: bool
) -> GradientReport:
    """Check y - t (the shortcut) or the chain rule against the slopes of L(f(z))."""

    def total(logits: np.ndarray) -> float:
        return float(np.sum(loss.from_activations(activation.value(logits), targets)))

    a = activation.value(z)
    if short_cut:
        claimed = a - targets
    else:
        with np.errstate(divide="ignore", invalid="ignore"):
            claimed = activation.pull_back(z, loss.dactivations(a, targets))
    return check_gradient(total, claimed, z, name=f"{loss.name} of {activation.name}")


def reason(loss: DenseLoss, activation: Activation) -> str:
    """Why the shortcut holds, or does not."""
    if loss.link is activation:
        return "canonical: dL/da f'(z) is y - t"
    if not activation.elementwise:
        return "the Jacobian does not cancel"
    if loss.name == "squared_error" and activation.kinks:
        return "right where z > 0 and f' = 1"
    if loss.name == "squared_error":
        return "f'(z) is missing"
    return "f'(z) does not cancel"


def show_table() -> None:
    """Check every pair in both ways."""
    print(f"{'loss':22} {'output':11} {'delta = y - t':16} {'chain rule':12} why")
    for loss in DENSE_LOSSES.values():
        for name in OUTPUTS:
            activation = ACTIVATIONS[name]
            z, targets = sample(loss, activation)
            short = check_pair(loss, activation, z, targets, short_cut=True)
            full = check_pair(loss, activation, z, targets, short_cut=False)
            passed = f"{short.verdict} ({short.count(Verdict.PASS):2} of {z.size})"
            if short.passed:
                passed = str(short.verdict)
            print(
                f"{loss.name:22} {name:11} {passed:16} {full.verdict!s:12} "
                f"{reason(loss, activation)}"
            )
        print()


def relu_cross_entropy(z: float, target: float, short_cut: bool) -> GradientReport:
    """One ReLU output with logistic cross-entropy."""
    loss = DENSE_LOSSES["sigmoid_cross_entropy"]
    logits, targets = np.array([[z]]), np.array([[target]])
    return check_pair(loss, ACTIVATIONS["relu"], logits, targets, short_cut)


def show_relu() -> None:
    """Check ReLU outputs inside the domain 0 < a < 1, and outside it."""
    loss = DENSE_LOSSES["sigmoid_cross_entropy"]
    print("Cross-entropy -t ln a - (1 - t) ln(1 - a) of a ReLU output a = max(z, 0)\n")
    print("     z      a      t      loss   y - t        chain rule")
    for z, target in ((0.3, 1.0), (0.3, 0.0), (0.7, 0.4), (-0.5, 1.0), (1.5, 0.0), (-0.5, 0.0)):
        a = max(z, 0.0)
        value = abs(float(loss.from_activations(np.array([a]), np.array([target]))))  # no -0
        short = relu_cross_entropy(z, target, short_cut=True)
        full = relu_cross_entropy(z, target, short_cut=False)
        print(
            f"{z:6.2f} {a:6.2f} {target:6.2f} {value:9.4f}   {short.verdict!s:10}   {full.verdict}"
        )
    print("\nundefined: ln 0 (z = -0.5, t = 1) and ln of a negative number (z = 1.5, t = 0).")
    print("No gradient is right there, because there is no loss; the check says so.\n")


def clipped_loss(z: np.ndarray, target: float, margin: float = 1e-7) -> np.ndarray:
    """The usual workaround: the probability clipped away from 0 and 1."""
    a = np.clip(ACTIVATIONS["sigmoid"].value(z), margin, 1.0 - margin)
    return -target * np.log(a) - (1.0 - target) * np.log(1.0 - a)


def show_log_of_zero() -> None:
    """Compare the same loss from activations, clipped, and from logits."""
    loss = DENSE_LOSSES["sigmoid_cross_entropy"]
    sigmoid = ACTIVATIONS["sigmoid"]
    print("The log(0) trap: a sigmoid output that is confident and wrong, t = 0\n")
    print("     z   from activations       clipped   from logits   gradient from logits: check")
    for z in (5.0, 20.0, 40.0, 1000.0):
        logits, targets = np.array([[z]]), np.array([[0.0]])
        naive = loss.from_activations(sigmoid.value(logits), targets)[0]
        stable = loss.from_logits(logits, targets)[0]
        claimed = loss.dlogits(logits, targets)
        report = check_gradient(
            lambda at: loss.from_logits(at, np.zeros((1, 1)))[0], claimed, logits
        )
        clipped = clipped_loss(logits, 0.0)[0, 0]
        print(
            f"{z:6.0f} {naive:18.4f} {clipped:13.4f} {stable:13.4f}   "
            f"{claimed[0, 0]:.6f}: {report.verdict}"
        )
    report = check_gradient(
        lambda at: clipped_loss(at, 0.0)[0, 0], np.array([[1.0]]), np.array([[40.0]])
    )
    print(f"\nThe clipped loss is flat at z = 40: y - t = 1 there is a {report.verdict}.")
    softmax_loss = DENSE_LOSSES["softmax_cross_entropy"]
    logits, targets = np.array([[0.0, -800.0]]), np.array([[0.0, 1.0]])
    naive = softmax_loss.from_activations(ACTIVATIONS["softmax"].value(logits), targets)[0]
    stable = softmax_loss.from_logits(logits, targets)[0]
    print(
        f"Softmax, logits 0 and -800, the second is right: -ln p = {naive}, log-sum-exp {stable}."
    )


def main() -> None:
    """Show all three parts."""
    show_table()
    show_relu()
    show_log_of_zero()


if __name__ == "__main__":
    main()
