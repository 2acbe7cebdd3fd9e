"""Measure quality against time: score the vectors of one run between its epochs.

    python scripts/experiments/curve.py CORPUS --analogies F --similarity F [F ...] \
        --setting loss=softmax --output build/softmax-curve

The setting is written as for `quality.py`. The seconds do not include scoring. Writes OUTPUT.json
and OUTPUT.md.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from quality import parse_setting
from reporting import add_questions, machine, make_parser, today, write_report

from w2v.config import TrainConfig
from w2v.corpus import read_corpus
from w2v.evaluate.scoring import evaluate_analogies, evaluate_similarity
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.loop import Run


class Scoring(Callback):
    """Stores a row of figures after each epoch."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.rows: list[dict[str, Any]] = []

    def on_epoch_end(self, run: Run) -> None:
        """Score the current vectors."""
        wv = run.embeddings()
        state = run.state
        row = {
            "epoch": state.epochs_trained, "seconds": state.seconds, "loss": run.epoch_losses[-1]
        }  # fmt: skip
        row["analogies"] = evaluate_analogies(wv, self.args.analogies).total.accuracy
        for path in self.args.similarity:
            row[Path(path).stem] = evaluate_similarity(wv, path).rho
        self.rows.append(row)
        print(row, flush=True)
        return False


def main() -> None:
    """Train once and write the curve."""
    parser = make_parser(__doc__)
    add_questions(parser)
    parser.add_argument("--setting", default="default")
    args = parser.parse_args()

    options = parse_setting(args.setting)
    config = TrainConfig(**options)
    corpus = read_corpus(args.corpus, min_count=config.min_count, max_vocab=config.max_vocab)
    scoring = Scoring(args)
    train_embeddings(corpus, config, callbacks=[scoring])

    name = f"{Path(args.corpus).name}, {corpus.audit.words:,} words"
    report = {"corpus": name, "vocabulary": len(corpus.vocabulary), "setting": args.setting,
              "machine": machine(), "date": today(),
              "rows": scoring.rows}  # fmt: skip
    columns = list(scoring.rows[0])
    lines = [
        f"`{args.setting}` on {name}, vocabulary {len(corpus.vocabulary):,}.",
        "Losses are in nats per pair.",
        f"Measured on {report['machine']}, {report['date']}, by `scripts/experiments/curve.py`.",
        "",
        "| " + " | ".join(columns) + " |",
        "|---" * len(columns) + "|",
        *(
            f"| {row['epoch']} | {row['seconds']:.0f} | "
            + " | ".join(f"{row[column]:.3f}" for column in columns[2:])
            + " |"
            for row in scoring.rows
        ),
    ]
    write_report(args.output, report, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
