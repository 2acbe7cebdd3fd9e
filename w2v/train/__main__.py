"""The command `python -m w2v.train`: a corpus in, vectors out.

The options come from the fields of `w2v.config.TrainConfig`; the work is done by
`w2v.train.api.train_embeddings`, which is imported after the arguments are checked, so that
``--help`` and mistakes are answered at once.
"""

from __future__ import annotations

import dataclasses
import shlex
import sys
import time
from argparse import SUPPRESS, BooleanOptionalAction, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any, NoReturn

from w2v import __version__
from w2v.config import DEFAULT_INTERVAL, Checkpoints, TrainConfig, make_config, read_toml
from w2v.errors import ConfigError
from w2v.util import command_line
from w2v.util.signals import Terminated, exit_code, terminated_like_interrupted

PROG = "w2v.train"
DEFAULT_OUTPUT = "vectors.bin"

_DESCRIPTION = """\
Train word vectors: skip-gram word2vec on a text of one sentence a line.

A corpus is a file, a folder, a glob pattern (quoted or not) or - for standard input; plain text or
.gz, .bz2, .xz, .zst. Words are whatever stands between whitespace; see --tokenize."""

_EPILOG = """\
examples:
  python -m w2v.train corpus.txt
  python -m w2v.train 'news/*.txt.gz' --output news.bin --vector-size 300 --lowercase
  zcat dump.gz | python -m w2v.train - --output dump.safetensors
  python -m w2v.train corpus.txt --checkpoint run1
  python -m w2v.train corpus.txt --checkpoint run1 --resume
  python -m w2v.train corpus.txt --deterministic --shards 8
  python -m w2v.train corpus.txt --engine ray --address auto --shards 32
  python -m w2v.train newer.txt --init vectors.safetensors --output grown.safetensors"""


def make_parser() -> command_line.ArgumentParser:
    """The command line's options; the README's tables are made from them."""
    parser = command_line.ArgumentParser(
        prog=f"python -m {PROG}",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
        argument_default=SUPPRESS,
    )
    parser.add_argument("corpus", nargs="+", help="what to train on")
    parser.add_argument("--version", action="version", version=f"w2v {__version__}")
    files = parser.add_argument_group("files")
    files.add_argument(
        "--output", "-o", metavar="FILE", default=DEFAULT_OUTPUT,
        help=f"where the vectors go: .bin (word2vec), .txt or .vec (word2vec text), .safetensors "
        f"(everything, memory-mapped) (default: {DEFAULT_OUTPUT})",
    )  # fmt: skip
    files.add_argument("--config", metavar="FILE", help="options from a TOML file; flags win")
    files.add_argument(
        "--cache", metavar="DIR", default=None, help="keep the encoded corpus here and reuse it"
    )
    files.add_argument(
        "--init", metavar="FILE", default=None,
        help="go on from these vectors on another corpus, whose new words are added",
    )  # fmt: skip
    files.add_argument(
        "--quiet", action="store_true", default=False, help="print errors and warnings only"
    )
    where = parser.add_argument_group("where to train")
    where.add_argument(
        "--engine", metavar="ENGINE", choices=("local", "ray"), default="local",
        help="local or ray: on this machine, or on a Ray cluster, which needs w2v[ray] "
        "(default: local)",
    )  # fmt: skip
    where.add_argument(
        "--address", metavar="ADDRESS", default=None,
        help="of the Ray cluster: auto or host:port (default: RAY_ADDRESS, or one that is started "
        "for this run)",
    )  # fmt: skip
    keeping = parser.add_argument_group("checkpoints")
    keeping.add_argument(
        "--checkpoint", metavar="DIR", default=None,
        help="keep the whole state of the run here: now and then, at the end, and when it is "
        "interrupted or terminated",
    )  # fmt: skip
    keeping.add_argument(
        "--checkpoint-every", metavar="TIME", default=DEFAULT_INTERVAL,
        help=f"how often: 90s, 10m, 2h, or 5%% of the run (default: {DEFAULT_INTERVAL})",
    )  # fmt: skip
    keeping.add_argument(
        "--resume", action="store_true", default=False,
        help="go on from the newest checkpoint, or begin if there is none; options that are not "
        "given are the checkpoint's",
    )  # fmt: skip
    keeping.add_argument(
        "--back-off", metavar="N", type=int, default=0,
        help="where the loss diverges, go back to the last checkpoint and on at half the rate, at "
        "most so often (default: 0)",
    )  # fmt: skip
    add_options(parser)
    return parser


def add_options(parser: command_line.ArgumentParser, leave_out: Sequence[str] = ()) -> None:
    """A flag for each field of `TrainConfig` but those left out, in groups."""
    groups: dict[str, Any] = {}
    for spec in dataclasses.fields(TrainConfig):
        name = spec.metadata["group"]
        if spec.name not in leave_out:
            if name not in groups:
                groups[name] = parser.add_argument_group(name)
            _add_option(groups[name], spec)


def _add_option(group: Any, spec: dataclasses.Field[Any]) -> None:
    """One flag, with its aliases, from a field of the configuration."""
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
    text = text.replace("%", "%%")  # argparse formats it once more
    kind = str(spec.type).removesuffix(" | None")
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
    """The options of `TrainConfig` that were given: the configuration file's, then the flags'."""
    options = read_toml(arguments.config) if hasattr(arguments, "config") else {}
    names = [spec.name for spec in dataclasses.fields(TrainConfig)]
    flags = {name: getattr(arguments, name) for name in names if hasattr(arguments, name)}
    return {**options, **flags}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. Raises `W2VError` for anything that goes wrong."""
    words = sys.argv[1:] if argv is None else list(argv)
    arguments = make_parser().parse_args(words)
    options = given_options(arguments)
    checkpoints = _checkpoints(arguments)
    if not arguments.resume:  # else the checkpoint has the options that are not given
        make_config(options)

    from w2v.formats import check_format
    from w2v.util.files import check_folder, check_output

    output = arguments.output
    check_format(output)
    check_output(output)
    if arguments.cache is not None:
        check_folder(arguments.cache)

    # Numba's import costs a second: only now is there something to do.
    from w2v.corpus.sources import expand
    from w2v.train.api import train_embeddings
    from w2v.train.progress import Console

    on_disk = [name for name in arguments.corpus if "://" not in name]
    sources = expand(on_disk) if on_disk else []
    read = [source.path for source in sources if source.path is not None]
    command_line.refuse_input_as_output(output, read)

    has_checkpoints = checkpoints is not None
    console = Console(output, quiet=arguments.quiet, saves_partial=not has_checkpoints)
    try:
        with terminated_like_interrupted(has_checkpoints):
            embeddings = train_embeddings(
                arguments.corpus,
                cache_dir=arguments.cache,
                callbacks=[console],
                init=arguments.init,
                checkpoint=checkpoints,
                engine=arguments.engine,
                address=arguments.address,
                **options,
            )
            console.close()
            started = time.perf_counter()
            embeddings.save(output)
    except KeyboardInterrupt as interrupt:
        console.close()
        done = console.kept_progress
        what = f"{'terminated' if isinstance(interrupt, Terminated) else 'interrupted'}"
        if done is None:
            print(f"{PROG}: {what}; {console.saved}", file=sys.stderr)
        else:
            print(f"{PROG}: {what} at {done:.0%}; to resume: {_resuming(words)}", file=sys.stderr)
        return exit_code(interrupt)
    finally:
        console.close()
    console.summary(embeddings, time.perf_counter() - started)
    return 0


def _checkpoints(arguments: Namespace) -> Checkpoints | None:
    """What the flags say about checkpoints.

    Raises:
        ConfigError: a value is out of range, or a flag needs --checkpoint.
    """
    if arguments.checkpoint is None:
        for name in ("resume", "back_off"):
            if getattr(arguments, name):
                flag = name.replace("_", "-")
                raise ConfigError(f"--{flag} needs --checkpoint and the folder of the checkpoints")
        return None
    return Checkpoints(
        arguments.checkpoint, arguments.checkpoint_every, arguments.resume, arguments.back_off
    )


def _resuming(words: Sequence[str]) -> str:
    """The command that resumes a run which was started with these arguments."""
    resume = [] if "--resume" in words else ["--resume"]
    return shlex.join(["python", "-m", PROG, *words, *resume])


def entry() -> NoReturn:
    """The console script."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
