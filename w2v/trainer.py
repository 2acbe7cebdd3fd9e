"""Training: blocks of sentences, threads that take them, a learning rate, and what is reported.

    train_embeddings(corpus, ...)  ->  Embeddings

A block is a run of whole sentences. Its random numbers are keyed by (seed, epoch, block) and its
learning rate follows from its place in the run, so that what a block does depends on nothing but
the model it finds. Threads take blocks from one counter and update the shared matrices without
locks (Niu et al. 2011, "Hogwild!"); one thread alone gives the same bytes for the same seed.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from typing import Any, Unpack

import numpy as np

import w2v
from w2v.config import TrainConfig, TrainOptions, make_config
from w2v.corpus import Corpus, encode_sentences, read_corpus
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, DivergenceError
from w2v.kernels.sampled import Model, Scratch, make_scratch, sampled_kernels
from w2v.losses import get_loss
from w2v.noise import NoiseSampler
from w2v.numerics import aligned_zeros, fill_uniform, padded, stream_key
from w2v.pairs import keep_probs, keep_thresholds

BLOCK_WORDS = 10_000
"""Words in a block, about: small enough to share and to notice trouble soon, long enough (a few
milliseconds) that handing it out costs nothing."""

MAX_MEAN_LOSS = 1e4
"""Nats a pair. A model that learns stays below 100; one that diverges passes this on its way to
infinity, often within a few steps."""

TICK_SECONDS = 0.1
"""How often progress is reported, and the longest wait after Ctrl-C."""

StrPath = str | os.PathLike[str]

# Purposes of random streams; each gets a key of its own from (seed, purpose, epoch, block).
STREAM_INIT, STREAM_PAIRS, STREAM_NOISE = 0, 1, 2


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Attributes:
        words: words trained so far, before subsampling; of `total_words` over all epochs.
        epoch: the epoch that is being trained, from 1.
        lr: learning rate of the newest block.
        loss: mean loss in nats a pair since the last report (nan before the first pair).
    """

    words: int
    total_words: int
    epoch: int
    lr: float
    loss: float


@dataclass(frozen=True)
class Plan:
    """What is about to be trained.

    Attributes:
        corpus: the encoded corpus.
        memory_bytes: both matrices and the token ids.
        seconds: a forecast, from a few blocks run with learning rate 0.
    """

    corpus: Corpus
    memory_bytes: int
    seconds: float


class Observer:
    """Told what goes on; override what is of interest. All calls come from the caller's thread."""

    def reading(self, done: int, total: int | None) -> None:
        """Bytes of text read so far, and in all if that is known."""

    def planned(self, plan: Plan) -> None:
        """The corpus is read and the model allocated; training starts."""

    def progress(self, progress: Progress) -> None:
        """Called every `TICK_SECONDS`, and once at the end."""

    def interrupted(self, embeddings: Embeddings) -> None:
        """Ctrl-C was pressed; these are the vectors so far. KeyboardInterrupt follows."""


def train_embeddings(
    corpus: StrPath | Sequence[StrPath] | Iterable[Sequence[str]] | Corpus,
    config: TrainConfig | None = None,
    *,
    cache_dir: StrPath | None = None,
    observer: Observer | None = None,
    **options: Unpack[TrainOptions],
) -> Embeddings:
    """Train skip-gram embeddings.

    Args:
        corpus: a path (file, folder, pattern, ``-``), several paths, an iterable of sentences
            (lists of str, read once), or a `Corpus`.
        config: all options; or give single options as keywords, by their names in `TrainConfig`.
        cache_dir: where encoded corpora are kept and reused; for paths only.
        observer: told about progress.

    Returns:
        Center vectors with counts, context vectors, and in `metadata` the configuration, the
        losses by epoch, what became of the text, and the seconds it took.

    Raises:
        ConfigError, CorpusError: before anything is trained.
        DivergenceError: a value stopped being finite.

    >>> sentences = [["paris", "is", "in", "france"], ["rome", "is", "in", "italy"]] * 50
    >>> wv = train_embeddings(sentences, vector_size=8, min_count=1, workers=1)
    >>> len(wv), wv.vectors.shape
    (6, (6, 8))
    """
    if config is None:
        config = make_config(options)
    elif options:
        raise ConfigError("train_embeddings: expected a config or single options, got both")
    if observer is None:
        observer = Observer()
    started = time.perf_counter()
    encoded = _encode(corpus, config, cache_dir, observer)
    read_seconds = time.perf_counter() - started
    training = Training(encoded, config)
    try:
        training.run(observer)
    except KeyboardInterrupt:
        observer.interrupted(training.embeddings(read_seconds))
        raise
    return training.embeddings(read_seconds)


def _encode(corpus: Any, config: TrainConfig, cache_dir: Any, observer: Observer) -> Corpus:
    if isinstance(corpus, Corpus):
        return corpus
    paths = None
    if isinstance(corpus, (str, os.PathLike)):
        paths = [corpus]
    elif isinstance(corpus, (list, tuple)) and all(
        isinstance(item, (str, os.PathLike)) for item in corpus
    ):
        paths = list(corpus)
    if paths is not None:
        return read_corpus(
            paths,
            min_count=config.min_count,
            max_vocab=config.max_vocab,
            lowercase=config.lowercase,
            encoding_errors=config.encoding_errors,  # type: ignore[arg-type]
            workers=config.workers,
            cache_dir=cache_dir,
            on_progress=observer.reading,
        )
    if cache_dir is not None:
        raise ConfigError("cache_dir: expected a corpus given by paths, got sentences")
    if config.lowercase:
        corpus = ([word.lower() for word in sentence] for sentence in corpus)
    return encode_sentences(corpus, min_count=config.min_count, max_vocab=config.max_vocab)


class Training:
    """One run: the model and the means to train it."""

    def __init__(self, corpus: Corpus, config: TrainConfig) -> None:
        self.corpus = corpus
        self.config = config
        counts = corpus.vocabulary.counts
        size, columns = len(counts), padded(config.vector_size)
        loss = get_loss(config.loss)
        self.model = Model(
            center_vectors=aligned_zeros(size, columns),
            context_vectors=aligned_zeros(size, columns),
            logit_offsets=np.zeros(size, dtype=np.float32),
        )
        half_width = 0.5 / config.vector_size
        fill_uniform(
            config.seed, STREAM_INIT, half_width, self.model.center_vectors[:, : config.vector_size]
        )
        self.noise = NoiseSampler(counts, config.noise_exponent)
        self.thresholds = keep_thresholds(keep_probs(counts, config.sample))
        self.kernels = sampled_kernels(loss, config.vector_size, config.negative)
        self.edges = block_edges(corpus.sentence_starts)
        self.total_words = len(corpus.tokens) * config.epochs
        self.epoch_losses: list[float] = []
        self.seconds = 0.0
        self.words_kept = 0

    @property
    def n_blocks(self) -> int:
        """Blocks in an epoch."""
        return len(self.edges) - 1

    def learning_rate(self, words: int) -> float:
        """Linear decay from lr at word 0 to min_lr at the last word of the last epoch."""
        done = words / self.total_words
        return self.config.lr + (self.config.min_lr - self.config.lr) * done

    def train_block(
        self, scratch: Scratch, epoch: int, block: int, lr: float
    ) -> tuple[float, int, int]:
        """Train one block; returns (summed loss in nats, pairs, words kept by subsampling)."""
        first, last = self.edges[block], self.edges[block + 1]
        seed = self.config.seed
        result: tuple[float, int, int] = self.kernels.block(
            self.model,
            scratch,
            self.corpus.tokens,
            self.corpus.sentence_starts,
            first,
            last,
            self.thresholds,
            self.noise.table,
            self.config.window,
            self.config.shrink_windows,
            np.float32(lr),
            stream_key(seed, STREAM_PAIRS, epoch, block),
            stream_key(seed, STREAM_NOISE, epoch, block),
        )
        return result

    def make_scratch(self) -> Scratch:
        """Working memory for one thread."""
        columns = padded(self.config.vector_size)
        return make_scratch(columns, self.config.negative, self.config.window)

    def forecast_seconds(self) -> float:
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
        """Both matrices and the token ids."""
        return sum(array.nbytes for array in self.model) + self.corpus.tokens.nbytes

    def run(self, observer: Observer) -> None:
        """Train all epochs."""
        observer.planned(Plan(self.corpus, self.memory_bytes(), self.forecast_seconds()))
        started = time.perf_counter()
        work = _Work(self)
        try:
            with ThreadPoolExecutor(self.config.workers, thread_name_prefix="w2v-train") as pool:
                futures = [pool.submit(work.run) for _ in range(self.config.workers)]
                try:
                    pending = set(futures)
                    while pending:
                        _, pending = wait(pending, TICK_SECONDS, FIRST_EXCEPTION)
                        observer.progress(work.progress())
                        if work.stop.is_set():
                            break
                finally:
                    work.stop.set()
            for future in futures:
                future.result()
        finally:
            self.seconds += time.perf_counter() - started
            self.epoch_losses = work.epoch_losses()
            self.words_kept = work.words_kept()

    def embeddings(self, read_seconds: float) -> Embeddings:
        """The vectors as they are now, with a record of the run."""
        size = self.config.vector_size
        record = {
            "w2v_version": w2v.__version__,
            "config": asdict(self.config),
            "epoch_losses": self.epoch_losses,
            "audit": asdict(self.corpus.audit),
            "words_after_subsampling": self.words_kept,
            "read_seconds": read_seconds,
            "train_seconds": self.seconds,
        }
        return Embeddings(
            self.corpus.vocabulary.words,
            np.ascontiguousarray(self.model.center_vectors[:, :size]),
            counts=self.corpus.vocabulary.counts,
            context_vectors=np.ascontiguousarray(self.model.context_vectors[:, :size]),
            metadata={"training": json.dumps(record)},
        )


FORECAST_BLOCKS = 5


class _Work:
    """The blocks still to be trained, shared by the threads, and the sums of what they report."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._next = 0
        epochs = training.config.epochs
        self._losses = np.zeros(epochs)  # float64: nats summed over every pair of an epoch
        self._pairs = np.zeros(epochs, dtype=np.int64)
        self._words = self._kept = 0
        self._lr = training.config.lr
        self._reported = (0.0, 0)

    def run(self) -> None:
        """What each thread does: take a block, train it, note the result, until none are left."""
        training = self.training
        scratch = training.make_scratch()
        starts = training.corpus.sentence_starts
        n_blocks = training.n_blocks
        end = n_blocks * training.config.epochs
        words_per_epoch = len(training.corpus.tokens)
        try:
            while not self.stop.is_set():
                with self._lock:
                    position = self._next
                    self._next += 1
                if position >= end:
                    return
                epoch, block = divmod(position, n_blocks)
                first, last = starts[training.edges[block]], starts[training.edges[block + 1]]
                lr = training.learning_rate(epoch * words_per_epoch + int(first))
                loss, pairs, kept = training.train_block(scratch, epoch, block, lr)
                if not loss <= MAX_MEAN_LOSS * max(pairs, 1):  # NaN is not below anything
                    raise self._diverged(epoch, block, lr, loss / max(pairs, 1))
                with self._lock:
                    self._losses[epoch] += loss
                    self._pairs[epoch] += pairs
                    self._words += int(last - first)
                    self._kept += kept
                    self._lr = lr
        except BaseException:
            self.stop.set()
            raise

    def _diverged(self, epoch: int, block: int, lr: float, loss: float) -> DivergenceError:
        training = self.training
        model = training.model
        word = ""
        for matrix in (model.center_vectors, model.context_vectors):
            bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
            if len(bad):
                name = training.corpus.vocabulary.words[bad[0]]
                word = f" (the vector of {name!r} is not finite)"
                break
        return DivergenceError(
            f"epoch {epoch + 1}, block {block + 1} of {training.n_blocks}: expected a loss "
            f"below {MAX_MEAN_LOSS:.0f} nats a pair, got {loss:.3g} at learning rate {lr:.3g}"
            f"{word}; lower --lr"
        )

    def progress(self) -> Progress:
        with self._lock:
            loss, pairs = float(self._losses.sum()), int(self._pairs.sum())
            before_loss, before_pairs = self._reported
            mean = (loss - before_loss) / (pairs - before_pairs) if pairs > before_pairs else np.nan
            if pairs > before_pairs:
                self._reported = (loss, pairs)
            words, lr = self._words, self._lr
        total = self.training.total_words
        per_epoch = len(self.training.corpus.tokens)
        epoch = min(words // per_epoch + 1, self.training.config.epochs)
        return Progress(words, total, epoch, lr, mean)

    def epoch_losses(self) -> list[float]:
        """Mean loss in nats a pair, for each epoch that was begun."""
        return [
            float(loss / pairs)
            for loss, pairs in zip(self._losses, self._pairs, strict=True)
            if pairs
        ]

    def words_kept(self) -> int:
        return self._kept


def block_edges(sentence_starts: np.ndarray, block_words: int = BLOCK_WORDS) -> np.ndarray:
    """Bounds of blocks, (B + 1,) int64 sentence numbers: whole sentences, about `block_words`."""
    n_words = int(sentence_starts[-1])
    targets = np.arange(0, n_words + block_words, block_words)
    edges = np.unique(np.searchsorted(sentence_starts, np.minimum(targets, n_words)))
    result: np.ndarray = edges.astype(np.int64)
    return result
