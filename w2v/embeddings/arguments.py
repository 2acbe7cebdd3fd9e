"""Check and convert the arguments of `Embeddings`: arrays and queries."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np

from w2v.errors import ConfigError, InputError, shown
from w2v.formats.table import CountVector

_MAX_COUNT = 2.0**53


def float32_array(name: str, given: object) -> Any:
    """Convert an argument to a read-only float32 array; one that already is is not copied.

    Args:
        name: name of the argument, for the message.
        given: an array or a nested sequence of numbers.

    Raises:
        InputError: it is not an array of numbers.
    """
    array = given if isinstance(given, np.memmap) else _numeric(name, given)
    if array.dtype == np.float32 and not array.flags.writeable:
        return array
    with np.errstate(over="ignore"):  # infinities are refused later, with the word in the message
        copy = np.array(array, np.float32)
    copy.flags.writeable = False
    return copy


def count_array(given: object) -> CountVector:
    """Copy counts to a read-only int64 array.

    Raises:
        InputError: they are not numbers, or one is negative, too large or not whole.
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


def finite_weights(given: object) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Convert weights to a float64 array.

    Raises:
        InputError: they are not finite numbers.
    """
    try:
        weights = np.asarray(given, np.float64)
    except (TypeError, ValueError, OverflowError):
        weights = np.array(np.nan)
    if not np.isfinite(weights).all():
        raise InputError(f"weights: expected finite numbers, got {shown(given)}")
    return weights


def as_list(keys: Any) -> list[Any]:
    """Convert words and vectors to a list; a single word becomes a list of one, not of letters.

    Raises:
        InputError: it is neither a word, a vector nor an iterable.
    """
    if isinstance(keys, str) or (
        isinstance(keys, np.ndarray) and keys.ndim == 1 and keys.dtype.kind in "fiu"
    ):
        return [keys]
    if keys is None:
        return []
    if not isinstance(keys, Iterable):
        raise InputError(f"expected a word, a vector or a list of them, got {shown(keys)}")
    return list(keys)


def weighted_keys(positive: Any, negative: Any) -> tuple[list[Any], list[Any]]:
    """The keys of a query, and their weights: by default, 1 if positive and -1 if negative.

    Raises:
        InputError: a key is a tuple other than (word, weight).
        ConfigError: there are no keys.
    """
    keys: list[Any] = []
    weights: list[Any] = []
    for group, sign in ((as_list(positive), 1.0), (as_list(negative), -1.0)):
        for key in group:
            weighted = isinstance(key, tuple)
            if weighted and not (len(key) == 2 and isinstance(key[1], Real)):
                raise InputError(f"expected (word, weight), got {shown(key)}")
            keys.append(key[0] if weighted else key)
            weights.append(key[1] if weighted else sign)
    if not keys:
        raise ConfigError("most_similar: no words")
    return keys, weights
