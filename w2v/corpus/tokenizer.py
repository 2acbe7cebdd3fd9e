r"""Bytes to word ids, at the speed of memory: a tokeniser and an exact hash table in Numba.

A token is what `str.split()` gives: a run of characters between Unicode whitespace. A line ends at
``\n`` alone (``\r`` and U+2028 are whitespace, so CRLF text reads the same). Each chunk is
tokenised by itself, by any thread, into ids of its own (`tokenize`); `WordTable.add` turns those
into the ids of the whole corpus. Both number words in order of first appearance, and the chunks
are added in order, so the result does not depend on the number of threads.
The bytes must be valid UTF-8: `w2v.corpus.sources` sees to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from w2v.corpus.sources import WHITESPACE
from w2v.numerics.jit import jit

_WORD, _SPACE, _NEWLINE, _MAYBE_SPACE = 0, 1, 2, 3


def _byte_classes() -> np.ndarray:
    """(256,) uint8: what a byte is, or (`_MAYBE_SPACE`) that the next ones decide."""
    classes = np.zeros(256, dtype=np.uint8)
    for character in WHITESPACE:
        encoded = character.encode()
        classes[encoded[0]] = _SPACE if len(encoded) == 1 else _MAYBE_SPACE
    classes[ord("\n")] = _NEWLINE
    return classes


def _wide_spaces(length: int) -> np.ndarray:
    """Whitespace characters of `length` UTF-8 bytes, each as one big-endian number, sorted."""
    codes = [c.encode() for c in WHITESPACE if len(c.encode()) == length]
    return np.array(sorted(int.from_bytes(code, "big") for code in codes), dtype=np.int64)


_CLASSES = _byte_classes()
_SPACES_OF_2 = _wide_spaces(2)
_SPACES_OF_3 = _wide_spaces(3)

# FNV-1a, 64 bits (Fowler, Noll and Vo), then one multiply to spread the high bits downwards.
_FNV_OFFSET = np.uint64(0xCBF29CE484222325)
_FNV_PRIME = np.uint64(0x100000001B3)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_SPREAD_SHIFT = np.uint64(32)

_FIRST_SLOTS = 2**16
_EMPTY = -1


@jit
def _space_width(data: Any, i: Any) -> Any:
    """Bytes of the whitespace character at i, whose class is _MAYBE_SPACE; 0 if it is none."""
    if i + 1 < data.size:
        two = np.int64(data[i]) << 8 | np.int64(data[i + 1])
        for code in _SPACES_OF_2:
            if two == code:
                return 2
        if i + 2 < data.size:
            three = two << 8 | np.int64(data[i + 2])
            for code in _SPACES_OF_3:
                if three == code:
                    return 3
    return 0


@jit
def _find(slots: Any, hashes: Any, starts: Any, sizes: Any, arena: Any, word: Any, h: Any) -> Any:
    """The slot that holds `word` (bytes), or the empty slot where it belongs: linear probing."""
    mask = slots.size - 1
    slot = np.int64((h * _SPREAD) >> _SPREAD_SHIFT) & mask
    while True:
        known = slots[slot]
        if known == _EMPTY:
            return slot
        if hashes[known] == h and sizes[known] == word.size:
            start = starts[known]
            same = True
            for k in range(word.size):
                if arena[start + k] != word[k]:
                    same = False
                    break
            if same:
                return slot
        slot = (slot + 1) & mask


@jit
def _doubled_slots(slots: Any, hashes: Any, n_words: Any) -> Any:
    larger = np.full(slots.size * 2, _EMPTY, np.int32)
    mask = larger.size - 1
    for word in range(n_words):
        slot = np.int64((hashes[word] * _SPREAD) >> _SPREAD_SHIFT) & mask
        while larger[slot] != _EMPTY:
            slot = (slot + 1) & mask
        larger[slot] = word
    return larger


@jit
def _doubled(array: Any) -> Any:
    larger = np.empty(array.size * 2, array.dtype)
    for i in range(array.size):  # assigning the slice takes Numba four seconds more to compile
        larger[i] = array[i]
    return larger


@jit
def _tokenize(data: Any, ids: Any, line_lengths: Any) -> Any:
    """Fill `ids` and `line_lengths`; return counts and the chunk's words. See `Chunk`."""
    slots = np.full(_FIRST_SLOTS, _EMPTY, np.int32)
    hashes = np.empty(_FIRST_SLOTS, np.uint64)
    starts = np.empty(_FIRST_SLOTS, np.int64)
    sizes = np.empty(_FIRST_SLOTS, np.int64)
    counts = np.empty(_FIRST_SLOTS, np.int64)
    n_words = n_tokens = n_lines = line_start = longest = longest_at = i = 0
    size = data.size
    while i < size:
        kind = _CLASSES[data[i]]
        if kind == _NEWLINE:
            line_lengths[n_lines] = n_tokens - line_start
            n_lines += 1
            line_start = n_tokens
            i += 1
            continue
        if kind == _SPACE:
            i += 1
            continue
        if kind == _MAYBE_SPACE:
            width = _space_width(data, i)
            if width:
                i += width
                continue
        start = i
        h = _FNV_OFFSET
        while i < size:
            kind = _CLASSES[data[i]]
            if kind != _WORD and (kind != _MAYBE_SPACE or _space_width(data, i)):
                break
            h = (h ^ np.uint64(data[i])) * _FNV_PRIME
            i += 1
        if i - start > longest:
            longest = i - start
            longest_at = start
        slot = _find(slots, hashes, starts, sizes, data, data[start:i], h)
        word = slots[slot]
        if word == _EMPTY:
            word = n_words
            slots[slot] = word
            hashes[word] = h
            starts[word] = start
            sizes[word] = i - start
            counts[word] = 0
            n_words += 1
            if n_words * 2 > slots.size:
                slots = _doubled_slots(slots, hashes, n_words)
            if n_words == hashes.size:
                hashes = _doubled(hashes)
                starts = _doubled(starts)
                sizes = _doubled(sizes)
                counts = _doubled(counts)
        counts[word] += 1
        ids[n_tokens] = word
        n_tokens += 1
    line_lengths[n_lines] = n_tokens - line_start
    words = (hashes[:n_words], starts[:n_words], sizes[:n_words], counts[:n_words])
    return n_tokens, n_lines, longest, longest_at, words


@dataclass(frozen=True)
class Chunk:
    """A tokenised chunk of text.

    Attributes:
        data: the bytes themselves, (B,) uint8.
        ids: (N,) int32, each token as the number of its word within this chunk.
        line_lengths: (L + 1,) int64, tokens before each of the L newlines, then after the last.
        hashes, starts, sizes, counts: (W,), the chunk's words in order of first appearance.
        longest, longest_at: bytes of the longest token, and where it starts.
    """

    data: np.ndarray
    ids: np.ndarray
    line_lengths: np.ndarray
    hashes: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    counts: np.ndarray
    longest: int
    longest_at: int


def tokenize(text: bytes) -> Chunk:
    """Split valid UTF-8 into lines and words; number the words by first appearance."""
    data = np.frombuffer(text, dtype=np.uint8)
    ids = np.empty(len(text) // 2 + 1, dtype=np.int32)
    line_lengths = np.empty(text.count(b"\n") + 1, dtype=np.int64)
    n_tokens, n_lines, longest, longest_at, words = _tokenize(data, ids, line_lengths)
    hashes, starts, sizes, counts = words
    return Chunk(
        data=data,
        ids=ids[:n_tokens],
        line_lengths=line_lengths[: n_lines + 1],
        hashes=hashes,
        starts=starts,
        sizes=sizes,
        counts=counts,
        longest=longest,
        longest_at=longest_at,
    )


@jit
def _add_words(table: Any, n_words: Any, n_bytes: Any, chunk: Any, out: Any) -> Any:
    """Give each word of a chunk its id in the table, adding new ones; return the grown table."""
    slots, hashes, starts, sizes, counts, arena = table
    data, new_hashes, new_starts, new_sizes, new_counts = chunk
    for k in range(new_hashes.size):
        word_bytes = data[new_starts[k] : new_starts[k] + new_sizes[k]]
        slot = _find(slots, hashes, starts, sizes, arena, word_bytes, new_hashes[k])
        word = slots[slot]
        if word == _EMPTY:
            word = n_words
            if word == hashes.size:
                hashes = _doubled(hashes)
                starts = _doubled(starts)
                sizes = _doubled(sizes)
                counts = _doubled(counts)
            while n_bytes + word_bytes.size > arena.size:
                arena = _doubled(arena)
            for byte in range(word_bytes.size):  # see `_doubled`
                arena[n_bytes + byte] = word_bytes[byte]
            slots[slot] = word
            hashes[word] = new_hashes[k]
            starts[word] = n_bytes
            sizes[word] = word_bytes.size
            counts[word] = 0
            n_bytes += word_bytes.size
            n_words += 1
            if n_words * 2 > slots.size:
                slots = _doubled_slots(slots, hashes, n_words)
        counts[word] += new_counts[k]
        out[k] = word
    return (slots, hashes, starts, sizes, counts, arena), n_words, n_bytes


class WordTable:
    """All words of a corpus with their counts, numbered in order of first appearance."""

    def __init__(self) -> None:
        size = _FIRST_SLOTS
        self._table = (
            np.full(size * 2, _EMPTY, dtype=np.int32),
            np.empty(size, dtype=np.uint64),
            np.empty(size, dtype=np.int64),
            np.empty(size, dtype=np.int64),
            np.empty(size, dtype=np.int64),
            np.empty(size * 8, dtype=np.uint8),
        )
        self._n_words = 0
        self._n_bytes = 0

    def __len__(self) -> int:
        return self._n_words

    def add(self, chunk: Chunk) -> np.ndarray:
        """Add a chunk's words and counts; return its tokens as ids of this table, (N,) int32."""
        ids = np.empty(len(chunk.hashes), dtype=np.int32)
        words = (chunk.data, chunk.hashes, chunk.starts, chunk.sizes, chunk.counts)
        self._table, self._n_words, self._n_bytes = _add_words(
            self._table, self._n_words, self._n_bytes, words, ids
        )
        tokens: np.ndarray = ids[chunk.ids]
        return tokens

    @property
    def counts(self) -> np.ndarray:
        """(V,) int64, how often each word occurred."""
        counts: np.ndarray = self._table[4][: self._n_words]
        return counts

    def words(self, ids: np.ndarray) -> list[str]:
        """The words of `ids`, decoded."""
        _, _, starts, sizes, _, arena = self._table
        data = arena.tobytes()
        return [data[starts[i] : starts[i] + sizes[i]].decode() for i in ids.tolist()]
