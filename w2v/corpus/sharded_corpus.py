"""A corpus whose shards stay where they were read: when the tasks of `w2v.corpus.shard_tasks` run.

Counts are merged in pairs, a binary tree; then the vocabulary is frozen, and shards are encoded.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from w2v.corpus.byte_ranges import expand_urls, plan_ranges
from w2v.corpus.loader import Audit, chosen_words, refuse_too_many
from w2v.corpus.shard_tasks import (
    ShardSummary,
    WordCounts,
    encode_shard,
    in_order,
    merge_counts,
    read_segments,
    table_of,
    words_digest,
)
from w2v.corpus.sources import EncodingErrors, named, refuse_changed
from w2v.engines.base import Engine, Ref, tree
from w2v.formats.tensor_file import add_to_digest
from w2v.vocab import Vocabulary, pack_lines


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
