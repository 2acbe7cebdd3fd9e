"""Encoded corpora kept on disk, keyed by what they were made from.

The key is a SHA-256 over the bytes of every file and every option that changes the result, so a
cache can be missing but never stale: edit one byte of the text and the key is another. Hashing
runs at a gigabyte a second or so; tokenising at a tenth of that. The file also holds a SHA-256 of
its own content: a damaged one counts as none, and is never trained on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from w2v.corpus.sources import Source
from w2v.errors import CorpusError, FormatError
from w2v.tensorfile import read_tensors, write_tensors

CACHE_FORMAT = 2
"""Raised whenever the tokeniser or the layout of the file changes."""

_HASH_BLOCK = 2**20


def content_key(sources: Sequence[Source], options: Mapping[str, object]) -> str:
    """Hexadecimal key of these files' contents, in this order, read with these options."""
    digest = hashlib.sha256(json.dumps([CACHE_FORMAT, options], sort_keys=True).encode())
    for source in sources:
        if source.path is None or source.size() is None:
            raise CorpusError(
                f"{source.name}: expected files when a cache is used, got a stream that can be "
                "read only once"
            )
        one_file = hashlib.sha256()
        try:
            with source.path.open("rb") as stream:
                while block := stream.read(_HASH_BLOCK):
                    one_file.update(block)
        except OSError as error:
            raise CorpusError(f"{source.name}: cannot be read: {error.strerror}") from error
        digest.update(one_file.digest())
    return digest.hexdigest()


def _file(folder: Path, key: str) -> Path:
    return folder / f"corpus-{key[:32]}.safetensors"


Entry = tuple[list[str], np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]
"""Words, counts (V,), tokens (N,), sentence starts (S + 1,), audit."""


def load(folder: Path, key: str) -> Entry | None:
    """The corpus kept under `key`, its tokens mapped from disk; None if there is none.

    A damaged file counts as none: the next `save` replaces it.
    """
    path = _file(folder, key)
    if not path.is_file():
        return None
    try:
        tensors, metadata = read_tensors(path, mmap=True)
    except FormatError:
        return None
    audit = metadata.get("audit", "")
    if metadata.get("key") != key or metadata.get("content") != _digest(tensors, audit):
        return None
    words = tensors["words_utf8"].tobytes().decode().split("\n")
    tokens, starts = tensors["tokens"], tensors["sentence_starts"]
    # The digest tells of accidents, not of malice; kernels trust these numbers.
    in_range = 0 <= tokens.min() <= tokens.max() < len(words)
    if not in_range or starts[0] != 0 or starts[-1] != len(tokens) or np.diff(starts).min() < 0:
        return None
    return words, tensors["counts"], tokens, starts, json.loads(audit)


def _digest(tensors: Mapping[str, np.ndarray], audit: str) -> str:
    """Hexadecimal SHA-256 of all that a file holds besides its key."""
    digest = hashlib.sha256(audit.encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def save(
    folder: Path,
    key: str,
    *,
    words: Sequence[str],
    counts: np.ndarray,
    tokens: np.ndarray,
    sentence_starts: np.ndarray,
    audit: Mapping[str, int],
) -> None:
    """Keep a corpus under `key`; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        "counts": counts,
        "tokens": tokens,
        "sentence_starts": sentence_starts,
        # Words of a text hold no whitespace, so that a newline tells them apart.
        "words_utf8": np.frombuffer("\n".join(words).encode(), dtype=np.uint8),
    }
    text = json.dumps(audit)
    metadata = {"key": key, "audit": text, "content": _digest(tensors, text)}
    write_tensors(_file(folder, key), tensors, metadata)
