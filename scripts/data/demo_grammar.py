"""A small generative grammar that makes random sentences from tables of facts and rules.

A rule file lists symbols and their alternatives, one per line. ``= name`` begins a rule whose
alternatives are equally likely, ``~ name`` one whose k-th alternative is drawn in proportion to
1 / k, and ``#`` a comment. In an alternative, ``<symbol>`` stands for another rule or for a column
of the current row of facts, and ``(one|other)`` for one of several texts. The topics are in
`demo_corpus.py`.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

VOWELS = "aeiou"

_CHOICE = re.compile(r"\(([^()]*)\)")
_SYMBOL = re.compile(r"<(\w+)>")
_REPEAT = re.compile(r"\b(\w+) (?:and|or) (?:the )?\1\b")


class Draws:
    """Random choices made with `random.Random.random` only, which no Python release changes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self._random() * n)

    def one_of(self, items: Sequence[T]) -> T:
        """An item, all equally likely."""
        return items[self.below(len(items))]

    def weighted(self, cumulative: Sequence[float]) -> int:
        """The index of an item, given the running totals of the weights."""
        point = self._random() * cumulative[-1]
        return next(index for index, total in enumerate(cumulative) if point < total)

    def shuffle(self, items: list[T]) -> None:
        """Fisher-Yates shuffle, in place."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


@dataclass(frozen=True)
class Rule:
    """The alternatives of a symbol; `cumulative` has the running totals of their weights."""

    alternatives: tuple[str, ...]
    cumulative: tuple[float, ...]

    def draw(self, draws: Draws) -> str:
        """One of the alternatives."""
        return self.alternatives[draws.weighted(self.cumulative)]


def read_rules(path: Path) -> dict[str, Rule]:
    """Read a rule file, in the format described above."""
    alternatives: dict[tuple[str, str], list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0] in "=~":
            current = alternatives.setdefault((line[2:], line[0]), [])
        else:
            current.append(line)
    rules = {}
    for (name, kind), lines in alternatives.items():
        weights = [1 / rank if kind == "~" else 1.0 for rank in range(1, len(lines) + 1)]
        rules[name] = Rule(tuple(lines), tuple(itertools.accumulate(weights)))
    return rules


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table of facts, by column; a cell may list several words with commas."""
    header, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def expand(text: str, words: Mapping[str, str], rules: Mapping[str, Rule], draws: Draws) -> str:
    """Choose from each ``(one|other)`` and replace each ``<symbol>`` of a text.

    A symbol becomes its entry in `words` or, if it has none, an alternative of its rule.
    """
    while "(" in text:
        text = _CHOICE.sub(lambda match: draws.one_of(match[1].split("|")), text)

    def replace(match: re.Match[str]) -> str:
        symbol = match[1]
        if symbol in words:
            inner = draws.one_of(words[symbol].split(","))
        else:
            inner = rules[symbol].draw(draws)
        return expand(inner, words, rules, draws)

    return _SYMBOL.sub(replace, text)


def sentence(rule: str, words: Mapping[str, str], rules: Mapping[str, Rule], draws: Draws) -> str:
    """A random, tidy sentence of a rule, without repetitions such as "decks and decks"."""
    while True:
        text = tidy(expand(rules[rule].draw(draws), words, rules, draws))
        if not _REPEAT.search(text):
            return text


def tidy(sentence: str) -> str:
    """Use single spaces, and "an" before a vowel."""
    words = sentence.split()
    for place, following in enumerate(words[1:]):
        if words[place] in ("a", "an"):
            words[place] = "an" if following[0] in VOWELS else "a"
    return " ".join(words)
