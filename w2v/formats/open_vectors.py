"""Read the decompressed bytes of a file, a pipe or standard input once, in bounded memory.

Files are not memory-mapped: if another program truncated one, the process would be killed.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from w2v.errors import FormatError
from w2v.util.compression import Readable, decompressed, kind_of
from w2v.util.files import STANDARD_STREAM

HEAD_BYTES = 2**16
"""Bytes at the beginning of a file by which its format is recognised."""
_COPY_BYTES = 2**20


class VectorFile:
    """An open file, read once from beginning to end.

    Attributes:
        name: its name in messages.
        head: its first bytes, up to `HEAD_BYTES`; `read` returns them as well.
        size: its size in bytes; None if it is compressed or a pipe.
    """

    def __init__(self, name: str, stream: Readable, stack: ExitStack, size: int | None) -> None:
        self.name, self.size = name, size
        self._stream, self._stack = stream, stack
        self.head = self._rest = self._read(HEAD_BYTES)

    def read(self, size: int) -> bytes:
        """Read the next `size` bytes; fewer only at the end.

        Raises:
            FormatError: the file cannot be read, or its compressed data are damaged.
        """
        rest, self._rest = self._rest[:size], self._rest[size:]
        return rest + self._read(size - len(rest)) if len(rest) < size else rest

    def _read(self, size: int) -> bytes:
        parts: list[bytes] = []
        try:
            while size and (part := self._stream.read(size)):
                parts.append(part)
                size -= len(part)
        except OSError as error:
            raise FormatError(f"{self.name}: cannot be read: {error.strerror or error}") from error
        return b"".join(parts)

    def file(self) -> str:
        """Path of a file that can be opened again and mapped; of a temporary copy for a pipe."""
        if self.size is not None:
            return self.name
        copy = self._stack.enter_context(tempfile.NamedTemporaryFile())  # noqa: SIM115
        while block := self.read(_COPY_BYTES):
            copy.write(block)
        copy.flush()
        return copy.name


@contextmanager
def open_vectors(name: str) -> Iterator[VectorFile]:
    """Context that opens a file.

    Args:
        name: its path; "-" is standard input. Compression is detected by the first bytes.

    Raises:
        FormatError: the file cannot be read, is empty, or is a folder or a device.
    """
    if not name:
        raise FormatError("vectors: the path is empty")
    with ExitStack() as stack:
        try:
            stream: IO[bytes] = (
                sys.stdin.buffer
                if name == STANDARD_STREAM
                else stack.enter_context(Path(name).open("rb"))
            )
            status = os.fstat(stream.fileno())
            if stat.S_ISBLK(status.st_mode) or (
                stat.S_ISCHR(status.st_mode) and not stream.isatty()
            ):
                # A device may have no end.
                raise FormatError(f"{name}: a device, not a file of vectors")
        except OSError as error:
            what = "a folder" if isinstance(error, IsADirectoryError) else error.strerror or error
            raise FormatError(f"{name}: cannot be read: {what}") from error
        size = status.st_size if stat.S_ISREG(status.st_mode) else None
        display = "standard input" if name == STANDARD_STREAM else name
        source = VectorFile(display, stream, stack, None if name == STANDARD_STREAM else size)
        if not source.head:
            raise FormatError(f"{display}: the file is empty")
        kind = kind_of(source.head)
        if kind is not None:
            source = VectorFile(
                display, decompressed(display, kind, source, FormatError), stack, None
            )
            if not source.head:
                raise FormatError(f"{display}: the {kind} file contains nothing")
        yield source
