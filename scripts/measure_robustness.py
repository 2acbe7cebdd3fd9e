"""Run the tests of bad inputs and faults, and write down what they tried and what happened.

    python scripts/measure_robustness.py                  all, slow tests included; some minutes
    python scripts/measure_robustness.py test_faults.py   one file of tests, into the same page
    python scripts/measure_robustness.py --table          only the page, of what is written down

Writes docs/robustness.json and docs/robustness.md. The rows are what passing tests noted with the
fixture `tried` (`tests/conftest.py`): where a test fails nothing is written of its file, and the
script ends with 1. The fuzzers' counts are those of docs/fuzz.json, which `scripts/fuzz.py` keeps;
docs/soak.json has the rows of `scripts/soak_threads.py` and `scripts/soak_interrupts.py`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from w2v.util.files import atomic_write

ROOT = Path(__file__).resolve().parent.parent
JSON = ROOT / "docs" / "robustness.json"
TABLE = ROOT / "docs" / "robustness.md"
FUZZ = ROOT / "docs" / "fuzz.json"
SOAK = ROOT / "docs" / "soak.json"

PARTS = (
    "Corpus", "Options", "Outputs", "Vectors", "Questions and results", "Streams", "Memory",
    "Faults", "Checkpoints", "Concurrency", "Damaged bytes", "Code",
)  # fmt: skip
"""In this order; what has no row is left out."""


NOTE = "robustness"
"""The name of the property that the fixture sets."""


class Notes:
    """Collects what tests noted; a plugin of pytest."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Called for each phase of each test."""
        if report.skipped:
            self.skipped.append(report.nodeid)
        if report.when == "call" and report.passed:
            notes = [json.loads(text) for name, text in report.user_properties if name == NOTE]
            self.rows += notes


def users_of_notes() -> list[str]:
    """The names of the test files that use the fixture."""
    return [
        path.name
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "tried(" in path.read_text(encoding="utf-8")
    ]


def together(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the same input and the same end as one, in the order of `PARTS`."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = row["part"], row["what"], row["happens"]
        same = found.setdefault(key, {**row, "times": 0})
        same["times"] += row["times"]
        peaks = [peak for peak in (same["peak_mb"], row["peak_mb"]) if peak is not None]
        same["peak_mb"] = max(peaks, default=None)
    return sorted(found.values(), key=lambda row: PARTS.index(row["part"]))


def soak_rows() -> list[dict[str, Any]]:
    """The rows that the soaks have kept so far."""
    return json.loads(SOAK.read_text(encoding="utf-8")) if SOAK.exists() else []


def add_soak(notes: dict[tuple[str, str], int]) -> None:
    """Add to docs/soak.json how often something was tried, by what it was and what happened."""
    rows = [
        {"part": "Concurrency", "what": what, "happens": happens, "times": times, "peak_mb": None}
        for (what, happens), times in notes.items()
        if times
    ]
    with atomic_write(SOAK, "w") as stream:
        stream.write(json.dumps(together(soak_rows() + rows), indent=1) + "\n")


def table(document: dict[str, Any], fuzz: dict[str, Any], soak: list[dict[str, Any]]) -> str:
    """The page: a table a part, and one of the fuzzers."""
    rows = together([row for mine in document["tests"].values() for row in mine] + soak)
    peak = max((row["peak_mb"] or 0 for row in rows), default=0)
    lines = [
        "# What bad input and faults do",
        "",
        f"{sum(row['times'] for row in rows):,} trials of {len(rows):,} inputs and faults: no "
        "traceback, no file lost, no temporary file left, and where memory was measured at most "
        f"{peak:,} MB of it, of which Python and its libraries take 90. Each row is "
        "what a test noted that passed; one that fails ends the script that writes this page.",
        "",
        f"Measured on {document['machine']}, {document['date']}, by "
        "`scripts/measure_robustness.py`. The tests: "
        + ", ".join(f"[{name}](../tests/{name})" for name in document["tests"])
        + "; and [soak_threads.py](../scripts/soak_threads.py) and "
        "[soak_interrupts.py](../scripts/soak_interrupts.py), which run for as long as one likes.",
    ]
    for part in PARTS:
        mine = [row for row in rows if row["part"] == part]
        if mine:
            lines += ["", f"## {part}", "", "| input or fault | what happens | tried | peak MB |"]
            lines += ["|---|---|---|---|"]
            lines += [
                f"| {_cell(row['what'])} | {_cell(row['happens'])} | {row['times']:,} "
                f"| {row['peak_mb'] or ''} |"
                for row in mine
            ]
    lines += [
        "",
        "## Fuzzers",
        "",
        "Coverage-guided (libFuzzer through atheris), each reader held against a slow and simple "
        "twin of it, under 3 GB of address space; by [scripts/fuzz.py](../scripts/fuzz.py), which "
        "stops at the first find. What it found before is a test now. Several ran at once on two "
        "cores: the minutes are those of a clock, and beside them those of a processor.",
        "",
        "| reader | inputs | minutes | of a processor | kept in its corpus | peak MB | until |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {counts['executions']:,} | {counts['seconds'] / 60:.0f} "
            f"| {counts['processor_seconds'] / 60:.0f} | {counts['corpus']:,} "
            f"| {counts['peak_mb']} | {counts['until']} |"
            for name, counts in fuzz.items()
        ),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    """Text in a cell: as it is, where Markdown would make something of it."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|")
    for mark in "*_<>[]`":
        escaped = escaped.replace(mark, f"\\{mark}")
    return escaped


def machine() -> str:
    """The processor, its cores and the versions that matter."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from reporting import machine as described

    return described()


def measure(name: str) -> list[dict[str, Any]] | None:
    """The rows of one file of tests; None if a test of it failed."""
    import pytest

    notes = Notes()
    code = pytest.main(["-q", "-m", "slow or not slow", str(ROOT / "tests" / name)], [notes])
    for skipped in notes.skipped:
        print(f"skipped: {skipped}", file=sys.stderr)
    return together(notes.rows) if code == 0 else None


def main() -> int:
    """See the module's header."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="*", help="names of test files (default: all)")
    parser.add_argument("--table", action="store_true", help="run nothing")
    arguments = parser.parse_args()
    users = users_of_notes()
    unknown = [name for name in arguments.files if name not in users]
    if unknown:
        parser.error(f"expected some of {', '.join(users)}; got {unknown[0]}")
    document: dict[str, Any] = {"tests": {}}
    if JSON.exists():
        document = json.loads(JSON.read_text(encoding="utf-8"))
    failed = []
    for name in [] if arguments.table else arguments.files or users:
        rows = measure(name)
        if rows is None:
            failed.append(name)
            continue
        tests = {**document["tests"], name: rows}
        document = {
            "machine": machine(), "date": datetime.date.today().isoformat(),
            "tests": {user: tests[user] for user in users if user in tests},
        }  # fmt: skip
        with atomic_write(JSON, "w") as stream:
            stream.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    fuzz = json.loads(FUZZ.read_text(encoding="utf-8"))
    with atomic_write(TABLE, "w") as stream:
        stream.write(table(document, fuzz, soak_rows()))
    for name in failed:
        print(f"{name}: expected every test to pass; nothing is written of it", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
