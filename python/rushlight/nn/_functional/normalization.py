"""Normalisation over a batch, a layer, groups of channels, or neighbouring channels.

Functions that begin with an underscore serve the namesakes in ``rushlight`` too, which
check less.
"""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight.nn._functional import norm_formulas
from rushlight.nn._functional._support import check_tensors, widen
from rushlight.nn._functional.norm_formulas import (
    channels_of,
    check_parameters,
    check_running,
    scaled,
)


def _batch_norm(
    input, weight, bias, running_mean, running_var, training, momentum, eps
):
    arguments = (running_mean, running_var, training, momentum, eps)
    if input.numel() == 0:
        return _empty_batch(input, weight, bias)
    if input.is_cuda:
        return norm_formulas.batch_norm(input, weight, bias, *arguments)
    return _ops.native_batch_norm(input, weight, bias, *arguments)[0]


def _empty_batch(input, weight, bias):
    # No value is scaled, but all get a gradient. PyTorch takes any shape here.
    result = input.clone()
    if weight is not None:
        result = result * weight.sum()
    return (result if bias is None else result + bias.sum()).to(input.dtype)


def _check_count(size):
    """Raises ValueError where a channel has a single value."""
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{size}"
        )


def batch_norm(
    input,
    running_mean,
    running_var,
    weight=None,
    bias=None,
    training=False,
    momentum=0.1,
    eps=1e-5,
):
    """Every channel moved to mean 0 and variance 1 (Ioffe and Szegedy 2015).

    Args:
        input (Tensor): floating point, shape ``(N, C, *)``.
        running_mean (Tensor): shape ``(C,)``, or ``None``.
        running_var (Tensor): shape ``(C,)``, or ``None``.
        weight (Tensor, optional): a factor for each channel.
        bias (Tensor, optional): a summand for each channel.
        training (bool): use the input's own mean and variance, and move the running
            ones towards them; otherwise the running ones are used.
        momentum (float): how far the running values move, in [0, 1].
        eps (float): added to the variance.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        ValueError: when a channel has a single value in training, or for a bad eps.
        RuntimeError: when shapes or dtypes do not fit.

    Example::

        >>> x = rushlight.tensor([[1.], [3.]])
        >>> rushlight.nn.functional.batch_norm(x, None, None, training=True)
        tensor([[-1.0000],
                [ 1.0000]])
    """
    check_tensors("batch_norm", input)
    if training:
        if input.dim() == 0:
            channels_of("batch_norm", input)
        _check_count(input.shape)
        if eps <= 0.0:
            raise ValueError(
                f"batch_norm eps must be positive during training, but got {eps}"
            )
    elif eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return _batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps
    )


def _instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
):
    op = "instance_norm"
    channels = channels_of(op, input)
    running = (running_mean, running_var)
    if not use_input_stats and None in running:
        raise RuntimeError(
            f"{op}(): Expected running_mean and running_var to be defined when "
            "use_input_stats is false"
        )
    check_running(op, *running, True)
    rows = input.shape[0]
    for name, x in (("weight", weight), ("bias", bias)):
        check_tensors(op, x)
        if x is not None and x.numel() != channels:
            raise RuntimeError(
                f"{op}(): {name} should contain {channels} elements not {x.numel()}"
            )
    check_parameters(op, input, weight, bias)
    input = input.contiguous()
    if not use_input_stats:
        return _batch_norm(input, weight, bias, *running, False, momentum, eps)
    if running_mean is None and input.numel():
        # Every channel is a group.
        weight, bias = (None if x is None else x.reshape(-1) for x in (weight, bias))
        return _group_norm(input, channels, weight, bias, eps)
    copies = [None if x is None else x.repeat(rows) for x in running]
    # Every channel of every sample is a channel of one batch.
    result = _batch_norm(
        input.reshape(1, rows * channels, *input.shape[2:]),
        None,
        None,
        *copies,
        True,
        momentum,
        eps,
    ).reshape(input.shape)
    for target, copy in zip(running, copies):
        if target is not None and rows:
            with rushlight.no_grad():
                target.copy_(widen(copy).reshape(rows, channels).mean(0))
    shape = (1, channels, *[1] * (input.dim() - 2))
    return scaled(result, weight, bias, shape, input.dtype)


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """Every channel of every sample moved to mean 0 and variance 1 (Ulyanov et al.).

    Args:
        input (Tensor): floating point, shape ``(N, C, *)``.
        running_mean (Tensor, optional): shape ``(C,)``.
        running_var (Tensor, optional): shape ``(C,)``.
        weight (Tensor, optional): a factor for each channel.
        bias (Tensor, optional): a summand for each channel.
        use_input_stats (bool): use the input's own mean and variance, and move the
            running ones towards them; otherwise the running ones are used.
        momentum (float): how far the running values move, in [0, 1].
        eps (float): added to the variance.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        ValueError: when a channel has a single value and ``use_input_stats`` is set.
        RuntimeError: when shapes or dtypes do not fit.

    Example::

        >>> x = rushlight.tensor([[[1., 3.]]])
        >>> rushlight.nn.functional.instance_norm(x)
        tensor([[[-1.0000,  1.0000]]])
    """
    check_tensors("instance_norm", input)
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size "
            f"{input.shape}"
        )
    return _instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps
    )


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """The last dims moved to mean 0 and variance 1 (Ba et al. 2016).

    Args:
        input (Tensor): floating point, shape ``(*, *normalized_shape)``.
        normalized_shape (sequence of int): the sizes of the last dims.
        weight (Tensor, optional): factors, of ``normalized_shape``.
        bias (Tensor, optional): summands, of ``normalized_shape``.
        eps (float): added to the variance.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when shapes or dtypes do not fit.

    Example::

        >>> rushlight.nn.functional.layer_norm(rushlight.tensor([1., 3.]), (2,))
        tensor([-1.0000,  1.0000])
    """
    if not isinstance(normalized_shape, (tuple, list)) or input.is_cuda:
        return norm_formulas.layer_norm(input, normalized_shape, weight, bias, eps)
    return _ops.native_layer_norm(input, normalized_shape, weight, bias, eps)[0]


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """The last dims divided by their root mean square (Zhang and Sennrich 2019).

    Args:
        input (Tensor): floating point or complex, shape ``(*, *normalized_shape)``.
        normalized_shape (sequence of int): the sizes of the last dims.
        weight (Tensor, optional): factors, of ``normalized_shape``.
        eps (float, optional): added to the mean square; by default the distance from 1
            to the next number of the dtype that is computed in.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        RuntimeError: when shapes do not fit.

    Example::

        >>> rushlight.nn.functional.rms_norm(rushlight.tensor([1., 7.]), (2,))
        tensor([0.2000, 1.4000])
    """
    if (
        not isinstance(normalized_shape, (tuple, list))
        or input.is_cuda
        or input.is_complex()
    ):
        return norm_formulas.rms_norm(input, normalized_shape, weight, eps)
    return _ops.fused_rms_norm(input, normalized_shape, weight, eps)[0]


def _group_norm(input, num_groups, weight, bias, eps):
    if input.is_cuda:
        return norm_formulas.group_norm(input, num_groups, weight, bias, eps)
    return _ops.native_group_norm(input, num_groups, weight, bias, eps)[0]


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """Groups of channels moved to mean 0 and variance 1 (Wu and He 2018).

    Args:
        input (Tensor): floating point, shape ``(N, C, *)``.
        num_groups (int): a divisor of C.
        weight (Tensor, optional): a factor for each channel.
        bias (Tensor, optional): a summand for each channel.
        eps (float): added to the variance.

    Returns:
        Tensor: of input's shape and dtype.

    Raises:
        ValueError: when a group has a single value.
        RuntimeError: when shapes or dtypes do not fit.

    Example::

        >>> rushlight.nn.functional.group_norm(rushlight.tensor([[1., 3.]]), 1)
        tensor([[-1.0000,  1.0000]])
    """
    check_tensors("group_norm", input)
    if input.dim() < 2:
        raise RuntimeError(
            "group_norm(): Expected at least 2 dimensions for input tensor but "
            f"received {input.dim()}"
        )
    if num_groups > 0:
        rows = input.shape[0] * input.shape[1] // num_groups
        _check_count([rows, num_groups, *input.shape[2:]])
    return _group_norm(input, num_groups, weight, bias, eps)


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """Values divided by a power of the mean square of neighbouring channels.

    That is ``x / (k + alpha * mean(x ** 2)) ** beta``, the mean taken over ``size``
    channels with zeros beyond the first and last (Krizhevsky et al. 2012, section 3.3).

    Args:
        input (Tensor): shape ``(N, C, *)``, at least 3-d.
        size (int): the number of channels in a neighbourhood.
        alpha (float): the factor of the mean.
        beta (float): the exponent.
        k (float): the summand.

    Returns:
        Tensor: of input's shape.

    Raises:
        ValueError: when the input has less than 3 dims.

    Example::

        >>> x = rushlight.ones(1, 1, 2)
        >>> rushlight.nn.functional.local_response_norm(x, 1, alpha=1., beta=1.)
        tensor([[[0.5000, 0.5000]]])
    """
    check_tensors("local_response_norm", input)
    if input.dim() < 3:
        raise ValueError(
            "local_response_norm(): Expected 3D or higher dimensionality input (got "
            f"{input.dim()} dimensions)"
        )
    if input.numel() == 0:
        return input
    square = input * input
    rest = list(input.shape)
    sides = []
    for width in (size // 2, (size - 1) // 2):
        rest[1] = width
        sides.append(rushlight.zeros(*rest, dtype=input.dtype, device=input.device))
    windows = rushlight.cat([sides[0], square, sides[1]], 1).unfold(1, size, 1)
    total = windows.sum(-1)
    if input.is_floating_point() or input.is_complex():
        mean = total / size
    else:
        mean = rushlight.div(total, size, rounding_mode="trunc")
    return input / (mean * alpha + k).pow(beta)
