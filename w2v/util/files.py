"""Write files atomically: a reader finds the old file or the new one, never a part of either.

`atomic_write` writes a file. `check_output`, `check_folder` and `check_space` check, before any
work is done, that writing can succeed.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, cast

from w2v.errors import OutputError

STANDARD_STREAM = "-"
"""The path that stands for standard output."""
_OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
"""Paths that may lead to a regular file which is already open: write to it, never replace it."""

StrPath = str | os.PathLike[str]

_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP}
"""Errors of file systems that cannot sync a folder."""


def is_stream(path: StrPath) -> bool:
    """Whether `path` is a device, pipe or socket: something to write to, not to replace."""
    if os.fspath(path) == STANDARD_STREAM:
        return True
    if os.path.abspath(path).startswith(_OPEN_FILES):  # noqa: PTH100 (must not resolve links)
        return True
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextmanager
def atomic_write(path: StrPath, mode: Literal["wb", "w"] = "wb") -> Iterator[IO[Any]]:
    r"""Open a file whose content replaces `path` when the block ends without an exception.

    The content is written to a temporary file in the same folder, synced to the disk and renamed to
    `path`; then the folder is synced. After an exception (including Ctrl-C), the temporary file is
    removed and `path` is unchanged. The only exception is a folder that cannot be synced: the new
    file is then complete and in place, but the rename may not survive a power cut.

    A symbolic link stays a link: its target is replaced. An existing file keeps its permissions,
    but not its owner or other hard links; a new file gets the permissions that `open` would give
    it. Streams (`is_stream`: "-" for standard output, ``/dev/stdout``, a FIFO) are written
    directly.

    Errors that the block itself raises are passed on.

    Args:
        path: the file to replace or create.
        mode: ``"wb"`` for bytes, ``"w"`` for UTF-8 text with ``\n`` line ends.

    Raises:
        OutputError: the file cannot be written.
    """
    encoding = None if mode == "wb" else "utf-8"
    newline = None if mode == "wb" else ""
    target = Path(os.path.realpath(path))
    temporary = _temporary(target.parent, target.name)
    of_block: list[OSError] = []
    try:
        if is_stream(path):
            to = os.dup(1) if os.fspath(path) == STANDARD_STREAM else path
            with open(to, mode, encoding=encoding, newline=newline) as stream:  # noqa: PTH123
                yield from _lent(path, stream, of_block)
            return
        _refuse_folder(path, target)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        try:
            with os.fdopen(descriptor, mode, encoding=encoding, newline=newline) as stream:
                with suppress(FileNotFoundError):
                    os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
                yield from _lent(path, stream, of_block)
                stream.flush()
                os.fsync(descriptor)
            os.replace(temporary, target)  # noqa: PTH105 (the tests make this call fail)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _sync_folder(target.parent)
    except OSError as error:
        if error in of_block or isinstance(error, OutputError):
            raise
        raise _cannot_write(path, error) from error


def check_output(path: StrPath, estimated_bytes: int = 0) -> None:
    """Check, before any work is done, that an output can be written.

    Args:
        path: the file that will be written.
        estimated_bytes: its estimated size; see `check_space`.

    Raises:
        OutputError: it is a folder, its folder does not exist, or there is no permission or too
            little disk space.
    """
    target = Path(os.path.realpath(path))
    if is_stream(path):
        if os.fspath(path) != STANDARD_STREAM and not os.access(path, os.W_OK):
            raise OutputError(f"{path}: no permission to write")
        return
    _refuse_folder(path, target)
    folder = target.parent
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise OutputError(f"{path}: the folder to write in {what}")
    if target.exists() and not os.access(target, os.W_OK):
        raise OutputError(f"{path}: is read-only; choose another name, or make it writable")
    _check_writable(path, folder)
    check_space({path: estimated_bytes})


def check_folder(
    folder: StrPath, files: Sequence[str] = (), *, only: bool = False, estimated_bytes: int = 0
) -> None:
    """Check, before any work is done, that a folder can be created and files written in it.

    Creates nothing. A broken link counts as a file, since no folder can be created under its name.

    Args:
        folder: the folder; neither it nor its parents need to exist yet.
        files: names of the files that will be written in it.
        only: whether the folder must not contain other files, except those that a killed process
            has left behind.
        estimated_bytes: estimated total size of the files; see `check_space`.

    Raises:
        OutputError: the path is empty, it is a file, it contains other files, or there is no
            permission or too little disk space.
    """
    if not os.fspath(folder):
        raise OutputError("the path of a folder is empty")
    path = Path(folder)
    try:
        existing = _nearest_existing(path)
    except OSError as error:
        raise OutputError(f"{folder}: not usable as a folder: {error.strerror}") from error
    if not existing.is_dir():
        raise OutputError(f"{folder}: not a folder: {existing} is a file")
    _check_writable(folder, existing)
    if existing is path:
        # A process that was killed may have left temporary files.
        others = sorted(
            entry.name
            for entry in path.iterdir()
            if entry.name not in files and not entry.match(_TEMPORARY.format("*"))
        )
        if only and others:
            raise OutputError(
                f"{folder}: holds {others[0]}, which is not part of this export; choose another "
                "folder"
            )
        for name in files:
            check_output(path / name)
    check_space({folder: estimated_bytes})


def check_space(needs: Mapping[StrPath, int]) -> None:
    """Check that there is enough disk space for all outputs together.

    Args:
        needs: file or folder -> bytes that will be written. Existing files are kept until the new
            ones are complete, so all of this space must be free. Streams need no space.

    Raises:
        OutputError: there is too little space.
    """
    of_device: dict[int, tuple[int, list[str]]] = {}
    for path, need in needs.items():
        if not is_stream(path):
            folder = _nearest_existing(Path(os.path.realpath(path)).parent)
            device = folder.stat().st_dev
            total, names = of_device.get(device, (0, []))
            of_device[device] = total + need, [*names, os.fspath(path)]
            free = shutil.disk_usage(folder).free
            if free < total + need:
                raise OutputError(
                    f"{', '.join([*names, os.fspath(path)])}: needs {(total + need) / 1e6:,.1f} MB "
                    f"of disk space, but only {free / 1e6:,.1f} MB are free"
                )


def make_folder(folder: StrPath) -> None:
    """Create a folder and its parents, unless they exist.

    Raises:
        OutputError: it cannot be created.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be created: {error.strerror}") from error


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove temporary files that killed processes have left.

    Args:
        folder: the folder.
        prefix: the files were to replace files whose names begin with this, which no process may be
            writing now. At most `_KEPT_NAME` characters.
    """
    for leftover in folder.glob(_TEMPORARY.format(f"{prefix}*")):
        leftover.unlink(missing_ok=True)


class _Output:
    """Delegates to a file object, and turns an `OSError` of writing into an `OutputError`."""

    def __init__(self, path: StrPath, stream: IO[Any]) -> None:
        self._path = path
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, data: Any) -> int:
        try:
            return self._stream.write(data)
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def writelines(self, lines: Iterable[Any]) -> None:
        for line in lines:
            self.write(line)


def _lent(path: StrPath, stream: IO[Any], of_block: list[OSError]) -> Iterator[IO[Any]]:
    """Yield a file object; an error of the block that uses it is added to `of_block`."""
    try:
        yield cast("IO[Any]", _Output(path, stream))
    except OSError as error:
        of_block.append(error)  # perhaps that of an input, which the block reads
        raise


def _cannot_write(path: StrPath, error: OSError) -> OutputError:
    return OutputError(f"{path}: cannot be written: {error.strerror or error}")


_TEMPORARY = ".w2v-{}.tmp"
_KEPT_NAME = 20


def _temporary(folder: Path, name: str) -> Path:
    """A unique name that begins like `name`, and is short enough for any file system."""
    return folder / _TEMPORARY.format(f"{name[:_KEPT_NAME]}-{secrets.token_hex(8)}")


def _nearest_existing(path: Path) -> Path:
    """The path itself if it exists, otherwise its nearest parent that does."""
    above = path, *path.absolute().parents
    return next(each for each in above if each.exists() or each.is_symlink())


def _check_writable(path: StrPath, folder: Path) -> None:
    """Check that files can be created in a folder, by creating one."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write in {folder}")
    trial = _temporary(folder, "trial")
    try:
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        trial.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot write in {folder}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)


def _refuse_folder(path: StrPath, target: Path) -> None:
    if not os.fspath(path):
        raise OutputError("the path of a file is empty")
    if target.is_dir() or os.fspath(path).endswith(os.sep):
        raise OutputError(f"{path}: a folder, not a file to write")


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
