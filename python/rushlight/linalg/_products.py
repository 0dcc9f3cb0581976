"""Products that stand in the package itself: addbmm, addr, inner, kron, trace, ..."""

from __future__ import annotations

import warnings

import rushlight
from rushlight import _ops
from rushlight._core import Tensor
from rushlight.linalg import _matrix
from rushlight.linalg._distance import cdist, pdist
from rushlight.linalg._einsum import einsum, tensordot
from rushlight.linalg._support import check_tensor, put

__all__ = ["cdist", "einsum", "pdist", "tensordot"]


def addbmm(input, batch1, batch2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * (batch1 @ batch2).sum(0)``.

    Args:
        input (Tensor): broadcasts to (n, p).
        batch1, batch2 (Tensor): (b, n, m) and (b, m, p).
        beta, alpha (number): with ``beta=0`` input is not read.
    """
    check_tensor("addbmm", input, "input")
    if batch1.dim() != 3 or batch2.dim() != 3:
        raise RuntimeError(
            "addbmm(): batch1 and batch2 must be 3D tensors, got "
            f"{tuple(batch1.shape)} and {tuple(batch2.shape)}"
        )
    b, n, m = batch1.shape
    if batch2.shape[0] != b or batch2.shape[1] != m:
        raise RuntimeError(
            "addbmm(): batch1 and batch2 must have same number of batches and fitting "
            f"sizes, got {tuple(batch1.shape)} and {tuple(batch2.shape)}"
        )
    wide = batch1.transpose(0, 1).reshape(n, b * m)
    tall = batch2.reshape(b * m, batch2.shape[2])
    if isinstance(out, Tensor) and out.shape != (n, tall.shape[1]):
        # As in PyTorch, without the warning that others give.
        out.resize_(n, tall.shape[1])
    return _ops.addmm(input, wide, tall, beta=beta, alpha=alpha, out=out)


def _in_place(name, function):
    def method(self, *args, **kwargs):
        result = function(self, *args, **kwargs)
        if result.shape != self.shape:
            raise RuntimeError(
                f"{name}(): output with shape {list(self.shape)} doesn't match the "
                f"broadcast shape {list(result.shape)}"
            )
        if not rushlight.can_cast(result.dtype, self.dtype):
            raise RuntimeError(
                f"{name}(): result type {result.dtype} can't be cast to the desired "
                "output "
                f"type {self.dtype}"
            )
        return self.copy_(result)

    method.__name__ = name
    method.__doc__ = f"In-place :func:`{name[:-1]}`."
    return method


def _check_scale(op, dtype, name, value):
    if isinstance(value, bool) or (
        dtype == rushlight.bool and not isinstance(value, bool)
    ):
        if dtype != rushlight.bool:
            raise RuntimeError(
                f"{op}(): Boolean {name} only supported for Boolean results."
            )
        return
    integral = not (dtype.is_floating_point or dtype.is_complex)
    if integral and isinstance(value, (float, complex)):
        raise RuntimeError(
            f"{op}(): For integral input tensors, argument {name} must not be a "
            "floating "
            "point number."
        )
    if isinstance(value, complex) and not dtype.is_complex:
        raise RuntimeError(
            f"{op}(): For non-complex input tensors, argument {name} must not be a "
            "complex "
            "number."
        )


def addr(input, vec1, vec2, *, beta=1, alpha=1, out=None):
    """``beta * input + alpha * outer(vec1, vec2)``.

    Args:
        input (Tensor): broadcasts to (n, m).
        vec1, vec2 (Tensor): (n,) and (m,).
        beta, alpha (number): with ``beta=0`` input is not read.
    """
    check_tensor("addr", input, "input")
    if vec1.dim() != 1 or vec2.dim() != 1:
        raise RuntimeError(
            f"addr: Expected 1-D arguments vec1 and vec2, got {vec1.dim()}-D and "
            f"{vec2.dim()}-D"
        )
    product = _ops.outer(vec1, vec2)
    dtype = rushlight.promote_types(product.dtype, input.dtype)
    _check_scale("addr", dtype, "beta", beta)
    _check_scale("addr", dtype, "alpha", alpha)
    shape = tuple(product.shape)
    try:
        wide = input.expand(shape)
    except RuntimeError:
        raise RuntimeError(
            f"addr(): input of shape {tuple(input.shape)} does not expand to {shape}"
        ) from None
    if dtype == rushlight.bool:
        product = product if alpha else product & False
        return put("addr", product | wide if beta else product, out)
    product = product.to(dtype)
    if alpha != 1:
        product = product * alpha
    if beta != 0:
        wide = wide.to(dtype)
        product = (wide if beta == 1 else wide * beta) + product
    return put("addr", product, out)


def ger(input, vec2, *, out=None):
    """Another name of :func:`rushlight.outer`."""
    return _ops.outer(input, vec2, out=out)


def inner(input, other, *, out=None):
    """Sums of products over the last dims; with a 0-d tensor the product.

    Args:
        input (Tensor): (*, n).
        other (Tensor): (#, n).

    Returns:
        Tensor: (*, #).
    """
    check_tensor("inner", input, "input")
    check_tensor("inner", other, "other", 2)
    if input.dtype != other.dtype:
        raise RuntimeError(
            "inner(): expected both vectors to have same dtype, but found "
            f"{input.dtype} "
            f"and {other.dtype}"
        )
    if input.dim() == 0 or other.dim() == 0:
        return _ops.mul(input, other, out=out)
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got "
            "shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    if input.dim() == 1 and other.dim() == 1:
        return _ops.dot(input, other, out=out)
    return put("inner", tensordot(input, other, ([-1], [-1])), out)


def vdot(input, other, *, out=None):
    """The dot product of two vectors, the first conjugated."""
    check_tensor("vdot", input, "input")
    return _ops.dot(input.conj() if input.is_complex() else input, other, out=out)


def kron(input, other, *, out=None):
    """The Kronecker product: blocks ``input[i] * other``; dims are aligned at the end.

    Example::

        >>> rushlight.kron(rushlight.tensor([1, 2]), rushlight.tensor([1, 1]))
        tensor([1, 1, 2, 2])
    """
    check_tensor("kron", input, "input")
    check_tensor("kron", other, "other", 2)
    n = max(input.dim(), other.dim())
    a = [1] * (n - input.dim()) + list(input.shape)
    b = [1] * (n - other.dim()) + list(other.shape)
    left = input.reshape([x for size in a for x in (size, 1)])
    right = other.reshape([x for size in b for x in (1, size)])
    shape = [x * y for x, y in zip(a, b)]
    return put("kron", (left * right).reshape(shape), out)


def cross(input, other, dim=None, *, out=None):
    """:func:`rushlight.linalg.cross`; without ``dim`` along the first dim of size 3."""
    check_tensor("cross", input, "input")
    if dim is None:
        warnings.warn(
            "Using cross without specifying the dim arg is deprecated. Pass dim "
            "explicitly, "
            "or use linalg.cross, whose default is -1.",
            stacklevel=2,
        )
        found = [d for d, n in enumerate(input.shape) if n == 3]
        if not found:
            raise RuntimeError(
                "cross(): no dimension of size 3 in input of shape "
                f"{tuple(input.shape)}"
            )
        dim = found[0]
    return _matrix.cross(input, other, dim=dim, out=out)


def chain_matmul(*matrices, out=None):
    """The product of matrices in the cheapest order, by ``linalg.multi_dot``."""
    for i, x in enumerate(matrices):
        check_tensor("chain_matmul", x, f"matrices[{i}]", i + 1)
        if x.dim() != 2:
            raise RuntimeError(
                f"chain_matmul(): expected 2D tensors, got shape {tuple(x.shape)}"
            )
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    if len(matrices) == 1:
        return put("chain_matmul", matrices[0], out)
    return _matrix.multi_dot(matrices, out=out)


def trace(input):
    """The sum of a matrix's diagonal; integers give int64.

    Example::

        >>> rushlight.trace(rushlight.tensor([[1, 2], [3, 4]]))
        tensor(5)
    """
    check_tensor("trace", input, "input")
    if input.dim() != 2:
        raise RuntimeError(
            f"trace: expected a matrix, but got tensor with dim {input.dim()}"
        )
    if input.dtype == rushlight.bool:
        raise NotImplementedError("\"trace\" not implemented for 'bool'")
    return _ops.sum(_ops.diagonal(input, 0, 0, 1))


METHODS = {
    name: globals()[name]
    for name in "addbmm addr ger inner vdot kron cross trace".split()
}
METHODS["addbmm_"] = _in_place("addbmm_", addbmm)
METHODS["addr_"] = _in_place("addr_", addr)
