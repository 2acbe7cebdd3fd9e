"""Measure sentence vectors: smooth inverse frequency against the plain mean of word vectors.

    python scripts/experiments/sentences.py VECTORS [--pairs FILE ...]

For each file of pairs (two sentences and a score per line, separated by tabs) and each way to
encode, prints Spearman's correlation of the cosines with the scores, and its gain over the plain
mean with a 95% interval from 10,000 bootstrap samples of pairs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import w2v
from w2v.embeddings import Embeddings
from w2v.evaluate.questions import read_similarity
from w2v.evaluate.scoring import spearman

SAMPLES = 10_000
DATA = Path(__file__).parents[2] / "data"
PAIRS = (DATA / "sentences.tsv", DATA / "sentence-frames.tsv")


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(N,) the cosine of each pair of rows; 0 for a zero row."""
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return (a * b).sum(axis=1) / np.where(lengths == 0, 1, lengths)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("vectors")
    parser.add_argument("--pairs", nargs="+", default=PAIRS)
    args = parser.parse_args()
    wv = w2v.load(args.vectors)
    for path in args.pairs:
        measure(wv, path)


def measure(wv: Embeddings, path: str | Path) -> None:
    """Print the table of one file."""
    pairs = read_similarity(path, ["1", "2", "3"])
    first, second = ([pair[i] for pair, _ in pairs] for i in (0, 1))
    scores = np.array([score for _, score in pairs])
    known = np.mean([word in wv for text in first + second for word in text.split()])
    print(f"{Path(path).name}: {len(pairs)} pairs, {known:.1%} of their words known")

    component = wv.common_component(first + second)
    without_counts = Embeddings(wv.words, wv.vectors)
    ways = {
        "plain mean": (wv, {"smoothing": None}),
        "plain mean, component removed": (
            wv,
            {
                "smoothing": None,
                "remove_component": wv.common_component(first + second, smoothing=None),
            },
        ),
        "SIF, a = 1e-2": (wv, {"smoothing": 1e-2}),
        "SIF, a = 1e-3 (default)": (wv, {}),
        "SIF, a = 1e-4": (wv, {"smoothing": 1e-4}),
        "SIF by Zipf's law, without counts": (without_counts, {}),
        "SIF, component removed": (wv, {"remove_component": component}),
    }
    random = np.random.default_rng(0)
    samples = random.integers(0, len(pairs), (SAMPLES, len(pairs)))
    plain: np.ndarray | None = None
    for name, (vectors, options) in ways.items():
        found = cosines(vectors.encode(first, **options), vectors.encode(second, **options))
        rho = spearman(found, scores)
        boot = np.array([spearman(found[sample], scores[sample]) for sample in samples])
        plain = boot if plain is None else plain
        low, high = np.quantile(boot - plain, [0.025, 0.975])
        print(f"{name:35}  {rho:.3f}  {np.mean(boot - plain):+.3f} [{low:+.3f}, {high:+.3f}]")


if __name__ == "__main__":
    main()
