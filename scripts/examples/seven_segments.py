"""BCD to seven segments with a 4-20-7 tanh network, targets +-1: saturation and its remedies.

    python scripts/examples/seven_segments.py

Prints the gradient of a wrong unit as it saturates, a network stuck in that state, a comparison of
the remedies over ten seeds, and the ten digits as a trained network draws them.
"""

import statistics
from dataclasses import dataclass

import numpy as np

from w2v.activations import ACTIVATIONS
from w2v.dense.losses import DENSE_LOSSES
from w2v.dense.network import DenseNetwork, read_bits, scale_targets, train

# Segments a to g of the digits 0 to 9: top, upper right, lower right, bottom, lower left,
# upper left, middle.
# fmt: off
SEGMENTS = (
    "1111110", "0110000", "1101101", "1111001", "0110011",
    "1011011", "1011111", "1110000", "1111111", "1111011",
)
# fmt: on
BITS = np.array([[float(segment) for segment in digit] for digit in SEGMENTS])
BCD = np.array([[float(digit >> place & 1) for place in (3, 2, 1, 0)] for digit in range(10)])
INPUTS = scale_targets(BCD, -1.0, 1.0)
HIDDEN = 20
EPOCHS = 500
SEEDS = 10


@dataclass(frozen=True)
class Recipe:
    """One way to train, with everything that the comparison varies."""

    name: str
    activation: str = "tanh"
    loss: str = "squared_error"
    high: float = 1.0
    learning_rate: float = 0.1
    momentum: float = 0.0
    batch_size: int | None = 1


BASELINE = Recipe("tanh, targets +-1, squared error, update per example")
RECIPES = (
    BASELINE,
    Recipe("the same with a third of the learning rate (0.03)", learning_rate=0.03),
    Recipe("scaled tanh, 1.7159 tanh(2z/3)", activation="scaled_tanh"),
    Recipe("targets +-0.9", high=0.9),
    Recipe("momentum 0.9, same learning rate", momentum=0.9),
    Recipe("momentum 0.9, a tenth of the learning rate", learning_rate=0.01, momentum=0.9),
    Recipe("whole-epoch updates, same learning rate", batch_size=None),
    Recipe("whole-epoch updates, learning rate 1", learning_rate=1.0, batch_size=None),
    Recipe("whole-epoch updates, momentum 0.9", momentum=0.9, batch_size=None),
    Recipe("cross-entropy in place of squared error", loss="tanh_cross_entropy"),
    Recipe("cross-entropy, learning rate 1", loss="tanh_cross_entropy", learning_rate=1.0),
)


def right_segments(network: DenseNetwork, high: float) -> int:
    """Number of segments, out of 70, that are read correctly."""
    bits, _ = read_bits(network.predict(INPUTS), -high, high)
    return int(np.sum(bits == BITS))


def train_recipe(recipe: Recipe, seed: int) -> tuple[DenseNetwork, int | None]:
    """A trained network, and the epochs until all 70 segments were right; None if never."""
    network = DenseNetwork(
        (4, HIDDEN, 7),
        hidden=recipe.activation,
        output=recipe.activation,
        loss=recipe.loss,
        seed=seed,
    )
    history = train(
        network,
        INPUTS,
        scale_targets(BITS, -recipe.high, recipe.high),
        epochs=EPOCHS,
        learning_rate=recipe.learning_rate,
        momentum=recipe.momentum,
        batch_size=recipe.batch_size,
        seed=seed,
        stop=lambda network: right_segments(network, recipe.high) == BITS.size,
    )
    done = right_segments(network, recipe.high) == BITS.size
    return network, len(history) if done else None


def wrong_unit_slope(recipe: Recipe, z: float) -> float:
    """dL/dz of one unit at pre-activation z whose target is +1 (or +0.9)."""
    activation, loss = ACTIVATIONS[recipe.activation], DENSE_LOSSES[recipe.loss]
    logit, target = np.array([z]), np.array([recipe.high])
    if loss.link is activation:
        return float(loss.dlogits(logit, target)[0])
    slope = loss.dactivations(activation.value(logit), target)
    return float(activation.pull_back(logit, slope)[0])


def show_saturation() -> None:
    """Print the gradient that reaches a wrong unit, more confident on every line."""
    shown = [BASELINE, RECIPES[2], RECIPES[3], RECIPES[9]]
    print("A unit that should be +1 and is near -1: the gradient dL/dz that reaches it\n")
    print("     z   tanh z    tanh, +-1   scaled tanh   targets +-0.9   cross-entropy")
    for z in (-0.5, -1.0, -2.0, -4.0, -8.0, -16.0):
        slopes = [wrong_unit_slope(recipe, z) for recipe in shown]
        print(
            f"{z:6.1f}  {np.tanh(z):7.4f}   {slopes[0]:10.2e}    {slopes[1]:10.2e}      "
            f"{slopes[2]:10.2e}      {slopes[3]:10.2e}"
        )


def caught(seed: int) -> list[tuple[int, int, float, float, float]]:
    """The wrong segments of a baseline network, as (digit, segment, z, output, dL/dz)."""
    network, _ = train_recipe(BASELINE, seed)
    pre_activations, activations = network.forward(INPUTS)
    outputs = activations[-1]
    targets = scale_targets(BITS, -1.0, 1.0)
    slopes = network.output.pull_back(pre_activations[-1], outputs - targets)
    wrong = np.argwhere(np.sign(outputs) != targets)
    return [
        (int(d), int(s), pre_activations[-1][d, s], outputs[d, s], slopes[d, s]) for d, s in wrong
    ]


def compare(recipe: Recipe, seeds: int = SEEDS) -> list[int | None]:
    """Epochs until all 70 segments were right, for each seed."""
    return [train_recipe(recipe, seed)[1] for seed in range(seeds)]


def draw(bits: np.ndarray) -> list[str]:
    """A digit of seven segments as three lines of text."""
    a, b, c, d, e, f, g = (bool(bit) for bit in bits)
    return [
        " _ " if a else "   ",
        ("|" if f else " ") + ("_" if g else " ") + ("|" if b else " "),
        ("|" if e else " ") + ("_" if d else " ") + ("|" if c else " "),
    ]


def main() -> None:
    """Show the saturation, the comparison and the digits."""
    show_saturation()
    seed = 0
    stuck = caught(seed)
    wrong = f"{len(stuck)} of {BITS.size} segments wrong"
    print(f"\nThe baseline after {EPOCHS} epochs, seed {seed}: {wrong}\n")
    print("  digit segment        z      output      dL/dz")
    for digit, segment, z, output, slope in stuck[:5]:
        print(f"  {digit:5} {'abcdefg'[segment]:>7} {z:8.2f} {output:11.6f} {slope:10.1e}")
    print(f"\nEpochs until all 70 segments are right, {SEEDS} seeds, at most {EPOCHS} epochs")
    print("(median and slowest of the seeds that were solved)\n")
    print(f"{'':52} solved   median   slowest")
    for recipe in RECIPES:
        epochs = [count for count in compare(recipe) if count is not None]
        if epochs:
            summary = f"{statistics.median(epochs):8.0f} {max(epochs):9}"
        else:
            summary = f"{'-':>8} {'-':>9}"
        print(f"{recipe.name:52} {len(epochs):3}/{SEEDS} {summary}")
    network, _ = train_recipe(RECIPES[9], seed)
    outputs = network.predict(INPUTS)
    bits, margin = read_bits(outputs, -1.0, 1.0)
    print(f"\nThe digits of the network with cross-entropy (margin {margin:.2f}):\n")
    for line in zip(*(draw(digit) for digit in bits), strict=True):
        print("  " + " ".join(line))


if __name__ == "__main__":
    main()
