"""Inception v3.

Szegedy, Vanhoucke, Ioffe, Shlens and Wojna, "Rethinking the Inception Architecture for
Computer Vision" (2016), table 1.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import rushlight
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.vision.models._api import (
    WeightsEnum,
    build,
    builder,
    override,
    published,
)
from rushlight.vision.models._inception import BasicConv2d, initialise, renormalised

__all__ = [
    "Inception3",
    "InceptionOutputs",
    "Inception_V3_Weights",
    "_InceptionOutputs",
    "inception_v3",
]

InceptionOutputs = namedtuple("InceptionOutputs", ["logits", "aux_logits"])
_InceptionOutputs = InceptionOutputs

# Convolutions along one axis that keep the size.
_ROW3 = dict(kernel_size=(1, 3), padding=(0, 1))
_COLUMN3 = dict(kernel_size=(3, 1), padding=(1, 0))
_ROW7 = dict(kernel_size=(1, 7), padding=(0, 3))
_COLUMN7 = dict(kernel_size=(7, 1), padding=(3, 0))


def _chain(x, *layers):
    for layer in layers:
        x = layer(x)
    return x


def _smooth(x):
    return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


class InceptionA(nn.Module):
    """1x1, 5x5, two 3x3 and an average (figure 5)."""

    def __init__(self, in_channels, pool_features, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = conv(48, 64, kernel_size=5, padding=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, padding=1)
        self.branch_pool = conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x):
        outputs = [
            self.branch1x1(x),
            _chain(x, self.branch5x5_1, self.branch5x5_2),
            _chain(x, self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3),
            self.branch_pool(_smooth(x)),
        ]
        return rushlight.cat(outputs, 1)


class InceptionB(nn.Module):
    """Half the size: 3x3, two 3x3 and a maximum (figure 10)."""

    def __init__(self, in_channels, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3 = conv(in_channels, 384, kernel_size=3, stride=2)
        self.branch3x3dbl_1 = conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = conv(64, 96, kernel_size=3, padding=1)
        self.branch3x3dbl_3 = conv(96, 96, kernel_size=3, stride=2)

    def forward(self, x):
        outputs = [
            self.branch3x3(x),
            _chain(x, self.branch3x3dbl_1, self.branch3x3dbl_2, self.branch3x3dbl_3),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]
        return rushlight.cat(outputs, 1)


class InceptionC(nn.Module):
    """1x1, 7x7 and two 7x7, each as a row and a column, and an average (figure 6)."""

    def __init__(self, in_channels, channels_7x7, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        c7 = channels_7x7
        self.branch1x1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7_1 = conv(in_channels, c7, kernel_size=1)
        self.branch7x7_2 = conv(c7, c7, **_ROW7)
        self.branch7x7_3 = conv(c7, 192, **_COLUMN7)
        self.branch7x7dbl_1 = conv(in_channels, c7, kernel_size=1)
        self.branch7x7dbl_2 = conv(c7, c7, **_COLUMN7)
        self.branch7x7dbl_3 = conv(c7, c7, **_ROW7)
        self.branch7x7dbl_4 = conv(c7, c7, **_COLUMN7)
        self.branch7x7dbl_5 = conv(c7, 192, **_ROW7)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x):
        outputs = [
            self.branch1x1(x),
            _chain(x, self.branch7x7_1, self.branch7x7_2, self.branch7x7_3),
            _chain(
                x,
                self.branch7x7dbl_1,
                self.branch7x7dbl_2,
                self.branch7x7dbl_3,
                self.branch7x7dbl_4,
                self.branch7x7dbl_5,
            ),
            self.branch_pool(_smooth(x)),
        ]
        return rushlight.cat(outputs, 1)


class InceptionD(nn.Module):
    """Half the size: 3x3, 7x7 as row and column with 3x3, and a maximum."""

    def __init__(self, in_channels, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch3x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch3x3_2 = conv(192, 320, kernel_size=3, stride=2)
        self.branch7x7x3_1 = conv(in_channels, 192, kernel_size=1)
        self.branch7x7x3_2 = conv(192, 192, **_ROW7)
        self.branch7x7x3_3 = conv(192, 192, **_COLUMN7)
        self.branch7x7x3_4 = conv(192, 192, kernel_size=3, stride=2)

    def forward(self, x):
        outputs = [
            _chain(x, self.branch3x3_1, self.branch3x3_2),
            _chain(
                x,
                self.branch7x7x3_1,
                self.branch7x7x3_2,
                self.branch7x7x3_3,
                self.branch7x7x3_4,
            ),
            F.max_pool2d(x, kernel_size=3, stride=2),
        ]
        return rushlight.cat(outputs, 1)


class InceptionE(nn.Module):
    """1x1, 3x3 and two 3x3, whose last are a row beside a column (figure 7)."""

    def __init__(self, in_channels, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1x1 = conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = conv(384, 384, **_ROW3)
        self.branch3x3_2b = conv(384, 384, **_COLUMN3)
        self.branch3x3dbl_1 = conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = conv(448, 384, kernel_size=3, padding=1)
        self.branch3x3dbl_3a = conv(384, 384, **_ROW3)
        self.branch3x3dbl_3b = conv(384, 384, **_COLUMN3)
        self.branch_pool = conv(in_channels, 192, kernel_size=1)

    def forward(self, x):
        single = self.branch3x3_1(x)
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        outputs = [
            self.branch1x1(x),
            self.branch3x3_2a(single),
            self.branch3x3_2b(single),
            self.branch3x3dbl_3a(double),
            self.branch3x3dbl_3b(double),
            self.branch_pool(_smooth(x)),
        ]
        return rushlight.cat(outputs, 1)


class InceptionAux(nn.Module):
    """A classifier on the features of the middle, for training (section 4)."""

    def __init__(self, in_channels, num_classes, conv_block=None) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv0 = conv(in_channels, 128, kernel_size=1)
        self.conv1 = conv(128, 768, kernel_size=5)
        self.fc = nn.Linear(768, num_classes)
        self.fc.stddev = 0.001

    def forward(self, x):
        x = F.avg_pool2d(x, kernel_size=5, stride=3)
        x = F.adaptive_avg_pool2d(self.conv1(self.conv0(x)), (1, 1))
        return self.fc(rushlight.flatten(x, 1))


class Inception3(nn.Module):
    """Inception modules of five kinds, with a further classifier (Szegedy 2016).

    Args:
        num_classes: scores in an output. Default: 1000.
        aux_logits: have the further classifier. Default: ``True``.
        transform_input: the input is normalised with ImageNet's mean and deviation; the
            published weights want 0.5. Default: ``False``.
        inception_blocks: the classes of convolution, the modules A to E and the further
            classifier. Default: those of this file.
        init_weights: truncated normal weights of deviation 0.1; ``None`` too. Default:
            ``None``.
        dropout: the probability of the dropout. Default: 0.5.

    Shape:
        Input ``(N, 3, H, W)``, at least 75 by 75, in training with ``aux_logits`` 299;
        output ``(N, num_classes)``, in that case an :class:`InceptionOutputs` of two.

    Raises:
        ValueError: ``inception_blocks`` are not seven.
    """

    def __init__(
        self,
        num_classes=1000,
        aux_logits=True,
        transform_input=False,
        inception_blocks=None,
        init_weights=None,
        dropout=0.5,
    ) -> None:
        super().__init__()
        blocks = inception_blocks or [
            BasicConv2d,
            InceptionA,
            InceptionB,
            InceptionC,
            InceptionD,
            InceptionE,
            InceptionAux,
        ]
        if len(blocks) != 7:
            raise ValueError(
                f"length of inception_blocks should be 7 instead of {len(blocks)}"
            )
        conv, block_a, block_b, block_c, block_d, block_e, aux = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.Conv2d_1a_3x3 = conv(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = conv(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = conv(32, 64, kernel_size=3, padding=1)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = conv(80, 192, kernel_size=3)
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = block_a(192, pool_features=32)
        self.Mixed_5c = block_a(256, pool_features=64)
        self.Mixed_5d = block_a(288, pool_features=64)
        self.Mixed_6a = block_b(288)
        self.Mixed_6b = block_c(768, channels_7x7=128)
        self.Mixed_6c = block_c(768, channels_7x7=160)
        self.Mixed_6d = block_c(768, channels_7x7=160)
        self.Mixed_6e = block_c(768, channels_7x7=192)
        self.AuxLogits = aux(768, num_classes) if aux_logits else None
        self.Mixed_7a = block_d(768)
        self.Mixed_7b = block_e(1280)
        self.Mixed_7c = block_e(2048)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(2048, num_classes)
        if init_weights is None or init_weights:
            initialise(self, 0.1)

    def forward(self, x):
        if self.transform_input:
            x = renormalised(x)
        x = _chain(x, self.Conv2d_1a_3x3, self.Conv2d_2a_3x3, self.Conv2d_2b_3x3)
        x = _chain(self.maxpool1(x), self.Conv2d_3b_1x1, self.Conv2d_4a_3x3)
        x = _chain(self.maxpool2(x), self.Mixed_5b, self.Mixed_5c, self.Mixed_5d)
        x = _chain(x, self.Mixed_6a, self.Mixed_6b, self.Mixed_6c, self.Mixed_6d)
        x = self.Mixed_6e(x)
        further = self.training and self.aux_logits
        aux = self.AuxLogits(x) if further else None
        x = _chain(x, self.Mixed_7a, self.Mixed_7b, self.Mixed_7c, self.avgpool)
        x = self.fc(rushlight.flatten(self.dropout(x), 1))
        return InceptionOutputs(x, aux) if further else x


class Inception_V3_Weights(WeightsEnum):
    """Published weights of :func:`inception_v3`."""

    IMAGENET1K_V1 = published(
        "inception_v3_google-0cc3c7bd.pth",
        27161264,
        77.294,
        93.450,
        min_size=(75, 75),
        crop=299,
        resize=342,
    )
    DEFAULT = IMAGENET1K_V1


@builder(Inception_V3_Weights)
def inception_v3(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> Inception3:
    """Inception v3 (Szegedy 2016).

    Args:
        weights: :class:`Inception_V3_Weights`, a member's name, a file's path or
            ``None``. With weights, ``transform_input`` is ``True`` unless given.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`Inception3`.
    """
    if weights is None:
        return build(Inception3, None, progress, **kwargs)
    wants_aux = kwargs.pop("aux_logits", True)
    kwargs.setdefault("transform_input", True)
    override(kwargs, "init_weights", False)
    model = build(Inception3, weights, progress, aux_logits=True, **kwargs)
    if not wants_aux:
        model.aux_logits = False
        model.AuxLogits = None
    return model
