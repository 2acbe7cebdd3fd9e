"""Validate the structure of JSON that was read from a file.

A shape is a type (`float` also accepts integers), None, a list of one shape (that of all items), a
dict from required keys to shapes, or a tuple of alternative shapes. This is all that checkpoints
and the results of a comparison need; a schema library would add a compiled dependency.
"""

from __future__ import annotations

from typing import Any

Shape = Any


def misfit(value: Any, shape: Shape, place: str = "") -> str | None:
    """Find the first value that does not fit its shape.

    Args:
        value: the parsed JSON.
        shape: see the module's docstring.
        place: where `value` is in the whole JSON.

    Returns:
        The place of the value, such as ``runs.2.seed``; None if all values fit.

    >>> misfit({"seeds": [1, "2"]}, {"seeds": [int]})
    'seeds.1'
    """
    if isinstance(shape, tuple):
        found = [misfit(value, each, place) for each in shape]
        return None if None in found else found[-1]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return place or "the whole"
        parts = [(key, value.get(key), each) for key, each in shape.items()]
    elif isinstance(shape, list):
        if not isinstance(value, list):
            return place or "the whole"
        parts = [(str(position), item, shape[0]) for position, item in enumerate(value)]
    else:
        types = (int, float) if shape is float else shape
        fits = value is None if shape is None else isinstance(value, types)
        # A bool is an int in Python, but not a number in JSON.
        return None if fits and isinstance(value, bool) == (shape is bool) else place or "the whole"
    for key, item, each in parts:
        found_at = misfit(item, each, f"{place}.{key}" if place else key)
        if found_at is not None:
            return found_at
    return None
