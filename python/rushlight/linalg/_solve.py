"""Solvers and inverses."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight._results import named
from rushlight.linalg._factor import _unpack
from rushlight.linalg._support import (
    LinAlgError,
    check_failure,
    check_float,
    check_matrix,
    check_tensor,
    put,
    singular,
)
from rushlight.linalg._support import adjoint as hermitian_adjoint

_SolveEx = named("linalg_solve_ex", "result info")
_Lstsq = named("linalg_lstsq", "solution residuals rank singular_values")


def _solve(op, A, B, left):
    check_matrix(op, A)
    check_tensor(op, B, "B", 2)
    # A vector, or a batch of vectors as A has matrices.
    vector = B.dim() == 1 or (
        A.dim() - 1 == B.dim() and tuple(B.shape) == tuple(A.shape[:-1])
    )
    if vector and not left:
        raise RuntimeError(
            f"{op}: Vector broadcasting of the left hand side is not supported for "
            "left="
            "False. In this case linalg.solve is equivalent to B / A.squeeze(-1)"
        )
    x, _, _, info = _ops.linalg_solve_ex(A, B.unsqueeze(-1) if vector else B, left)
    return (x.squeeze(-1) if vector else x), info


def solve_ex(A, B, *, left=True, check_errors=False, out=None):
    """:func:`solve` and a code per matrix, the first zero pivot or 0.

    Returns:
        A named tuple ``(result, info)``.
    """
    result = _SolveEx(*_solve("linalg.solve_ex", A, B, left))
    if check_errors:
        check_failure(result.info, singular, "torch.linalg.solve_ex")
    return put("linalg_solve_ex", result, out)


def solve(A, B, *, left=True, out=None):
    """``X`` of ``A X = B``, or with ``left=False`` of ``X A = B``.

    Args:
        A (Tensor): square matrices (*, n, n).
        B (Tensor): (*, n, k), one vector (n,), or a batch of vectors shaped as A
            without its last dim. Batches broadcast.

    Returns:
        Tensor: of B's shape, broadcast.

    Raises:
        LinAlgError: where a matrix is singular.

    Example::

        >>> A = rushlight.tensor([[2., 0.], [0., 4.]])
        >>> rushlight.linalg.solve(A, rushlight.tensor([2., 2.]))
        tensor([1.0000, 0.5000])
    """
    x, info = _solve("linalg.solve", A, B, left)
    check_failure(info, singular, "torch.linalg.solve")
    return put("linalg_solve", x, out)


def inv_ex(A, *, check_errors=False, out=None):
    """:func:`inv` and a code per matrix, the first zero pivot or 0.

    Returns:
        A named tuple ``(inverse, info)``.
    """
    check_tensor("linalg.inv_ex", A)
    result = _ops.linalg_inv_ex(A)
    if check_errors:
        check_failure(result.info, _no_inverse, "linalg.inv_ex")
    return put("linalg_inv_ex", result, out)


def _no_inverse(code):
    return (
        f"The diagonal element {code} is zero, the inversion could not be completed "
        "because the input matrix is singular."
    )


def inv(A, *, out=None):
    """The inverse of square matrices (*, n, n).

    Raises:
        LinAlgError: where a matrix is singular.

    Example::

        >>> rushlight.linalg.inv(rushlight.tensor([[2., 0.], [0., 4.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    check_tensor("linalg.inv", A)
    inverse, info = _ops.linalg_inv_ex(A)
    check_failure(info, _no_inverse, "linalg.inv")
    return put("linalg_inv", inverse, out)


def solve_triangular(A, B, *, upper, left=True, unitriangular=False, out=None):
    """``X`` of ``A X = B`` (or ``X A = B``) with triangular ``A``.

    Args:
        A (Tensor): (*, n, n); the other triangle is not read.
        B (Tensor): (*, n, k), or (*, k, n) with ``left=False``; batches broadcast.
        upper (bool): which triangle.
        unitriangular (bool): take the diagonal as ones.

    Returns:
        Tensor: of B's shape, broadcast.
    """
    check_tensor("linalg.solve_triangular", A)
    check_tensor("linalg.solve_triangular", B, "B", 2)
    x = _ops.linalg_solve_triangular(A, B, upper, left, unitriangular)
    return put("linalg_solve_triangular", x, out)


def lu_solve(LU, pivots, B, *, left=True, adjoint=False, out=None):
    """``X`` of ``A X = B`` from :func:`lu_factor`.

    Args:
        LU (Tensor): (*, n, n).
        pivots (Tensor): int32, (*, n).
        B (Tensor): (*, n, k), or (*, k, n) with ``left=False``; batches broadcast.
        adjoint (bool): solve with ``A^H``.
    """
    check_tensor("linalg.lu_solve", LU, "LU")
    x = _ops.linalg_lu_solve(LU.detach(), pivots, B, left, adjoint)
    if LU.requires_grad and rushlight.is_grad_enabled():
        # The factors' own gradient: the same by triangular solves.
        x = _lu_solve_by_factors(LU, pivots, B, left, adjoint)
    return put("linalg_lu_solve", x, out)


def _lu_solve_by_factors(LU, pivots, B, left, adjoint):
    P, L, U = _unpack(LU, pivots, True, True)
    solve = _ops.linalg_solve_triangular
    if left and adjoint:
        inner = solve(hermitian_adjoint(U), B, False, True, False)
        return P @ solve(hermitian_adjoint(L), inner, True, True, True)
    if left:
        return solve(U, solve(L, P.mT @ B, False, True, True), True, True, False)
    if adjoint:
        inner = solve(hermitian_adjoint(L), B @ P, True, False, True)
        return solve(hermitian_adjoint(U), inner, False, False, False)
    inner = solve(U, B, True, False, False)
    return solve(L, inner, False, False, True) @ P.mT


def lstsq(A, B, rcond=None, *, driver=None, out=None):
    """Least squares: ``X`` that minimises ``|A X - B|``.

    Args:
        A (Tensor): (*, m, n).
        B (Tensor): (*, m, k), or (*, m) where A has one dim more.
        rcond (float, optional): singular values below ``rcond`` times the largest count
            as 0; default machine epsilon times max(m, n).
        driver (str, optional): 'gelsy' (default), 'gels', 'gelsd' or 'gelss'.

    Returns:
        A named tuple ``(solution, residuals, rank, singular_values)``; what the driver
        does not compute is empty.

    Example::

        >>> A = rushlight.tensor([[1., 0.], [1., 1.], [1., 2.]])
        >>> b = rushlight.tensor([[1.], [3.], [5.]])
        >>> rushlight.linalg.lstsq(A, b).solution.round()
        tensor([[1.],
                [2.]])
    """
    op = "torch.linalg.lstsq"
    check_matrix(op, A, "input")
    check_tensor(op, B, "other", 2)
    if B.dim() < 1:
        raise RuntimeError(f"{op}: other must have at least 1 dimension.")
    if not 0 <= A.dim() - B.dim() <= 1:
        raise RuntimeError(
            f"{op}: input.dim() must be greater or equal to other.dim() and "
            "(input.dim() "
            f"- other.dim()) <= 1, got {tuple(A.shape)} and {tuple(B.shape)}"
        )
    check_float(op, A)
    if driver is None:
        driver = "gelsy"
    if rcond is None:
        rcond = rushlight.finfo(A.dtype).eps * max(A.shape[-2:])
    vector = A.dim() - B.dim() == 1
    if vector and B.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"{op}: input.size(-2) should match other.size(-1), got {tuple(A.shape)} "
            "and "
            f"{tuple(B.shape)}"
        )
    x, residuals, rank, values, info = _ops.linalg_lstsq(
        A, B.unsqueeze(-1) if vector else B, float(rcond), driver
    )
    failure = _ops._linalg_failure(info)
    if failure is not None:
        if failure[1] < 0:
            raise RuntimeError(f"{op}: the input contains non-finite values")
        raise LinAlgError(
            f"{op}: (Batch element {failure[0]}): The least squares solution could "
            "not be "
            "computed because the input matrix does not have full rank (error code: "
            f"{failure[1]})."
        )
    x = x.squeeze(-1) if vector else x
    return put("linalg_lstsq", _Lstsq(x, residuals, rank, values.detach()), out)


def tensorinv(A, ind=2, *, out=None):
    """The inverse of the linear map that :func:`tensordot` over ``ind`` dims applies.

    Args:
        A (Tensor): the first ``ind`` sizes have the product of the others.
        ind (int): positive.

    Raises:
        RuntimeError: for other shapes, or where the map is singular.
    """
    op = "linalg.tensorinv"
    check_tensor(op, A)
    if ind <= 0:
        raise RuntimeError(f"{op}(): Expected a strictly positive integer for 'ind'")
    head, tail = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(head) != math.prod(tail):
        raise RuntimeError(
            f"{op}(): Expected self to satisfy the requirement prod(self.shape[ind:]) "
            "== "
            f"prod(self.shape[:ind]), but got {math.prod(tail)} != {math.prod(head)}"
        )
    inverse = inv(A.reshape(math.prod(head), math.prod(tail)))
    return put("linalg_tensorinv", inverse.reshape(tail + head), out)


def tensorsolve(A, B, dims=None, *, out=None):
    """``X`` with ``tensordot(A, X, X.dim()) == B``.

    Args:
        A (Tensor): the product of the first ``B.dim()`` sizes equals that of the rest.
        B (Tensor): the right hand side.
        dims (tuple of int, optional): dims of A moved to its end first.
    """
    op = "linalg.tensorsolve"
    check_tensor(op, A)
    check_tensor(op, B, "B", 2)
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.dim() - len(dims), A.dim())))
    shape = tuple(A.shape[B.dim() :])
    if math.prod(shape) != math.prod(A.shape[: B.dim()]):
        raise RuntimeError(
            f"{op}(): Expected self to satisfy the requirement "
            "prod(self.shape[other.ndim:]"
            f") == prod(self.shape[:other.ndim]), but got {math.prod(shape)} != "
            f"{math.prod(A.shape[: B.dim()])}"
        )
    x = solve(A.reshape(math.prod(B.shape), math.prod(shape)), B.reshape(-1))
    return put("linalg_tensorsolve", x.reshape(shape), out)
