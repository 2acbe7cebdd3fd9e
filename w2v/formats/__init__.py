"""Reading and writing word vectors: word2vec binary and text, and safetensors.

    read(path)               a `VectorTable` from any of the formats
    write(path, table)       in the format that the path's extension names
    check_format(path)       refuses an extension that nothing can be written in
    check_words(words, path) refuses words that the format of a path cannot hold

| extension | format | holds |
|---|---|---|
| `.bin` | word2vec binary | words, vectors |
| `.txt`, `.vec` | word2vec text; fastText's and GloVe's are read too | words, vectors |
| `.safetensors` | w2v's own | all, also words with spaces; can be mapped |

Files may be packed (``vectors.vec.gz``); "-" is standard input, and word2vec text on standard
output. A format is one module and one row of `FORMATS`. Nothing here is a pickle: reading a file
runs no code from it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from w2v.errors import ConfigError, FormatError, InputError, shown
from w2v.formats import binary, native, sniff, text
from w2v.formats.base import Format, Irregularities, ReadOptions
from w2v.formats.open_vectors import opened
from w2v.formats.table import LONGEST_WORD, VectorTable, check_finite, check_unique
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
"""All formats. The first that a file looks like is taken where its name does not tell."""

EXTENSIONS = {extension: each for each in FORMATS for extension in each.extensions}
"""What each extension stands for."""

_BYTES_A_WORD = 32
_BYTES_OF_HEADER = 1024


def check_format(path: str | os.PathLike[str]) -> Format:
    """The format that `path` will be written in.

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
    """Refuse words that could not be read back from `path`.

    Training calls this before it begins, so that it cannot end with nothing to show for it.

    Args:
        words: the words to store.
        path: the file; its extension decides what a word may hold. A word of a .bin file ends at a
            space or a newline, in a .txt and a .vec also at a tab or a carriage return; no-break
            and ideographic spaces are letters like others.

    Raises:
        FormatError: a word is empty, too long, occurs twice, holds a character at which words
            end, or is not Unicode text.
        ConfigError: the extension is not one of `EXTENSIONS`.
    """
    _check_words(words, os.fspath(path), check_format(path))


def _check_words(words: Sequence[str], path: str, kind: Format) -> None:
    for row, word in enumerate(words, start=1):
        # isascii and isalpha look once at flags and letters; most words need nothing more.
        if word.isascii() and word.isalpha() and len(word) <= LONGEST_WORD:
            continue
        place = f"{path}: row {row}"
        if not word:
            raise FormatError(f"{place}: the word is empty")
        forbidden = kind.forbidden_in(word)
        if forbidden is not None:
            raise FormatError(
                f"{place}: the word {shown(word)} holds {forbidden}, at which words of this format "
                "end; .safetensors can hold it"
            )
        try:
            size = len(word.encode())
        except UnicodeEncodeError as error:
            raise FormatError(
                f"{place}: the word {shown(word)} holds half of a surrogate pair, which UTF-8 "
                "cannot hold"
            ) from error
        if size > LONGEST_WORD:
            raise FormatError(f"{place}: a word of {size} bytes; {LONGEST_WORD} is the most")
    check_unique(path, words)


def estimated_bytes(
    path: str | os.PathLike[str], rows: int, vector_size: int, *, context_vectors: bool = False
) -> int:
    """About how large a file `write` will make, for `files.check_output`.

    Args:
        path: its name, which decides the format.
        rows: number of words.
        vector_size: numbers per word.
        context_vectors: whether there are any; only safetensors holds them.
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
        path: the extension says the format; where it is none of `EXTENSIONS`, the content does.
            "-" is standard input.
        mmap: map the vectors rather than read them: safetensors only.
        limit: read only the first this many words, and nothing of the rest.
        lenient: accept what other programs write against the rules of their own formats: words
            with spaces (GloVe 840B), duplicates (the first counts), words cut inside a character
            (U+FFFD takes its place), blank lines, headers that are too high, too low or of more
            than two integers.
        report: called with one line that counts what a lenient reader accepted.

    Raises:
        FormatError: the file cannot be read; the message says what it looks like.
        ConfigError: `mmap` with a format that cannot be mapped, or a `limit` below 1.
    """
    if not isinstance(path, str | os.PathLike):
        raise InputError(f"vectors: {shown(path)} is not a path")
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 1):
        raise ConfigError(f"limit: {shown(limit)} is not a number of words, 1 or more")
    name = os.fspath(path)
    named = _by_extension(name)
    with opened(name) as source:
        foreign = sniff.foreign(source.head)
        if foreign is not None:
            raise FormatError(f"{source.name}: {foreign}, not a file of vectors")
        likely = next((each for each in FORMATS if each.looks_like(source.head)), None)
        kind = named or likely or text.FORMAT
        if mmap and (not kind.mappable or source.size is None):
            raise ConfigError(
                f"{source.name}: only an unpacked .safetensors file can be mapped (mmap=True)"
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
    """The format that a path names, packed or not."""
    path = Path(name)
    return EXTENSIONS.get((path.with_suffix("") if path.suffix in SUFFIXES else path).suffix)


def write(path: str | os.PathLike[str], table: VectorTable, kind: Format | None = None) -> None:
    """Write a file of vectors, whole or not at all.

    Only safetensors holds counts, context vectors and metadata; the others leave them out.

    Args:
        path: the file; "-" is standard output.
        table: what to write.
        kind: the format; the one that the extension names by default.

    Raises:
        ConfigError: an extension that is none of `EXTENSIONS`.
        FormatError: before anything is written, words or numbers that could not be read back: see
            `check_words`; a NaN or an infinity.
        OutputError: the file cannot be written.
    """
    name = os.fspath(path)
    kind = check_format(name) if kind is None else kind
    words = table.words
    rows, vector_size = table.vectors.shape
    if rows != len(words) or rows < 1 or vector_size < 1:
        raise FormatError(
            f"{path}: {len(words)} words and {rows} vectors of {vector_size} numbers; there must "
            "be a vector for each word"
        )
    _check_words(words, name, kind)
    check_finite(name, words, table.vectors)
    if kind.complete:
        if table.counts is not None and table.counts.min() < 0:
            raise FormatError(f"{path}: a count of {table.counts.min()}")
        if table.context_vectors is not None:
            check_finite(f"{path}: context_vectors", words, table.context_vectors)
        if table.output_bias is not None:
            check_finite(f"{path}: output_bias", words, table.output_bias[:, None])
    kind.write(name, table)
