"""Response times of the command line."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measuring import Job, Row, at_most, timed

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo.txt"


def help_text(job: Job) -> Iterator[Row]:
    """Seconds of the whole process with ``--help``."""
    command = [sys.executable, "-m", "w2v.train", "--help"]
    seconds = [
        timed(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))
        for _ in range(1 + 2 * job.rounds)
    ]
    yield at_most("`python -m w2v.train --help`", 0.3, seconds[1:], " s")


def first_tick(job: Job) -> Iterator[Row]:
    """Seconds from the start of the command to its first training progress, on a terminal.

    Reading the demo corpus takes no time worth mentioning; the rest is Python, imports and
    compilation.
    """
    warm = [_first_tick(job.folder, "tick-cache") for _ in range(1 + job.rounds)]
    yield at_most("first training tick, kernels in the cache", 1.5, warm[1:], " s")
    cold = [
        _first_tick(job.folder, f"tick-cold-{n}") for n in range(1 if job.quick else job.rounds)
    ]
    yield at_most("first training tick, nothing compiled before", 12, cold, " s")


def _first_tick(folder: Path, cache: str) -> float:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / cache)}
    command = [
        sys.executable, "-m", "w2v.train", str(DEMO), "--output", str(folder / "demo.bin"),
        "--epochs", "50",
    ]  # fmt: skip
    terminal, inside = pty.openpty()
    termios.tcsetwinsize(inside, (24, 100))
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=inside, stdout=subprocess.DEVNULL, env=environment, cwd=folder
    )
    os.close(inside)
    seen = b""
    while b"loss" not in seen:  # part of the progress bar of training
        seen += os.read(terminal, 4096)
    seconds = time.perf_counter() - started
    process.terminate()
    process.wait()
    os.close(terminal)
    return seconds
