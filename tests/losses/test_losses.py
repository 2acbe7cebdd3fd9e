"""Losses in logit space, against formulas in float64; and what they are to each other."""

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus.windows import Window
from w2v.gradcheck.word2vec_checks import GENERAL_WINDOW, target_examples
from w2v.kernels import softmax as softmax_kernels
from w2v.kernels.sampled import (
    GROUP_NOISE,
    Model,
    initial_bias,
    make_scratch,
    noise_correction,
    sampled_kernels,
)
from w2v.kernels.softmax import FullModel, FullSoftmax
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import Labels, SampledLoss
from w2v.noise import NoiseSampler, sample
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.jit import jit
from w2v.numerics.random import draw, stream_key

SAMPLED = [name for name in LOSSES if isinstance(get_loss(name), SampledLoss)]
LOGITS = st.lists(st.lists(st.floats(-30, 30), min_size=4, max_size=4), min_size=1, max_size=6).map(
    np.array
)


def tile(name, logits, dtype=np.float64, weights=None):
    """Loss and slope of rows of (true, noise 1..K); all weights are 1 by default."""
    rows, columns = logits.shape
    labels = np.zeros(logits.shape, dtype)
    labels[:, 0] = 1
    weights = np.ones(logits.shape) if weights is None else weights
    slope = np.full(logits.size, np.nan, dtype)
    loss = get_loss(name).tile(
        logits.astype(dtype).ravel(), labels.ravel(), weights.astype(dtype).ravel(), slope, rows,
        columns,
    )  # fmt: skip
    return float(loss), slope.reshape(logits.shape)


def logistic(logits):
    """Sum of -ln sigmoid(x_0) - ln(1 - sigmoid(x_k)), and its slope, a number at a time."""
    loss, slope = 0.0, np.zeros(logits.shape)
    for i, row in enumerate(logits):
        for j, x in enumerate(row):
            p = 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))
            loss += math.log1p(math.exp(-x if j == 0 else x))
            slope[i, j] = p - (j == 0)
    return loss, slope


def cross_entropy(logits):
    """Sum of -ln softmax(x)_0, and its slope."""
    loss, slope = 0.0, np.zeros(logits.shape)
    for i, row in enumerate(logits):
        ln_z = math.log(math.fsum(math.exp(x) for x in row))
        loss += ln_z - row[0]
        slope[i] = [math.exp(x - ln_z) for x in row]
        slope[i, 0] -= 1
    return loss, slope


ORACLES = {"negative-sampling": logistic, "nce": logistic, "sampled-softmax": cross_entropy}


@pytest.mark.parametrize("name", ORACLES)
@given(logits=LOGITS)
def test_a_tile_is_its_formula(name, logits):
    loss, slope = tile(name, logits)
    expected_loss, expected_slope = ORACLES[name](logits)
    assert loss == pytest.approx(expected_loss, rel=1e-12, abs=1e-12)
    assert np.abs(slope - expected_slope).max() < 1e-12


@pytest.mark.parametrize("name", SAMPLED)
@given(logits=LOGITS)
def test_a_tile_in_float32_is_that_in_float64(name, logits):
    logits = logits.astype(np.float32).astype(float)
    loss, slope = tile(name, logits)
    loss32, slope32 = tile(name, logits, np.float32)
    assert loss32 == pytest.approx(loss, rel=2e-6, abs=1e-5)
    assert np.abs(slope32 - slope).max() < 1e-6


@jit
def entries(entry, logits, labels, weights, slope):
    loss = 0.0
    for j in range(logits.size):
        value, slope[j] = entry(logits, labels, weights, j)
        loss += value
    return loss


@pytest.mark.parametrize("name", [name for name in SAMPLED if get_loss(name).entry is not None])
@given(
    logits=st.lists(st.floats(-30, 30), min_size=7, max_size=7).map(np.array),
    pairs=st.lists(st.sampled_from([0.0, 1 / 3, 0.5, 1.0]), min_size=3, max_size=3),
    hits=st.lists(st.integers(0, 2), min_size=4, max_size=4),
)
def test_the_entries_of_a_row_are_its_tile(name, logits, pairs, hits):
    loss = get_loss(name)
    labels = np.repeat([0.0, 1.0], [4, 3])
    noise = np.maximum(np.sum(pairs) - np.array(hits), 0) / 2
    weights = np.concatenate([noise, np.array(pairs, float)])
    expected_slope, slope = np.zeros(7), np.zeros(7)
    expected = loss.tile(logits, labels, weights, expected_slope, 1, 7)
    value = entries(loss.entry, logits, labels, weights, slope)
    assert value == pytest.approx(expected, rel=1e-12, abs=1e-12)
    assert np.abs(slope - expected_slope).max() < 1e-12


@pytest.mark.parametrize("name", SAMPLED)
def test_what_weighs_nothing_costs_nothing_and_moves_nothing(name):
    logits = np.array([[1.0, -2.0, 0.5], [0.3, 4.0, -1.0]])
    padded_logits = np.insert(logits, 2, 90.0, axis=1)
    weights = np.insert(np.ones(logits.shape), 2, 0.0, axis=1)
    for dtype in (np.float32, np.float64):
        loss, slope = tile(name, logits, dtype)
        other_loss, other_slope = tile(name, padded_logits, dtype, weights)
        assert other_loss == pytest.approx(loss, rel=1e-6)
        assert not other_slope[:, 2].any()
        assert np.delete(other_slope, 2, axis=1) == pytest.approx(slope, rel=1e-6)
        nothing, no_slope = tile(name, logits, dtype, np.zeros(logits.shape))
        assert nothing == 0
        assert not no_slope.any()


@pytest.mark.parametrize("name", SAMPLED)
@given(logits=LOGITS)
def test_pairs_of_one_row_share_its_noise(name, logits):
    """A row with several context words is a row for each; one that is no pair is none."""
    loss = get_loss(name)
    context, noise = logits[:, 0], logits[0, 1:]
    apart = np.hstack([context[:, None], np.tile(noise, (len(context), 1))])
    expected, slopes = tile(name, apart)
    row = np.concatenate([noise, context, [1.0]])
    labels = np.repeat([0.0, 1.0], [len(noise), len(context) + 1])
    weights = np.where(labels == 1, 1.0, len(context))
    weights[-1] = 0.0
    slope = np.zeros(row.size)
    assert loss.tile(row, labels, weights, slope, 1, row.size) == pytest.approx(expected, rel=1e-12)
    assert slope[labels == 1] == pytest.approx([*slopes[:, 0], 0.0], abs=1e-12)
    assert slope[labels == 0] == pytest.approx(slopes[:, 1:].sum(axis=0), abs=1e-12)


@pytest.mark.parametrize("name", SAMPLED)
@given(logits=LOGITS)
def test_noise_of_half_the_weight(name, logits):
    """Classifiers: the mean of its halves. Sampled softmax: a candidate like any other."""
    weights = np.where(np.arange(logits.shape[1]) == 0, 1.0, 0.5)
    weights[-1:] = 0.0  # an even number of noise words
    whole, _ = tile(name, logits, weights=np.tile(weights, (len(logits), 1)))
    if get_loss(name).is_classifier:
        expected = sum(tile(name, logits[:, [0, j]])[0] for j in (1, 2)) / 2
    else:
        expected, _ = tile(name, logits[:, :3])
    assert whole == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", SAMPLED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_stay_finite_and_nan_does_not_hide(name, dtype):
    huge = np.array([[1e4, -1e4, 1e4], [-1e4, 1e4, 0.0]])
    loss, slope = tile(name, huge, dtype)
    assert math.isfinite(loss)
    assert loss > 1e4
    assert np.isfinite(slope).all()
    assert math.isnan(tile(name, np.array([[0.0, np.nan, 0.0]]), dtype)[0])


@pytest.mark.parametrize("constant", [-1024.0, -128.0, 128.0, 1024.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sampled_softmax_ignores_a_constant_in_all_logits(dtype, constant):
    """Also where exponentials of the logits over- or underflow."""
    logits = np.array(  # the true word first: it is larger, smaller and much smaller than the noise
        [[2.0, -1.0, 0.5], [-3.0, 4.0, 4.0], [-40.0, 0.25, -60.0], [40.0, -2.0, -2.5]]
    )
    loss, slope = tile("sampled-softmax", logits, dtype)
    moved_loss, moved_slope = tile("sampled-softmax", logits + constant, dtype)
    assert loss > 40
    assert moved_loss == pytest.approx(loss, rel=1e-6)
    assert moved_slope == pytest.approx(slope, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sampled_softmax_where_the_noise_is_small_beside_the_true_word(dtype):
    """ln(e^x + e^y) - x with y far below x is e^(y - x): small, but neither 0 nor NaN."""
    for gap in (5.0, 20.0, 60.0):
        loss, slope = tile("sampled-softmax", np.array([[gap / 2, -gap / 2]]), dtype)
        assert loss == pytest.approx(math.exp(-gap), rel=1e-2 if gap < 10 else 1e-5)
        assert slope[0] == pytest.approx([-math.exp(-gap), math.exp(-gap)], rel=1e-2)
    loss, slope = tile("sampled-softmax", np.array([[3e4, -3e4]]), dtype)
    assert 0 <= loss < 1e-30
    assert np.abs(slope).max() < 1e-30


def test_softmax_rows_sum_to_zero_and_huge_logits_stay_finite():
    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        logits = rng.normal(0, 1, (3, 50)).astype(dtype)
        logits[1] *= 1e4
        logits[2, :2] = [1e4, -1e4]
        given = logits.astype(float)
        entries = [(0, 4, 1.0), (1, 0, 0.5), (1, 7, 0.5), (2, 1, 0.25), (2, 1, 0.75)]
        rows, columns, probs = (np.array(column) for column in zip(*entries, strict=True))
        labels = Labels(rows, columns, probs.astype(np.float32))
        shifts, sums, expected = (np.zeros(3) for _ in range(3))
        loss = get_loss("softmax")
        loss.exponentials(logits, np.zeros(50, dtype), labels, shifts, sums, expected)
        losses = np.log(sums) + shifts - expected
        assert np.isfinite(losses).all()
        assert losses[2] == pytest.approx(2e4)
        assert shifts == pytest.approx(given.max(axis=1))
        loss.residuals(logits, labels, sums)
        assert np.isfinite(logits).all()
        assert np.abs((logits / sums[:, None]).sum(axis=1)).max() < 1e-5
        for number in (np.nan, np.inf):
            logits[0, 20] = number
            loss.exponentials(logits, np.zeros(50, dtype), labels, shifts, sums, expected)
            assert math.isnan(sums[0])


@pytest.mark.parametrize("place", [0, 15, 16, 36])
def test_the_largest_logit_of_a_row_is_found_wherever_it_is(place):
    """`largest_of` takes 16 numbers at a time, and then those that are left."""
    logits = np.zeros((1, 37))
    logits[0, place] = 1e4
    labels = Labels(np.array([0]), np.array([1]), np.ones(1, np.float32))
    shifts, sums, expected = np.empty(1), np.empty(1), np.empty(1)
    get_loss("softmax").exponentials(logits, np.zeros(37), labels, shifts, sums, expected)
    assert (shifts[0], sums[0], expected[0]) == (1e4, 1, 0)


def small_full_model(vocabulary=7, size=5):
    rng = np.random.default_rng(1)
    return FullModel(
        rng.normal(size=(vocabulary, size)), rng.normal(size=(vocabulary, size)),
        rng.normal(size=vocabulary),
    )  # fmt: skip


def evaluate(model, examples, weights):
    softmax = FullSoftmax(get_loss("softmax"), model, len(examples.centers), workers=2)
    result = softmax.gradients(examples, weights)
    softmax.close()
    d_centers = np.zeros_like(model.center_vectors)
    np.add.at(d_centers, examples.centers, result.d_centers)
    return result.losses, d_centers, result.d_contexts.copy(), result.d_bias


def test_full_softmax_is_its_formula():
    model, examples = small_full_model(), target_examples()["distribution"]
    losses, *_ = evaluate(model, examples, np.ones(len(examples.centers)))
    for r, center in enumerate(examples.centers):
        scores = model.context_vectors @ model.center_vectors[center] + model.bias
        label = np.zeros(7)
        entries = slice(examples.starts[r], examples.starts[r + 1])
        np.add.at(label, examples.contexts[entries], examples.probs[entries].astype(float))
        assert label.sum() == pytest.approx(1, rel=1e-6)
        ln_z = math.log(np.exp(scores).sum())
        assert losses[r] == pytest.approx(ln_z - label @ scores, rel=1e-6)


def test_two_contexts_are_half_and_half():
    examples = target_examples()["distribution"]
    sizes = np.diff(examples.starts)
    assert {2, 3} <= set(sizes.tolist())
    assert examples.probs == pytest.approx(np.repeat(1 / sizes, sizes))


def test_a_distributions_gradient_is_the_mean_of_the_split_gradients():
    model, kinds = small_full_model(), target_examples()
    whole, split = kinds["distribution"], kinds["split"]
    for r in range(len(whole.centers)):
        one = whole.take(r, r + 1)
        parts = split.take(int(whole.starts[r]), int(whole.starts[r + 1]))
        together = evaluate(model, one, np.ones(1))
        n = len(parts.centers)
        apart = evaluate(model, parts, np.full(n, 1 / n))
        assert together[0][0] == pytest.approx(apart[0].mean(), rel=1e-6)
        for a, b in zip(together[1:], apart[1:], strict=True):
            assert np.abs(a - b).max() < 1e-6  # the labels themselves are float32


@pytest.mark.parametrize("window", [Window(2, 2), GENERAL_WINDOW])
def test_the_corpus_loss_is_the_sum_over_its_distributions(window):
    model, kinds = small_full_model(), target_examples(window)
    results = [
        evaluate(model, kinds[kind], kinds[kind].pairs.astype(float))
        for kind in ("corpus", "distribution", "split")
    ]
    sums = [
        kinds[kind].pairs @ result[0]
        for kind, result in zip(("corpus", "distribution", "split"), results, strict=True)
    ]
    assert sums == pytest.approx([sums[0]] * 3, rel=1e-6)
    for other in results[1:]:
        for a, b in zip(results[0][1:], other[1:], strict=True):
            assert np.abs(a - b).max() < 1e-5
    pairs = [examples.pairs.sum() for examples in kinds.values()]
    assert pairs == pytest.approx([pairs[0]] * 3)
    assert all(
        np.issubdtype(examples.pairs.dtype, np.integer) == window.is_plain
        for examples in kinds.values()
    )


@pytest.mark.parametrize("rows_at_once", [1, 4, 5])
def test_a_small_buffer_gives_the_same_gradient(monkeypatch, rows_at_once):
    model, examples = small_full_model(), target_examples()["split"]
    weights = np.random.default_rng(2).uniform(1, 2, len(examples.centers))
    whole = evaluate(model, examples, weights)
    row_bytes = 8 * len(model.bias)
    monkeypatch.setattr(softmax_kernels, "BUFFER_BYTES", row_bytes * rows_at_once + row_bytes // 2)
    pieces = evaluate(model, examples, weights)
    for a, b in zip(whole, pieces, strict=True):
        assert np.abs(a - b).max() < 1e-12


@pytest.mark.parametrize("buffer_rows", [0, 8])
def test_memory_does_not_grow_with_batch_times_vocabulary(monkeypatch, buffer_rows):
    """Never more logits than the stated buffer holds, but always room for one row."""
    size, columns, rows = 20_000, 4, 400
    monkeypatch.setattr(softmax_kernels, "BUFFER_BYTES", 4 * size * buffer_rows)
    model = FullModel(*(np.zeros((size, columns), np.float32) for _ in range(2)),
                      np.zeros(size, np.float32))  # fmt: skip
    split = target_examples()["split"]
    examples = split.take(0, min(rows, len(split.centers)))
    repeats = -(-rows // len(examples.centers))
    batch = [np.tile(array, repeats)[:rows] for array in (examples.centers, examples.contexts)]
    examples = examples._replace(
        centers=batch[0], starts=np.arange(rows + 1), contexts=batch[1],
        probs=np.ones(rows, np.float32), pairs=np.ones(rows, np.int64),
    )  # fmt: skip
    evaluate(model, examples.take(0, 2), np.ones(2))  # compiles
    tracemalloc.start()
    softmax = FullSoftmax(get_loss("softmax"), model, rows, workers=1)
    softmax.gradients(examples, np.ones(rows))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    stated = softmax.memory_bytes()
    softmax.close()
    buffer, gradient = 4 * size * max(1, buffer_rows), 4 * size * (columns + 1)
    assert stated == buffer + gradient
    assert peak < stated + 2**20
    assert peak < 4 * size * rows / 4


# --- NCE ----------------------------------------------------------------------------------------


def group_of(loss, centers, context, noise_words, k, **learn):
    """Kernels, and scratch that holds one group: centers around a context word, and its noise."""
    n = len(centers)
    kernels = sampled_kernels(loss, 5, k, **learn)
    scratch = make_scratch(5, k, max(2, n), n + 1, np.float64)
    scratch.kept_ids[:], scratch.window_radii[:] = [*centers, context], [0] * n + [n]
    scratch.plan[0] = n, 0, n + 1
    noise = NoiseSampler(np.where(np.isin(np.arange(6), noise_words), 1.0, 1e-9), 1.0)
    kernels.arrange(scratch, scratch.group, 0, noise.table, stream_key(1))
    drawn = scratch.group.candidate_ids[: GROUP_NOISE * k]
    assert set(drawn.tolist()) <= set(noise_words)
    return kernels, scratch


def step(name, model, centers, context, noise_words, k=3, lr=0.5, **learn):
    kernels, scratch = group_of(get_loss(name), centers, context, noise_words, k, **learn)
    return kernels.step(model, scratch, scratch.group, scratch.upcoming, lr)


def random_model(offsets, seed=0, vocabulary=6):
    rng = np.random.default_rng(seed)
    matrices = [aligned_zeros(vocabulary, padded(5), np.float64) for _ in range(2)]
    for matrix in matrices:
        matrix[:, :5] = rng.normal(size=(vocabulary, 5))
    return Model(*matrices, offsets.copy(), np.zeros(vocabulary))


def test_nce_with_zero_correction_is_negative_sampling():
    models = [random_model(np.zeros(6)) for _ in range(2)]
    losses = [  # no hits: they are what the two treat differently
        step(name, model, [0, 3, 3], 1, [0, 2, 5])
        for name, model in zip(("nce", "negative-sampling"), models, strict=True)
    ]
    assert losses[0] == losses[1]
    for a, b in zip(*models, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nce", lambda true, hit: true + 3 * hit),
        ("negative-sampling", lambda true, hit: true),
        ("sampled-softmax", lambda true, hit: math.log(7)),
    ],
)
def test_accidental_hits_stay_but_in_negative_sampling(name, expected):
    model = random_model(np.zeros(6))
    logit = float(model.center_vectors[0] @ model.context_vectors[1])
    true, hit = math.log1p(math.exp(-logit)), math.log1p(math.exp(logit))
    loss = step(name, model, [0], 1, [1])  # all noise hits
    assert loss == pytest.approx(expected(true, hit), rel=1e-12)


def test_the_correction_is_the_logarithm_of_k_times_what_the_sampler_gives():
    noise = NoiseSampler(np.array([50, 20, 10, 5, 2, 1]), 0.75)
    correction = noise_correction(get_loss("nce"), noise.probs, 7)
    assert np.exp(correction) == pytest.approx(7 * noise.probs)
    assert not noise_correction(get_loss("negative-sampling"), noise.probs, 7).any()


@pytest.mark.parametrize("learn_bias", [True, False])
def test_nce_starts_normalised(learn_bias):
    counts = np.array([50, 20, 10, 5, 2, 1])
    bias = initial_bias(get_loss("nce"), counts, learn_bias)
    assert np.exp(bias).sum() == pytest.approx(1)  # context vectors start at zero


@jit
def _noise(table, key, out):
    for n in range(out.size):
        out[n] = sample(table, key, np.uint64(n))


def test_the_nce_gradient_tends_to_the_softmax_gradient_as_one_over_sqrt_k():
    """Gutmann and Hyvarinen 2012, section 2; the bias falls as 1 / k, the noise as its root."""
    counts = np.array([50, 20, 10, 5, 2, 1])
    noise = NoiseSampler(counts, 0.75)
    rng = np.random.default_rng(3)
    vectors = [rng.normal(0, 0.5, (6, 5)) for _ in range(2)]
    center, context = 2, 1
    scores = vectors[1] @ vectors[0][center]
    ln_z = np.log(np.exp(scores).sum())
    exact = (np.exp(scores - ln_z) - np.eye(6)[context]) @ vectors[1]
    errors = []
    for k in (10, 100, 1000, 10_000):
        offsets = -ln_z - np.log(k * noise.probs)
        squared = []
        for repeat in range(60):
            drawn = np.zeros(k, dtype=np.int64)
            _noise(noise.table, stream_key(k, repeat), drawn)
            logits = (scores + offsets)[[context, *drawn]]
            _, slope = tile("nce", logits[None, :])
            # The true word's term is (1 - sigmoid) -> 1 as k grows, the noise's sum is -E_p.
            gradient = slope[0] @ vectors[1][[context, *drawn]]
            squared.append(((gradient - exact) ** 2).sum())
        errors.append(math.sqrt(np.mean(squared)))
    ratios = [a / b for a, b in itertools.pairwise(errors)]
    assert all(2.2 < ratio < 4.5 for ratio in ratios), errors  # sqrt(10) = 3.16
    assert errors[-1] < 0.02


@pytest.fixture(scope="module")
def known_distribution():
    """A conditional distribution p(w | c) over few words, and what each loss makes of it."""
    rng = np.random.default_rng(4)
    table = rng.dirichlet(np.full(6, 0.7), 6) + 0.02
    table /= table.sum(axis=1, keepdims=True)
    context_counts = np.maximum(1, np.round(table.sum(axis=0) * 1000)).astype(int)
    return table, NoiseSampler(context_counts, 0.75), context_counts


@jit
def _pick(cumulative, bits):
    """The first entry that a uniform number of 53 random bits does not exceed."""
    x = np.float64(bits >> np.uint64(11)) / 2.0**53
    at = 0
    while at < cumulative.size - 1 and x > cumulative[at]:
        at += 1
    return at


def _make_train(step, arrange):
    """See `train`. Given as arguments, kernels would be part of the name of the compiled code."""

    def train(model, scratch, word_sums, center_sums, alias_table, key, lr, steps, centers):
        """Steps on a word w drawn from p(w), with `centers` from p(c | w) that share its noise."""
        for n in range(steps):
            rate = lr * (1 - n / steps) + 1e-4
            first = np.uint64(n * (centers + 1))
            word = _pick(word_sums, draw(key, first))
            for i in range(centers):
                scratch.kept_ids[i] = _pick(center_sums[word], draw(key, first + np.uint64(i + 1)))
            scratch.kept_ids[centers] = word
            scratch.plan[0, 0] = centers
            scratch.plan[0, 2] = centers + 1
            arrange(scratch, scratch.group, 0, alias_table, draw(key + np.uint64(1), np.uint64(n)))
            step(model, scratch, scratch.group, scratch.upcoming, rate)

    return jit(train)


def fit(name, known, k=10, steps=1_000_000, rows=1, lr=0.05, **learn):
    """Scores (6, 6) of a model trained on pairs of p(c) p(w | c), and K q(w); p(c) is 1/6."""
    table, noise, counts = known
    loss = get_loss(name)
    correction = noise_correction(loss, noise.probs, k)
    bias = initial_bias(loss, counts, learn.get("learn_bias", False))
    size = 8
    matrices = [aligned_zeros(6, padded(size), np.float64) for _ in range(2)]
    for matrix in matrices:
        matrix[:, :size] = np.random.default_rng(7).normal(0, 0.3, (6, size))
    model = Model(*matrices, bias - correction, np.zeros(6))
    scratch = make_scratch(size, k, rows, rows + 1, np.float64)
    scratch.window_radii[rows] = rows  # the other words are in its window and have none
    kernels = sampled_kernels(loss, size, k, **learn)
    _make_train(kernels.step, kernels.arrange)(
        model, scratch, table.mean(axis=0).cumsum(),
        (table / table.sum(axis=0)).T.cumsum(axis=1), noise.table, stream_key(8), lr, steps, rows,
    )  # fmt: skip
    scores = model.center_vectors @ model.context_vectors.T + model.logit_offsets + correction
    return scores - model.log_normalisers[:, None], k * noise.probs


@pytest.mark.parametrize("learn_normalisers", [False, True])
def test_nce_recovers_a_known_conditional_distribution(known_distribution, learn_normalisers):
    table = known_distribution[0]
    scores, _ = fit("nce", known_distribution, learn_bias=True, learn_normalisers=learn_normalisers)
    assert np.abs(np.exp(scores) - table).max() < 0.03
    assert np.abs(np.log(np.exp(scores).sum(axis=1))).max() < 0.06  # normalisers near 1


def test_nce_recovers_it_from_pairs_that_share_their_noise(known_distribution):
    """K is how many noise words one pair sees; with K / 3 for three pairs, ln Z would be ln 3."""
    table = known_distribution[0]
    scores, _ = fit("nce", known_distribution, rows=3, learn_bias=True)
    assert np.abs(np.exp(scores) - table).max() < 0.06
    assert np.abs(np.log(np.exp(scores).sum(axis=1))).max() < 0.06


def test_negative_sampling_recovers_it_shifted(known_distribution):
    """Levy and Goldberg 2014: s = ln(p / (k q)); a skipped hit shifts q by nothing but the word's
    own share: noise w arrives k q(w) (1 - p(w)) times where it is not the true word.
    """
    table = known_distribution[0]
    scores, kq = fit("negative-sampling", known_distribution)
    expected = np.log(table / (kq * (1 - table)))
    assert np.abs(scores - expected).max() < 0.25
    unshifted = np.abs(scores - np.log(table)).max()
    assert unshifted > 0.5


@pytest.mark.parametrize("k", [2, 10])
def test_sampled_softmax_recovers_it_up_to_the_normaliser(known_distribution, k):
    """For every K, since hits stay in (Ma and Collins 2018, section 3)."""
    table = known_distribution[0]
    scores, _ = fit("sampled-softmax", known_distribution, k=k)
    probs = np.exp(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))
    assert np.abs(probs - table).max() < 0.03
