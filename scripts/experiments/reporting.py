"""Functions that measuring scripts share: machine and date, corpus, arguments, files of results."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import w2v
from w2v.corpus import Corpus
from w2v.util.files import atomic_write


def machine() -> str:
    """The processor, its widest vectors, its cores and the versions that matter."""
    import llvmlite.binding
    import numba
    import numpy as np

    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    features = llvmlite.binding.get_host_cpu_features()
    for feature, name in {"avx512f": "AVX-512", "avx2": "AVX2"}.items():
        if features.get(feature):
            model += f" with {name}"
            break
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, Numba {numba.__version__}, w2v {w2v.__version__}"
    )


def today() -> str:
    """The date, for a report."""
    return datetime.date.today().isoformat()


def described(path: str, corpus: Corpus) -> str:
    """A description of the corpus: the file, its words, and the vocabulary."""
    return f"{Path(path).name}, {corpus.audit.words:,} words, vocabulary {len(corpus.vocabulary):,}"


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the argument CORPUS that prints its description unwrapped."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("corpus")
    return parser


def add_questions(parser: argparse.ArgumentParser) -> None:
    """Add the arguments for test sets and for the report."""
    parser.add_argument("--analogies", required=True)
    parser.add_argument("--similarity", nargs="+", default=[])
    parser.add_argument("--output", type=Path, required=True)


def write_report(output: Path, document: Mapping[str, Any], page: str) -> None:
    """Write OUTPUT.json and OUTPUT.md."""
    for suffix, text in ((".json", json.dumps(document, indent=1) + "\n"), (".md", page)):
        write_page(output.with_suffix(suffix), text)


def write_page(path: Path | None, text: str) -> None:
    """Write the text to a file, unless `path` is None."""
    if path is not None:
        with atomic_write(path, "w") as stream:
            stream.write(text)
