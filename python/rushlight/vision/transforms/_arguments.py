"""Checks of arguments that several transforms take."""

from __future__ import annotations

import numbers
import warnings
from collections.abc import Sequence

__all__ = [
    "PADDING_MODES",
    "check_channels",
    "check_image",
    "check_padding_mode",
    "check_ranges",
    "check_sequence",
    "pair",
    "resized_size",
    "setup_angle",
    "setup_size",
    "sides",
]

PADDING_MODES = ("constant", "edge", "reflect", "symmetric")
TWO_DIMS = "Please provide only two dimensions (h, w) for size."


def check_image(image) -> None:
    """Raises TypeError for a tensor without height and width."""
    if image.ndim < 2:
        raise TypeError(
            "Tensor is not a torch image: it needs a height and a width, got shape "
            f"{tuple(image.shape)}."
        )


def check_channels(image, permitted=(1, 3), at_least=2) -> int:
    """The number of channels of a tensor image.

    Raises:
        TypeError: too few dims, or other channels than permitted.
    """
    check_image(image)
    if image.ndim < at_least:
        raise TypeError(
            f"Input image tensor should have at least {at_least} dimensions, but found "
            f"{image.ndim}"
        )
    channels = 1 if image.ndim == 2 else image.shape[-3]
    if channels not in permitted:
        raise TypeError(
            f"Input image tensor permitted channel values are {list(permitted)}, but "
            f"found {channels}"
        )
    return channels


def setup_size(size, message=TWO_DIMS):
    """A size ``(height, width)`` of a number or of one or two of them."""
    if isinstance(size, numbers.Number):
        return int(size), int(size)  # type: ignore[call-overload]
    if isinstance(size, Sequence) and len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError(message)
    return size


def check_sequence(value, name, lengths) -> None:
    """Raises TypeError for no sequence, ValueError for one of another length."""
    expected = " or ".join(str(length) for length in lengths)
    message = f"{name} should be a sequence of length {expected}, got {value!r}."
    if not isinstance(value, Sequence):
        raise TypeError(message)
    if len(value) not in lengths:
        raise ValueError(message)


def setup_angle(value, name, lengths=(2,)) -> list[float]:
    """A range of angles in degrees; a number is the range around zero."""
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(
                f"If {name} is a single number, it must be positive, got {value}."
            )
        value = [-value, value]  # type: ignore[operator]
    else:
        check_sequence(value, name, lengths)
    return [float(degrees) for degrees in value]


def check_ranges(scale, ratio) -> None:
    """Raises TypeError for no sequences; warns where a range is upside down."""
    if not isinstance(scale, Sequence):
        raise TypeError(f"Scale should be a sequence, got {scale!r}")
    if not isinstance(ratio, Sequence):
        raise TypeError(f"Ratio should be a sequence, got {ratio!r}")
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


def check_padding_mode(mode) -> None:
    """Raises ValueError for a mode that does not exist."""
    if mode not in PADDING_MODES:
        raise ValueError(
            "Padding mode should be either constant, edge, reflect or symmetric, got "
            f"{mode!r}"
        )


def sides(padding) -> tuple[int, int, int, int]:
    """``left, top, right, bottom`` of what pads: all, (x, y), or four numbers."""
    if isinstance(padding, numbers.Number):
        padding = (padding,)
    if len(padding) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple, not a "
            f"{len(padding)} element tuple"
        )
    left, top, right, bottom = (*padding,) * (4 // len(padding))
    return left, top, right, bottom


def pair(value, name, kind) -> list[float]:
    """Two numbers for x and y of one number or two, each of a type."""
    if not isinstance(value, (kind, Sequence)):
        raise TypeError(
            f"{name} should be float or a sequence of floats. Got {type(value)}"
        )
    if not isinstance(value, Sequence):
        return [float(value), float(value)]
    if len(value) != 2:
        raise ValueError(
            f"If {name} is a sequence its length should be 2. Got {len(value)}"
        )
    for element in value:
        if not isinstance(element, kind):
            raise TypeError(
                f"{name} should be a sequence of floats. Got {type(element)}"
            )
    return value  # type: ignore[return-value]


def resized_size(height, width, size, max_size=None) -> tuple[int, int]:
    """The height and width that ``resize`` gives.

    Two numbers are the result. One is the shorter side, and the longer follows, at most
    ``max_size``; ``None`` makes the longer side ``max_size``.
    """
    if size is not None and len(size) == 2:
        return size[0], size[1]
    short, long = sorted((height, width))
    if size is None:
        if not isinstance(max_size, int):
            raise ValueError(
                "max_size must be an integer when size is None, but got "
                f"{max_size} instead."
            )
        new_short, new_long = int(max_size * short / long), max_size
    else:
        new_short = size[0]
        new_long = int(new_short * long / short)
        if max_size is not None:
            if max_size <= new_short:
                raise ValueError(
                    f"max_size = {max_size} must be strictly greater than the "
                    f"requested size for the smaller edge size = {size}"
                )
            if new_long > max_size:
                new_short, new_long = int(max_size * new_short / new_long), max_size
    return (new_long, new_short) if width <= height else (new_short, new_long)
