"""The corpus to measure on: a given text or a synthetic one, cut to a size."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from w2v.util.files import atomic_write

SYNTHETIC_BYTES = 100e6
SYNTHETIC_WORDS = 200_000
"""Distinct words, of which about a third occur five times or more."""
EXPONENT, SHIFT = 1.05, 2.7
"""Frequency of the word of rank r: (r + shift) ** -exponent (Mandelbrot 1953)."""
SENTENCE = 40


def write_corpus(given: Path | None, folder: Path, at_most: float | None) -> Path:
    """The given text or a synthetic one, cut after a line to about `at_most` bytes."""
    if given is not None and (at_most is None or given.stat().st_size <= at_most):
        return given
    path = folder / "corpus.txt"
    if given is None:
        text = _synthetic(at_most or SYNTHETIC_BYTES)
    else:
        with given.open("rb") as stream:
            text = stream.read(int(at_most or 0)) + stream.readline()
    with atomic_write(path) as out:
        out.write(text)
    return path


def _synthetic(size: float) -> bytes:
    rng = np.random.default_rng(0)
    weights = (np.arange(SYNTHETIC_WORDS) + SHIFT) ** -EXPONENT
    cumulative = np.cumsum(weights / weights.sum())
    # Frequent words are short, as in natural languages.
    names = np.array([_name(rank) for rank in range(SYNTHETIC_WORDS)])
    lines, written = [], 0
    while written < size:
        ids = np.searchsorted(cumulative, rng.random((5000, SENTENCE)))
        chunk = "\n".join(" ".join(row) for row in names[ids]) + "\n"
        lines.append(chunk.encode())
        written += len(lines[-1])
    return b"".join(lines)


def _name(rank: int) -> str:
    letters = ""
    rank += 26  # two letters at least
    while rank:
        rank, letter = divmod(rank, 26)
        letters += chr(ord("a") + letter)
    return letters
