import json

import naive as twins
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2v
from w2v.config import TrainConfig, make_config
from w2v.corpus import encode_sentences
from w2v.engines.local import LocalEngine
from w2v.errors import ConfigError, CorpusError
from w2v.held_out import (
    HeldOut,
    NoiseTest,
    Scorer,
    held_out_pairs,
    measure,
    split_corpus,
    unigram_nats,
)
from w2v.losses import LOSSES, get_loss
from w2v.noise import NoiseSampler
from w2v.train.__main__ import main
from w2v.train.api import (
    encode_shards,
    make_run,
    make_trainer,
    resolve,
    train_embeddings,
)
from w2v.train.callbacks import Callback
from w2v.train.loop import Run

OPTIONS = {"vector_size": 8, "window": 2, "min_count": 1, "workers": 1, "epochs": 2, "sample": 0.0}


def sentences(n=400, seed=0):
    rng = np.random.default_rng(seed)
    return [[f"{'ab'[s % 2]}{w}" for w in rng.zipf(1.5, size=6) % 12] for s in range(n)]


@pytest.fixture(scope="module")
def corpus():
    return encode_sentences(sentences(), min_count=1)


def random_model(rng, words=30, size=5, scale=1.0):
    draw = lambda *shape: rng.normal(0, scale, shape).astype(np.float32)  # noqa: E731
    return Scorer(draw(words, size), draw(words, size), draw(words), draw(words))


def random_pairs(rng, words=30, pairs=200):
    centers = np.sort(rng.integers(0, words, pairs))
    contexts = rng.integers(0, words, pairs).astype(np.int32)
    names, sizes = np.unique(centers.astype(np.int32), return_counts=True)
    return centers, HeldOut(names, np.concatenate([[0], np.cumsum(sizes)]), contexts, seed=3)


def naive(model, centers, contexts):
    """-s and ln Z of each pair, in float64, one pair at a time, from the module docstring."""
    u, v, b, z = (np.asarray(array, dtype=np.float64) for array in model[:4])
    raw, log_z = [], []
    for c, w in zip(centers, contexts, strict=True):
        scores = [float(u[c] @ v[x] + b[x] - z[c]) for x in range(len(b))]
        top = max(scores)
        raw.append(-scores[w])
        log_z.append(top + np.log(sum(np.exp(score - top) for score in scores)))
    return np.array(raw), np.array(log_z)


@pytest.mark.parametrize("scale", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("at_once", [1, 4 * 30 * 7, 2**25])
def test_the_measure_is_its_naive_twin(scale, at_once, monkeypatch):
    monkeypatch.setattr("w2v.held_out._SCORES_BYTES", at_once)
    rng = np.random.default_rng(1)
    model = random_model(rng, scale=scale)
    centers, held_out = random_pairs(rng)
    raw, log_z = naive(model, centers, held_out.contexts)
    got = measure(model, held_out)
    close = {"rel": 1e-5, "abs": 1e-5}
    assert got.nats == pytest.approx((raw + log_z).mean(), **close)
    assert got.raw_nats == pytest.approx(raw.mean(), **close)
    assert got.log_z_mean == pytest.approx(log_z.mean(), **close)
    assert got.log_z_sd == pytest.approx(log_z.std(), **close)
    per_center = dict(zip(centers.tolist(), log_z.tolist(), strict=True))
    each_once = np.array(list(per_center.values()))
    assert got.log_z_center_mean == pytest.approx(each_once.mean(), **close)
    assert got.log_z_center_sd == pytest.approx(each_once.std(), **close)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    assert got.log_z_quantiles == pytest.approx(np.quantile(log_z, levels), **close)
    assert (got.pairs, got.centers) == (200, len(each_once))


def test_a_known_distribution_costs_its_entropy():
    # p(w | c) in eighths, each word with exactly the pairs it makes; s = ln p + any constant.
    eighths = np.array([[4, 2, 1, 1], [1, 1, 1, 5], [2, 2, 2, 2], [6, 1, 0, 1]])
    contexts = np.concatenate([np.repeat(np.arange(4), row) for row in eighths]).astype(np.int32)
    held_out = HeldOut(np.arange(4, dtype=np.int32), np.arange(0, 33, 8), contexts, seed=1)
    p = eighths / 8
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(p), -50)
    entropy = -(p * log_p).sum(axis=1).mean()
    for shift in (0.0, 2.5):
        model = Scorer(
            (log_p + shift).astype(np.float32), np.eye(4, dtype=np.float32),
            np.zeros(4, np.float32), np.zeros(4, np.float32),
        )  # fmt: skip
        got = measure(model, held_out)
        assert got.nats == pytest.approx(entropy, abs=1e-6)
        assert got.log_z_mean == pytest.approx(shift, abs=1e-6)
        assert got.raw_nats == pytest.approx(entropy - shift, abs=1e-6)
    # The same constants, learned as normalisers, leave nothing to renormalise.
    learned = model._replace(log_normalisers=np.full(4, 2.5, np.float32))
    assert measure(learned, held_out).raw_nats == pytest.approx(entropy, abs=1e-6)


@given(seed=st.integers(0, 10**6), scale=st.floats(0, 5))
def test_renormalised_nats_are_never_below_the_entropy(seed, scale):
    rng = np.random.default_rng(seed)
    centers, held_out = random_pairs(rng, words=6, pairs=40)
    got = measure(random_model(rng, words=6, scale=scale), held_out)
    entropy = 0.0
    for c in np.unique(centers):
        p = np.bincount(held_out.contexts[centers == c]) / (centers == c).sum()
        entropy -= (centers == c).mean() * (p[p > 0] * np.log(p[p > 0])).sum()
    assert got.nats >= entropy - 1e-6
    assert got.nats == pytest.approx(got.raw_nats + got.log_z_mean, abs=1e-6)


def test_enormous_scores_stay_finite():
    rng = np.random.default_rng(0)
    model = random_model(rng, scale=100.0)
    _, held_out = random_pairs(rng)
    assert np.isfinite(measure(model, held_out).nats)


def test_the_classifier_against_its_naive_twin():
    rng = np.random.default_rng(5)
    model = random_model(rng, words=20)
    centers, held_out = random_pairs(rng, words=20, pairs=4000)
    noise = NoiseTest(NoiseSampler(np.arange(20, 0, -1), 0.75), 3)
    health = measure(model._replace(noise_test=noise), held_out).noise
    scores = model.center_vectors @ model.context_vectors.T + model.offsets
    logits = scores - model.log_normalisers[:, None] - np.log(3 * noise.sampler.probs)
    true_right = (logits[centers, held_out.contexts] > 0).mean()
    assert health.true_accuracy == pytest.approx(true_right, abs=1e-3)
    # Noise is drawn from q: its figures are those of the expectation, up to sampling error.
    expected = ((logits[centers] < 0) * noise.sampler.probs).sum(axis=1).mean()
    assert health.noise_accuracy == pytest.approx(expected, abs=0.015)
    hits = noise.sampler.probs[held_out.contexts].mean()
    assert health.accidental_hits == pytest.approx(hits, abs=0.006)
    both = (health.true_accuracy + 3 * health.noise_accuracy) / 4
    assert health.accuracy == pytest.approx(both)


@pytest.mark.parametrize("name", LOSSES)
def test_the_offset_of_each_loss(corpus, name):
    config = TrainConfig(**OPTIONS, loss=name, negative=3, noise_exponent=0.5)
    model = make_trainer(corpus, resolve(config)).scorer()
    q = np.array(twins.noise_probs(corpus.vocabulary.counts.tolist(), 0.5))
    if CLASSIFIERS.get(name, False):
        assert model.noise_test.num_negatives == 3
        assert model.noise_test.sampler.probs == pytest.approx(q, abs=1e-6)
    if name == "negative-sampling":
        assert model.offsets == pytest.approx(np.log(3 * q), abs=1e-5)
    else:  # starts normalised, with ln p(w) as its bias
        p = corpus.vocabulary.counts / corpus.vocabulary.counts.sum()
        assert model.offsets == pytest.approx(np.log(p), rel=1e-5)


@pytest.mark.parametrize("name", [name for name in LOSSES if get_loss(name).family == "sampled"])
def test_rounds_give_the_scorer_of_the_same_loss(corpus, name, tmp_path):
    """Negative sampling's ln(K q) too: without it, half a model would be measured."""
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences()))
    options = {**OPTIONS, "loss": name, "shards": 2, "deterministic": True}
    engine = LocalEngine(1)
    config = resolve(TrainConfig(**options))
    shards = encode_shards(engine, [path], config, Callback())
    run = Run(make_trainer(shards, config, engine))
    run.train()
    engine.close()
    trainer = make_trainer(corpus, config)  # with the parameters that rounds have trained
    assert corpus.vocabulary.words == shards.vocabulary.words
    for part, array in trainer.parameters().items():
        array[...] = run.trainer.parameters()[part]
    got, expected = run.scorer(), trainer.scorer()
    assert got.offsets.any()
    for mine, theirs in zip(got[:4], expected[:4], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert (got.noise_test is not None) == CLASSIFIERS.get(name, True)
    held_out = held_out_pairs(corpus, config)
    assert measure(got, held_out).nats < unigram_nats(corpus, config, held_out)


def test_a_learned_normaliser_belongs_to_the_model(corpus):
    config = resolve(TrainConfig(**OPTIONS, loss="nce", learn_normaliser=True))
    run = make_run(corpus, config)
    run.trainer.model.parameters.log_normalisers[:] = 1.5
    held_out = held_out_pairs(corpus, config)
    assert measure(run.scorer(), held_out).log_z_mean == pytest.approx(-1.5, abs=1e-3)


@pytest.mark.parametrize("name", LOSSES)
def test_a_saved_file_holds_the_whole_model(corpus, tmp_path, name):
    """The file's vectors and bias give the scores of the run."""
    config = resolve(TrainConfig(**OPTIONS, loss=name))
    run = make_run(corpus, config)
    run.train()
    held_out = held_out_pairs(corpus, config)
    run.embeddings().save(tmp_path / "v.safetensors")
    wv = w2v.load(tmp_path / "v.safetensors")
    offsets = wv.output_bias
    if name == "negative-sampling":  # its scores are ln p / (K q)
        assert offsets is None
        offsets = np.log(5 * NoiseSampler(wv.counts, 0.75).probs).astype(np.float32)
    zeros = np.zeros(len(wv), np.float32)
    got = measure(Scorer(wv.vectors, wv.context_vectors, offsets, zeros), held_out)
    assert got.nats == pytest.approx(measure(run.scorer(), held_out).nats, abs=1e-6)
    assert got.raw_nats == pytest.approx(measure(run.scorer(), held_out).raw_nats, abs=1e-6)


CLASSIFIERS = {"negative-sampling": True, "nce": True, "sampled-softmax": False, "softmax": False}


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_learns_to_predict_held_out_pairs(corpus, name):
    train, rest = split_corpus(corpus, 0.2, 1)
    config = TrainConfig(**OPTIONS)
    held_out = held_out_pairs(rest, config)
    baseline = unigram_nats(corpus, config, held_out)
    run = make_run(train, resolve(TrainConfig(**{**OPTIONS, "epochs": 30}, loss=name)))
    run.train()
    got = measure(run.scorer(), held_out)
    assert got.nats < baseline - 0.2
    if name in CLASSIFIERS:
        assert (got.noise is not None) == CLASSIFIERS[name]


def test_the_unigram_baseline_by_hand():
    corpus = encode_sentences([["a", "b", "a", "a"]] * 10, min_count=1)
    held_out = HeldOut(np.array([0]), np.array([0, 2]), np.array([0, 1]), seed=1)
    got = unigram_nats(corpus, TrainConfig(sample=0), held_out)
    assert got == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
    got = unigram_nats(corpus, TrainConfig(sample=0.1), held_out)
    weights = [n * twins.keep_prob(n, 40, 0.1) for n in (30, 10)]
    assert got == pytest.approx(np.log(sum(weights)) - np.log(weights).mean())


# --- held-out pairs -----------------------------------------------------------------------------


@given(n=st.integers(2, 40), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 100))
def test_a_split_is_a_partition_by_sentences(n, fraction, seed):
    text = [[f"w{s}", *["x"] * (s % 3), "y"] for s in range(n)]
    corpus = encode_sentences(text, min_count=1)
    parts = split_corpus(corpus, fraction, seed)
    words = corpus.vocabulary.words
    found = [[[words[i] for i in s] for s in part.sentences()] for part in parts]
    for part in found:
        assert part == [s for s in text if s in part]  # whole, and in order
    assert sorted(found[0] + found[1]) == sorted(text)
    assert len(found[1]) == min(max(1, round(fraction * n)), n - 1)
    for part in parts:
        assert part.vocabulary is corpus.vocabulary


def test_a_split_follows_from_its_seed(corpus):
    first, again, other = (split_corpus(corpus, 0.1, seed)[1] for seed in (1, 1, 2))
    assert first.tokens.tobytes() == again.tokens.tobytes()
    assert first.tokens.tobytes() != other.tokens.tobytes()


def test_what_cannot_be_split():
    one = encode_sentences([["a", "b"]], min_count=1)
    with pytest.raises(CorpusError, match="needs at least 2 sentences"):
        split_corpus(one, 0.5, 1)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        split_corpus(one, 1.0, 1)
    lonely = encode_sentences([["a"], ["b"]], min_count=1)
    with pytest.raises(CorpusError, match="no pair of words among them"):
        held_out_pairs(lonely, TrainConfig(**OPTIONS))


def test_all_pairs_without_shrinking_by_hand():
    corpus = encode_sentences([["a", "b", "c"], ["b", "a"]], min_count=1)
    config = TrainConfig(**OPTIONS, distance_weights="flat")
    got = held_out_pairs(corpus, config)
    words = corpus.vocabulary.words
    centers = np.repeat(got.centers, np.diff(got.starts))
    pairs = sorted(words[c] + words[w] for c, w in zip(centers, got.contexts, strict=True))
    assert pairs == ["ab", "ab", "ac", "ba", "ba", "bc", "ca", "cb"]


def test_pairs_are_kept_as_often_as_they_weigh():
    """By the distance of the pair, which the words tell; with and without a limit."""
    words = [f"w{n:02}" for n in range(40)]
    corpus = encode_sentences([words] * 500, min_count=1)
    place = [words.index(word) for word in corpus.vocabulary.words]
    config = TrainConfig(
        **{**OPTIONS, "sample": 0, "window": (4, 2), "distance_weights": "harmonic"}
    )
    everything = held_out_pairs(corpus, config)
    for got in (everything, held_out_pairs(corpus, config, len(everything.contexts) // 2)):
        centers = np.repeat(got.centers, np.diff(got.starts))
        offsets = [place[w] - place[c] for c, w in zip(centers, got.contexts, strict=True)]
        counts = np.array([offsets.count(offset) for offset in (-4, -3, -2, -1, 1, 2)])
        assert counts.sum() == len(offsets)
        n_pairs = np.array([36, 37, 38, 39, 39, 38]) * 500
        probs = np.array([1 / 4, 1 / 3, 1 / 2, 1, 1, 1 / 2])
        if len(offsets) < len(everything.contexts):
            probs = probs / 2
        spread = np.sqrt(n_pairs * np.maximum(probs * (1 - probs), 1e-12)) + 1e-9
        assert (np.abs(counts - n_pairs * probs) / spread).max() < 4


def test_a_sample_of_the_pairs_is_even(monkeypatch):
    text = sentences()
    corpus = encode_sentences(text[::2] + text[1::2], min_count=1)  # other words in either half
    # Small blocks, so that pairs of many blocks compete.
    blocks = lambda starts: np.arange(0, len(starts), 10)  # noqa: E731
    monkeypatch.setattr("w2v.held_out.block_edges", blocks)
    config = TrainConfig(**OPTIONS)
    everything = held_out_pairs(corpus, config)
    total = len(everything.contexts)
    some = held_out_pairs(corpus, config, total // 2)
    assert len(some.contexts) == total // 2
    size = len(corpus.vocabulary)
    of_all = np.bincount(everything.contexts, minlength=size) / total
    of_some = np.bincount(some.contexts, minlength=size) / (total // 2)
    assert np.abs(of_all - of_some).max() < 0.03
    assert held_out_pairs(corpus, config, 10**6).contexts.tolist() == everything.contexts.tolist()


def test_the_pairs_do_not_depend_on_the_loss(corpus):
    drawn = [held_out_pairs(corpus, TrainConfig(**OPTIONS, loss=name), 100) for name in LOSSES]
    for other in drawn[1:]:
        for a, b in zip(drawn[0], other, strict=True):
            assert np.array_equal(a, b)


# --- validation ---------------------------------------------------------------------------------


class Listening(Callback):
    def __init__(self):
        self.heard = []

    def on_validation(self, epoch, loss, best):
        self.heard.append((epoch, loss, best))


@pytest.mark.parametrize("loss", list(LOSSES))
def test_validation_hears_every_epoch_and_changes_nothing(corpus, loss):
    config = TrainConfig(**{**OPTIONS, "epochs": 3}, loss=loss, validate=0.1)
    listening = Listening()
    wv = train_embeddings(corpus, config, callbacks=[listening])
    record = json.loads(wv.metadata["training"])
    nats = record["validation"]["epoch_nats"]
    assert [nats for _, nats, _ in listening.heard] == nats
    assert [epoch for epoch, _, _ in listening.heard] == [1, 2, 3]
    assert record["validation"]["epoch_of_vectors"] == record["epochs_trained"] == 3
    train, _ = split_corpus(corpus, 0.1, config.seed)
    assert record["words_trained"] == 3 * len(train.tokens)
    plain = train_embeddings(train, TrainConfig(**{**OPTIONS, "epochs": 3}, loss=loss))
    assert wv.vectors.tobytes() == plain.vectors.tobytes()


@pytest.mark.parametrize("loss", ["negative-sampling", "softmax"])
def test_patience_stops_and_returns_the_best_epoch(corpus, loss, monkeypatch):
    seen = []
    curve = iter([5.0, 4.0, 4.5, 4.2, 3.0])

    def scripted(scorer, held_out, with_noise):
        seen.append(scorer.center_vectors.copy())
        return type("M", (), {"nats": next(curve)})

    monkeypatch.setattr("w2v.train.validation.measure", scripted)
    listening = Listening()
    config = TrainConfig(**{**OPTIONS, "epochs": 5}, loss=loss, validate=0.1, patience=2)
    wv = train_embeddings(corpus, config, callbacks=[listening])
    record = json.loads(wv.metadata["training"])
    assert [best for _, _, best in listening.heard] == [True, True, False, False]
    assert record["validation"]["best_epoch"] == record["validation"]["epoch_of_vectors"] == 2
    assert record["epochs_trained"] == 4
    assert record["words_after_subsampling"] == record["words_trained"]  # sample = 0
    assert wv.vectors.tobytes() == seen[1].tobytes()
    assert wv.vectors.tobytes() != seen[3].tobytes()


def test_with_patience_the_best_epoch_is_kept_to_the_end(corpus, monkeypatch):
    seen = []
    curve = iter([5.0, 4.0, 4.5])

    def scripted(scorer, held_out, with_noise):
        seen.append(scorer.center_vectors.copy())
        return type("M", (), {"nats": next(curve)})

    monkeypatch.setattr("w2v.train.validation.measure", scripted)
    config = TrainConfig(**{**OPTIONS, "epochs": 3}, validate=0.1, patience=2)
    wv = train_embeddings(corpus, config)
    assert json.loads(wv.metadata["training"])["epochs_trained"] == 3
    assert wv.vectors.tobytes() == seen[1].tobytes()


def test_wrong_validation_options_are_refused():
    with pytest.raises(ConfigError, match="patience: needs validate"):
        make_config({"patience": 2})
    with pytest.raises(ConfigError, match=r"validate: expected 0 to 0\.5, got 0\.7"):
        make_config({"validate": 0.7})


@pytest.mark.parametrize("part", ["10%", "0.1"])
def test_the_command_shows_the_curve(write, tmp_path, capsys, part):
    path = write("corpus.txt", "\n".join(" ".join(s) for s in sentences()))
    output = str(tmp_path / "v.safetensors")
    options = ["--min-count", "1", "--vector-size", "8", "--epochs", "3", "--workers", "1"]
    arguments = [str(path), "-o", output, *options, "--validate", part, "--patience", "1"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    assert "epoch 1: held-out loss" in err
    assert "(lowest so far)" in err
    assert "held out  " in out


def test_a_wrong_part_is_one_line(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["corpus.txt", "--validate", "one%"])
    assert exit_.value.code == 2
    assert "--validate" in capsys.readouterr().err
