"""The bytes of a file, read where they are asked for.

Not mapped: a file that somebody cuts short would take the process with it. What comes through a
pipe goes to a temporary file first, so that memory stays bounded whatever comes. Knows no format.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from w2v.errors import FormatError

HEAD_BYTES = 2**16
"""How much of a file's beginning is enough to tell what it is."""


class Content:
    """An open file as a sequence of bytes: ``len(content)``, ``content[begin:end]``.

    Attributes:
        path: where it can be opened again; not what messages call it.
    """

    def __init__(self, name: str, path: str, descriptor: int) -> None:
        self.path = path
        self._name, self._descriptor = name, descriptor
        self._size = os.fstat(descriptor).st_size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        """The bytes of a slice without a step.

        Raises:
            FormatError: the file has become shorter, or cannot be read.
        """
        begin, end, _ = part.indices(self._size)
        parts: list[bytes] = []
        while begin < end:
            try:
                block = os.pread(self._descriptor, end - begin, begin)
            except OSError as error:
                raise FormatError(f"{self._name}: cannot be read: {error.strerror}") from error
            if not block:
                raise FormatError(
                    f"{self._name}: expected {self._size} bytes, got {begin}: the file was cut "
                    "short while it was read"
                )
            parts.append(block)
            begin += len(block)
        return b"".join(parts)


@contextmanager
def opened(name: str, accept: Callable[[bytes, bool], None]) -> Iterator[Content]:
    """Open a file, or what comes through a pipe, for as long as the block lasts.

    Args:
        name: its path.
        accept: gets the first `HEAD_BYTES`, and whether they come from a pipe, which may have no
            end; raises an exception if the rest need not be read.

    Raises:
        FormatError: there is no file of that name, or it is a folder, a device, or empty.
    """
    if not name:
        raise FormatError("vectors: expected a path, got an empty one")
    with ExitStack() as stack:
        try:
            stream: IO[bytes] = stack.enter_context(Path(name).open("rb"))
            mode = os.fstat(stream.fileno()).st_mode
            if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):  # /dev/zero has no end
                raise FormatError(f"{name}: expected a file of word vectors, got a device")
            head = stream.read(HEAD_BYTES)
            if not head:
                raise FormatError(f"{name}: expected a file of word vectors, got an empty file")
            is_pipe = not stat.S_ISREG(mode)
            accept(head, is_pipe)
            path = name
            if is_pipe:
                pipe, stream = stream, stack.enter_context(tempfile.NamedTemporaryFile())
                stream.write(head)
                shutil.copyfileobj(pipe, stream)
                stream.flush()
                path = stream.name
        except OSError as error:
            what = "a folder" if isinstance(error, IsADirectoryError) else error.strerror or error
            raise FormatError(f"{name}: expected a file of word vectors, got {what}") from error
        yield Content(name, path, stream.fileno())
