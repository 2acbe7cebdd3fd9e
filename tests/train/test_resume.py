"""Runs that are interrupted or killed, and resumed: the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from killed import KINDS, sentences
from runs import Recorder, interrupt_after, same, train

from w2v.train import worker_pool
from w2v.train.checkpoint_writer import CheckpointWriter
from w2v.train.sampled import SampledTrainer


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_interrupted_after_any_turn_ends_as_if_it_had_not_been(kind, tmp_path, monkeypatch):
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
        recorder = Recorder()
        wv = train(recorder, **options, checkpoint=folder, resume=True)
        assert recorder.resumed_at > 0
        assert same(wv, whole), f"{kind}: interrupted after {after} of {turns} turns"
        assert wv.training["resumed_at_words"]


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


def test_a_run_that_is_interrupted_again_and_again_gets_there(tmp_path, monkeypatch):
    whole = train()
    wv, goes = interrupted_until_done(monkeypatch, 2, checkpoint=tmp_path)
    assert goes > 3
    assert same(wv, whole)
    assert len(wv.training["resumed_at_words"]) == goes - 1


@pytest.mark.parametrize("loss", ["negative-sampling", "softmax"])
def test_an_interrupt_during_validation_repeats_only_that(loss, tmp_path, monkeypatch):
    options = {"loss": loss, "validate": 0.1, "patience": 1, "epochs": 3}
    whole = train(**options)
    from w2v.train import validation

    real, calls = validation.measure, []

    def interrupted(scorer, *args, **kwargs):
        calls.append([array.copy() for array in scorer[:2]])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(scorer, *args, **kwargs)

    monkeypatch.setattr(validation, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(**options, checkpoint=tmp_path)
    assert same(train(**options, checkpoint=tmp_path, resume=True), whole)
    assert len(calls) >= 3
    for repeated, first in zip(calls[2], calls[1], strict=True):
        np.testing.assert_array_equal(repeated, first)


@pytest.mark.parametrize(("mode", "kind", "arguments"), [
    ("boundaries", "negative-sampling:split", ["--step", "9", "--first", "2"]),
    ("boundaries", "softmax:validate", ["--step", "13", "--first", "1"]),
    ("random", "nce:learn-normaliser", ["--kills", "6"]),
    ("random", "softmax:split", ["--kills", "4"]),
])  # fmt: skip
def test_a_killed_run_ends_as_if_it_had_not_been(mode, kind, arguments):
    """More of this: `test_killed_two_hundred_times`."""
    assert killed(mode, kind, *arguments) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_killed_two_hundred_times(kind):
    at_boundaries = killed("boundaries", kind)
    at_random = killed("random", kind, "--kills", "25")
    assert at_boundaries + at_random > 40  # times the kinds: hundreds


def killed(mode, kind, *arguments):
    """How often a run was killed."""
    root = Path(__file__).parent.parent.parent
    result = subprocess.run(
        [sys.executable, "tests/helpers/killed.py", mode, kind, *arguments],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    outcome = json.loads(result.stdout)
    assert outcome["same"] == outcome["of"] > 0
    assert sum(outcome["at"].values()) == outcome["kills"]
    return outcome["kills"]


def test_every_block_is_trained_once_an_epoch_also_across_interrupts(tmp_path, monkeypatch):
    seen = []
    real = SampledTrainer.train_block

    def spy(self, scratch, epoch, block, lr):
        if lr:
            seen.append((epoch, block))
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", spy)
    kept = []
    real_snapshot = CheckpointWriter._take_snapshot

    def take_snapshot(self, run):
        kept.append((run.state.position, sorted(set(seen))))
        return real_snapshot(self, run)

    monkeypatch.setattr(CheckpointWriter, "_take_snapshot", take_snapshot)
    options = {"workers": 5, "epochs": 6, "checkpoint": tmp_path, "every": "2%"}
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


def test_a_run_may_be_resumed_with_another_number_of_workers(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path, workers=3)
    wv = train(checkpoint=tmp_path, resume=True, workers=2)
    assert wv.training["config"]["workers"] == 2
    assert np.isfinite(wv.vectors).all()
