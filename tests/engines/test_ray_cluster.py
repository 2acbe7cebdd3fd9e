"""Training on a Ray cluster of this machine: two CPUs, an object store of 100 MB."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from round_runs import KINDS, train, write_text
from runs import Recorder, interrupt_after, same

from w2v.errors import ConfigError, CorpusError, W2VError

ray = pytest.importorskip("ray", reason="needs the extra w2v[ray]")

from w2v.engines.ray_cluster import RayEngine  # noqa: E402

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module", autouse=True)
def cluster():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # By default Ray's workers have niceness 15, and get next to no time on a busy machine.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112
    ray.init(
        num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False
    )
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return write_text(tmp_path_factory.mktemp("ray"))


def train_on_ray(text, callback=None, **options):
    return train(text, callback, engine="ray", **options)


@pytest.mark.parametrize("kind", ["negative-sampling", "sampled-softmax", "five-shards"])
def test_a_cluster_gives_the_bytes_of_this_machine(kind, text):
    local = train(text, workers=1, **KINDS[kind])
    for workers in (1, 2):
        assert same(train_on_ray(text, workers=workers, **KINDS[kind]), local)


def processes_of_tasks(name):
    """Process ids of Ray's workers that are busy with a task of that name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(f"ray::{name}".encode()):
                found.append(int(path.parent.name))
        except OSError:  # it has just ended
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds processes in /proc")
def test_a_worker_that_is_killed_in_a_round_changes_nothing(text):
    options = {"round_words": 1_000, "epochs": 20}
    whole = train(text, **options)
    killed = []
    over = threading.Event()

    def kill():
        while not over.is_set() and len(killed) < 3:
            for pid in processes_of_tasks("train_shards")[:1]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed.append(pid)
                time.sleep(0.5)
            time.sleep(0.001)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        while not killed:  # on a busy machine a whole run may be quicker than the killer
            assert same(train_on_ray(text, **options), whole)
    finally:
        over.set()
        killer.join()


def test_an_interrupted_run_is_resumed(text, tmp_path, monkeypatch):
    """Here, or on the cluster, whichever it was begun on."""
    whole = train(text, epochs=3)
    for begun, ended in ((train_on_ray, train), (train, train_on_ray)):
        folder = tmp_path / begun.__name__
        with monkeypatch.context() as patch:
            interrupt_after(patch, 3)
            with pytest.raises(KeyboardInterrupt):
                begun(text, epochs=3, checkpoint=folder)
        recorder = Recorder()
        wv = ended(text, recorder, epochs=3, checkpoint=folder, resume=True)
        assert 0 < recorder.resumed_at < 1
        assert same(wv, whole)


def test_an_input_error_in_a_task_is_one_line(tmp_path):
    path = tmp_path / "bad.txt"
    path.write_bytes(b"a b\n" * 40 + b"\xff\n")
    with pytest.raises(CorpusError, match="0xff is not UTF-8") as error:
        train_on_ray(path)
    assert "\n" not in str(error.value)


def fails():
    raise ArithmeticError("on purpose")


def test_the_error_of_a_task_is_one_line():
    engine = RayEngine(1)
    with pytest.raises(W2VError, match=r"ray: a task failed: .*(ModuleNotFoundError|on purpose)"):
        engine.get(engine.submit(fails))
    engine.close()
    assert ray.is_initialized()  # it was not started by the engine


def test_an_address_without_a_cluster_gives_a_one_line_error(text, tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "w2v.train", str(text), "--engine", "ray", "--address",
         "127.0.0.1:1"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith("w2v.train: address: 127.0.0.1:1: cannot connect to a Ray")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("address", ["nowhere", "ray://host:10001", "host:0", "host:port", ":5"])
def test_an_invalid_address_is_refused(address, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ConfigError, match="address: expected auto or host:port, got"):
        RayEngine(1, address)


def test_another_address_than_that_of_the_connection_is_refused():
    connected = ray.get_runtime_context().gcs_address
    for address in (None, "auto", connected):
        assert RayEngine(1, address).n_nodes == 1
    with pytest.raises(ConfigError, match=f"address: Ray is already connected to {connected}; "):
        RayEngine(1, "other:6379")


@pytest.mark.parametrize("address", [None, "auto"])
def test_an_invalid_address_of_the_environment_is_called_so(address, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_ADDRESS", "nowhere")
    with pytest.raises(ConfigError, match="RAY_ADDRESS: expected auto or host:port, got 'nowhere'"):
        RayEngine(1, address)


def test_an_empty_address_of_the_environment_is_none(monkeypatch):
    begun = []
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **options: begun.append(options))
    monkeypatch.setenv("RAY_ADDRESS", "")
    RayEngine(1)
    assert (begun[0]["address"], begun[0]["num_cpus"]) == (None, 1)


def test_sigterm_writes_a_checkpoint(text, tmp_path):
    """Although Ray installs its own handler."""
    line = [sys.executable, "-m", "w2v.train", str(text), "--engine", "ray", "--workers", "2"]
    line += ["--vector-size", "10", "--epochs", "2000", "--round-words", "2000"]
    line += ["--checkpoint", "run", "--checkpoint-every", "0.1%", "--min-count", "1"]
    told = []
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for told_line in process.stderr:
            told.append(told_line)
            if told_line.startswith("checkpoint:") and process.poll() is None:
                process.terminate()
    assert process.returncode == 128 + signal.SIGTERM, told
    assert "w2v.train: terminated at" in told[-1]
