"""Every reader against files with damaged bytes: refused in one line, or read as its twin does."""

from __future__ import annotations

import base64
import bz2
import gzip
import json
import lzma
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from readers import READERS, attempt

_TEXT = b"one two\nthree one\n"
_LONG_WORD = base64.b64decode(
    "QlpoOTFBWSZTWWdpU88AACfx9QASAAJAACpDjABCAACEAmQYABkAIABQoAAAyZA3qoUNGaIAzUpTzwAAJ/H1ABIAAkAA"
    "KkOMAEIAAIQCZBgAGQAgAFCgAADJkDeqhQ0ZogDNStZeLKMo5nfWXiyjKOZ3JFOFCQZ2lTzw"
)
"""Damaged bzip2: a megabyte without a space, which pieces of 68 bytes took minutes to search."""


def _header(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode() + bytes(8)


def _entry(name: str) -> bytes:
    return _header(json.dumps({name: {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]}}))


FINDS = [
    ("corpus", b"\xff" * n + b"\xef\xbb\xbfa b\n") for n in range(8)  # one for each way to decode
] + [
    ("corpus", b"a " + b"b" * 2**19), ("corpus", b"\xef\xbb\xbf" * 2 + b"a b"),
    ("compressed corpus", bz2.compress(_TEXT) + bz2.compress(_TEXT)[:-1]),
    ("compressed corpus", bz2.compress(_TEXT) + b"BZh9 and more"),
    ("compressed corpus", lzma.compress(_TEXT) + lzma.compress(_TEXT)[:-9]),
    ("compressed corpus", lzma.compress(_TEXT) + b"\0" * 3 + b"x"),
    ("compressed corpus", gzip.compress(_TEXT, mtime=0) + b"\0\0\x1f\x8b"),
    ("compressed corpus", _LONG_WORD),
    ("corpus cache", b""), ("corpus cache", _header("{}")),
    ("corpus cache", _header('{"__metadata__":{"audit":"[]","key":"","content":""}}')),
    ("options in TOML", b"a = " + b"[" * 100_000), ("options in TOML", b"seed = 1" + b"0" * 5000),
    ("options in TOML", b"window = 'wide'"), ("options in TOML", b'"\\u001b[31m" = 1'),
    ("options in TOML", b"lr = 1979-05-27"), ("options in TOML", b"a.b = 1"),
    ("analogy questions", b": \x1b[2J\na b c d\ne\n"), ("analogy questions", b"a b c d\n\xe2\x80"),
    ("scored word pairs", b"a\tb\t\x1b[31m\nc d \x85"), ("scored word pairs", b"a,b,1_0\n"),
    ("results of a comparison", b"[" * 100_000), ("results of a comparison", b'{"format": 1e999}'),
    ("results of a comparison", b'{"format": 3, "plan": {"losses": [[1]]}}'),
    ("results of a comparison", b'{"format": "\\ud800"}'),
    ("results of a comparison", b"1" + b"0" * 5000),
    ("tensors", _entry("a\nb")), ("tensors", _entry("\x1b[31m" * 99)), ("tensors", _entry("")),
    ("tensors", _header('{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]}}')),
    ("embeddings in safetensors", _entry("x" * 3000)),
    ("checkpoint", _header(json.dumps({"tensor": "x" * 3000}))),
    ("word2vec text", b"a\x1b[31m\x85 1 x\n"), ("word2vec text", b"1 1\n\x0b 1\n"),
    ("word2vec text", b"a 1e-46\nb -1e39\n"), ("word2vec text", b"9" * 5000 + b" 1\na 1\n"),
    ("word2vec binary", b"1 1\n" + b"a" * 99 + b"\x1b[31m\xff " + bytes(4)),
    ("word2vec binary", b"+1 +1\n\n\na " + bytes(4)),
    ("vectors without an extension", b"\x1f\x8b"), ("vectors without an extension", b"1 1"),
]  # fmt: skip
"""What the fuzzer, or a look at its corpora, once turned into a traceback or a wrong answer."""

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
def test_damaged_bytes(tmp_path, reader):
    outcomes, seeds = Counter(), reader.seeds()

    @settings(max_examples=200)
    @given(data=st.data(), changes=st.lists(_CHANGES, min_size=1, max_size=4))
    def damage(data, changes):
        content = data.draw(st.sampled_from(seeds))
        for change in changes:
            content = changed(content, *change)
        outcomes[attempt(reader, tmp_path / f"damaged{reader.suffix}", content)] += 1

    damage()


def test_what_was_found_before(tmp_path):
    for name, content in FINDS:
        reader = READERS[name]
        attempt(reader, tmp_path / f"found{reader.suffix}", content)
