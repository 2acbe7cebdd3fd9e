"""Every error that w2v raises on purpose.

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
file or a file name cannot break the line or control the terminal. This module imports nothing.
"""

_LONGEST_SHOWN = 40


def one_line(text: str) -> str:
    """The text, with line ends, control characters and the like escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def clipped(text: str, longest: int) -> str:
    """The text, cut off after `longest` characters; untrusted text may have megabytes."""
    return text if len(text) <= longest else text[:longest] + "..."


def shown(value: object) -> str:
    """A value as shown in a message: its `repr`, without control characters and not too long."""
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
        # KeyError.__str__ would return the repr of its argument; a message is a sentence.
        return one_line(str(self.args[0])) if self.args else ""


class InputError(W2VError, ValueError):
    """An argument, option or input file cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """An option, or a value in a configuration file, is wrong."""


class CorpusError(InputError):
    """The corpus cannot be read, or contains nothing to train on."""


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
