"""``torchvision.version``: the torchvision whose names Rushlight follows."""

from __future__ import annotations

import rushlight

__all__ = ["__version__", "cuda", "git_version"]

__version__ = f"0.28.0+rushlight{rushlight.__version__}"
cuda = None
git_version = "Unknown"
