"""File objects that do one thing differently."""

from __future__ import annotations


class Wrapped:
    """Passes everything on to another file object; a base for those that change `write`."""

    def __init__(self, stream) -> None:
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.stream.close()
