"""Training of the full softmax: batches of examples, exact gradients, and row-wise AdaGrad.

With `distribution` and `split` targets, blocks and their random draws are those of
`w2v.train.sampled`, and the examples of a block are trained in order. With `corpus` targets, the
pairs of the whole corpus are drawn once, and each epoch goes through the rows of the vocabulary in
a random order.
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
from w2v.corpus.windows import window_of
from w2v.held_out import Scorer
from w2v.kernels.softmax import AdaGrad, FullModel, FullSoftmax
from w2v.losses.base import FullLoss
from w2v.numerics.random import STREAM_INIT, STREAM_ORDER, STREAM_PAIRS, fill_uniform, stream_key
from w2v.train.schedule import Schedule
from w2v.train.state import EpochStats, RunState
from w2v.train.trainer import Preparation, Trainer, Vectors

_EXAMPLES = {"distribution": distribution_examples, "split": split_examples}


class Rows(NamedTuple):
    """The examples of a block.

    Attributes:
        n: the number of examples.
        take: (first, last) -> examples first to last - 1.
        words_kept: words of the block that subsampling kept.
    """

    n: int
    take: Callable[[int, int], Examples]
    words_kept: int


class SoftmaxTrainer(Trainer):
    """Trains the full softmax. See `w2v.train.trainer.Trainer`."""

    corpus: Corpus

    def __init__(
        self,
        corpus: Corpus,
        config: TrainConfig,
        loss: FullLoss,
        frozen_words: np.ndarray | None = None,
    ) -> None:
        super().__init__(corpus, config, loss, frozen_words)
        shape = len(corpus.vocabulary), config.vector_size
        keep = keep_probs(corpus.vocabulary.text_counts, config.sample)
        kept = corpus.vocabulary.weights * keep
        bias = np.log(kept / kept.sum()) if config.output_bias_ else np.zeros(len(kept))
        self._initial_bias = bias.astype(np.float32)
        self.model = FullModel(
            np.zeros(shape, np.float32), np.zeros(shape, np.float32), self._initial_bias.copy()
        )
        self._draw_center_vectors()
        self.softmax = FullSoftmax(
            loss, self.model, config.batch_size, config.workers, check=self.pool.check
        )
        self.optimiser = AdaGrad(self.model, self.softmax, config.output_bias_, frozen_words)
        self.thresholds = keep_thresholds(keep)
        self.edges = block_edges(corpus.sentence_starts)
        self.examples: Examples | None = None  # for `corpus` targets, once they are drawn
        self._words_kept = 0  # by subsampling, when they were drawn
        self._libraries = ThreadpoolController()

    @property
    def n_blocks(self) -> int:
        """See `Trainer`. With `corpus` targets the rows of the vocabulary are a single block."""
        return 1 if self.config.targets == "corpus" else len(self.edges) - 1

    def reset(self) -> None:
        """See `Trainer`."""
        self.model.context_vectors[...] = 0
        self.model.bias[...] = self._initial_bias
        self._draw_center_vectors()
        for squares in self.optimiser.squares:
            squares[...] = 0

    def _draw_center_vectors(self) -> None:
        bound = 0.5 / self.config.vector_size
        fill_uniform(self.config.seed, STREAM_INIT, bound, self.model.center_vectors)

    def vectors(self) -> Vectors:
        """See `Trainer`."""
        model = self.model
        return Vectors(model.center_vectors, model.context_vectors, model.bias)

    def scorer(self) -> Scorer:
        """See `Trainer`."""
        model = self.model
        no_normalisers = np.zeros(len(model.bias), np.float32)
        return Scorer(model.center_vectors, model.context_vectors, model.bias, no_normalisers)

    def parameters(self) -> dict[str, np.ndarray]:
        """See `Trainer`."""
        return self.model._asdict()

    def optimiser_state(self) -> dict[str, np.ndarray]:
        """See `Trainer`: AdaGrad's sums of squares."""
        squares = self.optimiser.squares._asdict()
        return {f"squares.{name}": squares[name] for name in squares} | super().optimiser_state()

    def memory_bytes(self) -> int:
        """See `Trainer`."""
        rows = 0 if self.examples is None else sum(array.nbytes for array in self.examples)
        model = sum(array.nbytes for array in self.model)
        work = self.softmax.memory_bytes() + self.optimiser.memory_bytes()
        return model + work + rows + self.corpus.tokens.nbytes

    def windows(self, epoch: int, block: int) -> Windows:
        """The windows of a block, as drawn in this epoch."""
        return block_windows(
            self.corpus,
            int(self.edges[block]),
            int(self.edges[block + 1]),
            self.thresholds,
            window_of(self.config),
            stream_key(self.config.seed, STREAM_PAIRS, epoch, block),
        )

    def block_rows(self, epoch: int, block: int) -> Rows:
        """The examples of a block, in the order in which they are trained."""
        examples = self.examples
        if examples is None:
            windows = self.windows(epoch, block)
            drawn = _EXAMPLES[str(self.config.targets)](windows)
            return Rows(len(drawn.centers), drawn.take, windows.words)
        key = int(stream_key(self.config.seed, STREAM_ORDER, epoch))
        order = np.random.Generator(np.random.PCG64(key)).permutation(len(examples.centers))
        return Rows(
            len(order), lambda first, last: rows_of(examples, order[first:last]), self._words_kept
        )

    @contextmanager
    def prepared(self) -> Iterator[Preparation]:
        """See `Trainer`. For `corpus` targets, this draws the pairs of the whole corpus."""
        with self._one_blas_thread():
            started = time.perf_counter()
            if self.config.targets == "corpus":
                drawn = [self.windows(0, block) for block in range(len(self.edges) - 1)]
                self._words_kept = sum(windows.words for windows in drawn)
                self.examples = corpus_examples(len(self.corpus.vocabulary), drawn)
                del drawn
            seconds = time.perf_counter() - started
            _compile(self.softmax.loss)
            try:
                yield Preparation(self._forecast_seconds(), seconds)
            finally:
                self.softmax.close()

    def _one_blas_thread(self) -> AbstractContextManager[Any]:
        """A context that limits BLAS to one thread: `FullSoftmax` calls it from its own threads."""
        limited: AbstractContextManager[Any] = self._libraries.limit(limits=1, user_api="blas")
        return limited

    def _forecast_seconds(self) -> float:
        """Time the gradients of one batch, without an update."""
        for block in range(self.n_blocks):
            rows = self.block_rows(0, block)
            if rows.n:
                batch = rows.take(0, min(rows.n, self.config.batch_size))
                self.softmax.gradients(batch, batch.pairs)  # the first one also compiles
                started = time.perf_counter()
                self.softmax.gradients(batch, batch.pairs)
                seconds = time.perf_counter() - started
                # This assumes that all blocks are about as long as this one.
                steps = rows.n / len(batch.centers) * self.n_blocks
                return seconds * steps * self.config.epochs_
        return 0.0

    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """See `Trainer`. One worker takes the steps, a step per turn; each uses all threads."""

        def work() -> None:
            # In some BLAS libraries the limit holds only for the thread that sets it.
            with self._one_blas_thread():
                self._train_blocks(state, schedule)

        self.pool.run(work, 1, watch)

    def _train_blocks(self, state: RunState, schedule: Schedule) -> None:
        start, size = state.position, self.config.batch_size
        for block in range(start.block, self.n_blocks):
            rows = self.block_rows(start.epoch, block)
            first = start.row if block == start.block else 0
            # A block left without pairs by subsampling takes one turn, which completes it.
            for begin in range(first, max(rows.n, 1), size):
                with self.pool.turn() as proceed:
                    if not proceed:
                        return
                    end = min(begin + size, rows.n)
                    self._step(state, schedule, block, rows, begin, end)

    def _step(
        self, state: RunState, schedule: Schedule, block: int, rows: Rows, begin: int, end: int
    ) -> None:
        """Take one step of the optimiser on some examples of a block, and record it."""
        epoch, words, n_words = state.position.epoch, state.current.words, self.corpus.n_words
        lr = schedule.at(epoch * n_words + words)
        stats = EpochStats()
        if end > begin:
            batch = rows.take(begin, end)
            losses = self.optimiser.step(batch, batch.pairs, lr)
            stats.loss, stats.pairs = float(batch.pairs @ losses), batch.pairs.sum().item()
            self.refuse_divergence(stats, f"epoch {epoch + 1}, word {words:,} of {n_words:,}", lr)
        first_word, last_word = self._words_of(block)
        if end == rows.n:
            stats.words, stats.words_kept = last_word - words, rows.words_kept
            state.advance(stats, blocks=1)
        else:
            stats.words = first_word + (last_word - first_word) * end // rows.n - words
            state.advance(stats, rows=end - begin)

    def _words_of(self, block: int) -> tuple[int, int]:
        """Positions in the corpus of a block's first word and of the end of its last."""
        if self.config.targets == "corpus":
            return 0, len(self.corpus.tokens)
        starts = self.corpus.sentence_starts
        return int(starts[self.edges[block]]), int(starts[self.edges[block + 1]])


def _compile(loss: FullLoss) -> None:
    """Take a step with a model of two words on this thread, where Ctrl-C can end compilation."""
    shape = 2, 2
    model = FullModel(
        np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(2, np.float32)
    )
    one = np.ones(1, np.int64)
    example = Examples(
        np.zeros(1, np.int32), np.arange(2), np.ones(1, np.int32), np.ones(1, np.float32), one
    )
    softmax = FullSoftmax(loss, model, batch_size=1, workers=1)
    AdaGrad(model, softmax, learn_bias=True).step(example, one, lr=0.0)
    softmax.close()


def rows_of(examples: Examples, rows: np.ndarray) -> Examples:
    """The examples with these numbers, in this order."""
    sizes = np.diff(examples.starts)[rows]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    entries = np.repeat(examples.starts[:-1][rows] - starts[:-1], sizes) + np.arange(starts[-1])
    return Examples(
        examples.centers[rows], starts, examples.contexts[entries], examples.probs[entries],
        examples.pairs[rows],
    )  # fmt: skip
