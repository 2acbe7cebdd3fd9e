"""The training part of a comparison: its plan, its forecast, and its runs, one after the other.

`w2v.compare.results` stores the records of the runs, and `w2v.compare.summary` computes figures.
Nothing here prints.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numba
import numpy as np

from w2v import __version__
from w2v.compare.results import Document
from w2v.config import MAX_EPOCHS, TrainConfig
from w2v.corpus import Corpus
from w2v.embeddings import Embeddings
from w2v.embeddings.neighbors import nearest_rows
from w2v.errors import DivergenceError
from w2v.evaluate.questions import read_analogies, read_similarity
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.held_out import HeldOut, measure
from w2v.train.api import make_run, make_trainer
from w2v.train.callbacks import Callback, Progress
from w2v.train.loop import Run

OVERLAP_WORDS = 500
"""Number of words, the most frequent ones, whose nearest neighbours are compared."""
OVERLAP_NEIGHBOURS = 10

MAX_POINTS = 50
"""Maximum number of points of a curve: it takes longer to evaluate short epochs than to train them.
"""

_WARM_UP_SENTENCES = 20

_OWN_OPTIONS = ("lr", "min_lr", "targets", "output_bias", "learn_normaliser")
"""Options in which variants may differ."""
_NOT_COMMON = ("loss", "epochs", "seed", "validate", "patience")
"""Options that a plan holds under other names, or that a comparison does not use."""


class Request(NamedTuple):
    """What to compare, checked as far as possible without the corpus.

    Attributes:
        corpus: paths of the corpus.
        cache_dir: folder for encoded corpora, or None.
        configs: options of each variant, by its name; their `seed` is the first of `seeds`.
        seeds: seeds of the runs of each variant.
        budget: ``defaults`` (each loss's own number of epochs), ``epochs`` (the same for all) or
            ``seconds``.
        seconds: training time of each run if that is the budget, otherwise None.
        held_out: fraction of the sentences to evaluate on.
        held_out_pairs: maximum number of pairs to evaluate on.
        analogies: file of analogy questions, or None.
        similarity: file of word pairs with scores, or None.
        output: folder for the results.
        restart: whether to discard earlier results.
        report: whether to write the report.
    """

    corpus: list[str]
    cache_dir: str | None
    configs: dict[str, TrainConfig]
    seeds: list[int]
    budget: str
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
    """Everything that the runs depend on, as stored in the results.

    Args:
        request: what to compare.
        corpus: fingerprint of the corpus.
    """
    common = dataclasses.asdict(next(iter(request.configs.values())))
    for name in (*_OWN_OPTIONS, *_NOT_COMMON):
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
        "budget": request.budget,
        "seconds": request.seconds,
        "epochs": epochs if request.seconds is None else None,
        "held_out": request.held_out,
        "held_out_pairs": request.held_out_pairs,
        "analogies": _file_key(request.analogies),
        "similarity": _file_key(request.similarity),
        "options": common,
        "own_options": own,
    }


def known_questions(request: Request, corpus: Corpus) -> dict[str, dict[str, Any]]:
    """The files of questions, with how many of their questions the vocabulary covers."""
    vocabulary = corpus.vocabulary
    # Questions are prepared as the text was, which is the same for all variants.
    config = dataclasses.asdict(next(iter(request.configs.values())))
    wv = Embeddings(
        vocabulary.words, np.ones((len(vocabulary), 1), np.float32),
        metadata={"training": json.dumps({"config": config})},
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {"analogies": {}, "similarity": {}}
    if request.analogies is not None:
        score = evaluate_analogies(wv, request.analogies).total
        found["analogies"] = {"file": request.analogies, "found": score.found, "of": score.total}
    if request.similarity is not None:
        pairs = evaluate_similarity(wv, request.similarity)
        found["similarity"] = {"file": request.similarity, "found": pairs.found, "of": pairs.total}
    return found


def _file_key(path: str | None) -> str | None:
    """SHA-256 of a file's content; None without a file."""
    return None if path is None else hashlib.sha256(Path(path).read_bytes()).hexdigest()


def environment() -> dict[str, str]:
    """The date, the machine and the versions."""
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


class Evaluation:
    """Evaluates runs on held-out pairs, and on questions, which it reads once.

    Args:
        request: has the paths of the question files.
        held_out: the pairs.
    """

    def __init__(self, request: Request, held_out: HeldOut) -> None:
        self.held_out = held_out
        self._analogies, self._similarity = request.analogies, request.similarity
        self._questions = None if self._analogies is None else read_analogies(self._analogies)
        self._pairs = None if self._similarity is None else read_similarity(self._similarity)

    def point(self, run: Run) -> dict[str, Any]:
        """The current held-out loss of a run, and its scores on the questions."""
        measured = measure(run.scorer(), self.held_out, with_noise=False)
        point: dict[str, Any] = {"nats": measured.nats}
        wv = run.embeddings()
        if self._analogies is not None:
            score = evaluate_analogies(wv, self._analogies, questions=self._questions).total
            point["analogies"] = score.accuracy
        if self._similarity is not None:
            point["similarity"] = evaluate_similarity(wv, self._similarity, pairs=self._pairs).rho
        return point

    def measure(self, run: Run) -> dict[str, Any]:
        """All fields of `w2v.held_out.Measure` for a run."""
        return dataclasses.asdict(measure(run.scorer(), self.held_out))


# --- before the runs ----------------------------------------------------------------------------


def remaining(request: Request, document: Document) -> list[tuple[str, int]]:
    """Each (variant, seed) not in the document yet; all variants of a seed before the next seed."""
    done = {(run["variant"], run["seed"]) for run in document["runs"]}
    every = [(variant, seed) for seed in request.seeds for variant in request.configs]
    return [each for each in every if each not in done]


def warm_up(corpus: Corpus, config: TrainConfig) -> None:
    """Train on a few sentences, so that the time of compiling kernels counts for no run."""
    starts = corpus.sentence_starts[: _WARM_UP_SENTENCES + 1]
    few = dataclasses.replace(corpus, tokens=corpus.tokens[: starts[-1]], sentence_starts=starts)
    with suppress(DivergenceError):  # the run itself will report it
        make_run(few, dataclasses.replace(config, epochs=1)).train()


def epoch_seconds(corpus: Corpus, config: TrainConfig) -> float:
    """Forecast of the seconds that an epoch takes, as every run makes it."""
    trainer = make_trainer(corpus, dataclasses.replace(config, epochs=1))
    with trainer.prepared() as preparation:
        return preparation.forecast_seconds


def epochs_within(seconds: float, one_epoch: float) -> int:
    """The number of epochs that take about `seconds`, if one takes `one_epoch`; at least 1."""
    return max(1, min(MAX_EPOCHS, round(seconds / one_epoch) if one_epoch else 1))


class Forecast(NamedTuple):
    """How long a comparison will take.

    Attributes:
        runs: number of remaining runs.
        seconds: time of all of them, evaluation included.
        training: training time in seconds of one run, for each variant with remaining runs.
    """

    runs: int
    seconds: float
    training: dict[str, float]


def forecast(
    request: Request, document: Document, corpus: Corpus, evaluation: Evaluation
) -> Forecast:
    """Time a few blocks of each variant and one evaluation, and fix the epochs of each variant.

    Epochs that an earlier start has stored in the document are kept.
    """
    left = remaining(request, document)
    training: dict[str, float] = {}
    one_evaluation = None
    seconds = 0.0
    for variant in dict.fromkeys(variant for variant, _ in left):
        config = request.configs[variant]
        warm_up(corpus, config)
        one_epoch = epoch_seconds(corpus, config)
        if variant not in document["epochs"]:
            document["epochs"][variant] = (
                config.epochs_
                if request.seconds is None
                else epochs_within(request.seconds, one_epoch)
            )
        epochs = document["epochs"][variant]
        training[variant] = epochs * one_epoch
        if one_evaluation is None:  # takes as long for every variant
            run = make_run(corpus, config)
            evaluation.point(run)  # compiles
            started = time.perf_counter()
            evaluation.point(run)
            one_evaluation = time.perf_counter() - started
        evaluations = len(evaluated_epochs(epochs)) + 1
        runs = sum(name == variant for name, _ in left)
        seconds += runs * (training[variant] + evaluations * one_evaluation)
    return Forecast(len(left), seconds, training)


# --- the runs -----------------------------------------------------------------------------------


def evaluated_epochs(epochs: int) -> set[int]:
    """The epochs, counted from 1, after which a run is evaluated: at most `MAX_POINTS`."""
    return set(np.linspace(1, epochs, min(epochs, MAX_POINTS)).round().astype(int).tolist())


class _Evaluating(Callback):
    """Evaluates a run between its epochs; `curve` has a point for each of `evaluated_epochs`."""

    def __init__(self, evaluation: Evaluation, report: Callable[[float], None]) -> None:
        self.evaluation = evaluation
        self.report = report
        self.curve: list[dict[str, Any]] = []

    def on_progress(self, progress: Progress) -> None:
        """See `Callback`."""
        self.report(progress.words / progress.total_words)

    def on_epoch_end(self, run: Run) -> None:
        """Add a point to the curve."""
        epoch = run.state.epochs_trained
        if epoch not in evaluated_epochs(run.config.epochs_):
            return
        run.refuse_divergence()
        figures = self.evaluation.point(run)
        if not math.isfinite(figures["nats"]):
            raise DivergenceError(
                f"epoch {epoch}: the held-out loss is {figures['nats']}; try a lower --lr"
            )
        loss = run.epoch_losses[-1] if run.epoch_losses else math.nan
        self.curve.append(
            {
                "epoch": epoch,
                "seconds": run.state.seconds,
                "training_loss": loss if math.isfinite(loss) else None,  # no pairs, no loss
                **figures,
            }
        )


def train_one(
    corpus: Corpus, config: TrainConfig, variant: str, evaluating: _Evaluating
) -> dict[str, Any]:
    """Train and evaluate one run; returns its record, which has an error if the run diverged."""
    record: dict[str, Any] = {"variant": variant, "seed": config.seed}
    run = make_run(corpus, config, [evaluating])
    try:
        run.train()
    except DivergenceError as error:
        return {**record, "error": str(error)}
    state = run.state
    words = state.epochs_trained * len(corpus.tokens)
    last = evaluating.curve[-1]
    return {
        **record,
        "lr": run.config.lr_,
        "epochs": state.epochs_trained,
        "seconds": state.seconds,
        "million_words_per_second": words / state.seconds / 1e6,
        "curve": evaluating.curve,
        "measure": evaluating.evaluation.measure(run),
        "analogies": last.get("analogies"),
        "similarity": last.get("similarity"),
        "neighbours": frequent_neighbours(run.embeddings()),
    }


def frequent_neighbours(wv: Embeddings) -> list[list[int]]:
    """The rows nearest to each of the first `OVERLAP_WORDS` rows, `OVERLAP_NEIGHBOURS` of each."""
    rows = np.arange(min(OVERLAP_WORDS, len(wv)))
    found, _ = nearest_rows(wv.unit_vectors, rows, min(OVERLAP_NEIGHBOURS, len(wv) - 1))
    return found.tolist()  # type: ignore[no-any-return]


def run_all(
    request: Request,
    document: Document,
    corpus: Corpus,
    evaluation: Evaluation,
    report: Callable[[str, int, float], None],
) -> Iterator[dict[str, Any]]:
    """Train the remaining runs; adds the record of each to the document, then yields it.

    Args:
        request: what to compare.
        document: the results so far, in which `forecast` has stored the epochs of each variant.
        corpus: the corpus to train on.
        evaluation: evaluates the runs.
        report: called during a run with its variant, its seed, and how much is done, 0 to 1.
    """
    for variant, seed in remaining(request, document):
        config = dataclasses.replace(
            request.configs[variant], seed=seed, epochs=document["epochs"][variant]
        )
        evaluating = _Evaluating(evaluation, partial(report, variant, seed))
        record = train_one(corpus, config, variant, evaluating)
        document["runs"].append(record)
        yield record
