"""Split text into words as in training, for queries, sentence vectors and exports.

    prepare("The king of New York", record, vocabulary)  ->  ["the", "king", "of", "new_york"]

Follows the rules of `w2v.corpus.tokenizer`, but in plain Python, which is faster for short texts
and does not wait for the compiler.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Container, Mapping
from functools import cache
from typing import Any

TOKENIZERS = ("whitespace", "words")
PHRASE_THRESHOLDS = {"word2phrase": 100.0, "npmi": 0.5}
"""The scores of phrases (`w2v.corpus.phrases`), with their default thresholds."""

INNER_CHARACTERS = "'’-\u2010\u2011\u200c\u200d"
"""Apostrophes, hyphens and joiners (Persian, Indic scripts), which may occur inside words."""
DELIMITER = "_"
"""Joins the words of a phrase."""

_MOST_PASSES = 8
"""Passes of joining pairs that are considered: phrases of up to 256 words."""


def prepare(text: str, record: Mapping[str, Any], vocabulary: Container[str] = ()) -> list[str]:
    """Split a text into words, like the training text of some vectors.

    Args:
        text: the text; line ends count as whitespace.
        record: options of the training run, ``wv.training["config"]``. Only ``tokenize``,
            ``lowercase`` and ``phrases`` are used; missing ones have their defaults.
        vocabulary: the words of the vectors. With phrases, the longest runs of words that are in
            it when joined become one word.

    Returns:
        The words, including unknown ones.

    >>> prepare("The cat. The dog!", {"tokenize": "words", "lowercase": True})
    ['the', 'cat', 'the', 'dog']
    >>> prepare("in New York", {"phrases": 1}, {"New_York", "in"})
    ['in', 'New_York']
    """
    words = split(text.lower() if record.get("lowercase") else text, record.get("tokenize"))
    passes = record.get("phrases")
    if not isinstance(passes, int) or passes < 1:
        return words
    return _joined(words, 2 ** min(passes, _MOST_PASSES), vocabulary)


def split(text: str, tokenize: object = None) -> list[str]:
    """Split a text with the tokenizer "words", or at whitespace."""
    return _words_pattern().findall(text) if tokenize == "words" else text.split()


@cache
def _words_pattern() -> re.Pattern[str]:
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "M"]
    letter = rf"(?:[^\W_]|[{''.join(marks)}])"  # without _, \w is categories L and N
    return re.compile(rf"{letter}+(?:[{re.escape(INNER_CHARACTERS)}]{letter}+)*")


def _joined(words: list[str], longest: int, vocabulary: Container[str]) -> list[str]:
    """Join the longest runs of words that are in the vocabulary, from left to right."""
    joined, begin = [], 0
    while begin < len(words):
        for end in range(min(begin + longest, len(words)), begin, -1):
            word = DELIMITER.join(words[begin:end])
            if end == begin + 1 or word in vocabulary:
                joined.append(word)
                begin = end
                break
    return joined
