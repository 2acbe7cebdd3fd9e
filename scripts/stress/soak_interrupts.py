"""How long a training run takes to end after Ctrl-C, wherever it is.

    python scripts/stress/soak_interrupts.py corpus.txt --trials 40 --cold -- --loss softmax

Sends SIGINT to `w2v.train` after a time drawn from the length of an undisturbed run, and prints
the seconds until it has ended, by what it was doing. Everything after ``--`` goes to the command.
Fails if a run shows a traceback, ends with another code, leaves a temporary file, or takes longer
than `--limit` seconds.
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
    """The command, as a child; with a `cache` of its own it compiles everything."""
    environment = dict(os.environ)
    if cache is not None:
        environment["NUMBA_CACHE_DIR"] = cache
    return subprocess.Popen(
        [sys.executable, "-m", "w2v.train", str(corpus), "--output", "v.txt", *options],
        cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip


def stage(said: str) -> str:
    """What a run was doing, by what it had said."""
    if "checkpoint: 100%" in said:
        return "saving"
    if "training:" in said:
        return "training"
    return "reading" if "reading:" in said else "starting"


def main() -> int:
    """Interrupt runs; print a table."""
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
                # Python ends itself by the signal, which a shell sees as 130 too, where `-m` was
                # interrupted in source that is made up (dataclasses, Numba). Where all is done the
                # signal comes too late, and changes nothing.
                is_over = "interrupted" in said or (folder / "v.txt").exists()
                ended = process.returncode == 130 or (
                    process.returncode in (0, -signal.SIGINT) and is_over
                )
                wrong = not ended or "Traceback" in said or left
                if wrong or after > arguments.limit:
                    failures += 1
                    print(
                        f"trial {trial}: {after:.2f} s in {stage(said_before)}, code "
                        f"{process.returncode}, left {left}: {said[-400:]}"
                    )
    print(f"a run takes {seconds:.1f} s")
    for name, times in took.items():
        print(f"{name:10} {len(times):4} times, longest {max(times):.2f} s")
    print(f"{failures} failures")
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main())
