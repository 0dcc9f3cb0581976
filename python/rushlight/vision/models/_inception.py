"""What GoogLeNet and Inception v3 share."""

from __future__ import annotations

import rushlight
import rushlight.nn.functional as F
from rushlight import nn

# Mean and deviation that images are normalised with, and that the files were made with.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class BasicConv2d(nn.Module):
    """A convolution, batch normalisation and ReLU."""

    def __init__(self, in_channels, out_channels, **kwargs) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


def renormalised(x):
    """Images of ImageNet's mean and deviation in those of 0.5 and 0.5."""
    channels = [
        x[:, c : c + 1] * (_STD[c] / 0.5) + (_MEAN[c] - 0.5) / 0.5 for c in range(3)
    ]
    return rushlight.cat(channels, 1)


def initialise(model, deviation) -> None:
    """Truncated normal weights; ``deviation`` unless a layer has ``stddev``."""
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            std = float(getattr(module, "stddev", deviation))
            nn.init.trunc_normal_(module.weight, mean=0.0, std=std, a=-2, b=2)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.weight, 1)
            nn.init.constant_(module.bias, 0)
