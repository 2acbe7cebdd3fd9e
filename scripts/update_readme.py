"""Put what is measured or generated into README.md and docs/softmax.md, between their markers.

    python scripts/update_readme.py

A marker is ``<!-- docs/losses.md -->`` (that file's text), ``<!-- options -->`` (the options of
training) or ``<!-- losses -->`` (the registry), on a line of its own; what it stands for goes until
``<!-- end -->``. `tests/test_readme.py` checks that the README has what this script would write.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from w2v.config import TrainConfig
from w2v.losses import LOSSES, get_loss

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"(<!-- ([\w/.-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def options_table() -> str:
    """A row for each field of `TrainConfig`."""
    lines = ["| option | default | what it does |", "|---|---|---|"]
    for spec in dataclasses.fields(TrainConfig):
        flags = [spec.name.replace("_", "-"), *spec.metadata["aliases"]]
        default = spec.default
        if spec.default_factory is not dataclasses.MISSING:
            default = "all CPUs"
        elif default is None:
            default = spec.metadata["unset"]
        elif isinstance(default, bool):
            default = "on" if default else "off"
        names = " ".join(f"`--{flag}`" for flag in flags)
        lines.append(f"| {names} | {default} | {spec.metadata['help']} |")
    return "\n".join(lines)


def losses_table() -> str:
    """A row for each registered loss."""
    lines = [
        "| `--loss` | what it is | `--targets` | `--lr` | `--epochs` |",
        "|---|---|---|---|---|",
    ]
    bar = r"\|"  # a plain one would begin the next cell
    for loss in map(get_loss, LOSSES):
        for kind, default in loss.targets.items():
            summary = loss.summary.replace("|", bar)
            lines.append(
                f"| `{loss.name}` | {summary} | `{kind}` | {default.lr:g} | {default.epochs} |"
            )
    return "\n".join(lines)


def updated(text: str) -> str:
    """The text with every marked part replaced by what it stands for."""
    generated = {"options": options_table, "losses": losses_table}

    def filled(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        content = (
            generated[name]()
            if name in generated
            else (ROOT / name).read_text(encoding="utf-8").strip()
        )
        return f"{begin}{content}\n{end}"

    return MARKED.sub(filled, text)


PAGES = (ROOT / "README.md", ROOT / "docs" / "softmax.md")

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
