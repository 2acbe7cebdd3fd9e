"""Runs that diverge: stopped, or continued from a checkpoint at half the learning rate."""

from __future__ import annotations

import re
import threading
from concurrent.futures import wait

import numpy as np
import pytest
from killed import sentences
from runs import Recorder, same, train

from w2v.errors import DivergenceError
from w2v.train import worker_pool
from w2v.train.checkpoint import CheckpointFolder, numbered, read_checkpoint
from w2v.train.checkpoint_writer import CheckpointWriter
from w2v.train.sampled import SampledTrainer


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


def poison(monkeypatch, at, times=1):
    """The model becomes NaN in one row before the given (epoch, block) is trained; the event."""
    left = [times]
    poisoned_once = threading.Event()
    real = SampledTrainer.train_block

    def poisoned(self, scratch, epoch, block, lr):
        if lr and (epoch, block) == at and left[0]:
            left[0] -= 1
            self.model.parameters.center_vectors[1] = np.nan
            poisoned_once.set()
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", poisoned)
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
    real = CheckpointWriter._begin_writing

    def begin(self, run):
        real(self, run)
        if self._writing is not None:
            wait([self._writing])

    monkeypatch.setattr(CheckpointWriter, "_begin_writing", begin)


def test_a_divergence_is_stopped_within_a_block_and_the_last_good_checkpoint_kept(
    tmp_path, monkeypatch
):
    options = {"corpus": sentences(100_000), "epochs": 10}
    whole = train(**options)
    with monkeypatch.context() as patch:
        write_slowly(patch, poison(patch, (5, 2)))
        with pytest.raises(DivergenceError) as error:
            train(**options, checkpoint=tmp_path, every="5%")
    text = str(error.value)
    assert text.startswith("epoch 6, block 3 of 10: the loss diverged to nan nats per pair")
    assert "at learning rate 0.01" in text
    assert re.search(r"\(row \d+ of center_vectors, 'w\d+', is not finite\); lower --lr", text)
    assert "is kept, and --resume --back-off 1 continues from it at half the rate" in text
    recorder = Recorder()
    assert same(train(recorder, **options, checkpoint=tmp_path, resume=True), whole)
    assert 0 < recorder.resumed_at < 0.55


def test_a_nan_row_that_no_loss_shows_is_not_written(tmp_path, monkeypatch):
    real = CheckpointWriter._begin_writing

    def poisoned(self, run):
        real(self, run)
        if self._writing is not None and len(self.pauses) == 2:
            self._writing.result()
            # This loss never reads it.
            run.trainer.model.parameters.log_normalisers[149] = np.inf

    monkeypatch.setattr(CheckpointWriter, "_begin_writing", poisoned)
    expected = r"checkpoint: row 150 of log_normalisers, 'w\d+', is not finite"
    with pytest.raises(DivergenceError, match=expected):
        train(epochs=40, checkpoint=tmp_path, every="5%")
    assert len(numbered(tmp_path)) == 2
    for path in numbered(tmp_path).values():
        assert np.isfinite(read_checkpoint(path).arrays["log_normalisers"]).all()


@pytest.mark.parametrize("name", ["center_vectors", "context_vectors"])
def test_a_divergence_that_only_the_last_step_makes_is_one(monkeypatch, tmp_path, name):
    real = SampledTrainer.train_epoch
    left = [2]

    def poisoned(self, state, schedule, watch):
        real(self, state, schedule, watch)
        if state.position.epoch == 1 and left[0]:
            left[0] -= 1
            getattr(self.model.parameters, name)[3] = np.nan

    monkeypatch.setattr(SampledTrainer, "train_epoch", poisoned)
    expected = rf"row 4 of {name}, 'w\d+', is not finite; lower --lr"
    with pytest.raises(DivergenceError, match=f"^epoch 2: {expected}$"):
        train(epochs=2)
    wv = train(epochs=2, checkpoint=tmp_path, back_off=1)
    (back_off,) = wv.training["back_offs"]
    assert re.search(expected, back_off["error"])
    assert np.isfinite(wv.vectors).all()


def test_back_off_halves_the_rate_until_it_holds(tmp_path):
    recorder = Recorder()
    with pytest.raises(DivergenceError, match=r"--back-off 3 continues|lower --lr$"):
        train(recorder, lr=1e6, back_off=2, checkpoint=tmp_path / "few")
    assert len(recorder.warnings) == 2
    recorder = Recorder()
    wv = train(recorder, lr=300.0, epochs=4, back_off=20, checkpoint=tmp_path / "ck")
    record = wv.training["back_offs"]
    assert 3 < len(record) == len(recorder.warnings) < 15
    assert [each["lr_factor"] for each in record] == [0.5**n for n in range(1, len(record) + 1)]
    for each, warning in zip(record, recorder.warnings, strict=True):
        assert each["error"].startswith("epoch ")
        assert warning.startswith(each["error"])
    assert (
        "back to the beginning, continuing at 0.5 of the planned learning rate (back-off 1)"
        in (recorder.warnings[0])
    )
    assert np.isfinite(wv.vectors).all()
    assert "back_offs" not in train().training


def test_back_off_goes_to_the_last_checkpoint_and_then_to_the_one_before(tmp_path, monkeypatch):
    poison(monkeypatch, (3, 20), times=3)
    write_at_once(monkeypatch)
    recorder = Recorder()
    rates = []
    real = SampledTrainer.train_block

    def spy(self, scratch, epoch, block, lr):
        rates.append((epoch, block, lr))
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", spy)
    # The fault is at 92%; checkpoints at 25%, 50% and 75%, of which the last two are kept.
    options = {"corpus": sentences(300_000), "epochs": 4, "checkpoint": tmp_path}
    wv = train(recorder, **options, back_off=3, every="25%")
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
