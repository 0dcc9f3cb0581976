"""Loading with worker processes and threads."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections import namedtuple

import numpy as np
import pytest

import rushlight
from data_samples import Parts, Rows, plain, tell_worker_ids
from rushlight.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    TensorDataset,
    get_worker_info,
)

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

KINDS = {
    "fork": {"multiprocessing_context": "fork"},
    "spawn": {"multiprocessing_context": "spawn"},
    "forkserver": {"multiprocessing_context": "forkserver"},
    "thread": {"worker_method": "thread"},
}
QUICK = ["fork", "thread"]


@pytest.fixture(autouse=True)
def no_worker_is_left():
    yield
    until = time.monotonic() + 5
    while time.monotonic() < until and (
        multiprocessing.active_children()
        or any("DataLoader" in thread.name for thread in threading.enumerate())
    ):
        time.sleep(0.01)
    assert not multiprocessing.active_children()


def load(dataset, *args, **options):
    rushlight.manual_seed(5)
    return [plain(batch) for batch in DataLoader(dataset, *args, **options)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_same_batches_whatever_the_workers(kind, workers):
    options = {"batch_size": 3, "shuffle": True}
    expected = load(Rows(10), **options)
    assert load(Rows(10), num_workers=workers, **options, **KINDS[kind]) == expected
    data = TensorDataset(rushlight.arange(10), rushlight.arange(20).view(10, 2))
    if kind in QUICK:
        expected = load(data, **options)
        assert load(data, num_workers=workers, **options, **KINDS[kind]) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_streams(kind):
    options = {"batch_size": 3, "num_workers": 2, **KINDS[kind]}
    expected = [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]]
    assert load(Parts(10), **options) == expected
    assert load(Parts(10), drop_last=True, **options) == expected[:2]
    options["batch_size"] = None
    assert load(Parts(5), **options) == [0, 1, 2, 3, 4]
    assert load(Parts(1), **options) == [0]


@pytest.mark.parametrize("kind", QUICK)
def test_in_order_and_as_they_come(kind):
    class Slow(Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, index):
            time.sleep(0.3 if index == 0 else 0)
            return index

    options = {"num_workers": 2, **KINDS[kind]}
    assert load(Slow(), **options) == [[i] for i in range(8)]
    free = load(Slow(), in_order=False, **options)
    assert free[0] != [0]
    assert sorted(free) == [[i] for i in range(8)]


@pytest.mark.parametrize("kind", QUICK)
def test_persistent_workers(kind):
    loader = DataLoader(
        Rows(9),
        2,
        num_workers=2,
        persistent_workers=True,
        collate_fn=tell_worker_ids,
        **KINDS[kind],
    )
    passes = [[(batch[0], batch[1]) for batch in loader] for _ in range(3)]
    assert passes[0] == passes[1] == passes[2]
    # What an abandoned pass has asked for is not seen by the next one.
    for _ in range(3):
        for _ in loader:
            break
    indices = [[row[1] for row in batch[2]] for batch in loader]
    assert indices == [[0, 1], [2, 3], [4, 5], [6, 7], [8]]
    assert iter(loader) is iter(loader)
    streams = DataLoader(
        Parts(5), 2, num_workers=2, persistent_workers=True, **KINDS[kind]
    )
    assert [plain(list(streams)) for _ in range(2)] == [[[0, 2], [1, 3], [4]]] * 2
    del loader, streams


def test_workers_are_new_without_persistence():
    loader = DataLoader(Rows(4), 2, num_workers=1, collate_fn=tell_worker_ids)
    assert {b[1] for b in loader}.isdisjoint({b[1] for b in loader})


def test_worker_info():
    class Info(Rows):
        def __getitem__(self, index):
            info = get_worker_info()
            assert info.dataset is self
            assert rushlight.get_num_threads() == 1
            assert rushlight.initial_seed() == info.seed
            with pytest.raises(AttributeError):
                info.id = 3
            return info.id, info.num_workers, info.worker_method, info.rng, info.seed

    generator = rushlight.Generator()
    generator.manual_seed(1)
    options = {"num_workers": 2, "collate_fn": list, "generator": generator}
    got = [batch[0] for batch in DataLoader(Info(4), **options)]
    seed = got[0][-1]
    one, two = ((at, 2, "multiprocessing", None, seed + at) for at in (0, 1))
    assert got == [one, two, one, two]
    assert get_worker_info() is None


def test_seeds_of_threads():
    class Info(Rows):
        def __getitem__(self, index):
            return get_worker_info()

    def numbers():
        rushlight.manual_seed(1)
        options = {"num_workers": 2, "collate_fn": list, "worker_method": "thread"}
        infos = [batch[0] for batch in DataLoader(Info(2), **options)]
        assert [info.worker_method for info in infos] == ["thread", "thread"]
        return [
            (
                info.seed,
                info.rng.random_generator.random(),
                rushlight.rand(1, generator=info.rng.torch_generator).item(),
                info.rng.numpy_generator.random(),
            )
            for info in infos
        ]

    first = numbers()
    assert first == numbers()
    assert all(a != b for a, b in zip(*first, strict=True))
    before = random.getstate()
    numbers()
    assert random.getstate() == before


def test_a_worker_thread_has_its_own_copy():
    class Shard(Rows):
        def __getitem__(self, index):
            return self.shard

    def choose(worker):
        get_worker_info().dataset.shard = worker

    options = {"num_workers": 2, "worker_init_fn": choose}
    for kind in QUICK:
        data = Shard(6)
        assert load(data, 1, **options, **KINDS[kind]) == [[0], [1]] * 3
        assert not hasattr(data, "shard")


def test_init_function_and_memory():
    class Mine(Rows):
        def __getitem__(self, index):
            return self.value

    def start(worker):
        Mine.value = worker + 10

    got = load(Mine(4), 1, num_workers=2, worker_init_fn=start)
    assert got == [[10], [11], [10], [11]]
    assert not hasattr(Mine, "value")


Pair = namedtuple("Pair", "x y")


def test_all_sorts_of_batches():
    x = rushlight.arange(24.0).view(2, 3, 4)
    shared = rushlight.arange(6)
    batches = [
        {"a": [x, "text", None], "n": 3},
        Pair(x.half(), x > 3),
        x.expand(1000, 2, 3, 4),
        x.transpose(0, 2),
        rushlight.rand(2, 8, 40, 40).contiguous(memory_format=rushlight.channels_last),
        rushlight.arange(100000)[50000:50003],
        rushlight.zeros(0, 3),
        rushlight.tensor(2.5, dtype=rushlight.bfloat16),
        rushlight.ones(3000, requires_grad=True),
        rushlight.nn.Parameter(rushlight.rand(40, 50)),
        rushlight.complex(x, x),
        np.arange(5000.0).reshape(50, 100),
        np.array(["a", "b"]),
        [shared, shared.view(2, 3)],
        b"x" * 200_000,
        ["word"] * 30_000,
    ]
    loader = DataLoader(batches, None, num_workers=2, collate_fn=lambda sample: sample)
    got = list(loader)
    assert len(got) == len(batches)
    for here, there in zip(batches, got, strict=True):
        assert type(here) is type(there)
        if isinstance(here, rushlight.Tensor):
            assert there.dtype == here.dtype
            assert there.shape == here.shape
            assert there.requires_grad == here.requires_grad
            assert rushlight.equal(there, here)
            there.detach().add_(1)
        elif isinstance(here, np.ndarray):
            assert np.array_equal(here, there)
            assert there.flags.writeable
    assert got[0]["a"][1:] == ["text", None]
    assert got[1].y.tolist() == (x > 3).tolist()
    assert got[4].is_contiguous(memory_format=rushlight.channels_last)
    assert got[5].untyped_storage().nbytes() == 24
    got[13][0][3] = 100
    assert got[13][1][1, 0].item() == 100
    assert got[14:] == batches[14:]


def test_batches_outlive_the_loader_and_forks():
    loader = DataLoader(Rows(12), 4, num_workers=2)
    kept = [batch[0] for batch in loader]
    del loader
    process = os.fork()
    if process == 0:
        os._exit(int(sum(x.sum().item() for x in kept) != 66 * 3000))
    for batch in kept:
        batch.zero_()
    assert os.waitpid(process, 0)[1] == 0


def test_a_fork_amid_a_pass_disturbs_nothing():
    iterator = iter(DataLoader(Rows(12), 2, num_workers=2))
    next(iterator)
    process = os.fork()
    if process == 0:
        del iterator
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0
    assert len(list(iterator)) == 5


def test_two_loaders_at_once():
    first = iter(DataLoader(Rows(6), 2, num_workers=1))
    second = iter(DataLoader(Rows(8), 2, num_workers=1))
    assert [len(next(it)[1]) for it in (first, second, first)] == [2, 2, 2]
    assert len(list(second)) == 3
    assert len(list(first)) == 1


def test_a_length_that_is_wrong():
    class Whole(IterableDataset):
        def __iter__(self):
            return iter(range(3))

        def __len__(self):
            return 3

    loader = DataLoader(Whole(), None, num_workers=2)
    assert len(loader) == 3
    with pytest.warns(UserWarning, match="reported to be 3.*copy of the dataset"):
        assert list(loader) == [0, 0, 1, 1, 2, 2]


class Pinned:
    def __init__(self, value):
        self.value = value

    def pin_memory(self):
        return Pinned(f"pinned {self.value}")


def test_pinned_memory(monkeypatch):
    batches = [[Pinned(1), {"a": Pinned(2)}, "text", Pair(Pinned(3), 4)]]
    loader = DataLoader(batches, None, pin_memory=True, collate_fn=lambda batch: batch)
    with pytest.warns(UserWarning, match="no accelerator is found"):
        assert next(iter(loader))[0].value == 1
    monkeypatch.setattr(rushlight.cuda, "is_available", lambda: True)
    one, two, text, three = next(iter(loader))
    assert one.value == "pinned 1"
    assert two["a"].value == "pinned 2"
    assert (text, three.x.value, three.y) == ("text", "pinned 3", 4)


def test_more_workers_than_processors(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    with pytest.warns(UserWarning, match="create 3 worker processes"):
        DataLoader(Rows(), num_workers=3)
    DataLoader(Rows(), num_workers=3, worker_method="thread")
    DataLoader(Rows(), num_workers=2)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"prefetch_factor": -1}, ValueError, "non-negative"),
        ({"multiprocessing_context": "fibre"}, ValueError, "valid start method"),
        ({"multiprocessing_context": 1}, TypeError, "valid context"),
        (
            {"multiprocessing_context": "fork", "worker_method": "thread"},
            ValueError,
            "worker processes",
        ),
    ],
)
def test_wrong_options(options, error, match):
    with pytest.raises(error, match=match):
        DataLoader(Rows(), num_workers=1, **options)


def test_wrong_options_when_iterating():
    with pytest.raises(AssertionError, match="prefetch_factor"):
        iter(DataLoader(Rows(), num_workers=1, prefetch_factor=0))
    with pytest.raises(AssertionError, match="timeout"):
        iter(DataLoader(Rows(), timeout=1))
    iterator = iter(DataLoader(Rows(), num_workers=1))
    with pytest.raises(NotImplementedError, match="pickled"):
        multiprocessing.reduction.ForkingPickler.dumps(iterator)
    assert len(iterator) == 20


def test_context_can_be_changed():
    loader = DataLoader(Rows(4), num_workers=1)
    assert loader.multiprocessing_context is None
    loader.multiprocessing_context = "spawn"
    assert loader.multiprocessing_context.get_start_method() == "spawn"
    loader.multiprocessing_context = multiprocessing.get_context("fork")
    assert len(list(loader)) == 4
