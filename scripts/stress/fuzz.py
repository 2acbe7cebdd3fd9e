"""Fuzz the readers, guided by coverage and with a memory limit, and keep inputs that fail.

    python scripts/stress/fuzz.py                              every reader, 30 minutes each
    python scripts/stress/fuzz.py "word2vec text" --minutes 2  one of them

Needs the extra `fuzz` (atheris, libFuzzer for Python). The readers are those of
`tests/helpers/readers.py`, which defines what each must do with arbitrary bytes. Inputs that reach
new code are kept in build/fuzz and reused. An input that fails is kept there as well, and the
script ends with exit code 1: turn that input into a test.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "fuzz"

MEMORY_BYTES = 3 * 2**30
"""Limit of the address space (RLIMIT_AS), of which Python, NumPy, Numba and LLVM use about 2 GB."""
RESIDENT_MB = 1024
SLOWEST_SECONDS = 10
LONGEST_INPUT = 4096
AT_ONCE_SECONDS = 300
"""Then a new process continues: the memory of some readers grows, but only under atheris."""

WORDS_TO_TRY = (
    "1000000000000 300\\x0a", "0 0\\x0a", "-1 -1\\x0a", "1 1\\x0a", "nan", "-inf", "1e39", "1e-46",
    "0.1_0", "+.5e-1",
    "\\xef\\xbb\\xbf", "\\xff\\xfe", "\\xc2\\xa0", "\\xe2\\x80\\xa8", "\\x0d\\x0a",
    "\\xed\\xa0\\x80", "\\xf4\\x90\\x80\\x80", "\\x00", "\\x1c", "\\x85",
    '\\"__metadata__\\":', '\\"dtype\\":\\"F32\\"', '\\"BF16\\"', '\\"shape\\":[', "4294967296",
    "9223372036854775807", '\\"data_offsets\\":[0,', '\\"center_vectors\\"', '\\"words_utf8\\"',
    "\\x1f\\x8b\\x08", "BZh9", "\\xfd7zXZ\\x00", "\\x28\\xb5\\x2f\\xfd", "[[", "'''", "{a={b=1}}",
    "1979-05-27T07:32:00Z", ": ", "#", "NaN", "Infinity", "1e999",
)  # fmt: skip
"""Tokens that random bytes rarely produce, in the notation of libFuzzer's dictionaries."""


def fuzz(name: str, modules: tuple[str, ...], corpus: Path, seconds: int) -> None:
    """Fuzz one reader, guided by the coverage of `modules`. Ends the process."""
    import atheris

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    sys.path.insert(0, str(ROOT / "tests" / "helpers"))
    # Compiled functions cannot be instrumented, and the coverage of NumPy would drown the rest.
    own = [path.relative_to(ROOT).with_suffix("") for path in ROOT.glob("w2v/**/*.py")]
    unwatched = {".".join(path.parts).removesuffix(".__init__") for path in own}
    unwatched -= {module for module in unwatched if module.startswith(modules)}
    packages = {module.split(".")[0] for module in modules}
    for module in packages & set(sys.modules):  # standard library modules that atheris has loaded
        del sys.modules[module]
    with atheris.instrument_imports(include=list(packages), exclude=list(unwatched)):
        import readers
    reader = readers.READERS[name]
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(reader.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    shared_memory = Path("/dev/shm")
    folder = tempfile.TemporaryDirectory(dir=shared_memory if shared_memory.is_dir() else None)
    tempfile.tempdir = folder.name  # for temporary files of the readers: a disk would be slow
    path = Path(folder.name, f"fuzzed{reader.suffix}")
    for seed in reader.seeds():  # compile kernels before the time limit of each input applies
        readers.attempt(reader, path, seed)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        """Half of the time, mutate the payload (after a length field, or compressed)."""
        parts = reader.inside(data) if seed % 2 else None
        if parts is None:
            return bytes(atheris.Mutate(data, max_size))
        part, build = parts
        return build(bytes(atheris.Mutate(part, max_size)))[:max_size]

    def attempt(data: bytes) -> None:
        try:
            readers.attempt(reader, path, data)
        except BaseException:
            (corpus.parent / f"find-{hashlib.sha256(data).hexdigest()[:16]}").write_bytes(data)
            raise

    dictionary = Path(folder.name, "words")
    dictionary.write_text("".join(f'"{word}"\n' for word in WORDS_TO_TRY))
    atheris.Setup(
        [
            sys.argv[0], str(corpus), f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}",
            f"-rss_limit_mb={RESIDENT_MB}", f"-timeout={SLOWEST_SECONDS}", f"-dict={dictionary}",
            f"-artifact_prefix={corpus.parent}/", "-print_final_stats=1", "-use_value_profile=1",
        ],
        attempt,
        custom_mutator=mutate,
    )  # fmt: skip
    atheris.Fuzz()


def run(reader: Any, seconds: int) -> bool:
    """Fuzz one reader; return whether no input failed."""
    while seconds > 0:
        if not _run_once(reader, min(seconds, AT_ONCE_SECONDS)):
            return False
        seconds -= AT_ONCE_SECONDS
    return True


def _run_once(reader: Any, seconds: int) -> bool:
    """Fuzz in a new process; return whether no input failed."""
    name = reader.name
    folder = KEPT / re.sub(r"\W", "-", name)
    command = [
        sys.executable, __file__, reader.name, "--corpus", str(folder / "corpus"),
        "--modules", *reader.modules, "--seconds", str(seconds),
    ]  # fmt: skip
    process = subprocess.run(command, stderr=subprocess.PIPE, text=True, errors="replace")
    found = dict(re.findall(r"stat::(\w+): +(\d+)", process.stderr))
    done = re.search(r"Done \d+ runs in (\d+) second", process.stderr)
    if process.returncode != 0 or done is None or not found:
        lines = [line for line in process.stderr.splitlines() if not line.startswith("#")]
        print(*lines[-40:], sep="\n", file=sys.stderr)
        print(f"{name}: FAILED; see the input in {folder}", file=sys.stderr)
        return False
    print(
        f"{name}: {int(found['number_of_executed_units']):,} inputs in {done[1]} s, at most "
        f"{found['peak_rss_mb']} MB",
        flush=True,
    )
    return True


def main() -> int:
    """See the module's header."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("readers", nargs="*", help="names of readers (default: all)")
    parser.add_argument("--minutes", type=float, default=30, help="for each reader (default: 30)")
    for option in ("--corpus", "--seconds", "--modules"):  # used by `_run_once`
        parser.add_argument(option, nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.corpus:
        (name,), (corpus,), (seconds,) = arguments.readers, arguments.corpus, arguments.seconds
        fuzz(name, tuple(arguments.modules), Path(corpus), int(seconds))
        return 0
    sys.path.insert(0, str(ROOT / "tests" / "helpers"))
    from readers import READERS

    unknown = [name for name in arguments.readers if name not in READERS]
    if unknown:
        parser.error(f"{unknown[0]}: no such reader; choose from {', '.join(READERS)}")
    chosen = [READERS[name] for name in arguments.readers or READERS]
    well = [run(reader, round(arguments.minutes * 60)) for reader in chosen]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
