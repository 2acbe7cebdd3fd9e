"""Measure the project's speed against its targets and its peers, and print the table.

    scripts/bench --quick                     two minutes, on a synthetic corpus
    scripts/bench --full [CORPUS]             every row; an hour on two cores
    scripts/bench --full CORPUS --only train  rows whose names hold the word

CORPUS is plain text. Without one, a synthetic text of 100 MB takes its place: words drawn as often
as Zipf and Mandelbrot say, which is all that speed depends on. Quality cannot be seen on it: the
row that needs it wants a real CORPUS, with --analogies and --similarity files.

Every figure is a ratio or a median within one run: what is compared takes turns (A B A B ...).
Peers are gensim (the extra `bench` installs it) and, where installed, PyTorch and pyarrow.
Writes OUTPUT.json and OUTPUT.md (default docs/bench) when all rows are asked for, or with --output.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import commands, files, kernels, memory, peers
from benchmarks.corpus import write_corpus
from benchmarks.rows import Job, Row, Skipped, table
from measure_quality import machine

from w2v.files import atomic_write

ROOT = Path(__file__).resolve().parent.parent
SECTIONS = (
    peers.training, peers.whole_command, peers.time_to_quality, kernels.threads, kernels.peak_share,
    kernels.losses, kernels.full_softmax, peers.softmax_in_pytorch, files.reading, files.formats,
    commands.first_tick, commands.help_text, memory.peak,
)  # fmt: skip
"""In the order of the table; each yields rows."""


def measured(job: Job, only: str | None) -> Iterator[Row]:
    """The rows of all sections, or of those whose names hold `only`."""
    for section in SECTIONS:
        name = f"{section.__module__.rpartition('.')[2]}.{section.__name__}"
        if only is not None and only not in name:
            continue
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            for row in section(job):
                print(row.line(), flush=True)
                yield row
        except Skipped as reason:
            row = Row(name, "", f"not measured: {reason}", None)
            print(row.line(), flush=True)
            yield row


def main() -> int:
    """See the module's header; the exit code says whether everything could be measured."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus", type=Path, nargs="?")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--quick", action="store_true", help="small figures, in two minutes")
    length.add_argument("--full", action="store_true", help="as the README shows them")
    parser.add_argument("--only", metavar="WORD", help="only sections whose names hold it")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side (default: 3)")
    parser.add_argument("--analogies", type=Path, metavar="FILE")
    parser.add_argument("--similarity", type=Path, metavar="FILE")
    parser.add_argument("--output", type=Path, metavar="PATH")
    args = parser.parse_args()
    if args.corpus is not None and not args.corpus.is_file():
        parser.error(f"{args.corpus}: expected a text file, found none")

    with tempfile.TemporaryDirectory() as folder:
        corpus = write_corpus(args.corpus, Path(folder), 10e6 if args.quick else None)
        job = Job(
            corpus=corpus, named=str(args.corpus.name if args.corpus else "synthetic text"),
            folder=Path(folder), quick=args.quick, rounds=args.rounds,
            questions=(args.analogies, args.similarity) if args.corpus else (None, None),
        )  # fmt: skip
        rows = list(measured(job, args.only))
    report = {
        "machine": machine(), "date": datetime.date.today().isoformat(), "corpus": job.named,
        "bytes": job.corpus_bytes, "quick": args.quick, "rounds": args.rounds,
        "rows": [row._asdict() for row in rows],
    }  # fmt: skip
    output = args.output
    if output is None and args.full and args.only is None:
        output = ROOT / "docs" / "bench"
    if output is not None:
        for suffix, text in (
            (".json", json.dumps(report, indent=1) + "\n"),
            (".md", table(report)),
        ):
            with atomic_write(output.with_suffix(suffix), "w") as stream:
                stream.write(text)
    print("\n" + table(report))
    return 0 if all(row.met is not None for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
