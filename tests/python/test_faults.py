"""Failed allocations: an op raises MemoryError and leaves every tensor as it was."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
import rushlight.nn.functional as F
from rushlight import _ops, nn, optim


@pytest.fixture(autouse=True)
def restore():
    yield
    _ops._fail_allocations_after(-1)


def floats(*shape):
    rng = np.random.default_rng(0)
    return rushlight.from_numpy(rng.standard_normal(shape).astype("float32"))


A = floats(6, 8)
B = floats(6, 8)
INDEX = rushlight.tensor([[0, 1, 2], [5, 4, 3]])
IMAGE = floats(2, 3, 9, 9)
KERNEL = floats(4, 3, 3, 3)

CALLS = {
    "add": lambda: A + B,
    "add broadcast": lambda: A + B[0],
    "add promoted": lambda: A + B.double(),
    "exp strided": lambda: A.t().exp(),
    "sum": lambda: A.sum(0),
    "var": lambda: A.t().var(0),
    "max": lambda: A.max(1),
    "contiguous": lambda: A.t().contiguous(),
    "to": lambda: A.to(rushlight.float64),
    "cat": lambda: rushlight.cat([A, B.t()[:6]], 1),
    "stack": lambda: rushlight.stack([A, B]),
    "gather": lambda: A.gather(1, INDEX),
    "index": lambda: A[INDEX, INDEX],
    "mask": lambda: A[A > 0],
    "scatter": lambda: A.scatter_add(0, INDEX, B),
    "where": lambda: rushlight.where(A > 0, A, B),
    "matmul": lambda: A @ B.t(),
    "bmm": lambda: A.expand(3, 6, 8) @ B.t(),
    "softmax": lambda: A.softmax(0),
    "cross_entropy": lambda: F.cross_entropy(A, INDEX.reshape(-1)),
    "conv2d": lambda: F.conv2d(IMAGE, KERNEL, padding=1),
    "max_pool2d": lambda: F.max_pool2d(IMAGE, 2),
    "tensor": lambda: rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]),
    "randn": lambda: rushlight.randn(20),
    "randperm": lambda: rushlight.randperm(20),
}
WRITES = {
    "add_": lambda t: t.add_(B),
    "add_ double": lambda t: t.add_(B.double()),
    "copy_ overlapping": lambda t: t[1:].copy_(t[:-1]),
    "setitem": lambda t: t.__setitem__(INDEX, B[0]),
    "scatter_": lambda t: t.scatter_(0, INDEX, B),
    "masked_fill_": lambda t: t.masked_fill_(A > 0, 3.0),
    "index_add_": lambda t: t.index_add_(0, rushlight.tensor([0, 5]), B[:2]),
}


def fails_until_it_works(call, check):
    """Lets the k-th allocation fail, for each k, until none is left to fail."""
    for k in range(60):
        _ops._fail_allocations_after(k)
        try:
            result = call()
        except MemoryError as error:
            _ops._fail_allocations_after(-1)
            assert "allocate" in str(error)
            check()
        else:
            _ops._fail_allocations_after(-1)
            return k, result
    raise AssertionError("still failing after 60 allocations")


@pytest.mark.parametrize("name", CALLS)
def test_out_of_place(name):
    expected = CALLS[name]() if not name.startswith("rand") else None
    before = A.clone(), B.clone(), IMAGE.clone()

    def unchanged():
        assert bool((before[0] == A).all()) and bool((before[1] == B).all())
        assert bool((before[2] == IMAGE).all())

    failures, result = fails_until_it_works(CALLS[name], unchanged)
    assert failures > 0
    if expected is not None:
        pairs = (
            zip(result, expected) if isinstance(result, tuple) else [(result, expected)]
        )
        for a, b in pairs:
            assert a.tolist() == b.tolist()


@pytest.mark.parametrize("name", WRITES)
def test_in_place(name):
    target = A.clone()
    expected = A.clone()
    WRITES[name](expected)

    def unchanged():
        assert bool((target == A).all())

    fails_until_it_works(lambda: WRITES[name](target), unchanged)
    assert target.tolist() == expected.tolist()


def test_training_step_survives():
    rushlight.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 6))
    optimizer = optim.Adam(net.parameters())

    def step():
        optimizer.zero_grad()
        F.cross_entropy(net(A), INDEX.reshape(-1)).backward()
        optimizer.step()

    failures, _ = fails_until_it_works(step, lambda: None)
    assert failures > 5
    step()
    assert all(bool(p.isfinite().all()) for p in net.parameters())


def test_more_than_there_is():
    with pytest.raises(MemoryError, match="could not allocate"):
        rushlight.empty(2**45)
    with pytest.raises(RuntimeError, match="overflow"):
        rushlight.empty(2**40, 2**40)


def test_memory_goes_back():
    rushlight.zeros(1)
    before = _ops.memory_stats()["allocated_bytes.current"]
    for _ in range(50):
        x = rushlight.ones(1000, requires_grad=True)
        (x * x).sum().backward()
    del x
    assert _ops.memory_stats()["allocated_bytes.current"] == before
    _ops.empty_cache()
    assert _ops.memory_stats()["cached_bytes.current"] < 1 << 20
