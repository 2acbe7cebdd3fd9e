"""Training of the sampled losses in shared memory: workers take blocks of sentences.

The random numbers of a block are keyed by (seed, epoch, block), and its learning rate depends only
on its place in the run; apart from these, its effect depends only on the model that it finds.
Workers take blocks from one counter and update the shared matrices without locks (Niu et al. 2011,
"Hogwild!", section 3). With one worker, the same seed gives the same bytes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.corpus.blocks import block_edges
from w2v.corpus.windows import window_of
from w2v.kernels.sampled import Scratch, make_scratch
from w2v.losses.base import SampledLoss
from w2v.numerics.jit import read_only
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.sampled_model import SampledLossTrainer, kernels_for
from w2v.train.schedule import Schedule
from w2v.train.state import EpochStats, RunState
from w2v.train.trainer import Preparation

FORECAST_BLOCKS = 5
"""Number of blocks that are timed to forecast the duration of the run."""


class SampledTrainer(SampledLossTrainer):
    """Trains a sampled loss by Hogwild. See `w2v.train.trainer.Trainer`.

    Attributes:
        model: parameters, noise and subsampling.
        edges: index of the first sentence of each block, and the end of the last block.
    """

    corpus: Corpus

    def __init__(
        self,
        corpus: Corpus,
        config: TrainConfig,
        loss: SampledLoss,
        frozen_words: np.ndarray | None = None,
    ) -> None:
        super().__init__(corpus, config, loss, frozen_words)
        self.kernels = kernels_for(config, has_frozen_words=frozen_words is not None)
        self.edges = block_edges(corpus.sentence_starts)

    @property
    def n_blocks(self) -> int:
        """See `Trainer`."""
        return len(self.edges) - 1

    def make_scratch(self) -> Scratch:
        """Working memory for one worker."""
        config = self.config
        block_words = int(np.diff(self.corpus.sentence_starts[self.edges]).max())
        return make_scratch(
            config.vector_size, config.negative, window_of(config), block_words,
            frozen_words=self.frozen_words,
        )  # fmt: skip

    def train_block(
        self, scratch: Scratch, epoch: int, block: int, lr: float
    ) -> tuple[float, float, int]:
        """Train one block.

        Args:
            scratch: the worker's memory.
            epoch, block: numbers from 0.
            lr: learning rate.

        Returns:
            Summed loss in nats, number of pairs, and number of words that subsampling kept. The
            pairs are summed weights if they have weights.
        """
        seed, window = self.config.seed, window_of(self.config)
        result: tuple[float, float, int] = self.kernels.block(
            self.model.parameters,
            scratch,
            read_only(self.corpus.tokens),
            read_only(self.corpus.sentence_starts),
            self.edges[block],
            self.edges[block + 1],
            read_only(self.model.thresholds),
            read_only(self.model.noise.table),
            window.radius,
            window.shrinks,
            np.float32(lr),
            stream_key(seed, STREAM_PAIRS, epoch, block),
            stream_key(seed, STREAM_NOISE, epoch, block),
        )
        return result

    @contextmanager
    def prepared(self) -> Iterator[Preparation]:
        """See `Trainer`."""
        yield Preparation(self._forecast_seconds())

    def _forecast_seconds(self) -> float:
        """Compile the kernel, then time a few blocks at learning rate 0, which changes nothing."""
        scratch = self.make_scratch()
        self.train_block(scratch, 0, 0, 0.0)
        blocks = range(min(self.n_blocks, FORECAST_BLOCKS))
        started = time.perf_counter()
        for block in blocks:
            self.train_block(scratch, 0, block, 0.0)
        seconds = time.perf_counter() - started
        words = int(self.corpus.sentence_starts[self.edges[len(blocks)]])
        total_words = self.corpus.n_words * self.config.epochs_
        return seconds / words * total_words / self.config.workers

    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """See `Trainer`. In a turn, a worker takes a block, trains it and records the result.

        Between turns, the blocks taken so far are therefore exactly those that are done.
        """
        blocks = iter(range(state.position.block, self.n_blocks))
        blocks_lock = threading.Lock()

        def work() -> None:
            scratch = self.make_scratch()
            while True:
                with self.pool.turn() as proceed:
                    if not proceed:
                        return
                    with blocks_lock:
                        block = next(blocks, None)
                    if block is None:
                        return
                    self._take_turn(state, schedule, scratch, block)

        self.pool.run(work, self.config.workers, watch)

    def _take_turn(self, state: RunState, schedule: Schedule, scratch: Scratch, block: int) -> None:
        """Train a block and record it."""
        epoch = state.position.epoch
        starts, edges = self.corpus.sentence_starts, self.edges
        first, last = int(starts[edges[block]]), int(starts[edges[block + 1]])
        lr = schedule.at(epoch * self.corpus.n_words + first)
        loss, pairs, kept = self.train_block(scratch, epoch, block, lr)
        stats = EpochStats(loss, pairs, last - first, kept)
        self.refuse_divergence(
            stats, f"epoch {epoch + 1}, block {block + 1} of {self.n_blocks}", lr
        )
        state.advance(stats, blocks=1)
