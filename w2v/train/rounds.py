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

_TIMED_PARTS = 20
"""A forecast times at most this fraction of an epoch, twice: 1 / 20."""


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
        """See `Trainer`. Compiles, then times a round at learning rate 0, which changes nothing.

        It is a round of the second epoch, because the first rounds of a run have hardly any words,
        or a part of it if rounds are long.
        """
        rounds = max(self.n_blocks, _TIMED_PARTS)
        for _ in range(2):
            started = time.perf_counter()
            self.engine.get(self._submit_round(1, 0, rounds, 0.0, 0.0))
            seconds = time.perf_counter() - started
        yield Preparation(seconds * rounds * self.config.epochs_)

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
        refs = self._submit_round(epoch, number, rounds, lr, lr_end)
        merged, *trained = self.engine.get(refs, self.pool.check)
        for stats in trained:
            self.refuse_divergence(stats, f"epoch {epoch + 1}, round {number + 1} of {rounds}", lr)
        apply_deltas(self.model.parameters, merged)
        state.advance(*trained, blocks=1)

    def _submit_round(
        self, epoch: int, number: int, rounds: int, lr: float, lr_end: float
    ) -> list[Ref]:
        """Submit the tasks of a round; the model must not change until they have ended.

        Args:
            epoch, number: the epoch and the round, from 0.
            rounds: rounds in an epoch.
            lr, lr_end: learning rate where the round begins and ends.

        Returns:
            References to the merged deltas, and to the statistics of each shard.
        """
        snapshot = self.engine.put(self.model.parameters)
        deltas: list[Ref] = []
        stats: list[Ref] = []
        for index, group in enumerate(self.groups):
            n = len(group)
            threads = min(self.engine.threads(group), n)
            parts = tuple(Part(epoch, number, shard, rounds, lr, lr_end) for shard in group)
            refs = self.engine.submit(
                train_shards, threads, snapshot, self._tables, self.config, parts,
                *(self.corpus.shards[shard] for shard in group),
                outputs=2 * n, group=index, threads=threads,
            )  # fmt: skip
            deltas += refs[:n]
            stats += refs[n:]
        return [tree(self.engine, merge_deltas, deltas, lr), *stats]
