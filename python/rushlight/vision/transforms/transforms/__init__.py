"""The transforms' classes, one file a family."""

from __future__ import annotations

from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.transforms import (
    colors,
    containers,
    conversions,
    crops,
    warps,
)
from rushlight.vision.transforms.transforms.colors import *
from rushlight.vision.transforms.transforms.containers import *
from rushlight.vision.transforms.transforms.conversions import *
from rushlight.vision.transforms.transforms.crops import *
from rushlight.vision.transforms.transforms.warps import *

__all__ = ["InterpolationMode"]
__all__ += colors.__all__
__all__ += containers.__all__
__all__ += conversions.__all__
__all__ += crops.__all__
__all__ += warps.__all__
