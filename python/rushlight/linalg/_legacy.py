"""Factorizations and solvers under their older names in the package itself."""

from __future__ import annotations

import rushlight
from rushlight import _ops, linalg
from rushlight._core import Tensor
from rushlight._results import named
from rushlight.autograd import Function
from rushlight.linalg._factor import lu_unpack, reflect
from rushlight.linalg._matrix import det, logdet, matrix_exp, matrix_power
from rushlight.linalg._matrix import slogdet as _slogdet
from rushlight.linalg._support import (
    adjoint,
    check_float,
    check_square,
    check_tensor,
    put,
)

__all__ = ["det", "logdet", "lu_unpack", "matrix_exp", "matrix_power"]

_QR = named("qr", "Q R")
_LUInfo = named("_lu_with_info", "LU pivots info")
_SVD = named("svd", "U S V")
_Triangular = named("triangular_solve", "solution cloned_coefficient")


def slogdet(input):
    """See :func:`rushlight.linalg.slogdet`."""
    return _slogdet(input)


def inverse(input, *, out=None):
    """See :func:`rushlight.linalg.inv`."""
    return linalg.inv(input, out=out)


def pinverse(input, rcond=1e-15):
    """See :func:`rushlight.linalg.pinv`, with another default tolerance."""
    return linalg.pinv(input, rtol=rcond)


def cholesky(input, upper=False, *, out=None):
    """See :func:`rushlight.linalg.cholesky`."""
    check_tensor("cholesky", input, "input")
    return put("cholesky", linalg.cholesky(input, upper=upper), out)


def cholesky_solve(B, L, upper=False, *, out=None):
    """``X`` of ``A X = B`` from the Cholesky factor of ``A``.

    Args:
        B (Tensor): (*, n, k).
        L (Tensor): (*, n, n), the lower factor, or with ``upper`` the upper one.
    """
    check_tensor("cholesky_solve", B, "B")
    check_tensor("cholesky_solve", L, "L", 2)
    for name, x in (("b", B), ("u", L)):
        if x.dim() < 2:
            raise RuntimeError(
                f"cholesky_solve(): {name} should have at least 2 dimensions, but has "
                f"{x.dim()} dimensions instead"
            )
    return put("cholesky_solve", _CholeskySolve.apply(B, L, upper), out)


class _CholeskySolve(Function):
    """The derivative is that of the product, so that it has both triangles of ``L``."""

    @staticmethod
    def forward(ctx, B, L, upper):
        lower, high = (adjoint(L), L) if upper else (L, adjoint(L))
        first = _ops.linalg_solve_triangular(lower, B, False, True, False)
        X = _ops.linalg_solve_triangular(high, first, True, True, False)
        ctx.upper = upper
        ctx.save_for_backward(L, X)
        return X

    @staticmethod
    def backward(ctx, g):
        L, X = ctx.saved_tensors
        gB = cholesky_solve(g, L, ctx.upper)
        if not ctx.needs_input_grad[1]:
            return gB, None, None
        half = gB @ adjoint(X)
        both = half + adjoint(half)
        return gB, -(L @ both if ctx.upper else both @ L), None


def cholesky_inverse(L, upper=False, *, out=None):
    """The inverse of ``A`` from its Cholesky factor (*, n, n)."""
    check_square("cholesky_inverse", L)
    check_float("cholesky_inverse", L)
    eye = rushlight.eye(L.shape[-1], dtype=L.dtype, device=L.device)
    return put("cholesky_inverse", cholesky_solve(eye, L, upper), out)


def qr(input, some=True, *, out=None):
    """:func:`rushlight.linalg.qr`, reduced where ``some``, else complete.

    Shape:
        Input (*, m, n), Q (*, m, k) and R (*, k, n) with k the smaller of both, or m
        where not ``some``.
    """
    check_tensor("qr", input, "input")
    result = _ops.linalg_qr(input, "reduced" if some else "complete")
    return put("qr", _QR(*result), out)


def svd(input, some=True, compute_uv=True, *, out=None):
    """``U``, ``S`` and ``V`` with ``input = U diag(S) V^H``.

    Args:
        input (Tensor): (*, m, n).
        some (bool): reduced ``U`` and ``V`` rather than square ones.
        compute_uv (bool): without it they are zeros (*, m, m) and (*, n, n).
    """
    check_tensor("svd", input, "input")
    if input.dim() < 2:
        raise RuntimeError(
            "linalg.svd: The input tensor A must have at least 2 dimensions."
        )
    if not compute_uv:
        batch, (m, n) = input.shape[:-2], input.shape[-2:]
        S = linalg.svdvals(input)
        zeros = [
            rushlight.zeros(*batch, k, k, dtype=input.dtype, device=input.device)
            for k in (m, n)
        ]
        return put("svd", _SVD(zeros[0], S, zeros[1]), out)
    U, S, Vh = linalg.svd(input, not some)
    return put("svd", _SVD(U, S, adjoint(Vh)), out)


def lu(A, pivot=True, get_infos=False, out=None):
    """LU in compact form: :func:`rushlight.linalg.lu_factor`, without the error.

    Returns:
        ``(LU, pivots)``, and a code per matrix where ``get_infos``.
    """
    check_tensor("lu", A)
    if not pivot:
        raise RuntimeError("lu: LU without pivoting is not implemented on the CPU")
    LU, pivots, info = _ops.linalg_lu_factor_ex(A)
    result = _LUInfo(LU, pivots, info) if get_infos else (LU, pivots)
    for target, value in zip(out or (), result):
        if isinstance(target, Tensor) and target.shape != value.shape:
            # As in PyTorch, without the warning that others give.
            target.resize_(value.shape)
    return put("lu", result, out)


def lu_solve(b, LU_data, LU_pivots, *, out=None):
    """See :func:`rushlight.linalg.lu_solve`."""
    check_tensor("lu_solve", b, "b")
    return linalg.lu_solve(LU_data, LU_pivots, b, out=out)


def geqrf(input, *, out=None):
    """QR in LAPACK's compact form.

    Returns:
        A named tuple ``(a, tau)``: ``R`` above and Householder reflectors below the
        diagonal, and their factors.

    Shape:
        Input (*, m, n), ``a`` the same, ``tau`` (*, min(m, n)).
    """
    check_tensor("geqrf", input, "input")
    return put("geqrf", _ops.geqrf(input), out)


def orgqr(input, tau):
    """See :func:`rushlight.linalg.householder_product`."""
    return linalg.householder_product(input, tau)


def ormqr(input, tau, other, left=True, transpose=False, *, out=None):
    """``other`` times the orthogonal matrix of :func:`geqrf`, or its adjoint.

    Args:
        input (Tensor): (*, m, k).
        tau (Tensor): (*, k).
        other (Tensor): (*, m, n), or (*, n, m) where not ``left``.
        left (bool): whether the product has ``other`` on its right.
        transpose (bool): take the adjoint.
    """
    check_tensor("ormqr", input, "input")
    tensors = (input, tau, other)
    result = _ops.ormqr(*(x.detach() for x in tensors), left, transpose)
    if rushlight.is_grad_enabled() and any(x.requires_grad for x in tensors):
        Q = reflect(input, tau, input.shape[-2])
        Q = adjoint(Q) if transpose else Q
        result = Q @ other if left else other @ Q
    return put("ormqr", result, out)


def triangular_solve(
    b, A, upper=True, transpose=False, unitriangular=False, *, out=None
):
    """``X`` of ``A X = b`` (or of ``A^T X = b``) with triangular ``A``.

    Returns:
        A named tuple ``(solution, cloned_coefficient)``.

    Shape:
        Input (*, m, k), A (*, m, m), the solution (*, m, k), the copy of A as A.
    """
    check_tensor("triangular_solve", b, "b")
    check_tensor("triangular_solve", A, "A", 2)
    if b.dim() < 2 or A.dim() < 2:
        raise RuntimeError(
            "torch.triangular_solve: Expected A and b to have at least 2 dimensions, "
            "but "
            f"they have {A.dim()} and {b.dim()} dimensions instead"
        )
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            "triangular_solve: A must be batches of square matrices, but they are "
            f"{A.shape[-2]} by {A.shape[-1]} matrices"
        )
    matrix, high = (A.mT, not upper) if transpose else (A, upper)
    x = _ops.linalg_solve_triangular(matrix, b, high, True, unitriangular)
    batch = tuple(x.shape[:-2])
    copy = A.expand(*batch, *A.shape[-2:]).clone()
    return put("triangular_solve", _Triangular(x, copy), out)


def _get_basis(A, q, niter, M=None):
    # Halko, Martinsson, Tropp, "Finding structure with randomness" (2009), algorithm
    # 4.4.
    R = rushlight.randn(A.shape[-1], q, dtype=A.dtype)
    Q = linalg.qr(A @ R).Q
    for _ in range(niter):
        Q = linalg.qr(adjoint(A) @ Q).Q
        Q = linalg.qr(A @ Q).Q
    return Q


def svd_lowrank(A, q=6, niter=2, M=None):
    """An approximate SVD of low rank, from random projections.

    Args:
        A (Tensor): (*, m, n).
        q (int): the rank, a little above the expected one.
        niter (int): power iterations.
        M (Tensor, optional): subtracted from A; broadcasts.

    Returns:
        tuple: ``(U, S, V)`` of (*, m, q), (*, q), (*, n, q).
    """
    check_tensor("svd_lowrank", A)
    q = 6 if q is None else q
    if M is not None:
        A = A - M.broadcast_to(A.shape)
    m, n = A.shape[-2:]
    # Made tall, so that the random matrix is small.
    wide = m < n
    if wide:
        A = adjoint(A)
    Q = _get_basis(A, q, niter)
    U, S, Vh = linalg.svd(adjoint(Q) @ A, False)
    U, V = Q @ U, adjoint(Vh)
    return (V, S, U) if wide else (U, S, V)


def pca_lowrank(A, q=None, center=True, niter=2):
    """Principal components of low rank: :func:`svd_lowrank` of the centred columns.

    Args:
        A (Tensor): (*, m, n), a row an observation.
        q (int, optional): default min(6, m, n).
        center (bool): subtract the means of the columns first.
        niter (int): power iterations.

    Returns:
        tuple: ``(U, S, V)``.
    """
    check_tensor("pca_lowrank", A)
    m, n = A.shape[-2:]
    if q is None:
        q = min(6, m, n)
    elif not 0 <= q <= min(m, n):
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, "
            f"n)={min(m, n)}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    check_float("pca_lowrank", A)
    if center:
        A = A - _ops.mean(A, -2, True)
    return svd_lowrank(A, q, niter)


def _removed(name, instead):
    def function(*args, **kwargs):
        raise RuntimeError(
            "This function was deprecated since version 1.9 and is now removed. "
            f"`{name}`: use `{instead}` instead."
        )

    function.__name__ = name
    function.__doc__ = f"Removed; use :func:`rushlight.{instead}`."
    return function


solve = _removed("solve", "linalg.solve")
lstsq = _removed("lstsq", "linalg.lstsq")
eig = _removed("eig", "linalg.eig")
symeig = _removed("symeig", "linalg.eigh")
matrix_rank = _removed("matrix_rank", "linalg.matrix_rank")

METHODS = {
    name: globals()[name]
    for name in (
        "det logdet slogdet inverse pinverse cholesky cholesky_solve cholesky_inverse "
        "qr svd "
        "lu lu_solve geqrf orgqr ormqr triangular_solve matrix_exp matrix_power solve "
        "lstsq "
        "eig symeig"
    ).split()
}
