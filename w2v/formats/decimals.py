"""float32 to shortest decimal digits and back, a block at a time, in NumPy.

`format_rows` writes the fewest digits that give the same float32 again; `parse` reads. Both take a
fast path whose arithmetic is exact, and leave every other number to Python's own conversion.

Why exact: a float32 has 24 significant bits, and 10**12 = 2**12 * 5**12 with 5**12 < 2**28, so a
float32 times 10**k, k <= 12, fits the 53 bits of a float64. And an integer below 2**53 divided by
10**k, k <= 22, is rounded once, which is what a correct decimal parser does (Clinger 1990,
"How to read floating point numbers accurately", section 3).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from w2v.formats.table import FloatMatrix

Bytes = np.ndarray[Any, np.dtype[np.uint8]]
Positions = np.ndarray[Any, np.dtype[np.intp]]

_DECIMALS = 12
_MOST_DIGITS = 9
"""Significant digits that tell any two float32 apart (FLT_DECIMAL_DIG)."""
_FEWEST_DIGITS = 6
"""With this many (FLT_DIG) any decimal survives; shorter ones end in zeros, which are dropped."""

_SMALLEST, _LARGEST = np.float32(1e-4), np.float32(10)
"""Between these the fast path: one digit before the point. Below, an exponent is written, 1e-05."""

_POWERS = 10.0 ** np.arange(23)
_TEN_THOUSAND = 10**4

_FOUR_DIGITS = np.array([b"%04d" % i for i in range(_TEN_THOUSAND)]).view("<u4")
"""The characters of 0000 to 9999."""
_TRAILING_ZEROS = np.array([4 - len((b"%04d" % i).rstrip(b"0")) for i in range(10_000)], np.uint8)
_SIGN_AND_POINT = np.array(
    [b" %c%d." % (sign, digit) for sign in b"\0-" for digit in range(10)]
).view("<u4")
"""Separator, sign, digit and point of a number, by 10 * negative + digit."""

_WIDTH = 16
_KEPT = np.zeros((2, _DECIMALS + 1, _WIDTH), np.bool_)
"""Which of a number's 16 characters are written, by sign and number of trailing zeros."""
for _zeros in range(_DECIMALS + 1):
    _KEPT[:, _zeros, : _WIDTH - min(_zeros, _DECIMALS - 1)] = True
_KEPT[0, :, 1] = False


def format_rows(rows: FloatMatrix) -> list[bytes]:
    """The text of each row: its numbers, each with a space before it.

    Args:
        rows: (R, D) float32, finite.

    Returns:
        R texts such as ``b" 0.25 -1.0 1e-05"``. A number is the shortest decimal that rounds to
        it, with a point or an exponent, as Python's `repr` writes. (Of a power of two the digits
        may be one more than the shortest: its neighbour below is nearer than the one above.)
    """
    numbers = rows.reshape(-1)
    magnitude = np.abs(numbers)
    fast = ((magnitude > _SMALLEST) & (magnitude < _LARGEST)) | (magnitude == 0)
    exact = np.where(fast, magnitude, 0).astype(np.float64)
    scaled = _shortest(exact, np.where(fast, magnitude, 0))
    head, low = np.divmod(scaled, _TEN_THOUSAND)
    head, middle = np.divmod(head, _TEN_THOUSAND)
    digit, high = np.divmod(head, _TEN_THOUSAND)
    negative = np.signbit(numbers).astype(np.intp)
    characters = np.empty((len(numbers), _WIDTH // 4), "<u4")
    characters[:, 0] = _SIGN_AND_POINT[10 * negative + digit]
    characters[:, 1] = _FOUR_DIGITS[high]
    characters[:, 2] = _FOUR_DIGITS[middle]
    characters[:, 3] = _FOUR_DIGITS[low]
    zeros = _TRAILING_ZEROS[low].astype(np.intp)
    zeros += np.where(low == 0, _TRAILING_ZEROS[middle], 0)
    zeros += np.where((low == 0) & (middle == 0), _TRAILING_ZEROS[high], 0)
    kept = _KEPT[negative, zeros]
    slow = np.flatnonzero(~fast)
    kept[slow] = False
    text = characters.view(np.uint8)[kept].tobytes()
    ends = np.cumsum(kept.sum(axis=1, dtype=np.intp))
    return _cut(text, ends, numbers, slow, rows.shape[1])


def _shortest(exact: np.ndarray[Any, Any], magnitude: np.ndarray[Any, Any]) -> Any:
    """(N,) int64: the shortest decimal of each number, in units of 10**-12."""
    exponent = np.zeros(len(exact), np.intp)
    for power in (1e-3, 1e-2, 1e-1, 1.0):
        exponent += exact >= power
    # exponent 0 is [1e-4, 1e-3): the first significant digit is the fourth decimal.
    result = np.zeros(len(exact), np.int64)
    for digits in range(_MOST_DIGITS, _FEWEST_DIGITS - 1, -1):
        decimals = digits + 3 - exponent
        power_of_ten = _POWERS[decimals]
        rounded = np.rint(exact * power_of_ten)
        same = (rounded / power_of_ten).astype(np.float32) == magnitude
        unit = _POWERS[_DECIMALS - decimals]
        np.copyto(result, (rounded * unit).astype(np.int64), where=same)
    return result


def _cut(
    text: bytes, ends: Positions, numbers: FloatMatrix, slow: Positions, width: int
) -> list[bytes]:
    """Cut a block's text into rows, putting the numbers of the slow path in their places."""
    row_ends = [0, *ends[width - 1 :: width].tolist()]
    rows = [text[begin:end] for begin, end in pairwise(row_ends)]
    if not len(slow):
        return rows
    pieces: dict[int, list[bytes]] = {}
    done: dict[int, int] = {}
    for number, end in zip(slow.tolist(), ends[slow].tolist(), strict=True):
        row = number // width
        begin = done.get(row, row_ends[row])
        # str of a NumPy float32 is its shortest repr, without the type's name.
        pieces.setdefault(row, []).extend((text[begin:end], b" ", str(numbers[number]).encode()))
        done[row] = end
    for row, parts in pieces.items():
        rows[row] = b"".join((*parts, text[done[row] : row_ends[row + 1]]))
    return rows


_MOST_PARSED_DECIMALS = 14
"""With one digit before the point, 15 digits: below 2**53."""
PADDING = 16
"""Bytes that must lie before the first number `parse` looks at."""

_ASCII_ZEROS = np.uint64(0x3030303030303030)
_ABOVE_NINE = np.uint64(0x7676767676767676)
_HIGH_BITS = np.uint64(0x8080808080808080)
_LAST_BYTES = np.array([0, *(2**64 - 2 ** (64 - 8 * k) for k in range(1, 9))], np.uint64)
"""Masks for the last k of 8 little-endian characters."""


def parse(text: Bytes, begins: Positions, ends: Positions) -> tuple[Any, Positions]:
    """Read plain decimals with one digit before the point, such as ``-0.0123``.

    Args:
        text: a block of characters, with `PADDING` bytes before the first number.
        begins: (N,) where each number begins.
        ends: (N,) where each ends.

    Returns:
        (N,) float32, and the positions among the N of those that are something else: exponents,
        integers, several digits before the point, or no numbers at all. Their values are 0.
    """
    negative = text[begins] == ord("-")
    first = begins + negative
    decimals = ends - first - 2
    plain = (decimals > 0) & (decimals <= _MOST_PARSED_DECIMALS)
    digit = text[first] ^ np.uint8(ord("0"))
    plain &= digit <= 9
    plain &= text[np.minimum(first + 1, len(text) - 1)] == ord(".")
    decimals = np.where(plain, decimals, 0)
    # Every position as the begin of an 8-character word, without a copy.
    words: Any = np.ndarray((len(text) - 7,), "<u8", text.data, strides=(1,))
    low, low_good = _digits(words[ends - 8], np.minimum(decimals, 8))
    high, high_good = _digits(words[ends - 16], np.maximum(decimals - 8, 0))
    plain &= low_good & high_good
    value = digit * _POWERS[decimals] + (high * np.uint64(10**8) + low)
    value = (value / _POWERS[decimals]).astype(np.float32)
    numbers = np.where(negative, -value, value)
    other = np.flatnonzero(~plain)
    numbers[other] = 0
    return numbers, other


def _digits(characters: Any, count: Any) -> tuple[Any, Any]:
    """The value of the last `count` of 8 characters, and whether all those are digits.

    Three multiplications add up pairs, then fours, then all eight digits at once (Lemire and
    Langdale, "Parsing gigabytes of JSON per second", 2019, section 3.2.1).
    """
    values = (characters ^ _ASCII_ZEROS) & _LAST_BYTES[count]
    good = ((values | (values + _ABOVE_NINE)) & _HIGH_BITS) == 0
    values = (values * np.uint64(10 * 2**8 + 1)) >> np.uint64(8)
    values = ((values & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(100 * 2**16 + 1)) >> np.uint64(
        16
    )
    values = ((values & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(10**4 * 2**32 + 1)) >> np.uint64(
        32
    )
    return values, good
