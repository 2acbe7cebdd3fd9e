"""Signals that end a run: Ctrl-C that is never lost, SIGTERM made to do what Ctrl-C does.

Python turns SIGINT into KeyboardInterrupt in the main thread by itself. Where that thread is in a
function that C has called, such as LLVM's when it has compiled a kernel, or in a destructor, the
exception goes no further: Python prints it and carries on. Those are sent once more. And where a
function in C returns although the exception is there, Python makes a SystemError of it.
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
"""Time to get out of the function in which it was lost."""


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived."""


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Within, a KeyboardInterrupt that Python had to drop is raised a moment later.

    One that became a SystemError is raised as what it was. Outside the main thread, which alone
    gets any, this does nothing.
    """
    outer = sys.unraisablehook
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def hook(lost: UnraisableHookArgs) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            number = signal.SIGTERM if issubclass(lost.exc_type, Terminated) else signal.SIGINT
            threading.Timer(RESEND_SECONDS, os.kill, (os.getpid(), number)).start()
        else:
            outer(lost)

    sys.unraisablehook = hook
    try:
        yield
    except SystemError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    finally:
        sys.unraisablehook = outer


@contextmanager
def terminated_like_interrupted(active: bool = True) -> Iterator[None]:
    """Within, SIGTERM raises `Terminated` in the main thread, where nobody handles it otherwise.

    Args:
        active: False changes nothing.
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
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Around what installs handlers of its own: afterwards SIGINT and SIGTERM are as before."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                if handler is not None:  # None: not Python's
                    signal.signal(number, handler)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell expects of a process that the signal has ended."""
    number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
    return 128 + number
