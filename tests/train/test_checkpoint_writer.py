"""When checkpoints are written, and what happens when they cannot be."""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace

import pytest
from killed import KINDS
from runs import Recorder, same, train

from w2v.errors import OutputError
from w2v.train import worker_pool
from w2v.train.checkpoint import numbered
from w2v.train.checkpoint_writer import CheckpointWriter
from w2v.train.sampled import SampledTrainer


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


def test_checkpoints_between_change_nothing_and_the_last_is_of_the_end(tmp_path):
    for kind in ("negative-sampling:split", "softmax:corpus"):
        recorder = Recorder()
        options = {**KINDS[kind], "epochs": 200}  # long enough for a busy machine
        wv = train(recorder, **options, checkpoint=tmp_path / kind, every="1%")
        assert same(wv, train(**options))
        done = [progress for progress, _ in recorder.kept]
        assert len(done) > 2
        assert done == sorted(done)
        assert done[-1] == 1
        assert list(numbered(tmp_path / kind).values())[-1] == recorder.kept[-1][1]
    again = Recorder()
    assert same(wv, train(again, **options, checkpoint=tmp_path / kind, resume=True))
    assert (again.resumed_at, again.kept) == (1, [])


def test_an_interval_of_time(tmp_path, monkeypatch):
    """With a clock that advances by a second at each report, for which each block waits."""
    reported = threading.Semaphore(0)
    clock = [0]
    begun = []

    class Ticking(Recorder):
        def on_progress(self, progress):
            clock[0] += 1
            reported.release()

    real_block, real_begin = SampledTrainer.train_block, CheckpointWriter._begin_writing

    def in_step(self, scratch, epoch, block, lr):
        if lr:
            assert reported.acquire(timeout=600)
        return real_block(self, scratch, epoch, block, lr)

    def begin(self, run):
        begun.append(clock[0])
        real_begin(self, run)
        self._writing.exception()  # is written at once

    monkeypatch.setattr(SampledTrainer, "train_block", in_step)
    monkeypatch.setattr(CheckpointWriter, "_begin_writing", begin)
    fake = SimpleNamespace(monotonic=lambda: clock[0], perf_counter=time.perf_counter)
    monkeypatch.setattr("w2v.train.checkpoint_writer.time", fake)
    train(Ticking(), epochs=40, checkpoint=tmp_path, every="10s")
    assert len(begun) >= 15  # of 160 blocks
    assert begun == list(range(10, 10 * len(begun) + 1, 10))


def test_the_longest_interval_keeps_the_end_alone(tmp_path):
    recorder = Recorder()
    train(recorder, checkpoint=tmp_path, every="100%")
    assert [progress for progress, _ in recorder.kept] == [1]


def test_training_continues_while_a_checkpoint_is_written(tmp_path, monkeypatch):
    from w2v.train import checkpoint as checkpoint_module

    real = checkpoint_module.write_checkpoint
    seen = []

    def slowly(path, arrays, record):
        if not seen:  # the first of several, so that most of the run is ahead
            before = Progressing.words
            while Progressing.words == before:
                time.sleep(0.001)
        seen.append(Progressing.words)
        real(path, arrays, record)

    class Progressing(Recorder):
        words = 0

        def on_progress(self, progress):
            Progressing.words = progress.words

    monkeypatch.setattr(checkpoint_module, "write_checkpoint", slowly)
    wv = train(Progressing(), epochs=60, checkpoint=tmp_path, every="20%")
    assert seen
    assert same(wv, train(epochs=60))


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(tmp_path, monkeypatch):
    from w2v.train import checkpoint as checkpoint_module

    real, calls = checkpoint_module.write_checkpoint, []

    def fails_at_first(path, arrays, record):
        calls.append(path)
        if len(calls) < 3:
            raise OutputError(f"{path}: cannot be written: No space left on device")
        real(path, arrays, record)

    monkeypatch.setattr(checkpoint_module, "write_checkpoint", fails_at_first)
    recorder = Recorder()
    wv = train(recorder, epochs=30, checkpoint=tmp_path, every="5%")
    assert same(wv, train(epochs=30))
    assert len(recorder.warnings) == 2
    assert "No space left on device; no checkpoint was written, and" in recorder.warnings[0]
    assert recorder.kept[-1][0] == 1


def test_a_disk_too_small_for_checkpoints_is_noticed_before_training(tmp_path, monkeypatch):
    usage = os.statvfs(tmp_path)

    class Full:
        free = 50_000

    assert usage.f_bavail
    monkeypatch.setattr("w2v.util.files.shutil.disk_usage", lambda folder: Full)
    expected = r"ck: needs 0\.1 MB of disk space, but only 0\.1 MB are free"
    with pytest.raises(OutputError, match=expected):
        train(checkpoint=tmp_path / "ck", vector_size=30)
    assert list(tmp_path.iterdir()) == []
