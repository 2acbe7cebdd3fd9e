"""The options of a training run: one frozen dataclass, which validates itself.

Every field carries its help text, aliases and group for the command line, so each option is defined
in one place. No third-party packages are imported, so that ``--help`` appears immediately.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypedDict

from w2v.errors import ConfigError, shown
from w2v.losses import LOSSES, TARGETS
from w2v.util.options import ENCODING_ERRORS, Options
from w2v.util.text import PHRASE_THRESHOLDS, TOKENIZERS

DEFAULT_INTERVAL = "10m"
"""Time between two checkpoints."""
MAX_BACK_OFF = 20
"""Twenty halvings leave a millionth of the learning rate."""

DEFAULT_ROUNDS = 200
"""Rounds in an epoch: enough for the quality of training without rounds, as measured in
docs/explanation/rounds.md."""
MIN_ROUND_WORDS = 1_000
"""With fewer words per round, merging would take most of the time."""

MAX_SHARDS = 65_536

DEVICES = ("cpu", "cuda")
ENGINES = ("local", "ray")
"""Where to train; see `w2v.train.api.train_embeddings`."""
DISTANCE_WEIGHTS = ("draw", "harmonic", "flat")
"""See `w2v.corpus.windows`."""

MAX_VECTOR_SIZE = 4_096
"""Kernels are compiled for each size: in 20 seconds for this one, in many minutes far beyond it."""
MAX_WINDOW = 1_000
MAX_NEGATIVE = 1_000
MAX_WORKERS = 1_024
MAX_EPOCHS = 1_000_000
MAX_BATCH_SIZE = 1_000_000
MAX_SEED = 2**63 - 1
MIN_LR, MAX_LR = 1e-37, 3e38
"""The range of float32: a smaller rate would become 0, a larger one infinite."""
MAX_TOML_BYTES = 2**20
"""Maximum size of a configuration file; guards against endless ones such as /dev/zero."""


def available_cpus() -> int:
    """Number of CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def fraction(text: str) -> float:
    """Parse a fraction such as ``0.01`` or ``1%``; ValueError for anything else."""
    number = text.strip()
    return float(number[:-1]) / 100 if number.endswith("%") else float(number)


def window(text: str) -> int | tuple[int, ...]:
    """Parse a window such as ``5`` or ``5,2``; ValueError if a part is not an integer."""
    numbers = [int(number) for number in text.split(",")]
    return numbers[0] if len(numbers) == 1 else tuple(numbers)


_EXPECTED = {
    fraction: "a fraction such as 0.01 or 1%",
    window: "a number of words such as 5, or one for each side, left and right, such as 5,2",
}
"""What each parser above expects, for error messages."""


def _option(
    default: Any, group: str, text: str, *aliases: str, choices: Any = None,
    unset: str = "no limit", parse: Any = None, family: str | None = None,
) -> Any:  # fmt: skip
    """A field with the metadata that the command line needs.

    `unset` says what None means. `parse` converts text if the field's type cannot. `family` is the
    family of losses that use the option (`w2v.losses.base`); None means all.
    """
    metadata = {
        "group": group, "help": text, "aliases": aliases, "choices": choices, "unset": unset,
        "parse": parse, "family": family,
    }  # fmt: skip
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class TrainConfig(Options):
    """The options of a training run, named as in gensim where gensim has the same option.

    ``python -m w2v.train --help`` describes them, and says as the default what None stands for.

    Raises:
        ConfigError: a value is out of its range or of the wrong type; the message names the field.
    """

    loss: str = _option(
        "negative-sampling", "model", "training objective", choices=tuple(LOSSES)
    )  # fmt: skip
    vector_size: int = _option(100, "model", "dimension of the vectors", "size", "dim")
    window: int | tuple[int, int] = _option(
        5, "model", "maximum distance between center and context word; 5,2 means up to 5 words to "
        "the left and 2 to the right, 5,0 only to the left", parse=window,
    )  # fmt: skip
    distance_weights: str = _option(
        "draw", "model", "preference for nearby context words: draw (each window's radius from "
        "1..window, as in word2vec), harmonic (weights 1/distance, as in GloVe) or flat (none)",
        choices=DISTANCE_WEIGHTS,
    )  # fmt: skip
    targets: str | None = _option(
        None, "model", "full softmax: how context words become training examples",
        choices=TARGETS, unset="depends on the loss",
    )  # fmt: skip
    output_bias: bool | None = _option(
        None, "model", "learn a bias for each context word", unset="depends on the loss"
    )
    learn_normaliser: bool = _option(
        False, "model", "NCE: learn ln Z of each center word instead of fixing it at 0"
    )
    batch_size: int = _option(256, "model", "full softmax: examples per step", family="full")
    negative: int = _option(
        5, "model", "sampled losses: noise words per true context word", "neg",
        family="sampled",
    )  # fmt: skip
    noise_exponent: float = _option(
        0.75, "model", "sampled losses: draw noise words in proportion to count ** X",
        "ns-exponent", family="sampled",
    )  # fmt: skip
    min_count: int = _option(5, "vocabulary", "drop words that occur fewer than N times")
    max_vocab: int | None = _option(None, "vocabulary", "keep at most the N most frequent words")
    sample: float = _option(
        1e-4, "vocabulary", "subsampling threshold for frequent words; 0 keeps all of them"
    )
    tokenize: str = _option(
        "whitespace", "text", "how to split text into words: at whitespace, or into runs of "
        "letters and digits, without punctuation", choices=TOKENIZERS,
    )  # fmt: skip
    lowercase: bool = _option(False, "text", "convert the text to lower case")
    text_column: str | None = _option(
        None, "text", "column or field with the text, in CSV, TSV, JSON lines or Parquet files",
        unset="plain text",
    )  # fmt: skip
    encoding: str = _option(
        "utf-8", "text", "encoding of the text, such as latin-1, cp1252 or utf-16"
    )
    encoding_errors: str = _option(
        "strict", "text", "what to do with bytes that cannot be decoded",
        choices=ENCODING_ERRORS,
    )  # fmt: skip
    phrases: int = _option(
        0, "text", "join frequent phrases (new york becomes new_york) in N passes; 2 passes give "
        "phrases of up to 4 words"
    )  # fmt: skip
    phrase_scoring: str = _option(
        "word2phrase", "text", "score of a phrase, from the counts of its words and of the pair",
        choices=tuple(PHRASE_THRESHOLDS),
    )  # fmt: skip
    phrase_threshold: float | None = _option(
        None, "text", "join phrases that score higher than this; lower values join more phrases",
        unset=" or ".join(f"{x:g} for {name}" for name, x in PHRASE_THRESHOLDS.items()),
    )  # fmt: skip
    phrase_min_count: int = _option(
        5,
        "text",
        "join only words and pairs that occur at least N times; also the discount of word2phrase",
    )
    epochs: int | None = _option(
        None, "training", "passes over the corpus", "iter", "epoch", unset="depends on the loss"
    )
    lr: float | None = _option(
        None, "training", "initial learning rate", "alpha",
        unset="depends on the loss, and is lower for many passes over a large corpus",
    )  # fmt: skip
    min_lr: float = _option(
        1e-4, "training", "final learning rate, after linear decay", "min-alpha"
    )
    validate: float = _option(
        0.0, "training", "hold out this fraction of the sentences (0.01 or 1%) and report their "
        "loss after each epoch; 0 holds out none", parse=fraction,
    )  # fmt: skip
    patience: int | None = _option(
        None, "training", "with --validate: stop after N epochs without a lower held-out "
        "loss, and keep the best epoch's vectors", unset="never",
    )  # fmt: skip
    workers: int = _option(
        available_cpus, "training", "number of threads; with 1, the same seed gives the same bytes",
        "threads", "thread",
    )  # fmt: skip
    device: str = _option(
        "cpu", "training", "where to train the sampled losses; cuda is an NVIDIA GPU, and needs "
        "w2v[cuda]", choices=DEVICES,
    )  # fmt: skip
    seed: int = _option(1, "training", "random seed")
    deterministic: bool = _option(
        False, "rounds", "train in rounds on shards of plain text files, which gives the same "
        "bytes for any number of workers; always on with a cluster", family="sampled",
    )  # fmt: skip
    shards: int = _option(
        4, "rounds", "parts of the corpus to train on in parallel; the result depends on it",
        family="sampled",
    )  # fmt: skip
    round_words: int | None = _option(
        None, "rounds", "words per shard and round; in the first epoch, rounds start shorter",
        family="sampled",
        unset=f"{DEFAULT_ROUNDS} rounds per epoch",
    )  # fmt: skip

    def __post_init__(self) -> None:
        """Check every field, then their combinations."""
        self._check_values()
        self._check_combinations()

    def _check_values(self) -> None:
        for spec in dataclasses.fields(self):
            self._parse_text(spec)
            if spec.name != "window":
                self._check_type(spec.name, str(spec.type))
        self._check_window()
        self._check_choice("loss", tuple(LOSSES))
        self._check_text_options()
        self._check_choice("targets", (None, *TARGETS))
        self._check_choice("device", DEVICES)
        self._check_choice("distance_weights", DISTANCE_WEIGHTS)
        self._check_range("batch_size", 1, MAX_BATCH_SIZE)
        self._check_range("vector_size", 1, MAX_VECTOR_SIZE)
        self._check_range("negative", 1, MAX_NEGATIVE)
        self._check_range("noise_exponent", -10, 10)
        self._check_range("sample", 0, 1)
        self._check_range("epochs", 1, MAX_EPOCHS)
        self._check_range("workers", 1, MAX_WORKERS)
        self._check_range("validate", 0, 0.5)
        self._check_range("patience", 1, MAX_EPOCHS)
        self._check_range("shards", 1, MAX_SHARDS)
        self._check_range("round_words", MIN_ROUND_WORDS, 2**40)
        self._check_range("seed", 0, MAX_SEED)
        if self.lr is not None and not MIN_LR <= self.lr <= MAX_LR:
            raise ConfigError(
                f"lr: expected a positive number in the range of float32, got {self.lr}"
            )
        if self.min_lr < 0:
            self._refuse_min_lr()

    def _check_combinations(self) -> None:
        """Check options that depend on others."""
        if self.lr is not None and self.min_lr > self.lr:
            self._refuse_min_lr()
        if self.patience is not None and not self.validate:
            raise ConfigError(
                "patience: needs validate, the fraction of the text to hold out, such as 0.01"
            )
        self._check_phrases()

    def _refuse_min_lr(self) -> NoReturn:
        most = "" if self.lr is None else f" to lr={self.lr}"
        raise ConfigError(f"min_lr: expected 0{most or ' or more'}, got {self.min_lr}")

    def with_defaults(self, *, epochs: int, targets: str, output_bias: bool) -> TrainConfig:
        """Return a copy in which the loss's defaults replace options that are None.

        `targets` is always set, and `lr` never: its default also depends on the corpus.
        """
        return dataclasses.replace(
            self,
            epochs=epochs if self.epochs is None else self.epochs,
            targets=targets,
            output_bias=output_bias if self.output_bias is None else self.output_bias,
        )

    def with_default_lr(self, lr: float) -> TrainConfig:
        """Return a copy in which this rate replaces an `lr` that is None.

        If it is below `min_lr`, `min_lr` is lowered to it.
        """
        if self.lr is not None:
            return self
        return dataclasses.replace(self, lr=lr, min_lr=min(self.min_lr, lr))

    @property
    def lr_(self) -> float:
        """`lr`, after `with_default_lr`."""
        assert self.lr is not None
        return self.lr

    @property
    def epochs_(self) -> int:
        """`epochs`, after `with_defaults`."""
        assert self.epochs is not None
        return self.epochs

    @property
    def output_bias_(self) -> bool:
        """`output_bias`, after `with_defaults`."""
        assert self.output_bias is not None
        return self.output_bias

    @property
    def window_sides(self) -> tuple[int, int]:
        """Maximum distances of context words to the left and to the right of the center word."""
        return (self.window, self.window) if isinstance(self.window, int) else self.window

    def _parse_text(self, spec: dataclasses.Field[Any]) -> None:
        """Parse a value given as a string, such as validate="10%"."""
        value = getattr(self, spec.name)
        if spec.metadata["parse"] is not None and isinstance(value, str):
            try:
                object.__setattr__(self, spec.name, spec.metadata["parse"](value))
            except ValueError as error:
                expected = _EXPECTED[spec.metadata["parse"]]
                raise ConfigError(
                    f"{spec.name}: expected {expected}, got {shown(value)}"
                ) from error

    def _check_window(self) -> None:
        """Check the window; two equal sides become one number."""
        given: Any = self.window
        sides = given if isinstance(given, (tuple, list)) else (given, given)
        if len(sides) != 2 or not all(
            isinstance(side, Integral) and not isinstance(side, bool) for side in sides
        ):
            raise ConfigError(f"window: expected {_EXPECTED[window]}, got {shown(given)}")
        left, right = map(int, sides)
        if sides is not given and not 1 <= left <= MAX_WINDOW:
            raise ConfigError(f"window: expected 1 to {MAX_WINDOW}, got {shown(given)}")
        if not (0 <= left <= MAX_WINDOW and 0 <= right <= MAX_WINDOW and left + right > 0):
            raise ConfigError(
                f"window: expected two numbers from 0 to {MAX_WINDOW}, not both 0, got "
                f"{left},{right}"
            )
        object.__setattr__(self, "window", left if left == right else (left, right))


class Interval(NamedTuple):
    """How often to write a checkpoint; one of the attributes is inf.

    Attributes:
        seconds: time between checkpoints.
        part: fraction of the run's words between checkpoints.
    """

    seconds: float
    part: float


_INTERVAL = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+) ?(s|m|h|%)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def parse_interval(text: str) -> Interval:
    """Parse ``90s``, ``10m``, ``2h`` or ``5%``.

    Raises:
        ConfigError: the text has another form, or the interval is out of range.
    """
    match = _INTERVAL.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ConfigError(
            f"checkpoint_every: expected an interval such as 10m, 90s, 2h or 5%, got {shown(text)}"
        )
    number, unit = float(match[1]), match[2]
    if unit == "%":
        if not 0 < number <= 100:
            raise ConfigError(
                f"checkpoint_every: expected more than 0% and at most 100%, got {shown(text)}"
            )
        return Interval(math.inf, number / 100)
    if number == 0:
        raise ConfigError(f"checkpoint_every: expected a time above 0, got {shown(text)}")
    return Interval(number * _SECONDS[unit], math.inf)


@dataclass(frozen=True)
class Checkpoints:
    """Where and how often to write checkpoints, for `w2v.train_embeddings`.

    >>> Checkpoints("run1", every="5%", resume=True).interval
    Interval(seconds=inf, part=0.05)

    Attributes:
        folder: where to write them; created if necessary. Only one run at a time may use it.
        every: time between checkpoints: ``90s``, ``10m``, ``2h``, or ``5%`` of the run. A
            checkpoint is also written at the end, and after Ctrl-C (KeyboardInterrupt).
        resume: continue from the newest intact checkpoint in the folder, or start from the
            beginning if there is none. The corpus must be the same. Options that are not given are
            taken from the checkpoint; only `workers` and `device` may differ. With one worker on
            the CPU of the same machine and the same software versions, the vectors equal those of
            the uninterrupted run, bit for bit.
        back_off: if the loss diverges, return to the last checkpoint (or to the start) and
            continue at half the learning rate, at most this many times in a run.
        output: the file that the vectors will be written to. It is only recorded, for the command
            line to find when it resumes the run.

    Raises:
        ConfigError: a value is out of range or of the wrong type.
    """

    folder: str | os.PathLike[str]
    every: str = DEFAULT_INTERVAL
    resume: bool = False
    back_off: int = 0
    output: str | os.PathLike[str] | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not isinstance(self.folder, str | os.PathLike):
            raise ConfigError(f"checkpoint: expected a folder, got {shown(self.folder)}")
        if not os.fspath(self.folder):
            raise ConfigError("checkpoint: the path is empty")
        if self.output is not None:
            if not isinstance(self.output, str | os.PathLike):
                raise ConfigError(f"output: expected a path, got {shown(self.output)}")
            object.__setattr__(self, "output", os.fsdecode(self.output))
        if not isinstance(self.resume, bool):
            raise ConfigError(f"resume: expected true or false, got {shown(self.resume)}")
        if isinstance(self.back_off, bool) or not isinstance(self.back_off, Integral):
            raise ConfigError(f"back_off: expected an integer, got {shown(self.back_off)}")
        parse_interval(self.every)
        if not 0 <= self.back_off <= MAX_BACK_OFF:
            raise ConfigError(f"back_off: expected 0 to {MAX_BACK_OFF}, got {self.back_off}")

    @property
    def interval(self) -> Interval:
        """`every`, parsed."""
        return parse_interval(self.every)


class TrainOptions(TypedDict, total=False):
    """The fields of `TrainConfig` as keyword arguments, for type checkers and editors."""

    loss: str
    vector_size: int
    window: int | tuple[int, int]
    distance_weights: str
    targets: str | None
    output_bias: bool | None
    learn_normaliser: bool
    batch_size: int
    negative: int
    noise_exponent: float
    min_count: int
    max_vocab: int | None
    sample: float
    tokenize: str
    lowercase: bool
    text_column: str | None
    encoding: str
    encoding_errors: str
    phrases: int
    phrase_scoring: str
    phrase_threshold: float | None
    phrase_min_count: int
    epochs: int | None
    lr: float | None
    min_lr: float
    validate: float
    patience: int | None
    workers: int
    device: str
    seed: int
    deterministic: bool
    shards: int
    round_words: int | None


def with_current_names(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options, with `distance_weights` in place of `shrink_windows`.

    gensim and earlier versions of w2v have `shrink_windows`: True means ``draw``, False ``flat``.

    Raises:
        ConfigError: `shrink_windows` is not a bool, or both are given.
    """
    renamed = dict(options)
    if "shrink_windows" in renamed:
        shrink = renamed.pop("shrink_windows")
        if not isinstance(shrink, bool):
            raise ConfigError(f"shrink_windows: expected true or false, got {shown(shrink)}")
        if "distance_weights" in renamed:
            raise ConfigError("shrink_windows: cannot be combined with distance_weights")
        renamed["distance_weights"] = "draw" if shrink else "flat"
    return renamed


class _SomeOptions(TrainConfig):
    """Options that others may complete or override: their combinations are not checked."""

    def _check_combinations(self) -> None:
        pass


def make_config(
    options: Mapping[str, Any],
    place: str | None = None,
    kind: type[TrainConfig] = TrainConfig,
) -> TrainConfig:
    """Make a `TrainConfig` from options by name.

    Args:
        options: the values by name.
        place: where they come from, such as a file name, for error messages.
        kind: the class to make, which checks the values.

    Raises:
        ConfigError: a name is unknown (the message suggests a known one), or a value is invalid.
    """
    known = [spec.name for spec in dataclasses.fields(TrainConfig)]
    for name in options:
        if name not in (*known, "shrink_windows"):
            raise ConfigError(f"{place or 'option'}: unknown option {shown(name)}{_hint(name)}")
    try:
        return kind(**with_current_names(options))
    except ConfigError as error:
        if place is None:
            raise
        raise ConfigError(f"{place}: {error}") from error


UNSUPPORTED = {
    "sg": "w2v always trains skip-gram; leave it out",
    "cbow": "w2v always trains skip-gram; leave it out",
    "hs": "w2v has no hierarchical softmax; leave it out, or choose another loss",
    "sentences": "the corpus is the first argument",
    "corpus_file": "the corpus is the first argument",
    "train": "the corpus is the first argument",
    "input": "the corpus is the first argument",
    "output": "call save(path) on the result",
    "binary": "the extension of the output decides: .bin is binary, .txt is text",
    "compute_loss": "the result always records the losses in its metadata; leave it out",
    "observer": "callbacks takes a list",
    "checkpoint_every": "checkpoint takes w2v.Checkpoints(folder, every=...)",
    "resume": "checkpoint takes w2v.Checkpoints(folder, resume=True)",
    "back_off": "checkpoint takes w2v.Checkpoints(folder, back_off=...)",
    "merge_every": "all rows are merged after each round; leave it out",
    "hot_words": "all rows are merged after each round; leave it out",
    "minn": "w2v has no subwords; leave it out",
    "maxn": "w2v has no subwords; leave it out",
    "bucket": "w2v has no subwords; leave it out",
}
"""Hints for options of gensim, word2vec.c, fastText and earlier versions that w2v lacks."""
_OTHER_NAMES = {
    "ws": "window", "mincount": "min_count", "t": "sample", "max_vocab_size": "max_vocab",
    "max_final_vocab": "max_vocab", "n_jobs": "workers", "random_state": "seed",
}  # fmt: skip
"""Names in gensim, fastText and scikit-learn, in addition to the command-line aliases."""


def _hint(name: object) -> str:
    """A suggestion for an unknown option."""
    fields = dataclasses.fields(TrainConfig)
    known = [spec.name for spec in fields]
    plain = str(name).replace("-", "_").lower()
    aliases = {
        alias.replace("-", "_"): spec.name for spec in fields for alias in spec.metadata["aliases"]
    }
    if plain in UNSUPPORTED:
        return f" ({UNSUPPORTED[plain]})"
    close = difflib.get_close_matches(plain, known, n=1)
    meant = {**_OTHER_NAMES, **aliases}.get(plain) or (close[0] if close else None)
    return f" (did you mean {meant}?)" if meant else f" (known: {', '.join(known)})"


def unused_options(options: Iterable[str], family: str) -> list[str]:
    """The names in `options` that losses of this family do not use."""
    families = {spec.name: spec.metadata["family"] for spec in dataclasses.fields(TrainConfig)}
    return [name for name in options if families[name] not in (None, family)]


def rounds_options(options: Iterable[str]) -> list[str]:
    """The names in `options` that belong to training in rounds."""
    groups = {spec.name: spec.metadata["group"] for spec in dataclasses.fields(TrainConfig)}
    return [name for name in options if groups[name] == "rounds"]


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read options from a TOML file: a flat table, with names as in `TrainConfig` (or with ``-``).

    Whether they can be combined is not checked, because flags may override them.

    Raises:
        ConfigError: the file cannot be read or is not TOML, a name is unknown, or a value invalid.
    """
    try:
        with Path(path).open("rb") as stream:
            content = stream.read(MAX_TOML_BYTES + 1)
        if len(content) > MAX_TOML_BYTES:
            raise ConfigError(
                f"{path}: longer than {MAX_TOML_BYTES:,} bytes, so not a configuration file"
            )
        table = tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not valid TOML: nested too deeply") from error
    # Not only TOMLDecodeError: also bytes that are not UTF-8, and integers of 5,000 digits.
    except ValueError as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    options: dict[str, Any] = {}
    for name, value in table.items():
        field_name = name.replace("-", "_")
        if field_name in options:
            raise ConfigError(f"{path}: {field_name} is given twice")
        options[field_name] = value
    make_config(options, os.fspath(path), _SomeOptions)  # so that errors name the file
    return with_current_names(options)
