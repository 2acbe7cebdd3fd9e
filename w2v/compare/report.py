"""The report of a comparison: one self-contained HTML file.

The template, the style and the script are in ``assets``. `w2v.compare.summary` computes the
figures, `w2v.compare.plots` describes the plots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from w2v.compare.plots import COLOURS, chip, plots
from w2v.compare.results import Document
from w2v.compare.summary import (
    COLUMNS,
    Estimate,
    budget,
    estimate,
    explanation,
    failures,
    figures,
    finished,
    headline,
    verdict,
)
from w2v.util import html_page
from w2v.util.files import atomic_write


def write_report(path: Path, document: Document) -> None:
    """Write the report of a document, finished or not.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_write(path, "w") as stream:
        stream.write(render(document, html_page.plotly_script()))


def render(document: Document, plotly_script: str) -> str:
    """The report as HTML.

    Args:
        document: the results.
        plotly_script: the source of plotly.js, from `w2v.util.html_page.plotly_script`.
    """
    plan, found = document["plan"], verdict(document)
    variants = plan["losses"]
    drawn = plots(document)
    columns, estimates = figures(document)
    data = {
        "plots": [{key: plot[key] for key in ("id", "data", "layout")} for plot in drawn],
        "colours": COLOURS,
    }
    return html_page.render(
        "w2v.compare",
        "report.html",
        styles=("report.css",),
        scripts=("report.js",),
        plotly_script=plotly_script,
        corpus=", ".join(Path(name).name or name for name in document["corpus"]["names"]),
        headline=headline(found),
        explanation=[] if found is None else explanation(found),
        unigram_nats=document["corpus"]["unigram_nats"],
        failures=failures(document),
        winners=_winners(document),
        budget=budget(document),
        variants=variants,
        seeds=plan["seeds"],
        info=document["corpus"],
        questions=_questions(document),
        plots=drawn,
        chips={variant: chip(i, variant) for i, variant in enumerate(variants)},
        rows=[
            (column.title, [_cell(estimates[v][i], column.spec) for v in variants])
            for i, column in enumerate(columns)
        ],
        meanings=[(column.title, column.meaning) for column in COLUMNS if column in columns],
        details=_details(document),
        data=html_page.json_element("plots", data),
    )


def _cell(figure: Estimate | None, spec: str) -> tuple[str, str]:
    """A mean as text, and the half width of its interval, or an empty text without one."""
    if figure is None:
        return "-", ""
    half_width = f"± {figure.half_width:{spec}}" if figure.half_width else ""
    return format(figure.mean, spec), half_width


class Winner(NamedTuple):
    """The best variant by a figure other than the held-out loss.

    Attributes:
        what: the figure, in words.
        best: the best variant, and its figure.
        worst: the worst variant, and its figure.
        within_chance: variants whose difference from the best has a 95% interval that includes 0,
            over pairs of runs with the same seed.
    """

    what: str
    best: tuple[str, str]
    worst: tuple[str, str]
    within_chance: list[str]


def _winners(document: Document) -> list[Winner]:
    found = []
    for what, key, spec, sign in (
        ("Most analogies correct", "analogies", ".3f", 1),
        ("Closest to human similarity scores", "similarity", ".3f", 1),
        ("Least training time", "seconds", ".3g", -1),
    ):
        by_seed = {}
        for variant in document["plan"]["losses"]:
            runs = [run for run in finished(document, variant) if run[key] is not None]
            if runs:
                by_seed[variant] = {run["seed"]: run[key] for run in runs}
        if len(by_seed) < 2:
            continue
        means = {variant: math.fsum(each.values()) / len(each) for variant, each in by_seed.items()}
        order = sorted(means, key=lambda variant: -sign * means[variant])
        figures = [
            (variant, f"{means[variant]:{spec}}{' s' * (key == 'seconds')}") for variant in order
        ]
        within_chance = []
        for other in order[1:]:
            shared = by_seed[order[0]].keys() & by_seed[other].keys()
            lead = estimate(
                [sign * (by_seed[order[0]][seed] - by_seed[other][seed]) for seed in shared]
            )
            if lead is not None and lead.half_width is not None and lead.mean <= lead.half_width:
                within_chance.append(other)
        found.append(Winner(what, figures[0], figures[-1], within_chance))
    return found


def _questions(document: Document) -> list[str]:
    """Which questions were asked, and how many of them the vocabulary covers."""
    return [
        f"{kind.capitalize()}: {asked['found']:,} of the {asked['of']:,} questions in "
        f"{Path(asked['file']).name} have known words"
        for kind, asked in document["questions"].items()
        if asked
    ]


def _details(document: Document) -> list[tuple[str, dict[str, str]]]:
    """Tables of everything that the results depend on."""
    plan = document["plan"]
    rates = {run["variant"]: run["lr"] for run in document["runs"] if "lr" in run}
    parts = {
        "Configuration": plan["options"],
        "Plan": {
            key: value
            for key, value in plan.items()
            if key not in ("options", "own_options") and value is not None
        },
        "Options of each loss": {
            variant: _with_rate(options, rates.get(variant))
            for variant, options in plan["own_options"].items()
        },
        "Corpus": document["corpus"],
        "Questions": document["questions"],
        "Machine and versions": document["environment"],
    }
    return [
        (title, {key: _plain(value) for key, value in part.items()})
        for title, part in parts.items()
    ]


def _with_rate(options: Mapping[str, Any], lr: float | None) -> dict[str, Any]:
    """Options of a loss, with the learning rate that its runs had; None if none succeeded."""
    if lr is None:
        return dict(options)
    return {**options, "lr": lr, "min_lr": min(options["min_lr"], lr)}


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)
