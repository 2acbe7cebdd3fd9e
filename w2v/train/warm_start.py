"""Warm start: continue training vectors on another text, with a vocabulary that grows.

    words            all old words, and those new ones that occur at least min_count times in the
                     new text; sorted by count
    counts           the old ones plus those in the new text. A file without counts (.bin, .txt)
                     adds none, so an old word that is not in the new text has count 0
    center vectors   the old ones; new words start at random, as in any run
    context vectors  the old ones if the file has them (.safetensors), otherwise zeros, as in any
                     run: the first steps then change little else
    subsampling      by the frequencies in the new text, the one that is subsampled
    noise            by the counts, which include the old text; all words with count 0 together
                     count as one occurrence

The center vector of an old word that is not in the new text does not change by a single bit; its
context vector changes when the word is drawn as noise. Biases and the optimiser's state start anew.
Words may be *frozen*: their center vectors do not change either, while all other parameters are
trained against them. This aligns a new model with an old one.
gensim's ``build_vocab(update=True)`` treats words, counts, noise and subsampling in the same way.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from w2v.corpus import Corpus
from w2v.corpus.disk_arrays import zeros_on_disk
from w2v.corpus.encoder import DROPPED, renumber
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, CorpusError, shown
from w2v.train.callbacks import Callback
from w2v.train.trainer import Trainer
from w2v.util.files import StrPath
from w2v.util.lines import text_lines
from w2v.vocab import Vocabulary

_MAX_FROZEN = 2**31 - 1


def check_size(old: Embeddings, vector_size: int) -> None:
    """Refuse vectors of another size.

    Raises:
        ConfigError: their size is not `vector_size`.
    """
    if old.vector_size != vector_size:
        raise ConfigError(
            f"vector_size={vector_size}, but the vectors given by init have {old.vector_size} "
            "numbers"
        )


def words_to_freeze(
    freeze: StrPath | Iterable[str], old: Embeddings | None, callbacks: Callback
) -> list[str]:
    """The words to freeze: those of `freeze` that are in `old`.

    Args:
        freeze: a file with one word per line, or words.
        old: the vectors to start from.
        callbacks: warned if `old` lacks some of the words.

    Raises:
        ConfigError: there are no vectors to start from, or they have none of the words; or `freeze`
            has no words, or other things than words.
        FormatError: the file cannot be read, or is not UTF-8.
    """
    if old is None:
        raise ConfigError("freeze: needs init, the vectors to start from")
    place = "freeze"
    if isinstance(freeze, (str, os.PathLike)):
        place = f"freeze: {os.fspath(freeze)}"
        words = dict.fromkeys(line for _, line in text_lines(freeze, _MAX_FROZEN))
    else:
        try:
            words = dict.fromkeys(freeze)
        except TypeError as error:
            raise ConfigError(f"freeze: expected a path or words, got {shown(freeze)}") from error
        for word in words:
            if not isinstance(word, str):
                raise ConfigError(f"freeze: expected words, got {shown(word)}")
    if not words:
        raise ConfigError(f"{place}: no words (expected one per line)")
    found = [word for word in words if word in old]
    if not found:
        raise ConfigError(
            f"{place}: none of {len(words):,} words is in the vectors given by init; the first is "
            f"{shown(next(iter(words)))}"
        )
    if len(found) < len(words):
        first = next(word for word in words if word not in old)
        callbacks.on_warning(
            f"{place}: {len(words) - len(found):,} of {len(words):,} words are not in the vectors "
            f"given by init, and not frozen; the first is {shown(first)}"
        )
    return found


def frozen_rows(words: Iterable[str], vocabulary: Vocabulary) -> np.ndarray:
    """(V,) uint8, 1 for these words and 0 for all others; KeyError if one is unknown."""
    rows = np.zeros(len(vocabulary), dtype=np.uint8)
    rows[[vocabulary.word_to_id[word] for word in words]] = 1
    return rows


def with_old_words(
    corpus: Corpus, old: Embeddings, min_count: int, max_vocab: int | None
) -> Corpus:
    """Re-encode a corpus in a vocabulary of the words of `old` and its own new words.

    Args:
        corpus: encoded with min_count 1, so that it has all its words.
        old: the vectors to start from.
        min_count: new words that occur less often are dropped.
        max_vocab: new words are dropped, the rarest first, until the vocabulary has this size or
            only old words are left.

    Raises:
        CorpusError: no word is left.
    """
    text = corpus.vocabulary
    is_new = np.array([word not in old for word in text.words])
    candidates = np.flatnonzero(is_new & (text.counts >= min_count))
    room = len(candidates) if max_vocab is None else max(0, max_vocab - len(old))
    new = candidates[:room]  # the vocabulary of a text is sorted by count
    words = [*old.index_to_key, *(text.words[row] for row in new.tolist())]
    in_text = np.zeros(len(words), dtype=np.int64)
    in_text[len(old) :] = text.counts[new]
    place_of = np.full(len(text), DROPPED, dtype=np.int64)
    place_of[new] = np.arange(len(old), len(words))
    for row in np.flatnonzero(~is_new).tolist():
        place = old.key_to_index[text.words[row]]
        place_of[row] = place
        in_text[place] = text.counts[row]
    counts = in_text.copy()
    if old.counts is not None:
        counts[: len(old)] += old.counts
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(words), dtype=np.int32)
    rank[order] = np.arange(len(words), dtype=np.int32)
    new_ids = np.where(place_of == DROPPED, DROPPED, rank[place_of]).astype(np.int32)
    kept = int(in_text.sum())
    if kept == 0:
        raise CorpusError(
            "corpus: no word is in the vectors given by init, and no new word occurs at least "
            f"min_count={min_count} times"
        )
    tokens = zeros_on_disk(np.int32, corpus.n_words)
    tokens[:] = corpus.tokens
    starts = np.empty(len(corpus.sentence_starts), dtype=np.int64)
    sentences, longest = renumber(tokens, new_ids, np.diff(corpus.sentence_starts), starts)
    tokens, starts = tokens[:kept], starts[: sentences + 1]
    tokens.flags.writeable = False
    rare = int(text.counts[is_new & (text.counts < min_count)].sum())
    audit = dataclasses.replace(
        corpus.audit,
        sentences=sentences,
        kept=kept,
        dropped_rare=corpus.audit.dropped_rare + rare,
        dropped_max_vocab=corpus.audit.kept - kept - rare + corpus.audit.dropped_max_vocab,
        longest_sentence=longest,
    )
    vocabulary = Vocabulary(
        [words[place] for place in order.tolist()], counts[order], in_text[order]
    )
    return dataclasses.replace(
        corpus, vocabulary=vocabulary, tokens=tokens, sentence_starts=starts, audit=audit
    )


def start_from(trainer: Trainer, old: Embeddings) -> dict[str, Any]:
    """Copy the old vectors into a freshly reset model.

    Returns:
        A record of what was copied, for the metadata of the new vectors.
    """
    word_to_id = trainer.corpus.vocabulary.word_to_id
    rows = np.array([word_to_id[word] for word in old])
    parameters = trainer.parameters()
    parameters["center_vectors"][rows] = old.vectors
    if old.context_vectors is not None:
        parameters["context_vectors"][rows] = old.context_vectors
    record = {
        "words": len(old),
        "new_words": len(word_to_id) - len(old),
        "counts": old.counts is not None,
        "context_vectors": old.context_vectors is not None,
    }
    if trainer.frozen_words is not None:
        record["frozen_words"] = int(trainer.frozen_words.sum())
    return record
