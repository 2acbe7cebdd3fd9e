"""Measure how long a training run takes to end after Ctrl-C at a random moment.

    python scripts/stress/soak_interrupts.py corpus.txt --trials 40 --cold -- --loss softmax

Sends SIGINT to `w2v.train` at a random moment of its usual duration, and prints how long runs took
to end, by what they were doing. Everything after ``--`` is passed to the command. Fails if a run
prints a traceback, has the wrong exit code, leaves a temporary file, or takes longer than
`--limit` seconds to end.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path


def start(
    corpus: Path, options: list[str], folder: Path, cache: str | None
) -> subprocess.Popen[str]:
    """Start the command; with a new `cache` folder it compiles everything."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    return subprocess.Popen(
        [sys.executable, "-m", "w2v.train", str(corpus), "--output", "v.txt", *options],
        cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip


def stage(said: str) -> str:
    """What a run was doing, judging by its output so far."""
    if "checkpoint: 100%" in said:
        return "saving"
    if "training:" in said:
        return "training"
    return "reading" if "reading:" in said else "starting"


def main() -> int:
    """Interrupt runs and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--cold", action="store_true", help="compile everything in each run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=2.0)
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    arguments, options = parser.parse_args(words[:at]), words[at + 1 :]
    corpus = arguments.corpus.resolve()
    rng = random.Random(arguments.seed)
    took: dict[str, list[float]] = defaultdict(list)
    failures = 0
    with tempfile.TemporaryDirectory() as scratch:
        seconds = 0.0
        for trial in range(-1, arguments.trials):
            folder = Path(scratch) / f"{trial}"
            folder.mkdir()
            cache = str(folder / "cache") if arguments.cold else None
            begun = time.monotonic()
            process = start(corpus, options, folder, cache)
            if trial < 0:
                process.communicate()
                seconds = time.monotonic() - begun
                continue
            try:
                _, said = process.communicate(timeout=rng.uniform(0.2, seconds))
            except subprocess.TimeoutExpired as waiting:
                before = waiting.stderr or b""
                said_before = before.decode() if isinstance(before, bytes) else before
                process.send_signal(signal.SIGINT)
                sent = time.monotonic()
                _, said = process.communicate()
                after = time.monotonic() - sent
                took[stage(said_before)].append(after)
                left = list(folder.rglob(".w2v-*.tmp"))
                # If `-m` is interrupted inside generated source (dataclasses, Numba), Python ends
                # by the signal itself, which a shell reports as 130 too. A signal that arrives
                # after the work is done changes nothing.
                is_over = "interrupted" in said or (folder / "v.txt").exists()
                ended = process.returncode == 130 or (
                    process.returncode in (0, -signal.SIGINT) and is_over
                )
                wrong = not ended or "Traceback" in said or left
                if wrong or after > arguments.limit:
                    failures += 1
                    print(
                        f"trial {trial}: {after:.2f} s in {stage(said_before)}, exit code "
                        f"{process.returncode}, files left {left}: {said[-400:]}"
                    )
    print(f"an uninterrupted run takes {seconds:.1f} s")
    for name, times in took.items():
        print(f"{name:10} {len(times):4} times, longest {max(times):.2f} s")
    print(f"{failures} failures")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
