"""What a resumed run must have in common with its checkpoint, and what may change.

Of the options only `workers` may change, for it alone says how to train, not what: with another
number the vectors are as good, but they are not those of the uninterrupted run to the last bit.
Any other option would make another model of the rest of the run. Options that are not given are
taken from the checkpoint. Where the output and the checkpoints go is no part of a run.
"""

from __future__ import annotations

import dataclasses
import math
import os
import platform
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np

import w2v
from w2v.config import TrainConfig, make_config
from w2v.corpus import Corpus, ShardedCorpus
from w2v.errors import ConfigError, CorpusError, shown
from w2v.train.checkpoint import Checkpoint
from w2v.train.checkpoint_folder import CheckpointFolder, numbered
from w2v.train.run import Observer, Run

_MAY_CHANGE = ("workers",)


def find_checkpoint(
    folder: CheckpointFolder, resume: bool, observer: Observer
) -> Checkpoint | None:
    """The checkpoint to go on from; None where the run begins.

    Raises:
        ConfigError: there are checkpoints and `resume` is not set, or none of them is whole.
    """
    found = numbered(folder.path)
    if not resume:
        if found:
            raise ConfigError(
                f"{folder.path}: expected a folder without checkpoints, got {len(found)} (--resume "
                "goes on from them)"
            )
        return None
    checkpoint, problems = folder.newest()
    if checkpoint is None:
        if problems:
            raise ConfigError(f"{'; '.join(problems)}; there is no other checkpoint")
        observer.warning(f"{folder.path}: there is no checkpoint, so the run begins")
        return None
    for problem in problems:
        observer.warning(f"{problem}; {checkpoint.path.name} is used")
    observer.resumed(checkpoint.record["progress"], os.fspath(checkpoint.path))
    return checkpoint


def resumed_config(
    checkpoint: Checkpoint,
    given: Mapping[str, Any],
    resolve: Callable[[TrainConfig], TrainConfig],
) -> TrainConfig:
    """The options to go on with: the checkpoint's, and those given that may change.

    Args:
        checkpoint: what the run goes on from.
        given: options by name; None stands for one that was not given.
        resolve: `w2v.train.api.resolve`.

    Raises:
        ConfigError: an option differs that may not.
    """
    place = os.fspath(checkpoint.path)
    saved = make_config(checkpoint.record["config"], place)
    options = {name: value for name, value in given.items() if value is not None}
    asked = resolve(make_config({**dataclasses.asdict(saved), **options}))
    differences = [
        f"{name} = {getattr(asked, name)} (there {getattr(saved, name)})"
        for name in options
        if name not in _MAY_CHANGE and getattr(asked, name) != getattr(saved, name)
    ]
    if differences:
        raise ConfigError(
            f"{place}: expected the options of the run that it is of, got "
            f"{', '.join(differences)}; only {', '.join(_MAY_CHANGE)} may change"
        )
    return dataclasses.replace(saved, **{name: getattr(asked, name) for name in _MAY_CHANGE})


def identity(config: TrainConfig, corpus: Corpus | ShardedCorpus) -> dict[str, Any]:
    """What a resumed run is compared with, as the record of a checkpoint keeps it."""
    return {
        "config": dataclasses.asdict(config),
        "corpus": {
            "words": corpus.n_words,
            "sentences": corpus.n_sentences,
            "vocabulary": len(corpus.vocabulary),
            "fingerprint": corpus.fingerprint(),
        },
        "versions": {
            "w2v": w2v.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "machine": platform.machine(),
        },
    }


def check_same(
    checkpoint: Checkpoint, ours: Mapping[str, Any], corpus: Corpus | ShardedCorpus
) -> None:
    """Refuse to go on with another corpus.

    Args:
        checkpoint: what the run goes on from.
        ours: the `identity` of the run.
        corpus: what it trains.

    Raises:
        CorpusError: it is not the checkpoint's.
    """
    saved = checkpoint.record["corpus"]
    mine = ours["corpus"]
    if saved == mine:
        return
    differences = [
        f"{mine[name]:,} {noun} (there {saved[name]:,})"
        for name, noun in (
            ("words", "words"),
            ("sentences", "sentences"),
            ("vocabulary", "words in the vocabulary"),
        )
        if mine[name] != saved[name]
    ]
    there, here = checkpoint.vocabulary(), corpus.vocabulary
    row = next(
        (row for row, (a, b) in enumerate(zip(there.words, here.words, strict=False)) if a != b),
        None,
    )
    if row is not None:
        differences.append(
            f"{here.words[row]!r} in row {row + 1} of the vocabulary (there {there.words[row]!r})"
        )
    raise CorpusError(
        f"{checkpoint.path}: expected the corpus of the run that it is of, got "
        f"{', '.join(differences) or 'one with the same words in another order'}"
    )


def check_init(checkpoint: Checkpoint, init_given: bool) -> None:
    """Refuse to go on without the vectors that the run began with, whose words the corpus needs.

    Raises:
        ConfigError: they are missing, or given for a run that began without.
    """
    if ("init" in checkpoint.record["history"]) != init_given:
        wanted, got = ("none", "some") if init_given else ("those that the run began with", "none")
        raise ConfigError(f"{checkpoint.path}: init: expected {wanted}, got {got}")


def check_run(
    checkpoint: Checkpoint, ours: Mapping[str, Any], run: Run, observer: Observer
) -> None:
    """Refuse a state that does not fit the run; warn where other software wrote it.

    Raises:
        ConfigError: another version divides the corpus otherwise, or has other parameters; or the
            record says what no run can come to.
    """
    parameters = run.parameters()
    wanted = {name: _kind(array) for name, array in (parameters | run.optimiser_state()).items()}
    saved = {name: _kind(array) for name, array in checkpoint.arrays.items() if name in wanted}
    best = {name: _kind(array) for name, array in checkpoint.best().items()}
    theirs = checkpoint.record["versions"]
    if (
        checkpoint.record["n_blocks"] != run.n_blocks
        or saved != wanted
        or (best and best != {name: wanted[name] for name in parameters})
    ):
        raise ConfigError(
            f"{checkpoint.path}: expected a state that fits this version of w2v, got one of "
            f"{shown(theirs['w2v'])[1:-1]}"
        )
    wrong = _impossible(checkpoint.record, run)
    if wrong is not None:
        raise ConfigError(
            f"{checkpoint.path}: {wrong}: expected what this run can come to, got "
            f"{shown(checkpoint.record[wrong])}"
        )
    others = [
        f"{name} {shown(theirs[name])[1:-1]}"
        for name in ours["versions"]
        if theirs[name] != ours["versions"][name]
    ]
    if others:
        observer.warning(
            f"{checkpoint.path}: written with {', '.join(others)}: the vectors may differ in their "
            "last digits from those of the uninterrupted run"
        )


def _kind(array: np.ndarray) -> tuple[Any, ...]:
    return array.dtype, array.shape


def _impossible(record: Mapping[str, Any], run: Run) -> str | None:
    """The first part of a record that no run like this can have; None if there is none.

    The kernels read the corpus where the position says, and do not look again.
    """
    position, tallies, epochs = record["position"], record["tallies"], run.config.epochs_
    possible = {
        "position": list(map(type, position)) == [int, int, int, bool]
        and 0 <= position[0] <= epochs
        and 0 <= position[1] <= run.n_blocks
        and position[2] >= 0,
        "tallies": position[0] <= len(tallies) <= min(position[0] + 1, epochs)
        and all(len(tally) == 4 and all(map(_is_amount, tally)) for tally in tallies)
        and all(tally[2] <= run.corpus.n_words for tally in tallies),
        "seconds": _is_amount(record["seconds"]),
        "lr_factor": 0 < record["lr_factor"] <= 1,
        "held_out_nats": len(record["held_out_nats"]) <= epochs,
        "progress": 0 <= record["progress"] <= 1,
    }
    return next((part for part, fits in possible.items() if not fits), None)


def _is_amount(number: float) -> bool:
    return 0 <= number < math.inf
