"""Frozen words: their center vectors stay as they are while all else is trained against them."""

from __future__ import annotations

import numpy as np
import pytest
import twins
from ways import WAYS, Watching, arrays_of, differs, train, whole

import w2v
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, FormatError
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback

IN_ONE_PLACE = [way for way in WAYS if not way.in_rounds]
RESUMED = [way for way in WAYS if way.name in ("nce", "softmax-corpus")]
FROZEN = ["c", "a", "seldom"]


@pytest.fixture
def begin(write):
    """A text, and vectors of its words to start from, with counts; some numbers are -0."""

    def made(way):
        path = write("corpus.txt", way.content)
        before, _ = train(path, {**way.base(), "seed": 9})
        rng = np.random.default_rng(1)
        centers, contexts = rng.normal(size=(2, *before.vectors.shape)).astype(np.float32) / 4
        centers[:, 1] = -0.0
        return path, Embeddings(
            before.index_to_key, centers, counts=before.counts, context_vectors=contexts
        )

    return made


@pytest.mark.parametrize("way", IN_ONE_PLACE, ids=lambda way: way.name)
@pytest.mark.parametrize(
    "more", [{}, {"window": (2, 1), "distance_weights": "harmonic"}], ids=["plain", "harmonic"]
)
def test_a_run_with_frozen_words_is_its_naive_twin(way, more, begin):
    path, old = begin(way)
    options = {**way.base(), **more}
    wv, seen = train(path, options, init=old, freeze=FROZEN)
    start = old.vectors, old.context_vectors
    twin = twins.trained(way.content, whole(options), start=start, frozen=FROZEN)
    assert wv.counts.tolist() == [2 * n for n in twin.counts]
    twin.counts = wv.counts.tolist()  # those of both texts
    assert not differs(wv, twin)
    assert differs(wv, twins.trained(way.content, whole(options), start=start))
    for word in FROZEN:
        assert wv[word].tobytes() == old[word].tobytes()
    assert wv.training["init"]["frozen_words"] == 3
    assert not seen.warnings


def test_workers_leave_frozen_words_alone_at_any_time(begin):
    """Every context vector is trained against the same center vectors by all threads."""
    way = WAYS[0]
    path, old = begin(way)
    wv, _ = train(path, {**way.base(), "workers": 4}, init=old, freeze=list(old))
    assert wv.vectors.tobytes() == old.vectors.tobytes()
    assert wv.context_vectors.tobytes() != old.context_vectors.tobytes()


class Impatient(Callback):
    def on_progress(self, progress):
        if progress.words:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    "way", [way for way in WAYS if way.name in ("nce", "softmax-corpus")], ids=lambda way: way.name
)
def test_a_resumed_run_keeps_its_frozen_words(way, begin, tmp_path):
    path, old = begin(way)
    options = {**way.base(), "epochs": 300}
    expected, _ = train(path, options, init=old, freeze=FROZEN)
    with pytest.raises(KeyboardInterrupt):
        train_embeddings(
            path, **options, init=old, freeze=FROZEN, checkpoint=tmp_path / "ck",
            callbacks=[Impatient()],
        )  # fmt: skip
    resume = w2v.Checkpoints(tmp_path / "ck", resume=True)
    for freeze in (["b"], [*FROZEN, "b"]):
        with pytest.raises(ConfigError, match=r"freeze: \d words, but the checkpoint has 3 other"):
            train_embeddings(path, init=old, freeze=freeze, checkpoint=resume)
    if way.loss.family == "sampled":
        with pytest.raises(ConfigError, match=r"^device=cuda: cannot be combined with freeze$"):
            train_embeddings(path, init=old, checkpoint=resume, device="cuda")
    for freeze in (None, FROZEN):  # the second continues what is finished
        wv = train_embeddings(path, init=old, freeze=freeze, checkpoint=resume)
        assert arrays_of(wv) == arrays_of(expected)
        assert wv.training["init"]["frozen_words"] == 3


def test_words_cannot_be_frozen_later(begin, tmp_path):
    path, old = begin(WAYS[0])
    options = {**WAYS[0].base(), "epochs": 1}
    train_embeddings(path, **options, init=old, checkpoint=tmp_path / "ck")
    resume = w2v.Checkpoints(tmp_path / "ck", resume=True)
    with pytest.raises(ConfigError, match="freeze: 1 words, but the checkpoint has none; leave it"):
        train_embeddings(path, init=old, freeze=["b"], checkpoint=resume)


def test_words_that_the_vectors_lack_are_counted(begin, write):
    path, old = begin(WAYS[0])
    words = write("words.txt", "\ufeffnowhere\n\n  b \nb\nneither this\n")
    wv, seen = train(path, WAYS[0].base(), init=old, freeze=words)
    assert wv.training["init"]["frozen_words"] == 1
    assert wv["b"].tobytes() == old["b"].tobytes()
    (warning,) = seen.warnings
    assert warning == (
        f"freeze: {words}: 2 of 3 words are not in the vectors given by init, and not frozen; the "
        "first is 'nowhere'"
    )


def test_new_words_are_trained_beside_frozen_ones(begin):
    path, old = begin(WAYS[0])
    few = Embeddings(["b", "c"], old.vectors[:2])
    wv, _ = train(path, WAYS[0].base(), init=few, freeze=["b", "c"])
    fresh, _ = train(path, {**WAYS[0].base(), "lr": 1e-30, "min_lr": 0.0}, init=few)
    changed = [word for word in wv if not np.array_equal(wv[word], fresh[word])]
    assert set(changed) == set(wv) - {"b", "c"}


@pytest.mark.parametrize(
    ("freeze", "expected"),
    [
        ([], "freeze: no words"),
        (5, "freeze: expected a path or words, got 5"),
        (["b", 3], "freeze: expected words, got 3"),
        ([["b"]], "freeze: expected a path or words, got"),
        (["x", "y"], "freeze: none of 2 words is in the vectors given by init; the first is 'x'"),
    ],
)
def test_what_cannot_be_frozen(begin, freeze, expected):
    old = Embeddings(["b"], np.ones((1, 5)))
    with pytest.raises(ConfigError, match=f"^{expected}"):
        train_embeddings("no such file", init=old, freeze=freeze, callbacks=[Watching()])
    with pytest.raises(ConfigError, match=r"^freeze: needs init, the vectors to start from$"):
        train_embeddings("no such file", freeze=["b"])
    with pytest.raises(FormatError, match=r"^none\.txt: cannot be read"):
        train_embeddings("no such file", init=old, freeze="none.txt")
