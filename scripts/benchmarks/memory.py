"""Peak memory of the whole command."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.kernels import encoded
from benchmarks.measuring import Job, Row, run_python

# Run from a small process: on Linux, the peak of a child includes its parent's memory at the fork.
COMMAND = """
import json, resource, subprocess, sys
subprocess.run(json.loads(sys.argv[1])["command"], stdout=subprocess.DEVNULL, check=True)
print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024}))
"""

ALLOWANCE = 300e6
"""Bytes for Python, its libraries, compiled code and buffers."""


def peak(job: Job) -> Iterator[Row]:
    """Peak resident memory, 5 epochs on two threads."""
    command = [
        sys.executable, "-m", "w2v.train", str(job.corpus), "--quiet", "--workers", "2",
        "--output", str(job.folder / "memory.bin"), "--cache", str(job.folder / "cache"),
        "--epochs", "1" if job.quick else "5",
    ]  # fmt: skip
    used = run_python(COMMAND, {"command": command})["peak"]
    corpus = encoded(job)
    allowed = 2 * 4 * 100 * len(corpus.vocabulary) + 4 * len(corpus.tokens) + ALLOWANCE
    yield Row(
        "peak memory, 5 epochs, two threads",
        "<= 2 matrices + 4 bytes per token + 300 MB", f"{used / 1e6:.0f} of {allowed / 1e6:.0f} MB",
        used <= allowed,
    )  # fmt: skip
