"""A corpus in shards, each read, counted and encoded by a task of its own.

    read_segments      text -> tokens in the shard's own ids, and the shard's words with counts
    merge_counts       two shards' words and counts -> one; in pairs, a binary tree
    encode_shard       tokens in the shard's ids -> in those of the frozen vocabulary

All three are pure. Words come in order of first appearance, shard after shard, so that the
vocabulary is that of `read_corpus`, whatever the number of shards. It is frozen before anything is
encoded, and every task that encodes checks the hash of what it was given.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.loader import (
    MAX_DISTINCT,
    Audit,
    Encoder,
    chosen_words,
    renumber,
)
from w2v.corpus.ranges import Segment, expand_urls, named, plan_ranges, range_text
from w2v.corpus.scratch import scratch_array
from w2v.corpus.sources import MAX_TOKEN_BYTES, EncodingErrors, Source, token_too_long
from w2v.corpus.tokenizer import WordTable, tokenize
from w2v.engine import Engine, Ref
from w2v.errors import CorpusError
from w2v.tensorfile import add_to_digest
from w2v.vocab import Vocabulary

_DROPPED = -1


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
    """Different words in order of first appearance.

    Attributes:
        text: (B,) uint8, in UTF-8, a newline between two words.
        counts: (W,) int64.
    """

    text: np.ndarray
    counts: np.ndarray


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


# --- tasks ----------------------------------------------------------------------------------------


def read_segments(
    segments: Sequence[Segment], lowercase: bool, encoding_errors: EncodingErrors
) -> tuple[ShardText, WordCounts]:
    """Read a shard and count its words.

    Raises:
        CorpusError: see `w2v.corpus.sources.chunks`.
    """
    table = WordTable()
    with Encoder() as encoder:
        for segment in segments:
            for offset, text in range_text(segment, lowercase, encoding_errors):
                chunk = tokenize(text)
                if chunk.longest >= MAX_TOKEN_BYTES:
                    raise token_too_long(Source(segment.name, None), offset + chunk.longest_at)
                encoder.add(table.add(chunk), chunk.line_lengths)
            encoder.end_file()
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
    return text_, _counted(table)


def merge_counts(first: WordCounts, second: WordCounts) -> WordCounts:
    """The words of both, those of the first one first, with their counts added."""
    table = WordTable()
    for part in (first, second):
        _add(table, part)
    return _counted(table)


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
    _add(table, WordCounts(words, np.zeros(0, dtype=np.int64)))
    size = len(table)
    ids = _add(table, own)
    new_ids = np.where(ids < size, ids, _DROPPED).astype(np.int32)
    tokens = scratch_array(np.int32, len(text.tokens)).view(np.ndarray)
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


def _counted(table: WordTable) -> WordCounts:
    words = table.words(np.arange(len(table)))
    text = np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
    return WordCounts(text, table.counts.copy())


def _add(table: WordTable, words: WordCounts) -> np.ndarray:
    """Add words, which no whitespace is in, so that they are their own text; their ids, (W,)."""
    chunk = tokenize(words.text.tobytes())
    counts = words.counts if len(words.counts) else chunk.counts
    return table.add(dataclasses.replace(chunk, counts=counts))


def words_digest(words: np.ndarray) -> str:
    """SHA-256 of the text of `WordCounts`, in hexadecimal."""
    return hashlib.sha256(words.tobytes()).hexdigest()


def _shard_digest(shard: Shard) -> str:
    digest = hashlib.sha256()
    for array in shard:
        add_to_digest(digest, array)
    return digest.hexdigest()


# --- the driver -----------------------------------------------------------------------------------


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
        ConfigError, CorpusError: see `w2v.corpus.ranges` and `w2v.corpus.read_corpus`.
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

    words = np.frombuffer("\n".join(vocabulary.words).encode(), dtype=np.uint8)
    digest = words_digest(words)
    words_ref = engine.put(words)
    encoded = [
        engine.submit(
            encode_shard, text, own, words_ref, digest, outputs=2, group=group_of[number]
        )
        for number, (text, own) in enumerate(zip(texts, counts, strict=True))
    ]  # fmt: skip
    summaries: list[ShardSummary] = engine.get([summary for _, summary in encoded])
    for source, stamp in zip(sources, stamps, strict=True):
        if source.stamp() != stamp:
            raise CorpusError(
                f"{source.name}: expected a file that stays as it is while it is read, got one "
                "that changed (read a copy)"
            )
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


def tree(engine: Engine, merge: Callable[..., Any], refs: Sequence[Ref], *arguments: Any) -> Ref:
    """``merge(*arguments, first, second)`` of neighbours, then of the results, until one is left.

    A binary tree over references, whose shape depends on their number alone.
    """
    level = list(refs)
    while len(level) > 1:
        pairs = [level[k : k + 2] for k in range(0, len(level), 2)]
        level = [
            pair[0] if len(pair) == 1 else engine.submit(merge, *arguments, *pair)[0]
            for pair in pairs
        ]
    return level[0]


def _frozen(
    all_words: WordCounts, name: str, files: int, min_count: int, max_vocab: int | None
) -> tuple[Vocabulary, Audit]:
    """The vocabulary, and of the audit what the counts tell."""
    table = WordTable()
    _add(table, all_words)
    counts = table.counts
    if len(table) > MAX_DISTINCT:
        raise CorpusError(f"{name}: expected at most {MAX_DISTINCT} words, got more")
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
