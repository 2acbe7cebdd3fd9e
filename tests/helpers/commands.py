"""Run commands as a user does, and see their output, exit code, files and memory.

`Commands` starts one process that imports everything once, and forks: a command then takes a few
hundredths of a second, and still is a process of its own, with its own streams, folder and limits.
If there is a C compiler, `faults.c` is preloaded into the process, which can make system calls
fail.

    python commands.py    is that process: a JSON line in for each command, a JSON line out
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import runpy
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SLOWEST_SECONDS = 600
VECTOR_SIZE = 8
"""Vector size for which the kernels of all losses are compiled in advance."""
FOLDER = Path(__file__).parent

CALLS = {"write": 0, "sync": 1, "rename": 2, "create": 3, "grow": 4, "mkdir": 5}
"""As faults.c numbers them: write and pwrite; fsync; rename; open with O_CREAT; posix_fallocate
and ftruncate; mkdir."""


@dataclass(frozen=True)
class Fault:
    """The nth call of a kind, on a file in `folder`, fails with an error number.

    If the number is 0, the call writes only a part of its data.
    """

    folder: Path
    call: str
    nth: int
    number: int


@dataclass(frozen=True)
class Result:
    """The outcome of a command.

    Attributes:
        code: its exit code, or the negative number of the signal that killed it.
        out, err: its output.
        peak_mb: its peak memory, including Python and all libraries.
        calls: number of calls of the kind of the `Fault`.
    """

    code: int
    out: str
    err: str
    peak_mb: int
    calls: int


class Commands:
    """Runs commands; `close` ends the process behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.can_fail = False
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100"}
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is not None and sys.platform == "linux":
            library = folder / "faults.so"
            command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library)]
            command += [str(FOLDER / "faults.c"), "-ldl"]
            self.can_fail = subprocess.run(command, capture_output=True).returncode == 0
            if self.can_fail:
                environment["LD_PRELOAD"] = str(library)
        python = [sys.executable, "-W", "ignore", __file__]
        # In another process: compilation takes memory, which forked processes would inherit.
        subprocess.run([*python, "compile"], cwd=folder, check=True)
        self._process = subprocess.Popen(
            python,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=folder, text=True,
        )  # fmt: skip

    def run(
        self, module: str, *arguments: object, cwd: Path, stdin: Path | bytes | None = b"",
        stdout: Path | None = None, more_mb: int | None = None, fault: Fault | None = None,
        **environment: str,
    ) -> Result:  # fmt: skip
        """Run ``python -m module arguments``.

        Args:
            module: such as ``w2v.train``.
            arguments: of the command.
            cwd: where it runs.
            stdin: a file, or bytes; None closes it.
            stdout: a file to print to; `Result.out` is then empty.
            more_mb: address space it may take in addition to what it has at its start.
            fault: see `Fault`.
            environment: further variables.
        """
        out, err, given = (self._folder / name for name in ("out", "err", "in"))
        if isinstance(stdin, bytes):
            given.write_bytes(stdin)
            stdin = given
        request = {
            "module": module, "arguments": list(map(str, arguments)), "cwd": str(cwd),
            "stdin": stdin and str(stdin), "stdout": str(stdout or out), "stderr": str(err),
            "more_mb": more_mb, "environment": environment,
            "fault": fault and [str(fault.folder), CALLS[fault.call], fault.nth, fault.number],
        }  # fmt: skip
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        text = "" if stdout else out.read_text(errors="replace")
        return Result(out=text, err=err.read_text(errors="replace"), **answer)

    def close(self) -> None:
        self._process.communicate()


# --- the process that forks -------------------------------------------------------------------


def _prepare() -> None:
    """Import and compile what commands need, so that they need not do it."""
    import w2v
    from w2v import export  # noqa: F401
    from w2v.compare import report, runs  # noqa: F401
    from w2v.explore import page  # noqa: F401
    from w2v.losses import LOSSES
    from w2v.train import api, progress  # noqa: F401

    with contextlib.suppress(ImportError):
        import pyarrow.parquet  # noqa: F401
    text = Path("prepare.txt")
    text.write_text("a b\nb c é\n" * 10)
    options = {"vector_size": VECTOR_SIZE, "epochs": 1, "min_count": 1, "workers": 1, "sample": 0}
    for loss in LOSSES:
        wv = w2v.train_embeddings(text, loss=loss, **options)
    for suffix in (".bin", ".txt", ".safetensors"):
        wv.save(f"prepare{suffix}")
        w2v.load(f"prepare{suffix}").most_similar("a")


def _run_here(request: dict[str, Any]) -> None:
    """In the forked process: set up its streams, folder and limits, and run the command."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.alarm(SLOWEST_SECONDS)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, name, how in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", flags),
        (2, "stderr", flags),
    ):
        if request[name] is None:
            os.close(number)
            continue
        descriptor = os.open(request[name], how, 0o666)
        os.dup2(descriptor, number)
        os.close(descriptor)
    # As Python opens them, block by block where they are files.
    sys.stdin = None if request["stdin"] is None else open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.update(request["environment"])
    tempfile.tempdir = None  # TMPDIR may have changed
    os.chdir(request["cwd"])
    sys.argv = [request["module"], *request["arguments"]]
    sys.path[0] = ""
    if request["more_mb"] is not None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + request["more_mb"] * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if request["fault"]:
        folder, *numbers = request["fault"]
        ctypes.CDLL(None).w2v_fail(folder.encode(), *map(ctypes.c_long, numbers))
    code = 0
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _serve() -> None:
    _prepare()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            _run_here(request)
        _, status, usage = os.wait4(process, 0)
        answer = {
            "code": os.waitstatus_to_exitcode(status), "peak_mb": usage.ru_maxrss // 1024,
            "calls": ctypes.CDLL(None).w2v_seen() if request["fault"] else 0,
        }  # fmt: skip
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:] == ["compile"]:
        _prepare()
    else:
        _serve()
