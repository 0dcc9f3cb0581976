"""The transforms as functions of an image and explicit parameters.

Each takes tensors ``(..., C, H, W)`` of any device and, with the optional Pillow, its
images, and gives an image of the same kind.

Example:
    >>> import rushlight
    >>> from rushlight.vision.transforms import functional as F
    >>> F.hflip(rushlight.tensor([[[1, 2, 3]]]))
    tensor([[[3, 2, 1]]])
"""

from __future__ import annotations

from rushlight.vision.transforms._modes import InterpolationMode, pil_modes_mapping
from rushlight.vision.transforms.functional.color import *
from rushlight.vision.transforms.functional.convert import *
from rushlight.vision.transforms.functional.geometry import *
from rushlight.vision.transforms.functional.warp import *
