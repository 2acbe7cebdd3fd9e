"""The command ``python -m w2v.export``: write vectors for other viewers and libraries.

python -m w2v.export vectors.bin --to projector -o projector       TensorBoard's Projector
python -m w2v.export vectors.bin --to parquet -o words.parquet     embedding-atlas
python -m w2v.export vectors.bin --to huggingface -o model         sentence-transformers
"""

from __future__ import annotations

import shlex
from argparse import SUPPRESS, BooleanOptionalAction, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.embeddings.sentence_vectors import SMOOTHING
from w2v.errors import ConfigError
from w2v.evaluate.__main__ import default_files
from w2v.evaluate.questions import Analogies, Similarities, read_analogies, read_similarity
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.explore.projection import METHODS, check_method
from w2v.export import huggingface, parquet, projector
from w2v.util import command_line
from w2v.util.files import check_folder, check_output, check_space, make_folder
from w2v.util.text import TOKENIZERS

PROG = "w2v.export"
KINDS = {"projector": projector.FILES, "parquet": (), "huggingface": huggingface.FILES}
"""What can be written, with the files of those that are folders."""

_DESCRIPTION = """\
Write word vectors for other viewers and libraries:
  projector    a folder for the TensorBoard Embedding Projector
  parquet      a file for Apple's embedding-atlas (needs the extra export)
  huggingface  a folder that sentence-transformers loads, with a model card"""

_MAX_NEIGHBORS = 1000

_BYTES_PER_NUMBER = {"projector": 13, "parquet": 4, "huggingface": 4}
_BYTES_PER_WORD, _BYTES_PER_NEIGHBOR = 64, 12
"""Estimates, before compression."""


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=PROG, description=_DESCRIPTION, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("vectors", help=VECTORS_HELP)
    parser.add_argument("--to", choices=tuple(KINDS), required=True, help="what to write")
    parser.add_argument(
        "--output", "-o", metavar="PATH", required=True, help="a file for parquet, else a folder"
    )
    add_reading_options(parser)
    atlas = parser.add_argument_group("parquet")
    atlas.add_argument(
        "--map", choices=tuple(METHODS), default=SUPPRESS,
        help="how x and y are computed; umap and tsne need the extra viz (default: pca)",
    )  # fmt: skip
    atlas.add_argument(
        "--seed", type=int, default=SUPPRESS, metavar="N", help="seed of the map (default: 0)"
    )
    atlas.add_argument(
        "--neighbors", type=int, default=SUPPRESS, metavar="N",
        help="number of nearest words in each row; 0 leaves them out and saves the time "
        "(default: 10)",
    )  # fmt: skip
    hub = parser.add_argument_group("huggingface")
    hub.add_argument(
        "--lowercase", action=BooleanOptionalAction, default=SUPPRESS,
        help="lower-case texts (default: if the training text was, or if all words are lower case)",
    )  # fmt: skip
    hub.add_argument(
        "--tokenize", choices=TOKENIZERS, default=SUPPRESS,
        help="split texts into words without punctuation, or at whitespace (default: words, if no "
        "word of the vocabulary contains punctuation)",
    )  # fmt: skip
    hub.add_argument(
        "--plain-mean", action="store_true", default=SUPPRESS,
        help="do not weight words by smooth inverse frequency, a / (a + p(w)) with "
        f"a = {SMOOTHING:g}",
    )  # fmt: skip
    hub.add_argument(
        "--analogies", nargs="+", metavar="FILE", default=SUPPRESS,
        help="analogy questions to score for the model card (default: the bundled ones)",
    )  # fmt: skip
    hub.add_argument(
        "--similarity", nargs="+", metavar="FILE", default=SUPPRESS,
        help="word pairs with similarity scores, for the model card (default: the bundled ones)",
    )  # fmt: skip
    return parser


_OPTIONS_OF = {
    "map": "parquet", "seed": "parquet", "neighbors": "parquet", "lowercase": "huggingface",
    "tokenize": "huggingface", "plain_mean": "huggingface", "analogies": "huggingface",
    "similarity": "huggingface",
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises:
        W2VError: anything that goes wrong.
    """
    arguments = _parser().parse_args(argv)
    kind, output = arguments.to, Path(arguments.output)
    given = vars(arguments)
    for option, its_kind in _OPTIONS_OF.items():
        if option in given and its_kind != kind:
            flag = option.replace("_", "-")
            raise ConfigError(f"--{flag} is an option of --to {its_kind}, not of --to {kind}")
    method, seed, neighbors = (
        given.get("map", "pca"), given.get("seed", 0), given.get("neighbors", 10)
    )  # fmt: skip
    if not 0 <= seed < 2**32:
        raise ConfigError(f"--seed: {seed} is not between 0 and {2**32 - 1}")
    if not 0 <= neighbors <= _MAX_NEIGHBORS:
        raise ConfigError(f"--neighbors: {neighbors} is not between 0 and {_MAX_NEIGHBORS}")
    if kind == "parquet":
        parquet.require_pyarrow()
        check_method(method)
        check_output(output)
    else:
        check_folder(output, KINDS[kind], only=True)
    command_line.refuse_input_as_output(output, [arguments.vectors])
    questions = _questions(given) if kind == "huggingface" else ([], [])

    wv = load_vectors(PROG, arguments.vectors, arguments.limit, arguments.lenient)
    row = wv.vector_size * _BYTES_PER_NUMBER[kind] + _BYTES_PER_WORD
    if kind == "parquet":
        row += neighbors * _BYTES_PER_NEIGHBOR
    check_space({output: len(wv) * row})
    notes = []
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
        preparation = huggingface.find_preparation(
            wv, given.get("lowercase"), given.get("tokenize")
        )
        smoothing = None if "plain_mean" in given else SMOOTHING
        make_folder(output)
        huggingface.write(output, wv, Path(arguments.vectors).stem, results, preparation, smoothing)
        notes = _notes(preparation, given)
        following = f"SentenceTransformer({str(output)!r}) in Python"
    print(f"{output}: {len(wv):,} words", *notes, f"next     {following}", sep="\n")
    return 0


def _notes(preparation: huggingface.Preparation, given: dict[str, Any]) -> list[str]:
    """What happens to texts, and which of their words will be unknown."""
    notes = [f"texts    {preparation}"]
    if "lowercase" not in given and not preparation.lowercase:
        notes.append("         (some words have capitals, so case matters; --lowercase ignores it)")
    if "tokenize" not in given and preparation.tokenizer == "whitespace":
        notes.append(
            "         (some words contain punctuation, so a word with a comma is another word; "
            "--tokenize words removes it)"
        )
    return notes


def _questions(
    given: dict[str, list[str]],
) -> tuple[list[tuple[str, Analogies]], list[tuple[str, Similarities]]]:
    """Files of analogies and of similarities with their contents, so that mistakes show at once."""
    found = [given.get(option) for option in ("analogies", "similarity")]
    if found == [None, None]:
        found = [default_files("analogies"), default_files("similarity")]
    analogies, similarity = ([] if files is None else files for files in found)
    return (
        [(file, read_analogies(file)) for file in analogies],
        [(file, read_similarity(file)) for file in similarity],
    )


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
