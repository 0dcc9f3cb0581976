"""Learning rate schedules."""

from __future__ import annotations

from rushlight.optim._combine import ChainedScheduler, SequentialLR
from rushlight.optim._cyclic import CyclicLR
from rushlight.optim._decay import (
    ConstantLR,
    CosineAnnealingLR,
    ExponentialLR,
    LambdaLR,
    LinearLR,
    MultiplicativeLR,
    MultiStepLR,
    PolynomialLR,
    StepLR,
)
from rushlight.optim._one_cycle import OneCycleLR
from rushlight.optim._plateau import ReduceLROnPlateau
from rushlight.optim._restarts import CosineAnnealingWarmRestarts
from rushlight.optim._scheduler import LRScheduler

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
