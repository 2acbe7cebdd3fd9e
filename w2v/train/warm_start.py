"""Training on from existing vectors, on another text: the vocabulary grows, nothing is forgotten.

    words            all the old ones, whatever the new text has of them, and those new ones that
                     occur at least min_count times in it; sorted by count
    counts           the old file's plus those in the new text. A file without counts (.bin, .txt)
                     adds none, so that an old word which the new text lacks has count 0
    center vectors   the file's; random ones for new words, as in any run
    context vectors  the file's if it has them (.safetensors), otherwise zeros, as in any run: the
                     first steps then change little but these
    subsampling      by the frequencies in the new text, whose words it is about
    noise            by the counts: words of the old text are noise as often as they deserve; those
                     without any count share a single occurrence

The center vector of an old word that the new text lacks stays as it was, to the last bit; its
context vector moves where it is drawn as noise. Biases and the optimiser begin anew.
gensim's ``build_vocab(update=True)`` is the same in words, counts, noise and subsampling.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from w2v.corpus import Corpus
from w2v.corpus.temp_arrays import zeros_on_disk
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, CorpusError
from w2v.numerics.jit import jit
from w2v.train.run import Run
from w2v.vocab import Vocabulary

_DROPPED = -1


def check_size(old: Embeddings, vector_size: int) -> None:
    """Refuse vectors of another size.

    Raises:
        ConfigError: they have one.
    """
    if old.vector_size != vector_size:
        raise ConfigError(
            f"vector_size: expected {old.vector_size}, as the vectors to go on from have, "
            f"got {vector_size}"
        )


def grown(corpus: Corpus, old: Embeddings, min_count: int, max_vocab: int | None) -> Corpus:
    """The corpus in the vocabulary of `old` and of its own new words.

    Args:
        corpus: encoded with every word that may be kept, that is, with min_count 1.
        old: the vectors to go on from.
        min_count: rarer new words are dropped.
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
    place_of = np.full(len(text), _DROPPED, dtype=np.int64)
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
    new_ids = np.where(place_of == _DROPPED, _DROPPED, rank[place_of]).astype(np.int32)
    kept = int(in_text.sum())
    if kept == 0:
        raise CorpusError(
            f"corpus: expected words of the vectors to go on from, or new ones that occur at least "
            f"min_count = {min_count} times, got none"
        )
    tokens = zeros_on_disk(np.int32, kept)
    lengths = np.empty(len(corpus.sentence_starts) - 1, dtype=np.int64)
    _renumber(corpus.tokens, corpus.sentence_starts, new_ids, tokens, lengths)
    tokens.flags.writeable = False
    lengths = lengths[lengths > 0]
    rare = int(text.counts[is_new & (text.counts < min_count)].sum())
    audit = dataclasses.replace(
        corpus.audit,
        sentences=len(lengths),
        kept=kept,
        dropped_rare=corpus.audit.dropped_rare + rare,
        dropped_max_vocab=corpus.audit.kept - kept - rare + corpus.audit.dropped_max_vocab,
    )
    vocabulary = Vocabulary(
        [words[place] for place in order.tolist()], counts[order], in_text[order]
    )
    starts = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return Corpus(vocabulary, tokens, starts, audit)


@jit
def _renumber(tokens: Any, starts: Any, new_ids: Any, out: Any, lengths: Any) -> None:
    """Copy the tokens that are kept, with their new ids, and note how long each sentence is."""
    write = 0
    for sentence in range(lengths.size):
        before = write
        for position in range(starts[sentence], starts[sentence + 1]):
            word = new_ids[tokens[position]]
            if word != -1:
                out[write] = word
                write += 1
        lengths[sentence] = write - before


def start_from(run: Run, old: Embeddings) -> None:
    """Put the old vectors in a run that begins."""
    word_to_id = run.corpus.vocabulary.word_to_id
    rows = np.array([word_to_id[word] for word in old])
    parameters = run.parameters()
    parameters["center_vectors"][rows] = old.vectors
    if old.context_vectors is not None:
        parameters["context_vectors"][rows] = old.context_vectors
    run.history["init"] = {
        "words": len(old),
        "new_words": len(word_to_id) - len(old),
        "counts": old.counts is not None,
        "context_vectors": old.context_vectors is not None,
    }
