"""MobileNetV3.

Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le and Adam,
"Searching for MobileNetV3" (2019), tables 1 and 2.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published
from rushlight.vision.models._utils import make_divisible
from rushlight.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation

__all__ = [
    "MobileNetV3",
    "MobileNet_V3_Large_Weights",
    "MobileNet_V3_Small_Weights",
    "mobilenet_v3_large",
    "mobilenet_v3_small",
]


class InvertedResidualConfig:
    """One row of the paper's tables, its channel counts scaled by ``width_mult``."""

    def __init__(
        self,
        input_channels,
        kernel,
        expanded_channels,
        out_channels,
        use_se,
        activation,
        stride,
        dilation,
        width_mult,
    ) -> None:
        self.input_channels = self.adjust_channels(input_channels, width_mult)
        self.kernel = kernel
        self.expanded_channels = self.adjust_channels(expanded_channels, width_mult)
        self.out_channels = self.adjust_channels(out_channels, width_mult)
        self.use_se = use_se
        self.use_hs = activation == "HS"
        self.stride = stride
        self.dilation = dilation

    @staticmethod
    def adjust_channels(channels, width_mult):
        return make_divisible(channels * width_mult, 8)


class InvertedResidual(nn.Module):
    """Widen, filter each channel, scale by squeeze-and-excitation, narrow."""

    def __init__(self, cnf, norm_layer, se_layer=None) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError(f"stride should be 1 or 2 instead of {cnf.stride}")
        if se_layer is None:
            se_layer = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)
        self.use_res_connect = (
            cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        )
        self.out_channels = cnf.out_channels
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer)
        activation = nn.Hardswish if cnf.use_hs else nn.ReLU
        width = cnf.expanded_channels
        layers = []
        if width != cnf.input_channels:
            layers.append(
                conv(
                    cnf.input_channels,
                    width,
                    kernel_size=1,
                    activation_layer=activation,
                )
            )
        layers.append(
            conv(
                width,
                width,
                kernel_size=cnf.kernel,
                stride=1 if cnf.dilation > 1 else cnf.stride,
                dilation=cnf.dilation,
                groups=width,
                activation_layer=activation,
            )
        )
        if cnf.use_se:
            layers.append(se_layer(width, make_divisible(width // 4, 8)))
        layers.append(
            conv(width, cnf.out_channels, kernel_size=1, activation_layer=None)
        )
        self.block = nn.Sequential(*layers)

    def forward(self, input):
        out = self.block(input)
        return out + input if self.use_res_connect else out


class MobileNetV3(nn.Module):
    """Inverted residuals, averaged, and two linear layers (Howard 2019).

    Args:
        inverted_residual_setting: an :class:`InvertedResidualConfig` for each block.
        last_channel: features between the linear layers.
        num_classes: scores in the output. Default: 1000.
        block: what a block is. Default: :class:`InvertedResidual`.
        norm_layer: makes a normalisation of some channels. Default:
            :class:`~rushlight.nn.BatchNorm2d` with eps 0.001 and momentum 0.01.
        dropout: the probability of the dropout. Default: 0.2.

    Shape:
        Input ``(N, 3, H, W)``; output ``(N, num_classes)``.

    Raises:
        ValueError: the setting is empty.
        TypeError: the setting is no list of configurations.
    """

    def __init__(
        self,
        inverted_residual_setting,
        last_channel,
        num_classes=1000,
        block=None,
        norm_layer=None,
        dropout=0.2,
        **kwargs,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(setting, (list, tuple)) or not all(
            isinstance(row, InvertedResidualConfig) for row in setting
        ):
            raise TypeError(
                "The inverted_residual_setting should be List[InvertedResidualConfig]"
            )
        block = block or InvertedResidual
        if norm_layer is None:
            norm_layer = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        conv = partial(
            Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.Hardswish
        )
        narrow = setting[-1].out_channels
        wide = 6 * narrow
        self.features = nn.Sequential(
            conv(3, setting[0].input_channels, kernel_size=3, stride=2),
            *(block(row, norm_layer) for row in setting),
            conv(narrow, wide, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(wide, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(p=dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(rushlight.flatten(x, 1))


# Kernel, expansion, channels, squeeze-excitation, activation, stride; then the number
# of blocks at the end that reduced_tail narrows and dilated dilates, and the features
# between the linear layers.
_LARGE = (
    (3, 16, 16, False, "RE", 1),
    (3, 64, 24, False, "RE", 2),
    (3, 72, 24, False, "RE", 1),
    (5, 72, 40, True, "RE", 2),
    (5, 120, 40, True, "RE", 1),
    (5, 120, 40, True, "RE", 1),
    (3, 240, 80, False, "HS", 2),
    (3, 200, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 184, 80, False, "HS", 1),
    (3, 480, 112, True, "HS", 1),
    (3, 672, 112, True, "HS", 1),
    (5, 672, 160, True, "HS", 2),
    (5, 960, 160, True, "HS", 1),
    (5, 960, 160, True, "HS", 1),
)
_SMALL = (
    (3, 16, 16, True, "RE", 2),
    (3, 72, 24, False, "RE", 2),
    (3, 88, 24, False, "RE", 1),
    (5, 96, 40, True, "HS", 2),
    (5, 240, 40, True, "HS", 1),
    (5, 240, 40, True, "HS", 1),
    (5, 120, 48, True, "HS", 1),
    (5, 144, 48, True, "HS", 1),
    (5, 288, 96, True, "HS", 2),
    (5, 576, 96, True, "HS", 1),
    (5, 576, 96, True, "HS", 1),
)
_TAIL = 3


def _setting(rows, last, width_mult=1.0, reduced_tail=False, dilated=False):
    """The configurations of a table, and the features between the linear layers."""
    divider = 2 if reduced_tail else 1
    setting, channels = [], 16
    for index, (kernel, expanded, out, use_se, activation, stride) in enumerate(rows):
        place = index - (len(rows) - _TAIL)
        if place >= 0:
            out //= divider
        if place > 0:
            expanded //= divider
        dilation = 2 if dilated and place >= 0 else 1
        setting.append(
            InvertedResidualConfig(
                channels,
                kernel,
                expanded,
                out,
                use_se,
                activation,
                stride,
                dilation,
                width_mult,
            )
        )
        channels = out
    last = InvertedResidualConfig.adjust_channels(last // divider, width_mult)
    return setting, last


def _mobilenet_v3(rows, last, weights, progress, **kwargs):
    options = {
        name: kwargs.pop(name)
        for name in ("width_mult", "reduced_tail", "dilated")
        if name in kwargs
    }
    setting, last = _setting(rows, last, **options)
    return build(MobileNetV3, weights, progress, setting, last, **kwargs)


class MobileNet_V3_Large_Weights(WeightsEnum):
    """Published weights of :func:`mobilenet_v3_large`."""

    IMAGENET1K_V1 = published(
        "mobilenet_v3_large-8738ca79.pth", 5483032, 74.042, 91.340
    )
    IMAGENET1K_V2 = published(
        "mobilenet_v3_large-5c1a4163.pth", 5483032, 75.274, 92.566, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class MobileNet_V3_Small_Weights(WeightsEnum):
    """Published weights of :func:`mobilenet_v3_small`."""

    IMAGENET1K_V1 = published(
        "mobilenet_v3_small-047dcff4.pth", 2542856, 67.668, 87.402
    )
    DEFAULT = IMAGENET1K_V1


@builder(MobileNet_V3_Large_Weights)
def mobilenet_v3_large(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> MobileNetV3:
    """MobileNetV3-Large (Howard 2019, table 1).

    Args:
        weights: :class:`MobileNet_V3_Large_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: ``width_mult``, ``reduced_tail``, ``dilated``; the rest is passed to
            :class:`MobileNetV3`.
    """
    return _mobilenet_v3(_LARGE, 1280, weights, progress, **kwargs)


@builder(MobileNet_V3_Small_Weights)
def mobilenet_v3_small(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> MobileNetV3:
    """MobileNetV3-Small (Howard 2019, table 2).

    Args:
        weights: :class:`MobileNet_V3_Small_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: ``width_mult``, ``reduced_tail``, ``dilated``; the rest is passed to
            :class:`MobileNetV3`.
    """
    return _mobilenet_v3(_SMALL, 1024, weights, progress, **kwargs)
