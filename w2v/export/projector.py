"""Files for the TensorBoard Embedding Projector, in a browser or in TensorBoard.

``vectors.tsv`` has a row of numbers for each word and no header. ``metadata.tsv`` has the words. It
must have a header if it has several columns, and none if it has one. With
``projector_config.pbtxt``, ``tensorboard --logdir`` finds both.
Source: https://www.tensorflow.org/tensorboard/tensorboard_projector_plugin, and the help text of
https://projector.tensorflow.org, "Load data".
"""

from __future__ import annotations

import shlex
from pathlib import Path

from w2v.embeddings import Embeddings
from w2v.export.base import Export, Written
from w2v.formats.table import row_blocks
from w2v.formats.text import format_rows
from w2v.util.files import atomic_write, make_folder

VECTORS, METADATA, CONFIG = "vectors.tsv", "metadata.tsv", "projector_config.pbtxt"
FILES = (VECTORS, METADATA, CONFIG)

_CONFIG = f"""\
embeddings {{
  tensor_name: "word vectors"
  tensor_path: "{VECTORS}"
  metadata_path: "{METADATA}"
}}
"""
_NO_LINE_ENDS = str.maketrans(dict.fromkeys("\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))
"""Becomes a space: some reader would take it for the end of a cell or a line."""


def write(folder: Path, wv: Embeddings) -> None:
    """Write `FILES` into a folder.

    With counts, there are three columns (word, rank from 1, count) and a header. Without, there is
    only the word, and no header.

    Raises:
        OutputError: a file cannot be written.
    """
    with atomic_write(folder / VECTORS) as stream:
        for block in row_blocks(len(wv)):
            stream.write(b"\n".join((*format_rows(wv.vectors[block], b"\t"), b"")))
    with atomic_write(folder / METADATA, "w") as stream:
        words = [word.translate(_NO_LINE_ENDS) for word in wv]
        if wv.counts is None:
            stream.writelines(f"{word}\n" for word in words)
        else:
            stream.write("word\trank\tcount\n")
            stream.writelines(
                f"{word}\t{rank}\t{count}\n"
                for rank, (word, count) in enumerate(
                    zip(words, wv.counts.tolist(), strict=True), start=1
                )
            )
    with atomic_write(folder / CONFIG, "w") as stream:
        stream.write(_CONFIG)


class ProjectorExport(Export):
    """See the module."""

    summary = "a folder for the TensorBoard Embedding Projector"
    files = FILES
    bytes_per_number = 13

    def write(self, output: Path, wv: Embeddings, name: str) -> Written:
        """See `Export`."""
        make_folder(output)
        write(output, wv)
        return Written(
            f"tensorboard --logdir {shlex.quote(str(output))}, or load the two .tsv files at "
            "https://projector.tensorflow.org",
            [],
        )


EXPORT = ProjectorExport
