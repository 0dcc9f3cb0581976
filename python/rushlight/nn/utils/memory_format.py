"""Convolution weights in another memory order."""

from __future__ import annotations

from rushlight._core import memory_format
from rushlight.nn.modules.conv import _ConvNd
from rushlight.nn.utils._typing import M

__all__ = [
    "convert_conv2d_weight_memory_format",
    "convert_conv3d_weight_memory_format",
]


def convert_conv2d_weight_memory_format(module: M, memory_format: memory_format) -> M:
    """Lay out the weights of all 2-d convolutions in a module in a memory format.

    Args:
        module: a model; its other layers stay as they are.
        memory_format: ``rushlight.channels_last`` or ``rushlight.contiguous_format``.

    Returns:
        ``module``.

    Example:
        >>> import rushlight
        >>> from rushlight import nn
        >>> net = nn.Sequential(nn.Conv2d(2, 4, 3))
        >>> net = nn.utils.convert_conv2d_weight_memory_format(
        ...     net, rushlight.channels_last
        ... )
        >>> net[0].weight.is_contiguous(memory_format=rushlight.channels_last)
        True
    """
    return _convert(module, memory_format, 4)


def convert_conv3d_weight_memory_format(module: M, memory_format: memory_format) -> M:
    """Lay out the weights of all 3-d convolutions in a module in a memory format.

    Args:
        module: a model; its other layers stay as they are.
        memory_format: ``rushlight.channels_last_3d`` or
            ``rushlight.contiguous_format``.

    Returns:
        ``module``.
    """
    return _convert(module, memory_format, 5)


def _convert(module, memory_format, ndim):
    for part in module.modules():
        if isinstance(part, _ConvNd) and part.weight.ndim == ndim:
            weight = part.weight.detach()
            part.weight.data = weight.contiguous(memory_format=memory_format)
    return module
