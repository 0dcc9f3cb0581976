"""Pooling layers."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["MaxPool2d"]


class _MaxPoolNd(Module):
    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        return_indices=False,
        ceil_mode=False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )


class MaxPool2d(_MaxPoolNd):
    """Take the maximum over sliding windows of images.

    Args:
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        padding: -inf put on both sides, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        return_indices: also return where the maxima were. Default: ``False``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with
        ``floor((H + 2 pH - dH (kH - 1) - 1) / sH + 1)`` rows.

    Example:
        >>> import rushlight
        >>> rushlight.nn.MaxPool2d(2)(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[4.]]])
    """

    def forward(self, input):
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )
