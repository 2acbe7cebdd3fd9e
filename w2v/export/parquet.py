"""A Parquet file for Apple's embedding-atlas and other programs that read Parquet.

Each row is a word, with the columns ``word``, ``rank`` (from 1), ``count`` (if known), ``length``
of the vector, ``x`` and ``y`` on a map, ``vector``, and ``neighbors``: ids of the nearest rows
(from 0) and their distances 1 - cosine, in the form that embedding-atlas reads.
Source: https://apple.github.io/embedding-atlas/tool.html
"""

from __future__ import annotations

import shlex
from argparse import SUPPRESS
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from w2v.embeddings import Embeddings
from w2v.embeddings.neighbors import nearest_rows
from w2v.errors import ConfigError
from w2v.explore.projection import METHODS, check_method, project
from w2v.explore.quantise import lengths
from w2v.export.base import Export, Written
from w2v.util.command_line import ArgumentParser
from w2v.util.files import atomic_write
from w2v.util.packages import require_package

MAX_NEIGHBORS = 1000
_BYTES_PER_NEIGHBOR = 12


def write(
    path: Path, wv: Embeddings, *, method: str = "pca", seed: int = 0, neighbors: int = 10
) -> None:
    """Write the file.

    Args:
        path: the file to write.
        wv: the vectors.
        method: how to compute the map of all words, a key of `w2v.explore.projection.METHODS`.
        seed: seed of the methods that draw random numbers.
        neighbors: number of nearest words in each row. 0 leaves out the column, which saves
            computing V^2 cosines.

    Raises:
        OutputError: the file cannot be written.
    """
    import pyarrow
    from pyarrow import parquet

    units = wv.unit_vectors
    points = project(units, method, seed).points
    columns: dict[str, Any] = {
        "word": wv.index_to_key,
        "rank": np.arange(1, len(wv) + 1),
    }
    if wv.counts is not None:
        columns["count"] = wv.counts
    columns["length"] = lengths(wv.vectors)
    columns["x"], columns["y"] = points.T
    columns["vector"] = _lists(wv.vectors, pyarrow)
    count = min(neighbors, len(wv) - 1)
    if count > 0:
        columns["neighbors"] = _neighbors(units, count, pyarrow)
    with atomic_write(path) as stream:
        parquet.write_table(pyarrow.table(columns), stream, compression="zstd")


def _neighbors(units: np.ndarray[Any, Any], count: int, pyarrow: Any) -> Any:
    """A column of {"ids": [...], "distances": [...]}, the nearest first."""
    ids, cosines = nearest_rows(units, np.arange(len(units)), count)
    parts = [_lists(ids, pyarrow), _lists(np.clip(1 - cosines, 0, 2), pyarrow)]
    return pyarrow.StructArray.from_arrays(parts, ["ids", "distances"])


def _lists(matrix: np.ndarray[Any, Any], pyarrow: Any) -> Any:
    """A column of lists, the rows of a matrix."""
    rows, width = matrix.shape
    offsets = np.arange(0, (rows + 1) * width, width)  # beyond 2^31 in a large file
    flat = pyarrow.array(np.ascontiguousarray(matrix).reshape(-1))
    return pyarrow.LargeListArray.from_arrays(pyarrow.array(offsets), flat)


class ParquetExport(Export):
    """A Parquet file; see the module's docstring."""

    summary = "a file for Apple's embedding-atlas (needs the extra export)"
    options = ("map", "seed", "neighbors")

    @staticmethod
    def add_options(parser: ArgumentParser) -> None:
        """See `Export`."""
        group = parser.add_argument_group("parquet")
        group.add_argument(
            "--map", choices=tuple(METHODS), default=SUPPRESS,
            help="how x and y are computed; umap and tsne need the extra viz (default: pca)",
        )  # fmt: skip
        group.add_argument(
            "--seed", type=int, default=SUPPRESS, metavar="N", help="seed of the map (default: 0)"
        )
        group.add_argument(
            "--neighbors", type=int, default=SUPPRESS, metavar="N",
            help="number of nearest words in each row; 0 leaves them out, which saves time "
            "(default: 10)",
        )  # fmt: skip

    def prepare(self, output: str, given: Mapping[str, Any]) -> None:
        """See `Export`."""
        self.method: str = given.get("map", "pca")
        self.seed: int = given.get("seed", 0)
        self.neighbors: int = given.get("neighbors", 10)
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"--seed: {self.seed} is not between 0 and {2**32 - 1}")
        if not 0 <= self.neighbors <= MAX_NEIGHBORS:
            raise ConfigError(f"--neighbors: {self.neighbors} is not between 0 and {MAX_NEIGHBORS}")
        require_package("parquet", "pyarrow.parquet", "pyarrow", "export")
        check_method(self.method)
        super().prepare(output, given)

    def estimated_bytes(self, wv: Embeddings) -> int:
        """See `Export`."""
        return super().estimated_bytes(wv) + len(wv) * self.neighbors * _BYTES_PER_NEIGHBOR

    def write(self, output: Path, wv: Embeddings, name: str) -> Written:
        """See `Export`."""
        write(output, wv, method=self.method, seed=self.seed, neighbors=self.neighbors)
        columns = "--text word --x x --y y" + (" --neighbors neighbors" if self.neighbors else "")
        return Written(f"embedding-atlas {shlex.quote(str(output))} {columns}", [])


EXPORT = ParquetExport
