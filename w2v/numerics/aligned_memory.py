"""Matrices with rows aligned to cache lines."""

from __future__ import annotations

from typing import Any

import numpy as np

CACHE_LINE_BYTES = 64


def aligned_zeros(rows: int, columns: int, dtype: Any = np.float32) -> np.ndarray:
    """Zeros of shape (rows, columns), aligned to a cache line.

    Every row is aligned if `columns` comes from `padded`. Memory is mapped on first write (calloc),
    so a large matrix costs nothing until it is used.
    """
    itemsize = np.dtype(dtype).itemsize
    buffer = np.zeros(rows * columns * itemsize + CACHE_LINE_BYTES, dtype=np.uint8)
    start = -buffer.ctypes.data % CACHE_LINE_BYTES
    flat: np.ndarray = buffer[start : start + rows * columns * itemsize].view(dtype)
    return flat.reshape(rows, columns)


def padded(columns: int, dtype: Any = np.float32) -> int:
    """`columns` rounded up to a whole number of cache lines of `dtype`."""
    per_line: int = CACHE_LINE_BYTES // np.dtype(dtype).itemsize
    return -(-columns // per_line) * per_line
