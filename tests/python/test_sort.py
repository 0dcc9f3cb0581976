"""Sorting, selection, searching and statistics against NumPy."""

from __future__ import annotations

import doctest
import importlib
import math
import os
import subprocess
import sys

import numpy as np
import pytest

import rushlight

MODULES = ["_norms", "_placing", "_scans", "_sorting", "_statistics"]
FLOATS = [np.float32, np.float64]
INTS = [np.uint8, np.int16, np.int32, np.int64]


def values(n, dtype, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 50, n)
    if dtype in FLOATS:
        x = x / 4 - 5
        x[rng.random(n) < 0.1] = np.nan
    return x.astype(dtype)


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    if name == "_norms":
        pytest.importorskip("rushlight.linalg")
    module = importlib.import_module(f"rushlight.{name}")
    result = doctest.testmod(module, extraglobs={"rushlight": rushlight})
    assert result.attempted and not result.failed


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
@pytest.mark.parametrize("n", [0, 1, 5, 32, 33, 257, 4096, 30_000])
def test_sort_is_stable(n, dtype):
    a = values(n, dtype)
    sorted_, indices = rushlight.sort(rushlight.tensor(a))
    np.testing.assert_array_equal(indices.numpy(), np.argsort(a, kind="stable"))
    np.testing.assert_array_equal(sorted_.numpy(), np.sort(a))
    down = rushlight.argsort(rushlight.tensor(a), descending=True).numpy()
    order = np.argsort(a[::-1], kind="stable")[::-1]
    np.testing.assert_array_equal(down, n - 1 - order)


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x.transpose(0, 2),
        lambda x: x[1:, ::2],
        lambda x: x[:1].expand(3, -1, -1),
    ],
)
def test_layouts(view):
    x = view(rushlight.tensor(values(4 * 5 * 6, np.int64).reshape(4, 5, 6)))
    a = x.numpy()
    for dim in range(3):
        np.testing.assert_array_equal(x.sort(dim).values.numpy(), np.sort(a, dim))
        np.testing.assert_array_equal(
            x.topk(2, dim, largest=False).values.numpy(),
            np.sort(a, dim).take(range(2), dim),
        )
        np.testing.assert_array_equal(
            x.kthvalue(2, dim).values.numpy(), np.sort(a, dim).take(1, dim)
        )
        middle = (a.shape[dim] - 1) // 2
        np.testing.assert_array_equal(
            x.median(dim).values.numpy(), np.sort(a, dim).take(middle, dim)
        )
        np.testing.assert_array_equal(
            rushlight.cummax(x, dim).values.numpy(), np.maximum.accumulate(a, dim)
        )


@pytest.mark.parametrize("dtype", [*INTS, *FLOATS])
def test_numpy_has_these_too(dtype):
    a = values(1000, dtype)
    x = rushlight.tensor(a)
    found = rushlight.unique(x, return_inverse=True, return_counts=True)
    expected = np.unique(a, return_inverse=True, return_counts=True, equal_nan=False)
    for ours, theirs in zip(found[:2], expected[:2], strict=True):
        if dtype in INTS:
            np.testing.assert_array_equal(ours.numpy(), theirs)
    np.testing.assert_array_equal(found[0].numpy(), expected[0])
    np.testing.assert_array_equal(found[2].numpy(), expected[2])
    edges = np.sort(np.nan_to_num(a))[::37]
    for side in ("left", "right"):
        np.testing.assert_array_equal(
            rushlight.searchsorted(rushlight.tensor(edges), x, side=side).numpy(),
            np.searchsorted(edges, a, side),
        )
    if dtype in INTS:
        np.testing.assert_array_equal(rushlight.bincount(x).numpy(), np.bincount(a))
        return
    numbers = a[~np.isnan(a)]
    y = rushlight.tensor(numbers)
    q = np.array([0, 0.1, 0.5, 0.77, 1], dtype)
    np.testing.assert_allclose(
        rushlight.quantile(y, rushlight.tensor(q)).numpy(),
        np.quantile(numbers, q),
        1e-6,
    )
    np.testing.assert_allclose(
        rushlight.nanquantile(x, rushlight.tensor(q)).numpy(),
        np.quantile(numbers, q),
        1e-6,
    )
    hist, _ = rushlight.histogram(y, 11)
    np.testing.assert_array_equal(hist.numpy(), np.histogram(numbers, 11)[0])
    np.testing.assert_allclose(
        rushlight.cov(y.reshape(-1, 3).t() if y.numel() % 3 == 0 else y).numpy(),
        np.cov(numbers.reshape(-1, 3).T if len(numbers) % 3 == 0 else numbers),
        1e-5,
    )
    np.testing.assert_allclose(
        rushlight.logcumsumexp(y, 0).numpy(), np.logaddexp.accumulate(numbers), 1e-5
    )
    np.testing.assert_allclose(
        rushlight.gradient(y)[0].numpy(), np.gradient(numbers), 1e-5, 1e-6
    )


def test_nan_is_largest_and_zeros_are_equal():
    x = rushlight.tensor([float("nan"), 0.0, -0.0, float("inf"), 0.0, -1.0])
    assert x.argsort().tolist() == [5, 1, 2, 4, 3, 0]
    assert x.argsort(descending=True).tolist() == [0, 3, 1, 2, 4, 5]
    assert str(x.sort().values[2].item()) == "-0.0"
    assert x.topk(1).indices.tolist() == [0]
    assert x.nanmedian().item() == 0


_HASHES = """
import hashlib, sys, numpy as np, rushlight
rushlight.set_num_threads(int(sys.argv[1]))
rng = np.random.default_rng(0)
digest = hashlib.sha256()
for shape in [(500_000,), (3, 200_000), (2000, 300), (100, 90, 80)]:
    x = rushlight.tensor(np.round(rng.normal(size=shape), 2))
    for y in (x, x.float(), (x * 100).long()):
        parts = (*y.sort(), *y.topk(5), *y.median(0), *y.mode(-1), *y.cummin(0))
        for part in (*parts, y.unique()):
            digest.update(part.numpy().tobytes())
        digest.update(y.sum((0, -1) if y.dim() > 2 else -1).numpy().tobytes())
print(digest.hexdigest())
"""


def test_same_bits_for_any_thread_count():
    digests = {
        subprocess.run(
            [sys.executable, "-c", _HASHES, str(threads)],
            env=dict(os.environ),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in (1, 2, 5)
    }
    assert len(digests) == 1 and digests.pop().strip()


GRADIENTS = {
    "sort": lambda x: x.sort(0).values,
    "topk": lambda x: x.topk(2, 1).values,
    "median": lambda x: x.median(1).values,
    "cummax": lambda x: rushlight.cummax(x, 1).values,
    "logcumsumexp": lambda x: rushlight.logcumsumexp(x, 1),
    "quantile": lambda x: rushlight.quantile(x, 0.3, 1),
    "renorm": lambda x: rushlight.renorm(x, 2, 0, 0.5),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name):
    x = rushlight.tensor(np.random.default_rng(3).normal(size=(3, 4)))
    x.requires_grad_()
    call = GRADIENTS[name]
    assert rushlight.autograd.gradcheck(lambda a: call(a).sin(), (x,))
    assert rushlight.autograd.gradgradcheck(lambda a: call(a).sin(), (x,))


def test_written_places():
    x = rushlight.zeros(3, 4).t()
    assert x.put_(rushlight.tensor([1, -1]), rushlight.tensor([5.0, 6.0])) is x
    assert x.tolist()[0][1] == 5 and x.tolist()[3][2] == 6
    y = rushlight.arange(6).reshape(2, 3)
    y.index_reduce_(0, rushlight.tensor([1]), rushlight.full((1, 3), 4), "amax")
    assert y.tolist() == [[0, 1, 2], [4, 4, 5]]
    places = rushlight.unravel_index(rushlight.tensor(7), (2, 3, 4))
    assert [p.item() for p in places] == [0, 1, 3]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda x: x.topk(4), RuntimeError, r"topk\(\): .*k = 4 .*\[2, 3\]"),
        (lambda x: x.kthvalue(0), RuntimeError, r"kthvalue\(\)"),
        (lambda x: x[:0].median(0), IndexError, r"median\(\): .*non-zero size"),
        (lambda x: x.sort(2), IndexError, r"sort\(\): Dimension out of range"),
        (lambda x: rushlight.quantile(x, 2.0), RuntimeError, r"quantile\(\) q must"),
        (lambda x: rushlight.bincount(x), NotImplementedError, r"bincount\(\)"),
        (
            lambda x: rushlight.searchsorted(
                x[0], x, sorter=rushlight.tensor([0, 1, 2**40])
            ),
            RuntimeError,
            "sorter index out of range",
        ),
        (
            lambda x: rushlight.histc(x.requires_grad_(), 3).sum().backward(),
            NotImplementedError,
            "histc",
        ),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(rushlight.ones(2, 3))


def test_histogram_counts_stays_inside():
    # Found by the fuzzer: no edges for bins of unequal width; a span that overflows.
    x = rushlight.tensor([-1e30, -1.0, 0.0, 1.0, 1e30, math.inf, math.nan])
    with pytest.raises(RuntimeError, match="need their edges"):
        rushlight._ops.histogram_counts(x, 7, -2, math.inf, uniform=False)
    with pytest.raises(RuntimeError, match="size overflow"):
        rushlight._ops.histogram_counts(x, (1 << 63) - 1, 0, 1, edges=x, uniform=True)
    for low, high in [(-math.inf, math.inf), (-3e38, 3e38), (0, 0), (2, -2)]:
        assert rushlight._ops.histogram_counts(x, 7, low, high).shape == (7,)
