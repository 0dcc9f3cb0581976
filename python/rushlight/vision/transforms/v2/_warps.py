"""Transforms of samples: random rotations, affine and perspective maps, ripples."""

from __future__ import annotations

from rushlight.vision.transforms import _draws, _warp
from rushlight.vision.transforms import transforms as first
from rushlight.vision.transforms._arguments import check_sequence, setup_angle
from rushlight.vision.transforms.transforms.warps import check_translate_and_scale
from rushlight.vision.transforms.v2 import functional as F
from rushlight.vision.transforms.v2._queries import (
    fill_for,
    query_size,
    setup_fill,
    setup_number_or_seq,
)
from rushlight.vision.transforms.v2._transform import AtRandom, Transform

__all__ = ["ElasticTransform", "RandomAffine", "RandomPerspective", "RandomRotation"]


class RandomRotation(Transform):
    """Turn a sample by a random angle.

    Args:
        degrees: the range ``(least, most)``, or a number for the range around 0.
        interpolation: nearest or bilinear. Default: nearest.
        expand: make the result large enough for all of the image. Default: ``False``.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: a negative number, or sequences of another length.
    """

    get_params = staticmethod(first.RandomRotation.get_params)

    def __init__(
        self, degrees, interpolation="nearest", expand=False, center=None, fill=0
    ) -> None:
        super().__init__()
        self.degrees = setup_angle(degrees, "degrees")
        self.interpolation = interpolation
        self.expand = expand
        self.fill = fill
        self._fill = setup_fill(fill)
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center

    def make_params(self, flat_inputs):
        return {"angle": _draws.uniform(*self.degrees)}

    def transform(self, inpt, params):
        return self._call_kernel(
            F.rotate,
            inpt,
            **params,
            interpolation=self.interpolation,
            expand=self.expand,
            center=self.center,
            fill=fill_for(self._fill, type(inpt)),
        )


class RandomAffine(Transform):
    """Turn, shift, scale and shear a sample at random.

    Args:
        degrees: the range of angles, or a number for the range around 0.
        translate: the largest shifts in x and y, as parts of width and height.
        scale: the range of factors.
        shear: the range of shears in x, or of x and y in four numbers, in degrees; or a
            number for the range of x around 0.
        interpolation: nearest or bilinear. Default: nearest.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.
        center: ``(x, y)`` in pixels from the upper left corner. Default: the middle.

    Raises:
        TypeError: an argument of another type.
        ValueError: values outside of their range, or sequences of another length.
    """

    get_params = staticmethod(first.RandomAffine.get_params)

    def __init__(
        self,
        degrees,
        translate=None,
        scale=None,
        shear=None,
        interpolation="nearest",
        fill=0,
        center=None,
    ) -> None:
        super().__init__()
        self.degrees = setup_angle(degrees, "degrees")
        check_translate_and_scale(translate, scale)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else setup_angle(shear, "shear", (2, 4))
        self.interpolation = interpolation
        self.fill = fill
        self._fill = setup_fill(fill)
        if center is not None:
            check_sequence(center, "center", (2,))
        self.center = center

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        drawn = _draws.affine(
            self.degrees, self.translate, self.scale, self.shear, width, height
        )
        return dict(zip(("angle", "translate", "scale", "shear"), drawn, strict=True))

    def transform(self, inpt, params):
        return self._call_kernel(
            F.affine,
            inpt,
            **params,
            interpolation=self.interpolation,
            fill=fill_for(self._fill, type(inpt)),
            center=self.center,
        )


class RandomPerspective(AtRandom):
    """Move the corners of a sample inwards, each by its own amount, at random.

    Args:
        distortion_scale: how far at most, as a part of half the sides. Default: 0.5.
        p: the probability. Default: 0.5.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        TypeError: a fill of another type.
        ValueError: a part outside of 0 to 1.
    """

    get_params = staticmethod(first.RandomPerspective.get_params)

    def __init__(
        self, distortion_scale=0.5, p=0.5, interpolation="bilinear", fill=0
    ) -> None:
        super().__init__(p=p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError(
                "Argument distortion_scale value should be between 0 and 1, got "
                f"{distortion_scale}"
            )
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation
        self.fill = fill
        self._fill = setup_fill(fill)

    def make_params(self, flat_inputs):
        height, width = query_size(flat_inputs)
        corners = _draws.corners(width, height, self.distortion_scale)
        return {"coefficients": _warp.perspective_coefficients(*corners)}

    def transform(self, inpt, params):
        return self._call_kernel(
            F.perspective,
            inpt,
            None,
            None,
            fill=fill_for(self._fill, type(inpt)),
            interpolation=self.interpolation,
            **params,
        )


class ElasticTransform(Transform):
    """Move every pixel by smoothed noise, as if seen through water.

    Args:
        alpha: the strength in pixels, one number or ``[x, y]``. Default: 50.
        sigma: the smoothness in pixels, one number or ``[x, y]``. Default: 5.
        interpolation: nearest or bilinear. Default: bilinear.
        fill: what lies outside, one a channel, or a dict by type. Default: 0.

    Raises:
        TypeError: an argument of another type.
        ValueError: sequences of another length.
    """

    get_params = staticmethod(first.ElasticTransform.get_params)

    def __init__(self, alpha=50.0, sigma=5.0, interpolation="bilinear", fill=0) -> None:
        super().__init__()
        self.alpha = setup_number_or_seq(alpha, "alpha")
        self.sigma = setup_number_or_seq(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = fill
        self._fill = setup_fill(fill)

    def make_params(self, flat_inputs):
        size = query_size(flat_inputs)
        drawn = _draws.displacement(self.alpha, self.sigma, *size, F.gaussian_blur)
        return {"displacement": drawn}

    def transform(self, inpt, params):
        return self._call_kernel(
            F.elastic,
            inpt,
            **params,
            fill=fill_for(self._fill, type(inpt)),
            interpolation=self.interpolation,
        )
