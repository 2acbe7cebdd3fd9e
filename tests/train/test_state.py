"""The state of a run as JSON: it comes back as it was, and what no run can reach is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import interrupt_after, train

from w2v.errors import ConfigError, CorpusError, FormatError
from w2v.formats.safetensors_file import read_tensors, write_tensors
from w2v.train.checkpoint import _digest, numbered, read_checkpoint, write_checkpoint
from w2v.train.state import EpochStats, Position, RunState


def some_state():
    """A state in the second of three epochs."""
    return RunState(
        n_epochs=3, n_blocks=4, n_words=100, position=Position(1, 2, 7),
        epochs=[EpochStats(0.1 + 0.2, 150, 100, 80), EpochStats(3.5, 90, 55, 40)],
        lr_factor=0.5, back_offs=[{"error": "e", "back_to_words": 9, "lr_factor": 0.5}],
        history={"resumed_at_words": [9, 12]}, held_out_losses=[5.25], past_seconds=1.5,
    )  # fmt: skip


def test_json_holds_all_of_the_state():
    state = some_state()
    again = RunState.from_json(json.loads(json.dumps(state.to_json())), "file")
    assert again == state
    assert again.words_done == 155
    assert again.progress == pytest.approx(155 / 300)
    assert (again.epochs_trained, again.finished) == (1, False)


@given(blocks=st.lists(st.integers(1, 50), min_size=1, max_size=6), epochs=st.integers(1, 3))
def test_every_state_on_the_way_is_accepted(blocks, epochs):
    """Blocks of so many words, each in one step, or in two of some rows."""
    state = RunState(epochs, len(blocks), sum(blocks))
    while not state.finished:
        for words in blocks:
            for step in ({"rows": 1}, {"blocks": 1}):
                trained = EpochStats(1.0, 2, words if "blocks" in step else 0, 0)
                state.advance(trained, **step)
                assert RunState.from_json(state.to_json(), "file") == state
        assert state.current.words == state.n_words
        assert state.position[1:3] == (len(blocks), 0)
        state.end_epoch(stop=False)
    assert state.words_done == state.total_words == epochs * sum(blocks)
    assert state.epochs_trained == epochs


def test_early_stopping_ends_the_run():
    state = RunState(n_epochs=9, n_blocks=1, n_words=5)
    state.advance(EpochStats(1.0, 1, 5, 5), blocks=1)
    state.end_epoch(stop=True)
    assert state.finished
    assert RunState.from_json(state.to_json(), "file").finished


# --- forged checkpoints ---------------------------------------------------------------------------

STATS = {"loss": 0.0, "pairs": 0, "words": 0, "words_kept": 0}
PLACE = {"epoch": 0, "block": 0, "row": 0, "ended": False}
FORGED = {
    "state.position": [
        {**PLACE, "block": -5}, {**PLACE, "block": 10**6}, {**PLACE, "epoch": 99},
        {**PLACE, "row": -1}, {**PLACE, "ended": 0}, {**PLACE, "epoch": True}, [0, 0, 0, False],
        {}, "0",
    ],
    "state.epochs": [
        [STATS] * 99, [{**STATS, "loss": math.nan}], [{**STATS, "words": 10**9}],
        [{"loss": 1}], None,
    ],
    "state.n_epochs": [0, -1, 3, 2.5], "state.n_blocks": [0, 3.5, 10**6],
    "state.n_words": [0, -9, 10**9],
    "state.seconds": [-1, math.inf, 10**40, "1"],
    "state.lr_factor": [0, 2, math.nan],
    "state.back_offs": [None, 3],
    "state.held_out_losses": [[1.0] * 99, ["1"]],
    "state.history": [{"resumed_at_words": 5}, {"init": {"words": 1}}, []],
    "state": [None, [], {}],
    "identity.config": [{"lr": "x"}, {"seed": None}, {"windows": 5}, []],
    "identity.corpus": [{}, None], "identity.versions": [{}], "identity": [None, {}],
}  # fmt: skip


@pytest.fixture
def interrupted(tmp_path, monkeypatch):
    """A folder with one checkpoint of a run that was interrupted, and the checkpoint's path."""
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path)
    (path,) = numbered(tmp_path).values()
    return tmp_path, path


@pytest.mark.parametrize("part", FORGED)
def test_a_forged_checkpoint_is_refused_in_one_line(part, interrupted):
    """Anyone can compute a SHA-256, and so write an intact file that says what cannot be."""
    folder, path = interrupted
    whole = read_checkpoint(path)
    arrays = {name: array.copy() for name, array in whole.arrays.items()}
    kind, _, name = part.partition(".")
    for value in FORGED[part]:
        record = {"state": whole.state.to_json(), "identity": whole.identity.to_json()}
        if name:
            record[kind] = {**record[kind], name: value}
        else:
            record[kind] = value
        write_checkpoint(path, arrays, record)
        with pytest.raises((ConfigError, CorpusError), match=f"^{path}: ") as error:
            train(checkpoint=folder, resume=True)
        assert len(str(error.value).splitlines()) == 1


def test_metadata_that_is_not_json_is_refused(interrupted):
    _, path = interrupted
    tensors, metadata = read_tensors(path)
    tensors = {name: np.array(array) for name, array in tensors.items()}
    for name in ("checksums", "checkpoint"):
        for text in (None, "", "{", "[" * 100_000, "[]", "1" * 5000):
            changed = {**metadata, name: text}
            if text is None:
                del changed[name]
            del changed["digest"]
            write_tensors(path, tensors, {**changed, "digest": _digest(changed)})
            with pytest.raises(FormatError, match=f"^{path}: "):
                read_checkpoint(path)
