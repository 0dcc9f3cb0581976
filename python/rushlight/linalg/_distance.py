"""Distances between rows."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.linalg._support import check_tensor

_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)

_BLOCK = 1 << 18  # elements


def cdist(x1, x2, p=2.0, compute_mode=_MODES[0]):
    """The p-norm distance of every row of ``x1`` to every row of ``x2``.

    Args:
        x1 (Tensor): float32 or float64, (*, n, k).
        x2 (Tensor): (*, m, k); batches broadcast.
        p (float): at least 0; 0 counts differing entries, ``inf`` takes the largest.
        compute_mode (str): whether 2-norms come from a matrix product: where n or m
            exceeds 25 (default), always, or never.

    Returns:
        Tensor: (*, n, m).

    Example::

        >>> a = rushlight.tensor([[0., 0.], [3., 4.]])
        >>> rushlight.cdist(a, a)
        tensor([[0., 5.],
                [5., 0.]])
    """
    op = "cdist"
    check_tensor(op, x1, "x1")
    check_tensor(op, x2, "x2", 2)
    for name, x in (("X1", x1), ("X2", x2)):
        if x.dim() < 2:
            raise RuntimeError(
                f"{op} only supports at least 2D tensors, {name} got: {x.dim()}D"
            )
        if not x.is_floating_point():
            raise RuntimeError(
                f"{op} only supports floating-point dtypes, {name} got: {x.dtype}"
            )
        if x.dtype.itemsize == 2:
            raise NotImplementedError(f"{op}(): not implemented for {x.dtype}")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"{op}(): X1 and X2 must have the same number of columns. X1: "
            f"{x1.shape[-1]} X2: "
            f"{x2.shape[-1]}"
        )
    if not p >= 0:
        raise RuntimeError(f"{op} only supports non-negative p values")
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    if x1.dtype != x2.dtype:
        raise RuntimeError(f"{op}(): expected {x1.dtype} but found {x2.dtype}")
    dtype = x1.dtype
    n, m = x1.shape[-2], x2.shape[-2]
    batch = rushlight.broadcast_shapes(tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))
    if n == 0 or m == 0 or math.prod(batch) == 0:
        return _norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), float(p))
    if x1.shape[-1] == 0:
        return rushlight.zeros(*batch, n, m, dtype=dtype, device=x1.device)
    large = compute_mode == _MODES[0] and (n > 25 or m > 25)
    if p == 2 and (large or compute_mode == _MODES[1]):
        return _euclidean(x1, x2)
    if rushlight.is_grad_enabled() and (x1.requires_grad or x2.requires_grad):
        return _norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), float(p))
    # Some rows at a time, so that the differences stay in the cache.
    result = rushlight.empty(*batch, n, m, dtype=dtype, device=x1.device)
    rows = max(1, _BLOCK // (math.prod(batch) * m * x1.shape[-1]))
    for i in range(0, n, rows):
        part = x1[..., i : i + rows, :].unsqueeze(-2) - x2.unsqueeze(-3)
        result[..., i : i + rows, :] = _norm(part, float(p))
    return result


def _norm(difference, p):
    return _ops.linalg_vector_norm(difference, p, -1)


def _euclidean(x1, x2):
    """|x - y|^2 = |x|^2 - 2 x y + |y|^2 as one product of longer rows."""
    if x1.requires_grad or x2.requires_grad:
        return _Euclidean.apply(x1, x2)
    a = _ops.sum(x1 * x1, -1, True)
    b = _ops.sum(x2 * x2, -1, True)
    left = rushlight.cat([x1 * -2, a, rushlight.ones_like(a)], -1)
    right = rushlight.cat([x2, rushlight.ones_like(b), b], -1)
    return rushlight.clamp(left @ right.mT, min=0).sqrt()


class _Euclidean(rushlight.autograd.Function):
    # The root's own slope is infinite where rows are equal; a distance has 0 there.
    @staticmethod
    def forward(ctx, x1, x2):
        ctx.save_for_backward(x1, x2)
        with rushlight.no_grad():
            result = _euclidean(x1.detach(), x2.detach())
        ctx.result = result.detach()
        return result

    @staticmethod
    def backward(ctx, g):
        x1, x2 = ctx.saved_tensors
        if rushlight.is_grad_enabled():
            distance = _norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), 2.0)
        else:
            distance = ctx.result
        zero = distance == 0
        ratio = _ops.where(
            zero, distance * 0, g / _ops.where(zero, distance + 1, distance)
        )
        g1 = _ops.sum(ratio, -1, True) * x1 - ratio @ x2
        g2 = _ops.sum(ratio, -2).unsqueeze(-1) * x2 - ratio.mT @ x1
        return _reduced(g1, x1.shape), _reduced(g2, x2.shape)


def _reduced(g, shape):
    """Sums over dims that were broadcast."""
    while g.dim() > len(shape):
        g = _ops.sum(g, 0)
    dims = tuple(d for d, n in enumerate(shape) if n == 1 and g.shape[d] != 1)
    return _ops.sum(g, dims, True) if dims else g


def pdist(input, p=2):
    """The p-norm distances of all pairs of rows, in the order (0, 1), (0, 2), ...

    Args:
        input (Tensor): float32 or float64, (n, k).
        p (float): at least 0.

    Returns:
        Tensor: (n * (n - 1) / 2,).
    """
    op = "pdist"
    check_tensor(op, input, "input")
    if input.dim() != 2:
        raise RuntimeError(f"{op} only supports 2D tensors, got: {input.dim()}D")
    if not input.is_floating_point() or input.dtype.itemsize == 2:
        raise RuntimeError(f"{op} only supports floating-point dtypes")
    if not p >= 0:
        raise RuntimeError(f"{op} only supports non-negative p values")
    n = input.shape[0]
    if n <= 1:
        return input.reshape(-1)[:0].clone()
    if input.shape[1] == 0:
        return rushlight.zeros(n * (n - 1) // 2, dtype=input.dtype, device=input.device)
    place = rushlight.arange(n, device=input.device)
    first, second = (place.unsqueeze(1) < place).nonzero().unbind(1)
    return _norm(input[first] - input[second], float(p))
