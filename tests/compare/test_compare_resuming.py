"""Comparisons that are interrupted, continued or refused."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from comparisons import ONE, QUICK, read, text, without_times

from w2v.compare import __main__ as compare
from w2v.compare import results, runs
from w2v.compare.__main__ import main
from w2v.errors import ConfigError, OutputError
from w2v.util.folder_lock import FolderLock


class Stops(compare.Display):
    """Presses Ctrl-C when so many runs are over."""

    def __init__(self, after):
        self.left = after

    def progress(self, variant, seed, done):
        pass

    def finish(self, record):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    def close(self):
        pass


def test_interrupted_comparisons_continue_to_the_same_results(here, monkeypatch, capsys):
    arguments = ["corpus.txt", *QUICK, "2", "--seeds", "2", "--losses", "nce", "softmax", "-o"]
    assert main([*arguments, "whole"]) == 0
    with monkeypatch.context() as patch:
        patch.setattr(compare, "Display", lambda total, finished: Stops(after=3))
        assert main([*arguments, "part"]) == 130
    kept = read(here / "part")
    assert [(run["variant"], run["seed"]) for run in kept["runs"]] == [
        ("nce", 1), ("softmax", 1), ("nce", 2),
    ]  # fmt: skip
    err = capsys.readouterr().err
    assert "interrupted; 3 of 4 runs are in part/results.json; the same command continues" in err
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

    monkeypatch.setattr(compare, "Display", lambda total, finished: Impatient(after=9))
    assert main(["corpus.txt", *ONE, "--seeds", "2", "--restart"]) == 130
    assert "no run had finished" in capsys.readouterr().err
    assert (here / "comparison" / "results.json").read_bytes() == before
    monkeypatch.setattr(compare, "Display", lambda total, finished: Stops(after=1))
    assert main(["corpus.txt", *ONE, "--seeds", "2", "--restart"]) == 130
    assert "the same command without --restart continues" in capsys.readouterr().err


DIES_IN_RUN_4 = """if True:
    import os, signal, sys
    from w2v.compare import __main__ as compare

    class Dying(compare.Display):
        def progress(self, variant, seed, done):
            if seed == 4:
                os.kill(os.getpid(), signal.SIGKILL)

    compare.Display = Dying
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
        (["--losses", "nce"], "losses was negative-sampling, is nce (--restart starts anew"),
        (["--lr", "0.5"], "own_options.negative-sampling.lr was not set, is 0.5"),
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


def test_another_corpus_is_refused_without_restart(here, write):
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


def test_results_may_be_as_long_as_their_runs_are_many(here, monkeypatch):
    monkeypatch.setattr(results, "MAX_BYTES", 1000)
    arguments = ["corpus.txt", *ONE, "--seeds", "2"]
    assert main(arguments) == 0
    assert (here / "comparison" / "results.json").stat().st_size > 1000
    assert main(arguments) == 0
    monkeypatch.setattr(results, "BYTES_PER_RUN", 1000)
    with pytest.raises(ConfigError, match=r"results\.json: longer than 2,000 bytes"):
        main(arguments)


def test_no_run_takes_more_than_is_planned_for(document):
    longest = max(document["runs"], key=lambda run: len(json.dumps(run)))
    point = dict.fromkeys(longest["curve"][0], -1.2345678901234567e-100)
    neighbours = [[2**31] * runs.OVERLAP_NEIGHBOURS] * runs.OVERLAP_WORDS
    longest = {**longest, "curve": [point] * runs.MAX_POINTS, "neighbours": neighbours}
    assert len(json.dumps(longest)) < results.BYTES_PER_RUN


def test_damaged_results_are_refused(here, document):
    (here / "comparison").mkdir()
    path = here / "comparison" / "results.json"
    whole = json.dumps(document)
    run = document["runs"][0]
    for content, expected in (
        (b"", "not JSON"),
        (whole[: len(whole) // 2].encode(), "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[1, 2]", "not the results of w2v.compare"),
        (b"{}", "not the results of w2v.compare"),
        (json.dumps(document | {"format": 99}).encode(), "results in format 99, but this version"),
        (json.dumps({**document, "runs": None}).encode(), "runs is missing or of the wrong type"),
        (json.dumps(document | {"runs": [run, 5]}).encode(), "run 2: the whole is missing or of"),
        (
            json.dumps(document | {"runs": [run, {**run, "curve": 1}]}).encode(),
            "run 2: curve is missing or of the wrong type",
        ),
        (json.dumps(document | {"runs": [{"seed": 2}]}).encode(), "run 1: variant is missing or"),
        (whole.replace('"seconds": ', '"seconds": 1e999, "": ', 1).encode(), "not JSON"),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigError, match=re.escape(expected)) as error:
            main(["corpus.txt", *ONE])
        assert "results.json" in str(error.value)
        assert path.read_bytes() == content
    assert main(["corpus.txt", *ONE, "--seeds", "1", "--restart"]) == 0


def test_a_folder_is_used_by_one_comparison_at_a_time(tmp_path, write, monkeypatch):
    write("t.txt", "a b c\n" * 50)
    monkeypatch.chdir(tmp_path)
    with FolderLock("out"), pytest.raises(OutputError, match="in use"):
        main(["t.txt", "--losses", "nce", "-o", "out", "--no-report"])
