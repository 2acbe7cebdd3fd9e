"""What tells two encoded corpora apart."""

from __future__ import annotations

import hashlib

from w2v.corpus.loader import Corpus
from w2v.corpus.sharded_corpus import ShardedCorpus
from w2v.formats.tensor_file import add_to_digest


def fingerprint(corpus: Corpus | ShardedCorpus) -> str:
    """SHA-256 of an encoded corpus: its words, counts, tokens and sentences, in hexadecimal.

    That of a corpus in shards also depends on where they begin.
    """
    if isinstance(corpus, ShardedCorpus):
        return corpus.digest
    digest = hashlib.sha256("\n".join(corpus.vocabulary.words).encode())
    for array in (corpus.vocabulary.counts, corpus.tokens, corpus.sentence_starts):
        add_to_digest(digest, array)
    return digest.hexdigest()
