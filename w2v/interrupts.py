"""Signals that end a run: SIGTERM made to do what Ctrl-C does.

Python turns SIGINT into KeyboardInterrupt in the main thread by itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived."""


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


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """What a shell expects of a process that the signal has ended."""
    number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
    return 128 + number
