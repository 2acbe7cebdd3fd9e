"""Model of a cluster: bytes moved and seconds a round, checked against rounds on this machine.

    python scripts/experiments/model_cluster.py CORPUS [--vector-size 100] \
        [--output build/cluster-model.md]

A round of S shards of N words on nodes of T threads, a shard a thread, costs

    train       copy of the model, N words at a thread's rate, and the deltas of its rows
    merge       a binary tree: level l merges pairs of deltas of 2^(l-1) N words each; beyond the
                log2 T levels within a node one of the two goes over the network first
    exchange    the root's deltas go to the driver, which adds them to the model and hands it on
                to all nodes: from one to two, four, eight, ...

How many rows a stretch of words touches follows from the counts: a row that a word touches with
probability p is touched by n words with probability 1 - exp(-n p), p from subsampling for center
vectors, and from subsampling and noise for context vectors. The rates are measured here first. For
the check, a round on this machine is predicted in the same way, without a network, and held against
the clock.
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
from w2v.kernels.merging import RowDeltas
from w2v.kernels.sampled import GROUP_NOISE, Model
from w2v.noise import NoiseSampler
from w2v.numerics.memory import aligned_zeros, padded
from w2v.train.api import resolve, train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.loop import Run
from w2v.train.round_tasks import Deltas, Part, Tables, apply_deltas, merge_deltas, train_shard

NETWORK = 25e9 / 8
"""Bytes a second."""
THREADS = 16
"""Of a node, each with a shard."""
NODES = (8, 32, 128)
VOCABULARY, VECTOR_SIZE = 1_000_000, 300
CORPUS_WORDS = 100e9
ROUNDS = (DEFAULT_ROUNDS, 20)
"""Of an epoch."""
ZIPF_SHIFT = 2.7
"""Of Zipf's law as Mandelbrot has it, for the words of a vocabulary that is made up."""
CHECKED = ((2, 20_000), (2, 100_000), (8, 100_000), (4, 400_000))
"""Shards and words of each in a round."""


class Words(NamedTuple):
    """Of a vocabulary: how often a word of the text is kept, and the rates at which rows are met.

    Attributes:
        center, context: (V,) float64, probability that a word of the text touches the row.
        tables: for the kernel.
    """

    center: np.ndarray
    context: np.ndarray
    tables: Tables


class Rates(NamedTuple):
    """Measured: words a second of a thread; bytes a second copied, gathered, merged, applied."""

    words: float
    copied: float
    gathered: float
    merged: float
    applied: float


class Seconds(NamedTuple):
    """Of one round."""

    train: float
    merge: float
    exchange: float

    @property
    def total(self) -> float:
        """One after the other."""
        return sum(self)


def words_of(counts: np.ndarray, config: TrainConfig) -> Words:
    """What the counts of a text tell."""
    keep = keep_probs(counts, config.sample)
    center = counts / counts.sum() * keep
    noise = NoiseSampler(counts, config.noise_exponent)
    context = center + center.sum() * GROUP_NOISE * config.negative / 4 * noise.probs
    return Words(center, context, Tables(keep_thresholds(keep), noise.table))


def rows(words: Words, n: float) -> tuple[float, float]:
    """Center and context rows that n words of text touch, on average."""
    return tuple(float(-np.expm1(-n * p).sum()) for p in (words.center, words.context))  # type: ignore[return-value]


def delta_bytes(words: Words, n: float, size: int) -> float:
    """Of the deltas of n words: a row's numbers, its id and its update count."""
    return sum(rows(words, n)) * (4 * (size + 1) + 16)


def timed(function: Callable[[], Any], times: int = 3) -> float:
    """Seconds of the fastest of several calls."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def blank_model(vocabulary: int, size: int) -> Model:
    """Small random numbers, all rows of them in memory."""
    rng = np.random.default_rng(0)
    matrices = [aligned_zeros(vocabulary, padded(size)) for _ in range(2)]
    for matrix in matrices:
        matrix[:, :size] = rng.random((vocabulary, size), dtype=np.float32) * 0.1
    return Model(*matrices, *np.zeros((2, vocabulary), dtype=np.float32))


def shard_of(words: Words, counts: np.ndarray, n: int) -> Shard:
    """A made-up text of n words: independent draws from the counts, 20 words a line."""
    draws = np.random.default_rng(1).choice(len(counts), n, p=counts / counts.sum())
    return Shard(draws.astype(np.int32), np.arange(0, n + 1, 20))


def measured(words: Words, counts: np.ndarray, config: TrainConfig, shard: Shard) -> Rates:
    """The rates, one thread at a time, on this vocabulary and size."""
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
    """As much work as taking deltas is: rows of two models, of which one is the same."""
    for part, matrix in zip(deltas, model[:2], strict=True):
        RowDeltas(part.rows, matrix[part.rows] - matrix[part.rows], part.update_counts)


def predicted(
    words: Words, rates: Rates, size: int, shards: int, n: float, nodes: int, threads: int
) -> Seconds:
    """A round on so many nodes of so many threads; a single node has no network to cross."""
    network = NETWORK if nodes > 1 else math.inf
    model = 2 * len(words.center) * 4 * (padded(size) + 1)
    own = delta_bytes(words, n, size)
    a_thread = model / rates.copied + n / rates.words + own / rates.gathered
    train = a_thread * math.ceil(shards / (nodes * threads))
    merge = 0.0
    for level in range(math.ceil(math.log2(shards))):
        volume = delta_bytes(words, n * 2**level, size)
        pairs = max(1, shards // 2 ** (level + 1))
        if 2 ** (level + 1) > threads:  # it goes from one node to another
            merge += volume / network
        merge += 2 * volume / rates.merged * math.ceil(pairs / (nodes * threads))
    root = delta_bytes(words, n * shards, size)
    exchange = root / network + root / rates.applied
    exchange += math.ceil(math.log2(nodes)) * model / network
    return Seconds(train, merge, exchange)


def moved(words: Words, size: int, shards: int, n: float, threads: int) -> float:
    """Bytes over the network in a round, all nodes together."""
    nodes = shards // threads
    total = nodes * 2 * len(words.center) * 4 * (padded(size) + 1)
    for level in range(int(math.log2(threads)), math.ceil(math.log2(shards))):
        total += shards / 2 ** (level + 1) * delta_bytes(words, n * 2**level, size)
    return total + delta_bytes(words, n * shards, size)


class Clock(Callback):
    """Notes the seconds of training at the end of each epoch."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_epoch_end(self, run: Run) -> None:
        """See `Callback`."""
        self.seconds.append(run.state.seconds)


def check(path: str, corpus: Corpus, config: TrainConfig) -> list[str]:
    """Predicted and measured rounds on this machine."""
    counts = corpus.vocabulary.counts
    words = words_of(counts, config)
    shard = Shard(np.asarray(corpus.tokens), np.asarray(corpus.sentence_starts))
    few = Shard(shard.tokens[:400_000], shard.sentence_starts[shard.sentence_starts <= 400_000])
    rates = measured(words, counts, config, few)
    threads = len(os.sched_getaffinity(0))
    lines = [
        "| shards | words of a shard in a round | rows touched by a shard, predicted | measured "
        "| seconds a round, predicted | measured |",
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
        first, both = clock.seconds  # in the first epoch rounds are not equal
        a_round = (both - first) / max(1, round(corpus.n_words / (shards * n)))
        seconds = predicted(words, rates, config.vector_size, shards, n, 1, threads).total
        lines.append(
            f"| {shards} | {n:,} | {sum(rows(words, n)):,.0f} | {touched:,} | {seconds:.3f} "
            f"| {a_round:.3f} |"
        )
    return lines


def table() -> list[str]:
    """The prediction."""
    config = resolve(TrainConfig(vector_size=VECTOR_SIZE, deterministic=True))
    counts = np.round(1e10 / (np.arange(VOCABULARY) + ZIPF_SHIFT)).astype(np.int64)
    words = words_of(counts, config)
    rates = measured(words, counts, config, shard_of(words, counts, 2_000_000))
    model = 2 * VOCABULARY * 4 * (padded(VECTOR_SIZE) + 1)
    lines = [
        f"Predicted for a corpus of {CORPUS_WORDS / 1e9:.0f} billion words, "
        f"V = {VOCABULARY:,}, D = {VECTOR_SIZE} (a model of {model / 1e9:.1f} GB), "
        f"{THREADS} threads and as many shards a node, {NETWORK * 8 / 1e9:.0f} Gb/s. A thread of "
        f"the machine above trains {rates.words / 1e6:.2f} million words/s at this size, copies "
        f"{rates.copied / 1e9:.1f} GB/s and merges {rates.merged / 1e9:.1f} GB/s; {THREADS} of "
        "them are taken to be as quick as one.",
        "",
        "| nodes | rounds an epoch | words of a shard in a round | GB over the network in a round "
        "| training, s | merging, s | exchange, s | of the time training | million words/s "
        "| hours for an epoch |",
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
    """Print the page; write it, if asked to."""
    parser = make_parser(__doc__)
    parser.add_argument("--vector-size", type=int, default=100)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    config = resolve(TrainConfig(vector_size=args.vector_size, deterministic=True))
    corpus = read_corpus(args.corpus)
    page = [
        f"{described(args.corpus, corpus)}; {args.vector_size} numbers a vector.",
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
