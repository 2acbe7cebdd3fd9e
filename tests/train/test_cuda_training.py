"""Training with device=cuda, in Numba's simulator, which trains one block after another.

That it trains what the CPU trains, `tests/test_options.py` and `tests/kernels/test_cuda_kernel.py`
say.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from types import SimpleNamespace

import naive
import numpy as np
import pytest
from runs import Recorder, interrupt_after, same, train

from w2v.config import TrainConfig
from w2v.corpus import encode_sentences
from w2v.corpus.blocks import block_edges
from w2v.embeddings import Embeddings
from w2v.errors import ConfigError, DivergenceError
from w2v.losses import get_loss
from w2v.numerics.jit import numba_config
from w2v.numerics.random import stream_key, stream_keys
from w2v.train import api, cuda, sampled, worker_pool
from w2v.train.api import make_trainer, resolve, train_embeddings
from w2v.train.cuda import CudaTrainer
from w2v.train.schedule import Schedule
from w2v.train.state import RunState

pytestmark = pytest.mark.usefixtures("one_processor")

WORDS = [f"w{n}" for n in np.random.default_rng(0).integers(0, 7, 18)]
CORPUS = [WORDS[i : i + 6] for i in range(0, 18, 6)]
OPTIONS = {"vector_size": 4, "window": 2, "negative": 1, "sample": 0.0}


@pytest.fixture
def short_launches(monkeypatch):
    """A block is a sentence, and a launch trains two blocks, one at a time."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)
    for module in (cuda, sampled):
        monkeypatch.setattr(module, "block_edges", lambda starts: block_edges(starts, 6))
    monkeypatch.setattr(cuda, "MAX_SHARING", 0)
    monkeypatch.setattr(cuda, "LAUNCH_FACTOR", 2)


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False,
        env=os.environ | environment,
    )  # fmt: skip


def test_an_interrupted_run_is_resumed_on_either_device(short_launches, tmp_path, monkeypatch):
    whole = train(corpus=CORPUS, device="cuda", **OPTIONS)
    for device in ("cuda", "cpu"):
        with monkeypatch.context() as patch:
            interrupt_after(patch, 3)
            with pytest.raises(KeyboardInterrupt):
                train(corpus=CORPUS, device="cuda", checkpoint=tmp_path / device, **OPTIONS)
        recorder = Recorder()
        wv = train(
            recorder, CORPUS, device=device, checkpoint=tmp_path / device, resume=True, **OPTIONS
        )
        assert 0.5 < recorder.resumed_at < 1  # within the second epoch
        assert wv.training["config"]["device"] == device
        assert np.abs(wv.vectors - whole.vectors).max() < 1e-6
        assert device == "cpu" or same(wv, whole)


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "nce", "learn_normaliser": True},
        {"loss": "negative-sampling", "output_bias": True, "shrink_windows": False},
    ],
    ids=lambda options: options["loss"],
)
def test_options_reach_the_card(short_launches, options):
    options = {"vector_size": 5, "window": 2, "negative": 3, "sample": 0.0, "epochs": 1, **options}
    on_cpu, on_card = (train(corpus=CORPUS, device=device, **options) for device in ("cpu", "cuda"))
    assert np.abs(on_cpu.vectors - on_card.vectors).max() < 1e-6
    assert np.abs(on_cpu.context_vectors - on_card.context_vectors).max() < 1e-6
    assert np.abs(on_cpu.output_bias - on_card.output_bias).max() < 1e-6
    assert np.abs(on_card.output_bias).max() > 1e-3


def test_validation_sees_the_vectors_of_the_card_and_keeps_the_best(short_launches):
    options = {**OPTIONS, "validate": 0.3, "patience": 1, "epochs": 4, "lr": 0.5}
    on_cpu, on_card = (train(corpus=CORPUS, device=device, **options) for device in ("cpu", "cuda"))
    losses = [wv.training["validation"] for wv in (on_cpu, on_card)]
    assert losses[0].keys() == losses[1].keys()
    assert losses[1]["best_epoch"] == losses[0]["best_epoch"]
    assert np.abs(on_cpu.vectors - on_card.vectors).max() < 1e-5


def test_after_a_reset_the_card_starts_anew(short_launches):
    """As a run does that backs off to its start: the card must not keep the diverged model."""
    config = resolve(TrainConfig(min_count=1, workers=1, epochs=1, device="cuda", **OPTIONS))
    trainer = make_trainer(encode_sentences(CORPUS, min_count=1), config)
    lr, min_lr = trainer.config.lr_, trainer.config.min_lr
    schedule = Schedule(lr, min_lr, trainer.corpus.n_words)
    trained = []
    with trainer.prepared():
        for _ in range(2):
            state = RunState(1, trainer.n_blocks, trainer.corpus.n_words)
            trainer.train_epoch(state, schedule, lambda: None)
            trained.append(trainer.vectors().center_vectors.copy())
            trainer.reset()
    np.testing.assert_array_equal(*trained)


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # NumPy's, in the simulator
def test_a_divergence_is_noticed(short_launches):
    with pytest.raises(DivergenceError, match=r"^epoch \d, block \d of 3: the loss diverged"):
        train(corpus=CORPUS, device="cuda", **OPTIONS, lr=1e20)


def test_what_cannot_be_trained_on_a_gpu_is_refused_before_the_corpus_is_read(monkeypatch):
    def refused(**options):
        with pytest.raises(ConfigError) as caught:
            train_embeddings("no such file.txt", device="cuda", **options)
        return str(caught.value)

    assert refused(loss="softmax") == "device=cuda: softmax can only be trained on the CPU"
    assert "cannot be combined with deterministic" in refused(deterministic=True)
    harmonic = "device=cuda: cannot be combined with distance_weights=harmonic; use draw or flat"
    assert refused(distance_weights="harmonic") == harmonic
    old = Embeddings(["w0"], np.ones((1, 100)))
    expected = "device=cuda: cannot be combined with freeze"
    assert refused(init=old, freeze=["w0"]) == expected
    assert refused(negative=63) == "negative=63, but device=cuda takes at most 62"
    assert refused(vector_size=4_000).startswith(
        "vector_size=4000 with window=5 and negative=5 takes"
    )
    assert refused(window=400).startswith("vector_size=100 with window=400 and negative=5 takes")
    monkeypatch.setattr(cuda, "why_no_gpu", lambda: "no NVIDIA GPU can be used")
    assert refused() == "device=cuda: no NVIDIA GPU can be used"
    monkeypatch.setattr(api, "find_spec", lambda name: None)
    monkeypatch.setattr(numba_config, "ENABLE_CUDASIM", 0)
    needed = "device=cuda: needs the extra w2v[cuda]: pip install 'w2v[cuda]'"
    assert refused() == needed


def test_without_a_gpu_the_command_says_so_on_one_line(tmp_path):
    arguments = ["-m", "w2v.train", __file__, "-o", str(tmp_path / "x.bin")]
    ended = run(*arguments, "--device", "cuda", NUMBA_ENABLE_CUDASIM="0", CUDA_VISIBLE_DEVICES="-1")
    assert ended.returncode == 2
    missing = (
        "no NVIDIA GPU can be used" if find_spec("numba_cuda") else "needs the extra w2v[cuda]"
    )
    assert ended.stderr.startswith(f"w2v.train: device=cuda: {missing}")
    assert ended.stderr.count("\n") == 1


def test_the_cpu_imports_nothing_of_it():
    ended = run(
        "-c",
        "import sys, w2v\n"
        "w2v.train_embeddings([['a', 'b']] * 9, vector_size=8, min_count=1, sample=0, workers=1)\n"
        "print({'numba.cuda', 'numba_cuda', 'w2v.train.cuda'} & set(sys.modules))",
    )  # fmt: skip
    assert ended.stdout == "set()\n", ended.stderr


def test_few_blocks_are_in_flight_where_one_word_is_in_most_groups(monkeypatch):
    monkeypatch.setattr(cuda, "multiprocessors", lambda: 100)
    monkeypatch.setattr(cuda, "block_edges", lambda starts: np.arange(len(starts)))

    def in_flight(sentence, **options):
        corpus = encode_sentences([sentence] * 300, min_count=1)
        config = api.make_config({**OPTIONS, "min_count": 1, "device": "cuda", **options})
        trainer = api.make_trainer(corpus, resolve(config))
        assert isinstance(trainer, CudaTrainer)
        return trainer.in_flight

    # Of 4 equal words each is once among 2 noise words and 4 positions: 2 / 4 + 4 / 4 = 1.5.
    assert in_flight(["a", "b", "c", "d"]) == int(50 / 1.5)
    assert in_flight(["a", "b"], negative=5) == int(50 / (10 / 2 + 4 / 2))
    # Subsampling evens out what the noise does not.
    sampled_out = {word: n * naive.keep_prob(n, 1200, 0.1) for word, n in (("a", 900), ("b", 300))}
    a = sampled_out["a"] / sum(sampled_out.values())
    assert a < 0.7
    noise = naive.noise_probs([900, 300], 0.75)[0]
    assert in_flight(["a", "a", "b", "a"], sample=0.1) == int(50 / (2 * noise + 4 * a))
    # With many words, the card's multiprocessors are the limit, and then the number of blocks.
    many = [f"w{n}" for n in range(100)]
    assert (
        in_flight(many)
        == 100 * cuda.cuda_kernel(get_loss("negative-sampling"), 4, 1, 2).blocks_a_multiprocessor
    )
    monkeypatch.setattr(cuda, "multiprocessors", lambda: 1000)
    assert in_flight(many) == 300


def test_a_card_that_trains_a_word_a_second_takes_a_second_a_word(short_launches, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(cuda, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    launch = CudaTrainer._launch

    def timed(trainer, epoch, first, last, rates):
        starts = trainer.corpus.sentence_starts[trainer.edges]
        now[0] += float(starts[last] - starts[first])
        return launch(trainer, epoch, first, last, rates)

    monkeypatch.setattr(CudaTrainer, "_launch", timed)
    corpus = encode_sentences(CORPUS, min_count=1)
    config = api.make_config({**OPTIONS, "min_count": 1, "device": "cuda", "epochs": 3})
    trainer = api.make_trainer(corpus, resolve(config))
    assert trainer.in_flight < len(CORPUS)  # the forecast is from a part of the text
    with trainer.prepared() as preparation:
        assert preparation.forecast_seconds == pytest.approx(3 * len(WORDS))


def test_keys_of_many_blocks_are_those_of_each():
    keys = stream_keys(7, 2, 0, last=np.arange(5, 9))
    assert keys.dtype == np.uint64
    assert keys.tolist() == [int(stream_key(7, 2, 0, n)) for n in range(5, 9)]
