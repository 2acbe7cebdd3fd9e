"""Sampled softmax: a softmax over only the true context word and N noise words.

With s(w) = u_w . v_c + b_w and candidates 0 (the true context word) and 1..N drawn from q,

    x(w) = s(w) - ln(N q(w))
    loss = ln(sum over j = 0..N of e^x_j) - x_0                 in nats
    dloss/dx_j = softmax(x)_j - [j = 0]

N q(w) is the expected count of w among the noise. Subtracting its logarithm makes the gradient an
importance-sampling estimate of the full softmax's (Bengio and Senecal 2008, section III; Jean et
al. 2015, section 3, equations 8 and 9). A constant added to all logits cancels, so ln(K q(w)),
which other losses subtract, works as well.

Several pairs may share their noise. With L = ln(sum over the noise of e^x_k), computed once per
center word, the loss of a pair is logistic in x_0 - L, and the gradients of the pairs add up:

    loss = softplus(L - x_0),       dloss/dx_0 = -sigmoid(L - x_0)
    dloss/dx_k = e^(x_k - L) times the sum of sigmoid(L - x_0) over the pairs

The weight of a pair multiplies its loss and its term of that sum.

Noise words equal to the true one are kept. Which of the candidates 0..N is the true one then
depends on p(w) / q(w) alone, and s = ln p(w | c) + const is the optimum for every N (Ma and Collins
2018, section 3, the ranking objective). All candidates have the same weight: weighting noise words
by K / N would shift the optimum. Jean et al. sample without replacement and can leave hits out;
with replacement, leaving them out moved the optimum away from p in experiments.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from w2v.losses.base import Defaults, SampledLoss
from w2v.numerics.jit import jit
from w2v.numerics.scalar_functions import exp, sigmoid_and_softplus

_LOWEST = np.float32(-1e30)
"""Below any logit."""


@partial(jit, allocates=True)
def sampled_softmax_tile(
    logits: Any, labels: Any, weights: Any, dlogits: Any, rows: Any, columns: Any
) -> Any:
    """Cross-entropy of each pair with the row's noise. See `SampledLoss.tile`.

    Each loop over the tile does one thing, without branches, so that LLVM vectorises it: this takes
    half the time of a single loop over the rows.
    """
    zero, one = logits.dtype.type(0), logits.dtype.type(1)
    lowest = logits.dtype.type(_LOWEST)
    of_rows = np.empty((3, rows), logits.dtype)
    ln_noise, noise, wrong = of_rows[0], of_rows[1], of_rows[2]
    for k in range(rows * columns):
        is_noise = (labels[k] == zero) & (weights[k] != zero)
        dlogits[k] = logits[k] if is_noise else lowest
    for i in range(rows):
        largest = lowest
        for j in range(columns):
            x = dlogits[i * columns + j]
            largest = x if x > largest else largest
        ln_noise[i] = largest
    for i in range(rows):
        total = zero
        for j in range(columns):
            k = i * columns + j
            is_noise = (labels[k] == zero) & (weights[k] != zero)
            e = exp(dlogits[k] - ln_noise[i])
            dlogits[k] = e if is_noise else zero
            total += dlogits[k]
        noise[i] = total
    for i in range(rows):
        ln_noise[i] += logits.dtype.type(math.log(noise[i])) if noise[i] != zero else zero
    loss = zero
    for i in range(rows):
        total = zero
        for j in range(columns):
            k = i * columns + j
            is_pair = labels[k] * weights[k]
            p, softplus = sigmoid_and_softplus(ln_noise[i] - logits[k])
            loss += is_pair * softplus
            total += is_pair * p
            dlogits[k] -= is_pair * p
        wrong[i] = total
    for i in range(rows):
        scale = wrong[i] / noise[i] if noise[i] != zero else zero
        for j in range(columns):
            k = i * columns + j
            dlogits[k] *= scale if labels[k] == zero else one
    return loss


@jit
def sampled_softmax_entry(logits: Any, labels: Any, weights: Any, j: Any) -> Any:
    """One entry of `sampled_softmax_tile`. See `SampledLoss.entry`.

    Every entry computes L of its row anew: on a GPU, other threads would only wait for it.
    """
    zero = logits.dtype.type(0)
    if weights[j] == zero:
        return zero, zero
    largest = logits.dtype.type(_LOWEST)
    for k in range(logits.size):
        if labels[k] == zero and weights[k] != zero:
            largest = max(largest, logits[k])
    noise = zero
    for k in range(logits.size):
        if labels[k] == zero and weights[k] != zero:
            noise += exp(logits[k] - largest)
    ln_noise = largest
    if noise != zero:
        ln_noise += logits.dtype.type(math.log(noise))
    if labels[j] != zero:
        p, softplus = sigmoid_and_softplus(ln_noise - logits[j])
        return weights[j] * softplus, -weights[j] * p
    wrong = zero
    for k in range(logits.size):
        if labels[k] != zero and weights[k] != zero:
            p, _ = sigmoid_and_softplus(ln_noise - logits[k])
            wrong += weights[k] * p
    return zero, exp(logits[j] - largest) / noise * wrong


LOSS = SampledLoss(
    name="sampled-softmax",
    summary="softmax over the true context word and the noise words, importance-corrected",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=True,
    tile=sampled_softmax_tile,
    entry=sampled_softmax_entry,
    corrects_by_noise=True,
    accidental_hits="keep",
)
