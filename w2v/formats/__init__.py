"""Read and write word vectors: word2vec binary and text, and safetensors.

    read(path)               read a `VectorTable` in any of the formats
    write(path, table)       write a `VectorTable` in the format of the extension
    check_format(path)       check that the extension is that of a format
    check_words(words, path) check that the format can store the words

| extension | format | content |
|---|---|---|
| `.bin` | word2vec binary | words, vectors |
| `.txt`, `.vec` | word2vec text; also reads fastText and GloVe | words, vectors |
| `.safetensors` | w2v's own | everything, words with spaces too; can be memory-mapped |

Compressed files (``vectors.vec.gz``) can be read. "-" is standard input, or word2vec text on
standard output. A format is one module and one entry of `FORMATS`. No format uses pickle: reading a
file never runs code from it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from w2v.errors import ConfigError, FormatError, shown
from w2v.formats import binary, native, sniff, text
from w2v.formats.base import Format, Irregularities, ReadOptions
from w2v.formats.open_vectors import open_vectors
from w2v.formats.table import LONGEST_WORD, VectorTable, check_unique
from w2v.util.arguments import check_path, number_of_words
from w2v.util.compression import SUFFIXES
from w2v.util.files import STANDARD_STREAM

__all__ = [
    "EXTENSIONS",
    "FORMATS",
    "VectorTable",
    "check_format",
    "check_words",
    "estimated_bytes",
    "read",
    "write",
]

FORMATS: tuple[Format, ...] = (native.FORMAT, binary.FORMAT, text.FORMAT)
"""All formats. With an unknown extension, a file is read in the first one that it looks like."""

EXTENSIONS = {extension: each for each in FORMATS for extension in each.extensions}
"""Extension, with the dot -> format."""

_BYTES_A_WORD = 32
_BYTES_OF_HEADER = 1024


def check_format(path: str | os.PathLike[str]) -> Format:
    """Return the format in which `path` would be written.

    Raises:
        ConfigError: its extension is not one of `EXTENSIONS`.
    """
    if os.fspath(path) == STANDARD_STREAM:
        return text.FORMAT
    extension = Path(path).suffix
    if extension not in EXTENSIONS:
        what = f"ends in {extension}" if extension else "has no extension"
        raise ConfigError(f"{path}: the name {what}; vectors need {', '.join(EXTENSIONS)}")
    return EXTENSIONS[extension]


def check_words(words: Sequence[str], path: str | os.PathLike[str]) -> None:
    """Check that words can be written to `path` and read back.

    Called before training, so that a run does not fail when it writes its result.

    Args:
        words: the words to store.
        path: the file; what words may contain depends on its extension. In .bin files, a word ends
            at a space or a newline; in .txt and .vec files, also at a tab or a carriage return.
            No-break and ideographic spaces are allowed.

    Raises:
        FormatError: a word is empty, too long or repeated, contains a character that would end it,
            or is not valid Unicode.
        ConfigError: the extension is not one of `EXTENSIONS`.
    """
    _check_words(words, os.fspath(path), check_format(path))


def _check_words(words: Sequence[str], path: str, kind: Format) -> None:
    for row, word in enumerate(words, start=1):
        # Fast path: most words need no further checks.
        if word.isascii() and word.isalpha() and len(word) <= LONGEST_WORD:
            continue
        place = f"{path}: row {row}"
        if not word:
            raise FormatError(f"{place}: the word is empty")
        forbidden = kind.forbidden_in(word)
        if forbidden is not None:
            raise FormatError(
                f"{place}: the word {shown(word)} contains {forbidden}, which ends a word in this "
                "format; use .safetensors"
            )
        try:
            size = len(word.encode())
        except UnicodeEncodeError as error:
            raise FormatError(
                f"{place}: the word {shown(word)} contains half of a surrogate pair, which UTF-8 "
                "cannot encode"
            ) from error
        if size > LONGEST_WORD:
            raise FormatError(f"{place}: a word of {size} bytes; the limit is {LONGEST_WORD}")
    check_unique(path, words)


def estimated_bytes(
    path: str | os.PathLike[str], rows: int, vector_size: int, *, context_vectors: bool = False
) -> int:
    """Estimate the size in bytes of the file that `write` would create, for `files.check_output`.

    Args:
        path: the file; the format is that of its extension.
        rows: number of words, V.
        vector_size: numbers per word, D.
        context_vectors: whether there are context vectors; only safetensors stores them.

    Raises:
        ConfigError: the extension is not one of `EXTENSIONS`.
    """
    kind = check_format(path)
    matrices = 2 if context_vectors and kind.complete else 1
    row_bytes = matrices * vector_size * kind.bytes_per_number + _BYTES_A_WORD
    return _BYTES_OF_HEADER + rows * row_bytes


def read(
    path: str | os.PathLike[str],
    *,
    mmap: bool = False,
    limit: int | None = None,
    lenient: bool = False,
    report: Callable[[str], None] | None = None,
) -> VectorTable:
    """Read a file of vectors.

    Args:
        path: the file; "-" is standard input. The format is that of the extension, or, if it is not
            one of `EXTENSIONS`, the one that the content looks like.
        mmap: memory-map the vectors instead of reading them; safetensors only.
        limit: read only the first this many words; None reads all.
        lenient: accept violations of the format that other programs produce: words with spaces
            (GloVe 840B), repeated words (the first one is kept), words cut inside a character (the
            incomplete character becomes U+FFFD), blank lines, and headers with a wrong number of
            rows or more than two integers.
        report: called with a one-line summary of the violations that were accepted, if any.

    Raises:
        FormatError: the file cannot be read, or is not in its format; the message says what it
            looks like.
        ConfigError: `mmap` with a format that cannot be mapped, or a `limit` below 1.
        InputError: `path` is not a path.
    """
    check_path("vectors", path)
    if limit is not None:
        limit = number_of_words("limit", limit)
    name = os.fspath(path)
    named = _by_extension(name)
    with open_vectors(name) as source:
        foreign = sniff.foreign(source.head)
        if foreign is not None:
            raise FormatError(f"{source.name}: {foreign}, not a file of vectors")
        likely = next((each for each in FORMATS if each.looks_like(source.head)), None)
        kind = named or likely or text.FORMAT
        if mmap and (not kind.mappable or source.size is None):
            raise ConfigError(
                f"{source.name}: mmap=True needs a .safetensors file that is not compressed"
            )
        irregularities = Irregularities(source.name, kind.unit, lenient)
        try:
            table = kind.read(source, ReadOptions(irregularities, limit, mmap))
        except FormatError as error:
            if likely in (kind, None):
                raise
            raise FormatError(f"{error} (the file looks like {likely.name})") from error
        except MemoryError as error:
            raise MemoryError(f"{name}: {error}") from error
    summary = irregularities.summary()
    if summary is not None and report is not None:
        report(summary)
    return table


def _by_extension(name: str) -> Format | None:
    """The format of an extension, ignoring that of compression; None if it is unknown."""
    path = Path(name)
    return EXTENSIONS.get((path.with_suffix("") if path.suffix in SUFFIXES else path).suffix)


def write(path: str | os.PathLike[str], table: VectorTable, kind: Format | None = None) -> None:
    """Write a file of vectors, completely or not at all.

    Only safetensors stores counts, context vectors, biases and metadata; other formats drop them.

    Args:
        path: the file; "-" is standard output.
        table: the words and vectors to write.
        kind: the format; by default, that of the extension.

    Raises:
        ConfigError: the extension is not one of `EXTENSIONS`.
        FormatError: the table cannot be stored: the format cannot hold a word (see `check_words`),
            a number is not finite, a count is negative, or the shapes do not match. Nothing is
            written.
        OutputError: the file cannot be written.
        InputError: `path` is not a path.
    """
    check_path("output", path)
    name = os.fspath(path)
    kind = check_format(name) if kind is None else kind
    words = table.words
    rows, vector_size = table.vectors.shape
    if rows != len(words) or rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}: {len(words)} words, but {rows} vectors of {vector_size} numbers; there must "
            "be one vector per word"
        )
    _check_words(words, name, kind)
    stored = table if kind.complete else VectorTable(words, table.vectors)
    stored.check_finite(name)
    if stored.counts is not None and stored.counts.min() < 0:
        raise FormatError(f"{path}: a negative count, {stored.counts.min()}")
    kind.write(name, stored)
