"""Pillow, an optional dependency: recognised without importing it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["is_pil_image", "pillow"]


def is_pil_image(image: Any) -> bool:
    """Whether an object is a Pillow image; where one exists, Pillow is imported."""
    module = sys.modules.get("PIL.Image")
    kind = getattr(module, "Image", None)
    return kind is not None and isinstance(image, kind)


def pillow(module: str, needed_by: str) -> Any:
    """A module of Pillow, as ``pillow("Image", "to_pil_image")``.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
    """
    try:
        importlib.import_module("PIL")
        return importlib.import_module(f"PIL.{module}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{needed_by} needs Pillow, which is not installed: "
            "pip install 'rushlight[vision]'",
            name="PIL",
        ) from error
