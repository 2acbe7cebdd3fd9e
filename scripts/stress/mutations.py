"""Break the code on purpose, one place at a time, and see that a test goes red each time.

    python scripts/stress/mutations.py [--only TEXT] [--minutes M] [--again]

The ways to break it are in mutations.txt. Works on a copy of the project in a temporary folder.
Writes build/mutations.json and build/mutations.md after each mutation, and continues from what is
there: a mutation is tried again when its line or the file that it breaks has changed, and one
that survived when any code or test has. Exits with 1 if a mutation survived, or its text is no
longer in the code, and refuses to begin where the tests fail before anything is broken.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
MUTATIONS = Path(__file__).with_suffix(".txt")
OUTPUT = ROOT / "build" / "mutations"

NEAREST = {
    "losses/": ("losses", "sampled_kernel", "runs", "yardstick", "gradcheck"),
    "kernels/merging.py": ("merging", "sharded"),
    "rounds.py": ("sharded",),
    "sharded.py": ("sharded",),
    "corpus/ranges.py": ("shards", "sharded"),
    "corpus/shards.py": ("shards", "sharded"),
    "kernels/": ("sampled_kernel", "runs", "losses", "gradcheck"),
    "activations.py": ("activations", "gradcheck", "dense"),
    "dense": ("dense", "examples"),
    "gradcheck/": ("gradcheck", "examples"),
    "noise.py": ("noise", "losses"),
    "pairs.py": ("pairs", "runs"),
    "cooccurrence.py": ("runs", "losses"),
    "yardstick.py": ("yardstick",),
    "validation.py": ("yardstick",),
    "comparison.py": ("compare",),
    "results.py": ("compare",),
    "plots.py": ("compare",),
}
"""The tests that should notice, by the beginning of a path; all others are asked if they do not."""
ELSEWHERE = ("runs", "trainer")

SURVIVED, GONE = "survived", "gone"


class Mutation(NamedTuple):
    """In `path`, `old`, which occurs once, becomes `new`."""

    path: str
    old: str
    new: str

    def broken(self, text: str) -> str | None:
        """The text with the mutation in it; None unless `old` is there once."""
        words = [re.escape(word) for word in self.old.split()]
        # Lines may have been broken anew: between words, and after or before a bracket.
        pattern = re.sub(r"(\\[\[({])", r"\1\\s*", r"\s+".join(words))
        pattern = re.sub(r"(?<!\\s\+)(\\[\])}])", r"\\s*\1", pattern)
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            return None
        return text[: found[0].start()] + self.new + text[found[0].end() :]


def read_mutations() -> list[Mutation]:
    """Every line of the list."""
    found: list[Mutation] = []
    path = ""
    for line in MUTATIONS.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            old, _, new = line.partition("=>")
            found.append(Mutation(path, old.strip(), new.strip()))
        else:
            path = line.strip()
    return found


def run_tests(copy: Path, names: list[str]) -> str | None:
    """The first test that fails in a copy of the project, or None."""
    environment = {
        **os.environ, "PYTHONPATH": str(copy), "NUMBA_CACHE_DIR": str(copy / "cache"),
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *names],
        cwd=copy, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", result.stdout, re.MULTILINE)
    return found.group(1) if found else result.stdout.strip().splitlines()[-1]


def test_files(copy: Path, path: str) -> tuple[list[str], list[str]]:
    """The tests nearest to a file of w2v, and all others."""
    near = next((names for start, names in NEAREST.items() if path.startswith(start)), ELSEWHERE)
    nearest = [f"tests/test_{name}.py" for name in near]
    every = sorted(f"tests/{file.name}" for file in (copy / "tests").glob("test_*.py"))
    return nearest, [file for file in every if file not in nearest]


def attempt(copy: Path, mutation: Mutation) -> str:
    """The first test that notices, `SURVIVED` or `GONE`."""
    path = copy / "w2v" / mutation.path
    original = path.read_text(encoding="utf-8")
    broken = mutation.broken(original)
    if broken is None:
        return GONE
    try:
        path.write_text(broken, encoding="utf-8")
        for names in test_files(copy, mutation.path):
            failure = run_tests(copy, names)
            # A test that only fails now and then has noticed nothing.
            if failure is not None and run_tests(copy, [failure]) is not None:
                return failure
        return SURVIVED
    finally:
        path.write_text(original, encoding="utf-8")


def digest(*paths: Path) -> str:
    """Of the contents of files."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


def digest_of_all() -> str:
    """Of the code and the tests."""
    return digest(*sorted((ROOT / "w2v").rglob("*.py")), *sorted((ROOT / "tests").rglob("*.py")))


def is_settled(entry: dict[str, str] | None, mutation: Mutation, everything: str) -> bool:
    """Whether a mutation need not be tried again; `everything` is `digest_of_all`."""
    if entry is None or entry["file"] != digest(ROOT / "w2v" / mutation.path):
        return False
    return entry["result"] not in (SURVIVED, GONE) or entry.get("all") == everything


def key(mutation: Mutation) -> str:
    """Names a mutation in the record."""
    return f"{mutation.path}: {mutation.old} => {mutation.new}"


def code(text: str) -> str:
    """A span of code in a cell of a Markdown table."""
    return f"`{text}`".replace("|", r"\|") if text else "nothing"


def write(report: dict[str, Any], mutations: list[Mutation]) -> None:
    """The report as JSON, and as a table in the order of the list."""
    known = {key(mutation): mutation for mutation in mutations}
    record = {name: report["mutations"][name] for name in known if name in report["mutations"]}
    text = json.dumps({**report, "mutations": record}, indent=1) + "\n"
    OUTPUT.with_suffix(".json").write_text(text, encoding="utf-8")
    if not record:
        return
    results = [entry["result"] for entry in record.values()]
    dates = sorted({entry["date"] for entry in record.values()})
    noticed = len(results) - results.count(SURVIVED) - results.count(GONE)
    lines = [
        "# Mutations",
        "",
        "Each line is a way to break the code. It was done in a copy of the project, and the tests",
        "were run, the nearest ones first, until one failed. By `scripts/stress/mutations.py`, "
        + " to ".join(dict.fromkeys((dates[0], dates[-1])))
        + ".",
        "",
        f"{noticed} of {len(known)} were noticed, {results.count(SURVIVED)} survived, "
        f"{results.count(GONE)} have lost their text, {len(known) - len(results)} are still to be "
        "tried.",
    ]
    path = None
    for name, entry in record.items():
        mutation = known[name]
        if mutation.path != path:
            path = mutation.path
            lines += ["", f"## {path}", "", "| reads | becomes | noticed by |", "|---|---|---|"]
        result = entry["result"]
        noticed_by = f"**{result}**" if result in (SURVIVED, GONE) else code(result)
        lines.append(f"| {code(mutation.old)} | {code(mutation.new)} | {noticed_by} |")
    OUTPUT.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Try every mutation that is not on record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help="only mutations with this in path or text")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--again", action="store_true", help="also those that are on record")
    args = parser.parse_args()
    started = time.monotonic()
    mutations = read_mutations()
    report: dict[str, Any] = {"unbroken": {}, "mutations": {}}
    if OUTPUT.with_suffix(".json").exists():
        report = json.loads(OUTPUT.with_suffix(".json").read_text(encoding="utf-8"))
    record, everything = report["mutations"], digest_of_all()
    chosen = [mutation for mutation in mutations if args.only in key(mutation)]
    left = [
        mutation
        for mutation in chosen
        if args.again or not is_settled(record.get(key(mutation)), mutation, everything)
    ]
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "project"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        while left and time.monotonic() - started < 60 * args.minutes:
            mutation = left.pop(0)
            nearest = test_files(copy, mutation.path)[0]
            if report["unbroken"].get(" ".join(nearest)) != everything:
                if (failure := run_tests(copy, nearest)) is not None:
                    sys.exit(f"expected the tests to pass before any mutation, got {failure}")
                report["unbroken"][" ".join(nearest)] = everything
            result = attempt(copy, mutation)
            record[key(mutation)] = {
                "result": result,
                "date": datetime.date.today().isoformat(),
                "file": digest(ROOT / "w2v" / mutation.path),
                "all": everything,
            }
            print(f"{result}\n    {key(mutation)}", flush=True)
            write(report, mutations)
    results = [record[key(mutation)]["result"] for mutation in chosen if key(mutation) in record]
    survived, gone = results.count(SURVIVED), results.count(GONE)
    print(f"{survived} survived, {gone} have lost their text, {len(left)} are left to try")
    return 1 if survived or gone or left else 0


if __name__ == "__main__":
    sys.exit(main())
