"""Write vectors for other viewers and libraries.

    python -m w2v.export vectors.bin --to projector -o projector      TensorBoard's Projector
    python -m w2v.export vectors.bin --to parquet -o words.parquet     embedding-atlas
    python -m w2v.export vectors.bin --to huggingface -o model         sentence-transformers

Writes nothing itself: see `w2v.export`.
"""

from __future__ import annotations

import shlex
from argparse import SUPPRESS, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.errors import ConfigError
from w2v.evaluate.__main__ import default_files
from w2v.evaluate.questions import Analogies, Similarities, read_analogies, read_similarity
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.explore.projection import METHODS, check_method
from w2v.export import huggingface, parquet, projector
from w2v.util import command_line
from w2v.util.files import check_folder, check_output, check_space, make_folder

PROG = "w2v.export"
KINDS = {"projector": projector.FILES, "parquet": (), "huggingface": huggingface.FILES}
"""What can be written, and the files of those that are folders."""

_DESCRIPTION = """\
Write word vectors for other viewers and libraries:
  projector    a folder for the TensorBoard Embedding Projector
  parquet      a file for Apple's embedding-atlas (needs the extra export)
  huggingface  a folder that sentence-transformers loads, with a model card"""

_MOST_NEIGHBORS = 1000

_BYTES_A_NUMBER = {"projector": 13, "parquet": 4, "huggingface": 4}
_BYTES_A_WORD, _BYTES_A_NEIGHBOR = 64, 12
"""About what these take, before compression."""


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=PROG, description=_DESCRIPTION, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("vectors", help=VECTORS_HELP)
    parser.add_argument("--to", choices=tuple(KINDS), required=True, help="what to write")
    parser.add_argument(
        "--output", "-o", metavar="PATH", required=True, help="a file for parquet, else a folder"
    )
    add_reading_options(parser, "--max-words")
    atlas = parser.add_argument_group("parquet")
    atlas.add_argument(
        "--map", choices=tuple(METHODS), default=SUPPRESS,
        help="how x and y are made; umap and tsne need the extra viz (default: pca)",
    )  # fmt: skip
    atlas.add_argument(
        "--seed", type=int, default=SUPPRESS, metavar="N", help="for umap and tsne (default: 0)"
    )
    atlas.add_argument(
        "--neighbors", type=int, default=SUPPRESS, metavar="N",
        help="nearest words a row names; 0 saves the time (default: 10)",
    )  # fmt: skip
    card = parser.add_argument_group("huggingface")
    card.add_argument(
        "--analogies", nargs="+", metavar="FILE", default=SUPPRESS,
        help="questions to evaluate on for the model card (default: the project's own, where its "
        "data folder is there)",
    )  # fmt: skip
    card.add_argument(
        "--similarity", nargs="+", metavar="FILE", default=SUPPRESS, help="likewise: scored pairs"
    )
    return parser


_OPTIONS_OF = {
    "map": "parquet", "seed": "parquet", "neighbors": "parquet",
    "analogies": "huggingface", "similarity": "huggingface",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's header. Returns the exit code, raises `W2VError`."""
    arguments = _parser().parse_args(argv)
    kind, output = arguments.to, Path(arguments.output)
    given = vars(arguments)
    for option, its_kind in _OPTIONS_OF.items():
        if option in given and its_kind != kind:
            raise ConfigError(f"--{option}: expected --to {its_kind}, got --to {kind}")
    method, seed, neighbors = (
        given.get("map", "pca"), given.get("seed", 0), given.get("neighbors", 10)
    )  # fmt: skip
    if not 0 <= seed < 2**32:
        raise ConfigError(f"--seed: expected 0 to {2**32 - 1}, got {seed}")
    if not 0 <= neighbors <= _MOST_NEIGHBORS:
        raise ConfigError(f"--neighbors: expected 0 to {_MOST_NEIGHBORS}, got {neighbors}")
    if kind == "parquet":
        parquet.require_pyarrow()
        check_method(method)
        check_output(output)
    else:
        check_folder(output, KINDS[kind], only=True)
    command_line.refuse_input_as_output(output, [arguments.vectors])
    questions = _questions(given) if kind == "huggingface" else ([], [])

    wv = load_vectors(PROG, arguments.vectors, arguments.limit, arguments.lenient)
    row = wv.vector_size * _BYTES_A_NUMBER[kind] + _BYTES_A_WORD
    if kind == "parquet":
        row += neighbors * _BYTES_A_NEIGHBOR
    check_space({output: len(wv) * row})
    if kind == "parquet":
        parquet.write(output, wv, method=method, seed=seed, neighbors=neighbors)
        columns = "--text word --x x --y y" + (" --neighbors neighbors" if neighbors else "")
        following = f"embedding-atlas {shlex.quote(str(output))} {columns}"
    elif kind == "projector":
        make_folder(output)
        projector.write(output, wv)
        following = (
            f"tensorboard --logdir {shlex.quote(str(output))}, or load the two .tsv files at "
            "https://projector.tensorflow.org"
        )
    else:
        results: list[huggingface.Result] = [
            *(evaluate_analogies(wv, file, questions=read) for file, read in questions[0]),
            *(evaluate_similarity(wv, file, pairs=read) for file, read in questions[1]),
        ]
        make_folder(output)
        huggingface.write(output, wv, Path(arguments.vectors).stem, results)
        following = f"SentenceTransformer({str(output)!r}) in Python"
    print(f"{output}: {len(wv):,} words\nnext     {following}")
    return 0


def _questions(
    given: dict[str, list[str]],
) -> tuple[list[tuple[str, Analogies]], list[tuple[str, Similarities]]]:
    """Files of analogies and of similarities, and what they hold: a mistake shows at once."""
    found = [given.get(option) for option in ("analogies", "similarity")]
    if found == [None, None]:
        found = [default_files("analogies"), default_files("similarity")]
    analogies, similarity = ([] if files is None else files for files in found)
    return (
        [(file, read_analogies(file)) for file in analogies],
        [(file, read_similarity(file)) for file in similarity],
    )


def entry() -> NoReturn:
    """The command, with errors as one line and an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
