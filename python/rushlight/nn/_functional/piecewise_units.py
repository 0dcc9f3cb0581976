"""Activations made of straight (or squared) pieces, and those with random slopes."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._results import give
from rushlight.nn._functional._support import (
    check_floats,
    check_tensors,
    has_kernels,
    in_single,
    written,
)


def _number(value, input):
    return rushlight.tensor(value, dtype=input.dtype, device=input.device)


def _hardtanh(input, low, high):
    if has_kernels(input):
        return _ops.hardtanh(input, low, high)
    # The edges have the slope 0; NaN stays.
    low, high = _number(low, input), _number(high, input)
    result = _ops.where(input >= high, high, input)
    return _ops.where(input <= low, low, result)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """``x`` moved into [min_val, max_val]; the slope at both ends is 0.

    Args:
        input (Tensor): floating point or signed integers, of any shape.
        min_val (Number): the lower end.
        max_val (Number): the upper end.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        ValueError: when min_val is above max_val.
        RuntimeError: for bools, or unsigned integers with a negative limit.

    Example::

        >>> rushlight.nn.functional.hardtanh(rushlight.tensor([-3., 0.5]))
        tensor([-1.0000,  0.5000])
    """
    check_tensors("hardtanh", input)
    if min_val > max_val:
        raise ValueError(
            f"hardtanh(): min_val {min_val} cannot be greater than max_val {max_val}"
        )
    _check_limits("hardtanh", input, min_val, max_val)
    if inplace and has_kernels(input):
        return _ops.hardtanh_(input, min_val, max_val)
    return written("hardtanh", _hardtanh, input, min_val, max_val, inplace=inplace)


def _check_limits(op, input, low, high):
    if input.dtype is rushlight.bool:
        raise RuntimeError(f"{op}(): Bool inputs not supported")
    if input.is_complex():
        raise NotImplementedError(f'"{op}" not implemented for {input.dtype}')
    if input.is_floating_point():
        return
    if str(input.dtype).startswith("rushlight.uint") and (low < 0 or high < 0):
        raise RuntimeError(
            f"{op}(): cannot do {op} on an unsigned type with negative limits"
        )


def hardtanh_(input, min_val=-1.0, max_val=1.0):
    """In-place form of :func:`hardtanh`."""
    return hardtanh(input, min_val, max_val, True)


def relu6(input, inplace=False):
    """``x`` moved into [0, 6]; see :func:`hardtanh`.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.nn.functional.relu6(rushlight.tensor([-3., 9.]))
        tensor([0., 6.])
    """
    if has_kernels(input):
        return (_ops.hardtanh_ if inplace else _ops.hardtanh)(input, 0, 6)
    check_tensors("relu6", input)
    _check_limits("relu6", input, 0, 6)
    return written("relu6", _hardtanh, input, 0, 6, inplace=inplace)


@in_single
def _hardsigmoid_formula(input):
    zero, one = _number(0, input), _number(1, input)
    result = _ops.where(input >= 3, one, (input + 3) / 6)
    return _ops.where(input <= -3, zero, result)


def _hardsigmoid(input):
    if has_kernels(input):
        return _ops.hardsigmoid(input)
    return _hardsigmoid_formula(input)


def hardsigmoid(input, inplace=False):
    """``x / 6 + 1 / 2``, moved into [0, 1] (Courbariaux et al. 2015).

    Args:
        input (Tensor): floating point, of any shape.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.hardsigmoid(rushlight.tensor([-9., 0.]))
        tensor([0.0000, 0.5000])
    """
    if has_kernels(input):
        return (_ops.hardsigmoid_ if inplace else _ops.hardsigmoid)(input)
    check_floats("hardsigmoid", input)
    return written("hardsigmoid", _hardsigmoid, input, inplace=inplace)


@in_single
def _hardswish_formula(input):
    result = _ops.where(input >= 3, input, input * (input + 3) / 6)
    # PyTorch's -inf * 0 is NaN, too.
    return _ops.where(input <= -3, input * 0, result)


def _hardswish(input):
    if has_kernels(input):
        return _ops.hardswish(input)
    return _hardswish_formula(input)


def hardswish(input, inplace=False):
    """``x * hardsigmoid(x)`` (Howard et al. 2019).

    Args:
        input (Tensor): floating point, of any shape.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.hardswish(rushlight.tensor([-1., 1.5]))
        tensor([-0.3333,  1.1250])
    """
    if has_kernels(input):
        return (_ops.hardswish_ if inplace else _ops.hardswish)(input)
    check_floats("hardswish", input)
    return written("hardswish", _hardswish, input, inplace=inplace)


@in_single
def _leaky_relu_formula(input, slope):
    return _ops.where(input > 0, input, input * slope)


def _leaky_relu(input, slope):
    if has_kernels(input):
        return _ops.leaky_relu(input, slope)
    return _leaky_relu_formula(input, slope)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """``x`` where it is positive, else ``negative_slope * x``.

    Args:
        input (Tensor): floating point, of any shape.
        negative_slope (float): the slope below 0.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.leaky_relu(rushlight.tensor([-1., 2.]), 0.5)
        tensor([-0.5000,  2.0000])
    """
    if has_kernels(input):
        return (_ops.leaky_relu_ if inplace else _ops.leaky_relu)(input, negative_slope)
    check_floats("leaky_relu", input)
    if not inplace:
        return _leaky_relu(input, negative_slope)
    return written("leaky_relu", _leaky_relu, input, negative_slope)


def leaky_relu_(input, negative_slope=0.01):
    """In-place form of :func:`leaky_relu`."""
    return leaky_relu(input, negative_slope, True)


def _random_leaky(input, lower, upper, generator):
    if input.dtype == rushlight.float16:
        raise NotImplementedError("rrelu(): training is not implemented for float16")
    input = input.contiguous()
    # bfloat16 is computed in float32; the bounds are rounded to what is computed in.
    kind = rushlight.float64 if input.dtype == rushlight.float64 else rushlight.float32
    low, high = (rushlight.tensor(v, dtype=kind).item() for v in (lower, upper))
    below = (input <= 0).contiguous()
    # One draw for each element that needs one, in the order of the elements; in two
    # roundings, unlike uniform_(low, high).
    drawn = rushlight.empty(
        int(below.sum()), dtype=rushlight.float64, device=input.device
    )
    drawn.uniform_(generator=generator).mul_(high - low).add_(low)
    slopes = rushlight.ones(input.shape, dtype=kind, device=input.device)
    slopes.masked_scatter_(below, drawn.to(kind))
    return (input.to(kind) * slopes).to(input.dtype)


def _rrelu(op, input, lower, upper, training, generator, inplace):
    check_floats(op, input)
    for name, bound in (("lower", lower), ("upper", upper)):
        if not abs(bound) < float("inf"):
            raise RuntimeError(f"{op}(): {name} bound must be finite, got {bound}")
    if lower > upper:
        raise RuntimeError(
            f"{op}(): Lower bound should be less than or equal to the upper bound, got "
            f"{lower} and {upper}"
        )
    if training:
        rest = (_random_leaky, input, lower, upper, generator)
    else:
        # Row-major in both cases, as PyTorch's.
        source = input if inplace else input.contiguous()
        rest = (_leaky_relu, source, (lower + upper) / 2)
    return written("rrelu", *rest, inplace=inplace)


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """:func:`leaky_relu` with a random slope for each element (Xu et al. 2015).

    Args:
        input (Tensor): floating point, of any shape.
        lower (float): the least slope.
        upper (float): the greatest slope.
        training (bool): draw the slopes; otherwise they are ``(lower + upper) / 2``.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when the bounds are not finite or out of order.

    Example::

        >>> rushlight.nn.functional.rrelu(rushlight.tensor([-48., 2.]))
        tensor([-11.,   2.])
    """
    return _rrelu("rrelu", input, lower, upper, training, None, inplace)


def rrelu_(input, lower=1.0 / 8, upper=1.0 / 3, training=False, generator=None):
    """In-place form of :func:`rrelu`."""
    return _rrelu("rrelu_", input, lower, upper, training, generator, True)


def threshold_(input, threshold, value):
    """In-place form of :func:`rushlight.nn.functional.threshold`."""
    from rushlight.nn._functional.activation import threshold as apply

    return apply(input, threshold, value, True)


def hardshrink(input, lambd=0.5, *, out=None):
    """``x`` outside [-lambd, lambd], 0 inside.

    Args:
        input (Tensor): floating point, of any shape.
        lambd (Number): half the width of the gap.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.hardshrink(rushlight.tensor([-1., 0.25]))
        tensor([-1.,  0.])
    """
    check_floats("hardshrink", input)
    inside = (input >= -lambd) & (input <= lambd)
    return give("hardshrink", _ops.where(inside, _number(0, input), input), out)


@in_single
def _softshrink(input, lambd):
    inside = (input >= -lambd) & (input <= lambd)
    # A NaN is not inside: its gradient passes, as in PyTorch.
    moved = input - _number(lambd, input).copysign(input.detach())
    return _ops.where(inside, input * 0, moved)


def softshrink(input, lambd=0.5, *, out=None):
    """``x`` moved towards 0 by ``lambd``, at most to 0.

    Args:
        input (Tensor): floating point, of any shape.
        lambd (float): at least 0.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when lambd is negative.

    Example::

        >>> rushlight.nn.functional.softshrink(rushlight.tensor([-1., 0.25]))
        tensor([-0.5000,  0.0000])
    """
    check_floats("softshrink", input)
    if not lambd >= 0:
        raise RuntimeError(
            f"softshrink(): lambda must be greater or equal to 0, but found to be "
            f"{lambd}"
        )
    return give("softshrink", _softshrink(input, lambd), out)


def prelu(input, weight):
    """``x`` where it is positive, else ``weight * x`` (He et al. 2015).

    Args:
        input (Tensor): floating point, of any shape; channels are dim 1.
        weight (Tensor): one slope, or one for each channel; of input's dtype.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when dtypes differ or the number of slopes does not fit.

    Example::

        >>> rushlight.prelu(rushlight.tensor([-1., 2.]), rushlight.tensor([0.5]))
        tensor([-0.5000,  2.0000])
    """
    check_tensors("prelu", input, weight)
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            f"prelu(): Type promoting not supported. Got {input.dtype} and "
            f"{weight.dtype}"
        )
    check_floats("prelu", input)
    if weight.dim() > 1:
        raise RuntimeError(
            "prelu(): Expected `weight` to be a scalar or 1D tensor, but got ndim = "
            f"{weight.dim()}"
        )
    if weight.numel() != 1:
        if input.dim() == 0:
            raise RuntimeError("prelu(): Not allow zero-dim input tensor.")
        channels = input.size(1) if input.dim() > 1 else 1
        if channels != weight.numel():
            raise RuntimeError(
                "prelu(): Mismatch of parameter numbers and input channel size. Found "
                f"parameter numbers = {weight.numel()} and channel size = {channels}."
            )
    if has_kernels(input):
        return _ops.prelu(input, weight)
    return _prelu_formula(input, weight)


def _prelu_formula(input, weight):
    if weight.numel() != 1:
        weight = weight.reshape(-1, *[1] * (input.dim() - 2))
    elif input.dim() == 0:
        weight = weight.reshape(())
    return _ops.where(input > 0, input, input * weight)


METHODS = {"hardshrink": hardshrink, "prelu": prelu}
