"""Suggestions for a word that is not in the vocabulary."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Container

from w2v.errors import shown

_SUGGESTIONS = 3
_MOST_CANDIDATES = 2000
"""Number of words that are compared letter by letter, which takes a few milliseconds."""


def in_other_case(word: str, vocabulary: Container[str]) -> list[str]:
    """The forms of a word in the vocabulary: in lower case, capitalised, in upper case."""
    cases = dict.fromkeys((word.lower(), word.capitalize(), word.upper()))
    return [case for case in cases if case in vocabulary]


def suggestions(word: str, vocabulary: Collection[str]) -> list[str]:
    """Up to three words of the vocabulary that look like `word`, the most similar first.

    Only the first 2000 words with the same first or last letter and about the same length are
    compared, so that a vocabulary of millions takes a fraction of a second.
    """
    found = in_other_case(word, vocabulary)
    if word:
        shortest, longest = len(word) - 2, len(word) + 2
        first, last = word[0], word[-1]
        candidates: list[str] = []
        for known in vocabulary:
            if (known[:1] == first or known[-1:] == last) and shortest <= len(known) <= longest:
                candidates.append(known)
                if len(candidates) == _MOST_CANDIDATES:
                    break
        found += difflib.get_close_matches(word, candidates, n=_SUGGESTIONS, cutoff=0.7)
    return list(dict.fromkeys(found))[:_SUGGESTIONS]


class UnknownWordMessage:
    """The message for an unknown word, with suggestions.

    Suggestions take milliseconds. They are computed only when the message is shown, so that
    skipping unknown words in a loop stays cheap.
    """

    def __init__(self, word: str, vocabulary: Collection[str]) -> None:
        self._word, self._vocabulary = word, vocabulary

    def __str__(self) -> str:
        message = f"{shown(self._word)} is not in the vocabulary"
        near = suggestions(self._word, self._vocabulary)
        return f"{message} (did you mean {', '.join(map(shown, near))}?)" if near else message

    __repr__ = __str__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        # Pickle the text of the message, not the whole vocabulary.
        return str, (str(self),)
