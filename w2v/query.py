"""The command ``python -m w2v.query``: neighbours, analogies and similarities.

    python -m w2v.query vectors.bin king                    neighbours of king
    python -m w2v.query vectors.bin king - man + woman      the analogy
    python -m w2v.query vectors.bin king queen              the similarity of two words
    python -m w2v.query vectors.bin                         a prompt, or a query per line of stdin

``king-man+woman`` works too, and case may differ. A word of the vocabulary is never split: "-1" and
"well-known" stay words if the vocabulary has them.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn, cast

from w2v.embeddings import Embeddings, Neighbors
from w2v.embeddings.options import VECTORS_HELP, add_reading_options, load_vectors
from w2v.embeddings.spelling_suggestions import in_other_case
from w2v.errors import ConfigError, InputError, UnknownWordError, one_line, shown
from w2v.util import command_line
from w2v.util.text import prepare

PROG = "w2v.query"
PROMPT = "> "
SIGNS = ("+", "-", "−")
"""The last one is the typographic minus sign, as on the explorer page."""
METHODS = {
    "3cosadd": (Embeddings.most_similar, "cosine"),
    "3cosmul": (Embeddings.most_similar_cosmul, "score"),
}
"""Ways to rank the neighbours of a sum of words, with the names of `w2v.evaluate`: the function,
and what its numbers are."""

_BOLD, _DIM, _BLUE, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"
_BAR_COLUMNS = 20
"""Columns of the terminal that the bar of a score of 1 takes."""
_TOPN = 10
_LONGEST_LINE = 2**16
_LONGEST_PART = 100
"""Longest word to look for in a text without blanks, as in word2vec.c (MAX_STRING)."""
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Not printable on their own, but part of words in Persian and Hindi, and of emoji."""
_HINT = "A word, two words, or king - man + woman. Ctrl-D ends."
_LIKE_A_SIGNED_WORD = re.compile(r"-(?!-|h$).")
"""The only one-letter option is -h."""


@dataclass(frozen=True)
class Query:
    """A query: the neighbours of a sum of words, or the similarity of two words.

    Attributes:
        positive: words to add; for a similarity, the two words.
        negative: words to subtract.
        is_similarity: whether it asks for the similarity of two words.
    """

    positive: list[str]
    negative: list[str]
    is_similarity: bool = False


def parse(tokens: Sequence[str], known: Container[str] = ()) -> Query:
    """Parse ``["king", "-", "man", "+", "woman"]`` or ``["king", "queen"]`` into a query.

    A sign that is itself in `known` counts as a word where a word may stand and none follows:
    ``["-"]``, ``["king", "-", "-"]``.

    Args:
        tokens: words and signs.
        known: the vocabulary.

    Raises:
        ConfigError: no words, more than two words without signs, two signs side by side, or no word
            after a sign.
    """
    if not tokens:
        raise ConfigError("query: no words")
    if len(tokens) == 2 and not any(token in SIGNS for token in tokens):
        return Query(list(tokens), [], is_similarity=True)
    positive: list[str] = []
    negative: list[str] = []
    into: list[str] | None = positive  # None: a sign must come next
    after_sign = False
    for token, following in zip(tokens, [*tokens[1:], "+"], strict=True):
        is_word = into is not None and token in known and following in SIGNS
        if token in SIGNS and not is_word:
            if after_sign:
                raise ConfigError(f"query: {shown(token)} follows a sign; a word must come between")
            into, after_sign = (positive if token == "+" else negative), True
        elif into is None:
            raise ConfigError(f"query: {shown(token)} follows a word; + or - must come between")
        else:
            into.append(token)
            into, after_sign = None, False
    if into is not None:
        raise ConfigError("query: a word must follow + or - at the end")
    return Query(positive, negative)


def split_signs(text: str, known: Container[str]) -> list[str]:
    """Split ``king-man+woman`` into words and signs; a word of `known`, in any case, stays whole.

    `text` is split only if all parts are known words, so a misspelt "well-knwon" stays whole too.
    """
    if _in_any_case(text, known) is not None:
        return [text]
    size = len(text)
    # From the right, so that no place is looked at twice.
    ends: dict[int, int] = {}  # where the part that begins at a place ends
    good = {size}  # places from which on all parts are signs or known words
    for begin in reversed(range(size)):
        is_sign = text[begin] in SIGNS
        if begin and not is_sign and text[begin - 1] not in SIGNS:
            continue  # inside a word
        # The longest known word first; one that begins with a sign takes all that is left.
        word_end = next(
            (
                end
                for end in range(min(begin + _LONGEST_PART, size), begin, -1)
                if end in good
                and (end == size or (text[end] in SIGNS and not is_sign))
                and _in_any_case(text[begin:end], known) is not None
            ),
            None,
        )
        ends[begin] = word_end or (begin + 1 if is_sign else size)
        if (word_end or is_sign) and ends[begin] in good:
            good.add(begin)
    parts, begin = [], 0
    while begin < size:
        parts.append(text[begin : ends[begin]])
        begin = ends[begin]
    return parts


def _in_any_case(word: str, known: Container[str]) -> str | None:
    """The word as the vocabulary spells it, in the same case or another; None if unknown."""
    return word if word in known else next(iter(in_other_case(word, known)), None)


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        PROG,
        description="Neighbours of a word or of a sum of words such as king - man + woman, and "
        "the similarity of two words: king queen.",
        epilog="Without words: a prompt, or one query per line of stdin.",
    )
    parser.add_argument("vectors", help=VECTORS_HELP)
    parser.add_argument("words", nargs="*", help="a word, two words, or words with + and -")
    parser.add_argument(
        "--topn", type=int, default=_TOPN, metavar="N",
        help=f"number of neighbours (default: {_TOPN})",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=tuple(METHODS), default="3cosadd",
        help="how to rank neighbours of a sum: by cosine with it, or by a product of cosines "
        "(default: 3cosadd)",
    )  # fmt: skip
    add_reading_options(parser)
    parser.add_argument("--json", action="store_true", help="print one line of JSON per query")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Raises:
        W2VError: anything that goes wrong.
    """
    given = sys.argv[1:] if argv is None else argv
    # Intermixed: options may come before, between and after the words. A leading space keeps "-man"
    # from being parsed as an option.
    arguments = _parser().parse_intermixed_args(
        [f" {text}" if _LIKE_A_SIGNED_WORD.match(text) else text for text in given]
    )
    if arguments.topn < 1:
        raise ConfigError(f"--topn {arguments.topn}: at least 1")
    if arguments.vectors == "-" and not arguments.words:
        raise ConfigError("query: standard input holds the vectors; give the words as arguments")
    wv = load_vectors(PROG, arguments.vectors, arguments.limit, arguments.lenient)

    def answer(texts: Sequence[str]) -> None:
        query = _resolve(texts, wv)
        find, score_name = METHODS[arguments.method]
        neighbors: Neighbors = []
        similarity: float | None = None
        if query.is_similarity:
            similarity = wv.similarity(*query.positive)
        else:
            found = find(wv, query.positive, query.negative, arguments.topn)
            neighbors = cast(Neighbors, found)
        if arguments.json:
            _print_json(query, neighbors, similarity, score_name)
        else:
            _print_table(query, neighbors, similarity)

    if arguments.words:
        answer(arguments.words)
        return 0
    interactive = sys.stdin.isatty()
    if interactive:
        with suppress(ImportError):
            import readline  # noqa: F401 (gives `input` its history and editing)
        print(f"{one_line(arguments.vectors)}: {len(wv)} words. {_HINT}")
    code = 0
    while (line := _next_line(interactive)) is not None:
        if not line.split():
            continue
        try:
            answer([line])
        except (InputError, UnknownWordError) as error:
            print(f"{PROG}: {error}", file=sys.stderr)
            code = 0 if interactive else error.exit_code
    return code


def _next_line(interactive: bool) -> str | None:
    """The next query, or None at the end of the input."""
    if interactive:
        try:
            return input(PROMPT)
        except EOFError:
            print()
            return None
    line = sys.stdin.readline(_LONGEST_LINE + 1)
    if len(line) > _LONGEST_LINE:
        raise ConfigError(f"query: a line of more than {_LONGEST_LINE} characters")
    return line or None


def _resolve(arguments: Sequence[str], wv: Embeddings) -> Query:
    """Parse arguments, or a line, into a query of words in the vocabulary.

    An argument may be a whole query in quotes. A word of the vocabulary is not split: .safetensors
    files can hold "new york". Words in another case are replaced, with a note on stderr.
    """
    tokens: list[str] = []
    for argument in arguments:
        whole = argument.strip()
        # "New York" may be the word new_york of a text with phrases, in lower case.
        prepared = prepare(whole, wv.training_options, wv)
        if whole not in wv and len(prepared) == 1 and prepared[0] in wv:
            whole = _replaced(whole, prepared[0])
        parts = [whole] if _in_any_case(whole, wv) is not None else whole.split()
        tokens += [token for part in parts for token in split_signs(part, wv)]
    for position, token in enumerate(tokens):
        word = None if token in SIGNS else _in_any_case(token, wv)
        if word is not None and word != token:
            tokens[position] = _replaced(token, word)
    return parse(tokens, wv)


def _replaced(typed: str, word: str) -> str:
    """The word, after a note on stderr that it replaces what was typed."""
    print(f"{PROG}: using {shown(word)} for {shown(typed)}", file=sys.stderr)
    return word


def _print_json(
    query: Query, neighbors: Neighbors, similarity: float | None, score_name: str
) -> None:
    answer: dict[str, object] = {"words": query.positive, "cosine": similarity}
    if similarity is None:
        answer = {
            "positive": query.positive,
            "negative": query.negative,
            "neighbors": [{"word": word, score_name: score} for word, score in neighbors],
        }
    # JSON's own escapes, unless the stream's encoding has all letters.
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(answer, ensure_ascii=not unicode), flush=True)


def _print_table(query: Query, neighbors: Neighbors, similarity: float | None) -> None:
    colored = _colored()
    bold, dim, reset = (_BOLD, _DIM, _RESET) if colored else ("", "", "")
    if similarity is not None:
        bar = f"  {_BLUE}{_bar(similarity)}{_RESET}" if colored else ""
        print(f"{bold}{'  '.join(map(_printable, query.positive))}{reset}  {similarity:7.4f}{bar}")
    rows = [(_printable(word), score) for word, score in neighbors]
    width = max((_columns(word) for word, _ in rows), default=0)
    digits = len(str(len(rows)))
    for rank, (word, score) in enumerate(rows, start=1):
        padding = " " * (width - _columns(word))
        # On a terminal only: output for programs stays at three columns.
        bar = f"  {_BLUE}{_bar(score)}{_RESET}" if colored else ""
        print(f"{dim}{rank:{digits}}{reset}  {bold}{word}{reset}{padding}  {score:7.4f}{bar}")
    sys.stdout.flush()


def _colored() -> bool:
    """Whether to print colours on this terminal; see https://no-color.org."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def _bar(score: float) -> str:
    """A bar as long as the score, from 0 to 1; ``=`` if blocks cannot be encoded.

    Its last column is drawn in eighths.
    """
    eighths = round(min(max(score, 0.0), 1.0) * _BAR_COLUMNS * 8)
    part = eighths % 8
    bar = "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[part - 1] if part else "")
    try:
        bar.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "=" * (eighths // 8)
    return bar


def _printable(word: str) -> str:
    """A word with control characters replaced, which a terminal would obey."""
    return "".join(
        c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in word
    )


def _columns(word: str) -> int:
    """Width of a word in terminal columns: two for a wide character, none for a combining mark."""
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in word
    )


def entry() -> NoReturn:
    """Run the command as a program: errors on one line, an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
