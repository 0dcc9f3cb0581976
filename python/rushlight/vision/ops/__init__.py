"""Operators on boxes and regions, and the blocks that vision models share."""

from __future__ import annotations

from rushlight.vision.ops.boxes import *
from rushlight.vision.ops.focal_loss import *
from rushlight.vision.ops.misc import *
from rushlight.vision.ops.roi import *
from rushlight.vision.ops.stochastic_depth import *
