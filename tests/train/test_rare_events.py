"""What follows something rare: a divergence, an interruption after it, a line too long, a block
without pairs."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import Future

import numpy as np
import pytest
from ways import WAYS, Watching, arrays_of, train, twin_of

from w2v.config import Checkpoints
from w2v.errors import CorpusError, DivergenceError
from w2v.train import checkpoint_writer
from w2v.train.api import train_embeddings

BY_NAME = {way.name: way for way in WAYS}
DIVERGE_LATE = [("nce", 1.0), ("nce-rounds", 4.0), ("sampled-softmax-rounds", 1.0)]
"""Ways, and rates at which, after a back-off or two, a later epoch diverges."""


class AtOnce:
    """In place of the thread that writes checkpoints: each is finished before training goes on."""

    def __init__(self, *args, **kwargs):
        pass

    def submit(self, function, *args):
        future = Future()
        try:
            future.set_result(function(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self):
        pass


@pytest.fixture
def each_epoch(tmp_path, monkeypatch):
    """Checkpoints after each of four epochs, and at no other time, however busy the machine is."""
    monkeypatch.setattr(checkpoint_writer, "ThreadPool", AtOnce)
    return Checkpoints(tmp_path / "kept", every="25%", back_off=20)


def options_of(way, lr):
    return {**way.base(), "epochs": 4, "lr": lr, "min_lr": 0.99 * lr}


def lr_factors(record):
    """What the planned rate of each epoch was multiplied by when it was last trained."""
    n_words = record["words_trained"] // record["config"]["epochs"]
    factors = [1.0] * record["config"]["epochs"]
    for back_off in record["back_offs"]:
        first = back_off["back_to_words"] // n_words
        factors[first:] = [back_off["lr_factor"]] * (len(factors) - first)
    return factors


def is_twin_of_its_record(wv, way, options):
    """Each epoch at the rate that the record says. At such rates, rounding soon grows."""
    record = json.loads(wv.metadata["training"])
    twin = twin_of(way.content, {**options, "lr_factors": lr_factors(record)})
    np.testing.assert_allclose(record["epoch_losses"][:2], twin.epoch_losses[:2], rtol=1e-3)


@pytest.mark.parametrize(("name", "lr"), DIVERGE_LATE)
def test_each_epoch_after_a_back_off_has_half_the_rate(name, lr, write, each_epoch):
    """From a checkpoint on: what was trained before it stays as it was."""
    way = BY_NAME[name]
    options = options_of(way, lr)
    wv, seen = train(write("corpus.txt", way.content), options, checkpoint=each_epoch)
    record = json.loads(wv.metadata["training"])
    factors = [back_off["lr_factor"] for back_off in record["back_offs"]]
    assert factors == [0.5 ** (n + 1) for n in range(len(factors))]
    assert len(set(lr_factors(record))) > 1, "no epoch was trained at another rate: change lr"
    is_twin_of_its_record(wv, way, options)
    assert seen.last.lr == pytest.approx(options["min_lr"] * lr_factors(record)[-1], rel=1e-6)
    for warning, factor in zip(seen.warnings, factors, strict=True):
        assert f"at {factor:g} of the planned learning rate" in warning


class Interrupting(Watching):
    """Presses Ctrl-C in the epoch after the one in which a run has backed off."""

    def on_progress(self, progress):
        super().on_progress(progress)
        if self.warnings and progress.epoch == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("name", "lr"), DIVERGE_LATE)
def test_a_run_that_is_resumed_keeps_the_lower_rate(name, lr, write, each_epoch):
    way = BY_NAME[name]
    options = options_of(way, lr)
    path = write("corpus.txt", way.content)
    with pytest.raises(KeyboardInterrupt):
        train_embeddings(path, callbacks=[Interrupting()], checkpoint=each_epoch, **options)
    again = dataclasses.replace(each_epoch, resume=True)
    wv, seen = train(path, options, checkpoint=again)
    is_twin_of_its_record(wv, way, options)
    assert seen.last.lr == pytest.approx(options["min_lr"] * lr_factors(wv.training)[-1], rel=1e-6)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_after_the_last_back_off_a_divergence_ends_the_run(way, write, tmp_path):
    options = {**way.base(), "lr": 1e9, "min_lr": 1e9}
    with pytest.raises(DivergenceError) as error:
        train(
            write("corpus.txt", way.content),
            options,
            checkpoint=Checkpoints(tmp_path / "k", back_off=2),
        )
    assert f"learning rate {1e9 / 4:.3g}" in str(error.value)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_a_line_too_long_is_several_sentences(way, write):
    """10,000 words each; no pair crosses from one to the next, no word is lost."""
    words = way.content.split()
    words = (words * (20_010 // len(words) + 1))[:20_010]
    options = {**way.base(), "epochs": 1, "sample": 1e-4}
    one_line = write("long.txt", b" ".join(words))
    parts = [b" ".join(words[first : first + 10_000]) for first in (0, 10_000, 20_000)]
    if way.in_rounds:  # a line is in one shard
        options["shards"] = 1
    split = write("split.txt", b"\n".join(parts) + b"\n")
    first, second = train(one_line, options)[0], train(split, options)[0]
    assert arrays_of(first) == arrays_of(second)
    assert first.training["audit"]["lines_split"] == 1
    assert first.training["audit"]["sentences"] == second.training["audit"]["sentences"] == 3
    assert first.training["words_trained"] == sum(wv_count for wv_count in first.counts.tolist())


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_text_without_a_pair_is_refused(way, write):
    """Subsampling leaves no two words of a sentence: nothing would be learned."""
    content = b"".join(b"a b\n" for _ in range(60 if not way.in_rounds else 4_000))
    options = {**way.base(), "sample": 1e-12, "min_count": 1}
    words = 2 * content.count(b"\n")
    with pytest.raises(CorpusError, match=f"subsampling of {words:,} words left no pair of words"):
        train(write("corpus.txt", content), options)
