"""Read text from files, folders, patterns and standard input, plain or compressed.

    str | Path | "-"  ->  expand()  ->  [Source]  ->  chunks()  ->  (offset, bytes), ...

Chunks are in UTF-8, and end between two words.
"""

from __future__ import annotations

import codecs
import glob
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from w2v.corpus.options import TextOptions
from w2v.corpus.tokenizer import MAX_TOKEN_BYTES, WHITESPACE, TextFault
from w2v.errors import CorpusError, clipped, one_line, shown
from w2v.formats.sniff import foreign
from w2v.util.compression import LONGEST_MAGIC, SUFFIXES, Readable, decompressed, kind_of
from w2v.util.files import StrPath

CHUNK_BYTES = 4 * 2**20
"""Approximate size of a chunk, whatever the length of lines."""

_LONGEST_WITHOUT_SPACE = 2**26
"""Maximum number of bytes without whitespace if other characters separate words, too."""

STDIN = "-"

_LONGEST_NAME = 80
_FEW_NAMES = 3

_JSON_OBJECT = re.compile(r'\{\s*"(?:[^"\\]|\\.)*"\s*:')
_ONE_SPACE = re.compile(b"|".join(re.escape(c.encode()) for c in WHITESPACE))
_LONGEST_SPACE = max(len(c.encode()) for c in WHITESPACE)

HEAD_BYTES = 2**16
_CONTROL = bytes(code for code in [*range(32), 127] if not chr(code).isspace() and code != 27)
_FEWEST_CONTROL, _CONTROL_SHARE = 32, 1 / 32
"""A file is binary if more of its bytes are control characters than both this number and this
share. In float32 numbers, 6% to 9% of the bytes are."""


class BinaryFileError(CorpusError):
    """A file is not text."""


def no_warning(_: str) -> None:
    """Ignore warnings."""


@dataclass(frozen=True)
class Source:
    """A file or stream to read.

    Attributes:
        name: its name in messages.
        path: its path; None for standard input.
        in_folder: whether it was found in a folder, rather than named itself.
    """

    name: str
    path: Path | None
    in_folder: bool = False

    def size(self) -> int | None:
        """Size on disk in bytes; None for standard input and pipes."""
        status = self._status()
        return None if status is None else status.st_size

    def text_size(self) -> int | None:
        """Size of the text in bytes; None if it is unknown, as for compressed files."""
        compressed = self.path is not None and self.path.suffix.lower() in SUFFIXES
        return None if compressed else self.size()

    def stamp(self) -> object:
        """A value that changes when a regular file is changed or replaced."""
        status = self._status()
        return status and (status.st_ino, status.st_size, status.st_mtime_ns)

    def _status(self) -> os.stat_result | None:
        """Status of a regular file; None for anything else.

        Raises:
            CorpusError: the file no longer exists.
        """
        if self.path is None:
            return None
        try:
            status = self.path.stat()
        except OSError as error:
            raise CorpusError(f"{self.name}: cannot be read: {error.strerror}") from error
        return status if stat.S_ISREG(status.st_mode) else None


def expand(
    paths: Sequence[StrPath], on_warning: Callable[[str], None] = no_warning
) -> list[Source]:
    """Expand paths to files; a folder stands for all files in it and below, sorted by path.

    A name that exists is taken literally. Any other name that contains ``*``, ``?`` or ``[`` is a
    pattern (``**`` matches subfolders), so patterns may be quoted or not. Hidden files in folders
    are skipped.

    Args:
        paths: files, folders, patterns, or ``-`` for standard input.
        on_warning: called with a warning about what is skipped in folders: linked folders, broken
            links, subfolders without permission, and special files (sockets, pipes).

    Raises:
        CorpusError: a path does not exist, a pattern matches nothing, or a folder has no files.
    """
    sources: list[Source] = []
    for given in paths:
        name = os.fspath(given)
        try:
            if name == STDIN:
                sources.append(Source("standard input", None))
            else:
                sources += _files_of(name, on_warning)
        except OSError as error:
            raise CorpusError(f"{_short(name)}: cannot be read: {error.strerror}") from error
    if sum(source.path is None for source in sources) > 1:
        raise CorpusError("-: standard input can be read only once, but is given twice")
    if not sources:
        raise CorpusError("corpus: no paths or sentences were given")
    return sources


def _files_of(name: str, on_warning: Callable[[str], None]) -> list[Source]:
    """The files of one path or pattern."""
    path = Path(name)
    if not name:  # for Path, this is the current folder
        raise CorpusError("corpus: the path is empty")
    if path.is_dir():
        found = _files_below(path, on_warning)
        if not found:
            raise CorpusError(f"{name}: no text files in this folder")
        return found
    if path.is_symlink() or path.exists():
        return [Source(name, path)]
    found = []
    for match in sorted(glob.glob(name, recursive=True)):  # noqa: PTH207 (absolute patterns)
        matched = Path(match)
        if matched.is_dir():
            found += _files_below(matched, on_warning)
        else:
            found.append(Source(match, matched))
    if not found:
        what = "files match this pattern" if glob.has_magic(name) else "such file or folder"
        raise CorpusError(f"{_short(name)}: no {what}")
    return found


def _short(name: str) -> str:
    return clipped(name, _LONGEST_NAME)


def _files_below(folder: Path, on_warning: Callable[[str], None]) -> list[Source]:
    """All files in a folder and its subfolders, except hidden ones."""
    found: list[Path] = []
    skipped_paths: dict[str, list[Path]] = {}

    def skip(kind: str, path: Path) -> None:
        skipped_paths.setdefault(kind, []).append(path)

    def on_error(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise error
        skip(f"folder that cannot be opened ({error.strerror})", Path(error.filename))

    for parent, folders, files in os.walk(folder, onerror=on_error):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if Path(parent, name).is_symlink():  # os.walk does not follow links
                skip("linked folder", Path(parent, name))
        for name in files:
            path = Path(parent, name)
            if name.startswith("."):
                continue
            if path.is_file():
                found.append(path)
            elif path.is_symlink() and not path.exists():
                skip("broken link", path)
            else:
                skip("special file", path)
    for kind, skipped in skipped_paths.items():
        on_warning(f"{folder}: skipped {_number_and_names(sorted(skipped), kind)}")
    return [Source(str(path), path, in_folder=True) for path in sorted(found)]


def _number_and_names(paths: Sequence[object], kind: str) -> str:
    """The number of paths, and the names of the first few."""
    names = ", ".join(one_line(str(path)) for path in paths[:_FEW_NAMES])
    more = ", ..." if len(paths) > _FEW_NAMES else ""
    return f"{len(paths)} {kind}{'' if len(paths) == 1 else 's'}: {names}{more}"


def skipped_binary(sources: Sequence[Source]) -> str:
    """The warning about binary files in folders."""
    return f"skipped {_number_and_names([source.name for source in sources], 'binary file')}"


def chunks(source: Source, options: TextOptions) -> Iterator[tuple[int, bytes]]:
    """Yield (byte offset, text in UTF-8) in chunks that end at a line end or between words.

    A byte order mark at the beginning is dropped. Strict UTF-8 is passed on unchanged, because the
    tokenizer checks it. Otherwise, bytes that cannot be decoded, and NUL, are replaced by U+FFFD or
    dropped, depending on `encoding_errors`.

    Raises:
        BinaryFileError: the file is not text.
        CorpusError: a byte cannot be decoded, a compressed file is truncated or damaged, or a token
            has `MAX_TOKEN_BYTES` or more.
    """
    try:
        with open_source(source) as stream:
            yield from range_chunks(source, stream, 0, options)
    except OSError as error:
        raise CorpusError(f"{source.name}: cannot be read: {error.strerror}") from error


def range_chunks(
    source: Source, stream: Readable, begin: int, options: TextOptions
) -> Iterator[tuple[int, bytes]]:
    """Yield the `chunks` of a stream.

    Args:
        source: what is read, for error messages.
        stream: the bytes of the source from byte `begin` on.
        begin: where the stream begins, at the start of a line.
        options: see `TextOptions`.

    Raises:
        CorpusError: as in `chunks`.
        OSError: the stream cannot be read.
    """
    offset = begin
    carry = b""
    # Words may be separated without whitespace: the tokenizer finds out.
    longest = MAX_TOKEN_BYTES if options.tokenize == "whitespace" else _LONGEST_WITHOUT_SPACE
    head = stream.read(CHUNK_BYTES)
    # A byte order mark counts only at the very beginning, not after bytes that were dropped.
    is_marked = begin == 0 and head.startswith("\ufeff".encode(options.encoding, "ignore"))
    for block in _decoded(source, stream, head, options):
        text = block
        if is_marked:
            text = block.removeprefix(codecs.BOM_UTF8)
            offset += len(block) - len(text)
            is_marked = False
        text = carry + text if carry else text
        cut = _last_break(text, max(0, len(carry) + 1 - _LONGEST_SPACE))
        carry = text[cut:]
        if not cut and len(carry) >= longest:
            raise token_too_long(source, offset)
        if cut:
            yield offset, text[:cut]
            offset += cut
    if carry:
        yield offset, carry


def _decoded(
    source: Source, stream: Readable, block: bytes, options: TextOptions
) -> Iterator[bytes]:
    """Yield the text in blocks of UTF-8; `block` is the first one, which has already been read."""
    refuse_table(source, block[:HEAD_BYTES])
    if options.is_ascii_based:
        refuse_binary(source.name, block)
    if options.is_plain_utf8:
        while block:
            yield block
            block = stream.read(CHUNK_BYTES)
        return
    decoder = codecs.getincrementaldecoder(options.encoding)(options.encoding_errors)
    position, at_start = 0, True
    while True:
        last = not block
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, last)
        except UnicodeDecodeError as error:
            at = position - pending + error.start
            place = f"{source.name}: byte {at}"
            raise not_in_encoding(place, error.object[error.start], options) from error
        except UnicodeError as error:
            raise no_byte_order(source, error, options) from error
        position += len(block)
        if at_start and not options.is_ascii_based:
            refuse_binary(source.name, text[:HEAD_BYTES].encode(errors="replace"))
        at_start = False
        if options.encoding_errors != "strict":
            text = text.replace("\0", "\ufffd" if options.encoding_errors == "replace" else "")
        if text:
            yield text.encode(errors="replace")  # UTF-7 may contain half of a surrogate pair
        if last:
            return
        block = stream.read(CHUNK_BYTES)


def refuse_binary(name: str, head: bytes) -> None:
    """Check that a file which begins with these bytes is text.

    Raises:
        BinaryFileError: it is not text.
    """
    head = head[:HEAD_BYTES]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BinaryFileError(f"{name}: UTF-16 text; read it with --encoding utf-16")
    control = len(head) - len(head.translate(None, _CONTROL))
    if control >= _FEWEST_CONTROL and control > _CONTROL_SHARE * len(head):
        what = foreign(head)
        raise BinaryFileError(
            f"{name}: not text but {what}" if what else
            f"{name}: not text but binary data ({control} control characters in the first "
            f"{len(head)} bytes)"
        )  # fmt: skip


def table_suffix(source: Source) -> str:
    """The extension of a file in lower case; the one before it if it is that of a compression."""
    suffixes = [] if source.path is None else [s.lower() for s in source.path.suffixes]
    if suffixes and suffixes[-1] in SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def refuse_table(source: Source, head: bytes) -> None:
    """Refuse to read a table as plain text.

    Args:
        source: the file; CSV and TSV are recognised by the extension.
        head: its first bytes, by which Parquet and JSON are recognised.

    Raises:
        CorpusError: it is a table; the message lists its columns.
    """
    first = head.partition(b"\n")[0].decode(errors="replace").strip()
    suffix = table_suffix(source)
    if head.startswith(b"PAR1"):
        what = "a Parquet file"
    elif _JSON_OBJECT.match(first):
        names = re.findall(r'"(\w+)"\s*:', first)
        what = f"JSON lines with the fields {joined_names(dict.fromkeys(names))}"
    elif suffix == ".json" and first.startswith("["):
        what = "a JSON array"
    elif suffix in (".csv", ".tsv") and first:
        names = re.split(r"\t" if suffix == ".tsv" else "[,;\t]", first)
        what = f"a table with the columns {joined_names(names)}"
    else:
        return
    raise CorpusError(f"{source.name}: {what}; choose the one with the text: --text-column NAME")


def joined_names(names: Iterable[str]) -> str:
    """Join the names of columns for a message."""
    return _short(", ".join(name.strip().strip('"') for name in names)) or "none"


def given_paths(corpus: Any, tokenize: str = "whitespace") -> list[StrPath] | None:
    """The paths of a corpus; None if it does not consist of paths.

    A list of str is a list of paths, unless a tokenizer was chosen and none of them may be a path;
    then it is a list of texts.

    Args:
        corpus: what the user gave: a path, a list of paths, or sentences.
        tokenize: see `TextOptions`.

    Raises:
        CorpusError: a list has both.
    """
    if isinstance(corpus, (str, os.PathLike)):
        return [corpus]
    if not isinstance(corpus, (list, tuple)) or not corpus:
        return None
    if not all(isinstance(item, (str, os.PathLike)) for item in corpus):
        return None
    if tokenize == "whitespace":
        return list(corpus)
    are_paths = [_may_be_path(item) for item in corpus]
    if not any(are_paths):
        return None
    if not all(are_paths):
        path, other = corpus[are_paths.index(True)], corpus[are_paths.index(False)]
        raise CorpusError(
            f"corpus: {shown(path)} names a file, but {shown(other)} does not; if both are texts, "
            "pass iter(texts)"
        )
    return list(corpus)


def _may_be_path(item: StrPath) -> bool:
    name = os.fspath(item)
    if name == STDIN or "://" in name.partition(" ")[0] or isinstance(item, os.PathLike):
        return True
    try:
        return bool(name) and (
            Path(name).exists() or (glob.has_magic(name) and bool(glob.glob(name)))  # noqa: PTH207
        )
    except (OSError, ValueError):  # too long for a path, or contains NUL
        return False


def named(sources: Sequence[Source]) -> str:
    """What messages call these files: the name of the only one, or how many there are."""
    return sources[0].name if len(sources) == 1 else f"{len(sources)} files"


def refuse_changed(sources: Sequence[Source], stamps: Sequence[object]) -> None:
    """Check that no file has changed since its stamp was taken.

    Raises:
        CorpusError: a file has changed.
    """
    for source, stamp in zip(sources, stamps, strict=True):
        if source.stamp() != stamp:
            raise CorpusError(f"{source.name}: changed while it was read; read a copy")


def lowered(source: Source, offset: int, text: bytes, options: TextOptions) -> bytes:
    """Convert a chunk to lower case, by the rules of Unicode.

    Args:
        source, offset: the file and the first byte of the chunk, for error messages.
        text: the chunk, in UTF-8.
        options: the encoding is named in error messages.

    Raises:
        CorpusError: the chunk is not UTF-8, or contains NUL.
    """
    if text.isascii():
        return text.lower()
    nul = text.find(b"\0")
    if nul >= 0:
        raise _nul(source, offset + nul)
    try:
        return text.decode().lower().encode()
    except UnicodeDecodeError as error:
        place = f"{source.name}: byte {offset + error.start}"
        raise not_in_encoding(place, text[error.start], options) from error


def explained(
    source: Source, offset: int, text: bytes, fault: TextFault, options: TextOptions
) -> CorpusError:
    """The error for a chunk that could not be tokenized.

    Args:
        source, offset: the file and the first byte of the chunk.
        text: the chunk, in UTF-8.
        fault: what the tokenizer raised.
        options: the encoding is named in the message.
    """
    at = fault.position
    if fault.too_long:
        return token_too_long(source, offset + at)
    if text[at] == 0:
        return _nul(source, offset + at)
    return not_in_encoding(f"{source.name}: byte {offset + at}", text[at], options)


def token_too_long(source: Source, offset: int) -> CorpusError:
    """The error for a token of `MAX_TOKEN_BYTES` or more at byte `offset` of the text."""
    return CorpusError(
        f"{source.name}: byte {offset}: {MAX_TOKEN_BYTES} bytes or more without whitespace; is "
        "this text?"
    )


def not_in_encoding(place: str, byte: int, options: TextOptions) -> CorpusError:
    """The error for a byte that is not in the encoding of the text."""
    if options.is_utf8:
        what = "UTF-8; set the encoding of the files (--encoding latin-1, cp1252, ...)"
    else:
        what = f"{options.encoding}, the given --encoding; choose another"
    return CorpusError(f"{place}: 0x{byte:02x} is not {what}, or use --encoding-errors replace")


def no_byte_order(source: Source, error: UnicodeError, options: TextOptions) -> CorpusError:
    """The error for text that lacks the byte order mark of its encoding."""
    return CorpusError(
        f"{source.name}: not {options.encoding}: {one_line(str(error))}; choose another "
        "--encoding, such as utf-16-le"
    )


def _nul(source: Source, offset: int) -> CorpusError:
    return CorpusError(
        f"{source.name}: byte {offset}: a NUL character; is this UTF-16 (--encoding utf-16) or a "
        "binary file?"
    )


def _last_break(text: bytes, begin: int) -> int:
    """Where to cut `text`: after its last newline, or else its last whitespace; 0 without either.

    The text before `begin` is known to contain neither. Skipping it avoids searching a very long
    word again and again, whenever a block is added to it.
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


@contextmanager
def open_source(source: Source) -> Iterator[Readable]:
    """Context that opens a source; compressed data are detected by their first bytes.

    Standard input is not closed.

    Raises:
        CorpusError: standard input is closed, or the extension names another compression.
        OSError: the file cannot be opened.
    """
    with ExitStack() as stack:
        raw: Any  # a buffered reader, which can peek
        if source.path is None:
            if sys.stdin is None:
                raise CorpusError(f"{source.name}: closed")
            raw = sys.stdin.buffer
        else:
            raw = stack.enter_context(source.path.open("rb", buffering=2**18))
        kind = kind_of(raw.peek(LONGEST_MAGIC)[:LONGEST_MAGIC])
        expected = SUFFIXES.get(source.path.suffix.lower()) if source.path else None
        if expected and kind != expected:
            raise CorpusError(
                f"{source.name}: the name says {expected}, but the content is "
                f"{kind or 'something else'}"
            )
        yield raw if kind is None else decompressed(source.name, kind, raw, CorpusError)
