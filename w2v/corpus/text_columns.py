"""Read text from a column of a table: CSV, TSV, JSON lines or Parquet, perhaps compressed.

    column_chunks(source, options)  ->  (0, text in UTF-8), ... like `w2v.corpus.sources.chunks`

The kind of table is recognised by the extension (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``; the
first three also compressed, as in ``.csv.gz``), or else by the first byte. A missing value
(``null`` or an empty cell) counts as an empty text; a text of several lines becomes several
sentences.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from w2v.corpus.options import TextOptions
from w2v.corpus.sources import (
    CHUNK_BYTES,
    HEAD_BYTES,
    Source,
    joined_names,
    no_byte_order,
    not_in_encoding,
    open_source,
    refuse_binary,
    table_suffix,
)
from w2v.errors import CorpusError, shown
from w2v.util.arguments import has_surrogate
from w2v.util.compression import Readable

_DELIMITERS = ",\t;|"
_LONGEST_CELL = 2**26
"""Maximum number of characters in a cell of CSV; the csv module's default is 131,072."""
_PARQUET_ROWS = 4096


def column_chunks(source: Source, options: TextOptions) -> Iterator[tuple[int, bytes]]:
    """Yield (0, text in UTF-8), in chunks of whole lines, from the column `options.text_column`.

    Raises:
        BinaryFileError: a file in a folder is not text.
        CorpusError: the file cannot be read, is not a table or lacks the column, or a value is not
            a text. The message names the line or row.
    """
    size, lines = 0, []
    try:
        if source.in_folder and options.is_ascii_based and table_suffix(source) != ".parquet":
            with open_source(source) as stream:
                refuse_binary(source.name, stream.read(HEAD_BYTES))
        for place, text in _texts(source, options):
            lines.append(_clean(place, text, options))
            size += len(text) + 1
            if size >= CHUNK_BYTES:
                yield 0, "\n".join([*lines, ""]).encode()
                size, lines = 0, []
    except OSError as error:
        raise CorpusError(f"{source.name}: cannot be read: {error.strerror or error}") from error
    if lines:
        yield 0, "\n".join([*lines, ""]).encode()


def _texts(source: Source, options: TextOptions) -> Iterator[tuple[str, str]]:
    """Yield (place, text), with the place of the text for messages, such as ``words.csv:17``."""
    column = options.text_column
    assert column is not None
    if table_suffix(source) == ".parquet":
        yield from _parquet(source, column)
        return
    with open_source(source) as stream:
        encoding = "utf-8-sig" if options.is_utf8 else options.encoding
        text = io.TextIOWrapper(
            io.BufferedReader(_Raw(stream)), encoding, options.encoding_errors, newline=""
        )
        try:
            first = text.readline()
            is_json = table_suffix(source) not in (".csv", ".tsv") and first.lstrip()[:1] in "{["
            reader = _json_lines if is_json else _csv
            yield from reader(source, first, text, column)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            raise not_in_encoding(source.name, byte, options) from error
        except UnicodeError as error:
            raise no_byte_order(source, error, options) from error


def _csv(
    source: Source, first: str, rest: io.TextIOWrapper, column: str
) -> Iterator[tuple[str, str]]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_CELL))
    headers = {mark: next(csv.reader([first], delimiter=mark), []) for mark in _DELIMITERS}
    delimiter = next((mark for mark, header in headers.items() if column in header), None)
    if delimiter is None:
        widest = max(headers.values(), key=len)
        raise CorpusError(
            f"{source.name}: no column {shown(column)}; the first line has {joined_names(widest)}"
        )
    header = headers[delimiter]
    index = header.index(column)
    rows = csv.reader(rest, delimiter=delimiter, strict=True)
    try:
        for row in rows:
            place = f"{source.name}:{rows.line_num + 1}"
            if len(row) > index:
                yield place, row[index]
            elif row:
                raise CorpusError(f"{place}: {len(row)} fields, but the header has {len(header)}")
    except csv.Error as error:
        raise CorpusError(f"{source.name}:{rows.line_num + 1}: not CSV: {error}") from error


def _json_lines(
    source: Source, first: str, rest: io.TextIOWrapper, column: str
) -> Iterator[tuple[str, str]]:
    if first.lstrip().startswith("["):
        raise CorpusError(
            f"{source.name}: a JSON array, not JSON lines (one object per line); convert it with "
            "jq -c '.[]'"
        )
    line, number = first, 0
    while line:
        number += 1
        place = f"{source.name}:{number}"
        if not line.isspace():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise CorpusError(f"{place}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise CorpusError(f"{place}: not a JSON object with named fields")
            if column not in row:
                raise CorpusError(f"{place}: no field {shown(column)}; it has {joined_names(row)}")
            yield place, _as_text(place, column, row[column])
        line = rest.readline()


def _parquet(source: Source, column: str) -> Iterator[tuple[str, str]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise CorpusError(
            f"{source.name}: reading Parquet needs pyarrow: pip install 'w2v[export]'"
        ) from error
    if source.path is None or source.path.suffix != ".parquet":
        raise CorpusError(
            f"{source.name}: Parquet cannot be read from a compressed file or a stream"
        )
    try:
        with parquet.ParquetFile(source.path) as file:
            names = file.schema_arrow.names
            if column not in names:
                raise CorpusError(
                    f"{source.name}: no column {shown(column)}; it has {joined_names(names)}"
                )
            row = 0
            for batch in file.iter_batches(_PARQUET_ROWS, columns=[column]):
                for value in batch.column(0).to_pylist():
                    row += 1
                    place = f"{source.name}: row {row}"
                    yield place, _as_text(place, column, value)
    except ArrowException as error:
        message = next(iter(str(error).splitlines()), type(error).__name__)
        raise CorpusError(f"{source.name}: damaged or not Parquet: {message}") from error


def _as_text(place: str, column: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise CorpusError(f"{place}: {column} is {shown(value)}, not a text")
    return value


def _clean(place: str, text: str, options: TextOptions) -> str:
    """Remove, replace or refuse NUL and lone surrogates, depending on `encoding_errors`."""
    for fault, what in (("\0", "a NUL character"), *_surrogates(text)):
        if fault in text:
            if options.encoding_errors == "strict":
                raise CorpusError(
                    f"{place}: the text contains {what}; use --encoding-errors replace"
                )
            text = text.replace(fault, "\ufffd" if options.encoding_errors == "replace" else "")
    return text


def _surrogates(text: str) -> list[tuple[str, str]]:
    """Find lone surrogates, which JSON can contain but UTF-8 cannot; each with a description."""
    if not has_surrogate(text):
        return []
    halves = {character for character in text if "\ud800" <= character <= "\udfff"}
    return [(half, "half of a surrogate pair") for half in sorted(halves)]


class _Raw(io.RawIOBase):
    """Adapts a stream to the interface of the io module."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
