"""What a resumed run must have in common with its checkpoint."""

from __future__ import annotations

import json

import numpy as np
import pytest
from killed import COMMON, KINDS
from runs import CORPUS, Recorder, interrupt_after, same, train

from w2v.config import Checkpoints, TrainConfig
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, CorpusError, OutputError
from w2v.train import worker_pool
from w2v.train.api import train_embeddings
from w2v.train.checkpoint import numbered, read_checkpoint, saved_output, write_checkpoint


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


@pytest.fixture(scope="module")
def interrupted_run(tmp_path_factory):
    """A folder with a checkpoint of a run that was interrupted."""
    folder = tmp_path_factory.mktemp("run") / "ck"

    class Impatient(Recorder):
        def on_progress(self, progress):
            if progress.words > 20_000:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(Impatient(), checkpoint=folder, epochs=50)
    return folder


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {"vector_size": 11},
            r"vector_size=11, but the checkpoint has 10; with --resume only --workers, --device "
            r"may change",
        ),
        (
            {"seed": 4, "window": 2},
            r"window=2, but the checkpoint has 3; seed=4, but the checkpoint has 3|seed=4.*window",
        ),
        ({"epochs": 51}, r"epochs=51, but the checkpoint has 50"),
        ({"loss": "nce"}, r"loss=nce, but the checkpoint has negative-sampling"),
        ({"validate": 0.1}, r"validate=0\.1, but the checkpoint has 0\.0"),
        ({"lr": 0.01}, r"lr=0\.01, but the checkpoint has 0\.04"),
        (
            {"init": Embeddings(["w1"], np.ones((1, 10)))},
            "init: the run did not start from vectors; leave out --init",
        ),
    ],
)
def test_other_options_are_refused_with_the_differences(interrupted_run, options, expected):
    before = bytes_of(interrupted_run)
    recorder = Recorder()
    with pytest.raises(ConfigError, match=expected):
        train(recorder, **{"epochs": 50, **options}, checkpoint=interrupted_run, resume=True)
    assert recorder.resumed_at is None
    assert bytes_of(interrupted_run) == before


def test_options_that_are_not_given_are_those_of_the_checkpoint(interrupted_run, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for name, content in bytes_of(interrupted_run).items():
        (folder / name).write_bytes(content)
    wv = train_embeddings(
        CORPUS, checkpoint=Checkpoints(folder, resume=True), callbacks=[Recorder()]
    )
    assert same(wv, train(epochs=50))


def test_a_whole_configuration_is_compared_as_a_whole(interrupted_run):
    with pytest.raises(ConfigError, match=r"vector_size=100, but the checkpoint has 10"):
        train_embeddings(
            CORPUS, TrainConfig(), checkpoint=Checkpoints(interrupted_run, resume=True)
        )


def test_a_final_rate_that_was_lowered_to_the_default_may_be_given_again(tmp_path):
    options = {"epochs": 1, "min_lr": 0.3}
    whole = train(checkpoint=tmp_path / "ck", **options)
    assert json.loads(whole.metadata["training"])["config"]["min_lr"] == 0.04
    assert same(train(checkpoint=tmp_path / "ck", resume=True, **options), whole)
    with pytest.raises(ConfigError, match=r"min_lr=0\.03, but the checkpoint has 0\.04"):
        train(checkpoint=tmp_path / "ck", resume=True, epochs=1, min_lr=0.03)


def changed(**changes):
    corpus = [list(sentence) for sentence in CORPUS]
    for place, word in changes.items():
        corpus[int(place[1:])][0] = word
    return corpus


@pytest.mark.parametrize(
    ("corpus", "expected"),
    [
        (CORPUS[:-1], r"35,988 words instead of 36,000, 2,999 sentences instead of 3,000"),
        (changed(_7="new"), r"151 words in the vocabulary instead of 150"),
        (list(reversed(CORPUS)), "as word|in another order"),
        (
            [["long" * 12 + w for w in s] for s in CORPUS],
            r"'long\w{36}\.\.\.' instead of 'w\w+' as word 1 of the vocabulary",
        ),
        (
            [["x" + w for w in s] for s in CORPUS],
            r"'x\w+' instead of 'w\w+' as word 1 of the vocabulary",
        ),
        ([*CORPUS[1:9], CORPUS[0], *CORPUS[9:]], "in another order|as word"),
    ],
)
def test_another_corpus_is_refused_with_the_differences(interrupted_run, corpus, expected):
    before = bytes_of(interrupted_run)
    recorder = Recorder()
    with pytest.raises(CorpusError, match=expected):
        train(recorder, corpus=corpus, epochs=50, checkpoint=interrupted_run, resume=True)
    assert recorder.resumed_at is None
    assert bytes_of(interrupted_run) == before


def test_a_new_run_does_not_overwrite_checkpoints(interrupted_run):
    before = bytes_of(interrupted_run)
    with pytest.raises(ConfigError, match=r"already holds a checkpoint; add --resume"):
        train(checkpoint=interrupted_run)
    assert bytes_of(interrupted_run) == before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"checkpoint": "ck", "back_off": 21}, "back_off: expected 0 to 20, got 21"),
        (
            {"checkpoint": "ck", "every": "soon"},
            "checkpoint_every: expected an interval such as 10m",
        ),
    ],
)
def test_options_that_make_no_sense_are_refused(options, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=expected):
        train(**options)
    assert list(tmp_path.iterdir()) == []
    ", ".join(f"{name} = {value}" for name, value in options.items())


def test_nothing_to_resume_from_begins_with_a_warning(tmp_path):
    recorder = Recorder()
    wv = train(recorder, checkpoint=tmp_path / "ck", resume=True)
    assert same(wv, train())
    assert recorder.warnings == [
        f"{tmp_path / 'ck'}: no checkpoint to resume from; starting from the beginning"
    ]


def test_the_output_may_be_a_path(tmp_path):
    kept = Checkpoints(tmp_path / "ck", output=tmp_path / "v.bin")
    train_embeddings(CORPUS, **COMMON, checkpoint=kept, callbacks=[Recorder()])
    assert saved_output(tmp_path / "ck") == str(tmp_path / "v.bin")


def test_a_second_run_on_the_same_folder_is_refused(tmp_path):
    refused = []

    class Second(Recorder):
        def on_progress(self, progress):
            if not refused:
                with pytest.raises(OutputError, match="in use by this process"):
                    train(checkpoint=tmp_path, resume=True)
                refused.append(True)

    wv = train(Second(), checkpoint=tmp_path)
    assert refused
    assert same(wv, train())


@pytest.mark.parametrize("which", ["newest", "both"])
def test_damaged_checkpoints(which, tmp_path):
    recorder = Recorder()
    whole = train(recorder, epochs=30, checkpoint=tmp_path, every="5%")
    found = list(numbered(tmp_path).values())
    assert len(found) == 2
    for path in found[-1:] if which == "newest" else found:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 16
        path.write_bytes(content)
    recorder = Recorder()
    if which == "newest":
        assert same(train(recorder, checkpoint=tmp_path, resume=True, epochs=30), whole)
        (warning,) = recorder.warnings
        assert "damaged" in warning
        assert warning.endswith(f"using {found[0].name} instead")
    else:
        expected = r"damaged.*damaged.*there is no other checkpoint"
        with pytest.raises(ConfigError, match=expected):
            train(recorder, checkpoint=tmp_path, resume=True, epochs=30)


def test_a_checkpoint_of_a_stranger_has_arrays_that_fit(tmp_path):
    options = KINDS["negative-sampling:validate"]
    train(checkpoint=tmp_path, **options)
    path = list(numbered(tmp_path).values())[-1]
    whole = read_checkpoint(path)
    arrays = {name: array.copy() for name, array in whole.arrays.items()}
    names = ["logit_offsets", "best.center_vectors", "best.logit_offsets"]
    assert set(names) <= set(arrays)
    times = 0
    for name in names:
        for other in (arrays[name][1:], arrays[name].astype(np.float64), None):
            forged = {**arrays, name: other}
            if other is None:
                del forged[name]
            record = {"state": whole.state.to_json(), "identity": whole.identity.to_json()}
            write_checkpoint(path, forged, record)
            with pytest.raises(ConfigError, match=f"^{path}: does not fit this version"):
                train(checkpoint=tmp_path, resume=True, **options)
            times += 1


def test_a_checkpoint_of_other_software_is_resumed_with_a_warning(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2)
        patch.setattr("w2v.__version__", "0.0.9")
        with pytest.raises(KeyboardInterrupt):
            train(checkpoint=tmp_path)
    recorder = Recorder()
    train(recorder, checkpoint=tmp_path, resume=True)
    assert "written with w2v 0.0.9" in recorder.warnings[0]
    with monkeypatch.context() as patch:
        patch.setattr(
            "w2v.train.sampled.block_edges", lambda starts: np.array([0, len(starts) - 1])
        )
        with pytest.raises(ConfigError, match="does not fit this version"):
            train(checkpoint=tmp_path, resume=True)


def test_without_callbacks_warnings_are_pythons(tmp_path):
    with pytest.warns(RuntimeWarning, match="no checkpoint to resume"):
        train_embeddings(CORPUS, **COMMON, checkpoint=Checkpoints(tmp_path, resume=True))
