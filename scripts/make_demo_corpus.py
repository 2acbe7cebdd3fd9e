"""Write the demo corpus and its questions: English sentences from true facts and a small grammar.

    python scripts/make_demo_corpus.py [--seed N] [--output-dir data]

The facts are the tables `scripts/demo_corpus/*.tsv`, one row a pair of words (france and paris, with
what is French); the grammar is the .txt file beside each. A row's topic words go with every word of
the row, and a rule's other words go with one role (capital, past tense, plural) whatever the row:
that is where analogies come from. The same seed gives the same bytes, on any Python.

Writes demo.txt, demo-analogies.txt and demo-similarity.tsv. Trains nothing.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

FACTS = Path(__file__).resolve().parent / "demo_corpus"

NUM_SENTENCES = 48_000

ROW_EXPONENT = 0.4
"""A table's k-th row is drawn in proportion to (k + ROW_SHIFT) ** -ROW_EXPONENT."""
ROW_SHIFT = 6

VOWELS = "aeiou"


@dataclass(frozen=True)
class Form:
    """What a sentence may be about: a rule to start from, and words that hold throughout."""

    rule: str
    weight: float
    words: Mapping[str, str]


@dataclass(frozen=True)
class Topic:
    """A table of facts with the forms that its sentences take."""

    name: str
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Section:
    """An analogy section: two columns of a table."""

    name: str
    topic: str
    left: str
    right: str


def _form(rule: str, weight: float = 1.0, **words: str) -> Form:
    return Form(rule, weight, words)


TOPICS = (
    Topic(
        "countries",
        (
            _form("country"),
            _form("capital"),
            _form("demonym"),
            _form("currency"),
            _form("fact", 0.3),
        ),
    ),
    Topic(
        "gender",
        (
            _form(
                "person", person="<male>", he="he", his="his", him="him", himself="himself",
                adult="gentleman", him_name="<boyname>", he_name="<boyname>",
            ),  # fmt: skip
            _form(
                "person", person="<female>", he="she", his="her", him="her", himself="herself",
                adult="lady", him_name="<girlname>", he_name="<girlname>",
            ),  # fmt: skip
            _form("pair", 0.1),
        ),
    ),
    Topic("verbs", (_form("base"), _form("third"), _form("past"), _form("gerund"))),
    Topic("adjectives", (_form("adjective"), _form("comparative"), _form("superlative"))),
    Topic("nouns", (_form("singular"), _form("plural"))),
    Topic("animals", (_form("adult"), _form("young"), _form("fact", 0.1))),
    Topic("work", (_form("worker"), _form("workplace"), _form("fact", 0.3))),
)

SECTIONS = (
    Section("capital-country", "countries", "capital", "country"),
    Section("country-nationality", "countries", "country", "demonym"),
    Section("country-currency", "countries", "country", "currency"),
    Section("man-woman", "gender", "male", "female"),
    Section("animal-young", "animals", "adult", "young"),
    Section("worker-workplace", "work", "worker", "workplace"),
    Section("gram1-verb-past", "verbs", "base", "past"),
    Section("gram2-verb-gerund", "verbs", "base", "gerund"),
    Section("gram3-verb-third-person", "verbs", "base", "third"),
    Section("gram4-comparative", "adjectives", "adjective", "comparative"),
    Section("gram5-superlative", "adjectives", "adjective", "superlative"),
    Section("gram6-plural", "nouns", "singular", "plural"),
)


class Draws:
    """Random choices from `random.Random.random` alone: what no Python release changes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def below(self, n: int) -> int:
        """An integer from 0 to n - 1."""
        return int(self._random() * n)

    def one_of(self, items: Sequence[T]) -> T:
        """An item, each as likely."""
        return items[self.below(len(items))]

    def weighted(self, cumulative: Sequence[float]) -> int:
        """The index of an item, by running totals of the weights."""
        point = self._random() * cumulative[-1]
        return next(index for index, total in enumerate(cumulative) if point < total)

    def shuffle(self, items: list[T]) -> None:
        """Fisher and Yates's shuffle, in place."""
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


@dataclass(frozen=True)
class Rule:
    """The alternatives of a grammar symbol; `cumulative` are running totals of their weights."""

    alternatives: tuple[str, ...]
    cumulative: tuple[float, ...]


def read_rules(path: Path) -> dict[str, Rule]:
    """The rules of a grammar file.

    ``= name`` begins a rule whose alternatives, one a line, are as likely; ``~ name`` one whose
    k-th alternative is drawn in proportion to 1 / k. ``#`` begins a comment.
    """
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
    """The rows of a table of facts by column; a cell may list several with commas."""
    header, *rows = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


_CHOICE = re.compile(r"\(([^()]*)\)")
_SYMBOL = re.compile(r"<(\w+)>")


def expand(
    symbol: str, words: Mapping[str, str], rules: Mapping[str, Rule], draws: Draws
) -> str:  # fmt: skip
    """A random text of a symbol: what `words` says, else an alternative of its rule."""
    if symbol in words:
        text = draws.one_of(words[symbol].split(","))
    else:
        rule = rules[symbol]
        text = rule.alternatives[draws.weighted(rule.cumulative)]
    while "(" in text:
        text = _CHOICE.sub(lambda match: draws.one_of(match[1].split("|")), text)
    return _SYMBOL.sub(lambda match: expand(match[1], words, rules, draws), text)


def tidy(sentence: str) -> str:
    """Single blanks, and "an" before a vowel."""
    words = sentence.split()
    for place, following in enumerate(words[1:]):
        if words[place] in ("a", "an"):
            words[place] = "an" if following[0] in VOWELS else "a"
    return " ".join(words)


def make_sentences(seed: int) -> list[str]:
    """The corpus, in random order: each form of each table as often as its weight says."""
    draws = Draws(seed)
    shared = read_rules(FACTS / "shared.txt")
    jobs = []
    for topic in TOPICS:
        rows = read_table(FACTS / f"{topic.name}.tsv")
        rules = shared | read_rules(FACTS / f"{topic.name}.txt")
        likely = [(rank + ROW_SHIFT) ** -ROW_EXPONENT for rank in range(len(rows))]
        jobs += [
            (form.weight * len(rows) * weight / sum(likely), {**row, **form.words}, form.rule, rules)
            for form in topic.forms
            for row, weight in zip(rows, likely, strict=True)
        ]
    jobs.append((10.0, {}, "fact", shared | read_rules(FACTS / "world.txt")))
    total = sum(weight for weight, *_ in jobs)
    sentences = []
    for weight, words, rule, rules in jobs:
        for _ in range(round(NUM_SENTENCES * weight / total)):
            sentences.append(tidy(expand(rule, words, rules, draws)))
    draws.shuffle(sentences)
    return sentences


def make_analogies() -> list[str]:
    """Every ordered pair of rows of each section; words that two rows share are left out."""
    lines = []
    for section in SECTIONS:
        rows = read_table(FACTS / f"{section.topic}.tsv")
        pairs = [(row[section.left], row[section.right]) for row in rows]
        rights = [right for _, right in pairs]
        pairs = [pair for pair in pairs if rights.count(pair[1]) == 1]
        lines.append(f": {section.name}")
        lines += [f"{a} {b} {c} {d}" for (a, b), (c, d) in itertools.permutations(pairs, 2)]
    return lines


def main(argv: Sequence[str] | None = None) -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description="Write the demo corpus and its questions.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output-dir", type=Path, default=Path("data"))
    args = parser.parse_args(argv)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        ("demo.txt", make_sentences(args.seed)),
        ("demo-analogies.txt", make_analogies()),
    ):
        (args.output_dir / name).write_bytes(("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
