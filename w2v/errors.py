"""Every error that w2v raises on purpose.

    W2VError                     exit code 1: the run failed
    ├── InputError (ValueError)  exit code 2: what was given cannot be used
    │   ├── ConfigError          an option or a configuration file
    │   ├── CorpusError          the text to train on
    │   └── FormatError          a file of vectors or of evaluation questions
    ├── OutputError (OSError)    exit code 2: a path that cannot be written
    ├── DivergenceError          training produced a value that is not finite
    └── UnknownWordError (KeyError)  exit code 2: a word outside the vocabulary

A message is one line, `place: expected ..., got ...`, for example
``vectors.txt:17: expected 100 numbers, got 99``. The command line prints that line to stderr and
exits with `exit_code`. What a stranger's file or name puts into it cannot break the line or steer
the terminal: `W2VError` escapes it. Imports nothing.
"""

_LONGEST_SHOWN = 40


def one_line(text: str) -> str:
    """The text with line ends, control characters and the like written as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clipped(text: str, longest: int) -> str:
    """The text, cut where it is longer than that; a stranger's may have megabytes."""
    return text if len(text) <= longest else text[:longest] + "..."


def shown(value: object) -> str:
    """A value as a message shows it: its `repr`, without control characters, not too long."""
    if isinstance(value, str):
        return repr(clipped(value, _LONGEST_SHOWN))
    try:
        return clipped(repr(value), 2 * _LONGEST_SHOWN)
    except ValueError:  # Python writes no integer of more than 4300 digits
        return f"a {type(value).__name__} too long to show"


class W2VError(Exception):
    """Base of all errors raised by w2v; `exit_code` is what the command line exits with."""

    exit_code = 1

    def __str__(self) -> str:
        # Not KeyError's, which shows the repr of its argument: this is a sentence for people.
        return one_line(str(self.args[0])) if self.args else ""


class InputError(W2VError, ValueError):
    """Something given by the caller cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """An option, or a value in a configuration file, is wrong."""


class CorpusError(InputError):
    """The corpus cannot be read, or holds nothing to train on."""


class FormatError(InputError):
    """A file is not what its reader expects, or vectors cannot be stored in a format."""


class OutputError(W2VError, OSError):
    """A path cannot be written."""

    exit_code = 2


class DivergenceError(W2VError):
    """Training produced a value that is not finite."""


class UnknownWordError(W2VError, KeyError):
    """A word is not in the vocabulary."""

    exit_code = 2
