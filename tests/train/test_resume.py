"""Runs that are interrupted, killed, refused, or go astray, and are gone on with."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import wait
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from killed import COMMON, KINDS, sentences

from w2v.config import TrainConfig
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, CorpusError, DivergenceError, FormatError, OutputError
from w2v.formats.tensor_file import read_tensors, write_tensors
from w2v.train import worker_pool as crew_module
from w2v.train.api import train_embeddings
from w2v.train.checkpoint import _digest, read_checkpoint, write_checkpoint
from w2v.train.checkpoint_folder import CheckpointFolder, numbered
from w2v.train.checkpoint_writer import Checkpointer
from w2v.train.hogwild import HogwildRun
from w2v.train.run import Observer

CORPUS = sentences(36_000)


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Short runs should have many checkpoints too."""
    monkeypatch.setattr(crew_module, "TICK_SECONDS", 0.005)


SAME = "gone on with: the same bytes as a run left alone"


class Quiet(Observer):
    """Notes what it is told of checkpoints."""

    def __init__(self):
        self.kept = []
        self.begun_at = None
        self.warnings = []

    def checkpointed(self, progress, path):
        self.kept.append((progress, Path(path)))

    def resumed(self, progress, path):
        self.begun_at = progress

    def warning(self, text):
        self.warnings.append(text)


def train(observer=None, corpus=None, **options):
    observer = Quiet() if observer is None else observer
    corpus = CORPUS if corpus is None else corpus
    return train_embeddings(corpus, observer=observer, **{**COMMON, **options})


def same(first: Embeddings, second: Embeddings) -> bool:
    names = ("epoch_losses", "words_after_subsampling", "words_trained", "validation")
    return (
        first.vectors.tobytes() == second.vectors.tobytes()
        and first.context_vectors.tobytes() == second.context_vectors.tobytes()
        and all(first.training.get(name) == second.training.get(name) for name in names)
    )


def interrupt_after(monkeypatch, turns):
    """A run is interrupted, as by Ctrl-C, between its `turns`-th turn and the next."""
    left = [turns]
    real_turn, real_run = crew_module.Crew.turn, crew_module.Crew.run

    def turn(self):
        left[0] -= 1
        if left[0] < 0:
            self.stop()
        return real_turn(self)

    def run(self, work, threads, watch):
        def watched():
            watch()
            if left[0] < 0:
                raise KeyboardInterrupt

        real_run(self, work, threads, watched)

    monkeypatch.setattr(crew_module.Crew, "turn", turn)
    monkeypatch.setattr(crew_module.Crew, "run", run)
    return left


# --- the same bytes -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_interrupted_after_any_turn_ends_as_if_it_had_not_been(
    kind, tmp_path, monkeypatch, tried
):
    options = KINDS[kind]
    whole = train(**options)
    with monkeypatch.context() as patch:
        left = interrupt_after(patch, 10**9)
        train(**options)
        turns = 10**9 - left[0]
    assert turns > 8
    ends = sorted({1, 2, turns // 4, turns // 2, turns // 2 + 1, turns - 3, turns - 1})
    for after in ends:
        folder = tmp_path / str(after)
        with monkeypatch.context() as patch:
            interrupt_after(patch, after)
            with pytest.raises(KeyboardInterrupt):
                train(**options, checkpoint=folder)
        observer = Quiet()
        wv = train(observer, **options, checkpoint=folder, resume=True)
        assert observer.begun_at > 0
        assert same(wv, whole), f"{kind}: interrupted after {after} of {turns} turns"
        assert wv.training["resumed_at_words"]
    tried("Checkpoints", f"{kind}: interrupted after a step", SAME, times=len(ends))


def interrupted_until_done(monkeypatch, turns, **options):
    """Train, interrupted after so many turns each time; the vectors, and how often it began."""
    goes = 0
    while True:
        goes += 1
        with monkeypatch.context() as patch:
            interrupt_after(patch, turns)
            try:
                return train(**options, resume=goes > 1), goes
            except KeyboardInterrupt:
                continue


def test_a_run_that_is_interrupted_again_and_again_gets_there(tmp_path, monkeypatch, tried):
    whole = train()
    wv, goes = interrupted_until_done(monkeypatch, 2, checkpoint=tmp_path)
    assert goes > 3
    assert same(wv, whole)
    assert len(wv.training["resumed_at_words"]) == goes - 1
    tried("Checkpoints", "interrupted again and again, after every second step", SAME, goes - 1)


def test_checkpoints_between_change_nothing_and_the_last_is_of_the_end(tmp_path, tried):
    for kind in ("negative-sampling:split", "softmax:corpus"):
        observer = Quiet()
        options = {**KINDS[kind], "epochs": 20}
        wv = train(observer, **options, checkpoint=tmp_path / kind, checkpoint_every="1%")
        assert same(wv, train(**options))
        done = [progress for progress, _ in observer.kept]
        assert len(done) > 2
        assert done == sorted(done)
        assert done[-1] == 1
        assert list(numbered(tmp_path / kind).values())[-1] == observer.kept[-1][1]
    again = Quiet()
    assert same(wv, train(again, **options, checkpoint=tmp_path / kind, resume=True))
    assert (again.begun_at, again.kept) == (1, [])
    tried("Checkpoints", "a run that is over, gone on with", "the same bytes, nothing trained")


def test_an_interval_of_time(tmp_path, monkeypatch):
    """By a clock that goes on by a second whenever the run reports, which each block waits for."""
    reported = threading.Semaphore(0)
    clock = [0]
    begun = []

    class Ticking(Quiet):
        def progress(self, progress):
            clock[0] += 1
            reported.release()

    real_block, real_begin = HogwildRun.train_block, Checkpointer._begin_writing

    def in_step(self, scratch, epoch, block, lr):
        if lr:
            assert reported.acquire(timeout=600)
        return real_block(self, scratch, epoch, block, lr)

    def begin(self):
        begun.append(clock[0])
        real_begin(self)
        self._writing.exception()  # is written at once

    monkeypatch.setattr(HogwildRun, "train_block", in_step)
    monkeypatch.setattr(Checkpointer, "_begin_writing", begin)
    fake = SimpleNamespace(monotonic=lambda: clock[0], perf_counter=time.perf_counter)
    monkeypatch.setattr("w2v.train.checkpoint_writer.time", fake)
    train(Ticking(), epochs=40, checkpoint=tmp_path, checkpoint_every="10s")
    assert len(begun) >= 15  # of 160 blocks
    assert begun == list(range(10, 10 * len(begun) + 1, 10))


def test_the_longest_interval_keeps_the_end_alone(tmp_path):
    observer = Quiet()
    train(observer, checkpoint=tmp_path, checkpoint_every="100%")
    assert [progress for progress, _ in observer.kept] == [1]


@pytest.mark.parametrize("loss", ["negative-sampling", "softmax"])
def test_an_interrupt_while_judging_repeats_the_judging_alone(loss, tmp_path, monkeypatch, tried):
    options = {"loss": loss, "validate": 0.1, "patience": 1, "epochs": 3}
    whole = train(**options)
    from w2v.train import validation

    real, calls = validation.judge, []

    def interrupted(run, *args, **kwargs):
        calls.append(run.epochs_trained)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(run, *args, **kwargs)

    monkeypatch.setattr(validation, "judge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(**options, checkpoint=tmp_path)
    assert same(train(**options, checkpoint=tmp_path, resume=True), whole)
    assert calls[:3] == [1, 2, 2]
    tried("Checkpoints", f"{loss}: interrupted while held-out text is judged", SAME)


@pytest.mark.parametrize(("mode", "kind", "arguments"), [
    ("boundaries", "negative-sampling:split", ["--step", "9", "--first", "2"]),
    ("boundaries", "softmax:validate", ["--step", "13", "--first", "1"]),
    ("random", "nce:learn-normaliser", ["--kills", "6"]),
    ("random", "softmax:split", ["--kills", "4"]),
])  # fmt: skip
def test_a_killed_run_ends_as_if_it_had_not_been(mode, kind, arguments, tried):
    """More of this: `test_killed_two_hundred_times`."""
    assert killed(tried, mode, kind, *arguments) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_two_hundred_times(kind, tried):
    at_boundaries = killed(tried, "boundaries", kind)
    at_random = killed(tried, "random", kind, "--kills", "25")
    assert at_boundaries + at_random > 40  # times the kinds: hundreds


def killed(tried, mode, kind, *arguments):
    """How often a run was killed; notes when."""
    root = Path(__file__).parent.parent.parent
    result = subprocess.run(
        [sys.executable, "tests/helpers/killed.py", mode, kind, *arguments],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert outcome["same"] == outcome["of"] > 0
    assert sum(outcome["at"].values()) == outcome["kills"]
    for moment, times in outcome["at"].items():
        what = f"SIGKILL {moment}"
        if mode == "random":
            what += f" of a run of {kind}, and of those that go on"
        tried("Checkpoints", what, SAME, times)
    return outcome["kills"]


# --- several threads ------------------------------------------------------------------------------


def test_every_block_is_trained_once_an_epoch_also_across_interrupts(tmp_path, monkeypatch, tried):
    seen = []
    real = HogwildRun.train_block

    def spy(self, scratch, epoch, block, lr):
        if lr:
            seen.append((epoch, block))
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(HogwildRun, "train_block", spy)
    kept = []
    real_record = Checkpointer._record

    def record(self):
        kept.append((self.run.position, sorted(set(seen))))
        return real_record(self)

    monkeypatch.setattr(Checkpointer, "_record", record)
    options = {"workers": 5, "epochs": 6, "checkpoint": tmp_path, "checkpoint_every": "2%"}
    corpus = sentences(300_000)
    wv, goes = interrupted_until_done(monkeypatch, 37, corpus=corpus, **options)
    assert goes > 3
    n_blocks = max(block for _, block in seen) + 1
    every = [(epoch, block) for epoch in range(6) for block in range(n_blocks)]
    assert sorted(seen) == every
    assert len(kept) > 10
    for position, done in kept:  # what a checkpoint holds is just what it says
        assert done == [at for at in every if at < (position.epoch, position.block)]
    assert wv.training["words_trained"] == 6 * 300_000
    what = "five threads, interrupted and gone on with"
    happens = "every block trained once an epoch; each checkpoint holds what it says"
    tried("Concurrency", what, happens, times=goes - 1)


def test_another_number_of_threads_may_go_on(tmp_path, monkeypatch, tried):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path, workers=3)
    wv = train(checkpoint=tmp_path, resume=True, workers=2)
    assert wv.training["config"]["workers"] == 2
    assert np.isfinite(wv.vectors).all()
    tried("Checkpoints", "three threads, gone on with by two", "goes on")


def test_training_goes_on_while_a_checkpoint_is_written(tmp_path, monkeypatch, tried):
    from w2v.train import checkpoint_folder

    real = checkpoint_folder.write_checkpoint
    seen = []

    def slowly(path, arrays, record):
        if not seen:  # the first of several, so that most of the run is ahead
            before = Progressing.words
            while Progressing.words == before:
                time.sleep(0.001)
        seen.append(Progressing.words)
        real(path, arrays, record)

    class Progressing(Quiet):
        words = 0

        def progress(self, progress):
            Progressing.words = progress.words

    monkeypatch.setattr(checkpoint_folder, "write_checkpoint", slowly)
    wv = train(Progressing(), epochs=60, checkpoint=tmp_path, checkpoint_every="20%")
    assert seen
    assert same(wv, train(epochs=60))
    tried("Checkpoints", "a disk that takes long to write a checkpoint", "training goes on")


# --- refusals -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def interrupted_run(tmp_path_factory):
    """A folder with a checkpoint of a run that was interrupted."""
    folder = tmp_path_factory.mktemp("run") / "ck"

    class Impatient(Quiet):
        def progress(self, progress):
            if progress.words > 20_000:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Impatient(), checkpoint=folder, epochs=50)
    return folder


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"vector_size": 11}, r"got vector_size = 11 \(there 10\); only workers may change"),
        (
            {"seed": 4, "window": 2},
            r"window = 2 \(there 3\), seed = 4 \(there 3\)|seed = 4 .*window",
        ),
        ({"epochs": 51}, r"epochs = 51 \(there 50\)"),
        ({"loss": "nce"}, r"loss = nce \(there negative-sampling\)"),
        ({"validate": 0.1}, r"validate = 0\.1 \(there 0\.0\)"),
        ({"lr": 0.01}, r"lr = 0\.01 \(there 0\.04\)"),
        ({"init": Embeddings(["w1"], np.ones((1, 10)))}, "init: expected none, got some"),
    ],
)
def test_other_options_are_refused_with_the_differences(interrupted_run, options, expected, tried):
    before = bytes_of(interrupted_run)
    with pytest.raises(ConfigError, match=expected) as error:
        train(**{"epochs": 50, **options}, checkpoint=interrupted_run, resume=True)
    assert bytes_of(interrupted_run) == before
    what = "resume with another " + ", ".join(options)
    tried("Checkpoints", what, f"refused: {error.value}")


def test_options_that_are_not_given_are_those_of_the_checkpoint(interrupted_run, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for name, content in bytes_of(interrupted_run).items():
        (folder / name).write_bytes(content)
    wv = train_embeddings(CORPUS, checkpoint=folder, resume=True, observer=Quiet())
    assert same(wv, train(epochs=50))


def test_a_whole_configuration_is_compared_as_a_whole(interrupted_run):
    with pytest.raises(ConfigError, match=r"vector_size = 100 \(there 10\)"):
        train_embeddings(CORPUS, TrainConfig(), checkpoint=interrupted_run, resume=True)


def changed(**changes):
    corpus = [list(sentence) for sentence in CORPUS]
    for place, word in changes.items():
        corpus[int(place[1:])][0] = word
    return corpus


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        (CORPUS[:-1], r"got 35,988 words \(there 36,000\), 2,999 sentences \(there 3,000\)"),
        (changed(_7="new"), r"151 words in the vocabulary \(there 150\)"),
        (list(reversed(CORPUS)), "in row|in another order"),
        (
            [["x" + w for w in s] for s in CORPUS],
            r"got 'x\w+' in row 1 of the vocabulary \(there 'w",
        ),
        ([*CORPUS[1:9], CORPUS[0], *CORPUS[9:]], "in another order|in row"),
    ],
)
def test_another_corpus_is_refused_with_the_differences(interrupted_run, corpus, expected, tried):
    before = bytes_of(interrupted_run)
    with pytest.raises(CorpusError, match=expected) as error:
        train(corpus=corpus, epochs=50, checkpoint=interrupted_run, resume=True)
    assert bytes_of(interrupted_run) == before
    what = "resume with another corpus"
    tried("Checkpoints", what, f"refused: {error.value}")


def test_a_new_run_does_not_overwrite_checkpoints(interrupted_run, tried):
    before = bytes_of(interrupted_run)
    with pytest.raises(ConfigError, match=r"expected a folder without checkpoints, got 1") as error:
        train(checkpoint=interrupted_run)
    assert bytes_of(interrupted_run) == before
    what = "a new run in a folder that has checkpoints"
    tried("Checkpoints", what, f"refused: {error.value}")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"resume": True}, "resume: expected a folder of checkpoints, got none"),
        ({"back_off": 1}, "back_off: expected a folder of checkpoints, got none"),
        ({"checkpoint": "ck", "back_off": 21}, "back_off: expected 0 to 20, got 21"),
        (
            {"checkpoint": "ck", "checkpoint_every": "soon"},
            "checkpoint_every: expected such as 10m",
        ),
    ],
)
def test_options_that_make_no_sense(options, expected, tmp_path, monkeypatch, tried):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=expected) as error:
        train(**options)
    assert list(tmp_path.iterdir()) == []
    what = ", ".join(f"{name} = {value}" for name, value in options.items())
    tried("Checkpoints", what, f"refused: {error.value}")


def test_nothing_to_go_on_from_begins_and_says_so(tmp_path, tried):
    observer = Quiet()
    wv = train(observer, checkpoint=tmp_path / "ck", resume=True)
    assert same(wv, train())
    assert observer.warnings == [f"{tmp_path / 'ck'}: there is no checkpoint, so the run begins"]
    tried("Checkpoints", "resume without any checkpoint", "said, and the run begins")


def test_a_second_run_on_the_same_folder_is_refused(tmp_path, tried):
    refused = []

    class Second(Quiet):
        def progress(self, progress):
            if not refused:
                with pytest.raises(OutputError, match="in use by this process"):
                    train(checkpoint=tmp_path, resume=True)
                refused.append(True)

    wv = train(Second(), checkpoint=tmp_path)
    assert refused
    assert same(wv, train())
    what = "resume in the folder of a run that goes on, from the same process"
    tried("Checkpoints", what, "refused; the first run ends as if alone")


@pytest.mark.parametrize("which", ["newest", "both"])
def test_damaged_checkpoints(which, tmp_path, tried):
    observer = Quiet()
    whole = train(observer, epochs=30, checkpoint=tmp_path, checkpoint_every="5%")
    found = list(numbered(tmp_path).values())
    assert len(found) == 2
    for path in found[-1:] if which == "newest" else found:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 16
        path.write_bytes(content)
    observer = Quiet()
    if which == "newest":
        assert same(train(observer, checkpoint=tmp_path, resume=True, epochs=30), whole)
        (warning,) = observer.warnings
        assert "damaged" in warning
        assert warning.endswith(f"{found[0].name} is used")
        tried("Checkpoints", "the newest checkpoint damaged", f"said, the older one used; {SAME}")
    else:
        expected = r"damaged.*damaged.*there is no other checkpoint"
        with pytest.raises(ConfigError, match=expected) as error:
            train(observer, checkpoint=tmp_path, resume=True, epochs=30)
        what = "both checkpoints damaged"
        tried("Checkpoints", what, f"refused: {error.value}")


FORGED = {
    "position": [[0, -5, 0, False], [0, 10**6, 0, False], [99, 0, 0, False], [1, 0, 0], "0"],
    "tallies": [[[0.0, 0, 0, 0]] * 99, [[math.nan, 1, 1, 1]], [[1, 1, 10**9, 1]], [[1, 1]], None],
    "seconds": [-1, math.inf, 10**40, "1"],
    "lr_factor": [0, 2, math.nan],
    "held_out_nats": [[1.0] * 99, ["1"]],
    "progress": [2, math.nan, 10**40],
    "history": [{"resumed_at_words": 5}, {"init": {"words": 1}}, []],
    "config": [{"lr": "x"}, {"seed": None}, {"windows": 5}, []],
    "corpus": [{}, None], "versions": [{}], "n_blocks": [3.5, 10**6],
}  # fmt: skip


@pytest.mark.parametrize("part", FORGED)
def test_a_checkpoint_of_a_stranger_is_refused_in_one_line(part, tmp_path, monkeypatch, tried):
    """Whoever can compute a SHA-256 can write one that is whole, and says what cannot be."""
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path)
    (path,) = numbered(tmp_path).values()
    whole = read_checkpoint(path)
    arrays = {name: array.copy() for name, array in whole.arrays.items()}
    for value in FORGED[part]:
        write_checkpoint(path, arrays, {**whole.record, part: value})
        with pytest.raises((ConfigError, CorpusError), match=f"^{path}: ") as error:
            train(checkpoint=tmp_path, resume=True)
        assert len(str(error.value).splitlines()) == 1
    what = f"a checkpoint with a forged {part}, its checksums computed anew"
    tried("Checkpoints", what, f"refused: {error.value}", times=len(FORGED[part]))


def test_a_checkpoint_of_a_stranger_has_arrays_that_fit(tmp_path, tried):
    options = KINDS["negative-sampling:validate"]
    train(checkpoint=tmp_path, **options)
    path = list(numbered(tmp_path).values())[-1]
    whole = read_checkpoint(path)
    arrays = {name: array.copy() for name, array in whole.arrays.items()}
    names = ["logit_offsets", "best.center_vectors", "best.logit_offsets"]
    assert set(names) <= set(arrays)
    times = 0
    for name in names:
        for other in (arrays[name][1:], arrays[name].astype(np.float64), None):
            forged = {**arrays, name: other}
            if other is None:
                del forged[name]
            write_checkpoint(path, forged, whole.record)
            with pytest.raises(ConfigError, match=f"^{path}: expected a state that fits") as error:
                train(checkpoint=tmp_path, resume=True, **options)
            times += 1
    what = "a checkpoint with forged arrays, its checksums computed anew"
    tried("Checkpoints", what, f"refused: {error.value}", times=times)


def test_a_checkpoint_of_a_stranger_needs_no_json(tmp_path):
    train(checkpoint=tmp_path)
    path = list(numbered(tmp_path).values())[-1]
    tensors, metadata = read_tensors(path)
    for name in ("checksums", "checkpoint"):
        for text in (None, "", "{", "[" * 100_000, "[]", "1" * 5000):
            changed = {**metadata, name: text}
            if text is None:
                del changed[name]
            del changed["digest"]
            write_tensors(path, tensors, {**changed, "digest": _digest(changed)})
            with pytest.raises(FormatError, match=f"^{path}: "):
                read_checkpoint(path)


def test_a_state_of_other_software_is_gone_on_with_and_a_warning(tmp_path, monkeypatch, tried):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        patch.setattr("w2v.__version__", "0.0.9")
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path)
    observer = Quiet()
    train(observer, checkpoint=tmp_path, resume=True)
    assert "written with w2v 0.0.9" in observer.warnings[0]
    with monkeypatch.context() as patch:
        patch.setattr(
            "w2v.train.hogwild.block_edges", lambda starts: np.array([0, len(starts) - 1])
        )
        with pytest.raises(ConfigError, match="expected a state that fits this version") as error:
            train(checkpoint=tmp_path, resume=True)
    tried("Checkpoints", "a checkpoint of another version of w2v", "said, and gone on with")
    what = "a checkpoint of a version that cuts blocks otherwise"
    tried("Checkpoints", what, f"refused: {error.value}")


def test_the_default_observer_warns_as_python_does(tmp_path):
    with pytest.warns(RuntimeWarning, match="there is no checkpoint"):
        train_embeddings(CORPUS, **COMMON, checkpoint=tmp_path, resume=True)


# --- disks that are full --------------------------------------------------------------------------


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, monkeypatch, tried):
    from w2v.train import checkpoint_folder

    real, calls = checkpoint_folder.write_checkpoint, []

    def fails_at_first(path, arrays, record):
        calls.append(path)
        if len(calls) < 3:
            raise OutputError(f"{path}: cannot be written: No space left on device")
        real(path, arrays, record)

    monkeypatch.setattr(checkpoint_folder, "write_checkpoint", fails_at_first)
    observer = Quiet()
    wv = train(observer, epochs=30, checkpoint=tmp_path, checkpoint_every="5%")
    assert same(wv, train(epochs=30))
    assert len(observer.warnings) == 2
    assert "No space left on device; no checkpoint was written" in observer.warnings[0]
    assert observer.kept[-1][0] == 1
    what = "no space for a checkpoint in the middle of a run"
    tried("Checkpoints", what, "said, the run goes on, and the next is written", times=2)


def test_a_disk_too_small_for_checkpoints_is_noticed_before_training(tmp_path, monkeypatch, tried):
    usage = os.statvfs(tmp_path)

    class Full:
        free = 50_000

    assert usage.f_bavail
    monkeypatch.setattr("w2v.util.files.shutil.disk_usage", lambda folder: Full)
    expected = r"ck: expected 0\.1 MB of free space, got 0\.1 MB"
    with pytest.raises(OutputError, match=expected) as error:
        train(checkpoint=tmp_path / "ck", vector_size=30)
    assert list(tmp_path.iterdir()) == []
    what = "too little space for checkpoints, before training"
    tried("Checkpoints", what, f"refused: {error.value}")


# --- divergence -----------------------------------------------------------------------------------


def poison(monkeypatch, at, times=1):
    """The model becomes NaN in one row before the given (epoch, block) is trained; the event."""
    left = [times]
    poisoned_once = threading.Event()
    real = HogwildRun.train_block

    def poisoned(self, scratch, epoch, block, lr):
        if lr and (epoch, block) == at and left[0]:
            left[0] -= 1
            self.model.center_vectors[1] = np.nan
            poisoned_once.set()
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(HogwildRun, "train_block", poisoned)
    return poisoned_once


def write_slowly(monkeypatch, poisoned):
    """The first checkpoint is still being written when the fault happens."""
    real = CheckpointFolder.write

    def write(self, *arguments):
        assert poisoned.wait(timeout=600)
        return real(self, *arguments)

    monkeypatch.setattr(CheckpointFolder, "write", write)


def write_at_once(monkeypatch):
    """Training waits until each checkpoint is written, however slow the disk is."""
    real = Checkpointer._begin_writing

    def begin(self):
        real(self)
        if self._writing is not None:
            wait([self._writing])

    monkeypatch.setattr(Checkpointer, "_begin_writing", begin)


def test_a_divergence_is_stopped_within_a_block_and_the_last_good_checkpoint_kept(
    tmp_path, monkeypatch, tried
):
    options = {"corpus": sentences(100_000), "epochs": 10}
    whole = train(**options)
    with monkeypatch.context() as patch:
        write_slowly(patch, poison(patch, (5, 2)))
        with pytest.raises(DivergenceError) as error:
            train(**options, checkpoint=tmp_path, checkpoint_every="5%")
    text = str(error.value)
    assert text.startswith(
        "epoch 6, block 3 of 10: expected a loss below 10000 nats a pair, got nan"
    )
    assert "at learning rate 0.01" in text
    assert re.search(r"\(row \d+ of center_vectors, 'w\d+', is not finite\); lower --lr", text)
    assert "is kept: --resume --back-off 1 goes on from it at half the rate" in text
    observer = Quiet()
    assert same(train(observer, **options, checkpoint=tmp_path, resume=True), whole)
    assert 0 < observer.begun_at < 0.55
    tried("Checkpoints", "a row becomes NaN in training", f"stopped: {text}")


def test_a_poisoned_row_that_no_loss_shows_is_not_written(tmp_path, monkeypatch, tried):
    real = Checkpointer._begin_writing

    def poisoned(self):
        real(self)
        if self._writing is not None and len(self.pauses) == 2:
            self._writing.result()
            self.run.model.log_normalisers[149] = np.inf  # which this loss never reads

    monkeypatch.setattr(Checkpointer, "_begin_writing", poisoned)
    expected = r"checkpoint: expected finite numbers, got others in row 150 of log_normalisers, 'w"
    with pytest.raises(DivergenceError, match=expected):
        train(epochs=40, checkpoint=tmp_path, checkpoint_every="5%")
    assert len(numbered(tmp_path)) == 2
    for path in numbered(tmp_path).values():
        assert np.isfinite(read_checkpoint(path).arrays["log_normalisers"]).all()
    what = "a number that no loss shows becomes infinite"
    tried("Checkpoints", what, "stopped before it is written; two good checkpoints kept")


def test_back_off_halves_the_rate_until_it_holds(tmp_path, tried):
    observer = Quiet()
    with pytest.raises(DivergenceError, match=r"--back-off 3 goes|lower --lr$"):
        train(observer, lr=1e6, back_off=2, checkpoint=tmp_path / "few")
    assert len(observer.warnings) == 2
    observer = Quiet()
    wv = train(observer, lr=300.0, epochs=4, back_off=20, checkpoint=tmp_path / "ck")
    record = wv.training["back_offs"]
    assert 3 < len(record) == len(observer.warnings) < 15
    assert [each["lr_factor"] for each in record] == [0.5**n for n in range(1, len(record) + 1)]
    for each, warning in zip(record, observer.warnings, strict=True):
        assert each["error"].startswith("epoch ")
        assert warning.startswith(each["error"])
    assert (
        "going back to the beginning, on at 0.5 of the planned rate (back-off 1)"
        in (observer.warnings[0])
    )
    assert np.isfinite(wv.vectors).all()
    assert "back_offs" not in train().training
    what = "--lr 1e6 --back-off 2"
    tried("Checkpoints", what, "stopped after going back twice, each time at half the rate")
    what = "--lr 300 --back-off 20"
    tried("Checkpoints", what, f"half the rate {len(record)} times, then it holds")


def test_back_off_goes_to_the_last_checkpoint_and_then_to_the_one_before(
    tmp_path, monkeypatch, tried
):
    poison(monkeypatch, (3, 20), times=3)
    write_at_once(monkeypatch)
    observer = Quiet()
    rates = []
    real = HogwildRun.train_block

    def spy(self, scratch, epoch, block, lr):
        rates.append((epoch, block, lr))
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(HogwildRun, "train_block", spy)
    # The fault is at 92%; checkpoints at 25%, 50% and 75%, of which the last two are kept.
    options = {"corpus": sentences(300_000), "epochs": 4, "checkpoint": tmp_path}
    wv = train(observer, **options, back_off=3, checkpoint_every="25%")
    back_to = [each["back_to_words"] / 1_200_000 for each in wv.training["back_offs"]]
    assert 0.75 <= back_to[0] < 0.9
    assert 0.50 <= back_to[1] < 0.65
    assert 0.75 <= back_to[2] < 0.9  # written anew on the way
    (last,) = [lr for epoch, block, lr in rates if (epoch, block) == (3, 29)]
    planned = 0.04 + (1e-4 - 0.04) * (3 + 29 / 30) / 4
    assert last == pytest.approx(planned / 8, rel=0.02)
    # What was decided is kept: a run that goes on later keeps to it.
    resumed = train(**options, resume=True)
    assert resumed.training["back_offs"] == wv.training["back_offs"]
    what = "--back-off 3, and a row that becomes NaN three times at the same place"
    tried("Checkpoints", what, "back to the last checkpoint, then to the one before")


# --- signals, as the command meets them -----------------------------------------------------------

QUICK = ["--vector-size", "10", "--min-count", "1", "--workers", "1", "--epochs", "60"]


def command(*arguments, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "w2v.train", *map(str, arguments)],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


SIGNALLED = """if True:
    import os, sys
    from w2v.train import __main__ as command

    number, real = int(sys.argv.pop(1)), sys.stderr

    class Signalling:  # once the first checkpoint is reported
        def __getattr__(self, name):
            return getattr(real, name)

        def write(self, text):
            real.write(text)
            if text.startswith("checkpoint:") and sys.stderr is self:
                sys.stderr = real
                os.kill(os.getpid(), number)

    sys.stderr = Signalling()
    command.entry()
"""


@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")]
)
def test_a_signal_writes_a_checkpoint_and_says_how_to_go_on(tmp_path, write, number, word, tried):
    write("my corpus.txt", "\n".join(" ".join(sentence) for sentence in CORPUS))
    write("vectors.bin", b"precious")
    arguments = ["my corpus.txt", *QUICK, "--checkpoint", "ck", "--checkpoint-every", "2%"]
    process = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(int(number)), *arguments],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    out, err = process.stdout, process.stderr
    last = err.strip().splitlines()[-1]
    assert process.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert last.startswith(f"w2v.train: {word} at ")
    assert last.endswith(
        "%; to go on: python -m w2v.train 'my corpus.txt' --vector-size 10 --min-count 1 "
        "--workers 1 --epochs 60 --checkpoint ck --checkpoint-every 2% --resume"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ck",
        "my corpus.txt",
        "vectors.bin",
    ]
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"
    with command("my corpus.txt", "--checkpoint", "ck", "--resume", cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert "checkpoint: going on from" in err
    with command("my corpus.txt", *QUICK, "-o", "whole.bin", cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert (tmp_path / "vectors.bin").read_bytes() == (tmp_path / "whole.bin").read_bytes()
    what = f"{signal.Signals(number).name} to the command, with --checkpoint"
    tried("Checkpoints", what, f"one line that says how to go on; {SAME}")


def test_a_signal_before_training_says_that_nothing_was_saved(tmp_path, tried):
    os.mkfifo(tmp_path / "pipe.txt")
    with (
        command("pipe.txt", *QUICK, "--checkpoint", "ck", cwd=tmp_path) as process,
        (tmp_path / "pipe.txt").open("w") as pipe,  # opens once the command reads
    ):
        pipe.write("a b c\n")
        pipe.flush()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert err.strip().splitlines()[-1] == "w2v.train: terminated; nothing was saved"
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.txt"]
    what = "SIGTERM while the corpus is read, with --checkpoint"
    tried("Checkpoints", what, err.strip().splitlines()[-1])


def test_without_checkpoints_a_sigterm_ends_the_process_as_ever(tmp_path, write, tried):
    write("corpus.txt", "\n".join(" ".join(sentence) for sentence in CORPUS))
    with command("corpus.txt", *QUICK, "--epochs", "99999", cwd=tmp_path) as process:
        for line in process.stderr:
            if line.startswith("training:"):
                break
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == -signal.SIGTERM
    tried("Checkpoints", "SIGTERM without --checkpoint", "ends the process as ever")


def test_an_interrupt_reaches_a_thread_that_is_not_the_main_one_through_its_observer(
    tmp_path, tried
):
    """Signals go to the main thread alone."""
    caught = []

    class Impatient(Quiet):
        def progress(self, progress):
            if progress.words > 10_000:
                raise KeyboardInterrupt

    def work():
        try:
            train(Impatient(), checkpoint=tmp_path)
        except KeyboardInterrupt:
            caught.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught
    assert same(train(checkpoint=tmp_path, resume=True), train())
    tried("Concurrency", "an interrupt of a run in a thread that is not the main one", SAME)
