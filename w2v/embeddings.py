"""Word vectors in memory: look-up, neighbours, analogies, and saving them.

    wv = load("vectors.bin")
    wv["king"]                                      # (D,) float32
    wv.most_similar("king")                         # [("queen", 0.72), ...]
    wv.analogy("man", "king", "woman")              # man is to king as woman is to ...
    wv.save("vectors.txt")                          # the extension says the format

Names follow gensim's KeyedVectors. Trains nothing, and evaluates nothing (`w2v.evaluate`).
"""

from __future__ import annotations

import difflib
import html
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from w2v import formats
from w2v.errors import ConfigError, InputError, UnknownWordError, shown
from w2v.formats.table import CountVector, FloatMatrix, check_unique, row_blocks

FloatVector = np.ndarray[Any, np.dtype[np.float32]]

_SUGGESTIONS = 3
_MOST_CANDIDATES = 2000
"""Words compared letter by letter for a suggestion: some milliseconds."""
_ROWS_IN_HTML = 10
_NUMBERS_IN_HTML = 5


class Embeddings:
    """V words and their vectors.

    Iterating gives the words. Arrays are read-only views; the given ones are not copied when they
    are float32 already, so leave them alone afterwards.

    Args:
        words: V words, each once, the most frequent first by convention.
        vectors: (V, D), stored as float32: the centre vectors.
        counts: (V,) occurrences in the corpus.
        context_vectors: (V, D), stored as float32.
        output_bias: (V,), stored as float32; the model's score of a context word w for a center
            word c is context_vectors[w] . vectors[c] + output_bias[w].
        metadata: texts about how the vectors were made; kept in .safetensors files.

    Raises:
        InputError: the sizes do not fit, there are no words, or a word comes twice.

    >>> wv = Embeddings(["up", "down"], np.array([[1.0, 0.0], [-1.0, 0.0]]))
    >>> wv.similarity("up", "down")
    -1.0
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: np.ndarray[Any, Any],
        *,
        counts: np.ndarray[Any, Any] | None = None,
        context_vectors: np.ndarray[Any, Any] | None = None,
        output_bias: np.ndarray[Any, Any] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.index_to_key: list[str] = list(words)
        self.vectors: FloatMatrix = _read_only(vectors, np.float32)
        self.counts: CountVector | None = None if counts is None else _read_only(counts, np.int64)
        self.context_vectors: FloatMatrix | None = (
            None if context_vectors is None else _read_only(context_vectors, np.float32)
        )
        self.output_bias: FloatVector | None = (
            None if output_bias is None else _read_only(output_bias, np.float32)
        )
        self.metadata: dict[str, str] = {} if metadata is None else dict(metadata)
        self._check_sizes()
        self._ids = {word: word_id for word_id, word in enumerate(self.index_to_key)}
        if len(self._ids) != len(self.index_to_key):
            check_unique("embeddings", self.index_to_key)

    def _check_sizes(self) -> None:
        rows = len(self.index_to_key)
        if self.vectors.ndim != 2 or len(self.vectors) != rows or self.vectors.size == 0:
            raise InputError(
                f"embeddings: expected a vector a word, at least one, got {rows} words and "
                f"vectors of shape {self.vectors.shape}"
            )
        if self.counts is not None and self.counts.shape != (rows,):
            raise InputError(f"counts: expected shape ({rows},), got {self.counts.shape}")
        context = self.context_vectors
        if context is not None and context.shape != self.vectors.shape:
            raise InputError(
                f"context_vectors: expected shape {self.vectors.shape}, got {context.shape}"
            )
        if self.output_bias is not None and self.output_bias.shape != (rows,):
            raise InputError(f"output_bias: expected shape ({rows},), got {self.output_bias.shape}")

    @property
    def key_to_index(self) -> Mapping[str, int]:
        """The row of each word."""
        return MappingProxyType(self._ids)

    @property
    def vector_size(self) -> int:
        """Numbers a word, D."""
        return int(self.vectors.shape[1])

    @property
    def training(self) -> dict[str, Any]:
        """What `w2v.train` recorded of the run in the metadata; empty if nothing, or no JSON."""
        try:
            record = json.loads(self.metadata.get("training", "{}"))
            json.dumps(record, ensure_ascii=False).encode()  # it may hold half of a surrogate pair
        except (ValueError, RecursionError):
            return {}
        return record if isinstance(record, dict) else {}

    @cached_property
    def unit_vectors(self) -> FloatMatrix:
        """(V, D) float32: the vectors divided by their lengths; zero vectors stay zero.

        Computed on first use and kept: as much memory again as the vectors.
        """
        units = np.empty(self.vectors.shape, np.float32)
        for block in row_blocks(len(units)):
            units[block] = _unit(self.vectors[block])
        units.flags.writeable = False
        return units

    def first(self, count: int) -> Embeddings:
        """The first words, the most frequent by convention, with their vectors: nothing is copied.

        Raises:
            ConfigError: `count` is below 1.
        """
        if count < 1:
            raise ConfigError(f"first: expected at least 1, got {count}")
        if count >= len(self):
            return self
        return Embeddings(
            self.index_to_key[:count],
            self.vectors[:count],
            counts=None if self.counts is None else self.counts[:count],
            context_vectors=None if self.context_vectors is None else self.context_vectors[:count],
            metadata=self.metadata,
        )

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.index_to_key)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word in self._ids

    def __getitem__(self, words: str | Iterable[str]) -> FloatMatrix:
        """The vector of a word, (D,), or a new array of several, (N, D).

        Raises:
            UnknownWordError: a word is not in the vocabulary.
        """
        if isinstance(words, str):
            row: FloatMatrix = self.vectors[self._id(words)]
            return row
        if not isinstance(words, Iterable):
            raise InputError(f"expected a word or several, got {shown(words)}")
        rows: FloatMatrix = self.vectors[np.array([self._id(word) for word in words], np.intp)]
        return rows

    def _id(self, word: object) -> int:
        if not isinstance(word, str):
            raise InputError(f"expected a word, got {shown(word)}")
        try:
            return self._ids[word]
        except KeyError:
            # Suggestions take milliseconds: they are sought only if the message is ever shown,
            # so that skipping unknown words in a loop stays cheap.
            raise UnknownWordError(_UnknownWord(word, self)) from None

    def similarity(self, a: str, b: str) -> float:
        """The cosine of the angle between two words' vectors, -1 to 1; 0 for a zero vector."""
        pair = _unit(self[[a, b]]).astype(np.float64)
        return float(np.clip(pair[0] @ pair[1], -1.0, 1.0))

    def most_similar(
        self,
        positive: str | np.ndarray[Any, Any] | Sequence[str | np.ndarray[Any, Any]] = (),
        negative: str | np.ndarray[Any, Any] | Sequence[str | np.ndarray[Any, Any]] = (),
        topn: int = 10,
    ) -> list[tuple[str, float]]:
        """The words nearest to the sum of the positive minus the sum of the negative unit vectors.

        3CosAdd of Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word
        Representations", equation 3.

        Args:
            positive: a word, a (D,) vector, or a list of both.
            negative: likewise.
            topn: how many; fewer come if there are no more words.

        Returns:
            (word, cosine), the nearest first. Words of the query are left out.

        Raises:
            UnknownWordError: a word is not in the vocabulary.
            ConfigError: nothing was asked for, or `topn` is below 1.
        """
        added, subtracted = _as_list(positive), _as_list(negative)
        if not added and not subtracted:
            raise ConfigError("most_similar: expected at least one word, got none")
        if topn < 1:
            raise ConfigError(f"topn: expected at least 1, got {topn}")
        query = np.zeros(self.vector_size)
        for items, sign in ((added, 1.0), (subtracted, -1.0)):
            for item in items:
                query += sign * self._unit_of(item)
        cosines = self.unit_vectors @ _unit(query[None])[0]
        asked = [self._ids[item] for item in (*added, *subtracted) if isinstance(item, str)]
        cosines[asked] = -np.inf
        count = min(topn, len(self) - len(set(asked)))
        if count == 0:
            return []
        # All words at least as near as the last one asked for, so that ties go by the word's row.
        bar = np.partition(cosines, len(self) - count)[len(self) - count]
        near = np.flatnonzero(cosines >= bar)
        near = near[np.argsort(-cosines[near], kind="stable")][:count]
        words = self.index_to_key
        return [(words[i], float(np.clip(cosines[i], -1.0, 1.0))) for i in near.tolist()]

    def _unit_of(self, item: str | np.ndarray[Any, Any]) -> FloatVector:
        if isinstance(item, str):
            known: FloatVector = _unit(self.vectors[self._id(item)][None])[0]
            return known
        vector = np.asarray(item)
        if vector.shape != (self.vector_size,) or vector.dtype.kind not in "fiu":
            raise InputError(
                f"most_similar: expected a word or a vector of {self.vector_size} numbers, "
                f"got {vector.dtype} of shape {vector.shape}"
            )
        if not np.isfinite(vector).all():
            raise InputError("most_similar: expected finite numbers, got NaN or infinity")
        unit: FloatVector = _unit(vector[None])[0]
        return unit

    def analogy(self, a: str, b: str, c: str, topn: int = 10) -> list[tuple[str, float]]:
        """What is to `c` as `b` is to `a`: ``analogy("man", "king", "woman")`` asks for queen."""
        return self.most_similar(positive=[b, c], negative=[a], topn=topn)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, in the format that the extension names; see `w2v.formats.write`."""
        table = formats.VectorTable(
            self.index_to_key, self.vectors, self.counts, self.context_vectors, self.metadata,
            self.output_bias,
        )  # fmt: skip
        formats.write(path, table)

    def __repr__(self) -> str:
        return f"<Embeddings: {len(self)} words, {self.vector_size} dimensions>"

    def _repr_html_(self) -> str:
        """The first words as a table, for notebooks."""
        columns = min(_NUMBERS_IN_HTML, self.vector_size)
        rows = [
            f"<tr><th>{html.escape(word)}</th>"
            + "".join(f"<td>{number:.4f}</td>" for number in self.vectors[i, :columns].tolist())
            + ("<td>…</td>" if columns < self.vector_size else "")
            + "</tr>"
            for i, word in enumerate(self.index_to_key[:_ROWS_IN_HTML])
        ]
        if len(self) > _ROWS_IN_HTML:
            rows.append("<tr><th>…</th></tr>")
        return f"<p>{html.escape(repr(self)[1:-1])}</p><table>{''.join(rows)}</table>"


def load(path: str | os.PathLike[str], *, mmap: bool = False) -> Embeddings:
    """Read vectors from a file; see `w2v.formats.read` for what is accepted.

    Args:
        path: .bin, .txt, .vec or .safetensors; with another extension the content tells.
        mmap: map a .safetensors file in place of reading it: instant, shared between processes.

    Raises:
        FormatError: the file cannot be read.
    """
    table = formats.read(path, mmap=mmap)
    return Embeddings(
        table.words,
        table.vectors,
        counts=table.counts,
        context_vectors=table.context_vectors,
        output_bias=table.output_bias,
        metadata=table.metadata,
    )


class _UnknownWord:
    """The message for an unknown word, with near spellings sought when it is shown."""

    def __init__(self, word: str, embeddings: Embeddings) -> None:
        self.word, self.embeddings = word, embeddings

    def __str__(self) -> str:
        message = f"{shown(self.word)} is not in the vocabulary"
        near = near_spellings(self.word, self.embeddings)
        return f"{message} (did you mean {', '.join(map(shown, near))}?)" if near else message

    __repr__ = __str__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # Sent to another process it is its text, not the whole vocabulary.
        return str, (str(self),)


def near_spellings(word: str, embeddings: Embeddings) -> list[str]:
    """Up to three words of the vocabulary that look like `word`, the likeliest first.

    Compared are the 2000 most frequent words that have its first or last letter and about its
    length, so that a vocabulary of millions takes a fraction of a second.
    """
    cases = dict.fromkeys((word.lower(), word.capitalize(), word.upper()))
    found = [case for case in cases if case in embeddings]
    if word:
        shortest, longest = len(word) - 2, len(word) + 2
        first, last = word[0], word[-1]
        candidates: list[str] = []
        for known in embeddings:
            if (known[:1] == first or known[-1:] == last) and shortest <= len(known) <= longest:
                candidates.append(known)
                if len(candidates) == _MOST_CANDIDATES:
                    break
        found += difflib.get_close_matches(word, candidates, n=_SUGGESTIONS, cutoff=0.7)
    return list(dict.fromkeys(found))[:_SUGGESTIONS]


def _unit(rows: np.ndarray[Any, Any]) -> FloatMatrix:
    """Rows divided by their lengths; zero rows stay zero.

    In float64: the square of a float32 overflows or vanishes within float32's own range.
    """
    wide = rows.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    wide /= np.where(lengths == 0, 1.0, lengths)[:, None]
    result: FloatMatrix = wide.astype(np.float32)
    return result


def _read_only(array: np.ndarray[Any, Any], dtype: type[np.generic]) -> Any:
    given = np.asarray(array)
    if given.dtype.kind not in "fiu":
        raise InputError(f"embeddings: expected arrays of numbers, got {given.dtype}")
    view = given.astype(dtype, copy=False).view()
    view.flags.writeable = False
    return view


def _as_list(
    items: str | np.ndarray[Any, Any] | Sequence[str | np.ndarray[Any, Any]],
) -> list[str | np.ndarray[Any, Any]]:
    """One word or one vector is a list of one; never the letters of a word."""
    if isinstance(items, str) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [items]
    return list(items)
