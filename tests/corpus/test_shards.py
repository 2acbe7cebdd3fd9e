"""A corpus cut into shards is the corpus: ranges of bytes, counts, ids; and what is refused."""

import gzip
import itertools
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from w2v.corpus import TextOptions, byte_ranges, read_corpus, read_shards
from w2v.corpus.byte_ranges import Segment, expand_urls, open_file, plan_ranges, range_text
from w2v.corpus.shards import (
    WordCounts,
    encode_shard,
    in_order,
    merge_counts,
    read_segments,
    words_digest,
)
from w2v.engines.local import LocalEngine
from w2v.errors import CorpusError

TEXT = (
    "the cat sat on the mat\nthe dög sat on the log\n\n  \nmice\r\n" * 20 + "no newline at the end"
)


@pytest.fixture(scope="module")
def engine():
    engine = LocalEngine(2)
    yield engine
    engine.close()


@contextmanager
def stripes_of(shortest, most):
    """So many bytes and more each, and at most so many a shard."""
    with (
        mock.patch.object(byte_ranges, "_SHORTEST_STRIPE", shortest),
        mock.patch.object(byte_ranges, "MOST_STRIPES", most),
    ):
        yield


def shards(engine, paths, count, **options):
    defaults = {
        "min_count": 1,
        "on_progress": lambda done, total: None,
    }  # fmt: skip
    return read_shards(engine, paths, count, **{**defaults, **options})


@given(
    text=st.text(alphabet="ab \n", min_size=1, max_size=60),
    count=st.integers(1, 6),
    most_stripes=st.integers(1, 5),
)
def test_every_line_is_in_the_stripe_in_which_it_begins(
    text, count, most_stripes, tmp_path_factory
):
    path = tmp_path_factory.mktemp("ranges") / "t.txt"
    path.write_text(text)
    stripes = max(1, min(most_stripes, len(text) // count))
    lines = text.splitlines(keepends=True)
    begins = list(itertools.accumulate(map(len, lines), initial=0))[:-1]
    edges = [len(text) * k // (count * stripes) for k in range(1, count * stripes)]
    stripe_of = [sum(begin >= edge for edge in edges) for begin in begins]
    with stripes_of(1, most_stripes):
        if {stripe % count for stripe in stripe_of} != set(range(count)):
            with pytest.raises(CorpusError, match="would be empty"):
                plan_ranges(expand_urls([path])[0], count)
            return
        plan = plan_ranges(expand_urls([path])[0], count)
    for shard, segments in enumerate(plan):
        wanted = sorted({stripe for stripe in stripe_of if stripe % count == shard})
        assert [segment.begin for segment in segments] == [
            begins[stripe_of.index(stripe)] for stripe in wanted
        ]
    parts = sorted((segment for shard in plan for segment in shard), key=lambda part: part.number)
    assert [part.number for part in parts] == list(range(len(parts)))
    assert [part.begin for part in parts] == [0, *(part.end for part in parts[:-1])]
    assert parts[-1].end == len(text)
    for part in parts:
        assert part.begin == 0 or text[part.begin - 1] == "\n"


@pytest.mark.parametrize("count", [1, 2, 3, 7, 16])
@pytest.mark.parametrize("options", [{}, {"min_count": 21}, {"max_vocab": 4, "lowercase": True}])
@pytest.mark.parametrize("stripes", [1, 9])
def test_shards_together_are_the_corpus(engine, write, count, options, stripes):
    paths = [write("a.txt", TEXT), write("b.txt", "\ufeffThe cat\nagain\n" * 9), write("c.txt", "")]
    whole = read_corpus(paths, **{"min_count": 1, **options})
    with stripes_of(30, stripes):
        corpus = shards(engine, paths, count, **options)
    assert corpus.vocabulary.words == whole.vocabulary.words
    np.testing.assert_array_equal(corpus.vocabulary.counts, whole.vocabulary.counts)
    assert corpus.audit == whole.audit
    assert (corpus.n_words, corpus.n_sentences) == (whole.n_words, whole.n_sentences)
    values = engine.get(corpus.shards)
    sentences = [
        value.tokens[begin:end].tolist()
        for value in values
        for begin, end in itertools.pairwise(value.sentence_starts)
    ]
    expected = [sentence.tolist() for sentence in whole.sentences()]
    if stripes == 1:
        assert sentences == expected
    assert sorted(sentences) == sorted(expected)


def test_the_fingerprint_tells_texts_and_shards_apart(engine, write):
    a, b = write("a.txt", TEXT), write("b.txt", TEXT.replace("cat", "rat", 1))
    prints = [shards(engine, [p], n).fingerprint() for p, n in ((a, 2), (a, 2), (a, 3), (b, 2))]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_counts_are_merged_in_order():
    parts = [
        WordCounts(np.frombuffer(text.encode(), np.uint8), np.array(counts), np.array(places))
        for text, counts, places in (("b\nä", [2, 3], [5, 9]), ("c\nb", [5, 7], [6, 4]))
    ]
    merged = merge_counts(*parts)
    assert merged.text.tobytes().decode().split("\n") == ["b", "ä", "c"]
    assert merged.counts.tolist() == [9, 3, 5]
    assert merged.places.tolist() == [4, 9, 6]
    merged = in_order(merged)
    assert merged.text.tobytes().decode().split("\n") == ["b", "c", "ä"]
    assert merged.counts.tolist() == [9, 5, 3]


def test_a_shard_is_encoded_in_the_frozen_vocabulary_alone(write):
    path = write("a.txt", "a b\n")
    text, own = read_segments([Segment(str(path), 0, 4, 0)], TextOptions())
    words = np.frombuffer(b"b\na", np.uint8)
    with pytest.raises(CorpusError, match="differs from the one that was chosen for all shards"):
        encode_shard(text, own, words, "0" * 64)


def test_reading_and_encoding_change_nothing_they_are_given(engine, write):
    path = write("a.txt", TEXT)
    text, own = read_segments([Segment(str(path), 0, len(TEXT.encode()), 0)], TextOptions())
    for array in (*text[:2], *own):
        array.flags.writeable = False  # as a cluster hands them out
    words = np.frombuffer(b"the\ncat", np.uint8)
    digest = words_digest(words)
    first = encode_shard(text, own, words, digest)
    again = encode_shard(text, own, words, digest)
    assert first[1] == again[1]
    assert first[0].tokens.tobytes() == again[0].tokens.tobytes()


@pytest.mark.parametrize(
    ("name", "content", "count", "message"),
    [
        ("t.txt", "one line of several words\n", 3, "2 of 3 shards would be empty"),
        ("t.txt", "", 1, "1 of 1 shards would be empty"),
        ("t.txt", "a b\n" + " \n" * 200, 2, "no words .bytes 202 to 404.; use fewer"),
        ("t.txt.gz", gzip.compress(TEXT.encode(), mtime=0), 2, "gzip data cannot be cut into"),
        ("t.txt", b"a b\n\xff\n" * 9, 2, "byte 4: 0xff is not UTF-8"),
        ("t.txt", "a b\n" * 40 + "c d\0\n" + "c d\n" * 40, 2, "byte 163: a NUL character"),
    ],
)  # fmt: skip
def test_text_that_cannot_be_cut_is_refused_in_one_line(
    engine, write, name, content, count, message
):
    path = write(name, content)
    with pytest.raises(CorpusError, match=message) as error:
        shards(engine, [path], count)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_other_places_are_refused(engine, tmp_path):
    with pytest.raises(CorpusError, match="a stream cannot be cut into shards"):
        shards(engine, ["-"], 2)
    with pytest.raises(CorpusError, match="no such file or folder"):
        shards(engine, [tmp_path / "none.txt"], 2)


def test_urls_are_read_by_fsspec(engine, write):
    pytest.importorskip("fsspec", reason="needs the extra w2v[ray]")
    path = write("a.txt", TEXT)
    by_url, by_path = shards(engine, [f"file://{path}"], 3), shards(engine, [path], 3)
    assert by_url.digest == by_path.digest
    for url in ("file:///nowhere/at/all.txt", "nosuch://thing"):
        with pytest.raises(CorpusError, match=url):
            shards(engine, [url], 2)


def test_only_the_needed_ranges_are_requested_from_storage(engine, write, monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="needs the extra w2v[ray]")
    path = write("a.txt", TEXT * 10)
    content = path.read_bytes()
    asked = []

    class Store:
        """With S3's arguments: a version comes before the bytes."""

        sizes = 0

        def size(self, name):
            Store.sizes += 1
            return len(content)

        def cat_file(self, name, version_id=None, start=None, end=None):
            assert version_id is None
            assert 0 <= start < end <= len(content)
            asked.append(end - start)
            return content[start:end]

    monkeypatch.setattr(fsspec.core, "url_to_fs", lambda name: (Store(), "a.txt"))
    assert shards(engine, ["s3://books/a.txt"], 3).digest == shards(engine, [path], 3).digest
    assert sum(asked) < 3 * len(content)
    assert Store.sizes == 1


def test_a_store_that_fails_in_its_own_way_is_refused_in_one_line(monkeypatch):
    fsspec = pytest.importorskip("fsspec", reason="needs the extra w2v[ray]")

    class EndpointConnectionError(Exception):
        """As botocore has it: no OSError."""

    def unreachable(name):
        raise EndpointConnectionError(f"could not connect to {name}\nand more")

    monkeypatch.setattr(fsspec.core, "url_to_fs", unreachable)
    with pytest.raises(CorpusError) as error, open_file("s3://books/a.txt"):
        pass
    message = "s3://books/a.txt: cannot be read: could not connect to s3://books/a.txt"
    assert str(error.value) == message


def test_a_file_that_shrinks_while_it_is_read_is_refused(write):
    path = write("a.txt", "a b\n")
    with pytest.raises(CorpusError, match="shrank from at least 99 to 4 bytes"):
        list(range_text(Segment(str(path), 0, 99, 0), TextOptions()))
