"""Writing files so that a reader finds the old one or the new one, never a part of either.

`atomic_write` writes, `check_output` refuses early. Reads nothing and knows no format.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from w2v.errors import OutputError

_OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
"""These may lead to an ordinary file that is already open: written through, never replaced."""

_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP}
"""What file systems answer that cannot sync a folder."""


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a device, a pipe or a socket: something to write into, not to replace."""
    if os.path.abspath(path).startswith(_OPEN_FILES):  # noqa: PTH100 (must not resolve links)
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def atomic_write(
    path: str | os.PathLike[str], mode: Literal["wb", "w"] = "wb"
) -> Iterator[IO[Any]]:
    r"""Give a file object whose content replaces `path` when the block ends without an exception.

    The content goes to a temporary file in the same folder, is synced to the disk, and is renamed
    over `path`; then the folder is synced. After any exception (Ctrl-C too) the temporary file is
    gone and `path` is what it was. The one exception is a folder that cannot be synced: the new
    file is then whole and in place, but the rename may not survive a power cut.

    A symbolic link stays a link: its target is replaced. An existing file keeps its permissions
    (not its owner, nor its other hard links); a new one gets what `open` gives. Streams
    (`is_stream`: ``/dev/stdout``, a FIFO) cannot be replaced and are written into directly.

    Args:
        path: the file to replace or create.
        mode: ``"wb"`` for bytes, ``"w"`` for UTF-8 text with ``\n`` line ends.

    Raises:
        OutputError: the file cannot be written.
    """
    encoding = None if mode == "wb" else "utf-8"
    newline = None if mode == "wb" else ""
    target = Path(os.path.realpath(path))
    # A name of its own, short enough for any file system whatever the target is called.
    temporary = target.with_name(f".w2v-{secrets.token_hex(8)}.tmp")
    ours = {"None", str(path), str(target), str(temporary), str(target.parent)}
    try:
        if is_stream(path):
            with Path(path).open(mode, encoding=encoding, newline=newline) as stream:
                yield stream
            return
        _refuse_folder(path, target)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, mode, encoding=encoding, newline=newline) as stream:
                with suppress(FileNotFoundError):
                    os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
                yield stream
                stream.flush()
                os.fsync(descriptor)
            os.replace(temporary, target)  # noqa: PTH105 (the tests make this call fail)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)
    except OSError as error:
        if isinstance(error, OutputError) or str(error.filename) not in ours:
            raise  # the caller's own, such as an input that it could not open
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error


def check_output(path: str | os.PathLike[str], estimated_bytes: int = 0) -> None:
    """Refuse, before any work is done, an output that could not be written afterwards.

    Args:
        path: the file that will be written.
        estimated_bytes: its size. The old file stays until the new one is whole, so that all of
            this must be free beside it. Not looked at for streams.

    Raises:
        OutputError: a folder, no parent folder, no permission, or not enough free space.
    """
    target = Path(os.path.realpath(path))
    if is_stream(path):
        if not os.access(path, os.W_OK):
            raise OutputError(f"{path}: expected something to write into, got no permission")
        return
    _refuse_folder(path, target)
    folder = target.parent
    if not folder.is_dir():
        what = "a file" if folder.exists() else "no such folder"
        raise OutputError(f"{path}: expected an existing folder {folder}, got {what}")
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"{path}: expected a file that can be replaced, got a read-only one")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: expected a folder to write in, got no permission for {folder}")
    free = shutil.disk_usage(folder).free
    if free < estimated_bytes:
        raise OutputError(
            f"{path}: expected {estimated_bytes / 1e6:,.1f} MB of free space, "
            f"got {free / 1e6:,.1f} MB"
        )


def _refuse_folder(path: str | os.PathLike[str], target: Path) -> None:
    if target.is_dir() or os.fspath(path).endswith(os.sep):
        raise OutputError(f"{path}: expected a file to write, got a folder")


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)
