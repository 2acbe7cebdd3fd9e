"""Train with many threads on few cores, and check that every block is trained once per epoch.

    python scripts/stress/soak_threads.py --seconds 600 --workers 8 --load 2

Trains small models one after another while `--load` other processes keep the cores busy. There are
five kinds of run, which take turns: undisturbed; with checkpoints as often as they can be written;
interrupted and resumed again and again, at random moments; with a thread that raises at a random
block; and a full softmax with checkpoints. The script counts the blocks that are trained. It fails
if a block is lost or trained twice, if an error does not end its run, or if a thread survives its
run. If nothing happens for a minute, it prints the stack of every thread and exits.
"""

from __future__ import annotations

import argparse
import faulthandler
import itertools
import multiprocessing
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

from w2v.config import Checkpoints, TrainConfig
from w2v.corpus import blocks
from w2v.train import worker_pool
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback, Progress
from w2v.train.sampled import SampledTrainer
from w2v.train.softmax import SoftmaxTrainer

SENTENCES, SENTENCE_WORDS, BLOCK_WORDS = 2_000, 10, 40
"""500 blocks, so short that threads contend all the time."""

STUCK_SECONDS = 60
SORTS = ("undisturbed", "checkpoints", "interrupted", "raising", "softmax")


class Broken(Exception):
    """Raised in a thread on purpose."""


class Watcher(Callback):
    """Counts checkpoints, resets the alarm, and interrupts the run after `seconds`."""

    def __init__(self, seconds: float | None = None) -> None:
        self.end = None if seconds is None else time.monotonic() + seconds
        self.checkpoints = 0

    def on_progress(self, progress: Progress) -> None:
        """See `Callback`."""
        faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
        if self.end is not None and time.monotonic() > self.end:
            raise KeyboardInterrupt

    def on_checkpoint(self, progress: float, path: str) -> None:
        """See `Callback`."""
        self.checkpoints += 1

    def on_warning(self, text: str) -> None:
        """See `Callback`."""
        sys.exit(f"unexpected warning: {text}")


class Count:
    """Counts how often each (epoch, block) is trained; raises after `fails_after` blocks."""

    def __init__(self) -> None:
        self.trained: Counter[tuple[int, int]] = Counter()
        self.fails_after: int | None = None
        self.failures = 0
        self._lock = threading.Lock()
        real_block, real_step = SampledTrainer.train_block, SoftmaxTrainer._step

        def train_block(run, scratch, epoch, block, lr):  # type: ignore[no-untyped-def]
            if lr:  # 0 while the duration is estimated
                self._note(epoch, block)
            return real_block(run, scratch, epoch, block, lr)

        def step(run, state, schedule, block, rows, begin, end):  # type: ignore[no-untyped-def]
            epoch = state.position.epoch
            real_step(run, state, schedule, block, rows, begin, end)
            if end == rows.n:
                self._note(epoch, block)

        SampledTrainer.train_block = train_block  # type: ignore[method-assign]
        SoftmaxTrainer._step = step  # type: ignore[method-assign]

    def _note(self, epoch: int, block: int) -> None:
        with self._lock:
            if self.fails_after is not None and self.trained.total() >= self.fails_after:
                self.failures += 1
                raise Broken
            self.trained[epoch, block] += 1


def busy(parent: int) -> None:
    """Keep a core busy until the parent process ends, even if it ends abruptly."""
    while os.getppid() == parent:
        sum(range(100_000))


def main() -> int:
    """Train until the time is up, then print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--load", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    words = np.random.default_rng(0).zipf(1.3, size=(SENTENCES, SENTENCE_WORDS)) % 500
    corpus = [[f"w{word}" for word in sentence] for sentence in words]
    blocks.block_edges.__defaults__ = (BLOCK_WORDS,)
    worker_pool.TICK_SECONDS = 0.002
    n_blocks = SENTENCES * SENTENCE_WORDS // BLOCK_WORDS
    expected = Counter(itertools.product(range(arguments.epochs), range(n_blocks)))
    count = Count()
    runs: Counter[str] = Counter()
    total = interrupts = checkpoints = 0
    load = [
        multiprocessing.Process(target=busy, args=(os.getpid(),), daemon=True)
        for _ in range(arguments.load)
    ]
    for process in load:
        process.start()
    end = time.monotonic() + arguments.seconds
    with tempfile.TemporaryDirectory() as scratch:
        for number, sort in enumerate(itertools.cycle(SORTS)):
            if time.monotonic() > end:
                break
            count.trained.clear()
            fails = sort == "raising"
            count.fails_after = rng.randrange(sum(expected.values())) if fails else None
            config = TrainConfig(
                loss="softmax" if sort == "softmax" else "negative-sampling",
                targets="distribution" if sort == "softmax" else None,
                vector_size=20, min_count=1, workers=arguments.workers, epochs=arguments.epochs,
                batch_size=64, seed=number,
            )  # fmt: skip
            keeps = sort in ("checkpoints", "interrupted", "softmax")
            folder = Path(scratch) / str(number) if keeps else None
            done = False
            while not done:
                faulthandler.dump_traceback_later(STUCK_SECONDS, exit=True)
                watcher = Watcher(rng.uniform(0, 0.3) if sort == "interrupted" else None)
                try:
                    kept = folder and Checkpoints(
                        folder, every="0.001s", resume=any(folder.glob("checkpoint-*"))
                    )
                    train_embeddings(corpus, config, callbacks=[watcher], checkpoint=kept)
                    done = True
                except KeyboardInterrupt:
                    interrupts += 1
                except Broken:
                    done = True
                checkpoints += watcher.checkpoints
            total += count.trained.total()
            runs[sort] += 1
            wrong = count.trained - expected if fails else count.trained
            if (fails and wrong) or (not fails and wrong != expected):
                print(f"run {number} ({sort}): blocks lost or trained twice")
                return 1
            left = [thread.name for thread in threading.enumerate()]
            if left != ["MainThread"]:
                print(f"run {number} ({sort}): threads still alive: {left}")
                return 1
    for process in load:
        process.terminate()
    if count.failures < runs["raising"]:
        print(f"{count.failures} threads raised in {runs['raising']} runs")
        return 1
    print(
        f"{arguments.workers} threads, {arguments.load} other processes, "
        f"{arguments.seconds:.0f} s: {runs.total()} runs ({dict(runs)}), {total:,} blocks, each "
        f"once per epoch; {checkpoints} checkpoints, {interrupts} interrupts, {count.failures} "
        "threads that raised; no thread left alive"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
