"""Measure words per second for several numbers of threads, for docs/figures/threads.csv.

    python scripts/experiments/threads.py CORPUS [--threads 1 2 4 8 16] [--output build/threads.csv]

Trains one epoch of negative sampling with each number of threads, in turns (1 2 4, 1 2 4, ...), and
takes medians of the training time.
"""

from __future__ import annotations

import argparse
import os
import statistics
from pathlib import Path

from reporting import machine, today, write_page

import w2v
from w2v.corpus import read_corpus


def main() -> None:
    """Print the table; also write it to ``--output``, if given."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    cores = len(os.sched_getaffinity(0))
    powers = [2**n for n in range(cores.bit_length()) if 2**n <= cores]
    parser.add_argument("corpus")
    parser.add_argument("--threads", type=int, nargs="+", default=powers)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    corpus = read_corpus(args.corpus)
    speeds: dict[int, list[float]] = {count: [] for count in args.threads}
    for _ in range(args.turns):
        for count, mine in speeds.items():
            wv = w2v.train_embeddings(corpus, vector_size=args.vector_size, epochs=1, workers=count)
            mine.append(wv.training["words_trained"] / wv.training["train_seconds"] / 1e6)
    rows = [f"{count},{statistics.median(mine):.2f}" for count, mine in speeds.items()]
    text = "\n".join(["threads,million_words_per_second", *rows]) + "\n"
    write_page(args.output, text)
    print(text + f"{machine()}, {today()}")


if __name__ == "__main__":
    main()
