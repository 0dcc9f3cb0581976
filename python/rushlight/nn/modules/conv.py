"""Convolution layers."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules._sizes import ntuple
from rushlight.nn.modules.lazy import LazyModuleMixin
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter, UninitializedParameter

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions of any number of dims share."""

    # The number of spatial dims, which every layer sets.
    _spatial: int

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        dilation,
        transposed,
        output_padding,
        groups,
        bias,
        padding_mode,
        device=None,
        dtype=None,
    ) -> None:
        super().__init__()
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {padding!r}, should be one of "
                    "{'valid', 'same'}"
                )
            if padding == "same" and any(step != 1 for step in stride):
                raise ValueError(
                    "padding='same' is not supported for strided convolutions"
                )
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {_PADDING_MODES}, but got "
                f"padding_mode='{padding_mode}'"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.transposed = transposed
        self.output_padding = output_padding
        self.groups = groups
        self.padding_mode = padding_mode
        self._reversed_padding_repeated_twice = _pad_widths(
            padding, kernel_size, dilation
        )
        if transposed:
            shape = (in_channels, out_channels // groups, *kernel_size)
        else:
            shape = (out_channels, in_channels // groups, *kernel_size)
        self.weight = Parameter(rushlight.empty(shape, device=device, dtype=dtype))
        if bias:
            self.bias = Parameter(
                rushlight.empty(out_channels, device=device, dtype=dtype)
            )
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        parts = [
            f"{self.in_channels}, {self.out_channels}",
            f"kernel_size={self.kernel_size}",
            f"stride={self.stride}",
        ]
        if self.padding != (0,) * len(self.padding):
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * len(self.dilation):
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * len(self.output_padding):
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)

    def __setstate__(self, state):
        super().__setstate__(state)
        self.__dict__.setdefault("padding_mode", "zeros")


class _PlainConv(_ConvNd):
    """A convolution that slides its filters over the input."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ) -> None:
        dims = self._spatial
        super().__init__(
            in_channels,
            out_channels,
            ntuple(kernel_size, dims),
            ntuple(stride, dims),
            padding if isinstance(padding, str) else ntuple(padding, dims),
            ntuple(dilation, dims),
            False,
            ntuple(0, dims),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, dilation, groups):
        raise NotImplementedError

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            widths = self._reversed_padding_repeated_twice
            input = F.pad(input, widths, mode=self.padding_mode)
            padding = (0,) * self._spatial
        return self._convolve(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)


class Conv1d(_PlainConv):
    """Convolve signals with learned filters.

    Weight and bias start uniform on ``±1/sqrt(C_in / groups * k)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int.
        stride: an int. Default: 1.
        padding: an int, ``"valid"`` (none) or ``"same"``. Default: 0.
        dilation: the distance between a filter's elements. Default: 1.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, L)`` or ``(C_in, L)``; output the same with ``C_out``
        and a length of
        ``floor((L + 2 p - d (k - 1) - 1) / s + 1)``.

    Raises:
        ValueError: the channels are no multiple of ``groups``, or an unknown padding.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Conv1d(3, 8, kernel_size=3, padding=1)
        >>> tuple(layer(rushlight.zeros(2, 3, 5)).shape)
        (2, 8, 5)
    """

    _spatial = 1

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, dilation, groups):
        return F.conv1d(input, weight, bias, stride, padding, dilation, groups)


class Conv2d(_PlainConv):
    """Convolve images with learned filters.

    Weight and bias start uniform on ``±1/sqrt(C_in / groups * kH * kW)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: 1.
        padding: an int, ``(pH, pW)``, ``"valid"`` or ``"same"``. Default: 0.
        dilation: the distance between a filter's elements. Default: 1.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, H, W)`` or ``(C_in, H, W)``; output the same with ``C_out``
        and ``floor((H + 2 pH - dH (kH - 1) - 1) / sH + 1)`` rows.

    Raises:
        ValueError: the channels are no multiple of ``groups``, or an unknown padding.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Conv2d(3, 8, kernel_size=3, padding=1)
        >>> tuple(layer(rushlight.zeros(2, 3, 5, 6)).shape)
        (2, 8, 5, 6)
    """

    _spatial = 2

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, dilation, groups):
        return F.conv2d(input, weight, bias, stride, padding, dilation, groups)


class Conv3d(_PlainConv):
    """Convolve volumes with learned filters.

    Weight and bias start uniform on ``±1/sqrt(C_in / groups * kD * kH * kW)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: 1.
        padding: an int, ``(pD, pH, pW)``, ``"valid"`` or ``"same"``. Default: 0.
        dilation: the distance between a filter's elements. Default: 1.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``; output the same
        with ``C_out`` and ``floor((D + 2 pD - dD (kD - 1) - 1) / sD + 1)`` planes.

    Raises:
        ValueError: the channels are no multiple of ``groups``, or an unknown padding.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.Conv3d(3, 8, kernel_size=3, padding=1)
        >>> tuple(layer(rushlight.zeros(2, 3, 5, 6, 7)).shape)
        (2, 8, 5, 6, 7)
    """

    _spatial = 3

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, dilation, groups):
        return F.conv3d(input, weight, bias, stride, padding, dilation, groups)


class _ConvTransposeNd(_ConvNd):
    """A transposed convolution: the gradient of a convolution for its input."""

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(
                f'Only "zeros" padding mode is supported for {type(self).__name__}'
            )
        dims = self._spatial
        super().__init__(
            in_channels,
            out_channels,
            ntuple(kernel_size, dims),
            ntuple(stride, dims),
            ntuple(padding, dims),
            ntuple(dilation, dims),
            True,
            ntuple(output_padding, dims),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input, output_size):
        """Return what to add to the smallest output to get one of ``output_size``."""
        if output_size is None:
            return self.output_padding
        dims = self._spatial
        leading = 2 if input.dim() == dims + 2 else 1
        if len(output_size) == leading + dims:
            output_size = output_size[leading:]
        if len(output_size) != dims:
            raise ValueError(
                f"ConvTranspose{dims}D: for {input.dim()}D input, output_size must "
                f"have {dims} or {leading + dims} elements (got {len(output_size)})"
            )
        smallest = [
            (input.size(leading + i) - 1) * self.stride[i]
            - 2 * self.padding[i]
            + self.dilation[i] * (self.kernel_size[i] - 1)
            + 1
            for i in range(dims)
        ]
        largest = [smallest[i] + self.stride[i] - 1 for i in range(dims)]
        if any(not smallest[i] <= output_size[i] <= largest[i] for i in range(dims)):
            raise ValueError(
                f"requested an output size of {output_size}, but valid sizes range "
                f"from {smallest} to {largest} (for an input of {input.size()[2:]})"
            )
        return [output_size[i] - smallest[i] for i in range(dims)]

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, extra, groups, dilation):
        raise NotImplementedError

    def forward(self, input, output_size=None):
        return self._convolve(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self._output_padding(input, output_size),
            self.groups,
            self.dilation,
        )


class ConvTranspose1d(_ConvTransposeNd):
    """Spread signals over larger ones with learned filters.

    The map from output to input is that of :class:`Conv1d` with the same arguments,
    transposed. Weight and bias start uniform on
    ``±1/sqrt(C_out / groups * k)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int.
        stride: an int. Default: 1.
        padding: what is cut from each side of the output. Default: 0.
        output_padding: what is added to one side of the output. Default: 0.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        dilation: the distance between a filter's elements. Default: 1.
        padding_mode: only ``"zeros"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, L)`` or ``(C_in, L)``; output the same with ``C_out``
        and ``(L - 1) s - 2 p + d (k - 1) + output_padding + 1`` for
        ``L``. Called with ``output_size``, the layer chooses ``output_padding``.

    Raises:
        ValueError: the channels are no multiple of ``groups``, an unknown padding, or
            an ``output_size`` that the arguments cannot give.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConvTranspose1d(8, 3, 2, stride=2)
        >>> tuple(layer(rushlight.zeros(2, 8, 5)).shape)
        (2, 3, 10)
    """

    _spatial = 1

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, extra, groups, dilation):
        return F.conv_transpose1d(
            input, weight, bias, stride, padding, extra, groups, dilation
        )


class ConvTranspose2d(_ConvTransposeNd):
    """Spread images over larger ones with learned filters.

    The map from output to input is that of :class:`Conv2d` with the same arguments,
    transposed. Weight and bias start uniform on
    ``±1/sqrt(C_out / groups * kH * kW)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int or ``(kH, kW)``.
        stride: an int or ``(sH, sW)``. Default: 1.
        padding: what is cut from each side of the output. Default: 0.
        output_padding: what is added to one side of the output. Default: 0.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        dilation: the distance between a filter's elements. Default: 1.
        padding_mode: only ``"zeros"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, H, W)`` or ``(C_in, H, W)``; output the same with ``C_out``
        and ``(H - 1) sH - 2 pH + dH (kH - 1) + output_padding + 1`` for
        ``H``. Called with ``output_size``, the layer chooses ``output_padding``.

    Raises:
        ValueError: the channels are no multiple of ``groups``, an unknown padding, or
            an ``output_size`` that the arguments cannot give.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConvTranspose2d(8, 3, 2, stride=2)
        >>> tuple(layer(rushlight.zeros(2, 8, 5, 6)).shape)
        (2, 3, 10, 12)
    """

    _spatial = 2

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, extra, groups, dilation):
        return F.conv_transpose2d(
            input, weight, bias, stride, padding, extra, groups, dilation
        )


class ConvTranspose3d(_ConvTransposeNd):
    """Spread volumes over larger ones with learned filters.

    The map from output to input is that of :class:`Conv3d` with the same arguments,
    transposed. Weight and bias start uniform on
    ``±1/sqrt(C_out / groups * kD * kH * kW)``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the filters' size, an int or ``(kD, kH, kW)``.
        stride: an int or ``(sD, sH, sW)``. Default: 1.
        padding: what is cut from each side of the output. Default: 0.
        output_padding: what is added to one side of the output. Default: 0.
        groups: blocks of channels convolved apart from each other. Default: 1.
        bias: learn an offset per output channel. Default: ``True``.
        dilation: the distance between a filter's elements. Default: 1.
        padding_mode: only ``"zeros"``.
        device: where the parameters live. Default: the default device.
        dtype: the parameters' dtype. Default: the default dtype.

    Shape:
        Input ``(N, C_in, D, H, W)`` or ``(C_in, D, H, W)``; output the same
        with ``C_out`` and ``(D - 1) sD - 2 pD + dD (kD - 1) + output_padding + 1`` for
        ``D``. Called with ``output_size``, the layer chooses ``output_padding``.

    Raises:
        ValueError: the channels are no multiple of ``groups``, an unknown padding, or
            an ``output_size`` that the arguments cannot give.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.ConvTranspose3d(8, 3, 2, stride=2)
        >>> tuple(layer(rushlight.zeros(2, 8, 5, 6, 7)).shape)
        (2, 3, 10, 12, 14)
    """

    _spatial = 3

    @staticmethod
    def _convolve(input, weight, bias, stride, padding, extra, groups, dilation):
        return F.conv_transpose3d(
            input, weight, bias, stride, padding, extra, groups, dilation
        )


class _LazyConvXdMixin(LazyModuleMixin):
    """A convolution that learns ``in_channels`` from its first input."""

    # The convolution's.
    groups: int
    transposed: bool
    kernel_size: tuple[int, ...]
    _spatial: int

    def reset_parameters(self) -> None:
        """Draw the initial weight and bias again, once their shapes are known."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input, *args, **kwargs) -> None:
        """Give weight and bias their shapes and values, by the shape of ``input``."""
        if not self.has_uninitialized_params():
            return
        self.in_channels = self._get_in_channels(input)
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        channels = [self.out_channels, self.in_channels]
        if self.transposed:
            channels.reverse()
        shape = (channels[0], channels[1] // self.groups, *self.kernel_size)
        self.weight.materialize(shape)
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()

    def _get_in_channels(self, input):
        unbatched = self._spatial + 1
        if input.dim() not in (unbatched, unbatched + 1):
            raise RuntimeError(
                f"Expected {unbatched}D (unbatched) or {unbatched + 1}D (batched) "
                f"input to {type(self).__name__}, but got input of size: {input.shape}"
            )
        return input.shape[input.dim() - unbatched]

    def _set_uninitialized(self, out_channels, bias, device, dtype):
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)


class _LazyConv(_LazyConvXdMixin):
    def __init__(
        self,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            False,
            padding_mode,
            device,
            dtype,
        )
        self._set_uninitialized(out_channels, bias, device, dtype)


class _LazyConvTranspose(_LazyConvXdMixin):
    def __init__(
        self,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
            device,
            dtype,
        )
        self._set_uninitialized(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConv, Conv1d):
    """A :class:`Conv1d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`Conv1d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConv1d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5))
        >>> layer
        Conv1d(3, 8, kernel_size=(3,), stride=(1,))
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyConv, Conv2d):
    """A :class:`Conv2d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`Conv2d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConv2d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5, 6))
        >>> layer
        Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConv, Conv3d):
    """A :class:`Conv3d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`Conv3d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConv3d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5, 6, 7))
        >>> layer
        Conv3d(3, 8, kernel_size=(3, 3, 3), stride=(1, 1, 1))
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyConvTranspose, ConvTranspose1d):
    """A :class:`ConvTranspose1d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`ConvTranspose1d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConvTranspose1d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5))
        >>> layer
        ConvTranspose1d(3, 8, kernel_size=(3,), stride=(1,))
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, ConvTranspose2d):
    """A :class:`ConvTranspose2d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`ConvTranspose2d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConvTranspose2d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5, 6))
        >>> layer
        ConvTranspose2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, ConvTranspose3d):
    """A :class:`ConvTranspose3d` that takes ``in_channels`` from its first input.

    The other arguments are those of :class:`ConvTranspose3d`.

    Example:
        >>> import rushlight
        >>> layer = rushlight.nn.LazyConvTranspose3d(8, kernel_size=3)
        >>> _ = layer(rushlight.zeros(2, 3, 5, 6, 7))
        >>> layer
        ConvTranspose3d(3, 8, kernel_size=(3, 3, 3), stride=(1, 1, 1))
    """

    cls_to_become = ConvTranspose3d


def _pad_widths(padding, kernel_size, dilation):
    """Return the widths for ``F.pad``: the last dim's first, two for each dim."""
    if padding == "valid":
        return [0, 0] * len(kernel_size)
    widths: list[int] = []
    for dim in reversed(range(len(kernel_size))):
        if padding == "same":
            total = dilation[dim] * (kernel_size[dim] - 1)
            widths += [total // 2, total - total // 2]
        else:
            widths += [padding[dim], padding[dim]]
    return widths
