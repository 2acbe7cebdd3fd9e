"""The command ``python -m w2v.compare``: train several losses and compare their held-out loss.

    python -m w2v.compare corpus.txt --losses negative-sampling nce softmax:split --seeds 3

Every loss is trained on the same sentences and evaluated on the same held-out pairs
(`w2v.held_out`). Runs with the same seed share their initial center vectors and their draws of
subsampling and windows. The budget of a run is the default number of epochs of its loss, the same
``--epochs`` for all, or the same ``--seconds``. Finished runs are stored in ``results.json``, so
that the same command continues after an interruption.
"""

from __future__ import annotations

import dataclasses
import difflib
import signal
import sys
from argparse import SUPPRESS, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from w2v import __version__
from w2v.compare.results import BYTES_PER_RUN
from w2v.config import (
    MAX_SEED,
    TrainConfig,
    fraction,
    make_config,
    rounds_options,
    unused_options,
)
from w2v.errors import ConfigError
from w2v.losses import LOSSES, TARGETS, get_loss
from w2v.train.__main__ import add_options, given_options
from w2v.util import command_line
from w2v.util.files import check_folder
from w2v.util.folder_lock import FolderLock

if TYPE_CHECKING:
    from w2v.compare.results import Document
    from w2v.compare.runs import Forecast, Request
    from w2v.corpus import Corpus
    from w2v.held_out import HeldOut

PROG = "w2v.compare"
DEFAULT_OUTPUT = "comparison"
RESULTS, REPORT = "results.json", "report.html"

DEFAULT_SEEDS = 3
DEFAULT_HELD_OUT = 0.05
MAX_SEEDS = 1_000

_BYTES_OF_REPORT = 10_000_000
"""Size of the report's plotly.js."""

LEARN_NORMALISER = "learn-normaliser"
"""What may follow the colon, besides kinds of target, for losses that can learn normalisers."""

_SET_BY_COMPARISON = ("loss", "targets", "learn_normaliser", "validate", "patience")
"""Options of a run that cannot be given, because the comparison sets them."""

_DESCRIPTION = """\
Train several losses on one corpus and compare their loss on held-out text. Writes results.json and
report.html, which needs no network."""

_EPILOG = """\
A loss may be followed by a kind of target (softmax:corpus, softmax:distribution, softmax:split) or
by learn-normaliser (nce:learn-normaliser). After an interruption, the same command continues."""


class Variant(NamedTuple):
    """A loss with the options that make it a variant; `name` is as on the command line."""

    name: str
    options: dict[str, Any]


def parse_variant(text: str) -> Variant:
    """Parse ``LOSS``, ``LOSS:TARGETS`` or ``LOSS:learn-normaliser``.

    Raises:
        ConfigError: there is no such loss, or no such choice after the colon.
    """
    name, _, choice = text.partition(":")
    if name not in LOSSES:
        close = difflib.get_close_matches(name, list(LOSSES), n=1)
        hint = f" (did you mean {close[0]}?)" if close else f"; choose from {', '.join(LOSSES)}"
        raise ConfigError(f"--losses: no loss {name!r}{hint}")
    if ":" not in text:
        return Variant(text, {"loss": name})
    if choice == LEARN_NORMALISER:
        return Variant(text, {"loss": name, "learn_normaliser": True})
    if choice not in TARGETS:
        kinds = ", ".join((*TARGETS, LEARN_NORMALISER))
        raise ConfigError(f"--losses: {text!r}: after the colon, choose from {kinds}")
    return Variant(text, {"loss": name, "targets": choice})


# --- the command line ---------------------------------------------------------------------------


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        PROG,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
    )
    parser.add_argument("corpus", nargs="+", help="text to train on, as for `w2v train`")
    parser.add_argument("--version", action="version", version=f"w2v {__version__}")
    group = parser.add_argument_group("comparison")
    add = group.add_argument
    add("--losses", nargs="+", metavar="LOSS", default=list(LOSSES),
        help=f"losses to compare (default: {' '.join(LOSSES)})")  # fmt: skip
    add("--seeds", type=int, metavar="N", default=DEFAULT_SEEDS,
        help="runs per loss, with consecutive seeds that start at --seed "
        f"(default: {DEFAULT_SEEDS})")  # fmt: skip
    add("--seconds", type=float, metavar="S", default=None,
        help="train each loss for about S seconds, by forecast (default: the loss's own number of "
        "epochs, or --epochs for all)")  # fmt: skip
    add("--held-out", type=fraction, metavar="X", default=DEFAULT_HELD_OUT,
        help="fraction of the sentences to evaluate on, 0.05 or 5%% (default: 5%%)")  # fmt: skip
    add("--held-out-pairs", type=int, metavar="N", default=None,
        help="evaluate on at most N pairs (default: 100000)")  # fmt: skip
    add(
        "--analogies",
        metavar="FILE",
        default=None,
        help="analogy questions to score; see w2v evaluate (default: the bundled ones)",
    )
    add(
        "--similarity",
        metavar="FILE",
        default=None,
        help="word pairs with similarity scores; see w2v evaluate (default: the bundled ones)",
    )
    add("--output", "-o", metavar="DIR", default=DEFAULT_OUTPUT,
        help=f"folder for {RESULTS} and {REPORT} (default: {DEFAULT_OUTPUT})")  # fmt: skip
    add("--restart", action="store_true", default=False,
        help="discard earlier results in the output folder")  # fmt: skip
    add("--no-report", action="store_true", default=False, help=f"write {RESULTS} only")
    add("--config", metavar="FILE", default=None,
        help="read options of the runs from a TOML file; flags override it")  # fmt: skip
    add("--cache", metavar="DIR", default=None, help="store the encoded corpus here and reuse it")
    # Runs in rounds would need a corpus in shards.
    names = [spec.name for spec in dataclasses.fields(TrainConfig)]
    add_options(parser, leave_out=(*_SET_BY_COMPARISON, *rounds_options(names)))
    return parser


def _request(arguments: Namespace) -> Request:
    """Check everything that can be checked without the corpus.

    Raises:
        ConfigError, FormatError, OutputError: something cannot be used.
    """
    options = given_options(arguments)
    for name in _SET_BY_COMPARISON:
        if name in options:
            raise ConfigError(f"{name}: not an option of a comparison; use --losses, --held-out")
    for name in rounds_options(options):
        raise ConfigError(f"{name}: not an option of a comparison, only of w2v train")
    base = make_config(options)
    for name, low, high in (("seeds", 1, MAX_SEEDS), ("held_out_pairs", 1, 2**31 - 1)):
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            flag = name.replace("_", "-")
            raise ConfigError(f"--{flag}: {value} is not between {low} and {high}")
    if not 0 < arguments.held_out <= 0.5:
        raise ConfigError(f"--held-out: {arguments.held_out:g} is not above 0 and at most 0.5")
    budget = "defaults" if base.epochs is None else "epochs"
    if arguments.seconds is not None:
        if not 0 < arguments.seconds < float("inf"):
            raise ConfigError(f"--seconds: {arguments.seconds:g} is not a positive number")
        if base.epochs is not None:
            raise ConfigError("--seconds and --epochs: give only one of them")
        budget = "seconds"
    last_seed = base.seed + arguments.seeds - 1
    if last_seed > MAX_SEED:
        raise ConfigError(f"--seeds: the last seed would be {last_seed}; the largest is {MAX_SEED}")
    variants = [parse_variant(text) for text in arguments.losses]
    output = Path(arguments.output)
    report = not arguments.no_report
    runs = len(arguments.losses) * arguments.seeds
    files = (RESULTS, REPORT) if report else (RESULTS,)
    check_folder(
        arguments.output, files,
        estimated_bytes=runs * BYTES_PER_RUN + report * _BYTES_OF_REPORT,
    )  # fmt: skip
    inputs = (*arguments.corpus, arguments.analogies, arguments.similarity, arguments.config)
    for name in files:
        command_line.refuse_input_as_output(output / name, filter(None, inputs))
    if report:
        from w2v.util.html_page import require_packages

        require_packages("report", ", or give --no-report")

    # Importing Numba takes a second, so it comes after all checks that do not need it.
    from w2v.compare.runs import Request
    from w2v.evaluate.__main__ import default_files
    from w2v.evaluate.questions import read_analogies, read_similarity
    from w2v.held_out import MAX_PAIRS
    from w2v.train.api import resolve

    questions: dict[str, str | None] = {}
    for option, read in (("analogies", read_analogies), ("similarity", read_similarity)):
        file = getattr(arguments, option)
        if file is None:
            questions[option] = next(iter(default_files(option)), None)
            continue
        if Path(file).exists() and not Path(file).is_file():
            raise ConfigError(f"--{option}: {file} is not a regular file; it is read repeatedly")
        read(file)
        questions[option] = file
    configs: dict[str, TrainConfig] = {}
    for variant in variants:
        config = resolve(make_config({**options, **variant.options}))
        for name, other in configs.items():
            if config == other:
                raise ConfigError(f"--losses: {name} and {variant.name} are the same")
        configs[variant.name] = config
    families = {get_loss(config.loss).family for config in configs.values()}
    for name in options:
        if all(name in unused_options(options, family) for family in families):
            raise ConfigError(f"{name}: none of the losses uses this option")
    pairs = arguments.held_out_pairs
    return Request(
        corpus=arguments.corpus,
        cache_dir=arguments.cache,
        configs=configs,
        seeds=[base.seed + i for i in range(arguments.seeds)],
        budget=budget,
        seconds=arguments.seconds,
        held_out=arguments.held_out,
        held_out_pairs=MAX_PAIRS if pairs is None else pairs,
        analogies=questions["analogies"],
        similarity=questions["similarity"],
        output=output,
        restart=arguments.restart,
        report=report,
    )


# --- the work -----------------------------------------------------------------------------------


def _start(request: Request) -> tuple[Document, Corpus, HeldOut]:
    """Read and split the corpus, and read or make the document. Writes nothing but the cache.

    Returns:
        The document, the corpus to train on, and the held-out pairs.

    Raises:
        CorpusError: there is nothing to train or to evaluate on.
        ConfigError: the folder holds the results of another comparison.
    """
    from w2v.compare import results, runs
    from w2v.held_out import held_out_pairs, split_corpus, unigram_nats
    from w2v.train.api import encode
    from w2v.train.callbacks import CallbackList

    path = request.output / RESULTS
    most_runs = len(request.configs) * len(request.seeds)
    document = None if request.restart else results.read(path, most_runs)
    if document is not None:
        # Reading a large corpus takes a while: first refuse what can be refused without it.
        key = document["plan"].get("corpus")
        results.check_plan(path, document, runs.make_plan(request, key))
    config = next(iter(request.configs.values()))
    corpus = encode(request.corpus, config, request.cache_dir, CallbackList([]))
    train, held_out_text = split_corpus(corpus, request.held_out, config.seed)
    held_out = held_out_pairs(held_out_text, config, request.held_out_pairs)
    plan = runs.make_plan(request, corpus.fingerprint())
    if document is not None:
        results.check_plan(path, document, plan)
    else:
        document = {
            "format": results.FORMAT,
            "plan": plan,
            "corpus": {
                "names": request.corpus,
                **dataclasses.asdict(corpus.audit),
                "vocabulary": len(corpus.vocabulary),
                "trained_on": len(train.tokens),
                "held_out_pairs": len(held_out.contexts),
                "unigram_nats": unigram_nats(corpus, config, held_out),
            },
            "questions": runs.known_questions(request, corpus),
            "environment": runs.environment(),
            "epochs": {},
            "runs": [],
        }
    return document, train, held_out


def _announce(forecast: Forecast, document: Document) -> None:
    """Print to stderr how long the remaining runs will take."""
    if not forecast.runs:
        return
    from w2v.train.progress import duration

    each = ", ".join(
        f"{name} {document['epochs'][name]} epoch{'s' * (document['epochs'][name] != 1)} "
        f"{duration(seconds)}"
        for name, seconds in forecast.training.items()
    )
    print(
        f"forecast: {duration(forecast.seconds)} for {forecast.runs} "
        f"run{'s' * (forecast.runs != 1)}, evaluation included (one run of {each})",
        file=sys.stderr,
    )


class Display:
    """A progress bar over all runs on a terminal, and a line for each finished run.

    Args:
        total: number of runs.
        finished: number of runs that an earlier start has finished.
    """

    def __init__(self, total: int, finished: int) -> None:
        from w2v.train.progress import tqdm

        self.total, self.finished = total, finished
        self.bar: Any = None
        if sys.stderr.isatty():
            self.bar = tqdm(
                total=total, initial=finished, unit="run", dynamic_ncols=True, file=sys.stderr,
                bar_format="{l_bar}{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}]",
            )  # fmt: skip

    def progress(self, variant: str, seed: int, done: float) -> None:
        """Show how much of the current run is done, 0 to 1."""
        if self.bar is not None:
            self.bar.set_description(f"{variant}, seed {seed}", refresh=False)
            self.bar.update(self.finished + done - self.bar.n)

    def finish(self, record: dict[str, Any]) -> None:
        """Print a line about a run that has finished or failed."""
        self.finished += 1
        text = (
            record["error"]
            if "error" in record
            else f"held-out {record['measure']['nats']:.4f} nats per pair, "
            f"{record['seconds']:.1f} s, {record['million_words_per_second']:.3f} M words/s"
        )
        line = (
            f"run {self.finished} of {self.total}: {record['variant']}, seed {record['seed']}: "
            f"{text}"
        )
        if self.bar is None:
            print(line, file=sys.stderr)
        else:
            self.bar.write(line, file=sys.stderr)
            self.bar.update(self.finished - self.bar.n)

    def close(self) -> None:
        """Remove the bar."""
        if self.bar is not None:
            self.bar.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code, which is 1 if no run succeeded.

    Raises:
        W2VError: anything else that goes wrong.
    """
    request = _request(_parser().parse_args(argv))
    with FolderLock(request.output):
        return _compare(request)


def _compare(request: Request) -> int:
    """Train what is left of a comparison, and write the results; see `main`."""
    from w2v.compare import results, runs, summary

    document, train, held_out = _start(request)
    path = request.output / RESULTS
    total = len(request.configs) * len(request.seeds)
    kept = total - len(runs.remaining(request, document))
    try:
        evaluation = runs.Evaluation(request, held_out)
        _announce(runs.forecast(request, document, train, evaluation), document)
        with closing(Display(total, kept)) as display:
            for record in runs.run_all(request, document, train, evaluation, display.progress):
                results.save(path, document)
                kept = len(document["runs"])
                display.finish(record)
    except KeyboardInterrupt:
        print(f"{PROG}: interrupted; {_left(request, path, kept, total)}", file=sys.stderr)
        return 128 + signal.SIGINT
    print(summary.table(document))
    print(f"\nresults  {path}")
    if request.report:
        from w2v.compare.report import write_report

        write_report(request.output / REPORT, document)
        print(f"report   {request.output / REPORT}")
    return 0 if summary.ranking(document) else 1


def _left(request: Request, path: Path, kept: int, total: int) -> str:
    """What an interrupted comparison has saved, and how to continue it."""
    if not kept:
        return "no run had finished, nothing was saved"
    same = "the same command without --restart" if request.restart else "the same command"
    return f"{kept} of {total} runs are in {path}; {same} continues"


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
