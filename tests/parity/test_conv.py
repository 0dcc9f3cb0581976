"""Convolutions and pooling against PyTorch: values, gradients, error types."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from rushlight import _ops  # noqa: E402

TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float32": 4e-6, "float64": 1e-13}
TF, F = torch.nn.functional, rl.nn.functional


def pair(shape, dtype, seed):
    values = np.random.default_rng(seed).integers(-32, 33, shape) / 16
    theirs = torch.tensor(values).to(getattr(torch, dtype))
    ours = rl.tensor(values).to(getattr(rl, dtype))
    return ours.requires_grad_(), theirs.requires_grad_()


def numpy(x):
    return np.asarray(x.detach().tolist(), dtype="float64").reshape(tuple(x.shape))


def check(ours, theirs):
    assert str(ours.dtype).rpartition(".")[2] == str(theirs.dtype).rpartition(".")[2]
    a, b = numpy(ours), numpy(theirs)
    assert a.shape == b.shape
    tolerance = TOLERANCE.get(str(theirs.dtype).removeprefix("torch."), 0)
    scale = np.abs(b).max(initial=1)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale)


def check_both(ours, theirs, inputs):
    check(ours, theirs)
    weight = np.random.default_rng(9).integers(-4, 5, tuple(theirs.shape)) / 4
    ours.backward(rl.tensor(weight).to(ours.dtype))
    theirs.backward(torch.tensor(weight).to(theirs.dtype))
    for a, b in inputs:
        check(a.grad, b.grad)


CASES = [
    ((4, 1, 28, 28), (16, 1, 3, 3), {}),
    ((2, 3, 20, 33), (18, 3, 5, 5), {"padding": 2}),
    ((3, 16, 14, 14), (32, 16, 3, 3), {}),
    ((2, 16, 8, 8), (32, 16, 3, 3), {"padding": 1}),
    ((2, 8, 9, 15), (20, 8, 3, 3), {"stride": 2, "padding": 1}),
    (
        (2, 8, 9, 15),
        (20, 8, 2, 3),
        {"stride": (1, 3), "padding": (0, 2), "dilation": (2, 1)},
    ),
    ((2, 12, 10, 10), (24, 12, 1, 1), {}),
    ((2, 16, 12, 18), (16, 1, 3, 3), {"padding": 1, "groups": 16}),
    ((2, 8, 12, 18), (16, 1, 5, 5), {"padding": 2, "groups": 8}),
    ((1, 8, 11, 7), (6, 4, 3, 3), {"groups": 2, "stride": 3}),
    ((3, 7, 9), (5, 3, 2, 2), {}),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_conv2d(case, dtype):
    if dtype in ("float16", "bfloat16") and case[2].get("groups", 1) > 1:
        pytest.skip("one half-precision path is enough")
    shapes = (case[0], case[1], case[1][:1])
    inputs = [pair(shape, dtype, seed) for seed, shape in enumerate(shapes)]
    ours = F.conv2d(*(a for a, _ in inputs), **case[2])
    theirs = TF.conv2d(*(b for _, b in inputs), **case[2])
    if dtype in ("float16", "bfloat16"):
        check(ours, theirs)
    else:
        check_both(ours, theirs, inputs)


def test_conv1d():
    shapes = ((2, 4, 20), (6, 2, 3), (6,))
    inputs = [pair(shape, "float64", seed) for seed, shape in enumerate(shapes)]
    options = {"stride": 2, "padding": 1, "dilation": 2, "groups": 2}
    ours = rl.conv1d(*(a for a, _ in inputs), **options)
    check_both(ours, TF.conv1d(*(b for _, b in inputs), **options), inputs)


WINDOWS = [(2, None, 0), (3, 2, 1), (3, 1, 1), ((2, 3), (2, 1), (1, 0)), (4, 3, 2)]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pooling(window, ceil_mode, dtype):
    kernel, stride, padding = window
    x, tx = pair((2, 3, 11, 37), dtype, 0)
    ours, where = F.max_pool2d(x, kernel, stride, padding, 1, ceil_mode, True)
    theirs, there = TF.max_pool2d(tx, kernel, stride, padding, 1, ceil_mode, True)
    assert where.tolist() == there.tolist()
    check_both(ours, theirs, [(x, tx)])
    for count, divisor in ((True, None), (False, None), (True, 5)):
        x, tx = pair((2, 3, 11, 37), dtype, 1)
        more = (padding, ceil_mode, count, divisor)
        ours = _ops.avg_pool2d(x, kernel, stride or (), *more)
        theirs = TF.avg_pool2d(tx, kernel, stride, *more)
        check_both(ours, theirs, [(x, tx)])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7), (13, 40)], ids=str)
def test_adaptive_avg_pool2d(size):
    x, tx = pair((2, 3, 11, 37), "float64", 0)
    ours, theirs = _ops.adaptive_avg_pool2d(x, size), TF.adaptive_avg_pool2d(tx, size)
    check_both(ours, theirs, [(x, tx)])


def functional(m):
    return m.nn.functional


CALLS = [
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 3, 3, 3)),
    lambda m: functional(m).conv2d(m.ones(4, 5), m.ones(2, 4, 3, 3)),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3)),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 7, 3)),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3, 3), m.ones(3)),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3, 3), stride=0),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3, 3), padding=-1),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3, 3), groups=0),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(3, 2, 3, 3), groups=2),
    lambda m: functional(m).conv2d(m.ones(1, 4, 5, 5), m.ones(2, 4, 3, 3).double()),
    lambda m: functional(m).conv2d(
        m.ones(1, 4, 5, 5).bool(), m.ones(2, 4, 3, 3).bool()
    ),
    lambda m: m.conv1d(m.ones(5), m.ones(2, 4, 3)),
    lambda m: functional(m).max_pool2d(m.ones(5, 5), 2),
    lambda m: functional(m).max_pool2d(m.ones(1, 4, 5, 5), 6),
    lambda m: functional(m).max_pool2d(m.ones(1, 4, 5, 5), 3, padding=2),
    lambda m: functional(m).max_pool2d(m.ones(1, 4, 5, 5), 0),
    lambda m: functional(m).max_pool2d(m.ones(1, 0, 5, 5), 2),
    lambda m: functional(m).max_pool2d(m.ones(1, 4, 5, 5).bool(), 2),
]


@pytest.mark.parametrize("call", CALLS)
def test_error_types(call):
    with pytest.raises(RuntimeError) as theirs:
        call(torch)
    with pytest.raises(theirs.type):
        call(rl)
