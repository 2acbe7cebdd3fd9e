"""The outcome of a gradient check, as data and as text. Nothing is measured here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from w2v.gradcheck.differences import Method

SHOWN = 5
"""Coordinates listed in the text of a report."""


class Verdict(StrEnum):
    """Verdict on a coordinate, or on a whole check: that of its worst coordinate."""

    PASS = "pass"
    KINK = "kink"
    UNDEFINED = "undefined"
    FAIL = "FAIL"


_BAD_LAST = tuple(Verdict)


@dataclass(frozen=True)
class Coordinate:
    """One partial derivative.

    Attributes:
        index: position in the checked array.
        at: the value there.
        analytic: the claimed derivative.
        numerical: the measured derivative; at a kink the central difference, roughly
            the mean of both sides; NaN if undefined.
        left: measured slope below `at`.
        right: measured slope above `at`.
        unit: what errors are relative to: the larger of abs(analytic) and abs(numerical), but at
            least the smallest slope that the measurement can resolve; NaN if undefined.
        relative_error: abs(analytic - numerical) / unit. At a kink, numerical stands for the slope
            between left and right that is closest to analytic; NaN if undefined.
        verdict: `Verdict.KINK` means that the slopes of the two sides differ and the claimed
            derivative lies between them; outside, the verdict is `Verdict.FAIL`.
    """

    index: tuple[int, ...]
    at: float
    analytic: float
    numerical: float
    left: float
    right: float
    unit: float
    relative_error: float
    verdict: Verdict

    def __str__(self) -> str:
        index = ",".join(str(i) for i in self.index)
        line = (
            f"  [{index}]".ljust(10) + f"{self.at:>11.5g} {self.analytic:>14.8g} "
            f"{self.numerical:>14.8g} {self.relative_error:>11.1e}  {self.verdict}"
        )
        if math.isfinite(self.left) and self.verdict in (Verdict.KINK, Verdict.UNDEFINED):
            line += f" (slopes {self.left:.4g} | {self.right:.4g})"
        return line


@dataclass(frozen=True)
class GradientReport:
    """The outcome of a gradient check; ``print(report)`` shows the worst coordinates.

    Attributes:
        name: what was checked.
        coordinates: one entry per partial derivative.
        tolerance: the largest relative error that passes.
        method: how slopes were measured.
    """

    name: str
    coordinates: tuple[Coordinate, ...]
    tolerance: float
    method: Method

    def count(self, verdict: Verdict) -> int:
        """How many coordinates have this verdict."""
        return sum(entry.verdict is verdict for entry in self.coordinates)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of any coordinate, in the order pass, kink, undefined, FAIL."""
        return max((entry.verdict for entry in self.coordinates), key=_BAD_LAST.index)

    @property
    def passed(self) -> bool:
        """Whether some coordinate passes, and all others pass or sit on a kink."""
        return self.verdict in (Verdict.PASS, Verdict.KINK) and self.count(Verdict.PASS) > 0

    @property
    def worst_relative_error(self) -> float:
        """Worst relative error of the coordinates that could be measured; NaN if there are none."""
        errors = [entry.relative_error for entry in self.coordinates]
        measured = [error for error in errors if not math.isnan(error)]
        return max(measured, default=math.nan)

    @property
    def largest_slope(self) -> float:
        """Largest measured slope in absolute value; NaN if one is undefined."""
        return float(np.max(np.abs([entry.numerical for entry in self.coordinates])))

    @property
    def smallest_error_found(self) -> float:
        """Absolute error above which any coordinate fails; NaN if one is undefined."""
        return float(self.tolerance * np.max([entry.unit for entry in self.coordinates]))

    def worst(self, count: int = SHOWN) -> list[Coordinate]:
        """The `count` worst coordinates, worst verdict first, then the largest error."""

        def badness(entry: Coordinate) -> tuple[int, float]:
            return _BAD_LAST.index(entry.verdict), float(np.nan_to_num(entry.relative_error))

        return sorted(self.coordinates, key=badness, reverse=True)[:count]

    def __str__(self) -> str:
        tally = ", ".join(f"{self.count(v)} {v}" for v in Verdict if self.count(v))
        lines = [
            f"{self.name}: {self.verdict} ({len(self.coordinates)} coordinates: {tally}; "
            f"{self.method} differences, tolerance {self.tolerance:g})",
            f"  {'index':<8}{'at':>11} {'analytic':>14} {'numerical':>14} {'rel. error':>11}  "
            "verdict",
            *(str(entry) for entry in self.worst()),
        ]
        hidden = len(self.coordinates) - SHOWN
        if hidden > 0:
            lines.append(f"  ... and {hidden} more, none worse")
        return "\n".join(lines)
