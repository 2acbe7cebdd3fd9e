"""Training of the sampled losses: blocks of sentences, and threads that take them.

A block's random numbers follow from (seed, epoch, block) and its learning rate from its place in
the run, so that what it does depends on nothing but the model it finds (`w2v.blocks`). Threads take
blocks from one counter and update the shared matrices without locks (Niu et al. 2011, "Hogwild!");
one thread alone gives the same bytes for the same seed.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager

import numpy as np

from w2v.blocks import STREAM_INIT, STREAM_NOISE, STREAM_PAIRS, block_edges
from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.kernels.sampled import (
    Model,
    Scratch,
    initial_bias,
    make_scratch,
    noise_correction,
    sampled_kernels,
)
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics import aligned_zeros, fill_uniform, padded, stream_key
from w2v.pairs import keep_probs, keep_thresholds
from w2v.run import MAX_MEAN_LOSS, TICK_SECONDS, Observer, Progress, Run

FORECAST_BLOCKS = 5
"""Blocks that are timed to say how long the run will take."""


class HogwildRun(Run):
    """A run of a sampled loss. See `w2v.run.Run`."""

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: SampledLoss) -> None:
        super().__init__(corpus, config, loss)
        self.sampled_loss = loss
        counts = corpus.vocabulary.counts
        size, columns = len(counts), padded(config.vector_size)
        self.noise = NoiseSampler(counts, config.noise_exponent)
        self.correction = noise_correction(loss, self.noise.probs, config.negative)
        keep = keep_probs(counts, config.sample)
        bias = initial_bias(loss, counts * keep, config.output_bias_)
        self.model = Model(
            center_vectors=aligned_zeros(size, columns),
            context_vectors=aligned_zeros(size, columns),
            logit_offsets=(bias - self.correction).astype(np.float32),
            log_normalisers=np.zeros(size, dtype=np.float32),
        )
        fill_uniform(
            config.seed,
            STREAM_INIT,
            0.5 / config.vector_size,
            self.model.center_vectors[:, : config.vector_size],
        )
        self.thresholds = keep_thresholds(keep)
        self.kernels = sampled_kernels(
            loss,
            config.vector_size,
            config.negative,
            learn_bias=config.output_bias_,
            learn_normalisers=config.learn_normaliser,
        )
        self.edges = block_edges(corpus.sentence_starts)
        self.block_words = int(np.diff(corpus.sentence_starts[self.edges]).max())

    @property
    def n_blocks(self) -> int:
        """Blocks in an epoch."""
        return len(self.edges) - 1

    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """See `Run.vectors`."""
        size = self.config.vector_size
        has_bias = self.config.output_bias_ or self.correction.any()
        return (
            np.ascontiguousarray(self.model.center_vectors[:, :size]),
            np.ascontiguousarray(self.model.context_vectors[:, :size]),
            (self.model.logit_offsets + self.correction).astype(np.float32) if has_bias else None,
        )

    def make_scratch(self) -> Scratch:
        """Working memory for one thread."""
        config = self.config
        return make_scratch(
            self.sampled_loss, config.vector_size, config.negative, config.window, self.block_words
        )

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
        with ThreadPoolExecutor(self.config.workers, thread_name_prefix="w2v-train") as pool:
            futures = [pool.submit(work.run) for _ in range(self.config.workers)]
            try:
                pending = set(futures)
                while pending and not work.stop.is_set():
                    _, pending = wait(pending, TICK_SECONDS, FIRST_EXCEPTION)
                    observer.progress(work.progress())
            finally:
                work.stop.set()
        self.words_kept += work.words_kept
        if work.pairs:
            self.epoch_losses.append(work.loss / work.pairs)
        for future in futures:
            future.result()


class _Epoch:
    """The blocks of an epoch still to be trained, shared by the threads, and what they report."""

    def __init__(self, run: HogwildRun, epoch: int) -> None:
        self.training = run
        self.epoch = epoch
        self.stop = threading.Event()
        self.loss = 0.0  # Python's float is float64: nats summed over all pairs and threads
        self.pairs = 0
        self.words = 0
        self.words_kept = 0
        self._lock = threading.Lock()
        self._next = 0
        self._lr = run.config.lr_
        self._reported = (0.0, 0)

    def run(self) -> None:
        """What each thread does: take a block, train it, note the result, until none are left."""
        training, epoch = self.training, self.epoch
        starts, edges, n_blocks = training.corpus.sentence_starts, training.edges, training.n_blocks
        before = epoch * len(training.corpus.tokens)
        try:
            scratch = training.make_scratch()
            while not self.stop.is_set():
                with self._lock:
                    block = self._next
                    self._next += 1
                if block >= n_blocks:
                    return
                first, last = int(starts[edges[block]]), int(starts[edges[block + 1]])
                lr = training.learning_rate(before + first)
                loss, pairs, kept = training.train_block(scratch, epoch, block, lr)
                if not loss <= MAX_MEAN_LOSS * max(pairs, 1):  # NaN is not below anything
                    place = f"epoch {epoch + 1}, block {block + 1} of {n_blocks}"
                    raise training.diverged(place, lr, loss / max(pairs, 1))
                with self._lock:
                    self.loss += loss
                    self.pairs += pairs
                    self.words += last - first
                    self.words_kept += kept
                    self._lr = lr
        except BaseException:
            self.stop.set()
            raise

    def progress(self) -> Progress:
        """What has been done, and the mean loss since the last call."""
        with self._lock:
            loss, pairs, words, lr = self.loss, self.pairs, self.words, self._lr
        before_loss, before_pairs = self._reported
        mean = math.nan
        if pairs > before_pairs:
            mean = (loss - before_loss) / (pairs - before_pairs)
            self._reported = (loss, pairs)
        training = self.training
        done = self.epoch * len(training.corpus.tokens) + words
        return Progress(done, training.total_words, self.epoch + 1, lr, mean)
