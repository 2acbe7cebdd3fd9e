"""The results of a comparison as one HTML file: figures, plots, configuration and machine.

The file needs nothing else: the plotting script is inside, and its policy forbids the network.
Colours follow the reader's light or dark mode. Computes no results (`w2v.compare.results`), and
draws nothing itself (`w2v.compare.plots`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from w2v.compare.plots import COLOURS, chip, plots
from w2v.compare.results import (
    Document,
    estimate,
    failures,
    figures,
    finished,
    shown,
    values,
    verdict,
)
from w2v.util import html_page as pages
from w2v.util.files import atomic_write
from w2v.util.html_page import text


def require_plotly() -> None:
    """Refuse to begin what would end without a report.

    Raises:
        ConfigError: plotly is not installed.
    """
    pages.require_plotly("report", ", or give --no-report")


def write_report(path: Path, document: Document) -> None:
    """Write the report of a document, finished or not.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_write(path, "w") as stream:
        stream.write(page(document, pages.plotly_script()))


def page(document: Document, plotly_script: str) -> str:
    """The whole page, with `plotly_script` inside."""
    drawn = plots(document)
    sections = "".join(
        f"<figure><figcaption><h2>{text(plot['title'])}</h2>{plot['caption']}</figcaption>"
        f'<div class="plot" id="{plot["id"]}"></div></figure>'
        for plot in drawn
    )
    data = [{key: plot[key] for key in ("id", "data", "layout")} for plot in drawn]
    corpus = ", ".join(Path(name).name or name for name in document["corpus"]["names"])
    return pages.whole(
        title=f"Losses compared on {corpus}",
        styles=(),
        body=f"{_summary(document, corpus)}{sections}{_figures(document)}{_details(document)}"
        f"{pages.json_element('plots', {'plots': data, 'colours': COLOURS})}",
        scripts=("report.js",),
        plotly_script=plotly_script,
    )


def _summary(document: Document, corpus: str) -> str:
    """The answer first, then on what it rests."""
    plan, info = document["plan"], document["corpus"]
    if plan["seconds"] is not None:
        budget = f"each for about {plan['seconds']:g} seconds by forecast"
    else:
        budget = f"each for {_counted(next(iter(plan['epochs'].values())), 'epoch')}"
    n_seeds = len(plan["seeds"])
    seeds = f"{n_seeds} seeds each" if n_seeds > 1 else "one seed each"
    failed = "".join(f'<p class="failed">Failed: {text(line)}</p>' for line in failures(document))
    return (
        f"{_answer(document)}{failed}"
        f"<p class=note>{_counted(len(plan['losses']), 'variant')}, {seeds}, {budget}, on "
        f"{info['trained_on']:,} words of {text(corpus)} with a vocabulary of "
        f"{info['vocabulary']:,}. Judged on {info['held_out_pairs']:,} pairs from held-out "
        "sentences, which no variant was trained on; every seed begins with the same center "
        "vectors and the same draws of subsampling and windows whatever the loss.</p>"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _answer(document: Document) -> str:
    found = verdict(document)
    if found is None:
        return "<h1>No loss could be trained</h1>"
    best, unigram = text(found.best), document["corpus"]["unigram_nats"]
    costs = f"<strong>{shown(found.nats, '.4f')}</strong> nats a held-out pair"
    ignoring = f"A model that ignores the center word would cost {unigram:.4f}."
    if found.second is None or found.lead is None:
        return f"<h1>{best}: {found.nats.mean:.4f} nats a pair</h1><p>{costs}. {ignoring}</p>"
    second = text(found.second)
    times = math.exp(found.lead.mean)
    title = f"{best} predicts best, by {found.lead.mean:.4f} nats a pair"
    certain = ""
    if found.is_clear is None:
        certain = " One seed cannot tell how much of that is chance."
    elif not found.is_clear:
        title = f"{best} and {second} cannot be told apart"
        certain = " That is within chance: the interval includes 0."
    return (
        f"<h1>{title}</h1><p>{best} costs {costs}, {shown(found.lead, '.4f')} less than {second}, "
        f"the next: it gives the true context word {times:.3g} times the probability (geometric "
        f"mean).{certain} {ignoring}</p>{_others(document)}"
    )


def _others(document: Document) -> str:
    """What the held-out loss does not say: which variant is best at questions, and quickest."""
    parts = []
    for name, path, spec, pick in (
        ("Most analogies right", ("analogies",), ".3f", max),
        ("Nearest to people's similarity", ("similarity",), ".3f", max),
        ("Least time in training", ("seconds",), ".3g", min),
    ):
        means = []
        for variant in document["plan"]["losses"]:
            figure = estimate(values(finished(document, variant), *path))
            if figure is not None:
                means.append((figure.mean, variant))
        if means:
            mean, variant = pick(means)
            worst, last = (min if pick is max else max)(means)
            unit = " s" if path == ("seconds",) else ""
            parts.append(
                f"<li>{name}: <strong>{text(variant)}</strong>, {mean:{spec}}{unit} "
                f"({text(last)}: {worst:{spec}}{unit})</li>"
            )
    return f"<ul>{''.join(parts)}</ul>"


def _figures(document: Document) -> str:
    columns, texts = figures(document)
    variants = document["plan"]["losses"]
    head = "".join(f"<th>{chip(variants.index(v), v)}</th>" for v in texts)
    rows = "".join(
        f'<tr><th title="{text(column.meaning)}">{text(column.title)}</th>'
        + "".join(f"<td>{text(cells[i])}</td>" for cells in texts.values())
        + "</tr>"
        for i, column in enumerate(columns)
    )
    meanings = "".join(f"<dt>{text(c.title)}</dt><dd>{text(c.meaning)}</dd>" for c in columns)
    interval = (
        "Mean ± half the width of a 95% confidence interval over the seeds, on the same held-out "
        "pairs. "
        if len(document["plan"]["seeds"]) > 1
        else ""
    )
    return (
        "<section><h2>All figures</h2>"
        f'<div class="wide"><table><tr><th></th>{head}</tr>{rows}</table></div>'
        f"<p class=note>{interval}Held-out is renormalised by the exact sum over the vocabulary, "
        "so that all losses can be compared; raw is not. The score of negative sampling is "
        "e^s K q(w), since s estimates ln p(w | c) / (K q(w)). Softmax and sampled softmax leave "
        "ln Z free, so that raw says little of them; NCE and negative sampling aim at ln Z = 0."
        f"</p><details><summary>What the rows mean</summary><dl>{meanings}</dl></details></section>"
    )


def _details(document: Document) -> str:
    plan = document["plan"]
    parts = {
        "Configuration": plan["options"],
        "Plan": {
            key: value
            for key, value in plan.items()
            if key not in ("options", "own_options") and value is not None
        },
        "Options of each loss": plan["own_options"],
        "Corpus": document["corpus"],
        "Questions": document["questions"],
        "Machine and versions": document["environment"],
    }
    return "".join(
        f"<details><summary>{text(title)}</summary><div class=wide><table>{_rows(part)}</table>"
        "</div></details>"
        for title, part in parts.items()
    )


def _rows(part: Mapping[str, Any]) -> str:
    return "".join(
        f"<tr><th>{text(key)}</th><td>{text(_plain(value))}</td></tr>"
        for key, value in part.items()
    )


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)
