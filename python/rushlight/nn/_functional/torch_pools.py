"""The max pools of the top namespace: signatures that nn.functional has not."""

from __future__ import annotations

from rushlight.nn._functional import chosen_windows, pooling


def max_pool1d(input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False):
    """:func:`nn.functional.max_pool1d` without indices.

    Shape:
        Input (C, L) or (N, C, L), output the same with ``floor((L + 2 p - d (k - 1) -
        1) / s + 1)`` as L.

    Example:
        >>> import rushlight
        >>> rushlight.max_pool1d(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    return pooling.max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d_with_indices(
    input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False
):
    """:func:`nn.functional.max_pool1d` with indices: (maxima, positions).

    Shape:
        Input (C, L) or (N, C, L), both outputs the same with ``floor((L + 2 p - d (k -
        1) - 1) / s + 1)`` as L.
    """
    return pooling.max_pool1d_with_indices(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )


def max_pool2d(input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False):
    """:func:`nn.functional.max_pool2d` without indices.

    Shape:
        Input (C, H, W) or (N, C, H, W), output the same with each of H and W as the L
        of :func:`max_pool1d`.
    """
    return pooling.max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False):
    """:func:`nn.functional.max_pool3d` without indices.

    Shape:
        Input (C, D, H, W) or (N, C, D, H, W), output the same with each of D, H and W
        as the L of :func:`max_pool1d`.
    """
    return pooling.max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode)


def adaptive_max_pool1d(input, output_size):
    """:func:`nn.functional.adaptive_max_pool1d` with indices: (maxima, positions).

    Shape:
        Input (C, L) or (N, C, L), both outputs the same with ``output_size`` as L.
    """
    return chosen_windows.adaptive_max_pool1d_with_indices(input, output_size)
