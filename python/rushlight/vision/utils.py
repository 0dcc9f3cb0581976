"""Images side by side, and files of them."""

from __future__ import annotations

import math
import os

import rushlight
from rushlight.vision._drawing import (
    draw_bounding_boxes,
    draw_keypoints,
    draw_segmentation_masks,
    flow_to_image,
)
from rushlight.vision._pillow import pillow

__all__ = [
    "draw_bounding_boxes",
    "draw_keypoints",
    "draw_segmentation_masks",
    "flow_to_image",
    "make_grid",
    "save_image",
]


def _as_batch(tensor):
    """The images as ``(N, C, H, W)`` with at least the three colours."""
    if isinstance(tensor, list):
        if not all(isinstance(image, rushlight.Tensor) for image in tensor):
            raise TypeError(
                "make_grid: tensor or list of tensors expected, got a list of "
                f"{sorted({type(image).__name__ for image in tensor})}"
            )
        tensor = rushlight.stack(tensor, dim=0)
    elif not isinstance(tensor, rushlight.Tensor):
        raise TypeError(
            f"make_grid: tensor or list of tensors expected, got a {type(tensor)}"
        )
    if tensor.dim() not in (2, 3, 4):
        raise ValueError(
            "make_grid: expected an image (H, W) or (C, H, W) or a batch (N, C, H, W), "
            f"got shape {tuple(tensor.shape)}"
        )
    if tensor.dim() == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.dim() == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.size(1) == 1:
        tensor = rushlight.cat((tensor, tensor, tensor), 1)
    return tensor


def _stretch(images, value_range) -> None:
    """Map a range of values to 0 to 1, in place; the whole range without one."""
    if value_range is None:
        low, high = float(images.min()), float(images.max())
    else:
        low, high = value_range
    images.clamp_(min=low, max=high).sub_(low).div_(max(high - low, 1e-5))


@rushlight.no_grad()
def make_grid(
    tensor,
    nrow=8,
    padding=2,
    normalize=False,
    value_range=None,
    scale_each=False,
    pad_value=0.0,
) -> rushlight.Tensor:
    """Put images of one size side by side into one.

    Args:
        tensor: a batch ``(N, C, H, W)``, a list of images or one image; one channel
            becomes three.
        nrow: images in a row. Default: 8.
        padding: pixels between and around the images. Default: 2.
        normalize: map ``value_range`` to 0 to 1. Default: ``False``.
        value_range: lowest and highest value; what lies outside is clamped. Default:
            the smallest and largest value there is.
        scale_each: find the range of each image by itself. Default: ``False``.
        pad_value: the value between images. Default: 0.

    Returns:
        ``(C, rows * (H + padding) + padding, columns * (W + padding) + padding)``; an
        only image comes without padding.

    Raises:
        TypeError: not tensors, or ``value_range`` is no tuple.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.utils import make_grid
        >>> make_grid(rushlight.zeros(5, 3, 8, 8), nrow=3).shape
        rushlight.Size([3, 22, 32])
    """
    tensor = _as_batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError(
                "make_grid: value_range has to be a tuple (min, max) if specified, got "
                f"{value_range!r}"
            )
        tensor = tensor.clone()
        for part in tensor if scale_each else (tensor,):
            _stretch(part, value_range)
    count = tensor.size(0)
    if count == 1:
        return tensor.squeeze(0)
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    height, width = tensor.size(2) + padding, tensor.size(3) + padding
    grid = tensor.new_full(
        (tensor.size(1), height * rows + padding, width * columns + padding), pad_value
    )
    for index in range(count):
        top = (index // columns) * height + padding
        left = (index % columns) * width + padding
        place = grid.narrow(1, top, height - padding)
        place.narrow(2, left, width - padding).copy_(tensor[index])
    return grid


@rushlight.no_grad()
def save_image(tensor, fp, format=None, **kwargs) -> None:
    """Write a batch as a grid to an image file, values 0 to 1 as bytes 0 to 255.

    Args:
        tensor: what :func:`make_grid` takes.
        fp: a path or an open file.
        format: the file's format; needed for an open file. Default: by the name.
        **kwargs: passed to :func:`make_grid`.

    Raises:
        ModuleNotFoundError: Pillow, an optional dependency, is not installed.
    """
    image = pillow("Image", "save_image")
    grid = make_grid(tensor, **kwargs)
    pixels = grid.mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0)
    array = pixels.to("cpu", rushlight.uint8).contiguous().numpy()
    target = os.fspath(fp) if isinstance(fp, os.PathLike) else fp
    image.fromarray(array).save(target, format=format)
