"""Images between files and tensors."""

from __future__ import annotations

from rushlight.vision.io.image import *
