"""The command python -m w2v.compare: variants, options, wrong calls."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from comparisons import ANALOGIES, ONE, OPTIONS, QUICK, SIMILARITY, read, without_times

from w2v.compare import __main__ as command
from w2v.compare import results, runs
from w2v.compare.__main__ import main, parse_variant
from w2v.config import make_config
from w2v.corpus import read_corpus
from w2v.errors import ConfigError, OutputError, W2VError
from w2v.held_out import held_out_pairs, split_corpus
from w2v.losses import LOSSES


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
        ("ncee", r"--losses: no loss 'ncee' \(did you mean nce\?\)"),
        (
            "softmax:",
            "'softmax:': after the colon, choose from distribution, split, corpus, learn-",
        ),
        ("softmax:splot", "'softmax:splot': after the colon"),
        ("", "no loss ''; choose from negative-sampling, nce,"),
    ],
)
def test_wrong_variants(name, expected):
    with pytest.raises(ConfigError, match=expected):
        parse_variant(name)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["corpus.txt", "--losses", "magic"], "--losses: no loss 'magic'"),
        (
            ["corpus.txt", "--losses", "nce", "nce:split"],
            "--losses: nce and nce:split are the same",
        ),
        (["corpus.txt", "--losses", "nce:corpus"], "targets: nce has split targets, not 'corpus'"),
        (
            ["corpus.txt", "--losses", "softmax:learn-normaliser"],
            "learn_normaliser: softmax has no normaliser to learn",
        ),
        (
            ["corpus.txt", "--losses", "nce", "--batch-size", "9"],
            "batch_size: none of the losses uses",
        ),
        (["corpus.txt", "--seeds", "0"], "--seeds: 0 is not between 1 and 1000"),
        (["corpus.txt", "--seed", str(2**63 - 1)], "--seeds: the last seed would be"),
        (
            ["corpus.txt", "--seeds", "7", "--seed", str(2**63 - 6)],
            "--seeds: the last seed would be 9223372036854775808",
        ),
        (["corpus.txt", "--cache", "corpus.txt"], "corpus.txt: not a folder: corpus.txt is a file"),
        (
            ["corpus.txt", "--seconds", "3", "--epochs", "2"],
            "--seconds and --epochs: give only one",
        ),
        (["corpus.txt", "--seconds", "-3"], "--seconds: -3 is not a positive number"),
        (["corpus.txt", "--held-out", "5"], "--held-out: 5 is not above 0 and at most 0.5"),
        (["corpus.txt", "--held-out-pairs", "0"], "--held-out-pairs: 0 is not between 1 and"),
        (["corpus.txt", "--vector-size", "0"], "vector_size: expected 1 to"),
        (
            ["corpus.txt", "--config", "run.toml"],
            "loss: not an option of a comparison; use --losses",
        ),
        (
            ["corpus.txt", "--analogies", "corpus.txt"],
            "corpus.txt:1: 6 words, but a question has 4",
        ),
        (["corpus.txt", "--similarity", "none.txt"], "none.txt: cannot be read"),
        (["none.txt"], "none.txt: no such file or folder"),
        (["one.txt"], "holding out text needs at least 2 sentences, got 1"),
        (["corpus.txt", "-o", "corpus.txt"], "corpus.txt: not a folder: corpus.txt is a file"),
        (["corpus.txt", "-o", "corpus.txt/below"], "corpus.txt/below: not a folder: /"),
        (["corpus.txt", "-o", "dangling"], "not a folder: dangling is a file"),
        (["corpus.txt", "-o", "x" * 300], "not usable as a folder: File name too long"),
        (["corpus.txt", "-o", ""], "the path of a folder is empty"),
        (["corpus.txt", "-o", "taken"], "report.html: a folder, not a file to write"),
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


def test_no_input_is_replaced(here, write):
    questions = write("comparison/report.html", ANALOGIES)
    report = "comparison/report.html"
    for arguments in (["corpus.txt", "--analogies", report], [report, "--losses", "nce"]):
        with pytest.raises(OutputError, match=r"report\.html: would replace the input comparison/"):
            main(arguments)
    assert questions.read_text() == ANALOGIES


def test_every_option_of_a_comparison_arrives(here, write, monkeypatch):
    write("a.txt", ANALOGIES)
    write("s.tsv", SIMILARITY)
    asked = {}
    real = command.check_folder
    monkeypatch.setattr(
        command, "check_folder", lambda path, *rest, **more: asked.update(more) or real(path, *rest)
    )
    options = [
        "--losses", "nce", "softmax:split", "--seeds", "4", "--seed", "9", "--seconds", "30",
        "--held-out", "20%", "--held-out-pairs", "50", "--analogies", "a.txt", "--similarity",
        "s.tsv", "-o", "out", "--restart", "--no-report", "--cache", "kept", "--window", "3",
        "--batch-size", "9",
    ]  # fmt: skip
    request = command._request(command._parser().parse_args(["corpus.txt", *options]))
    assert asked == {"estimated_bytes": 2 * 4 * results.BYTES_PER_RUN}
    configs = request.configs
    assert [(name, each.loss, each.window, each.seed) for name, each in configs.items()] == [
        ("nce", "nce", 3, 9), ("softmax:split", "softmax", 3, 9)
    ]  # fmt: skip
    assert request._replace(configs={}) == runs.Request(
        corpus=["corpus.txt"], cache_dir="kept", configs={}, seeds=[9, 10, 11, 12],
        budget="seconds", seconds=30.0, held_out=0.2, held_out_pairs=50, analogies="a.txt",
        similarity="s.tsv", output=Path("out"), restart=True, report=False,
    )  # fmt: skip


def test_the_first_seed_decides_what_is_held_out(here):
    corpus = read_corpus("corpus.txt", min_count=1)
    trained_on = {}
    for seed in (1, 5):
        argv = ["corpus.txt", *ONE, "--seeds", "2", "--seed", str(seed), "--held-out", "0.2"]
        _, train, held_out = command._start(command._request(command._parser().parse_args(argv)))
        expected, rest = split_corpus(corpus, 0.2, seed)
        assert train.tokens.tolist() == expected.tokens.tolist()
        pairs = held_out_pairs(rest, make_config({**OPTIONS, "seed": seed}))
        assert held_out.centers.tolist() == pairs.centers.tolist()
        trained_on[seed] = train.tokens.tolist()
    assert trained_on[1] != trained_on[5]


def test_an_encoded_corpus_is_kept_and_reused(here):
    arguments = ["corpus.txt", *ONE, "--seeds", "1", "--cache", "kept"]
    assert main(arguments) == 0
    (cached,) = (here / "kept").iterdir()
    before = cached.stat().st_mtime_ns
    expected = without_times(read(here / "comparison"))
    assert main([*arguments, "--restart"]) == 0
    assert [path.stat().st_mtime_ns for path in (here / "kept").iterdir()] == [before]
    assert without_times(read(here / "comparison")) == expected


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_refused(here):
    (here / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="got no permission"):
        main(["corpus.txt", *ONE, "-o", "locked/out"])


def test_without_plotly_there_is_one_line_and_no_file(here, monkeypatch):
    for name in ("plotly", "plotly.offline"):
        monkeypatch.setitem(sys.modules, name, None)
    arguments = ["corpus.txt", *ONE[:-1], "--seeds", "1"]
    with pytest.raises(ConfigError, match=r"needs the package plotly: pip install 'w2v\[viz\]'"):
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


BUNDLED = {"analogies": "analogies.txt", "similarity": "similarity.tsv"}


def test_the_bundled_questions_are_scored_by_default(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pairs = "king queen man woman boy girl father mother paris france rome italy"
    words = [*pairs.split(), "car", "automobile", "journey", "voyage"]
    random = np.random.default_rng(0)
    lines = (" ".join(random.choice(words, 6)) for _ in range(200))
    (tmp_path / "corpus.txt").write_text("\n".join(lines))
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 0
    document = read(tmp_path / "comparison")
    out = capsys.readouterr().out
    for kind, file in BUNDLED.items():
        assert f"\n{kind} " in out
        asked = document["questions"][kind]
        assert Path(asked["file"]).name == file
        assert 0 < asked["found"] < asked["of"]
        (run,) = document["runs"]
        assert run[kind] is not None
        assert run["curve"][0][kind] is not None


def test_sections_without_known_words_have_no_row(here, capsys):
    assert main(["corpus.txt", *ONE, "--seeds", "1"]) == 0
    out = capsys.readouterr().out
    assert "\nsimilarity" not in out
    assert "\nanalogies" not in out
    assert read(here / "comparison")["questions"]["analogies"]["found"] == 0


def test_the_time_is_forecast_before_the_first_run(here, monkeypatch, capsys):
    seconds = {"negative-sampling": 0.5, "softmax": 2.5}
    monkeypatch.setattr(runs, "epoch_seconds", lambda corpus, config: seconds[config.loss])
    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr(runs, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    losses = ["--losses", *seconds, "--no-report", "-o", "out"]
    assert main(["corpus.txt", *QUICK, "3", "--seeds", "2", *losses]) == 0
    # Each run is evaluated after each of 3 epochs and at the end, 3 s each time.
    assert 2 * (3 * 0.5 + 4 * 3) + 2 * (3 * 2.5 + 4 * 3) == 66
    first, *others = capsys.readouterr().err.splitlines()
    assert first == (
        "forecast: 66 s for 4 runs, evaluation included (one run of negative-sampling 3 epochs "
        "2 s, softmax 3 epochs 8 s)"
    )
    assert others[0].startswith("run 1 of 4")
    # Nothing is left to forecast.
    assert main(["corpus.txt", *QUICK, "3", "--seeds", "2", *losses]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "budget", "epochs", "said"),
    [
        ([], "defaults", {"nce": 5, "softmax:split": 2},
         "each loss for its default number of epochs (nce 5, softmax:split 2)"),
        (["--epochs", "3"], "epochs", {"nce": 3, "softmax:split": 3},
         "the same 3 epochs for each loss, however long that takes"),
        (["--epochs", "1"], "epochs", {"nce": 1, "softmax:split": 1},
         "the same 1 epoch for each loss, however long that takes"),
        (["--seconds", "8"], "seconds", {"nce": 4, "softmax:split": 1},
         "the same time for each loss, 8 s by forecast (epochs: nce 4, softmax:split 1)"),
    ],
)  # fmt: skip
def test_each_loss_has_the_budget_of_its_defaults_or_the_same(
    here, monkeypatch, capsys, arguments, budget, epochs, said
):
    """The defaults are those that README and w2v.losses name: nce 5 epochs, softmax:split 2."""
    seconds = {"nce": 2.0, "softmax": 30.0}
    monkeypatch.setattr(runs, "epoch_seconds", lambda corpus, config: seconds[config.loss])
    losses = ["--losses", "nce", "softmax:split", "--seeds", "1"]
    assert main(["corpus.txt", *QUICK[:-1], *arguments, *losses]) == 0
    document = read(here / "comparison")
    assert document["plan"]["budget"] == budget
    assert document["epochs"] == epochs
    assert {run["variant"]: run["epochs"] for run in document["runs"]} == epochs
    assert f"budget: {said}" in capsys.readouterr().out
    report = (here / "comparison" / "report.html").read_text(encoding="utf-8")
    assert f"<strong>Budget:</strong> {said}." in report
