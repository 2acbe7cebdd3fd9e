"""Read a corpus from files: one or several threads tokenize chunks of text.

    chunks of text --readers--> ids of the reader --in order--> ids of the corpus --> encoder

Each reader is a thread with its own word table, so readers share nothing. The new words of each
chunk are added to the table of the corpus in the order of chunks, so words are numbered by first
appearance, whatever the number of readers. Peak memory is a few chunks and the word tables,
whatever the size of the corpus.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Unpack

import numpy as np

from w2v.corpus import cache
from w2v.corpus.corpus import MAX_SENTENCE_WORDS, Corpus
from w2v.corpus.encoder import Encoder, refuse_too_many
from w2v.corpus.options import CorpusOptions, TextOptions
from w2v.corpus.sources import (
    BinaryFileError,
    Source,
    chunks,
    expand,
    explained,
    lowered,
    named,
    no_warning,
    refuse_changed,
    skipped_binary,
)
from w2v.corpus.text_columns import column_chunks
from w2v.corpus.tokenizer import NewWords, TextFault, Tokens, WordTable
from w2v.numerics.jit import jit
from w2v.util.arguments import positive
from w2v.util.files import StrPath, check_folder
from w2v.util.threads import ThreadPool

MAX_READERS = 16
"""Each takes memory for a chunk and a word table, and this many are faster than any disk."""

MAX_READER_WORDS = 2**20
"""A reader whose table has more words starts a new table, which limits it to 50 MB."""


def read_corpus(
    paths: StrPath | Sequence[StrPath],
    *,
    workers: int = 1,
    cache_dir: StrPath | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
    on_warning: Callable[[str], None] = no_warning,
    **options: Unpack[CorpusOptions],
) -> Corpus:
    """Read text with one sentence per line, count its words, choose the vocabulary, and encode it.

    Args:
        paths: files, folders, glob patterns or ``-`` (standard input); see `sources.expand`.
        workers: number of threads that tokenize; the result does not depend on it.
        cache_dir: folder in which to store the encoded corpus; it is loaded from there if neither
            the contents of the files nor the options have changed.
        on_progress: called with (bytes of text read, total bytes or None if unknown).
        on_warning: called with a warning about files in folders that are skipped.
        options: see `TextOptions`.

    Raises:
        ConfigError: an option is out of its range or of the wrong type.
        CorpusError: a file cannot be read or is not text (see `sources`), a file changed while it
            was read, or there is nothing to train on.
        OutputError: the temporary files or the cache cannot be written.
    """
    text_options = TextOptions(**options)
    workers = positive("workers", workers)
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    sources = expand(given, on_warning)
    stamps = [source.stamp() for source in sources]
    key = None
    if cache_dir is not None:
        check_folder(cache_dir)
        key = cache.content_key(
            sources,
            {
                **asdict(text_options),
                "max_sentence_words": MAX_SENTENCE_WORDS,
                "unicode": unicodedata.unidata_version,
            },
        )
        found = cache.load(Path(cache_dir), key, text_options)
        if found is not None:
            return found

    corpus = _read(sources, text_options, workers, on_progress, on_warning, stamps)
    if cache_dir is not None and key is not None:
        cache.save(Path(cache_dir), key, corpus)
    return corpus


def _read(
    sources: Sequence[Source], options: TextOptions, workers: int,
    on_progress: Callable[[int, int | None], None] | None, on_warning: Callable[[str], None],
    stamps: Sequence[object],
) -> Corpus:  # fmt: skip
    is_plain = options.text_column is None
    sizes = [source.text_size() if is_plain else None for source in sources]
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    # Compile here, where Ctrl-C can interrupt it, rather than in a thread that we wait for.
    WordTable().tokenize(b"\n", options.tokenize)
    table, name, done = WordTable(), named(sources), 0
    skipped: list[Source] = []
    texts = _texts(sources, options, skipped)
    with Encoder() as encoder:
        for chunk, tokens in _tokenized(texts, table, options, min(workers, MAX_READERS)):
            if tokens is None:
                encoder.end_file()
                continue
            encoder.add(tokens)
            refuse_too_many(table, name)
            done += len(chunk.text)
            if on_progress is not None:
                on_progress(done, total)
        refuse_changed(sources, stamps)
        if skipped:
            on_warning(skipped_binary(skipped))
        return encoder.finish(
            table, name, options, files=len(sources) - len(skipped), skipped=len(skipped)
        )


class _Chunk(NamedTuple):
    """Part of the text of a file, which begins at byte `offset`; empty at the end of the file."""

    source: Source
    offset: int
    text: bytes


def _texts(
    sources: Sequence[Source], options: TextOptions, skipped: list[Source]
) -> Iterator[_Chunk]:
    """Yield the chunks of all files; binary files in folders are appended to `skipped`."""
    read = chunks if options.text_column is None else column_chunks
    for source in sources:
        try:
            for offset, text in read(source, options):
                yield _Chunk(source, offset, text)
        except BinaryFileError:  # raised before the first chunk
            if not source.in_folder:
                raise
            skipped.append(source)
        yield _Chunk(source, 0, b"")


def tokenize_chunk(
    table: WordTable, source: Source, offset: int, text: bytes, options: TextOptions
) -> Tokens:
    """Tokenize a chunk of a file.

    Args:
        table: counts the words; the result has its ids.
        source, offset: the file and the first byte of the chunk, for error messages.
        text: the chunk, in UTF-8.
        options: `lowercase` and `tokenize` are used.

    Raises:
        CorpusError: the chunk is not text.
    """
    if options.lowercase:
        text = lowered(source, offset, text, options)
    try:
        return table.tokenize(text, options.tokenize)
    except TextFault as fault:
        raise explained(source, offset, text, fault, options) from fault


def _tokenized(
    texts: Iterator[_Chunk], table: WordTable, options: TextOptions, readers: int
) -> Iterator[tuple[_Chunk, Tokens | None]]:
    """Yield each chunk with its tokens as ids of `table`, in order; None at the end of a file."""
    if readers == 1:
        for chunk in texts:
            yield chunk, tokenize_chunk(table, *chunk, options) if chunk.text else None
        return
    waiting: deque[tuple[_Chunk, Future[_Read] | None]] = deque()
    with ExitStack() as stack:
        threads = [_Reader(options) for _ in range(readers)]
        pools = [
            stack.enter_context(ThreadPool(max_workers=1, thread_name_prefix="w2v-read"))
            for _ in threads
        ]
        # Round-robin, so that each reader gets its chunks in order.
        turns = itertools.cycle(zip(threads, pools, strict=True))
        for chunk in texts:
            future = None
            if chunk.text:
                reader, pool = next(turns)
                future = pool.submit(reader.tokenize, chunk)
            waiting.append((chunk, future))
            while len(waiting) > readers + 1:
                yield _next(waiting, table)
        while waiting:
            yield _next(waiting, table)
    for reader in threads:
        reader.words.add_counts(table)


def _next(
    waiting: deque[tuple[_Chunk, Future[_Read] | None]], table: WordTable
) -> tuple[_Chunk, Tokens | None]:
    chunk, future = waiting.popleft()
    return chunk, None if future is None else future.result().to_corpus_ids(table)


class _ReaderWords:
    """The words of a reader, and their ids in the corpus."""

    def __init__(self) -> None:
        self.table = WordTable()
        self._corpus_ids = np.empty(0, dtype=np.int32)

    def translate(self, ids: np.ndarray, new: NewWords, table: WordTable) -> None:
        """Convert the ids of a chunk, in place, to those of the corpus; `new` are its new words."""
        if new.last > len(self._corpus_ids):
            larger = np.empty(2 * new.last, dtype=np.int32)
            larger[: new.first] = self._corpus_ids[: new.first]
            self._corpus_ids = larger
        self._corpus_ids[new.first : new.last] = table.add(new)
        _translate(ids, self._corpus_ids)

    def add_counts(self, table: WordTable) -> None:
        """Add the counts of these words to those of the corpus."""
        table.counts[self._corpus_ids[: len(self.table)]] += self.table.counts


class _Reader:
    """Tokenizes chunks, in its own thread."""

    def __init__(self, options: TextOptions) -> None:
        self._options = options
        self.words = _ReaderWords()

    def tokenize(self, chunk: _Chunk) -> _Read:
        """Tokenize the next chunk."""
        words = self.words
        known = len(words.table)
        tokens = tokenize_chunk(words.table, *chunk, self._options)
        is_last = len(words.table) > MAX_READER_WORDS
        if is_last:
            self.words = _ReaderWords()
        return _Read(words, tokens, words.table.since(known), is_last)


class _Read(NamedTuple):
    """A chunk tokenized by a reader.

    Attributes:
        words: the reader's words.
        tokens: the tokens, with ids of `words`.
        new: the words that occur in this chunk for the first time.
        is_last: whether this is the last chunk that uses `words`.
    """

    words: _ReaderWords
    tokens: Tokens
    new: NewWords
    is_last: bool

    def to_corpus_ids(self, table: WordTable) -> Tokens:
        """Convert the tokens to ids of the corpus."""
        self.words.translate(self.tokens.ids, self.new, table)
        if self.is_last:
            self.words.add_counts(table)
        return self.tokens


@jit
def _translate(ids: Any, new_ids: Any) -> None:
    for k in range(ids.size):
        ids[k] = new_ids[ids[k]]
