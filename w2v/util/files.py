"""Writing files so that a reader finds the old one or the new one, never a part of either.

`atomic_write` writes; `check_output`, `check_folder` and `check_space` refuse early. Reads nothing
and knows no format.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

from w2v.errors import OutputError

STANDARD_STREAM = "-"
"""The path that stands for standard output."""
_OPEN_FILES = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/")
"""These may lead to an ordinary file that is already open: written through, never replaced."""

StrPath = str | os.PathLike[str]

_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP}
"""What file systems answer that cannot sync a folder."""


def is_stream(path: StrPath) -> bool:
    """Whether `path` is a device, a pipe or a socket: something to write into, not to replace."""
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
    r"""Give a file object whose content replaces `path` when the block ends without an exception.

    The content goes to a temporary file in the same folder, is synced to the disk, and is renamed
    over `path`; then the folder is synced. After any exception (Ctrl-C too) the temporary file is
    gone and `path` is what it was. The one exception is a folder that cannot be synced: the new
    file is then whole and in place, but the rename may not survive a power cut.

    A symbolic link stays a link: its target is replaced. An existing file keeps its permissions
    (not its owner, nor its other hard links); a new one gets what `open` gives. Streams
    (`is_stream`: "-" for standard output, ``/dev/stdout``, a FIFO) cannot be replaced and are
    written into directly.

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
    temporary = _temporary(target.parent)
    ours = {"None", str(path), str(target), str(temporary), str(target.parent)}
    try:
        if is_stream(path):
            to = os.dup(1) if os.fspath(path) == STANDARD_STREAM else path
            with open(to, mode, encoding=encoding, newline=newline) as stream:  # noqa: PTH123
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


def check_output(path: StrPath, estimated_bytes: int = 0) -> None:
    """Refuse, before any work is done, an output that could not be written afterwards.

    Args:
        path: the file that will be written.
        estimated_bytes: its size; see `check_space`.

    Raises:
        OutputError: a folder, no parent folder, no permission, or not enough free space.
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
    _try_folder(path, folder)
    check_space({path: estimated_bytes})


def check_folder(
    folder: StrPath, files: Sequence[str] = (), *, only: bool = False, estimated_bytes: int = 0
) -> None:
    """Refuse, before any work is done, a folder that could not be made or written in.

    Makes nothing. A link that leads nowhere counts as a file: no folder can be made of its name.

    Args:
        folder: it need not exist yet, nor those above it.
        files: names of the files that will be written in it.
        only: whether it may hold nothing else.
        estimated_bytes: what will be written in it; see `check_space`.

    Raises:
        OutputError: a file, no permission, not enough free space, or something else in it.
    """
    path = Path(folder)
    try:
        existing = _existing(path)
    except OSError as error:
        raise OutputError(f"{folder}: not usable as a folder: {error.strerror}") from error
    if not existing.is_dir():
        raise OutputError(f"{folder}: not a folder: {existing} is a file")
    _try_folder(folder, existing)
    if existing is path:
        others = sorted(entry.name for entry in path.iterdir() if entry.name not in files)
        if only and others:
            raise OutputError(f"{folder}: the folder must be empty, but holds {others[0]}")
        for name in files:
            check_output(path / name)
    check_space({folder: estimated_bytes})


def check_space(needs: Mapping[StrPath, int]) -> None:
    """Refuse outputs for which there is not enough free space; those on one disk are added up.

    Args:
        needs: bytes to come for each file or folder. What is there already stays until the new
            file is whole, so that all of this must be free beside it. Streams need no space.

    Raises:
        OutputError: not enough space.
    """
    of_device: dict[int, tuple[int, list[str]]] = {}
    for path, need in needs.items():
        if not is_stream(path):
            folder = _existing(Path(os.path.realpath(path)).parent)
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
    """Make a folder and those above it, if they are not there.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be created: {error.strerror}") from error


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files of writers that were killed. Only where nobody is writing now."""
    for leftover in folder.glob(_TEMPORARY.format("*")):
        leftover.unlink(missing_ok=True)


_TEMPORARY = ".w2v-{}.tmp"


def _temporary(folder: Path) -> Path:
    return folder / _TEMPORARY.format(secrets.token_hex(8))


def _existing(path: Path) -> Path:
    """The path itself, or the nearest one above it that exists."""
    above = path, *path.absolute().parents
    return next(each for each in above if each.exists() or each.is_symlink())


def _try_folder(path: StrPath, folder: Path) -> None:
    """Refuse a folder in which no file can be made, by making one."""
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{path}: no permission to write in {folder}")
    trial = _temporary(folder)
    try:
        os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        trial.unlink()
    except OSError as error:
        raise OutputError(f"{path}: cannot write in {folder}: {error.strerror}") from error
    finally:
        with suppress(OSError):
            trial.unlink(missing_ok=True)


def _refuse_folder(path: StrPath, target: Path) -> None:
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
