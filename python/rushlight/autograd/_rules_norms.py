"""Derivatives of the normalisations.

A plain backward pass runs a kernel that gives all gradients in one go. Where a second
derivative is wanted, the same gradients are computed by the formulas below, from ops
that have derivatives themselves.
"""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.nn._functional._support import widen


def _first(op, g):
    """The gradient of the normalised values; that of the statistics is refused."""
    if any(x is not None for x in g[1:]):
        raise NotImplementedError(
            f"{op}(): the mean and the scale that it returns beside the result have no "
            "derivative; compute them with var_mean"
        )
    return g[0]


def _normal(x, dims, eps, centred=True):
    """x moved to mean 0 and variance 1 over dims, and the factor that did it."""
    if centred:
        x = x - _ops.mean(x, dims, True)
    rstd = (_ops.mean(x * x, dims, True) + eps).rsqrt()
    return x * rstd, rstd


def _through(g, normal, rstd, dims, centred=True):
    """The gradient of x from that of its normal form."""
    slope = normal * _ops.mean(g * normal, dims, True)
    if centred:
        slope = slope + _ops.mean(g, dims, True)
    return (g - slope) * rstd


def _total(x, dims):
    return x.sum(dims) if dims else x


def _last_dims(op, backward, g, wanted, input, normalized_shape, weight, eps, saved):
    g = _first(op, g)
    if g is None:
        return (None,) * len(wanted)
    if not rushlight.is_grad_enabled():
        return backward(g, input, normalized_shape, *saved, weight, *wanted)
    centred = len(saved) == 2
    x, g = widen(input), widen(g)
    if eps is None:
        eps = rushlight.finfo(x.dtype).eps
    inner = list(range(-len(normalized_shape), 0))
    outer = list(range(x.dim() - len(normalized_shape)))
    normal, rstd = _normal(x, inner, eps, centred)
    scaled = g if weight is None else g * widen(weight)
    return (
        _through(scaled, normal, rstd, inner, centred) if wanted[0] else None,
        _total(g * normal, outer) if wanted[1] else None,
        _total(g, outer) if centred and wanted[2] else None,
    )[: len(wanted)]


def _layer_norm(g, wanted, input, normalized_shape, weight, eps, result1, result2):
    return _last_dims(
        "native_layer_norm",
        _ops.layer_norm_backward,
        g,
        wanted,
        input,
        normalized_shape,
        weight,
        eps,
        (result1, result2),
    )


def _rms_norm(g, wanted, input, normalized_shape, weight, eps, result1):
    return _last_dims(
        "fused_rms_norm",
        _ops.rms_norm_backward,
        g,
        wanted,
        input,
        normalized_shape,
        weight,
        eps,
        (result1,),
    )[:2]


def _per_channel(x, ndim):
    return widen(x).reshape(1, -1, *[1] * (ndim - 2))


def _channel_gradients(g, wanted, normal, grad_input):
    dims = [d for d in range(g.dim()) if d != 1]
    return (
        grad_input() if wanted[0] else None,
        (g * normal).sum(dims) if wanted[1] else None,
        g.sum(dims) if wanted[2] else None,
    )


def _group_norm(g, wanted, input, num_groups, weight, eps, result1, result2):
    g = _first("native_group_norm", g)
    if g is None:
        return (None,) * 3
    if not rushlight.is_grad_enabled():
        return _ops.group_norm_backward(
            g, input, num_groups, result1, result2, weight, *wanted
        )
    if input.numel() == 0:
        # Nothing to add up; the kernel's zeros have no derivative either.
        return _channel_gradients(g, wanted, widen(input), lambda: g)
    x, g = widen(input), widen(g)
    grouped = (x.shape[0], num_groups, -1)
    normal, rstd = _normal(x.reshape(grouped), [-1], eps)

    def grad_input():
        scaled = g if weight is None else g * _per_channel(weight, g.dim())
        return _through(scaled.reshape(grouped), normal, rstd, [-1]).reshape(x.shape)

    return _channel_gradients(g, wanted, normal.reshape(x.shape), grad_input)


def _batch_norm(
    g,
    wanted,
    input,
    weight,
    weight_shape,
    bias_shape,
    training,
    eps,
    result1,
    result2,
):
    g = _first("native_batch_norm", g)
    if g is None:
        return (None,) * 3
    if not rushlight.is_grad_enabled():
        grads = _ops.batch_norm_backward(
            g, input, result1, result2, weight, training, *wanted
        )
    else:
        grads = _batch_formula(
            widen(g), wanted, widen(input), weight, training, eps, result1, result2
        )
    shapes = (None, weight_shape, bias_shape)
    return tuple(
        x if x is None or shape is None or len(shape) == 1 else x.reshape(shape)
        for x, shape in zip(grads, shapes)
    )


def _batch_formula(g, wanted, x, weight, training, eps, mean, rstd):
    dims = [d for d in range(x.dim()) if d != 1]
    if training:
        normal, rstd = _normal(x, dims, eps)
    else:
        rstd = _per_channel(rstd.detach(), x.dim())
        normal = (x - _per_channel(mean.detach(), x.dim())) * rstd

    def grad_input():
        scaled = g if weight is None else g * _per_channel(weight, g.dim())
        return _through(scaled, normal, rstd, dims) if training else scaled * rstd

    return _channel_gradients(g, wanted, normal, grad_input)


RULES = {
    "native_layer_norm": (("input", "weight", "bias"), _layer_norm),
    "fused_rms_norm": (("input", "weight"), _rms_norm),
    "native_group_norm": (("input", "weight", "bias"), _group_norm),
    "native_batch_norm": (("input", "weight", "bias"), _batch_norm),
}
