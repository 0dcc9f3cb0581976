"""repr(tensor) equals PyTorch's, character for character."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import rushlight as rl  # noqa: E402

FLOATS = ["float16", "bfloat16", "float32", "float64"]
INTS = ["uint8", "int8", "int16", "int32", "int64"]
SHAPES = [(), (1,), (4,), (30,), (2, 3), (2, 2, 2), (1, 2, 1, 3), (3, 1), (17, 5)]
LARGE = [(1001,), (40, 40), (3, 400), (400, 3), (11, 2, 60), (7, 7, 7, 7), (1, 2000)]
EMPTY = [(0,), (0, 3), (2, 0, 3)]
VALUES = {
    "unit": lambda r, n: r.standard_normal(n),
    "whole": lambda r, n: np.floor(r.standard_normal(n) * 20),
    "tiny": lambda r, n: r.standard_normal(n) * 1e-6,
    "huge": lambda r, n: r.standard_normal(n) * 1e9,
    "wide": lambda r, n: 10.0 ** r.uniform(-5, 4, n),
    "zero": lambda r, n: np.zeros(n),
    "edge": lambda r, n: r.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 1.5], n),
    "nan": lambda r, n: np.full(n, math.nan),
    "wholeinf": lambda r, n: r.choice([1.0, -200.0, math.inf, math.nan, 0.0], n),
}


def same(ours, theirs):
    assert repr(ours) == repr(theirs).replace("torch.", "rushlight.")


def both(array, shape, dtype):
    flat = torch.tensor(array.tolist()).to(getattr(torch, dtype)).reshape(shape)
    ours = rl.tensor(flat.tolist(), dtype=getattr(rl, dtype)).reshape(shape)
    return ours, flat


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("dtype", FLOATS)
def test_floats(kind, dtype):
    rng = np.random.default_rng(3)
    for shape in SHAPES + LARGE:
        same(*both(VALUES[kind](rng, math.prod(shape)), shape, dtype))


@pytest.mark.parametrize("dtype", [*INTS, "bool"])
def test_integers(dtype):
    rng = np.random.default_rng(4)
    for shape, high in itertools.product(SHAPES + LARGE, (2, 100, 10**6)):
        array = rng.integers(0 if dtype == "uint8" else -high, high, math.prod(shape))
        same(*both(array, shape, dtype))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("kind", VALUES)
def test_complex(kind, dtype):
    rng = np.random.default_rng(5)
    for shape in SHAPES + LARGE[:4]:
        n = math.prod(shape)
        real, imag = VALUES[kind](rng, n), VALUES[kind](rng, n)
        values = [complex(a, b) for a, b in zip(real, imag, strict=False)]
        theirs = torch.tensor(values, dtype=getattr(torch, dtype)).reshape(shape)
        same(rl.tensor(values, dtype=getattr(rl, dtype)).reshape(shape), theirs)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTS, "bool", "complex64", "complex128"])
def test_empty(dtype):
    for shape in EMPTY:
        ours = rl.zeros(shape, dtype=getattr(rl, dtype))
        same(ours, torch.zeros(shape, dtype=getattr(torch, dtype)))


OPTIONS = [
    {"precision": 2},
    {"precision": 8},
    {"threshold": 5},
    {"threshold": 0},
    {"edgeitems": 1, "threshold": 3},
    {"edgeitems": 0, "threshold": 3},
    {"linewidth": 40},
    {"linewidth": 5},
    {"profile": "short"},
    {"profile": "full"},
    {"sci_mode": True},
    {"sci_mode": False},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options):
    rng = np.random.default_rng(6)
    with rl.printoptions(**options), torch._tensor_str.printoptions(**options):
        assert rl.get_printoptions() == torch._tensor_str.get_printoptions()
        for kind, shape in itertools.product(VALUES, [*SHAPES, (40, 40)]):
            same(*both(VALUES[kind](rng, math.prod(shape)), shape, "float32"))


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_suffixes(default):
    before = torch.get_default_dtype()
    rl.set_default_dtype(getattr(rl, default))
    torch.set_default_dtype(getattr(torch, default))
    try:
        for dtype in ("float32", "float64", "complex64", "complex128", "int32"):
            pair = both(np.arange(3.0), (3,), dtype)
            same(*pair)
            if dtype != "int32":
                same(*(x.requires_grad_() for x in pair))
                same(*(x * 2 for x in pair))
                same(*((x + 1).view(1, 3) for x in pair))
        long = both(np.arange(19.0), (19,), "float64")
        same(*(x.requires_grad_() for x in long))
        same(*(x.sin() for x in long))
    finally:
        torch.set_default_dtype(before)
        rl.set_default_dtype(rl.float32)


def test_layouts():
    ours, theirs = both(np.arange(60.0), (3, 4, 5), "float32")
    same(ours.permute(2, 0, 1), theirs.permute(2, 0, 1))
    same(ours[1:, ::2, 3], theirs[1:, ::2, 3])
    same(ours[0, 0, :1].expand(40, 50), theirs[0, 0, :1].expand(40, 50))


def test_format():
    for spec in ("", ".3f", "10.2e", ">8"):
        assert format(rl.tensor(2.5), spec) == format(torch.tensor(2.5), spec)
    assert f"{rl.tensor(3)}" == "3"
    assert f"{rl.tensor([3])}" == "tensor([3])"
    with pytest.raises(TypeError):
        format(rl.tensor([1.0]), ".2f")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(width=64), min_size=1, max_size=12))
def test_any_doubles(values):
    same(rl.tensor(values, dtype=rl.float64), torch.tensor(values, dtype=torch.float64))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=12))
def test_any_floats(values):
    same(rl.tensor(values), torch.tensor(values))
