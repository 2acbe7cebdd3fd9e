"""The page of the explorer: its data and its HTML.

The page needs no server and no network. Its scripts are in ``assets``: ``vectors.js`` finds
neighbours, ``charts.js`` draws, ``search.js`` and ``map.js`` handle input, ``explorer.js`` shows
the query in the address. Words reach the page as JSON and become text nodes, never HTML.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from w2v.embeddings import Embeddings
from w2v.embeddings.neighbors import nearest_rows
from w2v.explore.clusters import Clusters, find_clusters
from w2v.explore.projection import TITLES, Projection, choose_method, project
from w2v.explore.quantise import NEIGHBOURS, Quantised, lengths, quantise
from w2v.util import html_page

MAX_MODELS = 8
"""Files on a page: each has a colour of ``page.css``."""

MAX_PAGE_BYTES = 15_000_000
"""Maximum size of a page, unless the caller sets the number of words."""

MAP_WORDS = 2000
"""Words on the map by default; drawing more takes the browser longer than loading the page."""

COMPARED_WORDS = 2000
"""Words whose neighbours are compared between two files."""

MAX_DIFFERENT = 50
"""Rows of the table of words that differ most."""

_MIN_WORDS = 1000
"""Fewest words kept of each file, whatever the size of the page."""

_FIXED_BYTES = 2_000_000
"""Compressed plotly.js, the page's own parts and the map."""

_MIN_EXAMPLE_LETTERS = 4
_EXAMPLES = 5
_EXAMPLES_FROM = slice(50, 1000)
_KNOWN_EXAMPLES = ("king", "france", "water", "music", "cat", "old")
_KNOWN_ANALOGY = ("king", "man", "woman")

_RECORDED = ("w2v_version", "epochs_trained", "words_trained", "train_seconds")


@dataclass(frozen=True)
class Model:
    """One file of vectors on the page.

    Attributes:
        name: its name on the page.
        wv: the words kept, the first ones of the file, with their vectors.
        total: number of words in the file.
        quantised: the directions of the vectors.
        projection: positions of the first words on the map.
        clusters: clusters of these words; None if `find_clusters` found none.
        method: how the map was computed, a key of `w2v.explore.projection.METHODS`.
    """

    name: str
    wv: Embeddings
    total: int
    quantised: Quantised
    projection: Projection
    clusters: Clusters | None
    method: str

    @property
    def is_cut(self) -> bool:
        """Whether the page leaves words out."""
        return len(self.wv) < self.total

    @property
    def record(self) -> dict[str, Any]:
        """Options and statistics of the training that are recorded in the file."""
        training = self.wv.training
        known = {key: training[key] for key in _RECORDED if key in training}
        return {**self.wv.training_options, **known}


def explore(
    files: Sequence[tuple[str, Embeddings]],
    plotly_script: str,
    *,
    max_words: int | None = None,
    map_words: int = MAP_WORDS,
    method: str = "auto",
    seed: int = 0,
) -> tuple[list[Model], str]:
    """Build the page.

    Args:
        files: names and vectors, the most frequent words first.
        plotly_script: source of plotly.js.
        max_words: number of words to keep of each file, the first ones. None keeps as many as fit
            into `MAX_PAGE_BYTES`, and at least 1000.
        map_words: maximum number of words on the map.
        method: a key of `w2v.explore.projection.METHODS`, or ``auto``.
        seed: seed of the map and the clusters.

    Returns:
        The files as the page shows them, and the HTML of the page.

    Raises:
        ConfigError: the method needs more words.
    """
    kept = _guess_size([wv for _, wv in files]) if max_words is None else max_words
    maps = []
    for _, wv in files:
        units = wv.first(min(map_words, kept)).unit_vectors
        chosen = choose_method(method, len(units))
        maps.append((chosen, project(units, chosen, seed), find_clusters(units, seed)))
    while True:
        models = [
            Model(name, head, len(wv), quantise(head.unit_vectors), projection, clusters, chosen)
            for (name, wv), (chosen, projection, clusters) in zip(files, maps, strict=True)
            for head in [wv.first(kept)]
        ]
        overlaps = [overlap(models[0].wv, other.wv) for other in models[1:]]
        page = explorer_page(models, overlaps, plotly_script)
        size = len(page.encode())
        longest = max(len(model.wv) for model in models)
        if size <= MAX_PAGE_BYTES or max_words is not None or longest <= _MIN_WORDS:
            return models, page
        kept = _in_hundreds(
            0.99 * longest * (MAX_PAGE_BYTES - _FIXED_BYTES) / (size - _FIXED_BYTES)
        )


def _guess_size(files: Sequence[Embeddings]) -> int:
    """How many words of each file fit into a page at one byte per number."""
    # In base64; what gzip saves on the numbers makes room for the word itself.
    bytes_per_word = 4 / 3 * sum(wv.vector_size for wv in files)
    return _in_hundreds((MAX_PAGE_BYTES - _FIXED_BYTES) / bytes_per_word)


def _in_hundreds(words: float) -> int:
    return max(_MIN_WORDS, int(words) // 100 * 100)


def overlap(first: Embeddings, second: Embeddings) -> list[tuple[str, int]]:
    """Count the nearest neighbours that frequent words have in common in two files.

    Only words in both files are candidates, so that a different vocabulary alone changes nothing.

    Returns:
        (word, 0 to 10) for up to `COMPARED_WORDS` words in both files, in the order of the first
        file. Empty if they have ten words or fewer in common.
    """
    known = second.key_to_index
    pairs = [(i, known[word]) for i, word in enumerate(first) if word in known]
    if len(pairs) <= NEIGHBOURS:
        return []
    rows = np.array(pairs)
    asked = np.arange(min(len(rows), COMPARED_WORDS))
    a, _ = nearest_rows(first.unit_vectors[rows[:, 0]], asked, NEIGHBOURS)
    b, _ = nearest_rows(second.unit_vectors[rows[:, 1]], asked, NEIGHBOURS)
    shared = (a[:, :, None] == b[:, None, :]).any(axis=2).sum(axis=1)
    words = first.index_to_key
    return [
        (words[row], n)
        for row, n in zip(rows[: len(asked), 0].tolist(), shared.tolist(), strict=True)
    ]


def explorer_page(
    models: Sequence[Model], overlaps: Sequence[Sequence[tuple[str, int]]], plotly_script: str
) -> str:
    """Render the page.

    Args:
        models: the files; the first one is compared with each of the others.
        overlaps: results of `overlap` for each of the others.
        plotly_script: source of plotly.js.

    Returns:
        The HTML of the page.
    """
    facts = {
        "models": [_facts(model) for model in models],
        "neighbours": NEIGHBOURS,
        "overlaps": [_difference(overlap) for overlap in overlaps],
        "examples": _examples(models[0].wv),
    }
    data = [html_page.json_element("facts", facts)]
    for i, model in enumerate(models):
        data.append(
            html_page.compressed_element(f"codes-{i}", _little_endian(model.quantised.codes))
        )
        data.append(
            html_page.compressed_element(f"lengths-{i}", _little_endian(lengths(model.wv.vectors)))
        )
    return html_page.render(
        "w2v.explore",
        "explorer.html",
        styles=("explorer.css",),
        scripts=("vectors.js", "charts.js", "search.js", "map.js", "explorer.js"),
        plotly_script=plotly_script,
        models=models,
        neighbours=NEIGHBOURS,
        data=Markup("").join(data),
    )


def _little_endian(array: np.ndarray[Any, Any]) -> bytes:
    """Bytes in the order in which browsers read typed arrays."""
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def _facts(model: Model) -> dict[str, Any]:
    wv, projection, clusters = model.wv, model.projection, model.clusters
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
        "clusters": None if clusters is None else clusters.labels[: len(wv)],
        "clusterNames": None
        if clusters is None
        else [[word for word in names if word < len(wv)] for names in clusters.names],
    }


def _rounded(array: np.ndarray[Any, Any] | None) -> Any:
    """Numbers for JSON, rounded to five digits: a screen shows fewer."""
    if array is None:
        return None
    if array.ndim == 2:
        return [_rounded(row) for row in array]
    return [float(f"{number:.5g}") for number in array.tolist()]


def _difference(overlap: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """The distribution of an overlap, and the words with the smallest, frequent ones first."""
    numbers = [n for _, n in overlap]
    return {
        "histogram": np.bincount(numbers, minlength=NEIGHBOURS + 1).tolist(),
        "mean": sum(numbers) / len(numbers) if numbers else None,
        "words": sorted(overlap, key=lambda entry: entry[1])[:MAX_DIFFERENT],
    }


def _examples(wv: Embeddings) -> list[str]:
    """A few queries to start with: well-known words, if the vocabulary has them."""
    words = wv.index_to_key
    found = [word for word in _KNOWN_EXAMPLES if word in wv]
    frequent = (
        word
        for word in words[_EXAMPLES_FROM]
        if len(word) >= _MIN_EXAMPLE_LETTERS and word.isalpha()
    )
    found = list(dict.fromkeys((*found, *frequent, *words[:_EXAMPLES])))[:_EXAMPLES]
    if all(word in wv for word in _KNOWN_ANALOGY):
        found.append("{} - {} + {}".format(*_KNOWN_ANALOGY))
    return found
