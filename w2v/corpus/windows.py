"""Windows: which words around a center word are its context words, and how pairs are weighted.

A window extends over `left` words to the left of the center word and `right` words to its right.
With R = max(left, right), the expected weight of a pair at distance d is

    draw      (R - d + 1) / R    word2vec: b is drawn uniformly from 1..R for each position, and
                                 pairs at distances above b are left out (Mikolov et al. 2013,
                                 "Efficient Estimation of Word Representations in Vector Space",
                                 section 3.2); the range is 1..R on the shorter side, too
    harmonic  1 / d              GloVe: every pair is trained, with a loss weighted by 1 / d
                                 (Pennington, Socher and Manning 2014, "GloVe", section 4.2)
    flat      1                  every pair is trained with the same weight

Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word
Embeddings", section 3.1, compare them. The weight depends only on the distance, not on the side. In
the sampled losses, b is drawn for the position of the context word, as in word2vec.c; in the full
softmax, for that of the center word.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Window(NamedTuple):
    """A window, and how its pairs are weighted; see the module's docstring.

    Attributes:
        left, right: maximum number of context words on either side of the center word; one of them
            may be 0.
        distance_weights: ``draw``, ``harmonic`` or ``flat``.
    """

    left: int
    right: int
    distance_weights: str = "draw"

    @property
    def radius(self) -> int:
        """The largest distance of a pair, max(left, right)."""
        return max(self.left, self.right)

    @property
    def shrinks(self) -> bool:
        """Whether each position draws its own radius."""
        return self.distance_weights == "draw"

    @property
    def is_plain(self) -> bool:
        """Whether both sides are equal, and every pair that is trained has weight 1."""
        return self.left == self.right and self.distance_weights != "harmonic"

    def reversed(self) -> Window:
        """The window around a context word that contains its center words."""
        return self._replace(left=self.right, right=self.left)

    def offset_weights(self, dtype: Any = np.float64) -> np.ndarray:
        """Weights of pairs by offset.

        Returns:
            (2 * radius + 1,) weights for the offsets -radius..radius, 0 at offset 0 and beyond
            either side. They do not include the effect of drawing b.
        """
        offsets = np.arange(-self.radius, self.radius + 1)
        inside = (-self.left <= offsets) & (offsets <= self.right) & (offsets != 0)
        weights = np.ones(len(offsets))
        if self.distance_weights == "harmonic":
            weights = 1 / np.maximum(np.abs(offsets), 1)
        result: np.ndarray = (weights * inside).astype(dtype)
        return result


def window_of(config: Any) -> Window:
    """The window of a configuration: an object with `window_sides` and `distance_weights`."""
    left, right = config.window_sides
    return Window(left, right, config.distance_weights)
