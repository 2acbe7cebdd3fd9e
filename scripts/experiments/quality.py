"""Measure the quality of vectors over several seeds and settings, and write a table.

    python scripts/experiments/quality.py CORPUS --analogies F --similarity F [F ...] \
        --settings lr=0.025 lr=0.05,negative=10 --seeds 3 --output build/defaults

Each setting is a comma-separated list of fields of `w2v.TrainConfig`; all other options have their
defaults. `--first-words N` cuts the corpus after the line with the Nth word. Writes OUTPUT.json and
OUTPUT.md after every run; runs that are already in OUTPUT.json are not repeated.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from reporting import add_questions, described, machine, make_parser, today, write_report

import w2v
from w2v.config import TrainConfig
from w2v.corpus import read_corpus
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.util.files import atomic_write


def parse_setting(text: str) -> dict[str, Any]:
    """Parse ``lr=0.05,negative=10`` to typed options; ``default`` stands for no options."""
    if text == "default":
        return {}
    types = {
        spec.name: str(spec.type).removesuffix(" | None")
        for spec in dataclasses.fields(TrainConfig)
    }
    options: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        name = name.replace("-", "_")
        kind = types.get(name, "str")
        options[name] = {"int": int, "float": float, "str": str, "bool": lambda v: v == "true"}[
            kind
        ](value)
    TrainConfig(**options)
    return options


def measure(corpus: Any, options: dict[str, Any], args: argparse.Namespace) -> dict[str, Any]:
    """Train once and score."""
    wv = w2v.train_embeddings(corpus, **options)
    record = json.loads(wv.metadata["training"])
    scores = {"train_seconds": record["train_seconds"], "loss": record["epoch_losses"][-1]}
    scores["analogies"] = evaluate_analogies(
        wv, args.analogies, top_words=args.top_words
    ).total.accuracy
    for path in args.similarity:
        scores[Path(path).stem] = evaluate_similarity(wv, path).rho
    return scores


def first_words(path: str, n_words: int, folder: str) -> str:
    """A copy of a plain text, up to the end of the line that has its Nth word."""
    cut = Path(folder) / Path(path).name
    with Path(path).open("rb") as text, atomic_write(cut) as copy:
        for line in text:
            copy.write(line)
            n_words -= len(line.split())
            if n_words <= 0:
                break
    return str(cut)


def mean_and_spread(values: list[float]) -> str:
    """Mean and standard deviation, for a cell of a table."""
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread}"


def write_table(
    path: Path, report: dict[str, Any], script: str = "scripts/experiments/quality.py"
) -> None:
    """The JSON, and a Markdown table of means and standard deviations."""
    columns: list[str] = []
    rows = []
    for setting, runs in report["runs"].items():
        scores = list(runs.values())
        columns = [column for column in scores[0] if column != "train_seconds"]
        cells = []
        for column in columns:
            cells.append(mean_and_spread([score[column] for score in scores]))
        rows.append(f"| `{setting}` | {len(scores)} | " + " | ".join(cells) + " |")
    lines = [
        f"Corpus: {report['corpus']}. Analogies: 3CosAdd over the {report['top_words']} most "
        "frequent words. Similarity: Spearman's rho. Mean and standard deviation over seeds.",
        f"Measured on {report['machine']}, {report['date']}, by `{script}`.",
        "",
        "| setting | seeds | " + " | ".join(columns) + " |",
        "|---|---|" + "---|" * len(columns),
        *rows,
    ]
    write_report(path, report, "\n".join(lines) + "\n")


def add_seeds(parser: argparse.ArgumentParser) -> None:
    """Add the number of seeds, and of words among which analogies are answered."""
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--top-words", type=int, default=30_000)


def begun(args: argparse.Namespace) -> dict[str, Any]:
    """The report in OUTPUT.json, to be continued, or a new one."""
    report: dict[str, Any] = {"runs": {}}
    if args.output.with_suffix(".json").exists():
        report = json.loads(args.output.with_suffix(".json").read_text())
    return {**report, "machine": machine(), "date": today(), "top_words": args.top_words}


def main() -> None:
    """Run every setting with every seed."""
    parser = make_parser(__doc__)
    add_questions(parser)
    add_seeds(parser)
    parser.add_argument("--settings", nargs="+", default=["default"])
    parser.add_argument("--first-words", type=int)
    args = parser.parse_args()

    report = begun(args)
    with tempfile.TemporaryDirectory() as cache:
        path = args.corpus
        if args.first_words is not None:
            path = first_words(args.corpus, args.first_words, cache)
        for setting in args.settings:
            options = parse_setting(setting)
            config = TrainConfig(**options)
            corpus = read_corpus(
                path, min_count=config.min_count, max_vocab=config.max_vocab,
                workers=config.workers, cache_dir=cache,
            )  # fmt: skip
            report["corpus"] = described(args.corpus, corpus)
            runs = report["runs"].setdefault(setting, {})
            for seed in range(1, args.seeds + 1):
                if str(seed) not in runs:
                    runs[str(seed)] = measure(corpus, {**options, "seed": seed}, args)
                    print(setting, "seed", seed, runs[str(seed)], flush=True)
                    write_table(args.output, report)
    print(args.output.with_suffix(".md").read_text())


if __name__ == "__main__":
    main()
