"""Blocks that the vision models share."""

from __future__ import annotations

import rushlight
from rushlight import nn

__all__ = [
    "MLP",
    "Conv2dNormActivation",
    "Conv3dNormActivation",
    "FrozenBatchNorm2d",
    "Permute",
    "SqueezeExcitation",
]


class FrozenBatchNorm2d(nn.Module):
    """Batch normalisation whose statistics, weight and bias are buffers that stay.

    Args:
        num_features: channels.
        eps: added to the variance. Default: 1e-5.

    Shape:
        Input and output ``(N, C, H, W)``.
    """

    def __init__(self, num_features, eps=1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", rushlight.ones(num_features))
        self.register_buffer("bias", rushlight.zeros(num_features))
        self.register_buffer("running_mean", rushlight.zeros(num_features))
        self.register_buffer("running_var", rushlight.ones(num_features))

    def _load_from_state_dict(self, state_dict, prefix, *args) -> None:
        # The files of trained BatchNorm2d layers count their batches.
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def forward(self, x):
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        shift = self.bias - self.running_mean * scale
        return x * scale.reshape(1, -1, 1, 1) + shift.reshape(1, -1, 1, 1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]}, eps={self.eps})"


class _ConvNormActivation(nn.Sequential):
    """A convolution that keeps the size at stride 1, a normalisation, an activation."""

    _conv: type[nn.Module]
    _dims: int

    def _build(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride,
        padding,
        groups,
        norm_layer,
        activation_layer,
        dilation,
        inplace,
        bias,
    ) -> None:
        if padding is None:
            padding = self._same_padding(kernel_size, dilation)
        if bias is None:
            bias = norm_layer is None
        layers = [
            self._conv(
                in_channels,
                out_channels,
                kernel_size,
                stride,
                padding,
                dilation=dilation,
                groups=groups,
                bias=bias,
            )
        ]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            options = {} if inplace is None else {"inplace": inplace}
            layers.append(activation_layer(**options))
        for index, layer in enumerate(layers):
            self.add_module(str(index), layer)
        self.out_channels = out_channels

    def _same_padding(self, kernel_size, dilation):
        if isinstance(kernel_size, int) and isinstance(dilation, int):
            return (kernel_size - 1) // 2 * dilation
        sizes, steps = (
            (value,) * self._dims if isinstance(value, int) else tuple(value)
            for value in (kernel_size, dilation)
        )
        return tuple((size - 1) // 2 * step for size, step in zip(sizes, steps))


class Conv2dNormActivation(_ConvNormActivation):
    """A convolution of images, its normalisation and its activation.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: Default: 3.
        stride: Default: 1.
        padding: Default: what keeps the size at stride 1.
        groups: Default: 1.
        norm_layer: makes a normalisation of some channels, or ``None``. Default:
            :class:`~rushlight.nn.BatchNorm2d`.
        activation_layer: makes an activation, or ``None``. Default:
            :class:`~rushlight.nn.ReLU`.
        dilation: Default: 1.
        inplace: passed to the activation unless ``None``. Default: ``True``.
        bias: of the convolution. Default: where there is no normalisation.

    Shape:
        Input ``(N, in_channels, H, W)``.
    """

    _conv, _dims = nn.Conv2d, 2

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size=3,
        stride=1,
        padding=None,
        groups=1,
        norm_layer=nn.BatchNorm2d,
        activation_layer=nn.ReLU,
        dilation=1,
        inplace=True,
        bias=None,
    ) -> None:
        super().__init__()
        self._build(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
        )


class Conv3dNormActivation(_ConvNormActivation):
    """:class:`Conv2dNormActivation` for volumes ``(N, in_channels, D, H, W)``."""

    _conv, _dims = nn.Conv3d, 3

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size=3,
        stride=1,
        padding=None,
        groups=1,
        norm_layer=nn.BatchNorm3d,
        activation_layer=nn.ReLU,
        dilation=1,
        inplace=True,
        bias=None,
    ) -> None:
        super().__init__()
        self._build(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            groups,
            norm_layer,
            activation_layer,
            dilation,
            inplace,
            bias,
        )


class SqueezeExcitation(nn.Module):
    """Scale each channel by what a small network makes of all channels' averages.

    Hu, Shen and Sun, "Squeeze-and-Excitation Networks" (2018), section 3.

    Args:
        input_channels: channels of input and output.
        squeeze_channels: channels between the two layers.
        activation: makes what follows the first. Default: :class:`~rushlight.nn.ReLU`.
        scale_activation: makes what follows the second. Default:
            :class:`~rushlight.nn.Sigmoid`.

    Shape:
        Input and output ``(N, C, H, W)``.
    """

    def __init__(
        self,
        input_channels,
        squeeze_channels,
        activation=nn.ReLU,
        scale_activation=nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input):
        scale = self.fc2(self.activation(self.fc1(self.avgpool(input))))
        return self.scale_activation(scale) * input


class MLP(nn.Sequential):
    """Linear layers, each but the last with a normalisation, activation and dropout.

    Args:
        in_channels: features of the input.
        hidden_channels: features after each layer.
        norm_layer: makes a normalisation of some features, or ``None``. Default: none.
        activation_layer: makes an activation. Default: :class:`~rushlight.nn.ReLU`.
        inplace: passed to activations and dropouts unless ``None``. Default: ``None``.
        bias: of the linear layers. Default: ``True``.
        dropout: the probability of the dropouts; the last layer has one too.
            Default: 0.
    """

    def __init__(
        self,
        in_channels,
        hidden_channels,
        norm_layer=None,
        activation_layer=nn.ReLU,
        inplace=None,
        bias=True,
        dropout=0.0,
    ) -> None:
        options = {} if inplace is None else {"inplace": inplace}
        layers: list[nn.Module] = []
        for features in hidden_channels[:-1]:
            layers.append(nn.Linear(in_channels, features, bias=bias))
            if norm_layer is not None:
                layers.append(norm_layer(features))
            layers.append(activation_layer(**options))
            layers.append(nn.Dropout(dropout, **options))
            in_channels = features
        layers.append(nn.Linear(in_channels, hidden_channels[-1], bias=bias))
        layers.append(nn.Dropout(dropout, **options))
        super().__init__(*layers)


class Permute(nn.Module):
    """Reorder the dimensions of the input."""

    def __init__(self, dims) -> None:
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return rushlight.permute(x, self.dims)
