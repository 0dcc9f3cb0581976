"""Layers that put a border around their input."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules._sizes import ntuple
from rushlight.nn.modules.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _PadNd(Module):
    """A border of elements of the input, in one of the modes of ``F.pad``."""

    # The number of spatial dims, and the mode.
    _spatial: int
    _mode: str

    def __init__(self, padding) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._spatial)

    def forward(self, input):
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _CircularPadNd(_PadNd):
    _mode = "circular"

    def _check_input_dim(self, input):
        low, high = self._spatial + 1, self._spatial + 2
        if input.dim() not in (low, high):
            raise ValueError(
                f"expected {low}D or {high}D input (got {input.dim()}D input)"
            )

    def forward(self, input):
        self._check_input_dim(input)
        return F.pad(input, self.padding, "circular")


class CircularPad1d(_CircularPadNd):
    """Continue signals beyond their ends with the other end.

    Args:
        padding: how much on each side, an int or ``(left, right)``; negative numbers
            crop.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the padded
        sizes.

    Raises:
        ValueError: the input has another number of dims.
        RuntimeError: a side is padded by more than the input's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.CircularPad1d((2, 1))
        >>> layer(rushlight.tensor([[1.0, 2.0, 3.0]]))
        tensor([[2., 3., 1., 2., 3., 1.]])
    """

    _spatial = 1


class CircularPad2d(_CircularPadNd):
    """Continue images beyond their ends with the other end.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom)``;
            negative numbers crop.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the padded
        sizes.

    Raises:
        ValueError: the input has another number of dims.
        RuntimeError: a side is padded by more than the input's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.CircularPad2d((1, 0, 0, 1))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2., 1., 2.],
                 [4., 3., 4.],
                 [2., 1., 2.]]])
    """

    _spatial = 2


class CircularPad3d(_CircularPadNd):
    """Continue volumes beyond their ends with the other end.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom, front,
            back)``; negative numbers crop.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        padded sizes.

    Raises:
        ValueError: the input has another number of dims.
        RuntimeError: a side is padded by more than the input's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.CircularPad3d(1)
        >>> tuple(layer(rushlight.ones(1, 2, 2, 2)).shape)
        (1, 4, 4, 4)
    """

    _spatial = 3


class ReflectionPad1d(_PadNd):
    """Mirror signals at their ends, which are not repeated.

    Args:
        padding: how much on each side, an int or ``(left, right)``; negative numbers
            crop.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the padded
        sizes.

    Raises:
        RuntimeError: a side is padded by the input's size or more.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReflectionPad1d((2, 1))
        >>> layer(rushlight.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 2., 1., 2., 3., 2.]])
    """

    _spatial = 1
    _mode = "reflect"


class ReflectionPad2d(_PadNd):
    """Mirror images at their borders, which are not repeated.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom)``;
            negative numbers crop.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the padded
        sizes.

    Raises:
        RuntimeError: a side is padded by the input's size or more.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReflectionPad2d((1, 0, 0, 1))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2., 1., 2.],
                 [4., 3., 4.],
                 [2., 1., 2.]]])
    """

    _spatial = 2
    _mode = "reflect"


class ReflectionPad3d(_PadNd):
    """Mirror volumes at their borders, which are not repeated.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom, front,
            back)``; negative numbers crop.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        padded sizes.

    Raises:
        RuntimeError: a side is padded by the input's size or more.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReflectionPad3d(1)
        >>> tuple(layer(rushlight.ones(1, 2, 2, 2)).shape)
        (1, 4, 4, 4)
    """

    _spatial = 3
    _mode = "reflect"


class ReplicationPad1d(_PadNd):
    """Repeat the outermost elements of signals.

    Args:
        padding: how much on each side, an int or ``(left, right)``; negative numbers
            crop.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReplicationPad1d((2, 1))
        >>> layer(rushlight.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 1., 1., 2., 3., 3.]])
    """

    _spatial = 1
    _mode = "replicate"


class ReplicationPad2d(_PadNd):
    """Repeat the outermost elements of images.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom)``;
            negative numbers crop.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReplicationPad2d((1, 0, 0, 1))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[1., 1., 2.],
                 [3., 3., 4.],
                 [3., 3., 4.]]])
    """

    _spatial = 2
    _mode = "replicate"


class ReplicationPad3d(_PadNd):
    """Repeat the outermost elements of volumes.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom, front,
            back)``; negative numbers crop.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        padded sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ReplicationPad3d(1)
        >>> tuple(layer(rushlight.ones(1, 2, 2, 2)).shape)
        (1, 4, 4, 4)
    """

    _spatial = 3
    _mode = "replicate"


class _ConstantPadNd(Module):
    _spatial: int

    def __init__(self, padding, value) -> None:
        super().__init__()
        self.padding = ntuple(padding, 2 * self._spatial)
        self.value = value

    def forward(self, input):
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """Put a constant around signals.

    Args:
        padding: how much on each side, an int or ``(left, right)``; negative numbers
            crop.
        value: the constant.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConstantPad1d((2, 1), 5.0)
        >>> layer(rushlight.tensor([[1.0, 2.0, 3.0]]))
        tensor([[5., 5., 1., 2., 3., 5.]])
    """

    _spatial = 1


class ConstantPad2d(_ConstantPadNd):
    """Put a constant around images.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom)``;
            negative numbers crop.
        value: the constant.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConstantPad2d((1, 0, 0, 1), 5.0)
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[5., 1., 2.],
                 [5., 3., 4.],
                 [5., 5., 5.]]])
    """

    _spatial = 2


class ConstantPad3d(_ConstantPadNd):
    """Put a constant around volumes.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom, front,
            back)``; negative numbers crop.
        value: the constant.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        padded sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConstantPad3d(1, 5.0)
        >>> tuple(layer(rushlight.ones(1, 2, 2, 2)).shape)
        (1, 4, 4, 4)
    """

    _spatial = 3


class ZeroPad1d(ConstantPad1d):
    """Put zeros around signals.

    Args:
        padding: how much on each side, an int or ``(left, right)``; negative numbers
            crop.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ZeroPad1d((2, 1))
        >>> layer(rushlight.tensor([[1.0, 2.0, 3.0]]))
        tensor([[0., 0., 1., 2., 3., 0.]])
    """

    def __init__(self, padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Put zeros around images.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom)``;
            negative numbers crop.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the padded
        sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ZeroPad2d((1, 0, 0, 1))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[0., 1., 2.],
                 [0., 3., 4.],
                 [0., 0., 0.]]])
    """

    def __init__(self, padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Put zeros around volumes.

    Args:
        padding: how much on each side, an int or ``(left, right, top, bottom, front,
            back)``; negative numbers crop.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        padded sizes.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ZeroPad3d(1)
        >>> tuple(layer(rushlight.ones(1, 2, 2, 2)).shape)
        (1, 4, 4, 4)
    """

    def __init__(self, padding) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
