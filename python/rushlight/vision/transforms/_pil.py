"""The transforms of Pillow images, done by Pillow."""

from __future__ import annotations

import functools
import numbers

from rushlight.vision._pillow import is_pil_image, pillow
from rushlight.vision.transforms._arguments import check_padding_mode, sides

# Pillow's constants; they are numbers in its files too.
_FLIP_LEFT_RIGHT, _FLIP_TOP_BOTTOM = 0, 1
_AFFINE, _PERSPECTIVE = 0, 2
# Images of these modes have no colour.
_COLOURLESS = frozenset(("1", "L", "I", "F"))


def _of_image(function):
    """The function, refusing what is no Pillow image."""

    @functools.wraps(function)
    def checked(image, *args, **kwargs):
        if not is_pil_image(image):
            raise TypeError(f"img should be PIL Image. Got {type(image)}")
        return function(image, *args, **kwargs)

    return checked


def _enhanced(name):
    @_of_image
    def enhance(image, factor):
        return getattr(pillow("ImageEnhance", name), name)(image).enhance(factor)

    return enhance


def _by_ops(name):
    @_of_image
    def apply(image, *args):
        return getattr(pillow("ImageOps", name), name)(image, *args)

    return apply


adjust_brightness = _enhanced("Brightness")
adjust_contrast = _enhanced("Contrast")
adjust_saturation = _enhanced("Color")
adjust_sharpness = _enhanced("Sharpness")
autocontrast = _by_ops("autocontrast")
equalize = _by_ops("equalize")
invert = _by_ops("invert")
posterize = _by_ops("posterize")
solarize = _by_ops("solarize")


def size_of(image) -> tuple[int, int, int]:
    """Channels, height and width."""
    if not is_pil_image(image):
        raise TypeError(f"Unexpected type {type(image)}")
    width, height = image.size
    return len(image.getbands()), height, width


@_of_image
def hflip(image):
    return image.transpose(_FLIP_LEFT_RIGHT)


@_of_image
def vflip(image):
    return image.transpose(_FLIP_TOP_BOTTOM)


@_of_image
def crop(image, top, left, height, width):
    return image.crop((left, top, left + width, top + height))


@_of_image
def resize(image, size, mode):
    if not (isinstance(size, (list, tuple)) and len(size) == 2):
        raise TypeError(f"Got inappropriate size arg: {size}")
    return image.resize((size[1], size[0]), mode)


def _colour(fill, image):
    """A fill value as Pillow takes it for an image: a number or one a band."""
    bands = len(image.getbands())
    if fill is None:
        fill = 0
    if isinstance(fill, (int, float)) and bands > 1:
        fill = (fill,) * bands
    whole = (lambda value: value) if image.mode == "F" else int
    if not isinstance(fill, (list, tuple)):
        return whole(fill)
    if len(fill) == 1:
        fill = tuple(fill) * bands
    if len(fill) != bands:
        raise ValueError(
            "The number of elements in 'fill' does not match the number of channels of "
            f"the image ({len(fill)} != {bands})"
        )
    return tuple(whole(value) for value in fill)


@_of_image
def affine(image, matrix, mode, fill=None):
    colour = _colour(fill, image)
    return image.transform(image.size, _AFFINE, matrix, mode, fillcolor=colour)


@_of_image
def perspective(image, coefficients, mode, fill=None):
    colour = _colour(fill, image)
    return image.transform(
        image.size, _PERSPECTIVE, coefficients, mode, fillcolor=colour
    )


@_of_image
def rotate(image, angle, mode, expand=False, center=None, fill=None):
    return image.rotate(angle, mode, expand, center, fillcolor=_colour(fill, image))


@_of_image
def pad(image, padding, fill=0, padding_mode="constant"):
    if not isinstance(padding, (numbers.Number, tuple, list)):
        raise TypeError(f"Got inappropriate padding arg {padding!r}")
    if fill is not None and not isinstance(fill, (numbers.Number, tuple, list)):
        raise TypeError(f"Got inappropriate fill arg {fill!r}")
    if not isinstance(padding_mode, str):
        raise TypeError(f"Got inappropriate padding_mode arg {padding_mode!r}")
    widths = sides(padding)
    check_padding_mode(padding_mode)
    if padding_mode == "constant":
        colour = _colour(fill, image)
        padded = pillow("ImageOps", "pad").expand(image, border=widths, fill=colour)
    else:
        padded = _pad_from_within(image, widths, padding_mode)
    if image.mode == "P":
        padded.putpalette(image.getpalette())
    return padded


def _pad_from_within(image, widths, padding_mode):
    import numpy as np

    left, top, right, bottom = (max(-width, 0) for width in widths)
    if left or top or right or bottom:
        image = image.crop((left, top, image.width - right, image.height - bottom))
    left, top, right, bottom = (max(width, 0) for width in widths)
    array = np.asarray(image)
    added = [(top, bottom), (left, right), (0, 0)][: array.ndim]
    return pillow("Image", "pad").fromarray(np.pad(array, added, padding_mode))


@_of_image
def grayscale(image, num_output_channels):
    if num_output_channels not in (1, 3):
        raise ValueError(
            f"num_output_channels should be either 1 or 3, got {num_output_channels}"
        )
    gray = image.convert("L")
    return gray if num_output_channels == 1 else gray.convert("RGB")


def adjust_hue(image, factor):
    if not -0.5 <= factor <= 0.5:
        raise ValueError(f"hue_factor ({factor}) is not in [-0.5, 0.5].")
    return _shift_hue(image, int(factor * 255) % 256)


@_of_image
def _shift_hue(image, shift):
    """The hue moved around its circle of 256 steps."""
    if image.mode in _COLOURLESS:
        return image
    hue, saturation, value = image.convert("HSV").split()
    hue = hue.point([(step + shift) % 256 for step in range(256)])
    merge = pillow("Image", "adjust_hue").merge
    return merge("HSV", (hue, saturation, value)).convert(image.mode)


@_of_image
def adjust_gamma(image, gamma, gain=1):
    if gamma < 0:
        raise ValueError(f"Gamma should be a non-negative real number, got {gamma}")
    curve = [int((255 + 1 - 1e-3) * gain * pow(x / 255.0, gamma)) for x in range(256)]
    return image.convert("RGB").point(curve * 3).convert(image.mode)
