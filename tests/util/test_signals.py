"""Signals: none is lost, SIGTERM does what Ctrl-C does, handlers are put back."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from w2v.util import signals
from w2v.util.signals import Terminated, exit_code, interrupts_kept, terminated_like_interrupted

CALLBACK = ctypes.CFUNCTYPE(None)


class Dying:
    """Gets a signal in its destructor."""

    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)
        time.sleep(0)  # where Python calls the handler


def in_a_destructor(number):
    Dying(number)
    time.sleep(60)


def in_a_function_called_from_c(number):
    CALLBACK(lambda: os.kill(os.getpid(), number))()
    time.sleep(60)


@pytest.fixture
def default_sigterm():
    """Other libraries set handlers in the process that runs the tests, Ray for one."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize("lose", [in_a_destructor, in_a_function_called_from_c])
@pytest.mark.parametrize(
    ("number", "kind"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)],
)
# Zero: the signal may arrive while it is still being arranged that it should.
@pytest.mark.parametrize("seconds", [0.05, 0])
def test_a_lost_signal_is_sent_again_and_nothing_is_printed(
    lose, number, kind, seconds, capfd, default_sigterm, monkeypatch
):
    monkeypatch.setattr(signals, "RESEND_SECONDS", seconds)
    before = sys.unraisablehook
    with pytest.raises(kind) as caught, terminated_like_interrupted(), interrupts_kept():
        lose(number)
    assert caught.type is kind
    assert sys.unraisablehook is before
    assert capfd.readouterr() == ("", "")
    assert exit_code(caught.value) == 128 + number


@pytest.fixture
def hours_later(monkeypatch):
    monkeypatch.setattr(signals, "RESEND_SECONDS", 10_000)
    threads = threading.active_count()
    yield
    assert threading.active_count() == threads


@pytest.mark.parametrize(
    ("number", "kind"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)],
)
def test_a_lost_signal_is_raised_at_the_end_and_never_sent_later(
    number, kind, hours_later, default_sigterm
):
    def lost_twice(error=None):
        Dying(number)
        Dying(number)
        if error is not None:
            raise error

    with pytest.raises(kind) as caught, terminated_like_interrupted(), interrupts_kept():
        lost_twice()
    assert caught.type is kind
    # A command leaves the handler of SIGTERM before it leaves the outer `interrupts_kept`.
    with pytest.raises(kind), interrupts_kept(), terminated_like_interrupted():
        lost_twice()
    with pytest.raises(ZeroDivisionError), terminated_like_interrupted(), interrupts_kept():
        lost_twice(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError), interrupts_kept(), terminated_like_interrupted():
        lost_twice(ZeroDivisionError())
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


@pytest.mark.parametrize("kind", [KeyboardInterrupt, Terminated])
def test_an_interrupt_that_became_a_system_error_is_raised_as_an_interrupt(kind):
    """As Python does where a function in C has a result and an exception at once."""
    with pytest.raises(kind), interrupts_kept():
        raise SystemError("returned a result with an exception set") from kind()
    with pytest.raises(SystemError), interrupts_kept():
        raise SystemError("of another kind") from ValueError()


def test_a_signal_after_the_end_changes_nothing():
    """Python waits for threads then, and would print a traceback."""
    code = """if True:
        import os, signal, threading
        from w2v.util import command_line

        def interrupt():
            threading.main_thread().join()
            os.kill(os.getpid(), signal.SIGINT)

        def command(arguments):
            threading.Thread(target=interrupt).start()
            return 3

        command_line.run(command, "prog")
    """
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (3, "", "")


def test_other_exceptions_that_are_lost_are_reported_as_ever(monkeypatch):
    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: reported.append(lost.exc_type))

    def fail():
        raise RuntimeError("in a callback")

    with interrupts_kept():
        CALLBACK(fail)()
    assert reported == [RuntimeError]


def test_an_existing_sigterm_handler_is_kept():
    got = []
    previous = signal.signal(signal.SIGTERM, lambda *_: got.append(True))
    try:
        with terminated_like_interrupted():
            os.kill(os.getpid(), signal.SIGTERM)
        assert got == [True]
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_handlers_are_put_back_and_other_threads_set_none(default_sigterm):
    with terminated_like_interrupted():
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    seen = []

    def work():
        hook = sys.unraisablehook
        with terminated_like_interrupted(), interrupts_kept():
            seen.append(signal.getsignal(signal.SIGTERM))
            assert sys.unraisablehook is hook
            seen.append(signal.SIG_DFL)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with terminated_like_interrupted(active=False):
        seen.append(signal.getsignal(signal.SIGTERM))
    assert seen == [signal.SIG_DFL] * 3
