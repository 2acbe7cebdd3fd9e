"""Writing files: whole or not at all, whatever fails and whenever."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors import numpy as safetensors_numpy
from streams import Wrapped

from w2v.errors import FormatError, OutputError, W2VError
from w2v.formats.safetensors_file import read_tensors, write_tensors
from w2v.util import files
from w2v.util.files import atomic_write, check_output, is_stream

OLD, NEW = b"old content", b"new content, which is longer"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_replaces_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "out.bin"
    for content in (OLD, NEW):
        with atomic_write(path) as stream:
            stream.write(content)
            assert not path.exists() or path.read_bytes() == OLD
        assert path.read_bytes() == content
    assert names(tmp_path) == ["out.bin"]


def test_text_is_utf8_with_unix_line_ends(tmp_path):
    with atomic_write(tmp_path / "out.txt", "w") as stream:
        stream.write("naïve\nline\n")
    assert (tmp_path / "out.txt").read_bytes() == "naïve\nline\n".encode()


@pytest.mark.parametrize("raised", [ValueError, KeyboardInterrupt])
def test_an_exception_in_the_block_leaves_the_old_file(tmp_path, raised):
    path = tmp_path / "out.bin"
    path.write_bytes(OLD)

    def interrupted():
        with atomic_write(path) as stream:
            stream.write(NEW)
            raise raised

    with pytest.raises(raised):
        interrupted()
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["out.bin"]


def test_an_error_about_another_file_is_not_reported_as_ours(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"input\.txt"), atomic_write(tmp_path / "out.bin"):
        (tmp_path / "input.txt").open()
    assert names(tmp_path) == []


@pytest.mark.parametrize("output", ["out.bin", "/dev/null"])
def test_an_error_without_a_file_name_may_be_that_of_an_input(tmp_path, output):
    def reading():
        raise OSError(errno.EIO, "Input/output error")
        yield b""

    for write in (lambda stream: stream.write(next(reading())), lambda s: s.writelines(reading())):
        with (
            pytest.raises(OSError, match=r"^\[Errno 5\] Input/output error$") as error,
            atomic_write(tmp_path / output) as stream,
        ):
            write(stream)
        assert not isinstance(error.value, OutputError)
    assert names(tmp_path) == []


def test_an_error_of_a_stream_is_that_of_the_output(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    for part in (b"x", b"x" * 10**6):  # fails in the end, or at once
        with (
            pytest.raises(OutputError, match="/dev/full: cannot be written: No space left"),
            atomic_write("/dev/full") as stream,
        ):
            stream.writelines([part])


class Faults:
    """Lets the nth call of one system function fail."""

    def __init__(self, monkeypatch, name: str, nth: int, number: int) -> None:
        self.calls, self.nth, self.number = 0, nth, number
        self.real = getattr(os, name)
        monkeypatch.setattr(files.os, name, self)

    def __call__(self, *args, **kwargs):
        self.calls += 1
        if self.calls == self.nth:
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*args, **kwargs)


class FailingStream(Wrapped):
    """A file object whose nth write fails, after writing half."""

    def __init__(self, stream, nth: int, number: int) -> None:
        super().__init__(stream)
        self.nth, self.number = nth, number

    def write(self, data):
        self.nth -= 1
        if self.nth == 0:
            self.stream.write(data[: len(data) // 2])
            raise OSError(self.number, os.strerror(self.number))
        return self.stream.write(data)


def write_in_parts(path: Path) -> None:
    with atomic_write(path) as stream:
        for byte in NEW:
            stream.write(bytes([byte]))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_every_write_may_fail(tmp_path, monkeypatch, number):
    path = tmp_path / "out.bin"
    path.write_bytes(OLD)
    real = os.fdopen
    for nth in range(1, len(NEW) + 1):
        monkeypatch.setattr(
            files.os, "fdopen", lambda *a, _nth=nth, **k: FailingStream(real(*a, **k), _nth, number)
        )
        with pytest.raises(
            OutputError, match=rf"out\.bin: cannot be written: {os.strerror(number)}"
        ):
            write_in_parts(path)
        assert path.read_bytes() == OLD
        assert names(tmp_path) == ["out.bin"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("function", ["open", "fdopen", "fchmod", "fsync", "replace"])
def test_every_system_call_may_fail(tmp_path, monkeypatch, function, number):
    path = tmp_path / "out.bin"
    for nth in range(1, 5):
        path.write_bytes(OLD)
        with monkeypatch.context() as patch:
            faults = Faults(patch, function, nth, number)
            if nth > 1 and function in ("fchmod", "fdopen", "replace"):
                write_in_parts(path)
                assert faults.calls == 1
                break
            if nth > 2:
                write_in_parts(path)
                assert faults.calls == 2
                break
            with pytest.raises(OutputError, match=os.strerror(number)):
                write_in_parts(path)
            # The second open and fsync are the folder's: the new file is in place by then.
            assert path.read_bytes() == (OLD if nth == 1 else NEW)
        assert names(tmp_path) == ["out.bin"]


def test_a_file_system_that_cannot_sync_folders_is_accepted(tmp_path, monkeypatch):
    path = tmp_path / "out.bin"
    Faults(monkeypatch, "fsync", 2, errno.EINVAL)
    write_in_parts(path)
    assert path.read_bytes() == NEW


def test_permissions(tmp_path):
    path = tmp_path / "out.bin"
    old_mask = os.umask(0o027)
    try:
        write_in_parts(path)
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    write_in_parts(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "out.bin", tmp_path / "link.bin"
    link.symlink_to(target)
    for content in (OLD, NEW):  # dangling first, then not
        with atomic_write(link) as stream:
            stream.write(content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert names(tmp_path / "real") == ["out.bin"]


def test_a_name_as_long_as_the_file_system_allows(tmp_path):
    path = tmp_path / ("x" * 255)
    write_in_parts(path)
    assert path.read_bytes() == NEW


def test_a_fifo_is_written_into(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert is_stream(path)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    check_output(path, 10**18)
    write_in_parts(path)
    reader.join()
    assert got == [NEW]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_standard_output_is_never_replaced(tmp_path):
    assert is_stream("/dev/stdout")
    assert is_stream("/dev/null")
    assert not is_stream(tmp_path)
    assert not is_stream(tmp_path / "missing")
    write_in_parts(Path("/dev/null"))
    with (tmp_path / "out").open("wb") as stream:
        path = Path(f"/dev/fd/{stream.fileno()}")
        before = os.fstat(stream.fileno()).st_ino
        write_in_parts(path)
    assert (tmp_path / "out").stat().st_ino == before
    assert (tmp_path / "out").read_bytes() == NEW


def test_check_output_accepts(tmp_path):
    check_output(tmp_path / "new.bin", 1000)
    (tmp_path / "old.bin").write_bytes(OLD)
    check_output(tmp_path / "old.bin")
    check_output("/dev/null", 10**18)
    assert names(tmp_path) == ["old.bin"]


def test_check_output_refuses(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(OLD)
    cases = {
        tmp_path: "a folder, not a file to write",
        "": "the path of a file is empty",
        f"{tmp_path}/new/": "a folder, not a file to write",
        tmp_path / "missing" / "out.bin": "the folder to write in does not exist",
        tmp_path / "file" / "out.bin": "the folder to write in is a file",
    }
    for path, message in cases.items():
        with pytest.raises(OutputError, match=message):
            check_output(path)
        with pytest.raises(OutputError):
            write_in_parts(path)
    with pytest.raises(OutputError, match=r"needs [\d,.]+ MB of disk space, but only"):
        check_output(tmp_path / "out.bin", 10**18)
    for refused, message in (
        (tmp_path / "file", "file: is read-only"),
        (tmp_path, "no permission to write in"),
    ):
        with monkeypatch.context() as patch:  # root may write everywhere
            patch.setattr(files.os, "access", lambda path, mode, _no=refused: Path(path) != _no)
            with pytest.raises(OutputError, match=message):
                check_output(tmp_path / "file")


ARRAYS = {
    "empty": np.zeros((0, 3), np.int64),
    "fortran": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "scalar": np.array(2.5),
    "big endian": np.arange(3, dtype=">i4"),
    "bytes": np.arange(3, dtype=np.uint8),
    "flags": np.array([True, False]),
}


@pytest.mark.parametrize("mmap", [False, True])
def test_tensors_round_trip(tmp_path, mmap):
    path = tmp_path / "x.safetensors"
    write_tensors(path, ARRAYS, {"b": "ü", "a": "1"})
    first = path.read_bytes()
    tensors, metadata = read_tensors(path, mmap=mmap)
    assert metadata == {"a": "1", "b": "ü"}
    theirs = safetensors_numpy.load_file(path)
    assert tensors.keys() == theirs.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(tensors[name], array)
        np.testing.assert_array_equal(theirs[name], array)
        assert tensors[name].flags.aligned
        assert tensors[name].flags.writeable is not mmap or not array.size
    write_tensors(path, tensors, metadata)
    assert path.read_bytes() == first


def test_tensors_of_other_writers(tmp_path):
    safetensors_numpy.save_file({"x": np.eye(3)}, tmp_path / "x")
    tensors, metadata = read_tensors(tmp_path / "x")
    np.testing.assert_array_equal(tensors["x"], np.eye(3))
    assert metadata == {}


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"x": np.array(["text"])}, {}),
        ({"x": np.array([None])}, {}),
        ({"x": np.zeros(1, np.complex64)}, {}),
        ({"\ud800": np.zeros(1)}, {}),
        ({}, {"x": 3}),
        ({}, {"x": "\ud800"}),
    ],
)
def test_what_cannot_be_read_back_is_not_written(tmp_path, tensors, metadata):
    with pytest.raises(FormatError):
        write_tensors(tmp_path / "x", tensors, metadata)
    assert names(tmp_path) == []


def header(text: str, data: bytes = b"\0" * 8) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode() + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 7,
        b"\xff" * 64,
        header("{"),
        header("[]"),
        header('{"x": 3}'),
        header('{"x": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}}'),
        header('{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 9]}}'),
        header('{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}', b"\0" * 7),
        header('{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}', b"\0" * 9),
        header('{"x": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}'),
        header('{"x": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}'),
        header('{"x": {"dtype": "F32", "shape": [1e99], "data_offsets": [0, 8]}}'),
        header('{"x": {"dtype": "object", "shape": [1], "data_offsets": [0, 8]}}'),
        header('{"x": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}'),
        header(
            '{"x": {"dtype": "F32", "shape": [4294967296, 4294967296, 2], "data_offsets": [0, 8]}}'
        ),
        header(
            '{"x": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, '
            '"y": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}'
        ),
        header(
            '{"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}, '
            '"y": {"dtype": "U8", "shape": [2], "data_offsets": [6, 8]}}'
        ),
    ],
)
@pytest.mark.parametrize("mmap", [False, True])
def test_tensors_that_lie(tmp_path, content, mmap):
    path = tmp_path / "x.safetensors"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"x\.safetensors: "):
        read_tensors(path, mmap=mmap)


def test_tensors_from_nowhere(tmp_path):
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(W2VError, match="cannot be read"):
            read_tensors(path)
