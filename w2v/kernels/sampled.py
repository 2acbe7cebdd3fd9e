"""The fused kernel of the sampled losses: gather rows, score, call the loss, scatter.

All pairs whose context is the word at one position share their K noise words (Ji et al. 2016,
"Parallelizing Word2Vec in Shared and Distributed Memory", section 3.2). With the words of the
window as centers x_1..x_B, and {context, noise_1..noise_K} as outputs y_0..y_K, that is three
small dense products instead of B (1 + K) dot products of scattered rows:

    logits[i, j] = x_i . y_j + offset_j               (B, 1 + K)
    y_j -= lr * sum over i of dlogits[i, j] x_i       x_i -= lr * sum over j of dlogits[i, j] y_j

Both updates use the rows as they were, so that one step is exactly one step of gradient descent on
the summed loss of its B pairs, also where a word occurs twice among the centers or the noise.
Where several threads work, rows may change in between: Hogwild (Niu et al. 2011).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.corpus import MAX_SENTENCE_WORDS
from w2v.kernels.tiles import tile_operations
from w2v.losses.base import MASKED_LOGIT, TILE_SLACK, SampledLoss
from w2v.noise import sample
from w2v.numerics import aligned_zeros, padded, specialise
from w2v.pairs import subsample


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
    """Working memory of one thread."""

    centers: np.ndarray  # (2 * window, P) copies of the center rows
    center_ids: np.ndarray  # (2 * window,) int64
    outputs: np.ndarray  # (1 + K, P) copies of the context and noise rows
    output_ids: np.ndarray  # (2, 1 + K) int64, of this position and the next
    offsets: np.ndarray  # (1 + K,)
    logits: np.ndarray  # (2 * window + slack, 1 + K)
    dlogits: np.ndarray  # the same
    kept: np.ndarray  # (MAX_SENTENCE_WORDS,) int32
    reach: np.ndarray  # the same


def make_scratch(columns: int, num_negatives: int, window: int, dtype: Any = np.float32) -> Scratch:
    """Working memory for kernels of this shape; `columns` is the padded vector size."""
    outputs = 1 + num_negatives
    slack_rows = -(-TILE_SLACK // outputs)
    return Scratch(
        centers=aligned_zeros(2 * window, columns, dtype),
        center_ids=np.zeros(2 * window, dtype=np.int64),
        outputs=aligned_zeros(outputs, columns, dtype),
        output_ids=np.zeros((2, outputs), dtype=np.int64),
        offsets=np.zeros(outputs, dtype=dtype),
        logits=np.zeros((2 * window + slack_rows, outputs), dtype=dtype),
        dlogits=np.zeros((2 * window + slack_rows, outputs), dtype=dtype),
        kept=np.zeros(MAX_SENTENCE_WORDS, dtype=np.int32),
        reach=np.zeros(MAX_SENTENCE_WORDS, dtype=np.int32),
    )


# Names that `sampled_kernels` freezes; the values here only give type checkers something to see.
OUTPUTS = 0
USE_OFFSETS = False
LEARN_BIAS = False
LEARN_NORMALISERS = False
SKIP_HITS = True
_tile: Any = None
_store_dots: Any = None
_add_combination: Any = None
_copy_row: Any = None
_prefetch: Any = None
_step: Any = None


def _step_template(model: Any, scratch: Any, rows: Any, output_ids: Any, lr: Any) -> Any:
    """One step on the pairs (scratch.center_ids[i], output_ids[0]), i < rows; returns the loss.

    `output_ids` is (1 + K,): the context word, then the noise words. `rows` is at least 1.
    """
    centers, contexts = model.center_vectors, model.context_vectors
    x, y, offsets = scratch.centers, scratch.outputs, scratch.offsets
    context = output_ids[0]
    for j in range(OUTPUTS):
        word = output_ids[j]
        _copy_row(y, j, contexts, word)
        if USE_OFFSETS:
            offsets[j] = model.logit_offsets[word]
        else:
            offsets[j] = 0
        if SKIP_HITS and j > 0 and word == context:
            offsets[j] = MASKED_LOGIT
    for i in range(rows):
        _copy_row(x, i, centers, scratch.center_ids[i])
        _store_dots(scratch.logits, i, x, y, offsets)
        if LEARN_NORMALISERS:
            for j in range(OUTPUTS):
                scratch.logits[i, j] -= model.log_normalisers[scratch.center_ids[i]]
    dlogits = scratch.dlogits
    loss = _tile(scratch.logits, rows, dlogits)
    for j in range(OUTPUTS):
        _add_combination(contexts, output_ids[j], -lr, dlogits, j, OUTPUTS, x, rows)
        if LEARN_BIAS:
            for i in range(rows):
                model.logit_offsets[output_ids[j]] -= lr * dlogits[i, j]
    for i in range(rows):
        _add_combination(
            centers, scratch.center_ids[i], -lr, dlogits, i * OUTPUTS, 1, y, OUTPUTS
        )  # fmt: skip
        if LEARN_NORMALISERS:
            for j in range(OUTPUTS):
                model.log_normalisers[scratch.center_ids[i]] += lr * dlogits[i, j]
    return loss


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
    kept, reach, ids = scratch.kept, scratch.reach, scratch.output_ids
    loss = 0.0
    pairs = 0
    words = 0
    drawn = np.uint64(0)
    for sentence in range(first, last):
        n = subsample(
            tokens, starts[sentence], starts[sentence + 1], starts[first], thresholds, window,
            shrink, pair_key, kept, reach,
        )  # fmt: skip
        words += n
        if n < 2:
            continue
        # One position ahead of the arithmetic, the noise of the next is drawn and its rows are
        # asked for: reading rows from memory is the bottleneck, and so overlaps with the work.
        for ahead in range(n + 1):
            if ahead < n:
                coming = ids[ahead & 1]
                coming[0] = kept[ahead]
                for j in range(1, OUTPUTS):
                    coming[j] = sample(alias_table, noise_key, drawn)
                    drawn += np.uint64(1)
                for j in range(OUTPUTS):
                    _prefetch(model.context_vectors, coming[j])
                if ahead + window < n:
                    _prefetch(model.center_vectors, np.int64(kept[ahead + window]))
            if ahead == 0:
                continue
            position = ahead - 1
            rows = 0
            for other in range(
                max(0, position - reach[position]), min(n, position + reach[position] + 1)
            ):
                if other != position:
                    scratch.center_ids[rows] = kept[other]
                    rows += 1
            loss += _step(model, scratch, rows, ids[position & 1], lr)
            pairs += rows
    return loss, pairs, words


class SampledKernels(NamedTuple):
    """Compiled for one loss and shape: `step` for one position, `block` for whole sentences."""

    step: Any
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
    outputs = 1 + num_negatives
    operations = tile_operations(columns, outputs)
    frozen: dict[str, Any] = {
        "OUTPUTS": outputs,
        "USE_OFFSETS": loss.corrects_by_noise or learn_bias,
        "LEARN_BIAS": learn_bias,
        "LEARN_NORMALISERS": learn_normalisers,
        "SKIP_HITS": loss.accidental_hits == "skip",
        "_tile": loss.tile,
        **{f"_{name}": operation for name, operation in operations._asdict().items()},
    }
    name = f"{loss.name}-{columns}-{outputs}-{learn_bias:d}{learn_normalisers:d}"
    step = specialise(_step_template, name, inline=True, **frozen)
    return SampledKernels(step, specialise(_block_template, name, **frozen, _step=step))


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
