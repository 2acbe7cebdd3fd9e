"""All errors that w2v raises deliberately.

    W2VError                     exit code 1: the run failed
    ├── InputError (ValueError)  exit code 2: an argument or an input cannot be used
    │   ├── ConfigError          an option or a configuration file
    │   ├── CorpusError          the text to train on
    │   └── FormatError          a file of vectors or of evaluation questions
    ├── OutputError (OSError)    exit code 2: a path that cannot be written
    ├── DivergenceError          training produced a value that is not finite
    └── UnknownWordError (KeyError)  exit code 2: a word outside the vocabulary

A message is one line that says what is wrong and where, for example
``vectors.txt:17: 99 numbers, but the header says 100``. The command line prints it to stderr and
exits with `exit_code`. `W2VError` escapes line ends and control characters, so that text from a
file, or the name of a file, can neither break the line nor control the terminal. This module
imports nothing.
"""

_LONGEST_SHOWN = 40


def one_line(text: str) -> str:
    """Escape line ends, control characters and all else that is not printable."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clipped(text: str, longest: int) -> str:
    """Truncate a text to `longest` characters and "..."; untrusted text may have megabytes."""
    return text if len(text) <= longest else text[:longest] + "..."


def shown(value: object) -> str:
    """Format a value for a message: its `repr`, truncated to 40 characters, or 80 if not a str."""
    if isinstance(value, str):
        return repr(clipped(value, _LONGEST_SHOWN))
    try:
        return clipped(repr(value), 2 * _LONGEST_SHOWN)
    except ValueError:  # Python refuses to convert integers of more than 4300 digits
        return f"a {type(value).__name__} too long to show"


class W2VError(Exception):
    """Base class of all errors of w2v.

    Attributes:
        exit_code: exit code of the command line.
    """

    exit_code = 1

    def __str__(self) -> str:
        # KeyError.__str__ would return the repr of the message, in quotation marks.
        return one_line(str(self.args[0])) if self.args else ""


class InputError(W2VError, ValueError):
    """An argument, option or input file cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """An option, or a value in a configuration file, is invalid."""


class CorpusError(InputError):
    """The corpus cannot be read, or contains nothing to train on."""


class FormatError(InputError):
    """A file is not in the expected format, or vectors cannot be stored in a format."""


class OutputError(W2VError, OSError):
    """A path cannot be written."""

    exit_code = 2


class DivergenceError(W2VError):
    """Training produced a value that is not finite."""


class UnknownWordError(W2VError, KeyError):
    """A word is not in the vocabulary."""

    exit_code = 2
