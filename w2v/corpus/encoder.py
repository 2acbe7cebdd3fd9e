"""Build a corpus from tokens: write ids to temporary files, then choose the vocabulary.

    chunks of ids --> temporary files --> join phrases --> choose the vocabulary --> renumber

Only the word table is kept in memory, whatever the size of the corpus; even the starts of sentences
are stored in a file.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from w2v.corpus.corpus import MAX_SENTENCE_WORDS, Audit, Corpus
from w2v.corpus.disk_arrays import TempArray, zeros_on_disk
from w2v.corpus.options import TextOptions
from w2v.corpus.phrases import join_phrases
from w2v.corpus.tokenizer import Tokens, WordTable
from w2v.errors import CorpusError, shown
from w2v.numerics.jit import jit
from w2v.util.options import MAX_PHRASE_PASSES
from w2v.vocab import Vocabulary, kept_words, pack_lines

MIN_VOCABULARY = 2
"""With a single word, there is nothing to tell it apart from."""

MAX_DISTINCT = 2**31 - 1
"""Ids are int32. Counting this many words would take over 60 GB of memory."""

DROPPED = -1
_LENGTH = np.uint16
"""Type of a sentence's length, at most `MAX_SENTENCE_WORDS`."""


class Encoder:
    """Collects the tokens of a text in temporary files: ids and sentence lengths.

    Attributes:
        n_tokens: tokens so far.
        sentences: complete sentences so far.
        open_length: tokens of the line that the last chunk left unfinished.
        lines, lines_split: see `Audit`.

    Raises:
        OutputError, MemoryError: as in `TempArray`.
    """

    def __init__(self) -> None:
        self._tokens, self._lengths, self._starts = TempArray(), TempArray(), TempArray()
        self.n_tokens = 0
        self.sentences = 0
        self.open_length = 0
        self.lines = 0
        self.lines_split = 0

    def __enter__(self) -> Encoder:
        return self

    def __exit__(self, *_: object) -> None:
        for file in (self._tokens, self._lengths, self._starts):
            file.close()

    def add(self, tokens: Tokens) -> None:
        """Append the tokens of a chunk. Changes `tokens.line_lengths`."""
        self._tokens.write(tokens.ids)
        self.n_tokens += len(tokens.ids)
        lengths = tokens.line_lengths
        lengths[0] += self.open_length
        self.open_length = int(lengths[-1])
        self.lines += len(lengths) - 1
        self._close_lines(lengths[:-1])

    def end_file(self) -> None:
        """End the last line of a file, in case it does not end with a newline."""
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
        self._lengths.write(lengths.astype(_LENGTH))

    def mapped(self) -> tuple[np.ndarray, np.ndarray]:
        """Map the ids, (N,) int32, and the sentence lengths, (S,) uint16, from their files."""
        return (
            self._tokens.mapped(np.int32, self.n_tokens),
            self._lengths.mapped(_LENGTH, self.sentences),
        )

    def finish(
        self, table: WordTable, name: str, options: TextOptions, *, files: int = 0, skipped: int = 0
    ) -> Corpus:
        """Join phrases, choose the vocabulary, and renumber the tokens.

        Args:
            table: the words, with their counts.
            name: name of the text in error messages.
            options: see `TextOptions`.
            files, skipped: numbers of files read and of files skipped, for the audit.

        Raises:
            CorpusError: fewer than two words are left.
        """
        tokens, lengths = self.mapped()
        starts = self._starts.mapped(np.int64, self.sentences + 1)
        corpus = _build_corpus(tokens, lengths, starts, table, name, options)
        audit = dataclasses.replace(
            corpus.audit, files=files, files_skipped=skipped, lines=self.lines,
            lines_split=self.lines_split,
        )  # fmt: skip
        return dataclasses.replace(corpus, audit=audit)


def with_phrases(
    corpus: Corpus, *, passes: int = 1, scoring: str = "word2phrase",
    threshold: float | None = None, min_count: int = 5,
) -> Corpus:  # fmt: skip
    """Join the phrases of a corpus; see `w2v.corpus.phrases`.

    Words that were dropped when the text was read no longer separate the words around them. To find
    the phrases of the complete text, read it with ``phrases=``. The limits with which the text was
    read, `min_count` and `max_vocab`, then apply to phrases and to what is left of the other words.

    Args:
        corpus: the corpus; it is not changed.
        passes: number of passes.
        scoring: ``word2phrase`` or ``npmi``.
        threshold: join pairs with higher scores; None for 100 (word2phrase) or 0.5 (npmi).
        min_count: words and pairs that occur fewer times are not joined.

    Raises:
        ConfigError: an option is out of its range.
        CorpusError: the arrays of `corpus` are not consistent, or fewer than two words are left.
    """
    fault = corpus.fault()
    if fault is not None:
        raise CorpusError(f"corpus: {fault}")
    table = WordTable()
    table.tokenize(pack_lines(corpus.vocabulary.words).tobytes(), "spaces")
    table.counts[:] = np.bincount(corpus.tokens, minlength=len(table))
    tokens = zeros_on_disk(np.int32, corpus.n_words)
    tokens[:] = corpus.tokens
    lengths = np.diff(corpus.sentence_starts)
    starts = zeros_on_disk(np.int64, corpus.n_sentences + 1)
    options = dataclasses.replace(
        corpus.options, phrases=passes, phrase_scoring=scoring, phrase_threshold=threshold,
        phrase_min_count=min_count,
    )  # fmt: skip
    joined = _build_corpus(tokens, lengths, starts, table, "corpus", options)
    before = corpus.audit
    audit = dataclasses.replace(
        joined.audit,
        files=before.files,
        files_skipped=before.files_skipped,
        lines=before.lines,
        lines_split=before.lines_split,
        words=joined.audit.words + before.words - before.kept,
        phrases=joined.audit.phrases + before.phrases,
        joins=joined.audit.joins + before.joins,
        dropped_rare=joined.audit.dropped_rare + before.dropped_rare,
        dropped_max_vocab=joined.audit.dropped_max_vocab + before.dropped_max_vocab,
    )
    all_passes = min(corpus.options.phrases + passes, MAX_PHRASE_PASSES)
    read = dataclasses.replace(options, phrases=all_passes)
    return dataclasses.replace(joined, audit=audit, options=read)


def _build_corpus(
    tokens: np.ndarray, lengths: np.ndarray, starts: np.ndarray, table: WordTable, name: str,
    options: TextOptions,
) -> Corpus:  # fmt: skip
    """Build a corpus from tokens, which are ids of `table`. Works in place, and fills `starts`."""
    order = np.arange(len(table))
    phrases = joins = 0
    if options.phrases:
        joined = join_phrases(
            tokens, lengths, table, passes=options.phrases, scoring=options.phrase_scoring,
            threshold=options.phrase_threshold, min_count=options.phrase_min_count,
        )  # fmt: skip
        order, phrases, joins = joined.order, joined.phrases, joined.joins
        tokens = tokens[: joined.n_tokens]
    kept_ids = chosen_words(table, order, name, options)
    new_ids = np.full(len(table), DROPPED, dtype=np.int32)
    new_ids[kept_ids] = np.arange(len(kept_ids), dtype=np.int32)
    vocabulary = Vocabulary(table.words(kept_ids), table.counts[kept_ids])
    sentences, longest = renumber(tokens, new_ids, lengths, starts)
    tokens, starts = tokens[: starts[sentences]], starts[: sentences + 1]
    tokens.flags.writeable = starts.flags.writeable = False
    counts = table.counts[order]
    kept = len(tokens)
    rare = int(counts[counts < options.min_count].sum())
    words = int(counts.sum())
    audit = Audit(
        files=0, files_skipped=0, lines=0, sentences=sentences, lines_split=0, words=words,
        distinct=len(counts), phrases=phrases, joins=joins, kept=kept, dropped_rare=rare,
        dropped_max_vocab=words - kept - rare, max_count=int(counts.max()),
        longest_sentence=longest,
    )  # fmt: skip
    return Corpus(vocabulary, tokens, starts, audit, options)


def refuse_too_many(table: WordTable, name: str) -> None:
    """Check that every distinct word can have an id.

    Raises:
        CorpusError: there are more than `MAX_DISTINCT` words.
    """
    if len(table) > MAX_DISTINCT:
        raise CorpusError(f"{name}: more than {MAX_DISTINCT} distinct words")


def chosen_words(
    table: WordTable, order: np.ndarray, name: str, options: TextOptions
) -> np.ndarray:
    """Choose the words of the vocabulary.

    Args:
        table: the words, with their counts.
        order: (W,) their ids, in order of first appearance.
        name: name of the text in error messages.
        options: `min_count` and `max_vocab` are used.

    Returns:
        (V,) the ids in `table` of the words to keep, in the order of their ids in the vocabulary.

    Raises:
        CorpusError: fewer than two words are left.
    """
    counts, min_count = table.counts[order], options.min_count
    if not len(counts):
        raise CorpusError(f"{name}: no words (the text is empty or only whitespace)")
    kept_ids: np.ndarray = order[kept_words(counts, min_count, options.max_vocab)]
    if len(kept_ids) == 0:
        raise CorpusError(
            f"{name}: no word occurs at least min_count={min_count} times; the most frequent of "
            f"{len(counts)} words occurs {counts.max()} times; lower --min-count"
        )
    if len(kept_ids) < MIN_VOCABULARY:
        raise CorpusError(
            f"{name}: only one word is left, {shown(table.words(kept_ids)[0])}, of {len(counts)} "
            f"distinct ones with min_count={min_count}; training needs at least {MIN_VOCABULARY}"
        )
    return kept_ids


@jit
def renumber(tokens: Any, new_ids: Any, lengths: Any, starts: Any) -> Any:
    """Replace ids, and remove dropped words and empty sentences, in place.

    Args:
        tokens: (N,) int32 ids; those of the remaining words are moved to the beginning.
        new_ids: (W,) int32, the new id of each word, or `DROPPED`.
        lengths: (S,) number of words in each sentence.
        starts: (S + 1,) int64, filled with the new bounds of sentences.

    Returns:
        The number of sentences left, and the number of words in the longest.
    """
    read = write = sentences = longest = 0
    starts[0] = 0
    for sentence in range(lengths.size):
        end = read + np.int64(lengths[sentence])
        while read < end:
            word = new_ids[tokens[read]]
            # Written even if the word is dropped: an unpredictable branch would cost more.
            tokens[write] = word
            write += 1 if word != DROPPED else 0
            read += 1
        if write > starts[sentences]:
            longest = max(longest, write - starts[sentences])
            sentences += 1
            starts[sentences] = write
    return sentences, longest
