"""Attention as one compiled op, with its gradient.

The second derivative comes from the formulas written with Tensor operations.
"""

from __future__ import annotations

import rushlight
from rushlight import _ops


def fused(query, key, value, mask, is_causal, scale):
    """``softmax(query @ key.mT * scale + mask) @ value`` on the CPU.

    Args:
        query: shape ``(*, Hq, L, E)``.
        key: shape ``(*, H, S, E)``, H a divisor of Hq.
        value: shape ``(*, H, S, Ev)``.
        mask: broadcasts to ``(*, Hq, L, S)``; ``None`` unless there are four dims or it
            has at most two. Gets no gradient.
        is_causal: position i attends to 0 ... i alone.
        scale: the scores' factor.
    """
    shape = None
    if query.dim() != 4:
        shape = query.shape
        query, key, value = (_in_four_dims(x) for x in (query, key, value))
    if rushlight.is_grad_enabled() and (
        query.requires_grad or key.requires_grad or value.requires_grad
    ):
        out = _Attention.apply(query, key, value, mask, is_causal, scale)
    else:
        out = _ops.attention(query, key, value, mask, is_causal, scale)[0]
    return out if shape is None else out.reshape(*shape[:-1], out.shape[-1])


def _in_four_dims(x):
    if x.dim() < 4:
        return x.reshape(*[1] * (4 - x.dim()), *x.shape)
    return x.reshape(-1, *x.shape[-3:])


class _Attention(rushlight.autograd.Function):
    @staticmethod
    def forward(ctx, query, key, value, mask, is_causal, scale):
        out, logsum = _ops.attention(query, key, value, mask, is_causal, scale)
        ctx.save_for_backward(query, key, value, mask, out, logsum)
        ctx.options = is_causal, scale
        return out

    @staticmethod
    def backward(ctx, g):
        query, key, value, mask, out, logsum = ctx.saved_tensors
        if rushlight.is_grad_enabled():
            grads = _gradients(g, query, key, value, mask, *ctx.options)
        else:
            grads = _ops.attention_backward(
                g, query, key, value, out, logsum, mask, *ctx.options
            )
        return *grads, None, None, None


def _gradients(g, query, key, value, mask, is_causal, scale):
    """The same with Tensor operations, which can be differentiated again."""
    from rushlight.nn._functional._support import widen
    from rushlight.nn._functional.attention import attention_weights

    dtype = query.dtype
    g, query, key, value = (widen(x) for x in (g, query, key, value))
    heads, groups = query.shape[1], key.shape[1]
    many_k, many_v = key, value
    if heads != groups:
        many_k, many_v = (x.repeat_interleave(heads // groups, 1) for x in (key, value))
    weights = attention_weights((query @ many_k.mT) * scale, mask, is_causal)
    slopes = g @ many_v.mT
    slopes = weights * (slopes - (slopes * weights).sum(-1, keepdim=True)) * scale
    grads = [slopes @ many_k, slopes.mT @ query, weights.mT @ g]
    if heads != groups:
        grads[1:] = (x.unflatten(1, (groups, -1)).sum(2) for x in grads[1:])
    return [x.to(dtype) for x in grads]
