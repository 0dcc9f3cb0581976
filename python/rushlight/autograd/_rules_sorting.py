"""Derivatives of sorting, selection and running extremes; see _derivatives.py."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.autograd._rules_reductions import _pick_backward


def _put_back(g, shape, dim, index):
    """The gradient of elements that were taken along ``dim`` from distinct places."""
    if not shape:
        return g.reshape(shape)
    zeros = rushlight.zeros(shape, dtype=g.dtype, device=g.device)
    return _ops.scatter(zeros, dim, index, g)


def _add_back(g, shape, dim, index):
    if not shape:
        return g
    return _ops.scatter_add(
        rushlight.zeros(shape, dtype=g.dtype, device=g.device), dim, index, g
    )


def _shared(g, input, result):
    """Shared by all elements that are equal to the result."""
    mask = rushlight.where(result.isnan(), input.isnan(), input == result)
    return g / _ops.sum(mask) * mask


def _picked(g, input_shape, dim, keepdim, result1):
    return _pick_backward(g[0], input_shape, dim, keepdim, result1)


def _logcumsumexp_backward(g, input, dim, result):
    # sum over later i of g[i] * exp(input - result[i]), in logarithms so that nothing
    # overflows: apart for positive and negative g.
    if g.is_complex():
        logs = [_log_where(g, g != 0)]
    else:
        logs = [_log_where(g, g > 0), _log_where(-g, g < 0)]
    parts = [
        (_reversed_logcumsumexp(log - rushlight.conj(result), dim) + input.conj()).exp()
        for log in logs
    ]
    return parts[0] - parts[1] if len(parts) == 2 else parts[0]


def _log_where(g, mask):
    # Not -inf: its second derivative would be NaN.
    real = g.real.dtype if g.is_complex() else g.dtype
    least = rushlight.full_like(g, rushlight.finfo(real).min / 4)
    return rushlight.where(
        mask, rushlight.where(mask, g, rushlight.ones_like(g)).log(), least
    )


def _reversed_logcumsumexp(x, dim):
    if not x.dim():
        return x
    return _ops.flip(_ops.logcumsumexp(_ops.flip(x, dim), dim), dim)


def _no_histogram(g):
    raise NotImplementedError(
        "derivative for 'histc' and 'histogram' is not implemented: detach() their "
        "inputs"
    )


RULES = {
    "sort": {
        "input": lambda g, input_shape, dim, result1: _put_back(
            g[0], input_shape, dim, result1
        )
    },
    "topk": {
        "input": lambda g, input_shape, dim, result1: _put_back(
            g[0], input_shape, dim, result1
        )
    },
    "kthvalue": {"input": _picked},
    "median": {"input": _picked},
    "nanmedian": {"input": _picked},
    "mode": {"input": _picked},
    "median_all": {"input": _shared},
    "nanmedian_all": {"input": _shared},
    "cummax": {
        "input": lambda g, input_shape, dim, result1: _add_back(
            g[0], input_shape, dim, result1
        )
    },
    "cummin": {
        "input": lambda g, input_shape, dim, result1: _add_back(
            g[0], input_shape, dim, result1
        )
    },
    "logcumsumexp": {"input": _logcumsumexp_backward},
    "histogram_counts": {"input": _no_histogram, "weight": _no_histogram},
}
