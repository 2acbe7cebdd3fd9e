"""Put what is measured or generated into README.md and three pages of docs/, between markers.

    python scripts/pages/tables.py

A marker is ``<!-- docs/losses.md -->`` (that file's text), ``<!-- options -->`` (the options of
training), ``<!-- files -->`` (those that say what is read and written) or ``<!-- losses -->`` (the
registry), on a line of its own; what it stands for goes until
``<!-- end -->``. `tests/test_readme.py` checks that the README has what this script would write.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from w2v.config import TrainConfig
from w2v.losses import LOSSES, get_loss
from w2v.train.__main__ import make_parser
from w2v.util.files import atomic_write

ROOT = Path(__file__).resolve().parents[2]
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


def files_table() -> str:
    """A row for each flag of `w2v.train` that is not a field of `TrainConfig`."""
    lines = ["| option | what it does |", "|---|---|"]
    of_config = {spec.name for spec in dataclasses.fields(TrainConfig)}
    for action in make_parser()._actions:
        if action.option_strings and action.dest not in of_config | {"help", "version"}:
            flag = next(flag for flag in action.option_strings if flag.startswith("--"))
            value = f" {action.metavar}" if action.metavar else ""
            lines.append(f"| `{flag}{value}` | {(action.help or '').replace('%%', '%')} |")
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
    generated = {"options": options_table, "files": files_table, "losses": losses_table}

    def filled(match: re.Match[str]) -> str:
        begin, name, end = match.groups()
        if name in generated:
            content = generated[name]()
        else:
            content = (ROOT / name).read_text(encoding="utf-8").strip()
        if name.endswith(".txt"):
            content = f"```\n{content}\n```"
        return f"{begin}{content}\n{end}"

    return MARKED.sub(filled, text)


PAGES = tuple(
    ROOT / page for page in ("README.md", "docs/softmax.md", "docs/speed.md", "docs/cluster.md")
)

if __name__ == "__main__":
    for page in PAGES:
        text = updated(page.read_text(encoding="utf-8"))
        with atomic_write(page, "w") as stream:
            stream.write(text)
