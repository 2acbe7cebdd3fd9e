"""The command `python -m w2v.train`: a corpus in, vectors out.

The options come from the fields of `w2v.config.TrainConfig`. The work is done by
`w2v.train.api.train_embeddings`, which is imported only after the arguments have been checked, so
that ``--help`` and errors appear immediately.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import shlex
import sys
import time
from argparse import SUPPRESS, BooleanOptionalAction, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from w2v import __version__
from w2v.config import (
    DEFAULT_INTERVAL,
    ENGINES,
    UNSUPPORTED,
    Checkpoints,
    TrainConfig,
    make_config,
    read_toml,
)
from w2v.errors import ConfigError, OutputError, W2VError, shown
from w2v.util import command_line
from w2v.util.signals import Terminated, exit_code, terminated_like_interrupted

PROG = "w2v.train"
DEFAULT_OUTPUT = "vectors.bin"
_UNSUPPORTED_FLAGS = {
    "binary": "the extension of --output decides: .bin is binary, .txt is text; leave it out",
    "hs": "w2v has no hierarchical softmax; leave it out, or choose another --loss",
    "classes": "w2v train does not cluster; w2v explore shows clusters",
    "debug": "use --quiet to print less",
    "save-vocab": "use --cache to store the encoded corpus",
    "read-vocab": "use --cache to reuse the encoded corpus",
}
"""Hints for flags of word2vec.c that w2v lacks, in addition to `w2v.config.UNSUPPORTED`."""

_USAGE = "%(prog)s CORPUS... [OPTIONS]"

_DESCRIPTION = """\
Train skip-gram word2vec vectors on text with one sentence per line.

  %(prog)s corpus.txt --output vectors.bin

A corpus is a file, a folder, a glob pattern (quoted or not), or - for standard input. Files may be
plain text or compressed (.gz, .bz2, .xz, .zst). Text is split at whitespace; see --tokenize."""

_EPILOG = """\
examples:
  %(prog)s corpus.txt
  %(prog)s 'news/*.txt.gz' --output news.bin --vector-size 300 --lowercase
  zcat dump.gz | %(prog)s - --output dump.safetensors
  %(prog)s corpus.txt --checkpoint run1
  %(prog)s corpus.txt --checkpoint run1 --resume
  %(prog)s corpus.txt --deterministic --shards 8
  %(prog)s corpus.txt --engine ray --address auto --shards 32
  %(prog)s newer.txt --init vectors.safetensors --output grown.safetensors
  %(prog)s newer.txt --init vectors.safetensors --freeze words.txt"""


def make_parser() -> command_line.ArgumentParser:
    """Make the parser of the command line, with a flag for each field of `TrainConfig`."""
    parser = command_line.ArgumentParser(
        PROG,
        usage=_USAGE,
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
    )
    parser.add_argument("corpus", nargs="+", help="text to train on")
    parser.add_argument("--version", action="version", version=f"w2v {__version__}")
    files = parser.add_argument_group("files")
    files.add_argument(
        "--output", "-o", metavar="FILE", default=None,
        help=f"file for the vectors: .bin (word2vec binary), .txt or .vec (word2vec text), or "
        f".safetensors (also counts and context vectors) (default: {DEFAULT_OUTPUT}; with "
        "--resume, that of the interrupted run)",
    )  # fmt: skip
    files.add_argument(
        "--config", metavar="FILE", default=None,
        help="read options from a TOML file; flags override it",
    )  # fmt: skip
    files.add_argument(
        "--cache", metavar="DIR", default=None, help="store the encoded corpus here and reuse it"
    )
    files.add_argument(
        "--init", metavar="FILE", default=None,
        help="continue training these vectors on another corpus, and add its new words",
    )  # fmt: skip
    files.add_argument(
        "--freeze", metavar="FILE", default=None,
        help="with --init: file of words, one per line, whose vectors stay fixed while the others "
        "are trained; aligns new vectors with old ones",
    )  # fmt: skip
    files.add_argument(
        "--quiet", action="store_true", default=False, help="print errors and warnings only"
    )
    where = parser.add_argument_group("where to train")
    where.add_argument(
        "--engine", metavar="ENGINE", choices=ENGINES, default="local",
        help="train on this machine (local) or on a Ray cluster (ray), which needs w2v[ray] "
        "(default: local)",
    )  # fmt: skip
    where.add_argument(
        "--address", metavar="ADDRESS", default=None,
        help="address of the Ray cluster: auto or host:port (default: RAY_ADDRESS; if that is not "
        "set, start a cluster on this machine)",
    )  # fmt: skip
    keeping = parser.add_argument_group("checkpoints")
    keeping.add_argument(
        "--checkpoint", metavar="DIR", default=None,
        help="write checkpoints here: at intervals, at the end, and when the run is interrupted or "
        "terminated",
    )  # fmt: skip
    keeping.add_argument(
        "--checkpoint-every", metavar="TIME", default=None,
        help=f"time between checkpoints: 90s, 10m, 2h, or 5%% of the run (default: "
        f"{DEFAULT_INTERVAL})",
    )  # fmt: skip
    keeping.add_argument(
        "--resume", action="store_true", default=None,
        help="continue from the newest checkpoint, or start if there is none; options that are not "
        "given are taken from the checkpoint",
    )  # fmt: skip
    keeping.add_argument(
        "--back-off", metavar="N", type=int, default=None,
        help="if the loss diverges, return to the last checkpoint and continue at half the "
        "learning rate, at most N times (default: 0)",
    )  # fmt: skip
    add_options(parser)
    return parser


def add_options(parser: command_line.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """Add flags for the fields of `TrainConfig`, in groups, and hidden flags for old names.

    Args:
        parser: the parser to extend.
        leave_out: names of fields that get no flag.
    """
    groups: dict[str, Any] = {}
    for spec in dataclasses.fields(TrainConfig):
        name = spec.metadata["group"]
        if spec.name not in leave_out:
            if name not in groups:
                groups[name] = parser.add_argument_group(name)
            _add_option(groups[name], spec)
    for flag, value in (("--shrink-windows", "draw"), ("--no-shrink-windows", "flat")):
        parser.add_argument(
            flag, dest="distance_weights", action="store_const", const=value, help=SUPPRESS
        )


def _add_option(group: Any, spec: dataclasses.Field[Any]) -> None:
    """Add the flag of one field, with its aliases."""
    flags = [f"--{name}" for name in (spec.name.replace("_", "-"), *spec.metadata["aliases"])]
    is_factory = spec.default_factory is not dataclasses.MISSING
    default = spec.default
    if spec.default_factory is not dataclasses.MISSING:
        default = spec.default_factory()
    shown = default
    if default is None:
        shown = spec.metadata["unset"]
    elif isinstance(default, bool):
        shown = "on" if default else "off"
    text = f"{spec.metadata['help']} (default: {'all CPUs, ' if is_factory else ''}{shown})"
    text = text.replace("%", "%%")  # argparse interpolates the text
    kind = str(spec.type).split(" | ", maxsplit=1)[0]
    if kind == "bool":
        group.add_argument(*flags, dest=spec.name, action=BooleanOptionalAction, help=text)
    else:
        group.add_argument(
            *flags,
            dest=spec.name,
            type=spec.metadata["parse"] or {"int": int, "float": float, "str": str}[kind],
            choices=spec.metadata["choices"],
            metavar=None if spec.metadata["choices"] else {"int": "N", "float": "X"}.get(kind),
            help=text,
        )


def given_options(arguments: Namespace) -> dict[str, Any]:
    """The options of `TrainConfig` that were given, in the configuration file or as flags.

    Raises:
        ConfigError: the configuration file cannot be used.
    """
    options = {} if arguments.config is None else read_toml(arguments.config)
    names = [spec.name for spec in dataclasses.fields(TrainConfig)]
    flags = {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
    return {**options, **flags}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises:
        W2VError: anything that goes wrong.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    parser = make_parser()
    arguments = parser.parse_args(with_two_dashes(argv, parser))
    options = given_options(arguments)
    checkpoints = _checkpoints(arguments)
    if not arguments.resume:  # otherwise, the remaining options are in the checkpoint
        make_config(options)

    from w2v.formats import check_format, check_words
    from w2v.util.files import check_output, is_stream

    output = _output(arguments)
    check_format(output)
    check_output(output)
    if checkpoints is not None and not is_stream(output):
        checkpoints = dataclasses.replace(checkpoints, output=os.path.abspath(output))  # noqa: PTH100

    if sys.stderr.isatty() and not arguments.quiet:  # before the slow imports
        print(f"w2v {__version__}: training on {' '.join(map(shown, arguments.corpus))}",
              file=sys.stderr)  # fmt: skip
    from w2v.corpus.sources import expand
    from w2v.embeddings import load
    from w2v.train.api import train_embeddings
    from w2v.train.progress import Console, rescue

    on_disk = [name for name in arguments.corpus if "://" not in name]
    sources = expand(on_disk) if on_disk else []
    inputs = [*(source.path or "-" for source in sources), arguments.freeze, arguments.config]
    command_line.refuse_input_as_output(output, [path for path in inputs if path is not None])
    if checkpoints is not None:
        _refuse_name_of_checkpoint(output, checkpoints)

    init = None if arguments.init is None else load(arguments.init)
    if init is not None:
        check_words(init.index_to_key, output)

    has_checkpoints = checkpoints is not None
    replaced = Path(output).exists() and not is_stream(output)
    console = Console(output, quiet=arguments.quiet, saves_partial=not has_checkpoints)
    try:
        with terminated_like_interrupted(has_checkpoints):
            embeddings = train_embeddings(
                arguments.corpus,
                cache_dir=arguments.cache,
                callbacks=[console],
                init=init,
                freeze=arguments.freeze,
                checkpoint=checkpoints,
                engine=arguments.engine,
                address=arguments.address,
                **options,
            )
            started = time.perf_counter()
            try:
                embeddings.save(output)
            except KeyboardInterrupt:
                console.on_interrupt(embeddings)
                raise
            except (OSError, W2VError, MemoryError) as error:
                if console.kept_progress == 1:
                    where = f"the run is saved in {arguments.checkpoint}; try again with --resume"
                else:
                    rescued = rescue(embeddings, output)
                    if rescued is None:
                        raise
                    where = f"the vectors are in {rescued} instead"
                kind = type(error) if isinstance(error, W2VError) else OutputError
                raise kind(f"{error}; {where}") from error
    except KeyboardInterrupt as interrupt:
        done = console.kept_progress
        what = "terminated" if isinstance(interrupt, Terminated) else "interrupted"
        if done is None and not arguments.resume:
            print(f"{PROG}: {what}; {console.saved}", file=sys.stderr)
        else:
            at = "" if done is None else f" at {done:.0%}"
            print(f"{PROG}: {what}{at}; to resume: {_resume_command(argv)}", file=sys.stderr)
        return exit_code(interrupt)
    console.summary(embeddings, time.perf_counter() - started, replaced=replaced)
    return 0


def with_two_dashes(argv: Sequence[str], parser: command_line.ArgumentParser) -> list[str]:
    """Spell word2vec.c's long options (``-size 50``) with two dashes.

    ``-train FILE`` becomes FILE. Options that w2v does not have are errors of the parser: a message
    and exit code 2.

    Args:
        argv: the arguments of the command line.
        parser: the parser that they are for.

    Returns:
        The rewritten arguments.
    """
    rewritten: list[str] = []
    for word in argv:
        match = re.fullmatch(r"--?([a-z][a-z_-]+)(=.*)?", word, re.DOTALL)
        if match is None:
            rewritten.append(word)
            continue
        name, value = match[1].replace("_", "-"), match[2] or ""
        is_known = f"--{name}" in parser.known_flags()
        if is_known:
            rewritten.append(f"--{name}{value}")
        elif name == "train":
            rewritten += [value[1:]] if value else []
        elif hint := _UNSUPPORTED_FLAGS.get(name) or UNSUPPORTED.get(name.replace("-", "_")):
            parser.error(f"{word}: {hint}")
        elif not word.startswith("--") and (close := _close_flag(name, parser)):
            parser.error(f"{word}: unknown option (did you mean {close}?)")  # not -o utptu
        else:
            rewritten.append(word)
    return rewritten


def _close_flag(name: str, parser: command_line.ArgumentParser) -> str | None:
    """The long flag that a mistyped name most resembles; None if none is close."""
    long = [flag for flag in parser.known_flags() if flag.startswith("--")]
    return next(iter(difflib.get_close_matches(f"--{name}", sorted(long), n=1, cutoff=0.8)), None)


def _output(arguments: Namespace) -> str:
    """The output file: the one given, that of the run to resume, or the default."""
    if arguments.output is not None:
        return str(arguments.output)
    saved = None
    if arguments.resume and arguments.checkpoint is not None:
        from w2v.train.checkpoint import saved_output

        saved = saved_output(Path(arguments.checkpoint))
    if saved is None:
        return DEFAULT_OUTPUT
    here = os.path.relpath(saved)
    return saved if here.startswith("..") else here


def _checkpoints(arguments: Namespace) -> Checkpoints | None:
    """The `Checkpoints` that the flags describe; None without --checkpoint.

    Raises:
        ConfigError: a value is out of range, or a flag needs --checkpoint.
    """
    fields = {"checkpoint_every": "every", "resume": "resume", "back_off": "back_off"}
    given = {name: getattr(arguments, name) for name in fields}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.checkpoint is None:
        for name in given:
            raise ConfigError(f"--{name.replace('_', '-')} needs --checkpoint DIR")
        return None
    return Checkpoints(arguments.checkpoint, **{fields[name]: given[name] for name in given})


def _refuse_name_of_checkpoint(output: str, checkpoints: Checkpoints) -> None:
    """Refuse an output in the folder of checkpoints that is named like one.

    Raises:
        OutputError: it would be taken for a checkpoint, or replace one.
    """
    from w2v.train.checkpoint import PREFIX

    path, folder = Path(os.path.realpath(output)), Path(os.path.realpath(checkpoints.folder))
    if path.parent == folder and path.name.startswith(PREFIX):
        raise OutputError(f"{output}: would be taken for a checkpoint; choose another output")


def _resume_command(argv: Sequence[str]) -> str:
    """The command that resumes a run started with these arguments."""
    resume = [] if "--resume" in argv else ["--resume"]
    return shlex.join([*command_line.invocation(PROG), *argv, *resume])


def entry() -> NoReturn:
    """Entry point of the console script."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
