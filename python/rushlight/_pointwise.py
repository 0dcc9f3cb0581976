"""Pointwise functions that are composed of others; METHODS are their Tensor methods."""

from __future__ import annotations

import functools
import math

import rushlight
from rushlight import _core, _functions, _ops, _tensor_methods
from rushlight._core import Tensor
from rushlight._results import give, named

METHODS: dict = {}


def _method(*names, inplace=True):
    """Makes a function a method under these names, and name_() its in-place form."""

    def register(function):
        for name in names:
            METHODS[name] = function
            if inplace:
                METHODS[name + "_"] = in_place(function, name)
        return function

    return register


def in_place(function, name):
    """``name_``: the function's result, written into its first argument."""

    def method(input, *args, **kwargs):
        # What the tape saves must not be what is overwritten.
        source = input.clone() if input.requires_grad else input
        result = function(source, *args, **kwargs)
        if not rushlight.can_cast(result.dtype, input.dtype):
            raise RuntimeError(
                f"{name}_(): result type {result.dtype} can't be cast to the desired "
                f"output type {input.dtype}"
            )
        if result.shape != input.shape:
            raise RuntimeError(
                f"{name}_(): output with shape {list(input.shape)} doesn't match the "
                f"broadcast shape {list(result.shape)}"
            )
        return input.copy_(result)

    method.__name__ = method.__qualname__ = name + "_"
    method.__doc__ = f"In-place form of :func:`rushlight.{name}`."
    return method


def _as_float(x):
    """A tensor of an exact dtype in the default float dtype; others as they are."""
    if x.is_floating_point() or x.is_complex():
        return x
    return x.to(_core.get_default_dtype())


def _tensors(op, *args):
    for position, x in enumerate(args, 1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{op}(): argument {position} must be Tensor, not {type(x).__name__}"
            )


def _promoted(op, a, b, *, floating=True):
    """Both operands as tensors of their promoted dtype, a number kept as a weak one."""
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise TypeError(f"{op}(): at least one argument must be Tensor")
    dtype = _functions.result_type(a, b)
    if floating and not (dtype.is_floating_point or dtype.is_complex):
        dtype = _core.get_default_dtype()
    return tuple(
        x.to(dtype) if isinstance(x, Tensor) else _core.tensor(x, dtype=dtype)
        for x in (a, b)
    )


def _real_only(op, *tensors):
    for x in tensors:
        if x.is_complex():
            raise NotImplementedError(f'"{op}" not implemented for {x.dtype}')


# -- three operands ------------------------------------------------------------------


def _scaled_product(op, input, tensor1, tensor2, value, combine):
    _tensors(op, input, tensor1, tensor2)
    exact = not any(
        x.is_floating_point() or x.is_complex() for x in (input, tensor1, tensor2)
    )
    if exact and isinstance(value, float):
        raise RuntimeError(
            f"{op}(): For integral input tensors, argument value must not be a "
            "floating point number."
        )
    product = combine(tensor1, tensor2)
    return input + (product if value == 1 else product * value)


@_method("addcmul")
def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 * tensor2``, broadcast and promoted.

    Args:
        input, tensor1, tensor2 (Tensor): of shapes that broadcast.
        value (Number): the factor.

    Example::

        >>> rushlight.addcmul(rushlight.ones(2), rushlight.ones(2), rushlight.ones(2))
        tensor([2., 2.])
    """
    result = _scaled_product("addcmul", input, tensor1, tensor2, value, _ops.mul)
    return give("addcmul", result, out)


@_method("addcdiv")
def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """``input + value * tensor1 / tensor2``, broadcast and promoted.

    Shape:
        Input, tensor1 and tensor2 of shapes that broadcast, output of the broadcast
        shape.

    Raises:
        RuntimeError: when both ``tensor1`` and ``tensor2`` hold integers.

    Example::

        >>> rushlight.addcdiv(rushlight.ones(2), rushlight.ones(2), rushlight.ones(2))
        tensor([2., 2.])
    """
    _tensors("addcdiv", input, tensor1, tensor2)
    if not any(x.is_floating_point() or x.is_complex() for x in (tensor1, tensor2)):
        raise RuntimeError(
            "addcdiv(): Integer division with addcdiv is no longer supported; use "
            "input + value * trunc(tensor1 / tensor2), or floats"
        )
    result = _scaled_product("addcdiv", input, tensor1, tensor2, value, _ops.div)
    return give("addcdiv", result, out)


@_method("lerp")
def lerp(input, end, weight, *, out=None):
    """``input + weight * (end - input)``, computed from the nearer end.

    Args:
        input, end (Tensor): of one floating-point or complex dtype.
        weight (Number or Tensor): 0 gives ``input``, 1 ``end``.

    Shape:
        Input, end and a weight that is a tensor of shapes that broadcast, output of the
        broadcast shape.

    Example::

        >>> rushlight.lerp(rushlight.zeros(2), rushlight.full((2,), 10.0), 0.5)
        tensor([5., 5.])
    """
    _tensors("lerp", input, end)
    if input.dtype != end.dtype:
        raise RuntimeError(
            f"lerp(): expected dtype {input.dtype} for `end` but got dtype {end.dtype}"
        )
    if not (input.is_floating_point() or input.is_complex()):
        raise NotImplementedError(f'"lerp" not implemented for {input.dtype}')
    if isinstance(weight, Tensor):
        if weight.dtype != input.dtype:
            raise RuntimeError(
                f"lerp(): expected dtype {input.dtype} for `weight` but got dtype "
                f"{weight.dtype}"
            )
        near = weight.abs() < 0.5
        difference = end - input
        result = _ops.where(
            near, input + weight * difference, end - difference * (1 - weight)
        )
    elif abs(weight) < 0.5:
        result = input + (end - input) * weight
    else:
        result = end - (end - input) * (1 - weight)
    return give("lerp", result, out)


# -- signs and bits ------------------------------------------------------------------

_BITS = {2: "int16", 4: "int32", 8: "int64"}


def _bits(x):
    return x.detach().contiguous().view(getattr(rushlight, _BITS[x.element_size()]))


@_method("signbit", inplace=False)
def signbit(input, *, out=None):
    """Whether the sign bit is set, that of -0.0 and NaN too.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.signbit(rushlight.tensor([-0.0, 1.0]))
        tensor([ True, False])
    """
    _tensors("signbit", input)
    if input.is_complex():
        raise NotImplementedError("signbit is not implemented for complex tensors.")
    if input.is_floating_point():
        result = _bits(input) < 0
    elif input.dtype is rushlight.bool:
        result = rushlight.zeros_like(input)
    else:
        result = input < 0
    return give("signbit", result, out)


@_method("copysign")
def copysign(input, other, *, out=None):
    """``input`` with the sign of ``other``.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.copysign(rushlight.tensor([1.0, -2.0]), -0.0)
        tensor([-1., -2.])
    """
    _tensors("copysign", input)
    a, b = _promoted("copysign", input, other)
    _real_only("copysign", a)
    size = a.abs()
    result = _ops.where(signbit(b), -size, size)
    return give("copysign", result, out)


@_method("nextafter")
def nextafter(input, other, *, out=None):
    """The next number of the dtype after ``input`` towards ``other``.

    Its gradient goes to ``input`` where the two differ.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.
    """
    _tensors("nextafter", input, other)
    if not (input.is_floating_point() and other.is_floating_point()):
        raise NotImplementedError(f'"nextafter" not implemented for {input.dtype}')
    a, b = _functions.broadcast_tensors(*_promoted("nextafter", input, other))
    if (a.requires_grad or b.requires_grad) and rushlight.is_grad_enabled():
        return give("nextafter", _nextafter_function().apply(a, b), out)
    return give("nextafter", _nextafter(a, b), out)


def _nextafter(a, b):
    bits = _bits(a)
    # Away from zero the magnitude's bit pattern grows by one.
    outwards = (b > a) == (a > 0)
    moved = (bits + rushlight.where(outwards, 1, -1).to(bits.dtype)).view(a.dtype)
    smallest = rushlight.ones_like(bits).view(a.dtype)
    moved = _ops.where(a == 0, copysign(smallest, b), moved)
    moved = _ops.where(a == b, b, moved)
    return _ops.where(a.isnan() | b.isnan(), a + b, moved)


@functools.cache
def _nextafter_function():
    from rushlight.autograd.function import Function

    class NextAfter(Function):
        @staticmethod
        def forward(ctx, a, b):
            ctx.save_for_backward(a == b)
            return _nextafter(a, b)

        @staticmethod
        def backward(ctx, g):
            (same,) = ctx.saved_tensors
            return g.masked_fill(same, 0), rushlight.zeros_like(g)

    return NextAfter


_Frexp = named("frexp", ["mantissa", "exponent"])


@_method("frexp", inplace=False)
def frexp(input, *, out=None):
    """Mantissa in [0.5, 1) and int32 exponent: ``input = mantissa * 2 ** exponent``.

    Shape:
        Input of any shape, both results the same.

    Example::

        >>> rushlight.frexp(rushlight.tensor([8.0])).exponent
        tensor([4], dtype=rushlight.int32)
    """
    _tensors("frexp", input)
    if not input.is_floating_point():
        raise RuntimeError(
            f"frexp(): only supports floating-point dtypes, got {input.dtype}"
        )
    # The bits of a double: exact for any narrower dtype, and made normal before.
    wide = input.detach().double()
    raised = _ops.where(wide.abs() < 2.0**-1022, wide * 2.0**64, wide)
    biased = _ops.bitwise_right_shift(raised.view(rushlight.int64), 52) & 0x7FF
    exponent = biased - 1022 - 64 * (raised != wide)
    exponent = (exponent * ((wide != 0) & wide.isfinite())).to(rushlight.int32)
    # In two steps: 2 ** -exponent alone overflows for a denormal.
    half = _ops.floor_divide(exponent, 2)
    scale = (
        input.double()
        * _ops.exp2(-half.double())
        * _ops.exp2((half - exponent).double())
    )
    mantissa = scale.to(input.dtype)
    return give("frexp", _Frexp(mantissa, exponent), out)


@_method("ldexp")
def ldexp(input, other, *, out=None):
    """``input * 2 ** other``.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.ldexp(rushlight.tensor([1.0]), rushlight.tensor([3]))
        tensor([8.])
    """
    _tensors("ldexp", input, other)
    return give("ldexp", _ops.mul(input, _ops.pow(2.0, other)), out)


@_method("heaviside")
def heaviside(input, values, *, out=None):
    """0 below zero, 1 above it, ``values`` at zero.

    Shape:
        Input and values of shapes that broadcast, output of the broadcast shape.

    Raises:
        RuntimeError: when the dtypes differ or are complex.

    Example::

        >>> rushlight.heaviside(rushlight.tensor([-1.0, 0, 2]), rushlight.tensor(0.5))
        tensor([0.0000, 0.5000, 1.0000])
    """
    _tensors("heaviside", input, values)
    if input.is_complex() or values.is_complex():
        raise RuntimeError("heaviside is not yet implemented for complex tensors.")
    if input.dtype != values.dtype:
        raise RuntimeError(
            "heaviside is not yet implemented for tensors with different dtypes: got "
            f"{input.dtype} and {values.dtype}"
        )
    zero = input.detach() == 0
    step = (input.detach() > 0).to(input.dtype)
    return give("heaviside", _ops.where(zero, values.detach(), step), out)


# -- whole numbers -------------------------------------------------------------------


def _whole(op, input, other):
    _tensors(op, input, other)
    a, b = _promoted(op, input, other, floating=False)
    if a.is_floating_point() or a.is_complex() or a.dtype is rushlight.bool:
        raise NotImplementedError(f'"{op}" not implemented for {a.dtype}')
    return a.numpy(), b.numpy()


@_method("gcd")
def gcd(input, other, *, out=None):
    """The greatest common divisor of two integer tensors; never negative.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.gcd(rushlight.tensor([12, 10]), rushlight.tensor([8, 15]))
        tensor([4, 5])
    """
    import numpy as np

    result = np.asarray(np.gcd(*_whole("gcd", input, other)))
    return give("gcd", rushlight.from_numpy(result), out)


@_method("lcm")
def lcm(input, other, *, out=None):
    """The least common multiple of two integer tensors; never negative.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.lcm(rushlight.tensor([4]), rushlight.tensor([6]))
        tensor([12])
    """
    import numpy as np

    result = np.asarray(np.lcm(*_whole("lcm", input, other)))
    return give("lcm", rushlight.from_numpy(result), out)


# -- exponentials and logarithms -----------------------------------------------------


def _log_of_sums(op, input, other, exp, log1p, out):
    _tensors(op, input, other)
    a, b = _promoted(op, input, other, floating=False)
    if not a.is_floating_point():
        raise NotImplementedError(f'"{op}" not implemented for {a.dtype}')
    same = a.isinf() & (a == b)
    gap = _ops.where(same, rushlight.zeros_like(a + b), a - b).abs()
    both = _ops.maximum(a, b) + log1p(exp(-gap))
    return give(op, _ops.where(same, a, both), out)


@_method("logaddexp", inplace=False)
def logaddexp(input, other, *, out=None):
    """``log(exp(input) + exp(other))`` without overflow.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.logaddexp(rushlight.tensor([0.0]), rushlight.tensor([0.0]))
        tensor([0.6931])
    """
    if isinstance(input, Tensor) and input.is_complex():
        a, b = _promoted("logaddexp", input, other)
        first = a.real >= b.real
        high, low = _ops.where(first, a, b), _ops.where(first, b, a)
        return give("logaddexp", high + _ops.log(1 + _ops.exp(low - high)), out)
    return _log_of_sums("logaddexp", input, other, _ops.exp, _ops.log1p, out)


@_method("logaddexp2", inplace=False)
def logaddexp2(input, other, *, out=None):
    """``log2(2 ** input + 2 ** other)`` without overflow.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.
    """

    def log1p(x):
        return _ops.log1p(x) * (1 / math.log(2))

    return _log_of_sums("logaddexp2", input, other, _ops.exp2, log1p, out)


@_method("logit")
def logit(input, eps=None, *, out=None):
    """``log(x / (1 - x))``; with ``eps``, x is first clamped to [eps, 1 - eps].

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.logit(rushlight.tensor([0.5]))
        tensor([0.])
    """
    _tensors("logit", input)
    x = _as_float(input)
    _real_only("logit", x)
    if eps is not None:
        x = _functions.clamp(x, eps, 1 - eps)
    # About 1/2 the logarithm is that of nearly 1; there 2x - 1 is exact.
    middle = (x > 0.25) & (x < 0.75)
    near = rushlight.where(middle, 2 * x - 1, 0.0)
    result = _ops.where(middle, 2 * _ops.atanh(near), _ops.log(x) - _ops.log1p(-x))
    return give("logit", result, out)


@_method("xlogy")
def xlogy(input, other, *, out=None):
    """``input * log(other)``; 0 where ``input`` is 0, unless ``other`` is NaN.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.xlogy(rushlight.tensor([0.0, 2.0]), rushlight.tensor([0.0, 1.0]))
        tensor([0., 0.])
    """
    x, y = _promoted("xlogy", input, other)
    _real_only("xlogy", x)
    zero = (x == 0) & ~y.isnan()
    safe = _ops.where(zero, rushlight.ones_like(y), y)
    return give("xlogy", x * _ops.log(safe), out)


@_method("float_power", inplace=False)
def float_power(input, exponent, *, out=None):
    """``input ** exponent`` in float64, or complex128.

    Shape:
        Input and exponent of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.float_power(rushlight.tensor([2]), 3)
        tensor([8.], dtype=rushlight.float64)
    """
    wide = rushlight.float64
    for x in (input, exponent):
        if isinstance(x, complex) or (isinstance(x, Tensor) and x.is_complex()):
            wide = rushlight.complex128
    a, b = (x.to(wide) if isinstance(x, Tensor) else x for x in (input, exponent))
    result = _ops.pow(a, b).to(wide)
    if out is not None and out.dtype is not wide:
        raise RuntimeError(
            f"float_power(): the output's dtype {out.dtype} does not match the "
            f"required one, {wide}"
        )
    return give("float_power", result, out)


def float_power_(input, exponent):
    """In-place :func:`float_power`, of a tensor of the result's dtype."""
    result = float_power(_tensor_methods._kept(input), exponent)
    if result.dtype is not input.dtype:
        raise RuntimeError(
            f"float_power_(): the base has dtype {input.dtype}, but the operation's "
            f"result requires dtype {result.dtype}"
        )
    return input.copy_(result)


METHODS["float_power_"] = float_power_


@_method("sinc")
def sinc(input, *, out=None):
    """``sin(pi x) / (pi x)``, 1 at 0.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.sinc(rushlight.tensor([0.0, 0.5]))
        tensor([1.0000, 0.6366])
    """
    _tensors("sinc", input)
    turns = _as_float(input)
    x = turns * math.pi
    zero = x == 0
    safe = _ops.where(zero, rushlight.ones_like(x), x)
    if x.is_complex():
        sine = _ops.sin(safe)
    else:
        # The way to the nearest integer is exact; pi times a large number is not.
        whole = _ops.round(turns.detach())
        sine = _ops.sin((turns - whole) * math.pi)
        sine = _ops.where(_ops.remainder(whole, 2) == 1, -sine, sine)
    # Near 0 the parabola carries the first two derivatives.
    result = _ops.where(zero, 1 - x * x / 6, sine / safe)
    return give("sinc", result, out)


@_method("deg2rad")
def deg2rad(input, *, out=None):
    """Degrees to radians.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.deg2rad(rushlight.tensor([180.0]))
        tensor([3.1416])
    """
    return give("deg2rad", _angle_unit("deg2rad", input, math.pi / 180), out)


@_method("rad2deg")
def rad2deg(input, *, out=None):
    """Radians to degrees.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.rad2deg(rushlight.tensor([0.0]))
        tensor([0.])
    """
    return give("rad2deg", _angle_unit("rad2deg", input, 180 / math.pi), out)


def _angle_unit(op, input, factor):
    _tensors(op, input)
    if input.is_complex():
        raise RuntimeError(f"{op} is not supported for complex tensors.")
    return _as_float(input) * factor


def polar(abs, angle, *, out=None):
    """``abs * (cos(angle) + 1j * sin(angle))`` of two real tensors of one dtype.

    Shape:
        Abs and angle of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.polar(rushlight.tensor([2.0]), rushlight.tensor([0.0]))
        tensor([2.+0.j])
    """
    _tensors("polar", abs, angle)
    if abs.dtype is not angle.dtype or not abs.is_floating_point():
        raise RuntimeError(
            "polar(): expected both inputs to be of one dtype, float32 or float64, got "
            f"{abs.dtype} and {angle.dtype}"
        )
    result = _functions.complex(abs * _ops.cos(angle), abs * _ops.sin(angle))
    return give("polar", result, out)


# -- special values ------------------------------------------------------------------


@_method("nan_to_num")
def nan_to_num(input, nan=0.0, posinf=None, neginf=None, *, out=None):
    """NaN and the infinities replaced: by ``nan``, and the dtype's extremes by default.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.nan_to_num(rushlight.tensor([float("nan"), 1.0]))
        tensor([0., 1.])
    """
    _tensors("nan_to_num", input)
    if input.is_complex():
        parts = [
            nan_to_num(part, nan, posinf, neginf)
            for part in (_functions.real(input), _functions.imag(input))
        ]
        return give("nan_to_num", _functions.complex(*parts), out)
    if not input.is_floating_point():
        return give("nan_to_num", input.clone(), out)
    limits = rushlight.finfo(input.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    result = rushlight.where(input.isnan(), 0.0 if nan is None else nan, input)
    result = rushlight.where(input == math.inf, high, result)
    result = rushlight.where(input == -math.inf, low, result).to(input.dtype)
    return give("nan_to_num", result, out)


@_method("isposinf", inplace=False)
def isposinf(input, *, out=None):
    """Whether each element is positive infinity."""
    return give("isposinf", _is_infinity("isposinf", input, math.inf), out)


@_method("isneginf", inplace=False)
def isneginf(input, *, out=None):
    """Whether each element is negative infinity."""
    return give("isneginf", _is_infinity("isneginf", input, -math.inf), out)


def _is_infinity(op, input, infinity):
    _tensors(op, input)
    if input.is_complex():
        raise RuntimeError(f"{op} does not support complex inputs.")
    if input.is_floating_point():
        return input.detach() == infinity
    return rushlight.zeros_like(input, dtype=rushlight.bool)


@_method("isreal", inplace=False)
def isreal(input):
    """Whether each element's imaginary part is zero."""
    _tensors("isreal", input)
    if input.is_complex():
        return _functions.imag(input.detach()) == 0
    return rushlight.ones_like(input, dtype=rushlight.bool)


def isin(elements, test_elements, *, assume_unique=False, invert=False, out=None):
    """Whether each of ``elements`` is among ``test_elements``; one may be a number.

    Example::

        >>> rushlight.isin(rushlight.tensor([1, 2, 3]), rushlight.tensor([2, 3]))
        tensor([False,  True,  True])
    """
    a, b = _promoted("isin", elements, test_elements, floating=False)
    _real_only("isin", a)
    if a.dtype is rushlight.bool:
        raise RuntimeError("isin(): Unsupported input type encountered: Bool")
    a, known = a.detach(), b.detach()
    known = known[known == known]  # NaN equals nothing, and is no place to search from
    if not known.numel():
        found = rushlight.zeros_like(a, dtype=rushlight.bool)
    else:
        known = known.sort().values
        place = rushlight.searchsorted(known, a.contiguous())
        found = known[place.clamp(max=known.numel() - 1)] == a
    return give("isin", _ops.logical_not(found) if invert else found, out)
