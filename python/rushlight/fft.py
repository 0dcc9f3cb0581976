"""Discrete Fourier transforms, under PyTorch's names; computed by NumPy's pocketfft.

float32 stays in single precision (complex64). ``norm`` is "backward" (the default: the
inverse transform divides by the number of points), "forward" or "ortho".
"""

from __future__ import annotations

import math

import rushlight
from rushlight import _core, _fourier, _ops, _public
from rushlight._core import Tensor
from rushlight._functions import _place, factory_out
from rushlight._results import give

__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]


def _scale(norm, forward):
    if norm == "ortho":
        return "ortho"
    if norm not in (None, "backward", "forward"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return "n" if (norm == "forward") == forward else "none"


def _promoted(op, input, kind):
    if not isinstance(input, Tensor):
        raise TypeError(
            f"fft_{op}(): argument 'input' (position 1) must be Tensor, not "
            f"{type(input).__name__}"
        )
    dtype = input.dtype
    if kind == "real" and dtype.is_complex:
        raise RuntimeError(f"{op} expects a real input tensor, but got {dtype}")
    if not (dtype.is_floating_point or dtype.is_complex):
        dtype = _core.get_default_dtype()
    if dtype in (rushlight.float16, rushlight.bfloat16):
        raise RuntimeError(f"{op}(): Unsupported dtype {dtype}")
    return input.to(dtype.to_complex() if kind == "complex" else dtype)


def _wrap(op, dim, n):
    if n == 0:
        raise IndexError(
            f"{op}(): Dimension specified as {dim} but tensor has no dimensions"
        )
    if not -n <= dim < n:
        raise IndexError(
            f"{op}(): Dimension out of range (expected to be in range of [{-n}, "
            f"{n - 1}], but got {dim})"
        )
    return dim % n


def _points(op, n):
    if n < 1:
        raise RuntimeError(f"{op}(): Invalid number of data points ({n}) specified")
    return n


def _shape_and_dims(op, input, s, dim):
    """The sizes asked for (-1 keeps one) and the dims of the transforms."""
    n = input.dim()
    if dim is None and op.endswith("2"):
        raise TypeError(f"{op}(): argument 'dim' must be tuple of ints, not NoneType")
    if isinstance(dim, int):
        dim = (dim,)
    if isinstance(s, int):
        s = (s,)
    if dim is not None:
        dims = [_wrap(op, d, n) for d in dim]
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"{op}(): FFT dims must be unique, got {tuple(dim)}")
        if s is not None and len(s) != len(dims):
            raise RuntimeError(
                f"{op}(): When given, dim and shape arguments must have the same "
                "length, "
                f"got dim {tuple(dim)} and shape {tuple(s)}"
            )
    elif s is not None:
        if len(s) > n:
            raise RuntimeError(
                f"{op}(): Got shape with {len(s)} values but input tensor only has {n} "
                "dimensions."
            )
        dims = list(range(n - len(s), n))
    else:
        dims = list(range(n))
    sizes = [-1] * len(dims) if s is None else list(s)
    return sizes, dims


def _resized(op, x, sizes, dims):
    widths = [0, 0] * x.dim()
    for size, d in zip(sizes, dims, strict=True):
        size = _points(op, x.shape[d] if size == -1 else size)
        if size < x.shape[d]:
            x = x.narrow(d, 0, size)
        elif size > x.shape[d]:
            widths[2 * (x.dim() - 1 - d) + 1] = size - x.shape[d]
    return rushlight.constant_pad_nd(x, widths) if any(widths) else x


def _finish(op, result, out):
    if isinstance(out, Tensor) and result.is_complex() and not out.is_complex():
        raise RuntimeError(f"{op} expects a complex output tensor, but got {out.dtype}")
    return give(op, result, out)


def _complex(op, input, s, dim, norm, forward, out):
    x = _promoted(op, input, "complex")
    sizes, dims = _shape_and_dims(op, x, s, dim)
    scale = _scale(norm, forward)
    return _finish(
        op, _fourier.c2c(_resized(op, x, sizes, dims), dims, scale, forward), out
    )


def _to_half(op, input, s, dim, norm, forward, out):
    if dim is None and op.endswith("2"):
        raise TypeError(f"{op}(): argument 'dim' must be tuple of ints, not NoneType")
    if op in ("ihfftn", "ihfft2") and isinstance(input, Tensor):
        _shape_and_dims(op, input, s, dim)  # these errors come first, as in PyTorch
    x = _promoted(op, input, "real")
    sizes, dims = _shape_and_dims(op, x, s, dim)
    if not dims:
        raise RuntimeError(f"{op} must transform at least one axis")
    scale = _scale(norm, forward)
    return _finish(
        op, _fourier.r2c(_resized(op, x, sizes, dims), dims, scale, forward), out
    )


def _from_half(op, input, s, dim, norm, forward, out):
    x = _promoted(op, input, "complex")
    sizes, dims = _shape_and_dims(op, x, s, dim)
    if not dims:
        raise RuntimeError(f"{op} must transform at least one axis")
    scale = _scale(norm, forward)
    last = sizes[-1]
    n = _points(op, 2 * (x.shape[dims[-1]] - 1) if last == -1 else last)
    x = _resized(op, x, [*sizes[:-1], n // 2 + 1], dims)
    return _finish(op, _fourier.c2r(x, dims, scale, forward, n), out)


def _one(n, dim):
    # Only shapes of several dims may say -1.
    return (-1 if n is None else max(n, 0),), (dim,)


def fft(input, n=None, dim=-1, norm=None, *, out=None):
    """The transform of one dim.

    Args:
        input (Tensor): real or complex, of any shape.
        n (int, optional): the number of points; ``dim`` is cut or padded with zeros.
        dim (int): the dim to transform.
        norm (str, optional): "backward", "forward" or "ortho".

    Returns:
        Tensor: complex, of input's shape with ``n`` in ``dim``.

    Raises:
        RuntimeError: for no points, a norm that does not exist, or half precision.

    Example::

        >>> rushlight.fft.fft(rushlight.tensor([1., 0., 0.]))
        tensor([1.+0.j, 1.+0.j, 1.+0.j])
    """
    return _complex("fft", input, *_one(n, dim), norm, True, out)


def ifft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`fft`.

    Shape:
        Input of any shape, output the same with ``n`` points along ``dim``.
    """
    return _complex("ifft", input, *_one(n, dim), norm, False, out)


def rfft(input, n=None, dim=-1, norm=None, *, out=None):
    """:func:`fft` of a real tensor, without the half that follows from the other.

    Returns:
        Tensor: complex, with ``n // 2 + 1`` points in ``dim``.

    Example::

        >>> rushlight.fft.rfft(rushlight.ones(4))
        tensor([4.+0.j, 0.+0.j, 0.+0.j])
    """
    return _to_half("rfft", input, *_one(n, dim), norm, True, out)


def irfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`rfft`: real; ``n`` is ``2 (size - 1)`` by default."""
    return _from_half("irfft", input, *_one(n, dim), norm, False, out)


def hfft(input, n=None, dim=-1, norm=None, *, out=None):
    """:func:`fft` of a Hermitian signal given by its first half: ``n`` real points.

    Shape:
        Input (*, k, *), output (*, n, *) with 2 (k - 1) as the n that is not given.
    """
    return _from_half("hfft", input, *_one(n, dim), norm, True, out)


def ihfft(input, n=None, dim=-1, norm=None, *, out=None):
    """The inverse of :func:`hfft`: of a real tensor, ``n // 2 + 1`` points.

    Shape:
        Input (*, n, *), output (*, n // 2 + 1, *).
    """
    return _to_half("ihfft", input, *_one(n, dim), norm, False, out)


def fftn(input, s=None, dim=None, norm=None, *, out=None):
    """The transform of several dims.

    Args:
        input (Tensor): real or complex, of any shape.
        s (tuple of int, optional): the numbers of points, -1 for a dim's own.
        dim (tuple of int, optional): default all, or the last ``len(s)``.
        norm (str, optional): "backward", "forward" or "ortho".

    Returns:
        Tensor: complex.

    Example::

        >>> rushlight.fft.fftn(rushlight.ones(2, 2))
        tensor([[4.+0.j, 0.+0.j],
                [0.+0.j, 0.+0.j]])
    """
    return _complex("fftn", input, s, dim, norm, True, out)


def ifftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`fftn`.

    Shape:
        Input of any shape, output the same with ``s`` points along ``dim``.
    """
    return _complex("ifftn", input, s, dim, norm, False, out)


def rfftn(input, s=None, dim=None, norm=None, *, out=None):
    """:func:`fftn` of a real tensor; half of the last dim follows and is left out."""
    return _to_half("rfftn", input, s, dim, norm, True, out)


def irfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`rfftn`; the last of ``s`` says whether its size is odd."""
    return _from_half("irfftn", input, s, dim, norm, False, out)


def hfftn(input, s=None, dim=None, norm=None, *, out=None):
    """:func:`fftn` of a Hermitian signal given by half of its last dim: real."""
    return _from_half("hfftn", input, s, dim, norm, True, out)


def ihfftn(input, s=None, dim=None, norm=None, *, out=None):
    """The inverse of :func:`hfftn`, of a real tensor.

    Shape:
        Input of any shape, output the same with ``s[-1] // 2 + 1`` points along the
        last of ``dim``.
    """
    return _to_half("ihfftn", input, s, dim, norm, False, out)


def fft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`fftn` of the last two dims."""
    return _complex("fft2", input, s, dim, norm, True, out)


def ifft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`ifftn` of the last two dims."""
    return _complex("ifft2", input, s, dim, norm, False, out)


def rfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`rfftn` of the last two dims."""
    return _to_half("rfft2", input, s, dim, norm, True, out)


def irfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`irfftn` of the last two dims."""
    return _from_half("irfft2", input, s, dim, norm, False, out)


def hfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`hfftn` of the last two dims."""
    return _from_half("hfft2", input, s, dim, norm, True, out)


def ihfft2(input, s=None, dim=(-2, -1), norm=None, *, out=None):
    """:func:`ihfftn` of the last two dims."""
    return _to_half("ihfft2", input, s, dim, norm, False, out)


def _frequencies(op, places, n, d, dtype, layout, device, pin_memory, grad, out):
    _core.check_layout(op, layout, pin_memory)
    kind = out.dtype if dtype is None and isinstance(out, Tensor) else dtype
    kind = _core.get_default_dtype() if kind is None else kind
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(
            f"{op} requires a floating point or complex dtype, got {kind}"
        )
    width = n * d
    result = places.to(kind) * (1 / width if width else math.inf)
    if out is not None:
        return factory_out(op, result.shape, dtype, out).copy_(result)
    return _place(result, None, device, grad, pin_memory)


def fftfreq(
    n,
    d=1.0,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """The frequencies of :func:`fft`'s points, in cycles a unit of ``d``.

    Args:
        n (int): the number of points.
        d (float): the distance between samples.

    Returns:
        Tensor: (n,), the negative frequencies in its second half.

    Example::

        >>> rushlight.fft.fftfreq(4)
        tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    if n < 0:
        raise RuntimeError(
            f"fftfreq(): Trying to create tensor with negative dimension {n}: [{n}]"
        )
    middle = (n + 1) // 2
    places = rushlight.cat([rushlight.arange(middle), rushlight.arange(-(n // 2), 0)])
    return _frequencies(
        "fftfreq", places, n, d, dtype, layout, device, pin_memory, requires_grad, out
    )


def rfftfreq(
    n,
    d=1.0,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """The frequencies of :func:`rfft`'s ``n // 2 + 1`` points; see :func:`fftfreq`.

    Shape:
        (n // 2 + 1,).
    """
    if n < 0:
        raise RuntimeError(f"rfftfreq(): n must be non-negative, got {n}")
    places = rushlight.arange(n // 2 + 1)
    return _frequencies(
        "rfftfreq", places, n, d, dtype, layout, device, pin_memory, requires_grad, out
    )


def _shifted(op, input, dim, by):
    n = input.dim()
    if dim is None:
        dims = list(range(n))
    else:
        dims = [_wrap(op, d, n) for d in ((dim,) if isinstance(dim, int) else dim)]
    if not dims:
        raise RuntimeError(f"{op}(): `shifts` required: the tensor has no dims")
    return _ops.roll(input, [by(input.shape[d]) for d in dims], dims)


def fftshift(input, dim=None):
    """The zero frequency moved to the middle, in all dims or those of ``dim``.

    Example::

        >>> rushlight.fft.fftshift(rushlight.arange(4))
        tensor([2, 3, 0, 1])
    """
    return _shifted("fftshift", input, dim, lambda n: n // 2)


def ifftshift(input, dim=None):
    """The inverse of :func:`fftshift`.

    Shape:
        Input of any shape, output the same.
    """
    return _shifted("ifftshift", input, dim, lambda n: (n + 1) // 2)


_public.publish(globals(), __all__)
