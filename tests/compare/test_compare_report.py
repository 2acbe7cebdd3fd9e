"""The report of a comparison, with and without a browser."""

from __future__ import annotations

import copy
import json
import re
import statistics

import pytest
from browser import complaints, open_page, wait
from comparisons import ONE, VARIANTS, text
from html_elements import Elements

from w2v.compare import summary
from w2v.compare.__main__ import main
from w2v.compare.report import render


@pytest.fixture(scope="module")
def report(folder):
    return (folder / "out" / "report.html").read_text(encoding="utf-8")


def test_the_report_loads_nothing(report):
    parsed = Elements(report)
    for tag, attributes in parsed.tags:
        assert tag not in ("link", "img", "iframe", "base", "object", "embed")
        assert not {"src", "href", "srcset", "action"} & attributes.keys()
    assert set(parsed.scripts) == {"plots", "plotly", "code"}
    (policy,) = (
        attributes["content"]
        for _, attributes in parsed.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    style = report.split("<style>")[1].split("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_reports_data_are_those_of_the_results(report, document):
    facts = json.loads(Elements(report).scripts["plots"])
    plots = {plot["id"]: plot for plot in facts["plots"]}
    style = report.split("<style>")[1].split("</style>")[0]
    assert facts["colours"] == len(set(re.findall(r"--c\d+:", style)))
    assert set(plots) == {
        "ranks", "nats-1", "nats-0", "training_loss-1", "analogies-1", "similarity-1", "log-z",
        "overlap",
    }  # fmt: skip
    for name in plots:
        assert report.count(f'<div class="plot" id="{name}">') == 1
    lines = {trace["name"]: trace for trace in plots["nats-0"]["data"] if "name" in trace}
    for number, variant in enumerate(VARIANTS):
        runs = [run for run in document["runs"] if run["variant"] == variant]
        for epoch in (0, 1):
            mean = statistics.mean(run["curve"][epoch]["nats"] for run in runs)
            assert lines[variant]["y"][epoch] == pytest.approx(mean)
        assert lines[variant]["x"] == [1, 2]
        assert lines[variant]["meta"] == number
        # The legend's colour is the one that the script takes for this number.
        assert f'var(--c{number})"></i>{variant}</span>' in report
    assert plots["overlap"]["data"][0]["z"] == summary.overlap_matrix(document)
    ranks = [trace for trace in plots["ranks"]["data"] if "name" in trace]
    assert [trace["name"] for trace in ranks] == [name for name, _ in summary.ranking(document)]
    assert [t["error_x"]["array"][0] for t in ranks] == [
        pytest.approx(nats.half_width) for _, nats in summary.ranking(document)
    ]


def heading(text):
    return text.split("<h1>")[1].split("</h1>")[0]


def test_the_report_has_the_rates_that_were_used(report, document):
    for run in document["runs"]:
        assert f"lr: {run['lr']}, " in report
    assert "lr: None" not in report
    lowered = copy.deepcopy(document)
    lowered["plan"]["own_options"][VARIANTS[0]]["min_lr"] = 0.5
    (lr,) = {run["lr"] for run in document["runs"] if run["variant"] == VARIANTS[0]}
    assert f"lr: {lr}, min_lr: {lr}, " in render(lowered, "")


def test_the_answer_comes_first(report, document):
    found = summary.verdict(document)
    assert heading(report) == summary.headline(found)
    for sentence in summary.explanation(found):
        assert sentence in report
    assert report.index("<h1>") < report.index('id="ranks"') < report.index("All figures")
    assert report.index("All figures") < report.index("What the rows mean")


def test_a_close_race_is_called_one(document):
    close = copy.deepcopy(document)
    others = [7.0] * (len(VARIANTS) - 2)
    each = [5.0, 6.0, *others, 5.1, 5.8, *others]  # of two seeds
    for run, nats in zip(close["runs"], each, strict=True):
        run["measure"]["nats"] = nats
        run["seconds"] = 3.0
    assert heading(render(close, "")) == f"{VARIANTS[0]} and {VARIANTS[1]} tie"
    one = close | {"plan": close["plan"] | {"seeds": [1]}}
    one["runs"] = [run for run in close["runs"] if run["seed"] == 1]
    assert "One seed cannot tell how much of that is chance." in render(one, "")


def test_what_the_rows_mean_is_in_sight(report):
    meanings = report.split("What the rows mean")[1].split("</dl>")[0]
    for column in summary.COLUMNS:
        assert f"<dt>{column.title}</dt>" in meanings
    before = report.split("What the rows mean")[0]
    assert before.count("<details") == before.count("</details>")


def test_times_of_two_seeds_have_no_interval(document, report):
    def cells(text, title):
        row = text.split(f'<th scope="row">{title}</th>')[1].split("</tr>")[0]
        return re.findall(r"<td>(.*?)</td>", row)

    for title in ("seconds", "M words/s"):
        assert len(cells(report, title)) == len(VARIANTS)
        assert "±" not in "".join(cells(report, title))
    assert all("±" in cell for cell in cells(report, "held-out"))
    three = copy.deepcopy(document)
    three["plan"]["seeds"] = [1, 2, 3]
    three["runs"] += [{**run, "seed": 3, "seconds": 99.0} for run in document["runs"][:1]]
    assert "±" in cells(render(three, ""), "seconds")[0]


def test_winners_beyond_the_loss_say_what_is_chance(document):
    runs = copy.deepcopy(document)
    first, second, third = VARIANTS[:3]
    figures = {first: (0.50, 0.51), second: (0.49, 0.52), third: (0.10, 0.11)}
    for run in runs["runs"]:
        run["analogies"] = figures.get(run["variant"], (None, None))[run["seed"] - 1]
        run["similarity"] = None
    text = " ".join(render(runs, "").split())
    assert (
        f"<li>Most analogies correct: <strong>{first}</strong>, 0.505 ({third}: 0.105); within "
        f"chance of it: {second}</li>"
    ) in text or (
        f"<li>Most analogies correct: <strong>{second}</strong>, 0.505 ({third}: 0.105); within "
        f"chance of it: {first}</li>"
    ) in text
    assert "similarity scores" not in text


def test_names_are_escaped(document):
    evil = copy.deepcopy(document)
    evil["corpus"]["names"] = ["<script>alert(1)<|script>.txt".replace("|", "\u2215")]
    evil["questions"]["analogies"]["file"] = "</script><b>&\"'.txt"
    evil["runs"][0] = {"variant": VARIANTS[0], "seed": 1, "error": "</script><script>alert(2)//"}
    text = render(evil, "var Plotly;")
    parsed = Elements(text)
    assert set(parsed.scripts) == {"plots", "plotly", "code"}
    assert "b" not in [tag for tag, _ in parsed.tags]
    assert "&lt;script&gt;alert(1)" in text
    assert "alert(2)" not in "".join(parsed.scripts.values())
    assert "<" not in parsed.scripts["plots"]
    json.loads(parsed.scripts["plots"])


def test_a_corpus_with_a_dangerous_name(here, write):
    name = "<script>alert(1)<!--.txt"
    write(name, text())
    assert main([name, *ONE[:-1], "--seeds", "1"]) == 0
    parsed = Elements((here / "comparison" / "report.html").read_text(encoding="utf-8"))
    assert set(parsed.scripts) == {"plots", "plotly", "code"}
    assert not any("alert(1)" in script for script in parsed.scripts.values())


@pytest.mark.parametrize("seeds", [1, 2])
def test_a_report_of_unfinished_results(document, seeds):
    """A few runs, or none: whatever is there is shown."""
    for count in (0, 1, 3, 7):
        part = copy.deepcopy(document)
        part["runs"] = part["runs"][:count]
        part["plan"]["seeds"] = part["plan"]["seeds"][:seeds]
        text = render(part, "")
        json.loads(Elements(text).scripts["plots"])
        summary.table(part)


@pytest.fixture(scope="module")
def shown(browser, folder):
    """The report in a browser."""
    page = open_page(browser, (folder / "out" / "report.html").as_uri())
    wait(page, "document.documentElement.dataset.ready === 'all'")
    return page


def test_a_browser_draws_every_plot_without_a_complaint(shown):
    plots = shown.locator(".plot.js-plotly-plot")
    assert plots.count() == 8
    drawn = ", ".join(f".{kind}" for kind in ("point", "box", "hm", "js-line", "lines", "plot"))
    for number in range(8):
        assert plots.nth(number).locator(".main-svg").count() >= 1
        assert plots.nth(number).locator(drawn).count() >= 1
    names = plots.first.locator("text").all_text_contents()
    assert set(VARIANTS) <= set(names)
    assert complaints(shown) == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, True)])
def test_the_report_fits_the_window(browser, folder, width, dark):
    address = (folder / "out" / "report.html").as_uri()
    page = open_page(browser, address, width=width, dark=dark)
    wait(page, "document.documentElement.dataset.ready === 'all'")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    table, cell = page.evaluate(
        """[document.querySelector("#figures").getBoundingClientRect().right,
            getComputedStyle(document.querySelector("#figures td")).borderBottomWidth]"""
    )
    if width == 1280:  # all columns are in sight
        assert table <= width
    assert cell == "1px"  # a line under each row
    assert complaints(page) == []


def test_first_epochs_far_above_the_others_are_cut_off(document):
    tall = copy.deepcopy(document)
    for run in tall["runs"]:
        run["curve"][0]["nats"], run["curve"][1]["nats"] = 90.0, 5.0 + 0.1 * run["seed"]
    facts = json.loads(Elements(render(tall, "")).scripts["plots"])
    plots = {plot["id"]: plot for plot in facts["plots"]}
    # The mean of the last epochs is 5.15, single seeds 5.1 and 5.2: the spread is 0.1.
    assert plots["nats-0"]["layout"]["yaxis"]["range"] == pytest.approx([5.09, 5.4])
    assert "First epochs far above the others are cut off." in render(tall, "")
    assert "are cut off" not in render(document, "")
