"""Vectors in two dimensions."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from explorer import made_up

from w2v.errors import ConfigError
from w2v.explore import projection
from w2v.explore.clusters import find_clusters


def test_pca_against_singular_values():
    units = made_up().unit_vectors
    found = projection.pca(units)
    centered = units.astype(np.float64) - units.mean(axis=0, dtype=np.float64)
    _, values, vectors = np.linalg.svd(centered, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.axes), np.abs(vectors[:2]), atol=1e-5)
    assert found.explained == pytest.approx((values[:2] ** 2).sum() / (values**2).sum())
    np.testing.assert_allclose(found.points, (units - found.center) @ found.axes.T, atol=1e-5)
    assert (found.axes[[0, 1], np.abs(found.axes).argmax(axis=1)] > 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (5, 1), (2, 2)])
def test_pca_of_very_little(shape):
    found = projection.pca(np.ones(shape, np.float32))
    assert found.points.shape == (shape[0], 2)
    assert np.isfinite(found.points).all()
    assert found.explained == 1


@pytest.mark.filterwarnings("ignore")  # theirs, not ours
@pytest.mark.parametrize(
    ("method", "module"),
    [
        pytest.param("umap", "umap", marks=pytest.mark.slow),  # compiles for a minute
        ("tsne", "sklearn.manifold"),
    ],
)
def test_other_maps_keep_groups_together(method, module):
    pytest.importorskip(module)
    groups = np.repeat(np.eye(3, 8), 20, axis=0)
    units = groups + 0.05 * np.random.default_rng(0).normal(size=groups.shape)
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    points = projection.project(units, method, seed=1).points
    assert points.shape == (60, 2)
    centers = points.reshape(3, 20, 2).mean(axis=1)
    distances = np.linalg.norm(points[:, None] - centers, axis=2)
    assert (distances.argmin(axis=1) == np.repeat(range(3), 20)).mean() > 0.95
    again = projection.project(units, method, seed=1).points
    np.testing.assert_array_equal(points, again)
    with pytest.raises(ConfigError, match="needs at least 5 words, got 3"):
        projection.project(units[:3], method)


def test_umap_is_preferred_where_it_is_installed(monkeypatch):
    installed = {"umap": True}
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: object() if installed.get(name) else None
    )
    assert projection.choose_method("auto", 50) == "umap"
    assert projection.choose_method("auto", 49) == "pca"
    assert projection.choose_method("pca", 50) == "pca"
    installed["umap"] = False
    assert projection.choose_method("auto", 50) == "pca"


def test_clusters_are_the_groups():
    """Eight groups that are far apart; the names are frequent words near the middle."""
    random = np.random.default_rng(0)
    group = np.arange(160) % 8
    units = np.eye(8, 12)[group] + 0.05 * random.normal(size=(160, 12))
    units[8:16] += 0.2  # frequent, but at the edge of their groups
    units = (units / np.linalg.norm(units, axis=1, keepdims=True)).astype(np.float32)
    found = find_clusters(units)
    for cluster, names in enumerate(found.names):
        members = np.flatnonzero(np.array(found.labels) == cluster)
        assert len(set(group[members])) == 1
        assert len(members) == 20
        center = units[members].mean(axis=0)
        cosines = units[members] @ center
        central = [m for m, c in zip(members, cosines, strict=True) if c >= np.median(cosines)]
        assert names == central[:3]
        assert not set(names) & set(range(8, 16))
    assert find_clusters(units[:19]) is None
    assert find_clusters(np.ones((200, 3), np.float32)) is None


def test_without_scikit_learn_there_are_no_clusters(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    assert find_clusters(made_up().unit_vectors) is None
