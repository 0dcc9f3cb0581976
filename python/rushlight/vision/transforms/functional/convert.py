"""Between images, arrays and tensors; sizes; normalisation; erasing."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight.vision.transforms import _convert, _pil
from rushlight.vision.transforms._arguments import check_image

__all__ = [
    "convert_image_dtype",
    "erase",
    "get_dimensions",
    "get_image_num_channels",
    "get_image_size",
    "normalize",
    "pil_to_tensor",
    "to_pil_image",
    "to_tensor",
]


def get_dimensions(img) -> list[int]:
    """Channels, height and width of an image.

    Args:
        img: a tensor ``(..., C, H, W)`` or ``(H, W)``, or a Pillow image.

    Returns:
        ``[channels, height, width]``.

    Raises:
        TypeError: no image, or a tensor of less than two dims.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.get_dimensions(rushlight.zeros(3, 4, 5))
        [3, 4, 5]
    """
    if not isinstance(img, rushlight.Tensor):
        return list(_pil.size_of(img))
    check_image(img)
    return [1 if img.ndim == 2 else img.shape[-3], *img.shape[-2:]]


def get_image_size(img) -> list[int]:
    """Width and height of an image, in this order.

    Args:
        img: a tensor ``(..., H, W)`` or a Pillow image.

    Returns:
        ``[width, height]``.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.get_image_size(rushlight.zeros(3, 4, 5))
        [5, 4]
    """
    _, height, width = get_dimensions(img)
    return [width, height]


def get_image_num_channels(img) -> int:
    """The channels of an image; a tensor ``(H, W)`` has one.

    Args:
        img: a tensor ``(..., C, H, W)`` or ``(H, W)``, or a Pillow image.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.get_image_num_channels(rushlight.zeros(3, 4, 5))
        3
    """
    return get_dimensions(img)[0]


def to_tensor(pic) -> rushlight.Tensor:
    """Turn a Pillow image or an array into a tensor; bytes become values of 0 to 1.

    Args:
        pic: a Pillow image, or an array ``(H, W)`` or ``(H, W, C)``.

    Returns:
        ``(C, H, W)``: bytes divided by 255 in the default dtype, else the pixels' own
        dtype (int32 of mode ``I``, int16 of ``I;16``, float32 of ``F``).

    Raises:
        TypeError: neither an image nor an array.
        ValueError: an array of other dims.

    Example:
        >>> import numpy as np
        >>> from rushlight.vision.transforms import functional as F
        >>> F.to_tensor(np.array([[0, 255]], np.uint8))
        tensor([[[0., 1.]]])
    """
    return _convert.to_tensor(pic)


def pil_to_tensor(pic) -> rushlight.Tensor:
    """Turn a Pillow image into a tensor of its own values.

    Args:
        pic: a Pillow image.

    Returns:
        ``(C, H, W)`` with the strides of rows of pixels; bytes are uint8, mode ``1``
        bool, mode ``I`` int32 and mode ``F`` float32.

    Raises:
        TypeError: no Pillow image.
    """
    return _convert.pil_to_tensor(pic)


def convert_image_dtype(image, dtype=rushlight.float32) -> rushlight.Tensor:
    """Convert a tensor image's dtype and scale its values along.

    Full intensity stays full intensity: 1 of floats, the largest value of integers.

    Args:
        image: a tensor of any shape.
        dtype: the dtype wanted. Default: float32.

    Returns:
        A tensor of that dtype and the same shape, or the same tensor if it has it.

    Raises:
        TypeError: no tensor.
        RuntimeError: float32 to int32 or int64, or float64 to int64: the largest
            integers are no floats.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.convert_image_dtype(rushlight.tensor([0.0, 0.5, 1.0]), rushlight.uint8)
        tensor([  0, 127, 255], dtype=rushlight.uint8)
    """
    if not isinstance(image, rushlight.Tensor):
        raise TypeError(f"Input img should be Tensor Image, got {type(image)}")
    return _convert.scaled_to(image, dtype)


def to_pil_image(pic, mode=None) -> Any:
    """Turn a tensor or an array into a Pillow image; floats are multiplied by 255.

    Args:
        pic: a tensor ``(C, H, W)`` or ``(H, W)``, or an array ``(H, W, C)`` or
            ``(H, W)``.
        mode: Pillow's mode. Default: ``L``, ``LA``, ``RGB`` or ``RGBA`` of bytes by
            the channels; ``I;16`` of int16, ``I`` of int32.

    Returns:
        A Pillow image.

    Raises:
        TypeError: neither a tensor nor an array, or a dtype that Pillow does not have.
        ValueError: other dims, more than four channels, or a mode that does not fit.
        ModuleNotFoundError: Pillow, an optional dependency, is not installed.
    """
    return _convert.to_pil_image(pic, mode)


def normalize(tensor, mean, std, inplace=False) -> rushlight.Tensor:
    """Subtract each channel's mean and divide by its standard deviation.

    Args:
        tensor: floats, ``(..., C, H, W)``.
        mean: one value a channel, or one for all.
        std: one value a channel, or one for all.
        inplace: write into ``tensor``. Default: ``False``.

    Returns:
        A tensor of the same shape and dtype.

    Raises:
        TypeError: no tensor, or not of floats.
        ValueError: less than three dims, or a deviation of zero.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.normalize(rushlight.ones(1, 1, 2), mean=[0.5], std=[0.25])
        tensor([[[2., 2.]]])
    """
    if not isinstance(tensor, rushlight.Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    return normalized(tensor, mean, std, inplace)


def normalized(tensor, mean, std, inplace=False) -> rushlight.Tensor:
    """As :func:`normalize`, of what is known to be a tensor."""
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            "Expected tensor to be a tensor image of size (..., C, H, W). Got "
            f"tensor.size() = {tensor.size()}"
        )
    mean, std = (
        rushlight.as_tensor(value, dtype=tensor.dtype, device=tensor.device)
        for value in (mean, std)
    )
    if (std == 0).any():
        raise ValueError(
            f"std evaluated to zero after conversion to {tensor.dtype}, leading to "
            "division by zero."
        )
    rows = None if inplace else _rows_of_pixels(tensor, mean, std)
    if rows is not None:
        width, channels = tensor.shape[-1], tensor.shape[-3]
        result = rows.sub(mean.repeat(width)).div_(std.repeat(width))
        return result.view(*rows.shape[:-1], width, channels).movedim(-1, -3)
    mean, std = (v.view(-1, 1, 1) if v.ndim == 1 else v for v in (mean, std))
    shifted = tensor.sub_(mean) if inplace else tensor.sub(mean)
    return shifted.div_(std)


def _rows_of_pixels(tensor, *values):
    """A view ``(..., H, W * C)`` where the channels of a pixel lie together, else None.

    So a value a channel is a long row in place of many short ones.
    """
    channels = tensor.shape[-3]
    if channels == 1 or any(value.shape != (channels,) for value in values):
        return None
    pixels = tensor.movedim(-3, -1)
    return pixels.flatten(-2) if pixels.is_contiguous() else None


def erase(img, i, j, h, w, v, inplace=False) -> rushlight.Tensor:
    """Write a value or a patch over a box of a tensor image.

    Args:
        img: a tensor ``(..., C, H, W)``.
        i: the box's first row.
        j: the box's first column.
        h: the box's height.
        w: the box's width.
        v: a tensor that broadcasts to ``(..., C, h, w)``.
        inplace: write into ``img``. Default: ``False``.

    Returns:
        A tensor of the same shape.

    Raises:
        TypeError: no tensor.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.erase(rushlight.ones(1, 2, 2), 0, 1, 2, 1, rushlight.tensor(0.0))
        tensor([[[1., 0.],
                 [1., 0.]]])
    """
    if not isinstance(img, rushlight.Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    check_image(img)
    return erased(img, i, j, h, w, v, inplace)


def erased(img, i, j, h, w, v, inplace=False) -> rushlight.Tensor:
    """As :func:`erase`, of what is known to be a tensor image."""
    img = img if inplace else img.clone()
    img[..., i : i + h, j : j + w] = v
    return img
