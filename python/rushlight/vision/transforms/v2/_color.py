"""Transforms of samples: brightness, contrast, colours and sharpness of images."""

from __future__ import annotations

from collections.abc import Sequence

import rushlight
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import transforms as first
from rushlight.vision.transforms.transforms.colors import jitter_range
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._queries import query_chw
from rushlight.vision.transforms.v2._transform import AtRandom, Transform

__all__ = [
    "RGB",
    "ColorJitter",
    "Grayscale",
    "RandomAdjustSharpness",
    "RandomAutocontrast",
    "RandomChannelPermutation",
    "RandomEqualize",
    "RandomGrayscale",
    "RandomInvert",
    "RandomPhotometricDistort",
    "RandomPosterize",
    "RandomSolarize",
]

_ADJUST = (
    F.adjust_brightness,
    F.adjust_contrast,
    F.adjust_saturation,
    F.adjust_hue,
)


class Grayscale(Transform):
    """Turn images gray.

    Args:
        num_output_channels: 1 or 3 equal ones. Default: 1.
    """

    def __init__(self, num_output_channels=1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def transform(self, inpt, params):
        return self._call_kernel(F.rgb_to_grayscale, inpt, self.num_output_channels)


class RandomGrayscale(AtRandom):
    """Turn images gray, at random; they keep their number of channels.

    Args:
        p: the probability. Default: 0.1.
    """

    def __init__(self, p=0.1) -> None:
        super().__init__(p=p)

    def make_params(self, flat_inputs):
        return {"channels": query_chw(flat_inputs)[0]}

    def transform(self, inpt, params):
        return self._call_kernel(F.rgb_to_grayscale, inpt, params["channels"])


class RGB(Transform):
    """Give gray images three equal channels; others stay as they are.

    Example:
        >>> import rushlight
        >>> from rushlight.vision.transforms import v2
        >>> v2.RGB()(rushlight.zeros(1, 4, 5)).shape
        rushlight.Size([3, 4, 5])
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.grayscale_to_rgb, inpt)


class ColorJitter(Transform):
    """Change brightness, contrast, saturation and hue at random, in random order.

    Args:
        brightness: the range of factors, or a number for the range around 1.
        contrast: likewise.
        saturation: likewise.
        hue: the range within -0.5 to 0.5, or a number for the range around 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: a range that is outside or upside down.
    """

    get_params = staticmethod(first.ColorJitter.get_params)

    def __init__(
        self, brightness=None, contrast=None, saturation=None, hue=None
    ) -> None:
        super().__init__()
        self.brightness = _range(brightness, "brightness")
        self.contrast = _range(contrast, "contrast")
        self.saturation = _range(saturation, "saturation")
        self.hue = _range(hue, "hue")

    def make_params(self, flat_inputs):
        drawn = first.ColorJitter.get_params(
            self.brightness, self.contrast, self.saturation, self.hue
        )
        return {"order": drawn[0].tolist(), "factors": drawn[1:]}

    def transform(self, inpt, params):
        for index in params["order"]:
            factor = params["factors"][index]
            if factor is not None:
                inpt = self._call_kernel(_ADJUST[index], inpt, factor)
        return inpt


def _range(value, name):
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = tuple(value)
    return jitter_range(value, name)


class RandomChannelPermutation(Transform):
    """Put the channels of images into a random order."""

    def make_params(self, flat_inputs):
        return {"permutation": rushlight.randperm(query_chw(flat_inputs)[0])}

    def transform(self, inpt, params):
        return self._call_kernel(F.permute_channels, inpt, params["permutation"])


class RandomPhotometricDistort(Transform):
    """Distort colours as the detector SSD was trained (Liu et al. 2016).

    Args:
        brightness: the range of factors. Default: (0.875, 1.125).
        contrast: likewise, before or after the colours. Default: (0.5, 1.5).
        saturation: likewise. Default: (0.5, 1.5).
        hue: the range. Default: (-0.05, 0.05).
        p: the probability of each of them and of a permutation of the channels.
            Default: 0.5.
    """

    def __init__(
        self,
        brightness=(0.875, 1.125),
        contrast=(0.5, 1.5),
        saturation=(0.5, 1.5),
        hue=(-0.05, 0.05),
        p=0.5,
    ) -> None:
        super().__init__()
        self.brightness = brightness
        self.contrast = contrast
        self.hue = hue
        self.saturation = saturation
        self.p = p

    def make_params(self, flat_inputs):
        channels = query_chw(flat_inputs)[0]
        ranges = (self.brightness, self.contrast, self.saturation, self.hue)
        brightness, contrast, saturation, hue = (
            _draws.uniform(*bounds) if _draws.chance(self.p) else None
            for bounds in ranges
        )
        contrast_first = _draws.chance(0.5)
        order = rushlight.randperm(channels) if _draws.chance(self.p) else None
        return {
            "steps": [
                (F.adjust_brightness, brightness),
                (F.adjust_contrast, contrast if contrast_first else None),
                (F.adjust_saturation, saturation),
                (F.adjust_hue, hue),
                (F.adjust_contrast, None if contrast_first else contrast),
                (F.permute_channels, order),
            ]
        }

    def transform(self, inpt, params):
        for functional, value in params["steps"]:
            if value is not None:
                inpt = self._call_kernel(functional, inpt, value)
        return inpt


class RandomEqualize(AtRandom):
    """Make the histogram of each channel as even as it gets, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.equalize, inpt)


class RandomInvert(AtRandom):
    """Turn light into dark and colours into their complements, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.invert, inpt)


class RandomPosterize(AtRandom):
    """Keep the highest bits of each value, at random.

    Args:
        bits: how many, 0 to 8.
        p: the probability. Default: 0.5.
    """

    def __init__(self, bits, p=0.5) -> None:
        super().__init__(p=p)
        self.bits = bits

    def transform(self, inpt, params):
        return self._call_kernel(F.posterize, inpt, self.bits)


class RandomSolarize(AtRandom):
    """Invert the values that are at least a threshold, at random.

    Args:
        threshold: the value.
        p: the probability. Default: 0.5.
    """

    def __init__(self, threshold, p=0.5) -> None:
        super().__init__(p=p)
        self.threshold = threshold

    def transform(self, inpt, params):
        return self._call_kernel(F.solarize, inpt, self.threshold)


class RandomAutocontrast(AtRandom):
    """Stretch the range of each channel to all there is, at random.

    Args:
        p: the probability. Default: 0.5.
    """

    def transform(self, inpt, params):
        return self._call_kernel(F.autocontrast, inpt)


class RandomAdjustSharpness(AtRandom):
    """Sharpen or smooth images, at random.

    Args:
        sharpness_factor: 0 smooths, 1 changes nothing, 2 sharpens.
        p: the probability. Default: 0.5.
    """

    def __init__(self, sharpness_factor, p=0.5) -> None:
        super().__init__(p=p)
        self.sharpness_factor = sharpness_factor

    def transform(self, inpt, params):
        return self._call_kernel(F.adjust_sharpness, inpt, self.sharpness_factor)
