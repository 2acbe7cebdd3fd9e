"""The results of a comparison, kept run by run in one JSON file.

A document is ``{"format", "plan", "corpus", "questions", "environment", "epochs", "runs"}``. The
plan is everything that the runs depend on: a file is only continued under the same plan.
`w2v.compare.summary` computes figures over seeds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from w2v.errors import ConfigError
from w2v.util.files import atomic_write
from w2v.util.json_shape import misfit

FORMAT = 3
BYTES_PER_RUN = 200_000
"""More than a run takes in the results; also an estimate of what it adds to the report."""

MAX_BYTES = 2**26
"""A longer file cannot hold results, unless there are very many runs."""

_BY_LOSS = ("epochs", "own_options")
"""Entries of a plan that are dicts by loss."""
_HINT = "(--restart starts anew; --output DIR writes elsewhere)"
_NUMBER_OR_NONE = (float, None)
_FAILED = {"variant": str, "seed": int, "error": str}
_RUN = {
    "variant": str, "seed": int, "lr": float, "epochs": int, "seconds": float,
    "million_words_per_second": float, "curve": [{"epoch": int, "seconds": float}],
    "measure": {
        "nats": float, "raw_nats": float, "log_z_mean": float, "log_z_sd": float,
        "log_z_quantiles": [float],
        "noise": (None, {
            "accuracy": float, "true_accuracy": float, "noise_accuracy": float,
            "accidental_hits": float,
        }),
    },
    "analogies": _NUMBER_OR_NONE, "similarity": _NUMBER_OR_NONE, "neighbours": [[int]],
}  # fmt: skip
_SHAPE = {
    "plan": dict,
    "corpus": {
        "names": [str], "vocabulary": int, "trained_on": int, "held_out_pairs": int,
        "unigram_nats": float,
    },
    "questions": {"analogies": dict, "similarity": dict},
    "environment": dict, "epochs": dict, "runs": list,
}  # fmt: skip

Document = dict[str, Any]


def read(path: Path, runs: int = 0) -> Document | None:
    """Read a document; None if there is no file.

    Args:
        path: the file.
        runs: number of runs of the comparison; more than these need not be readable.

    Raises:
        ConfigError: the file cannot be read, or is damaged.
    """
    longest = max(MAX_BYTES, runs * BYTES_PER_RUN)
    try:
        with path.open("rb") as stream:
            content = stream.read(longest + 1)
        if len(content) > longest:
            raise ConfigError(f"{path}: longer than {longest:,} bytes {_HINT}")
        document = json.loads(content.decode())
        # It must be possible to write it again: no NaN, no 1e999, no lone surrogates.
        json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except FileNotFoundError:
        return None
    except ConfigError:
        raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not JSON: {error} {_HINT}") from error
    if not isinstance(document, dict) or not isinstance(document.get("plan"), dict):
        raise ConfigError(f"{path}: not the results of w2v.compare {_HINT}")
    if document.get("format") != FORMAT:
        raise ConfigError(
            f"{path}: results in format {_short(document.get('format'))}, but this version of w2v "
            f"reads format {FORMAT} {_HINT}"
        )
    place = misfit(document, _SHAPE)
    if place is not None:
        raise ConfigError(f"{path}: {place} is missing or of the wrong type {_HINT}")
    for number, run in enumerate(document["runs"], start=1):
        place = misfit(run, _FAILED if isinstance(run, dict) and "error" in run else _RUN)
        if place is not None:
            raise ConfigError(
                f"{path}: run {number}: {place} is missing or of the wrong type {_HINT}"
            )
    return document


def check_plan(path: Path, document: Document, plan: Mapping[str, Any]) -> None:
    """Refuse to continue a document under another plan.

    Raises:
        ConfigError: the plans differ; the message says how.
    """
    differing = differences(document["plan"], json.loads(json.dumps(plan)))
    if differing:
        raise ConfigError(
            f"{path}: holds results of another comparison: {'; '.join(differing)} {_HINT}"
        )


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the differences between two plans, as a short text for each.

    A loss that only one of the plans has is listed once, and not again with each of its options.
    """
    found: list[str] = []
    losses = [
        plan["losses"]
        for plan in (old, new)
        if isinstance(plan.get("losses"), list)
        and all(isinstance(name, str) for name in plan["losses"])
    ]
    only_one = set(losses[0]) ^ set(losses[1]) if len(losses) == 2 else set()
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if isinstance(before, dict) and isinstance(after, dict) and key in _BY_LOSS:
            before = {name: value for name, value in before.items() if name not in only_one}
            after = {name: value for name, value in after.items() if name not in only_one}
        if isinstance(before, dict) and isinstance(after, dict):
            found += differences(before, after, prefix=f"{prefix}{key}.")
        elif before != after:
            found.append(f"{prefix}{key} was {_short(before)}, is {_short(after)}")
    return found


def _short(value: object) -> str:
    if value is None:
        return "not set"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:12]}..."


def save(path: Path, document: Document) -> None:
    """Write the document atomically: the file is the old one or the new one, never half of it."""
    with atomic_write(path, "w") as stream:
        json.dump(document, stream, ensure_ascii=False, allow_nan=False)
        stream.write("\n")
