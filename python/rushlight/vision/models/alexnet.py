"""AlexNet, in its one-tower form.

Krizhevsky, Sutskever and Hinton, "ImageNet Classification with Deep Convolutional
Neural Networks" (2012); Krizhevsky, "One weird trick for parallelizing convolutional
neural networks" (2014).
"""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.models._api import WeightsEnum, build, builder, published

__all__ = ["AlexNet", "AlexNet_Weights", "alexnet"]


class AlexNet(nn.Module):
    """Five convolutions and three linear layers (Krizhevsky 2014).

    Args:
        num_classes: scores in the output. Default: 1000.
        dropout: the probability of both dropouts. Default: 0.5.

    Shape:
        Input ``(N, 3, H, W)``, H and W at least 63; output ``(N, num_classes)``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.models import AlexNet
        >>> AlexNet(num_classes=2)(rushlight.zeros(1, 3, 64, 64)).shape
        rushlight.Size([1, 2])
    """

    def __init__(self, num_classes=1000, dropout=0.5) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, kernel_size=11, stride=4, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(64, 192, kernel_size=5, padding=2),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(192, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(256, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            nn.Dropout(p=dropout),
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(p=dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, num_classes),
        )

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(rushlight.flatten(x, 1))


class AlexNet_Weights(WeightsEnum):
    """Published weights of :func:`alexnet`."""

    IMAGENET1K_V1 = published(
        "alexnet-owt-7be5be79.pth", 61100840, 56.522, 79.066, min_size=(63, 63)
    )
    DEFAULT = IMAGENET1K_V1


@builder(AlexNet_Weights)
def alexnet(*, weights: Any = None, progress: bool = True, **kwargs: Any) -> AlexNet:
    """AlexNet (Krizhevsky 2014).

    Args:
        weights: :class:`AlexNet_Weights`, a member's name, the path of a file, or
            ``None``: initialised at random. Default: ``None``.
        progress: show a download's progress. Default: ``True``.
        **kwargs: passed to :class:`AlexNet`.
    """
    return build(AlexNet, weights, progress, **kwargs)
