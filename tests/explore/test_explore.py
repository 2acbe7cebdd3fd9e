"""The explorer: quantisation, maps, the command, and the page in a real browser."""

from __future__ import annotations

import base64
import gzip
import html.parser
import json
import re
import sys
import tracemalloc
from importlib import resources

import naive
import numpy as np
import pytest
from browser import CTRL, Browser, find
from query_texts import SIGNS_AS_WORDS

from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, OutputError
from w2v.explore import __main__ as explore
from w2v.explore import projection
from w2v.explore.__main__ import main
from w2v.explore.page import PAGE_BYTES, overlap
from w2v.explore.quantise import MIN_RECALL, directions, nearest, quantise, recall, to_codes
from w2v.util import html_page

EVIL = [
    "<script>alert(1)</script>", "</script>", "<!--", "<img/src=x/onerror=alert(2)>", "&lt;b&gt;",
    '"quoted\'', "%{x}", "<b>bold</b>", "a\\u003cb", "\u202eright-to-left", "javascript:alert(3)",
    "<a href='javascript:alert(4)'>x</a>", "$x^2$", "__proto__", "constructor",
]  # fmt: skip


def made_up(seed=0, size=24, noise=0.5, extra=()):
    """Words in a few groups, so that neighbours are not a matter of rounding."""
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


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two files of vectors, and a page of the first and one of both."""
    folder = tmp_path_factory.mktemp("explore")
    made_up().save(folder / "one.safetensors")
    # 200 words more, which leave the others in their groups.
    only = ["only-here", *(f"only{i}" for i in range(199))]
    made_up(noise=0.9, extra=only).save(folder / "two.safetensors")
    one, two = str(folder / "one.safetensors"), str(folder / "two.safetensors")
    assert main([one, "-o", str(folder / "one.html"), "--map-words", "200"]) == 0
    assert main([one, two, "-o", str(folder / "both.html")]) == 0
    return folder


# --- quantisation -------------------------------------------------------------------------------


def test_codes_by_hand():
    codes = to_codes(np.array([[0.6, -0.8], [0, 0], [1, 0.5]], np.float32), np.int8)
    assert codes.tolist() == [[95, -127], [0, 0], [127, 64]]
    np.testing.assert_allclose(np.linalg.norm(directions(codes), axis=1), [1, 0, 1], rtol=1e-6)


def test_recall_is_its_naive_twin():
    random = np.random.default_rng(1)
    exact = made_up().unit_vectors[20:100]
    rough = exact + 0.1 * random.normal(size=exact.shape).astype(np.float32)
    rough /= np.linalg.norm(rough, axis=1, keepdims=True)
    assert recall(exact, rough) == pytest.approx(naive.recall_at_10(exact, rough))
    assert 0.3 < recall(exact, rough) < 0.95
    assert recall(exact, exact) == 1


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_recall_of_few_words(rows):
    units = made_up().unit_vectors[:rows]
    assert recall(units, units) == 1


def test_neighbours_of_all_words_need_little_memory():
    """The 68k words of a real export would take 36 GB if a whole row of candidates were kept."""
    units = np.random.default_rng(0).normal(size=(4000, 4)).astype(np.float32)
    tracemalloc.start()
    try:
        nearest(units, np.arange(len(units)), 10)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # V x V ids of 8 bytes would be 128 MB


def test_equal_vectors_do_not_count_against_recall():
    units = np.tile(made_up().unit_vectors[:1], (60, 1))
    assert recall(units, directions(to_codes(units, np.int8))) == 1


def test_one_byte_is_enough_or_two_are_taken():
    random = np.random.default_rng(2)
    spread = random.normal(size=(3000, 100)).astype(np.float32)
    spread /= np.linalg.norm(spread, axis=1, keepdims=True)
    found = quantise(spread)
    assert found.codes.dtype == np.int8
    assert found.recall >= MIN_RECALL
    # One huge number in each row leaves the others a few of 127 steps.
    spiky = spread.copy()
    spiky[:, 0] = 30
    spiky /= np.linalg.norm(spiky, axis=1, keepdims=True)
    assert recall(spiky, directions(to_codes(spiky, np.int8))) < MIN_RECALL
    found = quantise(spiky)
    assert found.codes.dtype == np.int16
    assert found.recall >= MIN_RECALL


# --- maps ---------------------------------------------------------------------------------------


def test_pca_against_singular_values():
    units = made_up().unit_vectors
    found = projection.pca(units)
    centered = units.astype(np.float64) - units.mean(axis=0, dtype=np.float64)
    _, values, vectors = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.axes), np.abs(vectors[:2]), atol=1e-5)
    assert found.explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    np.testing.assert_allclose(found.points, (units - found.center) @ found.axes.T, atol=1e-5)
    assert (found.axes[[0, 1], np.abs(found.axes).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 1), (2, 2)])
def test_pca_of_very_little(shape):
    found = projection.pca(np.ones(shape, np.float32))
    assert found.points.shape == (shape[0], 2)
    assert np.isfinite(found.points).all()
    assert found.explained == 1


@pytest.mark.filterwarnings("ignore")  # theirs, not ours
@pytest.mark.parametrize(
    ("method", "module"),
    [
        pytest.param("umap", "umap", marks=pytest.mark.slow),  # compiles for a minute
        ("tsne", "sklearn.manifold"),
    ],
)
def test_other_maps_keep_groups_together(method, module):
    pytest.importorskip(module)
    groups = np.repeat(np.eye(3, 8), 20, axis=0)
    units = groups + 0.05 * np.random.default_rng(0).normal(size=groups.shape)
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    points = projection.project(units, method, seed=1).points
    assert points.shape == (60, 2)
    centers = points.reshape(3, 20, 2).mean(axis=1)
    distances = np.linalg.norm(points[:, None] - centers, axis=2)
    assert (distances.argmin(axis=1) == np.repeat(range(3), 20)).mean() > 0.95
    again = projection.project(units, method, seed=1).points
    np.testing.assert_array_equal(points, again)
    with pytest.raises(ConfigError, match="expected at least 5 words, got 3"):
        projection.project(units[:3], method)


# --- what the page holds ------------------------------------------------------------------------


class Elements(html.parser.HTMLParser):
    """Start tags with their attributes, and the scripts' content by id."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.name = [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.name = dict(attributes).get("id", "code")
            assert self.name not in self.scripts
            self.scripts[self.name] = ""

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts[self.name] += data


def unpacked(parsed, name, dtype):
    return np.frombuffer(gzip.decompress(base64.b64decode(parsed.scripts[name])), dtype)


def test_the_page_holds_the_vectors(files):
    parsed = Elements((files / "one.html").read_text(encoding="utf-8"))
    wv = load(files / "one.safetensors")
    (facts,) = json.loads(parsed.scripts["facts"])["models"]
    assert facts["words"] == wv.index_to_key
    assert facts["counts"] == wv.counts.tolist()
    examples = json.loads(parsed.scripts["facts"])["examples"]
    assert examples[0] == "king"
    assert examples[-1] == "king - man + woman"
    assert all(word in wv for word in examples[:-1])
    codes = unpacked(parsed, "codes-0", "<i1").reshape(len(wv), -1)
    np.testing.assert_allclose(directions(codes), wv.unit_vectors, atol=0.01)
    lengths = np.linalg.norm(wv.vectors, axis=1)
    np.testing.assert_allclose(unpacked(parsed, "lengths-0", "<f4"), lengths, rtol=1e-5)
    assert np.shape(facts["points"]) == (2, 200)


def test_the_page_loads_nothing(files):
    for name in ("one.html", "both.html"):
        text = (files / name).read_text(encoding="utf-8")
        parsed = Elements(text)
        for tag, attributes in parsed.tags:
            assert tag not in ("link", "img", "iframe", "base", "object", "embed")
            assert not {"src", "srcset", "action"} & attributes.keys()
            assert attributes.get("href", "#").startswith("#")
        (policy,) = (a["content"] for _, a in parsed.tags if "http-equiv" in a)
        plotly = gzip.decompress(base64.b64decode(parsed.scripts["plotly"])).decode()
        assert plotly == html_page.plotly_script()
        assert policy == html_page.policy([parsed.scripts["code"], plotly])
        assert policy.startswith("default-src 'none'; script-src 'sha256-")
        assert "unsafe" not in policy.replace("style-src 'unsafe-inline'", "")
        assert "url(" not in text.split("<style>")[1].split("</style>")[0]


def test_words_reach_the_page_as_json_alone(files):
    text = (files / "both.html").read_text(encoding="utf-8")
    parsed = Elements(text)
    names = {"facts", "plotly", "code", "codes-0", "codes-1", "lengths-0", "lengths-1"}
    assert set(parsed.scripts) == names
    assert "<" not in parsed.scripts["facts"]
    assert "alert" not in re.sub(r'<script type="application/json".*?</script>', "", text)
    assert "<i>nce" not in text
    assert "&lt;i&gt;nce&lt;/i&gt;" in text


def test_our_scripts_never_write_html():
    names = [path.name for path in resources.files("w2v").joinpath("assets").iterdir()]
    scripts = [name for name in names if name.endswith(".js")]
    assert len(scripts) == 7
    for name in scripts:
        for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
            assert way not in html_page.asset(name)


def contrast(a, b):
    """WCAG 2.2, definitions of contrast ratio and relative luminance."""

    def luminance(colour):
        digits = colour.lstrip("#")
        digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
        parts = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_contrast_in_both_modes():
    assert contrast("#fff", "#000") == pytest.approx(21)
    light, dark = (
        dict(re.findall(r"--(\w+):(#\w+)", part))
        for part in html_page.asset("page.css").split("@media")
    )
    for colours in (light, dark):
        for name in ("ink", "muted", "c0", "c1", "c7"):  # text, notes, links, what is asked, errors
            assert contrast(colours[name], colours["paper"]) >= 4.5, name
        for name in ("low", "high"):  # a heatmap's cells with figures, a button under the mouse
            assert contrast(colours["ink"], colours[name]) >= 4.5, name
        for i in range(8):  # what is drawn, not read
            assert contrast(colours[f"c{i}"], colours["paper"]) >= 3


def test_the_most_frequent_words_are_kept_and_the_page_says_so(files, capsys):
    out = files / "cut.html"
    assert main([str(files / "one.safetensors"), "-o", str(out), "--max-words", "100"]) == 0
    total = len(load(files / "one.safetensors"))
    assert f"100 of {total} words" in capsys.readouterr().out
    text = out.read_text(encoding="utf-8")
    assert f"the first 100 of {total} words" in text
    (facts,) = json.loads(Elements(text).scripts["facts"])["models"]
    assert len(facts["words"]) == len(facts["counts"]) == len(facts["points"][0]) == 100


@pytest.mark.parametrize(
    ("rows", "size", "spike", "fits"),
    [
        (67_777, 100, 0, True),
        # Two bytes a number, and words of three bytes a letter: a first guess is too long.
        (7000, 1000, 100, False),
    ],
)
def test_a_page_stays_below_its_limit(tmp_path, capsys, rows, size, spike, fits):
    """Random numbers, which compress least."""
    vectors = np.random.default_rng(0).normal(size=(rows, size)).astype(np.float32)
    vectors[:, 0] += spike
    words = [f"東京東京{i}" if spike else f"abcdef{i}" for i in range(rows)]
    Embeddings(words, vectors).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html"), "--map-words", "50"]) == 0
    page_bytes = (tmp_path / "v.html").stat().st_size
    assert 0.75 * PAGE_BYTES < page_bytes <= PAGE_BYTES
    (kept,) = re.findall(r"v.bin: ([\d,]+)(?: of [\d,]+)? words", capsys.readouterr().out)
    assert (int(kept.replace(",", "")) == rows) is fits


# --- comparison ---------------------------------------------------------------------------------


def test_overlap_is_its_naive_twin():
    first, second = made_up(), made_up(noise=0.9, extra=["only-here"])
    found = overlap(first, second)
    shared = [word for word in first if word in second]
    assert [word for word, _ in found] == shared
    assert found[20:40] == [
        (word, naive.overlap_at_10(first, second, shared, word)) for word in shared[20:40]
    ]
    assert len({n for _, n in found}) > 3
    assert all(n == 10 for word, n in overlap(first, first) if word != "zero")


def test_files_with_little_in_common():
    first, second = made_up(), Embeddings(["king", "other"], np.eye(2, 24))
    assert overlap(first, second) == []


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--max-words", "0"], ConfigError, "--max-words: expected 1 to .*, got 0"),
        (["--map-words", "99999"], ConfigError, "--map-words: expected 1 to 20000, got 99999"),
        (["--seed", "-1"], ConfigError, "--seed: expected 0 to"),
        (["-o", "no/such/folder.html"], OutputError, "expected an existing folder"),
        (["missing.bin"], FormatError, "missing.bin: cannot be read: No such file"),
        (["x.bin"] * 8, ConfigError, "expected at most 8 files, got 9"),
    ],
)
def test_wrong_calls(files, tmp_path, monkeypatch, arguments, error, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        main([str(files / "one.safetensors"), *arguments])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("module", "arguments", "message"),
    [
        ("plotly.offline", [], r"expected the package plotly, got none .*pip install 'w2v\[viz\]'"),
        ("umap", ["--map", "umap"], "--map umap: expected the package umap-learn"),
        ("sklearn.manifold", ["--map", "tsne"], "--map tsne: expected the package scikit-learn"),
    ],
)
def test_without_the_extra(files, tmp_path, monkeypatch, module, arguments, message):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        main([str(files / "one.safetensors"), *arguments])
    assert not list(tmp_path.iterdir())


def test_names_of_files():
    assert explore._names(["a/x.bin", "b/y.bin"]) == ["x.bin", "y.bin"]
    assert explore._names(["a/x.bin", "b/x.bin"]) == ["a/x.bin", "b/x.bin"]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_page_of_very_few_words(tmp_path, words):
    vectors = np.eye(3, 2)[:words]
    Embeddings(["a", "b", "c"][:words], vectors).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html")]) == 0


def test_a_record_that_is_no_json(tmp_path):
    wv = Embeddings(["a", "b"], np.eye(2), metadata={"training": "{"})
    wv.save(tmp_path / "v.safetensors")
    assert main([str(tmp_path / "v.safetensors"), "-o", str(tmp_path / "v.html")]) == 0
    assert "says nothing of how it was trained" in (tmp_path / "v.html").read_text(encoding="utf-8")


# --- in a browser -------------------------------------------------------------------------------

needs_browser = pytest.mark.skipif(find() is None, reason="needs Chromium or Chrome")

ROWS = """[...document.querySelectorAll("#lists table")].map(table =>
  [...table.querySelectorAll("tbody tr")].map(row =>
    [row.querySelector("a").textContent, +row.querySelector(".number").textContent]))"""
READY = "document.documentElement.dataset.ready === 'all'"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as started:
        yield started


def opened(browser, path, fragment="", **look):
    shown = browser.open(path.as_uri() + fragment, **look)
    shown.wait(READY)
    return shown


def view_of(shown):
    """The middle of what the map shows, and how much its shorter side does."""
    left, right, bottom, top = shown.evaluate(
        "[map.layout.xaxis.range, map.layout.yaxis.range].flat()"
    )
    return [(left + right) / 2, (bottom + top) / 2, min(right - left, top - bottom)]


def middle_of(shown, selector):
    """In the window, where it is scrolled to."""
    return shown.evaluate(
        f"""(() => {{const element = document.querySelector({selector!r});
        element.scrollIntoView({{block: "center"}});
        const box = element.getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]}})()"""
    )


def place_of(shown, word_id):
    """Where a word's point is in the window."""
    return shown.evaluate(
        f"""(() => {{const box = map.getBoundingClientRect(), {{x, y}} = map.data[0];
        const [across, up] = [map.layout.xaxis.range, map.layout.yaxis.range];
        return [box.x + 1 + (x[{word_id}] - across[0]) / (across[1] - across[0]) * map.clientWidth,
                box.y + 1 + (up[1] - y[{word_id}]) / (up[1] - up[0]) * map.clientHeight]}})()"""
    )


def ask(shown, text, key="Enter"):
    """Type into the search field as a person does."""
    shown.evaluate("document.querySelector('#query').focus()")
    shown.evaluate("document.querySelector('#query').select()")
    shown.type(text)
    shown.press(key)
    shown.wait(
        f"document.querySelector('title').textContent.startsWith({json.dumps(text + ' – ')})"
    )


def check_rows(rows, expected):
    """Neighbours as Python finds them; where two are equally near the order may differ."""
    for (_, cosine), (_, exact) in zip(rows, expected, strict=True):
        assert cosine == pytest.approx(exact, abs=0.01)
    exact_of = dict(expected)
    last = expected[-1][1]
    for word, cosine in rows:
        assert exact_of.get(word, last) == pytest.approx(cosine, abs=0.01)
    assert len(set(dict(rows)) & set(exact_of)) >= len(expected) - 1


@needs_browser
def test_neighbours_are_those_of_most_similar(browser, files):
    wv = load(files / "one.safetensors")
    shown = opened(browser, files / "one.html")
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
        ask(shown, text)
        (rows,) = shown.evaluate(ROWS)
        check_rows(rows, wv.most_similar(positive, negative))
    ask(shown, "king - man + woman")
    assert shown.evaluate(ROWS)[0][0][0] == "queen"
    assert shown.complaints() == []
    assert {uri.split("#")[0] for uri in shown.requests()} <= {(files / "one.html").as_uri()}


@needs_browser
def test_wrong_queries_are_explained(browser, files):
    shown = opened(browser, files / "one.html")
    for text, message in (
        ("kin", "“kin” is not in the vocabulary. Did you mean king?"),
        ("king queen", "Expected + or − between words, got “queen”."),
        ("king - ", "Expected a word after + or −, got the end."),
        ("king - + man", "Expected a word after + or −, got “+”."),
        ("", "Expected a word, got none."),
    ):
        ask(shown, text.strip())
        assert shown.evaluate("document.querySelector('#status').textContent") == message
        assert shown.evaluate("document.querySelector('#lists').textContent") == ""
    assert shown.complaints() == []


@needs_browser
def test_completion_with_the_keyboard(browser, files):
    shown = opened(browser, files / "one.html")
    shown.press("/")
    assert shown.evaluate("document.activeElement.id") == "query"
    shown.type("king - MA")
    options = (
        "[...document.querySelectorAll('#completions:not([hidden]) li')].map(o => o.textContent)"
    )
    assert shown.evaluate(options)[0] == "man"
    shown.press("ArrowDown")
    assert shown.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))"
        ".getAttribute('aria-selected')"
    ) == "true"  # fmt: skip
    shown.press("Enter")
    shown.wait("location.hash === '#q=king+-+man'")
    assert shown.evaluate("document.querySelector('#query').value") == "king - man"
    assert shown.evaluate(options) == []
    shown.evaluate("document.querySelector('#query').select()")
    shown.type("wor")
    assert len(shown.evaluate(options)) == 12
    shown.press("Escape")
    assert shown.evaluate(options) == []
    # A sign that touches its word; and a choice by the mouse.
    shown.evaluate("document.querySelector('#query').select()")
    shown.type("queen -man +new")
    assert shown.evaluate(options) == ["new york"]
    x, y = middle_of(shown, "#completions li")
    shown.click(x, y)
    shown.wait("document.querySelector('#query').value === 'queen -man +new york'")
    assert shown.evaluate(options) == []
    shown.click(*middle_of(shown, "h1"))
    shown.click(*middle_of(shown, "#query"))  # what is typed next replaces what is there
    shown.type("man")
    assert shown.evaluate("document.querySelector('#query').value") == "man"
    assert shown.complaints() == []


@needs_browser
def test_the_address_keeps_the_state(browser, files):
    shown = opened(browser, files / "one.html", "#q=queen&n=25&view=0.5,0.1,2", height=700)
    assert shown.evaluate("document.querySelector('#query').value") == "queen"
    assert len(shown.evaluate(ROWS)[0]) == 25
    assert view_of(shown) == pytest.approx([0.5, 0.1, 2], abs=1e-3)
    first = shown.evaluate(ROWS)[0][0][0]
    shown.evaluate("document.querySelector('#lists a').click()")
    shown.wait(f"document.querySelector('#query').value === {first!r}")
    assert "n=25" in shown.evaluate("location.hash")
    shown.evaluate("document.querySelector('#zoom-in').click()")
    assert "view=" in shown.evaluate("location.hash")
    shown.evaluate("history.back()")
    shown.wait("document.querySelector('#query').value === 'queen'")
    for nonsense in ("#q=&n=7&m=99&view=1,2", "#%", "#q=%ff", "#view=3,1,0", "#m=length"):
        shown.evaluate(
            "new Promise(done => {addEventListener('hashchange', done, {once: true});"
            f"location.hash = {nonsense!r}}}).then(() => 0)"
        )
        assert np.isfinite(view_of(shown)).all()
    assert shown.complaints() == []


def texts(plot):
    return f"[...document.querySelectorAll('{plot} .textpoint text')].map(t => t.textContent)"


def label_of(word):
    """A word as a plot shows it: whole, or cut off after fifteen letters at least."""
    return {word, *(word[:length] + "…" for length in range(15, len(word)))}


@needs_browser
def test_words_are_shown_literally(browser, files):
    """No word of the corpus becomes an element, a command or another word."""
    shown = opened(browser, files / "one.html")
    for word in EVIL:
        ask(shown, word)
        assert shown.evaluate("document.querySelector('#query').value") == word
        assert len(shown.evaluate(ROWS)[0]) == 10
        for plot in ("#lengths", "#map"):
            assert label_of(word) & set(shown.evaluate(texts(plot)))
        assert shown.evaluate("document.querySelector('#lists').innerHTML.includes('<script')") is (
            False
        )
    assert shown.evaluate("document.querySelectorAll('img, b, #map a, #lengths a').length") == 0
    ask(shown, "<b>bold</b>")
    assert shown.complaints() == []


@needs_browser
def test_the_map_is_clicked_zoomed_and_highlighted(browser, files):
    wv = load(files / "one.safetensors")
    shown = opened(browser, files / "one.html", "#q=queen")
    near = [wv.key_to_index[word] for word, _ in wv.most_similar("queen")]
    drawn = shown.evaluate("document.querySelector('#map').data.map(trace => trace.customdata)")
    assert drawn[0] == list(range(200))
    assert len(set(drawn[2]) & set(near)) >= 9  # words beyond the 200 are placed by PCA
    assert max(near) >= 200
    assert drawn[3] == [1]
    x, y = shown.evaluate("(trace => [trace.x, trace.y])(document.querySelector('#map').data[2])")
    plane = projection.pca(wv.unit_vectors[:200])
    places = (wv.unit_vectors[drawn[2]] - plane.center) @ plane.axes.T
    np.testing.assert_allclose(np.transpose([x, y]), places, atol=0.02)
    shown.evaluate("document.querySelector('#zoom-found').click()")
    narrow = shown.evaluate("document.querySelector('#map').layout.xaxis.range")
    shown.evaluate("document.querySelector('#zoom-all').click()")
    wide = shown.evaluate("document.querySelector('#map').layout.xaxis.range")
    assert narrow[1] - narrow[0] < wide[1] - wide[0]
    assert "view=" not in shown.evaluate("location.hash")
    shown.evaluate("document.querySelector('#map').scrollIntoView({block: 'center'})")
    shown.click(*place_of(shown, 2))
    shown.wait("document.querySelector('#query').value === 'man'")
    assert shown.complaints() == []


@needs_browser
def test_the_map_by_keyboard_and_wheel(browser, files):
    shown = opened(browser, files / "one.html", "#q=queen")
    x, y, size = home = view_of(shown)
    shown.evaluate("map.focus()")
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
        shown.press(key)
        assert view_of(shown) == pytest.approx(expected, abs=1e-3 * size), key
    for _ in range(20):
        shown.press("-")
    assert view_of(shown)[2] == pytest.approx(4 * size)  # not so far that nothing can be seen
    shown.press("0")
    # The wheel scrolls the page, unless the map was clicked or Ctrl is held.
    shown.evaluate("document.activeElement.blur()")
    place = middle_of(shown, "#map")
    shown.evaluate("scrollTo(0, 100)")
    shown.wheel(*place, 60)
    shown.wait("scrollY > 100")
    assert view_of(shown) == pytest.approx(home)
    place = middle_of(shown, "#map")
    shown.wheel(*place, -60, CTRL)
    shown.wait(f"Math.abs(map.layout.yaxis.range[1] - map.layout.yaxis.range[0]) < {0.99 * size}")
    shown.press("0")
    shown.evaluate("document.querySelector('#zoom-all').click()")
    top = shown.evaluate("scrollY")
    shown.evaluate("map.focus()")
    shown.wheel(*place, -60)
    shown.wait(f"Math.abs(map.layout.yaxis.range[1] - map.layout.yaxis.range[0]) < {0.99 * size}")
    assert shown.evaluate("scrollY") == top
    shown.wait("location.hash.includes('view=')")
    assert shown.complaints() == []


@needs_browser
def test_the_map_by_finger(browser, files):
    """One scrolls the page, two move and zoom the map, a tap looks a word up."""
    shown = opened(browser, files / "one.html", "#q=queen", width=390, height=800)
    _, _, size = home = view_of(shown)
    for i in range(8):  # wherever the finger leaves the page, it chooses no word
        x, y = middle_of(shown, "#map")
        before = shown.evaluate("scrollY")
        shown.touch(*([(x + 20 * i - 70, y - 20 * j)] for j in range(4 + i % 3)))
    shown.wait(f"scrollY > {before} + 20")
    assert shown.evaluate("location.hash") == "#q=queen"
    assert view_of(shown) == pytest.approx(home)
    # The page goes on scrolling for a while after the finger has left: another one.
    shown = opened(browser, files / "one.html", "#q=queen", width=390, height=800)
    x, y = middle_of(shown, "#map")
    shown.touch(*([(x - 40 - 10 * i, y), (x + 40 + 10 * i, y)] for i in range(5)))
    shown.wait("location.hash.includes('view=')")
    assert view_of(shown) == pytest.approx([*home[:2], size / 2], abs=0.02 * size)
    half = view_of(shown)
    pixel = half[2] / shown.evaluate("Math.min(map.clientWidth, map.clientHeight)")
    shown.touch(*([(x - 40 + 10 * i, y), (x + 40 + 10 * i, y)] for i in range(5)))
    shown.wait(f"map.layout.xaxis.range[0] < {half[0] - half[2] / 2 - 30 * pixel}")
    expected = [half[0] - 40 * pixel, *half[1:]]
    assert view_of(shown) == pytest.approx(expected, abs=3 * pixel)
    shown.evaluate("document.querySelector('#zoom-all').click()")
    shown.touch([place_of(shown, 3)])
    shown.wait("document.querySelector('#query').value === 'woman'")
    assert shown.complaints() == []


@needs_browser
def test_labels_do_not_cover_each_other(browser, tmp_path):
    random = np.random.default_rng(0)
    words = ["東京大阪京都", "x" * 200, "Donaudampfschifffahrtsgesellschaft", "👍👍👍", "שלוםעולם"]
    words += [f"{'日本語単語' if i % 2 else 'word'}{i}" for i in range(200)]
    Embeddings(words, random.normal(size=(len(words), 3))).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html")]) == 0
    for width in (390, 1280):
        shown = opened(browser, tmp_path / "v.html", f"#q={'x' * 200}", width=width)
        boxes = shown.evaluate(
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
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        assert shown.complaints() == []


@needs_browser
def test_the_plots_against_rank_say_what_is_marked(browser, files):
    wv = load(files / "one.safetensors")
    shown = opened(browser, files / "one.html", "#q=king+-+man")
    for plot, numbers in (
        ("frequency", wv.counts),
        ("lengths", np.linalg.norm(wv.vectors, axis=1)),
    ):
        note = shown.evaluate(f"document.querySelector('#{plot}-note .keys').textContent")
        said = re.fullmatch(r" ?king: ([\d,.]+), rank 1; man: ([\d,.]+), rank 3", note)
        figures = [float(figure.replace(",", "")) for figure in said.groups()]
        np.testing.assert_allclose(figures, numbers[[0, 2]], atol=5e-4)
        marked = shown.evaluate(f"document.querySelector('#{plot}').data[1]")
        assert marked["x"] == [1, 3]
        np.testing.assert_allclose(marked["y"], numbers[[0, 2]], rtol=1e-6)
        assert shown.evaluate(texts(f"#{plot}")) == []  # labels would cover each other
    ask(shown, "king")
    assert shown.evaluate(texts("#lengths")) == ["king"]
    assert shown.complaints() == []


@needs_browser
def test_the_search_answers_first_and_the_map_comes_next(browser, files):
    # At each stage: rows of neighbours, plots.
    watch = """const mark = performance.mark;
    performance.mark = function (stage) {
      (window.seen ??= {})[stage] = ["#lists tbody tr", ".js-plotly-plot"].map(
        part => document.querySelectorAll(part).length);
      return mark.apply(performance, arguments);
    }"""
    shown = opened(browser, files / "one.html", "#q=king", before=watch)
    assert shown.evaluate("seen") == {"search": [10, 0], "map": [10, 1], "all": [10, 3]}


@needs_browser
def test_the_policy_stops_a_script_that_got_in(browser, files):
    shown = opened(browser, files / "one.html")
    shown.evaluate(
        """(() => {const script = document.createElement("script");
        script.textContent = "window.ran = true";
        document.body.append(script);
        script.insertAdjacentHTML("afterend", "<img src=data:, onerror='window.ran = true'>");
        })()"""
    )
    shown.wait("document.images[0].complete")
    assert shown.evaluate("window.ran") is None
    assert len(shown.complaints()) == 2


@needs_browser
def test_an_old_browser_is_told(browser, files):
    shown = browser.open((files / "one.html").as_uri(), before="delete window.DecompressionStream")
    shown.wait(
        "document.querySelector('p.failed')?.textContent.includes('browser of 2023 or later')"
    )


@needs_browser
def test_queries_are_read_as_w2v_query_reads_them(browser):
    shown = browser.open("about:blank")
    known = ["king", "man", "woman", "+", "-", "new york"]
    for text, positive, negative in SIGNS_AS_WORDS:
        words = [*known, "-man"] if "-man" in [*(positive or ()), *(negative or ())] else known
        found = shown.evaluate(
            f"""(() => {{{html_page.asset("vectors.js")}
            try {{ return parse({json.dumps(text)}, word => {json.dumps(words)}.includes(word)); }}
            catch (error) {{ return error.message; }}}})()"""
        )
        if positive is None:
            assert found.startswith("Expected"), text
        else:
            assert found == {"positive": positive, "negative": negative}, text


@needs_browser
def test_comparison_in_the_browser(browser, files):
    first, second = load(files / "one.safetensors"), load(files / "two.safetensors")
    overlaps = overlap(first, second)

    def lost(entry):
        """By how much words that only one file has would lower the overlap."""
        near = [set(dict(wv.most_similar(entry[0]))) for wv in (first, second)]
        return entry[1] - len(near[0] & near[1])

    word, exact = max((entry for entry in overlaps if entry[0].startswith("word")), key=lost)
    assert lost((word, exact)) >= 3
    shown = opened(browser, files / "both.html", f"#q={word}&m=1")
    tables = shown.evaluate(ROWS)
    check_rows(tables[0], first.most_similar(word))
    check_rows(tables[1], second.most_similar(word))
    shared = shown.evaluate("document.querySelector('#lists .overlap strong').textContent")
    assert abs(int(shared.removesuffix(" of 10")) - exact) <= 1
    assert shown.evaluate(
        "[...document.querySelectorAll('#models button')].map(b => b.ariaPressed)"
    ) == ["false", "true"]  # fmt: skip
    most = shown.evaluate(
        "[...document.querySelectorAll('#differences li')].map(r => r.textContent)"
    )
    words = sorted(overlaps, key=lambda entry: entry[1])
    assert most == [f"{word}{shared} of 10" for word, shared in words[:50]]
    ask(shown, "only-here")
    assert shown.evaluate("document.querySelector('#lists .failed').textContent").startswith(
        "“only-here” is not in the vocabulary"
    )
    assert [len(rows) for rows in shown.evaluate(ROWS)] == [10]
    assert shown.complaints() == []


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_window_in_both_modes(browser, files, width, dark):
    for name in ("one.html", "both.html"):
        shown = opened(browser, files / name, "#q=queen", width=width, height=800, dark=dark)
        assert shown.evaluate("document.documentElement.scrollWidth") == width
        paper = shown.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is not dark
        drawn = shown.evaluate("document.querySelector('#map').layout.paper_bgcolor")
        assert drawn == ("#16191d" if dark else "#fff")
        unnamed = """[...document.querySelectorAll("button, input, select, a, table")].filter(e =>
          !(e.textContent.trim() || e.ariaLabel || e.labels?.length)).length"""
        assert shown.evaluate(unnamed) == 0
        assert shown.screenshot().startswith(b"\x89PNG")
        assert shown.complaints() == []


@needs_browser
def test_two_bytes_a_number_and_no_counts(browser, tmp_path):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(300, 16))
    vectors[:, 0] = 30
    Embeddings([f"w{i}" for i in range(300)], vectors).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html")]) == 0
    assert "two bytes a number" in (tmp_path / "v.html").read_text(encoding="utf-8")
    shown = opened(browser, tmp_path / "v.html", "#q=w3")
    (rows,) = shown.evaluate(ROWS)
    expected = load(tmp_path / "v.bin").most_similar("w3")
    assert [word for word, _ in rows] == [word for word, _ in expected]
    assert "No counts" in shown.evaluate("document.querySelector('#frequency-note').textContent")
    assert shown.complaints() == []


@needs_browser
def test_it_follows_a_change_of_the_window_and_the_mode(browser, files):
    shown = opened(browser, files / "one.html", width=1280, height=800)
    width = "document.querySelector('#map').layout.width"
    before = shown.evaluate(width)
    shown.look(1280, 800, dark=True)
    shown.wait("document.querySelector('#map').layout.paper_bgcolor === '#16191d'")
    shown.evaluate("document.querySelector('#zoom-in').click()")
    view = view_of(shown)
    shown.look(390, 800, dark=True)
    shown.wait(f"{width} < 390")
    assert shown.evaluate(width) < before
    assert view_of(shown) == pytest.approx(view, abs=1e-3)  # what was looked at is in view still
    assert shown.complaints() == []
