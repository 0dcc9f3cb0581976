"""Pooling: a NumPy reference, indices, NaN, dtypes, gradients, errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F


def out_size(n, k, s, p, d, ceil_mode):
    reach = d * (k - 1) + 1
    size = (n + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
    return size - 1 if ceil_mode and (size - 1) * s >= n + p else size


def spots(n, k, s, p, d, ceil_mode):
    """The positions of every window, padding included."""
    return [
        [i * s - p + j * d for j in range(k)]
        for i in range(out_size(n, k, s, p, d, ceil_mode))
    ]


def reference_max(x, k, s, p, d, ceil_mode):
    rows = spots(x.shape[-2], k[0], s[0], p[0], d[0], ceil_mode)
    cols = spots(x.shape[-1], k[1], s[1], p[1], d[1], ceil_mode)
    values = np.empty((*x.shape[:-2], len(rows), len(cols)), x.dtype)
    indices = np.empty(values.shape, "int64")
    height, width = x.shape[-2:]
    for i, ys in enumerate(rows):
        for j, xs in enumerate(cols):
            flat = [
                y * width + c
                for y in ys
                for c in xs
                if 0 <= y < height and 0 <= c < width
            ]
            window = x.reshape(*x.shape[:-2], height * width)[..., flat]
            best = np.argmax(window, -1)  # the first of equals
            values[..., i, j] = np.take_along_axis(window, best[..., None], -1)[..., 0]
            indices[..., i, j] = np.asarray(flat)[best]
    return values, indices


def reference_mean(x, k, s, p, ceil_mode, count_padding, divisor):
    height, width = x.shape[-2:]
    rows = spots(height, k[0], s[0], p[0], 1, ceil_mode)
    cols = spots(width, k[1], s[1], p[1], 1, ceil_mode)
    y = np.empty((*x.shape[:-2], len(rows), len(cols)))
    for i, ys in enumerate(rows):
        for j, xs in enumerate(cols):
            inner_y = [v for v in ys if 0 <= v < height]
            inner_x = [v for v in xs if 0 <= v < width]
            total = x[..., inner_y, :][..., inner_x].sum((-2, -1))
            counted = sum(v < height + p[0] for v in ys) * sum(
                v < width + p[1] for v in xs
            )
            count = counted if count_padding else len(inner_y) * len(inner_x)
            y[..., i, j] = total / (divisor or count)
    return y


# shape, kernel, stride, padding, dilation
WINDOWS = [
    ((2, 3, 8, 26), (2, 2), (2, 2), (0, 0), (1, 1)),
    ((1, 2, 7, 37), (3, 3), (2, 2), (1, 1), (1, 1)),
    ((2, 9, 21), (3, 2), (1, 1), (1, 1), (1, 1)),
    ((1, 1, 9, 40), (2, 3), (3, 3), (1, 0), (1, 1)),
    ((1, 2, 12, 30), (2, 3), (2, 1), (1, 1), (2, 3)),
    ((1, 1, 3, 3), (3, 3), (3, 3), (1, 1), (1, 1)),
    ((1, 1, 5, 5), (1, 1), (2, 2), (0, 0), (1, 1)),
    ((0, 2, 5, 5), (2, 2), (2, 2), (0, 0), (1, 1)),
]


def draw(shape, dtype="float64", seed=0):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "iu":
        return rng.integers(0, 9, shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "int32", "int64", "uint8"]
)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_max_pool2d(window, dtype, ceil_mode):
    x = draw(window[0], dtype)
    values, indices = F.max_pool2d(
        rl.tensor(x), *window[1:], ceil_mode, return_indices=True
    )
    expected = reference_max(x, *window[1:], ceil_mode)
    assert values.dtype == getattr(rl, dtype)
    assert indices.dtype == rl.int64
    np.testing.assert_array_equal(values.numpy(), expected[0])
    np.testing.assert_array_equal(indices.numpy(), expected[1])
    alone = F.max_pool2d(rl.tensor(x), *window[1:], ceil_mode)
    np.testing.assert_array_equal(alone.numpy(), expected[0])


def test_max_pool2d_nan_and_infinity():
    for columns in (4, 40):
        x = rl.zeros(1, 4, columns)
        x[0, 1, 2] = float("nan")
        x[0, 2:] = -float("inf")
        values, indices = F.max_pool2d(x, 2, return_indices=True)
        assert values[0, 0].isnan().tolist() == [False, True] + [False] * (
            columns // 2 - 2
        )
        assert indices[0, 0, 1].item() == columns + 2
        assert (values[0, 1] == -float("inf")).all().item()
        assert indices[0, 1].tolist() == list(range(2 * columns, 3 * columns, 2))
    # The padding is held to half of the kernel, whatever the dilation.
    with pytest.raises(RuntimeError, match="at most half"):
        F.max_pool2d(rl.zeros(1, 1, 1), 2, 1, 2, 3)
    # Windows whose dilated elements all fall outside.
    values = F.max_pool2d(rl.zeros(1, 1, 1), 2, 1, 1, 2)
    assert values.tolist() == [[[-float("inf")]]]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("count_padding", [False, True])
@pytest.mark.parametrize("divisor", [None, 3])
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_avg_pool2d(window, ceil_mode, count_padding, divisor):
    shape, k, s, p, d = window
    if d != (1, 1):
        p = (min(p[0], k[0] // 2), min(p[1], k[1] // 2))
    for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-14), ("float16", 2e-3)):
        x = draw(shape, dtype)
        found = _ops.avg_pool2d(
            rl.tensor(x), k, s, p, ceil_mode, count_padding, divisor
        )
        expected = reference_mean(
            x.astype("float64"), k, s, p, ceil_mode, count_padding, divisor
        )
        assert found.dtype == getattr(rl, dtype)
        np.testing.assert_allclose(
            found.numpy(), expected, rtol=tolerance, atol=tolerance
        )


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5), (9, 12), (0, 2)], ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 7, 10), (3, 7, 10)], ids=str)
def test_adaptive_avg_pool2d(shape, size):
    x = draw(shape)
    expected = np.empty((*shape[:-2], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            ys = slice(i * 7 // size[0], -(-(i + 1) * 7 // size[0]))
            xs = slice(j * 10 // size[1], -(-(j + 1) * 10 // size[1]))
            expected[..., i, j] = x[..., ys, xs].mean((-2, -1))
    found = _ops.adaptive_avg_pool2d(rl.tensor(x), size)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)
    assert tuple(found.shape) == expected.shape


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 5), (9, 12), (0, 2)], ids=str)
@pytest.mark.parametrize("shape", [(2, 3, 7, 10), (3, 7, 10), (0, 3, 7, 10)], ids=str)
def test_adaptive_max_pool2d(shape, size, dtype):
    x = draw(shape, dtype)
    expected = np.empty((*shape[:-2], *size))
    for i in range(size[0]):
        for j in range(size[1]):
            ys = slice(i * 7 // size[0], -(-(i + 1) * 7 // size[0]))
            xs = slice(j * 10 // size[1], -(-(j + 1) * 10 // size[1]))
            expected[..., i, j] = x[..., ys, xs].max((-2, -1))
    found, places = F.adaptive_max_pool2d(rl.tensor(x), size, return_indices=True)
    assert found.tolist() == expected.tolist()
    assert found.dtype == getattr(rl, dtype)
    flat = rl.tensor(x).flatten(-2)
    assert flat.gather(-1, places.flatten(-2)).tolist() == found.flatten(-2).tolist()


def test_adaptive_max_pool_nan_and_infinity():
    x = rl.full((1, 4, 6), -math.inf)
    found, places = F.adaptive_max_pool2d(x, (3, 4), return_indices=True)
    assert found.isneginf().all() and places[0, 1].tolist() == [6, 7, 9, 10]
    x[0, 1, 2] = math.nan
    assert F.adaptive_max_pool2d(x, (1, 2)).isnan().tolist() == [[[True, False]]]
    assert (
        F.adaptive_max_pool1d(x[0], 1).isnan().flatten().tolist()
        == [False, True] + [False] * 2
    )


def test_layouts():
    x = rl.tensor(draw((2, 12, 3, 10))).permute(0, 2, 1, 3)[:, 1:, ::2]
    for pool in (
        lambda t: F.max_pool2d(t, 2),
        lambda t: _ops.avg_pool2d(t, 2),
        lambda t: _ops.adaptive_avg_pool2d(t, 2),
        lambda t: F.adaptive_max_pool2d(t, (3, 2)),
        lambda t: F.max_pool2d(t, (1, 2), (1, 4)),
    ):
        assert pool(x).tolist() == pool(x.contiguous()).tolist()


GRADIENTS = [
    lambda x: F.max_pool2d(x, 2),
    lambda x: F.max_pool2d(x, 3, 1, 1),
    lambda x: F.max_pool2d(x, 3, 2, 1, 1, True),
    lambda x: _ops.avg_pool2d(x, 2),
    lambda x: _ops.avg_pool2d(x, 3, 1, 1),
    lambda x: _ops.avg_pool2d(x, 3, 2, 1, True, False),
    lambda x: _ops.avg_pool2d(x, (2, 3), (2, 1), 0, False, True, 5),
    lambda x: _ops.adaptive_avg_pool2d(x, 1),
    lambda x: _ops.adaptive_avg_pool2d(x, (2, 3)),
    lambda x: F.adaptive_max_pool2d(x, (2, 3)),
    lambda x: F.adaptive_max_pool1d(x.flatten(0, -3), 3),
]


@pytest.mark.parametrize("pool", GRADIENTS)
@pytest.mark.parametrize("shape", [(2, 2, 5, 4), (2, 5, 4)], ids=str)
def test_gradients(pool, shape):
    # Distinct values, far apart for finite differences.
    values = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape)
    x = rl.tensor(values.astype("float64")).requires_grad_()
    assert gradcheck(pool, (x,))
    assert gradgradcheck(pool, (x,))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_gradient_dtypes(dtype):
    x = rl.ones(1, 4, 4).to(getattr(rl, dtype)).requires_grad_()
    for pool in (
        lambda t: F.max_pool2d(t, 3, 1),
        lambda t: _ops.avg_pool2d(t, 3, 1),
        lambda t: _ops.adaptive_avg_pool2d(t, 3),
    ):
        x.grad = None
        y = pool(x)
        y.sum().backward()
        assert x.grad.dtype == x.dtype
        assert abs(x.grad.sum().item() - y.numel()) < 0.1


ones = rl.ones
ERRORS = [
    (lambda: F.max_pool2d(ones(5, 5), 2), r"3D or 4D .* got \[5, 5\]"),
    (
        lambda: F.max_pool2d(ones(1, 4, 5, 5), 6),
        r"\(4x5x5\). Calculated output size: \(4x0x0\)",
    ),
    (
        lambda: F.max_pool2d(ones(1, 4, 5, 5), 3, padding=2),
        "pad should be at most half",
    ),
    (
        lambda: F.max_pool2d(ones(1, 4, 9, 9), 3, padding=2, dilation=2),
        "pad should be at most half",
    ),
    (lambda: F.max_pool2d(ones(1, 4, 5, 5), 0), "stride should not be zero"),
    (lambda: F.max_pool2d(ones(1, 4, 5, 5), 2, padding=-1), "pad must be non-negative"),
    (
        lambda: F.max_pool2d(ones(1, 4, 5, 5), 2, dilation=0),
        "dilation should be greater than zero",
    ),
    (lambda: F.max_pool2d(ones(1, 0, 5, 5), 2), "Expected 3D or 4D .* got:"),
    (lambda: F.max_pool2d(ones(1, 4, 5, 5), 2**62, 1), "size|small"),
    (lambda: F.max_pool2d(ones(1, 4, 5, 5), 2, 2, 0, 2**62), "size|small"),
    (
        lambda: _ops.max_pool2d(ones(1, 4, 5, 5), (2, 2, 2)),
        "kernel_size must either be a single int",
    ),
    (lambda: _ops.avg_pool2d(ones(1, 4, 5, 5), 6), "Output size is too small"),
    (
        lambda: _ops.avg_pool2d(ones(1, 4, 5, 5), 2, divisor_override=0),
        "divisor must be not zero",
    ),
    (lambda: _ops.adaptive_avg_pool2d(ones(5, 5), 2), "Expected 3D or 4D tensor"),
    (lambda: _ops.adaptive_avg_pool2d(ones(1, 5, 5), -1), "greater than or equal to 0"),
    (
        lambda: _ops.adaptive_avg_pool2d(ones(1, 0, 5), 1),
        "non-zero size for non-batch dim",
    ),
    (lambda: _ops.adaptive_avg_pool2d(ones(1, 5, 5), 2**62), "size|memory|bytes"),
]


@pytest.mark.parametrize(
    ("call", "match"), ERRORS, ids=lambda x: x if isinstance(x, str) else ""
)
def test_errors(call, match):
    with pytest.raises((RuntimeError, MemoryError), match=match):
        call()


def test_backward_checks_indices():
    for bad in (25, -1):
        with pytest.raises(IndexError, match="out of range for a plane of 25"):
            _ops.max_pool2d_with_indices_backward(
                ones(1, 1, 1), rl.tensor([[[bad]]]), (1, 5, 5)
            )
    with pytest.raises(NotImplementedError, match="'bool'"):
        F.max_pool2d(ones(1, 4, 4).to(rl.bool), 2)
