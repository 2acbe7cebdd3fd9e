"""Measure explorer pages: their size, what rounding loses, how long they take to open.

    python scripts/experiments/explorer.py vectors.safetensors [more.bin ...]

Prints a table in Markdown. Seconds are processor time of the page's main thread, from the
start of its process: time on the clock would measure what else the machine does.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from reporting import machine, today

from w2v.embeddings import load
from w2v.explore.page import explore
from w2v.util.html_page import plotly_script

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))
from browser import Browser, find

STAGES = ("search", "map", "all")


def main() -> None:
    """Make each page and open it several times, each time in a new browser."""
    parser = argparse.ArgumentParser(description="Measure size, recall and opening of the pages.")
    parser.add_argument("vectors", nargs="+", type=Path)
    parser.add_argument("--times", type=int, default=5, help="median of how many (default: 5)")
    args = parser.parse_args()
    if find() is None:
        sys.exit("explorer.py: Chromium or Chrome is needed, and none was found")
    rows = []
    for path in args.vectors:
        (model,), text = explore([(path.name, load(path))], plotly_script())
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            page = Path(folder) / "explorer.html"
            page.write_text(text, encoding="utf-8")
            opened = [opening(page, Path(folder) / str(i)) for i in range(args.times)]
        seconds = [statistics.median(run[stage] for run in opened) for stage in STAGES]
        rows.append(
            f"| {path.name}: {len(model.wv):,} words x {model.wv.vector_size} "
            f"| {len(text.encode()) / 1e6:.1f} MB | {model.quantised.recall:.3f} "
            f"| {' | '.join(f'{second:.1f} s' for second in seconds)} |"
        )
    print("| vectors | page | recall@10 | search answers | map is there | all is drawn |")
    print("|---|---|---|---|---|---|")
    print("\n".join(rows))
    print(f"\nMeasured on {machine()}, {version()}, {today()}.")


def version() -> str:
    """The browser's name and version."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        Browser(Path(folder)) as browser,
    ):
        return str(browser.call("Browser.getVersion")["product"])


def opening(page: Path, profile: Path) -> dict[str, float]:
    """Processor seconds of the main thread until each stage of a page that opens."""
    with Browser(profile) as browser:
        browser.call("Tracing.start", traceConfig={"includedCategories": ["blink.user_timing"]})
        shown = browser.open(page.as_uri())
        shown.wait("document.documentElement.dataset.ready === 'all'")
        browser.call("Tracing.end")
        while not any(event["method"] == "Tracing.tracingComplete" for event in browser.events):
            browser.call("Browser.getVersion")  # what came before an answer is an event
        marks = [
            mark
            for event in browser.events
            if event["method"] == "Tracing.dataCollected"
            for mark in event["params"]["value"]
        ]
    return {mark["name"]: mark["tts"] / 1e6 for mark in marks if mark["name"] in STAGES}


if __name__ == "__main__":
    main()
