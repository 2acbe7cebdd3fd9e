"""What tells two encoded corpora apart."""

from __future__ import annotations

import hashlib

from w2v.corpus.loader import Corpus
from w2v.tensorfile import add_to_digest


def fingerprint(corpus: Corpus) -> str:
    """SHA-256 of an encoded corpus: its words, counts, tokens and sentences, in hexadecimal."""
    digest = hashlib.sha256("\n".join(corpus.vocabulary.words).encode())
    for array in (corpus.vocabulary.counts, corpus.tokens, corpus.sentence_starts):
        add_to_digest(digest, array)
    return digest.hexdigest()
