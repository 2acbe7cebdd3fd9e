"""Training of the sampled losses: blocks of sentences, and threads that take them.

A block's random numbers follow from (seed, epoch, block) and its learning rate from its place in
the run, so that what it does depends on nothing but the model it finds (`w2v.train.blocks`).
Threads take blocks from one counter and update the shared matrices without locks (Niu et al. 2011,
"Hogwild!"); one thread alone gives the same bytes for the same seed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.corpus.blocks import block_edges
from w2v.kernels.sampled import Scratch, make_scratch, sampled_kernels
from w2v.losses.base import SampledLoss
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.run import MAX_MEAN_LOSS, Observer
from w2v.train.sampled import SampledRun
from w2v.train.state import Position, Tally

FORECAST_BLOCKS = 5
"""Blocks that are timed to say how long the run will take."""


class HogwildRun(SampledRun):
    """A run of a sampled loss. See `w2v.train.run.Run`."""

    corpus: Corpus

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: SampledLoss) -> None:
        super().__init__(corpus, config, loss)
        self.kernels = sampled_kernels(
            loss,
            config.vector_size,
            config.negative,
            learn_bias=config.output_bias_,
            learn_normalisers=config.learn_normaliser,
        )
        self.edges = block_edges(corpus.sentence_starts)

    @property
    def n_blocks(self) -> int:
        """Blocks in an epoch."""
        return len(self.edges) - 1

    def make_scratch(self) -> Scratch:
        """Working memory for one thread."""
        config = self.config
        block_words = int(np.diff(self.corpus.sentence_starts[self.edges]).max())
        return make_scratch(config.vector_size, config.negative, config.window, block_words)

    def train_block(
        self, scratch: Scratch, epoch: int, block: int, lr: float
    ) -> tuple[float, int, int]:
        """Train one block; returns (summed loss in nats, pairs, words kept by subsampling)."""
        seed = self.config.seed
        result: tuple[float, int, int] = self.kernels.block(
            self.model,
            scratch,
            self.corpus.tokens,
            self.corpus.sentence_starts,
            self.edges[block],
            self.edges[block + 1],
            self.thresholds,
            self.noise.table,
            self.config.window,
            self.config.shrink_windows,
            np.float32(lr),
            stream_key(seed, STREAM_PAIRS, epoch, block),
            stream_key(seed, STREAM_NOISE, epoch, block),
        )
        return result

    def _forecast_seconds(self) -> float:
        """Compile the kernel, then time a few blocks with learning rate 0, which change nothing."""
        scratch = self.make_scratch()
        self.train_block(scratch, 0, 0, 0.0)
        blocks = range(min(self.n_blocks, FORECAST_BLOCKS))
        started = time.perf_counter()
        for block in blocks:
            self.train_block(scratch, 0, block, 0.0)
        seconds = time.perf_counter() - started
        words = int(self.corpus.sentence_starts[self.edges[len(blocks)]])
        return seconds / words * self.total_words / self.config.workers

    def memory_bytes(self) -> int:
        """The model and the token ids."""
        return sum(array.nbytes for array in self.model) + self.corpus.tokens.nbytes

    @contextmanager
    def prepared(self) -> Iterator[float]:
        """See `Run.prepared`."""
        yield self._forecast_seconds()

    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """See `Run.train_epoch`."""
        work = _Epoch(self, epoch)
        self.crew.run(work.run, self.config.workers, lambda: observer.progress(self.progress()))


class _Epoch:
    """The blocks of an epoch still to be trained, shared by the threads.

    A turn takes a block, trains it and notes the result. Between the turns of all threads, the
    blocks that were handed out are thus the ones that are done, and one number says which.
    """

    def __init__(self, run: HogwildRun, epoch: int) -> None:
        self.training = run
        self.epoch = epoch
        self._next = run.position.block
        self._tally = run.tally(epoch)

    def run(self) -> None:
        """What each thread does: train blocks until none are left."""
        training = self.training
        scratch = training.make_scratch()
        more = True
        while more:
            with training.crew.turn() as going:
                more = going and self._train_next(scratch)

    def _train_next(self, scratch: Scratch) -> bool:
        """Train the next block; False if there is none."""
        training, epoch = self.training, self.epoch
        starts, edges, n_blocks = training.corpus.sentence_starts, training.edges, training.n_blocks
        with training.lock:
            block = self._next
            if block == n_blocks:
                return False
            self._next += 1
        first, last = int(starts[edges[block]]), int(starts[edges[block + 1]])
        lr = training.learning_rate(epoch * training.corpus.n_words + first)
        loss, pairs, kept = training.train_block(scratch, epoch, block, lr)
        if not loss <= MAX_MEAN_LOSS * max(pairs, 1):  # NaN is not below anything
            place = f"epoch {epoch + 1}, block {block + 1} of {n_blocks}"
            raise training.diverged(place, lr, loss / max(pairs, 1))
        with training.lock:
            self._tally.add(Tally(loss, pairs, last - first, kept))
            training.lr = lr
            training.position = Position(epoch, training.position.block + 1)
        return True
