"""Pooling."""

from __future__ import annotations

import rushlight
from rushlight.nn._functional._sizes import spread


def max_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the maximum over sliding windows of images.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        padding: -inf put on both sides, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        ceil_mode: count a last, partial window. Default: ``False``.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions in the flattened
        ``(H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.max_pool2d(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
        tensor([[[4.]]])
    """
    kernel_size = spread(kernel_size, 2, "max_pool2d", "kernel_size")
    if stride is None or stride == () or stride == []:
        stride = kernel_size
    else:
        stride = spread(stride, 2, "max_pool2d", "stride")
    values, indices = rushlight._ops.max_pool2d_with_indices(
        input,
        kernel_size,
        stride,
        spread(padding, 2, "max_pool2d", "padding"),
        spread(dilation, 2, "max_pool2d", "dilation"),
        ceil_mode,
    )
    return (values, indices) if return_indices else values
