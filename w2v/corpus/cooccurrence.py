"""Examples for the full softmax: a center word and the distribution of its context words.

`w2v.corpus.subsampling` draws which words are kept and the radius of each window. This module forms
the pairs, with the weights of `w2v.corpus.windows`, and makes the examples from them. There are
three kinds of target (see `w2v.losses.softmax`):

    distribution   a row per position: the weights of the words in its window, normalised
    split          a row per pair: one context word with probability 1
    corpus         a row per word of the vocabulary: all contexts that it has in a pass over the
                   corpus, so one row represents all pairs with that center word

At fixed parameters, all three have the same loss if each row is weighted by the summed weights of
its pairs. This is the number of pairs, unless `distance_weights` is harmonic.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.corpus import MAX_SENTENCE_WORDS, Corpus
from w2v.corpus.subsampling import subsample
from w2v.corpus.windows import Window
from w2v.numerics.jit import jit


class Examples(NamedTuple):
    """Training examples of a full softmax, one per row.

    Attributes:
        centers: (R,) int32, the center word of each row.
        starts: (R + 1,) int64; row r has entries starts[r]:starts[r + 1] of contexts and probs.
        contexts: (N,) int32 word ids; a word may occur more than once in a row.
        probs: (N,) float32, which sum to 1 in each row.
        pairs: (R,), the summed weights of the pairs that a row represents: float64 if pairs have
            weights, otherwise int64, the number of pairs.
    """

    centers: np.ndarray
    starts: np.ndarray
    contexts: np.ndarray
    probs: np.ndarray
    pairs: np.ndarray

    def take(self, first: int, last: int) -> Examples:
        """Return rows first..last - 1; only `starts` is copied."""
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
        centers: (P,) int32, the word at each position that has context words.
        sizes: (P,) int64, the number of its context words (at least 1).
        contexts: (N,) int32, the context words of all positions, in order.
        words: number of words that subsampling kept, including those without context words.
        weights: (N,) float64, weights of the pairs; None if all are 1.
    """

    centers: np.ndarray
    sizes: np.ndarray
    contexts: np.ndarray
    words: int
    weights: np.ndarray | None = None


@jit
def _windows(
    tokens: Any, starts: Any, first: Any, last: Any, thresholds: Any, left: Any, right: Any,
    shrink: Any, key: Any, offset_weights: Any, kept: Any, radii: Any, centers: Any, sizes: Any,
    contexts: Any, weights: Any,
) -> Any:  # fmt: skip
    positions = 0
    n_contexts = 0
    words = 0
    for sentence in range(first, last):
        n = subsample(
            tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds,
            max(left, right), shrink, key, kept, radii,
        )  # fmt: skip
        words += n
        for t in range(n):
            before = n_contexts
            begin, end = t - min(radii[t], left), t + min(radii[t], right) + 1
            for s in range(max(0, begin), min(n, end)):
                if s != t:
                    contexts[n_contexts] = kept[s]
                    if weights.size > 0:
                        weights[n_contexts] = offset_weights[s - t + offset_weights.size // 2]
                    n_contexts += 1
            if n_contexts > before:
                centers[positions] = kept[t]
                sizes[positions] = n_contexts - before
                positions += 1
    return positions, n_contexts, words


def block_windows(
    corpus: Corpus,
    first: int,
    last: int,
    thresholds: np.ndarray,
    window: Window,
    key: np.uint64,
) -> Windows:
    """Draw the windows of a block.

    Args:
        corpus: the corpus.
        first, last: the block is sentences first..last - 1.
        thresholds: (V,) uint32, see `w2v.corpus.subsampling.keep_thresholds`.
        window: sides of a window, and the weights of pairs by distance.
        key: key of the block's random stream.
    """
    n = int(corpus.sentence_starts[last] - corpus.sentence_starts[first])
    kept = np.empty(MAX_SENTENCE_WORDS, dtype=np.int32)
    radii = np.empty(MAX_SENTENCE_WORDS, dtype=np.int32)
    centers = np.empty(n, dtype=np.int32)
    sizes = np.empty(n, dtype=np.int64)
    contexts = np.empty((window.left + window.right) * n, dtype=np.int32)
    has_weights = window.distance_weights == "harmonic"
    weights = np.empty(len(contexts) if has_weights else 0)
    positions, n_contexts, words = _windows(
        corpus.tokens, corpus.sentence_starts, first, last, thresholds, window.left, window.right,
        window.shrinks, key, window.offset_weights(), kept, radii, centers, sizes, contexts,
        weights,
    )  # fmt: skip
    return Windows(
        centers[:positions], sizes[:positions], contexts[:n_contexts], words,
        weights[:n_contexts] if has_weights else None,
    )  # fmt: skip


def distribution_examples(windows: Windows) -> Examples:
    """Examples for the target "distribution": a row per position."""
    sizes, weights = windows.sizes, windows.weights
    starts = np.concatenate([[0], np.cumsum(sizes)])
    if weights is None:
        probs = np.repeat((1 / sizes).astype(np.float32), sizes)
        return Examples(windows.centers, starts, windows.contexts, probs, sizes)
    totals = np.add.reduceat(weights, starts[:-1])
    probs = (weights / np.repeat(totals, sizes)).astype(np.float32)
    return Examples(windows.centers, starts, windows.contexts, probs, totals)


def split_examples(windows: Windows) -> Examples:
    """Examples for the target "split": a row per pair."""
    n = len(windows.contexts)
    return Examples(
        np.repeat(windows.centers, windows.sizes),
        np.arange(n + 1, dtype=np.int64),
        windows.contexts,
        np.ones(n, dtype=np.float32),
        np.ones(n, dtype=np.int64) if windows.weights is None else windows.weights,
    )


@jit
def _group_by_center(
    centers: Any, sizes: Any, contexts: Any, weights: Any, next_free: Any, grouped: Any, counts: Any
) -> None:
    """Group contexts, and their weights, by center word.

    `next_free` is (V,): where in `grouped` and `counts` the next context of each center word goes.
    """
    n = 0
    for p in range(centers.size):
        at = next_free[centers[p]]
        for k in range(sizes[p]):
            grouped[at + k] = contexts[n + k]
            if weights.size > 0:
                counts[at + k] = weights[n + k]
        n += sizes[p]
        next_free[centers[p]] = at + sizes[p]


@jit
def _merge_repeated(group_starts: Any, grouped: Any, counts: Any, sizes: Any, places: Any) -> Any:
    """Merge repeated contexts of a center word and add up their counts, in place.

    On entry, `counts` holds the weight of each pair. `places` is scratch, (V,) zeros: while a group
    is merged, 1 + the position of each of its words. Fills `sizes` with the number of distinct
    contexts of each center word, and returns the total.
    """
    write = 0
    for center in range(group_starts.size - 1):
        begin = write
        for read in range(group_starts[center], group_starts[center + 1]):
            word = grouped[read]
            at = places[word]
            if at == 0:
                grouped[write] = word
                counts[write] = counts[read]
                write += 1
                places[word] = write
            else:
                counts[at - 1] += counts[read]
        for k in range(begin, write):
            places[grouped[k]] = 0
        sizes[center] = write - begin
    return write


def corpus_examples(vocabulary_size: int, drawn: list[Windows]) -> Examples:
    """Examples for the target "corpus": a row per word of the vocabulary that has a context.

    Grouping the pairs takes 8 bytes of memory for each, or 12 if they have weights.

    Args:
        vocabulary_size: V.
        drawn: the windows of all blocks of a pass over the corpus.
    """
    pairs = np.zeros(vocabulary_size, dtype=np.int64)
    for windows in drawn:
        pairs += np.bincount(
            windows.centers, weights=windows.sizes, minlength=vocabulary_size
        ).astype(np.int64)
    group_starts = np.concatenate([[0], np.cumsum(pairs)])
    grouped = np.empty(group_starts[-1], dtype=np.int32)
    next_free = group_starts[:-1].copy()
    has_weights = any(windows.weights is not None for windows in drawn)
    counts = np.ones(len(grouped), dtype=np.float64 if has_weights else np.int32)
    for windows in drawn:
        weights = np.empty(0) if windows.weights is None else windows.weights
        _group_by_center(
            windows.centers, windows.sizes, windows.contexts, weights, next_free, grouped, counts
        )
    sizes = np.zeros(vocabulary_size, dtype=np.int64)
    places = np.zeros(vocabulary_size, dtype=np.int64)
    total = _merge_repeated(group_starts, grouped, counts, sizes, places)
    centers = np.flatnonzero(sizes)
    starts = np.concatenate([[0], np.cumsum(sizes[centers])])
    totals = pairs[centers]
    if has_weights:
        totals = np.add.reduceat(counts[:total], starts[:-1])
    probs = counts[:total] / np.repeat(totals, sizes[centers])
    return Examples(
        centers.astype(np.int32), starts, grouped[:total].copy(), probs.astype(np.float32), totals
    )
