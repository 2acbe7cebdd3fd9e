"""Exports: what the files hold, and that the tools they are for can read them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, OutputError
from w2v.evaluate.scoring import SimilarityResult
from w2v.explore import projection
from w2v.export import huggingface, projector
from w2v.export.__main__ import main

WORDS = ["king", "queen", "man", "woman", "東京", '"', "a\tb\nc\u2028d", "[UNK]", "| pipe <b>"]


def made_up(counts=True, config=None):
    vectors = np.random.default_rng(0).normal(size=(len(WORDS), 6)).astype(np.float32)
    vectors[:4] += np.array([[5, 5, 0, 0, 0, 0], [5, -5, 0, 0, 0, 0], [0, 5, 0, 0, 0, 0],
                             [0, -5, 0, 0, 0, 0]])  # fmt: skip
    vectors[4, 0] = 1e-20
    record = {} if config is None else {"training": json.dumps({"config": config})}
    return Embeddings(
        WORDS, vectors, counts=np.arange(len(WORDS), 0, -1) if counts else None, metadata=record
    )


@pytest.fixture
def vectors(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"loss": "nce", "epochs": 3, "note": "a|b<c", "patience": None}
    made_up(config=config).save("v.safetensors")
    Path("a.txt").write_text(": family\nman king woman queen\nman king woman nowhere\n")
    Path("s.tsv").write_text("king\tman\t9\nking\tqueen\t5\nman\twoman\t1\n")
    return "v.safetensors"


@contextmanager
def their_warnings():
    """Other packages' warnings are not this project's errors."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


# --- TensorBoard's Embedding Projector ------------------------------------------------------------


def test_several_columns_have_a_header(vectors):
    assert main([vectors, "--to", "projector", "-o", "p"]) == 0
    rows = Path("p/vectors.tsv").read_text(encoding="utf-8").splitlines()
    numbers = np.array([line.split("\t") for line in rows], dtype=np.float32)
    np.testing.assert_array_equal(numbers, load(vectors).vectors)
    lines = Path("p/metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines[0] == "word\trank\tcount"
    assert lines[1] == "king\t1\t9"
    assert lines[7] == "a b c d\t7\t3"
    assert lines[-1] == ""
    assert len(lines) == 1 + len(WORDS) + 1


def test_a_single_column_has_no_header(vectors):
    made_up(counts=False).save("plain.safetensors")
    assert main(["plain.safetensors", "--to", "projector", "-o", "p", "--limit", "3"]) == 0
    assert Path("p/metadata.tsv").read_text(encoding="utf-8") == "king\nqueen\nman\n"
    assert len(Path("p/vectors.tsv").read_text(encoding="utf-8").splitlines()) == 3


def test_only_the_first_words_of_a_file_that_breaks_the_rules(write, vectors, capsys):
    write("v.txt", "a 1 0\nb 0 1\nb 2 2\nc 1 1\nd 1 nan\n")
    arguments = ["v.txt", "--to", "projector", "-o", "first words"]
    assert main([*arguments, "--limit", "3", "--lenient"]) == 0
    assert Path("first words/metadata.tsv").read_text(encoding="utf-8") == "a\nb\nc\n"
    captured = capsys.readouterr()
    assert "w2v.export: v.txt: 1 repeated words dropped (line 3: " in captured.err
    assert "next     tensorboard --logdir 'first words'" in captured.out


@pytest.mark.viewer
def test_tensorboard_reads_it(vectors):
    with their_warnings():
        projector_plugin = pytest.importorskip(
            "tensorboard.plugins.projector.projector_plugin", reason="needs tensorboard"
        )
        from tensorboard.plugins import base_plugin
        from werkzeug.test import Client

        assert main([vectors, "--to", "projector", "-o", "p"]) == 0
        plugin = projector_plugin.ProjectorPlugin(base_plugin.TBContext(logdir="p"))
        served = {
            path: Client(app).get(f"/?run=.&name=word%20vectors&num_rows={len(WORDS)}").data
            for path, app in plugin.get_plugin_apps().items()
            if path in ("/info", "/tensor", "/metadata")
        }
    (embedding,) = json.loads(served["/info"])["embeddings"]
    assert embedding["tensorShape"] == [len(WORDS), 6]
    numbers = np.frombuffer(served["/tensor"], np.float32).reshape(-1, 6)
    np.testing.assert_array_equal(numbers, load(vectors).vectors)
    assert served["/metadata"].decode().count("\n") == 1 + len(WORDS)


# --- Parquet ------------------------------------------------------------------------------------


def test_parquet_holds_words_places_and_neighbours(vectors):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    assert main([vectors, "--to", "parquet", "-o", "v.parquet", "--neighbors", "3"]) == 0
    rows = parquet.read_table("v.parquet").to_pylist()
    wv = load(vectors)
    assert [row["word"] for row in rows] == WORDS
    assert [row["rank"] for row in rows] == list(range(1, len(WORDS) + 1))
    assert [row["count"] for row in rows] == wv.counts.tolist()
    np.testing.assert_array_equal(np.array([row["vector"] for row in rows], "f4"), wv.vectors)
    np.testing.assert_allclose([r["length"] for r in rows], np.linalg.norm(wv.vectors, axis=1))
    points = projection.pca(wv.unit_vectors).points
    np.testing.assert_allclose([[row["x"], row["y"]] for row in rows], points, atol=1e-6)
    for row in rows:
        expected = wv.most_similar(row["word"], topn=3)
        assert [WORDS[i] for i in row["neighbors"]["ids"]] == [word for word, _ in expected]
        np.testing.assert_allclose(
            row["neighbors"]["distances"], [1 - cosine for _, cosine in expected], atol=1e-5
        )
    assert main([vectors, "--to", "parquet", "-o", "v.parquet", "--neighbors", "0"]) == 0
    assert "neighbors" not in parquet.read_schema("v.parquet").names


def test_parquet_places_words_by_the_method_and_seed_asked_for(vectors, monkeypatch):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    pytest.importorskip("sklearn.manifold", reason="needs scikit-learn")

    def placed(units, seed):
        return projection.Projection(np.arange(2 * len(units)).reshape(-1, 2) + seed)

    monkeypatch.setitem(projection.METHODS, "tsne", placed)
    options = ["--map", "tsne", "--seed", "7"]
    assert main([vectors, "--to", "parquet", "-o", "v.parquet", *options]) == 0
    rows = parquet.read_table("v.parquet").to_pylist()
    assert [(row["x"], row["y"]) for row in rows] == [
        (2 * n + 7, 2 * n + 8) for n in range(len(WORDS))
    ]
    assert len(rows[0]["neighbors"]["ids"]) == len(WORDS) - 1  # of at most ten


@pytest.mark.viewer
def test_embedding_atlas_reads_it(vectors):
    pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    with their_warnings():
        pytest.importorskip("embedding_atlas", reason="needs embedding-atlas")
    assert main([vectors, "--to", "parquet", "-o", "v.parquet"]) == 0
    command = "from embedding_atlas.cli import main; main()"
    options = ["--text", "word", "--x", "x", "--y", "y", "--neighbors", "neighbors"]
    result = subprocess.run(
        [sys.executable, "-c", command, "v.parquet", *options, "--export-application", "atlas"],
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert Path("atlas/index.html").is_file()
    metadata = json.loads(Path("atlas/data/metadata.json").read_text(encoding="utf-8"))
    assert '"neighbors"' in json.dumps(metadata)


# --- Hugging Face ---------------------------------------------------------------------------------


def test_the_folder(vectors):
    arguments = ["--analogies", "a.txt", "--similarity", "s.tsv"]
    assert main([vectors, "--to", "huggingface", "-o", "m", *arguments]) == 0
    assert {path.name for path in Path("m").iterdir()} == set(huggingface.FILES)
    tokenizer = json.loads(Path("m/tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    assert vocabulary["king"] == 1
    assert tokenizer["model"]["unk_token"] == "[[UNK]]"  # the corpus has the usual one
    assert vocabulary["[[UNK]]"] == 0
    assert tokenizer["normalizer"] is None
    card = Path("m/README.md").read_text(encoding="utf-8")
    head = card.split("---\n")[1]
    assert "value: 1.0000" in head
    assert 'name: "a.txt"' in head
    assert "| `note` | a\\|b&lt;c |" in card
    assert "| a.txt | word-analogy, accuracy | 1.0000 | 1 of 2 |" in card
    assert "| s.tsv | word-similarity, spearman | 1.0000 | 3 of 3 |" in card
    assert "2 of the words contain whitespace" in card
    # Again over itself, not beside what is somebody else's.
    assert main([vectors, "--to", "huggingface", "-o", "m", *arguments]) == 0


def test_a_card_of_vectors_of_which_nothing_is_known():
    preparation = huggingface.Preparation(False, "whitespace")
    card = huggingface.model_card(made_up(counts=False), 'no "name"', [], preparation)
    assert "Not evaluated." in card
    assert "Not recorded." in card
    assert "a = 0.001 and p(w) from ranks (Zipf's law)" in card
    assert "model-index" not in card


def test_names_in_the_card_are_not_escaped():
    """JSON escapes a character beyond U+FFFF as two, which YAML would read as two."""
    preparation = huggingface.Preparation(False, "whitespace")
    result = SimilarityResult("🙂.tsv", 0.5, 3, 3, 0.5)
    head = huggingface.model_card(made_up(), "🙂", [result], preparation).split("---")[1]
    assert '- name: "🙂"' in head
    assert 'name: "🙂.tsv"' in head


# --- the command --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            ["--to", "projector", "-o", "taken"],
            OutputError,
            "taken: holds letter.txt, which is not part of this export; choose another folder",
        ),
        (["--to", "projector", "-o", "a.txt"], OutputError, "not a folder: a.txt is a file"),
        (["--to", "huggingface", "-o", "a.txt/m"], OutputError, "not a folder: .*is a file"),
        (
            ["--to", "projector", "-o", "p", "--map", "pca"],
            ConfigError,
            "--map is an option of --to parquet, not of --to pro",
        ),
        (
            ["--to", "parquet", "-o", "p", "--analogies", "a.txt"],
            ConfigError,
            "--analogies is an option of --to hugg",
        ),
        (
            ["--to", "projector", "-o", "p", "--limit", "0"],
            ConfigError,
            "number of words, at least 1",
        ),
        (
            ["--to", "parquet", "-o", "p", "--neighbors", "-1"],
            ConfigError,
            "--neighbors: -1 is not between 0 and 1000",
        ),
        (
            ["--to", "parquet", "-o", "p", "--seed", "-1"],
            ConfigError,
            "--seed: -1 is not between 0 and",
        ),
        (["--to", "huggingface", "-o", "m", "--analogies", "s.tsv"], FormatError, "s.tsv"),
        (["--to", "projector", "-o", ""], OutputError, "the path of a folder is empty"),
        (["--to", "parquet", "-o", ""], OutputError, "the path of a file is empty"),
    ],
)
def test_wrong_calls_write_nothing(vectors, arguments, error, message):
    Path("taken").mkdir()
    Path("taken/letter.txt").write_text("mine")
    before = sorted(Path().rglob("*"))
    with pytest.raises(error, match=message):
        main([vectors, *arguments])
    assert sorted(Path().rglob("*")) == before


@pytest.mark.parametrize(
    ("given", "arguments"),
    [
        ("m/model.safetensors", ["--to", "huggingface", "-o", "m"]),
        ("m/vectors.tsv", ["--to", "projector", "-o", "m"]),
        ("m/v.parquet", ["--to", "parquet", "-o", "m/v.parquet"]),
    ],
)
def test_no_input_is_replaced(vectors, given, arguments):
    """Also under another name, and not only the vectors."""
    if "parquet" in given:
        pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    Path("m").mkdir()
    Path(given).hardlink_to(vectors)
    for name in (given, vectors):
        with pytest.raises(OutputError, match=f"{given}: would replace the input {name}; choose"):
            main([name, *arguments])


def test_the_questions_are_not_replaced(vectors):
    Path("m").mkdir()
    Path("m/README.md").write_text("man king woman queen\n")
    with pytest.raises(OutputError, match=r"would replace the input m/README\.md"):
        main([vectors, "--to", "huggingface", "-o", "m", "--analogies", "m/README.md"])


def test_what_a_killed_process_has_left_does_not_matter(vectors):
    Path("p").mkdir()
    Path("p/.w2v-0123456789abcdef.tmp").touch()
    assert main([vectors, "--to", "projector", "-o", "p"]) == 0
    assert {path.name for path in Path("p").iterdir()} >= set(projector.FILES)


def test_parquet_on_standard_output(vectors, commands):
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    arguments = [vectors, "--to", "parquet", "-o", "-"]
    result = commands.run("w2v.export", *arguments, cwd=Path.cwd(), stdout=Path("out").absolute())
    assert (result.code, result.err) == (0, f"-: {len(WORDS)} words\n")
    assert parquet.read_table("out").num_rows == len(WORDS)


def test_a_reader_that_has_gone_is_no_error(vectors):
    pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    command = [sys.executable, "-m", "w2v.export", vectors, "--to", "parquet", "-o", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE


def test_parquet_holds_large_numbers(vectors):
    """Of lengths and of places: the square of a number and the end of a list may be large."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    Embeddings(["a", "b"], np.array([[3e20, 4e20], [3, 4]], np.float32)).save("large.bin")
    assert main(["large.bin", "--to", "parquet", "-o", "v.parquet"]) == 0
    table = parquet.read_table("v.parquet")
    np.testing.assert_allclose(table["length"].to_pylist(), [5e20, 5], rtol=1e-6)
    assert str(table.schema.field("vector").type).startswith("large_list<")


def test_without_pyarrow(vectors, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(
        ConfigError, match=r"needs the package pyarrow: pip install 'w2v\[export\]'"
    ):
        main([vectors, "--to", "parquet", "-o", "v.parquet"])


def test_a_parquet_that_cannot_be_written(vectors):
    pytest.importorskip("pyarrow.parquet", reason="needs pyarrow")
    with pytest.raises(OutputError, match="the folder to write in does not exist"):
        main([vectors, "--to", "parquet", "-o", "no/such/v.parquet"])
