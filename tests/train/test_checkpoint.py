"""Files of checkpoints: whole, checked to the bit, two kept, one run a folder."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import w2v
from w2v.errors import FormatError, OutputError
from w2v.formats.safetensors_file import read_tensors, write_tensors
from w2v.train.checkpoint import (
    CHECKPOINT_VERSION,
    CheckpointFolder,
    _digest,
    numbered,
    read_checkpoint,
    vocabulary_tensors,
    write_checkpoint,
)
from w2v.train.state import EpochStats, Position, RunIdentity, RunState
from w2v.util import files
from w2v.util.folder_lock import LOCK_FILE, FolderLock
from w2v.vocab import Vocabulary

WORDS = ["the", "naïve", "x\u2028y"]


def state(seed=0):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((2, 3, 4)).astype(np.float32)
    return {
        **vocabulary_tensors(Vocabulary(WORDS, [5, 3, 1])),
        "center_vectors": vectors[0],
        "context_vectors": vectors[1],
        "squares.bias": rng.random(3),
        "empty": np.zeros((0, 4), np.float32),
    }


STATE = RunState(
    n_epochs=2, n_blocks=3, n_words=9, position=Position(1, 2, 3),
    epochs=[EpochStats(0.1 + 0.2, 3, 4, 5)], past_seconds=0.5,
    held_out_losses=[1e-300, math.inf], back_offs=[{"naïve": "ü", "big": 2**63 - 1}],
)  # fmt: skip
IDENTITY = RunIdentity(
    w2v.TrainConfig(epochs=2, lr=0.1, seed=5),
    {"words": 9, "sentences": 2, "vocabulary": 3, "fingerprint": "f"},
    dict.fromkeys(["w2v", "python", "numpy", "numba", "machine"], "1"),
)
RECORD = {"state": STATE.to_json(), "identity": IDENTITY.to_json()}


def test_what_is_read_is_what_was_written(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    arrays = state()
    write_checkpoint(path, arrays, RECORD)
    read = read_checkpoint(path)
    assert (read.state, read.identity) == (STATE, IDENTITY)
    assert read.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(read.arrays[name], array)
    assert read.vocabulary().words == WORDS
    assert read.vocabulary().counts.tolist() == [5, 3, 1]


def test_a_checkpoint_can_be_loaded_as_vectors(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    write_checkpoint(path, state(), RECORD)
    wv = w2v.load(path)
    assert wv.index_to_key == WORDS
    np.testing.assert_array_equal(wv["naïve"], state()["center_vectors"][1])
    np.testing.assert_array_equal(wv.context_vectors, state()["context_vectors"])


def test_a_bit_flipped_anywhere_is_noticed(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    write_checkpoint(path, state(), RECORD)
    content = path.read_bytes()
    copy = tmp_path / "flipped.safetensors"
    flips = 0
    for position in range(len(content)):
        # Every bit of the header's first bytes and of the data's end; one bit of each other byte.
        bits = range(8) if position < 64 or position > len(content) - 64 else [position % 8]
        for bit in bits:
            flipped = bytearray(content)
            flipped[position] ^= 1 << bit
            copy.write_bytes(flipped)
            with pytest.raises(FormatError):
                read_checkpoint(copy)
            flips += 1
    assert flips > len(content)


def test_a_file_cut_or_grown_anywhere_is_refused(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    write_checkpoint(path, state(), RECORD)
    content = path.read_bytes()
    cut = [content[:length] for length in range(len(content))]
    grown = [content + bytes([byte]) * n for byte in (0, 10, 255) for n in range(1, 9)]
    for changed in cut + grown:
        path.write_bytes(changed)
        with pytest.raises(FormatError, match="checkpoint-000001"):
            read_checkpoint(path)


def test_other_files_are_not_checkpoints(tmp_path):
    path = tmp_path / "checkpoint-000001.safetensors"
    w2v.Embeddings(WORDS, np.eye(3)).save(path)
    with pytest.raises(FormatError, match="metadata"):
        read_checkpoint(path)
    write_checkpoint(path, state(), RECORD)
    tensors, metadata = read_tensors(path)
    # A later layout, with its own digest, is refused by its version.
    changed = {**metadata, "checkpoint_version": "3"}
    del changed["digest"]
    write_tensors(path, tensors, {**changed, "digest": _digest(changed)})
    with pytest.raises(
        FormatError, match=f"of version '3', but this w2v reads version {CHECKPOINT_VERSION}"
    ):
        read_checkpoint(path)
    del tensors["empty"]
    write_tensors(path, tensors, metadata)
    with pytest.raises(FormatError, match="the tensors do not match the checksums"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("options", "used"),
    [
        ({"merge_every": 1, "hot_words": None}, None),
        ({"merge_every": 5, "hot_words": None}, "merge_every=5"),
        ({"merge_every": 5, "hot_words": 100}, "merge_every=5"),
    ],
)
def test_a_removed_option_is_accepted_if_it_had_its_default(options, used, tmp_path):
    identity = IDENTITY.to_json()
    identity["config"] |= options
    path = tmp_path / "checkpoint-000001.safetensors"
    write_checkpoint(path, state(), {"state": STATE.to_json(), "identity": identity})
    if used is None:
        assert read_checkpoint(path).identity == IDENTITY
    else:
        with pytest.raises(FormatError, match=f"000001.safetensors: {used}, but .* no longer has"):
            read_checkpoint(path)


@pytest.mark.parametrize(("shrink", "weights"), [(True, "draw"), (False, "flat")])
def test_an_earlier_checkpoints_shrink_windows_is_understood(shrink, weights, tmp_path):
    identity = IDENTITY.to_json()
    del identity["config"]["distance_weights"]
    identity["config"]["shrink_windows"] = shrink
    path = tmp_path / "checkpoint-000001.safetensors"
    write_checkpoint(path, state(), {"state": STATE.to_json(), "identity": identity})
    assert read_checkpoint(path).identity.config.distance_weights == weights


# --- the folder ---------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def numbers(folder: Path) -> list[int]:
    return list(numbered(folder))


def test_the_last_two_are_kept(tmp_path):
    with CheckpointFolder(tmp_path / "ck") as folder:
        for seed in range(4):
            record = {
                "state": {**RECORD["state"], "seconds": seed},
                **{"identity": RECORD["identity"]},
            }
            path = folder.write(state(seed), record)
            assert numbers(folder.path) == [n for n in (seed, seed + 1) if n]
            assert folder.newest()[0].path == path
            assert folder.newest()[0].state.seconds == seed
    assert names(tmp_path / "ck") == [f"checkpoint-{n:06}.safetensors" for n in (3, 4)]


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def test_a_damaged_newest_one_is_reported_and_the_older_used(tmp_path):
    with CheckpointFolder(tmp_path) as folder:
        first, second = (folder.write(state(seed), RECORD) for seed in range(2))
    damage(second)
    with CheckpointFolder(tmp_path) as folder:
        checkpoint, problems = folder.newest()
        assert checkpoint.path == first
        assert len(problems) == 1
        assert second.name in problems[0]
        assert "damaged" in problems[0]
        # The good one stays until there are two good ones: the damaged one goes first.
        folder.keep_only(checkpoint.path)
        third = folder.write(state(), RECORD)
        assert numbers(tmp_path) == [1, 3]
        folder.write(state(), RECORD)
        assert numbers(tmp_path) == [3, 4]
    damage(third)
    damage(tmp_path / "checkpoint-000004.safetensors")
    checkpoint, problems = CheckpointFolder(tmp_path).newest()
    assert checkpoint is None
    assert len(problems) == 2


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path):
    leftover = files._temporary(tmp_path, "checkpoint-000004.safetensors").name
    for name in (leftover, "notes.txt", "checkpoint-1.safetensors"):
        (tmp_path / name).write_bytes(b"x")
    with CheckpointFolder(tmp_path) as folder:
        folder.write(state(), RECORD)
        folder.write(state(), RECORD)
        folder.write(state(), RECORD)
    assert names(tmp_path) == [
        "checkpoint-000002.safetensors", "checkpoint-000003.safetensors",
        "checkpoint-1.safetensors", "notes.txt",
    ]  # fmt: skip


def test_an_output_that_is_being_written_is_left_alone(tmp_path):
    with files.atomic_write(tmp_path / "vectors.bin") as stream:
        with CheckpointFolder(tmp_path) as folder:
            folder.write(state(), RECORD)
        stream.write(b"vectors")
    assert names(tmp_path) == ["checkpoint-000001.safetensors", "vectors.bin"]


# --- the lock -----------------------------------------------------------------------------------


def test_a_second_holder_in_the_same_process_is_refused(tmp_path):
    with FolderLock(tmp_path):
        (tmp_path / "link").symlink_to(tmp_path)
        for name in (tmp_path, tmp_path / "link"):
            with pytest.raises(OutputError, match="in use by this process"), FolderLock(name):
                pass
        # A refused attempt must not have released the first one.
        with pytest.raises(OutputError, match="in use by this process"), FolderLock(tmp_path):
            pass
        assert holder_refused(tmp_path)
    with FolderLock(tmp_path):
        pass
    assert LOCK_FILE not in names(tmp_path)


HOLD = """
import sys, time
from w2v.util.folder_lock import FolderLock
with FolderLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder, **options):
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def holder_refused(folder) -> bool:
    process = holder(folder)
    _, err = process.communicate("")
    return f"in use by process {os.getpid()}" in err


def test_another_process_is_refused_until_a_kill_releases_the_lock(tmp_path):
    folder = tmp_path / "ck"
    with holder(folder) as process:
        assert process.stdout.readline() == "held\n"
        expected = f"in use by process {process.pid}; wait until it has ended"
        with pytest.raises(OutputError, match=expected), FolderLock(folder):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert names(folder) == [LOCK_FILE]
        with FolderLock(folder):
            pass
        process.stdin.close()


def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    code = HOLD.replace(
        '    print("held", flush=True)',
        '    import os\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\n'
        '    print("held", flush=True)',
    )  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == "held\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        with FolderLock(tmp_path):
            pass
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdin.close()
        process.stdout.close()


def test_a_folder_that_was_created_and_stayed_empty_is_removed(tmp_path):
    with FolderLock(tmp_path / "new"):
        assert names(tmp_path / "new") == [LOCK_FILE]
    assert names(tmp_path) == []
    (tmp_path / "old").mkdir()
    with FolderLock(tmp_path / "old"):
        pass
    assert names(tmp_path) == ["old"]
    with FolderLock(tmp_path / "used"):
        (tmp_path / "used" / "file").touch()
    assert names(tmp_path / "used") == ["file"]


def test_vectors_are_not_named_like_a_checkpoint(tmp_path, write, commands):
    write("t.txt", "a b\n" * 20)
    write("run/checkpoint-000001.safetensors", "precious")
    run = commands.run(
        "w2v.train", "t.txt", "--checkpoint", "run", "-o", "run/checkpoint-000001.safetensors",
        cwd=tmp_path,
    )  # fmt: skip
    assert (run.code, run.out) == (2, "")
    assert "would be taken for a checkpoint" in run.err
    assert (tmp_path / "run/checkpoint-000001.safetensors").read_text() == "precious"
