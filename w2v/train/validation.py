"""Held-out loss after each epoch, and early stopping: the options `validate` and `patience`.

Some sentences are held out (`w2v.held_out.split_corpus`), and after each epoch their pairs are
scored by `w2v.held_out.measure`, in nats per pair, which can be compared across losses. With
`patience` N, training stops after N epochs without a lower held-out loss, and the vectors are those
of the epoch with the lowest one, even if all epochs were trained; this takes a second copy of the
model. Without `patience`, nothing is copied, and the vectors are those of the last epoch. The
learning rate decays as planned for all epochs, so a run that stops early never reaches the lowest
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
        patience: N; see the module's docstring.

    Attributes:
        best: the parameters after the epoch with the lowest held-out loss; empty if not kept.
    """

    def __init__(self, held_out: HeldOut, patience: int | None) -> None:
        self.held_out = held_out
        self.patience = patience
        self.best: dict[str, np.ndarray] = {}
        self._epoch_of_vectors: int | None = None

    def begin(self, best: Mapping[str, np.ndarray]) -> None:
        """Set the best parameters so far: those of a checkpoint, or none (an empty dict)."""
        self.best = dict(best)

    def end_epoch(self, trainer: Trainer, state: RunState, callbacks: Callback) -> bool:
        """Measure the held-out loss; returns whether patience is exhausted."""
        epoch = state.epochs_trained
        if len(state.held_out_losses) < epoch:  # otherwise, Ctrl-C came after it was measured
            loss = measure(trainer.scorer(), self.held_out, with_noise=False).nats
            is_best = not state.held_out_losses or loss < min(state.held_out_losses)
            # Parameters before the loss: if Ctrl-C comes in between, the epoch is measured again.
            if self.patience is not None and is_best:
                self.best = {name: array.copy() for name, array in trainer.parameters().items()}
            state.held_out_losses = [*state.held_out_losses, loss]
            callbacks.on_validation(epoch, loss, is_best)
        if self.patience is None:
            return False
        return len(state.held_out_losses) - best_epoch(state) >= self.patience

    def finish(self, trainer: Trainer, state: RunState) -> None:
        """With `patience`, restore the best epoch's parameters after the last epoch."""
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
