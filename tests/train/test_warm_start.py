"""Warm start: words, counts and both matrices."""

from __future__ import annotations

import json
import shlex

import gensim
import numpy as np
import pytest

import w2v
from w2v.corpus import encode_sentences
from w2v.errors import ConfigError, CorpusError, FormatError
from w2v.train.api import make_trainer, resolve, train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.warm_start import with_old_words

OLD = [["sun", "moon", "star"], ["sun", "moon", "sky"]] * 30 + [["comet", "star"]] * 6
NEW = [["sun", "dark", "cloud"], ["cloud", "rain", "sun"]] * 20 + [["once", "moon", "sun"]]
OPTIONS = {"vector_size": 6, "workers": 1, "sample": 0, "min_count": 5, "epochs": 2}


@pytest.fixture(scope="module")
def old():
    return train_embeddings(OLD, **OPTIONS)


def count(sentences):
    counts = {}
    for sentence in sentences:
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
    return counts


def as_saved(old, tmp_path, suffix):
    """The same vectors as a file would hold them."""
    old.save(tmp_path / f"old{suffix}")
    return w2v.load(tmp_path / f"old{suffix}")


@pytest.mark.parametrize(
    ("min_count", "new", "rare"), [(5, ["dark", "cloud", "rain"], 1), (21, ["cloud"], 41)]
)
def test_the_vocabulary_is_all_old_words_and_the_new_ones_that_are_frequent_enough(
    old, min_count, new, rare
):
    wv = train_embeddings(NEW, **{**OPTIONS, "min_count": min_count}, init=old)
    assert set(wv) == {*old, *new}
    in_old, in_new = count(OLD), count(NEW)
    expected = {word: in_old.get(word, 0) + in_new.get(word, 0) for word in wv}
    assert dict(zip(wv, wv.counts.tolist(), strict=True)) == expected
    assert wv.counts.tolist() == sorted(wv.counts, reverse=True)
    assert wv.training["init"] == {
        "words": 5, "new_words": len(new), "counts": True, "context_vectors": True,
    }  # fmt: skip
    audit = wv.training["audit"]
    assert audit["words"] == audit["kept"] + audit["dropped_rare"] + audit["dropped_max_vocab"]
    assert audit["dropped_rare"] == rare


def test_gensim_has_the_same_words_and_counts(old):
    peer = gensim.models.Word2Vec(OLD, vector_size=6, min_count=5, sg=1, workers=1, sample=0)
    peer.build_vocab(NEW, update=True)
    ours = train_embeddings(NEW, **OPTIONS, init=old)
    theirs = {word: peer.wv.get_vecattr(word, "count") for word in peer.wv.index_to_key}
    assert dict(zip(ours, ours.counts.tolist(), strict=True)) == theirs


@pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".txt"])
def test_an_old_word_that_the_new_text_lacks_keeps_its_vector_to_the_last_bit(
    old, suffix, tmp_path
):
    before = as_saved(old, tmp_path, suffix)
    wv = train_embeddings(NEW, **OPTIONS, init=tmp_path / f"old{suffix}")
    for word in ("star", "sky", "comet"):
        assert wv[word].tobytes() == before[word].tobytes()
    for word in ("sun", "moon"):
        assert wv[word].tobytes() != before[word].tobytes()


def test_where_a_run_begins(old, tmp_path):
    for before in (old, as_saved(old, tmp_path, ".bin")):
        trainer = begun(before)
        words = trainer.corpus.vocabulary.word_to_id
        centers, contexts, _ = trainer.vectors()
        for word in before:
            assert centers[words[word]].tobytes() == before[word].tobytes()
            row = before.key_to_index[word]
            expected = np.zeros(6) if before.context_vectors is None else old.context_vectors[row]
            np.testing.assert_array_equal(contexts[words[word]], expected)
        fresh = make_trainer(trainer.corpus, trainer.config).vectors()[0]
        for word in ("dark", "cloud", "rain"):  # as in any run
            assert centers[words[word]].tobytes() == fresh[words[word]].tobytes()
            assert not contexts[words[word]].any()


def begun(before, **options):
    from w2v.train.warm_start import start_from

    config = resolve(w2v.TrainConfig(**{**OPTIONS, **options}))
    corpus = with_old_words(encode_sentences(NEW, min_count=1), before, 5, None)
    trainer = make_trainer(corpus, config)
    start_from(trainer, before)
    return trainer


def test_noise_follows_all_counts_and_subsampling_the_new_text(old):
    trainer = begun(old, sample=1e-2)
    vocabulary = trainer.corpus.vocabulary
    weights = vocabulary.counts**0.75
    np.testing.assert_allclose(trainer.model.noise.probs, weights / weights.sum(), rtol=1e-6)
    in_text = np.array([count(NEW).get(word, 0) for word in vocabulary.words])
    np.testing.assert_array_equal(vocabulary.text_counts, in_text)
    for row, n in enumerate(in_text):
        if n:
            ratio = 1e-2 / (n / in_text.sum())
            keep = min(1, np.sqrt(ratio) + ratio)
            assert (int(trainer.model.thresholds[row]) + 1) / 2**32 == pytest.approx(keep, rel=1e-6)


def test_words_without_any_count_share_one_occurrence(old, tmp_path):
    trainer = begun(as_saved(old, tmp_path, ".bin"))
    vocabulary = trainer.corpus.vocabulary
    counted = {word: n for word, n in count(NEW).items() if word != "once"}
    expected = {**dict.fromkeys(("star", "sky", "comet"), 1 / 3), **counted}
    weights = dict(zip(vocabulary.words, vocabulary.weights.tolist(), strict=True))
    assert weights == pytest.approx(expected)
    counts = dict(zip(vocabulary.words, vocabulary.counts.tolist(), strict=True))
    assert counts == {**dict.fromkeys(("star", "sky", "comet"), 0), **counted}


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "nce"},
        {"loss": "nce", "learn_normaliser": True},
        {"loss": "sampled-softmax"},
        {"loss": "softmax"},
        {"loss": "softmax", "targets": "distribution"},
        {"loss": "softmax", "targets": "split"},
        {"validate": 0.2},
        {"max_vocab": 6},
        {"sample": 0.05},
    ],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_every_way_to_train_starts_from_vectors(old, options, suffix, tmp_path):
    before = as_saved(old, tmp_path, suffix)
    wv = train_embeddings(NEW, **{**OPTIONS, **options}, init=before)
    assert np.isfinite(wv.vectors).all()
    assert np.isfinite(wv.context_vectors).all()
    assert all(np.isfinite(wv.training["epoch_losses"]))
    assert wv["comet"].tobytes() == before["comet"].tobytes()
    if "max_vocab" in options:
        assert set(wv) == {*old, "cloud"}  # the most frequent new word
        assert wv.training["audit"]["dropped_max_vocab"] == 40
    if "validate" in options:
        assert np.isfinite(wv.training["validation"]["epoch_nats"]).all()


def test_old_words_stay_also_where_they_are_more_than_max_vocab(old):
    wv = train_embeddings(NEW, **{**OPTIONS, "max_vocab": 2}, init=old)
    assert set(wv) == set(old)


def test_the_size_is_that_of_the_vectors(old):
    options = {name: value for name, value in OPTIONS.items() if name != "vector_size"}
    assert train_embeddings(NEW, **options, init=old).vector_size == 6
    expected = r"vector_size=7, but the vectors given by init have 6 numbers"
    with pytest.raises(ConfigError, match=expected):
        train_embeddings(NEW, **options, init=old, vector_size=7)


def test_a_text_without_any_word_to_train_is_refused(old):
    with pytest.raises(CorpusError, match="no word is in the vectors given by init"):
        train_embeddings([["a", "b"]], **OPTIONS, init=old)


def test_a_mapped_file_with_nan_is_refused_before_training(old, tmp_path):
    old.save(tmp_path / "v.safetensors")
    data = bytearray((tmp_path / "v.safetensors").read_bytes())
    for array in (old.vectors, old.context_vectors):
        place = data.index(array[:1].tobytes())
        damaged = bytearray(data)
        damaged[place : place + 4] = np.float32(np.nan).tobytes()
        (tmp_path / "nan.safetensors").write_bytes(damaged)
        mapped = w2v.load(tmp_path / "nan.safetensors", mmap=True)
        with pytest.raises(FormatError, match=r"init: .*numbers must be finite"):
            train_embeddings(NEW, **OPTIONS, init=mapped)


def test_a_corpus_needs_all_old_words(old):
    few = encode_sentences(NEW, min_count=5)
    with pytest.raises(ConfigError, match="init: needs a corpus read with min_count=1"):
        train_embeddings(few, **{**OPTIONS, "min_count": 1}, init=old)
    every = encode_sentences(NEW, min_count=1)
    wv = train_embeddings(every, **OPTIONS, init=old)
    assert wv.vectors.tobytes() == train_embeddings(NEW, **OPTIONS, init=old).vectors.tobytes()
    assert wv.training_options["min_count"] == 5


def test_sentences_of_which_one_word_is_left_are_refused(old):
    text = [["sun", "x1"], ["moon", "x2"]] * 10
    with pytest.raises(CorpusError, match="no sentence has two words"):
        train_embeddings(text, **{**OPTIONS, "min_count": 100}, init=old)


def test_the_longest_sentence_is_that_of_the_kept_words(old):
    text = [["sun", "x1", "x2", "moon"]] * 10
    wv = train_embeddings(text, **{**OPTIONS, "min_count": 100}, init=old)
    assert wv.training["audit"]["longest_sentence"] == 2


def test_old_and_new_texts_come_together(old):
    """A new word ends up near the old words whose contexts it shares."""
    text = [["noon", "moon", "star"], ["noon", "moon", "sky"]] * 100
    wv = train_embeddings(text, **{**OPTIONS, "epochs": 20}, init=old)
    before = {other for other, _ in old.most_similar("sun", topn=1)}
    assert wv.similarity("noon", "sun") > 0
    assert before


def test_a_run_that_started_from_vectors_is_resumed_with_them(old, tmp_path):
    class Impatient(Callback):
        def on_progress(self, progress):
            if progress.words:
                raise KeyboardInterrupt

    options = {**OPTIONS, "epochs": 200}
    whole = train_embeddings(NEW, **options, init=old)
    with pytest.raises(KeyboardInterrupt):
        train_embeddings(NEW, **options, init=old, checkpoint=tmp_path, callbacks=[Impatient()])
    expected = "init: the run started from vectors; give the same ones with --init"
    with pytest.raises(ConfigError, match=expected):
        train_embeddings(NEW, checkpoint=w2v.Checkpoints(tmp_path, resume=True))
    wv = train_embeddings(NEW, init=old, checkpoint=w2v.Checkpoints(tmp_path, resume=True))
    assert wv.vectors.tobytes() == whole.vectors.tobytes()
    assert wv.context_vectors.tobytes() == whole.context_vectors.tobytes()
    assert wv.training["init"] == whole.training["init"]


def test_the_command(old, tmp_path, write, commands):
    write("new.txt", "\n".join(" ".join(sentence) for sentence in NEW))
    old.save(tmp_path / "old.bin")
    arguments = shlex.split("new.txt --init old.bin -o v.safetensors --workers 1 --sample 0")
    result = commands.run("w2v.train", *arguments, cwd=tmp_path)
    assert result.code == 0, result.err
    assert "init: 5 old words (without counts and context vectors), 3 new ones" in result.err
    wv = w2v.load(tmp_path / "v.safetensors")
    assert json.loads(wv.metadata["training"])["init"]["counts"] is False
    assert wv["comet"].tobytes() == w2v.load(tmp_path / "old.bin")["comet"].tobytes()
    result = commands.run("w2v.train", "new.txt", "--init", "none.bin", cwd=tmp_path)
    assert result.code == 2
    assert result.err.startswith("w2v.train: none.bin: cannot be read: No such file")
    assert result.err.count("\n") == 1
