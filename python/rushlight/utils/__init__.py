"""Data loading and small helpers."""

from __future__ import annotations

from rushlight.utils import data, hooks

__all__ = ["checkpoint", "data", "hooks"]


def __getattr__(name):
    # Imported when first asked for.
    if name == "checkpoint":
        import importlib

        return importlib.import_module("rushlight.utils.checkpoint")
    raise AttributeError(f"module 'rushlight.utils' has no attribute {name!r}")
