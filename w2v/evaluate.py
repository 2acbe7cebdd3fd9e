"""How good vectors are: analogies and word similarity, as a library and as a command.

    python -m w2v.evaluate vectors.bin --analogies questions-words.txt --similarity ws353.tsv

Analogies: ``a b c d`` asks for the word nearest to b - a + c (3CosAdd of Levy and Goldberg 2014)
among the first `top_words` words, a, b and c left out; right is d. Similarity: Spearman's rank
correlation of the cosines with people's scores. Questions with a word that is not in the
vocabulary are left out, and the coverage says how many. Words are compared without case, unless
told otherwise. Changes no vectors; asks nothing else of them.
"""

from __future__ import annotations

import json
import os
import sys
from argparse import SUPPRESS
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from w2v import cli
from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, one_line
from w2v.questions import Analogies, Similarities, read_analogies, read_similarity

TOP_WORDS = 30_000
"""Mikolov et al. 2013 and word2vec's compute-accuracy look for answers among 30,000 words."""

_SYNTACTIC = "gram"
"""In Google's questions-words.txt the syntactic sections are called gram1-... to gram9-..."""
_QUESTIONS_AT_ONCE = 512
_DATA_FOLDERS = (Path(__file__).parent / "data", Path(__file__).parent.parent / "data")
"""Where questions are if none are given: in an installed package, or in a clone."""

FloatVector = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Score:
    """How many analogy questions were right.

    Attributes:
        name: the section.
        correct: questions answered right.
        found: questions whose four words are known.
        total: all questions.
    """

    name: str
    correct: int
    found: int
    total: int

    @property
    def accuracy(self) -> float | None:
        """The part of the found questions answered right, 0 to 1; None if none was found."""
        return self.correct / self.found if self.found else None

    @property
    def coverage(self) -> float:
        """The part of all questions that was found, 0 to 1."""
        return self.found / self.total


@dataclass(frozen=True)
class AnalogyResult:
    """Scores of a file of analogy questions.

    Attributes:
        path: the file.
        sections: one score a section, in the file's order.
        semantic: sum of the sections whose names do not begin with "gram"; None if none does.
        syntactic: sum of those whose names do; None likewise.
        total: sum of all.
    """

    path: str
    sections: tuple[Score, ...]
    semantic: Score | None
    syntactic: Score | None
    total: Score


@dataclass(frozen=True)
class SimilarityResult:
    """Agreement with people's scores of word pairs.

    Attributes:
        path: the file.
        rho: Spearman's rank correlation, -1 to 1; None for fewer than two pairs or equal scores.
        found: pairs whose two words are known.
        total: all pairs.
    """

    path: str
    rho: float | None
    found: int
    total: int

    @property
    def coverage(self) -> float:
        """The part of all pairs that was found, 0 to 1."""
        return self.found / self.total


def evaluate_analogies(
    wv: Embeddings,
    path: str | os.PathLike[str],
    top_words: int = TOP_WORDS,
    *,
    case_sensitive: bool = False,
    questions: Analogies | None = None,
) -> AnalogyResult:
    """Answer the questions of a file in the format of Google's questions-words.txt.

    Args:
        wv: the vectors.
        path: lines of four words; a line ``: name`` begins a section.
        top_words: only the first this many words are asked about and answer.
        case_sensitive: False treats words that differ in case alone as the first of them.
        questions: what the file holds, if it has been read already: a pipe can be read only once.

    Raises:
        FormatError: a line is neither a section nor four words, or there are no questions.
        ConfigError: `top_words` is below 1.
    """
    if top_words < 1:
        raise ConfigError(f"top_words: expected at least 1, got {top_words}")
    sections = read_analogies(path) if questions is None else questions
    # The rows that take part, and where each word is among them.
    ids = _word_ids(wv.index_to_key[:top_words], case_sensitive)
    rows = np.fromiter(ids.values(), np.intp, len(ids))
    place = {word: position for position, word in enumerate(ids)}
    units = wv.unit_vectors[rows]
    scores = []
    for name, asked in sections.items():
        folded = asked if case_sensitive else [[w.lower() for w in q] for q in asked]
        known = [[place[word] for word in q] for q in folded if all(word in place for word in q)]
        correct = _count_correct(units, np.array(known, np.intp).reshape(-1, 4))
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


def _count_correct(units: np.ndarray[Any, Any], questions: np.ndarray[Any, Any]) -> int:
    """Right answers to questions, (Q, 4) rows of `units`; a matrix product for many at once."""
    correct = 0
    for begin in range(0, len(questions), _QUESTIONS_AT_ONCE):
        block = questions[begin : begin + _QUESTIONS_AT_ONCE]
        a, b, c, d = block.T
        cosines = (units[b] - units[a] + units[c]) @ units.T
        np.put_along_axis(cosines, block[:, :3], -np.inf, axis=1)
        correct += int(np.count_nonzero(cosines.argmax(axis=1) == d))
    return correct


def evaluate_similarity(
    wv: Embeddings,
    path: str | os.PathLike[str],
    *,
    case_sensitive: bool = False,
    pairs: Similarities | None = None,
) -> SimilarityResult:
    """Compare cosines with people's scores.

    Args:
        wv: the vectors; all words take part.
        path: lines ``word1 word2 score``, separated by tabs, commas or spaces; see
            `w2v.questions.read_similarity`.
        case_sensitive: as in `evaluate_analogies`.
        pairs: what the file holds, if it has been read already.

    Raises:
        FormatError: a line is not two words and a score, or there are none.
    """
    pairs = read_similarity(path) if pairs is None else pairs
    ids = _word_ids(wv.index_to_key, case_sensitive)
    cosines, scores = [], []
    for pair, score in pairs:
        first, second = pair if case_sensitive else (word.lower() for word in pair)
        if first in ids and second in ids:
            words = wv.index_to_key
            cosines.append(wv.similarity(words[ids[first]], words[ids[second]]))
            scores.append(score)
    rho = spearman(np.array(cosines), np.array(scores))
    return SimilarityResult(os.fspath(path), rho, len(scores), len(pairs))


def _word_ids(words: Sequence[str], case_sensitive: bool) -> Mapping[str, int]:
    """Each word's row; of those that differ in case alone the first, under its lower case."""
    ids: dict[str, int] = {}
    for word_id, word in enumerate(words):
        ids.setdefault(word if case_sensitive else word.lower(), word_id)
    return ids


def spearman(a: FloatVector, b: FloatVector) -> float | None:
    """Spearman's rho: Pearson's correlation of the ranks, where ties share their mean rank.

    Args:
        a: (N,) numbers.
        b: (N,) numbers.

    Returns:
        -1 to 1, or None where it is not defined: fewer than two pairs, or all of `a` or `b` equal.
    """
    if len(a) < 2:
        return None
    x, y = _ranks(a), _ranks(b)
    x -= x.mean()
    y -= y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / scale, -1.0, 1.0)) if scale > 0 else None


def _ranks(values: FloatVector) -> FloatVector:
    """Ranks from 1; equal values get the mean of the ranks that they take up."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(sizes) - (sizes - 1) / 2
    ranks: FloatVector = mean_ranks[group]
    return ranks


def _parser() -> cli.ArgumentParser:
    parser = cli.ArgumentParser(
        prog="w2v.evaluate",
        description="Score word vectors on analogies and word similarity.",
        epilog="Without files: the project's own questions, where its data folder is there.",
    )
    parser.add_argument("vectors", help=".bin, .txt, .vec or .safetensors")
    parser.add_argument(
        "--analogies",
        nargs="+",
        metavar="FILE",
        default=SUPPRESS,
        help="questions in the format of Google's questions-words.txt",
    )
    parser.add_argument(
        "--similarity",
        nargs="+",
        metavar="FILE",
        default=SUPPRESS,
        help="lines of word1 word2 score, as in WordSim-353, MEN or SimLex-999",
    )
    parser.add_argument(
        "--top-words", type=int, default=TOP_WORDS, metavar="N", help="words that analogies look at"
    )
    parser.add_argument(
        "--case-sensitive", action="store_true", help="tell Apple from apple in questions"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    return parser


def default_files(prefix: str) -> list[str]:
    """The project's own questions."""
    for folder in _DATA_FOLDERS:
        found = [str(path) for path in sorted(folder.glob(f"{prefix}.*")) if path.is_file()]
        if found:
            return found
    return []


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's header. Returns the exit code, raises `W2VError`."""
    arguments = _parser().parse_args(argv)
    analogy_files = getattr(arguments, "analogies", [])
    similarity_files = getattr(arguments, "similarity", [])
    if not analogy_files and not similarity_files:
        analogy_files, similarity_files = default_files("analogies"), default_files("similarity")
        if not analogy_files and not similarity_files:
            raise ConfigError("expected --analogies FILE or --similarity FILE, got neither")
    # Questions first: they take no time, and a mistake in them shows before the vectors load.
    questions = [(file, read_analogies(file)) for file in analogy_files]
    pairs = [(file, read_similarity(file)) for file in similarity_files]
    wv = load(arguments.vectors)
    case, top_words = arguments.case_sensitive, arguments.top_words
    analogies = [
        evaluate_analogies(wv, file, top_words, case_sensitive=case, questions=read)
        for file, read in questions
    ]
    similarities = [
        evaluate_similarity(wv, file, case_sensitive=case, pairs=read) for file, read in pairs
    ]
    if arguments.json:
        json.dump(_as_json(arguments.vectors, wv, analogies, similarities), sys.stdout, indent=2)
        print()
    else:
        _print(arguments.vectors, wv, analogies, similarities)
    return 0


def _as_json(
    path: str,
    wv: Embeddings,
    analogies: Sequence[AnalogyResult],
    similarities: Sequence[SimilarityResult],
) -> dict[str, object]:
    def score(result: Score | None) -> dict[str, object] | None:
        return None if result is None else {**asdict(result), "accuracy": result.accuracy}

    return {
        "vectors": path,
        "words": len(wv),
        "vector_size": wv.vector_size,
        "analogies": [
            {
                "path": result.path,
                "sections": [score(section) for section in result.sections],
                "semantic": score(result.semantic),
                "syntactic": score(result.syntactic),
                "total": score(result.total),
            }
            for result in analogies
        ],
        "similarity": [asdict(result) for result in similarities],
    }


def _print(
    path: str,
    wv: Embeddings,
    analogies: Sequence[AnalogyResult],
    similarities: Sequence[SimilarityResult],
) -> None:
    print(f"{one_line(path)}: {len(wv)} words, {wv.vector_size} dimensions")
    for result in analogies:
        totals = [result.semantic, result.syntactic, result.total]
        rows = [*result.sections, *(row for row in totals if row is not None)]
        names = [one_line(row.name) for row in rows]
        width = max(map(len, names))
        print(f"\nAnalogies, {one_line(result.path)}")
        print(f"  {'':{width}}  accuracy  correct    found      all  coverage")
        for name, row in zip(names, rows, strict=True):
            print(
                f"  {name:{width}}  {_number(row.accuracy, 8)}  {row.correct:7}  "
                f"{row.found:7}  {row.total:7}  {row.coverage:8.1%}"
            )
    if similarities:
        width = max(len(one_line(result.path)) for result in similarities)
        print("\nSimilarity, Spearman's rho")
        print(f"  {'':{width}}       rho    found      all  coverage")
        for pair in similarities:
            print(
                f"  {one_line(pair.path):{width}}  {_number(pair.rho, 8)}  {pair.found:7}  "
                f"{pair.total:7}  {pair.coverage:8.1%}"
            )


def _number(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:{width}.3f}"


def entry() -> NoReturn:
    """The command, with errors as one line and an exit code."""
    cli.run(main, "w2v.evaluate")


if __name__ == "__main__":
    entry()
