"""Every option does what it says, on every way to train that takes it, through every public door.

`ROWS` has a row for each field of `TrainConfig`, or several: another value, and how to tell that it
had the effect that is meant, not merely some effect. Most are told by `twins`, which trains the
same in plain float64. An option without a row fails `test_every_option_has_a_row`: add one.
"""

from __future__ import annotations

import concurrent.futures
import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from twins import held_out_nats
from ways import (
    DEFAULTS,
    FIELDS,
    WAYS,
    Way,
    arrays_of,
    differs,
    flags_of,
    toml_of,
    train,
    twin_of,
    whole,
)

import w2v
from w2v.errors import CorpusError
from w2v.losses import LOSSES, get_loss
from w2v.train.__main__ import main


@dataclass
class Case:
    """An option at another value, on one way to train."""

    way: Way
    name: str
    before: dict[str, Any]
    after: dict[str, Any]
    path: Any
    wv: Any
    pools: list[int]
    trainer: str

    def __repr__(self):
        return f"{self.name}={self.value!r} on {self.way.name}"

    def is_twin(self, twin, tolerance=3e-5):
        if problem := differs(self.wv, twin, tolerance):
            pytest.fail(f"{self}: {problem}")

    @property
    def value(self):
        return self.after[self.name]

    @property
    def content(self):
        return self.path.read_bytes()

    @property
    def record(self):
        return json.loads(self.wv.metadata["training"])


# --- what is meant --------------------------------------------------------------------------------


def as_the_twin(case):
    """The run is that of the naive twin with the new value, and not that with the old one."""
    case.is_twin(twin_of(case.content, case.after))
    if not differs(case.wv, twin_of(case.content, case.before)):
        pytest.fail(f"{case}: of no effect on the twin; take another value")
    assert case.record["config"][case.name] == json.loads(json.dumps(case.value))


def also_held_out(case):
    """Held-out pairs are those of training, kept in proportion to their weights."""
    as_the_twin(case)
    for epoch, nats in enumerate(case.record["validation"]["epoch_nats"], 1):
        twin = twin_of(case.content, case.after, stop_after=epoch)
        assert nats == pytest.approx(held_out_nats(case.content, whole(case.after), twin), rel=1e-5)


def on_the_card(case):
    """The twin trains on neither device."""
    assert case.trainer == "CudaTrainer"
    case.is_twin(twin_of(case.content, case.after))
    assert case.record["config"]["device"] == "cuda"


def pools_of_threads(case):
    """Reading has so many pools of one thread, training one pool; in rounds, one does both."""
    assert case.pools.count(case.value) == 1, case.pools
    assert case.way.in_rounds or case.pools.count(1) >= case.value, case.pools


def stops_early(case):
    """Some epochs after the best one, whose vectors are kept."""
    nats = case.record["validation"]["epoch_nats"]
    best = int(np.argmin(nats)) + 1
    assert len(nats) == best + case.value < case.after["epochs"]
    assert case.record["epochs_trained"] == len(nats)
    assert case.record["validation"]["epoch_of_vectors"] == best
    twin = twin_of(case.content, case.after, stop_after=best)
    np.testing.assert_allclose(case.wv.vectors, twin.centers, atol=1e-3)


def replaces_bytes(case):
    """Of bytes that are not UTF-8; the default refuses them."""
    as_twin = twin_of(case.content, case.after)
    case.is_twin(as_twin)
    assert any("\ufffd" in word for word in as_twin.words)
    with pytest.raises(CorpusError, match="is not UTF-8"):
        train(case.path, case.before)


def reads_latin_1(case):
    """Bytes that the default refuses are letters."""
    as_twin = twin_of(case.content, case.after)
    case.is_twin(as_twin)
    assert any("é" in word for word in as_twin.words)
    with pytest.raises(CorpusError, match="is not UTF-8; set the encoding"):
        train(case.path, case.before)


def punctuated(content):
    return content.replace(b" b ", b" b, ").replace(b" c ", b" (c) ").replace(b" d ", b" d-d's ")


def first_lines(content):
    """Few: the simulator of a card is slow."""
    return b"".join(content.splitlines(keepends=True)[:25])


def as_csv(content):
    """The lines in one of two columns."""
    rows = [[n, line] for n, line in enumerate(content.decode().splitlines())]
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["n", "text"], *rows])
    return stream.getvalue().encode()


@dataclass(frozen=True)
class Row:
    """How an option is tried.

    Attributes:
        value: another value; or a function from a way and its base to one.
        check: asserts what the value should do.
        alongside: further options of both runs.
        only: which of the ways that the option's help text names take it.
        content: of the text to train on, changed.
    """

    value: Any
    check: Callable[[Case], None] = as_the_twin
    alongside: dict[str, Any] = field(default_factory=dict)
    only: Callable[[Way], bool] = lambda way: True
    content: Callable[[bytes], bytes] = lambda content: content


def not_in_rounds(way):
    return not way.in_rounds


def another_loss(way, base):
    family = [name for name in LOSSES if get_loss(name).family == way.loss.family]
    return family[(family.index(base["loss"]) + 1) % len(family)]


def other_targets(way, base):
    kinds = list(way.loss.targets)
    return kinds[(kinds.index(base["targets"]) + 1) % len(kinds)]


PHRASES = {"phrase_threshold": 1.5, "phrase_min_count": 2}
ROWS = {
    "loss": Row(another_loss, only=lambda way: way.loss.family == "sampled"),
    "vector_size": Row(7),
    "window": [Row(3), Row((3, 0))],
    "distance_weights": [
        Row("flat"),
        Row("harmonic", alongside={"window": (1, 3)}, only=lambda way: way.in_rounds),
        Row("harmonic", also_held_out, {"window": (1, 3), "validate": 0.25}, only=not_in_rounds),
    ],
    "targets": Row(other_targets, only=lambda way: len(way.loss.targets) > 1),
    "output_bias": Row(lambda way, base: not way.loss.output_bias),
    "learn_normaliser": Row(
        True, only=lambda way: getattr(way.loss, "learns_normalisers", False)
    ),
    "batch_size": Row(11),
    "negative": Row(2),
    "noise_exponent": Row(0.25),
    "min_count": Row(4),
    "max_vocab": Row(9),
    "sample": Row(5e-3),
    "tokenize": Row("words", content=punctuated),
    "lowercase": Row(True),
    "text_column": Row("text", only=not_in_rounds, content=as_csv),
    "encoding": Row(
        "latin-1", reads_latin_1, content=lambda content: content.replace(b" b ", b" \xe9b ")
    ),
    "phrases": Row(2, alongside=PHRASES, only=not_in_rounds),
    "phrase_scoring": Row(
        "npmi", alongside={**PHRASES, "phrases": 1, "phrase_threshold": 0.1}, only=not_in_rounds
    ),
    "phrase_threshold": Row(2.5, alongside={**PHRASES, "phrases": 1}, only=not_in_rounds),
    "phrase_min_count": Row(4, alongside={**PHRASES, "phrases": 1}, only=not_in_rounds),
    "encoding_errors": Row(
        "replace", replaces_bytes, content=lambda content: content.replace(b" b ", b" \xffb ")
    ),
    "epochs": Row(3),
    "lr": Row(0.2),
    "min_lr": Row(0.15, alongside={"epochs": 2}),
    "validate": Row(0.25, only=not_in_rounds),
    "patience": Row(
        2, stops_early, {"validate": 0.25, "epochs": 20, "lr": 0.4}, only=not_in_rounds
    ),
    "workers": Row(5, pools_of_threads, {"epochs": 1}),
    "device": Row(
        "cuda", on_the_card, {"epochs": 1, "sample": 2e-3}, content=first_lines,
        only=lambda way: getattr(way.loss, "entry", None) is not None and not way.in_rounds,
    ),
    "seed": Row(4),
    "deterministic": Row(True, only=not_in_rounds),
    "shards": Row(3),
    "round_words": Row(2_000),
}  # fmt: skip

CASES = [
    pytest.param(name, row, way, id="-".join([name, *[str(row.value)] * (n > 0), way.name]))
    for name, rows in ROWS.items()
    for n, row in enumerate(rows if isinstance(rows, list) else [rows])
    for way in WAYS
    if name in FIELDS and (way.takes(name) and row.only(way))
]


def test_every_option_has_a_row():
    missing = sorted(set(FIELDS) - set(ROWS))
    assert not missing, (
        f"no row for {', '.join(missing)}: add to ROWS in tests/test_options.py another value of "
        "the option, and how to tell that it has the effect that is meant. Where the naive twin "
        "(tests/helpers/twins.py) is to tell, teach it the option."
    )
    assert set(ROWS) <= set(FIELDS), "a row for an option that is gone: remove it"


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_each_way_is_its_naive_twin(way, write):
    wv, seen = train(write("corpus.txt", way.content), way.base())
    twin = twin_of(way.content, way.base())
    assert not differs(wv, twin)
    assert seen.last.lr == pytest.approx(way.base()["min_lr"])
    assert min(twin.pairs) > 100


@pytest.fixture
def pools(monkeypatch):
    """The sizes of the pools of threads that are made."""
    sizes = []
    make = concurrent.futures.ThreadPoolExecutor.__init__

    def noted(self, max_workers=None, *arguments, **keywords):
        sizes.append(max_workers)
        make(self, max_workers, *arguments, **keywords)

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "__init__", noted)
    return sizes


@pytest.mark.parametrize(("name", "row", "way"), CASES)
def test_another_value_has_the_intended_effect(name, row, way, write, pools, request):
    if name == "device":
        request.getfixturevalue("one_processor")
    before = {**way.base(), **{key: row.alongside[key] for key in row.alongside if way.takes(key)}}
    value = row.value(way, before) if callable(row.value) else row.value
    assert value != before.get(name, DEFAULTS[name])
    assert value != DEFAULTS[name] or name in ("loss", "targets")
    after = {**before, name: value}
    path = write("corpus.txt", row.content(way.content))
    pools.clear()
    wv, seen = train(path, after)
    row.check(Case(way, name, before, after, path, wv, list(pools), seen.trainer))


# --- doors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "row", "way"),
    [case for case in CASES if case.values[0] != "device"],  # the order of a card's sums varies
)
def test_command_line_and_toml_give_the_same_as_python(
    name, row, way, write, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = {**way.base(), **{key: row.alongside[key] for key in row.alongside if way.takes(key)}}
    value = row.value(way, before) if callable(row.value) else row.value
    after = {**before, name: value, "workers": 1}
    write("corpus.txt", row.content(way.content))
    write("options.toml", toml_of(after))
    expected, _ = train("corpus.txt", after)
    for given in (flags_of(after), ["--config", "options.toml"]):
        assert main(["corpus.txt", *given, "--quiet", "--output", "v.safetensors"]) == 0
        got = w2v.load("v.safetensors")
        assert arrays_of(got) == arrays_of(expected)
        record = json.loads(got.metadata["training"])["config"]
        assert record[name] == json.loads(json.dumps(after[name]))
