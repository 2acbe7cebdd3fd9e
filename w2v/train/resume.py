"""Whether a run may be resumed from a checkpoint: what must be the same, and what may change.

Of the options, only `workers` and `device` may change: they say how to train, not what. With other
ones the vectors are as good, but not bit for bit those of the uninterrupted run. Options that
are not given are taken from the checkpoint. The names of output and folder are not part of a run.
"""

from __future__ import annotations

import dataclasses
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
from w2v.train.callbacks import Callback
from w2v.train.checkpoint import Checkpoint, CheckpointFolder, numbered
from w2v.train.state import RunIdentity
from w2v.train.trainer import Trainer

_MAY_CHANGE = ("workers", "device")


def find_checkpoint(
    folder: CheckpointFolder, resume: bool, callbacks: Callback
) -> Checkpoint | None:
    """The checkpoint to resume from; None if the run begins.

    Raises:
        ConfigError: there are checkpoints and `resume` is not set, or none of them is intact.
    """
    found = numbered(folder.path)
    if not resume:
        if found:
            holds = "a checkpoint" if len(found) == 1 else f"{len(found)} checkpoints"
            raise ConfigError(
                f"{folder.path}: already holds {holds}; add --resume to continue that run, or "
                "choose another folder"
            )
        return None
    checkpoint, problems = folder.newest()
    if checkpoint is None:
        if problems:
            raise ConfigError(f"{'; '.join(problems)}; there is no other checkpoint")
        callbacks.on_warning(f"{folder.path}: no checkpoint to resume from, so the run begins")
        return None
    for problem in problems:
        callbacks.on_warning(f"{problem}; using {checkpoint.path.name} instead")
    callbacks.on_resume(checkpoint.state.progress, os.fspath(checkpoint.path))
    return checkpoint


def resumed_config(
    checkpoint: Checkpoint,
    given: Mapping[str, Any],
    resolve: Callable[[TrainConfig], TrainConfig],
) -> TrainConfig:
    """The options of the resumed run: the checkpoint's, and those given that may change.

    Args:
        checkpoint: to resume from.
        given: options by name; None stands for one that was not given.
        resolve: `w2v.train.api.resolve`.

    Raises:
        ConfigError: an option differs that may not.
    """
    saved = checkpoint.identity.config
    options = {name: value for name, value in given.items() if value is not None}
    asked = resolve(make_config({**dataclasses.asdict(saved), **options}))
    differences = [
        f"{name}={getattr(asked, name)}, but the checkpoint has {getattr(saved, name)}"
        for name in options
        if name not in _MAY_CHANGE and getattr(asked, name) != getattr(saved, name)
    ]
    if differences:
        may_change = ", ".join(f"--{name}" for name in _MAY_CHANGE)
        raise ConfigError(
            f"{checkpoint.path}: {'; '.join(differences)}; with --resume only {may_change} may "
            "change"
        )
    return dataclasses.replace(saved, **{name: getattr(asked, name) for name in _MAY_CHANGE})


def identity_of(config: TrainConfig, corpus: Corpus | ShardedCorpus) -> RunIdentity:
    """The identity of a run with this software, as its checkpoints record it."""
    return RunIdentity(
        config,
        {
            "words": corpus.n_words,
            "sentences": corpus.n_sentences,
            "vocabulary": len(corpus.vocabulary),
            "fingerprint": corpus.fingerprint(),
        },
        {
            "w2v": w2v.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "machine": platform.machine(),
        },
    )


def check_corpus(checkpoint: Checkpoint, ours: RunIdentity, corpus: Corpus | ShardedCorpus) -> None:
    """Refuse to resume with another corpus.

    Args:
        checkpoint: to resume from.
        ours: the identity of the resumed run.
        corpus: its corpus.

    Raises:
        CorpusError: it is not the checkpoint's.
    """
    saved, mine = checkpoint.identity.corpus, ours.corpus
    if saved == mine:
        return
    differences = [
        f"{mine[name]:,} {noun} instead of {saved[name]:,}"
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
            f"{here.words[row]!r} instead of {there.words[row]!r} as word {row + 1} of the "
            "vocabulary"
        )
    raise CorpusError(
        f"{checkpoint.path}: the corpus is not that of the checkpoint: "
        f"{', '.join(differences) or 'it has the same words in another order'}"
    )


def check_init(checkpoint: Checkpoint, init_given: bool) -> None:
    """Refuse to resume without the vectors that the run started from: the corpus needs their words.

    Raises:
        ConfigError: they are missing, or given for a run that started without.
    """
    if ("init" in checkpoint.state.history) == init_given:
        return
    what = "the run did not start from vectors; leave out --init"
    if not init_given:
        what = "the run started from vectors; give the same ones by --init"
    raise ConfigError(f"{checkpoint.path}: init: {what}")


def saved_frozen_words(
    checkpoint: Checkpoint, given: np.ndarray | None, size: int
) -> np.ndarray | None:
    """The words that a resumed run leaves alone, (V,) uint8; None if the run trains all.

    Args:
        checkpoint: to resume from.
        given: the words that were asked for; None if none were.
        size: V.

    Raises:
        ConfigError: the checkpoint has other ones.
    """
    saved = checkpoint.arrays.get("frozen_words")
    if saved is not None and _kind(saved) != (np.uint8, (size,)):
        raise ConfigError(f"{checkpoint.path}: frozen_words: does not fit the vocabulary")
    if given is not None and (saved is None or not np.array_equal(saved, given)):
        frozen = 0 if saved is None else int((saved == 1).sum())
        raise ConfigError(
            f"{checkpoint.path}: freeze: {int(given.sum()):,} words, but the checkpoint has "
            f"{f'{frozen:,} other ones' if frozen else 'none'}; leave it out to resume"
        )
    return None if saved is None else np.array(saved)


def check_fit(
    checkpoint: Checkpoint, ours: RunIdentity, trainer: Trainer, callbacks: Callback
) -> None:
    """Refuse a checkpoint whose arrays or blocks do not fit; warn if other software wrote it.

    Raises:
        ConfigError: another version of w2v divides the corpus otherwise, or has other parameters.
    """
    parameters, state = trainer.parameters(), checkpoint.state
    wanted = {
        name: _kind(array) for name, array in (parameters | trainer.optimiser_state()).items()
    }
    saved = {name: _kind(array) for name, array in checkpoint.arrays.items() if name in wanted}
    best = {name: _kind(array) for name, array in checkpoint.best().items()}
    lengths = trainer.config.epochs_, trainer.n_blocks, trainer.corpus.n_words
    theirs = checkpoint.identity.versions
    if (
        (state.n_epochs, state.n_blocks, state.n_words) != lengths
        or saved != wanted
        or (best and best != {name: wanted[name] for name in parameters})
    ):
        raise ConfigError(
            f"{checkpoint.path}: does not fit this version of w2v; it was written by version "
            f"{shown(theirs['w2v'])[1:-1]}"
        )
    others = [
        f"{name} {shown(theirs[name])[1:-1]}"
        for name in ours.versions
        if theirs[name] != ours.versions[name]
    ]
    if others:
        callbacks.on_warning(
            f"{checkpoint.path}: written with {', '.join(others)}; the vectors may differ from "
            "those of the uninterrupted run in their last digits"
        )


def _kind(array: np.ndarray) -> tuple[Any, ...]:
    return array.dtype, array.shape
