"""The GPU kernel against the CPU's, in Numba's simulator; with NUMBA_ENABLE_CUDASIM=0, on a card.

A simulated thread block is as many Python threads, so that everything here is tiny.
"""

import numpy as np
import pytest

from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.corpus.windows import Window
from w2v.errors import ConfigError
from w2v.gradcheck import check_gradient
from w2v.kernels import cuda as cuda_kernels
from w2v.kernels.cuda import cuda_kernel
from w2v.kernels.cuda_blocks import CudaBlocks
from w2v.kernels.sampled import Model, make_scratch, sampled_kernels
from w2v.losses import LOSSES, get_loss
from w2v.noise import NoiseSampler
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.jit import read_only
from w2v.numerics.random import stream_key

pytestmark = pytest.mark.usefixtures("one_processor")

VOCABULARY = 9
SENTENCES = [6, 1, 9, 2, 3, 7]
STARTS = np.concatenate([[0], np.cumsum(SENTENCES)])
EDGES = np.array([0, 4, 6])
TOKENS = np.random.default_rng(0).integers(0, VOCABULARY, STARTS[-1]).astype(np.int32)
COUNTS = np.bincount(TOKENS, minlength=VOCABULARY)
NOISE = NoiseSampler(COUNTS, 0.75)
KEYS = [np.array([stream_key(s, b) for b in range(2)], np.uint64) for s in (1, 2)]
RATES = [0.1, 0.05]
SAMPLED = [name for name in LOSSES if getattr(get_loss(name), "entry", None) is not None]


def random_model(dtype, size, seed=1):
    rng = np.random.default_rng(seed)
    matrices = [aligned_zeros(VOCABULARY, padded(size), dtype) for _ in range(2)]
    for matrix in matrices:
        matrix[:, :size] = rng.normal(size=(VOCABULARY, size))
    scalars = rng.normal(size=(2, VOCABULARY)).astype(dtype)
    return Model(*matrices, scalars[0].copy(), scalars[1].copy())


def both(name, size, negatives, window, dtype, *, warps=2, tokens=None, **learned):
    """A model and what it gave for each block, trained on the CPU and in the simulator.

    `window` is one, or the radius of a plain one. The ids are all on the card, or, with `tokens`,
    room there is for so many.
    """
    loss = get_loss(name)
    thresholds = keep_thresholds(keep_probs(COUNTS, 0.1))
    rates = np.array(RATES, dtype)
    expected = random_model(dtype, size)
    window = Window(window, window) if isinstance(window, int) else window
    block = sampled_kernels(loss, size, negatives, general=not window.is_plain, **learned).block
    scratch = make_scratch(size, negatives, window, len(TOKENS), dtype)
    results = [
        block(
            expected, scratch, read_only(TOKENS), read_only(STARTS), EDGES[b], EDGES[b + 1],
            read_only(thresholds), read_only(NOISE.table), window.radius, window.shrinks, rates[b],
            KEYS[0][b], KEYS[1][b],
        )
        for b in range(2)
    ]  # fmt: skip
    model = random_model(dtype, size)
    kernel = cuda_kernel(loss, size, negatives, window.radius, dtype=dtype, warps=warps, **learned)
    blocks = CudaBlocks(
        kernel, model, TOKENS, STARTS, EDGES, thresholds, NOISE.table, window, 1,
        None if tokens is None else 4 * tokens,
    )  # fmt: skip
    got = []
    for b in range(0, 2, blocks.most_blocks):
        part = slice(b, b + blocks.most_blocks)
        trained = blocks.train(
            b, b + blocks.most_blocks, rates[part], KEYS[0][part], KEYS[1][part]
        )  # fmt: skip
        got += zip(*(array.tolist() for array in trained), strict=True)
    blocks.download(model)
    return expected, results, model, got


def assert_same(expected, results, model, got, tolerance):
    for a, b in zip(expected, model, strict=True):
        assert np.abs(a - b).max() <= tolerance * np.abs(a).max()
    for (loss, pairs, words), (other_loss, other_pairs, other_words) in zip(
        results, got, strict=True
    ):
        assert other_loss == pytest.approx(loss, rel=tolerance)
        assert (other_pairs, other_words) == (pairs, words)
    assert results[0][1] > 20


@pytest.mark.parametrize("name", SAMPLED)
def test_blocks_are_trained_as_on_the_cpu(name):
    loss = get_loss(name)
    learned = {"learn_bias": loss.output_bias, "learn_normalisers": loss.learns_normalisers}
    trained = both(name, 5, 3, 2, np.float64, **learned)
    assert_same(*trained, 1e-14)
    before = random_model(np.float64, 5)
    changed = [not np.array_equal(a, b) for a, b in zip(before, trained[2], strict=True)]
    assert changed == [True, True, *learned.values()]


@pytest.mark.parametrize(
    ("size", "negatives", "window", "warps"),
    [
        (33, 15, 2, 4),  # more numbers in a row, and more candidates, than threads in a warp
        (161, 2, 3, 1),  # more columns than one warp updates at once
        (3, 1, 11, 1),  # more inputs than positions in a sentence
    ],
)
def test_other_shapes_are_trained_as_on_the_cpu(size, negatives, window, warps):
    trained = both("negative-sampling", size, negatives, window, np.float32, warps=warps)
    assert_same(*trained, 1e-5)


def test_windows_that_do_not_shrink_and_ids_that_are_streamed():
    flat = Window(2, 2, "flat")
    streamed = both("negative-sampling", 5, 3, flat, np.float64, tokens=40)
    assert_same(*streamed, 1e-14)


@pytest.mark.parametrize("sides", [(3, 1), (0, 3), (3, 0)])
def test_windows_of_unequal_sides(sides):
    trained = both("negative-sampling", 5, 3, Window(*sides), np.float64)
    assert_same(*trained, 1e-14)


def test_several_batches_of_groups(monkeypatch):
    monkeypatch.setattr(cuda_kernels, "BATCH_GROUPS", 2)
    assert_same(*both("negative-sampling", 5, 3, 2, np.float64), 1e-14)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_update_is_minus_the_rate_times_the_gradient(name):
    """On the path that is shipped, in float64, for some numbers of each parameter."""
    size, window, negatives = 3, 2, 2
    loss = get_loss(name)
    learned = {"learn_bias": loss.output_bias, "learn_normalisers": loss.learns_normalisers}
    tokens, starts = np.array([0, 1, 1, 3], np.int32), np.array([0, 4])
    noise = NoiseSampler(np.ones(VOCABULARY), 1.0)
    start = random_model(np.float64, size)
    kernel = cuda_kernel(loss, size, negatives, window, dtype=np.float64, warps=1, **learned)
    blocks = CudaBlocks(
        kernel, start, tokens, starts, np.array([0, 1]), keep_thresholds(np.ones(VOCABULARY)),
        noise.table, Window(window, window, "flat"), 1,
    )  # fmt: skip

    def parameters(model):
        return [model.center_vectors[:, :size], model.context_vectors[:, :size], *model[2:]]

    def step(point, lr):
        model = Model(*(array.copy() for array in start))
        used = 0
        for array in parameters(model):
            array[...] = point[used : used + array.size].reshape(array.shape)
            used += array.size
        blocks.upload(model)
        value, pairs, _ = blocks.train(0, 1, np.array([lr]), KEYS[0][:1], KEYS[1][:1])
        assert pairs[0] == 10
        blocks.download(model)
        return float(value[0]), np.concatenate([array.ravel() for array in parameters(model)])

    point = np.concatenate([array.ravel() for array in parameters(start)])
    applied = (step(point, 2.0**-10)[1] - point) / -(2.0**-10)
    words = VOCABULARY * size
    checked = [0, 4, words, words + 9, words + 11]
    if loss.output_bias:
        checked += [2 * words, 2 * words + 3]
    if loss.learns_normalisers:
        checked += [2 * words + VOCABULARY + 1]
    assert all(applied[k] for k in checked)
    report = check_gradient(lambda x: step(x, 0.0)[0], applied, point, coordinates=checked)
    assert report.passed, report


def test_what_does_not_fit_the_card_is_refused():
    loss = get_loss("negative-sampling")
    with pytest.raises(ConfigError, match=r"^negative=63, but device=cuda takes at most 62$"):
        cuda_kernel(loss, 5, 63, 2)
    with pytest.raises(ConfigError, match=r"^vector_size=4096 with window=5 and negative=5 takes "):
        cuda_kernel(loss, 4096, 5, 5)
