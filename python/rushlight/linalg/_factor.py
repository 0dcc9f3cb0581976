"""Factorizations: Cholesky, LU, LDL, QR and Householder products."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._results import named
from rushlight.linalg._support import adjoint, check_failure, check_tensor, put

_LUFactor = named("linalg_lu_factor", "LU pivots")
_LU = named("linalg_lu", "P L U")
_LDLFactor = named("linalg_ldl_factor", "LD pivots")
_Unpacked = named("lu_unpack", "P L U")


def _not_positive(code):
    return (
        "The factorization could not be completed because the input is not "
        f"positive-definite (the leading minor of order {code} is not "
        "positive-definite)."
    )


def cholesky_ex(A, *, upper=False, check_errors=False, out=None):
    """:func:`cholesky` and a code per matrix instead of an error.

    Returns:
        A named tuple ``(L, info)``; ``info`` is int32, 0 for success.

    Raises:
        LinAlgError: with ``check_errors=True``, where a matrix is not
        positive-definite.
    """
    check_tensor("linalg.cholesky_ex", A)
    result = _ops.linalg_cholesky_ex(A, upper)
    if check_errors:
        check_failure(result.info, _not_positive, "linalg.cholesky_ex")
    return put("linalg_cholesky_ex", result, out)


def cholesky(A, *, upper=False, out=None):
    """The lower triangular ``L`` with ``A = L L^H``.

    Args:
        A (Tensor): symmetric or Hermitian positive-definite matrices (*, n, n), of
            which one triangle is read.
        upper (bool): give ``L^H`` instead.

    Returns:
        Tensor: (*, n, n).

    Raises:
        LinAlgError: where a matrix is not positive-definite.
        RuntimeError: for other shapes, integers and half precision.

    Example::

        >>> rushlight.linalg.cholesky(rushlight.tensor([[4., 2.], [2., 5.]]))
        tensor([[2., 0.],
                [1., 2.]])
    """
    check_tensor("linalg.cholesky", A)
    L, info = _ops.linalg_cholesky_ex(A, upper)
    check_failure(info, _not_positive, "linalg.cholesky")
    return put("linalg_cholesky", L, out)


def lu_factor_ex(A, *, pivot=True, check_errors=False, out=None):
    """:func:`lu_factor` and a code per matrix, the first zero pivot or 0.

    Returns:
        A named tuple ``(LU, pivots, info)``.
    """
    check_tensor("linalg.lu_factor_ex", A)
    _check_pivot("linalg.lu_factor", pivot)
    result = _ops.linalg_lu_factor_ex(A)
    if check_errors:
        check_failure(
            result.info, _zero_pivot, "torch.linalg.lu_factor_ex", RuntimeError
        )
    return put("linalg_lu_factor_ex", result, out)


def _zero_pivot(code):
    return (
        f"U[{code},{code}] is zero and using it on lu_solve would result in a division "
        "by zero. If you still want to perform the factorization, consider calling "
        "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
    )


def _check_pivot(op, pivot):
    if not pivot:
        raise RuntimeError(f"{op}: LU without pivoting is not implemented on the CPU")


def lu_factor(A, *, pivot=True, out=None):
    """LU with row swaps, in compact form.

    Args:
        A (Tensor): matrices (*, m, n).
        pivot (bool): must be True on the CPU.

    Returns:
        A named tuple ``(LU, pivots)``: the two factors in one matrix, and the row (from
        1) that each row was swapped with.

    Raises:
        RuntimeError: where a pivot is zero.
    """
    check_tensor("linalg.lu_factor", A)
    _check_pivot("linalg.lu_factor", pivot)
    LU, pivots, info = _ops.linalg_lu_factor_ex(A)
    check_failure(info, _zero_pivot, "torch.linalg.lu_factor", RuntimeError)
    return put("linalg_lu_factor", _LUFactor(LU, pivots), out)


def lu(A, *, pivot=True, out=None):
    """``P``, ``L`` and ``U`` with ``A = P L U``.

    Args:
        A (Tensor): matrices (*, m, n).
        pivot (bool): must be True on the CPU.

    Returns:
        A named tuple ``(P, L, U)`` of a permutation (*, m, m), a unit lower triangle
        (*, m, k) and an upper triangle (*, k, n), k = min(m, n).

    Example::

        >>> P, L, U = rushlight.linalg.lu(rushlight.tensor([[1., 2.], [4., 6.]]))
        >>> U
        tensor([[4.0000, 6.0000],
                [0.0000, 0.5000]])
    """
    check_tensor("linalg.lu", A)
    _check_pivot("linalg.lu", pivot)
    LU, pivots, _ = _ops.linalg_lu_factor_ex(A)
    return put("linalg_lu", _LU(*_unpack(LU, pivots, True, True)), out)


def _unpack(LU, pivots, data, permutation):
    m, n = LU.shape[-2:]
    k = min(m, n)
    empty = rushlight.empty(0, dtype=LU.dtype, device=LU.device)
    P, L, U = empty, empty, empty
    if data:
        L = _ops.tril(LU[..., :k], -1) + rushlight.eye(
            m, k, dtype=LU.dtype, device=LU.device
        )
        U = _ops.triu(LU[..., :k, :])
    if permutation:
        order = _ops.linalg_lu_permutation(pivots, m)
        P = rushlight.zeros(*order.shape[:-1], m, m, dtype=LU.dtype, device=LU.device)
        P = P.scatter(-2, order.unsqueeze(-2), 1.0)
    return P, L, U


def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True, *, out=None):
    """``P``, ``L`` and ``U`` out of the result of :func:`lu_factor`.

    Args:
        LU_data (Tensor): (*, m, n).
        LU_pivots (Tensor): int32, (*, min(m, n)).
        unpack_data, unpack_pivots (bool): without it ``L`` and ``U``, or ``P``, are
            empty.

    Returns:
        A named tuple ``(P, L, U)``.

    Raises:
        RuntimeError: for pivots of another dtype or shape, or outside of the matrix.
    """
    check_tensor("lu_unpack", LU_data, "LU_data")
    if LU_data.dim() < 2:
        raise RuntimeError(
            "torch.lu_unpack: The input tensor LU_data must have at least 2 dimensions."
        )
    if unpack_pivots:
        if LU_pivots.dtype != rushlight.int32:
            raise RuntimeError(
                "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of "
                f"torch.int32 dtype, got {LU_pivots.dtype}"
            )
        if LU_pivots.shape != (*LU_data.shape[:-2], min(LU_data.shape[-2:])):
            raise RuntimeError(
                f"lu_unpack(): LU_pivots of shape {tuple(LU_pivots.shape)} do not "
                "belong "
                f"to LU_data of shape {tuple(LU_data.shape)}"
            )
    result = _unpack(LU_data, LU_pivots, unpack_data, unpack_pivots)
    return put("lu_unpack", _Unpacked(*result), out)


def qr(A, mode="reduced", *, out=None):
    """``Q`` with orthonormal columns and upper triangular ``R``, ``A = Q R``.

    Args:
        A (Tensor): matrices (*, m, n); k = min(m, n).
        mode (str): 'reduced' gives (*, m, k) and (*, k, n), 'complete' a square ``Q``
            and (*, m, n), 'r' an empty ``Q``.

    Returns:
        A named tuple ``(Q, R)``.

    Example::

        >>> Q, R = rushlight.linalg.qr(rushlight.tensor([[3., 1.], [4., 2.]]))
        >>> (Q @ R).round()
        tensor([[3., 1.],
                [4., 2.]])
    """
    check_tensor("linalg.qr", A)
    return put("linalg_qr", _ops.linalg_qr(A, mode), out)


def householder_product(A, tau, *, out=None):
    """The first n columns of a product of Householder reflectors, as :func:`geqrf`
    leaves them.

    Args:
        A (Tensor): (*, m, n), m >= n; reflector i is below the diagonal of column i.
        tau (Tensor): (*, k), k <= n.

    Returns:
        Tensor: (*, m, n).
    """
    check_tensor("linalg.householder_product", A)
    result = _ops.linalg_householder_product(A.detach(), tau.detach())
    if rushlight.is_grad_enabled() and (A.requires_grad or tau.requires_grad):
        result = reflect(A, tau, A.shape[-1])
    return put("linalg_householder_product", result, out)


def reflect(A, tau, columns):
    """The first columns of the product of ``I - tau_i v_i v_i^H``, differentiable."""
    m, k = A.shape[-2], tau.shape[-1]
    low = _ops.tril(A[..., :k], -1) + rushlight.eye(
        m, k, dtype=A.dtype, device=A.device
    )
    Q = rushlight.eye(m, columns, dtype=A.dtype, device=A.device).expand(
        *A.shape[:-2], m, columns
    )
    for i in range(k - 1, -1, -1):
        v = low[..., i : i + 1]
        Q = Q - tau[..., i, None, None] * (v @ (adjoint(v) @ Q))
    return Q if k else Q + A[..., :0].sum()


def ldl_factor_ex(A, *, hermitian=False, check_errors=False, out=None):
    """:func:`ldl_factor` and a code per matrix, 0 for success.

    Returns:
        A named tuple ``(LD, pivots, info)``.
    """
    check_tensor("linalg.ldl_factor_ex", A)
    result = _ops.linalg_ldl_factor_ex(A, hermitian)
    if check_errors:
        check_failure(result.info, _singular_ldl, "torch.linalg.ldl_factor_ex")
    return put("linalg_ldl_factor_ex", result, out)


def _singular_ldl(code):
    return (
        f"The factorization could not be completed because D[{code},{code}] is zero: "
        "the input is singular."
    )


def ldl_factor(A, *, hermitian=False, out=None):
    """LDL of symmetric (or Hermitian) matrices, in LAPACK's compact form.

    Args:
        A (Tensor): (*, n, n), of which the lower triangle is read.
        hermitian (bool): whether complex matrices are Hermitian rather than symmetric.

    Returns:
        A named tuple ``(LD, pivots)``.

    Raises:
        LinAlgError: where a matrix is singular.
    """
    check_tensor("linalg.ldl_factor", A)
    LD, pivots, info = _ops.linalg_ldl_factor_ex(A, hermitian)
    check_failure(info, _singular_ldl, "torch.linalg.ldl_factor")
    return put("linalg_ldl_factor", _LDLFactor(LD, pivots), out)


def ldl_solve(LD, pivots, B, *, hermitian=False, out=None):
    """``X`` of ``A X = B`` from :func:`ldl_factor`.

    Args:
        LD (Tensor): (*, n, n).
        pivots (Tensor): int32, (*, n).
        B (Tensor): (*, n, k); batches broadcast.
    """
    check_tensor("linalg.ldl_solve", LD, "LD")
    return put("linalg_ldl_solve", _ops.linalg_ldl_solve(LD, pivots, B, hermitian), out)
