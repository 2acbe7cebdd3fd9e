"""Small comparisons for the tests of `w2v.compare`."""

from __future__ import annotations

import copy
import json

import numpy as np

from w2v.losses import LOSSES

QUICK = [
    "--min-count", "1", "--vector-size", "8", "--sample", "0", "--window", "2", "--workers", "1",
    "--epochs",
]  # fmt: skip
OPTIONS = {"min_count": 1, "vector_size": 8, "sample": 0, "window": 2, "workers": 1}
VARIANTS = [*LOSSES, "softmax:split", "nce:learn-normaliser"]
ALL = [*QUICK, "2", "--seeds", "2", "--losses", *VARIANTS]
ONE = [*QUICK, "2", "--losses", "negative-sampling", "--no-report"]
ANALOGIES = ": letters\na1 b1 a2 b2\na2 b2 a3 b3\na1 b1 a3 b3\na1 b1 a2 nowhere\n"
SIMILARITY = "a1\ta2\t9\na1\tb1\t1\na2\ta3\t8\nb1\tb2\t7\na3\tb2\t2\nnowhere\ta1\t4\n"


def text(sentences=300, seed=0):
    rng = np.random.default_rng(seed)
    lines = (
        " ".join(f"{'ab'[s % 2]}{w}" for w in rng.zipf(1.5, size=6) % 12) for s in range(sentences)
    )
    return "\n".join(lines) + "\n"


def read(path):
    return json.loads((path / "results.json").read_text(encoding="utf-8"))


def without_times(document):
    """What must be the same in every run: all results but times and dates."""
    kept = copy.deepcopy(document)
    del kept["environment"]
    for run in kept["runs"]:
        for record in (run, *run.get("curve", ())):
            record.pop("seconds", None)
            record.pop("million_words_per_second", None)
    return kept
