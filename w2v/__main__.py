"""The commands of w2v: ``w2v train corpus.txt``, or ``python -m w2v train corpus.txt``.

Without a command, it prints a list of commands. ``python -m w2v.train`` and so on run the same
commands. A command is imported only when it is run, so that the list appears at once.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from w2v import __version__
from w2v.errors import ConfigError, shown
from w2v.util import command_line

COMMANDS = {
    "train": ("w2v.train.__main__", "train word vectors on a text"),
    "query": ("w2v.query", "nearest words and analogies"),
    "evaluate": ("w2v.evaluate.__main__", "score vectors on analogies and word similarity"),
    "explore": ("w2v.explore.__main__", "write an HTML page to search and map vectors"),
    "export": ("w2v.export.__main__", "write vectors for TensorBoard, Parquet or Hugging Face"),
    "compare": ("w2v.compare.__main__", "train several losses and compare their held-out loss"),
    "gradcheck": ("w2v.gradcheck.__main__", "check every gradient against finite differences"),
}
"""Name of a command -> (module that defines `entry`, one-line description)."""


def usage() -> str:
    """The text that lists the commands."""
    commands = (f"  {name:<10} {summary}" for name, (_, summary) in COMMANDS.items())
    return "\n".join(
        [
            "usage: w2v COMMAND ...",
            "",
            "Fast skip-gram word2vec: train, query, evaluate and compare word vectors.",
            "",
            *commands,
            "",
            "`w2v COMMAND --help` describes a command. Start with:",
            "  w2v train corpus.txt",
            "  w2v query vectors.bin king - man + woman",
        ]
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Print the list of commands or the version, and return the exit code.

    Args:
        argv: arguments that do not begin with a command; None for those of the process.

    Raises:
        ConfigError: the first argument is neither a command nor an option.
    """
    arguments = sys.argv[1:] if argv is None else list(argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
    elif arguments[0] == "--version":
        print(f"w2v {__version__}")
    else:
        close = difflib.get_close_matches(arguments[0], COMMANDS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(COMMANDS)}"
        raise ConfigError(f"no command {shown(arguments[0])} ({hint})")
    return 0


def entry() -> NoReturn:
    """Run the command that the first argument names, with the other arguments."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in COMMANDS:
        sys.argv[:2] = [f"w2v {name}"]
        importlib.import_module(COMMANDS[name][0]).entry()
    command_line.run(main, "w2v")


if __name__ == "__main__":
    entry()
