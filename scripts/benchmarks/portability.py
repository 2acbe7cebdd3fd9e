"""The same source compiled for other processors than this one, as far as this one can run it."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterator

from benchmarks.rows import Job, Row, Skipped, in_turns, run_python

EPOCH = """
import json, sys, w2v
from benchmarks.kernels import Epochs
from w2v.corpus import read_corpus
o = json.loads(sys.argv[1])
epochs = Epochs(read_corpus([o["corpus"]], min_count=5), workers=1, vector_size=o["vector_size"])
epochs()
print(json.dumps(epochs()))
"""

AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx2,+fma"}
GENERIC = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
"""For x86-64 that is SSE2 without a fused multiply-add: any such processor runs it."""


def portability(job: Job) -> Iterator[Row]:
    """Negative sampling, one thread, compiled for this processor, for AVX2 alone, for any."""
    if job.quick:
        raise Skipped("--full only")
    kinds: dict[str, dict[str, str]] = {"native": {}}
    if platform.machine() == "x86_64":
        kinds["AVX2 alone"] = AVX2
    kinds[f"any {platform.machine()}"] = GENERIC
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
                f"compiled for {kind}, D = {size}, in the time of code for this processor", "",
                f"{statistics.median(ratios):.2f}x ({min(ratios):.2f} to {max(ratios):.2f}); "
                f"an epoch in {seconds:.1f} s", True,
            )  # fmt: skip
