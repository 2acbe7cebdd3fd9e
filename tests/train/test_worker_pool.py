"""Workers that take turns: pauses see whole turns only, errors and interrupts end all of them."""

from __future__ import annotations

import errno
import threading
import time

import pytest

from w2v.train.worker_pool import WorkerPool

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


class Work:
    """Turns that count up, in two steps with time between them."""

    def __init__(self, pool: WorkerPool, turns: int, seconds: float = 0.001) -> None:
        self.pool, self.turns, self.seconds = pool, turns, seconds
        self.begun = self.ended = 0
        self.lock = threading.Lock()

    def __call__(self) -> None:
        while True:
            with self.pool.turn() as proceed:
                with self.lock:
                    if not proceed or self.begun == self.turns:
                        return
                    self.begun += 1
                time.sleep(self.seconds)
                self.turn_ends()

    def turn_ends(self) -> None:
        with self.lock:
            self.ended += 1


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_pauses_fall_between_turns_and_no_turn_is_lost(threads):
    pool = WorkerPool()
    work = Work(pool, turns=10**9)
    seen = []

    def watch():
        while len(seen) < 20:
            with pool.paused():
                seen.append((work.begun, work.ended))
            while work.begun < seen[-1][0] + 3:  # the threads go on after a pause
                time.sleep(0.001)
        with pool.paused():
            work.turns = work.begun

    pool.run(work, threads, watch)
    assert work.begun == work.ended == work.turns
    assert all(begun == ended for begun, ended in seen)
    assert [begun for begun, _ in seen] == sorted({begun for begun, _ in seen})


def test_workers_continue_after_a_pause_that_raised():
    pool = WorkerPool()
    work = Work(pool, turns=300)
    failures = []

    def watch():
        try:
            with pool.paused():
                raise OSError("no space left")
        except OSError as error:
            failures.append(error)

    pool.run(work, 4, watch)
    assert failures
    assert work.ended == 300


def test_an_error_in_one_thread_ends_all_and_a_pause_knows():
    pool = WorkerPool()
    before = threading.active_count()
    stopped_in_pause = []

    class Failing(Work):
        def turn_ends(self):
            with self.lock:
                self.ended += 1
                broken = self.ended == 50
            if broken:
                raise RuntimeError("broken turn")

    work = Failing(pool, turns=10**6)

    def watch():
        for _ in range(5):
            with pool.paused():
                stopped_in_pause.append((work.ended >= 50, pool.stopped))

    with pytest.raises(RuntimeError, match="broken turn"):
        pool.run(work, 8, watch)
    assert threading.active_count() == before
    # Whoever pauses after the failed turn must learn of it: its state is not to be kept.
    assert all(failed == stopped for failed, stopped in stopped_in_pause)
    assert work.ended < 200


def test_an_interrupt_of_the_watcher_ends_the_threads_first():
    pool = WorkerPool()
    work = Work(pool, turns=10**6)

    def watch():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run(work, 4, watch)
    assert work.begun == work.ended
    with pool.paused():  # nobody is in a turn
        pass


def test_a_long_turn_can_be_given_up():
    pool = WorkerPool()
    abandoned = threading.Event()

    def work():
        with pool.turn():
            while True:
                try:
                    pool.check()
                except BaseException:
                    abandoned.set()
                    raise
                time.sleep(0.001)

    def watch():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pool.run(work, 1, watch)
    assert abandoned.is_set()


def test_a_pool_runs_again_and_with_more_workers_than_turns():
    pool = WorkerPool()
    for threads in (1, 16):
        work = Work(pool, turns=3)
        pool.run(work, threads, lambda: None)
        assert work.ended == 3


def test_without_room_for_a_thread_none_is_begun(monkeypatch):
    def no_memory(*_):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    monkeypatch.setattr("w2v.util.threads.mmap.mmap", no_memory)
    before = threading.active_count()
    with pytest.raises(MemoryError, match=r"a thread \(use fewer --workers\)"):
        WorkerPool().run(lambda: None, 8, lambda: None)
    assert threading.active_count() == before
