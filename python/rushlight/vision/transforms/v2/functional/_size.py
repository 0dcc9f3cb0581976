"""Sizes, crops, borders and flips of all kinds of inputs."""

from __future__ import annotations

import rushlight
from rushlight.vision.transforms import _geometry, _pil
from rushlight.vision.transforms._arguments import (
    PADDING_MODES,
    resized_size,
    setup_size,
)
from rushlight.vision.transforms._modes import InterpolationMode, pil_modes_mapping
from rushlight.vision.transforms.functional.geometry import warn_of_antialias
from rushlight.vision.transforms.v2.functional._meta import clamped
from rushlight.vision.transforms.v2.functional._registry import dispatched, register
from rushlight.vision.transforms.v2.functional._support import check_mode, of_planes
from rushlight.vision.tv_tensors import BoundingBoxFormat

__all__ = [
    "center_crop",
    "center_crop_bounding_boxes",
    "center_crop_image",
    "center_crop_keypoints",
    "center_crop_mask",
    "center_crop_video",
    "crop",
    "crop_bounding_boxes",
    "crop_image",
    "crop_keypoints",
    "crop_mask",
    "crop_video",
    "five_crop",
    "five_crop_image",
    "five_crop_video",
    "hflip",
    "horizontal_flip",
    "horizontal_flip_bounding_boxes",
    "horizontal_flip_image",
    "horizontal_flip_keypoints",
    "horizontal_flip_mask",
    "horizontal_flip_video",
    "pad",
    "pad_bounding_boxes",
    "pad_image",
    "pad_keypoints",
    "pad_mask",
    "pad_video",
    "resize",
    "resize_bounding_boxes",
    "resize_image",
    "resize_keypoints",
    "resize_mask",
    "resize_video",
    "resized_crop",
    "resized_crop_bounding_boxes",
    "resized_crop_image",
    "resized_crop_keypoints",
    "resized_crop_mask",
    "resized_crop_video",
    "ten_crop",
    "ten_crop_image",
    "ten_crop_video",
    "vertical_flip",
    "vertical_flip_bounding_boxes",
    "vertical_flip_image",
    "vertical_flip_keypoints",
    "vertical_flip_mask",
    "vertical_flip_video",
    "vflip",
]

_XYXY, _XYWH, _CXCYWH = BoundingBoxFormat


@dispatched
def horizontal_flip(inpt):
    """Mirror an image, left to right, and what lies on it.

    Args:
        inpt: a tensor ``(..., H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.

    Example:
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> boxes = tv_tensors.BoundingBoxes(
        ...     [[1, 2, 3, 4]], format="XYXY", canvas_size=(10, 10)
        ... )
        >>> F.horizontal_flip(boxes).tolist()
        [[7, 2, 9, 4]]
    """


@dispatched
def vertical_flip(inpt):
    """Turn an image upside down, and what lies on it.

    Args:
        inpt: a tensor ``(..., H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
    """


def horizontal_flip_image(image):
    """:func:`horizontal_flip` of tensors."""
    return image.flip(-1)


def vertical_flip_image(image):
    """:func:`vertical_flip` of tensors."""
    return image.flip(-2)


def _flipped_boxes(boxes, format, length, axis):
    boxes = boxes.clone()
    start = boxes[..., axis].clone()
    if format == _XYXY:
        boxes[..., axis] = length - boxes[..., axis + 2]
        boxes[..., axis + 2] = length - start
    elif format == _XYWH:
        boxes[..., axis] = length - (start + boxes[..., axis + 2])
    else:
        boxes[..., axis] = length - start
    return boxes


def horizontal_flip_bounding_boxes(bounding_boxes, format, canvas_size):
    """:func:`horizontal_flip` of boxes."""
    return _flipped_boxes(bounding_boxes, format, canvas_size[1], 0)


def vertical_flip_bounding_boxes(bounding_boxes, format, canvas_size):
    """:func:`vertical_flip` of boxes."""
    return _flipped_boxes(bounding_boxes, format, canvas_size[0], 1)


def horizontal_flip_keypoints(keypoints, canvas_size):
    """:func:`horizontal_flip` of points."""
    keypoints = keypoints.clone()
    keypoints[..., 0] = canvas_size[1] - 1 - keypoints[..., 0]
    return keypoints


def vertical_flip_keypoints(keypoints, canvas_size):
    """:func:`vertical_flip` of points."""
    keypoints = keypoints.clone()
    keypoints[..., 1] = canvas_size[0] - 1 - keypoints[..., 1]
    return keypoints


horizontal_flip_mask = horizontal_flip_video = horizontal_flip_image
vertical_flip_mask = vertical_flip_video = vertical_flip_image
hflip, vflip = horizontal_flip, vertical_flip
register(
    horizontal_flip,
    horizontal_flip_image,
    pil=_pil.hflip,
    mask=horizontal_flip_mask,
    boxes=horizontal_flip_bounding_boxes,
    points=horizontal_flip_keypoints,
)
register(
    vertical_flip,
    vertical_flip_image,
    pil=_pil.vflip,
    mask=vertical_flip_mask,
    boxes=vertical_flip_bounding_boxes,
    points=vertical_flip_keypoints,
)


@dispatched
def resize(
    inpt,
    size,
    interpolation=InterpolationMode.BILINEAR,
    max_size=None,
    antialias=True,
):
    """Bring an image to another size, and what lies on it along.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        size: ``(height, width)``; the length of the shorter side, an int or one in a
            sequence; or ``None`` to make the longer side ``max_size``.
        interpolation: a mode, its name, or Pillow's number of one. Masks use nearest.
            Default: bilinear.
        max_size: the longer side's most.
        antialias: widen the filter when the image becomes smaller; Pillow always does.
            Default: ``True``.

    Returns:
        The same kind of input; the same tensor if the size is its own.

    Raises:
        ValueError: an unknown mode, or sizes that do not fit each other.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.resize(rushlight.zeros(3, 20, 30), 10).shape
        rushlight.Size([3, 10, 15])
    """


def _new_size(canvas_size, size, max_size):
    if isinstance(size, int):
        size = [size]
    elif max_size is not None and size is not None and len(size) != 1:
        raise ValueError(
            "max_size should only be passed if size is None or specifies the length of "
            f"the smaller edge, i.e. is an int or a sequence of length 1, got {size}"
        )
    return resized_size(*canvas_size, size, max_size)


def resize_image(
    image,
    size,
    interpolation=InterpolationMode.BILINEAR,
    max_size=None,
    antialias=True,
):
    """:func:`resize` of tensors."""
    mode = check_mode(interpolation)
    if mode is InterpolationMode.LANCZOS and not antialias:
        raise ValueError("InterpolationMode.LANCZOS requires antialias=True")
    wanted = _new_size(tuple(image.shape[-2:]), size, max_size)
    if wanted == tuple(image.shape[-2:]):
        return image
    if image.numel() == 0:
        return image.reshape(*image.shape[:-2], *wanted)
    return _geometry.resize(image, wanted, mode.value, antialias, in_bytes=True)


def _resize_pil(
    image,
    size,
    interpolation=InterpolationMode.BILINEAR,
    max_size=None,
    antialias=True,
):
    warn_of_antialias(antialias)
    mode = check_mode(interpolation)
    wanted = _new_size((image.height, image.width), size, max_size)
    if wanted == (image.height, image.width):
        return image
    return _pil.resize(image, wanted, pil_modes_mapping[mode])


@of_planes
def resize_mask(mask, size, interpolation=InterpolationMode.BILINEAR, max_size=None):
    """:func:`resize` of masks: nearest, whatever smooth mode is asked for."""
    mode = check_mode(interpolation)
    if mode is not InterpolationMode.NEAREST_EXACT:
        mode = InterpolationMode.NEAREST
    return resize_image(mask, size, mode, max_size)


def _scaled(places, canvas_size, size, max_size):
    wanted = _new_size(tuple(canvas_size), size, max_size)
    if wanted == tuple(canvas_size):
        return places, canvas_size
    ratios = [wanted[1] / canvas_size[1], wanted[0] / canvas_size[0]]
    ratios = rushlight.tensor(ratios * (places.shape[-1] // 2), device=places.device)
    return places.mul(ratios).to(places.dtype), wanted


def resize_bounding_boxes(
    bounding_boxes,
    canvas_size,
    size,
    max_size=None,
    format=BoundingBoxFormat.XYXY,
    clamping_mode="soft",
):
    """:func:`resize` of boxes, with the new canvas."""
    return _scaled(bounding_boxes, canvas_size, size, max_size)


def resize_keypoints(keypoints, size, canvas_size, max_size=None):
    """:func:`resize` of points, with the new canvas."""
    return _scaled(keypoints, canvas_size, size, max_size)


resize_video = resize_image
register(
    resize,
    resize_image,
    pil=_resize_pil,
    mask=resize_mask,
    boxes=resize_bounding_boxes,
    points=resize_keypoints,
)


@dispatched
def pad(inpt, padding, fill=None, padding_mode="constant"):
    """Put a border around an image, and move what lies on it along.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        padding: pixels on all sides, ``(left and right, top and bottom)``, or ``(left,
            top, right, bottom)``.
        fill: the border's value, or one a channel. Default: 0.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``;
            for boxes and points the first alone.

    Raises:
        TypeError: a padding that is no numbers.
        ValueError: another number of widths, an unknown mode, or a fill of several
            values that the mode or the kind does not take.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.pad(rushlight.ones(1, 1, 1), [1, 0], fill=5.0)
        tensor([[[5., 1., 5.]]])
    """


def widths_of(padding) -> tuple[int, int, int, int]:
    """left, top, right and bottom."""
    if not isinstance(padding, (int, tuple, list)):
        raise TypeError(
            "`padding` should be an integer or tuple or list of integers, but got "
            f"{padding}"
        )
    listed = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(listed) not in (1, 2, 4):
        raise ValueError(
            "Padding must be an int or a 1, 2, or 4 element tuple or list. Found "
            f"{len(listed)}"
        )
    left, top, right, bottom = listed * (4 // len(listed))
    return left, top, right, bottom


def pad_image(image, padding, fill=None, padding_mode="constant"):
    """:func:`pad` of tensors."""
    widths = widths_of(padding)
    if padding_mode not in PADDING_MODES:
        raise ValueError(
            f"`padding_mode` should be one of {PADDING_MODES}, but got "
            f"`{padding_mode!r}`."
        )
    if fill is None:
        fill = 0
    if isinstance(fill, (list, tuple)) and len(fill) == 1:
        fill = fill[0]
    if isinstance(fill, (int, float)):
        return _geometry.pad(image, widths, fill, padding_mode)
    if padding_mode != "constant":
        raise ValueError(
            f"Padding mode '{padding_mode}' is not supported if fill is not scalar"
        )
    padded = _geometry.pad(image, widths, 0, "constant")
    colour = rushlight.tensor(fill, device=image.device).to(image.dtype)
    colour = colour.reshape(-1, 1, 1)
    left, top, right, bottom = widths
    height, width = padded.shape[-2:]
    for rows, columns in (
        (slice(0, max(top, 0)), slice(None)),
        (slice(height - max(bottom, 0), height), slice(None)),
        (slice(None), slice(0, max(left, 0))),
        (slice(None), slice(width - max(right, 0), width)),
    ):
        padded[..., rows, columns] = colour
    return padded


@of_planes
def pad_mask(mask, padding, fill=None, padding_mode="constant"):
    """:func:`pad` of masks: one value."""
    if isinstance(fill, (tuple, list)):
        raise ValueError(f"Non-scalar fill value is not supported, got {fill}")
    return pad_image(mask, padding, fill, padding_mode)


def _moved(places, padding, padding_mode, canvas_size, what):
    if padding_mode != "constant":
        raise ValueError(f"Padding mode '{padding_mode}' is not supported with {what}")
    left, top, right, bottom = widths_of(padding)
    height, width = canvas_size
    return _shifted(places, left, top), (height + top + bottom, width + left + right)


def _shifted(places, x, y, format=_XYXY):
    """Boxes or points moved."""
    count = places.shape[-1]
    by = [x, y] + ([x, y] if format == _XYXY else [0, 0]) * (count == 4)
    return places + rushlight.tensor(by, dtype=places.dtype, device=places.device)


def pad_bounding_boxes(
    bounding_boxes,
    format,
    canvas_size,
    padding,
    padding_mode="constant",
    clamping_mode="soft",
):
    """:func:`pad` of boxes, with the new canvas."""
    left, top, *_ = widths_of(padding)
    _, canvas_size = _moved(
        bounding_boxes, padding, padding_mode, canvas_size, "bounding boxes"
    )
    moved = _shifted(bounding_boxes, left, top, format)
    return clamped(moved, format, canvas_size, clamping_mode), canvas_size


def pad_keypoints(keypoints, canvas_size, padding, padding_mode="constant"):
    """:func:`pad` of points, with the new canvas."""
    return _moved(keypoints, padding, padding_mode, canvas_size, "KeyPoints")


pad_video = pad_image
register(
    pad,
    pad_image,
    pil=_pil.pad,
    mask=pad_mask,
    boxes=pad_bounding_boxes,
    points=pad_keypoints,
)


@dispatched
def crop(inpt, top, left, height, width):
    """Cut a box out of an image; what lies outside of the image is 0.

    Args:
        inpt: a tensor ``(..., H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        top: the box's first row.
        left: the box's first column.
        height: the box's height.
        width: the box's width.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.crop(rushlight.arange(6).view(1, 2, 3), 0, 1, 2, 2)
        tensor([[[1, 2],
                 [4, 5]]])
    """


def crop_image(image, top, left, height, width):
    """:func:`crop` of tensors."""
    return _geometry.crop(image, top, left, height, width)


def crop_bounding_boxes(
    bounding_boxes, format, top, left, height, width, clamping_mode="soft"
):
    """:func:`crop` of boxes, with the new canvas."""
    moved = _shifted(bounding_boxes, -left, -top, format)
    size = (height, width)
    return clamped(moved, format, size, clamping_mode), size


def crop_keypoints(keypoints, top, left, height, width):
    """:func:`crop` of points, with the new canvas."""
    return _shifted(keypoints, -left, -top), (height, width)


crop_mask = crop_video = crop_image
register(
    crop,
    crop_image,
    pil=_pil.crop,
    mask=crop_mask,
    boxes=crop_bounding_boxes,
    points=crop_keypoints,
)


@dispatched
def center_crop(inpt, output_size):
    """Cut out the middle of an image, after padding it with 0 where it is smaller.

    Args:
        inpt: a tensor ``(..., H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        output_size: ``(height, width)``, or one number for both.
    """


def center_crop_image(image, output_size):
    """:func:`center_crop` of tensors."""
    size = tuple(setup_size(output_size))
    if image.numel() == 0:
        return image.reshape(*image.shape[:-2], *size)
    missing = _geometry.centre_padding(image.shape[-2:], size)
    if any(missing):
        image = _geometry.pad(image, missing, 0, "constant")
    return crop_image(image, *_geometry.centre(image.shape[-2:], size), *size)


def _center_crop_pil(image, output_size):
    size = tuple(setup_size(output_size))
    missing = _geometry.centre_padding((image.height, image.width), size)
    if any(missing):
        image = _pil.pad(image, missing)
    top, left = _geometry.centre((image.height, image.width), size)
    return _pil.crop(image, top, left, *size)


def center_crop_bounding_boxes(
    bounding_boxes, format, canvas_size, output_size, clamping_mode="soft"
):
    """:func:`center_crop` of boxes, with the new canvas."""
    size = tuple(setup_size(output_size))
    top, left = _geometry.centre(canvas_size, size)
    return crop_bounding_boxes(bounding_boxes, format, top, left, *size, clamping_mode)


def center_crop_keypoints(inpt, canvas_size, output_size):
    """:func:`center_crop` of points, with the new canvas."""
    size = tuple(setup_size(output_size))
    return crop_keypoints(inpt, *_geometry.centre(canvas_size, size), *size)


center_crop_mask = center_crop_video = center_crop_image
register(
    center_crop,
    center_crop_image,
    pil=_center_crop_pil,
    mask=center_crop_mask,
    boxes=center_crop_bounding_boxes,
    points=center_crop_keypoints,
)


@dispatched
def resized_crop(
    inpt,
    top,
    left,
    height,
    width,
    size,
    interpolation=InterpolationMode.BILINEAR,
    antialias=True,
):
    """:func:`crop`, then :func:`resize`.

    Args:
        inpt: a tensor ``(..., C, H, W)``, any of ``rushlight.vision.tv_tensors``, or a
            Pillow image.
        top: the box's first row.
        left: the box's first column.
        height: the box's height.
        width: the box's width.
        size: as of :func:`resize`.
        interpolation: as of :func:`resize`. Default: bilinear.
        antialias: as of :func:`resize`. Default: ``True``.
    """


def resized_crop_image(
    image,
    top,
    left,
    height,
    width,
    size,
    interpolation=InterpolationMode.BILINEAR,
    antialias=True,
):
    """:func:`resized_crop` of tensors."""
    part = crop_image(image, top, left, height, width)
    return resize_image(part, size, interpolation, antialias=antialias)


def _resized_crop_pil(
    image,
    top,
    left,
    height,
    width,
    size,
    interpolation=InterpolationMode.BILINEAR,
    antialias=True,
):
    part = _pil.crop(image, top, left, height, width)
    return _resize_pil(part, size, interpolation, antialias=antialias)


def resized_crop_mask(mask, top, left, height, width, size):
    """:func:`resized_crop` of masks: nearest."""
    return resize_mask(crop_mask(mask, top, left, height, width), size)


def resized_crop_bounding_boxes(
    bounding_boxes, format, top, left, height, width, size, clamping_mode="soft"
):
    """:func:`resized_crop` of boxes, with the new canvas."""
    part, canvas = crop_bounding_boxes(
        bounding_boxes, format, top, left, height, width, clamping_mode
    )
    return _scaled(part, canvas, size, None)


def resized_crop_keypoints(keypoints, top, left, height, width, size):
    """:func:`resized_crop` of points, with the new canvas."""
    part, canvas = crop_keypoints(keypoints, top, left, height, width)
    return _scaled(part, canvas, size, None)


resized_crop_video = resized_crop_image
register(
    resized_crop,
    resized_crop_image,
    pil=_resized_crop_pil,
    mask=resized_crop_mask,
    boxes=resized_crop_bounding_boxes,
    points=resized_crop_keypoints,
)


@dispatched
def five_crop(inpt, size):
    """The four corners and the middle of an image.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., H, W)``, or a Pillow image.
        size: ``(height, width)``, or one number for both.

    Returns:
        ``(top left, top right, bottom left, bottom right, middle)``.

    Raises:
        ValueError: the image is smaller, or not one or two numbers.
    """


@dispatched
def ten_crop(inpt, size, vertical_flip=False):
    """:func:`five_crop` of an image and of its mirror image.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., H, W)``, or a Pillow image.
        size: ``(height, width)``, or one number for both.
        vertical_flip: turn it upside down instead. Default: ``False``.
    """


def five_crop_image(image, size):
    """:func:`five_crop` of tensors."""
    size = setup_size(size)
    places = _geometry.corners(image.shape[-2:], tuple(size))
    parts = (crop_image(image, *place, *size) for place in places)
    return (*parts, center_crop_image(image, size))


def ten_crop_image(image, size, vertical_flip=False):
    """:func:`ten_crop` of tensors."""
    flipped = image.flip(-2 if vertical_flip else -1)
    return five_crop_image(image, size) + five_crop_image(flipped, size)


def _five_crop_pil(image, size):
    size = setup_size(size)
    places = _geometry.corners((image.height, image.width), tuple(size))
    parts = (_pil.crop(image, *place, *size) for place in places)
    return (*parts, _center_crop_pil(image, size))


def _ten_crop_pil(image, size, vertical_flip=False):
    flipped = (_pil.vflip if vertical_flip else _pil.hflip)(image)
    return _five_crop_pil(image, size) + _five_crop_pil(flipped, size)


five_crop_video, ten_crop_video = five_crop_image, ten_crop_image
register(five_crop, five_crop_image, pil=_five_crop_pil)
register(ten_crop, ten_crop_image, pil=_ten_crop_pil)
