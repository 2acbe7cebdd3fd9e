"""What all commands share: one-line errors, exit codes, Ctrl-C, and robust standard streams.

Imports only the standard library, so that ``--help`` stays fast.
"""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from w2v.errors import OutputError, W2VError, one_line
from w2v.util.signals import interrupts_kept

_RENAMED = {"--max-words": "--limit"}
"""Flag of an earlier version -> its new name."""

_NO_THREAD = "can't start new thread"
"""Message of the RuntimeError that Python raises if there is no memory for a thread's stack."""


def invocation(prog: str) -> list[str]:
    """The words that start a command: ``w2v train`` or ``python -m w2v.train``, as in this process.

    Args:
        prog: name of the command, ``w2v.train``.
    """
    name = prog.removeprefix("w2v.")
    return ["w2v", name] if sys.argv[0].startswith("w2v ") else ["python", "-m", prog]


class ArgumentParser(argparse.ArgumentParser):
    """An `argparse.ArgumentParser` whose errors are one line, with a suggestion for a typo.

    Args:
        prog: name of the command, with which errors begin. The help shows the `invocation`.
        **kwargs: see `argparse.ArgumentParser`.
    """

    def __init__(self, prog: str, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(" ".join(invocation(prog)), **kwargs)
        self._command = prog

    def known_flags(self) -> set[str]:
        """All flags, such as ``--output`` and ``-o``."""
        return set(self._option_string_actions)

    def error(self, message: str) -> NoReturn:
        """Print one line to stderr and exit with 2."""
        prefix = "unrecognized arguments: "
        if message.startswith(prefix):
            known = self.known_flags()
            words = message.removeprefix(prefix).split()
            if not words:
                message = f"{prefix}''"  # an empty one
            typed = words[0].split("=")[0] if words else ""
            close = [name for name in [_RENAMED.get(typed)] if name in known]
            close = close or difflib.get_close_matches(typed, sorted(known), n=1)
            if close:
                message += f" (did you mean {close[0]}?)"
        self.exit(2, f"{self._command}: {one_line(message)}\n")


def refuse_input_as_output(output: str | os.PathLike[str], inputs: Iterable[str | Path]) -> None:
    """Check that the output does not replace an input.

    Args:
        output: the file that will be written.
        inputs: the files that are read; "-" is standard input.

    Raises:
        OutputError: `output` is one of the inputs, perhaps under another name.
    """
    target = Path(output)
    for name in inputs if target.is_file() else ():
        path = Path(name)
        if str(name) == "-":
            same = os.path.samestat(os.fstat(0), target.stat())
        else:
            same = path.is_file() and path.samefile(target)
        if same:
            raise OutputError(f"{output}: would replace the input {name}; choose another output")


def run(command: Callable[[Sequence[str] | None], int], prog: str) -> NoReturn:
    """Run a command and exit. Expected errors become one line on stderr, not a traceback.

    Args:
        command: the `main` of the command: takes its arguments, or None for those of the process,
            and returns the exit code.
        prog: name of the command, with which error messages begin.
    """
    _open_streams()
    try:
        with interrupts_kept():
            code = command(None)
        sys.stdout.flush()
    except W2VError as error:
        code = error.exit_code
        if isinstance(error.__cause__, BrokenPipeError):
            code = _reader_has_gone()
        else:
            print(f"{prog}: {error}", file=sys.stderr)
    except MemoryError as error:
        print(f"{prog}: out of memory: {str(error) or 'an allocation failed'}", file=sys.stderr)
        code = 1
    except RuntimeError as error:
        if str(error) != _NO_THREAD:
            raise
        print(f"{prog}: out of memory: {error} (use fewer --workers)", file=sys.stderr)
        code = 1
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        code = 128 + signal.SIGINT
    except BrokenPipeError:
        code = _reader_has_gone()
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"{prog}: {one_line(f'{place}{error.strerror or error}')}", file=sys.stderr)
        code = 1
    # Nothing is left to interrupt: Python is shutting down.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _reader_has_gone() -> int:
    """The exit code after the reader of the output (head, less) has exited."""
    # Python would report it again at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + signal.SIGPIPE


def _open_streams() -> None:
    """Make sure that reading and writing standard streams as text does not fail.

    What is not text becomes U+FFFD; characters that the terminal cannot show are escaped.

    A closed stream (``2>&-``) is opened on /dev/null. Otherwise, an output file would get its file
    descriptor, and what some library writes to stderr would end up in the vectors.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free descriptor: this one
    for name, mode, errors in (
        ("stdin", "r", "replace"),
        ("stdout", "w", "backslashreplace"),
        ("stderr", "w", "backslashreplace"),
    ):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 (until the end)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=errors)
