"""Kill a training run with SIGKILL, resume it, and compare it with an uninterrupted run.

    python tests/helpers/killed.py boundaries KIND --step 7   before every 7th write, sync, ...
    python tests/helpers/killed.py random KIND --kills 50 --seed 1

Runs are forked from this process, which has compiled the kernels, so that each takes a fraction of
a second. Prints one JSON object: how often and when runs were killed, how many resumed runs there
were, and how many of them gave the same bytes. `tests/train/test_resume.py` uses it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from streams import Wrapped

from w2v import Checkpoints, train_embeddings
from w2v.losses import LOSSES, get_loss
from w2v.train import worker_pool
from w2v.util import files

worker_pool.TICK_SECONDS = 0.01  # short runs should have many checkpoints too

COMMON: dict = {
    "vector_size": 10,
    "window": 3,
    "min_count": 1,
    "workers": 1,
    "epochs": 2,
    "seed": 3,
}
KINDS = {
    f"{name}:{targets}": {"loss": name, "targets": targets}
    for name in LOSSES
    for targets in get_loss(name).targets
}
KINDS["softmax:corpus"]["batch_size"] = 16  # else a step would be an epoch
KINDS["nce:learn-normaliser"] = {"loss": "nce", "learn_normaliser": True}
KINDS["negative-sampling:validate"] = {"validate": 0.1, "patience": 1, "epochs": 4, "lr": 0.3}
KINDS["softmax:validate"] = {
    "loss": "softmax", "validate": 0.1, "patience": 2, "epochs": 5, "batch_size": 16,
}  # fmt: skip


def sentences(n_words: int) -> list[list[str]]:
    rng = np.random.default_rng(0)
    words = rng.zipf(1.3, size=n_words) % 150
    return [[f"w{w}" for w in words[i : i + 12]] for i in range(0, n_words, 12)]


def train(corpus, options, folder: Path | None, every: str) -> str:
    """Train, or resume; returns a hash of the result."""
    kept = None if folder is None else Checkpoints(folder, every, resume=True)
    wv = train_embeddings(corpus, checkpoint=kept, **{**COMMON, **options})
    record = wv.training
    names = "epoch_losses", "words_after_subsampling", "epochs_trained"
    statistics = [*(record[name] for name in names), record.get("validation")]
    vectors = wv.vectors.tobytes() + wv.context_vectors.tobytes()
    return hashlib.sha256(vectors + json.dumps(statistics).encode()).hexdigest()


MOMENTS = {
    "open": "before the nth opening of a file or folder", "fdopen": "before the nth file is filled",
    "fsync": "before the nth fsync", "replace": "before the nth rename",
}  # fmt: skip


class Killer:
    """Replaces the system calls of `w2v.util.files`, and kills the process at the nth.

    Before that, it writes to `moment` which call it was.
    """

    def __init__(self, nth: int, moment: Path) -> None:
        self.left = nth
        self.pid = os.getpid()
        self.moment = moment
        for name in ("open", "fsync", "replace", "fdopen"):
            setattr(files.os, name, self.wrapped(getattr(os, name)))

    def count(self, moment: str) -> bool:
        self.left -= 1
        if self.left == 0:
            self.moment.write_text(moment)
        return self.left == 0

    def wrapped(self, function):
        moment = MOMENTS[function.__name__]

        def call(*args, **kwargs):
            if self.count(moment):
                os.kill(self.pid, signal.SIGKILL)
            result = function(*args, **kwargs)
            return Stream(result, self) if function.__name__ == "fdopen" else result

        return call


class Stream(Wrapped):
    """A file object whose nth write writes half of its data before the process is killed."""

    def __init__(self, stream, killer: Killer) -> None:
        super().__init__(stream)
        self.killer = killer

    def write(self, data):
        if self.killer.count("in the middle of the nth write"):
            self.stream.write(memoryview(data)[: len(data) // 2])
            self.stream.flush()
            os.kill(self.killer.pid, signal.SIGKILL)
        return self.stream.write(data)


def forked(work, result: Path) -> int:
    """Run `work` in a child process, which writes its result to the file `result`."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            sys.stderr = sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
            result.write_text(work())
            code = 0
        finally:
            os._exit(code)
    return pid


def outcome(pid: int, result: Path) -> str | None:
    """The result of a child process; None if it was killed."""
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert os.WEXITSTATUS(status) == 0, f"the child failed: status {status}"
    return result.read_text()


def boundaries(corpus, options, every: str, step: int, first: int, scratch: Path):
    """Kill a run before its nth call, for n = first, first + step, ..., and resume it each time."""
    moments, results = Counter(), []
    nth, moment = first, scratch / "moment"
    while True:
        folder, result = scratch / f"at-{nth}", scratch / "result"

        def killed(folder=folder, nth=nth):
            Killer(nth, moment)
            return train(corpus, options, folder, every)

        if (got := outcome(forked(killed, result), result)) is not None:
            return moments, [*results, got]
        moments[moment.read_text()] += 1
        pid = forked(lambda folder=folder: train(corpus, options, folder, every), result)
        results.append(outcome(pid, result))
        left = sorted(path.name for path in folder.iterdir())
        assert all(name.startswith("checkpoint-") for name in left), left
        shutil.rmtree(folder)
        nth += step


def at_random(corpus, options, every: str, kills: int, seed: int, scratch: Path):
    """Kill runs, and the runs resumed from them, after random times, `kills` times in total."""
    rng = random.Random(seed)
    result = scratch / "result"
    started = time.monotonic()
    outcome(forked(lambda: train(corpus, options, scratch / "timed", every), result), result)
    seconds = time.monotonic() - started
    spent, results, runs = 0, [], 0
    while spent < kills:
        runs += 1
        folder = scratch / f"run-{runs}"
        while True:
            pid = forked(lambda folder=folder: train(corpus, options, folder, every), result)
            if spent < kills:
                time.sleep(rng.uniform(0, seconds))
                os.kill(pid, signal.SIGKILL)
            got = outcome(pid, result)
            if got is not None:
                break
            spent += 1
        results.append(got)
        shutil.rmtree(folder)
    return Counter({"after a random time": spent}), results


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=("boundaries", "random"))
    parser.add_argument("kind", choices=tuple(KINDS))
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--words", type=int, default=60_000)
    parser.add_argument("--every", default="15%")
    arguments = parser.parse_args()
    corpus, options = sentences(arguments.words), KINDS[arguments.kind]
    reference = train(corpus, options, None, arguments.every)  # also compiles
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.mode == "boundaries":
            moments, results = boundaries(
                corpus, options, arguments.every, arguments.step, arguments.first, Path(scratch)
            )
        else:
            moments, results = at_random(
                corpus, options, arguments.every, arguments.kills, arguments.seed, Path(scratch)
            )
    same = sum(result == reference for result in results)
    outcome = {"kills": moments.total(), "at": moments, "same": same, "of": len(results)}
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
