"""What the kernels of several functionals need."""

from __future__ import annotations

import functools

from rushlight.vision.transforms._modes import InterpolationMode, mode_from_int

__all__ = ["check_mode", "of_planes"]


def check_mode(interpolation) -> InterpolationMode:
    """A mode of a mode, its name or Pillow's number.

    Raises:
        ValueError: none of them.
    """
    if isinstance(interpolation, InterpolationMode):
        return interpolation
    if isinstance(interpolation, int):
        return mode_from_int(interpolation)
    names = [mode.value for mode in InterpolationMode]
    if isinstance(interpolation, str) and interpolation in names:
        return InterpolationMode(interpolation)
    raise ValueError(
        f"Invalid interpolation mode: {interpolation!r}. Argument interpolation should "
        "be an `InterpolationMode`, a corresponding Pillow integer constant or one of "
        f"{names}."
    )


def of_planes(kernel):
    """A kernel of ``(..., C, H, W)`` that takes masks ``(H, W)`` too."""

    @functools.wraps(kernel)
    def run(mask, *args, **kwargs):
        if mask.ndim > 2:
            return kernel(mask, *args, **kwargs)
        return kernel(mask.unsqueeze(0), *args, **kwargs).squeeze(0)

    return run
