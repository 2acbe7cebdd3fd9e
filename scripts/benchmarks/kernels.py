"""The speed of the training kernels alone, in one process and in turns."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

from threadpoolctl import threadpool_limits

from benchmarks.measuring import Job, Row, at_least, at_most, at_once, in_turns
from benchmarks.peak import gemm_gflops, peak_gflops
from w2v.config import TrainConfig
from w2v.corpus import Corpus, read_corpus
from w2v.train.api import make_trainer, resolve
from w2v.train.schedule import Schedule
from w2v.train.state import RunState


@cache
def _read(path: str) -> Corpus:
    return read_corpus([path], min_count=5)


def encoded(job: Job) -> Corpus:
    """The encoded corpus, read once for all sections."""
    return _read(str(job.corpus))


class Epochs:
    """A model that is trained one epoch at a time."""

    def __init__(self, corpus: Corpus, **options: Any) -> None:
        config = resolve(TrainConfig(min_count=5, epochs=1, **options))
        self.trainer = make_trainer(corpus, config)
        self.config = self.trainer.config  # with the default rate
        self.schedule = Schedule(self.config.lr_, self.config.min_lr, corpus.n_words)

    def __call__(self) -> dict[str, float]:
        """Train one more epoch; return its seconds and pairs."""
        state = RunState(1, self.trainer.n_blocks, self.trainer.corpus.n_words)
        started = time.perf_counter()
        self.trainer.train_epoch(state, self.schedule, lambda: None)
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "pairs": state.current.pairs}

    def gflops(self, epoch: dict[str, float]) -> float:
        """Rate of the operations in the definition: 1 + K dot products per pair, 2 updates each."""
        operations = 6 * self.config.vector_size * (1 + self.config.negative)
        return operations * epoch["pairs"] / epoch["seconds"] / 1e9


def _compiled(*sides: Epochs) -> None:
    for side in sides:
        side()


def threads(job: Job) -> Iterator[Row]:
    """Two threads against one, each for a whole epoch."""
    one, two, other = (Epochs(encoded(job), workers=workers) for workers in (1, 2, 1))
    _compiled(one, two, other)
    runs = in_turns(2 * job.rounds, {"one": one, "two": two, "apart": lambda: at_once(one, other)})
    words = len(encoded(job).tokens) / 1e6
    rates = [words / statistics.median(run[side]["seconds"] for run in runs)
             for side in ("one", "two")]  # fmt: skip
    apart = statistics.median(2 * run["one"]["seconds"] / run["apart"] for run in runs)
    yield at_least(
        "two threads against one", 1.9,
        [run["one"]["seconds"] / run["two"]["seconds"] for run in runs],
        more=f"; {rates[0]:.2f} and {rates[1]:.2f} million words/s; "
        f"two models that share nothing, at once: {apart:.2f}x",
    )  # fmt: skip


def peak_share(job: Job) -> Iterator[Row]:
    """Operations that the loss needs, as a fraction of one core's multiply-add peak."""
    for size, target in ((100, 35.0), (300, 40.0)):
        side = Epochs(encoded(job), workers=1, vector_size=size)
        _compiled(side)
        runs = in_turns(job.rounds, {"peak": peak_gflops, "kernel": side})
        shares = [100 * side.gflops(run["kernel"]) / run["peak"] for run in runs]
        peak = statistics.median(run["peak"] for run in runs)
        yield at_least(
            f"share of the float32 multiply-add peak, D = {size}, one thread", target, shares, "%",
            f"; the peak is {peak:.0f} GFLOP/s",
        )  # fmt: skip


def losses(job: Job) -> Iterator[Row]:
    """Times of NCE and sampled softmax relative to negative sampling."""
    names = "negative-sampling", "nce", "sampled-softmax"
    sides = {name: Epochs(encoded(job), workers=1, loss=name) for name in names}
    _compiled(*sides.values())
    runs = in_turns(job.rounds, sides)

    def ratios(name: str) -> list[float]:
        return [run[name]["seconds"] / run["negative-sampling"]["seconds"] for run in runs]

    yield at_most("time of NCE against negative sampling", 1.15, ratios("nce"), "x")
    yield at_most(
        "time of sampled softmax against negative sampling", 1.3, ratios("sampled-softmax"), "x"
    )


def full_softmax(job: Job) -> Iterator[Row]:
    """A pass over all pairs, as a fraction of the rate of NumPy's matrix product."""
    corpus, workers = encoded(job), 2
    side = Epochs(corpus, loss="softmax", workers=workers)
    size = len(corpus.vocabulary)
    operations = 6.0 * size * size * side.config.vector_size
    with side.trainer.prepared():

        def gemm() -> float:
            with threadpool_limits(workers, "blas"):
                return gemm_gflops()

        runs = in_turns(job.rounds, {"gemm": gemm, "pass": side})
    shares = [100 * operations / run["pass"]["seconds"] / 1e9 / run["gemm"] for run in runs]
    seconds = statistics.median(run["pass"]["seconds"] for run in runs)
    gemm_rate = statistics.median(run["gemm"] for run in runs)
    yield at_least(
        "full softmax, `corpus` targets: share of NumPy's matrix product, two threads", 75, shares,
        "%", f"; a pass over {size:,} x {size:,} in {seconds:.1f} s, {gemm_rate:.0f} GFLOP/s",
    )  # fmt: skip
