"""Layers that take images apart into blocks and add blocks up to images."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["Fold", "Unfold"]


class Fold(Module):
    """Add up blocks, laid out as columns, to images.

    Args:
        output_size: the images' size, ``(H, W)`` or an int for both.
        kernel_size: the blocks' size, an int or ``(kH, kW)``.
        dilation: the distance between a block's elements. Default: 1.
        padding: what is cut from each side of the images. Default: 0.
        stride: the distance between blocks. Default: 1.

    Shape:
        Input ``(N, C * kH * kW, L)`` or ``(C * kH * kW, L)``, ``L`` being the number of
        blocks; output ``(N, C, H, W)`` or ``(C, H, W)``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Fold(output_size=(1, 3), kernel_size=(1, 2))
        >>> layer(rushlight.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[[1., 5., 4.]]])
    """

    def __init__(
        self, output_size, kernel_size, dilation=1, padding=0, stride=1
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.fold(
            input,
            self.output_size,
            self.kernel_size,
            self.dilation,
            self.padding,
            self.stride,
        )

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, "
            f"dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    """Lay out the blocks of images as columns.

    Args:
        kernel_size: the blocks' size, an int or ``(kH, kW)``.
        dilation: the distance between a block's elements. Default: 1.
        padding: zeros put on each side of the images. Default: 0.
        stride: the distance between blocks. Default: 1.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output ``(N, C * kH * kW, L)`` or
        ``(C * kH * kW, L)``, ``L`` being the number of blocks.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Unfold(kernel_size=(1, 2))
        >>> layer(rushlight.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[1., 2.],
                [2., 3.]])
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input):
        return F.unfold(
            input, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
