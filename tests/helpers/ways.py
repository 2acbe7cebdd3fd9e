"""Small runs of every way to train: texts, options that differ from the defaults, naive twins.

The ways are each sampled loss in threads and in rounds, and each full loss on each kind of target.
"""

from __future__ import annotations

import dataclasses
import json
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import twins

from w2v.config import TrainConfig
from w2v.losses import LOSSES, get_loss
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback

FIELDS = {spec.name: spec for spec in dataclasses.fields(TrainConfig)}
DEFAULTS = dataclasses.asdict(TrainConfig(workers=1))

BASE = {
    "vector_size": 5, "window": 2, "min_count": 2, "sample": 0.02, "epochs": 2, "lr": 0.3,
    "min_lr": 0.05, "seed": 3, "workers": 1, "negative": 3, "batch_size": 7,
}  # fmt: skip
"""Options other than the defaults, so that an ignored option changes the result."""
IN_ROUNDS = {
    "deterministic": True, "shards": 2, "round_words": 1_000, "epochs": 1, "sample": 5e-4,
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A way to train: its options, and the other options that apply to it."""

    name: str
    options: dict[str, Any]

    @property
    def loss(self):
        return get_loss(self.options["loss"])

    @property
    def in_rounds(self):
        return "deterministic" in self.options

    @property
    def content(self):
        return text_of(1_100 if self.in_rounds else 70)

    def base(self):
        """The options of a run before one of them is changed."""
        known = {**BASE, **self.options}
        return {name: known[name] for name in known if self.takes(name)}

    def takes(self, name):
        """Whether an option applies to this way, as its help text says."""
        metadata = FIELDS[name].metadata
        return metadata["family"] in (None, self.loss.family) and (
            metadata["group"] != "rounds" or name == "deterministic" or self.in_rounds
        )


def ways():
    for name in LOSSES:
        loss = get_loss(name)
        if loss.family == "full":
            for targets in loss.targets:
                yield Way(f"{name}-{targets}", {"loss": name, "targets": targets})
        else:
            yield Way(name, {"loss": name})
            yield Way(f"{name}-rounds", {"loss": name, **IN_ROUNDS})


WAYS = list(ways())


@lru_cache
def text_of(n_lines):
    """Frequent and rare words, in lower and upper case, in lines that all differ."""
    rng = random.Random(0)
    words = ["a", "b", "c", "d", "e", "f", "g", "h", "A", "B", "i", "j", "k", "l"]
    weights = [1 / (n + 1) ** 0.7 for n in range(len(words))]
    lines = []
    for n in range(n_lines):
        line = rng.choices(words, weights, k=rng.randint(1, 9))
        if n % 10 == 5:
            line.insert(1, "seldom")
        if n < 12:
            line += [f"thrice{n // 3}", f"once{n}"]
        lines.append(" ".join(line))
    return ("\n".join(lines) + "\n").encode()


# --- a run and its twin ---------------------------------------------------------------------------


class Watching(Callback):
    """Records the last progress, the plan, warnings, checkpoints and the type of the trainer."""

    def __init__(self):
        self.last, self.warnings, self.plan, self.kept = None, [], None, []
        self.trainer = ""

    def on_progress(self, progress):
        self.last = progress

    def on_epoch_end(self, run):
        self.trainer = type(run.trainer).__name__

    def on_start(self, plan):
        self.plan = plan

    def on_warning(self, text):
        self.warnings.append(text)

    def on_checkpoint(self, progress, path):
        self.kept.append(progress)


def whole(options):
    """All options: those given, and the defaults of the others."""
    options = {**DEFAULTS, **options}
    if options["output_bias"] is None:
        options["output_bias"] = get_loss(options["loss"]).output_bias
    return options


def twin_of(content, options, stop_after=None):
    return twins.trained(content, whole(options), stop_after)


def differs(wv, twin, tolerance=3e-5):
    """The first difference between a run's embeddings and its twin; empty if there is none."""
    record = json.loads(wv.metadata["training"])
    if wv.index_to_key != twin.words or wv.counts.tolist() != twin.counts:
        return f"vocabulary {wv.index_to_key}, expected {twin.words}"
    for name, got, expected in (
        ("vectors", wv.vectors, twin.centers),
        ("context_vectors", wv.context_vectors, twin.contexts),
        ("output_bias", wv.output_bias, twin.bias),
        ("epoch_losses", record["epoch_losses"], twin.epoch_losses),
        ("words_trained", record["words_trained"], twin.words_trained),
        ("words_after_subsampling", record["words_after_subsampling"], twin.words_kept),
    ):
        if (got is None) != (expected is None) or np.shape(got) != np.shape(expected):
            return f"{name} of shape {np.shape(got)}, expected {np.shape(expected)}"
        if got is not None and len(np.atleast_1d(got)):
            apart = np.abs(np.asarray(got) - np.asarray(expected)).max()
            if not apart <= tolerance:
                return f"{name} differ by {apart:.2g}"
    return ""


def train(path, options, **others):
    """Train from Python; returns the embeddings, and the callback that watched."""
    seen = Watching()
    return train_embeddings(path, callbacks=[seen], **options, **others), seen


def flags_of(options):
    """Options as a command line."""
    flags = []
    for name, value in options.items():
        flag = name.replace("_", "-")
        if value is True or value is False:
            flags.append(f"--{flag}" if value else f"--no-{flag}")
        elif value is not None:
            numbers = value if isinstance(value, tuple) else [value]
            flags += [f"--{flag}", ",".join(map(str, numbers))]
    return flags


def toml_of(options):
    """Options as a configuration file."""
    known = {name: value for name, value in options.items() if value is not None}
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in known.items())


def arrays_of(wv):
    parts = wv.vectors, wv.context_vectors, wv.output_bias, wv.counts
    return [None if part is None else part.tobytes() for part in parts] + [wv.index_to_key]
