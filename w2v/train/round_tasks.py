"""The tasks of training in rounds: to train a copy of the model on a shard, and to merge results.

    train_shard(model, shard, part, tables, config) -> deltas, stats

Tasks are pure functions: the same arguments give the same bytes, on any machine of the same kind,
in any process, however often. Random numbers are keyed by (seed, epoch, round, shard, block). A
lost task can therefore be run again, and the result does not depend on the number of workers.

In a round, a copy of the model is trained on some of the words of each shard, which gives deltas:
the changes of the rows that were updated. `w2v.kernels.merge_shards` merges the deltas of two
shards into one, pair by pair, in a binary tree. `w2v.train.rounds` decides which task to run when,
an engine (`w2v.engines`) where.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Shard
from w2v.corpus.blocks import block_edges
from w2v.corpus.windows import window_of
from w2v.engines.base import check_cancelled
from w2v.kernels.merge_shards import RowDeltas, add_rows, fill_differences, merge_rows
from w2v.kernels.sampled import Model, SampledKernels, Scratch, make_scratch
from w2v.numerics.aligned_memory import aligned_zeros
from w2v.numerics.jit import read_only
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.sampled_model import kernels_for
from w2v.train.state import EpochStats
from w2v.util.threads import ThreadPool

WARM_UP = 4
"""In the first epoch, the first k of R rounds train on a fraction (k / R) ** WARM_UP of the words.

Round k then has about WARM_UP / k times as many words as all rounds before it, and the last round
WARM_UP times as many as a round of a later epoch. A model changes most at the beginning, when
copies trained independently drift apart. Lin, Stich, Patel and Jaggi 2020, "Don't Use Large
Mini-Batches, Use Local SGD" (arXiv 1808.07217), merge after every step at first for the same
reason. Measured in docs/explanation/rounds.md.
"""


class Deltas(NamedTuple):
    """Changes of a model.

    Attributes:
        center: changes of center_vectors, with those of log_normalisers in the last column.
        context: changes of context_vectors, with those of logit_offsets in the last column.
    """

    center: RowDeltas
    context: RowDeltas


class Tables(NamedTuple):
    """Tables that all tasks of a run need; see `w2v.kernels.sampled`.

    Attributes:
        thresholds: (V,) uint32, subsampling thresholds.
        noise: (V, 2) uint32, the alias table of the noise.
    """

    thresholds: np.ndarray
    noise: np.ndarray


class Part(NamedTuple):
    """The part of the training that trains on one shard in one round.

    Attributes:
        epoch, round, shard: numbers, each from 0.
        rounds: number of rounds in an epoch.
        lr_begin, lr_end: learning rate at the beginning and at the end of the round; it is linear
            in between.
    """

    epoch: int
    round: int
    shard: int
    rounds: int
    lr_begin: float
    lr_end: float


class _Memory(threading.local):
    """Memory that a thread keeps from one task to the next, because new memory is slow.

    A process of a cluster may train several models, which must not share working memory: kernels
    rely on what they have left there, such as offsets that stay zero if the loss has none.
    """

    model: Model | None = None
    scratch: Scratch | None = None
    made_for: TrainConfig | None = None


_memory = _Memory()


def train_shard(
    model: Model, shard: Shard, part: Part, tables: Tables, config: TrainConfig
) -> tuple[Deltas, EpochStats]:
    """Train a copy of the model on one shard for one round.

    Args:
        model: the model at the beginning of the round; not changed.
        shard: the text of the shard.
        part: which of its words to train on, and at what learning rate.
        tables: tables of the run.
        config: options of the run.

    Returns:
        Deltas of the rows that were updated, and statistics of the training.

    Raises:
        TaskCancelled: the result is not needed any more.
    """
    starts = shard.sentence_starts
    first, last = round_bounds(starts, part)
    edges = first + block_edges(starts[first : last + 1] - starts[first])
    own, scratch = _prepared(model, config, int(np.diff(starts[edges]).max(initial=0)))
    kernels, window = _kernels(config), window_of(config)
    stats = EpochStats()
    words = max(1, int(starts[last] - starts[first]))
    for block in range(len(edges) - 1):
        check_cancelled()
        done = int(starts[edges[block]] - starts[first])
        lr = part.lr_begin + (part.lr_end - part.lr_begin) * done / words
        key = config.seed, part.epoch, part.round, part.shard, block
        loss, pairs, kept = kernels.block(
            own, scratch, read_only(shard.tokens), read_only(starts), edges[block],
            edges[block + 1], read_only(tables.thresholds), read_only(tables.noise), window.radius,
            window.shrinks, np.float32(lr), stream_key(key[0], STREAM_PAIRS, *key[1:]),
            stream_key(key[0], STREAM_NOISE, *key[1:]),
        )  # fmt: skip
        n_words = int(starts[edges[block + 1]] - starts[edges[block]])
        stats.add(EpochStats(loss, pairs, n_words, kept))
    return _deltas(own, model, scratch, config.vector_size), stats


def train_shards(
    threads: int,
    model: Model,
    tables: Tables,
    config: TrainConfig,
    parts: tuple[Part, ...],
    *shards: Shard,
) -> tuple[Any, ...]:
    """Call `train_shard` for several shards, in several threads.

    Args:
        threads: number of threads; the result does not depend on it.
        model, tables, config: see `train_shard`.
        parts: one for each shard.
        shards: the texts of the shards.

    Returns:
        The deltas of all shards, followed by their statistics.
    """

    def train(k: int) -> tuple[Deltas, EpochStats]:
        return train_shard(model, shards[k], parts[k], tables, config)

    if threads == 1 or len(parts) == 1:
        results = [train(k) for k in range(len(parts))]
    else:
        with ThreadPool(threads) as pool:
            results = list(pool.map(train, range(len(parts))))
    deltas, stats = zip(*results, strict=True)
    return *deltas, *stats


def merge_deltas(lr: float, first: Deltas, second: Deltas) -> Deltas:
    """Merge the deltas of two shards; see `w2v.kernels.merge_shards`."""
    return Deltas(
        merge_rows(lr, first.center, second.center),
        merge_rows(lr, first.context, second.context),
    )


def apply_deltas(model: Model, deltas: Deltas) -> None:
    """Add deltas to a model, in place."""
    add_rows(model.center_vectors, model.log_normalisers, deltas.center.rows, deltas.center.deltas)
    add_rows(model.context_vectors, model.logit_offsets, deltas.context.rows, deltas.context.deltas)


def round_edge(words: int, epoch: int, number: int, rounds: int) -> int:
    """Number of words of an epoch that come before a round.

    Rounds have equal numbers of words, except in the first epoch, where they grow (`WARM_UP`).

    Args:
        words: words in an epoch.
        epoch: the epoch, from 0.
        number: the round, from 0; `rounds` for the end of the last one.
        rounds: rounds in an epoch.
    """
    if epoch > 0:
        return words * number // rounds
    return int(words * number**WARM_UP // rounds**WARM_UP)


def round_bounds(starts: np.ndarray, part: Part) -> tuple[int, int]:
    """The sentences of a shard to train on in a round: the first one, and the end of the last."""
    numbers = part.round, part.round + 1
    bounds = [round_edge(int(starts[-1]), part.epoch, n, part.rounds) for n in numbers]
    first, last = np.searchsorted(starts, bounds)
    return int(first), int(last)


@lru_cache(maxsize=4)
def _kernels(config: TrainConfig) -> SampledKernels:
    return kernels_for(config)


def _prepared(model: Model, config: TrainConfig, block_words: int) -> tuple[Model, Scratch]:
    """A copy of the model for this thread, and working memory with update counts at zero."""
    size, columns = model.center_vectors.shape
    own, scratch = _memory.model, _memory.scratch
    if _memory.made_for != config:
        own = scratch = None
    if own is None or own.center_vectors.shape != (size, columns):
        own = _memory.model = Model(
            aligned_zeros(size, columns), aligned_zeros(size, columns),
            np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32),
        )  # fmt: skip
        scratch = None
    if scratch is None or len(scratch.kept_ids) < block_words:
        scratch = _memory.scratch = make_scratch(
            config.vector_size, config.negative, window_of(config), block_words,
            counted_words=size,
        )  # fmt: skip
    _memory.made_for = config
    for target, source in zip(own, model, strict=True):
        np.copyto(target, source)
    scratch.center_update_counts[:] = 0
    scratch.context_update_counts[:] = 0
    return own, scratch


def _deltas(own: Model, model: Model, scratch: Scratch, vector_size: int) -> Deltas:
    """The changes from `model` to `own`, of the rows that were updated."""
    sides = (
        (scratch.center_update_counts, own.center_vectors, own.log_normalisers,
         model.center_vectors, model.log_normalisers),
        (scratch.context_update_counts, own.context_vectors, own.logit_offsets,
         model.context_vectors, model.logit_offsets),
    )  # fmt: skip
    found = []
    for counts, *matrices in sides:
        rows = np.flatnonzero(counts)
        deltas = np.empty((len(rows), vector_size + 1), dtype=np.float32)
        fill_differences(*matrices, rows, deltas)
        found.append(RowDeltas(rows, deltas, counts[rows].astype(np.int64)))
    return Deltas(*found)
