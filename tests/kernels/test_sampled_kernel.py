"""The fused kernel against the oracle: on the shipped code path, in float64 and in float32."""

import dataclasses
from functools import lru_cache

import naive
import numpy as np
import pytest
import twins
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus.subsampling import keep_probs, keep_thresholds, subsample
from w2v.corpus.windows import Window
from w2v.kernels.sampled import (
    GROUP_NOISE,
    GROUP_POSITIONS,
    Model,
    make_scratch,
    plain_step,
    sampled_kernels,
)
from w2v.kernels.tiles import (
    plain_add_one,
    plain_add_two,
    plain_copy_row,
    plain_store_dots,
    tile_columns,
    tile_operations,
)
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler, sample
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.jit import LANES, jit, read_only
from w2v.numerics.random import stream_key

SIZE, VOCABULARY, NEGATIVES, WINDOW = 5, 6, 3, 2
SAMPLED = [name for name in LOSSES if isinstance(get_loss(name), SampledLoss)]
TOLERANCE = {np.float32: 2e-6, np.float64: 1e-12}


@lru_cache
def kernels_of(name, **learn):
    """Made once: a new one would be loaded from disk in each of Hypothesis' examples."""
    return sampled_kernels(get_loss(name), SIZE, NEGATIVES, **learn)


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


def arranged(kernels, sentence, radii, first, dtype=np.float32, seed=1, window=WINDOW, frozen=None):
    """Scratch whose group is the one that begins at a position of the sentence; and its pairs."""
    scratch = make_scratch(SIZE, NEGATIVES, window, len(sentence), dtype, frozen_words=frozen)
    scratch.kept_ids[:], scratch.window_radii[:] = sentence, radii
    scratch.plan[0] = first, 0, len(sentence)
    noise = NoiseSampler(np.ones(VOCABULARY), 1.0)
    return scratch, kernels.arrange(scratch, scratch.group, 0, noise.table, stream_key(seed))


@st.composite
def places(draw):
    """A sentence, the window radius of each of its words, and where a group begins."""
    sentence = draw(st.lists(st.integers(0, VOCABULARY - 1), min_size=2, max_size=9))
    n = len(sentence)
    radii = draw(st.lists(st.integers(1, WINDOW), min_size=n, max_size=n))
    return sentence, radii, draw(st.integers(0, n - 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(place=places(), seed=st.integers(0, 1000))
def test_a_step_is_minus_the_rate_times_the_oracles_gradient(dtype, place, seed):
    # Few words, so that repeated centers, repeated noise and noise that hits are all common.
    sentence, radii, first = place
    model = random_model(dtype, seed)
    before = copy_of(model)
    kernels = kernels_of("negative-sampling")
    scratch, n_pairs = arranged(kernels, sentence, radii, first, dtype, seed)
    value = kernels.step(model, scratch, scratch.group, scratch.upcoming, dtype(0.5))

    here = range(first, first + GROUP_POSITIONS)
    pairs = naive.window_pairs(
        sentence, [radii[t] if t in here else 0 for t in range(len(sentence))]
    )
    noise = scratch.group.candidate_ids[: GROUP_NOISE * NEGATIVES].tolist()
    rows = [matrix[:, :SIZE].astype(float).tolist() for matrix in before[:2]]
    expected = naive.negative_sampling_loss(*rows, pairs, noise, 1 / GROUP_NOISE)
    gradients = naive.negative_sampling_gradient(*rows, pairs, noise, 1 / GROUP_NOISE)
    assert n_pairs == len(pairs)
    assert value == pytest.approx(expected, rel=TOLERANCE[dtype] * 4)
    for new, old, gradient in zip(model[:2], before[:2], gradients, strict=True):
        update = (new.astype(float) - old)[:, :SIZE] / -0.5
        scale = max(1.0, np.abs(gradient).max())
        assert np.abs(update - gradient).max() < TOLERANCE[dtype] * scale * 4
        assert not new[:, SIZE:].any()  # the padding stays zero


KINDS = [
    (name, learn)
    for name in SAMPLED
    for learn in (
        {}, {"learn_bias": True},
        *[{"learn_bias": True, "learn_normalisers": True}] * get_loss(name).learns_normalisers,
    )
]  # fmt: skip


@pytest.mark.parametrize(("name", "learn"), KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(place=places(), seed=st.integers(0, 1000))
def test_a_step_is_the_plain_step(name, learn, dtype, place, seed):
    sentence, radii, first = place
    loss = get_loss(name)
    rng = np.random.default_rng(seed)
    model = random_model(dtype, seed)
    if loss.corrects_by_noise or learn:
        model.logit_offsets[:] = rng.normal(size=VOCABULARY)
    if "learn_normalisers" in learn:
        model.log_normalisers[:] = rng.normal(size=VOCABULARY)
    plain = Model(*(array.astype(np.float64) for array in model))
    kernels = kernels_of(name, **learn)
    scratch, _ = arranged(kernels, sentence, radii, first, dtype, seed)
    value = kernels.step(model, scratch, scratch.group, scratch.upcoming, dtype(0.5))
    wide, _ = arranged(kernels, sentence, radii, first, np.float64, seed)
    assert value == pytest.approx(plain_step(plain, wide, loss, 0.5, **learn), rel=1e-5)
    for fast, slow in zip(model, plain, strict=True):
        assert np.abs(fast - slow).max() < TOLERANCE[dtype] * 10 * max(1, np.abs(slow).max())


SIDES = st.tuples(st.integers(0, WINDOW), st.integers(0, WINDOW)).filter(any)


@pytest.mark.parametrize("name", SAMPLED)
@given(
    place=places(),
    seed=st.integers(0, 1000),
    sides=SIDES,
    weights=st.sampled_from(["draw", "harmonic"]),
    is_frozen=st.lists(st.booleans(), min_size=VOCABULARY, max_size=VOCABULARY),
)
def test_a_general_step_is_the_plain_step_on_the_pairs_of_the_window(
    name, place, seed, sides, weights, is_frozen
):
    sentence, radii, first = place
    radii = [min(radius, max(sides)) for radius in radii]
    loss = get_loss(name)
    rng = np.random.default_rng(seed)
    learn = {"learn_bias": loss.output_bias, "learn_normalisers": loss.learns_normalisers}
    model = random_model(np.float64, seed)
    model.logit_offsets[:] = rng.normal(size=VOCABULARY) * loss.output_bias
    model.log_normalisers[:] = rng.normal(size=VOCABULARY) * loss.learns_normalisers
    model.center_vectors[:, 0] = -0.0
    plain, before = copy_of(model), copy_of(model)
    kernels = kernels_of(name, general=True, **learn)
    mask = np.array(is_frozen, np.uint8) if any(is_frozen) else None
    window = Window(*sides, weights)
    scratch, n_pairs = arranged(kernels, sentence, radii, first, np.float64, seed, window, mask)

    options = {"window": sides, "distance_weights": weights}
    last = min(first + GROUP_POSITIONS, len(sentence))
    expected = np.array(
        [
            [twins.pair_weight(s, p, radii[p], options) for p in range(first, last)]
            for s in range(len(sentence))
        ]
    )
    n_inputs, n_candidates = scratch.group.sizes
    tile = scratch.group.weights.reshape(-1, len(scratch.offsets))
    got = tile[:n_inputs, GROUP_NOISE * NEGATIVES : n_candidates]
    assert n_pairs == pytest.approx(expected.sum())
    left, right = sides
    begin = max(0, min(p - min(radii[p], right) for p in range(first, last)))
    end = min(len(sentence), max(p + min(radii[p], left) + 1 for p in range(first, last)))
    assert scratch.group.input_ids[:n_inputs].tolist() == sentence[begin:end]
    assert not expected[:begin].any()
    assert not expected[end:].any()
    np.testing.assert_allclose(got, expected[begin:end])

    value = kernels.step(model, scratch, scratch.group, scratch.upcoming, 0.5)
    assert value == pytest.approx(plain_step(plain, scratch, loss, 0.5, **learn), rel=1e-12)
    for fast, slow in zip(model, plain, strict=True):
        assert np.abs(fast - slow).max() < 1e-11 * max(1, np.abs(slow).max())
    for word in np.flatnonzero(is_frozen):
        assert model.center_vectors[word].tobytes() == before.center_vectors[word].tobytes()


@pytest.mark.parametrize("name", SAMPLED)
def test_a_step_with_rate_zero_changes_nothing(name):
    model = random_model(np.float32, 1)
    before = copy_of(model)
    kernels = kernels_of(name)
    scratch, _ = arranged(kernels, [0, 1, 2, 0, 3], [2, 2, 2, 2, 2], 1)
    assert kernels.step(model, scratch, scratch.group, scratch.upcoming, np.float32(0)) > 0
    for new, old in zip(model, before, strict=True):
        assert np.array_equal(new, old)


@pytest.mark.parametrize("name", SAMPLED)
def test_asking_for_upcoming_rows_changes_nothing(name):
    kernels = kernels_of(name)
    models = [random_model(np.float32, 1) for _ in range(2)]
    for model, rows in zip(models, (0, 4), strict=True):
        scratch, _ = arranged(kernels, [0, 1, 2, 0, 3], [2, 2, 2, 2, 2], 1)
        scratch.upcoming.sizes[:] = rows
        kernels.step(model, scratch, scratch.group, scratch.upcoming, np.float32(0.5))
    for a, b in zip(*models, strict=True):
        assert np.array_equal(a, b)


def test_update_counts_are_those_of_the_rows_in_a_group():
    """Each occurrence counts, and nothing else: at the end of a sentence a group is shorter."""
    kernels = kernels_of("negative-sampling")
    sentence = [0, 1, 1, 2, 3, 0]
    scratch = make_scratch(SIZE, NEGATIVES, WINDOW, len(sentence), counted_words=VOCABULARY)
    scratch.kept_ids[:], scratch.window_radii[:] = sentence, WINDOW
    noise = NoiseSampler(np.ones(VOCABULARY), 1.0)
    model, group = random_model(np.float32, 1), scratch.group
    n_noise = GROUP_NOISE * NEGATIVES
    centers, contexts = (np.zeros(VOCABULARY, dtype=int) for _ in range(2))
    for first, begin in ((0, 0), (4, 2)):
        scratch.plan[0] = first, 0, len(sentence)
        kernels.arrange(scratch, group, 0, noise.table, stream_key(first))
        kernels.step(model, scratch, group, scratch.upcoming, np.float32(0.1))
        centers += np.bincount(sentence[begin:], minlength=VOCABULARY)
        words = [*group.candidate_ids[:n_noise], *sentence[first : first + GROUP_POSITIONS]]
        contexts += np.bincount(words, minlength=VOCABULARY)
    assert scratch.center_update_counts.tolist() == centers.tolist()
    assert scratch.context_update_counts.tolist() == contexts.tolist()


@jit
def _draw_noise(table, key, out):
    for n in range(out.size):
        out[n] = sample(table, key, np.uint64(n))


def test_a_block_is_its_steps_with_the_same_draws():
    """Pairs and noise drawn by the block kernel, trained one group at a time by the oracle."""
    sentences = [[4], [0, 1, 2, 3, 1, 0], [5, 0, 5, 2]]  # the first has no pair, and no noise
    tokens = np.concatenate(sentences).astype(np.int32)
    starts = np.array([0, 1, 7, 11])
    counts = np.bincount(tokens, minlength=VOCABULARY)
    noise = NoiseSampler(counts, 0.75)
    thresholds = keep_thresholds(keep_probs(counts, 0.05))
    pair_key, noise_key = stream_key(1, 2), stream_key(3, 4)
    lr = 0.1

    model = random_model(np.float64, 5)
    rows = [matrix[:, :SIZE].tolist() for matrix in model[:2]]
    scratch = make_scratch(SIZE, NEGATIVES, WINDOW, len(tokens), np.float64)
    block = kernels_of("negative-sampling").block
    loss, n_pairs, n_words = block(
        model, scratch, read_only(tokens), read_only(starts), 0, 3, read_only(thresholds),
        read_only(noise.table), WINDOW, True, lr, pair_key, noise_key,
    )  # fmt: skip

    drawn = np.zeros(100, dtype=np.int64)
    _draw_noise(noise.table, noise_key, drawn)
    used = expected_pairs = expected_words = 0
    expected_loss = 0.0
    for s in range(3):
        kept, radii = np.zeros(20, np.int32), np.zeros(20, np.int32)
        n = subsample(
            tokens, starts[s], starts[s + 1], 0, thresholds, WINDOW, True, pair_key, kept, radii
        )
        expected_words += n
        if n < 2:
            continue
        for t in range(0, n, GROUP_POSITIONS):
            here = range(t, t + GROUP_POSITIONS)
            pairs = naive.window_pairs(
                kept[:n].tolist(), [int(radii[i]) if i in here else 0 for i in range(n)]
            )
            negatives = drawn[used : used + GROUP_NOISE * NEGATIVES].tolist()
            used += GROUP_NOISE * NEGATIVES
            parts = *rows, pairs, negatives, 1 / GROUP_NOISE
            expected_loss += naive.negative_sampling_loss(*parts)
            gradients = naive.negative_sampling_gradient(*parts)
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
def _a_tenth(logits, labels, weights, dlogits, rows, columns):
    pairs = logits.dtype.type(0)
    for i in range(rows * columns):
        dlogits[i] = 0
        pairs += labels[i] * weights[i]
    return logits.dtype.type(0.1) * pairs


def test_the_loss_of_a_long_block_is_summed_in_float64():
    """A tenth of a nat a pair in float32: 400,000 of them, summed in float32, are off by 0.1%."""
    loss = dataclasses.replace(get_loss("negative-sampling"), name="a-tenth", tile=_a_tenth)
    n = 20_000
    tokens, starts = np.zeros(n, np.int32), np.arange(0, n + 1, 500)
    counts = np.array([n, 1])
    block = sampled_kernels(loss, SIZE, NEGATIVES).block
    summed, pairs, words = block(
        random_model(np.float32, 0, vocabulary=2), make_scratch(SIZE, NEGATIVES, 10, n),
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
    store_dots, copy_row, prefetch = operations.store_dots, operations.copy_row, operations.prefetch
    add_one, add_two = operations.add_one, operations.add_two
    width = tile_columns(outputs)

    @jit
    def run(logits, i, x, y, offsets, target):
        prefetch(x, i)
        store_dots(logits, i, x, y, offsets)
        add_one(target, 1, logits, i * width, 1, y, y.shape[0])
        add_two(target, 2, 3, logits, 1, 0, width, x, x.shape[0])
        copy_row(target, 0, y, 1)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, columns)).astype(dtype)
    y = rng.normal(size=(outputs, columns)).astype(dtype)
    offsets = rng.normal(size=width).astype(dtype)
    fast = rng.normal(size=4 * width).astype(dtype), rng.normal(size=(5, columns)).astype(dtype)
    slow = tuple(array.astype(np.float64) for array in fast)
    run(fast[0], 2, x, y, offsets, fast[1])
    wide = x.astype(float), y.astype(float)
    plain_store_dots(slow[0], 2, *wide, offsets)
    plain_add_one(slow[1], 1, slow[0], 2 * width, 1, wide[1], outputs)
    plain_add_two(slow[1], 2, 3, slow[0], 1, 0, width, wide[0], 4)
    plain_copy_row(slow[1], 0, y, 1)
    for a, b in zip(fast, slow, strict=True):
        assert np.abs(a - b).max() <= TOLERANCE[dtype] * columns * max(1, np.abs(b).max())


def test_odd_column_counts_are_refused():
    with pytest.raises(ValueError, match=f"multiple of {LANES}"):
        tile_operations(100, 6)


@pytest.mark.parametrize("window", [Window(2, 2), Window(3, 0), Window(0, 2)])
def test_a_scratch_has_rows_for_dot_products_of_two_inputs_at_a_time(window):
    """Where the inputs are odd in number, `store_dots` also writes the row after the last."""
    scratch = make_scratch(SIZE, NEGATIVES, window)
    rows = len(scratch.inputs)
    assert rows % 2 == 0
    assert rows >= GROUP_POSITIONS + window.left + window.right
    tile = rows * len(scratch.offsets)
    assert len(scratch.logits) == len(scratch.dlogits) == len(scratch.labels) == tile


@pytest.mark.parametrize("name", SAMPLED)
def test_arrays_of_a_scratch_lie_the_same_way_wherever_they_are(name):
    """Compiled loops choose their code by how far apart arrays are; see `_evenly_spaced`."""
    distances = set()
    keep = []
    for n in range(20):
        keep += [np.zeros(7 + 13 * n, np.float32), None]
        scratch = make_scratch(SIZE, NEGATIVES, WINDOW, 10)
        arrays = (
            scratch.logits, scratch.labels, scratch.offsets, scratch.group.weights,
            scratch.upcoming.weights,
        )  # fmt: skip
        distances.add(tuple(a.ctypes.data - scratch.dlogits.ctypes.data for a in arrays))
    assert len(distances) == 1
