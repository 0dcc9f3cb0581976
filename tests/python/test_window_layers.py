"""Convolution, pooling and resizing layers against NumPy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import rushlight
from rushlight import nn


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def tensor(values, **options):
    return rushlight.from_numpy(np.ascontiguousarray(values)).requires_grad_(**options)


def numpy(x):
    return x.detach().numpy()


def close(got, expected, tol=1e-10):
    np.testing.assert_allclose(numpy(got), expected, rtol=tol, atol=tol)


def windows(x, kernel, stride=1, dilation=1):
    """The windows of the last dims: shape (..., *places, *kernel)."""
    n = len(kernel)
    spans = [dilation * (k - 1) + 1 for k in kernel]
    found = np.lib.stride_tricks.sliding_window_view(x, spans, axis=tuple(range(-n, 0)))
    steps = (slice(None, None, stride),) * n + (slice(None, None, dilation),) * n
    return found[(..., *steps)]


def correlate(x, weight, bias=None, stride=1, dilation=1):
    n = weight.ndim - 2
    places = "xyz"[:n]
    inner = "klm"[:n]
    found = windows(x, weight.shape[2:], stride, dilation)
    result = np.einsum(f"nc{places}{inner},oc{inner}->no{places}", found, weight)
    return result if bias is None else result + bias.reshape(-1, *[1] * n)


KINDS = {1: (2, 4, 9), 2: (2, 4, 6, 7), 3: (2, 4, 5, 4, 6)}


@pytest.mark.parametrize("n", KINDS)
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 2)])
def test_convolution(n, stride, dilation):
    layer = getattr(nn, f"Conv{n}d")(
        4, 3, 2, stride, padding=1, dilation=dilation, dtype=rushlight.float64
    )
    x = array(*KINDS[n])
    padded = np.pad(x, ((0, 0), (0, 0), *[(1, 1)] * n))
    expected = correlate(
        padded, numpy(layer.weight), numpy(layer.bias), stride, dilation
    )
    close(layer(tensor(x)), expected)
    close(layer(tensor(x[0])), expected[0])


@pytest.mark.parametrize("n", KINDS)
def test_grouped_convolution(n):
    make = getattr(nn, f"Conv{n}d")
    layer = make(4, 6, 2, groups=2, bias=False, dtype=rushlight.float64)
    assert tuple(layer.weight.shape) == (6, 2, *[2] * n)
    x = array(*KINDS[n])
    halves = [
        correlate(x[:, 2 * g : 2 * g + 2], numpy(layer.weight)[3 * g : 3 * g + 3])
        for g in range(2)
    ]
    close(layer(tensor(x)), np.concatenate(halves, axis=1))


@pytest.mark.parametrize("n", KINDS)
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 2)])
def test_transposed_convolution_is_the_adjoint(n, stride, dilation):
    """<conv(y), x> = <y, transposed(x)> for the same weight."""
    layer = getattr(nn, f"ConvTranspose{n}d")(
        3, 4, 2, stride, dilation=dilation, bias=False, dtype=rushlight.float64
    )
    y = array(*KINDS[n], seed=1)
    weight = numpy(layer.weight)
    image = correlate(y, weight, None, stride, dilation)
    x = array(*image.shape, seed=2)
    back = layer(tensor(x), output_size=y.shape[2:])
    assert tuple(back.shape) == y.shape
    np.testing.assert_allclose((image * x).sum(), (y * numpy(back)).sum(), rtol=1e-10)


def test_transposed_convolution_of_one_pixel_is_the_filter():
    layer = nn.ConvTranspose2d(1, 2, (2, 3), dtype=rushlight.float64)
    expected = numpy(layer.weight)[0] + numpy(layer.bias).reshape(2, 1, 1)
    close(layer(tensor(np.ones((1, 1, 1)))), expected)


@pytest.mark.parametrize("size", [(8,), (12,), (1, 8)])
def test_transposed_convolution_refuses_sizes_it_cannot_give(size):
    layer = nn.ConvTranspose1d(1, 1, 2, stride=2)
    with pytest.raises(ValueError, match="output"):
        layer(rushlight.ones(1, 5), output_size=size)


@pytest.mark.parametrize("n", KINDS)
def test_max_pool_and_back(n):
    x = array(*KINDS[n])
    pool = getattr(nn, f"MaxPool{n}d")(2, return_indices=True)
    values, places = pool(tensor(x))
    found = windows(x, [2] * n, 2)
    expected = found.max(axis=tuple(range(-n, 0)))
    close(values, expected)
    flat = x.reshape(*x.shape[:2], -1)
    picked = np.take_along_axis(flat, places.numpy().reshape(*x.shape[:2], -1), 2)
    np.testing.assert_array_equal(picked.reshape(expected.shape), expected)
    unpool = getattr(nn, f"MaxUnpool{n}d")(2)
    back = numpy(unpool(values, places, output_size=x.shape[2:]))
    np.testing.assert_array_equal(back[back != 0], x[back != 0])
    assert (back != 0).sum() == expected.size
    assert unpool.kernel_size == unpool.stride == (2,) * n


@pytest.mark.parametrize("n", KINDS)
@pytest.mark.parametrize("counted", [False, True])
def test_average_pool(n, counted):
    x = array(*KINDS[n])
    pool = getattr(nn, f"AvgPool{n}d")(3, 2, 1, count_include_pad=counted)
    border = ((0, 0), (0, 0), *[(1, 1)] * n)
    axes = tuple(range(-n, 0))
    total = windows(np.pad(x, border), [3] * n, 2).sum(axis=axes)
    count = windows(np.pad(np.ones_like(x), border), [3] * n, 2).sum(axis=axes)
    close(pool(tensor(x)), total / (3**n if counted else count))


@pytest.mark.parametrize("n", [2, 3])
def test_average_pool_by_a_chosen_divisor(n):
    x = array(*KINDS[n])
    pool = getattr(nn, f"AvgPool{n}d")(2, divisor_override=7)
    total = windows(x, [2] * n, 2).sum(axis=tuple(range(-n, 0)))
    close(pool(tensor(x)), total / 7)


@pytest.mark.parametrize("n", KINDS)
def test_power_average_pool(n):
    x = np.abs(array(*KINDS[n]))
    total = (windows(x, [2] * n, 2) ** 3).sum(axis=tuple(range(-n, 0)))
    close(getattr(nn, f"LPPool{n}d")(3, 2)(tensor(x)), total ** (1 / 3))


@pytest.mark.parametrize("n", KINDS)
@pytest.mark.parametrize("kind", ["Avg", "Max"])
def test_adaptive_pool(n, kind):
    x = array(*KINDS[n])
    sizes = (3, 2, 4)[:n]
    expected = np.empty((*x.shape[:2], *sizes))
    for place in itertools.product(*map(range, sizes)):
        cut = tuple(
            slice(i * full // size, -(-(i + 1) * full // size))
            for i, size, full in zip(place, sizes, x.shape[2:], strict=True)
        )
        part = x[(slice(None), slice(None), *cut)]
        reduce = part.mean if kind == "Avg" else part.max
        expected[(..., *place)] = reduce(axis=tuple(range(-n, 0)))
    layer = getattr(nn, f"Adaptive{kind}Pool{n}d")(sizes if n > 1 else sizes[0])
    close(layer(tensor(x)), expected)


def test_adaptive_pool_keeps_a_size_that_is_none():
    x = array(2, 3, 5)
    close(nn.AdaptiveMaxPool2d((1, None))(tensor(x)), x.max(axis=1, keepdims=True))


@pytest.mark.parametrize("n", [2, 3])
def test_fractional_pool(n):
    x = array(*KINDS[n])
    layer = getattr(nn, f"FractionalMaxPool{n}d")(
        2, output_ratio=0.6, return_indices=True
    )
    rushlight.manual_seed(0)
    values, places = layer(tensor(x))
    sizes = tuple(int(size * 0.6) for size in x.shape[2:])
    assert tuple(values.shape) == (*x.shape[:2], *sizes)
    flat = x.reshape(*x.shape[:2], -1)
    picked = np.take_along_axis(flat, places.numpy().reshape(*x.shape[:2], -1), 2)
    close(values, picked.reshape(values.shape))
    # The last window reaches the end and the first one the beginning.
    corner = x[(..., *[slice(0, 2)] * n)].max(axis=tuple(range(-n, 0)))
    close(values[(..., *[0] * n)], corner)
    corner = x[(..., *[slice(-2, None)] * n)].max(axis=tuple(range(-n, 0)))
    close(values[(..., *[-1] * n)], corner)


@pytest.mark.parametrize(
    "arguments, match",
    [
        ({}, "either an output size"),
        ({"output_size": 2, "output_ratio": 0.5}, "only one"),
        ({"output_ratio": 1.0}, "between 0 and 1"),
    ],
)
def test_fractional_pool_arguments(arguments, match):
    with pytest.raises(ValueError, match=match):
        nn.FractionalMaxPool2d(2, **arguments)
    with pytest.raises(ValueError, match="greater than 0"):
        nn.FractionalMaxPool3d(0, 2)


PADDINGS = {
    "Reflection": "reflect",
    "Replication": "edge",
    "Circular": "wrap",
    "Zero": "constant",
}


@pytest.mark.parametrize("kind, mode", PADDINGS.items())
@pytest.mark.parametrize("n", KINDS)
def test_padding(kind, mode, n):
    x = array(*KINDS[n])
    widths = [(1, 2), (0, 3), (2, 1)][:n]
    expected = np.pad(x, ((0, 0), (0, 0), *widths), mode)
    given = [w for pair in reversed(widths) for w in pair]
    layer = getattr(nn, f"{kind}Pad{n}d")(tuple(given))
    close(layer(tensor(x)), expected)
    assert repr(layer) == f"{kind}Pad{n}d({tuple(given)})"
    all_sides = getattr(nn, f"{kind}Pad{n}d")(1)
    close(all_sides(tensor(x)), np.pad(x, ((0, 0), (0, 0), *[(1, 1)] * n), mode))


@pytest.mark.parametrize("n", KINDS)
def test_constant_padding(n):
    x = array(*KINDS[n])
    layer = getattr(nn, f"ConstantPad{n}d")(1, 2.5)
    border = ((0, 0), (0, 0), *[(1, 1)] * n)
    close(layer(tensor(x)), np.pad(x, border, constant_values=2.5))
    assert repr(layer) == f"ConstantPad{n}d(padding={(1,) * (2 * n)}, value=2.5)"


@pytest.mark.parametrize("n", KINDS)
def test_circular_padding_counts_dims(n):
    layer = getattr(nn, f"CircularPad{n}d")(1)
    with pytest.raises(ValueError, match=f"expected {n + 1}D or {n + 2}D input"):
        layer(rushlight.ones([2] * (n + 3)))


def test_upsampling():
    x = array(1, 2, 2, 3)
    twice = x.repeat(2, axis=2).repeat(2, axis=3)
    close(nn.Upsample(scale_factor=2)(tensor(x)), twice)
    close(nn.UpsamplingNearest2d(size=(4, 6))(tensor(x)), twice)
    row = array(1, 1, 1, 4)
    expected = np.interp(np.linspace(0, 3, 7), np.arange(4), row[0, 0, 0])
    layer = nn.UpsamplingBilinear2d((1, 7))
    close(layer(tensor(row))[0, 0, 0], expected)
    assert repr(layer) == "UpsamplingBilinear2d(size=(1, 7), mode='bilinear')"
    assert repr(nn.Upsample(scale_factor=(2, 3))) == (
        "Upsample(scale_factor=(2.0, 3.0), mode='nearest')"
    )


def test_fold_and_unfold():
    x = array(2, 3, 5, 6)
    found = windows(x, (2, 3))
    columns = found.transpose(0, 1, 4, 5, 2, 3).reshape(2, 3 * 6, -1)
    close(nn.Unfold((2, 3))(tensor(x)), columns)
    counts = nn.Fold((5, 6), (2, 3))(nn.Unfold((2, 3))(tensor(np.ones_like(x))))
    close(nn.Fold((5, 6), (2, 3))(tensor(columns)), x * numpy(counts))


def test_shuffles():
    x = array(2, 8, 3, 5)
    blocks = x.reshape(2, 2, 2, 2, 3, 5)
    image = blocks.transpose(0, 1, 4, 2, 5, 3).reshape(2, 2, 6, 10)
    close(nn.PixelShuffle(2)(tensor(x)), image)
    close(nn.PixelUnshuffle(2)(tensor(image)), x)
    mixed = x.reshape(2, 4, 2, 3, 5).swapaxes(1, 2).reshape(x.shape)
    close(nn.ChannelShuffle(4)(tensor(x)), mixed)
