"""The slope of a function of one variable, measured in float64, and how far to trust it.

`measure` takes central differences, and compares both sides to tell a smooth point from a kink and
from a jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from w2v.errors import InputError, shown

Slice: TypeAlias = Callable[[Any], Any]
"""The function along one coordinate, with the others fixed."""

EPSILON = float(np.finfo(np.float64).eps)

# The step that balances truncation (h^2, or h^4 for Richardson) against rounding (eps / h):
# Press et al. 2007, "Numerical Recipes", 3rd edition, section 5.7.
CENTRAL_STEP = EPSILON ** (1 / 3)
RICHARDSON_STEP = EPSILON ** (1 / 5)

HALVINGS = 20
"""From `RICHARDSON_STEP` down to 1e-9, for functions that are steep or end nearby."""

COMPLEX_STEP = 1e-30
"""Nothing is subtracted, so the step may be arbitrarily small: Squire and Trapp 1998, "Using
Complex Variables to Estimate Derivatives of Real Functions"."""

NOISE_FACTOR = 16.0
"""Values of a function are assumed to be off by this many eps: rounding in a few dozen
operations."""

REFINEMENT = 16.0
REFINEMENTS = 3
TRUNCATION_SHARE = 4.0 / REFINEMENT**2
"""Truncation falls with h^2: 1 / 16^2 of the change between two steps is left; 4 is for safety."""

# When the step shrinks by s = 16^3, the gap between the one-sided slopes shrinks by s where the
# function is smooth, stays at a kink, grows by sqrt(s) at a cusp like sqrt|x|, and by s at a jump.
# The limits lie half-way between the neighbouring cases, on the logarithmic scale.
SHRINK = REFINEMENT**REFINEMENTS
KINK_ABOVE = SHRINK**-0.5
JUMP_ABOVE = SHRINK**0.75

GAP_TOLERANCE = 1e-3
"""One-sided slopes that differ by less than this share of the larger one count as equal."""


class Method(StrEnum):
    """How a slope is estimated. Kinks are always looked for with real steps."""

    CENTRAL = "central"
    RICHARDSON = "richardson"
    COMPLEX = "complex"


class Point(StrEnum):
    """Kind of a point of the function."""

    SMOOTH = "smooth"
    KINK = "kink"
    JUMP = "jump"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class Slope:
    """A measured slope.

    Attributes:
        point: kind of the point; at a jump or where undefined, `slope` is NaN.
        slope: estimate of the derivative.
        left: slope from the left.
        right: slope from the right.
        noise: the error to expect in `slope`.
    """

    point: Point
    slope: float
    left: float
    right: float
    noise: float


UNDEFINED = Slope(Point.UNDEFINED, math.nan, math.nan, math.nan, math.nan)


def as_array(value: object, expectation: str) -> NDArray[Any]:
    """Convert an argument, or what a function has returned, to an array.

    Raises:
        InputError: it is a list of lists of different lengths.
    """
    try:
        return np.asarray(value)
    except ValueError as error:
        raise InputError(f"gradient check: {expectation}, got {shown(value)}") from error


def value_at(function: Slice, x: Any) -> Any:
    """`function(x)` as one number, which is real if `x` is.

    Raises:
        InputError: the function returned something else.
    """
    is_complex = isinstance(x, complex)
    expectation = "expected a function that returns one number, real where its argument is"
    # NumPy's numbers divide by zero and overflow to inf; Python's raise.
    value = as_array(function(np.complex128(x) if is_complex else np.float64(x)), expectation)
    if value.size != 1 or value.dtype.kind not in ("buifc" if is_complex else "buif"):
        raise InputError(f"gradient check: {expectation}, got {value.dtype} of shape {value.shape}")
    return value.reshape(()).item()


def _sides(function: Slice, x: float, step: float) -> Slope:
    """Both one-sided slopes and the central one at one step."""
    above, below = x + step, x - step  # rounded: the steps really taken are recomputed from them
    at, high, low = (float(value_at(function, place)) for place in (x, above, below))
    if not (math.isfinite(at) and math.isfinite(high) and math.isfinite(low)) or above == below:
        return UNDEFINED
    right = (high - at) / (above - x)
    left = (at - low) / (x - below)
    slope = (high - low) / (above - below)
    if not math.isfinite(slope):
        return UNDEFINED
    noise = NOISE_FACTOR * EPSILON * max(abs(at), abs(high), abs(low)) / step
    return Slope(Point.SMOOTH, slope, left, right, noise)


def _gap(sides: Slope) -> float:
    """Difference of the one-sided slopes; 0 if rounding and slight curvature explain it."""
    gap = abs(sides.right - sides.left)
    larger = max(abs(sides.right), abs(sides.left))
    return gap if gap > max(GAP_TOLERANCE * larger, sides.noise) else 0.0


def _refined(function: Slice, x: float, step: float, first: Slope) -> Slope:
    """Shrink the step until the slope settles, or the gap turns out to persist."""
    best = current = first
    first_gap = _gap(first)
    for _ in range(REFINEMENTS):
        step /= REFINEMENT
        current = _sides(function, x, step)
        if current.point is Point.UNDEFINED:
            return current
        if abs(current.slope - best.slope) <= current.noise and _gap(current) == 0.0:
            return best  # the coarser step agrees, and is rounded less
        # The truncation left in the finer slope: x^3 at 0 has a slope of 0 and measures h^2.
        # After a kink next to x the change says nothing about truncation.
        change = abs(current.slope - best.slope) if _gap(best) == 0.0 else 0.0
        truncation = TRUNCATION_SHARE * change
        best = replace(current, noise=current.noise + truncation)
    growth = _gap(current) / first_gap if first_gap else 0.0
    # A value half-way up the jump gives two sides that are equally steep: no gap.
    before, after = (max(abs(s.left), abs(s.right)) for s in (first, current))
    steepening = after / before if before else 0.0
    if max(growth, steepening) > JUMP_ABOVE:
        return Slope(Point.JUMP, math.nan, current.left, current.right, current.noise)
    if growth > KINK_ABOVE:
        return Slope(Point.KINK, first.slope, current.left, current.right, current.noise)
    return best


def _complex_slope(function: Slice, x: float) -> float:
    value = value_at(function, complex(x, COMPLEX_STEP))
    if not isinstance(value, complex):
        raise InputError(
            "gradient check: expected a function that carries complex numbers through "
            f"(method 'complex'), got a {type(value).__name__}"
        )
    return value.imag / COMPLEX_STEP


def _extrapolated(function: Slice, x: float, step: float, central: Slope) -> tuple[float, float]:
    """Richardson extrapolation, which cancels the h^2 terms of central slopes: (slope, noise).

    Halves the step until two results agree within rounding; otherwise takes those that agree best,
    as in Ridders 1982, "Accurate computation of F'(x) and F'(x) F''(x)".
    """
    slope, noise, smallest = central.slope, central.noise, math.inf
    coarse, previous = _sides(function, x, step), math.nan
    for _ in range(HALVINGS):
        step /= 2
        fine = _sides(function, x, step)
        current = (4.0 * fine.slope - coarse.slope) / 3.0
        change = abs(current - previous)  # NaN at first, and where the function is not defined
        if change + fine.noise < smallest:
            slope, noise, smallest = current, fine.noise, change + fine.noise
        if change <= fine.noise:
            break
        coarse, previous = fine, current
    return slope, noise


def measure(
    function: Slice, x: float, method: Method, scale: float, suspicious: Callable[[Slope], bool]
) -> Slope:
    """The slope of `function` at `x`.

    Args:
        function: takes a number, returns a number.
        x: the point, finite.
        method: how the slope is estimated.
        scale: the step is eps^(1/3) * max(|x|, scale). Where the function is not finite that far
            from x, a step relative to |x| alone is tried: ln x at x = 1e-9.
        suspicious: tells whether to repeat a first estimate with smaller steps although both sides
            agree; a kink near x can spoil an estimate without showing a gap.

    Raises:
        InputError: `function` returns anything but a number, or with the complex method, no complex
            number.
    """
    first = UNDEFINED
    size = max(abs(x), scale)
    for size in (max(abs(x), scale), abs(x)):
        first = _sides(function, x, CENTRAL_STEP * size) if size else first
        if first.point is not Point.UNDEFINED:
            break
    if first.point is Point.UNDEFINED:
        return UNDEFINED
    if _gap(first) or suspicious(first):
        first = _refined(function, x, CENTRAL_STEP * size, first)
    if first.point is not Point.SMOOTH or method is Method.CENTRAL:
        return first
    if method is Method.COMPLEX:
        slope, noise = _complex_slope(function, x), EPSILON * NOISE_FACTOR * abs(first.slope)
    else:
        slope, noise = _extrapolated(function, x, RICHARDSON_STEP * size, first)
    if not math.isfinite(slope):
        return UNDEFINED
    return Slope(Point.SMOOTH, slope, first.left, first.right, noise)
