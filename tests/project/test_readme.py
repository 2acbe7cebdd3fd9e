"""The README and the pages of the documentation: their tables, links and length."""

import re
import runpy
from pathlib import Path

import pytest

from w2v.losses import LOSSES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.rglob("docs/**/*.md"), *ROOT.rglob("scripts/**/*.md")]
    if "generated" not in path.parts
]


def anchors(text):
    """What GitHub makes of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_tables_are_up_to_date():
    script = runpy.run_path(str(ROOT / "scripts" / "pages" / "tables.py"))
    for page in script["PAGES"]:
        text = page.read_text(encoding="utf-8")
        assert script["updated"](text) == text, "run scripts/pages/tables.py"
    for name in LOSSES:
        assert f"| `{name}` |" in README


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    for target, _, anchor in (("".join(found)).partition("#") for found in targets):
        if "://" in target:
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), f"{page}: {target}#{anchor}"


def test_the_readme_names_every_question_and_each_has_a_command():
    page = (ROOT / "docs" / "explanation" / "questions.md").read_text(encoding="utf-8")
    linked = re.findall(r"questions\.md#([\w-]+)", README)
    _, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    assert len(linked) == 6
    assert set(linked) == anchors("".join(f"## {section}" for section in sections))
    for section in sections:
        assert re.search(r"^(\$|>>>) ", section, re.MULTILINE), section.partition("\n")[0]
