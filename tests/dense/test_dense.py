"""The dense network's losses and passes against formulas, its gradients, and its training."""

import doctest
import math
from itertools import chain

import naive_dense as naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2v.dense.network
from w2v.activations import ACTIVATIONS
from w2v.dense.losses import DENSE_LOSSES
from w2v.dense.network import DenseNetwork, flatten, read_bits, scale_targets, train
from w2v.errors import ConfigError, DivergenceError, InputError
from w2v.gradcheck import check_gradient

LOSSES = pytest.mark.parametrize("loss", DENSE_LOSSES.values(), ids=lambda loss: loss.name)
LOGITS = st.lists(st.floats(-8.0, 8.0), min_size=3, max_size=3)
SHARES = st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3)
OR = (np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0.0], [1], [1], [1]]))


def targets_for(loss, shares):
    """Numbers in 0 .. 1, moved into the interval of the loss."""
    if loss.sums_to_one:
        total = sum(shares)
        return [share / total for share in shares] if total > 1e-3 else [1.0, 0.0, 0.0]
    low, high = max(loss.targets[0], -1.0), min(loss.targets[1], 1.0)
    return [low + (high - low) * share for share in shares]


def test_every_loss_has_a_naive_twin():
    assert set(DENSE_LOSSES) == set(naive.LOSS) == set(naive.LINK)


@LOSSES
@given(z=LOGITS, shares=SHARES)
def test_both_forms_equal_the_formula(loss, z, shares):
    targets = targets_for(loss, shares)
    a = naive.LINK[loss.name](z)
    expected = naive.LOSS[loss.name](a, targets)
    assert loss.from_logits(np.array(z), np.array(targets)) == pytest.approx(expected, rel=1e-8)
    assert loss.from_activations(np.array(a), np.array(targets)) == pytest.approx(expected)
    np.testing.assert_allclose(loss.link.value(np.array(z)), a, rtol=1e-9, atol=1e-12)


@LOSSES
@given(z=LOGITS, shares=SHARES)
def test_the_two_forms_have_one_gradient_and_it_is_y_minus_t(loss, z, shares):
    logits, targets = np.array(z), np.array(targets_for(loss, shares))
    y = loss.link.value(logits)
    chained = loss.link.pull_back(logits, loss.dactivations(y, targets))
    # 1 - a has lost up to eps / (1 - a), 3e-9 at z = 16 (tanh: 2 z).
    np.testing.assert_allclose(loss.dlogits(logits, targets), chained, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(loss.dlogits(logits, targets), y - targets, rtol=1e-9, atol=1e-14)


@LOSSES
@given(z=LOGITS, shares=SHARES)
def test_logit_form_passes_the_gradient_check_and_is_never_negative(loss, z, shares):
    logits, targets = np.array(z), np.array(targets_for(loss, shares))
    report = check_gradient(
        lambda at: loss.from_logits(at, targets), loss.dlogits(logits, targets), logits
    )
    assert report.passed, report
    assert loss.from_logits(logits, targets) >= 0.0


@pytest.mark.parametrize("name", [n for n in DENSE_LOSSES if n != "squared_error"])
@pytest.mark.parametrize("size", [40.0, 1e4, 1e300])
def test_logit_form_takes_no_log_of_zero(name, size):
    loss = DENSE_LOSSES[name]
    low, high = loss.targets
    logits, wrong = np.array([size, -size]), np.array([low, high])
    value = loss.from_logits(logits, wrong)
    factor = {"sigmoid_cross_entropy": 2, "tanh_cross_entropy": 4, "softmax_cross_entropy": 2}
    assert value == pytest.approx(factor[name] * size, rel=1e-12)
    np.testing.assert_allclose(loss.dlogits(logits, wrong), [high - low, low - high])
    right = np.array([high, low])
    assert loss.from_logits(logits, right) == pytest.approx(0.0, abs=1e-15)
    # The same from activations is the trap: an honest infinity, no clipped number.
    if size > 400.0:  # softmax underflows later than 1 - a rounds to 0
        assert loss.from_activations(loss.link.value(logits), wrong) == math.inf


def test_small_losses_keep_their_digits():
    loss = DENSE_LOSSES["sigmoid_cross_entropy"]
    got = loss.from_logits(np.array([50.0]), np.array([1.0]))
    assert got == pytest.approx(math.exp(-50.0), rel=1e-12, abs=0)


def test_softmax_takes_several_right_classes_as_a_distribution():
    """dL/dz = p - t; the gradient of the mixture is the mixture of the one-hot gradients."""
    loss = DENSE_LOSSES["softmax_cross_entropy"]
    z = np.array([0.3, -1.0, 2.0])
    both = loss.dlogits(z, np.array([0.5, 0.5, 0.0]))
    single = [loss.dlogits(z, one) for one in np.eye(3)[:2]]
    np.testing.assert_allclose(both, np.mean(single, axis=0), rtol=1e-14)
    np.testing.assert_allclose(both, np.array(naive.softmax(z)) - [0.5, 0.5, 0.0])
    # Targets that sum to 2 weigh twice as much, and their gradient is not p - t.
    np.testing.assert_allclose(loss.dlogits(z, np.array([1.0, 1.0, 0.0])), 2 * both)


def test_outside_the_domain_the_result_is_nan():
    loss = DENSE_LOSSES["sigmoid_cross_entropy"]
    assert loss.from_activations(np.array([0.0]), np.array([1.0])) == math.inf
    assert math.isnan(loss.from_activations(np.array([1.5]), np.array([0.0])))
    assert loss.from_activations(np.array([0.0, 1.0]), np.array([0.0, 1.0])) == 0.0


@LOSSES
@pytest.mark.parametrize("beyond", [1e-3, 0.5, 10.0])
def test_outside_the_domain_neither_loss_nor_gradient_is_a_number(loss, beyond):
    low, high = loss.domain
    for a in filter(math.isfinite, (low - beyond, high + beyond)):
        for target in (max(loss.targets[0], -1.0), 0.5, min(loss.targets[1], 1.0)):
            arguments = np.array([a]), np.array([target])
            assert math.isnan(loss.from_activations(*arguments))
            assert math.isnan(loss.dactivations(*arguments)[0])


def test_training_does_not_begin_without_a_finite_loss():
    network = DenseNetwork((1, 1), loss="sigmoid_cross_entropy", output="identity")
    network.set_parameters([1.0, 0.0])
    start = network.get_parameters()
    assert math.isnan(network.loss([[-0.5]], [[1.0]]))
    assert np.isnan(network.gradient([[-0.5]], [[1.0]])[0][0]).all()
    with pytest.raises(InputError, match=r"the loss is nan before training; .* within 0 to 1 for"):
        train(network, [[-0.5]], [[1.0]], epochs=1, learning_rate=0.1)
    np.testing.assert_array_equal(network.get_parameters(), start)


# --- the network ------------------------------------------------------------------------------


@pytest.mark.parametrize(("hidden", "output"), [("tanh", "sigmoid"), ("sin", "tanh")])
def test_back_propagation_equals_nested_loops(hidden, output):
    network = DenseNetwork((3, 4, 2), hidden=hidden, output=output, seed=3)
    network.biases[0] += [0.1, -0.2, 0.3, 0.4]
    x, t = [0.5, -1.0, 2.0], [0.2, 0.9]
    arguments = (network.weights[0], network.biases[0], network.weights[1], network.biases[1])
    expected = naive.two_layer_squared_error_gradient(x, t, *arguments, hidden, output)
    dweights, dbiases = network.gradient([x], [t])
    for got, wanted in zip(
        (dweights[0], dbiases[0], dweights[1], dbiases[1]), expected, strict=True
    ):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


def test_loss_and_gradient_are_means_over_the_examples():
    network = DenseNetwork((2, 3, 1), loss="sigmoid_cross_entropy")
    inputs, targets = OR
    singles = [network.loss(x[None], t[None]) for x, t in zip(inputs, targets, strict=True)]
    assert network.loss(inputs, targets) == pytest.approx(np.mean(singles), rel=1e-13)
    gradients = [
        flatten(*network.gradient(x[None], t[None])) for x, t in zip(inputs, targets, strict=True)
    ]
    np.testing.assert_allclose(
        flatten(*network.gradient(inputs, targets)), np.mean(gradients, axis=0), atol=1e-15
    )


@pytest.mark.parametrize("from_logits", [True, False])
@LOSSES
def test_the_applied_update_is_minus_the_checked_gradient(loss, from_logits):
    network = DenseNetwork((2, 4, 3), loss=loss.name, from_logits=from_logits, seed=2)
    inputs = np.random.default_rng(0).normal(size=(5, 2))
    targets = np.array([targets_for(loss, row) for row in np.random.default_rng(1).random((5, 3))])
    start = network.get_parameters()
    train(network, inputs, targets, epochs=1, learning_rate=0.25)
    applied = (start - network.get_parameters()) / 0.25

    def loss_at(vector):
        network.set_parameters(vector)
        return network.loss(inputs, targets)

    report = check_gradient(loss_at, applied, start)
    assert report.passed, report


def test_momentum_and_decay_follow_their_formulas():
    inputs, targets = OR
    network = DenseNetwork((2, 1), output="tanh", seed=5)
    twin = DenseNetwork((2, 1), output="tanh", seed=5)
    options = {"learning_rate": 0.3, "momentum": 0.8, "weight_decay": 0.1}
    train(network, inputs, targets, epochs=3, **options)
    velocity_w, velocity_b = np.zeros((2, 1)), np.zeros(1)
    for _ in range(3):
        dweights, dbiases = twin.gradient(inputs, targets)
        velocity_w = 0.8 * velocity_w - 0.3 * (dweights[0] + 0.1 * twin.weights[0])
        velocity_b = 0.8 * velocity_b - 0.3 * dbiases[0]
        twin.weights[0] += velocity_w
        twin.biases[0] += velocity_b
    np.testing.assert_allclose(network.get_parameters(), twin.get_parameters(), rtol=1e-13)


def test_batches_cover_every_example_once_an_epoch(monkeypatch):
    network = DenseNetwork((1, 1))
    inputs = np.arange(7.0)[:, None]
    seen = []
    true_gradient = network.gradient
    monkeypatch.setattr(
        network, "gradient", lambda x, t: seen.append(x[:, 0].tolist()) or true_gradient(x, t)
    )
    train(network, inputs, inputs, epochs=2, learning_rate=0.01, batch_size=3)
    assert [len(batch) for batch in seen] == [3, 3, 1] * 2
    first, second = [*chain(*seen[:3])], [*chain(*seen[3:])]
    assert sorted(first) == sorted(second) == list(range(7))
    assert first != second


def test_seeds_decide_everything():
    inputs, targets = OR

    def run(seed, shuffle):
        network = DenseNetwork((2, 3, 1), loss="sigmoid_cross_entropy", seed=seed)
        train(network, inputs, targets, epochs=5, learning_rate=0.5, batch_size=1, seed=shuffle)
        return network.get_parameters()

    np.testing.assert_array_equal(run(0, 0), run(0, 0))
    assert not np.array_equal(run(0, 0), run(1, 0))
    assert not np.array_equal(run(0, 0), run(0, 1))


def test_training_stops_when_asked_to():
    inputs, targets = OR
    network = DenseNetwork((2, 1), loss="sigmoid_cross_entropy")
    history = train(
        network, inputs, targets, epochs=500, learning_rate=1.0,
        stop=lambda net: net.loss(inputs, targets) < 0.3,
    )  # fmt: skip
    assert len(history) < 500
    assert history[-1] < 0.3 <= history[-2]


def test_divergence_is_an_error_and_not_a_number():
    inputs, targets = OR
    network = DenseNetwork((2, 3, 1), hidden="identity")
    with np.errstate(all="ignore"), pytest.raises(DivergenceError, match="finite loss"):
        train(network, inputs * 1e3, targets, epochs=1000, learning_rate=10.0)


def test_parameters_go_round():
    network = DenseNetwork((2, 3, 1))
    vector = np.arange(13.0)
    network.set_parameters(vector)
    np.testing.assert_array_equal(network.get_parameters(), vector)
    with pytest.raises(InputError, match="expected 13 numbers"):
        network.set_parameters(vector[1:])
    with pytest.raises(InputError, match="parameters: expected an array of numbers"):
        network.set_parameters([[1.0], [1.0, 2.0]])


@given(low=st.floats(-5, 5), width=st.floats(0.1, 5), bits=st.lists(st.booleans(), min_size=1))
def test_scaling_and_reading_undo_each_other(low, width, bits):
    scaled = scale_targets(bits, low, low + width)
    read, margin = read_bits(scaled, low, low + width)
    np.testing.assert_array_equal(read, bits)
    assert margin == pytest.approx(1.0)


def test_the_margin_is_that_of_the_least_certain_output():
    bits, margin = read_bits([0.9, 0.2, -0.2, -0.8], -1.0, 1.0)
    np.testing.assert_array_equal(bits, [1.0, 1.0, 0.0, 0.0])
    assert margin == pytest.approx(0.2)


@pytest.mark.parametrize(("low", "high"), [(1.0, 1.0), (1.0, "2"), (None, 1.0), (0.0, math.nan)])
def test_an_interval_that_is_none_is_refused(low, high):
    for function in (scale_targets, read_bits):
        with pytest.raises(ConfigError, match="low: expected a number below high = "):
            function([0.0], low, high)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sizes": (2,)}, "sizes: expected"),
        ({"sizes": (2, 0)}, "sizes: expected"),
        ({"sizes": 5}, "sizes: expected two or more numbers of units, got 5"),
        ({"sizes": (2, 1.5, 1)}, "sizes: expected an integer, at least 1, got 1.5"),
        ({"sizes": "21"}, "sizes: expected an integer"),
        ({"seed": -1}, "seed: expected an integer, at least 0, got -1"),
        ({"seed": 0.5}, "seed: expected"),
        ({"from_logits": "no"}, "from_logits: expected True, False or None, got 'no'"),
        ({"hidden": []}, "hidden: expected one of"),
        ({"hidden": "than"}, "hidden: expected one of"),
        ({"output": "than"}, "output: expected one of"),
        ({"loss": "l2"}, "loss: expected one of"),
        ({"loss": "sigmoid_cross_entropy", "output": "tanh", "from_logits": True}, "from_logits"),
    ],
)
def test_a_wrong_network_is_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        DenseNetwork(**{"sizes": (2, 1), **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs: expected"),
        ({"learning_rate": 0.0}, "learning_rate: expected"),
        ({"momentum": 1.0}, "momentum: expected"),
        ({"weight_decay": -1.0}, "weight_decay: expected"),
        ({"batch_size": 0}, "batch_size: expected"),
        ({"batch_size": 1.5}, "batch_size: expected an integer"),
        ({"epochs": 2.5}, "epochs: expected an integer"),
        ({"learning_rate": "0.1"}, "learning_rate: expected a number above 0"),
        ({"momentum": None}, "momentum: expected"),
        ({"weight_decay": math.nan}, "weight_decay: expected"),
        ({"seed": -1}, "seed: expected"),
    ],
)
def test_wrong_training_is_refused_and_nothing_changes(options, message):
    network = DenseNetwork((2, 1))
    start = network.get_parameters()
    with pytest.raises(ConfigError, match=message):
        train(network, *OR, **{"epochs": 1, "learning_rate": 0.1, **options})
    np.testing.assert_array_equal(network.get_parameters(), start)


@pytest.mark.parametrize(
    ("loss", "inputs", "targets", "message"),
    [
        ("squared_error", np.ones((2, 3)), np.ones((2, 1)), "inputs: expected shape"),
        ("squared_error", np.ones((2, 2)), np.ones((2, 2)), "targets: expected shape"),
        ("squared_error", np.ones((2, 2)), np.ones((3, 1)), "targets: expected 2 rows"),
        ("sigmoid_cross_entropy", np.ones((1, 2)), [[-1.0]], "targets: expected 0 to 1"),
        ("tanh_cross_entropy", np.ones((1, 2)), [[1.5]], "targets: expected -1 to 1"),
        ("softmax_cross_entropy", np.ones((1, 2)), [[0.5]], "rows that sum to 1"),
        ("squared_error", np.ones((1, 2)), [[math.nan]], "targets: expected finite"),
        ("squared_error", [[math.inf, 0.0]], [[1.0]], "inputs: expected finite"),
        ("squared_error", [[1.0, 0.0], [1.0]], [[1.0]], "inputs: expected an array of numbers"),
        ("squared_error", [["a", "b"]], [[1.0]], "inputs: expected an array of numbers"),
        ("squared_error", 3.0, [[1.0]], r"inputs: expected shape \(examples, 2\)"),
        ("squared_error", np.ones((1, 2)), [[1j]], "targets: expected an array of numbers"),
        ("squared_error", np.ones((1, 2)), None, "targets: expected an array of numbers"),
    ],
)
def test_wrong_examples_are_refused(loss, inputs, targets, message):
    network = DenseNetwork((2, 1), loss=loss)
    with pytest.raises(InputError, match=message):
        network.loss(inputs, targets)
    with pytest.raises(InputError, match=message):
        train(network, inputs, targets, epochs=1, learning_rate=0.1)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_an_output_and_learns(name):
    inputs, targets = OR[0], np.hstack([OR[1], 1.0 - OR[1]]) * 0.8 + 0.1
    network = DenseNetwork((2, 4, 2), output=name, seed=1)
    history = train(network, inputs, targets, epochs=200, learning_rate=0.3)
    assert history[-1] < 0.5 * history[0]


def test_the_docstring_example_runs():
    outcome = doctest.testmod(w2v.dense.network)
    assert outcome.attempted > 0
    assert outcome.failed == 0
