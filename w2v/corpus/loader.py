"""Reading a corpus: tokens go once through a temporary file of ids, never through memory whole.

    chunks of text --threads--> chunk ids --in order--> ids of first appearance --> temporary file
    then: choose the vocabulary, renumber and drop in place, map the file

Peak memory is a few chunks and the word table, whatever the size of the corpus, and however short
or long its lines: where the sentences begin is kept in a file too.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from w2v.corpus import cache
from w2v.corpus.sources import (
    MAX_TOKEN_BYTES,
    EncodingErrors,
    Source,
    chunks,
    expand,
    named,
    refuse_changed,
    token_too_long,
)
from w2v.corpus.temp_arrays import TempArray
from w2v.corpus.tokenizer import Chunk, WordTable, tokenize
from w2v.errors import CorpusError, shown
from w2v.formats.tensor_file import add_to_digest
from w2v.numerics.jit import jit
from w2v.util.files import check_folder
from w2v.util.threads import ThreadPool
from w2v.vocab import Vocabulary, kept_words

MAX_SENTENCE_WORDS = 10_000
"""A longer line is split into sentences of this many words; every word is trained."""

MIN_VOCABULARY = 2
"""One word alone has no other word to be told apart from."""

MAX_DISTINCT = 2**31 - 1
"""Ids are int32. So many words would take over 60 GB of memory to count."""

MAX_READERS = 16
"""Threads that tokenise: each holds a chunk, and so many outrun any disk."""

_DROPPED = -1
_LENGTH = np.uint16
"""Of a sentence, which has at most `MAX_SENTENCE_WORDS` words."""


@dataclass(frozen=True)
class Audit:
    """What became of the text. ``words == kept + dropped_rare + dropped_max_vocab``.

    Attributes:
        files: inputs read.
        lines: lines, empty ones included.
        sentences: sentences with at least one kept word.
        lines_split: lines longer than `MAX_SENTENCE_WORDS`, split into several sentences.
        words: tokens in the text.
        distinct: different words in the text.
        kept: tokens of the vocabulary's words, before subsampling.
        dropped_rare: tokens of words rarer than min_count.
        dropped_max_vocab: tokens of words beyond max_vocab.
        max_count: count of the most frequent word.
        longest_sentence: kept words of the longest sentence; with 1, there is nothing to learn.
    """

    files: int
    lines: int
    sentences: int
    lines_split: int
    words: int
    distinct: int
    kept: int
    dropped_rare: int
    dropped_max_vocab: int
    max_count: int
    longest_sentence: int


@dataclass(frozen=True)
class Corpus:
    """An encoded corpus.

    Attributes:
        vocabulary: the kept words.
        tokens: (N,) int32 word ids, sentence after sentence; may be mapped from a file.
        sentence_starts: (S + 1,) int64; sentence s is ``tokens[starts[s]:starts[s + 1]]``.
        audit: what was read and what was dropped.
    """

    vocabulary: Vocabulary
    tokens: np.ndarray
    sentence_starts: np.ndarray
    audit: Audit

    @property
    def n_words(self) -> int:
        """Words of the vocabulary in it."""
        return len(self.tokens)

    @property
    def n_sentences(self) -> int:
        """Sentences in it."""
        return len(self.sentence_starts) - 1

    def fingerprint(self) -> str:
        """SHA-256 of words, counts, tokens and sentence bounds, in hexadecimal."""
        digest = hashlib.sha256("\n".join(self.vocabulary.words).encode())
        for array in (self.vocabulary.counts, self.tokens, self.sentence_starts):
            add_to_digest(digest, array)
        return digest.hexdigest()

    def sentences(self) -> Iterator[np.ndarray]:
        """The sentences, each (n,) int32."""
        for start, end in zip(self.sentence_starts[:-1], self.sentence_starts[1:], strict=True):
            yield self.tokens[start:end]


class Words(Protocol):
    """Words numbered by first appearance: a `WordTable`, or a dict's worth of Python strings."""

    @property
    def counts(self) -> np.ndarray:
        """(W,) int64, how often each word occurred."""
        ...

    def words(self, ids: np.ndarray) -> list[str]:
        """The words of `ids`."""
        ...


class Encoder:
    """Collects tokens in order: ids and sentence lengths, in temporary files."""

    def __init__(self) -> None:
        self.tokens, self.lengths, self.starts = TempArray(), TempArray(), TempArray()
        self.sentences = 0
        self.open_length = 0  # words of the line that the last chunk left unfinished
        self.lines = 0
        self.lines_split = 0

    def __enter__(self) -> Encoder:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self.tokens, self.lengths, self.starts):
            file.close()

    def add(self, tokens: np.ndarray, line_lengths: np.ndarray) -> None:
        """Take (N,) int32 tokens, and the words before each newline and after the last one."""
        self.tokens.write(tokens)
        lengths = line_lengths.copy()
        lengths[0] += self.open_length
        self.open_length = int(lengths[-1])
        self.lines += len(lengths) - 1
        self._close_lines(lengths[:-1])

    def end_file(self) -> None:
        """The end of a file ends its last line, newline or not."""
        if self.open_length:
            self.lines += 1
            self._close_lines(np.array([self.open_length], dtype=np.int64))
            self.open_length = 0

    def _close_lines(self, lengths: np.ndarray) -> None:
        lengths = lengths[lengths > 0]
        too_long = lengths > MAX_SENTENCE_WORDS
        if too_long.any():
            self.lines_split += int(too_long.sum())
            parts: list[int] = []
            for length in lengths.tolist():
                whole, rest = divmod(length, MAX_SENTENCE_WORDS)
                parts += [MAX_SENTENCE_WORDS] * whole + [rest] * (rest > 0)
            lengths = np.array(parts, dtype=np.int64)
        self.sentences += len(lengths)
        self.lengths.write(lengths.astype(_LENGTH))

    def finish(
        self, table: Words, name: str, files: int, min_count: int, max_vocab: int | None
    ) -> Corpus:
        """Choose the vocabulary, renumber the tokens in place, and map them."""
        counts = table.counts
        words = int(counts.sum())
        max_count = int(counts.max(initial=0))
        kept_ids = chosen_words(table, name, min_count, max_vocab)
        new_ids = np.full(len(counts), _DROPPED, dtype=np.int32)
        new_ids[kept_ids] = np.arange(len(kept_ids), dtype=np.int32)
        vocabulary = Vocabulary(table.words(kept_ids), counts[kept_ids])
        kept = int(vocabulary.counts.sum())
        rare = int(counts[counts < min_count].sum())

        tokens = self.tokens.mapped(np.int32, words)
        lengths = self.lengths.mapped(_LENGTH, self.sentences)
        starts = self.starts.mapped(np.int64, self.sentences + 1)
        sentences, longest = renumber(tokens, new_ids, lengths, starts)
        starts = starts[: sentences + 1]
        starts.flags.writeable = False
        tokens = tokens[:kept]
        tokens.flags.writeable = False
        audit = Audit(
            files=files,
            lines=self.lines,
            sentences=sentences,
            lines_split=self.lines_split,
            words=words,
            distinct=len(counts),
            kept=kept,
            dropped_rare=rare,
            dropped_max_vocab=words - kept - rare,
            max_count=max_count,
            longest_sentence=longest,
        )
        return Corpus(vocabulary, tokens, starts, audit)


def refuse_too_many(table: Sized, name: str) -> None:
    """Refuse more different words than ids can tell apart.

    Raises:
        CorpusError: there are more; `name` says of what.
    """
    if len(table) > MAX_DISTINCT:
        raise CorpusError(f"{name}: expected at most {MAX_DISTINCT} words, got more")


def chosen_words(table: Words, name: str, min_count: int, max_vocab: int | None) -> np.ndarray:
    """The ids in the table of the words to keep, in the order of their new ids.

    Raises:
        CorpusError: there are too few; `name` says of what.
    """
    counts = table.counts
    if not len(counts):
        raise CorpusError(f"{name}: expected words, got none (empty, or whitespace only)")
    kept_ids = kept_words(counts, min_count, max_vocab)
    if len(kept_ids) == 0:
        raise CorpusError(
            f"{name}: expected words that occur at least min_count = {min_count} times, "
            f"got none (the most frequent of {len(counts)} words occurs {counts.max()} times)"
        )
    if len(kept_ids) < MIN_VOCABULARY:
        raise CorpusError(
            f"{name}: expected at least {MIN_VOCABULARY} different words, got one that is "
            f"kept, {shown(table.words(kept_ids)[0])} (of {len(counts)} in the text; "
            f"min_count = {min_count})"
        )
    return kept_ids


@jit
def renumber(tokens: Any, new_ids: Any, lengths: Any, starts: Any) -> Any:
    """Replace ids by `new_ids`, and close the gaps of dropped words and of sentences left empty.

    Fills `starts`; returns how many sentences there are, and the words of the longest.
    """
    read = write = sentences = longest = 0
    starts[0] = 0
    for sentence in range(lengths.size):
        end = read + np.int64(lengths[sentence])
        while read < end:
            word = new_ids[tokens[read]]
            if word != _DROPPED:
                tokens[write] = word
                write += 1
            read += 1
        if write > starts[sentences]:
            longest = max(longest, write - starts[sentences])
            sentences += 1
            starts[sentences] = write
    return sentences, longest


def read_corpus(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    min_count: int = 5,
    max_vocab: int | None = None,
    lowercase: bool = False,
    encoding_errors: EncodingErrors = "strict",
    workers: int = 1,
    cache_dir: str | os.PathLike[str] | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
) -> Corpus:
    """Read text, one sentence a line, tokens between whitespace; count, choose words, encode.

    Args:
        paths: files, folders, glob patterns or ``-`` (standard input); see `sources.expand`.
        min_count: words that occur less often are dropped.
        max_vocab: keep at most this many words, the most frequent.
        lowercase: lower the case of the text first, by Unicode's rules.
        encoding_errors: what to do with bytes that are not UTF-8; see `sources.chunks`.
        workers: threads that tokenise; the result does not depend on it.
        cache_dir: keep the encoded corpus here, and take it from here when the content of the
            files and the options above are the same.
        on_progress: called with (bytes of text read so far, bytes in all or None if unknown).

    Raises:
        CorpusError: see `sources`; or there is nothing to train on; or a file was changed while it
            was read.
        OutputError: no room for the temporary files, or no cache can be written there.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    sources = expand(given)
    name = named(sources)
    options = {
        "min_count": min_count,
        "max_vocab": max_vocab,
        "lowercase": lowercase,
        "encoding_errors": encoding_errors,
        "max_sentence_words": MAX_SENTENCE_WORDS,
    }
    stamps = [source.stamp() for source in sources]
    key = None
    if cache_dir is not None:
        check_folder(cache_dir)
        key = cache.content_key(sources, options)
        found = cache.load(Path(cache_dir), key, [field.name for field in fields(Audit)])
        if found is not None:
            words, counts, tokens, starts, audit = found
            return Corpus(Vocabulary(words, counts), tokens, starts, Audit(**audit))

    sizes = [source.text_size() for source in sources]
    known = [size for size in sizes if size is not None]
    total = sum(known) if len(known) == len(sizes) else None
    table = WordTable()
    tokenize(b"\n")  # compiled here, where Ctrl-C ends it, and not in a thread that is waited for
    done = 0
    readers = min(workers, MAX_READERS)
    with (
        Encoder() as encoder,
        ThreadPool(max_workers=readers, thread_name_prefix="w2v-read") as pool,
    ):
        for source, offset, chunk in _tokenized(sources, lowercase, encoding_errors, pool, readers):
            if chunk is None:
                encoder.end_file()
                continue
            if chunk.longest >= MAX_TOKEN_BYTES:
                raise token_too_long(source, offset + chunk.longest_at)
            encoder.add(table.add(chunk), chunk.line_lengths)
            refuse_too_many(table, name)
            done += len(chunk.data)
            if on_progress is not None:
                on_progress(done, total)
        refuse_changed(sources, stamps)
        corpus = encoder.finish(table, name, len(sources), min_count, max_vocab)
    if cache_dir is not None and key is not None:
        cache.save(
            Path(cache_dir),
            key,
            words=corpus.vocabulary.words,
            counts=corpus.vocabulary.counts,
            tokens=corpus.tokens,
            sentence_starts=corpus.sentence_starts,
            audit=asdict(corpus.audit),
        )
    return corpus


def _tokenized(
    sources: Sequence[Source],
    lowercase: bool,
    encoding_errors: EncodingErrors,
    pool: ThreadPool,
    workers: int,
) -> Iterator[tuple[Source, int, Chunk | None]]:
    """Chunks in order, tokenised a little ahead by the pool; None at the end of each file."""
    waiting: deque[tuple[Source, int, Future[Chunk] | None]] = deque()
    for source in sources:
        for offset, text in chunks(source, lowercase=lowercase, encoding_errors=encoding_errors):
            waiting.append((source, offset, pool.submit(tokenize, text)))
            while len(waiting) > workers + 1:
                yield _result(waiting.popleft())
        waiting.append((source, 0, None))
    while waiting:
        yield _result(waiting.popleft())


def _result(
    item: tuple[Source, int, Future[Chunk] | None],
) -> tuple[Source, int, Chunk | None]:
    source, offset, future = item
    return source, offset, None if future is None else future.result()


def encode_sentences(
    sentences: Iterable[Sequence[str]], *, min_count: int = 5, max_vocab: int | None = None
) -> Corpus:
    """Encode sentences given as lists of words; each is read once, so a generator will do.

    A sentence longer than `MAX_SENTENCE_WORDS` is split, as a line is. Words are taken as they are.

    Raises:
        CorpusError: a sentence is a str (which would make a corpus of letters) or holds something
            that is not a str; or there is nothing to train on.
    """
    table = _PythonWords()
    with Encoder() as encoder:
        for place, sentence in enumerate(sentences, start=1):
            if isinstance(sentence, (str, bytes)):
                raise CorpusError(
                    f"sentence {place}: expected a list of words, got a "
                    f"{type(sentence).__name__}: {shown(sentence)} (split it first)"
                )
            tokens = table.add(sentence, place)
            encoder.add(tokens, np.array([len(tokens), 0], dtype=np.int64))
        return encoder.finish(table, "corpus", 0, min_count, max_vocab)


class _PythonWords:
    """Words and counts in a dict."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._counts: list[int] = []

    def add(self, sentence: Sequence[str], place: int) -> np.ndarray:
        tokens = np.empty(len(sentence), dtype=np.int32)
        for position, word in enumerate(sentence):
            if not isinstance(word, str):
                raise CorpusError(
                    f"sentence {place}: expected words of type str, got {shown(word)} at {position}"
                )
            word_id = self._ids.setdefault(word, len(self._ids))
            if word_id == len(self._counts):
                self._counts.append(0)
            self._counts[word_id] += 1
            tokens[position] = word_id
        return tokens

    @property
    def counts(self) -> np.ndarray:
        return np.array(self._counts, dtype=np.int64)

    def words(self, ids: np.ndarray) -> list[str]:
        by_id = list(self._ids)
        return [by_id[i] for i in ids.tolist()]
