"""Full softmax: cross-entropy between a label distribution and the model, over all words.

With s(w) = u_w . v_c + b_w and a label t, t(w) >= 0 and sum of t = 1,

    loss = ln(sum over all w of e^s(w)) - sum over w of t(w) s(w)        in nats
    dloss/ds(w) = softmax(s)(w) - t(w)

(Bridle 1990; Goodfellow et al. 2016, section 6.2.2.3). A center word with several context words is
one example with several correct classes: t holds their normalised counts, 0.5 and 0.5 for two. The
gradient of a row sums to zero, because both distributions sum to one. In each panel of the
vocabulary, the largest logit of a row is subtracted before exponentiation, and the sums of the
panels are combined by log-sum-exp, so that the loss is finite for logits of 1e4.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from w2v.losses.base import Defaults, FullLoss
from w2v.numerics.jit import jit
from w2v.numerics.scalar_functions import exp

_LANES = 16
"""Running maxima in `largest_of`: with a single one, each comparison waits for the previous one."""


@partial(jit, allocates=True)
def largest_of(row: Any) -> Any:
    """The largest number of a row. It may miss a NaN, which then shows up in the sum of exp."""
    lanes = np.full(_LANES, row[0])
    whole = row.size // _LANES * _LANES
    for w in range(0, whole, _LANES):
        for k in range(_LANES):
            lanes[k] = row[w + k] if row[w + k] > lanes[k] else lanes[k]
    for w in range(whole, row.size):
        lanes[0] = max(lanes[0], row[w])
    return lanes.max()


@jit
def softmax_exponentials(
    logits: Any, bias: Any, labels: Any, shifts: Any, sums: Any, expected: Any
) -> None:
    """Exponentiate the logits of one panel, in place. See `FullLoss.exponentials`."""
    rows, columns = logits.shape
    for r in range(rows):
        row = logits[r]
        for w in range(columns):
            row[w] += bias[w]
    expected[:] = 0
    for k in range(labels.rows.size):
        r = labels.rows[k]
        expected[r] += labels.probs[k] * logits[r, labels.columns[k]]
    for r in range(rows):
        row = logits[r]
        shift = largest_of(row)
        total = row.dtype.type(0)
        for w in range(columns):
            e = exp(row[w] - shift)
            row[w] = e
            total += e
        shifts[r] = shift
        sums[r] = total


@jit
def softmax_residuals(panel: Any, labels: Any, totals: Any) -> None:
    """Turn exponentials into residuals, in place. See `FullLoss.residuals`."""
    for k in range(labels.rows.size):
        r = labels.rows[k]
        panel[r, labels.columns[k]] -= labels.probs[k] * totals[r]


LOSS = FullLoss(
    name="softmax",
    summary="cross-entropy over the whole vocabulary, exact",
    targets={
        "corpus": Defaults(lr=0.07, epochs=20),
        "distribution": Defaults(lr=0.2, epochs=5),
        "split": Defaults(lr=0.2, epochs=2),
    },
    output_bias=True,
    exponentials=softmax_exponentials,
    residuals=softmax_residuals,
)
