"""The results of a comparison as one HTML file: figures, plots, configuration and machine.

The file needs nothing else: the plotting script is inside, and its policy forbids the network.
Colours follow the reader's light or dark mode. Computes no results (`w2v.results`).
"""

from __future__ import annotations

import html
import importlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from w2v.errors import ConfigError
from w2v.files import atomic_write
from w2v.results import (
    Document,
    Estimate,
    estimate,
    failures,
    figures,
    finished,
    mean_curve,
    overlap_matrix,
    ranking,
    shown,
    values,
    verdict,
)

COLOURS = 8
"""Different colours in `_STYLE`; further variants take them again with a dashed line."""

LINEAR_SPAN = 4
"""Runs that last up to so many times as long as others share a linear axis."""

MOST_EPOCH_TICKS = 10
"""Epochs up to which each has a tick of its own; plotly would put some between two epochs."""

MOST_MARKERS = 25
"""Points of a line that are marked; more would hide it."""

_DASHES = ("solid", "dash", "dot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")

Trace = dict[str, Any]


def require_plotly() -> None:
    """Refuse to begin what would end without a report.

    Raises:
        ConfigError: plotly is not installed.
    """
    try:
        importlib.import_module("plotly.offline")
    except ImportError as error:
        raise ConfigError(
            f"report: expected the package plotly, got none ({error}): pip install 'w2v[viz]', "
            "or give --no-report"
        ) from error


def write_report(path: Path, document: Document) -> None:
    """Write the report of a document, finished or not.

    Raises:
        OutputError: the file cannot be written.
    """
    from plotly.offline import get_plotlyjs

    with atomic_write(path, "w") as stream:
        stream.write(page(document, get_plotlyjs()))


def page(document: Document, plotly_script: str) -> str:
    """The whole page; `plotly_script` is put into it as it is."""
    plots = _plots(document)
    sections = "".join(
        f"<figure><figcaption><h2>{_text(plot['title'])}</h2>{plot['caption']}</figcaption>"
        f'<div class="plot" id="{plot["id"]}"></div></figure>'
        for plot in plots
    )
    drawn = [{key: plot[key] for key in ("id", "data", "layout")} for plot in plots]
    # As JSON inside a script element: only "<" could end the element.
    data = json.dumps(drawn, allow_nan=False).replace("<", "\\u003c")
    corpus = ", ".join(Path(name).name or name for name in document["corpus"]["names"])
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Losses compared on {_text(corpus)}</title><style>{_STYLE}</style></head><body>"
        f"{_summary(document, corpus)}"
        f"{sections}{_figures(document)}{_details(document)}"
        f'<script type="application/json" id="plots">{data}</script>'
        f"<script>{plotly_script}</script><script>{_SCRIPT}</script></body></html>\n"
    )


def _text(text: object) -> str:
    return html.escape(str(text))


# --- words and tables ---------------------------------------------------------------------------


def _summary(document: Document, corpus: str) -> str:
    """The answer first, then on what it rests."""
    plan, info = document["plan"], document["corpus"]
    if plan["seconds"] is not None:
        budget = f"each for about {plan['seconds']:g} seconds by forecast"
    else:
        budget = f"each for {_counted(next(iter(plan['epochs'].values())), 'epoch')}"
    n_seeds = len(plan["seeds"])
    seeds = f"{n_seeds} seeds each" if n_seeds > 1 else "one seed each"
    failed = "".join(f'<p class="failed">Failed: {_text(line)}</p>' for line in failures(document))
    return (
        f"{_answer(document)}{failed}"
        f"<p class=note>{_counted(len(plan['losses']), 'variant')}, {seeds}, {budget}, on "
        f"{info['trained_on']:,} words of {_text(corpus)} with a vocabulary of "
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
    best, unigram = _text(found.best), document["corpus"]["unigram_nats"]
    costs = f"<strong>{shown(found.nats, '.4f')}</strong> nats a held-out pair"
    ignoring = f"A model that ignores the center word would cost {unigram:.4f}."
    if found.second is None or found.lead is None:
        return f"<h1>{best}: {found.nats.mean:.4f} nats a pair</h1><p>{costs}. {ignoring}</p>"
    second = _text(found.second)
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
                f"<li>{name}: <strong>{_text(variant)}</strong>, {mean:{spec}}{unit} "
                f"({_text(last)}: {worst:{spec}}{unit})</li>"
            )
    return f"<ul>{''.join(parts)}</ul>"


def _figures(document: Document) -> str:
    columns, texts = figures(document)
    variants = document["plan"]["losses"]
    head = "".join(f"<th>{_chip(variants.index(v), v)}</th>" for v in texts)
    rows = "".join(
        f'<tr><th title="{_text(column.meaning)}">{_text(column.title)}</th>'
        + "".join(f"<td>{_text(cells[i])}</td>" for cells in texts.values())
        + "</tr>"
        for i, column in enumerate(columns)
    )
    meanings = "".join(f"<dt>{_text(c.title)}</dt><dd>{_text(c.meaning)}</dd>" for c in columns)
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
        f"<details><summary>{_text(title)}</summary><div class=wide><table>{_rows(part)}</table>"
        "</div></details>"
        for title, part in parts.items()
    )


def _rows(part: Mapping[str, Any]) -> str:
    return "".join(
        f"<tr><th>{_text(key)}</th><td>{_text(_plain(value))}</td></tr>"
        for key, value in part.items()
    )


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {item}" for key, item in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return "-" if value is None else str(value)


# --- plots --------------------------------------------------------------------------------------


def _plots(document: Document) -> list[dict[str, Any]]:
    """Plots as plotly.js takes them. `meta` numbers a trace's variant: the page colours it."""
    variants = document["plan"]["losses"]
    legend = _legend(variants)
    plots = _ranks(document, variants)
    for figure, name in (
        ("nats", "Held-out loss, nats a pair"),
        ("analogies", "Part of the analogies answered right"),
        ("similarity", "Similarity, Spearman's rho"),
        ("training_loss", "Training loss of each objective, nats a pair"),
    ):
        for x, against in ((1, "training seconds"), (0, "epoch")):
            if figure != "nats" and x == 0:
                continue
            traces = _lines(document, figure, x)
            if traces:
                title = f"{name}, against {against}"
                layout: dict[str, Any] = {"xaxis": _x_axis(traces, against)}
                if figure in ("analogies", "similarity"):
                    layout["yaxis"] = {"rangemode": "tozero"}
                caption = legend
                if figure == "nats" and (y_range := _y_range(traces)) is not None:
                    layout["yaxis"] = {"range": y_range}
                    caption += "<p>First epochs far above the others are cut off.</p>"
                if figure == "training_loss":
                    caption += (
                        "<p>Each curve is another quantity: only its own fall means something.</p>"
                    )
                plots.append(_plot(f"{figure}-{x}", title, caption, traces, layout))
    plots += _log_z(document, variants)
    plots += _overlap(document, variants)
    return plots


def _plot(
    name: str, title: str, caption: str, data: list[Trace], layout: dict[str, Any]
) -> dict[str, Any]:
    return {"id": name, "title": title, "caption": caption, "data": data, "layout": layout}


def _legend(variants: Iterable[str]) -> str:
    return f'<p class="legend">{"".join(_chip(i, v) for i, v in enumerate(variants))}</p>'


def _chip(number: int, variant: str) -> str:
    """A variant's name behind the line that its curves have."""
    dash = _DASHES[number // COLOURS % len(_DASHES)]
    style = {"solid": "solid", "dash": "dashed", "dot": "dotted"}[dash]
    line = f"border-top:3px {style} var(--c{number % COLOURS})"
    return f'<span class="chip"><i style="{line}"></i>{_text(variant)}</span>'


def _ranks(document: Document, variants: Sequence[str]) -> list[dict[str, Any]]:
    """The held-out losses at the end, the best on top: means, intervals, and the single runs."""
    traces: list[Trace] = []
    ranked = ranking(document)
    several = len(document["plan"]["seeds"]) > 1
    low, high = _ranks_range(ranked) if ranked else (0.0, 1.0)
    for variant, nats in ranked:
        number = variants.index(variant)
        name = html.escape(variant)
        if several:
            runs = values(finished(document, variant), "measure", "nats")
            traces.append(
                {
                    "meta": number, "type": "scatter", "mode": "markers", "x": runs,
                    "y": [name] * len(runs), "hoverinfo": "skip", "opacity": 0.6,
                    "marker": {"size": 14, "symbol": "line-ns-open"},
                }
            )  # fmt: skip
        traces.append(
            {
                "meta": number, "type": "scatter", "mode": "markers+text", "name": name,
                "x": [nats.mean], "y": [name], "text": [shown(nats, ".4f")],
                "textposition": _towards_the_middle((nats.mean - low) / (high - low)),
                "marker": {"size": 9, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
                "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
                "error_x": {"type": "data", "array": [nats.half_width or 0], "thickness": 2},
            }
        )  # fmt: skip
    if not traces:
        return []
    caption = "<p>At the end of training; lower is better, and the axis does not begin at 0."
    if several:
        caption += " Bars: 95% interval over the seeds. Small strokes: the single runs."
    layout = {
        "xaxis": {"title": {"text": "nats a held-out pair"}, "range": [low, high]},
        "yaxis": {"range": [len(ranked) - 0.5, -0.75]},
        "height": 90 + 56 * len(ranked),
    }
    return [_plot("ranks", "Held-out loss, the best on top", caption + "</p>", traces, layout)]


def _towards_the_middle(place: float) -> str:
    """Where the text of a point goes that is at 0 (left edge) to 1, so that it is not cut off."""
    return "top right" if place < 1 / 3 else "top center" if place < 2 / 3 else "top left"


def _ranks_range(ranked: Sequence[tuple[str, Estimate]]) -> list[float]:
    """Room for the intervals, and for the figures above the outermost points.

    An interval may be far wider than all the means are apart (two seeds, Student's t of 12.7); it
    then leaves the plot, and its figure says how wide it is.
    """
    means = [nats.mean for _, nats in ranked]
    spread = max(means) - min(means)
    widest = max(nats.half_width or 0.0 for _, nats in ranked)
    room = max(0.25 * spread, min(1.1 * widest, 2 * spread if spread else widest), 0.01)
    return [min(means) - room, max(means) + room]


def _lines(document: Document, figure: str, x: int) -> list[Trace]:
    """The mean over seeds of each variant, over faint lines of the single seeds."""
    traces: list[Trace] = []
    for i, variant in enumerate(document["plan"]["losses"]):
        runs = finished(document, variant)
        dash = _DASHES[i // COLOURS % len(_DASHES)]
        mean = mean_curve(runs, figure)
        if not mean:
            continue
        for run in runs if len(runs) > 1 else ():
            faint = {"mode": "lines", "opacity": 0.4, "hoverinfo": "skip"}
            line = {"line": {"width": 1, "dash": dash}}
            traces.append(_scatter(i, mean_curve([run], figure), x) | faint | line)
        traces.append(
            _scatter(i, mean, x)
            | {
                "mode": "lines+markers" if len(mean) <= MOST_MARKERS else "lines",
                "name": html.escape(variant),
                "line": {"width": 2, "dash": dash},
                "marker": {"size": 7, "symbol": _SYMBOLS[i % len(_SYMBOLS)]},
                "hovertemplate": "%{fullData.name}: %{y:.4f} at %{x:.4g}<extra></extra>",
            }
        )
    return traces


def _scatter(number: int, points: Sequence[tuple[int, float, float]], x: int) -> Trace:
    return {
        "meta": number,
        "type": "scatter",
        "x": [point[x] for point in points],
        "y": [point[2] for point in points],
    }


def _x_axis(traces: Sequence[Trace], title: str) -> dict[str, Any]:
    """From 0 on; logarithmic where some runs last many times as long as others."""
    ends = [trace["x"][-1] for trace in traces]
    if max(ends) > LINEAR_SPAN * min(ends):
        ticks = [step * 10.0**power for power in range(-3, 7) for step in (1, 2, 5)]
        texts = [f"{tick:,.10g}" for tick in ticks]
        return {
            "title": {"text": f"{title}, logarithmic"},
            "type": "log",
            "tickvals": ticks,
            "ticktext": texts,
        }
    axis: dict[str, Any] = {"title": {"text": title}, "rangemode": "tozero"}
    if title == "epoch":
        axis |= {"tickformat": "d"} | ({"dtick": 1} if max(ends) <= MOST_EPOCH_TICKS else {})
    return axis


def _y_range(traces: Sequence[Trace]) -> list[float] | None:
    """A range for losses that first epochs far above all the others do not squeeze; None if fine.

    It reaches three times as far above the lowest point as the points after the first epochs do.
    """
    every = [y for trace in traces for y in trace["y"]]
    later = [y for trace in traces for y in trace["y"][1:]]
    if not later or max(later) == min(every):
        return None
    low, spread = min(every), max(later) - min(every)
    top = low + 3 * spread
    return None if max(every) <= top else [low - 0.1 * spread, top]


def _log_z(document: Document, variants: Sequence[str]) -> list[dict[str, Any]]:
    traces: list[Trace] = []
    for i, variant in enumerate(variants):
        quantiles = [run["measure"]["log_z_quantiles"] for run in finished(document, variant)]
        if quantiles:
            low, q1, median, q3, high = (
                [sum(each) / len(each)] for each in zip(*quantiles, strict=True)
            )
            traces.append(
                {
                    "meta": i, "type": "box", "orientation": "h", "y": [html.escape(variant)],
                    "lowerfence": low, "q1": q1, "median": median, "q3": q3, "upperfence": high,
                    "hoverinfo": "x",
                }
            )  # fmt: skip
    if not traces:
        return []
    caption = (
        "<p>ln Z(c) over the held-out pairs: median, the middle half, and 5% to 95%. A model that "
        "is normalised by itself has 0 everywhere.</p>"
    )
    layout = {
        "xaxis": {"title": {"text": "ln Z"}},
        "yaxis": {"autorange": "reversed"},
        "height": 120 + 50 * len(traces),
    }
    return [_plot("log-z", "How normalised the models are", caption, traces, layout)]


def _overlap(document: Document, variants: Sequence[str]) -> list[dict[str, Any]]:
    matrix = overlap_matrix(document)
    if all(cell is None for row in matrix for cell in row):
        return []
    several = len(document["plan"]["seeds"]) > 1
    caption = (
        "<p>How many of a frequent word's ten nearest neighbours two losses share, 0 to 1"
        + (
            ", between runs of different seeds: the diagonal is how far a loss agrees with itself."
            if several
            else "; between runs of the same seed."
        )
        + "</p>"
    )
    names = [html.escape(variant) for variant in variants]
    trace: Trace = {
        "type": "heatmap", "x": names, "y": names, "z": matrix, "zmin": 0, "zmax": 1,
        "texttemplate": "%{z:.2f}", "hovertemplate": "%{y}, %{x}: %{z:.3f}<extra></extra>",
        "xgap": 2, "ygap": 2, "showscale": False,
    }  # fmt: skip
    layout = {"yaxis": {"autorange": "reversed"}, "height": 160 + 50 * len(names)}
    return [_plot("overlap", "Which losses find the same neighbours", caption, [trace], layout)]


# --- the page's own style and script ------------------------------------------------------------

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
)

_STYLE = """
:root{--ink:#1d2126;--muted:#59616b;--line:#d9dde2;--paper:#fff;--low:#f1f5fb;--high:#6ba3e6;
--c0:#2a78d6;--c1:#d9541e;--c2:#128a5f;--c3:#b67a00;--c4:#c9487f;--c5:#4a3aa7;--c6:#5d7a00;
--c7:#c23434}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--muted:#a3abb5;--line:#3a4048;
--paper:#16191d;--low:#1f2732;--high:#2f6dbb;--c0:#5b9df0;--c1:#f07f4f;--c2:#34b98a;--c3:#dda52f;
--c4:#ea7dab;--c5:#a79bf2;--c6:#a3c23c;--c7:#ef7676}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:62rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.1rem;margin:0}
ul{padding-left:1.2rem}
figure,section{margin:2rem 0;border-top:1px solid var(--line);padding-top:1rem}
figcaption p{margin:.3rem 0;color:var(--muted)}
.plot{width:100%}.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
tr>th:first-child{text-align:left;position:sticky;left:0;background:var(--paper)}
details table td{text-align:left;white-space:normal}
.note,dd{color:var(--muted)}dd{margin:0 0 .4rem 1rem}
summary{cursor:pointer;padding:.3rem 0}.failed{color:var(--c7)}
.chip{display:inline-block;margin-right:1rem;white-space:nowrap}
.chip i{display:inline-block;width:1.3em;vertical-align:middle;margin-right:.4em}
th .chip{margin:0}
"""

_SCRIPT = (
    f"const COLOURS = {COLOURS};"
    + """
const plots = JSON.parse(document.getElementById("plots").textContent);
function draw() {
  const style = getComputedStyle(document.documentElement);
  const colour = name => style.getPropertyValue("--" + name).trim();
  const axis = {gridcolor: colour("line"), linecolor: colour("line"), zerolinecolor:
    colour("muted"), automargin: true};
  for (const plot of plots) {
    const data = plot.data.map(trace => {
      if (trace.type === "heatmap")
        return {...trace, textfont: {color: colour("ink")},
                colorscale: [[0, colour("low")], [1, colour("high")]]};
      const own = colour("c" + trace.meta % COLOURS);
      return {...trace, line: {...trace.line, color: own}, marker: {...trace.marker, color: own},
              error_x: {...trace.error_x, color: own}, textfont: {color: colour("ink")}};
    });
    const given = {height: 380, ...plot.layout};
    const narrow = document.getElementById(plot.id).clientWidth < 600;
    if (narrow && given.xaxis && given.xaxis.type === "log")  // 2 and 5 would run into each other
      given.xaxis = {...given.xaxis, ticktext: given.xaxis.ticktext.map(
        text => /^(1|0[.]0*1)[0,]*$/.test(text) ? text : "")};
    const layout = {...given, showlegend: false, paper_bgcolor: colour("paper"), plot_bgcolor:
      colour("paper"), font: {color: colour("ink"), size: 13, family: "system-ui, sans-serif"},
      margin: {l: 8, r: 12, t: 12, b: 8}, dragmode: false,
      xaxis: {...axis, ...given.xaxis}, yaxis: {...axis, ...given.yaxis}};
    Plotly.react(plot.id, data, layout, {responsive: true, displayModeBar: false});
  }
}
draw();
addEventListener("resize", draw);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
"""
)
