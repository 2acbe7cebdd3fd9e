"""Measure what positions that share noise cost in quality; see `w2v.kernels.sampled`.

    python scripts/measure_groups.py CORPUS --analogies F --similarity F [F ...] \
        --groups 1x1 4x1 4x2 8x4 --seeds 3 --output docs/groups

PxN is a group of P positions with N noise words for each of the K of a pair; 1x1 shares between
the pairs of one position alone. Everything else is at its default. Goes on from OUTPUT.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import tempfile
from pathlib import Path
from typing import Any

import measure_quality as quality

from w2v.corpus import read_corpus
from w2v.kernels import sampled


def main() -> None:
    """Train with each kind of group and each seed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus")
    parser.add_argument("--analogies", required=True)
    parser.add_argument("--similarity", nargs="+", default=[])
    parser.add_argument("--groups", nargs="+", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--top-words", type=int, default=30_000)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    report: dict[str, Any] = {"runs": {}}
    if args.output.with_suffix(".json").exists():
        report = json.loads(args.output.with_suffix(".json").read_text())
    report |= {"machine": quality.machine(), "date": datetime.date.today().isoformat(),
               "top_words": args.top_words}  # fmt: skip
    with tempfile.TemporaryDirectory() as cache:
        corpus = read_corpus(args.corpus, min_count=5, cache_dir=cache)
        report["corpus"] = (
            f"{Path(args.corpus).name}, {corpus.audit.words:,} words, "
            f"vocabulary {len(corpus.vocabulary):,}"
        )
        for seed in range(1, args.seeds + 1):
            for group in args.groups:
                sampled.GROUP_POSITIONS, sampled.GROUP_NOISE = map(int, group.split("x"))
                runs = report["runs"].setdefault(group, {})
                if str(seed) not in runs:
                    runs[str(seed)] = quality.measure(corpus, {"seed": seed}, args)
                    print(group, "seed", seed, runs[str(seed)], flush=True)
                    quality.write_report(args.output, report, "scripts/measure_groups.py")
    print(args.output.with_suffix(".md").read_text())


if __name__ == "__main__":
    main()
