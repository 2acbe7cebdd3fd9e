"""Training on an NVIDIA GPU beside the CPU of the same machine: speed, ceilings and quality.

    PYTHONPATH=. python scripts/benchmarks/gpu.py enwiki8.txt --analogies questions-words.txt \
        --similarity ws-353-all.tsv simlex-999.tsv

Prints tables for docs/explanation/gpu.md; `--json` stores all figures. To test the kernels on the
card, run NUMBA_ENABLE_CUDASIM=0 pytest tests/*/test_cuda_*.py.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numba import cuda, float32

import w2v
import w2v.train.cuda
from w2v.corpus import Corpus, read_corpus
from w2v.evaluate import evaluate_analogies, evaluate_similarity
from w2v.util.files import atomic_write

ROUNDS = 3
SIZES = (100, 300)
CPU_EPOCHS, GPU_EPOCHS = 2, 20
COPIED_BYTES = 2**30
CHAINS, CHAIN_STEPS = 16, 4096


def seconds_of(work: Callable[[], None]) -> float:
    """The median time of a call that uses the card, after a first call that is not timed."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.perf_counter()
        work()
        cuda.synchronize()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def copy_rate() -> float:
    """Bytes per second that a copy on the card reads and writes."""
    source, target = (cuda.device_array(COPIED_BYTES, dtype=np.uint8) for _ in range(2))
    return 2 * COPIED_BYTES / seconds_of(lambda: target.copy_to_device(source))


@cuda.jit
def _multiply_add(out: Any) -> None:
    sums = cuda.local.array(CHAINS, float32)
    for k in range(CHAINS):
        sums[k] = out[k]
    factor, term = out[CHAINS], out[CHAINS + 1]
    for _ in range(CHAIN_STEPS):
        for k in range(CHAINS):
            sums[k] = sums[k] * factor + term
    total = float32(0)
    for k in range(CHAINS):
        total += sums[k]
    out[cuda.grid(1)] = total


def multiply_rate() -> float:
    """Float32 multiplications and additions per second, in registers."""
    blocks, threads = 16 * cuda.get_current_device().MULTIPROCESSOR_COUNT, 256
    out = cuda.to_device(np.zeros(blocks * threads, np.float32))
    operations = 2 * blocks * threads * CHAINS * CHAIN_STEPS
    return operations / seconds_of(lambda: _multiply_add[blocks, threads](out))


def speed(corpus: Corpus, device: str, size: int) -> dict[str, Any]:
    """Words per second, counted before subsampling, over whole epochs."""
    epochs = GPU_EPOCHS if device == "cuda" else CPU_EPOCHS
    options = {"vector_size": size, "device": device}
    w2v.train_embeddings(corpus, epochs=1, **options)
    rates = [
        epochs * corpus.n_words / training["train_seconds"]
        for training in (
            w2v.train_embeddings(corpus, epochs=epochs, **options).training for _ in range(ROUNDS)
        )
    ]
    return {"device": device, "size": size, "rates": rates, "rate": statistics.median(rates)}


def quality(
    corpus: Corpus, seed: int, options: dict[str, Any], sharing: float, args: argparse.Namespace
) -> dict[str, Any]:
    """A run of five epochs; `sharing` limits the blocks in flight."""
    w2v.train.cuda.MAX_SHARING = sharing  # type: ignore[misc]
    wv = w2v.train_embeddings(corpus, seed=seed, **options)
    scores = [evaluate_analogies(wv, args.analogies).total.accuracy]
    scores += [evaluate_similarity(wv, path).rho for path in args.similarity]
    training = wv.training
    return {
        "seed": seed,
        "scores": scores,
        "epoch_losses": training["epoch_losses"],
        "seconds": training["train_seconds"],
    }


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{statistics.mean(values):.3f} ± {statistics.stdev(values):.3f}"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Training on a GPU beside the CPU.")
    parser.add_argument("corpus")
    parser.add_argument("--analogies", required=True)
    parser.add_argument("--similarity", nargs="+", required=True)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    card = cuda.get_current_device().name
    card = card.decode() if isinstance(card, bytes) else card
    corpus = read_corpus([args.corpus], min_count=5)
    found: dict[str, Any] = {
        "card": card,
        "cpus": os.cpu_count(),
        "machine": platform.processor() or platform.machine(),
        "date": datetime.date.today().isoformat(),
        "words": corpus.n_words,
        "vocabulary": len(corpus.vocabulary),
        "copy_bytes_per_second": copy_rate(),
        "multiply_add_flops": multiply_rate(),
    }
    print(f"{card}, {os.cpu_count()} CPUs, {found['date']}; {corpus.n_words:,} words")
    print(
        f"copy {found['copy_bytes_per_second'] / 1e12:.2f} TB/s read and written, multiply-add "
        f"{found['multiply_add_flops'] / 1e12:.1f} TFLOP/s\n"
    )
    print("| | CPU, million words/s | GPU, million words/s | ratio |\n|---|---|---|---|")
    found["speed"] = []
    for size in SIZES:
        sides = [speed(corpus, device, size) for device in ("cpu", "cuda")]
        found["speed"] += sides
        cpu, gpu = (side["rate"] / 1e6 for side in sides)
        print(f"| D = {size} | {cpu:.1f} | {gpu:.0f} | {gpu / cpu:.1f} |", flush=True)
    print("\n| | seeds | last epoch's loss | analogies | similarity | seconds |")
    print("|---|---|---|---|---|---|")
    found["quality"] = {}
    normal = w2v.train.cuda.MAX_SHARING
    for name, device, sharing, seeds in (
        ("CPU", "cpu", normal, args.seeds),
        ("GPU", "cuda", normal, args.seeds),
        ("GPU, half in flight", "cuda", normal / 2, (args.seeds + 1) // 2),
        ("GPU, an eighth in flight", "cuda", normal / 8, (args.seeds + 1) // 2),
    ):
        options = {"device": device}
        runs = [quality(corpus, seed, options, sharing, args) for seed in range(1, seeds + 1)]
        found["quality"][name] = runs
        scores = [spread(column) for column in zip(*(run["scores"] for run in runs), strict=True)]
        loss = spread([run["epoch_losses"][-1] for run in runs])
        seconds = statistics.median(run["seconds"] for run in runs)
        cells = [name, str(seeds), loss, scores[0], ", ".join(scores[1:]), f"{seconds:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)
    if args.json is not None:
        with atomic_write(args.json, "w") as stream:
            json.dump(found, stream)


if __name__ == "__main__":
    main()
