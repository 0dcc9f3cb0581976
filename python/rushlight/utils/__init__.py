"""Data loading and small helpers."""

from __future__ import annotations

from rushlight.utils import data, hooks

__all__ = ["data", "hooks"]
