"""Files for other viewers and libraries. An export is one file and one row of `EXPORTS`."""

from __future__ import annotations

import importlib

from w2v.export.base import Export

EXPORTS = {
    "projector": "w2v.export.projector",
    "parquet": "w2v.export.parquet",
    "huggingface": "w2v.export.huggingface",
}
"""Name on the command line -> module with a class `EXPORT`."""


def get_export(name: str) -> type[Export]:
    """The export of that name.

    Raises:
        KeyError: the name is not in `EXPORTS`.
    """
    export: type[Export] = importlib.import_module(EXPORTS[name]).EXPORT
    return export
