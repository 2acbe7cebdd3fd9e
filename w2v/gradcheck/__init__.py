"""Is this gradient right? Compare any analytic gradient with finite differences in float64.

>>> import numpy as np
>>> from w2v.gradcheck import check_gradient
>>> def energy(x):
...     return 0.5 * np.sum(x**2) + np.sin(x[0])
>>> def slip(x):                                    # the cosine is missing
...     return x
>>> print(check_gradient(energy, slip, [1.0, 2.0], name="energy"))    # doctest: +ELLIPSIS
energy: FAIL (2 coordinates: 1 pass, 1 FAIL; central differences, tolerance 1e-06)
  index            at       analytic      numerical  rel. error  verdict
  [0]               1              1      1.5403023     3.5e-01  FAIL
  [1]               2              2              2     ...  pass

Three things mislead a naive check, and are told apart from a wrong gradient here: a kink (ReLU at
0, where the central difference is 0.5), a point where the function is not finite (ln 0), and a
partial derivative that drowns in the rounding errors of the function itself.

``python -m w2v.gradcheck`` checks every gradient of w2v. `check_gradient` and `check_derivative`
depend only on NumPy and the error types, and can check any gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from w2v.errors import InputError, shown
from w2v.gradcheck.differences import Method, Point, Slice, Slope, as_array, measure
from w2v.gradcheck.report import Coordinate, GradientReport, Verdict

__all__ = [
    "Coordinate",
    "GradientReport",
    "Method",
    "Verdict",
    "check_derivative",
    "check_gradient",
]

Array: TypeAlias = NDArray[np.float64]

TOLERANCE = 1e-6
"""Central differences are accurate to about eps^(2/3) = 4e-11 of the function's scale. A wrong
sign, factor or term is off by far more."""


def check_gradient(
    function: Callable[[Any], Any],
    gradient: Callable[[Array], ArrayLike] | ArrayLike,
    at: ArrayLike,
    *,
    coordinates: Iterable[int] | None = None,
    tolerance: float = TOLERANCE,
    method: str = Method.CENTRAL,
    scale: float = 1.0,
    name: str = "gradient",
) -> GradientReport:
    """Compare an analytic gradient of a scalar function with measured slopes.

    Args:
        function: takes an array of the shape of `at` (a copy) and returns one number.
        gradient: takes the same and returns d function / d array in the same shape; or that array.
        at: the point to check: real, finite, any shape; converted to float64.
        coordinates: which entries of the flattened array to check; None checks all. Each takes
            three evaluations of `function`, and a few more if a measurement looks suspicious.
        tolerance: largest relative error that passes.
        method: "central" (error about 1e-10), "richardson" (about 1e-12, with a few more
            evaluations), or "complex" (exact to rounding; `function` must accept and return complex
            numbers, which abs, max and < do not).
        scale: the step is eps^(1/3) * max(abs(x), scale) for each coordinate x.
        name: title of the report.

    Returns:
        The report; a test should assert `report.passed`.

    Raises:
        InputError: an argument, or what the functions return, has the wrong shape or kind.
    """
    point = _point(at)
    claimed = _claimed("gradient", gradient, point)

    def along(position: int) -> Slice:
        def function_of_one(x: Any) -> Any:
            moved = point.astype(np.result_type(type(x), np.float64))  # complex for complex steps
            moved.reshape(-1)[position] = x
            return function(moved)

        return function_of_one

    return _check(along, claimed, point, coordinates, tolerance, method, scale, name)


def check_derivative(
    function: Callable[[Any], Any],
    derivative: Callable[[Array], ArrayLike] | ArrayLike,
    at: ArrayLike,
    *,
    tolerance: float = TOLERANCE,
    method: str = Method.CENTRAL,
    scale: float = 1.0,
    name: str = "derivative",
) -> GradientReport:
    """Compare the derivative of a function of one number with measured slopes, at many points.

    >>> import numpy as np
    >>> from w2v.gradcheck import check_derivative
    >>> relu = lambda z: np.maximum(z, 0.0)
    >>> step = lambda z: np.where(z > 0, 1.0, 0.0)
    >>> print(check_derivative(relu, step, [-1.0, 0.0, 2.0], name="ReLU"))
    ReLU: kink (3 coordinates: 2 pass, 1 kink; central differences, tolerance 1e-06)
      index            at       analytic      numerical  rel. error  verdict
      [1]               0              0            0.5     0.0e+00  kink (slopes 0 | 1)
      [0]              -1              0              0     0.0e+00  pass
      [2]               2              1              1     0.0e+00  pass

    Args:
        function: maps a number to a number (an element-wise array function will do).
        derivative: maps an array to its derivatives, element by element; or the derivatives.
        at: the points, any shape.
        tolerance: see `check_gradient`.
        method: see `check_gradient`.
        scale: see `check_gradient`.
        name: see `check_gradient`.

    Returns:
        The report, with a coordinate for each point.

    Raises:
        InputError: as in `check_gradient`.
    """
    point = _point(at)
    claimed = _claimed("derivative", derivative, point)
    return _check(lambda _: function, claimed, point, None, tolerance, method, scale, name)


def _point(at: ArrayLike) -> Array:
    given = as_array(at, "at: expected finite real numbers")
    if given.dtype.kind not in "uif" or given.size == 0 or not np.isfinite(given).all():
        raise InputError(
            f"gradient check: at: expected finite real numbers, got {given.dtype} {given!r:.60}"
        )
    return np.array(given, dtype=np.float64, order="C")


def _claimed(place: str, gradient: Callable[[Array], ArrayLike] | ArrayLike, point: Array) -> Array:
    expectation = f"{place}: expected real numbers of shape {point.shape}"
    with np.errstate(all="ignore"):
        slopes = gradient(point.copy()) if callable(gradient) else gradient
    returned = as_array(slopes, expectation)
    if returned.shape != point.shape or returned.dtype.kind not in "buif":
        raise InputError(
            f"gradient check: {expectation}, got {returned.dtype} of shape {returned.shape}"
        )
    return returned.astype(np.float64)


def _check(
    along: Callable[[int], Slice],
    claimed: Array,
    point: Array,
    coordinates: Iterable[int] | None,
    tolerance: float,
    method: str,
    scale: float,
    name: str,
) -> GradientReport:
    """Measure each coordinate and judge it."""
    for option, value in (("tolerance", tolerance), ("scale", scale)):
        if not (isinstance(value, Real) and 0.0 < value < math.inf):
            raise InputError(
                f"gradient check: {option}: expected a number above 0, got {shown(value)}"
            )
    if not isinstance(method, str) or method not in set(Method):
        raise InputError(
            f"gradient check: method: expected one of {', '.join(Method)}, got {shown(method)}"
        )
    positions = _positions(coordinates, point.size)
    entries = []
    # Overflow and ln 0 are findings here, not warnings.
    with np.errstate(all="ignore"):
        for position in positions:
            x, analytic = float(point.flat[position]), float(claimed.flat[position])

            def suspicious(slope: Slope, analytic: float = analytic) -> bool:
                return not _relative_error(analytic, slope, tolerance) <= tolerance

            slope = measure(along(position), x, Method(method), scale, suspicious)
            index = tuple(int(i) for i in np.unravel_index(position, point.shape))
            entries.append(_judge(index, x, analytic, slope, tolerance))
    return GradientReport(name, tuple(entries), tolerance, Method(method))


def _positions(coordinates: Iterable[int] | None, size: int) -> Sequence[int]:
    if coordinates is None:
        return range(size)
    positions = list(coordinates) if isinstance(coordinates, Iterable) else []
    if not positions or not all(_is_index(position, size) for position in positions):
        raise InputError(
            f"gradient check: coordinates: expected one or more of 0 .. {size - 1}, "
            f"got {shown(positions or coordinates)}"
        )
    return positions


def _is_index(value: object, size: int) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and 0 <= int(value) < size


def _relative_error(analytic: float, slope: Slope, tolerance: float) -> float:
    """abs(analytic - measured) in units of `_unit`."""
    if not math.isfinite(analytic):
        return math.inf
    difference = abs(analytic - _closest(analytic, slope))
    return difference / _unit(analytic, slope, tolerance) if difference else 0.0


def _closest(analytic: float, slope: Slope) -> float:
    """The measured slope; at a kink, the slope between both sides that is closest to `analytic`."""
    if slope.point is not Point.KINK:
        return slope.slope
    low, high = sorted((slope.left, slope.right))
    return min(max(analytic, low), high)  # any slope in between is a subgradient


def _unit(analytic: float, slope: Slope, tolerance: float) -> float:
    """The larger of both slopes, but at least the smallest slope that can be resolved.

    At a slope of `slope.noise / tolerance`, rounding alone makes an error of `tolerance`; without
    this limit, smaller slopes would fail because of rounding.
    """
    return max(abs(analytic), abs(_closest(analytic, slope)), slope.noise / tolerance)


def _judge(
    index: tuple[int, ...], x: float, analytic: float, slope: Slope, tolerance: float
) -> Coordinate:
    error = unit = math.nan
    if slope.point in (Point.UNDEFINED, Point.JUMP):
        verdict = Verdict.UNDEFINED
    else:
        error = _relative_error(analytic, slope, tolerance)
        unit = _unit(analytic, slope, tolerance)
        right = Verdict.KINK if slope.point is Point.KINK else Verdict.PASS
        verdict = right if error <= tolerance else Verdict.FAIL
    sides = slope.left, slope.right
    return Coordinate(index, x, analytic, slope.slope, *sides, unit, error, verdict)
