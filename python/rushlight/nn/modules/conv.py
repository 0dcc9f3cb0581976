"""Convolution layers."""

from __future__ import annotations

import math

import rushlight
from rushlight.nn import functional as F
from rushlight.nn import init
from rushlight.nn.modules._sizes import ntuple
from rushlight.nn.modules.module import Module
from rushlight.nn.parameter import Parameter

__all__ = ["Conv2d"]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What convolutions of any number of dims share."""

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


class Conv2d(_ConvNd):
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
        >>> tuple(layer(rushlight.zeros(2, 3, 5, 7)).shape)
        (2, 8, 5, 7)
    """

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
        super().__init__(
            in_channels,
            out_channels,
            ntuple(kernel_size, 2),
            ntuple(stride, 2),
            padding if isinstance(padding, str) else ntuple(padding, 2),
            ntuple(dilation, 2),
            False,
            (0, 0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input, weight, bias):
        padding = self.padding
        if self.padding_mode != "zeros":
            widths = self._reversed_padding_repeated_twice
            input = F.pad(input, widths, mode=self.padding_mode)
            padding = (0, 0)
        elif not isinstance(padding, str):
            return rushlight._ops.conv2d(
                input, weight, bias, self.stride, padding, self.dilation, self.groups
            )
        return F.conv2d(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )

    def forward(self, input):
        return self._conv_forward(input, self.weight, self.bias)


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
