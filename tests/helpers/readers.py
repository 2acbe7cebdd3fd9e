"""Every reader of the project, with a check of how it treats arbitrary bytes.

`READERS` holds, for each, intact files to begin with and a check: it reads a file of any bytes, and
fails unless they are refused in one line that names the file, or read as a slow and simple twin
reads them. `tests/formats/test_damage.py` mutates the files at random; `scripts/stress/fuzz.py`
lets a coverage-guided fuzzer do it for hours.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import json
import lzma
import re
import tempfile
import zlib
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from unittest import mock

import naive
import numpy as np

from w2v import config, formats
from w2v.compare import results, summary
from w2v.config import TrainConfig
from w2v.corpus import (
    MAX_SENTENCE_WORDS,
    Audit,
    Corpus,
    ShardedCorpus,
    TextOptions,
    byte_ranges,
    cache,
    read_corpus,
    read_shards,
    sources,
)
from w2v.engines.local import LocalEngine
from w2v.errors import ConfigError, CorpusError, DivergenceError, FormatError, W2VError
from w2v.evaluate import questions
from w2v.formats import VectorTable, safetensors_file
from w2v.train import checkpoint, resume
from w2v.train.api import make_run, resolve, train_embeddings
from w2v.train.callbacks import Callback
from w2v.util import compression

BOM = "\ufeff".encode()


@dataclass(frozen=True)
class Reader:
    """One reader.

    Attributes:
        name: its name in reports.
        suffix: suffix of the file's name.
        seeds: makes intact files.
        check: reads a file; raises AssertionError, or any error other than a refusal, if the reader
            misbehaves.
        refusal: the error that may refuse the file.
        modules: modules whose coverage guides a fuzzer.
        inside: splits a file into the part worth mutating and a function that rebuilds the file
            around it; returns None if that part is the whole file, or the file is too damaged.
    """

    name: str
    suffix: str
    seeds: Callable[[], list[bytes]]
    check: Callable[[Path, bytes], None]
    refusal: type[W2VError]
    modules: tuple[str, ...]
    inside: Callable[[bytes], tuple[bytes, Callable[[bytes], bytes]] | None] = lambda _: None


def attempt(reader: Reader, path: Path, content: bytes) -> bool:
    """Write `content` to `path`, let the reader read it, and say whether it was accepted."""
    path.write_bytes(content)
    try:
        reader.check(path, content)
    except reader.refusal as error:
        message = str(error)
        assert message.startswith(str(path)), message
        assert len(message.splitlines()) == 1, message
        assert len(message) < 1000, message
        return False
    return True


# --- vectors ------------------------------------------------------------------------------------

WORDS = ["</s>", "the", "naïve", "東京", "-1", "3"]
NUMBERS = np.array(
    [[0, -0.0, 1], [1e-45, -3.4028235e38, 0.1], [0.33333334, 12345678, -1e-5],
     [9.999999, 10, 9.999999e-5], [1e-4, 16777216, 2.5], [-0.5, 7, 1.1754944e-38]],
    np.float32,
)  # fmt: skip
TABLE = VectorTable(WORDS, NUMBERS)


def _written(suffix: str, table: VectorTable = TABLE) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        formats.write(Path(folder, f"a{suffix}"), table)
        return Path(folder, f"a{suffix}").read_bytes()


def _text_seeds() -> list[bytes]:
    text = _written(".txt")
    return [
        text,
        text.split(b"\n", 1)[1],  # GloVe: no header
        BOM + text.replace(b"\n", b" \r\n").replace(b" ", b"\t"),
        b"two 2\nthree +3.0e-1\nfour -.5\n",
    ]


def _binary_seeds() -> list[bytes]:
    rows = [w.encode() + b" " + v.tobytes() for w, v in zip(WORDS, NUMBERS, strict=True)]
    return [_written(".bin"), b"6 3\n" + b"".join(rows)]


def _native_seeds() -> list[bytes]:
    full = VectorTable(
        ["new york", "\n", *WORDS[:4]], NUMBERS, counts=np.arange(6, 0, -1),
        context_vectors=NUMBERS[::-1], metadata={"training": '{"epochs": 5}'},
    )  # fmt: skip
    return [_written(".safetensors"), _written(".safetensors", full)]


def _check_table(path: Path, _: bytes, *, mmap: bool = False) -> VectorTable:
    table = formats.read(path, mmap=mmap)
    rows, vector_size = table.vectors.shape
    assert table.vectors.dtype == np.float32
    assert rows == len(table.words) == len(set(table.words)) > 0 < vector_size
    assert all(table.words)
    assert mmap or np.isfinite(table.vectors).all()
    if table.counts is not None:
        assert table.counts.shape == (rows,)
        assert table.counts.min() >= 0
    return table


_BLANKS = re.compile(rb"[ \t\r]+")


def _check_text(path: Path, content: bytes) -> None:
    table = _check_table(path, content)
    lines = content.removeprefix(BOM).rstrip(b" \t\r\n").split(b"\n")
    for line, word, row in zip(lines[-len(table.words) :], table.words, table.vectors, strict=True):
        first, *numbers = _BLANKS.split(line.rstrip(b" \t\r"))
        assert first.decode() == word
        with np.errstate(over="ignore", under="ignore"):
            expected = np.array([float(number) for number in numbers]).astype(np.float32)
        assert expected.tobytes() == row.tobytes()


def _check_binary(path: Path, content: bytes) -> None:
    table = _check_table(path, content)
    words, vectors = naive.read_binary(content)
    assert words == list(table.words)
    assert np.array(vectors, np.float32).tobytes() == table.vectors.tobytes()


def _check_native(path: Path, content: bytes) -> None:
    table = _check_table(path, content)
    mapped = _check_table(path, content, mmap=True)
    assert list(mapped.words) == list(table.words)
    assert mapped.vectors.tobytes() == table.vectors.tobytes()


def _check_sniffed(path: Path, content: bytes) -> None:
    """A file whose format is detected reads as with the suffix of that format."""
    table = _check_table(path, content)
    found = []
    for suffix in (".bin", ".txt", ".safetensors"):
        named = path.with_suffix(suffix)
        named.write_bytes(content)
        with suppress(FormatError):
            same = formats.read(named)
            found.append((list(same.words), same.vectors.tobytes()))
        named.unlink()
    assert (list(table.words), table.vectors.tobytes()) in found


def _check_tensors(path: Path, _: bytes) -> None:
    tensors, metadata = safetensors_file.read_tensors(path)
    mapped, again = safetensors_file.read_tensors(path, mmap=True)
    assert metadata == again
    assert all(isinstance(text, str) for item in metadata.items() for text in item)
    for name, tensor in tensors.items():
        assert tensor.tobytes() == mapped[name].tobytes()
    assert sum(tensor.nbytes for tensor in tensors.values()) <= path.stat().st_size


def _tensor_seeds() -> list[bytes]:
    arrays = {
        "empty": np.zeros((0, 3), np.int64), "scalar": np.array(2.5),
        "bytes": np.arange(3, dtype=np.uint8), "matrix": np.eye(3, dtype=np.float16),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        safetensors_file.write_tensors(Path(folder, "x"), arrays, {"a": "ü"})
        return [Path(folder, "x").read_bytes(), *_native_seeds()]


def _json_header(content: bytes) -> tuple[bytes, Callable[[bytes], bytes]] | None:
    """The header of a safetensors file; the length before it is updated."""
    end = 8 + int.from_bytes(content[:8], "little")
    if not 8 < end <= len(content):
        return None
    return content[8:end], lambda header: len(header).to_bytes(8, "little") + header + content[end:]


# --- text ---------------------------------------------------------------------------------------

TEXT = "the cat sat\non the  mat\r\n\n日本 é\u3000é\u0085the\u2028cat\n".encode()


@contextmanager
def _small_chunks(size: int):
    with mock.patch.object(sources, "CHUNK_BYTES", size):
        yield


@contextmanager
def _reading(content: bytes):
    """A choice and options derived from the content, so that a failure can be repeated."""
    choice = zlib.crc32(content)
    options = {
        "encoding_errors": ("strict", "replace", "ignore")[choice % 3],
        "lowercase": bool(choice & 0x100),
    }
    # Up to seven chunks, each of at least the three bytes of a byte order mark.
    with _small_chunks(3 + len(content) // (1 + (choice >> 9) % 7)):
        yield choice, options


def _check_corpus(path: Path, content: bytes) -> None:
    with _reading(content) as (choice, options):
        corpus = read_corpus(path, min_count=1, workers=1 + choice % 2, **options)
    sentences = _twin_of(corpus, content, **options)
    assert [sentence.tolist() for sentence in corpus.sentences()] == sentences


def _check_shards(path: Path, content: bytes) -> None:
    """In up to five shards of one or more stripes, which change the order of the sentences."""
    engine = LocalEngine(1)
    with (
        _reading(content) as (choice, options),
        mock.patch.object(byte_ranges, "_SHORTEST_STRIPE", 1 + (choice >> 16) % 64),
    ):
        corpus = read_shards(
            engine, [path], 1 + (choice >> 12) % 5, min_count=1, max_vocab=None,
            on_progress=lambda done, total: None, **options,
        )  # fmt: skip
    sentences = [
        shard.tokens[begin:end].tolist()
        for shard in engine.get(corpus.shards)
        for begin, end in pairwise(shard.sentence_starts)
    ]
    engine.close()
    assert sorted(sentences) == sorted(_twin_of(corpus, content, **options))


def _twin_of(
    corpus: Corpus | ShardedCorpus, content: bytes, encoding_errors: str, lowercase: bool
) -> list[list[int]]:
    """The sentences as the slow twin reads them; asserts that the vocabulary is the same."""
    kind = compression.kind_of(content)  # its first bytes count, not its name
    plain = content if kind is None else _compressors()[kind][1](content)
    text = plain.removeprefix(BOM).decode(errors=encoding_errors)
    assert encoding_errors != "strict" or "\0" not in text
    text = text.replace("\0", "\ufffd" if encoding_errors == "replace" else "")
    # The twin drops one byte order mark: it gets one here, so that it drops no other.
    text = "\ufeff" + (text.lower() if lowercase else text)
    sentences = naive.read_sentences(text, MAX_SENTENCE_WORDS)
    vocabulary = naive.build_vocabulary(sentences, 1)
    counts = corpus.vocabulary.counts.tolist()
    assert list(zip(corpus.vocabulary.words, counts, strict=True)) == vocabulary
    return naive.encode(sentences, vocabulary)


def _compressors() -> dict[str, tuple[Callable[..., bytes], Callable[..., bytes]]]:
    found = {
        "gzip": (gzip.compress, gzip.decompress),
        "bzip2": (bz2.compress, bz2.decompress),
        "xz": (lzma.compress, lzma.decompress),
    }
    zstd = compression.zstd_module()
    if zstd is not None:
        checksum = {zstd.CompressionParameter.checksum_flag: 1}
        found["zstd"] = (lambda data: zstd.compress(data, options=checksum), zstd.decompress)
    return found


def _compressed_seeds() -> list[bytes]:
    text = TEXT * 3
    return [
        whole
        for compress, _ in _compressors().values()
        for whole in (compress(text), compress(text[:9]) + compress(text[9:]))
    ]


def _packed_text(content: bytes) -> tuple[bytes, Callable[[bytes], bytes]] | None:
    """The text in a compressed file."""
    kind = compression.kind_of(content)
    if kind is None:
        return None
    compress, decompress = _compressors()[kind]
    try:
        return decompress(content), compress
    except Exception:  # a damaged file may raise anything
        return None


# --- caches -------------------------------------------------------------------------------------


def _cache_entry() -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.txt")
        path.write_bytes(TEXT)
        read_corpus(path, min_count=1, cache_dir=folder)
        (file,) = Path(folder).glob("corpus-*")
        with mock.patch.object(cache, "_file", return_value=file):
            metadata = safetensors_file.read_tensors(file)[1]
        return metadata["key"], file.read_bytes()


_CACHE_ENTRY: list[tuple[str, bytes]] = []


def _check_cache(path: Path, content: bytes) -> None:
    """A damaged cache is never an error: it loads as if intact, or counts as missing.

    If its digest was forged (the fuzzer learns to do that), it must be safe to train on.
    """
    if not _CACHE_ENTRY:
        _CACHE_ENTRY.append(_cache_entry())
    key, whole = _CACHE_ENTRY[0]
    with mock.patch.object(cache, "_file", return_value=path):
        found = cache.load(path.parent, key, TextOptions())
        if found is None:
            raise FormatError(f"{path}: counts as none")
        words, counts = found.vocabulary.words, found.vocabulary.counts
        tokens, starts = found.tokens, found.sentence_starts
        damaged = _cached(found)
        sizes = len(words), counts.sum()
        assert (tokens >= 0).all()
        assert (tokens < len(words)).all()
        assert (np.diff(starts) > 0).all()
        assert (starts[0], starts[-1]) == (0, len(tokens))
        assert sizes == (len(counts), len(tokens))
        assert isinstance(found.audit, Audit)
        forged = safetensors_file.read_tensors(path)[1]["content"].encode() not in whole
        del found, tokens, counts, starts
        path.write_bytes(whole)
        assert forged or damaged == _cached(cache.load(path.parent, key, TextOptions()))


def _cached(corpus: Corpus) -> tuple[object, ...]:
    """All that an entry of the cache holds."""
    return (
        corpus.tokens.tobytes(), corpus.vocabulary.counts.tobytes(),
        corpus.sentence_starts.tobytes(), corpus.vocabulary.words, corpus.audit,
    )  # fmt: skip


# --- checkpoints --------------------------------------------------------------------------------


@functools.cache
def _tiny_run() -> tuple[Corpus, TrainConfig, list[bytes]]:
    """A corpus, the options of a run, and two of its checkpoints."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "t.txt")
        path.write_bytes(TEXT)
        options = {
            "vector_size": 2, "window": 1, "negative": 1, "epochs": 4, "min_count": 1,
            "sample": 0.0, "workers": 1,
        }  # fmt: skip
        checkpoints = Path(folder, "checkpoints")
        kept = config.Checkpoints(checkpoints, every="25%")
        train_embeddings(path, **options, checkpoint=kept, callbacks=[Quiet()])
        corpus = read_corpus(path, min_count=1)
        return (
            corpus,
            resolve(config.make_config(options)),
            [file.read_bytes() for file in checkpoint.numbered(checkpoints).values()],
        )


class Quiet(Callback):
    """Prints nothing, and checks that warnings are one line."""

    def on_warning(self, text: str) -> None:
        assert len(text.splitlines()) == 1


def _check_checkpoint(path: Path, _: bytes) -> None:
    """If it is accepted, the rest of the run can be trained from it."""
    corpus, options, _ = _tiny_run()
    saved = checkpoint.read_checkpoint(path)
    if resume.resumed_config(saved, {}, resolve) != options:
        return  # the checkpoint of another run, which may take any time
    ours = resume.identity_of(options, corpus)
    resume.check_corpus(saved, ours, corpus)
    run = make_run(corpus, options, [Quiet()])
    resume.check_fit(saved, ours, run.trainer, Quiet())
    run.restore(saved)
    assert 0 <= run.state.words_done <= run.state.total_words
    with suppress(DivergenceError):
        run.train()
        assert np.isfinite(run.embeddings().vectors).all()


def _record(content: bytes) -> tuple[bytes, Callable[[bytes], bytes]] | None:
    """The record of a checkpoint, without its tensors; the digest is updated."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x")
        path.write_bytes(content)
        try:
            tensors, metadata = safetensors_file.read_tensors(path)
        except FormatError:
            return None

    def build(record: bytes) -> bytes:
        changed = {**metadata, "checkpoint": record.decode(errors="replace")}
        changed.pop("digest", None)
        changed["digest"] = checkpoint._digest(changed)
        with tempfile.TemporaryDirectory() as folder:
            safetensors_file.write_tensors(Path(folder, "x"), tensors, changed)
            return Path(folder, "x").read_bytes()

    return metadata.get("checkpoint", "").encode(), build


# --- options, questions, results ----------------------------------------------------------------

_TOML = b"""\
# options
vector-size = 50
loss = "nce"
lr = 5e-2
"min_count" = 1
distance-weights = "flat"
window = [5, 0]
"""


def _check_toml(path: Path, _: bytes) -> None:
    options = config.read_toml(path)
    config.make_config(options)


def _check_analogies(path: Path, content: bytes) -> None:
    sections = questions.read_analogies(path)
    lines = [line.strip() for line in content.decode("utf-8-sig").split("\n")]
    expected = [line.split() for line in lines if line and not line.startswith(":")]
    assert sorted(q for section in sections.values() for q in section) == sorted(expected)


def _check_similarity(path: Path, _: bytes) -> None:
    pairs = questions.read_similarity(path)
    assert pairs
    for words, score in pairs:
        assert all(words)
        assert np.isfinite(score)


_RUN = {
    "variant": "nce", "seed": 1, "lr": 0.04, "epochs": 2, "seconds": 0.5,
    "million_words_per_second": 1.5,
    "curve": [{"epoch": 1, "seconds": 0.2, "nats": 6.0}, {"epoch": 2, "seconds": 0.5, "nats": 5.5}],
    "measure": {
        "nats": 5.5, "raw_nats": 5.25, "log_z_mean": 0.5, "log_z_sd": 0.125,
        "log_z_quantiles": [0.1, 0.2, 0.5, 0.6, 0.7],
        "noise": {"accuracy": 0.9, "true_accuracy": 0.5, "noise_accuracy": 0.95,
                  "accidental_hits": 0.01},
    },
    "analogies": 0.25, "similarity": None, "neighbours": [[1, 2], [0, 2]],
}  # fmt: skip
_RESULTS = {
    "format": results.FORMAT,
    "plan": {"losses": ["nce", "softmax"], "seeds": [1], "budget": "epochs",
             "epochs": {"nce": 2, "softmax": 2}},
    "corpus": {"names": ["a.txt"], "vocabulary": 9, "trained_on": 99, "held_out_pairs": 9,
               "unigram_nats": 6.5},
    "questions": {"analogies": {}, "similarity": {}}, "environment": {},
    "epochs": {"nce": 2, "softmax": 2},
    "runs": [_RUN, {"variant": "softmax", "seed": 1, "error": "diverged"}],
}  # fmt: skip


def _check_results(path: Path, _: bytes) -> None:
    document = results.read(path)
    assert document is not None
    results.check_plan(path, document, _RESULTS["plan"])
    assert summary.table(document)
    results.save(path, document)
    assert results.read(path) == document


READERS = {
    reader.name: reader
    for reader in (
        Reader("word2vec binary", ".bin", _binary_seeds, _check_binary, FormatError,
               ("w2v.formats",)),
        Reader("word2vec text", ".txt", _text_seeds, _check_text, FormatError, ("w2v.formats",)),
        Reader("embeddings in safetensors", ".safetensors", _native_seeds, _check_native,
               FormatError, ("w2v.formats", "w2v.formats.safetensors_file"), _json_header),
        Reader("vectors without an extension", "",
               lambda: [*_binary_seeds(), *_text_seeds(), *_native_seeds()],
               _check_sniffed, FormatError, ("w2v.formats", "w2v.formats.safetensors_file")),
        Reader("tensors", ".safetensors", _tensor_seeds, _check_tensors, FormatError,
               ("w2v.formats.safetensors_file",), _json_header),
        Reader("corpus", ".txt", lambda: [TEXT, BOM + TEXT, TEXT[:-5] + b"\xff\0 a"],
               _check_corpus, CorpusError, ("w2v.corpus.sources",)),
        Reader("compressed corpus", "", _compressed_seeds, _check_corpus, CorpusError,
               ("w2v.corpus.sources", "w2v.util.compression"), _packed_text),
        Reader("corpus in shards", ".txt", lambda: [TEXT, BOM + TEXT, TEXT * 3], _check_shards,
               CorpusError,
               ("w2v.corpus.sources", "w2v.corpus.byte_ranges", "w2v.corpus.shards")),
        Reader("checkpoint", ".safetensors", lambda: _tiny_run()[2], _check_checkpoint, W2VError,
               ("w2v.train.checkpoint", "w2v.train.resume", "w2v.train.state",
                "w2v.util.json_shape"), _record),
        Reader("corpus cache", ".safetensors", lambda: [_cache_entry()[1]], _check_cache,
               FormatError, ("w2v.corpus.cache", "w2v.formats.safetensors_file"), _json_header),
        Reader("options in TOML", ".toml", lambda: [_TOML], _check_toml, ConfigError,
               ("w2v.config", "tomllib")),
        Reader("analogy questions", ".txt",
               lambda: [b": capital\nAthens Greece Oslo Norway\n: gram1\na b c d\n"],
               _check_analogies, FormatError, ("w2v.evaluate.questions",)),
        Reader("scored word pairs", ".tsv",
               lambda: [b"word1\tword2\tscore\na\tb\t3.5\n", b"# x\na,b,1\n", b"a b 0\n"],
               _check_similarity, FormatError, ("w2v.evaluate.questions",)),
        Reader("results of a comparison", ".json", lambda: [json.dumps(_RESULTS).encode()],
               _check_results, ConfigError, ("w2v.compare.results",)),
    )
}  # fmt: skip
