"""Loading with workers against PyTorch: batches, orders, seeds, exceptions."""

from __future__ import annotations

import contextlib
import random

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import numpy as np  # noqa: E402
import torch.utils.data as theirs  # noqa: E402

import rushlight  # noqa: E402
from data_samples import plain  # noqa: E402
from rushlight.utils import data as ours  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")

LIBRARIES = {"rushlight": (rushlight, ours), "torch": (torch, theirs)}


class Samples:
    """A dataset of both libraries."""

    def __init__(self, library, size=23):
        self.library, self.size = library, size

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        if index >= self.size:
            raise IndexError(index)
        return self.library.full((2,), float(index)), index, f"s{index}"


class Drawn(Samples):
    """Random numbers of three libraries."""

    def __getitem__(self, index):
        return (
            self.library.rand(1).item(),
            random.random(),
            np.random.rand(),
            int(np.random.randint(1000)),
        )


def stream(library, data, lengths=(9, 4, 7)):
    class Stream(data.IterableDataset):
        def __iter__(self):
            info = data.get_worker_info()
            number = 0 if info is None else info.id
            for at in range(lengths[number]):
                yield library.tensor([number, at])

        def __len__(self):
            return sum(lengths)

    return Stream()


def both(function):
    results = []
    for library, data in LIBRARIES.values():
        library.manual_seed(7)
        results.append(function(library, data))
    return results


@contextlib.contextmanager
def iterating(loader):
    """An iterator whose workers end here: PyTorch's would at some later fork."""
    iterator = iter(loader)
    try:
        yield iterator
    finally:
        getattr(iterator, "_shutdown_workers", lambda: None)()


def generator_of(library, seed=3):
    generator = library.Generator()
    generator.manual_seed(seed)
    return generator


OPTIONS = {
    "plain": {"batch_size": 4},
    "shuffle": {"batch_size": 4, "shuffle": True},
    "drop_last": {"batch_size": 4, "shuffle": True, "drop_last": True},
    "single": {"batch_size": None},
    "batch_sampler": {"batch_sampler": [[1, 2], [3], [5, 4, 22]]},
    "sampler": {"sampler": [5, 3, 8], "batch_size": 2},
    "generator": {"batch_size": 5, "shuffle": True, "generator": generator_of},
    "persistent": {"batch_size": 5, "shuffle": True, "persistent_workers": True},
    "far ahead": {"batch_size": 3, "shuffle": True, "prefetch_factor": 5},
    "empty": {"batch_sampler": []},
}


CASES = [
    *((name, 2) for name in OPTIONS),
    *(("shuffle", workers) for workers in (0, 1, 3)),
    *((name, 0) for name in ("single", "batch_sampler", "sampler", "generator")),
]


@pytest.mark.parametrize("name, workers", CASES)
def test_same_batches(name, workers):
    options = dict(OPTIONS[name])

    def load(library, data):
        own = dict(options)
        if "generator" in own:
            own["generator"] = own["generator"](library)
        loader = data.DataLoader(Samples(library), num_workers=workers, **own)
        passes = [[plain(batch) for batch in loader] for _ in range(2)]
        after = plain(library.randperm(5, generator=own.get("generator")))
        return passes, after, len(loader)

    first, second = both(load)
    assert first == second


STREAMS = {
    "here": {"batch_size": 3},
    "one": {"batch_size": 3, "num_workers": 1},
    "three": {"batch_size": 3, "num_workers": 3},
    "drop_last": {"batch_size": 3, "num_workers": 2, "drop_last": True},
    "single": {"batch_size": None, "num_workers": 3},
    "persistent": {"batch_size": 3, "num_workers": 3, "persistent_workers": True},
}


@pytest.mark.parametrize("name", STREAMS)
def test_same_streams(name):
    def load(library, data):
        loader = data.DataLoader(stream(library, data), **STREAMS[name])
        return [plain(batch) for _ in range(2) for batch in loader]

    first, second = both(load)
    assert first == second


@pytest.mark.parametrize("workers", [1, 3])
def test_same_random_numbers_in_workers(workers):
    def load(library, data):
        loader = data.DataLoader(
            Drawn(library), 4, num_workers=workers, persistent_workers=True
        )
        got = [plain(batch) for _ in range(2) for batch in loader]
        getattr(loader._iterator, "_shutdown_workers", lambda: None)()
        return got

    first, second = both(load)
    assert first == second


def test_same_worker_info():
    def load(library, data):
        class Info(Samples):
            def __getitem__(self, index):
                info = data.get_worker_info()
                return (info.id, info.num_workers, info.seed, info.worker_method) + (
                    len(info.dataset),
                    info.dataset is self,
                    info.rng is None,
                    library.initial_seed(),
                    library.get_num_threads(),
                )

        loader = data.DataLoader(
            Info(library, 6),
            2,
            num_workers=2,
            generator=generator_of(library),
            collate_fn=list,
        )
        return list(loader)

    first, second = both(load)
    assert first == second


class Broken(Exception):
    def __init__(self, one, two):
        super().__init__(one, two)


def fails(where, error):
    def build(library, data):
        def fail(*_):
            raise error

        class Bad(Samples):
            def __getitem__(self, index):
                return fail() if index == 5 else index

        options = {}
        if where == "collate":
            options["collate_fn"] = fail
        if where == "init":
            options["worker_init_fn"] = fail
        dataset = Bad(library) if where == "dataset" else Samples(library)
        return data.DataLoader(dataset, 2, num_workers=2, **options)

    return build


ERRORS = [
    KeyError("key"),
    ValueError("value"),
    IndexError("far"),
    Broken(1, 2),
    RuntimeError("x"),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "y"),
    FileNotFoundError(2, "no file", "name"),
]


@pytest.mark.parametrize(
    "where, error",
    [
        *(("dataset", error) for error in ERRORS),
        ("collate", ERRORS[0]),
        ("init", ERRORS[1]),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_same_exceptions(where, error):
    def load(library, data):
        got = []
        with iterating(fails(where, error)(library, data)) as batches:
            try:
                for batch in batches:
                    got.append(plain(batch))
            except Exception as raised:
                lines = str(raised).splitlines()
                return got, type(raised), lines[0], lines[-1]
        raise AssertionError("no exception")

    first, second = both(load)
    assert first == second


def test_same_batches_after_an_exception():
    def load(library, data):
        got = []
        with iterating(fails("dataset", ValueError("value"))(library, data)) as batches:
            while True:
                try:
                    got.append(plain(next(batches)))
                except ValueError:
                    got.append("error")
                except StopIteration:
                    return got

    first, second = both(load)
    assert first == second
    assert "error" in first


WRONG = {
    "prefetch": {"prefetch_factor": 3},
    "negative prefetch": {"prefetch_factor": -1, "num_workers": 1},
    "negative": {"num_workers": -1},
    "timeout": {"timeout": -2},
    "persistent": {"persistent_workers": True},
    "context": {"multiprocessing_context": "fork"},
    "method": {"multiprocessing_context": "fibre", "num_workers": 1},
    "kind": {"multiprocessing_context": 3, "num_workers": 1},
    "shuffle": {"shuffle": True, "sampler": [1]},
    "batches": {"batch_sampler": [[1]], "drop_last": True},
    "single": {"batch_size": None, "drop_last": True},
    "size": {"batch_size": 0},
    "bool size": {"batch_size": True},
}


@pytest.mark.parametrize("name", WRONG)
def test_same_errors_for_options(name):
    def load(library, data):
        with pytest.raises(Exception) as raised:
            data.DataLoader([1, 2], **WRONG[name])
        return type(raised.value), str(raised.value)

    first, second = both(load)
    assert first == second


def test_same_error_for_a_timeout_without_workers():
    def load(library, data):
        with pytest.raises(Exception) as raised:
            iter(data.DataLoader([1, 2], timeout=3))
        return type(raised.value)

    first, second = both(load)
    assert first == second


def test_same_attributes():
    def load(library, data):
        loader = data.DataLoader(
            Samples(library), 4, num_workers=1, multiprocessing_context="spawn"
        )
        loader.multiprocessing_context = "fork"
        method = loader.multiprocessing_context.get_start_method()
        errors = []
        for name in ("batch_size", "sampler", "dataset", "persistent_workers"):
            with pytest.raises(ValueError, match="should not be set") as raised:
                setattr(loader, name, None)
            errors.append(str(raised.value))
        names = "prefetch_factor timeout in_order pin_memory pin_memory_device"
        with iterating(loader) as iterator:
            return (
                method,
                errors,
                [getattr(loader, name) for name in names.split()],
                type(loader.sampler).__name__,
                type(loader.batch_sampler).__name__,
                loader.collate_fn.__name__,
                len(iterator),
                iter(iterator) is iterator,
            )

    first, second = both(load)
    assert first == second


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("size", [0, 1, 3, 10, 12])
def test_same_parts_of_a_distributed_sampler(size, shuffle, drop_last):
    def load(library, data):
        parts = []
        for rank in range(4):
            sampler = data.DistributedSampler(
                range(size), 4, rank, shuffle=shuffle, seed=5, drop_last=drop_last
            )
            for epoch in range(2):
                sampler.set_epoch(epoch)
                try:
                    parts.append((len(sampler), sampler.total_size, list(sampler)))
                except ZeroDivisionError:
                    parts.append("empty")
        return parts

    first, second = both(load)
    if "empty" not in second:
        assert first == second


def test_same_errors_of_a_distributed_sampler():
    def load(library, data):
        errors = []
        for rank in (-1, 2):
            with pytest.raises(ValueError, match="Invalid rank") as raised:
                data.DistributedSampler(range(3), 2, rank)
            errors.append(str(raised.value))
        return errors

    first, second = both(load)
    assert first == second
