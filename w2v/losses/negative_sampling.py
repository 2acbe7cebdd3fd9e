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

from w2v.losses.base import MASKED_LOGIT, Defaults, SampledLoss
from w2v.numerics import jit, sigmoid_and_softplus

_VECTOR = 16
"""The tile is filled up to a multiple of this, so that its loop is vector code alone."""


@jit
def logistic_tile(logits: Any, rows: Any, dlogits: Any) -> Any:
    """Logistic loss of a tile: label 1 in column 0, label 0 elsewhere. See `SampledLoss.tile`."""
    columns = logits.shape[1]
    flat = logits.reshape(-1)
    out = dlogits.reshape(-1)
    one = flat.dtype.type(1)
    used = rows * columns
    whole = (used + _VECTOR - 1) // _VECTOR * _VECTOR
    # With t = -1 for label 1 and +1 for label 0: loss = softplus(t s), dloss/ds = t sigmoid(t s).
    # `out` holds t first; numbers behind the tile get t = 1 and a logit that costs nothing.
    for i in range(whole):
        out[i] = one
    for i in range(rows):
        out[i * columns] = -one
    for i in range(used, whole):
        flat[i] = MASKED_LOGIT
    loss = flat.dtype.type(0)
    for i in range(whole):
        t = out[i]
        p, softplus = sigmoid_and_softplus(t * flat[i])
        out[i] = t * p
        loss += softplus
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
