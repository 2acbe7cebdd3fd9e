"""The plots of a comparison, as descriptions for plotly.js.

Traces have no colours: `meta` is the number of a trace's variant, and the page picks its colour for
the reader's light or dark mode.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from w2v.compare.results import Document
from w2v.compare.summary import (
    Estimate,
    finished,
    mean_curve,
    overlap_matrix,
    ranking,
    shown,
    values,
)

COLOURS = 8
"""Number of colours in ``page.css``; further variants reuse them with dashed lines."""

LINEAR_SPAN = 4
"""The time axis is linear unless some runs last more than this many times as long as others."""

MAX_EPOCH_TICKS = 10
"""Up to this many epochs, each has a tick; left alone, plotly puts some ticks between epochs."""

MAX_MARKERS = 25
"""Lines with more points have no markers, which would hide them."""

_DASHES = ("solid", "dash", "dot")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down")

Trace = dict[str, Any]


def plots(document: Document) -> list[dict[str, Any]]:
    """Describe the plots: ``id``, ``title``, ``legend``, ``notes``, ``data`` and ``layout``."""
    variants = document["plan"]["losses"]
    found = _ranks(document, variants)
    for figure, name in (
        ("nats", "Held-out loss, nats per pair"),
        ("analogies", "Fraction of analogies answered correctly"),
        ("similarity", "Similarity, Spearman's rho"),
        ("training_loss", "Training loss, nats per pair"),
    ):
        for x, against in ((1, "training seconds"), (0, "epoch")):
            if figure != "nats" and x == 0:
                continue
            traces = _lines(document, figure, x)
            if traces:
                title = f"{name}, by {against}"
                layout: dict[str, Any] = {"xaxis": _x_axis(traces, against)}
                if figure in ("analogies", "similarity"):
                    layout["yaxis"] = {"rangemode": "tozero"}
                notes = []
                if figure == "nats" and (y_range := _y_range(traces)) is not None:
                    layout["yaxis"] = {"range": y_range}
                    notes.append("First epochs far above the others are cut off.")
                if figure == "training_loss":
                    notes.append(
                        "Training losses of different objectives are different quantities; compare "
                        "a curve only with itself."
                    )
                found.append(_plot(f"{figure}-{x}", title, notes, traces, layout, legend=True))
    found += _log_z(document, variants)
    found += _overlap(document, variants)
    return found


def _plot(
    name: str, title: str, notes: list[str], data: list[Trace], layout: dict[str, Any],
    legend: bool = False,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": name, "title": title, "legend": legend, "notes": notes, "data": data,
        "layout": layout,
    }  # fmt: skip


def chip(number: int, variant: str) -> Markup:
    """HTML with the name of a variant, after a sample of its line."""
    dash = _DASHES[number // COLOURS % len(_DASHES)]
    style = {"solid": "solid", "dash": "dashed", "dot": "dotted"}[dash]
    line = f"border-top:3px {style} var(--c{number % COLOURS})"
    return Markup('<span class="chip"><i style="{}"></i>{}</span>').format(line, variant)


def _ranks(document: Document, variants: Sequence[str]) -> list[dict[str, Any]]:
    """The final held-out losses, best first: means, intervals and single runs."""
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
                "textposition": _text_position((nats.mean - low) / (high - low)),
                "marker": {"size": 9, "symbol": _SYMBOLS[number % len(_SYMBOLS)]},
                "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
                "error_x": {"type": "data", "array": [nats.half_width or 0], "thickness": 2},
            }
        )  # fmt: skip
    if not traces:
        return []
    notes = ["After training; lower is better. The axis does not start at 0."]
    if several:
        notes.append("Bars: 95% interval over seeds. Small ticks: single runs.")
    layout = {
        "xaxis": {"title": {"text": "nats per held-out pair"}, "range": [low, high]},
        "yaxis": {"range": [len(ranked) - 0.5, -0.75]},
        "height": 90 + 56 * len(ranked),
    }
    return [_plot("ranks", "Held-out loss, best first", notes, traces, layout)]


def _text_position(x: float) -> str:
    """Where to put the text of a point at `x`, 0 (left edge) to 1, so that it is not cut off."""
    return "top right" if x < 1 / 3 else "top center" if x < 2 / 3 else "top left"


def _ranks_range(ranked: Sequence[tuple[str, Estimate]]) -> list[float]:
    """A range with room for the intervals and for the figures above the outermost points.

    An interval may be far wider than the spread of the means (with two seeds, Student's t is 12.7).
    It is then cut off, and the figure above the point gives its width.
    """
    means = [nats.mean for _, nats in ranked]
    spread = max(means) - min(means)
    widest = max(nats.half_width or 0.0 for _, nats in ranked)
    room = max(0.25 * spread, min(1.1 * widest, 2 * spread if spread else widest), 0.01)
    return [min(means) - room, max(means) + room]


def _lines(document: Document, figure: str, x: int) -> list[Trace]:
    """For each variant, the mean over seeds, on top of faint lines for single seeds."""
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
                "mode": "lines+markers" if len(mean) <= MAX_MARKERS else "lines",
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
    """An axis from 0, or a logarithmic one if some runs last many times as long as others."""
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
        axis |= {"tickformat": "d"} | ({"dtick": 1} if max(ends) <= MAX_EPOCH_TICKS else {})
    return axis


def _y_range(traces: Sequence[Trace]) -> list[float] | None:
    """A range that cuts off first epochs far above all others; None if nothing needs cutting off.

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
    notes = [
        "ln Z(c) over the held-out pairs: median, middle half, and 5% to 95%. A self-normalised "
        "model has 0 everywhere."
    ]
    layout = {
        "xaxis": {"title": {"text": "ln Z"}},
        "yaxis": {"autorange": "reversed"},
        "height": 120 + 50 * len(traces),
    }
    return [_plot("log-z", "How well normalised the models are", notes, traces, layout)]


def _overlap(document: Document, variants: Sequence[str]) -> list[dict[str, Any]]:
    matrix = overlap_matrix(document)
    if all(cell is None for row in matrix for cell in row):
        return []
    several = len(document["plan"]["seeds"]) > 1
    notes = [
        "The fraction of a frequent word's ten nearest neighbours that two losses have in common, "
        + (
            "between runs with different seeds. The diagonal: how well a loss agrees with itself."
            if several
            else "between runs with the same seed."
        )
    ]
    names = [html.escape(variant) for variant in variants]
    trace: Trace = {
        "type": "heatmap", "x": names, "y": names, "z": matrix, "zmin": 0, "zmax": 1,
        "texttemplate": "%{z:.2f}", "hovertemplate": "%{y}, %{x}: %{z:.3f}<extra></extra>",
        "xgap": 2, "ygap": 2, "showscale": False,
    }  # fmt: skip
    layout = {"yaxis": {"autorange": "reversed"}, "height": 160 + 50 * len(names)}
    return [_plot("overlap", "Which losses find the same neighbours", notes, [trace], layout)]
