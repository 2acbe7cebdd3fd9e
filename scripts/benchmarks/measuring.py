"""Rows of the table, and what all measurements share: turns, medians, fresh processes."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

SCRIPTS = Path(__file__).resolve().parent.parent


class Skipped(Exception):
    """A section cannot be measured here; the message says why."""


class Row(NamedTuple):
    """One figure: its name, target and measured value, and whether that meets the target."""

    name: str
    target: str
    measured: str
    met: bool | None

    def line(self) -> str:
        """The row as a line for the terminal."""
        return f"{self.name}: {self.measured}" + (f" (target {self.target})" if self.target else "")


@dataclass
class Job:
    """What to measure on.

    Attributes:
        corpus, named: a text file, and its name in the table.
        folder: for temporary files.
        quick: whether to run a short version.
        rounds: turns of each side.
        questions: files of analogies and of similarity, if any.
        gensim_seconds: training time of gensim in `whole_command`, once measured.
    """

    corpus: Path
    named: str
    folder: Path
    quick: bool
    rounds: int
    questions: tuple[Path | None, Path | None]
    gensim_seconds: float | None = None

    @property
    def corpus_bytes(self) -> int:
        """Size of the text."""
        return self.corpus.stat().st_size


def at_least(name: str, target: float, values: list[float], unit: str = "x", more: str = "") -> Row:
    """A row for the median of ratios, which should be `target` or more."""
    value = statistics.median(values)
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return Row(name, f">= {target:g}{unit}", f"{value:.2f}{unit}{spread}{more}", value >= target)


def at_most(name: str, target: float, values: list[float], unit: str, more: str = "") -> Row:
    """A row for the median of values, which should be `target` or less."""
    value = statistics.median(values)
    spread = f" ({min(values):.2f} to {max(values):.2f})" if len(values) > 1 else ""
    return Row(name, f"<= {target:g}{unit}", f"{value:.2f}{unit}{spread}{more}", value <= target)


def in_turns(rounds: int, sides: Mapping[str, Callable[[], Any]]) -> list[dict[str, Any]]:
    """Run the sides in turns (A B C A B C ...); return the results of each round."""
    return [{name: side() for name, side in sides.items()} for _ in range(rounds)]


def at_once(*work: Callable[[], Any]) -> float:
    """Seconds that calls take in threads of their own, at the same time.

    For calls that share nothing this shows what a second core is worth on this machine.
    """
    with ThreadPoolExecutor(len(work)) as pool:
        return timed(lambda: list(pool.map(lambda call: call(), work)))


class Disturbance:
    """How much processor time others take while something is measured: `share` is in cores.

    Time that a hypervisor gives to other machines counts as well. Only on Linux; elsewhere the
    share is None.
    """

    def __init__(self) -> None:
        self._started, self._at_start = time.perf_counter(), self._seconds_of_others()

    @property
    def share(self) -> float | None:
        """Since this object was made."""
        now = self._seconds_of_others()
        if now is None or self._at_start is None:
            return None
        return (now - self._at_start) / (time.perf_counter() - self._started)

    @staticmethod
    def _seconds_of_others() -> float | None:
        stat = Path("/proc/stat")
        if not stat.exists():
            return None
        user, nice, system, _, _, irq, softirq, steal, *_ = (
            int(number) for number in stat.read_text().split("\n", 1)[0].split()[1:]
        )
        everyone = (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
        usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return everyone - sum(usage.ru_utime + usage.ru_stime for usage in usages)


def timed(work: Callable[[], Any]) -> float:
    """Seconds that a call of `work` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def run_python(
    code: str, options: Any, variables: Mapping[str, str] | None = None
) -> dict[str, float]:
    """Run code in a fresh process, with additional environment variables.

    Returns:
        The JSON in its last line of output, and under "whole" the seconds of the process.
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
    """The page: what was measured where and when, then the rows, in the order of `sections`."""
    marks = {True: "yes", False: "no", None: ""}
    lines = [
        f"{'Short version: ' if report['quick'] else ''}{report['corpus']} "
        f"({report['bytes'] / 1e6:.0f} MB); window 5, 5 negatives, sample 1e-4, min_count 5. "
        f"Medians of {report['rounds']} turns or more (one less for whole commands, a single turn "
        "for the time to a quality); smallest and largest values in brackets.",
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
