"""Measure the speed of w2v against its targets and other libraries, and print a table.

    scripts/bench --quick                     two minutes, on a synthetic corpus
    scripts/bench --full [CORPUS]             every row; an hour on two cores
    scripts/bench --full CORPUS --only peers  some sections, into the same table

CORPUS is plain text. The default is a synthetic text of 100 MB whose word frequencies follow the
Zipf-Mandelbrot law, because speed depends on nothing else. The row that measures quality needs a
real CORPUS, with --analogies and --similarity files.

Every figure is a ratio or a median from one run, in which the sides of a comparison take turns (A B
A B ...). The other libraries are gensim (installed by the extra `bench`) and, if they are
installed, PyTorch and pyarrow. OUTPUT.json and OUTPUT.md are written after each section; with
--full, OUTPUT is build/bench by default.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from reporting import machine, today, write_report

from benchmarks import commands, files, kernels, memory, peers, portability
from benchmarks.corpus import write_corpus
from benchmarks.measuring import Disturbance, Job, Row, Skipped, table

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = (
    peers.training, peers.whole_command, peers.time_to_quality, kernels.threads, kernels.peak_share,
    portability.portability, kernels.losses, kernels.full_softmax, peers.softmax_in_pytorch,
    files.reading, files.phrases, files.formats, commands.first_tick, commands.help_text,
    memory.peak,
)  # fmt: skip
"""The sections in the order of the table; each yields rows."""


QUIET = 0.1
"""Cores that others may take while a section is measured; with more, it is measured again."""
MAX_ATTEMPTS = 3
"""After the last, the rows of a section say that it was disturbed."""


def measured(section: Callable[[Job], Iterator[Row]], job: Job) -> list[Row]:
    """The rows of a section, each printed as soon as it is measured."""
    for attempt in range(MAX_ATTEMPTS):
        rows = []
        watch = Disturbance()
        try:
            for row in section(job):
                rows.append(row)
                print(row.line(), flush=True)
        except Skipped as reason:
            rows.append(Row(name_of(section), "", f"not measured: {reason}", None))
            print(rows[-1].line(), flush=True)
            break
        share = watch.share
        if share is None or share < QUIET:
            break
        disturbed = f"other processes took {share:.1f} cores"
        if attempt < MAX_ATTEMPTS - 1:
            print(f"... {disturbed}: measured again", file=sys.stderr, flush=True)
        else:
            rows = [row._replace(measured=f"{row.measured}; {disturbed}") for row in rows]
    return rows


def name_of(section: Callable[[Job], Iterator[Row]]) -> str:
    """The name of a section, which `--only` searches."""
    return f"{section.__module__.rpartition('.')[2]}.{section.__name__}"


NAMES = [name_of(section) for section in SECTIONS]


def main() -> int:
    """Run the sections; the exit code is 1 if a figure could not be measured."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--quick", action="store_true", help="a short version, in two minutes")
    length.add_argument("--full", action="store_true", help="everything, in an hour")
    parser.add_argument(
        "--only", metavar="WORD", nargs="+", default=[""],
        help="run only sections whose names contain one of these words",
    )  # fmt: skip
    parser.add_argument(
        "--rounds", type=int, help="turns of each side (default: 3, or 1 with --quick)"
    )
    parser.add_argument("--analogies", type=Path, metavar="FILE")
    parser.add_argument("--similarity", type=Path, metavar="FILE")
    parser.add_argument("--output", type=Path, metavar="PATH")
    args = parser.parse_args()
    if args.rounds is None:
        args.rounds = 1 if args.quick else 3
    if args.corpus is not None and not args.corpus.is_file():
        parser.error(f"{args.corpus}: no such file")
    sections = [each for each in SECTIONS if any(word in name_of(each) for word in args.only)]
    if not sections:
        parser.error(f"--only {' '.join(args.only)}: no such section; there are {', '.join(NAMES)}")
    output = args.output or (ROOT / "build" / "bench" if args.full else None)

    report: dict[str, Any] = {"sections": {}}
    if output is not None and args.only != [""] and output.with_suffix(".json").exists():
        report = json.loads(output.with_suffix(".json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        corpus = write_corpus(args.corpus, Path(folder), 10e6 if args.quick else None)
        job = Job(
            corpus=corpus, named=str(args.corpus.name if args.corpus else "synthetic text"),
            folder=Path(folder), quick=args.quick, rounds=args.rounds,
            questions=(args.analogies, args.similarity) if args.corpus else (None, None),
        )  # fmt: skip
        report |= {
            "machine": machine(), "date": today(), "corpus": job.named,
            "bytes": job.corpus_bytes, "quick": args.quick, "rounds": args.rounds,
        }  # fmt: skip
        for section in sections:
            print(f"... {name_of(section)}", file=sys.stderr, flush=True)
            rows = [row._asdict() for row in measured(section, job)]
            report["sections"][name_of(section)] = rows
            if output is not None:  # after each section, so that an interrupted run loses little
                write_report(output, report, table(report, NAMES))
    print("\n" + table(report, NAMES))
    missing = [row for name in map(name_of, sections) for row in report["sections"][name]
               if row["met"] is None]  # fmt: skip
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
