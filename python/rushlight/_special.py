"""Gamma functions and their kin at the top level; METHODS are their Tensor methods."""

from __future__ import annotations

import math

import rushlight
from rushlight import _core, _ops
from rushlight._core import Tensor
from rushlight._pointwise import in_place
from rushlight._results import give


def need_tensor(op, position, name, value):
    if not isinstance(value, Tensor):
        raise TypeError(
            f"{op}(): argument '{name}' (position {position}) must be Tensor, not "
            f"{type(value).__name__}"
        )


def lgamma(input, *, out=None):
    """The logarithm of the absolute value of the gamma function.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.lgamma(rushlight.tensor([0.5, 1.0]))
        tensor([0.5724, 0.0000])
    """
    need_tensor("lgamma", 1, "input", input)
    return _ops.lgamma(input, out=out)


def digamma(input, *, out=None):
    """The derivative of :func:`rushlight.lgamma`; -inf at 0, NaN at negative integers.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.digamma(rushlight.tensor([1.0, 0.5]))
        tensor([-0.5772, -1.9635])
    """
    need_tensor("digamma", 1, "input", input)
    return _ops.digamma(input, out=out)


def polygamma(n, input, *, out=None):
    """The ``n``-th derivative of :func:`rushlight.digamma`.

    Args:
        n (int): not negative.
        input (Tensor): the arguments.

    Shape:
        Input of any shape, output the same.

    Raises:
        RuntimeError: when ``n`` is negative.

    Example::

        >>> rushlight.polygamma(1, rushlight.tensor([1.0, 0.5]))
        tensor([1.6449, 4.9348])
    """
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(
            "polygamma(): argument 'n' (position 1) must be int, not "
            f"{type(n).__name__}"
        )
    need_tensor("polygamma", 2, "input", input)
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _ops.polygamma(n, input, out=out)


def mvlgamma(input, p, *, out=None):
    """The logarithm of the multivariate gamma function of dimension ``p``.

    Args:
        input (Tensor): larger than ``(p - 1) / 2`` where the function is defined.
        p (int): at least 1.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.mvlgamma(rushlight.tensor([2.0]), 2)
        tensor([0.4516])
    """
    need_tensor("mvlgamma", 1, "input", input)
    if p < 1:
        raise RuntimeError("mvlgamma(): p has to be greater than or equal to 1")
    if not input.is_floating_point() and not input.is_complex():
        input = input.to(_core.get_default_dtype())
    shifts = rushlight.arange(p, dtype=input.dtype) * -0.5
    result = _ops.lgamma(input.unsqueeze(-1) + shifts).sum(-1)
    result = result + p * (p - 1) / 4 * math.log(math.pi)
    return give("mvlgamma", result, out)


def erfinv(input, *, out=None):
    """The inverse of the error function; NaN outside of [-1, 1].

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.erfinv(rushlight.tensor([0.0, 0.5, -1.0]))
        tensor([0.0000, 0.4769,   -inf])
    """
    need_tensor("erfinv", 1, "input", input)
    return _ops.erfinv(input, out=out)


def i0(input, *, out=None):
    """The modified Bessel function of the first kind and order 0.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.i0(rushlight.tensor([0.0, 1.0]))
        tensor([1.0000, 1.2661])
    """
    need_tensor("i0", 1, "input", input)
    return _ops.i0(input, out=out)


def igamma(input, other, *, out=None):
    """The regularized lower incomplete gamma function.

    Args:
        input (Tensor): the parameter of the gamma function, not negative.
        other (Tensor): where the integral from 0 ends, not negative.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.igamma(rushlight.tensor([1.0]), rushlight.tensor([1.0]))
        tensor([0.6321])
    """
    need_tensor("igamma", 1, "input", input)
    need_tensor("igamma", 2, "other", other)
    return _ops.igamma(input, other, out=out)


def igammac(input, other, *, out=None):
    """The regularized upper incomplete gamma function, ``1 - igamma``.

    Args:
        input (Tensor): the parameter of the gamma function, not negative.
        other (Tensor): where the integral to infinity begins, not negative.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.igammac(rushlight.tensor([1.0]), rushlight.tensor([1.0]))
        tensor([0.3679])
    """
    need_tensor("igammac", 1, "input", input)
    need_tensor("igammac", 2, "other", other)
    return _ops.igammac(input, other, out=out)


def _polygamma_method(input, n):
    """The ``n``-th derivative of :func:`rushlight.digamma` at each element."""
    return polygamma(n, input)


METHODS = {
    "digamma": digamma,
    "erfinv": erfinv,
    "i0": i0,
    "igamma": igamma,
    "igammac": igammac,
    "lgamma": lgamma,
    "mvlgamma": mvlgamma,
    "polygamma": _polygamma_method,
    "mvlgamma_": in_place(mvlgamma, "mvlgamma"),
    "polygamma_": in_place(_polygamma_method, "polygamma"),
}
for _name in ("digamma_", "erfinv_", "i0_", "igamma_", "igammac_", "lgamma_"):
    METHODS[_name] = getattr(_ops, _name)
del _name
