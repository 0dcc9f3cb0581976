"""Sizes, crops, borders and flips."""

from __future__ import annotations

import warnings
from typing import Any

import rushlight
from rushlight.vision.transforms import _geometry, _pil
from rushlight.vision.transforms._arguments import (
    check_image,
    check_padding_mode,
    resized_size,
    setup_size,
    sides,
)
from rushlight.vision.transforms._modes import (
    InterpolationMode,
    as_mode,
    pil_modes_mapping,
)
from rushlight.vision.transforms.functional.convert import get_dimensions

__all__ = [
    "center_crop",
    "crop",
    "five_crop",
    "hflip",
    "pad",
    "resize",
    "resized_crop",
    "ten_crop",
    "vflip",
]


def warn_of_antialias(antialias) -> None:
    """Pillow has no resize without it."""
    if antialias is False:
        warnings.warn(
            "Anti-alias option is always applied for PIL Image input. Argument "
            "antialias is ignored.",
            stacklevel=3,
        )


def resize(
    img,
    size,
    interpolation=InterpolationMode.BILINEAR,
    max_size=None,
    antialias=True,
) -> Any:
    """Bring an image to another size.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        size: ``(height, width)``, or the length of the shorter side, an int or one in a
            sequence.
        interpolation: an :class:`InterpolationMode` or Pillow's number of one.
            Default: bilinear.
        max_size: the longer side's most, where ``size`` is the shorter's.
        antialias: widen the filter when the image becomes smaller; for bilinear and
            bicubic of tensors, Pillow always does. Default: ``True``.

    Returns:
        An image of the same kind and dtype; the same one if the size is its own.

    Raises:
        TypeError: no interpolation mode.
        ValueError: another number of sizes, or a ``max_size`` that does not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.resize(rushlight.zeros(3, 20, 30), 10).shape
        rushlight.Size([3, 10, 15])
    """
    mode = as_mode(interpolation)
    if isinstance(size, (list, tuple)):
        if len(size) not in (1, 2):
            raise ValueError(
                "Size must be an int or a 1 or 2 element tuple/list, not a "
                f"{len(size)} element tuple/list"
            )
        if max_size is not None and len(size) != 1:
            raise ValueError(
                "max_size should only be passed if size specifies the length of the "
                f"smaller edge, i.e. is an int or a sequence of length 1, got {size}"
            )
    elif isinstance(size, int):
        size = [size]
    _, height, width = get_dimensions(img)
    wanted = resized_size(height, width, size, max_size)
    if wanted == (height, width):
        return img
    if isinstance(img, rushlight.Tensor):
        wide = antialias and mode is not InterpolationMode.LANCZOS
        return _geometry.resize(img, wanted, mode.value, wide, in_bytes=False)
    warn_of_antialias(antialias)
    return _pil.resize(img, wanted, pil_modes_mapping[mode])


def pad(img, padding, fill=0, padding_mode="constant") -> Any:
    """Put a border around an image.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        padding: pixels on all sides, ``(left and right, top and bottom)``, or ``(left,
            top, right, bottom)``; negative numbers crop.
        fill: the border's value; for Pillow images also one a channel. Default: 0.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` (without the edge) or
            ``"symmetric"`` (with it).

    Returns:
        An image of the same kind and dtype.

    Raises:
        TypeError: an argument of another type.
        ValueError: another number of widths, or an unknown mode.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.pad(rushlight.tensor([[[1, 2]]]), (1, 0), padding_mode="edge")
        tensor([[[1, 1, 2, 2]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.pad(img, padding, fill, padding_mode)
    check_image(img)
    fill = 0 if fill is None else fill
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError(f"Got inappropriate padding arg {padding!r}")
    if not isinstance(fill, (int, float)):
        raise TypeError(f"Got inappropriate fill arg {fill!r}: a tensor's is a number")
    if not isinstance(padding_mode, str):
        raise TypeError(f"Got inappropriate padding_mode arg {padding_mode!r}")
    widths = sides(padding)
    check_padding_mode(padding_mode)
    if padding_mode == "symmetric" and img.ndim not in (3, 4):
        raise RuntimeError(
            f"Symmetric padding of tensors of {img.ndim} dims is not supported: it "
            "needs 3 or 4"
        )
    return _geometry.pad(img, widths, fill, padding_mode)


def crop(img, top, left, height, width) -> Any:
    """Cut a box out of an image; what lies outside of the image is 0.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        top: the box's first row.
        left: the box's first column.
        height: the box's height.
        width: the box's width.

    Returns:
        An image of the same kind and dtype; of a tensor a view, if the box is inside.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.crop(rushlight.arange(6).view(1, 2, 3), 0, 1, 2, 2)
        tensor([[[1, 2],
                 [4, 5]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.crop(img, top, left, height, width)
    check_image(img)
    return _geometry.crop(img, top, left, height, width)


def center_crop(img, output_size) -> Any:
    """Cut out the middle of an image, after padding it with 0 where it is smaller.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        output_size: ``(height, width)``, or one number for both.

    Returns:
        An image of the same kind and dtype.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.center_crop(rushlight.arange(9).view(1, 3, 3), 1)
        tensor([[[4]]])
    """
    height, width = setup_size(output_size)
    _, *size = get_dimensions(img)
    if height > size[0] or width > size[1]:
        img = pad(img, _geometry.centre_padding(size, (height, width)), fill=0)
        _, *size = get_dimensions(img)
        if size == [height, width]:
            return img
    return crop(img, *_geometry.centre(size, (height, width)), height, width)


def resized_crop(
    img,
    top,
    left,
    height,
    width,
    size,
    interpolation=InterpolationMode.BILINEAR,
    antialias=True,
) -> Any:
    """:func:`crop`, then :func:`resize`.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        top: the box's first row.
        left: the box's first column.
        height: the box's height.
        width: the box's width.
        size: as of :func:`resize`.
        interpolation: as of :func:`resize`. Default: bilinear.
        antialias: as of :func:`resize`. Default: ``True``.

    Returns:
        An image of the same kind and dtype.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.resized_crop(rushlight.zeros(3, 9, 9), 1, 1, 6, 8, (4, 5)).shape
        rushlight.Size([3, 4, 5])
    """
    img = crop(img, top, left, height, width)
    return resize(img, size, interpolation, antialias=antialias)


def hflip(img) -> Any:
    """Mirror an image, left to right.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.

    Returns:
        An image of the same kind, shape and dtype.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.hflip(rushlight.tensor([[[1, 2]]]))
        tensor([[[2, 1]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.hflip(img)
    check_image(img)
    return img.flip(-1)


def vflip(img) -> Any:
    """Turn an image upside down.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.

    Returns:
        An image of the same kind, shape and dtype.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.vflip(rushlight.tensor([[[1], [2]]]))
        tensor([[[2],
                 [1]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.vflip(img)
    check_image(img)
    return img.flip(-2)


def five_crop(img, size) -> tuple:
    """The four corners and the middle of an image.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        size: ``(height, width)``, or one number for both.

    Returns:
        ``(top left, top right, bottom left, bottom right, middle)``.

    Raises:
        ValueError: the image is smaller, or not one or two numbers.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> [int(part) for part in F.five_crop(rushlight.arange(9).view(1, 3, 3), 1)]
        [0, 2, 6, 8, 4]
    """
    height, width = setup_size(size)
    _, *image_size = get_dimensions(img)
    places = _geometry.corners(image_size, (height, width))
    parts = (crop(img, top, left, height, width) for top, left in places)
    return (*parts, center_crop(img, [height, width]))


def ten_crop(img, size, vertical_flip=False) -> tuple:
    """:func:`five_crop` of an image and of its mirror image.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.
        size: ``(height, width)``, or one number for both.
        vertical_flip: turn it upside down instead. Default: ``False``.

    Returns:
        A tuple of ten images.

    Raises:
        ValueError: the image is smaller, or not one or two numbers.
    """
    flipped = vflip(img) if vertical_flip else hflip(img)
    return five_crop(img, size) + five_crop(flipped, size)
