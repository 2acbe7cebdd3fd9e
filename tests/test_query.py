"""The query command: expressions, tables, JSON, lines from a pipe."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import select
import subprocess
import sys

import numpy as np
import pytest
from query_texts import LONG_TEXTS, SIGNS_AS_WORDS

from w2v import query
from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, FormatError, UnknownWordError
from w2v.query import Query, main, parse, split_signs

WORDS = ["king", "queen", "man", "woman", "new york", "well-known", "東京", "-1", "\x1b[31m"]


@pytest.fixture
def vectors(tmp_path):
    random = np.random.default_rng(0)
    numbers = random.normal(size=(len(WORDS), 4)) * 0.2
    numbers[:4] += [[1, 1, 0, 0], [1, -1, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0]]
    Embeddings(WORDS, numbers).save(tmp_path / "v.safetensors")
    return str(tmp_path / "v.safetensors")


@pytest.mark.parametrize(
    ("text", "positive", "negative"),
    [
        ("king", ["king"], []),
        ("king - man + woman", ["king", "woman"], ["man"]),
        ("- man", [], ["man"]),
        ("+ king - man", ["king"], ["man"]),
        ("a + b + c", ["a", "b", "c"], []),
    ],
)
def test_expressions(text, positive, negative):
    assert parse(text.split()) == Query(positive, negative)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("king queen man", "'queen' follows a word; . or - must come between"),
        ("king - man woman", "'woman' follows a word; . or - must come between"),
        ("king -", "a word must follow . or - at the end"),
        ("king - - man", "'-' follows a sign; a word must come between"),
        ("king - + man", "'.' follows a sign; a word must come between"),
        ("- + man", "'.' follows a sign; a word must come between"),
        ("+ + man", "'.' follows a sign; a word must come between"),
        ("+", "a word must follow . or - at the end"),
        ("", "query: no words"),
    ],
)
def test_bad_expressions(text, message):
    with pytest.raises(ConfigError, match=message):
        parse(text.split())


@pytest.mark.parametrize(("text", "positive", "negative"), SIGNS_AS_WORDS)
def test_signs_that_are_words(tmp_path, capsys, text, positive, negative):
    words = ["king", "man", "woman", "+", "-", "new york"]
    words += ["-man"] if "-man" in [*(positive or ()), *(negative or ())] else []
    Embeddings(words, np.eye(len(words))).save(tmp_path / "v.safetensors")
    if positive is None:
        with pytest.raises(ConfigError, match=r"must come between|must follow"):
            main([str(tmp_path / "v.safetensors"), text])
        return
    assert main([str(tmp_path / "v.safetensors"), text, "--json"]) == 0
    (answer,) = answers(capsys)
    assert (answer["positive"], answer["negative"]) == (positive, negative)


def test_two_words_are_a_similarity(vectors, capsys):
    cosine = load(vectors).similarity("king", "new york")
    assert main([vectors, "king", "new york"]) == 0
    assert capsys.readouterr().out == f"king  new york  {cosine:7.4f}\n"
    assert main([vectors, "king", "queen", "--json"]) == 0
    cosine = load(vectors).similarity("king", "queen")
    assert answers(capsys) == [{"words": ["king", "queen"], "cosine": cosine}]


KNOWN = ["king", "man", "woman", "well-known", "well", "Paris", "C++", "-1", "a-b", "a", "b"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("king", ["king"]),
        ("king-man+woman", ["king", "-", "man", "+", "woman"]),
        ("king−man", ["king", "−", "man"]),
        ("King-man", ["King", "-", "man"]),
        ("-man", ["-", "man"]),
        ("-man+king", ["-", "man", "+", "king"]),
        ("well-known", ["well-known"]),
        ("well-known-king", ["well-known", "-", "king"]),
        ("king-well-known", ["king", "-", "well-known"]),
        ("a-b-a", ["a-b", "-", "a"]),
        ("a-b+king", ["a-b", "+", "king"]),  # the longest word first
        ("b-a", ["b", "-", "a"]),
        ("C+++man", ["C++", "+", "man"]),
        ("-1", ["-1"]),
        ("well-knwon", ["well-knwon"]),  # a misspelling is not split
        ("king-mann", ["king-mann"]),
        ("king-", ["king", "-"]),
    ],
)
def test_signs_without_blanks(text, parts):
    assert split_signs(text, KNOWN) == parts


class Counted(list):
    """A list that counts how often it is searched."""

    searches = 0

    def __contains__(self, word):
        self.searches += 1
        return super().__contains__(word)


@pytest.mark.parametrize(("text", "parts"), LONG_TEXTS)
def test_long_texts_without_blanks(text, parts):
    known = Counted(["king", "ha", "ha-ha"])
    assert split_signs(text, known) == parts
    assert known.searches < 100 * len(text)


def test_signs_without_blanks_on_the_command_line(vectors, capsys):
    assert main([vectors, "king-man+woman", "--json"]) == 0
    (answer,) = answers(capsys)
    assert (answer["positive"], answer["negative"]) == (["king", "woman"], ["man"])
    assert answer["neighbors"][0]["word"] == "queen"
    with pytest.raises(UnknownWordError, match=r"'well-knwon' is not .* mean 'well-known'"):
        main([vectors, "well-knwon"])


def test_other_capitals(vectors, capsys):
    assert main([vectors, "KING-Man+woman", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["positive"] == ["king", "woman"]
    assert captured.err.splitlines() == [
        "w2v.query: using 'king' for 'KING'",
        "w2v.query: using 'man' for 'Man'",
    ]


def test_the_recorded_preparation(tmp_path, capsys):
    record = {"tokenize": "words", "lowercase": True, "phrases": 1}
    metadata = {"training": json.dumps({"config": record})}
    words = ["new_york", "king", "queen", "new", "york"]
    Embeddings(words, np.eye(5), metadata=metadata).save(tmp_path / "v.safetensors")
    path = str(tmp_path / "v.safetensors")
    assert main([path, "New York", "--json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["positive"] == ["new_york"]
    assert captured.err == "w2v.query: using 'new_york' for 'New York'\n"
    assert main([path, "new", "york", "--json"]) == 0  # two arguments are two words
    assert answers(capsys)[0]["words"] == ["new", "york"]
    assert main([path, "King queen", "--json"]) == 0
    assert answers(capsys)[0]["words"] == ["king", "queen"]


def test_a_negative_cosine_has_its_sign(tmp_path, capsys):
    Embeddings(["a", "b"], np.array([[1, 0], [-3, 4]], np.float32)).save(tmp_path / "v.bin")
    assert main([str(tmp_path / "v.bin"), "a"]) == 0
    assert capsys.readouterr().out.split()[-1] == "-0.6000"


def test_method(vectors, capsys):
    assert main([vectors, "king - man + woman", "--method", "3cosmul", "--json"]) == 0
    (answer,) = answers(capsys)
    expected = load(vectors).most_similar_cosmul(["king", "woman"], ["man"])
    assert [(each["word"], each["score"]) for each in answer["neighbors"]] == expected


def test_limit_and_lenient(write, capsys):
    path = str(write("v.txt", "a 1 0\nb 1 1\nb 0 1\nc 0 1\n"))
    assert main([path, "a", "--limit", "2", "--json"]) == 0
    assert [each["word"] for each in answers(capsys)[0]["neighbors"]] == ["b"]
    with pytest.raises(FormatError, match=r":3: 'b' is already in line 2; --lenient"):
        main([path, "a"])
    assert main([path, "a", "--lenient", "--json"]) == 0
    captured = capsys.readouterr()
    assert [each["word"] for each in json.loads(captured.out)["neighbors"]] == ["b", "c"]
    assert captured.err == (
        f"w2v.query: {path}: 1 repeated words dropped (line 3: 'b' occurs again)\n"
    )
    with pytest.raises(ConfigError, match="--limit: expected a number of words, at least 1, got 0"):
        main([path, "a", "--limit", "0"])


def test_vectors_from_standard_input(write, capsys, monkeypatch):
    path = write("v.txt", "a 1 0\nb 1 1\n")
    with path.open("rb") as stream:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stream))
        assert main(["-", "a", "--json"]) == 0
    assert [each["word"] for each in answers(capsys)[0]["neighbors"]] == ["b"]
    with pytest.raises(ConfigError, match="standard input holds the vectors"):
        main(["-"])


def answers(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    "words",
    [
        ["king", "-", "man", "+", "woman"],
        ["king - man + woman"],
        ["king", "-man", "+woman"],
        ["king -man", "+ woman"],
    ],
)
def test_analogy(vectors, capsys, words):
    for arguments in ([vectors, "--json", *words], [vectors, *words, "--json", "--topn", "2"]):
        assert main(arguments) == 0
        (answer,) = answers(capsys)
        assert answer["positive"] == ["king", "woman"]
        assert answer["negative"] == ["man"]
        assert answer["neighbors"][0]["word"] == "queen"
    assert len(answer["neighbors"]) == 2


@pytest.mark.parametrize(
    ("words", "positive", "negative"),
    [
        (["new york"], ["new york"], []),
        (["new york", "-", "king"], ["new york"], ["king"]),
        (["well-known", "-", "king"], ["well-known"], ["king"]),
        (["-1"], ["-1"], []),
        (["king", "-", "-1"], ["king"], ["-1"]),
        (["-king"], [], ["king"]),
        (["king", "−man", "−", "woman"], ["king"], ["man", "woman"]),
    ],
)
def test_words_that_look_like_expressions(vectors, capsys, words, positive, negative):
    assert main([vectors, *words, "--json"]) == 0
    (answer,) = answers(capsys)
    assert (answer["positive"], answer["negative"]) == (positive, negative)


def test_table(vectors, capsys):
    assert main([vectors, "king", "--topn", "100"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(WORDS) - 1
    assert lines[0].split()[0] == "1"
    assert all("\x1b" not in line for line in lines)
    # Every cosine begins in the same column of a terminal, where 東京 takes four.
    assert {query._columns(line) for line in lines} == {query._columns(lines[0])}
    (wide,) = (line for line in lines if "東京" in line)
    assert len(wide) == len(lines[0]) - 2


@pytest.mark.parametrize(
    ("word", "shown", "columns"),
    [
        ("re\u0301", "re\u0301", 2),  # a combining accent
        ("हिन्दी", "हिन्दी", 5),  # two vowel signs with a column of their own, and a virama
        ("می\u200cخواهم", "می\u200cخواهم", 7),  # the joiners are parts of words
        ("東京", "東京", 4),
        ("\u202eevil\x1b[2J", "\ufffdevil\ufffd[2J", 9),
    ],
)
def test_what_a_terminal_gets(word, shown, columns):
    assert query._printable(word) == shown
    assert query._columns(shown) == columns


def test_unknown_word(vectors):
    with pytest.raises(UnknownWordError, match=r"'kin' is not .*did you mean 'king'"):
        main([vectors, "kin"])
    with pytest.raises(ConfigError, match="--topn 0: at least 1"):
        main([vectors, "king", "--topn", "0"])


def test_lines_from_a_pipe(vectors, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("king\n\nnew york\nking - man + woman"))
    assert main([vectors, "--json"]) == 0
    assert [answer["positive"] for answer in answers(capsys)] == [
        ["king"],
        ["new york"],
        ["king", "woman"],
    ]


def test_a_bad_line_does_not_stop_the_others(vectors, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("kin\nking queen man\nqueen\n"))
    assert main([vectors, "--json"]) == 2
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 1
    assert len(captured.err.splitlines()) == 2
    assert "did you mean 'king'" in captured.err


def run_in_terminal(arguments: list[str], typed: list[str], **environment: str) -> str:
    """What a user sees who runs the command and types each text at its prompt."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "w2v.query", *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(slave)
    shown, waiting = b"", list(typed)
    while True:
        if not select.select([master], [], [], 600)[0]:
            process.kill()
            pytest.fail(f"no prompt came after {shown!r}")
        try:
            part = os.read(master, 4096)
        except OSError:  # Linux's way to say that the other side is closed
            break
        shown += part
        if waiting and shown.endswith(query.PROMPT.encode()):
            os.write(master, waiting.pop(0).encode())
    os.close(master)
    assert process.wait() == 0
    return shown.decode()


def test_prompt(vectors):
    shown = run_in_terminal([vectors], ["king - man + woman\n", "kin\n", "\x04"])
    assert "Ctrl-D ends" in shown
    assert "\x1b[1mqueen" in shown
    assert re.search(r"queen.* 0\.\d{4}  \x1b\[34m█+[▏▎▍▌▋▊▉]?\x1b\[0m", shown)
    assert "'kin' is not in the vocabulary (did you mean 'king'" in shown
    assert "\x1b[31m" not in shown  # a word must not command the terminal
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("cosine", "bar"),
    [(1.0, "█" * 20), (0.5, "█" * 10), (0.53125, "█" * 10 + "▋"), (-0.3, ""), (9.5, "█" * 20)],
)
def test_bars(cosine, bar, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert query._bar(cosine) == bar
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "ascii"))
    assert query._bar(cosine) == "=" * (len(bar) - ("▋" in bar))


def test_no_color(vectors):
    shown = run_in_terminal([vectors, "king"], [], NO_COLOR="1")
    assert "queen" in shown
    assert "\x1b" not in shown


def test_exit_code_and_one_line(vectors):
    result = subprocess.run(
        [sys.executable, "-m", "w2v.query", vectors, "kin"], capture_output=True, check=False
    )
    assert result.returncode == 2
    assert result.stdout == b""
    assert result.stderr.decode() == (
        "w2v.query: 'kin' is not in the vocabulary (did you mean 'king'?)\n"
    )


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:surrogateescape"])
def test_a_line_that_is_not_text(vectors, encoding):
    result = subprocess.run(
        [sys.executable, "-m", "w2v.query", vectors, "--json"],
        input=b"\xff\nking\n",
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert result.returncode == 2
    assert json.loads(result.stdout)["positive"] == ["king"]
    assert re.fullmatch(rb"w2v\.query: '[^']+' is not in the vocabulary\n", result.stderr)
