"""The speed of the same source, compiled for older processors whose code this one can run."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Job, Row, Skipped, in_turns, run_python

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))
from processors import TARGETS

EPOCH = """
import json, sys, w2v
from benchmarks.kernels import Epochs
from w2v.corpus import read_corpus
o = json.loads(sys.argv[1])
epochs = Epochs(read_corpus([o["corpus"]], min_count=5), workers=1, vector_size=o["vector_size"])
epochs()
print(json.dumps(epochs()))
"""


def portability(job: Job) -> Iterator[Row]:
    """Negative sampling on one thread, compiled for this processor, AVX2 only, and any x86-64."""
    if job.quick:
        raise Skipped("--full only")
    kinds: dict[str, dict[str, str]] = {"native": {}, **TARGETS}
    for size in (100, 300):
        options = {"corpus": str(job.corpus), "vector_size": size}
        runs = in_turns(
            max(1, job.rounds - 1),
            {kind: lambda o=options, e=kinds[kind]: run_python(EPOCH, o, e) for kind in kinds},
        )
        for kind in list(kinds)[1:]:
            ratios = [run[kind]["seconds"] / run["native"]["seconds"] for run in runs]
            seconds = statistics.median(run[kind]["seconds"] for run in runs)
            yield Row(
                f"compiled for {kind}, D = {size}, time against code for this processor", "",
                f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f}); "
                f"an epoch in {seconds:.1f} s", True,
            )  # fmt: skip
