"""One step of the full softmax on a batch of examples: exact gradients, then row-wise AdaGrad.

With X the center vectors of R examples, Y all context vectors, b the output bias, t the labels and
w the examples' weights:

    logits = X Y^T + b                                 (R, V)    one matrix product
    G = w (softmax(logits) - t)                        (R, V)
    dX = G Y,   dY = G^T X,   db = sum of G's rows               two matrix products

6 R V D floating-point operations, nearly all of them in NumPy's matrix products. The vocabulary is
cut into blocks, and each thread takes blocks through two passes, because a row's normaliser is
known only when all blocks have been seen:

    first    block of logits; e = exp(logit - shift) while the block is in the cache; sums of e
    second   e - t Z; its two products, from X scaled by w / Z in place of the block;
             then whatever uses the block's rows of dY, while these are in the cache

The only array that grows with R V holds e: rows go through it a few at a time, so that it never
exceeds `BUFFER_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.cooccurrence import Examples
from w2v.losses.base import FullLoss, Labels
from w2v.numerics.jit import jit
from w2v.util.threads import ThreadPool

BUFFER_BYTES = 128 * 2**20
"""The largest buffer of exponentials; one row of them is always allowed."""

BLOCK_WORDS = 2048
"""Words of a block, at most: 256 rows of them are 2 MB, and stay in a core's caches between the
matrix product and the exponentials."""


class FullModel(NamedTuple):
    """Parameters: center and context vectors (V, D) and output bias (V,)."""

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    bias: np.ndarray


class Gradients(NamedTuple):
    """Of the weighted sum of the rows' losses.

    Attributes:
        losses: (R,) float64, each row's own loss in nats, not weighted.
        d_centers: (R, D), one for each row; a center word may occur in several.
        d_contexts: (V, D).
        d_bias: (V,).
    """

    losses: np.ndarray
    d_centers: np.ndarray
    d_contexts: np.ndarray
    d_bias: np.ndarray


class FullSoftmax:
    """Computes gradients with working memory that is kept from step to step.

    Matrix products are called from `workers` threads at once, so that BLAS's own threads should be
    limited to one (`w2v.train.softmax` does).

    Args:
        loss: gives loss and gradient of blocks of logits.
        model: the parameters; float32 to train, float64 to check.
        batch_size: the most rows of a step.
        workers: threads.
        check: called every second or so in a long computation; may raise.
    """

    def __init__(
        self,
        loss: FullLoss,
        model: FullModel,
        batch_size: int,
        workers: int,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.loss = loss
        self.check = check
        self.model = model
        self.workers = workers
        size, columns = model.context_vectors.shape
        dtype = model.context_vectors.dtype
        blocks_each = -(-size // (BLOCK_WORDS * workers))
        blocks = min(size, blocks_each * workers)  # the same number for each thread
        self.edges = np.array([size * k // blocks for k in range(blocks + 1)])
        self.rows_at_once = max(1, min(batch_size, BUFFER_BYTES // (size * dtype.itemsize)))
        self.buffers = [
            np.empty((self.rows_at_once, last - first), dtype)
            for first, last in pairwise(self.edges.tolist())
        ]
        self.d_contexts = np.empty((size, columns), dtype)
        self.d_bias = np.empty(size, dtype)
        self._pool = ThreadPool(workers, thread_name_prefix="w2v-softmax")

    def memory_bytes(self) -> int:
        """Working memory."""
        buffers = sum(block.nbytes for block in self.buffers)
        return buffers + self.d_contexts.nbytes + self.d_bias.nbytes

    def gradients(
        self,
        examples: Examples,
        weights: np.ndarray,
        use_block: Callable[[int, int], None] | None = None,
    ) -> Gradients:
        """Losses and gradients of the weighted sum; the large arrays are overwritten next time.

        Args:
            examples: R rows.
            weights: (R,).
            use_block: called with the bounds of each block of words, from the thread that has just
                made their rows of `d_contexts` and `d_bias`: nobody reads those words' context
                vectors any more, so that they may be updated.
        """
        n = len(examples.centers)
        losses = np.empty(n)
        d_centers = np.zeros((n, self.model.context_vectors.shape[1]), self.d_bias.dtype)
        gradients = Gradients(losses, d_centers, self.d_contexts, self.d_bias)
        for first in range(0, n, self.rows_at_once):
            self.check()
            last = min(first + self.rows_at_once, n)
            rows = _Rows(self, examples.take(first, last), weights[first:last])
            rows.exponentials()
            losses[first:last] = rows.losses()
            d_centers[first:last] = rows.products(first > 0, use_block if last == n else None)
        return gradients

    def in_threads(self, work: Callable[[int], Any], n: int) -> list[Any]:
        """[work(0), ..., work(n - 1)], on all threads."""
        if self.workers == 1:
            return [work(k) for k in range(n)]
        return list(self._pool.map(work, range(n)))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


class _Rows:
    """The rows that go through the buffer together, and what is known of them so far."""

    def __init__(self, softmax: FullSoftmax, examples: Examples, weights: np.ndarray) -> None:
        self.softmax = softmax
        model, dtype = softmax.model, softmax.model.bias.dtype
        self.centers = model.center_vectors[examples.centers]
        self.weights = weights.astype(dtype)
        self.labels = labels_by_block(examples, softmax.edges)
        self.blocks = list(pairwise(softmax.edges.tolist()))
        shape = len(self.blocks), len(weights)
        self.shifts, self.sums = np.empty(shape, dtype), np.empty(shape, dtype)
        self.expected = np.zeros(shape)

    def exponentials(self) -> None:
        """First pass."""
        self.softmax.in_threads(self._exponentials_of, len(self.blocks))

    def _exponentials_of(self, block: int) -> None:
        words = slice(*self.blocks[block])
        model = self.softmax.model
        logits = self.softmax.buffers[block][: len(self.centers)]
        np.matmul(self.centers, model.context_vectors[words].T, out=logits)
        self.softmax.loss.exponentials(
            logits, model.bias[words], self.labels[block], self.shifts[block], self.sums[block],
            self.expected[block],
        )  # fmt: skip

    def losses(self) -> np.ndarray:
        """(R,) nats, by log-sum-exp over the blocks."""
        shift = self.shifts.max(axis=0).astype(np.float64)
        self.totals = (self.sums * np.exp(self.shifts - shift)).sum(axis=0)
        self.ln_z = shift + np.log(self.totals)
        losses: np.ndarray = self.ln_z - self.expected.sum(axis=0)
        return losses

    def products(self, add: bool, use_block: Callable[[int, int], None] | None) -> np.ndarray:
        """Second pass: fills `d_contexts` and `d_bias`, or adds to them; returns (R, D)."""
        workers = self.softmax.workers

        def work(thread: int) -> Any:
            total = np.zeros_like(self.centers)
            for block in reversed(range(thread, len(self.blocks), workers)):
                total += self._products_of(block, add)
                if use_block is not None:
                    use_block(*self.blocks[block])
            return total

        # Added up in the threads' order: the same bytes each time for the same number of them.
        result: np.ndarray = np.sum(self.softmax.in_threads(work, workers), axis=0)
        return result

    def _products_of(self, block: int, add: bool) -> np.ndarray:
        softmax, words = self.softmax, slice(*self.blocks[block])
        dtype = self.weights.dtype
        # Z in the block's own units, e^-shift; dlogits are the residuals times weight / Z.
        totals = np.exp(self.ln_z - self.shifts[block])
        residuals = softmax.buffers[block][: len(self.centers)]
        softmax.loss.residuals(residuals, self.labels[block], totals.astype(dtype))
        scale = (self.weights / totals).astype(dtype)
        scaled_centers = self.centers * scale[:, None]
        if add:
            softmax.d_contexts[words] += residuals.T @ scaled_centers
            softmax.d_bias[words] += scale @ residuals
        else:
            np.matmul(residuals.T, scaled_centers, out=softmax.d_contexts[words])
            np.matmul(scale, residuals, out=softmax.d_bias[words])
        d_centers: np.ndarray = residuals @ softmax.model.context_vectors[words]
        d_centers *= scale[:, None]
        return d_centers


def labels_by_block(examples: Examples, edges: np.ndarray) -> list[Labels]:
    """The labels of all rows, for each block of words edges[b]..edges[b + 1] - 1 by itself."""
    rows = np.repeat(np.arange(len(examples.centers)), np.diff(examples.starts))
    block = np.searchsorted(edges, examples.contexts, side="right") - 1
    order = np.argsort(block.astype(np.int16 if len(edges) < 2**15 else np.int64), kind="stable")
    rows, contexts, probs = rows[order], examples.contexts[order], examples.probs[order]
    bounds = np.searchsorted(block[order], np.arange(len(edges)))
    return [
        Labels(rows[a:b], contexts[a:b] - edges[number], probs[a:b])
        for number, (a, b) in enumerate(pairwise(bounds.tolist()))
    ]


@jit
def _adagrad(params: Any, ids: Any, gradient: Any, squares: Any, lr: Any) -> None:
    """Update the rows `ids` of `params` by the rows of `gradient`."""
    columns = params.shape[1]
    for i in range(ids.size):
        word = ids[i]
        total = gradient.dtype.type(0)
        for d in range(columns):
            total += gradient[i, d] * gradient[i, d]
        squares[word] += total / gradient.dtype.type(columns)
        rate = lr / (np.sqrt(squares[word]) + EPSILON)
        for d in range(columns):
            params[word, d] -= rate * gradient[i, d]


EPSILON = np.float32(1e-8)
"""Keeps 0 / 0 away from rows that have had no gradient yet."""


class AdaGrad:
    """AdaGrad (Duchi et al. 2011, section 1.1) with one sum of squares for each word's row.

        squares += mean of g ** 2 over the row,   p -= lr * g / sqrt(squares)

    Frequent words take small steps and rare words large ones, which is what a batch of whole rows
    needs: plain gradient descent at any one rate leaves one of the two behind. With a sum for each
    number in place of each row, the direction of a step depends on the axes: the first step is
    lr * sign(g), and a center word has only one step a pass to recover. Measured: docs/softmax.md.

    Args:
        model: the parameters, changed in place.
        softmax: computes their gradients.
        learn_bias: whether the output bias is trained.
    """

    def __init__(self, model: FullModel, softmax: FullSoftmax, learn_bias: bool) -> None:
        self.model = model
        self.softmax = softmax
        self.learn_bias = learn_bias
        size, dtype = len(model.bias), model.bias.dtype
        self.squares = FullModel(*(np.zeros(size, dtype) for _ in model))
        self._words = np.arange(size, dtype=np.int64)

    def memory_bytes(self) -> int:
        """The sums of squares."""
        return sum(array.nbytes for array in self.squares) + self._words.nbytes

    def step(self, examples: Examples, weights: np.ndarray, lr: float) -> np.ndarray:
        """One step on the weighted sum of the rows' losses; returns the losses before it, (R,)."""
        model, squares, gradients = self.model, self.squares, self.softmax
        rate = model.bias.dtype.type(lr)

        def update(first: int, last: int) -> None:
            words, ids = slice(first, last), self._words[: last - first]
            _adagrad(model.context_vectors[words], ids, gradients.d_contexts[words],
                     squares.context_vectors[words], rate)  # fmt: skip
            if self.learn_bias:  # a column of rows with one number each
                _adagrad(model.bias[words, None], ids, gradients.d_bias[words, None],
                         squares.bias[words], rate)  # fmt: skip

        result = gradients.gradients(examples, weights, update)
        unique, d_centers = summed_by_word(examples.centers, result.d_centers)
        _adagrad(model.center_vectors, unique, d_centers, squares.center_vectors, rate)
        return result.losses


def summed_by_word(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids, and for each the sum of its rows."""
    order = np.argsort(ids, kind="stable")
    unique, starts = np.unique(ids[order], return_index=True)
    return unique, np.add.reduceat(rows[order], starts, axis=0)
