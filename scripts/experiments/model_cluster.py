"""Model of a cluster: bytes and seconds per round, checked against rounds on this machine.

    python scripts/experiments/model_cluster.py CORPUS [--vector-size 100] \
        [--output build/cluster-model.md]

A round of S shards of N words on nodes of T threads, one shard per thread, consists of

    train       copy the model, train N words at the rate of one thread, and gather the deltas
    merge       a binary tree: level l merges pairs of deltas of 2^(l-1) N words each; above the
                log2 T levels within a node, one of the two crosses the network first
    exchange    the deltas at the root go to the driver, which adds them to the model and
                broadcasts it to all nodes: from one to two, four, eight, ...

The number of rows that n words update follows from the counts: a row that one word updates with
probability p is updated by n words with probability 1 - exp(-n p). For center vectors, p comes from
subsampling; for context vectors, from subsampling and noise. The rates are measured first, on one
thread. As a check, rounds on this machine, without a network, are predicted in the same way and
timed.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from reporting import described, machine, make_parser, today, write_page

from w2v.config import DEFAULT_ROUNDS, TrainConfig
from w2v.corpus import Corpus, Shard, read_corpus
from w2v.corpus.subsampling import keep_probs, keep_thresholds
from w2v.kernels.merge_shards import RowDeltas
from w2v.kernels.sampled import GROUP_NOISE, Model
from w2v.noise import NoiseSampler
from w2v.numerics.aligned_memory import aligned_zeros, padded
from w2v.train.api import resolve, train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.loop import Run
from w2v.train.round_tasks import Deltas, Part, Tables, apply_deltas, merge_deltas, train_shard

NETWORK = 25e9 / 8
"""Bytes per second."""
THREADS = 16
"""Threads per node, each with one shard."""
NODES = (8, 32, 128)
VOCABULARY, VECTOR_SIZE = 1_000_000, 300
CORPUS_WORDS = 100e9
ROUNDS = (DEFAULT_ROUNDS, 20)
"""Rounds per epoch."""
ZIPF_SHIFT = 2.7
"""Shift of the Zipf-Mandelbrot law that gives the counts of the synthetic vocabulary."""
CHECKED = ((2, 20_000), (2, 100_000), (8, 100_000), (4, 400_000))
"""(shards, words per shard and round) of the rounds that are timed."""


class Words(NamedTuple):
    """How often a word of the text updates each row.

    Attributes:
        center, context: (V,) float64, probability that a word of the text updates the row.
        tables: sampling tables for the kernel.
    """

    center: np.ndarray
    context: np.ndarray
    tables: Tables


class Rates(NamedTuple):
    """Rates of one thread: words per second; bytes per second copied, gathered, merged, applied."""

    words: float
    copied: float
    gathered: float
    merged: float
    applied: float


class Seconds(NamedTuple):
    """Predicted time of the parts of one round."""

    train: float
    merge: float
    exchange: float

    @property
    def total(self) -> float:
        """Seconds of the whole round: its parts run one after another."""
        return sum(self)


def words_of(counts: np.ndarray, config: TrainConfig) -> Words:
    """Update probabilities and sampling tables for the counts of a text."""
    keep = keep_probs(counts, config.sample)
    center = counts / counts.sum() * keep
    noise = NoiseSampler(counts, config.noise_exponent)
    context = center + center.sum() * GROUP_NOISE * config.negative / 4 * noise.probs
    return Words(center, context, Tables(keep_thresholds(keep), noise.table))


def rows(words: Words, n: float) -> tuple[float, float]:
    """Expected number of center and context rows that n words of text update."""
    return tuple(float(-np.expm1(-n * p).sum()) for p in (words.center, words.context))  # type: ignore[return-value]


def delta_bytes(words: Words, n: float, size: int) -> float:
    """Expected size of the deltas of n words: for each row its values, its id and update count."""
    return sum(rows(words, n)) * (4 * (size + 1) + 16)


def timed(function: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the fastest of `times` calls."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def blank_model(vocabulary: int, size: int) -> Model:
    """A model of small random numbers, written so that every page is in memory."""
    rng = np.random.default_rng(0)
    matrices = [aligned_zeros(vocabulary, padded(size)) for _ in range(2)]
    for matrix in matrices:
        matrix[:, :size] = rng.random((vocabulary, size), dtype=np.float32) * 0.1
    return Model(*matrices, *np.zeros((2, vocabulary), dtype=np.float32))


def shard_of(words: Words, counts: np.ndarray, n: int) -> Shard:
    """A synthetic text of n words: independent draws from the counts, 20 words per line."""
    draws = np.random.default_rng(1).choice(len(counts), n, p=counts / counts.sum())
    return Shard(draws.astype(np.int32), np.arange(0, n + 1, 20))


def measured(words: Words, counts: np.ndarray, config: TrainConfig, shard: Shard) -> Rates:
    """Measure the rates on one thread, for this vocabulary and vector size."""
    model = blank_model(len(counts), config.vector_size)
    model_bytes = sum(array.nbytes for array in model)
    other = Model(*(array.copy() for array in model))

    def copy() -> None:
        for mine, theirs in zip(other, model, strict=True):
            np.copyto(mine, theirs)

    def train(number: int) -> Deltas:
        part = Part(1, number, 0, 4, 0.02, 0.02)
        return train_shard(model, None, None, shard, part, words.tables, config)[1]

    results = [train(0), train(1)]
    whole = timed(lambda: train(0))
    copied = timed(copy)
    volumes = [sum(array.nbytes for part in deltas for array in part) for deltas in results]
    merged = timed(lambda: merge_deltas(0.02, *results))
    applied = timed(lambda: apply_deltas(other, results[0]))
    gathered = timed(lambda: gather(model, results[0]))
    n = len(shard.tokens) / 4
    return Rates(
        words=n / max(1e-9, whole - copied - gathered),
        copied=model_bytes / copied,
        gathered=volumes[0] / gathered,
        merged=sum(volumes) / merged,
        applied=volumes[0] / applied,
    )


def gather(model: Model, deltas: Deltas) -> None:
    """Do the work of gathering deltas; both models are the same one here."""
    for part, matrix in zip(deltas, model[:2], strict=True):
        RowDeltas(part.rows, matrix[part.rows] - matrix[part.rows], part.update_counts)


def predicted(
    words: Words, rates: Rates, size: int, shards: int, n: float, nodes: int, threads: int
) -> Seconds:
    """Predict a round on `nodes` nodes of `threads` threads; a single node needs no network."""
    network = NETWORK if nodes > 1 else math.inf
    model = 2 * len(words.center) * 4 * (padded(size) + 1)
    own = delta_bytes(words, n, size)
    a_thread = model / rates.copied + n / rates.words + own / rates.gathered
    train = a_thread * math.ceil(shards / (nodes * threads))
    merge = 0.0
    for level in range(math.ceil(math.log2(shards))):
        volume = delta_bytes(words, n * 2**level, size)
        pairs = max(1, shards // 2 ** (level + 1))
        if 2 ** (level + 1) > threads:  # the pair is on two nodes
            merge += volume / network
        merge += 2 * volume / rates.merged * math.ceil(pairs / (nodes * threads))
    root = delta_bytes(words, n * shards, size)
    exchange = root / network + root / rates.applied
    exchange += math.ceil(math.log2(nodes)) * model / network
    return Seconds(train, merge, exchange)


def moved(words: Words, size: int, shards: int, n: float, threads: int) -> float:
    """Bytes that cross the network in a round, summed over all nodes."""
    nodes = shards // threads
    total = nodes * 2 * len(words.center) * 4 * (padded(size) + 1)
    for level in range(int(math.log2(threads)), math.ceil(math.log2(shards))):
        total += shards / 2 ** (level + 1) * delta_bytes(words, n * 2**level, size)
    return total + delta_bytes(words, n * shards, size)


class Clock(Callback):
    """Records the seconds of training at the end of each epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_epoch_end(self, run: Run) -> None:
        """See `Callback`."""
        self.seconds.append(run.state.seconds)


def check(path: str, corpus: Corpus, config: TrainConfig) -> list[str]:
    """Table of predicted and measured rounds on this machine."""
    counts = corpus.vocabulary.counts
    words = words_of(counts, config)
    shard = Shard(np.asarray(corpus.tokens), np.asarray(corpus.sentence_starts))
    few = Shard(shard.tokens[:400_000], shard.sentence_starts[shard.sentence_starts <= 400_000])
    rates = measured(words, counts, config, few)
    threads = len(os.sched_getaffinity(0))
    lines = [
        "| shards | words per shard and round | rows updated by a shard, predicted | measured "
        "| seconds per round, predicted | measured |",
        "|---|---|---|---|---|---|",
    ]
    model = blank_model(len(counts), config.vector_size)
    for shards, n in CHECKED:
        part = Part(1, 1, 0, round(corpus.n_words / n), 0.02, 0.02)
        deltas = train_shard(model, None, None, shard, part, words.tables, config)[1]
        touched = sum(len(side.rows) for side in deltas)
        clock = Clock()
        train_embeddings(
            path, vector_size=config.vector_size, epochs=2, deterministic=True, shards=shards,
            round_words=n, workers=threads, callbacks=[clock],
        )  # fmt: skip
        first, both = clock.seconds  # rounds of the first epoch differ in length
        a_round = (both - first) / max(1, round(corpus.n_words / (shards * n)))
        seconds = predicted(words, rates, config.vector_size, shards, n, 1, threads).total
        lines.append(
            f"| {shards} | {n:,} | {sum(rows(words, n)):,.0f} | {touched:,} | {seconds:.3f} "
            f"| {a_round:.3f} |"
        )
    return lines


def table() -> list[str]:
    """Table of predicted rounds on clusters of several sizes."""
    config = resolve(TrainConfig(vector_size=VECTOR_SIZE, deterministic=True))
    counts = np.round(1e10 / (np.arange(VOCABULARY) + ZIPF_SHIFT)).astype(np.int64)
    words = words_of(counts, config)
    rates = measured(words, counts, config, shard_of(words, counts, 2_000_000))
    model = 2 * VOCABULARY * 4 * (padded(VECTOR_SIZE) + 1)
    lines = [
        f"Predicted for a corpus of {CORPUS_WORDS / 1e9:.0f} billion words, "
        f"V = {VOCABULARY:,}, D = {VECTOR_SIZE} (a model of {model / 1e9:.1f} GB), "
        f"{THREADS} threads and as many shards per node, {NETWORK * 8 / 1e9:.0f} Gb/s. One thread "
        f"of the machine above trains {rates.words / 1e6:.2f} million words/s at this size, copies "
        f"{rates.copied / 1e9:.1f} GB/s and merges {rates.merged / 1e9:.1f} GB/s; {THREADS} "
        f"threads are assumed to be {THREADS} times as fast.",
        "",
        "| nodes | rounds per epoch | words per shard and round | GB over the network per round "
        "| training, s | merging, s | exchange, s | training, % of time | million words/s "
        "| hours per epoch |",
        "|---" * 10 + "|",
    ]
    for nodes in NODES:
        for rounds in ROUNDS:
            shards = nodes * THREADS
            n = round(CORPUS_WORDS / rounds / shards)
            seconds = predicted(words, rates, VECTOR_SIZE, shards, n, nodes, THREADS)
            gigabytes = moved(words, VECTOR_SIZE, shards, n, THREADS) / 1e9
            speed = shards * n / seconds.total
            lines.append(
                f"| {nodes} | {rounds} | {n:,} | {gigabytes:,.0f} "
                f"| {seconds.train:.2f} | {seconds.merge:.2f} | {seconds.exchange:.2f} "
                f"| {seconds.train / seconds.total:.0%} | {speed / 1e6:,.1f} "
                f"| {CORPUS_WORDS / speed / 3_600:.1f} |"
            )
    alone = THREADS * rates.words
    lines += [
        "",
        f"One such node without rounds would train {alone / 1e6:.1f} million words/s, an epoch in "
        f"{CORPUS_WORDS / alone / 3_600:.1f} hours.",
    ]
    return lines


def main() -> None:
    """Print the page; also write it to ``--output``, if given."""
    parser = make_parser(__doc__)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    config = resolve(TrainConfig(vector_size=args.vector_size, deterministic=True))
    corpus = read_corpus(args.corpus)
    page = [
        f"{described(args.corpus, corpus)}; {args.vector_size} dimensions.",
        f"Measured on {machine()}, {today()}, by `scripts/experiments/model_cluster.py`.",
        "",
        *check(args.corpus, corpus, config),
        "",
        *table(),
    ]
    text = "\n".join(page) + "\n"
    write_page(args.output, text)
    print(text)


if __name__ == "__main__":
    main()
