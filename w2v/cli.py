"""What every command shares: one-line errors, exit codes, Ctrl-C and closed pipes.

Does not know any command. Standard library only, so that ``--help`` stays quick.
"""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from w2v.errors import W2VError
from w2v.interrupts import interrupts_kept


class ArgumentParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` whose errors are one line, with a suggestion for a typo."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.ArgumentDefaultsHelpFormatter)
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Print one line to stderr and exit with 2."""
        prefix = "unrecognized arguments: "
        if message.startswith(prefix):
            known = list(self._option_string_actions)
            typed = message[len(prefix) :].split()[0].split("=")[0]
            close = difflib.get_close_matches(typed, known, n=1)
            if close:
                message += f" (did you mean {close[0]}?)"
        self.exit(2, f"{self.prog}: {message}\n")


def run(command: Callable[[Sequence[str] | None], int], prog: str) -> NoReturn:
    """Run a command's `main` and exit: its errors become one line on stderr, never a traceback."""
    try:
        with interrupts_kept():
            code = command(None)
        sys.stdout.flush()
    except W2VError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        code = error.exit_code
    except MemoryError as error:
        print(f"{prog}: out of memory: {error or 'an allocation failed'}", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{prog}: {place}{error.strerror or error}", file=sys.stderr)
        code = 1
    sys.exit(code)
