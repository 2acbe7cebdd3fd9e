"""The example scripts: what each one shows must be true."""

import importlib.util
import math
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest

from w2v.activations import ACTIVATIONS
from w2v.dense.losses import DENSE_LOSSES
from w2v.dense.network import read_bits
from w2v.gradcheck import Verdict

EXAMPLES = Path(__file__).parents[2] / "scripts" / "examples"


def load(name):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


xor = load("xor")
segments = load("seven_segments")
links = load("canonical_links")
hidden = load("hidden_sigmoid")


# --- XOR --------------------------------------------------------------------------------------


def test_xor_is_learned_with_a_margin():
    network, history = xor.train_xor(seed=0)
    outputs = network.predict(xor.INPUTS)
    bits, margin = read_bits(outputs, 0.0, 1.0)
    np.testing.assert_array_equal(bits, xor.TARGETS)
    assert margin > 0.98
    assert history[-1] < 0.01 < history[0]
    assert not np.isin(outputs, [0.0, 1.0]).any()  # continuous: nothing was thresholded


def test_xor_from_most_starts():
    outcomes = [xor.solved(seed) for seed in range(8)]
    assert sum(correct for correct, _ in outcomes) >= 7


def test_there_is_no_gradient_behind_the_threshold():
    report = xor.thresholded_slopes(seed=0)
    assert report.count(Verdict.PASS) == len(report.coordinates) == 13


# --- seven segments ---------------------------------------------------------------------------


def recipe(start):
    return next(r for r in segments.RECIPES if r.name.startswith(start))


def test_a_wrong_tanh_unit_gets_almost_no_gradient_and_the_remedies_give_more():
    plain = abs(segments.wrong_unit_slope(segments.BASELINE, -8.0))
    scaled = abs(segments.wrong_unit_slope(recipe("scaled tanh"), -8.0))
    entropy = abs(segments.wrong_unit_slope(recipe("cross-entropy in place"), -8.0))
    assert plain < 1e-6
    assert scaled > 100 * plain
    assert entropy == pytest.approx(2.0, abs=1e-6)


def test_the_baseline_is_caught_in_saturation():
    _, epochs = segments.train_recipe(segments.BASELINE, seed=0)
    assert epochs is None
    stuck = segments.caught(seed=0)
    assert stuck
    for _, _, _, output, slope in stuck:
        assert abs(output) > 0.999
        assert abs(slope) < 1e-3


@pytest.mark.parametrize(
    "start", ["scaled tanh", "targets +-0.9", "whole-epoch updates, learning", "cross-entropy in"]
)
def test_the_remedies_get_all_70_segments_right(start):
    epochs = segments.compare(recipe(start), seeds=6)
    assert None not in epochs


def test_cross_entropy_needs_fewer_epochs_than_the_small_learning_rate():
    entropy = segments.compare(recipe("cross-entropy in"), seeds=6)
    slow = segments.compare(recipe("the same with a third"), seeds=6)
    assert statistics.median(entropy) < statistics.median(slow)


def test_momentum_at_the_same_learning_rate_does_not_help():
    assert segments.compare(recipe("momentum 0.9, same"), seeds=1) == [None]


def test_the_digits_are_drawn():
    assert segments.draw(segments.BITS[8]) == [" _ ", "|_|", "|_|"]
    assert segments.draw(segments.BITS[1]) == ["   ", "  |", "  |"]


# --- canonical links --------------------------------------------------------------------------


@pytest.mark.parametrize("name", links.OUTPUTS)
@pytest.mark.parametrize("loss", DENSE_LOSSES.values(), ids=lambda loss: loss.name)
def test_the_short_cut_is_right_for_the_canonical_link_alone(loss, name):
    activation = ACTIVATIONS[name]
    z, targets = links.sample(loss, activation)
    short = links.check_pair(loss, activation, z, targets, short_cut=True)
    full = links.check_pair(loss, activation, z, targets, short_cut=False)
    assert full.verdict is Verdict.PASS
    assert short.verdict is (Verdict.PASS if loss.link is activation else Verdict.FAIL)


@pytest.mark.parametrize(
    ("z", "target", "short", "full"),
    [
        (0.3, 1.0, "FAIL", "pass"),
        (0.7, 0.4, "FAIL", "pass"),
        (-0.5, 1.0, "undefined", "undefined"),
        (1.5, 0.0, "undefined", "undefined"),
    ],
)
def test_relu_with_cross_entropy(z, target, short, full):
    assert links.relu_cross_entropy(z, target, short_cut=True).verdict == short
    assert links.relu_cross_entropy(z, target, short_cut=False).verdict == full


def test_clipping_makes_the_loss_flat_where_it_matters():
    values = links.clipped_loss(np.array([20.0, 40.0, 1000.0]), 0.0)
    assert np.ptp(values) == 0.0
    assert math.isfinite(values[0])


# --- the hidden sigmoid -----------------------------------------------------------------------


def test_only_the_variants_that_differentiate_the_sigmoid_pass():
    for variant in hidden.VARIANTS:
        expected = Verdict.FAIL if "not differentiated" in variant.name else Verdict.PASS
        assert hidden.check(variant).verdict is expected, variant.name


def test_in_the_network_or_in_the_loss_is_one_gradient():
    outside, inside = hidden.VARIANTS[:2]
    np.testing.assert_allclose(
        outside.claimed(hidden.LOGITS), inside.claimed(hidden.LOGITS), rtol=1e-12
    )


def test_the_sigmoid_taken_twice_has_a_floor():
    own, _ = hidden.descend(next(v for v in hidden.VARIANTS if "both" in v.name))
    assert own > 0.75 * math.log1p(math.exp(-1.0)) + 0.25 * math.log(2.0)


def test_the_forgotten_derivative_trains_another_loss():
    """1/2 (sigmoid(z) - t)^2 without the derivative descends the cross-entropy."""
    forgotten = hidden.descend(hidden.VARIANTS[4])[1]
    entropy = hidden.descend(hidden.VARIANTS[1])[1]
    assert forgotten == pytest.approx(entropy, rel=1e-12)


# --- all --------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [xor, links, hidden], ids=lambda module: module.__name__)
def test_the_script_prints(module, capsys):
    module.main()
    assert len(capsys.readouterr().out.splitlines()) > 10
