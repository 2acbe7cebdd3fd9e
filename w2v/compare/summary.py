"""Summary of the results of a comparison: figures over seeds, a verdict, a table as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple

from w2v.compare.results import Document

TIE_NATS = 0.02
"""A lead below this is a tie: it gives the true context word at most 1.02 times the probability."""

# Student's t, 97.5th percentile, for 1 to 30 degrees of freedom (any printed table).
_T_975 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_Z_975 = 1.959964

MIN_TIMED_SEEDS = 3
"""Times get an interval only with this many seeds: with two, it would be ± 12.7 standard errors."""


class Estimate(NamedTuple):
    """A mean over seeds with its 95% confidence interval.

    Attributes:
        mean: mean of the values.
        half_width: half the width of the interval; None for a single value.
        n: number of values.
    """

    mean: float
    half_width: float | None
    n: int


def t_975(degrees_of_freedom: int) -> float:
    """The 97.5th percentile of Student's t.

    Beyond 30 degrees of freedom, the expansion of Abramowitz and Stegun 1964, 26.7.5.
    """
    if degrees_of_freedom <= len(_T_975):
        return _T_975[degrees_of_freedom - 1]
    z, v = _Z_975, degrees_of_freedom
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)


def estimate(values: Sequence[float]) -> Estimate | None:
    """Mean and 95% interval, mean +- t s / sqrt(n); None without values."""
    n = len(values)
    if n == 0:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Estimate(mean, None, 1)
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return Estimate(mean, t_975(n - 1) * math.sqrt(variance / n), n)


# --- runs ---------------------------------------------------------------------------------------


def finished(document: Document, variant: str) -> list[dict[str, Any]]:
    """The runs of a variant that did not fail."""
    return [r for r in document["runs"] if r["variant"] == variant and "error" not in r]


def values(runs: Sequence[Mapping[str, Any]], *path: str) -> list[float]:
    """The number at `path` in each run, leaving out runs without it."""
    found: list[float] = []
    for run in runs:
        node: Any = run
        for key in path:
            node = None if node is None else node.get(key)
        if node is not None:
            found.append(float(node))
    return found


def failures(document: Document) -> list[str]:
    """One line for each run that failed."""
    return [
        f"{run['variant']}, seed {run['seed']}: {run['error']}"
        for run in document["runs"]
        if "error" in run
    ]


def ranking(document: Document) -> list[tuple[str, Estimate]]:
    """The variants with a run that succeeded, and their held-out losses, the lowest first."""
    found = []
    for variant in document["plan"]["losses"]:
        nats = estimate(values(finished(document, variant), "measure", "nats"))
        if nats is not None:
            found.append((variant, nats))
    return sorted(found, key=lambda entry: entry[1].mean)


# --- the verdict --------------------------------------------------------------------------------


class Rival(NamedTuple):
    """A variant compared with the best one.

    Attributes:
        name: name of the variant.
        lead: how much lower the held-out loss of the best variant is, from pairs of runs with the
            same seed, which share their initial vectors and draws. None without such a pair;
            negative if runs of other seeds, which the variant has not finished, make the best one.
        nats: difference of the mean held-out losses.
    """

    name: str
    lead: Estimate | None
    nats: float

    @property
    def is_clear(self) -> bool | None:
        """Whether the 95% interval of the lead excludes 0; None without an interval."""
        if self.lead is None or self.lead.half_width is None:
            return None
        return abs(self.lead.mean) > self.lead.half_width

    @property
    def is_tied(self) -> bool:
        """Whether the lead is within chance, or too small to matter (`TIE_NATS`), or negative."""
        return self.is_clear is False or self.size < TIE_NATS

    @property
    def size(self) -> float:
        """The lead in nats."""
        return self.nats if self.lead is None else self.lead.mean


class Verdict(NamedTuple):
    """What the held-out losses say.

    Attributes:
        best: the variant with the lowest held-out loss.
        nats: its nats per pair.
        rivals: the other variants, in order of their loss.
        seconds: mean training time of each variant.
        seeds: number of seeds, including those of failed runs.
    """

    best: str
    nats: Estimate
    rivals: list[Rival]
    seconds: dict[str, float]
    seeds: int

    @property
    def second(self) -> Rival | None:
        """The variant after the best."""
        return self.rivals[0] if self.rivals else None

    @property
    def tied(self) -> list[str]:
        """The best variant and those that follow it as long as they tie with it."""
        return [self.best, *(r.name for r in takewhile(lambda r: r.is_tied, self.rivals))]

    @property
    def quickest(self) -> str:
        """Of the tied variants, the one that trains in the least time."""
        return min(self.tied, key=lambda name: self.seconds[name])

    @property
    def slowest(self) -> str:
        """Of the tied variants, the one that takes the most time."""
        return max(self.tied, key=lambda name: self.seconds[name])

    @property
    def time_ratio(self) -> float:
        """How many times as long the slowest of the tied variants takes as the quickest."""
        return self.seconds[self.slowest] / self.seconds[self.quickest]


def verdict(document: Document) -> Verdict | None:
    """The verdict on a comparison; None if no run succeeded."""
    ranked = ranking(document)
    if not ranked:
        return None
    (best, nats), *others = ranked
    rivals = []
    for name, theirs in others:
        best_nats, other_nats = (
            {run["seed"]: run["measure"]["nats"] for run in finished(document, variant)}
            for variant in (best, name)
        )
        shared = [seed for seed in best_nats if seed in other_nats]
        lead = estimate([other_nats[seed] - best_nats[seed] for seed in shared])
        rivals.append(Rival(name, lead, theirs.mean - nats.mean))
    seconds = {
        name: math.fsum(values(runs, "seconds")) / len(runs)
        for name, _ in ranked
        for runs in [finished(document, name)]
    }
    return Verdict(best, nats, rivals, seconds, len(document["plan"]["seeds"]))


def headline(found: Verdict | None) -> str:
    """The verdict in a few words."""
    if found is None:
        return "No loss could be trained"
    if found.second is None:
        return f"{found.best}: {found.nats.mean:.4f} nats per pair"
    if len(found.tied) > 1:
        text = f"{_listed(found.tied)} tie"
        if found.time_ratio >= 1.1:
            text += f", and {found.quickest} is the quickest"
        return text
    second = found.second
    return f"{found.best} predicts best, {second.size:.3f} nats per pair ahead of {second.name}"


def explanation(found: Verdict) -> list[str]:
    """Sentences with the figures that the headline rests on."""
    sentences = [
        f"{found.best} has the lowest held-out loss, {shown(found.nats, '.4f')} nats per pair."
    ]
    second = found.second
    if second is None:
        return sentences
    lead = Estimate(second.nats, None, 1) if second.lead is None else second.lead
    shared = 0 if second.lead is None else lead.n
    where = "above" if lead.mean >= 0 else "below"
    over = ""
    if shared < found.seeds:
        both = f" with the {shared} seed{'s' * (shared != 1)} that both finished"
        over = both if shared else " over different seeds"
    sentences.append(
        f"The next, {second.name}, is {shown(lead._replace(mean=abs(lead.mean)), '.4f')} {where} "
        f"it{over}: {found.best} gives the true context word {math.exp(lead.mean):.3g} times the "
        "probability (geometric mean)."
    )
    if not shared:
        sentences.append("Without a common seed, it is unknown how much of that is chance.")
    elif second.is_clear is None:
        sentences.append("One seed cannot tell how much of that is chance.")
    elif not second.is_clear:
        sentences.append("That is within chance: the 95% interval includes 0.")
    if second.is_clear is not False and lead.mean < 0:
        sentences.append(f"Only the other seeds put {found.best} first, so this counts as a tie.")
    elif second.is_clear is not False and second.is_tied:
        sentences.append(
            f"Leads below {TIE_NATS} nats ({math.exp(TIE_NATS):.2f} times) count as ties."
        )
    if len(found.tied) == 1:
        ratio = found.seconds[found.best] / found.seconds[second.name]
        if ratio >= 1.1:
            sentences.append(f"It takes {ratio:.2g} times as long to train.")
    elif found.time_ratio >= 1.1:
        sentences.append(
            f"Of those that tie, {found.slowest} takes {found.time_ratio:.2g} times as long as "
            f"{found.quickest}."
        )
    return sentences


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


# --- curves and neighbours ----------------------------------------------------------------------


def mean_curve(runs: Sequence[Mapping[str, Any]], figure: str) -> list[tuple[int, float, float]]:
    """(epoch, mean seconds, mean figure) over the runs of a variant, whose epochs are the same."""
    points = []
    for same_epoch in zip(*(run["curve"] for run in runs), strict=True):
        numbers = [point[figure] for point in same_epoch if point.get(figure) is not None]
        if numbers:
            seconds = math.fsum(point["seconds"] for point in same_epoch) / len(same_epoch)
            points.append((same_epoch[0]["epoch"], seconds, math.fsum(numbers) / len(numbers)))
    return points


def overlap(first: Sequence[Sequence[int]], second: Sequence[Sequence[int]]) -> float:
    """Mean fraction of a word's nearest neighbours that two models have in common, 0 to 1."""
    shared = [len(set(a) & set(b)) / len(a) for a, b in zip(first, second, strict=True)]
    return math.fsum(shared) / len(shared)


def overlap_matrix(document: Document) -> list[list[float | None]]:
    """`overlap` between the plan's variants: the mean over pairs of runs with different seeds.

    The diagonal says how well a loss agrees with itself under another seed, which is the most to
    expect of two losses. With one seed, runs of that seed are compared, and the diagonal is None.
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


# --- the table ----------------------------------------------------------------------------------


class Column(NamedTuple):
    """One figure of the table.

    Attributes:
        title: its name.
        path: keys that lead to it in the record of a run.
        spec: format specification for its values.
        meaning: what it is, in words.
        is_time: whether it depends on what else the machine does; see `MIN_TIMED_SEEDS`.
    """

    title: str
    path: tuple[str, ...]
    spec: str
    meaning: str
    is_time: bool = False


COLUMNS = (
    Column(
        "held-out", ("measure", "nats"), ".4f",
        "held-out loss in nats per pair, normalised by the exact Z over the whole vocabulary, so "
        "that all losses can be compared; lower is better",
    ),
    Column(
        "raw", ("measure", "raw_nats"), ".4f",
        "nats per held-out pair as the model scores them, without Z; the score is e^s K q(w) for "
        "negative sampling, since its s estimates ln (p(w | c) / (K q(w))), and e^s for the others",
    ),
    Column(
        "ln Z", ("measure", "log_z_mean"), ".3f",
        "mean of ln Z(c) over held-out pairs; 0 means normalised. NCE and negative sampling aim at "
        "0, softmax and sampled softmax leave it free",
    ),
    Column("sd ln Z", ("measure", "log_z_sd"), ".3f", "standard deviation of ln Z(c)"),
    Column(
        "analogies", ("analogies",), ".3f",
        "fraction of the analogy questions (with known words) answered correctly",
    ),
    Column(
        "similarity", ("similarity",), ".3f",
        "Spearman's rank correlation of cosines with human similarity scores",
    ),
    Column("epochs", ("epochs",), ".0f", "passes over the corpus"),
    Column("seconds", ("seconds",), ".2f", "training time, without evaluation", is_time=True),
    Column(
        "M words/s", ("million_words_per_second",), ".3f",
        "million words of text per second, counted before subsampling", is_time=True,
    ),
    Column(
        "classifier", ("measure", "noise", "accuracy"), ".3f",
        "accuracy of the noise classifier, held-out pairs against K noise words each; always "
        "answering noise gives K / (1 + K)",
    ),
    Column("on pairs", ("measure", "noise", "true_accuracy"), ".3f", "its accuracy on the pairs"),
    Column("on noise", ("measure", "noise", "noise_accuracy"), ".3f", "its accuracy on the noise"),
    Column(
        "hits", ("measure", "noise", "accidental_hits"), ".4f",
        "fraction of the noise words that equal the true context word",
    ),
)  # fmt: skip


def shown(figure: Estimate | None, spec: str) -> str:
    """An estimate as text: mean ± half width, or a dash."""
    if figure is None:
        return "-"
    if not figure.half_width:  # a single value, or equal ones
        return format(figure.mean, spec)
    return f"{figure.mean:{spec}} ± {figure.half_width:{spec}}"


def figures(document: Document) -> tuple[list[Column], dict[str, list[Estimate | None]]]:
    """The columns that have figures, and for each variant its estimates for these columns."""
    variants = document["plan"]["losses"]
    runs = {variant: finished(document, variant) for variant in variants}
    columns = [c for c in COLUMNS if any(values(runs[v], *c.path) for v in variants)]
    return columns, {v: [_figure(runs[v], column) for column in columns] for v in variants}


def _figure(runs: Sequence[Mapping[str, Any]], column: Column) -> Estimate | None:
    found = estimate(values(runs, *column.path))
    if found is not None and column.is_time and found.n < MIN_TIMED_SEEDS:
        return found._replace(half_width=None)
    return found


def budget(document: Document) -> str:
    """The budget of each run, in words."""
    plan, epochs = document["plan"], document["epochs"]
    each = ", ".join(f"{name} {epochs[name]}" for name in plan["losses"] if name in epochs)
    if plan["budget"] == "seconds":
        return f"the same time for each loss, {plan['seconds']:g} s by forecast (epochs: {each})"
    if plan["budget"] == "epochs":
        number = next(iter(plan["epochs"].values()))
        return (
            f"the same {number:,} epoch{'s' * (number != 1)} for each loss, however long that takes"
        )
    each = ", ".join(f"{name} {number}" for name, number in plan["epochs"].items())
    return f"each loss for its default number of epochs ({each})"


def table(document: Document) -> str:
    """The results as text: a column per variant, mean ± 95% interval over the seeds, and notes."""
    columns, estimates = figures(document)
    head = ["", *estimates]
    lines = [
        head,
        *(
            [c.title, *(shown(estimates[v][i], c.spec) for v in estimates)]
            for i, c in enumerate(columns)
        ),
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rows = [
        "  ".join(cell.ljust(width) if i == 0 else cell.rjust(width)
                  for i, (cell, width) in enumerate(zip(line, widths, strict=True))).rstrip()
        for line in lines
    ]  # fmt: skip
    seeds = len(document["plan"]["seeds"])
    interval = f"mean ± 95% interval over {seeds} seeds" if seeds > 1 else "one seed"
    failed = failures(document)
    if failed and seeds > 1:
        interval += " (those that succeeded)"
    found = verdict(document)
    conclusion = [] if found is None else ["", f"{headline(found)}.", *explanation(found)]
    notes = (
        "",
        f"{interval}; budget: {budget(document)}",
        "held-out: nats per pair, normalised exactly; a model that ignores the center word has "
        f"{document['corpus']['unigram_nats']:.4f}",
        "raw: not normalised; the score of negative sampling is e^s K q(w)",
        *failed,
        *conclusion,
    )
    return "\n".join((*rows, *notes))
