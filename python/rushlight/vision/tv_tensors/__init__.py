"""Tensors that say what they are, so that a transform knows what to do with them.

An :class:`Image`, :class:`Video`, :class:`Mask`, :class:`BoundingBoxes` or
:class:`KeyPoints` is a tensor; what is computed from it is a plain tensor, except by
the transforms, ``clone``, ``to``, ``detach`` and ``requires_grad_``.

Example:
    >>> import rushlight
    >>> from rushlight.vision import tv_tensors
    >>> image = tv_tensors.Image(rushlight.zeros(3, 4, 5))
    >>> type(image.to(rushlight.uint8)).__name__, type(image + 1).__name__
    ('Image', 'Tensor')
"""

from __future__ import annotations

from rushlight.vision.tv_tensors._base import TVTensor, set_return_type, wrap
from rushlight.vision.tv_tensors._pixels import Image, Mask, Video
from rushlight.vision.tv_tensors._places import (
    BoundingBoxes,
    BoundingBoxFormat,
    KeyPoints,
    is_rotated_bounding_format,
)

__all__ = [
    "BoundingBoxFormat",
    "BoundingBoxes",
    "Image",
    "KeyPoints",
    "Mask",
    "TVTensor",
    "Video",
    "is_rotated_bounding_format",
    "set_return_type",
    "wrap",
]
