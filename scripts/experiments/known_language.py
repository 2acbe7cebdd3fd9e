"""What each loss estimates, on a language whose p(w | c) is known.

    python scripts/experiments/known_language.py

Prints, for each loss and setting, the root-mean-square difference in nats between the trained
scores and what the loss should estimate. The language and the formulas are in
tests/helpers/known_language.py. Takes a few minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))

import known_language as language

from w2v import train_embeddings


def main() -> None:
    """Print one table for the sampled losses, and one for the full softmax."""
    text = language.sentences()
    names = [*language.SAMPLED, "negative-sampling from ln p - ln(K q)"]
    print("| window | K | exponent | " + " | ".join(names) + " |")
    print("|---|---|---|" + "---|" * len(names))
    for window in language.WINDOWS:
        for negative in language.NEGATIVES:
            for exponent in language.EXPONENTS:
                gaps = [
                    language.measured(train_embeddings, text, loss, window, negative, exponent)
                    for loss in language.SAMPLED
                ]
                cells = [f"{gap:.3f}" for gap, _ in gaps] + [f"{gaps[0][1]:.3f}"]
                print(f"| {window} | {negative} | {exponent} | {' | '.join(cells)} |", flush=True)
    print("\n| window | " + " | ".join(f"softmax, {name}" for name in language.SOFTMAX) + " |")
    print("|---|" + "---|" * len(language.SOFTMAX))
    for window in language.WINDOWS:
        gaps = [
            language.measured(train_embeddings, text, "softmax", window, targets=targets)
            for targets in language.SOFTMAX
        ]
        print(f"| {window} | {' | '.join(f'{gap:.3f}' for gap, _ in gaps)} |", flush=True)


if __name__ == "__main__":
    main()
