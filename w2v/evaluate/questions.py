"""Reading evaluation questions: analogies and word pairs scored by people.

`read_analogies` reads the format of Google's questions-words.txt, `read_similarity` that of
WordSim-353, MEN and SimLex-999. Scores nothing (`w2v.evaluate`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from w2v.errors import FormatError, shown

LONGEST_LINE = 2**16
"""Bytes; a longer line is no question. It may even be endless, as that of /dev/zero."""
MOST_LINES = 1_000_000
"""Ten times as many as the largest known file has."""

_NO_SECTION = "questions"
"""The name of the section of questions that come before any ``: name``."""


Analogies = Mapping[str, Sequence[Sequence[str]]]
"""Questions of four words by section."""
Similarities = Sequence[tuple[tuple[str, str], float]]
"""Pairs of words and their scores."""


def read_analogies(path: str | os.PathLike[str]) -> dict[str, list[list[str]]]:
    """The questions of a file by section; a section that comes twice is one.

    Raises:
        FormatError: a line is neither a section nor four words, or there are no questions.
    """
    sections: dict[str, list[list[str]]] = {}
    section = _NO_SECTION
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line[1:].strip()
            if not section:
                raise FormatError(f"{path}:{number}: expected a section's name, got only ':'")
            continue
        words = line.split()
        if len(words) != 4:
            raise FormatError(
                f"{path}:{number}: expected 4 words or a section ': name', got {len(words)} words"
            )
        sections.setdefault(section, []).append(words)
    if not sections:
        raise FormatError(f"{path}: expected lines of 4 words, got none")
    return sections


def read_similarity(path: str | os.PathLike[str]) -> list[tuple[tuple[str, str], float]]:
    """Word pairs and their scores.

    Each line is split at tabs if it has any, else at commas, else at blanks. Lines that begin with
    ``#`` are comments; the first other line may be a header, whose third field is no number.

    Raises:
        FormatError: a line is not two words and a number, or there are none.
    """
    pairs: list[tuple[tuple[str, str], float]] = []
    header_allowed = True
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        separator = next((mark for mark in "\t," if mark in line), None)
        fields = [field.strip() for field in line.split(separator)]
        if len(fields) != 3 or not (fields[0] and fields[1]):
            raise FormatError(
                f"{path}:{number}: expected word1 word2 score, got {len(fields)} fields"
                if len(fields) != 3
                else f"{path}:{number}: expected word1 word2 score, got an empty word"
            )
        try:
            score = float(fields[2])
        except ValueError:
            if header_allowed:
                header_allowed = False
                continue
            score = np.nan
        if not np.isfinite(score):
            raise FormatError(
                f"{path}:{number}: expected a number as score, got {shown(fields[2])}"
            )
        header_allowed = False
        pairs.append(((fields[0], fields[1]), score))
    if not pairs:
        raise FormatError(f"{path}: expected lines of word1 word2 score, got none")
    return pairs


def _lines(path: str | os.PathLike[str]) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file that are not blank, stripped, with their numbers from 1."""
    try:
        with Path(path).open("rb") as stream:
            lines = iter(lambda: stream.readline(LONGEST_LINE + 1), b"")
            for number, line in enumerate(lines, start=1):
                if len(line) > LONGEST_LINE:
                    raise FormatError(
                        f"{path}:{number}: expected lines of at most {LONGEST_LINE} bytes, "
                        "got a longer one (is this text?)"
                    )
                if number > MOST_LINES:
                    raise FormatError(f"{path}: expected at most {MOST_LINES} lines, got more")
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
                except UnicodeDecodeError as error:
                    raise FormatError(
                        f"{path}:{number}: expected UTF-8 text, got byte 0x{line[error.start]:02x}"
                    ) from error
                if text:
                    yield number, text
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
