"""Loading when something goes wrong: a clear error, and no hang."""

from __future__ import annotations

import contextlib
import errno
import gc
import multiprocessing
import os
import signal
import threading
import time

import pytest

import rushlight
from data_samples import Parts, Rows, Trouble, gone, wait_for
from rushlight.utils.data import DataLoader, Dataset, IterableDataset, Sampler, _arena

QUICK = {"process": {}, "thread": {"worker_method": "thread"}}
LIMIT_SECONDS = 20


@pytest.fixture(autouse=True)
def limit():
    """Fail where a test would hang."""

    def stop(*_):
        raise TimeoutError("the test hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LIMIT_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def no_workers():
    return not multiprocessing.active_children()


def failing(loader, kind):
    """Iterate until the error; return the batches before it and the text."""
    got = []
    try:
        for batch in loader:
            got.append(batch)
    except kind as error:
        return got, str(error)
    raise AssertionError("no exception")


@pytest.mark.parametrize(
    "kind, how",
    [
        ("kill", "was killed by SIGKILL, as the system does when memory runs out"),
        ("exit", "ended with exit code 3"),
        ("leave", "ended with exit code 4"),
    ],
)
@pytest.mark.filterwarnings("ignore:This DataLoader will create")
def test_a_worker_that_dies(kind, how):
    start = time.monotonic()
    loader = DataLoader(Trouble(kind), 2, num_workers=3)
    got, text = failing(loader, RuntimeError)
    assert len(got) <= 2
    assert "DataLoader worker (pid(s) " in text
    assert f") exited unexpectedly; worker 2 {how}" in text
    assert "its next was batch 2, indices [4, 5]" in text
    assert time.monotonic() - start < 5
    wait_for(no_workers)


def test_a_thread_that_dies():
    loader = DataLoader(Trouble("leave"), 2, num_workers=2, worker_method="thread")
    _, text = failing(loader, RuntimeError)
    assert "worker 0 ended with SystemExit(4)" in text


@pytest.mark.parametrize("in_order", [True, False])
def test_a_death_is_noticed_at_once(in_order):
    loader = DataLoader(Trouble("sleep"), 6, num_workers=2, in_order=in_order)
    iterator = iter(loader)
    workers = multiprocessing.active_children()
    timer = threading.Timer(0.5, lambda: os.kill(workers[0].pid, signal.SIGKILL))
    timer.start()
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="SIGKILL"):
        list(iterator)
    assert time.monotonic() - start < 4
    timer.join()
    with pytest.raises(RuntimeError, match="start a new iteration"):
        next(iterator)
    wait_for(no_workers)


def test_persistent_workers_are_replaced_after_a_death():
    loader = DataLoader(Trouble("kill"), 2, num_workers=1, persistent_workers=True)
    for _ in range(2):
        got, _ = failing(loader, RuntimeError)
        assert [batch.tolist() for batch in got] == [[0, 1], [2, 3]]
    del loader
    wait_for(no_workers)


@pytest.mark.parametrize("method", QUICK)
def test_an_exception_names_worker_and_indices(method):
    loader = DataLoader(Trouble("key"), 2, num_workers=2, **QUICK[method])
    got, text = failing(loader, KeyError)
    assert [batch.tolist() for batch in got] == [[0, 1], [2, 3]]
    lines = text.splitlines()
    assert lines[0] == f"Caught KeyError in DataLoader worker {method} 0."
    assert lines[1] == "It was reading batch 2, indices [4, 5]."
    assert lines[2] == "Original Traceback (most recent call last):"
    assert lines[-1] == "KeyError: 'gone'"
    assert any("in key" in line for line in lines)
    wait_for(no_workers)


@pytest.mark.parametrize("method", QUICK)
def test_exceptions_of_collate_init_stream_and_sampler(method):
    def fail(*_):
        raise OSError("not today")

    options = {"num_workers": 2, **QUICK[method]}
    _, text = failing(DataLoader(Rows(), collate_fn=fail, **options), OSError)
    assert "reading batch 0, indices [0]" in text
    _, text = failing(DataLoader(Rows(), worker_init_fn=fail, **options), OSError)
    assert f"Caught OSError in DataLoader worker {method} 0." in text
    assert "It was starting." in text

    class Late(IterableDataset):
        def __iter__(self):
            yield from Parts(4)
            fail()

    got, text = failing(DataLoader(Late(), 2, **options), OSError)
    assert [batch.tolist() for batch in got] == [[0, 2], [1, 3]]
    assert "batch 2 of up to 2 samples" in text

    class Early(IterableDataset):
        def __iter__(self):
            fail()

    _, text = failing(DataLoader(Early(), 2, **options), OSError)
    assert "not today" in text

    class Stops(Sampler):
        def __iter__(self):
            yield from (1, 2, 3)
            fail()

        def __len__(self):
            return 5

    # Its turn comes after the batches before it, as without workers.
    for workers in (0, 2):
        options["num_workers"] = workers
        loader = DataLoader(Rows(), 1, sampler=Stops(), **options)
        got, text = failing(loader, OSError)
        assert [batch[1].item() for batch in got] == [1, 2, 3]
        assert text == "not today"
    wait_for(no_workers)


def test_exceptions_that_cannot_be_sent_or_made():
    class LocalError(ValueError):
        pass

    class Odd(Exception):
        def __init__(self, one, two):
            super().__init__(one, two)

    def reading(error):
        def collate(_):
            raise error

        return DataLoader(Rows(), num_workers=1, collate_fn=collate)

    _, text = failing(reading(LocalError("x")), ValueError)
    assert text.startswith("Caught LocalError in DataLoader worker process 0.")
    _, text = failing(reading(Odd(1, 2)), Exception)
    assert text.startswith("Caught Odd in DataLoader worker process 0.")
    # As such it would end the loop in silence.
    _, text = failing(reading(StopIteration()), RuntimeError)
    assert text.startswith("Caught StopIteration in DataLoader worker process 0.")
    wait_for(no_workers)


def test_batches_that_cannot_be_sent():
    loader = DataLoader(Rows(), num_workers=1, collate_fn=lambda _: lambda: 0)
    _, text = failing(loader, Exception)
    assert "It was sending batch 0." in text
    weight = rushlight.ones(3, requires_grad=True)
    loader = DataLoader(Rows(), num_workers=1, collate_fn=lambda _: weight * 2)
    _, text = failing(loader, RuntimeError)
    assert "detach()" in text
    wait_for(no_workers)


def _not_here():
    raise LookupError("only in the worker")


class Oneway:
    """Can be sent, but not opened."""

    def __reduce__(self):
        return _not_here, ()


def test_batches_that_cannot_be_opened():
    batches = [rushlight.ones(3000), Oneway(), rushlight.zeros(3000)]
    loader = DataLoader(batches, None, num_workers=1)
    iterator = iter(loader)
    assert next(iterator).sum() == 3000
    with pytest.raises(LookupError, match="opening what worker process 0 sent"):
        next(iterator)
    assert next(iterator).sum() == 0
    # Nothing but this name has kept it.
    del iterator
    assert no_workers()


def test_a_worker_that_dies_amid_a_message(monkeypatch):
    monkeypatch.setattr(_arena, "CAPACITY", 1 << 12)

    class Big(Rows):
        def __getitem__(self, index):
            # The loader reads late: its worker is killed with half a message sent.
            threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
            return rushlight.zeros(10_000_000)

    iterator = iter(DataLoader(Big(), None, num_workers=1))
    wait_for(no_workers)
    with pytest.raises(RuntimeError, match="worker 0 was killed by SIGKILL"):
        next(iterator)


def test_a_dataset_that_cannot_be_sent():
    class Local(Rows):
        pass

    loader = DataLoader(Local(), num_workers=2, multiprocessing_context="spawn")
    with pytest.raises((AttributeError, TypeError), match="Local") as raised:
        iter(loader)
    assert any("worker 0" in note for note in raised.value.__notes__)
    del raised
    wait_for(no_workers)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("method", QUICK)
def test_timeout(method, in_order):
    class Sleepy(Dataset):
        awake = threading.Event()

        def __len__(self):
            return 4

        def __getitem__(self, index):
            if index > 1:
                self.awake.wait(10)
            return index

    loader = DataLoader(
        Sleepy(), 1, num_workers=2, timeout=0.5, in_order=in_order, **QUICK[method]
    )
    start = time.monotonic()
    got, text = failing(loader, RuntimeError)
    assert len(got) == 2
    assert text.startswith("DataLoader timed out after 0.5 seconds: ")
    if in_order:
        assert "worker 0 has not answered, its next was batch 2, indices [2]" in text
    Sleepy.awake.set()
    gc.collect()
    wait_for(no_workers)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("kind", ["kill", "sleep", "key"])
def test_an_iterator_dropped_midway(kind):
    start = time.monotonic()
    iterator = iter(DataLoader(Trouble(kind), 1, num_workers=2, prefetch_factor=4))
    workers = [child.pid for child in multiprocessing.active_children()]
    assert len(workers) == 2
    # The death of one may be seen before the batch of the other.
    with contextlib.suppress(RuntimeError):
        next(iterator)
    del iterator
    wait_for(lambda: all(map(gone, workers)))
    assert no_workers()
    assert time.monotonic() - start < 5


def refuse(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def check_rows(loader, size):
    seen = 0
    for values, indices in loader:
        assert values[:, -1].tolist() == indices.tolist()
        seen += len(indices)
    assert seen == size


def test_shared_memory_full(monkeypatch):
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    loader = DataLoader(Rows(), 4, num_workers=2)
    with pytest.warns(UserWarning, match=r"worker 0 gets no .* No space left.*pipe"):
        check_rows(loader, 20)
    monkeypatch.undo()
    monkeypatch.setattr(os, "memfd_create", refuse)
    with pytest.warns(UserWarning, match=r"worker 0 gets no .* No space left.*pipe"):
        check_rows(loader, 20)


def test_batches_beyond_the_arena(monkeypatch):
    monkeypatch.setattr(_arena, "CAPACITY", 1 << 16)
    check_rows(DataLoader(Rows(), 8, num_workers=2, prefetch_factor=4), 20)
    check_rows(DataLoader(Rows(100), 1, num_workers=1, prefetch_factor=9), 100)


def test_the_arena_is_reused(monkeypatch):
    monkeypatch.setattr(_arena, "CAPACITY", 1 << 18)
    arena = _arena.Arena(_arena.CAPACITY)
    pieces = []
    for message in range(1000):
        arena.free(message - 3)
        pieces.append(arena.put(bytes([message % 256]) * 50_000, message))
        for back in range(min(4, message + 1)):
            piece = arena.read(pieces[message - back], 50_000)
            assert set(piece[::4999]) == {(message - back) % 256}
            piece.release()
    assert arena.put(bytes(200_000), 1000) is None
    assert _arena.capacity_for(1) == _arena.CAPACITY
    assert _arena.capacity_for(10**9) == 1 << 18
    assert arena.refused is None
    arena.free(1001)
    assert arena.put(bytes(1 << 18), 1001) == 0
    assert arena.put(b"x", 1001) is None
    arena.close()
