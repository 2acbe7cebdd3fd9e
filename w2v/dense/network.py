"""A small fully connected network of any depth, on the package's own activations and losses.

For reading and experiments, not for speed: every layer is z = x W + b, a = f(z) in float64, and
back-propagation takes each derivative at z. The examples in ``scripts/examples`` use it; the
word2vec kernels do not.

>>> import numpy as np
>>> from w2v.dense.network import DenseNetwork, train
>>> inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
>>> targets = np.array([[0.0], [1.0], [1.0], [0.0]])
>>> network = DenseNetwork((2, 4, 1), hidden="tanh", loss="sigmoid_cross_entropy", seed=1)
>>> history = train(network, inputs, targets, epochs=500, learning_rate=1.0)
>>> [round(float(y)) for y in network.predict(inputs)[:, 0]]
[0, 1, 1, 0]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from w2v.activations import ACTIVATIONS, Array
from w2v.dense.losses import DENSE_LOSSES, DenseLoss
from w2v.errors import ConfigError, DivergenceError, InputError, shown
from w2v.util.arguments import positive

Entry = TypeVar("Entry")


class DenseNetwork:
    """Weights and biases of a network, with its forward and backward pass.

    Args:
        sizes: units in each layer, inputs first: (2, 4, 1).
        hidden: activation of every layer but the last.
        output: activation of the last layer; None for the one that matches the loss,
            `DenseLoss.link`.
        loss: name in `DENSE_LOSSES`.
        from_logits: whether the loss is computed from the logits of the last layer, in its fused
            form; `output` must then be the loss's link. False computes it from the activations and
            back-propagates through their derivative, with any activation as output. None: True if
            the output is the link.
        seed: seed of the initial weights, uniform within sqrt(3 / fan-in) (LeCun et al. 1998,
            "Efficient BackProp", section 4.6: variance 1 / fan-in). Biases start at 0.

    Attributes:
        weights: one (inputs, units) array per layer, float64.
        biases: one (units,) array per layer, float64.

    Raises:
        ConfigError: fewer than two layers or an empty one, an unknown name, a negative seed, or
            `from_logits` with an output other than the loss's link.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        hidden: str = "tanh",
        output: str | None = None,
        loss: str = "squared_error",
        from_logits: bool | None = None,
        seed: int = 0,
    ) -> None:
        layers = tuple(sizes) if isinstance(sizes, Iterable) else ()
        if len(layers) < 2:
            raise ConfigError(f"sizes: expected two or more numbers of units, got {shown(sizes)}")
        self.sizes = tuple(positive("sizes", units) for units in layers)
        self.loss_function: DenseLoss = _registered("loss", loss, DENSE_LOSSES)
        link = self.loss_function.link
        self.hidden = _registered("hidden", hidden, ACTIVATIONS)
        self.output = link if output is None else _registered("output", output, ACTIVATIONS)
        _expect(
            "from_logits", from_logits, isinstance(from_logits, bool | None), "True, False or None"
        )
        self.from_logits = self.output is link if from_logits is None else from_logits
        if self.from_logits and self.output is not link:
            raise ConfigError(
                f"from_logits: expected output {link.name!r}, which is built into {loss}, "
                f"got {self.output.name!r}"
            )
        generator = _generator(seed)
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        for inputs, units in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            limit = math.sqrt(3.0 / inputs)
            self.weights.append(generator.uniform(-limit, limit, (inputs, units)))
            self.biases.append(np.zeros(units))

    def forward(self, inputs: ArrayLike) -> tuple[list[Array], list[Array]]:
        """Compute the pre-activations z and the activations a of every layer.

        Args:
            inputs: shape (B, sizes[0]).

        Returns:
            (pre_activations, activations). The activations begin with the inputs, so that there is
            one array more.

        Raises:
            InputError: a wrong shape, or numbers that are not finite.
        """
        a = _matrix("inputs", inputs, self.sizes[0])
        pre_activations, activations = [], [a]
        for layer, (weights, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            last = layer == len(self.weights) - 1
            z = a @ weights + bias
            a = np.asarray((self.output if last else self.hidden).value(z))
            pre_activations.append(z)
            activations.append(a)
        return pre_activations, activations

    def predict(self, inputs: ArrayLike) -> Array:
        """Activations of the last layer, (B, sizes[-1]); no threshold is applied.

        Args:
            inputs: shape (B, sizes[0]).

        Raises:
            InputError: as in `forward`.
        """
        return self.forward(inputs)[1][-1]

    def loss(self, inputs: ArrayLike, targets: ArrayLike) -> float:
        """The loss, summed over the outputs and averaged over the examples; may be NaN or inf.

        Args:
            inputs: shape (B, sizes[0]).
            targets: shape (B, sizes[-1]), in the interval `DenseLoss.targets`.

        Raises:
            InputError: a wrong shape, numbers that are not finite, or targets that the loss does
                not allow.
        """
        pre_activations, activations = self.forward(inputs)
        wanted = self._targets(targets, len(activations[0]))
        if self.from_logits:
            losses = self.loss_function.from_logits(pre_activations[-1], wanted)
        else:
            losses = self.loss_function.from_activations(activations[-1], wanted)
        return float(np.mean(losses))

    def gradient(self, inputs: ArrayLike, targets: ArrayLike) -> tuple[list[Array], list[Array]]:
        """Gradients of `loss` with respect to `weights` and `biases`, in their shapes.

        Args:
            inputs: as in `loss`.
            targets: as in `loss`.

        Raises:
            InputError: as in `loss`.
        """
        pre_activations, activations = self.forward(inputs)
        examples = len(activations[0])
        wanted = self._targets(targets, examples)
        if self.from_logits:
            delta = self.loss_function.dlogits(pre_activations[-1], wanted)
        else:
            slope = self.loss_function.dactivations(activations[-1], wanted)
            delta = self.output.pull_back(pre_activations[-1], slope)
        delta = delta / examples
        dweights: list[Array] = []
        dbiases: list[Array] = []
        for layer in reversed(range(len(self.weights))):
            dweights.insert(0, activations[layer].T @ delta)
            dbiases.insert(0, delta.sum(axis=0))
            if layer > 0:
                dactivations = delta @ self.weights[layer].T
                delta = self.hidden.pull_back(pre_activations[layer - 1], dactivations)
        return dweights, dbiases

    def get_parameters(self) -> Array:
        """All weights, then all biases, copied into one vector."""
        return flatten(self.weights, self.biases)

    def set_parameters(self, vector: ArrayLike) -> None:
        """Set all weights and biases from one vector, as `get_parameters` returns it.

        Raises:
            InputError: the vector has the wrong length.
        """
        values = _numbers("parameters", vector)
        expected = sum(array.size for array in (*self.weights, *self.biases))
        if values.shape != (expected,):
            raise InputError(f"parameters: expected {expected} numbers, got shape {values.shape}")
        start = 0
        for array in (*self.weights, *self.biases):
            array[...] = values[start : start + array.size].reshape(array.shape)
            start += array.size

    def _targets(self, targets: ArrayLike, examples: int) -> Array:
        wanted = _matrix("targets", targets, self.sizes[-1])
        if len(wanted) != examples:
            raise InputError(f"targets: expected {examples} rows, got {len(wanted)}")
        low, high = self.loss_function.targets
        if wanted.min() < low or wanted.max() > high:
            raise InputError(
                f"targets: expected {low:g} to {high:g} for {self.loss_function.name}, "
                f"got {wanted.min():g} to {wanted.max():g}"
            )
        if self.loss_function.sums_to_one and not np.allclose(wanted.sum(axis=1), 1.0):
            row = int(np.argmax(np.abs(wanted.sum(axis=1) - 1.0)))
            raise InputError(
                f"targets: expected rows that sum to 1 for {self.loss_function.name}, "
                f"got {wanted[row].sum():g} in row {row}"
            )
        return wanted


def train(
    network: DenseNetwork,
    inputs: ArrayLike,
    targets: ArrayLike,
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int | None = None,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    seed: int = 0,
    stop: Callable[[DenseNetwork], bool] | None = None,
) -> list[float]:
    """Gradient descent with classical momentum: v <- momentum v - learning_rate g, w <- w + v.

    Args:
        network: the network to train, in place.
        inputs: shape (N, sizes[0]).
        targets: shape (N, sizes[-1]).
        epochs: maximum number of passes over the examples.
        learning_rate: step size for the mean gradient of a batch.
        batch_size: examples per update, shuffled in each epoch; None for all of them.
        momentum: from 0 (none) to below 1.
        weight_decay: adds weight_decay * w to the gradient of the weights, not of the biases.
        seed: seed of the shuffling.
        stop: called after each epoch; training ends when it returns True.

    Returns:
        The loss over all examples after each epoch, without weight decay.

    Raises:
        ConfigError: an option is out of range.
        InputError: shapes or targets do not fit the network, or its loss is not finite.
        DivergenceError: the loss is not finite after an epoch.
    """
    epochs = positive("epochs", epochs)
    is_rate = _is_number(learning_rate) and learning_rate > 0.0
    _expect("learning_rate", learning_rate, is_rate, "a number above 0")
    _expect("momentum", momentum, _is_number(momentum) and 0.0 <= momentum < 1.0, "0 to below 1")
    is_decay = _is_number(weight_decay) and weight_decay >= 0.0
    _expect("weight_decay", weight_decay, is_decay, "0 or more")
    rows, wanted = _numbers("inputs", inputs), _numbers("targets", targets)
    loss = network.loss(rows, wanted)
    if not math.isfinite(loss):
        low, high = network.loss_function.domain
        raise InputError(
            f"network: the loss is {loss} before training; expected finite weights, and outputs "
            f"within {low:g} to {high:g} for {network.loss_function.name}"
        )
    size = len(rows) if batch_size is None else positive("batch_size", batch_size)
    generator = _generator(seed)
    parameters = [*network.weights, *network.biases]
    velocities = [np.zeros_like(array) for array in parameters]
    history = []
    for epoch in range(1, epochs + 1):
        order = generator.permutation(len(rows)) if size < len(rows) else np.arange(len(rows))
        for start in range(0, len(rows), size):
            batch = order[start : start + size]
            dweights, dbiases = network.gradient(rows[batch], wanted[batch])
            decayed = [
                slope + weight_decay * array
                for slope, array in zip(dweights, network.weights, strict=True)
            ]
            steps = zip(parameters, velocities, [*decayed, *dbiases], strict=True)
            for array, velocity, slope in steps:
                velocity *= momentum
                velocity -= learning_rate * slope
                array += velocity
        history.append(network.loss(rows, wanted))
        if not math.isfinite(history[-1]):
            raise DivergenceError(f"epoch {epoch}: expected a finite loss, got {history[-1]}")
        if stop is not None and stop(network):
            break
    return history


def flatten(weights: Sequence[Array], biases: Sequence[Array]) -> Array:
    """One vector of all weights, then all biases: the order of `DenseNetwork.get_parameters`."""
    return np.concatenate([array.reshape(-1) for array in (*weights, *biases)])


def scale_targets(bits: ArrayLike, low: float, high: float) -> Array:
    """Map 0 to `low` and 1 to `high`, linearly.

    Raises:
        ConfigError: `low` is not below `high`.
    """
    _check_interval(low, high)
    return low + (high - low) * _numbers("bits", bits)


def read_bits(outputs: ArrayLike, low: float, high: float) -> tuple[Array, float]:
    """Apply a threshold half-way between `low` and `high`.

    Args:
        outputs: continuous, any shape.
        low: target of a 0 in training.
        high: target of a 1 in training.

    Returns:
        Bits of the shape of `outputs`, as 0.0 and 1.0, and the smallest distance of an output from
        the threshold, in units of (high - low) / 2: an output exactly on target has distance 1.

    Raises:
        ConfigError: `low` is not below `high`.
    """
    _check_interval(low, high)
    values = (2.0 * _numbers("outputs", outputs) - low - high) / (high - low)
    return (values > 0.0).astype(np.float64), float(np.min(np.abs(values)))


def _registered(place: str, name: str, registry: Mapping[str, Entry]) -> Entry:
    _expect(
        place, name, isinstance(name, str) and name in registry, f"one of {', '.join(registry)}"
    )
    return registry[name]


def _generator(seed: int) -> np.random.Generator:
    is_seed = isinstance(seed, Integral) and not isinstance(seed, bool) and seed >= 0
    _expect("seed", seed, is_seed, "an integer, at least 0")
    return np.random.default_rng(seed)


def _expect(place: str, got: object, fits: bool, expected: str) -> None:
    if not fits:
        raise ConfigError(f"{place}: expected {expected}, got {shown(got)}")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and math.isfinite(value)


def _check_interval(low: float, high: float) -> None:
    fits = _is_number(low) and _is_number(high) and low < high
    _expect("low", low, fits, f"a number below high = {shown(high)}")


def _numbers(place: str, values: ArrayLike) -> Array:
    """An array of numbers as float64.

    Raises:
        InputError: they are something else, or lists of different lengths.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise InputError(f"{place}: expected an array of numbers, got {shown(values)}") from error
    if array.dtype.kind not in "buif":
        raise InputError(f"{place}: expected an array of numbers, got {shown(values)}")
    return array.astype(np.float64, copy=False)


def _matrix(place: str, values: ArrayLike, columns: int) -> Array:
    matrix = _numbers(place, values)
    if matrix.ndim != 2 or len(matrix) == 0 or matrix.shape[1] != columns:
        raise InputError(f"{place}: expected shape (examples, {columns}), got {matrix.shape}")
    if not np.isfinite(matrix).all():
        row = int(np.argmin(np.isfinite(matrix).all(axis=1)))
        raise InputError(f"{place}: expected finite numbers, got {matrix[row]!r:.60} in row {row}")
    return matrix
