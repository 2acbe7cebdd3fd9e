"""The command ``python -m w2v.explore``: write a page for looking at vectors.

    python -m w2v.explore vectors.bin
    python -m w2v.explore softmax.safetensors nce.safetensors -o both.html      compare two files

The page is one HTML file that needs no server and no network: search with neighbours and
analogies, a map, frequency and vector length by rank.
"""

from __future__ import annotations

import shlex
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.errors import ConfigError
from w2v.explore.projection import AUTO, CHOICES, check_method
from w2v.explore.quantise import MIN_RECALL
from w2v.util import command_line
from w2v.util.files import atomic_write, check_output, is_stream
from w2v.util.html_page import plotly_script, require_packages

PROG = "w2v.explore"
DEFAULT_OUTPUT = "explorer.html"

_MAX_MAP_WORDS = 20_000
_EPILOG = """\
examples:
  %(prog)s vectors.bin
  %(prog)s vectors.safetensors --map pca --map-words 5000 -o pca.html
  %(prog)s before.bin after.bin -o compared.html"""


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        PROG,
        description="Write one HTML file for looking at word vectors: search, neighbours, "
        "analogies, a map.\nGiven several files, compare the first with each of the others.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("vectors", nargs="+", help=VECTORS_HELP)
    parser.add_argument(
        "--output", "-o", metavar="FILE", default=DEFAULT_OUTPUT,
        help=f"the page (default: {DEFAULT_OUTPUT})",
    )  # fmt: skip
    parser.add_argument(
        "--map", choices=CHOICES, default=AUTO,
        help="how to compute the map; umap and tsne need the viz extra (default: umap if it is "
        "installed, otherwise pca)",
    )  # fmt: skip
    parser.add_argument(
        "--map-words", type=int, default=2000, metavar="N",
        help="put the first N words on the map (default: 2000)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the map (default: 0)"
    )
    add_reading_options(parser, unlimited="as many as fit into a page of 15 MB")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises:
        W2VError: anything that goes wrong.
    """
    arguments = _parser().parse_args(argv)
    require_packages(PROG)
    from w2v.explore.page import MAX_MODELS, MAX_PAGE_BYTES, explore

    paths, output = arguments.vectors, arguments.output
    if len(paths) > MAX_MODELS:
        raise ConfigError(f"{len(paths)} files: a page shows at most {MAX_MODELS}")
    _check_range("--map-words", arguments.map_words, 1, _MAX_MAP_WORDS)
    _check_range("--seed", arguments.seed, 0, 2**32 - 1)
    check_method(arguments.map)
    check_output(output, MAX_PAGE_BYTES)
    command_line.refuse_input_as_output(output, paths)

    loaded = [load_vectors(PROG, path, arguments.limit, arguments.lenient) for path in paths]
    models, page = explore(
        list(zip(_names(paths), loaded, strict=True)),
        plotly_script(),
        max_words=arguments.limit,
        map_words=arguments.map_words,
        method=arguments.map,
        seed=arguments.seed,
    )
    with atomic_write(output, "w") as stream:
        stream.write(page)
    to = sys.stderr if is_stream(output) else sys.stdout  # standard output may hold the page
    for model in models:
        of_total = f" of {model.total:,}" if model.is_cut else ""
        size, recall = model.quantised.codes.itemsize, model.quantised.recall
        print(
            f"{model.name}: {len(model.wv):,}{of_total} words, {size} byte{'s' * (size > 1)} per "
            f"number, recall@10 {recall:.3f}",
            file=to,
        )
        if recall < MIN_RECALL:
            print(f"{PROG}: warning: {model.name}: recall@10 below {MIN_RECALL}", file=sys.stderr)
    print(f"{output}: {len(page.encode()) / 1e6:.1f} MB", file=to)
    if to is sys.stdout:
        print(f"open {shlex.quote(output)}")
    return 0


def _check_range(name: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise ConfigError(f"{name}: {value} is not between {least} and {most}")


def _names(paths: Sequence[str]) -> list[str]:
    """Names of the files; their paths if two have the same name."""
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
