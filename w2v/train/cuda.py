"""Training of the sampled losses on an NVIDIA GPU; see `w2v.kernels.cuda`.

There is one worker, and each of its turns is a kernel launch, which trains many blocks at once.
Model and corpus stay on the GPU; the host's arrays are brought up to date when they are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.corpus.blocks import block_edges
from w2v.corpus.subsampling import keep_probs
from w2v.corpus.windows import window_of
from w2v.errors import ConfigError
from w2v.kernels.cuda import cuda_kernel, fitting_layout, multiprocessors, why_no_gpu
from w2v.kernels.cuda_blocks import CudaBlocks
from w2v.kernels.sampled import GROUP_NOISE, GROUP_POSITIONS
from w2v.losses.base import SampledLoss
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_keys
from w2v.train.sampled_model import SampledLossTrainer
from w2v.train.schedule import Schedule
from w2v.train.state import EpochStats, RunState
from w2v.train.trainer import Preparation

MAX_SHARING = 50
"""Maximum number of groups in flight, on average, that update the row of the most frequent word.

They start from the same old values; with twice as many, the sum of their updates overshoots
(docs/explanation/gpu.md).
"""

LAUNCH_FACTOR = 16
"""Blocks of a launch, as a multiple of those in flight: about a tenth of a second of training."""


def refuse_unfit(config: TrainConfig) -> None:
    """Refuse what cannot be trained on this machine's GPU.

    Raises:
        ConfigError: there is no GPU, or the configuration does not fit it.
    """
    reason = why_no_gpu()
    if reason is not None:
        raise ConfigError(f"device=cuda: {reason}")
    if config.distance_weights == "harmonic":
        raise ConfigError(
            "device=cuda: cannot be combined with distance_weights=harmonic; use draw or flat"
        )
    fitting_layout(config.vector_size, config.negative, window_of(config).radius)


class CudaTrainer(SampledLossTrainer):
    """Trains a sampled loss on a GPU. See `w2v.train.trainer.Trainer`.

    Attributes:
        model: parameters, noise and subsampling.
        edges: index of the first sentence of each block, and the end of the last block.
        in_flight: maximum number of blocks trained at the same time.
    """

    corpus: Corpus

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: SampledLoss) -> None:
        super().__init__(corpus, config, loss)
        self.edges = block_edges(corpus.sentence_starts)
        self.kernel = cuda_kernel(
            loss,
            config.vector_size,
            config.negative,
            window_of(config).radius,
            learn_bias=config.output_bias_,
            learn_normalisers=config.learn_normaliser,
        )
        self.in_flight = min(
            multiprocessors() * self.kernel.blocks_a_multiprocessor,
            max(1, int(MAX_SHARING / self._sharing())),
            self.n_blocks,
        )
        self._blocks: CudaBlocks | None = None
        self._gpu_is_newer = False

    def _sharing(self) -> float:
        """How often the most frequent word is a candidate in a group, on average."""
        vocabulary = self.corpus.vocabulary
        kept = vocabulary.text_counts * keep_probs(vocabulary.text_counts, self.config.sample)
        noise = GROUP_NOISE * self.config.negative * self.model.noise.probs
        rows: float = (noise + GROUP_POSITIONS * kept / kept.sum()).max()
        return rows

    @property
    def n_blocks(self) -> int:
        """See `Trainer`."""
        return len(self.edges) - 1

    def reset(self) -> None:
        """See `Trainer`."""
        super().reset()
        self._gpu_is_newer = False

    @contextmanager
    def prepared(self) -> Iterator[Preparation]:
        """See `Trainer`."""
        self._blocks = CudaBlocks(
            self.kernel,
            self.model.parameters,
            self.corpus.tokens,
            self.corpus.sentence_starts,
            self.edges,
            self.model.thresholds,
            self.model.noise.table,
            window_of(self.config),
            self.in_flight,
        )
        try:
            yield Preparation(self._forecast_seconds())
        finally:
            self.synchronise()
            self._blocks = None

    def _forecast_seconds(self) -> float:
        """Time a launch at learning rate 0, which changes nothing."""
        last = min(self.in_flight, self._max_blocks)
        for _ in range(2):  # the second one counts
            started = time.perf_counter()
            self._launch(0, 0, last, np.zeros(last))
            seconds = time.perf_counter() - started
        words = int(self.corpus.sentence_starts[self.edges[last]])
        return seconds / words * self.corpus.n_words * self.config.epochs_

    @property
    def _max_blocks(self) -> int:
        """Maximum number of blocks in a launch."""
        assert self._blocks is not None
        return min(self.in_flight * LAUNCH_FACTOR, self._blocks.most_blocks, self.n_blocks)

    def _launch(
        self, epoch: int, first: int, last: int, rates: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Train the blocks first..last - 1; see `CudaBlocks.train`."""
        assert self._blocks is not None
        numbers = np.arange(first, last)
        keys = [
            stream_keys(self.config.seed, stream, epoch, last=numbers)
            for stream in (STREAM_PAIRS, STREAM_NOISE)
        ]
        return self._blocks.train(first, last, rates.astype(np.float32), *keys)

    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """See `Trainer`. A turn is a launch, and records its blocks."""
        assert self._blocks is not None
        if not self._gpu_is_newer:  # the host may have vectors from a checkpoint or to start from
            self._blocks.upload(self.model.parameters)

        def work() -> None:
            while state.position.block < self.n_blocks:
                with self.pool.turn() as proceed:
                    if not proceed:
                        return
                    self._take_turn(state, schedule)

        self.pool.run(work, 1, watch)

    def _take_turn(self, state: RunState, schedule: Schedule) -> None:
        """Train the next blocks and record them."""
        epoch, first = state.position.epoch, state.position.block
        last = min(first + self._max_blocks, self.n_blocks)
        starts = self.corpus.sentence_starts[self.edges[first : last + 1]]
        words_before = epoch * self.corpus.n_words
        rates = np.array([schedule.at(words_before + int(start)) for start in starts[:-1]])
        self._gpu_is_newer = True
        trained = self._launch(epoch, first, last, rates)
        blocks = [
            EpochStats(float(loss), int(pairs), int(words), int(kept))
            for loss, pairs, kept, words in zip(*trained, np.diff(starts), strict=True)
        ]
        for number, (stats, lr) in enumerate(zip(blocks, rates, strict=True), first + 1):
            place = f"epoch {epoch + 1}, block {number} of {self.n_blocks}"
            self.refuse_divergence(stats, place, float(lr))
        state.advance(*blocks, blocks=last - first)

    def synchronise(self) -> None:
        """See `SampledLossTrainer`. Copies the model from the GPU if it has changed there."""
        if self._gpu_is_newer:
            assert self._blocks is not None
            self._blocks.download(self.model.parameters)
            self._gpu_is_newer = False
