"""Training of the full softmax: batches of examples through exact gradients and row-wise AdaGrad.

`distribution` and `split` targets take blocks of sentences as `w2v.train.hogwild` does, with the
same draws, and train their rows in order. `corpus` targets draw the pairs of the whole corpus once
and go through the vocabulary's rows in a random order each epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import ThreadpoolController

from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.corpus.blocks import block_edges
from w2v.corpus.cooccurrence import (
    Examples,
    Windows,
    block_windows,
    corpus_examples,
    distribution_examples,
    split_examples,
)
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.kernels.softmax import AdaGrad, FullModel, FullSoftmax
from w2v.losses.base import FullLoss
from w2v.numerics.random import STREAM_INIT, STREAM_ORDER, STREAM_PAIRS, fill_uniform, stream_key
from w2v.train.run import MAX_MEAN_LOSS, Observer, Run
from w2v.train.state import Position

_EXAMPLES = {"distribution": distribution_examples, "split": split_examples}


class Rows(NamedTuple):
    """The examples of a block.

    Attributes:
        n: how many.
        take: (first, last) -> those from the first, up to that before the last.
        words_kept: words of the block that subsampling kept.
    """

    n: int
    take: Callable[[int, int], Examples]
    words_kept: int


class FullRun(Run):
    """A run of the full softmax. See `w2v.train.run.Run`."""

    corpus: Corpus

    def __init__(self, corpus: Corpus, config: TrainConfig, loss: FullLoss) -> None:
        super().__init__(corpus, config, loss)
        shape = len(corpus.vocabulary), config.vector_size
        keep = keep_probs(corpus.vocabulary.text_counts, config.sample)
        kept = corpus.vocabulary.weights * keep
        bias = np.log(kept / kept.sum()) if config.output_bias_ else np.zeros(len(kept))
        self.model = FullModel(
            np.zeros(shape, np.float32), np.zeros(shape, np.float32), bias.astype(np.float32)
        )
        fill_uniform(config.seed, STREAM_INIT, 0.5 / config.vector_size, self.model.center_vectors)
        self.softmax = FullSoftmax(
            loss, self.model, config.batch_size, config.workers, check=self.crew.check
        )
        self.optimiser = AdaGrad(self.model, self.softmax, config.output_bias_)
        self.thresholds = keep_thresholds(keep)
        self.edges = block_edges(corpus.sentence_starts)
        self.examples: Examples | None = None  # of `corpus` targets, and the words they kept:
        self._kept_a_pass = 0
        self._libraries = ThreadpoolController()

    @property
    def n_blocks(self) -> int:
        """Blocks in an epoch; with `corpus` targets the vocabulary's rows are a single one."""
        return 1 if self.config.targets == "corpus" else len(self.edges) - 1

    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """See `Run.vectors`."""
        model = self.model
        return model.center_vectors, model.context_vectors, model.bias

    def parameters(self) -> dict[str, np.ndarray]:
        """See `Run.parameters`."""
        return self.model._asdict()

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """AdaGrad's sums of squares."""
        return {
            f"squares.{name}": array for name, array in self.optimiser.squares._asdict().items()
        }

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

    def block_rows(self, epoch: int, block: int) -> Rows:
        """The rows of one block, in the order in which they are trained."""
        examples = self.examples
        if examples is None:
            windows = self.windows(epoch, block)
            drawn = _EXAMPLES[str(self.config.targets)](windows)
            return Rows(len(drawn.centers), drawn.take, windows.words)
        key = int(stream_key(self.config.seed, STREAM_ORDER, epoch))
        order = np.random.Generator(np.random.PCG64(key)).permutation(len(examples.centers))
        return Rows(
            len(order), lambda first, last: rows_of(examples, order[first:last]), self._kept_a_pass
        )

    @contextmanager
    def prepared(self) -> Iterator[float]:
        """See `Run.prepared`. For `corpus` targets, draws the pairs of the whole corpus."""
        with self._one_blas_thread():
            if self.config.targets == "corpus":
                with self.timed():
                    drawn = [self.windows(0, block) for block in range(len(self.edges) - 1)]
                    self._kept_a_pass = sum(windows.words for windows in drawn)
                    self.examples = corpus_examples(len(self.corpus.vocabulary), drawn)
                    del drawn
            _compile(self.softmax.loss, self.config)
            try:
                yield self._forecast_seconds()
            finally:
                self.softmax.close()

    def _one_blas_thread(self) -> AbstractContextManager[Any]:
        """`FullSoftmax` has threads of its own, each of which calls BLAS."""
        limited: AbstractContextManager[Any] = self._libraries.limit(limits=1, user_api="blas")
        return limited

    def _forecast_seconds(self) -> float:
        """Time one batch, without an update."""
        for block in range(self.n_blocks):
            rows = self.block_rows(0, block)
            if rows.n:
                batch = rows.take(0, min(rows.n, self.config.batch_size))
                self.softmax.gradients(batch, batch.pairs)  # the first one also compiles
                started = time.perf_counter()
                self.softmax.gradients(batch, batch.pairs)
                seconds = time.perf_counter() - started
                # All blocks are about as long as this one.
                steps = rows.n / len(batch.centers) * self.n_blocks
                return seconds * steps * self.config.epochs_
        return 0.0

    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """See `Run.train_epoch`: one thread takes step after step."""

        def work() -> None:
            # In some BLAS libraries the number of threads is that of the thread that sets it.
            with self._one_blas_thread():
                self._train(epoch)

        self.crew.run(work, 1, lambda: observer.progress(self.progress()))

    def _train(self, epoch: int) -> None:
        start, size = self.position, self.config.batch_size
        for block in range(start.block, self.n_blocks):
            rows = self.block_rows(epoch, block)
            first = start.row if block == start.block else 0
            # A block that subsampling leaves without pairs has one turn too: it is done.
            for begin in range(first, max(rows.n, 1), size):
                with self.crew.turn() as going:
                    if not going:
                        return
                    self._step(epoch, block, rows, begin, min(begin + size, rows.n))

    def _step(self, epoch: int, block: int, rows: Rows, begin: int, end: int) -> None:
        """One step of the optimiser on some rows of a block; notes what was done."""
        n_words = len(self.corpus.tokens)
        words = self.tally(epoch).words
        lr = self.learning_rate(epoch * n_words + words)
        loss, pairs = 0.0, 0
        if end > begin:
            batch = rows.take(begin, end)
            losses = self.optimiser.step(batch, batch.pairs, lr)
            loss, pairs = float(batch.pairs @ losses), int(batch.pairs.sum())
            if not loss <= MAX_MEAN_LOSS * pairs:
                place = f"epoch {epoch + 1}, word {words:,} of {n_words:,}"
                raise self.diverged(place, lr, loss / pairs)
        first_word, last_word = self._words_of(block)
        over = end == rows.n
        with self.lock:
            tally = self.tally(epoch)
            tally.loss += loss
            tally.pairs += pairs
            tally.words = first_word + (last_word - first_word) * end // max(rows.n, 1)
            if over:
                tally.words, tally.words_kept = last_word, tally.words_kept + rows.words_kept
            self.lr = lr
            self.position = Position(epoch, block + 1) if over else Position(epoch, block, end)

    def _words_of(self, block: int) -> tuple[int, int]:
        """The words of a block: from the first, up to that before the second."""
        if self.config.targets == "corpus":
            return 0, len(self.corpus.tokens)
        starts = self.corpus.sentence_starts
        return int(starts[self.edges[block]]), int(starts[self.edges[block + 1]])


def _compile(loss: FullLoss, config: TrainConfig) -> None:
    """Take a step with a model of two words, on this thread.

    Ctrl-C would wait for a pool's thread that compiles; it ends what is compiled here.
    """
    shape = 2, config.vector_size
    model = FullModel(
        np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(2, np.float32)
    )
    one = np.ones(1, np.int64)
    example = Examples(
        np.zeros(1, np.int32), np.arange(2), np.ones(1, np.int32), np.ones(1, np.float32), one
    )
    softmax = FullSoftmax(loss, model, batch_size=1, workers=1)
    AdaGrad(model, softmax, config.output_bias_).step(example, one, config.lr_)
    softmax.close()


def rows_of(examples: Examples, rows: np.ndarray) -> Examples:
    """The given rows, in the given order."""
    sizes = np.diff(examples.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.repeat(examples.starts[:-1][rows] - starts[:-1], sizes) + np.arange(starts[-1])
    return Examples(
        examples.centers[rows], starts, examples.contexts[entries], examples.probs[entries],
        examples.pairs[rows],
    )  # fmt: skip
