"""Determinants, powers, exponentials, products of vectors and of many matrices."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight._results import named
from rushlight.linalg._solve import inv
from rushlight.linalg._support import check_square, check_tensor, put

_Slogdet = named("linalg_slogdet", "sign logabsdet")


def det(A, *, out=None):
    """The determinant of square matrices (*, n, n).

    Its gradient is the adjugate's, also where a matrix is singular.

    Example::

        >>> rushlight.linalg.det(rushlight.tensor([[2., 1.], [1., 3.]]))
        tensor(5.)
    """
    check_tensor("linalg.det", A)
    return put("linalg_det", _ops.linalg_det(A)[0], out)


def slogdet(A, *, out=None):
    """Sign and logarithm of the modulus of the determinant: no overflow.

    Args:
        A (Tensor): (*, n, n).

    Returns:
        A named tuple ``(sign, logabsdet)``; of a singular matrix ``(0, -inf)``.
    """
    check_tensor("linalg.slogdet", A)
    sign, logabs, _, _ = _ops.linalg_slogdet(A)
    return put("linalg_slogdet", _Slogdet(sign, logabs), out)


def logdet(input):
    """The logarithm of the determinant; NaN where that is negative.

    Args:
        input (Tensor): (*, n, n).
    """
    check_square("logdet", input)
    sign, logabs, _, _ = _ops.linalg_slogdet(input)
    if input.is_complex():
        return sign.log() + logabs
    nan = rushlight.full_like(logabs, math.nan)
    return _ops.where(sign == -1, nan, logabs)


def matrix_power(A, n, *, out=None):
    """The n-th power of square matrices, by repeated squaring; n < 0 inverts first.

    Args:
        A (Tensor): (*, m, m).
        n (int): the exponent.

    Example::

        >>> rushlight.linalg.matrix_power(rushlight.tensor([[1., 1.], [0., 1.]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    check_square("linalg.matrix_power", A)
    if not isinstance(n, int) or isinstance(n, bool):
        raise TypeError(
            f"matrix_power(): argument 'n' must be int, not {type(n).__name__}"
        )
    # Where PyTorch copies into out=, rather than multiplies, that may have another
    # dtype.
    copies = n in (0, 1) or (abs(n) >= 4 and abs(n).bit_count() == 1)
    op = "linalg_matrix_power_copy" if copies else "linalg_matrix_power"
    if n < 0:
        A, n = inv(A), -n
    if n == 0:
        result = rushlight.eye(A.shape[-1], dtype=A.dtype, device=A.device).expand(
            A.shape
        )
        # A constant with a place in A's graph: its gradient is zero.
        result = result + A[..., :0].sum().to(A.dtype)
        return put(op, result, out)
    result, square = None, A
    while n:
        if n & 1:
            result = square if result is None else result @ square
        n >>= 1
        if n:
            square = square @ square
    return put(op, result.clone() if result is A else result, out)


# Largest 1-norm for which the Taylor polynomial of a degree is exact to the dtype:
# table 2 of Bader, Blanes, Casas, "Computing the matrix exponential with an optimized
# Taylor polynomial approximation" (2019).
_DEGREES = (1, 2, 4, 8, 18)
_THETA32 = (
    1.192092800768788e-07,
    5.978858893805233e-04,
    5.116619363445086e-02,
    5.800524627688768e-01,
    3.010066362817634e00,
)
_THETA64 = (
    2.220446049250313e-16,
    2.580956802971767e-08,
    3.397168839976962e-04,
    4.991228871115323e-02,
    1.090863719290036e00,
)


def _taylor(A, degree):
    """sum of A^i / i! up to ``degree``, by Paterson and Stockmeyer's blocks."""
    eye = rushlight.eye(A.shape[-1], dtype=A.dtype, device=A.device)
    block = max(1, math.isqrt(degree))
    powers = [eye, A]
    while len(powers) <= block:
        powers.append(powers[-1] @ A)
    total = None
    for start in range(degree // block * block, -1, -block):
        terms = range(start, min(start + block, degree + 1))
        part = sum(powers[i - start] / float(math.factorial(i)) for i in terms)
        total = part if total is None else total @ powers[block] + part
    return total


def matrix_exp(A):
    """The exponential of square matrices (*, n, n), by scaling and squaring.

    Example::

        >>> rushlight.linalg.matrix_exp(rushlight.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_tensor("linalg.matrix_exp", A)
    check_square("linalg.matrix_exp", A)
    if not (A.is_floating_point() or A.is_complex()):
        raise RuntimeError(
            "linalg.matrix_exp: Expected a floating point or complex tensor, got "
            f"{A.dtype}"
        )
    n = A.shape[-1]
    if A.numel() == 0:
        return A.clone()
    if n == 1:
        return A.exp()
    single = (
        A.dtype in (rushlight.float32, rushlight.complex64) or A.dtype.itemsize == 2
    )
    theta = _THETA32 if single else _THETA64
    flat = A.reshape(-1, n, n)
    norms = flat.detach().abs().sum(-2).amax(-1).tolist()
    groups: dict[tuple[int, int], list[int]] = {}
    for i, size in enumerate(norms):
        fitting = (d for d, bound in zip(_DEGREES, theta) if size <= bound)
        degree = next(fitting, _DEGREES[-1])
        finite = math.isfinite(size)
        scale = max(0, math.ceil(math.log2(size / theta[-1]))) if finite and size else 0
        groups.setdefault((degree, scale), []).append(i)
    parts, order = [], []
    for (degree, scale), members in groups.items():
        whole = len(groups) == 1
        X = flat if whole else flat[rushlight.tensor(members)]
        X = _taylor(X / float(2**scale) if scale else X, degree)
        for _ in range(scale):
            X = X @ X
        parts.append(X)
        order += members
    if len(parts) == 1:
        return parts[0].reshape(A.shape)
    place = [0] * len(order)
    for at, i in enumerate(order):
        place[i] = at
    return rushlight.cat(parts)[rushlight.tensor(place)].reshape(A.shape)


def multi_dot(tensors, *, out=None):
    """The product of two or more matrices in the cheapest order.

    Args:
        tensors (sequence of Tensor): matrices; the first and last may be vectors.

    Example::

        >>> a = rushlight.ones(2, 3)
        >>> rushlight.linalg.multi_dot((a, a.t(), a)).shape
        rushlight.Size([2, 3])
    """
    op = "multi_dot"
    if isinstance(tensors, Tensor) or not all(isinstance(t, Tensor) for t in tensors):
        raise TypeError(f"{op}(): argument 'tensors' must be tuple of Tensors")
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(
            f"{op}(): expected at least 2 tensors but got {len(tensors)}"
        )
    first, last = tensors[0], tensors[-1]
    for i, t in enumerate(tensors):
        ends = i in (0, len(tensors) - 1)
        if t.dim() != 2 and not (ends and t.dim() == 1):
            raise RuntimeError(
                f"{op}(): tensor {i} must be {'1D or 2D' if ends else '2D'} but got "
                f"{t.dim()}D"
            )
        if t.dtype != first.dtype:
            raise RuntimeError(
                f"{op}(): all tensors must have be the same dtype but tensor 0 is "
                f"{first.dtype} and tensor {i} {t.dtype}"
            )
    if first.dim() == 1:
        tensors[0] = first.unsqueeze(0)
    if last.dim() == 1:
        tensors[-1] = last.unsqueeze(-1)
    for i in range(len(tensors) - 1):
        if tensors[i].shape[1] != tensors[i + 1].shape[0]:
            raise RuntimeError(
                f"{op}(): tensors {i} and {i + 1} with shapes "
                f"{list(tensors[i].shape)} and "
                f"{list(tensors[i + 1].shape)} cannot be multiplied"
            )
    result = _chain(
        tensors,
        _cheapest_order([t.shape[0] for t in tensors] + [tensors[-1].shape[1]]),
        0,
        len(tensors) - 1,
    )
    if first.dim() == 1:
        result = result.squeeze(0)
    if last.dim() == 1:
        result = result.squeeze(-1)
    return put("linalg_multi_dot", result, out)


def _cheapest_order(sizes):
    """Where to split each run of matrices (dynamic programming over runs)."""
    n = len(sizes) - 1
    cost = [[0] * n for _ in range(n)]
    split = [[0] * n for _ in range(n)]
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i][j] = math.inf
            for k in range(i, j):
                c = cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                if c < cost[i][j]:
                    cost[i][j], split[i][j] = c, k
    return split


def _chain(tensors, split, i, j):
    if i == j:
        return tensors[i]
    k = split[i][j]
    return _chain(tensors, split, i, k) @ _chain(tensors, split, k + 1, j)


def vander(x, N=None):
    """Powers ``x ** 0 .. x ** (N - 1)`` as a new last dim.

    Args:
        x (Tensor): (*, n).
        N (int, optional): default n; at least 2.

    Example::

        >>> rushlight.linalg.vander(rushlight.tensor([1, 2, 3]))
        tensor([[1, 1, 1],
                [1, 2, 4],
                [1, 3, 9]])
    """
    check_tensor("linalg.vander", x, "x")
    if x.dim() == 0 and N is not None:
        x = x.reshape(1)
    if x.dim() < 1:
        raise IndexError(f"linalg.vander(): x must have at least 1 dim, got {x.dim()}")
    N = x.shape[-1] if N is None else N
    if N <= 1:
        raise RuntimeError(f"N must be greater than 1, got {N}")
    if x.dtype == rushlight.bool:
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but "
            "got "
            "bool"
        )
    if not (x.is_floating_point() or x.is_complex()):
        x = x.to(rushlight.int64)
    powers = _ops.cumprod(x.unsqueeze(-1).expand(*x.shape, N - 1), -1)
    ones = rushlight.ones(*x.shape, 1, dtype=powers.dtype, device=powers.device)
    return rushlight.cat([ones, powers], -1)


def cross(input, other, *, dim=-1, out=None):
    """The vector product along a dim of size 3; the others broadcast.

    Example::

        >>> a, b = rushlight.tensor([1, 0, 0]), rushlight.tensor([0, 1, 0])
        >>> rushlight.linalg.cross(a, b)
        tensor([0, 0, 1])
    """
    op = "linalg.cross"
    check_tensor(op, input, "input")
    check_tensor(op, other, "other", 2)
    if input.dim() != other.dim():
        raise RuntimeError(
            f"{op}: inputs must have the same number of dimensions, got "
            f"{tuple(input.shape)} and {tuple(other.shape)}"
        )
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"{op}: inputs must have the same dtype, got {input.dtype} and "
            f"{other.dtype}"
        )
    if not -input.dim() <= dim < input.dim():
        raise IndexError(
            f"{op}(): Dimension out of range (expected to be in range of "
            f"[{-input.dim()}, {input.dim() - 1}], but got {dim})"
        )
    if input.shape[dim] != 3 or other.shape[dim] != 3:
        raise RuntimeError(
            f"{op}: inputs dimension {dim} must have length 3. Got {input.shape[dim]} "
            "and "
            f"{other.shape[dim]}"
        )
    a, b = rushlight.broadcast_tensors(input, other)
    turned = a * _ops.roll(b, -1, dim) - _ops.roll(a, -1, dim) * b
    return put("linalg_cross", _ops.roll(turned, -1, dim), out)


def vecdot(x, y, *, dim=-1, out=None):
    """The sum of ``conj(x) * y`` along a dim; the others broadcast.

    Example::

        >>> x = rushlight.tensor([[1., 2.], [3., 4.]])
        >>> rushlight.linalg.vecdot(x, x)
        tensor([ 5., 25.])
    """
    check_tensor("linalg.vecdot", x, "x")
    check_tensor("linalg.vecdot", y, "y", 2)
    if not (x.is_floating_point() or x.is_complex()):
        raise RuntimeError(
            "linalg.vecdot: Expected a floating point or complex tensor as input. Got "
            f"{x.dtype}"
        )
    if x.dtype != y.dtype:
        raise RuntimeError(
            "linalg.vecdot: Expected x and y to have the same dtype, but found x of "
            "type "
            f"{x.dtype} and y of type {y.dtype} instead"
        )
    x = x.conj() if x.is_complex() else x
    return put("linalg_vecdot", _ops.sum(x * y, dim), out)


def diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonal of the last two dims: a view."""
    return _ops.diagonal(A, offset, dim1, dim2)


def matmul(input, other, *, out=None):
    """See :func:`rushlight.matmul`."""
    return _ops.matmul(input, other, out=out)
