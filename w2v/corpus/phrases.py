"""Join phrases: pairs of words that occur together far more often than expected by chance.

A pass joins pairs (``new york`` becomes ``new_york``), which the next pass may join again
(``new_york_times``). With counts n(a) and n(b) of two words, n(ab) of b directly after a, and N
tokens, a pair is joined if its score exceeds the threshold:

    word2phrase     N (n(ab) - d) / (n(a) n(b))         d = min_count, the discount
    npmi            ln(N n(ab) / (n(a) n(b))) / -ln(n(ab) / N)

The first is equation 6 of Mikolov et al. 2013, "Distributed Representations of Words and Phrases
and their Compositionality", section 4, times N, as in their program word2phrase: with this factor,
the same threshold suits texts of all sizes. The second is normalised pointwise mutual information
(Bouma 2009): 1 for words that only occur together, 0 for independent words. Words and pairs that
occur fewer than d times are not joined. Within a sentence, pairs are joined from left to right, and
a word is joined at most once per pass.

Phrases are joined in place, as ids, before rare words are dropped.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from w2v.corpus.tokenizer import WordTable
from w2v.numerics.jit import jit
from w2v.util.text import DELIMITER, PHRASE_THRESHOLDS

TOKENS_A_PART = 2**25
"""In longer texts, pairs are counted in parts, divided by their first word, to limit memory."""
_FIRST_SLOTS = 2**16
_NO_PAIR = np.uint64(2**64 - 1)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


class Joined(NamedTuple):
    """The result of `join_phrases`.

    Attributes:
        n_tokens: number of remaining tokens, at the beginning of the array.
        order: ids of the remaining words, in order of first appearance.
        phrases: number of distinct phrases that were joined, over all passes.
        joins: number of times that two tokens were joined.
    """

    n_tokens: int
    order: np.ndarray
    phrases: int
    joins: int


def join_phrases(
    tokens: np.ndarray, lengths: np.ndarray, table: WordTable, *, passes: int, scoring: str,
    threshold: float | None, min_count: int,
) -> Joined:  # fmt: skip
    """Join phrases in place: changes `tokens`, `lengths`, and the words and counts of `table`.

    Args:
        tokens: (N,) int32, ids of the table.
        lengths: (S,) number of tokens in each sentence.
        table: the words, with their counts in `tokens`.
        passes: number of passes.
        scoring: a key of `PHRASE_THRESHOLDS`.
        threshold: join pairs with higher scores; None for the default.
        min_count: the discount d.
    """
    limit = PHRASE_THRESHOLDS[scoring] if threshold is None else threshold
    n_tokens, n_phrases = len(tokens), 0
    for _ in range(passes):
        left, right = _find_pairs(
            tokens[:n_tokens], lengths, table.counts, scoring, limit, min_count
        )
        if not len(left):
            break
        n_phrases += len(left)
        words = zip(table.words(left), table.words(right), strict=True)
        text = "\n".join(DELIMITER.join(pair) for pair in words)
        joined_ids = table.tokenize(text.encode(), "spaces").ids
        pairs = _PairTable()
        pairs.insert(left, right, joined_ids)
        starts_phrase = np.zeros(len(table), dtype=np.bool_)
        starts_phrase[left] = True
        table.counts[:] = 0
        n_tokens = _join_pairs(
            tokens[:n_tokens], lengths, starts_phrase, pairs.keys, pairs.values, table.counts
        )
    order = _order_of_appearance(tokens[:n_tokens], len(table))
    return Joined(n_tokens, order, n_phrases, len(tokens) - n_tokens)


def _find_pairs(
    tokens: np.ndarray, lengths: np.ndarray, counts: np.ndarray, scoring: str, threshold: float,
    min_count: int,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Find the pairs to join: ids of their first and of their second words, (P,) int64 each."""
    frequent = counts >= min_count
    parts = 1 + len(tokens) // TOKENS_A_PART
    found = []
    for part in range(parts):
        table = _PairTable()
        table.count(tokens, lengths, frequent, part, parts)
        candidates = (table.keys != _NO_PAIR) & (table.values >= min_count)
        pairs, together = table.keys[candidates], table.values[candidates]
        left, right = pairs >> _HALF, pairs & np.uint64(2**32 - 1)
        score = pair_scores(scoring, together, counts[left], counts[right], len(tokens), min_count)
        found.append(pairs[score > threshold])
    pairs = np.sort(np.concatenate(found))
    return (pairs >> _HALF).astype(np.int64), (pairs & np.uint64(2**32 - 1)).astype(np.int64)


def pair_scores(
    scoring: str, together: np.ndarray, left: np.ndarray, right: np.ndarray, n_tokens: int,
    min_count: int,
) -> np.ndarray:  # fmt: skip
    """Scores of pairs; see the formulas in the module's docstring.

    Args:
        scoring: a key of `PHRASE_THRESHOLDS`.
        together: (P,) int64, n(ab).
        left, right: (P,) int64, n(a) and n(b).
        n_tokens: N.
        min_count: the discount d.

    Returns:
        (P,) float64.
    """
    apart = left.astype(np.float64) * right
    if scoring == "word2phrase":
        scores: np.ndarray = n_tokens * (together - float(min_count)) / apart
        return scores
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 if the text is this pair alone
        scores = np.log(n_tokens * together.astype(np.float64) / apart)
        scores /= -np.log(together / n_tokens)
    return scores


class _PairTable:
    """A hash table from pairs of word ids to numbers; linear probing.

    Attributes:
        keys: (size,) uint64, the first id in the upper half, the second in the lower.
        values: (size,) int64.
    """

    def __init__(self) -> None:
        self.keys = np.full(_FIRST_SLOTS, _NO_PAIR, dtype=np.uint64)
        self.values = np.zeros(_FIRST_SLOTS, dtype=np.int64)
        self._cursor = np.zeros(3, dtype=np.int64)

    def count(
        self, tokens: np.ndarray, lengths: np.ndarray, frequent: np.ndarray, part: int, parts: int
    ) -> None:
        """Count the pairs of frequent words whose first word has an id of `part` modulo `parts`."""
        while not _count_pairs(
            tokens, lengths, frequent, part, parts, self.keys, self.values, self._cursor
        ):
            self._double()

    def insert(self, left: np.ndarray, right: np.ndarray, values: np.ndarray) -> None:
        """Set the values of distinct pairs."""
        pairs = left.astype(np.uint64) << _HALF | right.astype(np.uint64)
        while 2 * len(pairs) > len(self.keys):
            self._double()
        _insert_pairs(self.keys, self.values, pairs, values.astype(np.int64))

    def _double(self) -> None:
        keys, values = self.keys, self.values
        self.keys = np.full(2 * len(keys), _NO_PAIR, dtype=np.uint64)
        self.values = np.zeros(2 * len(keys), dtype=np.int64)
        used = keys != _NO_PAIR
        _insert_pairs(self.keys, self.values, keys[used], values[used])


@jit
def _slot(keys: Any, pair: Any) -> Any:
    """The slot of a pair, or the empty slot in which to insert it."""
    mask = keys.size - 1
    slot = np.int64(((pair ^ pair >> _HALF) * _SPREAD) >> _HALF) & mask
    while keys[slot] != pair and keys[slot] != _NO_PAIR:
        slot = (slot + 1) & mask
    return slot


@jit
def _insert_pairs(keys: Any, values: Any, pairs: Any, new_values: Any) -> None:
    for k in range(pairs.size):
        slot = _slot(keys, pairs[k])
        keys[slot] = pairs[k]
        values[slot] = new_values[k]


@jit
def _count_pairs(
    tokens: Any, lengths: Any, frequent: Any, part: Any, parts: Any, keys: Any, counts: Any,
    cursor: Any,
) -> Any:  # fmt: skip
    """Count pairs, starting at `cursor`: (sentence, its first token, number of pairs so far).

    Returns False, with `cursor` at the next sentence, if its pairs might fill more than 3/4 of the
    table.
    """
    first_sentence, begin, n_pairs = cursor
    for sentence in range(first_sentence, lengths.size):
        end = begin + np.int64(lengths[sentence])
        if 4 * (n_pairs + end - begin) > 3 * keys.size:
            cursor[:] = (sentence, begin, n_pairs)
            return False
        for k in range(begin, end - 1):
            left, right = tokens[k], tokens[k + 1]
            if frequent[left] and frequent[right] and (parts == 1 or left % parts == part):
                pair = np.uint64(left) << _HALF | np.uint64(right)
                slot = _slot(keys, pair)
                if keys[slot] == _NO_PAIR:
                    keys[slot] = pair
                    n_pairs += 1
                counts[slot] += 1
        begin = end
    return True


@jit
def _join_pairs(
    tokens: Any, lengths: Any, starts_phrase: Any, keys: Any, joined_ids: Any, counts: Any
) -> Any:
    """Replace pairs by their joined words, from left to right, and count all words.

    Returns the number of remaining tokens.
    """
    read = write = 0
    for sentence in range(lengths.size):
        begin, end = write, read + np.int64(lengths[sentence])
        while read < end:
            word = tokens[read]
            read += 1
            if starts_phrase[word] and read < end:
                pair = np.uint64(word) << _HALF | np.uint64(tokens[read])
                slot = _slot(keys, pair)
                if keys[slot] == pair:
                    word = np.int32(joined_ids[slot])
                    read += 1
            tokens[write] = word
            counts[word] += 1
            write += 1
        lengths[sentence] = write - begin
    return write


@jit
def _first_positions(tokens: Any, positions: Any) -> None:
    for k in range(tokens.size):
        if positions[tokens[k]] < 0:
            positions[tokens[k]] = k


def _order_of_appearance(tokens: np.ndarray, n_words: int) -> np.ndarray:
    """The ids that occur, in order of first appearance."""
    positions = np.full(n_words, -1, dtype=np.int64)
    _first_positions(tokens, positions)
    ids = np.flatnonzero(positions >= 0)
    order: np.ndarray = ids[np.argsort(positions[ids])]
    return order
