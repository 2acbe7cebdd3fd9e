"""Decompress streams in bounded memory: gzip, bzip2, xz and zstd.

    kind_of(first_bytes)                        "gzip", "bzip2", "xz", "zstd" or None
    decompressed(name, kind, stream, error)     a reader of the decompressed bytes

Concatenated members are decompressed as one text. Python's own readers of bzip2 and xz silently
stop at a damaged second member, and return a shorter text. Here, every byte must belong to an
intact member, or to the zeros with which gzip and xz may be padded.
"""

from __future__ import annotations

import bz2
import lzma
import re
import sys
import zlib
from typing import Any, Protocol

from w2v.errors import InputError

LONGEST_MAGIC = 10
"""Maximum number of bytes at the start of a file that `kind_of` needs."""
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
"""Extension, with the dot -> compression."""

MAX_MEMORY = 2**28
"""Memory limit of a decompressor. Ordinary xz files need up to 65 MB, zstd files up to 128 MB; a
forged header may ask for gigabytes."""

_MAGIC = {"gzip": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)")  # a block, or the empty file
_PADDED_WITH_ZEROS = ("gzip", "xz")
_GZIP_BITS = 31  # zlib's wbits for data with a gzip header and checksum
_COMPRESSED_BLOCK = 2**18


def kind_of(start: bytes) -> str | None:
    """The compression of a file that begins with these bytes; None if it is not compressed."""
    for kind, magic in _MAGIC.items():
        if start.startswith(magic):
            return kind
    return "bzip2" if _BZIP2.match(start) else None


def zstd_module() -> Any:
    """The zstd module of Python 3.14, or of the package backports.zstd; None without either."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        return None
    return zstd


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; none at the end."""


class _Decompressor(Protocol):
    """A decompressor of one member, with the interface of the standard library."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """The decompressor of `zlib`, with the interface of `_Decompressor`."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP_BITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        text = self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)
        # If the output is full, more of it may be pending, even without more input.
        self.needs_input = not self._zlib.unconsumed_tail and len(text) < max_length
        return text


class _DecompressedStream:
    """Reads the decompressed bytes of a stream."""

    def __init__(self, name: str, kind: str, compressed: Readable, error: type[InputError]) -> None:
        self._name, self._kind, self._compressed, self._error = name, kind, compressed, error
        self._member: _Decompressor | None = self._new_member()
        self._rest = b""  # read, but not yet decompressed

    def _new_member(self) -> _Decompressor:
        if self._kind == "gzip":
            return _Gzip()
        if self._kind == "bzip2":
            return bz2.BZ2Decompressor()
        if self._kind == "xz":
            return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_MEMORY)
        member: _Decompressor = zstd_module().ZstdDecompressor()
        return member

    def read(self, size: int) -> bytes:
        """Read the next `size` decompressed bytes; fewer only at the end.

        Raises:
            InputError: the stream is truncated, damaged, or needs more than `MAX_MEMORY`.
        """
        parts: list[bytes] = []
        while size and self._member is not None:
            part = self._decompress(self._member, size)
            parts.append(part)
            size -= len(part)
            if self._member.eof:
                self._next_member(self._member.unused_data)
        return b"".join(parts)

    def _decompress(self, member: _Decompressor, size: int) -> bytes:
        data, self._rest = self._rest, b""
        if member.needs_input and not data:
            data = self._compressed.read(_COMPRESSED_BLOCK)
            if not data:
                raise self._error(f"{self._name}: the {self._kind} data are truncated")
        try:
            return member.decompress(data, size)
        except _errors() as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if "memory" in str(error).lower():
                raise self._error(
                    f"{self._name}: the {self._kind} data need more than {MAX_MEMORY >> 20} MB of "
                    "memory to decompress"
                ) from error
            raise self._error(
                f"{self._name}: the {self._kind} data are damaged ({error})"
            ) from error

    def _next_member(self, rest: bytes) -> None:
        """Begin the next member, if any bytes are left."""
        padding = b"\0" if self._kind in _PADDED_WITH_ZEROS else b""
        while True:
            rest = rest.lstrip(padding) if padding else rest
            if rest:
                self._member, self._rest = self._new_member(), rest
                return
            rest = self._compressed.read(_COMPRESSED_BLOCK)
            if not rest:
                self._member = None
                return


def _errors() -> tuple[type[Exception], ...]:
    """What decompressors raise for damaged data. An OSError with an errno is another failure."""
    zstd = zstd_module()
    return (zlib.error, lzma.LZMAError, OSError, *([zstd.ZstdError] if zstd else ()))


def decompressed(
    name: str, kind: str, compressed: Readable, error: type[InputError]
) -> _DecompressedStream:
    """Decompress a stream.

    Args:
        name: name of the stream in messages.
        kind: its compression, as returned by `kind_of`.
        compressed: the compressed bytes.
        error: the type of error to raise.

    Returns:
        A reader of the decompressed bytes, which raises `error` if they are damaged.

    Raises:
        InputError: the stream is compressed with zstd, and there is no module for it.
    """
    if kind == "zstd" and zstd_module() is None:
        raise error(f"{name}: reading .zst needs Python 3.14 or the extra: pip install 'w2v[zstd]'")
    return _DecompressedStream(name, kind, compressed, error)
