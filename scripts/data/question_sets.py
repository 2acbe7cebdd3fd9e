"""Write the test sets for vectors of real English: analogies and word similarity.

    python scripts/data/question_sets.py [--output-dir data]

Analogies are every ordered pair of word pairs of a section whose four words differ; similarities
are word pairs with their scores. The pairs are in `scripts/data/question_sets/`. Nothing is random.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

from w2v.util.files import atomic_write

PAIRS = Path(__file__).resolve().parent / "question_sets"
DATA = Path(__file__).resolve().parents[2] / "data"


def read_pairs(path: Path) -> dict[str, list[tuple[str, str]]]:
    """The pairs of a file by section: ``: section``, then lines of left:right; ``#`` comments."""
    sections: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith(":"):
            current = sections.setdefault(line[1:].strip(), [])
        elif not line.startswith("#"):
            for pair in line.split():
                left, right = pair.split(":")
                current.append((left, right))
    return sections


def make_analogies() -> list[str]:
    """Lines in Google's format: ``: section``, then four words per line."""
    lines = []
    for section, pairs in read_pairs(PAIRS / "analogies.txt").items():
        lines.append(f": {section}")
        lines += [
            f"{a} {b} {c} {d}"
            for (a, b), (c, d) in itertools.permutations(pairs, 2)
            if len({a, b, c, d}) == 4
        ]
    return lines


def make_similarity() -> list[str]:
    """Lines of word, word and score, separated by tabs."""
    return [
        f"{one}\t{other}\t{float(score)}"
        for score, pairs in read_pairs(PAIRS / "similarity.txt").items()
        for one, other in pairs
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the two files."""
    parser = argparse.ArgumentParser(description="Write the analogy and similarity questions.")
    parser.add_argument("--output-dir", type=Path, default=DATA, help="default: the data folder")
    args = parser.parse_args(argv)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        ("analogies.txt", make_analogies()),
        ("similarity.tsv", make_similarity()),
    ):
        with atomic_write(args.output_dir / name, "w") as stream:
            stream.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
