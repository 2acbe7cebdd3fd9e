"""The comparison of losses: its command, plan, runs, results and report."""

import copy
import html.parser
import json
import math
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest

from w2v.compare import __main__ as compare
from w2v.compare import results, runs
from w2v.compare.__main__ import main, parse_variant
from w2v.compare.report import page
from w2v.config import MAX_EPOCHS, TrainConfig
from w2v.corpus import encode_sentences, read_corpus
from w2v.corpus.blocks import block_edges
from w2v.errors import ConfigError, W2VError
from w2v.held_out import held_out_pairs, judge, split_corpus
from w2v.losses import LOSSES
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.api import make_run, resolve

QUICK = [
    "--min-count", "1", "--vector-size", "8", "--sample", "0", "--window", "2", "--workers", "1",
    "--epochs",
]  # fmt: skip
OPTIONS = {"min_count": 1, "vector_size": 8, "sample": 0, "window": 2, "workers": 1}
VARIANTS = [*LOSSES, "softmax:split", "nce:learn-normaliser"]
ALL = [*QUICK, "2", "--seeds", "2", "--losses", *VARIANTS]
ONE = [*QUICK, "2", "--losses", "negative-sampling", "--no-report"]


def text(sentences=300, seed=0):
    rng = np.random.default_rng(seed)
    lines = (
        " ".join(f"{'ab'[s % 2]}{w}" for w in rng.zipf(1.5, size=6) % 12) for s in range(sentences)
    )
    return "\n".join(lines) + "\n"


ANALOGIES = ": letters\na1 b1 a2 b2\na2 b2 a3 b3\na1 b1 a3 b3\n"
SIMILARITY = "a1\ta2\t9\na1\tb1\t1\na2\ta3\t8\nb1\tb2\t7\na3\tb2\t2\n"


@pytest.fixture
def here(tmp_path, monkeypatch, write):
    """A folder with a corpus, and the working directory."""
    write("corpus.txt", text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished comparison of every loss, with questions: (its folder, what was printed)."""
    place = tmp_path_factory.mktemp("compared")
    for name, content in (
        ("corpus.txt", text()), ("analogies.txt", ANALOGIES), ("similarity.tsv", SIMILARITY),
    ):  # fmt: skip
        (place / name).write_text(content, encoding="utf-8")
    questions = [
        "--analogies", str(place / "analogies.txt"), "--similarity", str(place / "similarity.tsv")
    ]  # fmt: skip
    assert main([str(place / "corpus.txt"), *ALL, *questions, "-o", str(place / "out")]) == 0
    return place


@pytest.fixture(scope="module")
def document(folder):
    return results.read(folder / "out" / "results.json")


def read(path):
    return json.loads((path / "results.json").read_text(encoding="utf-8"))


def without_times(document):
    """What must be the same each time: everything but clocks and dates."""
    kept = copy.deepcopy(document)
    del kept["environment"]
    for run in kept["runs"]:
        for record in (run, *run.get("curve", ())):
            record.pop("seconds", None)
            record.pop("million_words_per_second", None)
    return kept


# --- the choice of losses -----------------------------------------------------------------------


def test_variants():
    for name in LOSSES:
        assert parse_variant(name) == (name, {"loss": name})
    assert parse_variant("softmax:split").options == {"loss": "softmax", "targets": "split"}
    assert parse_variant("nce:learn-normaliser").options == {
        "loss": "nce", "learn_normaliser": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ncee", r"expected one of .*, got 'ncee' \(did you mean nce\?\)"),
        ("softmax:", "expected softmax: and one of distribution, split, corpus, learn-normaliser"),
        ("softmax:splot", "got 'softmax:splot'"),
        ("", "expected one of"),
    ],
)
def test_wrong_variants(name, expected):
    with pytest.raises(ConfigError, match=expected):
        parse_variant(name)


# --- the results --------------------------------------------------------------------------------


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
        run.run(runs.Observer())
        measure = judge(run, held_out)
        for name in ("nats", "raw_nats", "log_z_mean", "log_z_sd"):
            assert record["measure"][name] == pytest.approx(getattr(measure, name), rel=1e-6)
        assert record["epochs"] == 2
        assert [point["epoch"] for point in record["curve"]] == [1, 2]
        assert record["curve"][-1]["nats"] == pytest.approx(measure.nats, rel=1e-6)
        assert record["curve"][-1]["training_loss"] == pytest.approx(run.epoch_losses[-1])
        assert 0 < record["curve"][0]["seconds"] < record["curve"][1]["seconds"]
        assert record["million_words_per_second"] == pytest.approx(
            2 * len(train.tokens) / record["seconds"] / 1e6
        )
        assert 0 <= record["analogies"] <= 1
        assert -1 <= record["similarity"] <= 1
        # NCE and negative sampling train a classifier; its health is told.
        noise = record["measure"]["noise"]
        assert (noise is not None) == getattr(run.loss, "is_classifier", False)
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
    for part in ("names", "unigram_nats", "held_out_pairs", "trained_on", "vocabulary"):
        assert part in document["corpus"]
    assert {"processor", "python", "numpy", "numba", "date"} <= document["environment"].keys()


def test_the_table(document):
    text = results.table(document)
    lines = text.splitlines()
    assert lines[0].split() == VARIANTS
    titles = [line.split("  ")[0] for line in lines[1 : lines.index("")]]
    assert titles == [column.title for column in results.COLUMNS]
    for i, variant in enumerate(VARIANTS):
        nats = [r["measure"]["nats"] for r in document["runs"] if r["variant"] == variant]
        mean, half = statistics.mean(nats), 12.706 * statistics.stdev(nats) / math.sqrt(2)
        cells = re.split("  +", lines[1])
        assert cells[1 + i] == f"{mean:.4f} ± {half:.4f}"
    assert "95% interval over 2 seeds" in text
    assert "e^s K q(w)" in text
    assert f"{document['corpus']['unigram_nats']:.4f}" in text
    assert f"lowest held-out loss: {results.verdict(document).best}, by " in text


@pytest.mark.parametrize(
    ("values", "mean", "half_width"),
    [
        # By hand: t(0.975, n - 1) * s / sqrt(n), t from a printed table.
        ([1.0, 2.0, 3.0], 2.0, 4.303 * 1.0 / math.sqrt(3)),
        ([0.0, 1.0], 0.5, 12.706 * math.sqrt(0.5) / math.sqrt(2)),
        ([2.0, 4.0, 4.0, 4.0, 6.0], 4.0, 2.776 * math.sqrt(2) / math.sqrt(5)),
        ([7.0], 7.0, None),
        ([3.0, 3.0], 3.0, 0.0),
    ],
)
def test_confidence_intervals_by_hand(values, mean, half_width):
    got = results.estimate(values)
    assert (got.mean, got.n) == (mean, len(values))
    assert got.half_width == (None if half_width is None else pytest.approx(half_width, abs=1e-12))


def test_students_t():
    printed = {1: 12.706, 4: 2.776, 10: 2.228, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980}
    for degrees, value in printed.items():
        assert results.t_975(degrees) == pytest.approx(value, abs=6e-4)
    falling = [results.t_975(n) for n in range(1, 200)]
    assert falling == sorted(falling, reverse=True)
    assert results.estimate([]) is None


def made_up(nats, seeds=(1, 2, 3)):
    """A document with these held-out nats: variant -> one for each seed (None: it failed)."""
    runs = []
    for variant, each in nats.items():
        for seed, value in zip(seeds, each, strict=True):
            run = {"variant": variant, "seed": seed}
            runs.append(
                run | ({"error": "diverged"} if value is None else {"measure": {"nats": value}})
            )
    plan = {"losses": list(nats), "seeds": list(seeds)}
    return {"plan": plan, "runs": runs, "corpus": {"unigram_nats": 9.0}}


def test_the_verdict_compares_runs_of_the_same_seed():
    # The seeds differ far more than the losses do, but each seed tells the same of the losses.
    found = results.verdict(made_up({"a": [5.0, 6.0, 7.0], "b": [4.9, 5.8, 6.9], "c": [8, 8, 8]}))
    assert (found.best, found.second) == ("b", "a")
    assert found.nats.mean == pytest.approx(17.6 / 3)
    lead = results.estimate([0.1, 0.2, 0.1])
    assert found.lead == pytest.approx(lead)
    assert found.is_clear is False  # 0.133 ± 0.143
    assert results.verdict(made_up({"a": [1.0, 1.0, 1.0], "b": [1.1, 1.2, 1.15]})).is_clear is True
    assert results.verdict(made_up({"a": [1.0, 1.0, 1.0], "b": [0.5, 2.0, 0.9]})).is_clear is False
    one = made_up({"a": [1.0], "b": [1.5]}, seeds=(1,))
    assert results.verdict(one).is_clear is None
    assert "within chance" in results.table(made_up({"a": [1.0, 1.0, 1.0], "b": [0.5, 2.0, 0.9]}))


def test_the_verdict_leaves_failed_runs_out():
    found = results.verdict(made_up({"a": [None, 6.0, 7.0], "b": [4.9, 5.8, None]}))
    assert (found.best, found.lead.n) == ("b", 1)
    assert found.lead.mean == pytest.approx(0.2)
    alone = results.verdict(made_up({"a": [1.0, 1.0, 1.0], "b": [None] * 3}))
    assert (alone.best, alone.second, alone.lead) == ("a", None, None)
    assert results.verdict(made_up({"a": [None] * 3})) is None


def test_overlap_by_hand():
    runs = [
        {"variant": "a", "seed": 1, "neighbours": [[1, 2], [0, 2]]},
        {"variant": "a", "seed": 2, "neighbours": [[1, 3], [0, 2]]},
        {"variant": "b", "seed": 1, "neighbours": [[3, 4], [3, 4]]},
        {"variant": "b", "seed": 2, "neighbours": [[3, 4], [0, 4]]},
    ]
    plan = {"losses": ["a", "b"], "seeds": [1, 2]}
    # Runs of different seeds: a1-a2 3/4; a1-b2 1/4 and a2-b1 1/4; b1-b2 3/4.
    matrix = results.overlap_matrix({"plan": plan, "runs": runs})
    assert matrix == [[0.75, 0.25], [0.25, 0.75]]
    one = {"plan": {"losses": ["a", "b"], "seeds": [1]}, "runs": [runs[0], runs[2]]}
    assert results.overlap_matrix(one) == [[None, 0.0], [0.0, None]]


def test_nearest_is_its_naive_twin():
    rng = np.random.default_rng(0)
    units = rng.normal(size=(20, 4))
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    for word, got in enumerate(results.nearest(units, 7, 3)):
        others = sorted(
            (w for w in range(20) if w != word), key=lambda w: -(units[w] @ units[word])
        )
        assert got == sorted(others[:3])
    assert results.nearest(units[:3], 5, 10) == [[1, 2], [0, 2], [0, 1]]


# --- the same for all ---------------------------------------------------------------------------


def test_all_variants_of_a_seed_start_from_the_same_vectors_and_text(here, monkeypatch):
    real, made = runs.make_run, []

    def spy(corpus, config):
        run = real(corpus, config)
        made.append((config.seed, run.vectors()[0].tobytes(), run.vectors()[1].any(), corpus))
        return run

    monkeypatch.setattr(runs, "warm_up", lambda corpus, config: None)
    monkeypatch.setattr(runs, "make_run", spy)
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
    model, last = run.model, size - 1
    model.center_vectors[...] = np.eye(*model.center_vectors.shape, dtype=np.float32)
    model.context_vectors[...] = 0
    always = NoiseSampler(np.where(np.arange(size) == last, 1000, 1), 10.0)
    _, pairs, words = run.kernels.block(
        model, run.make_scratch(), run.corpus.tokens, run.corpus.sentence_starts, run.edges[block],
        run.edges[block + 1], run.thresholds, always.table, run.config.window,
        run.config.shrink_windows, np.float32(1e-3),
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
        run = make_run(corpus, resolve(TrainConfig(**options, loss=name)))
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


# --- going on after a kill ----------------------------------------------------------------------


class Stops(runs.Listener):
    """Presses Ctrl-C when so many runs are over."""

    def __init__(self, after):
        self.left = after

    def finished(self, record):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    def close(self):
        pass


def test_interrupted_runs_go_on_to_the_same_results(here, monkeypatch, capsys):
    arguments = ["corpus.txt", *QUICK, "2", "--seeds", "2", "--losses", "nce", "softmax", "-o"]
    assert main([*arguments, "whole"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(compare, "_listener", lambda total, done: Stops(after=3))
        assert main([*arguments, "part"]) == 130
    kept = read(here / "part")
    assert [(run["variant"], run["seed"]) for run in kept["runs"]] == [
        ("nce", 1), ("softmax", 1), ("nce", 2),
    ]  # fmt: skip
    err = capsys.readouterr().err
    assert "interrupted; 3 of 4 runs are in part/results.json; the same command goes on" in err
    assert not (here / "part" / "report.html").exists()
    assert main([*arguments, "part"]) == 0
    assert "run 4 of 4: softmax, seed 2" in capsys.readouterr().err
    assert read(here / "part")["runs"][:3] == kept["runs"]
    assert without_times(read(here / "part")) == without_times(read(here / "whole"))
    # A finished comparison is shown again, and nothing is trained.
    again = (here / "part" / "results.json").read_bytes()
    assert main([*arguments, "part"]) == 0
    assert "run " not in capsys.readouterr().err
    assert (here / "part" / "results.json").read_bytes() == again


def test_an_interrupt_before_the_first_run_keeps_what_was_there(here, monkeypatch, capsys):
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 0
    before = (here / "comparison" / "results.json").read_bytes()

    class Impatient(Stops):
        def progress(self, variant, seed, done):
            raise KeyboardInterrupt

    monkeypatch.setattr(compare, "_listener", lambda total, done: Impatient(after=9))
    assert main(["corpus.txt", *ONE, "--seeds", "2", "--restart"]) == 130
    assert "no run was finished" in capsys.readouterr().err
    assert (here / "comparison" / "results.json").read_bytes() == before
    monkeypatch.setattr(compare, "_listener", lambda total, done: Stops(after=1))
    assert main(["corpus.txt", *ONE, "--seeds", "2", "--restart"]) == 130
    assert "the same command without --restart goes on" in capsys.readouterr().err


DIES_IN_RUN_4 = """if True:
    import os, signal, sys
    from w2v.compare import __main__ as compare, runs

    class Dying(runs.Listener):
        def progress(self, variant, seed, done):
            if seed == 4:
                os.kill(os.getpid(), signal.SIGKILL)

    compare._listener = lambda total, done: Dying()
    compare.main(sys.argv[1:])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")
def test_kill_9_loses_the_run_in_progress_alone(here):
    arguments = ["corpus.txt", *ONE, "--seeds", "5", "-o"]
    killed = subprocess.run([sys.executable, "-c", DIES_IN_RUN_4, *arguments, "killed"])
    assert killed.returncode == -signal.SIGKILL
    kept = read(here / "killed")
    assert len(kept["runs"]) == 3
    assert main([*arguments, "killed"]) == 0
    assert main([*arguments, "whole"]) == 0
    assert read(here / "killed")["runs"][: len(kept["runs"])] == kept["runs"]
    assert without_times(read(here / "killed")) == without_times(read(here / "whole"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (["--seeds", "2"], "seeds was 1, is 1, 2"),
        (["--window", "3"], "options.window was 2, is 3"),
        (["--epochs", "4"], "epochs.negative-sampling was 2, is 4"),
        (["--losses", "nce"], "losses was negative-sampling, is nce (--restart begins anew"),
        (["--lr", "0.5"], "own_options.negative-sampling.lr was 0.04, is 0.5"),
        (["--held-out", "10%"], "held_out was 0.05, is 0.1"),
    ],
)
def test_another_plan_is_refused(here, change, expected):
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 0
    before = (here / "comparison" / "results.json").read_bytes()
    with pytest.raises(ConfigError) as error:
        main(["corpus.txt", *ONE, "--seeds", "1", *change])
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert (here / "comparison" / "results.json").read_bytes() == before


def test_another_corpus_is_refused_unless_begun_anew(here, write):
    arguments = ["corpus.txt", *ONE, "--seeds", "1"]
    assert main(arguments) == 0
    before = (here / "comparison" / "results.json").read_bytes()
    write("corpus.txt", text(seed=1))
    with pytest.raises(ConfigError, match=r"corpus was \w{12}\.\.\., is \w{12}\.\.\."):
        main(arguments)
    assert (here / "comparison" / "results.json").read_bytes() == before
    assert main([*arguments, "--restart"]) == 0
    assert read(here / "comparison")["plan"] != json.loads(before)["plan"]
    assert len(read(here / "comparison")["runs"]) == 1


def test_damaged_results_are_refused(here, document):
    (here / "comparison").mkdir()
    path = here / "comparison" / "results.json"
    whole = json.dumps(document)
    run = document["runs"][0]
    for content, expected in (
        (b"", "expected JSON"),
        (whole[: len(whole) // 2].encode(), "expected JSON"),
        (b"\xff\xfe", "expected JSON"),
        (b"[1, 2]", "expected results of w2v.compare"),
        (b"{}", "expected results of w2v.compare"),
        (json.dumps(document | {"format": 99}).encode(), "expected format 1"),
        (json.dumps({**document, "runs": None}).encode(), "runs: expected whole results"),
        (json.dumps(document | {"runs": [run, 5]}).encode(), "run 2: the whole: expected a whole"),
        (
            json.dumps(document | {"runs": [run, {**run, "curve": 1}]}).encode(),
            "run 2: curve: expected a whole record",
        ),
        (json.dumps(document | {"runs": [{"seed": 2}]}).encode(), "run 1: variant: expected a who"),
        (whole.replace('"seconds": ', '"seconds": 1e999, "": ', 1).encode(), "expected JSON"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=re.escape(expected)) as error:
            main(["corpus.txt", *ONE])
        assert "results.json" in str(error.value)
        assert path.read_bytes() == content
    assert main(["corpus.txt", *ONE, "--seeds", "1", "--restart"]) == 0


# --- budgets and failures -----------------------------------------------------------------------


def test_a_budget_of_seconds(here, monkeypatch, capsys):
    forecast = {"negative-sampling": 0.5, "softmax": 2.0, "nce": 100.0}

    def one_epoch(corpus, config, seconds):
        return max(1, round(seconds / forecast[config.loss]))

    monkeypatch.setattr(runs, "epochs_within", one_epoch)
    arguments = ["corpus.txt", *QUICK[:-1], "--seconds", "4", "--seeds", "2", "--losses", *forecast]
    assert main([*arguments, "--no-report"]) == 0
    document = read(here / "comparison")
    assert document["epochs"] == {"negative-sampling": 8, "softmax": 2, "nce": 1}
    for run in document["runs"]:
        assert run["epochs"] == len(run["curve"]) == document["epochs"][run["variant"]]
    assert document["plan"]["epochs"] is None
    # On going on the same epochs are trained, whatever would be forecast now.
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
def test_as_many_epochs_as_fit_by_forecast(here, monkeypatch, one_epoch, budget, epochs):
    forecasts = []

    @contextmanager
    def prepared(run):
        forecasts.append(run.config.epochs)
        yield one_epoch

    corpus = read_corpus(["corpus.txt"], min_count=1)
    config = resolve(TrainConfig(**OPTIONS, epochs=7))
    monkeypatch.setattr(type(make_run(corpus, config)), "prepared", prepared)
    assert runs.epochs_within(corpus, config, budget) == epochs
    assert forecasts == [1]  # of one epoch, whatever the config asks for


def test_few_of_many_epochs_are_judged():
    for epochs in (1, 2, 49, 50):
        assert runs.judged_epochs(epochs) == set(range(1, epochs + 1))
    for epochs in (51, 1000, 10**6):
        judged = runs.judged_epochs(epochs)
        assert len(judged) == runs.MAX_POINTS
        assert {1, epochs} <= judged <= set(range(1, epochs + 1))


def test_a_long_run_has_a_short_curve(here, monkeypatch):
    monkeypatch.setattr(runs, "MAX_POINTS", 3)
    assert main(["corpus.txt", *ONE, "--epochs", "9", "--seeds", "1"]) == 0
    (run,) = read(here / "comparison")["runs"]
    assert [point["epoch"] for point in run["curve"]] == [1, 5, 9]
    assert run["epochs"] == 9


def test_a_loss_that_diverges_is_recorded_and_the_others_go_on(here, capsys):
    arguments = ["corpus.txt", *QUICK, "3", "--seeds", "2", "--lr", "30"]
    # At this rate the sampled losses overflow; full softmax's AdaGrad bounds its steps.
    assert main([*arguments, "--losses", "nce", "softmax:split"]) == 0
    document = read(here / "comparison")
    failed = {run["variant"]: run.get("error") for run in document["runs"]}
    assert "expected a loss below" in failed["nce"]
    assert failed["softmax:split"] is None
    assert len(document["runs"]) == 4
    out, err = capsys.readouterr()
    assert "nce, seed 1: epoch 1, block 1 of 1: expected a loss below" in out
    assert "run 1 of 4: nce, seed 1: epoch 1" in err
    report = (here / "comparison" / "report.html").read_text(encoding="utf-8")
    assert "Failed: nce, seed 1: epoch 1, block 1 of 1" in report
    # If nothing at all could be trained, the command failed.
    assert main([*arguments, "--losses", "nce", "-o", "none"]) == 1
    assert "No loss could be trained" in (here / "none" / "report.html").read_text()


def test_a_held_out_loss_that_is_not_finite_is_a_failure(here, monkeypatch):
    real = runs.judge

    def broken(run, held_out, **options):
        measure = real(run, held_out, **options)
        return runs.dataclasses.replace(measure, nats=math.nan)

    monkeypatch.setattr(runs, "judge", broken)
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 1
    (run,) = read(here / "comparison")["runs"]
    assert run["error"].startswith("epoch 1: expected a finite held-out loss, got nan")


# --- wrong calls --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["corpus.txt", "--losses", "magic"], "--losses: expected one of"),
        (["corpus.txt", "--losses", "nce", "nce:split"], "got nce and nce:split, which are the"),
        (["corpus.txt", "--losses", "nce:corpus"], "targets: expected split with nce"),
        (["corpus.txt", "--losses", "softmax:learn-normaliser"], "expected a loss that has one"),
        (["corpus.txt", "--losses", "nce", "--batch-size", "9"], "losses uses, got 9"),
        (["corpus.txt", "--seeds", "0"], "--seeds: expected 1 to 1000, got 0"),
        (["corpus.txt", "--seed", str(2**63 - 1)], "expected the last seed up to"),
        (["corpus.txt", "--seconds", "3", "--epochs", "2"], "expected one budget"),
        (["corpus.txt", "--seconds", "-3"], "expected a positive number, got -3"),
        (["corpus.txt", "--held-out", "5"], "--held-out: expected above 0 to 0.5, got 5"),
        (["corpus.txt", "--held-out-pairs", "0"], "--held-out-pairs: expected 1 to"),
        (["corpus.txt", "--vector-size", "0"], "vector_size: expected 1 to"),
        (["corpus.txt", "--config", "run.toml"], "loss: expected it to be left to --losses"),
        (["corpus.txt", "--analogies", "corpus.txt"], "corpus.txt:1: expected 4 words"),
        (["corpus.txt", "--similarity", "none.txt"], "none.txt: cannot be read"),
        (["none.txt"], "none.txt: expected a file or folder"),
        (["one.txt"], "expected at least 2 sentences"),
        (["corpus.txt", "-o", "corpus.txt"], "corpus.txt: expected a folder, got the file"),
        (["corpus.txt", "-o", "corpus.txt/below"], "expected a folder, got the file"),
        (["corpus.txt", "-o", "dangling"], "expected a folder, got the file dangling"),
        (["corpus.txt", "-o", "x" * 300], "expected a folder: File name too long"),
        (["corpus.txt", "-o", "taken"], "report.html: expected a file to write, got a folder"),
    ],
)
def test_wrong_calls_are_refused_and_write_nothing(here, write, arguments, expected):
    write("one.txt", "only one sentence\n")
    write("run.toml", 'loss = "nce"\n')
    (here / "taken" / "report.html").mkdir(parents=True)
    (here / "dangling").symlink_to("nowhere")
    before = sorted(path.name for path in here.rglob("*"))
    with pytest.raises(W2VError) as error:
        main([*arguments, "--min-count", "1"])
    assert error.value.exit_code == 2
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
    assert sorted(path.name for path in here.rglob("*")) == before


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(here):
    (here / "locked").mkdir(mode=0o500)
    with pytest.raises(compare.OutputError, match="got no permission"):
        main(["corpus.txt", *ONE, "-o", "locked/out"])


def test_without_plotly_there_is_one_line_and_no_file(here, monkeypatch):
    for name in ("plotly", "plotly.offline"):
        monkeypatch.setitem(sys.modules, name, None)
    arguments = ["corpus.txt", *ONE[:-1], "--seeds", "1"]
    with pytest.raises(ConfigError, match=r"expected the package plotly.*pip install 'w2v\[viz\]'"):
        main(arguments)
    assert [path.name for path in here.iterdir()] == ["corpus.txt"]
    assert main([*arguments, "--no-report"]) == 0
    assert [path.name for path in (here / "comparison").iterdir()] == ["results.json"]


def test_the_command_line_exits_with_2_and_one_line(here):
    result = subprocess.run(
        [sys.executable, "-m", "w2v.compare", "corpus.txt", "--losses", "ncee"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert "did you mean nce?" in result.stderr


# --- the report ---------------------------------------------------------------------------------


class Elements(html.parser.HTMLParser):
    """Start tags with their attributes, and the content of script elements."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[-1] += data


@pytest.fixture(scope="module")
def report(folder):
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_the_report_loads_nothing(report):
    parsed = Elements(report)
    for tag, attributes in parsed.tags:
        assert tag not in ("link", "img", "iframe", "base", "object", "embed")
        assert not {"src", "href", "srcset", "action"} & attributes.keys()
    assert len(parsed.scripts) == 3
    (policy,) = (
        attributes["content"]
        for _, attributes in parsed.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    style = report.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_reports_data_are_those_of_the_results(report, document):
    facts = json.loads(Elements(report).scripts[0])
    plots = {plot["id"]: plot for plot in facts["plots"]}
    style = report.split("<style>")[1].split("</style>")[0]
    assert facts["colours"] == len(set(re.findall(r"--c\d+:", style)))
    assert set(plots) == {
        "ranks", "nats-1", "nats-0", "training_loss-1", "analogies-1", "similarity-1", "log-z",
        "overlap",
    }  # fmt: skip
    for name in plots:
        assert report.count(f'<div class="plot" id="{name}">') == 1
    lines = {trace["name"]: trace for trace in plots["nats-0"]["data"] if "name" in trace}
    for number, variant in enumerate(VARIANTS):
        runs = [run for run in document["runs"] if run["variant"] == variant]
        for epoch in (0, 1):
            mean = statistics.mean(run["curve"][epoch]["nats"] for run in runs)
            assert lines[variant]["y"][epoch] == pytest.approx(mean)
        assert lines[variant]["x"] == [1, 2]
        assert lines[variant]["meta"] == number
        # The legend's colour is the one that the script takes for this number.
        assert f'var(--c{number})"></i>{variant}</span>' in report
    assert plots["overlap"]["data"][0]["z"] == results.overlap_matrix(document)
    ranks = [trace for trace in plots["ranks"]["data"] if "name" in trace]
    assert [trace["name"] for trace in ranks] == [name for name, _ in results.ranking(document)]
    assert [t["error_x"]["array"][0] for t in ranks] == [
        pytest.approx(nats.half_width) for _, nats in results.ranking(document)
    ]


def test_the_answer_comes_first(report, document):
    found = results.verdict(document)
    heading = report.split("<h1>")[1].split("</h1>")[0]
    assert found.best in heading
    if found.is_clear:
        assert f"by {found.lead.mean:.4f} nats a pair" in heading
    else:
        assert found.second in heading
    assert f"{found.lead.mean:.4f} ± {found.lead.half_width:.4f} less than" in report
    assert report.index("<h1>") < report.index('id="ranks"') < report.index("All figures")


def test_a_close_race_is_called_one(document):
    close = copy.deepcopy(document)
    others = [7.0] * (len(VARIANTS) - 2)
    each = [5.0, 6.0, *others, 5.1, 5.8, *others]  # of two seeds
    for run, nats in zip(close["runs"], each, strict=True):
        run["measure"]["nats"] = nats
    heading = page(close, "").split("<h1>")[1].split("</h1>")[0]
    assert heading == f"{VARIANTS[0]} and {VARIANTS[1]} cannot be told apart"
    one = close | {"plan": close["plan"] | {"seeds": [1]}}
    one["runs"] = [run for run in close["runs"] if run["seed"] == 1]
    assert "One seed cannot tell how much of that is chance." in page(one, "")


def test_names_are_escaped(document):
    evil = copy.deepcopy(document)
    evil["corpus"]["names"] = ["<script>alert(1)<|script>.txt".replace("|", "\u2215")]
    evil["questions"]["analogies"] = "</script><b>&\"'.txt"
    evil["runs"][0] = {"variant": VARIANTS[0], "seed": 1, "error": "</script><script>alert(2)//"}
    text = page(evil, "var Plotly;")
    parsed = Elements(text)
    assert len(parsed.scripts) == 3
    assert "b" not in [tag for tag, _ in parsed.tags]
    assert "&lt;script&gt;alert(1)" in text
    assert "alert(2)" not in "".join(parsed.scripts)
    assert "<" not in parsed.scripts[0]
    json.loads(parsed.scripts[0])


def test_a_corpus_with_a_dangerous_name(here, write):
    name = "<script>alert(1)<!--.txt"
    write(name, text())
    assert main([name, *ONE[:-1], "--seeds", "1"]) == 0
    parsed = Elements((here / "comparison" / "report.html").read_text(encoding="utf-8"))
    assert len(parsed.scripts) == 3
    assert not any("alert(1)" in script for script in parsed.scripts)


@pytest.mark.parametrize("seeds", [1, 2])
def test_a_report_of_unfinished_results(document, seeds):
    """A few runs, or none: whatever is there is shown."""
    for count in (0, 1, 3, 7):
        part = copy.deepcopy(document)
        part["runs"] = part["runs"][:count]
        part["plan"]["seeds"] = part["plan"]["seeds"][:seeds]
        text = page(part, "")
        json.loads(Elements(text).scripts[0])
        results.table(part)


def browser():
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
    return next((path for path in map(shutil.which, names) if path), None)


@pytest.mark.skipif(browser() is None, reason="needs Chromium or Chrome")
def test_a_browser_draws_every_plot_without_a_complaint(folder, document, tmp_path):
    command = [
        browser(), "--headless", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-quic",
        f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr",
        "--virtual-time-budget=10000", "--window-size=1280,2000",
    ]  # fmt: skip
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--no-sandbox")  # which Chromium refuses to run without as root
    result = subprocess.run(
        [*command, "--dump-dom", (folder / "out" / "report.html").as_uri()],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "CONSOLE" not in result.stderr
    parts = result.stdout.split('<div class="plot js-plotly-plot"')
    assert len(parts) == 1 + 8
    for part in parts[1:]:
        assert 'class="main-svg"' in part
        assert re.search(r'class="(point|box|hm|js-line|lines|plot)', part)
    for variant in VARIANTS:
        assert f">{variant}</text>" in parts[1]
