"""Training from Python: a corpus and options in, embeddings out.

    train_embeddings(corpus, ...)  ->  Embeddings

Chooses the run for the loss (`w2v.hogwild`, `w2v.full`), reads the corpus, holds some of it out
where `validate` asks for it, and reports to an `Observer`. The command line calls the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from w2v.config import TrainConfig, TrainOptions, make_config, unused
from w2v.corpus import Corpus, encode_sentences, read_corpus
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, CorpusError
from w2v.full import FullRun
from w2v.hogwild import HogwildRun
from w2v.losses import get_loss
from w2v.losses.base import FullLoss, SampledLoss
from w2v.run import Observer, Plan, Progress, Run
from w2v.validation import Validator
from w2v.yardstick import held_out_pairs, split_corpus

__all__ = ["Observer", "Plan", "Progress", "make_run", "resolve", "train_embeddings"]

StrPath = str | os.PathLike[str]


def train_embeddings(
    corpus: StrPath | Sequence[StrPath] | Iterable[Sequence[str]] | Corpus,
    config: TrainConfig | None = None,
    *,
    cache_dir: StrPath | None = None,
    observer: Observer | None = None,
    **options: Unpack[TrainOptions],
) -> Embeddings:
    """Train skip-gram embeddings.

    Args:
        corpus: a path (file, folder, pattern, ``-``), several paths, an iterable of sentences
            (lists of str, read once), or a `Corpus`.
        config: all options; or give single options as keywords, by their names in `TrainConfig`.
        cache_dir: where encoded corpora are kept and reused; for paths only.
        observer: told about progress.

    Returns:
        Center vectors with counts, context vectors, and in `metadata` the configuration, the
        losses by epoch, what became of the text, and the seconds it took; with `validate` also the
        held-out loss by epoch, and which epoch the vectors are from.

    Raises:
        ConfigError, CorpusError: before anything is trained.
        DivergenceError: the loss stopped being finite, or left all bounds.

    >>> sentences = [["paris", "is", "in", "france"], ["rome", "is", "in", "italy"]] * 50
    >>> wv = train_embeddings(sentences, vector_size=8, min_count=1, workers=1)
    >>> len(wv), wv.vectors.shape
    (6, (6, 8))
    """
    if config is None:
        config = make_config(options)
        refuse_unused(options, config.loss)
    elif options:
        raise ConfigError("train_embeddings: expected a config or single options, got both")
    if observer is None:
        observer = Observer()
    config = resolve(config)
    started = time.perf_counter()
    encoded = encode(corpus, config, cache_dir, observer)
    watching = observer
    if config.validate:
        encoded, held_out = split_corpus(encoded, config.validate, config.seed)
        watching = Validator(observer, held_out_pairs(held_out, config), config.patience)
    read_seconds = time.perf_counter() - started
    run = make_run(encoded, config)
    try:
        run.run(watching)
    except KeyboardInterrupt:
        observer.interrupted(run.embeddings(read_seconds))
        raise
    return run.embeddings(read_seconds)


def refuse_unused(options: Mapping[str, Any], loss_name: str) -> None:
    """Refuse options that were given and would be ignored.

    Raises:
        ConfigError: the loss has no use for one of them.
    """
    loss = get_loss(loss_name)
    for name in unused(options, loss.family):
        raise ConfigError(f"{name}: expected an option that {loss.name} uses, got {options[name]}")


def resolve(config: TrainConfig) -> TrainConfig:
    """Fill in the options that depend on the loss, and refuse those that it has no use for.

    Raises:
        ConfigError: a kind of target, or a normaliser, that the loss does not have.
    """
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


def make_run(corpus: Corpus, config: TrainConfig) -> Run:
    """The run that trains this configuration's loss; `config` must have been resolved."""
    loss = get_loss(config.loss)
    if isinstance(loss, SampledLoss):
        return HogwildRun(corpus, config, loss)
    assert isinstance(loss, FullLoss)
    return FullRun(corpus, config, loss)


def encode(
    corpus: Any, config: TrainConfig, cache_dir: StrPath | None, observer: Observer
) -> Corpus:
    """The corpus as `train_embeddings` takes it, encoded with the options of `config`.

    Raises:
        CorpusError: see `w2v.corpus`; or no word has another one beside it.
    """
    encoded = corpus if isinstance(corpus, Corpus) else _encode(corpus, config, cache_dir, observer)
    if encoded.audit.longest_sentence < 2:
        raise CorpusError(
            "corpus: expected sentences of several words, got none with two that are kept "
            f"(one sentence is one line; min_count = {config.min_count})"
        )
    return encoded


def _encode(
    corpus: Any, config: TrainConfig, cache_dir: StrPath | None, observer: Observer
) -> Corpus:
    paths = None
    if isinstance(corpus, (str, os.PathLike)):
        paths = [corpus]
    elif isinstance(corpus, (list, tuple)) and all(
        isinstance(item, (str, os.PathLike)) for item in corpus
    ):
        paths = list(corpus)
    if paths is not None:
        return read_corpus(
            paths,
            min_count=config.min_count,
            max_vocab=config.max_vocab,
            lowercase=config.lowercase,
            encoding_errors=config.encoding_errors,  # type: ignore[arg-type]
            workers=config.workers,
            cache_dir=cache_dir,
            on_progress=observer.reading,
        )
    if cache_dir is not None:
        raise ConfigError("cache_dir: expected a corpus given by paths, got sentences")
    if config.lowercase:
        corpus = ([word.lower() for word in sentence] for sentence in corpus)
    return encode_sentences(corpus, min_count=config.min_count, max_vocab=config.max_vocab)
