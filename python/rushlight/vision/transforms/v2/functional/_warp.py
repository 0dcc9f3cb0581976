"""Rotations, affine and perspective maps, elastic displacements of all inputs."""

from __future__ import annotations

import rushlight
from rushlight.vision.transforms import _convert, _pil, _warp
from rushlight.vision.transforms._modes import InterpolationMode, pil_modes_mapping
from rushlight.vision.transforms.functional import warp as first
from rushlight.vision.transforms.v2.functional._meta import (
    as_corners,
    clamped,
    from_corners,
)
from rushlight.vision.transforms.v2.functional._registry import dispatched, register
from rushlight.vision.transforms.v2.functional._support import check_mode, of_planes

__all__ = [
    "affine",
    "affine_bounding_boxes",
    "affine_image",
    "affine_keypoints",
    "affine_mask",
    "affine_video",
    "elastic",
    "elastic_bounding_boxes",
    "elastic_image",
    "elastic_keypoints",
    "elastic_mask",
    "elastic_transform",
    "elastic_video",
    "perspective",
    "perspective_bounding_boxes",
    "perspective_image",
    "perspective_keypoints",
    "perspective_mask",
    "perspective_video",
    "rotate",
    "rotate_bounding_boxes",
    "rotate_image",
    "rotate_keypoints",
    "rotate_mask",
    "rotate_video",
]

_NEAREST = InterpolationMode.NEAREST
_BILINEAR = InterpolationMode.BILINEAR
# The corners of a box of two corners.
_CORNERS = [0, 1, 2, 1, 2, 3, 0, 3]


def _check(image, mode, fill) -> str:
    """The name of a mode that tensors have, after a check of the fill too."""
    if fill is not None and not isinstance(fill, (int, float, tuple, list)):
        raise ValueError(
            f"Argument fill should be either int, float, tuple or list, got {fill!r}"
        )
    _warp.check_warp(image, mode.value, fill)
    return mode.value


def _real(places):
    return places if places.is_floating_point() else places.float()


def _ends(boxes, format):
    """The four corners of boxes, ``(4 N, 2)`` of floats."""
    corners = _real(as_corners(boxes, format)).reshape(-1, 4)
    index = rushlight.tensor(_CORNERS, device=boxes.device)
    return corners.index_select(1, index).reshape(-1, 2)


def _around(ends, boxes, format, canvas_size, clamping_mode):
    """The boxes around four corners each, in the format, shape and dtype of others."""
    ends = ends.reshape(-1, 4, 2)
    corners = rushlight.cat([ends.amin(1), ends.amax(1)], 1)
    kept = clamped(corners, "XYXY", canvas_size, clamping_mode)
    return from_corners(kept, format).to(boxes.dtype).reshape(boxes.shape)


@dispatched
def affine(
    inpt,
    angle,
    translate,
    scale,
    shear,
    interpolation=_NEAREST,
    fill=None,
    center=None,
):
    """Turn, shift, scale and shear an image, and what lies on it.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        angle: degrees, clockwise.
        translate: ``(x, y)`` in pixels, after the rotation.
        scale: a positive factor.
        shear: degrees, of x or ``(x, y)``.
        interpolation: a mode, its name, or Pillow's number of one: nearest or
            bilinear. Masks use nearest. Default: nearest.
        fill: what lies outside, a number or one a channel. Default: 0.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.

    Raises:
        TypeError: an argument of another type.
        ValueError: an argument of another length, a scale that is not positive, a mode
            that tensors do not have.
    """


def affine_image(
    image,
    angle,
    translate,
    scale,
    shear,
    interpolation=_NEAREST,
    fill=None,
    center=None,
):
    """:func:`affine` of tensors."""
    mode = check_mode(interpolation)
    shear = first.check_affine(angle, translate, scale, shear, center)
    name = _check(image, mode, fill)
    return first.transformed(image, angle, translate, scale, shear, name, fill, center)


def _affine_pil(
    image,
    angle,
    translate,
    scale,
    shear,
    interpolation=_NEAREST,
    fill=None,
    center=None,
):
    mode = check_mode(interpolation)
    return first.affine(image, angle, translate, scale, shear, mode, fill, center)


@of_planes
def affine_mask(mask, angle, translate, scale, shear, fill=None, center=None):
    """:func:`affine` of masks: nearest."""
    return affine_image(mask, angle, translate, scale, shear, _NEAREST, fill, center)


def _mapped(points, canvas_size, angle, translate, scale, shear, center, expand):
    """Points of floats by an affine map, with the canvas that an image would get."""
    shear = first.check_affine(angle, translate, scale, shear, center)
    height, width = canvas_size
    middle = [width * 0.5, height * 0.5] if center is None else center
    values = _warp.affine_matrix(middle, angle, translate, scale, shear, inverted=False)
    matrix = rushlight.tensor(values, dtype=points.dtype, device=points.device)
    matrix = matrix.view(2, 3)
    linear, shift = matrix[:, :2].T, matrix[:, 2]
    points = points @ linear + shift
    if expand:
        ends = [[0.0, 0.0], [0.0, height], [width, height], [width, 0.0]]
        ends = points.new_tensor(ends) @ linear + shift
        points = points - ends.amin(0)
        back = _warp.affine_matrix(middle, angle, translate, scale, shear)
        canvas_size = _warp.expanded_size(back, width, height)[::-1]
    return points, canvas_size


def _mapped_boxes(boxes, format, canvas_size, clamping_mode, *how):
    if boxes.numel() == 0:
        return boxes, canvas_size
    ends, canvas_size = _mapped(_ends(_real(boxes), format), canvas_size, *how)
    return _around(ends, boxes, format, canvas_size, clamping_mode), canvas_size


def _mapped_points(points, canvas_size, *how):
    if points.numel() == 0:
        return points, canvas_size
    moved, canvas_size = _mapped(_real(points).reshape(-1, 2), canvas_size, *how)
    return moved.reshape(points.shape).to(points.dtype), canvas_size


def affine_bounding_boxes(
    bounding_boxes,
    format,
    canvas_size,
    angle,
    translate,
    scale,
    shear,
    center=None,
    clamping_mode="soft",
):
    """:func:`affine` of boxes: what is around the turned ones."""
    how = angle, translate, scale, shear, center, False
    return _mapped_boxes(bounding_boxes, format, canvas_size, clamping_mode, *how)[0]


def affine_keypoints(
    keypoints, canvas_size, angle, translate, scale, shear, center=None
):
    """:func:`affine` of points, with their canvas."""
    how = angle, translate, scale, shear, center, False
    return _mapped_points(keypoints, canvas_size, *how)


affine_video = affine_image
register(
    affine,
    affine_image,
    pil=_affine_pil,
    mask=affine_mask,
    boxes=affine_bounding_boxes,
    points=affine_keypoints,
)


@dispatched
def rotate(inpt, angle, interpolation=_NEAREST, expand=False, center=None, fill=None):
    """Turn an image, counter-clockwise, and what lies on it.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        angle: degrees.
        interpolation: a mode, its name, or Pillow's number of one: nearest or
            bilinear. Masks use nearest. Default: nearest.
        expand: make the result large enough for all of the image. Default: ``False``.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.
        fill: what lies outside, a number or one a channel. Default: 0.

    Raises:
        ValueError: a mode that tensors do not have, a fill that does not fit.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.rotate(rushlight.tensor([[[1, 2], [3, 4]]]), 90)
        tensor([[[2, 4],
                 [1, 3]]])
    """


def rotate_image(
    image, angle, interpolation=_NEAREST, expand=False, center=None, fill=None
):
    """:func:`rotate` of tensors; right angles move pixels and nothing else."""
    angle = angle % 360
    square = expand or image.shape[-1] == image.shape[-2]
    if center is None and (angle in (0, 180) or (square and angle in (90, 270))):
        quarters = int(angle) // 90
        return image.rot90(quarters, (-2, -1)) if quarters else image.clone()
    mode = check_mode(interpolation)
    return first.rotated(image, angle, _check(image, mode, fill), expand, center, fill)


def _rotate_pil(
    image, angle, interpolation=_NEAREST, expand=False, center=None, fill=None
):
    number = pil_modes_mapping[check_mode(interpolation)]
    return _pil.rotate(image, angle, number, expand, center, fill)


@of_planes
def rotate_mask(mask, angle, expand=False, center=None, fill=None):
    """:func:`rotate` of masks: nearest."""
    return rotate_image(mask, angle, _NEAREST, expand, center, fill)


def rotate_bounding_boxes(
    bounding_boxes,
    format,
    canvas_size,
    angle,
    expand=False,
    center=None,
    clamping_mode="soft",
):
    """:func:`rotate` of boxes: what is around the turned ones, and the canvas."""
    how = -angle, [0.0, 0.0], 1.0, [0.0, 0.0], center, expand
    return _mapped_boxes(bounding_boxes, format, canvas_size, clamping_mode, *how)


def rotate_keypoints(keypoints, canvas_size, angle, expand=False, center=None):
    """:func:`rotate` of points, and the canvas."""
    how = -angle, [0.0, 0.0], 1.0, [0.0, 0.0], center, expand
    return _mapped_points(keypoints, canvas_size, *how)


rotate_video = rotate_image
register(
    rotate,
    rotate_image,
    pil=_rotate_pil,
    mask=rotate_mask,
    boxes=rotate_bounding_boxes,
    points=rotate_keypoints,
)


@dispatched
def perspective(
    inpt,
    startpoints,
    endpoints,
    interpolation=_BILINEAR,
    fill=None,
    coefficients=None,
):
    """Map four corners of an image to four others, and what lies on it along.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        startpoints: the corners in the image, four ``(x, y)`` in pixels.
        endpoints: where they go, four ``(x, y)``.
        interpolation: a mode, its name, or Pillow's number of one: nearest or
            bilinear. Masks use nearest. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.
        coefficients: instead of the points, the eight numbers of the map back.

    Raises:
        ValueError: points and coefficients, or neither; not four or eight of them.
        RuntimeError: a map that cannot be inverted, for boxes and points.
    """


def _coefficients(startpoints, endpoints, coefficients) -> list[float]:
    if coefficients is None:
        if startpoints is None or endpoints is None:
            raise ValueError(
                "Either the startpoints/endpoints or the coefficients must have non "
                "`None` values."
            )
        return _warp.perspective_coefficients(startpoints, endpoints)
    if startpoints is not None and endpoints is not None:
        raise ValueError(
            "The startpoints/endpoints and the coefficients shouldn't be defined "
            "concurrently."
        )
    if len(coefficients) != 8:
        raise ValueError(
            f"Argument coefficients should have 8 float values, got {coefficients}"
        )
    return coefficients


def perspective_image(
    image,
    startpoints,
    endpoints,
    interpolation=_BILINEAR,
    fill=None,
    coefficients=None,
):
    """:func:`perspective` of tensors."""
    found = _coefficients(startpoints, endpoints, coefficients)
    name = _check(image, check_mode(interpolation), fill)
    return first.warped(image, found, name, fill)


def _perspective_pil(
    image,
    startpoints,
    endpoints,
    interpolation=_BILINEAR,
    fill=None,
    coefficients=None,
):
    found = _coefficients(startpoints, endpoints, coefficients)
    number = pil_modes_mapping[check_mode(interpolation)]
    return _pil.perspective(image, found, number, fill)


@of_planes
def perspective_mask(mask, startpoints, endpoints, fill=None, coefficients=None):
    """:func:`perspective` of masks: nearest."""
    return perspective_image(mask, startpoints, endpoints, _NEAREST, fill, coefficients)


def _projected(points, coefficients):
    """Points of floats by the inverse of the map of coefficients."""
    a, b, c, d, e, f, g, h = coefficients
    scale = a * e - b * d
    if scale == 0:
        raise RuntimeError(
            f"Provided perspective_coeffs {coefficients} can not be inverted to "
            "transform bounding boxes or keypoints. Denominator is zero."
        )
    # The adjugate of [[a, b, c], [d, e, f], [g, h, 1]], its last element made 1.
    inverse = [
        [e - f * h, c * h - b, b * f - c * e],
        [f * g - d, a - c * g, c * d - a * f],
        [d * h - e * g, b * g - a * h, scale],
    ]
    matrix = points.new_tensor(inverse) / scale
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    return mapped[:, :2] / mapped[:, 2:]


def perspective_bounding_boxes(
    bounding_boxes,
    format,
    canvas_size,
    startpoints,
    endpoints,
    coefficients=None,
    clamping_mode="soft",
):
    """:func:`perspective` of boxes: what is around the mapped ones."""
    if bounding_boxes.numel() == 0:
        return bounding_boxes
    found = _coefficients(startpoints, endpoints, coefficients)
    ends = _projected(_ends(bounding_boxes, format), found)
    return _around(ends, bounding_boxes, format, canvas_size, clamping_mode)


def perspective_keypoints(
    keypoints, canvas_size, startpoints, endpoints, coefficients=None
):
    """:func:`perspective` of points."""
    if keypoints.numel() == 0:
        return keypoints
    found = _coefficients(startpoints, endpoints, coefficients)
    moved = _projected(_real(keypoints).reshape(-1, 2), found)
    return moved.reshape(keypoints.shape).to(keypoints.dtype)


perspective_video = perspective_image
register(
    perspective,
    perspective_image,
    pil=_perspective_pil,
    mask=perspective_mask,
    boxes=perspective_bounding_boxes,
    points=perspective_keypoints,
)


@dispatched
def elastic(inpt, displacement, interpolation=_BILINEAR, fill=None):
    """Move every pixel of an image by its own displacement, and what lies on it.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        displacement: ``(1, H, W, 2)``, where to look, in x and y, as parts of half the
            width and height.
        interpolation: a mode, its name, or Pillow's number of one: nearest or
            bilinear. Masks use nearest. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Raises:
        TypeError: the displacement is no tensor.
        ValueError: a displacement of another shape, a mode that tensors do not have.
    """


elastic_transform = elastic


def elastic_image(image, displacement, interpolation=_BILINEAR, fill=None):
    """:func:`elastic` of tensors."""
    first.check_displacement(displacement)
    name = check_mode(interpolation).value
    return first.displaced(image, displacement, name, fill)


def _elastic_pil(image, displacement, interpolation=_BILINEAR, fill=None):
    pixels = _convert.pil_to_tensor(image)
    moved = elastic_image(pixels, displacement, interpolation, fill)
    return _convert.to_pil_image(moved, mode=image.mode)


@of_planes
def elastic_mask(mask, displacement, fill=None):
    """:func:`elastic` of masks: nearest."""
    return elastic_image(mask, displacement, _NEAREST, fill)


def _looked_up(points, cells, canvas_size, displacement):
    """Where points go: each looks up the displacement of its cell."""
    height, width = canvas_size
    first.check_displacement(displacement)
    if tuple(displacement.shape) != (1, height, width, 2):
        raise ValueError(
            f"Argument displacement shape should be {(1, height, width, 2)}, but given "
            f"{tuple(displacement.shape)}"
        )
    if points.numel() == 0:
        return points
    grid = _warp.identity_grid((height, width), points)
    grid = grid.sub_(displacement.to(points))[0]
    cells = cells.to(rushlight.int64)
    x, y = cells[:, 0].clamp(0, width - 1), cells[:, 1].clamp(0, height - 1)
    size = points.new_tensor([float(width), float(height)])
    return grid[y, x].add_(1).mul_(0.5 * size).sub_(0.5)


def elastic_bounding_boxes(
    bounding_boxes, format, canvas_size, displacement, clamping_mode="soft"
):
    """:func:`elastic` of boxes: what is around the moved corners."""
    ends = _ends(bounding_boxes, format)
    cells = ends.ceil() if bounding_boxes.is_floating_point() else ends
    moved = _looked_up(ends, cells, canvas_size, displacement)
    if bounding_boxes.numel() == 0:
        return bounding_boxes
    if not bounding_boxes.is_floating_point():
        moved = moved.trunc()
    return _around(moved, bounding_boxes, format, canvas_size, clamping_mode)


def elastic_keypoints(keypoints, canvas_size, displacement):
    """:func:`elastic` of points."""
    real = _real(keypoints).reshape(-1, 2)
    moved = _looked_up(real, real, canvas_size, displacement)
    return moved.reshape(keypoints.shape).to(keypoints.dtype)


elastic_video = elastic_image
register(
    elastic,
    elastic_image,
    pil=_elastic_pil,
    mask=elastic_mask,
    boxes=elastic_bounding_boxes,
    points=elastic_keypoints,
)
