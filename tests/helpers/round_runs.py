"""Small runs in rounds, on this machine or a cluster."""

from __future__ import annotations

import numpy as np
from runs import Recorder

from w2v.config import DEFAULT_INTERVAL, Checkpoints
from w2v.train.api import train_embeddings

OPTIONS = {
    "vector_size": 10, "negative": 3, "window": 3, "min_count": 1, "epochs": 2, "seed": 3,
    "sample": 1e-2, "deterministic": True, "shards": 4, "round_words": 1_000,
}  # fmt: skip
KINDS = {
    "negative-sampling": {},
    "nce": {"loss": "nce"},
    "nce-normaliser": {"loss": "nce", "learn_normaliser": True},
    "sampled-softmax": {"loss": "sampled-softmax"},
    "five-shards": {"shards": 5},
}


def write_text(folder):
    """A file of 24,000 words in 2,000 lines."""
    rng = np.random.default_rng(0)
    words = rng.zipf(1.3, size=24_000) % 150
    lines = (" ".join(f"w{w}" for w in words[i : i + 12]) for i in range(0, len(words), 12))
    path = folder / "corpus.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def train(
    text, callback=None, *, checkpoint=None, every=DEFAULT_INTERVAL, resume=False, back_off=0,
    engine="local", **options,
):  # fmt: skip
    """Train in rounds, with `OPTIONS` updated by those given."""
    if checkpoint is not None:
        checkpoint = Checkpoints(checkpoint, every, resume, back_off)
    return train_embeddings(
        text,
        callbacks=[Recorder() if callback is None else callback],
        checkpoint=checkpoint,
        engine=engine,
        **{"workers": 2, **OPTIONS, **options},
    )
