"""Many gradient checks as one table, a row per check, for people or as JSON.

A section is a function that yields rows; ``python -m w2v.gradcheck`` runs a list of them. A row
says what it covers besides being right, and fails if that is less than it should be: a check of
five of a hundred coordinates, or of a kernel that meets no accidental hit, passes too easily.
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
"""Every row finds an error of this share of its largest slope, in any of its coordinates."""


@dataclass(frozen=True)
class Cover:
    """Something that a check must come across.

    Attributes:
        what: in the plural: "accidental hits".
        found: how many there were, counted in what was checked.
        least: how many there must be.
    """

    what: str
    found: int
    least: int = 1

    @property
    def enough(self) -> bool:
        """Whether as many were found as there must be."""
        return self.found >= self.least


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        section: what kind of thing was checked: "activation".
        what: which one: "tanh, derivative from z".
        report: the outcome.
        coordinates: how many partial derivatives there are; all must have been checked.
        covers: what else the check must come across.
    """

    section: str
    what: str
    report: GradientReport
    coordinates: int
    covers: tuple[Cover, ...] = ()

    @property
    def shortfalls(self) -> list[str]:
        """What the check covers too little of, as a text for people."""
        report = self.report
        every = (Cover("coordinates", len(report.coordinates), self.coordinates), *self.covers)
        found = [f"{c.what} {c.found}, not {c.least}" for c in every if not c.enough]
        if not report.smallest_error_found <= SHARE_FOUND * report.largest_slope:
            found.append(
                f"errors below {report.smallest_error_found:.1e} pass, and no slope is above "
                f"{report.largest_slope:.1e}"
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
        lines += [f"  covers too little: {shortfall}" for shortfall in row.shortfalls]
    lines += ["", f"{len(rows) - len(failed)} of {len(rows)} pass"]
    return "\n".join(lines)


def as_json(rows: Sequence[Row]) -> str:
    """One object: `passed`, and `rows` with a null error where nothing could be measured."""
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
