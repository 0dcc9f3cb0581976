"""Window functions of signal processing."""

from __future__ import annotations

import math

import rushlight
from rushlight import _core
from rushlight._functions import _place


def _window(op, window_length, periodic, make, options):
    dtype = options.pop("dtype", None)
    device = options.pop("device", None)
    requires_grad = options.pop("requires_grad", False)
    pin_memory = options.pop("pin_memory", False)
    _core.check_layout(op, options.pop("layout", None), pin_memory)
    if options:
        raise TypeError(
            f"{op}() got an unexpected keyword argument {next(iter(options))!r}"
        )
    dtype = _core.get_default_dtype() if dtype is None else dtype
    if not dtype.is_floating_point:
        if dtype.is_complex:
            raise NotImplementedError(f"{op}(): not implemented for {dtype}")
        raise RuntimeError(f"{op} expects floating point dtypes, got: {dtype}")
    if window_length < 0:
        raise RuntimeError(
            f"{op} requires non-negative window_length, got window_length="
            f"{window_length}"
        )
    if window_length < 2:
        window = _core.ones(window_length, dtype=dtype)
    else:
        n = window_length + bool(periodic)
        window = make(rushlight.arange(n, dtype=dtype), n)
        window = window[:window_length].clone() if periodic else window
    return _place(window, None, device, requires_grad, pin_memory)


def hamming_window(window_length, periodic=True, alpha=0.54, beta=0.46, **options):
    """``alpha - beta * cos(2 pi i / (n - 1))``.

    Args:
        window_length (int): the number of values.
        periodic (bool): one period of a longer window, for spectra; else symmetric.
        alpha (float): see the formula.
        beta (float): see the formula.
        options: dtype, layout, device, pin_memory, requires_grad.

    Returns:
        Tensor: (window_length,).

    Raises:
        RuntimeError: for a negative length or an integer dtype.
    """

    def make(i, n):
        return i.mul_(math.pi * 2 / (n - 1)).cos_().mul_(-beta).add_(alpha)

    return _window("hamming_window", window_length, periodic, make, options)


def hann_window(window_length, periodic=True, **options):
    """``sin(pi i / (n - 1)) ** 2``; arguments as :func:`hamming_window`.

    Example::

        >>> rushlight.hann_window(4)
        tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """

    def make(i, n):
        return i.mul_(math.pi * 2 / (n - 1)).cos_().mul_(-0.5).add_(0.5)

    return _window("hann_window", window_length, periodic, make, options)


def bartlett_window(window_length, periodic=True, **options):
    """A triangle from 0 to 1 to 0; arguments as :func:`hamming_window`.

    Shape:
        (window_length,).
    """

    def make(i, n):
        i.mul_(2.0 / (n - 1))
        i[((n - 1) >> 1) + 1 :].mul_(-1).add_(2)
        return i

    return _window("bartlett_window", window_length, periodic, make, options)


def blackman_window(window_length, periodic=True, **options):
    """``0.42 - 0.5 cos(2 pi i / (n - 1)) + 0.08 cos(4 pi i / (n - 1))``."""

    def make(i, n):
        i.mul_(math.pi / (n - 1))
        return (i * 4).cos_().mul_(0.08) - (i * 2).cos_().mul_(0.5) + 0.42

    return _window("blackman_window", window_length, periodic, make, options)


def kaiser_window(window_length, periodic=True, beta=12.0, **options):
    """``I0(beta sqrt(1 - ((i - a) / a) ** 2)) / I0(beta)`` with ``a = (n - 1) / 2``.

    Args:
        window_length (int): the number of values.
        periodic (bool): see :func:`hamming_window`.
        beta (float): how narrow it is.
        options: dtype, layout, device, pin_memory, requires_grad.
    """

    def make(i, n):
        middle = (n - 1) / 2
        x = (i.to(rushlight.float64) - middle) / middle
        top = rushlight.i0((1 - x * x).clamp_(min=0).sqrt_().mul_(beta))
        bottom = rushlight.i0(_core.tensor(float(beta), dtype=rushlight.float64))
        return (top / bottom).to(i.dtype)

    return _window("kaiser_window", window_length, periodic, make, options)
