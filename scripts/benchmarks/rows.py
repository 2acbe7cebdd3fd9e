"""Rows of the table, and what all measurements share: turns, medians, processes of their own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SCRIPTS = Path(__file__).resolve().parent.parent


class Skipped(Exception):
    """Why a section cannot be measured here."""


class Row(NamedTuple):
    """One figure: what it is, its target, what was measured, and whether that meets the target."""

    name: str
    target: str
    measured: str
    met: bool | None

    def line(self) -> str:
        """For the terminal, as soon as it is known."""
        return f"{self.name}: {self.measured}" + (f" (target {self.target})" if self.target else "")


@dataclass
class Job:
    """What to measure on.

    Attributes:
        corpus, named: a text file, and what the table calls it.
        folder: for files that are gone afterwards.
        quick: whether small figures will do.
        rounds: turns of each side.
        questions: files of analogies and of similarity, where there are any.
    """

    corpus: Path
    named: str
    folder: Path
    quick: bool
    rounds: int
    questions: tuple[Path | None, Path | None]
    gensim_seconds: float | None = None  # of the 5 epochs of `whole_command`, training alone

    @property
    def corpus_bytes(self) -> int:
        """Size of the text."""
        return self.corpus.stat().st_size


def at_least(name: str, target: float, values: list[float], unit: str = "x", more: str = "") -> Row:
    """A row for the median of ratios that should not be smaller."""
    value = statistics.median(values)
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return Row(name, f">= {target:g}{unit}", f"{value:.2f}{unit}{spread}{more}", value >= target)


def at_most(name: str, target: float, values: list[float], unit: str, more: str = "") -> Row:
    """A row for the median of figures that should not be larger."""
    value = statistics.median(values)
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return Row(name, f"<= {target:g}{unit}", f"{value:.2f}{unit}{spread}{more}", value <= target)


def in_turns(rounds: int, sides: Mapping[str, Callable[[], Any]]) -> list[dict[str, Any]]:
    """What each side gives in each round: A B C A B C ..."""
    return [{name: side() for name, side in sides.items()} for _ in range(rounds)]


def timed(work: Callable[[], Any]) -> float:
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_python(
    code: str, options: Mapping[str, Any], variables: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Run code in a fresh process, with further environment variables.

    Returns:
        The JSON that it prints last, and "whole": its seconds.
    """
    path = os.pathsep.join(filter(None, (str(SCRIPTS), os.environ.get("PYTHONPATH"))))
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code, json.dumps(options)],
        env={**os.environ, "PYTHONPATH": path, **(variables or {})},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    if result.returncode:
        sys.exit(f"bench: one side failed:\n{result.stderr}")
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return {**figures, "whole": seconds}


def table(report: Mapping[str, Any], sections: Sequence[str]) -> str:
    """The page: where and when, then the rows of the sections in this order."""
    marks = {True: "yes", False: "no", None: ""}
    lines = [
        f"{'A quick look: ' if report['quick'] else ''}{report['corpus']} "
        f"({report['bytes'] / 1e6:.0f} MB); window 5, 5 negatives, sample 1e-4, min_count 5. "
        f"Medians of {report['rounds']} turns or more (of one less for whole commands, of one for "
        "the time to a quality), smallest and largest in brackets.",
        f"Measured on {report['machine']}, {report['date']}, by `scripts/bench`.",
        "",
        "| figure | target | measured | met |",
        "|---|---|---|---|",
        *(
            f"| {row['name']} | {row['target']} | {row['measured']} | {marks[row['met']]} |"
            for name in sections
            for row in report["sections"].get(name, [])
        ),
    ]
    return "\n".join(lines) + "\n"
