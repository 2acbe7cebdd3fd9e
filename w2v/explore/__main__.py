"""Write a page to look at vectors in.

    python -m w2v.explore vectors.bin -o explorer.html
    python -m w2v.explore softmax.safetensors nce.safetensors -o both.html      compares them

The page is one file without server or network: search, neighbours, analogies, a map, frequency and
length against rank. Computes little itself: see `w2v.explore.page`.
"""

from __future__ import annotations

import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.errors import ConfigError
from w2v.explore.page import MAP_WORDS, MOST_MODELS, PAGE_BYTES, explore
from w2v.explore.projection import METHODS, check_method
from w2v.explore.quantise import MIN_RECALL
from w2v.util import command_line
from w2v.util.files import atomic_write, check_output
from w2v.util.html_page import plotly_script, require_plotly

PROG = "w2v.explore"
DEFAULT_OUTPUT = "explorer.html"

_MOST_MAP_WORDS = 20_000
_EPILOG = """\
examples:
  python -m w2v.explore vectors.bin
  python -m w2v.explore vectors.safetensors --map umap --map-words 5000 -o umap.html
  python -m w2v.explore before.bin after.bin -o compared.html"""


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=PROG,
        description="Write one HTML file to look at word vectors in: search, neighbours, "
        "analogies,\na map. With several files it compares the first one with the others.",
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("vectors", nargs="+", help=VECTORS_HELP)
    parser.add_argument(
        "--output", "-o", metavar="FILE", default=DEFAULT_OUTPUT,
        help=f"the page (default: {DEFAULT_OUTPUT})",
    )  # fmt: skip
    parser.add_argument(
        "--max-words", type=int, metavar="N",
        help=f"words of each file to keep, the first ones (default: what fits into "
        f"{PAGE_BYTES // 1_000_000} MB)",
    )  # fmt: skip
    parser.add_argument(
        "--map", choices=tuple(METHODS), default="pca",
        help="how the map is made; umap and tsne need the extra viz (default: pca)",
    )  # fmt: skip
    parser.add_argument(
        "--map-words", type=int, default=MAP_WORDS, metavar="N",
        help=f"words on the map, the first ones (default: {MAP_WORDS})",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="for umap and tsne (default: 0)"
    )
    add_reading_options(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's header. Returns the exit code, raises `W2VError`."""
    arguments = _parser().parse_args(argv)
    paths, output = arguments.vectors, arguments.output
    if len(paths) > MOST_MODELS:
        raise ConfigError(f"expected at most {MOST_MODELS} files, got {len(paths)}")
    _check_range("--max-words", arguments.max_words, 2**31)
    _check_range("--map-words", arguments.map_words, _MOST_MAP_WORDS)
    if not 0 <= arguments.seed < 2**32:
        raise ConfigError(f"--seed: expected 0 to {2**32 - 1}, got {arguments.seed}")
    require_plotly(PROG)
    check_method(arguments.map)
    check_output(output, PAGE_BYTES)
    command_line.refuse_input_as_output(output, paths)

    loaded = [load_vectors(PROG, path, arguments.limit, arguments.lenient) for path in paths]
    models, page = explore(
        list(zip(_names(paths), loaded, strict=True)),
        plotly_script(),
        max_words=arguments.max_words,
        map_words=arguments.map_words,
        method=arguments.map,
        seed=arguments.seed,
    )
    with atomic_write(output, "w") as stream:
        stream.write(page)
    for model in models:
        cut = f" of {model.total:,}" if len(model.wv) < model.total else ""
        size, recall = model.quantised.codes.itemsize, model.quantised.recall
        print(
            f"{model.name}: {len(model.wv):,}{cut} words, {size} byte{'s' * (size > 1)} a "
            f"number, recall@10 {recall:.3f}"
        )
        if recall < MIN_RECALL:
            print(f"{PROG}: warning: {model.name}: recall@10 below {MIN_RECALL}", file=sys.stderr)
    print(f"{output}: {len(page.encode()) / 1e6:.1f} MB")
    return 0


def _check_range(name: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise ConfigError(f"{name}: expected 1 to {most}, got {value}")


def _names(paths: Sequence[str]) -> list[str]:
    """File names; whole paths where two files have the same name."""
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def entry() -> NoReturn:
    """The command, with errors as one line and an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
