"""Measure where the time of the kernel goes, by leaving out one part at a time.

    python scripts/experiments/profile_kernel.py CORPUS [--vector-size 100 300] \
        [--output build/profile.txt]

Each part of a step in turn is replaced by nothing. The difference in time from the whole kernel, on
the same blocks and in alternating runs, is what the part costs. The processor overlaps parts, so
the costs need not add up to the whole; the rest belongs to no single part. Learning rate 0; one
thread.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from reporting import machine, make_parser, today, write_page

from w2v.config import TrainConfig
from w2v.corpus import Corpus, read_corpus
from w2v.kernels import sampled
from w2v.losses import get_loss
from w2v.losses.base import SampledLoss
from w2v.noise import sample
from w2v.numerics.jit import jit
from w2v.numerics.random import stream_key
from w2v.train.api import resolve
from w2v.train.sampled import SampledTrainer

ROUNDS = 15
BLOCKS = 20
"""Blocks per turn, which take about a tenth of a second."""


@jit
def _no_copy(target: Any, i: Any, source: Any, row: Any) -> None:
    pass


@jit
def _no_dots(logits: Any, i: Any, x: Any, y: Any, offsets: Any) -> None:
    pass


@jit
def _no_add(matrix: Any, row: Any, weights: Any, start: Any, step: Any, y: Any, n: Any) -> None:
    pass


@jit
def _no_adds(
    matrix: Any, row: Any, row_2: Any, weights: Any, start: Any, start_2: Any, step: Any, y: Any,
    n: Any,
) -> None:  # fmt: skip
    pass


@jit
def _no_prefetch(matrix: Any, row: Any) -> None:
    pass


@jit
def _no_loss(logits: Any, labels: Any, weights: Any, dlogits: Any, rows: Any, columns: Any) -> Any:
    return logits.dtype.type(0)


def _no_step(model: Any, scratch: Any, group: Any, upcoming: Any, lr: Any) -> Any:
    return 0.0


PARTS: dict[str, dict[str, Any]] = {
    "rows: prefetch of upcoming ones": {"prefetch": _no_prefetch},
    "rows: copies into the tile": {"copy_row": _no_copy},
    "dots: logits of the tile": {"store_dots": _no_dots},
    "sigmoid: loss and d(loss)/d(logits)": {"tile": _no_loss},
    "rows: updates": {"add_one": _no_add, "add_two": _no_adds},
    "all of the step": {"step": _no_step},
}
"""What is left out. Without the step, what comes before it is left: draws and arrangement."""


@contextmanager
def left_out(parts: dict[str, Any]) -> Iterator[None]:
    """Kernels that are made inside lack these operations."""
    whole = sampled.tile_operations, sampled._make_step
    operations = {name: part for name, part in parts.items() if name not in ("tile", "step")}
    sampled.tile_operations = lambda *shape: whole[0](*shape)._replace(**operations)
    if "step" in parts:
        sampled._make_step = lambda *_: jit(parts["step"], inline=True)
    try:
        yield
    finally:
        sampled.tile_operations, sampled._make_step = whole


def run_of(corpus: Corpus, size: int, loss: SampledLoss) -> SampledTrainer:
    """A run on one thread, with negative sampling's options."""
    config = resolve(TrainConfig(min_count=5, workers=1, vector_size=size))
    return SampledTrainer(corpus, config, loss)


def blocks_of(corpus: Corpus, size: int, name: str, parts: dict[str, Any]) -> Callable[[int], None]:
    """A function that trains `BLOCKS` blocks, from a given block on."""
    loss = get_loss("negative-sampling")
    assert isinstance(loss, SampledLoss)
    kept = {"tile": parts["tile"]} if "tile" in parts else {}
    loss = dataclasses.replace(loss, name=f"profile-{name}", **kept)
    with left_out(parts):
        run = run_of(corpus, size, loss)
        run.model.parameters.context_vectors[:, :size] = np.random.default_rng(0).normal(
            0, 0.1, (len(corpus.vocabulary), size)
        )
        scratch = run.make_scratch()
        run.train_block(scratch, 0, 0, 0.0)

    def train(first: int) -> None:
        for block in range(first, first + BLOCKS):
            run.train_block(scratch, 0, block % run.n_blocks, 0.0)

    return train


@jit
def _draw(table: Any, key: Any, n: Any) -> Any:
    total = np.int64(0)
    for i in range(n):
        total += sample(table, key, np.uint64(i))
    return total


def profile(corpus: Corpus, size: int) -> list[str]:
    """The lines of the table for one vector size."""
    sides = {"whole": blocks_of(corpus, size, "whole", {})}
    for number, (name, parts) in enumerate(PARTS.items()):
        sides[name] = blocks_of(corpus, size, str(number), parts)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS):
        for name, train in sides.items():
            started = time.perf_counter()
            train(turn * BLOCKS)
            seconds[name].append(time.perf_counter() - started)
    shares = {
        name: statistics.median(
            1 - part / whole for part, whole in zip(seconds[name], seconds["whole"], strict=True)
        )
        for name in PARTS
    }
    lines = [f"D = {size}", ""]
    for name, share in shares.items():
        if name != "all of the step":
            lines.append(f"  {name:40s} {share:6.1%}")
    noise = _noise_share(corpus, size, statistics.median(seconds["whole"]))
    rest = 1 - shares["all of the step"]
    lines += [
        f"  {'sampling: noise words':40s} {noise:6.1%}",
        f"  {'queue: subsampling, windows, arrangement':40s} {rest - noise:6.1%}",
        "",
    ]
    return lines


def _noise_share(corpus: Corpus, size: int, seconds: float) -> float:
    """The fraction of the time of `BLOCKS` blocks that drawing their noise words takes."""
    loss = get_loss("negative-sampling")
    assert isinstance(loss, SampledLoss)
    run = run_of(corpus, size, loss)
    kept = run.train_block(run.make_scratch(), 0, 0, 0.0)[2] * BLOCKS
    positions, noise = sampled.GROUP_POSITIONS, sampled.GROUP_NOISE * run.config.negative
    n = kept // positions * noise
    _draw(run.model.noise.table, stream_key(1), 1)
    started = time.perf_counter()
    _draw(run.model.noise.table, stream_key(1), n)
    return (time.perf_counter() - started) / seconds


def main() -> None:
    """Profile each vector size and write the text."""
    parser = make_parser(__doc__)
    parser.add_argument("--vector-size", type=int, nargs="+", default=[100, 300])
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    corpus = read_corpus(args.corpus, min_count=5)
    lines = [
        "Parts of the negative sampling kernel: the share of the time that is saved without them.",
        f"{Path(args.corpus).name}; {machine()}, {today()}.",
        "Parts overlap in the processor and need not add up to 100%.",
        "",
    ]
    for size in args.vector_size:
        lines += profile(corpus, size)
    text = "\n".join(lines)
    write_page(args.output, text)
    print(text)


if __name__ == "__main__":
    main()
