"""Display of a training run: a progress bar on a terminal, lines of text elsewhere, and a summary.

Progress goes to stderr, the summary to stdout.
"""

from __future__ import annotations

import json
import logging
import math
import shlex
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from w2v.embeddings import Embeddings
from w2v.errors import W2VError, one_line
from w2v.formats import check_words, estimated_bytes
from w2v.train.callbacks import Callback, Plan, Progress
from w2v.util.command_line import invocation
from w2v.util.files import STANDARD_STREAM, check_space
from w2v.util.text import PHRASE_THRESHOLDS

with warnings.catch_warnings():
    # In a notebook without ipywidgets, tqdm warns that it falls back to bars of text.
    warnings.simplefilter("ignore")
    from tqdm.auto import tqdm as tqdm  # also for other commands

LOG_SECONDS = 10.0
"""Time between two lines of progress, where there is no terminal."""

WIDE_COLUMNS = 110
"""Width of the terminal from which the bar also shows epoch and learning rate."""

_BAR = "{desc}: {percentage:3.0f}%|{bar}| {rate_fmt}{postfix}, {remaining} left"
_BAR_OF_UNKNOWN_LENGTH = "{desc}: {n_fmt}, {rate_fmt}"

_log = logging.getLogger("w2v")
_log.addHandler(logging.NullHandler())  # without a handler, Python would print warnings to stderr


class Log(Callback):
    """Logs a run under the name ``w2v`` at level INFO."""

    def on_start(self, plan: Plan) -> None:
        """See `Callback`."""
        for line in plan_lines(plan):
            _log.info(line)

    def on_epoch_end(self, run: Any) -> None:
        """See `Callback`."""
        loss = f", loss {run.epoch_losses[-1]:.4f} nats per pair" if run.epoch_losses else ""
        _log.info("epoch %d of %d%s", run.state.epochs_trained, run.state.n_epochs, loss)

    def on_validation(self, epoch: int, loss: float, best: bool) -> None:
        """See `Callback`."""
        _log.info("epoch %d: held-out loss %.4f nats per pair", epoch, loss)

    def on_checkpoint(self, progress: float, path: str) -> None:
        """See `Callback`."""
        _log.info("checkpoint: %.0f%%, %s", 100 * progress, path)

    def on_resume(self, progress: float, path: str) -> None:
        """See `Callback`."""
        _log.info("checkpoint: resuming at %.0f%% from %s", 100 * progress, path)


def progress_bar(progress: bool | Literal["auto"], callbacks: Sequence[Callback]) -> list[Callback]:
    """A callback that shows a progress bar, in a list; an empty list if none is to be added.

    Args:
        progress: see `w2v.train.api.train_embeddings`.
        callbacks: the other callbacks, one of which may show a bar already.
    """
    if any(isinstance(callback, Console) for callback in callbacks):
        return []
    wanted = has_bars() if progress == "auto" else progress
    if not wanted:
        return []
    console = Console(lines=False)
    console.bars = True  # even if stderr is a file, because the caller asked for it
    return [console]


def has_bars() -> bool:
    """Whether progress bars can be shown: stderr is a terminal, or this is a notebook."""
    return sys.stderr.isatty() or _in_notebook()


class Console(Callback):
    """Shows a run on a terminal, in a notebook, or in a log.

    >>> wv = train_embeddings("corpus.txt", callbacks=[Console()])      # doctest: +SKIP

    Args:
        output: where the vectors will be written. Before training, the disk is checked for space,
            and the words for whether the file's format can hold them.
        quiet: show warnings only.
        lines: also print lines that describe the run.
        saves_partial: after Ctrl-C, write the vectors so far to a file next to `output`.

    Attributes:
        saved: what was saved after Ctrl-C, as text.
        kept_progress: how much of the run is in a checkpoint, 0 to 1; None if there is none.
    """

    def __init__(
        self,
        output: str | None = None,
        *,
        quiet: bool = False,
        lines: bool = True,
        saves_partial: bool = False,
    ) -> None:
        self.output = output
        self.quiet = quiet
        self.lines = lines and not quiet
        self.saves_partial = saves_partial
        self.bars = has_bars()
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
        """Show the bytes read."""
        if self._begin("reading", total, "B"):
            self._bar.update(done - self._bar.n)
        elif self._due():
            of = f" of {_size(total)}" if total else ""
            self._say(f"reading: {_size(done)}{of}")

    def on_prepare(self) -> None:
        """Show on a terminal that kernels are compiled, which takes seconds in a first run."""
        self.close()
        if self.bars and not self.quiet and not _in_notebook():
            self._stage = "compiling"
            self._bar = tqdm(
                bar_format="{desc}", desc="compiling (a first run with these options takes longer)",
                leave=False, file=sys.stderr,
            )  # fmt: skip

    def on_start(self, plan: Plan) -> None:
        """Print what will be trained, in what memory and time, and check the output.

        Raises:
            W2VError: the output's disk has too little space, or its format cannot hold the words.
        """
        self.close()
        words = plan.corpus.vocabulary.words
        if self.output is not None:
            size = estimated_bytes(
                self.output, len(words), plan.config.vector_size, context_vectors=True
            )
            check_words(words, self.output)
            check_space({**plan.on_disk, self.output: size})
        for line in plan_lines(plan):
            self._say(line)
        self._epochs = plan.config.epochs_
        self._first_words = plan.words_done
        self._started = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        """Show the words trained in all epochs, with rate, loss and time left."""
        if not math.isnan(progress.loss):
            self._loss = progress.loss
        if self._begin("training", progress.total_words, " words", self._first_words):
            more = ""
            if shutil.get_terminal_size().columns >= WIDE_COLUMNS:
                more = f", epoch {progress.epoch}/{self._epochs}, lr {progress.lr:.4f}"
            self._bar.set_postfix_str(f"loss {self._loss:.3f}{more}", refresh=False)
            self._bar.update(progress.words - self._bar.n)
        elif self._due():
            seconds = time.monotonic() - self._started
            rate = max(0, progress.words - self._first_words) / seconds
            left = (progress.total_words - progress.words) / rate if rate else math.inf
            self._say(
                f"training: {progress.words / progress.total_words:.0%}, epoch {progress.epoch}, "
                f"{rate:,.0f} words/s, loss {self._loss:.3f}, lr {progress.lr:.4f}, "
                f"{duration(left)} left"
            )

    def on_validation(self, epoch: int, loss: float, best: bool) -> None:
        """Print the held-out loss."""
        lowest = " (lowest so far)" if best else ""
        self._say(f"epoch {epoch}: held-out loss {loss:.4f} nats per pair{lowest}")

    def on_resume(self, progress: float, path: str) -> None:
        """Print where the run continues."""
        self.kept_progress = progress
        self._say(f"checkpoint: resuming at {progress:.0%} from {path}")

    def on_checkpoint(self, progress: float, path: str) -> None:
        """Print how much of the run is saved, and where."""
        self.kept_progress = progress
        self._say(f"checkpoint: {progress:.0%}, {path}")

    def on_warning(self, text: str) -> None:
        """Print the warning, even if `quiet`."""
        self._print(f"warning: {text}")

    def on_interrupt(self, embeddings: Embeddings) -> None:
        """Save the vectors so far under another name; a file at `output` is left alone.

        Text formats are replaced by .bin, because writing text takes long.

        Raises:
            OSError, W2VError, MemoryError: the vectors cannot be saved anywhere.
        """
        if self.output is not None and self.saves_partial:
            path = Path("vectors.bin" if self.output == STANDARD_STREAM else self.output)
            suffix = ".bin" if path.suffix in (".txt", ".vec") else path.suffix
            partial = path.with_name(f"{path.stem}.interrupted{suffix}")
            try:
                embeddings.save(partial)
            except (OSError, W2VError, MemoryError) as error:
                rescued = rescue(embeddings, self.output)
                if rescued is None:
                    raise
                self.saved = f"{error}; the vectors so far are in {rescued}"
            else:
                self.saved = f"the vectors so far are in {partial}; {path} was not touched"

    def on_end(self) -> None:
        """See `Callback`."""
        self.close()

    def close(self) -> None:
        """Close the bar on the screen, if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
        self._stage = ""

    def summary(self, embeddings: Embeddings, write_seconds: float, *, replaced: bool) -> None:
        """Print what was done, and commands to try next.

        Args:
            embeddings: the result of the run.
            write_seconds: how long it took to write it.
            replaced: whether it replaced an existing file.
        """
        if self.quiet:
            return
        record = json.loads(embeddings.metadata["training"])
        losses = record["epoch_losses"]
        seconds = record["train_seconds"]
        trained = record["words_trained"]
        subsampled = 1 - record["words_after_subsampling"] / trained
        held_out = ""
        if "validation" in record:
            best = record["validation"]["epoch_of_vectors"]
            nats = record["validation"]["epoch_nats"][best - 1]
            held_out = f"held out    {nats:.4f} nats per pair with the vectors of epoch {best}\n"
        print(
            f"vocabulary  {len(embeddings):,} words\n"
            f"trained     {trained:,} words ({record['epochs_trained']} epochs; "
            f"{subsampled:.0%} skipped by subsampling)\n"
            f"seconds     {record['read_seconds']:.1f} reading, {seconds:.1f} training, "
            f"{write_seconds:.1f} writing\n"
            f"speed       {trained / seconds:,.0f} words/s\n"
            f"loss        {losses[-1]:.4f} nats per pair in the last epoch "
            f"({record['config']['loss']})\n"
            f"{held_out}"
            f"vectors     {'replaced ' if replaced else ''}{self.output}"
            f"{next_commands(self.output, embeddings)}",
            # Standard output may hold the vectors.
            file=sys.stderr if self.output == STANDARD_STREAM else sys.stdout,
        )

    def _begin(self, stage: str, total: int | None, unit: str, initial: int = 0) -> bool:
        """If bars are shown, make sure that the stage has one; returns whether they are."""
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
                bar_format=_BAR if total else _BAR_OF_UNKNOWN_LENGTH,
                file=sys.stderr,
            )
        return True

    def _due(self) -> bool:
        """Whether to print a line of progress now: `LOG_SECONDS` after the last one."""
        now = time.monotonic()
        if now - self._logged < LOG_SECONDS:
            return False
        self._logged = now
        return True

    def _say(self, text: str) -> None:
        if self.lines:
            self._print(text)

    def _print(self, text: str) -> None:
        """A line of its own, above the bar if there is one."""
        if self._bar is None:
            print(text, file=sys.stderr)
        else:
            self._bar.write(text, file=sys.stderr)


def plan_lines(plan: Plan) -> list[str]:
    """Lines of text that describe what is about to be trained."""
    config, audit, words = plan.config, plan.corpus.audit, len(plan.corpus.vocabulary)
    dropped = f"{audit.dropped_rare:,} occurrences of words rarer than {config.min_count}"
    if audit.dropped_max_vocab:
        dropped += f", {audit.dropped_max_vocab:,} of words beyond the first {words:,}"
    if audit.lines_split:
        dropped += f"; {audit.lines_split:,} long lines split, nothing cut"
    files = f" of {audit.files:,} files" if audit.files > 1 else ""
    lines = [
        f"corpus: {audit.words:,} words in {audit.lines:,} lines{files}; "
        f"{audit.distinct:,} different"
    ]
    if config.phrases:
        threshold = PHRASE_THRESHOLDS[config.phrase_scoring]
        if config.phrase_threshold is not None:
            threshold = config.phrase_threshold
        lines.append(
            f"phrases: {audit.phrases:,} different ones joined {audit.joins:,} times "
            f"({config.phrase_scoring} above {threshold:g})"
        )
    lines.append(f"vocabulary: {words:,} words; dropped {dropped}")
    init = plan.history.get("init")
    if init is not None:
        missing = [name for name in ("counts", "context_vectors") if not init[name]]
        without = f" (without {' and '.join(missing).replace('_', ' ')})" if missing else ""
        frozen = f", {init['frozen_words']:,} of them frozen" if "frozen_words" in init else ""
        lines.append(
            f"init: {init['words']:,} old words{without}{frozen}, {init['new_words']:,} new ones"
        )
    left = 1 - plan.words_done / (plan.corpus.n_words * config.epochs_)
    where = f"{config.workers} thread{'s' * (config.workers != 1)}"
    if config.device == "cuda":
        where = "the GPU"
    lines.append(
        f"training: {config.epochs_} epoch{'s' * (config.epochs_ != 1)} on {where}, "
        f"{_size(plan.memory_bytes)} of memory, about {duration(plan.seconds * left)}"
    )
    return lines


def next_commands(output: str | None, embeddings: Embeddings) -> str:
    """Commands to try next, quoted for the shell: words and file names may contain commands."""
    if output is None or output == STANDARD_STREAM:
        return ""
    word = next((word for word in embeddings if word.isalpha()), embeddings.words[0])
    query = shlex.join([*invocation("w2v.query"), output, word])
    evaluate = shlex.join([*invocation("w2v.evaluate"), output])
    return f"\nnext        {one_line(query)}\n            {one_line(evaluate)}"


def rescue(embeddings: Embeddings, output: str) -> str | None:
    """Save vectors whose output could not be written, as .safetensors, which can hold any word.

    Returns:
        Path of the file, next to the output or else in a new temporary folder; None if neither
        works.
    """
    name = "vectors" if output == STANDARD_STREAM else Path(output).stem
    for is_temporary in (False, True):
        try:
            folder = tempfile.mkdtemp(prefix="w2v-") if is_temporary else Path(output).parent
            path = Path(folder, f"{name}.rescued.safetensors")
            number = 1
            while path.exists():  # rescued from an earlier run
                number += 1
                path = path.with_name(f"{name}.rescued-{number}.safetensors")
            embeddings.save(path)
        except (OSError, W2VError, MemoryError):
            continue
        return str(path)
    return None


def _in_notebook() -> bool:
    """Whether tqdm draws its bars as notebook widgets."""
    return any(kind.__module__ == "tqdm.notebook" for kind in tqdm.__mro__)


def _size(n_bytes: int) -> str:
    size = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def duration(seconds: float) -> str:
    """Format a duration: ``8 s``, ``3 min``, ``2.5 h``, or ``unknown`` if it is not finite."""
    if not math.isfinite(seconds):
        return "unknown"
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"
