"""What the explorer's page holds, without a browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
from importlib import resources

import naive
import numpy as np
import pytest
from explorer import made_up
from html_elements import Elements

from w2v.embeddings import Embeddings, load
from w2v.explore import page
from w2v.explore.__main__ import main
from w2v.explore.clusters import Clusters
from w2v.explore.page import MAX_PAGE_BYTES, explore, overlap
from w2v.explore.projection import project
from w2v.explore.quantise import directions, quantise
from w2v.util import html_page


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
    assert len(facts["clusters"]) == 200


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
    scripts = [
        file
        for package in ("w2v.util", "w2v.explore", "w2v.compare")
        for file in resources.files(package).joinpath("assets").iterdir()
        if file.name.endswith(".js")
    ]
    assert len(scripts) == 7
    for file in scripts:
        for way in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("):
            assert way not in file.read_text(encoding="utf-8")


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
        for part in html_page.asset("w2v.util", "page.css").split("@media")
    )
    for colours in (light, dark):
        for name in ("ink", "muted", "c0", "c1", "c7"):  # text, notes, links, what is asked, errors
            assert contrast(colours[name], colours["paper"]) >= 4.5, name
        for name in ("low", "high"):  # a heatmap's cells with figures, a button under the mouse
            assert contrast(colours["ink"], colours[name]) >= 4.5, name
        for i in range(8):  # what is drawn, not read
            assert contrast(colours[f"c{i}"], colours["paper"]) >= 3


def test_the_most_frequent_words_are_kept_and_the_page_says_so(files):
    wv = load(files / "one.safetensors")
    _, text = explore([("one", wv)], "", max_words=100, method="pca")
    assert f"the first 100 of {len(wv)} words" in text
    (facts,) = json.loads(Elements(text).scripts["facts"])["models"]
    assert len(facts["words"]) == len(facts["counts"]) == len(facts["points"][0]) == 100


def test_clusters_are_named_by_words_on_the_page(files):
    wv = load(files / "one.safetensors")
    head, map_units = wv.first(50), wv.first(200).unit_vectors
    clusters = Clusters([0] * 100 + [1] * 100, [[0, 49, 50], [120, 130]])
    model = page.Model(
        "one", head, len(wv), quantise(head.unit_vectors), project(map_units, "pca"), clusters,
        "pca",
    )  # fmt: skip
    facts = page._facts(model)
    assert facts["clusters"] == [0] * 50
    assert facts["clusterNames"] == [[0, 49], []]


def test_the_command_reads_as_many_words_as_asked_for(files, tmp_path, capsys):
    out = tmp_path / "cut.html"
    arguments = ["--limit", "100", "--map", "pca", "-o", str(out)]
    assert main([str(files / "one.safetensors"), *arguments]) == 0
    assert "one.safetensors: 100 words" in capsys.readouterr().out
    (facts,) = json.loads(Elements(out.read_text(encoding="utf-8")).scripts["facts"])["models"]
    assert len(facts["words"]) == 100


@pytest.mark.parametrize(
    ("rows", "size", "spike", "fits"),
    [
        (16_000, 100, 0, True),
        # Two bytes a number, and words of three bytes a letter: a first guess is too long.
        (2400, 1000, 100, False),
    ],
)
def test_a_page_stays_below_its_limit(tmp_path, capsys, monkeypatch, rows, size, spike, fits):
    """Random numbers, which compress least; with a third of the limit, which is quicker."""
    most = MAX_PAGE_BYTES // 3
    monkeypatch.setattr("w2v.explore.page.MAX_PAGE_BYTES", most)
    vectors = np.random.default_rng(0).normal(size=(rows, size)).astype(np.float32)
    vectors[:, 0] += spike
    words = [f"東京東京{i}" if spike else f"abcdef{i}" for i in range(rows)]
    Embeddings(words, vectors).save(tmp_path / "v.bin")
    arguments = ["--map-words", "50", "--map", "pca"]
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html"), *arguments]) == 0
    page_bytes = (tmp_path / "v.html").stat().st_size
    assert 0.75 * most < page_bytes <= most
    (kept,) = re.findall(r"v.bin: ([\d,]+)(?: of [\d,]+)? words", capsys.readouterr().out)
    assert (int(kept.replace(",", "")) == rows) is fits


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
