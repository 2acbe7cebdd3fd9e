"""The results of a comparison: kept run by run in one JSON file, and summed up over seeds.

A document is ``{"plan": ..., "corpus": ..., "environment": ..., "epochs": ..., "runs": [...]}``.
The plan is everything that the runs depend on; a file is only ever continued with the same plan.
Trains nothing and draws nothing; `w2v.compare` fills documents and `w2v.compare.report` shows them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from w2v.errors import ConfigError
from w2v.util.files import atomic_write
from w2v.util.json_shape import misfit

FORMAT = 1
MAX_BYTES = 2**26
"""A longer file is none of ours: a run takes some kilobytes."""

_BY_LOSS = ("epochs", "own_options")
"""Parts of a plan that have an entry for each loss."""
_HINT = "(--restart begins anew; --output DIR goes elsewhere)"
_NUMBER_OR_NONE = (float, None)
_FAILED = {"variant": str, "seed": int, "error": str}
_RUN = {
    "variant": str, "seed": int, "epochs": int, "seconds": float,
    "million_words_per_second": float, "curve": [{"epoch": int, "seconds": float}],
    "measure": {
        "nats": float, "raw_nats": float, "log_z_mean": float, "log_z_sd": float,
        "log_z_quantiles": [float],
        "noise": (None, {
            "accuracy": float, "true_accuracy": float, "noise_accuracy": float,
            "accidental_hits": float,
        }),
    },
    "analogies": _NUMBER_OR_NONE, "similarity": _NUMBER_OR_NONE, "neighbours": [[int]],
}  # fmt: skip
_SHAPE = {
    "plan": dict,
    "corpus": {
        "names": [str], "vocabulary": int, "trained_on": int, "held_out_pairs": int,
        "unigram_nats": float,
    },
    "questions": dict, "environment": dict, "epochs": dict, "runs": list,
}  # fmt: skip

# Student's t, 97.5th percentile, for 1 to 30 degrees of freedom (any table of it).
_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_Z_975 = 1.959964

Document = dict[str, Any]


class Estimate(NamedTuple):
    """The mean over seeds and half the width of its 95% confidence interval.

    Attributes:
        mean: of the values.
        half_width: None for one value, of which no spread is known.
        n: how many values.
    """

    mean: float
    half_width: float | None
    n: int


def t_975(degrees_of_freedom: int) -> float:
    """Student's t that 2.5% exceed; beyond the table by Abramowitz and Stegun 1964, 26.7.5."""
    if degrees_of_freedom <= len(_T_975):
        return _T_975[degrees_of_freedom - 1]
    z, v = _Z_975, degrees_of_freedom
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)


def estimate(values: Sequence[float]) -> Estimate | None:
    """Mean and 95% interval, mean +- t * s / sqrt(n); None where there are no values."""
    n = len(values)
    if n == 0:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Estimate(mean, t_975(n - 1) * math.sqrt(variance / n), n)


# --- the file -----------------------------------------------------------------------------------


def read(path: Path) -> Document | None:
    """The document in a file; None if there is no file.

    Raises:
        ConfigError: the file cannot be read, or is no whole document.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise ConfigError(f"{path}: expected at most {MAX_BYTES} bytes, got more {_HINT}")
        document = json.loads(content.decode())
        # It must be possible to write it again: without NaN, 1e999 or half a surrogate pair.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except FileNotFoundError:
        return None
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: expected JSON, got {error} {_HINT}") from error
    if not isinstance(document, dict) or not isinstance(document.get("plan"), dict):
        raise ConfigError(f"{path}: expected results of w2v.compare, got other JSON {_HINT}")
    if document.get("format") != FORMAT:
        raise ConfigError(
            f"{path}: expected format {FORMAT} of the results, got "
            f"{_short(document.get('format'))} {_HINT}"
        )
    wrong = misfit(document, _SHAPE)
    if wrong is not None:
        raise ConfigError(f"{path}: {wrong}: expected whole results, got a part {_HINT}")
    for number, run in enumerate(document["runs"], start=1):
        wrong = misfit(run, _FAILED if isinstance(run, dict) and "error" in run else _RUN)
        if wrong is not None:
            raise ConfigError(
                f"{path}: run {number}: {wrong}: expected a whole record, got a part {_HINT}"
            )
    return document


def check_plan(path: Path, document: Document, plan: Mapping[str, Any]) -> None:
    """Refuse to go on with a document of another plan.

    Raises:
        ConfigError: the message says what differs.
    """
    differing = differences(document["plan"], json.loads(json.dumps(plan)))
    if differing:
        raise ConfigError(
            f"{path}: expected the plan that it was begun with, got another: "
            f"{'; '.join(differing)} {_HINT}"
        )


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """What differs between two plans, a short text for each entry.

    Where the losses differ, that alone is said of those that only one of the plans has.
    """
    found: list[str] = []
    losses = [
        plan["losses"]
        for plan in (old, new)
        if isinstance(plan.get("losses"), list)
        and all(isinstance(name, str) for name in plan["losses"])
    ]
    only_one = set(losses[0]) ^ set(losses[1]) if len(losses) == 2 else set()
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict) and key in _BY_LOSS:
            before = {name: value for name, value in before.items() if name not in only_one}
            after = {name: value for name, value in after.items() if name not in only_one}
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, prefix=f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} was {_short(before)}, is {_short(after)}")
    return found


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."


def save(path: Path, document: Document) -> None:
    """Write the document; the file is the old one or the new one, never a part."""
    with atomic_write(path, "w") as stream:
        json.dump(document, stream, ensure_ascii=False, allow_nan=False)
        stream.write("\n")


# --- over the seeds -----------------------------------------------------------------------------


def finished(document: Document, variant: str) -> list[dict[str, Any]]:
    """The runs of a variant that did not fail."""
    return [r for r in document["runs"] if r["variant"] == variant and "error" not in r]


def values(runs: Sequence[Mapping[str, Any]], *path: str) -> list[float]:
    """One figure of each run, by the keys that lead to it; runs without it are left out."""
    found: list[float] = []
    for run in runs:
        node: Any = run
        for key in path:
            node = None if node is None else node.get(key)
        if node is not None:
            found.append(float(node))
    return found


class Verdict(NamedTuple):
    """Which variant has the lowest held-out loss, and by how much.

    Attributes:
        best: its name.
        nats: its renormalised nats a pair.
        second: the next variant; None if no other succeeded.
        lead: how much lower the best is, over the seeds that both have; pairs of runs with the
            same seed are compared, since they share their initial vectors and draws.
    """

    best: str
    nats: Estimate
    second: str | None
    lead: Estimate | None

    @property
    def is_clear(self) -> bool | None:
        """Whether the lead's 95% interval is above 0; None where there is no interval."""
        if self.lead is None or self.lead.half_width is None:
            return None
        return self.lead.mean > self.lead.half_width


def ranking(document: Document) -> list[tuple[str, Estimate]]:
    """The variants that succeeded, with their held-out nats a pair, the lowest first."""
    found = []
    for variant in document["plan"]["losses"]:
        nats = estimate(values(finished(document, variant), "measure", "nats"))
        if nats is not None:
            found.append((variant, nats))
    return sorted(found, key=lambda entry: entry[1].mean)


def verdict(document: Document) -> Verdict | None:
    """See `Verdict`; None where no run succeeded."""
    ranked = ranking(document)
    if not ranked:
        return None
    (best, nats), *others = ranked
    if not others:
        return Verdict(best, nats, None, None)
    second = others[0][0]
    first_nats, second_nats = (
        {run["seed"]: run["measure"]["nats"] for run in finished(document, variant)}
        for variant in (best, second)
    )
    shared = [seed for seed in first_nats if seed in second_nats]
    lead = estimate([second_nats[seed] - first_nats[seed] for seed in shared])
    return Verdict(best, nats, second, lead)


def mean_curve(runs: Sequence[Mapping[str, Any]], figure: str) -> list[tuple[int, float, float]]:
    """(epoch, mean seconds, mean figure) over the runs of a variant, which have equal epochs."""
    points = []
    for same_epoch in zip(*(run["curve"] for run in runs), strict=True):
        numbers = [point[figure] for point in same_epoch if point.get(figure) is not None]
        if numbers:
            seconds = math.fsum(point["seconds"] for point in same_epoch) / len(same_epoch)
            points.append((same_epoch[0]["epoch"], seconds, math.fsum(numbers) / len(numbers)))
    return points


def overlap(first: Sequence[Sequence[int]], second: Sequence[Sequence[int]]) -> float:
    """Mean part of each word's nearest neighbours that two models share, 0 to 1."""
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(first, second, strict=True)]
    return math.fsum(shared) / len(shared)


def overlap_matrix(document: Document) -> list[list[float | None]]:
    """`overlap` between the plan's variants, the mean over pairs of runs with different seeds.

    On the diagonal: how far a loss agrees with itself under another seed, which is the most that
    can be asked of two losses. With one seed, between runs of that seed, and no diagonal.
    """
    variants = document["plan"]["losses"]
    several = len(document["plan"]["seeds"]) > 1
    matrix: list[list[float | None]] = []
    for a in variants:
        row: list[float | None] = []
        for b in variants:
            pairs = [
                overlap(x["neighbours"], y["neighbours"])
                for x in finished(document, a)
                for y in finished(document, b)
                if (x["seed"] != y["seed"] if several else a != b)
            ]
            row.append(math.fsum(pairs) / len(pairs) if pairs else None)
        matrix.append(row)
    return matrix


def nearest(units: np.ndarray, n_words: int, n_neighbours: int) -> list[list[int]]:
    """The nearest words by cosine of each of the first `n_words`, the word itself left out.

    Args:
        units: (V, D) vectors of length 1.
        n_words: how many words are asked about; all V may answer.
        n_neighbours: how many answers each; at most V - 1 come.
    """
    cosines = units[:n_words] @ units.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(n_neighbours, len(units) - 1)
    best = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    found: list[list[int]] = np.sort(best, axis=1).tolist()
    return found


# --- as text ------------------------------------------------------------------------------------


class Column(NamedTuple):
    """A column of the table of figures: its title, where the figure is, and how it is shown."""

    title: str
    path: tuple[str, ...]
    spec: str
    meaning: str


COLUMNS = (
    Column(
        "held-out", ("measure", "nats"), ".4f", "nats a held-out pair, renormalised by the exact Z"
    ),
    Column(
        "raw",
        ("measure", "raw_nats"),
        ".4f",
        "nats a held-out pair as the model claims them, not renormalised; negative sampling claims "
        "e^s K q(w), the others e^s",
    ),
    Column("ln Z", ("measure", "log_z_mean"), ".3f", "mean of ln Z(c) over held-out pairs"),
    Column("sd ln Z", ("measure", "log_z_sd"), ".3f", "its standard deviation over the pairs"),
    Column("analogies", ("analogies",), ".3f", "part of the analogy questions answered right"),
    Column("similarity", ("similarity",), ".3f", "Spearman's rho with people's scores"),
    Column("epochs", ("epochs",), ".0f", "passes over the corpus"),
    Column("seconds", ("seconds",), ".2f", "time spent in training"),
    Column(
        "M words/s", ("million_words_per_second",), ".3f", "words before subsampling, all epochs"
    ),
    Column(
        "classifier",
        ("measure", "noise", "accuracy"),
        ".3f",
        "right answers, pairs against K noise words each; always saying noise gives K / (1 + K)",
    ),
    Column("on pairs", ("measure", "noise", "true_accuracy"), ".3f", "the same, pairs alone"),
    Column("on noise", ("measure", "noise", "noise_accuracy"), ".3f", "the same, noise alone"),
    Column(
        "hits", ("measure", "noise", "accidental_hits"), ".4f", "noise words equal to the true one"
    ),
)


def shown(figure: Estimate | None, spec: str) -> str:
    """An estimate as text: mean ± half width, or a dash."""
    if figure is None:
        return "-"
    if not figure.half_width:  # one value, or all equal
        return format(figure.mean, spec)
    return f"{figure.mean:{spec}} ± {figure.half_width:{spec}}"


def figures(document: Document) -> tuple[list[Column], dict[str, list[str]]]:
    """The columns of which there are figures, and each variant's texts for them."""
    variants = document["plan"]["losses"]
    runs = {variant: finished(document, variant) for variant in variants}
    columns = [c for c in COLUMNS if any(values(runs[v], *c.path) for v in variants)]
    texts = {
        v: [shown(estimate(values(runs[v], *c.path)), c.spec) for c in columns] for v in variants
    }
    return columns, texts


def failures(document: Document) -> list[str]:
    """A line for each run that failed."""
    return [
        f"{run['variant']}, seed {run['seed']}: {run['error']}"
        for run in document["runs"]
        if "error" in run
    ]


def table(document: Document) -> str:
    """The figures for a terminal: a column a variant, mean ± 95% interval over the seeds."""
    columns, texts = figures(document)
    head = ["", *texts]
    lines = [head, *([c.title, *(texts[v][i] for v in texts)] for i, c in enumerate(columns))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rows = [
        "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    seeds = len(document["plan"]["seeds"])
    interval = f"mean ± 95% interval over {seeds} seeds" if seeds > 1 else "one seed"
    unigram = document["corpus"]["unigram_nats"]
    failed = failures(document)
    if failed and seeds > 1:
        interval += " (those that succeeded)"
    notes = (
        "",
        f"{interval}; held-out: nats a pair, renormalised; ignoring the center word: {unigram:.4f}",
        "raw: not renormalised; negative sampling's score for it is e^s K q(w)",
        *_conclusion(document),
        *failed,
    )
    return "\n".join((*rows, *notes))


def _conclusion(document: Document) -> list[str]:
    """The verdict as a line of text, if there is one."""
    found = verdict(document)
    if found is None:
        return []
    text = f"lowest held-out loss: {found.best}"
    if found.lead is not None:
        text += f", by {shown(found.lead, '.4f')} from {found.second}"
    if found.is_clear is False:
        text += ", which is within chance"
    return [text]
