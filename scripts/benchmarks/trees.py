"""Compare the training speed of several source trees, in many short turns.

    git worktree add /tmp/before main
    python scripts/benchmarks/trees.py CORPUS /tmp/before . [--vector-size 300] [--loss nce]

Each tree runs in its own process, which waits for its turn and then trains the same few blocks on
one thread. The ratio to the first tree is the median over the turns. Turns are short because on a
shared machine memory speed changes from minute to minute, for all trees alike.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

TURNS = 40

SIDE = """
import sys, time
tree, corpus_path, size, loss = sys.argv[1:]
sys.path.insert(0, tree)
from w2v.config import TrainConfig
from w2v.corpus import read_corpus
from w2v.train.api import make_trainer, resolve
corpus = read_corpus([corpus_path], min_count=5)
run = make_trainer(corpus, resolve(TrainConfig(workers=1, vector_size=int(size), loss=loss)))
scratch, starts = run.make_scratch(), corpus.sentence_starts
run.train_block(scratch, 0, 0, 0.025)
print("ready", flush=True)
for line in sys.stdin:
    turn, n = map(int, line.split())
    n = min(n, run.n_blocks)
    first = turn * n % (run.n_blocks - n + 1)
    last = first + n
    started = time.perf_counter()
    for block in range(first, last):
        run.train_block(scratch, 0, block, 0.025)
    seconds = time.perf_counter() - started
    print((starts[run.edges[last]] - starts[run.edges[first]]) / seconds, flush=True)
"""


def main() -> None:
    """Take turns, then print one line per tree."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("trees", nargs="+")
    parser.add_argument("--vector-size", default="100")
    parser.add_argument("--loss", default="negative-sampling")
    parser.add_argument("--blocks", type=int, default=10, help="blocks per turn (default: 10)")
    args = parser.parse_args()

    sides = []
    for tree in args.trees:
        command = [sys.executable, "-c", SIDE, tree, args.corpus, args.vector_size, args.loss]
        side = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        sides.append(side)
    for side in sides:
        assert side.stdout is not None
        side.stdout.readline()
    speeds: list[list[float]] = [[] for _ in sides]
    for turn in range(TURNS):
        for side, mine in zip(sides, speeds, strict=True):
            assert side.stdin is not None
            assert side.stdout is not None
            print(turn, args.blocks, file=side.stdin)
            mine.append(float(side.stdout.readline()))
    for tree, mine in zip(args.trees, speeds, strict=True):
        ratio = statistics.median(a / b for a, b in zip(mine, speeds[0], strict=True))
        print(f"{tree}: {statistics.median(mine) / 1e6:.2f} million words/s, x{ratio:.3f}")


if __name__ == "__main__":
    main()
