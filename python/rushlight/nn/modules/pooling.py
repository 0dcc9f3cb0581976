"""Pooling layers: a number for every window of the input."""

from __future__ import annotations

from rushlight.nn import functional as F
from rushlight.nn.modules._sizes import ntuple
from rushlight.nn.modules.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


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


class MaxPool1d(_MaxPoolNd):
    """Take the maximum over sliding windows of signals.

    Args:
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        padding: -inf put on both sides, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        return_indices: also return where the maxima were. Default: ``False``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with
        ``floor((L + 2 p - d (k - 1) - 1) / s + 1)`` elements.

    Example:
        >>> import rushlight
        >>> rushlight.nn.MaxPool1d(2)(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[3., 2.]])
    """

    def forward(self, input):
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
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


class MaxPool3d(_MaxPoolNd):
    """Take the maximum over sliding windows of volumes.

    Args:
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: ``kernel_size``.
        padding: -inf put on both sides, at most half the window. Default: 0.
        dilation: the distance between a window's elements. Default: 1.
        return_indices: also return where the maxima were. Default: ``False``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with
        ``floor((D + 2 pD - dD (kD - 1) - 1) / sD + 1)`` planes.

    Example:
        >>> import rushlight
        >>> rushlight.nn.MaxPool3d(2)(rushlight.ones(1, 2, 2, 2))
        tensor([[[[1.]]]])
    """

    def forward(self, input):
        return F.max_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )


class _MaxUnpoolNd(Module):
    # The number of spatial dims.
    _spatial: int

    def __init__(self, kernel_size, stride=None, padding=0) -> None:
        super().__init__()
        dims = self._spatial
        self.kernel_size = ntuple(kernel_size, dims)
        self.stride = ntuple(stride if stride is not None else kernel_size, dims)
        self.padding = ntuple(padding, dims)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}"
        )


class MaxUnpool1d(_MaxUnpoolNd):
    """Put the maxima of :class:`MaxPool1d` back in their places, zeros elsewhere.

    It is called with the maxima, the indices that ``return_indices=True`` gives, and
    ``output_size`` where the size before pooling does not follow from that after it.

    Args:
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        padding: that of the pooling. Default: 0.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with
        ``(L - 1) s - 2 p + k`` elements, or with ``output_size``.

    Example:
        >>> import rushlight
        >>> pool = rushlight.nn.MaxPool1d(2, return_indices=True)
        >>> x = rushlight.tensor([[1.0, 3.0, 2.0, 0.0]])
        >>> rushlight.nn.MaxUnpool1d(2)(*pool(x))
        tensor([[0., 3., 2., 0.]])
    """

    _spatial = 1

    def forward(self, input, indices, output_size=None):
        return F.max_unpool1d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool2d(_MaxUnpoolNd):
    """Put the maxima of :class:`MaxPool2d` back in their places, zeros elsewhere.

    It is called with the maxima, the indices that ``return_indices=True`` gives, and
    ``output_size`` where the size before pooling does not follow from that after it.

    Args:
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        padding: that of the pooling. Default: 0.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with
        ``(H - 1) sH - 2 pH + kH`` rows, or with ``output_size``.

    Example:
        >>> import rushlight
        >>> pool = rushlight.nn.MaxPool2d(2, return_indices=True)
        >>> x = rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]])
        >>> rushlight.nn.MaxUnpool2d(2)(*pool(x))
        tensor([[[0., 0.],
                 [0., 4.]]])
    """

    _spatial = 2

    def forward(self, input, indices, output_size=None):
        return F.max_unpool2d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class MaxUnpool3d(_MaxUnpoolNd):
    """Put the maxima of :class:`MaxPool3d` back in their places, zeros elsewhere.

    It is called with the maxima, the indices that ``return_indices=True`` gives, and
    ``output_size`` where the size before pooling does not follow from that after it.

    Args:
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: ``kernel_size``.
        padding: that of the pooling. Default: 0.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with
        ``(D - 1) sD - 2 pD + kD`` planes, or with ``output_size``.

    Example:
        >>> import rushlight
        >>> pool = rushlight.nn.MaxPool3d(2, return_indices=True)
        >>> x = rushlight.arange(8.0).reshape(1, 2, 2, 2)
        >>> tuple(rushlight.nn.MaxUnpool3d(2)(*pool(x)).shape)
        (1, 2, 2, 2)
    """

    _spatial = 3

    def forward(self, input, indices, output_size=None):
        return F.max_unpool3d(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )


class _AvgPoolNd(Module):
    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}"
        )


class AvgPool1d(_AvgPoolNd):
    """Take the mean over sliding windows of signals.

    Args:
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        padding: zeros put on both sides, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: count the zeros of the padding too. Default: ``True``.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with
        ``floor((L + 2 p - k) / s + 1)`` elements.

    Example:
        >>> import rushlight
        >>> rushlight.nn.AvgPool1d(2)(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[2., 1.]])
    """

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
    ) -> None:
        super().__init__()
        self.kernel_size = ntuple(kernel_size, 1)
        self.stride = ntuple(stride if stride is not None else kernel_size, 1)
        self.padding = ntuple(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input):
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class _DividedAvgPoolNd(_AvgPoolNd):
    """A mean whose divisor can be chosen."""

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override


class AvgPool2d(_DividedAvgPoolNd):
    """Take the mean over sliding windows of images.

    Args:
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        padding: zeros put on both sides, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: count the zeros of the padding too. Default: ``True``.
        divisor_override: what to divide by. Default: the number of elements.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with
        ``floor((H + 2 pH - kH) / sH + 1)`` rows.

    Example:
        >>> import rushlight
        >>> rushlight.nn.AvgPool2d(2)(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2.5000]]])
    """

    def forward(self, input):
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(_DividedAvgPoolNd):
    """Take the mean over sliding windows of volumes.

    Args:
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: ``kernel_size``.
        padding: zeros put on both sides, at most half the window. Default: 0.
        ceil_mode: count a last, partial window. Default: ``False``.
        count_include_pad: count the zeros of the padding too. Default: ``True``.
        divisor_override: what to divide by. Default: the number of elements.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with
        ``floor((D + 2 pD - kD) / sD + 1)`` planes.

    Example:
        >>> import rushlight
        >>> rushlight.nn.AvgPool3d(2)(rushlight.ones(1, 2, 2, 2))
        tensor([[[[1.]]]])
    """

    def forward(self, input):
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def __setstate__(self, state):
        super().__setstate__(state)
        # Layers pickled by the first versions have none of these.
        self.__dict__.setdefault("padding", 0)
        self.__dict__.setdefault("ceil_mode", False)
        self.__dict__.setdefault("count_include_pad", True)


class _FractionalMaxPoolNd(Module):
    # The number of spatial dims.
    _spatial: int

    def __init__(
        self,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ) -> None:
        super().__init__()
        dims = self._spatial
        name = f"FractionalMaxPool{dims}d"
        self.kernel_size = ntuple(kernel_size, dims)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else ntuple(output_size, dims)
        self.output_ratio = None
        if output_ratio is not None:
            self.output_ratio = ntuple(output_ratio, dims)
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{name} requires specifying either an output size, or a pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError(
                "only one of output_size and output_ratio may be specified"
            )
        if self.output_ratio is not None:
            if not all(0 < ratio < 1 for ratio in self.output_ratio):
                raise ValueError(
                    f"output_ratio must be between 0 and 1 (got {output_ratio})"
                )


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """Take the maximum over windows at random places of images (Graham 2014).

    Args:
        kernel_size: the window, an int or ``(kH, kW)``.
        output_size: the output's size, an int or ``(oH, oW)``.
        output_ratio: in place of it, the output's size by the input's: a number between
            0 and 1, or one a dim.
        return_indices: also return where the maxima were. Default: ``False``.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the output's size.

    Raises:
        ValueError: unless just one of size and ratio is given, or for a bad ratio.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.FractionalMaxPool2d(2, output_ratio=0.5)
        >>> tuple(layer(rushlight.zeros(1, 6, 7)).shape)
        (1, 3, 3)
    """

    _spatial = 2

    def forward(self, input):
        return F.fractional_max_pool2d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """Take the maximum over windows at random places of volumes (Graham 2014).

    Args:
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        output_size: the output's size, an int or ``(oD, oH, oW)``.
        output_ratio: in place of it, the output's size by the input's: a number between
            0 and 1, or one a dim.
        return_indices: also return where the maxima were. Default: ``False``.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        output's size.

    Raises:
        ValueError: unless just one of size and ratio is given, or for a bad ratio.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.FractionalMaxPool3d(2, output_ratio=0.5)
        >>> tuple(layer(rushlight.zeros(1, 6, 7, 8)).shape)
        (1, 3, 3, 4)
    """

    _spatial = 3

    def __init__(
        self,
        kernel_size,
        output_size=None,
        output_ratio=None,
        return_indices=False,
        _random_samples=None,
    ) -> None:
        if any(size <= 0 for size in ntuple(kernel_size, 3)):
            raise ValueError(
                f"kernel_size must be greater than 0, but got {kernel_size}"
            )
        super().__init__(
            kernel_size, output_size, output_ratio, return_indices, _random_samples
        )

    def forward(self, input):
        return F.fractional_max_pool3d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class _LPPoolNd(Module):
    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    """Take ``(sum of x ** p) ** (1 / p)`` over sliding windows of signals.

    Args:
        norm_type: ``p``; 1 gives the sum, infinity the maximum.
        kernel_size: the window, an int.
        stride: an int. Default: ``kernel_size``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with
        ``floor((L - k) / s + 1)`` elements.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LPPool1d(2, 2)(rushlight.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """

    def forward(self, input):
        return F.lp_pool1d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool2d(_LPPoolNd):
    """Take ``(sum of x ** p) ** (1 / p)`` over sliding windows of images.

    Args:
        norm_type: ``p``; 1 gives the sum, infinity the maximum.
        kernel_size: the window, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: ``kernel_size``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with
        ``floor((H - kH) / sH + 1)`` rows.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LPPool2d(2, 2)(rushlight.tensor([[[3.0, 0.0], [0.0, 4.0]]]))
        tensor([[[5.]]])
    """

    def forward(self, input):
        return F.lp_pool2d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class LPPool3d(_LPPoolNd):
    """Take ``(sum of x ** p) ** (1 / p)`` over sliding windows of volumes.

    Args:
        norm_type: ``p``; 1 gives the sum, infinity the maximum.
        kernel_size: the window, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: ``kernel_size``.
        ceil_mode: count a last, partial window. Default: ``False``.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with
        ``floor((D - kD) / sD + 1)`` planes.

    Example:
        >>> import rushlight
        >>> rushlight.nn.LPPool3d(2, 2)(rushlight.full((1, 2, 2, 2), 0.5))
        tensor([[[[1.4142]]]])
    """

    def forward(self, input):
        return F.lp_pool3d(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )


class _AdaptiveMaxPoolNd(Module):
    def __init__(self, output_size, return_indices=False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """Take the maximum over as many windows of signals as the output is to have.

    Args:
        output_size: the output's size, an int.
        return_indices: also return where the maxima were. Default: ``False``.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveMaxPool1d(2)
        >>> layer(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[3., 2.]])
    """

    def forward(self, input):
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """Take the maximum over as many windows of images as the output is to have.

    Args:
        output_size: the output's size, an int or ``(oH, oW)``, ``None`` keeping a size.
        return_indices: also return where the maxima were. Default: ``False``.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveMaxPool2d((1, None))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[3., 4.]]])
    """

    def forward(self, input):
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """Take the maximum over as many windows of volumes as the output is to have.

    Args:
        output_size: the output's size, an int or ``(oD, oH, oW)``, ``None`` keeping a
            size.
        return_indices: also return where the maxima were. Default: ``False``.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveMaxPool3d((1, 2, None))
        >>> tuple(layer(rushlight.zeros(1, 4, 5, 6)).shape)
        (1, 1, 2, 6)
    """

    def forward(self, input):
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)


class _AdaptiveAvgPoolNd(Module):
    def __init__(self, output_size) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """Take the mean over as many windows of signals as the output is to have.

    Args:
        output_size: the output's size, an int.

    Shape:
        Input ``(N, C, L)`` or ``(C, L)``; output the same with the output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveAvgPool1d(2)
        >>> layer(rushlight.tensor([[1.0, 3.0, 2.0, 0.0]]))
        tensor([[2., 1.]])
    """

    def forward(self, input):
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """Take the mean over as many windows of images as the output is to have.

    Args:
        output_size: the output's size, an int or ``(oH, oW)``, ``None`` keeping a size.

    Shape:
        Input ``(N, C, H, W)`` or ``(C, H, W)``; output the same with the output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveAvgPool2d((1, None))
        >>> layer(rushlight.tensor([[[1.0, 2.0], [3.0, 4.0]]]))
        tensor([[[2., 3.]]])
    """

    def forward(self, input):
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """Take the mean over as many windows of volumes as the output is to have.

    Args:
        output_size: the output's size, an int or ``(oD, oH, oW)``, ``None`` keeping a
            size.

    Shape:
        Input ``(N, C, D, H, W)`` or ``(C, D, H, W)``; output the same with the
        output's size.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.AdaptiveAvgPool3d((1, 2, None))
        >>> tuple(layer(rushlight.zeros(1, 4, 5, 6)).shape)
        (1, 1, 2, 6)
    """

    def forward(self, input):
        return F.adaptive_avg_pool3d(input, self.output_size)
