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
Each pair sees N >= K noise words that weigh K together, which is the same loss on average. A loss
that is no sum over noise words cannot be had that way: its groups are one position with K noise
words (`group_shape`). Where several threads work, rows may change in between: Hogwild (Niu et al.
2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.subsampling import subsample
from w2v.kernels.tiles import tile_columns, tile_operations
from w2v.losses.base import SampledLoss
from w2v.noise import sample
from w2v.numerics.jit import specialise
from w2v.numerics.memory import aligned_zeros, padded

GROUP_POSITIONS = 4
"""Positions in a group: more share more work, but the noise of more pairs is then the same."""

GROUP_NOISE = 2
"""Noise words of a group for each of the K of a pair; with fewer, quality falls (docs/speed.md)."""


_APART = 272
"""Numbers between two arrays that one loop uses: with fewer, LLVM's check of whether they overlap
may say that they do. No multiple of a page: they would compete for the same places in the cache."""


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


class Group(NamedTuple):
    """A group that is ready to be trained: R inputs at most, C candidates, noise first.

    A tile is a flat array: number (i, j) is at i * T + j, with C rounded up to T = `tile_columns`.

    Attributes:
        sizes: (3,) int64: how many inputs, candidates and pairs there are. At the end of a sentence
            there are fewer than C candidates.
        input_ids: (R,) int64, the center words.
        candidate_ids: (C,) int64, the noise words, then the context words.
        weights: (R * T,), see the module.
    """

    sizes: np.ndarray
    input_ids: np.ndarray
    candidate_ids: np.ndarray
    weights: np.ndarray


class Scratch(NamedTuple):
    """Working memory of one thread: for the group that is trained, and for the draws of a block.

    Attributes:
        group, coming: the group that is trained, and the one after it.
        inputs, candidates: (R, P) and (C, P), copies of the rows.
        offsets: (T,), one for each candidate.
        logits, labels, dlogits: tiles; a label is 1 for a context word, 0 for noise and padding.
        kept, reach: (words of a block,) int32, the words that subsampling keeps, and how far the
            window of each reaches.
        plan: (words of a block, 3) int32: for each group its first position, and the bounds of its
            sentence, all in `kept`.
        center_touches, context_touches: (V,) int32, how many steps have changed each row, where
            that is counted; else empty.
    """

    group: Group
    coming: Group
    inputs: np.ndarray
    candidates: np.ndarray
    offsets: np.ndarray
    logits: np.ndarray
    labels: np.ndarray
    dlogits: np.ndarray
    kept: np.ndarray
    reach: np.ndarray
    plan: np.ndarray
    center_touches: np.ndarray
    context_touches: np.ndarray


def group_shape(loss: SampledLoss, num_negatives: int) -> tuple[int, int]:
    """Positions in a group, and noise words that its pairs share."""
    if loss.pools_noise:
        return GROUP_POSITIONS, GROUP_NOISE * num_negatives
    return 1, num_negatives


def make_scratch(
    loss: SampledLoss,
    vector_size: int,
    num_negatives: int,
    window: int,
    block_words: int = 0,
    dtype: Any = np.float32,
    counted_words: int = 0,
) -> Scratch:
    """Working memory for kernels of this shape, and blocks of at most `block_words`.

    Where touches are counted, `counted_words` is V.
    """
    positions, noise = group_shape(loss, num_negatives)
    inputs, candidates = positions + 2 * window, noise + positions
    inputs += inputs % 2  # dot products go two rows at a time
    tile = inputs, tile_columns(candidates)
    size = tile[0] * tile[1]
    dlogits, logits, labels, weights, coming_weights, offsets = _side_by_side(
        [size, size, size, size, size, tile[1]], dtype
    )
    labels.reshape(tile)[:, noise:candidates] = 1

    def group(weights: np.ndarray) -> Group:
        return Group(
            sizes=np.zeros(3, dtype=np.int64),
            input_ids=np.zeros(inputs, dtype=np.int64),
            candidate_ids=np.zeros(candidates, dtype=np.int64),
            weights=weights,
        )

    return Scratch(
        group=group(weights),
        coming=group(coming_weights),
        inputs=aligned_zeros(inputs, padded(vector_size), dtype),
        candidates=aligned_zeros(candidates, padded(vector_size), dtype),
        offsets=offsets,
        logits=logits,
        labels=labels,
        dlogits=dlogits,
        kept=np.zeros(block_words, dtype=np.int32),
        reach=np.zeros(block_words, dtype=np.int32),
        plan=np.zeros((block_words, 3), dtype=np.int32),
        center_touches=np.zeros(counted_words, dtype=np.int32),
        context_touches=np.zeros(counted_words, dtype=np.int32),
    )


def _side_by_side(sizes: Sequence[int], dtype: Any) -> list[np.ndarray]:
    """Zeros of these lengths, at the same distances from one another wherever they are in memory.

    A compiled loop looks at how far apart its arrays are, and takes vectors or single numbers
    accordingly: sums are then rounded differently. Arrays from `np.zeros` lie as chance has it.
    """
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + padded(size, dtype) + padded(_APART, dtype))
    whole = aligned_zeros(1, starts[-1], dtype)[0]
    return [whole[start : start + size] for start, size in zip(starts, sizes, strict=False)]


# Names that `sampled_kernels` freezes; the values here only give type checkers something to see.
POSITIONS = 0
NOISE = 0
TILE_COLUMNS = 0
NOISE_WEIGHT = 1.0
USE_OFFSETS = False
LEARN_BIAS = False
LEARN_NORMALISERS = False
SKIP_HITS = True
COUNT_TOUCHES = False
_tile: Any = None
_store_dots: Any = None
_add_one: Any = None
_add_two: Any = None
_copy_row: Any = None
_prefetch: Any = None
_scatter: Any = None
_step: Any = None
_arrange: Any = None


def _step_template(model: Any, scratch: Any, group: Any, coming: Any, lr: Any) -> Any:
    """One step on the pairs of `group`; returns their summed loss.

    Args:
        model, scratch, group: see their classes.
        coming: the group that will be trained next. Its rows are asked for: reading rows from
            memory is slow, and so overlaps with the work.
        lr: learning rate.
    """
    centers, contexts = model.center_vectors, model.context_vectors
    input_ids, candidate_ids = group.input_ids, group.candidate_ids
    rows, candidates = group.sizes[0], group.sizes[1]
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
    loss = _tile(logits, scratch.labels, group.weights, dlogits, rows, TILE_COLUMNS)
    for k in range(rows * TILE_COLUMNS):
        dlogits[k] *= -lr
    _scatter(
        contexts, candidate_ids, candidates, dlogits, 1, TILE_COLUMNS, x, rows,
        coming.candidate_ids, coming.sizes[1],
    )  # fmt: skip
    _scatter(
        centers, input_ids, rows, dlogits, TILE_COLUMNS, 1, y, candidates,
        coming.input_ids, coming.sizes[0],
    )  # fmt: skip
    if LEARN_BIAS:
        for i in range(rows):
            for j in range(candidates):
                model.logit_offsets[candidate_ids[j]] += dlogits[i * TILE_COLUMNS + j]
    if LEARN_NORMALISERS:
        for i in range(rows):
            for j in range(candidates):
                model.log_normalisers[input_ids[i]] -= dlogits[i * TILE_COLUMNS + j]
    if COUNT_TOUCHES:
        for j in range(candidates):
            scratch.context_touches[candidate_ids[j]] += 1
        for i in range(rows):
            scratch.center_touches[input_ids[i]] += 1
    return loss


def _scatter_template(
    matrix: Any, ids: Any, n: Any, weights: Any, row_step: Any, source_step: Any, sources: Any,
    n_sources: Any, coming_ids: Any, n_coming: Any,
) -> None:  # fmt: skip
    """matrix[ids[i]] += sum over k of weights[i * row_step + k * source_step] * sources[k].

    Between the rows, asks for those of the coming ids: all at once, they would fill the queue of
    the processor's memory requests, and it would stand still.
    """
    i = 0
    asked = 0
    while i < n:
        for _ in range(2):
            if asked < n_coming:
                _prefetch(matrix, coming_ids[asked])
                asked += 1
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
    for k in range(asked, n_coming):
        _prefetch(matrix, coming_ids[k])


def _arrange_template(
    scratch: Any, group: Any, number: Any, alias_table: Any, noise_key: Any
) -> None:
    """Fill in the group of that number in scratch.plan; its noise words are drawn here.

    Position p makes pairs with its neighbours at most reach[p] away, all within its sentence; the
    inputs are all the words from the leftmost to the rightmost of them.
    """
    kept, reach, weights = scratch.kept, scratch.reach, group.weights
    input_ids, candidate_ids = group.input_ids, group.candidate_ids
    first, sentence_begin, sentence_end = scratch.plan[number]
    last = min(first + POSITIONS, sentence_end)
    drawn = np.uint64(number) * np.uint64(NOISE)
    for j in range(NOISE):
        candidate_ids[j] = sample(alias_table, noise_key, drawn + np.uint64(j))
    begin = first
    end = last
    for p in range(first, last):
        candidate_ids[NOISE + p - first] = kept[p]
        begin = min(begin, p - reach[p])
        end = max(end, p + reach[p] + 1)
    begin = max(begin, sentence_begin)
    rows = min(end, sentence_end) - begin
    pairs = 0
    for i in range(rows):
        input_ids[i] = kept[begin + i]
        row = i * TILE_COLUMNS
        own: Any = 0
        for p in range(first, last):
            distance = abs(begin + i - p)
            is_pair = np.int64(distance > 0) & np.int64(distance <= reach[p])
            weights[row + NOISE + p - first] = is_pair
            own += is_pair
        for p in range(last, first + POSITIONS):
            weights[row + NOISE + p - first] = 0
        noise_weight = NOISE_WEIGHT * np.float32(own)
        for j in range(NOISE):
            weights[row + j] = noise_weight
        pairs += own
    if SKIP_HITS:
        for c in range(NOISE, NOISE + last - first):
            for j in range(NOISE):
                if candidate_ids[j] == candidate_ids[c]:
                    for row in range(0, rows * TILE_COLUMNS, TILE_COLUMNS):
                        weights[row + j] -= NOISE_WEIGHT * weights[row + c]
    group.sizes[0] = rows
    group.sizes[1] = NOISE + last - first
    group.sizes[2] = pairs


def _block_template(
    model: Any, scratch: Any, tokens: Any, starts: Any, first: Any, last: Any, thresholds: Any,
    alias_table: Any, window: Any, shrink: Any, lr: Any, pair_key: Any, noise_key: Any,
) -> Any:  # fmt: skip
    """Train on the sentences first..last - 1; returns (summed loss in nats, pairs, words kept).

    Args:
        model, scratch: see `Model` and `Scratch`.
        tokens, starts: the corpus.
        first, last: the block's sentences.
        thresholds: (V,) uint32, see `w2v.corpus.subsampling.keep_thresholds`.
        alias_table: (V, 2) uint32, see `w2v.noise.NoiseSampler`.
        window, shrink: the largest distance of a pair, and whether each position draws its own.
        lr: learning rate, in the precision of the model.
        pair_key, noise_key: random streams of this block.
    """
    kept, reach, plan = scratch.kept, scratch.reach, scratch.plan
    words = 0
    end = 0
    groups = 0
    for sentence in range(first, last):
        begin = end
        n = subsample(
            tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds, window,
            shrink, pair_key, kept[begin:], reach[begin:],
        )  # fmt: skip
        words += n
        if n < 2:
            continue  # no pairs; the next sentence takes its place
        end += n
        for position in range(begin, end, POSITIONS):
            plan[groups, 0] = position
            plan[groups, 1] = begin
            plan[groups, 2] = end
            groups += 1
    loss = 0.0
    pairs = 0
    group, coming = scratch.group, scratch.coming
    for number in range(groups + 1):  # arranges this one, and trains the one before it
        coming.sizes[:] = 0
        if number < groups:
            _arrange(scratch, coming, number, alias_table, noise_key)
        if number > 0:
            loss += _step(model, scratch, group, coming, lr)
            pairs += group.sizes[2]
        group, coming = coming, group
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
    count_touches: bool = False,
) -> SampledKernels:
    """Kernels for `loss` with the sizes frozen; they work in float32 and float64.

    With `count_touches`, each step counts in the scratch which rows it has changed.
    """
    columns = padded(vector_size)
    positions, noise = group_shape(loss, num_negatives)
    operations = tile_operations(columns, noise + positions)
    frozen: dict[str, Any] = {
        "POSITIONS": positions,
        "NOISE": noise,
        "TILE_COLUMNS": tile_columns(noise + positions),
        "NOISE_WEIGHT": np.float32(num_negatives / noise),
        "USE_OFFSETS": loss.corrects_by_noise or learn_bias,
        "LEARN_BIAS": learn_bias,
        "LEARN_NORMALISERS": learn_normalisers,
        "SKIP_HITS": loss.accidental_hits == "skip",
        "COUNT_TOUCHES": count_touches,
        "_tile": loss.tile,
        **{f"_{name}": operation for name, operation in operations._asdict().items()},
    }
    name = (
        f"{loss.name}-{columns}-{num_negatives}-{positions}-{noise}-"
        f"{learn_bias:d}{learn_normalisers:d}{count_touches:d}"
    )
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
