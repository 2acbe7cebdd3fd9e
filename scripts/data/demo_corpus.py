"""Write the demo corpus and its questions: English sentences from true facts and a small grammar.

    python scripts/data/demo_corpus.py [--seed N] [--output-dir data]

The facts are the tables in `scripts/data/demo_corpus/*.tsv`, in which each row relates words
(france, paris, and words about France); the rules are in the .txt file beside each table (see
`demo_grammar`). Analogies arise because the topic words of a row occur with every word of the row,
and the other words of a rule occur with one role (capital, past tense, plural) in every row. The
same seed gives the same bytes on any version of Python.

Writes demo.txt, demo-analogies.txt and demo-similarity.tsv.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from demo_grammar import Draws, Rule, read_rules, read_table, sentence

from w2v.util.files import atomic_write

FACTS = Path(__file__).resolve().parent / "demo_corpus"
DATA = Path(__file__).resolve().parents[2] / "data"

NUM_SENTENCES = 30_000

ROW_EXPONENT = 0.4
"""A table's k-th row is drawn in proportion to (k + ROW_SHIFT) ** -ROW_EXPONENT."""
ROW_SHIFT = 6

WORLD_WEIGHT = 10.0
"""Weight of the sentences that belong to no table, in units of one row of a table."""

SIMILAR_ROWS = 6
"""Number of rows of each section that the similarity questions use."""

_THINGS = {
    "countries": "food",
    "gender": "thing",
    "verbs": "object",
    "adjectives": "thing",
    "nouns": "part",
    "animals": "food",
    "work": "thing",
}
"""The column of each table from which the similarity questions take topic words."""


@dataclass(frozen=True)
class Form:
    """A kind of sentence: the rule to start from, and words that are fixed throughout."""

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
            _form("language", 0.3),
            _form("currency"),
            _form("fact", 0.3),
        ),
    ),
    Topic(
        "gender",
        (
            _form(
                "person",
                person="<male>",
                he="he",
                his="his",
                him="him",
                himself="himself",
                adult="gentleman",
                him_name="<boyname>",
                he_name="<boyname>",
            ),
            _form(
                "person",
                person="<female>",
                he="she",
                his="her",
                him="her",
                himself="herself",
                adult="lady",
                him_name="<girlname>",
                he_name="<girlname>",
            ),
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


def make_corpus(seed: int) -> list[str]:
    """The sentences in random order, with each form of each table in proportion to its weight."""
    draws = Draws(seed)
    shared = read_rules(FACTS / "shared.txt")
    jobs: list[tuple[float, str, Mapping[str, str], Mapping[str, Rule]]] = [
        (WORLD_WEIGHT, "fact", {}, shared | read_rules(FACTS / "world.txt"))
    ]
    for topic in TOPICS:
        rows = read_table(FACTS / f"{topic.name}.tsv")
        rules = shared | read_rules(FACTS / f"{topic.name}.txt")
        likely = [(rank + ROW_SHIFT) ** -ROW_EXPONENT for rank in range(len(rows))]
        jobs += [
            (
                form.weight * len(rows) * weight / sum(likely),
                form.rule,
                {**row, **form.words},
                rules,
            )
            for form in topic.forms
            for row, weight in zip(rows, likely, strict=True)
        ]
    total = sum(weight for weight, *_ in jobs)
    sentences = [
        sentence(rule, words, rules, draws)
        for weight, rule, words, rules in jobs
        for _ in range(round(NUM_SENTENCES * weight / total))
    ]
    draws.shuffle(sentences)
    return sentences


def make_analogies() -> list[str]:
    """Every ordered pair of rows of a section, leaving out rows that share a word."""
    lines = []
    for section in SECTIONS:
        rows = read_table(FACTS / f"{section.topic}.tsv")
        words = [row[column] for row in rows for column in (section.left, section.right)]
        pairs = [
            (row[section.left], row[section.right])
            for row in rows
            if words.count(row[section.left]) == words.count(row[section.right]) == 1
        ]
        lines.append(f": {section.name}")
        lines += [f"{a} {b} {c} {d}" for (a, b), (c, d) in itertools.permutations(pairs, 2)]
    return lines


def make_similarity() -> list[str]:
    """Word pairs from SIMILAR_ROWS rows of every section, scored by how the words are related."""
    scores: dict[tuple[str, str], float] = {}

    def add(one: str, other: str, score: float) -> None:
        if one != other and (other, one) not in scores:
            scores.setdefault((one, other), score)

    tables = {topic.name: read_table(FACTS / f"{topic.name}.tsv") for topic in TOPICS}
    for number, section in enumerate(SECTIONS):
        rows = tables[section.topic]
        other = SECTIONS[(number + 3) % len(SECTIONS)]
        for place in range(SIMILAR_ROWS):
            row, following = rows[place], rows[place + SIMILAR_ROWS]
            elsewhere = tables[other.topic][place]
            things = row[_THINGS[section.topic]].split(",")
            add(row[section.left], row[section.right], 8.0)
            add(things[0], things[-1], 7.0)
            add(row[section.right], things[0], 6.0)
            add(row[section.right], following[section.right], 4.0)
            add(row[section.left], following[section.right], 2.0)
            add(row[section.left], elsewhere[other.right], 0.0)
            add(things[0], elsewhere[_THINGS[other.topic]].split(",")[0], 0.0)
    return [f"{one}\t{other}\t{score}" for (one, other), score in scores.items()]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the three files."""
    parser = argparse.ArgumentParser(description="Write the demo corpus and its questions.")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sentences (default: 1)")
    parser.add_argument("--output-dir", type=Path, default=DATA, help="default: the data folder")
    args = parser.parse_args(argv)
    args.output_dir.mkdir(parents=True, exist_ok=True)
    for name, lines in (
        ("demo.txt", make_corpus(args.seed)),
        ("demo-analogies.txt", make_analogies()),
        ("demo-similarity.tsv", make_similarity()),
    ):
        with atomic_write(args.output_dir / name, "w") as stream:
            stream.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
