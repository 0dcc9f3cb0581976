"""Layers that resize images and other regular grids."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules.module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Resize the spatial dims: :func:`nn.functional.interpolate` as a layer.

    Args:
        size: the sizes of the spatial dims, an int or one for each.
        scale_factor: factors on the input's sizes, a number or one for each dim, in
            place of ``size``.
        mode: ``"nearest"``, ``"linear"`` (one spatial dim), ``"bilinear"`` or
            ``"bicubic"`` (two), ``"trilinear"`` (three). Default: ``"nearest"``.
        align_corners: whether the centres of the corner elements keep their places.
            Default: ``False``.
        recompute_scale_factor: whether the scale follows from the sizes, rounded down,
            instead of ``scale_factor`` itself. Default: ``False``.

    Shape:
        Input ``(N, C, *)`` with one to three spatial dims; output the same with other
        sizes of these.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Upsample(scale_factor=2)
        >>> layer(rushlight.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self,
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
    ) -> None:
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        self.scale_factor: float | tuple[float, ...] | None
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input):
        return F.interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def __setstate__(self, state):
        # Layers pickled before there was a choice did recompute.
        state.setdefault("recompute_scale_factor", True)
        super().__setstate__(state)

    def extra_repr(self) -> str:
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resize images, every element taking the value of the nearest one.

    Args:
        size: an int or ``(H, W)``.
        scale_factor: a number or one for each dim, in place of ``size``.

    Shape:
        Input ``(N, C, H, W)``; output the same with other ``H`` and ``W``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.UpsamplingNearest2d(scale_factor=2)
        >>> layer(rushlight.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1., 1., 2., 2.],
                  [1., 1., 2., 2.]]]])
    """

    def __init__(self, size=None, scale_factor=None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Resize images by bilinear interpolation; the corners keep their values.

    Args:
        size: an int or ``(H, W)``.
        scale_factor: a number or one for each dim, in place of ``size``.

    Shape:
        Input ``(N, C, H, W)``; output the same with other ``H`` and ``W``.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.UpsamplingBilinear2d(size=(1, 3))
        >>> layer(rushlight.tensor([[[[1.0, 2.0]]]]))
        tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """

    def __init__(self, size=None, scale_factor=None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)
