"""XOR with a sigmoid output: training uses continuous outputs, only the answer is thresholded.

    python scripts/examples/xor.py

Prints the loss during training, the four answers with their margin, and the output over the unit
square as characters.
"""

import numpy as np

from w2v.dense.network import DenseNetwork, read_bits, train
from w2v.gradcheck import GradientReport, Verdict, check_gradient

INPUTS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = np.array([[0.0], [1.0], [1.0], [0.0]])
SHADES = " .:-=+*#%@"
COLUMNS, ROWS = 41, 13
EPOCHS = 400
LEARNING_RATE = 0.5
MOMENTUM = 0.9
SEEDS = 20


def train_xor(seed: int, epochs: int = EPOCHS) -> tuple[DenseNetwork, list[float]]:
    """A 2-3-1 network with sigmoid output and cross-entropy, trained on whole epochs."""
    network = DenseNetwork((2, 3, 1), hidden="tanh", loss="sigmoid_cross_entropy", seed=seed)
    history = train(
        network, INPUTS, TARGETS, epochs=epochs, learning_rate=LEARNING_RATE, momentum=MOMENTUM
    )
    return network, history


def thresholded_slopes(seed: int) -> GradientReport:
    """The trap: the number of wrong bits, checked against a gradient of zero, passes the check."""
    network, _ = train_xor(seed, epochs=10)  # a few steps, so that no output sits on the threshold
    start = network.get_parameters()

    def wrong_bits(vector: np.ndarray) -> float:
        network.set_parameters(vector)
        bits, _ = read_bits(network.predict(INPUTS), 0.0, 1.0)
        return float(np.sum(np.abs(bits - TARGETS)))

    return check_gradient(wrong_bits, np.zeros_like(start), start, name="wrong bits, gradient 0")


def solved(seed: int) -> tuple[bool, float]:
    """Whether all four answers are right with this seed, and the margin."""
    network, _ = train_xor(seed)
    bits, margin = read_bits(network.predict(INPUTS), 0.0, 1.0)
    return bool(np.array_equal(bits, TARGETS)), margin


def picture(network: DenseNetwork) -> str:
    """The output over the unit square, where a space is 0 and @ is 1."""
    lines = []
    for y in np.linspace(1.0, 0.0, ROWS):
        points = np.column_stack([np.linspace(0.0, 1.0, COLUMNS), np.full(COLUMNS, y)])
        outputs = network.predict(points)[:, 0]
        shades = [SHADES[min(int(p * len(SHADES)), len(SHADES) - 1)] for p in outputs]
        lines.append("  |" + "".join(shades) + "|")
    return "\n".join(lines)


def main() -> None:
    """Train, then print everything."""
    network, history = train_xor(seed=0)
    print("epoch   loss (nats per example)")
    for epoch in (1, 10, 50, 100, 200, EPOCHS):
        print(f"{epoch:5}   {history[epoch - 1]:.5f}")
    outputs = network.predict(INPUTS)
    bits, margin = read_bits(outputs, 0.0, 1.0)
    print("\n x1 x2   output   read as   wanted")
    for (x1, x2), output, bit, target in zip(INPUTS, outputs, bits, TARGETS, strict=True):
        answer = f"{output[0]:.4f}      {bit[0]:.0f}         {target[0]:.0f}"
        print(f"  {x1:.0f}  {x2:.0f}   {answer}")
    print(f"margin {margin:.3f} (1: every output at its target; 0: one of them on the threshold)")
    outcomes = [solved(seed) for seed in range(SEEDS)]
    right = [margin for correct, margin in outcomes if correct]
    print(f"seeds 0 .. {SEEDS - 1}: {len(right)} solved, smallest margin {min(right):.3f}\n")
    print(picture(network))
    report = thresholded_slopes(seed=0)
    print(
        "\nThe number of wrong bits, as a function of the weights after 10 epochs, is flat: a "
        f"gradient\nof zero is the right one for {report.count(Verdict.PASS)} of "
        f"{len(report.coordinates)} weights. Training on bits learns nothing."
    )


if __name__ == "__main__":
    main()
