"""Convolutions, pools and resampling of one to three dims, against other code.

Volumes against NumPy, adjoints by inner products, gradients by finite differences, and
what must come out by symmetry.
"""

from __future__ import annotations

import doctest
import importlib
import itertools

import numpy as np
import pytest

import rushlight as rl
from rushlight import _ops
from rushlight.autograd import gradcheck, gradgradcheck
from rushlight.nn import functional as F


def draw(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def leaf(shape, seed=0):
    return rl.tensor(draw(shape, seed)).requires_grad_()


def volume_windows(x, kernel, stride, padding, dilation, fill=0.0):
    """Shape (n, c, *windows, *kernel)."""
    widths = [(0, 0), (0, 0), *((p, p) for p in padding)]
    x = np.pad(x, widths, constant_values=fill)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    view = np.lib.stride_tricks.sliding_window_view(x, reach, (2, 3, 4))
    every = [slice(None, None, s) for s in stride]
    inner = [slice(None, None, d) for d in dilation]
    return view[(slice(None), slice(None), *every, *inner)]


CASES = [
    ((2, 3, 4, 5, 6), (4, 3, 2, 3, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1)),
    ((1, 2, 5, 4, 7), (3, 2, 3, 3, 3), (2, 1, 2), (1, 1, 2), (1, 1, 1)),
    ((2, 2, 6, 5, 5), (2, 2, 2, 2, 2), (1, 2, 1), (2, 0, 1), (3, 2, 1)),
    ((2, 1, 3, 3, 3), (2, 1, 1, 1, 1), (1, 1, 1), (0, 0, 0), (1, 1, 1)),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_conv3d(case):
    shape, filters, *how = case
    x, w, b = draw(shape), draw(filters, 1), draw(filters[0], 2)
    view = volume_windows(x, filters[2:], *how)
    expected = np.einsum("ncdhwzyx,oczyx->nodhw", view, w) + b[:, None, None, None]
    found = F.conv3d(rl.tensor(x), rl.tensor(w), rl.tensor(b), *how)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)
    assert found.is_contiguous()
    alone = F.conv3d(rl.tensor(x[0]), rl.tensor(w), rl.tensor(b), *how)
    assert alone.tolist() == found[0].tolist()


@pytest.mark.parametrize("case", CASES, ids=str)
def test_max_and_avg_pool3d(case):
    shape, (_, _, *kernel), stride, _, _ = case
    padding = [k // 2 for k in kernel]
    x = draw(shape)
    one = (1, 1, 1)
    view = volume_windows(x, kernel, stride, padding, one, -np.inf)
    expected = view.max((-3, -2, -1))
    values, where = F.max_pool3d(
        rl.tensor(x), kernel, stride, padding, return_indices=True
    )
    np.testing.assert_array_equal(values.numpy(), expected)
    flat = x.reshape(*shape[:2], -1)
    taken = np.take_along_axis(flat, where.numpy().reshape(*shape[:2], -1), -1)
    np.testing.assert_array_equal(taken.reshape(expected.shape), expected)
    view = volume_windows(x, kernel, stride, padding, one)
    found = F.avg_pool3d(rl.tensor(x), kernel, stride, padding)
    np.testing.assert_allclose(found.numpy(), view.mean((-3, -2, -1)), atol=1e-13)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_a_transposed_convolution_is_the_adjoint(dims):
    conv = getattr(F, f"conv{dims}d")
    back = getattr(F, f"conv_transpose{dims}d")
    size = (7, 6, 5)[:dims]
    x, w = rl.tensor(draw((2, 4, *size))), rl.tensor(draw((6, 2, *[3] * dims), 1))
    how = dict(stride=2, padding=1, groups=2)
    y = conv(x, w, **how)
    g = rl.tensor(draw(tuple(y.shape), 2))
    extra = [(n + 2 - 3) % 2 for n in size]
    z = back(g, w, output_padding=extra, **how)
    assert z.shape == x.shape
    assert abs((y * g).sum().item() - (x * z).sum().item()) < 1e-10


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("widths", [(1, 2), (2, 0, 1, 1), (1, 1, 0, 2, 2, 1)], ids=str)
def test_pad(mode, widths):
    dims = len(widths) // 2
    x = draw((2, *(4, 3, 5)[:dims]))
    pairs = [(0, 0), *reversed(list(zip(widths[::2], widths[1::2], strict=True)))]
    name = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    expected = np.pad(x, pairs, mode=name)
    assert F.pad(rl.tensor(x), widths, mode).tolist() == expected.tolist()


def test_pad_crops_and_copies():
    x = rl.arange(6).view(2, 3)
    assert F.pad(x, (-1, 1), value=9).tolist() == [[1, 2, 9], [4, 5, 9]]
    same = F.pad(x, (0, 0))
    same += 1
    assert x[0, 0].item() == 0


@pytest.mark.parametrize("dtype", ["bool", "int16", "bfloat16", "complex64"])
def test_pad_and_unfold_take_any_dtype(dtype):
    x = rl.ones(1, 1, 2, 2).to(getattr(rl, dtype))
    assert F.pad(x, (1, 0)).dtype == x.dtype
    assert F.unfold(x, 2).dtype == x.dtype


def test_fold_of_unfold_counts_the_blocks():
    x = rl.tensor(draw((2, 3, 5, 6)))
    how = dict(kernel_size=(2, 3), stride=(1, 2), padding=1, dilation=(2, 1))
    ones = F.fold(F.unfold(rl.ones_like(x), **how), (5, 6), **how)
    np.testing.assert_allclose(
        F.fold(F.unfold(x, **how), (5, 6), **how).numpy(), (x * ones).numpy()
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_unpooling_undoes_pooling(dims):
    x = rl.tensor(draw((2, 3, *[6] * dims)))
    y, where = getattr(F, f"max_pool{dims}d")(x, 2, return_indices=True)
    z = getattr(F, f"max_unpool{dims}d")(y, where, 2)
    assert ((z == x) | (z == 0)).all().item()
    assert (z != 0).sum().item() == y.numel()


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4), (7, 9)], ids=str)
def test_adaptive_max_pool2d(size):
    x = draw((2, 5, 8))
    values, where = F.adaptive_max_pool2d(rl.tensor(x), size, return_indices=True)
    for i, j in itertools.product(*map(range, size)):
        rows = slice(i * 5 // size[0], -(-(i + 1) * 5 // size[0]))
        cols = slice(j * 8 // size[1], -(-(j + 1) * 8 // size[1]))
        assert values[:, i, j].tolist() == x[:, rows, cols].max((1, 2)).tolist()
    flat = x.reshape(2, -1)
    taken = np.take_along_axis(flat, where.numpy().reshape(2, -1), 1)
    assert taken.tolist() == values.reshape(2, -1).tolist()


def test_fractional_pool_covers_its_input():
    x = rl.arange(49.0).view(1, 7, 7)
    values, where = F.fractional_max_pool2d(x, 2, (4, 4), return_indices=True)
    assert values.tolist() == where.double().tolist()
    assert values[0, -1, -1].item() == 48
    assert F.fractional_max_pool2d(x, 2, output_ratio=(0.5, 0.5)).shape == (1, 3, 3)
    with pytest.raises(ValueError, match="either an output_size or an output_ratio"):
        F.fractional_max_pool2d(x, 2)


LINEAR = [
    ("linear", 1, {}),
    ("linear", 1, {"align_corners": True}),
    ("bilinear", 2, {"align_corners": True}),
    ("bicubic", 2, {"align_corners": True}),
    ("trilinear", 3, {"align_corners": True}),
]


@pytest.mark.parametrize(("mode", "dims", "options"), LINEAR)
def test_interpolation_keeps_ramps(mode, dims, options):
    axes = np.meshgrid(*(np.linspace(0, 1, 6) for _ in range(dims)), indexing="ij")
    x = sum((i + 1) * a for i, a in enumerate(axes))
    y = F.interpolate(rl.tensor(x[None, None]), size=11, mode=mode, **options)
    if options:
        axes = np.meshgrid(*(np.linspace(0, 1, 11) for _ in range(dims)), indexing="ij")
        expected = sum((i + 1) * a for i, a in enumerate(axes))
        inner = (0, 0, *[slice(2, -2)] * dims)  # cubics reach beyond the edge
        np.testing.assert_allclose(y[inner].numpy(), expected[inner[2:]], atol=1e-12)
    assert abs(y.mean().item() - x.mean()) < 1e-12


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialiased_weights_sum_to_one(mode):
    y = F.interpolate(rl.ones(1, 2, 9, 17), (4, 5), mode=mode, antialias=True)
    np.testing.assert_allclose(y.numpy(), 1, atol=1e-6)


def test_nearest_repeats():
    x = rl.tensor([[[1, 2, 3]]])
    assert F.interpolate(x.float(), scale_factor=2).tolist() == [[[1, 1, 2, 2, 3, 3]]]
    found = F.interpolate(x.float(), 5, mode="nearest-exact")
    assert found.tolist() == [[[1, 1, 2, 3, 3]]]


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
def test_the_identity_samples_the_image(mode, align_corners):
    x = rl.tensor(draw((2, 3, 4, 5)))
    theta = rl.tensor([[[1.0, 0, 0], [0, 1, 0]]] * 2, dtype=rl.float64)
    grid = F.affine_grid(theta, x.shape, align_corners)
    y = F.grid_sample(x, grid, mode, align_corners=align_corners)
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-12)


GRADIENTS = [
    ("conv3d", lambda x: F.conv3d(x, leaf((2, 2, 2, 1, 2), 1), padding=1), 3),
    (
        "weight",
        lambda w: F.conv3d(leaf((1, 2, 3, 4, 3), 1), w.reshape(3, 2, 2, 2, 2)),
        48,
    ),
    (
        "transpose",
        lambda x: F.conv_transpose3d(x, leaf((2, 1, 2, 2, 1), 1), stride=2),
        3,
    ),
    ("same", lambda x: F.conv2d(x, leaf((1, 2, 2, 3), 1), padding="same"), 2),
    ("unfold", lambda x: F.unfold(x, 2, padding=1, stride=2), 2),
    ("max_pool3d", lambda x: F.max_pool3d(x, 2, 1), 3),
    ("avg_pool3d", lambda x: F.avg_pool3d(x, 2, 1, 1, False, False), 3),
    ("adaptive_max", lambda x: F.adaptive_max_pool2d(x, (2, 3)), 2),
    ("adaptive_avg", lambda x: F.adaptive_avg_pool3d(x, 2), 3),
    ("lp_pool", lambda x: F.lp_pool2d(x * x + 1, 3, 2), 2),
    ("reflect", lambda x: F.pad(x, (1, 2, 2, 0), "reflect"), 2),
    ("replicate", lambda x: F.pad(x, (3, 2, 2, 3), "replicate"), 2),
    ("circular", lambda x: F.pad(x, (1, 2, 2, 0), "circular"), 2),
    ("crop", lambda x: F.pad(x, (1, -2), "constant", 3.0), 2),
    ("bicubic", lambda x: F.interpolate(x, (5, 7), mode="bicubic"), 2),
    ("aa", lambda x: F.interpolate(x, (2, 2), mode="bilinear", antialias=True), 2),
    ("nearest", lambda x: F.interpolate(x, (3, 5)), 2),
]


@pytest.mark.parametrize(("name", "call", "dims"), GRADIENTS, ids=lambda x: str(x)[:12])
def test_gradients(name, call, dims):
    shape = (dims,) if dims > 3 else (1, 2, *(3, 4, 3)[:dims])
    # Distinct values, far apart for finite differences.
    values = np.random.default_rng(0).permutation(int(np.prod(shape))) / 8
    x = rl.tensor(values.reshape(shape)).requires_grad_()
    assert gradcheck(call, (x,))
    assert gradgradcheck(call, (x,))


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_grid_gradients(mode, padding):
    x, grid = leaf((1, 2, 3, 4)), leaf((1, 2, 3, 2), 1)

    def sample(x, grid):
        return F.grid_sample(x, grid, mode, padding, False)

    assert gradcheck(sample, (x, grid))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_rounds_once(dtype):
    dtype = getattr(rl, dtype)
    x = rl.tensor(draw((1, 2, 4, 5, 6))).to(dtype)
    for call in (
        lambda t: F.avg_pool3d(t, 3, 1),
        lambda t: F.adaptive_avg_pool3d(t, 3),
        lambda t: F.interpolate(t, 7, mode="trilinear"),
        lambda t: F.interpolate(t[0], 3, mode="bicubic", antialias=True),
    ):
        y = call(x)
        assert y.dtype == dtype
        assert y.tolist() == call(x.float()).to(dtype).tolist()


EMPTY = [
    (lambda x: F.conv3d(x, rl.ones(4, 2, 1, 2, 2)), (0, 4, 3, 3, 4)),
    (lambda x: F.conv_transpose3d(x, rl.ones(2, 3, 1, 2, 2)), (0, 3, 3, 5, 6)),
    (lambda x: F.max_pool3d(x, 2), (0, 2, 1, 2, 2)),
    (lambda x: F.avg_pool3d(x, 2), (0, 2, 1, 2, 2)),
    (lambda x: F.adaptive_max_pool3d(x, 2), (0, 2, 2, 2, 2)),
    (lambda x: F.adaptive_avg_pool3d(x, 5), (0, 2, 5, 5, 5)),
    (lambda x: F.interpolate(x, 4), (0, 2, 4, 4, 4)),
    (lambda x: F.pad(x, (1, 1), "constant"), (0, 2, 3, 4, 7)),
    (lambda x: F.unfold(x[:, :, 0], 2), (0, 8, 12)),
    (lambda x: F.grid_sample(x, rl.ones(0, 1, 2, 3, 3)), (0, 2, 1, 2, 3)),
]


@pytest.mark.filterwarnings("ignore:grid_sample")
@pytest.mark.parametrize(("call", "shape"), EMPTY)
def test_empty_batches(call, shape):
    x = rl.zeros(0, 2, 3, 4, 5).requires_grad_()
    y = call(x)
    assert tuple(y.shape) == shape
    y.sum().backward()
    assert x.grad.shape == x.shape


ERRORS = [
    (lambda: F.conv3d(rl.ones(2, 3), rl.ones(1, 1, 1, 1, 1)), RuntimeError, "conv3d"),
    (
        lambda: F.conv3d(rl.ones(1, 4, 5, 5, 5), rl.ones(2, 3, 3, 3, 3)),
        RuntimeError,
        r"conv3d.*\[1, 4, 5, 5, 5\] to have 3 channels, but got 4",
    ),
    (
        lambda: F.conv_transpose2d(
            rl.ones(1, 1, 2, 2), rl.ones(1, 1, 2, 2), output_padding=1
        ),
        RuntimeError,
        "conv_transpose2d.*output padding must be smaller",
    ),
    (
        lambda: F.conv1d(rl.ones(1, 2), rl.ones(1, 1, 1), padding="no"),
        RuntimeError,
        "no",
    ),
    (lambda: F.max_pool3d(rl.ones(2, 2, 2), 2), RuntimeError, "max_pool3d.*4D"),
    (lambda: F.max_pool1d(rl.ones(1, 2), 2.5), TypeError, "max_pool1d.*kernel_size"),
    (lambda: F.fold(rl.ones(1, 4, 3), 3, 2), RuntimeError, "fold.* 4, but got 3"),
    (
        lambda: F.max_unpool2d(rl.ones(1, 1, 1), rl.tensor([[[4]]]), 2),
        RuntimeError,
        "max_unpool2d.*invalid max index: 4",
    ),
    (lambda: F.interpolate(rl.ones(1, 1, 2)), ValueError, "either size or scale"),
    (
        lambda: F.interpolate(rl.ones(1, 1, 2), 3, mode="bilinear"),
        NotImplementedError,
        "3D input, but mode 'bilinear' needs a 4D",
    ),
    (lambda: F.interpolate(rl.ones(1, 1, 2), 0), RuntimeError, "greater than 0"),
    (
        lambda: F.grid_sample(rl.ones(1, 1, 2, 2), rl.ones(1, 1, 1, 3), "nearest"),
        RuntimeError,
        "size 2 in last dimension",
    ),
    (lambda: F.affine_grid(rl.ones(1, 2, 2), (1, 1, 2, 2)), ValueError, "Nx2x3"),
]


@pytest.mark.filterwarnings("ignore:grid_sample", "ignore:affine_grid")
@pytest.mark.parametrize(("call", "error", "match"), ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_torch_namespace():
    x = rl.tensor([[1.0, 3.0, 2.0, 0.0]])
    assert rl.max_pool1d(x, 2).tolist() == [[3, 2]]
    values, where = rl.max_pool1d_with_indices(x, 2)
    assert (values.tolist(), where.tolist()) == ([[3, 2]], [[1, 2]])
    values, where = rl.adaptive_max_pool1d(x, 1)
    assert (values.tolist(), where.tolist()) == ([[3]], [[1]])
    assert rl.avg_pool1d(x, 2).tolist() == [[2, 1]]
    assert rl.conv2d(rl.ones(1, 3, 3), rl.ones(1, 1, 2, 2), padding="same").shape == (
        1,
        3,
        3,
    )


def test_old_names_warn():
    x = rl.ones(1, 1, 2, 2)
    for call in (F.upsample, F.upsample_nearest, F.upsample_bilinear):
        with pytest.warns(UserWarning, match="deprecated"):
            assert call(x, scale_factor=2).shape == (1, 1, 4, 4)


@pytest.mark.parametrize(
    "name",
    (
        "averaging chosen_windows conv conv_transpose padding pooling resizing "
        "sampling sliding torch_pools"
    ).split(),
)
def test_examples(name):
    module = importlib.import_module(f"rushlight.nn._functional.{name}")
    result = doctest.testmod(module, extraglobs={"rushlight": rl})
    assert result.attempted and not result.failed


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8"])
@pytest.mark.parametrize(
    "shape, dim", [((35, 50), 1), ((35, 50), 0), ((2, 9, 1500), 1), ((3, 4, 5), -1)]
)
def test_one_dim_by_places_and_weights(shape, dim, dtype):
    rng = np.random.default_rng(0)
    x = (rng.random(shape) * 255).astype(dtype)
    places = rng.integers(0, shape[dim], (3, 7))
    weights = rng.normal(size=places.shape)
    weights[1, 2] = 0
    bits = 0
    if dtype == "uint8":
        weights, bits = (weights * 1024).astype("int32"), 10
    wide = np.moveaxis(x, dim, -1).astype("float64")
    total = (wide[..., places] * weights).sum(-2)
    expected = np.moveaxis(total, -1, dim)
    if dtype == "uint8":
        expected = np.floor(expected / 1024 + 0.5).clip(0, 255)
    x, places = rl.from_numpy(x), rl.from_numpy(places)
    weights = rl.from_numpy(weights.astype("int32" if bits else dtype))
    got = _ops.resample(x, dim, places, weights, bits).numpy()
    tolerance = dict(float32=2e-3, float64=1e-11, uint8=0)[dtype]
    np.testing.assert_allclose(got, expected, rtol=0, atol=tolerance)
    strided = x.transpose(0, 1).contiguous().transpose(0, 1)
    same = _ops.resample(strided, dim, places, weights, bits).numpy()
    np.testing.assert_array_equal(same, got)


def test_one_dim_errors():
    x = rl.ones(4, 5)
    places, weights = rl.zeros(2, 3, dtype=rl.int64), rl.ones(2, 3)
    assert _ops.resample(x, 1, places, weights).tolist() == [[2.0] * 3] * 4
    assert _ops.resample(x[:0], 1, places, weights).shape == (0, 3)
    for error, call in (
        (IndexError, lambda: _ops.resample(x, 1, places + 5, weights)),
        (IndexError, lambda: _ops.resample(x, 1, places - 1, weights)),
        (IndexError, lambda: _ops.resample(x, 2, places, weights)),
        (RuntimeError, lambda: _ops.resample(x.half(), 1, places, weights.half())),
        (RuntimeError, lambda: _ops.resample(x, 1, places, weights.double())),
        (RuntimeError, lambda: _ops.resample(x, 1, places, weights[:1])),
        (RuntimeError, lambda: _ops.resample(x, 1, places.int(), weights)),
        (RuntimeError, lambda: _ops.resample(x, 1, places[:0], weights[:0])),
        (RuntimeError, lambda: _ops.resample(x.byte(), 1, places, weights)),
        (RuntimeError, lambda: _ops.resample(x, 1, places, weights, 31)),
    ):
        with pytest.raises(error):
            call()
