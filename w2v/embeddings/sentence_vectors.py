"""Vectors of texts: means of word vectors, weighted by smooth inverse frequency.

The weight of a word w is a / (a + p(w)), where p(w) is its relative frequency in the corpus.
Source: Arora, Liang and Ma 2017, "A Simple but Tough-to-Beat Baseline for Sentence Embeddings",
algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np

from w2v.errors import ConfigError, InputError, shown
from w2v.formats.table import FloatMatrix, FloatVector
from w2v.util.text import prepare

SMOOTHING = 1e-3
"""a; the paper finds 1e-3 to 1e-4 best."""
_WORDS_AT_ONCE = 2**16
"""Vectors gathered at once."""


def word_weights(
    words: int, counts: np.ndarray[Any, Any] | None, smoothing: float | None
) -> FloatVector:
    """The weight of each word, a / (a + p(w)), as (V,) float32.

    Args:
        words: number of words, V.
        counts: (V,) occurrences in the corpus. Without counts, p is estimated by Zipf's law as
            1 / (rank H), where H is the sum of 1 / rank, since files list frequent words first.
        smoothing: a; None sets all weights to 1.

    Raises:
        ConfigError: `smoothing` is not a positive number.
    """
    if smoothing is None:
        return np.ones(words, np.float32)
    if not isinstance(smoothing, Real) or not 0 < smoothing < np.inf:
        raise ConfigError(f"smoothing: {shown(smoothing)} is not a positive number")
    frequencies = 1.0 / np.arange(1, words + 1) if counts is None else counts.astype(np.float64)
    shares = frequencies / (frequencies.sum() or 1.0)
    return (smoothing / (smoothing + shares)).astype(np.float32)


def split_texts(
    texts: Iterable[str | Sequence[str]], record: Mapping[str, Any], vocabulary: Container[str]
) -> Iterator[Sequence[str]]:
    """Yield the words of each text, split in the same way as the training text.

    Args:
        texts: texts, or lists of words, which are not changed.
        record: the options of the training run, as in `Embeddings.training_options`.
        vocabulary: the words of the vectors.

    Raises:
        InputError: a text is neither a str nor a list of words.
    """
    for number, text in enumerate(texts, start=1):
        if isinstance(text, str):
            yield prepare(text, record, vocabulary)
        elif isinstance(text, Sequence) and all(isinstance(word, str) for word in text):
            yield text
        else:
            raise InputError(
                f"encode: text {number} is {shown(text)}, neither a str nor a list of words"
            )


def weighted_means(
    vectors_of: Callable[[list[int]], FloatMatrix],
    weights: FloatVector,
    texts: Sequence[Sequence[int]],
    vector_size: int,
) -> FloatMatrix:
    """The sum of weight * vector over the words of each text, divided by their number.

    As in the paper, the sum is not divided by the sum of the weights. The mean of a text without
    words is 0.

    Args:
        vectors_of: function that returns the vectors of the given rows.
        weights: (V,) the weight of each row.
        texts: the rows of the words of N texts.
        vector_size: D.

    Returns:
        (N, D) float32.
    """
    means = np.zeros((len(texts), vector_size), np.float32)
    begin = 0
    while begin < len(texts):
        end, words = begin, 0
        while end < len(texts) and words < _WORDS_AT_ONCE:
            words += len(texts[end])
            end += 1
        rows = list(chain.from_iterable(texts[begin:end]))
        sizes = np.array([len(text) for text in texts[begin:end]])
        filled = np.flatnonzero(sizes)
        if len(filled):
            starts = np.concatenate(([0], np.cumsum(sizes[filled])[:-1]))
            sums = np.add.reduceat(weights[rows, None] * vectors_of(rows), starts, axis=0)
            means[begin + filled] = sums / sizes[filled, None]
        begin = end
    return means


def common_component(vectors: FloatMatrix) -> FloatVector:
    """The first right singular vector of the (N, D) vectors, as (D,) float32.

    Raises:
        ConfigError: there are fewer than two vectors: nothing would be left of a single one.
    """
    if len(vectors) < 2:
        raise ConfigError(
            f"common component: needs at least two texts, got {len(vectors)}; give more texts, or "
            "a component computed from others"
        )
    wide = vectors.astype(np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)
    return axes[:, -1].astype(np.float32)


def without_component(vectors: FloatMatrix, component: np.ndarray[Any, Any]) -> FloatMatrix:
    """Remove a component from each vector: v - u (u . v), where u is `component` of length 1.

    Args:
        vectors: (N, D).
        component: (D,), of any length.

    Returns:
        (N, D) float32.

    Raises:
        InputError: `component` is not a vector of D finite numbers.
    """
    if component.shape != vectors.shape[1:] or component.dtype.kind not in "fiu":
        raise InputError(
            f"remove_component: an array of {component.dtype} of shape {component.shape}, not a "
            f"vector of {vectors.shape[1]} numbers"
        )
    if not np.isfinite(component).all():
        raise InputError("remove_component: the vector holds NaN or infinity")
    unit = component / (np.linalg.norm(component) or 1.0)
    result: FloatMatrix = (vectors - np.outer(vectors @ unit, unit)).astype(np.float32)
    return result
