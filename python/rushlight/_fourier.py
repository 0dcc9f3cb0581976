"""The three discrete Fourier transforms under rushlight.fft: differentiable, by NumPy.

Args of all: dims in the order of the transforms (``c2r`` and ``r2c`` work on the last
one as the half-size dim), ``scale`` "none", "ortho" (by the root of the number of
points) or "n" (by that number), ``forward`` the sign of the exponent (minus).
"""

from __future__ import annotations

import rushlight
from rushlight import _core, _interop
from rushlight.autograd import Function


def _array(x):
    return x.detach().numpy()


def _tensor(array, dtype):
    import numpy

    array = numpy.ascontiguousarray(array)
    result = _interop.from_array(array)
    # NumPy 1 computes in double precision.
    return result if result.dtype is dtype else result.to(dtype)


def _norm(scale, forward):
    if scale == "ortho":
        return "ortho"
    return "backward" if (scale == "none") == forward else "forward"


def _c2c(array, dims, scale, forward):
    import numpy

    if array.size == 0:
        return array
    transform = numpy.fft.fftn if forward else numpy.fft.ifftn
    return transform(array, axes=dims, norm=_norm(scale, forward))


def _real(x):
    return rushlight.view_as_real(x)[..., 0]


def _gives_zeros(x, dim, n):
    return rushlight.constant_pad_nd(
        x, [0, 0] * (x.dim() - 1 - dim) + [0, n - x.shape[dim]]
    )


class _ComplexToComplex(Function):
    @staticmethod
    def forward(ctx, x, dims, scale, forward):
        ctx.how = dims, scale, forward
        return _tensor(_c2c(_array(x), dims, scale, forward), x.dtype)

    @staticmethod
    def backward(ctx, g):
        dims, scale, forward = ctx.how
        return c2c(g, dims, scale, not forward), None, None, None


class _RealToComplex(Function):
    @staticmethod
    def forward(ctx, x, dims, scale, forward):
        import numpy

        ctx.how = dims, scale, forward, x.shape[dims[-1]]
        dtype, array = x.dtype.to_complex(), _array(x)
        if array.size == 0:
            shape = list(array.shape)
            shape[dims[-1]] = shape[dims[-1]] // 2 + 1
            return _core.zeros(shape, dtype=dtype)
        half = numpy.fft.rfft(array, axis=dims[-1], norm=_norm(scale, True))
        if not forward:
            half = half.conj()
        if dims[:-1]:
            half = _c2c(half, dims[:-1], scale, forward)
        return _tensor(half, dtype)

    @staticmethod
    def backward(ctx, g):
        dims, scale, forward, n = ctx.how
        full = _gives_zeros(g, dims[-1], n)
        return _real(c2c(full, dims, scale, not forward)), None, None, None


class _ComplexToReal(Function):
    @staticmethod
    def forward(ctx, x, dims, scale, forward, n):
        import numpy

        ctx.how = dims, scale, forward, n, x.shape[dims[-1]]
        dtype, array = x.dtype.to_real(), _array(x)
        if array.size == 0:
            shape = list(array.shape)
            shape[dims[-1]] = n
            return _core.zeros(shape, dtype=dtype)
        if dims[:-1]:
            array = _c2c(array, dims[:-1], scale, forward)
        if forward:
            array = array.conj()
        real = numpy.fft.irfft(array, n, axis=dims[-1], norm=_norm(scale, False))
        return _tensor(real, dtype)

    @staticmethod
    def backward(ctx, g):
        dims, scale, forward, n, half = ctx.how
        result = r2c(g, dims, scale, not forward)
        # Every point but the first (and the last of an even number) stands for two.
        factor = _core.ones(half, dtype=g.dtype)
        factor[1 : 1 + n - half] = 2
        factor = factor.view([half if d == dims[-1] else 1 for d in range(g.dim())])
        return result * factor, None, None, None, None


def c2c(x, dims, scale, forward):
    """Of a complex tensor, over all ``dims``."""
    if not dims:
        return x.clone()
    return _ComplexToComplex.apply(x, tuple(dims), scale, forward)


def r2c(x, dims, scale, forward):
    """Of a real tensor; the last of ``dims`` keeps its ``n // 2 + 1`` first points."""
    return _RealToComplex.apply(x, tuple(dims), scale, forward)


def c2r(x, dims, scale, forward, n):
    """Of the first ``n // 2 + 1`` points of a Hermitian signal along the last dim."""
    return _ComplexToReal.apply(x, tuple(dims), scale, forward, n)
