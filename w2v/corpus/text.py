"""One text to words, as in training: what queries and exports apply to what a user types.

    prepare("The king of New York", config, vocabulary)  ->  ["the", "king", "of", "new_york"]

The same rules as `w2v.corpus.tokenizer` in plain Python, which is quicker for short texts.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Container, Mapping
from functools import cache
from typing import Any

from w2v.corpus.options import TextOptions
from w2v.corpus.phrases import DELIMITER
from w2v.corpus.tokenizer import INNER_CHARACTERS


def prepare(
    text: str, config: Mapping[str, Any] | TextOptions, vocabulary: Container[str] = ()
) -> list[str]:
    """The words of a text, treated like the training text of some vectors.

    Args:
        text: anything; line ends are whitespace.
        config: how the vectors were trained: `TextOptions`, or the record in their metadata,
            ``json.loads(wv.metadata["training"])["config"]``.
        vocabulary: their words. With phrases, the longest run of words that is one of these when
            joined becomes one word.

    Returns:
        Words, whether the vocabulary has them or not.

    >>> prepare("The cat. The dog!", {"tokenize": "words", "lowercase": True})
    ['the', 'cat', 'the', 'dog']
    >>> prepare("in New York", {"phrases": 1}, {"New_York", "in"})
    ['in', 'New_York']
    """
    options = config if isinstance(config, TextOptions) else TextOptions.from_record(config)
    words = split(text.lower() if options.lowercase else text, options.tokenize)
    return _joined(words, 2**options.phrases, vocabulary) if options.phrases else words


def split(text: str, tokenize: str) -> list[str]:
    """The words of a text by the tokenizer of that name."""
    return text.split() if tokenize == "whitespace" else _words_pattern().findall(text)


@cache
def _words_pattern() -> re.Pattern[str]:
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "M"]
    letter = rf"(?:[^\W_]|[{''.join(marks)}])"  # without _, \w is categories L and N
    return re.compile(rf"{letter}+(?:[{re.escape(INNER_CHARACTERS)}]{letter}+)*")


def _joined(words: list[str], longest: int, vocabulary: Container[str]) -> list[str]:
    """Join the longest runs that are in the vocabulary, from left to right."""
    joined, begin = [], 0
    while begin < len(words):
        for end in range(min(begin + longest, len(words)), begin, -1):
            word = DELIMITER.join(words[begin:end])
            if end == begin + 1 or word in vocabulary:
                joined.append(word)
                begin = end
                break
    return joined
