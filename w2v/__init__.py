"""w2v: skip-gram word2vec with negative sampling, NCE, sampled softmax and full softmax.

>>> import w2v
>>> wv = w2v.train_embeddings("corpus.txt", vector_size=100)      # doctest: +SKIP
>>> wv.most_similar("king")                                        # doctest: +SKIP

The names below are imported on first use, so that ``python -m w2v.train --help`` does not import
Numba. `w2v.train` is the package of the command; the function is `train_embeddings`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from w2v.config import Checkpoints, TrainConfig
    from w2v.embeddings import Embeddings, load
    from w2v.errors import W2VError
    from w2v.train.api import train_embeddings
    from w2v.train.callbacks import Callback

__version__ = "0.1.0"

__all__ = [
    "Callback",
    "Checkpoints",
    "Embeddings",
    "TrainConfig",
    "W2VError",
    "__version__",
    "load",
    "train_embeddings",
]

_MODULE_OF = {
    "Callback": "w2v.train.callbacks",
    "Checkpoints": "w2v.config",
    "Embeddings": "w2v.embeddings",
    "TrainConfig": "w2v.config",
    "W2VError": "w2v.errors",
    "load": "w2v.embeddings",
    "train_embeddings": "w2v.train.api",
}


def __getattr__(name: str) -> object:
    if name in _MODULE_OF:
        return getattr(importlib.import_module(_MODULE_OF[name]), name)
    raise AttributeError(f"module 'w2v' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
