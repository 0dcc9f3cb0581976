"""The derivative of every op: one row per op, one function per differentiable argument.

The first parameter is the gradient of the result. The names of the others say what the
tape saves: an argument of the op, ``<argument>_shape``, ``<argument>_dtype``,
``result`` or ``result<i>`` (of a tuple). Rows use Tensor ops, so a second derivative
works by itself. The engine sums broadcast dims and undoes promotion; a function may
return None for zero. A row may also be a tuple: the names of the arguments, and one
function of the gradient and their truth values (which are wanted) that returns all
their gradients.
"""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.autograd import (
    _rules_attention,
    _rules_indexing,
    _rules_linalg,
    _rules_norms,
    _rules_products,
    _rules_recurrent,
    _rules_reductions,
    _rules_sorting,
    _rules_special,
    _rules_units,
)

_TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)
_LN2 = math.log(2)
_LN10 = math.log(10)


def _conj(x):
    if isinstance(x, complex):
        return x.conjugate()
    return x.conj() if isinstance(x, rushlight.Tensor) and x.is_complex() else x


def _pow_input(g, input, other):
    if not isinstance(other, rushlight.Tensor) and other == 0:
        return rushlight.zeros_like(g)
    return g * _conj(other * input ** (other - 1))


def _pow_other(g, input, other, result):
    base = (
        input
        if isinstance(input, rushlight.Tensor)
        else rushlight.tensor(input, device=g.device)
    )
    zero_base = rushlight.where(
        base == 0, rushlight.ones_like(result), base + 0 * result
    )
    slope = result * zero_base.log()
    return g * _conj(rushlight.where(base == 0, rushlight.zeros_like(slope), slope))


def _larger(g, input, other):
    half = rushlight.where(input == other, g / 2, g)
    return rushlight.where(input >= other, half, rushlight.zeros_like(g))


def _smaller(g, input, other):
    half = rushlight.where(input == other, g / 2, g)
    return rushlight.where(input <= other, half, rushlight.zeros_like(g))


def _span(size, stride):
    if 0 in size:
        return 0
    return 1 + sum((n - 1) * st for n, st in zip(size, stride))


def _strided_gradient(
    g, self_shape, size, stride, storage_offset, self_stride, self_offset
):
    # A flat piece of storage that holds the view and the base, which may lie apart.
    low = min(storage_offset, self_offset)
    offset, base_offset = storage_offset - low, self_offset - low
    extent = max(
        offset + _span(size, stride), base_offset + _span(self_shape, self_stride)
    )
    flat = rushlight.zeros(extent, dtype=g.dtype, device=g.device)
    if _overlaps(size, stride):
        where = rushlight.arange(extent, device=g.device).as_strided(
            size, stride, offset
        )
        flat = flat.index_add(0, where.reshape(-1), g.reshape(-1))
    elif g.numel():
        flat.as_strided(size, stride, offset).copy_(g)
    if _overlaps(self_shape, self_stride):
        # Elements of the base that are one in memory share what arrived there.
        where = rushlight.arange(extent, device=g.device).as_strided(
            self_shape, self_stride, base_offset
        )
        where = where.reshape(-1)
        ones = rushlight.ones(where.shape, dtype=g.dtype, device=g.device)
        flat = flat / rushlight.zeros(extent, dtype=g.dtype, device=g.device).index_add(
            0, where, ones
        )
    return flat.as_strided(self_shape, self_stride, base_offset)


def _overlaps(size, stride):
    reach = 0
    for st, n in sorted(zip(stride, size)):
        if n <= 1:
            continue
        if st <= reach:
            return True
        reach += (n - 1) * st
    return False


def _scatter_view_self(g, size, stride, storage_offset, self_stride, self_offset):
    buffer = rushlight.empty_strided(g.shape, self_stride, dtype=g.dtype)
    buffer.copy_(g)
    buffer.as_strided(size, stride, storage_offset - self_offset).zero_()
    return buffer


def _scatter_view_src(g, size, stride, storage_offset, self_stride, self_offset):
    buffer = rushlight.empty_strided(g.shape, self_stride, dtype=g.dtype)
    buffer.copy_(g)
    return buffer.as_strided(size, stride, storage_offset - self_offset)


def _inverse(dims):
    order = [0] * len(dims)
    for i, d in enumerate(dims):
        order[d] = i
    return order


def _select_backward(g, shape, dim, index):
    out = rushlight.zeros(shape, dtype=g.dtype, device=g.device)
    out.select(dim, index).copy_(g)
    return out


def _slice_backward(g, shape, dim, start, end, step):
    out = rushlight.zeros(shape, dtype=g.dtype, device=g.device)
    index = (slice(None),) * dim + (slice(start, end, step),)
    out[index].copy_(g)
    return out


def _narrow_backward(g, shape, dim, start, length):
    dim = dim % len(shape)
    start = int(start)
    start = start % max(shape[dim], 1) if start < 0 else start
    return _slice_backward(g, shape, dim, start, start + length, 1)


def _unfold_backward(g, shape, dim, size, step):
    if not shape:
        return g.reshape(shape)
    dim = dim % len(shape)
    n = math.prod(shape)
    where = rushlight.arange(n, device=g.device).reshape(shape).unfold(dim, size, step)
    flat = rushlight.zeros(n, dtype=g.dtype, device=g.device)
    return flat.index_add(0, where.reshape(-1), g.reshape(-1)).reshape(shape)


def _diagonal_backward(g, shape, offset, dim1, dim2):
    out = rushlight.zeros(shape, dtype=g.dtype, device=g.device)
    out.diagonal(offset, dim1, dim2).copy_(g)
    return out


def _parts(g):
    # A tuple of one result gets its gradient alone.
    return (g,) if isinstance(g, rushlight.Tensor) else g


def _join_parts(g, shape, dim, sizes):
    g = _parts(g)
    dim = dim % len(shape)
    present = next(x for x in g if x is not None)
    parts = []
    for x, n in zip(g, sizes):
        if x is None:
            part = list(shape)
            part[dim] = n
            x = rushlight.zeros(part, dtype=present.dtype, device=present.device)
        parts.append(x)
    return rushlight.cat(parts, dim)


def _split_sizes(total, size):
    return [min(size, total - at) for at in range(0, total, size)] if size else [total]


def _squeeze_backward(g, shape):
    return g.reshape(shape)


RULES = {
    # -- pointwise, one operand --------------------------------------------------------
    "neg": dict(input=lambda g: -g),
    "abs": dict(input=lambda g, input: g * input.sgn()),
    "sign": dict(input=lambda g: rushlight.zeros_like(g)),
    "square": dict(input=lambda g, input: g * _conj(2 * input)),
    "sqrt": dict(input=lambda g, result: g / _conj(2 * result)),
    "rsqrt": dict(input=lambda g, result: g * _conj(-0.5 * result**3)),
    "reciprocal": dict(input=lambda g, result: -g * _conj(result * result)),
    "exp": dict(input=lambda g, result: g * _conj(result)),
    "exp2": dict(input=lambda g, result: g * _conj(result) * _LN2),
    "expm1": dict(input=lambda g, result: g * _conj(result + 1)),
    "log": dict(input=lambda g, input: g / _conj(input)),
    "log2": dict(input=lambda g, input: g / _conj(input * _LN2)),
    "log10": dict(input=lambda g, input: g / _conj(input * _LN10)),
    "log1p": dict(input=lambda g, input: g / _conj(input + 1)),
    "sin": dict(input=lambda g, input: g * _conj(input.cos())),
    "cos": dict(input=lambda g, input: g * -_conj(input.sin())),
    "tan": dict(input=lambda g, result: g * _conj(1 + result * result)),
    "asin": dict(input=lambda g, input: g * _conj((1 - input * input).rsqrt())),
    "acos": dict(input=lambda g, input: g * -_conj((1 - input * input).rsqrt())),
    "atan": dict(input=lambda g, input: g / _conj(input * input + 1)),
    "sinh": dict(input=lambda g, input: g * _conj(input.cosh())),
    "cosh": dict(input=lambda g, input: g * _conj(input.sinh())),
    "tanh": dict(input=lambda g, result: _ops.tanh_backward(g, result)),
    "asinh": dict(input=lambda g, input: g * _conj((input * input + 1).rsqrt())),
    "acosh": dict(input=lambda g, input: g * _conj((input * input - 1).rsqrt())),
    "atanh": dict(input=lambda g, input: g / _conj(1 - input * input)),
    "erf": dict(
        input=lambda g, input: g * _TWO_OVER_SQRT_PI * (-(input * input)).exp()
    ),
    "erfc": dict(
        input=lambda g, input: g * -_TWO_OVER_SQRT_PI * (-(input * input)).exp()
    ),
    "sigmoid": dict(input=lambda g, result: _ops.sigmoid_backward(g, result)),
    "floor": dict(input=lambda g: rushlight.zeros_like(g)),
    "ceil": dict(input=lambda g: rushlight.zeros_like(g)),
    "trunc": dict(input=lambda g: rushlight.zeros_like(g)),
    "round": dict(input=lambda g: rushlight.zeros_like(g)),
    "frac": dict(input=lambda g: g),
    "relu": dict(input=lambda g, result: _ops.threshold_backward(g, result)),
    # -- pointwise, two operands -------------------------------------------------------
    "add": dict(input=lambda g: g, other=lambda g: g),
    "sub": dict(input=lambda g: g, other=lambda g: -g),
    "mul": dict(
        input=lambda g, other: g * _conj(other), other=lambda g, input: g * _conj(input)
    ),
    "div": dict(
        input=lambda g, other: g / _conj(other),
        other=lambda g, input, other: -g * _conj((input / other) / other),
    ),
    "floor_divide": dict(input=None, other=None),
    "trunc_divide": dict(input=None, other=None),
    "remainder": dict(
        input=lambda g: g,
        other=lambda g, input, other: -g * _ops.floor_divide(input, other),
    ),
    "fmod": dict(
        input=lambda g: g,
        other=lambda g, input, other: -g * _ops.trunc_divide(input, other),
    ),
    "pow": dict(input=_pow_input, other=_pow_other),
    "atan2": dict(
        input=lambda g, input, other: g * (other / (input * input + other * other)),
        other=lambda g, input, other: g * (-input / (input * input + other * other)),
    ),
    "hypot": dict(
        input=lambda g, input, result: g * (input / result),
        other=lambda g, other, result: g * (other / result),
    ),
    "maximum": dict(
        input=_larger, other=lambda g, input, other: _larger(g, other, input)
    ),
    "minimum": dict(
        input=_smaller, other=lambda g, input, other: _smaller(g, other, input)
    ),
    "fmax": dict(
        input=lambda g, input, other: g * ((input >= other) | other.isnan()),
        other=lambda g, input, other: g * ~((input >= other) | other.isnan()),
    ),
    "fmin": dict(
        input=lambda g, input, other: g * ((input <= other) | other.isnan()),
        other=lambda g, input, other: g * ~((input <= other) | other.isnan()),
    ),
    # These two conjugate the slope of a complex function themselves.
    "sigmoid_backward": dict(
        input=lambda g, other: g * (other * (1 - other)),
        other=lambda g, input, other: _conj(g) * input * _conj(1 - 2 * other),
    ),
    "tanh_backward": dict(
        input=lambda g, other: g * (1 - other * other),
        other=lambda g, input, other: _conj(g) * input * _conj(-2 * other),
    ),
    "threshold_backward": dict(
        input=lambda g, other: _ops.threshold_backward(g, other), other=None
    ),
    "where": dict(
        input=lambda g, condition: rushlight.where(
            condition, g, rushlight.zeros_like(g)
        ),
        other=lambda g, condition: rushlight.where(
            condition, rushlight.zeros_like(g), g
        ),
    ),
    # -- copies ------------------------------------------------------------------------
    "clone": dict(self=lambda g: g),
    "to": dict(self=lambda g: g),
    "copy": dict(self=None, src=lambda g: g),
    "fill": dict(self=None),
    "zero": dict(self=None),
    # -- views -------------------------------------------------------------------------
    "view": dict(self=lambda g, self_shape: g.reshape(self_shape)),
    "permute": dict(
        self=lambda g, dims: g.permute(_inverse([d % len(dims) for d in dims]))
    ),
    "transpose": dict(self=lambda g, dim0, dim1: g.transpose(dim0, dim1)),
    "t": dict(self=lambda g: g.t()),
    "unsqueeze": dict(self=lambda g, self_shape: g.reshape(self_shape)),
    "expand": dict(self=lambda g: g),
    "select": dict(
        self=lambda g, self_shape, dim, index: _select_backward(
            g, self_shape, dim, index
        )
    ),
    "slice": dict(
        self=lambda g, self_shape, dim, start, end, step: _slice_backward(
            g, self_shape, dim, start, end, step
        )
    ),
    "as_strided": dict(self=_strided_gradient),
    "as_strided_scatter": dict(self=_scatter_view_self, src=_scatter_view_src),
    "squeeze": dict(input=lambda g, input_shape: g.reshape(input_shape)),
    "flatten": dict(input=lambda g, input_shape: g.reshape(input_shape)),
    "unflatten": dict(input=lambda g, input_shape: g.reshape(input_shape)),
    "movedim": dict(
        input=lambda g, source, destination: g.movedim(destination, source)
    ),
    "narrow": dict(
        input=lambda g, input_shape, dim, start, length: _narrow_backward(
            g, input_shape, dim, start, length
        )
    ),
    "unfold": dict(
        input=lambda g, input_shape, dimension, size, step: _unfold_backward(
            g, input_shape, dimension, size, step
        )
    ),
    "diagonal": dict(
        input=lambda g, input_shape, offset, dim1, dim2: _diagonal_backward(
            g, input_shape, offset, dim1, dim2
        )
    ),
    "split_int": dict(
        input=lambda g, input_shape, split_size, dim: _join_parts(
            g, input_shape, dim, _split_sizes(input_shape[dim], split_size)
        )
    ),
    "split_sizes": dict(
        input=lambda g, input_shape, split_sizes, dim: _join_parts(
            g, input_shape, dim, split_sizes
        )
    ),
    "chunk": dict(
        input=lambda g, input_shape, chunks, dim: _join_parts(
            g,
            input_shape,
            dim,
            _split_sizes(input_shape[dim], -(-input_shape[dim] // chunks)),
        )
    ),
    "unbind": dict(
        input=lambda g, input_shape, dim: rushlight.stack(
            [
                x
                if x is not None
                else rushlight.zeros_like(next(y for y in g if y is not None))
                for x in _parts(g)
            ],
            dim,
        )
    ),
    "view_as_real": dict(input=lambda g: _ops.view_as_complex(g.contiguous())),
    "view_as_complex": dict(input=lambda g: _ops.view_as_real(g.contiguous())),
}
RULES.update(_rules_attention.ATTENTION)
RULES.update(_rules_indexing.RULES)
RULES.update(_rules_products.PRODUCTS)
RULES.update(_rules_recurrent.RULES)
RULES.update(_rules_reductions.RULES)
RULES.update(_rules_linalg.RULES)
RULES.update(_rules_sorting.RULES)
RULES.update(_rules_special.RULES)
RULES.update(_rules_norms.RULES)
RULES.update(_rules_units.RULES)
