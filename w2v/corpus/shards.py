"""A corpus in shards, each read, counted and encoded by its own task, where it will be trained.

    read_shards        run the following tasks on an engine, and return the corpus
    read_segments      text -> tokens with ids of the shard, and its words with their counts
    merge_counts       word counts of two shards -> word counts of both; merged in a binary tree
    encode_shard       tokens with ids of the shard -> tokens with ids of the vocabulary

The tasks are pure functions. Whatever the number of shards, the vocabulary is the one that
`read_corpus` would choose. It is complete before any shard is encoded, and each task that encodes a
shard checks its hash.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Unpack

import numpy as np

from w2v.corpus.byte_ranges import Segment, expand_urls, plan_ranges, range_text
from w2v.corpus.corpus import Audit
from w2v.corpus.disk_arrays import zeros_on_disk
from w2v.corpus.encoder import DROPPED, Encoder, chosen_words, refuse_too_many, renumber
from w2v.corpus.loader import tokenize_chunk
from w2v.corpus.options import CorpusOptions, TextOptions
from w2v.corpus.sources import Source, named, no_warning, refuse_changed
from w2v.corpus.tokenizer import WordTable
from w2v.engines.base import Engine, Ref, check_cancelled, tree
from w2v.errors import ConfigError, CorpusError
from w2v.formats.safetensors_file import add_to_digest
from w2v.util.files import StrPath
from w2v.vocab import Vocabulary, pack_lines

_PLACE_BITS = 32
"""A place is the number of a segment, shifted by this many bits, plus the id of a word in the
shard: words sorted by place are in order of first appearance in the text."""


class ShardText(NamedTuple):
    """The encoded text of a shard.

    Attributes:
        tokens: (N,) int32, ids of the shard.
        lengths: (S,) uint16, number of words in each sentence.
        lines, lines_split: see `Audit`.
    """

    tokens: np.ndarray
    lengths: np.ndarray
    lines: int
    lines_split: int


class WordCounts(NamedTuple):
    """Distinct words with their counts.

    Attributes:
        text: (B,) uint8, the words in UTF-8, separated by newlines.
        counts: (W,) int64.
        places: (W,) int64, where each word first appears; see `_PLACE_BITS`.
    """

    text: np.ndarray
    counts: np.ndarray
    places: np.ndarray


class Shard(NamedTuple):
    """An encoded shard.

    Attributes:
        tokens: (N,) int32, ids of the vocabulary.
        sentence_starts: (S + 1,) int64, as in `Corpus`.
    """

    tokens: np.ndarray
    sentence_starts: np.ndarray


class ShardSummary(NamedTuple):
    """What the driver knows of a shard.

    Attributes:
        words: words in the text of the shard.
        kept: those in the vocabulary.
        sentences, longest_sentence, lines, lines_split: see `Audit`.
        digest: SHA-256 of the encoded shard, in hexadecimal.
    """

    words: int
    kept: int
    sentences: int
    longest_sentence: int
    lines: int
    lines_split: int
    digest: str


@dataclass(frozen=True)
class ShardedCorpus:
    """A corpus whose tokens stay where its shards were read.

    Attributes:
        vocabulary, audit: as in `Corpus`.
        shards: references to the shards, `Shard` objects.
        summaries: a summary of each shard.
        digest: SHA-256 of the vocabulary and of all shards, in hexadecimal.
    """

    vocabulary: Vocabulary
    audit: Audit
    shards: tuple[Ref, ...]
    summaries: tuple[ShardSummary, ...]
    digest: str

    @property
    def n_words(self) -> int:
        """Number of tokens, all of them words of the vocabulary."""
        return self.audit.kept

    @property
    def n_sentences(self) -> int:
        """Number of sentences."""
        return self.audit.sentences

    def fingerprint(self) -> str:
        """Return `digest`; it also depends on how the text is divided into shards."""
        return self.digest


def read_shards(
    engine: Engine,
    paths: Sequence[StrPath],
    count: int,
    *,
    on_progress: Callable[[int, int | None], None],
    on_warning: Callable[[str], None] = no_warning,
    **options: Unpack[CorpusOptions],
) -> ShardedCorpus:
    """Read, count and encode plain text files in shards.

    Args:
        engine: runs the tasks.
        paths: files, folders, patterns and URLs; every machine that runs tasks must be able to
            access them.
        count: the number of shards; the result depends on it, but not on where tasks run.
        on_progress: called with (bytes of text read, total bytes).
        on_warning: called with a warning about files in folders that are skipped.
        options: see `TextOptions`.

    Raises:
        ConfigError: an option cannot be used with shards.
        CorpusError: as in `w2v.corpus.read_corpus`; or a file cannot be cut into shards, or a shard
            would be empty.
    """
    text_options = TextOptions(**options)
    _refuse_options(text_options)
    sources, skipped = expand_urls(paths, on_warning)
    stamps = [source.stamp() for source in sources]
    ranges = plan_ranges(sources, count)
    group_of = {n: k for k, group in enumerate(engine.groups(count)) for n in group}
    texts: list[Ref] = []
    counts: list[Ref] = []
    for number, segments in enumerate(ranges):
        text, own = engine.submit(
            read_segments, segments, text_options, outputs=2, group=group_of[number]
        )
        texts.append(text)
        counts.append(own)
    sizes = [sum(segment.end - segment.begin for segment in segments) for segments in ranges]
    for number, own in enumerate(counts):
        engine.get([own])
        on_progress(sum(sizes[: number + 1]), sum(sizes))
    (all_words,) = engine.get([tree(engine, merge_counts, counts)])
    vocabulary, audit = _choose_vocabulary(all_words, named(sources), len(sources), text_options)

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
        files_skipped=skipped,
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


def _refuse_options(options: TextOptions) -> None:
    """Refuse options that cannot be used with shards.

    Raises:
        ConfigError: one of them was given.
    """
    if options.phrases:
        raise ConfigError("phrases: cannot be combined with deterministic or the engine ray")
    if options.text_column is not None:
        raise ConfigError("text_column: cannot be combined with deterministic or the engine ray")
    if not options.is_ascii_based:
        raise ConfigError(
            f"encoding: {options.encoding} text cannot be cut into shards; convert it to UTF-8"
        )


def _choose_vocabulary(
    all_words: WordCounts, name: str, files: int, options: TextOptions
) -> tuple[Vocabulary, Audit]:
    """Choose the vocabulary, and compute the part of the audit that follows from the counts."""
    table = table_of(in_order(all_words))
    counts = table.counts
    refuse_too_many(table, name)
    kept_ids = chosen_words(table, np.arange(len(table)), name, options)
    vocabulary = Vocabulary(table.words(kept_ids), counts[kept_ids])
    words, kept = int(counts.sum()), int(vocabulary.counts.sum())
    rare = int(counts[counts < options.min_count].sum())
    audit = Audit(
        files=files, files_skipped=0, lines=0, sentences=0, lines_split=0, words=words,
        distinct=len(counts), phrases=0, joins=0, kept=kept, dropped_rare=rare,
        dropped_max_vocab=words - kept - rare, max_count=int(counts.max()), longest_sentence=0,
    )  # fmt: skip
    return vocabulary, audit


def read_segments(
    segments: Sequence[Segment], options: TextOptions
) -> tuple[ShardText, WordCounts]:
    """Read a shard and count its words.

    Raises:
        CorpusError: as in `w2v.corpus.sources.chunks`; or the shard contains no words.
    """
    table = WordTable()
    places: list[np.ndarray] = []
    with Encoder() as encoder:
        for segment in segments:
            known = len(table)
            source = Source(segment.name, None)
            for offset, text in range_text(segment, options):
                check_cancelled()
                encoder.add(tokenize_chunk(table, source, offset, text, options))
            encoder.end_file()
            places.append((segment.number << _PLACE_BITS) + np.arange(known, len(table)))
        if not encoder.n_tokens:
            first = segments[0]
            raise CorpusError(
                f"{first.name}: a shard contains no words (bytes {first.begin} to "
                f"{segments[-1].end}); use fewer shards"
            )
        tokens, lengths = (array.view(np.ndarray) for array in encoder.mapped())
        text_ = ShardText(tokens, lengths, encoder.lines, encoder.lines_split)
    return text_, _word_counts(table, np.concatenate(places))


def merge_counts(first: WordCounts, second: WordCounts) -> WordCounts:
    """Merge the words of two shards: counts are added, and the earlier place is kept."""
    table = table_of(first)
    known = len(table)
    ids = _add(table, second)
    places = np.concatenate([first.places, second.places[ids >= known]])
    places[ids] = np.minimum(places[ids], second.places)
    return _word_counts(table, places)


def in_order(words: WordCounts) -> WordCounts:
    """Sort words by first appearance in the text."""
    order = np.argsort(words.places)
    lines = words.text.tobytes().split(b"\n")
    text = np.frombuffer(b"\n".join([lines[row] for row in order]), dtype=np.uint8)
    return WordCounts(text, words.counts[order], words.places[order])


def table_of(words: WordCounts) -> WordTable:
    """A table with these words and counts, which numbers the words in the given order."""
    table = WordTable()
    _add(table, words)
    return table


def encode_shard(
    text: ShardText, own: WordCounts, words: np.ndarray, digest: str
) -> tuple[Shard, ShardSummary]:
    """Encode a shard with ids of the vocabulary, and drop all other words.

    Args:
        text, own: the result of `read_segments`.
        words: the vocabulary, in the form of `WordCounts.text`.
        digest: `words_digest` of the vocabulary.

    Raises:
        CorpusError: the digest does not match, or no word of the shard is in the vocabulary.
    """
    if words_digest(words) != digest:
        raise CorpusError("vocabulary: differs from the one that was chosen for all shards")
    table = WordTable()
    table.tokenize(words.tobytes(), "spaces")
    size = len(table)
    ids = _add(table, own)
    new_ids = np.where(ids < size, ids, DROPPED).astype(np.int32)
    tokens = zeros_on_disk(np.int32, len(text.tokens)).view(np.ndarray)
    tokens[:] = text.tokens
    starts = np.empty(len(text.lengths) + 1, dtype=np.int64)
    sentences, longest = renumber(tokens, new_ids, text.lengths, starts)
    shard = Shard(tokens[: starts[sentences]], starts[: sentences + 1])
    if not sentences:
        raise CorpusError("corpus: a shard contains no word of the vocabulary; use fewer shards")
    summary = ShardSummary(
        words=len(text.tokens), kept=len(shard.tokens), sentences=int(sentences),
        longest_sentence=int(longest), lines=text.lines, lines_split=text.lines_split,
        digest=_shard_digest(shard),
    )  # fmt: skip
    return shard, summary


def _word_counts(table: WordTable, places: np.ndarray) -> WordCounts:
    words = table.words(np.arange(len(table)))
    return WordCounts(pack_lines(words), table.counts.copy(), places)


def _add(table: WordTable, words: WordCounts) -> np.ndarray:
    """Add words with their counts; returns their ids, (W,) int32."""
    ids = table.tokenize(words.text.tobytes(), "spaces").ids
    table.counts[ids] += words.counts - 1  # each was counted once
    return ids


def words_digest(words: np.ndarray) -> str:
    """SHA-256 of words in the form of `WordCounts.text`, in hexadecimal."""
    return hashlib.sha256(words.tobytes()).hexdigest()


def _shard_digest(shard: Shard) -> str:
    digest = hashlib.sha256()
    for array in shard:
        add_to_digest(digest, array)
    return digest.hexdigest()
