"""SqueezeNet.

Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer, "SqueezeNet: AlexNet-level accuracy
with 50x fewer parameters and <0.5MB model size" (2016).
"""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.nn import init
from rushlight.vision.models._api import WeightsEnum, build, builder, published

__all__ = [
    "SqueezeNet",
    "SqueezeNet1_0_Weights",
    "SqueezeNet1_1_Weights",
    "squeezenet1_0",
    "squeezenet1_1",
]


class Fire(nn.Module):
    """A 1x1 squeeze, then 1x1 and 3x3 expansions side by side (section 3.1)."""

    def __init__(
        self, inplanes, squeeze_planes, expand1x1_planes, expand3x3_planes
    ) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(
            squeeze_planes, expand3x3_planes, kernel_size=3, padding=1
        )
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x):
        x = self.squeeze_activation(self.squeeze(x))
        return rushlight.cat(
            [
                self.expand1x1_activation(self.expand1x1(x)),
                self.expand3x3_activation(self.expand3x3(x)),
            ],
            1,
        )


def _pool():
    return nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)


def _features(version):
    if version == "1_0":
        return nn.Sequential(
            nn.Conv2d(3, 96, kernel_size=7, stride=2),
            nn.ReLU(inplace=True),
            _pool(),
            Fire(96, 16, 64, 64),
            Fire(128, 16, 64, 64),
            Fire(128, 32, 128, 128),
            _pool(),
            Fire(256, 32, 128, 128),
            Fire(256, 48, 192, 192),
            Fire(384, 48, 192, 192),
            Fire(384, 64, 256, 256),
            _pool(),
            Fire(512, 64, 256, 256),
        )
    if version == "1_1":
        return nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=3, stride=2),
            nn.ReLU(inplace=True),
            _pool(),
            Fire(64, 16, 64, 64),
            Fire(128, 16, 64, 64),
            _pool(),
            Fire(128, 32, 128, 128),
            Fire(256, 32, 128, 128),
            _pool(),
            Fire(256, 48, 192, 192),
            Fire(384, 48, 192, 192),
            Fire(384, 64, 256, 256),
            Fire(512, 64, 256, 256),
        )
    raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")


class SqueezeNet(nn.Module):
    """Fire modules and a convolution as classifier (Iandola 2016).

    Args:
        version: ``"1_0"`` (the paper's) or ``"1_1"`` (a later one, 2.4 times cheaper).
        num_classes: scores in the output. Default: 1000.
        dropout: the probability of the dropout. Default: 0.5.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 21; output ``(N, num_classes)``.

    Raises:
        ValueError: the version is neither of the two.
    """

    def __init__(self, version="1_0", num_classes=1000, dropout=0.5) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.features = _features(version)
        final_conv = nn.Conv2d(512, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            final_conv,
            nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d((1, 1)),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                if module is final_conv:
                    init.normal_(module.weight, mean=0.0, std=0.01)
                else:
                    init.kaiming_uniform_(module.weight)
                if module.bias is not None:
                    init.constant_(module.bias, 0)

    def forward(self, x):
        return rushlight.flatten(self.classifier(self.features(x)), 1)


class SqueezeNet1_0_Weights(WeightsEnum):
    """Published weights of :func:`squeezenet1_0`."""

    IMAGENET1K_V1 = published(
        "squeezenet1_0-b66bff10.pth", 1248424, 58.092, 80.420, min_size=(21, 21)
    )
    DEFAULT = IMAGENET1K_V1


class SqueezeNet1_1_Weights(WeightsEnum):
    """Published weights of :func:`squeezenet1_1`."""

    IMAGENET1K_V1 = published(
        "squeezenet1_1-b8a52dc0.pth", 1235496, 58.178, 80.624, min_size=(17, 17)
    )
    DEFAULT = IMAGENET1K_V1


@builder(SqueezeNet1_0_Weights)
def squeezenet1_0(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> SqueezeNet:
    """SqueezeNet 1.0 (Iandola 2016).

    Args:
        weights: :class:`SqueezeNet1_0_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`SqueezeNet`.
    """
    return build(SqueezeNet, weights, progress, "1_0", **kwargs)


@builder(SqueezeNet1_1_Weights)
def squeezenet1_1(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> SqueezeNet:
    """SqueezeNet 1.1, cheaper than 1.0 with the same accuracy.

    Args:
        weights: :class:`SqueezeNet1_1_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`SqueezeNet`.
    """
    return build(SqueezeNet, weights, progress, "1_1", **kwargs)
