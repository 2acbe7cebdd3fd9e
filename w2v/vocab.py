"""The vocabulary: words, their ids and counts, and which words are kept.

Ids are sorted by decreasing frequency, and ties by first appearance in the corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np


class Vocabulary:
    """Words with their ids and counts.

    Attributes:
        words: the word of each id.
        counts: (V,) int64, occurrences of each word, in decreasing order.
        text_counts: (V,) int64, occurrences in the current text. Equal to `counts`, except after a
            warm start (`w2v.train.warm_start`), where `counts` also includes the previous text.

    Raises:
        ValueError: the numbers of words and counts differ.
    """

    def __init__(
        self, words: Sequence[str], counts: np.ndarray, text_counts: np.ndarray | None = None
    ) -> None:
        self.words = list(words)
        self.counts = np.asarray(counts, dtype=np.int64)
        self.text_counts = (
            self.counts if text_counts is None else np.asarray(text_counts, dtype=np.int64)
        )
        if not len(self.words) == len(self.counts) == len(self.text_counts):
            counted = f"{len(self.counts)} and {len(self.text_counts)}"
            raise ValueError(f"{len(self.words)} words, but {counted} counts")

    @cached_property
    def weights(self) -> np.ndarray:
        """(V,) float64, `counts`, except that all words of count 0 together have a weight of 1."""
        uncounted = self.counts == 0
        weights: np.ndarray = np.where(uncounted, 1 / max(1, uncounted.sum()), self.counts)
        return weights

    @cached_property
    def word_to_id(self) -> dict[str, int]:
        """The id of each word."""
        return {word: word_id for word_id, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.word_to_id

    def __repr__(self) -> str:
        return f"<Vocabulary: {len(self)} words, {int(self.counts.sum())} tokens>"


def pack_lines(words: Sequence[str]) -> np.ndarray:
    """Pack words into an array of bytes, (B,) uint8: UTF-8, separated by newlines."""
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)


def kept_words(counts: np.ndarray, min_count: int, max_vocab: int | None) -> np.ndarray:
    """Choose the words to keep, in the order of their new ids.

    Args:
        counts: (W,) int64, in order of first appearance.
        min_count: words that occur less often are dropped.
        max_vocab: keep at most this many words; None keeps all.

    Returns:
        (V,) int64 positions in `counts`, by count descending, then by first appearance.
    """
    by_frequency = np.argsort(-counts, kind="stable")
    kept = int(np.count_nonzero(counts >= min_count))
    order: np.ndarray = by_frequency[: kept if max_vocab is None else min(kept, max_vocab)]
    return order
