"""The command python -m w2v.explore."""

from __future__ import annotations

import base64
import gzip
import sys
from pathlib import Path

import naive
import numpy as np
import pytest
from html_elements import Elements

from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, OutputError
from w2v.explore import __main__ as explore
from w2v.explore import page, projection
from w2v.explore.__main__ import main


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (["--limit", "0"], ConfigError, "--limit: expected a number of words, at least 1, got 0"),
        (["--map-words", "99999"], ConfigError, "--map-words: 99999 is not between 1 and 20000"),
        (["--seed", "-1"], ConfigError, "--seed: -1 is not between 0 and"),
        (["-o", "no/such/folder.html"], OutputError, "the folder to write in does not exist"),
        (["-o", ""], OutputError, "the path of a file is empty"),
        (["missing.bin"], FormatError, "missing.bin: cannot be read: No such file"),
        (["x.bin"] * 8, ConfigError, "9 files: a page shows at most 8"),
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
        ("plotly.offline", [], r"needs the package plotly: pip install 'w2v\[viz\]'"),
        ("jinja2", [], "needs the package jinja2"),
        ("umap", ["--map", "umap"], "--map umap: needs the package umap-learn"),
        ("sklearn.manifold", ["--map", "tsne"], "--map tsne: needs the package scikit-learn"),
    ],
)
def test_without_the_extra(files, tmp_path, monkeypatch, module, arguments, message):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=message):
        main([str(files / "one.safetensors"), *arguments])
    assert not list(tmp_path.iterdir())


def test_options_reach_the_map_and_the_clusters(files, tmp_path, monkeypatch):
    pytest.importorskip("sklearn.manifold")
    seen = []

    def placed(units, seed):
        seen.append((len(units), seed))
        return projection.pca(units)

    monkeypatch.setitem(projection.METHODS, "tsne", placed)
    monkeypatch.setattr(page, "find_clusters", lambda units, seed: seen.append((len(units), seed)))
    output = tmp_path / "e.html"
    options = ["--map", "tsne", "--seed", "7", "--map-words", "50", "--limit", "120"]
    assert main([str(files / "one.safetensors"), "-o", str(output), *options]) == 0
    assert seen == [(50, 7), (50, 7)]
    content = output.read_text(encoding="utf-8")
    assert projection.TITLES["tsne"] in content
    parsed = Elements(content)
    codes = np.frombuffer(gzip.decompress(base64.b64decode(parsed.scripts["codes-0"])), np.int8)
    assert len(codes) == 120 * load(files / "one.safetensors").vector_size


def test_an_old_flag_is_named_by_its_new_name(capsys):
    with pytest.raises(SystemExit):
        main(["v.bin", "--max-words", "5"])
    assert "--max-words 5 (did you mean --limit?)" in capsys.readouterr().err


def test_a_page_may_be_larger_where_a_limit_is_given(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(page, "MAX_PAGE_BYTES", 1)
    monkeypatch.chdir(tmp_path)
    words = [f"w{n}" for n in range(1_500)]
    Embeddings(words, np.random.default_rng(0).normal(size=(1_500, 2))).save("v.bin")
    for limit, shown in (([], "1,000 of 1,500 words"), (["--limit", "1200"], "1,200 words")):
        assert main(["v.bin", "-o", "v.html", "--map", "pca", *limit]) == 0
        assert f"v.bin: {shown}, " in capsys.readouterr().out


def test_names_of_files():
    assert explore._names(["a/x.bin", "b/y.bin"]) == ["x.bin", "y.bin"]
    assert explore._names(["a/x.bin", "b/x.bin"]) == ["a/x.bin", "b/x.bin"]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_page_of_very_few_words(tmp_path, words):
    vectors = np.eye(3, 2)[:words]
    Embeddings(["a", "b", "c"][:words], vectors).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "-o", str(tmp_path / "v.html")]) == 0


def test_a_record_that_is_not_json(tmp_path):
    wv = Embeddings(["a", "b"], np.eye(2), metadata={"training": "{"})
    wv.save(tmp_path / "v.safetensors")
    assert main([str(tmp_path / "v.safetensors"), "-o", str(tmp_path / "v.html")]) == 0
    assert "does not say how it was trained" in (tmp_path / "v.html").read_text(encoding="utf-8")


def test_the_last_line_opens_the_page(files, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    wv = str(files / "one.safetensors")
    for output, line in (("e.html", "open e.html"), ("my page.html", "open 'my page.html'")):
        assert main([wv, "-o", output, "--map", "pca"]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == line


def test_a_page_on_standard_output_stands_alone(files, tmp_path, commands):
    arguments = [files / "one.safetensors", "--map", "pca", "-o", "-"]
    result = commands.run("w2v.explore", *arguments, cwd=tmp_path, stdout=tmp_path / "e.html")
    assert result.code == 0
    content = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert content.startswith("<!")
    assert content.rstrip().endswith("</html>")
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["one.safetensors", "-"]


def test_only_the_first_words_of_a_file_that_breaks_the_rules(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write("v.txt", "a 1 0\nb 0 1\nb 2 2\nc 1 1\nd 1 nan\n")
    assert main(["v.txt", "-o", "e.html", "--limit", "3", "--lenient"]) == 0
    captured = capsys.readouterr()
    assert "v.txt: 3 words" in captured.out
    assert "w2v.explore: v.txt: 1 repeated words dropped (line 3: " in captured.err
    with pytest.raises(FormatError, match="'b' is already in line 2; --lenient"):
        main(["v.txt", "-o", "e.html", "--limit", "3"])


def test_what_the_command_prints(files, tmp_path, monkeypatch, capsys):
    """Words, bytes per number, recall and size, from the files themselves."""
    monkeypatch.chdir(tmp_path)
    wv = load(files / "one.safetensors")
    assert main([str(files / "one.safetensors"), "-o", "e.html", "--map", "pca"]) == 0
    parsed = Elements(Path("e.html").read_text(encoding="utf-8"))
    codes = np.frombuffer(gzip.decompress(base64.b64decode(parsed.scripts["codes-0"])), np.int8)
    rounded = codes.reshape(len(wv), -1).astype(float)
    rounded /= np.maximum(np.linalg.norm(rounded, axis=1, keepdims=True), 1e-9)
    recall = naive.recall_at_10(wv.unit_vectors, rounded)
    size = Path("e.html").stat().st_size
    assert capsys.readouterr().out.splitlines() == [
        f"one.safetensors: {len(wv)} words, 1 byte per number, recall@10 {recall:.3f}",
        f"e.html: {size / 1e6:.1f} MB",
        "open e.html",
    ]
    assert size > 1_500_000
    about = Path("e.html").read_text(encoding="utf-8")
    assert f"<strong>recall@10 {recall:.1%}</strong>" in about
