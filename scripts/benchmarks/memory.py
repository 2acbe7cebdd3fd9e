"""Peak memory of the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.kernels import encoded
from benchmarks.rows import Job, Row

ALLOWANCE = 300e6
"""For Python, its libraries, compiled code and buffers."""


def peak(job: Job) -> Iterator[Row]:
    """Resident memory at its highest, 5 epochs on two threads."""
    command = [
        sys.executable, "-m", "w2v.train", str(job.corpus), "--quiet", "--workers", "2",
        "--output", str(job.folder / "memory.bin"), "--cache", str(job.folder / "cache"),
        "--epochs", "1" if job.quick else "5",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit("bench: the command failed")
    used = usage.ru_maxrss * 1024
    corpus = encoded(job)
    allowed = 2 * 4 * 100 * len(corpus.vocabulary) + 4 * len(corpus.tokens) + ALLOWANCE
    yield Row(
        "peak memory, 5 epochs, two threads",
        "<= 2 matrices + 4 bytes a token + 300 MB", f"{used / 1e6:.0f} of {allowed / 1e6:.0f} MB",
        used <= allowed,
    )  # fmt: skip
