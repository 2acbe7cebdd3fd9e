"""The losses by name. A loss is one file here and one row below; everything else iterates the rows.

The file is imported when its loss is asked for, so that listing the names (``--help``) stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.losses.base import SampledLoss

LOSSES = {
    "negative-sampling": "w2v.losses.negative_sampling",
}
"""Name on the command line -> module with the loss as `LOSS`."""


def get_loss(name: str) -> SampledLoss:
    """The loss of that name; KeyError for a name that is not in `LOSSES`."""
    loss: SampledLoss = importlib.import_module(LOSSES[name]).LOSS
    return loss
