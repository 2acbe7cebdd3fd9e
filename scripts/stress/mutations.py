"""Break the code on purpose, one place at a time, and check that a test fails each time.

    python scripts/stress/mutations.py                 try all mutations
    python scripts/stress/mutations.py --only noise    try those that match a pattern
    python scripts/stress/mutations.py --list-gone     list those whose text is not in the code
    python scripts/stress/mutations.py --list          list all

There are two kinds of mutations. Those listed in mutations.txt are mistakes that a programmer could
make: a missing factor, a wrong sign, a wrong index. The others are generated: wherever the code
reads an option, the option is replaced by its default.

Each mutation is tried in a copy of the project: first with the test that noticed it last time, then
with the nearest tests (`NEAREST`), until one fails or takes far too long. Results go to
build/mutations.json; a second run tries only what has changed. The exit code is 1 if a mutation
survives, or if the code no longer contains its text. The script stops if a test that failed also
fails without the mutation.

Most of the time goes into compiling mutated kernels. What the tests compile without mutations is
kept in build/mutations/ from run to run.

Why not an existing tool: mutmut 3.8 switches between mutations when a function is called, which
compiled code cannot do, so it skips everything that Numba compiles (it made no mutation in
`w2v.losses`). cosmic-ray 8.7 takes no list: it makes 27,770 mutations of this package, most of them
of no interest, runs the same tests for each and recompiles every kernel each time, which would take
days.
"""

from __future__ import annotations

import argparse
import ast
import collections
import concurrent.futures
import dataclasses
import functools
import hashlib
import importlib
import json
import os
import queue
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "w2v"
MUTATIONS = Path(__file__).with_suffix(".txt")
OUTPUT = ROOT / "build" / "mutations.json"
FOLDER = ROOT / "build" / "mutations"
"""Copies of the project, each with the kernels that its tests have compiled."""

WAYS = "train/test_ways_of_training.py"
NUMBERS = "compare/test_compare_numbers.py"
STATE = [
    "train/test_state.py", "train/test_checkpoint.py", "train/test_resume.py",
    "train/test_resume_rules.py", "train/test_checkpoint_writer.py",
]  # fmt: skip
NEAREST = {
    "losses/softmax.py": ["losses/test_losses.py", WAYS, "gradcheck"],
    "losses/": ["losses/test_losses.py", "kernels/test_sampled_kernel.py", WAYS, "gradcheck"],
    "kernels/merge_shards.py": ["kernels/test_merging.py", "train/test_rounds.py"],
    "kernels/cuda": ["kernels/test_cuda_kernel.py", "train/test_cuda_training.py"],
    "kernels/softmax.py": ["losses/test_losses.py", WAYS, "gradcheck"],
    "kernels/": ["kernels/test_sampled_kernel.py", WAYS, "losses/test_losses.py", "kernels"],
    "train/__main__.py": ["test_flags.py", "train/test_train_command.py", "robustness", "train"],
    "train/api.py": ["train/test_api.py", "train/test_train_command.py", WAYS, "train"],
    "train/cuda.py": ["train/test_cuda_training.py", "train"],
    "train/round": ["train/test_rounds.py", "train/test_rare_events.py", "train", "engines"],
    "train/sampled": [WAYS, "test_held_out.py", "train/test_rare_events.py", "train"],
    "train/softmax.py": [WAYS, "train"],
    "train/checkpoint": [*STATE, "train"],
    "train/resume.py": [*STATE[::-1], "train"],
    "train/state.py": [*STATE, "train"],
    "train/warm_start.py": ["train/test_warm_start.py", "train"],
    "train/validation.py": ["test_held_out.py", "train"],
    "train/progress.py": ["test_reported_numbers.py", "train"],
    "train/": [WAYS, "train/test_rare_events.py", "train", "test_held_out.py"],
    "engines/": ["engines", "train/test_rounds.py"],
    "corpus/cooccurrence.py": [WAYS, "losses/test_losses.py", "corpus"],
    "corpus/subsampling.py": ["corpus/test_subsampling.py", WAYS, "corpus"],
    "corpus/shards.py": ["corpus/test_shards.py", "train/test_rounds.py", "corpus"],
    "corpus/byte_ranges.py": ["corpus/test_sources.py", "corpus/test_shards.py", "corpus"],
    "corpus/": ["corpus", WAYS, "train"],
    "noise.py": ["test_noise.py", "losses/test_losses.py"],
    "held_out.py": ["test_held_out.py", "test_reported_numbers.py"],
    "activations.py": ["test_activations.py", "gradcheck", "dense"],
    "dense/": ["dense", "project/test_examples.py"],
    "gradcheck/": ["gradcheck", "project/test_examples.py"],
    "evaluate/": ["evaluate", "test_reported_numbers.py"],
    "query.py": ["test_query.py", "test_reported_numbers.py"],
    "embeddings/": ["embeddings", "test_query.py"],
    "compare/__main__.py": ["compare/test_compare_command.py", "compare"],
    "compare/runs.py": [NUMBERS, "compare/test_compare_runs.py", "compare"],
    "compare/summary.py": ["compare/test_compare_summary.py", NUMBERS, "compare"],
    "compare/": [NUMBERS, "compare/test_compare_report.py", "compare"],
    "explore/assets/map.js": ["explore/test_explorer_map.py", "explore"],
    "explore/assets/": ["explore/test_explorer_search.py", "explore"],
    "explore/__main__.py": ["explore/test_explore_command.py", "explore/test_explorer_page.py"],
    "explore/projection.py": ["explore/test_projection.py", "explore"],
    "explore/": ["explore/test_explorer_page.py", "explore"],
    "export/": ["export"],
    "formats/": ["formats", "embeddings", "robustness"],
    "util/": ["util", "robustness"],
    "config.py": ["test_config.py"],
    "numerics/": ["numerics"],
}
"""The nearest tests, under tests/, by prefix of the path; in the order in which they are run."""
OPTIONS_TEST = "test_options.py"
"""For everything that trains; for a read of an option, its tests in this file come first."""
TRAINS = ("losses/", "kernels/", "train/", "engines/", "corpus/", "noise.py", "config.py")

CPU_SECONDS = 200
"""More than the slowest file takes, kernels and all: the mutation has made an endless loop."""
TEST_SECONDS = 900.0
"""Likewise, of a test that waits for ever."""

SURVIVED, GONE = "survived", "gone"

UNSET = {"lr": 0.05, "epochs": 5, "output_bias": False}
"""Replacements for options whose default is None, where the code needs a value."""


class Mutation(NamedTuple):
    """Replace `old` by `new` in `path`.

    Attributes:
        path: a file or folder in w2v/; in a folder, exactly one file contains `old`.
        old: the text at `place`; without `place`, text that occurs once (whitespace may differ).
        new: its replacement.
        place: (begin, end) in the file; None to search for `old`.
        tests: tests to run, under tests/; empty for those of `NEAREST`.
        option: the option of training that is read at `place`.
        number: which of the places in the file where `old` is read, from 1.
    """

    path: str
    old: str
    new: str
    place: tuple[int, int] | None = None
    tests: tuple[str, ...] = ()
    option: str = ""
    number: int = 0

    def __str__(self) -> str:
        which = f" (read {self.number})" if self.number else ""
        return f"{self.path}: {self.old}{which} => {self.new}"

    def broken(self, package: Path) -> tuple[Path, str] | None:
        """The file and its mutated text; None unless `old` occurs exactly once."""
        path = package / self.path
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.is_file()
        found = []
        for file in files:
            text = file.read_text(encoding="utf-8")
            for begin, end in self._places(text):
                found.append((file, text[:begin] + self.new + text[end:]))
        return found[0] if len(found) == 1 else None

    def _places(self, text: str) -> list[tuple[int, int]]:
        if self.place is not None:
            return [self.place]
        words = [re.escape(word) for word in self.old.split()]
        # The code may be wrapped differently: between words, and after or before a bracket.
        pattern = re.sub(r"(\\[\[({])", r"\1\\s*", r"\s+".join(words))
        pattern = re.sub(r"(?<!\\s\+)(\\[\])}])", r"\\s*\1", pattern)
        return [match.span() for match in re.finditer(pattern, text)]


def listed() -> list[Mutation]:
    """The mutations in mutations.txt."""
    found: list[Mutation] = []
    path = ""
    tests: tuple[str, ...] = ()
    for line in MUTATIONS.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            old, _, new = line.partition("=>")
            found.append(Mutation(path, old.strip(), new.strip(), tests=tests))
        else:
            path, _, names = line.strip().partition(": ")
            tests = tuple(names.split())
    return found


# --- options replaced by their defaults -----------------------------------------------------------


def of_options() -> list[Mutation]:
    """A mutation for each place where the code reads an option of training or of a command."""
    sys.path.insert(0, str(ROOT))
    config = importlib.import_module("w2v.config").TrainConfig(workers=1)
    options = {field.name for field in dataclasses.fields(config)}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name == "config.py":
            continue
        text = path.read_text(encoding="utf-8")
        flags = _flags(name, text)
        numbers: collections.Counter[str] = collections.Counter()
        for node, span in sorted(_reads(text), key=lambda read: read[1]):
            option = ""
            field = node.attr.removesuffix("_")
            if _last_name(node.value) == "config" and field in options:
                default, option = getattr(config, field), field
                if default is None and node.attr.endswith("_"):
                    default = UNSET[field]
            elif _last_name(node.value) == "arguments" and node.attr in flags:
                default = flags[node.attr]
            else:
                continue
            old = text[slice(*span)]
            numbers[old] += 1
            found.append(
                Mutation(name, old, repr(default), span, option=option, number=numbers[old])
            )
    return found


def _reads(text: str) -> Iterator[tuple[ast.Attribute, tuple[int, int]]]:
    """Every ``x.y`` that is read, with its (begin, end) in the text."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    raw = text.splitlines()

    def offset(line: int, column: int) -> int:  # columns of the tree count UTF-8 bytes
        return lines[line - 1] + len(raw[line - 1].encode()[:column].decode())

    tree = ast.parse(text)
    in_f_strings = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            if sys.version_info < (3, 12) and id(node) in in_f_strings:
                continue  # without a position of its own before Python 3.12
            assert node.end_lineno is not None
            assert node.end_col_offset is not None
            yield (
                node,
                (
                    offset(node.lineno, node.col_offset),
                    offset(node.end_lineno, node.end_col_offset),
                ),
            )


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _flags(name: str, text: str) -> dict[str, Any]:
    """The defaults of the flags of a command, by attribute name."""
    maker = re.search(r"^def (_?(?:make_)?parser)\(\)", text, re.MULTILINE)
    if maker is None:
        return {}
    module = importlib.import_module(
        "w2v." + name.removesuffix(".py").replace("/", "."),
    )
    actions = getattr(module, maker[1])()._actions
    return {
        action.dest: action.default
        for action in actions
        if action.option_strings and action.default != "==SUPPRESS=="
    }


# --- tests ----------------------------------------------------------------------------------------


def tests_of(mutation: Mutation, file: str, tests: Path) -> list[str]:
    """The tests to run for a mutation of a file in w2v/, under tests/, in order."""
    names = list(mutation.tests)
    if not names:
        names = next((names for start, names in NEAREST.items() if file.startswith(start)), [])
        if file.startswith(TRAINS):  # before whole folders, which take long
            files = [name for name in names if name.endswith(".py")]
            names = [*files, OPTIONS_TEST, *(name for name in names if name not in files)]
    missing = [name for name in names if not (tests / name.partition("::")[0]).exists()]
    if missing or not names:
        sys.exit(f"{file}: no such tests: {', '.join(missing) or 'none named in NEAREST'}")
    return names


class Copy:
    """A copy of the project in which mutations are tried, with its own cache of kernels."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.cache = folder / "cache"
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(
            ROOT, self.root, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
        )
        source_digest = importlib.import_module("w2v.numerics.jit").source_digest
        sources = [*PACKAGE.rglob("*.py"), *(self.root / "tests").rglob("*.py")]
        self.unbroken = {source_digest(path)[:16] for path in sources}  # names of cache folders

    def attempt(self, mutation: Mutation, known: str) -> str:
        """The first test that fails, `SURVIVED` or `GONE`.

        Args:
            mutation: see there.
            known: the test that noticed it last time; run first. Empty if there is none.
        """
        found = mutation.broken(self.root / "w2v")
        if found is None:
            return GONE
        path, broken = found
        original, times = path.read_bytes(), path.stat()
        try:
            path.write_text(broken, encoding="utf-8")
            if "::" in known and (self.root / "tests" / known.partition("::")[0]).exists():
                failure = self.run([known])
                if failure == known:
                    return failure
            if mutation.option:
                failure = self.run([OPTIONS_TEST, "-k", mutation.option])
                if failure is not None:
                    return failure
            file = path.relative_to(self.root / "w2v").as_posix()
            done: list[str] = []
            for name in tests_of(mutation, file, self.root / "tests"):
                failure = self.run([name, *(f"--ignore=tests/{each}" for each in done)])
                if failure is not None:
                    return failure
                done.append(name)
            return SURVIVED
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
            for folder in self.cache.glob("*/*"):  # w2v keeps so many, and deletes the oldest
                if folder.name not in self.unbroken:
                    shutil.rmtree(folder, ignore_errors=True)

    def run(self, names: list[str]) -> str | None:
        """Run tests; return the first that fails, under tests/, or None if all pass.

        Args:
            names: under tests/, or flags of pytest.
        """
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        path = ""
        for name in names:
            is_file = not name.startswith("-") and path != "-k"
            command.append(f"tests/{name}" if is_file else name)
            path = name
        command = ["sh", "-c", f'ulimit -t {CPU_SECONDS}; exec "$@"', "sh", *command]
        try:
            result = subprocess.run(
                command, cwd=self.root, env=self._env(), capture_output=True, text=True,
                check=False, timeout=TEST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no end after {TEST_SECONDS:.0f} s"
        if result.returncode in (0, NO_TESTS) or "ERROR: not found: " in result.stderr:
            return None  # the last: an id that has " - " in it
        if result.returncode == -signal.SIGXCPU:
            return f"no end after {CPU_SECONDS} s of processor time"
        if result.returncode < 0:  # such as an index outside an array, in compiled code
            return f"crashed: {signal.Signals(-result.returncode).name}"
        found = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - .*)?$", result.stdout, re.MULTILINE)
        if found:
            return found[1]
        return f"pytest ends with exit code {result.returncode}"

    def _env(self) -> dict[str, str]:
        return {
            **os.environ, "PYTHONPATH": str(self.root), "NUMBA_CACHE_DIR": str(self.cache),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # starts in half the time
        }  # fmt: skip


NO_TESTS = 5
"""Exit code of pytest: no test matches."""


# --- the record -----------------------------------------------------------------------------------


def digest_of(*folders: Path) -> str:
    """Digest of the code in all Python files, without comments and docstrings."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            digest.update(_code_of(path))
    return digest.hexdigest()[:16]


@functools.cache
def _code_of(path: Path) -> bytes:
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for statements in (getattr(node, name, None) for name in ("body", "orelse")):
            if isinstance(statements, list):
                statements[:] = [each for each in statements if not _is_docstring(each)]
    return ast.dump(tree).encode()


def _is_docstring(node: ast.AST) -> bool:
    """Whether it is a string by itself, after a definition or an attribute."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


class Record:
    """Results by mutation; mutations whose result is still valid are not tried again.

    A mutation that a test noticed is tried again after its file or the test's has changed; one that
    survived, after any code or test has changed.
    """

    def __init__(self) -> None:
        self.results: dict[str, dict[str, str]] = {}
        self.everything = digest_of(PACKAGE, ROOT / "tests")
        if OUTPUT.exists():
            self.results = json.loads(OUTPUT.read_text(encoding="utf-8"))

    def settled(self, mutation: Mutation) -> bool:
        """Whether the result of a mutation is known and still valid."""
        entry = self.results.get(str(mutation))
        if entry is None:
            return False
        return entry["files"] == self._files(mutation, entry["result"])

    def noticed_by(self, mutation: Mutation) -> str:
        """The test that noticed a mutation last time; empty if it is not known."""
        return self.results.get(str(mutation), {}).get("result", "")

    def note(self, mutation: Mutation, result: str, seconds: float) -> None:
        """Record a result."""
        self.results[str(mutation)] = {
            "result": result, "seconds": f"{seconds:.0f}", "files": self._files(mutation, result),
        }  # fmt: skip
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")

    def _files(self, mutation: Mutation, result: str) -> str:
        """Digest of the files that a result depends on."""
        found = mutation.broken(PACKAGE)
        test = ROOT / "tests" / result.partition("::")[0]
        if found is None or result in (SURVIVED, GONE) or not test.is_file():
            return self.everything
        return digest_of(found[0], test)


def main() -> int:
    """Try every mutation whose result is not known or no longer valid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="only mutations that match this pattern")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="time limit")
    parser.add_argument("--again", action="store_true", help="also try those with a known result")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="copies at once")
    parser.add_argument("--tests", nargs="+", help="tests to run, under tests/ (default: nearest)")
    parser.add_argument("--list", action="store_true", help="list the mutations and exit")
    parser.add_argument("--list-gone", action="store_true", help="list those not in the code")
    args = parser.parse_args()
    chosen = [each for each in [*listed(), *of_options()] if re.search(args.only, str(each))]
    if args.tests:
        chosen = [each._replace(tests=tuple(args.tests)) for each in chosen]
    if args.list or args.list_gone:
        gone = [each for each in chosen if each.broken(PACKAGE) is None]
        print(*(gone if args.list_gone else chosen), sep="\n")
        return int(args.list_gone and bool(gone))
    record = Record()
    left = [each for each in chosen if args.again or not record.settled(each)]
    if left:
        _try_all(left, record, args.workers, time.monotonic() + 60 * args.minutes)
    results = [record.results[str(each)]["result"] for each in chosen if record.settled(each)]
    n_survived, n_gone = results.count(SURVIVED), results.count(GONE)
    untried = len(chosen) - len(results)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:,.0f} s of processor time for {len(left)} mutations")
    print(
        f"{len(results) - n_survived - n_gone} noticed, {n_survived} survived, {n_gone} gone from "
        f"the code, {untried} not tried"
    )
    return 1 if n_survived or n_gone or untried else 0


def _try_all(left: list[Mutation], record: Record, workers: int, deadline: float) -> None:
    """Try mutations in parallel, each worker in its own copy of the project."""
    copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    for number in range(workers):
        copies.put(Copy(FOLDER / str(number)))
    passing: set[str] = set()

    def attempt(mutation: Mutation) -> None:
        if time.monotonic() > deadline:
            return
        copy = copies.get()
        started = time.monotonic()
        try:
            result = copy.attempt(mutation, record.noticed_by(mutation))
            if "::" in result and result not in passing:
                if copy.run([result]) is not None:
                    sys.exit(f"{result} fails without any mutation; fix it first")
                passing.add(result)
        finally:
            copies.put(copy)
        record.note(mutation, result, time.monotonic() - started)
        print(f"{result}\n    {mutation}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        list(pool.map(attempt, left))


if __name__ == "__main__":
    sys.exit(main())
