"""The folder for sentence-transformers: how it splits texts, what it makes of them, its card."""

from __future__ import annotations

import json
import math
import re
import warnings
from pathlib import Path

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import text
from safetensors.numpy import load_file

from w2v.embeddings import Embeddings, load
from w2v.export.__main__ import main
from w2v.export.huggingface import _WORDS, find_preparation
from w2v.util.text import split

WORDS = [
    "the", "king", "rules", "an", "empire", "queen", "man", "woman", "well-known", "o'clock",
    "東京", "naïve", "new_york", "x2",
]  # fmt: skip
COUNTS = [5000, 200, 30, 900, 25, 150, 400, 380, 12, 11, 10, 9, 8, 7]


def made_up(words=WORDS, lowercase=None):
    vectors = np.random.default_rng(0).normal(size=(len(words), 6))
    for word, plane in {"king": (3, 3), "queen": (3, -3), "man": (0, 3), "woman": (0, -3)}.items():
        if word in words:
            vectors[words.index(word), :2] += plane
    record = {} if lowercase is None else {"config": {"lowercase": lowercase}}
    return Embeddings(
        words, vectors, counts=COUNTS[: len(words)], metadata={"training": json.dumps(record)}
    )


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("s.tsv").write_text("king\tman\t9\nking\tqueen\t5\nman\twoman\t1\nking\tempire\t3\n")
    Path("a.txt").write_text(
        ": family\nman king woman queen\nking man queen woman\nman woman king queen\n"
        "queen woman king man\nman king woman nowhere\n"
    )
    return tmp_path


def export(source, *options):
    assert main([source, "--to", "huggingface", "-o", "m", "--similarity", "s.tsv", *options]) == 0


def tokens(*texts):
    """How the folder splits texts, by the library that it is for."""
    tokenizer = pytest.importorskip("tokenizers").Tokenizer.from_file("m/tokenizer.json")
    return [tokenizer.encode(text).tokens for text in texts]


def encoded(*texts):
    """What StaticEmbedding makes of texts: the mean of their rows."""
    tokenizer = pytest.importorskip("tokenizers").Tokenizer.from_file("m/tokenizer.json")
    rows = load_file("m/model.safetensors")["embedding.weight"].astype(float)
    return np.array([rows[tokenizer.encode(text).ids].mean(axis=0) for text in texts])


SENTENCE = "The king rules the empire."


@pytest.mark.parametrize(
    ("suffix", "lowercase"),
    [(".safetensors", True), (".safetensors", False), (".safetensors", None), (".bin", None)],
)
def test_a_sentence_of_known_words_has_no_unknown_words(here, capsys, suffix, lowercase):
    """Also from a .bin, which does not record that its text was lower-cased."""
    made_up(lowercase=lowercase).save(f"v{suffix}")
    export(f"v{suffix}")
    assert (
        "texts    lower-cased and split into words without punctuation" in capsys.readouterr().out
    )
    assert tokens(SENTENCE) == [["the", "king", "rules", "the", "empire"]]


def test_words_are_runs_of_letters_and_digits_in_any_script(here):
    made_up().save("v.safetensors")
    export("v.safetensors")
    assert tokens(
        "“A well-known (naïve) king”, at 9 O'CLOCK -- in 東京!", "x2... 'king' -man- new york", ""
    ) == [
        ["[UNK]", "well-known", "naïve", "king", "[UNK]", "[UNK]", "o'clock", "[UNK]", "東京"],
        ["x2", "king", "man", "[UNK]", "[UNK]"],
        [],
    ]


def test_the_vectors_are_those_of_encode(here):
    """The same weights; as many numbers as words, so that even the lengths are the same."""
    wv = made_up(lowercase=True)
    wv.save("v.safetensors")
    export("v.safetensors")
    texts = ["the king", "The queen rules an EMPIRE", "man woman man", "king"]
    np.testing.assert_allclose(encoded(*texts), wv.encode(texts), rtol=2e-6, atol=1e-9)
    assert np.linalg.norm(encoded("the")) < 0.01 * np.linalg.norm(wv["the"])  # frequent
    # By hand: a / (a + p) with a = 0.001.
    total = sum(COUNTS)
    p = {word: count / total for word, count in zip(WORDS, COUNTS, strict=True)}
    expected = sum(0.001 / (0.001 + p[word]) * wv[word] for word in ("king", "empire")) / 2
    np.testing.assert_allclose(encoded("king empire")[0], expected, rtol=1e-5)
    # Unknown words make a vector shorter and leave its direction.
    known, mixed = encoded("king empire", "king, nowhere, empire")
    np.testing.assert_allclose(mixed, known * 2 / 3, rtol=1e-6)


def test_the_plain_mean(here):
    wv = made_up()
    wv.save("v.safetensors")
    export("v.safetensors", "--plain-mean")
    np.testing.assert_allclose(encoded("the king")[0], (wv["the"] + wv["king"]) / 2, rtol=1e-6)
    assert "the plain mean of its words' vectors" in Path("m/README.md").read_text()


def test_a_vocabulary_with_capitals_keeps_them_and_says_so(here, capsys):
    made_up(["The", "king", "King", "empire"]).save("v.bin")
    export("v.bin")
    out = capsys.readouterr().out
    assert "texts    split into words without punctuation" in out
    assert "some words contain capital letters, so case matters; --lowercase ignores it" in out
    assert tokens("The King, the EMPIRE") == [["The", "King", "[UNK]", "[UNK]"]]
    export("v.bin", "--lowercase")
    assert "capitals" not in capsys.readouterr().out
    assert tokens("The King, the EMPIRE") == [["[UNK]", "king", "[UNK]", "empire"]]
    export("v.bin", "--no-lowercase")
    assert "capitals" not in capsys.readouterr().out


def test_a_vocabulary_with_punctuation_is_split_at_whitespace_and_says_so(here, capsys):
    made_up(["the", "king", "empire.", ",", "empire"]).save("v.bin")
    export("v.bin")
    out = capsys.readouterr().out
    assert "texts    lower-cased and split at whitespace" in out
    assert "some words contain punctuation" in out
    assert tokens("The king, the empire.") == [["the", "[UNK]", "the", "empire."]]
    export("v.bin", "--tokenize", "words", "--no-lowercase")
    assert "punctuation," not in capsys.readouterr().out
    assert tokens("The king, the empire.") == [["[UNK]", "king", "the", "empire"]]


@pytest.mark.parametrize(
    ("words", "lowercase", "tokenizer"),
    [
        (["a", "b2", "東京", "well-known", "o’clock", "new_york_city"], True, "words"),
        (["a", "B"], False, "words"),
        (["a", "b."], True, "whitespace"),
        (["a", "-b"], True, "whitespace"),
        (["a", "--"], True, "whitespace"),
        (["a", "b c"], True, "whitespace"),
        (["ǆ", "ß", "हिन्दी"], True, "words"),
    ],
)
def test_what_the_vocabulary_shows(words, lowercase, tokenizer):
    wv = Embeddings(words, np.eye(len(words)))
    assert find_preparation(wv) == (lowercase, tokenizer)
    assert find_preparation(wv, False, "whitespace") == (False, "whitespace")


def test_what_is_recorded_is_applied():
    """Whatever the vocabulary looks like."""
    record = json.dumps({"config": {"lowercase": True, "tokenize": "words"}})
    wv = Embeddings(["a.", "B"], np.eye(2), metadata={"training": record})
    assert find_preparation(wv) == (True, "words")
    record = json.dumps({"config": {"lowercase": False, "tokenize": "whitespace"}})
    assert find_preparation(Embeddings(["a.", "B"], np.eye(2), metadata={"training": record})) == (
        False, "whitespace",
    )  # fmt: skip


LETTERS = "aB2éñßЖ中文カ한हिन्दीעבתع०१'’-‐‑\u200c\u200d_.,!?“”—…\t\n €"


@given(text(alphabet=LETTERS, max_size=30))
def test_texts_are_split_as_everywhere_else(text):
    tokenizers = pytest.importorskip("tokenizers")
    splitter = tokenizers.pre_tokenizers.Split(tokenizers.Regex(_WORDS), "removed", invert=True)
    found = [word for word, _ in splitter.pre_tokenize_str(text)]
    assert found == split(text, "words")


def test_the_numbers_of_the_card(here, capsys):
    """Each computed once more, from the file of vectors and the questions."""
    wv = made_up()
    wv.save("v.safetensors")
    export("v.safetensors", "--analogies", "a.txt", "--limit", "13")
    assert capsys.readouterr().out.startswith("m: 13 words\n")
    card = Path("m/README.md").read_text()
    words, vectors = wv.index_to_key[:13], wv.vectors[:13].tolist()
    questions = [line.split() for line in Path("a.txt").read_text().splitlines()[1:]]
    right, asked = naive.analogy_accuracy(words, vectors, questions)
    assert (asked, len(questions)) == (4, 5)
    assert 0 < right < asked
    pairs = [line.split("\t") for line in Path("s.tsv").read_text().splitlines()]
    rho = naive.similarity_rho(words, vectors, pairs)
    assert abs(rho) > 0.1
    assert f"| a.txt | word-analogy, accuracy | {right / asked:.4f} | 4 of 5 |" in card
    assert f"| s.tsv | word-similarity, spearman | {rho:.4f} | 4 of 4 |" in card
    values = [float(value) for value in re.findall(r"value: (-?[\d.]+)", card)]
    assert values == pytest.approx([right / asked, rho], abs=5e-5)
    assert "13 word vectors of 6 dimensions" in card
    assert "1 of the words are joined with `_`" in card
    assert "with a = 0.001 and p(w) from the counts of the corpus" in card
    assert math.isclose(len(load_file("m/model.safetensors")["embedding.weight"]), 1 + 13)


@pytest.mark.viewer
def test_sentence_transformers_loads_it(here):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # other packages' warnings
        package = pytest.importorskip(
            "sentence_transformers", reason="needs sentence-transformers", exc_type=ImportError
        )
        made_up(lowercase=True).save("v.safetensors")
        export("v.safetensors")
        model = package.SentenceTransformer("m", device="cpu")
        texts = ["King", "東京", SENTENCE, "nowhere", "king nowhere"]
        found = model.encode(texts)
        cosine = float(model.similarity(model.encode("king"), model.encode("queen")))
    wv = load("v.safetensors")
    king = wv.encode("king")
    sentence = wv.encode("the king rules the empire")
    expected = [king, wv.encode("東京"), sentence, np.zeros(6), king / 2]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-8)
    assert cosine == pytest.approx(wv.similarity("king", "queen"), abs=1e-6)
