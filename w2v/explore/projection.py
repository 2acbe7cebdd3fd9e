"""Projections of vectors to two dimensions for a map: PCA, or UMAP and t-SNE (extra ``viz``).

UMAP and t-SNE keep neighbours together. PCA shows only a few percent of the variance of word
vectors, but it is linear: other words can be placed on the same map, and the percentage is known.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from w2v.errors import ConfigError
from w2v.formats.table import FloatMatrix
from w2v.util.packages import require_package

MIN_WORDS = 5
"""Fewest words for UMAP and t-SNE, which look at neighbourhoods."""

MIN_UMAP_WORDS = 50
"""Fewest words for which ``auto`` chooses UMAP."""


class Projection(NamedTuple):
    """Points of a map.

    Attributes:
        points: (M, 2) float32.
        axes: (2, D) float32, for PCA: the point of any word is axes @ (unit vector - center).
            None for the other methods.
        center: (D,) float32, for PCA; see `axes`.
        explained: for PCA, the fraction of the variance along the two axes, 0 to 1.
    """

    points: FloatMatrix
    axes: FloatMatrix | None = None
    center: np.ndarray[Any, np.dtype[np.float32]] | None = None
    explained: float | None = None


def pca(units: FloatMatrix, seed: int = 0) -> Projection:
    """Project onto the plane of greatest variance: the first two eigenvectors of the covariance.

    The sign of each axis makes its largest component positive, so that the same vectors always
    give the same map. `seed` is not used.

    Source: Hotelling 1933, "Analysis of a complex of statistical variables into principal
    components", section 2.
    """
    wide = units.astype(np.float64)
    center = wide.mean(axis=0)
    wide -= center
    variances, vectors = np.linalg.eigh(wide.T @ wide)
    axes = np.zeros((2, units.shape[1]))
    best = vectors.T[::-1][:2]
    axes[: len(best)] = (
        best * np.sign(best[np.arange(len(best)), np.abs(best).argmax(axis=1)])[:, None]
    )
    total = float(variances.sum())
    return Projection(
        (wide @ axes.T).astype(np.float32),
        axes.astype(np.float32),
        center.astype(np.float32),
        float(variances[::-1][:2].sum()) / total if total > 0 else 1.0,
    )


def umap(units: FloatMatrix, seed: int = 0) -> Projection:
    """UMAP on cosines (McInnes, Healy and Melville 2018), in one thread so that it is reproducible.

    The first call compiles for several seconds.
    """
    reducer = importlib.import_module("umap").UMAP(
        metric="cosine",
        min_dist=0.3,  # room for labels
        n_neighbors=min(15, len(units) - 1),
        init="spectral" if len(units) > 2 * MIN_WORDS else "random",
        random_state=seed,
        n_jobs=1,
    )
    return Projection(np.asarray(reducer.fit_transform(units), np.float32))


def tsne(units: FloatMatrix, seed: int = 0) -> Projection:
    """t-SNE on cosines (van der Maaten and Hinton 2008)."""
    reducer = importlib.import_module("sklearn.manifold").TSNE(
        metric="cosine",
        init="random",
        perplexity=min(30.0, (len(units) - 1) / 3),
        random_state=seed,
        n_jobs=1,
    )
    return Projection(np.asarray(reducer.fit_transform(units), np.float32))


METHODS: dict[str, Callable[[FloatMatrix, int], Projection]] = {
    "pca": pca,
    "umap": umap,
    "tsne": tsne,
}

TITLES = {"pca": "PCA", "umap": "UMAP", "tsne": "t-SNE"}

AUTO = "auto"
CHOICES = (AUTO, *METHODS)

_NEEDS = {"umap": ("umap", "umap-learn"), "tsne": ("sklearn.manifold", "scikit-learn")}
"""The module that a method imports, and the package that provides it."""


def choose_method(method: str, words: int) -> str:
    """Turn ``auto`` into a key of `METHODS`, and return other methods as they are.

    ``auto`` is UMAP if it is installed and there are `MIN_UMAP_WORDS` words, otherwise PCA.

    Args:
        method: a key of `METHODS`, or ``auto``.
        words: number of words on the map.
    """
    if method != AUTO:
        return method
    has_umap = words >= MIN_UMAP_WORDS and importlib.util.find_spec("umap") is not None
    return "umap" if has_umap else "pca"


def check_method(method: str) -> None:
    """Refuse a method whose package is not installed.

    Raises:
        ConfigError: the package is missing; the message says how to install it.
    """
    if method in _NEEDS:
        require_package(f"--map {method}", *_NEEDS[method], "viz")


def project(units: FloatMatrix, method: str, seed: int = 0) -> Projection:
    """Place vectors in two dimensions.

    Args:
        units: (M, D) vectors of length 1.
        method: a key of `METHODS`.
        seed: seed of UMAP and t-SNE.

    Raises:
        ConfigError: fewer than `MIN_WORDS` words for a method other than PCA.
    """
    if method != "pca" and len(units) < MIN_WORDS:
        raise ConfigError(f"--map {method}: needs at least {MIN_WORDS} words, got {len(units)}")
    return METHODS[method](units, seed)
