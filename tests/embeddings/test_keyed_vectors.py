"""Embeddings against gensim's KeyedVectors on the same vectors, method by method."""

from __future__ import annotations

import numpy as np
import pytest
from keyed_vectors import INSTEAD, INTERNAL, PAGE, SAME, page

from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, InputError, UnknownWordError
from w2v.formats.safetensors_file import read_tensors, write_tensors

gensim_models = pytest.importorskip("gensim.models", reason="gensim is not installed")

WORDS = [f"w{i}" for i in range(60)]
VECTORS = np.random.default_rng(5).normal(size=(60, 8)).astype(np.float32)
OURS = Embeddings(WORDS, VECTORS, counts=np.arange(60)[::-1])
THEIRS = gensim_models.KeyedVectors(8, count=0, dtype=np.float32)
THEIRS.add_vectors(WORDS, VECTORS)
VECTOR = VECTORS[7] * 3 + 1

QUESTIONS = ": one\nw0 w1 w2 w3\nw4 w5 w6 w7\nw9 w8 w9 w10\nw1 w2 w3 missing\n: two\nw3 w1 w2 w0\n"
PAIRS = "".join(f"w{i}\tW{i + 1}\t{i % 7}.5\n" for i in range(20)) + "w1\tmissing\t3\n"

CALLS = {
    "similarity": [("w1", "w2"), ("w3", "w3")],
    "distance": [("w1", "w2")],
    "distances": [("w1",), ("w1", ["w2", "w3"]), (VECTOR,), (VECTOR, ["w4"])],
    "most_similar": [
        ("w1",),
        ("w1", "w2", 5),
        (["w1", "w2"], ["w3"]),
        ([], ["w3"]),
        (VECTOR,),
        ([VECTOR, "w1"], [VECTORS[3]]),
        ([("w1", 2.0), ("w2", 0.5)], [("w3", -0.3), "w4"]),
        ([("w1", -2.0)],),
        ([(VECTOR, 2.0), "w1"],),
        ("w1", [], None),
        ("w1", [], 100),
        ("w1", [], 5, {"restrict_vocab": 20}),
        ("w50", [], 5, {"restrict_vocab": 20}),
        ("w1", [], None, {"restrict_vocab": 20}),
    ],
    "most_similar_cosmul": [
        ("w1",), (["w1", "w2"], ["w3"]), (["w1", "w2"], ["w3", "w4"], 7),
        ([VECTORS[7] / np.linalg.norm(VECTORS[7])],), (["w1", "w2"], ["w3"], None),
    ],
    "similar_by_word": [("w1",), ("w1", 3), ("w1", 3, 20), ("w1", None)],
    "similar_by_vector": [(VECTOR,), (VECTOR, 3, 20)],
    "doesnt_match": [(["w1", "w2", "w3"],), (["w5", "missing", "w6", "w9", "w8"],)],
    "n_similarity": [(["w1", "w2"], ["w3"]), (["w1", "missing"], ["w3", "w4"])],
    "closer_than": [("w1", "w2"), ("w9", "w4"), ("w9", "w9")],
    "rank": [("w1", "w2"), ("w9", "w4")],
    "get_vector": [("w1",), ("w1", True), (3,), (3, True)],
    "get_index": [("w1",), ("missing", -5)],
    "has_index_for": [("w1",), ("missing",)],
    "get_mean_vector": [
        (["w1", "w2"],), (["w1", "w2"], [1, -3]), (["w1", "w2"], None, False),
        (["w1", VECTOR, "missing"], [1, 2, 5], True, True), (["missing"],),
        (["w1", "w2"], np.array([0.5, 0.25]), False, True),
    ],
    "get_normed_vectors": [()],
}  # fmt: skip


def call(keyed, name, arguments):
    options = arguments[-1] if arguments and isinstance(arguments[-1], dict) else {}
    return getattr(keyed, name)(*(arguments[:-1] if options else arguments), **options)


def same(ours, theirs) -> None:
    if isinstance(theirs, list) and theirs and isinstance(theirs[0], tuple):
        assert [word for word, _ in ours] == [word for word, _ in theirs]
        ours, theirs = [score for _, score in ours], [score for _, score in theirs]
    if isinstance(theirs, bool | str) or (isinstance(theirs, list) and isinstance(theirs[0], str)):
        assert ours == theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
        assert np.shape(ours) == np.shape(theirs)


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")
@pytest.mark.parametrize(
    ("name", "which"), [(name, i) for name, calls in CALLS.items() for i in range(len(calls))]
)
def test_same_answers(name, which):
    arguments = CALLS[name][which]
    ours, theirs = call(OURS, name, arguments), call(THEIRS, name, arguments)
    if name == "closer_than":
        assert sorted(ours) == sorted(theirs)
    else:
        same(ours, theirs)


def test_cosmul_where_gensim_errs():
    """It takes vectors as if they had length 1, ignores `restrict_vocab`, needs a positive word."""
    same(OURS.most_similar_cosmul(VECTORS[7] * 3), OURS.most_similar_cosmul(VECTORS[7]))
    everything = OURS.most_similar_cosmul(["w1"], ["w2"], topn=60)
    expected = [(word, score) for word, score in everything if int(word[1:]) < 20][:5]
    assert OURS.most_similar_cosmul(["w1"], ["w2"], 5, restrict_vocab=20) == expected
    scores = OURS.most_similar_cosmul(negative="w3", topn=None)
    cosines = OURS.most_similar("w3", topn=None)
    np.testing.assert_allclose(scores, 1 / ((1 + cosines) / 2 + 1e-6), rtol=1e-4)


def test_every_public_name_is_accounted_for():
    ours_to_do = {
        name for name in dir(gensim_models.KeyedVectors)
        if not name.startswith("_") and name not in INTERNAL
    }  # fmt: skip
    assert ours_to_do == SAME.keys() | INSTEAD.keys()
    for name in SAME:
        assert callable(getattr(Embeddings, name))
    for name in ("evaluate_word_pairs", "evaluate_word_analogies", "save_word2vec_format"):
        assert name not in CALLS  # tests of their own, below
    assert SAME.keys() == CALLS.keys() | {
        "evaluate_word_pairs", "evaluate_word_analogies", "save_word2vec_format",
    }  # fmt: skip


def test_the_page_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/helpers/keyed_vectors.py"


def test_evaluate_word_pairs(write):
    path = write("pairs.tsv", PAIRS)
    pearson, spearman, unknown = THEIRS.evaluate_word_pairs(str(path))
    ours = OURS.evaluate_word_pairs(path)
    assert ours.pearson == pytest.approx(pearson.statistic, abs=1e-6)
    assert ours.rho == pytest.approx(spearman.statistic, abs=1e-6)
    assert 100 * (1 - ours.coverage) == pytest.approx(unknown)
    assert OURS.evaluate_word_pairs(path, restrict_vocab=5).found == 4
    assert OURS.evaluate_word_pairs(path, restrict_vocab=None) == ours
    assert OURS.evaluate_word_pairs(path, case_insensitive=False).found == 0


def test_evaluate_word_analogies(write):
    path = write("questions.txt", QUESTIONS)
    score, sections = THEIRS.evaluate_word_analogies(str(path))
    ours = OURS.evaluate_word_analogies(path)
    assert ours.total.accuracy == score
    assert OURS.evaluate_word_analogies(path, restrict_vocab=None) == ours
    assert OURS.evaluate_word_analogies(path, restrict_vocab=8).total.found == 3
    by_name = {section["section"]: section for section in sections}
    for section in ours.sections:
        theirs = by_name[section.name]
        assert section.correct == len(theirs["correct"])
        assert section.found == len(theirs["correct"]) + len(theirs["incorrect"])


@pytest.mark.parametrize("binary", [False, True])
def test_save_word2vec_format(tmp_path, binary):
    OURS.save_word2vec_format(tmp_path / "v.model", binary)
    theirs = gensim_models.KeyedVectors.load_word2vec_format(
        str(tmp_path / "v.model"), binary=binary
    )
    assert theirs.index_to_key == WORDS
    np.testing.assert_array_equal(theirs.vectors, VECTORS)
    assert load(tmp_path / "v.model").words == WORDS


def test_to_gensim_and_back():
    theirs = OURS.to_gensim()
    same(OURS.most_similar("w1"), theirs.most_similar("w1"))
    assert theirs.get_vecattr("w1", "count") == 58
    theirs.vectors[0] = 9  # a copy
    np.testing.assert_array_equal(OURS.vectors, VECTORS)
    again = Embeddings.from_gensim(OURS.to_gensim())
    assert again.words == WORDS
    np.testing.assert_array_equal(again.vectors, VECTORS)
    np.testing.assert_array_equal(again.counts, OURS.counts)


def test_to_gensim_checks_mapped_vectors(tmp_path):
    OURS.save(tmp_path / "v.safetensors")
    tensors, metadata = read_tensors(tmp_path / "v.safetensors")
    tensors["center_vectors"][1, 2] = np.nan
    write_tensors(tmp_path / "v.safetensors", tensors, metadata)
    with pytest.raises(FormatError, match="vectors: row 2: the vector of 'w1' holds nan"):
        load(tmp_path / "v.safetensors", mmap=True).to_gensim()


def test_from_a_model_of_gensim():
    sentences = [["a", "b", "c", "a"], ["b", "a", "d"]] * 5
    model = gensim_models.Word2Vec(sentences, vector_size=4, min_count=1, sg=1, workers=1, seed=1)
    wv = Embeddings.from_gensim(model)
    assert wv.words == model.wv.index_to_key
    np.testing.assert_array_equal(wv.vectors, model.wv.vectors)
    np.testing.assert_array_equal(wv.context_vectors, model.syn1neg)
    assert dict(zip(wv.words, wv.counts.tolist(), strict=True)) == {
        "a": 15,
        "b": 10,
        "c": 5,
        "d": 5,
    }


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: OURS.get_vector("missing"), UnknownWordError, "'missing' is not in the vocab"),
        (lambda: OURS.get_vector(60), InputError, "row 60: there are 60 words"),
        (lambda: OURS.get_vector(1.5), InputError, "expected a word or the number of a row"),
        (lambda: OURS.get_index("missing"), UnknownWordError, "'missing' is not in the vocab"),
        (lambda: OURS.get_index(3), InputError, r"expected a word, got 3; get_vector\(3\)"),
        (lambda: OURS.doesnt_match(["x", "y"]), ConfigError, "none of the words is in the voc"),
        (lambda: OURS.doesnt_match([]), ConfigError, "none of the words is in the vocabulary"),
        (lambda: OURS.n_similarity([], ["w1"]), ConfigError, "get_mean_vector: no words"),
        (lambda: OURS.get_mean_vector([]), ConfigError, "get_mean_vector: no words"),
        (
            lambda: OURS.get_mean_vector(["w1"], [1, 2]),
            ConfigError,
            "1 words, but weights of shape",
        ),
        (
            lambda: OURS.get_mean_vector(["w1"], ["x"]),
            InputError,
            r"weights: .* numbers, got \['x'\]",
        ),
        (lambda: OURS.get_mean_vector(["w1"], [np.nan]), InputError, r"weights: .* got \[nan\]"),
        (lambda: OURS.get_mean_vector(["x"], ignore_missing=False), UnknownWordError, "'x' is"),
        (lambda: OURS.most_similar_cosmul(), ConfigError, "most_similar_cosmul: no words"),
        (lambda: OURS.distances("missing"), UnknownWordError, "'missing' is not in the vocab"),
        (lambda: OURS.distances(np.zeros(3)), InputError, "a vector of 8 numbers, got float64"),
        (lambda: OURS.rank("w1", "missing"), UnknownWordError, "'missing' is not in the vocab"),
    ],
)
def test_wrong_calls(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_one_word_is_not_its_letters():
    assert OURS.n_similarity("w1", "w2") == pytest.approx(OURS.similarity("w1", "w2"), abs=1e-6)
    assert OURS.doesnt_match("w1") == "w1"
    np.testing.assert_allclose(OURS.get_mean_vector("w1"), OURS.get_vector("w1", norm=True))


def test_n_similarity_leaves_out_unknown_words():
    assert OURS.n_similarity(["w1", "missing"], ["w2"]) == OURS.n_similarity(["w1"], ["w2"])
    assert OURS.n_similarity(["missing"], ["w2"]) == 0
    assert not OURS.get_mean_vector(["missing"]).any()


def test_doesnt_match_logs_unknown_words(caplog):
    assert OURS.doesnt_match(["w1", "missing", "w2"]) in ("w1", "w2")
    assert "left out unknown words: 'missing'" in caplog.text
