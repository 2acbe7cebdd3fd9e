import dataclasses
import json
import re
import threading
from collections import Counter

import naive
import numpy as np
import pytest
from ways import arrays_of

from w2v.config import Checkpoints, TrainConfig
from w2v.corpus import encode_sentences, read_corpus, with_phrases
from w2v.corpus.blocks import block_edges
from w2v.errors import ConfigError, CorpusError, DivergenceError
from w2v.train import sampled
from w2v.train.api import make_run, make_trainer, resolve, resolve_lr, train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.loop import Run
from w2v.train.sampled import SampledTrainer

OPTIONS = {"vector_size": 12, "window": 3, "min_count": 1, "workers": 1, "epochs": 3, "lr": 0.05}


def topics(n_sentences=2000, n_words=10, seed=0):
    """Sentences about one of two topics; words of a topic never meet those of the other."""
    rng = np.random.default_rng(seed)
    return [
        [f"{'ab'[s % 2]}{w}" for w in rng.integers(0, n_words, size=8)] for s in range(n_sentences)
    ]


@pytest.fixture(scope="module")
def sentences():
    return topics()


def test_words_that_share_contexts_come_together(sentences):
    wv = train_embeddings(sentences, **{**OPTIONS, "epochs": 20, "sample": 0, "workers": 2})
    for word in ("a0", "b3"):
        near = [other for other, _ in wv.most_similar(word, topn=9)]
        assert {other[0] for other in near} == {word[0]}


def test_the_loss_falls_to_what_the_data_allow(sentences):
    wv = train_embeddings(sentences, **{**OPTIONS, "epochs": 15, "sample": 0})
    losses = json.loads(wv.metadata["training"])["epoch_losses"]
    # Levy and Goldberg 2014: at the optimum s = ln(p(w | c) / (k q(w))), which for 10 equally
    # likely words of a topic, q uniform over 20 and k = 5 is ln(0.4) within a topic and -inf
    # across; noise that hits the true word is skipped. No loss can be lower.
    p = 0.4 / 1.4
    noise_in_topic = 5 * (10 / 20) * (9 / 10)
    bound = -np.log(p) - noise_in_topic * np.log(1 - p)
    assert bound * 0.9 < losses[-1] < losses[0]


@pytest.mark.parametrize("workers", [1, 3])
def test_the_first_loss_is_that_of_tossed_coins(sentences, workers, monkeypatch):
    monkeypatch.setattr(sampled, "block_edges", lambda starts: block_edges(starts, 500))
    options = {**OPTIONS, "lr": 1e-9, "min_lr": 0, "sample": 0, "workers": workers}
    wv = train_embeddings(sentences, **options)
    losses = json.loads(wv.metadata["training"])["epoch_losses"]
    # One true word and five noise words, of which one in twenty hits the true word and is skipped.
    assert losses == pytest.approx([(1 + 5 * 19 / 20) * np.log(2)] * 3, rel=2e-3)


def test_same_seed_same_bytes(sentences):
    first, second = (train_embeddings(sentences, **OPTIONS) for _ in range(2))
    assert first.vectors.tobytes() == second.vectors.tobytes()
    assert first.context_vectors.tobytes() == second.context_vectors.tobytes()
    other = train_embeddings(sentences, **OPTIONS, seed=2)
    assert first.vectors.tobytes() != other.vectors.tobytes()


def test_the_model_starts_as_the_paper_says(sentences):
    corpus = encode_sentences(sentences, min_count=1)
    model = make_trainer(corpus, resolve(TrainConfig(**OPTIONS))).model.parameters
    centers = model.center_vectors
    assert np.abs(centers[:, :12]).max() <= 0.5 / 12
    assert centers[:, :12].std() == pytest.approx(1 / 12 / np.sqrt(12), rel=0.1)
    assert not centers[:, 12:].any()
    assert not model.context_vectors.any()


def test_the_rate_falls_once_over_all_epochs(sentences):
    corpus = encode_sentences(sentences, min_count=1)
    config = TrainConfig(**{**OPTIONS, "lr": 0.5, "min_lr": 0.1, "epochs": 4})
    schedule = make_run(corpus, resolve(config)).schedule
    n = len(corpus.tokens)
    rates = [schedule.at(words) for words in (0, n, 2 * n, 3 * n, 4 * n)]
    assert rates == pytest.approx([0.5, 0.4, 0.3, 0.2, 0.1])


@pytest.mark.parametrize(
    ("loss", "epochs", "n_words", "expected"),
    [
        ("negative-sampling", 5, 10**9, 0.04),  # few passes, whatever the size of the corpus
        ("negative-sampling", 20, 10**9, 0.02),  # four times as many
        ("nce", 20, 8_000_000, 0.02),  # few words a pass: the same from five passes on
        ("sampled-softmax", 20, 4_000_000, 0.04 / 2**0.5),  # ten passes would be 40 million words
        ("nce", 50, 264_000, 0.04),
        ("softmax", 200, 10**9, 0.07),  # has rates of its own, row by row
    ],
)
def test_the_default_rate_is_lower_for_many_passes_over_much_text(loss, epochs, n_words, expected):
    config = resolve(TrainConfig(loss=loss, epochs=epochs))
    assert resolve_lr(config, n_words).lr == pytest.approx(expected, rel=1e-12)
    assert resolve_lr(dataclasses.replace(config, lr=0.3), n_words).lr == 0.3


@pytest.mark.parametrize("workers", [1, 3, 8])
def test_every_block_is_trained_once_an_epoch_at_its_rate(sentences, monkeypatch, workers):
    corpus = encode_sentences(sentences, min_count=1)
    trainer = make_trainer(corpus, resolve(TrainConfig(**{**OPTIONS, "workers": workers})))
    trainer.edges = block_edges(corpus.sentence_starts, block_words=100)
    seen = []
    real = SampledTrainer.train_block

    def spy(self, scratch, epoch, block, lr):
        seen.append((epoch, block, lr))
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "_forecast_seconds", lambda self: 0.0)
    monkeypatch.setattr(SampledTrainer, "train_block", spy)
    reports = []
    callback = Callback()
    callback.on_progress = reports.append
    Run(trainer, [callback]).train()
    n_blocks = trainer.n_blocks
    assert n_blocks > 50
    expected = [(epoch, block) for epoch in range(3) for block in range(n_blocks)]
    assert sorted((epoch, block) for epoch, block, _ in seen) == expected
    by_place = {(epoch, block): lr for epoch, block, lr in seen}
    rates = [by_place[place] for place in expected]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.05
    assert reports[-1].words == reports[-1].total_words == 3 * len(corpus.tokens)


@pytest.mark.parametrize(
    "lengths", [[5], [1] * 50, [100], [3, 200, 1, 1, 1], [10] * 10, [10_000, 1]]
)
def test_blocks_are_whole_sentences_that_cover_the_corpus(lengths):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    edges = block_edges(starts, block_words=10)
    assert edges[0] == 0
    assert edges[-1] == len(lengths)
    assert (np.diff(edges) > 0).all()


def test_more_workers_than_blocks(sentences):
    wv = train_embeddings(sentences[:10], **{**OPTIONS, "workers": 16})
    assert np.isfinite(wv.vectors).all()


@pytest.mark.parametrize("workers", [1, 2])
def test_divergence_stops_the_run_and_says_where(sentences, workers):
    options = {**OPTIONS, "lr": 1e6, "epochs": 50, "workers": workers}
    with pytest.raises(DivergenceError) as error:
        train_embeddings(sentences, **options)
    text = str(error.value)
    assert "epoch 1, block" in text
    assert "lower --lr" in text
    assert "at learning rate" in text


def test_an_error_in_one_thread_stops_all_and_is_raised(sentences, monkeypatch):
    threads = threading.active_count()
    real = SampledTrainer.train_block

    def fail(self, scratch, epoch, block, lr):
        if lr and epoch == 1:
            raise RuntimeError("broken block")
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", fail)
    with pytest.raises(RuntimeError, match="broken block"):
        train_embeddings(sentences, **{**OPTIONS, "workers": 3, "epochs": 1000})
    assert threading.active_count() == threads


def test_an_interrupt_passes_the_vectors_so_far_to_callbacks(sentences):
    class Impatient(Callback):
        got = None

        def on_progress(self, progress):
            if progress.words:
                raise KeyboardInterrupt

        def on_interrupt(self, embeddings):
            self.got = embeddings

    callback = Impatient()
    with pytest.raises(KeyboardInterrupt):
        train_embeddings(sentences, **{**OPTIONS, "epochs": 1000}, callbacks=[callback])
    assert len(callback.got) == 20
    assert callback.got.context_vectors.any()


def test_an_interrupt_has_the_vectors_so_far(sentences):
    class Impatient(Callback):
        def on_progress(self, progress):
            if progress.words:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as error:
        train_embeddings(
            sentences, **{**OPTIONS, "epochs": 1000}, callbacks=[Impatient()], progress=False
        )
    wv = error.value.embeddings
    assert len(wv) == 20
    assert wv.context_vectors.any()


def test_callbacks_are_called_in_order_and_always_ended(sentences):
    heard = []

    class Hearing(Callback):
        def __init__(self, name):
            self.name = name

        def on_prepare(self):
            heard.append((self.name, "prepare"))

        def on_start(self, plan):
            heard.append((self.name, "start"))

        def on_epoch_end(self, run):
            heard.append((self.name, run.state.epochs_trained))

        def on_end(self):
            heard.append((self.name, "end"))

    train_embeddings(sentences, **OPTIONS, callbacks=[Hearing("a"), Hearing("b")])
    expected = ["prepare", "start", 1, 2, 3, "end"]
    assert heard == [(name, what) for what in expected for name in "ab"]
    heard.clear()
    with pytest.raises(DivergenceError):
        train_embeddings(sentences, **{**OPTIONS, "lr": 1e6}, callbacks=[Hearing("c")])
    assert heard == [("c", "prepare"), ("c", "start"), ("c", "end")]


def test_all_callbacks_are_ended_although_one_fails(sentences):
    ended = []

    class Failing(Callback):
        def __init__(self, name):
            self.name = name

        def on_end(self):
            ended.append(self.name)
            raise OSError(f"{self.name} has gone")

    with pytest.raises(OSError, match="a has gone"):
        train_embeddings(sentences, **OPTIONS, callbacks=[Failing("a"), Failing("b")])
    assert ended == ["a", "b"]


@pytest.mark.parametrize("loss", ["negative-sampling", "nce", "softmax"])
def test_vectors_of_a_callback_never_change(sentences, loss):
    """Rows of 16 numbers have no padding, so those of the model could be taken as they are."""

    class Keeping(Callback):
        def __init__(self):
            self.kept, self.then, self.run = [], [], None

        def on_epoch_end(self, run):
            self.run = run
            self.kept.append(run.embeddings())
            self.then.append(arrays_of(self.kept[-1]))

    keeping = Keeping()
    options = {**OPTIONS, "vector_size": 16, "loss": loss, "sample": 0}
    wv = train_embeddings(sentences, **options, callbacks=[keeping])
    assert [arrays_of(each) for each in keeping.kept] == keeping.then
    assert keeping.then[0] != keeping.then[1]
    assert arrays_of(wv) == keeping.then[2]
    model = keeping.run.trainer.vectors()  # the result takes no more memory
    assert np.shares_memory(wv.vectors, model.center_vectors)
    assert np.shares_memory(wv.context_vectors, model.context_vectors)


def test_a_run_is_logged_under_the_name_of_the_package(sentences, caplog):
    with caplog.at_level("INFO", logger="w2v"):
        train_embeddings(sentences, **OPTIONS)
    text = [record.getMessage() for record in caplog.records if record.name == "w2v"]
    assert any(line.startswith("vocabulary: 20 words") for line in text)
    assert any(line.startswith("epoch 3 of 3, loss ") for line in text)


@pytest.mark.parametrize("progress", ["auto", True, False])
def test_a_bar_is_shown_on_terminals_alone(sentences, progress, capsys, monkeypatch):
    monkeypatch.setattr("w2v.train.progress.has_bars", lambda: progress is not False)
    monkeypatch.setenv("COLUMNS", "80")
    train_embeddings(sentences, **{**OPTIONS, "epochs": 30}, progress=progress)
    out, err = capsys.readouterr()
    assert out == ""
    if progress is False:
        assert err == ""
        return
    last = err.replace("\n", "\r").strip("\r").split("\r")[-1]
    assert re.match(r"training: 100%\|█+\| .*words/s, loss \d\.\d{3}, 00:00 left", last), err
    assert "corpus:" not in err


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("config", 5, "config: expected a w2v.TrainConfig, got 5"),
        ("init", 5, "init: expected a path or w2v.Embeddings, got 5"),
        ("checkpoint", 5, "checkpoint: expected a folder or w2v.Checkpoints, got 5"),
        ("cache_dir", 5, "cache_dir: expected a folder, got 5"),
        ("cache_dir", b"cache", "cache_dir: expected a folder, got b'cache'"),
        ("progress", "yes", "progress: expected True, False or 'auto', got 'yes'"),
        ("progress", None, "progress: expected True, False or 'auto', got None"),
        ("callbacks", None, "callbacks: expected a list of w2v.Callback, got None"),
        ("callbacks", Callback(), "callbacks: expected a list of w2v.Callback, got "),
        ("callbacks", [print], "callbacks: expected a w2v.Callback, got "),
    ],
)
def test_an_argument_of_a_wrong_kind_is_refused_before_the_corpus_is_read(name, value, message):
    with pytest.raises(ConfigError) as caught:
        train_embeddings("no such file.txt", **{name: value})
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folder": 5}, "checkpoint: expected a folder, got 5"),
        ({"folder": None}, "checkpoint: expected a folder, got None"),
        ({"folder": ""}, "checkpoint: the path is empty"),
        ({"folder": "kept", "output": 5}, "output: expected a path, got 5"),
        ({"folder": "kept", "resume": "yes"}, "resume: expected true or false, got 'yes'"),
        ({"folder": "kept", "back_off": "2"}, "back_off: expected an integer, got '2'"),
        ({"folder": "kept", "back_off": True}, "back_off: expected an integer, got True"),
        ({"folder": "kept", "every": 5}, "checkpoint_every: expected an interval such as"),
    ],
)
def test_wrong_checkpoints_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=f"^{message}"):
        Checkpoints(**arguments)
    assert Checkpoints("kept", back_off=np.int64(2)).back_off == 2


@pytest.mark.parametrize("loss", ["negative-sampling", "sampled-softmax"])
def test_a_loss_without_normalisers_cannot_learn_them(loss):
    with pytest.raises(ConfigError, match=f"learn_normaliser: {loss} has no normaliser to learn"):
        train_embeddings("no such file.txt", loss=loss, learn_normaliser=True)


@pytest.mark.parametrize("rounds", [{}, {"deterministic": True, "shards": 2}])
def test_sentences_of_one_word_are_refused(write, rounds):
    path = write("lonely.txt", "a b\nc d\nb d e\n" + "a\nc\n" * 9)
    # With 9, only a and c remain, which never meet.
    with pytest.raises(CorpusError, match="two words that occur at least min_count=9 times"):
        train_embeddings(path, **{**OPTIONS, "min_count": 9, **rounds})


CHOSEN = [{"sample": 0.05}, {"min_count": 1}, {"epochs": 2}]


@pytest.mark.parametrize(("loss", "epochs"), [("negative-sampling", 5), ("softmax", 20)])
@pytest.mark.parametrize(
    ("chosen", "factor", "as_config"),
    [({}, 0.99, False), ({}, 1.01, False), ({}, 1.01, True)]
    + [(options, 1e9, as_config) for options in CHOSEN for as_config in (False, True)],
)
def test_the_advice_on_little_text(
    sentences, monkeypatch, loss, epochs, chosen, factor, as_config
):  # fmt: skip
    """At the defaults alone: other values were chosen on purpose, also in a config."""

    class Watching(Callback):
        def __init__(self):
            self.warnings = []

        def on_warning(self, text):
            self.warnings.append(text)

        def on_prepare(self):
            raise Prepared

    class Prepared(Exception):
        pass

    counts = Counter(word for sentence in sentences for word in sentence)
    total = sum(counts.values())
    kept = sum(n * naive.keep_prob(n, total, 1e-4) for n in counts.values())
    assert min(counts.values()) >= 5
    monkeypatch.setattr("w2v.train.api.LITTLE_WORDS", factor * kept * epochs)
    seen = Watching()
    options = {"loss": loss, "workers": 1, **chosen}
    if as_config:
        options = {"config": TrainConfig(**options)}
    with pytest.raises(Prepared):
        train_embeddings(sentences, callbacks=[seen], **options)
    if factor > 1 and not chosen:
        (advice,) = seen.warnings
        assert f"subsampling keeps about {kept:,.0f} of {total:,} words" in advice
    else:
        assert not seen.warnings


def test_a_generator_is_read_once(sentences):
    wv = train_embeddings((s for s in sentences), **OPTIONS)
    assert wv.vectors.tobytes() == train_embeddings(sentences, **OPTIONS).vectors.tobytes()


def test_paths_and_lists_of_words_agree(sentences, write):
    path = write("t.txt", "\n".join(" ".join(s) for s in sentences))
    from_path = train_embeddings(path, **OPTIONS)
    assert from_path.vectors.tobytes() == train_embeddings(sentences, **OPTIONS).vectors.tobytes()
    from_list = train_embeddings([str(path)], **OPTIONS)
    assert from_list.vectors.tobytes() == from_path.vectors.tobytes()


def test_lowercase_holds_for_lists_of_words_too():
    wv = train_embeddings([["A", "b", "B"]] * 10, **OPTIONS, lowercase=True, sample=0)
    assert sorted(wv.index_to_key) == ["a", "b"]


def test_a_sentence_is_not_a_corpus_of_letters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for corpus in ("the cat sat", ["the cat sat", "on the mat"]):
        with pytest.raises(CorpusError, match="the cat sat: no such file or folder"):
            train_embeddings(corpus)
    wv = train_embeddings(iter(["The cat, the dog"] * 20), **OPTIONS, lowercase=True)
    assert sorted(wv.index_to_key) == ["cat,", "dog", "the"]
    texts = ["The cat, the dog"] * 20
    wv = train_embeddings(texts, **OPTIONS, lowercase=True, tokenize="words")
    assert sorted(wv.index_to_key) == ["cat", "dog", "the"]


def test_options_come_from_one_place(sentences):
    with pytest.raises(ConfigError, match="not both"):
        train_embeddings(sentences, TrainConfig(), epochs=3)
    with pytest.raises(ConfigError, match="did you mean epochs"):
        train_embeddings(sentences, epoch=3)
    with pytest.raises(ConfigError, match="cache_dir"):
        train_embeddings(sentences, cache_dir="x")


def test_a_corpus_brings_its_options(write, tmp_path):
    """The vectors know how the text was read, and options that would be ignored are refused."""
    path = write("t.txt", "The cat. New York!\n" * 20)
    read = {"tokenize": "words", "lowercase": True, "min_count": 1}
    options = {"vector_size": 4, "epochs": 1, "sample": 0, "workers": 1}
    corpus = with_phrases(read_corpus(path, **read), threshold=1.0)
    wv = train_embeddings(corpus, **options)
    assert wv.training_options["phrases"] == 1
    assert {name: wv.training_options[name] for name in read} == read
    assert np.array_equal(wv.encode("The Cat."), wv.encode(" ".join(["the_cat"])))
    assert wv.encode("The Cat.").any()
    same = train_embeddings(corpus, TrainConfig(tokenize="words", **options))
    assert same.vectors.tobytes() == wv.vectors.tobytes()
    with pytest.raises(ConfigError, match="min_count: the corpus has been read with min_count=1"):
        train_embeddings(corpus, min_count=3)
    with pytest.raises(ConfigError, match="min_count: the corpus has been read with min_count=1"):
        train_embeddings(corpus, TrainConfig(tokenize="words", min_count=3))
    with pytest.raises(ConfigError, match="cache_dir: the corpus has been read"):
        train_embeddings(corpus, cache_dir=tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "softmax", "negative": 20}, "negative: softmax does not use this option"),
        ({"batch_size": 8}, "batch_size: negative-sampling does not use this option"),
        ({"shards": 8}, "shards: only used with deterministic or the engine ray"),
    ],
)
def test_an_option_without_effect_is_refused_wherever_it_comes_from(sentences, options, message):
    for arguments in ((sentences, TrainConfig(**options)), (sentences,)):
        with pytest.raises(ConfigError, match=message):
            train_embeddings(*arguments, **(options if len(arguments) == 1 else {}))


def test_the_record_of_a_run(sentences):
    wv = train_embeddings(sentences, **OPTIONS)
    record = json.loads(wv.metadata["training"])
    assert record["config"]["vector_size"] == 12
    assert len(record["epoch_losses"]) == 3
    assert record["audit"]["words"] == 16_000
    assert 0 < record["words_after_subsampling"] < 3 * 16_000
    assert wv.counts.sum() == 16_000
