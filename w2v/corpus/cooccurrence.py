"""Examples for the full softmax: a center word and the distribution of its context words.

There are three kinds of target (see `w2v.losses.softmax`), all made of the pairs that
`w2v.corpus.subsampling` draws:

    distribution   a row for each position: the words in its window, normalised
    split          a row for each pair: one context word with probability 1
    corpus         a row for each word of the vocabulary: all contexts it has in a pass over the
                   corpus, so that one row stands for all pairs with that center word

At fixed parameters the three have the same loss, if each row is weighted by its number of pairs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.corpus import MAX_SENTENCE_WORDS, Corpus
from w2v.corpus.subsampling import subsample
from w2v.numerics.jit import jit


class Examples(NamedTuple):
    """Rows of a full softmax.

    Attributes:
        centers: (R,) int32, the center word of each row.
        starts: (R + 1,) int64; row r has entries starts[r]:starts[r + 1] of contexts and probs.
        contexts: (N,) int32 word ids; a word may occur more than once in a row.
        probs: (N,) float32, which sum to 1 in each row.
        pairs: (R,) int64, the number of pairs that a row stands for.
    """

    centers: np.ndarray
    starts: np.ndarray
    contexts: np.ndarray
    probs: np.ndarray
    pairs: np.ndarray

    def take(self, first: int, last: int) -> Examples:
        """Rows first..last - 1."""
        begin, end = self.starts[first], self.starts[last]
        return Examples(
            self.centers[first:last],
            self.starts[first : last + 1] - begin,
            self.contexts[begin:end],
            self.probs[begin:end],
            self.pairs[first:last],
        )


class Windows(NamedTuple):
    """The windows of a block of sentences.

    Attributes:
        centers: (P,) int32, each position's word.
        sizes: (P,) int64, the number of its context words (at least 1).
        contexts: (N,) int32, the context words of all positions, in order.
        words: words kept by subsampling, including sentences of a single word.
    """

    centers: np.ndarray
    sizes: np.ndarray
    contexts: np.ndarray
    words: int


@jit
def _windows(
    tokens: Any, starts: Any, first: Any, last: Any, thresholds: Any, window: Any, shrink: Any,
    key: Any, kept: Any, reach: Any, centers: Any, sizes: Any, contexts: Any,
) -> Any:  # fmt: skip
    positions = 0
    n_contexts = 0
    words = 0
    for sentence in range(first, last):
        n = subsample(
            tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds, window,
            shrink, key, kept, reach,
        )  # fmt: skip
        words += n
        if n < 2:
            continue
        for t in range(n):
            before = n_contexts
            for s in range(max(0, t - reach[t]), min(n, t + reach[t] + 1)):
                if s != t:
                    contexts[n_contexts] = kept[s]
                    n_contexts += 1
            centers[positions] = kept[t]
            sizes[positions] = n_contexts - before
            positions += 1
    return positions, n_contexts, words


def block_windows(
    corpus: Corpus,
    first: int,
    last: int,
    thresholds: np.ndarray,
    window: int,
    shrink: bool,
    key: np.uint64,
) -> Windows:
    """Draw the windows of sentences first..last - 1 from the random stream `key`."""
    n = int(corpus.sentence_starts[last] - corpus.sentence_starts[first])
    kept = np.empty(MAX_SENTENCE_WORDS, dtype=np.int32)
    reach = np.empty(MAX_SENTENCE_WORDS, dtype=np.int32)
    centers = np.empty(n, dtype=np.int32)
    sizes = np.empty(n, dtype=np.int64)
    contexts = np.empty(2 * window * n, dtype=np.int32)
    positions, n_contexts, words = _windows(
        corpus.tokens, corpus.sentence_starts, first, last, thresholds, window, shrink, key, kept,
        reach, centers, sizes, contexts,
    )  # fmt: skip
    return Windows(centers[:positions], sizes[:positions], contexts[:n_contexts], words)


def distribution_examples(windows: Windows) -> Examples:
    """A row for each position."""
    sizes = windows.sizes
    starts = np.concatenate([[0], np.cumsum(sizes)])
    probs = np.repeat((1 / sizes).astype(np.float32), sizes)
    return Examples(windows.centers, starts, windows.contexts, probs, sizes)


def split_examples(windows: Windows) -> Examples:
    """A row for each pair."""
    n = len(windows.contexts)
    return Examples(
        np.repeat(windows.centers, windows.sizes),
        np.arange(n + 1, dtype=np.int64),
        windows.contexts,
        np.ones(n, dtype=np.float32),
        np.ones(n, dtype=np.int64),
    )


@jit
def _place(centers: Any, sizes: Any, contexts: Any, next_free: Any, grouped: Any) -> None:
    """Append the contexts of each position to those of its center word."""
    n = 0
    for p in range(centers.size):
        at = next_free[centers[p]]
        for k in range(sizes[p]):
            grouped[at + k] = contexts[n + k]
        n += sizes[p]
        next_free[centers[p]] = at + sizes[p]


@jit
def _merge(group_starts: Any, grouped: Any, counts: Any, sizes: Any, places: Any) -> Any:
    """Replace repeated contexts of a center word by counts, in place; returns how many are left.

    `places` is (V,) zeros: 1 + the position of each word in the current group.
    """
    write = 0
    for center in range(group_starts.size - 1):
        begin = write
        for read in range(group_starts[center], group_starts[center + 1]):
            word = grouped[read]
            at = places[word]
            if at == 0:
                grouped[write] = word
                counts[write] = 1
                write += 1
                places[word] = write
            else:
                counts[at - 1] += 1
        for k in range(begin, write):
            places[grouped[k]] = 0
        sizes[center] = write - begin
    return write


def corpus_examples(vocabulary_size: int, drawn: list[Windows]) -> Examples:
    """A row for each word of the vocabulary that has a context, from the windows of a whole pass.

    Takes 8 bytes of memory per pair while they are grouped.
    """
    pairs = np.zeros(vocabulary_size, dtype=np.int64)
    for windows in drawn:
        pairs += np.bincount(
            windows.centers, weights=windows.sizes, minlength=vocabulary_size
        ).astype(np.int64)
    group_starts = np.concatenate([[0], np.cumsum(pairs)])
    grouped = np.empty(group_starts[-1], dtype=np.int32)
    next_free = group_starts[:-1].copy()
    for windows in drawn:
        _place(windows.centers, windows.sizes, windows.contexts, next_free, grouped)
    counts = np.empty(len(grouped), dtype=np.int32)
    sizes = np.zeros(vocabulary_size, dtype=np.int64)
    places = np.zeros(vocabulary_size, dtype=np.int64)
    total = _merge(group_starts, grouped, counts, sizes, places)
    centers = np.flatnonzero(sizes)
    probs = counts[:total] / np.repeat(pairs[centers], sizes[centers])
    return Examples(
        centers.astype(np.int32),
        np.concatenate([[0], np.cumsum(sizes[centers])]),
        grouped[:total].copy(),
        probs.astype(np.float32),
        pairs[centers],
    )
