"""Look-up and neighbours against a slow twin in float64."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import w2v
from w2v.embeddings import Embeddings, load, spelling_suggestions
from w2v.errors import ConfigError, FormatError, InputError, UnknownWordError
from w2v.formats.safetensors_file import read_tensors, write_tensors

WORDS = ["king", "queen", "man", "woman", "apple", "nothing"]
VECTORS = np.array(
    [[1, 1, 0.1], [1, -1, 0.1], [0.1, 1, 0], [0.1, -1, 0], [0, 0, 2], [0, 0, 0]], np.float32
)


@pytest.fixture
def wv():
    return Embeddings(WORDS, VECTORS, counts=np.arange(6)[::-1])


def naive_cosine(a, b) -> float:
    a, b = [float(x) for x in a], [float(x) for x in b]
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    lengths = (sum(x * x for x in a) * sum(y * y for y in b)) ** 0.5
    return dot / lengths if lengths else 0.0


def naive_most_similar(words, vectors, positive, negative, topn):
    """Sum of unit vectors, then every cosine, in float64."""
    table = dict(zip(words, vectors.astype(float), strict=True))
    unit = {w: v / (np.sqrt((v * v).sum()) or 1.0) for w, v in table.items()}
    query = sum(unit[w] for w in positive) - sum((unit[w] for w in negative), np.zeros(3))
    cosines = [(w, naive_cosine(v, query)) for w, v in table.items()]
    cosines = [(w, c) for w, c in cosines if w not in (*positive, *negative)]
    return sorted(cosines, key=lambda pair: -pair[1])[:topn]


def test_look_up(wv):
    np.testing.assert_array_equal(wv["king"], VECTORS[0])
    assert np.shares_memory(wv["king"], wv.vectors)
    np.testing.assert_array_equal(wv.get_vector(-2), VECTORS[4])
    np.testing.assert_array_equal(wv[["queen", "king", "queen"]], VECTORS[[1, 0, 1]])
    np.testing.assert_array_equal(wv[np.array(["man"])], VECTORS[[2]])
    assert wv[[]].shape == (0, 3)
    assert "king" in wv
    assert "prince" not in wv
    assert 3 not in wv
    assert len(wv) == 6
    assert list(wv) == wv.index_to_key == WORDS
    assert wv.key_to_index["man"] == 2
    assert wv.vector_size == 3
    assert wv.counts.tolist() == [5, 4, 3, 2, 1, 0]
    assert repr(wv) == "<Embeddings: 6 words, 3 dimensions>"


def test_nothing_can_be_changed_by_accident(wv):
    for array in (wv.vectors, wv.counts, wv["king"], wv.unit_vectors):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 9
    index = wv.key_to_index
    for change in (
        lambda: index.__setitem__("man", 7),
        lambda: index.__delitem__("man"),
        lambda: index.update(man=7),
        lambda: index.setdefault("prince", 7),
        lambda: index.pop("man"),
        index.popitem,
        index.clear,
        lambda: index.__ior__({"man": 7}),
    ):
        with pytest.raises(TypeError, match="key_to_index is read-only"):
            change()
    with pytest.raises(AttributeError):
        wv.vectors = VECTORS
    wv[["king"]][0] = 9  # a new array
    assert VECTORS[0, 0] == wv["king"][0] == 1


def test_a_writable_array_is_copied():
    """What is trained further elsewhere changes nothing here."""
    given = VECTORS.copy()
    wv = Embeddings(WORDS, given, context_vectors=given, output_bias=given[:, 0])
    before = wv.most_similar("king")
    given[:] = 9
    np.testing.assert_array_equal(wv.vectors, VECTORS)
    np.testing.assert_array_equal(wv.context_vectors, VECTORS)
    np.testing.assert_array_equal(wv.output_bias, VECTORS[:, 0])
    assert wv.most_similar("king") == before


def test_a_read_only_array_is_not_copied():
    given = VECTORS.copy()
    given.flags.writeable = False
    assert np.shares_memory(Embeddings(WORDS, given).vectors, given)


def test_other_arrays_are_converted():
    wv = Embeddings(["a"], [[1, 2]])
    assert wv.vectors.dtype == np.float32
    assert wv.counts is None
    assert wv.context_vectors is None
    assert wv.metadata == {}


def test_copies_that_libraries_make_can_be_changed(wv):
    np.array(wv.vectors)[0] = 9
    shared = np.asarray(wv.vectors)  # what torch.from_numpy takes; torch warns of it
    assert not shared.flags.writeable


FULL = Embeddings(
    WORDS, VECTORS, counts=np.arange(6), context_vectors=VECTORS * 2, output_bias=np.arange(6) / 4,
    metadata={"training": "{}"},
)  # fmt: skip


def same(a: Embeddings, b: Embeddings) -> None:
    """Every part is equal, whatever parts there are."""
    assert a.parts().keys() == b.parts().keys()
    for name, part in a.parts().items():
        if isinstance(part, np.ndarray):
            np.testing.assert_array_equal(part, getattr(b, name))
            assert not getattr(b, name).flags.writeable
        else:
            assert part == getattr(b, name)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda wv: pickle.loads(pickle.dumps(wv))]
)
def test_copies(copied):
    FULL.unit_vectors  # noqa: B018 (computed, and not to be copied)
    made = copied(FULL)
    same(FULL, made)
    assert "unit_vectors" not in vars(made)
    assert made.most_similar("king") == FULL.most_similar("king")
    made.metadata["training"] = "other"
    assert FULL.metadata["training"] == "{}"


def test_first_keeps_everything():
    first = FULL.first(2)
    assert first.words == ["king", "queen"]
    np.testing.assert_array_equal(first.vectors, VECTORS[:2])
    np.testing.assert_array_equal(first.counts, [0, 1])
    np.testing.assert_array_equal(first.context_vectors, VECTORS[:2] * 2)
    np.testing.assert_array_equal(first.output_bias, [0, 0.25])
    assert first.metadata == FULL.metadata
    assert first.key_to_index == {"king": 0, "queen": 1}
    assert np.shares_memory(first.vectors, FULL.vectors)
    assert FULL.first(6) is FULL.first(7) is FULL
    for count in (0, -1, "3", 2.0, True):
        with pytest.raises(ConfigError, match="expected a number of words, at least 1, got"):
            FULL.first(count)


def test_key_to_index_travels():
    index = FULL.key_to_index
    expected = {word: row for row, word in enumerate(WORDS)}
    assert json.loads(json.dumps(index)) == expected
    for made in (copy.copy(index), copy.deepcopy(index), pickle.loads(pickle.dumps(index))):
        assert made == expected
        made["prince"] = 6  # an ordinary dict
    assert index == expected


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((["a"], np.zeros((2, 3))), {}, r"1 words, but vectors of shape \(2, 3\)"),
        (([], np.zeros((0, 3))), {}, "0 words, but vectors of shape"),
        ((["a"], np.zeros((1, 0))), {}, r"vectors of shape \(1, 0\)"),
        ((["a"], np.zeros(1)), {}, r"vectors of shape \(1,\)"),
        ((["a"], [["x"]]), {}, "vectors: an array of <U1, not of numbers"),
        ((["a", "a"], np.zeros((2, 3))), {}, "row 2: 'a' is already in row 1"),
        (
            (["a"], np.zeros((1, 3))),
            {"counts": np.zeros((2,))},
            r"counts: expected shape \(1,\), got \(2,\)",
        ),
        (
            (["a"], np.zeros((1, 3))),
            {"context_vectors": np.zeros((1, 2))},
            r"context_vectors: expected shape \(1, 3\), got \(1, 2\)",
        ),
        (
            (["a"], np.zeros((1, 3))),
            {"output_bias": np.zeros(2)},
            r"output_bias: expected shape \(1,\), got \(2,\)",
        ),
        (([3], np.zeros((1, 3))), {}, "the word 3 is not a str"),
        (("ab", np.zeros((2, 3))), {}, "expected a list of words, got 'ab'"),
        ((5, np.zeros((2, 3))), {}, "expected a list of words, got 5"),
        ((["a", "b"], [[1, 2], [3]]), {}, "vectors: not an array of numbers: .*inhomogeneous"),
        ((["a"], None), {}, "vectors: an array of object, not of numbers"),
        ((["a", "b"], [[0, 1], [np.nan, 1]]), {}, "vectors: row 2: the vector of 'b' holds nan"),
        ((["a"], [[1e300]]), {}, "vectors: row 1: the vector of 'a' holds inf"),
        (
            (["a"], [[1.0]]),
            {"context_vectors": [[-np.inf]]},
            "context_vectors: row 1: the vector of 'a' holds -inf",
        ),
        ((["a"], [[1.0]]), {"output_bias": [np.nan]}, "output_bias: row 1: .* holds nan"),
        ((["a"], [[1.0]]), {"counts": [-1]}, "counts: all must be whole numbers, 0 or more"),
        ((["a"], [[1.0]]), {"counts": [1.5]}, "counts: all must be whole numbers, 0 or more"),
        ((["a"], [[1.0]]), {"counts": [np.nan]}, "counts: all must be whole numbers, 0 or more"),
        ((["a"], [[1.0]]), {"counts": ["1"]}, "counts: an array of <U1, not of numbers"),
    ],
)
def test_sizes_that_do_not_fit(arguments, options, message):
    with pytest.raises(InputError, match=message):
        Embeddings(*arguments, **options)


def test_most_similar_is_the_slow_twin(wv):
    for positive, negative in (
        (["king"], []),
        (["king", "woman"], ["man"]),
        ([], ["apple"]),
        (["king", "king"], ["queen"]),
        (["nothing"], []),
    ):
        got = wv.most_similar(positive, negative, topn=4)
        expected = naive_most_similar(WORDS, VECTORS, positive, negative, 4)
        assert [word for word, _ in got] == [word for word, _ in expected]
        np.testing.assert_allclose([c for _, c in got], [c for _, c in expected], atol=1e-6)


@given(
    vectors=arrays.arrays(np.float32, (8, 3), elements=st.floats(-(2.0**99), 2.0**99, width=32)),
    topn=st.integers(1, 10),
)
def test_most_similar_of_any_vectors(vectors, topn):
    words = list("abcdefgh")
    wv = Embeddings(words, vectors)
    got = wv.most_similar("a", topn=topn)
    expected = dict(naive_most_similar(words, vectors, ["a"], [], 8))
    assert len(got) == min(topn, 7)
    assert [c for _, c in got] == sorted((c for _, c in got), reverse=True)
    for word, cosine in got:
        assert abs(cosine - expected[word]) < 1e-5
        assert abs(wv.similarity("a", word) - expected[word]) < 1e-5
    least = got[-1][1]
    for word in expected.keys() - {w for w, _ in got}:
        assert expected[word] <= least + 1e-5


def test_a_string_is_one_word_and_arrays_are_vectors(wv):
    assert wv.most_similar("king") == wv.most_similar(["king"])
    assert wv.most_similar(negative="king") == wv.most_similar([], ["king"])
    by_vector = wv.most_similar(VECTORS[0])
    assert by_vector[0] == ("king", pytest.approx(1))
    assert by_vector == wv.most_similar([VECTORS[0]]) == wv.most_similar(VECTORS[:1])
    assert wv.most_similar(["woman", VECTORS[0]], "man")[0][0] == "queen"


def test_distances_to_any_iterable(wv):
    expected = wv.distances("king", ["man", "woman"])
    np.testing.assert_array_equal(wv.distances("king", iter(["man", "woman"])), expected)
    np.testing.assert_array_equal(wv.distances("king", {"man": 1, "woman": 2}), expected)
    np.testing.assert_array_equal(wv.distances("king", iter([])), wv.distances("king"))


def test_analogy(wv):
    assert wv.analogy("man", "king", "woman", topn=1)[0][0] == "queen"
    assert wv.analogy("man", "king", "woman") == wv.most_similar(["king", "woman"], "man")


def test_ties_go_by_row_and_topn_is_kept():
    wv = Embeddings(["a", *(f"w{i}" for i in range(50))], np.ones((51, 4)))
    assert [word for word, _ in wv.most_similar("a", topn=3)] == ["w0", "w1", "w2"]
    assert len(wv.most_similar("a", topn=500)) == 50
    assert Embeddings(["a"], [[1.0]]).most_similar("a") == []


def test_cosines_of_extremes():
    wv = Embeddings(
        ["zero", "tiny", "huge", "one"], np.array([[0, 0], [1e-45, 0], [3e38, 3e38], [1, 0]], "f4")
    )
    assert wv.similarity("tiny", "one") == 1.0
    assert wv.similarity("huge", "one") == pytest.approx(0.5**0.5)
    assert wv.similarity("zero", "one") == wv.similarity("zero", "zero") == 0.0
    assert dict(wv.most_similar("one"))["tiny"] == 1.0
    assert wv.most_similar("zero") == [("tiny", 0.0), ("huge", 0.0), ("one", 0.0)]
    np.testing.assert_allclose(np.linalg.norm(wv.unit_vectors, axis=1), [0, 1, 1, 1], rtol=1e-6)


def test_bad_queries(wv):
    for positive, options, message in (
        ([], {}, "most_similar: no words"),
        ("king", {"topn": 0}, "topn: expected a number of words, at least 1, got 0"),
        ("king", {"topn": "3"}, "topn: expected a number of words, at least 1, got '3'"),
        ("king", {"topn": 2.0}, "topn: expected a number of words, at least 1, got 2.0"),
        (
            "king",
            {"restrict_vocab": 0},
            "restrict_vocab: expected a number of words, at least 1, got 0",
        ),
        (5, {}, "expected a word, a vector or a list of them, got 5"),
        ([5], {}, r"expected a word, got 5; get_vector\(5\) is the vector of row 5"),
        ([("king", "2")], {}, r"expected \(word, weight\), got \('king', '2'\)"),
        ([None], {}, "expected a word, got None"),
        ([("king", np.nan)], {}, r"weights: expected finite numbers, got \[nan\]"),
        (["man", ("king", -np.inf)], {}, r"weights: expected finite numbers, got \[1.0, -inf\]"),
        ([("king", 10**400)], {}, r"weights: expected finite numbers, got \[1000"),
        (np.zeros(2), {}, r"vector of 3 numbers, got float64 of shape \(2,\)"),
        ([np.array(["a", "b", "c"])], {}, "got <U1"),
        (np.array([0, np.nan, 0]), {}, "holds NaN or infinity"),
    ):
        with pytest.raises((ConfigError, InputError), match=message):
            wv.most_similar(positive, **options)
    for key in (3, None, [3], [None]):
        with pytest.raises(InputError, match="expected a word"):
            wv[key]


def test_unknown_words_suggest_spellings(wv):
    for ask in (
        lambda: wv["kng"],
        lambda: wv[["king", "kng"]],
        lambda: wv.most_similar("kng"),
        lambda: wv.similarity("king", "kng"),
        lambda: wv.analogy("man", "kng", "woman"),
    ):
        with pytest.raises(UnknownWordError, match=r"^'kng' is not .* \(did you mean 'king'\?\)$"):
            ask()
    with pytest.raises(KeyError, match=r"^'xyzzy' is not in the vocabulary$") as caught:
        wv["xyzzy"]
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value)
    assert spelling_suggestions.suggestions("KING", wv.key_to_index) == ["king"]
    assert spelling_suggestions.suggestions("", wv.key_to_index) == []
    assert spelling_suggestions.suggestions("kin", ["", "king"]) == ["king"]


def test_suggestions_wait_until_they_are_shown(wv, monkeypatch):
    monkeypatch.setattr(
        spelling_suggestions, "suggestions", lambda *_: pytest.fail("sought too early")
    )
    with pytest.raises(KeyError):
        wv["kng"]


def test_suggestions_compare_a_bounded_number_of_words(monkeypatch):
    asked = []
    monkeypatch.setattr(
        spelling_suggestions.difflib,
        "get_close_matches",
        lambda word, words, **_: asked.append(words) or [],
    )
    spelling_suggestions.suggestions("word777", [f"word{i}" for i in range(9000)])
    assert len(asked[0]) == 2000


@pytest.mark.parametrize("name", ["a.bin", "a.txt", "a.safetensors"])
def test_save_and_load(tmp_path, name):
    wv = Embeddings(
        WORDS,
        VECTORS,
        counts=np.arange(6),
        context_vectors=VECTORS * 2,
        output_bias=np.arange(6) / 4,
        metadata={"training": "{}"},
    )
    wv.save(tmp_path / name)
    read = load(tmp_path / name)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, VECTORS)
    if name == "a.safetensors":
        mapped = load(tmp_path / name, mmap=True)
        assert mapped.most_similar("king") == read.most_similar("king")
        for loaded in (read, mapped):
            np.testing.assert_array_equal(loaded.counts, wv.counts)
            np.testing.assert_array_equal(loaded.context_vectors, wv.context_vectors)
            np.testing.assert_array_equal(loaded.output_bias, np.arange(6) / 4)
            assert loaded.metadata["training"] == "{}"
            assert loaded.metadata["w2v_version"] == w2v.__version__


def test_mapped_nan_is_refused_when_it_is_used(tmp_path):
    """A mapped file is not read as a whole when it is loaded."""
    Embeddings(WORDS, VECTORS).save(tmp_path / "v.safetensors")
    tensors, metadata = read_tensors(tmp_path / "v.safetensors")
    tensors["center_vectors"][3, 1] = np.nan
    write_tensors(tmp_path / "v.safetensors", tensors, metadata)
    with pytest.raises(
        FormatError, match=r"v\.safetensors: row 4: the vector of 'woman' holds nan"
    ):
        load(tmp_path / "v.safetensors")
    wv = load(tmp_path / "v.safetensors", mmap=True)
    assert wv.similarity("king", "man") == Embeddings(WORDS, VECTORS).similarity("king", "man")
    for use in (
        lambda: wv.most_similar("king", topn=1),
        lambda: wv.similarity("king", "woman"),
        lambda: wv.most_similar("woman"),
        lambda: wv.unit_vectors,
        lambda: wv.most_similar_many(["king"]),
        lambda: wv.first(5).unit_vectors,
        lambda: wv["woman"],
        lambda: wv[["king", "woman"]],
        lambda: wv.get_vector("woman"),
        lambda: wv.get_vector(-3),
        lambda: wv.get_vector("woman", norm=True),
        lambda: wv.check_finite(),
        lambda: wv.encode("the woman"),
        lambda: wv.save(tmp_path / "x.bin"),
        lambda: load(tmp_path / "v.safetensors", limit=4),
    ):
        with pytest.raises(FormatError, match="the vector of 'woman' holds nan; numbers must be"):
            use()
    assert not (tmp_path / "x.bin").exists()
    assert wv.first(3).most_similar("king")[0][0] == "man"


@pytest.mark.parametrize("name", ["context_vectors", "output_bias"])
def test_mapped_context_vectors_and_biases_are_checked_on_demand(tmp_path, name):
    FULL.save(tmp_path / "v.safetensors")
    tensors, metadata = read_tensors(tmp_path / "v.safetensors")
    tensors[name][3] = np.inf
    write_tensors(tmp_path / "v.safetensors", tensors, metadata)
    message = f"{name}: row 4: the vector of 'woman' holds inf; numbers must be finite"
    with pytest.raises(FormatError, match=rf"v\.safetensors: {message}"):
        load(tmp_path / "v.safetensors")
    wv = load(tmp_path / "v.safetensors", mmap=True)
    with pytest.raises(FormatError, match=f"^{message}"):
        wv.check_finite()
    with pytest.raises(FormatError, match=rf"x\.safetensors: {message}"):
        wv.save(tmp_path / "x.safetensors")
    wv.save(tmp_path / "x.bin")  # stores vectors only
    wv.first(3).check_finite()


def test_html_escapes_words():
    wv = Embeddings(["<script>&", *map(str, range(20))], np.ones((21, 30)))
    shown = wv._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;&amp;" in shown
    assert "21 words, 30 dimensions" in shown
    assert shown.count("<tr>") == 11  # ten words and an ellipsis


def test_import_is_light():
    """Looking at vectors must not wait for the compiler."""
    code = (
        "import sys, w2v.query, w2v.evaluate, w2v.embeddings, w2v.util.files, w2v.formats; "
        "sys.exit(any(name in sys.modules for name in ('numba', 'scipy', 'gensim', 'tqdm')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
