"""`Embeddings`, a class for word vectors, and `load`, which reads them from a file.

`w2v.embeddings.neighbors` and `w2v.embeddings.sentence_vectors` do the arithmetic.
"""

from __future__ import annotations

import html
import json
import logging
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, Self, overload

import numpy as np

from w2v import formats
from w2v.embeddings import sentence_vectors
from w2v.embeddings.arguments import (
    as_list,
    count_array,
    finite_weights,
    float32_array,
    weighted_keys,
)
from w2v.embeddings.neighbors import COSMUL_EPSILON, best, nearest_rows, unit_rows
from w2v.embeddings.spelling_suggestions import UnknownWordMessage
from w2v.errors import ConfigError, InputError, UnknownWordError, shown
from w2v.formats.table import (
    FloatMatrix,
    FloatVector,
    VectorTable,
    check_finite,
    check_unique,
    row_blocks,
)
from w2v.util.arguments import number_of_words

if TYPE_CHECKING:
    from w2v.evaluate import AnalogyResult, SimilarityResult

Vector = np.ndarray[Any, Any]
Key = str | Vector
"""Part of a query: a word, or a (D,) vector."""
WeightedKey = Key | tuple[Key, float]
Keys = WeightedKey | Sequence[WeightedKey]
Neighbors = list[tuple[str, float]]
"""Words with their scores, the best first."""

_ROWS_IN_HTML = 10
_NUMBERS_IN_HTML = 5
_EVALUATION_WORDS = 300_000
"""Default number of words for an evaluation, as in gensim."""

_log = logging.getLogger("w2v")


class Embeddings(VectorTable):
    """V words and their vectors.

    Iterating yields the words. Embeddings are immutable: all arrays are read-only. A writable array
    is copied; a read-only float32 array (mapped from a file, or after ``array.flags.writeable =
    False``) is used without a copy. To continue training the vectors elsewhere, copy them:
    ``torch.tensor(wv.vectors)``, not ``torch.from_numpy``.

    Args:
        words: V distinct words, by convention the most frequent first.
        vectors: (V, D) finite numbers, stored as float32: the center vectors.
        counts: (V,) occurrences in the corpus.
        context_vectors: (V, D), stored as float32.
        output_bias: (V,), stored as float32; the model's logit of a context word w for a center
            word c is context_vectors[w] . vectors[c] + output_bias[w].
        metadata: texts by name, about how the vectors were trained; .safetensors files store them.

    Raises:
        InputError: the shapes do not match, there are no words, a word is repeated, a number is not
            finite, or a count is negative. Arrays mapped from a file are not checked here: methods
            check the vectors that they use, and `check_finite` checks all arrays.

    >>> wv = Embeddings(["up", "down"], np.array([[1.0, 0.0], [-1.0, 0.0]]))
    >>> wv.similarity("up", "down")
    -1.0
    """

    def __init__(
        self,
        words: Sequence[str],
        vectors: Vector,
        *,
        counts: Vector | None = None,
        context_vectors: Vector | None = None,
        output_bias: Vector | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(words, str) or not isinstance(words, Iterable):
            raise InputError(f"embeddings: expected a list of words, got {shown(words)}")
        super().__init__(
            list(words),
            float32_array("vectors", vectors),
            None if counts is None else count_array(counts),
            None if context_vectors is None else float32_array("context_vectors", context_vectors),
            None if output_bias is None else float32_array("output_bias", output_bias),
            {} if metadata is None else dict(metadata),
        )
        self._check()
        self._make_index()

    def _make_index(self) -> None:
        self.key_to_index: dict[str, int] = _ReadOnlyDict(
            zip(self.words, range(len(self)), strict=True)
        )
        """The row of each word. Being a dict, it can be pickled, copied and written as JSON."""
        if len(self.key_to_index) != len(self):
            check_unique("embeddings", self.words)

    def _check(self) -> None:
        rows = len(self.words)
        if self.vectors.ndim != 2 or len(self.vectors) != rows or self.vectors.size == 0:
            raise InputError(
                f"embeddings: {rows} words, but vectors of shape {self.vectors.shape}; there must "
                "be one row for each word, and at least one"
            )
        for word in self.words:
            if not isinstance(word, str):
                raise InputError(f"embeddings: the word {shown(word)} is not a str")
        shapes = {
            "counts": (rows,),
            "context_vectors": self.vectors.shape,
            "output_bias": (rows,),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array is not None and array.shape != shape:
                raise InputError(f"{name}: expected shape {shape}, got {array.shape}")
        self.check_finite(mapped=False)

    # --- words and vectors ---

    @property
    def index_to_key(self) -> list[str]:
        """The word of each row: gensim's name for `words`."""
        return self.words

    @property
    def vector_size(self) -> int:
        """Numbers per word, D."""
        return int(self.vectors.shape[1])

    @property
    def training(self) -> dict[str, Any]:
        """The record of the training run in the metadata, from JSON; empty if there is none."""
        try:
            record = json.loads(self.metadata.get("training", "{}"))
            json.dumps(record, ensure_ascii=False).encode()  # it may hold half of a surrogate pair
        except (ValueError, RecursionError):
            return {}
        return record if isinstance(record, dict) else {}

    @property
    def training_options(self) -> dict[str, Any]:
        """The options of the training run by name; empty if the metadata have none."""
        options = self.training.get("config")
        return options if isinstance(options, dict) else {}

    @cached_property
    def unit_vectors(self) -> FloatMatrix:
        """(V, D) float32: the vectors divided by their lengths; zero vectors stay zero.

        Computed on first use and kept, which doubles the memory for vectors.
        """
        units = np.empty(self.vectors.shape, np.float32)
        for block in row_blocks(len(units)):
            units[block] = self._units(block)
        units.flags.writeable = False
        return units

    def _rows(self, rows: slice | list[int]) -> FloatMatrix:
        """The vectors of some rows; mapped vectors are checked for NaN here, not when loaded."""
        vectors: FloatMatrix = self.vectors[rows]
        if isinstance(self.vectors, np.memmap) and not np.isfinite(vectors).all():
            check_finite("vectors", self.words, vectors, _row_numbers(rows))
        return vectors

    def _units(self, rows: slice | list[int]) -> FloatMatrix:
        return unit_rows(self._rows(rows))

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and word in self.key_to_index

    has_index_for = __contains__

    def __getitem__(self, words: str | Iterable[str]) -> FloatMatrix:
        """The vector of a word, (D,), as a read-only view; or those of N words, (N, D), as a copy.

        Raises:
            UnknownWordError: a word is not in the vocabulary.
        """
        if isinstance(words, str):
            return self.get_vector(words)
        if not isinstance(words, Iterable):
            self._not_a_word(words)
        return self._rows([self.get_index(word) for word in words])

    def get_index(self, word: str, default: int | None = None) -> int:
        """The row of a word; `default` if the word is unknown.

        Raises:
            UnknownWordError: the word is not in the vocabulary, and there is no `default`.
        """
        if not isinstance(word, str):
            self._not_a_word(word)
        row = self.key_to_index.get(word, default)
        if row is None:
            raise UnknownWordError(UnknownWordMessage(word, self.key_to_index))
        return row

    def _not_a_word(self, key: object) -> NoReturn:
        hint = f"; get_vector({key}) is the vector of row {key}" if isinstance(key, int) else ""
        raise InputError(f"expected a word, got {shown(key)}{hint}")

    def get_vector(self, key: str | int, norm: bool = False) -> FloatVector:
        """The vector of a word, or of the row with this number, (D,) float32.

        Args:
            key: a word, or a row number; negative numbers count from the end.
            norm: scale the vector to length 1.

        Raises:
            UnknownWordError: the word is not in the vocabulary.
            InputError: there is no such row.
        """
        row = self._row(key)
        rows = slice(row, row + 1)  # unlike a list of rows, gives a view
        vector: FloatVector = (self._units(rows) if norm else self._rows(rows))[0]
        return vector

    def _row(self, key: str | int) -> int:
        if isinstance(key, str):
            return self.get_index(key)
        if isinstance(key, bool) or not isinstance(key, int | np.integer):
            raise InputError(f"expected a word or the number of a row, got {shown(key)}")
        if not -len(self) <= key < len(self):
            raise InputError(f"row {key}: there are {len(self)} words")
        return int(key) % len(self)

    def get_normed_vectors(self) -> FloatMatrix:
        """Return `unit_vectors`; gensim's name."""
        return self.unit_vectors

    # --- similarity ---

    def similarity(self, a: str, b: str) -> float:
        """The cosine of the angle between the vectors of two words; 0 if one of them is zero."""
        pair = self._units([self.get_index(a), self.get_index(b)]).astype(np.float64)
        return float(np.clip(pair[0] @ pair[1], -1.0, 1.0))

    def distance(self, a: str, b: str) -> float:
        """1 - `similarity`."""
        return 1.0 - self.similarity(a, b)

    def distances(self, key: Key, other_words: Iterable[str] = ()) -> FloatVector:
        """1 - cosine to each of the other words; by default, to all words in the order of rows.

        Args:
            key: a word or a (D,) vector.
            other_words: N words.

        Returns:
            (N,), or (V,) for all words.
        """
        rows = [self.get_index(word) for word in as_list(other_words)]
        units = self._units(rows) if rows else self.unit_vectors
        result: FloatVector = 1 - np.clip(units @ self._unit_of(key), -1.0, 1.0)
        return result

    def closer_than(self, a: str, b: str) -> list[str]:
        """The words that are closer to `a` than `b` is, in the order of rows."""
        distances = self.distances(a)
        nearer = np.flatnonzero(distances < distances[self.get_index(b)])
        return [self.words[row] for row in nearer.tolist() if self.words[row] != a]

    def rank(self, a: str, b: str) -> int:
        """The rank of `b` among the neighbours of `a`; the nearest has rank 1."""
        return len(self.closer_than(a, b)) + 1

    def n_similarity(self, a: Sequence[str], b: Sequence[str]) -> float:
        """The cosine between the mean vectors of two lists of words; 0 if a mean is zero.

        Unknown words are left out, silently; the mean of a list without known words is zero.

        Raises:
            ConfigError: a list is empty.
        """
        means = [
            self.get_mean_vector(as_list(words), pre_normalize=False, post_normalize=True)
            for words in (a, b)
        ]
        return float(np.clip(means[0] @ means[1], -1.0, 1.0))

    def doesnt_match(self, words: Sequence[str]) -> str:
        """The word whose vector is farthest from the mean of all unit vectors, by cosine.

        Unknown words are left out, with a warning in the log.

        Raises:
            ConfigError: none of the words is in the vocabulary.
        """
        known = self._known(as_list(words), "doesnt_match")
        units = self._units([self.get_index(word) for word in known])
        return known[int(np.argmin(units @ unit_rows(units.mean(axis=0)[None])[0]))]

    def _known(self, words: Sequence[str], caller: str) -> list[str]:
        known = [word for word in words if word in self]
        if not known:
            raise ConfigError(f"{caller}: none of the words is in the vocabulary")
        if len(known) < len(words):
            unknown = [word for word in words if word not in self]
            _log.warning("%s: left out unknown words: %s", caller, ", ".join(map(shown, unknown)))
        return known

    def get_mean_vector(
        self,
        keys: Sequence[Key],
        weights: Sequence[float] | Vector | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> FloatVector:
        """The weighted mean of several vectors: sum of weight * vector / sum of abs(weight).

        Args:
            keys: words and (D,) vectors.
            weights: a weight for each key; 1 by default.
            pre_normalize: use the unit vectors of words; (D,) vectors are not scaled.
            post_normalize: scale the mean to length 1.
            ignore_missing: leave out unknown words.

        Returns:
            (D,) float32; zero if all words are left out.

        Raises:
            UnknownWordError: a word is unknown, and `ignore_missing` is False.
            ConfigError: there are no keys, or the number of weights is not that of keys.
            InputError: a weight is not a finite number.
        """
        keys = as_list(keys)
        if not keys:
            raise ConfigError("get_mean_vector: no words")
        factors = np.ones(len(keys)) if weights is None else finite_weights(weights)
        if factors.shape != (len(keys),):
            raise ConfigError(
                f"get_mean_vector: {len(keys)} words, but weights of shape {factors.shape}"
            )
        mean, total = np.zeros(self.vector_size), 0.0
        for key, factor in zip(keys, factors.tolist(), strict=True):
            if isinstance(key, str) and key not in self and ignore_missing:
                continue
            mean += factor * self._vector_of(key, norm=pre_normalize)
            total += abs(factor)
        mean /= total or 1.0
        result: FloatVector = unit_rows(mean[None])[0] if post_normalize else mean.astype("f4")
        return result

    # --- neighbours ---

    @overload
    def most_similar(
        self, positive: Keys = ..., negative: Keys = ..., topn: int = ..., *,
        restrict_vocab: int | None = ...,
    ) -> Neighbors: ...  # fmt: skip
    @overload
    def most_similar(
        self, positive: Keys = ..., negative: Keys = ..., *, topn: None,
        restrict_vocab: int | None = ...,
    ) -> FloatVector: ...  # fmt: skip
    @overload
    def most_similar(
        self, positive: Keys = ..., negative: Keys = ..., topn: int | None = ..., *,
        restrict_vocab: int | None = ...,
    ) -> Neighbors | FloatVector: ...  # fmt: skip
    def most_similar(
        self,
        positive: Keys = (),
        negative: Keys = (),
        topn: int | None = 10,
        *,
        restrict_vocab: int | None = None,
    ) -> Neighbors | FloatVector:
        """The words nearest to the sum of the positive minus the sum of the negative unit vectors.

        This is 3CosAdd of Levy and Goldberg 2014, "Linguistic Regularities in Sparse and Explicit
        Word Representations", equation 3.

        Args:
            positive: a word, a (D,) vector, or a list of these. A tuple (word or vector, weight)
                sets a weight other than 1. (D,) vectors are not scaled to length 1.
            negative: likewise, with a default weight of -1.
            topn: number of words to return; fewer if there are not as many. None returns the
                cosines of all words.
            restrict_vocab: consider only the first this many words as answers.

        Returns:
            A list of (word, cosine), the nearest first, without the words of the query; with
            ``topn=None``, an array of the cosines of all words, including those of the query:
            (V,), or (`restrict_vocab`,) if that is given.

        Raises:
            UnknownWordError: a word is not in the vocabulary.
            ConfigError: the query is empty, or `topn` or `restrict_vocab` is below 1.
            InputError: a vector or a weight is not finite, or not of the right shape or type.
        """
        keys, weights = weighted_keys(positive, negative)
        query = self.get_mean_vector(
            keys, weights, pre_normalize=True, post_normalize=True, ignore_missing=False
        )
        units = self._candidates(restrict_vocab)
        return self._ranked(np.clip(units @ query, -1.0, 1.0), keys, topn)

    def most_similar_cosmul(
        self,
        positive: Keys = (),
        negative: Keys = (),
        topn: int | None = 10,
        *,
        restrict_vocab: int | None = None,
    ) -> Neighbors | FloatVector:
        """The words that are near each positive word and far from each negative word: 3CosMul.

        The score of a word is the product of (1 + cosine) / 2 over the positive words, divided by
        0.000001 plus the same product over the negative ones (Levy and Goldberg 2014, equation 4).

        Args:
            positive: a word, a (D,) vector, or a list of these.
            negative: likewise.
            topn: see `most_similar`.
            restrict_vocab: see `most_similar`.

        Returns:
            A list of (word, score), the best first, without the words of the query; with
            ``topn=None``, an array of the scores of all words: (V,), or (`restrict_vocab`,) if that
            is given.

        Raises:
            UnknownWordError: a word is not in the vocabulary.
            ConfigError: the query is empty, or `topn` or `restrict_vocab` is below 1.
        """
        groups = as_list(positive), as_list(negative)
        units = self._candidates(restrict_vocab)
        products = []
        for keys in groups:
            queries = np.array([self._unit_of(key) for key in keys]).reshape(-1, self.vector_size)
            products.append(np.prod((1 + units @ queries.T) / 2, axis=1))
        if not groups[0] and not groups[1]:
            raise ConfigError("most_similar_cosmul: no words")
        scores = products[0] / (products[1] + COSMUL_EPSILON)
        return self._ranked(scores, [*groups[0], *groups[1]], topn)

    def _candidates(self, restrict_vocab: int | None) -> FloatMatrix:
        """Unit vectors of the words to consider as answers."""
        if restrict_vocab is None:
            return self.unit_vectors
        return self.unit_vectors[: number_of_words("restrict_vocab", restrict_vocab)]

    def _ranked(
        self, scores: FloatVector, keys: Sequence[object], topn: int | None
    ) -> Neighbors | FloatVector:
        """The best words with their scores, without those of the query; or all scores."""
        if topn is None:
            return scores
        count = number_of_words("topn", topn)
        rows = {self.get_index(key) for key in keys if isinstance(key, str)}
        excluded = [row for row in rows if row < len(scores)]
        found = scores.copy()
        return [(self.words[i], float(scores[i])) for i in best(found, count, excluded).tolist()]

    def similar_by_word(
        self, word: str, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | FloatVector:
        """`most_similar` for a single word."""
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_vector(
        self, vector: Vector, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Neighbors | FloatVector:
        """`most_similar` for a single vector."""
        return self.most_similar([vector], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_many(self, words: Iterable[str], topn: int = 10) -> list[Neighbors]:
        """`most_similar` for each of many words, at the speed of a matrix product.

        Apart from the result, memory does not grow with the number of words.

        Returns:
            For each word, in the given order, a list of (word, cosine), the nearest first.

        Raises:
            UnknownWordError: a word is not in the vocabulary.
            ConfigError: `topn` is below 1.
        """
        count = number_of_words("topn", topn)
        rows = np.array([self.get_index(word) for word in as_list(words)], np.intp)
        ids, cosines = nearest_rows(self.unit_vectors, rows, min(count, len(self) - 1))
        cosines = np.clip(cosines, -1.0, 1.0)
        names = self.words
        return [
            [(names[row], cosine) for row, cosine in zip(row_ids, row_cosines, strict=True)]
            for row_ids, row_cosines in zip(ids.tolist(), cosines.tolist(), strict=True)
        ]

    def analogy(self, a: str, b: str, c: str, topn: int = 10) -> Neighbors:
        """What is to `c` as `b` is to `a`: for ``analogy("man", "king", "woman")``, queen."""
        return self.most_similar([b, c], [a], topn=topn)

    def _unit_of(self, key: object) -> FloatVector:
        unit: FloatVector = unit_rows(self._vector_of(key, norm=True)[None])[0]
        return unit

    def _vector_of(self, key: object, *, norm: bool) -> FloatVector:
        """The vector of a word, or `key` itself if it is a valid vector."""
        if isinstance(key, str):
            return self.get_vector(key, norm)
        if not isinstance(key, np.ndarray):
            self._not_a_word(key)
        if key.shape != (self.vector_size,) or key.dtype.kind not in "fiu":
            raise InputError(
                f"expected a word or a vector of {self.vector_size} numbers, got {key.dtype} of "
                f"shape {key.shape}"
            )
        if not np.isfinite(key).all():
            raise InputError("the vector holds NaN or infinity; numbers must be finite")
        return key

    # --- sentences ---

    def encode(
        self,
        texts: str | Iterable[str | Sequence[str]],
        *,
        smoothing: float | None = sentence_vectors.SMOOTHING,
        remove_component: bool | Vector = False,
    ) -> FloatMatrix:
        """Vectors of texts: means of their words' vectors, with low weights for frequent words.

        The weights are the smooth inverse frequency of Arora, Liang and Ma 2017, "A Simple but
        Tough-to-Beat Baseline for Sentence Embeddings", algorithm 1: a / (a + p(w)), where p(w) is
        the relative frequency of the word w in the corpus. Texts are split in the same way as the
        training text; unknown words are left out, and the vector of a text without known words
        is 0.

        Args:
            texts: N texts, or a single one. A text may also be a list of words.
            smoothing: a; the smaller, the lower the weights of frequent words. None gives the plain
                mean.
            remove_component: True removes from each vector its component along the first singular
                vector of all of them, that is, what the texts have in common; this needs at least
                two texts. A (D,) array is removed instead: see `common_component`.

        Returns:
            (N, D) float32; (D,) for a single text.

        Raises:
            InputError: a text is neither a str nor a list of words, or `remove_component` is not a
                vector of D finite numbers.
            ConfigError: `smoothing` is not a positive number, or there are fewer than two texts to
                compute the component from.
        """
        vectors = self._encode([texts] if isinstance(texts, str) else texts, smoothing)
        if remove_component is True:
            remove_component = sentence_vectors.common_component(vectors)
        if remove_component is not False:
            vectors = sentence_vectors.without_component(vectors, np.asarray(remove_component))
        return vectors[0] if isinstance(texts, str) else vectors

    def common_component(
        self,
        texts: Iterable[str | Sequence[str]],
        *,
        smoothing: float | None = sentence_vectors.SMOOTHING,
    ) -> FloatVector:
        """What the vectors of many texts have in common, to remove it from others with `encode`.

        Args:
            texts: see `encode`.
            smoothing: see `encode`.

        Returns:
            (D,) float32, of length 1: the first right singular vector of the matrix of vectors.

        Raises:
            InputError: a text is neither a str nor a list of words.
            ConfigError: `smoothing` is not a positive number, or there are fewer than two texts.
        """
        return sentence_vectors.common_component(self._encode(texts, smoothing))

    def _encode(self, texts: Iterable[str | Sequence[str]], smoothing: float | None) -> FloatMatrix:
        if not isinstance(texts, Iterable):
            raise InputError(f"encode: expected texts, got {shown(texts)}")
        weights = sentence_vectors.word_weights(len(self), self.counts, smoothing)
        rows = [
            [self.key_to_index[word] for word in words if word in self.key_to_index]
            for words in sentence_vectors.split_texts(
                texts, self.training_options, self.key_to_index
            )
        ]
        return sentence_vectors.weighted_means(self._rows, weights, rows, self.vector_size)

    # --- evaluation ---

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str],
        restrict_vocab: int | None = _EVALUATION_WORDS,
        case_insensitive: bool = True,
    ) -> AnalogyResult:
        """Answer analogy questions, as in gensim; see `w2v.evaluate.evaluate_analogies`.

        Args:
            analogies: path of a file of questions.
            restrict_vocab: use only the first this many words; None uses all.
            case_insensitive: ignore upper and lower case.
        """
        from w2v.evaluate import evaluate_analogies

        top_words = len(self) if restrict_vocab is None else restrict_vocab
        return evaluate_analogies(self, analogies, top_words, case_sensitive=not case_insensitive)

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str],
        restrict_vocab: int | None = _EVALUATION_WORDS,
        case_insensitive: bool = True,
    ) -> SimilarityResult:
        """Compare similarities with human scores; see `w2v.evaluate.evaluate_similarity`.

        Args:
            pairs: path of a file of pairs with scores.
            restrict_vocab: use only the first this many words; None uses all.
            case_insensitive: ignore upper and lower case.
        """
        from w2v.evaluate import evaluate_similarity

        words = self if restrict_vocab is None else self.first(restrict_vocab)
        return evaluate_similarity(words, pairs, case_sensitive=not case_insensitive)

    # --- saving and exchanging ---

    def first(self, count: int) -> Self:
        """Embeddings of only the first words, by convention the most frequent.

        Args:
            count: number of words to keep.

        Raises:
            ConfigError: `count` is below 1.
        """
        number_of_words("first", count)
        return self if count >= len(self) else self.from_table(self, count)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file in the format of its extension; see `w2v.formats.write`."""
        formats.write(path, self)

    def save_word2vec_format(self, path: str | os.PathLike[str], binary: bool = False) -> None:
        """Write word2vec's binary or text format, whatever the extension."""
        formats.write(path, self, formats.EXTENSIONS[".bin" if binary else ".txt"])

    def to_gensim(self) -> Any:
        """Copy the vectors and counts to a `gensim.models.KeyedVectors`."""
        from gensim.models import KeyedVectors

        keyed_vectors = KeyedVectors(self.vector_size, count=0, dtype=np.float32)
        keyed_vectors.add_vectors(self.words, np.array(self._rows(slice(0, len(self)))))
        if self.counts is not None:
            keyed_vectors.expandos["count"] = np.array(self.counts)
        return keyed_vectors

    @classmethod
    def from_gensim(cls, model: Any) -> Self:
        """Copy vectors and counts from gensim.

        Args:
            model: a KeyedVectors or Word2Vec. From a Word2Vec trained with negative sampling, the
                context vectors are copied, too.
        """
        keyed_vectors = getattr(model, "wv", model)
        counts = keyed_vectors.expandos.get("count")
        context = getattr(model, "syn1neg", None)
        return cls(
            keyed_vectors.index_to_key,
            np.array(keyed_vectors.vectors),
            counts=None if counts is None else np.array(counts),
            context_vectors=None if context is None else np.array(context),
        )

    def __getstate__(self) -> dict[str, Any]:
        return self.parts()  # without what is computed from them, such as unit vectors

    def __setstate__(self, state: dict[str, Any]) -> None:
        for part in state.values():
            if isinstance(part, np.ndarray):
                part.flags.writeable = False  # pickling loses this flag
        VectorTable.__init__(self, **state | {"metadata": dict(state["metadata"])})
        self._make_index()

    @classmethod
    def from_table(cls, table: VectorTable, count: int | None = None) -> Self:
        """Embeddings from what `w2v.formats.read` returned, which it has checked. Copies no array.

        Args:
            table: the words and vectors.
            count: keep only the first this many words; None keeps all.
        """
        embeddings = cls.__new__(cls)
        embeddings.__setstate__(table.parts(count))
        return embeddings

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
            for i, word in enumerate(self.words[:_ROWS_IN_HTML])
        ]
        if len(self) > _ROWS_IN_HTML:
            rows.append("<tr><th>…</th></tr>")
        return f"<p>{html.escape(repr(self)[1:-1])}</p><table>{''.join(rows)}</table>"


def load(
    path: str | os.PathLike[str],
    *,
    mmap: bool = False,
    limit: int | None = None,
    lenient: bool = False,
) -> Embeddings:
    """Read vectors from a file; `w2v.formats.read` describes the formats.

    Args:
        path: .bin, .txt, .vec or .safetensors, compressed (.vec.gz) or not. With any other
            extension, the format is recognised by the content. "-" is standard input.
        mmap: memory-map a .safetensors file instead of reading it: this takes no time, and
            processes share the memory. Numbers are checked when they are used; see `Embeddings`.
        limit: read only the first this many words.
        lenient: accept files that break the rules of their format, such as GloVe's with spaces in
            words; a warning says how many violations were accepted.

    Raises:
        FormatError: the file cannot be read, or breaks the rules of its format.
        ConfigError: `mmap` with a file that cannot be mapped, or a `limit` below 1.
    """
    table = formats.read(
        path,
        mmap=mmap,
        limit=limit,
        lenient=lenient,
        report=lambda summary: warnings.warn(summary, UserWarning, stacklevel=4),
    )
    return Embeddings.from_table(table)


class _ReadOnlyDict(dict[str, int]):
    """A dict that cannot be changed by accident; its copies are ordinary dicts."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("key_to_index is read-only; copy it first: dict(wv.key_to_index)")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type[dict[str, int]], tuple[dict[str, int]]]:
        return dict, (dict(self),)


def _row_numbers(rows: slice | list[int]) -> Sequence[int]:
    return range(rows.start, rows.stop) if isinstance(rows, slice) else rows
