"""What a comparison does: its plan, its runs one by one, and what is kept of each.

`w2v.compare` is its command line, `w2v.compare.results` keeps and sums up the results,
`w2v.held_out` judges. Prints nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import math
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from w2v import __version__
from w2v.compare.results import Document, nearest
from w2v.config import MAX_EPOCHS, TrainConfig
from w2v.corpus import Corpus
from w2v.errors import DivergenceError
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.held_out import HeldOut, judge
from w2v.train.api import make_run
from w2v.train.run import Observer, Progress, Run

OVERLAP_WORDS = 500
"""Frequent words whose nearest neighbours are compared."""
OVERLAP_NEIGHBOURS = 10

MAX_POINTS = 50
"""The most points of a curve: where a budget of seconds buys thousands of short epochs, judging
each of them would take many times as long as training."""

_WARM_UP_SENTENCES = 20

_OWN_OPTIONS = ("lr", "min_lr", "targets", "output_bias", "learn_normaliser")
"""Options that may differ between the variants."""
_ELSEWHERE = ("loss", "epochs", "seed", "validate", "patience")
"""Options that a plan has under other names."""


class Request(NamedTuple):
    """What was asked for, checked as far as it can be before the corpus is read.

    Attributes:
        corpus: paths.
        cache_dir: where encoded corpora are kept, or None.
        configs: each variant's options, by its name; `seed` is the first seed.
        seeds: of the runs.
        seconds: the budget of each run, or None where `epochs` is it.
        held_out, held_out_pairs: part of the sentences; the most pairs that are judged.
        analogies, similarity: files of questions, or None.
        output: the folder.
        restart, report: begin anew; write the report.
    """

    corpus: list[str]
    cache_dir: str | None
    configs: dict[str, TrainConfig]
    seeds: list[int]
    seconds: float | None
    held_out: float
    held_out_pairs: int
    analogies: str | None
    similarity: str | None
    output: Path
    restart: bool
    report: bool


# --- the plan -----------------------------------------------------------------------------------


def make_plan(request: Request, corpus: str) -> dict[str, Any]:
    """Everything that the runs depend on, as it is kept in the results; `corpus` is its key."""
    common = dataclasses.asdict(next(iter(request.configs.values())))
    for name in (*_OWN_OPTIONS, *_ELSEWHERE):
        del common[name]
    own = {
        variant: {name: getattr(config, name) for name in _OWN_OPTIONS}
        for variant, config in request.configs.items()
    }
    epochs = {variant: config.epochs for variant, config in request.configs.items()}
    return {
        "w2v_version": __version__,
        "corpus": corpus,
        "losses": list(request.configs),
        "seeds": request.seeds,
        "seconds": request.seconds,
        "epochs": epochs if request.seconds is None else None,
        "held_out": request.held_out,
        "held_out_pairs": request.held_out_pairs,
        "analogies": _file_key(request.analogies),
        "similarity": _file_key(request.similarity),
        "options": common,
        "own_options": own,
    }


def _file_key(path: str | None) -> str | None:
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()


def environment() -> dict[str, str]:
    """The machine, the versions and the date."""
    processor = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": processor,
        "cpus": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "w2v": __version__,
    }


# --- the runs -----------------------------------------------------------------------------------


class Listener:
    """Told how the comparison gets on; override what is of interest."""

    def progress(self, variant: str, seed: int, done: float) -> None:
        """A run is at this fraction of its words, 0 to 1."""

    def finished(self, record: dict[str, Any]) -> None:
        """A run is over, or failed; its record is kept already."""


def judged_epochs(epochs: int) -> set[int]:
    """The epochs, from 1, after which a run is judged: all of few, the first and last of many."""
    return set(np.linspace(1, epochs, min(epochs, MAX_POINTS)).round().astype(int).tolist())


class _Judging(Observer):
    """Judges a run between epochs; `curve` holds a point for each of `judged_epochs`."""

    def __init__(self, listener: Listener, held_out: HeldOut, request: Request) -> None:
        self.listener = listener
        self.held_out = held_out
        self.request = request
        self.name = ("", 0)
        self.curve: list[dict[str, Any]] = []

    def progress(self, progress: Progress) -> None:
        """See `Observer`."""
        self.listener.progress(*self.name, progress.words / progress.total_words)

    def epoch_ended(self, run: Run) -> bool:
        """Add a point to the curve."""
        if run.epochs_trained not in judged_epochs(run.config.epochs_):
            return False
        nats = judge(run, self.held_out, with_noise=False).nats
        if not math.isfinite(nats):
            raise DivergenceError(
                f"epoch {run.epochs_trained}: expected a finite held-out loss, got {nats}; "
                "lower --lr"
            )
        loss = run.epoch_losses[-1] if run.epoch_losses else math.nan
        point: dict[str, Any] = {
            "epoch": run.epochs_trained,
            "seconds": run.seconds,
            "nats": nats,
            "training_loss": loss if math.isfinite(loss) else None,  # no pairs, no loss
        }
        request = self.request
        if request.analogies is not None or request.similarity is not None:
            wv = run.embeddings(0.0)
            if request.analogies is not None:
                point["analogies"] = evaluate_analogies(wv, request.analogies).total.accuracy
            if request.similarity is not None:
                point["similarity"] = evaluate_similarity(wv, request.similarity).rho
        self.curve.append(point)
        return False


def epochs_within(corpus: Corpus, config: TrainConfig, seconds: float) -> int:
    """How many epochs take about so many seconds, by the run's own forecast; at least one."""
    run = make_run(corpus, dataclasses.replace(config, epochs=1))
    with run.prepared() as one_epoch:
        return max(1, min(MAX_EPOCHS, round(seconds / one_epoch) if one_epoch else 1))


def warm_up(corpus: Corpus, config: TrainConfig) -> None:
    """Train a few sentences, so that no run's time includes compiling kernels."""
    starts = corpus.sentence_starts[: _WARM_UP_SENTENCES + 1]
    few = dataclasses.replace(corpus, tokens=corpus.tokens[: starts[-1]], sentence_starts=starts)
    with suppress(DivergenceError):  # which the run itself will report
        make_run(few, dataclasses.replace(config, epochs=1)).run(Observer())


def train_one(
    corpus: Corpus, config: TrainConfig, variant: str, judging: _Judging
) -> dict[str, Any]:
    """One run, judged between epochs; what the results keep of it, also where it diverges."""
    record: dict[str, Any] = {"variant": variant, "seed": config.seed}
    judging.name = variant, config.seed
    run = make_run(corpus, config)
    try:
        run.run(judging)
    except DivergenceError as error:
        return {**record, "error": str(error)}
    words = run.epochs_trained * len(corpus.tokens)
    last = judging.curve[-1]
    return {
        **record,
        "epochs": run.epochs_trained,
        "seconds": run.seconds,
        "million_words_per_second": words / run.seconds / 1e6,
        "curve": judging.curve,
        "measure": dataclasses.asdict(judge(run, judging.held_out)),
        "analogies": last.get("analogies"),
        "similarity": last.get("similarity"),
        "neighbours": nearest(run.embeddings(0.0).unit_vectors, OVERLAP_WORDS, OVERLAP_NEIGHBOURS),
    }


def remaining(request: Request, document: Document) -> list[tuple[str, int]]:
    """The (variant, seed) that are not in the document; a seed of every variant before the next."""
    done = {(run["variant"], run["seed"]) for run in document["runs"]}
    every = [(variant, seed) for seed in request.seeds for variant in request.configs]
    return [each for each in every if each not in done]


def run_all(
    request: Request, document: Document, corpus: Corpus, held_out: HeldOut, listener: Listener
) -> Iterator[Document]:
    """Train what remains; gives the document, to be kept, after each change of it."""
    warm: set[str] = set()
    for variant, seed in remaining(request, document):
        config = dataclasses.replace(request.configs[variant], seed=seed)
        if variant not in warm:
            warm_up(corpus, config)
            warm.add(variant)
        if request.seconds is not None:
            if variant not in document["epochs"]:
                document["epochs"][variant] = epochs_within(corpus, config, request.seconds)
                yield document
            config = dataclasses.replace(config, epochs=document["epochs"][variant])
        record = train_one(corpus, config, variant, _Judging(listener, held_out, request))
        document["runs"].append(record)
        yield document
        listener.finished(record)
