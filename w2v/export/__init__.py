"""Vectors for other viewers and libraries. An export is one module and one row of `EXPORTS`."""

from __future__ import annotations

import importlib

from w2v.export.base import Export

EXPORTS = {
    "projector": "w2v.export.projector",
    "parquet": "w2v.export.parquet",
    "huggingface": "w2v.export.huggingface",
}
"""Name on the command line -> module that defines the export as `EXPORT`, a class."""


def get_export(name: str) -> type[Export]:
    """Return the class of an export.

    Args:
        name: key of `EXPORTS`.

    Raises:
        KeyError: there is no such export.
    """
    export: type[Export] = importlib.import_module(EXPORTS[name]).EXPORT
    return export
