"""The command ``python -m w2v.export``: write vectors for other viewers and libraries.

python -m w2v.export vectors.bin --to projector -o projector       TensorBoard's Projector
python -m w2v.export vectors.bin --to parquet -o words.parquet     embedding-atlas
python -m w2v.export vectors.bin --to huggingface -o model         sentence-transformers
"""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.errors import ConfigError
from w2v.export import EXPORTS, get_export
from w2v.util import command_line
from w2v.util.files import check_space, is_stream

PROG = "w2v.export"


def _parser() -> command_line.ArgumentParser:
    lines = [f"  {name:<13}{get_export(name).summary}" for name in EXPORTS]
    parser = command_line.ArgumentParser(
        PROG, description="\n".join(["Write word vectors for other programs:", *lines]),
        formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("vectors", help=VECTORS_HELP)
    parser.add_argument("--to", choices=tuple(EXPORTS), required=True, help="what to write")
    parser.add_argument(
        "--output", "-o", metavar="PATH", required=True, help="a file for parquet, else a folder"
    )
    add_reading_options(parser)
    for name in EXPORTS:
        get_export(name).add_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises:
        W2VError: anything that goes wrong.
    """
    arguments = _parser().parse_args(argv)
    kind, output = arguments.to, Path(arguments.output)
    given = vars(arguments)
    for other in EXPORTS:
        for option in get_export(other).options:
            if option in given and other != kind:
                flag = option.replace("_", "-")
                raise ConfigError(f"--{flag} is an option of --to {other}, not of --to {kind}")
    export = get_export(kind)()
    export.prepare(arguments.output, given)
    inputs = [arguments.vectors, *given.get("analogies", ()), *given.get("similarity", ())]
    for name in export.files or ("",):
        command_line.refuse_input_as_output(output / name, inputs)

    wv = load_vectors(PROG, arguments.vectors, arguments.limit, arguments.lenient)
    check_space({output: export.estimated_bytes(wv)})
    next_step, notes = export.write(output, wv, Path(arguments.vectors).stem)
    lines = [f"{output}: {len(wv):,} words", *notes]
    if is_stream(output):  # standard output may hold the content
        print(*lines, sep="\n", file=sys.stderr)
    else:
        print(*lines, f"next     {next_step}", sep="\n")
    return 0


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
