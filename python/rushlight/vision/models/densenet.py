"""Densely connected networks.

Huang, Liu, van der Maaten and Weinberger, "Densely Connected Convolutional Networks"
(2017), table 1, the form with bottleneck and compression (DenseNet-BC).
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any

import rushlight
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.utils import checkpoint as _checkpoint
from rushlight.vision.models._api import WeightsEnum, build, builder, published

__all__ = [
    "DenseNet",
    "DenseNet121_Weights",
    "DenseNet161_Weights",
    "DenseNet169_Weights",
    "DenseNet201_Weights",
    "densenet121",
    "densenet161",
    "densenet169",
    "densenet201",
]

# The published files name norm1 "norm.1", and so on, in the dense layers.
_OLD_KEY = re.compile(r"(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)")


class _DenseLayer(nn.Module):
    """Norm, ReLU, 1x1 convolution, norm, ReLU, 3x3 convolution; dropout if asked."""

    def __init__(
        self,
        num_input_features,
        growth_rate,
        bn_size,
        drop_rate,
        memory_efficient=False,
    ) -> None:
        super().__init__()
        inner = bn_size * growth_rate
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, inner, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(inner)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(inner, growth_rate, kernel_size=3, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs):
        """The bottleneck of all earlier features side by side."""
        return self.conv1(self.relu1(self.norm1(rushlight.cat(inputs, 1))))

    def _bottleneck(self, *inputs):
        return self.bn_function(inputs)

    def forward(self, input):
        features = [input] if isinstance(input, rushlight.Tensor) else list(input)
        if self.memory_efficient and any(f.requires_grad for f in features):
            inner = _checkpoint.checkpoint(
                self._bottleneck, *features, use_reentrant=False
            )
        else:
            inner = self.bn_function(features)
        new = self.conv2(self.relu2(self.norm2(inner)))
        if self.drop_rate > 0:
            new = F.dropout(new, p=self.drop_rate, training=self.training)
        return new


class _DenseBlock(nn.ModuleDict):
    """Layers that each see the features of all layers before them."""

    def __init__(
        self,
        num_layers,
        num_input_features,
        bn_size,
        growth_rate,
        drop_rate,
        memory_efficient=False,
    ) -> None:
        super().__init__()
        for index in range(num_layers):
            layer = _DenseLayer(
                num_input_features + index * growth_rate,
                growth_rate=growth_rate,
                bn_size=bn_size,
                drop_rate=drop_rate,
                memory_efficient=memory_efficient,
            )
            self.add_module(f"denselayer{index + 1}", layer)

    def forward(self, init_features):
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return rushlight.cat(features, 1)


class _Transition(nn.Sequential):
    """Norm, ReLU, 1x1 convolution and an average over 2x2 pixels."""

    def __init__(self, num_input_features, num_output_features) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(
            num_input_features, num_output_features, kernel_size=1, bias=False
        )
        self.pool = nn.AvgPool2d(kernel_size=2, stride=2)


class DenseNet(nn.Module):
    """Dense blocks joined by transitions that halve channels and size (Huang 2017).

    Args:
        growth_rate: channels that each layer adds (``k``). Default: 32.
        block_config: the layers of each block. Default: DenseNet-121's.
        num_init_features: channels of the first convolution. Default: 64.
        bn_size: a bottleneck's channels, in multiples of ``k``. Default: 4.
        drop_rate: the probability of dropout after each layer. Default: 0.
        num_classes: scores in the output. Default: 1000.
        memory_efficient: compute the bottlenecks again in backward instead of keeping
            them (checkpointing). Default: ``False``.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 29; output ``(N, num_classes)``.
    """

    def __init__(
        self,
        growth_rate=32,
        block_config=(6, 12, 24, 16),
        num_init_features=64,
        bn_size=4,
        drop_rate=0,
        num_classes=1000,
        memory_efficient=False,
    ) -> None:
        super().__init__()
        stem = nn.Conv2d(
            3, num_init_features, kernel_size=7, stride=2, padding=3, bias=False
        )
        self.features = nn.Sequential(
            OrderedDict(
                conv0=stem,
                norm0=nn.BatchNorm2d(num_init_features),
                relu0=nn.ReLU(inplace=True),
                pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
        )
        channels = num_init_features
        for number, num_layers in enumerate(block_config, 1):
            block = _DenseBlock(
                num_layers=num_layers,
                num_input_features=channels,
                bn_size=bn_size,
                growth_rate=growth_rate,
                drop_rate=drop_rate,
                memory_efficient=memory_efficient,
            )
            self.features.add_module(f"denseblock{number}", block)
            channels += num_layers * growth_rate
            if number != len(block_config):
                transition = _Transition(channels, channels // 2)
                self.features.add_module(f"transition{number}", transition)
                channels //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(channels))
        self.classifier = nn.Linear(channels, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
            elif isinstance(module, nn.BatchNorm2d):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.constant_(module.bias, 0)

    def forward(self, x):
        x = F.relu(self.features(x), inplace=True)
        x = F.adaptive_avg_pool2d(x, (1, 1))
        return self.classifier(rushlight.flatten(x, 1))


def _renamed(state):
    """The state with the keys that this module tree has."""
    renamed = OrderedDict()
    for key, value in state.items():
        found = _OLD_KEY.fullmatch(key)
        renamed[found.group(1) + found.group(2) if found else key] = value
    return renamed


def _densenet(growth_rate, blocks, init_features, weights, progress, **kwargs):
    return build(
        DenseNet,
        weights,
        progress,
        growth_rate,
        blocks,
        init_features,
        remap=_renamed,
        **kwargs,
    )


class DenseNet121_Weights(WeightsEnum):
    """Published weights of :func:`densenet121`."""

    IMAGENET1K_V1 = published(
        "densenet121-a639ec97.pth", 7978856, 74.434, 91.972, min_size=(29, 29)
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet161_Weights(WeightsEnum):
    """Published weights of :func:`densenet161`."""

    IMAGENET1K_V1 = published(
        "densenet161-8d451a50.pth", 28681000, 77.138, 93.56, min_size=(29, 29)
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet169_Weights(WeightsEnum):
    """Published weights of :func:`densenet169`."""

    IMAGENET1K_V1 = published(
        "densenet169-b2777c0a.pth", 14149480, 75.6, 92.806, min_size=(29, 29)
    )
    DEFAULT = IMAGENET1K_V1


class DenseNet201_Weights(WeightsEnum):
    """Published weights of :func:`densenet201`."""

    IMAGENET1K_V1 = published(
        "densenet201-c1103571.pth", 20013928, 76.896, 93.37, min_size=(29, 29)
    )
    DEFAULT = IMAGENET1K_V1


@builder(DenseNet121_Weights)
def densenet121(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> DenseNet:
    """DenseNet of 121 layers, growth rate 32 (Huang 2017).

    Args:
        weights: :class:`DenseNet121_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`DenseNet`.
    """
    return _densenet(32, (6, 12, 24, 16), 64, weights, progress, **kwargs)


@builder(DenseNet161_Weights)
def densenet161(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> DenseNet:
    """DenseNet of 161 layers, growth rate 48 (Huang 2017).

    Args:
        weights: :class:`DenseNet161_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`DenseNet`.
    """
    return _densenet(48, (6, 12, 36, 24), 96, weights, progress, **kwargs)


@builder(DenseNet169_Weights)
def densenet169(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> DenseNet:
    """DenseNet of 169 layers, growth rate 32 (Huang 2017).

    Args:
        weights: :class:`DenseNet169_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`DenseNet`.
    """
    return _densenet(32, (6, 12, 32, 32), 64, weights, progress, **kwargs)


@builder(DenseNet201_Weights)
def densenet201(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> DenseNet:
    """DenseNet of 201 layers, growth rate 32 (Huang 2017).

    Args:
        weights: :class:`DenseNet201_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`DenseNet`.
    """
    return _densenet(32, (6, 12, 48, 32), 64, weights, progress, **kwargs)
