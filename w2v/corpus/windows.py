"""Windows: which words around a center word are its context words, and what their pairs weigh.

A window reaches `left` words to the left of the center word and `right` words to its right. A pair
d words apart weighs, in expectation, with R = max(left, right):

    draw      (R - d + 1) / R    word2vec: b is drawn uniformly from 1..R for each position, and
                                 pairs more than b apart are left out (Mikolov et al. 2013,
                                 "Efficient Estimation of Word Representations in Vector Space",
                                 section 3.2); on the shorter side, too, b is from 1..R
    harmonic  1 / d              GloVe: every pair is trained, and its loss weighs 1 / d
                                 (Pennington, Socher and Manning 2014, "GloVe", section 4.2)
    flat      1                  every pair is trained alike

Levy, Goldberg and Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word
Embeddings", section 3.1, compare them. In each, the weight depends on the distance alone, not on
the side. b belongs to the position of the context word in the sampled losses, as in word2vec.c, and
to that of the center word in the full softmax.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Window(NamedTuple):
    """A window, and how its pairs are weighted; see the module.

    Attributes:
        left, right: words on either side of the center word, at most; one of them may be 0.
        distance_weights: ``draw``, ``harmonic`` or ``flat``.
    """

    left: int
    right: int
    distance_weights: str = "draw"

    @property
    def radius(self) -> int:
        """The larger side: the largest distance of a pair."""
        return max(self.left, self.right)

    @property
    def shrinks(self) -> bool:
        """Whether each position draws its own radius."""
        return self.distance_weights == "draw"

    @property
    def is_plain(self) -> bool:
        """Whether both sides are alike, and all pairs that are trained have weight 1."""
        return self.left == self.right and self.distance_weights != "harmonic"

    def reversed(self) -> Window:
        """The window around a context word in which its center words are."""
        return self._replace(left=self.right, right=self.left)

    def offset_weights(self, dtype: Any = np.float64) -> np.ndarray:
        """Weights of the words at -radius..radius from the middle, (2 * radius + 1,).

        0 in the middle and beyond either side. A drawn radius comes on top.
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
