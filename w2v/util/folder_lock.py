"""A lock on a folder: only one run at a time may write there.

The lock is a POSIX record lock: the kernel releases it however the process ends, and forked
children do not inherit it. It does not exclude other threads of the same process; a set of names
does that. Source: fcntl(2), "Advisory record locking".

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

_ours: set[tuple[int, str]] = set()  # (process, file): a forked child does not hold its parent's
_lock = threading.Lock()


class FolderLock:
    """Locks a folder in a `with` block; creates it, and removes it if it stays empty.

    Raises:
        OutputError: another run holds the lock, or the folder cannot be created.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = folder
        self._path = Path(os.path.realpath(folder)) / LOCK_FILE
        self._made = False
        self._descriptor = -1
        self._key = 0, ""

    def __enter__(self) -> FolderLock:
        key = os.getpid(), str(self._path)
        with _lock:
            if key in _ours:
                raise self._refused("this process")
            self._made = not self._path.parent.is_dir()
            descriptor = self._locked()
            while not _is_open_at(descriptor, self._path):  # its last holder has just removed it
                os.close(descriptor)
                descriptor = self._locked()
            try:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except OSError as error:
                self._remove()
                os.close(descriptor)
                raise self._failed(error) from error
            _ours.add(key)
            self._key, self._descriptor = key, descriptor
        return self

    def _locked(self) -> int:
        """Open and lock the lock file; returns its descriptor."""
        make_folder(self._path.parent)
        try:
            # Only where this process holds no lock: closing any descriptor of the file releases it.
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            self._remove_folder()
            raise self._failed(error) from error
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            if isinstance(error, BlockingIOError | PermissionError):  # depends on the system
                raise self._refused(f"process {holder}") from error
            raise self._failed(error) from error
        return descriptor

    def __exit__(self, *_: object) -> None:
        with _lock:
            if self._key not in _ours or self._key[0] != os.getpid():
                return
            self._remove()
            os.close(self._descriptor)
            _ours.discard(self._key)

    def _remove(self) -> None:
        """Remove the lock file; only the holder of the lock may do this."""
        with suppress(OSError):
            self._path.unlink()
            self._remove_folder()

    def _remove_folder(self) -> None:
        """Remove the folder if it was created here and is empty."""
        if self._made:
            with suppress(OSError):
                self._path.parent.rmdir()

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(f"{self._folder}: cannot be locked: {error.strerror}")

    def _refused(self, holder: str) -> OutputError:
        return OutputError(
            f"{self._folder}: in use by {holder}; wait until it has ended, or choose another folder"
        )


def _is_open_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
