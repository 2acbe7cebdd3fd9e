"""A new loss is one file and one row: everything else finds it by itself.

The loss of docs/howto/add-a-loss.md is registered in a copy of the project, and nothing else is
touched.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NAME = "half-nce"
PAGE = (ROOT / "docs" / "howto" / "add-a-loss.md").read_text(encoding="utf-8")
FILE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
ROW = f'    "{NAME}": "w2v.losses.half_nce",\n'
TEXT = "the cat sat on the mat\nthe dog sat on the log\na king and a queen\n" * 200
QUICK = [
    "--vector-size",
    "8",
    "--epochs",
    "2",
    "--min-count",
    "1",
    "--sample",
    "0",
    "--workers",
    "1",
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The copy, with the loss in it."""
    copy = tmp_path_factory.mktemp("project")
    for part in ("w2v", "tests"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    (copy / "corpus.txt").write_text(TEXT, encoding="utf-8")
    (copy / "w2v" / "losses" / "half_nce.py").write_text(FILE, encoding="utf-8")
    registry = copy / "w2v" / "losses" / "__init__.py"
    text = registry.read_text(encoding="utf-8")
    last_row = '    "sampled-softmax": "w2v.losses.sampled_softmax",\n'
    assert text.count(last_row) == 1
    registry.write_text(text.replace(last_row, last_row + ROW), encoding="utf-8")
    return copy


def run(project, *arguments, **variables):
    environment = {
        **os.environ, "PYTHONPATH": str(project), "NUMBA_CACHE_DIR": str(project / "cache"),
        **variables,
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=project, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_command_line_offers_it_and_trains_it(project):
    assert NAME in run(project, "-m", "w2v.train", "--help")
    out = run(project, "-m", "w2v.train", "corpus.txt", *QUICK, "--loss", NAME, "-o", "v.txt")
    assert f"({NAME})" in out
    assert (project / "v.txt").read_text(encoding="utf-8").startswith("11 8\n")


def test_the_comparison_takes_it_along_by_itself(project):
    assert f"sampled-softmax {NAME})" in run(project, "-m", "w2v.compare", "--help")  # the default
    options = [*QUICK, "--seeds", "1", "--no-report", "--losses", NAME]
    out = run(project, "-m", "w2v.compare", "corpus.txt", *options)
    assert out.split()[0] == NAME
    document = json.loads((project / "comparison" / "results.json").read_text(encoding="utf-8"))
    (record,) = (r for r in document["runs"] if r["variant"] == NAME)
    assert record["measure"]["nats"] < document["corpus"]["unigram_nats"]
    assert record["measure"]["noise"] is not None


def test_the_gradient_check_has_its_rows(project):
    # Plain Python: compiling every kernel anew would take longer than these small checks.
    data = json.loads(run(project, "-m", "w2v.gradcheck", "--json", NUMBA_DISABLE_JIT="1"))
    assert data["passed"]
    found = {(row["section"], row["what"]) for row in data["rows"] if NAME in row["what"]}
    assert found == {
        ("word2vec loss, from logits", f"{NAME}, split"),
        ("fused kernel", f"{NAME}, split"),
        ("fused kernel", f"{NAME}, split, bias"),
        ("fused kernel", f"{NAME}, split, bias, general"),
    }


FILES = [
    "tests/losses/test_losses.py",
    "tests/kernels/test_sampled_kernel.py",
    "tests/test_held_out.py",
]
PYTEST = "-m", "pytest", "-p", "no:cacheprovider", "-k", NAME


def test_the_tests_of_all_losses_test_it(project):
    out = run(project, *PYTEST, "--collect-only", *FILES)
    for name in (
        "test_a_tile_in_float32_is_that_in_float64",
        "test_what_weighs_nothing_costs_nothing_and_moves_nothing",
        "test_huge_logits_stay_finite_and_nan_does_not_hide",
        "test_a_step_with_rate_zero_changes_nothing",
        "test_every_loss_learns_by_this_yardstick",
    ):
        assert f"{name}[{NAME}" in out or f"-{NAME}]" in out


@pytest.mark.slow
def test_it_passes_them(project):
    run(project, *PYTEST, *FILES)


@pytest.mark.slow
def test_no_test_notices_it(project):
    names = ("losses", "kernels", "test_held_out.py", "compare", "gradcheck", "train")
    run(project, "-m", "pytest", "-p", "no:cacheprovider", *(f"tests/{name}" for name in names))
