"""EfficientNet and EfficientNetV2.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"
(2019), table 1; Tan and Le, "EfficientNetV2: Smaller Models and Faster Training"
(2021), table 4.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published
from rushlight.vision.models._utils import make_divisible
from rushlight.vision.ops.misc import Conv2dNormActivation, SqueezeExcitation
from rushlight.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "EfficientNet",
    "EfficientNet_B0_Weights",
    "efficientnet_b0",
    "EfficientNet_B1_Weights",
    "efficientnet_b1",
    "EfficientNet_B2_Weights",
    "efficientnet_b2",
    "EfficientNet_B3_Weights",
    "efficientnet_b3",
    "EfficientNet_B4_Weights",
    "efficientnet_b4",
    "EfficientNet_B5_Weights",
    "efficientnet_b5",
    "EfficientNet_B6_Weights",
    "efficientnet_b6",
    "EfficientNet_B7_Weights",
    "efficientnet_b7",
    "EfficientNet_V2_S_Weights",
    "efficientnet_v2_s",
    "EfficientNet_V2_M_Weights",
    "efficientnet_v2_m",
    "EfficientNet_V2_L_Weights",
    "efficientnet_v2_l",
]


@dataclass
class _MBConvConfig:
    """One row of the papers' tables: a stage of equal blocks."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int
    block: Any

    @staticmethod
    def adjust_channels(channels, width_mult, min_value=None):
        return make_divisible(channels * width_mult, 8, min_value)


class MBConvConfig(_MBConvConfig):
    """A stage of :class:`MBConv`, scaled in width and depth (Tan 2019)."""

    def __init__(
        self,
        expand_ratio,
        kernel,
        stride,
        input_channels,
        out_channels,
        num_layers,
        width_mult=1.0,
        depth_mult=1.0,
        block=None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            self.adjust_channels(input_channels, width_mult),
            self.adjust_channels(out_channels, width_mult),
            self.adjust_depth(num_layers, depth_mult),
            block or MBConv,
        )

    @staticmethod
    def adjust_depth(num_layers, depth_mult):
        return math.ceil(num_layers * depth_mult)


class FusedMBConvConfig(_MBConvConfig):
    """A stage of :class:`FusedMBConv` (Tan 2021)."""

    def __init__(
        self,
        expand_ratio,
        kernel,
        stride,
        input_channels,
        out_channels,
        num_layers,
        block=None,
    ) -> None:
        super().__init__(
            expand_ratio,
            kernel,
            stride,
            input_channels,
            out_channels,
            num_layers,
            block or FusedMBConv,
        )


class _Residual(nn.Module):
    """``block``, with a shortcut and stochastic depth where the shape stays."""

    def __init__(self, cnf, layers, stochastic_depth_prob) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError(f"stride should be 1 or 2 instead of {cnf.stride}")
        self.use_res_connect = (
            cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        )
        self.block = nn.Sequential(*layers)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input):
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result) + input
        return result


class MBConv(_Residual):
    """Widen, filter each channel, squeeze and excite, narrow."""

    def __init__(
        self, cnf, stochastic_depth_prob, norm_layer, se_layer=SqueezeExcitation
    ) -> None:
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        layers = []
        if width != cnf.input_channels:
            layers.append(
                conv(cnf.input_channels, width, kernel_size=1, activation_layer=nn.SiLU)
            )
        layers += [
            conv(
                width,
                width,
                kernel_size=cnf.kernel,
                stride=cnf.stride,
                groups=width,
                activation_layer=nn.SiLU,
            ),
            se_layer(
                width,
                max(1, cnf.input_channels // 4),
                activation=partial(nn.SiLU, inplace=True),
            ),
            conv(width, cnf.out_channels, kernel_size=1, activation_layer=None),
        ]
        super().__init__(cnf, layers, stochastic_depth_prob)


class FusedMBConv(_Residual):
    """One convolution that widens and filters, then narrow (Tan 2021, figure 2)."""

    def __init__(self, cnf, stochastic_depth_prob, norm_layer) -> None:
        conv = partial(Conv2dNormActivation, norm_layer=norm_layer)
        width = cnf.adjust_channels(cnf.input_channels, cnf.expand_ratio)
        widens = width != cnf.input_channels
        layers = [
            conv(
                cnf.input_channels,
                width if widens else cnf.out_channels,
                kernel_size=cnf.kernel,
                stride=cnf.stride,
                activation_layer=nn.SiLU,
            )
        ]
        if widens:
            layers.append(
                conv(width, cnf.out_channels, kernel_size=1, activation_layer=None)
            )
        super().__init__(cnf, layers, stochastic_depth_prob)


class EfficientNet(nn.Module):
    """Stages of mobile blocks, averaged, and a linear layer (Tan 2019, 2021).

    Args:
        inverted_residual_setting: an :class:`MBConvConfig` or
            :class:`FusedMBConvConfig` for each stage.
        dropout: the probability of the dropout.
        stochastic_depth_prob: that of leaving out the last block; it rises linearly
            from 0. Default: 0.2.
        num_classes: scores in the output. Default: 1000.
        norm_layer: makes a normalisation of some channels. Default:
            :class:`~rushlight.nn.BatchNorm2d`.
        last_channel: channels of the last convolution. Default: four times its input's.

    Shape:
        Input ``(N, 3, H, W)``; output ``(N, num_classes)``.

    Raises:
        ValueError: the setting is empty.
        TypeError: the setting is no list of configurations.
    """

    def __init__(
        self,
        inverted_residual_setting,
        dropout,
        stochastic_depth_prob=0.2,
        num_classes=1000,
        norm_layer=None,
        last_channel=None,
    ) -> None:
        super().__init__()
        setting = inverted_residual_setting
        if not setting:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not isinstance(setting, (list, tuple)) or not all(
            isinstance(row, _MBConvConfig) for row in setting
        ):
            raise TypeError(
                "The inverted_residual_setting should be List[MBConvConfig]"
            )
        norm_layer = norm_layer or nn.BatchNorm2d
        conv = partial(
            Conv2dNormActivation, norm_layer=norm_layer, activation_layer=nn.SiLU
        )
        layers: list[nn.Module] = [
            conv(3, setting[0].input_channels, kernel_size=3, stride=2)
        ]
        total = sum(row.num_layers for row in setting)
        done = 0
        for row in setting:
            stage = []
            for index in range(row.num_layers):
                one = copy.copy(row)
                if index > 0:
                    one.input_channels, one.stride = one.out_channels, 1
                probability = stochastic_depth_prob * float(done) / total
                stage.append(one.block(one, probability, norm_layer))
                done += 1
            layers.append(nn.Sequential(*stage))
        narrow = setting[-1].out_channels
        wide = 4 * narrow if last_channel is None else last_channel
        layers.append(conv(narrow, wide, kernel_size=1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout, inplace=True), nn.Linear(wide, num_classes)
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
                bound = 1.0 / math.sqrt(module.out_features)
                nn.init.uniform_(module.weight, -bound, bound)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(rushlight.flatten(x, 1))


# Expansion, kernel, stride, input and output channels, blocks.
_B0 = (
    (1, 3, 1, 32, 16, 1),
    (6, 3, 2, 16, 24, 2),
    (6, 5, 2, 24, 40, 2),
    (6, 3, 2, 40, 80, 3),
    (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4),
    (6, 3, 1, 192, 320, 1),
)
# The same for V2, first the stages of FusedMBConv, then those of MBConv.
_V2_S = (
    ((1, 3, 1, 24, 24, 2), (4, 3, 2, 24, 48, 4), (4, 3, 2, 48, 64, 4)),
    ((4, 3, 2, 64, 128, 6), (6, 3, 1, 128, 160, 9), (6, 3, 2, 160, 256, 15)),
)
_V2_M = (
    ((1, 3, 1, 24, 24, 3), (4, 3, 2, 24, 48, 5), (4, 3, 2, 48, 80, 5)),
    (
        (4, 3, 2, 80, 160, 7),
        (6, 3, 1, 160, 176, 14),
        (6, 3, 2, 176, 304, 18),
        (6, 3, 1, 304, 512, 5),
    ),
)
_V2_L = (
    ((1, 3, 1, 32, 32, 4), (4, 3, 2, 32, 64, 7), (4, 3, 2, 64, 96, 7)),
    (
        (4, 3, 2, 96, 192, 10),
        (6, 3, 1, 192, 224, 19),
        (6, 3, 2, 224, 384, 25),
        (6, 3, 1, 384, 640, 7),
    ),
)


def _efficientnet(width, depth, dropout, weights, progress, **kwargs):
    setting = [MBConvConfig(*row, width_mult=width, depth_mult=depth) for row in _B0]
    dropout = kwargs.pop("dropout", dropout)
    return build(EfficientNet, weights, progress, setting, dropout, **kwargs)


def _efficientnet_v2(stages, dropout, weights, progress, **kwargs):
    fused, plain = stages
    setting = [FusedMBConvConfig(*row) for row in fused]
    setting += [MBConvConfig(*row) for row in plain]
    dropout = kwargs.pop("dropout", dropout)
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=1e-03))
    return build(
        EfficientNet,
        weights,
        progress,
        setting,
        dropout,
        last_channel=1280,
        **kwargs,
    )


class EfficientNet_B0_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b0`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b0_rwightman-7f5810bc.pth",
        5288548,
        77.692,
        93.532,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B1_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b1`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b1_rwightman-bac287d4.pth",
        7794184,
        78.642,
        94.186,
        crop=240,
        interpolation="bicubic",
    )
    IMAGENET1K_V2 = published(
        "efficientnet_b1-c27df63c.pth", 7794184, 79.838, 94.934, crop=240, resize=255
    )
    DEFAULT = IMAGENET1K_V2


class EfficientNet_B2_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b2`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b2_rwightman-c35c1473.pth",
        9109994,
        80.608,
        95.31,
        crop=288,
        resize=288,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B3_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b3`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b3_rwightman-b3899882.pth",
        12233232,
        82.008,
        96.054,
        crop=300,
        resize=320,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B4_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b4`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b4_rwightman-23ab8bcd.pth",
        19341616,
        83.384,
        96.594,
        crop=380,
        resize=384,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B5_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b5`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b5_lukemelas-1a07897c.pth",
        30389784,
        83.444,
        96.628,
        crop=456,
        resize=456,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B6_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b6`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b6_lukemelas-24a108a5.pth",
        43040704,
        84.008,
        96.916,
        crop=528,
        resize=528,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_B7_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_b7`."""

    IMAGENET1K_V1 = published(
        "efficientnet_b7_lukemelas-c5b4e57e.pth",
        66347960,
        84.122,
        96.908,
        crop=600,
        resize=600,
        interpolation="bicubic",
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_S_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_v2_s`."""

    IMAGENET1K_V1 = published(
        "efficientnet_v2_s-dd5fe13b.pth",
        21458488,
        84.228,
        96.878,
        min_size=(33, 33),
        crop=384,
        resize=384,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_M_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_v2_m`."""

    IMAGENET1K_V1 = published(
        "efficientnet_v2_m-dc08266a.pth",
        54139356,
        85.112,
        97.156,
        min_size=(33, 33),
        crop=480,
        resize=480,
    )
    DEFAULT = IMAGENET1K_V1


class EfficientNet_V2_L_Weights(WeightsEnum):
    """Published weights of :func:`efficientnet_v2_l`."""

    IMAGENET1K_V1 = published(
        "efficientnet_v2_l-59c71312.pth",
        118515272,
        85.808,
        97.788,
        min_size=(33, 33),
        crop=480,
        resize=480,
        interpolation="bicubic",
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )
    DEFAULT = IMAGENET1K_V1


@builder(EfficientNet_B0_Weights)
def efficientnet_b0(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B0 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B0_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet(1.0, 1.0, 0.2, weights, progress, **kwargs)


@builder(EfficientNet_B1_Weights)
def efficientnet_b1(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B1 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B1_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet(1.0, 1.1, 0.2, weights, progress, **kwargs)


@builder(EfficientNet_B2_Weights)
def efficientnet_b2(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B2 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B2_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet(1.1, 1.2, 0.3, weights, progress, **kwargs)


@builder(EfficientNet_B3_Weights)
def efficientnet_b3(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B3 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B3_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet(1.2, 1.4, 0.3, weights, progress, **kwargs)


@builder(EfficientNet_B4_Weights)
def efficientnet_b4(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B4 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B4_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet(1.4, 1.8, 0.4, weights, progress, **kwargs)


@builder(EfficientNet_B5_Weights)
def efficientnet_b5(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B5 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B5_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=0.001, momentum=0.01))
    return _efficientnet(1.6, 2.2, 0.4, weights, progress, **kwargs)


@builder(EfficientNet_B6_Weights)
def efficientnet_b6(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B6 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B6_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=0.001, momentum=0.01))
    return _efficientnet(1.8, 2.6, 0.5, weights, progress, **kwargs)


@builder(EfficientNet_B7_Weights)
def efficientnet_b7(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNet-B7 (Tan 2019).

    Args:
        weights: :class:`EfficientNet_B7_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    kwargs.setdefault("norm_layer", partial(nn.BatchNorm2d, eps=0.001, momentum=0.01))
    return _efficientnet(2.0, 3.1, 0.5, weights, progress, **kwargs)


@builder(EfficientNet_V2_S_Weights)
def efficientnet_v2_s(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNetV2-S (Tan 2021).

    Args:
        weights: :class:`EfficientNet_V2_S_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet_v2(_V2_S, 0.2, weights, progress, **kwargs)


@builder(EfficientNet_V2_M_Weights)
def efficientnet_v2_m(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNetV2-M (Tan 2021).

    Args:
        weights: :class:`EfficientNet_V2_M_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet_v2(_V2_M, 0.3, weights, progress, **kwargs)


@builder(EfficientNet_V2_L_Weights)
def efficientnet_v2_l(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> EfficientNet:
    """EfficientNetV2-L (Tan 2021).

    Args:
        weights: :class:`EfficientNet_V2_L_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`EfficientNet`.
    """
    return _efficientnet_v2(_V2_L, 0.4, weights, progress, **kwargs)
