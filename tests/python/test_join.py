"""Joining, repeating and rearranging against NumPy; errors; gradients."""

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
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def same(ours, theirs):
    assert tuple(ours.shape) == theirs.shape
    assert ours.dtype.name == theirs.dtype.name
    assert np.array_equal(ours.numpy(), theirs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("order", ["dense", "transposed", "sliced", "expanded"])
def test_every_dtype_and_layout(dtype, order):
    a = (
        np.random.default_rng(0)
        .integers(0, 2 if dtype == "bool" else 50, (3, 4, 5))
        .astype(dtype)
    )
    x = rushlight.tensor(a)
    if order == "transposed":
        a, x = a.swapaxes(0, 2), x.transpose(0, 2)
    elif order == "sliced":
        a, x = a[1:, ::2, ::3], x[1:, ::2, ::3]
    elif order == "expanded":
        a = np.broadcast_to(a[:1], (6, 4, 5))
        x = x[:1].expand(6, 4, 5)
    for d in (0, 1, -1):
        same(
            rushlight.cat([x, x[:1] if d == 0 else x, x], d),
            np.concatenate([a, a[:1] if d == 0 else a, a], d),
        )
        same(rushlight.stack([x, x], d), np.stack([a, a], d))
        same(rushlight.flip(x, d), np.flip(a, d).copy())
        same(rushlight.roll(x, 2, d), np.roll(a, 2, d))
        same(rushlight.roll(x, -7, d), np.roll(a, -7, d))
        same(rushlight.repeat_interleave(x, 3, d), np.repeat(a, 3, d))
        each = np.arange(a.shape[d])
        same(
            rushlight.repeat_interleave(x, rushlight.tensor(each), d),
            np.repeat(a, each, d),
        )
    same(x.repeat(2, 1, 3), np.tile(a, (2, 1, 3)))
    same(x.repeat(2, 1, 1, 2), np.tile(a, (2, 1, 1, 2)))
    same(x.tile(2), np.tile(a, 2))
    same(x.flip(0, 1, 2), np.flip(a).copy())
    same(x.roll(4), np.roll(a, 4))
    same(rushlight.hstack([x, x]), np.hstack([a, a]))
    same(rushlight.vstack([x[0], x[0]]), np.vstack([a[0], a[0]]))
    same(rushlight.dstack([x[0], x[0]]), np.dstack([a[0], a[0]]))
    for k in (-9, -1, 0, 2, 9):
        same(x.tril(k), np.tril(a, k))
        same(x.triu(k), np.triu(a, k))
        same(x.clone().tril_(k), np.tril(a, k))


def test_cat_promotes_and_skips_legacy_empties():
    x = rushlight.ones(2, 3)
    nothing = rushlight.zeros(0)
    assert rushlight.cat([x, x.int(), x.bool()]).dtype is rushlight.float32
    assert rushlight.cat([x.int(), x.half()]).dtype is rushlight.float16
    assert rushlight.cat([nothing, x, nothing], 1).shape == (2, 3)
    assert rushlight.cat([nothing.double(), x.int()]).dtype is rushlight.float64
    assert rushlight.cat([nothing, nothing], 1).shape == (0,)
    assert rushlight.cat([x[:0], x[:0]]).shape == (0, 3)


def test_empty_and_0_d():
    x = rushlight.zeros(0, 3)
    assert x.repeat(2, 2).shape == (0, 6)
    assert x.flip(0).shape == x.roll(1, 0).shape == x.tril().shape == (0, 3)
    assert rushlight.stack([x, x], 2).shape == (0, 3, 2)
    scalar = rushlight.tensor(3.0)
    assert scalar.repeat(2).tolist() == scalar.tile((2,)).tolist() == [3, 3]
    assert scalar.flip(0).item() == scalar.roll(2).item() == 3
    assert rushlight.repeat_interleave(scalar, 2).tolist() == [3, 3]
    assert rushlight.hstack([scalar, scalar]).tolist() == [3, 3]


@pytest.mark.parametrize(
    "error, call, text",
    [
        (ValueError, lambda x: rushlight.cat([]), "non-empty"),
        (RuntimeError, lambda x: rushlight.cat([x.sum(), x.sum()]), "position 0"),
        (
            RuntimeError,
            lambda x: rushlight.cat([x, x[:, :2]]),
            "Expected size 3 but got size 2",
        ),
        (RuntimeError, lambda x: rushlight.cat([x, x[0]]), r"\[2, 3\] and \[3\]"),
        (IndexError, lambda x: rushlight.cat([x], 2), "got 2"),
        (TypeError, lambda x: rushlight.cat([x, 1]), "cat"),
        (
            RuntimeError,
            lambda x: rushlight.stack([x, x[0]]),
            r"\[2, 3\].*\[3\] at entry 1",
        ),
        (RuntimeError, lambda x: x.repeat(2), r"\[2\].*\[2, 3\]"),
        (RuntimeError, lambda x: x.repeat(2, -1), "negative"),
        (RuntimeError, lambda x: x.repeat(2**40, 2**40), "overflow"),
        (RuntimeError, lambda x: x.flip(0, 0), "multiple times"),
        (IndexError, lambda x: x.flip(2), "got 2"),
        (RuntimeError, lambda x: x.roll((1, 2), 0), "align"),
        (RuntimeError, lambda x: x[0].tril(), "at least 2 dim"),
        (RuntimeError, lambda x: x.repeat_interleave(-1), "non-negative"),
        (
            RuntimeError,
            lambda x: x.repeat_interleave(rushlight.tensor([1, 2, 3]), 0),
            "3 and .*2",
        ),
    ],
)
def test_errors(error, call, text):
    with pytest.raises(error, match=text):
        call(rushlight.ones(2, 3))


def test_same_bits_for_any_number_of_threads():
    rng = np.random.default_rng(0)
    x = rushlight.tensor(rng.standard_normal((500, 301)).astype(np.float32))

    def results():
        for d in (0, 1):
            yield rushlight.cat([x, x[:, :], x], d)
            yield rushlight.stack([x, x], d)
            yield x.flip(d)
            yield x.roll(7, d)
        yield x.repeat(2, 2)
        yield x.tril(-3)

    before = rushlight.get_num_threads()
    try:
        runs = []
        for threads in (1, 2, 7):
            rushlight.set_num_threads(threads)
            runs.append([r.numpy().tobytes() for r in results()])
    finally:
        rushlight.set_num_threads(before)
    assert runs[0] == runs[1] == runs[2]


def grads():
    yield lambda x, y: rushlight.cat([x, y * y, x], 1)
    yield lambda x, y: rushlight.cat([x, rushlight.zeros(0), y])
    yield lambda x, y: rushlight.stack([x, y, x], -1)
    yield lambda x, y: rushlight.hstack([x[0], y[1]])
    yield lambda x, y: rushlight.vstack([x[0], y])
    yield lambda x, y: rushlight.dstack([x, y])
    yield lambda x, y: x.repeat(2, 1, 3) * y[0, 0]
    yield lambda x, y: x.tile(2)
    yield lambda x, y: x.repeat_interleave(2)
    yield lambda x, y: x.repeat_interleave(2, 0)
    yield lambda x, y: x.repeat_interleave(rushlight.tensor([2, 0]), 0)
    yield lambda x, y: x.flip(0, 1) * y
    yield lambda x, y: x.roll((1, 2), (0, 1)) * y
    yield lambda x, y: x.tril() * y.triu(1)
    yield lambda x, y: (x * y).tril_()


@pytest.mark.parametrize("f", list(grads()))
def test_gradients(f):
    rng = np.random.default_rng(3)
    x = rushlight.tensor(rng.standard_normal((2, 3)), requires_grad=True)
    y = rushlight.tensor(rng.standard_normal((2, 3)), requires_grad=True)
    assert gradcheck(f, (x, y))
    assert gradgradcheck(f, (x, y))
