"""The explorer's map in a browser."""

from __future__ import annotations

import json

import numpy as np
import pytest
from browser import complaints, touch, wait
from explorer import ask, middle_of, opened, place_of, view_of
from html_elements import Elements

from w2v.embeddings import Embeddings, load
from w2v.explore import projection
from w2v.explore.__main__ import main


def test_the_map_is_clicked_zoomed_and_highlighted(browser, files):
    wv = load(files / "one.safetensors")
    page = opened(browser, files / "one.html", "#q=queen")
    near = [wv.key_to_index[word] for word, _ in wv.most_similar("queen")]
    drawn = page.evaluate("document.querySelector('#map').data.map(trace => trace.customdata)")
    assert drawn[0] == list(range(200))
    assert len(set(drawn[2]) & set(near)) >= 9  # words beyond the 200 are placed by PCA
    assert max(near) >= 200
    assert drawn[3] == [1]
    x, y = page.evaluate("(trace => [trace.x, trace.y])(document.querySelector('#map').data[2])")
    plane = projection.pca(wv.unit_vectors[:200])
    places = (wv.unit_vectors[drawn[2]] - plane.center) @ plane.axes.T
    np.testing.assert_allclose(np.transpose([x, y]), places, atol=0.02)
    page.evaluate("document.querySelector('#zoom-found').click()")
    narrow = page.evaluate("document.querySelector('#map').layout.xaxis.range")
    page.evaluate("document.querySelector('#zoom-all').click()")
    wide = page.evaluate("document.querySelector('#map').layout.xaxis.range")
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert "view=" not in page.evaluate("location.hash")
    page.evaluate("document.querySelector('#map').scrollIntoView({block: 'center'})")
    page.mouse.click(*place_of(page, 2))
    wait(page, "document.querySelector('#query').value === 'man'")
    assert complaints(page) == []


def test_the_map_by_keyboard_and_wheel(browser, files):
    page = opened(browser, files / "one.html", "#q=queen")
    x, y, size = home = view_of(page)
    page.evaluate("map.focus()")
    for key, expected in (
        ("ArrowRight", [x + size / 5, y, size]),
        ("ArrowUp", [x + size / 5, y + size / 5, size]),
        ("ArrowLeft", [x, y + size / 5, size]),
        ("ArrowDown", [x, y, size]),
        ("+", [x, y, 0.6 * size]),
        ("-", [x, y, size]),
        ("+", [x, y, 0.6 * size]),
        ("0", home),
    ):
        page.keyboard.press(key)
        assert view_of(page) == pytest.approx(expected, abs=1e-3 * size), key
    for _ in range(20):
        page.keyboard.press("-")
    assert view_of(page)[2] == pytest.approx(4 * size)  # not so far that nothing can be seen
    page.keyboard.press("0")
    # The wheel scrolls the page, unless the map was clicked or Ctrl is held.
    page.evaluate("document.activeElement.blur()")
    place = middle_of(page, "#map")
    page.evaluate("scrollTo(0, 100)")
    page.mouse.move(*place)
    page.mouse.wheel(0, 60)
    wait(page, "scrollY > 100")
    assert view_of(page) == pytest.approx(home)
    place = middle_of(page, "#map")
    page.mouse.move(*place)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -60)
    wait(page, f"Math.abs(map.layout.yaxis.range[1] - map.layout.yaxis.range[0]) < {0.99 * size}")
    page.keyboard.up("Control")
    page.keyboard.press("0")
    page.evaluate("document.querySelector('#zoom-all').click()")
    top = page.evaluate("scrollY")
    page.evaluate("map.focus()")
    page.mouse.move(*place)
    page.mouse.wheel(0, -60)
    wait(page, f"Math.abs(map.layout.yaxis.range[1] - map.layout.yaxis.range[0]) < {0.99 * size}")
    assert page.evaluate("scrollY") == top
    wait(page, "location.hash.includes('view=')")
    assert complaints(page) == []


def test_the_map_by_finger(browser, files):
    """One scrolls the page, two move and zoom the map, a tap looks a word up."""
    page = opened(browser, files / "one.html", "#q=queen", width=390, height=800)
    _, _, size = home = view_of(page)
    for i in range(8):  # wherever the finger leaves the page, it chooses no word
        x, y = middle_of(page, "#map")
        before = page.evaluate("scrollY")
        touch(page, *([(x + 20 * i - 70, y - 20 * j)] for j in range(4 + i % 3)))
    wait(page, f"scrollY > {before} + 20")
    assert page.evaluate("location.hash") == "#q=queen"
    assert view_of(page) == pytest.approx(home)
    # The page goes on scrolling for a while after the finger has left: another one.
    page = opened(browser, files / "one.html", "#q=queen", width=390, height=800)
    x, y = middle_of(page, "#map")
    touch(page, *([(x - 40 - 10 * i, y), (x + 40 + 10 * i, y)] for i in range(5)))
    wait(page, "location.hash.includes('view=')")
    assert view_of(page) == pytest.approx([*home[:2], size / 2], abs=0.02 * size)
    half = view_of(page)
    pixel = half[2] / page.evaluate("Math.min(map.clientWidth, map.clientHeight)")
    touch(page, *([(x - 40 + 10 * i, y), (x + 40 + 10 * i, y)] for i in range(5)))
    wait(page, f"map.layout.xaxis.range[0] < {half[0] - half[2] / 2 - 30 * pixel}")
    expected = [half[0] - 40 * pixel, *half[1:]]
    assert view_of(page) == pytest.approx(expected, abs=3 * pixel)
    page.evaluate("document.querySelector('#zoom-all').click()")
    touch(page, [place_of(page, 3)])
    wait(page, "document.querySelector('#query').value === 'woman'")
    assert complaints(page) == []


def test_labels_do_not_cover_each_other(browser, tmp_path):
    random = np.random.default_rng(0)
    words = ["東京大阪京都", "x" * 200, "Donaudampfschifffahrtsgesellschaft", "👍👍👍", "שלוםעולם"]
    words += [f"{'日本語単語' if i % 2 else 'word'}{i}" for i in range(200)]
    Embeddings(words, random.normal(size=(len(words), 3))).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html"), "--map", "pca"]) == 0
    for width in (390, 1280):
        page = opened(browser, tmp_path / "v.html", f"#q={'x' * 200}", width=width)
        boxes = page.evaluate(
            """[...document.querySelectorAll("#map .textpoint text")].filter(t => t.textContent)
            .map(t => t.getBoundingClientRect())
            .map(({left, top, right, bottom}) => [left, top, right, bottom])"""
        )
        assert len(boxes) > 10
        asked = boxes[-1]
        assert asked[2] - asked[0] < 0.5 * width
        assert asked[0] > -1
        assert asked[2] < width
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                across = min(a[2], b[2]) - max(a[0], b[0])
                down = min(a[3], b[3]) - max(a[1], b[1])
                assert min(across, down) < 4, (a, b)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert complaints(page) == []


def test_it_follows_a_change_of_the_window_and_the_mode(browser, files):
    page = opened(browser, files / "one.html", width=1280, height=800)
    width = "document.querySelector('#map').layout.width"
    before = page.evaluate(width)
    page.emulate_media(color_scheme="dark")
    wait(page, "document.querySelector('#map').layout.paper_bgcolor === '#16191d'")
    page.evaluate("document.querySelector('#zoom-in').click()")
    view = view_of(page)
    page.set_viewport_size({"width": 390, "height": 800})
    wait(page, f"{width} < 390")
    assert page.evaluate(width) < before
    assert view_of(page) == pytest.approx(view, abs=1e-3)  # what was looked at is in view still
    assert complaints(page) == []


ANALOGY = "king - man + woman"


def trace(page, number):
    return page.evaluate(f"document.querySelector('#map').data[{number}]")


def test_an_analogy_has_two_arrows(page):
    """From man to king and from woman to what was found, which is queen."""
    ask(page, ANALOGY)
    all_points = trace(page, 0)
    place = {
        word: (all_points["x"][row], all_points["y"][row])
        for row, word in enumerate(["king", "queen", "man", "woman"])
    }
    arrows = page.evaluate("document.querySelector('#map').layout.annotations")
    ends = [((arrow["ax"], arrow["ay"]), (arrow["x"], arrow["y"])) for arrow in arrows]
    assert ends == [(place["man"], place["king"]), (place["woman"], place["queen"])]
    for query in ("king", "king - man", "king + man", "king + woman + man - queen", "nowhere"):
        ask(page, query)
        assert page.evaluate("document.querySelector('#map').layout.annotations ?? []") == []
    assert complaints(page) == []


def test_subtracted_words_are_drawn_as_such(page):
    ask(page, ANALOGY)
    found, added, subtracted = (trace(page, number) for number in (2, 3, 4))
    assert added["customdata"] == [0, 3]
    assert subtracted["customdata"] == [2]
    assert len(found["customdata"]) == 10
    looks = {
        (each["marker"]["symbol"], each["marker"]["color"], each["marker"]["line"]["color"])
        for each in (found, added, subtracted)
    }
    assert len(looks) == 3
    note = "document.querySelector('#map-note').textContent"
    assert "◇ subtracted" in page.evaluate(note)
    assert "→ the analogy" in page.evaluate(note)
    ask(page, "king")
    assert "subtracted" not in page.evaluate(note)
    assert "analogy" not in page.evaluate(note)
    assert complaints(page) == []


def test_clusters_are_coloured_and_named(page, files):
    ask(page, "king")
    facts = json_facts(files / "one.html")
    colours = trace(page, 0)["marker"]["color"]
    by_cluster = {}
    for cluster, colour in zip(facts["clusters"], colours, strict=True):
        by_cluster.setdefault(cluster, set()).add(colour)
    assert sorted(by_cluster) == list(range(8))
    assert all(len(each) == 1 for each in by_cluster.values())
    assert len(set.union(*by_cluster.values())) == 8
    names = page.evaluate(
        "[...document.querySelectorAll('#clusters .chip')].map(chip => chip.textContent)"
    )
    assert names == [
        ", ".join(facts["words"][word] for word in ids) for ids in facts["clusterNames"]
    ]
    assert complaints(page) == []


def json_facts(path):
    parsed = Elements(path.read_text(encoding="utf-8"))
    return json.loads(parsed.scripts["facts"])["models"][0]


def test_words_beyond_a_map_that_is_not_linear_stand_by_their_nearest(
    browser, files, tmp_path, monkeypatch
):
    wv = load(files / "one.safetensors")
    random = np.random.default_rng(0)
    points = random.normal(size=(150, 2)).astype(np.float32)
    monkeypatch.setitem(
        projection.METHODS, "umap", lambda units, seed: projection.Projection(points)
    )
    monkeypatch.setattr("w2v.explore.__main__.check_method", lambda method: None)
    page_file = tmp_path / "v.html"
    arguments = ["-o", str(page_file), "--map", "umap", "--map-words", "150"]
    assert main([str(files / "one.safetensors"), *arguments]) == 0
    page = opened(browser, page_file, "#q=word300")
    (row,) = trace(page, 3)["customdata"]
    assert wv.index_to_key[row] == "word300"
    nearest = np.argsort(-(wv.unit_vectors[:150] @ wv.unit_vectors[row]))[:3]
    place = [trace(page, 3)[axis][0] for axis in "xy"]
    np.testing.assert_allclose(place, points[nearest].mean(axis=0), atol=1e-3)
    assert "three nearest words" in page.evaluate("document.querySelector('#map-note').textContent")
    assert complaints(page) == []


def test_the_variance_that_a_pca_shows(browser, files):
    """The part of the sum of squares, of the 200 words on the map, along the best two axes."""
    units = load(files / "one.safetensors").unit_vectors[:200].astype(float)
    values = np.linalg.svd(units - units.mean(axis=0), compute_uv=False)
    part = (values[:2] ** 2).sum() / (values**2).sum()
    page = opened(browser, files / "one.html")
    note = page.evaluate("document.querySelector('#map-note').textContent")
    assert "PCA of the 200 most frequent words. " in note
    assert f"The two axes hold {100 * part:.0f}% of the variance" in note
