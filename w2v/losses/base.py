"""A loss: a function from logits and labels to the loss in nats and d(loss)/d(logits).

A loss knows nothing of vectors, sampling or learning rates. There are two families. A *sampled*
loss scores the true context word against a few noise words; one kernel serves all of them
(`w2v.kernels.sampled`). A *full* loss scores every word of the vocabulary (`w2v.kernels.softmax`).
Each loss is one module, which defines `LOSS`, a `SampledLoss` or a `FullLoss`.

Letters: K noise words per pair, N noise words in a tile; R rows and W columns of a panel of logits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

AccidentalHits = Literal["skip", "keep"]


class Defaults(NamedTuple):
    """Default initial learning rate, and default number of passes over the corpus."""

    lr: float
    epochs: int


@dataclass(frozen=True)
class Loss:
    """What training, the command line and the comparison need to know about a loss.

    Attributes:
        name: name on the command line.
        summary: one-line description.
        targets: the supported kinds of target (of `w2v.losses.TARGETS`), the default first, each
            with its default learning rate and number of epochs.
        output_bias: whether the model has an output bias by default.
        family: "sampled" or "full"; some options apply to one family only.
    """

    family: ClassVar[str]
    name: str
    summary: str
    targets: Mapping[str, Defaults]
    output_bias: bool


@dataclass(frozen=True)
class SampledLoss(Loss):
    """A loss over the true context word and noise words; its targets are `split`.

    Several inputs (center words) are scored against the same candidates at once, in a tile of
    logits with a row per input. The first columns are noise words (label 0), the others context
    words (label 1). A pair is an entry of label 1 with a weight above 0: 1, or less if the pair is
    down-weighted. Its noise is the entries of label 0 in its row.

    Attributes:
        tile: compiled ``tile(logits, labels, weights, dlogits, rows, columns) -> loss``. The four
            arrays are flat: entry (i, j) is at i * columns + j. Fills `dlogits` with
            d(loss)/d(logits) and returns the weighted sum of the pairs' losses in nats. The weight
            of a noise entry is K / N times the summed weights of the pairs in its row for which the
            noise word counts. Losses that sum over noise words multiply by it, so that the noise of
            a pair weighs K whatever N is; a softmax only checks whether it is 0. Entries of weight
            0 contribute neither loss nor gradient if their logits are finite.
        entry: compiled ``entry(logits, labels, weights, j) -> (loss, dlogit)``: what entry j of a
            row, given as three arrays, contributes to `tile`. The losses of a row's entries sum to
            the loss of the row. For GPUs, with one thread per entry; None if the loss supports only
            the CPU.
        corrects_by_noise: whether ln(K q(w)) is subtracted from each logit.
        accidental_hits: how to treat noise words equal to the true word: "skip" removes them from
            the weights, "keep" leaves them in.
        learns_normalisers: whether it can learn ln Z of each center word.
        is_classifier: whether it trains a classifier of true words against noise, whose accuracy
            can be measured.
    """

    family: ClassVar[str] = "sampled"
    tile: Callable[..., Any]
    corrects_by_noise: bool
    accidental_hits: AccidentalHits
    entry: Callable[..., Any] | None = None
    learns_normalisers: bool = False
    is_classifier: bool = False


class Labels(NamedTuple):
    """The nonzero labels of a panel of logits.

    Attributes:
        rows, columns: (L,) int64, positions in the panel. Labels of a repeated position add up.
        probs: (L,) float32, the labels.
    """

    rows: np.ndarray
    columns: np.ndarray
    probs: np.ndarray


@dataclass(frozen=True)
class FullLoss(Loss):
    """A loss over the whole vocabulary, whose labels are distributions.

    Logits come in panels of adjacent columns. `exponentials` is called on each panel, and
    `residuals` once all panels have been seen, so that normalising takes no extra pass.

    Attributes:
        exponentials: compiled ``exponentials(logits, bias, labels, shifts, sums, expected)``. Adds
            the (W,) bias to each of the (R, W) logits, sets shifts[r] to the largest of row r,
            replaces each logit by e = exp(logit - shifts[r]), sets sums[r] to their sum, and
            expected[r] to the sum of label times logit. The loss of row r is ln Z minus the sum of
            expected[r] over the panels, where Z sums sums[r] * exp(shifts[r]) over the panels.
        residuals: compiled ``residuals(panel, labels, totals)``. Replaces each e of the panel by
            e - label * totals[r], that is, by totals[r] times d(loss)/d(logit), where
            totals[r] = Z * exp(-shifts[r]).
    """

    family: ClassVar[str] = "full"
    exponentials: Callable[..., Any]
    residuals: Callable[..., Any]
