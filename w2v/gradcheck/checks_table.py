"""A table of gradient checks, one row per check, as text or as JSON.

A section is a function that yields rows; ``python -m w2v.gradcheck`` runs a list of them. A row
also says what its check covers, and fails if it covers too little: a check of five coordinates out
of a hundred, or of a kernel without an accidental hit, passes too easily.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from w2v.gradcheck.report import GradientReport, Verdict

WHAT_WIDTH = 64

SHARE_FOUND = 1e-5
"""Every row must find an error of this fraction of its largest slope, in any coordinate."""


@dataclass(frozen=True)
class Cover:
    """A case that a check must cover.

    Attributes:
        what: its name, in the plural: "accidental hits".
        found: how many there were in what was checked.
        least: how many there must be.
    """

    what: str
    found: int
    least: int = 1

    @property
    def enough(self) -> bool:
        """Whether there were as many as there must be."""
        return self.found >= self.least


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        section: the kind of function that was checked: "activation".
        what: which one: "tanh, derivative from z".
        report: the outcome.
        coordinates: number of partial derivatives; all must have been checked.
        covers: further cases that the check must cover.
    """

    section: str
    what: str
    report: GradientReport
    coordinates: int
    covers: tuple[Cover, ...] = ()

    @property
    def shortfalls(self) -> list[str]:
        """A phrase for each thing that the check covers too little of."""
        report = self.report
        every = (Cover("coordinates", len(report.coordinates), self.coordinates), *self.covers)
        found = [
            f"not enough cases: {c.found} {c.what}, expected at least {c.least}"
            for c in every
            if not c.enough
        ]
        if not report.smallest_error_found <= SHARE_FOUND * report.largest_slope:
            found.append(
                f"too coarse: errors below {report.smallest_error_found:.1e} pass, and no slope is "
                f"above {report.largest_slope:.1e}"
            )
        return found

    @property
    def passed(self) -> bool:
        """Whether the gradient is right, and the check covers what it should."""
        return self.report.passed and not self.shortfalls


Section: TypeAlias = Callable[[], Iterable[Row]]


def all_passed(rows: Sequence[Row]) -> bool:
    """Whether there are rows, and all pass."""
    return bool(rows) and all(row.passed for row in rows)


def as_text(rows: Sequence[Row]) -> str:
    """The table, then the report of each row that did not pass, then the count."""
    lines = [f"{'':{WHAT_WIDTH}} coordinates  worst rel. error  verdict"]
    section = None
    for row in rows:
        if row.section != section:
            section = row.section
            lines.append(section)
        report = row.report
        lines.append(
            f"  {row.what:{WHAT_WIDTH - 2}} {len(report.coordinates):>11}  "
            f"{report.worst_relative_error:>16.1e}  {_verdict(row)}"
        )
    failed = [row for row in rows if not row.passed]
    for row in failed:
        lines += ["", f"{row.section}: {row.report}"]
        lines += [f"  {shortfall}" for shortfall in row.shortfalls]
    lines += ["", f"{len(rows) - len(failed)} of {len(rows)} pass"]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """A JSON object with `passed` and `rows`; an error that could not be measured is null."""
    return json.dumps(
        {
            "passed": all_passed(rows),
            "rows": [
                {
                    "section": row.section,
                    "what": row.what,
                    "coordinates": len(row.report.coordinates),
                    "worst_relative_error": _finite(row.report.worst_relative_error),
                    "smallest_error_found": _finite(row.report.smallest_error_found),
                    "tolerance": row.report.tolerance,
                    "verdict": str(row.report.verdict),
                    "kinks": row.report.count(Verdict.KINK),
                    "covers": {cover.what: int(cover.found) for cover in row.covers},
                    "covers_too_little": row.shortfalls,
                    "passed": row.passed,
                }
                for row in rows
            ],
        },
        indent=2,
        allow_nan=False,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _verdict(row: Row) -> str:
    if row.report.passed and row.shortfalls:
        return "covers too little"
    verdict = str(Verdict.PASS if row.report.passed else row.report.verdict)
    covers = ", ".join(f"{cover.what} {cover.found}" for cover in row.covers)
    return f"{verdict} ({covers})" if covers else verdict
