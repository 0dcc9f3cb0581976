"""Sizes, crops, borders and flips of tensor images ``(..., H, W)``."""

from __future__ import annotations

import rushlight
from rushlight.nn import functional as nnf

_SMOOTH = ("bilinear", "bicubic", "lanczos")
_REAL = (rushlight.float32, rushlight.float64)


def resize(image, size, mode, antialias, in_bytes):
    """To a height and width; bytes stay whole numbers inside with ``in_bytes``.

    Other integers, and bytes without it, are counted in float32 and rounded.
    """
    smooth = mode in _SMOOTH
    dtype = image.dtype
    counted = dtype in _REAL or not smooth or (in_bytes and dtype == rushlight.uint8)
    *batch, height, width = image.shape
    counting = image if counted else image.to(rushlight.float32)
    result = nnf.interpolate(
        counting.reshape(1, -1, height, width),
        size=list(size),
        mode=mode,
        align_corners=False if smooth else None,
        antialias=bool(antialias) and smooth,
    )
    if not counted:
        if dtype == rushlight.uint8 and mode != "bilinear":  # overshoots
            result = result.clamp_(0, 255)
        if not dtype.is_floating_point:
            result = result.round_()
        result = result.to(dtype)
    return result.view(*batch, *size)


def crop(image, top, left, height, width):
    """A view, or where the box lies partly outside, a copy with zeros there."""
    rows, columns = image.shape[-2:]
    bottom, right = top + height, left + width
    inside = image[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if left >= 0 and top >= 0 and right <= columns and bottom <= rows:
        return inside
    beyond = [
        max(min(0, right) - left, 0),
        max(right - max(columns, left), 0),
        max(min(0, bottom) - top, 0),
        max(bottom - max(rows, top), 0),
    ]
    return nnf.pad(inside, beyond)


def pad(image, widths, fill, padding_mode):
    """``widths`` are left, top, right, bottom; negative ones crop."""
    left, top, right, bottom = widths
    around = [left, right, top, bottom]
    if padding_mode == "constant":
        return nnf.pad(image, around, value=_as(image.dtype, fill))
    if padding_mode == "symmetric":
        image = _mirrored(image, -1, left, right)
        return _mirrored(image, -2, top, bottom)
    mode = {"edge": "replicate"}.get(padding_mode, padding_mode)
    planes = image.reshape(-1, *image.shape[-3:]) if image.ndim != 3 else image
    padded = nnf.pad(planes, around, mode=mode)
    return padded.view(*image.shape[:-2], *padded.shape[-2:])


def _as(dtype, fill):
    return float(fill) if dtype.is_floating_point else int(fill)


def _mirrored(image, dim, before, after):
    """A dim continued by its own mirror image, the edge repeated."""
    if before < 0 or after < 0:
        start, stop = max(-before, 0), image.shape[dim] - max(-after, 0)
        image = image.narrow(dim, start, stop - start)
        before, after = max(before, 0), max(after, 0)
    size = image.shape[dim]
    taken = [
        *range(before - 1, -1, -1),
        *range(size),
        *range(size - 1, size - 1 - after, -1),
    ]
    if taken and not 0 <= min(taken) <= max(taken) < size:
        raise IndexError(
            f"pad: symmetric padding by {before} and {after} is wider than the {size} "
            "pixels there are"
        )
    return image.index_select(dim, rushlight.tensor(taken, device=image.device))


def centre_padding(image_size, size) -> list[int]:
    """left, top, right, bottom that bring an image to at least a size."""
    missing = [max(want - have, 0) for want, have in zip(size, image_size, strict=True)]
    return [
        missing[1] // 2,
        missing[0] // 2,
        (missing[1] + 1) // 2,
        (missing[0] + 1) // 2,
    ]


def centre(image_size, size) -> tuple[int, int]:
    """top and left of the middle of an image."""
    top, left = (
        round((have - want) / 2.0) for have, want in zip(image_size, size, strict=True)
    )
    return top, left


def corners(image_size, size):
    """(top, left) of the boxes at the four corners.

    Raises:
        ValueError: the boxes are larger than the image.
    """
    down, across = (have - want for have, want in zip(image_size, size, strict=True))
    if down < 0 or across < 0:
        raise ValueError(
            f"Requested crop size {size} is bigger than input size {tuple(image_size)}"
        )
    return (0, 0), (0, across), (down, 0), (down, across)
