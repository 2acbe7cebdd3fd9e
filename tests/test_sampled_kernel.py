"""The fused kernel against the oracle: on the shipped code path, in float64 and in float32."""

import dataclasses

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.kernels.sampled import Model, make_scratch, sampled_kernels
from w2v.kernels.tiles import (
    plain_add_combination,
    plain_copy_row,
    plain_store_dots,
    tile_operations,
)
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler, sample
from w2v.numerics import aligned_zeros, jit, padded, stream_key
from w2v.pairs import keep_probs, keep_thresholds, subsample

SIZE, VOCABULARY, NEGATIVES, WINDOW = 5, 6, 3, 2
SAMPLED = [name for name in LOSSES if isinstance(get_loss(name), SampledLoss)]
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-12}


def random_model(dtype, seed, vocabulary=VOCABULARY, size=SIZE):
    rng = np.random.default_rng(seed)
    matrices = []
    for _ in range(2):
        matrix = aligned_zeros(vocabulary, padded(size), dtype)
        matrix[:, :size] = rng.normal(size=(vocabulary, size))
        matrices.append(matrix)
    return Model(*matrices, np.zeros(vocabulary, dtype=dtype), np.zeros(vocabulary, dtype=dtype))


def copy_of(model):
    return Model(*(array.copy() for array in model))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    centers=st.lists(st.integers(0, VOCABULARY - 1), min_size=1, max_size=2 * WINDOW),
    outputs=st.lists(
        st.integers(0, VOCABULARY - 1), min_size=1 + NEGATIVES, max_size=1 + NEGATIVES
    ),
    seed=st.integers(0, 1000),
)
def test_a_step_is_minus_the_rate_times_the_oracles_gradient(dtype, centers, outputs, seed):
    # Few words, so that repeated centers, repeated noise and noise that hits are all common.
    model = random_model(dtype, seed)
    before = copy_of(model)
    scratch = make_scratch(padded(SIZE), NEGATIVES, WINDOW, dtype)
    scratch.center_ids[: len(centers)] = centers
    step = sampled_kernels(get_loss("negative-sampling"), SIZE, NEGATIVES).step
    lr = dtype(0.5)
    loss = step(model, scratch, len(centers), np.array(outputs), lr)

    rows = [matrix[:, :SIZE].astype(float).tolist() for matrix in before[:2]]
    pairs = [(center, outputs[0]) for center in centers]
    expected_loss = naive.negative_sampling_loss(*rows, pairs, outputs[1:])
    gradients = naive.negative_sampling_gradient(*rows, pairs, outputs[1:])
    assert loss == pytest.approx(expected_loss, rel=TOLERANCE[dtype] * 4)
    for new, old, gradient in zip(model[:2], before[:2], gradients, strict=True):
        update = (new.astype(float) - old)[:, :SIZE] / -0.5
        scale = max(1.0, np.abs(gradient).max())
        assert np.abs(update - gradient).max() < TOLERANCE[dtype] * scale * 4
        assert not new[:, SIZE:].any()  # the padding stays zero


@pytest.mark.parametrize("name", SAMPLED)
def test_a_step_with_rate_zero_changes_nothing(name):
    model = random_model(np.float32, 1)
    before = copy_of(model)
    scratch = make_scratch(padded(SIZE), NEGATIVES, WINDOW)
    scratch.center_ids[:] = [0, 1, 2, 0]
    step = sampled_kernels(get_loss(name), SIZE, NEGATIVES).step
    assert step(model, scratch, 4, np.array([3, 4, 5, 3]), np.float32(0)) > 0
    for new, old in zip(model, before, strict=True):
        assert np.array_equal(new, old)


@jit
def _draw_noise(table, key, out):
    for n in range(out.size):
        out[n] = sample(table, key, np.uint64(n))


def test_a_block_is_its_steps_with_the_same_draws():
    """Pairs and noise drawn by the block kernel, trained one position at a time by the oracle."""
    sentences = [[0, 1, 2, 3, 1, 0], [4], [5, 0, 5, 2]]
    tokens = np.concatenate(sentences).astype(np.int32)
    starts = np.array([0, 6, 7, 11])
    counts = np.bincount(tokens, minlength=VOCABULARY)
    noise = NoiseSampler(counts, 0.75)
    thresholds = keep_thresholds(keep_probs(counts, 0.05))
    pair_key, noise_key = stream_key(1, 2), stream_key(3, 4)
    lr = 0.1

    model = random_model(np.float64, 5)
    rows = [matrix[:, :SIZE].tolist() for matrix in model[:2]]
    scratch = make_scratch(padded(SIZE), NEGATIVES, WINDOW, np.float64)
    block = sampled_kernels(get_loss("negative-sampling"), SIZE, NEGATIVES).block
    loss, n_pairs, n_words = block(
        model, scratch, tokens, starts, 0, 3, thresholds, noise.table, WINDOW, True,
        lr, pair_key, noise_key,
    )  # fmt: skip

    drawn = np.zeros(100, dtype=np.int64)
    _draw_noise(noise.table, noise_key, drawn)
    used = expected_pairs = expected_words = 0
    expected_loss = 0.0
    for s in range(3):
        kept, reach = np.zeros(20, np.int32), np.zeros(20, np.int32)
        n = subsample(
            tokens, starts[s], starts[s + 1], 0, thresholds, WINDOW, True, pair_key, kept, reach
        )
        expected_words += n
        if n < 2:
            continue
        for t in range(n):
            pairs = [
                pair
                for at in [t]
                for pair in naive.window_pairs(
                    kept[:n].tolist(), [int(reach[i]) if i == at else 0 for i in range(n)]
                )
            ]
            negatives = drawn[used : used + NEGATIVES].tolist()
            used += NEGATIVES
            expected_loss += naive.negative_sampling_loss(*rows, pairs, negatives)
            gradients = naive.negative_sampling_gradient(*rows, pairs, negatives)
            for matrix, gradient in zip(rows, gradients, strict=True):
                for row, d_row in zip(matrix, gradient, strict=True):
                    row[:] = [x - lr * d for x, d in zip(row, d_row, strict=True)]
            expected_pairs += len(pairs)
    assert expected_pairs > 5
    assert (n_pairs, n_words) == (expected_pairs, expected_words)
    assert loss == pytest.approx(expected_loss, rel=1e-12)
    for matrix, expected in zip(model[:2], rows, strict=True):
        assert np.abs(matrix[:, :SIZE] - expected).max() < 1e-12


@jit
def _a_tenth(logits, rows, dlogits):
    dlogits[:rows] = 0
    return logits.dtype.type(logits.dtype.type(0.1) * logits.dtype.type(rows))


def test_the_loss_of_a_long_block_is_summed_in_float64():
    """A tenth of a nat a pair in float32: 400,000 of them, summed in float32, are off by 0.1%."""
    loss = dataclasses.replace(get_loss("negative-sampling"), name="a-tenth", tile=_a_tenth)
    n = 20_000
    tokens, starts = np.zeros(n, np.int32), np.arange(0, n + 1, 500)
    counts = np.array([n, 1])
    block = sampled_kernels(loss, SIZE, NEGATIVES).block
    summed, pairs, words = block(
        random_model(np.float32, 0, vocabulary=2), make_scratch(padded(SIZE), NEGATIVES, 10),
        tokens, starts, 0, len(starts) - 1, keep_thresholds(np.ones(2)),
        NoiseSampler(counts, 0.75).table, 10, False, np.float32(0), stream_key(1), stream_key(2),
    )  # fmt: skip
    assert words == n
    assert pairs == (20 * 500 - 10 * 11) * 40
    assert summed / pairs == pytest.approx(0.1, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [16, 112, 304])
@pytest.mark.parametrize("outputs", [2, 6, 21])
def test_tile_operations_do_what_their_plain_twins_say(dtype, columns, outputs):
    operations = tile_operations(columns, outputs)
    store_dots, add_combination = operations.store_dots, operations.add_combination
    copy_row, prefetch = operations.copy_row, operations.prefetch

    @jit
    def run(logits, i, x, y, offsets, scale, target):
        prefetch(x, i)
        store_dots(logits, i, x, y, offsets)
        add_combination(target, 1, scale, logits, i * y.shape[0], 1, y, y.shape[0])
        add_combination(target, 2, scale, logits, 1, y.shape[0], x, x.shape[0])
        copy_row(target, 0, y, 1)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, columns)).astype(dtype)
    y = rng.normal(size=(outputs, columns)).astype(dtype)
    offsets = rng.normal(size=outputs).astype(dtype)
    fast = rng.normal(size=(3, outputs)).astype(dtype), rng.normal(size=(4, columns)).astype(dtype)
    slow = tuple(array.astype(np.float64) for array in fast)
    scale = dtype(-0.3)
    run(fast[0], 2, x, y, offsets, scale, fast[1])
    plain_store_dots(slow[0], 2, x.astype(float), y.astype(float), offsets)
    plain_add_combination(slow[1], 1, scale, slow[0], 2 * outputs, 1, y.astype(float), outputs)
    plain_add_combination(slow[1], 2, scale, slow[0], 1, outputs, x.astype(float), 3)
    plain_copy_row(slow[1], 0, y, 1)
    for a, b in zip(fast, slow, strict=True):
        assert np.abs(a - b).max() <= TOLERANCE[dtype] * columns * max(1, np.abs(b).max())


def test_odd_column_counts_are_refused():
    with pytest.raises(ValueError, match="multiple of 16"):
        tile_operations(100, 6)
