import signal

import pytest
from hypothesis import settings

# The first example of a test compiles kernels; a clock in a test is a flaky test.
settings.register_profile("w2v", deadline=None, max_examples=50, derandomize=True)
settings.load_profile("w2v")


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
