"""Arrays in temporary files: written once, then memory-mapped."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import numpy as np

from w2v.errors import OutputError


class TempArray:
    """An array in a temporary file, which is deleted however the process ends.

    Raises:
        OutputError: the file cannot be written, for example because the disk is full.
        MemoryError: there is not enough address space to map the file.
    """

    def __init__(self) -> None:
        # Already unlinked: the space is freed once the file is neither open nor mapped.
        self._file: BinaryIO = tempfile.TemporaryFile(prefix="w2v-")  # noqa: SIM115

    def __enter__(self) -> TempArray:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, array: np.ndarray) -> None:
        """Append an array."""
        with self._errors_explained():
            self._file.write(array.data)

    def mapped(self, dtype: Any, count: int) -> np.ndarray:
        """Map the file as (count,) numbers of type `dtype`; a shorter file is padded with zeros."""
        if not count:
            return np.empty(0, dtype)  # an empty file cannot be mapped
        size = count * np.dtype(dtype).itemsize
        with self._errors_explained():
            self._file.flush()
            if os.fstat(self._file.fileno()).st_size < size:
                self._extend(size)
            mapped: np.ndarray = np.memmap(self._file, dtype=dtype, mode="r+", shape=(count,))
        return mapped

    def _extend(self, size: int) -> None:
        if hasattr(os, "posix_fallocate"):
            # Reserve the space: if the disk filled up while mapped, the process would be killed.
            os.posix_fallocate(self._file.fileno(), 0, size)
        else:
            self._file.truncate(size)

    def close(self) -> None:
        """Close the file. Arrays mapped from it stay valid."""
        with suppress(OSError):  # after a failed write, closing retries it
            self._file.close()

    @contextmanager
    def _errors_explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOMEM:  # not enough address space to map the file
                raise MemoryError("the word ids of the corpus") from error
            raise OutputError(
                f"{tempfile.gettempdir()}: no space for the word ids of the corpus (4 bytes per "
                f"word, 10 per sentence): {error.strerror}; set TMPDIR to use another folder"
            ) from error


def zeros_on_disk(dtype: Any, count: int) -> np.ndarray:
    """(count,) zeros, mapped from a temporary file.

    Raises:
        OutputError, MemoryError: as in `TempArray`.
    """
    with TempArray() as array:
        return array.mapped(dtype, count)
