"""Layers that exchange channels for resolution."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Lay out every ``r * r`` channels as the pixels of a block (Shi et al. 2016).

    Args:
        upscale_factor: ``r``, how much larger images become.

    Shape:
        Input ``(*, C * r * r, H, W)``, output ``(*, C, H * r, W * r)``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.PixelShuffle(2)
        >>> layer(rushlight.arange(4.0).reshape(4, 1, 1))
        tensor([[[0., 1.],
                 [2., 3.]]])
    """

    def __init__(self, upscale_factor) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Make the pixels of every block channels of one: undo :class:`PixelShuffle`.

    Args:
        downscale_factor: ``r``, how much smaller images become.

    Shape:
        Input ``(*, C, H * r, W * r)``, output ``(*, C * r * r, H, W)``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.PixelUnshuffle(2)
        >>> layer(rushlight.arange(4.0).reshape(1, 2, 2)).flatten()
        tensor([0., 1., 2., 3.])
    """

    def __init__(self, downscale_factor) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
