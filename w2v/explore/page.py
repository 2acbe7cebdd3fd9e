"""A page to look at vectors in: what it holds, and the HTML around it.

The page needs no server and no network. Its scripts are in ``assets``: ``vectors.js`` finds
neighbours, ``charts.js`` draws, ``search.js`` and ``map.js`` listen to the reader, ``explorer.js``
shows what the address says. Every word reaches the page as JSON and its elements as text: none is
ever read as HTML.

Reads no files and writes none (`w2v.explore`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2v.embeddings import Embeddings
from w2v.explore.projection import TITLES, Projection, project
from w2v.explore.quantise import NEIGHBOURS, Quantised, nearest, quantise
from w2v.util import html_page
from w2v.util.html_page import text

MOST_MODELS = 8
"""Different colours in ``page.css``."""

PAGE_BYTES = 15_000_000
"""What a page stays below, unless told how many words to keep."""

MAP_WORDS = 2000
"""Words on the map: more take the browser longer to draw than it takes to read the page."""

COMPARED_WORDS = 2000
"""Words whose neighbours are compared between two files."""

MOST_DIFFERENT = 50
"""Rows of the table of words that differ most."""

_FEWEST_WORDS = 1000
"""Kept of each file, however long its vectors are."""

_FIXED_BYTES = 2_000_000
"""The plotting script, compressed, with the page's own parts and the map."""

_SHORTEST_EXAMPLE = 4
_EXAMPLES = 5
_LIKELY_EXAMPLES = ("king", "france", "water", "music", "cat", "old")
_LIKELY_ANALOGY = ("king", "man", "woman")
_EXAMPLES_FROM = slice(50, 1000)


@dataclass(frozen=True)
class Model:
    """One file of vectors, as the page holds it.

    Attributes:
        name: what it is called on the page.
        wv: the words that are kept, the first ones of the file.
        total: words in the file.
        quantised: the vectors' directions.
        projection: points of the first words, for the map.
        method: how the map was made, a key of `w2v.explore.projection.METHODS`.
    """

    name: str
    wv: Embeddings
    total: int
    quantised: Quantised
    projection: Projection
    method: str


def explore(
    files: Sequence[tuple[str, Embeddings]],
    plotly_script: str,
    *,
    max_words: int | None = None,
    map_words: int = MAP_WORDS,
    method: str = "pca",
    seed: int = 0,
) -> tuple[list[Model], str]:
    """What the page holds of vectors, and the page.

    Args:
        files: names and vectors, the most frequent words first.
        plotly_script: plotly.js.
        max_words: words to keep of each file, the first ones. None: as many as fit into
            `PAGE_BYTES`, but 1000 at least.
        map_words: at most this many words are on the map.
        method: a key of `w2v.explore.projection.METHODS`.
        seed: for the methods that draw random numbers.

    Raises:
        ConfigError: the method needs more words.
    """
    kept = _guess([wv for _, wv in files]) if max_words is None else max_words
    maps = [project(wv.first(min(map_words, kept)).unit_vectors, method, seed) for _, wv in files]
    while True:
        models = [
            Model(name, head, len(wv), quantise(head.unit_vectors), projection, method)
            for (name, wv), projection in zip(files, maps, strict=True)
            for head in [wv.first(kept)]
        ]
        overlaps = [overlap(models[0].wv, other.wv) for other in models[1:]]
        whole = explorer_page(models, overlaps, plotly_script)
        size = len(whole.encode())
        longest = max(len(model.wv) for model in models)
        if size <= PAGE_BYTES or max_words is not None or longest <= _FEWEST_WORDS:
            return models, whole
        kept = _in_hundreds(0.99 * longest * (PAGE_BYTES - _FIXED_BYTES) / (size - _FIXED_BYTES))


def _guess(files: Sequence[Embeddings]) -> int:
    """How many words of each file a page has room for, if one byte a number is enough."""
    a_word = 4 / 3 * sum(wv.vector_size for wv in files)  # base64; gzip saves about the word
    return _in_hundreds((PAGE_BYTES - _FIXED_BYTES) / a_word)


def _in_hundreds(words: float) -> int:
    return max(_FEWEST_WORDS, int(words) // 100 * 100)


def overlap(first: Embeddings, second: Embeddings) -> list[tuple[str, int]]:
    """How many of its ten nearest neighbours a word has in both files, for the frequent words.

    Candidates are the words that both have, so that another vocabulary alone makes no difference.

    Returns:
        (word, 0 to 10) for up to `COMPARED_WORDS` words that both have, in the order of the first
        file; nothing if they share no more than ten words.
    """
    known = second.key_to_index
    pairs = [(i, known[word]) for i, word in enumerate(first) if word in known]
    if len(pairs) <= NEIGHBOURS:
        return []
    rows = np.array(pairs)
    asked = np.arange(min(len(rows), COMPARED_WORDS))
    a = nearest(first.unit_vectors[rows[:, 0]], asked, NEIGHBOURS)
    b = nearest(second.unit_vectors[rows[:, 1]], asked, NEIGHBOURS)
    shared = (a[:, :, None] == b[:, None, :]).any(axis=2).sum(axis=1)
    words = first.index_to_key
    return [
        (words[row], n)
        for row, n in zip(rows[: len(asked), 0].tolist(), shared.tolist(), strict=True)
    ]


def explorer_page(
    models: Sequence[Model], overlaps: Sequence[Sequence[tuple[str, int]]], plotly_script: str
) -> str:
    """The whole page.

    Args:
        models: what is shown; the first one is what the others are compared with.
        overlaps: for each of the others, what `overlap` returned.
        plotly_script: plotly.js.
    """
    facts = {
        "models": [_facts(model) for model in models],
        "neighbours": NEIGHBOURS,
        "overlaps": [_difference(overlap) for overlap in overlaps],
        "examples": _examples(models[0].wv),
    }
    data = html_page.json_element("facts", facts) + "".join(
        html_page.compressed_element(f"codes-{i}", _little(model.quantised.codes))
        + html_page.compressed_element(f"lengths-{i}", _little(_lengths(model.wv)))
        for i, model in enumerate(models)
    )
    body = html_page.asset("explorer.html")
    for place, content in (("header", _header(models)), ("about", _about(models))):
        body = body.replace(f"<!-- {place} -->", content)
    return html_page.whole(
        title=f"{', '.join(model.name for model in models)}: word vectors",
        styles=("explorer.css",),
        body=body + data,
        scripts=("vectors.js", "charts.js", "search.js", "map.js", "explorer.js"),
        plotly_script=plotly_script,
    )


def _lengths(wv: Embeddings) -> np.ndarray[Any, np.dtype[np.float32]]:
    lengths = np.linalg.norm(wv.vectors.astype(np.float64), axis=1)
    return np.asarray(lengths, np.float32)


def _little(array: np.ndarray[Any, Any]) -> bytes:
    """Bytes as browsers read them on every machine that they run on: the lowest first."""
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _facts(model: Model) -> dict[str, Any]:
    wv, projection = model.wv, model.projection
    return {
        "name": model.name,
        "words": wv.index_to_key,
        "size": wv.vector_size,
        "bytes": model.quantised.codes.itemsize,
        "counts": None if wv.counts is None else wv.counts.tolist(),
        "method": TITLES[model.method],
        "points": _rounded(projection.points[: len(wv)].T),
        "axes": _rounded(projection.axes),
        "center": _rounded(projection.center),
        "explained": projection.explained,
    }


def _rounded(array: np.ndarray[Any, Any] | None) -> Any:
    """Numbers for JSON with five digits: more than a screen can show."""
    if array is None:
        return None
    if array.ndim == 2:
        return [_rounded(row) for row in array]
    return [float(f"{number:.5g}") for number in array.tolist()]


def _difference(overlap: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The distribution of an overlap, and the words with the least of it, frequent ones first."""
    numbers = [n for _, n in overlap]
    return {
        "histogram": np.bincount(numbers, minlength=NEIGHBOURS + 1).tolist(),
        "mean": sum(numbers) / len(numbers) if numbers else None,
        "words": sorted(overlap, key=lambda entry: entry[1])[:MOST_DIFFERENT],
    }


def _examples(wv: Embeddings) -> list[str]:
    """A few queries to begin with: well-known ones where the vocabulary has them."""
    words = wv.index_to_key
    found = [word for word in _LIKELY_EXAMPLES if word in wv]
    frequent = (
        word for word in words[_EXAMPLES_FROM] if len(word) >= _SHORTEST_EXAMPLE and word.isalpha()
    )
    found = list(dict.fromkeys((*found, *frequent, *words[:_EXAMPLES])))[:_EXAMPLES]
    if all(word in wv for word in _LIKELY_ANALOGY):
        found.append("{} - {} + {}".format(*_LIKELY_ANALOGY))
    return found


# --- words ----------------------------------------------------------------------------------------


def _header(models: Sequence[Model]) -> str:
    """What the page shows; of files that are cut short, that they are."""
    names = [model.name for model in models]
    title = " and ".join(names) if len(names) < 3 else f"{len(names)} files of word vectors"
    lines = [(f"{model.name}: " if len(names) > 1 else "", _size(model)) for model in models]
    cut = (
        "<p class=note>The first words of a file are the most frequent by convention; neighbours "
        "are sought among these alone.</p>"
        if any(len(model.wv) < model.total for model in models)
        else ""
    )
    notes = "".join(f"<p class=note>{text(name)}{size}</p>" for name, size in lines)
    return f"<h1>{text(title)}</h1><div>{notes}{cut}</div>"


def _size(model: Model) -> str:
    words, numbers = f"{model.total:,} words", f"{model.wv.vector_size:,} numbers a word"
    if len(model.wv) < model.total:
        words = f"<strong>the first {len(model.wv):,} of {words}</strong>"
    return f"{words}, {numbers}"


def _about(models: Sequence[Model]) -> str:
    explained = (
        f"<p>recall@{NEIGHBOURS} is the part of a word's {NEIGHBOURS} nearest neighbours, by the "
        f"file's own numbers, that are among its {NEIGHBOURS} nearest on this page, which rounds "
        "them. It was measured on words over all frequencies when the page was made.</p>"
    )
    return explained + "".join(map(_about_one, models))


def _about_one(model: Model) -> str:
    codes, kept = model.quantised
    size = {1: "one byte", 2: "two bytes"}[codes.itemsize]
    loss = f"{text(model.name)}: {size} a number, <strong>recall@{NEIGHBOURS} {kept:.1%}</strong>"
    training = model.wv.training
    config = training.get("config")
    known = {
        **(config if isinstance(config, dict) else {}),
        **{
            key: training[key]
            for key in ("w2v_version", "epochs_trained", "words_trained", "train_seconds")
            if key in training
        },
    }
    if not known:
        return f"<p>{loss}. The file says nothing of how it was trained.</p>"
    cells = "".join(
        f"<tr><th scope=row>{text(key)}</th><td>{text('-' if value is None else value)}</td></tr>"
        for key, value in known.items()
    )
    return (
        f"<p>{loss}.</p><details><summary>How {text(model.name)} was trained</summary>"
        f'<div class="wide"><table>{cells}</table></div></details>'
    )
