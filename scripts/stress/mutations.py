"""Break the code on purpose, one place at a time, and check that a test fails each time.

    python scripts/stress/mutations.py                 try all mutations
    python scripts/stress/mutations.py --only noise    try those that match a pattern
    python scripts/stress/mutations.py --list-gone     list those whose text is not in the code
    python scripts/stress/mutations.py --list          list all

There are two kinds. The lines of mutations.txt are faults that a programmer could make: a missing
factor, a wrong sign, a wrong index. The others are generated: wherever the code reads an option,
the default of the option replaces it.

Each mutation is tried in a copy of the project with the nearest tests (`NEAREST`), until one fails
or takes far too long. Results go to build/mutations.json; a second run tries only what has changed.
The exit code is 1 if a mutation survives or its text is gone. The script stops if the tests fail
without any mutation.

Existing tools do not fit. mutmut 3.8 switches between mutations when a function is called, which
compiled code cannot do, so it skips everything that Numba compiles (it made no mutation in
`w2v.losses`). cosmic-ray 8.7 does not have this problem, but takes no list: it makes 27,770
mutations of this package, most of them of no interest, runs the same tests for each and recompiles
every kernel each time, which would take days.
"""

from __future__ import annotations

import argparse
import ast
import concurrent.futures
import hashlib
import importlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "w2v"
MUTATIONS = Path(__file__).with_suffix(".txt")
OUTPUT = ROOT / "build" / "mutations.json"

NEAREST = {
    "losses/": ["losses", "kernels", "train/test_ways_of_training.py"],
    "kernels/merge_shards.py": ["kernels/test_merging.py", "train/test_rounds.py"],
    "kernels/": ["kernels", "train/test_ways_of_training.py", "losses", "gradcheck"],
    "train/": ["train", "test_held_out.py"],
    "engines/": ["engines", "train/test_rounds.py"],
    "corpus/cooccurrence.py": ["train/test_ways_of_training.py", "losses", "corpus"],
    "corpus/subsampling.py": ["corpus", "train/test_ways_of_training.py"],
    "corpus/": ["corpus", "train"],
    "noise.py": ["test_noise.py", "losses"],
    "held_out.py": ["test_held_out.py"],
    "activations.py": ["test_activations.py", "gradcheck", "dense"],
    "dense/": ["dense", "project/test_examples.py"],
    "gradcheck/": ["gradcheck", "project/test_examples.py"],
    "evaluate/": ["evaluate"],
    "query.py": ["test_query.py"],
    "embeddings.py": ["test_embeddings.py", "test_query.py"],
    "compare/": ["compare"],
    "explore/": ["explore"],
    "export/": ["export"],
    "formats/": ["formats", "test_embeddings.py", "robustness"],
    "util/": ["util", "robustness"],
    "config.py": ["test_config.py"],
    "numerics/": ["numerics"],
}
"""The nearest tests, under tests/, by prefix of the path; in the order in which they are run."""
OPTIONS_TEST = "test_options.py"
"""Run first for options, and last for everything that trains."""
TRAINS = ("losses/", "kernels/", "train/", "engines/", "corpus/", "noise.py", "config.py")

TEST_SECONDS = 600.0
"""Longer than the nearest tests of any file take: the mutation has made an endless loop."""

SURVIVED, GONE = "survived", "gone"

UNSET = {"lr": 0.05, "epochs": 5, "output_bias": False, "hot_words": 1_000}
"""Replacements for options whose default is None, where the code needs a value."""


class Mutation(NamedTuple):
    """Replace `old` by `new` in `path`.

    Attributes:
        path: a file or folder in w2v/; in a folder, exactly one file contains `old`.
        old: the text at `place`; without `place`, text that occurs once (whitespace may differ).
        new: its replacement.
        place: (begin, end) in the file; None to search for `old`.
        tests: tests to run, under tests/; empty for those of `NEAREST`.
    """

    path: str
    old: str
    new: str
    place: tuple[int, int] | None = None
    tests: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = "" if self.place is None else f" at {self.place[0]}"
        return f"{self.path}{where}: {self.old} => {self.new}"

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
    path, tests = "", ()
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
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name == "config.py":
            continue
        text = path.read_text(encoding="utf-8")
        flags = _flags(name, text)
        for node, span in _reads(text):
            field = node.attr.removesuffix("_")
            if _last_name(node.value) == "config" and hasattr(config, field):
                default = getattr(config, field)
                if default is None and node.attr.endswith("_"):
                    default = UNSET[field]
            elif _last_name(node.value) == "arguments" and node.attr in flags:
                default = flags[node.attr]
            else:
                continue
            found.append(Mutation(name, text[slice(*span)], repr(default), span))
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


def tests_of(mutation: Mutation, tests: Path) -> list[str]:
    """The tests to run for a mutation, under tests/, in order."""
    path = mutation.path
    if mutation.tests:
        names = list(mutation.tests)
    else:
        names = next((names for start, names in NEAREST.items() if path.startswith(start)), [])
        if mutation.place is not None:
            names = [OPTIONS_TEST, *names]
        elif path.startswith(TRAINS):
            names = [*names, OPTIONS_TEST]
    missing = [name for name in names if not (tests / name).exists()]
    if missing or not names:
        sys.exit(f"{path}: no such tests: {', '.join(missing) or 'none named in NEAREST'}")
    return names


class Copy:
    """A copy of the project in which mutations are tried, with its own cache of kernels."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        shutil.copytree(
            ROOT, self.root, ignore=shutil.ignore_patterns(".*", "__pycache__", "build", "dist")
        )
        self.cache = folder / "cache"

    def attempt(self, mutation: Mutation) -> str:
        """The first test that fails, `SURVIVED` or `GONE`."""
        found = mutation.broken(self.root / "w2v")
        if found is None:
            return GONE
        path, broken = found
        original, times = path.read_bytes(), path.stat()
        try:
            path.write_text(broken, encoding="utf-8")
            failure = self.run(tests_of(mutation, self.root / "tests"))
            # A flaky test does not count: it must fail again on its own.
            if failure is not None and "::" in failure and self.run([failure]) is None:
                return SURVIVED
            return failure or SURVIVED
        finally:
            path.write_bytes(original)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run(self, names: list[str]) -> str | None:
        """Run tests; return the first that fails, under tests/, or None if all pass."""
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n0"]
        try:
            result = subprocess.run(
                [*command, *(f"tests/{name}" for name in names)], cwd=self.root, env=self._env(),
                capture_output=True, text=True, check=False, timeout=TEST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"no end after {TEST_SECONDS:.0f} s"
        if result.returncode == 0:
            return None
        found = re.search(r"^(?:FAILED|ERROR) tests/(.+?)(?: - .*)?$", result.stdout, re.MULTILINE)
        if found:
            return found[1]
        return (result.stdout + result.stderr).strip().splitlines()[-1]

    def _env(self) -> dict[str, str]:
        return {
            **os.environ, "PYTHONPATH": str(self.root), "NUMBA_CACHE_DIR": str(self.cache),
            "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip


# --- the record -----------------------------------------------------------------------------------


def digest_of(*folders: Path) -> str:
    """Digest of the contents of all Python files."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Record:
    """Results by mutation; mutations whose result is still valid are not tried again.

    A mutation that a test noticed is tried again after its file has changed; one that survived is
    tried again after any code or test has changed.
    """

    def __init__(self, again: bool) -> None:
        self.results: dict[str, dict[str, str]] = {}
        self.everything = digest_of(PACKAGE, ROOT / "tests")
        if OUTPUT.exists() and not again:
            self.results = json.loads(OUTPUT.read_text(encoding="utf-8"))

    def settled(self, mutation: Mutation) -> bool:
        """Whether the result of a mutation is known and still valid."""
        entry = self.results.get(str(mutation))
        if entry is None or entry["file"] != self._file(mutation):
            return False
        return entry["result"] not in (SURVIVED, GONE) or entry["all"] == self.everything

    def note(self, mutation: Mutation, result: str, seconds: float) -> None:
        """Record a result."""
        self.results[str(mutation)] = {
            "result": result, "seconds": f"{seconds:.0f}", "file": self._file(mutation),
            "all": self.everything,
        }  # fmt: skip
        OUTPUT.parent.mkdir(exist_ok=True)
        OUTPUT.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")

    def _file(self, mutation: Mutation) -> str:
        path = PACKAGE / mutation.path
        return digest_of(path) if path.exists() else ""


def main() -> int:
    """Try every mutation whose result is not known or no longer valid."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="only mutations that match this pattern")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="time limit")
    parser.add_argument("--again", action="store_true", help="also try those with a known result")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="tried at once")
    parser.add_argument("--tests", nargs="+", help="run these, under tests/, not the nearest")
    parser.add_argument("--list", action="store_true", help="list the mutations and exit")
    parser.add_argument("--list-gone", action="store_true", help="list those whose text is gone")
    args = parser.parse_args()
    chosen = [each for each in [*listed(), *of_options()] if re.search(args.only, str(each))]
    if args.tests:
        chosen = [each._replace(tests=tuple(args.tests)) for each in chosen]
    if args.list or args.list_gone:
        gone = [each for each in chosen if each.broken(PACKAGE) is None]
        print(*(gone if args.list_gone else chosen), sep="\n")
        return int(args.list_gone and bool(gone))
    record = Record(args.again)
    left = [mutation for mutation in chosen if not record.settled(mutation)]
    if left:
        _try_all(left, record, args.workers, time.monotonic() + 60 * args.minutes)
    results = [record.results[str(each)]["result"] for each in chosen if record.settled(each)]
    survived, gone = results.count(SURVIVED), results.count(GONE)
    untried = len(chosen) - len(results)
    print(
        f"{len(results) - survived - gone} noticed, {survived} survived, {gone} gone from the "
        f"code, {untried} not tried"
    )
    return 1 if survived or gone or untried else 0


def _try_all(left: list[Mutation], record: Record, workers: int, deadline: float) -> None:
    """Try mutations in parallel, each worker in its own copy of the project."""
    with tempfile.TemporaryDirectory() as folder:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        made = [Copy(Path(folder) / str(number)) for number in range(min(workers, len(left)))]
        needed = {
            name: None for mutation in left for name in tests_of(mutation, made[0].root / "tests")
        }

        def check(copy: Copy) -> None:
            """Check that the tests pass without mutations; this also compiles the kernels."""
            failure = copy.run(list(needed))
            if failure is not None:
                sys.exit(f"{failure} fails without any mutation; fix it first")
            copies.put(copy)

        def attempt(mutation: Mutation) -> None:
            if time.monotonic() > deadline:
                return
            copy = copies.get()
            started = time.monotonic()
            try:
                result = copy.attempt(mutation)
            finally:
                copies.put(copy)
            record.note(mutation, result, time.monotonic() - started)
            print(f"{result}\n    {mutation}", flush=True)

        with concurrent.futures.ThreadPoolExecutor(len(made)) as pool:
            list(pool.map(check, made))
            list(pool.map(attempt, left))


if __name__ == "__main__":
    sys.exit(main())
