"""A language with a known p(w | c), and the scores that each loss should learn from it.

Text is drawn from a Markov chain over a few words. p is counted from the pairs of that text: it is
the distribution that training has seen, not an estimate. Nothing here uses the package's sampling
code.
"""

import numpy as np

WORDS, LENGTH, SENTENCE = 24, 240_000, 1_000


def sentences(seed=1):
    """Text drawn from a Markov chain, as lists of words."""
    rng = np.random.default_rng(seed)
    transition = rng.dirichlet(np.full(WORDS, 0.1), WORDS) + 0.02
    cumulative = (transition / transition.sum(axis=1, keepdims=True)).cumsum(axis=1)
    ids = np.zeros(LENGTH, dtype=int)
    for t, x in enumerate(rng.random(LENGTH - 1)):
        ids[t + 1] = min(np.searchsorted(cumulative[ids[t]], x), WORDS - 1)
    words = [f"w{i:02d}" for i in ids]
    return [words[i : i + SENTENCE] for i in range(0, LENGTH, SENTENCE)]


def pair_probs(text, words, window):
    """p(w | c), (V, V) by center c and context w: windows of radius 1..window, equally likely."""
    place = {word: i for i, word in enumerate(words)}
    pairs = np.zeros((len(words), len(words)))
    for sentence in text:
        ids = np.array([place[word] for word in sentence])
        for distance in range(1, window + 1):
            weight = (window - distance + 1) / window  # fraction of windows with this pair
            np.add.at(pairs, (ids[distance:], ids[:-distance]), weight)
            np.add.at(pairs, (ids[:-distance], ids[distance:]), weight)
    return pairs / pairs.sum(axis=1, keepdims=True)


def noise_probs(text, words, exponent):
    """q(w), (V,)."""
    flat = [word for sentence in text for word in sentence]
    weights = np.array([flat.count(word) for word in words], dtype=float) ** exponent
    return weights / weights.sum()


def expected(loss, probs, noise, negative):
    """The scores (V, V) that minimise a loss; for a softmax, up to a constant for each row."""
    if loss == "negative-sampling":  # hits are left out: w is noise K q(w) (1 - p(w)) times
        return np.log(probs / (negative * noise * (1 - probs)))
    return np.log(probs)


def difference(loss, scores, wanted):
    """Root-mean-square difference in nats over all pairs; for a softmax, of normalised scores."""
    gap = scores - wanted
    if "softmax" in loss:
        gap -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return float(np.sqrt(np.mean(gap**2)))


def scores_of(embeddings):
    """(V, V) scores s(w | c) of a model."""
    scores = embeddings.vectors.astype(float) @ embeddings.context_vectors.astype(float).T
    return scores if embeddings.output_bias is None else scores + embeddings.output_bias


SAMPLED = ("negative-sampling", "nce", "sampled-softmax")
WINDOWS, NEGATIVES, EXPONENTS = (1, 5), (1, 5, 20), (0.0, 0.75, 1.0)
OPTIONS = {"vector_size": WORDS, "sample": 0, "min_count": 1, "workers": 1, "seed": 1}
SOFTMAX = {  # by target: learning rate and epochs
    "corpus": {"lr": 0.2, "epochs": 400},
    "distribution": {"lr": 0.2, "epochs": 4},
    "split": {"lr": 0.3, "epochs": 3},
}


def measured(train, text, loss, window, negative=5, exponent=0.75, targets="split"):
    """Train on the text; return the differences of the scores from `expected` and from PMI - ln K.

    `train` is `w2v.train_embeddings`.
    """
    if loss == "softmax":
        options = {"targets": targets, **SOFTMAX[targets]}
    else:
        options = {"negative": negative, "noise_exponent": exponent, "lr": 0.03, "epochs": 20}
    embeddings = train(text, loss=loss, window=window, **OPTIONS, **options)
    probs = pair_probs(text, embeddings.words, window)
    noise = noise_probs(text, embeddings.words, exponent)
    scores = scores_of(embeddings)
    return (
        difference(loss, scores, expected(loss, probs, noise, negative)),
        difference(loss, scores, np.log(probs / (negative * noise))),
    )
