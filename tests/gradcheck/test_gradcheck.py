"""The gradient check must reject wrong gradients, and must not reject right ones."""

import doctest
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import w2v.gradcheck
from w2v.errors import InputError, W2VError
from w2v.gradcheck import Method, Verdict, check_derivative, check_gradient
from w2v.gradcheck import __main__ as command
from w2v.gradcheck.checks_table import Row, all_passed, as_json, as_text
from w2v.gradcheck.word2vec_checks import WORD2VEC_SECTIONS
from w2v.losses import LOSSES, get_loss
from w2v.losses.base import SampledLoss

SMOOTH = {
    "exp": (np.exp, np.exp),
    "sin": (np.sin, np.cos),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
    "sin of 100 x": (lambda x: np.sin(100 * x), lambda x: 100 * np.cos(100 * x)),
    "cosh / 1e9": (lambda x: np.cosh(x) / 1e9, lambda x: np.sinh(x) / 1e9),
    "1e9 atan": (lambda x: 1e9 * np.arctan(x), lambda x: 1e9 / (1 + x**2)),
}


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("name", SMOOTH)
def test_right_derivatives_pass(name, method):
    function, derivative = SMOOTH[name]
    at = np.array([-3.0, -1.0, -1e-3, 0.0, 0.4, 2.0, 7.0])
    assert check_derivative(function, derivative, at, method=method).passed


@given(
    at=st.lists(st.floats(-5, 5), min_size=1, max_size=5),
    error=st.floats(1e-4, 10.0),
    sign=st.sampled_from([-1, 1]),
)
def test_a_wrong_term_fails_wherever_it_is(at, error, sign):
    def function(x):
        return np.sum(np.sin(x) + x**2)

    def wrong(x):
        gradient = np.cos(x) + 2 * x
        gradient[-1] += sign * error
        return gradient

    report = check_gradient(function, wrong, at)
    assert report.count(Verdict.FAIL) == 1
    assert report.worst(1)[0].index == (len(at) - 1,)
    assert not report.passed
    assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize("slip", [lambda g: -g, lambda g: g * 1.001, lambda g: g * math.nan])
def test_wrong_sign_factor_and_nan_fail(slip):
    report = check_derivative(np.exp, lambda x: slip(np.exp(x)), [0.5, 2.0])
    assert report.count(Verdict.FAIL) == 2
    assert report.worst_relative_error > report.tolerance


def test_methods_reach_the_precision_that_they_promise():
    at = np.linspace(0.1, 2.0, 40)
    worst = {
        method: check_derivative(np.exp, np.exp, at, method=method).worst_relative_error
        for method in Method
    }
    assert worst[Method.CENTRAL] < 1e-9
    assert worst[Method.RICHARDSON] < 5e-12
    assert worst[Method.COMPLEX] < 1e-15


def test_a_function_with_few_digits_is_met_with_a_long_step():
    def function(x):
        return np.round(np.sin(x), 12)

    report = check_derivative(function, np.cos, [0.3, 1.0], method="richardson")
    assert report.worst_relative_error < 1e-8


def test_kink_is_not_a_wrong_gradient_and_the_slopes_are_reported():
    report = check_derivative(
        lambda z: np.maximum(z, 0.0), lambda z: (z > 0) * 1.0, [-1.0, 0.0, 1.0]
    )
    assert [entry.verdict for entry in report.coordinates] == [
        Verdict.PASS,
        Verdict.KINK,
        Verdict.PASS,
    ]
    kink = report.coordinates[1]
    assert (kink.left, kink.right, kink.numerical) == pytest.approx((0.0, 1.0, 0.5))
    assert report.passed
    assert "kink (slopes 0 | 1)" in str(report)


@pytest.mark.parametrize(("claimed", "expected"), [(0.0, "kink"), (0.3, "kink"), (1.0, "kink")])
def test_any_slope_between_the_sides_is_allowed_at_a_kink(claimed, expected):
    report = check_derivative(lambda z: np.maximum(z, 0.0), [claimed], [0.0])
    assert report.verdict == expected
    assert not report.passed  # nothing was confirmed


@pytest.mark.parametrize("claimed", [-0.1, 1.1, math.nan])
def test_a_slope_beyond_both_sides_of_a_kink_fails(claimed):
    assert check_derivative(lambda z: np.maximum(z, 0.0), [claimed], [0.0]).verdict == "FAIL"


@given(distance=st.floats(1e-8, 1e-3), side=st.sampled_from([-1, 1]))
def test_a_kink_nearby_does_not_spoil_a_right_gradient(distance, side):
    report = check_derivative(np.abs, np.sign, [side * distance])
    assert report.verdict is Verdict.PASS, report


def test_a_kink_in_many_dimensions():
    def function(x):
        return np.sum(np.abs(x)) + x[0, 1] ** 2

    at = np.array([[1.0, 2.0], [0.0, -3.0]])
    report = check_gradient(function, np.sign(at) + np.diag([4.0, 0.0])[:, ::-1], at)
    assert {e.index: str(e.verdict) for e in report.coordinates} == {
        (0, 0): "pass",
        (0, 1): "pass",
        (1, 0): "kink",
        (1, 1): "pass",
    }


@pytest.mark.parametrize(
    ("function", "at"),
    [
        (np.log, 0.0),
        (np.log, -1.0),
        (np.sign, 0.0),
        (lambda x: np.where(x > 0, 1.0, 0.0), 0.0),
        (lambda x: 1.0 / x, 0.0),
        (lambda x: x * np.nan, 1.0),
        (np.exp, 1e4),
    ],
)
def test_no_slope_is_undefined_and_neither_passes_nor_crashes(function, at):
    report = check_derivative(function, [0.0], [at])
    assert report.verdict is Verdict.UNDEFINED
    assert not report.passed
    assert "undefined" in str(report)


@pytest.mark.parametrize("method", list(Method))
def test_a_short_domain_is_met_with_a_short_step(method):
    at = [1e-9, 1e-5, 1e-4, 1e-3, 1e-2, 5.0]
    report = check_derivative(np.log, lambda x: 1 / x, at, method=method)
    assert report.passed, report


def test_a_steep_function_is_met_with_a_short_step():
    def sigmoid(x):
        return 1.0 / (1.0 + np.exp(-1e5 * x))

    report = check_derivative(sigmoid, lambda x: 1e5 * sigmoid(x) * sigmoid(-x), [0.0, 1e-6])
    assert report.passed, report


def test_slopes_below_the_rounding_of_the_function_pass_and_visible_errors_do_not():
    def function(x):
        return 1.0 + 1e-12 * x

    assert check_derivative(function, [1e-12], [0.3]).passed
    assert not check_derivative(function, [1e-6], [0.3]).passed


def test_coordinates_limit_the_work_and_the_function_gets_a_copy():
    calls = []

    def function(x):
        calls.append(x)
        x[...] = x**2
        return x.sum()

    at = np.arange(1.0, 101.0)
    report = check_gradient(function, lambda x: 2 * x, at, coordinates=[3, 99])
    assert report.passed
    assert [entry.index for entry in report.coordinates] == [(3,), (99,)]
    assert len(calls) == 6
    np.testing.assert_array_equal(at, np.arange(1.0, 101.0))


def test_a_gradient_that_writes_into_its_argument_spoils_nothing():
    def gradient(x):
        slopes = 2 * x
        x[:] = 0
        return slopes

    at = np.array([3.0, -2.0])
    assert check_gradient(lambda x: np.sum(x**2), gradient, at).passed
    assert at.tolist() == [3.0, -2.0]


def test_a_complex_step_that_is_not_finite_is_undefined():
    def function(x):
        return x * math.nan if isinstance(x, complex) else x

    report = check_derivative(function, [1.0], [2.0], method="complex")
    assert report.verdict is Verdict.UNDEFINED


def test_complex_steps_need_a_function_that_carries_them():
    with pytest.raises(InputError, match="carries complex numbers"):
        check_derivative(lambda x: float(np.real(x)), [1.0], [0.5], method="complex")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((np.sum, [1.0], [np.nan]), {}, "at: expected finite"),
        ((np.sum, [1.0], ["a"]), {}, "at: expected finite"),
        ((np.sum, [], []), {}, "at: expected finite"),
        ((np.sum, [1.0, 2.0], [1.0]), {}, r"expected real numbers of shape \(1,\)"),
        ((np.sum, [1j], [1.0]), {}, "gradient: expected real"),
        ((lambda x: np.zeros(2), [1.0], [1.0]), {}, "returns one number"),
        ((lambda x: None, [1.0], [1.0]), {}, "returns one number"),
        ((np.sum, [1.0], [1.0]), {"tolerance": 0.0}, "tolerance: expected"),
        ((np.sum, [1.0], [1.0]), {"scale": math.inf}, "scale: expected"),
        ((np.sum, [1.0], [1.0]), {"method": "forward"}, "expected one of central"),
        ((np.sum, [1.0], [1.0]), {"coordinates": [1]}, "coordinates: expected"),
        ((np.sum, [1.0], [1.0]), {"coordinates": []}, "coordinates: expected"),
        ((np.sum, [1.0], [1.0]), {"coordinates": [0.5]}, r"coordinates: expected .* got \[0.5\]"),
        ((np.sum, [1.0], [1.0]), {"coordinates": [True]}, "coordinates: expected"),
        ((np.sum, [1.0], [1.0]), {"coordinates": ["0"]}, "coordinates: expected"),
        ((np.sum, [1.0], [1.0]), {"coordinates": 3}, "coordinates: expected .* got 3"),
        ((np.sum, [1.0], [1.0]), {"method": []}, "method: expected one of"),
        ((np.sum, [1.0], [1.0]), {"tolerance": "1e-6"}, "tolerance: expected a number above 0"),
        ((np.sum, [1.0], [1.0]), {"scale": None}, "scale: expected a number above 0"),
        ((np.sum, [1.0], [1.0]), {"tolerance": math.nan}, "tolerance: expected"),
        ((lambda x: np.sum(x) + 1j, [1.0], [1.0]), {}, "real where its argument is, got complex"),
        ((lambda x: [[1], [1, 2]], [1.0], [1.0]), {}, "returns one number"),
        ((np.sum, [1.0], [[1], [1, 2]]), {}, "at: expected finite"),
        ((np.sum, [[1], [1, 2]], [1.0]), {}, "gradient: expected real"),
        ((np.sum, lambda x: [[1], [1, 2]], [1.0]), {}, "gradient: expected real"),
    ],
)
def test_bad_input_is_one_line(arguments, options, message):
    with pytest.raises(InputError, match=message) as caught:
        check_gradient(*arguments, **options)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, W2VError)


def test_a_wrong_derivative_is_called_a_derivative():
    with pytest.raises(InputError, match=r"derivative: expected real numbers of shape \(1,\)"):
        check_derivative(np.exp, [1.0, 2.0], [1.0])


def test_long_reports_show_the_worst_and_count_the_rest():
    at = np.arange(1.0, 21.0)
    claimed = 2 * at
    claimed[7] += 1.0
    text = str(check_gradient(lambda x: np.sum(x**2), claimed, at, name="squares"))
    assert text.startswith("squares: FAIL (20 coordinates: 19 pass, 1 FAIL")
    assert "[7]" in text.splitlines()[2]
    assert text.endswith("... and 15 more, none worse")


def test_the_docstring_examples_run():
    outcome = doctest.testmod(w2v.gradcheck)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_the_tool_imports_nothing_above_its_layer():
    code = (
        "import sys, w2v.gradcheck;"
        "print(*sorted(m for m in sys.modules if m.startswith(('w2v', 'numba'))))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert set(result.stdout.split()) == {
        "w2v",
        "w2v.errors",
        "w2v.gradcheck",
        "w2v.gradcheck.differences",
        "w2v.gradcheck.report",
    }


# --- the command ------------------------------------------------------------------------------

DENSE_SECTIONS = (command.activations, command.output_losses, command.dense_networks)


@pytest.mark.parametrize("section", DENSE_SECTIONS, ids=lambda section: section.__name__)
def test_every_shipped_gradient_of_the_dense_network_passes(section):
    assert section in command.SECTIONS
    rows = list(section())
    assert len(rows) > 10
    assert all_passed(rows), as_text(rows)
    assert len({row.what for row in rows}) == len(rows)


def test_every_shipped_gradient_of_word2vec_passes():
    """Each loss x each kind of target, on the code that trains, and whatever else it may learn."""
    assert set(WORD2VEC_SECTIONS) <= set(command.SECTIONS)
    rows = [row for section in WORD2VEC_SECTIONS for row in section()]
    assert all_passed(rows), as_text(rows)
    found = {(row.section, row.what) for row in rows}
    assert len(found) == len(rows)
    for loss in map(get_loss, LOSSES):
        for kind in loss.targets:
            expected = {("full softmax", f"{loss.name}, {kind}")}
            if isinstance(loss, SampledLoss):
                expected = {
                    ("word2vec loss, from logits", f"{loss.name}, {kind}"),
                    ("fused kernel", f"{loss.name}, {kind}"),
                    ("fused kernel", f"{loss.name}, {kind}, bias"),
                }
            assert expected <= found
    assert ("fused kernel", "nce, split, bias, normalisers") in found


def _wrong_section():
    report = check_derivative(np.exp, np.cos, [1.0], name="exp by cos")
    yield Row("test", "a wrong one", report, 1)


def _right_section():
    yield Row("test", "a right one", check_derivative(np.exp, np.exp, [1.0]), 1)


def test_the_command_says_0_or_1_as_table_and_as_json(monkeypatch, capsys):
    monkeypatch.setattr(command, "SECTIONS", (_right_section,))
    assert command.main([]) == 0
    assert "1 of 1 pass" in capsys.readouterr().out
    monkeypatch.setattr(command, "SECTIONS", (_right_section, _wrong_section))
    assert command.main([]) == 1
    printed = capsys.readouterr().out
    assert "exp by cos: FAIL" in printed
    assert "1 of 2 pass" in printed
    assert command.main(["--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["passed"] is False
    assert [row["verdict"] for row in data["rows"]] == ["pass", "FAIL"]


@pytest.mark.parametrize(
    ("argument", "shown"),
    [("", "''"), (" ", "''"), ("--jsn", "--jsn (did you mean --json?)")],
)
def test_an_unknown_argument_is_refused(argument, shown, capsys):
    with pytest.raises(SystemExit) as end:
        command.main([argument])
    assert end.value.code == 2
    assert capsys.readouterr().err == f"w2v.gradcheck: unrecognized arguments: {shown}\n"


def test_an_empty_table_and_one_of_undefined_do_not_pass():
    assert not all_passed([])
    undefined = Row("test", "ln 0", check_derivative(np.log, [1.0], [0.0]), 1)
    assert not all_passed([undefined])
    assert json.loads(as_json([undefined]))["rows"][0]["worst_relative_error"] is None
