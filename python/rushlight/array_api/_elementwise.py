"""Element-wise functions of the array API."""

from __future__ import annotations

import rushlight
from rushlight._core import Tensor
from rushlight.array_api import _wide_arithmetic as wide
from rushlight.array_api._dtypes import is_kind
from rushlight.array_api._operands import (
    bits_of,
    check_array,
    from_bits,
    is_wide,
    ordered,
    pair,
    scalar_array,
)

_UNARY_DOC = """{summary}

    Args:
        x (Tensor): of any shape and {kind} dtype.

    Returns:
        Tensor: of the shape of ``x``{result}.
    """
_BINARY_DOC = """{summary}

    Args:
        x1 (Tensor or Number): of {kind} dtype.
        x2 (Tensor or Number): broadcast with ``x1``; at least one is an array.

    Returns:
        Tensor: of the broadcast shape{result}.
    """


def _named(function, name, doc, **fields):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc.format(**fields)
    return function


def _unary(name, run, summary, kind="numeric", wide=None, result=" and its dtype"):
    """A function of one array; ``wide`` is what it is for wide unsigned integers."""

    def function(x, /):
        if is_wide(check_array(name, x).dtype) and wide is not None:
            return wide(x)
        return run(x)

    return _named(function, name, _UNARY_DOC, summary=summary, kind=kind, result=result)


def _same(x):
    return x


def _filled(value):
    return lambda x: rushlight.full(
        x.shape, value, dtype=rushlight.bool, device=x.device
    )


def _by_bits(run):
    return lambda x: from_bits(run(bits_of(x)), x.dtype)


def _round(x):
    if not x.is_complex():
        return rushlight.round(x)
    parts = rushlight.round(rushlight.view_as_real(x))
    return rushlight.view_as_complex(parts)


def _sign(x):
    if x.is_complex():
        return rushlight.sgn(x)
    sign = rushlight.sign(x)
    # PyTorch's is 0 for NaN.
    return rushlight.where(x.isnan(), x, sign) if x.is_floating_point() else sign


def _remainder(x1, x2):
    rest = rushlight.remainder(x1, x2)
    if not x1.is_floating_point():
        return rest
    # A remainder of 0 has the sign of x2 too; adding 0 turns -0 into it.
    return rushlight.where(x2 < 0, -(0.0 - rest), rest + 0.0)


_FLOAT = "real or complex floating-point"
_REAL = "real floating-point"
_WHOLE = " and its dtype; integers as they are"
_BOOL = ", of bool"

abs = _unary(
    "abs",
    rushlight.abs,
    "The absolute value.",
    wide=_same,
    result=" and its dtype, real for a complex one",
)
acos = _unary("acos", rushlight.acos, "The inverse cosine, in radians.", _FLOAT)
acosh = _unary("acosh", rushlight.acosh, "The inverse hyperbolic cosine.", _FLOAT)
asin = _unary("asin", rushlight.asin, "The inverse sine, in radians.", _FLOAT)
asinh = _unary("asinh", rushlight.asinh, "The inverse hyperbolic sine.", _FLOAT)
atan = _unary("atan", rushlight.atan, "The inverse tangent, in radians.", _FLOAT)
atanh = _unary("atanh", rushlight.atanh, "The inverse hyperbolic tangent.", _FLOAT)
bitwise_invert = _unary(
    "bitwise_invert",
    rushlight.bitwise_not,
    "Every bit turned over.",
    "integer or bool",
    _by_bits(rushlight.bitwise_not),
)
ceil = _unary("ceil", rushlight.ceil, "Rounded up.", "real", result=_WHOLE)
conj = _unary("conj", rushlight.conj, "The complex conjugate.")
cos = _unary("cos", rushlight.cos, "The cosine of radians.", _FLOAT)
cosh = _unary("cosh", rushlight.cosh, "The hyperbolic cosine.", _FLOAT)
exp = _unary("exp", rushlight.exp, "e to the power of x.", _FLOAT)
expm1 = _unary("expm1", rushlight.expm1, "exp(x) - 1, exact near 0.", _FLOAT)
floor = _unary("floor", rushlight.floor, "Rounded down.", "real", result=_WHOLE)
imag = _unary("imag", rushlight.imag, "The imaginary part; a view.", "complex")
isfinite = _unary(
    "isfinite",
    rushlight.isfinite,
    "Whether neither infinite nor NaN.",
    wide=_filled(True),
    result=_BOOL,
)
isinf = _unary(
    "isinf",
    rushlight.isinf,
    "Whether infinite.",
    wide=_filled(False),
    result=_BOOL,
)
isnan = _unary(
    "isnan", rushlight.isnan, "Whether NaN.", wide=_filled(False), result=_BOOL
)
log = _unary("log", rushlight.log, "The natural logarithm.", _FLOAT)
log10 = _unary("log10", rushlight.log10, "The logarithm to base 10.", _FLOAT)
log1p = _unary("log1p", rushlight.log1p, "log(1 + x), exact near 0.", _FLOAT)
log2 = _unary("log2", rushlight.log2, "The logarithm to base 2.", _FLOAT)
logical_not = _unary(
    "logical_not",
    rushlight.logical_not,
    "Not x.",
    "bool",
    lambda x: rushlight.logical_not(bits_of(x)),
    _BOOL,
)
negative = _unary("negative", rushlight.neg, "-x.", wide=_by_bits(rushlight.neg))
positive = _unary("positive", rushlight.positive, "+x.")
real = _unary("real", rushlight.real, "The real part; a view.", "complex")
reciprocal = _unary("reciprocal", rushlight.reciprocal, "1 / x.", _FLOAT)
round = _unary(
    "round", _round, "Rounded to the nearest, halves to even.", result=_WHOLE
)
sign = _unary(
    "sign",
    _sign,
    "-1, 0 or 1 with the sign of x; x / abs(x) where complex.",
    wide=_by_bits(lambda x: (x != 0).long()),
)
signbit = _unary(
    "signbit",
    rushlight.signbit,
    "Whether the sign bit is set, of -0.0 too.",
    _REAL,
    _filled(False),
    _BOOL,
)
sin = _unary("sin", rushlight.sin, "The sine of radians.", _FLOAT)
sinh = _unary("sinh", rushlight.sinh, "The hyperbolic sine.", _FLOAT)
sqrt = _unary("sqrt", rushlight.sqrt, "The square root.", _FLOAT)
square = _unary("square", rushlight.square, "x * x.", wide=_by_bits(rushlight.square))
tan = _unary("tan", rushlight.tan, "The tangent of radians.", _FLOAT)
tanh = _unary("tanh", rushlight.tanh, "The hyperbolic tangent.", _FLOAT)
trunc = _unary("trunc", rushlight.trunc, "Rounded towards 0.", "real", result=_WHOLE)


def _binary(
    name, run, summary, kind="numeric", wide=None, result=", of the common dtype"
):
    """A function of two arrays; ``wide`` computes it for wide unsigned integers."""

    def function(x1, x2, /):
        x1, x2 = pair(name, x1, x2)
        if is_wide(x1.dtype) and wide is not None:
            return wide(x1, x2)
        return run(x1, x2)

    return _named(
        function, name, _BINARY_DOC, summary=summary, kind=kind, result=result
    )


def _bits(run):
    return lambda x1, x2: from_bits(run(bits_of(x1), bits_of(x2)), x1.dtype)


def _compared(run):
    return lambda x1, x2: run(ordered(x1), ordered(x2))


def _chosen(better):
    def run(x1, x2):
        first = better(ordered(x1), ordered(x2))
        return rushlight.where(
            first, *rushlight.broadcast_tensors(bits_of(x1), bits_of(x2))
        )

    return lambda x1, x2: from_bits(run(x1, x2), x1.dtype)


def _logical(run):
    return lambda x1, x2: run(bits_of(x1), bits_of(x2))


_WHOLE_KIND = "integer or bool"
add = _binary("add", rushlight.add, "x1 + x2.", wide=_bits(rushlight.add))
atan2 = _binary("atan2", rushlight.atan2, "The angle of (x2, x1), in radians.", _REAL)
bitwise_and = _binary(
    "bitwise_and",
    rushlight.bitwise_and,
    "x1 & x2.",
    _WHOLE_KIND,
    _bits(rushlight.bitwise_and),
)
bitwise_left_shift = _binary(
    "bitwise_left_shift",
    rushlight.bitwise_left_shift,
    "x1 << x2.",
    "integer",
    _bits(rushlight.bitwise_left_shift),
)
bitwise_or = _binary(
    "bitwise_or",
    rushlight.bitwise_or,
    "x1 | x2.",
    _WHOLE_KIND,
    _bits(rushlight.bitwise_or),
)
bitwise_right_shift = _binary(
    "bitwise_right_shift",
    rushlight.bitwise_right_shift,
    "x1 >> x2.",
    "integer",
    wide.right_shift,
)
bitwise_xor = _binary(
    "bitwise_xor",
    rushlight.bitwise_xor,
    "x1 ^ x2.",
    _WHOLE_KIND,
    _bits(rushlight.bitwise_xor),
)
copysign = _binary(
    "copysign", rushlight.copysign, "The size of x1 with the sign of x2.", _REAL
)
divide = _binary("divide", rushlight.div, "x1 / x2; integers become floating-point.")
equal = _binary(
    "equal", rushlight.eq, "Whether x1 == x2.", "any", _compared(rushlight.eq), _BOOL
)
floor_divide = _binary(
    "floor_divide",
    rushlight.floor_divide,
    "x1 / x2, rounded down.",
    "real",
    wide.floor_divide,
)
greater = _binary(
    "greater", rushlight.gt, "Whether x1 > x2.", "real", _compared(rushlight.gt), _BOOL
)
greater_equal = _binary(
    "greater_equal",
    rushlight.ge,
    "Whether x1 >= x2.",
    "real",
    _compared(rushlight.ge),
    _BOOL,
)
hypot = _binary("hypot", rushlight.hypot, "The root of x1**2 + x2**2.", _REAL)
less = _binary(
    "less", rushlight.lt, "Whether x1 < x2.", "real", _compared(rushlight.lt), _BOOL
)
less_equal = _binary(
    "less_equal",
    rushlight.le,
    "Whether x1 <= x2.",
    "real",
    _compared(rushlight.le),
    _BOOL,
)
logaddexp = _binary(
    "logaddexp", rushlight.logaddexp, "The logarithm of exp(x1) + exp(x2).", _REAL
)
logical_and = _binary(
    "logical_and",
    rushlight.logical_and,
    "x1 and x2.",
    "bool",
    _logical(rushlight.logical_and),
    _BOOL,
)
logical_or = _binary(
    "logical_or",
    rushlight.logical_or,
    "x1 or x2.",
    "bool",
    _logical(rushlight.logical_or),
    _BOOL,
)
logical_xor = _binary(
    "logical_xor",
    rushlight.logical_xor,
    "Either x1 or x2.",
    "bool",
    _logical(rushlight.logical_xor),
    _BOOL,
)
maximum = _binary(
    "maximum",
    rushlight.maximum,
    "The larger one; NaN where either is.",
    "real",
    _chosen(rushlight.ge),
)
minimum = _binary(
    "minimum",
    rushlight.minimum,
    "The smaller one; NaN where either is.",
    "real",
    _chosen(rushlight.le),
)
multiply = _binary("multiply", rushlight.mul, "x1 * x2.", wide=_bits(rushlight.mul))
nextafter = _binary(
    "nextafter", rushlight.nextafter, "The next number after x1 towards x2.", _REAL
)
not_equal = _binary(
    "not_equal",
    rushlight.ne,
    "Whether x1 != x2.",
    "any",
    _compared(rushlight.ne),
    _BOOL,
)
pow = _binary("pow", rushlight.pow, "x1 to the power of x2.", wide=wide.power)
remainder = _binary(
    "remainder",
    _remainder,
    "What is left of x1 / x2 rounded down; it has the sign of x2.",
    "real",
    wide.remainder,
)
subtract = _binary("subtract", rushlight.sub, "x1 - x2.", wide=_bits(rushlight.sub))


def clip(x, /, min=None, max=None):
    """Every element brought between two bounds.

    Args:
        x (Tensor): of real dtype.
        min (Tensor or Number, optional): broadcast with ``x``.
        max (Tensor or Number, optional): broadcast with ``x``; it wins over ``min``.

    Returns:
        Tensor: of the broadcast shape and the dtype of ``x``; NaN where a bound is NaN.

    Raises:
        TypeError: for a floating-point bound of an integer array.

    Example::

        >>> from rushlight import array_api as xp
        >>> xp.clip(xp.asarray([1, 5, 9]), 2, 8)
        tensor([2, 5, 8])
    """
    check_array("clip", x)
    for bound, limit in ((min, maximum), (max, minimum)):
        if bound is None:
            continue
        if not isinstance(bound, Tensor):
            if isinstance(bound, float) and is_kind(x.dtype, "integral", "bool"):
                raise TypeError(f"clip(): a bound of {bound} for an array of {x.dtype}")
            bound = scalar_array(bound, x.dtype, x.device)
        x = limit(x, bound.to(x.dtype))
    return x.clone() if min is None and max is None else x
