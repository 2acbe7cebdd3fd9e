"""A model and a corpus on an NVIDIA GPU, and the kernel launches that train blocks of it.

Everything stays on the GPU between launches, including the token ids if they fit; otherwise, the
ids for the next launch are copied while the kernel runs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.corpus.windows import Window
from w2v.kernels.cuda import SCRATCH_ROWS, SIMULATED, CudaKernel, cuda
from w2v.kernels.sampled import Model

TOKEN_MEMORY_PART = 0.5
"""Fraction of the GPU's free memory to use for token ids."""


class CudaBlocks:
    """Trains blocks of a corpus on the GPU; see the module's docstring.

    Args:
        kernel: compiled for the model's shape and precision.
        model: the parameters to start from.
        tokens, starts, edges: ids, and where sentences and blocks begin; see `CudaKernel.train`.
        thresholds, alias_table: for subsampling and noise; see `w2v.kernels.sampled`.
        window: the window, not harmonic: all pairs weigh 1.
        in_flight: maximum number of blocks trained at the same time.
        token_bytes: memory for token ids; None uses `TOKEN_MEMORY_PART` of the free memory.
    """

    def __init__(
        self,
        kernel: CudaKernel,
        model: Model,
        tokens: np.ndarray,
        starts: np.ndarray,
        edges: np.ndarray,
        thresholds: np.ndarray,
        alias_table: np.ndarray,
        window: Window,
        in_flight: int,
        token_bytes: int | None = None,
    ) -> None:
        self._kernel = kernel
        self._in_flight = in_flight
        assert window.distance_weights != "harmonic"
        self._window = window
        self._word_edges = starts[edges]
        block_words = int(np.diff(self._word_edges).max())
        self._arrays = [cuda.to_device(np.ascontiguousarray(array).reshape(-1)) for array in model]
        self._starts = cuda.to_device(np.ascontiguousarray(starts))
        self._edges = np.ascontiguousarray(edges)
        self._thresholds = cuda.to_device(thresholds)
        self._alias_table = cuda.to_device(alias_table)
        # Not the default stream, which would keep ids from being copied at the same time.
        self._stream = cuda.stream()
        scratch_shape = in_flight, SCRATCH_ROWS, block_words + 1
        self._scratches = cuda.device_array(scratch_shape, dtype=np.int32)
        layout = kernel.layout
        batch_shape = in_flight, layout.batch_groups, layout.record_size
        self._batches = cuda.device_array(batch_shape, dtype=np.int32)
        if token_bytes is None:
            token_bytes = int(TOKEN_MEMORY_PART * _free_bytes())
        self._tokens: _Tokens | _StreamedTokens
        if tokens.nbytes <= token_bytes:
            self._tokens = _Tokens(tokens)
            self.most_blocks = len(edges) - 1
        else:
            self._tokens = _StreamedTokens(tokens, token_bytes // 2)
            self.most_blocks = max(1, token_bytes // 2 // (block_words * tokens.itemsize))

    def upload(self, model: Model) -> None:
        """Copy the model to the GPU."""
        for array, source in zip(self._arrays, model, strict=True):
            array.copy_to_device(np.ascontiguousarray(source).reshape(-1))

    def download(self, model: Model) -> None:
        """Copy the model from the GPU into the arrays of `model`."""
        for array, target in zip(self._arrays, model, strict=True):
            target[...] = array.copy_to_host().reshape(target.shape)

    def train(
        self, first: int, last: int, rates: np.ndarray, pair_keys: np.ndarray,
        noise_keys: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
        """Train the blocks first..last - 1, at most `most_blocks` of them.

        Args:
            first, last: bounds of the blocks.
            rates: (B,), the learning rate of each, in the precision of the model.
            pair_keys, noise_keys: (B,) uint64, the random streams of each.

        Returns:
            (B,) each: summed losses in nats, numbers of pairs, numbers of words that subsampling
            kept.
        """
        n = last - first
        begin, end = int(self._word_edges[first]), int(self._word_edges[last])
        tokens, origin = self._tokens.at(begin, end)
        edges, next_block = self._edges[first : last + 1], np.zeros(1, np.int64)
        inputs = [cuda.to_device(array) for array in (edges, rates, pair_keys, noise_keys)]
        results = [cuda.to_device(np.zeros(n, dtype)) for dtype in (np.float64, np.int64, np.int64)]
        launch = self._kernel.launcher(min(self._in_flight, n), self._stream)
        launch(
            *self._arrays, tokens, origin, self._starts, inputs[0], self._thresholds,
            self._alias_table, self._window.left, self._window.right, int(self._window.shrinks),
            *inputs[1:], self._scratches, self._batches, cuda.to_device(next_block), *results,
        )  # fmt: skip
        following = min(last + n, len(self._edges) - 1)
        self._tokens.expect(end, int(self._word_edges[following]))
        losses, pairs, words = (result.copy_to_host() for result in results)  # waits
        return losses, pairs, words


class _Tokens:
    """Token ids that are all on the GPU."""

    def __init__(self, tokens: np.ndarray) -> None:
        self._tokens = cuda.to_device(np.ascontiguousarray(tokens))

    def at(self, begin: int, end: int) -> tuple[Any, int]:
        """An array on the GPU with the ids begin..end - 1, and the position of its first id."""
        return self._tokens, 0

    def expect(self, begin: int, end: int) -> None:
        """Announce the ids that are needed next."""


class _StreamedTokens:
    """Token ids that are copied to the GPU as needed, alternating between two buffers.

    Args:
        tokens: all ids.
        most_bytes: size of a buffer, the most that can be requested at once.
    """

    def __init__(self, tokens: np.ndarray, most_bytes: int) -> None:
        self._tokens = tokens
        size = most_bytes // tokens.itemsize
        self._here = [cuda.pinned_array(size, dtype=tokens.dtype) for _ in range(2)]
        self._there = [cuda.device_array(size, dtype=tokens.dtype) for _ in range(2)]
        self._stream = cuda.stream()
        self._newest = 0
        self._held = (0, 0)

    def at(self, begin: int, end: int) -> tuple[Any, int]:
        """See `_Tokens`."""
        if self._held != (begin, end):
            self.expect(begin, end)
        self._stream.synchronize()
        return self._there[self._newest], begin

    def expect(self, begin: int, end: int) -> None:
        """See `_Tokens`; the ids requested before stay in the other buffer."""
        if begin == end:
            return
        self._newest = 1 - self._newest
        self._held = begin, end
        here, there = self._here[self._newest], self._there[self._newest]
        here[: end - begin] = self._tokens[begin:end]
        there[: end - begin].copy_to_device(here[: end - begin], stream=self._stream)


def _free_bytes() -> int:
    """Free memory of the GPU."""
    if SIMULATED:
        return 2**30
    free: int = cuda.current_context().get_memory_info().free
    return free
