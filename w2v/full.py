"""Training of the full softmax: batches of examples through exact gradients and row-wise AdaGrad.

`distribution` and `split` targets take blocks of sentences as `w2v.hogwild` does, with the same
draws, and train their rows in order. `corpus` targets draw the pairs of the whole corpus once and
go through the vocabulary's rows in a random order each epoch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from threadpoolctl import threadpool_limits

from w2v.blocks import STREAM_INIT, STREAM_ORDER, STREAM_PAIRS, block_edges
from w2v.config import TrainConfig
from w2v.cooccurrence import (
    Examples,
    Windows,
    block_windows,
    corpus_examples,
    distribution_examples,
    split_examples,
)
from w2v.corpus import Corpus
from w2v.kernels.full import AdaGrad, FullModel, FullSoftmax
from w2v.losses.base import FullLoss
from w2v.numerics import fill_uniform, stream_key
from w2v.pairs import keep_probs, keep_thresholds
from w2v.run import MAX_MEAN_LOSS, TICK_SECONDS, Observer, Progress, Run


class FullRun(Run):
    """A run of the full softmax. See `w2v.run.Run`."""

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: FullLoss) -> None:
        super().__init__(corpus, config, loss)
        counts = corpus.vocabulary.counts
        shape = len(counts), config.vector_size
        kept = counts * keep_probs(counts, config.sample)
        bias = np.log(kept / kept.sum()) if config.output_bias_ else np.zeros(len(counts))
        self.model = FullModel(
            np.zeros(shape, np.float32), np.zeros(shape, np.float32), bias.astype(np.float32)
        )
        fill_uniform(config.seed, STREAM_INIT, 0.5 / config.vector_size, self.model.center_vectors)
        self.softmax = FullSoftmax(loss, self.model, config.batch_size, config.workers)
        self.optimiser = AdaGrad(self.model, self.softmax, config.output_bias_)
        self.thresholds = keep_thresholds(keep_probs(counts, config.sample))
        self.edges = block_edges(corpus.sentence_starts)
        self.examples: Examples | None = None

    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """See `Run.vectors`."""
        model = self.model
        return model.center_vectors, model.context_vectors, model.bias

    def memory_bytes(self) -> int:
        """Parameters, the optimiser's sums, working memory, the tokens, and the corpus's rows."""
        rows = 0 if self.examples is None else sum(array.nbytes for array in self.examples)
        model = sum(array.nbytes for array in self.model)
        work = self.softmax.memory_bytes() + self.optimiser.memory_bytes()
        return model + work + rows + self.corpus.tokens.nbytes

    def windows(self, epoch: int, block: int) -> Windows:
        """The windows of one block, as drawn in one epoch."""
        return block_windows(
            self.corpus,
            int(self.edges[block]),
            int(self.edges[block + 1]),
            self.thresholds,
            self.config.window,
            self.config.shrink_windows,
            stream_key(self.config.seed, STREAM_PAIRS, epoch, block),
        )

    def batches(self, epoch: int) -> Iterator[tuple[Examples, int]]:
        """The batches of an epoch, each with the words (before subsampling) done by its end."""
        if self.examples is not None:
            yield from self._corpus_batches(self.examples, epoch)
            return
        make = {"distribution": distribution_examples, "split": split_examples}
        starts, size = self.corpus.sentence_starts, self.config.batch_size
        for block in range(len(self.edges) - 1):
            windows = self.windows(epoch, block)
            self.words_kept += windows.words
            examples = make[str(self.config.targets)](windows)
            rows = len(examples.centers)
            begin, end = int(starts[self.edges[block]]), int(starts[self.edges[block + 1]])
            for first in range(0, rows, size):
                last = min(first + size, rows)
                yield examples.take(first, last), begin + (end - begin) * last // rows

    def _corpus_batches(self, examples: Examples, epoch: int) -> Iterator[tuple[Examples, int]]:
        n, size = len(examples.centers), self.config.batch_size
        key = int(stream_key(self.config.seed, STREAM_ORDER, epoch))
        order = np.random.Generator(np.random.PCG64(key)).permutation(n)
        for first in range(0, n, size):
            rows = order[first : first + size]
            done = min(first + size, n)
            yield rows_of(examples, rows), len(self.corpus.tokens) * done // n

    @contextmanager
    def prepared(self) -> Iterator[float]:
        """See `Run.prepared`. For `corpus` targets, draws the pairs of the whole corpus."""
        with threadpool_limits(1, "blas"):  # `FullSoftmax` has threads of its own
            started = time.perf_counter()
            if self.config.targets == "corpus":
                drawn = [self.windows(0, block) for block in range(len(self.edges) - 1)]
                self.words_kept = sum(windows.words for windows in drawn) * self.config.epochs_
                self.examples = corpus_examples(len(self.corpus.vocabulary), drawn)
                del drawn
            self.seconds += time.perf_counter() - started
            try:
                yield self._forecast_seconds()
            finally:
                self.softmax.close()

    def _forecast_seconds(self) -> float:
        """Time one batch of each kind of work, without an update."""
        kept = self.words_kept
        seconds = fraction = 0.0
        for batch, words in self.batches(0):
            self.softmax.gradients(batch, batch.pairs)  # the first one also compiles
            started = time.perf_counter()
            self.softmax.gradients(batch, batch.pairs)
            seconds = time.perf_counter() - started
            fraction = words / len(self.corpus.tokens)
            break
        self.words_kept = kept
        return seconds / fraction * self.config.epochs_ if fraction else 0.0

    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """See `Run.train_epoch`."""
        before = epoch * len(self.corpus.tokens)
        done = 0
        loss = total = 0.0  # of the epoch, in nats and pairs
        shown_loss = shown_total = 0.0
        ticked = 0.0
        self.epoch_losses.append(np.nan)
        for batch, words in self.batches(epoch):
            lr = self.learning_rate(before + done)
            losses = self.optimiser.step(batch, batch.pairs, lr)
            batch_loss, batch_pairs = float(batch.pairs @ losses), int(batch.pairs.sum())
            if not batch_loss <= MAX_MEAN_LOSS * batch_pairs:
                place = f"epoch {epoch + 1}, word {done:,} of {len(self.corpus.tokens):,}"
                raise self.diverged(place, lr, batch_loss / batch_pairs)
            done = words
            loss += batch_loss
            total += batch_pairs
            self.epoch_losses[-1] = loss / total
            now = time.perf_counter()
            if now - ticked > TICK_SECONDS:
                mean = (loss - shown_loss) / (total - shown_total)
                shown_loss, shown_total, ticked = loss, total, now
                observer.progress(Progress(before + done, self.total_words, epoch + 1, lr, mean))
        words = before + done
        lr = self.learning_rate(words)
        observer.progress(Progress(words, self.total_words, epoch + 1, lr, np.nan))


def rows_of(examples: Examples, rows: np.ndarray) -> Examples:
    """The given rows, in the given order."""
    sizes = np.diff(examples.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.repeat(examples.starts[:-1][rows] - starts[:-1], sizes) + np.arange(starts[-1])
    return Examples(
        examples.centers[rows], starts, examples.contexts[entries], examples.probs[entries],
        examples.pairs[rows],
    )  # fmt: skip
