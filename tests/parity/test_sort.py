"""Sorting, selection and searching against PyTorch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import FLOATS, INTS, outcome, same_error  # noqa: E402
from ties import LAYOUTS, REAL, check, pair, same, values  # noqa: E402


@pytest.mark.parametrize("dtype", REAL)
def test_sort(dtype):
    for layout, dim, descending in itertools.product(
        LAYOUTS, (0, 1, -1), (False, True)
    ):
        check(
            lambda lib, x, d=dim, e=descending: lib.sort(
                x, dim=d, descending=e, stable=True
            ),
            values((4, 5, 6), dtype, nan=True),
            dtype,
            layout,
        )
    for n in (0, 1, 2, 31, 33, 100, 4095, 4097, 10_000):
        check(
            lambda lib, x: (
                *lib.sort(x, stable=True),
                lib.argsort(x, stable=True, descending=True),
                x.msort() if lib is rl else x.sort(dim=0, stable=True).values,
            ),
            values(n, dtype, seed=n, nan=True, spread=100),
            dtype,
        )


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "int16"])
def test_sort_large(dtype):
    rng = np.random.default_rng(3)
    for scale in (1, 1e6, 1e18):
        array = rng.normal(size=300_000) * scale
        if dtype.startswith("int"):
            bound = min(2.0 * scale, float(np.iinfo(dtype).max) / 8)
            array = np.clip(array, -bound, bound)
        check(lambda lib, x: lib.sort(x, stable=True), array.astype(dtype), dtype)
    # Long runs that agree in their upper bits.
    if dtype == "int64":
        array = rng.integers(0, 3, 50_000) * 2**50 + rng.integers(0, 2**20, 50_000)
        check(lambda lib, x: lib.sort(x, stable=True), array, dtype)


@pytest.mark.parametrize("dtype", ["uint16", "uint32", "uint64"])
def test_sort_unsigned(dtype):
    array = np.random.default_rng(0).integers(0, 60_000, 500).astype(dtype)
    ours = rl.tensor(array.astype("int64")).to(getattr(rl, dtype))
    theirs = torch.tensor(array)
    same(rl.sort(ours), torch.sort(theirs, stable=True))


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
def test_topk(dtype):
    for layout, dim, k, largest in itertools.product(
        LAYOUTS, (0, 1, 2), (0, 1, 2), (False, True)
    ):
        check(
            lambda lib, x, a=(k, dim, largest): lib.topk(x, *a),
            values((4, 5, 6), dtype, nan=True),
            dtype,
            layout,
        )
    for n, k in [(100, 1), (100, 50), (100, 100), (1000, 3), (1000, 20), (5000, 4000)]:
        for largest in (True, False):
            check(
                lambda lib, x, k=k, a=largest: lib.topk(x, k, largest=a),
                values(n, dtype, seed=k, nan=True),
                dtype,
            )


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
def test_order_statistics(dtype):
    cases = [
        lambda lib, x: lib.kthvalue(x, 2, 0),
        lambda lib, x: lib.kthvalue(x, 3, -1, True),
        lambda lib, x: lib.median(x, 1),
        lambda lib, x: lib.median(x, 0, keepdim=True),
        lambda lib, x: lib.nanmedian(x, 2),
        lambda lib, x: (lib.median(x), lib.nanmedian(x), x.median(), x.nanmedian()),
    ]
    for layout, case, nan in itertools.product(LAYOUTS, cases, (False, True)):
        if layout == "expanded":
            continue  # PyTorch's medians are wrong along a dim of stride 0.
        check(case, values((4, 5, 6), dtype, nan=nan), dtype, layout)
    for n in (1, 2, 7, 100, 3001):
        array = values(n, dtype, seed=n)
        for k in {1, n // 2 + 1, n}:
            check(lambda lib, x, k=k: lib.kthvalue(x, k), array, dtype)
        check(lambda lib, x: lib.median(x, 0), array, dtype)
        check(lambda lib, x: lib.nanmedian(x, 0), array, dtype)


@pytest.mark.parametrize("dtype", REAL)
def test_mode(dtype):
    for layout, dim in itertools.product(LAYOUTS, (0, 1, 2)):
        check(
            lambda lib, x, d=dim: lib.mode(x, d, keepdim=d == 1),
            values((4, 5, 6), dtype, spread=2),
            dtype,
            layout,
        )
    for n in (1, 2, 16, 17, 500):
        check(lambda lib, x: lib.mode(x), values(n, dtype, seed=n), dtype)


@pytest.mark.parametrize("dtype", REAL)
def test_unique(dtype):
    flags = list(itertools.product((False, True), repeat=2))
    for layout, (inverse, counts) in itertools.product(LAYOUTS, flags):
        for dim in (None, 0, 1, -1):
            check(
                # PyTorch dispatches on flags by keyword; each NaN is a value apart,
                # and which comes first is left open.
                lambda lib, x, a=(inverse, counts), d=dim: (
                    lib.unique(x, True, *a, dim=d),
                    lib.unique_consecutive(
                        x, return_inverse=a[0], return_counts=a[1], dim=d
                    ),
                ),
                values((4, 3, 4), dtype, spread=1, nan=dim is None and not inverse),
                dtype,
                layout,
            )
    rows = values((40, 2), dtype, spread=1)
    check(lambda lib, x: lib.unique(x, True, True, True, dim=0), rows, dtype)
    for shape in [(), (1,), (0,), (0, 3)]:
        check(
            lambda lib, x: (
                x.unique(return_inverse=True, return_counts=True),
                x.unique_consecutive(return_inverse=True, return_counts=True),
            ),
            values(shape, dtype),
            dtype,
        )


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
@pytest.mark.filterwarnings("ignore:.*non-contiguous")
def test_searchsorted(dtype):
    rows = np.sort(values((3, 7), dtype), -1)
    queries = values((3, 4), dtype, seed=1, nan=True)
    for right, int32 in itertools.product((False, True), repeat=2):
        ours, theirs = pair(rows, dtype), pair(queries, dtype)
        same(
            rl.searchsorted(ours[0], theirs[0], right=right, out_int32=int32),
            torch.searchsorted(ours[1], theirs[1], right=right, out_int32=int32),
        )
        same(
            rl.bucketize(theirs[0].t(), ours[0][1], right=right, out_int32=int32),
            torch.bucketize(
                theirs[1].t().contiguous(), ours[1][1], right=right, out_int32=int32
            ),
        )
    same(
        rl.searchsorted(rl.tensor([1, 2, 3]), theirs[0].double()),
        torch.searchsorted(torch.tensor([1, 2, 3]), theirs[1].double()),
    )
    order = np.random.default_rng(0).permuted(np.tile(np.arange(7), (3, 1)), axis=1)
    shuffled = np.empty_like(rows)
    np.put_along_axis(shuffled, order, rows, 1)
    # row[order[i]] ascends
    a, b = pair(shuffled, dtype), pair(queries, dtype)
    same(
        rl.searchsorted(a[0], b[0], sorter=rl.tensor(order), side="right"),
        torch.searchsorted(a[1], b[1], sorter=torch.tensor(order), side="right"),
    )


def test_searchsorted_numbers():
    for value in (-1, 0, 2, 2.5, 3, 9.0):
        for names in ("int64", "float32"):
            a = pair(np.array([1, 2, 2, 3]), names)
            for right in (False, True):
                same(
                    rl.searchsorted(a[0], value, right=right),
                    torch.searchsorted(a[1], value, right=right),
                )
                same(
                    rl.bucketize(value, a[0], right=right),
                    torch.bucketize(value, a[1], right=right),
                )
    a = pair(np.array([1, 2, 2, 3]), "int64")
    same(
        rl.searchsorted(a[0], rl.tensor([1.5, 2.0])),
        torch.searchsorted(a[1], torch.tensor([1.5, 2.0])),
    )


@pytest.mark.parametrize(
    "interpolation", ["linear", "lower", "higher", "midpoint", "nearest"]
)
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_quantile(name, interpolation):
    for dtype, nan in itertools.product(("float32", "float64"), (False, True)):
        for dim, keepdim in itertools.product((None, 0, 1, -1), (False, True)):
            for q in (0.0, 0.3, 0.5, 1.0, [0.1, 0.25, 0.9], [0.5], []):

                def case(lib, x, q=q, dim=dim, keepdim=keepdim):
                    if isinstance(q, list):
                        q = lib.tensor(q, dtype=x.dtype)
                    return getattr(lib, name)(
                        x, q, dim, keepdim, interpolation=interpolation
                    )

                array = values((4, 3, 5), dtype, nan=nan)
                check(case, array, dtype, tolerance=1e-6)
                array[:, 1] = np.nan
                check(case, array, dtype, "transposed", tolerance=1e-6)


@pytest.mark.parametrize("dtype", REAL)
def test_running_extremes(dtype):
    for layout, dim in itertools.product(LAYOUTS, (0, 1, -1)):
        check(
            lambda lib, x, d=dim: (lib.cummax(x, d), lib.cummin(x, d)),
            values((4, 5, 6), dtype, nan=True),
            dtype,
            layout,
        )


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
def test_logcumsumexp(dtype):
    array = values((4, 5, 6), "float64")
    array[0, 0] = array[1] = -np.inf
    array[2, 1:, 2] = np.inf
    array[3, 3, 3] = np.nan
    if dtype.startswith("complex"):
        array = np.where(np.isfinite(array), array, -np.inf) + 1j * values(
            (4, 5, 6), "float64", seed=1
        )
    tolerance = {"float16": 2e-3, "bfloat16": 2e-2, "float64": 1e-13}.get(dtype, 2e-6)
    for layout, dim in itertools.product(LAYOUTS, (0, 1, -1)):
        if dtype.startswith("complex") and layout != "contiguous":
            continue
        check(
            lambda lib, x, d=dim: lib.logcumsumexp(x, d),
            array
            if not dtype.startswith("complex")
            else np.where(np.isfinite(array), array, -3),
            dtype,
            layout,
            tolerance,
        )


def test_zero_dim_and_empty():
    for case in [
        lambda lib, x: x.sort(),
        lambda lib, x: lib.argsort(x),
        lambda lib, x: lib.msort(x),
        lambda lib, x: lib.topk(x, 1),
        lambda lib, x: lib.kthvalue(x, 1, keepdim=True),
        lambda lib, x: lib.median(x, 0),
        lambda lib, x: lib.mode(x),
        lambda lib, x: lib.cummax(x, 0),
        lambda lib, x: lib.logcumsumexp(x, -1),
        lambda lib, x: lib.quantile(x, 0.5, 0, True),
        lambda lib, x: lib.quantile(x, lib.tensor([0.5, 1.0])),
    ]:
        check(case, np.array(2.5, "float32"), "float32")
    for case in [
        lambda lib, x: x.sort(0),
        lambda lib, x: x.sort(1),
        lambda lib, x: lib.topk(x, 2, 1),
        lambda lib, x: lib.topk(x, 0, 0),
        lambda lib, x: lib.median(x, 1),
        lambda lib, x: lib.mode(x, 1),
        lambda lib, x: lib.kthvalue(x, 1, 1),
        lambda lib, x: lib.cummin(x, 0),
        lambda lib, x: lib.logcumsumexp(x, 1),
        lambda lib, x: lib.searchsorted(x, x),
        lambda lib, x: lib.median(x),
        lambda lib, x: lib.nanmedian(x),
    ]:
        check(case, np.ones((0, 3), "float32"), "float32")
    for dtype in ("int32", "int64", "int8"):
        check(lambda lib, x: x.median(), np.ones(0, dtype), dtype)


def test_out_and_names():
    def case(lib, x):
        out = lib.empty(0), lib.empty(0, dtype=lib.int64)
        sorted_ = lib.sort(x, 0, True, out=out)
        assert sorted_.values is out[0] and sorted_.indices is out[1]
        top = lib.topk(x, 1, out=(lib.empty(2, 1), lib.empty(2, 1, dtype=lib.int64)))
        return (
            sorted_,
            top.values,
            lib.kthvalue(x, 1, out=(lib.empty(0), lib.empty(0, dtype=lib.int64))),
            lib.argsort(x, stable=True, out=lib.empty(0, dtype=lib.int64)),
            lib.quantile(x, 0.5, out=lib.empty(())),
            lib.cummax(x, 0, out=(lib.empty(0), lib.empty(0, dtype=lib.int64))).indices,
            lib.searchsorted(x, x, out=lib.empty(0, dtype=lib.int64)),
        )

    check(case, np.arange(6.0, dtype="float32").reshape(2, 3), "float32")


ERRORS = {
    "dim": lambda lib, x: lib.sort(x, 2),
    "complex": lambda lib, x: lib.sort(x.to(lib.complex64)),
    "k too large": lambda lib, x: lib.topk(x, 4),
    "k negative": lambda lib, x: lib.topk(x, -1),
    "topk bool": lambda lib, x: lib.topk(x > 0, 1),
    "kth 0": lambda lib, x: lib.kthvalue(x, 0),
    "kth empty": lambda lib, x: lib.kthvalue(x[:0], 1, 0),
    "median empty": lambda lib, x: lib.median(x[:0], 0),
    "median bool": lambda lib, x: lib.median(x > 0),
    "median dim": lambda lib, x: lib.median(x, 3),
    "mode empty": lambda lib, x: lib.mode(x[:0], 0),
    "mode complex": lambda lib, x: lib.mode(x.to(lib.complex64)),
    "unique complex": lambda lib, x: lib.unique(x.to(lib.complex64)),
    "unique dim": lambda lib, x: lib.unique(x, dim=2),
    "unique empty": lambda lib, x: lib.unique(x[:0], dim=1),
    "unique 0-d": lambda lib, x: lib.unique(x[0, 0], dim=0),
    "q range": lambda lib, x: lib.quantile(x, 1.5),
    "q tensor range": lambda lib, x: lib.quantile(x, lib.tensor([0.5, -1.0])),
    "q shape": lambda lib, x: lib.quantile(x, lib.ones(1, 1)),
    "q dtype": lambda lib, x: lib.quantile(x, lib.ones(1).double()),
    "quantile half": lambda lib, x: lib.quantile(x.half(), 0.5),
    "quantile empty": lambda lib, x: lib.quantile(x[:0], 0.5, 1),
    "quantile dim": lambda lib, x: lib.quantile(x, 0.5, 2),
    "interpolation": lambda lib, x: lib.quantile(x, 0.5, interpolation="cubic"),
    "search shape": lambda lib, x: lib.searchsorted(x, x[:1]),
    "search number": lambda lib, x: lib.searchsorted(x, 1),
    "search side": lambda lib, x: lib.searchsorted(x, x, side="middle"),
    "search both": lambda lib, x: lib.searchsorted(x, x, side="left", right=True),
    "sorter range": lambda lib, x: lib.searchsorted(
        x[0], x, sorter=lib.tensor([0, 1, 3])
    ),
    "sorter shape": lambda lib, x: lib.searchsorted(x[0], x, sorter=lib.tensor([0, 1])),
    "sorter dtype": lambda lib, x: lib.searchsorted(x[0], x, sorter=x[0]),
    "bucketize": lambda lib, x: lib.bucketize(x, x),
    "cummax": lambda lib, x: lib.cummax(x, 2),
    "cummax complex": lambda lib, x: lib.cummax(x.to(lib.complex64), 0),
    "logcumsumexp int": lambda lib, x: lib.logcumsumexp(x.long(), 0),
    "out dtype": lambda lib, x: lib.sort(x, out=(lib.empty(0), lib.empty(0))),
    "out grad": lambda lib, x: lib.msort(x.requires_grad_(), out=lib.empty(0)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    array = np.arange(6.0, dtype="float32").reshape(2, 3)
    ours = outcome(lambda: ERRORS[name](rl, rl.tensor(array)))
    theirs = outcome(lambda: ERRORS[name](torch, torch.tensor(array)))
    assert theirs[0] == "error" and same_error(ours, theirs), (ours, theirs)


GRADIENTS = {
    "sort": lambda lib, x: lib.sort(x, 0, True).values,
    "msort": lambda lib, x: lib.msort(x),
    "topk": lambda lib, x: lib.topk(x, 2, 1).values,
    "kthvalue": lambda lib, x: lib.kthvalue(x, 2, 0, True).values,
    "median dim": lambda lib, x: lib.median(x, 1).values,
    "median": lambda lib, x: lib.median(x) * x,
    "nanmedian": lambda lib, x: lib.nanmedian(x) * x,
    "nanmedian dim": lambda lib, x: lib.nanmedian(x, 0).values,
    "mode": lambda lib, x: lib.mode(x, 1).values,
    "cummax": lambda lib, x: lib.cummax(x, 1).values,
    "cummin": lambda lib, x: lib.cummin(x, 0).values,
    "logcumsumexp": lambda lib, x: lib.logcumsumexp(x, 1),
    "quantile": lambda lib, x: lib.quantile(
        x, lib.tensor([0.2, 0.7], dtype=x.dtype), 1
    ),
    "nanquantile": lambda lib, x: lib.nanquantile(x, 0.4, 0),
    "quantile all": lambda lib, x: lib.quantile(x, 0.35, interpolation="midpoint"),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    array = np.random.default_rng(5).normal(size=(3, 4, 2)) * 2
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
    same(*first, tolerance=1e-10)
    same(*second, tolerance=1e-9)


def test_logcumsumexp_complex_gradient():
    array = np.random.default_rng(5).normal(size=(3, 4)) + 0.5j
    grads = []
    for lib in (rl, torch):
        x = lib.tensor(array, requires_grad=True)
        y = lib.logcumsumexp(x, 1)
        (y.real * y.imag).sum().backward()
        grads.append(x.grad)
    same(*grads, tolerance=1e-10)
