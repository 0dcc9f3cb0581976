"""ConvNeXt.

Liu, Mao, Wu, Feichtenhofer, Darrell and Xie, "A ConvNet for the 2020s" (2022), sections
2 and 3.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import rushlight
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published
from rushlight.vision.ops.misc import Conv2dNormActivation, Permute
from rushlight.vision.ops.stochastic_depth import StochasticDepth

__all__ = [
    "ConvNeXt",
    "ConvNeXt_Tiny_Weights",
    "convnext_tiny",
    "ConvNeXt_Small_Weights",
    "convnext_small",
    "ConvNeXt_Base_Weights",
    "convnext_base",
    "ConvNeXt_Large_Weights",
    "convnext_large",
]


class LayerNorm2d(nn.LayerNorm):
    """Layer normalisation of the channels of ``(N, C, H, W)``, pixel by pixel."""

    def forward(self, x):
        x = F.layer_norm(
            x.permute(0, 2, 3, 1),
            self.normalized_shape,
            self.weight,
            self.bias,
            self.eps,
        )
        return x.permute(0, 3, 1, 2)


class CNBlock(nn.Module):
    """A 7x7 filter of each channel, then two linear layers on the pixels (figure 4)."""

    def __init__(
        self, dim, layer_scale, stochastic_depth_prob, norm_layer=None
    ) -> None:
        super().__init__()
        if norm_layer is None:
            norm_layer = partial(nn.LayerNorm, eps=1e-6)
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, kernel_size=7, padding=3, groups=dim, bias=True),
            Permute([0, 2, 3, 1]),
            norm_layer(dim),
            nn.Linear(dim, 4 * dim, bias=True),
            nn.GELU(),
            nn.Linear(4 * dim, dim, bias=True),
            Permute([0, 3, 1, 2]),
        )
        self.layer_scale = nn.Parameter(rushlight.ones(dim, 1, 1) * layer_scale)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")

    def forward(self, input):
        return self.stochastic_depth(self.layer_scale * self.block(input)) + input


class CNBlockConfig:
    """A stage: its channels, the next one's (``None`` at the end) and its blocks."""

    def __init__(self, input_channels, out_channels, num_layers) -> None:
        self.input_channels = input_channels
        self.out_channels = out_channels
        self.num_layers = num_layers

    def __repr__(self) -> str:
        return (
            f"CNBlockConfig(input_channels={self.input_channels}, "
            f"out_channels={self.out_channels}, num_layers={self.num_layers})"
        )


class ConvNeXt(nn.Module):
    """Stages of blocks with convolutions of stride 2 between them (Liu 2022).

    Args:
        block_setting: a :class:`CNBlockConfig` for each stage.
        stochastic_depth_prob: the probability of leaving out the last block; it rises
            linearly from 0. Default: 0.
        layer_scale: what each block's output is scaled by at first. Default: 1e-6.
        num_classes: scores in the output. Default: 1000.
        block: what a block is. Default: :class:`CNBlock`.
        norm_layer: makes a normalisation of some channels. Default:
            :class:`LayerNorm2d` with eps 1e-6.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 32; output ``(N, num_classes)``.

    Raises:
        ValueError: the setting is empty.
        TypeError: the setting is no list of configurations.
    """

    def __init__(
        self,
        block_setting,
        stochastic_depth_prob=0.0,
        layer_scale=1e-6,
        num_classes=1000,
        block=None,
        norm_layer=None,
        **kwargs,
    ) -> None:
        super().__init__()
        if not block_setting:
            raise ValueError("The block_setting should not be empty")
        if not isinstance(block_setting, (list, tuple)) or not all(
            isinstance(stage, CNBlockConfig) for stage in block_setting
        ):
            raise TypeError("The block_setting should be List[CNBlockConfig]")
        block = block or CNBlock
        if norm_layer is None:
            norm_layer = partial(LayerNorm2d, eps=1e-6)
        layers: list[nn.Module] = [
            Conv2dNormActivation(
                3,
                block_setting[0].input_channels,
                kernel_size=4,
                stride=4,
                padding=0,
                norm_layer=norm_layer,
                activation_layer=None,
                bias=True,
            )
        ]
        total = sum(stage.num_layers for stage in block_setting)
        done = 0
        for stage in block_setting:
            channels, following = stage.input_channels, stage.out_channels
            blocks = []
            for _ in range(stage.num_layers):
                probability = stochastic_depth_prob * done / (total - 1.0)
                blocks.append(block(channels, layer_scale, probability))
                done += 1
            layers.append(nn.Sequential(*blocks))
            if following is not None:
                layers.append(
                    nn.Sequential(
                        norm_layer(channels),
                        nn.Conv2d(channels, following, kernel_size=2, stride=2),
                    )
                )
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        last = block_setting[-1]
        channels = last.out_channels or last.input_channels
        self.classifier = nn.Sequential(
            norm_layer(channels), nn.Flatten(1), nn.Linear(channels, num_classes)
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)))


def _convnext(widths, depths, depth_prob, weights, progress, **kwargs):
    setting = [
        CNBlockConfig(width, following, depth)
        for width, following, depth in zip(widths, (*widths[1:], None), depths)
    ]
    depth_prob = kwargs.pop("stochastic_depth_prob", depth_prob)
    return build(ConvNeXt, weights, progress, setting, depth_prob, **kwargs)


class ConvNeXt_Tiny_Weights(WeightsEnum):
    """Published weights of :func:`convnext_tiny`."""

    IMAGENET1K_V1 = published(
        "convnext_tiny-983f1562.pth",
        28589128,
        82.52,
        96.146,
        min_size=(32, 32),
        resize=236,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Small_Weights(WeightsEnum):
    """Published weights of :func:`convnext_small`."""

    IMAGENET1K_V1 = published(
        "convnext_small-0c510722.pth",
        50223688,
        83.616,
        96.65,
        min_size=(32, 32),
        resize=230,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Base_Weights(WeightsEnum):
    """Published weights of :func:`convnext_base`."""

    IMAGENET1K_V1 = published(
        "convnext_base-6075fbad.pth",
        88591464,
        84.062,
        96.87,
        min_size=(32, 32),
        resize=232,
    )
    DEFAULT = IMAGENET1K_V1


class ConvNeXt_Large_Weights(WeightsEnum):
    """Published weights of :func:`convnext_large`."""

    IMAGENET1K_V1 = published(
        "convnext_large-ea097f82.pth",
        197767336,
        84.414,
        96.976,
        min_size=(32, 32),
        resize=232,
    )
    DEFAULT = IMAGENET1K_V1


@builder(ConvNeXt_Tiny_Weights)
def convnext_tiny(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ConvNeXt:
    """ConvNeXt-Tiny (Liu 2022).

    Args:
        weights: :class:`ConvNeXt_Tiny_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ConvNeXt`.
    """
    return _convnext(
        (96, 192, 384, 768), (3, 3, 9, 3), 0.1, weights, progress, **kwargs
    )


@builder(ConvNeXt_Small_Weights)
def convnext_small(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ConvNeXt:
    """ConvNeXt-Small (Liu 2022).

    Args:
        weights: :class:`ConvNeXt_Small_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ConvNeXt`.
    """
    return _convnext(
        (96, 192, 384, 768), (3, 3, 27, 3), 0.4, weights, progress, **kwargs
    )


@builder(ConvNeXt_Base_Weights)
def convnext_base(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ConvNeXt:
    """ConvNeXt-Base (Liu 2022).

    Args:
        weights: :class:`ConvNeXt_Base_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ConvNeXt`.
    """
    return _convnext(
        (128, 256, 512, 1024), (3, 3, 27, 3), 0.5, weights, progress, **kwargs
    )


@builder(ConvNeXt_Large_Weights)
def convnext_large(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ConvNeXt:
    """ConvNeXt-Large (Liu 2022).

    Args:
        weights: :class:`ConvNeXt_Large_Weights`, a member's name, a file's path or
            ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ConvNeXt`.
    """
    return _convnext(
        (192, 384, 768, 1536), (3, 3, 27, 3), 0.5, weights, progress, **kwargs
    )
