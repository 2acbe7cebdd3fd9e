"""Figures over seeds, the verdict, the table."""

from __future__ import annotations

import math
import re
import statistics

import pytest
from comparisons import VARIANTS

from w2v.compare import summary


def made_up(nats, seeds=(1, 2, 3), seconds=None):
    """A document with these held-out nats: variant -> one for each seed (None: it failed)."""
    runs = []
    for variant, each in nats.items():
        for seed, value in zip(seeds, each, strict=True):
            run = {"variant": variant, "seed": seed}
            if value is None:
                run["error"] = "diverged"
            else:
                run |= {"measure": {"nats": value}, "seconds": (seconds or {}).get(variant, 3.0)}
            runs.append(run)
    plan = {
        "losses": list(nats), "seeds": list(seeds), "budget": "epochs",
        "epochs": dict.fromkeys(nats, 2),
    }  # fmt: skip
    return {"plan": plan, "runs": runs, "epochs": plan["epochs"], "corpus": {"unigram_nats": 9.0}}


def test_the_table(document):
    text = summary.table(document)
    lines = text.splitlines()
    assert lines[0].split() == VARIANTS
    titles = [line.split("  ")[0] for line in lines[1 : lines.index("")]]
    assert titles == [column.title for column in summary.COLUMNS]
    for i, variant in enumerate(VARIANTS):
        nats = [r["measure"]["nats"] for r in document["runs"] if r["variant"] == variant]
        mean, half = statistics.mean(nats), 12.706 * statistics.stdev(nats) / math.sqrt(2)
        cells = re.split("  +", lines[1])
        assert cells[1 + i] == f"{mean:.4f} ± {half:.4f}"
    assert "95% interval over 2 seeds" in text
    assert "e^s K q(w)" in text
    assert f"{document['corpus']['unigram_nats']:.4f}" in text
    assert f"\n{summary.verdict(document).best} has the lowest held-out loss, " in text


@pytest.mark.parametrize(
    ("values", "mean", "half_width"),
    [
        # By hand: t(0.975, n - 1) * s / sqrt(n), t from a printed table.
        ([1.0, 2.0, 3.0], 2.0, 4.303 * 1.0 / math.sqrt(3)),
        ([0.0, 1.0], 0.5, 12.706 * math.sqrt(0.5) / math.sqrt(2)),
        ([2.0, 4.0, 4.0, 4.0, 6.0], 4.0, 2.776 * math.sqrt(2) / math.sqrt(5)),
        ([7.0], 7.0, None),
        ([3.0, 3.0], 3.0, 0.0),
    ],
)
def test_confidence_intervals_by_hand(values, mean, half_width):
    got = summary.estimate(values)
    assert (got.mean, got.n) == (mean, len(values))
    assert got.half_width == (None if half_width is None else pytest.approx(half_width, abs=1e-12))


def test_students_t():
    printed = {1: 12.706, 4: 2.776, 10: 2.228, 30: 2.042, 40: 2.021, 60: 2.000, 120: 1.980}
    for degrees, value in printed.items():
        assert summary.t_975(degrees) == pytest.approx(value, abs=6e-4)
    falling = [summary.t_975(n) for n in range(1, 200)]
    assert falling == sorted(falling, reverse=True)
    assert summary.estimate([]) is None


def second_of(document):
    return summary.verdict(document).second


def test_the_verdict_compares_runs_of_the_same_seed():
    # The seeds differ far more than the losses do, but each seed tells the same of the losses.
    found = summary.verdict(made_up({"a": [5.0, 6.0, 7.0], "b": [4.9, 5.8, 6.9], "c": [8, 9, 10]}))
    assert (found.best, found.second.name) == ("b", "a")
    assert found.nats.mean == pytest.approx(17.6 / 3)
    lead = summary.estimate([0.1, 0.2, 0.1])
    assert found.second.lead == pytest.approx(lead)
    assert found.second.is_clear is False  # 0.133 ± 0.143
    assert found.tied == ["b", "a"]
    assert second_of(made_up({"a": [1.0, 1.0, 1.0], "b": [1.1, 1.2, 1.15]})).is_clear is True
    assert second_of(made_up({"a": [1.0, 1.0, 1.0], "b": [0.5, 2.0, 0.9]})).is_clear is False
    one = made_up({"a": [1.0], "b": [1.5]}, seeds=(1,))
    assert second_of(one).is_clear is None
    assert "within chance" in summary.table(made_up({"a": [1.0, 1.0, 1.0], "b": [0.5, 2.0, 0.9]}))


def test_the_verdict_leaves_failed_runs_out():
    found = summary.verdict(made_up({"a": [None, 6.0, 7.0], "b": [4.9, 5.8, None]}))
    assert (found.best, found.second.lead.n) == ("b", 1)
    assert found.second.lead.mean == pytest.approx(0.2)
    alone = summary.verdict(made_up({"a": [1.0, 1.0, 1.0], "b": [None] * 3}))
    assert (alone.best, alone.second, alone.tied) == ("a", None, ["a"])
    assert summary.verdict(made_up({"a": [None] * 3})) is None
    apart = made_up({"a": [5.0, None, None], "b": [None, 5.5, 5.5]})  # no seed in common
    assert second_of(apart).lead is None
    assert second_of(apart).size == pytest.approx(0.5)
    assert summary.headline(summary.verdict(apart)) == (
        "a predicts best, 0.500 nats per pair ahead of b"
    )


def test_the_variants_that_tie_follow_the_best_without_a_gap():
    """The third is behind the second, which is clearly worse, but differs more between seeds."""
    found = summary.verdict(made_up({"a": [5, 5, 5.1], "b": [5.5, 5.5, 5.6], "c": [4.0, 7.0, 6.0]}))
    assert [rival.is_tied for rival in found.rivals] == [False, True]
    assert found.tied == ["a"]
    assert summary.headline(found) == "a predicts best, 0.500 nats per pair ahead of b"


@pytest.mark.parametrize(
    ("a", "b", "headline", "expected"),
    [
        (
            [5.0, 6.0, None], [5.1, 6.3, 7.2], "a and b tie",
            ["b, is 0.2000 ± 1.2706 above it with the 2 seeds that both finished: a gives",
             "That is within chance: the 95% interval includes 0."],
        ),
        (
            [5.0, None, None], [5.5, 6.3, 7.2], "a predicts best, 0.500 nats per pair ahead of b",
            ["b, is 0.5000 above it with the 1 seed that both finished: a gives",
             "One seed cannot tell how much of that is chance."],
        ),
        (
            [5.0, None, None], [4.9, 6.3, 7.2], "a and b tie",
            ["b, is 0.1000 below it with the 1 seed that both finished: a gives",
             "One seed cannot tell how much of that is chance.",
             "Only the other seeds put a first, so this counts as a tie."],
        ),
        (
            [5.0, 5.0, None], [4.9, 4.9, 7.2], "a and b tie",
            ["b, is 0.1000 below it with the 2 seeds that both finished: a gives",
             "Only the other seeds put a first, so this counts as a tie."],
        ),
        (
            [5.0, None, None], [None, 6.3, 7.2], "a predicts best, 1.750 nats per pair ahead of b",
            ["b, is 1.7500 above it over different seeds: a gives",
             "Without a common seed, it is unknown how much of that is chance."],
        ),
    ],
)  # fmt: skip
def test_the_verdict_says_which_seeds_it_rests_on(a, b, headline, expected):
    found = summary.verdict(made_up({"a": a, "b": b}))
    assert summary.headline(found) == headline
    _, lead, *others = summary.explanation(found)
    assert expected[0] in lead
    assert others == expected[1:]


TINY = {"a": [5.000, 6.000, 7.000], "b": [5.008, 6.008, 7.008], "c": [5.5, 6.5, 7.5]}


def test_a_tiny_lead_is_a_tie_and_the_quickest_is_named():
    """0.008 nats are 1.01 times the probability: not worth 8 times the time."""
    found = summary.verdict(made_up(TINY, seconds={"a": 80.0, "b": 10.0, "c": 1.0}))
    assert found.second.is_clear is True
    assert found.tied == ["a", "b"]
    assert summary.headline(found) == "a and b tie, and b is the quickest"
    text = " ".join(summary.explanation(found))
    assert "is 0.0080 above it: a gives the true context word 1.01 times the probability" in text
    assert "Leads below 0.02 nats (1.02 times) count as ties." in text
    assert "Of those that tie, a takes 8 times as long as b." in text
    other_way = summary.verdict(made_up(TINY, seconds={"a": 10.0, "b": 80.0, "c": 1.0}))
    assert summary.headline(other_way) == "a and b tie, and a is the quickest"
    assert "Of those that tie, b takes 8 times as long as a." in summary.explanation(other_way)
    some_failed = made_up(TINY | {"b": [5.008, None, 7.008]}, seconds={"a": 9.0, "b": 12.0})
    assert summary.verdict(some_failed).seconds == {"a": 9.0, "b": 12.0, "c": 3.0}  # means
    as_quick = summary.verdict(made_up(TINY))
    assert summary.headline(as_quick) == "a and b tie"
    assert "as long as" not in " ".join(summary.explanation(as_quick))


CLEAR = {"a": [5.0, 6.0, 7.0], "b": [5.69, 6.70, 7.69], "c": [9, 9, 9.5]}


def test_a_clear_lead_is_reported_with_its_size():
    document = made_up(CLEAR)
    found = summary.verdict(document)
    assert summary.headline(found) == "a predicts best, 0.693 nats per pair ahead of b"
    text = " ".join(summary.explanation(found))
    assert "a gives the true context word 2 times the probability (geometric mean)." in text
    assert "tie" not in text
    assert "chance" not in text
    assert "as long" not in text
    costly = summary.verdict({**document, "runs": made_up(CLEAR, seconds={"a": 80.0})["runs"]})
    assert "It takes 27 times as long to train." in summary.explanation(costly)
    assert summary.headline(None) == "No loss could be trained"
    alone = summary.verdict(made_up({"a": [5.0, 6.0, 7.0]}))
    assert summary.headline(alone) == "a: 6.0000 nats per pair"


def test_overlap_by_hand():
    runs = [
        {"variant": "a", "seed": 1, "neighbours": [[1, 2], [0, 2]]},
        {"variant": "a", "seed": 2, "neighbours": [[1, 3], [0, 2]]},
        {"variant": "b", "seed": 1, "neighbours": [[3, 4], [3, 4]]},
        {"variant": "b", "seed": 2, "neighbours": [[3, 4], [0, 4]]},
    ]
    plan = {"losses": ["a", "b"], "seeds": [1, 2]}
    # Runs of different seeds: a1-a2 3/4; a1-b2 1/4 and a2-b1 1/4; b1-b2 3/4.
    matrix = summary.overlap_matrix({"plan": plan, "runs": runs})
    assert matrix == [[0.75, 0.25], [0.25, 0.75]]
    one = {"plan": {"losses": ["a", "b"], "seeds": [1]}, "runs": [runs[0], runs[2]]}
    assert summary.overlap_matrix(one) == [[None, 0.0], [0.0, None]]
