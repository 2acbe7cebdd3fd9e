"""Encode sentences from Python: an iterable of lists of words, of texts, or of rows with a text.

Batches of sentences are joined and passed to the tokenizer of files, which is fast, and detects
words that a file could not contain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any, Unpack

import numpy as np

from w2v.corpus.corpus import Corpus
from w2v.corpus.encoder import Encoder, refuse_too_many
from w2v.corpus.options import CorpusOptions, TextOptions
from w2v.corpus.tokenizer import MAX_TOKEN_BYTES, TextFault, Tokens, WordTable
from w2v.errors import CorpusError, shown
from w2v.util.arguments import has_surrogate

BATCH_CHARACTERS = 2**22
_WORDS_AS_GIVEN = "spaces"  # the tokenizer that splits only at single spaces and newlines


def encode_sentences(sentences: Iterable[Any], **options: Unpack[CorpusOptions]) -> Corpus:
    """Encode sentences from Python. The iterable is read once, so it may be a generator.

    Args:
        sentences: all of one kind:

            - lists of words (or other sequences or generators of str). Words must not contain
              spaces, newlines, NUL or surrogates, which files of vectors cannot store;
            - texts, such as the lines of an open file or a pandas Series of str; they are tokenized
              like a file with one sentence per line;
            - rows, with `text_column`: mappings with a text under that name (`csv.DictReader`, a
              Hugging Face dataset), or a pandas DataFrame.

            Sentences longer than `MAX_SENTENCE_WORDS` are split.
        options: see `TextOptions`.

    Raises:
        ConfigError: an option is out of its range or of the wrong type.
        CorpusError: a sentence is something else (the message says which and why), or there is
            nothing to train on.
    """
    text_options = TextOptions(**options)
    table = WordTable()
    with Encoder() as encoder:
        batch = _Batch(text_options)
        for number, sentence in enumerate(_sentences(sentences, text_options), start=1):
            batch.append(number, sentence)
            if batch.is_full:
                encoder.add(batch.tokenized(table))
                batch.clear()
        encoder.add(batch.tokenized(table))
        encoder.end_file()
        refuse_too_many(table, "corpus")
        return encoder.finish(table, "corpus", text_options)


def _sentences(corpus: Any, options: TextOptions) -> Iterator[Any]:
    """Yield the sentences of a corpus, each a text or a list of words.

    Raises:
        CorpusError: it is not an iterable of sentences, or a row has no text.
    """
    column = options.text_column
    if isinstance(corpus, str):
        raise CorpusError("corpus: a single str, not an iterable of sentences; put it into a list")
    if isinstance(corpus, (Mapping, Set)):
        what = f"a {type(corpus).__name__}"
        hint = (
            "give one of its values" if isinstance(corpus, Mapping) else "it has no order; sort it"
        )
        raise CorpusError(f"corpus: {what} is not a list of sentences; {hint}")
    if hasattr(corpus, "itertuples") and hasattr(corpus, "columns"):  # pandas
        if column is None:
            raise CorpusError("corpus: a table; name the column with the text: text_column=...")
        if column not in corpus.columns:
            raise CorpusError(
                f"corpus: no column {shown(column)}; it has {', '.join(map(str, corpus.columns))}"
            )
        corpus, column = corpus[column], None
    if not isinstance(corpus, Iterable):
        raise CorpusError(f"corpus: {shown(corpus)} is neither a path nor an iterable of sentences")
    if column is None:
        yield from corpus
        return
    for number, row in enumerate(corpus, start=1):
        if not isinstance(row, Mapping):
            raise CorpusError(
                f"row {number}: text_column={column!r} needs rows that are dicts, not "
                f"{_describe(row)}"
            )
        if column not in row:
            raise CorpusError(
                f"row {number}: no field {shown(column)}; it has {', '.join(map(str, row))}"
            )
        text = row[column]
        if text is not None and not isinstance(text, str):
            raise CorpusError(f"row {number}: {column} is {_describe(text)}, not a text")
        yield text or ""


class _Batch:
    """A batch of sentences that are tokenized together."""

    def __init__(self, options: TextOptions) -> None:
        self._options = options
        self._of_texts: bool | None = None
        self._first = 1
        self._lines: list[str] = []
        self._sentences: list[Any] = []
        self._size = 0

    def append(self, number: int, sentence: Any) -> None:
        """Add a sentence.

        Args:
            number: its number, from 1, for error messages.
            sentence: a text or a list of words.

        Raises:
            CorpusError: it is neither, or not of the same kind as the sentences before it.
        """
        is_text = isinstance(sentence, str)
        if self._of_texts is None:
            self._of_texts = is_text
            if not is_text and self._options.tokenize != "whitespace":
                raise CorpusError(
                    f"sentence {number}: tokenize={self._options.tokenize!r} needs texts, not "
                    f"{_describe(sentence)}"
                )
        if is_text != self._of_texts:
            was = "texts" if self._of_texts else "lists of words"
            raise CorpusError(
                f"sentence {number}: {_describe(sentence)}, but the sentences before it are {was}; "
                "split texts with line.split()"
            )
        if not is_text:
            sentence = _to_word_list(number, sentence)
        line = sentence.removesuffix("\n") if is_text else _join_words(number, sentence)
        self._sentences.append(sentence)
        self._lines.append(line)
        self._size += len(line) + 1

    @property
    def is_full(self) -> bool:
        """Whether the batch should be tokenized."""
        return self._size >= BATCH_CHARACTERS

    def clear(self) -> None:
        """Start the next batch."""
        self._first += len(self._lines)
        self._lines, self._sentences, self._size = [], [], 0

    def tokenized(self, table: WordTable) -> Tokens:
        """Tokenize the batch.

        Raises:
            CorpusError: a sentence contains something that a file cannot contain.
        """
        text = "".join(line + "\n" for line in self._lines)
        if self._options.lowercase:
            text = text.lower()
        try:
            data = text.encode()
            if self._of_texts:
                return table.tokenize(data, self._options.tokenize)
            tokens = table.tokenize(data, _WORDS_AS_GIVEN)
        except (UnicodeEncodeError, TextFault):
            raise self._fault() from None
        words = sum(map(len, self._sentences))
        gaps = words - sum(map(bool, self._sentences))
        if (len(tokens.ids), data.count(b" "), data.count(b"\n")) != (
            words, gaps, len(self._lines),
        ):  # fmt: skip
            raise self._fault()
        return tokens

    def _fault(self) -> CorpusError:
        """The error for the first invalid sentence."""
        prepared = str.lower if self._options.lowercase else str
        for number, sentence in enumerate(self._sentences, start=self._first):
            if isinstance(sentence, str):
                what = _fault_in_text(prepared(sentence))
                if what is not None:
                    return CorpusError(f"sentence {number}: {what}")
            else:
                for position, word in enumerate(sentence):
                    what = _fault_in_word(prepared(word))
                    if what is not None:
                        return CorpusError(f"sentence {number}: word {position} {what}")
        raise AssertionError("a batch was refused without a reason")


def _to_word_list(number: int, sentence: Any) -> list[str]:
    """Convert a sentence to a list of words, without checking the words."""
    if isinstance(sentence, (list, tuple)):
        return sentence  # type: ignore[return-value]
    if isinstance(sentence, (bytes, bytearray, Mapping, Set)) or not isinstance(sentence, Iterable):
        raise CorpusError(
            f"sentence {number}: {_describe(sentence)}, not a list of words{_hint(sentence)}"
        )
    words: Any = sentence.tolist() if isinstance(sentence, np.ndarray) else list(sentence)
    if not isinstance(words, list):  # a zero-dimensional array
        raise CorpusError(f"sentence {number}: {_describe(words)}, not a list of words")
    return words


def _join_words(number: int, words: list[str]) -> str:
    try:
        return " ".join(words)
    except TypeError:
        position = next(k for k, word in enumerate(words) if not isinstance(word, str))
        raise CorpusError(
            f"sentence {number}: word {position} is {_describe(words[position])}, not a str"
        ) from None


def _describe(value: object) -> str:
    """Describe a value for an error message."""
    if value is None or isinstance(value, (bool, int, float)):
        return shown(value)
    return f"a {type(value).__name__} ({shown(value)})"


def _hint(sentence: object) -> str:
    if isinstance(sentence, Mapping):
        return "; name the field with the text: text_column=..."
    if isinstance(sentence, Set):
        return "; a set has no order"
    if isinstance(sentence, (bytes, bytearray)):
        return "; decode it"
    if sentence is None or (isinstance(sentence, float) and math.isnan(sentence)):
        return "; leave out missing values, for example with dropna()"
    return ""


def _fault_in_text(text: str) -> str | None:
    """What makes a text invalid; None if it is valid."""
    if "\0" in text:
        return f"the text contains a NUL character: {shown(text)}"
    if has_surrogate(text):
        return f"the text contains half of a surrogate pair: {shown(text)}"
    if any(len(token.encode()) >= MAX_TOKEN_BYTES for token in text.split()):
        return f"{MAX_TOKEN_BYTES} bytes or more without whitespace; is this text?"
    return None


def _fault_in_word(word: str) -> str | None:
    """What makes a word invalid; None if it is valid."""
    if not word:
        return "is empty"
    if " " in word or "\n" in word:
        what = "a space" if " " in word else "a newline"
        return f"contains {what}: {shown(word)}; join its parts with _, or split it"
    if "\0" in word:
        return f"contains a NUL character: {shown(word)}"
    if has_surrogate(word):
        return f"contains half of a surrogate pair: {shown(word)}"
    if len(word.encode()) >= MAX_TOKEN_BYTES:
        return f"has {MAX_TOKEN_BYTES} bytes or more: {shown(word)}"
    return None
