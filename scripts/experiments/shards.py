"""Measure what training in rounds costs in quality: shards, length of a round, merging.

    python scripts/experiments/shards.py CORPUS --analogies F --similarity F [F ...] \
        --settings plain 4:100000 16:20000@3 --output build/shards

A setting is ``plain`` (one machine, without rounds) or SHARDS:ROUND_WORDS; ROUND_WORDS@C sets
`w2v.kernels.merge_shards.CURVATURE` to C. All other options have their defaults. Results that are
already in OUTPUT.json are not measured again.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from quality import add_seeds, begun, mean_and_spread, measure
from reporting import add_questions, described, make_parser, write_report

from w2v.corpus import read_corpus
from w2v.kernels import merge_shards

CURVATURE = merge_shards.CURVATURE


def options_of(setting: str) -> dict[str, Any]:
    """The options of training that a setting stands for."""
    merge_shards.CURVATURE = CURVATURE
    if setting == "plain":
        return {}
    shards, round_words = setting.split(":")
    round_words, _, curvature = round_words.partition("@")
    if curvature:
        merge_shards.CURVATURE = float(curvature)
    return {"deterministic": True, "shards": int(shards), "round_words": int(round_words)}


def row(setting: str, runs: dict[str, dict[str, float]], scores: list[str]) -> str:
    """A row of the table."""
    if setting == "plain":
        where = ["one machine", "", ""]
    else:
        shards, words = setting.split(":")
        words, _, curvature = words.partition("@")
        where = [shards, f"{int(words):,}", curvature or f"{CURVATURE:g}"]
    cells = [mean_and_spread([run[score] for run in runs.values()]) for score in scores]
    return "| " + " | ".join([*where, str(len(runs)), *cells]) + " |"


def write(path: Path, report: dict[str, Any]) -> None:
    """The JSON and the table."""
    first = next(iter(next(iter(report["runs"].values())).values()))
    scores = [name for name in first if name != "train_seconds"]
    head = ["shards", "words of a shard in a round", "curvature", "seeds", *scores]
    lines = [
        f"Corpus: {report['corpus']}. Analogies: 3CosAdd over the {report['top_words']} most "
        "frequent words. Similarity: Spearman's rho.",
        f"Measured on {report['machine']}, {report['date']}, by `scripts/experiments/shards.py`.",
        "",
        "| " + " | ".join(head) + " |",
        "|---" * len(head) + "|",
        *(row(setting, runs, scores) for setting, runs in report["runs"].items()),
    ]
    write_report(path, report, "\n".join(lines) + "\n")


def make_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__)
    add_questions(parser)
    add_seeds(parser)
    parser.add_argument("--settings", nargs="+", required=True)
    return parser.parse_args()


def main() -> None:
    """Train with each setting and each seed."""
    args = make_arguments()
    report = begun(args)
    report["corpus"] = described(args.corpus, read_corpus(args.corpus))
    for seed in range(1, args.seeds + 1):
        for setting in args.settings:
            runs = report["runs"].setdefault(setting, {})
            if str(seed) not in runs:
                runs[str(seed)] = measure(args.corpus, {**options_of(setting), "seed": seed}, args)
                print(setting, "seed", seed, runs[str(seed)], flush=True)
                write(
                    args.output, {**report, "runs": {k: v for k, v in report["runs"].items() if v}}
                )
    print(args.output.with_suffix(".md").read_text())


if __name__ == "__main__":
    main()
