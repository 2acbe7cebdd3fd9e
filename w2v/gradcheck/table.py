"""Many gradient checks as one table: a row a check, for a person or as JSON.

A section is a function that yields rows; ``python -m w2v.gradcheck`` runs a list of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from w2v.gradcheck.report import GradientReport, Verdict

WHAT_WIDTH = 64


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        section: what kind of thing was checked: "activation".
        what: which one: "tanh, derivative from a".
        report: the outcome.
    """

    section: str
    what: str
    report: GradientReport


Section: TypeAlias = Callable[[], Iterable[Row]]


def all_passed(rows: Sequence[Row]) -> bool:
    """Whether there is a row, and no row fails, is undefined, or measured kinks alone."""
    return bool(rows) and all(row.report.passed for row in rows)


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
            f"{report.worst_relative_error:>16.1e}  {_verdict(report)}"
        )
    failed = [row for row in rows if not row.report.passed]
    for row in failed:
        lines += ["", f"{row.section}: {row.report}"]
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
                    "tolerance": row.report.tolerance,
                    "verdict": str(row.report.verdict),
                    "kinks": row.report.count(Verdict.KINK),
                    "passed": row.report.passed,
                }
                for row in rows
            ],
        },
        indent=2,
        allow_nan=False,
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _verdict(report: GradientReport) -> str:
    kinks = report.count(Verdict.KINK)
    if report.passed and kinks:
        return f"pass, {kinks} kink" + ("s" if kinks > 1 else "")
    return str(report.verdict)
