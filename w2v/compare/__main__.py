"""The command `python -m w2v.compare`: train every loss on one corpus, judge all alike.

    python -m w2v.compare corpus.txt --losses negative-sampling nce softmax:split --seeds 3

All losses get the same training sentences, and for the same seed the same initial center vectors
and draws of subsampling and windows (they follow from the seed alone). All get the same budget,
``--epochs`` or ``--seconds``, and are judged by `w2v.held_out` on the same held-out pairs. Each
finished run is kept in ``results.json``, so that the same command goes on after a kill;
``report.html`` is made from that file by `w2v.compare.report`.
"""

from __future__ import annotations

import dataclasses
import difflib
import signal
import sys
from argparse import SUPPRESS, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from w2v import __version__
from w2v.config import TrainConfig, fraction, make_config, of_rounds, unused
from w2v.errors import ConfigError
from w2v.losses import LOSSES, TARGETS, get_loss
from w2v.train.__main__ import add_options, given_options
from w2v.util import command_line
from w2v.util.files import check_folder, make_folder

if TYPE_CHECKING:
    from w2v.compare.results import Document
    from w2v.compare.runs import Request
    from w2v.corpus import Corpus
    from w2v.held_out import HeldOut

PROG = "w2v.compare"
DEFAULT_OUTPUT = "comparison"
RESULTS, REPORT = "results.json", "report.html"

DEFAULT_SEEDS = 3
DEFAULT_EPOCHS = 5
DEFAULT_HELD_OUT = 0.05
MAX_SEEDS = 1_000
MAX_SEED = 2**63 - 1
"""As `w2v.config` has it."""

_BYTES_A_RUN, _BYTES_OF_REPORT = 200_000, 10_000_000
"""About what a run takes in the results and again in the report, and the report's plotly.js."""

LEARN_NORMALISER = "learn-normaliser"
"""A variant's name after the colon, for the losses that can; others are kinds of target."""

_CHOSEN_HERE = ("loss", "targets", "learn_normaliser", "validate", "patience")
"""Options of a run that follow from those of the comparison."""

_DESCRIPTION = """\
Train several losses on one corpus and judge them on one yardstick: held-out full-softmax nats a
pair. Writes results.json and a report.html that needs no network."""

_EPILOG = """\
A loss may be followed by a kind of target (softmax:corpus, softmax:distribution, softmax:split) or
by learn-normaliser (nce:learn-normaliser). Run the same command again to go on after a kill."""


class Variant(NamedTuple):
    """A loss and the options that make it a variant; `name` is as on the command line."""

    name: str
    options: dict[str, Any]


def parse_variant(text: str) -> Variant:
    """``LOSS``, ``LOSS:TARGETS`` or ``LOSS:learn-normaliser``.

    Raises:
        ConfigError: no such loss, or nothing of the kind after the colon.
    """
    name, _, choice = text.partition(":")
    if name not in LOSSES:
        close = difflib.get_close_matches(name, list(LOSSES), n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise ConfigError(f"--losses: expected one of {', '.join(LOSSES)}, got {name!r}{hint}")
    if ":" not in text:
        return Variant(text, {"loss": name})
    if choice == LEARN_NORMALISER:
        return Variant(text, {"loss": name, "learn_normaliser": True})
    if choice not in TARGETS:
        kinds = ", ".join((*TARGETS, LEARN_NORMALISER))
        raise ConfigError(f"--losses: expected {name}: and one of {kinds}, got {text!r}")
    return Variant(text, {"loss": name, "targets": choice})


# --- the command line ---------------------------------------------------------------------------


def _fraction(text: str) -> float:
    try:
        return fraction(text)
    except ValueError:
        raise ArgumentTypeError(f"expected a number or a percentage, got {text!r}") from None


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=f"python -m {PROG}",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
    )
    parser.add_argument("corpus", nargs="+", help="what to train on; see w2v.train")
    parser.add_argument("--version", action="version", version=f"w2v {__version__}")
    group = parser.add_argument_group("comparison")
    add = group.add_argument
    add("--losses", nargs="+", metavar="LOSS", default=list(LOSSES),
        help=f"what to compare (default: {' '.join(LOSSES)})")  # fmt: skip
    add("--seeds", type=int, metavar="N", default=DEFAULT_SEEDS,
        help=f"runs of each, with seeds from --seed on (default: {DEFAULT_SEEDS})")  # fmt: skip
    add("--seconds", type=float, metavar="S", default=None,
        help="budget of a run in place of --epochs: each loss gets as many epochs as fit by "
        f"forecast (default: {DEFAULT_EPOCHS} epochs)")  # fmt: skip
    add("--held-out", type=_fraction, metavar="X", default=DEFAULT_HELD_OUT,
        help="part of the sentences to judge on, 0.05 or 5%% (default: 5%%)")  # fmt: skip
    add("--held-out-pairs", type=int, metavar="N", default=None,
        help="the most pairs that are judged (default: 100000)")  # fmt: skip
    add("--analogies", metavar="FILE", default=None, help="also score analogies; see w2v.evaluate")
    add("--similarity", metavar="FILE", default=None, help="also score word similarity")
    add("--output", "-o", metavar="DIR", default=DEFAULT_OUTPUT,
        help=f"folder for {RESULTS} and {REPORT} (default: {DEFAULT_OUTPUT})")  # fmt: skip
    add("--restart", action="store_true", default=False, help="forget the results in that folder")
    add("--no-report", action="store_true", default=False, help=f"write {RESULTS} alone")
    add("--config", metavar="FILE", help="options of the runs from a TOML file; flags win")
    add("--cache", metavar="DIR", default=None, help="keep the encoded corpus here and reuse it")
    # A comparison has its corpus in one place.
    every = [spec.name for spec in dataclasses.fields(TrainConfig)]
    add_options(parser, leave_out=(*_CHOSEN_HERE, *of_rounds(every)))
    return parser


def _request(arguments: Namespace) -> Request:
    """Check everything that can be checked without the corpus.

    Raises:
        ConfigError, FormatError, OutputError: something cannot be used.
    """
    options = given_options(arguments)
    for name in _CHOSEN_HERE:
        if name in options:
            raise ConfigError(f"{name}: expected it to be left to --losses and --held-out")
    for name in of_rounds(options):
        raise ConfigError(f"{name}: expected an option of a comparison, got one of w2v.train")
    base = make_config(options)
    if base.epochs is None and arguments.seconds is None:
        options = {**options, "epochs": DEFAULT_EPOCHS}
    for name, low, high in (("seeds", 1, MAX_SEEDS), ("held_out_pairs", 1, 2**31 - 1)):
        value = getattr(arguments, name)
        if value is not None and not low <= value <= high:
            raise ConfigError(f"--{name.replace('_', '-')}: expected {low} to {high}, got {value}")
    if not 0 < arguments.held_out <= 0.5:
        raise ConfigError(f"--held-out: expected above 0 to 0.5, got {arguments.held_out}")
    if arguments.seconds is not None:
        if not 0 < arguments.seconds < float("inf"):
            raise ConfigError(f"--seconds: expected a positive number, got {arguments.seconds}")
        if base.epochs is not None:
            raise ConfigError("--seconds: expected one budget, got --epochs too")
    last_seed = base.seed + arguments.seeds - 1
    if last_seed > MAX_SEED:
        raise ConfigError(f"--seeds: expected the last seed up to {MAX_SEED}, got {last_seed}")
    variants = [parse_variant(text) for text in arguments.losses]
    output = Path(arguments.output)
    report = not arguments.no_report
    runs = len(arguments.losses) * arguments.seeds
    check_folder(
        output, (RESULTS, REPORT) if report else (RESULTS,),
        estimated_bytes=runs * _BYTES_A_RUN + report * _BYTES_OF_REPORT,
    )  # fmt: skip
    if arguments.cache is not None:
        check_folder(arguments.cache)
    if report:
        from w2v.compare.report import require_plotly

        require_plotly()

    # Numba's import costs a second: only now is there something to do.
    from w2v.compare.runs import Request
    from w2v.evaluate.questions import read_analogies, read_similarity
    from w2v.held_out import MAX_PAIRS
    from w2v.train.api import resolve

    for option, read in (("analogies", read_analogies), ("similarity", read_similarity)):
        file = getattr(arguments, option)
        if file is not None:
            if Path(file).exists() and not Path(file).is_file():
                raise ConfigError(f"--{option}: expected a file, which is read again, got {file}")
            read(file)
    configs: dict[str, TrainConfig] = {}
    for variant in variants:
        config = resolve(make_config({**options, **variant.options}))
        for name, other in configs.items():
            if config == other:
                raise ConfigError(
                    f"--losses: expected different ones, got {name} and {variant.name}, "
                    "which are the same"
                )
        configs[variant.name] = config
    families = {get_loss(config.loss).family for config in configs.values()}
    for name in options:
        if all(name in unused(options, family) for family in families):
            raise ConfigError(
                f"{name}: expected an option that one of the losses uses, got {options[name]}"
            )
    pairs = arguments.held_out_pairs
    return Request(
        corpus=arguments.corpus,
        cache_dir=arguments.cache,
        configs=configs,
        seeds=[base.seed + i for i in range(arguments.seeds)],
        seconds=arguments.seconds,
        held_out=arguments.held_out,
        held_out_pairs=MAX_PAIRS if pairs is None else pairs,
        analogies=arguments.analogies,
        similarity=arguments.similarity,
        output=output,
        restart=arguments.restart,
        report=report,
    )


# --- the work -----------------------------------------------------------------------------------


def _start(request: Request) -> tuple[Document, Corpus, HeldOut]:
    """Read the corpus, split it, and find or begin the document. Writes nothing but the cache.

    Raises:
        CorpusError, ConfigError: nothing to train on or to judge on; the folder has another plan.
    """
    from w2v.compare import results, runs
    from w2v.held_out import held_out_pairs, split_corpus, unigram_nats
    from w2v.train.api import encode
    from w2v.train.run import Observer

    path = request.output / RESULTS
    document = None if request.restart else results.read(path)
    if document is not None:
        # Reading a large corpus takes a while: what can be refused without it is refused first.
        key = document["plan"].get("corpus")
        results.check_plan(path, document, runs.make_plan(request, key))
    config = next(iter(request.configs.values()))
    corpus = encode(request.corpus, config, request.cache_dir, Observer())
    train, rest = split_corpus(corpus, request.held_out, config.seed)
    held_out = held_out_pairs(rest, config, request.held_out_pairs)
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
            "questions": {"analogies": request.analogies, "similarity": request.similarity},
            "environment": runs.environment(),
            "epochs": {},
            "runs": [],
        }
    return document, train, held_out


def _listener(total: int, done: int) -> Any:
    """A bar over all runs on a terminal, a line for each finished run elsewhere."""
    from tqdm.auto import tqdm

    from w2v.compare.runs import Listener

    class Shown(Listener):
        """Shows progress on stderr."""

        def __init__(self) -> None:
            self.finished_runs = done
            self.bar: Any = None
            if sys.stderr.isatty():
                self.bar = tqdm(
                    total=total, initial=done, unit="run", dynamic_ncols=True, file=sys.stderr,
                    bar_format="{l_bar}{bar}| {n:.1f}/{total} runs [{elapsed}<{remaining}]",
                )  # fmt: skip

        def progress(self, variant: str, seed: int, done: float) -> None:
            if self.bar is not None:
                self.bar.set_description(f"{variant}, seed {seed}", refresh=False)
                self.bar.update(self.finished_runs + done - self.bar.n)

        def finished(self, record: dict[str, Any]) -> None:
            self.finished_runs += 1
            text = (
                record["error"]
                if "error" in record
                else f"held-out {record['measure']['nats']:.4f} nats a pair, "
                f"{record['seconds']:.1f} s, {record['million_words_per_second']:.3f} M words/s"
            )
            line = (
                f"run {self.finished_runs} of {total}: {record['variant']}, "
                f"seed {record['seed']}: {text}"
            )
            if self.bar is None:
                print(line, file=sys.stderr)
            else:
                self.bar.write(line, file=sys.stderr)
                self.bar.update(self.finished_runs - self.bar.n)

        def close(self) -> None:
            if self.bar is not None:
                self.bar.close()

    return Shown()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code, 1 if no run succeeded.

    Raises `W2VError` for anything else that goes wrong.
    """
    request = _request(_parser().parse_args(argv))

    from w2v.compare import results, runs
    from w2v.compare.report import write_report

    document, train, held_out = _start(request)
    make_folder(request.output)
    path = request.output / RESULTS
    total = len(request.configs) * len(request.seeds)
    kept = total - len(runs.remaining(request, document))
    listener = _listener(total, kept)
    try:
        for changed in runs.run_all(request, document, train, held_out, listener):
            results.save(path, changed)
            kept = len(changed["runs"])
    except KeyboardInterrupt:
        listener.close()
        print(f"{PROG}: interrupted; {_left(request, path, kept, total)}", file=sys.stderr)
        return 128 + signal.SIGINT
    finally:
        listener.close()
    print(results.table(document))
    print(f"\nresults  {path}")
    if request.report:
        write_report(request.output / REPORT, document)
        print(f"report   {request.output / REPORT}")
    return 0 if results.ranking(document) else 1


def _left(request: Request, path: Path, kept: int, total: int) -> str:
    """What an interrupted comparison leaves behind."""
    if not kept:
        return "no run was finished, and none was kept"
    same = "the same command without --restart" if request.restart else "the same command"
    return f"{kept} of {total} runs are in {path}; {same} goes on"


def entry() -> NoReturn:
    """The console script."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
