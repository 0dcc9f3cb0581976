"""Scattering against NumPy; bad indices; gradients; equal bits for any threads."""

from __future__ import annotations

import numpy as np
import pytest

import rushlight
from rushlight.autograd import gradcheck, gradgradcheck

DTYPES = [
    "bool",
    "uint8",
    "int8",
    "int16",
    "int32",
    "int64",
    "float32",
    "float64",
    "complex64",
    "complex128",
]
SUMS = {"sum": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def array(shape, dtype="float32", seed=0):
    values = np.random.default_rng(seed).integers(0, 2 if dtype == "bool" else 4, shape)
    return values.astype(dtype)


def same(ours, theirs, rtol=0.0):
    assert tuple(ours.shape) == theirs.shape
    assert ours.dtype.name == theirs.dtype.name
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=rtol, atol=rtol)


def scattered(self, dim, index, src, op=None, include_self=True):
    """In plain Python: the meaning of scatter_ and scatter_reduce_."""
    out, seen = self.copy(), np.zeros(self.shape, bool)
    for at in np.ndindex(index.shape):
        to = list(at)
        to[dim] = index[at]
        to = tuple(to)
        first = op is None or (not include_self and not seen[to])
        out[to] = src[at] if first else op(out[to], src[at])
        seen[to] = True
    return out


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_scatter(dtype, dim):
    rng = np.random.default_rng(dim)
    a, src = array((5, 6, 4), dtype, 1), array((9, 9, 9), dtype, 2)
    index = rng.integers(0, a.shape[dim], [9 if d == dim else 3 for d in range(3)])
    i, s = rushlight.tensor(index), rushlight.tensor(src)
    for x in (
        rushlight.tensor(a),
        rushlight.tensor(np.ascontiguousarray(a.swapaxes(0, 2))).transpose(0, 2),
    ):
        # The last of several values stays.
        same(x.scatter(dim, i, s), scattered(a, dim, index, src))
        same(
            x.scatter(dim - 3, i.int(), s.transpose(0, 1)),
            scattered(a, dim, index, src.swapaxes(0, 1)),
        )
        one = np.ones((9, 9, 9), dtype)
        same(x.scatter(dim, i, value=1), scattered(a, dim, index, one))
        same(x.scatter_add(dim, i, s), scattered(a, dim, index, src, np.add))
        same(x.scatter(dim, i, s, reduce="add"), scattered(a, dim, index, src, np.add))
        same(
            x.scatter(dim, i, s, reduce="multiply"),
            scattered(a, dim, index, src, np.multiply),
        )
        assert x.clone().scatter_(dim, i, s).tolist() == x.scatter(dim, i, s).tolist()


@pytest.mark.parametrize("reduce", SUMS)
@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "int64", "float32", "float64"]
)
def test_scatter_reduce(reduce, include_self, dtype):
    a, src = array((5, 6), dtype, 1) * array((), dtype, 3), array((40, 6), dtype, 2)
    a = a.astype(dtype)
    index = np.random.default_rng(0).integers(0, 4, (40, 6))
    ours = rushlight.tensor(a).scatter_reduce(
        0,
        rushlight.tensor(index),
        rushlight.tensor(src),
        reduce,
        include_self=include_self,
    )
    same(ours, scattered(a, 0, index, src, SUMS[reduce], include_self))


@pytest.mark.parametrize("include_self", [True, False])
def test_scatter_mean(include_self):
    x = rushlight.tensor([1.0, 5.0, 7.0])
    index, src = rushlight.tensor([0, 0, 2]), rushlight.tensor([2.0, 6.0, 1.0])
    got = x.scatter_reduce(0, index, src, "mean", include_self=include_self)
    assert got.tolist() == ([3.0, 5.0, 4.0] if include_self else [4.0, 5.0, 1.0])
    got = x.int().scatter_reduce(
        0, index, -src.int(), "mean", include_self=include_self
    )
    assert got.tolist() == ([-3, 5, 3] if include_self else [-4, 5, -1])


def test_sums_of_16_bit_floats_are_rounded_once():
    for dtype in (rushlight.float16, rushlight.bfloat16):
        ones = rushlight.ones(5000).to(dtype)
        index = rushlight.zeros(5000, dtype=rushlight.int64)
        want = rushlight.tensor(5000.0).to(dtype).item()
        assert rushlight.zeros(1).to(dtype).scatter_add_(0, index, ones).item() == want
        assert rushlight.zeros(1).to(dtype).index_add_(0, index, ones).item() == want
        assert (
            rushlight.zeros(1).to(dtype).index_put_((index,), ones, True).item() == want
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_index_writes(dtype):
    rng = np.random.default_rng(0)
    for dim in (0, 1, -1):
        a = array((5, 6, 4), dtype, 1)
        n = a.shape[dim]
        index = rng.integers(0, n, 7)
        shape = list(a.shape)
        shape[dim] = 7
        src = array(shape, dtype, 2)
        i, s, x = rushlight.tensor(index), rushlight.tensor(src), rushlight.tensor(a)
        where = (slice(None),) * (dim % 3) + (index,)
        want = a.copy()
        np.add.at(want, where, src)
        same(x.index_add(dim, i, s), want)
        want = a.copy()
        for k in range(7):
            want[(slice(None),) * (dim % 3) + (index[k],)] = src.take(k, dim)
        same(x.index_copy(dim, i, s), want)
        want = a.copy()
        want[where] = 1
        same(x.index_fill(dim, i - n, 1), want)
        if dtype.startswith("float"):
            want = a.copy()
            np.add.at(want, where, src * np.array(-0.5, dtype))
            same(x.index_add(dim, i, s, alpha=-0.5), want)


def bad(x):
    i = rushlight.tensor
    one = rushlight.ones(1, 4)
    yield "range", RuntimeError, lambda: x.scatter_(0, i([[0, 3]]), one)
    yield "negative", RuntimeError, lambda: x.scatter_(0, i([[0, -1]]), one)
    yield "number", RuntimeError, lambda: x.scatter_(1, i([[0, 4]]), 2.0)
    yield "add", RuntimeError, lambda: x.scatter_add_(0, i([[0, 3]]), one)
    yield "reduce", RuntimeError, lambda: x.scatter_reduce_(0, i([[0, 3]]), one, "amax")
    yield "dtype", RuntimeError, lambda: x.scatter_(0, i([[0]]), one.double())
    yield "index dtype", RuntimeError, lambda: x.scatter_(0, i([[0.0]]), one)
    yield "src size", RuntimeError, lambda: x.scatter_(0, i([[0], [0]]), one)
    yield "self size", RuntimeError, lambda: x.scatter_(0, i([[0] * 5]), 1.0)
    yield (
        "index_add",
        RuntimeError,
        lambda: x.index_add_(0, i([0, 3]), rushlight.ones(2, 4)),
    )
    yield (
        "index_copy",
        IndexError,
        lambda: x.index_copy_(0, i([0, 3]), rushlight.ones(2, 4)),
    )
    yield "index_fill", IndexError, lambda: x.index_fill_(0, i([0, -4]), 1.0)
    yield (
        "slices",
        RuntimeError,
        lambda: x.index_add_(0, i([0, 1]), rushlight.ones(2, 3)),
    )
    yield (
        "expanded",
        RuntimeError,
        lambda: x[:1].expand(3, 4).scatter_(0, i([[0]]), one),
    )


@pytest.mark.parametrize("case", range(14))
def test_bad_writes_leave_all_as_it_was(case):
    x = rushlight.arange(12.0).reshape(3, 4)
    _, error, write = list(bad(x))[case]
    with pytest.raises(error):
        write()
    assert x.flatten().tolist() == list(range(12))


def test_messages_name_both_shapes():
    x = rushlight.zeros(3, 4)
    with pytest.raises(
        RuntimeError,
        match=r"scatter_\(\): Expected index \[1, 2\] to be no larger than self "
        r"\[3, 4\] apart from dimension 0 and to be no larger size than src \[1, 1\]",
    ):
        x.scatter_(0, rushlight.tensor([[1, 1]]), rushlight.ones(1, 1))
    with pytest.raises(
        RuntimeError, match="index 9 is out of bounds for dimension 1 with size 4"
    ):
        x.scatter_(1, rushlight.tensor([[9]]), 1.0)


def test_a_source_inside_the_target_is_read_first():
    x = rushlight.arange(5)
    x.scatter_(0, rushlight.tensor([1, 2, 3, 4]), x)
    assert x.tolist() == [0, 0, 1, 2, 3]
    x = rushlight.arange(4)
    x.scatter_add_(0, x, x)
    assert x.tolist() == [0, 2, 4, 6]


def test_edge_shapes():
    x = rushlight.tensor(1.0)
    assert x.scatter_(0, rushlight.tensor(0), rushlight.tensor(4.0)).item() == 4
    assert (
        x.index_add_(0, rushlight.tensor([0]), rushlight.tensor([2.0])[0]).item() == 6
    )
    y = rushlight.ones(0, 3)
    empty = rushlight.zeros(0, 3, dtype=rushlight.int64)
    assert y.scatter_(0, empty, rushlight.ones(0, 3)).shape == (0, 3)
    assert rushlight.ones(2, 3).scatter_add_(0, empty, rushlight.ones(5, 3)).sum() == 6
    assert (
        rushlight.ones(2, 0)
        .index_add_(0, rushlight.tensor([1]), rushlight.ones(1, 0))
        .numel()
        == 0
    )


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    x = rushlight.tensor(rng.standard_normal((4000, 50)).astype(np.float32))
    rows = rushlight.tensor(rng.integers(0, 90, 4000))
    each = rushlight.tensor(rng.integers(0, 90, (4000, 50)))
    flat = rushlight.tensor(rng.integers(0, 1000, 300_000))
    values = rushlight.tensor(rng.standard_normal(300_000).astype(np.float32))

    def results():
        yield rushlight.zeros(90, 50).index_add(0, rows, x)
        yield rushlight.zeros(90, 50).index_copy(0, rows, x)
        yield rushlight.zeros(90, 50).scatter_add(0, each, x)
        yield rushlight.zeros(90, 50).scatter(0, each, x)
        yield rushlight.zeros(4000, 90).scatter_add(1, each, x)
        yield rushlight.zeros(50, 90).t().scatter_add(0, each, x)
        for reduce in ("sum", "prod", "mean", "amax", "amin"):
            yield rushlight.zeros(1000).scatter_reduce(
                0, flat, values, reduce, include_self=False
            )
        yield rushlight.zeros(1000).scatter(0, flat, values)
        yield rushlight.zeros(1000).half().scatter_add(0, flat, values.half())

    before = rushlight.get_num_threads()
    try:
        runs = []
        for threads in (1, 2, 7):
            rushlight.set_num_threads(threads)
            runs.append([r.numpy().tobytes() for r in results()])
    finally:
        rushlight.set_num_threads(before)
    assert runs[0] == runs[1] == runs[2]


def test_sums_in_parts():
    # Longer than a part: 0.1 million values a place, against NumPy's sum in float64.
    rng = np.random.default_rng(0)
    index, values = rng.integers(0, 7, 700_000), rng.standard_normal(700_000)
    got = rushlight.zeros(7).scatter_add(
        0, rushlight.tensor(index), rushlight.tensor(values.astype(np.float32))
    )
    np.testing.assert_allclose(got.numpy(), np.bincount(index, values), rtol=2e-4)
    strided = rushlight.zeros(14)[::2]
    strided.scatter_reduce_(
        0, rushlight.tensor(index), rushlight.tensor(values).float(), "amax"
    )
    want = [values[index == k].astype(np.float32).max() for k in range(7)]
    assert strided.tolist() == want


def grads():
    i = rushlight.tensor([[0, 2, 1, 0]])
    part = rushlight.tensor([[2, 1]])
    many = rushlight.tensor([[0, 2, 1, 0], [0, 1, 1, 2]])
    yield lambda x, y: x.scatter(0, i, y)
    yield lambda x, y: x.scatter(0, part, y)
    yield lambda x, y: x.scatter(1, part, 2.0)
    yield lambda x, y: x.scatter(0, part, y, reduce="add")
    yield lambda x, y: (x * 1).scatter_(0, i, y)
    yield lambda x, y: x.scatter_add(0, many, y)
    yield lambda x, y: x.scatter_add(0, part, y)
    yield lambda x, y: (x * 1).scatter_add_(0, many, y)
    for reduce in ("sum", "prod", "mean", "amax", "amin"):
        for include in (True, False):
            yield lambda x, y, r=reduce, k=include: x.scatter_reduce(
                0, many, y, r, include_self=k
            )
            yield lambda x, y, r=reduce, k=include: (x * 1).scatter_reduce_(
                0, part, y, r, include_self=k
            )
    yield lambda x, y: x.index_add(0, rushlight.tensor([1, 1]), y, alpha=-2)
    yield lambda x, y: (x * 1).index_add_(1, rushlight.tensor([1, 1]), x[:, 2:])
    yield lambda x, y: x.index_copy(0, rushlight.tensor([1, 0]), y)
    yield lambda x, y: (x * 1).index_copy_(0, rushlight.tensor([1, 0]), y)
    yield lambda x, y: x.index_fill(1, rushlight.tensor([1, -1]), y.sum())
    yield lambda x, y: (x * 1).index_fill_(1, rushlight.tensor([1, -1]), 2.0)


@pytest.mark.parametrize("f", list(grads()))
def test_gradients(f):
    rng = np.random.default_rng(3)
    x = rushlight.tensor(rng.standard_normal((3, 4)), requires_grad=True)
    y = rushlight.tensor(rng.standard_normal((2, 4)), requires_grad=True)
    assert gradcheck(f, (x, y))
    assert gradgradcheck(f, (x, y))


def test_gradient_of_a_product_with_zeros():
    x = rushlight.ones(2, dtype=rushlight.float64, requires_grad=True)
    index = rushlight.tensor([0, 0, 0, 1, 1, 1])
    y = rushlight.tensor(
        [0.0, 3.0, 4.0, 0.0, 0.0, 5.0], dtype=rushlight.float64, requires_grad=True
    )
    x.scatter_reduce(0, index, y, "prod").sum().backward()
    assert y.grad.tolist() == [12.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert x.grad.tolist() == [0.0, 0.0]
