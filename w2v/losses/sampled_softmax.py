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

import numpy as np

from w2v.losses.base import Defaults, SampledLoss
from w2v.numerics.functions import exp
from w2v.numerics.jit import jit


@jit
def sampled_softmax_tile(
    logits: Any, labels: Any, weights: Any, dlogits: Any, rows: Any, columns: Any
) -> Any:
    """Cross-entropy of each pair with the row's noise. See `SampledLoss.tile`."""
    zero = logits.dtype.type(0)
    one = logits.dtype.type(1)
    loss = zero
    for start in range(0, rows * columns, columns):
        row = range(start, start + columns)
        # The row's noise is the same for all its pairs: exponentials of it are taken once.
        largest_noise = logits.dtype.type(-np.inf)
        for j in row:
            if labels[j] == zero and weights[j] != zero:
                largest_noise = max(largest_noise, logits[j])
        noise = zero
        for j in row:
            dlogits[j] = zero
            if labels[j] == zero and weights[j] != zero:
                dlogits[j] = exp(logits[j] - largest_noise)
                noise += dlogits[j]
        per_noise = zero  # d(loss) / d(exponential of noise), over the row's pairs
        for j in row:
            if labels[j] != zero and weights[j] != zero:
                largest = max(largest_noise, logits[j])
                true = exp(logits[j] - largest)
                unit = exp(largest_noise - largest)
                total = true + noise * unit
                loss += math.log(total) + largest - logits[j]
                dlogits[j] = true / total - one
                per_noise += unit / total
        for j in row:
            if labels[j] == zero:
                dlogits[j] *= per_noise
    return loss


LOSS = SampledLoss(
    name="sampled-softmax",
    summary="softmax over the true context word and the noise words, importance-corrected",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=True,
    tile=sampled_softmax_tile,
    corrects_by_noise=True,
    accidental_hits="keep",
    pools_noise=False,
)
