"""The engine of one machine: results, errors, cancellation."""

import time

import pytest

from w2v.engines.base import TaskCancelled, check_cancelled
from w2v.engines.local import LocalEngine


def test_results_and_errors_are_passed_on():
    engine = LocalEngine(1)
    (one,) = engine.submit(max, 1, 0)
    both = engine.submit(divmod, engine.put(7), engine.submit(max, one, 2)[0], outputs=2)
    assert engine.get([*both, one]) == [3, 1, 1]
    with pytest.raises(ZeroDivisionError):
        engine.get(engine.submit(divmod, 1, engine.submit(min, 0, one)[0]))
    engine.close()


def counted(numbers):
    """Runs until it is cancelled."""
    while True:
        numbers.append(1)
        check_cancelled()


def test_closing_does_not_wait_for_a_long_task():
    engine = LocalEngine(2)
    numbers = []
    (first,) = engine.submit(counted, numbers)
    (second,) = engine.submit(max, first, 1)
    while not numbers:
        time.sleep(0.001)
    engine.close()
    with pytest.raises(TaskCancelled):
        first.value()
    assert second.future.cancelled() or isinstance(second.future.exception(), TaskCancelled)
    check_cancelled()  # this thread runs no task
