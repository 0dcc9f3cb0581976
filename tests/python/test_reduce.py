"""Reductions: accuracy, determinism, NumPy's values, finite differences."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import numpy as np
import pytest

import rushlight

DIMS = [None, 0, 1, 2, -1, (0, 1), (0, 2), (1, 2), (0, 1, 2)]
LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.transpose(0, 2),
    "sliced": lambda x: x[1:, 1::2],
    "stepped": lambda x: x[:, :, ::3],
    "expanded": lambda x: x[:1].expand(4, *x.shape[1:]),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "dtype", [np.float32, np.float64, np.int32, np.uint8, np.bool_]
)
def test_matches_numpy(layout, dtype):
    array = np.random.default_rng(0).integers(0, 4, (5, 6, 9)).astype(dtype)
    x = LAYOUTS[layout](rushlight.tensor(array))
    a = x.numpy()
    for dim in DIMS:
        total = x.sum(dim)
        np.testing.assert_array_equal(total.numpy(), a.sum(dim, dtype=np.int64))
        np.testing.assert_array_equal(x.amax(dim).numpy(), a.max(dim))
        np.testing.assert_array_equal(
            x.amin(dim, keepdim=True).numpy(), a.min(dim, keepdims=True)
        )
        np.testing.assert_array_equal(x.any(dim).numpy(), a.any(dim))
        np.testing.assert_array_equal(x.all(dim).numpy(), a.all(dim))
        np.testing.assert_array_equal(
            x.count_nonzero(dim).numpy(), np.count_nonzero(a, dim)
        )
        if not isinstance(dim, tuple) and dtype is not np.bool_:
            np.testing.assert_array_equal(x.argmax(dim).numpy(), a.argmax(dim))
            np.testing.assert_array_equal(x.argmin(dim).numpy(), a.argmin(dim))
        if dtype in (np.float32, np.float64):
            wide = a.astype(np.float64)
            np.testing.assert_allclose(x.mean(dim).numpy(), wide.mean(dim), rtol=1e-6)
            np.testing.assert_allclose(
                x.var(dim).numpy(), wide.var(dim, ddof=1), rtol=1e-6
            )
            np.testing.assert_allclose(
                rushlight.std(x, dim, correction=0).numpy(), wide.std(dim), rtol=1e-6
            )


@pytest.mark.parametrize(
    "n", [1, 10, 63, 64, 65, 1000, 1023, 1024, 4097, 65536, 65537, 200_000]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sum_is_as_accurate_as_pairwise(n, dtype):
    array = np.random.default_rng(n).random(n).astype(dtype)
    exact = math.fsum(array.astype(np.float64).tolist())
    unit = np.finfo(dtype).eps * exact
    for x in (
        rushlight.tensor(array),
        rushlight.tensor(array).unsqueeze(1).expand(n, 2).contiguous(),
    ):
        ours = x.sum(0).reshape(-1)[0].item()
        assert abs(ours - exact) <= max(2 * unit, 2 * abs(float(array.sum()) - exact))


def test_mean_and_variance_far_from_zero():
    noise = np.random.default_rng(0).normal(size=300_000)
    for shift, dtype, bound in [(1e4, np.float32, 1e-5), (1e8, np.float64, 1e-9)]:
        array = (noise + shift).astype(dtype)
        exact = array.astype(np.longdouble)
        for x in (rushlight.tensor(array), rushlight.tensor(array).reshape(300, 1000)):
            var, mean = rushlight.var_mean(x)
            assert abs(var.item() / float(exact.var(ddof=1)) - 1) < bound
            assert abs(mean.item() / float(exact.mean()) - 1) < np.finfo(dtype).eps
    # A first block unlike all others.
    array = np.concatenate([np.zeros(5000), np.full(5000, 1e6)]).astype(np.float32)
    expected = array.astype(np.float64).var(ddof=1)
    assert abs(rushlight.tensor(array).var().item() / expected - 1) < 1e-6


def test_half_accumulates_in_float():
    x = rushlight.ones(5000, dtype=rushlight.float16)
    assert x.sum().item() == 5000
    assert (x * 100).mean().item() == 100
    assert (
        rushlight.ones(300, 5, dtype=rushlight.bfloat16).sum(0).tolist() == [300.0] * 5
    )


def test_integer_sums_wrap():
    x = rushlight.tensor([2**62, 2**62, 2**62])
    assert x.sum().item() == 3 * 2**62 - 2**64
    assert rushlight.full((1000,), 127, dtype=rushlight.int8).sum().item() == 127_000
    assert (
        rushlight.full((300,), 1, dtype=rushlight.uint8)
        .sum(dtype=rushlight.uint8)
        .item()
        == 44
    )


def test_nan_wins():
    x = rushlight.tensor([1.0, math.nan, 3.0, math.nan])
    assert math.isnan(x.max().item()) and math.isnan(x.min().item())
    assert x.argmax().item() == 1 and x.argmin().item() == 1
    values, indices = x.unsqueeze(0).max(1)
    assert math.isnan(values.item()) and indices.item() == 1


def test_first_of_ties():
    x = rushlight.zeros(5000)
    assert x.argmax().item() == 0
    x[17] = x[4000] = 1
    assert x.argmax().item() == 17
    assert x.reshape(50, 100).argmax(0)[17].item() == 0
    assert rushlight.argmax(rushlight.ones(100_000)).item() == 0


def test_named_results():
    result = rushlight.tensor([[1, 5], [7, 2]]).max(1, keepdim=True)
    assert result.values.tolist() == [[5], [7]] and result.indices.tolist() == [
        [1],
        [0],
    ]
    assert rushlight.max(
        rushlight.tensor([1, 4]), rushlight.tensor([3, 2])
    ).tolist() == [3, 4]


def test_out():
    out = rushlight.zeros(3)
    assert rushlight.sum(rushlight.ones(2, 3), 0, out=out) is out and out.tolist() == [
        2,
        2,
        2,
    ]
    values, indices = rushlight.zeros(2), rushlight.zeros(2, dtype=rushlight.int64)
    rushlight.max(rushlight.tensor([[1.0, 5], [7, 2]]), 1, out=(values, indices))
    assert values.tolist() == [5, 7] and indices.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda x: x.sum(2),
            IndexError,
            r"sum\(\): Dimension out of range .*\[-2, 1\].*got 2",
        ),
        (lambda x: x.sum((0, -2)), RuntimeError, "dim 0 appears multiple times"),
        (
            lambda x: x[:0].max(),
            RuntimeError,
            r"max\(\): Expected reduction dim to be specified",
        ),
        (
            lambda x: x[:0].max(0),
            IndexError,
            "Expected reduction dim 0 to have non-zero size",
        ),
        (
            lambda x: x.long().mean(),
            RuntimeError,
            r"mean\(\): could not infer output dtype",
        ),
        (lambda x: x.long().var(), RuntimeError, "only support floating point"),
        (lambda x: x.bool().argmax(), RuntimeError, "does not support bool"),
        (lambda x: x.norm("max"), RuntimeError, "Order max not supported"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call(rushlight.ones(2, 3))


_HASHES = """
import hashlib, sys, numpy as np, rushlight
rng = np.random.default_rng(0)
rushlight.set_num_threads(int(sys.argv[1]))
digest = hashlib.sha256()
for shape in [
    (300_001,), (3, 100_003), (100_003, 3), (777, 333), (40, 5, 999), (64, 9000)
]:
    for dtype in ("float32", "float64"):
        x = rushlight.tensor(rng.normal(size=shape).astype(dtype))
        views = [x, x[..., ::2], x.transpose(0, -1)]
        views += [x.half()] if dtype == "float32" else []
        for y in views:
            for dim in [None, *range(len(shape))]:
                norms = (y.norm(2, dim), y.norm(1, dim))
                for r in (y.sum(dim), y.mean(dim), y.var(dim), *norms):
                    digest.update(r.numpy().tobytes())
                digest.update(y.argmax(dim).numpy().tobytes())
                digest.update(y.prod(dim).numpy().tobytes() if dim is not None else b"")
print(digest.hexdigest())
"""


def digest(threads, isa=None):
    env = dict(os.environ)
    if isa:
        env["RUSHLIGHT_CPU"] = isa
    run = subprocess.run(
        [sys.executable, "-c", _HASHES, str(threads)],
        env=env,
        capture_output=True,
        text=True,
    )
    missing = ("does not have these instructions", "this build has no kernels")
    assert run.returncode == 0 or any(m in run.stderr for m in missing), run.stderr
    return run.stdout


def test_same_bits_for_any_thread_count_and_instruction_set():
    expected = digest(1)
    assert expected
    assert digest(2) == expected
    assert digest(7) == expected
    for isa in ("v2", "v3"):
        assert digest(2, isa) in (expected, "")


GRADIENTS = {
    "sum": lambda x: x.sum((0, 2)),
    "mean": lambda x: x.mean(1),
    "prod": lambda x: x.prod(2),
    "prod all": lambda x: x[0, 0].prod(),
    "var": lambda x: x.var((0, 1)),
    "std": lambda x: x.std(correction=0),
    "max": lambda x: x.max(),
    "max dim": lambda x: x.max(1).values,
    "min dim": lambda x: x.min(-1, keepdim=True).values,
    "amax": lambda x: x.amax((0, 2)),
    "norm": lambda x: x.norm(2, (0, 1)),
    "norm 1": lambda x: x.norm(1),
    "norm 3": lambda x: x.norm(3, 1),
    "norm inf": lambda x: x.norm(math.inf, 2),
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(2),
    "logsumexp": lambda x: x.logsumexp((0, 2)),
}


def numeric_gradient(f, array):
    grad = np.zeros_like(array)
    h = 1e-6
    for i in np.ndindex(array.shape):
        high, low = array.copy(), array.copy()
        high[i] += h
        low[i] -= h
        grad[i] = (f(high) - f(low)) / (2 * h)
    return grad


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient(name):
    array = np.random.default_rng(7).normal(size=(2, 3, 4))
    if "prod" in name:
        array[0, 0, 1] = array[1, 2, 0] = array[1, 2, 3] = 0

    def value(a):
        y = GRADIENTS[name](
            a if isinstance(a, rushlight.Tensor) else rushlight.tensor(a)
        )
        return (
            y * rushlight.arange(1.0, y.numel() + 1).double().reshape(y.shape)
        ).sum()

    x = rushlight.tensor(array, requires_grad=True)
    value(x).backward()
    np.testing.assert_allclose(
        x.grad.numpy(),
        numeric_gradient(lambda a: value(a).item(), array),
        atol=1e-7,
        rtol=1e-6,
    )
    # The derivative of the derivative.
    x = rushlight.tensor(array, requires_grad=True)
    weight = rushlight.tensor(np.cos(np.arange(array.size)).reshape(array.shape))

    def slope(a):
        (g,) = rushlight.autograd.grad(value(a), a, create_graph=True)
        return (g * weight).sum()

    if name in (
        "sum",
        "mean",
        "cumsum",
        "max",
        "max dim",
        "min dim",
        "amax",
        "norm 1",
        "norm inf",
    ):
        return  # piecewise linear
    slope(x).backward()
    numeric = numeric_gradient(
        lambda a: slope(rushlight.tensor(a, requires_grad=True)).item(), array
    )
    np.testing.assert_allclose(x.grad.numpy(), numeric, atol=1e-6, rtol=1e-5)


def test_gradient_of_ties_is_shared():
    for call in (lambda x: x.max(), lambda x: x.amax(0), lambda x: x.norm(math.inf)):
        x = rushlight.tensor([2.0, 1.0, 2.0], requires_grad=True)
        call(x).backward()
        assert x.grad.tolist() == [0.5, 0.0, 0.5]
    x = rushlight.tensor([2.0, 1.0, 2.0], requires_grad=True)
    x.max(0).values.backward()
    assert x.grad.tolist() == [1, 0, 0]


def test_norm_of_zero_has_gradient_zero():
    x = rushlight.zeros(3, requires_grad=True)
    x.norm().backward()
    assert x.grad.tolist() == [0, 0, 0]
