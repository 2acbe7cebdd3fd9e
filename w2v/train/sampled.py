"""What all runs of a sampled loss have in common: the model, where it begins, and the noise.

`w2v.train.hogwild` trains it in shared memory, `w2v.train.rounds` in rounds.
"""

from __future__ import annotations

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.kernels.sampled import Model, initial_bias, noise_correction
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics.memory import aligned_zeros, padded
from w2v.numerics.random import STREAM_INIT, fill_uniform
from w2v.train.run import Run


class SampledRun(Run):
    """A run of a sampled loss. See `w2v.train.run.Run`.

    Attributes:
        model: what is trained.
        noise: sampler of noise words.
        correction: (V,) ln(K q(w)) where the loss corrects its logits by it, else zeros.
        thresholds: (V,) uint32, of subsampling.
    """

    loss: SampledLoss

    def __init__(
        self, corpus: Corpus | ShardedCorpus, config: TrainConfig, loss: SampledLoss
    ) -> None:
        super().__init__(corpus, config, loss)
        weights = corpus.vocabulary.weights
        size, columns = len(weights), padded(config.vector_size)
        self.noise = NoiseSampler(weights, config.noise_exponent)
        self.correction = noise_correction(loss, self.noise.probs, config.negative)
        keep = keep_probs(corpus.vocabulary.text_counts, config.sample)
        bias = initial_bias(loss, weights * keep, config.output_bias_)
        self.model = Model(
            center_vectors=aligned_zeros(size, columns),
            context_vectors=aligned_zeros(size, columns),
            logit_offsets=(bias - self.correction).astype(np.float32),
            log_normalisers=np.zeros(size, dtype=np.float32),
        )
        fill_uniform(
            config.seed,
            STREAM_INIT,
            0.5 / config.vector_size,
            self.model.center_vectors[:, : config.vector_size],
        )
        self.thresholds = keep_thresholds(keep)

    def vectors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """See `Run.vectors`."""
        size = self.config.vector_size
        has_bias = self.config.output_bias_ or self.correction.any()
        return (
            np.ascontiguousarray(self.model.center_vectors[:, :size]),
            np.ascontiguousarray(self.model.context_vectors[:, :size]),
            (self.model.logit_offsets + self.correction).astype(np.float32) if has_bias else None,
        )

    def parameters(self) -> dict[str, np.ndarray]:
        """See `Run.parameters`: the model without the padding of its rows."""
        size = self.config.vector_size
        return {
            name: array[:, :size] if array.ndim == 2 else array
            for name, array in self.model._asdict().items()
        }
