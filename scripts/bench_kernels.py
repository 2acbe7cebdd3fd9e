"""Measure the training kernels alone, as ratios in one run: A B C A B C ..., medians.

    python scripts/bench_kernels.py CORPUS --output docs/bench-kernels [--rounds 5]

CORPUS is encoded once; every variant trains one epoch on it. Floating-point operations are counted
as 6 D (1 + K) a pair for the sampled losses (a dot product, and an update of either side), and as
6 V D a row for the full softmax; the peak is that of a loop of nothing but multiply-adds, and of
NumPy's largest square matrix product. Writes OUTPUT.json and OUTPUT.md.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from measure_quality import machine
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from w2v.config import TrainConfig
from w2v.corpus import Corpus, read_corpus
from w2v.files import atomic_write
from w2v.kernels.tiles import LANES
from w2v.numerics import jit
from w2v.run import Observer
from w2v.trainer import make_run, resolve

ACCUMULATORS = 12
"""Independent sums: more than the latency of a multiply-add times the units that do them."""
PEAK_LOOPS = 50_000_000
GEMM_SIZE = 4096


@intrinsic  # type: ignore[untyped-decorator]
def _multiply_adds(typing_context: Any, loops: Any) -> Any:
    """`loops` times `ACCUMULATORS` multiply-adds of `LANES` float32, in registers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), LANES)
        sums = [cgutils.alloca_once(builder, vector) for _ in range(ACCUMULATORS)]
        for i, place in enumerate(sums):
            builder.store(ir.Constant(vector, [float(i + 1)] * LANES), place)
        factor = ir.Constant(vector, [0.5] * LANES)
        multiply_add = builder.module.declare_intrinsic("llvm.fma", [vector])
        with cgutils.for_range(builder, arguments[0]):
            for place in sums:
                value = builder.load(place)
                builder.store(builder.call(multiply_add, [value, factor, factor]), place)
        total = builder.load(sums[0])
        for place in sums[1:]:
            total = builder.fadd(total, builder.load(place))
        return builder.extract_element(total, ir.IntType(32)(0))

    return types.float32(types.int64), generate


@jit
def _peak(loops: Any) -> Any:
    return _multiply_adds(loops)


def peak_gflops() -> float:
    """Multiply-adds of one core, in 10^9 floating-point operations a second."""
    _peak(np.int64(1))
    started = time.perf_counter()
    _peak(np.int64(PEAK_LOOPS))
    seconds = time.perf_counter() - started
    return 2 * LANES * ACCUMULATORS * PEAK_LOOPS / seconds / 1e9


def gemm_gflops() -> float:
    """NumPy's float32 matrix product on all cores."""
    a = np.random.default_rng(0).random((GEMM_SIZE, GEMM_SIZE), dtype=np.float32)
    out = np.empty_like(a)
    started = time.perf_counter()
    np.matmul(a, a, out=out)
    return 2 * GEMM_SIZE**3 / (time.perf_counter() - started) / 1e9


class Variant:
    """One way to train; `measure` trains an epoch and gives its figures."""

    def __init__(self, corpus: Corpus, name: str, **options: Any) -> None:
        self.corpus = corpus
        self.name = name
        self.config = resolve(TrainConfig(**options, epochs=1, min_count=5))

    def measure(self) -> dict[str, float]:
        """Seconds of an epoch, words a second, and floating-point operations a second."""
        run = make_run(self.corpus, self.config)
        with run.prepared():
            started = time.perf_counter()
            pairs = _Pairs()
            run.train_epoch(0, pairs)
            seconds = time.perf_counter() - started
        size = self.config.vector_size
        if self.config.loss == "softmax":
            rows = int((self.corpus.vocabulary.counts > 0).sum())
            operations = 6.0 * rows * len(self.corpus.vocabulary) * size
        else:
            # Each kept word has about 2 * mean reach neighbours; count what was really trained.
            operations = 6.0 * size * (1 + self.config.negative) * self.pairs_an_epoch()
        return {
            "seconds": seconds,
            "words": len(self.corpus.tokens) / seconds,
            "gflops": operations / seconds / 1e9,
        }

    def pairs_an_epoch(self) -> int:
        """Pairs of the first epoch, counted by drawing them."""
        if not hasattr(self, "_n_pairs"):
            from w2v.blocks import STREAM_PAIRS, block_edges
            from w2v.cooccurrence import block_windows
            from w2v.numerics import stream_key
            from w2v.pairs import keep_probs, keep_thresholds

            config, corpus = self.config, self.corpus
            thresholds = keep_thresholds(keep_probs(corpus.vocabulary.counts, config.sample))
            edges = block_edges(corpus.sentence_starts)
            self._n_pairs = sum(
                len(
                    block_windows(
                        corpus, int(a), int(b), thresholds, config.window, config.shrink_windows,
                        stream_key(config.seed, STREAM_PAIRS, 0, block),
                    ).contexts
                )
                for block, (a, b) in enumerate(itertools.pairwise(edges))
            )  # fmt: skip
        return self._n_pairs


class _Pairs(Observer):
    """Hears nothing."""


def main() -> None:
    """Alternate the variants and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    corpus = read_corpus(args.corpus, min_count=5)
    one: dict[str, Any] = {"workers": 1}
    variants = [
        Variant(corpus, "negative sampling", **one),
        Variant(corpus, "NCE", loss="nce", **one),
        Variant(corpus, "sampled softmax", loss="sampled-softmax", **one),
        Variant(corpus, "negative sampling, D = 300", vector_size=300, **one),
        Variant(corpus, f"negative sampling, {args.workers} threads", workers=args.workers),
        Variant(corpus, f"full softmax, {args.workers} threads", loss="softmax",
                workers=args.workers),
    ]  # fmt: skip
    measures: dict[str, Callable[[], float]] = {"peak": peak_gflops, "gemm": gemm_gflops}
    rounds: list[dict[str, Any]] = []
    for number in range(args.rounds):
        figures: dict[str, Any] = {name: measure() for name, measure in measures.items()}
        for variant in variants:
            figures[variant.name] = variant.measure()
        rounds.append(figures)
        print(f"round {number + 1}: {json.dumps(figures)}", flush=True)

    def median(ratio: Callable[[dict[str, Any]], float]) -> float:
        return statistics.median(ratio(figures) for figures in rounds)

    base, two = variants[0].name, variants[4].name
    lines = [
        f"One epoch over {Path(args.corpus).name} ({corpus.audit.words:,} words, vocabulary "
        f"{len(corpus.vocabulary):,}), window 5, 5 negatives, sample 1e-4, 100 numbers a vector "
        f"and one thread where nothing else is said; medians of {args.rounds} rounds.",
        f"Measured on {machine()}, {datetime.date.today().isoformat()}, by "
        "`scripts/bench_kernels.py`.",
        "",
        f"Peak of one core: {median(lambda f: f['peak']):.0f} GFLOP/s; NumPy's matrix product on "
        f"all cores: {median(lambda f: f['gemm']):.0f} GFLOP/s.",
        "",
        "| what | seconds | million words/s | time, times negative sampling | part of the peak |",
        "|---|---|---|---|---|",
    ]
    for variant in variants:
        name = variant.name
        full = variant.config.loss == "softmax"
        threads = variant.config.workers

        def fraction(f: dict[str, Any], name: str = name, full: bool = full,
                     threads: int = threads) -> float:  # fmt: skip
            peak = f["gemm"] if full else f["peak"] * threads
            return float(f[name]["gflops"] / peak)

        lines.append(
            f"| {name} | {median(lambda f, n=name: f[n]['seconds']):.2f} "
            f"| {median(lambda f, n=name: f[n]['words']) / 1e6:.2f} "
            f"| {median(lambda f, n=name: f[n]['seconds'] / f[base]['seconds']):.2f} "
            f"| {median(fraction):.0%}{' of the matrix product' if full else ''} |"
        )
    lines += [
        "",
        f"{args.workers} threads against one: "
        f"{median(lambda f: f[base]['seconds'] / f[two]['seconds']):.2f} times as fast.",
    ]
    text = "\n".join(lines) + "\n"
    report = {"machine": machine(), "rounds": rounds}
    for suffix, content in ((".json", json.dumps(report, indent=1) + "\n"), (".md", text)):
        with atomic_write(args.output.with_suffix(suffix)) as stream:
            stream.write(content.encode())
    print(text)


if __name__ == "__main__":
    main()
