"""docs/questions.md shows what its commands print."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


def printed_and_shown(block):
    here = re.match(r"\$ python - <<'EOF'\n(.*?)\nEOF\n(.*)", block, re.DOTALL)
    command, _, shown = block.partition("\n")
    arguments, script = command.removeprefix("$ python ").split(), None
    if here:
        arguments, (script, shown) = ["-"], here.groups()
    result = subprocess.run(
        [sys.executable, *arguments], input=script, cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return result.stdout, shown


def without_rounding(text):
    """Errors of 1e-9 and less are a matter of the machine's last digits."""
    return re.sub(r"\d\.\de-(09|1\d)", "(rounding)", text)


@pytest.mark.slow
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.partition("\n")[0])
def test_the_page_shows_what_is_printed(block):
    printed, shown = map(without_rounding, printed_and_shown(block))
    at = 0
    for part in shown.split("...\n"):
        place = printed.find(part, at)
        assert place >= 0, part
        at = place + len(part)


def test_every_question_of_the_readme_has_a_section_and_a_command():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    anchors = re.findall(r"docs/questions\.md#([\w-]+)", readme)
    assert len(anchors) == 6
    sections = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:]
    found = {}
    for title, text in zip(sections[::2], sections[1::2], strict=True):
        found[re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")] = "```console" in text
    assert found == dict.fromkeys(anchors, True)
