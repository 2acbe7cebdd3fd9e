"""The one place that decides how Numba compiles: flags, the cache on disk, frozen constants."""

from __future__ import annotations

import hashlib
import os
import shutil
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite.binding
import numba

numba_config: Any = numba.config

FASTMATH = frozenset({"reassoc", "contract", "nsz"})
"""The licences given to LLVM, and no others.

`reassoc` lets a dot product be summed in vector lanes, `contract` fuses multiply and add, `nsz`
is needed by LLVM for both. `nnan` and `ninf` are absent on purpose: NaN and infinity must travel
through a kernel to be noticed at its end.
"""


def _lanes() -> int:
    """See `LANES`."""
    features = numba_config.CPU_FEATURES
    if features is None:
        features = llvmlite.binding.get_host_cpu_features().flatten()
    return 16 if "+avx512f" in features.split(",") else 8


LANES = _lanes()
"""Numbers in a vector of the code that is written for registers: a float32 register of AVX-512, or
of AVX2; two of NEON or SSE. Twice a register's size would work too, but needs two for each sum."""

KEPT_CACHE_VERSIONS = 8
"""How many versions of compiled kernels stay on disk; the oldest go first."""


def _cache_dir() -> Path | None:
    """Folder for compiled kernels, named after every source file of the package.

    Numba notices an edit only in the file that holds a function, not in the functions that it
    inlines from elsewhere. A folder a version of the sources makes a stale kernel impossible.
    None where no such folder can be written; kernels are then compiled in each process.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    root = os.environ.get("NUMBA_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    versions = Path(root).expanduser() / "w2v-kernels"
    folder = versions / digest.hexdigest()[:16]
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            by_age = sorted(versions.iterdir(), key=lambda entry: entry.stat().st_mtime)
            for old in by_age[:-KEPT_CACHE_VERSIONS]:
                shutil.rmtree(old, ignore_errors=True)
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None
    return folder if os.access(folder, os.W_OK) else None


_CACHE_DIR = _cache_dir()


def jit(function: Callable[..., Any], *, inline: bool = False) -> Any:
    """Compile `function` with Numba on first call: no GIL, cached on disk, `FASTMATH`.

    With `inline`, compiled callers get a copy of its code in place of a call: worth it where many
    arrays are passed, each of which costs a call seven arguments and a count of references.
    """
    previous = numba_config.CACHE_DIR
    if _CACHE_DIR is not None:
        numba_config.CACHE_DIR = str(_CACHE_DIR)
    try:
        return numba.njit(
            nogil=True,
            cache=_CACHE_DIR is not None,
            fastmath=set(FASTMATH),
            error_model="numpy",  # division by zero gives inf, and costs no branch
            inline="always" if inline else "never",
        )(function)
    finally:
        numba_config.CACHE_DIR = previous


def specialise(
    template: Callable[..., Any], name: str, *, inline: bool = False, **constants: Any
) -> Any:
    """A compiled copy of `template` in which global names are frozen to `constants`.

    Numba treats globals as compile-time constants, so LLVM sees, for example, the vector size as
    a number, and a loss function as code to inline. `name` must tell apart all the constants: it
    names the compiled copy on disk.
    """
    frozen = {**template.__globals__, **constants}
    copy = types.FunctionType(template.__code__, frozen, template.__name__, template.__defaults__)
    copy.__qualname__ = f"{template.__qualname__}-{name}"
    copy.__module__ = template.__module__
    return jit(copy, inline=inline)
