"""What a loss is: from logits and labels to nats and d(loss)/d(logits). No vectors, no rates.

Two families. A *sampled* loss scores the true context word against a few noise words; one kernel
serves all of them (`w2v.kernels.sampled`). A *full* loss scores every word of the vocabulary
(`w2v.kernels.full`). Each loss is one file with a `LOSS` of one of the classes below.

Words for shapes: B pairs or examples, K noise words, V words in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

MASKED_LOGIT = -1e30
"""The logit of a candidate that does not count: every loss gives it no loss and no gradient."""

TILE_SLACK = 16
"""Numbers that a tile may read and write behind its last row."""

AccidentalHits = Literal["skip", "keep"]
Target = Literal["distribution", "split", "corpus"]


class Defaults(NamedTuple):
    """Learning rate to start from, and passes over the corpus, where neither is given."""

    lr: float
    epochs: int


@dataclass(frozen=True)
class Loss:
    """What the trainer, the command line and the comparison need to know of any loss.

    Attributes:
        name: as on the command line.
        summary: one line for people.
        targets: the kinds of target it can be trained on, the default first, each with the
            learning rate and the number of epochs that suit it.
        output_bias: whether its model has an output bias by default.
        family: "sampled" or "full"; some options are for one of them only.
    """

    family: ClassVar[str]
    name: str
    summary: str
    targets: Mapping[Target, Defaults]
    output_bias: bool


@dataclass(frozen=True)
class SampledLoss(Loss):
    """A loss over one true context word and K noise words, that is, over `split` targets.

    Attributes:
        tile: compiled ``tile(logits, rows, dlogits) -> loss``. Row i < rows of the (R, 1 + K)
            logits is one pair's: column 0 is the true context word, the others are noise. Fills
            `dlogits` with d(loss)/d(logits) and returns the summed loss in nats. There is room for
            `TILE_SLACK` more numbers behind the last row, for whole vectors.
        corrects_by_noise: whether ln(K q(w)) is subtracted from each logit.
        accidental_hits: what becomes of a noise word that equals the true one: "skip" gives it
            `MASKED_LOGIT`, "keep" leaves it in.
        learns_normalisers: whether a ln Z for each center word may be learned.
        is_classifier: whether it learns to tell true words from noise, and can be tested at that.
    """

    family: ClassVar[str] = "sampled"
    tile: Callable[..., Any]
    corrects_by_noise: bool
    accidental_hits: AccidentalHits
    learns_normalisers: bool = False
    is_classifier: bool = False


@dataclass(frozen=True)
class FullLoss(Loss):
    """A loss over the whole vocabulary, whose label is a distribution.

    Attributes:
        rows: compiled ``rows(logits, bias, weights, starts, ids, probs, first, last, losses)``.
            Adds the (V,) bias to each row first <= r < last of the (R, V) logits, whose label is
            probs[k] at word ids[k] for starts[r] <= k < starts[r + 1]; sets losses[r] to the loss
            in nats, and replaces the row by weights[r] * d(loss)/d(logits).
    """

    family: ClassVar[str] = "full"
    rows: Callable[..., Any]
