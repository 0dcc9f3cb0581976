"""Brightness, contrast, colours and sharpness of all kinds of images."""

from __future__ import annotations

import rushlight
from rushlight.vision.transforms import _color, _convert, _pil
from rushlight.vision.transforms._arguments import check_channels
from rushlight.vision.transforms._convert import largest, scaled_to
from rushlight.vision.transforms.functional.color import check_factor
from rushlight.vision.transforms.v2.functional._registry import dispatched, register

__all__ = [
    "adjust_brightness",
    "adjust_brightness_image",
    "adjust_brightness_video",
    "adjust_contrast",
    "adjust_contrast_image",
    "adjust_contrast_video",
    "adjust_gamma",
    "adjust_gamma_image",
    "adjust_gamma_video",
    "adjust_hue",
    "adjust_hue_image",
    "adjust_hue_video",
    "adjust_saturation",
    "adjust_saturation_image",
    "adjust_saturation_video",
    "adjust_sharpness",
    "adjust_sharpness_image",
    "adjust_sharpness_video",
    "autocontrast",
    "autocontrast_image",
    "autocontrast_video",
    "equalize",
    "equalize_image",
    "equalize_video",
    "grayscale_to_rgb",
    "grayscale_to_rgb_image",
    "invert",
    "invert_image",
    "invert_video",
    "permute_channels",
    "permute_channels_image",
    "permute_channels_video",
    "posterize",
    "posterize_image",
    "posterize_video",
    "rgb_to_grayscale",
    "rgb_to_grayscale_image",
    "solarize",
    "solarize_image",
    "solarize_video",
    "to_grayscale",
]


@dispatched
def rgb_to_grayscale(inpt, num_output_channels=1):
    """Turn an image gray: 0.2989 red + 0.587 green + 0.114 blue.

    Args:
        inpt: a tensor or :class:`~rushlight.vision.tv_tensors.Image` of shape
            ``(..., 1 or 3, H, W)``, or a Pillow image.
        num_output_channels: 1 or 3 equal ones. Default: 1.

    Returns:
        A gray image of the same kind and dtype.

    Raises:
        ValueError: another number of channels.
    """


def _check_output(num_output_channels) -> None:
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"num_output_channels must be 1 or 3, got {num_output_channels}."
        )


def rgb_to_grayscale_image(image, num_output_channels=1):
    """:func:`rgb_to_grayscale` of tensors."""
    _check_output(num_output_channels)
    channels = image.shape[-3]
    if channels not in (1, 3):
        raise ValueError(f"rgb_to_grayscale needs 1 or 3 channels, got {channels}")
    if channels == 1 and num_output_channels == 3:
        return image.repeat(*[1] * (image.ndim - 3), 3, 1, 1)
    return _color.grayscale(image, num_output_channels)


def _rgb_to_grayscale_pil(image, num_output_channels=1):
    _check_output(num_output_channels)
    return _pil.grayscale(image, num_output_channels)


to_grayscale = rgb_to_grayscale


@dispatched
def grayscale_to_rgb(inpt):
    """Give a gray image three equal channels; others stay as they are.

    Args:
        inpt: a tensor or Image of shape ``(..., C, H, W)``, or a Pillow image.
    """


def grayscale_to_rgb_image(image):
    """:func:`grayscale_to_rgb` of tensors."""
    return image if image.shape[-3] >= 3 else rgb_to_grayscale_image(image, 3)


@dispatched
def adjust_brightness(inpt, brightness_factor):
    """Multiply an image's values.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.
        brightness_factor: 0 gives black, 1 the same image, 2 twice the brightness.

    Raises:
        ValueError: a negative factor.
        TypeError: other channels.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.adjust_brightness(rushlight.tensor([[[0.2, 0.8]]]), 2)
        tensor([[[0.4000, 1.0000]]])
    """


def adjust_brightness_image(image, brightness_factor):
    """:func:`adjust_brightness` of tensors."""
    check_factor("brightness_factor", brightness_factor)
    check_channels(image, at_least=3)
    return _color.brightness(image, brightness_factor)


@dispatched
def adjust_contrast(inpt, contrast_factor):
    """Move an image's values away from, or towards, its mean gray.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.
        contrast_factor: 0 gives the mean gray, 1 the same image.

    Raises:
        ValueError: a negative factor.
        TypeError: other channels.
    """


def adjust_contrast_image(image, contrast_factor):
    """:func:`adjust_contrast` of tensors."""
    check_factor("contrast_factor", contrast_factor)
    check_channels(image, at_least=3)
    return _color.contrast(image, contrast_factor)


@dispatched
def adjust_saturation(inpt, saturation_factor):
    """Move an image's colours away from, or towards, gray.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.
        saturation_factor: 0 gives gray, 1 the same image.

    Raises:
        ValueError: a negative factor.
        TypeError: other channels.
    """


def adjust_saturation_image(image, saturation_factor):
    """:func:`adjust_saturation` of tensors."""
    check_factor("saturation_factor", saturation_factor)
    if check_channels(image, at_least=3) == 1:
        return image
    return _color.saturation(image, saturation_factor)


@dispatched
def adjust_sharpness(inpt, sharpness_factor):
    """Move an image away from, or towards, a smoothed copy.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.
        sharpness_factor: 0 smooths, 1 changes nothing, 2 sharpens.

    Raises:
        ValueError: a negative factor.
        TypeError: other channels.
    """


def adjust_sharpness_image(image, sharpness_factor):
    """:func:`adjust_sharpness` of tensors."""
    check_channels(image, at_least=3)
    check_factor("sharpness_factor", sharpness_factor)
    if image.numel() == 0:
        return image
    return _color.sharpness(image, sharpness_factor, mix=_color.lean)


@dispatched
def adjust_hue(inpt, hue_factor):
    """Turn an image's colours around the circle of hues.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.
        hue_factor: a part of the circle, -0.5 to 0.5.

    Raises:
        ValueError: a factor outside.
        TypeError: other channels.
    """


def adjust_hue_image(image, hue_factor):
    """:func:`adjust_hue` of tensors."""
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if check_channels(image, at_least=3) == 1 or image.numel() == 0:
        return image
    return _color.hue(image, hue_factor)


@dispatched
def adjust_gamma(inpt, gamma, gain=1):
    """Raise an image's values, as parts of full intensity, to a power.

    Args:
        inpt: a tensor, Image or Video, or a Pillow image.
        gamma: the power; above 1 shadows become darker.
        gain: a factor after that. Default: 1.

    Raises:
        ValueError: a negative power.
    """


def adjust_gamma_image(image, gamma, gain=1.0):
    """:func:`adjust_gamma` of tensors."""
    if gamma < 0:
        raise ValueError(f"Gamma should be a non-negative real number, got {gamma}")
    return _color.gamma(image, gamma, gain, clamp=gain != 1.0)


@dispatched
def posterize(inpt, bits):
    """Keep the highest bits of integers, or as many levels of floats.

    Args:
        inpt: a tensor, Image or Video, or a Pillow image.
        bits: how many, 0 to 8.

    Raises:
        TypeError: other than 0 to 8 bits.
    """


def posterize_image(image, bits):
    """:func:`posterize` of tensors."""
    if not isinstance(bits, int) or not 0 <= bits <= 8:
        raise TypeError(
            f"bits must be a positive integer in the range [0, 8], got {bits} instead."
        )
    return _color.posterize(image, bits)


@dispatched
def solarize(inpt, threshold):
    """Invert the values that are at least a threshold.

    Args:
        inpt: a tensor, Image or Video, or a Pillow image.
        threshold: the value, at most full intensity.

    Raises:
        TypeError: a threshold above full intensity.
    """


def solarize_image(image, threshold):
    """:func:`solarize` of tensors."""
    if threshold > largest(image.dtype):
        raise TypeError(
            "Threshold should be less or equal the maximum value of the dtype, but got "
            f"{threshold}"
        )
    return _color.solarize(image, threshold)


@dispatched
def autocontrast(inpt):
    """Stretch the range of each channel to all there is.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., 1 or 3, H, W)``, or a Pillow
            image.

    Raises:
        TypeError: other channels.
    """


def autocontrast_image(image):
    """:func:`autocontrast` of tensors."""
    check_channels(image, at_least=3)
    return image if image.numel() == 0 else _color.autocontrast(image)


@dispatched
def equalize(inpt):
    """Make the histogram of each channel as even as it gets.

    Args:
        inpt: a tensor, Image or Video, or a Pillow image; other dtypes than uint8 are
            counted in 256 steps.
    """


def equalize_image(image):
    """:func:`equalize` of tensors."""
    if image.numel() == 0:
        return image
    even = _color.equalize(scaled_to(image, rushlight.uint8))
    return scaled_to(even, image.dtype)


@dispatched
def invert(inpt):
    """Turn light into dark and colours into their complements.

    Args:
        inpt: a tensor, Image or Video, or a Pillow image.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.invert(rushlight.tensor([[[0, 200]]], dtype=rushlight.uint8))
        tensor([[[255,  55]]], dtype=rushlight.uint8)
    """


def invert_image(image):
    """:func:`invert` of tensors."""
    return _color.invert(image)


@dispatched
def permute_channels(inpt, permutation):
    """Put an image's channels into another order.

    Args:
        inpt: a tensor, Image or Video of shape ``(..., C, H, W)``, or a Pillow image.
        permutation: for each channel, which one it becomes.

    Raises:
        ValueError: another length.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms.v2 import functional as F
        >>> F.permute_channels(rushlight.arange(3).view(3, 1, 1), [2, 0, 1]).flatten()
        tensor([2, 0, 1])
    """


def permute_channels_image(image, permutation):
    """:func:`permute_channels` of tensors."""
    if len(permutation) != image.shape[-3]:
        raise ValueError(
            "Length of permutation does not match number of channels: "
            f"{len(permutation)} != {image.shape[-3]}"
        )
    if image.numel() == 0:
        return image
    order = rushlight.as_tensor(permutation, device=image.device)
    return image.index_select(-3, order)


def _permute_channels_pil(image, permutation):
    channels = permute_channels_image(_convert.pil_to_tensor(image), permutation)
    return _convert.to_pil_image(channels)


# Whatever it is of images, it is of each image of a video.
adjust_brightness_video = adjust_brightness_image
adjust_contrast_video = adjust_contrast_image
adjust_gamma_video = adjust_gamma_image
adjust_hue_video = adjust_hue_image
adjust_saturation_video = adjust_saturation_image
adjust_sharpness_video = adjust_sharpness_image
autocontrast_video = autocontrast_image
equalize_video = equalize_image
invert_video = invert_image
permute_channels_video = permute_channels_image
posterize_video = posterize_image
solarize_video = solarize_image


register(
    rgb_to_grayscale,
    rgb_to_grayscale_image,
    pil=_rgb_to_grayscale_pil,
    of_videos=False,
)
register(
    grayscale_to_rgb,
    grayscale_to_rgb_image,
    pil=lambda image: image.convert("RGB"),
    of_videos=False,
)
register(
    adjust_brightness,
    adjust_brightness_image,
    pil=lambda image, brightness_factor: _pil.adjust_brightness(
        image, brightness_factor
    ),
)
register(
    adjust_contrast,
    adjust_contrast_image,
    pil=lambda image, contrast_factor: _pil.adjust_contrast(image, contrast_factor),
)
register(
    adjust_saturation,
    adjust_saturation_image,
    pil=lambda image, saturation_factor: _pil.adjust_saturation(
        image, saturation_factor
    ),
)
register(
    adjust_sharpness,
    adjust_sharpness_image,
    pil=lambda image, sharpness_factor: _pil.adjust_sharpness(image, sharpness_factor),
)
register(
    adjust_hue,
    adjust_hue_image,
    pil=lambda image, hue_factor: _pil.adjust_hue(image, hue_factor),
)
register(adjust_gamma, adjust_gamma_image, pil=_pil.adjust_gamma)
register(
    posterize, posterize_image, pil=lambda image, bits: _pil.posterize(image, bits)
)
register(
    solarize,
    solarize_image,
    pil=lambda image, threshold: _pil.solarize(image, threshold),
)
register(autocontrast, autocontrast_image, pil=_pil.autocontrast)
register(equalize, equalize_image, pil=_pil.equalize)
register(invert, invert_image, pil=_pil.invert)
register(permute_channels, permute_channels_image, pil=_permute_channels_pil)
