"""Score vectors on analogies and word similarity.

Analogies: ``a b c d`` asks for the word d that is to c as b is to a, among the first `top_words`
words except a, b and c. 3CosAdd takes the word nearest to b - a + c, 3CosMul the one with the
largest product of cosines (Levy and Goldberg 2014, equations 3 and 4). Similarity: the correlation
of cosines with human scores. Questions with an unknown word are left out, and the coverage is the
fraction that remains. Case is ignored, unless `case_sensitive`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np

from w2v.embeddings import Embeddings
from w2v.embeddings.neighbors import COSMUL_EPSILON
from w2v.errors import ConfigError, InputError, shown
from w2v.evaluate.questions import Analogies, Similarities, read_analogies, read_similarity
from w2v.util.arguments import number_of_words
from w2v.util.text import prepare

TOP_WORDS = 30_000
"""Mikolov et al. 2013 and word2vec's compute-accuracy search 30,000 words for the answer."""

_SYNTACTIC = "gram"
"""Google's questions-words.txt calls the syntactic sections gram1-... to gram9-..."""
_QUESTIONS_AT_ONCE = 512

Method = Literal["3cosadd", "3cosmul"]
METHODS: tuple[Method, ...] = get_args(Method)
"""Ways to answer an analogy, the default first."""

Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Score:
    """Correct answers to a section of analogy questions, or to several.

    Attributes:
        name: the section.
        correct: number of correct answers.
        found: number of questions whose four words are known.
        total: number of all questions.
    """

    name: str
    correct: int
    found: int
    total: int

    @property
    def accuracy(self) -> float | None:
        """Fraction of the found questions answered correctly, 0 to 1; None if none was found."""
        return self.correct / self.found if self.found else None

    @property
    def coverage(self) -> float:
        """Fraction of all questions that were found, 0 to 1."""
        return self.found / self.total


@dataclass(frozen=True)
class AnalogyResult:
    """Scores of a file of analogy questions.

    Attributes:
        path: the file.
        sections: the score of each section, in the file's order.
        semantic: sum of the sections whose names do not begin with "gram"; None unless there are
            sections of both kinds.
        syntactic: sum of the sections whose names begin with "gram"; None likewise.
        total: sum of all sections.
    """

    path: str
    sections: tuple[Score, ...]
    semantic: Score | None
    syntactic: Score | None
    total: Score


@dataclass(frozen=True)
class SimilarityResult:
    """Agreement with human scores of word pairs.

    Attributes:
        path: the file.
        rho: Spearman's rank correlation of cosines and scores, -1 to 1; None if undefined, see
            `spearman`.
        found: number of pairs whose two words are known.
        total: number of all pairs.
        pearson: Pearson's correlation of cosines and scores, -1 to 1; None likewise.
    """

    path: str
    rho: float | None
    found: int
    total: int
    pearson: float | None

    @property
    def coverage(self) -> float:
        """Fraction of all pairs that were found, 0 to 1."""
        return self.found / self.total


def evaluate_analogies(
    wv: Embeddings,
    path: str | os.PathLike[str],
    top_words: int = TOP_WORDS,
    *,
    case_sensitive: bool = False,
    questions: Analogies | None = None,
    method: Method = "3cosadd",
) -> AnalogyResult:
    """Answer the questions of a file in the format of Google's questions-words.txt.

    Args:
        wv: the vectors.
        path: lines of four words; a line ``: name`` begins a section.
        top_words: restrict questions and answers to this many words, the first ones.
        case_sensitive: False treats words that differ only in case as the first of them.
        questions: contents of the file, if already read: a pipe can be read only once.
        method: "3cosadd" or "3cosmul".

    Returns:
        Scores of each section, and of all.

    Raises:
        FormatError: a line is neither a section nor four words, or there are no questions.
        InputError: `questions` holds a question that is not four words, or none at all.
        ConfigError: `top_words` is below 1, or `method` is unknown.
    """
    top_words = number_of_words("top_words", top_words)
    if method not in METHODS:
        raise ConfigError(f"method: {shown(method)} is not {' or '.join(METHODS)}")
    sections = read_analogies(path) if questions is None else questions
    for name, asked in sections.items():
        for question in asked:
            if isinstance(question, str) or len(question) != 4:
                raise InputError(
                    f"questions: section {shown(name)}: {shown(question)} is not four words"
                )
    if not any(map(len, sections.values())):
        raise InputError("questions: there are none")
    # The rows of these words, and the index of each word among them.
    ids = _word_ids(wv.index_to_key[:top_words], case_sensitive)
    rows = np.fromiter(ids.values(), np.intp, len(ids))
    place = {word: position for position, word in enumerate(ids)}
    options = wv.training_options
    units = wv.unit_vectors[rows]
    scores = []
    for name, asked in sections.items():
        found = [[_find(word, place, case_sensitive, options) for word in q] for q in asked]
        known = [q for q in found if None not in q]
        correct = _count_correct(units, np.array(known, np.intp).reshape(-1, 4), method)
        scores.append(Score(name, correct, len(known), len(asked)))
    syntactic = [score for score in scores if score.name.startswith(_SYNTACTIC)]
    semantic = [score for score in scores if not score.name.startswith(_SYNTACTIC)]
    both = bool(syntactic and semantic)
    return AnalogyResult(
        os.fspath(path),
        tuple(scores),
        _sum("semantic", semantic) if both else None,
        _sum("syntactic", syntactic) if both else None,
        _sum("total", scores),
    )


def _sum(name: str, scores: Sequence[Score]) -> Score:
    return Score(
        name,
        sum(score.correct for score in scores),
        sum(score.found for score in scores),
        sum(score.total for score in scores),
    )


def _count_correct(
    units: np.ndarray[Any, Any], questions: np.ndarray[Any, Any], method: Method
) -> int:
    """Count correct answers to questions, (Q, 4) rows of `units`, many per matrix product."""
    correct = 0
    for begin in range(0, len(questions), _QUESTIONS_AT_ONCE):
        block = questions[begin : begin + _QUESTIONS_AT_ONCE]
        a, b, c, d = block.T
        if method == "3cosadd":
            scores = (units[b] - units[a] + units[c]) @ units.T
        else:
            shifted = [(1 + units[word] @ units.T) / 2 for word in (a, b, c)]
            scores = shifted[1] * shifted[2] / (shifted[0] + COSMUL_EPSILON)
        np.put_along_axis(scores, block[:, :3], -np.inf, axis=1)
        correct += int(np.count_nonzero(scores.argmax(axis=1) == d))
    return correct


def evaluate_similarity(
    wv: Embeddings,
    path: str | os.PathLike[str],
    *,
    case_sensitive: bool = False,
    pairs: Similarities | None = None,
    columns: Sequence[str] | None = None,
) -> SimilarityResult:
    """Compare cosines with human scores of word pairs.

    Args:
        wv: the vectors.
        path: a file of pairs and scores; see `w2v.evaluate.questions.read_similarity`.
        case_sensitive: as in `evaluate_analogies`.
        pairs: contents of the file, if already read.
        columns: columns of the words and the score, if they cannot be detected; see
            `w2v.evaluate.questions.read_similarity`.

    Returns:
        Correlations over the pairs whose words are known, and the coverage.

    Raises:
        FormatError: a line is not two words and a score, or there are no pairs.
        InputError: `pairs` is empty, or one of them is not two words and a score.
        ConfigError: `columns` does not name three columns of the file.
    """
    pairs = read_similarity(path, columns) if pairs is None else pairs
    if not pairs:
        raise InputError("pairs: there are none")
    ids = _word_ids(wv.index_to_key, case_sensitive)
    options = wv.training_options
    cosines: list[float] = []
    scores: list[float] = []
    for number, item in enumerate(pairs, start=1):
        match item:
            case ((str(), str()) as pair, Real() as score):
                pass
            case _:
                raise InputError(f"pairs: {shown(item)}, the pair {number}, is not ((a, b), score)")
        first, second = (_find(word, ids, case_sensitive, options) for word in pair)
        if first is not None and second is not None:
            cosines.append(wv.similarity(wv.words[first], wv.words[second]))
            scores.append(float(score))
    x, y = np.array(cosines, np.float64), np.array(scores, np.float64)
    return SimilarityResult(os.fspath(path), spearman(x, y), len(scores), len(pairs), pearson(x, y))


def _word_ids(words: Sequence[str], case_sensitive: bool) -> Mapping[str, int]:
    """The row of each word; unless case matters, in lower case, and that of the first spelling."""
    ids: dict[str, int] = {}
    for word_id, word in enumerate(words):
        ids.setdefault(word if case_sensitive else word.lower(), word_id)
    return ids


def _find(
    word: str, ids: Mapping[str, int], case_sensitive: bool, options: Mapping[str, Any]
) -> int | None:
    """The row of a word of a question; None if unknown.

    A word that is not in the vocabulary is preprocessed as the training text was: "New York" may be
    the word new_york of a text with phrases.
    """
    folded = word if case_sensitive else word.lower()
    if folded in ids:
        return ids[folded]
    prepared = prepare(folded, options, ids)
    return ids.get(prepared[0]) if len(prepared) == 1 else None


def spearman(a: Scores, b: Scores) -> float | None:
    """Spearman's rho: Pearson's correlation of the ranks, where ties share their mean rank.

    Args:
        a: (N,) numbers.
        b: (N,) numbers.

    Returns:
        -1 to 1, or None if undefined: fewer than two pairs, or all of `a` or all of `b` equal.
    """
    return pearson(_ranks(a), _ranks(b))


def pearson(a: Scores, b: Scores) -> float | None:
    """Pearson's correlation of (N,) numbers, -1 to 1; None if undefined, as in `spearman`."""
    if len(a) < 2 or (a == a[0]).all() or (b == b[0]).all():
        return None
    x, y = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / scale, -1.0, 1.0)) if scale > 0 else None


def _ranks(values: Scores) -> Scores:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(sizes) - (sizes - 1) / 2
    ranks: Scores = mean_ranks[group]
    return ranks
