"""Cut plain text files into shards: ranges of bytes that begin and end at line ends.

    expand_urls(paths)          paths and URLs of the files
    plan_ranges(sources, S)     S shards of about the same number of bytes
    range_text(segment)         the text of a part of a file, in chunks

The text is cut into S x K stripes; shard s consists of stripes s, s + S, s + 2 S, ... Thus, all
shards advance through the text together, as a single reader would. With 16 shards, this gave better
vectors than 16 contiguous pieces (docs/explanation/rounds.md).

A file is a path, or a URL that fsspec can read (``s3://...``); every machine that reads a shard
must be able to access it. A line belongs to the stripe in which it begins. Compressed files and
streams cannot be cut, and are refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, NamedTuple

from w2v.corpus.options import TextOptions
from w2v.corpus.sources import (
    BinaryFileError,
    Source,
    expand,
    named,
    no_warning,
    range_chunks,
    refuse_binary,
    skipped_binary,
)
from w2v.errors import ConfigError, CorpusError, W2VError
from w2v.util.compression import kind_of
from w2v.util.files import StrPath

MOST_STRIPES = 200
"""Maximum number of stripes in a shard: the default number of rounds."""
_MOST_CUTS = 4096
"""Maximum number of stripes in total: finding the first line of each takes a read, which over the
network takes about 0.1 s."""
_SHORTEST_STRIPE = 2**14
_READ_BYTES = 2**16
_HEAD_BYTES = 2**12
"""Bytes at the beginning of a file by which text is recognised."""
_URL = "://"


class Segment(NamedTuple):
    """A stripe, or the part of it that is in one file.

    Attributes:
        name: the file, an absolute path or a URL.
        begin, end: range of bytes.
        number: its position among all segments, in the order of the text.
    """

    name: str
    begin: int
    end: int
    number: int


class _File(NamedTuple):
    """A file with random access.

    Attributes:
        size: returns the size in bytes; a function, since it may take a request to object storage.
        read: ``read(begin, end)`` returns these bytes, fewer at the end of the file.
    """

    size: Callable[[], int]
    read: Callable[[int, int], bytes]


def expand_urls(
    paths: Sequence[StrPath], on_warning: Callable[[str], None] = no_warning
) -> tuple[list[Source], int]:
    """Expand arguments to absolute paths and URLs.

    Args:
        paths: URLs, and what `w2v.corpus.sources.expand` accepts.
        on_warning: called with a warning about files in folders that are skipped.

    Returns:
        The files, and how many binary files in folders are skipped.

    Raises:
        CorpusError: as in `w2v.corpus.sources.expand`; or one of them is a stream.
    """
    sources: list[Source] = []
    binary: list[Source] = []
    for given in paths:
        path = os.fspath(given)
        if _URL in path:
            sources.append(Source(path, None))
            continue
        for source in expand([path], on_warning):
            if source.path is None or source.size() is None:
                raise CorpusError(
                    f"{source.name}: a stream cannot be cut into shards; write it to a file"
                )
            name = os.path.abspath(source.path)  # noqa: PTH100 (links stay as they are)
            is_text = not source.in_folder or _is_text(name)
            (sources if is_text else binary).append(Source(name, Path(name), source.in_folder))
    if binary:
        on_warning(skipped_binary(binary))
    return sources, len(binary)


def _is_text(name: str) -> bool:
    with open_file(name) as file:
        try:
            refuse_binary(name, file.read(0, _HEAD_BYTES))
        except BinaryFileError:
            return False
    return True


def plan_ranges(sources: Sequence[Source], count: int) -> list[list[Segment]]:
    """Cut files into shards of about the same number of bytes.

    Args:
        sources: the files; see `expand_urls`.
        count: the number of shards, S.

    Returns:
        The segments of each shard; together, they cover the text.

    Raises:
        CorpusError: a file cannot be read, is compressed or is not text, or there are fewer lines
            than shards.
    """
    sizes = [_size(source.name) for source in sources]
    total = sum(sizes)
    stripes = max(1, min(MOST_STRIPES, _MOST_CUTS // count, total // (count * _SHORTEST_STRIPE)))
    cuts = count * stripes
    bounds = [total * number // cuts for number in range(cuts + 1)]
    shards: list[list[Segment]] = [[] for _ in range(count)]
    before = n_segments = 0
    for source, size in zip(sources, sizes, strict=True):
        inside = [min(max(bound - before, 0), size) for bound in bounds]
        line_starts = _next_line_starts(source.name, inside, size)
        for number, (begin, end) in enumerate(pairwise(line_starts)):
            if begin < end:
                shards[number % count].append(Segment(source.name, begin, end, n_segments))
                n_segments += 1
        before += size
    empty = sum(not shard for shard in shards)
    if empty:
        raise CorpusError(
            f"{named(sources)}: {empty} of {count} shards would be empty (a shard has about "
            f"{total // count:,} bytes); use fewer shards"
        )
    return shards


def range_text(segment: Segment, options: TextOptions) -> Iterator[tuple[int, bytes]]:
    """Yield the (byte offset, text in UTF-8) of a segment, like `w2v.corpus.sources.chunks`.

    Raises:
        CorpusError: as in `chunks`; or the file has shrunk.
    """
    source = Source(segment.name, None)
    with open_file(segment.name) as file:
        stream = _SegmentStream(file, segment)
        yield from range_chunks(source, stream, segment.begin, options)


class _SegmentStream:
    """A stream of the bytes of a segment."""

    def __init__(self, file: _File, segment: Segment) -> None:
        self._file = file
        self._segment = segment
        self._at = segment.begin

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; none at the end."""
        end = min(self._at + size, self._segment.end)
        data = self._file.read(self._at, end) if end > self._at else b""
        if len(data) < end - self._at:
            raise CorpusError(
                f"{self._segment.name}: shrank from at least {self._segment.end} to "
                f"{self._at + len(data)} bytes while it was read; read a copy"
            )
        self._at = end
        return data


@contextmanager
def open_file(name: str) -> Iterator[_File]:
    """Context that opens a path or URL.

    Raises:
        ConfigError: it is a URL, and fsspec is not installed.
        CorpusError: it cannot be read.
    """
    try:
        if _URL in name:
            yield _remote_file(name)
        else:
            with Path(name).open("rb") as stream:
                yield _File(partial(stream.seek, 0, os.SEEK_END), partial(_read_range, stream))
    except W2VError:
        raise
    except OSError as error:
        raise CorpusError(f"{name}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # each kind of storage has its own errors
        if _URL not in name:
            raise
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise CorpusError(f"{name}: cannot be read: {why}") from error


def _remote_file(name: str) -> _File:
    """A file in remote storage.

    Each range is a request of its own: fsspec's file objects read ahead by tens of megabytes.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise ConfigError(f"{name}: reading URLs needs fsspec: pip install 'w2v[ray]'") from error
    store, path = url_to_fs(name)
    return _File(
        partial(store.size, path),
        lambda begin, end: store.cat_file(path, start=begin, end=end),
    )


def _read_range(stream: BinaryIO, begin: int, end: int) -> bytes:
    stream.seek(begin)
    return stream.read(end - begin)


def _size(name: str) -> int:
    """Size of a file in bytes; raises CorpusError if it does not begin like plain text."""
    with open_file(name) as file:
        size: int | None = file.size()
        if size is None:
            raise CorpusError(f"{name}: the storage does not report the size of this file")
        head = file.read(0, min(_HEAD_BYTES, size)) if size else b""
        kind = kind_of(head)
        if kind is not None:
            raise CorpusError(f"{name}: {kind} data cannot be cut into shards; decompress it first")
        refuse_binary(name, head)
        return size


def _next_line_starts(name: str, bounds: Sequence[int], size: int) -> list[int]:
    """Move each bound to the first line that begins at or after it, or to the end of the file."""
    with open_file(name) as file:
        return [bound if bound in (0, size) else _line_start(file, bound, size) for bound in bounds]


def _line_start(file: _File, bound: int, size: int) -> int:
    position = bound - 1  # a newline here means that a line begins at the bound itself
    while position < size:
        block = file.read(position, min(position + _READ_BYTES, size))
        newline = block.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        if not block:  # the file has shrunk, which `_SegmentStream.read` will report
            break
        position += len(block)
    return size
