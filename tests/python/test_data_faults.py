"""Loading when something goes wrong: a clear error, no hang, nothing left behind."""

from __future__ import annotations

import errno
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import pytest

import rushlight
from data_samples import Parts, Rows, Trouble, tell_worker_ids
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


def wait_for(condition, seconds=6.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def gone(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


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
    next(iterator)
    workers = [child.pid for child in multiprocessing.active_children()]
    assert workers
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


def run_script(tmp_path, text, **options):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(text))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = [os.path.dirname(__file__), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "TMPDIR": str(scratch),
    }
    return subprocess.Popen(
        [sys.executable, str(script)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def workers_of(process):
    """The ids that a script prints."""
    return [int(word) for word in process.stdout.readline().split()]


SLEEPING = """
    import multiprocessing
    from data_samples import Trouble
    from rushlight.utils.data import DataLoader

    if __name__ == "__main__":
        loader = DataLoader(
            Trouble("sleep"), 2, num_workers=2, multiprocessing_context="{method}"
        )
        iterator = iter(loader)
        next(iterator)
        print(*(c.pid for c in multiprocessing.active_children()), flush=True)
        for _ in iterator:
            pass
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_ctrl_c_and_killed_loaders(tmp_path, method, number):
    process = run_script(tmp_path, SLEEPING.format(method=method))
    workers = workers_of(process)
    assert len(workers) == 2
    time.sleep(0.2)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == -number
    wait_for(lambda: all(map(gone, workers)))
    left = os.listdir(tmp_path / "scratch")
    # Python's fork server leaves the folder of its socket when its user is killed.
    assert method == "forkserver" or left == []
    if number == signal.SIGINT:
        assert errors.count("KeyboardInterrupt") == 1
        assert errors.count("Traceback") == 1
    elif method == "fork":
        assert errors == ""


def test_few_descriptors(tmp_path):
    process = run_script(
        tmp_path,
        """
        import os, resource, warnings
        import rushlight
        from rushlight.utils.data import DataLoader, default_collate

        class Many:
            def __len__(self):
                return 64

            def __getitem__(self, index):
                return [rushlight.full((2000,), float(index)) for _ in range(50)]

        warnings.simplefilter("ignore")
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
        loader = DataLoader(Many(), 2, num_workers=4)
        for _ in range(2):
            kept = []
            for batch in loader:
                kept.append(batch)
                shared = [
                    line for line in open("/proc/self/maps") if "/dev/shm" in line
                ]
                assert shared == []
            assert len(kept) == 32
            assert all(x.shape == (2, 2000) for batch in kept for x in batch)
            assert sum(x.sum().item() for b in kept for x in b) == 2016 * 2000 * 50
        del batch, kept
        print(len(os.listdir("/proc/self/fd")) < 10)
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
        try:
            iter(loader)
        except OSError as error:
            print(error)
        """,
    )
    out, errors = process.communicate(timeout=15)
    assert errors == ""
    first, second = out.splitlines()
    assert first == "True"
    assert "DataLoader: worker" in second
    assert "could not be started: Too many open files" in second
    assert os.listdir(tmp_path / "scratch") == []


def test_a_limit_on_file_sizes(tmp_path):
    process = run_script(
        tmp_path,
        """
        import resource, warnings
        from data_samples import Rows
        from rushlight.utils.data import DataLoader

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            loader = DataLoader(Rows(), 10, num_workers=2)
            print(sum(len(indices) for _, indices in loader))
        print(len(caught), caught[0].message)
        """,
    )
    out, errors = process.communicate(timeout=15)
    assert errors == ""
    assert out.startswith("20\n1 DataLoader worker 0 gets no shared memory ([Errno 27]")


def test_an_iterator_alive_at_exit(tmp_path):
    process = run_script(
        tmp_path,
        """
        import multiprocessing, time
        from data_samples import Rows, Trouble
        from rushlight.utils.data import DataLoader

        first = iter(DataLoader(Trouble("sleep"), 2, num_workers=1))
        loader = DataLoader(Rows(), num_workers=1, persistent_workers=True)
        second = iter(loader)
        third = iter(
            DataLoader(Trouble("sleep"), 2, num_workers=1, worker_method="thread")
        )
        next(first), next(second), next(third)
        print(*(c.pid for c in multiprocessing.active_children()), flush=True)
        """,
    )
    workers = workers_of(process)
    assert len(workers) == 2
    _, errors = process.communicate(timeout=10)
    assert errors == ""
    assert process.returncode == 0
    wait_for(lambda: all(map(gone, workers)))


def test_memory_does_not_grow():
    loader = DataLoader(
        Rows(200, 50_000), 10, num_workers=2, collate_fn=tell_worker_ids
    )
    for _, process, _ in loader:
        with open(f"/proc/{process}/maps") as file:
            blocks = [line for line in file if "memfd:rushlight-data" in line]
        # Its own, and one of the worker that was started before it.
        assert 1 <= len(blocks) <= 2
        assert all("(deleted)" in line for line in blocks)
        with open(f"/proc/{process}/smaps") as file:
            rows = file.read().split("memfd:rushlight-data")[1:]
        used = [int(row.split("Rss:")[1].split()[0]) for row in rows]
        # Two batches read ahead and two on their way, of 2 MB each.
        assert max(used) < 12_000
