"""Clusters of similar words, which the map shows in different colours."""

from __future__ import annotations

import importlib
from typing import NamedTuple

import numpy as np

from w2v.formats.table import FloatMatrix

COLOURS = 8
"""Number of colours in ``page.css``."""

_WORDS_PER_CLUSTER = 10
"""Fewest different words per cluster; smaller clusters tell a reader nothing."""
_NAMES = 3


class Clusters(NamedTuple):
    """Clusters of the first words of a file.

    Attributes:
        labels: the cluster of each word, 0 to `COLOURS` - 1.
        names: for each cluster, the ids of the most frequent words among the half nearest to its
            center.
    """

    labels: list[int]
    names: list[list[int]]


def find_clusters(units: FloatMatrix, seed: int = 0) -> Clusters | None:
    """Cluster words by k-means on their unit vectors (Lloyd 1982).

    Args:
        units: (M, D) vectors of length 1.
        seed: seed of the initial centers.

    Returns:
        The clusters; None without scikit-learn, or if there are too few different words.
    """
    count = min(COLOURS, len(np.unique(units, axis=0)) // _WORDS_PER_CLUSTER)
    if count < 2:
        return None
    try:
        module = importlib.import_module("sklearn.cluster")
    except ImportError:
        return None
    model = module.KMeans(n_clusters=count, n_init=4, random_state=seed).fit(units)
    labels: list[int] = model.labels_.tolist()
    cosines = units @ model.cluster_centers_.T
    names = []
    for cluster in range(count):
        members = np.flatnonzero(model.labels_ == cluster)
        central = cosines[members, cluster] >= np.median(cosines[members, cluster])
        names.append(members[central][:_NAMES].tolist())
    return Clusters(labels, names)
