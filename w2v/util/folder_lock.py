"""A lock on a folder, so that only one run at a time writes there.

The lock is a POSIX record lock: the kernel releases it however the process ends, and forked
children do not inherit it. It does not exclude other threads of the same process; `_held` does.
Source: fcntl(2), "Advisory record locking".

The package filelock (4.3) is no substitute: it cannot tell which process holds the lock, and it
leaves an empty file behind.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path

from w2v.errors import OutputError
from w2v.util.files import make_folder

LOCK_FILE = ".lock"

_held: set[tuple[int, str]] = set()
"""(process, lock file) of the locks held; a forked child does not hold those of its parent."""
_lock = threading.Lock()


class FolderLock:
    """Context that locks a folder. Creates it if necessary, and then removes it if it stays empty.

    Raises:
        OutputError: another run holds the lock, or the folder cannot be created.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = folder
        self._path = Path(os.path.realpath(folder)) / LOCK_FILE
        self._created = False
        self._descriptor = -1
        self._key = 0, ""

    def __enter__(self) -> FolderLock:
        key = os.getpid(), str(self._path)
        with _lock:
            if key in _held:
                raise self._in_use_error("this process")
            self._created = not self._path.parent.is_dir()
            descriptor = self._open_and_lock()
            while not _is_open_at(descriptor, self._path):  # the last holder has just removed it
                os.close(descriptor)
                descriptor = self._open_and_lock()
            try:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except OSError as error:
                self._remove()
                os.close(descriptor)
                raise self._lock_error(error) from error
            _held.add(key)
            self._key, self._descriptor = key, descriptor
        return self

    def _open_and_lock(self) -> int:
        """Open and lock the lock file; returns its descriptor."""
        make_folder(self._path.parent)
        try:
            # Only where this process holds no lock: closing any descriptor of the file releases it.
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            self._remove_folder()
            raise self._lock_error(error) from error
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            if isinstance(error, BlockingIOError | PermissionError):  # which one: by system
                raise self._in_use_error(f"process {holder}") from error
            raise self._lock_error(error) from error
        return descriptor

    def __exit__(self, *_: object) -> None:
        with _lock:
            if self._key not in _held or self._key[0] != os.getpid():
                return
            self._remove()
            os.close(self._descriptor)
            _held.discard(self._key)

    def _remove(self) -> None:
        """Remove the lock file; only the holder of the lock may do this."""
        with suppress(OSError):
            self._path.unlink()
            self._remove_folder()

    def _remove_folder(self) -> None:
        """Remove the folder if it was created here and is empty."""
        if self._created:
            with suppress(OSError):
                self._path.parent.rmdir()

    def _lock_error(self, error: OSError) -> OutputError:
        return OutputError(f"{self._folder}: cannot be locked: {error.strerror}")

    def _in_use_error(self, holder: str) -> OutputError:
        return OutputError(
            f"{self._folder}: in use by {holder}; wait until it has ended, or choose another folder"
        )


def _is_open_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
