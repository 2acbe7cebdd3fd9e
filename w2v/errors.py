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
exits with `exit_code`. Imports nothing.
"""


class W2VError(Exception):
    """Base of all errors raised by w2v; `exit_code` is what the command line exits with."""

    exit_code = 1


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

    def __str__(self) -> str:
        # KeyError shows the repr of its argument; this is a sentence for people.
        return str(self.args[0]) if self.args else ""
