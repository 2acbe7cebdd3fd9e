"""Checks and conversions of the arguments of `Embeddings`: arrays, numbers of words, queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from w2v.errors import ConfigError, InputError, shown
from w2v.formats.table import CountVector

_MAX_COUNT = 2.0**53


def number_of_words(name: str, value: object) -> int:
    """Check for a positive integer, Python's or NumPy's.

    Raises:
        ConfigError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ConfigError(f"{name}: {shown(value)} is not a number of words, 1 or more")
    return int(value)


def float32_array(name: str, given: object) -> Any:
    """A read-only float32 array: the given one if it is one already, otherwise a copy.

    Raises:
        InputError: it is not an array of numbers.
    """
    array = given if isinstance(given, np.memmap) else _numeric(name, given)
    if array.dtype == np.float32 and not array.flags.writeable:
        return array
    with np.errstate(over="ignore"):  # infinities are refused with the word that has them
        copy = np.array(array, np.float32)
    copy.flags.writeable = False
    return copy


def count_array(given: object) -> CountVector:
    """A read-only int64 copy of an array of counts.

    Raises:
        InputError: a number is negative or not whole.
    """
    array = _numeric("counts", given)
    if array.size and not (
        np.all(array >= 0) and np.all(array <= _MAX_COUNT) and np.all(array == np.floor(array))
    ):
        raise InputError("counts: all must be whole numbers, 0 or more")
    counts: CountVector = array.astype(np.int64)
    counts.flags.writeable = False
    return counts


def _numeric(name: str, given: object) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(given)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{name}: not an array of numbers: {error}") from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"{name}: an array of {array.dtype}, not of numbers")
    return array


def as_list(keys: Any) -> list[Any]:
    """A list of words and vectors; a single one becomes a list of one, not of its letters."""
    if isinstance(keys, str) or (
        isinstance(keys, np.ndarray) and keys.ndim == 1 and keys.dtype.kind in "fiu"
    ):
        return [keys]
    if keys is None:
        return []
    if not isinstance(keys, Iterable):
        raise InputError(f"expected a word, a vector or a list of them, got {shown(keys)}")
    return list(keys)


def weighted_keys(positive: Any, negative: Any) -> tuple[list[Any], list[float]]:
    """The keys of a query and their weights, 1 and -1 unless given."""
    keys: list[Any] = []
    weights: list[float] = []
    for group, sign in ((as_list(positive), 1.0), (as_list(negative), -1.0)):
        for key in group:
            weighted = isinstance(key, tuple)
            if weighted and not (len(key) == 2 and isinstance(key[1], int | float | np.number)):
                raise InputError(f"expected (word, weight), got {shown(key)}")
            keys.append(key[0] if weighted else key)
            weights.append(float(key[1]) if weighted else sign)
    if not keys:
        raise ConfigError("most_similar: no words")
    return keys, weights
