"""Put the measured tables of docs/ into README.md, between their markers.

    python scripts/update_readme.py

A marker is ``<!-- docs/losses.md -->`` on a line of its own; the table goes until ``<!-- end -->``.
`tests/test_readme.py` checks that the README has what this script would write.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- (docs/[\w-]+\.md) -->\n).*?(<!-- end -->)", re.DOTALL)


def updated(text: str) -> str:
    """The text with every marked part replaced by its file."""

    def filled(match: re.Match[str]) -> str:
        begin, path, end = match.groups()
        return f"{begin}{(ROOT / path).read_text(encoding='utf-8').strip()}\n{end}"

    return MARKED.sub(filled, text)


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(updated(readme.read_text(encoding="utf-8")), encoding="utf-8")
