"""Counter-based random numbers: the n-th number of a stream is a function of its key and n."""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.numerics.jit import jit

# Purposes of random streams: the second part of a stream's key, so that no two streams share their
# numbers. Training:
STREAM_INIT, STREAM_PAIRS, STREAM_NOISE, STREAM_ORDER = 0, 1, 2, 3
# Held-out pairs:
STREAM_SPLIT, STREAM_HELD_OUT_PAIRS, STREAM_THINNING, STREAM_FRESH_NOISE = 16, 17, 18, 19

# SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators",
# figure 16): its n-th output depends only on seed + n * gamma, so any thread can make any draw at
# any time.
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_SHIFT_1 = np.uint64(30)
_SHIFT_2 = np.uint64(27)
_SHIFT_3 = np.uint64(31)
_HIGH_HALF = np.uint64(32)
_LOW_HALF = np.uint64(0xFFFFFFFF)


@jit
def draw(key: Any, n: Any) -> Any:
    """The n-th 64 random bits of the stream `key` (both uint64)."""
    z = key + n * _GAMMA
    z = (z ^ (z >> _SHIFT_1)) * _MIX_1
    z = (z ^ (z >> _SHIFT_2)) * _MIX_2
    return z ^ (z >> _SHIFT_3)


@jit
def below(bits: Any, bound: Any) -> Any:
    """Map the high 32 of 64 random `bits` to 0 .. bound - 1 (bound < 2**32, uint64).

    The multiplication of Lemire 2019 ("Fast Random Integer Generation in an Interval") without
    rejection: the probability of an outcome is off by at most one part in 2**32 / bound.
    """
    return ((bits >> _HIGH_HALF) * bound) >> _HIGH_HALF


@jit
def low_half(bits: Any) -> Any:
    """The low 32 of 64 random bits, as uint64; independent of those that `below` uses."""
    return bits & _LOW_HALF


_MASK_64 = (1 << 64) - 1


def stream_key(*parts: int) -> np.uint64:
    """Combine integers such as (seed, stream, epoch, block) into a key; each part affects all bits.

    Computed in Python integers, once per block: the same on every machine.
    """
    key = 0
    for part in parts:
        z = (key ^ (part & _MASK_64)) + int(_GAMMA) & _MASK_64
        z = ((z ^ (z >> 30)) * int(_MIX_1)) & _MASK_64
        z = ((z ^ (z >> 27)) * int(_MIX_2)) & _MASK_64
        key = z ^ (z >> 31)
    return np.uint64(key)


def stream_keys(*parts: int, last: np.ndarray) -> np.ndarray:
    """`stream_key(*parts, n)` for each n in `last`, (N,) uint64."""
    z = (stream_key(*parts) ^ last.astype(np.uint64)) + _GAMMA
    z = (z ^ (z >> _SHIFT_1)) * _MIX_1
    z = (z ^ (z >> _SHIFT_2)) * _MIX_2
    keys: np.ndarray = z ^ (z >> _SHIFT_3)
    return keys


@jit
def _fill_uniform(key: Any, half_width: Any, out: Any) -> None:
    scale = 2.0 * half_width / 2.0**53
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            bits = draw(key, np.uint64(row) * np.uint64(out.shape[1]) + np.uint64(column))
            out[row, column] = np.float64(bits >> np.uint64(11)) * scale - half_width


def fill_uniform(seed: int, stream: int, half_width: float, out: np.ndarray) -> None:
    """Fill `out` (2-D) with uniform draws from [-half_width, half_width)."""
    _fill_uniform(stream_key(seed, stream), half_width, out)
