"""Random rotations, affine and perspective maps, elastic displacements."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

import rushlight
from rushlight import nn
from rushlight.vision.transforms import _draws
from rushlight.vision.transforms import functional as F
from rushlight.vision.transforms._arguments import check_sequence, pair, setup_angle
from rushlight.vision.transforms._modes import InterpolationMode
from rushlight.vision.transforms.transforms.crops import known_mode

__all__ = ["ElasticTransform", "RandomAffine", "RandomPerspective", "RandomRotation"]


def setup_fill(fill):
    """A fill value, 0 for ``None``."""
    if fill is None:
        return 0
    if not isinstance(fill, (Sequence, numbers.Number)):
        raise TypeError(f"Fill should be either a sequence or a number, got {fill!r}.")
    return fill


def fill_of(img, fill):
    """A fill value as the functionals take it: for tensors, one float a channel."""
    if fill is None or not isinstance(img, rushlight.Tensor):
        return fill
    if isinstance(fill, (int, float)):
        return [float(fill)] * F.get_dimensions(img)[0]
    return [float(value) for value in fill]


def check_translate_and_scale(translate, scale) -> None:
    """Raises ValueError for shifts outside of 0 to 1, scales not positive."""
    if translate is not None:
        check_sequence(translate, "translate", (2,))
        if not all(0.0 <= part <= 1.0 for part in translate):
            raise ValueError(
                f"translation values should be between 0 and 1, got {translate}"
            )
    if scale is not None:
        check_sequence(scale, "scale", (2,))
        if not all(factor > 0 for factor in scale):
            raise ValueError(f"scale values should be positive, got {scale}")


class RandomPerspective(nn.Module):
    """Move the corners of an image inwards, each by its own amount, at random.

    Args:
        distortion_scale: how far at most, as a part of half the sides. Default: 0.5.
        p: the probability. Default: 0.5.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Raises:
        TypeError: a fill of another type.
    """

    def __init__(
        self,
        distortion_scale=0.5,
        p=0.5,
        interpolation=InterpolationMode.BILINEAR,
        fill=0,
    ) -> None:
        super().__init__()
        self.p = p
        self.interpolation = known_mode(interpolation)
        self.distortion_scale = distortion_scale
        self.fill = setup_fill(fill)

    def forward(self, img):
        fill = fill_of(img, self.fill)
        _, height, width = F.get_dimensions(img)
        if not _draws.chance(self.p):
            return img
        start, end = self.get_params(width, height, self.distortion_scale)
        return F.perspective(img, start, end, self.interpolation, fill)

    @staticmethod
    def get_params(width, height, distortion_scale):
        """The corners, and where they go: four ``[x, y]`` each."""
        return _draws.corners(width, height, distortion_scale)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomRotation(nn.Module):
    """Turn an image by a random angle.

    Args:
        degrees: the range ``(least, most)``, or a number for the range around 0.
        interpolation: nearest or bilinear. Default: nearest.
        expand: make the result large enough for all of the image. Default: ``False``.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.
        fill: what lies outside, a number or one a channel. Default: 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: a negative number, or sequences of another length.
    """

    def __init__(
        self,
        degrees,
        interpolation=InterpolationMode.NEAREST,
        expand=False,
        center=None,
        fill=0,
    ) -> None:
        super().__init__()
        self.interpolation = known_mode(interpolation)
        self.degrees = setup_angle(degrees, "degrees")
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center
        self.expand = expand
        self.fill = setup_fill(fill)

    @staticmethod
    def get_params(degrees) -> float:
        """Draw the angle."""
        return _draws.uniform(*degrees)

    def forward(self, img):
        fill = fill_of(img, self.fill)
        angle = self.get_params(self.degrees)
        return F.rotate(img, angle, self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        center = "" if self.center is None else f", center={self.center}"
        return (
            f"{type(self).__name__}(degrees={self.degrees}, "
            f"interpolation={self.interpolation.value}, expand={self.expand}{center}, "
            f"fill={self.fill})"
        )


class RandomAffine(nn.Module):
    """Turn, shift, scale and shear an image at random.

    Args:
        degrees: the range of angles, or a number for the range around 0.
        translate: the largest shifts in x and y, as parts of width and height.
        scale: the range of factors.
        shear: the range of shears in x, or of x and y in four numbers, in degrees; or a
            number for the range of x around 0.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, a number or one a channel. Default: 0.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.

    Raises:
        TypeError: an argument of another type.
        ValueError: values outside of their range, or sequences of another length.

    Example:
        >>> import rushlight
        >>> from rushlight.vision import transforms
        >>> move = transforms.RandomAffine(10, translate=(0.1, 0.1))
        >>> move(rushlight.zeros(3, 8, 8)).shape
        rushlight.Size([3, 8, 8])
    """

    def __init__(
        self,
        degrees,
        translate=None,
        scale=None,
        shear=None,
        interpolation=InterpolationMode.NEAREST,
        fill=0,
        center=None,
    ) -> None:
        super().__init__()
        self.interpolation = known_mode(interpolation)
        self.degrees = setup_angle(degrees, "degrees")
        check_translate_and_scale(translate, scale)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else setup_angle(shear, "shear", (2, 4))
        self.fill = setup_fill(fill)
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center

    @staticmethod
    def get_params(degrees, translate, scale_ranges, shears, img_size):
        """Draw angle, shifts, scale and shears; ``img_size`` is width and height."""
        return _draws.affine(degrees, translate, scale_ranges, shears, *img_size)

    def forward(self, img):
        fill = fill_of(img, self.fill)
        _, height, width = F.get_dimensions(img)
        drawn = self.get_params(
            self.degrees, self.translate, self.scale, self.shear, [width, height]
        )
        return F.affine(
            img,
            *drawn,
            interpolation=self.interpolation,
            fill=fill,
            center=self.center,
        )

    def __repr__(self) -> str:
        parts = [f"degrees={self.degrees}"]
        for name in ("translate", "scale", "shear"):
            if getattr(self, name) is not None:
                parts.append(f"{name}={getattr(self, name)}")
        if self.interpolation != InterpolationMode.NEAREST:
            parts.append(f"interpolation={self.interpolation.value}")
        if self.fill != 0:
            parts.append(f"fill={self.fill}")
        if self.center is not None:
            parts.append(f"center={self.center}")
        return f"{type(self).__name__}({', '.join(parts)})"


class ElasticTransform(nn.Module):
    """Move every pixel by smoothed noise, as if seen through water.

    Args:
        alpha: the strength in pixels, one float or ``[x, y]``. Default: 50.0.
        sigma: the smoothness in pixels, one float or ``[x, y]``. Default: 5.0.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, a number or one a channel. Default: 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: sequences of another length.
    """

    def __init__(
        self,
        alpha=50.0,
        sigma=5.0,
        interpolation=InterpolationMode.BILINEAR,
        fill=0,
    ) -> None:
        super().__init__()
        self.alpha = pair(alpha, "alpha", float)
        self.sigma = pair(sigma, "sigma", float)
        self.interpolation = known_mode(interpolation)
        if isinstance(fill, (int, float)):
            fill = [fill]
        elif not isinstance(fill, (list, tuple)):
            raise TypeError(
                "fill should be int or float or a list or tuple of them. Got "
                f"{type(fill)}"
            )
        self.fill = [float(value) for value in fill]

    @staticmethod
    def get_params(alpha, sigma, size):
        """Draw the displacement, ``(1, H, W, 2)``; ``size`` is height and width."""
        return _draws.displacement(alpha, sigma, *size, F.gaussian_blur)

    def forward(self, tensor):
        _, height, width = F.get_dimensions(tensor)
        drawn = self.get_params(self.alpha, self.sigma, [height, width])
        return F.elastic_transform(tensor, drawn, self.interpolation, self.fill)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(alpha={self.alpha}, sigma={self.sigma}, "
            f"interpolation={self.interpolation}, fill={self.fill})"
        )
