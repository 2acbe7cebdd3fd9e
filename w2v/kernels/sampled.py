"""The fused kernel of the sampled losses: gather rows, score, call the loss, scatter.

Training goes through a sentence a group of `POSITIONS` neighbouring positions at a time. The words
of their windows are the group's inputs x_1..x_R (center words); its candidates y_1..y_C are noise
words, which all its pairs share, and the words at the positions themselves (context words). Sharing
noise turns scattered dot products into dense ones (Ji et al. 2016, "Parallelizing Word2Vec in
Shared and Distributed Memory", section 3.2); sharing it between positions, too, lets one dot
product serve all the pairs of an input whose windows overlap:

    logits[i, j] = x_i . y_j + offset_j                                              (R, C)
    weights[i, j] = for a context word 1 if (i, j) is a pair, else 0; for noise K / N times the
                    number of i's pairs                                              (R, C)
    y_j -= lr * sum over i of dlogits[i, j] x_i       x_i -= lr * sum over j of dlogits[i, j] y_j

Both updates use the rows as they were, so that one step is exactly one step of gradient descent on
the summed loss of the group's pairs, also where a word occurs twice among the inputs or candidates.
Each pair sees N >= K noise words that weigh K together, which is the same loss on average, with
less noise in it; `noise_words` has N. Where several threads work, rows may change in between:
Hogwild (Niu et al. 2011).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.corpus import MAX_SENTENCE_WORDS
from w2v.kernels.tiles import tile_columns, tile_operations
from w2v.losses.base import SampledLoss
from w2v.noise import sample
from w2v.numerics import aligned_zeros, padded, specialise
from w2v.pairs import subsample

POSITIONS = 4
"""Positions in a group. More share more work, and the noise of more pairs becomes the same."""

POOL = 2
"""Noise words of a group for each of the K that a pair asks for. With fewer, quality falls."""


class Model(NamedTuple):
    """What training changes.

    Attributes:
        center_vectors, context_vectors: (V, P), rows padded with zeros to P >= D.
        logit_offsets: (V,), added to the logits of a context word: its output bias minus
            ln(K q(w)), where the loss has them; else zeros.
        log_normalisers: (V,), subtracted from the logits of a center word: ln Z, where it is
            learned; else zeros.
    """

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    logit_offsets: np.ndarray
    log_normalisers: np.ndarray


class Scratch(NamedTuple):
    """Working memory of one thread: a group has up to R inputs, and C candidates, noise first.

    A tile is a flat array: number (i, j) is at i * T + j, with C rounded up to T = `tile_columns`.
    """

    input_ids: np.ndarray  # (R,) int64
    inputs: np.ndarray  # (R, P) copies of their rows
    candidate_ids: np.ndarray  # (C,) int64
    coming_ids: np.ndarray  # (C,) int64, of the next group
    candidates: np.ndarray  # (C, P) copies of their rows
    offsets: np.ndarray  # (T,)
    logits: np.ndarray  # (R * T,)
    labels: np.ndarray  # the same; 1 for context words, 0 for noise and padding
    weights: np.ndarray  # the same
    dlogits: np.ndarray  # the same
    kept: np.ndarray  # (MAX_SENTENCE_WORDS,) int32
    reach: np.ndarray  # the same


def noise_words(loss: SampledLoss, num_negatives: int) -> int:
    """How many noise words the pairs of a group share."""
    return POOL * num_negatives if loss.pools_noise else num_negatives


def make_scratch(
    loss: SampledLoss, columns: int, num_negatives: int, window: int, dtype: Any = np.float32
) -> Scratch:
    """Working memory for kernels of this shape; `columns` is the padded vector size."""
    noise = noise_words(loss, num_negatives)
    inputs, candidates = POSITIONS + 2 * window, noise + POSITIONS
    inputs += inputs % 2  # dot products go two rows at a time
    tile = inputs, tile_columns(candidates)
    labels = np.zeros(tile, dtype=dtype)
    labels[:, noise:candidates] = 1
    return Scratch(
        input_ids=np.zeros(inputs, dtype=np.int64),
        inputs=aligned_zeros(inputs, columns, dtype),
        candidate_ids=np.zeros(candidates, dtype=np.int64),
        coming_ids=np.zeros(candidates, dtype=np.int64),
        candidates=aligned_zeros(candidates, columns, dtype),
        offsets=np.zeros(tile[1], dtype=dtype),
        logits=np.zeros(labels.size, dtype=dtype),
        labels=labels.reshape(-1),
        weights=np.zeros(labels.size, dtype=dtype),
        dlogits=np.zeros(labels.size, dtype=dtype),
        kept=np.zeros(MAX_SENTENCE_WORDS, dtype=np.int32),
        reach=np.zeros(MAX_SENTENCE_WORDS, dtype=np.int32),
    )


# Names that `sampled_kernels` freezes; the values here only give type checkers something to see.
NOISE = 0
TILE_COLUMNS = 0
NOISE_WEIGHT = 1.0
USE_OFFSETS = False
LEARN_BIAS = False
LEARN_NORMALISERS = False
SKIP_HITS = True
_tile: Any = None
_store_dots: Any = None
_add_one: Any = None
_add_two: Any = None
_copy_row: Any = None
_prefetch: Any = None
_scatter: Any = None
_step: Any = None
_arrange: Any = None


def _step_template(model: Any, scratch: Any, rows: Any, candidates: Any, lr: Any) -> Any:
    """One step on the pairs that `scratch` says; returns their summed loss.

    Args:
        model: see `Model`.
        scratch: see `Scratch`. The inputs are input_ids[:rows], the candidates those of
            candidate_ids, weights[i * TILE_COLUMNS + j] what they are to each other.
        rows: inputs, at least 1.
        candidates: noise words and context words; at the end of a sentence less than C.
        lr: learning rate.
    """
    centers, contexts = model.center_vectors, model.context_vectors
    input_ids, candidate_ids = scratch.input_ids, scratch.candidate_ids
    x, y, offsets = scratch.inputs, scratch.candidates, scratch.offsets
    logits, dlogits = scratch.logits, scratch.dlogits
    for j in range(candidates):
        _copy_row(y, j, contexts, candidate_ids[j])
        if USE_OFFSETS:
            offsets[j] = model.logit_offsets[candidate_ids[j]]
    for i in range(rows):
        _copy_row(x, i, centers, input_ids[i])
    for i in range(0, rows, 2):
        _store_dots(logits, i, x, y, offsets)
    if LEARN_NORMALISERS:
        for i in range(rows):
            for j in range(TILE_COLUMNS):
                logits[i * TILE_COLUMNS + j] -= model.log_normalisers[input_ids[i]]
    loss = _tile(logits, scratch.labels, scratch.weights, dlogits, rows, TILE_COLUMNS)
    for k in range(rows * TILE_COLUMNS):
        dlogits[k] *= -lr
    _scatter(contexts, candidate_ids, candidates, dlogits, 1, TILE_COLUMNS, x, rows)
    _scatter(centers, input_ids, rows, dlogits, TILE_COLUMNS, 1, y, candidates)
    if LEARN_BIAS:
        for i in range(rows):
            for j in range(candidates):
                model.logit_offsets[candidate_ids[j]] += dlogits[i * TILE_COLUMNS + j]
    if LEARN_NORMALISERS:
        for i in range(rows):
            for j in range(candidates):
                model.log_normalisers[input_ids[i]] -= dlogits[i * TILE_COLUMNS + j]
    return loss


def _scatter_template(
    matrix: Any, ids: Any, n: Any, weights: Any, row_step: Any, source_step: Any, sources: Any,
    n_sources: Any,
) -> None:  # fmt: skip
    """matrix[ids[i]] += sum over k of weights[i * row_step + k * source_step] * sources[k]."""
    i = 0
    while i < n:
        start = i * row_step
        if i + 1 < n and ids[i] != ids[i + 1]:
            _add_two(
                matrix, ids[i], ids[i + 1], weights, start, start + row_step, source_step, sources,
                n_sources,
            )  # fmt: skip
            i += 2
        else:  # the last one, or a word twice in a row, whose updates must add up
            _add_one(matrix, ids[i], weights, start, source_step, sources, n_sources)
            i += 1


def _arrange_template(scratch: Any, n: Any, first: Any, last: Any) -> Any:
    """Inputs and weights of the group of positions first..last - 1; returns (inputs, pairs).

    Position p makes pairs with its neighbours at most reach[p] away, all within the sentence's n
    kept words; the inputs are all the words from the leftmost to the rightmost of them.
    """
    kept, reach, candidate_ids = scratch.kept, scratch.reach, scratch.candidate_ids
    input_ids, weights = scratch.input_ids, scratch.weights
    begin = first
    end = last
    for p in range(first, last):
        begin = min(begin, p - reach[p])
        end = max(end, p + reach[p] + 1)
    begin = max(begin, 0)
    rows = min(end, n) - begin
    pairs = 0
    for i in range(rows):
        input_ids[i] = kept[begin + i]
        row = i * TILE_COLUMNS
        own = 0
        for t in range(POSITIONS):
            p = first + t
            distance = abs(begin + i - p)
            is_pair = p < last and 0 < distance and distance <= reach[p]
            weights[row + NOISE + t] = is_pair
            own += is_pair
        for j in range(NOISE):
            weights[row + j] = own * NOISE_WEIGHT
        pairs += own
    if SKIP_HITS:
        for t in range(last - first):
            for j in range(NOISE):
                if candidate_ids[j] == candidate_ids[NOISE + t]:
                    for row in range(0, rows * TILE_COLUMNS, TILE_COLUMNS):
                        weights[row + j] -= NOISE_WEIGHT * weights[row + NOISE + t]
    return rows, pairs


def _block_template(
    model: Any, scratch: Any, tokens: Any, starts: Any, first: Any, last: Any, thresholds: Any,
    alias_table: Any, window: Any, shrink: Any, lr: Any, pair_key: Any, noise_key: Any,
) -> Any:  # fmt: skip
    """Train on the sentences first..last - 1; returns (summed loss in nats, pairs, words kept).

    Args:
        model, scratch: see `Model` and `Scratch`.
        tokens, starts: the corpus.
        first, last: the block's sentences.
        thresholds: (V,) uint32, see `w2v.pairs.keep_thresholds`.
        alias_table: (V, 2) uint32, see `w2v.noise.NoiseSampler`.
        window, shrink: the largest distance of a pair, and whether each position draws its own.
        lr: learning rate, in the precision of the model.
        pair_key, noise_key: random streams of this block.
    """
    kept, candidate_ids, coming_ids = scratch.kept, scratch.candidate_ids, scratch.coming_ids
    loss = 0.0
    pairs = 0
    words = 0
    drawn = np.uint64(0)
    for sentence in range(first, last):
        n = subsample(
            tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds, window,
            shrink, pair_key, kept, scratch.reach,
        )  # fmt: skip
        words += n
        if n < 2:
            continue
        # One group ahead of the arithmetic, the noise of the next is drawn and its rows are asked
        # for: reading rows from memory is slow, and so overlaps with the work.
        for begin in range(0, n + POSITIONS, POSITIONS):
            for j in range(NOISE if begin < n else 0):
                coming_ids[j] = sample(alias_table, noise_key, drawn)
                drawn += np.uint64(1)
                _prefetch(model.context_vectors, coming_ids[j])
            for t in range(min(POSITIONS, n - begin)):
                coming_ids[NOISE + t] = kept[begin + t]
                _prefetch(model.context_vectors, coming_ids[NOISE + t])
            for p in range(begin + window, min(begin + window + POSITIONS, n)):
                _prefetch(model.center_vectors, np.int64(kept[p]))
            if begin > 0:
                first, last = begin - POSITIONS, min(begin, n)
                rows, new_pairs = _arrange(scratch, n, first, last)
                loss += _step(model, scratch, rows, NOISE + last - first, lr)
                pairs += new_pairs
            candidate_ids[:] = coming_ids
    return loss, pairs, words


class SampledKernels(NamedTuple):
    """Compiled for one loss and shape.

    `step` trains one group, `arrange` prepares it, `block` does whole sentences.
    """

    step: Any
    arrange: Any
    block: Any


def sampled_kernels(
    loss: SampledLoss,
    vector_size: int,
    num_negatives: int,
    *,
    learn_bias: bool = False,
    learn_normalisers: bool = False,
) -> SampledKernels:
    """Kernels for `loss` with the sizes frozen; they work in float32 and float64."""
    columns = padded(vector_size)
    noise = noise_words(loss, num_negatives)
    operations = tile_operations(columns, noise + POSITIONS)
    frozen: dict[str, Any] = {
        "NOISE": noise,
        "TILE_COLUMNS": tile_columns(noise + POSITIONS),
        "NOISE_WEIGHT": np.float32(num_negatives / noise),
        "USE_OFFSETS": loss.corrects_by_noise or learn_bias,
        "LEARN_BIAS": learn_bias,
        "LEARN_NORMALISERS": learn_normalisers,
        "SKIP_HITS": loss.accidental_hits == "skip",
        "_tile": loss.tile,
        **{f"_{name}": operation for name, operation in operations._asdict().items()},
    }
    name = f"{loss.name}-{columns}-{num_negatives}-{learn_bias:d}{learn_normalisers:d}"
    scatter = specialise(_scatter_template, name, inline=True, **frozen)
    step = specialise(_step_template, name, inline=True, **frozen, _scatter=scatter)
    arrange = specialise(_arrange_template, name, inline=True, **frozen)
    block = specialise(_block_template, name, **frozen, _step=step, _arrange=arrange)
    return SampledKernels(step, arrange, block)


def noise_correction(loss: SampledLoss, noise_probs: np.ndarray, num_negatives: int) -> np.ndarray:
    """ln(K q(w)), (V,) float64, where the loss corrects its logits by it; else zeros."""
    if not loss.corrects_by_noise:
        return np.zeros(len(noise_probs))
    correction: np.ndarray = np.log(num_negatives * noise_probs)
    return correction


def initial_bias(loss: SampledLoss, counts: np.ndarray, learn_bias: bool) -> np.ndarray:
    """The output bias that a model starts with, (V,) float64.

    A loss that models p(w | c) starts normalised: all dot products are 0 at first, so the bias is
    ln p(w) where it is learned, p in proportion to the counts that subsampling leaves, and -ln V
    everywhere where it stays as it is.
    """
    if not loss.corrects_by_noise:
        return np.zeros(len(counts))
    if learn_bias:
        unigram: np.ndarray = np.log(counts / counts.sum())
        return unigram
    return np.full(len(counts), -np.log(len(counts)))
