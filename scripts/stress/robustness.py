"""Tabulate what the tests of bad inputs and faults tried, and what happened.

    scripts/test -m "slow or not slow" --junitxml=build/tests.xml
    python scripts/stress/robustness.py build/tests.xml > build/robustness.md

Reads what passing tests noted with the fixture `tried` (`tests/conftest.py`) from pytest's report.
"""

from __future__ import annotations

import argparse
import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

NOTE = "robustness"
"""The property that the fixture sets."""


def notes(report: Path) -> list[dict[str, Any]]:
    """The notes of all tests that passed."""
    return [
        json.loads(note.get("value", ""))
        for test in ET.parse(report).iter("testcase")
        if test.find("failure") is None and test.find("error") is None
        for note in test.iter("property")
        if note.get("name") == NOTE
    ]


def merged(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each input and outcome, with trials added up, sorted by part."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        same = found.setdefault(
            (row["part"], row["what"], row["happens"]), {**row, "times": 0, "peak_mb": 0}
        )
        same["times"] += row["times"]
        same["peak_mb"] = max(same["peak_mb"], row["peak_mb"] or 0)
    return sorted(found.values(), key=lambda row: row["part"])


def cell(text: str) -> str:
    """Text with the characters escaped that Markdown would interpret."""
    return "".join(f"\\{mark}" if mark in "\\|*_<>[]`" else mark for mark in text)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("report", type=Path, help="pytest's --junitxml")
    rows = merged(notes(parser.parse_args().report))
    if not rows:
        sys.exit("robustness.py: no test in the report has noted anything")
    print(f"{sum(row['times'] for row in rows):,} trials of {len(rows):,} inputs and faults.\n")
    print("| part | input or fault | what happens | trials | peak MB |\n|---|---|---|---|---|")
    for row in rows:
        texts = " | ".join(cell(row[name]) for name in ("part", "what", "happens"))
        print(f"| {texts} | {row['times']:,} | {row['peak_mb'] or ''} |")


if __name__ == "__main__":
    main()
