"""Rotations, affine and perspective maps, elastic displacements."""

from __future__ import annotations

import numbers
import warnings
from typing import Any

import rushlight
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _convert, _pil, _warp
from rushlight.vision.transforms._arguments import check_image
from rushlight.vision.transforms._modes import (
    InterpolationMode,
    as_mode,
    mode_from_int,
    pil_modes_mapping,
)
from rushlight.vision.transforms.functional.convert import get_dimensions

__all__ = ["affine", "elastic_transform", "perspective", "rotate"]


def _check_angle_and_center(angle, center) -> None:
    if not isinstance(angle, (int, float)):
        raise TypeError(f"Argument angle should be int or float, got {angle!r}")
    if center is not None and not isinstance(center, (list, tuple)):
        raise TypeError(f"Argument center should be a sequence, got {center!r}")


def check_affine(angle, translate, scale, shear, center) -> list[float]:
    """The shear in x and y, after checks of an affine map's arguments."""
    if not isinstance(angle, (int, float)):
        raise TypeError(f"Argument angle should be int or float, got {angle!r}")
    if not isinstance(translate, (list, tuple)):
        raise TypeError(f"Argument translate should be a sequence, got {translate!r}")
    if len(translate) != 2:
        raise ValueError(
            f"Argument translate should be a sequence of length 2, got {translate}"
        )
    if scale <= 0.0:
        raise ValueError(f"Argument scale should be positive, got {scale}")
    if not isinstance(shear, (numbers.Number, list, tuple)):
        raise TypeError(
            "Shear should be either a single value or a sequence of two values, got "
            f"{shear!r}"
        )
    if isinstance(shear, numbers.Number):
        shear = [shear, 0.0]
    if len(shear) not in (1, 2):
        raise ValueError(
            f"Shear should be a sequence containing two values. Got {shear}"
        )
    _check_angle_and_center(angle, center)
    return [*shear] * (2 // len(shear))


def from_middle(center, height, width) -> list[float]:
    """A place in pixels, counted from the middle of the image; its middle if None."""
    if center is None:
        return [0.0, 0.0]
    return [center[0] - width * 0.5, center[1] - height * 0.5]


def _check_fill_type(fill) -> None:
    if fill is not None and not isinstance(fill, (int, float, tuple, list)):
        warnings.warn(
            "Argument fill should be either int, float, tuple or list", stacklevel=3
        )


def rotate(
    img,
    angle,
    interpolation=InterpolationMode.NEAREST,
    expand=False,
    center=None,
    fill=None,
) -> Any:
    """Turn an image, counter-clockwise.

    Args:
        img: a tensor ``(..., C, H, W)`` or a Pillow image.
        angle: degrees.
        interpolation: nearest or bilinear; for Pillow images bicubic too. Default:
            nearest.
        expand: make the result large enough for all of the image; only right around
            the middle. Default: ``False``.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.
        fill: what lies outside, a number or one a channel. Default: 0.

    Returns:
        An image of the same kind and dtype.

    Raises:
        TypeError: an argument of another type.
        ValueError: a mode that tensors do not have, a fill that does not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.rotate(rushlight.tensor([[[1, 2], [3, 4]]]), 90)
        tensor([[[2, 4],
                 [1, 3]]])
    """
    mode = as_mode(interpolation)
    _check_angle_and_center(angle, center)
    if not isinstance(img, rushlight.Tensor):
        return _pil.rotate(img, angle, pil_modes_mapping[mode], expand, center, fill)
    check_image(img)
    _check_fill_type(fill)
    _warp.check_warp(img, mode.value, fill)
    return rotated(img, angle, mode.value, expand, center, fill)


def rotated(img, angle, mode, expand, center, fill):
    """As :func:`rotate`, of a tensor and checked arguments."""
    height, width = img.shape[-2:]
    middle = from_middle(center, height, width)
    matrix = _warp.affine_matrix(middle, -angle, [0.0, 0.0], 1.0, [0.0, 0.0])
    size = height, width
    if expand:
        size = _warp.expanded_size(matrix, width, height)[::-1]
    grid = _warp.affine_grid(matrix, (height, width), size, _warp.real_like(img))
    return _warp.sample(img, grid, mode, fill)


def affine(
    img,
    angle,
    translate,
    scale,
    shear,
    interpolation=InterpolationMode.NEAREST,
    fill=None,
    center=None,
) -> Any:
    """Turn, shift, scale and shear an image.

    Args:
        img: a tensor ``(..., C, H, W)`` or a Pillow image.
        angle: degrees, clockwise.
        translate: ``(x, y)`` in pixels, after the rotation.
        scale: a positive factor.
        shear: degrees, of x or ``(x, y)``.
        interpolation: nearest or bilinear; for Pillow images bicubic too. Default:
            nearest.
        fill: what lies outside, a number or one a channel. Default: 0.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: an argument of another type.
        ValueError: an argument of another length, a scale that is not positive, a mode
            that tensors do not have.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.affine(rushlight.tensor([[[1, 2, 3]]]), 0, [1, 0], 1.0, 0.0)
        tensor([[[0, 1, 2]]])
    """
    mode = as_mode(interpolation)
    shear = check_affine(angle, translate, scale, shear, center)
    _, height, width = get_dimensions(img)
    if not isinstance(img, rushlight.Tensor):
        middle = [width * 0.5, height * 0.5] if center is None else center
        matrix = _warp.affine_matrix(middle, angle, translate, scale, shear)
        return _pil.affine(img, matrix, pil_modes_mapping[mode], fill)
    _check_fill_type(fill)
    _warp.check_warp(img, mode.value, fill)
    return transformed(img, angle, translate, scale, shear, mode.value, fill, center)


def transformed(img, angle, translate, scale, shear, mode, fill, center):
    """As :func:`affine`, of a tensor and checked arguments."""
    size = img.shape[-2:]
    middle = from_middle(center, *size)
    matrix = _warp.affine_matrix(middle, angle, translate, scale, shear)
    grid = _warp.affine_grid(matrix, size, size, _warp.real_like(img))
    return _warp.sample(img, grid, mode, fill)


def perspective(
    img,
    startpoints,
    endpoints,
    interpolation=InterpolationMode.BILINEAR,
    fill=None,
) -> Any:
    """Map four corners of an image to four others.

    Args:
        img: a tensor ``(..., C, H, W)`` or a Pillow image.
        startpoints: the corners in the image, four ``(x, y)`` in pixels.
        endpoints: where they go, four ``(x, y)``.
        interpolation: nearest or bilinear; for Pillow images bicubic too. Default:
            bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: no interpolation mode.
        ValueError: not four points, a mode that tensors do not have.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> image = rushlight.arange(9.0).view(1, 3, 3)
        >>> corners = [[0, 0], [2, 0], [2, 2], [0, 2]]
        >>> F.perspective(image, corners, corners)[0, 1]
        tensor([3., 4., 5.])
    """
    coefficients = _warp.perspective_coefficients(startpoints, endpoints)
    mode = as_mode(interpolation)
    if not isinstance(img, rushlight.Tensor):
        return _pil.perspective(img, coefficients, pil_modes_mapping[mode], fill)
    check_image(img)
    _check_fill_type(fill)
    _warp.check_warp(img, mode.value, fill)
    return warped(img, coefficients, mode.value, fill)


def warped(img, coefficients, mode, fill):
    """As :func:`perspective`, of a tensor and the map's coefficients."""
    size = img.shape[-2:]
    grid = _warp.perspective_grid(coefficients, size, _warp.real_like(img))
    return _warp.sample(img, grid, mode, fill)


def elastic_transform(
    img, displacement, interpolation=InterpolationMode.BILINEAR, fill=None
) -> Any:
    """Move every pixel of an image by its own displacement.

    Args:
        img: a tensor ``(..., C, H, W)`` or a Pillow image.
        displacement: ``(1, H, W, 2)``, where to look, in x and y, as parts of half the
            width and height.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: no image, or the displacement is no tensor.
        ValueError: a displacement of another shape.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> image = rushlight.arange(4.0).view(1, 2, 2)
        >>> F.elastic_transform(image, rushlight.zeros(1, 2, 2, 2))
        tensor([[[0., 1.],
                 [2., 3.]]])
    """
    if isinstance(interpolation, int):
        warnings.warn(
            "Argument interpolation should be of type InterpolationMode instead of "
            "int. Please, use InterpolationMode enum.",
            stacklevel=2,
        )
        interpolation = mode_from_int(interpolation)
    check_displacement(displacement)
    if isinstance(img, rushlight.Tensor):
        return displaced(img, displacement, interpolation.value, fill)
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    pixels = _convert.pil_to_tensor(img)
    moved = displaced(pixels, displacement, interpolation.value, fill)
    return _convert.to_pil_image(moved, mode=img.mode)


def check_displacement(displacement) -> None:
    """Raises TypeError for what is no tensor."""
    if not isinstance(displacement, rushlight.Tensor):
        raise TypeError(
            f"Argument displacement should be a Tensor, got {type(displacement)}"
        )


def displaced(img, displacement, mode, fill):
    """As :func:`elastic_transform`, of a tensor."""
    size = img.shape[-2:]
    if tuple(displacement.shape) != (1, *size, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, *size, 2)}, but given "
            f"{tuple(displacement.shape)}"
        )
    like = _warp.real_like(img)
    grid = _warp.identity_grid(size, like).add_(displacement.to(like))
    return _warp.sample(img, grid, mode, fill)
