"""Text to sentences of word ids: read once, counted, encoded, and mapped from disk afterwards.

    read_corpus(paths)      files, folders, patterns, standard input
    read_shards(engine, paths, count)   the same files in shards, each where it will be trained
    encode_sentences(lists) an iterable of lists of words
    Corpus                  vocabulary, token ids, sentence bounds, and an audit of what was dropped

Does not draw pairs, windows or noise: that is `w2v.corpus.subsampling`.
"""

from w2v.corpus.loader import MAX_SENTENCE_WORDS, Audit, Corpus, encode_sentences, read_corpus
from w2v.corpus.shards import Shard, ShardedCorpus, read_shards

__all__ = [
    "MAX_SENTENCE_WORDS",
    "Audit",
    "Corpus",
    "Shard",
    "ShardedCorpus",
    "encode_sentences",
    "read_corpus",
    "read_shards",
]
