"""Derivatives of activations and of losses between two tensors of one shape.

First derivatives have kernels; the second derivatives of the functions are formulas.
"""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.nn._functional._support import widen


def _where(mask, x):
    return _ops.where(mask, x, rushlight.zeros_like(x))


# The second derivative of every unit at x, given its numbers; None where it is 0.


def _elu(x, a, b, c):
    below = x <= 0
    return _where(below, (_where(below, x) * c).exp() * (a * c * c))


def _gelu(x, a, b, c):
    return (x * x * -0.5).exp() * (2 - x * x) / math.sqrt(2 * math.pi)


def _gelu_tanh(x, a, b, c):
    # x / 2 * (1 + tanh(u)) with u = root * (x + cubic * x ** 3).
    root, cubic = math.sqrt(2 / math.pi), 0.044715
    square = x * x
    t = (root * (x + cubic * (square * x))).tanh()
    slope = 1 - t * t
    first = root * (1 + 3 * cubic * square)
    second = root * 6 * cubic * x
    return slope * first + 0.5 * x * slope * (second - 2 * t * first * first)


def _hardswish(x, a, b, c):
    return _where((x > -3) & (x < 3), rushlight.full_like(x, 1 / 3))


def _log_sigmoid(x, a, b, c):
    s = x.sigmoid()
    return s * (s - 1)


def _mish(x, a, b, c):
    # x * tanh(v) with v = log(1 + exp(x)), whose slope is s.
    s, t = x.sigmoid(), _ops.softplus(x).tanh()
    slope = s * (1 - t * t)
    return slope * (2 + x * (1 - s - 2 * s * t))


def _silu(x, a, b, c):
    s = x.sigmoid()
    return s * (1 - s) * (2 + x * (1 - 2 * s))


def _softplus(x, a, b, c):
    s = (x * a).sigmoid()
    return _where(x * a <= b, s * (1 - s) * a)


_SECOND = {
    "elu": _elu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "hardsigmoid": None,
    "hardswish": _hardswish,
    "hardtanh": None,
    "leaky_relu": None,
    "log_sigmoid": _log_sigmoid,
    "mish": _mish,
    "silu": _silu,
    "softplus": _softplus,
}


def _unit_input(g, grad, input, unit, a, b, c):
    second = _SECOND[unit]
    if second is None:
        return None
    return (widen(g) * widen(grad) * second(widen(input), a, b, c)).to(g.dtype)


# The slope of every loss at x and t, as a formula.


def _probability(x, t, a):
    return (x - t) / ((1 - x) * x).clamp(min=1e-12)


def _huber(x, t, a):
    return (x - t).clamp(min=-a, max=a)


def _smooth_l1(x, t, a):
    d = x - t
    return _ops.where(d.abs() < a, d / a, d.sign())


_SLOPE = {
    "binary_cross_entropy": _probability,
    "binary_cross_entropy_with_logits": lambda x, t, a: x.sigmoid() - t,
    "huber": _huber,
    "l1": lambda x, t, a: (x - t).sign(),
    "mse": lambda x, t, a: (x - t) * 2,
    "smooth_l1": _smooth_l1,
}


def _of_differences(loss):
    if loss.startswith("binary"):
        raise NotImplementedError(
            f"{loss}(): the derivative of its targets is not that of its input; it is "
            "computed by the formula in nn.functional"
        )


def _loss(g, wanted, input, target, loss, reduction, a):
    if wanted[1]:
        _of_differences(loss)
    if not rushlight.is_grad_enabled():
        gradient = _ops.pair_loss_backward(g, input, target, loss, reduction, a)
    else:
        slope = _SLOPE[loss](widen(input), widen(target), a)
        gradient = widen(g) * slope
        if reduction == 1:
            gradient = gradient / input.numel()
    return gradient if wanted[0] else None, -gradient if wanted[1] else None


def _gate(input, dim):
    half = input.shape[dim] // 2
    x, s = input.narrow(dim, 0, half), input.narrow(dim, half, half).sigmoid()
    return x, s, s * (1 - s)


def _halves(g, dim):
    half = g.shape[dim] // 2
    return g.narrow(dim, 0, half), g.narrow(dim, half, half)


def _glu_backward_grad(g, input, dim):
    x, s, slope = _gate(input, dim)
    first, second = _halves(g, dim)
    return first * s + second * x * slope


def _glu_backward_input(g, grad, input, dim):
    x, s, slope = _gate(input, dim)
    first, second = _halves(g, dim)
    for_gate = first + second * x * (1 - 2 * s)
    return rushlight.cat([second * grad * slope, for_gate * grad * slope], dim)


def _prelu(g, wanted, input, weight):
    if not rushlight.is_grad_enabled():
        return _ops.prelu_backward(g, input, weight, *wanted)
    x, g, w = widen(input), widen(g), widen(weight)
    above, zero = x > 0, rushlight.zeros_like(x)
    if w.numel() == 1:
        w, dims = w.reshape(()), None
    else:
        w, dims = w.reshape(-1, *[1] * (x.dim() - 2)), [0, *range(2, x.dim())]
    for_weight = None
    if wanted[1]:
        for_weight = _ops.where(above, zero, g * x)
        for_weight = for_weight.sum() if dims is None else for_weight.sum(dims)
        for_weight = for_weight.reshape(weight.shape)
    return _ops.where(above, g, g * w) if wanted[0] else None, for_weight


RULES = {
    "elu": dict(
        input=lambda g, input, a, b, c: _ops.unit_backward(g, input, "elu", a, b, c)
    ),
    "gelu": dict(
        input=lambda g, input, approximate: _ops.unit_backward(
            g, input, "gelu" if approximate == "none" else "gelu_tanh"
        )
    ),
    "hardsigmoid": dict(
        input=lambda g, input: _ops.unit_backward(g, input, "hardsigmoid")
    ),
    "hardswish": dict(input=lambda g, input: _ops.unit_backward(g, input, "hardswish")),
    "hardtanh": dict(
        input=lambda g, input, min_val, max_val: _ops.unit_backward(
            g, input, "hardtanh", min_val, max_val
        )
    ),
    "leaky_relu": dict(
        input=lambda g, input, negative_slope: _ops.unit_backward(
            g, input, "leaky_relu", negative_slope
        )
    ),
    "log_sigmoid": dict(
        input=lambda g, input: _ops.unit_backward(g, input, "log_sigmoid")
    ),
    "mish": dict(input=lambda g, input: _ops.unit_backward(g, input, "mish")),
    "silu": dict(input=lambda g, input: _ops.unit_backward(g, input, "silu")),
    "softplus": dict(
        input=lambda g, input, beta, threshold: _ops.unit_backward(
            g, input, "softplus", beta, threshold
        )
    ),
    "unit_backward": dict(
        grad=lambda g, input, unit, a, b, c: _ops.unit_backward(
            g, input, unit, a, b, c
        ),
        input=_unit_input,
    ),
    "pair_loss": (("input", "target"), _loss),
    "glu": dict(input=lambda g, input, dim: _ops.glu_backward(g, input, dim)),
    "glu_backward": dict(grad=_glu_backward_grad, input=_glu_backward_input),
    "prelu": (("input", "weight"), _prelu),
}
