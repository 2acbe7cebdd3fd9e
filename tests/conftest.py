import os
import signal

# Before Numba is imported. Kernels for GPUs run in its simulator, also in commands; 0 is for a GPU.
os.environ.setdefault("NUMBA_ENABLE_CUDASIM", "1")
# Several processes run tests; threads of libraries that wait for each other would only spin.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from browser import chromium, find
from commands import Commands
from hypothesis import HealthCheck, settings

# The first example of a test compiles kernels; a clock in a test is a flaky test.
settings.register_profile(
    "w2v", deadline=None, max_examples=50, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("w2v")


def pytest_make_parametrize_id(val, argname):
    """Bytes are named after their argument: packed ones may hold the time, and ids must not."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def sigint_as_on_a_terminal():
    """A shell starts background jobs with Ctrl-C ignored, which every child would inherit."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def write(tmp_path):
    """Write a file under tmp_path; text is encoded as UTF-8 with its line ends as they are."""

    def write_file(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def one_processor():
    """Keeps this thread, and those that it starts, on one processor.

    The threads of Numba's simulator take turns; on one processor, tests take a third of the time.
    """
    if not hasattr(os, "sched_setaffinity"):  # not on Linux
        yield
        return
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(all_of_them)[os.getpid() % len(all_of_them)]})
    yield
    os.sched_setaffinity(0, all_of_them)


@pytest.fixture(scope="module")
def browser():
    """A running Chromium; see the helper `browser`."""
    if find() is None:
        pytest.skip("needs Chromium or Chrome, and Playwright")
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def commands(tmp_path_factory):
    """Runs each command in its own process; see `commands.Commands.run`."""
    running = Commands(tmp_path_factory.mktemp("commands"))
    yield running
    running.close()
