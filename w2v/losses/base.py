"""What a loss is: from logits and labels to nats and d(loss)/d(logits). No vectors, no rates.

A *sampled* loss scores a context word against a few noise words. One kernel serves all of them
(`w2v.kernels.sampled`); a loss says here how its logits are corrected, what becomes of accidental
hits, and what to do with a tile of finished logits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

MASKED_LOGIT = -1e30
"""The logit of a candidate that does not count: every loss gives it no loss and no gradient."""

AccidentalHits = Literal["skip", "keep"]


@dataclass(frozen=True)
class SampledLoss:
    """A loss over one true context word and K noise words.

    Attributes:
        name: as on the command line.
        tile: compiled ``tile(logits, rows, dlogits) -> loss``. Row i < rows of the (R, 1 + K)
            logits is one pair's: column 0 is the true context word, the others are noise. Fills
            `dlogits` with d(loss)/d(logits) and returns the summed loss in nats. There is room for
            `TILE_SLACK` more numbers behind the last row, for whole vectors.
        corrects_by_noise: whether ln(K q(w)) is subtracted from each logit.
        normalises: whether the logits model ln p(context | center), with an output bias that
            starts it normalised.
        accidental_hits: what becomes of a noise word that equals the true one: "skip" gives it
            `MASKED_LOGIT`, "keep" leaves it in.
    """

    name: str
    tile: Callable[..., Any]
    corrects_by_noise: bool
    normalises: bool
    accidental_hits: AccidentalHits


TILE_SLACK = 16
"""Numbers that a tile may read and write behind its last row."""
