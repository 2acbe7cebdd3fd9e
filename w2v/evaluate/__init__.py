"""Evaluate word vectors on analogies and word similarity.

>>> from w2v.evaluate import evaluate_analogies, evaluate_similarity
"""

from w2v.evaluate.scoring import (
    AnalogyResult,
    Score,
    SimilarityResult,
    evaluate_analogies,
    evaluate_similarity,
)

__all__ = [
    "AnalogyResult",
    "Score",
    "SimilarityResult",
    "evaluate_analogies",
    "evaluate_similarity",
]
