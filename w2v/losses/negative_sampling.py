"""Negative sampling: tell the true context word from K noise words, by logistic regression.

For a pair with true context word 0 and noise words 1..K, and logits s = u_w . v_c,

    loss = softplus(-s_0) + sum over k of softplus(s_k)         in nats
    dloss/ds_0 = sigmoid(s_0) - 1,   dloss/ds_k = sigmoid(s_k)

This is minus equation 4 of Mikolov et al. 2013, "Distributed Representations of Words and Phrases
and their Compositionality". Softplus is ln(1 + e^x), and -ln sigmoid(x) = softplus(-x), so the
logarithm of a rounded zero is never taken.

As in word2vec.c, noise words equal to the context word of the pair are skipped. With p = p(w | c)
and q = q(w), a word w is then the true word of a fraction p of the pairs of c, and a noise word
K q (1 - p) times per pair. The expected loss of a pair of c is

    sum over w of   p softplus(-s_w) + K q (1 - p) softplus(s_w)

Its derivative is 0 at sigmoid(s_w) = p / (p + K q (1 - p)), that is, at

    s(w) = ln p - ln(K q) - ln(1 - p)

Levy and Goldberg 2014, section 3.1, keep accidental hits and arrive at the first two terms, which
are PMI - ln K if q is the unigram distribution. The third is close to 0 unless p is large, as in a
small vocabulary.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.losses.base import Defaults, SampledLoss
from w2v.numerics.jit import jit
from w2v.numerics.scalar_functions import sigmoid_and_softplus

# float32, so that arithmetic with them changes neither float32 nor float64.
_ONE, _TWO = np.float32(1), np.float32(2)


@jit
def logistic_tile(
    logits: Any, labels: Any, weights: Any, dlogits: Any, rows: Any, columns: Any
) -> Any:
    """Weighted logistic loss of a tile. See `SampledLoss.tile`."""
    loss = logits.dtype.type(0)
    for i in range(rows * columns):
        # With t = -1 for label 1 and +1 for label 0, the loss is softplus(t s) and its derivative
        # t sigmoid(t s).
        t = _ONE - _TWO * labels[i]
        p, softplus = sigmoid_and_softplus(t * logits[i])
        dlogits[i] = weights[i] * t * p
        loss += weights[i] * softplus
    return loss


@jit
def logistic_entry(logits: Any, labels: Any, weights: Any, j: Any) -> Any:
    """One entry of `logistic_tile`. See `SampledLoss.entry`."""
    t = _ONE - _TWO * labels[j]
    p, softplus = sigmoid_and_softplus(t * logits[j])
    return weights[j] * softplus, weights[j] * t * p


LOSS = SampledLoss(
    name="negative-sampling",
    summary="logistic regression of the true context word against noise words",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=False,
    tile=logistic_tile,
    entry=logistic_entry,
    corrects_by_noise=False,
    accidental_hits="skip",
    is_classifier=True,
)
