"""Readers of test sets: analogies, and word pairs with human scores.

`read_analogies` reads the format of Google's questions-words.txt. `read_similarity` reads word
pairs as WordSim-353, SimLex-999, SimVerb-3500, MEN, RareWord and MTurk are distributed.
`w2v.evaluate.scoring` scores vectors on them.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence

import numpy as np

from w2v.errors import ConfigError, FormatError, shown
from w2v.util.lines import text_lines

MOST_LINES = 1_000_000
"""Maximum number of lines: ten times as many as the largest known file has."""

_NO_SECTION = "questions"
"""Section of the questions before the first ``: name``."""

_WORD_HEADERS = (("word1", "word2"), ("w1", "w2"), ("first", "second"))
_SCORE_HEADERS = (
    "simlex999", "humanmean", "score", "mean", "average", "avg", "rating", "similarity",
    "relatedness", "gold",
)  # fmt: skip
"""Names of columns, in lower case, without spaces and punctuation."""
_WIDTH = 3
"""Columns of the simplest files: word1, word2, score."""
_TAGGED = re.compile(r".+-[nvjar]")
"""A word with its part of speech, as in the lemma form of MEN."""


Analogies = Mapping[str, Sequence[Sequence[str]]]
"""Questions of four words, by section."""
Similarities = Sequence[tuple[tuple[str, str], float]]
"""Pairs of words and their scores."""


def read_analogies(path: str | os.PathLike[str]) -> dict[str, list[list[str]]]:
    """Read the analogy questions of a file.

    Args:
        path: lines of four words; a line ``: name`` begins a section.

    Returns:
        Questions of four words by section; sections of the same name are merged.

    Raises:
        FormatError: a line is neither a section nor four words, or there are no questions.
    """
    sections: dict[str, list[list[str]]] = {}
    section = _NO_SECTION
    for number, line in text_lines(path, MOST_LINES):
        if line.startswith(":"):
            section = line[1:].strip()
            if not section:
                raise FormatError(f"{path}:{number}: a section without a name")
            continue
        words = line.split()
        if len(words) != 4:
            raise FormatError(
                f"{path}:{number}: {len(words)} words, but a question has 4 (and a section is "
                "': name')"
            )
        sections.setdefault(section, []).append(words)
    if not sections:
        raise FormatError(f"{path}: no questions (lines of 4 words)")
    return sections


def read_similarity(
    path: str | os.PathLike[str], columns: Sequence[str] | None = None
) -> list[tuple[tuple[str, str], float]]:
    """Read word pairs and their scores.

    Columns are separated by tabs if the first line has any, otherwise by commas (with quotes, as in
    CSV), by semicolons, or by spaces. Lines that begin with ``#`` are comments. The first line may
    be a header that names the columns: ``word1 word2 POS SimLex999 ...``. Without one, the words
    come first, and the score is the first number after them. If all words end in a part-of-speech
    tag (``sun-n``, as in MEN's lemma form), it is removed.

    Args:
        path: the file.
        columns: columns of the two words and the score, by the names in the header or by number
            from 1, such as ``("1", "2", "4")``; None detects them.

    Returns:
        ((word1, word2), score) for each line.

    Raises:
        FormatError: a line is not two words and a number, or there are no pairs.
        ConfigError: `columns` does not name three columns of the file.
    """
    lines = [
        (number, line)
        for number, line in text_lines(path, MOST_LINES, columns=True)
        if not line.lstrip().startswith("#")
    ]
    if not lines:
        raise FormatError(f"{path}: no word pairs")
    separator = next((mark for mark in "\t,;" if mark in lines[0][1].strip()), None)
    rows = []
    for number, line in lines:
        try:
            rows.append((number, _fields(line, separator)))
        except csv.Error as error:
            raise FormatError(f"{path}:{number}: not CSV: {error}") from error
    width = len(rows[0][1])
    places, has_header = _find_columns(path, rows, columns, by_blanks=separator is None)
    pairs: list[tuple[tuple[str, str], float]] = []
    for number, fields in rows[has_header:]:
        if len(fields) != width == _WIDTH:
            raise FormatError(
                f"{path}:{number}: {len(fields)} columns, not word1 word2 score as in the lines "
                "before"
            )
        if len(fields) <= max(places):
            raise FormatError(
                f"{path}:{number}: {len(fields)} columns, but the score is in column "
                f"{max(places) + 1}"
            )
        first, second, score = (fields[place] for place in places)
        if not (first and second):
            raise FormatError(f"{path}:{number}: an empty word")
        if not _is_number(score):
            raise FormatError(f"{path}:{number}: the score {shown(score)} is not a number")
        pairs.append(((first, second), float(score)))
    if not pairs:
        raise FormatError(f"{path}: no word pairs after the header")
    if all(_TAGGED.fullmatch(word) for pair, _ in pairs for word in pair):
        pairs = [((first[:-2], second[:-2]), score) for (first, second), score in pairs]
    return pairs


def _fields(line: str, separator: str | None) -> list[str]:
    if separator is None:
        return line.split()
    if separator == "\t":
        return [field.strip() for field in line.split("\t")]
    return [field.strip() for field in next(csv.reader([line.strip()], delimiter=separator))]


def _find_columns(
    path: str | os.PathLike[str],
    rows: Sequence[tuple[int, list[str]]],
    columns: Sequence[str] | None,
    *,
    by_blanks: bool,
) -> tuple[tuple[int, int, int], bool]:
    """Columns of the words and the score, from 0, and whether the first row is a header."""
    number, first = rows[0]
    names = [re.sub(r"[\W_]", "", field.lower()) for field in first]
    words = next((pair for pair in _WORD_HEADERS if set(pair) <= set(names)), None)
    has_header = words is not None or not any(_is_number(field, finite=False) for field in first)
    if columns is not None:
        return _given_columns(path, first if has_header else [], len(first), columns), has_header
    if by_blanks and len(first) != _WIDTH:
        raise FormatError(
            f"{path}:{number}: {len(first)} columns, not word1 word2 score; choose three with "
            "--columns (in Python: columns=)"
        )
    if has_header:
        a, b = (names.index(word) for word in words) if words else (0, 1)
        score = next((names.index(name) for name in _SCORE_HEADERS if name in names), None)
        if score is not None and score not in (a, b):
            return (a, b, score), True
        number, first = rows[min(1, len(rows) - 1)]  # an unknown header: the row after it decides
    numeric = [place for place, field in enumerate(first) if place >= 2 and _is_number(field)]
    if len(first) == _WIDTH:
        numeric = [2]  # even if it is no number: the error then names its line
    if not numeric:
        problem = f"{len(first)} column{'s' * (len(first) != 1)}"
        if len(first) > 2:
            problem = f"no score; {shown(first[2])} is not a number"
        raise FormatError(
            f"{path}:{number}: {problem}, not word1 word2 score; choose three with --columns "
            "(in Python: columns=)"
        )
    return (0, 1, numeric[0]), has_header


def _given_columns(
    path: str | os.PathLike[str], header: Sequence[str], width: int, columns: Sequence[str]
) -> tuple[int, int, int]:
    """The columns that `columns` names, from 0."""
    if isinstance(columns, str) or len(columns) != 3:
        raise ConfigError(f"columns: expected three (word1, word2, score), got {shown(columns)}")
    places = []
    for column in map(str, columns):
        if column in header:
            places.append(header.index(column))
        elif column.isdecimal() and 1 <= int(column) <= width:
            places.append(int(column) - 1)
        else:
            known = f" ({', '.join(header)})" if header else ""
            raise ConfigError(f"columns: {path} has no column {shown(column)} of {width}{known}")
    return places[0], places[1], places[2]


def _is_number(field: str, *, finite: bool = True) -> bool:
    try:
        number = float(field)
    except ValueError:
        return False
    return "_" not in field and (not finite or bool(np.isfinite(number)))
