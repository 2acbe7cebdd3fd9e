r"""Convert bytes to word ids in one pass: a tokenizer and an exact hash table, in Numba.

    table.tokenize(b"the cat\nthe dog")  ->  ids [0, 1, 0, 2], line lengths [2, 2]

A `WordTable` numbers words in order of first appearance and counts them. What a word is depends
only on a table of the class of each character (`character_classes`), so all tokenizers share one
loop. Only ``\n`` ends a line; ``\r`` and U+2028 are whitespace, so CRLF line ends make no
difference.

Bytes that are not UTF-8, NUL, and overlong words raise `TextFault`.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from w2v.numerics.jit import jit
from w2v.util.text import INNER_CHARACTERS

WHITESPACE = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
"""The characters at which `str.split` splits."""

MAX_TOKEN_BYTES = 2**19
"""Words of this many bytes or more are refused rather than cut: they are not words."""

_WORD, _SPACE, _NEWLINE, _INNER, _INVALID = range(5)

_ASSIGNED = (range(0x40000), range(0xE0000, 0xE1000))
"""Code points of letters, marks and digits, now and in future versions of Unicode."""


@cache
def character_classes(tokenizer: str) -> np.ndarray:
    """The class of each character for a tokenizer.

    Args:
        tokenizer: ``whitespace``: words are separated by whitespace, as in `str.split`; ``words``:
            words are runs of letters, marks and numbers (Unicode categories L, M and N) with single
            apostrophes and hyphens inside; ``spaces``: words are separated only by spaces and
            newlines, for words from Python.

    Returns:
        (0x110000,) uint8, indexed by code point.
    """
    if tokenizer == "words":
        classes = np.full(0x110000, _SPACE, dtype=np.uint8)
        for codes in _ASSIGNED:
            for code in codes:
                if unicodedata.category(chr(code))[0] in "LMN":
                    classes[code] = _WORD
        classes[[ord(character) for character in INNER_CHARACTERS]] = _INNER
    else:
        classes = np.full(0x110000, _WORD, dtype=np.uint8)
        spaces = WHITESPACE if tokenizer == "whitespace" else " "
        classes[[ord(character) for character in spaces]] = _SPACE
    classes[ord("\n")] = _NEWLINE
    classes[0] = _INVALID
    classes.flags.writeable = False
    return classes


class TextFault(Exception):
    """The text cannot be tokenized.

    Attributes:
        position: the byte at which the fault begins.
        too_long: whether a word of `MAX_TOKEN_BYTES` or more begins there; otherwise, there is NUL
            or a byte that is not UTF-8.
    """

    def __init__(self, position: int, too_long: bool) -> None:
        super().__init__(position, too_long)
        self.position, self.too_long = position, too_long


class Tokens(NamedTuple):
    """Tokenized text.

    Attributes:
        ids: (N,) int32, the word of each token.
        line_lengths: (L + 1,) int64, number of tokens in each of the L lines, and after the last
            newline.
    """

    ids: np.ndarray
    line_lengths: np.ndarray


# --- compiled -----------------------------------------------------------------------------------
#
# Words are identified by a 64-bit key. The key of a word of up to 8 bytes consists of these bytes;
# since words contain no NUL, equal keys mean equal words. The key of a longer word is its last 8
# bytes, mixed with the others as in FNV-1a (Fowler, Noll and Vo), with the lowest byte cleared,
# which distinguishes it from short words; the bytes of long words are compared as well.

_KEY_BYTES = 8
_FNV_PRIME = np.uint64(0x100000001B3)
_BYTE, _LOW_BYTE = np.uint64(8), np.uint64(0xFF)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)

_EMPTY = -1
_DONE, _FULL, _STOPPED, _TOO_LONG = range(4)


@jit
def _wide_character(data: Any, i: Any) -> Any:
    """Code point and length of the non-ASCII character at i; length 0 if it is not UTF-8."""
    first = np.int64(data[i])
    if first < 0xC2 or first > 0xF4:
        return 0, 0
    length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if i + length > data.size:
        return 0, 0
    code = first & (0x7F >> length)
    for k in range(1, length):
        byte = np.int64(data[i + k])
        if byte & 0xC0 != 0x80:
            return 0, 0
        code = code << 6 | byte & 0x3F
    # RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
    if length == 3 and (code < 0x800 or 0xD800 <= code <= 0xDFFF):
        return 0, 0
    if length == 4 and not 0x10000 <= code <= 0x10FFFF:
        return 0, 0
    return code, length


@jit
def _class_at(data: Any, i: Any, classes: Any) -> Any:
    """Class and length of the character at i; the end of the text counts as whitespace."""
    if i >= data.size:
        return np.uint8(_SPACE), 1
    if data[i] < 0x80:
        return classes[data[i]], 1
    code, length = _wide_character(data, i)
    if length == 0:
        return np.uint8(_INVALID), 1
    return classes[code], length


@jit
def _home(key: Any, mask: Any) -> Any:
    """The first slot to probe."""
    return np.int64(((key ^ key >> _HALF) * _SPREAD) >> _HALF) & mask


@jit
def _find(slots: Any, keys: Any, starts: Any, arena: Any, data: Any, begin: Any, end: Any,
          key: Any) -> Any:  # fmt: skip
    """The slot of the word data[begin:end], or the empty slot for it, by linear probing."""
    mask = slots.size - 1
    slot = _home(key, mask)
    while True:
        word = slots[slot]
        if word == _EMPTY:
            return slot
        if keys[word] == key:
            if end - begin <= _KEY_BYTES:
                return slot
            start = starts[word]
            same = starts[word + 1] - start == end - begin
            k = 0
            while same and k < end - begin:
                same = arena[start + k] == data[begin + k]
                k += 1
            if same:
                return slot
        slot = (slot + 1) & mask


@jit
def _has_room(slots: Any, arena: Any, starts: Any, n_words: Any, n_bytes: Any) -> Any:
    """Whether a word of `n_bytes` bytes can be added, leaving half of the slots empty."""
    return 2 * (n_words + 1) <= slots.size and starts[n_words] + n_bytes <= arena.size


@jit
def _insert(slots: Any, keys: Any, starts: Any, counts: Any, arena: Any, slot: Any, word: Any,
            data: Any, begin: Any, end: Any, key: Any) -> None:  # fmt: skip
    """Add data[begin:end] with the next id, `word`, and a count of 0."""
    slots[slot] = word
    keys[word] = key
    counts[word] = 0
    start = starts[word]
    for k in range(end - begin):
        arena[start + k] = data[begin + k]
    starts[word + 1] = start + end - begin


@jit
def _tokenize(data: Any, classes: Any, slots: Any, keys: Any, starts: Any, counts: Any, arena: Any,
              ids: Any, line_lengths: Any, cursor: Any) -> Any:  # fmt: skip
    """Tokenize, starting at `cursor`: (byte, tokens, lines, first token of the line, words).

    Returns the reason for stopping, with `cursor` where it stopped: at the end of the text, or at a
    word for which the table has no room.
    """
    i, n_tokens, n_lines, line_start, n_words = cursor
    end = _DONE
    while i < data.size:
        kind, length = _class_at(data, i, classes)
        if kind != _WORD:
            if kind == _INVALID:
                end = _STOPPED
                break
            if kind == _NEWLINE:
                line_lengths[n_lines] = n_tokens - line_start
                n_lines += 1
                line_start = n_tokens
            i += length
            continue
        begin = i
        key = np.uint64(0)
        while i < data.size:
            byte = data[i]
            if byte < 0x80 and classes[byte] == _WORD:  # nearly all characters of most texts
                key = key << _BYTE | np.uint64(byte)
                i += 1
                continue
            kind, length = _class_at(data, i, classes)
            if kind != _WORD and (
                kind != _INNER or _class_at(data, i + length, classes)[0] != _WORD
            ):
                break
            for k in range(i, i + length):
                key = key << _BYTE | np.uint64(data[k])
            i += length
        if i - begin > _KEY_BYTES:
            if i - begin >= MAX_TOKEN_BYTES:
                i, end = begin, _TOO_LONG
                break
            for k in range(begin, i - _KEY_BYTES):
                key = (key ^ np.uint64(data[k])) * _FNV_PRIME
            key &= ~_LOW_BYTE
        slot = _find(slots, keys, starts, arena, data, begin, i, key)
        word = slots[slot]
        if word == _EMPTY:
            if not _has_room(slots, arena, starts, n_words, i - begin):
                i, end = begin, _FULL
                break
            word = n_words
            _insert(slots, keys, starts, counts, arena, slot, word, data, begin, i, key)
            n_words += 1
        counts[word] += 1
        ids[n_tokens] = word
        n_tokens += 1
    line_lengths[n_lines] = n_tokens - line_start
    cursor[:] = (i, n_tokens, n_lines, line_start, n_words)
    return end


@jit
def _add_words(slots: Any, keys: Any, starts: Any, counts: Any, arena: Any, n_words: Any,
               other_keys: Any, other_starts: Any, other_arena: Any, first: Any, last: Any,
               ids: Any) -> Any:  # fmt: skip
    """Add words first..last - 1 of another table, and fill `ids` with their ids.

    Returns the word at which to continue once the table has room (`last` at the end), and the
    number of words in the table.
    """
    for other in range(first, last):
        begin, end, key = other_starts[other], other_starts[other + 1], other_keys[other]
        slot = _find(slots, keys, starts, arena, other_arena, begin, end, key)
        word = slots[slot]
        if word == _EMPTY:
            if not _has_room(slots, arena, starts, n_words, end - begin):
                return other, n_words
            word = n_words
            _insert(slots, keys, starts, counts, arena, slot, word, other_arena, begin, end, key)
            n_words += 1
        ids[other] = word
    return last, n_words


@jit
def _fill_slots(slots: Any, keys: Any, n_words: Any) -> None:
    """Insert all words into empty slots."""
    mask = slots.size - 1
    for word in range(n_words):
        slot = _home(keys[word], mask)
        while slots[slot] != _EMPTY:
            slot = (slot + 1) & mask
        slots[slot] = word


# --- the table ----------------------------------------------------------------------------------

_FIRST_SLOTS = 2**17
_FIRST_BYTES = 2 * MAX_TOKEN_BYTES


class WordTable:
    """Distinct words with their counts, numbered in order of first appearance."""

    def __init__(self) -> None:
        self._n_words = 0
        self._slots = np.full(_FIRST_SLOTS, _EMPTY, dtype=np.int32)
        self._keys = np.empty(_FIRST_SLOTS // 2, dtype=np.uint64)
        self._starts = np.zeros(_FIRST_SLOTS // 2 + 1, dtype=np.int64)
        self._counts = np.empty(_FIRST_SLOTS // 2, dtype=np.int64)
        self._arena = np.empty(_FIRST_BYTES, dtype=np.uint8)

    def __len__(self) -> int:
        return self._n_words

    @property
    def counts(self) -> np.ndarray:
        """(W,) int64, the count of each word; a writable view."""
        return self._counts[: self._n_words]

    def words(self, ids: np.ndarray) -> list[str]:
        """The words with these ids, (n,) int64."""
        arena = self._arena[: self._starts[self._n_words]].tobytes()
        begins, ends = self._starts[ids].tolist(), self._starts[ids + 1].tolist()
        return [arena[begin:end].decode() for begin, end in zip(begins, ends, strict=True)]

    def tokenize(self, text: bytes, tokenizer: str = "whitespace") -> Tokens:
        """Split UTF-8 text into lines and words, and count the words.

        Args:
            text: the text.
            tokenizer: see `character_classes`.

        Raises:
            TextFault: the text is not UTF-8 or contains NUL, or a word is too long. The words
                before that have been counted.
        """
        data = np.frombuffer(text, dtype=np.uint8)
        ids = np.empty(len(text) // 2 + 1, dtype=np.int32)
        line_lengths = np.empty(text.count(b"\n") + 1, dtype=np.int64)
        cursor = np.array([0, 0, 0, 0, self._n_words])
        classes = character_classes(tokenizer)
        end = _FULL
        while end == _FULL:
            self._make_room()
            end = _tokenize(
                data, classes, self._slots, self._keys, self._starts, self._counts, self._arena,
                ids, line_lengths, cursor,
            )  # fmt: skip
            self._n_words = int(cursor[4])
        if end != _DONE:
            raise TextFault(int(cursor[0]), too_long=end == _TOO_LONG)
        return Tokens(ids[: cursor[1]], line_lengths)

    def since(self, first: int) -> NewWords:
        """The words from id `first` on; they stay valid while this table grows."""
        return NewWords(self._keys, self._starts, self._arena, first, self._n_words)

    def add(self, new: NewWords) -> np.ndarray:
        """Add words of another table, without their counts; returns their ids, (n,) int32."""
        ids = np.empty(new.last, dtype=np.int32)
        done = new.first
        while done < new.last:
            self._make_room()
            done, self._n_words = _add_words(
                self._slots, self._keys, self._starts, self._counts, self._arena, self._n_words,
                new.keys, new.starts, new.arena, done, new.last, ids,
            )  # fmt: skip
        return ids[new.first :]

    def _make_room(self) -> None:
        """Make room for at least one more word of any length."""
        if 2 * (self._n_words + 1) > len(self._slots):
            self._slots = np.full(2 * len(self._slots), _EMPTY, dtype=np.int32)
            self._keys, self._counts = _doubled(self._keys), _doubled(self._counts)
            self._starts = _doubled(self._starts)
            _fill_slots(self._slots, self._keys, self._n_words)
        if self._starts[self._n_words] + MAX_TOKEN_BYTES > len(self._arena):
            self._arena = _doubled(self._arena)


class NewWords(NamedTuple):
    """Words first..last - 1 of a table; see `WordTable.since`."""

    keys: np.ndarray
    starts: np.ndarray
    arena: np.ndarray
    first: int
    last: int


def _doubled(array: np.ndarray) -> np.ndarray:
    """A copy of twice the size."""
    larger = np.empty(2 * len(array), array.dtype)
    larger[: len(array)] = array
    return larger
