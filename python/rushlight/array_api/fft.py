"""The Fourier transform extension of the array API, over :mod:`rushlight.fft`."""

from __future__ import annotations

from rushlight import fft as _fft

__all__ = [
    "fft",
    "ifft",
    "fftn",
    "ifftn",
    "rfft",
    "irfft",
    "rfftn",
    "irfftn",
    "hfft",
    "ihfft",
    "fftfreq",
    "rfftfreq",
    "fftshift",
    "ifftshift",
]

_LINE_DOC = """{what}, along one axis.

    Args:
        x (Tensor): of floating-point dtype.
        n (int, optional): the size that ``x`` is cut or padded to{n}.
        axis (int): along which.
        norm (str): ``"backward"``, ``"ortho"`` or ``"forward"``: where to divide.
    """
_GRID_DOC = """{what}, along several axes.

    Args:
        x (Tensor): of floating-point dtype.
        s (sequence of int, optional): the sizes that ``x`` is cut or padded to.
        axes (sequence of int, optional): along which; all, or the last ``len(s)``.
        norm (str): ``"backward"``, ``"ortho"`` or ``"forward"``: where to divide.
    """


def _named(function, name, doc, **fields):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = doc.format(**fields)
    return function


def _line(name, what, n=""):
    run = getattr(_fft, name)

    def function(x, /, *, n=None, axis=-1, norm="backward"):
        return run(x, n, axis, norm)

    return _named(function, name, _LINE_DOC, what=what, n=n)


def _grid(name, what):
    run = getattr(_fft, name)

    def function(x, /, *, s=None, axes=None, norm="backward"):
        return run(x, s, axes, norm)

    return _named(function, name, _GRID_DOC, what=what)


_RESULT = ", of the result: by default 2 * (size - 1)"
fft = _line("fft", "The discrete Fourier transform")
ifft = _line("ifft", "The inverse of :func:`fft`")
rfft = _line("rfft", "The transform of real values, the half that is not redundant")
irfft = _line("irfft", "The inverse of :func:`rfft`", _RESULT)
hfft = _line("hfft", "The real transform of a Hermitian half", _RESULT)
ihfft = _line("ihfft", "The inverse of :func:`hfft`")
fftn = _grid("fftn", "The discrete Fourier transform")
ifftn = _grid("ifftn", "The inverse of :func:`fftn`")
rfftn = _grid("rfftn", "The transform of real values, half of the last axis")
irfftn = _grid("irfftn", "The inverse of :func:`rfftn`")


def fftfreq(n, /, *, d=1.0, dtype=None, device=None):
    """The frequencies of the results of :func:`fft`.

    Args:
        n (int): the size of the transform.
        d (float): the distance between samples.
        dtype (dtype, optional): default the default dtype.
        device (device, optional): of the result.
    """
    return _fft.fftfreq(n, d, dtype=dtype, device=device)


def rfftfreq(n, /, *, d=1.0, dtype=None, device=None):
    """The frequencies of the results of :func:`rfft`; arguments as :func:`fftfreq`."""
    return _fft.rfftfreq(n, d, dtype=dtype, device=device)


def fftshift(x, /, *, axes=None):
    """The frequency 0 moved to the middle of ``axes``: None for all."""
    return _fft.fftshift(x, axes)


def ifftshift(x, /, *, axes=None):
    """The inverse of :func:`fftshift`.

    Shape:
        Input of any shape, output the same.
    """
    return _fft.ifftshift(x, axes)
