"""Measure explorer pages: their size, their recall after rounding, and how long they take to open.

    python scripts/experiments/explorer.py vectors.safetensors [more.bin ...]

Prints a table in Markdown. Seconds are processor time of the page's main thread, from the start of
its process: wall-clock time would depend on what else the machine is doing.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from pathlib import Path

from reporting import machine, today

from w2v.embeddings import load
from w2v.explore.page import explore
from w2v.util.html_page import plotly_script

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "helpers"))
from browser import chromium, find, open_page, wait

STAGES = ("search", "map", "all")


def main() -> None:
    """Make each page and open it several times, each time in a new browser."""
    parser = argparse.ArgumentParser(description="Measure size, recall and opening of the pages.")
    parser.add_argument("vectors", nargs="+", type=Path)
    parser.add_argument(
        "--times", type=int, default=5, help="openings to take the median of (default: 5)"
    )
    args = parser.parse_args()
    if find() is None:
        sys.exit("explorer.py: needs Chromium or Chrome, and the package playwright")
    rows = []
    for path in args.vectors:
        (model,), text = explore([(path.name, load(path))], plotly_script())
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            page = Path(folder) / "explorer.html"
            page.write_text(text, encoding="utf-8")
            opened = [opening(page) for _ in range(args.times)]
        seconds = [statistics.median(run[stage] for run in opened) for stage in STAGES]
        rows.append(
            f"| {path.name}: {len(model.wv):,} words x {model.wv.vector_size} "
            f"| {len(text.encode()) / 1e6:.1f} MB | {model.quantised.recall:.3f} "
            f"| {' | '.join(f'{second:.1f} s' for second in seconds)} |"
        )
    print("| vectors | page | recall@10 | search answers | map appears | all drawn |")
    print("|---|---|---|---|---|---|")
    print("\n".join(rows))
    print(f"\nMeasured on {machine()}, {version()}, {today()}.")


def version() -> str:
    """The browser's version."""
    with chromium() as browser:
        return f"Chromium {browser.version}"


def opening(path: Path) -> dict[str, float]:
    """Processor seconds of the main thread until each stage of opening a page."""
    with chromium() as browser:
        browser.start_tracing(categories=["blink.user_timing"])
        page = open_page(browser, path.as_uri())
        wait(page, "document.documentElement.dataset.ready === 'all'")
        events = json.loads(browser.stop_tracing())["traceEvents"]
    return {event["name"]: event["tts"] / 1e6 for event in events if event["name"] in STAGES}


if __name__ == "__main__":
    main()
