"""Training from Python: a corpus and options in, embeddings out.

    train_embeddings(corpus, ...)  ->  Embeddings

Checks the options, reads the corpus, and hands both to a `w2v.train.loop.Run`. The command line
calls the same function.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any, Literal, Unpack

import numpy as np

from w2v.config import (
    ENGINES,
    Checkpoints,
    TrainConfig,
    TrainOptions,
    make_config,
    rounds_options,
    unused_options,
    with_current_names,
)
from w2v.corpus import Corpus, ShardedCorpus, encode_sentences, read_corpus, read_shards
from w2v.corpus.options import corpus_options
from w2v.corpus.sources import given_paths
from w2v.corpus.subsampling import keep_probs
from w2v.embeddings import Embeddings, load
from w2v.engines.base import Engine
from w2v.engines.local import LocalEngine
from w2v.errors import ConfigError, CorpusError, shown
from w2v.held_out import held_out_pairs, split_corpus
from w2v.losses import get_loss
from w2v.losses.base import FullLoss, SampledLoss
from w2v.numerics.jit import numba_config
from w2v.train.callbacks import Callback, CallbackList
from w2v.train.checkpoint import CheckpointFolder
from w2v.train.checkpoint_writer import CheckpointWriter
from w2v.train.loop import Run
from w2v.train.progress import Log, progress_bar
from w2v.train.resume import (
    check_corpus,
    check_fit,
    check_init,
    find_checkpoint,
    identity_of,
    resumed_config,
    saved_frozen_words,
)
from w2v.train.rounds import RoundsTrainer
from w2v.train.sampled import SampledTrainer
from w2v.train.schedule import default_lr
from w2v.train.softmax import SoftmaxTrainer
from w2v.train.trainer import Trainer
from w2v.train.validation import Validation
from w2v.train.warm_start import check_size, frozen_rows, with_old_words, words_to_freeze
from w2v.util.files import StrPath, check_folder
from w2v.util.signals import interrupts_kept

LITTLE_WORDS = 50_000
"""With fewer words left by subsampling, over all epochs, vectors barely leave their initial values.
"""


def train_embeddings(
    corpus: StrPath | Sequence[StrPath] | Iterable[Any] | Corpus,
    config: TrainConfig | None = None,
    *,
    callbacks: Sequence[Callback] = (),
    progress: bool | Literal["auto"] = "auto",
    init: StrPath | Embeddings | None = None,
    freeze: StrPath | Iterable[str] | None = None,
    checkpoint: StrPath | Checkpoints | None = None,
    cache_dir: StrPath | None = None,
    engine: str = "local",
    address: str | None = None,
    **options: Unpack[TrainOptions],
) -> Embeddings:
    """Train skip-gram embeddings.

    Args:
        corpus: a path (file, folder, pattern, ``-``), or several; a `Corpus`, whose options for
            reading text apply; an iterable that is read once: of lists of words, of texts, or, with
            `text_column`, of mappings; or a pandas DataFrame.
        config: all options. Alternatively, give options as keyword arguments, with their names in
            `TrainConfig`.
        callbacks: notified of progress and other events; see `w2v.train.callbacks.Callback`.
        progress: whether to show a progress bar: True, False, or ``auto``, which shows one on
            terminals and in notebooks. Events are also logged, under the name ``w2v`` at level
            INFO.
        init: vectors to continue training on this corpus; see `w2v.train.warm_start`. Their size is
            the default of `vector_size`.
        freeze: words, or the path of a file with one word per line, whose center vectors keep
            exactly their values in `init` while all others are trained. A resumed run takes them
            from its checkpoint.
        checkpoint: a folder for checkpoints of the whole state, created if necessary, or a
            `w2v.Checkpoints`, which also says how often to write them, whether to resume, and how
            often to back off after a divergence. Only one run at a time may use a folder.
        cache_dir: a folder in which to cache encoded corpora; only for a corpus given by paths.
        engine: where to train: ``local``, or ``ray``, which needs the extra `w2v[ray]`. On Ray, as
            with the option `deterministic`, the corpus must be plain text files, given by paths or
            URLs.
        address: address of the Ray cluster, ``auto`` or ``host:port``; None starts a cluster for
            this run on this machine, unless the environment variable RAY_ADDRESS is set.

    Returns:
        The center vectors, with counts and context vectors. Their `metadata` holds, as JSON under
        the key ``training``, the configuration, the loss of each epoch, statistics of the text and
        the seconds it took; with `validate`, also the held-out loss of each epoch and the epoch
        that the vectors are from.

    Raises:
        ConfigError, CorpusError, FormatError, OutputError: an argument, an option, a file or the
            output folder cannot be used; raised before training. After training, a CorpusError if
            subsampling left no pair of words.
        DivergenceError: the loss is not finite, or has grown beyond all bounds.
        KeyboardInterrupt: Ctrl-C. Its attribute `embeddings` has the vectors so far, if training
            had begun.

    >>> sentences = [["paris", "is", "in", "france"], ["rome", "is", "in", "italy"]] * 50
    >>> wv = train_embeddings(sentences, vector_size=8, min_count=1, workers=1)
    >>> len(wv), wv.vectors.shape
    (6, (6, 8))
    """
    if config is not None and options:
        raise ConfigError("train_embeddings: give a config or single options, not both")
    _check_types(config, callbacks, progress, init, checkpoint, cache_dir)
    if engine not in ENGINES:
        raise ConfigError(f"engine: {shown(engine)} is neither {' nor '.join(ENGINES)}")
    if address is not None and engine == "local":
        raise ConfigError(
            f"address: {shown(address)} needs the engine ray, but the engine is local"
        )
    if engine != "local":
        if options.get("deterministic") is False:
            raise ConfigError(f"deterministic: the engine {engine} is always deterministic")
        options["deterministic"] = True
        config = config and dataclasses.replace(config, deterministic=True)
    named = with_current_names(options)
    given = named if config is None else dataclasses.asdict(resolve(config))
    chosen = named.keys() if config is None else _changed(config)
    if checkpoint is not None and not isinstance(checkpoint, Checkpoints):
        checkpoint = Checkpoints(checkpoint)
    callbacks = [Log(), *progress_bar(progress, callbacks), *callbacks]
    callback_list = CallbackList(callbacks)
    with ExitStack() as stack:
        stack.callback(callback_list.on_end)
        stack.enter_context(interrupts_kept())
        folder = start = None
        if checkpoint is not None:
            check_folder(checkpoint.folder)
            folder = stack.enter_context(CheckpointFolder(checkpoint.folder))
            start = find_checkpoint(folder, checkpoint.resume, callback_list)
        old = load(init) if isinstance(init, (str, os.PathLike)) else init
        if old is not None and isinstance(old.vectors, np.memmap):  # all others have been checked
            old.check_finite("init")
        to_freeze = None if freeze is None else words_to_freeze(freeze, old, callback_list)
        if start is not None:
            check_init(start, old is not None)
            config = resumed_config(start, given, resolve)
        elif config is None:
            if old is not None:
                given.setdefault("vector_size", old.vector_size)
            config = make_config(given)
        if start is None:
            refuse_unused(chosen, config)
        config = resolve(config)
        if isinstance(corpus, Corpus):
            config = as_read(config, corpus, chosen, cache_dir, continues=old is not None)
        has_frozen_words = to_freeze is not None or (
            start is not None and "frozen_words" in start.arrays
        )
        if has_frozen_words and config.device == "cuda":
            raise ConfigError("device=cuda: cannot be combined with freeze")

        started = time.perf_counter()
        encoded: Corpus | ShardedCorpus
        task_engine: Engine | None = None
        if config.deterministic:
            paths = paths_for_shards(corpus, cache_dir, old, config)
            task_engine = make_engine(engine, config.workers, address)
            stack.callback(task_engine.close)
            encoded = encode_shards(task_engine, paths, config, callback_list)
        else:
            encoded = encode(corpus, config, cache_dir, callback_list, old)
        config = resolve_lr(config, encoded.n_words)
        frozen = None if to_freeze is None else frozen_rows(to_freeze, encoded.vocabulary)
        writer = None
        if folder is not None and checkpoint is not None:
            identity = identity_of(config, encoded)
            if start is not None:
                check_corpus(start, identity, encoded)
                frozen = saved_frozen_words(start, frozen, len(encoded.vocabulary))
            writer = CheckpointWriter(folder, checkpoint.interval, identity, checkpoint.output)
            stack.callback(writer.close)
        if config.sample and not {"sample", "epochs", "min_count"} & chosen:
            _warn_of_little_text(encoded, config, callback_list)
        validation = None
        if config.validate:
            assert isinstance(encoded, Corpus)
            encoded, held_out = split_corpus(encoded, config.validate, config.seed)
            validation = Validation(held_out_pairs(held_out, config), config.patience)

        read_seconds = time.perf_counter() - started
        run = Run(
            make_trainer(encoded, config, task_engine, frozen), callbacks, init=old,
            validation=validation, checkpoints=writer, read_seconds=read_seconds,
        )  # fmt: skip
        if start is not None:
            check_fit(start, identity, run.trainer, callback_list)
            callback_list.on_resume(start.state.progress, os.fspath(start.path))
            run.restore(start)
            history = run.state.history
            before = history.get("resumed_at_words", [])
            history["resumed_at_words"] = [*before, run.state.words_done]
        run.train(0 if checkpoint is None else checkpoint.back_off)
        if not run.epoch_losses:
            raise CorpusError(
                f"corpus: subsampling of {encoded.n_words:,} words left no pair of words to train "
                "on; use --sample 0, or more text"
            )
        return run.embeddings()


# --- arguments and trainers -----------------------------------------------------------------------


def _check_types(
    config: object, callbacks: object, progress: object, init: object, checkpoint: object,
    cache_dir: object,
) -> None:  # fmt: skip
    """Refuse arguments of the wrong type, before they fail deep inside.

    Raises:
        ConfigError: the message names the argument.
    """
    paths = str, os.PathLike
    expected: list[tuple[str, object, tuple[type, ...], str]] = [
        ("config", config, (TrainConfig,), "a w2v.TrainConfig"),
        ("init", init, (*paths, Embeddings), "a path or w2v.Embeddings"),
        ("checkpoint", checkpoint, (*paths, Checkpoints), "a folder or w2v.Checkpoints"),
        ("cache_dir", cache_dir, paths, "a folder"),
    ]
    for name, value, kinds, what in expected:
        if value is not None and not isinstance(value, kinds):
            raise ConfigError(f"{name}: expected {what}, got {shown(value)}")
    if not (isinstance(progress, bool) or progress == "auto"):
        raise ConfigError(f"progress: expected True, False or 'auto', got {shown(progress)}")
    if not isinstance(callbacks, Sequence):
        raise ConfigError(f"callbacks: expected a list of w2v.Callback, got {shown(callbacks)}")
    for callback in callbacks:
        if not isinstance(callback, Callback):
            raise ConfigError(f"callbacks: expected a w2v.Callback, got {shown(callback)}")


def make_trainer(
    corpus: Corpus | ShardedCorpus,
    config: TrainConfig,
    engine: Engine | None = None,
    frozen_words: np.ndarray | None = None,
) -> Trainer:
    """Make the trainer for a corpus and the loss of a configuration.

    Args:
        corpus: what to train on.
        config: the options, filled in by `resolve`.
        engine: the engine that has the shards, for a `ShardedCorpus`.
        frozen_words: (V,) uint8, 1 for words whose center vectors are frozen. Not for a
            `ShardedCorpus`, and not on a GPU.
    """
    config = resolve_lr(config, corpus.n_words)
    loss = get_loss(config.loss)
    if isinstance(corpus, ShardedCorpus):
        assert engine is not None
        assert isinstance(loss, SampledLoss)
        return RoundsTrainer(corpus, config, loss, engine)
    if isinstance(loss, SampledLoss):
        if config.device == "cuda":
            from w2v.train.cuda import CudaTrainer

            return CudaTrainer(corpus, config, loss)
        return SampledTrainer(corpus, config, loss, frozen_words)
    assert isinstance(loss, FullLoss)
    return SoftmaxTrainer(corpus, config, loss, frozen_words)


def make_run(
    corpus: Corpus | ShardedCorpus, config: TrainConfig, callbacks: Sequence[Callback] = ()
) -> Run:
    """Make a run without validation and checkpoints; `config` must be filled in by `resolve`."""
    return Run(make_trainer(corpus, config), callbacks)


def make_engine(name: str, workers: int, address: str | None) -> Engine:
    """Make an engine.

    Args:
        name: one of `w2v.config.ENGINES`.
        workers: number of threads, on a cluster per task.
        address: see `train_embeddings`.

    Raises:
        ConfigError: Ray is not installed.
        W2VError: no cluster answers at the address.
    """
    if name == "local":
        return LocalEngine(workers)
    from w2v.engines.ray_cluster import RayEngine

    return RayEngine(workers, address)


# --- options --------------------------------------------------------------------------------------


def resolve(config: TrainConfig) -> TrainConfig:
    """Fill in the options that depend on the loss, and refuse those that it does not support.

    The default learning rate also depends on the corpus: see `resolve_lr`.

    Raises:
        ConfigError: the loss does not have this kind of target or no normaliser to learn, or it
            cannot be trained in rounds or on this device.
    """
    _refuse_rounds_of_full_losses(config)
    loss = get_loss(config.loss)
    targets = next(iter(loss.targets)) if config.targets is None else config.targets
    defaults = loss.targets.get(targets)
    if defaults is None:
        kinds = " or ".join(loss.targets)
        raise ConfigError(f"targets: {loss.name} has {kinds} targets, not {targets!r}")
    filled = config.with_defaults(
        epochs=defaults.epochs, targets=targets, output_bias=loss.output_bias
    )
    if config.learn_normaliser and not getattr(loss, "learns_normalisers", False):
        raise ConfigError(f"learn_normaliser: {loss.name} has no normaliser to learn")
    if config.device == "cuda":
        _refuse_on_gpu(filled, loss)
    return filled


def resolve_lr(config: TrainConfig, n_words: int) -> TrainConfig:
    """Fill in the default learning rate for a corpus of this many words, if `lr` is None."""
    assert config.targets is not None
    loss = get_loss(config.loss)
    return config.with_default_lr(default_lr(loss, config.targets, config.epochs_, n_words))


def _refuse_on_gpu(config: TrainConfig, loss: SampledLoss | FullLoss) -> None:
    """Refuse configurations that cannot be trained on a GPU, and machines that have none.

    Raises:
        ConfigError: the message says what is wrong or missing.
    """
    if not isinstance(loss, SampledLoss) or loss.entry is None:
        raise ConfigError(f"device=cuda: {loss.name} can only be trained on the CPU")
    if config.deterministic:
        raise ConfigError("device=cuda: cannot be combined with deterministic or the engine ray")
    if find_spec("numba_cuda") is None and not numba_config.ENABLE_CUDASIM:
        raise ConfigError("device=cuda: needs the extra w2v[cuda]: pip install 'w2v[cuda]'")
    from w2v.train.cuda import refuse_unfit  # here, because it imports the packages for GPUs

    refuse_unfit(config)


def refuse_unused(options: Iterable[str], config: TrainConfig) -> None:
    """Refuse options that were given and would be ignored.

    Raises:
        ConfigError: the loss does not use one of them, or only training in rounds does.
    """
    loss = get_loss(config.loss)
    _refuse_rounds_of_full_losses(config)
    for name in unused_options(options, loss.family):
        raise ConfigError(f"{name}: {loss.name} does not use this option; leave it out")
    if not config.deterministic:
        for name in rounds_options(name for name in options if name != "deterministic"):
            raise ConfigError(f"{name}: only used with deterministic or the engine ray")


def _refuse_rounds_of_full_losses(config: TrainConfig) -> None:
    """Refuse to train the full softmax in rounds.

    Raises:
        ConfigError: the configuration asks for it.
    """
    if config.deterministic and get_loss(config.loss).family != "sampled":
        raise ConfigError(
            f"loss: {config.loss} cannot be trained with deterministic or the engine ray, because "
            "each step changes all context vectors; use a sampled loss"
        )


# --- the corpus -----------------------------------------------------------------------------------


def as_read(
    config: TrainConfig,
    corpus: Corpus,
    given: Collection[str],
    cache_dir: StrPath | None,
    *,
    continues: bool,
) -> TrainConfig:
    """The configuration, with the options for reading text with which a corpus was read.

    Args:
        config: the options.
        corpus: the corpus.
        given: the options that the user gave.
        cache_dir: see `train_embeddings`.
        continues: whether the run continues the training of vectors, in which case `min_count` and
            `max_vocab` choose among the new words.

    Raises:
        ConfigError: an option would be ignored, or the corpus lacks words that the run needs.
    """
    if cache_dir is not None:
        raise ConfigError("cache_dir: the corpus has been read; leave it out")
    read: dict[str, Any] = dict(corpus_options(corpus.options))
    if continues:
        for name, needed in (("min_count", 1), ("max_vocab", None)):
            if read.pop(name) != needed:
                raise ConfigError(
                    f"init: needs a corpus read with {name}={needed}, so that it has all old words"
                )
    for name, value in read.items():
        if name in given and getattr(config, name) != value:
            raise ConfigError(
                f"{name}: the corpus has been read with {name}={value!r}; leave it out, or read "
                "the corpus again"
            )
    return dataclasses.replace(config, **read)


def encode(
    corpus: Any,
    config: TrainConfig,
    cache_dir: StrPath | None,
    callbacks: Callback,
    old: Embeddings | None = None,
) -> Corpus:
    """Encode a corpus, in any of the forms that `train_embeddings` takes.

    Args:
        corpus, cache_dir: see `train_embeddings`.
        config: the options.
        callbacks: notified of how much has been read.
        old: vectors to start from, whose words the vocabulary will include.

    Raises:
        ConfigError: the size of `old` is not `vector_size`, or `cache_dir` is given with sentences.
        CorpusError: see `w2v.corpus`; a `Corpus` is not consistent; or no sentence has two words.
    """
    read_config = config
    if old is not None:
        check_size(old, config.vector_size)
        read_config = dataclasses.replace(config, min_count=1, max_vocab=None)
    encoded: Corpus
    if isinstance(corpus, Corpus):
        encoded = corpus
        fault = corpus.fault()
        if fault is not None:
            raise CorpusError(f"corpus: {fault}")
    else:
        encoded = _encode(corpus, read_config, cache_dir, callbacks)
    if old is not None:
        encoded = with_old_words(encoded, old, config.min_count, config.max_vocab)
    _refuse_one_word_sentences(encoded, config.min_count)
    return encoded


def _encode(
    corpus: Any, config: TrainConfig, cache_dir: StrPath | None, callbacks: Callback
) -> Corpus:
    options = corpus_options(config)
    paths = given_paths(corpus, config.tokenize)
    if paths is not None:
        return read_corpus(
            paths,
            workers=config.workers,
            cache_dir=cache_dir,
            on_progress=callbacks.on_read,
            on_warning=callbacks.on_warning,
            **options,
        )
    if cache_dir is not None:
        raise ConfigError("cache_dir: needs a corpus given by paths, not sentences")
    return encode_sentences(corpus, **options)


def paths_for_shards(
    corpus: Any, cache_dir: StrPath | None, old: Embeddings | None, config: TrainConfig
) -> list[StrPath]:
    """The paths of a corpus to train on in shards.

    Raises:
        ConfigError: the corpus is not given by paths, or an option needs all of it in one place.
    """
    paths = given_paths(corpus)
    if paths is None:
        raise ConfigError("deterministic: needs a corpus given by paths, not sentences")
    needs_whole = {
        "cache_dir": (cache_dir, None), "init": (old, None), "validate": (config.validate, 0.0)
    }  # fmt: skip
    for name, (value, unset) in needs_whole.items():
        if value != unset:
            raise ConfigError(
                f"{name}: cannot be combined with deterministic or the engine ray, where no "
                "process has the whole corpus"
            )
    return paths


def encode_shards(
    engine: Engine, paths: list[StrPath], config: TrainConfig, callbacks: Callback
) -> ShardedCorpus:
    """Read and encode a corpus in shards.

    Raises:
        CorpusError: see `w2v.corpus.shards`; or no sentence has two words.
    """
    if config.shards < engine.all_threads:
        callbacks.on_warning(
            f"shards={config.shards} keeps only {config.shards} of {engine.all_threads} threads "
            "busy; more shards would be faster, but change the vectors"
        )
    corpus = read_shards(
        engine,
        paths,
        config.shards,
        on_progress=callbacks.on_read,
        on_warning=callbacks.on_warning,
        **corpus_options(config),
    )
    _refuse_one_word_sentences(corpus, config.min_count)
    return corpus


def _changed(config: TrainConfig) -> set[str]:
    """The options that do not have their default."""
    return {spec.name for spec in dataclasses.fields(config)
            if getattr(config, spec.name) != spec.default}  # fmt: skip


def _warn_of_little_text(
    corpus: Corpus | ShardedCorpus, config: TrainConfig, callbacks: Callback
) -> None:
    """Warn if the defaults leave too little to train on."""
    counts = corpus.vocabulary.text_counts
    kept = float((counts * keep_probs(counts, config.sample)).sum())
    if kept * config.epochs_ < LITTLE_WORDS:
        callbacks.on_warning(
            f"little text: subsampling keeps about {kept:,.0f} of {corpus.n_words:,} words, too "
            "few to learn from; try --sample 0 --epochs 50 --min-count 1"
        )


def _refuse_one_word_sentences(corpus: Corpus | ShardedCorpus, min_count: int) -> None:
    """Refuse a corpus in which no sentence has two words.

    Raises:
        CorpusError: every sentence has a single word.
    """
    if corpus.audit.longest_sentence < 2:
        raise CorpusError(
            f"corpus: no sentence has two words that occur at least min_count={min_count} times "
            "(one line is one sentence)"
        )
