"""What a plan says before training: the time by a clock that the test turns, memory by counting."""

import itertools
from types import SimpleNamespace

import pytest
from ways import WAYS, train

from w2v.kernels.softmax import FullSoftmax
from w2v.numerics.aligned_memory import padded
from w2v.train import round_tasks, rounds, sampled, softmax
from w2v.train.sampled import SampledTrainer

WAY = {way.name: way for way in WAYS}


class Clock:
    """A clock that stands still but where `turn` says so."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now

    def turn(self, monkeypatch, owner, name, seconds):
        """Let a method take so many seconds, given its arguments."""
        method = getattr(owner, name)

        def timed(*arguments):
            self.now += seconds(*arguments)
            return method(*arguments)

        monkeypatch.setattr(owner, name, timed)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for module in (rounds, sampled, softmax):
        monkeypatch.setattr(module, "time", clock)
    return clock


def planned(way, write, **options):
    path = write("corpus.txt", way.content)
    wv, seen = train(path, {**way.base(), "min_count": 1, **options})
    return seen.plan, wv


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_that_train_a_word_a_second_share_all_words(clock, monkeypatch, write, workers):
    edges = sampled.block_edges
    monkeypatch.setattr(sampled, "block_edges", lambda starts: edges(starts, 40))

    def words(trainer, scratch, epoch, block, lr):
        starts = trainer.corpus.sentence_starts
        return int(starts[trainer.edges[block + 1]] - starts[trainer.edges[block]])

    clock.turn(monkeypatch, SampledTrainer, "train_block", words)
    way = WAY["negative-sampling"]
    plan, _ = planned(way, write, epochs=3, workers=workers)
    assert plan.seconds == pytest.approx(3 * len(way.content.split()) / workers)


@pytest.mark.parametrize("targets", ["corpus", "split", "distribution"])
def test_steps_of_a_second_are_counted(clock, monkeypatch, write, targets):
    edges = softmax.block_edges
    monkeypatch.setattr(softmax, "block_edges", lambda starts: edges(starts, 200))
    clock.turn(monkeypatch, FullSoftmax, "gradients", lambda *arguments: 1.0)
    sizes = []

    def sizes_of(trainer, epoch, block):
        rows = block_rows(trainer, epoch, block)
        sizes.append(rows.n)
        return rows

    block_rows = softmax.SoftmaxTrainer.block_rows
    monkeypatch.setattr(softmax.SoftmaxTrainer, "block_rows", sizes_of)
    plan, _ = planned(WAY[f"softmax-{targets}"], write, epochs=3, batch_size=7, sample=0)
    blocks = (len(sizes) - 1) / 3  # in each epoch, after the forecast
    assert blocks == 1 if targets == "corpus" else blocks >= 2
    assert sizes[0] > 20
    assert plan.seconds == pytest.approx(3 * blocks * sizes[0] / 7)


@pytest.mark.parametrize("parts", [1, 20])
def test_rounds_that_take_a_second_are_counted(monkeypatch, write, parts):
    """Of few, long rounds, only a part is timed."""
    monkeypatch.setattr("w2v.train.rounds._TIMED_PARTS", parts)
    ticks = itertools.count()
    clock = SimpleNamespace(perf_counter=lambda: next(ticks))
    monkeypatch.setattr("w2v.train.rounds.time", clock)
    way = WAY["negative-sampling-rounds"]
    plan, _ = planned(way, write, epochs=2, shards=3, round_words=1_000)
    n_rounds = round(len(way.content.split()) / 3 / 1_000)
    assert 1 < n_rounds < 20
    assert plan.seconds == pytest.approx(2 * max(n_rounds, parts))


def test_rounds_that_train_a_word_a_second_train_all_words(clock, monkeypatch, write):
    """The first rounds of a run have too few words to be timed."""

    def words(model, shard, part, tables, config):
        starts = shard.sentence_starts
        first, last = round_tasks.round_bounds(starts, part)
        return int(starts[last] - starts[first])

    clock.turn(monkeypatch, round_tasks, "train_shard", words)
    way = WAY["negative-sampling-rounds"]
    plan, _ = planned(way, write, epochs=3)
    assert plan.seconds == pytest.approx(3 * len(way.content.split()), rel=0.02)


def test_memory_of_threads_and_rounds(write):
    way, in_rounds = WAY["nce"], WAY["nce-rounds"]
    plan, wv = planned(way, write)
    tokens = 4 * len(way.content.split())
    rows = 2 * padded(5) + 1 + 1  # both vectors, the bias, the normaliser
    assert plan.memory_bytes == tokens + 4 * len(wv) * rows
    plan, wv = planned(in_rounds, write, workers=3)
    tokens = 4 * len(in_rounds.content.split())
    assert plan.memory_bytes == tokens + (2 + 3) * 4 * len(wv) * rows


def test_memory_of_the_softmax(write):
    size = {}
    for targets in ("split", "corpus"):
        way = WAY[f"softmax-{targets}"]
        plan, wv = planned(way, write, batch_size=7)
        size[targets] = plan.memory_bytes
    tokens, words = 4 * len(way.content.split()), len(wv)
    model = 4 * words * (2 * 5 + 1)
    squares = 4 * words * 3 + 8 * words  # a sum for each row, and the ids
    work = 4 * words * (7 + 5 + 1)  # logits of a batch, gradients of the vectors and the bias
    assert size["split"] == tokens + model + squares + work
    assert size["corpus"] > size["split"]  # it keeps the examples
