"""Measure what sharing noise between positions costs in quality; see `w2v.kernels.sampled`.

    python scripts/experiments/groups.py CORPUS --analogies F --similarity F [F ...] \
        --groups 1x1 4x1 4x2 8x4 --seeds 3 --output build/groups

PxN is a group of P positions that share N times K noise words, where K is the number of negatives
per pair; with 1x1, only the pairs of one position share noise. All other options have their
defaults. Results that are already in OUTPUT.json are not measured again.
"""

from __future__ import annotations

import tempfile

from quality import add_seeds, begun, measure, write_table
from reporting import add_questions, described, make_parser

from w2v.corpus import read_corpus
from w2v.kernels import sampled


def main() -> None:
    """Train with each kind of group and each seed."""
    parser = make_parser(__doc__)
    add_questions(parser)
    add_seeds(parser)
    parser.add_argument("--groups", nargs="+", required=True)
    args = parser.parse_args()

    report = begun(args)
    with tempfile.TemporaryDirectory() as cache:
        corpus = read_corpus(args.corpus, min_count=5, cache_dir=cache)
        report["corpus"] = described(args.corpus, corpus)
        for seed in range(1, args.seeds + 1):
            for group in args.groups:
                sampled.GROUP_POSITIONS, sampled.GROUP_NOISE = map(int, group.split("x"))
                runs = report["runs"].setdefault(group, {})
                if str(seed) not in runs:
                    runs[str(seed)] = measure(corpus, {"seed": seed}, args)
                    print(group, "seed", seed, runs[str(seed)], flush=True)
                    write_table(args.output, report, "scripts/experiments/groups.py")
    print(args.output.with_suffix(".md").read_text())


if __name__ == "__main__":
    main()
