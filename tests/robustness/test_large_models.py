"""Matrices of more than 2 ** 31 numbers: a word far down trains as it does in a small model.

The large matrices are sparse files, of which training touches a few pages.
"""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from w2v.config import make_config
from w2v.corpus import encode_sentences
from w2v.formats import estimated_bytes
from w2v.kernels.sampled import Model
from w2v.train.api import make_trainer, resolve

VECTOR_SIZE = 16
ROWS = 2**31 // VECTOR_SIZE + 1000

SENTENCES = [["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat", "on", "a", "log"]] * 9


def always_its_alias(aliases: np.ndarray) -> np.ndarray:
    """An alias table whose draws do not depend on how many words there are."""
    return np.stack([np.zeros_like(aliases), aliases], axis=1).astype(np.uint32)


@pytest.fixture
def sparse(tmp_path):
    """Makes matrices of zeros that take no room, and counts what they take after all."""
    files = []

    def make(name, shape):
        files.append(tmp_path / name)
        return np.memmap(files[-1], np.float32, "w+", shape=shape)

    make.taken = lambda: sum(path.stat().st_blocks * 512 for path in files)
    return make


def test_more_than_two_to_the_31_numbers(sparse):
    config = resolve(make_config({
        "vector_size": VECTOR_SIZE, "min_count": 1, "workers": 1, "sample": 0.05,
    }))  # fmt: skip
    small = make_trainer(encode_sentences(SENTENCES, min_count=1), config)
    words = len(small.corpus.vocabulary)
    small.model.noise.table = always_its_alias(np.arange(words))
    large = copy.copy(small)
    large.model = copy.copy(small.model)
    shift = ROWS - words
    large.model.noise = copy.copy(small.model.noise)
    large.model.noise.table = always_its_alias(shift + np.arange(words))
    large.corpus = replace(small.corpus, tokens=small.corpus.tokens + np.int32(shift))
    # Pages that nobody touches are free.
    large.model.thresholds = np.zeros(ROWS, small.model.thresholds.dtype)
    large.model.thresholds[shift:] = small.model.thresholds
    columns = small.model.parameters.center_vectors.shape[1]
    arrays = {}
    for name, array in small.model.parameters._asdict().items():
        arrays[name] = (
            sparse(name, (ROWS, columns)) if array.ndim == 2 else np.zeros(ROWS, array.dtype)
        )
        arrays[name][shift:] = array
    large.model.parameters = Model(**arrays)
    assert large.model.parameters.center_vectors.size > 2**31

    for block in range(3):
        expected = small.train_block(small.make_scratch(), block, 0, 0.1)
        assert large.train_block(large.make_scratch(), block, 0, 0.1) == expected
    assert expected[1] > 0
    for name, array in small.model.parameters._asdict().items():
        assert np.array_equal(getattr(large.model.parameters, name)[shift:], array), name
    assert np.abs(small.model.parameters.context_vectors).max() > 0
    for name in ("center_vectors", "context_vectors"):
        getattr(large.model.parameters, name).flush()
    assert sparse.taken() < 2**20


def test_sizes_are_computed_without_overflow():
    rows, size = 2**31 - 1, 4096
    assert estimated_bytes("v.bin", rows, size) > rows * size * 4
