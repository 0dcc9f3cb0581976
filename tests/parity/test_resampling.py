"""Convolutions, pools and resampling of one to three dims against PyTorch.

Values, shapes, dtypes and strides, first and second gradients, types of errors.
"""

from __future__ import annotations

import math
import random
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402

TOLERANCE = {"float32": 2e-5, "complex64": 2e-5}
LEADS = ((), (1,), (2,))


class Draw:
    """Random arguments for both libraries."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.choice = random.Random(seed)

    def one(self, *values):
        return self.choice.choice(values)

    def sizes(self, low, high, dims):
        return tuple(self.choice.randint(low, high) for _ in range(dims))

    def ints(self, low, high, dims):
        values = self.sizes(low, high, dims)
        return values[0] if self.choice.random() < 0.4 else values

    def array(self, shape, dtype="float64"):
        if dtype.startswith("int"):
            return self.rng.integers(-5, 6, shape)
        x = self.rng.normal(size=shape)
        if dtype.startswith("complex"):
            x = x + 1j * self.rng.normal(size=shape)
        return x


def close(ours, theirs, what):
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    assert (a.shape, a.dtype) == (b.shape, b.dtype), what
    tolerance = TOLERANCE.get(str(b.dtype), 1e-9)
    np.testing.assert_allclose(a, b, tolerance, tolerance, err_msg=what)


def attempt(call):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(), None
    except Exception as error:
        return None, error


def check(case, arrays, dtype="float64", second=False):
    """``case(library, *tensors)`` gives the same in both, its gradients too."""
    what = f"{[x if x is None else x.shape for x in arrays]} {dtype}"
    wants = dtype.startswith(("float", "complex"))
    tensors = []
    for library in (rl, torch):
        own = [
            None if x is None else library.tensor(x).to(getattr(library, dtype))
            for x in arrays
        ]
        tensors.append([x if x is None else x.requires_grad_(wants) for x in own])
    ours, error = attempt(lambda: case(rl, *tensors[0]))
    theirs, expected = attempt(lambda: case(torch, *tensors[1]))
    if expected is not None:
        assert isinstance(error, type(expected)), (what, error, expected)
        return
    assert error is None, (what, error)
    ours = ours if isinstance(ours, tuple) else (ours,)
    theirs = theirs if isinstance(theirs, tuple) else (theirs,)
    for a, b in zip(ours, theirs, strict=True):
        close(a, b, what)
        assert a.stride() == b.stride(), what
    if wants and theirs[0].requires_grad:
        compare_gradients(tensors, ours[0], theirs[0], second, what)


def compare_gradients(tensors, ours, theirs, second, what):
    rng = np.random.default_rng(0)
    cotangent = rng.normal(size=tuple(theirs.shape))
    leaves = [[x for x in own if x is not None] for own in tensors]
    found = []
    for library, y, own in ((rl, ours, leaves[0]), (torch, theirs, leaves[1])):
        g = library.tensor(cotangent).to(y.dtype).requires_grad_()
        grads = library.autograd.grad(y, own, g, create_graph=second, allow_unused=True)
        found.append((g, grads))
    (our_g, our_grads), (their_g, their_grads) = found
    for a, b in zip(our_grads, their_grads, strict=True):
        if a is None or b is None:
            assert b is None or not b.any(), what
        else:
            close(a, b, what)
    if second:
        ours, theirs = (
            library.autograd.grad(
                sum(
                    (x * x.conj()).real.sum() if x.is_complex() else (x * x).sum()
                    for x in grads
                ),
                [g, *own],
                allow_unused=True,
            )
            for library, g, grads, own in (
                (rl, our_g, our_grads, leaves[0]),
                (torch, their_g, their_grads, leaves[1]),
            )
        )
        for a, b in zip(ours, theirs, strict=True):
            if a is None or b is None:
                assert b is None or not b.any(), what
            else:
                close(a, b, what)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_conv(dims, seed):
    draw = Draw(seed)
    dtype = draw.one("float64", "float64", "float32", "int64", "complex128")
    groups = draw.one(1, 1, 2, 3)
    outer, inner = groups * draw.one(1, 2), groups * draw.one(1, 2)
    lead, size = draw.one(*LEADS), draw.sizes(2, 7, dims)
    kernel = draw.sizes(1, 3, dims)
    padding = draw.one(draw.ints(0, 2, dims), "same", "valid")
    stride = 1 if padding == "same" else draw.ints(1, 3, dims)
    options = dict(
        stride=stride, padding=padding, dilation=draw.ints(1, 2, dims), groups=groups
    )
    bias = draw.one(None, draw.array((outer,), dtype))
    check(
        lambda m, *t: getattr(m.nn.functional, f"conv{dims}d")(*t, **options),
        [
            draw.array((*lead, inner, *size), dtype),
            draw.array((outer, inner // groups, *kernel), dtype),
            bias,
        ],
        dtype,
        second=dtype == "float64",
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_conv_transpose(dims, seed):
    draw = Draw(seed)
    dtype = draw.one("float64", "float64", "float32", "int64", "complex128")
    groups = draw.one(1, 1, 2)
    outer, inner = groups * draw.one(1, 2), groups * draw.one(1, 2)
    lead, size = draw.one(*LEADS), draw.sizes(1, 5, dims)
    options = dict(
        stride=draw.ints(1, 3, dims),
        padding=draw.ints(0, 2, dims),
        dilation=draw.ints(1, 3, dims),
        output_padding=draw.ints(0, 2, dims),
        groups=groups,
    )
    bias = draw.one(None, draw.array((outer,), dtype))
    check(
        lambda m, *t: getattr(m.nn.functional, f"conv_transpose{dims}d")(*t, **options),
        [
            draw.array((*lead, inner, *size), dtype),
            draw.array((inner, outer // groups, *draw.sizes(1, 3, dims)), dtype),
            bias,
        ],
        dtype,
        second=dtype == "float64",
    )


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_convolution(dims, transposed):
    draw = Draw(dims)
    arguments = ([2] * dims, [1] * dims, [1] * dims, transposed, [0] * dims, 2)
    check(
        lambda m, x, w, b: m.convolution(x, w, b, *arguments),
        [
            draw.array((2, 4, *[5] * dims)),
            draw.array((4, 2, *[3] * dims)),
            draw.array((4,)),
        ],
    )


def test_conv_tbc():
    draw = Draw(0)
    arrays = [draw.array((7, 2, 3)), draw.array((3, 3, 4)), draw.array((4,))]
    check(lambda m, x, w, b: m.conv_tbc(x, w, b, 1), arrays)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_sliding_pools(dims, seed):
    draw = Draw(seed)
    x = draw.array((*draw.one(*LEADS), 2, *draw.sizes(1, 9, dims)))
    kernel, stride = draw.ints(1, 4, dims), draw.one(None, draw.ints(1, 4, dims))
    padding, ceil = draw.ints(0, 2, dims), draw.one(False, True)
    dilation = draw.ints(1, 2, dims) if padding == 0 else 1
    indices = draw.one(False, True)
    check(
        lambda m, x: getattr(m.nn.functional, f"max_pool{dims}d")(
            x, kernel, stride, padding, dilation, ceil, indices
        ),
        [x],
        second=True,
    )
    options = {"divisor_override": draw.one(None, 3)} if dims > 1 else {}
    for dtype in ("float64", "int64"):
        check(
            lambda m, x: getattr(m.nn.functional, f"avg_pool{dims}d")(
                x, kernel, stride, padding, ceil, indices, **options
            ),
            [x * 5],
            dtype,
            second=dtype == "float64",
        )
    norm, size = draw.one(1, 2, 3.5, math.inf, -math.inf), 2
    check(
        lambda m, x: (
            getattr(m.nn.functional, f"lp_pool{dims}d")(x, norm, size, stride, ceil)
            if not isinstance(stride, tuple) or dims > 1
            else x
        ),
        [abs(x) + 0.1],
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("seed", range(12))
def test_adaptive_pools(dims, seed):
    draw = Draw(seed)
    x = draw.array((*draw.one(*LEADS), 2, *draw.sizes(1, 9, dims)))
    size = draw.ints(1, 9, dims)
    if dims > 1 and draw.choice.random() < 0.3:
        size = (None, *[3] * (dims - 1))
    indices = draw.one(False, True)
    check(
        lambda m, x: getattr(m.nn.functional, f"adaptive_avg_pool{dims}d")(x, size),
        [x],
        second=True,
    )
    check(
        lambda m, x: getattr(m.nn.functional, f"adaptive_max_pool{dims}d")(
            x, size, indices
        ),
        [x],
        second=True,
    )


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("seed", range(8))
def test_fractional_pools(dims, seed):
    draw = Draw(seed)
    lead = draw.one(*LEADS)
    x = draw.array((*lead, 2, *draw.sizes(4, 9, dims)))
    size = {"output_size": draw.ints(1, 4, dims)}
    if seed % 2:
        size = {"output_ratio": (0.5,) * dims}
    name = f"fractional_max_pool{dims}d"

    def case(m, x):
        m.manual_seed(3)  # the draws are the same, too
        return getattr(m.nn.functional, name)(x, 2, return_indices=True, **size)

    check(case, [x])


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("size", [None, "pooled"])
def test_unpool(dims, size):
    x = Draw(dims).array((2, 3, *[7] * dims))

    def case(m, x):
        f = m.nn.functional
        y, where = getattr(f, f"max_pool{dims}d")(x, 2, return_indices=True)
        shape = None if size is None else x.shape
        return getattr(f, f"max_unpool{dims}d")(y, where, 2, output_size=shape)

    check(case, [x], second=True)


MODES = [
    (1, "nearest", {}),
    (2, "nearest", {}),
    (3, "nearest", {}),
    (1, "nearest-exact", {}),
    (2, "nearest-exact", {}),
    (3, "nearest-exact", {}),
    (1, "area", {}),
    (2, "area", {}),
    (3, "area", {}),
    (1, "linear", {}),
    (1, "linear", {"align_corners": True}),
    (2, "bilinear", {}),
    (2, "bilinear", {"align_corners": True}),
    (2, "bilinear", {"antialias": True}),
    (2, "bicubic", {}),
    (2, "bicubic", {"align_corners": True}),
    (2, "bicubic", {"antialias": True}),
    (2, "bicubic", {"antialias": True, "align_corners": True}),
    (2, "lanczos", {"antialias": True}),
    (3, "trilinear", {}),
    (3, "trilinear", {"align_corners": True}),
]
SIZES = [
    *({"size": n} for n in (2, 5, 7, 12, 31)),
    *({"scale_factor": s} for s in (0.5, 0.77, 1.0, 1.3, 2, 2.6)),
    {"scale_factor": 1.3, "recompute_scale_factor": True},
]


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_interpolate(mode):
    dims, name, options = mode
    x = Draw(0).array((2, 2, *(7, 6, 5)[:dims]))
    for size in SIZES:
        for dtype in ("float64", "float32"):
            check(
                lambda m, x, size=size: m.nn.functional.interpolate(
                    x, mode=name, **options, **size
                ),
                [x],
                dtype,
            )


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_interpolate_bytes(mode, antialias, align_corners, channels):
    rng = np.random.default_rng(0)
    sizes = [
        (5, 7, 10, 14),
        (13, 9, 7, 5),
        (8, 8, 3, 8),
        (4, 4, 4, 4),
        (17, 31, 23, 29),
    ]
    for h, w, *size in sizes:
        x = rng.integers(0, 256, (2, channels, h, w)).astype("uint8")
        check(
            lambda m, x, size=size: m.nn.functional.interpolate(
                x, size, mode=mode, antialias=antialias, align_corners=align_corners
            ),
            [x],
            "uint8",
        )


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize(
    ("dims", "mode"),
    [(2, "bilinear"), (2, "nearest"), (2, "bicubic"), (3, "bilinear"), (3, "nearest")],
)
def test_grid_sample(dims, mode, padding, align_corners):
    for seed in range(4):
        draw = Draw(seed)
        grid = draw.array((2, *draw.sizes(1, 4, dims), dims)) * draw.one(0.5, 1, 3)
        if mode != "nearest":  # quarters lie on edges and on pixels
            grid = draw.one(grid, np.round(grid * 4) / 4)
        x = draw.array((2, 2, *draw.sizes(1, 5, dims)))
        check(
            lambda m, x, g: m.nn.functional.grid_sample(
                x, g, mode, padding, align_corners
            ),
            [x, grid],
        )


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("dims", [2, 3])
def test_affine_grid(dims, align_corners):
    theta = Draw(0).array((2, dims, dims + 1))
    for size in ((4, 3, 5), (1, 2, 6)):
        check(
            lambda m, theta, size=size: m.nn.functional.affine_grid(
                theta, (2, 1, *size[:dims]), align_corners
            ),
            [theta],
            second=True,
        )


@pytest.mark.parametrize("seed", range(12))
def test_unfold_and_fold(seed):
    draw = Draw(seed)
    options = dict(
        kernel_size=draw.ints(1, 3, 2),
        stride=draw.ints(1, 3, 2),
        padding=draw.ints(0, 2, 2),
        dilation=draw.ints(1, 2, 2),
    )
    size = draw.sizes(5, 7, 2)
    x = draw.array((*draw.one(*LEADS), 2, *size))
    check(lambda m, x: m.nn.functional.unfold(x, **options), [x], second=True)
    columns = torch.nn.functional.unfold(torch.tensor(x), **options).numpy()
    check(lambda m, x: m.nn.functional.fold(x, size, **options), [columns], second=True)


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_pad(dims, mode):
    for seed in range(6):
        draw = Draw(seed)
        low = draw.one(0, 0, -1) if mode != "circular" else 0
        widths = draw.sizes(low, 3, 2 * dims)
        x = draw.array((*draw.one((2,), (1, 2)), *draw.sizes(2, 6, dims)))
        check(
            lambda m, x, widths=widths: m.nn.functional.pad(x, widths, mode),
            [x],
            second=True,
        )


CALLS = [
    lambda m, f: f.conv3d(m.ones(1, 4, 5, 5, 5), m.ones(2, 3, 3, 3, 3)),
    lambda m, f: f.conv3d(m.ones(4, 5, 5), m.ones(2, 4, 3, 3, 3)),
    lambda m, f: f.conv3d(m.ones(1, 4, 5, 5, 5), m.ones(2, 4, 7, 3, 3)),
    lambda m, f: f.conv3d(m.ones(1, 4, 5, 5, 5), m.ones(2, 4, 3, 3, 3), stride=0),
    lambda m, f: f.conv3d(m.ones(1, 4, 5, 5, 5), m.ones(2, 4, 3, 3, 3), stride=(1, 2)),
    lambda m, f: f.conv3d(m.ones(1, 4, 5, 5, 5), m.ones(2, 4, 3, 3, 3), m.ones(3)),
    lambda m, f: f.conv1d(m.ones(1, 4, 5), m.ones(2, 4, 3), padding="both"),
    lambda m, f: f.conv1d(m.ones(1, 4, 5), m.ones(2, 4, 3), stride=2, padding="same"),
    lambda m, f: f.conv1d(m.ones(1, 4, 5), m.ones(2, 4, 3), stride="a"),
    lambda m, f: f.conv_transpose2d(m.ones(1, 4, 5, 5), m.ones(3, 4, 3, 3)),
    lambda m, f: f.conv_transpose2d(
        m.ones(1, 4, 5, 5), m.ones(4, 4, 3, 3), output_padding=1
    ),
    lambda m, f: f.conv_transpose2d(m.ones(1, 4, 1, 1), m.ones(4, 4, 1, 1), padding=1),
    lambda m, f: f.max_pool1d(m.ones(5), 2),
    lambda m, f: f.max_pool3d(m.ones(1, 2, 4, 4, 4), 5),
    lambda m, f: f.max_pool3d(m.ones(1, 2, 4, 4, 4), 2, padding=2),
    lambda m, f: f.avg_pool3d(m.ones(1, 2, 4, 4, 4), 2, divisor_override=0),
    lambda m, f: f.adaptive_avg_pool2d(m.ones(1, 2, 4, 4), (1, 2, 3, 4, 5)),
    lambda m, f: f.adaptive_max_pool2d(m.ones(1, 2, 4, 4), (-1, 2)),
    lambda m, f: f.fractional_max_pool2d(m.ones(1, 2, 4, 4), 2),
    lambda m, f: f.fractional_max_pool2d(m.ones(1, 2, 4, 4), 2, 4),
    lambda m, f: f.max_unpool2d(m.ones(1, 1, 1), m.tensor([[[9]]]), 2),
    lambda m, f: f.max_unpool2d(m.ones(1, 1, 1), m.ones(1, 1, 1), 2),
    lambda m, f: f.max_unpool1d(m.ones(1, 1), m.tensor([[0]]), 2, output_size=(9,)),
    lambda m, f: f.interpolate(m.ones(1, 1, 4)),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2, 2.0),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), (2, 2)),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2.5),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), (2.5,)),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2, mode="bilinear"),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2, mode="cubic"),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2, mode="nearest", align_corners=True),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 2, mode="linear", antialias=True),
    lambda m, f: f.interpolate(m.ones(1, 1, 4), 0),
    lambda m, f: f.grid_sample(m.ones(1, 1, 2, 2), m.ones(1, 2, 2, 3)),
    lambda m, f: f.grid_sample(m.ones(1, 1, 2, 2), m.ones(2, 2, 2, 2)),
    lambda m, f: f.grid_sample(m.ones(1, 1, 2, 2), m.ones(1, 2, 2, 2), "cubic"),
    lambda m, f: f.grid_sample(m.ones(1, 1, 2, 2), m.ones(1, 2, 2, 2).double()),
    lambda m, f: f.affine_grid(m.ones(1, 2, 2), (1, 1, 2, 2)),
    lambda m, f: f.affine_grid(m.ones(1, 2, 3), (1, 1, 2)),
    lambda m, f: f.unfold(m.ones(1, 1, 2, 2), 3),
    lambda m, f: f.unfold(m.ones(2, 2), 1),
    lambda m, f: f.fold(m.ones(1, 4, 3), (3, 3), 2),
    lambda m, f: f.pad(m.ones(1, 2, 2), (2, 2), "reflect"),
    lambda m, f: f.pad(m.ones(1, 2, 2), (3, 0), "circular"),
    lambda m, f: f.pad(m.ones(1, 2, 2), (-3, 0)),
    lambda m, f: f.pad(m.ones(1, 2, 2), (1,)),
    lambda m, f: f.pad(m.ones(1, 2, 2), (1, 1), "mirror"),
    lambda m, f: f.pad(m.ones(1, 2, 2), (1, 1), "reflect", 2.0),
]


@pytest.mark.parametrize("call", CALLS)
def test_error_types(call):
    _, expected = attempt(lambda: call(torch, torch.nn.functional))
    assert expected is not None
    _, error = attempt(lambda: call(rl, rl.nn.functional))
    assert isinstance(error, type(expected)), (error, expected)


def test_names():
    """What PyTorch has of these families is there."""
    words = ("conv", "pool", "pad", "fold", "interp", "upsample", "grid", "shuffle")
    here, there = rl.nn.functional, torch.nn.functional
    names = [n for n in dir(there) if not n.startswith("_")]
    names = [n for n in names if any(w in n for w in words)]
    assert len(names) > 40
    assert [n for n in names if not hasattr(here, n)] == []
