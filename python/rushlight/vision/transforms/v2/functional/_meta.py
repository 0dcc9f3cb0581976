"""Sizes of inputs; formats and limits of boxes and points."""

from __future__ import annotations

import rushlight
from rushlight.vision import tv_tensors
from rushlight.vision.transforms import _pil
from rushlight.vision.transforms.functional.convert import (
    get_dimensions as _get_dimensions,
)
from rushlight.vision.transforms.v2.functional._registry import (
    dispatched,
    is_pure_tensor,
    register_facts,
)
from rushlight.vision.tv_tensors import BoundingBoxFormat
from rushlight.vision.tv_tensors._places import as_format

__all__ = [
    "clamp_bounding_boxes",
    "clamp_keypoints",
    "convert_bounding_box_format",
    "get_dimensions",
    "get_dimensions_image",
    "get_dimensions_video",
    "get_image_num_channels",
    "get_num_channels",
    "get_num_channels_image",
    "get_num_channels_video",
    "get_num_frames",
    "get_num_frames_video",
    "get_size",
    "get_size_bounding_boxes",
    "get_size_image",
    "get_size_keypoints",
    "get_size_mask",
    "get_size_video",
]

_XYXY, _XYWH, _CXCYWH = BoundingBoxFormat


@dispatched
def get_dimensions(inpt):
    """Channels, height and width of an image or video.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., C, H, W)``, or a Pillow image.

    Returns:
        ``[channels, height, width]``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.get_dimensions(rushlight.zeros(3, 4, 5))
        [3, 4, 5]
    """


def get_dimensions_image(image) -> list[int]:
    """:func:`get_dimensions` of tensors."""
    return _get_dimensions(image)


@dispatched
def get_num_channels(inpt):
    """The channels of an image or video.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., C, H, W)``, or a Pillow image.
    """


def get_num_channels_image(image) -> int:
    """:func:`get_num_channels` of tensors."""
    return _get_dimensions(image)[0]


get_image_num_channels = get_num_channels


@dispatched
def get_size(inpt):
    """Height and width of an image, video or mask, or of a canvas.

    Args:
        inpt: a tensor, any of ``rushlight.vision.tv_tensors``, or a Pillow image.

    Returns:
        ``[height, width]``.

    Example:
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.get_size(tv_tensors.KeyPoints([[1, 2]], canvas_size=(4, 5)))
        [4, 5]
    """


def get_size_image(image) -> list[int]:
    """:func:`get_size` of tensors."""
    return _get_dimensions(image)[1:]


def get_size_bounding_boxes(bounding_box) -> list[int]:
    """:func:`get_size` of boxes: that of their canvas."""
    return list(bounding_box.canvas_size)


def get_size_keypoints(keypoints) -> list[int]:
    """:func:`get_size` of points: that of their canvas."""
    return list(keypoints.canvas_size)


@dispatched
def get_num_frames(inpt):
    """The images of a video.

    Args:
        inpt: a tensor or Video of shape ``(..., T, C, H, W)``.
    """


def get_num_frames_video(video) -> int:
    """:func:`get_num_frames` of tensors."""
    return video.shape[-4]


get_dimensions_video = get_dimensions_image
get_num_channels_video = get_num_channels_image
get_size_video = get_size_mask = get_size_image

register_facts(
    get_dimensions,
    image=get_dimensions_image,
    pil=lambda image: list(_pil.size_of(image)),
)
register_facts(
    get_num_channels,
    image=get_num_channels_image,
    pil=lambda image: _pil.size_of(image)[0],
)
register_facts(
    get_size,
    image=get_size_image,
    mask=get_size_mask,
    places=get_size_bounding_boxes,
    pil=lambda image: list(_pil.size_of(image)[1:]),
)
register_facts(get_num_frames, video=get_num_frames_video)


def as_corners(boxes, format):
    """Boxes of a format as ``XYXY``, a copy; whole numbers stay whole."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if format == _XYXY:
        return boxes.clone()
    if format == _XYWH:
        return rushlight.cat([first, first + second], -1)
    half = second / 2
    return rushlight.cat([first - half, first + half], -1).to(boxes.dtype)


def from_corners(boxes, format):
    """Boxes of ``XYXY`` in a format, a copy; whole numbers are rounded down."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if format == _XYXY:
        return boxes.clone()
    size = second - first
    if format == _XYWH:
        return rushlight.cat([first, size], -1)
    whole = None if boxes.is_floating_point() else "floor"
    middle = (first * 2 + size).div(2, rounding_mode=whole)
    return rushlight.cat([middle, size], -1)


def converted(boxes, old_format, new_format, inplace=False):
    """Boxes in another format; the same tensor where it is the same."""
    if old_format == new_format:
        return boxes
    result = from_corners(as_corners(boxes, old_format), new_format)
    return boxes.copy_(result) if inplace else result


def convert_bounding_box_format(inpt, old_format=None, new_format=None, inplace=False):
    """Boxes in another format.

    Args:
        inpt: :class:`~rushlight.vision.tv_tensors.BoundingBoxes`, or a tensor
            ``(..., 4)``.
        old_format: the format of a tensor; boxes know theirs.
        new_format: the format wanted, or its name.
        inplace: write into ``inpt``. Default: ``False``.

    Raises:
        TypeError: no ``new_format``, or neither boxes nor a tensor.
        ValueError: an ``old_format`` for boxes, or none for a tensor.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.convert_bounding_box_format(
        ...     rushlight.tensor([[1, 2, 4, 6]]), old_format="XYXY", new_format="XYWH"
        ... )
        tensor([[1, 2, 3, 4]])
    """
    if new_format is None:
        raise TypeError(
            "convert_bounding_box_format() missing 1 required argument: 'new_format'"
        )
    old_format, new_format = as_format(old_format), as_format(new_format)
    if is_pure_tensor(inpt):
        if old_format is None:
            raise ValueError("For pure tensor inputs, `old_format` has to be passed.")
        return converted(inpt, old_format, new_format, inplace)
    if not isinstance(inpt, tv_tensors.BoundingBoxes):
        raise TypeError(
            "Input can either be a plain tensor or a bounding box tv_tensor, but got "
            f"{type(inpt)} instead."
        )
    if old_format is not None:
        raise ValueError(
            "For bounding box tv_tensor inputs, `old_format` must not be passed."
        )
    plain = inpt.as_subclass(rushlight.Tensor)
    result = converted(plain, inpt.format, new_format, inplace)
    return tv_tensors.wrap(result, like=inpt, format=new_format)


def clamped(boxes, format, canvas_size, clamping_mode):
    """Boxes cut at the canvas, a copy; the same values without a clamping mode."""
    if clamping_mode is None:
        return boxes.clone()
    real = boxes if boxes.is_floating_point() else boxes.float()
    corners = as_corners(real, as_format(format))
    height, width = canvas_size
    corners[..., 0::2].clamp_(0, width)
    corners[..., 1::2].clamp_(0, height)
    return from_corners(corners, as_format(format)).to(boxes.dtype)


def clamp_bounding_boxes(inpt, format=None, canvas_size=None, clamping_mode="auto"):
    """Boxes cut at the canvas.

    Args:
        inpt: :class:`~rushlight.vision.tv_tensors.BoundingBoxes`, or a tensor
            ``(..., 4)``.
        format: the format of a tensor; boxes know theirs.
        canvas_size: ``(height, width)`` for a tensor; boxes know theirs.
        clamping_mode: ``"soft"`` or ``"hard"``, which differ for rotated boxes only,
            ``None`` to change nothing, or ``"auto"``, that of the boxes.

    Raises:
        ValueError: another mode, or what is missing for a tensor or too much for boxes.
        TypeError: neither boxes nor a tensor.

    Example:
        >>> from rushlight.vision import tv_tensors
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> boxes = tv_tensors.BoundingBoxes(
        ...     [[-1, 2, 9, 6]], format="XYXY", canvas_size=(5, 8)
        ... )
        >>> F.clamp_bounding_boxes(boxes).tolist()
        [[0, 2, 8, 5]]
    """
    if clamping_mode not in (None, "soft", "hard", "auto"):
        raise ValueError(
            f"clamping_mode must be soft, hard, auto or None, got {clamping_mode}"
        )
    if is_pure_tensor(inpt):
        if format is None or canvas_size is None or clamping_mode == "auto":
            raise ValueError(
                "For pure tensor inputs, `format`, `canvas_size` and `clamping_mode` "
                "have to be passed."
            )
        return clamped(inpt, as_format(format), canvas_size, clamping_mode)
    if not isinstance(inpt, tv_tensors.BoundingBoxes):
        raise TypeError(
            "Input can either be a plain tensor or a bounding box tv_tensor, but got "
            f"{type(inpt)} instead."
        )
    if format is not None or canvas_size is not None:
        raise ValueError(
            "For bounding box tv_tensor inputs, `format` and `canvas_size` must not be "
            "passed."
        )
    if clamping_mode == "auto":
        clamping_mode = inpt.clamping_mode
    plain = inpt.as_subclass(rushlight.Tensor)
    result = clamped(plain, inpt.format, inpt.canvas_size, clamping_mode)
    return tv_tensors.wrap(result, like=inpt)


def clamp_keypoints(inpt, canvas_size=None):
    """Points moved onto the canvas.

    Args:
        inpt: :class:`~rushlight.vision.tv_tensors.KeyPoints`, or a tensor ``(..., 2)``.
        canvas_size: ``(height, width)`` for a tensor; points know theirs.

    Raises:
        ValueError: a canvas for points, or none for a tensor.
        TypeError: neither points nor a tensor.
    """
    if is_pure_tensor(inpt):
        if canvas_size is None:
            raise ValueError("For pure tensor inputs, `canvas_size` has to be passed.")
        return _clamped_points(inpt, canvas_size)
    if not isinstance(inpt, tv_tensors.KeyPoints):
        raise TypeError(
            "Input can either be a plain tensor or a keypoints tv_tensor, but got "
            f"{type(inpt)} instead."
        )
    if canvas_size is not None:
        raise ValueError(
            "For keypoints tv_tensor inputs, `canvas_size` must not be passed."
        )
    plain = inpt.as_subclass(rushlight.Tensor)
    return tv_tensors.wrap(_clamped_points(plain, inpt.canvas_size), like=inpt)


def _clamped_points(points, canvas_size):
    height, width = canvas_size
    x, y = points[..., 0].clamp(0, width - 1), points[..., 1].clamp(0, height - 1)
    return rushlight.stack([x, y], -1)
