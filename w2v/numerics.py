"""Scalar numerics for kernels, counter-based random numbers, and the one place that owns the JIT.

Scalar functions here run inside Numba and, with ``NUMBA_DISABLE_JIT=1``, as plain Python; they
allocate nothing and never raise. What is not here: anything that knows of vectors, losses or words.
"""

from __future__ import annotations

import hashlib
import math
import os
import shutil
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.extending import overload

numba_config: Any = numba.config

FASTMATH = frozenset({"reassoc", "contract", "nsz"})
"""The licences given to LLVM, and no others.

`reassoc` lets a dot product be summed in vector lanes, `contract` fuses multiply and add, `nsz`
is needed by LLVM for both. `nnan` and `ninf` are absent on purpose: NaN and infinity must travel
through a kernel to be noticed at its end.
"""


def _lanes() -> int:
    """See `LANES`."""
    features = numba_config.CPU_FEATURES
    if features is None:
        features = llvmlite.binding.get_host_cpu_features().flatten()
    return 16 if "+avx512f" in features.split(",") else 8


LANES = _lanes()
"""Numbers in a vector of the code that is written for registers: a float32 register of AVX-512, or
of AVX2; two of NEON or SSE. Twice a register's size would work too, but needs two for each sum."""

KEPT_CACHE_VERSIONS = 8
"""How many versions of compiled kernels stay on disk; the oldest go first."""


def _cache_dir() -> Path | None:
    """Folder for compiled kernels, named after every source file of the package.

    Numba notices an edit only in the file that holds a function, not in the functions that it
    inlines from elsewhere. A folder a version of the sources makes a stale kernel impossible.
    None where no such folder can be written; kernels are then compiled in each process.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    versions = Path(root).expanduser() / "w2v-kernels"
    folder = versions / digest.hexdigest()[:16]
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            by_age = sorted(versions.iterdir(), key=lambda entry: entry.stat().st_mtime)
            for old in by_age[:-KEPT_CACHE_VERSIONS]:
                shutil.rmtree(old, ignore_errors=True)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    return folder if os.access(folder, os.W_OK) else None


_CACHE_DIR = _cache_dir()


def jit(function: Callable[..., Any], *, inline: bool = False) -> Any:
    """Compile `function` with Numba on first call: no GIL, cached on disk, `FASTMATH`.

    With `inline`, compiled callers get a copy of its code in place of a call: worth it where many
    arrays are passed, each of which costs a call seven arguments and a count of references.
    """
    previous = numba_config.CACHE_DIR
    if _CACHE_DIR is not None:
        numba_config.CACHE_DIR = str(_CACHE_DIR)
    try:
        return numba.njit(
            nogil=True,
            cache=_CACHE_DIR is not None,
            fastmath=set(FASTMATH),
            error_model="numpy",  # division by zero gives inf, and costs no branch
            inline="always" if inline else "never",
        )(function)
    finally:
        numba_config.CACHE_DIR = previous


def specialise(
    template: Callable[..., Any], name: str, *, inline: bool = False, **constants: Any
) -> Any:
    """A compiled copy of `template` in which global names are frozen to `constants`.

    Numba treats globals as compile-time constants, so LLVM sees, for example, the vector size as
    a number, and a loss function as code to inline. `name` must tell apart all the constants: it
    names the compiled copy on disk.
    """
    frozen = {**template.__globals__, **constants}
    copy = types.FunctionType(template.__code__, frozen, template.__name__, template.__defaults__)
    copy.__qualname__ = f"{template.__qualname__}-{name}"
    copy.__module__ = template.__module__
    return jit(copy, inline=inline)


# --- exp, sigmoid and friends -----------------------------------------------------------------

_LOG2_E = np.float32(1.44269504088896341)
# ln 2 in two parts, so that n * _LN2_HIGH is exact (Cephes, expf).
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
# exp(r) = 1 + r + r^2 * p(r) for |r| <= ln(2) / 2; minimax coefficients of Cephes, expf.
_P0 = np.float32(1.9875691500e-4)
_P1 = np.float32(1.3981999507e-3)
_P2 = np.float32(8.3334519073e-3)
_P3 = np.float32(4.1665795894e-2)
_P4 = np.float32(1.6666665459e-1)
_P5 = np.float32(5.0000001201e-1)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_MIN_ARGUMENT = np.float32(-87.0)  # exp(-87) is the last normal float32
_MAX_ARGUMENT = np.float32(88.0)
_EXPONENT_BIAS = np.int32(127)
_MANTISSA_BITS = np.int32(23)


def exp(x: Any) -> Any:
    """e**x; for float32 a polynomial that LLVM can vectorise, relative error below 2e-7.

    Numba has no vector library for `math.exp` (Intel's SVML is gone), so that a loop over it runs
    one element at a time. The float32 version saturates at exp(-87) and exp(88). NaN stays NaN.
    """
    return _like(x, math.exp(x))


def _like(x: Any, value: float) -> Any:
    """With the JIT off: `value` in the precision of x, which a Python float would not keep."""
    return np.asarray(x).dtype.type(value)


def _exp32(x: Any) -> Any:
    x = _MIN_ARGUMENT if x < _MIN_ARGUMENT else x
    x = _MAX_ARGUMENT if x > _MAX_ARGUMENT else x
    n = np.floor(x * _LOG2_E + _HALF)
    r = x - n * _LN2_HIGH
    r = r - n * _LN2_LOW
    p = _P0 * r + _P1
    p = p * r + _P2
    p = p * r + _P3
    p = p * r + _P4
    p = p * r + _P5
    p = p * r * r + r + _ONE
    two_to_n = np.int32((np.int32(n) + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float32)
    return p * two_to_n


@overload(exp, strict=False)
def _overload_exp(x: Any) -> Any:
    if x == numba.float32:
        return lambda x: _exp32_jit(x)
    return lambda x: math.exp(x)


_exp32_jit = jit(_exp32)


# ln(1 + e) = 2 artanh(s), s = e / (2 + e) <= 1/3 for e in [0, 1]: the series
# 2 s (1 + s^2/3 + s^4/5 + ...) is below float32's rounding after the term s^14 / 15.
_LOG1P_SERIES = (1.0, 1 / 3, 1 / 5, 1 / 7, 1 / 9, 1 / 11, 1 / 13, 1 / 15)
_S0, _S1, _S2, _S3, _S4, _S5, _S6, _S7 = (np.float32(c) for c in _LOG1P_SERIES)
_TWO = np.float32(2.0)


def log1p_unit(e: Any) -> Any:
    """ln(1 + e) for e in [0, 1]; for float32 a series that LLVM can vectorise."""
    return _like(e, math.log1p(e))


def _log1p_unit32(e: Any) -> Any:
    s = e / (_TWO + e)
    s2 = s * s
    p = _S7 * s2 + _S6
    p = p * s2 + _S5
    p = p * s2 + _S4
    p = p * s2 + _S3
    p = p * s2 + _S2
    p = p * s2 + _S1
    p = p * s2 + _S0
    return _TWO * s * p


_log1p_unit32_jit = jit(_log1p_unit32)


@overload(log1p_unit, strict=False)
def _overload_log1p_unit(e: Any) -> Any:
    if e == numba.float32:
        return lambda e: _log1p_unit32_jit(e)
    return lambda e: math.log1p(e)


@jit
def sigmoid_and_softplus(x: Any) -> Any:
    """(sigmoid(x), ln(1 + e^x)) of one logit, from one exponential; no overflow at any finite x.

    With e = exp(-|x|): softplus(x) = max(x, 0) + ln(1 + e), and sigmoid(x) is 1 / (1 + e) for
    x >= 0 and e / (1 + e) below, so that neither loses its small values to rounding.
    """
    e = exp(-abs(x))
    inverse = _ONE / (_ONE + e)
    sigmoid = inverse if x >= _ZERO else e * inverse
    softplus = (x if x > _ZERO else _ZERO) + log1p_unit(e)
    return sigmoid, softplus


# --- counter-based random numbers -------------------------------------------------------------

# SplitMix64 (Steele, Lea and Flood 2014, "Fast Splittable Pseudorandom Number Generators",
# figure 16): its n-th output is a function of seed + n * gamma alone, so that any draw can be
# made at any time, by any thread.
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

    The scaled multiply of Lemire 2019 without rejection: no outcome is off by more than one part
    in 2**32 / bound.
    """
    return ((bits >> _HIGH_HALF) * bound) >> _HIGH_HALF


@jit
def low_half(bits: Any) -> Any:
    """The low 32 of 64 random bits, as uint64; independent of what `below` uses."""
    return bits & _LOW_HALF


_MASK_64 = (1 << 64) - 1


def stream_key(*parts: int) -> np.uint64:
    """One key from integers such as (seed, stream, epoch, block); each part changes all the bits.

    Python integers, so that a kernel's key is made once a block and never depends on a machine.
    """
    key = 0
    for part in parts:
        z = (key ^ (part & _MASK_64)) + int(_GAMMA) & _MASK_64
        z = ((z ^ (z >> 30)) * int(_MIX_1)) & _MASK_64
        z = ((z ^ (z >> 27)) * int(_MIX_2)) & _MASK_64
        key = z ^ (z >> 31)
    return np.uint64(key)


@jit
def _fill_uniform(key: Any, half_width: Any, out: Any) -> None:
    scale = 2.0 * half_width / 2.0**53
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            bits = draw(key, np.uint64(row) * np.uint64(out.shape[1]) + np.uint64(column))
            out[row, column] = np.float64(bits >> np.uint64(11)) * scale - half_width


# --- memory -----------------------------------------------------------------------------------

CACHE_LINE_BYTES = 64


def aligned_zeros(rows: int, columns: int, dtype: Any = np.float32) -> np.ndarray:
    """Zeros of shape (rows, columns) whose first byte starts a cache line.

    With a row length that is a multiple of 64 bytes no row straddles two lines more than it must.
    Pages are touched on first write (calloc), so that a large matrix costs nothing to ask for.
    """
    itemsize = np.dtype(dtype).itemsize
    buffer = np.zeros(rows * columns * itemsize + CACHE_LINE_BYTES, dtype=np.uint8)
    start = -buffer.ctypes.data % CACHE_LINE_BYTES
    flat: np.ndarray = buffer[start : start + rows * columns * itemsize].view(dtype)
    return flat.reshape(rows, columns)


def padded(columns: int, dtype: Any = np.float32) -> int:
    """`columns` rounded up so that a row is a whole number of cache lines."""
    per_line: int = CACHE_LINE_BYTES // np.dtype(dtype).itemsize
    return -(-columns // per_line) * per_line


def fill_uniform(seed: int, stream: int, half_width: float, out: np.ndarray) -> None:
    """Fill `out` (2-D) with draws uniform in [-half_width, half_width)."""
    _fill_uniform(stream_key(seed, stream), half_width, out)
