"""Guess what a file is from its first bytes, to choose a format and for error messages."""

from __future__ import annotations

import re

_SIGNATURES = (
    # fastText's FASTTEXT_FILEFORMAT_MAGIC_INT32, 793712314, little-endian (src/fasttext.cc).
    ((793_712_314).to_bytes(4, "little"), "a fastText model (export its vectors with fastText)"),
    (b"PK\x03\x04", "a zip archive or an .npz file"),
    (b"\x93NUMPY", "a NumPy .npy file"),
    (b"\xff\xfe", "UTF-16 text (convert it to UTF-8 first)"),
    (b"\xfe\xff", "UTF-16 text (convert it to UTF-8 first)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"version https://git-lfs", "a Git LFS pointer (git lfs pull fetches the file itself)"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
    *(
        (b"\x80" + bytes([protocol]), "a pickle, such as gensim's save()")
        for protocol in range(2, 6)
    ),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|\?xml)\b", re.IGNORECASE)
_JSON = re.compile(rb'\s*(\{\s*["}]|\[\s*[\["{\]])')
HEADER = re.compile(rb"[ \t]*[+-]?[0-9]+[ \t]+[+-]?[0-9]+[ \t\r]*(?:\n|\Z)")
"""A line of exactly two integers."""
BOM = "\ufeff".encode()
_LIKE_A_NUMBER = re.compile(
    rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:nan|inf|infinity)",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def foreign(head: bytes) -> str | None:
    """What a file that begins with `head` is, if it is a known kind other than a file of vectors.

    Returns:
        A noun phrase such as "a zip archive or an .npz file", or None.
    """
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    # "<html> 0.1 0.2" may be a row of a text file: web pages that were tokenised have such words.
    if not is_row(head):
        if _MARKUP.match(head):
            return "an HTML or XML page (a failed download?)"
        if _JSON.match(head):
            return "a JSON document"
    return None


def is_text(line: bytes) -> bool:
    """Whether a line is UTF-8 without control characters, which binary numbers mostly have."""
    try:
        return _CONTROL.search(line.decode()) is None
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        return error.reason == "unexpected end of data" and is_text(line[: error.start])


def is_row(text: bytes) -> bool:
    """Whether the first line, which may be cut off, is a word and numbers, NaN or infinities."""
    line, newline, _ = text.partition(b"\n")
    fields = line.split()
    if not newline:
        fields = fields[:-1]  # the last field may be cut off
    try:
        b" ".join(fields).decode()
    except UnicodeDecodeError:
        return False
    return len(fields) > (1 if newline else 0) and all(map(_LIKE_A_NUMBER.fullmatch, fields[1:]))
