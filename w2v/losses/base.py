"""What a loss is: from logits and labels to nats and d(loss)/d(logits). No vectors, no rates.

Two families. A *sampled* loss scores the true context word against a few noise words; one kernel
serves all of them (`w2v.kernels.sampled`). A *full* loss scores every word of the vocabulary
(`w2v.kernels.softmax`). Each loss is one file with a `LOSS` of one of the classes below.

Words for shapes: B pairs or examples, K noise words, V words in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

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
    """A loss over true context words and noise words, that is, over `split` targets.

    Several inputs are scored against the same candidates at once: noise words in the first columns
    of a tile of logits, then true context words (labels 0 and 1). A pair is a row (an input) and a
    column with label 1 where the weight is 1; its noise is the row's columns with label 0.

    Attributes:
        tile: compiled ``tile(logits, labels, weights, dlogits, rows, columns) -> loss``. The four
            arrays are flat: (i, j) is at i * columns + j. Fills `dlogits` with d(loss)/d(logits)
            and returns the summed loss in nats. A row's weight in a noise column is the number of
            its pairs that the noise word counts for, times K / N. A sum over noise words uses it,
            so that the noise of a pair weighs K whatever N is; a softmax only asks whether it is 0.
            What has weight 0 has neither loss nor gradient, provided that its logit is finite.
        corrects_by_noise: whether ln(K q(w)) is subtracted from each logit.
        accidental_hits: what becomes of a noise word that equals the true one: "skip" takes it out
            of the weights, "keep" leaves it in.
        learns_normalisers: whether a ln Z for each center word may be learned.
        is_classifier: whether it learns to tell true words from noise, and can be tested at that.
    """

    family: ClassVar[str] = "sampled"
    tile: Callable[..., Any]
    corrects_by_noise: bool
    accidental_hits: AccidentalHits
    learns_normalisers: bool = False
    is_classifier: bool = False


class Labels(NamedTuple):
    """What is not zero in the labels of some rows and columns.

    Attributes:
        rows, columns: (N,) int64, places in the block of logits; a place may come twice, and then
            its label is the sum.
        probs: (N,) float32.
    """

    rows: np.ndarray
    columns: np.ndarray
    probs: np.ndarray


@dataclass(frozen=True)
class FullLoss(Loss):
    """A loss over the whole vocabulary, whose label is a distribution.

    The logits come in panels of neighbouring columns, and no pass over all of them is needed to
    normalise: `exponentials` is called for each panel, and `residuals` when all have been seen.

    Attributes:
        exponentials: compiled ``exponentials(logits, bias, labels, shifts, sums, expected)``. Adds
            the (W,) bias to each of the (R, W) logits, sets shifts[r] to the largest of row r,
            replaces each logit by e = exp(logit - shifts[r]), sets sums[r] to their sum, and
            expected[r] to the sum of label times logit. The loss of a row is ln Z less all its
            `expected`, where Z is the sum over its blocks of sums[r] * exp(shifts[r]).
        residuals: compiled ``residuals(block, labels, totals)``. Replaces each e of that block by
            e - label * totals[r], where totals[r] is Z * exp(-shifts[r]): d(loss)/d(logit) times
            totals[r].
    """

    family: ClassVar[str] = "full"
    exponentials: Callable[..., Any]
    residuals: Callable[..., Any]
