"""Brightness, contrast, colours, sharpness and blur."""

from __future__ import annotations

from typing import Any

import rushlight
from rushlight.vision._pillow import is_pil_image
from rushlight.vision.transforms import _color, _convert, _pil
from rushlight.vision.transforms._arguments import check_channels, check_image
from rushlight.vision.transforms._convert import largest

__all__ = [
    "adjust_brightness",
    "adjust_contrast",
    "adjust_gamma",
    "adjust_hue",
    "adjust_saturation",
    "adjust_sharpness",
    "autocontrast",
    "equalize",
    "gaussian_blur",
    "invert",
    "posterize",
    "rgb_to_grayscale",
    "solarize",
    "to_grayscale",
]


def check_factor(name, factor) -> None:
    """Raises ValueError for a negative factor."""
    if factor < 0:
        raise ValueError(f"{name} ({factor}) is not non-negative.")


def adjust_brightness(img, brightness_factor) -> Any:
    """Multiply an image's values.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        brightness_factor: 0 gives black, 1 the same image, 2 twice the brightness.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        ValueError: a negative factor.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.adjust_brightness(rushlight.tensor([[[0.2, 0.8]]]), 2)
        tensor([[[0.4000, 1.0000]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_brightness(img, brightness_factor)
    check_factor("brightness_factor", brightness_factor)
    check_channels(img)
    return _color.brightness(img, brightness_factor)


def adjust_contrast(img, contrast_factor) -> Any:
    """Move an image's values away from, or towards, its mean gray.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        contrast_factor: 0 gives the mean gray, 1 the same image.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        ValueError: a negative factor.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.adjust_contrast(rushlight.tensor([[[0.25, 0.75]]]), 2)
        tensor([[[0., 1.]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_contrast(img, contrast_factor)
    check_factor("contrast_factor", contrast_factor)
    check_channels(img)
    return _color.contrast(img, contrast_factor)


def adjust_saturation(img, saturation_factor) -> Any:
    """Move an image's colours away from, or towards, gray.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        saturation_factor: 0 gives gray, 1 the same image.

    Returns:
        An image of the same kind, shape and dtype; one channel stays as it is.

    Raises:
        ValueError: a negative factor.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.adjust_saturation(rushlight.eye(3).view(3, 1, 3), 0)[0]
        tensor([[0.2989, 0.5870, 0.1140]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_saturation(img, saturation_factor)
    check_factor("saturation_factor", saturation_factor)
    if check_channels(img) == 1:
        return img
    return _color.saturation(img, saturation_factor)


def adjust_hue(img, hue_factor) -> Any:
    """Turn an image's colours around the circle of hues.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        hue_factor: a part of the circle, -0.5 to 0.5; both ends are complementary.

    Returns:
        An image of the same kind, shape and dtype; gray images stay as they are.

    Raises:
        ValueError: a factor outside.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> red = rushlight.tensor([1.0, 0.0, 0.0]).view(3, 1, 1)
        >>> F.adjust_hue(red, 0.5).flatten()
        tensor([0., 1., 1.])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_hue(img, hue_factor)
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if check_channels(img) == 1:
        return img
    return _color.hue(img, hue_factor)


def adjust_gamma(img, gamma, gain=1) -> Any:
    """Raise an image's values, as parts of full intensity, to a power.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        gamma: the power; above 1 shadows become darker.
        gain: a factor after that. Default: 1.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        ValueError: a negative power.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.adjust_gamma(rushlight.tensor([[[0.5, 1.0]]]), 2)
        tensor([[[0.2500, 1.0000]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_gamma(img, gamma, gain)
    check_channels(img)
    if gamma < 0:
        raise ValueError(f"Gamma should be a non-negative real number, got {gamma}")
    return _color.gamma(img, gamma, gain)


def adjust_sharpness(img, sharpness_factor) -> Any:
    """Move an image away from, or towards, a smoothed copy.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        sharpness_factor: 0 gives the smoothed image, 1 the same image, 2 a sharper one.

    Returns:
        An image of the same kind, shape and dtype; the border of one pixel stays.

    Raises:
        ValueError: a negative factor.
        TypeError: no image, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> image = rushlight.zeros(1, 3, 3)
        >>> image[0, 1, 1] = 1.0
        >>> F.adjust_sharpness(image, 0)[0, 1]
        tensor([0.0000, 0.3846, 0.0000])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.adjust_sharpness(img, sharpness_factor)
    check_factor("sharpness_factor", sharpness_factor)
    check_channels(img)
    return _color.sharpness(img, sharpness_factor)


def to_grayscale(img, num_output_channels=1) -> Any:
    """Turn a Pillow image gray.

    Args:
        img: a Pillow image.
        num_output_channels: 1 (mode ``L``) or 3 equal ones (``RGB``). Default: 1.

    Raises:
        TypeError: no Pillow image.
        ValueError: another number of channels.
    """
    if not is_pil_image(img):
        raise TypeError(f"Input should be PIL Image, got {type(img)}")
    return _pil.grayscale(img, num_output_channels)


def rgb_to_grayscale(img, num_output_channels=1) -> Any:
    """Turn an image gray: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        num_output_channels: 1 or 3 equal ones. Default: 1.

    Returns:
        A gray image of the same kind and dtype; a tensor of one channel keeps one.

    Raises:
        TypeError: no image, less than three dims, or other channels.
        ValueError: another number of output channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.rgb_to_grayscale(rushlight.eye(3).view(3, 1, 3))
        tensor([[[0.2989, 0.5870, 0.1140]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.grayscale(img, num_output_channels)
    channels = check_channels(img, at_least=3)
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"num_output_channels should be either 1 or 3, got {num_output_channels}"
        )
    if channels == 1:
        return img.clone()
    return _color.grayscale(img, num_output_channels)


def gaussian_blur(img, kernel_size, sigma=None) -> Any:
    """Blur an image with a Gaussian; beyond the border it is mirrored.

    Args:
        img: a tensor ``(..., C, H, W)`` or a Pillow image.
        kernel_size: odd pixels of the window, one number or ``(across, down)``.
        sigma: the standard deviation in pixels, one number or ``(across, down)``.
            Default: ``0.15 * kernel_size + 0.35``.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: an argument of another type.
        ValueError: an even or negative window, a deviation that is not positive.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> image = rushlight.zeros(1, 3, 3)
        >>> image[0, 1, 1] = 1.0
        >>> F.gaussian_blur(image, 3, 0.5)[0, 1]
        tensor([0.1676, 0.6193, 0.1676])
    """
    window, deviation = blur_window(kernel_size), blur_deviation(kernel_size, sigma)
    if isinstance(img, rushlight.Tensor):
        check_image(img)
        return _color.gaussian_blur(img, window, deviation)
    if not is_pil_image(img):
        raise TypeError(f"img should be PIL Image or Tensor. Got {type(img)}")
    blurred = _color.gaussian_blur(_convert.pil_to_tensor(img), window, deviation)
    return _convert.to_pil_image(blurred, mode=img.mode)


def blur_window(kernel_size):
    """Width and height of a blur's window, checked."""
    if not isinstance(kernel_size, (int, list, tuple)):
        raise TypeError(
            "kernel_size should be int or a sequence of integers. Got "
            f"{type(kernel_size)}"
        )
    if isinstance(kernel_size, int):
        kernel_size = [kernel_size, kernel_size]
    if len(kernel_size) != 2:
        raise ValueError(
            "If kernel_size is a sequence its length should be 2. Got "
            f"{len(kernel_size)}"
        )
    if any(size % 2 == 0 or size < 0 for size in kernel_size):
        raise ValueError(
            f"kernel_size should have odd and positive integers. Got {kernel_size}"
        )
    return kernel_size


def blur_deviation(kernel_size, sigma):
    """Standard deviations across and down of a blur, checked."""
    if sigma is None:
        return [size * 0.15 + 0.35 for size in blur_window(kernel_size)]
    if not isinstance(sigma, (int, float, list, tuple)):
        raise TypeError(
            f"sigma should be either float or sequence of floats. Got {type(sigma)}"
        )
    if isinstance(sigma, (int, float)):
        sigma = [float(sigma)]
    if len(sigma) not in (1, 2):
        raise ValueError(
            f"If sigma is a sequence, its length should be 2. Got {len(sigma)}"
        )
    if any(deviation <= 0.0 for deviation in sigma):
        raise ValueError(f"sigma should have positive values. Got {sigma}")
    return [*sigma] * (2 // len(sigma))


def invert(img) -> Any:
    """Turn light into dark and colours into their complements.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: no image, less than three dims, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.invert(rushlight.tensor([[[0, 200]]], dtype=rushlight.uint8))
        tensor([[[255,  55]]], dtype=rushlight.uint8)
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.invert(img)
    check_channels(img, at_least=3)
    return _color.invert(img)


def _check_bytes(img) -> None:
    if img.dtype != rushlight.uint8:
        raise TypeError(
            f"Only uint8 image tensors are supported, but found {img.dtype}"
        )


def posterize(img, bits) -> Any:
    """Keep the highest bits of each byte.

    Args:
        img: a uint8 tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        bits: how many, 0 to 8.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        ValueError: other than 0 to 8 bits.
        TypeError: no image, another dtype, less than three dims, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.posterize(rushlight.tensor([[[100, 200]]], dtype=rushlight.uint8), 2)
        tensor([[[ 64, 192]]], dtype=rushlight.uint8)
    """
    if not 0 <= bits <= 8:
        raise ValueError(f"The number if bits should be between 0 and 8. Got {bits}")
    if not isinstance(img, rushlight.Tensor):
        return _pil.posterize(img, bits)
    check_image(img)
    if img.ndim >= 3:
        _check_bytes(img)
    check_channels(img, at_least=3)
    return _color.posterize(img, bits)


def solarize(img, threshold) -> Any:
    """Invert the values that are at least a threshold.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.
        threshold: the value, at most full intensity.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: no image, less than three dims, other channels, or a threshold above
            full intensity.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.solarize(rushlight.tensor([[[100, 200]]], dtype=rushlight.uint8), 128)
        tensor([[[100,  55]]], dtype=rushlight.uint8)
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.solarize(img, threshold)
    check_channels(img, at_least=3)
    if threshold > largest(img.dtype):
        raise TypeError(
            f"Threshold should be less than bound of img, {largest(img.dtype)}, got "
            f"{threshold}."
        )
    return _color.solarize(img, threshold)


def autocontrast(img) -> Any:
    """Stretch the range of each channel to all there is.

    Args:
        img: a tensor ``(..., 1 or 3, H, W)`` or a Pillow image.

    Returns:
        An image of the same kind, shape and dtype; a channel of one value stays.

    Raises:
        TypeError: no image, less than three dims, or other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import functional as F
        >>> F.autocontrast(rushlight.tensor([[[0.25, 0.5, 0.75]]]))
        tensor([[[0.0000, 0.5000, 1.0000]]])
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.autocontrast(img)
    check_channels(img, at_least=3)
    return _color.autocontrast(img)


def equalize(img) -> Any:
    """Make the histogram of each channel as even as it gets.

    Args:
        img: a uint8 tensor ``(1 or 3, H, W)`` or ``(N, 1 or 3, H, W)``, or a Pillow
            image.

    Returns:
        An image of the same kind, shape and dtype.

    Raises:
        TypeError: no image, another dtype, other dims or channels.
    """
    if not isinstance(img, rushlight.Tensor):
        return _pil.equalize(img)
    check_image(img)
    if not 3 <= img.ndim <= 4:
        raise TypeError(
            f"Input image tensor should have 3 or 4 dimensions, but found {img.ndim}"
        )
    _check_bytes(img)
    check_channels(img)
    return _color.equalize(img)
