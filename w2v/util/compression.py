"""Decompress streams in bounded memory: gzip, bzip2, xz and zstd.

    kind_of(first_bytes)                 "gzip", "bzip2", "xz", "zstd" or None
    decompressed(name, kind, stream)     a reader of the decompressed bytes

Concatenated members are decompressed as one text. Python's own readers of bzip2 and xz silently
stop at a damaged second member, and return a shorter text. Here, every byte must belong to an
intact member, or be part of the zeros with which gzip and xz may be padded.
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
"""Bytes at the start of a file that tell its compression."""
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}

MAX_MEMORY = 2**28
"""Memory limit of a decompressor. Ordinary xz files need up to 65 MB, zstd files up to 128 MB; a
forged header may ask for gigabytes."""

_MAGIC = {"gzip": b"\x1f\x8b\x08", "xz": b"\xfd7zXZ\x00", "zstd": b"\x28\xb5\x2f\xfd"}
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17\x72\x45\x38\x50\x90)")  # a block, or the empty file
_PADDED_WITH_ZEROS = ("gzip", "xz")
_GZIP_BITS = 31  # zlib's name for gzip's header and check sum
_PACKED_BLOCK = 2**18


def kind_of(start: bytes) -> str | None:
    """The compression of a file that begins with these bytes; None if it is not compressed."""
    for kind, magic in _MAGIC.items():
        if start.startswith(magic):
            return kind
    return "bzip2" if _BZIP2.match(start) else None


def zstd_module() -> Any:
    """Python's own zstd module (3.14), or that of the extra; None without either."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        return None
    return zstd


class Readable(Protocol):
    """A stream of compressed bytes."""

    def read(self, size: int, /) -> bytes:
        """The next `size` bytes, fewer only at the end."""


class _Decompressor(Protocol):
    """A decompressor of one member, as in the standard library."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """`zlib`'s decompressor with the interface of the others."""

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


class _Text:
    """Reader of a compressed stream."""

    def __init__(self, name: str, kind: str, packed: Readable, error: type[InputError]) -> None:
        self._name, self._kind, self._packed, self._error = name, kind, packed, error
        self._member: _Decompressor | None = self._new_member()
        self._rest = b""  # read, but not decompressed yet

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
        """The next `size` bytes, fewer only at the end of the text.

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
            data = self._packed.read(_PACKED_BLOCK)
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
        """Begin the next member if anything is left."""
        padding = b"\0" if self._kind in _PADDED_WITH_ZEROS else b""
        while True:
            rest = rest.lstrip(padding) if padding else rest
            if rest:
                self._member, self._rest = self._new_member(), rest
                return
            rest = self._packed.read(_PACKED_BLOCK)
            if not rest:
                self._member = None
                return


def _errors() -> tuple[type[Exception], ...]:
    """What the decompressors raise for damaged data; of an OSError, one without a number."""
    zstd = zstd_module()
    return (zlib.error, lzma.LZMAError, OSError, *([zstd.ZstdError] if zstd else ()))


def decompressed(name: str, kind: str, packed: Readable, error: type[InputError]) -> _Text:
    """The text in a stream.

    Args:
        name: of the stream, in messages.
        kind: what it is packed with.
        packed: its bytes, from the first on.
        error: what is raised where the bytes are damaged.

    Raises:
        InputError: zstd, which this Python cannot read.
    """
    if kind == "zstd" and zstd_module() is None:
        raise error(f"{name}: reading .zst needs Python 3.14 or the extra: pip install 'w2v[zstd]'")
    return _Text(name, kind, packed, error)
