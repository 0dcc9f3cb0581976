"""Counting, differences, norms, flat writes and reductions against PyTorch."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import FLOATS, INTS, outcome, same_error  # noqa: E402
from ties import LAYOUTS, check, pair, same, values  # noqa: E402

TOLERANCE = {"float16": 4e-3, "bfloat16": 3e-2, "float64": 1e-12, "complex128": 1e-12}

WIDE = {False: lambda lib: lib.float64, True: lambda lib: lib.complex128}


def close(case, array, dtype, layout="contiguous"):
    check(case, array, dtype, layout, TOLERANCE.get(dtype, 2e-5))


def complex_values(shape, seed=0):
    return values(shape, "float64", seed) + 1j * values(shape, "float64", seed + 1)


@pytest.mark.parametrize("dtype", INTS)
def test_bincount(dtype):
    array = np.abs(values(200, dtype))
    for minlength in (0, 3, 30):
        check(lambda lib, x, n=minlength: lib.bincount(x, minlength=n), array, dtype)
        for weight in ("float32", "float64", "float16", "int64", "bool"):
            check(
                lambda lib, x, n=minlength, w=weight: lib.bincount(
                    x, (x * 0.5).to(getattr(lib, w)), n
                ),
                array,
                dtype,
                tolerance=1e-6,
            )
    check(lambda lib, x: x[::3].bincount(), array, dtype)
    check(lambda lib, x: lib.bincount(x[:0], minlength=4), array, dtype)


# Halves are left out: PyTorch rounds their bins to half precision.
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_histc(dtype):
    array = np.random.default_rng(0).normal(size=(20, 30)).astype("float32")
    for bins, low, high in [(10, -1, 1), (7, 0, 0), (100, -0.5, 2.5), (1, 0, 1)]:
        check(
            lambda lib, x, a=(bins, low, high): lib.histc(x, *a),
            array,
            dtype,
            "transposed",
        )
    check(lambda lib, x: lib.histc(x, 4), np.ones(3), dtype)
    check(lambda lib, x: lib.histc(x, 4), np.ones(0), dtype)
    check(
        lambda lib, x: lib.histc(x, 3, 0, 2), np.array([0, 1, 2, 3, np.nan, -1]), dtype
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_histogram(dtype):
    array = np.random.default_rng(0).normal(size=(20, 30))
    # A bin edge is a unit in the last place away at most; no element lies that close.
    for density, layout in itertools.product((False, True), LAYOUTS):
        close(
            lambda lib, x, d=density: lib.histogram(
                x, 8, range=(-1.1, 1.3), weight=x * x, density=d
            ),
            array,
            dtype,
            layout,
        )
        close(lambda lib, x, d=density: lib.histogram(x, 5, density=d), array, dtype)
        close(
            lambda lib, x, d=density: lib.histogram(
                x, lib.tensor([-1.0, -0.2, 0.1, 2], dtype=x.dtype), density=d
            ),
            array,
            dtype,
            layout,
        )
        close(
            lambda lib, x, d=density: lib.histogramdd(
                x[:, :2], [3, 4], [-1.0, 1.0, -2.0, 2.5], weight=x[:, 2], density=d
            ),
            array,
            dtype,
        )
    close(lambda lib, x: lib.histogramdd(x[:, :3], 2), array, dtype)
    close(
        lambda lib, x: lib.histogramdd(
            x.reshape(10, 30, 2), (lib.arange(-2, 3).to(x.dtype), x[0].sort().values)
        ),
        array,
        dtype,
    )
    close(lambda lib, x: lib.histogram(x[:0], 3), array, dtype)
    close(lambda lib, x: lib.histogram(x * 0 + 1, 3), array, dtype)


def test_histogram_edges_are_compared():
    # Values on the edges themselves.
    for bins, low, high in [(10, 0, 1), (7, -1, 2), (49, 0, 1), (3, 0, 0.3)]:
        edges = torch.linspace(low, high, bins + 1)
        close(
            lambda lib, x, a=(bins, low, high): lib.histogram(
                x, a[0], range=(float(a[1]), float(a[2]))
            ),
            edges.numpy(),
            "float32",
        )


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS])
def test_composite_reductions(dtype):
    for layout, dim, keepdim in itertools.product(
        LAYOUTS, (None, 0, 1, -1), (False, True)
    ):
        close(
            lambda lib, x, d=dim, k=keepdim: lib.aminmax(x, dim=d, keepdim=k),
            values((4, 5, 6), dtype, nan=True),
            dtype,
            layout,
        )
        for many in (dim, (0, 2)):
            close(
                lambda lib, x, d=many, k=keepdim: lib.nansum(x, d, k),
                values((4, 5, 6), dtype, nan=True),
                dtype,
                layout,
            )
            if dtype in FLOATS:
                close(
                    lambda lib, x, d=many, k=keepdim: lib.nanmean(x, d, k),
                    values((4, 5, 6), dtype, nan=True),
                    dtype,
                    layout,
                )
    close(
        lambda lib, x: lib.nansum(x, 0, dtype=lib.float64), values((4, 5), dtype), dtype
    )


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS, "complex64"])
def test_differences(dtype):
    array = (
        complex_values((4, 5, 6)) if dtype == "complex64" else values((4, 5, 6), dtype)
    )
    for layout, dim, n in itertools.product(LAYOUTS, (0, 1, -1), (0, 1, 2, 7)):
        close(lambda lib, x, d=dim, n=n: lib.diff(x, n, d), array, dtype, layout)
    close(lambda lib, x: lib.diff(x, 1, 1, x[:, :2], append=x[:, -1:]), array, dtype)
    if dtype == "bool":
        return
    for layout, dim in itertools.product(LAYOUTS, (0, 1, -1)):
        close(
            lambda lib, x, d=dim: (
                lib.trapezoid(x, dim=d),
                lib.trapz(x, dx=0.5, dim=d),
                lib.trapezoid(x, x * 2, dim=d),
                lib.trapezoid(x, x[1], dim=-1),
                lib.trapezoid(x, lib.arange(x.shape[d]), dim=d),
                lib.cumulative_trapezoid(x, dim=d),
                lib.cumulative_trapezoid(x, dx=3, dim=d),
                lib.cumulative_trapezoid(x, lib.arange(x.shape[d]) * 2, dim=d),
            ),
            array % 5 if dtype != "complex64" else array,
            dtype,
            layout,
        )
    close(
        lambda lib, x: (
            lib.trapezoid(x[:0], dim=0),
            lib.trapezoid(x[:1], dim=0),
            lib.cumulative_trapezoid(x[:1], dim=0),
        ),
        array,
        dtype,
    )


@pytest.mark.parametrize("dtype", ["int32", *FLOATS, "complex64", "int64", "int8"])
def test_gradient(dtype):
    array = (
        complex_values((4, 5, 6)) if dtype == "complex64" else values((4, 5, 6), dtype)
    )

    def coordinates(lib, n):
        wide = lib.float64 if dtype == "float64" else lib.float32
        return lib.arange(n).to(wide) ** 2 + lib.arange(n)

    for order in (1, 2):
        for case in [
            lambda lib, x, o=order: lib.gradient(x, edge_order=o),
            lambda lib, x, o=order: lib.gradient(x, spacing=2.0, dim=1, edge_order=o),
            lambda lib, x, o=order: lib.gradient(
                x, spacing=[2, 3], dim=(0, -1), edge_order=o
            ),
            lambda lib, x, o=order: lib.gradient(
                x,
                spacing=[coordinates(lib, x.shape[1]), coordinates(lib, x.shape[2])],
                dim=(1, 2),
                edge_order=o,
            ),
        ]:
            close(case, array, dtype)
            close(case, array, dtype, "stepped")
    close(lambda lib, x: lib.gradient(x[0, :2, 0]), array, dtype)


@pytest.mark.filterwarnings("ignore:.*(deprecated|degrees of freedom|in beta)")
@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
def test_norms(dtype):
    is_complex = dtype.startswith("complex")
    array = complex_values((4, 5, 6)) if is_complex else values((4, 5, 6), dtype)
    orders = (0, 1, 2, 3, 2.5, 0.5, -1, math.inf, -math.inf)
    for layout, p in itertools.product(LAYOUTS, orders):
        for dim, keepdim in itertools.product((None, 0, (0, 2), -1), (False, True)):
            close(
                lambda lib, x, a=(p, dim, keepdim): lib.norm(x, *a),
                array,
                dtype,
                layout,
            )
        close(lambda lib, x, p=p: lib.dist(x, x[:1] * 2, p), array, dtype, layout)
        if p > 0:
            close(
                lambda lib, x, p=p: (lib.renorm(x, p, 1, 2.5), x.renorm(p, -1, 3)),
                array,
                dtype,
                layout,
            )
    for dim, keepdim in itertools.product((0, (0, 1), (), [-1]), (False, True)):
        close(lambda lib, x, a=(dim, keepdim): lib.frobenius_norm(x, *a), array, dtype)
    for dim in (None, 1, (0, 2)):
        close(lambda lib, x, d=dim: lib.norm(x, dim=d, keepdim=True), array, dtype)
    wide = "complex128" if is_complex else "float64"
    close(lambda lib, x: lib.norm(x, 3, 1, dtype=getattr(lib, wide)), array, dtype)


@pytest.mark.filterwarnings("ignore:.*(deprecated|degrees of freedom|in beta)")
def test_nuclear_norm():
    pytest.importorskip("rushlight.linalg")
    array = np.random.default_rng(0).normal(size=(3, 4, 5))
    for dim, keepdim in itertools.product((None, (0, 2), (-1, 1)), (False, True)):
        if dim is None:
            close(lambda lib, x, k=keepdim: lib.nuclear_norm(x[0], k), array, "float64")
            continue
        close(
            lambda lib, x, a=(dim, keepdim): (
                lib.nuclear_norm(x, *a),
                lib.norm(x, "nuc", *a),
            ),
            array,
            "float64",
        )


@pytest.mark.filterwarnings("ignore:.*(deprecated|degrees of freedom|in beta)")
@pytest.mark.parametrize("dtype", ["int32", "int64", *FLOATS, "complex64"])
def test_covariance(dtype):
    array = complex_values((3, 8)) if dtype == "complex64" else values((3, 8), dtype)
    f, a = np.arange(8) % 3, np.random.default_rng(0).random(8)
    a = a.astype("float64" if dtype == "float64" else "float32")
    for correction in (0, 1, 2):
        for fw, aw in itertools.product((None, f), (None, a)):
            close(
                lambda lib, x, c=correction, fw=fw, aw=aw: lib.cov(
                    x,
                    correction=c,
                    fweights=None if fw is None else lib.tensor(fw),
                    aweights=None if aw is None else lib.tensor(aw),
                ),
                array,
                dtype,
            )
    close(lambda lib, x: (lib.cov(x[0]), lib.corrcoef(x), x.corrcoef()), array, dtype)
    close(lambda lib, x: lib.corrcoef(x[0]), array, dtype)
    close(lambda lib, x: (lib.cov(x[:, :0]), lib.cov(x[0, 0])), array, dtype)


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS, "complex64"])
def test_put(dtype):
    array = complex_values((4, 6)) if dtype == "complex64" else values((4, 6), dtype)
    index = np.array([[0, -1, 5], [7, 2, -9]])
    for layout in ("contiguous", "transposed", "stepped"):
        for accumulate in (False, True):

            def case(lib, x, accumulate=accumulate):
                where = lib.tensor(index)
                source = x.reshape(-1)[:6].clone()
                made = x.put(where, source, accumulate)
                written = lib.zeros(6, 8, dtype=x.dtype)[1:5, 1:7]
                written.copy_(x[:4, :6] if x.shape == (4, 6) else 0 * x.reshape(-1)[0])
                assert written.put_(where, source, accumulate) is written
                return made, written

            close(case, array, dtype, layout)
    close(
        lambda lib, x: lib.put(x, lib.tensor([], dtype=lib.int64), x[:0, 0]),
        array,
        dtype,
    )


@pytest.mark.filterwarnings("ignore:.*(deprecated|degrees of freedom|in beta)")
@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
def test_index_reduce(dtype, reduce):
    for layout, dim, include in itertools.product(
        ("contiguous", "transposed", "stepped"), (0, 1, -1), (True, False)
    ):

        def case(lib, x, dim=dim, include=include):
            n = x.shape[dim]
            index = lib.tensor([0, n - 1, 0, 1])
            source = lib.stack([x.select(dim, i) for i in (1, 0, 1, n - 1)], dim)
            made = lib.index_reduce(x, dim, index, source, reduce, include_self=include)
            own = x.clone()
            own.index_reduce_(dim, index.int(), source, reduce, include_self=include)
            return made, own

        close(case, values((3, 4, 6), dtype, spread=2), dtype, layout)


def test_unravel_index():
    for shape in [(2, 3), (6,), 6, [1, 2, 3], (3, 2, 5)]:
        for dtype in ("int64", "int32", "uint8"):
            check(
                lambda lib, x, s=shape: lib.unravel_index(x, s),
                np.array([[0, 3], [5, 4]]),
                dtype,
            )


def test_in_place_scans():
    for dtype in ("int8", "int64", "float32", "float16"):

        def case(lib, x):
            a, b = x.clone(), x.clone()
            return (
                a.cumsum_(0),
                b.cumprod_(1),
                x.clone().renorm_(2, 0, 1) if x.is_floating_point() else None,
            )

        close(case, values((3, 4), dtype, spread=3), dtype)


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS, "complex64"])
def test_reduction_variants(dtype):
    """Empty dims, dtype=, out=, keepdim and dim lists of the compiled reductions."""
    array = (
        complex_values((3, 4, 5)) if dtype == "complex64" else values((3, 4, 5), dtype)
    )
    array = array / 2 if dtype in FLOATS else array
    cases = [
        lambda lib, x: x.sum(()),
        lambda lib, x: x.sum((), True),
        lambda lib, x: x.sum([0, 2]),
        lambda lib, x: x.sum((0, -1), keepdim=True, dtype=lib.float64),
        lambda lib, x: lib.sum(x, dtype=lib.int32),
        lambda lib, x: lib.sum(x, 1, out=lib.empty(0, dtype=WIDE[x.is_complex()](lib))),
        lambda lib, x: lib.prod(x),
        lambda lib, x: lib.prod(x[:2, :2, 0], 0, True, dtype=lib.float64),
        lambda lib, x: x.any((0, 1)),
        lambda lib, x: x.all(()),
        lambda lib, x: x.all(dim=(0, 2), keepdim=True),
        lambda lib, x: x[0, 0, 0].sum(0),
        lambda lib, x: x[0, 0, 0].any(),
        lambda lib, x: x[:0].sum(0),
        lambda lib, x: x[:0].prod(),
        lambda lib, x: x[:0].all(),
        lambda lib, x: x[:0].any(1),
        lambda lib, x: x.count_nonzero(dim=(0, 1)),
        lambda lib, x: x.count_nonzero(()),
        lambda lib, x: x.amax(()),
        lambda lib, x: x.amin(dim=(0, 1), keepdim=True),
        lambda lib, x: x.argmax(),
        lambda lib, x: x.argmin(keepdim=True),
        lambda lib, x: lib.argmax(x, dim=1, keepdim=True),
        lambda lib, x: lib.max(x, 1),
        lambda lib, x: lib.min(x, dim=-1, keepdim=True),
        lambda lib, x: x.max(),
        lambda lib, x: lib.max(x, x.flip(0)),
        lambda lib, x: x[0, 0, 0].max(0),
        lambda lib, x: x.mean((0, 2)),
        lambda lib, x: x.mean(dtype=lib.float64),
        lambda lib, x: x[:0].mean(),
        # Of complex numbers it is not there yet.
        lambda lib, x: x.logsumexp((0, 1)) if not x.is_complex() else x.sum(),
        lambda lib, x: lib.var_mean(x, (0, 1)),
        lambda lib, x: lib.std_mean(x, 1, False, True),
        lambda lib, x: lib.std(x, unbiased=False),
        lambda lib, x: lib.var(x, dim=[0], correction=2),
        lambda lib, x: x.cumsum(1, dtype=lib.float64),
        lambda lib, x: lib.cumprod(x[:, :2], dim=1),
        lambda lib, x: lib.take(x, lib.tensor([[0, -1]])),
        lambda lib, x: x.sum((0, 0)),
        lambda lib, x: x.amax(3),
    ]
    ours, theirs = pair(array, dtype)
    import warnings

    for layout in ("contiguous", "transposed"):
        for number, case in enumerate(cases):
            a, b = LAYOUTS[layout](ours), LAYOUTS[layout](theirs)
            left, right = (
                outcome(lambda case=case, a=a: (case(rl, a), 0)),
                outcome(lambda case=case, b=b: (case(torch, b), 0)),
            )
            # Known gaps: complex logsumexp, complex sums narrowed to a real dtype.
            if dtype == "complex64" and ("cast" in str(left) or "logsum" in str(left)):
                continue
            if right[0] == "error":
                assert same_error(left, right), (number, left, right)
                continue
            assert left[0] == "value", (number, left)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                same(case(rl, a), case(torch, b), TOLERANCE.get(dtype, 2e-5))


ERRORS = {
    "bincount negative": lambda lib, x: lib.bincount(lib.tensor([-1])),
    "bincount 2-d": lambda lib, x: lib.bincount(x.long()),
    "bincount float": lambda lib, x: lib.bincount(x[0]),
    "bincount weights": lambda lib, x: lib.bincount(x[0].long(), x[0, :1]),
    "bincount minlength": lambda lib, x: lib.bincount(x[0].long(), minlength=-1),
    "histc int": lambda lib, x: lib.histc(x.long(), 3),
    "histc bins": lambda lib, x: lib.histc(x, 0),
    "histc range": lambda lib, x: lib.histc(x, 3, 2, 1),
    "histc nan": lambda lib, x: lib.histc(x / 0, 3),
    "histogram half": lambda lib, x: lib.histogram(x.half(), 3),
    "histogram bins": lambda lib, x: lib.histogram(x, 0),
    "histogram range": lambda lib, x: lib.histogram(x, 2, range=(2.0, 1.0)),
    "histogram weight": lambda lib, x: lib.histogram(x, 2, weight=x[0]),
    "histogram edges": lambda lib, x: lib.histogram(x, x),
    "histogramdd 1-d": lambda lib, x: lib.histogramdd(x[0], 2),
    "histogramdd bins": lambda lib, x: lib.histogramdd(x, [2]),
    "histogramdd weight": lambda lib, x: lib.histogramdd(x, 2, weight=x),
    "histogramdd range": lambda lib, x: lib.histogramdd(x, 2, [1.0, 2.0]),
    "aminmax empty": lambda lib, x: lib.aminmax(x[:0]),
    "aminmax empty dim": lambda lib, x: lib.aminmax(x[:0], dim=0),
    "nanmean int": lambda lib, x: lib.nanmean(x.long()),
    "nansum complex": lambda lib, x: lib.nansum(x.to(lib.complex64)),
    "diff 0-d": lambda lib, x: lib.diff(x[0, 0]),
    "diff n": lambda lib, x: lib.diff(x, -1),
    "diff prepend": lambda lib, x: lib.diff(x, prepend=x[0]),
    "trapezoid 0-d": lambda lib, x: lib.trapezoid(x[0, 0]),
    "trapezoid bool": lambda lib, x: lib.trapezoid(x > 0),
    "trapezoid x": lambda lib, x: lib.trapezoid(x, x[0, :2]),
    "gradient order": lambda lib, x: lib.gradient(x, edge_order=3),
    "gradient short": lambda lib, x: lib.gradient(x[:1]),
    "gradient twice": lambda lib, x: lib.gradient(x, dim=(0, 0)),
    "gradient uint8": lambda lib, x: lib.gradient(x.to(lib.uint8)),
    "gradient spacing": lambda lib, x: lib.gradient(x, spacing=[1.0], dim=(0, 1)),
    "dist int": lambda lib, x: lib.dist(x.long(), x.long()),
    "renorm 1-d": lambda lib, x: lib.renorm(x[0], 2, 0, 1),
    "renorm p": lambda lib, x: lib.renorm(x, 0, 0, 1),
    "renorm maxnorm": lambda lib, x: lib.renorm(x, 2, 0, -1),
    "renorm int": lambda lib, x: lib.renorm(x.long(), 2, 0, 1),
    "renorm dim": lambda lib, x: lib.renorm(x, 2, 2, 1),
    "fro 3 dims": lambda lib, x: lib.frobenius_norm(x[None], (0, 1, 2)),
    "norm int": lambda lib, x: lib.norm(x.long()),
    "norm order": lambda lib, x: lib.norm(x, "max"),
    "norm fro dims": lambda lib, x: lib.norm(x[None], "fro", (0, 1, 2)),
    "nuclear 1-d": lambda lib, x: lib.nuclear_norm(x[0]),
    "nuc one dim": lambda lib, x: lib.norm(x, "nuc", 0),
    "cov 3-d": lambda lib, x: lib.cov(x[None]),
    "cov bool": lambda lib, x: lib.cov(x > 0),
    "cov fweights dtype": lambda lib, x: lib.cov(x, fweights=x[0]),
    "cov fweights size": lambda lib, x: lib.cov(x, fweights=x[0, :1].long()),
    "cov fweights sign": lambda lib, x: lib.cov(x, fweights=-x[0].long()),
    "cov aweights dtype": lambda lib, x: lib.cov(x, aweights=x[0].long()),
    "cov zero": lambda lib, x: lib.cov(x, aweights=x[0] * 0),
    "corrcoef 3-d": lambda lib, x: lib.corrcoef(x[None]),
    "put dtype": lambda lib, x: lib.put(x, lib.tensor([0]), x[0, :1].double()),
    "put index": lambda lib, x: lib.put(x, lib.tensor([0]).int(), x[0, :1]),
    "put range": lambda lib, x: lib.put(x, lib.tensor([6]), x[0, :1]),
    "put_ range": lambda lib, x: x.t().put_(lib.tensor([-7]), x[0, :1].clone()),
    "put size": lambda lib, x: lib.put(x, lib.tensor([0]), x[0]),
    "put empty": lambda lib, x: lib.put(x[:0], lib.tensor([0]), x[0, :1]),
    "reduce": lambda lib, x: lib.index_reduce(x, 0, lib.tensor([0]), x[:1], "sum"),
    "reduce index": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([2]), x[:1], "prod"
    ),
    "reduce negative": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([-1]), x[:1], "prod"
    ),
    "reduce dtype": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([0]), x[:1].double(), "prod"
    ),
    "reduce 2-d": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([[0]]), x[:1], "prod"
    ),
    "reduce count": lambda lib, x: lib.index_reduce(x, 0, lib.tensor([0]), x, "prod"),
    "reduce shape": lambda lib, x: lib.index_reduce(
        x, 1, lib.tensor([0]), x[:1, :1], "prod"
    ),
    "unravel float": lambda lib, x: lib.unravel_index(x, (2, 3)),
    "unravel shape": lambda lib, x: lib.unravel_index(x.long(), (2, 3.5)),
    "unravel negative": lambda lib, x: lib.unravel_index(x.long(), (2, -3)),
    "cumsum_ dtype": lambda lib, x: x.cumsum_(0, dtype=lib.float64),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    array = np.arange(6.0, dtype="float32").reshape(2, 3)
    ours = outcome(lambda: ERRORS[name](rl, rl.tensor(array)))
    theirs = outcome(lambda: ERRORS[name](torch, torch.tensor(array)))
    assert theirs[0] == "error" and same_error(ours, theirs), (ours, theirs)


GRADIENTS = {
    "aminmax": lambda lib, x: lib.aminmax(x, dim=1).max,
    "nansum": lambda lib, x: lib.nansum(x, 0),
    "nanmean": lambda lib, x: lib.nanmean(x),
    "diff": lambda lib, x: lib.diff(x, 2, 1),
    "trapezoid": lambda lib, x: lib.trapezoid(x, x * x, dim=0),
    "cumulative_trapezoid": lambda lib, x: lib.cumulative_trapezoid(x, dx=2.0, dim=1),
    "gradient": lambda lib, x: lib.gradient(x, dim=1, edge_order=2)[0],
    "dist": lambda lib, x: lib.dist(x, 2 * x.detach() + 1, 3),
    "renorm": lambda lib, x: lib.renorm(x, 2, 1, 1.5),
    "renorm 3": lambda lib, x: lib.renorm(x, 3, 0, 1.0),
    "renorm_": lambda lib, x: (x * 2).renorm_(2, 0, 1.0),
    "frobenius_norm": lambda lib, x: lib.frobenius_norm(x, (0, 1)),
    "norm 0.5": lambda lib, x: lib.norm(x, 0.5, 1),
    "norm inf": lambda lib, x: lib.norm(x, math.inf, 1),
    "cov": lambda lib, x: lib.cov(x[:, :, 0]),
    "corrcoef": lambda lib, x: lib.corrcoef(x[:, :, 0]),
    "put": lambda lib, x: lib.put(x, lib.tensor([0, 5]), x[0, 0, :2] * 2),
    "put accumulate": lambda lib, x: lib.put(
        x, lib.tensor([0, 0]), x[0, 0, :2] * 2, True
    ),
    "put_": lambda lib, x: (x * 1).put_(lib.tensor([0, 5]), x[0, 0, :2] * 2),
    "index_reduce prod": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([0, 1, 0]), x * 2, "prod"
    ),
    "index_reduce mean": lambda lib, x: lib.index_reduce(
        x, 1, lib.tensor([0, 1, 0, 0]), x * 2, "mean"
    ),
    "index_reduce amax": lambda lib, x: lib.index_reduce(
        x, 0, lib.tensor([0, 1, 0]), x * 2, "amax", include_self=False
    ),
    "cumsum_": lambda lib, x: (x * 2).cumsum_(1),
    "cumprod_": lambda lib, x: (x * 2).cumprod_(1),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    array = np.random.default_rng(5).normal(size=(3, 4, 2))
    weight = np.random.default_rng(6).normal(size=100)
    first, second = [], []
    for lib in (rl, torch):
        x = lib.tensor(array, requires_grad=True)
        y = GRADIENTS[name](lib, x)
        w = lib.tensor(weight[: y.numel()].reshape(tuple(y.shape)))
        (g,) = lib.autograd.grad((y * y * w).sum(), x, create_graph=True)
        first.append(g)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        second.append(h)
    same(*first, tolerance=1e-9)
    same(*second, tolerance=1e-8)
