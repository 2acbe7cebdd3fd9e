"""Small training runs for tests: a recording callback, interrupts and comparisons."""

from __future__ import annotations

from pathlib import Path

from killed import COMMON, sentences

from w2v.config import DEFAULT_INTERVAL, Checkpoints
from w2v.embeddings import Embeddings
from w2v.train import worker_pool
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback

CORPUS = sentences(36_000)
SAME = "resumed: the same bytes as an uninterrupted run"


class Recorder(Callback):
    """Records checkpoints and warnings.

    Attributes:
        kept: (progress, path) of each checkpoint.
        resumed_at: progress of the checkpoint that the run was resumed from.
        warnings: texts of the warnings.
    """

    def __init__(self):
        self.kept = []
        self.resumed_at = None
        self.warnings = []

    def on_checkpoint(self, progress, path):
        self.kept.append((progress, Path(path)))

    def on_resume(self, progress, path):
        self.resumed_at = progress

    def on_warning(self, text):
        self.warnings.append(text)


def train(
    callback=None, corpus=None, *, checkpoint=None, every=DEFAULT_INTERVAL, resume=False,
    back_off=0, **options,
):  # fmt: skip
    """Train with the options of `killed.COMMON`, updated by those given."""
    if checkpoint is not None:
        checkpoint = Checkpoints(checkpoint, every, resume, back_off)
    return train_embeddings(
        CORPUS if corpus is None else corpus,
        callbacks=[Recorder() if callback is None else callback],
        checkpoint=checkpoint,
        **{**COMMON, **options},
    )


def same(first: Embeddings, second: Embeddings) -> bool:
    """Whether two runs gave the same vectors, bit for bit, and the same statistics."""
    names = ("epoch_losses", "words_after_subsampling", "words_trained", "validation")
    return (
        first.vectors.tobytes() == second.vectors.tobytes()
        and first.context_vectors.tobytes() == second.context_vectors.tobytes()
        and all(first.training.get(name) == second.training.get(name) for name in names)
    )


def interrupt_after(monkeypatch, turns):
    """Interrupt runs, as Ctrl-C does, after `turns` turns of workers; returns [turns left]."""
    left = [turns]
    real_turn, real_run = worker_pool.WorkerPool.turn, worker_pool.WorkerPool.run

    def turn(self):
        left[0] -= 1
        if left[0] < 0:
            self.stop()
        return real_turn(self)

    def run(self, work, workers, watch):
        def watched():
            watch()
            if left[0] < 0:
                raise KeyboardInterrupt

        real_run(self, work, workers, watched)

    monkeypatch.setattr(worker_pool.WorkerPool, "turn", turn)
    monkeypatch.setattr(worker_pool.WorkerPool, "run", run)
    return left
