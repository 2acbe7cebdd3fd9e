"""Negative sampling: tell the true context word from K noise words, by logistic regression.

For a pair with true context word 0 and noise words 1..K, and logits s = u_w . v_center,

    loss = softplus(-s_0) + sum over k of softplus(s_k)         in nats
    dloss/ds_0 = sigmoid(s_0) - 1,   dloss/ds_k = sigmoid(s_k)

which is minus equation 4 of Mikolov et al. 2013, "Distributed Representations of Words and Phrases
and their Compositionality". Softplus is ln(1 + e^x) and -ln sigmoid(x) = softplus(-x), so no
logarithm of a rounded zero is ever taken. A noise word equal to the true one is skipped, as in
word2vec.c. At the optimum s(w) = ln p / (K q) with p = p(w | center) and q = q(w) (Levy and
Goldberg 2014, section 3.1); skipping makes it ln p / (K q (1 - p)), the same where p is small.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from w2v.losses.base import Defaults, SampledLoss
from w2v.numerics.functions import sigmoid_and_softplus
from w2v.numerics.jit import jit

# In float32, which leaves float64 what it is, too.
_ONE, _TWO = np.float32(1), np.float32(2)


@jit
def logistic_tile(
    logits: Any, labels: Any, weights: Any, dlogits: Any, rows: Any, columns: Any
) -> Any:
    """Weighted logistic loss of a tile. See `SampledLoss.tile`."""
    loss = logits.dtype.type(0)
    for i in range(rows * columns):
        # With t = -1 for label 1 and +1 for label 0: the loss is softplus(t s), its slope
        # t sigmoid(t s).
        t = _ONE - _TWO * labels[i]
        p, softplus = sigmoid_and_softplus(t * logits[i])
        dlogits[i] = weights[i] * t * p
        loss += weights[i] * softplus
    return loss


LOSS = SampledLoss(
    name="negative-sampling",
    summary="logistic regression of the true context word against noise words",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=False,
    tile=logistic_tile,
    corrects_by_noise=False,
    accidental_hits="skip",
    is_classifier=True,
)
