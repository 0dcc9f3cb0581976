"""Pointwise ops: special numbers, dtypes, layouts and call forms as in PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import COMPLEX, DTYPES, FLOATS, INTS, outcome, pair, same_error  # noqa: E402

UNARY = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bitwise_not",
    "ceil",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "frac",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_not",
    "neg",
    "reciprocal",
    "relu",
    "round",
    "rsqrt",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "isfinite",
    "isinf",
    "isnan",
    "sgn",
    "angle",
]
BINARY = [
    "add",
    "sub",
    "mul",
    "div",
    "floor_divide",
    "remainder",
    "fmod",
    "pow",
    "atan2",
    "hypot",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "logical_and",
    "logical_or",
    "logical_xor",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
]
INF, NAN = math.inf, math.nan
SPECIAL = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -2.5,
    2.5,
    3.0,
    -7.0,
    1e-8,
    INF,
    -INF,
    NAN,
    100.3,
]
WHOLE = [0, 1, -1, 2, -3, 7, 100, 127, -128, 64, 5]
COMPLEX_VALUES = [0j, 1 + 0j, 1j, -1 - 1j, 0.5 - 2j, 3 + 4j, 2 - 0.1j]
# Relative error allowed, in units of the dtype's spacing.
ULPS = {
    "float16": 1,
    "bfloat16": 1,
    "float32": 4,
    "float64": 8,
    "complex64": 64,
    "complex128": 64,
}
EPS = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}
EPS |= {"complex64": EPS["float32"], "complex128": EPS["float64"]}


# Which of 0 and -0 is the larger is not specified.
ZERO_SIGN_FREE = ["maximum", "minimum", "fmax", "fmin"]
TAKES_NUMBERS = [
    "add",
    "sub",
    "mul",
    "div",
    "floor_divide",
    "remainder",
    "fmod",
    "pow",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
]


def values(dtype):
    if dtype == "bool":
        return [True, False, True]
    if dtype in COMPLEX:
        return COMPLEX_VALUES
    if dtype in FLOATS:
        return SPECIAL
    return [abs(v) for v in WHOLE] if dtype == "uint8" else WHOLE


def assert_close(ours, theirs, where=""):
    name = str(theirs.dtype).rpartition(".")[2]
    assert str(ours.dtype).rpartition(".")[2] == name, where
    assert tuple(ours.shape) == tuple(theirs.shape), where
    kind = np.complex128 if name in COMPLEX else np.float64
    a = np.array(ours.tolist(), dtype=kind)
    b = np.array(theirs.tolist(), dtype=kind)
    if name not in ULPS:
        np.testing.assert_array_equal(a, b, err_msg=str(where))
        return
    tolerance = ULPS[name] * EPS[name]
    # PyTorch's erf of bfloat16 drops tiny results.
    smallest = 2e-8 if name == "bfloat16" else 1e-30
    np.testing.assert_allclose(
        a, b, rtol=tolerance, atol=smallest, err_msg=str(where), equal_nan=True
    )
    if name not in COMPLEX and where[0] not in ZERO_SIGN_FREE and smallest == 1e-30:
        zero = (a == 0) & (b == 0)
        np.testing.assert_array_equal(
            np.signbit(a[zero]), np.signbit(b[zero]), str(where)
        )


def compare(run, where=""):
    ours, theirs = outcome(lambda: run(rl)), outcome(lambda: run(torch))
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"{where} theirs: {theirs}\nours:   {ours}"
        return
    assert ours[0] == "value", f"{where} ours: {ours}\ntheirs: {theirs}"
    assert_close(run(rl), run(torch), where)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_unary(name, dtype):
    made = dict(zip((rl, torch), pair(values(dtype), dtype), strict=False))
    compare(lambda t: getattr(t, name)(made[t]), (name, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, dtype):
    a = values(dtype)
    b = a
    if dtype in INTS:
        b = (
            [v for v in a if 0 < v < 7]
            if "shift" in name or name == "pow"
            else [v for v in a if v]
        )
    made = {
        lib: (x.reshape(-1, 1), y)
        for lib, x, y in zip((rl, torch), pair(a, dtype), pair(b, dtype), strict=False)
    }
    compare(lambda t: getattr(t, name)(*made[t]), (name, dtype))


@pytest.mark.parametrize("dtype", ["int32", "float32", "float64", "bool"])
@pytest.mark.parametrize("name", TAKES_NUMBERS)
def test_binary_number(name, dtype):
    made = dict(zip((rl, torch), pair(values(dtype), dtype), strict=False))
    for number in (True, 2, 3.0, -2, 0.5, INF, NAN, 0):
        if (dtype == "int32" and "shift" in name) or (name, dtype) == ("pow", "bool"):
            continue
        compare(lambda t: getattr(t, name)(made[t], number), (name, dtype, number))  # noqa: B023


INPLACE = [
    n for n in [*UNARY, *BINARY] if n not in ["isfinite", "isinf", "isnan", "angle"]
]


@pytest.mark.parametrize(
    "name", [n for n in INPLACE if not n.startswith(("max", "min", "fmax", "fmin"))]
)
@pytest.mark.parametrize("dtype", ["float32", "int32", "bool", "complex64"])
def test_inplace(name, dtype):
    if dtype == "complex64" and name == "abs":
        pytest.skip("its result is real")
    data = [v for v in values(dtype) if v] if dtype == "int32" else values(dtype)
    if "shift" in name or name == "pow":
        data = [v for v in data if dtype != "int32" or 0 < v < 7]

    def run(t):
        x = pair(data, dtype)[t is torch].clone()
        args = (x.clone(),) if name in BINARY else ()
        result = getattr(x, name + "_")(*args)
        assert result is x
        return x

    compare(run, (name, dtype))


@pytest.mark.parametrize("to", DTYPES)
@pytest.mark.parametrize("name", ["add", "div", "sqrt", "eq"])
def test_out_dtype(name, to):
    for dtype in ("int32", "float32", "complex64"):

        def run(t):
            x = pair([1, 4, 9], dtype)[t is torch]  # noqa: B023
            args = (x, x) if name in BINARY else (x,)
            out = t.empty(3, dtype=getattr(t, to))
            return getattr(t, name)(*args, out=out)

        compare(run, (name, dtype, to))


def layouts(x, t):
    wide = t.zeros(9, 8, dtype=x.dtype)
    yield "transposed", x.t().contiguous().t()
    wide[1::2, 1::2][:4, :4].copy_(x)
    yield "strided", wide[1::2, 1::2][:4, :4]
    yield "offset", t.cat([x, x])[4:] if hasattr(t, "cat") else x
    yield "expanded", x[:1].expand(4, 4)
    yield "column", x[:, 1:2].expand(4, 4)


@pytest.mark.parametrize(
    "name", ["add", "mul", "pow", "maximum", "lt", "exp", "neg", "isnan"]
)
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_layouts(name, dtype):
    data = [(i * 7 % 16 + 1) / 4 for i in range(16)]
    flat = dict(zip((rl, torch), pair(data, dtype), strict=False))
    made = {t: list(layouts(flat[t].reshape(4, 4), t)) for t in (rl, torch)}
    for i, (where, _) in enumerate(made[rl]):
        for j in range(len(made[rl])) if name in BINARY else [0]:

            def run(t):
                args = [made[t][i][1]]  # noqa: B023
                if name in BINARY:
                    args.append(made[t][j][1])  # noqa: B023
                return getattr(t, name)(*args)

            compare(run, (name, where, j))
            assert run(rl).stride() == run(torch).stride(), (name, where, j)


def test_overlap():
    for code in (
        "x.add_(x)",
        "x[1:].add_(x[:-1])",
        "x.expand(2, 6).add_(1)",
        "x.as_strided((3,), (0,)).add_(1)",
        "x.as_strided((4, 2), (1, 1)).mul_(2)",
        "t.sin(x, out=x)",
    ):
        compiled = compile(code, "case", "eval")
        compare(lambda t: eval(compiled, {"t": t, "x": t.arange(6.0)}), (code,))  # noqa: B023


def test_overlap_that_pytorch_refuses():
    """Strided views that meet in memory are read before the first write."""
    x = rl.arange(6.0)
    y = x.view(2, 3)
    y.add_(x.view(3, 2).t())
    assert y.tolist() == [[0, 3, 6], [4, 7, 10]]
    x = rl.arange(9.0).view(3, 3)
    x.mul_(x.t())
    assert x.tolist() == [[0, 3, 12], [3, 16, 35], [12, 35, 64]]
    x = rl.arange(9.0)
    rl.neg(x[:-1:2], out=x[2::2])
    assert x.tolist() == [0, 1, 0, 3, -2, 5, -4, 7, -6]


@pytest.mark.parametrize("n", [0, 1, 7, 8, 15, 16, 17, 31, 33, 63, 65, 1000])
def test_lengths(n):
    """Vector bodies and tails."""
    rng = np.random.default_rng(n)
    a, b = rng.standard_normal(n) * 3, rng.standard_normal(n) + 4
    for dtype in ("float32", "float64", "float16", "bfloat16", "int32", "int8"):
        xs, ys = pair(a.tolist(), dtype), pair(b.tolist(), dtype)
        made = {rl: (xs[0], ys[0]), torch: (xs[1], ys[1])}
        for name in ("add", "mul", "maximum", "lt"):
            compare(lambda t: getattr(t, name)(*made[t]), (name, dtype))  # noqa: B023
        compare(lambda t: t.exp(made[t][0]), ("exp", dtype))  # noqa: B023


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_number_branches(dtype):
    values = [-2.0, 0.0, 1.0, float("nan"), float("inf"), -float("inf")]
    a = rl.tensor(values, dtype=getattr(rl, dtype))
    b = torch.tensor(values, dtype=getattr(torch, dtype))
    for kwargs in ({}, {"nan": 1.0, "posinf": 2.0, "neginf": -3.0}):
        got, expected = rl.nan_to_num(a, **kwargs), torch.nan_to_num(b, **kwargs)
        assert str(got.dtype).endswith(dtype)
        assert got.tolist() == expected.tolist()
    got, expected = rl.threshold(a[:3], 0.5, 7.0), torch.threshold(b[:3], 0.5, 7.0)
    assert got.tolist() == expected.tolist()
    assert a[:3].clone().true_divide_(2).tolist() == b[:3].true_divide(2).tolist()


def test_nextafter():
    x, y = [1.0, 0.0, -2.0, 3.0], [2.0, -1.0, 0.0, 3.0]
    got = rl.nextafter(rl.tensor(x), rl.tensor(y))
    assert got.tolist() == torch.nextafter(torch.tensor(x), torch.tensor(y)).tolist()
