"""Ctrl-C and SIGTERM, as the command and its callers meet them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from runs import CORPUS, Recorder, same, train

from w2v.train import worker_pool


@pytest.fixture(autouse=True)
def quick_ticks(monkeypatch):
    """Even short runs write many checkpoints."""
    monkeypatch.setattr(worker_pool, "TICK_SECONDS", 0.005)


QUICK = ["--vector-size", "10", "--min-count", "1", "--workers", "1", "--epochs", "60"]


def command(*arguments, cwd):
    return subprocess.Popen(
        [sys.executable, "-m", "w2v.train", *map(str, arguments)],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


SIGNALLED = """if True:
    import os, sys
    from w2v.train import __main__ as command

    number, real = int(sys.argv.pop(1)), sys.stderr

    class Signalling:  # once the first checkpoint is reported
        def __getattr__(self, name):
            return getattr(real, name)

        def write(self, text):
            real.write(text)
            if text.startswith("checkpoint:") and sys.stderr is self:
                sys.stderr = real
                os.kill(os.getpid(), number)

    sys.stderr = Signalling()
    command.entry()
"""


@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGINT, "interrupted"), (signal.SIGTERM, "terminated")]
)
def test_a_signal_writes_a_checkpoint_and_says_how_to_resume(tmp_path, write, number, word):
    write("my corpus.txt", "\n".join(" ".join(sentence) for sentence in CORPUS))
    write("vectors.bin", b"precious")
    arguments = ["my corpus.txt", *QUICK, "--checkpoint", "ck", "--checkpoint-every", "2%"]
    process = subprocess.run(
        [sys.executable, "-c", SIGNALLED, str(int(number)), *arguments],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    out, err = process.stdout, process.stderr
    last = err.strip().splitlines()[-1]
    assert process.returncode == 128 + number
    assert out == ""
    assert "Traceback" not in err
    assert last.startswith(f"w2v.train: {word} at ")
    assert last.endswith(
        "%; to resume: python -m w2v.train 'my corpus.txt' --vector-size 10 --min-count 1 "
        "--workers 1 --epochs 60 --checkpoint ck --checkpoint-every 2% --resume"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ck",
        "my corpus.txt",
        "vectors.bin",
    ]
    assert (tmp_path / "vectors.bin").read_bytes() == b"precious"
    with command("my corpus.txt", "--checkpoint", "ck", "--resume", cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert "checkpoint: resuming at" in err
    with command("my corpus.txt", *QUICK, "-o", "whole.bin", cwd=tmp_path) as process:
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert (tmp_path / "vectors.bin").read_bytes() == (tmp_path / "whole.bin").read_bytes()


def wait_until_asleep(process):
    """Until it waits for the pipe: Python may miss a signal just before a call that blocks."""
    stat = Path(f"/proc/{process.pid}/stat")
    if not stat.exists():  # not on Linux
        time.sleep(1)
        return
    in_a_row = 0
    while in_a_row < 5 and process.poll() is None:
        state = stat.read_text().rpartition(")")[2].split()[0]
        in_a_row = in_a_row + 1 if state == "S" else 0
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ([], "nothing was saved"),
        (["--resume"], f"to resume: python -m w2v.train pipe.txt {' '.join(QUICK)} --checkpoint ck "
         "--resume"),
    ],
)  # fmt: skip
def test_a_signal_before_training_says_what_is_saved(tmp_path, more, expected):
    os.mkfifo(tmp_path / "pipe.txt")
    with (
        command("pipe.txt", *QUICK, "--checkpoint", "ck", *more, cwd=tmp_path) as process,
        (tmp_path / "pipe.txt").open("w") as pipe,  # opens once the command reads
    ):
        pipe.write("a b c\n")
        pipe.flush()
        wait_until_asleep(process)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert err.strip().splitlines()[-1] == f"w2v.train: terminated; {expected}"
    assert [path.name for path in tmp_path.iterdir()] == ["pipe.txt"]


def test_without_checkpoints_a_sigterm_ends_the_process_as_ever(tmp_path, write):
    write("corpus.txt", "\n".join(" ".join(sentence) for sentence in CORPUS))
    with command("corpus.txt", *QUICK, "--epochs", "99999", cwd=tmp_path) as process:
        for line in process.stderr:
            if line.startswith("training:"):
                break
        process.send_signal(signal.SIGTERM)
        process.communicate()
    assert process.returncode == -signal.SIGTERM


def test_an_interrupt_reaches_a_thread_that_is_not_the_main_one_through_its_callback(tmp_path):
    """Signals go to the main thread alone."""
    caught = []

    class Impatient(Recorder):
        def on_progress(self, progress):
            if progress.words > 10_000:
                raise KeyboardInterrupt

    def work():
        try:
            train(Impatient(), checkpoint=tmp_path)
        except KeyboardInterrupt:
            caught.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught
    assert same(train(checkpoint=tmp_path, resume=True), train())
