"""Data loading and small helpers."""

from __future__ import annotations

from rushlight.utils import data, hooks

__all__ = ["benchmark", "checkpoint", "data", "hooks", "tensorboard"]


def __getattr__(name):
    # Imported when first asked for.
    if name in ("benchmark", "checkpoint", "tensorboard"):
        import importlib

        return importlib.import_module(f"rushlight.utils.{name}")
    raise AttributeError(f"module 'rushlight.utils' has no attribute {name!r}")
