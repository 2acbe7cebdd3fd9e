"""One step of the full softmax on a batch of examples: exact gradients, then row-wise AdaGrad.

With X the center vectors of R examples, Y all context vectors, b the output bias, t the labels and
w the weights of the examples:

    logits = X Y^T + b                                 (R, V)    one matrix product
    G = w (softmax(logits) - t)                        (R, V)
    dX = G Y,   dY = G^T X,   db = sum over the rows of G        two matrix products

These are 6 R V D floating-point operations, nearly all of them in NumPy's matrix products. The
vocabulary is divided into panels of adjacent columns. Each thread makes two passes over its panels,
because the normaliser of a row is known only after all panels:

    first    logits of the panel; e = exp(logit - shift) while they are in the cache; sums of e
    second   residuals e - t Z; their two products, with X scaled by w / Z instead of the residuals;
             then the callback `use_panel`, while the panel's rows of dY are in the cache

The only array whose size grows with R V holds e. It takes as many rows at a time as fit into
`BUFFER_BYTES`.
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
"""Maximum size of the buffer of exponentials, which always holds at least one row."""

PANEL_COLUMNS = 2048
"""Maximum number of columns (words) in a panel: 256 rows of them take 2 MB, and stay in a core's
caches between the matrix product and the exponentials."""


class FullModel(NamedTuple):
    """Parameters: center and context vectors (V, D) and output bias (V,)."""

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    bias: np.ndarray


class Gradients(NamedTuple):
    """Gradients of the weighted sum of the rows' losses.

    Attributes:
        losses: (R,) float64, unweighted loss of each row in nats.
        d_centers: (R, D), one row per example; a center word may occur in several.
        d_contexts: (V, D).
        d_bias: (V,).
    """

    losses: np.ndarray
    d_centers: np.ndarray
    d_contexts: np.ndarray
    d_bias: np.ndarray


class FullSoftmax:
    """Computes gradients, and keeps its working memory from step to step.

    `workers` threads call matrix products at the same time, so BLAS should be limited to one thread
    of its own (`w2v.train.softmax` does that).

    Args:
        loss: computes losses and gradients of panels of logits.
        model: the parameters; float32 for training, float64 for gradient checks.
        batch_size: maximum number of rows in a step.
        workers: number of threads.
        check: called every second or so during a long computation; may raise.
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
        panels_each = -(-size // (PANEL_COLUMNS * workers))
        panels = min(size, panels_each * workers)  # the same number for each thread
        self.edges = np.array([size * k // panels for k in range(panels + 1)])
        self.rows_at_once = max(1, min(batch_size, BUFFER_BYTES // (size * dtype.itemsize)))
        self.buffers = [
            np.empty((self.rows_at_once, last - first), dtype)
            for first, last in pairwise(self.edges.tolist())
        ]
        self.d_contexts = np.empty((size, columns), dtype)
        self.d_bias = np.empty(size, dtype)
        self._pool = ThreadPool(workers, thread_name_prefix="w2v-softmax")

    def memory_bytes(self) -> int:
        """Size of the working memory in bytes."""
        buffers = sum(buffer.nbytes for buffer in self.buffers)
        return buffers + self.d_contexts.nbytes + self.d_bias.nbytes

    def gradients(
        self,
        examples: Examples,
        weights: np.ndarray,
        use_panel: Callable[[int, int], None] | None = None,
    ) -> Gradients:
        """Losses, and gradients of their weighted sum; the next call overwrites the large arrays.

        Args:
            examples: R rows.
            weights: (R,).
            use_panel: called with the bounds of each panel, first and last + 1, by the thread that
                has just computed these words' rows of `d_contexts` and `d_bias`. Their context
                vectors are not read again and may be updated.
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
            d_centers[first:last] = rows.products(first > 0, use_panel if last == n else None)
        return gradients

    def in_threads(self, work: Callable[[int], Any], n: int) -> list[Any]:
        """[work(0), ..., work(n - 1)], on all threads."""
        if self.workers == 1:
            return [work(k) for k in range(n)]
        return list(self._pool.map(work, range(n)))

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()


class _Rows:
    """Rows that share the buffer, and their intermediate results."""

    def __init__(self, softmax: FullSoftmax, examples: Examples, weights: np.ndarray) -> None:
        self.softmax = softmax
        model, dtype = softmax.model, softmax.model.bias.dtype
        self.centers = model.center_vectors[examples.centers]
        self.weights = weights.astype(dtype)
        self.labels = labels_by_panel(examples, softmax.edges)
        self.panels = list(pairwise(softmax.edges.tolist()))
        shape = len(self.panels), len(weights)
        self.shifts, self.sums = np.empty(shape, dtype), np.empty(shape, dtype)
        self.expected = np.zeros(shape)

    def exponentials(self) -> None:
        """First pass."""
        self.softmax.in_threads(self._exponentials_of, len(self.panels))

    def _exponentials_of(self, panel: int) -> None:
        words = slice(*self.panels[panel])
        model = self.softmax.model
        logits = self.softmax.buffers[panel][: len(self.centers)]
        _product(self.centers, model.context_vectors[words].T, out=logits)
        self.softmax.loss.exponentials(
            logits, model.bias[words], self.labels[panel], self.shifts[panel], self.sums[panel],
            self.expected[panel],
        )  # fmt: skip

    def losses(self) -> np.ndarray:
        """(R,) nats, by log-sum-exp over the panels."""
        shift = self.shifts.max(axis=0).astype(np.float64)
        self.totals = (self.sums * np.exp(self.shifts - shift)).sum(axis=0)
        self.ln_z = shift + np.log(self.totals)
        losses: np.ndarray = self.ln_z - self.expected.sum(axis=0)
        return losses

    def products(self, add: bool, use_panel: Callable[[int, int], None] | None) -> np.ndarray:
        """Second pass: fills `d_contexts` and `d_bias`, or adds to them; returns `d_centers`."""
        workers = self.softmax.workers

        def work(thread: int) -> Any:
            total = np.zeros_like(self.centers)
            for panel in reversed(range(thread, len(self.panels), workers)):
                total += self._products_of(panel, add)
                if use_panel is not None:
                    use_panel(*self.panels[panel])
            return total

        # Summed in the order of the threads: the same number of threads gives the same bytes.
        result: np.ndarray = np.sum(self.softmax.in_threads(work, workers), axis=0)
        return result

    def _products_of(self, panel: int, add: bool) -> np.ndarray:
        softmax, words = self.softmax, slice(*self.panels[panel])
        dtype = self.weights.dtype
        # Z in units of the panel's own e^shift; dlogits are the residuals times weight / Z.
        totals = np.exp(self.ln_z - self.shifts[panel])
        residuals = softmax.buffers[panel][: len(self.centers)]
        softmax.loss.residuals(residuals, self.labels[panel], totals.astype(dtype))
        scale = (self.weights / totals).astype(dtype)
        scaled_centers = self.centers * scale[:, None]
        if add:
            softmax.d_contexts[words] += _product(residuals.T, scaled_centers)
            softmax.d_bias[words] += _product(scale, residuals)
        else:
            _product(residuals.T, scaled_centers, out=softmax.d_contexts[words])
            _product(scale, residuals, out=softmax.d_bias[words])
        d_centers = _product(residuals, softmax.model.context_vectors[words])
        d_centers *= scale[:, None]
        return d_centers


def _product(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """A matrix product that never warns.

    OpenBLAS sometimes reports an invalid operation where there was none (numpy issue 24067). A real
    one shows up in the loss.
    """
    with np.errstate(invalid="ignore"):
        product: np.ndarray = np.matmul(a, b, out=out)
    return product


def labels_by_panel(examples: Examples, edges: np.ndarray) -> list[Labels]:
    """The labels of all rows by panel; panel p holds the words edges[p]..edges[p + 1] - 1."""
    rows = np.repeat(np.arange(len(examples.centers)), np.diff(examples.starts))
    panel = np.searchsorted(edges, examples.contexts, side="right") - 1
    order = np.argsort(panel.astype(np.int16 if len(edges) < 2**15 else np.int64), kind="stable")
    rows, contexts, probs = rows[order], examples.contexts[order], examples.probs[order]
    bounds = np.searchsorted(panel[order], np.arange(len(edges)))
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
"""Avoids 0 / 0 in rows that have not had a gradient yet."""


class AdaGrad:
    """AdaGrad (Duchi et al. 2011, section 1.1) with one sum of squares per row.

        squares += mean of g ** 2 over the row,   p -= lr * g / sqrt(squares)

    Frequent words take small steps and rare words large ones; no single rate of plain gradient
    descent on batches of whole rows suits both. With one sum per parameter, as in the paper, the
    direction of a step would depend on the axes: the first step is lr * sign(g), and a center word
    has only one step per pass to recover. docs/explanation/full-softmax.md has measurements.

    Args:
        model: the parameters, changed in place.
        softmax: computes their gradients.
        learn_bias: whether the output bias is trained.
        frozen_words: (V,) uint8, 1 for words whose center vectors are frozen; None if none are.
    """

    def __init__(
        self,
        model: FullModel,
        softmax: FullSoftmax,
        learn_bias: bool,
        frozen_words: np.ndarray | None = None,
    ) -> None:
        self.frozen_words = frozen_words
        self.model = model
        self.softmax = softmax
        self.learn_bias = learn_bias
        size, dtype = len(model.bias), model.bias.dtype
        self.squares = FullModel(*(np.zeros(size, dtype) for _ in model))
        self._words = np.arange(size, dtype=np.int64)

    def memory_bytes(self) -> int:
        """Size of the optimiser's arrays in bytes."""
        return sum(array.nbytes for array in self.squares) + self._words.nbytes

    def step(self, examples: Examples, weights: np.ndarray, lr: float) -> np.ndarray:
        """Take one step on the weighted sum of the losses.

        Args:
            examples: R rows.
            weights: (R,).
            lr: learning rate.

        Returns:
            (R,) float64, the unweighted loss of each row in nats, before the step.
        """
        model, squares, softmax = self.model, self.squares, self.softmax
        rate = model.bias.dtype.type(lr)

        def update(first: int, last: int) -> None:
            words, ids = slice(first, last), self._words[: last - first]
            _adagrad(model.context_vectors[words], ids, softmax.d_contexts[words],
                     squares.context_vectors[words], rate)  # fmt: skip
            if self.learn_bias:  # as a matrix of one column
                _adagrad(model.bias[words, None], ids, softmax.d_bias[words, None],
                         squares.bias[words], rate)  # fmt: skip

        result = softmax.gradients(examples, weights, update)
        unique, d_centers = summed_by_word(examples.centers, result.d_centers)
        if self.frozen_words is not None:
            free = self.frozen_words[unique] == 0
            unique, d_centers = unique[free], d_centers[free]
        _adagrad(model.center_vectors, unique, d_centers, squares.center_vectors, rate)
        return result.losses


def summed_by_word(ids: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct ids, and the sum of the rows of each."""
    order = np.argsort(ids, kind="stable")
    unique, starts = np.unique(ids[order], return_index=True)
    return unique, np.add.reduceat(rows[order], starts, axis=0)
