"""Measure the figures of the README's chart and table, for w2v and for other programs.

    PYTHONPATH=.:scripts:scripts/experiments python scripts/benchmarks/chart.py enwiki8.txt \
        --analogies questions-words.txt --similarity ws-353-all.tsv \
        --pword2vec ./pWord2Vec --word2vec ./word2vec

Programs in C are measured if a path to them is given: pWord2Vec
(https://github.com/IntelLabs/pWord2Vec, built with MKL) and word2vec.c
(https://github.com/tmikolov/word2vec). The programs take turns, and the figures are medians. The
script prints the load average; if it is above 0.5 at the start, other work disturbs the
measurement.

Writes docs/figures/speed.json and the two points of docs/figures/threads.csv; then run
scripts/pages/tables.py and scripts/pages/figures.py.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reporting import machine, today, write_page

from benchmarks.measuring import run_python
from benchmarks.peers import GENSIM, OURS
from w2v import load
from w2v.evaluate import evaluate_analogies, evaluate_similarity

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"
EPOCHS = 5
RATE = re.compile(r"Words(?:/thread)?/sec: ([\d.]+)k")

Figures = dict[str, float]


def in_python(code: str, corpus: Path, output: Path) -> Callable[..., Figures]:
    """A side of the comparison that is a Python library: w2v or gensim."""

    def run(size: int, epochs: int, workers: int, words: int) -> Figures:
        options = {"corpus": str(corpus), "output": str(output), "lr": None, "vector_size": size,
                   "epochs": epochs, "workers": workers}  # fmt: skip
        seconds = run_python(code, options)
        return {"rate": words * epochs / seconds["training"] / 1e6, "seconds": seconds["whole"]}

    return run


def in_c(program: Path, corpus: Path, output: Path) -> Callable[..., Figures]:
    """A side that is a program in C, with the options and the output of word2vec.c."""

    def run(size: int, epochs: int, workers: int, words: int) -> Figures:
        command = [
            str(program.resolve()), "-train", str(corpus), "-output", str(output), "-size",
            str(size), "-iter", str(epochs), "-threads", str(workers), "-window", "5", "-negative",
            "5", "-sample", "1e-4", "-min-count", "5", "-binary", "1", "-cbow", "0",
        ]  # fmt: skip
        started = time.perf_counter()
        ended = subprocess.run(
            command, cwd=output.parent, capture_output=True, text=True, check=True
        )
        return {
            "rate": float(RATE.findall(ended.stdout)[-1]) / 1e3,
            "seconds": time.perf_counter() - started,
        }

    return run


def medians(
    turns: int, sides: dict[str, Callable[..., Figures]], name: str, *shape: int
) -> Figures:
    """The median of a figure over all turns, for each side."""
    runs: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(turns):
        for side, run in sides.items():
            runs[side].append(run(*shape)[name])
            print(f"{side}, {shape[:3]}: {name} {runs[side][-1]:.4g}", flush=True)
    return {side: float(f"{statistics.median(each):.3g}") for side, each in runs.items()}


def quality(vectors: Path, analogies: str, similarity: str) -> tuple[float, float]:
    """Accuracy on analogies and Spearman's rho of a file of vectors."""
    wv = load(vectors)
    return (
        round(evaluate_analogies(wv, analogies).total.accuracy, 3),
        round(evaluate_similarity(wv, similarity).rho, 3),
    )


def main() -> None:
    """Measure, then write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--analogies", required=True)
    parser.add_argument("--similarity", required=True)
    parser.add_argument("--pword2vec", type=Path, metavar="PROGRAM")
    parser.add_argument("--word2vec", type=Path, metavar="PROGRAM")
    parser.add_argument("--described", default="", help="description of the corpus, for the table")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.2f}; {machine()}", file=sys.stderr)

    corpus = args.corpus.resolve()
    with tempfile.TemporaryDirectory() as folder:
        files = {
            name: Path(folder, f"{name}.bin")
            for name in ("w2v", "pWord2Vec", "gensim", "word2vec.c")
        }
        ours = in_python(OURS, corpus, files["w2v"])
        for size in (100, 300):
            ours(size, 1, 1, 1)  # compiles, once
        words = len(corpus.read_bytes().split())
        sides = {"w2v": ours}
        if args.pword2vec:
            sides["pWord2Vec"] = in_c(args.pword2vec, corpus, files["pWord2Vec"])
        sides["gensim"] = in_python(GENSIM, corpus, files["gensim"])
        at_100 = dict(sides)
        if args.word2vec:
            at_100["word2vec.c"] = in_c(args.word2vec, corpus, files["word2vec.c"])
        rates = {"100": medians(args.turns, at_100, "rate", 100, 1, 1, words),
                 "300": medians(args.turns, sides, "rate", 300, 1, 1, words)}  # fmt: skip
        two = medians(args.turns, {"w2v": ours}, "rate", 100, 1, 2, words)
        seconds = medians(max(1, args.turns - 1), sides, "seconds", 100, EPOCHS, 2, words)
        scores = {side: quality(files[side], args.analogies, args.similarity) for side in sides}
    record: dict[str, Any] = {
        "machine": machine(),
        "date": today(),
        "corpus": args.described or f"{corpus.name}, {words:,} words",
        "options": "window 5, 5 negatives, sample 1e-4, min_count 5",
        "million_words_per_second": rates,
        "seconds_from_text_to_vectors": seconds,
        "quality": {
            f"Google analogies after {EPOCHS} epochs": {s: score[0] for s, score in scores.items()},
            f"WordSim-353 after {EPOCHS} epochs, Spearman's ρ": {
                s: score[1] for s, score in scores.items()
            },
        },
    }
    write_page(FIGURES / "speed.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    points = [(1, rates["100"]["w2v"]), (2, two["w2v"])]
    lines = ["threads,million_words_per_second", *(f"{n},{rate:g}" for n, rate in points)]
    write_page(FIGURES / "threads.csv", "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
