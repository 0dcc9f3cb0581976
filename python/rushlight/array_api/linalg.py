"""The linear algebra extension of the array API, over :mod:`rushlight.linalg`."""

from __future__ import annotations

from collections import namedtuple

import rushlight
from rushlight import linalg as _linalg
from rushlight.array_api._elementwise import conj as _conj
from rushlight.array_api._elementwise import multiply as _multiply
from rushlight.array_api._manipulation import matrix_transpose
from rushlight.array_api._operands import (
    axes_of,
    bits_of,
    check_array,
    from_bits,
    is_wide,
    pair,
)
from rushlight.array_api._statistics import sum as _sum

__all__ = [
    "cholesky",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "matrix_transpose",
    "outer",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "svd",
    "svdvals",
    "tensordot",
    "trace",
    "vecdot",
    "vector_norm",
]

EigResult = namedtuple("EigResult", ["eigenvalues", "eigenvectors"])
EighResult = namedtuple("EighResult", ["eigenvalues", "eigenvectors"])
QRResult = namedtuple("QRResult", ["Q", "R"])
SlogdetResult = namedtuple("SlogdetResult", ["sign", "logabsdet"])
SVDResult = namedtuple("SVDResult", ["U", "S", "Vh"])


def cholesky(x, /, *, upper=False):
    """The Cholesky factors of positive definite matrices, lower unless ``upper``."""
    return _linalg.cholesky(x, upper=upper)


def cross(x1, x2, /, *, axis=-1):
    """The cross product of 3-vectors.

    Args:
        x1 (Tensor): of numeric dtype.
        x2 (Tensor): broadcast with ``x1`` but for ``axis``.
        axis (int): that of the vectors, counted from the end.

    Raises:
        ValueError: unless both have size 3 along ``axis``.
    """
    x1, x2 = pair("cross", x1, x2)
    ndim = min(x1.ndim, x2.ndim)
    if not -ndim <= axis < ndim or (axis >= 0 and x1.ndim != x2.ndim):
        raise IndexError(
            f"cross(): axis {axis} is out of bounds for arrays of {x1.ndim} and "
            f"{x2.ndim} "
            "dimensions; count it from the end"
        )
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(
            f"cross(): expected size 3 along axis {axis}, got shapes {tuple(x1.shape)} "
            f"and {tuple(x2.shape)}"
        )
    dtype = x1.dtype
    if is_wide(dtype):
        x1, x2 = bits_of(x1), bits_of(x2)
    back = axis - max(x1.ndim, x2.ndim) if axis >= 0 else axis
    x1, x2 = rushlight.broadcast_tensors(x1, x2)
    result = _linalg.cross(x1, x2, dim=back)
    return from_bits(result, dtype) if is_wide(dtype) else result


def det(x, /):
    """The determinants of square matrices, of shape ``x.shape[:-2]``."""
    return _linalg.det(x)


def diagonal(x, /, *, offset=0):
    """The diagonals of matrices as the last axis; a view."""
    return check_array("diagonal", x).diagonal(offset, -2, -1)


def eig(x, /):
    """Eigenvalues (of shape (..., M), complex) and eigenvectors (..., M, M)."""
    return EigResult(*_linalg.eig(x))


def eigh(x, /):
    """Eigenvalues (of shape (..., M), real) and eigenvectors of Hermitian matrices."""
    return EighResult(*_linalg.eigh(x))


def eigvals(x, /):
    """The eigenvalues of square matrices, of shape (..., M) and complex dtype."""
    return _linalg.eigvals(x)


def eigvalsh(x, /):
    """The eigenvalues of Hermitian matrices, of shape (..., M) and real dtype."""
    return _linalg.eigvalsh(x)


def inv(x, /):
    """The inverses of square matrices."""
    return _linalg.inv(x)


def matmul(x1, x2, /):
    """The matrix product; a 1-d argument is a row before, a column behind.

    Args:
        x1 (Tensor): of shape (..., M, K) or (K,) and numeric dtype.
        x2 (Tensor): of shape (..., K, N) or (K,), broadcast over the leading axes.

    Returns:
        Tensor: of shape (..., M, N), without the axes of 1-d arguments.
    """
    x1, x2 = pair("matmul", check_array("matmul", x1), check_array("matmul", x2, 2))
    if is_wide(x1.dtype):
        return from_bits(rushlight.matmul(bits_of(x1), bits_of(x2)), x1.dtype)
    return rushlight.matmul(x1, x2)


def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    """The norms of matrices; ``ord`` as in :func:`rushlight.linalg.matrix_norm`."""
    return _linalg.matrix_norm(x, ord, keepdim=keepdims)


def matrix_power(x, n, /):
    """Square matrices to an integer power, of the inverse where negative."""
    return _linalg.matrix_power(x, n)


def _tolerance(x, rtol):
    if rtol is None:
        size = max(x.shape[-2:])
        rtol = size * rushlight.finfo(x.dtype).eps
    return rtol


def matrix_rank(x, /, *, rtol=None):
    """The numbers of singular values above ``rtol`` times the largest one.

    Args:
        x (Tensor): of shape (..., M, N).
        rtol (float or Tensor, optional): default max(M, N) times the dtype's eps.

    Returns:
        Tensor: of int64 and shape ``x.shape[:-2]``.
    """
    return _linalg.matrix_rank(x, rtol=_tolerance(x, rtol))


def outer(x1, x2, /):
    """Every element of a vector times every one of another: of shape (N, M).

    Raises:
        ValueError: unless both are 1-d.
    """
    x1, x2 = pair("outer", x1, x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(
            f"outer(): expected 1-d arrays, got shapes {tuple(x1.shape)} and "
            f"{tuple(x2.shape)}"
        )
    return _multiply(x1.unsqueeze(1), x2)


def pinv(x, /, *, rtol=None):
    """The pseudo-inverses, of singular values above ``rtol`` times the largest one."""
    return _linalg.pinv(x, rtol=_tolerance(x, rtol))


def qr(x, /, *, mode="reduced"):
    """Orthonormal ``Q`` and upper triangular ``R``; ``mode`` "reduced" or
    "complete"."""
    if mode not in ("reduced", "complete"):
        raise ValueError(f"qr(): mode must be 'reduced' or 'complete', got {mode!r}")
    return QRResult(*_linalg.qr(x, mode))


def slogdet(x, /):
    """``sign`` and ``logabsdet`` of the determinants of square matrices."""
    return SlogdetResult(*_linalg.slogdet(x))


def solve(x1, x2, /):
    """The solutions of ``x1 @ result == x2``.

    Args:
        x1 (Tensor): of shape (..., M, M).
        x2 (Tensor): of shape (M,), or (..., M, K) broadcast over the leading axes.
    """
    x1, x2 = pair("solve", x1, x2)
    if x2.ndim == 1:
        return _linalg.solve(x1, x2.unsqueeze(-1)).squeeze(-1)
    # Matrices always, also of a shape that rushlight.linalg takes for many vectors.
    batch = rushlight.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    return _linalg.solve(
        x1.expand(*batch, *x1.shape[-2:]), x2.expand(*batch, *x2.shape[-2:])
    )


def svd(x, /, *, full_matrices=True):
    """The singular value decomposition: ``U``, ``S`` and ``Vh``."""
    return SVDResult(*_linalg.svd(x, full_matrices=full_matrices))


def svdvals(x, /):
    """The singular values, largest first, of shape (..., min(M, N))."""
    return _linalg.svdvals(x)


def tensordot(x1, x2, /, *, axes=2):
    """The sum of products over axes of both.

    Args:
        x1 (Tensor): of numeric dtype.
        x2 (Tensor): of numeric dtype.
        axes (int or pair of sequences): the last ones of ``x1`` and the first of
        ``x2``,
            or those of each.
    """
    x1, x2 = pair("tensordot", x1, x2)
    if not isinstance(axes, int):
        first, second = (a if isinstance(a, (tuple, list)) else (a,) for a in axes)
        axes = [list(first), list(second)]
    if is_wide(x1.dtype):
        result = rushlight.tensordot(bits_of(x1), bits_of(x2), dims=axes)
        return from_bits(result, x1.dtype)
    return rushlight.tensordot(x1, x2, dims=axes)


def trace(x, /, *, offset=0, dtype=None):
    """The sums of the diagonals, in the dtype that ``sum`` has."""
    return _sum(diagonal(x, offset=offset), axis=-1, dtype=dtype)


def vecdot(x1, x2, /, *, axis=-1):
    """The sum of ``conj(x1) * x2`` along an axis.

    Args:
        x1 (Tensor): of numeric dtype.
        x2 (Tensor): broadcast with ``x1`` but for ``axis``.
        axis (int): counted from the end.

    Raises:
        ValueError: where the sizes along ``axis`` differ.
    """
    x1, x2 = pair("vecdot", x1, x2)
    ndim = min(x1.ndim, x2.ndim)
    if not -ndim <= axis < ndim or (axis >= 0 and x1.ndim != x2.ndim):
        raise IndexError(
            f"vecdot(): axis {axis} is out of bounds for arrays of {x1.ndim} and "
            f"{x2.ndim} "
            "dimensions; count it from the end"
        )
    if x1.shape[axis] != x2.shape[axis]:
        raise ValueError(
            f"vecdot(): sizes along axis {axis} differ in shapes {tuple(x1.shape)} and "
            f"{tuple(x2.shape)}"
        )
    return _sum(_multiply(_conj(x1), x2), axis=axis, dtype=x1.dtype)


def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    """The norms of vectors.

    Args:
        x (Tensor): of floating-point dtype.
        axis (int or tuple of int, optional): None takes the whole array.
        keepdims (bool): keep the axes with size 1.
        ord (float): the order; an infinity and 0 too.
    """
    axes = axes_of("vector_norm", axis, check_array("vector_norm", x).ndim)
    if not axes:
        return _linalg.vector_norm(x.unsqueeze(-1), ord, (-1,))
    return _linalg.vector_norm(x, ord, axes, keepdims)
