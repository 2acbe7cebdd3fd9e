"""A corpus in shards, each read, counted and encoded by a task of its own, where it is trained.

    read_shards        runs the tasks below on an engine; the corpus that they make
    read_segments      text -> tokens in the shard's own ids, and the shard's words with counts
    merge_counts       the words and counts of two shards -> one; in pairs, a binary tree
    encode_shard       tokens in the shard's ids -> ids of the vocabulary

The tasks are pure functions. The vocabulary equals that of `read_corpus`, whatever the number of
shards. It is fixed before any shard is encoded, and each task that encodes checks its hash.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.byte_ranges import Segment, expand_urls, plan_ranges, range_text
from w2v.corpus.loader import Audit, Encoder, chosen_words, refuse_too_many, renumber
from w2v.corpus.sources import (
    MAX_TOKEN_BYTES,
    EncodingErrors,
    Source,
    named,
    refuse_changed,
    token_too_long,
)
from w2v.corpus.temp_arrays import zeros_on_disk
from w2v.corpus.tokenizer import WordTable, tokenize
from w2v.engines.base import Engine, Ref, check_cancelled, tree
from w2v.errors import CorpusError
from w2v.formats.tensor_file import add_to_digest
from w2v.vocab import Vocabulary, pack_lines

_DROPPED = -1
_PLACE_BITS = 32
"""A place is the number of the word's segment, and behind it the word's id in the shard."""


class ShardText(NamedTuple):
    """A shard's text as numbers.

    Attributes:
        tokens: (N,) int32, ids of the shard's own words.
        lengths: (S,) uint16, words of each sentence.
        lines, lines_split: see `Audit`.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    lines: int
    lines_split: int


class WordCounts(NamedTuple):
    """Different words.

    Attributes:
        text: (B,) uint8, in UTF-8, a newline between two words.
        counts: (W,) int64.
        places: (W,) int64, ascending as the words first appear in the text.
    """

    text: np.ndarray
    counts: np.ndarray
    places: np.ndarray


class Shard(NamedTuple):
    """A shard in the ids of the vocabulary: (N,) int32 tokens, (S + 1,) int64 sentence starts."""

    tokens: np.ndarray
    sentence_starts: np.ndarray


class ShardSummary(NamedTuple):
    """What the driver keeps of a shard: words before and after words were dropped, and a hash."""

    words: int
    kept: int
    sentences: int
    longest_sentence: int
    lines: int
    lines_split: int
    digest: str


@dataclass(frozen=True)
class ShardedCorpus:
    """A corpus whose tokens are where its shards are.

    Attributes:
        vocabulary, audit: as of a `Corpus`.
        shards: a reference to each `Shard`.
        summaries: what is known of each.
        digest: SHA-256 of the vocabulary and of all shards, in hexadecimal.
    """

    vocabulary: Vocabulary
    audit: Audit
    shards: tuple[Ref, ...]
    summaries: tuple[ShardSummary, ...]
    digest: str

    @property
    def n_words(self) -> int:
        """Words of the vocabulary in it."""
        return self.audit.kept

    @property
    def n_sentences(self) -> int:
        """Sentences in it."""
        return self.audit.sentences

    def fingerprint(self) -> str:
        """`digest`: other shards of the same text have another one."""
        return self.digest


def read_shards(
    engine: Engine,
    paths: Sequence[Any],
    count: int,
    *,
    min_count: int,
    max_vocab: int | None,
    lowercase: bool,
    encoding_errors: EncodingErrors,
    on_progress: Callable[[int, int | None], None],
) -> ShardedCorpus:
    """Read, count and encode plain text files in so many shards.

    Args:
        engine: runs the tasks.
        paths: files, folders, patterns and URLs; every place that runs tasks must reach them.
        count: the number of shards; the result depends on it, and on no other way of dividing work.
        min_count, max_vocab, lowercase, encoding_errors: see `w2v.corpus.read_corpus`.
        on_progress: called with (bytes of text read so far, bytes in all).

    Raises:
        ConfigError, CorpusError: see `w2v.corpus.byte_ranges` and `w2v.corpus.read_corpus`.
    """
    sources = expand_urls(paths)
    stamps = [source.stamp() for source in sources]
    ranges = plan_ranges(sources, count)
    group_of = {n: k for k, group in enumerate(engine.groups(count)) for n in group}
    texts: list[Ref] = []
    counts: list[Ref] = []
    for number, segments in enumerate(ranges):
        text, own = engine.submit(
            read_segments, segments, lowercase, encoding_errors, outputs=2, group=group_of[number]
        )
        texts.append(text)
        counts.append(own)
    sizes = [sum(segment.end - segment.begin for segment in segments) for segments in ranges]
    for number, own in enumerate(counts):
        engine.get([own])
        on_progress(sum(sizes[: number + 1]), sum(sizes))
    (all_words,) = engine.get([tree(engine, merge_counts, counts)])
    vocabulary, audit = _frozen(all_words, named(sources), len(sources), min_count, max_vocab)

    words = pack_lines(vocabulary.words)
    digest = words_digest(words)
    words_ref = engine.put(words)
    encoded = [
        engine.submit(
            encode_shard, text, own, words_ref, digest, outputs=2, group=group_of[number]
        )
        for number, (text, own) in enumerate(zip(texts, counts, strict=True))
    ]  # fmt: skip
    summaries: list[ShardSummary] = engine.get([summary for _, summary in encoded])
    refuse_changed(sources, stamps)
    audit = dataclasses.replace(
        audit,
        lines=sum(summary.lines for summary in summaries),
        lines_split=sum(summary.lines_split for summary in summaries),
        sentences=sum(summary.sentences for summary in summaries),
        longest_sentence=max(summary.longest_sentence for summary in summaries),
    )
    whole = hashlib.sha256(digest.encode())
    add_to_digest(whole, vocabulary.counts)
    for summary in summaries:
        whole.update(summary.digest.encode())
    return ShardedCorpus(
        vocabulary, audit, tuple(shard for shard, _ in encoded), tuple(summaries),
        whole.hexdigest(),
    )  # fmt: skip


def _frozen(
    all_words: WordCounts, name: str, files: int, min_count: int, max_vocab: int | None
) -> tuple[Vocabulary, Audit]:
    """The vocabulary, and of the audit what the counts tell."""
    table = table_of(in_order(all_words))
    counts = table.counts
    refuse_too_many(table, name)
    kept_ids = chosen_words(table, name, min_count, max_vocab)
    vocabulary = Vocabulary(table.words(kept_ids), counts[kept_ids])
    words, kept = int(counts.sum()), int(vocabulary.counts.sum())
    rare = int(counts[counts < min_count].sum())
    audit = Audit(
        files=files, lines=0, sentences=0, lines_split=0, words=words, distinct=len(counts),
        kept=kept, dropped_rare=rare, dropped_max_vocab=words - kept - rare,
        max_count=int(counts.max()), longest_sentence=0,
    )  # fmt: skip
    return vocabulary, audit


def read_segments(
    segments: Sequence[Segment], lowercase: bool, encoding_errors: EncodingErrors
) -> tuple[ShardText, WordCounts]:
    """Read a shard and count its words.

    Raises:
        CorpusError: see `w2v.corpus.sources.chunks`.
    """
    table = WordTable()
    places: list[np.ndarray] = []
    with Encoder() as encoder:
        for segment in segments:
            known = len(table)
            for offset, text in range_text(segment, lowercase, encoding_errors):
                check_cancelled()
                chunk = tokenize(text)
                if chunk.longest >= MAX_TOKEN_BYTES:
                    raise token_too_long(Source(segment.name, None), offset + chunk.longest_at)
                encoder.add(table.add(chunk), chunk.line_lengths)
            encoder.end_file()
            places.append((segment.number << _PLACE_BITS) + np.arange(known, len(table)))
        words = int(table.counts.sum())
        if not words:
            first = segments[0]
            raise CorpusError(
                f"{first.name}: bytes {first.begin} to {segments[-1].end}: expected words in every "
                "shard, got none (fewer shards)"
            )
        tokens = encoder.tokens.mapped(np.int32, words).view(np.ndarray)
        lengths = encoder.lengths.mapped(np.uint16, encoder.sentences).view(np.ndarray)
        text_ = ShardText(tokens, lengths, encoder.lines, encoder.lines_split)
    return text_, _counted(table, np.concatenate(places))


def merge_counts(first: WordCounts, second: WordCounts) -> WordCounts:
    """The words of both, with their counts added and the earlier of their places."""
    table = table_of(first)
    known = len(table)
    ids = _add(table, second)
    places = np.concatenate([first.places, second.places[ids >= known]])
    places[ids] = np.minimum(places[ids], second.places)
    return _counted(table, places)


def in_order(words: WordCounts) -> WordCounts:
    """The same words as they first appear in the text."""
    order = np.argsort(words.places)
    lines = words.text.tobytes().split(b"\n")
    text = np.frombuffer(b"\n".join([lines[row] for row in order]), dtype=np.uint8)
    return WordCounts(text, words.counts[order], words.places[order])


def table_of(words: WordCounts) -> WordTable:
    """A table that numbers the words as they come."""
    table = WordTable()
    _add(table, words)
    return table


def encode_shard(
    text: ShardText, own: WordCounts, words: np.ndarray, digest: str
) -> tuple[Shard, ShardSummary]:
    """A shard in the ids of the vocabulary, without the words that it lacks.

    Args:
        text, own: of the shard.
        words: of the vocabulary by id, as in `WordCounts`.
        digest: `words_digest` of them.

    Raises:
        CorpusError: those are not the words; or no word of the shard is among them.
    """
    if words_digest(words) != digest:
        raise CorpusError("vocabulary: expected the words that were frozen, got others")
    table = WordTable()
    table.add(tokenize(words.tobytes()))
    size = len(table)
    ids = _add(table, own)
    new_ids = np.where(ids < size, ids, _DROPPED).astype(np.int32)
    tokens = zeros_on_disk(np.int32, len(text.tokens)).view(np.ndarray)
    tokens[:] = text.tokens
    starts = np.empty(len(text.lengths) + 1, dtype=np.int64)
    sentences, longest = renumber(tokens, new_ids, text.lengths, starts)
    shard = Shard(tokens[: starts[sentences]], starts[: sentences + 1])
    if not sentences:
        raise CorpusError("corpus: expected words of the vocabulary in every shard, got none")
    summary = ShardSummary(
        words=len(text.tokens), kept=len(shard.tokens), sentences=int(sentences),
        longest_sentence=int(longest), lines=text.lines, lines_split=text.lines_split,
        digest=_shard_digest(shard),
    )  # fmt: skip
    return shard, summary


def _counted(table: WordTable, places: np.ndarray) -> WordCounts:
    words = table.words(np.arange(len(table)))
    return WordCounts(pack_lines(words), table.counts.copy(), places)


def _add(table: WordTable, words: WordCounts) -> np.ndarray:
    """Add words, which no whitespace is in, so that they are their own text; their ids, (W,)."""
    chunk = tokenize(words.text.tobytes())
    return table.add(dataclasses.replace(chunk, counts=words.counts))


def words_digest(words: np.ndarray) -> str:
    """SHA-256 of the text of `WordCounts`, in hexadecimal."""
    return hashlib.sha256(words.tobytes()).hexdigest()


def _shard_digest(shard: Shard) -> str:
    digest = hashlib.sha256()
    for array in shard:
        add_to_digest(digest, array)
    return digest.hexdigest()
