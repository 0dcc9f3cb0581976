"""Orders and batches of the loader against PyTorch's for the same seeds."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import torch.utils.data as theirs  # noqa: E402

import rushlight  # noqa: E402
from rushlight.utils import data as ours  # noqa: E402

PAIRS = [(rushlight, ours), (torch, theirs)]

ORDERS = {
    "shuffle": lambda d: d.DataLoader(list(range(50)), 7, shuffle=True),
    "random": lambda d: d.RandomSampler(range(100)),
    "replacement": lambda d: d.RandomSampler(range(10), True, 75),
    "more": lambda d: d.RandomSampler(range(10), num_samples=25),
    "subset": lambda d: d.SubsetRandomSampler([3, 1, 4, 1, 5]),
    "batches": lambda d: d.BatchSampler(d.RandomSampler(range(11)), 4, True),
    "split": lambda d: d.random_split(range(20), [0.5, 0.3, 0.2])[1].indices,
}


@pytest.mark.parametrize("name", ORDERS)
def test_same_order(name):
    results = []
    for library, data in PAIRS:
        library.manual_seed(11)
        order = ORDERS[name](data)
        twice = [[getattr(x, "tolist", lambda x=x: x)() for x in order] for _ in "12"]
        results.append((twice, library.randperm(5).tolist()))
    assert results[0] == results[1]


@pytest.mark.parametrize("own_generator", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("size", [10, 12])
def test_same_batches_of_a_tensor_dataset(own_generator, drop_last, size):
    results = []
    for library, data in PAIRS:
        library.manual_seed(2)
        generator = library.Generator() if own_generator else None
        if own_generator:
            generator.manual_seed(4)
        dataset = data.TensorDataset(library.arange(size) * 2.0, library.arange(size))
        train, _ = data.random_split(dataset, [size - 2, 2])
        log = []
        for source in (dataset, train):
            loader = data.DataLoader(
                source, 5, True, drop_last=drop_last, generator=generator
            )
            for batch in loader:
                log.append([part.tolist() for part in batch])
                # Draws in between show when the loader itself draws.
                log.append(library.randperm(3, generator=generator).tolist())
            log.append(library.randperm(3, generator=generator).tolist())
        results.append(log)
    assert results[0] == results[1]
