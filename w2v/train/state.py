"""The state of a training run, and what identifies the run: the JSON part of a checkpoint.

Workers write `RunState` only through `RunState.advance`, inside their turns
(`w2v.train.worker_pool`). Between turns, it agrees with the model's arrays, so both can be copied
together. `from_json` is the one place that refuses a forged or impossible checkpoint: kernels index
the corpus by the position that it returns, without further checks.
"""

from __future__ import annotations

import dataclasses
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from w2v.config import TrainConfig, make_config
from w2v.errors import ConfigError, FormatError, shown
from w2v.util.json_shape import Shape, misfit


class Position(NamedTuple):
    """How far a run has come.

    Attributes:
        epoch: the epoch in progress, from 0.
        block: how many of its blocks are done: all before this one.
        row: how many examples of the next block are done, if a block takes several steps.
        ended: whether the run has ended before its last epoch (early stopping).
    """

    epoch: int = 0
    block: int = 0
    row: int = 0
    ended: bool = False


@dataclass
class EpochStats:
    """Statistics of an epoch, or of a part of one.

    Attributes:
        loss: weighted sum of the loss over all pairs, in nats.
        pairs: summed weights of the (center, context) pairs: their number, unless the option
            `distance_weights` is harmonic.
        words: words of the corpus that were trained, counted before subsampling.
        words_kept: how many of these subsampling kept.
    """

    loss: float = 0.0
    pairs: float = 0
    words: int = 0
    words_kept: int = 0

    def add(self, other: EpochStats) -> None:
        """Add the statistics of another part of the epoch."""
        self.loss += other.loss
        self.pairs += other.pairs
        self.words += other.words
        self.words_kept += other.words_kept


_STATE: Shape = {
    "n_epochs": int, "n_blocks": int, "n_words": int,
    "position": {"epoch": int, "block": int, "row": int, "ended": bool},
    "epochs": [{"loss": float, "pairs": float, "words": int, "words_kept": int}],
    "seconds": float, "lr_factor": float, "back_offs": list, "held_out_losses": [float],
    "history": {
        "init": (None, {
            "words": int, "new_words": int, "counts": bool, "context_vectors": bool,
            "frozen_words": (None, int),
        }),
        "resumed_at_words": (None, [int]),
    },
}  # fmt: skip


@dataclass
class RunState:
    """How far a run has come; everything in a checkpoint that is not an array.

    Attributes:
        n_epochs, n_blocks, n_words: epochs of the run, and the blocks and words of each epoch.
        position: what is done.
        epochs: statistics of each epoch that has begun.
        lr_factor: factor on the planned learning rate; below 1 after a back-off.
        back_offs: a record of each back-off.
        history: how the run began, for the metadata of its vectors.
        held_out_losses: held-out loss after each epoch, in nats per pair; empty without `validate`.
        past_seconds: seconds of training before the current `timed` block.
        lock: held by `advance`, so that a reader who holds it sees `position` and `epochs` of the
            same step.
    """

    n_epochs: int
    n_blocks: int
    n_words: int
    position: Position = field(default_factory=Position)
    epochs: list[EpochStats] = field(default_factory=list)
    lr_factor: float = 1.0
    back_offs: list[dict[str, Any]] = field(default_factory=list)
    history: dict[str, Any] = field(default_factory=dict)
    held_out_losses: list[float] = field(default_factory=list)
    past_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _started: float | None = field(default=None, repr=False, compare=False)

    def advance(self, *trained: EpochStats, blocks: int = 0, rows: int = 0) -> None:
        """Record a step. A worker calls this in the same turn in which it changes the model.

        Args:
            trained: statistics of what the step has trained.
            blocks: number of blocks that the step completes.
            rows: if it completes none, number of examples of the next block that it has trained.
        """
        with self.lock:
            epoch, block, row, _ = self.position
            if len(self.epochs) == epoch:
                self.epochs.append(EpochStats())
            for stats in trained:
                self.epochs[epoch].add(stats)
            self.position = Position(epoch, block + blocks, 0 if blocks else row + rows)

    def end_epoch(self, *, stop: bool) -> None:
        """Go to the next epoch. Called between epochs, when no worker is running."""
        self.position = Position(self.position.epoch + 1, ended=stop)

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count the time spent in the context as training."""
        self._started = time.perf_counter()
        try:
            yield
        finally:
            self.past_seconds, self._started = self.seconds, None

    @property
    def seconds(self) -> float:
        """Seconds of training; reading, and work between epochs, are not counted."""
        running = 0.0 if self._started is None else time.perf_counter() - self._started
        return self.past_seconds + running

    @property
    def current(self) -> EpochStats:
        """Statistics of the epoch in progress."""
        epoch = self.position.epoch
        return self.epochs[epoch] if epoch < len(self.epochs) else EpochStats()

    @property
    def finished(self) -> bool:
        """Whether nothing is left to train."""
        return self.position.ended or self.position.epoch == self.n_epochs

    @property
    def epochs_trained(self) -> int:
        """Number of complete epochs."""
        return self.position.epoch + (self.position.block == self.n_blocks)

    @property
    def words_done(self) -> int:
        """Words trained so far, before subsampling."""
        return self.position.epoch * self.n_words + self.current.words

    @property
    def total_words(self) -> int:
        """Words of all epochs, before subsampling."""
        return self.n_epochs * self.n_words

    @property
    def progress(self) -> float:
        """Fraction of the words that are trained, 0 to 1."""
        return self.words_done / self.total_words

    def to_json(self) -> dict[str, Any]:
        """The state as a dict that can be written as JSON."""
        return {
            "n_epochs": self.n_epochs,
            "n_blocks": self.n_blocks,
            "n_words": self.n_words,
            "position": self.position._asdict(),
            "epochs": [dataclasses.asdict(stats) for stats in self.epochs],
            "seconds": self.seconds,
            "lr_factor": self.lr_factor,
            "back_offs": self.back_offs,
            "history": self.history,
            "held_out_losses": self.held_out_losses,
        }

    @classmethod
    def from_json(cls, value: Any, place: str) -> RunState:
        """Validate the output of `to_json` and turn it back into a state.

        Args:
            value: parsed JSON.
            place: the file, for messages.

        Raises:
            FormatError: a part is missing or has the wrong type, or no run can reach this state.
        """
        _refuse_misfit(value, _STATE, place, "state")
        epochs = [EpochStats(**_only(EpochStats, stats)) for stats in value["epochs"]]
        position = Position(*(value["position"][name] for name in Position._fields))
        n_epochs, n_blocks, n_words = (value[name] for name in ("n_epochs", "n_blocks", "n_words"))
        possible = {
            "n_epochs": n_epochs > 0,
            "n_blocks": n_blocks > 0,
            "n_words": n_words > 0,
            "position": 0 <= position.epoch <= n_epochs
            and 0 <= position.block <= n_blocks
            and position.row >= 0,
            "epochs": position.epoch <= len(epochs) <= min(position.epoch + 1, n_epochs)
            and all(_is_amount(number) for each in epochs for number in vars(each).values())
            and all(each.words <= n_words for each in epochs),
            "seconds": _is_amount(value["seconds"]),
            "lr_factor": 0 < value["lr_factor"] <= 1,
            "held_out_losses": len(value["held_out_losses"]) <= n_epochs,
        }
        for part, fits in possible.items():
            if not fits:
                raise FormatError(
                    f"{place}: state.{part}: no run can reach {shown(value[part])}; "
                    "the checkpoint is forged or damaged"
                )
        return cls(
            n_epochs, n_blocks, n_words, position, epochs, value["lr_factor"], value["back_offs"],
            value["history"], value["held_out_losses"], value["seconds"],
        )  # fmt: skip


_REMOVED_OPTIONS = {"merge_every": 1, "hot_words": None}
"""Options that earlier versions had, with their defaults."""

_IDENTITY: Shape = {
    "config": dict,
    "corpus": {"words": int, "sentences": int, "vocabulary": int, "fingerprint": str},
    "versions": {"w2v": str, "python": str, "numpy": str, "numba": str, "machine": str},
}


@dataclass(frozen=True)
class RunIdentity:
    """What a run trains, and with which software; a resumed run must match it.

    Attributes:
        config: the options, with those that depend on the loss filled in.
        corpus: its numbers of words, sentences and words in the vocabulary, and its fingerprint.
        versions: versions of w2v, Python, NumPy and Numba, and the kind of machine.
    """

    config: TrainConfig
    corpus: Mapping[str, Any]
    versions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The identity as a dict that can be written as JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Any, place: str) -> RunIdentity:
        """Validate the output of `to_json` and turn it back into an identity.

        Args:
            value: parsed JSON.
            place: the file, for messages.

        Raises:
            FormatError: a part is missing or has the wrong type, or the run used an option that no
                longer exists.
        """
        _refuse_misfit(value, _IDENTITY, place, "identity")
        options = dict(value["config"])
        for name, default in _REMOVED_OPTIONS.items():
            used = options.pop(name, default)
            if used != default:
                raise FormatError(
                    f"{place}: {name}={shown(used)}, but this version of w2v no longer has that "
                    "option; start a new run, or resume with the version that began it"
                )
        try:
            config = make_config(options, place)
        except ConfigError as error:
            raise FormatError(str(error)) from error
        return cls(config, value["corpus"], value["versions"])


def _refuse_misfit(value: Any, shape: Shape, place: str, part: str) -> None:
    wrong = misfit(value, shape, part)
    if wrong is not None:
        raise FormatError(f"{place}: {wrong}: missing or of the wrong type for a checkpoint")


def _only(kind: type[EpochStats], value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass; JSON may hold more."""
    return {spec.name: value[spec.name] for spec in dataclasses.fields(kind)}


def _is_amount(number: float) -> bool:
    return 0 <= number < math.inf
