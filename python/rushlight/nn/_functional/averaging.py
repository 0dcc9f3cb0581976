"""Means and power means over windows: the average, adaptive and Lp pools."""

from __future__ import annotations

import math

import rushlight
from rushlight import _ops
from rushlight._results import give
from rushlight.nn._functional._sizes import check_rank, spread
from rushlight.nn._functional.pooling import (
    check_windows,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    stride_of,
)

_REDUCED = (rushlight.float16, rushlight.bfloat16)


def avg_pool1d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
):
    """Take the mean over sliding windows of signals.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        padding: zeros put on both ends, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: divide by the number of elements with those of the padding.
            Default: ``True``.

    Returns:
        The means.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.avg_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[2., 1.]])
    """
    op = "avg_pool1d"
    kernel = spread(kernel_size, 1, op, "kernel_size")
    step = stride_of(stride, kernel, 1, op)
    padding = spread(padding, 1, op, "padding")
    check_windows(op, input, kernel, step, padding, [1], ceil_mode)
    return _ops.avg_pool2d(
        input.unsqueeze(-2),
        [1, *kernel],
        [1, *step],
        [0, *padding],
        ceil_mode,
        count_include_pad,
    ).squeeze(-2)


def avg_pool2d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    out=None,
):
    """Take the mean over sliding windows of images.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        padding: zeros put on both sides, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: divide by the number of elements with those of the padding.
            Default: ``True``.
        divisor_override: what to divide the sums by instead.
        out: a tensor to write the result into.

    Returns:
        The means.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.avg_pool2d(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2)
        tensor([[[2.5000]]])
    """
    result = _ops.avg_pool2d(
        input,
        kernel_size,
        () if stride is None else stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )
    return give("avg_pool2d", result, out)


def avg_pool3d(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    out=None,
):
    """Take the mean over sliding windows of volumes.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or three. Default: ``kernel_size``.
        padding: zeros put on both sides, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: divide by the number of elements with those of the padding.
            Default: ``True``.
        divisor_override: what to divide the sums by instead.
        out: a tensor to write the result into.

    Returns:
        The means.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.avg_pool3d(rushlight.arange(8.0).view(1, 2, 2, 2), 2)
        tensor([[[[3.5000]]]])
    """
    op = "avg_pool3d"
    kernel = spread(kernel_size, 3, op, "kernel_size")
    step = stride_of(stride, kernel, 3, op)
    padding = spread(padding, 3, op, "padding")
    check_windows(op, input, kernel, step, padding, [1] * 3, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError(f"{op}(): divisor must be not zero")
    if any(n < k for n, k in zip(input.shape[-3:], kernel, strict=True)):
        raise RuntimeError(
            f"{op}(): input image {tuple(input.shape[-3:])} smaller than kernel size "
            f"{tuple(kernel)}"
        )
    if input.is_floating_point():
        x = input.float() if input.dtype in _REDUCED else input
        result = _mean_of_volumes(
            x, kernel, step, padding, ceil_mode, count_include_pad, divisor_override
        ).to(input.dtype)
    else:
        # A quotient of integers has to come from the whole sum.
        how = ceil_mode, count_include_pad
        result = _mean_of_volumes(input, kernel, step, padding, *how, 1)
        divisor = divisor_override
        if divisor is None:
            ones = rushlight.ones(
                (1, *input.shape[-3:]), dtype=rushlight.int64, device=input.device
            )
            divisor = _mean_of_volumes(ones, kernel, step, padding, ceil_mode, False, 1)
            if count_include_pad:
                divisor = _places(
                    input.shape[-3:], result.shape[-3:], kernel, step, padding
                )
        result = rushlight.div(result, divisor, rounding_mode="trunc").to(input.dtype)
    return give(op, result, out)


def _places(size, count, kernel, stride, padding):
    """The number of places of each window, those of the padding included."""
    total = rushlight.ones(count, dtype=rushlight.int64)
    for i in range(3):
        last = size[i] + padding[i]
        starts = range(-padding[i], -padding[i] + count[i] * stride[i], stride[i])
        lengths = rushlight.tensor([min(a + kernel[i], last) - a for a in starts])
        total = total * lengths.view(-1, *[1] * (2 - i))
    return total


def _mean_of_volumes(x, kernel, stride, padding, ceil_mode, count_padding, divisor):
    """Means of means: the number of elements of a window is a product over dims."""
    *lead, channels, depth, height, width = x.shape
    y = _ops.avg_pool2d(
        x.reshape(*lead, channels * depth, height, width),
        kernel[1:],
        stride[1:],
        padding[1:],
        ceil_mode,
        count_padding,
        None if divisor is None else 1,
    )
    size = y.shape[-2:]
    y = _ops.avg_pool2d(
        y.reshape(*lead, channels, depth, size[0] * size[1]),
        [kernel[0], 1],
        [stride[0], 1],
        [padding[0], 0],
        ceil_mode,
        count_padding,
        divisor,
    )
    return y.reshape(*y.shape[:-1], *size)


def adaptive_avg_pool1d(input, output_size, *, out=None):
    """Take the mean over windows chosen so that the output has a given length.

    Window i goes from ``floor(i L / L_out)`` to ``ceil((i + 1) L / L_out)``.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        output_size: ``L_out``, an int.
        out: a tensor to write the result into.

    Returns:
        A tensor of shape ``(N, C, L_out)`` or ``(C, L_out)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_avg_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[2., 1.]])
    """
    op = "adaptive_avg_pool1d"
    size = spread(output_size, 1, op, "output_size")
    check_adaptive(op, input, size)
    result = _ops.adaptive_avg_pool2d(input.unsqueeze(-2), [1, *size]).squeeze(-2)
    return give(op, result, out)


def adaptive_avg_pool2d(input, output_size):
    """Take the mean over windows chosen so that the output has a given size.

    Args:
        input: shape ``(N, C, H, W)`` or ``(C, H, W)``.
        output_size: an int or two, ``None`` for the input's size.

    Returns:
        A tensor with the output size in place of ``(H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_avg_pool2d(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 1)
        tensor([[[2.5000]]])
    """
    op = "adaptive_avg_pool2d"
    size = spread(with_defaults(output_size, input.shape), 2, op, "output_size")
    check_adaptive(op, input, size)
    return _ops.adaptive_avg_pool2d(input, size)


def adaptive_avg_pool3d(input, output_size):
    """Take the mean over windows chosen so that the output has a given size.

    Args:
        input: shape ``(N, C, D, H, W)`` or ``(C, D, H, W)``.
        output_size: an int or three, ``None`` for the input's size.

    Returns:
        A tensor with the output size in place of ``(D, H, W)``.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.adaptive_avg_pool3d(rushlight.arange(8.0).view(1, 2, 2, 2), 1)
        tensor([[[[3.5000]]]])
    """
    op = "adaptive_avg_pool3d"
    size = spread(with_defaults(output_size, input.shape), 3, op, "output_size")
    check_adaptive(op, input, size)
    if not input.is_floating_point():
        raise NotImplementedError(f"{op}(): not implemented for '{input.dtype}'")
    *lead, channels, depth, height, width = input.shape
    if 0 in lead or 0 in size:
        return nothing(input, size)
    x = input.float() if input.dtype in _REDUCED else input
    # A window is a product over dims, so means of means are the means.
    y = _ops.adaptive_avg_pool2d(
        x.reshape(*lead, channels * depth, height, width), size[1:]
    )
    y = _ops.adaptive_avg_pool2d(
        y.reshape(*lead, channels, depth, size[1] * size[2]),
        [size[0], size[1] * size[2]],
    )
    return y.reshape(*lead, channels, *size).to(input.dtype)


def with_defaults(output_size, shape):
    """An output size with the input's sizes where it says None."""
    if isinstance(output_size, int):
        return output_size
    if len(shape) <= len(output_size):
        raise ValueError(
            f"Input dimension should be at least {len(output_size) + 1}, got a tensor "
            f"of shape {tuple(shape)}"
        )
    sizes = shape[len(shape) - len(output_size) :]
    return [n if v is None else v for v, n in zip(output_size, sizes, strict=True)]


def nothing(input, size):
    """A result without elements, which hangs on the input all the same."""
    dims = tuple(range(-len(size), 0))
    whole = input.sum(dims, keepdim=True).expand(*input.shape[: -len(size)], *size)
    return whole.clone(memory_format=rushlight.contiguous_format)


def check_adaptive(op, input, size):
    """Raises RuntimeError unless an adaptive pool's output size fits the input."""
    check_rank(op, input, len(size))
    if 0 in input.shape[1 if input.dim() == len(size) + 2 else 0 :]:
        raise RuntimeError(
            f"{op}(): Expected input to have non-zero size for non-batch dimensions, "
            f"but input has sizes {list(input.shape)} with one of them being empty"
        )
    if min(size) < 0:
        raise RuntimeError(
            f"{op}(): elements of output_size must be greater than or equal to 0 but "
            f"received {tuple(size)}"
        )


def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm over sliding windows of signals.

    Args:
        input: shape ``(N, C, L)`` or ``(C, L)``.
        norm_type: p; infinity takes the largest magnitude.
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Returns:
        The norms.

    Raises:
        RuntimeError: the arguments do not fit the shape.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.lp_pool1d(rushlight.tensor([[3.0, 4.0]]), 2, 2)
        tensor([[5.]])
    """
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm over sliding windows of images: see :func:`lp_pool1d`.

    Shape:
        Input (C, H, W) or (N, C, H, W), output the same with ``floor((H - k) / s + 1)``
        as H, W likewise.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.lp_pool2d(rushlight.tensor([[[3.0], [4.0]]]), 2, (2, 1))
        tensor([[[5.]]])
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """Take the p-norm over sliding windows of volumes: see :func:`lp_pool1d`.

    Shape:
        Input (C, D, H, W) or (N, C, D, H, W), output the same with ``floor((D - k) / s
        + 1)`` as D, H and W likewise.

    Example:
        >>> import rushlight
        >>> from rushlight.nn import functional as F
        >>> F.lp_pool3d(rushlight.ones(1, 2, 1, 2), 1, (2, 1, 2))
        tensor([[[[4.]]]])
    """
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(spatial, input, norm_type, kernel_size, stride, ceil_mode):
    op = f"lp_pool{spatial}d"
    kernel = spread(kernel_size, spatial, op, "kernel_size")
    largest = (max_pool1d, max_pool2d, max_pool3d)[spatial - 1]
    mean = (avg_pool1d, avg_pool2d, avg_pool3d)[spatial - 1]
    if norm_type == math.inf:
        return largest(input.abs(), kernel, stride, 0, 1, ceil_mode)
    if norm_type == -math.inf:
        return -largest(-input.abs(), kernel, stride, 0, 1, ceil_mode)
    y = mean(input.pow(norm_type), kernel, stride, 0, ceil_mode)
    return (y.sign() * y.abs().relu() * math.prod(kernel)).pow(1.0 / norm_type)
