"""The normalisations as formulas over tensors, with their checks.

They serve devices without kernels for them, and complex numbers; the tests hold the
kernels against them.
"""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.nn._functional._support import (
    check_floats,
    check_tensors,
    is_half,
    widen,
)


def check_parameters(op, input, *parameters):
    """Parameters have input's dtype; beside half precision they may all be float32."""
    check_floats(op, input)
    check_tensors(op, *parameters)
    dtypes = {x.dtype for x in parameters if x is not None}
    if dtypes == {input.dtype} or not dtypes:
        return
    if not (dtypes == {rushlight.float32} and is_half(input)):
        names = ", ".join(sorted(str(dtype) for dtype in dtypes))
        raise RuntimeError(
            f"{op}(): mixed dtype: an input of {input.dtype} does not go with "
            f"parameters of {names}; convert one of them"
        )


def scaled(x, weight, bias, shape, dtype):
    """``x * weight + bias`` for parameters of a shape, in a dtype."""
    if weight is not None:
        x = x * widen(weight).reshape(shape)
    if bias is not None:
        x = x + widen(bias).reshape(shape)
    return x.to(dtype)


def _standardized(x, dims, eps):
    """``(x - mean) / sqrt(var + eps)`` over dims."""
    centered = x - _ops.mean(x, dims, True)
    variance = _ops.mean(centered * centered, dims, True)
    return centered * (variance + eps).rsqrt()


def _check_vector(op, name, x, size, text):
    if x is not None and tuple(x.shape) != (size,):
        raise RuntimeError(
            f"{op}(): Expected {name} to be a vector of size equal to {text}, {size}, "
            f"but got {name} of shape {list(x.shape)}"
        )


def channels_of(op, input):
    check_tensors(op, input)
    if input.dim() < 2:
        raise IndexError(
            f"{op}(): Dimension out of range: expected an input of shape (N, C, ...), "
            f"got {tuple(input.shape)}"
        )
    return input.shape[1]


def check_running(op, running_mean, running_var, training):
    if not training:
        for name, x in (("running_mean", running_mean), ("running_var", running_var)):
            if x is None:
                raise RuntimeError(f"{op}(): {name} must be defined in evaluation mode")
    elif (running_mean is None) != (running_var is None):
        raise ValueError(
            f"{op}(): running_mean and running_var must either both be None or neither "
            "be None"
        )


def batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    op = "batch_norm"
    channels = channels_of(op, input)
    check_running(op, running_mean, running_var, training)
    parameters = {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }
    for name, x in parameters.items():
        check_tensors(op, x)
        if x is not None and x.numel() != channels:
            raise RuntimeError(
                f"{op}(): {name} should contain {channels} elements not {x.numel()}"
            )
    check_parameters(op, input, *parameters.values())
    shape = (1, channels, *[1] * (input.dim() - 2))
    x = widen(input)
    if not training:
        mean, var = (widen(r).reshape(shape) for r in (running_mean, running_var))
        result = (x - mean) * (var + eps).rsqrt()
    else:
        dims = [d for d in range(x.dim()) if d != 1]
        mean = _ops.mean(x, dims, True)
        centered = x - mean
        var = _ops.mean(centered * centered, dims, True)
        result = centered * (var + eps).rsqrt()
        if running_mean is not None:
            count = x.numel() // channels
            unbiased = var * (count / (count - 1) if count > 1 else math.nan)
            _follow(running_mean, mean, momentum)
            _follow(running_var, unbiased, momentum)
    return scaled(result, weight, bias, shape, input.dtype)


def _follow(running, value, momentum):
    with rushlight.no_grad():
        value = value.detach().reshape(running.shape)
        running.copy_((1 - momentum) * widen(running) + momentum * value)


def normalized_dims(op, input, shape, *parameters):
    """The last dims as negative numbers, checked against ``normalized_shape``."""
    check_tensors(op, input, *parameters)
    if not isinstance(shape, (tuple, list)):
        raise TypeError(
            f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, "
            f"not {type(shape).__name__}"
        )
    shape = tuple(shape)
    if not shape:
        raise RuntimeError(
            f"{op}(): Expected normalized_shape to be at least 1-dimensional, i.e., "
            "containing at least one element, but got normalized_shape = []"
        )
    for x in parameters:
        if x is not None and tuple(x.shape) != shape:
            raise RuntimeError(
                f"{op}(): Expected weight and bias to be of same shape as "
                f"normalized_shape, but got shape {list(x.shape)} and normalized_shape "
                f"= {list(shape)}"
            )
    if tuple(input.shape[input.dim() - len(shape) :]) != shape or input.dim() < len(
        shape
    ):
        raise RuntimeError(
            f"{op}(): Given normalized_shape={list(shape)}, expected input with shape "
            f"[*, {', '.join(map(str, shape))}], but got input of size "
            f"{list(input.shape)}"
        )
    return list(range(-len(shape), 0))


def layer_norm(input, normalized_shape, weight, bias, eps):
    dims = normalized_dims("layer_norm", input, normalized_shape, weight, bias)
    check_parameters("layer_norm", input, weight, bias)
    result = _standardized(widen(input), dims, eps)
    return scaled(result, weight, bias, tuple(normalized_shape), input.dtype)


def rms_norm(input, normalized_shape, weight, eps):
    dims = normalized_dims("rms_norm", input, normalized_shape, weight)
    if not input.is_complex():
        check_floats("rms_norm", input)
    x = widen(input)
    if eps is None:
        eps = rushlight.finfo(x.dtype).eps
    result = x * (_ops.mean(x * x, dims, True) + eps).rsqrt()
    return scaled(result, weight, None, tuple(normalized_shape), input.dtype)


def group_norm(input, num_groups, weight, bias, eps):
    op = "group_norm"
    channels = channels_of(op, input)
    if num_groups <= 0:
        raise RuntimeError(
            f"{op}(): Expected num groups to be greater than 0, got {num_groups}"
        )
    if channels % num_groups:
        raise RuntimeError(
            f"{op}(): Expected number of channels in input to be divisible by "
            f"num_groups, but got input of shape {list(input.shape)} and num_groups="
            f"{num_groups}"
        )
    check_tensors(op, weight, bias)
    for name, x in (("weight", weight), ("bias", bias)):
        _check_vector(op, name, x, channels, "the number of channels in input")
    check_parameters(op, input, weight, bias)
    x = widen(input)
    if x.numel():
        grouped = x.reshape(x.shape[0], num_groups, -1)
        x = _standardized(grouped, [-1], eps).reshape(x.shape)
    shape = (1, channels, *[1] * (input.dim() - 2))
    return scaled(x * 1 if x is input else x, weight, bias, shape, input.dtype)
