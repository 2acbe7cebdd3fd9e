"""Draw the charts of the README and the documentation, each for light and for dark pages.

    python scripts/pages/figures.py

Reads the measured figures in docs/figures/*.csv and speed.json, and writes an SVG beside them for
each chart and background. Needs the extra `docs`.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

FIGURES = Path(__file__).resolve().parents[2] / "docs" / "figures"
INK = {"light": "#24292f", "dark": "#e6edf3"}
FAINT = {"light": "#d0d7de", "dark": "#3d444d"}
OTHERS = {"light": "#9aa4af", "dark": "#6e7681"}
OURS = {"light": "#0969da", "dark": "#58a6ff"}
COLOURS = {
    "light": ["#0969da", "#bf3989", "#1a7f37", "#bc4c00", "#57606a"],
    "dark": ["#58a6ff", "#f778ba", "#3fb950", "#f0883e", "#8b949e"],
}


def style(theme: str) -> dict[str, Any]:
    """Settings of Matplotlib for a background."""
    return {
        "svg.hashsalt": "w2v", "font.family": "DejaVu Sans", "font.size": 11,
        "text.color": INK[theme], "axes.labelcolor": INK[theme], "xtick.color": INK[theme],
        "ytick.color": INK[theme], "axes.edgecolor": FAINT[theme], "grid.color": FAINT[theme],
        "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 11,
        "axes.titlelocation": "left", "legend.frameon": False,
        "axes.prop_cycle": mpl.cycler(color=COLOURS[theme]),
    }  # fmt: skip


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of measured figures."""
    with (FIGURES / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def bars(ax: Axes, values: dict[str, float], title: str, label: Callable[[float], str]) -> None:
    """Horizontal bars, each with its figure, with that of w2v in colour."""
    theme = "dark" if mpl.rcParams["text.color"] == INK["dark"] else "light"
    names = list(values)
    colours = [OURS[theme] if name == "w2v" else OTHERS[theme] for name in names]
    ax.barh(names, list(values.values()), color=colours, height=0.62)
    for place, value in enumerate(values.values()):
        ax.annotate(label(value), (value, place), (5, 0), textcoords="offset points", va="center")
    ax.invert_yaxis()
    ax.set_title(title, pad=10)
    ax.set_xlim(0, max(values.values()) * 1.18)
    ax.tick_params(length=0)
    ax.xaxis.set_visible(False)
    ax.spines["bottom"].set_visible(False)


def speed() -> Figure:
    """Words per second of w2v and other programs, and seconds from text to vectors."""
    measured = json.loads((FIGURES / "speed.json").read_text(encoding="utf-8"))
    fig, (left, right) = plt.subplots(1, 2, figsize=(9.2, 2.5), layout="constrained")
    fig.get_layout_engine().set(wspace=0.08)
    bars(left, measured["million_words_per_second"]["100"],
         "Training speed, million words/s on one thread", "{:.2f}".format)  # fmt: skip
    bars(right, measured["seconds_from_text_to_vectors"],
         "From text to vectors, seconds for 5 epochs", "{:g} s".format)  # fmt: skip
    return fig


def curves(ax: Axes, x: str, y: str, methods: Sequence[str]) -> None:
    """A line for each method of quality.csv; a single point is a marker."""
    series: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows_of("quality"):
        series[row["method"]].append((float(row[x]), float(row[y])))
    for number, method in enumerate(methods):
        ax.plot(*zip(*series[method], strict=True), marker="o", markersize=4, label=method,
                color=f"C{number}")  # fmt: skip
    ax.grid(axis="y")
    ax.set_axisbelow(True)
    ax.set_ylim(0)


def quality() -> Figure:
    """Analogies and similarity against seconds, for three losses and gensim."""
    methods = ["w2v negative sampling", "w2v NCE", "w2v full softmax", "gensim"]
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.6), layout="constrained", sharex=True)
    titles = ("Google analogies, accuracy", "WordSim-353, Spearman's ρ")
    for ax, y, title in zip(axes, ("analogies", "wordsim353"), titles, strict=True):
        curves(ax, "seconds", y, methods)
        ax.set(xscale="log", xlabel="seconds of training, two threads", title=title)
        ax.xaxis.set_major_formatter("{x:g}")
    axes[1].legend(loc="lower right")
    return fig


def softmax() -> Figure:
    """Full softmax against negative sampling over passes."""
    fig, axes = plt.subplots(1, 2, figsize=(9.2, 3.4), layout="constrained", sharex=True)
    titles = ("Google analogies, accuracy", "WordSim-353, Spearman's ρ")
    for ax, y, title in zip(axes, ("analogies", "wordsim353"), titles, strict=True):
        curves(ax, "epochs", y, ["w2v negative sampling", "w2v full softmax"])
        ax.set(xlabel="passes over the corpus", title=title, xticks=[1, 5, 10, 15, 20])
    axes[1].legend(loc="lower right")
    return fig


def passes() -> Figure:
    """Negative sampling over passes, for several learning rates and the default."""
    rates: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of("passes"):
        rates[row["lr"]].append(row)
    fig, axes = plt.subplots(1, 3, figsize=(9.2, 3.2), layout="constrained", sharex=True)
    panels = {
        "analogies": "Google analogies, accuracy",
        "wordsim353": "WordSim-353, Spearman's ρ",
        "simlex999": "SimLex-999, Spearman's ρ",
    }
    for ax, (score, title) in zip(axes, panels.items(), strict=True):
        for number, (rate, rows) in enumerate(rates.items()):
            x, y = ([float(row[name]) for row in rows] for name in ("epochs", score))
            line = {"linewidth": 2.5, "zorder": 3} if rate == "default" else {"linewidth": 1}
            ax.plot(x, y, marker="o", markersize=3, color=f"C{number}", label=rate, **line)
        ax.set(xlabel="passes over the corpus", title=title, xticks=[1, 3, 5, 10, 15])
        ax.grid(axis="y")
    axes[2].legend(loc="lower right", title="learning rate", fontsize=9, title_fontsize=9)
    return fig


def threads() -> Figure:
    """Words per second over threads, compared with a perfect speed-up."""
    measured = [(int(row["threads"]), float(row["million_words_per_second"]))
                for row in rows_of("threads")]  # fmt: skip
    count, speeds = zip(*measured, strict=True)
    fig, ax = plt.subplots(figsize=(5.6, 3.2), layout="constrained")
    ax.plot(count, [n * speeds[0] for n in count], "--", color="C4", label="perfect speed-up")
    ax.plot(count, speeds, marker="o", label="measured")
    ax.set(xlabel="threads", ylabel="million words per second", xticks=count, ylim=(0, None))
    ax.grid(axis="y")
    ax.legend(loc="lower right")
    return fig


BOXES = {
    "corpus.txt": (0, 2, ""),
    "corpus": (1, 2, "read, split, count,\nnumber the words"),
    "train": (2, 2, "epochs, learning rate,\nworkers, checkpoints"),
    "embeddings": (3, 2, "words, vectors,\nneighbours"),
    "vectors.bin": (4, 2, ""),
    "config": (1, 3, "every option"),
    "engines": (2, 3, "threads or a cluster"),
    "formats": (3, 3, "one module per\nfile format"),
    "kernels": (2, 1, "compiled steps:\ngather, score, update"),
    "losses": (1, 0, "logits to nats\nand gradients"),
    "noise": (2, 0, "alias table"),
    "numerics": (3, 0, "random streams,\ncompiler settings"),
}
"""Rooms of the package: column, row and a few words."""
ARROWS = (
    ("corpus.txt", "corpus"), ("corpus", "train"), ("train", "embeddings"),
    ("embeddings", "vectors.bin"), ("config", "train"), ("train", "engines"),
    ("embeddings", "formats"), ("train", "kernels"), ("kernels", "losses"), ("kernels", "noise"),
    ("kernels", "numerics"),
)  # fmt: skip


def architecture() -> Figure:
    """The path of a training run through the package."""
    fig, ax = plt.subplots(figsize=(9.6, 4.6), layout="constrained")
    ink, faint = mpl.rcParams["text.color"], mpl.rcParams["grid.color"]
    patches = {}
    for name, (column, row, words) in BOXES.items():
        is_file = not words
        text = name if is_file else f"$\\bf{{{name}}}$\n{words}"
        patches[name] = ax.text(
            column * 2, row * 1.5, text, ha="center", va="center", fontsize=9.5, linespacing=1.35,
            bbox={"boxstyle": "round,pad=0.5" if not is_file else "square,pad=0.4",
                  "facecolor": "none", "edgecolor": faint if is_file else ink},
        )  # fmt: skip
    for start, end in ARROWS:
        (x0, y0), (x1, y1) = patches[start].get_position(), patches[end].get_position()
        ax.annotate(
            "", (x1, y1), (x0, y0),
            arrowprops={"arrowstyle": "-|>", "color": "C0", "shrinkA": 2, "shrinkB": 2,
                        "patchA": patches[start].get_bbox_patch(),
                        "patchB": patches[end].get_bbox_patch()},
        )  # fmt: skip
    ax.set(xlim=(-0.8, 8.8), ylim=(-0.5, 5.1))
    ax.axis("off")
    return fig


FIGURE_OF = {
    "speed": speed, "quality": quality, "softmax": softmax, "passes": passes, "threads": threads,
    "architecture": architecture,
}  # fmt: skip


def main() -> None:
    """Draw everything."""
    for theme in INK:
        with mpl.rc_context(style(theme)):
            for name, draw in FIGURE_OF.items():
                fig = draw()
                fig.savefig(FIGURES / f"{name}-{theme}.svg", transparent=True,
                            metadata={"Date": None})  # fmt: skip
                plt.close(fig)


if __name__ == "__main__":
    main()
