"""Checks of arguments that functions of several packages take."""

from __future__ import annotations

import os
from numbers import Integral

from w2v.errors import ConfigError, InputError, shown


def positive(name: str, value: object, what: str = "an integer") -> int:
    """Check that an argument is a positive integer, of Python or NumPy, and return it.

    Args:
        name: name of the argument, for the message.
        value: its value.
        what: what it is, for the message.

    Raises:
        ConfigError: it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name}: expected {what}, at least 1, got {shown(value)}")
    return int(value)


def number_of_words(name: str, value: object) -> int:
    """`positive`, for a number of words."""
    return positive(name, value, "a number of words")


def has_surrogate(text: str) -> bool:
    """Whether a text contains half of a surrogate pair, which UTF-8 cannot encode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def check_path(name: str, value: object) -> None:
    """Check that an argument is a path.

    Args:
        name: name of the argument, for the message.
        value: its value.

    Raises:
        InputError: it is neither a str nor an `os.PathLike`.
    """
    if not isinstance(value, str | os.PathLike):
        raise InputError(f"{name}: {shown(value)} is not a path")
