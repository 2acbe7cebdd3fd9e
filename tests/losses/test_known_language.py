"""Every loss on a language of known p(w | c): it estimates what its docstring says."""

import known_language
import pytest
from known_language import EXPONENTS, NEGATIVES, SAMPLED, SOFTMAX, WINDOWS, measured

from w2v import train_embeddings

MOST_NATS = 0.06
"""Root-mean-square difference that stochastic gradient descent leaves at these learning rates."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def text():
    return known_language.sentences()


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("negative", NEGATIVES)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("loss", SAMPLED)
def test_a_sampled_loss_estimates_its_formula(text, loss, window, negative, exponent):
    gap, gap_to_pmi = measured(train_embeddings, text, loss, window, negative, exponent)
    assert gap < MOST_NATS
    if loss == "negative-sampling":  # leaving out hits shows
        assert gap_to_pmi > 1.4 * gap


@pytest.mark.parametrize("targets", SOFTMAX)
@pytest.mark.parametrize("window", WINDOWS)
def test_the_full_softmax_estimates_p(text, window, targets):
    gap, _ = measured(train_embeddings, text, "softmax", window, targets=targets)
    assert gap < MOST_NATS
