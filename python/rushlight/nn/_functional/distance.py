"""Distances, similarities and norms along a dim."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight._functions import result_type
from rushlight._results import give
from rushlight.nn._functional._support import check_tensors, in_single


@in_single
def _distance(x1, x2, p, eps, keepdim):
    return _ops.linalg_vector_norm(x1 - x2 + eps, float(p), -1, keepdim)


def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The p-norm of ``x1 - x2 + eps`` along the last dim.

    Args:
        x1 (Tensor): shape ``(*, D)``.
        x2 (Tensor): of a shape that broadcasts.
        p (float): the order of the norm.
        eps (float): added to every difference.
        keepdim (bool): keep the last dim with size 1.

    Returns:
        Tensor: shape ``(*,)``.

    Example::

        >>> x = rushlight.tensor([[3., 4.]])
        >>> rushlight.pairwise_distance(x, rushlight.zeros(1, 2))
        tensor([5.0000])
    """
    check_tensors("pairwise_distance", x1, x2)
    return _distance(x1, x2, p, eps, keepdim)


@in_single
def _cosine(x1, x2, dim, eps):
    parts = []
    for x in rushlight.broadcast_tensors(x1, x2):
        norm = _ops.linalg_vector_norm(x, 2.0, dim, True).clone()
        # The gradient goes through as if nothing were clamped.
        with rushlight.no_grad():
            norm.clamp_(min=eps)
        parts.append(x / norm)
    return (parts[0] * parts[1]).sum(dim)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between slices along ``dim``.

    Args:
        x1 (Tensor): of any shape.
        x2 (Tensor): of a shape that broadcasts.
        dim (int): the dim of the vectors, counted after broadcasting.
        eps (float): the least norm that is divided by.

    Returns:
        Tensor: of the broadcast shape without ``dim``.

    Raises:
        RuntimeError: when the promoted dtype is not floating point.
        IndexError: when there is no such dim.

    Example::

        >>> x = rushlight.tensor([[3., 4.]])
        >>> rushlight.cosine_similarity(x, rushlight.tensor([[1., 0.]]))
        tensor([0.6000])
    """
    op = "cosine_similarity"
    check_tensors(op, x1, x2)
    dtype = result_type(x1, x2)
    if not dtype.is_floating_point:
        raise RuntimeError(
            f"{op}(): expected common dtype to be floating point, yet common dtype is "
            f"{dtype}"
        )
    return _cosine(x1.to(dtype), x2.to(dtype), dim, eps)


def normalize(input, p=2.0, dim=1, eps=1e-12, out=None):
    """Slices along ``dim`` divided by their p-norm, or by ``eps`` where that is larger.

    Args:
        input (Tensor): floating point or complex, of any shape.
        p (float): the order of the norm. Default: 2.
        dim (int or tuple of int): the dim of the vectors. Default: 1.
        eps (float): the least norm that is divided by.
        out (Tensor, optional): the result; no gradient is recorded then.

    Returns:
        Tensor: of input's shape and dtype.

    Example::

        >>> x = rushlight.tensor([[3., 4.]])
        >>> rushlight.nn.functional.normalize(x)
        tensor([[0.6000, 0.8000]])
    """
    check_tensors("normalize", input)
    norm = rushlight.norm(input, p, dim, keepdim=True).clamp(min=eps)
    return give("normalize", input / norm.expand_as(input), out)


def norm_except_dim(v, pow=2, dim=0):
    """The norm over all dims but one, which stay with size 1.

    Args:
        v (Tensor): floating point, of at least one dim.
        pow (int): the order of the norm.
        dim (int): the dim that is kept; -1 takes the norm of everything.

    Returns:
        Tensor: with ``v.size(dim)`` elements, or 0-d.

    Example::

        >>> rushlight.norm_except_dim(rushlight.tensor([[3., 4.], [0., 1.]]))
        tensor([[5.],
                [1.]])
    """
    check_tensors("norm_except_dim", v)
    if dim == -1:
        return rushlight.norm(v, pow)
    if not 0 <= dim < max(v.dim(), 1):
        raise IndexError(
            f"norm_except_dim(): Dimension out of range (expected to be in range of "
            f"[-1, {v.dim() - 1}], but got {dim})"
        )
    others = [d for d in range(v.dim()) if d != dim]
    if not others:
        return v.abs() if v.dim() else rushlight.norm(v, pow)
    return rushlight.norm(v, pow, others, keepdim=True)


def bilinear(input1, input2, weight, bias=None):
    """``input1 @ weight[k] @ input2 + bias[k]`` for every k.

    Args:
        input1 (Tensor): shape ``(*, H1)``.
        input2 (Tensor): shape ``(*, H2)``, the other dims as input1's.
        weight (Tensor): shape ``(K, H1, H2)``.
        bias (Tensor, optional): shape ``(K,)``.

    Returns:
        Tensor: shape ``(*, K)``.

    Raises:
        RuntimeError: when the shapes do not fit.

    Example::

        >>> x = rushlight.ones(1, 2)
        >>> rushlight.bilinear(x, x, rushlight.ones(3, 2, 2))
        tensor([[4., 4., 4.]])
    """
    check_tensors("bilinear", input1, input2, weight, bias)
    _check_bilinear(input1, input2, weight, bias)
    return _bilinear(input1, input2, weight, bias)


@in_single
def _bilinear(input1, input2, weight, bias):
    count, first, second = weight.shape
    left = input1.reshape(-1, first)
    by_first = weight.permute(1, 0, 2).reshape(first, count * second)
    half_way = (left @ by_first).reshape(-1, count, second)
    right = input2.reshape(-1, 1, second)
    result = _ops.sum(half_way * right, -1, False, dtype=input1.dtype)
    if bias is not None:
        result = result + bias
    return result.reshape(*input1.shape[:-1], count)


def _check_bilinear(input1, input2, weight, bias):
    op = "bilinear()"
    if input1.dim() != input2.dim() or input1.shape[:-1] != input2.shape[:-1]:
        raise RuntimeError(
            f"{op}: input dimensions do not match: got {tuple(input1.shape)} and "
            f"{tuple(input2.shape)}"
        )
    if weight.dim() != 3:
        raise RuntimeError(f"{op}: expected a 3-d weight, got {tuple(weight.shape)}")
    if input1.shape[-1] != weight.shape[1] or input2.shape[-1] != weight.shape[2]:
        raise RuntimeError(
            f"{op}: inputs of {input1.shape[-1]} and {input2.shape[-1]} features do "
            f"not match a weight of shape {tuple(weight.shape)}"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise RuntimeError(
            f"{op}: bias of shape {tuple(bias.shape)} does not match weight of shape "
            f"{tuple(weight.shape)}"
        )
