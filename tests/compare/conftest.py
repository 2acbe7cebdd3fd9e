from __future__ import annotations

import pytest
from comparisons import ALL, ANALOGIES, SIMILARITY, text

from w2v.compare import results
from w2v.compare.__main__ import main


@pytest.fixture
def here(tmp_path, monkeypatch, write):
    """A folder with a corpus, and the working directory."""
    write("corpus.txt", text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A finished comparison of every loss, with questions: (its folder, what was printed)."""
    place = tmp_path_factory.mktemp("compared")
    for name, content in (
        ("corpus.txt", text()), ("analogies.txt", ANALOGIES), ("similarity.tsv", SIMILARITY),
    ):  # fmt: skip
        (place / name).write_text(content, encoding="utf-8")
    questions = [
        "--analogies", str(place / "analogies.txt"), "--similarity", str(place / "similarity.tsv")
    ]  # fmt: skip
    assert main([str(place / "corpus.txt"), *ALL, *questions, "-o", str(place / "out")]) == 0
    return place


@pytest.fixture(scope="session")
def document(folder):
    return results.read(folder / "out" / "results.json")
