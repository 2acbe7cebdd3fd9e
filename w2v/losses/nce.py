"""Noise-contrastive estimation: the classifier of negative sampling, on normalised logits.

The model is ln p(w | c) = s(w) - ln Z(c), with s(w) = u_w . v_c + b_w. For a pair with true context
word 0 and noise words 1..K drawn from q, the odds that a word came from the data rather than from
the noise are p(w | c) / (K q(w)), and the logit of the classifier is

    x(w) = s(w) - ln Z(c) - ln(K q(w))
    loss = softplus(-x_0) + sum over k of softplus(x_k)         in nats
    dloss/dx_0 = sigmoid(x_0) - 1,   dloss/dx_k = sigmoid(x_k)

(Gutmann and Hyvarinen 2012, section 2; Mnih and Teh 2012, section 3). Z(c) is fixed at 1, which
Mnih and Teh found to be no worse than learning it; ``--learn-normaliser`` learns ln Z for each
center word. K is the number of noise words per pair, even where several pairs share their noise.
Noise words equal to the true one are kept: the estimate is consistent only if the noise follows q.
q is the distribution actually sampled, that of the sampler's table.
"""

from __future__ import annotations

from w2v.losses.base import Defaults, SampledLoss
from w2v.losses.negative_sampling import logistic_entry, logistic_tile

LOSS = SampledLoss(
    name="nce",
    summary="the same classifier on ln p(w | c) - ln(K q(w)), which estimates p itself",
    targets={"split": Defaults(lr=0.04, epochs=5)},
    output_bias=True,
    tile=logistic_tile,
    entry=logistic_entry,
    corrects_by_noise=True,
    accidental_hits="keep",
    learns_normalisers=True,
    is_classifier=True,
)
