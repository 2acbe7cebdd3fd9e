"""Threads, processes and notebooks around a run. Longer: scripts/stress/soak_threads.py."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
from collections import Counter

import numpy as np
import pytest
from killed import COMMON, sentences

from w2v.corpus.blocks import block_edges
from w2v.train.api import train_embeddings
from w2v.train.callbacks import Callback
from w2v.train.sampled import SampledTrainer

CORPUS = sentences(36_000)


@pytest.fixture
def trained(monkeypatch):
    """Counts how often each (epoch, block) is trained."""
    counts = Counter()
    lock = threading.Lock()
    real = SampledTrainer.train_block

    def spy(self, scratch, epoch, block, lr):
        if lr:  # 0 while the time is forecast
            with lock:
                counts[epoch, block] += 1
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", spy)
    return counts


def train(corpus=CORPUS, **options):
    return train_embeddings(corpus, **{**COMMON, **options})


def once(epochs, blocks):
    return Counter((epoch, block) for epoch in range(epochs) for block in range(blocks))


# --- threads --------------------------------------------------------------------------------------


def test_more_workers_than_blocks(trained):
    before = threading.active_count()
    wv = train(workers=64, epochs=3)
    assert trained == once(3, blocks=4)
    assert wv.training["words_trained"] == 3 * 36_000
    assert np.isfinite(wv.vectors).all()
    assert threading.active_count() == before


def test_eight_threads_train_every_block_once(trained, monkeypatch):
    monkeypatch.setattr("w2v.corpus.blocks.block_edges.__defaults__", (100,))
    wv = train(workers=8, epochs=4)
    blocks = max(block for _, block in trained) + 1
    assert blocks > 300
    assert trained == once(4, blocks)
    assert wv.training["words_trained"] == 4 * 36_000


@pytest.mark.parametrize("loss", ["nce", "softmax:distribution", "softmax:split", "softmax:corpus"])
@pytest.mark.parametrize("block_words", [1, 5])
def test_blocks_smaller_than_a_sentence_are_whole_sentences(loss, block_words, monkeypatch):
    starts = np.cumsum([0, 12, 12, 3, 1, 12])
    np.testing.assert_array_equal(block_edges(starts, 1), [0, 1, 2, 3, 4, 5])
    name, _, targets = loss.partition(":")
    options = {"loss": name, "targets": targets or None, "batch_size": 16} if targets else {
        "loss": name
    }  # fmt: skip
    corpus = [*CORPUS[:60], ["w1"], [], ["w2", "w3"], *CORPUS[60:90]]
    monkeypatch.setattr("w2v.corpus.blocks.block_edges.__defaults__", (block_words,))
    wv = train(corpus, workers=8, **options)
    assert wv.training["words_trained"] == 2 * sum(map(len, corpus))
    assert np.isfinite(wv.vectors).all()


@pytest.mark.parametrize("after", [0, 1, 100])
def test_a_thread_that_raises_ends_the_run_and_all_threads(after, monkeypatch):
    monkeypatch.setattr("w2v.corpus.blocks.block_edges.__defaults__", (100,))
    before = threading.active_count()
    left = [after]
    real = SampledTrainer.train_block

    def failing(self, scratch, epoch, block, lr):
        if lr:
            left[0] -= 1
            if left[0] < 0:
                raise MemoryError(f"of block {block}")
        return real(self, scratch, epoch, block, lr)

    monkeypatch.setattr(SampledTrainer, "train_block", failing)
    with pytest.raises(MemoryError, match="of block"):
        train(workers=8, epochs=10)
    assert left[0] >= -8  # no thread has taken another block after its own failure, or ours
    assert threading.active_count() == before


@pytest.mark.parametrize("loss", ["softmax", "nce"])
def test_a_callback_that_raises_ends_the_run_and_all_threads(loss):
    before = threading.active_count()

    class Broken(Callback):
        def on_progress(self, progress):
            raise OSError("the terminal has gone")

    with pytest.raises(OSError, match="the terminal has gone"):
        train(workers=8, epochs=1000, loss=loss, callbacks=[Broken()])
    assert threading.active_count() == before


def test_two_runs_at_once_do_not_disturb_each_other():
    expected = [train(seed=seed).vectors.tobytes() for seed in (1, 2)]
    got = {}

    def work(seed):
        got[seed] = train(seed=seed).vectors.tobytes()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [got[1], got[2]] == expected


# --- processes ------------------------------------------------------------------------------------

CALLERS = """
import hashlib, json, multiprocessing, sys, warnings
warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
sys.path.insert(0, "tests/helpers")
from killed import COMMON, sentences
import w2v

def train(loss):
    corpus, options = sentences(12_000), {**COMMON, "loss": loss}
    wv = w2v.train_embeddings(corpus, **options)
    w2v.train_embeddings(corpus, **{**options, "workers": 3})
    return hashlib.sha256(wv.vectors.tobytes()).hexdigest()

if __name__ == "__main__":
    method, losses = sys.argv[1], sys.argv[2:]
    own = [train(loss) for loss in losses]  # its threads, and those of BLAS, come before the fork
    with multiprocessing.get_context(method).Pool(2) as pool:
        theirs = pool.map(train, losses * 2, chunksize=1)
    print(json.dumps([own, theirs]))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_callers_that_fork_or_spawn(method, tmp_path, request):
    script = tmp_path / "callers.py"
    script.write_text(CALLERS)
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script), method, "nce", "softmax"],
        cwd=request.config.rootpath, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    own, theirs = json.loads(result.stdout)
    assert theirs == own * 2
    assert own[0] != own[1]
    alone = train(sentences(12_000), loss="nce").vectors.tobytes()
    assert own[0] == hashlib.sha256(alone).hexdigest()


# --- notebooks ------------------------------------------------------------------------------------

NOTEBOOK = """
import sys, types

def module(name, **names):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(names)

class Widget:  # of which tqdm needs little
    bar_style = ""

    def __init__(self, children=(), **values):
        self.layout, self.style = types.SimpleNamespace(), types.SimpleNamespace()
        self.children = children
        self.__dict__.update(values)

shown = []
module("ipykernel.zmqshell")
module("IPython", get_ipython=lambda: types.SimpleNamespace())
module("IPython.display", display=shown.append)
if sys.argv[1] == "widgets":
    module("ipywidgets", HBox=Widget, FloatProgress=Widget, HTML=Widget)
else:
    sys.modules["ipywidgets"] = None
sys.path.insert(0, "tests/helpers")
from killed import COMMON, sentences
from w2v import train_embeddings
from w2v.train.progress import Console

console = Console()
train_embeddings(sentences(36_000), callbacks=[console], **COMMON)
console.close()
print(console.bars, [(box.children[1].max, box.children[1].value) for box in shown])
"""


@pytest.mark.parametrize("widgets", ["widgets", "none"])
def test_in_a_notebook(widgets, request):
    """Bars of the notebook's own where it has widgets, lines where it has none."""
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", NOTEBOOK, widgets],
        cwd=request.config.rootpath, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    if widgets == "widgets":
        assert (result.stdout, result.stderr.count("%")) == ("True [(72000, 72000)]\n", 0)
    else:
        assert result.stdout == "False []\n"
        assert "training: 2 epochs" in result.stderr
