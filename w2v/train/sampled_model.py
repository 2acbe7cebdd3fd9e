"""The model of a sampled loss, and what its trainers share: in threads, in rounds, on a GPU."""

from __future__ import annotations

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.corpus.windows import window_of
from w2v.held_out import NoiseTest, Scorer
from w2v.kernels.sampled import (
    Model,
    SampledKernels,
    initial_bias,
    noise_correction,
    sampled_kernels,
)
from w2v.losses import get_loss
from w2v.losses.base import SampledLoss
from w2v.noise import NoiseSampler
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.numerics.random import STREAM_INIT, fill_uniform
from w2v.train.trainer import Trainer, Vectors
from w2v.vocab import Vocabulary


class SampledModel:
    """Parameters, noise and subsampling of a sampled loss.

    Attributes:
        parameters: what the kernels train; rows of matrices are padded.
        noise: the sampler of noise words, which has q(w).
        correction: (V,) float64, ln(K q(w)) if the loss corrects its logits by it, otherwise zeros.
        thresholds: (V,) uint32, subsampling thresholds; see `w2v.corpus.subsampling`.
    """

    def __init__(self, vocabulary: Vocabulary, config: TrainConfig, loss: SampledLoss) -> None:
        self.config = config
        self.loss = loss
        weights = vocabulary.weights
        size, columns = len(weights), padded(config.vector_size)
        self.noise = NoiseSampler(weights, config.noise_exponent)
        self.correction = noise_correction(loss, self.noise.probs, config.negative)
        keep = keep_probs(vocabulary.text_counts, config.sample)
        self.thresholds = keep_thresholds(keep)
        bias = initial_bias(loss, weights * keep, config.output_bias_)
        self._initial_offsets = (bias - self.correction).astype(np.float32)
        self.parameters = Model(
            center_vectors=aligned_zeros(size, columns),
            context_vectors=aligned_zeros(size, columns),
            logit_offsets=self._initial_offsets.copy(),
            log_normalisers=np.zeros(size, dtype=np.float32),
        )
        self._draw_center_vectors()

    def reset(self) -> None:
        """Reset the parameters to their initial values, and the padding of rows to zeros."""
        self.parameters.center_vectors[...] = 0
        self.parameters.context_vectors[...] = 0
        self.parameters.logit_offsets[...] = self._initial_offsets
        self.parameters.log_normalisers[...] = 0
        self._draw_center_vectors()

    def _draw_center_vectors(self) -> None:
        size = self.config.vector_size
        centers = self.parameters.center_vectors[:, :size]
        fill_uniform(self.config.seed, STREAM_INIT, 0.5 / size, centers)

    def arrays(self) -> dict[str, np.ndarray]:
        """The parameters by name, without the padding of their rows; not copied."""
        size = self.config.vector_size
        return {
            name: array[:, :size] if array.ndim == 2 else array
            for name, array in self.parameters._asdict().items()
        }

    def vectors(self) -> Vectors:
        """The current vectors: the matrices of the model, without the padding of their rows.

        The output bias is what the model adds to a dot product, without the correction of the
        logits; None if it has neither a bias nor a correction.
        """
        arrays = self.arrays()
        has_bias = self.config.output_bias_ or self.correction.any()
        bias = (self.parameters.logit_offsets + self.correction).astype(np.float32)
        return Vectors(
            arrays["center_vectors"], arrays["context_vectors"], bias if has_bias else None
        )

    def scorer(self) -> Scorer:
        """The conditional model p(w | c) that the loss estimates; see `w2v.held_out`.

        A loss that does not correct its logits learns ln (p(w | c) / (K q(w))), so ln(K q(w)) is
        added to them here.
        """
        vectors = self.vectors()
        offsets = np.zeros(len(self.correction))
        if vectors.output_bias is not None:
            offsets = vectors.output_bias.astype(np.float64)
        if not self.loss.corrects_by_noise:
            offsets = offsets + np.log(self.config.negative * self.noise.probs)
        noise_test = NoiseTest(self.noise, self.config.negative)
        return Scorer(
            np.ascontiguousarray(vectors.center_vectors),
            np.ascontiguousarray(vectors.context_vectors),
            offsets.astype(np.float32),
            self.parameters.log_normalisers,
            noise_test if self.loss.is_classifier else None,
        )


class SampledLossTrainer(Trainer):
    """Base class of trainers that have a `SampledModel`."""

    loss: SampledLoss

    def __init__(
        self,
        corpus: Corpus | ShardedCorpus,
        config: TrainConfig,
        loss: SampledLoss,
        frozen_words: np.ndarray | None = None,
    ) -> None:
        super().__init__(corpus, config, loss, frozen_words)
        self.model = SampledModel(corpus.vocabulary, config, loss)

    def synchronise(self) -> None:
        """Bring `model` up to date; for trainers whose parameters are elsewhere, as on a GPU."""

    def reset(self) -> None:
        """See `Trainer`."""
        self.model.reset()

    def vectors(self) -> Vectors:
        """See `Trainer`."""
        self.synchronise()
        return self.model.vectors()

    def scorer(self) -> Scorer:
        """See `Trainer`."""
        self.synchronise()
        return self.model.scorer()

    def parameters(self) -> dict[str, np.ndarray]:
        """See `Trainer`."""
        self.synchronise()
        return self.model.arrays()

    def memory_bytes(self) -> int:
        """See `Trainer`: the model and the token ids. A GPU has a copy of both."""
        return self.model_bytes + 4 * self.corpus.n_words

    @property
    def model_bytes(self) -> int:
        """Size of the parameters in bytes."""
        return sum(array.nbytes for array in self.model.parameters)


def kernels_for(config: TrainConfig, *, has_frozen_words: bool = False) -> SampledKernels:
    """The kernels for a configuration; see `w2v.kernels.sampled.sampled_kernels`."""
    loss = get_loss(config.loss)
    assert isinstance(loss, SampledLoss)
    return sampled_kernels(
        loss,
        config.vector_size,
        config.negative,
        learn_bias=config.output_bias_,
        learn_normalisers=config.learn_normaliser,
        general=has_frozen_words or not window_of(config).is_plain,
    )
