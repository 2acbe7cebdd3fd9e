"""How Numba compiles: flags, frozen constants, and the cache on disk.

Compiled code is cached on disk by a key that covers everything it can depend on, so that a stale
kernel never runs:

- the sources of the function's module and of every module of this package that it imports, directly
  or not (`source_digest`): they name the folder;
- the values that the function closes over (`fingerprint`), with the sources of functions among
  them: they name the files in it;
- Numba's own: its version, the types of the arguments, the processor.

A change to a module that no kernel imports leaves the cache as it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba
import numpy as np
from numba.core.caching import FunctionCache

numba_config: Any = numba.config
# Not every version of Numba publishes types, and those leave out `_nrt`.
_njit: Any = numba.njit
_vectorize: Any = numba.vectorize

FASTMATH = frozenset({"reassoc", "contract", "nsz"})
"""Liberties that LLVM may take with floating-point arithmetic.

`reassoc` lets it sum a dot product in vector lanes, `contract` fuse a multiplication with an
addition, and both need `nsz`. `nnan` and `ninf` are left out on purpose: NaN and infinity must
propagate through a kernel to be noticed at its end.
"""


def _lanes() -> int:
    """See `LANES`."""
    features = numba_config.CPU_FEATURES
    if features is None:
        features = llvmlite.binding.get_host_cpu_features().flatten()
    return 16 if "+avx512f" in features.split(",") else 8


LANES = _lanes()
"""Numbers in a vector of hand-vectorised code: one float32 register of AVX-512 or AVX2, or two of
NEON or SSE. Twice as many would work, but each sum would then take two registers."""

KEPT_CACHE_FOLDERS = 128
"""Folders of compiled code to keep on disk, one for each version of each module; the oldest are
deleted first."""

_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+(w2v(?:\.\w+)*)", re.MULTILINE)


# --- the cache on disk ----------------------------------------------------------------------------


def imported_files(path: Path) -> frozenset[Path]:
    """Source files of this package that a source file may import.

    ``from w2v.corpus import blocks`` names an attribute or a submodule, so an import from a package
    counts as an import of every module directly in it.
    """
    files: set[Path] = set()
    for name in set(_IMPORT.findall(path.read_bytes())):
        place = _PACKAGE.joinpath(*name.decode().split(".")[1:])
        if place.is_dir():
            files.update(place.glob("*.py"), place.glob("*/__init__.py"))
        else:
            files.add(place.with_suffix(".py"))
    return frozenset(file for file in files if file.is_file())


_PACKAGE = Path(__file__).parent.parent


@cache
def source_digest(path: Path) -> str:
    """SHA-256 of a source file and of all files of this package that it imports, directly or not.

    Together with what it closes over, this is all the Python code that a function of that file can
    be compiled from: a global name is defined in its module, or imported there.
    """
    found = {path}
    waiting = [path]
    while waiting:
        new = imported_files(waiting.pop()) - found
        found |= new
        waiting += new
    digest = hashlib.sha256()
    for file in sorted(found):
        inside = file.is_relative_to(_PACKAGE)
        digest.update((file.relative_to(_PACKAGE) if inside else file).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _source_file(function: types.FunctionType) -> Path | None:
    """Where a function was defined; None in an interactive session."""
    path = Path(function.__code__.co_filename)
    return path if path.is_file() else None


def fingerprint(value: Any) -> str:
    """A string that two frozen values share only if compiled code cannot tell them apart.

    Numba itself would pickle what a function closes over. Pickles of compiled functions differ
    between processes, so no kernel would ever be found on disk.

    Raises:
        TypeError: the value is not None, a number, a string, a function or a tuple of those.
    """
    if isinstance(value, (bool, int, float, str, np.generic)) or value is None:
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple):
        return f"{type(value).__qualname__} ({', '.join(map(fingerprint, value))})"
    # A compiled function keeps its Python function in `py_func`, an intrinsic in `_defn`.
    function = getattr(value, "py_func", None) or getattr(value, "_defn", value)
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"cannot freeze a {type(value).__name__} in compiled code: {value!r:.60}")
    path = _source_file(function)
    parts = [
        type(value).__name__, function.__module__, function.__qualname__,
        source_digest(path) if path else "", hashlib.sha256(function.__code__.co_code).hexdigest(),
        *(fingerprint(constant) for constant in function.__code__.co_consts
          if not isinstance(constant, types.CodeType)),
        *(fingerprint(cell.cell_contents) for cell in function.__closure__ or ()),
    ]  # fmt: skip
    return f"[{' '.join(parts)}]"


class _Cache(FunctionCache):
    """Numba's disk cache for a closure, whose name encodes what it closes over."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        return sig, codegen.magic_tuple(), self._py_func.__qualname__


def cache_root() -> Path:
    """The folder ``w2v-kernels``, which holds the folders of compiled code.

    It is in ``$NUMBA_CACHE_DIR``, ``$XDG_CACHE_HOME`` or ``~/.cache``, the first that is set.

    Raises:
        RuntimeError: there is no home folder.
    """
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(root).expanduser() / "w2v-kernels"


@cache
def _writable_folder(root: Path, name: str) -> Path | None:
    """The folder, created if needed; None if it is not writable."""
    folder = root / name
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            by_age = sorted(root.iterdir(), key=lambda entry: entry.stat().st_mtime)
            for old in by_age[:-KEPT_CACHE_FOLDERS]:
                shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


def cache_folder(function: types.FunctionType) -> Path | None:
    """Folder for the compiled code of a function.

    None if no folder is writable, or the function has no source file; the function is then compiled
    in each process.
    """
    path = _source_file(function)
    try:
        root = cache_root()
    except RuntimeError:
        return None
    return _writable_folder(root, source_digest(path)[:16]) if path else None


@contextmanager
def numba_setting(config: Any, name: str, value: object) -> Iterator[None]:
    """Context in which a setting of Numba, or of numba-cuda, has another value."""
    previous = getattr(config, name)
    setattr(config, name, value)
    try:
        yield
    finally:
        setattr(config, name, previous)


@contextmanager
def _caching(function: types.FunctionType) -> Iterator[bool]:
    """Context in which Numba caches in the function's folder; yields whether it does."""
    folder = cache_folder(function)
    with nullcontext() if folder is None else numba_setting(numba_config, "CACHE_DIR", str(folder)):
        yield folder is not None


# --- compiling ------------------------------------------------------------------------------------


def jit(function: Callable[..., Any], *, inline: bool = False, allocates: bool = False) -> Any:
    """Compile `function` with Numba on first call: no GIL, cached on disk, `FASTMATH`.

    What the function closes over is frozen: Numba treats it as constant, so that LLVM sees, for
    example, the vector size as a number and a loss as code to inline. `fingerprint` says what may
    be frozen.

    Args:
        function: what to compile.
        inline: whether compiled callers inline it. Worth it where many arrays are passed: a call
            takes seven arguments for each.
        allocates: whether it creates arrays. Other functions work in memory from the caller, and
            Numba need not count references to arrays, which took a tenth of the training time.
    """
    assert isinstance(function, types.FunctionType)
    if function.__closure__ and not numba_config.DISABLE_JIT:
        # Also names its files: processes that write to the same index may mix up its entries.
        digest = hashlib.sha256(fingerprint(function).encode()).hexdigest()
        function.__qualname__ += f"-{digest[:32]}"
    with _caching(function) as cached:
        compiled: Any = _njit(
            nogil=True,
            _nrt=allocates,  # Numba's own name for memory that it manages by counting references
            cache=cached,
            fastmath=set(FASTMATH),
            error_model="numpy",  # division by zero gives inf, and costs no branch
            inline="always" if inline else "never",
        )(function)
        if cached and function.__closure__ and not numba_config.DISABLE_JIT:
            compiled._cache = _Cache(function)  # type: ignore[no-untyped-call]
    return compiled


def read_only(array: np.ndarray) -> np.ndarray:
    """A read-only view of an array.

    Numba compiles a function separately for writable and for read-only arrays. An array of the
    corpus may be either, depending on where it comes from: a memory-mapped file, this process or
    another one. Compiled code therefore gets such a view of every array that it only reads.
    """
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def ufunc(scalar: Callable[..., Any]) -> Any:
    """Make a NumPy ufunc, callable from compiled code, of a function of float64 numbers.

    Compiled on first call and cached on disk. No `FASTMATH`: ufuncs are the reference that faster
    arithmetic is checked against.
    """
    assert isinstance(scalar, types.FunctionType)
    if numba_config.DISABLE_JIT:
        return np.vectorize(scalar, otypes=[np.float64])
    with _caching(scalar) as cached:
        return _vectorize(cache=cached)(scalar)
