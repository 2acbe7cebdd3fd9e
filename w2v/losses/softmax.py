"""Full softmax: cross-entropy of a label distribution with the model's, over the whole vocabulary.

With s(w) = u_w . v_c + b_w and a label t, t(w) >= 0 and sum of t = 1,

    loss = ln(sum over all w of e^s(w)) - sum over w of t(w) s(w)        in nats
    dloss/ds(w) = softmax(s)(w) - t(w)

(Bridle 1990; Goodfellow et al. 2016, section 6.2.2.3). A center word with several context words is
one example with several correct classes: t is their normalised count, two contexts give 0.5 and
0.5. The gradient of a row sums to zero, since both distributions sum to one. The largest logit is
subtracted before any exponential is taken, so logits of +-10^4 stay finite.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from w2v.losses.base import Defaults, FullLoss
from w2v.numerics import exp, jit

_LANES = 16
"""Running maxima in `largest_of`: with one alone, every comparison waits for the last."""


@jit
def largest_of(row: Any) -> Any:
    """The largest number of a row; a NaN among them may hide, and shows in the sum of exp."""
    lanes = np.full(_LANES, row[0])
    whole = row.size // _LANES * _LANES
    for w in range(0, whole, _LANES):
        for k in range(_LANES):
            lanes[k] = row[w + k] if row[w + k] > lanes[k] else lanes[k]
    for w in range(whole, row.size):
        lanes[0] = max(lanes[0], row[w])
    return lanes.max()


@jit
def softmax_rows(
    logits: Any, bias: Any, weights: Any, starts: Any, ids: Any, probs: Any, first: Any, last: Any,
    losses: Any,
) -> None:  # fmt: skip
    """Loss and weighted gradient of some rows, in place. See `FullLoss.rows`."""
    size = logits.shape[1]
    for r in range(first, last):
        row = logits[r]
        for w in range(size):
            row[w] += bias[w]
        largest = largest_of(row)
        expected = 0.0
        for k in range(starts[r], starts[r + 1]):
            expected += probs[k] * row[ids[k]]
        total = largest - largest
        for w in range(size):
            e = exp(row[w] - largest)
            row[w] = e
            total += e
        losses[r] = math.log(total) + largest - expected
        scale = weights[r] / total
        for w in range(size):
            row[w] *= scale
        for k in range(starts[r], starts[r + 1]):
            row[ids[k]] -= weights[r] * probs[k]


LOSS = FullLoss(
    name="softmax",
    summary="cross-entropy over the whole vocabulary, exact",
    targets={
        "corpus": Defaults(lr=0.07, epochs=20),
        "distribution": Defaults(lr=0.2, epochs=5),
        "split": Defaults(lr=0.2, epochs=2),
    },
    output_bias=True,
    rows=softmax_rows,
)
