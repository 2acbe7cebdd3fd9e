"""Sampled softmax: the softmax over the true context word and K noise words alone.

With s(w) = u_w . v_c + b_w and candidates 0 (the true context word) and 1..K drawn from q,

    x(w) = s(w) - ln(K q(w))
    loss = ln(sum over j = 0..K of e^x_j) - x_0                 in nats
    dloss/dx_j = softmax(x)_j - [j = 0]

The true word is always a candidate, and ln(K q(w)) is the logarithm of how often w is expected
among the noise; subtracting it makes the gradient an importance-sampling estimate of the full
softmax's (Bengio and Senecal 2008, section III; Jean et al. 2015, section 3, equations 8 and 9).
A noise word that equals the true one stays in: which of the candidates x_0..x_K is the true one is
then decided by p(w) / q(w) alone, so that s = ln p(w | c) + const is the optimum for every K (Ma
and Collins 2018, section 3, the ranking objective). Jean et al. draw without repeats and so can
leave hits out; with repeats, leaving them out was seen to move the optimum away from p.
"""

from __future__ import annotations

import math
from typing import Any

from w2v.losses.base import Defaults, SampledLoss
from w2v.numerics import exp, jit


@jit
def sampled_softmax_tile(logits: Any, rows: Any, dlogits: Any) -> Any:
    """Cross-entropy of each row with its column 0. See `SampledLoss.tile`."""
    columns = logits.shape[1]
    loss = logits.dtype.type(0)
    for i in range(rows):
        largest = logits[i, 0]
        for j in range(1, columns):
            largest = max(largest, logits[i, j])
        total = largest - largest  # zero, unless the largest is not finite
        for j in range(columns):
            e = exp(logits[i, j] - largest)
            dlogits[i, j] = e
            total += e
        loss += math.log(total) + largest - logits[i, 0]
        for j in range(columns):
            dlogits[i, j] /= total
        dlogits[i, 0] -= logits.dtype.type(1)
    return loss


LOSS = SampledLoss(
    name="sampled-softmax",
    summary="softmax over the true context word and the noise words, importance-corrected",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=True,
    tile=sampled_softmax_tile,
    corrects_by_noise=True,
    accidental_hits="keep",
)
