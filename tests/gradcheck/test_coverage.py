"""The gradient check finds errors of the size that it promises, and fails when it covers less.

Errors are planted in each term of what is shipped: in the gradient of a tile of logits, and in what
a step does to each array of the model.
"""

import dataclasses
import itertools

import numpy as np
import pytest

from w2v.activations import ACTIVATIONS
from w2v.gradcheck import Verdict, check_derivative, check_gradient, word2vec_checks
from w2v.gradcheck import __main__ as command
from w2v.gradcheck.checks_table import SHARE_FOUND, Cover, Row, all_passed, as_json, as_text
from w2v.kernels.sampled import GROUP_NOISE
from w2v.kernels.softmax import FullSoftmax
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss

SAMPLED = [name for name in LOSSES if isinstance(get_loss(name), SampledLoss)]
ERROR = 1e-5


# --- what is promised -----------------------------------------------------------------------------


def mixed(x):
    """Slopes of 2, 1e-2 and 1e-4, of a function whose value is about 1."""
    return 1 + 2 * np.sin(x[0]) + 1e-2 * np.exp(x[1]) + 1e-4 * x[2] ** 2


def mixed_gradient(x):
    return np.array([2 * np.cos(x[0]), 1e-2 * np.exp(x[1]), 2e-4 * x[2]])


@pytest.mark.parametrize("coordinate", range(3))
@pytest.mark.parametrize("sign", [-1, 1])
def test_errors_above_the_promise_fail_and_those_well_below_pass(coordinate, sign):
    at = np.array([0.1, 0.2, 0.7])
    gradient = mixed_gradient(at)
    right = check_gradient(mixed, gradient, at)
    assert right.passed
    promise = right.tolerance * right.coordinates[coordinate].unit
    assert promise <= right.smallest_error_found
    for factor, verdict in ((1.1, Verdict.FAIL), (0.5, Verdict.PASS)):
        planted = gradient.copy()
        planted[coordinate] += sign * factor * promise
        report = check_gradient(mixed, planted, at)
        assert report.coordinates[coordinate].verdict is verdict
        assert report.count(Verdict.FAIL) == (verdict is Verdict.FAIL)


def test_small_slopes_are_resolved_as_finely_as_rounding_allows():
    """A slope of 1e-3 beside a value of 1: an error of 1e-5 of it is far above the rounding."""
    at = np.array([0.1, 0.2, 0.7])
    slope = np.array([1e-3, 1e-3, 1e-3])
    report = check_gradient(lambda x: 1 + slope @ x, slope * (1 + ERROR), at)
    assert report.count(Verdict.FAIL) == 3


def test_the_tolerance_is_a_millionth():
    report = check_gradient(mixed, mixed_gradient, [0.1, 0.2, 0.7])
    assert report.tolerance == 1e-6
    assert report.largest_slope == pytest.approx(2 * np.cos(0.1))
    assert report.smallest_error_found == pytest.approx(1e-6 * report.largest_slope)


# --- a row that covers less -----------------------------------------------------------------------

AT = np.arange(1.0, 9.0)


def row(coordinates=None, tolerance=1e-6, covers=()):
    report = check_gradient(
        lambda x: np.sum(x**2), lambda x: 2 * x, AT, coordinates=coordinates, tolerance=tolerance
    )
    return Row("test", "squares", report, AT.size, tuple(covers))


@pytest.mark.parametrize(
    ("short", "said"),
    [
        ({"coordinates": range(7)}, "not enough cases: 7 coordinates, expected at least 8"),
        ({"covers": [Cover("hits", 0)]}, "not enough cases: 0 hits, expected at least 1"),
        (
            {"covers": [Cover("hits", 5), Cover("kinks", 1, 2)]},
            "not enough cases: 1 kinks, expected at least 2",
        ),
        (
            {"tolerance": 1e-4},
            "too coarse: errors below 1.6e-03 pass, and no slope is above",
        ),
    ],
)
def test_a_row_that_covers_too_little_fails_though_its_gradient_is_right(short, said):
    assert row().passed
    assert row(covers=[Cover("hits", 1)]).passed
    less = row(**short)
    assert less.report.passed
    assert not less.passed
    assert not all_passed([row(), less])
    assert f"\n  {said}" in as_text([row(), less])
    assert "1 of 2 pass" in as_text([row(), less])
    assert said in as_json([less])


def test_what_a_row_covers_is_shown():
    assert "pass (accidental hits 3, kinks 2)" in as_text(
        [row(covers=[Cover("accidental hits", 3), Cover("kinks", 2)])]
    )


def test_every_row_names_what_it_covers():
    for section in command.SECTIONS[3:]:
        for each in section():
            assert each.covers, each.what
            assert all(cover.least > 0 for cover in each.covers)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_kinks_of_an_activation_are_those_that_can_be_measured(name):
    activation = ACTIVATIONS[name]
    if not activation.elementwise:
        return
    grid = np.arange(-400, 401) / 100  # 0 among them
    report = check_derivative(activation.value, activation.derivative_from_z, grid)
    found = [entry.at for entry in report.coordinates if entry.verdict is Verdict.KINK]
    assert found == list(activation.kinks)


# --- planted errors -------------------------------------------------------------------------------


def failing(section):
    """Rows of a section by name: whether they fail."""
    return {each.what: not each.passed for each in section()}


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("part", ["pairs", "noise", "one entry"])
def test_an_error_in_a_tiles_gradient_is_found(monkeypatch, name, part):
    loss = get_loss(name)

    def planted(logits, labels, weights, dlogits, rows, columns):
        value = loss.tile(logits, labels, weights, dlogits, rows, columns)
        if part == "one entry":
            dlogits[2] += SHARE_FOUND * np.abs(dlogits).max()
        else:
            dlogits[labels == (part == "pairs")] *= 1 + ERROR
        return value

    wrong = dataclasses.replace(loss, tile=planted)
    monkeypatch.setattr(word2vec_checks, "_losses", lambda _: [wrong])
    assert failing(word2vec_checks.sampled_losses) == {f"{name}, split": True}


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize(
    "term", ["center_vectors", "context_vectors", "logit_offsets", "log_normalisers", "value"]
)
def test_an_error_in_the_update_of_a_step_is_found(monkeypatch, name, term):
    real = word2vec_checks.sampled_kernels

    def kernels_with_error(*args, **learn):
        kernels = real(*args, **learn)

        def step(model, scratch, group, upcoming, lr):
            before = [array.copy() for array in model]
            value = kernels.step(model, scratch, group, upcoming, lr)
            if term == "value":
                return value * (1 + ERROR)
            for field, array, old in zip(model._fields, model, before, strict=True):
                if field == term:
                    array += ERROR * (array - old)
            return value

        return kernels._replace(step=step)

    monkeypatch.setattr(word2vec_checks, "sampled_kernels", kernels_with_error)
    loss = get_loss(name)
    monkeypatch.setattr(word2vec_checks, "_losses", lambda _: [loss])
    rows = failing(word2vec_checks.sampled_steps)
    assert len(rows) == 3 + loss.learns_normalisers
    needs = {"logit_offsets": "bias", "log_normalisers": "normalisers"}.get(term, "")
    assert rows == {what: needs in what for what in rows}


@pytest.mark.parametrize("name", SAMPLED)
def test_hits_that_a_step_treats_as_the_other_policy_says_are_found(monkeypatch, name):
    """The weights say one thing and the loss that is reported another."""
    loss = get_loss(name)
    real = word2vec_checks.sampled_kernels

    def kernels_with_error(*args, **learn):
        kernels = real(*args, **learn)

        def step(model, scratch, group, upcoming, lr):
            weights = group.weights.copy()
            if lr == 0:  # differences are taken of this one
                columns = len(scratch.offsets)
                n_noise = GROUP_NOISE * word2vec_checks.NEGATIVES
                contexts = group.candidate_ids[n_noise : group.sizes[1]]
                for i, (k, word) in itertools.product(
                    range(group.sizes[0]), enumerate(group.candidate_ids[:n_noise])
                ):
                    if word in contexts:
                        group.weights[i * columns + k] = 0
            value = kernels.step(model, scratch, group, upcoming, lr)
            group.weights[:] = weights
            return value

        return kernels._replace(step=step)

    monkeypatch.setattr(word2vec_checks, "sampled_kernels", kernels_with_error)
    monkeypatch.setattr(word2vec_checks, "_losses", lambda _: [loss])
    assert all(failing(word2vec_checks.sampled_steps).values())


@pytest.mark.parametrize("term", ["d_centers", "d_contexts", "d_bias", "losses"])
def test_an_error_in_the_full_softmax_is_found(monkeypatch, term):
    real = FullSoftmax.gradients

    def planted(self, *args):
        result = real(self, *args)
        getattr(result, term)[...] *= 1 + ERROR
        return result

    monkeypatch.setattr(FullSoftmax, "gradients", planted)
    rows = failing(word2vec_checks.full_steps)
    assert len(rows) == 6
    assert all(rows.values())
