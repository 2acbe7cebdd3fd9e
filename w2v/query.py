"""Ask vectors for neighbours and analogies.

    python -m w2v.query vectors.bin king                    neighbours of king
    python -m w2v.query vectors.bin king - man + woman      the analogy
    python -m w2v.query vectors.bin                         a prompt, or a query a line from stdin

A hyphen inside a word belongs to it; ``king -man +woman`` is understood too, unless "-man" is
itself a word of the vocabulary. Prints; computes nothing itself.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Container, Sequence
from contextlib import suppress
from typing import NoReturn

from w2v.embeddings import Embeddings, load
from w2v.errors import ConfigError, InputError, UnknownWordError, shown
from w2v.util import command_line

PROG = "w2v.query"
PROMPT = "> "
SIGNS = ("+", "-", "−")
"""The last one is the minus sign of typesetters, which the explorer page shows."""

_BOLD, _DIM, _BLUE, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[34m", "\x1b[0m"
_BAR_COLUMNS = 20
"""How long the bar of a cosine of 1 is, on a terminal."""
_TOPN = 10
_LONGEST_LINE = 2**16
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Not printable by themselves, but parts of words in Persian and Hindi, and of emoji."""
_LIKE_A_SIGNED_WORD = re.compile(r"-(?!-|h$).")
"""The only one-letter option is -h."""


def parse(tokens: Sequence[str], known: Container[str] = ()) -> tuple[list[str], list[str]]:
    """Words to add and words to subtract, from ``["king", "-", "man", "+", "woman"]``.

    A sign that is itself a word of `known` is taken for one where a word may stand and none
    follows it: ``["-"]``, ``["king", "-", "-"]``.

    Raises:
        ConfigError: two words, or two signs, side by side; or no word after a sign.
    """
    if not tokens:
        raise ConfigError("query: expected a word, got none")
    positive: list[str] = []
    negative: list[str] = []
    into: list[str] | None = positive  # None: a sign must come next
    after_sign = False
    for token, following in zip(tokens, [*tokens[1:], "+"], strict=True):
        is_word = into is not None and token in known and following in SIGNS
        if token in SIGNS and not is_word:
            if after_sign:
                raise ConfigError(f"query: expected a word after + or -, got {shown(token)}")
            into, after_sign = (positive if token == "+" else negative), True
        elif into is None:
            raise ConfigError(f"query: expected + or - between words, got {shown(token)}")
        else:
            into.append(token)
            into, after_sign = None, False
    if into is not None:
        raise ConfigError("query: expected a word after + or -, got the end")
    return positive, negative


def _parser() -> command_line.ArgumentParser:
    parser = command_line.ArgumentParser(
        prog=PROG,
        description="Neighbours of a word, or of a sum of words such as: king - man + woman.",
        epilog="Without words: a prompt, or a query a line from stdin.",
    )
    parser.add_argument("vectors", help=".bin, .txt, .vec or .safetensors")
    parser.add_argument("words", nargs="*", help="a word, or words with + and - between them")
    parser.add_argument("--topn", type=int, default=_TOPN, metavar="N", help="how many neighbours")
    parser.add_argument("--json", action="store_true", help="print a line of JSON a query")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """The command; see the module's header. Returns the exit code, raises `W2VError`."""
    given = sys.argv[1:] if argv is None else argv
    # Intermixed: options may come before, between and after the words. A blank in front keeps
    # "-man" from being taken for an option.
    arguments = _parser().parse_intermixed_args(
        [f" {text}" if _LIKE_A_SIGNED_WORD.match(text) else text for text in given]
    )
    if arguments.topn < 1:
        raise ConfigError(f"--topn: expected at least 1, got {arguments.topn}")
    wv = load(arguments.vectors)
    show = _print_json if arguments.json else _print_table
    if arguments.words:
        show(wv, *_resolve(arguments.words, wv), arguments.topn)
        return 0
    interactive = sys.stdin.isatty()
    if interactive:
        with suppress(ImportError):
            import readline  # noqa: F401 (gives `input` its history and editing)
        print(f"{arguments.vectors}: {len(wv)} words. A word, or king - man + woman. Ctrl-D ends.")
    code = 0
    while (line := _next_line(interactive)) is not None:
        if not line.split():
            continue
        try:
            show(wv, *_resolve([line], wv), arguments.topn)
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
        raise ConfigError(f"query: expected at most {_LONGEST_LINE} characters a line, got more")
    return line or None


def _resolve(arguments: Sequence[str], wv: Embeddings) -> tuple[list[str], list[str]]:
    """Words to add and to subtract. An argument may be a whole query in quotes.

    One that is a word as it stands is not split: .safetensors files can hold "new york".
    """
    tokens: list[str] = []
    for argument in arguments:
        whole = argument.strip()
        for part in [whole] if whole in wv else whole.split():
            signed = part[0] in SIGNS and part not in wv
            tokens += [part[0], part[1:]] if signed and len(part) > 1 else [part]
    return parse(tokens, wv)


def _print_json(wv: Embeddings, positive: list[str], negative: list[str], topn: int) -> None:
    nearest = wv.most_similar(positive, negative, topn)
    answer = {
        "positive": positive,
        "negative": negative,
        "neighbors": [{"word": word, "cosine": cosine} for word, cosine in nearest],
    }
    # Escapes of JSON's own where the stream has no room for a letter.
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(answer, ensure_ascii=not unicode), flush=True)


def _print_table(wv: Embeddings, positive: list[str], negative: list[str], topn: int) -> None:
    rows = [
        (_printable(word), cosine) for word, cosine in wv.most_similar(positive, negative, topn)
    ]
    width = max((_columns(word) for word, _ in rows), default=0)
    digits = len(str(len(rows)))
    colored = _colored()
    bold, dim, reset = (_BOLD, _DIM, _RESET) if colored else ("", "", "")
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
    """How many columns of a terminal a word takes: wide characters two, marks on others none."""
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
