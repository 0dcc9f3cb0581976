"""VGG networks.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image
Recognition" (2015), table 1: A (11 layers), B (13), D (16), E (19).
"""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published

__all__ = [
    "VGG",
    "VGG11_BN_Weights",
    "VGG11_Weights",
    "VGG13_BN_Weights",
    "VGG13_Weights",
    "VGG16_BN_Weights",
    "VGG16_Weights",
    "VGG19_BN_Weights",
    "VGG19_Weights",
    "vgg11",
    "vgg11_bn",
    "vgg13",
    "vgg13_bn",
    "vgg16",
    "vgg16_bn",
    "vgg19",
    "vgg19_bn",
]

# Convolutions in each of the five stages.
_DEPTHS = {
    11: (1, 1, 2, 2, 2),
    13: (2, 2, 2, 2, 2),
    16: (2, 2, 3, 3, 3),
    19: (2, 2, 4, 4, 4),
}
_WIDTHS = (64, 128, 256, 512, 512)


def _stages(depths, batch_norm):
    layers: list[nn.Module] = []
    channels = 3
    for depth, width in zip(depths, _WIDTHS, strict=True):
        for _ in range(depth):
            layers.append(nn.Conv2d(channels, width, kernel_size=3, padding=1))
            if batch_norm:
                layers.append(nn.BatchNorm2d(width))
            layers.append(nn.ReLU(inplace=True))
            channels = width
        layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """Convolutional ``features``, then three linear layers (Simonyan 2015).

    Args:
        features: a module from ``(N, 3, H, W)`` to 512 channels.
        num_classes: scores in the output. Default: 1000.
        init_weights: He's initialisation for convolutions (fan-out), a normal one of
            deviation 0.01 for linear layers. Default: ``True``.
        dropout: the probability of both dropouts. Default: 0.5.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 32; output ``(N, num_classes)``.
    """

    def __init__(
        self, features, num_classes=1000, init_weights=True, dropout=0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.ones_(module.weight)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(rushlight.flatten(x, 1))


def _vgg(depth, batch_norm, weights, progress, **kwargs):
    if weights is not None:
        kwargs["init_weights"] = False
    features = _stages(_DEPTHS[depth], batch_norm)
    return build(VGG, weights, progress, features, **kwargs)


class VGG11_Weights(WeightsEnum):
    """Published weights of :func:`vgg11`."""

    IMAGENET1K_V1 = published(
        "vgg11-8a719046.pth", 132863336, 69.02, 88.628, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG11_BN_Weights(WeightsEnum):
    """Published weights of :func:`vgg11_bn`."""

    IMAGENET1K_V1 = published(
        "vgg11_bn-6002323d.pth", 132868840, 70.37, 89.81, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_Weights(WeightsEnum):
    """Published weights of :func:`vgg13`."""

    IMAGENET1K_V1 = published(
        "vgg13-19584684.pth", 133047848, 69.928, 89.246, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG13_BN_Weights(WeightsEnum):
    """Published weights of :func:`vgg13_bn`."""

    IMAGENET1K_V1 = published(
        "vgg13_bn-abd245e5.pth", 133053736, 71.586, 90.374, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_Weights(WeightsEnum):
    """Published weights of :func:`vgg16`."""

    IMAGENET1K_V1 = published(
        "vgg16-397923af.pth", 138357544, 71.592, 90.382, min_size=(32, 32)
    )
    # The classifier's values are NaN: for the features of other networks.
    IMAGENET1K_FEATURES = published(
        "vgg16_features-amdegroot-88682ab5.pth",
        138357544,
        float("nan"),
        float("nan"),
        min_size=(32, 32),
        mean=(0.48235, 0.45882, 0.40784),
        std=(1 / 255, 1 / 255, 1 / 255),
        categories=None,
    )
    DEFAULT = IMAGENET1K_V1


class VGG16_BN_Weights(WeightsEnum):
    """Published weights of :func:`vgg16_bn`."""

    IMAGENET1K_V1 = published(
        "vgg16_bn-6c64b313.pth", 138365992, 73.36, 91.516, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_Weights(WeightsEnum):
    """Published weights of :func:`vgg19`."""

    IMAGENET1K_V1 = published(
        "vgg19-dcbb9e9d.pth", 143667240, 72.376, 90.876, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


class VGG19_BN_Weights(WeightsEnum):
    """Published weights of :func:`vgg19_bn`."""

    IMAGENET1K_V1 = published(
        "vgg19_bn-c79401a0.pth", 143678248, 74.218, 91.842, min_size=(32, 32)
    )
    DEFAULT = IMAGENET1K_V1


@builder(VGG11_Weights)
def vgg11(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 11 layers (Simonyan 2015).

    Args:
        weights: :class:`VGG11_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(11, False, weights, progress, **kwargs)


@builder(VGG11_BN_Weights)
def vgg11_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 11 layers, batch normalisation after each convolution (Simonyan 2015).

    Args:
        weights: :class:`VGG11_BN_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(11, True, weights, progress, **kwargs)


@builder(VGG13_Weights)
def vgg13(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 13 layers (Simonyan 2015).

    Args:
        weights: :class:`VGG13_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(13, False, weights, progress, **kwargs)


@builder(VGG13_BN_Weights)
def vgg13_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 13 layers, batch normalisation after each convolution (Simonyan 2015).

    Args:
        weights: :class:`VGG13_BN_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(13, True, weights, progress, **kwargs)


@builder(VGG16_Weights)
def vgg16(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 16 layers (Simonyan 2015).

    Args:
        weights: :class:`VGG16_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(16, False, weights, progress, **kwargs)


@builder(VGG16_BN_Weights)
def vgg16_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 16 layers, batch normalisation after each convolution (Simonyan 2015).

    Args:
        weights: :class:`VGG16_BN_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(16, True, weights, progress, **kwargs)


@builder(VGG19_Weights)
def vgg19(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 19 layers (Simonyan 2015).

    Args:
        weights: :class:`VGG19_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(19, False, weights, progress, **kwargs)


@builder(VGG19_BN_Weights)
def vgg19_bn(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> VGG:
    """VGG of 19 layers, batch normalisation after each convolution (Simonyan 2015).

    Args:
        weights: :class:`VGG19_BN_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`VGG`.
    """
    return _vgg(19, True, weights, progress, **kwargs)
