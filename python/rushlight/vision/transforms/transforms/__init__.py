"""The transforms' classes, one file a family."""

from __future__ import annotations

from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.transforms.colors import *
from rushlight.vision.transforms.transforms.containers import *
from rushlight.vision.transforms.transforms.conversions import *
from rushlight.vision.transforms.transforms.crops import *
from rushlight.vision.transforms.transforms.warps import *
