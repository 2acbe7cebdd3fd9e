"""Options of commands that read vectors: which file, how many words, and how strictly."""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from w2v import formats
from w2v.embeddings.word_vectors import Embeddings
from w2v.util.arguments import number_of_words

VECTORS_HELP = ".bin, .txt, .vec or .safetensors, compressed (.gz) or not; - is standard input"


def add_reading_options(parser: ArgumentParser, unlimited: str = "all") -> None:
    """Add the options ``--limit`` and ``--lenient``.

    Args:
        parser: the parser of the command.
        unlimited: how many words are read without ``--limit``, for the help text.
    """
    parser.add_argument(
        "--limit", type=int, metavar="N", help=f"read only the first N words (default: {unlimited})"
    )
    parser.add_argument(
        "--lenient", action="store_true",
        help="accept words with spaces, repeated or damaged words, blank lines and wrong headers, "
        "and report how many there were",
    )  # fmt: skip


def load_vectors(prog: str, path: str, limit: int | None, lenient: bool) -> Embeddings:
    """Load vectors for a command; what a lenient reader accepted is reported on stderr.

    Args:
        prog: name of the command, for the report.
        path: see `w2v.formats.read`.
        limit: likewise.
        lenient: likewise.

    Raises:
        FormatError: the file cannot be read.
        ConfigError: `limit` is below 1.
    """
    if limit is not None:
        number_of_words("--limit", limit)
    table = formats.read(
        path,
        limit=limit,
        lenient=lenient,
        report=lambda summary: print(f"{prog}: {summary}", file=sys.stderr),
    )
    return Embeddings.from_table(table)
