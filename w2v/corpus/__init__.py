"""Encode text as sentences of word ids: read it once, count words, and map the ids from disk.

    read_corpus(paths)       files, folders, patterns, standard input
    encode_sentences(...)    lists of words, texts or rows in Python
    read_shards(...)         files in shards, each read where it is trained
    with_phrases(corpus)     join frequent pairs of words
    Corpus                   vocabulary, token ids, sentence bounds, and what was dropped

Pairs and windows are drawn by `w2v.corpus.subsampling`. The names below are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.corpus.corpus import Audit, Corpus
    from w2v.corpus.encoder import MAX_SENTENCE_WORDS, with_phrases
    from w2v.corpus.loader import read_corpus
    from w2v.corpus.options import CorpusOptions, TextOptions
    from w2v.corpus.sentences import encode_sentences
    from w2v.corpus.shards import Shard, ShardedCorpus, read_shards

__all__ = [
    "MAX_SENTENCE_WORDS",
    "Audit",
    "Corpus",
    "CorpusOptions",
    "Shard",
    "ShardedCorpus",
    "TextOptions",
    "encode_sentences",
    "read_corpus",
    "read_shards",
    "with_phrases",
]

_HOME_OF = {
    "MAX_SENTENCE_WORDS": "encoder",
    "Audit": "corpus",
    "Corpus": "corpus",
    "CorpusOptions": "options",
    "Shard": "shards",
    "ShardedCorpus": "shards",
    "TextOptions": "options",
    "encode_sentences": "sentences",
    "read_corpus": "loader",
    "read_shards": "shards",
    "with_phrases": "encoder",
}


def __getattr__(name: str) -> object:
    if name in _HOME_OF:
        return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
