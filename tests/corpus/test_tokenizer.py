import sys
import unicodedata

import naive
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus.tokenizer import TextFault, WordTable, character_classes
from w2v.util import text

PIECES = st.sampled_from(
    ["a", "Bc", "é", "e\u0301", "日本", "हिन्दी", "𝕏", "½", "٣", "²", "_", ".", "…", "“", "🙂"]
    + list("'’-\u2010\u2011\u200c\u200d") * 2
    + [" ", "\n", "\t", "\u3000", "\u2028"]
)  # fmt: skip


def words_of(table, tokens):
    words = iter(table.words(tokens.ids))
    return [[next(words) for _ in range(n)] for n in tokens.line_lengths.tolist()]


@given(content=st.lists(PIECES, max_size=40).map("".join))
def test_words_are_those_of_the_naive_twin(content):
    table = WordTable()
    lines = words_of(table, table.tokenize(content.encode(), "words"))
    assert lines == [naive.words_in(line) for line in content.split("\n")]
    assert text.split(content, "words") == [word for line in lines for word in line]
    assert text.split(content, "whitespace") == content.split()


def test_every_character_has_the_class_of_its_category():
    codes = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000]
    letters = {c for c in codes if unicodedata.category(chr(c))[0] in "LMN"}
    words = character_classes("words")
    assert {c for c in codes if words[c] == words[ord("a")]} == letters
    spaces = character_classes("whitespace")
    others = {c for c in codes if spaces[c] != spaces[ord("a")]}
    assert others == {c for c in codes if chr(c).isspace()} | {0}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("The cat sat. (On 3 mats!)", "The cat sat On 3 mats"),
        ("don't rock-'n'-roll 'quoted' -dash- a--b", "don't rock n roll quoted dash a b"),
        ("it’s 3.14, e-mail; U.S.A. new_york", "it’s 3 14 e-mail U S A new york"),
        ("می\u200cخواهم Ωmega naïve Straße", "می\u200cخواهم Ωmega naïve Straße"),
        ("x² ½ ٣٤ 北京。东京", "x² ½ ٣٤ 北京 东京"),
    ],
)
def test_words_by_example(content, expected):
    assert text.split(content, "words") == naive.words_in(content) == expected.split(" ")


@given(content=st.lists(
    st.sampled_from([b"a ", b"\xc3\xa9", b"\xe2\x82\xac", b"\xf0\x9d\x95\x8f", b"\xff", b"\xc0\x80",
                     b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf0\x9f", b"\xc3",
                     b"\xe0\x80\x80", b"\x80", b" ", b"\n", b"\0"]),
    max_size=12,
).map(b"".join) | st.binary(max_size=12))  # fmt: skip
@pytest.mark.parametrize("tokenizer", text.TOKENIZERS)
def test_what_is_no_text_is_found_where_python_finds_it(tokenizer, content):
    position = content.find(b"\0") if b"\0" in content else len(content)
    try:
        content.decode()
    except UnicodeDecodeError as error:
        position = min(position, error.start)
    table = WordTable()
    if position == len(content):
        table.tokenize(content, tokenizer)
        return
    with pytest.raises(TextFault) as fault:
        table.tokenize(content, tokenizer)
    assert (fault.value.position, fault.value.too_long) == (position, False)


@given(words=st.lists(st.text("ab", min_size=1, max_size=20), min_size=1, max_size=60))
def test_words_of_another_table_find_their_ids(words):
    first, second = WordTable(), WordTable()
    first.tokenize(" ".join(words[::2]).encode())
    second.tokenize(" ".join(words).encode())
    known = len(first)
    ids = first.add(second.since(0))
    assert first.words(ids) == second.words(np.arange(len(second)))
    assert len(first) == len({*words}) >= known
    assert (first.counts[known:] == 0).all()
