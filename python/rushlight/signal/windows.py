"""Symmetric and periodic windows under the names of ``scipy.signal.windows``.

Each takes the number of values ``M`` and, by keyword, ``sym`` (symmetric; False for one
period of a window, as spectra want), ``dtype`` (float32 or float64, by default the
default dtype), ``layout`` (strided), ``device`` and ``requires_grad``. All return a
tensor (M,) and raise ValueError for a negative ``M``, another dtype and parameters out
of range.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import rushlight
from rushlight import _core

__all__ = [
    "bartlett",
    "blackman",
    "cosine",
    "exponential",
    "gaussian",
    "general_cosine",
    "general_hamming",
    "hamming",
    "hann",
    "kaiser",
    "nuttall",
]


def _window(
    op, M, make, dtype, layout, device, requires_grad, *, single=True, check=None
):
    """``make(dtype)``, or the windows of no and (where ``single``) of one value."""
    if M < 0:
        raise ValueError(f"{op} requires non-negative window length, got M={M}")
    if layout is not _core.strided:
        raise ValueError(f"{op} is implemented for strided tensors only, got: {layout}")
    dtype = _core.get_default_dtype() if dtype is None else dtype
    if dtype not in (rushlight.float32, rushlight.float64):
        raise ValueError(f"{op} expects float32 or float64 dtypes, got: {dtype}")
    if check is not None:
        check()
    if M == 0 or (M == 1 and single):
        result = _core.ones(M, dtype=dtype)
    else:
        result = make(dtype)
    if device is not None:
        result = result.to(device=device)
    return result.requires_grad_() if requires_grad else result


def _line(M, first, step, dtype):
    return rushlight.linspace(first, first + (M - 1) * step, M, dtype=dtype)


def _need(holds, text):
    if not holds:
        raise ValueError(text)


def bartlett(
    M,
    *,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """A triangle from 0 to 1 and back.

    Example::

        >>> rushlight.signal.windows.bartlett(5)
        tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """

    def make(dtype):
        return 1 - _line(M, -1, 2 / (M - 1 if sym else M), dtype).abs()

    return _window("bartlett", M, make, dtype, layout, device, requires_grad)


def cosine(
    M,
    *,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """Half a sine wave: ``sin(pi (i + 1/2) / M)``.

    Example::

        >>> rushlight.signal.windows.cosine(2)
        tensor([0.7071, 0.7071])
    """

    def make(dtype):
        step = math.pi / (M if sym or M == 1 else M + 1)
        return _line(M, step / 2, step, dtype).sin_()

    return _window(
        "cosine", M, make, dtype, layout, device, requires_grad, single=False
    )


def exponential(
    M,
    *,
    center=None,
    tau=1.0,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """``exp(-|i - center| / tau)``.

    Args:
        M (int): the number of values.
        center (float, optional): by default the middle, which it has to be with
            ``sym``.
        tau (float): how fast it decays; positive.
        sym (bool): symmetric rather than periodic.
        dtype, layout, device, requires_grad: of the result.

    Example::

        >>> rushlight.signal.windows.exponential(3)
        tensor([0.3679, 1.0000, 0.3679])
    """

    def check():
        _need(tau > 0, f"Tau must be positive, got: {tau} instead.")
        _need(not sym or center is None, "Center must be None for symmetric windows")

    def make(dtype):
        middle = (M - 1 if sym or M == 1 else M) / 2 if center is None else center
        return _line(M, -middle / tau, 1 / tau, dtype).abs_().neg_().exp_()

    return _window(
        "exponential",
        M,
        make,
        dtype,
        layout,
        device,
        requires_grad,
        single=False,
        check=check,
    )


def gaussian(
    M,
    *,
    std=1.0,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """``exp(-((i - middle) / std) ** 2 / 2)``.

    Args:
        M (int): the number of values.
        std (float): the standard deviation in steps; positive.
        sym (bool): symmetric rather than periodic.
        dtype, layout, device, requires_grad: of the result.

    Example::

        >>> rushlight.signal.windows.gaussian(3)
        tensor([0.6065, 1.0000, 0.6065])
    """

    def check():
        _need(std > 0, f"Standard deviation must be positive, got: {std} instead.")

    def make(dtype):
        middle = (M - 1 if sym or M == 1 else M) / 2
        step = 1 / (std * math.sqrt(2))
        return _line(M, -middle * step, step, dtype).square_().neg_().exp_()

    return _window(
        "gaussian",
        M,
        make,
        dtype,
        layout,
        device,
        requires_grad,
        single=False,
        check=check,
    )


def kaiser(
    M,
    *,
    beta=12.0,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """``I0(sqrt(beta ** 2 - k ** 2)) / I0(beta)`` for ``k`` from ``-beta`` to ``beta``.

    Args:
        M (int): the number of values.
        beta (float): how narrow the window is; not negative.
        sym (bool): symmetric rather than periodic.
        dtype, layout, device, requires_grad: of the result.

    Example::

        >>> rushlight.signal.windows.kaiser(3, beta=2.0)
        tensor([0.4387, 1.0000, 0.4387])
    """

    def check():
        _need(beta >= 0, f"beta must be non-negative, got: {beta} instead.")

    def make(dtype):
        k = _line(M, -beta, 2 * beta / (M - 1 if sym else M), dtype)
        height = (beta * beta - k * k).clamp_(min=0).sqrt_()
        return rushlight.i0(height) / rushlight.i0(_core.tensor(beta, dtype=dtype))

    return _window("kaiser", M, make, dtype, layout, device, requires_grad, check=check)


def general_cosine(
    M,
    *,
    a,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """``sum((-1) ** j * a[j] * cos(2 pi i j / (M - 1)))``.

    Args:
        M (int): the number of values.
        a (iterable of float): the coefficients, at least one.
        sym (bool): symmetric rather than periodic.
        dtype, layout, device, requires_grad: of the result.

    Raises:
        TypeError: when ``a`` is not iterable.

    Example::

        >>> rushlight.signal.windows.general_cosine(3, a=[0.5, 0.5])
        tensor([0.0000, 1.0000, 0.0000])
    """

    def make(dtype):
        if not isinstance(a, Iterable):
            raise TypeError("Coefficients must be a list/tuple")
        weights = [-w if j % 2 else w for j, w in enumerate(a)]
        _need(weights, "Coefficients cannot be empty")
        angle = _line(M, 0, 2 * math.pi / (M - 1 if sym else M), dtype)
        order = rushlight.arange(len(weights), dtype=dtype).unsqueeze(-1)
        weights = _core.tensor(weights, dtype=dtype).unsqueeze(-1)
        return (weights * (order * angle).cos_()).sum(0)

    return _window("general_cosine", M, make, dtype, layout, device, requires_grad)


def general_hamming(
    M,
    *,
    alpha=0.54,
    sym=True,
    dtype=None,
    layout=_core.strided,
    device=None,
    requires_grad=False,
):
    """``alpha - (1 - alpha) cos(2 pi i / (M - 1))``.

    Args:
        M (int): the number of values.
        alpha (float): see the formula.
        sym (bool): symmetric rather than periodic.
        dtype, layout, device, requires_grad: of the result.

    Example::

        >>> rushlight.signal.windows.general_hamming(3, alpha=0.5)
        tensor([0.0000, 1.0000, 0.0000])
    """
    return general_cosine(
        M,
        a=[alpha, 1.0 - alpha],
        sym=sym,
        dtype=dtype,
        layout=layout,
        device=device,
        requires_grad=requires_grad,
    )


def _of_cosines(name, a, text):
    def window(
        M,
        *,
        sym=True,
        dtype=None,
        layout=_core.strided,
        device=None,
        requires_grad=False,
    ):
        return general_cosine(
            M,
            a=a,
            sym=sym,
            dtype=dtype,
            layout=layout,
            device=device,
            requires_grad=requires_grad,
        )

    window.__name__ = window.__qualname__ = name
    window.__doc__ = (
        f"{text}: :func:`general_cosine` with the coefficients {a}.\n\n"
        "    Args:\n        M (int): the number of values.\n"
        "        sym (bool): symmetric rather than periodic.\n"
        "        dtype, layout, device, requires_grad: of the result.\n"
    )
    return window


blackman = _of_cosines("blackman", [0.42, 0.5, 0.08], "Blackman's window")
hamming = _of_cosines("hamming", [0.54, 1 - 0.54], "Hamming's window")
hann = _of_cosines("hann", [0.5, 0.5], "Hann's window")
nuttall = _of_cosines(
    "nuttall", [0.3635819, 0.4891775, 0.1365995, 0.0106411], "Nuttall's window"
)
