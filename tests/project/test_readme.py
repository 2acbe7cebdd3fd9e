"""The README says what is so: its tables are what they are made from, and its examples run."""

import re
import runpy
from pathlib import Path

import pytest

import w2v
from w2v.losses import LOSSES

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_tables_are_up_to_date():
    script = runpy.run_path(str(ROOT / "scripts" / "pages" / "tables.py"))
    for page in script["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert script["updated"](text) == text, "run scripts/pages/tables.py"
    for name in LOSSES:
        assert f"| `{name}` |" in README


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page}: {target}"


def test_the_python_example_runs(tmp_path, monkeypatch):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus.txt").write_text("the king and the queen of france are in paris\n" * 50)
    namespace = {}
    exec(example, namespace)
    assert isinstance(namespace["wv"], w2v.Embeddings)
