"""Vectors in two dimensions, for a map: PCA, and UMAP or t-SNE from the extra ``viz``.

PCA is the one that a reader can reason about: it is linear, so that further words can be put on
the same map, and it says how much of the differences it shows. Draws nothing.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from w2v.errors import ConfigError
from w2v.formats.table import FloatMatrix

FEWEST_WORDS = 5
"""UMAP and t-SNE look at neighbourhoods, of which fewer words have none."""


class Projection(NamedTuple):
    """Points of a map.

    Attributes:
        points: (M, 2) float32.
        axes: (2, D) float32 and center (D,) float32, for PCA: a word's point is
            axes @ (unit vector - center). None for the others.
        center: see `axes`.
        explained: for PCA, the part of the variance that the two axes hold, 0 to 1.
    """

    points: FloatMatrix
    axes: FloatMatrix | None = None
    center: np.ndarray[Any, np.dtype[np.float32]] | None = None
    explained: float | None = None


def pca(units: FloatMatrix, seed: int = 0) -> Projection:
    """The plane of greatest variance: eigenvectors of the covariance, the first two.

    Each axis points to where its largest number is positive, so that the same vectors give the
    same map; `seed` is not used.

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
    """UMAP by cosine, of McInnes, Healy and Melville 2018; one thread, so that a seed decides."""
    reducer = importlib.import_module("umap").UMAP(
        metric="cosine",
        n_neighbors=min(15, len(units) - 1),
        init="spectral" if len(units) > 2 * FEWEST_WORDS else "random",
        random_state=seed,
        n_jobs=1,
    )
    return Projection(np.asarray(reducer.fit_transform(units), np.float32))


def tsne(units: FloatMatrix, seed: int = 0) -> Projection:
    """t-SNE by cosine, of van der Maaten and Hinton 2008."""
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

_NEEDS = {"umap": ("umap", "umap-learn"), "tsne": ("sklearn.manifold", "scikit-learn")}
"""The module that a method imports, and the package that has it."""


def check_method(method: str) -> None:
    """Refuse a method whose package is not installed.

    Raises:
        ConfigError: the message says what to install.
    """
    module, package = _NEEDS.get(method, ("", ""))
    if module:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise ConfigError(
                f"--map {method}: expected the package {package}, got none ({error}): "
                "pip install 'w2v[viz]'"
            ) from error


def project(units: FloatMatrix, method: str, seed: int = 0) -> Projection:
    """Points of `units` (M, D) in two dimensions.

    Raises:
        ConfigError: fewer than `FEWEST_WORDS` words for a method other than PCA.
    """
    if method != "pca" and len(units) < FEWEST_WORDS:
        raise ConfigError(
            f"--map {method}: expected at least {FEWEST_WORDS} words, got {len(units)}"
        )
    return METHODS[method](units, seed)
