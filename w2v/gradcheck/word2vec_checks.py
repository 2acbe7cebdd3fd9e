"""The word2vec rows of ``python -m w2v.gradcheck``: losses and kernels, on the shipped code path.

Every loss of the registry is checked. A kernel is checked by what it does to the parameters: the
update that it applies, divided by minus the learning rate, must be the gradient of the loss that it
reports. All checks are in float64, with repeated center words, repeated noise words and accidental
hits, and once more with a window of unequal sides, pair weights of 1 / distance and a frozen word.
Each row counts these cases, and fails if there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from w2v.corpus import encode_sentences
from w2v.corpus.cooccurrence import (
    Examples,
    block_windows,
    corpus_examples,
    distribution_examples,
    split_examples,
)
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.corpus.windows import Window
from w2v.gradcheck import check_gradient
from w2v.gradcheck.checks_table import Cover, Row
from w2v.kernels.sampled import GROUP_NOISE, Group, Model, make_scratch, sampled_kernels
from w2v.kernels.softmax import FullModel, FullSoftmax
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import FullLoss, SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.random import stream_key

SIZE, VOCABULARY, NEGATIVES = 5, 7, 3
PLAIN_WINDOW, GENERAL_WINDOW = Window(2, 2), Window(2, 1, "harmonic")
FROZEN = 1
SENTENCE = [0, 1, 1, 3, 0, 1]  # center words that are repeated, also side by side
RADII = [2, 1, 2, 2, 1, 2]
NOISE_KEY = stream_key(11)  # draws repeated words and accidental hits
LABELS = [0, 0, 0, 0, 1, 1]
PAIRS = [[1, 0], [0, 1], [1, 0.5], [0, 0]]  # weights of the two context words in each row
NOISE_WEIGHT = 0.5


def sampled_losses() -> Iterator[Row]:
    """Each sampled loss in logit space: its tile against differences of its own value."""
    weights = tile_weights()
    noise, pairs = weights[:, : LABELS.count(0)], weights[:, LABELS.count(0) :]
    of_pairs = NOISE_WEIGHT * pairs.sum(axis=1, keepdims=True)
    covers = (
        Cover("pairs", int(np.sum(pairs > 0)), 4),
        Cover("pairs of weight below 1", int(np.sum((pairs > 0) & (pairs < 1)))),
        Cover("rows with several pairs", int(np.sum(np.sum(pairs > 0, axis=1) > 1))),
        Cover("rows without pairs", int(np.sum(pairs.sum(axis=1) == 0))),
        Cover("accidental hits", int(np.sum(noise < of_pairs))),
        Cover("different noise weights", len(np.unique(noise)), 3),
    )
    for loss in _losses(SampledLoss):
        logits = np.random.default_rng(1).normal(0.0, 3.0, weights.shape)
        _, slope = _tile(loss, logits, weights)
        report = check_gradient(partial(_tile_value, loss, weights), slope, logits)
        what = f"{loss.name}, split"
        yield Row("word2vec loss, from logits", what, report, logits.size, covers)


def tile_weights() -> np.ndarray:
    """Weights of a tile with one accidental hit."""
    pairs = np.array(PAIRS, dtype=np.float64)
    of_pairs = NOISE_WEIGHT * pairs.sum(axis=1, keepdims=True)
    noise = np.repeat(of_pairs, LABELS.count(0), axis=1)
    noise[2, 1] -= NOISE_WEIGHT  # a hit
    weights: np.ndarray = np.hstack([noise, pairs])
    return weights


def _tile_value(loss: SampledLoss, weights: np.ndarray, logits: np.ndarray) -> float:
    return _tile(loss, logits, weights)[0]


def _tile(loss: SampledLoss, logits: np.ndarray, weights: np.ndarray) -> tuple[float, np.ndarray]:
    rows, columns = logits.shape
    labels = np.tile(np.array(LABELS, dtype=np.float64), rows)
    slope = np.zeros(logits.size)
    value = loss.tile(logits.ravel(), labels, weights.ravel(), slope, rows, columns)
    return value, slope.reshape(logits.shape)


def sampled_steps() -> Iterator[Row]:
    """Each sampled loss as the kernel trains it, with and without bias and normalisers.

    The general kernel is checked with `GENERAL_WINDOW` and `FROZEN`.
    """
    for loss in _losses(SampledLoss):
        for bias in (False, True):
            yield _sampled_step(loss, bias, False)
        if loss.learns_normalisers:
            yield _sampled_step(loss, True, True)
        yield _sampled_step(loss, loss.output_bias, loss.learns_normalisers, general=True)


def _sampled_step(
    loss: SampledLoss, bias: bool, normalisers: bool, *, general: bool = False
) -> Row:
    generator = np.random.default_rng(2)
    shapes = [(VOCABULARY, SIZE), (VOCABULARY, SIZE)] + [(VOCABULARY,)] * (bias + normalisers)
    start = generator.normal(0.0, 1.0, sum(int(np.prod(shape)) for shape in shapes))
    fixed = generator.normal(0.0, 1.0, VOCABULARY)  # offsets that are used, but not learned
    kernels = sampled_kernels(
        loss, SIZE, NEGATIVES, learn_bias=bias, learn_normalisers=normalisers, general=general
    )
    noise = NoiseSampler(np.ones(VOCABULARY), 1.0)
    window = GENERAL_WINDOW if general else PLAIN_WINDOW
    frozen = np.zeros(VOCABULARY if general else 0, np.uint8)
    frozen[FROZEN : FROZEN + 1] = 1
    checked = np.arange(start.size)
    if general:  # all but the center vector of the frozen word, which comes first
        checked = np.delete(checked, np.arange(FROZEN * SIZE, (FROZEN + 1) * SIZE))

    def step(parameters: np.ndarray, lr: float) -> tuple[float, np.ndarray]:
        model = _model(parameters, fixed, bias, normalisers)
        scratch = make_scratch(
            SIZE, NEGATIVES, window, len(SENTENCE), np.float64, frozen_words=frozen
        )
        scratch.kept_ids[:], scratch.window_radii[:] = SENTENCE, RADII
        scratch.plan[0] = 1, 0, len(SENTENCE)  # from its second word on
        kernels.arrange(scratch, scratch.group, 0, noise.table, NOISE_KEY)
        value = kernels.step(model, scratch, scratch.group, scratch.upcoming, lr)
        covers[:] = _group_covered(scratch.group, GROUP_NOISE * NEGATIVES, general)
        learned = [model.center_vectors[:, :SIZE], model.context_vectors[:, :SIZE]]
        learned += [model.logit_offsets] * bias + [model.log_normalisers] * normalisers
        return value, np.concatenate([array.ravel() for array in learned])

    covers: list[Cover] = []
    lr = 2.0**-10  # a power of two: division by it is exact
    applied = (step(start, lr)[1] - start) / -lr
    if general:
        unmoved = int(np.sum(applied[FROZEN * SIZE : (FROZEN + 1) * SIZE] == 0))
        covers.append(Cover("unchanged numbers of a frozen center word", unmoved, SIZE))
    report = check_gradient(
        lambda parameters: step(parameters, 0.0)[0], applied, start, coordinates=checked.tolist()
    )
    extras = ", bias" * bias + ", normalisers" * normalisers + ", general" * general
    what = f"{loss.name}, split{extras}"
    return Row("fused kernel", what, report, len(checked), tuple(covers))


def _group_covered(group: Group, n_noise: int, general: bool) -> tuple[Cover, ...]:
    """Coverage of the cases that a kernel could get wrong, in one group."""
    inputs, candidates = group.sizes
    centers, words = group.input_ids[:inputs], group.candidate_ids[:candidates]
    noise, contexts = words[:n_noise], words[n_noise:]
    weights = group.weights.reshape(len(group.input_ids), -1)[:inputs, n_noise:candidates]
    pairs = weights > 0
    hits = np.isin(contexts, noise)
    of_general = (
        Cover("pairs of weight below 1", int(np.sum(pairs & (weights < 1))), 2),
        Cover("pairs of a frozen center word", int(pairs[centers == FROZEN].sum()), 2),
    )
    return (
        *(of_general if general else ()),
        Cover("pairs", int(pairs.sum()), 8),
        Cover("pairs with accidental hits", int(pairs[:, hits].sum()), 2),
        Cover("pairs without accidental hits", int(pairs[:, ~hits].sum()), 2),
        Cover("repeated center words", inputs - len(np.unique(centers))),
        Cover("center words twice in a row", int(np.sum(centers[1:] == centers[:-1]))),
        Cover("repeated noise words", n_noise - len(np.unique(noise))),
    )


def _model(parameters: np.ndarray, fixed: np.ndarray, bias: bool, normalisers: bool) -> Model:
    matrices = []
    used = 0
    for _ in range(2):
        matrix = aligned_zeros(VOCABULARY, padded(SIZE), np.float64)
        matrix[:, :SIZE] = parameters[used : used + VOCABULARY * SIZE].reshape(VOCABULARY, SIZE)
        matrices.append(matrix)
        used += VOCABULARY * SIZE
    offsets = parameters[used : used + VOCABULARY].copy() if bias else fixed.copy()
    ln_z = parameters[-VOCABULARY:].copy() if normalisers else np.zeros(VOCABULARY)
    return Model(matrices[0], matrices[1], offsets, ln_z)


def full_steps() -> Iterator[Row]:
    """Each full loss with each kind of target: gradients of both matrices and the bias."""
    for loss in _losses(FullLoss):
        for window in (PLAIN_WINDOW, GENERAL_WINDOW):
            examples = target_examples(window)
            for kind in loss.targets:
                yield _full_step(loss, kind, examples[kind], window)


def target_examples(window: Window = PLAIN_WINDOW) -> dict[str, Examples]:
    """Examples of each kind from the same draws over a small corpus."""
    words = np.random.default_rng(3).integers(0, VOCABULARY, 40)
    sentences = [[f"w{w}" for w in words[i : i + 8]] for i in range(0, 40, 8)]
    corpus = encode_sentences(sentences, min_count=1)
    size = len(corpus.vocabulary)
    thresholds = keep_thresholds(keep_probs(corpus.vocabulary.counts, 0.1))
    windows = block_windows(corpus, 0, len(sentences), thresholds, window, stream_key(4))
    return {
        "distribution": distribution_examples(windows),
        "split": split_examples(windows),
        "corpus": corpus_examples(size, [windows]),
    }


def _full_step(loss: FullLoss, kind: str, examples: Examples, window: Window) -> Row:
    generator = np.random.default_rng(5)
    start = generator.normal(0.0, 1.0, VOCABULARY * (2 * SIZE + 1))
    weights = examples.pairs * generator.uniform(0.5, 2.0, len(examples.centers))

    def evaluate(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        n = VOCABULARY * SIZE
        shape = VOCABULARY, SIZE
        model = FullModel(
            parameters[:n].reshape(shape), parameters[n : 2 * n].reshape(shape), parameters[2 * n :]
        )
        softmax = FullSoftmax(loss, model, len(examples.centers), workers=1)
        result = softmax.gradients(examples, weights)
        softmax.close()
        d_centers = np.zeros(shape)
        np.add.at(d_centers, examples.centers, result.d_centers)
        gradient = [d_centers.ravel(), result.d_contexts.ravel(), result.d_bias]
        return float(weights @ result.losses), np.concatenate(gradient)

    report = check_gradient(lambda x: evaluate(x)[0], evaluate(start)[1], start)
    repeated = len(examples.centers) - len(np.unique(examples.centers))
    several = int(np.sum(np.diff(examples.starts) > 1))
    covers: tuple[Cover, ...] = (
        Cover("different weights", len(np.unique(weights)), 3),
        Cover("repeated center words", repeated, 0 if kind == "corpus" else 1),
        Cover("rows with several context words", several, 0 if kind == "split" else 1),
    )
    covers = tuple(cover for cover in covers if cover.least)
    what = f"{loss.name}, {kind}{'' if window.is_plain else ', general'}"
    return Row("full softmax", what, report, start.size, covers)


def _losses(kind: type) -> Iterator[Any]:
    """The registered losses of one family."""
    return (loss for loss in map(get_loss, LOSSES) if isinstance(loss, kind))


WORD2VEC_SECTIONS = (sampled_losses, sampled_steps, full_steps)
"""Sections of losses and kernels, in the order of the table."""
