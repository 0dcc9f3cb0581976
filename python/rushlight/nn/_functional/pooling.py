"""Maxima over sliding windows: the pools of one, two and three dims."""

from __future__ import annotations

import rushlight
from rushlight import _ops
from rushlight.nn._functional._sizes import check_rank, spread


def max_pool1d_with_indices(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """:func:`max_pool1d` that returns (maxima, their int64 positions) always.

    Shape:
        Input (C, L) or (N, C, L), both outputs the same with ``floor((L + 2 p - d (k -
        1) - 1) / s + 1)`` as L.
    """
    return _max_pool(
        1, input, kernel_size, stride, padding, dilation, ceil_mode, indices=True
    )


def max_pool2d_with_indices(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """:func:`max_pool2d` that returns (maxima, their int64 positions) always.

    Shape:
        Input (C, H, W) or (N, C, H, W), both outputs the same with each of H and W as
        the L of :func:`max_pool1d_with_indices`.
    """
    return _max_pool(
        2, input, kernel_size, stride, padding, dilation, ceil_mode, indices=True
    )


def max_pool3d_with_indices(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """:func:`max_pool3d` that returns (maxima, their int64 positions) always.

    Shape:
        Input (C, D, H, W) or (N, C, D, H, W), both outputs the same with each of D, H
        and W as the L of :func:`max_pool1d_with_indices`.
    """
    return _max_pool(
        3, input, kernel_size, stride, padding, dilation, ceil_mode, indices=True
    )


def max_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the maximum over sliding windows of signals.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        padding: -inf put on both ends, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        ceil_mode: count a last, partial window. Default: ``False``.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.max_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    return _max_pool(
        1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


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
    return _max_pool(
        2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """Take the maximum over sliding windows of volumes.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or three. Default: ``kernel_size``.
        padding: -inf put on both sides, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        ceil_mode: count a last, partial window. Default: ``False``.
        return_indices: also return where the maxima were. Default: ``False``.

    Returns:
        The maxima, and with ``return_indices`` their int64 positions in the flattened
        ``(D, H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.max_pool3d(rushlight.arange(8.0).view(1, 2, 2, 2), 2)
        tensor([[[[7.]]]])
    """
    return _max_pool(
        3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def _max_pool(
    spatial, input, kernel_size, stride, padding, dilation, ceil_mode, indices
):
    op = f"max_pool{spatial}d"
    kernel = spread(kernel_size, spatial, op, "kernel_size")
    step = stride_of(stride, kernel, spatial, op)
    padding = spread(padding, spatial, op, "padding")
    dilation = spread(dilation, spatial, op, "dilation")
    if spatial != 2:
        check_windows(op, input, kernel, step, padding, dilation, ceil_mode)
    return max_over_windows(input, kernel, step, padding, dilation, ceil_mode, indices)


def stride_of(stride, kernel, spatial, op):
    """The strides of a pool: the window's size where none are given."""
    if stride is None or (isinstance(stride, (tuple, list)) and not stride):
        return kernel
    return spread(stride, spatial, op, "stride")


def max_over_windows(
    input, kernel, stride, padding=None, dilation=None, ceil_mode=False, indices=True
):
    """The pool of as many dims as ``kernel`` is long, on checked arguments."""
    spatial = len(kernel)
    padding = padding or [0] * spatial
    dilation = dilation or [1] * spatial
    if spatial == 3:
        return _over_volumes(
            input, kernel, stride, padding, dilation, ceil_mode, indices
        )
    if spatial == 1:
        found = max_over_windows(
            input.unsqueeze(-2),
            [1, *kernel],
            [1, *stride],
            [0, *padding],
            [1, *dilation],
            ceil_mode,
            indices,
        )
        return tuple(x.squeeze(-2) for x in found) if indices else found.squeeze(-2)
    if not indices and not (input.requires_grad and rushlight.is_grad_enabled()):
        return _ops.max_pool2d(input, kernel, stride, padding, dilation, ceil_mode)
    values, places = _ops.max_pool2d_with_indices(
        input, kernel, stride, padding, dilation, ceil_mode
    )
    return (values, places) if indices else values


def _over_volumes(input, kernel, stride, padding, dilation, ceil_mode, indices):
    """The maxima of each plane's windows, then over the depth of those."""
    *lead, channels, depth, height, width = input.shape
    planes = input.reshape(*lead, channels * depth, height, width)
    found = max_over_windows(
        planes, kernel[1:], stride[1:], padding[1:], dilation[1:], ceil_mode, indices
    )
    values, places = found if indices else (found, None)
    size = values.shape[-2:]
    columns = (*lead, channels, depth, size[0] * size[1])
    found = max_over_windows(
        values.reshape(columns),
        [kernel[0], 1],
        [stride[0], 1],
        [padding[0], 0],
        [dilation[0], 1],
        ceil_mode,
        indices,
    )
    values, deep = found if indices else (found, None)
    shape = (*values.shape[:-1], *size)
    if not indices:
        return values.reshape(shape)
    # deep is a position in (depth, columns): of the plane, and of its own maximum.
    deep = deep.flatten(-2)
    within = places.reshape(*lead, channels, depth * columns[-1]).gather(-1, deep)
    plane = deep.floor_divide(columns[-1])
    return values.reshape(shape), (plane * (height * width) + within).reshape(shape)


def check_windows(op, input, kernel, stride, padding, dilation, ceil_mode):
    """Raises RuntimeError unless a pool's arguments fit each other and the input."""
    spatial = len(kernel)
    for name, values in (
        ("kernel size", kernel),
        ("stride", stride),
        ("dilation", dilation),
    ):
        if min(values) <= 0:
            raise RuntimeError(
                f"{op}(): {name} should be greater than zero, but got {tuple(values)}"
            )
    check_rank(op, input, spatial)
    if 0 in input.shape[-spatial:] or input.shape[-spatial - 1] == 0:
        raise RuntimeError(
            f"{op}(): Expected {spatial + 1}D or {spatial + 2}D (batch mode) tensor "
            f"with optional 0 dim batch size for input, but got: {list(input.shape)}"
        )
    count = []
    for n, k, s, p, d in zip(
        input.shape[-spatial:], kernel, stride, padding, dilation, strict=True
    ):
        reach = d * (k - 1) + 1
        if p < 0 or p > k // 2:
            raise RuntimeError(
                f"{op}(): pad should be non-negative and at most half of kernel size, "
                f"but got pad={p} and kernel_size={k}"
            )
        windows = (n + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
        # The last window begins inside of the input or its left padding.
        if ceil_mode and (windows - 1) * s >= n + p:
            windows -= 1
        count.append(windows)
    if min(count) < 1:
        raise RuntimeError(
            f"{op}(): Given input size: {tuple(input.shape[-spatial:])}. Calculated "
            f"output size: {tuple(count)}. Output size is too small"
        )
    return count
