"""Computer vision: networks, datasets, transforms, box operators, image files.

The names and paths are torchvision's: ``rushlight.vision.models.resnet18`` stands for
``torchvision.models.resnet18``.
"""

from __future__ import annotations

import importlib

from rushlight.vision._backend import (
    disable_beta_transforms_warning,
    get_image_backend,
    set_image_backend,
)

_MODULES = ("datasets", "io", "models", "ops", "transforms", "tv_tensors", "utils")
__all__ = [
    "datasets",
    "disable_beta_transforms_warning",
    "get_image_backend",
    "io",
    "models",
    "ops",
    "set_image_backend",
    "transforms",
    "tv_tensors",
    "utils",
]


def __getattr__(name):
    # Imported when first asked for.
    if name in _MODULES:
        return importlib.import_module(f"rushlight.vision.{name}")
    raise AttributeError(f"module 'rushlight.vision' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
