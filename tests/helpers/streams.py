"""Wrappers of file objects that change one thing."""

from __future__ import annotations


class Wrapped:
    """Delegates everything to another file object; a base class for changes of `write`."""

    def __init__(self, stream) -> None:
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        self.stream.close()
