"""Whole small runs of every loss against slow twins: schedule, draws, steps, and the printed loss.

The twins are in float64 and take their draws from the package; the arithmetic is their own.
"""

import naive
import numpy as np
import pytest

from w2v.config import TrainConfig
from w2v.corpus import encode_sentences
from w2v.corpus.blocks import block_edges
from w2v.corpus.subsampling import keep_probs, keep_thresholds, subsample
from w2v.noise import sample
from w2v.numerics.jit import jit
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train import sampled, softmax
from w2v.train.api import make_run, resolve

EPOCHS, NEGATIVES, LR, MIN_LR = 2, 3, 0.3, 0.01
OPTIONS = {
    "vector_size": 5, "window": 2, "min_count": 1, "workers": 1, "epochs": EPOCHS, "lr": LR,
    "min_lr": MIN_LR, "negative": NEGATIVES, "sample": 0.05, "seed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(2)
    lengths = rng.integers(1, 12, 30)
    return encode_sentences([[f"w{w}" for w in rng.zipf(1.4, n) % 9] for n in lengths], min_count=1)


@pytest.fixture
def small_blocks(monkeypatch):
    for module in (sampled, softmax):
        monkeypatch.setattr(module, "block_edges", lambda starts: block_edges(starts, 50))
    monkeypatch.setattr(
        "w2v.kernels.softmax.PANEL_COLUMNS", 4
    )  # of the vocabulary: several, one short
    monkeypatch.setattr(
        "w2v.kernels.softmax.BUFFER_BYTES", 3 * 9 * 4
    )  # three rows of a batch at once


def keep(corpus):
    """The probability that subsampling keeps a word, from the formula."""
    counts = corpus.vocabulary.counts
    return np.array([naive.keep_prob(n, counts.sum(), OPTIONS["sample"]) for n in counts])


def start(corpus, config, loss):
    """The run, and its vectors and bias at the start as lists of Python numbers."""
    run = make_run(corpus, config)
    centers, contexts, bias = (None if a is None else a.copy() for a in run.trainer.vectors())
    assert not contexts.any()
    counts = corpus.vocabulary.counts * keep(corpus)
    expected = np.log(counts / counts.sum())
    if loss == "negative-sampling":
        assert bias is None
        bias = np.zeros(len(counts))
    else:  # it starts normalised, at the frequencies that subsampling leaves
        assert bias == pytest.approx(expected, rel=1e-5)
    return run, centers.astype(float).tolist(), contexts.astype(float).tolist(), bias.tolist()


def same(run, centers, contexts, bias, losses):
    got = run.trainer.vectors()
    for array, expected in zip(got[:2], (centers, contexts), strict=True):
        assert np.abs(array - expected).max() < 2e-5
    if got[2] is not None:
        assert np.abs(got[2] - bias).max() < 2e-5
    assert run.epoch_losses == pytest.approx(losses, rel=1e-5)


def rate(words, corpus):
    """The learning rate after so many words: linear over all epochs."""
    return LR + (MIN_LR - LR) * words / (EPOCHS * len(corpus.tokens))


@jit
def _draw_noise(table, key, out):
    for n in range(out.size):
        out[n] = sample(table, key, np.uint64(n))


def drawn_positions(corpus, first, last, seed, epoch, block):
    """The kept words of each sentence of a block, and the window radius of each."""
    thresholds = keep_thresholds(keep_probs(corpus.vocabulary.counts, OPTIONS["sample"]))
    starts = corpus.sentence_starts
    kept, reach = np.zeros(99, np.int32), np.zeros(99, np.int32)
    for s in range(first, last):
        n = subsample(
            corpus.tokens, starts[s], starts[s + 1], starts[first], thresholds, OPTIONS["window"],
            True, stream_key(seed, STREAM_PAIRS, epoch, block), kept, reach,
        )  # fmt: skip
        if n > 1:
            yield kept[:n].tolist(), reach[:n].tolist()


@pytest.mark.parametrize("loss", ["negative-sampling", "nce", "sampled-softmax"])
def test_a_run_of_a_sampled_loss_is_its_naive_twin(corpus, small_blocks, loss):
    config = resolve(TrainConfig(**OPTIONS, loss=loss))
    run, centers, contexts, bias = start(corpus, config, loss)
    q = naive.noise_probs(corpus.vocabulary.counts.tolist(), 0.75)
    ln_kq = [float(np.log(NEGATIVES * each)) for each in q]
    # Neighbouring positions share twice the noise, at half the weight in the classifiers.
    positions, shared = 4, 2 * NEGATIVES
    edges = block_edges(corpus.sentence_starts, 50)
    assert len(edges) > 3
    losses = []
    for epoch in range(EPOCHS):
        loss_sum, n_pairs = 0.0, 0
        for block in range(len(edges) - 1):
            first, last = int(edges[block]), int(edges[block + 1])
            noise, used = np.zeros(999, np.int64), 0
            _draw_noise(
                run.trainer.model.noise.table, stream_key(3, STREAM_NOISE, epoch, block), noise
            )
            lr = rate(epoch * len(corpus.tokens) + int(corpus.sentence_starts[first]), corpus)
            for kept, reach in drawn_positions(corpus, first, last, 3, epoch, block):
                for t in range(0, len(kept), positions):
                    here = range(t, t + positions)
                    pairs = naive.window_pairs(
                        kept, [reach[i] if i in here else 0 for i in range(len(kept))]
                    )
                    negatives = noise[used : used + shared].tolist()
                    used += shared
                    loss_sum += naive.sampled_step(
                        loss, centers, contexts, bias, ln_kq, pairs, negatives, lr,
                        NEGATIVES / shared,
                    )  # fmt: skip
                    n_pairs += len(pairs)
        losses.append(loss_sum / n_pairs)
    run.train()
    same(run, centers, contexts, bias, losses)


@pytest.mark.parametrize("targets", ["distribution", "split", "corpus"])
@pytest.mark.parametrize("learn_bias", [True, False])
def test_a_run_of_the_full_softmax_is_its_naive_twin(corpus, small_blocks, targets, learn_bias):
    """Batches smaller than a block, and a center word several times in a batch."""
    options = {**OPTIONS, "batch_size": 7, "targets": targets, "output_bias": learn_bias}
    config = resolve(TrainConfig(**options, loss="softmax"))
    if learn_bias:
        run, centers, contexts, bias = start(corpus, config, "softmax")
    else:
        run = make_run(corpus, config)
        centers, contexts, bias = (a.astype(float).tolist() for a in run.trainer.vectors())
        assert bias == [0.0] * len(corpus.vocabulary)
    squares = [[0.0] * len(bias) for _ in range(3)]
    losses = []
    with run.trainer.prepared():  # for `corpus`: draws its pairs
        batches = [list(batches_of(run.trainer, epoch)) for epoch in range(EPOCHS)]
    for epoch, of_epoch in enumerate(batches):
        loss_sum, n_pairs, words = 0.0, 0, 0
        for batch, words_after in of_epoch:
            lr = rate(epoch * len(corpus.tokens) + words, corpus)
            examples = as_dicts(batch)
            loss, d_centers, d_contexts, d_bias = naive.full_softmax_gradient(
                centers, contexts, bias, examples
            )
            for c, gradient in d_centers.items():
                squares[0][c] = naive.adagrad(centers[c], gradient, squares[0][c], lr)
            for w, gradient in enumerate(d_contexts):
                squares[1][w] = naive.adagrad(contexts[w], gradient, squares[1][w], lr)
                if learn_bias:
                    one = [bias[w]]
                    squares[2][w] = naive.adagrad(one, [d_bias[w]], squares[2][w], lr)
                    bias[w] = one[0]
            loss_sum += loss
            n_pairs += sum(pairs for *_, pairs in examples)
            words = words_after
        losses.append(loss_sum / n_pairs)
    if targets != "corpus":
        assert any(len(set(b.centers.tolist())) < len(b.centers) for b, _ in batches[0])
    run = make_run(corpus, config)
    run.train()
    same(run, centers, contexts, bias, losses)


def batches_of(trainer, epoch):
    """(batch, words of the epoch that are done after it) of each step that will be taken."""
    starts, size = trainer.corpus.sentence_starts, trainer.config.batch_size
    edges = block_edges(starts, 50)
    if trainer.config.targets == "corpus":  # the vocabulary's rows are one block
        edges = edges[[0, -1]]
    assert trainer.n_blocks == len(edges) - 1
    for block in range(trainer.n_blocks):
        rows = trainer.block_rows(epoch, block)
        assert rows.n
        first, last = int(starts[edges[block]]), int(starts[edges[block + 1]])
        for begin in range(0, rows.n, size):
            end = min(begin + size, rows.n)
            yield rows.take(begin, end), first + (last - first) * end // rows.n


def as_dicts(batch):
    """(center, {context: part}, pairs) of each row."""
    found = []
    for r, center in enumerate(batch.centers.tolist()):
        label = {}
        for k in range(batch.starts[r], batch.starts[r + 1]):
            word = int(batch.contexts[k])
            label[word] = label.get(word, 0.0) + float(batch.probs[k])
        found.append((center, label, int(batch.pairs[r])))
    return found


@pytest.mark.parametrize("targets", ["distribution", "split", "corpus"])
def test_the_batches_of_an_epoch_hold_the_windows_counted_by_hand(corpus, small_blocks, targets):
    config = resolve(TrainConfig(**{**OPTIONS, "batch_size": 7}, loss="softmax", targets=targets))
    run = make_run(corpus, config)
    with run.trainer.prepared():
        batches = list(batches_of(run.trainer, 1))
    assert len(batches[0][0].centers) == 7
    assert batches[-1][1] == len(corpus.tokens)
    ends = [words for _, words in batches]
    assert ends == sorted(ends)
    rows = [row for batch, _ in batches for row in as_dicts(batch)]
    windows = []
    edges = block_edges(corpus.sentence_starts, 50).tolist()
    epoch = 0 if targets == "corpus" else 1
    for block in range(len(edges) - 1):
        drawn = drawn_positions(corpus, edges[block], edges[block + 1], 3, epoch, block)
        for kept, reach in drawn:
            for t in range(len(kept)):
                near = range(max(0, t - reach[t]), min(len(kept), t + reach[t] + 1))
                windows.append((kept[t], [kept[s] for s in near if s != t]))
    if targets == "distribution":
        expected = [(c, {w: ws.count(w) / len(ws) for w in ws}, len(ws)) for c, ws in windows]
    elif targets == "split":
        expected = [(c, {w: 1.0}, 1) for c, ws in windows for w in ws]
    else:
        met = {}
        for c, ws in windows:
            met.setdefault(c, []).extend(ws)
        expected = [(c, {w: ws.count(w) / len(ws) for w in ws}, len(ws)) for c, ws in met.items()]
        assert [c for c, *_ in rows] != sorted(met)  # in a random order
        rows.sort(key=lambda row: row[0])
        expected.sort(key=lambda row: row[0])
    assert len(rows) == len(expected)
    for got, wanted in zip(rows, expected, strict=True):
        assert (got[0], got[2]) == (wanted[0], wanted[2])
        assert got[1] == pytest.approx(wanted[1], rel=1e-6)
