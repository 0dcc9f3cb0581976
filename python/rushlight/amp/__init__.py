"""Mixed precision: autocast and gradient scaling."""

from __future__ import annotations

from rushlight.amp.autocast_mode import autocast, is_autocast_available
from rushlight.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "is_autocast_available"]
