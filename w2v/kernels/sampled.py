"""The kernel that trains the sampled losses: gather rows, score them, call the loss, update rows.

A step trains a group: `GROUP_POSITIONS` neighbouring positions of a sentence. The inputs x_1..x_R
of a group are the words of its windows (center words). Its candidates y_1..y_C are noise words,
which all its pairs share, and the words at its positions (context words). Shared noise turns
scattered dot products into a small matrix product (Ji et al. 2016, "Parallelizing Word2Vec in
Shared and Distributed Memory", section 3.2). Neighbouring positions share inputs as well, because
their windows overlap:

    logits[i, j] = x_i . y_j + offset_j - ln Z_i                                     (R, C)
    weights[i, j] = for a context word, the weight of the pair (i, j): 1 unless pairs are weighted
                    by distance, and 0 if (i, j) is not a pair; for a noise word, K / N times the
                    summed weights of the pairs of input i                           (R, C)
    dlogits = d(loss)/d(logits), by the loss, from logits, labels and weights        (R, C)
    Y -= lr dlogits^T X,    X -= lr dlogits Y

N = `GROUP_NOISE` K is the number of noise words of a group, and K that of a pair: in losses that
sum over noise words, the noise of a pair weighs K in total, which leaves the expected loss as it
is. Sampled softmax uses all N unweighted. Both updates read the rows from before the step, so that
a step is exactly one step of gradient descent on the summed loss of the group's pairs, even where a
word occurs twice among the inputs or the candidates. With several threads, rows may change in
between: Hogwild (Niu et al. 2011).

From the top down: `plain_step` says in NumPy what a step computes; `sampled_kernels` compiles the
training of a block of sentences (`_make_block`), which arranges group after group
(`_make_arrange`) and takes a step on each (`_make_step`). The rows of a group are prefetched while
the previous group is trained. This affects only speed, and only the loop in `block` and
`_make_update_rows` know of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.subsampling import subsample
from w2v.corpus.windows import Window
from w2v.kernels.tiles import TileOperations, tile_columns, tile_operations
from w2v.losses.base import SampledLoss
from w2v.noise import sample
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.jit import jit

GROUP_POSITIONS = 4
"""Positions in a group: with more, more work is shared, but more pairs have the same noise."""

GROUP_NOISE = 2
"""Noise words of a group, as a multiple of K; fewer lower the quality of the vectors:
docs/explanation/speed.md."""


# --- data -----------------------------------------------------------------------------------------


class Model(NamedTuple):
    """The parameters that training updates.

    Attributes:
        center_vectors, context_vectors: (V, P), rows padded with zeros to P >= D.
        logit_offsets: (V,), added to the logits of a context word: its output bias minus
            ln(K q(w)), where the loss has them; otherwise zeros.
        log_normalisers: (V,), subtracted from the logits of a center word: ln Z, where it is
            learned; otherwise zeros.
    """

    center_vectors: np.ndarray
    context_vectors: np.ndarray
    logit_offsets: np.ndarray
    log_normalisers: np.ndarray


class Group(NamedTuple):
    """A group ready for training: at most R inputs and C candidates, noise words first.

    A tile is a flat array: entry (i, j) is at i * T + j, with T = `tile_columns(C)` >= C.

    Attributes:
        sizes: (2,) int64, the numbers of inputs and of candidates. At the end of a sentence there
            are fewer than C candidates.
        input_ids: (R,) int64, center words.
        candidate_ids: (C,) int64, noise words, then context words.
        weights: (R * T,), a tile; see the module's docstring.
    """

    sizes: np.ndarray
    input_ids: np.ndarray
    candidate_ids: np.ndarray
    weights: np.ndarray


class Scratch(NamedTuple):
    """Working memory of one thread.

    Attributes:
        group, upcoming: the group being trained, and the next one.
        inputs, candidates: (R, P) and (C, P), copies of the group's rows.
        offsets: (T,), the candidates' logit offsets.
        logits, labels, dlogits: tiles; a label is 1 for a context word, 0 for noise and padding.
        kept_ids, window_radii: (words of a block,) int32, the words that subsampling keeps, and
            the radius of the window around each.
        plan: (words of a block, 3) int32, the first position of each group and the bounds of its
            sentence, as indices into `kept_ids`.
        center_update_counts, context_update_counts: (V,) int32, the number of steps that have
            updated each row; empty if they are not counted.

    Only general kernels (`Frozen.general`) read:

        offset_weights: (2 * radius + 1,), the weight of the pair of a context word with the center
            word at each offset from it; see `Window.offset_weights`.
        reaches: (2,) int64, the largest distances of center words before and after their context
            word.
        frozen_words: (V,) uint8, 1 for words whose center vectors are frozen; empty if none are.
    """

    group: Group
    upcoming: Group
    inputs: np.ndarray
    candidates: np.ndarray
    offsets: np.ndarray
    logits: np.ndarray
    labels: np.ndarray
    dlogits: np.ndarray
    kept_ids: np.ndarray
    window_radii: np.ndarray
    plan: np.ndarray
    center_update_counts: np.ndarray
    context_update_counts: np.ndarray
    offset_weights: np.ndarray
    reaches: np.ndarray
    frozen_words: np.ndarray


def plain_step(
    model: Model, scratch: Scratch, loss: SampledLoss, lr: float,
    learn_bias: bool = False, learn_normalisers: bool = False,
) -> float:  # fmt: skip
    """One step on `scratch.group`, in NumPy: what the compiled step computes.

    Args:
        model: the parameters, updated in place.
        scratch: holds the group.
        loss: what to train.
        lr: learning rate.
        learn_bias: whether to update `Model.logit_offsets`.
        learn_normalisers: whether to update `Model.log_normalisers`.

    Returns:
        The summed loss of the group's pairs in nats, before the step.
    """
    group = scratch.group
    n_inputs, n_candidates = group.sizes
    input_ids, candidate_ids = group.input_ids[:n_inputs], group.candidate_ids[:n_candidates]
    labels, weights = (
        tile.reshape(-1, len(scratch.offsets))[:n_inputs, :n_candidates].ravel()
        for tile in (scratch.labels, group.weights)
    )
    x, y = model.center_vectors[input_ids], model.context_vectors[candidate_ids]
    logits = x @ y.T + model.logit_offsets[candidate_ids] - model.log_normalisers[input_ids, None]
    dlogits = np.empty_like(logits)
    value = loss.tile(logits.ravel(), labels, weights, dlogits.reshape(-1), *logits.shape)
    np.subtract.at(model.context_vectors, candidate_ids, lr * dlogits.T @ x)
    change = lr * dlogits @ y
    if scratch.frozen_words.size:
        change[scratch.frozen_words[input_ids] == 1] = 0
    np.subtract.at(model.center_vectors, input_ids, change)
    if learn_bias:
        np.subtract.at(model.logit_offsets, candidate_ids, lr * dlogits.sum(axis=0))
    if learn_normalisers:
        np.add.at(model.log_normalisers, input_ids, lr * dlogits.sum(axis=1))
    return float(value)


# --- compiling ------------------------------------------------------------------------------------


class Frozen(NamedTuple):
    """Compile-time constants of a kernel.

    The functions below copy the fields they need into local variables and close over those: Numba
    prunes a branch only if its condition is a plain value. Kernels that close over the whole record
    are 13% slower.

    Attributes:
        positions: positions in a group.
        noise: N, the number of noise words that the pairs of a group share.
        noise_weight: K / N.
        tile_columns: T, entries in a row of a tile.
        use_offsets: whether `Model.logit_offsets` are added to the logits.
        learn_bias: whether they are trained.
        learn_normalisers: whether `Model.log_normalisers` are subtracted from the logits and
            trained.
        skip_hits: whether a pair leaves out noise words equal to its context word.
        general: whether to support windows with unequal sides, pair weights other than 1 and frozen
            center vectors. Other kernels spend no time on these.
    """

    positions: int
    noise: int
    noise_weight: np.float32
    tile_columns: int
    use_offsets: bool
    learn_bias: bool
    learn_normalisers: bool
    skip_hits: bool
    general: bool


class SampledKernels(NamedTuple):
    """Compiled functions for one loss and shape.

    `block` trains a block of sentences, `arrange` fills in one group, `step` trains it.
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
    general: bool = False,
) -> SampledKernels:
    """Kernels for a loss, with sizes as compile-time constants; they accept float32 and float64.

    Args:
        loss: what to train.
        vector_size: D.
        num_negatives: K.
        learn_bias, learn_normalisers, general: see `Frozen`.
    """
    positions, noise = GROUP_POSITIONS, GROUP_NOISE * num_negatives
    frozen = Frozen(
        positions=positions,
        noise=noise,
        noise_weight=np.float32(num_negatives / noise),
        tile_columns=tile_columns(noise + positions),
        use_offsets=loss.corrects_by_noise or learn_bias,
        learn_bias=learn_bias,
        learn_normalisers=learn_normalisers,
        skip_hits=loss.accidental_hits == "skip",
        general=general,
    )
    step = _make_step(frozen, loss, tile_operations(padded(vector_size), noise + positions))
    arrange = _make_arrange(frozen)
    return SampledKernels(step, arrange, _make_block(frozen, arrange, step))


def _make_block(frozen: Frozen, arrange: Any, step: Any) -> Any:
    """See `block`."""
    positions = frozen.positions

    def block(
        model: Any, scratch: Any, tokens: Any, starts: Any, first: Any, last: Any, thresholds: Any,
        alias_table: Any, window: Any, shrink: Any, lr: Any, pair_key: Any, noise_key: Any,
    ) -> Any:  # fmt: skip
        """Train on the sentences first..last - 1.

        Args:
            model, scratch: see `Model` and `Scratch`.
            tokens, starts: the corpus.
            first, last: the block's sentences.
            thresholds: (V,) uint32, see `w2v.corpus.subsampling.keep_thresholds`.
            alias_table: (V, 2) uint32, see `w2v.noise.NoiseSampler`.
            window, shrink: the largest window radius, and whether each position draws its own.
            lr: learning rate, in the precision of the model.
            pair_key, noise_key: random streams of this block.

        Returns:
            Summed loss in nats, number of pairs, and number of words that subsampling kept. A
            general kernel returns the summed weights of the pairs instead of their number.
        """
        words = 0
        end = 0
        n_groups = 0
        for sentence in range(first, last):
            begin = end
            n = subsample(
                tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds, window,
                shrink, pair_key, scratch.kept_ids[begin:], scratch.window_radii[begin:],
            )  # fmt: skip
            words += n
            if n < 2:
                continue  # no pairs; the next sentence takes its place
            end += n
            for position in range(begin, end, positions):
                scratch.plan[n_groups, 0] = position
                scratch.plan[n_groups, 1] = begin
                scratch.plan[n_groups, 2] = end
                n_groups += 1
        # Each group is arranged before the step on the previous one, which prefetches its rows:
        # memory delivers them while the step computes.
        loss = 0.0
        pairs: Any = 0
        group, upcoming = scratch.group, scratch.upcoming
        for number in range(n_groups + 1):
            upcoming.sizes[:] = 0
            if number < n_groups:
                pairs += arrange(scratch, upcoming, number, alias_table, noise_key)
            if number > 0:
                loss += step(model, scratch, group, upcoming, lr)
            group, upcoming = upcoming, group
        return loss, pairs, words

    return jit(block)


def _make_arrange(frozen: Frozen) -> Any:
    """See `arrange`."""
    positions, noise, unit_weight = frozen.positions, frozen.noise, frozen.noise_weight
    columns, skip_hits, general = frozen.tile_columns, frozen.skip_hits, frozen.general

    def arrange(scratch: Any, group: Any, number: Any, alias_table: Any, noise_key: Any) -> Any:
        """Fill in group `number` of scratch.plan, and draw its noise words.

        Position p makes pairs with the words of its sentence at most window_radii[p] away, and no
        further away on either side than scratch.reaches. The inputs are all words from the leftmost
        to the rightmost of these. Returns the summed weights of the pairs.
        """
        kept_ids, radii, weights = scratch.kept_ids, scratch.window_radii, group.weights
        input_ids, candidate_ids = group.input_ids, group.candidate_ids
        first, sentence_begin, sentence_end = scratch.plan[number]
        last = min(first + positions, sentence_end)
        drawn = np.uint64(number) * np.uint64(noise)
        for j in range(noise):
            candidate_ids[j] = sample(alias_table, noise_key, drawn + np.uint64(j))
        begin = first
        end = last
        for p in range(first, last):
            candidate_ids[noise + p - first] = kept_ids[p]
            if general:
                begin = min(begin, p - min(radii[p], scratch.reaches[0]))
                end = max(end, p + min(radii[p], scratch.reaches[1]) + 1)
            else:
                begin = min(begin, p - radii[p])
                end = max(end, p + radii[p] + 1)
        begin = max(begin, sentence_begin)
        n_inputs = min(end, sentence_end) - begin
        pairs: Any = 0
        for i in range(n_inputs):
            input_ids[i] = kept_ids[begin + i]
            row = i * columns
            own: Any = 0  # summed weights of the pairs of this input
            for p in range(first, last):
                distance = abs(begin + i - p)
                is_pair = np.int64(distance > 0) & np.int64(distance <= radii[p])
                if general:
                    weight: Any = 0.0
                    if is_pair:
                        middle = scratch.offset_weights.size // 2
                        weight = scratch.offset_weights[middle + begin + i - p]
                    weights[row + noise + p - first] = weight
                    own += weight
                else:
                    weights[row + noise + p - first] = is_pair
                    own += is_pair
            for p in range(last, first + positions):
                weights[row + noise + p - first] = 0
            noise_weight = unit_weight * weights.dtype.type(own)
            for j in range(noise):
                weights[row + j] = noise_weight
            pairs += own
        if skip_hits:
            for c in range(noise, noise + last - first):
                for j in range(noise):
                    if candidate_ids[j] == candidate_ids[c]:
                        for row in range(0, n_inputs * columns, columns):
                            weights[row + j] -= unit_weight * weights[row + c]
        group.sizes[0] = n_inputs
        group.sizes[1] = noise + last - first
        return pairs

    return jit(arrange, inline=True)


def _make_step(frozen: Frozen, loss: SampledLoss, operations: TileOperations) -> Any:
    """See `step`."""
    columns, use_offsets, learn_bias = frozen.tile_columns, frozen.use_offsets, frozen.learn_bias
    learn_normalisers = frozen.learn_normalisers
    tile, store_dots, copy_row = loss.tile, operations.store_dots, operations.copy_row
    update_contexts = _make_update_rows(operations, may_skip=False)
    update_centers = _make_update_rows(operations, may_skip=frozen.general)

    def step(model: Any, scratch: Any, group: Any, upcoming: Any, lr: Any) -> Any:
        """One step on the pairs of a group, as in `plain_step`; returns their summed loss in nats.

        Args:
            model, scratch, group: see their classes.
            upcoming: the next group, whose rows are prefetched.
            lr: learning rate, in the precision of the model.
        """
        centers, contexts = model.center_vectors, model.context_vectors
        input_ids, candidate_ids = group.input_ids, group.candidate_ids
        n_inputs, n_candidates = group.sizes[0], group.sizes[1]
        x, y, offsets = scratch.inputs, scratch.candidates, scratch.offsets
        logits, dlogits = scratch.logits, scratch.dlogits
        for j in range(n_candidates):
            copy_row(y, j, contexts, candidate_ids[j])
            if use_offsets:
                offsets[j] = model.logit_offsets[candidate_ids[j]]
        for i in range(n_inputs):
            copy_row(x, i, centers, input_ids[i])
        for i in range(0, n_inputs, 2):
            store_dots(logits, i, x, y, offsets)
        if learn_normalisers:
            for i in range(n_inputs):
                for j in range(columns):
                    logits[i * columns + j] -= model.log_normalisers[input_ids[i]]
        value = tile(logits, scratch.labels, group.weights, dlogits, n_inputs, columns)
        for k in range(n_inputs * columns):
            dlogits[k] *= -lr
        update_contexts(
            contexts, candidate_ids, n_candidates, dlogits, 1, columns, x, n_inputs,
            upcoming.candidate_ids, upcoming.sizes[1], scratch.frozen_words,
        )  # fmt: skip
        update_centers(
            centers, input_ids, n_inputs, dlogits, columns, 1, y, n_candidates,
            upcoming.input_ids, upcoming.sizes[0], scratch.frozen_words,
        )  # fmt: skip
        if learn_bias:
            offsets[:] = 0  # their values have gone into the logits; now they hold the sums
            for i in range(n_inputs):
                for j in range(columns):
                    offsets[j] += dlogits[i * columns + j]
            for j in range(n_candidates):
                model.logit_offsets[candidate_ids[j]] += offsets[j]
        if learn_normalisers:
            for i in range(n_inputs):
                for j in range(n_candidates):
                    model.log_normalisers[input_ids[i]] -= dlogits[i * columns + j]
        if scratch.context_update_counts.size > 0:
            for j in range(n_candidates):
                scratch.context_update_counts[candidate_ids[j]] += 1
            for i in range(n_inputs):
                scratch.center_update_counts[input_ids[i]] += 1
        return value

    return jit(step, inline=True)


def _make_update_rows(operations: TileOperations, *, may_skip: bool) -> Any:
    """See `update_rows`."""
    add_one, add_two, prefetch = operations.add_one, operations.add_two, operations.prefetch

    def update_rows(
        matrix: Any, ids: Any, n: Any, weights: Any, row_step: Any, source_step: Any, sources: Any,
        n_sources: Any, upcoming_ids: Any, n_upcoming: Any, frozen_words: Any,
    ) -> None:  # fmt: skip
        """matrix[ids[i]] += sum over k of weights[i * row_step + k * source_step] * sources[k].

        With `may_skip`, rows of frozen words are left alone: adding 0 would turn -0 into 0.

        Prefetches the rows of the upcoming ids, two per update: requesting all of them at once
        would fill the processor's queue of memory requests and stall it.
        """
        i = 0
        asked = 0
        while i < n:
            for _ in range(2):
                if asked < n_upcoming:
                    prefetch(matrix, upcoming_ids[asked])
                    asked += 1
            start = i * row_step
            two_at_once = i + 1 < n and ids[i] != ids[i + 1]
            if may_skip and frozen_words.size > 0:
                if frozen_words[ids[i]]:
                    i += 1
                    continue
                two_at_once = two_at_once and not frozen_words[ids[i + 1]]
            if two_at_once:
                add_two(
                    matrix, ids[i], ids[i + 1], weights, start, start + row_step, source_step,
                    sources, n_sources,
                )  # fmt: skip
                i += 2
            else:  # the last, one next to a frozen one, or a repeated word, whose updates add up
                add_one(matrix, ids[i], weights, start, source_step, sources, n_sources)
                i += 1
        for k in range(asked, n_upcoming):
            prefetch(matrix, upcoming_ids[k])

    return jit(update_rows, inline=True)


# --- working memory -------------------------------------------------------------------------------


def make_scratch(
    vector_size: int,
    num_negatives: int,
    window: Window | int,
    block_words: int = 0,
    dtype: Any = np.float32,
    counted_words: int = 0,
    frozen_words: np.ndarray | None = None,
) -> Scratch:
    """Working memory of one thread, for kernels of this shape.

    Args:
        vector_size, num_negatives: as for `sampled_kernels`.
        window: the window, or the radius of a window with equal sides.
        block_words: maximum number of words in a block.
        dtype: precision of the model.
        counted_words: V if updates are counted, otherwise 0.
        frozen_words: see `Scratch`; None if no word is frozen.
    """
    if isinstance(window, int):
        window = Window(window, window)
    positions, noise = GROUP_POSITIONS, GROUP_NOISE * num_negatives
    n_inputs, n_candidates = positions + window.left + window.right, noise + positions
    n_inputs += n_inputs % 2  # dot products are computed two rows at a time
    tile = n_inputs, tile_columns(n_candidates)
    size = tile[0] * tile[1]
    dlogits, logits, labels, weights, upcoming_weights, offsets = _evenly_spaced(
        [size, size, size, size, size, tile[1]], dtype
    )
    labels.reshape(tile)[:, noise:n_candidates] = 1

    def group(weights: np.ndarray) -> Group:
        return Group(
            sizes=np.zeros(2, dtype=np.int64),
            input_ids=np.zeros(n_inputs, dtype=np.int64),
            candidate_ids=np.zeros(n_candidates, dtype=np.int64),
            weights=weights,
        )

    return Scratch(
        group=group(weights),
        upcoming=group(upcoming_weights),
        inputs=aligned_zeros(n_inputs, padded(vector_size), dtype),
        candidates=aligned_zeros(n_candidates, padded(vector_size), dtype),
        offsets=offsets,
        logits=logits,
        labels=labels,
        dlogits=dlogits,
        kept_ids=np.zeros(block_words, dtype=np.int32),
        window_radii=np.zeros(block_words, dtype=np.int32),
        plan=np.zeros((block_words, 3), dtype=np.int32),
        center_update_counts=np.zeros(counted_words, dtype=np.int32),
        context_update_counts=np.zeros(counted_words, dtype=np.int32),
        offset_weights=window.reversed().offset_weights(dtype),
        reaches=np.array([window.right, window.left]),
        frozen_words=np.zeros(0, dtype=np.uint8) if frozen_words is None else frozen_words,
    )


ARRAY_GAP = 272
"""Gap between two arrays of one loop, in numbers: with a smaller one, LLVM's run-time check may
report an overlap. Not a multiple of a page, or the arrays would compete for the same cache sets."""


def _evenly_spaced(sizes: Sequence[int], dtype: Any) -> list[np.ndarray]:
    """Arrays of zeros with these lengths, always at the same distances from one another in memory.

    A compiled loop checks how far apart its arrays are, and runs its vectorised or its scalar code
    accordingly; these round sums differently. Arrays from separate calls of `np.zeros` may be at
    any distance.
    """
    starts = [0]
    for size in sizes:
        starts.append(starts[-1] + padded(size, dtype) + padded(ARRAY_GAP, dtype))
    whole = aligned_zeros(1, starts[-1], dtype)[0]
    return [whole[start : start + size] for start, size in zip(starts, sizes, strict=False)]


# --- initial values -------------------------------------------------------------------------------


def noise_correction(loss: SampledLoss, noise_probs: np.ndarray, num_negatives: int) -> np.ndarray:
    """ln(K q(w)), (V,) float64, if the loss subtracts it from its logits; otherwise zeros."""
    if not loss.corrects_by_noise:
        return np.zeros(len(noise_probs))
    correction: np.ndarray = np.log(num_negatives * noise_probs)
    return correction


def initial_bias(loss: SampledLoss, counts: np.ndarray, learn_bias: bool) -> np.ndarray:
    """Initial output bias, (V,) float64.

    Losses that model p(w | c) start normalised. All dot products are 0 at first, so a learned bias
    starts at ln p(w), with p proportional to the counts after subsampling, and a fixed one is -ln V
    everywhere.

    Args:
        loss: what to train.
        counts: (V,) expected occurrences of each word after subsampling.
        learn_bias: whether the bias is learned.
    """
    if not loss.corrects_by_noise:
        return np.zeros(len(counts))
    if learn_bias:
        unigram: np.ndarray = np.log(counts / counts.sum())
        return unigram
    return np.full(len(counts), -np.log(len(counts)))
