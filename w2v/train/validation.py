"""Held-out loss after each epoch, and early stopping: what `validate` and `patience` ask for.

A part of the sentences is held out (`w2v.train.api`); its pairs are judged by `w2v.held_out`, whose
renormalised nats a pair can be compared between losses. With `patience` N, training stops after
N epochs without a lower held-out loss, and the vectors are those of the epoch with the lowest one,
also where all the epochs were trained: this keeps a second copy of the model. Without `patience`
nothing is copied, and the vectors are the last epoch's. The learning rate falls as planned for
all the epochs, so that a run that stops early has not reached its lowest rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from w2v.held_out import HeldOut, judge
from w2v.train.relay import Relay
from w2v.train.run import Observer, Run


class _Judged(NamedTuple):
    """Replaced as a whole, so that Ctrl-C leaves the one or the other."""

    nats: tuple[float, ...] = ()
    best: dict[str, np.ndarray] | None = None  # the parameters after the best epoch


class Validator(Relay):
    """Judges a run after each epoch, and passes everything else on.

    Args:
        observer: told about progress and the held-out losses.
        held_out: pairs that are not trained on.
        patience: see the module's header.
    """

    def __init__(self, observer: Observer, held_out: HeldOut, patience: int | None) -> None:
        super().__init__(observer)
        self.held_out = held_out
        self.patience = patience
        self._judged = _Judged()

    @property
    def nats(self) -> list[float]:
        """The held-out loss after each epoch."""
        return list(self._judged.nats)

    def epoch_ended(self, run: Run) -> bool:
        """Judge; True when patience is at its end."""
        if len(self.nats) < run.epochs_trained:  # else Ctrl-C came between this and the next epoch
            self._judge(run)
        stop = self.observer.epoch_ended(run)
        if self.patience is not None:
            stop = stop or len(self.nats) - self._best_epoch() >= self.patience
        return stop

    def _judge(self, run: Run) -> None:
        nats = judge(run, self.held_out, with_noise=False).nats
        is_best = not self.nats or nats < min(self.nats)
        best = self._judged.best
        if self.patience is not None and is_best:
            best = {name: array.copy() for name, array in run.parameters().items()}
        self._judged = _Judged((*self._judged.nats, nats), best)
        self._note(run)
        self.observer.validated(run.epochs_trained, nats, is_best)

    def _best_epoch(self) -> int:
        return int(np.argmin(self.nats)) + 1

    def _note(self, run: Run) -> None:
        run.validation = {
            "pairs": len(self.held_out.contexts),
            "epoch_nats": self.nats,
            "best_epoch": self._best_epoch(),
            "epoch_of_vectors": run.epochs_trained,
        }

    def finish(self, run: Run) -> None:
        """After the run: with `patience`, put the best epoch's parameters in place."""
        if self._judged.best is not None and run.validation is not None:
            for name, array in run.parameters().items():
                array[...] = self._judged.best[name]
            run.validation["epoch_of_vectors"] = self._best_epoch()

    def state(self) -> tuple[dict[str, np.ndarray], list[float]]:
        """What a checkpoint must hold: the best parameters, if they are kept, and all losses."""
        return self._judged.best or {}, self.nats

    def restore(self, run: Run, best: Mapping[str, Any], nats: list[float]) -> None:
        """Go on from a `state`."""
        self._judged = _Judged(tuple(nats), dict(best) or None)
        if nats:
            self._note(run)
