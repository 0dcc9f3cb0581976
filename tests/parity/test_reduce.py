"""Reductions against PyTorch: values, dtypes, shapes, gradients and errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight  # noqa: E402

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["bool", "uint8", "int8", "int16", "int32", "int64"]
COMPLEX = ["complex64", "complex128"]
TOLERANCE = {
    "float16": 2e-3,
    "bfloat16": 1.6e-2,
    "float32": 2e-6,
    "float64": 1e-13,
    "complex64": 4e-6,
    "complex128": 1e-13,
}


def values(shape, dtype, seed=0):
    """NumPy values that every dtype represents exactly."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.random(shape) < 0.6
    if dtype in INTS:
        return rng.integers(0 if dtype == "uint8" else -9, 10, shape).astype(dtype)
    x = rng.integers(-40, 41, shape) / 16
    if dtype in COMPLEX:
        x = x + 1j * rng.integers(-40, 41, shape) / 16
        return x.astype(dtype)
    return x.astype("float32" if dtype == "bfloat16" else dtype)


def pair(array, dtype):
    ours, theirs = rushlight.tensor(array), torch.tensor(array)
    if dtype == "bfloat16":
        ours, theirs = ours.to(rushlight.bfloat16), theirs.to(torch.bfloat16)
    return ours, theirs


def check(ours, theirs, tolerance=None):
    if isinstance(theirs, (tuple, list)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            check(a, b, tolerance)
        return
    dtype = str(theirs.dtype).removeprefix("torch.")
    assert str(ours.dtype).split(".")[-1] == dtype
    assert tuple(ours.shape) == tuple(theirs.shape)
    a, b = ours.detach(), theirs.detach()
    if dtype == "bfloat16":
        a, b = a.float(), b.float()
    a, b = a.numpy(), b.numpy()
    if dtype in TOLERANCE:
        rtol = tolerance or TOLERANCE[dtype]
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol)
    else:
        np.testing.assert_array_equal(a, b)


LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, -1),
    "sliced": lambda x: x[1:, 1::2],
    "stepped": lambda x: x[..., ::3],
    "expanded": lambda x: x[:1].expand(4, *x.shape[1:]),
    "permuted": lambda x: x.permute(1, 2, 0),
}
DIMS = [None, 0, 1, -1, (0, 1), (0, 2), (1, 2), (0, 1, 2)]
MANY = [
    "sum",
    "mean",
    "amax",
    "amin",
    "any",
    "all",
    "var",
    "std",
    "var_mean",
    "count_nonzero",
]
SINGLE = ["prod", "max", "min", "argmax", "argmin"]


def call(lib, name, x, dim, keepdim):
    fn = getattr(lib, name)
    if name == "count_nonzero":
        return fn(x, dim) if dim is not None else fn(x)
    if dim is None:
        if name in ("amax", "amin"):
            return fn(x, keepdim=keepdim)
        if name in ("mean", "sum") and keepdim:
            return fn(x, dim=tuple(range(x.dim())), keepdim=True)
        if name in ("argmax", "argmin"):
            return fn(x, keepdim=keepdim)
        return fn(x)
    return fn(x, dim, keepdim=keepdim)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", FLOATS + INTS)
def test_values(layout, dtype):
    ours, theirs = pair(values((3, 5, 7), dtype), dtype)
    ours, theirs = LAYOUTS[layout](ours), LAYOUTS[layout](theirs)
    for name, dim, keepdim in itertools.product(MANY + SINGLE, DIMS, [False, True]):
        if name in SINGLE and isinstance(dim, tuple):
            continue
        if name in ("mean", "var", "std", "var_mean") and dtype in INTS:
            continue
        if name in ("argmax", "argmin") and dtype == "bool":
            continue
        check(
            call(rushlight, name, ours, dim, keepdim),
            call(torch, name, theirs, dim, keepdim),
        )


@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("layout", ["contiguous", "transposed", "stepped"])
def test_complex(layout, dtype):
    ours, theirs = pair(values((3, 5, 7), dtype), dtype)
    ours, theirs = LAYOUTS[layout](ours), LAYOUTS[layout](theirs)
    for name, dim in itertools.product(
        ["sum", "mean", "prod", "any", "all", "var", "std"], DIMS
    ):
        if name == "prod" and (isinstance(dim, tuple) or dim is None):
            continue
        check(
            call(rushlight, name, ours, dim, False),
            call(torch, name, theirs, dim, False),
            1e-5,
        )
    for p, dim in itertools.product([0, 1, 2, 3, math.inf, -math.inf], DIMS):
        check(
            rushlight.norm(ours, p, dim), torch.linalg.vector_norm(theirs, p, dim), 1e-5
        )


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p", [0, 1, 2, 3, 0.5, -1, math.inf, -math.inf])
def test_norm(dtype, p):
    ours, theirs = pair(values((3, 5, 7), dtype), dtype)
    for layout, dim, keepdim in itertools.product(
        LAYOUTS.values(), DIMS, [False, True]
    ):
        a = rushlight.norm(layout(ours), p, dim, keepdim)
        check(
            a,
            torch.linalg.vector_norm(layout(theirs), p, dim, keepdim),
            4 * TOLERANCE[dtype],
        )


# Long enough for several blocks, chunks and strips, and for folded narrow matrices.
SHAPES = [
    (70_001,),
    (3, 70_003),
    (70_003, 3),
    (4000, 33),
    (33, 4000),
    (2, 1500, 40),
    (300, 2, 300),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "int8", "int64", "bfloat16", "complex64"]
)
def test_large(shape, dtype):
    ours, theirs = pair(values(shape, dtype), dtype)
    names = (
        ["sum", "any"]
        if dtype in COMPLEX
        else ["sum", "amax", "amin", "all", "count_nonzero"]
    )
    if dtype in ("float32", "float64"):
        names += ["var", "mean"]
    dims = [None, *range(len(shape))] + ([(0, 2)] if len(shape) == 3 else [])
    for name, dim in itertools.product(names, dims):
        if dtype == "bfloat16" and name == "sum":
            # PyTorch's own sum of halves is coarser than one rounding of the exact sum.
            expected = call(torch, name, theirs.double(), dim, False).bfloat16()
        else:
            expected = call(torch, name, theirs, dim, False)
        check(
            call(rushlight, name, ours, dim, False),
            expected,
            None if dtype == "bfloat16" else 1e-5,
        )
    if dtype in COMPLEX:
        return
    # Ties are frequent: the first index must be the one found.
    wide = np.random.default_rng(1).integers(0, 60, shape).astype(np.float32)
    if dtype == "float32":
        wide[..., ::1000] = np.nan
    ours, theirs = rushlight.tensor(wide), torch.tensor(wide)
    for dim in [None, *range(len(shape))]:
        check(rushlight.argmax(ours, dim), torch.argmax(theirs, dim))
        check(rushlight.argmin(ours, dim), torch.argmin(theirs, dim))
        if dim is not None:
            check(rushlight.max(ours, dim), torch.max(theirs, dim))
            check(rushlight.min(ours, dim), torch.min(theirs, dim))


@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_and_infinity(dtype):
    for special in (
        [math.nan],
        [math.inf],
        [-math.inf],
        [math.inf, math.nan],
        [math.inf, -math.inf],
    ):
        array = values((4, 300), dtype)
        array[1, 7 : 7 + len(special)] = special
        array[3, 299] = special[0]
        ours, theirs = pair(array, dtype)
        for name, dim in itertools.product(
            [
                "sum",
                "mean",
                "max",
                "min",
                "argmax",
                "argmin",
                "prod",
                "amax",
                "any",
                "var",
            ],
            [None, 0, 1],
        ):
            if name == "prod" and dtype in ("float16", "bfloat16"):
                continue
            check(
                call(rushlight, name, ours, dim, False),
                call(torch, name, theirs, dim, False),
            )
        for p in (0, 1, 2, math.inf, -math.inf):
            check(rushlight.norm(ours, p, 1), torch.linalg.vector_norm(theirs, p, 1))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3), ()], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "float16"])
def test_empty_and_scalar(shape, dtype):
    ours, theirs = pair(values(shape, dtype), dtype)
    for name, dim, keepdim in itertools.product(
        MANY + SINGLE, [None, *range(-1, 3)], [False, True]
    ):
        results = []
        for lib, x in ((rushlight, ours), (torch, theirs)):
            try:
                results.append(call(lib, name, x, dim, keepdim))
            except Exception as error:
                results.append(type(error))
        if isinstance(results[1], type):
            assert results[0] is results[1], (name, dim, results)
        else:
            check(*results)


@pytest.mark.parametrize("name", ["sum", "prod", "mean"])
def test_dtype_argument(name):
    for source, target in itertools.product(
        ["bool", "uint8", "int32", "float16", "float32"],
        ["bool", "uint8", "int32", "int64", "float16", "float64", "complex64"],
    ):
        array = values((3, 40), source)
        # Products of more would overflow float16 in an order of their own.
        ours, theirs = pair(array[:, :5] if name == "prod" else array, source)
        if name == "mean" and target in INTS:
            continue
        for dim in (None, 0, 1):
            a = call_dtype(rushlight, name, ours, dim, target)
            check(a, call_dtype(torch, name, theirs, dim, target))


def call_dtype(lib, name, x, dim, target):
    fn, dtype = getattr(lib, name), getattr(lib, target)
    return fn(x, dtype=dtype) if dim is None else fn(x, dim, dtype=dtype)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_scans(name):
    for dtype in FLOATS + INTS + COMPLEX:
        if name == "cumprod" and dtype in ("float16", "bfloat16"):
            continue
        ours, theirs = pair(values((3, 5, 70), dtype), dtype)
        for layout, dim in itertools.product(LAYOUTS.values(), [0, 1, 2, -1]):
            a, b = getattr(layout(ours), name)(dim), getattr(layout(theirs), name)(dim)
            check(a, b, 1e-4 if name == "cumprod" and dtype in TOLERANCE else None)
    ours, theirs = pair(values((3, 5), "int32"), "int32")
    for target in ("int32", "uint8", "float32", "int64"):
        a = getattr(ours, name)(0, dtype=getattr(rushlight, target))
        check(a, getattr(theirs, name)(0, dtype=getattr(torch, target)))
    for shape in [(), (0,), (2, 0)]:
        ours, theirs = pair(values(shape, "float32"), "float32")
        check(getattr(ours, name)(0), getattr(theirs, name)(0))


ERRORS = [
    lambda lib: lib.ones(2, 3).sum(2),
    lambda lib: lib.ones(2, 3).sum((0, 0)),
    lambda lib: lib.ones(2, 3).sum((0, -2)),
    lambda lib: lib.ones(2, 3).amax(-3),
    lambda lib: lib.ones(2, 3).max(5),
    lambda lib: lib.ones(2, 3).argmax(-3),
    lambda lib: lib.ones(2, 3, dtype=lib.int64).mean(),
    lambda lib: lib.ones(2, 3).mean(dtype=lib.int64),
    lambda lib: lib.ones(2, 3, dtype=lib.int64).var(),
    lambda lib: lib.ones(2, 3, dtype=lib.bool).std(),
    lambda lib: lib.zeros(0).max(),
    lambda lib: lib.zeros(0, 3).max(0),
    lambda lib: lib.zeros(0).argmax(),
    lambda lib: lib.zeros(0, 3).amin(0),
    lambda lib: lib.zeros(0).amin(),
    lambda lib: lib.ones(2, dtype=lib.complex64).max(),
    lambda lib: lib.ones(2, dtype=lib.complex64).amax(),
    lambda lib: lib.ones(2, dtype=lib.complex64).argmax(),
    lambda lib: lib.ones(2, dtype=lib.bool).argmax(),
    lambda lib: lib.ones(2, dtype=lib.int64).norm(),
    lambda lib: lib.zeros(0).norm(math.inf),
    lambda lib: lib.ones(2, 2).sum("x"),
    lambda lib: lib.ones(2, 2).sum(0.5),
    lambda lib: lib.ones(2, 2).prod((0, 1)),
]


@pytest.mark.parametrize("case", range(len(ERRORS)))
def test_errors(case):
    with pytest.raises(Exception) as theirs:
        ERRORS[case](torch)
    with pytest.raises(theirs.type):
        ERRORS[case](rushlight)


GRADIENTS = {
    "sum": lambda x: x.sum(),
    "sum dims": lambda x: x.sum((0, 2)),
    "mean": lambda x: x.mean(),
    "mean keepdim": lambda x: x.mean(1, keepdim=True),
    "prod": lambda x: x.prod(),
    "prod dim": lambda x: x.prod(1),
    "var": lambda x: x.var(),
    "var dims": lambda x: x.var((0, 1), correction=0, keepdim=True),
    "std": lambda x: x.std(-1),
    "max": lambda x: x.max(),
    "min": lambda x: x.min(),
    "max dim": lambda x: x.max(1).values,
    "min keepdim": lambda x: x.min(-1, keepdim=True)[0],
    "amax": lambda x: x.amax((0, 1)),
    "amin": lambda x: x.amin(),
    "norm": lambda x: x.norm(),
    "norm dim": lambda x: x.norm(2, -1),
    "norm 1": lambda x: x.norm(1, (0, 1)),
    "norm inf": lambda x: x.norm(math.inf, 1),
    "norm 3": lambda x: x.norm(3, 0),
    "norm 1.5": lambda x: x.norm(1.5, 0),
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(-1),
    "logsumexp": lambda x: x.logsumexp(1),
    "logsumexp dims": lambda x: x.logsumexp((0, 2), keepdim=True),
}


@pytest.mark.parametrize("kind", ["plain", "zeros", "ties"])
@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name, kind):
    array = values((3, 4, 5), "float64", seed=3) + (0 if kind == "ties" else 1 / 64)
    if kind == "zeros":
        array[0, 1, 2] = array[0, 1, 4] = array[1, 2, 3] = array[2] = 0
    grads = []
    for lib in (rushlight, torch):
        x = lib.tensor(array, requires_grad=True)
        y = GRADIENTS[name](x)
        weight = lib.tensor(np.cos(np.arange(y.numel())).reshape(tuple(y.shape)))
        (y * weight).sum().backward()
        grads.append(x.grad)
    check(*grads)


def test_var_mean_gradient():
    array = values((3, 4), "float64")
    grads = []
    for lib in (rushlight, torch):
        x = lib.tensor(array, requires_grad=True)
        var, mean = lib.var_mean(x, 1)
        std, again = lib.std_mean(x, 0)
        (var.sum() + mean.sum() * 3 + std.sum() * again.sum()).backward()
        grads.append(x.grad)
    check(*grads)
