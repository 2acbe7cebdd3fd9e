"""A cache of encoded corpora on disk.

The key is a SHA-256 of the content of all files and of all options that change the result, so an
entry is never stale: any edit of the text changes the key. An entry also contains a SHA-256 of its
own content; damaged entries are ignored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

from w2v.corpus.corpus import Audit, Corpus
from w2v.corpus.options import TextOptions
from w2v.corpus.sources import Source
from w2v.errors import CorpusError, FormatError
from w2v.formats.safetensors_file import add_to_digest, read_tensors, write_tensors
from w2v.util.files import make_folder
from w2v.vocab import Vocabulary, pack_lines

CACHE_FORMAT = 3
"""Incremented whenever the tokenizer or the layout of the file changes."""

_HASH_BLOCK = 2**20


def content_key(sources: Sequence[Source], options: Mapping[str, object]) -> str:
    """Compute the key of some files.

    Args:
        sources: the files; their contents and order matter, their names do not.
        options: all options that change the result, as JSON values.

    Returns:
        64 hexadecimal digits.

    Raises:
        CorpusError: a source is a stream, or cannot be read.
    """
    digest = hashlib.sha256(json.dumps([CACHE_FORMAT, options], sort_keys=True).encode())
    for source in sources:
        if source.path is None or source.size() is None:
            raise CorpusError(
                f"{source.name}: a stream cannot be cached, because it can be read only once; "
                "leave out the cache, or save the text to a file"
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


def load(folder: Path, key: str, options: TextOptions) -> Corpus | None:
    """Load the corpus stored under `key`, with tokens mapped from disk; None if there is none.

    Damaged files are ignored, and replaced by the next `save`. The digest detects damage, but not
    forgery, so the content is validated as well.

    Args:
        folder: folder of the cache.
        key: see `content_key`.
        options: those with which the corpus was read.
    """
    path = _file(folder, key)
    if not path.is_file():
        return None
    try:
        tensors, metadata = read_tensors(path, mmap=True)
        audit = metadata["audit"]
        if metadata["key"] != key or metadata["content"] != _digest(tensors, audit):
            return None
        words = tensors["words_utf8"].tobytes().decode().split("\n")
        statistics = json.loads(audit)
        if not _is_audit(statistics):
            return None
        corpus = Corpus(
            Vocabulary(words, tensors["counts"]), tensors["tokens"], tensors["sentence_starts"],
            Audit(**statistics), options,
        )  # fmt: skip
    except (FormatError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return corpus if _is_consistent(corpus) else None


def _is_audit(statistics: object) -> bool:
    return (
        isinstance(statistics, dict)
        and statistics.keys() == {field.name for field in fields(Audit)}
        and all(isinstance(value, int) for value in statistics.values())
    )


def _is_consistent(corpus: Corpus) -> bool:
    words, counts = corpus.vocabulary.words, corpus.vocabulary.counts
    return bool(
        corpus.fault() is None
        and len(words) == len(set(words))
        and counts.min() >= 1
        and counts.sum() == corpus.n_words
    )


def _digest(tensors: Mapping[str, np.ndarray], audit: str) -> str:
    """SHA-256 of all content of an entry except its key, in hexadecimal."""
    digest = hashlib.sha256(audit.encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype} {array.shape}".encode())
        add_to_digest(digest, array)
    return digest.hexdigest()


def save(folder: Path, key: str, corpus: Corpus) -> None:
    """Store a corpus under `key`, completely or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    make_folder(folder)
    tensors = {
        "counts": corpus.vocabulary.counts,
        "tokens": corpus.tokens,
        "sentence_starts": corpus.sentence_starts,
        # Words contain no newlines, so newlines can separate them.
        "words_utf8": pack_lines(corpus.vocabulary.words),
    }
    text = json.dumps(asdict(corpus.audit))
    metadata = {"key": key, "audit": text, "content": _digest(tensors, text)}
    write_tensors(_file(folder, key), tensors, metadata)
