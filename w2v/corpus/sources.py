"""Where text comes from: paths, folders, patterns and standard input, plain or compressed.

Yields chunks of UTF-8 bytes that end between two words. Does not know words or sentences.

    str | Path | "-"  ->  expand()  ->  [Source]  ->  chunks()  ->  bytes, bytes, ...
"""

from __future__ import annotations

import codecs
import glob
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from w2v.errors import CorpusError, clipped
from w2v.util.compression import LONGEST_MAGIC, SUFFIXES, decompressed, kind_of
from w2v.util.files import StrPath

EncodingErrors = Literal["strict", "replace", "ignore"]

CHUNK_BYTES = 4 * 2**20
"""Text is read and tokenised in pieces of about this size, whatever the length of its lines."""

MAX_TOKEN_BYTES = 2**19
"""A longer run of bytes without whitespace is refused: it is not a word, and is never cut."""

STDIN = "-"

_LONGEST_SHOWN_NAME = 80

# The bytes of all characters at which str.split() splits.
WHITESPACE = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
_ONE_SPACE = re.compile(b"|".join(re.escape(c.encode()) for c in WHITESPACE))
_LONGEST_SPACE = max(len(c.encode()) for c in WHITESPACE)


@dataclass(frozen=True)
class Source:
    """One input: its name in messages, and its path (None for standard input)."""

    name: str
    path: Path | None

    def size(self) -> int | None:
        """Bytes on disk; None where that means nothing (standard input, a pipe)."""
        status = self._status()
        return None if status is None else status.st_size

    def text_size(self) -> int | None:
        """Bytes of text to come; None where the size on disk does not tell."""
        compressed = self.path is not None and self.path.suffix.lower() in SUFFIXES
        return None if compressed else self.size()

    def stamp(self) -> object:
        """Something that is another once an ordinary file has been changed or replaced."""
        status = self._status()
        return status and (status.st_ino, status.st_size, status.st_mtime_ns)

    def _status(self) -> os.stat_result | None:
        """Of an ordinary file; None for anything else.

        Raises:
            CorpusError: there is nothing of that name (any more).
        """
        if self.path is None:
            return None
        try:
            status = self.path.stat()
        except OSError as error:
            raise CorpusError(f"{self.name}: cannot be read: {error.strerror}") from error
        return status if stat.S_ISREG(status.st_mode) else None


def expand(paths: Sequence[str | os.PathLike[str]]) -> list[Source]:
    """Turn what a person types into files: a folder gives all files below it, sorted by path.

    A name that exists is taken as it is; otherwise ``*``, ``?`` and ``[`` make it a pattern
    (``**`` crosses folders), so that patterns work quoted and unquoted. Hidden files in folders
    are passed over.

    Raises:
        CorpusError: a path does not exist, a pattern matches nothing, or a folder has no files.
    """
    sources: list[Source] = []
    for given in paths:
        name = os.fspath(given)
        try:
            sources += [Source("standard input", None)] if name == STDIN else _files(name)
        except OSError as error:
            raise CorpusError(f"{_short(name)}: cannot be read: {error.strerror}") from error
    if sum(source.path is None for source in sources) > 1:
        raise CorpusError("-: expected standard input once, got it twice")
    if not sources:
        raise CorpusError("corpus: expected at least one path, got none")
    return sources


def _files(name: str) -> list[Source]:
    """The files of one name, folder or pattern."""
    path = Path(name)
    if not name:  # which the file system would take for the current folder
        raise CorpusError("corpus: expected a path, got an empty one")
    if path.is_dir():
        found = _files_below(path)
        if not found:
            raise CorpusError(f"{name}: expected a folder with text files, got none in it")
        return found
    if path.is_symlink() or path.exists():
        return [Source(name, path)]
    found = []
    for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 (absolute patterns)
        matched = Path(match)
        found += _files_below(matched) if matched.is_dir() else [Source(match, matched)]
    if not found:
        what = "files that match" if glob.has_magic(name) else "a file or folder"
        raise CorpusError(f"{_short(name)}: expected {what}, got nothing of that name")
    return found


def _short(name: str) -> str:
    return clipped(name, _LONGEST_SHOWN_NAME)


def _files_below(folder: Path) -> list[Source]:
    return [
        Source(str(path), path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def chunks(
    source: Source, *, lowercase: bool = False, encoding_errors: EncodingErrors = "strict"
) -> Iterator[tuple[int, bytes]]:
    """Yield (byte offset, text in UTF-8) in chunks that end at a line end or between words.

    A byte order mark at the start is dropped. Bytes that are not UTF-8, and NUL (which no text
    has: it betrays UTF-16 or a binary file), are refused, replaced by U+FFFD or dropped, as
    `encoding_errors` says.

    Raises:
        CorpusError: an encoding error, with its byte offset in the (decompressed) text; a
            truncated or damaged compressed file; a token of `MAX_TOKEN_BYTES` or more.
    """
    try:
        with _open(source) as stream:
            yield from range_chunks(source, stream, 0, lowercase, encoding_errors)
    except OSError as error:
        raise CorpusError(f"{source.name}: cannot be read: {error.strerror}") from error


def range_chunks(
    source: Source, stream: Readable, begin: int, lowercase: bool, encoding_errors: EncodingErrors
) -> Iterator[tuple[int, bytes]]:
    """`chunks` of a stream that begins at that byte of the source, which begins a line.

    Raises:
        CorpusError: see `chunks`.
        OSError: from the stream.
    """
    offset = begin
    decode = codecs.getincrementaldecoder("utf-8")(encoding_errors)
    carry = b""
    at_start = offset == 0
    while True:
        block = stream.read(CHUNK_BYTES)
        if at_start and block.startswith(codecs.BOM_UTF8):
            block = block[len(codecs.BOM_UTF8) :]
            offset = len(codecs.BOM_UTF8)
        at_start = False
        if encoding_errors != "strict":
            last = not block
            block = _lenient(decode.decode(block, last), encoding_errors)
            if last and not block:
                break
        elif not block:
            break
        text = carry + block
        cut = _last_break(text, max(0, len(carry) + 1 - _LONGEST_SPACE))
        carry = text[cut:]
        if not cut and len(carry) >= MAX_TOKEN_BYTES:
            raise token_too_long(source, offset)
        if cut:
            yield offset, _checked(source, text[:cut], offset, lowercase)
            offset += cut
    if carry:
        yield offset, _checked(source, carry, offset, lowercase)


def given_paths(corpus: Any) -> list[StrPath] | None:
    """The paths that a corpus is given by; None where it is given otherwise."""
    if isinstance(corpus, (str, os.PathLike)):
        return [corpus]
    if isinstance(corpus, (list, tuple)) and all(
        isinstance(item, (str, os.PathLike)) for item in corpus
    ):
        return list(corpus)
    return None


def named(sources: Sequence[Source]) -> str:
    """The files in a message."""
    return sources[0].name if len(sources) == 1 else f"{len(sources)} files"


def refuse_changed(sources: Sequence[Source], stamps: Sequence[Any]) -> None:
    """Refuse files that are not as they were when their `stamps` were taken.

    Raises:
        CorpusError: one has been changed.
    """
    for source, stamp in zip(sources, stamps, strict=True):
        if source.stamp() != stamp:
            raise CorpusError(
                f"{source.name}: expected a file that stays as it is while it is read, got one "
                "that changed (read a copy)"
            )


def token_too_long(source: Source, offset: int) -> CorpusError:
    """The error for a token of `MAX_TOKEN_BYTES` or more at byte `offset` of the text."""
    return CorpusError(
        f"{source.name}: byte {offset}: expected words shorter than {MAX_TOKEN_BYTES} bytes, "
        "got a longer run without whitespace (is this text?)"
    )


def _last_break(text: bytes, begin: int) -> int:
    """Where `text` may be cut: after its last newline, else after its last whitespace, else 0.

    Before `begin` there is none, and nothing is looked at: a long word that comes in many pieces
    would otherwise be searched as often.
    """
    newline = text.rfind(b"\n", begin) + 1
    if newline:
        return newline
    space = text.rfind(b" ", begin) + 1
    if space:
        return space
    last = 0
    for match in _ONE_SPACE.finditer(text, begin):
        last = match.end()
    return last


def _lenient(text: str, encoding_errors: EncodingErrors) -> bytes:
    return text.replace("\0", "\ufffd" if encoding_errors == "replace" else "").encode()


def _checked(source: Source, text: bytes, offset: int, lowercase: bool) -> bytes:
    """Validate one chunk (C speed: str's own decoder), and lower its case if asked to."""
    nul = text.find(b"\0")
    if nul >= 0:
        raise CorpusError(
            f"{source.name}: byte {offset + nul}: expected UTF-8 text, got a NUL byte "
            "(UTF-16 or a binary file? see --encoding-errors)"
        )
    if text.isascii():
        return text.lower() if lowercase else text
    try:
        decoded = text.decode()
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{source.name}: byte {offset + error.start}: expected UTF-8 text, "
            f"got byte 0x{text[error.start]:02x} (see --encoding-errors)"
        ) from error
    return decoded.lower().encode() if lowercase else text


class Readable(Protocol):
    """What text is read from."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""
        ...


@contextmanager
def _open(source: Source) -> Iterator[Readable]:
    """Open a source, decompressing by what its first bytes say; standard input stays open."""
    with ExitStack() as stack:
        raw: Any  # a buffered reader: it can peek
        if source.path is None:
            if sys.stdin is None:
                raise CorpusError(f"{source.name}: expected text, got a closed stream")
            raw = sys.stdin.buffer
        else:
            raw = stack.enter_context(source.path.open("rb", buffering=2**18))
        kind = kind_of(raw.peek(LONGEST_MAGIC)[:LONGEST_MAGIC])
        expected = SUFFIXES.get(source.path.suffix.lower()) if source.path else None
        if expected and kind != expected:
            raise CorpusError(
                f"{source.name}: expected {expected} data, as its name says, "
                f"got {kind or 'something else'}"
            )
        yield raw if kind is None else decompressed(source.name, kind, raw, CorpusError)
