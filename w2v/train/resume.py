"""Whether a run may be resumed from a checkpoint: what must be the same, and what may change.

Of the options, only `workers` and `device` may change: they say how to train, not what. If they do,
the vectors are as good as those of the uninterrupted run, but not the same bit for bit. Options
that are not given are taken from the checkpoint. The names of the output file and of the folder are
not part of a run.
"""

from __future__ import annotations

import dataclasses
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
    """The checkpoint to resume from; None for a run that starts from the beginning.

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
        callbacks.on_warning(
            f"{folder.path}: no checkpoint to resume from; starting from the beginning"
        )
        return None
    for problem in problems:
        callbacks.on_warning(f"{problem}; using {checkpoint.path.name} instead")
    return checkpoint


def resumed_config(
    checkpoint: Checkpoint,
    given: Mapping[str, Any],
    resolve: Callable[[TrainConfig], TrainConfig],
) -> TrainConfig:
    """The options of the resumed run: the checkpoint's, and those given that may change.

    Args:
        checkpoint: the checkpoint to resume from.
        given: options by name; None means that an option was not given.
        resolve: `w2v.train.api.resolve`, which this module cannot import.

    Raises:
        ConfigError: another option differs from the checkpoint.
    """
    saved = checkpoint.identity.config
    options = {name: value for name, value in given.items() if value is not None}
    # The saved rate may be a default. Like one, it lowers a `min_lr` that is given without `lr`.
    wanted = resolve(make_config({**dataclasses.asdict(saved), "lr": None, **options}))
    wanted = wanted.with_default_lr(saved.lr_)
    differences = [
        f"{name}={getattr(wanted, name)}, but the checkpoint has {getattr(saved, name)}"
        for name in options
        if name not in _MAY_CHANGE and getattr(wanted, name) != getattr(saved, name)
    ]
    if differences:
        may_change = ", ".join(f"--{name}" for name in _MAY_CHANGE)
        raise ConfigError(
            f"{checkpoint.path}: {'; '.join(differences)}; with --resume only {may_change} may "
            "change"
        )
    return dataclasses.replace(saved, **{name: getattr(wanted, name) for name in _MAY_CHANGE})


def identity_of(config: TrainConfig, corpus: Corpus | ShardedCorpus) -> RunIdentity:
    """The identity of a run with the installed software, as its checkpoints record it."""
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


def check_corpus(
    checkpoint: Checkpoint, current: RunIdentity, corpus: Corpus | ShardedCorpus
) -> None:
    """Refuse to resume with another corpus.

    Args:
        checkpoint: the checkpoint to resume from.
        current: the identity of the resumed run.
        corpus: the corpus of the resumed run.

    Raises:
        CorpusError: the corpus differs from that of the checkpoint; the message says how.
    """
    saved, given = checkpoint.identity.corpus, current.corpus
    if saved == given:
        return
    differences = [
        f"{given[name]:,} {noun} instead of {saved[name]:,}"
        for name, noun in (
            ("words", "words"),
            ("sentences", "sentences"),
            ("vocabulary", "words in the vocabulary"),
        )
        if given[name] != saved[name]
    ]
    old, new = checkpoint.vocabulary().words, corpus.vocabulary.words
    row = next((row for row, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), None)
    if row is not None:
        differences.append(
            f"{shown(new[row])} instead of {shown(old[row])} as word {row + 1} of the vocabulary"
        )
    raise CorpusError(
        f"{checkpoint.path}: the corpus is not that of the checkpoint: "
        f"{', '.join(differences) or 'it has the same words in another order'}"
    )


def check_init(checkpoint: Checkpoint, init_given: bool) -> None:
    """Refuse to resume without the vectors that the run started from: the corpus needs their words.

    Raises:
        ConfigError: they are missing, or given for a run that did not start from vectors.
    """
    if ("init" in checkpoint.state.history) == init_given:
        return
    what = "the run did not start from vectors; leave out --init"
    if not init_given:
        what = "the run started from vectors; give the same ones with --init"
    raise ConfigError(f"{checkpoint.path}: init: {what}")


def saved_frozen_words(
    checkpoint: Checkpoint, given: np.ndarray | None, size: int
) -> np.ndarray | None:
    """The frozen words of a resumed run, (V,) uint8; None if there are none.

    Args:
        checkpoint: the checkpoint to resume from.
        given: the frozen words as given for the resumed run, (V,) uint8; None if not given.
        size: V.

    Raises:
        ConfigError: the checkpoint has other frozen words.
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
    checkpoint: Checkpoint, current: RunIdentity, trainer: Trainer, callbacks: Callback
) -> None:
    """Refuse a checkpoint whose arrays or blocks do not fit; warn if other software wrote it.

    Args:
        checkpoint: the checkpoint to resume from.
        current: the identity of the resumed run.
        trainer: the trainer of the resumed run.
        callbacks: notified of other software versions.

    Raises:
        ConfigError: the arrays or the blocks do not fit, because another version of w2v divided the
            corpus differently or had other parameters.
    """
    parameters, state = trainer.parameters(), checkpoint.state
    wanted = {
        name: _kind(array) for name, array in (parameters | trainer.optimiser_state()).items()
    }
    saved = {name: _kind(array) for name, array in checkpoint.arrays.items() if name in wanted}
    best = {name: _kind(array) for name, array in checkpoint.best().items()}
    lengths = trainer.config.epochs_, trainer.n_blocks, trainer.corpus.n_words
    versions = checkpoint.identity.versions
    if (
        (state.n_epochs, state.n_blocks, state.n_words) != lengths
        or saved != wanted
        or (best and best != {name: wanted[name] for name in parameters})
    ):
        raise ConfigError(
            f"{checkpoint.path}: does not fit this version of w2v; it was written by version "
            f"{shown(versions['w2v'])[1:-1]}"
        )
    other_versions = [
        f"{name} {shown(versions[name])[1:-1]}"
        for name in current.versions
        if versions[name] != current.versions[name]
    ]
    if other_versions:
        callbacks.on_warning(
            f"{checkpoint.path}: written with {', '.join(other_versions)}; the vectors may differ "
            "from those of the uninterrupted run in their last digits"
        )


def _kind(array: np.ndarray) -> tuple[Any, ...]:
    return array.dtype, array.shape
