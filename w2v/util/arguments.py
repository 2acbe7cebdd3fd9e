"""Checks of arguments that functions of several packages take."""

from __future__ import annotations

from numbers import Integral

from w2v.errors import ConfigError, shown


def number_of_words(name: str, value: object) -> int:
    """Check that an argument is a positive integer, of Python or NumPy, and return it.

    Args:
        name: name of the argument, for the message.
        value: its value.

    Raises:
        ConfigError: it is anything else.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ConfigError(f"{name}: expected a number of words, at least 1, got {shown(value)}")
    return int(value)
