"""The speed of reading text, and of writing and reading vectors."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import (
    Job,
    Row,
    Skipped,
    at_least,
    at_most,
    at_once,
    in_turns,
    run_python,
    timed,
)
from w2v import Embeddings, load
from w2v.corpus import encode_sentences, read_corpus, with_phrases

DIMENSIONS = 300


def reading(job: Job) -> Iterator[Row]:
    """Plain text to word ids: seconds for 100 MB, and ratios to Python's own split and dict."""

    def seconds(workers: int = 1, **options: Any) -> float:
        path = str(job.corpus)
        return timed(lambda: read_corpus(path, min_count=5, workers=workers, **options))

    seconds()
    seconds(tokenize="words")
    runs = in_turns(
        job.rounds,
        {"one": seconds, "two": partial(seconds, 2), "words": partial(seconds, tokenize="words"),
         "apart": partial(at_once, seconds, seconds),
         "python": partial(timed, partial(_split_and_count, job.corpus))},
    )  # fmt: skip
    scale = 100e6 / job.corpus_bytes
    yield at_most("reading 100 MB, one core", 0.6, [scale * run["one"] for run in runs], " s")
    against = [run["one"] / run["python"] for run in runs]
    yield at_most("reading, against Python's split and dict", 0.33, against, "x")
    faster = [run["one"] / run["two"] for run in runs]
    apart = statistics.median(2 * run["one"] / run["apart"] for run in runs)
    yield at_least(
        "reading, two threads against one", 1.8, faster,
        more=f"; two texts at once, a thread each: {apart:.2f}x",
    )  # fmt: skip
    slower = [run["words"] / run["one"] for run in runs]
    yield at_most("`--tokenize words`, against whitespace", 1.5, slower, "x")


def _split_and_count(path: Path) -> None:
    ids: dict[str, int] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            [ids.setdefault(word, len(ids)) for word in line.split()]


def phrases(job: Job) -> Iterator[Row]:
    """Joining phrases once, in a corpus that has already been read, against gensim's Phrases.

    Raises:
        Skipped: gensim is not installed.
    """
    if find_spec("gensim") is None:
        raise Skipped("needs gensim")
    corpus = read_corpus(str(job.corpus), min_count=1)
    with_phrases(encode_sentences([["a", "b", "c"]] * 9, min_count=1))  # compile
    rounds = max(1, job.rounds // 2)
    runs = in_turns(
        rounds,
        {"w2v": lambda: timed(lambda: with_phrases(corpus)),
         "gensim": lambda: timed(lambda: _gensim_phrases(job.corpus))},
    )  # fmt: skip
    faster = [run["gensim"] / run["w2v"] for run in runs]
    yield at_least("joining phrases, against gensim's Phrases", 10, faster)


def _gensim_phrases(path: Path) -> None:
    from gensim.models.phrases import Phrases

    with path.open(encoding="utf-8") as lines:
        learned = Phrases(map(str.split, lines), min_count=5, threshold=100)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            learned[line.split()]


def formats(job: Job) -> Iterator[Row]:
    """Vectors of 300 dimensions, against writing and reading the same raw bytes."""
    n = 20_000 if job.quick else 1_000_000
    vectors = np.random.default_rng(0).standard_normal((n, DIMENSIONS), dtype=np.float32)
    wv = Embeddings([f"word{i}" for i in range(n)], vectors)
    raw = job.folder / "raw"
    for suffix in (".bin", ".safetensors"):
        path = job.folder / f"vectors{suffix}"
        runs = in_turns(
            job.rounds,
            {"write": partial(timed, partial(wv.save, path)),
             "raw write": partial(timed, partial(_write_raw, raw, vectors)),
             "read": partial(_seconds_alone, "load", path),
             "raw read": partial(_seconds_alone, "_read_raw", raw)},
        )  # fmt: skip
        path.unlink()
        for what, target in (("write", 2.0), ("read", 1.5)):
            rate = vectors.nbytes / statistics.median(run[what] for run in runs) / 1e9
            yield at_most(
                f"{what} {n:,} x {DIMENSIONS} {suffix}, in the time of raw bytes", target,
                [run[what] / run[f"raw {what}"] for run in runs], "x", f"; {rate:.2f} GB/s",
            )  # fmt: skip
    raw.unlink()
    yield from _text(job, Embeddings(wv.index_to_key[: n // 10], vectors[: n // 10]))


def _seconds_alone(function: str, path: Path) -> float:
    """Seconds that a function of this module takes for a file, in a fresh process.

    In this one, it would also depend on the memory that earlier turns have left.
    """
    code = (
        "import json, sys\nfrom benchmarks import files\n"
        "function, path = json.loads(sys.argv[1])\n"
        "path = files.Path(path)\n"
        "print(json.dumps({'seconds': files.timed(lambda: getattr(files, function)(path))}))"
    )
    return run_python(code, [function, str(path)])["seconds"]


def _write_raw(path: Path, vectors: np.ndarray) -> None:
    with path.open("wb") as stream:
        stream.write(memoryview(vectors).cast("B"))
        stream.flush()
        os.fsync(stream.fileno())


def _read_raw(path: Path) -> bool:
    """Read the numbers and check each once, as any reader that refuses NaN must."""
    numbers = np.empty(path.stat().st_size // 4, np.float32)
    with path.open("rb") as stream:
        stream.readinto(numbers.data.cast("B"))
    return bool(np.isfinite(numbers).all())


def _text(job: Job, wv: Embeddings) -> Iterator[Row]:
    """Text files with a tenth as many rows, against pyarrow's CSV if it is installed."""
    path, csv = job.folder / "vectors.txt", job.folder / "vectors.csv"
    sides: dict[str, Callable[[], float]] = {
        "write": partial(timed, partial(wv.save, path)),
        "read": partial(timed, partial(load, path)),
    }
    if not find_spec("pyarrow"):
        runs = in_turns(1, sides)
        seconds = f"{runs[0]['write']:.1f} s and {runs[0]['read']:.1f} s"
        yield Row("text vectors, write and read", "3x pyarrow", f"{seconds}; needs pyarrow", None)
        return
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    columns: dict[str, Any] = {"word": wv.index_to_key}
    columns |= {f"x{i}": wv.vectors[:, i] for i in range(wv.vector_size)}
    arrow = pa.table(columns)
    sides["pyarrow write"] = partial(timed, partial(arrow_csv.write_csv, arrow, csv))
    sides["pyarrow read"] = partial(timed, partial(arrow_csv.read_csv, csv))
    runs = in_turns(job.rounds, sides)
    for what in ("write", "read"):
        yield at_most(
            f"{what} {len(wv):,} x {wv.vector_size} as text, in pyarrow's time", 3,
            [run[what] / run[f"pyarrow {what}"] for run in runs], "x",
            f"; {statistics.median(run[what] for run in runs):.1f} s",
        )  # fmt: skip
