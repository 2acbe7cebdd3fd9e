"""Unusable inputs, and what commands say about them: data for `test_bad_inputs.py`."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from w2v.losses import LOSSES
from w2v.util import compression

TEXT = b"the cat sat on the mat\nthe dog sat on the log\n" * 50
VECTORS = b"2 2\na 1 2\nb 3 4\n"
PRECIOUS = b"an old file that nobody wants to lose\n"
ZSTD = compression.zstd_module()

TRAIN = "w2v.train t.txt --min-count 1"
QUERY = "w2v.query"

Content = bytes | Callable[[], bytes]


@dataclass(frozen=True)
class Case:
    """A command line with its files, which the command must refuse.

    Attributes:
        what: description of what is wrong.
        command: module and arguments, as typed in a shell.
        expected: part of the one line that the command prints.
        files: contents by name.
        code: exit code of the command.
        stdin: contents of standard input.
    """

    what: str
    command: str
    expected: str
    files: dict[str, Content] = field(default_factory=dict)
    code: int = 2
    stdin: bytes = b""


def corpus(what: str, content: Content, expected: str, *, name: str = "t.txt") -> Case:
    return Case(what, f"w2v.train {name}", expected, {name: content})


def vectors(what: str, content: Content, expected: str, *, name: str) -> Case:
    return Case(what, f"{QUERY} {name} a", expected, {name: content})


# --- builders of contents ------------------------------------------------------------------------


def _npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, x=np.zeros(3))
    return stream.getvalue()


def _greedy_xz() -> bytes:
    """An xz file whose header asks for a dictionary of 4 GB."""
    whole = bytearray(lzma.compress(TEXT))
    begin, size = 12, (whole[12] + 1) * 4  # the block's header comes after the stream's 12 bytes
    at = whole.index(b"\x21\x01", begin) + 2  # the filter LZMA2, and one byte of properties
    whole[at] = 40
    whole[begin + size - 4 : begin + size] = struct.pack(
        "<I", zlib.crc32(whole[begin : begin + size - 4])
    )
    return bytes(whole)


def _greedy_zstd() -> bytes:
    """The header of a frame with a window of 2 GB (RFC 8878, 3.1.1.1.2), and one empty block."""
    return b"\x28\xb5\x2f\xfd" + bytes([0, (31 - 10) << 3]) + b"\x01\0\0"


def _nested(depth: int) -> bytes:
    return b"[" * depth


def tensors(**entries: object) -> bytes:
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + bytes(8)


def _pair(first: tuple[int, int], second: tuple[int, int]) -> bytes:
    return tensors(**{
        name: {"dtype": "U8", "shape": [end - begin], "data_offsets": [begin, end]}
        for name, (begin, end) in zip("ab", (first, second), strict=True)
    })  # fmt: skip


def _binary(*rows: tuple[bytes, float], header: bytes = b"2 1\n") -> bytes:
    return header + b"".join(word + b" " + struct.pack("<f", x) + b"\n" for word, x in rows)


# --- refused ------------------------------------------------------------------------------------

PACK = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
if ZSTD is not None:
    PACK[".zst"] = ZSTD.compress
KINDS = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}

CORPUS = [
    corpus("empty", b"", "no words (the text is empty or only whitespace)"),
    corpus("whitespace only", " \n\t\r\n\u3000\u2028\n".encode(), "no words (the text is empty"),
    corpus("every word rarer than min_count", b"a b c a", "the most frequent of 3 words occurs 2"),
    corpus("one word only", b"a " * 99, "only one word is left, 'a'"),
    corpus("one word a line", b"a\nb\n" * 99, "no sentence has two words that occur at least"),
    corpus("bytes that are not UTF-8", b"good text\nbad \xff", "byte 14: 0xff is not UTF-8; set"),
    corpus("a character cut by the end of the file", b"a \xe6\x97", "byte 2: 0xe6 is not UTF-8"),
    corpus("a NUL byte", b"a\0b", "byte 1: a NUL character; is this UTF-16"),
    corpus("UTF-16", "a b".encode("utf-16"), "UTF-16 text; read it with --encoding utf-16"),
    corpus("a word of 1 MB", b"a b " + b"x" * 2**20, "byte 4: 524288 bytes or more without"),
    *(
        corpus(f"a {suffix} {what}", lambda pack=pack, damage=damage: damage(pack(TEXT)),
               f"the {KINDS[suffix]} data are ", name=f"t.txt{suffix}")
        for suffix, pack in PACK.items()
        for what, damage in (
            ("cut short", lambda whole: whole[:-3]),
            ("cut to half", lambda whole: whole[: len(whole) // 2]),
            ("with something else after its end", lambda whole: whole + b"garbage"),
            ("with a cut member after its end", lambda whole: whole + whole[:-1]),
        )
    ),
    corpus("text that is called .gz", TEXT, "the name says gzip, but the content is", name="t.gz"),
    corpus("an .xz that asks for 4 GB of memory", _greedy_xz,
           "the xz data need more than 256 MB of memory", name="t.xz"),
    *([corpus("a .zst that asks for 2 GB of memory", _greedy_zstd,
              "the zstd data need more than 256 MB of memory", name="t.zst")]
      if ZSTD is not None else []),
    *(
        corpus(f"a {suffix} of 64 MB of one letter, which unpacks a thousandfold",
               lambda pack=pack: pack(b"x" * 2**26), "byte 0: 524288 bytes or more without",
               name=f"t{suffix}")
        for suffix, pack in PACK.items()
    ),
    Case("no such file", "w2v.train none.txt", "none.txt: no such file or folder"),
    Case("no file of a pattern", "w2v.train none-*", "none-*: no files match this pattern"),
    Case("an empty name", "w2v.train ''", "corpus: the path is empty"),
    Case("a name of 5,000 letters", "w2v.train " + "x" * 5000, "...: cannot be read: File name to"),
    Case("a name with control characters", "w2v.train 'a\n\x1b[31mb'", r"a\n\x1b[31mb: no files"),
    Case("/dev/null", "w2v.train /dev/null", "/dev/null: no words"),
    Case("/dev/zero, which has no end", "w2v.train /dev/zero", "/dev/zero: not text but binary"),
    Case("/dev/urandom, which has no end", "w2v.train /dev/urandom", "not text but binary"),
    Case("standard input twice", "w2v.train - -", "can be read only once, but is given twice"),
    Case("standard input, empty", "w2v.train -", "standard input: no words"),
    Case("standard input, a .gz cut short", "w2v.train -", "the gzip data are truncated",
         stdin=gzip.compress(TEXT, mtime=0)[:-3]),
    Case("standard input with --cache", "w2v.train - --cache kept",
         "a stream cannot be cached", stdin=TEXT),
]  # fmt: skip

CONFIG = [
    *(
        Case(f"{options} with {loss}",
             f"{TRAIN} --vector-size 8 --sample 0 --quiet {options} --loss {loss}",
             "the loss diverged to ", {"t.txt": TEXT}, code=1)
        for options in ("--lr 1e6", "--lr 1e38")
        for loss in LOSSES
    ),
    *(
        Case(f"{options}", f"{TRAIN} {options}", expected, {"t.txt": TEXT})
        for options, expected in (
            ("--lr nan", "lr: expected a finite number, got nan"),
            ("--lr inf", "lr: expected a finite number, got inf"),
            ("--lr 0", "lr: expected a positive number in the range of float32, got 0.0"),
            ("--lr -1", "lr: expected a positive number in the range of float32, got -1.0"),
            ("--lr 1e300", "lr: expected a positive number in the range of float32, got 1e+300"),
            ("--lr 1e-320", "lr: expected a positive number in the range of float32"),
            ("--lr 0.1 --min-lr 1", "min_lr: expected 0 to lr=0.1, got 1.0"),
            ("--vector-size 0", "vector_size: expected 1 to 4096, got 0"),
            ("--vector-size -3", "vector_size: expected 1 to 4096, got -3"),
            ("--vector-size 999999999999999999999", "vector_size: expected 1 to 4096, got 99999"),
            ("--vector-size 1e9", "invalid int value: '1e9'"),
            ("--window 0", "window: expected 1 to 1000, got 0"),
            ("--window 1001", "window: expected 1 to 1000, got 1001"),
            ("--window 0,0", "window: expected two numbers from 0 to 1000, not both 0, got 0,0"),
            ("--window=-1,2", "window: expected two numbers from 0 to 1000, not both 0, got -1,2"),
            ("--window 2,1001", "window: expected two numbers from 0 to 1000, not both 0, got 2,"),
            ("--window 1,2,3", "window: expected a number of words such as 5, or one for each "),
            ("--window left", "argument --window: invalid window value: 'left'"),
            ("--distance-weights 1/d", "invalid choice: '1/d'"),
            ("--negative 0", "negative: expected 1 to 1000, got 0"),
            ("--epochs 0", "epochs: expected 1 to 1000000, got 0"),
            ("--workers 0", "workers: expected 1 to 1024, got 0"),
            ("--min-count 0", "min_count: expected 1 to"),
            ("--max-vocab 1", "max_vocab: expected 2 to"),
            ("--sample 2", "sample: expected 0 to 1, got 2.0"),
            ("--noise-exponent nan", "noise_exponent: expected a finite number, got nan"),
            ("--validate 200%", "validate: expected 0 to 0.5, got 2.0"),
            ("--seed 99999999999999999999999", "seed: expected 0 to 9223372036854775807"),
            ("--vectr-size 3", "did you mean --vector-size?"),
            ("--loss magic", "invalid choice: 'magic'"),
            ("--loss softmax --batch-size 1000001", "batch_size: expected 1 to 1000000, got"),
        )
    ),
    *(
        Case(f"a TOML file {what}", f"{TRAIN} --config o.toml", expected,
             {"t.txt": TEXT, "o.toml": content})
        for what, content, expected in (
            ("with an unknown key", b"vectorsize = 3", "(did you mean vector_size?)"),
            ("with a table", b"[train]\nlr = 1", "o.toml: unknown option 'train' ("),
            ("with a wrong type", b"lr = 'high'", "o.toml: lr: expected a number, got 'high'"),
            ("with a value out of range", b"window = 0", "o.toml: window: expected 1 to 1000"),
            ("with a window of three sides", b"window = [1, 2, 3]", "o.toml: window: expected a "),
            ("with a window of no words", b"window = '0,0'", "o.toml: window: expected two number"),
            ("with no truth", b"shrink_windows = 2", "o.toml: shrink_windows: expected true or fa"),
            ("with NaN", b"lr = nan", "o.toml: lr: expected a finite number, got nan"),
            ("with a key twice", b"lr = 1\nlr = 2", "o.toml: not valid TOML: "),
            ("with a key spelt two ways", b"min-lr = 0\nmin_lr = 0", "min_lr is given twice"),
            ("of 5,000 digits", b"seed = 1" + b"1" * 5000, "o.toml: not valid TOML: "),
            ("nested 100,000 deep", b"a = " + _nested(100_000), "o.toml: not valid TOML: nested"),
            ("that is not UTF-8", b"lr = '\xff'", "o.toml: not valid TOML: "),
            ("of 2 MB", b"#" * 2**21, "o.toml: longer than 1,048,576 bytes"),
        )
    ),
    *(
        Case(f"words to freeze: {what}", f"{TRAIN} {options}", expected,
             {"t.txt": TEXT, "v.txt": b"2 2\nthe 1 2\nb 3 4\n", "w.txt": content})
        for what, options, content, expected in (
            ("no vectors", "--freeze w.txt", b"the\n", "freeze: needs init, the vectors to start"),
            ("no file", "--init v.txt --freeze none.txt", b"", "none.txt: cannot be read: No such"),
            ("a folder", "--init v.txt --freeze .", b"", ".: cannot be read: Is a directory"),
            ("an empty file", "--init v.txt --freeze w.txt", b"\n \n", "w.txt: no words (expected"),
            ("not UTF-8", "--init v.txt --freeze w.txt", b"the\n\xff\n", "w.txt:2: byte 0xff is n"),
            ("none of the vectors", "--init v.txt --freeze w.txt", b"cat\nthe dog\n",
             "none of 2 words is in the vectors given by init; the first is 'cat'"),
            ("/dev/zero", "--init v.txt --freeze /dev/zero", b"", "a line of more than 65536 byte"),
            ("rounds", "--deterministic --init v.txt --freeze w.txt", b"the\n",
             "init: cannot be combined with deterministic or the engine ray"),
        )
    ),
    Case("no TOML file", f"{TRAIN} --config none.toml", "none.toml: cannot be read: No such file",
         {"t.txt": TEXT}),
    Case("a folder as TOML file", f"{TRAIN} --config .", ".: cannot be read: Is a directory",
         {"t.txt": TEXT}),
    Case("/dev/zero as TOML file", f"{TRAIN} --config /dev/zero", "longer than 1,048,576 bytes",
         {"t.txt": TEXT}),
]  # fmt: skip

OUTPUT = [
    *(
        Case(what, command, expected, {"t.txt": TEXT, "v.txt": VECTORS, "folder.bin/x": PRECIOUS,
                                       "folder/x": PRECIOUS})
        for what, command, expected in (
            ("the folder is missing", f"{TRAIN} -o no/v.bin", "folder to write in does not"),
            ("a folder", f"{TRAIN} -o folder.bin", "folder.bin: a folder, not a file"),
            ("a file in place of the folder", f"{TRAIN} -o t.txt/v.bin", "to write in is a file"),
            ("a name that ends in /", f"{TRAIN} -o v.bin/", "v.bin/: a folder, not a file"),
            ("an unknown extension", f"{TRAIN} -o v.npy", "the name ends in .npy; vectors need"),
            ("an empty name", f"{TRAIN} -o ''", "the name has no extension; vectors need"),
            ("the corpus itself", f"{TRAIN} -o t.txt", "t.txt: would replace the input t.txt"),
            ("no name for checkpoints", f"{TRAIN} --checkpoint ''", "checkpoint: the path is emp"),
            ("a file as cache", f"{TRAIN} --cache v.txt", "v.txt: not a folder: v.txt is a file"),
            ("explorer: the vectors", "w2v.explore v.txt -o ./v.txt", "replace the input v.txt"),
            ("explorer: a missing folder", "w2v.explore v.txt -o no/x.html", "does not exist"),
            ("explorer: a folder", "w2v.explore v.txt -o folder", "folder: a folder, not a file"),
            ("export: the vectors", "w2v.export v.txt --to parquet -o v.txt", "replace the input"),
            ("export: a missing folder", "w2v.export v.txt --to parquet -o no/x", "does not exist"),
            ("export: a file as folder", "w2v.export v.txt --to projector -o t.txt", "t.txt: not"),
            ("export: a folder with other files", "w2v.export v.txt --to projector -o folder", "f"),
            ("comparison: a file as folder", "w2v.compare t.txt -o v.txt", "v.txt"),
        )
    ),
    Case("the words to freeze", f"{TRAIN} --init v.txt --freeze w.txt -o w.txt",
         "would replace the input w.txt", {"t.txt": TEXT, "v.txt": VECTORS, "w.txt": b"a\n"}),
    Case("the TOML file", f"{TRAIN} --config o.txt -o o.txt",
         "o.txt: would replace the input o.txt", {"t.txt": TEXT, "o.txt": b"lr = 0.1\n"}),
]  # fmt: skip

_HTML = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"
_MODEL = struct.pack("<ii", 793_712_314, 12) + bytes(100)
_NOT_VECTORS = (
    ("a fastText model", _MODEL, ": a fastText model"),
    ("an .npz archive", _npz, ": a zip archive or an .npz file"),
    ("a pickle", lambda: pickle.dumps({"a": [1.0]}), ": a pickle"),
    ("an HTML page", _HTML, ": an HTML or XML page (a failed download?)"),
    ("a JSON document", b'{"error": "not found"}', ": a JSON document"),
    ("a Git LFS pointer", b"version https://git-lfs.github.com/spec/v1\n", ": a Git LFS pointer"),
    ("a program", b"\x7fELF\2\1\1" + bytes(99), ": a program"),
    ("UTF-16 text", VECTORS.decode().encode("utf-16"), ": UTF-16 text"),
    ("nothing", b"", ": the file is empty"),
)

IMPORT = [
    *(
        vectors(f"{what} called v{suffix}", content, expected, name=f"v{suffix}")
        for what, content, expected in _NOT_VECTORS
        for suffix in (".bin", ".txt", ".safetensors", "")
    ),
    *(
        vectors(f".bin: header {header!r}", _binary((b"a", 1.0), (b"b", 2.0), header=header),
                expected, name="v.bin")
        for header, expected in (
            (b"1000000000000 300\n", "take at least 1202000000000000 bytes, but 14"),
            (b"2 1000000000000\n", "1000000000000 numbers per word; the limit is 4194304"),
            (b"9999999999999999999999999 300\n", "take at least 12019999999999999"),
            (b"-2 1\n", "the header says -2 words of 1 numbers"),
            (b"0 1\n", "the header says 0 words of 1 numbers"),
            (b"2.5 1\n", "the first line must hold two integers"),
            (b"two 1\n", "the first line must hold two integers"),
            (b"3 1\n", "which take at least 18 bytes, but 14 follow"),
            (b"1 1\n", "8 bytes follow the 1 words that the header"),
        )
    ),
    vectors(".bin: a word twice", _binary((b"a", 1.0), (b"a", 2.0)), "row 2: 'a' is already in row",
            name="v.bin"),
    vectors(".bin: an empty word", _binary((b"", 1.0), (b"bcd", 2.0)), "row 1: the word is empty",
            name="v.bin"),
    vectors(".bin: a word that is not UTF-8", _binary((b"a", 1.0), (b"b\xff", 2.0)),
            "row 2: byte 0xff in the word 'b�' is not UTF-8", name="v.bin"),
    vectors(".bin: NaN", _binary((b"a", 1.0), (b"b", np.nan)), "row 2: the vector of 'b' holds nan",
            name="v.bin"),
    vectors(".bin: infinity", _binary((b"a", -np.inf), (b"b", 1.0)), "row 1: the vector of 'a' hol",
            name="v.bin"),
    *(
        vectors(f".txt: {what}", content, expected, name="v.txt")
        for what, content, expected in (
            ("header of 10 ** 12 rows", b"1000000000000 300\na 1\n", "v.txt:2: 1 numbers, but"),
            ("header of 25 digits", b"9" * 25 + b" 2\na 1 2\n", "v.txt: 1 rows, but the header sa"),
            ("header of 21 digits", b"2 1%b\na 1\n" % (b"0" * 20), "v.txt:1: the header says 1000"),
            ("header of 5,000 digits", b"9" * 5000 + b" 2\na 1 2\n", "v.txt: 1 rows, but the head"),
            ("negative header", b"-1 2\na 1 2\n", "v.txt:1: the header says -1 words"),
            ("header that is no integer", b"2.5 2\na 1 2\n", "v.txt:1: '2.5 2' is neither"),
            ("fewer rows than the header says", b"9 2\na 1 2\nb 1 2\n", "v.txt: 2 rows, but"),
            ("more rows than the header says", b"1 2\na 1 2\nb 1 2\n", "v.txt:3: more rows than "),
            ("a short row", b"2 2\na 1 2\nb 1\n", "v.txt:3: 1 numbers, but the header says"),
            ("a long row", b"2 2\na 1 2\nb 1 2 3\n", "v.txt:3: 3 numbers, but the header s"),
            ("a row without numbers", b"2 2\na 1 2\nbcdefg\n", "v.txt:3: 0 numbers, but the head"),
            ("one number in one row", b"a 1 2\nb 1\nc 1 2\n", "v.txt:2: 1 numbers, but line 1 has"),
            ("an empty line", b"a 1 2\n\nb 1 2\n", "v.txt:2: a blank line; --lenient"),
            ("NaN", b"2 2\na 1 2\nb 1 nan\n", "v.txt:3: the vector of 'b' holds 'nan', which"),
            ("infinity", b"2 2\na 1 -inf\nb 1 2\n", "v.txt:2: the vector of 'a' holds '-inf'"),
            ("a number beyond float32", b"2 2\na 1 1e39\nb 1 2\n", "the vector of 'a' holds inf"),
            ("no number", b"2 2\na 1 x\nb 1 2\n", "v.txt:2: the vector of 'a' holds 'x', which"),
            ("a number as Python writes it", b"2 2\na 1 1_0\nb 1 2\n", "holds '1_0', which is not"),
            ("a word twice", b"2 2\na 1 2\na 3 4\n", "v.txt:3: 'a' is already in line 2; --leni"),
            ("an empty word", b"2 2\n a 1 2\nb 1 2\n", "v.txt:2: 3 numbers, but the header"),
            ("a word with a space", b"2 2\nnew york 1 2\nb 1 2\n", "v.txt:2: 3 numbers, but the "),
            ("a word that is not UTF-8", b"2 2\na 1 2\nb\xff 3 4\n", "v.txt:3: byte 0xff in the"),
            ("a line without end", b"a" * 2**25, "v.txt:1: no line end within 17,"),
        )
    ),
    *(
        vectors(f".safetensors: {what}", content, expected, name="v.safetensors")
        for what, content, expected in (
            ("header longer than the file", b"\xff" * 7 + b"\0{", "its header would have 72057"),
            ("header of 100 MB", (10**8).to_bytes(8, "little") + b"{" * 99, "header would have 1"),
            ("header that is no JSON", (9).to_bytes(8, "little") + b"{nonsense", "a damaged safet"),
            ("header nested 100,000 deep",
             (100_000).to_bytes(8, "little") + b'{"a":' + _nested(99_995), "a damaged safetensors"),
            ("a shape that does not fit", tensors(a={"dtype": "F32", "shape": [3],
             "data_offsets": [0, 8]}), "a damaged safetensors"),
            ("a shape whose product overflows", tensors(a={"dtype": "F32",
             "shape": [2**32, 2**32, 2], "data_offsets": [0, 8]}), "a damaged safetensors"),
            ("a negative shape", tensors(a={"dtype": "F32", "shape": [-2],
             "data_offsets": [0, 8]}), "a damaged safetensors"),
            ("tensors that overlap", _pair((0, 8), (4, 8)), "a damaged safetensors"),
            ("a gap between tensors", _pair((0, 2), (6, 8)), "a damaged safetensors"),
            ("tensors past the end", _pair((0, 8), (8, 2**40)), "a damaged safetensors"),
            ("data that no tensor has", _pair((0, 2), (2, 4)), "a damaged safetensors"),
            ("Python objects", tensors(a={"dtype": "object", "shape": [1],
             "data_offsets": [0, 8]}), "a damaged safetensors"),
            ("another program's tensors", tensors(a={"dtype": "F32", "shape": [2],
             "data_offsets": [0, 8]}), "but not written by w2v"),
        )
    ),
    Case("a folder", f"{QUERY} . a", ".: cannot be read: a folder"),
    Case("no such file", f"{QUERY} none.bin a", "none.bin: cannot be read: No such file"),
    Case("an empty name", f"{QUERY} '' a", "vectors: the path is empty"),
    Case("/dev/zero, which has no end", f"{QUERY} /dev/zero a", "a device, not a file"),
    Case("standard input that is something else", f"{QUERY} /dev/stdin a", ":1: one field instead",
         stdin=b"y\n" * 10**6),
]  # fmt: skip

QUESTIONS = [
    *(
        Case(f"analogies: {what}", "w2v.evaluate v.txt --analogies q.txt", expected,
             {"v.txt": VECTORS, "q.txt": content})
        for what, content, expected in (
            ("three words", b"a b a\n", "q.txt:1: 3 words, but a question has 4"),
            ("a section without a name", b":\n", "q.txt:1: a section without a name"),
            ("nothing", b"", "q.txt: no questions"),
            ("not UTF-8", b"a b \xff c\n", "q.txt:1: byte 0xff is not UTF-8"),
            ("a line without end", b"a" * 2**20, "q.txt:1: a line of more than 65536 bytes"),
        )
    ),
    *(
        Case(f"similarity: {what}", "w2v.evaluate v.txt --similarity q.tsv", expected,
             {"v.txt": VECTORS, "q.tsv": content})
        for what, content, expected in (
            ("two fields", b"a b\n", "q.tsv:1: 2 columns, not word1 word2 score"),
            ("an infinite score", b"a b 1e999\n", "q.tsv:1: the score '1e999' is not"),
            ("no score", b"x y score\na b high\n", "q.tsv:2: the score 'high' is not"),
            ("nothing", b"# only this\n", "q.tsv: no word pairs"),
        )
    ),
    *(
        Case(f"results of a comparison: {what}", "w2v.compare t.txt -o c --min-count 1", expected,
             {"t.txt": TEXT, "c/results.json": content})
        for what, content, expected in (
            ("no JSON", b"garbage", "c/results.json: not JSON"),
            ("another shape", b'{"format": 3, "plan": {}, "runs": 3}', "missing or of the wrong"),
            ("nested 100,000 deep", _nested(100_000), "c/results.json: not JSON"),
            ("another format", b'{"format": 99}', "c/results.json: not the results of w2v.compare"),
        )
    ),
    Case("/dev/zero as questions", "w2v.evaluate v.txt --analogies /dev/zero", "a line of more tha",
         {"v.txt": VECTORS}),
    Case("an unknown word", f"{QUERY} v.txt zebra", "'zebra' is not in the vocabulary",
         {"v.txt": VECTORS}),
    Case("a question of 1 MB", f"{QUERY} v.txt", "a line of more than 65536 characters",
         {"v.txt": VECTORS}, stdin=bytes(2**20)),
]  # fmt: skip

PARTS = {
    "Corpus": CORPUS, "Options": CONFIG, "Outputs": OUTPUT, "Vectors": IMPORT,
    "Questions and results": QUESTIONS,
}  # fmt: skip
