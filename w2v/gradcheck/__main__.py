"""``python -m w2v.gradcheck``: compare every gradient of the package with finite differences.

Prints one table with a row per gradient; exits with 1 if a row fails. Each section in `SECTIONS`
iterates a registry, so that everything registered is checked. The tool itself, `w2v.gradcheck`,
imports nothing of what is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NoReturn

import numpy as np

from w2v.activations import ACTIVATIONS, Activation, Array, Function
from w2v.dense.losses import DENSE_LOSSES, DenseLoss, Form
from w2v.dense.network import DenseNetwork, flatten
from w2v.gradcheck import check_derivative, check_gradient
from w2v.gradcheck.checks_table import Cover, Row, Section, all_passed, as_json, as_text
from w2v.gradcheck.report import GradientReport, Verdict
from w2v.gradcheck.word2vec_checks import WORD2VEC_SECTIONS
from w2v.util import command_line

POINTS = np.array([-20.0, -5.0, -2.0, -1.0, -0.3, -1e-3, 1e-3, 0.3, 1.0, 2.0, 5.0, 20.0])
"""Points in both tails, where derivatives vanish, and between; the activation's kinks are added."""

GRID = np.linspace(-3.0, 3.0, 61)
"""Logits to choose from, those whose activations fall inside the domain of the loss."""

DOMAIN_MARGIN = 0.05
"""Distance of activations from the ends of the domain, where the loss grows without bound."""

TAIL = 20.0
"""Derivatives are checked this far out on either side."""

EXAMPLES, OUTPUTS = 3, 4


def _weighted_sum(value: Function, weights: Array) -> Function:
    return lambda z: np.sum(weights * value(z))


def _total(form: Form, targets: Array, activation: Activation | None = None) -> Function:
    """The loss of all examples as a function of z."""
    if activation is None:
        return lambda z: np.sum(form(z, targets))
    return lambda z: np.sum(form(activation.value(z), targets))


def activations() -> Iterator[Row]:
    """f(z) against both derivatives; softmax against its Jacobian-vector products."""
    section = "activation"
    for activation in ACTIVATIONS.values():
        name, value = activation.name, activation.value
        if activation.elementwise:
            at = np.concatenate([POINTS, activation.kinks])
            from_z = activation.derivative_from_z
            assert from_z is not None  # what element-wise means
            report = check_derivative(value, from_z, at)
            covers = _points_covered(report, activation)
            size = POINTS.size + len(activation.kinks)
            yield Row(section, f"{name}, derivative from z", report, size, covers)
            from_a = activation.derivative_from_a
            if from_a is not None:
                claimed = from_a(value(at))
                report = check_derivative(value, claimed, at)
                covers = _points_covered(report, activation)
                yield Row(section, f"{name}, derivative from a", report, size, covers)
            continue
        generator = np.random.default_rng(0)
        z, vector = generator.normal(0.0, 2.0, (2, EXAMPLES, OUTPUTS))
        assert activation.jvp_from_z is not None
        assert activation.jvp_from_a is not None
        for form, product in (
            ("z", activation.jvp_from_z(z, vector)),
            ("a", activation.jvp_from_a(value(z), vector)),
        ):
            # The Jacobian is symmetric, so J v is also the gradient of v . f(z).
            report = check_gradient(_weighted_sum(value, vector), product, z)
            what = f"{name}, Jacobian-vector product from {form}"
            yield Row(section, what, report, EXAMPLES * OUTPUTS)


def _points_covered(report: GradientReport, activation: Activation) -> tuple[Cover, ...]:
    """Coverage of both tails and of every kink."""
    left = sum(entry.at <= -TAIL for entry in report.coordinates)
    right = sum(entry.at >= TAIL for entry in report.coordinates)
    covers = (
        Cover("left tail", left),
        Cover("right tail", right),
        Cover("kinks", report.count(Verdict.KINK), len(activation.kinks)),
    )
    return tuple(cover for cover in covers if cover.least)


def sample_targets(loss: DenseLoss, seed: int) -> Array:
    """Targets (EXAMPLES, OUTPUTS) inside the interval that the loss allows, ends included."""
    low, high = max(loss.targets[0], -1.0), min(loss.targets[1], 1.0)
    targets = np.random.default_rng(seed).uniform(low, high, (EXAMPLES, OUTPUTS))
    targets[0, 0], targets[0, 1] = low, high
    return targets / targets.sum(axis=1, keepdims=True) if loss.sums_to_one else targets


def sample_logits(loss: DenseLoss, activation: Activation, seed: int) -> Array:
    """Logits (EXAMPLES, OUTPUTS) at which the activation lies in the loss's domain."""
    generator = np.random.default_rng(seed)
    if not activation.elementwise:
        return generator.normal(0.0, 1.0, (EXAMPLES, OUTPUTS))
    a = np.asarray(activation.value(GRID))
    low, high = loss.domain
    inside = GRID[(a > low + DOMAIN_MARGIN) & (a < high - DOMAIN_MARGIN)]
    return generator.choice(inside, (EXAMPLES, OUTPUTS))


def output_losses() -> Iterator[Row]:
    """Each loss of the dense network from logits, and from every activation by the chain rule."""
    section = "output loss"
    for loss in DENSE_LOSSES.values():
        targets = sample_targets(loss, seed=1)
        z = np.random.default_rng(2).normal(0.0, 3.0, (EXAMPLES, OUTPUTS))
        total = _total(loss.from_logits, targets)
        report = check_gradient(total, loss.dlogits(z, targets), z)
        what = f"{loss.name}, from logits ({loss.link.name})"
        yield Row(section, what, report, EXAMPLES * OUTPUTS, _targets_covered(loss, targets))
        for activation in ACTIVATIONS.values():
            z = sample_logits(loss, activation, seed=3)
            slope = loss.dactivations(activation.value(z), targets)
            total = _total(loss.from_activations, targets, activation)
            report = check_gradient(total, activation.pull_back(z, slope), z)
            what = f"{loss.name}, from activations ({activation.name})"
            yield Row(section, what, report, EXAMPLES * OUTPUTS, _targets_covered(loss, targets))


def _targets_covered(loss: DenseLoss, targets: Array) -> tuple[Cover, ...]:
    """Coverage of the interval of targets that the loss allows: its ends, and targets between.

    In rows that must sum to 1 no target reaches the upper end, because the others take a share.
    """
    ends = [end for end in loss.targets[: 1 if loss.sums_to_one else 2] if np.isfinite(end)]
    found = sum(bool(np.any(targets == end)) for end in ends)
    between = int(np.sum((targets > loss.targets[0]) & (targets < loss.targets[1])))
    covers = Cover("ends of the targets", found, len(ends)), Cover("targets between", between)
    return tuple(cover for cover in covers if cover.least)


def dense_networks() -> Iterator[Row]:
    """Back-propagation to weights and biases: each loss in both forms, each hidden activation."""
    cases = [
        ("tanh", loss.name, from_logits)
        for loss in DENSE_LOSSES.values()
        for from_logits in (True, False)
    ]
    cases += [
        (activation, "squared_error", True) for activation in ACTIVATIONS if activation != "tanh"
    ]
    for hidden, loss_name, from_logits in cases:
        network = DenseNetwork(
            (2, 5, 3, OUTPUTS), hidden=hidden, loss=loss_name, from_logits=from_logits, seed=4
        )
        inputs = np.random.default_rng(5).normal(0.0, 1.0, (EXAMPLES, 2))
        targets = sample_targets(network.loss_function, seed=6)

        def loss_at(
            vector: Array,
            network: DenseNetwork = network,
            inputs: Array = inputs,
            targets: Array = targets,
        ) -> float:
            network.set_parameters(vector)
            return network.loss(inputs, targets)

        start = network.get_parameters()
        report = check_gradient(loss_at, flatten(*network.gradient(inputs, targets)), start)
        form = "logits" if from_logits else "activations"
        what = f"hidden {hidden}, {loss_name} from {form}"
        yield Row("dense network", what, report, start.size)


SECTIONS: tuple[Section, ...] = (
    activations,
    output_losses,
    dense_networks,
    *WORD2VEC_SECTIONS,
)
"""What the command checks, in the order of the table."""


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 0 if every row passes, otherwise 1."""
    parser = command_line.ArgumentParser(
        "w2v.gradcheck", description="Check every gradient that w2v ships."
    )
    parser.add_argument("--json", action="store_true", help="print JSON rather than a table")
    options = parser.parse_args(argv)
    rows = [row for section in SECTIONS for row in section()]
    print(as_json(rows) if options.json else as_text(rows))
    return 0 if all_passed(rows) else 1


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, "w2v.gradcheck")


if __name__ == "__main__":
    entry()
