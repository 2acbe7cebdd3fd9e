"""Training in rounds: shards of the corpus train copies of the model, which are then merged.

The tasks of all rounds until the next merge of all rows are handed to the engine at once
(`w2v.train.round_tasks`); each waits for those whose results it needs. After the merge the driver
has the whole model, and a checkpoint can be written. The options fix the number of shards, and no
task depends on workers or nodes, so any number of them gives the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from w2v.config import DEFAULT_ROUNDS, MIN_ROUND_WORDS, TrainConfig
from w2v.corpus import ShardedCorpus
from w2v.engines.base import Engine, Ref, tree
from w2v.held_out import Scorer
from w2v.losses.base import SampledLoss
from w2v.train.round_tasks import (
    Deltas,
    HotRows,
    Part,
    Tables,
    apply_deltas,
    merge_deltas,
    n_hot,
    next_hot,
    put_hot,
    round_edge,
    train_shards,
)
from w2v.train.sampled_model import SampledModel
from w2v.train.schedule import Schedule
from w2v.train.state import EpochStats, RunState
from w2v.train.trainer import Preparation, Trainer, Vectors


class _Round(NamedTuple):
    """References to the results of a round: deltas and statistics of each shard, in order."""

    hot: list[Ref]
    others: list[Ref]
    stats: list[Ref]


class RoundsTrainer(Trainer):
    """Trains a sampled loss in rounds. See `w2v.train.trainer.Trainer`; a block is a round.

    Args:
        corpus: in as many shards as `config` says.
        config: the options.
        loss: its loss.
        engine: where the shards are.
    """

    corpus: ShardedCorpus
    loss: SampledLoss

    def __init__(
        self, corpus: ShardedCorpus, config: TrainConfig, loss: SampledLoss, engine: Engine
    ) -> None:
        super().__init__(corpus, config, loss)
        self.model = SampledModel(corpus.vocabulary, config, loss)
        self.engine = engine
        self.groups = engine.groups(len(corpus.shards))
        self._tables: Ref = engine.put(Tables(self.model.thresholds, self.model.noise.table))

    @property
    def n_blocks(self) -> int:
        """See `Trainer`: the rounds in an epoch."""
        a_shard = self.corpus.n_words / self.config.shards
        if self.config.round_words is None:
            return max(1, min(DEFAULT_ROUNDS, int(a_shard / MIN_ROUND_WORDS)))
        return max(1, round(a_shard / self.config.round_words))

    def reset(self) -> None:
        """See `Trainer`."""
        self.model.reset()

    def vectors(self) -> Vectors:
        """See `Trainer`."""
        return self.model.vectors()

    def scorer(self) -> Scorer:
        """See `Trainer`."""
        return self.model.scorer()

    def parameters(self) -> dict[str, np.ndarray]:
        """See `Trainer`."""
        return self.model.arrays()

    def memory_bytes(self) -> int:
        """See `Trainer`: the model, its merged deltas, a copy for each worker, and the tokens."""
        model = sum(array.nbytes for array in self.model.parameters)
        return model * (2 + self.config.workers) + 4 * self.corpus.n_words

    @contextmanager
    def prepared(self) -> Iterator[Preparation]:
        """See `Trainer`. Compiles, then times a round of one shard at learning rate 0."""
        snapshot = self._snapshot()
        part = Part(0, 0, 0, self.n_blocks, 0.0, 0.0)
        group = next(group for group in self.groups if 0 in group)
        for _ in range(2):
            started = time.perf_counter()
            result = self._submit(snapshot, None, range(1), (part,), [None], group)
            self.engine.get(result.stats)
            seconds = time.perf_counter() - started
        side_by_side = sum(self.engine.threads(group) for group in self.groups)
        side_by_side = min(side_by_side, self.config.shards)
        rounds = self.n_blocks * self.config.epochs_
        yield Preparation(seconds * self.config.shards / side_by_side * rounds)

    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """See `Trainer`. A turn trains until the next merge of all rows."""

        def work() -> None:
            while state.position.block < self.n_blocks:
                with self.pool.turn() as proceed:
                    if not proceed:
                        return
                    self._train_until_merged(state, schedule)

        try:
            self.pool.run(work, 1, watch)
        finally:
            self.engine.cancel()

    def _train_until_merged(self, state: RunState, schedule: Schedule) -> None:
        """Train until the next merge of all rows, and record it."""
        epoch, first, _, _ = state.position
        last = min(first + self.config.merge_every, self.n_blocks)

        def lr(number: int) -> float:
            """The learning rate where a round begins: by the words of all shards before it."""
            words = round_edge(self.corpus.n_words, epoch, number, self.n_blocks)
            return schedule.at(epoch * self.corpus.n_words + words)

        snapshot = self._snapshot()
        hot: Ref | None = None
        pending: list[Ref | None] = [None] * self.config.shards
        stats: list[Ref] = []
        for number in range(first, last):
            parts = [
                Part(epoch, number, shard, self.n_blocks, lr(number), lr(number + 1))
                for shard in range(self.config.shards)
            ]
            result = self._round(snapshot, hot, parts, pending)
            stats += result.stats
            pending = list(result.others)
            if n_hot(self.config):
                deltas = self._merged(result.hot, lr(number))
                (hot,) = self.engine.submit(next_hot, snapshot, hot, deltas, self.config)
        others = self._merged(pending, lr(last - 1))
        wanted = [others, *stats] if hot is None else [others, *stats, hot]
        merged, *values = self.engine.get(wanted, self.pool.check)
        trained, hot_rows = values[: len(stats)], values[len(stats) :]
        place = f"epoch {epoch + 1}, round {last} of {self.n_blocks}"
        self._take(merged, hot_rows, trained, place, lr(first))
        state.advance(*trained, blocks=last - first)

    def _round(
        self, snapshot: Ref, hot: Ref | None, parts: list[Part], pending: list[Ref | None]
    ) -> _Round:
        """Submit one round of all shards."""
        whole = _Round([], [], [])
        for group in self.groups:
            of_group = tuple(parts[k] for k in group)
            result = self._submit(
                snapshot, hot, group, of_group, [pending[k] for k in group], group
            )
            for all_of_them, those in zip(whole, result, strict=True):
                all_of_them += those
        return whole

    def _submit(
        self, snapshot: Ref, hot: Ref | None, shards: range, parts: tuple[Part, ...],
        pending: list[Ref | None], group: range,
    ) -> _Round:  # fmt: skip
        n, threads = len(shards), min(self.engine.threads(group), len(shards))
        refs = self.engine.submit(
            train_shards, threads, snapshot, hot, self._tables, self.config, parts,
            *(self.corpus.shards[k] for k in shards), *pending,
            outputs=3 * n, group=self.groups.index(group), threads=threads,
        )  # fmt: skip
        return _Round(refs[:n], refs[n : 2 * n], refs[2 * n :])

    def _merged(self, deltas: list[Ref | None], lr: float) -> Ref:
        return tree(self.engine, merge_deltas, deltas, lr)

    def _take(
        self, others: Deltas, hot: list[HotRows], trained: list[EpochStats], place: str, lr: float
    ) -> None:
        """Check the results of some rounds, and apply them to the model."""
        for stats in trained:
            self.refuse_divergence(stats, place, lr)
        apply_deltas(self.model.parameters, others)
        for rows in hot:
            put_hot(self.model.parameters, rows, self.config.vector_size)

    def _snapshot(self) -> Ref:
        """The model for the tasks. It does not change before all of them have ended."""
        return self.engine.put(self.model.parameters)
