"""GoogLeNet (Inception v1), with batch normalisation.

Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich, "Going
Deeper with Convolutions" (2015), table 1. As in the published weights, the branch that
the paper gives 5x5 convolutions has 3x3 ones.
"""

from __future__ import annotations

import warnings
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
    "GoogLeNet",
    "GoogLeNetOutputs",
    "GoogLeNet_Weights",
    "_GoogLeNetOutputs",
    "googlenet",
]

GoogLeNetOutputs = namedtuple(
    "GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"]
)
_GoogLeNetOutputs = GoogLeNetOutputs


class Inception(nn.Module):
    """Four branches side by side: 1x1, 3x3, 3x3 and a pool (figure 2b)."""

    def __init__(
        self,
        in_channels,
        ch1x1,
        ch3x3red,
        ch3x3,
        ch5x5red,
        ch5x5,
        pool_proj,
        conv_block=None,
    ) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.branch1 = conv(in_channels, ch1x1, kernel_size=1)
        self.branch2 = nn.Sequential(
            conv(in_channels, ch3x3red, kernel_size=1),
            conv(ch3x3red, ch3x3, kernel_size=3, padding=1),
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, ch5x5red, kernel_size=1),
            conv(ch5x5red, ch5x5, kernel_size=3, padding=1),
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
            conv(in_channels, pool_proj, kernel_size=1),
        )

    def forward(self, x):
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return rushlight.cat([branch(x) for branch in branches], 1)


class InceptionAux(nn.Module):
    """A classifier on the features of the middle, for training (section 5)."""

    def __init__(self, in_channels, num_classes, conv_block=None, dropout=0.7) -> None:
        super().__init__()
        conv = conv_block or BasicConv2d
        self.conv = conv(in_channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, num_classes)
        self.dropout = nn.Dropout(p=dropout)

    def forward(self, x):
        x = self.conv(F.adaptive_avg_pool2d(x, (4, 4)))
        x = F.relu(self.fc1(rushlight.flatten(x, 1)), inplace=True)
        return self.fc2(self.dropout(x))


class GoogLeNet(nn.Module):
    """Inception modules, with two further classifiers in training (Szegedy 2015).

    Args:
        num_classes: scores in an output. Default: 1000.
        aux_logits: have the further classifiers. Default: ``True``.
        transform_input: the input is normalised with ImageNet's mean and deviation; the
            published weights want 0.5. Default: ``False``.
        init_weights: truncated normal weights of deviation 0.01; ``None`` too. Default:
            ``None``.
        blocks: the classes of convolution, module and further classifier. Default:
            those of this file.
        dropout: the probability of the dropout. Default: 0.2.
        dropout_aux: that of the further classifiers. Default: 0.7.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 15; output ``(N, num_classes)``, in
        training with ``aux_logits`` a :class:`GoogLeNetOutputs` of three.

    Raises:
        ValueError: ``blocks`` are not three.
    """

    def __init__(
        self,
        num_classes=1000,
        aux_logits=True,
        transform_input=False,
        init_weights=None,
        blocks=None,
        dropout=0.2,
        dropout_aux=0.7,
    ) -> None:
        super().__init__()
        blocks = blocks or [BasicConv2d, Inception, InceptionAux]
        if len(blocks) != 3:
            raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
        conv, module, aux = blocks
        self.aux_logits = aux_logits
        self.transform_input = transform_input
        self.conv1 = conv(3, 64, kernel_size=7, stride=2, padding=3)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = conv(64, 64, kernel_size=1)
        self.conv3 = conv(64, 192, kernel_size=3, padding=1)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception3a = module(192, 64, 96, 128, 16, 32, 32)
        self.inception3b = module(256, 128, 128, 192, 32, 96, 64)
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.inception4a = module(480, 192, 96, 208, 16, 48, 64)
        self.inception4b = module(512, 160, 112, 224, 24, 64, 64)
        self.inception4c = module(512, 128, 128, 256, 24, 64, 64)
        self.inception4d = module(512, 112, 144, 288, 32, 64, 64)
        self.inception4e = module(528, 256, 160, 320, 32, 128, 128)
        self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.inception5a = module(832, 256, 160, 320, 32, 128, 128)
        self.inception5b = module(832, 384, 192, 384, 48, 128, 128)
        self.aux1 = self.aux2 = None
        if aux_logits:
            self.aux1 = aux(512, num_classes, dropout=dropout_aux)
            self.aux2 = aux(528, num_classes, dropout=dropout_aux)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(p=dropout)
        self.fc = nn.Linear(1024, num_classes)
        if init_weights is None or init_weights:
            initialise(self, 0.01)

    def forward(self, x):
        if self.transform_input:
            x = renormalised(x)
        further = self.training and self.aux_logits
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        x = self.maxpool3(self.inception3b(self.inception3a(x)))
        x = self.inception4a(x)
        aux1 = self.aux1(x) if further else None
        x = self.inception4d(self.inception4c(self.inception4b(x)))
        aux2 = self.aux2(x) if further else None
        x = self.maxpool4(self.inception4e(x))
        x = self.avgpool(self.inception5b(self.inception5a(x)))
        x = self.fc(self.dropout(rushlight.flatten(x, 1)))
        return GoogLeNetOutputs(x, aux2, aux1) if further else x


class GoogLeNet_Weights(WeightsEnum):
    """Published weights of :func:`googlenet`, without its further classifiers."""

    IMAGENET1K_V1 = published(
        "googlenet-1378be20.pth", 6624904, 69.778, 89.530, min_size=(15, 15)
    )
    DEFAULT = IMAGENET1K_V1


@builder(GoogLeNet_Weights)
def googlenet(
    *, weights: Any = None, progress: bool = True, **kwargs: Any
) -> GoogLeNet:
    """GoogLeNet (Szegedy 2015).

    Args:
        weights: :class:`GoogLeNet_Weights`, a member's name, a file's path or ``None``.
            With weights, ``transform_input`` is ``True`` and ``aux_logits`` ``False``
            unless given; the file's further classifiers are not trained.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`GoogLeNet`.
    """
    if weights is None:
        return build(GoogLeNet, None, progress, **kwargs)
    wants_aux = kwargs.pop("aux_logits", False)
    kwargs.setdefault("transform_input", True)
    override(kwargs, "init_weights", False)
    model = build(GoogLeNet, weights, progress, aux_logits=True, **kwargs)
    if wants_aux:
        warnings.warn(
            "googlenet: the published weights' auxiliary heads are not trained",
            UserWarning,
            stacklevel=3,
        )
    else:
        model.aux_logits = False
        model.aux1 = model.aux2 = None
    return model
