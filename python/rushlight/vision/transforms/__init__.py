"""Transforms of images for training and evaluation.

The names and paths are torchvision's: classes here, functions of explicit parameters in
``rushlight.vision.transforms.functional``, and both for several inputs at once in
``rushlight.vision.transforms.v2``. They take tensors ``(..., C, H, W)`` and, with the
optional Pillow, its images. Random numbers come from Rushlight's default generator in
PyTorch's order, so that the same seed draws the same.

Example:
    >>> import rushlight
    >>> from rushlight.vision import transforms
    >>> prepare = transforms.Compose(
    ...     [
    ...         transforms.Resize(8),
    ...         transforms.ConvertImageDtype(rushlight.float32),
    ...         transforms.Normalize([0.5], [0.5]),
    ...     ]
    ... )
    >>> prepare(rushlight.zeros(1, 16, 24, dtype=rushlight.uint8)).shape
    rushlight.Size([1, 8, 12])
"""

from __future__ import annotations

import importlib

from rushlight.vision.transforms import autoaugment, functional, transforms
from rushlight.vision.transforms.autoaugment import *
from rushlight.vision.transforms.transforms import InterpolationMode
from rushlight.vision.transforms.transforms.colors import *
from rushlight.vision.transforms.transforms.containers import *
from rushlight.vision.transforms.transforms.conversions import *
from rushlight.vision.transforms.transforms.crops import *
from rushlight.vision.transforms.transforms.warps import *


def __getattr__(name):
    # Imported when first asked for.
    if name == "v2":
        return importlib.import_module("rushlight.vision.transforms.v2")
    raise AttributeError(
        f"module 'rushlight.vision.transforms' has no attribute {name!r}"
    )
