"""Signals that end a run: Ctrl-C is never lost, and SIGTERM acts like Ctrl-C.

On SIGINT, Python raises KeyboardInterrupt in the main thread. If that thread is in a destructor or
in a callback from C, such as LLVM's after compiling a kernel, the exception does not propagate:
Python prints it and continues. In this case, the signal is sent again. If a C function returns a
result although an exception is set, Python raises a SystemError instead; this is converted back.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

RESEND_SECONDS = 0.05
"""Delay before a signal is sent again, to leave the function in which the interrupt was lost."""


class Terminated(KeyboardInterrupt):
    """The process received SIGTERM."""


class _Resend(threading.Timer):
    """Timer that sends the signal of a lost interrupt to this process again."""

    latest: _Resend | None = None

    def __init__(self, kind: type[KeyboardInterrupt], seconds: float) -> None:
        super().__init__(seconds, self._send)
        self.kind = kind
        self.sent = False

    def _send(self) -> None:
        self.sent = True
        os.kill(os.getpid(), _number(self.kind))


def _send_again(kind: type[KeyboardInterrupt]) -> None:
    """Send the signal of a lost interrupt again, unless one is already scheduled."""
    latest, seconds = _Resend.latest, RESEND_SECONDS
    while latest is None or latest.sent:
        try:
            _Resend.latest = latest = _Resend(kind, seconds)
            latest.start()
        except KeyboardInterrupt:  # on a busy machine, the signal may arrive before this returns
            seconds = 2 * seconds + 0.01


def _cancel_resend() -> type[KeyboardInterrupt] | None:
    """Make sure that no signal is sent later, when it may not be handled.

    Returns:
        The type of the lost interrupt if its signal has not been sent again; the caller should
        raise it.
    """
    latest, _Resend.latest = _Resend.latest, None
    if latest is None:
        return None
    latest.cancel()
    latest.join()  # a signal that has just been sent raises its interrupt here
    return None if latest.sent else latest.kind


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Context in which a lost KeyboardInterrupt is raised again, shortly after or at its end.

    A KeyboardInterrupt that became a SystemError is raised as a KeyboardInterrupt. Does nothing
    outside the main thread, because only the main thread receives interrupts.
    """
    outer = sys.unraisablehook
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hook(lost: UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            _send_again(lost.exc_type)
        else:
            outer(lost)

    sys.unraisablehook = hook
    try:
        yield
        if kind := _cancel_resend():
            raise kind
    except SystemError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    finally:
        sys.unraisablehook = outer
        _cancel_resend()


@contextmanager
def terminated_like_interrupted(active: bool = True) -> Iterator[None]:
    """Context in which SIGTERM raises `Terminated`, unless it is already handled or ignored.

    Does nothing outside the main thread.

    Args:
        active: if False, the context does nothing.
    """

    def handle(signum: int, frame: FrameType | None) -> None:
        raise Terminated

    is_ours = (
        active
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    )
    if is_ours:
        signal.signal(signal.SIGTERM, handle)
    try:
        yield
        if is_ours and (kind := _cancel_resend()):
            raise kind
    finally:
        if is_ours:
            try:
                _cancel_resend()
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Context that restores the handlers of SIGINT and SIGTERM at its end."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:  # None if it was not installed from Python
                    signal.signal(number, handler)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """The exit code that shells use for a process ended by the signal."""
    return 128 + _number(type(interrupt))


def _number(kind: type[KeyboardInterrupt]) -> signal.Signals:
    return signal.SIGTERM if issubclass(kind, Terminated) else signal.SIGINT
