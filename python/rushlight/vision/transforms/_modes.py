"""Ways to interpolate, by name, by enum member and by Pillow's number."""

from __future__ import annotations

import enum

__all__ = ["InterpolationMode", "as_mode", "mode_from_int", "pil_modes_mapping"]


class InterpolationMode(enum.Enum):
    """How a transform finds values between pixels.

    Tensors are resized with ``NEAREST``, ``NEAREST_EXACT``, ``BILINEAR`` and
    ``BICUBIC``, and turned or warped with ``NEAREST`` and ``BILINEAR``; Pillow images
    with all of them (``NEAREST_EXACT`` is Pillow's nearest).

    Example:
        >>> from rushlight.vision.transforms import InterpolationMode
        >>> InterpolationMode("bilinear")
        <InterpolationMode.BILINEAR: 'bilinear'>
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


# Pillow's numbers, in Pillow's order.
_BY_NUMBER = dict(
    enumerate(
        InterpolationMode(name)
        for name in ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
    )
)
pil_modes_mapping = {
    **{mode: number for number, mode in _BY_NUMBER.items()},
    InterpolationMode.NEAREST_EXACT: 0,
}


def mode_from_int(number: int) -> InterpolationMode:
    """The mode of one of Pillow's numbers.

    Raises:
        KeyError: a number that Pillow does not use.
    """
    return _BY_NUMBER[number]


def as_mode(interpolation) -> InterpolationMode:
    """A mode of what the first functionals take: a mode or Pillow's number.

    Raises:
        TypeError: neither.
    """
    if isinstance(interpolation, int):
        return mode_from_int(interpolation)
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            "Argument interpolation should be a InterpolationMode or a corresponding "
            f"Pillow integer constant, got {interpolation!r}"
        )
    return interpolation
