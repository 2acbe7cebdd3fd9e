"""Faults of the disk: the nth write, sync, rename, ... fails, n = 1, 2, ... until a run is clean.

The loop that SQLite's tests made famous, over whole commands and over every file that they write.
Whatever fails, a file is the old one or the new one, no temporary file is left, and there is one
line that says so. `faults.c` makes the system calls fail; without a compiler for it these tests are
skipped, and `test_files.py` makes Python's own calls fail.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import shutil
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from commands import CALLS, Fault

import w2v
from w2v.compare import results

TEXT = "the cat sat on the mat\nthe dog sat on the log\n" * 20
QUICK = "--min-count 1 --epochs 1 --vector-size 8 --workers 1 --sample 0 --quiet"

WRITERS = {
    "vectors in .bin": (f"w2v.train t.txt {QUICK} -o v.bin", ["v.bin"]),
    "vectors in .txt": (f"w2v.train t.txt {QUICK} -o v.txt", ["v.txt"]),
    "vectors in .safetensors": (f"w2v.train t.txt {QUICK} -o v.safetensors", ["v.safetensors"]),
    "a cache of the corpus": (f"w2v.train t.txt {QUICK} --cache kept -o v.bin", ["v.bin"]),
    "the explorer's page": ("w2v.explore new.txt --map pca -o e.html", ["e.html"]),
    "an export for the Embedding Projector": (
        "w2v.export new.txt --to projector -o p",
        ["p/vectors.tsv", "p/metadata.tsv", "p/projector_config.pbtxt"],
    ),
    "an export in Parquet": ("w2v.export new.txt --to parquet -o p.parquet", ["p.parquet"]),
    "an export for sentence-transformers": (
        "w2v.export new.txt --to huggingface -o h --analogies a.txt",
        ["h/README.md", "h/config_sentence_transformers.json", "h/modules.json"],
    ),
    "results of a comparison": (
        "w2v.compare t.txt --restart --losses negative-sampling --seeds 1 --epochs 1 --min-count 1 "
        "--vector-size 8 --workers 1 --sample 0 --held-out 20% -o c",
        ["c/results.json", "c/report.html"],
    ),
}
"""Commands, and files that they must write (there may be more)."""

NUMBERS = {"ENOSPC": errno.ENOSPC, "EIO": errno.EIO, "EINTR": errno.EINTR}
FAULTS = [*((call, name) for call in CALLS for name in NUMBERS), ("write", "half of it")]


def is_quick(writer: str, call: str, fault: str) -> bool:
    """All faults for one writer, some for all; scripts/test-slow has the rest."""
    return writer == "vectors in .bin" or (call in ("sync", "rename") and fault == "ENOSPC")


CASES = [
    pytest.param(
        writer, call, fault,
        marks=[] if is_quick(writer, call, fault) else pytest.mark.slow,
        id=f"{writer}: {call}: {fault}",
    )
    for writer in WRITERS
    for call, fault in FAULTS
]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def whole(path: Path) -> bool:
    """Whether a file that says when it was made, or how long it took, is all there."""
    if path.suffix == ".safetensors":
        return sorted(w2v.load(path).index_to_key)[:2] == ["cat", "dog"]
    if path.name == "results.json":
        return results.read(path) is not None
    text = path.read_text(encoding="utf-8")
    return path.suffix == ".html" and text.rstrip().endswith("</html>")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, commands):
    """For each writer a folder in which it has written before, from other input."""
    if not commands.can_fail:
        pytest.skip("there is no C compiler")
    made = {}

    def prepare(writer):
        if writer not in made:
            folder = tmp_path_factory.mktemp("prepared")
            (folder / "t.txt").write_text("an old text\nof few words\n" * 20)
            (folder / "new.txt").write_text("old 1 2\nwords 3 4\n")
            (folder / "a.txt").write_text("a b c d\n")
            module, *arguments = shlex.split(WRITERS[writer][0])
            result = commands.run(module, *arguments, cwd=folder)
            assert result.code == 0, result.err
            (folder / "t.txt").write_text(TEXT)
            rows = "".join(f"w{i} {i} 0.{'1234567' * 3} {-i}\n" for i in range(2000))
            (folder / "new.txt").write_text(rows)
            clean = folder.with_name(f"{folder.name}-clean")
            shutil.copytree(folder, clean)
            result = commands.run(module, *arguments, cwd=clean)
            assert result.code == 0, result.err
            made[writer] = contents(folder), contents(clean)
            assert made[writer][0].keys() >= {*WRITERS[writer][1]}
        return made[writer]

    return prepare


def inject(commands, folder, writer, prepared, call, number):
    """The loop: how many faults were injected, and what became of them."""
    old, new = prepared(writer)
    module, *arguments = shlex.split(WRITERS[writer][0])
    outcomes = Counter()
    for nth in count(1):
        work = folder / f"{call}-{nth}"
        for name, content in old.items():
            (work / name).parent.mkdir(parents=True, exist_ok=True)
            (work / name).write_bytes(content)
        (work / "tmp").mkdir()
        fault = Fault(work, call, nth, number)
        result = commands.run(module, *arguments, cwd=work, fault=fault, TMPDIR=str(work / "tmp"))
        place = f"{call} {nth} of {result.calls}: {result.err}"
        after = contents(work)
        rescued = {name for name in after if ".rescued." in name}  # vectors that were trained
        assert not rescued or (result.code and "w2v.train" in module), place
        assert all(whole(work / name) for name in rescued), place
        assert old.keys() <= after.keys() - rescued <= old.keys() | new.keys(), place
        for name, content in after.items():
            if name in rescued:
                continue
            is_new = content == new[name] or (content != old.get(name) and whole(work / name))
            assert is_new or (result.code and content == old[name]), f"{name}: {place}"
        if result.code:
            assert result.code in (1, 2), place
            line = result.err.splitlines()[-1]
            assert line.startswith(f"{module}: "), place
            assert os.strerror(number) in line, place
            assert "Traceback" not in result.err
        shutil.rmtree(work)
        if result.calls < nth:
            assert result.code == 0, place
            break
        outcomes["refused" if result.code else "survived"] += 1
    return outcomes


@pytest.mark.parametrize(("writer", "call", "fault"), CASES)
def test_every_call_may_fail(tmp_path, commands, prepared, writer, call, fault):
    number = NUMBERS.get(fault, 0)
    outcomes = inject(commands, tmp_path, writer, prepared, call, number)
    # Python tries again after a signal, and writes the rest after a part.
    if number in (0, errno.EINTR) and call in ("write", "sync", "create", "grow"):
        assert not outcomes["refused"]
    if call in ("write", "sync", "rename"):
        assert outcomes.total() >= 1


CHECKPOINTED = f"w2v.train t.txt {QUICK} --checkpoint ck -o v.bin"
PLACE = r": (\S*/)?(v\.bin|ck|ck/checkpoint-\d+\.safetensors): (cannot be|cannot write) "


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        pytest.param(call, fault, marks=[] if fault == "ENOSPC" else pytest.mark.slow)
        for call, fault in FAULTS
    ],
)
def test_a_checkpoint_whose_writing_fails_loses_nothing(tmp_path, commands, prepared, call, fault):
    """Whatever fails, there is a whole checkpoint or none, and the run can be continued."""
    module, *arguments = shlex.split(CHECKPOINTED)
    number, _outcomes, expected = NUMBERS.get(fault, 0), Counter(), None
    for nth in count(1):
        work = tmp_path / f"{nth}"
        work.mkdir()
        (work / "t.txt").write_text(TEXT)
        (work / "v.bin").write_bytes(b"precious")
        failing = Fault(work, call, nth, number)
        (tmp_path / "tmp").mkdir(exist_ok=True)
        elsewhere = {"TMPDIR": str(tmp_path / "tmp")}
        result = commands.run(module, *arguments, cwd=work, fault=failing, **elsewhere)
        place = f"{call} {nth} of {result.calls}: {result.err}"
        assert "Traceback" not in result.err
        for line in result.err.splitlines():
            assert line.startswith((f"{module}: ", "warning: ")), place
            assert re.search(PLACE, line), place
        found = contents(work)
        assert (work / "ck").exists() == any(name.startswith("ck/") for name in found), place
        kept = {name for name in found if name.startswith("ck/")}
        assert kept <= {"ck/checkpoint-000001.safetensors"}, place
        assert (result.code == 0) or result.err.count("\n") >= 1, place
        resumed = commands.run(module, *arguments, "--resume", cwd=work, **elsewhere)
        assert resumed.code == 0, resumed.err
        after = contents(work)
        expected = expected or after["v.bin"]
        assert after["v.bin"] == expected, place
        wanted = [expected] if result.code == 0 else [expected, b"precious"]
        assert found["v.bin"] in wanted, place
        assert after.keys() == {"t.txt", "v.bin", "ck/checkpoint-000001.safetensors"}, place
        shutil.rmtree(work)
        if result.calls < nth:
            assert result.code == 0, place
            break


def test_the_faults_are_real(tmp_path, commands):
    """The loop above would pass too if nothing ever failed."""
    if not commands.can_fail:
        pytest.skip("there is no C compiler")
    (tmp_path / "t.txt").write_text(TEXT)
    arguments = shlex.split(WRITERS["vectors in .bin"][0])
    result = commands.run(*arguments, cwd=tmp_path, fault=Fault(tmp_path, "write", 1, errno.ENOSPC))
    assert (result.code, result.calls >= 1) == (2, True)
    assert result.err == (
        "w2v.train: v.bin: cannot be written: No space left on device; the vectors are in "
        "v.rescued.safetensors instead\n"
    )
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["t.txt", "v.rescued.safetensors"]
