"""Training in rounds: copies of the model are trained on shards of the corpus, then merged.

All tasks of a round (`w2v.train.round_tasks`) are submitted to the engine at once; each waits for
those whose results it needs. After a round, the driver has the whole model, so a checkpoint can be
written. The number of shards is an option, and no task depends on the number of workers or nodes,
so any number of them gives the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from w2v.config import DEFAULT_ROUNDS, MIN_ROUND_WORDS, TrainConfig
from w2v.corpus import ShardedCorpus
from w2v.engines.base import Engine, Ref, tree
from w2v.losses.base import SampledLoss
from w2v.train.round_tasks import (
    Part,
    Tables,
    apply_deltas,
    merge_deltas,
    round_edge,
    train_shards,
)
from w2v.train.sampled_model import SampledLossTrainer
from w2v.train.schedule import Schedule
from w2v.train.state import RunState
from w2v.train.trainer import Preparation


class _Results(NamedTuple):
    """References to the deltas and the statistics of some shards, in order."""

    deltas: list[Ref]
    stats: list[Ref]


class RoundsTrainer(SampledLossTrainer):
    """Trains a sampled loss in rounds. See `w2v.train.trainer.Trainer`; a block is a round.

    Args:
        corpus: the corpus, in `config.shards` shards.
        config: the options.
        loss: the loss.
        engine: runs the tasks, and has the shards.
    """

    corpus: ShardedCorpus

    def __init__(
        self, corpus: ShardedCorpus, config: TrainConfig, loss: SampledLoss, engine: Engine
    ) -> None:
        super().__init__(corpus, config, loss)
        self.engine = engine
        self.groups = engine.groups(len(corpus.shards))
        self._tables: Ref = engine.put(Tables(self.model.thresholds, self.model.noise.table))

    @property
    def n_blocks(self) -> int:
        """See `Trainer`: the number of rounds in an epoch."""
        shard_words = self.corpus.n_words / self.config.shards
        if self.config.round_words is None:
            return max(1, min(DEFAULT_ROUNDS, int(shard_words / MIN_ROUND_WORDS)))
        return max(1, round(shard_words / self.config.round_words))

    def memory_bytes(self) -> int:
        """See `Trainer`: the model, its merged deltas, a copy for each worker, and the tokens."""
        return self.model_bytes * (2 + self.config.workers) + 4 * self.corpus.n_words

    @contextmanager
    def prepared(self) -> Iterator[Preparation]:
        """See `Trainer`. Compiles, then times a round of one shard at learning rate 0."""
        snapshot = self._snapshot()
        part = Part(0, 0, 0, self.n_blocks, 0.0, 0.0)
        group = next(group for group in self.groups if 0 in group)
        for _ in range(2):
            started = time.perf_counter()
            self.engine.get(self._submit(snapshot, (part,), group).stats)
            seconds = time.perf_counter() - started
        parallel = min(self.engine.all_threads, self.config.shards)
        rounds = self.n_blocks * self.config.epochs_
        yield Preparation(seconds * self.config.shards / parallel * rounds)

    def train_epoch(self, state: RunState, schedule: Schedule, watch: Callable[[], None]) -> None:
        """See `Trainer`. A turn trains a round."""

        def work() -> None:
            while state.position.block < self.n_blocks:
                with self.pool.turn() as proceed:
                    if not proceed:
                        return
                    self._train_round(state, schedule)

        try:
            self.pool.run(work, 1, watch)
        finally:
            self.engine.cancel()

    def _train_round(self, state: RunState, schedule: Schedule) -> None:
        """Train a round, apply the merged deltas to the model, and record it."""
        epoch, number, _, _ = state.position
        rounds, words = self.n_blocks, self.corpus.n_words
        # The learning rate where the round begins and ends, by the words of all shards up to there.
        lr, lr_end = (
            schedule.at(epoch * words + round_edge(words, epoch, n, rounds))
            for n in (number, number + 1)
        )
        snapshot = self._snapshot()
        results = _Results([], [])
        for group in self.groups:
            parts = tuple(Part(epoch, number, shard, rounds, lr, lr_end) for shard in group)
            submitted = self._submit(snapshot, parts, group)
            results.deltas.extend(submitted.deltas)
            results.stats.extend(submitted.stats)
        deltas = tree(self.engine, merge_deltas, results.deltas, lr)
        merged, *trained = self.engine.get([deltas, *results.stats], self.pool.check)
        for stats in trained:
            self.refuse_divergence(stats, f"epoch {epoch + 1}, round {number + 1} of {rounds}", lr)
        apply_deltas(self.model.parameters, merged)
        state.advance(*trained, blocks=1)

    def _submit(self, snapshot: Ref, parts: tuple[Part, ...], group: range) -> _Results:
        """Submit a task that trains these parts, each on a shard of one group."""
        n = len(parts)
        threads = min(self.engine.threads(group), n)
        refs = self.engine.submit(
            train_shards, threads, snapshot, self._tables, self.config, parts,
            *(self.corpus.shards[part.shard] for part in parts),
            outputs=2 * n, group=self.groups.index(group), threads=threads,
        )  # fmt: skip
        return _Results(refs[:n], refs[n:])

    def _snapshot(self) -> Ref:
        """A reference to the model, which must not change until all its tasks have ended."""
        return self.engine.put(self.model.parameters)
