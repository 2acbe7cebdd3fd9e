"""Plain text files cut into shards: ranges of bytes whose bounds are at the ends of lines.

    plan_ranges(paths, S)       S shards of about as many bytes, one after the other
    range_text(segment)         the text of a part of a file, in chunks

A file is a path, or a URL that fsspec opens (``s3://...``), which everybody who reads a shard must
be able to reach. A shard has the lines that begin in it, so that every line is in one. Compressed
files and streams cannot be cut, and are refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from w2v.corpus.compression import LONGEST_MAGIC, kind_of
from w2v.corpus.sources import EncodingErrors, Source, expand, named, range_chunks
from w2v.errors import ConfigError, CorpusError, W2VError

_READ_BYTES = 2**16
_URL = "://"


class Segment(NamedTuple):
    """The bytes begin to end of a file; `name` is an absolute path or a URL."""

    name: str
    begin: int
    end: int


def expand_urls(paths: Sequence[str | os.PathLike[str]]) -> list[Source]:
    """What a person types as absolute paths and URLs; see `w2v.corpus.sources.expand`.

    Raises:
        CorpusError: see there; or a stream.
    """
    sources: list[Source] = []
    for given in paths:
        path = os.fspath(given)
        if _URL in path:
            sources.append(Source(path, None))
            continue
        for source in expand([path]):
            if source.path is None or source.size() is None:
                raise CorpusError(
                    f"{source.name}: expected a file, whose shards are read where they are "
                    "trained, got a stream"
                )
            name = os.path.abspath(source.path)  # noqa: PTH100 (links stay as they are)
            sources.append(Source(name, Path(name)))
    return sources


def plan_ranges(sources: Sequence[Source], count: int) -> list[list[Segment]]:
    """So many shards of about as many bytes: each some segments, together all of the files.

    Args:
        sources: of `expand_urls`.
        count: the number of shards, S.

    Raises:
        CorpusError: a file cannot be read, or is compressed; or there are fewer lines than shards.
    """
    edges = [_size(source.name) for source in sources]
    total = sum(edges)
    bounds = [total * number // count for number in range(count + 1)]
    shards: list[list[Segment]] = [[] for _ in range(count)]
    before = 0
    for source, size in zip(sources, edges, strict=True):
        inside = [min(max(bound - before, 0), size) for bound in bounds]
        cuts = _snapped(source.name, inside, size)
        for number in range(count):
            if cuts[number] < cuts[number + 1]:
                segment = Segment(source.name, cuts[number], cuts[number + 1])
                shards[number].append(segment)
        before += size
    empty = sum(not shard for shard in shards)
    if empty:
        raise CorpusError(
            f"{named(sources)}: expected lines for {count} shards of {total // count:,} bytes, got "
            f"{empty} shards in which none begins (fewer shards, or shorter lines)"
        )
    return shards


def range_text(
    segment: Segment, lowercase: bool, encoding_errors: EncodingErrors
) -> Iterator[tuple[int, bytes]]:
    """Yield (byte offset, text in UTF-8) as `w2v.corpus.sources.chunks` does.

    Raises:
        CorpusError: see there; or the file has become shorter.
    """
    source = Source(segment.name, None)
    with opened(segment.name) as stream:
        stream.seek(segment.begin)
        part = _Part(stream, segment)
        yield from range_chunks(source, part, segment.begin, lowercase, encoding_errors)


class _Part:
    """A stream that ends where a segment does."""

    def __init__(self, stream: BinaryIO, segment: Segment) -> None:
        self._stream = stream
        self._segment = segment
        self._left = segment.end - segment.begin

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""
        data = self._stream.read(min(size, self._left))
        if self._left and not data:
            raise CorpusError(
                f"{self._segment.name}: expected {self._segment.end} bytes as before, got "
                f"{self._segment.end - self._left} (it has been changed)"
            )
        self._left -= len(data)
        return data


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of a path or URL.

    Raises:
        ConfigError: a URL, and fsspec is not there.
        CorpusError: it cannot be read.
    """
    try:
        with _open(name) as stream:
            yield stream
    except W2VError:
        raise
    except OSError as error:
        raise CorpusError(f"{name}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # every store has errors of its own
        if _URL not in name:
            raise
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise CorpusError(f"{name}: cannot be read: {why}") from error


def _open(name: str) -> Any:
    if _URL not in name:
        return Path(name).open("rb")
    try:
        import fsspec
    except ImportError as error:
        raise ConfigError(
            f"{name}: expected fsspec, which reads URLs, got none of that name (pip install "
            "'w2v[ray]')"
        ) from error
    try:
        return fsspec.open(name, "rb")
    except (ValueError, ImportError) as error:  # an unknown protocol, or one that needs a package
        raise CorpusError(f"{name}: cannot be read: {error}") from error


def _size(name: str) -> int:
    """Bytes in a file that is plain text as far as its first bytes tell."""
    with opened(name) as stream:
        kind = kind_of(stream.read(LONGEST_MAGIC))
        if kind is not None:
            raise CorpusError(
                f"{name}: expected plain text, which can be cut into shards, got {kind} data "
                "(decompress it first)"
            )
        return stream.seek(0, os.SEEK_END)


def _snapped(name: str, bounds: Sequence[int], size: int) -> list[int]:
    """Each bound as the start of the first line that begins there or later, or the file's end."""
    cuts: list[int] = []
    with opened(name) as stream:
        for bound in bounds:
            cuts.append(bound if bound in (0, size) else _line_start(stream, bound))
    return cuts


def _line_start(stream: BinaryIO, bound: int) -> int:
    stream.seek(bound - 1)  # a newline there makes the bound itself a line's start
    position = bound - 1
    while block := stream.read(_READ_BYTES):
        newline = block.find(b"\n")
        if newline >= 0:
            return position + newline + 1
        position += len(block)
    return position
