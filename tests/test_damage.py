"""Every reader against files with damaged bytes: refused in one line, or read as its twin does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import READERS, attempt

_LENGTHS = st.integers(1, 8) | st.integers(1, 200)
_POSITIONS = st.integers(0, 5000)
_CHANGES = st.one_of(
    st.tuples(st.just("flip a bit"), _POSITIONS, st.integers(0, 7)),
    st.tuples(st.just("overwrite"), _POSITIONS, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), _POSITIONS, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("delete"), _POSITIONS, _LENGTHS),
    st.tuples(st.just("repeat"), _POSITIONS, _LENGTHS),
    st.tuples(st.just("cut"), _POSITIONS, st.none()),
)


def changed(content: bytes, kind: str, position: int, detail) -> bytes:
    at = position % (len(content) + 1)
    before, after = content[:at], content[at:]
    if kind == "flip a bit":
        return before + bytes(byte ^ 1 << detail for byte in after[:1]) + after[1:]
    if kind == "overwrite":
        return before + detail + after[len(detail) :]
    if kind == "insert":
        return before + detail + after
    if kind == "delete":
        return before + after[detail:]
    if kind == "repeat":
        return before + after[:detail] + after
    return before


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_whole_files_are_read(tmp_path, reader):
    accepted = [attempt(reader, tmp_path / f"a{reader.suffix}", seed) for seed in reader.seeds()]
    assert accepted.count(True) >= max(1, len(accepted) - 1)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@settings(max_examples=200)
@given(data=st.data(), changes=st.lists(_CHANGES, min_size=1, max_size=4))
def test_damaged_bytes(tmp_path_factory, reader, data, changes):
    content = data.draw(st.sampled_from(reader.seeds()))
    for change in changes:
        content = changed(content, *change)
    attempt(reader, tmp_path_factory.getbasetemp() / f"damaged{reader.suffix}", content)
