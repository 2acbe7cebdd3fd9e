"""An export: its options, a check before the vectors are read, and the files that it writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from w2v.embeddings import Embeddings
from w2v.util.command_line import ArgumentParser
from w2v.util.files import check_folder, check_output

BYTES_PER_WORD = 64
"""Estimated bytes per word, apart from its vector and before compression."""


class Written(NamedTuple):
    """What the command prints once the files are written.

    Attributes:
        next_step: how to use the files, such as a command to type.
        notes: further lines about the files.
    """

    next_step: str
    notes: list[str]


class Export(ABC):
    """Base class of exports: files for one viewer or library.

    The command creates an instance, then calls `prepare` and `write`.

    Attributes:
        summary: one-line description for ``--help``.
        files: names of the files, if the output is a folder; empty if it is a single file.
        options: options of the command that apply only to this export. `add_options` adds them
            with the default `argparse.SUPPRESS`, so that `prepare` receives only those given.
        bytes_per_number: estimated bytes per number of a vector.
    """

    summary: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[str, ...]] = ()
    bytes_per_number: ClassVar[int] = 4

    @staticmethod  # noqa: B027 (not abstract: some have no options)
    def add_options(parser: ArgumentParser) -> None:
        """Add `options` to the command, as a group."""

    def prepare(self, output: str, given: Mapping[str, Any]) -> None:
        """Store the options, and check before any work is done that the files can be written.

        Args:
            output: the file or folder to write.
            given: options of the command, by name; see `options`.

        Raises:
            W2VError: an option or the output cannot be used.
        """
        if self.files:
            check_folder(output, self.files, only=True)
        else:
            check_output(output)

    def estimated_bytes(self, wv: Embeddings) -> int:
        """Estimate the total size of the files in bytes."""
        return len(wv) * (wv.vector_size * self.bytes_per_number + BYTES_PER_WORD)

    @abstractmethod
    def write(self, output: Path, wv: Embeddings, name: str) -> Written:
        """Write the file or the folder.

        Args:
            output: the path that `prepare` has checked.
            wv: the vectors.
            name: name of the vectors: that of their file, without the extension.

        Raises:
            OutputError: a file cannot be written.
        """
