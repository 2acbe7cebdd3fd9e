"""A page to look at vectors in: what it holds, and the HTML around it.

The page needs no server and no network. Its scripts are in ``assets``: ``vectors.js`` finds
neighbours, ``charts.js`` draws, ``explorer.js`` is the page's behaviour. Every word reaches the
page as JSON, and the page as text: none is ever read as HTML.

Reads no files and writes none (`w2v.explore`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from w2v import page
from w2v.embeddings import Embeddings
from w2v.page import text
from w2v.projection import TITLES, Projection, project
from w2v.quantise import NEIGHBOURS, Quantised, nearest, quantise

MOST_MODELS = 8
"""Different colours in ``page.css``."""

PAGE_BYTES = 15_000_000
"""What a page should stay below, unless told how many words to keep."""

MAP_WORDS = 2000
"""Words on the map: more take the browser longer to draw than it takes to read the page."""

COMPARED_WORDS = 2000
"""Words whose neighbours are compared between two files."""

MOST_DIFFERENT = 50
"""Rows of the table of words that differ most."""

_OTHER_BYTES = 2_300_000
"""The plotting script, compressed, with the page's own parts and the map."""

_WORD_BYTES = 28
"""A word in JSON with its count and its length in base64: 26 on English Wikipedia."""

_BASE64 = 4 / 3

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
        words: those kept, the first ones of the file.
        total: words in the file.
        quantised: their directions.
        lengths: (V,) float32, the lengths of their vectors.
        counts: (V,) occurrences in the corpus; None if the file has none.
        projection: points of the first words, for the map.
        method: how the map was made, a key of `w2v.projection.METHODS`.
        training: the record of the run that made the vectors; empty if the file has none.
    """

    name: str
    words: list[str]
    total: int
    quantised: Quantised
    lengths: np.ndarray[Any, np.dtype[np.float32]]
    counts: np.ndarray[Any, np.dtype[np.int64]] | None
    projection: Projection
    method: str
    training: dict[str, Any]


def words_that_fit(models: Sequence[Embeddings]) -> int:
    """How many words of each file fit on a page of `PAGE_BYTES`, at least 1000.

    Args:
        models: the files' vectors.
    """
    a_word = sum(_BASE64 * wv.vector_size + _WORD_BYTES for wv in models)
    fitting = int((PAGE_BYTES - _OTHER_BYTES) / a_word)
    return max(1000, fitting // 100 * 100)


def make_model(
    name: str,
    wv: Embeddings,
    *,
    max_words: int,
    map_words: int = MAP_WORDS,
    method: str = "pca",
    seed: int = 0,
) -> Model:
    """What the page holds of vectors.

    Args:
        name: what to call them.
        wv: the vectors, the most frequent words first.
        max_words: at most this many words are kept, the first ones.
        map_words: at most this many words are on the map.
        method: a key of `w2v.projection.METHODS`.
        seed: for the methods that draw random numbers.

    Raises:
        ConfigError: the method needs more words.
    """
    units = wv.unit_vectors[:max_words]
    return Model(
        name=name,
        words=wv.index_to_key[:max_words],
        total=len(wv),
        quantised=quantise(units),
        lengths=np.linalg.norm(wv.vectors[:max_words].astype(np.float64), axis=1).astype("<f4"),
        counts=None if wv.counts is None else wv.counts[:max_words],
        projection=project(units[:map_words], method, seed),
        method=method,
        training=wv.training,
    )


def overlap(first: Embeddings, second: Embeddings, max_words: int) -> list[tuple[str, int]]:
    """How many of its ten nearest neighbours a word has in both files, for the frequent words.

    Candidates are the words that both files have among their first `max_words`, so that another
    vocabulary alone makes no difference.

    Returns:
        (word, 0 to 10) for up to `COMPARED_WORDS` words that both have, in the order of the first
        file; nothing if they share no more than ten words.
    """
    known = {word: i for i, word in enumerate(second.index_to_key[:max_words])}
    pairs = [(i, known[w]) for i, w in enumerate(first.index_to_key[:max_words]) if w in known]
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
        "examples": _examples(models[0].words),
    }
    names = ", ".join(model.name for model in models)
    data = page.json_element("facts", facts) + "".join(
        page.compressed_element(f"codes-{i}", _little(model.quantised.codes))
        + page.compressed_element(f"lengths-{i}", _little(model.lengths))
        for i, model in enumerate(models)
    )
    script = "\n".join(map(page.asset, ("vectors.js", "charts.js", "explorer.js")))
    return page.whole(
        title=f"{names}: word vectors",
        style=page.asset("page.css") + page.asset("explorer.css"),
        body=f"{_header(models)}{page.asset('explorer.html')}{_details(models)}</main>{data}"
        f"{page.compressed_element('plotly', plotly_script.encode())}"
        f'<script type="module">{script}</script>',
    )


def _little(array: np.ndarray[Any, Any]) -> bytes:
    """Bytes as browsers read them on every machine that they run on: the lowest first."""
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _facts(model: Model) -> dict[str, Any]:
    projection = model.projection
    return {
        "name": model.name,
        "words": model.words,
        "size": model.quantised.codes.shape[1],
        "bytes": model.quantised.codes.itemsize,
        "counts": None if model.counts is None else model.counts.tolist(),
        "method": TITLES[model.method],
        "points": _rounded(projection.points.T),
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


def _examples(words: Sequence[str]) -> list[str]:
    """A few queries to begin with: well-known ones where the vocabulary has them."""
    known = set(words)
    found = [word for word in _LIKELY_EXAMPLES if word in known]
    frequent = (
        word for word in words[_EXAMPLES_FROM] if len(word) >= _SHORTEST_EXAMPLE and word.isalpha()
    )
    found = list(dict.fromkeys((*found, *frequent, *words[:_EXAMPLES])))[:_EXAMPLES]
    if known.issuperset(_LIKELY_ANALOGY):
        found.append("{} - {} + {}".format(*_LIKELY_ANALOGY))
    return found


# --- words ----------------------------------------------------------------------------------------


def _header(models: Sequence[Model]) -> str:
    title = " and ".join(model.name for model in models) if len(models) < 3 else "Word vectors"
    lines = "".join(f"<p class=note>{_summary(model, len(models) > 1)}</p>" for model in models)
    return (
        '<a class="skip" href="#query">To the search</a>'
        f"<header><h1>{text(title)}</h1><div>{lines}</div></header>"
    )


def _summary(model: Model, several: bool) -> str:
    name = f"{text(model.name)}: " if several else ""
    size = model.quantised.codes.shape[1]
    if len(model.words) < model.total:
        held = (
            f"<strong>the first {len(model.words):,} of {model.total:,} words</strong>, which are "
            "the most frequent by convention; neighbours are sought among these alone"
        )
    else:
        held = f"{model.total:,} words"
    return f"{name}{held}; {size:,} numbers a word."


def _details(models: Sequence[Model]) -> str:
    rows = "".join(_model_details(model, len(models) > 1) for model in models)
    return f'<section id="about"><h2>About the vectors</h2>{rows}</section>'


def _model_details(model: Model, several: bool) -> str:
    codes, kept = model.quantised
    size = {1: "one byte", 2: "two bytes"}[codes.itemsize]
    title = f"<h3>{text(model.name)}</h3>" if several else ""
    loss = (
        f"<p>The page keeps {size} a number. Of a word's {NEIGHBOURS} nearest neighbours by the "
        f"file's own numbers, <strong>{kept:.1%}</strong> are among its {NEIGHBOURS} nearest here "
        f"(recall@{NEIGHBOURS}, measured on words over all frequencies when the page was made).</p>"
    )
    config = model.training.get("config")
    known = {
        **(config if isinstance(config, dict) else {}),
        **{
            key: model.training[key]
            for key in ("w2v_version", "epochs_trained", "words_trained", "train_seconds")
            if key in model.training
        },
    }
    if not known:
        return f"{title}{loss}<p class=note>The file says nothing of how it was trained.</p>"
    cells = "".join(
        f"<tr><th scope=row>{text(key)}</th><td>{text('-' if value is None else value)}</td></tr>"
        for key, value in known.items()
    )
    return (
        f"{title}{loss}<details><summary>How they were trained</summary>"
        f'<div class="wide"><table>{cells}</table></div></details>'
    )
