"""Residual networks.

ResNet: He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016),
table 1, with the stride of a bottleneck in its 3x3 convolution. ResNeXt: Xie, Girshick,
Dollar, Tu and He, "Aggregated Residual Transformations for Deep Neural Networks"
(2017). Wide ResNet: Zagoruyko and Komodakis, "Wide Residual Networks" (2016).
"""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import (
    WeightsEnum,
    build,
    builder,
    override,
    published,
)

__all__ = [
    "ResNeXt50_32X4D_Weights",
    "ResNeXt101_32X8D_Weights",
    "ResNeXt101_64X4D_Weights",
    "ResNet",
    "ResNet18_Weights",
    "ResNet34_Weights",
    "ResNet50_Weights",
    "ResNet101_Weights",
    "ResNet152_Weights",
    "Wide_ResNet50_2_Weights",
    "Wide_ResNet101_2_Weights",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
]


def conv3x3(in_planes, out_planes, stride=1, groups=1, dilation=1):
    """A 3x3 convolution that keeps the size at stride 1."""
    return nn.Conv2d(
        in_planes,
        out_planes,
        kernel_size=3,
        stride=stride,
        padding=dilation,
        groups=groups,
        bias=False,
        dilation=dilation,
    )


def conv1x1(in_planes, out_planes, stride=1):
    """A convolution of single pixels."""
    return nn.Conv2d(in_planes, out_planes, kernel_size=1, stride=stride, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He 2016, figure 5 left)."""

    expansion = 1

    def __init__(
        self,
        inplanes,
        planes,
        stride=1,
        downsample=None,
        groups=1,
        base_width=64,
        dilation=1,
        norm_layer=None,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64:
            raise ValueError(
                f"BasicBlock: groups 1 and base_width 64 expected, got {groups} and "
                f"{base_width}; Bottleneck takes others"
            )
        if dilation > 1:
            raise NotImplementedError(
                f"BasicBlock: dilation {dilation}; Bottleneck takes more than 1"
            )
        norm_layer = norm_layer or nn.BatchNorm2d
        self.conv1 = conv3x3(inplanes, planes, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(planes, planes)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += shortcut
        return self.relu(out)


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions with a shortcut (He 2016, figure 5 right)."""

    expansion = 4

    def __init__(
        self,
        inplanes,
        planes,
        stride=1,
        downsample=None,
        groups=1,
        base_width=64,
        dilation=1,
        norm_layer=None,
    ) -> None:
        super().__init__()
        norm_layer = norm_layer or nn.BatchNorm2d
        width = int(planes * (base_width / 64.0)) * groups
        self.conv1 = conv1x1(inplanes, width)
        self.bn1 = norm_layer(width)
        self.conv2 = conv3x3(width, width, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = conv1x1(width, planes * self.expansion)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        out += shortcut
        return self.relu(out)


class ResNet(nn.Module):
    """Four stages of residual blocks, averaged, and a linear layer (He 2016).

    Args:
        block: :class:`BasicBlock` or :class:`Bottleneck`.
        layers: the blocks of each of the four stages.
        num_classes: scores in the output. Default: 1000.
        zero_init_residual: begin each block as the identity, its last normalisation's
            weight zero (Goyal et al. 2017, section 5.1). Default: ``False``.
        groups: groups of the 3x3 convolutions (ResNeXt's cardinality). Default: 1.
        width_per_group: channels of a group in the first stage. Default: 64.
        replace_stride_with_dilation: for each of the last three stages, whether to
            dilate its convolutions where it would halve the size. Default: none.
        norm_layer: what makes a normalisation of some channels. Default:
            :class:`~rushlight.nn.BatchNorm2d`.

    Shape:
        Input ``(N, 3, H, W)``; output ``(N, num_classes)``.

    Raises:
        ValueError: ``replace_stride_with_dilation`` has not three elements.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.models.resnet import BasicBlock, ResNet
        >>> net = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)
        >>> net(rushlight.zeros(2, 3, 32, 32)).shape
        rushlight.Size([2, 10])
    """

    def __init__(
        self,
        block,
        layers,
        num_classes=1000,
        zero_init_residual=False,
        groups=1,
        width_per_group=64,
        replace_stride_with_dilation=None,
        norm_layer=None,
    ) -> None:
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes = 64
        self.dilation = 1
        dilate = replace_stride_with_dilation
        if dilate is None:
            dilate = [False, False, False]
        if len(dilate) != 3:
            raise ValueError(
                "replace_stride_with_dilation should be None or a 3-element tuple, "
                f"got {dilate}"
            )
        self.groups = groups
        self.base_width = width_per_group
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = self._norm_layer(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._make_layer(block, 64, layers[0])
        self.layer2 = self._make_layer(block, 128, layers[1], 2, dilate[0])
        self.layer3 = self._make_layer(block, 256, layers[2], 2, dilate[1])
        self.layer4 = self._make_layer(block, 512, layers[3], 2, dilate[2])
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        self._initialise(zero_init_residual)

    def _initialise(self, zero_init_residual) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )
            elif isinstance(module, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(module.weight, 1)
                nn.init.constant_(module.bias, 0)
        if zero_init_residual:
            for module in self.modules():
                if isinstance(module, Bottleneck) and module.bn3.weight is not None:
                    nn.init.constant_(module.bn3.weight, 0)
                elif isinstance(module, BasicBlock) and module.bn2.weight is not None:
                    nn.init.constant_(module.bn2.weight, 0)

    def _make_layer(self, block, planes, blocks, stride=1, dilate=False):
        norm_layer = self._norm_layer
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        out_planes = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != out_planes:
            downsample = nn.Sequential(
                conv1x1(self.inplanes, out_planes, stride), norm_layer(out_planes)
            )
        made = []
        for index in range(blocks):
            first = index == 0
            made.append(
                block(
                    self.inplanes,
                    planes,
                    stride=stride if first else 1,
                    downsample=downsample if first else None,
                    groups=self.groups,
                    base_width=self.base_width,
                    dilation=first_dilation if first else self.dilation,
                    norm_layer=norm_layer,
                )
            )
            self.inplanes = out_planes
        return nn.Sequential(*made)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(rushlight.flatten(self.avgpool(x), 1))


class ResNet18_Weights(WeightsEnum):
    """Published weights of :func:`resnet18`."""

    IMAGENET1K_V1 = published("resnet18-f37072fd.pth", 11689512, 69.758, 89.078)
    DEFAULT = IMAGENET1K_V1


class ResNet34_Weights(WeightsEnum):
    """Published weights of :func:`resnet34`."""

    IMAGENET1K_V1 = published("resnet34-b627a593.pth", 21797672, 73.314, 91.42)
    DEFAULT = IMAGENET1K_V1


class ResNet50_Weights(WeightsEnum):
    """Published weights of :func:`resnet50`."""

    IMAGENET1K_V1 = published("resnet50-0676ba61.pth", 25557032, 76.13, 92.862)
    IMAGENET1K_V2 = published(
        "resnet50-11ad3fa6.pth", 25557032, 80.858, 95.434, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet101_Weights(WeightsEnum):
    """Published weights of :func:`resnet101`."""

    IMAGENET1K_V1 = published("resnet101-63fe2227.pth", 44549160, 77.374, 93.546)
    IMAGENET1K_V2 = published(
        "resnet101-cd907fc2.pth", 44549160, 81.886, 95.78, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNet152_Weights(WeightsEnum):
    """Published weights of :func:`resnet152`."""

    IMAGENET1K_V1 = published("resnet152-394f9c45.pth", 60192808, 78.312, 94.046)
    IMAGENET1K_V2 = published(
        "resnet152-f82ba261.pth", 60192808, 82.284, 96.002, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt50_32X4D_Weights(WeightsEnum):
    """Published weights of :func:`resnext50_32x4d`."""

    IMAGENET1K_V1 = published("resnext50_32x4d-7cdf4587.pth", 25028904, 77.618, 93.698)
    IMAGENET1K_V2 = published(
        "resnext50_32x4d-1a0047aa.pth", 25028904, 81.198, 95.34, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_32X8D_Weights(WeightsEnum):
    """Published weights of :func:`resnext101_32x8d`."""

    IMAGENET1K_V1 = published("resnext101_32x8d-8ba56ff5.pth", 88791336, 79.312, 94.526)
    IMAGENET1K_V2 = published(
        "resnext101_32x8d-110c445d.pth", 88791336, 82.834, 96.228, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class ResNeXt101_64X4D_Weights(WeightsEnum):
    """Published weights of :func:`resnext101_64x4d`."""

    IMAGENET1K_V1 = published(
        "resnext101_64x4d-173b62eb.pth", 83455272, 83.246, 96.454, resize=232
    )
    DEFAULT = IMAGENET1K_V1


class Wide_ResNet50_2_Weights(WeightsEnum):
    """Published weights of :func:`wide_resnet50_2`."""

    IMAGENET1K_V1 = published("wide_resnet50_2-95faca4d.pth", 68883240, 78.468, 94.086)
    IMAGENET1K_V2 = published(
        "wide_resnet50_2-9ba9bcbe.pth", 68883240, 81.602, 95.758, resize=232
    )
    DEFAULT = IMAGENET1K_V2


class Wide_ResNet101_2_Weights(WeightsEnum):
    """Published weights of :func:`wide_resnet101_2`."""

    IMAGENET1K_V1 = published(
        "wide_resnet101_2-32ee1156.pth", 126886696, 78.848, 94.284
    )
    IMAGENET1K_V2 = published(
        "wide_resnet101_2-d733dc28.pth", 126886696, 82.51, 96.02, resize=232
    )
    DEFAULT = IMAGENET1K_V2


@builder(ResNet18_Weights)
def resnet18(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 18 layers (He 2016).

    Args:
        weights: :class:`ResNet18_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    return build(ResNet, weights, progress, BasicBlock, [2, 2, 2, 2], **kwargs)


@builder(ResNet34_Weights)
def resnet34(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 34 layers (He 2016).

    Args:
        weights: :class:`ResNet34_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    return build(ResNet, weights, progress, BasicBlock, [3, 4, 6, 3], **kwargs)


@builder(ResNet50_Weights)
def resnet50(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 50 layers (He 2016).

    Args:
        weights: :class:`ResNet50_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 6, 3], **kwargs)


@builder(ResNet101_Weights)
def resnet101(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 101 layers (He 2016).

    Args:
        weights: :class:`ResNet101_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 23, 3], **kwargs)


@builder(ResNet152_Weights)
def resnet152(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> ResNet:
    """ResNet of 152 layers (He 2016).

    Args:
        weights: :class:`ResNet152_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    return build(ResNet, weights, progress, Bottleneck, [3, 8, 36, 3], **kwargs)


@builder(ResNeXt50_32X4D_Weights)
def resnext50_32x4d(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ResNet:
    """ResNeXt of 50 layers, 32 groups of 4 channels (Xie 2017).

    Args:
        weights: :class:`ResNeXt50_32X4D_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    override(kwargs, "groups", 32)
    override(kwargs, "width_per_group", 4)
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 6, 3], **kwargs)


@builder(ResNeXt101_32X8D_Weights)
def resnext101_32x8d(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ResNet:
    """ResNeXt of 101 layers, 32 groups of 8 channels (Xie 2017).

    Args:
        weights: :class:`ResNeXt101_32X8D_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    override(kwargs, "groups", 32)
    override(kwargs, "width_per_group", 8)
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 23, 3], **kwargs)


@builder(ResNeXt101_64X4D_Weights)
def resnext101_64x4d(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ResNet:
    """ResNeXt of 101 layers, 64 groups of 4 channels (Xie 2017).

    Args:
        weights: :class:`ResNeXt101_64X4D_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    override(kwargs, "groups", 64)
    override(kwargs, "width_per_group", 4)
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 23, 3], **kwargs)


@builder(Wide_ResNet50_2_Weights)
def wide_resnet50_2(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ResNet:
    """ResNet-50 with twice the inner channels (Zagoruyko 2016).

    Args:
        weights: :class:`Wide_ResNet50_2_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    override(kwargs, "width_per_group", 128)
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 6, 3], **kwargs)


@builder(Wide_ResNet101_2_Weights)
def wide_resnet101_2(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> ResNet:
    """ResNet-101 with twice the inner channels (Zagoruyko 2016).

    Args:
        weights: :class:`Wide_ResNet101_2_Weights`, a member's name, a file's path
            or ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`ResNet`.
    """
    override(kwargs, "width_per_group", 128)
    return build(ResNet, weights, progress, Bottleneck, [3, 4, 23, 3], **kwargs)
