"""Measure speed against gensim, as ratios in one run: A B A B ..., medians.

    python scripts/bench.py CORPUS --output docs/bench [--rounds 3] [--workers 1 2]

CORPUS is one plain text file. Both sides read it from disk, train the same settings, and write a
word2vec .bin; each side runs in a process of its own. "whole" is that process from start to end;
"training" is what each side spends in its epochs. gensim reads with its fast `corpus_file` mode.
Writes OUTPUT.json and OUTPUT.md. Needs the extra `bench`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from measure_quality import machine

from w2v.files import atomic_write

OURS = """
import json, sys, w2v
o = json.loads(sys.argv[1])
wv = w2v.train_embeddings(
    o["corpus"], vector_size=o["vector_size"], window=5, negative=5, sample=1e-4, min_count=5,
    epochs=o["epochs"], workers=o["workers"], lr=0.025, lowercase=False)
wv.save(o["output"])
record = json.loads(wv.metadata["training"])
print(json.dumps({"training": record["train_seconds"], "reading": record["read_seconds"]}))
"""

GENSIM = """
import json, sys, time
from gensim.models import Word2Vec
o = json.loads(sys.argv[1])
m = Word2Vec(
    vector_size=o["vector_size"], window=5, negative=5, sample=1e-4, min_count=5, sg=1, hs=0,
    epochs=o["epochs"], workers=o["workers"], alpha=0.025)
start = time.perf_counter()
m.build_vocab(corpus_file=o["corpus"])
built = time.perf_counter()
m.train(corpus_file=o["corpus"], total_words=m.corpus_total_words, epochs=o["epochs"])
trained = time.perf_counter()
m.wv.save_word2vec_format(o["output"], binary=True)
print(json.dumps({"training": trained - built, "reading": built - start}))
"""


def run(code: str, options: dict[str, Any]) -> dict[str, float]:
    """Run one side in a fresh process; its own figures, and the whole process in seconds."""
    started = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", code, json.dumps(options)],
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if result.returncode:
        sys.exit(f"bench: one side failed:\n{result.stderr}")
    figures: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return {**figures, "whole": seconds}


def main() -> None:
    """Alternate the two sides and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--vector-size", type=int, nargs="+", default=[100])
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in args.vector_size:
            for workers in args.workers:
                options = {
                    "corpus": str(args.corpus), "vector_size": size, "workers": workers,
                    "epochs": args.epochs, "output": f"{folder}/vectors.bin",
                }  # fmt: skip
                run(OURS, {**options, "epochs": 1})  # compile once, as an installed program has
                pairs = []
                for round_ in range(args.rounds):
                    pairs.append((run(OURS, options), run(GENSIM, options)))
                    print(f"D={size} workers={workers} round {round_ + 1}: {pairs[-1]}", flush=True)
                row: dict[str, Any] = {"vector_size": size, "workers": workers, "runs": pairs}
                for figure in ("reading", "training", "whole"):
                    row[figure] = {
                        "ours": statistics.median(ours[figure] for ours, _ in pairs),
                        "gensim": statistics.median(theirs[figure] for _, theirs in pairs),
                        "ratio": statistics.median(t[figure] / o[figure] for o, t in pairs),
                    }
                rows.append(row)
    report = {
        "machine": machine(), "date": datetime.date.today().isoformat(), "rounds": args.rounds,
        "corpus": args.corpus.name, "bytes": args.corpus.stat().st_size, "epochs": args.epochs,
        "rows": rows,
    }  # fmt: skip
    lines = [
        f"{args.epochs} epochs over {args.corpus.name} ({report['bytes'] / 1e6:.0f} MB); window 5, "
        "5 negatives, sample 1e-4, min_count 5. Seconds, medians of "
        f"{args.rounds} alternating rounds; the ratio is the median of the rounds' ratios.",
        f"Measured on {report['machine']}, {report['date']}, by `scripts/bench.py`.",
        "",
        "| vector size | threads | what | w2v | gensim | times faster |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        for figure in ("reading", "training", "whole"):
            f = row[figure]
            lines.append(
                f"| {row['vector_size']} | {row['workers']} | {figure} | {f['ours']:.1f} | "
                f"{f['gensim']:.1f} | {f['ratio']:.1f} |"
            )
    text = "\n".join(lines) + "\n"
    for suffix, content in ((".json", json.dumps(report, indent=1) + "\n"), (".md", text)):
        with atomic_write(args.output.with_suffix(suffix)) as stream:
            stream.write(content.encode())
    print(text)


if __name__ == "__main__":
    main()
