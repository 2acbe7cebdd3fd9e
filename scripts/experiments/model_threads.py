"""Model of training on many threads: collisions and memory traffic, from real draws.

    python scripts/experiments/model_threads.py CORPUS [--vector-size 100] \
        [--output build/threads.md]

The model does not need a machine with 16 or 64 cores. It draws groups of positions as training
does, gives each of T threads a group from a random place in the corpus, and computes

    collisions   the fraction of a group's rows that another thread's group holds at the same time
    traffic      bytes moved per word of the corpus, if every row of a group is read from memory
                 and written back; and if the rows of the most frequent words, as many as fit into
                 a core's own cache, stay there

Traffic and the measured words per second of one thread give the memory bandwidth that T threads
need. The model ignores that a processor slows down when all its cores are busy, and the cost of a
cache line that another core has just written.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from reporting import machine, make_parser, today, write_page

from w2v.config import TrainConfig
from w2v.corpus import Corpus, read_corpus
from w2v.kernels.sampled import Scratch
from w2v.numerics.aligned_memory import padded
from w2v.numerics.random import stream_key
from w2v.train.api import make_trainer, resolve
from w2v.train.sampled import SampledTrainer

THREADS = (1, 2, 4, 16, 64)
TRIALS = 400
CACHE_BYTES = 512 * 2**10
"""Size of a core's own second-level cache, half of which is assumed to hold rows."""
TIMED_BLOCKS = 200


def drawn_groups(run: SampledTrainer, blocks: int) -> tuple[list[tuple[Any, Any]], int]:
    """Draw (input ids, candidate ids) of each group of some blocks; also return their words."""
    found = []
    words = 0
    rng = np.random.default_rng(0)
    for block in rng.choice(run.n_blocks, min(blocks, run.n_blocks), replace=False):
        scratch: Scratch = run.make_scratch()
        run.train_block(scratch, 0, int(block), 0.0)
        starts = run.corpus.sentence_starts
        words += int(starts[run.edges[block + 1]] - starts[run.edges[block]])
        for number in range(np.count_nonzero(scratch.plan[:, 2])):
            key = stream_key(1, 2, 3, int(block))
            run.kernels.arrange(scratch, scratch.group, number, run.model.noise.table, key)
            rows, candidates = scratch.group.sizes.tolist()
            group = scratch.group
            found.append((group.input_ids[:rows].copy(), group.candidate_ids[:candidates].copy()))
    return found, words


def collisions(groups: list[tuple[Any, Any]], threads: int) -> float:
    """The fraction of the rows of one thread's group that other threads' groups also hold."""
    rng = np.random.default_rng(1)
    shared = total = 0
    for _ in range(TRIALS):
        picked = [groups[i] for i in rng.integers(0, len(groups), threads)]
        for matrix in (0, 1):
            mine = set(picked[0][matrix].tolist())
            others: set[int] = set()
            for group in picked[1:]:
                others.update(group[matrix].tolist())
            shared += len(mine & others)
            total += len(mine)
    return shared / total


def bytes_a_word(groups: list[tuple[Any, Any]], words: int, row_bytes: int, cached: int) -> float:
    """Memory traffic per word: each group reads and writes once its rows with ids >= `cached`."""
    rows = sum(int((ids >= cached).sum()) for group in groups for ids in group)
    return 2 * rows * row_bytes / words


def words_a_second(run: SampledTrainer) -> float:
    """Training speed of one thread, over some blocks."""
    scratch = run.make_scratch()
    run.train_block(scratch, 0, 0, 0.0)
    blocks = min(TIMED_BLOCKS, run.n_blocks)
    started = time.perf_counter()
    for block in range(blocks):
        run.train_block(scratch, 0, block, run.config.lr_)
    starts = run.corpus.sentence_starts
    return float(starts[run.edges[blocks]] / (time.perf_counter() - started))


def page(corpus: Corpus, name: str, size: int) -> str:
    """The table, with a paragraph on what it was computed from."""
    run = make_trainer(corpus, resolve(TrainConfig(min_count=5, workers=1, vector_size=size)))
    assert isinstance(run, SampledTrainer)
    groups, words = drawn_groups(run, 40)
    row_bytes = 4 * padded(size)
    cached = CACHE_BYTES // 2 // (2 * row_bytes)  # rows of either matrix
    far, near = (bytes_a_word(groups, words, row_bytes, n) for n in (0, cached))
    rate = words_a_second(run)
    mean_rows = np.mean([len(inputs) + len(candidates) for inputs, candidates in groups])
    lines = [
        f"{name}, vocabulary {len(corpus.vocabulary):,}, {size} dimensions. A group holds "
        f"{mean_rows:.1f} rows on average. A word moves {far:,.0f} bytes if every row comes from "
        f"memory, {near:,.0f} if a core caches the {cached:,} most frequent words of each matrix. "
        f"One thread trained {rate / 1e6:.2f} million words/s.",
        f"Modelled on {machine()}, {today()}, by `scripts/experiments/model_threads.py`.",
        "",
        "| threads | rows that another thread also holds | memory traffic at most, GB/s | with "
        "frequent rows cached, GB/s |",
        "|---|---|---|---|",
    ]
    for threads in THREADS:
        traffic = [threads * rate * each / 1e9 for each in (far, near)]
        lines.append(
            f"| {threads} | {collisions(groups, threads):.1%} | {traffic[0]:.0f} | "
            f"{traffic[1]:.0f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table; also write it to ``--output``, if given."""
    parser = make_parser(__doc__)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    text = page(read_corpus(args.corpus, min_count=5), Path(args.corpus).name, args.vector_size)
    write_page(args.output, text)
    print(text)


if __name__ == "__main__":
    main()
