"""Training in rounds on this machine: pure tasks, the same bytes for any number of workers."""

import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest
from round_runs import KINDS, OPTIONS, train, write_text
from runs import Recorder, interrupt_after, same

from w2v.config import Checkpoints, TrainConfig
from w2v.corpus import Shard, encode_sentences, read_corpus
from w2v.corpus.blocks import BLOCK_WORDS, block_edges
from w2v.errors import ConfigError, CorpusError, DivergenceError
from w2v.kernels.sampled import Model, make_scratch, sampled_kernels
from w2v.losses import LOSSES, get_loss
from w2v.numerics.aligned_memory import padded
from w2v.numerics.jit import read_only
from w2v.numerics.random import stream_key
from w2v.train import round_tasks, worker_pool
from w2v.train.api import make_trainer, resolve, train_embeddings
from w2v.train.checkpoint import numbered
from w2v.train.round_tasks import Part, Tables, round_edge, train_shard, train_shards
from w2v.train.sampled_model import SampledModel


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return write_text(tmp_path_factory.mktemp("rounds"))


@pytest.mark.parametrize("kind", KINDS)
def test_any_number_of_workers_gives_the_same_bytes(kind, text):
    one, two, four = (train(text, workers=n, **KINDS[kind]) for n in (1, 2, 4))
    assert same(one, two)
    assert same(one, four)
    assert one.training["epoch_losses"][1] < one.training["epoch_losses"][0]


def test_shards_seed_and_rounds_make_a_difference(text):
    first = train(text)
    others = [{"shards": 3}, {"seed": 4}, {"round_words": 2_000}]
    results = [first, *(train(text, **other) for other in others)]
    assert len({wv.vectors.tobytes() for wv in results}) == len(results)


def test_all_words_are_trained_once_an_epoch(text):
    corpus = read_corpus(text, min_count=1)
    record = train(text, sample=0.0).training
    assert record["words_trained"] == 2 * corpus.n_words
    assert record["words_after_subsampling"] == 2 * corpus.n_words


def test_threads_without_a_shard_are_a_warning(text):
    recorder = Recorder()
    train(text, recorder, workers=4, shards=3)
    assert recorder.warnings == [
        "shards=3 keeps only 3 of 4 threads busy; more shards would be faster, but change the "
        "vectors"
    ]
    train(text, recorder, workers=3, shards=3)
    assert len(recorder.warnings) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"round_words": 1_000}, 6), ({"round_words": 10**6}, 1), ({"round_words": 4_500}, 1),
        ({"round_words": None}, 6), ({"round_words": None, "shards": 1}, 24),
        ({"round_words": None, "shards": 100}, 1),
    ],
)  # fmt: skip
def test_rounds_of_an_epoch(text, options, expected):
    rounds_seen = []

    class Watching(Recorder):
        def on_epoch_end(self, run):
            rounds_seen.append(run.state.n_blocks)

    train(text, Watching(), epochs=1, **options)
    assert rounds_seen == [expected]


def test_rounds_grow_in_the_first_epoch_and_are_equal_in_others():
    edges = [[round_edge(160_000, epoch, n, 20) for n in range(21)] for epoch in range(2)]
    assert edges[0] == [n**4 for n in range(21)]
    assert edges[1] == [8_000 * n for n in range(21)]


def test_the_learning_rate_follows_the_words(text, monkeypatch):
    """Not the rounds: in the first epoch they have different numbers of words."""
    parts = []

    def noted(*arguments):
        parts.append(arguments[2])
        return train_shard(*arguments)

    monkeypatch.setattr(round_tasks, "train_shard", noted)
    words = train(text, workers=1, lr=0.05, min_lr=0.01).training["words_trained"] // 2
    trained = [part for part in parts if part.lr_begin > 0]  # not to forecast the time
    assert len(trained) == 2 * 6 * OPTIONS["shards"]
    for part in trained:
        edges = [
            part.epoch * words + round_edge(words, part.epoch, n, part.rounds)
            for n in (part.round, part.round + 1)
        ]
        expected = [0.05 - 0.04 * edge / (2 * words) for edge in edges]
        assert [part.lr_begin, part.lr_end] == pytest.approx(expected, rel=1e-12)


# --- the tasks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def setting(text):
    """A model with offsets, its tables and options, and the corpus as one shard."""
    config = resolve(TrainConfig(workers=1, **OPTIONS))
    corpus = read_corpus(text, min_count=1)
    model = SampledModel(corpus.vocabulary, config, get_loss("negative-sampling"))
    rng = np.random.default_rng(1)
    for matrix in model.parameters[:2]:
        matrix[:, :10] = rng.normal(size=(len(matrix), 10)) * 0.3
    model.parameters.logit_offsets[:] = rng.normal(size=len(matrix))
    for array in model.parameters:
        array.flags.writeable = False
    shard = Shard(np.asarray(corpus.tokens), np.asarray(corpus.sentence_starts))
    return model.parameters, Tables(model.thresholds, model.noise.table), config, shard


PART = Part(epoch=1, round=1, shard=2, rounds=6, lr_begin=0.05, lr_end=0.04)


def arrays_of(result):
    deltas, stats = result
    return [array for part in deltas for array in part], dataclasses.astuple(stats)


def equal(first, second):
    (arrays_1, stats_1), (arrays_2, stats_2) = arrays_of(first), arrays_of(second)
    return stats_1 == stats_2 and all(
        a.tobytes() == b.tobytes() for a, b in zip(arrays_1, arrays_2, strict=True)
    )


def test_a_task_is_pure(setting):
    """The model is read-only, as a cluster hands it out; other tasks in between change nothing."""
    model, tables, config, shard = setting
    first = train_shard(model, shard, PART, tables, config)
    other = train_shard(model, shard, PART._replace(round=2), tables, config)
    again = train_shard(model, shard, PART, tables, config)
    assert equal(first, again)
    assert not equal(first, other)


def test_a_task_leaves_nothing_behind_for_another_loss(setting):
    """On a cluster, one process may train several models, one after the other."""
    model, tables, config, shard = setting
    first = train_shard(model, shard, PART, tables, config)
    for name in ("sampled-softmax", "nce"):
        other = resolve(TrainConfig(workers=1, loss=name, **OPTIONS))
        train_shard(model, shard, PART, tables, other)
        assert equal(train_shard(model, shard, PART, tables, config), first)


@pytest.mark.parametrize("block_words", [BLOCK_WORDS, 300])
def test_a_task_does_what_the_kernel_does_and_counts_the_updates(setting, monkeypatch, block_words):
    """Block after block, at a rate that falls linearly within the round."""
    model, tables, config, shard = setting
    monkeypatch.setattr(round_tasks, "block_edges", lambda starts: block_edges(starts, block_words))
    deltas, stats = train_shard(model, shard, PART, tables, config)
    loss = get_loss("negative-sampling")
    kernels = sampled_kernels(loss, 10, 3)
    starts = shard.sentence_starts
    words = int(starts[-1])
    first, last = np.searchsorted(starts, [words // 6, words * 2 // 6])
    n_words = int(starts[last] - starts[first])
    edges = first + block_edges(starts[first : last + 1] - starts[first], block_words)
    assert stats.words == n_words
    assert (len(edges) > 3) == (block_words == 300)
    own = Model(*(array.copy() for array in model))
    scratch = make_scratch(10, 3, 3, n_words)
    totals = np.zeros(3)
    for block, (begin, end) in enumerate(itertools.pairwise(edges)):
        lr = 0.05 - 0.01 * int(starts[begin] - starts[first]) / n_words
        totals += kernels.block(
            own, scratch, read_only(shard.tokens), read_only(starts), begin, end,
            read_only(tables.thresholds), read_only(tables.noise), 3, True, np.float32(lr),
            stream_key(3, 1, 1, 1, 2, block), stream_key(3, 2, 1, 1, 2, block),
        )  # fmt: skip
    assert [stats.loss, stats.pairs, stats.words_kept] == pytest.approx(totals, rel=1e-12)
    for mine, theirs, found in zip(own[:2], model[:2], deltas, strict=True):
        changed = np.flatnonzero((mine != theirs).any(axis=1))
        assert set(changed) <= set(found.rows)
        np.testing.assert_array_equal(found.deltas[:, :10], (mine - theirs)[found.rows, :10])
        assert (found.update_counts >= 1).all()


@pytest.mark.parametrize("vector_size", [10, 130])
def test_working_memory_has_rows_of_the_vectors_size(setting, vector_size):
    """The kernels also run, and write elsewhere, with rows that are shorter."""
    _, tables, _, shard = setting
    config = resolve(TrainConfig(workers=1, **{**OPTIONS, "vector_size": vector_size}))
    size = len(tables.thresholds)
    model = Model(
        *np.zeros((2, size, padded(vector_size)), np.float32), *np.zeros((2, size), np.float32)
    )
    train_shard(model, shard, PART, tables, config)
    threads = make_trainer(encode_sentences([["a", "b"]] * 9, min_count=1), config)
    for scratch in (round_tasks._memory.scratch, threads.make_scratch()):
        assert scratch.inputs.shape[1] == scratch.candidates.shape[1] == padded(vector_size)


def test_update_counts_are_the_steps_that_update_a_row(setting):
    """One sentence of two words is one group: each of its words is updated once."""
    model, tables, config, _ = setting
    shard = Shard(np.array([30, 31], np.int32), np.array([0, 2]))
    always = Tables(np.full_like(tables.thresholds, 2**32 - 1), tables.noise)
    part = PART._replace(round=0, rounds=1)
    deltas, stats = train_shard(model, shard, part, always, config)
    assert stats.pairs == 2
    assert deltas.center.rows.tolist() == [30, 31]
    assert deltas.center.update_counts.tolist() == [1, 1]
    assert {30, 31} <= set(deltas.context.rows.tolist())
    assert deltas.context.update_counts.sum() <= 2 + 2 * 3  # and the group's noise


def test_shards_side_by_side_are_shards_one_by_one(setting):
    model, tables, config, shard = setting
    parts = tuple(PART._replace(shard=k) for k in range(3))
    arguments = (model, tables, config, parts, *[shard] * 3)
    together, alone = train_shards(3, *arguments), train_shards(1, *arguments)
    for k in range(3):
        assert equal(together[k::3], alone[k::3])
        assert equal(alone[k::3], train_shard(model, shard, parts[k], tables, config))


def test_the_rounds_of_an_epoch_share_its_sentences():
    starts = np.concatenate([[0], np.cumsum(np.random.default_rng(0).integers(1, 40, 500))])
    parts = [PART._replace(round=k, rounds=7) for k in range(7)]
    bounds = [round_tasks.round_bounds(starts, part) for part in parts]
    assert bounds[0][0] == 0
    assert bounds[-1][1] == 500
    assert all(a[1] == b[0] for a, b in itertools.pairwise(bounds))


# --- checkpoints, divergence ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["negative-sampling", "nce", "five-shards"])
def test_an_interrupted_run_is_resumed_to_the_same_bytes(kind, text, tmp_path, monkeypatch):
    options = {**KINDS[kind], "epochs": 4}
    whole = train(text, **options)
    for after in (1, 2, 5):
        folder = tmp_path / str(after)
        with monkeypatch.context() as patch:
            interrupt_after(patch, after)
            with pytest.raises(KeyboardInterrupt):
                train(text, **options, checkpoint=folder)
        recorder = Recorder()
        wv = train(text, recorder, **options, checkpoint=folder, resume=True, workers=1)
        assert 0 < recorder.resumed_at < 1
        assert same(wv, whole)


def test_checkpoints_between_change_nothing(text, tmp_path):
    recorder = Recorder()
    wv = train(text, recorder, epochs=8, checkpoint=tmp_path, every="1%")
    assert same(wv, train(text, epochs=8))
    assert recorder.kept[-1][0] == 1
    assert len(numbered(tmp_path)) == 2
    kept = Checkpoints(tmp_path, resume=True)
    assert same(train_embeddings(text, checkpoint=kept), wv)  # the checkpoint has the options


def test_another_corpus_or_number_of_shards_is_refused(text, tmp_path):
    kept = {"checkpoint": tmp_path / "run"}
    train(text, **kept)
    other = tmp_path / "other.txt"
    other.write_text(text.read_text().replace("w1 w1", "w2 w2", 1))
    with pytest.raises(CorpusError, match="the corpus is not that of the checkpoint"):
        train(other, **kept, resume=True)
    with pytest.raises(ConfigError, match=r"shards=5, but the checkpoint has 4"):
        train(text, **kept, resume=True, shards=5)


def test_a_divergence_is_reported_and_backed_off_from(text, tmp_path):
    with pytest.raises(DivergenceError, match=r"epoch 1, round \d+ of 6: the loss diverged"):
        train(text, lr=1e6)
    recorder = Recorder()
    train(text, recorder, lr=300.0, back_off=20, checkpoint=tmp_path, epochs=1)
    assert "back to" in recorder.warnings[0]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"deterministic": False, "shards": 2}, "shards: only used with deterministic"),
        (
            {"merge_every": 2},
            r"unknown option 'merge_every' \(all rows are merged after each round; leave it out\)",
        ),
        ({"shards": 0}, "shards: expected 1 to"),
        ({"round_words": 10}, "round_words: expected 1000 to"),
        ({"loss": "softmax"}, "loss: softmax cannot be trained with deterministic"),
        ({"validate": 0.1}, "validate: cannot be combined with deterministic"),
        ({"cache_dir": "cache"}, "cache_dir: cannot be combined with deterministic"),
        (
            {"engine": "ray", "deterministic": False},
            "deterministic: the engine ray is always deterministic",
        ),
        ({"engine": "spark"}, "engine: 'spark' is neither local nor ray"),
        ({"address": "auto"}, "address: 'auto' needs the engine ray"),
    ],
)
def test_options_that_would_be_ignored_are_refused(text, options, message):
    plain = {k: v for k, v in OPTIONS.items() if k not in ("shards", "round_words")}
    with pytest.raises(ConfigError, match=message):
        train_embeddings(text, **{**plain, **options})


def test_sentences_and_earlier_vectors_are_refused(text):
    with pytest.raises(ConfigError, match="needs a corpus given by paths, not sentences"):
        train([["a", "b"]] * 9)
    wv = train(text)
    with pytest.raises(ConfigError, match="init: cannot be combined with deterministic"):
        train(text, init=wv)


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_is_trained_or_refused(name, text):
    config = TrainConfig(**{**OPTIONS, "loss": name})
    if get_loss(name).family == "sampled":
        assert resolve(config).loss == name
    else:
        with pytest.raises(ConfigError, match="use a sampled loss"):
            resolve(config)


def command(*arguments, cwd):
    line = [sys.executable, "-m", "w2v.train", *map(str, arguments)]
    return subprocess.run(line, cwd=cwd, capture_output=True, text=True)


def test_the_command(text, tmp_path):
    given = [
        text,
        "--deterministic",
        "--vector-size",
        "10",
        "--epochs",
        "1",
        "--round-words",
        "2000",
    ]
    contents = []
    for workers in (1, 3):
        result = command(*given, "--workers", workers, "-o", "v.bin", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        contents.append((tmp_path / "v.bin").read_bytes())
    assert contents[0] == contents[1]
    assert "trained     23," in result.stdout or "trained     24,000 words" in result.stdout
    refused = command(*given, "--validate", "1%", cwd=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr.startswith("w2v.train: validate: cannot be combined with deterministic")
    assert refused.stderr.count("\n") == 1


def test_without_ray_one_line_says_what_to_install(text, tmp_path):
    """As where it is not installed: the import fails."""
    (tmp_path / "ray.py").write_text("raise ImportError('no ray')\n")
    result = subprocess.run(
        [sys.executable, "-m", "w2v.train", str(text), "--engine", "ray"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "pip install 'w2v[ray]'" in result.stderr
    assert not result.stdout
