"""The encoded corpus: vocabulary, word ids, sentence bounds, and a record of what was dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from w2v.corpus.options import TextOptions
from w2v.formats.safetensors_file import add_to_digest
from w2v.vocab import Vocabulary

MAX_SENTENCE_WORDS = 10_000
"""Longer lines are split into sentences of this many words; no word is lost."""


@dataclass(frozen=True)
class Audit:
    """Statistics of the text; ``words == kept + dropped_rare + dropped_max_vocab``.

    Attributes:
        files: files read; 0 for sentences from Python.
        files_skipped: binary files that were skipped in folders.
        lines: lines, including empty ones.
        sentences: sentences with at least one kept word.
        lines_split: lines longer than `MAX_SENTENCE_WORDS`, split into several sentences.
        words: tokens in the text; a joined phrase is one token.
        distinct: distinct words in the text.
        phrases: distinct phrases that were joined; 0 without the option `phrases`.
        joins: number of times that two tokens were joined.
        kept: tokens of words in the vocabulary, before subsampling.
        dropped_rare: tokens of words rarer than min_count.
        dropped_max_vocab: tokens of words beyond max_vocab.
        max_count: count of the most frequent word.
        longest_sentence: number of kept words in the longest sentence; if it is 1, there are no
            pairs to train on.
    """

    files: int
    files_skipped: int
    lines: int
    sentences: int
    lines_split: int
    words: int
    distinct: int
    phrases: int
    joins: int
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
        options: how the text was read.
    """

    vocabulary: Vocabulary
    tokens: np.ndarray
    sentence_starts: np.ndarray
    audit: Audit
    options: TextOptions = TextOptions()  # noqa: RUF009 (immutable)

    @property
    def n_words(self) -> int:
        """Number of tokens, all of them words of the vocabulary."""
        return len(self.tokens)

    @property
    def n_sentences(self) -> int:
        """Number of sentences."""
        return len(self.sentence_starts) - 1

    def fault(self) -> str | None:
        """What is wrong with the arrays, so that compiled code would index outside of them.

        None if nothing is.
        """
        tokens, starts = self.tokens, self.sentence_starts
        for name, array, dtype in (
            ("tokens", tokens, np.int32),
            ("sentence_starts", starts, np.int64),
            ("vocabulary.counts", self.vocabulary.counts, np.int64),
        ):
            if not (isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == 1):
                return f"{name} must be a one-dimensional array of {dtype.__name__}"
            if not len(array):
                return f"{name} is empty"
        if not 0 <= tokens.min() <= tokens.max() < len(self.vocabulary):
            return f"tokens must be from 0 to {len(self.vocabulary) - 1}, the ids of the vocabulary"
        if starts[0] != 0 or starts[-1] != len(tokens) or not (starts[1:] > starts[:-1]).all():
            return f"sentence_starts must increase from 0 to {len(tokens)}, the number of tokens"
        if np.diff(starts).max() > MAX_SENTENCE_WORDS:
            return f"a sentence is longer than {MAX_SENTENCE_WORDS} words"
        return None

    def fingerprint(self) -> str:
        """SHA-256 of words, counts, tokens and sentence bounds, in hexadecimal."""
        digest = hashlib.sha256("\n".join(self.vocabulary.words).encode())
        for array in (self.vocabulary.counts, self.tokens, self.sentence_starts):
            add_to_digest(digest, array)
        return digest.hexdigest()

    def sentences(self) -> Iterator[np.ndarray]:
        """Yield the ids of each sentence, (n,) int32."""
        for start, end in zip(self.sentence_starts[:-1], self.sentence_starts[1:], strict=True):
            yield self.tokens[start:end]
