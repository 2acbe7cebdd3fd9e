"""The explorer's search, lists and comparison in a browser."""

from __future__ import annotations

import json
import re
import statistics

import naive
import numpy as np
import pytest
from browser import complaints, open_page, requests, wait
from explorer import EVIL, ROWS, ask, check_rows, middle_of, opened, view_of
from query_texts import LONG_TEXTS, SIGNS_AS_WORDS

from w2v.embeddings import Embeddings, load
from w2v.explore.__main__ import main
from w2v.explore.page import overlap
from w2v.util import html_page


def test_neighbours_are_those_of_most_similar(page, files):
    wv = load(files / "one.safetensors")
    queries = {
        "queen": (["queen"], []),
        "king - man + woman": (["king", "woman"], ["man"]),
        "new york": (["new york"], []),
        "well-known": (["well-known"], []),
        "東京 -man": (["東京"], ["man"]),
        "word7": (["word7"], []),
        "<script>alert(1)</script>": (["<script>alert(1)</script>"], []),
    }
    for text, (positive, negative) in queries.items():
        ask(page, text)
        (rows,) = page.evaluate(ROWS)
        check_rows(rows, wv.most_similar(positive, negative))
    ask(page, "king - man + woman")
    assert page.evaluate(ROWS)[0][0][0] == "queen"
    assert complaints(page) == []
    assert {uri.split("#")[0] for uri in requests(page)} <= {(files / "one.html").as_uri()}


def test_wrong_queries_are_explained(page):
    for text, message in (
        ("kin", "“kin” is not in the vocabulary. Did you mean king?"),
        ("king queen man", "“queen” follows a word; + or − must come between."),
        ("king - ", "A word must follow + or − at the end."),
        ("king - + man", "“+” follows a sign; a word must come between."),
        ("", "Type a word."),
    ):
        ask(page, text.strip())
        assert page.evaluate("document.querySelector('#status').textContent") == message
        assert page.evaluate("document.querySelector('#lists').textContent") == ""
    assert complaints(page) == []


def test_completion_with_the_keyboard(browser, files):
    page = opened(browser, files / "one.html")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.insert_text("king - MA")
    options = (
        "[...document.querySelectorAll('#completions:not([hidden]) li')].map(o => o.textContent)"
    )
    assert page.evaluate(options)[0] == "man"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
        ".getAttribute('aria-selected')"
    ) == "true"  # fmt: skip
    page.keyboard.press("Enter")
    wait(page, "location.hash === '#q=king+-+man'")
    assert page.evaluate("document.querySelector('#query').value") == "king - man"
    assert page.evaluate(options) == []
    page.evaluate("document.querySelector('#query').select()")
    page.keyboard.insert_text("wor")
    assert len(page.evaluate(options)) == 12
    page.keyboard.press("Escape")
    assert page.evaluate(options) == []
    # A sign that touches its word; and a choice by the mouse.
    page.evaluate("document.querySelector('#query').select()")
    page.keyboard.insert_text("queen -man +new")
    assert page.evaluate(options) == ["new york"]
    x, y = middle_of(page, "#completions li")
    page.mouse.click(x, y)
    wait(page, "document.querySelector('#query').value === 'queen -man +new york'")
    assert page.evaluate(options) == []
    page.mouse.click(*middle_of(page, "h1"))
    page.mouse.click(*middle_of(page, "#query"))  # what is typed next replaces what is there
    page.keyboard.insert_text("man")
    assert page.evaluate("document.querySelector('#query').value") == "man"
    assert complaints(page) == []


def test_the_address_keeps_the_state(browser, files):
    page = opened(browser, files / "one.html", "#q=queen&n=25&view=0.5,0.1,2", height=700)
    assert page.evaluate("document.querySelector('#query').value") == "queen"
    assert len(page.evaluate(ROWS)[0]) == 25
    assert view_of(page) == pytest.approx([0.5, 0.1, 2], abs=1e-3)
    first = page.evaluate(ROWS)[0][0][0]
    page.evaluate("document.querySelector('#lists a').click()")
    wait(page, f"document.querySelector('#query').value === {first!r}")
    assert "n=25" in page.evaluate("location.hash")
    page.evaluate("document.querySelector('#zoom-in').click()")
    assert "view=" in page.evaluate("location.hash")
    page.evaluate("history.back()")
    wait(page, "document.querySelector('#query').value === 'queen'")
    for nonsense in ("#q=&n=7&m=99&view=1,2", "#%", "#q=%ff", "#view=3,1,0", "#m=length"):
        page.evaluate(
            "new Promise(done => {addEventListener('hashchange', done, {once: true});"
            f"location.hash = {nonsense!r}}}).then(() => 0)"
        )
        assert np.isfinite(view_of(page)).all()
    assert complaints(page) == []


def texts(plot):
    return f"[...document.querySelectorAll('{plot} .textpoint text')].map(t => t.textContent)"


def label_of(word):
    """A word as a plot shows it: whole, or cut off after fifteen letters at least."""
    return {word, *(word[:length] + "…" for length in range(15, len(word)))}


def test_words_are_shown_literally(page):
    """No word of the corpus becomes an element, a command or another word."""
    for word in EVIL:
        ask(page, word)
        assert page.evaluate("document.querySelector('#query').value") == word
        assert len(page.evaluate(ROWS)[0]) == 10
        for plot in ("#lengths", "#map"):
            assert label_of(word) & set(page.evaluate(texts(plot)))
        assert page.evaluate("document.querySelector('#lists').innerHTML.includes('<script')") is (
            False
        )
    assert page.evaluate("document.querySelectorAll('img, b, #map a, #lengths a').length") == 0
    ask(page, "<b>bold</b>")
    assert complaints(page) == []


def test_the_plots_against_rank_say_what_is_marked(page, files):
    wv = load(files / "one.safetensors")
    ask(page, "king - man")
    for plot, numbers in (
        ("frequency", wv.counts),
        ("lengths", np.linalg.norm(wv.vectors, axis=1)),
    ):
        note = page.evaluate(f"document.querySelector('#{plot}-note .keys').textContent")
        said = re.fullmatch(r" ?king: ([\d,.]+), rank 1; man: ([\d,.]+), rank 3", note)
        figures = [float(figure.replace(",", "")) for figure in said.groups()]
        np.testing.assert_allclose(figures, numbers[[0, 2]], atol=5e-4)
        marked = page.evaluate(f"document.querySelector('#{plot}').data[1]")
        assert marked["x"] == [1, 3]
        np.testing.assert_allclose(marked["y"], numbers[[0, 2]], rtol=1e-6)
        assert page.evaluate(texts(f"#{plot}")) == []  # labels would cover each other
    ask(page, "king")
    assert page.evaluate(texts("#lengths")) == ["king"]
    assert complaints(page) == []


def test_the_search_answers_first_and_the_map_comes_next(browser, files):
    # At each stage: rows of neighbours, plots.
    watch = """const mark = performance.mark;
    performance.mark = function (stage) {
      (window.seen ??= {})[stage] = ["#lists tbody tr", ".js-plotly-plot"].map(
        part => document.querySelectorAll(part).length);
      return mark.apply(performance, arguments);
    }"""
    page = opened(browser, files / "one.html", "#q=king", before=watch)
    assert page.evaluate("seen") == {"search": [10, 0], "map": [10, 1], "all": [10, 3]}


def test_the_policy_stops_a_script_that_got_in(browser, files):
    page = opened(browser, files / "one.html")
    page.evaluate(
        """(() => {const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        script.insertAdjacentHTML("afterend", "<img src=data:, onerror='window.ran = true'>");
        })()"""
    )
    wait(page, "document.images[0].complete")
    assert page.evaluate("window.ran") is None
    assert len(complaints(page)) == 2


def test_an_old_browser_shows_a_message(browser, files):
    page = open_page(
        browser, (files / "one.html").as_uri(), before="delete window.DecompressionStream"
    )
    wait(
        page, "document.querySelector('p.failed')?.textContent.includes('browser of 2023 or later')"
    )


def test_queries_are_read_as_w2v_query_reads_them(browser):
    page = open_page(browser, "about:blank")
    known = ["king", "man", "woman", "+", "-", "new york"]
    for text, positive, negative in SIGNS_AS_WORDS:
        words = [*known, "-man"] if "-man" in [*(positive or ()), *(negative or ())] else known
        found = page.evaluate(
            f"""(() => {{{html_page.asset("w2v.explore", "vectors.js")}
            const words = {json.dumps(words)};
            const spelled = word => words.includes(word) ? word : undefined;
            try {{ return parse({json.dumps(text)}, spelled); }}
            catch (error) {{ return error.message; }}}})()"""
        )
        if positive is None:
            assert isinstance(found, str), text
        else:
            assert (found["positive"], found["negative"]) == (positive, negative), text


def test_long_texts_without_blanks(browser):
    page = open_page(browser, "about:blank")
    for text, parts in LONG_TEXTS:
        found, searches = page.evaluate(
            f"""(() => {{{html_page.asset("w2v.explore", "vectors.js")}
            let searches = 0;
            const known = ["king", "ha", "ha-ha"];
            const isKnown = word => {{ searches++; return known.includes(word); }};
            return [splitSigns({json.dumps(text)}, isKnown), searches]; }})()"""
        )
        assert found == parts
        assert searches < 100 * len(text)


def test_words_without_blanks_and_in_other_cases(page):
    lists = []
    for text in ("king - man + woman", "king-man+woman", "King -MAN+woman", "king−man +Woman"):
        ask(page, text)
        lists.append(page.evaluate(ROWS))
    assert all(rows == lists[0] for rows in lists)
    ask(page, "well-known")
    assert page.evaluate("document.querySelector('#status').textContent") == "to well-known"
    ask(page, "well-knwon")
    status = page.evaluate("document.querySelector('#status').textContent")
    assert status == "“well-knwon” is not in the vocabulary. Did you mean well-known?"
    assert complaints(page) == []


def test_two_words_have_a_similarity(browser, files):
    first, second = load(files / "one.safetensors"), load(files / "two.safetensors")
    page = opened(browser, files / "both.html", "#q=king+Queen")
    status = page.evaluate("document.querySelector('#status').textContent")
    said = re.fullmatch(
        r"Similarity of king and queen: (-?[\d.]+) in one.safetensors, (-?[\d.]+) in "
        r"two.safetensors. Below, the words nearest to their sum.",
        status,
    )
    expected = [wv.similarity("king", "queen") for wv in (first, second)]
    assert [float(number) for number in said.groups()] == pytest.approx(expected, abs=0.01)
    check_rows(page.evaluate(ROWS)[0], first.most_similar(["king", "queen"]))
    assert complaints(page) == []


def test_comparison_in_the_browser(browser, files):
    first, second = load(files / "one.safetensors"), load(files / "two.safetensors")
    overlaps = overlap(first, second)

    def lost(entry):
        """By how much words that only one file has would lower the overlap."""
        near = [set(dict(wv.most_similar(entry[0]))) for wv in (first, second)]
        return entry[1] - len(near[0] & near[1])

    word, exact = max((entry for entry in overlaps if entry[0].startswith("word")), key=lost)
    assert lost((word, exact)) >= 3
    page = opened(browser, files / "both.html", f"#q={word}&m=1")
    tables = page.evaluate(ROWS)
    check_rows(tables[0], first.most_similar(word))
    check_rows(tables[1], second.most_similar(word))
    shared = page.evaluate("document.querySelector('#lists .overlap strong').textContent")
    assert abs(int(shared.removesuffix(" of 10")) - exact) <= 1
    assert page.evaluate(
        "[...document.querySelectorAll('#models button')].map(b => b.ariaPressed)"
    ) == ["false", "true"]  # fmt: skip
    most = page.evaluate(
        "[...document.querySelectorAll('#differences li')].map(r => r.textContent)"
    )
    words = sorted(overlaps, key=lambda entry: entry[1])
    assert most == [f"{word}{shared} of 10" for word, shared in words[:50]]
    ask(page, "only-here")
    assert page.evaluate("document.querySelector('#lists .failed').textContent").startswith(
        "“only-here” is not in the vocabulary"
    )
    assert [len(rows) for rows in page.evaluate(ROWS)] == [10]
    assert complaints(page) == []


@pytest.mark.parametrize("name", ["one.html", "both.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_in_both_modes(browser, files, width, name):
    page = opened(browser, files / name, "#q=queen", width=width, height=800, dark=width == 390)
    for dark in (width == 390, width != 390):
        page.emulate_media(color_scheme="dark" if dark else "light")
        paper_is_dark = "document.querySelector('#map').layout.paper_bgcolor !== '#fff'"
        wait(page, f"({paper_is_dark}) === {str(dark).lower()}")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is not dark
        drawn = page.evaluate("document.querySelector('#map').layout.paper_bgcolor")
        assert drawn == ("#16191d" if dark else "#fff")
        unnamed = """[...document.querySelectorAll("button, input, select, a, table")].filter(e =>
          !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"""
        assert page.evaluate(unnamed) == 0
        assert page.screenshot().startswith(b"\x89PNG")
        assert complaints(page) == []


def test_two_bytes_a_number_and_no_counts(browser, tmp_path):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(300, 16))
    vectors[:, 0] = 30
    Embeddings([f"w{i}" for i in range(300)], vectors).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html"), "--map", "pca"]) == 0
    assert "two bytes per number" in (tmp_path / "v.html").read_text(encoding="utf-8")
    page = opened(browser, tmp_path / "v.html", "#q=w3")
    (rows,) = page.evaluate(ROWS)
    expected = load(tmp_path / "v.bin").most_similar("w3")
    assert [word for word, _ in rows] == [word for word, _ in expected]
    assert "No counts" in page.evaluate("document.querySelector('#frequency-note').textContent")
    assert complaints(page) == []


def test_bars_are_scaled_to_the_list(page):
    """The nearest word's bar fills its cell, and the others are shorter in proportion."""
    ask(page, "word9")
    (rows,) = page.evaluate(ROWS)
    widths = page.evaluate(
        """[...document.querySelectorAll("#lists .bar i")].map(bar =>
        bar.getBoundingClientRect().width / bar.parentElement.clientWidth)"""
    )
    cosines = [cosine for _, cosine in rows]
    full = widths[0]
    assert full > 0.9  # but for the cell's padding
    assert cosines[-1] < 0.9 * cosines[0]
    np.testing.assert_allclose(np.divide(widths, full), np.divide(cosines, cosines[0]), atol=0.01)


def test_the_numbers_of_the_comparison(browser, files):
    """Mean, histogram and bars, counted once more from neighbours that a naive twin finds."""
    first, second = load(files / "one.safetensors"), load(files / "two.safetensors")
    shared = [word for word in first if word in second]
    counts = [naive.overlap_at_10(first, second, shared, word) for word in shared]
    page = opened(browser, files / "both.html")
    note = page.evaluate("document.querySelector('#difference-list p').textContent")
    said = re.search(r"agree on ([\d.]+) of the 10 nearest words, over ([\d,]+) frequent", note)
    assert float(said.group(1)) == pytest.approx(statistics.fmean(counts), abs=0.0051)
    assert int(said.group(2).replace(",", "")) == len(counts)
    rows = page.evaluate(
        """[...document.querySelectorAll(".histogram tr")].map(row => [
        +row.querySelector("th").textContent, +row.querySelector("td:last-child").textContent,
        row.querySelector("i").getBoundingClientRect().width])"""
    )
    assert [row[:2] for row in rows] == [[n, counts.count(n)] for n in range(11)]
    widths = np.array([row[2] for row in rows])
    largest = max(counts.count(n) for n in range(11))
    cell = page.evaluate("document.querySelector('.histogram td.bar').clientWidth")
    assert widths.max() > 0.9 * cell  # but for the cell's padding
    expected = [counts.count(n) / largest for n in range(11)]
    np.testing.assert_allclose(widths / widths.max(), expected, atol=0.01)
