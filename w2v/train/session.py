"""What `train_embeddings` does once the corpus is read: train, validate, checkpoint, back off.

Chooses the run for the loss, holds out some of the corpus where `validate` asks for it, starts from
a checkpoint or from earlier vectors, and after a divergence goes back to a checkpoint.
"""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import Any

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus
from w2v.embeddings import Embeddings
from w2v.engines.base import Engine
from w2v.errors import DivergenceError
from w2v.held_out import held_out_pairs, split_corpus
from w2v.losses import get_loss
from w2v.losses.base import FullLoss, SampledLoss
from w2v.train.checkpoint import Checkpoint
from w2v.train.checkpoint_folder import CheckpointFolder, Interval
from w2v.train.checkpoint_writer import Checkpointer
from w2v.train.hogwild import HogwildRun
from w2v.train.resume import check_run, check_same, identity
from w2v.train.rounds import ShardedRun
from w2v.train.run import Observer, Run
from w2v.train.softmax import FullRun
from w2v.train.validation import Validator
from w2v.train.warm_start import start_from

BACK_OFF_FACTOR = 0.5
"""What a divergence multiplies the learning rate by."""


def make_run(
    corpus: Corpus | ShardedCorpus, config: TrainConfig, engine: Engine | None = None
) -> Run:
    """The run that trains this configuration's loss; `config` must have been resolved.

    A corpus in shards needs the engine that has them.
    """
    loss = get_loss(config.loss)
    if isinstance(corpus, ShardedCorpus):
        assert engine is not None
        assert isinstance(loss, SampledLoss)
        return ShardedRun(corpus, config, loss, engine)
    if isinstance(loss, SampledLoss):
        return HogwildRun(corpus, config, loss)
    assert isinstance(loss, FullLoss)
    return FullRun(corpus, config, loss)


class Session:
    """Trains one model.

    Args:
        corpus: all of it, also what will be held out.
        config: resolved options.
        observer: told about everything.
        old: vectors to go on from, if any.
        start: checkpoint to go on from, if any.
        folder: where checkpoints go, if anywhere.
        interval: how often.
        engine: that has the shards of a corpus in shards.

    Raises:
        CorpusError: `start` is of another corpus.
    """

    def __init__(
        self,
        corpus: Corpus | ShardedCorpus,
        config: TrainConfig,
        observer: Observer,
        old: Embeddings | None,
        start: Checkpoint | None,
        folder: CheckpointFolder | None,
        interval: Interval,
        engine: Engine | None = None,
    ) -> None:
        started = time.perf_counter()
        self.config = config
        self.observer = self.watching = observer
        self.old = old
        self.start = start
        self.folder = folder
        self.validator: Validator | None = None
        self.checkpointer: Checkpointer | None = None
        self._identity: dict[str, Any] = {}
        if folder is not None:
            self._identity = identity(config, corpus)
            if start is not None:
                check_same(start, self._identity, corpus)
        self.corpus = corpus
        self.engine = engine
        if config.validate:
            assert isinstance(corpus, Corpus)
            self.corpus, held_out = split_corpus(corpus, config.validate, config.seed)
            pairs = held_out_pairs(held_out, config)
            self.watching = self.validator = Validator(observer, pairs, config.patience)
        if folder is not None:
            self.watching = self.checkpointer = Checkpointer(
                self.watching, folder, interval, self.validator, self._identity
            )
        self.run: Run | None = None
        self._prepare_seconds = time.perf_counter() - started

    def close(self) -> None:
        """Wait for what is being written."""
        if self.checkpointer is not None:
            self.checkpointer.close()

    def train(self, back_off: int, read_seconds: float) -> Embeddings:
        """Train to the end.

        Args:
            back_off: divergences to go back from.
            read_seconds: for the record.

        Raises:
            DivergenceError: one more than those.
            KeyboardInterrupt: after what has been trained is saved and handed to the observer.
        """
        read_seconds += self._prepare_seconds
        tried: set[Path] = set()
        try:
            self.run = self._run_from(self.start)
            if self.start is not None:
                before = self.run.history.get("resumed_at_words", [])
                self.run.history["resumed_at_words"] = [*before, self.run.words_done]
            while (error := self._trained(self.run)) is not None:
                if len(self.run.back_offs) >= back_off:
                    raise DivergenceError(f"{error}{self._advice(self.run)}")
                back_offs, factor = self.run.back_offs, self.run.lr_factor
                self.run = None
                self.run = self._back_off(error, back_offs, factor * BACK_OFF_FACTOR, tried)
        except KeyboardInterrupt:
            if self.run is not None:
                if self.checkpointer is not None:
                    self.checkpointer.save_interrupted()
                self.observer.interrupted(self.run.embeddings(read_seconds))
            raise
        if self.validator is not None:
            self.validator.finish(self.run)
        return self.run.embeddings(read_seconds)

    def _trained(self, run: Run) -> str | None:
        """Train what is left of a run; the message of a divergence, or None."""
        try:
            if not run.finished:
                run.run(self.watching)
            if self.checkpointer is not None:
                self.checkpointer.save()
        except DivergenceError as error:
            if self.checkpointer is not None:
                self.checkpointer.settle()  # so that the last checkpoint is known
            return str(error)
        return None

    def _run_from(self, start: Checkpoint | None) -> Run:
        """A run at a checkpoint, or at its beginning."""
        run = make_run(self.corpus, self.config, self.engine)
        if start is not None:
            check_run(start, self._identity, run, self.observer)
        elif self.old is not None:
            start_from(run, self.old)
        if self.checkpointer is not None:
            self.checkpointer.follow(run, start)
        return run

    def _back_off(
        self, error: str, back_offs: list[dict[str, Any]], factor: float, tried: set[Path]
    ) -> Run:
        """The run at a checkpoint that has not led to a divergence yet, or at its beginning."""
        assert self.folder is not None
        assert self.checkpointer is not None
        self.checkpointer.let_go()
        gc.collect()  # the error's frames hold the old run: two of them may be too large
        start, _ = self.folder.newest(tried)
        if start is not None:
            tried.add(start.path)
        run = self._run_from(start)
        run.lr_factor = factor
        said = {"error": error, "back_to_words": run.words_done, "lr_factor": factor}
        run.back_offs = [*back_offs, said]
        where = "the beginning" if start is None else f"{start.record['progress']:.0%}"
        self.observer.warning(
            f"{error}; going back to {where}, on at {factor:g} of the planned rate "
            f"(back-off {len(run.back_offs)})"
        )
        return run

    def _advice(self, run: Run) -> str:
        """What a person can do about a divergence."""
        if self.checkpointer is None or self.checkpointer.last_progress is None:
            return ""
        return (
            f"; the checkpoint at {self.checkpointer.last_progress:.0%} is kept: --resume "
            f"--back-off {len(run.back_offs) + 1} goes on from it at half the rate"
        )
