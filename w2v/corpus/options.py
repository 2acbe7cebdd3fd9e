"""Options for reading text."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, fields
from typing import TypedDict, cast

from w2v.util.options import Options


class CorpusOptions(TypedDict, total=False):
    """The fields of `TextOptions` as keyword arguments."""

    tokenize: str
    lowercase: bool
    encoding: str
    encoding_errors: str
    text_column: str | None
    min_count: int
    max_vocab: int | None
    phrases: int
    phrase_scoring: str
    phrase_threshold: float | None
    phrase_min_count: int


@dataclass(frozen=True)
class TextOptions(Options):
    """How text is turned into a corpus. The same text and options give the same corpus.

    Attributes:
        tokenize: ``whitespace`` or ``words``; see `w2v.corpus.tokenizer.character_classes`.
        lowercase: first convert the text to lower case, by the rules of Unicode.
        encoding: encoding of the files: any name that Python accepts.
        encoding_errors: what to do with bytes that cannot be decoded: ``strict`` refuses the file,
            ``replace`` replaces them by U+FFFD, ``ignore`` drops them.
        text_column: name of the column or field that contains the text, for CSV, TSV, JSON lines
            and Parquet files, and for rows in Python.
        min_count: words that occur fewer times are dropped.
        max_vocab: keep at most this many words, the most frequent; None keeps all.
        phrases: number of passes that join frequent pairs of words; `w2v.corpus.phrases` describes
            this and the next three options.
        phrase_scoring: ``word2phrase`` or ``npmi``.
        phrase_threshold: join pairs with higher scores; None for the default of the scoring.
        phrase_min_count: words and pairs that occur fewer times are not joined.

    Raises:
        ConfigError: a value is out of its range or of the wrong type; the message names the field.
    """

    tokenize: str = "whitespace"
    lowercase: bool = False
    encoding: str = "utf-8"
    encoding_errors: str = "strict"
    text_column: str | None = None
    min_count: int = 5
    max_vocab: int | None = None
    phrases: int = 0
    phrase_scoring: str = "word2phrase"
    phrase_threshold: float | None = None
    phrase_min_count: int = 5

    def __post_init__(self) -> None:
        """Check every field."""
        for spec in fields(self):
            self._check_type(spec.name, str(spec.type))
        self._check_text_options()
        self._check_phrases()

    @property
    def is_plain_utf8(self) -> bool:
        """Whether the bytes can go to the tokenizer without decoding; it checks them."""
        return self.is_utf8 and self.encoding_errors == "strict"

    @property
    def is_utf8(self) -> bool:
        """Whether the encoding is UTF-8, under any of its names."""
        return codecs.lookup(self.encoding).name == "utf-8"

    @property
    def is_ascii_based(self) -> bool:
        """Whether ASCII characters, line ends included, are single bytes in the encoding."""
        return "a\n".encode(self.encoding) == b"a\n"


def corpus_options(config: object) -> CorpusOptions:
    """The options for reading text, from a `TrainConfig` or `TextOptions`."""
    return cast(
        CorpusOptions, {spec.name: getattr(config, spec.name) for spec in fields(TextOptions)}
    )
