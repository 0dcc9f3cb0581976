"""Result dtypes of every binary op for every pair of dtypes equal PyTorch's."""

from __future__ import annotations

import itertools
import operator

import pytest

torch = pytest.importorskip("torch", reason="parity tests compare with PyTorch")

import rushlight as rl  # noqa: E402
from common import DTYPES, INTS, assert_same, outcome, same_error  # noqa: E402

UNSIGNED = ["uint16", "uint32", "uint64"]
FUNCTIONS = [
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
OPERATORS = [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
]
SCALARS = [True, 2, 2.0, 2j]


def ones(library, name, shape):
    return library.ones(shape, dtype=getattr(library, name))


def result(library, op, a, b):
    def call():
        return op(a, b).dtype

    return outcome(call)


def check(ours, theirs, where):
    if theirs[0] == "error":
        assert same_error(ours, theirs), f"{where}: theirs {theirs}, ours {ours}"
    else:
        assert ours == theirs, f"{where}: theirs {theirs}, ours {ours}"


@pytest.mark.parametrize(
    "shapes", [((2,), (2,)), ((2,), ()), ((), (2,)), ((), ())], ids=str
)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_tensor_tensor(name, shapes):
    for x, y in itertools.product(DTYPES, DTYPES):
        found = [
            result(
                lib,
                getattr(lib, name),
                ones(lib, x, shapes[0]),
                ones(lib, y, shapes[1]),
            )
            for lib in (rl, torch)
        ]
        check(*found, (name, x, y))


@pytest.mark.parametrize("shape", [(2,), ()], ids=str)
@pytest.mark.parametrize("name", OPERATORS)
def test_tensor_number(name, shape):
    op = getattr(operator, name)
    for x, s in itertools.product(DTYPES, SCALARS):
        if (name, x, s) == ("pow", "bool", True):
            continue  # PyTorch copies for an exponent of one
        for swap in (False, True):
            found = []
            for lib in (rl, torch):
                a, b = ones(lib, x, shape), s
                found.append(result(lib, op, *((b, a) if swap else (a, b))))
            check(*found, (name, x, s, "swapped" if swap else ""))


INPLACE = [n for n in OPERATORS if n not in ("eq", "ne", "lt", "le", "gt", "ge")]


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(name):
    op = getattr(operator, "i" + name.rstrip("_"))
    for x, y in itertools.product(DTYPES, [*DTYPES, *SCALARS]):
        if (name, x, y) == ("pow", "bool", True):
            continue
        found = []
        for lib in (rl, torch):
            b = ones(lib, y, (2,)) if isinstance(y, str) else y
            found.append(result(lib, op, ones(lib, x, (2,)), b))
        check(*found, (name, x, y))


def test_promote_types():
    for x, y in itertools.product([*DTYPES, *UNSIGNED], repeat=2):
        if {x, y} & set(UNSIGNED) and {x, y} & {
            "bool",
            *INTS,
            "complex64",
            "complex128",
        }:
            continue  # PyTorch refuses even bool with uint16
        assert_same(lambda t: t.promote_types(getattr(t, x), getattr(t, y)))  # noqa: B023


def test_result_type():
    for x, y in itertools.product(DTYPES, repeat=2):
        for sx, sy in itertools.product([(), (2,)], repeat=2):
            assert_same(lambda t: t.result_type(ones(t, x, sx), ones(t, y, sy)))  # noqa: B023
    for x, s in itertools.product(DTYPES, SCALARS):
        for shape in [(), (2,)]:
            assert_same(lambda t: t.result_type(ones(t, x, shape), s))  # noqa: B023
            assert_same(lambda t: t.result_type(s, ones(t, x, shape)))  # noqa: B023
    for a, b in itertools.product(SCALARS, repeat=2):
        assert_same(lambda t: t.result_type(a, b))  # noqa: B023


@pytest.mark.parametrize("default", ["float64", "float16"])
def test_default_dtype(default):
    before = torch.get_default_dtype()
    rl.set_default_dtype(getattr(rl, default))
    torch.set_default_dtype(getattr(torch, default))
    try:
        for x, s in itertools.product(DTYPES, SCALARS):
            if default == "float16" and isinstance(s, complex):
                continue  # there is no half-precision complex here
            assert_same(lambda t: (ones(t, x, (2,)) * s).dtype)  # noqa: B023
            assert_same(lambda t: (ones(t, x, (2,)) / s).dtype)  # noqa: B023
        for data in (1.5, [1, 2.5], 1j, [], True, 2):
            assert_same(lambda t: t.tensor(data).dtype)  # noqa: B023
        assert_same(lambda t: t.sqrt(t.ones(2, dtype=t.int64)).dtype)
    finally:
        torch.set_default_dtype(before)
        rl.set_default_dtype(rl.float32)
