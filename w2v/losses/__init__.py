"""Registry of losses. A loss is one file and one row of `LOSSES`; all other code iterates the rows.

Modules of losses are imported on first use, so that ``--help`` stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.losses.base import FullLoss, SampledLoss

LOSSES = {
    "negative-sampling": "w2v.losses.negative_sampling",
    "nce": "w2v.losses.nce",
    "softmax": "w2v.losses.softmax",
    "sampled-softmax": "w2v.losses.sampled_softmax",
}
"""Name on the command line -> module that defines the loss as `LOSS`."""

TARGETS = ("distribution", "split", "corpus")
"""Kinds of target; see `w2v.corpus.cooccurrence`."""


def get_loss(name: str) -> SampledLoss | FullLoss:
    """Return the loss with this name.

    Args:
        name: key of `LOSSES`.

    Raises:
        KeyError: there is no such loss.
    """
    loss: SampledLoss | FullLoss = importlib.import_module(LOSSES[name]).LOSS
    return loss
