"""Folding a batch normalization in evaluation mode into the layer before it."""

from __future__ import annotations

import copy

import rushlight
from rushlight._core import Tensor
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter
from rushlight.nn.utils._typing import M

__all__ = [
    "fuse_conv_bn_eval",
    "fuse_conv_bn_weights",
    "fuse_linear_bn_eval",
    "fuse_linear_bn_weights",
]


def fuse_conv_bn_eval(conv: M, bn: Module, transpose: bool = False) -> M:
    """Return one convolution that does what a convolution and a batch norm do.

    Args:
        conv: the convolution, in evaluation mode; it stays as it is.
        bn: the normalization of its output, in evaluation mode, with running values.
        transpose: the convolution is a transposed one. Default: ``False``.

    Returns:
        A copy of ``conv`` with other weights.

    Raises:
        AssertionError: a module is in training mode, or ``bn`` has no running values.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> conv, bn = nn.Conv2d(1, 2, 3).eval(), nn.BatchNorm2d(2).eval()
        >>> x = rushlight.randn(1, 1, 4, 4)
        >>> fused = nn.utils.fuse_conv_bn_eval(conv, bn)
        >>> rushlight.allclose(fused(x), bn(conv(x)), atol=1e-6)
        True
    """
    _check_modes(conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
        transpose,
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: Tensor,
    conv_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
    transpose: bool = False,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of a convolution with a batch norm folded in.

    Args:
        conv_w: the convolution's weight, shape ``(C_out, C_in, *kernel)``, or
            ``(C_in, C_out, *kernel)`` with ``transpose``.
        conv_b: its bias, shape ``(C_out,)``, or ``None``.
        bn_rm: the running mean, shape ``(C_out,)``.
        bn_rv: the running variance, shape ``(C_out,)``.
        bn_eps: what is added to the variance.
        bn_w: the normalization's weight, or ``None``.
        bn_b: the normalization's bias, or ``None``.
        transpose: the convolution is a transposed one. Default: ``False``.

    Returns:
        Two ``Parameter``s of the dtypes of ``conv_w`` and ``conv_b``.

    Example:
        >>> import rushlight
        >>> one, four = rushlight.ones(1), rushlight.full((1,), 4.0)
        >>> weight, bias = rushlight.nn.utils.fuse_conv_bn_weights(
        ...     rushlight.ones(1, 1, 1), None, one, four, 0.0, None, None
        ... )
        >>> weight.item(), bias.item()
        (0.5, -0.5)
    """
    bias_dtype = conv_w.dtype if conv_b is None else conv_b.dtype
    conv_b, bn_w, bn_b = _given(bn_rm, conv_b, bn_w, bn_b)
    scale = rushlight.rsqrt(bn_rv + bn_eps)
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    weight = (conv_w * (bn_w * scale).reshape(shape)).to(conv_w.dtype)
    bias = ((conv_b - bn_rm) * scale * bn_w + bn_b).to(bias_dtype)
    return (
        Parameter(weight, conv_w.requires_grad),
        Parameter(bias, conv_b.requires_grad),
    )


def fuse_linear_bn_eval(linear: M, bn: Module) -> M:
    """Return one linear layer that does what a linear layer and a batch norm do.

    Args:
        linear: the layer, in evaluation mode; it stays as it is.
        bn: the normalization of its output, in evaluation mode, with running values
            for as many features as ``linear`` gives, or for one.

    Returns:
        A copy of ``linear`` with other weights.

    Raises:
        AssertionError: a module is in training mode, ``bn`` has no running values, or
            the numbers of features differ.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> linear, bn = nn.Linear(2, 3).eval(), nn.BatchNorm1d(3).eval()
        >>> x = rushlight.randn(4, 2)
        >>> fused = nn.utils.fuse_linear_bn_eval(linear, bn)
        >>> rushlight.allclose(fused(x), bn(linear(x)), atol=1e-6)
        True
    """
    _check_modes(linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            "To fuse, linear.out_features == bn.num_features or bn.num_features == 1, "
            f"got linear.out_features={linear.out_features} and "
            f"bn.num_features={bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight,
        fused.bias,
        bn.running_mean,
        bn.running_var,
        bn.eps,
        bn.weight,
        bn.bias,
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: Tensor,
    linear_b: Tensor | None,
    bn_rm: Tensor,
    bn_rv: Tensor,
    bn_eps: float,
    bn_w: Tensor | None,
    bn_b: Tensor | None,
) -> tuple[Parameter, Parameter]:
    """Return the weight and bias of a linear layer with a batch norm folded in.

    Args:
        linear_w: the layer's weight, shape ``(out, in)``.
        linear_b: its bias, shape ``(out,)``, or ``None``.
        bn_rm: the running mean, shape ``(out,)`` or ``(1,)``.
        bn_rv: the running variance, of the same shape.
        bn_eps: what is added to the variance.
        bn_w: the normalization's weight, or ``None``.
        bn_b: the normalization's bias, or ``None``.

    Returns:
        Two ``Parameter``s of the dtypes of ``linear_w`` and ``linear_b``.

    Example:
        >>> import rushlight
        >>> zero, one, four = (rushlight.full((1,), v) for v in (0.0, 1.0, 4.0))
        >>> weight, bias = rushlight.nn.utils.fuse_linear_bn_weights(
        ...     rushlight.ones(1, 1), None, one, four, 0.0, one, zero
        ... )
        >>> weight.item(), bias.item()
        (0.5, -0.5)
    """
    bias_dtype = linear_w.dtype if linear_b is None else linear_b.dtype
    linear_b, bn_w, bn_b = _given(bn_rm, linear_b, bn_w, bn_b)
    scale = bn_w * rushlight.rsqrt(bn_rv + bn_eps)
    weight = linear_w * scale.unsqueeze(-1).to(linear_w.dtype)
    bias = ((linear_b - bn_rm) * scale + bn_b).to(bias_dtype)
    return (
        Parameter(weight, linear_w.requires_grad),
        Parameter(bias, linear_b.requires_grad),
    )


def _given(like, layer_bias, weight, bias):
    """Return a layer's bias and a norm's weight and bias, ``None`` made explicit."""
    return (
        rushlight.zeros_like(like) if layer_bias is None else layer_bias,
        rushlight.ones_like(like) if weight is None else weight,
        rushlight.zeros_like(like) if bias is None else bias,
    )


def _check_modes(layer, bn) -> None:
    if layer.training or bn.training:
        raise AssertionError(
            f"Fusion only for eval! Call .eval() on the {type(layer).__name__} and the "
            f"{type(bn).__name__} first"
        )
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError("bn.running_mean and bn.running_var must not be None")
