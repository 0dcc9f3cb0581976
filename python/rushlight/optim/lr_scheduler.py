"""Learning rate schedules."""

from __future__ import annotations

from rushlight.optim._decay import (
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiStepLR,
    StepLR,
)
from rushlight.optim._one_cycle import OneCycleLR
from rushlight.optim._plateau import ReduceLROnPlateau
from rushlight.optim._scheduler import LRScheduler

__all__ = [
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "StepLR",
]
