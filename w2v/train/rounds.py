"""Training in rounds: shards of the corpus train copies of the model, which are then merged.

The tasks of all the rounds until the next merge of all rows are handed to the engine at once, as
`w2v.train.round_tasks` describes them; each waits for those whose results it takes. In between the
driver has the whole model: that is when a checkpoint can be written. As logical shards are fixed by
the options, and no task depends on workers or nodes, any number of them gives the same bytes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from w2v.config import DEFAULT_ROUNDS, MIN_ROUND_WORDS, TrainConfig
from w2v.corpus import ShardedCorpus
from w2v.engines.base import Engine, Ref, tree
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
from w2v.train.run import MAX_MEAN_LOSS, Observer
from w2v.train.sampled import SampledRun
from w2v.train.state import Position, Tally


class _Round(NamedTuple):
    """References to what a round gives: the shards' deltas and tallies, in order."""

    hot: list[Ref]
    others: list[Ref]
    tallies: list[Ref]


class ShardedRun(SampledRun):
    """A run in rounds. See `w2v.train.run.Run`; a block is a round of all shards.

    Args:
        corpus: in as many shards as `config` says.
        config: resolved options.
        loss: theirs.
        engine: where the shards are.
    """

    corpus: ShardedCorpus

    def __init__(
        self, corpus: ShardedCorpus, config: TrainConfig, loss: SampledLoss, engine: Engine
    ) -> None:
        super().__init__(corpus, config, loss)
        self.engine = engine
        self.groups = engine.groups(len(corpus.shards))
        self._tables: Ref = engine.put(Tables(self.thresholds, self.noise.table))

    @property
    def n_blocks(self) -> int:
        """Rounds in an epoch."""
        a_shard = self.corpus.n_words / self.config.shards
        if self.config.round_words is None:
            return max(1, min(DEFAULT_ROUNDS, int(a_shard / MIN_ROUND_WORDS)))
        return max(1, round(a_shard / self.config.round_words))

    def memory_bytes(self) -> int:
        """The model, and what is merged; a copy of it for each thread; and the tokens."""
        model = sum(array.nbytes for array in self.model)
        return model * (2 + self.config.workers) + 4 * self.corpus.n_words

    @contextmanager
    def prepared(self) -> Iterator[float]:
        """Compile the kernels, then time a round of one shard at rate 0, which changes nothing."""
        snapshot = self._snapshot()
        part = Part(0, 0, 0, self.n_blocks, 0.0, 0.0)
        group = next(group for group in self.groups if 0 in group)
        for _ in range(2):
            started = time.perf_counter()
            result = self._submit(snapshot, None, range(1), (part,), [None], group)
            self.engine.get(result.tallies)
            seconds = time.perf_counter() - started
        side_by_side = sum(self.engine.threads(group) for group in self.groups)
        side_by_side = min(side_by_side, self.config.shards)
        yield seconds * self.config.shards / side_by_side * self.n_blocks * self.config.epochs_

    def train_epoch(self, epoch: int, observer: Observer) -> None:
        """See `Run.train_epoch`."""

        def work() -> None:
            more = True
            while more:
                with self.crew.turn() as going:
                    more = going and self._merge_next(epoch)

        try:
            self.crew.run(work, 1, lambda: observer.progress(self.progress()))
        finally:
            self.engine.cancel()

    def _merge_next(self, epoch: int) -> bool:
        """Train until the next merge of all rows; False if the epoch is over."""
        first = self.position.block
        last = min(first + self.config.merge_every, self.n_blocks)
        if first == last:
            return False
        snapshot = self._snapshot()
        hot: Ref | None = None
        pending: list[Ref | None] = [None] * self.config.shards
        tallies: list[Ref] = []
        for number in range(first, last):
            result = self._round(snapshot, hot, epoch, number, pending)
            tallies += result.tallies
            pending = list(result.others)
            lr = self._lr(epoch, number)
            if n_hot(self.config):
                deltas = self._merged(result.hot, lr)
                (hot,) = self.engine.submit(next_hot, snapshot, hot, deltas, self.config)
        others = self._merged(pending, self._lr(epoch, last - 1))
        wanted = [others, *tallies] if hot is None else [others, *tallies, hot]
        values = self.engine.get(wanted, self.crew.check)
        self._take(epoch, last, values[0], values[1 : 1 + len(tallies)], values[1 + len(tallies) :])
        return True

    def _round(
        self, snapshot: Ref, hot: Ref | None, epoch: int, number: int, pending: list[Ref | None]
    ) -> _Round:
        """Have one round of all shards trained."""
        lr = self._lr(epoch, number), self._lr(epoch, number + 1)
        whole = _Round([], [], [])
        for group in self.groups:
            parts = tuple(Part(epoch, number, shard, self.n_blocks, *lr) for shard in group)
            result = self._submit(snapshot, hot, group, parts, [pending[k] for k in group], group)
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

    def _merged(self, deltas: list[Any], lr: float) -> Ref:
        return tree(self.engine, merge_deltas, deltas, self.config.merge, lr)

    def _lr(self, epoch: int, number: int) -> float:
        """The rate where a round begins: by the words of all shards before it."""
        words = round_edge(self.corpus.n_words, epoch, number, self.n_blocks)
        return self.learning_rate(epoch * self.corpus.n_words + words)

    def _take(
        self, epoch: int, block: int, others: Deltas, tallies: list[Tally], hot: list[HotRows]
    ) -> None:
        """Check what the rounds have given, and make it the model."""
        lr = self._lr(epoch, self.position.block)
        for tally in tallies:
            if not tally.loss <= MAX_MEAN_LOSS * max(tally.pairs, 1):  # NaN is not below anything
                place = f"epoch {epoch + 1}, round {block} of {self.n_blocks}"
                raise self.diverged(place, lr, tally.loss / max(tally.pairs, 1))
        apply_deltas(self.model, others)
        for rows in hot:
            put_hot(self.model, rows, self.config.vector_size)
        whole = self.tally(epoch)
        with self.lock:
            for tally in tallies:
                whole.add(tally)
            self.lr = lr
            self.position = Position(epoch, block)

    def _snapshot(self) -> Ref:
        """The model for the tasks; it is not changed before all of them are over."""
        return self.engine.put(self.model)
