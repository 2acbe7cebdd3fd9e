"""Held-out loss after each epoch, and early stopping: what `validate` and `patience` ask for.

A part of the sentences is held out (`w2v.trainer`); its pairs are judged by `w2v.yardstick`, whose
renormalised nats a pair can be compared between losses. With `patience` N, training stops after
N epochs without a lower held-out loss, and the vectors are those of the epoch with the lowest one,
also where all the epochs were trained: this keeps a second copy of the model. Without `patience`
nothing is copied, and the vectors are the last epoch's. The learning rate falls as planned for
all the epochs, so that a run that stops early has not reached its lowest rates.
"""

from __future__ import annotations

import numpy as np

from w2v.embeddings import Embeddings
from w2v.run import Observer, Plan, Progress, Run
from w2v.yardstick import HeldOut, judge, parameters


class Validator(Observer):
    """Judges a run after each epoch, and passes everything else on.

    Args:
        observer: told about progress and the held-out losses.
        held_out: pairs that are not trained on.
        patience: see the module's header.
    """

    def __init__(self, observer: Observer, held_out: HeldOut, patience: int | None) -> None:
        self.observer = observer
        self.held_out = held_out
        self.patience = patience
        self.nats: list[float] = []
        self._best: tuple[np.ndarray, ...] | None = None

    def reading(self, done: int, total: int | None) -> None:
        """See `Observer`."""
        self.observer.reading(done, total)

    def planned(self, plan: Plan) -> None:
        """See `Observer`."""
        self.observer.planned(plan)

    def progress(self, progress: Progress) -> None:
        """See `Observer`."""
        self.observer.progress(progress)

    def interrupted(self, embeddings: Embeddings) -> None:
        """See `Observer`."""
        self.observer.interrupted(embeddings)

    def epoch_ended(self, run: Run) -> bool:
        """Judge; True when patience is at its end."""
        nats = judge(run, self.held_out, with_noise=False).nats
        is_best = not self.nats or nats < min(self.nats)
        self.nats.append(nats)
        best_epoch = int(np.argmin(self.nats)) + 1
        run.validation = {
            "pairs": len(self.held_out.contexts),
            "epoch_nats": self.nats,
            "best_epoch": best_epoch,
            "epoch_of_vectors": run.epochs_trained,
        }
        self.observer.validated(run.epochs_trained, nats, is_best)
        stop = self.observer.epoch_ended(run)
        if self.patience is not None:
            stop = stop or len(self.nats) - best_epoch >= self.patience
            if is_best:
                self._best = tuple(array.copy() for array in parameters(run))
        if self._best is not None and (stop or run.epochs_trained == run.config.epochs_):
            for array, best in zip(parameters(run), self._best, strict=True):
                array[...] = best
            run.validation["epoch_of_vectors"] = best_epoch
        if stop and run.config.targets == "corpus":
            # Its pairs were drawn, and its kept words counted, for all the epochs at once.
            run.words_kept = run.words_kept * run.epochs_trained // run.config.epochs_
        return stop
