"""Split text into words as in training, for queries, sentence vectors and exports.

    prepare("The king of New York", record, vocabulary)  ->  ["the", "king", "of", "new_york"]

Follows the rules of `w2v.corpus.tokenizer`, but in pure Python, which is faster for short texts and
needs no compilation.
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
"""Scoring of phrases (see `w2v.corpus.phrases`) -> its default threshold."""

INNER_CHARACTERS = "'’-\u2010\u2011\u200c\u200d"
"""Apostrophes, hyphens and joiners (Persian, Indic scripts), which may occur inside words."""
DELIMITER = "_"
"""Joins the words of a phrase."""

_MOST_PASSES = 8
"""Maximum number of passes of joining pairs to account for: phrases of up to 256 words."""


def prepare(text: str, record: Mapping[str, Any], vocabulary: Container[str] = ()) -> list[str]:
    """Split a text into words in the same way as the text on which vectors were trained.

    Args:
        text: the text; line ends count as whitespace.
        record: the options of the training run, `Embeddings.training_options`. Only ``tokenize``,
            ``lowercase`` and ``phrases`` are used; missing ones have their defaults.
        vocabulary: the words of the vectors. If the run joined phrases, the longest runs of words
            that form a word of the vocabulary are joined.

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
    return _join_phrases(words, 2 ** min(passes, _MOST_PASSES), vocabulary)


def split(text: str, tokenize: object = None) -> list[str]:
    """Split a text into words, with the tokenizer "words" or, by default, at whitespace."""
    return _words_pattern().findall(text) if tokenize == "words" else text.split()


@cache
def _words_pattern() -> re.Pattern[str]:
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "M"]
    letter = rf"(?:[^\W_]|[{''.join(marks)}])"  # without _, \w is categories L and N
    return re.compile(rf"{letter}+(?:[{re.escape(INNER_CHARACTERS)}]{letter}+)*")


def _join_phrases(words: list[str], longest: int, vocabulary: Container[str]) -> list[str]:
    """Join the longest runs of words that form a word of the vocabulary, from left to right."""
    joined, begin = [], 0
    while begin < len(words):
        for end in range(min(begin + longest, len(words)), begin, -1):
            word = DELIMITER.join(words[begin:end])
            if end == begin + 1 or word in vocabulary:
                joined.append(word)
                begin = end
                break
    return joined
