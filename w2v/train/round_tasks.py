"""Rounds: what a shard makes of a model, and how the shards' results become the next model.

    train_block(model, hot, pending, shard, part, tables, config) -> hot deltas, other deltas, tally

All functions here are pure: the same arguments give the same bytes, on any machine of the same
kind, in any process, however often. Random numbers are keyed by (seed, epoch, round, shard, block).
So a task that was lost may be run again, and the result does not depend on who runs how many.

A round is a stretch of each shard. After it the rows of the most frequent words, the hot ones, are
merged; the others' deltas stay with their shard until all rows are merged, after several rounds, as
in pWord2Vec (Ji, Satish, Li and Dubey 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory", arXiv 1604.04661, section 3.3). Two shards' deltas become one by `w2v.kernels.merging`, in
pairs of neighbours, a binary tree. `w2v.train.rounds` says when what is done, `w2v.engines.local`
where.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from w2v.config import TrainConfig
from w2v.corpus import Shard
from w2v.corpus.blocks import block_edges
from w2v.engines.base import check_cancelled
from w2v.kernels.merging import RowDeltas, add_rows, fill_differences, merge_rows
from w2v.kernels.sampled import Model, SampledKernels, Scratch, make_scratch, sampled_kernels
from w2v.losses import get_loss
from w2v.losses.base import SampledLoss
from w2v.numerics.memory import aligned_zeros
from w2v.numerics.random import STREAM_NOISE, STREAM_PAIRS, stream_key
from w2v.train.state import Tally
from w2v.util.threads import ThreadPool

WARM_UP = 4
"""In the first epoch k of R rounds have (k / R) ** WARM_UP of its words.

So round k trains about WARM_UP / k of the words before it, and the last one WARM_UP times as many
as those of other epochs. A model changes most at its beginning, where shards that know nothing of
one another go different ways. Lin, Stich, Patel and Jaggi 2020, "Don't Use Large Mini-Batches, Use
Local SGD" (arXiv 1808.07217), merge after every step there, for the same reason. Measured in
docs/explanation/rounds.md.
"""


class Deltas(NamedTuple):
    """What became of a model.

    Attributes:
        center: of its center vectors, with log_normalisers.
        context: of its context vectors, with logit_offsets.
    """

    center: RowDeltas
    context: RowDeltas


class HotRows(NamedTuple):
    """The first H rows of both matrices as the last round left them, (H, D + 1) float32 each.

    The last column is what `Deltas` says belongs to the row.
    """

    center: np.ndarray
    context: np.ndarray


class Tables(NamedTuple):
    """What all tasks of a run need: see `w2v.kernels.sampled`.

    Attributes:
        thresholds: (V,) uint32, of subsampling.
        noise: (V, 2) uint32, the alias table.
    """

    thresholds: np.ndarray
    noise: np.ndarray


class Part(NamedTuple):
    """Which part of the training.

    Attributes:
        epoch, round, shard: which, each from 0.
        rounds: how many rounds there are in an epoch.
        lr_begin, lr_end: learning rate where the round begins and ends; it falls linearly.
    """

    epoch: int
    round: int
    shard: int
    rounds: int
    lr_begin: float
    lr_end: float


class _Work(threading.local):
    """Memory that a thread keeps from one block to the next: new memory is slow."""

    model: Model | None = None
    scratch: Scratch | None = None
    made_for: tuple[Any, ...] = ()


_work = _Work()


def train_block(
    model: Model,
    hot: HotRows | None,
    pending: Deltas | None,
    shard: Shard,
    part: Part,
    tables: Tables,
    config: TrainConfig,
) -> tuple[Deltas, Deltas, Tally]:
    """Train one shard for one round.

    Args:
        model: as all shards had it after the last merge of all rows.
        hot: the hot rows after the last round; None if that was a merge of all rows.
        pending: what this shard has made of the other rows since then; None for nothing.
        shard: its text.
        part: which stretch of it, and at what learning rate.
        tables, config: of the run.

    Returns:
        Deltas of the hot rows since the last round; deltas of all other rows since `model`, with
        their update counts; and what was trained.
    """
    starts = shard.sentence_starts
    first, last = round_bounds(starts, part)
    edges = first + block_edges(starts[first : last + 1] - starts[first])
    own, scratch = _prepared(model, config, int(np.diff(starts[edges]).max(initial=0)))
    if hot is not None:
        put_hot(own, hot, config.vector_size)
    if pending is not None:
        apply_deltas(own, pending)
    begun = _hot_of(own, n_hot(config), config.vector_size)
    kernels = _kernels(config)
    tally = Tally()
    words = max(1, int(starts[last] - starts[first]))
    for block in range(len(edges) - 1):
        check_cancelled()
        done = int(starts[edges[block]] - starts[first])
        lr = part.lr_begin + (part.lr_end - part.lr_begin) * done / words
        key = config.seed, part.epoch, part.round, part.shard, block
        loss, pairs, kept = kernels.block(
            own, scratch, shard.tokens, starts, edges[block], edges[block + 1],
            tables.thresholds, tables.noise, config.window, config.shrink_windows, np.float32(lr),
            stream_key(key[0], STREAM_PAIRS, *key[1:]), stream_key(key[0], STREAM_NOISE, *key[1:]),
        )  # fmt: skip
        tally.add(Tally(loss, pairs, int(starts[edges[block + 1]] - starts[edges[block]]), kept))
    return *_deltas(own, model, begun, pending, scratch, config), tally


def train_shards(
    threads: int,
    model: Model,
    hot: HotRows | None,
    tables: Tables,
    config: TrainConfig,
    parts: tuple[Part, ...],
    *shards_and_pending: Any,
) -> tuple[Any, ...]:
    """`train_block` of several shards, side by side in so many threads.

    Args:
        threads: how many; the result does not depend on it.
        model, hot, tables, config: see `train_block`.
        parts: one a shard.
        shards_and_pending: the shards, then what is pending of each.

    Returns:
        The hot deltas of all, then the other deltas of all, then the tallies of all.
    """
    n = len(parts)

    def train(k: int) -> tuple[Deltas, Deltas, Tally]:
        shard, pending = shards_and_pending[k], shards_and_pending[n + k]
        return train_block(model, hot, pending, shard, parts[k], tables, config)

    if threads == 1 or n == 1:
        results = [train(k) for k in range(n)]
    else:
        with ThreadPool(threads) as pool:
            results = list(pool.map(train, range(n)))
    return tuple(result[output] for output in range(3) for result in results)


def merge_deltas(rule: str, lr: float, first: Deltas, second: Deltas) -> Deltas:
    """Two shards' deltas as one; see `w2v.kernels.merging`."""
    return Deltas(
        merge_rows(rule, lr, first.center, second.center),
        merge_rows(rule, lr, first.context, second.context),
    )


def next_hot(model: Model, hot: HotRows | None, deltas: Deltas, config: TrainConfig) -> HotRows:
    """The hot rows after a round, from those before it and the merged deltas."""
    if hot is None:
        hot = _hot_of(model, n_hot(config), config.vector_size)
    new = HotRows(hot.center.copy(), hot.context.copy())
    for rows, part in zip(new, deltas, strict=True):
        rows[part.rows] += part.deltas
    return new


def apply_deltas(model: Model, deltas: Deltas) -> None:
    """Change the rows of a model, in place."""
    add_rows(model.center_vectors, model.log_normalisers, deltas.center.rows, deltas.center.deltas)
    add_rows(model.context_vectors, model.logit_offsets, deltas.context.rows, deltas.context.deltas)


def put_hot(model: Model, hot: HotRows, vector_size: int) -> None:
    """Put the hot rows in a model, in place."""
    n = len(hot.center)
    model.center_vectors[:n, :vector_size] = hot.center[:, :-1]
    model.context_vectors[:n, :vector_size] = hot.context[:, :-1]
    model.log_normalisers[:n] = hot.center[:, -1]
    model.logit_offsets[:n] = hot.context[:, -1]


def n_hot(config: TrainConfig) -> int:
    """How many rows of each matrix are merged after every round; 0 where all are, each time."""
    return config.hot_words_ if config.merge_every > 1 else 0


def round_edge(words: int, epoch: int, number: int, rounds: int) -> int:
    """The word of so many in an epoch at which a round begins, and the one before it ends.

    All rounds are as long, but in the first epoch, where they grow; see `WARM_UP`.
    """
    if epoch > 0:
        return words * number // rounds
    return int(words * number**WARM_UP // rounds**WARM_UP)


def round_bounds(starts: np.ndarray, part: Part) -> tuple[int, int]:
    """The sentences first..last - 1 that a shard trains in a round: the rounds share its words."""
    numbers = part.round, part.round + 1
    bounds = [round_edge(int(starts[-1]), part.epoch, n, part.rounds) for n in numbers]
    first, last = np.searchsorted(starts, bounds)
    return int(first), int(last)


@lru_cache(maxsize=4)
def _compiled(
    loss: str, vector_size: int, negative: int, bias: bool, normalisers: bool
) -> SampledKernels:
    kind = get_loss(loss)
    assert isinstance(kind, SampledLoss)
    return sampled_kernels(
        kind, vector_size, negative, learn_bias=bias, learn_normalisers=normalisers,
        count_updates=True,
    )  # fmt: skip


def _kernels(config: TrainConfig) -> SampledKernels:
    return _compiled(
        config.loss, config.vector_size, config.negative, config.output_bias_,
        config.learn_normaliser,
    )  # fmt: skip


def _prepared(model: Model, config: TrainConfig, block_words: int) -> tuple[Model, Scratch]:
    """This thread's own copy of the model, and a scratch whose update counts are zero."""
    size, columns = model.center_vectors.shape
    own, scratch = _work.model, _work.scratch
    if own is None or own.center_vectors.shape != (size, columns):
        own = _work.model = Model(
            aligned_zeros(size, columns), aligned_zeros(size, columns),
            np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32),
        )  # fmt: skip
    made_for = config.vector_size, config.negative, config.window, size
    if scratch is None or _work.made_for != made_for or len(scratch.kept_ids) < block_words:
        scratch = _work.scratch = make_scratch(
            config.vector_size, config.negative, config.window, block_words, counted_words=size,
        )  # fmt: skip
        _work.made_for = made_for
    for mine, theirs in zip(own, model, strict=True):
        np.copyto(mine, theirs)
    scratch.center_update_counts[:] = 0
    scratch.context_update_counts[:] = 0
    return own, scratch


def _hot_of(model: Model, n: int, vector_size: int) -> HotRows:
    """Copies of the first n rows."""
    pairs = (
        (model.center_vectors, model.log_normalisers), (model.context_vectors, model.logit_offsets)
    )  # fmt: skip
    return HotRows(*(np.column_stack([m[:n, :vector_size], beside[:n]]) for m, beside in pairs))


def _deltas(
    own: Model, model: Model, begun: HotRows, pending: Deltas | None, scratch: Scratch,
    config: TrainConfig,
) -> tuple[Deltas, Deltas]:  # fmt: skip
    """The hot rows' deltas since the round began, and the other rows' since `model`."""
    ended = _hot_of(own, len(begun.center), config.vector_size)
    counts = (
        scratch.center_update_counts.astype(np.int64),
        scratch.context_update_counts.astype(np.int64),
    )
    sides = (
        (own.center_vectors, own.log_normalisers, model.center_vectors, model.log_normalisers),
        (own.context_vectors, own.logit_offsets, model.context_vectors, model.logit_offsets),
    )
    hot, other = [], []
    for k, side in enumerate(sides):
        n = len(begun[k])
        rows = np.flatnonzero(counts[k][:n])
        hot.append(RowDeltas(rows, ended[k][rows] - begun[k][rows], counts[k][rows]))
        if pending is not None:
            counts[k][pending[k].rows] += pending[k].update_counts
        rows = n + np.flatnonzero(counts[k][n:])
        deltas = np.empty((len(rows), config.vector_size + 1), dtype=np.float32)
        fill_differences(*side, rows, deltas)
        other.append(RowDeltas(rows, deltas, counts[k][rows]))
    return Deltas(*hot), Deltas(*other)
