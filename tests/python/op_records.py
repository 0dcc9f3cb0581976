"""One record per op: it drives the forward, gradient, dtype, strided and error tests.

A record's ``call(rl, *tensors)`` works with any library of PyTorch's API, so the parity
tests use the same table. Values are drawn from ``low .. high``, where the op is smooth.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Input:
    shape: tuple = (2, 3)
    low: float = -2.0
    high: float = 2.0
    dtype: str | None = None  # fixed; None takes the test's dtype
    # Values this close to a whole number are moved away from it.
    away_from_whole: float = 0.0


@dataclasses.dataclass(frozen=True)
class OpRecord:
    name: str
    call: Callable
    inputs: tuple = (Input(),)
    # The same in NumPy, on arrays; None where only shapes and gradients are checked.
    reference: Callable | None = None
    rows: tuple = ()  # rows of the derivative table it covers; default its own name
    grad: bool = True
    complex_grad: bool = False
    gradgrad: bool = True
    inplace: str | None = None  # the method that writes the result into the first input
    out: bool = False  # whether call's function takes out=
    elementwise: bool = False
    errors: tuple = ()  # (exception, text of a call on rl)

    def __str__(self):
        return self.name

    def covers(self):
        return self.rows or (self.name,)

    def arrays(self, dtype="float64", seed=0):
        """NumPy arrays of every input."""
        rng = np.random.default_rng(seed)
        return [_draw(rng, x, x.dtype or dtype) for x in self.inputs]


def _draw(rng, spec, dtype):
    if dtype == "bool":
        return rng.random(spec.shape) < 0.5
    values = rng.uniform(spec.low, spec.high, spec.shape)
    if dtype.startswith("complex"):
        return (values + 1j * rng.uniform(spec.low, spec.high, spec.shape)).astype(
            dtype
        )
    if spec.away_from_whole:
        gap = spec.away_from_whole
        values = np.floor(values) + gap + (values - np.floor(values)) * (1 - 2 * gap)
    if not dtype.startswith("float"):
        return np.rint(values).astype(dtype)
    return values.astype(dtype)


def _named(name):
    return lambda rl, *xs: getattr(rl, name)(*xs)


def _unary(name, low, high, reference, **options):
    spec = Input((2, 3), low, high, away_from_whole=options.pop("gap", 0.0))
    return OpRecord(
        name,
        _named(name),
        (spec,),
        reference,
        inplace=name + "_",
        out=True,
        elementwise=True,
        **options,
    )


_erf = np.vectorize(math.erf, otypes=[float])
_sigmoid = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731

UNARY = [
    _unary("neg", -2, 2, np.negative, complex_grad=True),
    _unary("abs", 0.3, 2, np.abs, complex_grad=True),
    _unary("sign", 0.3, 2, np.sign),
    _unary("square", -2, 2, np.square, complex_grad=True),
    _unary("sqrt", 0.4, 3, np.sqrt, complex_grad=True),
    _unary("rsqrt", 0.4, 3, lambda x: 1 / np.sqrt(x), complex_grad=True),
    _unary("reciprocal", 0.5, 2, np.reciprocal, complex_grad=True),
    _unary("exp", -2, 2, np.exp, complex_grad=True),
    _unary("exp2", -2, 2, np.exp2),
    _unary("expm1", -2, 2, np.expm1),
    _unary("log", 0.4, 3, np.log, complex_grad=True),
    _unary("log2", 0.4, 3, np.log2),
    _unary("log10", 0.4, 3, np.log10),
    _unary("log1p", -0.5, 2, np.log1p),
    _unary("sin", -3, 3, np.sin, complex_grad=True),
    _unary("cos", -3, 3, np.cos, complex_grad=True),
    _unary("tan", -1, 1, np.tan, complex_grad=True),
    _unary("asin", -0.8, 0.8, np.arcsin),
    _unary("acos", -0.8, 0.8, np.arccos),
    _unary("atan", -2, 2, np.arctan),
    _unary("sinh", -2, 2, np.sinh, complex_grad=True),
    _unary("cosh", -2, 2, np.cosh, complex_grad=True),
    _unary("tanh", -1, 1, np.tanh, complex_grad=True),
    _unary("asinh", -2, 2, np.arcsinh),
    _unary("acosh", 1.3, 3, np.arccosh),
    _unary("atanh", -0.8, 0.8, np.arctanh),
    _unary("erf", -2, 2, _erf),
    _unary("erfc", -2, 2, lambda x: 1 - _erf(x)),
    _unary("sigmoid", -3, 3, _sigmoid, complex_grad=True),
    _unary("floor", -3, 3, np.floor, gap=0.1),
    _unary("ceil", -3, 3, np.ceil, gap=0.1),
    _unary("trunc", -3, 3, np.trunc, gap=0.1),
    _unary("round", -3, 3, np.round, gap=0.1),
    _unary("frac", -3, 3, lambda x: x - np.trunc(x), gap=0.1),
    _unary("relu", 0.2, 2, lambda x: np.maximum(x, 0)),
    _unary("logical_not", -2, 2, np.logical_not, grad=False),
    _unary("isnan", -2, 2, np.isnan, grad=False),
    _unary("isinf", -2, 2, np.isinf, grad=False),
    _unary("isfinite", -2, 2, np.isfinite, grad=False),
]


def _binary(name, reference, a=(-2, 2), b=(-2, 2), **options):
    broadcast = options.pop("broadcast", True)
    gap = options.pop("gap", 0.0)
    inputs = (
        Input((2, 3), *a, away_from_whole=gap),
        Input((3,) if broadcast else (2, 3), *b),
    )
    options.setdefault("inplace", name + "_")
    options.setdefault("out", True)
    return OpRecord(name, _named(name), inputs, reference, elementwise=True, **options)


_MISMATCH = (RuntimeError, "rl.{name}(rl.ones(2), rl.ones(3))")

BINARY = [
    _binary("add", np.add, complex_grad=True),
    _binary("sub", np.subtract, complex_grad=True),
    _binary("mul", np.multiply, complex_grad=True),
    _binary("div", np.divide, b=(0.5, 2), complex_grad=True),
    _binary("floor_divide", np.floor_divide, a=(5.1, 5.4), b=(2, 2.4)),
    _binary("remainder", np.remainder, a=(5.1, 5.4), b=(2, 2.4)),
    _binary("fmod", np.fmod, a=(-5.4, -5.1), b=(2, 2.4)),
    _binary("pow", np.power, a=(0.4, 2), b=(-2, 2), complex_grad=True),
    _binary("atan2", np.arctan2, a=(0.3, 2), b=(0.3, 2)),
    _binary("hypot", np.hypot, a=(0.3, 2), b=(0.3, 2)),
    _binary("maximum", np.maximum, inplace=None),
    _binary("minimum", np.minimum, inplace=None),
    _binary("fmax", np.fmax, inplace=None),
    _binary("fmin", np.fmin, inplace=None),
    *(
        _binary(name, reference, grad=False)
        for name, reference in [
            ("eq", np.equal),
            ("ne", np.not_equal),
            ("lt", np.less),
            ("le", np.less_equal),
            ("gt", np.greater),
            ("ge", np.greater_equal),
            ("logical_and", np.logical_and),
            ("logical_or", np.logical_or),
            ("logical_xor", np.logical_xor),
        ]
    ),
]

_TRUNC = OpRecord(
    "div_trunc",
    lambda rl, a, b: rl.div(a, b, rounding_mode="trunc"),
    (Input((2, 3), 5.1, 5.4), Input((3,), 2, 2.4)),
    lambda a, b: np.trunc(a / b),
    rows=("trunc_divide",),
)


def _op(name, call, *shapes, rows=(), reference=None, **options):
    inputs = tuple(s if isinstance(s, Input) else Input(s) for s in shapes)
    return OpRecord(name, call, inputs, reference, rows=rows, **options)


NUMBERS = [
    _op("add_number", lambda rl, x: x + 2.5, (2, 3), rows=("add",), complex_grad=True),
    _op("rsub_number", lambda rl, x: 2.5 - x, (2, 3), rows=("sub",), complex_grad=True),
    _op("mul_number", lambda rl, x: x * 3, (2, 3), rows=("mul",), complex_grad=True),
    _op(
        "rdiv_number",
        lambda rl, x: 2.5 / x,
        Input((2, 3), 0.4, 2),
        rows=("div",),
        complex_grad=True,
    ),
    _op("pow_number", lambda rl, x: x**3, (2, 3), rows=("pow",), complex_grad=True),
    _op("pow_zero", lambda rl, x: x**0, (2, 3), rows=("pow",)),
    _op("rpow_number", lambda rl, x: 2.5**x, (2, 3), rows=("pow",), complex_grad=True),
    _op(
        "remainder_number",
        lambda rl, x: x % 5,
        Input((2, 3), 1, 4),
        rows=("remainder",),
    ),
    _op(
        "add_alpha", lambda rl, x, y: rl.add(x, y, alpha=2), (2, 3), (3,), rows=("add",)
    ),
    _op("clamp", lambda rl, x: rl.clamp(x, -3, 3), (2, 3), rows=("maximum", "minimum")),
]

COMPOSED = [
    _op(
        "where",
        lambda rl, c, a, b: rl.where(c, a, b),
        Input((2, 3), dtype="bool"),
        (2, 3),
        (3,),
        reference=np.where,
        complex_grad=True,
    ),
    _op(
        "sigmoid_backward",
        lambda rl, g, y: rl._ops.sigmoid_backward(g, y),
        (2, 3),
        (2, 3),
        complex_grad=True,
    ),
    _op(
        "tanh_backward",
        lambda rl, g, y: rl._ops.tanh_backward(g, y),
        (2, 3),
        (2, 3),
        complex_grad=True,
    ),
    _op(
        "threshold_backward",
        lambda rl, g, y: rl._ops.threshold_backward(g, y.detach()),
        (2, 3),
        Input((2, 3), 0.2, 2),
    ),
    _op("clone", lambda rl, x: x.clone(), (2, 3), complex_grad=True),
    _op("to", lambda rl, x: x.to(rl.complex128) * 2, (2, 3)),
    _op("contiguous", lambda rl, x: x.t().contiguous(), (2, 3), rows=("clone",)),
    _op("angle", lambda rl, x: rl.angle(x), Input((2, 3), 0.3, 2), rows=("atan2",)),
    _op("conj", lambda rl, x: x.conj(), (2, 3), rows=("mul",), complex_grad=True),
    _op(
        "sgn",
        lambda rl, x: x.sgn(),
        Input((2, 3), 0.3, 2),
        rows=("sign",),
        complex_grad=True,
    ),
]

VIEWS = [
    _op("view", lambda rl, x: x.view(3, 2), (2, 3), complex_grad=True),
    _op("reshape", lambda rl, x: x.t().reshape(-1), (2, 3), rows=("view", "clone")),
    _op("permute", lambda rl, x: x.permute(2, 0, -2), (2, 3, 2), complex_grad=True),
    _op("transpose", lambda rl, x: x.transpose(0, -1), (2, 3, 2)),
    _op("t", lambda rl, x: x.t(), (2, 3)),
    _op("unsqueeze", lambda rl, x: x.unsqueeze(1), (2, 3)),
    _op("squeeze", lambda rl, x: x.squeeze(), (2, 1, 3, 1)),
    _op("squeeze_dim", lambda rl, x: x.squeeze(1), (2, 1, 3, 1), rows=("squeeze",)),
    _op("expand", lambda rl, x: x.expand(2, 4, 3), (4, 1), complex_grad=True),
    _op("select", lambda rl, x: x[1], (2, 3)),
    _op("select_last", lambda rl, x: x[:, -1], (2, 3), rows=("select", "slice")),
    _op("slice", lambda rl, x: x[1:, ::2], (3, 4), complex_grad=True),
    _op(
        "index_none",
        lambda rl, x: x[None, ..., 1:],
        (3, 4),
        rows=("slice", "unsqueeze"),
    ),
    _op("flatten", lambda rl, x: x.flatten(1), (2, 3, 2)),
    _op("unflatten", lambda rl, x: x.unflatten(1, (2, -1)), (2, 4)),
    _op("movedim", lambda rl, x: x.movedim((0, 1), (-1, 0)), (2, 3, 2)),
    _op("narrow", lambda rl, x: x.narrow(1, 1, 2), (2, 4)),
    _op("diagonal", lambda rl, x: x.diagonal(1, 0, 1), (3, 4)),
    _op("as_strided", lambda rl, x: x.as_strided((2, 2), (3, 1), 1), (2, 3)),
    _op(
        "as_strided_overlapping",
        lambda rl, x: x.as_strided((3, 3), (1, 1)),
        (6,),
        rows=("as_strided",),
    ),
    _op("unfold", lambda rl, x: x.unfold(0, 3, 2), (7,)),
    _op("unfold_2d", lambda rl, x: x.unfold(1, 2, 1), (2, 4), rows=("unfold",)),
    _op("split", lambda rl, x: x.split(2, 1), (2, 5), rows=("split_int",)),
    _op("split_sizes", lambda rl, x: x.split([1, 3], 1)[1], (2, 4)),
    _op("chunk", lambda rl, x: x.chunk(2, -1), (2, 5)),
    _op("unbind", lambda rl, x: x.unbind(1), (2, 3)),
    _op("unbind_one", lambda rl, x: x.unbind(0)[1], (2, 3), rows=("unbind",)),
    _op(
        "view_as_real",
        lambda rl, x: rl.view_as_real(x),
        Input((2, 3), dtype="complex128"),
    ),
    _op("view_as_complex", lambda rl, x: rl.view_as_complex(x), (3, 2)),
]


def _inplace(write):
    # The op on a copy, so that the input itself stays a leaf.
    def call(rl, x, *rest):
        y = x.clone()
        write(rl, y, *rest)
        return y

    return call


def _set_row(rl, y, v):
    y[1] = v


def _set_column(rl, y, v):
    y[:, 1:] = v * v


INPLACE = [
    _op("copy_", _inplace(lambda rl, y, v: y.copy_(v)), (2, 3), (3,), rows=("copy",)),
    _op("fill_", _inplace(lambda rl, y: y.fill_(2)), (2, 3), rows=("fill",)),
    _op("zero_", _inplace(lambda rl, y: y.zero_()), (2, 3), rows=("zero",)),
    _op("setitem", _inplace(_set_row), (2, 3), (3,), rows=("as_strided_scatter",)),
    _op(
        "setitem_column",
        _inplace(_set_column),
        (2, 3),
        (2, 2),
        rows=("as_strided_scatter", "copy"),
    ),
    _op(
        "write_view",
        _inplace(lambda rl, y, v: y.t()[1].mul_(v)),
        (2, 3),
        (2,),
        rows=("as_strided_scatter", "mul"),
    ),
]

RECORDS = [*UNARY, *BINARY, _TRUNC, *NUMBERS, *COMPOSED, *VIEWS, *INPLACE]

ERRORS = [
    *((_MISMATCH[0], _MISMATCH[1].format(name=r.name)) for r in BINARY),
    (TypeError, "rl.sin(3)"),
    (TypeError, "rl.sin()"),
    (TypeError, "rl.add(rl.ones(2), 'a')"),
    (TypeError, "rl.sin(rl.ones(2), rl.ones(2))"),
    (TypeError, "rl.sin(rl.ones(2), out=3)"),
    (RuntimeError, "rl.sin(rl.ones(2), out=rl.zeros(2, dtype=rl.int64))"),
    (RuntimeError, "rl.sin(rl.ones(2, requires_grad=True), out=rl.zeros(2))"),
    (RuntimeError, "rl.ones(2).expand(3, 2).add_(1)"),
    (RuntimeError, "rl.ones(2).add_(rl.ones(3, 2))"),
    (RuntimeError, "rl.ones(2, dtype=rl.int64).add_(1.5)"),
    (RuntimeError, "-rl.ones(2, dtype=rl.bool)"),
    (RuntimeError, "rl.ones(2, dtype=rl.bool) - rl.ones(2, dtype=rl.bool)"),
    (RuntimeError, "rl.tensor([1]) // 0"),
    (NotImplementedError, "rl.bitwise_and(rl.ones(2), 1)"),
]
