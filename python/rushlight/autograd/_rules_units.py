"""Derivatives of GELU, SiLU and leaky ReLU: a part of the table in _derivatives.py.

The compiled gradients are differentiated by the second derivatives of the formulas,
written with Tensor operations.
"""

from __future__ import annotations

import math

from rushlight import _ops

_ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)


def _gelu_bend(x, tanh):
    """The second derivative of GELU."""
    if not tanh:
        return (x * x * -0.5).exp() * (2 - x * x) / math.sqrt(2 * math.pi)
    t = (_ROOT_TWO_OVER_PI * (x + 0.044715 * (x * x * x))).tanh()
    inner = _ROOT_TWO_OVER_PI * (1 + 3 * 0.044715 * (x * x))
    change = _ROOT_TWO_OVER_PI * 6 * 0.044715 * x
    return (1 - t * t) * (inner + 0.5 * x * change - x * t * inner * inner)


def _silu_bend(x):
    s = x.sigmoid()
    return s * (1 - s) * (2 + x * (1 - 2 * s))


UNITS = {
    "gelu": dict(input=lambda g, input, tanh: _ops.gelu_backward(g, input, tanh)),
    "gelu_backward": dict(
        grad=lambda g, input, tanh: _ops.gelu_backward(g, input, tanh),
        input=lambda g, grad, input, tanh: g * grad * _gelu_bend(input, tanh),
    ),
    "silu": dict(input=lambda g, input: _ops.silu_backward(g, input)),
    "silu_backward": dict(
        grad=lambda g, input: _ops.silu_backward(g, input),
        input=lambda g, grad, input: g * grad * _silu_bend(input),
    ),
    "leaky_relu": dict(
        input=lambda g, input, negative_slope: _ops.leaky_relu_backward(
            g, input, negative_slope
        )
    ),
    # A straight line on either side has no second derivative.
    "leaky_relu_backward": dict(
        grad=lambda g, input, negative_slope: _ops.leaky_relu_backward(
            g, input, negative_slope
        ),
        input=None,
    ),
}
