"""What tells two encoded corpora apart."""

from __future__ import annotations

import hashlib

import numpy as np

from w2v.corpus.loader import Corpus

_HASH_BYTES = 2**26
"""Hashed in one call: Ctrl-C is not noticed within one."""


def fingerprint(corpus: Corpus) -> str:
    """SHA-256 of an encoded corpus: its words, counts, tokens and sentences, in hexadecimal."""
    digest = hashlib.sha256("\n".join(corpus.vocabulary.words).encode())
    for array in (corpus.vocabulary.counts, corpus.tokens, corpus.sentence_starts):
        data = np.ascontiguousarray(array).view(np.uint8)
        for first in range(0, len(data), _HASH_BYTES):
            digest.update(data[first : first + _HASH_BYTES].data)
    return digest.hexdigest()
