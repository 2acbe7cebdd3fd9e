"""Ask vectors for neighbours, analogies and similarities.

    python -m w2v.query vectors.bin king                    neighbours of king
    python -m w2v.query vectors.bin king - man + woman      the analogy
    python -m w2v.query vectors.bin king queen              the similarity of two words
    python -m w2v.query vectors.bin                         a prompt, or a query per line of stdin

``king-man+woman`` is understood too, and so are other capitals. A word of the vocabulary is never
split: "well-known" and "-1" stay words where the vocabulary has them.
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
"""The last one is the typographic minus sign, which the explorer page shows."""
METHODS = {"3cosadd": Embeddings.most_similar, "3cosmul": Embeddings.most_similar_cosmul}
"""How sums of words are answered; the same names as in `w2v.evaluate`."""

_BOLD, _DIM, _BLUE, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"
_BAR_COLUMNS = 20
"""Length of the bar of a cosine of 1, on a terminal."""
_TOPN = 10
_LONGEST_LINE = 2**16
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Not printable by themselves, but parts of words in Persian and Hindi, and of emoji."""
_HINT = "A word, two words, or king - man + woman. Ctrl-D ends."
_LIKE_A_SIGNED_WORD = re.compile(r"-(?!-|h$).")
"""The only one-letter option is -h."""


@dataclass(frozen=True)
class Query:
    """What is asked: the neighbours of a sum of words, or the similarity of two words.

    Attributes:
        positive: words to add; for a similarity, the two words.
        negative: words to subtract.
        is_similarity: whether the similarity of two words is asked for.
    """

    positive: list[str]
    negative: list[str]
    is_similarity: bool = False


def parse(tokens: Sequence[str], known: Container[str] = ()) -> Query:
    """A query from ``["king", "-", "man", "+", "woman"]`` or ``["king", "queen"]``.

    A sign that is itself a word of `known` is taken for one where a word may stand and none
    follows it: ``["-"]``, ``["king", "-", "-"]``.

    Raises:
        ConfigError: more than two words without signs, two signs side by side, or no word after a
            sign.
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
    """``king-man+woman`` as words and signs; what is a word of `known`, in any case, stays whole.

    A text is split only if all parts are known words, so that a misspelt "well-knwon" is not.
    """
    if _in_any_case(text, known) is not None:
        return [text]
    if text[:1] in SIGNS and len(text) > 1:
        return [text[0], *split_signs(text[1:], known)]
    places = [place for place, character in enumerate(text) if character in SIGNS and place]
    for place in reversed(places):  # the longest word first
        if _in_any_case(text[:place], known) is None:
            continue
        rest = split_signs(text[place:], known)
        if all(part in SIGNS or _in_any_case(part, known) is not None for part in rest):
            return [text[:place], *rest]
    return [text]


def _in_any_case(word: str, known: Container[str]) -> str | None:
    """The word, or else the same word with other capitals, as the vocabulary has it."""
    return word if word in known else next(iter(in_other_case(word, known)), None)


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=PROG,
        description="Neighbours of a word or of a sum of words such as king - man + woman, and "
        "the similarity of two words: king queen.",
        epilog="Without words: a prompt, or a query per line of stdin.",
    )
    parser.add_argument("vectors", help=VECTORS_HELP)
    parser.add_argument("words", nargs="*", help="a word, two words, or words with + and - between")
    parser.add_argument("--topn", type=int, default=_TOPN, metavar="N", help="how many neighbours")
    parser.add_argument(
        "--method", choices=tuple(METHODS), default="3cosadd",
        help="how a sum is answered: the cosine to the sum, or a product of cosines",
    )  # fmt: skip
    add_reading_options(parser)
    parser.add_argument("--json", action="store_true", help="print a line of JSON for each query")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; see the module's header. Returns the exit code, raises `W2VError`."""
    given = sys.argv[1:] if argv is None else argv
    # Intermixed: options may come before, between and after the words. A blank in front keeps
    # "-man" from being taken for an option.
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
        show = _print_json if arguments.json else _print_table
        if query.is_similarity:
            show(query, [], wv.similarity(*query.positive))
        else:
            find = METHODS[arguments.method]
            neighbors = find(wv, query.positive, query.negative, arguments.topn)
            show(query, cast(Neighbors, neighbors), None)

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
    """The next query, or None at the end."""
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
    """The query that arguments or a line make, in words of the vocabulary.

    An argument may be a whole query in quotes. One that is a word as it stands is not split:
    .safetensors files can hold "new york". Other capitals are understood, and that is said.
    """
    tokens: list[str] = []
    for argument in arguments:
        whole = argument.strip()
        # "New York" may be the word new_york of a text with phrases, in lower case.
        prepared = prepare(whole, wv.training_options, wv)
        if whole not in wv and len(prepared) == 1 and prepared[0] in wv:
            whole = _taken_for(whole, prepared[0])
        parts = [whole] if _in_any_case(whole, wv) is not None else whole.split()
        tokens += [token for part in parts for token in split_signs(part, wv)]
    for position, token in enumerate(tokens):
        word = None if token in SIGNS else _in_any_case(token, wv)
        if word is not None and word != token:
            tokens[position] = _taken_for(token, word)
    return parse(tokens, wv)


def _taken_for(typed: str, word: str) -> str:
    """The word, after saying that it is not quite what was typed."""
    print(f"{PROG}: {shown(typed)} is taken for {shown(word)}", file=sys.stderr)
    return word


def _print_json(query: Query, neighbors: Neighbors, similarity: float | None) -> None:
    answer: dict[str, object] = {"words": query.positive, "cosine": similarity}
    if similarity is None:
        answer = {
            "positive": query.positive,
            "negative": query.negative,
            "neighbors": [{"word": word, "cosine": cosine} for word, cosine in neighbors],
        }
    # Escapes of JSON's own where the stream has no room for a letter.
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(answer, ensure_ascii=not unicode), flush=True)


def _print_table(query: Query, neighbors: Neighbors, similarity: float | None) -> None:
    colored = _colored()
    bold, dim, reset = (_BOLD, _DIM, _RESET) if colored else ("", "", "")
    if similarity is not None:
        bar = f"  {_BLUE}{_bar(similarity)}{_RESET}" if colored else ""
        print(f"{bold}{'  '.join(map(_printable, query.positive))}{reset}  {similarity:7.4f}{bar}")
    rows = [(_printable(word), cosine) for word, cosine in neighbors]
    width = max((_columns(word) for word, _ in rows), default=0)
    digits = len(str(len(rows)))
    for rank, (word, cosine) in enumerate(rows, start=1):
        padding = " " * (width - _columns(word))
        # For people only: what a program reads stays three columns.
        bar = f"  {_BLUE}{_bar(cosine)}{_RESET}" if colored else ""
        print(f"{dim}{rank:{digits}}{reset}  {bold}{word}{reset}{padding}  {cosine:7.4f}{bar}")
    sys.stdout.flush()


def _colored() -> bool:
    """Whether the terminal is one that shows colours; see https://no-color.org."""
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def _bar(cosine: float) -> str:
    """A bar as long as the cosine, in eighths of a column; plain where blocks cannot be written."""
    eighths = round(max(cosine, 0.0) * _BAR_COLUMNS * 8)
    part = eighths % 8
    bar = "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[part - 1] if part else "")
    try:
        bar.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "=" * (eighths // 8)
    return bar


def _printable(word: str) -> str:
    """A word without the control characters that a terminal would obey."""
    return "".join(
        c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in word
    )


def _columns(word: str) -> int:
    """Columns of a terminal that a word takes: two for a wide character, none for a mark."""
    return sum(
        0
        if unicodedata.category(c) in ("Mn", "Me", "Cf")
        else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in word
    )


def entry() -> NoReturn:
    """The command, with errors as one line and an exit code."""
    command_line.run(main, PROG)


if __name__ == "__main__":
    entry()
