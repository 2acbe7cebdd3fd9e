"""Encode text as sentences of word ids.

The text is read once; the ids go to a temporary file, which is memory-mapped.

    read_corpus(paths)       from files, folders, patterns or standard input
    encode_sentences(...)    from Python: lists of words, texts, or rows of a table
    read_shards(...)         from files, in shards, each read where it will be trained
    with_phrases(corpus)     join words that often occur together
    Corpus                   the result: vocabulary, ids, sentence bounds, and what was dropped

`w2v.corpus.subsampling` draws which words are kept and the radius of each window; the kernels and
`w2v.corpus.cooccurrence` form the pairs. The names below are imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.corpus.corpus import MAX_SENTENCE_WORDS, Audit, Corpus
    from w2v.corpus.encoder import with_phrases
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

_MODULE_OF = {
    "MAX_SENTENCE_WORDS": "corpus",
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
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
