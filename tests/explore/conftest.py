from __future__ import annotations

import pytest
from explorer import made_up, opened

from w2v.explore.__main__ import main


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """Two files of vectors, a page of the first, and a page of both."""
    folder = tmp_path_factory.mktemp("explore")
    made_up().save(folder / "one.safetensors")
    # 200 words more, which leave the others in their groups.
    only = ["only-here", *(f"only{i}" for i in range(199))]
    made_up(noise=0.9, extra=only).save(folder / "two.safetensors")
    one, two = str(folder / "one.safetensors"), str(folder / "two.safetensors")
    pca = ["--map", "pca"]
    assert main([one, "-o", str(folder / "one.html"), "--map-words", "200", *pca]) == 0
    assert main([one, two, "-o", str(folder / "both.html"), *pca]) == 0
    return folder


@pytest.fixture(scope="module")
def page(browser, files):
    """The page of one file, for tests that begin with `ask`: opening one takes two seconds."""
    return opened(browser, files / "one.html")
