"""Transforms of colours, sharpness and blur; erasing."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import rushlight
from rushlight import nn
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms._arguments import check_ranges, setup_size

__all__ = [
    "ColorJitter",
    "GaussianBlur",
    "Grayscale",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPosterize",
    "RandomSolarize",
]


class ColorJitter(nn.Module):
    """Change brightness, contrast, saturation and hue at random, in random order.

    Args:
        brightness: the range of factors, or a number for the range around 1.
        contrast: likewise.
        saturation: likewise.
        hue: the range within -0.5 to 0.5, or a number for the range around 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: a range that is outside or upside down.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> transforms.ColorJitter(0.4, hue=0.1)(rushlight.zeros(3, 2, 2)).shape
        rushlight.Size([3, 2, 2])
    """

    def __init__(self, brightness=0, contrast=0, saturation=0, hue=0) -> None:
        super().__init__()
        self.brightness = jitter_range(brightness, "brightness")
        self.contrast = jitter_range(contrast, "contrast")
        self.saturation = jitter_range(saturation, "saturation")
        self.hue = jitter_range(hue, "hue")

    @staticmethod
    def get_params(brightness, contrast, saturation, hue):
        """Draw the order, then a value of each range; ``None`` for ``None``."""
        order = rushlight.randperm(4)
        ranges = (brightness, contrast, saturation, hue)
        values = (None if r is None else _draws.uniform(*r) for r in ranges)
        return (order, *values)

    def forward(self, img):
        order, *values = self.get_params(
            self.brightness, self.contrast, self.saturation, self.hue
        )
        adjust = (
            F.adjust_brightness,
            F.adjust_contrast,
            F.adjust_saturation,
            F.adjust_hue,
        )
        for index in order.tolist():
            if values[index] is not None:
                img = adjust[index](img, values[index])
        return img

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(brightness={self.brightness}, "
            f"contrast={self.contrast}, saturation={self.saturation}, hue={self.hue})"
        )


def jitter_range(value, name) -> tuple[float, float] | None:
    """The range of a factor of :class:`ColorJitter`, ``None`` where nothing changes."""
    neutral, bounds = (0, (-0.5, 0.5)) if name == "hue" else (1, (0, float("inf")))
    if isinstance(value, numbers.Number):
        if value < 0:  # type: ignore[operator]
            raise ValueError(
                f"If {name} is a single number, it must be non negative, got {value}."
            )
        low, high = neutral - float(value), neutral + float(value)  # type: ignore[arg-type]
        if name != "hue":
            low = max(low, 0.0)
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(
            f"{name} should be a single number or a list/tuple with length 2, got "
            f"{value!r}."
        )
    if not bounds[0] <= low <= high <= bounds[1]:
        raise ValueError(
            f"{name} values should be between {bounds}, but got {[low, high]}."
        )
    return None if low == high == neutral else (low, high)


class Grayscale(nn.Module):
    """Turn images gray.

    Args:
        num_output_channels: 1 or 3 equal ones. Default: 1.
    """

    def __init__(self, num_output_channels=1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img):
        return F.rgb_to_grayscale(img, self.num_output_channels)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_output_channels={self.num_output_channels})"


class RandomGrayscale(nn.Module):
    """Turn an image gray, at random; it keeps its number of channels.

    Args:
        p: the probability. Default: 0.1.
    """

    def __init__(self, p=0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img):
        channels = F.get_image_num_channels(img)
        if _draws.chance(self.p):
            return F.rgb_to_grayscale(img, channels)
        return img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class GaussianBlur(nn.Module):
    """Blur images by a random amount.

    Args:
        kernel_size: odd pixels of the window, one number or ``(across, down)``.
        sigma: the range of standard deviations in pixels, or one. Default: (0.1, 2).

    Raises:
        ValueError: an even window, or a range that is not positive.
    """

    def __init__(self, kernel_size, sigma=(0.1, 2.0)) -> None:
        super().__init__()
        self.kernel_size = blur_sizes(kernel_size)
        if isinstance(sigma, numbers.Number):
            if sigma <= 0:  # type: ignore[operator]
                raise ValueError(
                    f"If sigma is a single number, it must be positive, got {sigma}."
                )
            sigma = (sigma, sigma)
        elif not isinstance(sigma, Sequence) or len(sigma) != 2:
            raise ValueError(
                "sigma should be a single number or a list/tuple with length 2, got "
                f"{sigma!r}."
            )
        elif not 0.0 < sigma[0] <= sigma[1]:
            raise ValueError(
                "sigma values should be positive and of the form (min, max), got "
                f"{sigma}."
            )
        self.sigma = sigma

    @staticmethod
    def get_params(sigma_min, sigma_max) -> float:
        """Draw the standard deviation."""
        return _draws.uniform(sigma_min, sigma_max)

    def forward(self, img):
        sigma = self.get_params(*self.sigma)
        return F.gaussian_blur(img, self.kernel_size, [sigma, sigma])

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(kernel_size={self.kernel_size}, sigma={self.sigma})"
        )


def blur_sizes(kernel_size):
    """Width and height of a blur's window."""
    sizes = setup_size(
        kernel_size, "Kernel size should be a tuple/list of two integers"
    )
    if any(size <= 0 or size % 2 == 0 for size in sizes):
        raise ValueError(
            f"Kernel size value should be an odd and positive number, got {sizes}."
        )
    return sizes


class RandomErasing(nn.Module):
    """Write a value or noise over a random box of a tensor image, at random.

    Args:
        p: the probability. Default: 0.5.
        scale: the box's least and largest part of the area. Default: (0.02, 0.33).
        ratio: the least and largest height by width. Default: (0.3, 3.3).
        value: one number, one a channel, or ``"random"`` for normal noise. Default: 0.
        inplace: write into the image. Default: ``False``.

    Raises:
        TypeError: an argument of another type.
        ValueError: an argument outside of its range.
    """

    def __init__(
        self, p=0.5, scale=(0.02, 0.33), ratio=(0.3, 3.3), value=0, inplace=False
    ) -> None:
        super().__init__()
        check_erasing(scale, ratio, value)
        if p < 0 or p > 1:
            raise ValueError(
                f"Random erasing probability should be between 0 and 1, got {p}"
            )
        self.p = p
        self.scale = scale
        self.ratio = ratio
        self.value = value
        self.inplace = inplace

    @staticmethod
    def get_params(img, scale, ratio, value=None):
        """Draw top, left, height, width and patch; the whole image where none fits."""
        drawn = _draws.erased_box(*img.shape[-3:], scale, ratio, value)
        return drawn or (0, 0, *img.shape[-2:], img)

    def forward(self, img):
        if not _draws.chance(self.p):
            return img
        value = erasing_value(self.value)
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels), got {value}"
            )
        drawn = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, *drawn, self.inplace)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(p={self.p}, scale={self.scale}, "
            f"ratio={self.ratio}, value={self.value}, inplace={self.inplace})"
        )


def check_erasing(scale, ratio, value) -> None:
    """Raises TypeError and ValueError for arguments of :class:`RandomErasing`."""
    if not isinstance(value, (numbers.Number, str, tuple, list)):
        raise TypeError(
            "Argument value should be either a number or str or a sequence, got "
            f"{value!r}"
        )
    if isinstance(value, str) and value != "random":
        raise ValueError(f"If value is str, it should be 'random', got {value!r}")
    check_ranges(scale, ratio)
    if scale[0] < 0 or scale[1] > 1:
        raise ValueError(f"Scale should be between 0 and 1, got {scale}")


def erasing_value(value) -> list[float] | None:
    """One number a channel, or one; ``None`` for noise."""
    if isinstance(value, str):
        return None
    values = value if isinstance(value, (list, tuple)) else [value]
    return [float(number) for number in values]


class _AtRandom(nn.Module):
    """A function with the attributes named, applied with a probability."""

    _arguments: tuple[str, ...] = ()
    _function: Any

    def forward(self, img):
        if not _draws.chance(self.p):
            return img
        arguments = (getattr(self, name) for name in self._arguments)
        return type(self)._function(img, *arguments)

    def __repr__(self) -> str:
        named = (f"{name}={getattr(self, name)}" for name in (*self._arguments, "p"))
        return f"{type(self).__name__}({','.join(named)})"


class RandomInvert(_AtRandom):
    """Turn light into dark and colours into their complements, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    _function = F.invert

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p


class RandomPosterize(_AtRandom):
    """Keep the highest bits of each byte, at random.

    Args:
        bits: how many, 0 to 8.
        p: the probability. Default: 0.5.
    """

    _arguments = ("bits",)
    _function = F.posterize

    def __init__(self, bits, p=0.5) -> None:
        super().__init__()
        self.bits = bits
        self.p = p


class RandomSolarize(_AtRandom):
    """Invert the values that are at least a threshold, at random.

    Args:
        threshold: the value.
        p: the probability. Default: 0.5.
    """

    _arguments = ("threshold",)
    _function = F.solarize

    def __init__(self, threshold, p=0.5) -> None:
        super().__init__()
        self.threshold = threshold
        self.p = p


class RandomAdjustSharpness(_AtRandom):
    """Sharpen or smooth an image, at random.

    Args:
        sharpness_factor: 0 smooths, 1 changes nothing, 2 sharpens.
        p: the probability. Default: 0.5.
    """

    _arguments = ("sharpness_factor",)
    _function = F.adjust_sharpness

    def __init__(self, sharpness_factor, p=0.5) -> None:
        super().__init__()
        self.sharpness_factor = sharpness_factor
        self.p = p


class RandomAutocontrast(_AtRandom):
    """Stretch the range of each channel to all there is, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    _function = F.autocontrast

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p


class RandomEqualize(_AtRandom):
    """Make the histogram of each channel as even as it gets, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    _function = F.equalize

    def __init__(self, p=0.5) -> None:
        super().__init__()
        self.p = p
