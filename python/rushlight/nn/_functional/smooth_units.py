"""Activations that are smooth, or smooth on either side of 0."""

from __future__ import annotations

import math

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


def _without(mask, input):
    # Zero where the mask holds, so that no infinity arises in a branch not taken.
    return _ops.where(mask, rushlight.zeros_like(input), input)


@in_single
def _elu_formula(input, alpha, scale, input_scale):
    above = input > 0
    low = _without(above, input)
    low = low if input_scale == 1 else low * input_scale
    low = low.expm1() * (alpha * scale)
    return _ops.where(above, input if scale == 1 else input * scale, low)


def _elu(input, alpha, scale, input_scale):
    if has_kernels(input):
        return _ops.elu(input, alpha * scale, scale, input_scale)
    return _elu_formula(input, alpha, scale, input_scale)


def elu(input, alpha=1.0, inplace=False):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``.

    Args:
        input (Tensor): floating point, of any shape.
        alpha (float): minus the limit at -inf.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.elu(rushlight.tensor([-1., 2.]))
        tensor([-0.6321,  2.0000])
    """
    if has_kernels(input):
        return (_ops.elu_ if inplace else _ops.elu)(input, alpha)
    check_floats("elu", input)
    return written("elu", _elu, input, alpha, 1, 1, inplace=inplace)


def elu_(input, alpha=1.0):
    """In-place form of :func:`elu`."""
    return elu(input, alpha, True)


def celu(input, alpha=1.0, inplace=False):
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``.

    Args:
        input (Tensor): floating point, of any shape.
        alpha (float): not 0.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when alpha is 0.

    Example::

        >>> rushlight.celu(rushlight.tensor([-1., 2.]), alpha=2.)
        tensor([-0.7869,  2.0000])
    """
    check_floats("celu", input)
    if alpha == 0:
        raise RuntimeError("celu(): ZeroDivisionError: alpha cannot be 0 for CELU")
    if inplace and has_kernels(input):
        return _ops.elu_(input, alpha, 1.0, 1 / alpha)
    return written("celu", _elu, input, alpha, 1, 1 / alpha, inplace=inplace)


def celu_(input, alpha=1.0):
    """In-place form of :func:`celu`."""
    return celu(input, alpha, True)


# Klambauer et al., "Self-normalizing neural networks", 2017, eq. 14.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


def selu(input, inplace=False):
    """:func:`elu` with the alpha and factor that keep mean 0 and variance 1.

    Args:
        input (Tensor): floating point, of any shape.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.selu(rushlight.tensor([-1., 2.]))
        tensor([-1.1113,  2.1014])
    """
    if has_kernels(input):
        return (_ops.elu_ if inplace else _ops.elu)(
            input, _SELU_ALPHA * _SELU_SCALE, _SELU_SCALE
        )
    check_floats("selu", input)
    return written("selu", _elu, input, _SELU_ALPHA, _SELU_SCALE, 1, inplace=inplace)


def selu_(input):
    """In-place form of :func:`selu`."""
    return selu(input, True)


@in_single
def _silu_formula(input):
    return input * input.sigmoid()


def _silu(input):
    if has_kernels(input):
        return _ops.silu(input)
    return _silu_formula(input)


def silu(input, inplace=False):
    """``x * sigmoid(x)`` (Hendrycks and Gimpel 2016), also of complex numbers.

    Args:
        input (Tensor): floating point or complex, of any shape.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.silu(rushlight.tensor([-1., 2.]))
        tensor([-0.2689,  1.7616])
    """
    if has_kernels(input):
        return (_ops.silu_ if inplace else _ops.silu)(input)
    check_tensors("silu", input)
    if not input.is_complex():
        check_floats("silu", input)
    return written("silu", _silu, input, inplace=True) if inplace else _silu(input)


@in_single
def _logsigmoid_formula(input):
    below = input < 0
    minus_size = _ops.where(below, input, -input)
    return _without(~below, input) - minus_size.exp().log1p()


def _logsigmoid(input):
    if has_kernels(input):
        return _ops.log_sigmoid(input)
    return _logsigmoid_formula(input)


def logsigmoid(input, *, out=None):
    """``log(sigmoid(x))`` without overflow.

    Args:
        input (Tensor): floating point, of any shape.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.logsigmoid(rushlight.tensor([0., -100.]))
        tensor([  -0.6931, -100.0000])
    """
    if out is None and has_kernels(input):
        return _ops.log_sigmoid(input)
    check_floats("logsigmoid", input)
    if isinstance(out, rushlight.Tensor) and out.shape != input.shape:
        out.resize_(input.shape)
    return give("logsigmoid", _logsigmoid(input), out)


@in_single
def _softplus_formula(input, beta, threshold):
    scaled = input * beta
    high = scaled > threshold
    return _ops.where(high, input, _without(high, scaled).exp().log1p() / beta)


def _softplus(input, beta, threshold):
    if has_kernels(input):
        return _ops.softplus(input, beta, threshold)
    return _softplus_formula(input, beta, threshold)


def softplus(input, beta=1, threshold=20, *, out=None):
    """``log(1 + exp(beta * x)) / beta``, and ``x`` where ``beta * x`` is large.

    Args:
        input (Tensor): floating point, of any shape.
        beta (Number): not 0.
        threshold (Number): the ``beta * x`` above which ``x`` itself is returned.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.softplus(rushlight.tensor([0., 30.]))
        tensor([ 0.6931, 30.0000])
    """
    if out is None and has_kernels(input):
        return _ops.softplus(input, beta, threshold)
    check_floats("softplus", input)
    return give("softplus", _softplus(input, beta, threshold), out)


@in_single
def _mish_formula(input):
    return input * (-_logsigmoid(-input)).tanh()


def _mish(input):
    if has_kernels(input):
        return _ops.mish(input)
    return _mish_formula(input)


def mish(input, inplace=False):
    """``x * tanh(log(1 + exp(x)))`` (Misra 2019).

    Args:
        input (Tensor): floating point, of any shape.
        inplace (bool): write into ``input``.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> rushlight.nn.functional.mish(rushlight.tensor([-1., 2.]))
        tensor([-0.3034,  1.9440])
    """
    if has_kernels(input):
        return (_ops.mish_ if inplace else _ops.mish)(input)
    check_floats("mish", input)
    return written("mish", _mish, input, inplace=inplace)


@in_single
def _gelu_formula(input):
    return input * 0.5 * (1 + (input * math.sqrt(0.5)).erf())


def _gelu(input):
    if has_kernels(input):
        return _ops.gelu(input)
    return _gelu_formula(input)


@in_single
def _gelu_tanh_formula(input):
    # Hendrycks and Gimpel 2016, section 2.
    inner = math.sqrt(2 / math.pi) * (input + 0.044715 * (input * input * input))
    return input * 0.5 * (1 + inner.tanh())


def _gelu_tanh(input):
    if has_kernels(input):
        return _ops.gelu(input, "tanh")
    return _gelu_tanh_formula(input)


_GELU = {"none": _gelu, "tanh": _gelu_tanh}


def gelu(input, *, approximate="none", out=None):
    """``x`` times the standard normal distribution's probability below ``x``.

    Args:
        input (Tensor): floating point, of any shape.
        approximate (str): ``"none"``, or ``"tanh"`` for a formula with tanh.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: for another ``approximate``.

    Example::

        >>> rushlight.nn.functional.gelu(rushlight.tensor([-1., 2.]))
        tensor([-0.1587,  1.9545])
    """
    if out is None and has_kernels(input):
        return _ops.gelu(input, approximate)
    check_floats("gelu", input)
    if approximate not in _GELU:
        raise RuntimeError(
            f"gelu(): approximate must be 'none' or 'tanh', got {approximate!r}"
        )
    result = _GELU[approximate](input)
    return result if out is None else give("gelu", result, out)


def softsign(input):
    """``x / (1 + abs(x))``.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.nn.functional.softsign(rushlight.tensor([-1., 3.]))
        tensor([-0.5000,  0.7500])
    """
    check_tensors("softsign", input)
    return input / (input.abs() + 1)


def tanhshrink(input):
    """``x - tanh(x)``.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.nn.functional.tanhshrink(rushlight.tensor([1.]))
        tensor([0.2384])
    """
    check_tensors("tanhshrink", input)
    return input - input.tanh()
