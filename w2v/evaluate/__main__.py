"""The command ``python -m w2v.evaluate``: score vectors on analogies and word similarity.

python -m w2v.evaluate vectors.bin --analogies questions-words.txt --similarity ws353.tsv
"""

from __future__ import annotations

import json
import sys
from argparse import SUPPRESS
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from w2v.embeddings import Embeddings
from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.errors import ConfigError, one_line
from w2v.evaluate.questions import read_analogies, read_similarity
from w2v.evaluate.scoring import (
    METHODS,
    TOP_WORDS,
    AnalogyResult,
    Score,
    SimilarityResult,
    evaluate_analogies,
    evaluate_similarity,
)
from w2v.util import command_line

PROG = "w2v.evaluate"
_PACKAGE = Path(__file__).parent.parent
_DATA_FOLDERS = (_PACKAGE / "data", _PACKAGE.parent / "data")
"""Folders with the default questions: that of an installed package, or that of a clone."""


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        PROG,
        description="Score word vectors on analogies and word similarity.",
        epilog="Without files, the project's own questions are used, if its data folder is there.",
    )
    parser.add_argument("vectors", help=VECTORS_HELP)
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
        help="scored word pairs: WordSim-353, SimLex-999, SimVerb, MEN, RareWord, or lines of "
        "word1 word2 score",
    )
    parser.add_argument(
        "--columns",
        metavar="A,B,SCORE",
        default=SUPPRESS,
        help="columns of the two words and the score in --similarity files, by the names in the "
        "header or by number: 1,2,4 (default: detected)",
    )
    parser.add_argument(
        "--top-words", type=int, default=TOP_WORDS, metavar="N",
        help=f"restrict analogies to the first N words (default: {TOP_WORDS})",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=METHODS, default=METHODS[0],
        help="how to answer analogies: by cosine with the sum, or by a product of cosines "
        f"(default: {METHODS[0]})",
    )  # fmt: skip
    add_reading_options(parser)
    parser.add_argument(
        "--case-sensitive", action="store_true", help="distinguish Apple from apple in questions"
    )
    parser.add_argument("--json", action="store_true", help="print JSON rather than a table")
    return parser


def default_files(prefix: str) -> list[str]:
    """Paths of the project's own question files called `prefix` and an extension; may be empty."""
    for folder in _DATA_FOLDERS:
        found = [str(path) for path in sorted(folder.glob(f"{prefix}.*")) if path.is_file()]
        if found:
            return found
    return []


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, 1 if nothing could be scored.

    Raises:
        W2VError: anything that goes wrong.
    """
    arguments = _parser().parse_args(argv)
    analogy_files = getattr(arguments, "analogies", [])
    similarity_files = getattr(arguments, "similarity", [])
    if not analogy_files and not similarity_files:
        analogy_files, similarity_files = default_files("analogies"), default_files("similarity")
        if not analogy_files and not similarity_files:
            raise ConfigError("no questions; give --analogies FILE or --similarity FILE")
    # Questions first: they load fast, and mistakes in them show up before the vectors load.
    questions = [(file, read_analogies(file)) for file in analogy_files]
    columns = arguments.columns.split(",") if "columns" in arguments else None
    if columns is not None and not similarity_files:
        raise ConfigError("--columns: needs --similarity FILE")
    pairs = [(file, read_similarity(file, columns)) for file in similarity_files]
    wv = load_vectors(PROG, arguments.vectors, arguments.limit, arguments.lenient)
    case, top_words = arguments.case_sensitive, arguments.top_words
    analogies = [
        evaluate_analogies(
            wv, file, top_words, case_sensitive=case, questions=read, method=arguments.method
        )
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
    found = [(result.path, result.total.found, "questions") for result in analogies]
    found += [(result.path, result.found, "pairs") for result in similarities]
    for path, count, kind in found:
        if count == 0:
            print(
                f"{PROG}: {one_line(path)}: none of the {kind} has all its words in the vocabulary",
                file=sys.stderr,
            )
    return 0 if any(count for _, count, _ in found) else 1


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
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
