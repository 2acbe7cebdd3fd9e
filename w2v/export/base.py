"""What an export is: its options, a check before the vectors are read, and the files it writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from w2v.embeddings import Embeddings
from w2v.util.command_line import ArgumentParser
from w2v.util.files import check_folder, check_output

BYTES_PER_WORD = 64
"""An estimate, before compression."""


class Written(NamedTuple):
    """What the command says when the files are there.

    Attributes:
        following: what to type next.
        notes: lines about the files.
    """

    following: str
    notes: list[str]


class Export(ABC):
    """Files for one viewer or library. The command makes one object for a run.

    Attributes:
        summary: one line for ``--help``.
        files: the files of an output that is a folder; empty for one that is a file.
        options: options of the command that are for this export only, as `add_options` adds them.
            They are in `given` only if they were typed.
        bytes_per_number: of the vectors in the files, an estimate.
    """

    summary: ClassVar[str]
    files: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[tuple[str, ...]] = ()
    bytes_per_number: ClassVar[int] = 4

    @staticmethod  # noqa: B027 (not abstract: some have no options)
    def add_options(parser: ArgumentParser) -> None:
        """Add a group with `options` to the command."""

    def prepare(self, output: Path, given: Mapping[str, Any]) -> None:
        """Take the options, and refuse what could not end in files.

        Raises:
            W2VError: an option or the output cannot be used.
        """
        if self.files:
            check_folder(output, self.files, only=True)
        else:
            check_output(output)

    def estimated_bytes(self, wv: Embeddings) -> int:
        """Size of the files."""
        return len(wv) * (wv.vector_size * self.bytes_per_number + BYTES_PER_WORD)

    @abstractmethod
    def write(self, output: Path, wv: Embeddings, name: str) -> Written:
        """Write the file or the folder.

        Args:
            output: the path that `prepare` has checked.
            wv: the vectors.
            name: of the vectors.

        Raises:
            OutputError: a file cannot be written.
        """
