"""What a comparison trains, and that it treats all losses alike."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager

import numpy as np
import pytest
from comparisons import ALL, ONE, OPTIONS, QUICK, VARIANTS, read

from w2v.compare import runs
from w2v.compare.__main__ import main, parse_variant
from w2v.config import MAX_EPOCHS, TrainConfig
from w2v.corpus import encode_sentences, read_corpus
from w2v.corpus.blocks import block_edges
from w2v.embeddings import Embeddings
from w2v.held_out import held_out_pairs, measure, split_corpus
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics.jit import read_only
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.api import make_run, make_trainer, resolve
from w2v.train.sampled import SampledTrainer
from w2v.train.trainer import Preparation


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_registered_loss_is_judged_as_it_was_trained(document, folder, variant):
    """The record's figures are those of a run made by hand on the same split."""
    options = {**OPTIONS, "epochs": 2, **parse_variant(variant).options}
    first = resolve(TrainConfig(**options, seed=1))
    train, rest = split_corpus(read_corpus([folder / "corpus.txt"], min_count=1), 0.05, 1)
    held_out = held_out_pairs(rest, first)
    for seed in (1, 2):
        (record,) = (
            r for r in document["runs"] if (r["variant"], r["seed"]) == (variant, seed)
        )  # fmt: skip
        run = make_run(train, resolve(TrainConfig(**options, seed=seed)))
        run.train()
        measured = measure(run.scorer(), held_out)
        for name in ("nats", "raw_nats", "log_z_mean", "log_z_sd"):
            assert record["measure"][name] == pytest.approx(getattr(measured, name), rel=1e-6)
        assert record["epochs"] == 2
        assert [point["epoch"] for point in record["curve"]] == [1, 2]
        assert record["curve"][-1]["nats"] == pytest.approx(measured.nats, rel=1e-6)
        assert record["curve"][-1]["training_loss"] == pytest.approx(run.epoch_losses[-1])
        assert 0 < record["curve"][0]["seconds"] < record["curve"][1]["seconds"]
        assert record["million_words_per_second"] == pytest.approx(
            2 * len(train.tokens) / record["seconds"] / 1e6
        )
        assert 0 <= record["analogies"] <= 1
        assert -1 <= record["similarity"] <= 1
        # NCE and negative sampling train a classifier; its health is told.
        noise = record["measure"]["noise"]
        assert (noise is not None) == getattr(run.trainer.loss, "is_classifier", False)
        if noise:
            assert set(noise) == {"accuracy", "true_accuracy", "noise_accuracy", "accidental_hits"}


def test_renormalised_and_raw_nats_differ_by_ln_z(document):
    for run in document["runs"]:
        measure = run["measure"]
        renormalised = measure["raw_nats"] + measure["log_z_mean"]
        assert measure["nats"] == pytest.approx(renormalised, abs=1e-6)


def test_negative_sampling_starts_from_its_noise(here):
    """With vectors that are still near 0, the score e^s K q(w) is K q(w), and so ln Z = ln K."""
    assert main(["corpus.txt", *ONE, "--lr", "1e-9", "--min-lr", "0", "--seeds", "1"]) == 0
    (run,) = read(here / "comparison")["runs"]
    assert run["measure"]["log_z_mean"] == pytest.approx(math.log(5), abs=1e-4)
    corpus = read_corpus(["corpus.txt"], min_count=1)
    q = NoiseSampler(corpus.vocabulary.counts, 0.75).probs
    _, rest = split_corpus(corpus, 0.05, 1)
    held_out = held_out_pairs(rest, TrainConfig(**OPTIONS))
    assert run["measure"]["nats"] == pytest.approx(-np.log(q)[held_out.contexts].mean(), abs=1e-4)


def test_the_document_says_what_was_done(document):
    plan = document["plan"]
    assert plan["losses"] == VARIANTS
    assert plan["seeds"] == [1, 2]
    assert plan["own_options"]["softmax:split"]["targets"] == "split"
    assert plan["own_options"]["nce:learn-normaliser"]["learn_normaliser"] is True
    assert plan["options"]["vector_size"] == 8
    for run in document["runs"]:
        loss = get_loss(run["variant"].partition(":")[0])
        targets = plan["own_options"][run["variant"]]["targets"]
        assert run["lr"] == loss.targets[targets].lr
    for part in ("names", "unigram_nats", "held_out_pairs", "trained_on", "vocabulary"):
        assert part in document["corpus"]
    assert {"processor", "python", "numpy", "numba", "date"} <= document["environment"].keys()


def settled(request, document, corpus, evaluation):
    """In place of a forecast, which trains a little."""
    document["epochs"] = document["plan"]["epochs"]
    return runs.Forecast(0, 0.0, {})


def test_all_variants_of_a_seed_start_from_the_same_vectors_and_text(here, monkeypatch):
    real, made = runs.make_run, []

    def spy(corpus, config, callbacks):
        run = real(corpus, config, callbacks)
        centers, contexts, _ = run.trainer.vectors()
        made.append((config.seed, centers.tobytes(), contexts.any(), corpus))
        return run

    monkeypatch.setattr(runs, "make_run", spy)
    monkeypatch.setattr(runs, "forecast", settled)
    assert main(["corpus.txt", *ALL, "--no-report"]) == 0
    assert [seed for seed, *_ in made] == [1] * len(VARIANTS) + [2] * len(VARIANTS)
    starts = {seed: {centers for s, centers, *_ in made if s == seed} for seed in (1, 2)}
    assert len(starts[1]) == len(starts[2]) == 1
    assert starts[1] != starts[2]
    assert not any(contexts for _, _, contexts, _ in made)
    assert len({id(corpus) for *_, corpus in made}) == 1


def drawn_by_the_kernel(run, epoch, block):
    """The pairs that a sampled loss trains on, seen in what one slow pass does to the vectors.

    Center vectors are the unit vectors, and the noise is always the last word: a context word's
    vector then gets an entry for each center word that it was paired with.
    """
    size = len(run.corpus.vocabulary)
    model, last = run.model.parameters, size - 1
    model.center_vectors[...] = np.eye(*model.center_vectors.shape, dtype=np.float32)
    model.context_vectors[...] = 0
    always = NoiseSampler(np.where(np.arange(size) == last, 1000, 1), 10.0)
    _, pairs, words = run.kernels.block(
        model, run.make_scratch(), read_only(run.corpus.tokens),
        read_only(run.corpus.sentence_starts), run.edges[block], run.edges[block + 1],
        read_only(run.model.thresholds), read_only(always.table), run.config.window, True,
        np.float32(1e-3),
        stream_key(run.config.seed, STREAM_PAIRS, epoch, block),
        stream_key(run.config.seed, STREAM_NOISE, epoch, block),
    )  # fmt: skip
    seen = {frozenset(pair) for pair in np.argwhere(np.abs(model.context_vectors[:last]) > 1e-5)}
    return {pair for pair in seen if last not in pair}, pairs, words


def test_all_losses_draw_the_same_pairs():
    """Which two words meet, and how often; which of them is the center is not compared."""
    rng = np.random.default_rng(5)
    sentences = [[f"w{w}" for w in rng.zipf(1.3, 7) % 55] for _ in range(60)]
    corpus = encode_sentences(sentences, min_count=1)
    options = {**OPTIONS, "vector_size": 56, "negative": 1, "sample": 0.02, "epochs": 2}
    edges = block_edges(corpus.sentence_starts, block_words=200)
    drawn = {}
    for name in LOSSES:
        run = make_trainer(corpus, resolve(TrainConfig(**options, loss=name)))
        run.edges = edges
        for epoch, block in ((0, 0), (0, 1), (1, 0)):
            if isinstance(run.loss, SampledLoss):
                got = drawn_by_the_kernel(run, epoch, block)
            else:
                windows = run.windows(epoch, block)
                centers = np.repeat(windows.centers, windows.sizes)
                pairs = zip(centers.tolist(), windows.contexts.tolist(), strict=True)
                last = len(corpus.vocabulary) - 1
                got = (
                    {frozenset(pair) for pair in pairs if last not in pair},
                    len(windows.contexts),
                    windows.words,
                )
            drawn.setdefault((epoch, block), []).append(got)
    for got in drawn.values():
        assert len(got[0][0]) > 50
        assert all(each == got[0] for each in got)
    assert len({len(got[0][0]) for got in drawn.values()}) > 1


def test_a_budget_of_seconds(here, monkeypatch):
    forecast = {"negative-sampling": 0.5, "softmax": 2.0, "nce": 100.0}
    monkeypatch.setattr(runs, "epoch_seconds", lambda corpus, config: forecast[config.loss])
    arguments = ["corpus.txt", *QUICK[:-1], "--seconds", "4", "--seeds", "2", "--losses", *forecast]
    assert main([*arguments, "--no-report"]) == 0
    document = read(here / "comparison")
    assert document["epochs"] == {"negative-sampling": 8, "softmax": 2, "nce": 1}
    for run in document["runs"]:
        assert run["epochs"] == len(run["curve"]) == document["epochs"][run["variant"]]
    assert document["plan"]["epochs"] is None
    # A continued comparison trains the same epochs, whatever it would forecast now.
    path = here / "comparison" / "results.json"
    path.write_text(json.dumps(document | {"runs": document["runs"][:-1]}))
    forecast["nce"] = 0.1
    assert main([*arguments, "--no-report"]) == 0
    assert read(here / "comparison")["runs"][-1]["epochs"] == 1


@pytest.mark.parametrize(
    ("one_epoch", "budget", "epochs"),
    [
        (0.5, 4.0, 8),
        (0.5, 4.2, 8),
        (2.0, 3.1, 2),
        (2.0, 1e-9, 1),  # at least one
        (1e-9, 4.0, MAX_EPOCHS),
        (0.0, 4.0, 1),  # nothing to go by
    ],
)
def test_as_many_epochs_as_fit_by_forecast(one_epoch, budget, epochs):
    assert runs.epochs_within(budget, one_epoch) == epochs


def test_an_epoch_is_forecast_by_the_run(here, monkeypatch):
    forecasts = []

    @contextmanager
    def prepared(trainer):
        forecasts.append(trainer.config.epochs)
        yield Preparation(0.75)

    corpus = read_corpus(["corpus.txt"], min_count=1)
    config = resolve(TrainConfig(**OPTIONS, epochs=7))
    monkeypatch.setattr(type(make_trainer(corpus, config)), "prepared", prepared)
    assert runs.epoch_seconds(corpus, config) == 0.75
    assert forecasts == [1]  # of one epoch, whatever the config asks for


def test_few_of_many_epochs_are_evaluated():
    for epochs in (1, 2, 49, 50):
        assert runs.evaluated_epochs(epochs) == set(range(1, epochs + 1))
    for epochs in (51, 1000, 10**6):
        evaluated = runs.evaluated_epochs(epochs)
        assert len(evaluated) == runs.MAX_POINTS
        assert {1, epochs} <= evaluated <= set(range(1, epochs + 1))


def test_a_long_run_has_a_short_curve(here, monkeypatch):
    monkeypatch.setattr(runs, "MAX_POINTS", 3)
    assert main(["corpus.txt", *ONE, "--epochs", "9", "--seeds", "1"]) == 0
    (run,) = read(here / "comparison")["runs"]
    assert [point["epoch"] for point in run["curve"]] == [1, 5, 9]
    assert run["epochs"] == 9


def test_a_loss_that_diverges_is_recorded_and_the_others_continue(here, capsys):
    arguments = ["corpus.txt", *QUICK, "3", "--seeds", "2", "--lr", "30"]
    # At this rate the sampled losses overflow; full softmax's AdaGrad bounds its steps.
    assert main([*arguments, "--losses", "nce", "softmax:split"]) == 0
    document = read(here / "comparison")
    failed = {run["variant"]: run.get("error") for run in document["runs"]}
    assert "the loss diverged" in failed["nce"]
    assert failed["softmax:split"] is None
    assert len(document["runs"]) == 4
    out, err = capsys.readouterr()
    assert "nce, seed 1: epoch 1, block 1 of 1: the loss diverged" in out
    assert "run 1 of 4: nce, seed 1: epoch 1" in err
    report = (here / "comparison" / "report.html").read_text(encoding="utf-8")
    assert "Failed: nce, seed 1: epoch 1, block 1 of 1" in report
    # If nothing at all could be trained, the command failed.
    assert main([*arguments, "--losses", "nce", "-o", "none"]) == 1
    assert "No loss could be trained" in (here / "none" / "report.html").read_text()


def test_a_loss_that_diverges_in_its_last_step_is_recorded(here, monkeypatch):
    """The loss of a step is from before its update."""
    real = SampledTrainer.train_epoch

    def poisoned(self, state, schedule, watch):
        real(self, state, schedule, watch)
        if self.loss.name == "nce" and state.position.epoch == 1:
            self.model.parameters.center_vectors[1] = np.inf

    monkeypatch.setattr(SampledTrainer, "train_epoch", poisoned)
    arguments = ["corpus.txt", *QUICK, "2", "--seeds", "2", "--losses", "nce", "softmax:split"]
    assert main([*arguments, "--no-report"]) == 0
    errors = {run["variant"]: run.get("error", "") for run in read(here / "comparison")["runs"]}
    assert errors["nce"].startswith("epoch 2: row 2 of center_vectors, ")
    assert errors["nce"].endswith(" is not finite; lower --lr")
    assert errors["softmax:split"] == ""
    assert main([*arguments, "--no-report"]) == 0


def test_a_held_out_loss_that_is_not_finite_is_a_failure(here, monkeypatch):
    real = runs.measure

    def broken(scorer, held_out, **options):
        return runs.dataclasses.replace(real(scorer, held_out, **options), nats=math.nan)

    monkeypatch.setattr(runs, "measure", broken)
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 1
    (run,) = read(here / "comparison")["runs"]
    assert run["error"] == "epoch 1: the held-out loss is nan; try a lower --lr"


def test_the_neighbours_of_frequent_words_are_those_of_the_naive_twin(monkeypatch):
    monkeypatch.setattr(runs, "OVERLAP_WORDS", 7)
    monkeypatch.setattr(runs, "OVERLAP_NEIGHBOURS", 3)
    units = np.random.default_rng(0).normal(size=(20, 4))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    found = runs.frequent_neighbours(Embeddings([f"w{k}" for k in range(20)], units))
    assert len(found) == 7
    for word, got in enumerate(found):
        others = [other for other in range(20) if other != word]
        assert got == sorted(others, key=lambda w: -(units[w] @ units[word]))[:3]
    few = Embeddings(["a", "b", "c"], units[:3])
    assert [sorted(near) for near in runs.frequent_neighbours(few)] == [[1, 2], [0, 2], [0, 1]]
