"""The derivative of attention: a part of the table in _derivatives.py.

One kernel gives the gradients of query, key and value. A second derivative, and the
gradients of a mask and from ``logsum``, come from the formulas with Tensor operations.
"""

from __future__ import annotations

import rushlight
from rushlight import _ops


def _gradients(g, query, key, value, mask, causal, scale):
    """Of query, key, value and the scores, the last before they are scaled."""
    from rushlight.nn._functional._support import widen
    from rushlight.nn._functional.attention import attention_weights

    dtype = query.dtype
    query, key, value = (widen(x) for x in (query, key, value))
    heads, groups = query.shape[1], key.shape[1]
    many_k, many_v = key, value
    if heads != groups:
        many_k, many_v = (x.repeat_interleave(heads // groups, 1) for x in (key, value))
    weights = attention_weights((query @ many_k.mT) * scale, mask, causal)
    g_out, g_sum = g
    if g_out is None:
        g_out = rushlight.zeros_like(weights @ many_v)
    g_out = widen(g_out)
    inner = g_out @ many_v.mT
    slopes = inner - (inner * weights).sum(-1, keepdim=True)
    if g_sum is not None:
        slopes = slopes + widen(g_sum).unsqueeze(-1)
    slopes = weights * slopes
    scaled = slopes * scale
    grads = [scaled @ many_k, scaled.mT @ query, weights.mT @ g_out]
    if heads != groups:
        grads[1:] = (x.unflatten(1, (groups, -1)).sum(2) for x in grads[1:])
    return [*(x.to(dtype) for x in grads), slopes]


def _attention(g, wanted, query, key, value, mask, causal, scale, result0, result1):
    grads = [None] * 3
    formula = rushlight.is_grad_enabled() or g[0] is None or g[1] is not None
    if any(wanted[:3]) and not formula:
        grads = _ops.attention_backward(
            g[0], query, key, value, result0, result1, mask, causal, scale
        )
    if formula or wanted[3]:
        *of_inputs, scores = _gradients(g, query, key, value, mask, causal, scale)
        grads = [*(of_inputs if formula else grads), scores]
    return [x if w else None for x, w in zip([*grads, None], wanted)]


ATTENTION = {
    "attention": (("query", "key", "value", "mask"), _attention),
}
