"""Training from Python: a corpus and options in, embeddings out.

    train_embeddings(corpus, ...)  ->  Embeddings

Checks what was asked for, reads the corpus, and hands both to `w2v.train.session`. The command line
calls the same.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Unpack

from w2v.config import DEFAULT_INTERVAL, TrainConfig, TrainOptions, make_config, of_rounds, unused
from w2v.corpus import Corpus, ShardedCorpus, encode_sentences, read_corpus
from w2v.corpus.options import corpus_options
from w2v.corpus.sources import given_paths
from w2v.embeddings import Embeddings, load
from w2v.engines.base import Engine
from w2v.errors import ConfigError, shown
from w2v.losses import get_loss
from w2v.train.checkpoint_folder import CheckpointFolder, parse_interval
from w2v.train.divided import (
    ENGINES,
    encode_shards,
    make_engine,
    refuse_indivisible,
    refuse_lonely,
    refuse_undivided,
)
from w2v.train.resume import check_init, find_checkpoint, resumed_config
from w2v.train.run import Observer, Plan, Progress
from w2v.train.session import Session, make_run
from w2v.train.warm_start import check_size, grown
from w2v.util.files import StrPath, check_folder
from w2v.util.signals import interrupts_kept

__all__ = ["Observer", "Plan", "Progress", "make_run", "resolve", "train_embeddings"]

MAX_BACK_OFF = 20
"""Half the rate so often is a millionth of it."""


def train_embeddings(
    corpus: StrPath | Sequence[StrPath] | Iterable[Sequence[str]] | Corpus,
    config: TrainConfig | None = None,
    *,
    cache_dir: StrPath | None = None,
    observer: Observer | None = None,
    init: StrPath | Embeddings | None = None,
    checkpoint: StrPath | None = None,
    checkpoint_every: str = DEFAULT_INTERVAL,
    resume: bool = False,
    back_off: int = 0,
    engine: str = "local",
    address: str | None = None,
    **options: Unpack[TrainOptions],
) -> Embeddings:
    """Train skip-gram embeddings.

    Args:
        corpus: a path (file, folder, pattern, ``-``), several paths, an iterable of sentences
            (lists of str, read once), or a `Corpus`.
        config: all options; or give single options as keywords, by their names in `TrainConfig`.
        cache_dir: where encoded corpora are kept and reused; for paths only.
        observer: told about progress.
        init: vectors to go on from, with a new corpus: see `w2v.train.warm_start`. Their size is
            the default of `vector_size`.
        checkpoint: a folder, made if need be, where the whole state is kept: every
            `checkpoint_every`, at the end, and after Ctrl-C (KeyboardInterrupt). One run at a time
            may use it.
        checkpoint_every: ``10m``, ``90s``, ``2h``, or ``5%`` of the run.
        resume: go on from the newest whole checkpoint in that folder, or begin if there is none.
            Needs the same corpus; options that are not given are the checkpoint's, and only
            `workers` may differ. With one worker, on the same machine and with the same versions,
            the vectors are those of the uninterrupted run, bit for bit.
        back_off: where the loss diverges, go back to the last checkpoint (or the beginning) and go
            on at half the learning rate, at most so often in a run.
        engine: where to train: ``local``, or ``ray``, which needs the extra `w2v[ray]`. On Ray, as
            with the option `deterministic`, the corpus must be plain text files, by paths or URLs.
        address: of the Ray cluster, ``auto`` or ``host:port``; None starts one for this run on
            this machine, unless the variable RAY_ADDRESS is set.

    Returns:
        Center vectors with counts, context vectors, and in `metadata` the configuration, the
        losses by epoch, what became of the text, and the seconds it took; with `validate` also the
        held-out loss by epoch, and which epoch the vectors are from.

    Raises:
        ConfigError, CorpusError, OutputError: before anything is trained.
        DivergenceError: the loss stopped being finite, or left all bounds.

    >>> sentences = [["paris", "is", "in", "france"], ["rome", "is", "in", "italy"]] * 50
    >>> wv = train_embeddings(sentences, vector_size=8, min_count=1, workers=1)
    >>> len(wv), wv.vectors.shape
    (6, (6, 8))
    """
    if config is not None and options:
        raise ConfigError("train_embeddings: expected a config or single options, got both")
    if checkpoint is None and (resume or back_off):
        name = "resume" if resume else "back_off"
        raise ConfigError(f"{name}: expected a folder of checkpoints, got none")
    if not 0 <= back_off <= MAX_BACK_OFF:
        raise ConfigError(f"back_off: expected 0 to {MAX_BACK_OFF}, got {back_off}")
    interval = parse_interval(checkpoint_every)
    if engine not in ENGINES:
        raise ConfigError(f"engine: expected {' or '.join(ENGINES)}, got {shown(engine)}")
    if address is not None and engine == "local":
        raise ConfigError(f"address: expected the engine ray, got {shown(address)} for local")
    if observer is None:
        observer = Observer()
    if engine != "local":
        if options.get("deterministic") is False:
            raise ConfigError(f"deterministic: expected true with the engine {engine}, got false")
        options["deterministic"] = True
        config = config and dataclasses.replace(config, deterministic=True)
    given = dict(options) if config is None else dataclasses.asdict(resolve(config))
    with ExitStack() as stack:
        stack.enter_context(interrupts_kept())
        folder = start = None
        if checkpoint is not None:
            check_folder(checkpoint)
            folder = stack.enter_context(CheckpointFolder(checkpoint))
            start = find_checkpoint(folder, resume, observer)
        old = load(init) if isinstance(init, (str, os.PathLike)) else init
        if start is not None:
            check_init(start, old is not None)
            config = resumed_config(start, given, resolve)
        elif config is None:
            if old is not None:
                given.setdefault("vector_size", old.vector_size)
            config = make_config(given)
            refuse_unused(options, config)
        config = resolve(config)
        started = time.perf_counter()
        encoded: Corpus | ShardedCorpus
        tasks: Engine | None = None
        if config.deterministic:
            paths = refuse_undivided(corpus, cache_dir, old, config)
            tasks = make_engine(engine, config.workers, address)
            stack.callback(tasks.close)
            encoded = encode_shards(tasks, paths, config, observer)
        else:
            encoded = encode(corpus, config, cache_dir, observer, old)
        session = Session(encoded, config, observer, old, start, folder, interval, tasks)
        stack.callback(session.close)
        return session.train(back_off, time.perf_counter() - started)


def refuse_unused(options: Mapping[str, Any], config: TrainConfig) -> None:
    """Refuse options that were given and would be ignored.

    Raises:
        ConfigError: the loss has no use for one of them, or only a run in rounds has.
    """
    loss = get_loss(config.loss)
    refuse_indivisible(config)
    for name in unused(options, loss.family):
        raise ConfigError(f"{name}: expected an option that {loss.name} uses, got {options[name]}")
    if not config.deterministic:
        for name in of_rounds(name for name in options if name != "deterministic"):
            raise ConfigError(
                f"{name}: expected it with deterministic or the engine ray, got {options[name]} "
                "without"
            )


def resolve(config: TrainConfig) -> TrainConfig:
    """Fill in the options that depend on the loss, and refuse those that it has no use for.

    Raises:
        ConfigError: a kind of target, or a normaliser, that the loss does not have.
    """
    refuse_indivisible(config)
    loss = get_loss(config.loss)
    targets = next(iter(loss.targets)) if config.targets is None else config.targets
    defaults = {str(kind): default for kind, default in loss.targets.items()}.get(targets)
    if defaults is None:
        kinds = " or ".join(loss.targets)
        raise ConfigError(f"targets: expected {kinds} with {loss.name}, got {targets!r}")
    filled = config.with_defaults(
        lr=defaults.lr, epochs=defaults.epochs, targets=targets, output_bias=loss.output_bias
    )
    if config.learn_normaliser and not getattr(loss, "learns_normalisers", False):
        raise ConfigError(f"learn_normaliser: expected a loss that has one, got {loss.name}")
    return filled


def encode(
    corpus: Any,
    config: TrainConfig,
    cache_dir: StrPath | None,
    observer: Observer,
    old: Embeddings | None = None,
) -> Corpus:
    """The corpus as `train_embeddings` takes it, encoded with the options of `config`.

    With `old` vectors to go on from, in their vocabulary and the new words.

    Raises:
        CorpusError: see `w2v.corpus`; or no word has another one beside it.
    """
    if old is not None:
        check_size(old, config.vector_size)
        every_word = dataclasses.replace(config, min_count=1, max_vocab=None)
        whole = encode(corpus, every_word, cache_dir, observer)
        return grown(whole, old, config.min_count, config.max_vocab)
    encoded = corpus if isinstance(corpus, Corpus) else _encode(corpus, config, cache_dir, observer)
    refuse_lonely(encoded, config.min_count)
    return encoded


def _encode(
    corpus: Any, config: TrainConfig, cache_dir: StrPath | None, observer: Observer
) -> Corpus:
    options = corpus_options(config)
    paths = given_paths(corpus, config.tokenize)
    if paths is not None:
        return read_corpus(
            paths,
            workers=config.workers,
            cache_dir=cache_dir,
            on_progress=observer.reading,
            on_warning=observer.warning,
            **options,
        )
    if cache_dir is not None:
        raise ConfigError("cache_dir: expected a corpus given by paths, got sentences")
    return encode_sentences(corpus, **options)
