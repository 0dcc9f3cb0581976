"""Computer vision: classic networks, transforms, box operators and image helpers.

The names and paths are torchvision's: ``rushlight.vision.models.resnet18`` stands for
``torchvision.models.resnet18``.
"""

from __future__ import annotations

import importlib

__all__ = ["models", "ops", "transforms", "tv_tensors", "utils"]


def __getattr__(name):
    # Imported when first asked for.
    if name in __all__:
        return importlib.import_module(f"rushlight.vision.{name}")
    raise AttributeError(f"module 'rushlight.vision' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
