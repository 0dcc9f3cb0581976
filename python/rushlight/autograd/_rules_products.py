"""Derivatives of products and convolutions: a part of the table in _derivatives.py."""

from __future__ import annotations

import rushlight
from rushlight import _ops


def _h(x):
    return x.mT.conj() if x.is_complex() else x.mT


def _conj(x):
    return x.conj() if x.is_complex() else x


def _matmul_input(g, input_shape, other):
    if other.dim() == 1:
        return g.unsqueeze(-1) * _conj(other)
    if len(input_shape) == 1:
        return (g.unsqueeze(-2) @ _h(other)).squeeze(-2)
    return g @ _h(other)


def _matmul_other(g, input, other_shape):
    if input.dim() == 1:
        if len(other_shape) == 1:
            return g * _conj(input)
        return _conj(input).unsqueeze(-1) * g.unsqueeze(-2)
    if len(other_shape) == 1:
        return (_h(input) @ g.unsqueeze(-1)).squeeze(-1)
    return _h(input) @ g


def _linear_input(g, weight):
    if weight.dim() == 1:
        return g.unsqueeze(-1) * _conj(weight)
    return g @ _conj(weight)


def _linear_weight(g, input, weight_shape):
    rows = input.reshape(-1, input.shape[-1])
    if len(weight_shape) == 1:
        return g.reshape(-1) @ _conj(rows)
    return g.reshape(-1, weight_shape[0]).t() @ _conj(rows)


def _scaled(g, factor):
    return g if factor == 1 else g * factor.conjugate()


def _conv_bias(g):
    return g.sum((0, 2, 3) if g.dim() == 4 else (1, 2))


def _avg_pool2d_input(
    g,
    input_shape,
    kernel_size,
    stride,
    padding,
    ceil_mode,
    count_include_pad,
    divisor_override,
):
    return _ops.avg_pool2d_backward(
        g,
        input_shape,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _avg_pool2d_grad_output(
    g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
):
    return _ops.avg_pool2d(
        g, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


# A one-dimensional convolution is a two-dimensional one over images of height 1.
def _flat(values, height):
    size = values[0] if isinstance(values, (tuple, list)) else values
    return (height, size)


def _conv1d_input(g, weight, input_shape, stride, padding, dilation, groups):
    return _ops.conv2d_backward_input(
        g.unsqueeze(-2),
        _conj(weight).unsqueeze(-2),
        (*input_shape[:-1], 1, input_shape[-1]),
        _flat(stride, 1),
        _flat(padding, 0),
        _flat(dilation, 1),
        groups,
    ).squeeze(-2)


def _conv1d_weight(g, input, weight_shape, stride, padding, dilation, groups):
    return _ops.conv2d_backward_weight(
        g.unsqueeze(-2),
        _conj(input).unsqueeze(-2),
        (*weight_shape[:-1], 1, weight_shape[-1]),
        _flat(stride, 1),
        _flat(padding, 0),
        _flat(dilation, 1),
        groups,
    ).squeeze(-2)


def _maxima_input(g, input_shape, result1):
    return _ops.max_pool2d_with_indices_backward(g[0], result1, input_shape)


def _at_indices(g, indices):
    return g.flatten(-2).gather(-1, indices.flatten(-2)).reshape(indices.shape)


PRODUCTS = {
    "dot": dict(
        input=lambda g, tensor: g * _conj(tensor),
        tensor=lambda g, input: g * _conj(input),
    ),
    "mv": dict(
        input=lambda g, vec: g.unsqueeze(-1) * _conj(vec),
        vec=lambda g, input: _h(input) @ g,
    ),
    "mm": dict(input=lambda g, mat2: g @ _h(mat2), mat2=lambda g, input: _h(input) @ g),
    "bmm": dict(
        input=lambda g, mat2: g @ _h(mat2), mat2=lambda g, input: _h(input) @ g
    ),
    "matmul": dict(input=_matmul_input, other=_matmul_other),
    "addmv": dict(
        input=lambda g, beta: _scaled(g, beta),
        mat=lambda g, vec, alpha: _scaled(g.unsqueeze(-1) * _conj(vec), alpha),
        vec=lambda g, mat, alpha: _scaled(_h(mat) @ g, alpha),
    ),
    "addmm": dict(
        input=lambda g, beta: _scaled(g, beta),
        mat1=lambda g, mat2, alpha: _scaled(g @ _h(mat2), alpha),
        mat2=lambda g, mat1, alpha: _scaled(_h(mat1) @ g, alpha),
    ),
    "baddbmm": dict(
        input=lambda g, beta: _scaled(g, beta),
        batch1=lambda g, batch2, alpha: _scaled(g @ _h(batch2), alpha),
        batch2=lambda g, batch1, alpha: _scaled(_h(batch1) @ g, alpha),
    ),
    "outer": dict(
        input=lambda g, vec2: g @ _conj(vec2),
        vec2=lambda g, input: g.t() @ _conj(input),
    ),
    "linear": dict(input=_linear_input, weight=_linear_weight, bias=lambda g: g),
    "conv2d": dict(
        input=lambda g, weight, input_shape, stride, padding, dilation, groups: (
            _ops.conv2d_backward_input(
                g, _conj(weight), input_shape, stride, padding, dilation, groups
            )
        ),
        weight=lambda g, input, weight_shape, stride, padding, dilation, groups: (
            _ops.conv2d_backward_weight(
                g, _conj(input), weight_shape, stride, padding, dilation, groups
            )
        ),
        bias=lambda g: _conv_bias(g),
    ),
    "conv1d": dict(
        input=_conv1d_input,
        weight=_conv1d_weight,
        bias=lambda g: g.sum((0, 2) if g.dim() == 3 else 1),
    ),
    # Both are linear in each argument, and each other's adjoints.
    "conv2d_backward_input": dict(
        grad_output=lambda g, weight, stride, padding, dilation, groups: _ops.conv2d(
            g, _conj(weight), None, stride, padding, dilation, groups
        ),
        weight=lambda g, grad_output, weight_shape, stride, padding, dilation, groups: (
            _ops.conv2d_backward_weight(
                _conj(grad_output), g, weight_shape, stride, padding, dilation, groups
            )
        ),
    ),
    "conv2d_backward_weight": dict(
        grad_output=lambda g, input, stride, padding, dilation, groups: _ops.conv2d(
            _conj(input), g, None, stride, padding, dilation, groups
        ),
        input=lambda g, grad_output, input_shape, stride, padding, dilation, groups: (
            _ops.conv2d_backward_input(
                _conj(grad_output), g, input_shape, stride, padding, dilation, groups
            )
        ),
    ),
    # -- pooling -----------------------------------------------------------------------
    # Recorded through max_pool2d_with_indices; alone it keeps no place to send
    # gradients to.
    "max_pool2d_with_indices": dict(input=_maxima_input),
    "adaptive_max_pool2d": dict(input=_maxima_input),
    "max_pool2d_with_indices_backward": dict(grad_output=_at_indices),
    "avg_pool2d": dict(input=_avg_pool2d_input),
    "avg_pool2d_backward": dict(grad_output=_avg_pool2d_grad_output),
    "adaptive_avg_pool2d": dict(
        input=lambda g, input_shape: _ops.adaptive_avg_pool2d_backward(g, input_shape)
    ),
    "adaptive_avg_pool2d_backward": dict(
        grad_output=lambda g, grad_output_shape: _ops.adaptive_avg_pool2d(
            g, grad_output_shape[-2:]
        )
    ),
}

# Samplers overwrite what was there.
PRODUCTS.update(
    {
        name: dict(self=None)
        for name in (
            "uniform normal log_normal exponential geometric cauchy random_range "
            "bernoulli_tensor bernoulli_number resize"
        ).split()
    }
)
# Of the probabilities a drawn number tells nothing.
PRODUCTS["bernoulli_tensor"] = dict(
    self=None,
    p=lambda g, p_shape: rushlight.zeros(p_shape, dtype=g.dtype, device=g.device),
)
