"""Special functions."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops, _public
from rushlight._core import Tensor
from rushlight._results import give
from rushlight._special import need_tensor

__all__ = [
    "airy_ai",
    "bessel_j0",
    "bessel_j1",
    "bessel_y0",
    "bessel_y1",
    "chebyshev_polynomial_t",
    "chebyshev_polynomial_u",
    "chebyshev_polynomial_v",
    "chebyshev_polynomial_w",
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "hermite_polynomial_h",
    "hermite_polynomial_he",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "laguerre_polynomial_l",
    "legendre_polynomial_p",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "modified_bessel_i0",
    "modified_bessel_i1",
    "modified_bessel_k0",
    "modified_bessel_k1",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1",
    "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u",
    "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
    "sinc",
    "softmax",
    "spherical_bessel_j0",
    "xlog1py",
    "xlogy",
    "zeta",
]


def _detached(x):
    return x.detach() if isinstance(x, Tensor) else x


def _unary(name, text, *, constant=False):
    op = getattr(_ops, name)

    def function(input, *, out=None):
        need_tensor(f"special_{name}", 1, "input", input)
        return op(_detached(input) if constant else input, out=out)

    function.__name__ = function.__qualname__ = name
    if constant:
        text += "\n\n    It has no derivative: the result never requires grad."
    function.__doc__ = (
        f"{text}\n\n    Args:\n        input (Tensor): the arguments.\n\n"
        "    Shape:\n        Input of any shape, output the same.\n"
    )
    return function


def _polynomial(name, text):
    op = getattr(_ops, name)

    def function(input, n, *, out=None):
        _need_one_tensor(name, input, n)
        return op(_detached(input), _detached(n), out=out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{text} of degree ``n``; 0 where ``n`` is negative.\n\n"
        "    It has no derivative: the result never requires grad.\n\n"
        "    Args:\n        input (Tensor or Number): the arguments.\n"
        "        n (Tensor or Number): the degrees.\n\n"
        "    Shape:\n        Input and n of shapes that broadcast, output of the "
        "broadcast shape.\n"
    )
    return function


def _need_one_tensor(name, a, b):
    if not isinstance(a, Tensor) and not isinstance(b, Tensor):
        raise TypeError(f"special_{name}(): at least one argument must be Tensor")


# At the top level too, most under another name there.
digamma = rushlight.digamma
erf = rushlight.erf
erfc = rushlight.erfc
erfinv = rushlight.erfinv
exp2 = rushlight.exp2
expit = rushlight.sigmoid
expm1 = rushlight.expm1
gammainc = rushlight.igamma
gammaincc = rushlight.igammac
gammaln = rushlight.lgamma
i0 = rushlight.i0
log1p = rushlight.log1p
logit = rushlight.logit
logsumexp = rushlight.logsumexp
multigammaln = rushlight.mvlgamma
polygamma = rushlight.polygamma
psi = rushlight.digamma
sinc = rushlight.sinc
xlogy = rushlight.xlogy

entr = _unary("entr", "The entropy term ``-x log(x)``: 0 at zero, -inf below it.")
erfcx = _unary(
    "erfcx", "The scaled complementary error function, ``exp(x ** 2) * erfc(x)``."
)
i0e = _unary("i0e", "``exp(-|x|)`` times the modified Bessel function of order 0.")
i1 = _unary("i1", "The modified Bessel function of the first kind and order 1.")
i1e = _unary("i1e", "``exp(-|x|)`` times the modified Bessel function of order 1.")
log_ndtr = _unary("log_ndtr", "The logarithm of the normal distribution function.")
ndtri = _unary(
    "ndtri", "The inverse of the normal distribution function; NaN outside of [0, 1]."
)

# These have no derivative, as in PyTorch.
airy_ai = _unary("airy_ai", "The Airy function Ai.", constant=True)
bessel_j0 = _unary(
    "bessel_j0", "The Bessel function of the first kind and order 0.", constant=True
)
bessel_j1 = _unary(
    "bessel_j1", "The Bessel function of the first kind and order 1.", constant=True
)
bessel_y0 = _unary(
    "bessel_y0", "The Bessel function of the second kind and order 0.", constant=True
)
bessel_y1 = _unary(
    "bessel_y1", "The Bessel function of the second kind and order 1.", constant=True
)
modified_bessel_i0 = _unary(
    "modified_bessel_i0",
    "The modified Bessel function of the first kind, order 0.",
    constant=True,
)
modified_bessel_i1 = _unary(
    "modified_bessel_i1",
    "The modified Bessel function of the first kind, order 1.",
    constant=True,
)
modified_bessel_k0 = _unary(
    "modified_bessel_k0",
    "The modified Bessel function of the second kind, order 0.",
    constant=True,
)
modified_bessel_k1 = _unary(
    "modified_bessel_k1",
    "The modified Bessel function of the second kind, order 1.",
    constant=True,
)
scaled_modified_bessel_k0 = _unary(
    "scaled_modified_bessel_k0",
    "``exp(x)`` times the modified Bessel function K0.",
    constant=True,
)
scaled_modified_bessel_k1 = _unary(
    "scaled_modified_bessel_k1",
    "``exp(x)`` times the modified Bessel function K1.",
    constant=True,
)
spherical_bessel_j0 = _unary(
    "spherical_bessel_j0",
    "The spherical Bessel function of order 0, ``sin(x) / x``.",
    constant=True,
)
chebyshev_polynomial_t = _polynomial(
    "chebyshev_polynomial_t", "The Chebyshev polynomial of the first kind"
)
chebyshev_polynomial_u = _polynomial(
    "chebyshev_polynomial_u", "The Chebyshev polynomial of the second kind"
)
chebyshev_polynomial_v = _polynomial(
    "chebyshev_polynomial_v", "The Chebyshev polynomial of the third kind"
)
chebyshev_polynomial_w = _polynomial(
    "chebyshev_polynomial_w", "The Chebyshev polynomial of the fourth kind"
)
hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h", "The physicist's Hermite polynomial"
)
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he", "The probabilist's Hermite polynomial"
)
laguerre_polynomial_l = _polynomial("laguerre_polynomial_l", "The Laguerre polynomial")
legendre_polynomial_p = _polynomial("legendre_polynomial_p", "The Legendre polynomial")
shifted_chebyshev_polynomial_t = _polynomial(
    "shifted_chebyshev_polynomial_t", "``chebyshev_polynomial_t`` of ``2x - 1``,"
)
shifted_chebyshev_polynomial_u = _polynomial(
    "shifted_chebyshev_polynomial_u", "``chebyshev_polynomial_u`` of ``2x - 1``,"
)
shifted_chebyshev_polynomial_v = _polynomial(
    "shifted_chebyshev_polynomial_v", "``chebyshev_polynomial_v`` of ``2x - 1``,"
)
shifted_chebyshev_polynomial_w = _polynomial(
    "shifted_chebyshev_polynomial_w", "``chebyshev_polynomial_w`` of ``2x - 1``,"
)


def ndtr(input, *, out=None):
    """The normal distribution function: the area left of ``input``.

    Shape:
        Input of any shape, output the same.

    Example::

        >>> rushlight.special.ndtr(rushlight.tensor([0.0, 1.0]))
        tensor([0.5000, 0.8413])
    """
    need_tensor("special_ndtr", 1, "input", input)
    if input.is_complex():
        raise NotImplementedError(f'"special_ndtr" not implemented for {input.dtype}')
    x = input if input.is_floating_point() else input.to(rushlight.get_default_dtype())
    # The tail loses as many digits as the argument's square has: a wider argument.
    area = _ops.erfc(x.double() * -math.sqrt(0.5)) * 0.5
    return give("special_ndtr", area.to(x.dtype), out)


def round(input, *, decimals=0, out=None):
    """:func:`rushlight.round`, of floating-point tensors alone.

    Raises:
        NotImplementedError: for another dtype.

    Example::

        >>> rushlight.special.round(rushlight.tensor([0.26, 2.5]), decimals=1)
        tensor([0.3000, 2.5000])
    """
    need_tensor("special_round", 1, "input", input)
    if not input.is_floating_point():
        raise NotImplementedError(f'"special_round" not implemented for {input.dtype}')
    return rushlight.round(input, decimals=decimals, out=out)


def xlog1py(input, other, *, out=None):
    """``input * log1p(other)``: 0 where ``input`` is, NaN where ``other`` is.

    Args:
        input, other (Tensor or Number): one of them at least a tensor.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.special.xlog1py(rushlight.tensor([0.0, 2.0]), 1.0)
        tensor([0.0000, 1.3863])
    """
    _need_one_tensor("xlog1py", input, other)
    return _ops.xlog1py(input, other, out=out)


def zeta(input, other, *, out=None):
    """The Hurwitz zeta function, the sum of ``(k + other) ** -input`` over k >= 0.

    Args:
        input (Tensor or Number): the exponent, larger than 1.
        other (Tensor or Number): the first base.

    Shape:
        Input and other of shapes that broadcast, output of the broadcast shape.

    Example::

        >>> rushlight.special.zeta(rushlight.tensor([2.0, 4.0]), 1)
        tensor([1.6449, 1.0823])
    """
    _need_one_tensor("zeta", input, other)
    return _ops.zeta(input, other, out=out)


def softmax(input, dim, *, dtype=None):
    """:func:`rushlight.softmax`.

    Shape:
        Input of any shape, output the same.
    """
    return rushlight.softmax(input, dim, dtype=dtype)


def log_softmax(input, dim, *, dtype=None):
    """:func:`rushlight.log_softmax`.

    Shape:
        Input of any shape, output the same.
    """
    return rushlight.log_softmax(input, dim, dtype=dtype)


_public.publish(globals(), __all__)
