"""Derivatives of reductions, running sums, softmax and nll_loss."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops


def _dims(dim, ndim):
    """The reduced dims, counted from 0; None and () mean all."""
    if dim is None or dim == () or dim == []:
        return list(range(ndim))
    dims = [dim] if isinstance(dim, int) else list(dim)
    return sorted(d % ndim for d in dims) if ndim else []


def _count(shape, dim):
    return math.prod(shape[d] for d in _dims(dim, len(shape)))


def _keep(g, shape, dim, keepdim):
    """A reduction's result with its reduced dims back, of size 1."""
    if keepdim or not shape:
        return g
    for d in _dims(dim, len(shape)):
        g = g.unsqueeze(d)
    return g


def _spread(g, shape, dim, keepdim):
    return _keep(g, shape, dim, keepdim).expand(shape)


def _prod_backward(g, input, result, dim, keepdim):
    g = _keep(g, input.shape, dim, keepdim)
    if not _ops.any(input == 0).item():
        return g * rushlight.conj(_keep(result, input.shape, dim, keepdim) / input)
    if dim is None:
        others = _products_of_others(input.reshape(-1)).reshape(input.shape)
    elif input.dim() == 0:
        others = rushlight.ones_like(input)
    else:
        others = _products_of_others(input.transpose(dim, -1)).transpose(dim, -1)
    return g * rushlight.conj(others)


def _products_of_others(x):
    """For each element the product of the others along the last dim, undivided."""
    n = x.shape[-1]
    width = 1
    while width < n:
        width *= 2
    lead = tuple(x.shape[:-1])
    level = rushlight.ones(lead + (width,), dtype=x.dtype, device=x.device)
    level[..., :n] = x
    # Up a binary tree of products, then down it, handing each child its sibling's.
    levels = [level]
    while levels[-1].shape[-1] > 1:
        pairs = levels[-1].reshape(lead + (-1, 2))
        levels.append(pairs[..., 0] * pairs[..., 1])
    first = rushlight.tensor([True, False], device=x.device)
    others = rushlight.ones_like(levels[-1])
    for level in reversed(levels[:-1]):
        pairs = level.reshape(lead + (-1, 2))
        siblings = rushlight.where(first, pairs[..., 1:], pairs[..., :1])
        others = (others.unsqueeze(-1) * siblings).reshape(level.shape)
    return others[..., :n]


def _cumprod_backward(g, input, dim, result):
    if input.dim() == 0:
        return g
    if not _ops.any(input == 0).item():
        return _ops.reversed_cumsum(g * rushlight.conj(result), dim) / rushlight.conj(
            input
        )
    # others[..., j, i]: the product of the first i + 1 elements without element j.
    x, slope = input.transpose(dim, -1), g.transpose(dim, -1)
    n = x.shape[-1]
    place = rushlight.arange(n, device=x.device)
    without = rushlight.where(
        place.unsqueeze(1) == place,
        rushlight.ones_like(x[..., :1, None]),
        x.unsqueeze(-2),
    )
    others = rushlight.conj(_ops.cumprod(without, -1))
    terms = slope.unsqueeze(-2) * others * (place >= place.unsqueeze(1))
    return _ops.sum(terms, -1).transpose(dim, -1)


def _moments_backward(g_var, g_mean, input, dim, correction, keepdim):
    shape = input.shape
    count = _count(shape, dim)
    total = None
    if g_var is not None:
        degrees = max(count - correction, 0)
        scale = 2 / degrees if degrees else math.inf
        centred = input - _ops.mean(input, dim, True)
        total = _keep(g_var, shape, dim, keepdim) * scale * centred
    if g_mean is not None:
        even = _spread(g_mean / count, shape, dim, keepdim)
        total = even if total is None else total + even
    return total


def _root_gradient(g, root):
    slope = g / (2 * root)
    return rushlight.where(root == 0, rushlight.zeros_like(slope), slope)


def _var_backward(g, input, dim, correction, keepdim):
    return _moments_backward(g, None, input, dim, correction, keepdim)


def _std_backward(g, input, dim, correction, keepdim, result):
    return _moments_backward(
        _root_gradient(g, result), None, input, dim, correction, keepdim
    )


def _share_backward(g, input, result, dim=None, keepdim=False):
    """The gradient of an extreme value, shared evenly by the elements that have it."""
    mask = input == _keep(result, input.shape, dim, keepdim)
    if dim is None:
        mask = mask | input.isnan()
    share = _keep(g, input.shape, dim, keepdim) / _ops.sum(mask, dim, True)
    return share * mask


def _pick_backward(g, shape, dim, keepdim, index):
    """The gradient of the elements at ``index`` along ``dim``."""
    if not shape:
        return g
    if not keepdim:
        g, index = g.unsqueeze(dim), index.unsqueeze(dim)
    places = [1] * len(shape)
    places[dim] = shape[dim]
    chosen = rushlight.arange(shape[dim], device=g.device).reshape(places) == index
    return rushlight.where(chosen, g, rushlight.zeros_like(g))


def _norm_backward(g, input, ord, dim, keepdim, result):
    shape = input.shape
    g, result = _keep(g, shape, dim, keepdim), _keep(result, shape, dim, keepdim)
    if ord == 0:
        return rushlight.zeros_like(input)
    if ord == 1:
        return g * input.sgn()
    zero = rushlight.zeros_like(result)
    if ord == 2:
        return input * rushlight.where(result == 0, zero, g / result)
    if math.isinf(ord):
        mask = input.abs() == result
        return input.sgn() * (g / _ops.sum(mask, dim, True)) * mask
    scale = rushlight.where(result == 0, zero, g / result ** (ord - 1))
    size = input.abs()
    if ord < 2:
        # |x|^(p - 1) has no finite value at 0 for p < 1; its subgradient there is 0.
        size = rushlight.where(size == 0, rushlight.ones_like(size), size)
        return input.sgn() * size ** (ord - 1) * scale
    return input * size ** (ord - 2) * scale


def _finite(x):
    return rushlight.where(x.isinf(), rushlight.zeros_like(x), x)


RULES = {
    "sum": dict(
        input=lambda g, input_shape, dim, keepdim: _spread(g, input_shape, dim, keepdim)
    ),
    "mean": dict(
        input=lambda g, input_shape, dim, keepdim: _spread(
            g / _count(input_shape, dim), input_shape, dim, keepdim
        )
    ),
    "prod": dict(input=_prod_backward),
    "var": dict(input=_var_backward),
    "std": dict(input=_std_backward),
    "var_mean": dict(
        input=lambda g, input, dim, correction, keepdim: _moments_backward(
            g[0], g[1], input, dim, correction, keepdim
        )
    ),
    "std_mean": dict(
        input=lambda g, input, dim, correction, keepdim, result0: _moments_backward(
            None if g[0] is None else _root_gradient(g[0], result0),
            g[1],
            input,
            dim,
            correction,
            keepdim,
        )
    ),
    "max_all": dict(input=lambda g, input, result: _share_backward(g, input, result)),
    "min_all": dict(input=lambda g, input, result: _share_backward(g, input, result)),
    "amax": dict(
        input=lambda g, input, result, dim, keepdim: _share_backward(
            g, input, result, dim, keepdim
        )
    ),
    "amin": dict(
        input=lambda g, input, result, dim, keepdim: _share_backward(
            g, input, result, dim, keepdim
        )
    ),
    "max": dict(
        input=lambda g, input_shape, dim, keepdim, result1: _pick_backward(
            g[0], input_shape, dim, keepdim, result1
        )
    ),
    "min": dict(
        input=lambda g, input_shape, dim, keepdim, result1: _pick_backward(
            g[0], input_shape, dim, keepdim, result1
        )
    ),
    "linalg_vector_norm": dict(input=_norm_backward),
    "logsumexp": dict(
        input=lambda g, input, result, dim, keepdim: (
            _keep(g, input.shape, dim, keepdim)
            * rushlight.conj(
                (input - _finite(_keep(result, input.shape, dim, keepdim))).exp()
            )
        )
    ),
    "cumsum": dict(input=lambda g, dim: _ops.reversed_cumsum(g, dim)),
    "reversed_cumsum": dict(input=lambda g, dim: _ops.cumsum(g, dim)),
    "cumprod": dict(input=_cumprod_backward),
    "softmax": dict(input=lambda g, result, dim: _ops.softmax_backward(g, result, dim)),
    "log_softmax": dict(
        input=lambda g, result, dim: _ops.log_softmax_backward(g, result, dim)
    ),
    "softmax_backward": dict(
        grad=lambda g, output, dim: _ops.softmax_backward(g, output, dim),
        output=lambda g, grad, output, dim: (
            g * grad
            - (g * output).sum(dim, True) * grad
            - g * (grad * output).sum(dim, True)
        ),
    ),
    "log_softmax_backward": dict(
        grad=lambda g, output, dim: g - (g * output.exp()).sum(dim, True),
        output=lambda g, grad, output, dim: -g * output.exp() * grad.sum(dim, True),
    ),
    "nll_loss": dict(
        input=lambda g, input_shape, target, weight, reduction, ignore_index: (
            _ops.nll_loss_backward(
                g, target, weight, reduction, ignore_index, input_shape
            )
        )
    ),
    "nll_loss_backward": dict(
        grad=lambda g, target, weight, reduction, ignore_index: _ops.nll_loss(
            g, target, weight, reduction, ignore_index
        )
    ),
}
