"""What training in shards asks of a corpus and of options, and the engine that does it, by name.

Refuses what needs the whole corpus in one place. `w2v.train.api` decides when to ask.
"""

from __future__ import annotations

from typing import Any

from w2v.config import TrainConfig
from w2v.corpus import Corpus, ShardedCorpus, read_shards
from w2v.corpus.options import corpus_options
from w2v.corpus.sources import given_paths
from w2v.embeddings import Embeddings
from w2v.engines.base import Engine
from w2v.engines.local import LocalEngine
from w2v.errors import ConfigError, CorpusError
from w2v.losses import get_loss
from w2v.train.run import Observer
from w2v.util.files import StrPath

ENGINES = ("local", "ray")


def refuse_indivisible(config: TrainConfig) -> None:
    """Refuse to train the full softmax in rounds.

    Raises:
        ConfigError: that was asked for.
    """
    if config.deterministic and get_loss(config.loss).family != "sampled":
        raise ConfigError(
            f"loss: expected a sampled loss with deterministic or the engine ray, got {config.loss}"
            ", each of whose steps changes every context vector: shards would exchange all of them"
        )


def refuse_undivided(
    corpus: Any, cache_dir: StrPath | None, old: Embeddings | None, config: TrainConfig
) -> list[StrPath]:
    """The paths of a corpus that is to be trained in shards.

    Raises:
        ConfigError: the corpus is not given by paths, or something was asked for that needs the
            whole corpus in one place.
    """
    paths = given_paths(corpus)
    if paths is None:
        raise ConfigError("deterministic: expected a corpus given by paths, got sentences")
    needs_whole = {
        "cache_dir": (cache_dir, None), "init": (old, None), "validate": (config.validate, 0.0)
    }  # fmt: skip
    for name, (value, unset) in needs_whole.items():
        if value != unset:
            raise ConfigError(
                f"{name}: expected none with deterministic or the engine ray, for no process has "
                "the whole corpus, got one"
            )
    return paths


def make_engine(name: str, workers: int, address: str | None) -> Engine:
    """The engine of that name.

    Raises:
        ConfigError: Ray is not installed.
        W2VError: there is no cluster at that address.
    """
    if name == "local":
        return LocalEngine(workers)
    from w2v.engines.ray_cluster import RayEngine

    return RayEngine(workers, address)


def encode_shards(
    engine: Engine, paths: list[StrPath], config: TrainConfig, observer: Observer
) -> ShardedCorpus:
    """The corpus in shards.

    Raises:
        CorpusError: see `w2v.corpus.shards`; or no word has another one beside it.
    """
    if config.shards < engine.all_threads:
        observer.warning(
            f"{config.shards} shards keep {config.shards} of {engine.all_threads} threads busy: "
            "more shards would train faster, to another result"
        )
    corpus = read_shards(
        engine,
        paths,
        config.shards,
        on_progress=observer.reading,
        on_warning=observer.warning,
        **corpus_options(config),
    )
    refuse_lonely(corpus, config.min_count)
    return corpus


def refuse_lonely(corpus: Corpus | ShardedCorpus, min_count: int) -> None:
    """Refuse a corpus in which no word has another one beside it.

    Raises:
        CorpusError: it is one.
    """
    if corpus.audit.longest_sentence < 2:
        raise CorpusError(
            "corpus: expected sentences of several words, got none with two that are kept "
            f"(one sentence is one line; min_count = {min_count})"
        )
