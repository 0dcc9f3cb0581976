"""Norms, condition numbers, ranks and pseudo-inverses."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight.autograd.function import Function
from rushlight.linalg._solve import inv_ex
from rushlight.linalg._spectral import eigh, eigvalsh, svd, svdvals
from rushlight.linalg._support import (
    adjoint,
    check_float,
    check_matrix,
    check_square,
    check_tensor,
    put,
    real_dtype,
)


def vector_norm(x, ord=2, dim=None, keepdim=False, *, dtype=None, out=None):
    """``(sum |x|^ord)^(1/ord)`` over dims.

    Args:
        x (Tensor): floating or complex.
        ord (number): ``inf`` and ``-inf`` give the largest and smallest modulus, 0 the
            count of nonzeros.
        dim (int or tuple of int, optional): all by default.
        keepdim (bool): keep the reduced dims with size 1.
        dtype (dtype, optional): convert the input first.

    Example::

        >>> rushlight.linalg.vector_norm(rushlight.tensor([3., 4.]))
        tensor(5.)
    """
    check_tensor("linalg.vector_norm", x, "x")
    if isinstance(ord, (str, bool)) or not isinstance(ord, (int, float)):
        raise TypeError(
            "linalg_vector_norm(): argument 'ord' (position 2) must be Number, not "
            f"{type(ord).__name__}"
        )
    result = _ops.linalg_vector_norm(x, float(ord), dim, keepdim, dtype=dtype)
    return put("linalg_vector_norm", result, out)


def _pair(op, A, dim):
    if not isinstance(dim, (tuple, list)):
        raise TypeError(
            f"{op}(): argument 'dim' must be tuple of ints, not {type(dim).__name__}"
        )
    if len(dim) != 2:
        raise RuntimeError(f"{op}: dim must be a 2-tuple. Got {dim}")
    n = A.dim()
    found = []
    for d in dim:
        if not -n <= d < n:
            raise IndexError(
                f"{op}(): Dimension out of range (expected to be in range of "
                f"[{-n}, {n - 1}], but got {d})"
            )
        found.append(d % n)
    if found[0] == found[1]:
        raise RuntimeError(f"{op}: dims must be different. Got ({dim[0]}, {dim[1]})")
    return found


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None, out=None):
    """A norm of matrices.

    Args:
        A (Tensor): (*, m, n), floating or complex.
        ord ('fro', 'nuc', inf, -inf, 1, -1, 2 or -2): Frobenius, nuclear (the sum of
            the singular values), the largest or smallest sum of a row's (inf) or
            column's (1) moduli, the largest or smallest singular value.
        dim (pair of int): the dims that are matrices.
        keepdim (bool): keep them with size 1.
        dtype (dtype, optional): convert A first.

    Example::

        >>> rushlight.linalg.matrix_norm(rushlight.tensor([[1., 2.], [3., 4.]]), 1)
        tensor(6.)
    """
    op = "linalg.matrix_norm"
    check_matrix(op, A)
    check_inexact(op, A)
    if dtype is not None:
        A = _converted(op, A, dtype)
    rows, columns = _pair(op, A, dim)
    if isinstance(ord, str):
        if ord not in ("fro", "nuc"):
            raise RuntimeError(f"{op}: Order {ord} not supported.")
    elif abs(ord) not in (1, 2, math.inf):
        raise RuntimeError(f"{op}: Order {ord} not supported.")
    if ord == "fro":
        result = _ops.linalg_vector_norm(A, 2.0, (rows, columns), keepdim)
    elif ord == "nuc" or abs(ord) == 2:
        check_float(op, A)
        order = [d for d in range(A.dim()) if d not in (rows, columns)] + [
            rows,
            columns,
        ]
        values = svdvals(A.permute(order))
        if ord == "nuc":
            result = _ops.sum(values, -1)
        else:
            result = _extreme(values, -1, False, ord > 0)
        if keepdim:
            for d in sorted((rows, columns)):
                result = result.unsqueeze(d)
    else:
        summed, kept = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = _ops.linalg_vector_norm(A, 1.0, summed, keepdim)
        if not keepdim and summed < kept:
            kept -= 1
        result = _extreme(sums, kept, keepdim, ord > 0)
    return put("linalg_matrix_norm", result, out)


def _extreme(x, dim, keepdim, largest):
    if x.shape[dim] == 0 and largest:
        return _ops.sum(x, dim, keepdim)  # norms are not negative: 0 of nothing
    return (_ops.amax if largest else _ops.amin)(x, dim, keepdim)


def check_inexact(op, A):
    """Raises for integers and bool."""
    if not (A.is_floating_point() or A.is_complex()):
        raise RuntimeError(
            f"{op}: Expected a floating point or complex tensor as input. Got {A.dtype}"
        )


def _converted(op, A, dtype):
    if A.is_complex() != dtype.is_complex or not (
        dtype.is_floating_point or dtype.is_complex
    ):
        raise RuntimeError(
            f"{op}: dtype should be "
            f"{'complex' if A.is_complex() else 'floating point'}, "
            f"but got {dtype}"
        )
    return A.to(dtype)


def norm(A, ord=None, dim=None, keepdim=False, *, out=None, dtype=None):
    """A vector or matrix norm.

    Args:
        A (Tensor): floating or complex.
        ord (number or str, optional): as in :func:`vector_norm` and
            :func:`matrix_norm`; None is the 2-norm of all elements.
        dim (int or tuple of int, optional): one dim: vectors, two: matrices. With an
            ``ord`` and no dims A is a vector or a matrix itself.
        keepdim (bool): keep the reduced dims with size 1.
        dtype (dtype, optional): convert A first.

    Example::

        >>> rushlight.linalg.norm(rushlight.tensor([[1., 2.], [3., 4.]]), 'nuc')
        tensor(5.8310)
    """
    check_tensor("linalg.norm", A)
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    if dim is None:
        if A.dim() not in (1, 2):
            raise RuntimeError(
                "linalg.norm: If dim is not specified but ord is, the input must be "
                "1D or "
                f"2D. Got {A.dim()}D."
            )
        dim = tuple(range(A.dim()))
    if not isinstance(dim, int) and len(dim) == 2:
        return matrix_norm(A, ord, dim, keepdim, dtype=dtype, out=out)
    if not isinstance(dim, int) and len(dim) not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is specified, it must be of length 1 or 2. Got "
            f"{list(dim)}"
        )
    if isinstance(ord, str):
        count = 1 if isinstance(dim, int) else len(dim)
        raise RuntimeError(
            f"linalg.norm: If ord is '{ord}', dim must be a 2-tuple of dims, got "
            f"{count}"
        )
    return vector_norm(A, ord, dim, keepdim, dtype=dtype, out=out)


def cond(A, p=None, *, out=None):
    """The condition number ``|A| |A^-1|`` in a matrix norm.

    Args:
        A (Tensor): (*, n, n), or (*, m, n) where ``p`` is None, 2 or -2.
        p (optional): the norm, as in :func:`matrix_norm`; default 2.

    Returns:
        Tensor: real; ``inf`` for a singular matrix.

    Example::

        >>> rushlight.linalg.cond(rushlight.tensor([[4., 0.], [0., 2.]]))
        tensor(2.)
    """
    op = "linalg.cond"
    check_matrix(op, A)
    if p is None or (not isinstance(p, str) and abs(p) == 2):
        if A.numel() == 0:
            check_float(op, A)
            return put(
                "linalg_cond",
                rushlight.zeros(A.shape[:-2], dtype=real_dtype(A.dtype)),
                out,
            )
        values = svdvals(A)
        largest, smallest = values[..., 0], values[..., -1]
        result = smallest / largest if p == -2 else largest / smallest
        return put("linalg_cond", result, out)
    check_square(op, A)
    check_float(op, A)
    if A.numel() == 0:
        return put(
            "linalg_cond", rushlight.zeros(A.shape[:-2], dtype=real_dtype(A.dtype)), out
        )
    inverse, info = inv_ex(A)
    size = matrix_norm(A, p) * matrix_norm(inverse, p)
    infinite = rushlight.full_like(size, math.inf)
    result = _ops.where(info != 0, infinite, size)
    return put("linalg_cond", result, out)


def _tolerance(A, atol, rtol, largest):
    """max(atol, rtol * largest); rtol is eps * max(m, n) unless atol > 0 is given."""
    default = rushlight.finfo(A.dtype).eps * max(A.shape[-2:])
    if rtol is None:
        if isinstance(atol, Tensor):
            rtol = _ops.where(
                atol > 0,
                rushlight.zeros((), dtype=largest.dtype, device=largest.device),
                rushlight.full((), default, dtype=largest.dtype, device=largest.device),
            )
        else:
            rtol = 0.0 if atol is not None and atol > 0 else default
    atol = 0.0 if atol is None else atol
    relative = rtol * largest
    if not isinstance(atol, Tensor):
        return rushlight.clamp(relative, min=atol)
    return _ops.maximum(atol.to(relative.dtype), relative)


def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None, out=None):
    """How many singular values exceed ``max(atol, rtol * largest)``.

    Args:
        A (Tensor): (*, m, n).
        tol (float or Tensor, optional): ``atol`` with ``rtol=0``: NumPy's argument.
        hermitian (bool): take moduli of eigenvalues of Hermitian matrices instead.
        atol, rtol (float or Tensor, optional): ``rtol`` is by default machine epsilon
            times max(m, n), or 0 where ``atol`` is given and positive.

    Returns:
        Tensor: int64, (*).

    Example::

        >>> rushlight.linalg.matrix_rank(rushlight.tensor([[1., 2.], [2., 4.]]))
        tensor(1)
    """
    op = "linalg.matrix_rank"
    check_matrix(op, A, "input")
    if tol is not None:
        atol, rtol = tol, 0.0
    if hermitian:
        check_square(op, A)
    if A.numel() == 0:
        check_float(op, A)
        zeros = rushlight.zeros(A.shape[:-2], dtype=rushlight.int64)
        return put("linalg_matrix_rank", zeros, out)
    A = A.detach()
    if hermitian:
        values = eigvalsh(A).abs()
        largest = _ops.amax(values, -1)
    else:
        values = svdvals(A)
        largest = values[..., 0]
    limit = _tolerance(A, atol, rtol, largest)
    return put("linalg_matrix_rank", _ops.sum(values > limit.unsqueeze(-1), -1), out)


def _pinv(A, atol, rtol, hermitian):
    if A.numel() == 0:
        return rushlight.empty(A.mT.shape, dtype=A.dtype, device=A.device)
    if hermitian:
        values, V = eigh(A)
        sizes = values.abs()
        largest = _ops.amax(sizes, -1)
        U = V
    else:
        U, values, Vh = svd(A, False)
        V, sizes = adjoint(Vh), values
        largest = values[..., 0]
    limit = _tolerance(A, atol, rtol, largest).unsqueeze(-1)
    inverse = _ops.where(sizes > limit, values.reciprocal(), values * 0)
    return (V * inverse.to(A.dtype).unsqueeze(-2)) @ adjoint(U)


def pinv_gradient(g, A, P):
    """The gradient of ``P = pinv(A)``, for a constant rank.

    Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least
    squares problems whose variables separate" (1973), equation 4.12.
    """
    Ph, gh = adjoint(P), adjoint(g)
    right = gh @ P @ Ph
    left = Ph @ (P @ gh)
    return right - A @ (P @ right) + left - (left @ P) @ A - Ph @ g @ Ph


class _Pinv(Function):
    @staticmethod
    def forward(ctx, A, atol, rtol, hermitian):
        P = _pinv(A, atol, rtol, hermitian)
        ctx.save_for_backward(A, P)
        return P

    @staticmethod
    def backward(ctx, g):
        A, P = ctx.saved_tensors
        return pinv_gradient(g, A, P), None, None, None


def pinv(A, rcond=None, hermitian=False, *, atol=None, rtol=None, out=None):
    """The Moore-Penrose pseudo-inverse of matrices (*, m, n): (*, n, m).

    Args:
        rcond (float or Tensor, optional): another name of ``rtol``.
        hermitian (bool): whether A is Hermitian; eigenvalues are used then.
        atol, rtol (float or Tensor, optional): singular values up to
            ``max(atol, rtol * largest)`` count as 0; defaults as in
            :func:`matrix_rank`.

    Example::

        >>> rushlight.linalg.pinv(rushlight.tensor([[2., 0.], [0., 0.]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])
    """
    op = "linalg.pinv"
    check_matrix(op, A)
    check_float(op, A)
    if rcond is not None:
        if atol is not None or rtol is not None:
            raise TypeError(f"{op}(): takes rcond or atol and rtol, not both")
        rtol = rcond
    if hermitian:
        check_square(op, A)
    if A.requires_grad and rushlight.is_grad_enabled():
        result = _Pinv.apply(A, atol, rtol, hermitian)
    else:
        result = _pinv(A, atol, rtol, hermitian)
    return put("linalg_pinv", result, out)
