"""Held-out loss: how well a model predicts pairs it was not trained on, comparable across losses.

The training losses of different objectives are different quantities and cannot be compared. But
every model, however trained, assigns a score to a context word w of a center word c, and hence a
probability:

    s(w | c) = u_w . v_c + offset_w         ln Z(c) = ln(sum over all w of e^s(w | c)), exactly
    raw nats          = mean over held-out pairs of  -s(w | c)
    renormalised nats = mean over held-out pairs of  -(s(w | c) - ln Z(c))

For softmax, NCE and sampled softmax the offset is the output bias. Negative sampling learns
s = ln (p(w | c) / (K q(w))) (Levy and Goldberg 2014, "Neural Word Embedding as Implicit Matrix
Factorization", section 3.1), so its offset is ln(K q(w)). A learned normaliser is part of s.
Renormalised nats are a cross-entropy, which is never below the entropy of the pairs. Raw nats take
the scores for log-probabilities as they are: they equal the renormalised ones if ln Z = 0, and can
be any number otherwise.

Each way to train gives its own `Scorer`. Center vectors alone are not enough: a scorer needs both
matrices and the bias.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus
from w2v.corpus.blocks import block_edges
from w2v.corpus.cooccurrence import block_windows, split_examples
from w2v.corpus.disk_arrays import zeros_on_disk
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.corpus.windows import window_of
from w2v.errors import ConfigError, CorpusError
from w2v.losses.softmax import largest_of
from w2v.noise import NoiseSampler, sample
from w2v.numerics.jit import jit
from w2v.numerics.random import (
    STREAM_FRESH_NOISE,
    STREAM_HELD_OUT_PAIRS,
    STREAM_SPLIT,
    STREAM_THINNING,
    stream_key,
)
from w2v.numerics.scalar_functions import exp

MAX_PAIRS = 100_000
"""Pairs to score. The loss of a pair has a spread of a few nats; that of the mean is 0.01."""

_SCORES_BYTES = 2**25
"""Memory for scores: a few hundred rows of a large vocabulary, enough for a fast GEMM."""

LOG_Z_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of `Measure.log_z_quantiles`."""


# --- held-out pairs -----------------------------------------------------------------------------


def split_corpus(corpus: Corpus, fraction: float, seed: int) -> tuple[Corpus, Corpus]:
    """Split at random into sentences to train on and held-out sentences.

    Args:
        corpus: what to split; both parts keep its order.
        fraction: the fraction of sentences to hold out, above 0 and below 1; each part gets at
            least one sentence.
        seed: seed of the choice.

    Returns:
        (train, held_out); both have the vocabulary, the counts and the audit of the whole.

    Raises:
        ConfigError: the fraction is out of range.
        CorpusError: there are fewer than two sentences.
    """
    if not 0 < fraction < 1:
        raise ConfigError(f"validate: expected a fraction between 0 and 1, got {fraction}")
    sentences = len(corpus.sentence_starts) - 1
    if sentences < 2:
        raise CorpusError(
            f"corpus: holding out text needs at least 2 sentences, got {sentences} "
            "(one line is one sentence)"
        )
    n_held_out = min(max(1, round(fraction * sentences)), sentences - 1)
    held_out = np.zeros(sentences, dtype=np.bool_)
    chosen = _generator(seed, STREAM_SPLIT).choice(sentences, n_held_out, replace=False)
    held_out[chosen] = True
    return _part(corpus, ~held_out), _part(corpus, held_out)


def _generator(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(int(stream_key(*key))))


def _part(corpus: Corpus, chosen: np.ndarray) -> Corpus:
    lengths = np.diff(corpus.sentence_starts)[chosen]
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    tokens = zeros_on_disk(np.int32, int(starts[-1]))
    _copy_sentences(corpus.tokens, corpus.sentence_starts, np.flatnonzero(chosen), tokens)
    tokens.flags.writeable = False
    return dataclasses.replace(corpus, tokens=tokens, sentence_starts=starts)


@jit
def _copy_sentences(tokens: Any, starts: Any, chosen: Any, out: Any) -> None:
    n = 0
    for sentence in chosen:
        for position in range(starts[sentence], starts[sentence + 1]):
            out[n] = tokens[position]
            n += 1


class HeldOut(NamedTuple):
    """Held-out pairs, grouped by center word so that each softmax is computed once.

    Attributes:
        centers: (C,) int32, distinct center words.
        starts: (C + 1,) int64; the pairs of center i are starts[i]:starts[i + 1].
        contexts: (N,) int32, the context word of each pair.
        seed: seed of the noise for `Scorer.noise_test`.
    """

    centers: np.ndarray
    starts: np.ndarray
    contexts: np.ndarray
    seed: int


def held_out_pairs(corpus: Corpus, config: TrainConfig, max_pairs: int = MAX_PAIRS) -> HeldOut:
    """Draw pairs as training does (subsampling, windows), and keep `max_pairs` of them at random.

    The pairs depend only on the corpus, the seed, `window`, `distance_weights` and `sample`, so all
    losses are compared on the same ones. A weighted pair is kept with a probability equal to its
    weight, so that the mean over the pairs estimates the loss that training minimises.

    Args:
        corpus: the held-out sentences.
        config: options of the run.
        max_pairs: maximum number of pairs.

    Raises:
        CorpusError: the corpus has no pair.
    """
    seed = config.seed
    thresholds = keep_thresholds(keep_probs(corpus.vocabulary.text_counts, config.sample))
    edges = block_edges(corpus.sentence_starts)
    kept = np.empty((0, 2), dtype=np.int32)
    ranks = np.empty(0)
    for block in range(len(edges) - 1):
        windows = block_windows(
            corpus, int(edges[block]), int(edges[block + 1]), thresholds, window_of(config),
            stream_key(seed, STREAM_HELD_OUT_PAIRS, 0, block),
        )  # fmt: skip
        drawn = split_examples(windows)
        # Keep the pairs with the lowest ranks, random / weight: a sample in proportion to the
        # weights in bounded memory (Ohlsson 1998, "Sequential Poisson Sampling").
        fresh = _generator(seed, STREAM_THINNING, 0, block).random(len(drawn.contexts))
        fresh = fresh / drawn.pairs
        chosen = fresh < 1  # always true for weights of 1
        pairs = np.column_stack([drawn.centers, drawn.contexts])
        kept = np.concatenate([kept, pairs[chosen]])
        ranks = np.concatenate([ranks, fresh[chosen]])
        if len(ranks) > max_pairs:
            lowest = np.argpartition(ranks, max_pairs - 1)[:max_pairs]
            kept, ranks = kept[lowest], ranks[lowest]
    if len(kept) == 0:
        raise CorpusError("held-out sentences: no pair of words among them; hold out more")
    kept = kept[np.lexsort((kept[:, 1], kept[:, 0]))]
    centers, sizes = np.unique(kept[:, 0], return_counts=True)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return HeldOut(centers, starts, np.ascontiguousarray(kept[:, 1]), seed)


def unigram_nats(corpus: Corpus, config: TrainConfig, held_out: HeldOut) -> float:
    """Nats per pair of p(w) after subsampling, the model that ignores the center word."""
    vocabulary = corpus.vocabulary
    weights = vocabulary.weights * keep_probs(vocabulary.text_counts, config.sample)
    return float(-np.log(weights / weights.sum())[held_out.contexts].mean())


# --- models -------------------------------------------------------------------------------------


class NoiseTest(NamedTuple):
    """How to test the noise classifier that NCE and negative sampling train.

    Attributes:
        sampler: draws fresh noise.
        num_negatives: K, the number of noise words per pair.
    """

    sampler: NoiseSampler
    num_negatives: int


class Scorer(NamedTuple):
    """s(w | c) = context_vectors[w] . center_vectors[c] + offsets[w] - log_normalisers[c].

    Attributes:
        center_vectors, context_vectors: (V, D) float32.
        offsets: (V,) float32; see the module's docstring.
        log_normalisers: (V,) float32, the learned ln Z of each center word, or zeros.
        noise_test: for losses that train a noise classifier, otherwise None.
    """

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    offsets: np.ndarray
    log_normalisers: np.ndarray
    noise_test: NoiseTest | None = None


# --- measuring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class NoiseHealth:
    """The noise classifier on held-out pairs and fresh noise, K noise words per pair.

    Attributes:
        accuracy: fraction of all answers that are correct; always answering "noise" gives
            K / (1 + K).
        true_accuracy: fraction of the held-out pairs classified correctly.
        noise_accuracy: fraction of the noise classified correctly.
        accidental_hits: fraction of the noise words that equal the true word.
    """

    accuracy: float
    true_accuracy: float
    noise_accuracy: float
    accidental_hits: float


@dataclass(frozen=True)
class Measure:
    """Measurements of a model on held-out pairs; see the module's docstring.

    Attributes:
        pairs, centers: number of pairs, and of distinct center words.
        nats: renormalised nats per pair.
        raw_nats: raw nats per pair.
        log_z_mean, log_z_sd: mean and standard deviation of ln Z(c) over the pairs.
        log_z_center_mean, log_z_center_sd: the same over the center words.
        log_z_quantiles: quantiles of ln Z(c) over the pairs, at `LOG_Z_QUANTILES`.
        noise: the noise classifier; None if it was not tested.
    """

    pairs: int
    centers: int
    nats: float
    raw_nats: float
    log_z_mean: float
    log_z_sd: float
    log_z_center_mean: float
    log_z_center_sd: float
    log_z_quantiles: tuple[float, ...]
    noise: NoiseHealth | None = None


@jit
def _add_and_normalise(scores: Any, offsets: Any, log_z: Any) -> None:
    """Add the offsets to each row of scores; fill `log_z` with ln(sum of exp), in float64."""
    for r in range(scores.shape[0]):
        row = scores[r]
        for w in range(row.size):
            row[w] += offsets[w]
        largest = largest_of(row)
        total = 0.0
        for w in range(row.size):
            total += exp(row[w] - largest)
        log_z[r] = math.log(total) + largest


def measure(scorer: Scorer, held_out: HeldOut, *, with_noise: bool = True) -> Measure:
    """Measure a model on held-out pairs, over the whole vocabulary.

    Args:
        scorer: the model.
        held_out: from `held_out_pairs`.
        with_noise: whether to test the noise classifier as well, if there is one. Its logit is
            s(w | c) - ln(K q(w)).
    """
    noise = scorer.noise_test if with_noise else None
    sizes = np.diff(held_out.starts)
    n_pairs, n_centers = len(held_out.contexts), len(held_out.centers)
    log_z = np.empty(n_centers)
    pair_scores = np.empty(n_pairs)
    noise_ids, noise_scores = _fresh_noise(held_out, noise)
    normalisers = scorer.log_normalisers[held_out.centers].astype(np.float64)
    at_once = max(1, _SCORES_BYTES // (4 * len(scorer.offsets)))
    for first in range(0, n_centers, at_once):
        last = min(first + at_once, n_centers)
        scores = scorer.center_vectors[held_out.centers[first:last]] @ scorer.context_vectors.T
        _add_and_normalise(scores, scorer.offsets, log_z[first:last])
        pairs = slice(held_out.starts[first], held_out.starts[last])
        rows = np.repeat(np.arange(last - first), sizes[first:last])
        pair_scores[pairs] = scores[rows, held_out.contexts[pairs]]
        noise_scores[pairs] = scores[rows[:, None], noise_ids[pairs]]
    log_z -= normalisers
    pair_scores -= np.repeat(normalisers, sizes)
    noise_scores -= np.repeat(normalisers, sizes)[:, None]
    of_pairs = np.repeat(log_z, sizes)
    return Measure(
        pairs=n_pairs,
        centers=n_centers,
        nats=float((of_pairs - pair_scores).mean()),
        raw_nats=float(-pair_scores.mean()),
        log_z_mean=float(of_pairs.mean()),
        log_z_sd=float(of_pairs.std()),
        log_z_center_mean=float(log_z.mean()),
        log_z_center_sd=float(log_z.std()),
        log_z_quantiles=tuple(np.quantile(of_pairs, LOG_Z_QUANTILES).tolist()),
        noise=_noise_health(held_out, noise, pair_scores, noise_ids, noise_scores),
    )


@jit
def _draw_noise(table: Any, key: Any, out: Any) -> None:
    n = np.uint64(0)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = sample(table, key, n)
            n += np.uint64(1)


def _fresh_noise(held_out: HeldOut, noise: NoiseTest | None) -> tuple[np.ndarray, np.ndarray]:
    """Noise words (N, K) for the pairs, and an empty array for their scores; K = 0 without test."""
    shape = len(held_out.contexts), 0 if noise is None else noise.num_negatives
    ids = np.empty(shape, dtype=np.int32)
    if noise is not None:
        _draw_noise(noise.sampler.table, stream_key(held_out.seed, STREAM_FRESH_NOISE), ids)
    return ids, np.empty(shape)


def _noise_health(
    held_out: HeldOut,
    noise: NoiseTest | None,
    pair_scores: np.ndarray,
    noise_ids: np.ndarray,
    noise_scores: np.ndarray,
) -> NoiseHealth | None:
    if noise is None:
        return None
    log_kq = np.log(noise.num_negatives * noise.sampler.probs)
    true_right = pair_scores > log_kq[held_out.contexts]
    noise_right = noise_scores < log_kq[noise_ids]
    right = true_right.sum() + noise_right.sum()
    return NoiseHealth(
        accuracy=float(right / (true_right.size + noise_right.size)),
        true_accuracy=float(true_right.mean()),
        noise_accuracy=float(noise_right.mean()),
        accidental_hits=float((noise_ids == held_out.contexts[:, None]).mean()),
    )
