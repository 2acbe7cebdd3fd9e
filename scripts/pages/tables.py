"""Write the generated tables into the README and the documentation.

    python scripts/pages/tables.py

Each table is between ``<!-- NAME -->`` and ``<!-- end -->``, where NAME is ``losses`` (made from
the registry) or ``speed`` (from docs/figures/speed.json). The number in "N times as fast as gensim"
is updated from that file, too. A test checks that the pages are up to date.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from w2v.losses import LOSSES, get_loss
from w2v.util.files import atomic_write

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "explanation" / "speed.md")
SPEED = ROOT / "docs" / "figures" / "speed.json"
MARKED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
RATIO = re.compile(r"[\d.]+ times as\sfast as (\w+)")


def losses_table() -> str:
    """A row for each loss and kind of target."""
    lines = ["| `--loss` | `--targets` | what it is | rate | epochs |", "|---|---|---|---|---|"]
    for loss in map(get_loss, LOSSES):
        summary = loss.summary.replace("|", r"\|")  # a plain one would begin the next cell
        for kind, default in loss.targets.items():
            lines.append(
                f"| `{loss.name}` | `{kind}` | {summary} | {default.lr:g} | {default.epochs} |"
            )
            summary = "the same" if len(loss.targets) > 1 else summary
    return "\n".join(lines)


def speed_table() -> str:
    """A row for each measured figure, a column for each program."""
    measured = json.loads(SPEED.read_text(encoding="utf-8"))
    speeds, seconds = measured["million_words_per_second"], measured["seconds_from_text_to_vectors"]
    programs = list(speeds["100"])
    rows = {
        "D = 100, one thread, million words/s": (speeds["100"], ".3g"),
        "D = 300, one thread, million words/s": (speeds["300"], ".3g"),
        "text to vectors, 5 epochs, two threads, seconds": (seconds, ".3g"),
        **{name: (values, ".3f") for name, values in measured["quality"].items()},
    }
    lines = [f"| | {' | '.join(programs)} |", "|---" * (len(programs) + 1) + "|"]
    for name, (values, form) in rows.items():
        cells = [f"{values[program]:{form}}" if program in values else "" for program in programs]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Measured by `scripts/benchmarks/chart.py` on {measured['machine']}, {measured['date']}, "
        f"with {measured['corpus']}; {measured['options']}.",
    ]
    return "\n".join(lines)


def ratio(match: re.Match[str]) -> str:
    """How many times as fast as another program w2v trains 100 dimensions."""
    speeds = json.loads(SPEED.read_text(encoding="utf-8"))["million_words_per_second"]["100"]
    times = speeds["w2v"] / speeds[match[1]]
    return f"{times:.1f} times" if times < 10 else f"{times:.0f} times"


def updated(text: str) -> str:
    """The text with each marked table and each ratio replaced."""
    tables = {"losses": losses_table, "speed": speed_table}
    text = MARKED.sub(lambda match: f"{match[1]}{tables[match[2]]()}\n{match[3]}", text)
    return RATIO.sub(lambda match: ratio(match) + match[0][match[0].index(" as") :], text)


if __name__ == "__main__":
    for page in PAGES:
        content = updated(page.read_text(encoding="utf-8"))
        with atomic_write(page, "w") as stream:
            stream.write(content)
