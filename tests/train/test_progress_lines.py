"""What the lines of a run say, against plans and clocks that the tests make up."""

import dataclasses
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from w2v.config import TrainConfig
from w2v.corpus.corpus import Audit
from w2v.train import progress
from w2v.train.callbacks import Plan, Progress
from w2v.train.progress import Console, plan_lines

AUDIT = {
    "files": 3, "files_skipped": 0, "lines": 1_200, "sentences": 1_100, "lines_split": 4,
    "words": 10_000, "distinct": 800, "phrases": 31, "joins": 456, "kept": 8_000,
    "dropped_rare": 1_500, "dropped_max_vocab": 500, "max_count": 900, "longest_sentence": 70,
}  # fmt: skip


class Words(list):
    """In place of a vocabulary."""

    @property
    def words(self):
        return list(self)


def plan_of(words_done=0, seconds=600.0, history=None, audit=None, **options):
    config = TrainConfig(**{"workers": 3, "epochs": 4, "min_count": 7, **options})
    corpus = SimpleNamespace(
        audit=Audit(**{**AUDIT, **(audit or {})}),
        vocabulary=Words(f"w{n}" for n in range(120)),
        n_words=8_000,
    )
    return Plan(corpus, config, 2_345_678, seconds, words_done, history or {})


def test_the_lines_of_a_plan():
    assert plan_lines(plan_of()) == [
        "corpus: 10,000 words in 1,200 lines of 3 files; 800 different",
        "vocabulary: 120 words; dropped 1,500 occurrences of words rarer than 7, 500 of words "
        "beyond the first 120; 4 long lines split, nothing cut",
        "training: 4 epochs on 3 threads, 2 MB of memory, about 10 min",
    ]
    plain = plan_lines(plan_of(audit={"files": 1, "lines_split": 0, "dropped_max_vocab": 0}))
    assert plain[0] == "corpus: 10,000 words in 1,200 lines; 800 different"
    assert plain[1].endswith("rarer than 7")
    one = plan_lines(plan_of(epochs=1, workers=1))
    assert one[-1] == "training: 1 epoch on 1 thread, 2 MB of memory, about 10 min"
    gpu = plan_lines(plan_of(device="cuda"))
    assert gpu[-1] == "training: 4 epochs on the GPU, 2 MB of memory, about 10 min"


@pytest.mark.parametrize(("words_done", "left"), [(8_000, "75 s"), (24_000, "25 s")])
def test_a_resumed_run_forecasts_what_is_left(words_done, left):
    assert plan_lines(plan_of(words_done, seconds=100.0))[-1].endswith(f", about {left}")


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({}, "word2phrase above 100"),
        ({"phrase_scoring": "npmi"}, "npmi above 0.5"),
        ({"phrase_scoring": "npmi", "phrase_threshold": 0.25}, "npmi above 0.25"),
    ],
)
def test_the_line_of_phrases(options, rule):
    lines = plan_lines(plan_of(phrases=2, **options))
    assert lines[1] == f"phrases: 31 different ones joined 456 times ({rule})"
    assert not any("phrases" in line for line in plan_lines(plan_of()))


def test_the_line_of_earlier_vectors():
    init = {"words": 90, "new_words": 30, "counts": True, "context_vectors": True}
    assert plan_lines(plan_of(history={"init": init}))[2] == "init: 90 old words, 30 new ones"
    init |= {"counts": False, "context_vectors": False}
    expected = "init: 90 old words (without counts and context vectors), 30 new ones"
    assert plan_lines(plan_of(history={"init": init}))[2] == expected


def test_space_is_looked_for_before_training(monkeypatch):
    asked = {}
    monkeypatch.setattr(progress, "check_space", asked.update)
    plan = dataclasses.replace(plan_of(vector_size=7), on_disk={"kept": 999})
    Console("v.bin", quiet=True).on_start(plan)
    assert asked.pop("kept") == 999
    assert asked.keys() == {"v.bin"}
    assert 120 * 4 * 7 < asked["v.bin"] < 120 * (4 * 7 + 60)
    asked.clear()
    Console(None, quiet=True).on_start(plan)
    assert not asked


def test_rate_and_time_left_of_a_resumed_run(monkeypatch, capsys):
    now = [1_000.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    console = Console()
    console.bars = False
    console.on_start(plan_of(words_done=8_000))
    capsys.readouterr()
    now[0] += 9.0
    console.on_progress(Progress(9_000, 32_000, 2, 0.03, 2.5))  # too early for a line
    now[0] += 3.0
    console.on_progress(Progress(12_000, 32_000, 2, 0.02, float("nan")))
    assert capsys.readouterr().err.splitlines() == [
        "training: 38%, epoch 2, 333 words/s, loss 2.500, lr 0.0200, 60 s left"
    ]


@pytest.mark.parametrize(("columns", "more"), [(200, ", epoch 2/4, lr 0.0300"), (60, "")])
def test_the_bar_of_a_run(monkeypatch, capsys, columns, more):
    monkeypatch.setattr(
        progress.shutil, "get_terminal_size", lambda: os.terminal_size((columns, 9))
    )
    console = Console()
    console.bars = True
    console.on_start(plan_of())
    console.on_progress(Progress(12_000, 32_000, 2, 0.03, 2.5))
    console.on_end()
    last = capsys.readouterr().err.rstrip().split("\r")[-1]
    assert last.startswith("training:  38%|")
    assert f" words/s, loss 2.500{more}, 00:" in last


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "1 s"), (8.4, "8 s"), (99.4, "99 s"), (150, "2 min"), (5_900, "98 min"),
        (9_000, "2.5 h"), (float("inf"), "unknown"),
    ],
)  # fmt: skip
def test_durations(seconds, text):
    assert progress.duration(seconds) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(999, "999 B"), (1_500, "2 kB"), (2_400_000, "2 MB"), (7e9, "7 GB"), (2_560e9, "2.6 TB")],
)
def test_sizes(n_bytes, text):
    assert progress._size(n_bytes) == text


def test_a_notebook_without_widgets_gets_bars_of_text_and_no_warning():
    """tqdm asks IPython where it is."""
    code = """if True:
        import sys, types, warnings

        warnings.simplefilter("error")
        shell = types.SimpleNamespace(config={"IPKernelApp": {}})
        sys.modules["IPython"] = types.SimpleNamespace(get_ipython=lambda: shell)
        sys.modules["ipywidgets"] = None
        from w2v.train.progress import tqdm
        print(tqdm.__module__)
        """
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("tqdm.asyncio\n", "")
