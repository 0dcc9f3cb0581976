"""MobileNetV2.

Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: Inverted Residuals and Linear
Bottlenecks" (2018), table 2.
"""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published
from rushlight.vision.models._utils import make_divisible
from rushlight.vision.ops.misc import Conv2dNormActivation

__all__ = ["MobileNetV2", "MobileNet_V2_Weights", "mobilenet_v2"]

# Expansion, channels, blocks, stride of the first.
_SETTING = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow without activation (section 3.3)."""

    def __init__(self, inp, oup, stride, expand_ratio, norm_layer=None) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride should be 1 or 2 instead of {stride}")
        norm_layer = norm_layer or nn.BatchNorm2d
        hidden = round(inp * expand_ratio)
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        self.out_channels = oup
        layers: list[nn.Module] = []
        if expand_ratio != 1:
            layers.append(
                Conv2dNormActivation(
                    inp,
                    hidden,
                    kernel_size=1,
                    norm_layer=norm_layer,
                    activation_layer=nn.ReLU6,
                )
            )
        layers += [
            Conv2dNormActivation(
                hidden,
                hidden,
                stride=stride,
                groups=hidden,
                norm_layer=norm_layer,
                activation_layer=nn.ReLU6,
            ),
            nn.Conv2d(hidden, oup, 1, 1, 0, bias=False),
            norm_layer(oup),
        ]
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """Inverted residuals, averaged, and a linear layer (Sandler 2018).

    Args:
        num_classes: scores in the output. Default: 1000.
        width_mult: scales all channel counts. Default: 1.
        inverted_residual_setting: rows of expansion, channels, blocks and first stride.
            Default: the paper's.
        round_nearest: channel counts are multiples of it. Default: 8.
        block: what a block is. Default: :class:`InvertedResidual`.
        norm_layer: makes a normalisation of some channels. Default:
            :class:`~rushlight.nn.BatchNorm2d`.
        dropout: the probability of the dropout. Default: 0.2.

    Shape:
        Input ``(N, 3, H, W)``; output ``(N, num_classes)``.

    Raises:
        ValueError: the setting's rows are not of four.
    """

    def __init__(
        self,
        num_classes=1000,
        width_mult=1.0,
        inverted_residual_setting=None,
        round_nearest=8,
        block=None,
        norm_layer=None,
        dropout=0.2,
    ) -> None:
        super().__init__()
        block = block or InvertedResidual
        norm_layer = norm_layer or nn.BatchNorm2d
        setting = inverted_residual_setting
        if setting is None:
            setting = _SETTING
        if len(setting) == 0 or any(len(row) != 4 for row in setting):
            raise ValueError(
                "inverted_residual_setting should be non-empty, each row expansion, "
                f"channels, blocks and stride; got {setting}"
            )
        channels = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        layers = [
            Conv2dNormActivation(
                3, channels, stride=2, norm_layer=norm_layer, activation_layer=nn.ReLU6
            )
        ]
        for expansion, width, blocks, stride in setting:
            out = make_divisible(width * width_mult, round_nearest)
            for index in range(blocks):
                layers.append(
                    block(
                        channels,
                        out,
                        stride if index == 0 else 1,
                        expand_ratio=expansion,
                        norm_layer=norm_layer,
                    )
                )
                channels = out
        layers.append(
            Conv2dNormActivation(
                channels,
                self.last_channel,
                kernel_size=1,
                norm_layer=norm_layer,
                activation_layer=nn.ReLU6,
            )
        )
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout), nn.Linear(self.last_channel, num_classes)
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
        x = nn.functional.adaptive_avg_pool2d(self.features(x), (1, 1))
        return self.classifier(rushlight.flatten(x, 1))


class MobileNet_V2_Weights(WeightsEnum):
    """Published weights of :func:`mobilenet_v2`."""

    IMAGENET1K_V1 = published("mobilenet_v2-b0353104.pth", 3504872, 71.878, 90.286)
    IMAGENET1K_V2 = published(
        "mobilenet_v2-7ebf99e0.pth", 3504872, 72.154, 90.822, resize=232
    )
    DEFAULT = IMAGENET1K_V2


@builder(MobileNet_V2_Weights)
def mobilenet_v2(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> MobileNetV2:
    """MobileNetV2 (Sandler 2018).

    Args:
        weights: :class:`MobileNet_V2_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`MobileNetV2`.
    """
    return build(MobileNetV2, weights, progress, **kwargs)
