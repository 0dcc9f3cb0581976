"""Transforms of whole samples: images with their masks, boxes, points and labels.

The classes have the names of ``rushlight.vision.transforms`` and more, and take several
inputs or nested ones, in which :mod:`rushlight.vision.tv_tensors` say what is what.

Example:
    >>> import rushlight
    >>> from rushlight.vision import tv_tensors
    >>> from rushlight.vision.transforms import v2
    >>> prepare = v2.Compose(
    ...     [v2.Resize((4, 6)), v2.ToDtype(rushlight.float32, scale=True)]
    ... )
    >>> sample = {
    ...     "image": tv_tensors.Image(rushlight.zeros(3, 8, 12, dtype=rushlight.uint8)),
    ...     "boxes": tv_tensors.BoundingBoxes(
    ...         [[2, 4, 6, 8]], format="XYXY", canvas_size=(8, 12)
    ...     ),
    ... }
    >>> prepare(sample)["boxes"].tolist()
    [[1, 2, 3, 4]]
"""

from __future__ import annotations

from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.autoaugment import AutoAugmentPolicy
from rushlight.vision.transforms.v2 import functional
from rushlight.vision.transforms.v2._augment import *
from rushlight.vision.transforms.v2._auto_augment import *
from rushlight.vision.transforms.v2._color import *
from rushlight.vision.transforms.v2._containers import *
from rushlight.vision.transforms.v2._geometry import *
from rushlight.vision.transforms.v2._misc import *
from rushlight.vision.transforms.v2._queries import *
from rushlight.vision.transforms.v2._transform import Transform
from rushlight.vision.transforms.v2._warps import *
