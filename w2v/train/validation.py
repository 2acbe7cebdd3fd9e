"""Held-out loss after each epoch, and early stopping: the options `validate` and `patience`.

Some sentences are held out (`w2v.held_out.split_corpus`), and after each epoch their pairs are
scored by `w2v.held_out.measure`, in nats a pair that can be compared between losses. With
`patience` N, training stops after N epochs without a lower held-out loss, and the vectors are those
of the epoch with the lowest one, also if all epochs were trained; this keeps a second copy of the
model. Without `patience` nothing is copied, and the vectors are those of the last epoch. The
learning rate falls as planned for all epochs, so a run that stops early has not reached its lowest
rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from w2v.held_out import HeldOut, measure
from w2v.train.callbacks import Callback
from w2v.train.state import RunState
from w2v.train.trainer import Trainer


class Validation:
    """Measures a model after each epoch.

    Args:
        held_out: pairs that are not trained on.
        patience: see the module's docstring.

    Attributes:
        best: the parameters after the epoch with the lowest held-out loss; empty if not kept.
    """

    def __init__(self, held_out: HeldOut, patience: int | None) -> None:
        self.held_out = held_out
        self.patience = patience
        self.best: dict[str, np.ndarray] = {}
        self._epoch_of_vectors: int | None = None

    def begin(self, best: Mapping[str, np.ndarray]) -> None:
        """Continue with the best parameters of a checkpoint, or with none."""
        self.best = dict(best)

    def end_epoch(self, trainer: Trainer, state: RunState, callbacks: Callback) -> bool:
        """Measure the held-out loss; True if patience is exhausted."""
        epoch = state.epochs_trained
        if len(state.held_out_losses) < epoch:  # else Ctrl-C came between this and the next epoch
            loss = measure(trainer.scorer(), self.held_out, with_noise=False).nats
            is_best = not state.held_out_losses or loss < min(state.held_out_losses)
            # The parameters first: if Ctrl-C comes between the two, the epoch is measured again.
            if self.patience is not None and is_best:
                self.best = {name: array.copy() for name, array in trainer.parameters().items()}
            state.held_out_losses = [*state.held_out_losses, loss]
            callbacks.on_validation(epoch, loss, is_best)
        if self.patience is None:
            return False
        return len(state.held_out_losses) - best_epoch(state) >= self.patience

    def finish(self, trainer: Trainer, state: RunState) -> None:
        """After the last epoch: with `patience`, restore the best epoch's parameters."""
        if self.best and state.held_out_losses:
            for name, array in trainer.parameters().items():
                array[...] = self.best[name]
            self._epoch_of_vectors = best_epoch(state)

    def record(self, state: RunState) -> dict[str, Any]:
        """The held-out losses, for the metadata of the vectors."""
        restored = self._epoch_of_vectors
        return {
            "pairs": len(self.held_out.contexts),
            "epoch_nats": state.held_out_losses,
            "best_epoch": best_epoch(state),
            "epoch_of_vectors": state.epochs_trained if restored is None else restored,
        }


def best_epoch(state: RunState) -> int:
    """The epoch with the lowest held-out loss, from 1."""
    return int(np.argmin(state.held_out_losses)) + 1
