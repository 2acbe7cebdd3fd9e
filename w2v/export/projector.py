"""Files for the Embedding Projector, on its website or in TensorBoard.

``vectors.tsv`` has a row of numbers for each word, without a header. ``metadata.tsv`` has the
words; it must have a header if it has several columns, and none if it has only one.
``projector_config.pbtxt`` tells ``tensorboard --logdir`` about both.
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
"""Translates characters that a reader may take for the end of a cell or a line to spaces."""


def write(folder: Path, wv: Embeddings) -> None:
    """Write `FILES` into a folder.

    If counts are known, ``metadata.tsv`` has three columns (word, rank from 1, count) and a header;
    otherwise only the words.

    Args:
        folder: an existing folder.
        wv: the vectors.

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
    """A folder for the Embedding Projector; see the module's docstring."""

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
