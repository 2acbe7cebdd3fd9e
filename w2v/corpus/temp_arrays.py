"""Numbers that are too many for memory, in temporary files that are mapped."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np

from w2v.errors import OutputError


class Scratch:
    """A temporary file of numbers: written once, then mapped. Gone however the process ends.

    Raises:
        OutputError: there is no room for it.
    """

    def __init__(self) -> None:
        # Unlinked at once; it lives on while it is open or mapped.
        self._file: BinaryIO = tempfile.TemporaryFile(prefix="w2v-")  # noqa: SIM115

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, array: np.ndarray) -> None:
        """Add the bytes of an array."""
        with self._explained():
            self._file.write(array.data)

    def mapped(self, dtype: Any, count: int) -> np.ndarray:
        """The file as `count` numbers; if it is shorter, it grows to as many."""
        with self._explained():
            self._file.flush()
            if os.fstat(self._file.fileno()).st_size < count * np.dtype(dtype).itemsize:
                self._grow(count * np.dtype(dtype).itemsize)
            mapped: np.ndarray = np.memmap(self._file, dtype=dtype, mode="r+", shape=(count,))
        return mapped

    def _grow(self, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            # Blocks are taken now: a disk that is full later, under a map, kills the process.
            os.posix_fallocate(self._file.fileno(), 0, size)
        else:
            self._file.truncate(size)

    def close(self) -> None:
        """Close the file; what is mapped stays."""
        with suppress(OSError):  # after a failed write, it would try once more
            self._file.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOMEM:  # there was no memory to map it into
                raise MemoryError("the ids of the corpus") from error
            raise OutputError(
                f"{tempfile.gettempdir()}: expected room for the ids of the corpus, 4 bytes a word "
                f"and 10 a sentence, got: {error.strerror} (TMPDIR names another folder)"
            ) from error


def scratch_array(dtype: Any, count: int) -> np.ndarray:
    """`count` zeros in a file of their own. Raises as `Scratch` does."""
    with Scratch() as scratch:
        return scratch.mapped(dtype, count)
