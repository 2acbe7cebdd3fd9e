"""Made-up vectors for the explorer, and actions of its tests in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
from browser import open_page, wait

from w2v.embeddings import Embeddings

EVIL = [
    "<script>alert(1)</script>", "</script>", "<!--", "<img/src=x/onerror=alert(2)>", "&lt;b&gt;",
    '"quoted\'', "%{x}", "<b>bold</b>", "a\\u003cb", "\u202eright-to-left", "javascript:alert(3)",
    "<a href='javascript:alert(4)'>x</a>", "$x^2$", "__proto__", "constructor",
]  # fmt: skip


def made_up(seed=0, size=24, noise=0.5, extra=()):
    """Vectors of words in a few groups, so that neighbours do not depend on rounding."""
    random = np.random.default_rng(seed)
    words = ["king", "queen", "man", "woman", "new york", "well-known", "東京", "zero", *EVIL]
    words += list(extra) + [f"word{i}" for i in range(400)]
    centers = random.normal(size=(40, size))
    vectors = centers[np.arange(len(words)) % 40] + noise * random.normal(size=(len(words), size))
    royal, male, female = random.normal(size=(3, size))
    for row, parts in enumerate(([royal, male], [royal, female], [male], [female])):
        vectors[row] = 2 * sum(parts) + 0.1 * random.normal(size=size)
    vectors[words.index("zero")] = 0
    counts = np.arange(len(words), 0, -1) ** 2
    return Embeddings(words, vectors, counts=counts, metadata={"training": TRAINING})


TRAINING = json.dumps({"config": {"loss": "<i>nce</i>", "epochs": 3, "patience": None}})


ROWS = """[...document.querySelectorAll("#lists table")].map(table =>
  [...table.querySelectorAll("tbody tr")].map(row =>
    [row.querySelector("a").textContent, +row.querySelector(".number").textContent]))"""
READY = "document.documentElement.dataset.ready === 'all'"


def opened(browser, path, fragment="", **look):
    page = open_page(browser, path.as_uri() + fragment, **look)
    wait(page, READY)
    return page


def view_of(page):
    """[x, y, size] of the map: the middle of its view, and the length of the shorter side."""
    left, right, bottom, top = page.evaluate(
        "[map.layout.xaxis.range, map.layout.yaxis.range].flat()"
    )
    return [(left + right) / 2, (bottom + top) / 2, min(right - left, top - bottom)]


def middle_of(page, selector):
    """Scroll to an element, and return its middle in the window."""
    return page.evaluate(
        f"""(() => {{const element = document.querySelector({selector!r});
        element.scrollIntoView({{block: "center"}});
        const box = element.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]}})()"""
    )


def place_of(page, word_id):
    """Position of a word's point in the window."""
    return page.evaluate(
        f"""(() => {{const box = map.getBoundingClientRect(), {{x, y}} = map.data[0];
        const [across, up] = [map.layout.xaxis.range, map.layout.yaxis.range];
        return [box.x + 1 + (x[{word_id}] - across[0]) / (across[1] - across[0]) * map.clientWidth,
                box.y + 1 + (up[1] - y[{word_id}]) / (up[1] - up[0]) * map.clientHeight]}})()"""
    )


def ask(page, text, key="Enter"):
    """Type into the search field as a user does."""
    page.evaluate("document.querySelector('#query').focus()")
    page.evaluate("document.querySelector('#query').select()")
    page.keyboard.insert_text(text)
    page.keyboard.press(key)
    wait(
        page, f"document.querySelector('title').textContent.startsWith({json.dumps(text + ' – ')})"
    )


def check_rows(rows, expected):
    """Assert that neighbours are those that Python finds; equally near ones may be swapped."""
    for (_, cosine), (_, exact) in zip(rows, expected, strict=True):
        assert cosine == pytest.approx(exact, abs=0.01)
    exact_of = dict(expected)
    last = expected[-1][1]
    for word, cosine in rows:
        assert exact_of.get(word, last) == pytest.approx(cosine, abs=0.01)
    assert len(set(dict(rows)) & set(exact_of)) >= len(expected) - 1
