"""Read small text files line by line, such as questions or lists of words."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from w2v.errors import FormatError
from w2v.util.arguments import check_path

LONGEST_LINE = 2**16
"""Maximum bytes in a line. A longer one is not a question or a word, and may be endless, as in
/dev/zero."""


def text_lines(
    path: str | os.PathLike[str], most: int, *, columns: bool = False
) -> Iterator[tuple[int, str]]:
    """Yield (number, line) for each line of a UTF-8 file that is not blank; numbers start at 1.

    Whitespace at both ends of a line is removed.

    Args:
        path: the file.
        most: maximum number of lines.
        columns: keep whitespace at the beginning of lines, which may follow an empty column.

    Raises:
        FormatError: the file cannot be read, is not UTF-8, or has too many or too long lines.
        InputError: `path` is not a path.
    """
    check_path("text file", path)
    try:
        with Path(path).open("rb") as stream:
            lines = iter(lambda: stream.readline(LONGEST_LINE + 1), b"")
            for number, line in enumerate(lines, start=1):
                if len(line) > LONGEST_LINE:
                    raise FormatError(
                        f"{path}:{number}: a line of more than {LONGEST_LINE} bytes (is this text?)"
                    )
                if number > most:
                    raise FormatError(f"{path}: more than {most} lines")
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise FormatError(
                        f"{path}:{number}: byte 0x{error.object[error.start]:02x} is not UTF-8"
                    ) from error
                if text.strip():
                    yield number, text.rstrip() if columns else text.strip()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
