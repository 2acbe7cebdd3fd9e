"""Evaluation against slow twins, and the command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, FormatError, InputError
from w2v.evaluate import __main__ as command
from w2v.evaluate import scoring
from w2v.evaluate.__main__ import main
from w2v.evaluate.questions import read_analogies, read_similarity
from w2v.evaluate.scoring import Score, evaluate_analogies, evaluate_similarity, pearson, spearman

# king - man + woman = queen, uncle - man + woman = aunt; "Man" comes later and must not count.
WORDS = ["man", "woman", "king", "queen", "uncle", "aunt", "big", "bigger", "Man", "rare"]
VECTORS = np.array(
    [
        [0, 1, 0, 0],
        [0, -1, 0, 0],
        [1, 1, 0, 0],
        [1, -1, 0, 0],
        [0, 1, 1, 0],
        [0, -1, 1, 0],
        [0, 0, 0, 1],
        [0.5, 0, 0, 1],
        [1, -0.9, 0, 0],
        [1, 2, 3, 4],
    ],
    np.float32,
)
QUESTIONS = """\
: family
man king woman queen
Man Uncle Woman AUNT
king queen uncle aunt

: gram1-comparative
big bigger big bigger
man king woman uncle
: gram2-unknown
big bigger small smaller
"""
PAIRS = "man\tking\t7.5\nman\twoman\t1\nking\tmissing\t3\nuncle\tking\t7.5\nbig\tbigger\t9\n"


@pytest.fixture
def wv():
    return Embeddings(WORDS, VECTORS)


def naive_score(method, known, word, a, b, c):
    """Levy and Goldberg 2014, equations 3 and 4."""
    cos_a, cos_b, cos_c = (known[word] @ known[w] for w in (a, b, c))
    if method == "3cosadd":
        return cos_b - cos_a + cos_c
    return (1 + cos_b) / 2 * (1 + cos_c) / 2 / ((1 + cos_a) / 2 + 1e-6)


def naive_analogies(words, vectors, text, top_words, method="3cosadd"):
    """One question at a time, one candidate at a time, in float64."""
    known: dict[str, np.ndarray] = {}
    for word, vector in zip(words[:top_words], vectors.astype(float), strict=False):
        known.setdefault(word.lower(), vector / (np.sqrt((vector**2).sum()) or 1))
    scores: dict[str, list[int]] = {}
    for line in text.split("\n"):
        if line.startswith(":"):
            name = line[2:]
        elif line:
            a, b, c, d = line.lower().split()
            score = scores.setdefault(name, [0, 0, 0])
            score[2] += 1
            if all(word in known for word in (a, b, c, d)):
                candidates = [w for w in known if w not in (a, b, c)]
                best = max(candidates, key=lambda w: naive_score(method, known, w, a, b, c))
                score[0] += best == d
                score[1] += 1
    return scores


def test_analogies(wv, write):
    path = write("q.txt", QUESTIONS)
    result = evaluate_analogies(wv, path)
    assert result.sections == (
        Score("family", 3, 3, 3),
        Score("gram1-comparative", 0, 2, 2),
        Score("gram2-unknown", 0, 0, 1),
    )
    assert result.semantic == Score("semantic", 3, 3, 3)
    assert result.syntactic == Score("syntactic", 0, 2, 3)
    assert result.total == Score("total", 3, 5, 6)
    assert result.total.accuracy == 0.6
    assert result.total.coverage == 5 / 6
    assert result.sections[2].accuracy is None
    assert result.path == str(path)


@pytest.mark.parametrize("method", scoring.METHODS)
@pytest.mark.parametrize("at_once", [1, 7, 512])
def test_analogies_are_the_slow_twin(write, monkeypatch, at_once, method):
    monkeypatch.setattr(scoring, "_QUESTIONS_AT_ONCE", at_once)
    random = np.random.default_rng(3)
    words = [f"w{i}" for i in range(30)]
    shift = random.normal(size=5)
    vectors = random.normal(size=(30, 5))
    vectors[1::2] = vectors[::2] + shift + 0.3 * random.normal(size=(15, 5))
    lines = [": pairs"]
    for _ in range(60):
        a, c = 2 * random.integers(0, 16, 2)
        lines.append(f"W{a} w{a + 1} w{c} w{c + 1}")
    text = "\n".join(lines)
    wv = Embeddings(words, vectors)
    for top_words in (30, np.int64(20)):
        result = evaluate_analogies(wv, write("q.txt", text), top_words, method=method)
        got = {s.name: [s.correct, s.found, s.total] for s in result.sections}
        assert got == naive_analogies(words, wv.vectors, text, top_words, method)
        assert (5 if method == "3cosadd" else 3) < result.total.correct < result.total.found < 60


def test_case(wv, write):
    path = write("q.txt", "Man king woman queen\nman king woman queen\n")
    assert evaluate_analogies(wv, path).total == Score("total", 2, 2, 2)
    # With case, Man is a word of its own: it answers, and takes the place of queen.
    result = evaluate_analogies(wv, path, case_sensitive=True)
    assert result.total.found == 2
    assert evaluate_analogies(wv, path, 8, case_sensitive=True).total == Score("total", 1, 1, 2)
    pairs = write("s.tsv", "MAN king 1\nWOMAN king 2\nKING queen 3\n")
    assert evaluate_similarity(wv, pairs).found == 3
    assert evaluate_similarity(wv, pairs, case_sensitive=True).found == 0


def test_a_word_in_capitals_is_found_in_small_letters(write):
    wv = Embeddings(["PARIS", "Rome"], np.eye(2, dtype=np.float32))
    pairs = write("s.tsv", "paris\tROME\t1\nParis\trome\t2\n")
    assert evaluate_similarity(wv, pairs).found == 2
    assert evaluate_similarity(wv, pairs, case_sensitive=True).found == 0


def test_the_recorded_preparation(write):
    record = {"tokenize": "words", "lowercase": True, "phrases": 1}
    wv = Embeddings(
        ["new_york", "city", "king", "queen"],
        np.eye(4) + 0.1,
        metadata={"training": json.dumps({"config": record})},
    )
    pairs = write("s.tsv", "New York\tcity\t9\nKing\tqueen.\t8\nnew city\tking\t1\n")
    assert evaluate_similarity(wv, pairs).found == 2
    assert evaluate_similarity(Embeddings(wv.words, wv.vectors), pairs).found == 0


def test_sections_without_grammar_have_no_halves(wv, write):
    for text in ("man king woman queen\n", ": gram1\nman king woman queen\n"):
        result = evaluate_analogies(wv, write("q.txt", text))
        assert result.semantic is None
        assert result.syntactic is None
        assert result.total.correct == 1


def test_similarity(wv, write):
    result = evaluate_similarity(wv, write("s.tsv", PAIRS))
    assert (result.found, result.total) == (4, 5)
    assert result.coverage == 0.8
    # Cosines .71, -1, .5, .89 rank 3 1 2 4; scores rank 2.5 1 2.5 4: 4.5 / sqrt(5 * 4.5).
    assert result.rho == pytest.approx(4.5 / (5 * 4.5) ** 0.5)
    assert evaluate_similarity(wv, write("s.tsv", "a b 1\nc d 2\n")).rho is None


def test_pearson(wv, write):
    result = evaluate_similarity(wv, write("s.tsv", PAIRS))
    cosines = [0.5**0.5, -1, 0.5, 2 / 5**0.5]
    assert result.pearson == pytest.approx(np.corrcoef(cosines, [7.5, 1, 7.5, 9])[0, 1])
    same = np.full(3, 0.1)
    assert same.mean() != same[0]  # rounded
    assert pearson(same, np.array([1.0, 2.0, 3.0])) is None
    assert pearson(np.array([1.0, 2.0, 3.0]), same) is None


def naive_spearman(a, b):
    def ranks(values):
        return [sum(y < x for y in values) + (1 + sum(y == x for y in values)) / 2 for x in values]

    x, y = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    top = sum((p - mean) * (q - mean) for p, q in zip(x, y, strict=True))
    scale = sum((p - mean) ** 2 for p in x) * sum((q - mean) ** 2 for q in y)
    return top / scale**0.5 if scale else None


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=2, max_size=20))
def test_spearman_is_the_slow_twin(pairs):
    a, b = np.array(pairs, dtype=float).T
    got, expected = spearman(a, b), naive_spearman(a, b)
    assert got == (expected if expected is None else pytest.approx(expected, abs=1e-12))


def test_spearman_is_scipys():
    stats = pytest.importorskip("scipy.stats", reason="SciPy is not installed")
    a, b = np.random.default_rng(0).integers(0, 50, (2, 200)).astype(float)
    assert spearman(a, b + a) == pytest.approx(stats.spearmanr(a, b + a).statistic)


def test_spearman_that_is_not_defined():
    assert spearman(np.array([]), np.array([])) is None
    assert spearman(np.array([1.0]), np.array([2.0])) is None
    assert spearman(np.array([1.0, 1.0]), np.array([2.0, 3.0])) is None


@pytest.mark.parametrize(
    "text",
    [
        "a\tb\t1\nnew york\tc\t2.5\n",
        "a,b,1\nnew york,c,2.5\n",
        "Word 1,Word 2,Human (mean)\na,b,1\nnew york, c, 2.5\n",
        "# comment\nword1\tword2\tscore\na\tb\t1\r\n\nnew york\tc\t2.5\r\n",
        "\ufeffa\tb\t1\nnew york\tc\t2.5",
    ],
)
def test_similarity_dialects(write, text):
    assert read_similarity(write("s.tsv", text)) == [(("a", "b"), 1.0), (("new york", "c"), 2.5)]


def test_similarity_with_blanks(write):
    assert read_similarity(write("s.txt", "a  b 1\nc d\u00a0 2\n")) == [
        (("a", "b"), 1.0),
        (("c", "d"), 2.0),
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "SimLex-999",
            "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333"
            "\tSD(SimLex)\nold\tnew\tA\t1.58\t2.72\t2.81\t2\t7.25\t1\t0.41\n"
            "smart\tkeen\tA\t9.2\t1.75\t2.46\t1\t7.11\t1\t0.67\n",
        ),
        ("SimVerb-3500", "old\tnew\tV\t1.58\tNONE\nsmart\tkeen\tV\t9.2\tSYNONYMS\n"),
        ("WordSim-353", "Word 1,Word 2,Human (mean)\nold,new,1.58\nsmart,keen,9.2\n"),
        (
            "WordSim-353 with subjects",
            "Word 1,Word 2,Human (mean),1,2,3\nold,new,1.58,1,2,3\nsmart,keen,9.2,9,9,10\n",
        ),
        ("quoted", '"Word 1","Word 2","Human (mean)"\n"old","new",1.58\n"smart","keen",9.2\n'),
        ("MEN", "old new 1.58\nsmart keen 9.2\n"),
        ("MEN, lemma form", "old-j new-j 1.58\nsmart-j keen-v 9.2\n"),
        ("RareWord", "old\tnew\t1.58\t7\t2\t3\t4\nsmart\tkeen\t9.2\t5\t6\t7\t8\n"),
        ("MTurk-771", "old,new,1.58\nsmart,keen,9.2\n"),
        ("RG-65", "old;new;1.58\nsmart;keen;9.2\n"),
        ("scores first", "Score\tWord1\tWord2\n1.58\told\tnew\n9.2\tsmart\tkeen\n"),
        ("an unnamed index", "\tword1\tword2\tscore\n0\told\tnew\t1.58\n1\tsmart\tkeen\t9.2\n"),
        ("indented", "\t# a comment\n\told new 1.58\n  smart keen 9.2\n"),
        ("indented, quoted", '\t"old","new",1.58\n "smart","keen",9.2\n'),
        ("an unknown header", "x,y,z,q\nold,new,n,1.58\nsmart,keen,n,9.2\n"),
    ],
)
def test_sets_as_they_are_distributed(write, name, text):
    expected = [(("old", "new"), 1.58), (("smart", "keen"), 9.2)]
    assert read_similarity(write("s.txt", text)) == expected, name


def test_a_tag_is_cut_only_where_all_words_have_one(write):
    assert read_similarity(write("s.txt", "x-n sun 1\ny-n z-v 2\n")) == [
        (("x-n", "sun"), 1.0),
        (("y-n", "z-v"), 2.0),
    ]


def test_quotes_keep_commas(write):
    path = write("s.csv", 'a,b,1\n"New York, NY","say ""hi""",2\n')
    assert read_similarity(path)[1] == (("New York, NY", 'say "hi"'), 2.0)


@pytest.mark.parametrize("columns", [("b", "a", "z"), ("2", "1", "5"), ["b", 1, "5"]])
def test_columns(write, columns):
    path = write("s.csv", "a,b,c,score,z\nold,new,x,9,1.58\n")
    assert read_similarity(path, columns) == [(("new", "old"), 1.58)]
    assert read_similarity(path) == [(("old", "new"), 9.0)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (("a", "b", "q"), r"s\.csv has no column 'q' of 3 \(a, b, c\)"),
        (("1", "2", "4"), r"s\.csv has no column '4' of 3"),
        (("1", "2", "0"), r"s\.csv has no column '0' of 3"),
        (("1", "2"), r"expected three \(word1, word2, score\), got "),
        ("123", r"expected three \(word1, word2, score\), got '123'"),
    ],
)
def test_columns_that_are_not_there(write, columns, message):
    with pytest.raises(ConfigError, match=f"columns: .*{message}"):
        read_similarity(write("s.csv", "a,b,c\nold,new,1\n"), columns)


@pytest.mark.parametrize(
    ("read", "content", "message"),
    [
        (read_analogies, ": s\na b c d\na b c\n", ":3: 3 words, but a question has 4"),
        (read_analogies, "a b c d e\n", ":1: 5 words, but a question has 4"),
        (read_analogies, "a b c d\n:\n", ":2: a section without a name"),
        (read_analogies, "", "no questions"),
        (read_analogies, ": only\n\n", "no questions"),
        (read_analogies, b"a b c d\na b c \xff\n", ":2: byte 0xff is not UTF-8"),
        (read_analogies, b"\xef\xbb\xbfa b c \xff\n", ":1: byte 0xff is not UTF-8"),
        (read_similarity, "a b 1\na b\n", ":2: 2 columns, not word1 word2 score as in the"),
        (read_similarity, "a b c 1\n", ":1: 4 columns, not word1 word2 score; choose three"),
        (read_similarity, "a,,1\n", ":1: an empty word"),
        (read_similarity, "a b 1\na b x\n", ":2: the score 'x' is not a number"),
        (read_similarity, "a b x\na b y\n", ":2: the score 'y' is not a number"),
        (read_similarity, "a b nan\n", ":1: the score 'nan' is not a number"),
        (read_similarity, "a b c\n", "no word pairs after the header"),
        (read_similarity, "", "no word pairs"),
        (read_similarity, "a,b,1e999\n", ":1: the score '1e999' is not a number"),
        (read_similarity, "a\tb\tN\tx\n1\t2\tN\tx\n", ":2: no score; 'N' is not a number"),
        (read_similarity, "a\tb\tN\t1\nc\td\n", ":2: 2 columns, but the score is in column 4"),
        (read_similarity, "a\n", ":1: 1 columns, not word1 word2 score"),
        (read_similarity, "word1,word2\na,b\n", ":2: 2 columns, not word1 word2 score"),
    ],
)
def test_bad_questions(write, read, content, message):
    path = write("bad.txt", content)
    with pytest.raises(FormatError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))


def test_questions_that_are_not_there(tmp_path, wv):
    for read in (read_analogies, read_similarity):
        with pytest.raises(FormatError, match="cannot be read: No such file"):
            read(tmp_path / "missing")
    with pytest.raises(
        ConfigError, match="top_words: expected a number of words, at least 1, got 0"
    ):
        evaluate_analogies(wv, tmp_path / "missing", 0)
    with pytest.raises(ConfigError, match="method: 'cos' is not 3cosadd or 3cosmul"):
        evaluate_analogies(wv, tmp_path / "missing", method="cos")


@pytest.mark.parametrize(
    ("questions", "message"),
    [
        (
            {"s": [["a", "b", "c"]] * 4},
            r"questions: section 's': \['a', 'b', 'c'\] is not four words",
        ),
        ({"s": [["a", "b", "c", "d"], "king"]}, "questions: section 's': 'king' is not four words"),
        ({"s": []}, "questions: there are none"),
        ({}, "questions: there are none"),
    ],
)
def test_questions_that_are_not_four_words(wv, questions, message):
    with pytest.raises(InputError, match=message):
        evaluate_analogies(wv, "q.txt", questions=questions)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "pairs: there are none"),
        ([(("a", "b"), 1.0), (("a", "b", "c"), 1.0)], "the pair 2, is not"),
        ([("a", "b", 1.0)], "the pair 1, is not"),
        ([("ab", 1.0)], "the pair 1, is not"),
        ([(("a", "b"), "1")], "the pair 1, is not"),
    ],
)
def test_pairs_that_are_not_two_words_and_a_score(wv, pairs, message):
    with pytest.raises(InputError, match=message):
        evaluate_similarity(wv, "s.tsv", pairs=pairs)


@pytest.fixture
def files(wv, tmp_path, write):
    wv.save(tmp_path / "v.bin")
    return str(tmp_path / "v.bin"), str(write("q.txt", QUESTIONS)), str(write("s.tsv", PAIRS))


def test_command(files, capsys):
    vectors, questions, pairs = files
    assert main([vectors, "--analogies", questions, "--similarity", pairs, pairs]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{vectors}: 10 words, 4 dimensions"
    table = {line.split()[0]: line.split()[1:] for line in lines if line.startswith("  ")}
    assert table["family"] == ["1.000", "3", "3", "3", "100.0%"]
    assert table["gram2-unknown"] == ["-", "0", "0", "1", "0.0%"]
    assert table["total"] == ["0.600", "3", "5", "6", "83.3%"]
    assert table[pairs] == ["0.949", "4", "5", "80.0%"]


def test_command_says_where_nothing_is_found(files, write, capsys):
    vectors, _, pairs = files
    other = str(write("other.tsv", "chat\tchien\t1\nroi\treine\t2\n"))
    assert main([vectors, "--similarity", other, pairs]) == 0
    captured = capsys.readouterr()
    message = f"w2v.evaluate: {other}: none of the pairs has all its words in the vocabulary\n"
    assert captured.err == message
    assert main([vectors, "--similarity", other]) == 1
    captured = capsys.readouterr()
    assert captured.err == message
    assert "0        2      0.0%" in captured.out
    foreign = str(write("foreign.txt", "a b c d\n"))
    assert main([vectors, "--analogies", foreign, "--json"]) == 1
    assert "none of the questions has all its words" in capsys.readouterr().err


def test_command_with_columns_limit_and_method(files, write, capsys):
    vectors, questions, _ = files
    pairs = str(write("c.csv", "n,a,b,s\n1,man,king,7.5\n2,man,woman,1\n3,big,bigger,9\n"))
    arguments = [vectors, "--similarity", pairs, "--columns", "a,b,s", "--json"]
    assert main([*arguments, "--limit", "4"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["words"] == 4
    assert (result["similarity"][0]["found"], result["similarity"][0]["total"]) == (2, 3)
    with pytest.raises(ConfigError, match="--columns: needs --similarity FILE"):
        main([vectors, "--analogies", questions, "--columns", "1,2,3"])


def test_command_with_each_method(write, tmp_path, capsys):
    random = np.random.default_rng(3)
    words, vectors = [f"w{i}" for i in range(30)], random.normal(size=(30, 3)).astype(np.float32)
    path, correct = str(tmp_path / "v.bin"), []
    Embeddings(words, vectors).save(path)
    # Each question has the answer of one of the methods.
    asked = [random.choice(words, 3, replace=False) for _ in range(40)]
    known = {w: v / np.sqrt(v @ v) for w, v in zip(words, vectors.astype(float), strict=True)}
    lines = []
    for n, (a, b, c) in enumerate(asked):
        candidates, method = [w for w in words if w not in (a, b, c)], scoring.METHODS[n % 2]
        best = max(candidates, key=lambda w: naive_score(method, known, w, a, b, c))
        lines.append(f"{a} {b} {c} {best}\n")
    questions = str(write("q.txt", "".join(lines)))
    for method in scoring.METHODS:
        assert main([path, "--analogies", questions, "--method", method, "--json"]) == 0
        correct.append(json.loads(capsys.readouterr().out)["analogies"][0]["total"]["correct"])
    expected = [
        naive_analogies(words, vectors, ": all\n" + "".join(lines), 30, method)["all"][0]
        for method in scoring.METHODS
    ]
    assert correct == expected
    assert min(expected) >= 20
    assert expected[0] != expected[1]


def test_command_reads_vectors_leniently(files, write, capsys):
    twice = str(write("v.txt", "man 0 1\nking 1 1\nman 2 2\nwoman 0 -1\n"))
    with pytest.raises(FormatError, match="'man' is already in line 1; --lenient"):
        main([twice, "--similarity", files[2]])
    assert main([twice, "--similarity", files[2], "--lenient", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["words"], result["similarity"][0]["found"]) == (3, 2)


def test_command_as_json(files, capsys):
    vectors, questions, pairs = files
    arguments = [vectors, "--analogies", questions, "--similarity", pairs, "--json"]
    assert main([*arguments, "--top-words", "6"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["words"] == 10
    assert result["analogies"][0]["total"] == {
        "name": "total",
        "correct": 3,
        "found": 4,
        "total": 6,
        "accuracy": 0.75,
    }
    assert result["similarity"][0]["rho"] == pytest.approx(0.9486833)


def test_command_finds_the_projects_own_questions(files, capsys, monkeypatch, tmp_path):
    vectors = files[0]
    monkeypatch.setattr(command, "_DATA_FOLDERS", (tmp_path / "none", tmp_path / "data"))
    with pytest.raises(ConfigError, match="give --analogies FILE or --similarity FILE"):
        main([vectors])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "analogies.txt").write_text(QUESTIONS)
    (tmp_path / "data" / "similarity.tsv").write_text(PAIRS)
    assert main([vectors]) == 0
    out = capsys.readouterr().out
    assert "analogies.txt" in out
    assert "similarity.tsv" in out


def test_command_looks_at_questions_before_it_loads(files, tmp_path, write):
    bad = write("bad.txt", "a b\n")
    with pytest.raises(FormatError, match="bad"):
        main([str(tmp_path / "missing.bin"), "--analogies", str(bad)])
