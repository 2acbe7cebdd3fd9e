"""One step of the full softmax on a batch of examples: exact gradients, then row-wise AdaGrad.

With X the center vectors of R examples, Y all context vectors, b the output bias and t the labels:

    logits = X Y^T + b                    (R, V)    one matrix product
    G = weights * (softmax(logits) - t)   (R, V)    in place, fused: `w2v.losses.softmax`
    dX = G Y,   dY = G^T X,   db = sum of G's rows  two matrix products

6 R V D floating-point operations, nearly all of them in NumPy's matrix products. The only array
that grows with R V is `logits`: rows go through it a few at a time, so that it never exceeds
`BUFFER_BYTES`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from w2v.cooccurrence import Examples
from w2v.losses.base import FullLoss
from w2v.numerics import jit

BUFFER_BYTES = 128 * 2**20
"""The largest buffer of logits; one row of them is always allowed."""


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

    Args:
        loss: gives loss and gradient of rows of logits.
        model: the parameters; float32 to train, float64 to check.
        batch_size: the most rows of a step.
        workers: threads of the fused part (the matrix products have their own).
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
        self.rows_at_once = max(1, min(batch_size, BUFFER_BYTES // (size * dtype.itemsize)))
        self._logits = np.empty((self.rows_at_once, size), dtype)
        self._d_contexts = np.empty((size, columns), dtype)
        self._more = (
            np.empty((size, columns), dtype) if self.rows_at_once < batch_size else self._d_contexts
        )
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="w2v-softmax")

    def memory_bytes(self) -> int:
        """Working memory."""
        more = 0 if self._more is self._d_contexts else self._more.nbytes
        return self._logits.nbytes + self._d_contexts.nbytes + more

    def gradients(self, examples: Examples, weights: np.ndarray) -> Gradients:
        """Losses and gradients of the weighted sum; the arrays are overwritten by the next call."""
        model, dtype = self.model, self.model.context_vectors.dtype
        n = len(examples.centers)
        losses = np.empty(n)
        d_centers = np.empty((n, model.context_vectors.shape[1]), dtype)
        d_bias = np.zeros_like(model.bias)
        for first in range(0, n, self.rows_at_once):
            self.check()
            part = examples.take(first, min(first + self.rows_at_once, n))
            rows = slice(first, first + len(part.centers))
            centers = model.center_vectors[part.centers]
            logits = self._logits[: len(part.centers)]
            np.matmul(centers, model.context_vectors.T, out=logits)
            self._rows(logits, part, weights[rows].astype(dtype), losses[rows])
            np.matmul(logits, model.context_vectors, out=d_centers[rows])
            target = self._d_contexts if first == 0 else self._more
            np.matmul(logits.T, centers, out=target)
            if first:
                self._d_contexts += self._more
            d_bias += np.ones(len(logits), dtype) @ logits  # BLAS sums faster than NumPy
        return Gradients(losses, d_centers, self._d_contexts, d_bias)

    def _rows(
        self, logits: np.ndarray, part: Examples, weights: np.ndarray, losses: np.ndarray
    ) -> None:
        def work(first: int, last: int) -> None:
            self.loss.rows(
                logits, self.model.bias, weights, part.starts, part.contexts, part.probs, first,
                last, losses,
            )  # fmt: skip

        self.in_threads(work, len(logits))

    def in_threads(self, work: Callable[[int, int], None], n: int) -> None:
        """Run work(first, last) over 0..n in equal parts, one a thread."""
        if self.workers == 1:
            work(0, n)
            return
        edges = [n * k // self.workers for k in range(self.workers + 1)]
        list(self._pool.map(work, edges[:-1], edges[1:]))

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()


@jit
def _adagrad(
    params: Any, ids: Any, gradient: Any, squares: Any, lr: Any, first: Any, last: Any
) -> None:
    """Update the rows ids[first:last] of `params` by those rows of `gradient`."""
    columns = params.shape[1]
    for i in range(first, last):
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
        softmax: lends its threads.
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

    def step(self, centers: np.ndarray, gradients: Gradients, lr: float) -> None:
        """Update the rows of `centers` (R,), all context vectors and the bias."""
        rate = self.model.bias.dtype.type(lr)
        unique, d_centers = summed_by_word(centers, gradients.d_centers)
        model, squares, every = self.model, self.squares, self._words
        _adagrad(model.center_vectors, unique, d_centers, squares.center_vectors, rate, 0,
                 len(unique))  # fmt: skip
        contexts = model.context_vectors, every, gradients.d_contexts, squares.context_vectors
        self.softmax.in_threads(partial(_adagrad, *contexts, rate), len(every))
        if self.learn_bias:  # a column of rows with one number each
            _adagrad(model.bias[:, None], every, gradients.d_bias[:, None], squares.bias, rate, 0,
                     len(every))  # fmt: skip


def summed_by_word(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids, and for each the sum of its rows."""
    order = np.argsort(ids, kind="stable")
    unique, starts = np.unique(ids[order], return_index=True)
    return unique, np.add.reduceat(rows[order], starts, axis=0)
