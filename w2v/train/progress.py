"""What a person sees of a training run: a bar on a terminal, log lines elsewhere, a summary.

Progress goes to stderr, the summary to stdout.
"""

from __future__ import annotations

import json
import math
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from w2v.config import PHRASE_THRESHOLDS
from w2v.embeddings import Embeddings
from w2v.errors import one_line
from w2v.formats import estimated_bytes
from w2v.train.callbacks import Callback, Plan, Progress
from w2v.util.files import STANDARD_STREAM, check_space

LOG_SECONDS = 10.0
"""Without a terminal, a line of progress is printed this often."""


class Console(Callback):
    """Shows one run: on a terminal, in a log, or in a notebook.

    >>> wv = train_embeddings("corpus.txt", callbacks=[Console()])      # doctest: +SKIP

    Args:
        output: where the vectors will be written; checked for space once their size is known.
        quiet: show warnings only.
        saves_partial: whether to write the vectors so far beside `output` after Ctrl-C.

    Attributes:
        saved: what was saved after Ctrl-C, in words.
        kept_progress: how much of the run is in a checkpoint, 0 to 1; None if there is none.
    """

    def __init__(
        self, output: str | None = None, *, quiet: bool = False, saves_partial: bool = False
    ) -> None:
        self.output = output
        self.quiet = quiet
        self.saves_partial = saves_partial
        self.bars = sys.stderr.isatty() or _in_notebook()
        self.saved = "nothing was saved"
        self.kept_progress: float | None = None
        self._epochs = 0
        self._bar: Any = None
        self._stage = ""
        self._logged = time.monotonic()
        self._started = time.monotonic()
        self._first_words = 0
        self._loss = math.nan

    def on_read(self, done: int, total: int | None) -> None:
        """A bar of bytes."""
        if self._begin("reading", total, "B"):
            self._bar.update(done - self._bar.n)
        elif self._due():
            of = f" of {_size(total)}" if total else ""
            self._say(f"reading: {_size(done)}{of}")

    def on_start(self, plan: Plan) -> None:
        """The vocabulary, the memory and the time to expect."""
        self.close()
        config, audit, words = plan.config, plan.corpus.audit, len(plan.corpus.vocabulary)
        if self.output is not None:
            size = estimated_bytes(self.output, words, config.vector_size, context_vectors=True)
            check_space({**plan.on_disk, self.output: size})
        files = f" of {audit.files:,} files" if audit.files > 1 else ""
        self._say(
            f"corpus: {audit.words:,} words in {audit.lines:,} lines{files}; "
            f"{audit.distinct:,} different"
        )
        if config.phrases:
            threshold = PHRASE_THRESHOLDS[config.phrase_scoring]
            if config.phrase_threshold is not None:
                threshold = config.phrase_threshold
            self._say(
                f"phrases: {audit.phrases:,} different ones joined {audit.joins:,} times "
                f"({config.phrase_scoring} above {threshold:g})"
            )
        dropped = f"{audit.dropped_rare:,} occurrences of words rarer than {config.min_count}"
        if audit.dropped_max_vocab:
            dropped += f", {audit.dropped_max_vocab:,} of words beyond the first {words:,}"
        if audit.lines_split:
            dropped += f"; {audit.lines_split:,} long lines split, nothing cut"
        self._say(f"vocabulary: {words:,} words; dropped {dropped}")
        init = plan.history.get("init")
        if init is not None:
            missing = [name for name in ("counts", "context_vectors") if not init[name]]
            without = f" (without {' and '.join(missing).replace('_', ' ')})" if missing else ""
            self._say(f"init: {init['words']:,} old words{without}, {init['new_words']:,} new ones")
        left = 1 - plan.words_done / (plan.corpus.n_words * config.epochs_)
        self._say(
            f"training: {config.epochs} epochs on {config.workers} threads, "
            f"{_size(plan.memory_bytes)} of memory, about {_duration(plan.seconds * left)}"
        )
        self._epochs = config.epochs_
        self._first_words = plan.words_done
        self._started = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        """A bar of words over all epochs, with rate, loss and time left."""
        if not math.isnan(progress.loss):
            self._loss = progress.loss
        if self._begin("training", progress.total_words, "words", self._first_words):
            self._bar.set_postfix_str(
                f"epoch {progress.epoch}/{self._epochs}, "
                f"loss {self._loss:.3f}, lr {progress.lr:.4f}",
                refresh=False,
            )
            self._bar.update(progress.words - self._bar.n)
        elif self._due():
            seconds = time.monotonic() - self._started
            rate = max(0, progress.words - self._first_words) / seconds
            left = (progress.total_words - progress.words) / rate if rate else math.inf
            self._say(
                f"training: {progress.words / progress.total_words:.0%}, epoch {progress.epoch}, "
                f"{rate:,.0f} words/s, loss {self._loss:.3f}, lr {progress.lr:.4f}, "
                f"{_duration(left)} left"
            )

    def on_validation(self, epoch: int, loss: float, best: bool) -> None:
        """A line of its own, above the bar if there is one."""
        lowest = " (lowest so far)" if best else ""
        self._say(f"epoch {epoch}: held-out loss {loss:.4f} nats a pair{lowest}")

    def on_resume(self, progress: float, path: str) -> None:
        """A line that says where the run continues."""
        self.kept_progress = progress
        self._say(f"checkpoint: resuming at {progress:.0%} from {path}")

    def on_checkpoint(self, progress: float, path: str) -> None:
        """A line that says what would be resumed now."""
        self.kept_progress = progress
        self._say(f"checkpoint: {progress:.0%}, {path}")

    def on_warning(self, text: str) -> None:
        """Shown to the quiet, too."""
        self._print(f"warning: {text}")

    def on_interrupt(self, embeddings: Embeddings) -> None:
        """Save what there is under another name: the file that was asked for stays as it was.

        In place of text, which takes its time, as .bin.
        """
        if self.output is not None and self.saves_partial:
            path = Path("vectors.bin" if self.output == STANDARD_STREAM else self.output)
            suffix = ".bin" if path.suffix in (".txt", ".vec") else path.suffix
            partial = path.with_name(f"{path.stem}.interrupted{suffix}")
            embeddings.save(partial)
            self.saved = f"the vectors so far are in {partial}; {path} was not touched"

    def close(self) -> None:
        """End the bar on the screen, if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._stage = ""

    def summary(self, embeddings: Embeddings, write_seconds: float) -> None:
        """What was done, and what to type next."""
        if self.quiet:
            return
        record = json.loads(embeddings.metadata["training"])
        losses = record["epoch_losses"]
        seconds = record["train_seconds"]
        trained = record["words_trained"]
        subsampled = 1 - record["words_after_subsampling"] / trained
        loss = f"{losses[-1]:.4f} nats a pair" if losses else "no pairs"
        held_out = ""
        if "validation" in record:
            best = record["validation"]["epoch_of_vectors"]
            nats = record["validation"]["epoch_nats"][best - 1]
            held_out = f"held out    {nats:.4f} nats a pair with the vectors of epoch {best}\n"
        print(
            f"vocabulary  {len(embeddings):,} words\n"
            f"trained     {trained:,} words ({record['epochs_trained']} epochs; "
            f"{subsampled:.0%} skipped by subsampling)\n"
            f"seconds     {record['read_seconds']:.1f} reading, {seconds:.1f} training, "
            f"{write_seconds:.1f} writing\n"
            f"speed       {trained / seconds:,.0f} words/s\n"
            f"loss        {loss} in the last epoch ({record['config']['loss']})\n"
            f"{held_out}"
            f"vectors     {self.output}{_next_commands(self.output, embeddings)}",
            # Standard output may hold the vectors.
            file=sys.stderr if self.output == STANDARD_STREAM else sys.stdout,
        )

    def _begin(self, stage: str, total: int | None, unit: str, initial: int = 0) -> bool:
        """Make the stage's bar if there is a terminal; whether there is one."""
        if self.quiet or not self.bars:
            return False
        if self._stage != stage:
            self.close()
            self._stage = stage
            self._bar = tqdm(
                total=total,
                initial=initial,
                unit=unit,
                desc=stage,
                unit_scale=True,
                dynamic_ncols=True,
                file=sys.stderr,
            )
        return True

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._logged < LOG_SECONDS:
            return False
        self._logged = now
        return True

    def _say(self, text: str) -> None:
        if not self.quiet:
            self._print(text)

    def _print(self, text: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._bar is None:
            print(text, file=sys.stderr)
        else:
            self._bar.write(text, file=sys.stderr)


def _next_commands(output: str | None, embeddings: Embeddings) -> str:
    """Lines to paste: quoted, since a word of the corpus or a name may hold a command."""
    if output is None or output == STANDARD_STREAM:
        return ""
    word = next((word for word in embeddings if word.isalpha()), embeddings.words[0])
    query = shlex.join(["python", "-m", "w2v.query", output, word])
    evaluate = shlex.join(["python", "-m", "w2v.evaluate", output])
    return f"\nnext        {one_line(query)}\n            {one_line(evaluate)}"


def _in_notebook() -> bool:
    """Whether tqdm shows its bars in a notebook: the same question that it asks."""
    return any(kind.__module__ == "tqdm.notebook" for kind in tqdm.__mro__)


def _size(n_bytes: int) -> str:
    size = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _duration(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 100:
        return f"{seconds:.0f} s" if seconds >= 1 else "a second"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
