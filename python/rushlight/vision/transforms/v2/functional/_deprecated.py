"""Functions of the first transforms that still go by their names."""

from __future__ import annotations

import warnings

from rushlight.vision.transforms import functional as first

__all__ = ["get_image_size", "to_tensor"]


def to_tensor(inpt):
    """Deprecated: :func:`to_image`, then :func:`to_dtype` with ``scale=True``.

    Args:
        inpt: a Pillow image or an array.
    """
    warnings.warn(
        "The function `to_tensor(...)` is deprecated and will be removed in a future "
        "release. Instead, please use `to_image(...)` followed by `to_dtype(..., "
        "dtype=rushlight.float32, scale=True)`.",
        stacklevel=2,
    )
    return first.to_tensor(inpt)


def get_image_size(inpt) -> list[int]:
    """Deprecated: :func:`get_size`, which gives ``[height, width]``.

    Args:
        inpt: a tensor or a Pillow image.

    Returns:
        ``[width, height]``.
    """
    warnings.warn(
        "The function `get_image_size(...)` is deprecated and will be removed in a "
        "future release. Instead, please use `get_size(...)` which returns `[h, w]` "
        "instead of `[w, h]`.",
        stacklevel=2,
    )
    return first.get_image_size(inpt)
