"""Telling by the first bytes what a file is, so that an error can say so.

Opens and parses nothing: it guesses from bytes that others have read.
"""

from __future__ import annotations

import re

HEAD_BYTES = 2**16
"""How much of a file's beginning is enough to tell."""

BINARY, TEXT, SAFETENSORS = "word2vec binary", "word2vec text", "safetensors"

_SIGNATURES = (
    # fastText's FASTTEXT_FILEFORMAT_MAGIC_INT32, 793712314, little-endian (src/fasttext.cc).
    ((793_712_314).to_bytes(4, "little"), "a fastText model (export its vectors with fastText)"),
    (b"\x1f\x8b", "a gzip archive (decompress it first)"),
    (b"BZh", "a bzip2 archive (decompress it first)"),
    (b"\xfd7zXZ\0", "an xz archive (decompress it first)"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive (decompress it first)"),
    (b"PK\x03\x04", "a zip archive or an .npz file"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\xff\xfe", "UTF-16 text (convert it to UTF-8 first)"),
    (b"\xfe\xff", "UTF-16 text (convert it to UTF-8 first)"),
    (b"\x89HDF", "an HDF5 file"),
    *(
        (b"\x80" + bytes([protocol]), "a pickle, such as gensim's save()")
        for protocol in range(2, 6)
    ),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|\?xml)\b", re.IGNORECASE)
HEADER = re.compile(rb"[ \t]*([+-]?[0-9]+)[ \t]+([+-]?[0-9]+)[ \t\r]*(?:\n|\Z)")
NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def foreign(head: bytes) -> str | None:
    """What a file that begins with `head` is, where its signature tells that it is not vectors."""
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if _MARKUP.match(head):
        first_line = head.split(b"\n", 1)[0]
        fields = first_line.split()
        # "<html> 0.1 0.2" is a row of a text file: tokenised web pages have such words.
        if len(fields) < 2 or not all(NUMBER.fullmatch(number) for number in fields[1:]):
            return "an HTML or XML page (a failed download?)"
    return None


def vector_format(head: bytes) -> str:
    """The most likely of `BINARY`, `TEXT` and `SAFETENSORS` for a file that begins with `head`."""
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        return SAFETENSORS
    header = HEADER.match(head)
    if header is None:
        return TEXT  # only text may lack the header
    row, newline, _ = head[header.end() :].partition(b"\n")
    try:
        (row if newline else row[:-4]).decode()
    except UnicodeDecodeError:
        return BINARY
    numbers = row.split()[1:]
    if not newline:
        numbers = numbers[:-1]  # the head may end inside a number
    return TEXT if all(NUMBER.fullmatch(number) for number in numbers) else BINARY
