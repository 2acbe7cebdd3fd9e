"""What a loss is: a function from logits and labels to nats and d(loss)/d(logits).

A loss knows nothing of vectors, sampling or learning rates. There are two families. A *sampled*
loss scores the true context word against a few noise words; one kernel serves all of them
(`w2v.kernels.sampled`). A *full* loss scores every word of the vocabulary (`w2v.kernels.softmax`).
Each loss is one file, with an instance of a class below as `LOSS`.

Letters in shapes: B pairs or examples, K noise words, V words in the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

AccidentalHits = Literal["skip", "keep"]
Target = Literal["distribution", "split", "corpus"]


class Defaults(NamedTuple):
    """Initial learning rate and number of passes over the corpus, unless given."""

    lr: float
    epochs: int


@dataclass(frozen=True)
class Loss:
    """What training, the command line and the comparison need to know about a loss.

    Attributes:
        name: name on the command line.
        summary: one line for people.
        targets: the kinds of target that it can be trained on, the default first, each with a
            learning rate and a number of epochs that suit it.
        output_bias: whether its model has an output bias by default.
        family: "sampled" or "full"; some options apply to one of them only.
    """

    family: ClassVar[str]
    name: str
    summary: str
    targets: Mapping[Target, Defaults]
    output_bias: bool


@dataclass(frozen=True)
class SampledLoss(Loss):
    """A loss over a true context word and noise words; its targets are `split`.

    Several inputs are scored against the same candidates at once, in a tile of logits: the first
    columns are noise words (label 0), the others context words (label 1). A pair is a row (an
    input) and a column of label 1 with a weight above 0: 1, or less for a pair that counts less.
    Its noise is the row's columns of label 0.

    Attributes:
        tile: compiled ``tile(logits, labels, weights, dlogits, rows, columns) -> loss``. The four
            arrays are flat: (i, j) is at i * columns + j. Fills `dlogits` with d(loss)/d(logits)
            and returns the summed loss in nats, in which each pair has its weight. A row's weight
            in a noise column is the sum of the weights of the pairs that the noise word counts for,
            times K / N. A sum over noise words uses it, so that the noise of a pair weighs K
            whatever N is; a softmax only asks whether it is 0. Entries of weight 0 have neither
            loss nor gradient if their logits are finite.
        entry: compiled ``entry(logits, labels, weights, j) -> (loss, dlogit)``, what `tile` gives
            for entry j of the row that the three arrays are; the entries' losses sum to the row's.
            For GPUs, whose threads take an entry each. None if the loss is only for the CPU.
        corrects_by_noise: whether ln(K q(w)) is subtracted from each logit.
        accidental_hits: what happens to noise words that equal the true word: "skip" takes them
            out of the weights, "keep" leaves them in.
        learns_normalisers: whether ln Z of each center word may be learned.
        is_classifier: whether it learns to tell true words from noise, and can be tested on that.
    """

    family: ClassVar[str] = "sampled"
    tile: Callable[..., Any]
    corrects_by_noise: bool
    accidental_hits: AccidentalHits
    entry: Callable[..., Any] | None = None
    learns_normalisers: bool = False
    is_classifier: bool = False


class Labels(NamedTuple):
    """The labels of a panel of logits that are not zero.

    Attributes:
        rows, columns: (N,) int64, positions in the panel. The label of a position that occurs
            twice is the sum.
        probs: (N,) float32.
    """

    rows: np.ndarray
    columns: np.ndarray
    probs: np.ndarray


@dataclass(frozen=True)
class FullLoss(Loss):
    """A loss over the whole vocabulary. Its labels are distributions.

    The logits come in panels of neighbouring columns, and no pass over all of them is needed to
    normalise: `exponentials` is called for each panel, and `residuals` when all have been seen.

    Attributes:
        exponentials: compiled ``exponentials(logits, bias, labels, shifts, sums, expected)``. Adds
            the (W,) bias to each of the (R, W) logits, sets shifts[r] to the largest of row r,
            replaces each logit by e = exp(logit - shifts[r]), sets sums[r] to their sum, and
            expected[r] to the sum of label times logit. The loss of a row is ln Z minus its
            `expected` of all panels, with Z the sum over the panels of sums[r] * exp(shifts[r]).
        residuals: compiled ``residuals(panel, labels, totals)``. Replaces each e of the panel by
            e - label * totals[r] with totals[r] = Z * exp(-shifts[r]), which is d(loss)/d(logit)
            times totals[r].
    """

    family: ClassVar[str] = "full"
    exponentials: Callable[..., Any]
    residuals: Callable[..., Any]
